//! Lists of addresses: `--allow-list-json`, the provider's own list held against the addresses Stitch comes from; and mix-ups
//! of Stitch's lists, where the addresses of its other region are let in and ours are not, or a list is an old one.

use std::net::IpAddr;

use crate::change::Plan;
use crate::finding::{Code, Finding};
use crate::hba::{Address, Rules};
use crate::names::Cidr;
use crate::provider::allow_list::AllowListRequest;
use crate::provider::read_list::ProviderList;
use crate::provider::{ListEntry, Provider};
use crate::settings::{Region, Settings};

/// What the list says of each address, and what else is remarkable in it.
pub(super) fn plan(plan: &mut Plan, settings: &Settings, provider: Provider, handed_over: &ProviderList) {
    let (host, port, _) = super::facts::entrance(settings);
    let port = port.number();
    let list = &handed_over.list;
    let provider = handed_over.provider.unwrap_or(provider);
    let open: Vec<&ListEntry> = list.entries.iter().filter(|entry| is_for(entry, port)).collect();
    // A trusted-sources list without a rule lets every address in, until it has its first one.
    let unlimited = provider.definition().empty_list_is_open && list.entries.is_empty();
    let lets_in = |cidr: &Cidr| unlimited || open.iter().any(|entry| entry.from.covers(cidr.net()));
    let (present, missing): (Vec<Cidr>, Vec<Cidr>) = settings.stitch.allow.iter().copied().partition(lets_in);
    for cidr in &present {
        let text = format!("the provider's list allows this address on port {port}");
        plan.good(Code::ProviderListOk, text).concerning(cidr);
    }
    let request = AllowListRequest {
        host: host.as_str(),
        port,
        cidrs: &missing,
        list: Some(list),
    };
    let advice = provider.definition().commands.map(|commands| {
        let commands = commands(&request);
        let mind = commands.mind.map(|mind| format!("\nnote: {mind}")).unwrap_or_default();
        format!("open with:\n  {}{mind}", commands.open.join("\n  "))
    });
    for cidr in &missing {
        let text = format!("the provider's list does not allow this address on port {port}");
        let advice = advice.as_deref().unwrap_or("add it to the list");
        plan.bad(Code::ProviderListMissing, text, advice).concerning(cidr);
    }
    plan.findings.extend(others(settings, &open, &missing));
    if unlimited || open.iter().any(|entry| entry.from.is_everybody()) {
        let advice = "if this is not intended: allow Stitch's addresses, then remove the open entry";
        let text = "the provider's list allows the whole internet";
        plan.unknown(Code::ProviderListOpenToAll, text, advice);
    }
}

fn is_for(entry: &ListEntry, port: u16) -> bool {
    entry.ports.is_none_or(|(first, last)| (first..=last).contains(&port))
}

/// Entries that were meant for Stitch and are not its addresses: those of the other region, and those that are named after
/// Stitch.
fn others(settings: &Settings, open: &[&ListEntry], missing: &[Cidr]) -> Vec<Finding> {
    let wanted = |address: IpAddr| settings.stitch.allow.iter().any(|cidr| cidr.net().contains(&address));
    let mut findings = Vec::new();
    for entry in open {
        let Some(address) = entry.from.single().filter(|address| !wanted(*address)) else {
            continue;
        };
        let finding = match Region::of(address) {
            Some(region) if missing.len() == settings.stitch.allow.len() => {
                let region = region.as_str();
                let text = format!("the provider's list has addresses of Stitch's region {region}, and none of yours");
                wrong_region(text, region)
            }
            Some(region) => stale(&format!("it is of Stitch's region {}", region.as_str())),
            None if entry.label.to_ascii_lowercase().contains("stitch") => {
                stale("it is named after Stitch, but is not in stitch-pg's list of Stitch's addresses")
            }
            None => continue,
        };
        findings.push(finding.about(address));
    }
    findings
}

fn stale(why: &str) -> Finding {
    let text = format!("the provider's list has an address that Stitch does not connect from: {why}");
    Finding::unknown(Code::ProviderListOutdated, text).advise(
        "check Stitch's page of addresses; if it lists this one, give all of them with --allow-cidr, otherwise remove it",
    )
}

/// A list that the user gave, with some of a region's addresses as this program knows them and not all.
pub(super) fn older_list(settings: &Settings) -> Option<Finding> {
    let given = &settings.stitch.allow;
    let lacks = |address: &&IpAddr| !given.iter().any(|cidr| cidr.net().contains(*address));
    let (region, missing) = Region::ALL.into_iter().find_map(|region| {
        let addresses = region.addresses();
        let missing: Vec<String> = addresses.iter().filter(lacks).map(IpAddr::to_string).collect();
        ((1..region.addresses().len()).contains(&missing.len())).then_some((region, missing))
    })?;
    let (missing, region) = (missing.join(", "), region.as_str());
    let text = format!(
        "the addresses you gave are some of Stitch's in the region {region} and lack {missing}: that list is older than this \
         program's own, which may be wrong as well"
    );
    let advice = "compare with Stitch's page of addresses; give the missing ones with --allow-cidr, or remove --allow-cidr and stitch.allow_cidrs";
    let finding = Finding::unknown(Code::StitchAddressesOutdated, text).advise(advice);
    Some(finding.about(missing))
}

/// Searches for rules that were written for the other region's addresses.
pub(super) fn wrong_one(settings: &Settings, rules: &Rules) -> Option<Finding> {
    let ours = settings.stitch.region?;
    let theirs = ours.other();
    let found = rules
        .rules()
        .filter(|found| names_one_of(theirs, found.rule.address.as_ref()));
    let lines: Vec<String> = found.map(|found| found.place.number.to_string()).collect();
    let (lines, theirs) = (lines.join(", "), theirs.as_str());
    let text = format!(
        "pg_hba.conf lets in addresses of Stitch's region {theirs} (line {lines}), and none of {}",
        ours.as_str()
    );
    (!lines.is_empty()).then(|| wrong_region(text, theirs).about(theirs))
}

fn wrong_region(text: String, other: &str) -> Finding {
    let advice = format!(
        "see which region your account has (Stitch: User menu > Edit User Settings > Data pipeline region); if it is the other, \
         give --region {other}"
    );
    Finding::bad(Code::WrongRegion, text).advise(advice)
}

/// Only an address written by itself was meant; a wide network says nothing.
fn names_one_of(region: Region, address: Option<&Address>) -> bool {
    match address {
        Some(Address::Net {
            address,
            mask: IpAddr::V4(mask),
        }) => mask.to_bits() == u32::MAX && region.addresses().contains(address),
        _ => false,
    }
}
