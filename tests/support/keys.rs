//! SSH keys: the ones of the cache, copied, or made on the spot where there is no cache.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{cache, process};

/// A key pair of a user who logs in.
#[derive(Clone, Debug)]
pub(crate) struct SshKey {
    /// The private key's file; the public one's has `.pub` at its end.
    pub(crate) path: PathBuf,
    /// The passphrase, if it has one.
    pub(crate) passphrase: Option<&'static str>,
}

impl SshKey {
    /// An ed25519 key in `dir`.
    #[track_caller]
    pub(crate) fn ed25519(dir: &Path) -> Self {
        Self::make(dir, "ed25519", &["-t", "ed25519"], None)
    }

    /// Another ed25519 key, which no bastion knows by default.
    #[track_caller]
    pub(crate) fn other(dir: &Path) -> Self {
        Self::make(dir, "other", &["-t", "ed25519"], None)
    }

    /// An ed25519 key with a passphrase.
    #[track_caller]
    pub(crate) fn with_passphrase(dir: &Path) -> Self {
        Self::make(dir, "ed25519_passphrase", &["-t", "ed25519"], Some("passphrase"))
    }

    /// An ECDSA key.
    #[track_caller]
    pub(crate) fn ecdsa(dir: &Path) -> Self {
        Self::make(dir, "ecdsa", &["-t", "ecdsa"], None)
    }

    /// An RSA key of 2048 bits in OpenSSH's format.
    #[track_caller]
    pub(crate) fn rsa(dir: &Path) -> Self {
        Self::make(dir, "rsa", &["-t", "rsa", "-b", "2048"], None)
    }

    /// An RSA key of 2048 bits in PEM.
    #[track_caller]
    pub(crate) fn rsa_pem(dir: &Path) -> Self {
        Self::make(dir, "rsa_pem", &["-t", "rsa", "-b", "2048", "-m", "PEM"], None)
    }

    /// The public key: type, key and comment.
    #[track_caller]
    pub(crate) fn public(&self) -> String {
        let path = PathBuf::from(format!("{}.pub", self.path.display()));
        fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
            .trim_end()
            .to_owned()
    }

    #[track_caller]
    fn make(dir: &Path, name: &str, arguments: &[&str], passphrase: Option<&'static str>) -> Self {
        let path = dir.join(name);
        let cached = cache::cache().join("keys").join(name);
        if !path.exists() {
            let copied = fs::copy(cached.with_extension("pub"), path.with_extension("pub"))
                .and_then(|_| fs::copy(&cached, &path))
                .and_then(|_| fs::set_permissions(&path, fs::Permissions::from_mode(0o600)));
            if copied.is_err() {
                drop(fs::remove_file(&path));
                let mut command = Command::new("ssh-keygen");
                command
                    .args(["-q", "-C", "ops", "-N", passphrase.unwrap_or_default()])
                    .args(arguments);
                process::run({
                    command.arg("-f").arg(&path);
                    command
                });
            }
        }
        Self { path, passphrase }
    }
}
