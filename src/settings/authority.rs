//! The certificate that is to be pasted into Stitch's form: certificates only, whatever else the file holds.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use openssl::x509::X509;

/// Certificates of an authority, out of a PEM file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// The settings file that decided.
    pub path: PathBuf,
    /// Its certificates as text, for Stitch's form. A key in the same file is not in it.
    pub pem: String,
}

impl Authority {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let shown = path.display();
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
        let certificates = X509::stack_from_pem(&bytes).unwrap_or_default();
        ensure!(!certificates.is_empty(), "{shown} holds no PEM certificate");
        let mut pem = String::new();
        for certificate in certificates {
            pem.push_str(&String::from_utf8_lossy(&certificate.to_pem()?));
        }
        Ok(Self {
            path: path.to_owned(),
            pem,
        })
    }
}
