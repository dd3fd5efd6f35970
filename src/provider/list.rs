//! A provider's allow list, as its own command line tool prints it. What is read is checked: only networks and names come
//! out of here, for they are written into commands.

use std::net::IpAddr;

use anyhow::{Context as _, Error, Result, bail, ensure};
use ipnet::IpNet;
use serde_json::Value;

use super::Provider;

mod range;

pub(crate) use range::Range;

/// No provider takes more rules than this in one list.
const MOST: usize = 10_000;

/// An allow list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowList {
    /// Whose; none for an empty list, which looks the same with several.
    pub provider: Option<Provider>,
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

/// Reads what a provider's tool printed, and tells by its shape whose it is.
pub(crate) fn parse(text: &str) -> Result<AllowList> {
    let value = serde_json::from_str(text.trim_start_matches('\u{feff}'));
    let list = match (read(text, value.as_ref().unwrap_or(&Value::Null)), value) {
        (Some(list), _) => list?,
        (None, Err(error)) => return Err(Error::new(error).context("it is not JSON")),
        (None, Ok(_)) => bail!("it is none of the lists this tool knows: {}", commands().join(", ")),
    };
    ensure!(
        list.entries.len() <= MOST,
        "it has more than {MOST} entries, which no provider allows"
    );
    Ok(list)
}

fn read(text: &str, value: &Value) -> Option<Result<AllowList>> {
    let definitions = || Provider::ALL.into_iter().map(Provider::definition);
    if let Some(list) = definitions().find_map(|definition| (definition.read_list)(text, value)) {
        return Some(list);
    }
    match value.as_array().map(Vec::as_slice) {
        Some([]) => Some(Ok(AllowList {
            provider: None,
            entries: Vec::new(),
            name: None,
            group: None,
        })),
        Some([one]) if !one.is_array() => read("", one),
        _ => None,
    }
}

fn commands() -> Vec<&'static str> {
    let definitions = Provider::ALL.into_iter().map(Provider::definition);
    definitions.filter_map(|definition| definition.list_command).collect()
}

/// A list of this provider's, with the name that stands in its commands.
pub(super) fn list(
    provider: Provider,
    entries: impl IntoIterator<Item = Result<ListEntry>>,
    named: &Value,
) -> Result<AllowList> {
    let entries: Vec<ListEntry> = entries.into_iter().collect::<Result<_>>()?;
    ensure!(
        entries.len() <= MOST,
        "it has more than {MOST} entries, which no provider allows"
    );
    Ok(AllowList {
        provider: Some(provider),
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
        _ => bail!("it names {} where a network should be", shown(network)),
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
        .with_context(|| format!("it names {} where an address should be", shown(value)))
}

/// A name that goes into a command.
pub(super) fn name(value: &Value) -> Result<Option<String>> {
    let Some(text) = value.as_str() else { return Ok(None) };
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.()".contains(c);
    ensure!(
        text.len() <= 128 && text.chars().all(plain) && !text.starts_with('-'),
        "it names {} where a name should be",
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

#[cfg(test)]
mod tests;
