//! A provider's allow list, as its own command line tool prints it: recognised by its shape.

use anyhow::{Error, Result, bail};
use serde_json::Value;

use super::Provider;
use super::allow_list::AllowList;

/// A list, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderList {
    /// None for an empty list, which looks the same with several.
    pub provider: Option<Provider>,
    pub list: AllowList,
}

/// Reads what a provider's tool printed, and recognises the provider by its shape.
pub(crate) fn parse(text: &str) -> Result<ProviderList> {
    let value = serde_json::from_str(text.trim_start_matches('\u{feff}'));
    match (read(text, value.as_ref().unwrap_or(&Value::Null)), value) {
        (Some(found), _) => found,
        (None, Err(error)) => Err(Error::new(error).context("it is not JSON")),
        (None, Ok(_)) => bail!("it is not a list that stitch-pg knows: {}", commands().join(", ")),
    }
}

fn read(text: &str, value: &Value) -> Option<Result<ProviderList>> {
    for provider in Provider::ALL {
        if let Some(list) = (provider.definition().read_list)(text, value) {
            let provider = Some(provider);
            return Some(list.map(|list| ProviderList { provider, list }));
        }
    }
    match value.as_array().map(Vec::as_slice) {
        Some([]) => Some(Ok(ProviderList {
            provider: None,
            list: AllowList::default(),
        })),
        Some([one]) if !one.is_array() => read("", one),
        _ => None,
    }
}

fn commands() -> Vec<&'static str> {
    let definitions = Provider::ALL.into_iter().map(Provider::definition);
    definitions.filter_map(|definition| definition.list_command).collect()
}

#[cfg(test)]
mod tests;
