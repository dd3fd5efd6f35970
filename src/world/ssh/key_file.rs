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
    let parsed = |path: &Path| ssh_key::PublicKey::from_openssh(&fs::read_to_string(path).ok()?).ok();
    let private = || {
        Some(
            ssh_key::PrivateKey::from_openssh(fs::read(path).ok()?)
                .ok()?
                .public_key()
                .clone(),
        )
    };
    // The file itself may be the public half, whose private one is in the agent or in hardware.
    let beside = PathBuf::from(format!("{}.pub", path.display()));
    let key = parsed(path).or_else(|| parsed(&beside)).or_else(private)?;
    key.to_bytes().ok()
}

/// Why a file cannot be tried as a private key.
pub(super) fn unusable(text: &str) -> Option<&'static str> {
    if text.starts_with("PuTTY-User-Key-File") {
        return Some("it is PuTTY's format: convert it with puttygen FILE -O private-openssh -o NEW");
    }
    if ssh_key::PublicKey::from_openssh(text).is_ok() || text.starts_with("---- BEGIN SSH2 PUBLIC KEY") {
        return Some("it is a public key, and the agent does not hold its private half");
    }
    let key = ssh_key::PrivateKey::from_openssh(text).ok()?;
    let is_hardware = key.algorithm().as_str().starts_with("sk-");
    is_hardware.then_some("it is in hardware (FIDO), which libssh2 cannot use")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_private_key_is_named() {
        let public = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me";
        for (text, wanted) in [
            ("PuTTY-User-Key-File-3: ssh-ed25519\n", "PuTTY"),
            (public, "public key"),
            ("---- BEGIN SSH2 PUBLIC KEY ----\n", "public key"),
        ] {
            assert!(unusable(text).is_some_and(|why| why.contains(wanted)), "{text}");
        }
        assert_eq!(unusable("-----BEGIN OPENSSH PRIVATE KEY-----\n"), None);
    }
}
