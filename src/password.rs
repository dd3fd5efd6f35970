//! SCRAM verifiers: made on our side for `CREATE ROLE`, and checked against a password, never compared with one another
//! (each has its own salt).

use openssl::hash::MessageDigest;
use openssl::pkcs5::pbkdf2_hmac;
use openssl::pkey::PKey;
use openssl::sha::sha256;
use openssl::sign::Signer;
use postgres_protocol::password;

use crate::secret::Secret;

/// What a stored password hash says about a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    /// It is this password.
    Same,
    /// It is another one.
    Other,
    /// A form that this program cannot check.
    Unreadable,
}

/// A SCRAM-SHA-256 verifier (RFC 5803 form, PostgreSQL docs 53.8) with `SASLprep` applied, as the server would make it.
pub(crate) fn verifier(password: &Secret) -> Secret {
    Secret::new(password::scram_sha_256(password.reveal().as_bytes()))
}

/// Holds a stored `rolpassword` against a password.
pub(crate) fn check(stored: &str, role: &str, password: &Secret) -> Stored {
    if let Some(rest) = stored.strip_prefix("SCRAM-SHA-256$") {
        return check_scram(rest, password).unwrap_or(Stored::Unreadable);
    }
    if stored.len() == 35 && stored.starts_with("md5") {
        return same(password::md5(password.reveal().as_bytes(), role) == stored);
    }
    Stored::Unreadable
}

fn same(equal: bool) -> Stored {
    if equal { Stored::Same } else { Stored::Other }
}

/// `iterations:salt$storedkey:serverkey`; the stored key is H(HMAC(salted password, "Client Key")).
fn check_scram(rest: &str, password: &Secret) -> Option<Stored> {
    let (head, keys) = rest.split_once('$')?;
    let (iterations, salt) = head.split_once(':')?;
    let (stored_key, _) = keys.split_once(':')?;
    let salt = openssl::base64::decode_block(salt).ok()?;
    let stored_key = openssl::base64::decode_block(stored_key).ok()?;
    let prepared = prepared(password);
    let mut salted = [0; 32];
    pbkdf2_hmac(
        prepared.reveal().as_bytes(),
        &salt,
        iterations.parse().ok()?,
        MessageDigest::sha256(),
        &mut salted,
    )
    .ok()?;
    let key = PKey::hmac(&salted).ok()?;
    let mut signer = Signer::new(MessageDigest::sha256(), &key).ok()?;
    let client_key = signer.sign_oneshot_to_vec(b"Client Key").ok()?;
    Some(same(sha256(&client_key).as_slice() == stored_key))
}

/// `SASLprep`, or the password as it is where it cannot be prepared: what PostgreSQL's own `pg_saslprep` falls back to.
fn prepared(password: &Secret) -> Secret {
    Secret::new(
        stringprep::saslprep(password.reveal())
            .map_or_else(|_| password.reveal().to_owned(), std::borrow::Cow::into_owned),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[test]
    fn a_verifier_knows_its_own_password() {
        for password in ["pw", "with space", "ünï\u{a0}cödé", r#"'"\$%"#, &"x".repeat(1000)] {
            let stored = verifier(&secret(password));
            assert_eq!(
                check(stored.reveal(), "stitch", &secret(password)),
                Stored::Same,
                "{password}"
            );
            assert_eq!(
                check(stored.reveal(), "stitch", &secret("other")),
                Stored::Other,
                "{password}"
            );
        }
    }

    #[test]
    fn md5_is_salted_with_the_role() {
        let stored = password::md5(b"pw", "stitch");
        assert_eq!(check(&stored, "stitch", &secret("pw")), Stored::Same);
        assert_eq!(check(&stored, "other", &secret("pw")), Stored::Other);
        assert_eq!(check("plain", "stitch", &secret("pw")), Stored::Unreadable);
    }
}
