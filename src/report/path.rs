//! The path from Stitch to the database, hop by hop, as far as the findings of all steps tell. A run on some machine
//! cannot come from Stitch's addresses: what was tried from here is joined with what was read about those.

use serde::Serialize;

use super::whole::Report;
use crate::finding::{Code, Finding, Hop as Place, Proves, Verdict};
use crate::names::Cidr;
use crate::settings::{Settings, Stitch};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Hop {
    pub from: String,
    pub to: String,
    /// Whether it holds.
    pub verdict: Verdict,
    /// Which of Stitch's addresses it is about; none: whichever.
    pub addresses: Vec<String>,
    /// The findings that say so.
    pub codes: Vec<Code>,
    /// What decides, in a few words.
    #[serde(rename = "text")]
    pub why: String,
}

/// The hops in order. The first is there once for each group of addresses that fare alike.
pub(crate) fn hops(report: &Report, settings: &Settings) -> Vec<Hop> {
    let stitch = &settings.stitch;
    let database = format!("{}:{}", crate::stitch_form::stitch_sees(settings), stitch.port);
    let role = format!("{}@{}", stitch.role, stitch.database);
    let Some(bastion) = &settings.bastion else {
        let way = [Place::First, Place::ToDatabase];
        let mut hops = first(report, stitch, &database, &way);
        hops.push(hop(report, &database, &role, &[Place::Login], reach(report, &way)));
        return hops;
    };
    let door = format!("{}:{}", bastion.stitch_host, bastion.stitch_port);
    let user = format!("{}@{}", bastion.tunnel_user, bastion.stitch_host);
    let mut hops = first(report, stitch, &door, &[Place::First]);
    let mut before = HopReach::Open;
    let mut passed: &[Place] = &[Place::First];
    for (from, to, places) in [
        (&door, &user, [Place::SshLogin].as_slice()),
        (&user, &database, &[Place::Forward, Place::ToDatabase]),
        (&database, &role, &[Place::Login]),
    ] {
        before = before.max(reach(report, passed));
        hops.push(hop(report, from, to, places, before));
        passed = places;
    }
    hops
}

/// Whether a connection gets as far as a hop.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum HopReach {
    Open,
    /// A hop before lets nothing through: what was only read about this one does not make it good.
    Closed,
}

/// Whether something was found that lets nothing through there.
fn reach(report: &Report, places: &[Place]) -> HopReach {
    let is_closed =
        |finding: &Finding| finding.verdict != Verdict::Good && finding.code.effect().tells == Proves::Closed;
    if findings(report, places).any(is_closed) {
        HopReach::Closed
    } else {
        HopReach::Open
    }
}

/// The first hop, for each group of Stitch's addresses about which the same was found.
fn first(report: &Report, stitch: &Stitch, to: &str, places: &[Place]) -> Vec<Hop> {
    let mut groups: Vec<(Vec<String>, Vec<&Finding>)> = Vec::new();
    for network in &stitch.allow {
        let address = bare(&network.to_string());
        let is_others = |finding: &Finding| stitch.allow.iter().any(|other| is_about(finding, other));
        let about = |finding: &&Finding| is_about(finding, network) || !is_others(finding);
        let found: Vec<&Finding> = findings(report, places).filter(about).collect();
        let fares = |others: &[&Finding]| judge(others, HopReach::Open);
        match groups.iter_mut().find(|(_, others)| fares(others) == fares(&found)) {
            Some((addresses, _)) => addresses.push(address),
            None => groups.push((vec![address], found)),
        }
    }
    if groups.is_empty() {
        groups.push((Vec::new(), findings(report, places).collect()));
    }
    let named = groups.into_iter().map(|(addresses, found)| {
        let from = match addresses.as_slice() {
            [] => "Stitch".to_owned(),
            [one] => format!("Stitch {one}"),
            [one, rest @ ..] => format!("Stitch {one} (+{})", rest.len()),
        };
        build((from, to.to_owned()), addresses, &found, HopReach::Open)
    });
    named.collect()
}

fn is_about(finding: &Finding, network: &Cidr) -> bool {
    let (subject, whole) = (finding.subject.as_deref(), network.to_string());
    subject.is_some_and(|subject| subject == whole || subject == bare(&whole))
}

fn bare(network: &str) -> String {
    network.trim_end_matches("/32").to_owned()
}

fn hop(report: &Report, from: &str, to: &str, places: &[Place], before: HopReach) -> Hop {
    let found: Vec<&Finding> = findings(report, places).collect();
    build((from.to_owned(), to.to_owned()), Vec::new(), &found, before)
}

fn build((from, to): (String, String), addresses: Vec<String>, found: &[&Finding], before: HopReach) -> Hop {
    let (verdict, telling) = judge(found, before);
    let telling_so = found.iter().filter(|finding| finding.verdict == verdict);
    let mut codes: Vec<Code> = telling_so.map(|finding| finding.code).collect();
    codes.sort_unstable();
    codes.dedup();
    Hop {
        from,
        to,
        verdict,
        addresses,
        codes,
        why: telling.unwrap_or_else(|| "not checked".to_owned()),
    }
}

/// The worst counts; of what is good and of what is unknown, what was tried outweighs what could not be seen.
fn judge(found: &[&Finding], before: HopReach) -> (Verdict, Option<String>) {
    let first = |verdict| found.iter().find(move |finding| finding.verdict == verdict);
    let is_proof =
        |finding: &&&Finding| finding.verdict == Verdict::Good && finding.code.effect().tells == Proves::Proof;
    let telling = first(Verdict::Bad)
        .or_else(|| found.iter().find(is_proof))
        .or_else(|| first(Verdict::Unknown));
    match telling.or_else(|| first(Verdict::Good)) {
        Some(finding) if telling.is_none() && before == HopReach::Closed => {
            let why = format!("not tested, because an earlier hop is closed; {}", finding.text);
            (Verdict::Unknown, Some(why))
        }
        Some(finding) => (finding.verdict, Some(finding.text.clone())),
        None => (Verdict::Unknown, None),
    }
}

fn findings<'a>(report: &'a Report, places: &'a [Place]) -> impl Iterator<Item = &'a Finding> {
    report
        .findings()
        .filter(move |finding| finding.hops().iter().any(|hop| places.contains(hop)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_tried_outweighs_what_could_not_be_seen_and_nothing_outweighs_a_wrong() {
        let judge = |found: &[&Finding]| judge(found, HopReach::Open);
        let unseen = Finding::unknown(Code::HbaUnreadable, "unseen");
        let works = Finding::good(Code::LoginWorks, "in");
        let refused = Finding::bad(Code::HbaReject, "no");
        assert_eq!(judge(&[&unseen, &works]).0, Verdict::Good);
        assert_eq!(
            judge(&[&unseen, &works, &refused]),
            (Verdict::Bad, Some("no".to_owned()))
        );
        assert_eq!(judge(&[]).0, Verdict::Unknown);
    }

    #[test]
    fn behind_a_closed_hop_only_what_was_tried_is_good() {
        let read = Finding::good(Code::HbaOk, "a rule lets it in");
        let tried = Finding::good(Code::LoginWorks, "in");
        assert_eq!(judge(&[&read], HopReach::Open).0, Verdict::Good);
        assert_eq!(judge(&[&read], HopReach::Closed).0, Verdict::Unknown);
        assert_eq!(judge(&[&read, &tried], HopReach::Closed).0, Verdict::Good);
    }

    /// What keeps a connection of Stitch's out stands on the hop that it keeps it from.
    #[test]
    fn every_code_that_keeps_stitch_out_is_on_its_hop() {
        let about_the_way = [
            "login-",
            "tunnel-",
            "hba-",
            "host-",
            "port-",
            "firewall-",
            "provider-",
            "ssh-",
        ];
        for code in Code::ALL {
            let effect = code.effect();
            // A trigger that runs at a login, a proof that was not made, a key or a rule that lets in too much.
            let others = [
                Code::LoginTriggers,
                Code::HbaOpenToAll,
                Code::FirewallOpenToAll,
                Code::TunnelNotTested,
                Code::TunnelKeyUnrestricted,
                Code::TunnelKeyLeft,
                Code::SshStreamLocalForwarding,
            ];
            let is_about_the_way =
                about_the_way.iter().any(|name| code.as_str().starts_with(name)) && !others.contains(code);
            let keeps_out = is_about_the_way || !effect.blocks.is_empty() || effect.tells != Proves::Reading;
            assert!(!keeps_out || !code.hops().is_empty(), "{code:?} is on no hop");
        }
        for (code, hop) in [
            (Code::PortRefused, Place::First),
            (Code::PortFiltered, Place::First),
            (Code::PortDiffers, Place::ToDatabase),
            (Code::ListenAddresses, Place::ToDatabase),
            (Code::BastionCannotReach, Place::Forward),
            (Code::RoleInUse, Place::Login),
            (Code::DatabaseCannotCreate, Place::Login),
        ] {
            assert_eq!(code.hops(), [hop], "{code:?}");
        }
    }
}
