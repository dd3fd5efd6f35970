//! Whether the server listens where it is going to be dialled, on which port, and whether it offers TLS.

use std::net::{IpAddr, Ipv4Addr};

use super::ServerFacts;
use crate::finding::{Code, Finding};
use crate::settings::{Settings, StitchSsl};

pub(super) fn findings(settings: &Settings, server: &ServerFacts) -> Vec<Finding> {
    let mut findings = vec![listening(settings, server)];
    // Through a pooler or a forwarded port the two differ on purpose.
    if settings.stitch.port.number() != server.port {
        findings.push(
            Finding::unknown(
                Code::PortDiffers,
                format!(
                    "Stitch is to dial port {}, and PostgreSQL itself listens on {}: something in between must pass it on",
                    settings.stitch.port, server.port
                ),
            )
            .advise(format!("if nothing does, give --stitch-port {}", server.port))
            .about(settings.stitch.port),
        );
    }
    if settings.stitch.ssl == StitchSsl::On && !server.ssl {
        findings.push(
            Finding::bad(
                Code::TlsNotOffered,
                "\"Connect using SSL\" is to be ticked, and the server has ssl = off: Stitch will be refused",
            )
            .advise("give the server a certificate, set ssl = on and reload it; or give --no-ssl"),
        );
    }
    findings
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
        let text = format!("PostgreSQL listens where it will be dialled (listen_addresses = '{listens}')");
        return Finding::good(Code::ListenAddresses, text).about(subject);
    }
    let (who, wanted) = if through_loopback {
        ("the SSH server's forwarded connections", "localhost")
    } else if settings.bastion.is_some() {
        ("the SSH server", "*")
    } else {
        ("Stitch", "*")
    };
    Finding::bad(
        Code::ListenAddresses,
        format!("PostgreSQL does not listen where {who} could reach it (listen_addresses = '{listens}')"),
    )
    .advise(format!(
        "a superuser runs: ALTER SYSTEM SET listen_addresses = '{wanted}'; then restart PostgreSQL (a reload is not \
         enough)"
    ))
    .about(subject)
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

/// Whether somebody from another machine can get through over IPv4 (Stitch has no other), as far as the setting tells.
fn listens_outside(listens: &str) -> bool {
    entries(listens).any(|entry| match entry.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => !address.is_loopback(),
        Ok(IpAddr::V6(_)) => false,
        // Any other name is resolved by the server; it was written for somebody to reach it.
        Err(_) => !entry.eq_ignore_ascii_case("localhost"),
    })
}

fn entries(listens: &str) -> impl Iterator<Item = &str> {
    listens
        .split(',')
        .map(|entry| entry.trim().trim_matches('"'))
        .filter(|entry| !entry.is_empty())
}
