//! Mix-ups of Stitch's lists: the addresses of its other region are let in and ours are not, or a list is an old one.

use std::net::IpAddr;

use crate::finding::{Code, Finding};
use crate::hba::{Address, Rules};
use crate::settings::{Region, Settings};

/// A list that somebody gave, with some of a region's addresses as this program knows them and not all.
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

/// Looks for rules written for the other region's addresses.
pub(super) fn wrong_one(settings: &Settings, rules: &Rules) -> Option<Finding> {
    let ours = settings.stitch.region?;
    let theirs = ours.other();
    let lines: Vec<String> = rules
        .rules()
        .filter(|found| names_one_of(theirs, found.rule.address.as_ref()))
        .map(|found| found.place.number.to_string())
        .collect();
    let (lines, theirs) = (lines.join(", "), theirs.as_str());
    let text = format!(
        "pg_hba.conf lets in addresses of Stitch's region {theirs} (line {lines}), and none of {}",
        ours.as_str()
    );
    let advice = format!(
        "see which region your account has (Stitch: User menu > Edit User Settings > Data pipeline region); if it is the other, \
         give --region {theirs}"
    );
    let finding = Finding::bad(Code::WrongRegion, text).advise(advice).about(theirs);
    (!lines.is_empty()).then_some(finding)
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
