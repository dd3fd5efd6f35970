//! Providers' allow lists, and their own commands for them, filled in. They are printed, never run.
//! Of a list only networks and names come out, and both are checked, for they are written into commands.

use std::fmt;
use std::net::IpAddr;

use anyhow::{Context as _, Result, bail, ensure};
use ipnet::IpNet;
use serde_json::Value;

use crate::names::Cidr;
use crate::shell_word;

/// The commands, and what to mind.
pub(crate) struct AllowListCommands {
    /// Where the list is.
    pub(crate) place: &'static str,
    /// Shows it.
    pub(crate) look: String,
    /// Adds the addresses.
    pub(crate) open: Vec<String>,
    /// What else these commands do.
    pub(crate) mind: Option<&'static str>,
}

/// What the commands are about.
pub(crate) struct AllowListRequest<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    /// Who is to be let in; of a list that is known, only those who are missing.
    pub(crate) cidrs: &'a [Cidr],
    /// The present list, where it was handed over.
    pub(crate) list: Option<&'a AllowList>,
}

/// What several providers' commands leave open, and what to put there.
pub(crate) const PLACEHOLDERS: [(&str, &str); 5] = [
    (
        "PRESENT,NETWORKS",
        "the present list, joined by commas: this command replaces it",
    ),
    ("GROUP", "the security group (AWS) or resource group (Azure)"),
    ("INSTANCE", "the instance's name"),
    ("CLUSTER", "the cluster's name or number"),
    ("REGION", "the provider's region"),
];

impl AllowListRequest<'_> {
    /// A name that the list has, else the word for it in capitals.
    pub(super) fn name(&self, capitals: &str) -> String {
        let name = self.list.and_then(|list| list.name.as_deref());
        shell_word::word(name.unwrap_or(capitals))
    }

    /// The parts of the host name; past its end they are empty.
    pub(super) fn label(&self, number: usize) -> &str {
        self.host.split('.').nth(number).unwrap_or_default()
    }

    /// The addresses, joined.
    pub(super) fn joined(&self, joint: &str) -> String {
        self.cidrs.iter().map(Cidr::to_string).collect::<Vec<_>>().join(joint)
    }

    /// A command for each address, which comes last in it.
    pub(super) fn each(&self, command: &str) -> Vec<String> {
        self.cidrs.iter().map(|cidr| format!("{command} {cidr}")).collect()
    }

    /// All that a list has to hold which the command replaces.
    pub(super) fn merged(&self) -> String {
        let present = match self.list {
            Some(list) => list.entries.iter().map(|entry| entry.from.to_string()).collect(),
            None => vec!["PRESENT".to_owned(), "NETWORKS".to_owned()],
        };
        let mut all: Vec<String> = Vec::new();
        for network in present.into_iter().chain(self.cidrs.iter().map(Cidr::to_string)) {
            if !all.contains(&network) {
                all.push(network);
            }
        }
        all.join(",")
    }

    /// What to mind of a command that replaces the list.
    pub(super) fn replaces(&self) -> &'static str {
        match self.list {
            Some(_) => "this command replaces the list; the present networks are in it",
            None => "this command replaces the list: keep the present networks in it",
        }
    }
}

/// No provider takes more rules than this in one list.
pub(super) const MOST: usize = 10_000;

/// An allow list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowList {
    /// Who is let in.
    pub entries: Vec<ListEntry>,
    /// The name the provider's command wants for what the list belongs to.
    pub name: Option<String>,
    /// The resource group, on Azure.
    pub group: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListEntry {
    pub from: Range,
    /// The ports it is for; none: whichever the database has.
    pub ports: Option<(u16, u16)>,
    /// What people wrote to it.
    pub label: String,
}

/// A list, with the name that stands in its commands.
pub(super) fn list(entries: impl IntoIterator<Item = Result<ListEntry>>, named: &Value) -> Result<AllowList> {
    let entries: Vec<ListEntry> = entries.into_iter().collect::<Result<_>>()?;
    ensure!(
        entries.len() <= MOST,
        "it has more than {MOST} entries, which no provider allows"
    );
    Ok(AllowList {
        entries,
        name: name(named)?,
        group: None,
    })
}

pub(super) fn array<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

pub(super) fn entry(network: &Value, label: &Value) -> Result<ListEntry> {
    let text = network.as_str().unwrap_or_default();
    let net: IpNet = match (text.parse::<IpNet>(), text.parse::<IpAddr>()) {
        (Ok(net), _) => net,
        (_, Ok(address)) => address.into(),
        _ => bail!("it has {} where a network should be", shown(network)),
    };
    Ok(ListEntry {
        from: net.into(),
        ports: None,
        label: label.as_str().unwrap_or_default().to_owned(),
    })
}

pub(super) fn address(value: &Value) -> Result<IpAddr> {
    let text = value.as_str().unwrap_or_default();
    text.parse()
        .ok()
        .with_context(|| format!("it has {} where an address should be", shown(value)))
}

/// A name that goes into a command.
pub(super) fn name(value: &Value) -> Result<Option<String>> {
    let Some(text) = value.as_str() else { return Ok(None) };
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.()".contains(c);
    ensure!(
        text.len() <= 128 && text.chars().all(plain) && !text.starts_with('-'),
        "it has {} where a name should be",
        shown(value)
    );
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// For messages: quoted, and cut where the text is long.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// Addresses from one to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    first: IpAddr,
    last: IpAddr,
    net: Option<IpNet>,
}

impl Range {
    /// From one to the other, both included.
    pub(super) fn between(first: IpAddr, last: IpAddr) -> Self {
        Self { first, last, net: None }
    }

    /// Whether all of the network is in it.
    pub fn covers(&self, net: IpNet) -> bool {
        let same_family = self.first.is_ipv4() == net.addr().is_ipv4();
        same_family && self.first <= net.network() && net.broadcast() <= self.last
    }

    /// Whether it is the whole internet.
    pub fn is_everybody(&self) -> bool {
        let everybody = |all: &str| all.parse().is_ok_and(|all| self.covers(all));
        everybody("0.0.0.0/0") || everybody("::/0")
    }

    /// The address, when it is a single one.
    pub fn single(&self) -> Option<IpAddr> {
        (self.first == self.last).then_some(self.first)
    }
}

impl From<IpNet> for Range {
    fn from(net: IpNet) -> Self {
        Self {
            first: net.network(),
            last: net.broadcast(),
            net: Some(net),
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.net, self.single()) {
            (Some(net), _) => write!(f, "{net}"),
            (None, Some(address)) => write!(f, "{address}"),
            (None, None) => write!(f, "{}-{}", self.first, self.last),
        }
    }
}

#[cfg(test)]
mod tests;
