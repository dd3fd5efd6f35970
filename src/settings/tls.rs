//! What is asked of TLS, with libpq's meaning.

use std::path::PathBuf;

use crate::secret::Secret;
use crate::word::words;

/// TLS settings with libpq's meaning (PostgreSQL docs 34.19).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// How much is asked of the server.
    pub mode: SslMode,
    /// The certificate authorities to trust.
    pub root: Option<RootCertificates>,
    /// Client certificate, PEM.
    pub certificate: Option<PathBuf>,
    /// Its private key, PEM.
    pub key: Option<PathBuf>,
    /// The key's passphrase (`sslpassword`).
    pub key_passphrase: Option<Secret>,
    /// Revoked certificates (`sslcrl`), PEM.
    pub revoked: Option<PathBuf>,
    /// A directory of them (`sslcrldir`), as `openssl rehash` leaves it.
    pub revoked_directory: Option<PathBuf>,
    /// `ssl_min_protocol_version`; `None` leaves it to OpenSSL.
    pub min_version: Option<TlsVersion>,
    /// `ssl_max_protocol_version`.
    pub max_version: Option<TlsVersion>,
    /// `sslsni`.
    pub sni: Sni,
    /// `sslnegotiation`.
    pub negotiation: Negotiation,
}

words! {
    /// A version of TLS.
    #[expect(missing_docs, reason = "their names say it")]
    pub enum TlsVersion {
        V1 = "TLSv1",
        V1_1 = "TLSv1.1",
        V1_2 = "TLSv1.2",
        V1_3 = "TLSv1.3",
    }
}

/// libpq's `sslsni`: whether the server's name is sent before the connection is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sni {
    /// The server name is sent in the TLS handshake.
    #[default]
    Sent,
    /// The server name is not sent.
    Withheld,
}

/// libpq's `sslnegotiation`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Negotiation {
    /// PostgreSQL is asked first whether it has TLS.
    #[default]
    Asked,
    /// TLS from the first byte, which PostgreSQL 17 and newer understand.
    Direct,
}

words! {
    /// libpq's `sslmode`.
    #[derive(Default)]
    pub enum SslMode else "is not an sslmode; write disable, allow, prefer, require, verify-ca or verify-full" {
        /// Never TLS.
        Disable = "disable",
        /// TLS only when the server insists.
        Allow = "allow",
        /// TLS when the server offers it.
        #[default]
        Prefer = "prefer",
        /// TLS or nothing; the certificate is checked only when a root file is given.
        Require = "require",
        /// TLS with a certificate from a trusted authority.
        VerifyCa = "verify-ca",
        /// TLS with a trusted certificate for the very host that was connected to.
        VerifyFull = "verify-full",
    }
}

impl SslMode {
    /// Whether there is no going on without TLS.
    pub(crate) fn demands(self) -> bool {
        matches!(self, Self::Require | Self::VerifyCa | Self::VerifyFull)
    }
}

/// libpq's `sslrootcert`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RootCertificates {
    /// `system`: the operating system's store.
    System,
    /// A PEM file.
    File(PathBuf),
}
