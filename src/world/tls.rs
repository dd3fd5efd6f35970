//! TLS as libpq means it: the six `sslmode`s, root certificates, client certificates (PostgreSQL docs 34.19).

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use openssl::pkey::{PKey, Private};
use openssl::ssl::{SslConnector, SslConnectorBuilder, SslFiletype, SslMethod, SslVerifyMode, SslVersion};
use openssl::x509::store::X509Lookup;
use openssl::x509::verify::X509VerifyFlags;
use postgres_openssl::{MakeTlsConnector, TlsConnector};
use secrecy::zeroize::Zeroizing;
use tokio_postgres::tls::MakeTlsConnect;

use crate::secret::Secret;
use crate::settings::{RootCertificates, Sni, SslMode, Tls, TlsVersion};
use crate::world::certificate::Fault;
use crate::world::login_observer::trace::LoginObserver;
use crate::world::wire::Wire;

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

/// A connector to the host `name` that checks as much as the mode asks, and notes in `tap` everything that could have been
/// checked.
pub(crate) fn connector(tls: &Tls, name: &str, tap: &LoginObserver) -> Result<TlsConnector> {
    let (connector, check) = context(tls)?;
    let mut connector = MakeTlsConnector::new(connector);
    let (tap, sni) = (tap.clone(), tls.sni);
    connector.set_callback(move |configuration, _| {
        let tap = tap.clone();
        configuration.set_verify_hostname(true);
        configuration.set_use_server_name_indication(sni == Sni::Sent);
        configuration.set_verify_callback(SslVerifyMode::PEER, move |holds, context| {
            let fault = (!holds).then(|| Fault::of(context.error()));
            tap.examined(|examined| examined.note(fault, context));
            fault.is_none_or(|fault| check.bears(fault))
        });
        Ok(())
    });
    let connector = <MakeTlsConnector as MakeTlsConnect<Wire>>::make_tls_connect(&mut connector, name);
    connector.with_context(|| format!("cannot start TLS to {name}"))
}

/// The contexts of this run. To read the system's 140 certificate authorities takes longer than a login, and a run logs in
/// several times.
static CONTEXTS: Mutex<Vec<(Tls, SslConnector, Check)>> = Mutex::new(Vec::new());

/// OpenSSL's context for these settings, and what it checks.
fn context(tls: &Tls) -> Result<(SslConnector, Check)> {
    let mut contexts = CONTEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, connector, check)) = contexts.iter().find(|(known, ..)| known == tls) {
        return Ok((connector.clone(), *check));
    }
    let (connector, check) = build(tls)?;
    contexts.push((tls.clone(), connector.clone(), check));
    Ok((connector, check))
}

fn build(tls: &Tls) -> Result<(SslConnector, Check)> {
    let mut builder = SslConnector::builder(SslMethod::tls_client()).context("cannot start OpenSSL")?;
    let roots = load_roots(&mut builder, tls)?;
    let check = match (tls.mode, roots) {
        (SslMode::VerifyFull, _) => Check::ChainAndName,
        // libpq: with a root file at hand, require checks the chain like verify-ca.
        (SslMode::VerifyCa, _) | (SslMode::Require, Roots::Loaded) => Check::Chain,
        _ => Check::Nothing,
    };
    if roots == Roots::Loaded {
        load_revoked(&mut builder, tls)?;
    }
    load_client_certificate(&mut builder, tls)?;
    builder
        .set_min_proto_version(tls.min_version.map(version))
        .and_then(|()| builder.set_max_proto_version(tls.max_version.map(version)))
        .context("OpenSSL does not support the given TLS versions")?;
    builder
        .set_alpn_protos(b"\x0apostgresql")
        .context("cannot start OpenSSL")?;
    Ok((builder.build(), check))
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
            tls.mode.as_str()
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
#[expect(clippy::unnecessary_wraps, reason = "this build reads no files")]
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

/// As in libpq, the lists are consulted for every certificate of the chain.
fn load_revoked(builder: &mut SslConnectorBuilder, tls: &Tls) -> Result<()> {
    if tls.revoked.is_none() && tls.revoked_directory.is_none() {
        return Ok(());
    }
    let store = builder.cert_store_mut();
    if let Some(file) = &tls.revoked {
        let loaded = store
            .add_lookup(X509Lookup::file())
            .and_then(|lookup| lookup.load_crl_file(file, SslFiletype::PEM));
        loaded.with_context(|| {
            format!(
                "cannot read the list of revoked certificates {} (sslcrl)",
                file.display()
            )
        })?;
    }
    if let Some(directory) = &tls.revoked_directory {
        let name = directory.to_str().context("the name of sslcrldir is not UTF-8")?;
        let added = store
            .add_lookup(X509Lookup::hash_dir())
            .and_then(|lookup| lookup.add_dir(name, SslFiletype::PEM));
        added.with_context(|| format!("cannot use the directory {name} (sslcrldir)"))?;
    }
    store
        .set_flags(X509VerifyFlags::CRL_CHECK | X509VerifyFlags::CRL_CHECK_ALL)
        .context("OpenSSL cannot look up revoked certificates")
}

fn version(version: TlsVersion) -> SslVersion {
    match version {
        TlsVersion::V1 => SslVersion::TLS1,
        TlsVersion::V1_1 => SslVersion::TLS1_1,
        TlsVersion::V1_2 => SslVersion::TLS1_2,
        TlsVersion::V1_3 => SslVersion::TLS1_3,
    }
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
    let private = read_key(key, tls.key_passphrase.as_ref())?;
    builder
        .set_private_key(&private)
        .with_context(|| format!("cannot use the client key {}", key.display()))?;
    builder
        .check_private_key()
        .context("the client key does not belong to the client certificate")
}

/// Without a callback OpenSSL would ask for a passphrase at the terminal.
fn read_key(path: &Path, passphrase: Option<&Secret>) -> Result<PKey<Private>> {
    let shown = path.display();
    let pem = std::fs::read(path).with_context(|| format!("cannot read the client key {shown}"))?;
    let pem = Zeroizing::new(pem);
    let mut wanted = false;
    let key = PKey::private_key_from_pem_callback(&pem, |buffer| {
        wanted = true;
        let text = passphrase.map_or("", Secret::reveal).as_bytes();
        let length = text.len().min(buffer.len());
        buffer[..length].copy_from_slice(&text[..length]);
        Ok(length)
    });
    key.with_context(|| match (wanted, passphrase) {
        (true, None) => format!(
            "the client key {shown} has a passphrase; give it as sslpassword, in DATABASE_URL or in a service of pg_service.conf"
        ),
        (true, Some(_)) => format!("the passphrase (sslpassword) is wrong for the client key {shown}"),
        (false, _) => format!("{shown} holds no PEM key"),
    })
}
