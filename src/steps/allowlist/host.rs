//! Whether the internet can connect to the host that goes into Stitch's form, and whether it is the right one of a
//! provider's several names. Never *bad*: what lies between cannot be checked from here.

use std::net::{IpAddr, Ipv4Addr};

use super::facts::{Facts, Resolved, entrance};
use crate::change::Plan;
use crate::finding::{Code, Finding};
use crate::names::HostName;
use crate::settings::{GivenBy, Settings};
use crate::world::Unreachable;

pub(super) fn findings(settings: &Settings, dialled: &Resolved) -> Vec<Finding> {
    let (host, ..) = entrance(settings);
    let spelling = format!("check the spelling of {}", given_by(settings).host);
    let advice = if matches!(dialled, Resolved::Failed(_)) {
        &spelling
    } else if settings.bastion.is_some() {
        "give the SSH server's public name or address with --stitch-bastion-host"
    } else {
        "give the public name with --stitch-host db.example.com, or an SSH server that Stitch can reach with --bastion"
    };
    let dial = dial(host, dialled).map(|finding| finding.advise(advice).about(host));
    let role = endpoint(&settings.stitch.host, settings.stitch.port.number());
    dial.into_iter().chain(role).collect()
}

/// What gave the address that Stitch connects to.
fn given_by(settings: &Settings) -> &GivenBy {
    match &settings.bastion {
        Some(bastion) => &bastion.stitch_given_by,
        None => &settings.stitch.given_by,
    }
}

/// The result of a probe of the port, from here and from the SSH server.
pub(super) fn port_reachability(plan: &mut Plan, settings: &Settings, facts: &Facts) {
    let (host, port, _) = entrance(settings);
    let by = given_by(settings);
    if let Some(closed) = &facts.port_reachability {
        let (code, advice) = match closed {
            Unreachable::Refused => (
                Code::PortRefused,
                format!("check {} and {}, and that the server listens there", by.host, by.port),
            ),
            Unreachable::Silent => (
                Code::PortFiltered,
                "if this machine needs no access, this is no problem; Stitch's addresses must be allowed in any case"
                    .to_owned(),
            ),
        };
        let text = format!("cannot connect to {host} port {port} from here: {}", closed.as_str());
        plan.unknown(code, text, advice).concerning(format!("{host}:{port}"));
    }
    if let Some(why) = &facts.beyond {
        let database = format!("{}:{}", settings.stitch.host, settings.stitch.port);
        let text = format!("the SSH server cannot connect to the database at {database}: {why}");
        let advice = "give the database's name or address in the SSH server's network with --stitch-host, and allow the SSH server's address there";
        plan.unknown(Code::BastionCannotReach, text, advice)
            .concerning(database);
    }
}

fn dial(host: &HostName, resolved: &Resolved) -> Option<Finding> {
    let unknown = |code, text: String| Some(Finding::unknown(code, text));
    if host.is_socket() {
        let text = format!("{host} is a Unix socket on this machine, and Stitch connects over the internet");
        return unknown(Code::HostNotPublic, text);
    }
    let addresses = match resolved {
        Resolved::To(addresses) => addresses.clone(),
        Resolved::Failed(why) => {
            let text = format!("the name {host} could not be resolved from here ({why})");
            return unknown(Code::HostUnresolved, text);
        }
        Resolved::Unknown if host.is_local() && host.address().is_none() => vec![Ipv4Addr::LOCALHOST.into()],
        Resolved::Unknown => vec![host.address()?],
    };
    let v4 = addresses.iter().filter_map(|address| match address {
        IpAddr::V4(v4) => Some(hidden(*v4)),
        IpAddr::V6(_) => None,
    });
    let kind = match v4.collect::<Option<Vec<&str>>>()?.first() {
        Some(kind) => *kind,
        None if addresses.iter().all(IpAddr::is_loopback) => "loopback",
        None => {
            let text = format!("{host} has only IPv6 addresses, and Stitch connects from IPv4 addresses");
            return unknown(Code::HostIpv6Only, text);
        }
    };
    let text =
        format!("{host} is a {kind} address: Stitch cannot reach it from the internet unless a router forwards it");
    unknown(Code::HostNotPublic, text)
}

/// What keeps an address out of the internet.
fn hidden(address: Ipv4Addr) -> Option<&'static str> {
    match address.octets() {
        [127, ..] => Some("loopback"),
        _ if address.is_private() => Some("private"),
        [169, 254, ..] => Some("link-local"),
        [100, 64..128, ..] => Some("carrier-grade NAT"),
        [0, ..] => Some("reserved"),
        _ => None,
    }
}

/// Names and ports by which providers mark what is not the database's own, writable door.
fn endpoint(host: &HostName, port: u16) -> Option<Finding> {
    let name = host.as_str().to_ascii_lowercase();
    let aws = name.ends_with(".rds.amazonaws.com");
    let finding = if aws && name.contains(".cluster-ro-") {
        let text = format!("{host} is an Aurora reader endpoint, which is read-only");
        let advice = "give the cluster's writer endpoint, the one with .cluster- in its name, with --stitch-host";
        Finding::unknown(Code::HostReadOnly, text).advise(advice)
    } else if aws && name.contains(".proxy-") {
        pooler(host, "an RDS proxy").advise("give the instance's own endpoint with --stitch-host")
    } else if name.ends_with(".neon.tech") && name.split('.').next().is_some_and(|label| label.ends_with("-pooler")) {
        pooler(host, "Neon's pooler").advise(format!("give --stitch-host {}", name.replacen("-pooler.", ".", 1)))
    } else if name.ends_with(".pooler.supabase.com") && port == 6543 {
        pooler(host, "Supabase's transaction pooler")
            .advise("give --stitch-port 5432, the session pooler, with the user name ROLE.PROJECT")
    } else if name.ends_with(".db.ondigitalocean.com") && port == 25061 {
        pooler(host, "DigitalOcean's connection pool").advise("give --stitch-port 25060, the database itself")
    } else if port == 6432 {
        pooler(host, "PgBouncer's port 6432").advise("if it is a pooler, give PostgreSQL's own host and port")
    } else {
        return None;
    };
    Some(finding.about(host))
}

fn pooler(host: &HostName, what: &str) -> Finding {
    let text = format!(
        "{host} with this port is probably {what}; Stitch's temporary tables need one session for the whole load"
    );
    Finding::unknown(Code::HostPooler, text)
}
