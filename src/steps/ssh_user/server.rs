//! Whether the SSH server lets Stitch's user log in with the key and forward to the database, from each of Stitch's
//! addresses. Nothing of its configuration is changed, but for a file of our own about Unix sockets: the exact file is
//! printed, and the command that puts it to work.

use super::dropbear;
use super::facts::{Facts, SshServerKind};
use super::sshd::View;
use crate::change::Plan;
use crate::finding::{Code, Finding, Verdict};
use crate::settings::{BastionSettings, Settings};

mod access;
mod access_rules;
mod case;
mod config_file;
mod fixes;
mod forwarding;
mod key_files;
mod pam;
pub(super) mod sockets;
mod understood;

use case::{Case, Check};

/// In the order in which sshd decides.
const CHECKS: [Check; 17] = [
    access_rules::listens,
    access_rules::is_on_this_port,
    access_rules::takes_several_logins,
    access::stays_connected,
    access::is_listed,
    access::takes_keys,
    access::takes_keys_alone,
    key_files::reads_the_key,
    access::takes_this_type,
    access::takes_this_size,
    access::revokes_no_keys,
    forwarding::lets_out_of_its_chroot,
    forwarding::forwards,
    forwarding::forwards_there,
    forwarding::opens_sessions,
    forwarding::keeps_silent_connections,
    forwarding::keeps_unused_connections,
];

/// Judges what was read of the server.
pub(super) fn judge(settings: &Settings, bastion: &BastionSettings, facts: &Facts, plan: &mut Plan) {
    let server = &facts.server;
    if !server.looked {
        return;
    }
    let case = Case::new(settings, bastion, facts);
    if let Some(finding) = access_rules::is_closed_for_all(&case) {
        plan.find(finding);
    }
    if server.kind == SshServerKind::Dropbear {
        dropbear::judge(server, case.user(), &case.groups, &bastion.key_options, plan);
        return;
    }
    let views = View::all(server);
    if views.is_empty() {
        config_file::judge(&case, &CHECKS, plan);
        return;
    }
    let mut problems: Vec<(Finding, Vec<&str>)> = Vec::new();
    for check in CHECKS {
        for view in &views {
            let Some(problem) = check(&case, view) else { continue };
            match problems.iter_mut().find(|(known, _)| *known == problem) {
                Some((_, addresses)) => addresses.push(view.address),
                None => problems.push((problem, vec![view.address])),
            }
        }
    }
    understood::judge(&case, &views, plan);
    if views.iter().any(|view| view.is("usepam", "yes")) {
        let addresses: Vec<&str> = views.iter().map(|view| view.address).collect();
        problems.extend(
            pam::judge(&case, &addresses)
                .into_iter()
                .map(|problem| (problem, addresses.clone())),
        );
    }
    sockets::judge(&case, facts, &views, plan);
    let user = case.user();
    if problems.iter().all(|(problem, _)| problem.verdict != Verdict::Bad) {
        let (host, port) = (&settings.stitch.host, settings.stitch.port);
        plan.good(
            Code::SshServerAllows,
            format!("the SSH server's settings allow {user} to log in with a key and forward to {host}:{port}"),
        );
    }
    for (problem, addresses) in problems {
        let from = if addresses.len() == views.len() {
            String::new()
        } else {
            format!(" (for logins from {})", addresses.join(", "))
        };
        let text = format!("{}{from}", problem.text);
        plan.find(Finding { text, ..problem }.about(user));
    }
}
