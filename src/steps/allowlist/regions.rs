//! The commonest mix-up: the addresses of Stitch's other region are let in, and ours are not.

use std::net::IpAddr;

use crate::finding::{Code, Finding};
use crate::hba::{Address, Rules};
use crate::settings::{Region, Settings};

/// Looks for rules written for the other region's addresses.
pub(super) fn wrong_one(settings: &Settings, rules: &Rules) -> Option<Finding> {
    let ours = settings.stitch.region?;
    let theirs = ours.other();
    let lines: Vec<String> = rules
        .rules()
        .filter(|found| names_one_of(theirs, found.rule.address.as_ref()))
        .map(|found| found.place.number.to_string())
        .collect();
    if lines.is_empty() {
        return None;
    }
    Some(
        Finding::bad(
            Code::WrongRegion,
            format!(
                "pg_hba.conf lets in addresses of Stitch's region {} (line {}), and none of {}",
                theirs.as_str(),
                lines.join(", "),
                ours.as_str()
            ),
        )
        .advise(format!(
            "see which region your account has (Stitch: User menu > Edit User Settings > Data pipeline region); if it is \
             the other, give --region {}",
            theirs.as_str()
        ))
        .about(theirs.as_str()),
    )
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
