//! A provider's allow list, as its own command line tool prints it. What is read is checked: only networks and names come
//! out of here, for they are written into commands.

use std::net::IpAddr;

use anyhow::{Context as _, Result, bail, ensure};
use ipnet::IpNet;
use serde_json::Value;

use super::Provider;

mod range;

pub use range::Range;

/// No provider takes more rules than this in one list.
const MOST: usize = 10_000;

/// An allow list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowList {
    /// Whose; none for an empty list, which looks the same with several.
    pub provider: Option<Provider>,
    /// Who is let in.
    pub entries: Vec<Entry>,
    /// The name the provider's command wants for what the list belongs to.
    pub name: Option<String>,
    /// The resource group, on Azure.
    pub group: Option<String>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who.
    pub from: Range,
    /// The ports it is for; none: whichever the database has.
    pub ports: Option<(u16, u16)>,
    /// What people wrote to it.
    pub label: String,
}

/// Reads what a provider's tool printed, and tells by its shape whose it is.
pub fn parse(text: &str) -> Result<AllowList> {
    if text.contains("Allowed IPv4 CIDRs:") {
        return supabase_text(text);
    }
    let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).context("it is not JSON")?;
    of(&value)
}

fn of(value: &Value) -> Result<AllowList> {
    if let Some(groups) = value["SecurityGroups"].as_array() {
        return amazon(groups);
    }
    if let Some(networks) = value.pointer("/settings/ipConfiguration") {
        return google(value, networks);
    }
    if value.pointer("/config/dbAllowedCidrs").is_some() {
        return supabase(value);
    }
    if let Some(config) = value.get("user_config") {
        return aiven(value, config);
    }
    match value.as_array().map(Vec::as_slice) {
        Some([]) => Ok(AllowList {
            provider: None,
            entries: Vec::new(),
            name: None,
            group: None,
        }),
        Some(rules) if rules.iter().all(|rule| rule.get("startIpAddress").is_some()) => azure(rules),
        Some(rules) if rules.iter().all(|rule| rule.get("cluster_uuid").is_some()) => digital_ocean(rules),
        Some([one]) if !one.is_array() => of(one),
        Some(_) if value[0].pointer("/settings/ipConfiguration").is_some() => {
            bail!("it describes several instances; give the one that Stitch loads into")
        }
        _ => bail!(
            "it is none of the lists this tool knows: aws ec2 describe-security-groups, gcloud sql instances describe, \
             az postgres flexible-server firewall-rule list, supabase network-restrictions get, doctl databases \
             firewalls list -o json, avn service get --json"
        ),
    }
}

fn amazon(groups: &[Value]) -> Result<AllowList> {
    let mut entries = Vec::new();
    for permission in groups.iter().flat_map(|group| array(group, "IpPermissions")) {
        let port = |key: &str| permission[key].as_u64().and_then(|port| u16::try_from(port).ok());
        let ports = match permission["IpProtocol"].as_str().unwrap_or_default() {
            "-1" => None,
            "tcp" | "6" => Some((port("FromPort").unwrap_or(0), port("ToPort").unwrap_or(u16::MAX))),
            _ => continue,
        };
        let v4 = array(permission, "IpRanges").map(|range| (&range["CidrIp"], range));
        let v6 = array(permission, "Ipv6Ranges").map(|range| (&range["CidrIpv6"], range));
        for (network, range) in v4.chain(v6) {
            let entry = entry(network, &range["Description"])?;
            entries.push(Ok(Entry { ports, ..entry }));
        }
    }
    // Of several groups none can be named in a command.
    let id = match groups {
        [group] => &group["GroupId"],
        _ => &Value::Null,
    };
    list(Provider::Rds, entries, id)
}

fn google(instance: &Value, configuration: &Value) -> Result<AllowList> {
    let networks = array(configuration, "authorizedNetworks");
    let entries = networks.map(|network| entry(&network["value"], &network["name"]));
    list(Provider::CloudSql, entries, &instance["name"])
}

fn azure(rules: &[Value]) -> Result<AllowList> {
    let rule = |rule: &Value| {
        let (first, last) = (address(&rule["startIpAddress"])?, address(&rule["endIpAddress"])?);
        ensure!(
            first.is_ipv4() == last.is_ipv4() && first <= last,
            "the range {first}-{last} runs backwards"
        );
        Ok(Entry {
            from: Range::between(first, last),
            ports: None,
            label: rule["name"].as_str().unwrap_or_default().to_owned(),
        })
    };
    // /subscriptions/…/resourceGroups/GROUP/…/flexibleServers/SERVER/firewallRules/RULE
    let id = rules[0]["id"].as_str().unwrap_or_default();
    let part = |before: &str| {
        let mut parts = id.split('/').skip_while(|part| !part.eq_ignore_ascii_case(before));
        parts.nth(1).map_or(Value::Null, Value::from)
    };
    let listed = list(Provider::Azure, rules.iter().map(rule), &part("flexibleServers"))?;
    Ok(AllowList {
        group: name(&part("resourceGroups"))?,
        ..listed
    })
}

fn supabase(value: &Value) -> Result<AllowList> {
    let both = ["dbAllowedCidrs", "dbAllowedCidrsV6"];
    let networks = both.iter().flat_map(|key| array(&value["config"], key));
    list(
        Provider::Supabase,
        networks.map(|network| entry(network, &Value::Null)),
        &Value::Null,
    )
}

/// The tool's own words: `DB Allowed IPv4 CIDRs: &[1.2.3.0/24 …]`.
fn supabase_text(text: &str) -> Result<AllowList> {
    let lines = text
        .lines()
        .filter_map(|line| Some(line.split_once("CIDRs: ")?.1.trim()));
    let words = lines.flat_map(|line| line.trim_start_matches("&[").trim_end_matches(']').split_whitespace());
    let networks = words.filter(|word| *word != "<nil>").map(Value::from);
    list(
        Provider::Supabase,
        networks.map(|network| entry(&network, &Value::Null)),
        &Value::Null,
    )
}

fn digital_ocean(rules: &[Value]) -> Result<AllowList> {
    // Droplets, apps and clusters have no address here.
    let addresses = rules.iter().filter(|rule| rule["type"] == "ip_addr");
    let entries = addresses.map(|rule| entry(&rule["value"], &rule["description"]));
    list(Provider::DigitalOcean, entries, &rules[0]["cluster_uuid"])
}

fn aiven(service: &Value, config: &Value) -> Result<AllowList> {
    let keys = ["ip_filter", "ip_filter_string", "ip_filter_object"];
    let one = |item: &Value| match item.get("network") {
        Some(network) => entry(network, &item["description"]),
        None => entry(item, &Value::Null),
    };
    let entries = keys.iter().flat_map(|key| array(config, key)).map(one);
    list(Provider::Aiven, entries, &service["service_name"])
}

/// A list of this provider's, with the name that stands in its commands.
fn list(provider: Provider, entries: impl IntoIterator<Item = Result<Entry>>, named: &Value) -> Result<AllowList> {
    let entries: Vec<Entry> = entries.into_iter().collect::<Result<_>>()?;
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

fn array<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

fn entry(network: &Value, label: &Value) -> Result<Entry> {
    let text = network.as_str().unwrap_or_default();
    let net: IpNet = match (text.parse::<IpNet>(), text.parse::<IpAddr>()) {
        (Ok(net), _) => net,
        (_, Ok(address)) => address.into(),
        _ => bail!("it names {} where a network should be", shown(network)),
    };
    Ok(Entry {
        from: net.into(),
        ports: None,
        label: label.as_str().unwrap_or_default().to_owned(),
    })
}

fn address(value: &Value) -> Result<IpAddr> {
    let text = value.as_str().unwrap_or_default();
    text.parse()
        .ok()
        .with_context(|| format!("it names {} where an address should be", shown(value)))
}

/// A name that goes into a command.
fn name(value: &Value) -> Result<Option<String>> {
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
