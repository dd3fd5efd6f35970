//! A plan in one short word, so that what a reviewer approved can be held against what a later run would do. Stable: the
//! commands are taken as they are shown, and there salts and passwords are masked; times are in none of them.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use anyhow::{Error, Result, bail};
use openssl::sha::sha256;

use super::kind::kind;
use super::whole::Report;
use crate::change::Change;
use crate::settings::{BastionServer, Settings};
use crate::step_id::StepId;

/// Digits for the whole plan: what is trusted.
const WHOLE: usize = 16;
/// Digits for one change: only told apart by them, to say what is new and what is gone.
const PART: usize = 4;
/// More changes than this share one last part.
const PARTS: usize = 24;

/// `WHOLE.PART.PART…`: the first part stands for everything, then one for each change, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Digest {
    whole: String,
    parts: Vec<String>,
}

impl Digest {
    /// That of the report's changes; `None` where there is none.
    pub(crate) fn of(report: &Report, settings: &Settings) -> Option<Self> {
        let changes: Vec<String> = report.changes().map(|(step, change)| told(step, change)).collect();
        if changes.is_empty() {
            return None;
        }
        let mut all = place(settings);
        let server = report.server.as_ref();
        all.extend(server.and_then(|server| server.system_identifier.clone()));
        all.extend(changes.iter().cloned());
        let (single, rest) = changes.split_at(changes.len().min(PARTS));
        let mut parts: Vec<String> = single.iter().map(|change| hex(change, PART)).collect();
        if !rest.is_empty() {
            parts.push(hex(&rest.join("\0"), PART));
        }
        Some(Self {
            whole: hex(&all.join("\0"), WHOLE),
            parts,
        })
    }

    /// One for each change.
    pub(crate) fn parts(&self) -> &[String] {
        &self.parts
    }
}

/// The same changes elsewhere, or by another login, are other changes.
fn place(settings: &Settings) -> Vec<String> {
    let (admin, stitch) = (&settings.admin, &settings.stitch);
    let address = admin.rules.address.as_ref().map_or("", |address| address.as_str());
    let role = admin.set_role.as_ref().map_or("", |role| role.as_str());
    let mut place = vec![
        format!("{}\0{address}\0{}\0{}\0{role}", admin.host, admin.port, admin.user),
        format!("{}\0{}", stitch.host, stitch.port),
    ];
    place.push(settings.bastion.as_ref().map_or_else(String::new, |bastion| {
        let server = match &bastion.server {
            BastionServer::Local => "local".to_owned(),
            BastionServer::Ssh(target) => format!("{}\0{}\0{}", target.user, target.host, target.port),
        };
        format!("{server}\0{}\0{}", bastion.stitch_host, bastion.stitch_port)
    }));
    place
}

fn told(step: StepId, change: &Change) -> String {
    let (kind, database) = kind(&change.action);
    let database = database.unwrap_or_default();
    format!("{step}\0{kind}\0{database}\0{}", change.action)
}

fn hex(text: &str, digits: usize) -> String {
    let mut all = sha256(text.as_bytes()).iter().fold(String::new(), |mut all, byte| {
        let _ = write!(all, "{byte:02x}");
        all
    });
    all.truncate(digits);
    all
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.whole, self.parts.join("."))
    }
}

impl FromStr for Digest {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut parts = text.split('.').map(str::to_owned);
        let whole = parts.next().unwrap_or_default();
        let parts: Vec<String> = parts.collect();
        let is_hex = |part: &String, digits| part.len() == digits && part.chars().all(|c| c.is_ascii_hexdigit());
        if !is_hex(&whole, WHOLE) || parts.is_empty() || !parts.iter().all(|part| is_hex(part, PART)) {
            bail!("{text:?} is not a digest of a plan; copy the whole digest that `plan` prints");
        }
        Ok(Self { whole, parts })
    }
}
