//! `--sheet FILE`: all that goes into Stitch's form, and what a security team asks about, in one file that no other user may read.
//! The password is in it only when that is asked for.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use openssl::hash::MessageDigest;
use openssl::x509::X509;
use serde_json::{Map, Value, json};

use crate::console::sheet;
use crate::finding::Code;
use crate::output_file::{Links, PRIVATE, Target};
use crate::report::Report;
use crate::settings::{RootCertificates, Settings};
use crate::stitch_form::{self, stitch_logs_in_as, ticks_ssl};
use crate::visible;

/// By this a file is known to be ours to write anew.
const TITLE: &str = "stitch-pg connection sheet";

/// A sheet that was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    pub(crate) path: PathBuf,
    pub(crate) password: SheetPassword,
}

/// Whether the password is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SheetPassword {
    Shown,
    LeftOut,
}

/// What identifies the machines on the path, for the security team that must approve them.
#[derive(Debug, Default)]
struct Trust {
    /// Stitch's public key.
    stitch_key: Option<String>,
    /// Subject and fingerprint of each certificate authority that the server was held against.
    authorities: Vec<(String, String)>,
    is_proved: bool,
}

impl Sheet {
    /// Writes it: JSON where the name ends in `.json`, text otherwise. An older sheet is written anew, no other file.
    pub(crate) fn write(&self, report: &Report, settings: &Settings) -> Result<()> {
        let bastion = settings.bastion.as_ref();
        let trust = Trust {
            stitch_key: bastion.and_then(|bastion| Some(bastion.public_key.as_ref()?.to_string())),
            authorities: authorities(settings)?,
            is_proved: report.findings().any(|finding| finding.code == Code::CaVerifies),
        };
        let is_json = self.path.extension().is_some_and(|extension| extension == "json");
        let text = if is_json {
            visible::json(&format!("{:#}\n", self.json(report, settings, &trust))).into_owned()
        } else {
            self.text(report, settings, &trust)
        };
        self.save(&text)
            .with_context(|| format!("cannot write the sheet {}", self.path.display()))
    }

    fn text(&self, report: &Report, settings: &Settings, trust: &Trust) -> String {
        let mut page = format!(
            "{TITLE}\n\n{}\n",
            visible::text(&sheet::text(settings, report, &sheet::for_logs(report)))
        );
        if let (SheetPassword::Shown, Some(password)) = (self.password, settings.stitch.password.secret()) {
            let _ = writeln!(page, "  {:<18} {}", "Password", password.reveal());
        }
        let _ = write!(
            page,
            "\nThe same for Stitch Connect: POST https://api.stitchdata.com/v4/destinations\n\n{}\n\nFor the security team:\n",
            visible::json(&format!("{:#}", self.body(report, settings)))
        );
        let mut line = |label: &str, value: &str| {
            let _ = writeln!(page, "  {label:<22} {}", visible::text(value));
        };
        if settings.bastion.is_some() {
            let (host_key, stitch_key) = (report.host_key.as_deref(), trust.stitch_key.as_deref());
            line(
                "SSH server's host key",
                host_key.unwrap_or("not checked: not reached over SSH"),
            );
            line("Stitch's public key", stitch_key.unwrap_or("not given"));
        }
        for (subject, fingerprint) in &trust.authorities {
            line("certificate authority", &format!("{subject} SHA256 {fingerprint}"));
        }
        match (trust.is_proved, &settings.stitch.ca) {
            (true, _) => line("", "verified: Stitch's login was tested with it"),
            (false, Some(_)) => line("", "not tested: run stitch-pg check"),
            (false, None) => {}
        }
        if trust.authorities.is_empty() {
            let none = "none given (--stitch-ca); Stitch checks the certificate only if one is entered";
            line("certificate authority", none);
        }
        page
    }

    fn json(&self, report: &Report, settings: &Settings, trust: &Trust) -> Value {
        let authorities = trust.authorities.iter();
        json!({
            "title": TITLE,
            "connection": report.json(settings)["connection"],
            "connect_api": { "method": "POST", "path": "/v4/destinations", "body": self.body(report, settings) },
            "trust": {
                "ssh_host_key": report.host_key,
                "stitch_public_key": trust.stitch_key,
                "certificate_authority_proved": trust.is_proved,
                "certificate_authorities": authorities
                    .map(|(subject, fingerprint)| json!({ "subject": subject, "sha256": fingerprint }))
                    .collect::<Vec<_>>(),
            },
        })
    }

    /// The body of Stitch Connect's create call, all values as the strings that it documents.
    fn body(&self, report: &Report, settings: &Settings) -> Value {
        let stitch = &settings.stitch;
        let fields = stitch_form::wanted(
            settings,
            &stitch_logs_in_as(settings, report.server.as_ref()),
            ticks_ssl(stitch.ssl, report.stitch_encryption),
        );
        let fields = fields.into_iter();
        let mut properties: Map<String, Value> = fields.map(|(name, value)| (name.to_owned(), value.into())).collect();
        if let (SheetPassword::Shown, Some(password)) = (self.password, stitch.password.secret()) {
            properties.insert("password".to_owned(), Value::String(password.reveal().to_owned()));
        }
        json!({ "type": "postgres", "name": stitch.database.as_str(), "properties": properties })
    }

    fn save(&self, text: &str) -> Result<()> {
        let is_sheet = |old: &[u8]| {
            let old = String::from_utf8_lossy(old);
            old.is_empty() || old.lines().take(3).any(|line| line.contains(TITLE))
        };
        Target::find(&self.path, Links::Refused)?.replace(text.as_bytes(), PRIVATE, is_sheet)
    }

    /// Refuses a place where it could not be written in the end, before anything is changed.
    pub(crate) fn check(&self) -> Result<()> {
        Target::find(&self.path, Links::Refused)
            .map(drop)
            .with_context(|| format!("cannot write the sheet {}", self.path.display()))
    }
}

fn authorities(settings: &Settings) -> Result<Vec<(String, String)>> {
    // What Stitch gets counts; what the administrator's own login was held against will do.
    let path = match (&settings.stitch.ca, &settings.admin.tls.root) {
        (Some(ca), _) => &ca.path,
        (None, Some(RootCertificates::File(path))) => path,
        _ => return Ok(Vec::new()),
    };
    read_authorities(path).with_context(|| format!("cannot read the certificates in {}", path.display()))
}

fn read_authorities(path: &Path) -> Result<Vec<(String, String)>> {
    let mut authorities = Vec::new();
    for certificate in X509::stack_from_pem(&fs::read(path)?)? {
        let digest = certificate.digest(MessageDigest::sha256())?;
        let pairs: Vec<String> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
        let mut subject = Vec::new();
        for entry in certificate.subject_name().entries() {
            let value = entry.data().to_string().unwrap_or_default();
            subject.push(format!("{}={value}", entry.object().nid().short_name().unwrap_or("?")));
        }
        authorities.push((subject.join(", "), pairs.join(":")));
    }
    Ok(authorities)
}
