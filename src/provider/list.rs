//! A provider's allow list, made of what its own command line tool prints. What is read is checked: only networks and names
//! come out of here, for they are written into commands.

use std::fmt;
use std::net::IpAddr;

use anyhow::{Context as _, Result, bail, ensure};
use ipnet::IpNet;
use serde_json::Value;

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

/// For messages: quoted, and cut where somebody put a novel.
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
