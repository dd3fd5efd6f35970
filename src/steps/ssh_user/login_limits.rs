//! What may keep an account from logging in besides its password: the dates in `/etc/shadow` at which it, or its password,
//! comes to an end; and its login shell, the one that was chosen, or what the one that is there stops.

use super::facts::{Aging, Facts, ShellState, SshServerKind, TunnelAccount};
use crate::change::{Action, Change, Plan};
use crate::finding::{Code, Finding};
use crate::names::LinuxUser;
use crate::plural::{date, pluralize};
use crate::settings::{BastionSettings, KeyOption, LoginShell};
use crate::shell;

pub(super) fn judge_dates(user: &LinuxUser, aging: &Aging, plan: &mut Plan) {
    let as_root = |command| format!("on the SSH server, as root: {command} {user}");
    for (reason, command) in ended(aging) {
        let text = format!("the user {user} cannot log in: {reason}");
        plan.bad(Code::SshUserExpired, text, as_root(command)).concerning(user);
    }
    for (day, reason, command) in coming_ends(aging) {
        let text = format!(
            "the user {user} will not be able to log in from {} on: {reason}",
            date(day)
        );
        plan.unknown(Code::SshUserExpired, text, as_root(command))
            .concerning(user);
    }
}

/// What has ended, and the command that undoes that alone.
fn ended(aging: &Aging) -> Vec<(String, &'static str)> {
    let mut ended = Vec::new();
    let Some(today) = aging.today else { return ended };
    if let Some(day) = aging.expires.filter(|day| (0..=today).contains(day)) {
        ended.push((format!("the account expired {} days ago", today - day), "usermod -e ''"));
    }
    match (aging.changed, aging.max_days) {
        (Some(0), _) => ended.push((
            "it must change its password at the next login".to_owned(),
            "chage -d \"$(date +%F)\"",
        )),
        (Some(changed), Some(max)) if (0..99_999).contains(&max) && changed + max < today => ended.push((
            format!("its password expired {} days ago", today - changed - max),
            "chage -M -1",
        )),
        _ => {}
    }
    ended
}

/// What ends later: its first day, why, and the command that undoes that alone.
fn coming_ends(aging: &Aging) -> Vec<(i64, String, &'static str)> {
    let mut coming = Vec::new();
    let Some(today) = aging.today else { return coming };
    if let Some(day) = aging.expires.filter(|day| *day > today) {
        coming.push((day, "the account expires".to_owned(), "usermod -e ''"));
    }
    let limits = aging
        .changed
        .zip(aging.max_days.filter(|max| (0..99_999).contains(max)));
    if let Some((changed, max)) = limits.filter(|(changed, max)| *changed >= 1 && changed + max >= today) {
        let then = match aging.inactive_days.filter(|days| *days >= 0) {
            Some(days) => format!(
                ", and the account ends {} later",
                pluralize(usize::try_from(days).unwrap_or_default(), "day")
            ),
            None => String::new(),
        };
        let reason = format!("its password is then older than {max} days{then}");
        coming.push((changed + max + 1, reason, "chage -M -1 -I -1"));
    }
    coming
}

/// A chosen shell that the account does not have is a change. Otherwise a finding reports what the present shell stops.
pub(super) fn judge_shell(bastion: &BastionSettings, account: &TunnelAccount, facts: &Facts, plan: &mut Plan) {
    let user = &bastion.tunnel_user;
    let path = &account.shell.path;
    let wanted = match &bastion.shell {
        LoginShell::Any => None,
        LoginShell::This(wanted) => (wanted != path).then(|| wanted.clone()),
        LoginShell::Nologin => (!is_closed(path)).then(|| "nologin".to_owned()),
    };
    if let Some(wanted) = wanted {
        plan.change(Change {
            summary: format!("change the login shell of {user} from {path} to {wanted}"),
            why: "You chose it with --shell or --tunnel-only.",
            action: Action::Host(shell::set_shell(user, &bastion.shell)),
            undo: Some(Action::Host(shell::set_shell(user, &LoginShell::This(path.clone())))),
        });
        return;
    }
    let server = &facts.server;
    let has_rule = server.uses_pam() && server.pam.stack.iter().any(|line| line.contains("pam_shells"));
    let refuses = has_rule || server.kind == SshServerKind::Dropbear;
    let unlisted = format!("the login shell of {user}, {path}, is not in /etc/shells;");
    let finding = match account.shell.state {
        ShellState::Missing => {
            let text = format!("the login shell of {user}, {path}, does not exist; sshd refuses such users");
            Finding::bad(Code::SshShellMissing, text)
        }
        ShellState::Unlisted if refuses => {
            let who = if has_rule { "pam_shells" } else { "Dropbear" };
            Finding::bad(Code::SshShellNologin, format!("{unlisted} {who} refuses such users"))
        }
        _ if is_closed(path) => {
            let text = format!(
                "the login shell of {user} is {path}: forwarding needs no shell, but Stitch may open one, and Dropbear refuses shells that are not in /etc/shells"
            );
            Finding::unknown(Code::SshShellNologin, text)
        }
        ShellState::Unlisted => {
            let text = format!("{unlisted} Dropbear and pam_shells refuse such users");
            Finding::unknown(Code::SshShellNologin, text)
        }
        ShellState::Usable => {
            let (Some(name), true) = (&server.obeyed, bastion.key_options.contains(&KeyOption::NoCommand)) else {
                return;
            };
            let text = format!(
                "the holder of Stitch's key can run commands as {user}: sshd takes variables from clients (AcceptEnv {name}), and {path} obeys them"
            );
            let advice = "remove that from AcceptEnv, or set a login shell that runs nothing with: stitch-pg setup --tunnel-only";
            plan.find(Finding::bad(Code::SshKeyUnrestricted, text).about(user).advise(advice));
            return;
        }
    };
    let advice = format!("if Stitch cannot connect, on the SSH server, as root: usermod -s /bin/sh {user}");
    plan.find(finding.about(user).advise(advice));
}

fn is_closed(path: &str) -> bool {
    path.ends_with("/nologin") || path.ends_with("/false")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_is_seen_before() {
        let aging = |changed, max_days, expires| Aging {
            today: Some(20_000),
            changed: Some(changed),
            max_days,
            expires,
            inactive_days: Some(30),
        };
        let days = |aging: &Aging| coming_ends(aging).iter().map(|(day, ..)| *day).collect::<Vec<_>>();
        assert_eq!(days(&aging(19_990, Some(60), Some(20_001))), [20_001, 20_051]);
        assert_eq!(days(&aging(19_990, Some(99_999), None)), [0; 0]);
        assert_eq!(days(&aging(19_990, Some(-1), Some(-1))), [0; 0]);
        // It has ended, which is another finding.
        assert_eq!(days(&aging(19_000, Some(60), Some(19_000))), [0; 0]);
        assert_eq!(ended(&aging(19_000, Some(60), Some(19_000))).len(), 2);
    }
}
