//! The addresses PostgreSQL will see Stitch come from: Stitch's own, or with a tunnel the SSH server's.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net};

use super::facts::{Resolved, ServerFacts};
use super::listen;
use crate::settings::{BastionServer, Route, Settings};

/// A client that will connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Client {
    pub(super) from: IpNet,
    pub(super) certainty: Certainty,
    pub(super) over: Over,
}

/// What it comes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    Tcp,
    /// A Unix socket of the server's machine, where something in between runs there.
    Socket,
}

/// Whether the server will see that address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Certainty {
    Sure,
    Guess,
}

/// Every address there is. A rule that holds for all of them holds for an address that is not known.
pub(super) fn anywhere() -> IpNet {
    IpNet::V4(Ipv4Net::default())
}

/// No server: none was asked.
pub(super) fn clients(settings: &Settings, server: Option<&ServerFacts>, bastion: &Resolved) -> Vec<Client> {
    if let Some((seen, _)) = server.and_then(|server| server.between.as_ref()) {
        let over_socket = Client {
            over: Over::Socket,
            ..sure(anywhere())
        };
        return vec![seen.client.map_or(over_socket, |address| sure(address.into()))];
    }
    let Some(tunnel) = &settings.bastion else {
        return settings.stitch.allow.iter().map(|cidr| sure(cidr.net())).collect();
    };
    if settings.stitch.host.is_local() {
        return same_machine(settings, server);
    }
    let is_our_way = match (&tunnel.server, settings.admin.route) {
        (_, Route::Bastion) => true,
        // We are the SSH server, and took the very way Stitch's forwarded connections will take.
        (BastionServer::Local, Route::Direct) => settings.admin.host == settings.stitch.host,
        (BastionServer::Ssh(_), Route::Direct) => false,
    };
    let seen = server.filter(|_| is_our_way).and_then(|server| server.client);
    match (seen, bastion) {
        (Some(address), _) => vec![sure(address.into())],
        (None, Resolved::To(addresses)) if !addresses.is_empty() => {
            addresses.iter().map(|address| guess((*address).into())).collect()
        }
        _ => vec![guess(anywhere())],
    }
}

/// The tunnel ends on the database's own machine.
fn same_machine(settings: &Settings, server: Option<&ServerFacts>) -> Vec<Client> {
    let v4 = sure(IpAddr::V4(Ipv4Addr::LOCALHOST).into());
    let v6 = IpNet::from(IpAddr::V6(Ipv6Addr::LOCALHOST));
    match settings.stitch.host.address() {
        Some(IpAddr::V6(_)) => vec![sure(v6)],
        // The name means either; which one sshd tries first is up to that machine.
        None if server.is_none_or(|server| listen::reaches(&server.listen_addresses, Ipv6Addr::LOCALHOST.into())) => {
            vec![v4, guess(v6)]
        }
        _ => vec![v4],
    }
}

fn sure(from: IpNet) -> Client {
    let (certainty, over) = (Certainty::Sure, Over::Tcp);
    Client { from, certainty, over }
}

fn guess(from: IpNet) -> Client {
    let (certainty, over) = (Certainty::Guess, Over::Tcp);
    Client { from, certainty, over }
}
