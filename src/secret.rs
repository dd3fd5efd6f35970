//! A value that must never be shown: passwords, verifiers, private keys, tokens.

use std::fmt;
use std::process::Command;

use secrecy::zeroize::{Zeroize as _, ZeroizeOnDrop};
use secrecy::{ExposeSecret, SecretString};

/// Variables of the environment that hold secrets, or may.
const VARIABLES: [&str; 5] = [
    "PGPASSWORD",
    "DATABASE_URL",
    "STITCH_PG_PASSWORD",
    "STITCH_PG_SUDO_PASSWORD",
    "STITCH_ACCESS_TOKEN",
];

/// A program that we start has no business with our secrets: none is in its environment.
pub(crate) fn withheld_from(command: &mut Command) -> &mut Command {
    VARIABLES.iter().fold(command, |command, name| command.env_remove(name))
}

/// A secret text. `Debug` and `Display` print `***`; [`Secret::reveal`] is the only way out; the memory is wiped on drop.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes the text over, and wipes where it was.
    pub fn new(mut text: String) -> Self {
        // A `String` turned into a boxed text is moved when it has room to spare, and what it leaves behind is not wiped.
        let secret = SecretString::from(text.as_str());
        text.zeroize();
        Self(secret)
    }

    /// The text itself. Call it where the secret leaves the program on purpose, nowhere else.
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }
}

/// By [`SecretString`], whose memory is written over before it is given back.
impl ZeroizeOnDrop for Secret {}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.reveal() == other.reveal()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inside_is_wiped_on_drop() {
        fn wiped<T: ZeroizeOnDrop>() {}
        wiped::<SecretString>();
        wiped::<Secret>();
    }

    #[test]
    fn shows_stars_only() {
        let secret = Secret::new("hunter2".to_owned());
        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
        assert_eq!(secret.reveal(), "hunter2");
    }
}
