//! Guide step 1: let Stitch's addresses in. Looks at every hop that can be seen from here, says which `pg_hba` rule will
//! decide, and where to look for the hops that cannot be seen. Who may enter is for people to decide: it is changed only
//! where `--manage` asks for it by name.

use std::net::IpAddr;

use anyhow::Result;
use serde::Deserialize;

use crate::change::Plan;
use crate::finding::{Code, Finding};
use crate::firewall::RulesetDump;
use crate::hba::edit::{LineEnd, Running};
use crate::hba::{Manager, Rules};
use crate::names::{HostName, Port};
use crate::provider::Provider;
use crate::settings::{Audience, Region, Settings};
use crate::step_id::StepId;
use crate::steps::Step;
use crate::world::{Intermediary, Reader, SeenConnection, Unreachable};

mod clients;
mod close;
mod close_firewall;
mod firewall;
mod fixes;
mod host;
mod host_firewall;
mod inspect;
mod listen;
mod manage;
mod provided;
mod regions;
mod rules;
mod verdict;

pub(crate) use close::CloseAllowlist;

pub(crate) struct Allowlist;

/// What was seen of the way in.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// PostgreSQL's side; none when nothing was asked.
    server: Option<ServerFacts>,
    /// What the name resolves to that Stitch must dial.
    dialled: Resolved,
    /// What a knock at the port came to that Stitch must dial, when nobody opened.
    port_reachability: Option<Unreachable>,
    /// Why the SSH server does not reach the database, when it was tried and does not.
    beyond: Option<String>,
    /// The rules of the firewall on the machine Stitch reaches, where they could be read.
    firewall: Option<RulesetDump>,
    /// What the name resolves to under which we know the SSH server.
    bastion: Resolved,
}

/// PostgreSQL's side of the way in.
#[derive(Debug, Deserialize)]
pub(crate) struct ServerFacts {
    #[serde(skip)]
    version: u32,
    #[serde(skip)]
    provider: Provider,
    /// The admin's login.
    #[serde(skip)]
    user: String,
    listen_addresses: String,
    /// Where that is set: `default`, `configuration file`, `command line`.
    listen_source: String,
    port: u16,
    /// Whether it offers TLS.
    ssl: bool,
    /// The roles Stitch's role belongs to, itself included; empty: it does not exist yet.
    memberships: Vec<String>,
    /// The address the server sees us come from; none over a Unix socket.
    client: Option<IpAddr>,
    #[serde(skip)]
    hba: HbaFacts,
    /// What makes the connections in between that PostgreSQL sees, and how it sees them.
    #[serde(skip)]
    between: Option<(SeenConnection, Intermediary)>,
}

/// What could be read of `pg_hba.conf`.
#[derive(Debug, Default)]
enum HbaFacts {
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
struct HbaFile {
    path: String,
    rules: Rules,
    regexes: Vec<crate::hba::KnownRegex>,
    /// Whether the file was written to after the server last read it, where that can be told.
    freshness: Freshness,
    /// How the role's password is stored.
    stored: Stored,
    /// The program that writes it, where one does.
    manager: Option<Manager>,
    /// Whether we could write to it.
    reach: Reach,
}

/// Whether the file can be changed from here.
#[derive(Debug)]
enum Reach {
    /// Nobody asked for that.
    NotAsked,
    /// It cannot, and why.
    No(String),
    Yes {
        /// Its MD5 when it was looked at.
        md5: String,
        end: LineEnd,
        last: LastLine,
        /// Whom to signal, where the login may not ask the server to read it again.
        signal: Option<Running>,
    },
}

/// How the file's last line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LastLine {
    Plain,
    /// With a backslash, which joins whatever comes behind.
    Continued,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Freshness {
    Loaded,
    EditedSince,
    /// The rules are from a file that was handed over.
    Untold,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stored {
    Md5,
    /// As a SCRAM verifier, or not at all yet.
    Other,
}

/// What a name resolves to.
#[derive(Debug, Default)]
enum Resolved {
    /// Not asked, or not a name.
    #[default]
    Unknown,
    To(Vec<IpAddr>),
    Failed(String),
}

impl Step for Allowlist {
    const ID: StepId = StepId::Allowlist;
    const WHY: &'static str = "Stitch connects from a few fixed addresses. Every firewall on the way and the server's own pg_hba.conf must let them in.";
    const LINK: &'static str = "/security/stitch-ip-addresses";
    const SCRIPTED_FOR: &'static [Audience] = &[Audience::Cloud, Audience::Sysadmin];
    type Facts = Facts;

    async fn inspect(settings: &Settings, reader: &mut Reader) -> Result<Facts> {
        inspect::inspect(settings, reader).await
    }

    fn plan(settings: &Settings, facts: &Facts) -> Plan {
        let mut plan = Plan::default();
        plan.findings.extend(addresses(settings));
        plan.findings.extend(regions::older_list(settings));
        plan.findings.extend(host::findings(settings, &facts.dialled));
        host::port_reachability(&mut plan, settings, facts);
        firewall::plan(&mut plan, settings, facts);
        if let Some(printed) = &facts.firewall {
            host_firewall::plan(&mut plan, settings, printed);
        }
        match &facts.server {
            Some(server) => {
                listen::plan(&mut plan, settings, server);
                rules::plan(&mut plan, settings, server, &facts.bastion);
            }
            None => plan.find(rules::not_asked(settings)),
        }
        plan
    }
}

/// The host and port that Stitch connects to, and which machine that is.
fn entrance(settings: &Settings) -> (&HostName, Port, &'static str) {
    match &settings.bastion {
        Some(bastion) => (&bastion.stitch_host, bastion.stitch_port, "the SSH server"),
        None => (&settings.stitch.host, settings.stitch.port, "PostgreSQL's machine"),
    }
}

/// One finding an address, with a text that all share.
fn addresses(settings: &Settings) -> Vec<Finding> {
    let text = match settings.stitch.region.filter(|region| is_list_of(*region, settings)) {
        Some(region) => format!(
            "Stitch connects from this address (region {}); any of the region's four may be used, so all are needed",
            region.as_str()
        ),
        None => "Stitch connects from this address, as you gave it".to_owned(),
    };
    settings
        .stitch
        .allow
        .iter()
        .map(|cidr| Finding::good(Code::StitchAddresses, text.clone()).about(cidr))
        .collect()
}

fn is_list_of(region: Region, settings: &Settings) -> bool {
    settings
        .stitch
        .allow
        .iter()
        .all(|cidr| region.addresses().contains(&cidr.address()))
}

#[cfg(test)]
mod tests;
