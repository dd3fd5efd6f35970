//! Secrets that are read from a file or made here: one line end less, nothing else touched.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use secrecy::zeroize::Zeroizing;

use super::environment::Environment;
use super::trust;
use crate::secret::Secret;

/// Nothing that long is a password; a device would have no end.
const LONGEST: usize = 64 << 10;

/// Reads a secret. A file that every user can read is used, with a warning; one that another user could have written is refused.
pub(super) fn read(path: &Path, environment: &Environment, warnings: &mut Vec<String>) -> Result<Secret> {
    let shown = path.display();
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST));
    trust::before_opening(path, environment)?;
    let file = File::open(path).with_context(|| format!("cannot read {shown}"))?;
    let metadata = file.metadata().with_context(|| format!("cannot read {shown}"))?;
    trust::judge(path, &metadata, environment)?;
    file.take(LONGEST as u64)
        .read_to_end(&mut bytes)
        .with_context(|| format!("cannot read {shown}"))?;
    ensure!(bytes.len() < LONGEST, "{shown} is too long for a password file");
    if metadata.is_file() && metadata.mode() & 0o004 != 0 {
        warnings.push(format!(
            "every user of this machine can read {shown}; fix it with: chmod 600 {}",
            trust::word(path)
        ));
    }
    let Ok(text) = std::str::from_utf8(&bytes) else {
        bail!("{shown} is not UTF-8");
    };
    let secret = text.strip_suffix('\n').unwrap_or(text);
    let secret = secret.strip_suffix('\r').unwrap_or(secret);
    check(secret).with_context(|| format!("{shown} cannot be used"))?;
    Ok(Secret::new(secret.to_owned()))
}

/// What no password may be. The message shows nothing of it.
pub(super) fn check(secret: &str) -> Result<()> {
    ensure!(!secret.is_empty(), "the password is empty");
    ensure!(
        !secret.contains('\0'),
        "the password contains a zero byte, which PostgreSQL does not accept"
    );
    ensure!(
        !secret.contains(['\n', '\r']),
        "the password contains a line break; give only the password, on one line"
    );
    Ok(())
}

/// Makes a password: 192 bits of OpenSSL's randomness in 32 characters that need no quoting in a URL, a shell or TOML.
pub(crate) fn generate() -> Result<Secret> {
    let mut bytes = [0; 24];
    openssl::rand::rand_bytes(&mut bytes).context("OpenSSL has no random numbers")?;
    let text = openssl::base64::encode_block(&bytes);
    Ok(Secret::new(text.replace('+', "-").replace('/', "_")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_back(bytes: &[u8]) -> Result<String> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), bytes)?;
        let mut warnings = Vec::new();
        let secret = read(file.path(), &Environment::default(), &mut warnings)?;
        assert!(warnings.is_empty());
        Ok(secret.reveal().to_owned())
    }

    #[test]
    fn one_line_end_is_removed_and_nothing_else() {
        let printable: String = (' '..='~').collect();
        let long = "ü".repeat(1000);
        for password in ["x", " spaces ", "tab\t", &printable, &long] {
            for end in ["", "\n", "\r\n"] {
                assert_eq!(read_back(format!("{password}{end}").as_bytes()).unwrap(), password);
            }
        }
    }

    #[test]
    fn what_cannot_be_a_password_is_refused_unseen() {
        for bytes in [
            &b""[..],
            b"\n",
            b"hunter2\0",
            b"hunter2\nx",
            b"hunter2\n\n",
            b"hunter2\xff",
        ] {
            let message = format!("{:#}", read_back(bytes).unwrap_err());
            assert!(!message.contains("hunter2"), "{message}");
        }
        assert!(read(Path::new("/nonexistent"), &Environment::default(), &mut Vec::new()).is_err());
    }

    #[test]
    fn generated_passwords_are_long_and_plain() {
        let (one, other) = (generate().unwrap(), generate().unwrap());
        assert!(one != other && one.reveal().len() >= 24);
        assert!(
            one.reveal()
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
        );
    }
}
