//! Whether the server listens on the address that Stitch will use, on which port, and whether it offers TLS.

use std::net::{IpAddr, Ipv4Addr};

use super::facts::ServerFacts;
use crate::change::Plan;
use crate::finding::{Code, Finding};
use crate::settings::{Settings, StitchSsl};
use crate::sql;
use crate::world::{Intermediary, SeenConnection};

pub(super) fn plan(plan: &mut Plan, settings: &Settings, server: &ServerFacts) {
    if let Some((seen, between)) = &server.between {
        plan.find(behind(settings, server, seen, between));
        return;
    }
    plan.find(listening(settings, server));
    // Through a forwarded port that is not seen from here the two differ on purpose.
    if settings.stitch.port.number() != server.port {
        let (port, own) = (settings.stitch.port, server.port);
        let text = format!(
            "Stitch will connect to port {port}, but PostgreSQL listens on {own}: a router or proxy must forward it"
        );
        let advice = format!("if nothing forwards it, give --stitch-port {own}");
        plan.unknown(Code::PortDiffers, text, advice).concerning(port);
    }
    if settings.stitch.ssl == StitchSsl::On && !server.ssl {
        let text = "\"Connect using SSL\" will be on, but the server has ssl = off: it will refuse Stitch";
        let advice = "give the server a certificate, set ssl = on and reload it; or give --no-ssl";
        plan.bad(Code::TlsNotOffered, text, advice);
    }
}

/// Something in between makes the connections that PostgreSQL sees; it came through, so PostgreSQL listens where it has to.
fn behind(settings: &Settings, server: &ServerFacts, seen: &SeenConnection, between: &Intermediary) -> Finding {
    let stitch = &settings.stitch;
    let from = match seen.client {
        Some(address) => format!("the address {address}"),
        None => "a Unix socket".to_owned(),
    };
    let text = format!(
        "{}:{} is {}, so PostgreSQL sees connections from {from}, not from Stitch's addresses; listen_addresses = '{}' allows that, and pg_hba.conf is checked for it",
        stitch.host,
        stitch.port,
        between.as_str(),
        server.listen_addresses
    );
    Finding::good(Code::ListenAddresses, text).about(&server.listen_addresses)
}

fn listening(settings: &Settings, server: &ServerFacts) -> Finding {
    let listens = &server.listen_addresses;
    let through_loopback = settings.bastion.is_some() && settings.stitch.host.is_local();
    let fine = match settings.stitch.host.address() {
        Some(address) if through_loopback => reaches(listens, address),
        None if through_loopback => reaches(listens, Ipv4Addr::LOCALHOST.into()),
        _ => listens_outside(listens),
    };
    let subject = if listens.is_empty() { "''" } else { listens };
    if fine {
        let text = format!("PostgreSQL listens on the address that Stitch will use (listen_addresses = '{listens}')");
        return Finding::good(Code::ListenAddresses, text).about(subject);
    }
    let who = match (through_loopback, &settings.bastion) {
        (true, _) => "the SSH server's forwarded connections",
        (false, Some(_)) => "the SSH server",
        (false, None) => "Stitch",
    };
    let advice = match server.listen_source.as_str() {
        "managed" => format!(
            "another program has the server's settings (allow_alter_system is off): add {} to listen_addresses there, and restart PostgreSQL",
            missing(settings, through_loopback).1
        ),
        "command line" => format!(
            "listen_addresses is set on the server's command line, which overrides ALTER SYSTEM: add {} there, and \
             restart PostgreSQL. Docker: the container's command; systemd: ExecStart of its unit; Patroni: postgresql.listen \
             in its own file",
            missing(settings, through_loopback).1
        ),
        _ => advice(settings, listens, through_loopback),
    };
    Finding::bad(
        Code::ListenAddresses,
        format!("PostgreSQL does not listen on an address that {who} can reach (listen_addresses = '{listens}')"),
    )
    .advise(advice)
    .about(subject)
}

/// The address that Stitch connects to, where that can be the missing one; and the one that is missing, as it is printed:
/// `ADDRESS` where only the machine knows which of its own it is.
fn missing(settings: &Settings, through_loopback: bool) -> (Option<IpAddr>, String) {
    let address = settings.stitch.host.address();
    let outward = address.filter(|address| through_loopback || !address.is_loopback());
    let unknown = if through_loopback { "localhost" } else { "ADDRESS" };
    (
        outward,
        outward.map_or_else(|| unknown.to_owned(), |address| address.to_string()),
    )
}

/// What is listened on stays, and one address comes to it. Any other would open more of the machine than is needed.
fn advice(settings: &Settings, listens: &str, through_loopback: bool) -> String {
    let (outward, missing) = missing(settings, through_loopback);
    let all: Vec<&str> = entries(listens).chain([missing.as_str()]).collect();
    let mut advice = format!(
        "a superuser runs: ALTER SYSTEM SET listen_addresses = {}; then restart PostgreSQL (a reload is not enough)",
        sql::literal(&all.join(", "))
    );
    if !through_loopback {
        advice.push_str(match outward {
            Some(_) => {
                "\nnote: if a router translates that address (a cloud's public address), use the machine's own address (ip -4 addr)"
            }
            None => "\nADDRESS is the machine's own address that receives the connection (ip -4 addr)",
        });
    }
    advice
}

/// Whether one of the server's own addresses is listened on.
pub(super) fn reaches(listens: &str, address: IpAddr) -> bool {
    entries(listens).any(|entry| match entry {
        "*" => true,
        "0.0.0.0" => address.is_ipv4(),
        "::" => address.is_ipv6(),
        "localhost" => address.is_loopback(),
        other => other.parse() == Ok(address),
    })
}

/// Whether another machine can connect over IPv4 (Stitch uses no other), as far as the setting shows.
fn listens_outside(listens: &str) -> bool {
    entries(listens).any(|entry| match entry.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => !address.is_loopback(),
        Ok(IpAddr::V6(_)) => false,
        // The server resolves any other name. It was set so that another machine can connect.
        Err(_) => !entry.eq_ignore_ascii_case("localhost"),
    })
}

fn entries(listens: &str) -> impl Iterator<Item = &str> {
    let entries = listens.split(',').map(|entry| entry.trim().trim_matches('"'));
    entries.filter(|entry| !entry.is_empty())
}
