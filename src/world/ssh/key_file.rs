//! What can be read from a private key file without its passphrase (OpenSSH's PROTOCOL.key).

use std::fs;
use std::path::{Path, PathBuf};

use openssl::base64;

use crate::public_key::{blob_of, string};

/// libssh2 reports a missing passphrase as a damaged file; so the file is checked first.
pub(super) fn is_encrypted(pem: &str) -> bool {
    match openssh(pem) {
        Some(key) => key.cipher != "none",
        None => pem.contains("ENCRYPTED"),
    }
}

/// The public half of a key file, to find it in the agent without its passphrase.
pub(super) fn public_part(path: &Path) -> Option<Vec<u8>> {
    // The file itself may be the public half, whose private one is in the agent or in hardware.
    let beside = PathBuf::from(format!("{}.pub", path.display()));
    let parsed = |path: &Path| blob_of(&fs::read_to_string(path).ok()?);
    let private = || Some(openssh(&fs::read_to_string(path).ok()?)?.public);
    parsed(path).or_else(|| parsed(&beside)).or_else(private)
}

/// The part of OpenSSH's own format that is never encrypted.
struct Header {
    cipher: String,
    public: Vec<u8>,
}

fn openssh(pem: &str) -> Option<Header> {
    let (_, rest) = pem.split_once("-----BEGIN OPENSSH PRIVATE KEY-----")?;
    let (body, _) = rest.split_once("-----END OPENSSH PRIVATE KEY-----")?;
    let body: String = body.split_whitespace().collect();
    let bytes = base64::decode_block(&body).ok()?;
    let rest = bytes.strip_prefix(b"openssh-key-v1\0")?;
    let (cipher, rest) = string(rest)?;
    let (_kdf, rest) = string(rest)?;
    let (_options, rest) = string(rest)?;
    let (public, _) = string(rest.strip_prefix(&1_u32.to_be_bytes())?)?;
    Some(Header {
        cipher: String::from_utf8(cipher.to_vec()).ok()?,
        public: public.to_vec(),
    })
}

/// Why a file cannot be tried as a private key.
pub(super) fn unusable(text: &str) -> Option<&'static str> {
    if text.starts_with("PuTTY-User-Key-File") {
        return Some("it is PuTTY's format: convert it with puttygen FILE -O private-openssh -o NEW");
    }
    if blob_of(text).is_some() || text.starts_with("---- BEGIN SSH2 PUBLIC KEY") {
        return Some("it is a public key, and the agent does not have its private key");
    }
    is_hardware(&openssh(text)?.public).then_some(IN_HARDWARE)
}

pub(super) const IN_HARDWARE: &str = "it is in hardware (FIDO), which libssh2 cannot use: add --ssh-command ssh";

/// Whether a public key's private half is in hardware.
pub(super) fn is_hardware(public: &[u8]) -> bool {
    string(public).is_some_and(|(kind, _)| kind.starts_with(b"sk-"))
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
