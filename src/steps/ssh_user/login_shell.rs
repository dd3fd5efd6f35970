//! The login shell: the one that was chosen, or what the one that is there stops.

use super::facts::{Facts, ShellState, SshServerKind, TunnelAccount};
use crate::change::{Action, Change, Plan};
use crate::finding::{Code, Finding};
use crate::settings::{BastionSettings, LoginShell};
use crate::shell;

/// Another shell that was chosen is a change; of any other shell it is told what it stops.
pub(super) fn judge(bastion: &BastionSettings, account: &TunnelAccount, facts: &Facts, plan: &mut Plan) {
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
        ShellState::Usable => return,
    };
    let advice = format!("if Stitch cannot connect, on the SSH server, as root: usermod -s /bin/sh {user}");
    plan.find(finding.about(user).advise(advice));
}

fn is_closed(path: &str) -> bool {
    path.ends_with("/nologin") || path.ends_with("/false")
}
