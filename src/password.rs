//! SCRAM verifiers: made on our side for `CREATE ROLE`, and checked against a password, never compared with one another
//! (each has its own salt). Where a server takes another form only, that one.

use openssl::error::ErrorStack;
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
    /// One whose check takes so many rounds, more than [`MOST_ITERATIONS`].
    TooDear(u64),
}

/// The form in which a password is sent to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A verifier with that many rounds, as the server would make it.
    Scram { iterations: u32 },
    /// Before PostgreSQL 10 there was nothing better; a verifier would be taken for the password itself.
    Md5,
    /// As it is, where nothing else is taken.
    Plain,
}

/// PostgreSQL's own, and that of every server without the setting `scram_iterations` (16 and newer).
pub(crate) const USUAL_ITERATIONS: u32 = 4096;

/// More rounds are neither computed nor made: the number is the server's, and the time goes with it. PostgreSQL's JDBC driver and
/// tokio-postgres stop at the same number (CVE-2026-42198), so with a verifier beyond it no login succeeds.
pub(crate) const MOST_ITERATIONS: u32 = 100_000;

/// A password in the form in which it is sent. A verifier is made only then, since it has a random salt, and what is planned
/// is the same each time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Formed {
    Text(Secret),
    /// In the quotes of SQL; nothing in it is to be escaped.
    QuotedVerifier {
        password: Secret,
        iterations: u32,
    },
}

impl Formed {
    /// The text that is sent.
    pub(crate) fn reveal(&self) -> Secret {
        match self {
            Self::Text(text) => text.clone(),
            Self::QuotedVerifier { password, iterations } => {
                Secret::new(format!("'{}'", verifier(password, *iterations).reveal()))
            }
        }
    }
}

pub(crate) fn formed(form: Form, role: &str, password: &Secret) -> Formed {
    match form {
        Form::Scram { iterations } => Formed::QuotedVerifier {
            password: password.clone(),
            iterations: iterations.min(MOST_ITERATIONS),
        },
        Form::Md5 => Formed::Text(Secret::new(password::md5(password.reveal().as_bytes(), role))),
        Form::Plain => Formed::Text(password.clone()),
    }
}

/// A SCRAM-SHA-256 verifier (RFC 5803 form, PostgreSQL docs 53.8) with `SASLprep` applied, as the server would make it.
fn verifier(password: &Secret, iterations: u32) -> Secret {
    let mut salt = [0; 16];
    // Without random numbers the library's own, which panics there.
    let made = openssl::rand::rand_bytes(&mut salt).and_then(|()| {
        let (stored, server) = keys(password, &salt, iterations)?;
        let encode = openssl::base64::encode_block;
        Ok(format!(
            "SCRAM-SHA-256${iterations}:{}${}:{}",
            encode(&salt),
            encode(&stored),
            encode(&server)
        ))
    });
    Secret::new(made.unwrap_or_else(|_| password::scram_sha_256(password.reveal().as_bytes())))
}

/// The stored key, H(HMAC(salted password, "Client Key")), and the server key.
fn keys(password: &Secret, salt: &[u8], iterations: u32) -> Result<([u8; 32], [u8; 32]), ErrorStack> {
    let mut salted = [0; 32];
    pbkdf2_hmac(
        prepared(password).reveal().as_bytes(),
        salt,
        usize::try_from(iterations).unwrap_or(usize::MAX),
        MessageDigest::sha256(),
        &mut salted,
    )?;
    let key = PKey::hmac(&salted)?;
    let sign = |text: &[u8]| -> Result<[u8; 32], ErrorStack> {
        let mut mac = [0; 32];
        Signer::new(MessageDigest::sha256(), &key)?.sign_oneshot(&mut mac, text)?;
        Ok(mac)
    };
    Ok((sha256(&sign(b"Client Key")?), sign(b"Server Key")?))
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

/// `iterations:salt$storedkey:serverkey`.
fn check_scram(rest: &str, password: &Secret) -> Option<Stored> {
    let (head, keys) = rest.split_once('$')?;
    let (iterations, salt) = head.split_once(':')?;
    let (stored_key, _) = keys.split_once(':')?;
    let salt = openssl::base64::decode_block(salt).ok()?;
    let stored_key = openssl::base64::decode_block(stored_key).ok()?;
    let rounds: u64 = iterations.parse().ok()?;
    let Some(iterations) = u32::try_from(rounds).ok().filter(|rounds| *rounds <= MOST_ITERATIONS) else {
        return Some(Stored::TooDear(rounds));
    };
    let (stored, _) = self::keys(password, &salt, iterations).ok()?;
    Some(same(stored.as_slice() == stored_key))
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
            let stored = verifier(&secret(password), USUAL_ITERATIONS);
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
    fn forms_differ() {
        let password = secret("pw");
        let scram = formed(Form::Scram { iterations: 8000 }, "stitch", &password).reveal();
        let scram = scram.reveal().trim_matches('\'');
        assert!(scram.starts_with("SCRAM-SHA-256$8000:"), "{scram}");
        assert_eq!(check(scram, "stitch", &password), Stored::Same);
        let md5 = formed(Form::Md5, "stitch", &password).reveal();
        assert_eq!(check(md5.reveal(), "stitch", &password), Stored::Same);
        assert_eq!(formed(Form::Plain, "stitch", &password).reveal().reveal(), "pw");
    }

    #[test]
    fn no_more_rounds_are_computed_than_anybody_would() {
        let password = secret("pw");
        let made = verifier(&password, MOST_ITERATIONS);
        assert_eq!(check(made.reveal(), "stitch", &password), Stored::Same);
        for rounds in [u64::from(MOST_ITERATIONS) + 1, 2_147_483_647, 2_147_483_648, u64::MAX] {
            let dear = made.reveal().replace("$100000:", &format!("${rounds}:"));
            assert_eq!(check(&dear, "stitch", &password), Stored::TooDear(rounds));
        }
        let asked_for = formed(Form::Scram { iterations: u32::MAX }, "stitch", &password).reveal();
        assert!(asked_for.reveal().starts_with("'SCRAM-SHA-256$100000:"));
    }

    #[test]
    fn md5_is_salted_with_the_role() {
        let stored = password::md5(b"pw", "stitch");
        assert_eq!(check(&stored, "stitch", &secret("pw")), Stored::Same);
        assert_eq!(check(&stored, "other", &secret("pw")), Stored::Other);
        assert_eq!(check("plain", "stitch", &secret("pw")), Stored::Unreadable);
    }
}
