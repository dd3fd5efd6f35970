//! Whether the SSH server lets Stitch's user log in with the key and forward to the database, from each of Stitch's
//! addresses. Nothing of its configuration is changed, but for a file of our own about Unix sockets: the exact file is
//! printed, and the command that puts it to work.

use super::dropbear;
use super::facts::{Facts, SshServerKind};
use crate::change::Plan;
use crate::finding::{Code, Finding, Verdict};
use crate::settings::{BastionSettings, Settings};

mod access;
mod access_rules;
mod case;
mod fixes;
mod forwarding;
mod key_files;
mod pam;
pub(super) mod sockets;

use case::{Case, Check, View};

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

/// The path of the file with Stitch's key, where sshd reads that one and not the usual one.
pub(super) fn key_is_elsewhere(settings: &Settings, bastion: &BastionSettings, facts: &Facts) -> Option<String> {
    let case = Case::new(settings, bastion, facts);
    let views = View::all(&facts.server);
    let elsewhere = views
        .iter()
        .any(|view| key_files::files_elsewhere(&case, view).is_some());
    let file = facts.server.key_file_elsewhere().filter(|_| elsewhere)?;
    file.nodes.first().map(|node| node.path.clone())
}

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
        judge_file(&case, plan);
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
    not_understood(&case, &views, plan);
    if views.iter().any(|view| view.is("usepam", "yes")) {
        let addresses: Vec<&str> = views.iter().map(|view| view.address).collect();
        let found = pam::judge(&case, &addresses).into_iter();
        problems.extend(found.map(|problem| (problem, addresses.clone())));
    }
    sockets::judge(&case, facts, &views, plan);
    let user = case.user();
    if problems.iter().all(|(problem, _)| problem.verdict != Verdict::Bad) {
        let (host, port) = (&settings.stitch.host, settings.stitch.port);
        let text = format!("the SSH server's settings allow {user} to log in with a key and forward to {host}:{port}");
        plan.good(Code::SshServerAllows, text);
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

/// Where `sshd -T` does not work, its file is all there is: what it seems to forbid is reported as not certain.
fn judge_file(case: &Case<'_>, plan: &mut Plan) {
    let (user, server) = (case.user(), case.server);
    let why = server.error.as_deref().unwrap_or("sshd is not in the search path");
    let text = format!("whether the SSH server allows {user} to log in and forward could not be checked: {why}");
    let advice = format!("on the SSH server, as root: sshd -T -C user={user},host=x,addr=ADDRESS");
    plan.unknown(Code::SshSettingsUnreadable, text, advice);
    let Some(view) = View::of_file(server) else { return };
    for problem in CHECKS.iter().filter_map(|check| check(case, &view)) {
        let text = format!(
            "{}, according to /etc/ssh/sshd_config (read without sshd; Match blocks were not checked)",
            problem.text
        );
        plan.unknown(problem.code, text, problem.advice.unwrap_or_default())
            .concerning(user);
    }
}

/// Settings with few values, all known.
const VALUES: [(&str, &[&str]); 6] = [
    ("allowtcpforwarding", &["yes", "all", "no", "local", "remote"]),
    ("disableforwarding", &["yes", "no"]),
    ("pubkeyauthentication", &["yes", "no"]),
    ("refuseconnection", &["yes", "no"]),
    ("strictmodes", &["yes", "no"]),
    ("usepam", &["yes", "no"]),
];
/// Those that begin with a number.
const NUMBERS: [&str; 3] = ["maxsessions", "maxstartups", "requiredrsasize"];

/// What sshd says and this program does not understand: it may keep Stitch out all the same.
fn not_understood(case: &Case<'_>, views: &[View<'_>], plan: &mut Plan) {
    if let Some(file) = &case.server.late {
        let reload = case.server.ways.reload.as_deref().unwrap_or_default();
        let text = format!("{file} was changed after sshd read its settings, so sshd may still use the former ones");
        let advice = format!("on the SSH server, as root: {reload}");
        plan.unknown(Code::SshSettingsUnreadable, text, advice).concerning(file);
    }
    let mut strange: Vec<String> = case.server.other.clone();
    strange.extend(case.server.unknowable.clone());
    for view in views {
        let values = VALUES.iter().filter_map(|(keyword, known)| {
            let value = view.value(keyword)?;
            let is_known = known.iter().any(|known| known.eq_ignore_ascii_case(value));
            (!is_known).then(|| format!("{keyword} {value}"))
        });
        let numbers = NUMBERS.iter().filter_map(|keyword| {
            let value = view.value(keyword)?;
            (!value.starts_with(|c: char| c.is_ascii_digit())).then(|| format!("{keyword} {value}"))
        });
        strange.extend(values.chain(numbers));
    }
    strange.sort_unstable();
    strange.dedup();
    if strange.is_empty() {
        return;
    }
    let (user, strange) = (case.user(), strange.join("; "));
    let text = format!("sshd has settings that stitch-pg does not understand, which may refuse {user}: {strange}");
    let advice = "look them up in the manual of that server: man sshd_config";
    plan.unknown(Code::SshSettingsUnreadable, text, advice);
}
