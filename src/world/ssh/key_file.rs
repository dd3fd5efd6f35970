//! What can be told of a private key file without its passphrase.

use std::fs;
use std::path::{Path, PathBuf};

/// libssh2 reports a missing passphrase as a damaged file; so the file is looked at first.
pub(super) fn is_encrypted(pem: &str) -> bool {
    match ssh_key::PrivateKey::from_openssh(pem) {
        Ok(key) => key.is_encrypted(),
        Err(_) => pem.contains("ENCRYPTED"),
    }
}

/// The public half of a key file, to find it in the agent without its passphrase.
pub(super) fn public_part(path: &Path) -> Option<Vec<u8>> {
    let beside = PathBuf::from(format!("{}.pub", path.display()));
    let key = match fs::read_to_string(beside) {
        Ok(line) => ssh_key::PublicKey::from_openssh(&line).ok()?,
        Err(_) => ssh_key::PrivateKey::from_openssh(fs::read(path).ok()?)
            .ok()?
            .public_key()
            .clone(),
    };
    key.to_bytes().ok()
}
