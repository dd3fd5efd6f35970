//! TLS certificates, made by the `openssl` program in a temporary folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::process;

/// A certificate authority and a server's certificate that it signed.
pub(crate) struct Certificates {
    dir: TempDir,
}

impl Certificates {
    /// A certificate for these names; what parses as an IP address becomes one.
    #[track_caller]
    pub(crate) fn for_names(names: &[&str]) -> Self {
        Self::make(names, "20200101000000Z", "20991231235959Z")
    }

    /// The same, but it is no longer valid.
    #[track_caller]
    pub(crate) fn expired(names: &[&str]) -> Self {
        Self::make(names, "20200101000000Z", "20200102000000Z")
    }

    /// The authority's certificate.
    pub(crate) fn ca(&self) -> PathBuf {
        self.dir.path().join("ca.crt")
    }

    /// The server's certificate.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.dir.path().join("server.crt")
    }

    /// The authority's list of revoked certificates, with the server's in it or not.
    #[track_caller]
    pub(crate) fn revoked(&self, server_too: bool) -> PathBuf {
        let openssl = |arguments: &str| {
            let mut command = Command::new("openssl");
            command
                .current_dir(self.dir.path())
                .args(arguments.split(' '))
                .env_remove("OPENSSL_CONF");
            process::run(command);
        };
        let authority = "ca -config config -cert ca.crt -keyfile ca.key";
        if server_too {
            openssl(&format!("{authority} -revoke server.crt"));
        }
        let name = if server_too { "revoked.crl" } else { "empty.crl" };
        openssl(&format!("{authority} -gencrl -crldays 3650 -out {name}"));
        self.dir.path().join(name)
    }

    /// The server's private key.
    pub(crate) fn key(&self) -> PathBuf {
        self.dir.path().join("server.key")
    }

    #[track_caller]
    fn make(names: &[&str], start: &str, end: &str) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let alternatives: Vec<String> = names
            .iter()
            .map(|name| match name.parse::<std::net::IpAddr>() {
                Ok(address) => format!("IP:{address}"),
                Err(_) => format!("DNS:{name}"),
            })
            .collect();
        // `openssl ca` is the one command of every OpenSSL that takes both dates.
        let config = format!(
            "[ca]\ndefault_ca = bed\n[bed]\ndatabase = index\nrand_serial = yes\nnew_certs_dir = .\n\
             default_md = sha256\npolicy = any\nunique_subject = no\n[any]\ncommonName = supplied\n\
             [req]\ndistinguished_name = name\nprompt = no\n[name]\ncommonName = {}\n\
             [server]\nbasicConstraints = CA:FALSE\nextendedKeyUsage = serverAuth\nsubjectAltName = {}\n\
             [authority]\nbasicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign, cRLSign\n\
             subjectKeyIdentifier = hash\n",
            names.first().copied().unwrap_or("nobody"),
            alternatives.join(", "),
        );
        write(dir.path(), "config", &config);
        write(dir.path(), "index", "");
        let openssl = |arguments: &str| {
            let mut command = Command::new("openssl");
            command
                .current_dir(dir.path())
                .args(arguments.split(' '))
                .env_remove("OPENSSL_CONF");
            process::run(command);
        };
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config config";
        openssl(&format!(
            "req -x509 {key} -extensions authority -subj /CN=Test-CA -days 3650 -keyout ca.key -out ca.crt"
        ));
        openssl(&format!("req -new {key} -keyout server.key -out server.csr"));
        openssl(&format!(
            "ca -batch -notext -config config -extensions server -cert ca.crt -keyfile ca.key \
             -startdate {start} -enddate {end} -in server.csr -out server.crt"
        ));
        Self { dir }
    }
}

#[track_caller]
fn write(dir: &Path, name: &str, text: &str) {
    fs::write(dir.join(name), text).expect("a file in the temporary folder");
}
