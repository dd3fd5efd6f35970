//! Guide step 1: let Stitch's addresses in. Checks every hop that can be checked from here, reports which `pg_hba` rule will
//! decide, and where to check the other hops. Access rules are the administrators' decision: they are changed only where
//! `--manage` asks for it by name.

use anyhow::Result;

use crate::change::Plan;
use crate::finding::{Code, Finding};
use crate::settings::{Audience, Region, Settings};
use crate::step_id::StepId;
use crate::steps::Step;
use crate::world::Reader;

mod clients;
mod close;
mod facts;
mod firewall;
mod host;
mod inspect;
mod lines;
mod listen;
mod provided;
mod rules;
mod verdict;

pub(crate) use close::CloseAllowlist;
pub(crate) use facts::Facts;

pub(crate) struct Allowlist;

impl Step for Allowlist {
    const ID: StepId = StepId::Allowlist;
    const WHY: &'static str = "Stitch connects from a few fixed addresses. Every firewall in between and the server's pg_hba.conf must allow them.";
    const LINK: &'static str = "/security/stitch-ip-addresses";
    const SCRIPTED_FOR: &'static [Audience] = &[Audience::Cloud, Audience::Sysadmin];
    type Facts = Facts;

    async fn inspect(settings: &Settings, reader: &mut Reader) -> Result<Facts> {
        inspect::inspect(settings, reader).await
    }

    fn plan(settings: &Settings, facts: &Facts) -> Plan {
        let mut plan = Plan::default();
        plan.findings.extend(addresses(settings));
        plan.findings.extend(provided::older_list(settings));
        plan.findings.extend(host::findings(settings, &facts.dialled));
        host::port_reachability(&mut plan, settings, facts);
        firewall::plan(&mut plan, settings, facts);
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

/// One finding an address, with a text that all share.
fn addresses(settings: &Settings) -> Vec<Finding> {
    let allow = &settings.stitch.allow;
    let is_list_of = |region: &Region| allow.iter().all(|cidr| region.addresses().contains(&cidr.address()));
    let text = match settings.stitch.region.filter(is_list_of) {
        Some(region) => format!(
            "Stitch connects from this address (region {}); allow all four of the region's addresses",
            region.as_str()
        ),
        None => "Stitch connects from this address, as you gave it".to_owned(),
    };
    let finding = |cidr| Finding::good(Code::StitchAddresses, text.clone()).about(cidr);
    allow.iter().map(finding).collect()
}

#[cfg(test)]
mod tests;
