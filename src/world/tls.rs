//! TLS as libpq means it: the six `sslmode`s, root certificates, client certificates (PostgreSQL docs 34.19).

use std::net::IpAddr;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use openssl::nid::Nid;
use openssl::ssl::{SslConnector, SslConnectorBuilder, SslFiletype, SslMethod, SslVerifyMode};
use openssl::x509::{X509Ref, X509StoreContextRef, X509VerifyResult};
use postgres_openssl::MakeTlsConnector;

use crate::settings::{RootCertificates, SslMode, Tls};
use crate::world::tap::Tap;

/// One attempt at a connection, as libpq would make them in turn for a mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// Without TLS.
    Plain,
    /// With TLS if the server has it, else without on the same connection.
    TlsIfOffered,
    /// With TLS or not at all.
    Tls,
}

impl Attempt {
    /// The attempts of a mode, in order; a later one is made only when the earlier one failed before login.
    pub(crate) fn of(mode: SslMode) -> &'static [Self] {
        match mode {
            SslMode::Disable => &[Self::Plain],
            SslMode::Allow => &[Self::Plain, Self::Tls],
            SslMode::Prefer => &[Self::TlsIfOffered, Self::Plain],
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => &[Self::Tls],
        }
    }

    /// What a mode rules out: tried without a password when nothing else was let in, to tell why.
    pub(crate) fn left_out(mode: SslMode) -> Option<Self> {
        match mode {
            SslMode::Disable => Some(Self::Tls),
            SslMode::Allow | SslMode::Prefer => None,
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => Some(Self::Plain),
        }
    }

    /// tokio-postgres's word for it.
    pub(crate) fn ssl_mode(self) -> tokio_postgres::config::SslMode {
        match self {
            Self::Plain => tokio_postgres::config::SslMode::Disable,
            Self::TlsIfOffered => tokio_postgres::config::SslMode::Prefer,
            Self::Tls => tokio_postgres::config::SslMode::Require,
        }
    }
}

/// What was made of the server's certificate, whether or not it had to pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Examined {
    /// The names it is for.
    pub(crate) names: Vec<String>,
    /// The day it ends, as OpenSSL writes it.
    pub(crate) ends: String,
    /// What is wrong with it, in the order in which OpenSSL found it.
    pub(crate) faults: Vec<Fault>,
}

/// What is wrong with a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No authority that was given vouches for it.
    Authority,
    /// It is no longer, or not yet, valid.
    Expired,
    /// It is for another name.
    Name,
    /// Something rarer.
    Other,
}

impl Fault {
    fn of(error: X509VerifyResult) -> Self {
        // The numbers of OpenSSL's x509_vfy.h; the crate has no names for them.
        match error.as_raw() {
            2 | 18 | 19 | 20 | 21 | 24 | 26..=30 => Self::Authority,
            9 | 10 => Self::Expired,
            62 | 64 => Self::Name,
            _ => Self::Other,
        }
    }
}

/// A connector that checks as much as the mode asks, and notes in `tap` everything that could have been checked.
pub(crate) fn connector(tls: &Tls, tap: &Tap) -> Result<MakeTlsConnector> {
    let mut builder = SslConnector::builder(SslMethod::tls_client()).context("cannot start OpenSSL")?;
    let roots = load_roots(&mut builder, tls)?;
    let check = match (tls.mode, roots) {
        (SslMode::VerifyFull, _) => Check::ChainAndName,
        // libpq: with a root file at hand, require checks the chain like verify-ca.
        (SslMode::VerifyCa, _) | (SslMode::Require, Roots::Loaded) => Check::Chain,
        _ => Check::Nothing,
    };
    load_client_certificate(&mut builder, tls)?;
    let mut connector = MakeTlsConnector::new(builder.build());
    let tap = tap.clone();
    connector.set_callback(move |configuration, _| {
        let tap = tap.clone();
        configuration.set_verify_hostname(true);
        configuration.set_verify_callback(SslVerifyMode::PEER, move |holds, context| {
            let fault = (!holds).then(|| Fault::of(context.error()));
            tap.examined(|examined| examined.note(fault, context));
            fault.is_none_or(|fault| check.bears(fault))
        });
        Ok(())
    });
    Ok(connector)
}

impl Examined {
    fn note(&mut self, fault: Option<Fault>, context: &X509StoreContextRef) {
        if let Some(fault) = fault
            && !self.faults.contains(&fault)
        {
            self.faults.push(fault);
        }
        // Depth 0 is the server's own.
        if context.error_depth() == 0
            && let Some(certificate) = context.current_cert()
        {
            self.ends = certificate.not_after().to_string();
            self.names = names(certificate);
        }
    }
}

fn names(certificate: &X509Ref) -> Vec<String> {
    let alternatives = certificate.subject_alt_names().into_iter().flatten();
    let mut names: Vec<String> = alternatives
        .filter_map(|name| {
            let address = name.ipaddress().and_then(|bytes| match bytes.len() {
                4 => <[u8; 4]>::try_from(bytes)
                    .ok()
                    .map(|bytes| IpAddr::from(bytes).to_string()),
                _ => <[u8; 16]>::try_from(bytes)
                    .ok()
                    .map(|bytes| IpAddr::from(bytes).to_string()),
            });
            name.dnsname().map(str::to_owned).or(address)
        })
        .collect();
    if names.is_empty() {
        let common = certificate.subject_name().entries_by_nid(Nid::COMMONNAME);
        names.extend(common.filter_map(|entry| entry.data().to_string().ok()));
    }
    names
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Check {
    Nothing,
    Chain,
    ChainAndName,
}

impl Check {
    fn bears(self, fault: Fault) -> bool {
        match self {
            Self::Nothing => true,
            Self::Chain => fault == Fault::Name,
            Self::ChainAndName => false,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Roots {
    Loaded,
    Absent,
}

fn load_roots(builder: &mut SslConnectorBuilder, tls: &Tls) -> Result<Roots> {
    let verifies = matches!(tls.mode, SslMode::VerifyCa | SslMode::VerifyFull);
    let file = match &tls.root {
        Some(RootCertificates::System) => {
            add_system_store(builder)?;
            return Ok(Roots::Loaded);
        }
        Some(RootCertificates::File(path)) => path.clone(),
        None if verifies => bail!(
            "sslmode={} needs the certificate authority to trust; give --sslrootcert FILE (a provider's CA bundle) or --sslrootcert system",
            mode_name(tls.mode)
        ),
        None => return Ok(Roots::Absent),
    };
    if !verifies && tls.mode != SslMode::Require {
        return Ok(Roots::Absent); // prefer and allow check nothing, so a broken file must not stop them
    }
    trust_only(builder, &file)?;
    Ok(Roots::Loaded)
}

/// The builder starts with the store that OpenSSL was built to look at. A built-in OpenSSL was built elsewhere, and each
/// distribution has its store at another place.
#[cfg(feature = "vendored")]
fn add_system_store(builder: &mut SslConnectorBuilder) -> Result<()> {
    let store = openssl_probe::probe();
    for folder in &store.cert_dir {
        builder.load_verify_locations(None, Some(folder))?;
    }
    if let Some(file) = &store.cert_file {
        builder.load_verify_locations(Some(file), None)?;
    }
    Ok(())
}

/// The builder starts with the system's store.
#[cfg(not(feature = "vendored"))]
#[expect(clippy::unnecessary_wraps, reason = "the other build reads files")]
fn add_system_store(_: &mut SslConnectorBuilder) -> Result<()> {
    Ok(())
}

/// Replaces the system's store by one file, as libpq does.
fn trust_only(builder: &mut SslConnectorBuilder, file: &PathBuf) -> Result<()> {
    let pem =
        std::fs::read(file).with_context(|| format!("cannot read the root certificate file {}", file.display()))?;
    let certificates = openssl::x509::X509::stack_from_pem(&pem)
        .ok()
        .filter(|stack| !stack.is_empty())
        .with_context(|| format!("{} holds no PEM certificate", file.display()))?;
    let mut store = openssl::x509::store::X509StoreBuilder::new()?;
    for certificate in certificates {
        store.add_cert(certificate)?;
    }
    builder.set_cert_store(store.build());
    Ok(())
}

fn load_client_certificate(builder: &mut SslConnectorBuilder, tls: &Tls) -> Result<()> {
    let Some(certificate) = &tls.certificate else {
        return Ok(());
    };
    let key = tls
        .key
        .as_ref()
        .context("--sslcert needs its private key; give --sslkey FILE")?;
    builder
        .set_certificate_chain_file(certificate)
        .with_context(|| format!("cannot read the client certificate {}", certificate.display()))?;
    builder
        .set_private_key_file(key, SslFiletype::PEM)
        .with_context(|| format!("cannot read the client key {}", key.display()))?;
    builder
        .check_private_key()
        .context("the client key does not belong to the client certificate")
}

impl SslMode {
    /// Whether there is no going on without TLS.
    pub(crate) fn demands(self) -> bool {
        matches!(self, Self::Require | Self::VerifyCa | Self::VerifyFull)
    }
}

/// The mode as people write it.
pub(crate) fn mode_name(mode: SslMode) -> &'static str {
    match mode {
        SslMode::Disable => "disable",
        SslMode::Allow => "allow",
        SslMode::Prefer => "prefer",
        SslMode::Require => "require",
        SslMode::VerifyCa => "verify-ca",
        SslMode::VerifyFull => "verify-full",
    }
}
