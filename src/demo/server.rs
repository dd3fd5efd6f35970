//! The throw-away PostgreSQL server: one cluster in a folder of its own, reached over loopback with TLS.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509NameBuilder};
use tempfile::TempDir;

use super::child::Child;
use super::installed::Installed;
use crate::secret::Secret;
use crate::settings::Region;
use crate::settings::local_users::{accounts, passwd};
use crate::settings::secret_file::generate;

const SCRIPT: &str = include_str!("server.sh");

/// The running server. Its parts go in this order: the process, then what is left of its folder.
pub(super) struct DemoServer {
    child: Child,
    _folder: TempDir,
    /// On 127.0.0.1.
    pub(super) port: u16,
    /// Of the superuser `postgres`.
    pub(super) password: Secret,
    /// The server's self-signed certificate, PEM.
    pub(super) certificate: Vec<u8>,
}

/// The way Stitch would come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StitchRoute {
    /// Over the internet.
    Direct,
    /// Through the throw-away SSH server.
    Tunnel,
}

impl StitchRoute {
    /// Only loopback is listened on. Yet a server that Stitch connects to directly has to listen on an outer address, and the
    /// wizard looks for one: this one is reserved for documentation, no machine has it, and PostgreSQL passes over an address that
    /// it cannot listen on.
    fn listen_addresses(self) -> &'static str {
        match self {
            Self::Direct => "127.0.0.1,192.0.2.10",
            Self::Tunnel => "127.0.0.1",
        }
    }
}

impl DemoServer {
    /// Begins to make one; it is there when [`DemoServer::ready`] says so.
    pub(super) fn start(installed: &Installed, way: StitchRoute, region: Region) -> Result<Self> {
        let account = other_account()?;
        let own = |path: &Path| {
            let owned = account.map_or(Ok(()), |(uid, gid)| chown(path, Some(uid), Some(gid)));
            owned.with_context(|| format!("cannot change the owner of {} to the server's user", path.display()))
        };
        let folder = folder("stitch-pg-demo-server-")?;
        let port = free_port()?;
        let certificate = certificate().context("cannot create a certificate for the temporary server")?;
        let password = generate()?;
        for (name, content) in [
            ("pg_hba.conf", hba(region).as_bytes()),
            ("server.crt", &certificate.public),
            ("server.key", &certificate.key),
        ] {
            let path = folder.path().join(name);
            fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
            fs::set_permissions(&path, Permissions::from_mode(0o600))?;
            own(&path)?;
        }
        own(folder.path())?;
        #[expect(clippy::disallowed_methods, reason = "the demo's own server")]
        let mut command = Command::new("sh");
        command
            .args(["-c", SCRIPT, "server"])
            .args([folder.path().as_os_str(), OsStr::new(&port.to_string())])
            .args([OsStr::new(way.listen_addresses()), installed.bin.as_os_str()])
            // The demo's own folder may be closed to the server's user.
            .current_dir("/")
            .env("LC_ALL", "C");
        // A variable of the user's libpq or server must not find its way in.
        for name in ["PGDATA", "PGHOST", "PGPORT", "PGUSER", "PGOPTIONS", "PGDATABASE"] {
            command.env_remove(name);
        }
        if let Some((uid, gid)) = account {
            // With the user, std gives up root's other groups, too.
            command.uid(uid).gid(gid);
        }
        let child = Child::start(command, &format!("{}\n", password.reveal()))?;
        Ok(Self {
            child,
            _folder: folder,
            port,
            password,
            certificate: certificate.public,
        })
    }

    /// Waits until it takes connections.
    pub(super) async fn ready(&mut self) -> Result<()> {
        self.child
            .ready()
            .await
            .context("the temporary PostgreSQL server did not start")
    }
}

/// Loopback for the demo itself and for what comes out of the tunnel; Stitch's addresses for the rules' sake.
fn hba(region: Region) -> String {
    let stitch = region
        .addresses()
        .map(|address| format!("hostssl stitch stitch {address}/32 scram-sha-256\n"));
    stitch.concat() + "hostssl all all 127.0.0.1/32 scram-sha-256\n"
}

/// The user and group that the server runs as, where that is another user: PostgreSQL refuses to run as root.
fn other_account() -> Result<Option<(u32, u32)>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let users = passwd();
    let find = |wanted| accounts(&users).find(|(name, ..)| *name == wanted);
    let found = find("postgres").or_else(|| find("nobody"));
    let (_, uid, gid) = found.context(
        "PostgreSQL does not run as root, and there is neither a user postgres nor nobody\n\
         next: run the demo as an ordinary user",
    )?;
    Ok(Some((uid, gid)))
}

/// A new folder, for the owner only, in a place that every user can get to.
pub(super) fn folder(prefix: &str) -> Result<TempDir> {
    let usual = std::env::temp_dir();
    // Some systems give root a folder for temporary files that the server's user could not enter.
    let open = |path: &PathBuf| {
        path.ancestors()
            .all(|above| fs::metadata(above).is_ok_and(|data| data.permissions().mode() & 0o001 != 0))
    };
    let place = if !rustix::process::geteuid().is_root() || open(&usual) {
        usual
    } else {
        PathBuf::from("/tmp")
    };
    tempfile::Builder::new()
        .prefix(prefix)
        .tempdir_in(&place)
        .with_context(|| format!("cannot create a temporary folder in {}", place.display()))
}

/// A port of 127.0.0.1 on which nothing listens. Another program may take it before it is used; the demo then fails and says so.
pub(super) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot listen on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}

/// A certificate for 127.0.0.1 that lives as long as the demo.
struct Certificate {
    public: Vec<u8>,
    key: Vec<u8>,
}

/// Makes one, signed by itself.
fn certificate() -> Result<Certificate, ErrorStack> {
    let curve = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    let key = PKey::from_ec_key(EcKey::generate(&curve)?)?;
    let mut name = X509NameBuilder::new()?;
    name.append_entry_by_nid(Nid::COMMONNAME, "stitch-pg demo")?;
    let name = name.build();
    let mut serial = BigNum::new()?;
    serial.rand(128, MsbOption::MAYBE_ZERO, false)?;
    let mut certificate = X509::builder()?;
    certificate.set_version(2)?;
    certificate.set_serial_number(&*serial.to_asn1_integer()?)?;
    certificate.set_subject_name(&name)?;
    certificate.set_issuer_name(&name)?;
    certificate.set_pubkey(&key)?;
    certificate.set_not_before(&*Asn1Time::days_from_now(0)?)?;
    certificate.set_not_after(&*Asn1Time::days_from_now(2)?)?;
    // Its own authority, so that it can be named as the root that is trusted.
    certificate.append_extension(BasicConstraints::new().critical().ca().build()?)?;
    let addresses = SubjectAlternativeName::new()
        .ip("127.0.0.1")
        .build(&certificate.x509v3_context(None, None))?;
    certificate.append_extension(addresses)?;
    certificate.sign(&key, MessageDigest::sha256())?;
    Ok(Certificate {
        public: certificate.build().to_pem()?,
        key: key.private_key_to_pem_pkcs8()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_of_the_region_is_let_in() {
        let text = hba(Region::Europe);
        assert_eq!(text.matches("hostssl stitch stitch ").count(), 4);
        assert!(text.contains("18.158.16.164/32 scram-sha-256"));
    }
}
