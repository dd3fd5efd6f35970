//! A plan in one short word, so that what a reviewer approved can be held against what a later run would do. Stable: the
//! commands are taken as they are shown, and there salts and passwords are masked; times are in none of them.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use anyhow::{Error, Result, bail};
use openssl::sha::Sha256;

use super::whole::Report;
use crate::change::{Action, Change};
use crate::settings::{BastionServer, Settings};
use crate::step_id::StepId;

/// Digits for the whole plan: what is trusted.
const WHOLE: usize = 16;
/// Digits for one change. They only distinguish changes, to say what is new and what is gone.
const PART: usize = 4;
/// More changes than this share one last part.
const PARTS: usize = 24;

/// `WHOLE.PART.PART…`: the first part stands for everything, then one for each change, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Digest {
    whole: String,
    pub(crate) parts: Vec<String>,
}

impl Digest {
    /// That of the report's changes; `None` where there is none.
    pub(crate) fn of(report: &Report, settings: &Settings) -> Option<Self> {
        let mut whole = Hash::default();
        whole.add(place(report, settings).join("\0"));
        let mut parts: Vec<Hash> = Vec::new();
        for (step, change) in report.changes() {
            whole.add(Told(step, change));
            if parts.len() <= PARTS {
                parts.push(Hash::default());
            }
            parts.iter_mut().next_back()?.add(Told(step, change));
        }
        (!parts.is_empty()).then(|| Self {
            whole: whole.digits(WHOLE),
            parts: parts.into_iter().map(|part| part.digits(PART)).collect(),
        })
    }
}

/// The same changes elsewhere, or by another login, are other changes. A name may lead to another server tomorrow, so what
/// identified the servers counts as well.
fn place(report: &Report, settings: &Settings) -> Vec<String> {
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
    let server = report.server.as_ref();
    let identifier = server.and_then(|server| server.system_identifier.clone());
    place.extend([identifier, report.host_key.clone()].into_iter().flatten());
    place
}

/// A change in words.
struct Told<'a>(StepId, &'a Change);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, database) = kind(&self.1.action);
        let database = database.unwrap_or_default();
        write!(f, "{}\0{kind}\0{database}\0{}", self.0, self.1.action)
    }
}

/// SHA-256 of texts with a NUL between them, as they are written: together they may be long.
#[derive(Default)]
struct Hash {
    sha: Sha256,
    is_begun: bool,
}

impl Hash {
    fn add(&mut self, part: impl fmt::Display) {
        let is_begun = std::mem::replace(&mut self.is_begun, true);
        let between = if is_begun { "\0" } else { "" };
        let _ = write!(self, "{between}{part}");
    }

    fn digits(self, count: usize) -> String {
        let mut all = self.sha.finish().iter().fold(String::new(), |mut all, byte| {
            let _ = write!(all, "{byte:02x}");
            all
        });
        all.truncate(count);
        all
    }
}

impl fmt::Write for Hash {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.sha.update(text.as_bytes());
        Ok(())
    }
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

/// `sql` with its database, or `host`.
pub(super) fn kind(action: &Action) -> (&'static str, Option<&str>) {
    match action {
        Action::Sql(sql) => ("sql", Some(sql.database.as_str())),
        Action::Http(_) => ("http", None),
        Action::Host(_)
        | Action::Ingress(_)
        | Action::AddHbaLines(_)
        | Action::RemoveHbaLines(_)
        | Action::SaveSecret { .. } => ("host", None),
    }
}
