//! A key pair of our own, for as long as a proof takes.

use anyhow::{Context as _, Result};
use openssl::base64;
use openssl::pkey::PKey;
use secrecy::zeroize::Zeroizing;

use crate::public_key::PublicKey;
use crate::secret::Secret;

/// An ed25519 key.
pub(super) struct FreshKey {
    /// In OpenSSH's own format, which libssh2 and every `ssh` read.
    pub(super) pem: Secret,
    pub(super) public: PublicKey,
}

impl FreshKey {
    pub(super) fn new() -> Result<Self> {
        let key = PKey::generate_ed25519().context("OpenSSL makes no ed25519 key")?;
        let public = key.raw_public_key()?;
        let private = Zeroizing::new([key.raw_private_key()?, public.clone()].concat());
        let kind = b"ssh-ed25519".as_slice();
        let blob = strings(&[kind, &public])?;
        // PROTOCOL.key of OpenSSH: two equal numbers tell a right passphrase, and there is none; padding counts up to eights.
        let mut secret = Zeroizing::new([[0; 8].to_vec(), strings(&[kind, &public, &private, b""])?].concat());
        let padding = secret.len().wrapping_neg() % 8;
        secret.extend((1..).take(padding));
        let mut whole = Zeroizing::new(b"openssh-key-v1\0".to_vec());
        whole.extend(strings(&[b"none", b"none", b""])?);
        whole.extend(1_u32.to_be_bytes());
        whole.extend(strings(&[&blob, &secret])?);
        let text = Zeroizing::new(base64::encode_block(&whole));
        let mut pem = "-----BEGIN OPENSSH PRIVATE KEY-----\n".to_owned();
        for line in text.as_bytes().chunks(70) {
            pem.push_str(std::str::from_utf8(line)?);
            pem.push('\n');
        }
        pem.push_str("-----END OPENSSH PRIVATE KEY-----\n");
        let line = format!("ssh-ed25519 {} stitch-pg-proof", base64::encode_block(&blob));
        Ok(Self {
            pem: Secret::new(pem),
            public: line.parse()?,
        })
    }
}

/// As SSH writes texts: each behind its length.
fn strings(parts: &[&[u8]]) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    for part in parts {
        all.extend(u32::try_from(part.len())?.to_be_bytes());
        all.extend_from_slice(part);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_key_is_a_key() {
        let key = FreshKey::new().unwrap();
        assert_eq!(key.public.kind(), "ssh-ed25519");
        assert!(key.pem.reveal().contains("PRIVATE KEY"));
    }
}
