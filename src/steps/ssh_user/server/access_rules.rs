//! Whether a connection gets as far as a login: where sshd listens, how many logins it takes at once, and whether it is
//! closed to all users but root for a while.

use std::net::{IpAddr, SocketAddr};

use super::case::{Case, View, bad, unknown};
use super::fixes;
use crate::finding::{Code, Finding, Verdict};
use crate::plural::pluralize;
use crate::settings::{BastionServer, Region};
use crate::shell;
use crate::steps::ssh_user::facts::SshServerKind;

/// Stitch connects from four addresses, which may come at the same time.
const AT_ONCE: u32 = 4;
/// OpenSSH's own number of logins that are let in at once.
const ENOUGH: u32 = 10;

/// While `/etc/nologin` is there, PAM lets only root in.
pub(super) fn is_closed_for_all(case: &Case<'_>) -> Option<Finding> {
    let file = case.server.nologin.as_ref()?;
    let text = format!("the SSH server allows only root, because {file} exists");
    let certain = case.server.kind != SshServerKind::OpenSsh || case.server.uses_pam();
    let finding = Finding::new(Code::SshNologinFile, Verdict::bad_if(certain), text);
    Some(finding.about(file).advise(format!(
        "after the maintenance, as root on the SSH server: rm {}",
        shell::word(file)
    )))
}

/// `ListenAddress`: something else than the machine itself must be able to get there.
pub(super) fn listens(case: &Case<'_>, view: &View<'_>) -> Option<Finding> {
    let addresses = listening(view);
    if addresses.is_empty() || !addresses.iter().all(|address| address.ip().is_loopback()) {
        return None;
    }
    // Where Stitch is given a loopback address, another program forwards to it; the step allowlist asks which.
    let host = case.bastion.stitch_host.as_str();
    if host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback()) {
        return None;
    }
    // Any of Stitch's addresses shows which way out the machine takes.
    let known = Region::NorthAmerica.addresses();
    let stitch = case.settings.stitch.allow.first();
    let stitch = stitch.map_or(known[0], |cidr| cidr.address()).to_string();
    let shown: Vec<String> = addresses.iter().map(SocketAddr::to_string).collect();
    let shown = shown.join(" and ");
    let text = format!("sshd listens only on {shown} (ListenAddress), which only this machine can reach");
    let advice = fixes::listening(&stitch, &ports(&addresses), &case.server.ways);
    Some(bad(Code::SshNotListening, text, advice))
}

/// `Port`: the one that Stitch connects to, unless a router or a container's host translates.
pub(super) fn is_on_this_port(case: &Case<'_>, view: &View<'_>) -> Option<Finding> {
    let port = case.bastion.stitch_port.number();
    let addresses = listening(view);
    let ports = ports(&addresses);
    let is_ours = matches!(&case.bastion.server, BastionServer::Ssh(target)
        if target.port.number() == port && target.host == case.bastion.stitch_host);
    // This very run came in through it, or sshd listens on it.
    if is_ours || ports.is_empty() || ports.contains(&port) {
        return None;
    }
    let shown: Vec<String> = ports.iter().map(u16::to_string).collect();
    let shown = shown.join(" and ");
    let text = format!(
        "sshd listens on port {shown}, but Stitch will connect to port {port}; this works only if a router translates the port"
    );
    let first = ports[0];
    let advice = format!("if no router translates it, run stitch-pg again with --stitch-bastion-port {first}");
    Some(unknown(Code::SshOtherPort, text, advice))
}

/// `MaxStartups`: connections that are not logged in yet; those above the first number are dropped at random.
pub(super) fn takes_several_logins(case: &Case<'_>, view: &View<'_>) -> Option<Finding> {
    let value = view.value("maxstartups")?;
    let mut parts = value.split(':');
    let start: u32 = parts.next()?.parse().ok()?;
    let (rate, most) = (parts.next(), parts.next().and_then(|most| most.parse::<u32>().ok()));
    // Only the number that is too small is raised.
    let enough = match (rate, most) {
        (Some(rate), Some(most)) => format!("{ENOUGH}:{rate}:{}", most.max(ENOUGH)),
        _ => ENOUGH.to_string(),
    };
    let few = (start < AT_ONCE).then(|| pluralize(start as usize, "other login"))?;
    let text = format!(
        "sshd may drop a connection while it has {few} in progress (MaxStartups {value}); Stitch may open {AT_ONCE} at once"
    );
    let advice = fixes::in_place("MaxStartups", value, &enough, &case.server.ways);
    Some(unknown(Code::SshMaxStartups, text, advice))
}

fn ports(addresses: &[SocketAddr]) -> Vec<u16> {
    let mut ports: Vec<u16> = addresses.iter().map(SocketAddr::port).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// `sshd -T` has a `listenaddress` with its port for each; the file may have ports alone.
fn listening(view: &View<'_>) -> Vec<SocketAddr> {
    let words = view.words("listenaddress");
    let ports: Vec<u16> = view.words("port").iter().filter_map(|port| port.parse().ok()).collect();
    let mut all = Vec::new();
    for word in words {
        if let Ok(address) = word.parse() {
            all.push(address);
        } else if let Ok(address) = word.trim_matches(['[', ']']).parse::<IpAddr>() {
            let ports = if ports.is_empty() { &[22] } else { ports.as_slice() };
            all.extend(ports.iter().map(|port| SocketAddr::new(address, *port)));
        }
    }
    all
}
