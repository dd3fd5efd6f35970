//! What was seen of the way in.

use std::net::IpAddr;

use serde::Deserialize;

use crate::firewall::RulesetDump;
use crate::hba::edit::HbaLines;
use crate::hba::{KnownRegex, Manager, Rules};
use crate::names::{HostName, Port};
use crate::provider::Provider;
use crate::settings::Settings;
use crate::world::{Intermediary, SeenConnection, Unreachable};

/// Where something was seen, from PostgreSQL outwards.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// PostgreSQL's side; none when nothing was asked.
    pub(super) server: Option<ServerFacts>,
    /// The addresses of the name that Stitch must connect to.
    pub(super) dialled: Resolved,
    /// How a probe of the port that Stitch must connect to failed, where it did.
    pub(super) port_reachability: Option<Unreachable>,
    /// Why the SSH server does not reach the database, when it was tried and does not.
    pub(super) beyond: Option<String>,
    /// The rules of the firewall on the machine Stitch reaches, where they could be read.
    pub(super) firewall: Option<RulesetDump>,
    /// What the name resolves to under which we know the SSH server.
    pub(super) bastion: Resolved,
}

/// PostgreSQL's side of the way in.
#[derive(Debug, Deserialize)]
pub(crate) struct ServerFacts {
    #[serde(skip)]
    pub(super) version: u32,
    #[serde(skip)]
    pub(super) provider: Provider,
    /// The admin's login.
    #[serde(skip)]
    pub(super) user: String,
    pub(super) listen_addresses: String,
    /// Where that is set: `default`, `configuration file`, `command line`.
    pub(super) listen_source: String,
    pub(super) port: u16,
    /// Whether it offers TLS.
    pub(super) ssl: bool,
    /// The roles Stitch's role belongs to, itself included; empty: it does not exist yet.
    pub(super) memberships: Vec<String>,
    /// The address the server sees us come from; none over a Unix socket.
    pub(super) client: Option<IpAddr>,
    #[serde(skip)]
    pub(super) hba: HbaFacts,
    /// What makes the connections in between that PostgreSQL sees, and how it sees them.
    #[serde(skip)]
    pub(super) between: Option<(SeenConnection, Intermediary)>,
}

/// What could be read of `pg_hba.conf`.
#[derive(Debug, Default)]
pub(super) enum HbaFacts {
    /// The login may not; and why the file itself could not be read either, where that was tried.
    Forbidden(Option<String>),
    /// PostgreSQL 9.6 has no view of it.
    #[default]
    NoView,
    /// The server could not.
    Failed(String),
    Read(Box<HbaFile>),
}

/// The rules, and whether they are the ones in force.
#[derive(Debug)]
pub(super) struct HbaFile {
    pub(super) path: String,
    pub(super) rules: Rules,
    pub(super) regexes: Vec<KnownRegex>,
    /// Whether the file was written to after the server last read it, where that is known.
    pub(super) freshness: Freshness,
    /// Whether the role's password is stored as MD5. It is not where a SCRAM verifier is stored, or no password yet.
    pub(super) stored_as_md5: bool,
    /// The program that writes it, where one does.
    pub(super) manager: Option<Manager>,
    /// Whether we could write to it.
    pub(super) reach: Reach,
}

/// Whether the file can be changed from here.
#[derive(Debug)]
pub(super) enum Reach {
    /// It was not asked for.
    NotAsked,
    /// It cannot, and why.
    No(String),
    Yes {
        /// The edit without its lines: the file, its MD5 when it was read, the process to signal.
        edit: HbaLines,
        /// Whether its last line ends with a backslash, which joins whatever comes behind.
        continued: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Freshness {
    Loaded,
    EditedSince,
    /// The rules are from a file that was handed over.
    Untold,
}

impl Freshness {
    pub(super) fn of(edited_since: bool) -> Self {
        if edited_since { Self::EditedSince } else { Self::Loaded }
    }
}

/// What a name resolves to.
#[derive(Debug, Default)]
pub(super) enum Resolved {
    /// Not asked, or not a name.
    #[default]
    Unknown,
    To(Vec<IpAddr>),
    Failed(String),
}

/// The host and port that Stitch connects to, and which machine that is.
pub(super) fn entrance(settings: &Settings) -> (&HostName, Port, &'static str) {
    match &settings.bastion {
        Some(bastion) => (&bastion.stitch_host, bastion.stitch_port, "the SSH server"),
        None => (&settings.stitch.host, settings.stitch.port, "PostgreSQL's machine"),
    }
}
