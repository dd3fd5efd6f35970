//! The path from Stitch to the database, hop by hop, as far as the findings of all steps tell. A run on some machine
//! cannot come from Stitch's addresses: what was tried from here is joined with what was read about those.

use super::Report;
use crate::finding::{Code, Finding, Verdict};
use crate::settings::{Settings, Stitch};

/// One hop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Where it begins.
    pub from: String,
    /// Where it ends.
    pub to: String,
    /// Whether it holds.
    pub verdict: Verdict,
    /// Which of Stitch's addresses it is about; none: whichever.
    pub addresses: Vec<String>,
    /// The findings that say so.
    pub codes: Vec<Code>,
    /// What decides, in a few words.
    pub why: String,
}

/// A place on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// From Stitch to the first host, SSH server or database.
    First,
    /// Into the SSH server as Stitch's user.
    Login,
    /// From the SSH server to the database's port.
    Forward,
    /// Into the database as the role.
    Database,
}

/// The hops in order. The first is there once for each group of addresses that fare alike.
#[must_use]
pub fn hops(report: &Report, settings: &Settings) -> Vec<Hop> {
    let stitch = &settings.stitch;
    let database = format!("{}:{}", crate::stitch_form::stitch_sees(settings), stitch.port);
    let role = format!("{}@{}", stitch.role, stitch.database);
    let Some(bastion) = &settings.bastion else {
        let mut hops = first(report, stitch, &database, &[Reach::First]);
        hops.push(hop(report, &database, &role, &[Reach::Database]));
        return hops;
    };
    let door = format!("{}:{}", bastion.stitch_host, bastion.stitch_port);
    let user = format!("{}@{}", bastion.tunnel_user, bastion.stitch_host);
    let mut hops = first(report, stitch, &door, &[Reach::First]);
    hops.push(hop(report, &door, &user, &[Reach::Login]));
    hops.push(hop(report, &user, &database, &[Reach::Forward]));
    hops.push(hop(report, &database, &role, &[Reach::Database]));
    hops
}

/// The first hop, for each group of Stitch's addresses about which the same was found.
fn first(report: &Report, stitch: &Stitch, to: &str, reaches: &[Reach]) -> Vec<Hop> {
    let mut groups: Vec<(Vec<String>, Vec<&Finding>)> = Vec::new();
    for network in &stitch.allow {
        let (whole, address) = (network.to_string(), bare(&network.to_string()));
        let about = |finding: &&Finding| {
            let subject = finding.subject.as_deref();
            !is_other_address(subject, stitch) || subject == Some(&whole) || subject == Some(&address)
        };
        let found: Vec<&Finding> = findings(report, reaches).filter(about).collect();
        let verdict = judge(&found);
        match groups.iter_mut().find(|(_, others)| judge(others) == verdict) {
            Some((addresses, _)) => addresses.push(address),
            None => groups.push((vec![address], found)),
        }
    }
    if groups.is_empty() {
        groups.push((Vec::new(), findings(report, reaches).collect()));
    }
    let named = groups.into_iter().map(|(addresses, found)| {
        let from = match addresses.as_slice() {
            [] => "Stitch".to_owned(),
            [one] => format!("Stitch {one}"),
            [one, rest @ ..] => format!("Stitch {one} (+{})", rest.len()),
        };
        build(from, to.to_owned(), addresses, &found)
    });
    named.collect()
}

fn is_other_address(subject: Option<&str>, stitch: &Stitch) -> bool {
    let subject = subject.unwrap_or_default();
    stitch.allow.iter().any(|network| {
        let whole = network.to_string();
        subject == whole || subject == bare(&whole)
    })
}

fn bare(network: &str) -> String {
    network.trim_end_matches("/32").to_owned()
}

fn hop(report: &Report, from: &str, to: &str, reaches: &[Reach]) -> Hop {
    let found: Vec<&Finding> = findings(report, reaches).collect();
    build(from.to_owned(), to.to_owned(), Vec::new(), &found)
}

fn build(from: String, to: String, addresses: Vec<String>, found: &[&Finding]) -> Hop {
    let (verdict, telling) = judge(found);
    let mut codes: Vec<Code> = found
        .iter()
        .filter(|finding| finding.verdict == verdict)
        .map(|finding| finding.code)
        .collect();
    codes.sort_unstable();
    codes.dedup();
    Hop {
        from,
        to,
        verdict,
        addresses,
        codes,
        why: telling.unwrap_or_else(|| "not looked at".to_owned()),
    }
}

/// The worst counts; of what is good and of what is unknown, what was tried outweighs what could not be seen.
fn judge(found: &[&Finding]) -> (Verdict, Option<String>) {
    let first = |verdict| found.iter().find(move |finding| finding.verdict == verdict);
    let proved = found
        .iter()
        .find(|finding| finding.verdict == Verdict::Good && is_proof(finding.code));
    let telling = first(Verdict::Bad)
        .or(proved)
        .or_else(|| first(Verdict::Unknown))
        .or_else(|| first(Verdict::Good));
    match telling {
        Some(finding) => (finding.verdict, Some(finding.text.clone())),
        None => (Verdict::Unknown, None),
    }
}

/// It was walked, not only read about.
fn is_proof(code: Code) -> bool {
    matches!(code, Code::TunnelProved | Code::LoginWorks | Code::RehearsalPassed)
}

fn findings<'a>(report: &'a Report, reaches: &'a [Reach]) -> impl Iterator<Item = &'a Finding> {
    report.findings().filter(move |finding| {
        let (code, layer) = (finding.code, finding.subject.as_deref());
        reach(code, layer).iter().any(|reach| reaches.contains(reach))
    })
}

/// Which hops a finding is about.
fn reach(code: Code, subject: Option<&str>) -> &'static [Reach] {
    let name = code.as_str();
    match code {
        Code::TunnelProved => &[Reach::Login, Reach::Forward, Reach::Database],
        Code::TunnelName | Code::TunnelTcp => &[Reach::First],
        Code::TunnelHandshake | Code::TunnelHostKey | Code::TunnelLogin => &[Reach::Login],
        Code::TunnelForward
        | Code::TunnelTarget
        | Code::LoginTunnel
        | Code::SshServerAllows
        | Code::SshForwardingOff
        | Code::SshForwardingRestricted => &[Reach::Forward],
        Code::LayerNotReached => match subject {
            Some("protocol" | "TLS" | "authentication") => &[Reach::Database],
            _ => &[],
        },
        Code::LayerPassed => match subject {
            Some("SSH tunnel") => &[Reach::Forward],
            _ => &[],
        },
        _ if name.starts_with("firewall-") || name.starts_with("provider-") || name.starts_with("host-") => {
            &[Reach::First]
        }
        Code::WrongRegion | Code::ListenAddresses | Code::PortDiffers => &[Reach::First],
        _ if code.step() == "ssh-user" => &[Reach::Login],
        Code::LoginName | Code::LoginFamily => &[Reach::First, Reach::Forward],
        _ if name.starts_with("login-tcp") => &[Reach::First, Reach::Forward],
        _ if name.starts_with("hba-") || name.starts_with("login-") => &[Reach::Database],
        Code::PrivilegesMissing | Code::CatalogClosed | Code::RehearsalPassed | Code::RehearsalRefused => {
            &[Reach::Database]
        }
        Code::PoolerStatement | Code::PasswordWrong => &[Reach::Database],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_tried_outweighs_what_could_not_be_seen_and_nothing_outweighs_a_wrong() {
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
    fn every_failing_layer_is_on_some_hop() {
        for code in Code::ALL.iter().filter(|code| code.as_str().starts_with("login-")) {
            assert!(!reach(*code, None).is_empty(), "{code:?}");
        }
    }
}
