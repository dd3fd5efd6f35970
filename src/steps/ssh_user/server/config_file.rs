//! Where `sshd -T` does not work, its file is all there is: what it seems to forbid is told, as not certain.

use super::case::{Case, Check};
use crate::change::Plan;
use crate::finding::{Code, Finding, Verdict};
use crate::steps::ssh_user::sshd::View;

pub(super) fn judge(case: &Case<'_>, checks: &[Check], plan: &mut Plan) {
    let (user, server) = (case.user(), case.server);
    let why = server.error.as_deref().unwrap_or("sshd is not in the search path");
    plan.unknown(
        Code::SshSettingsUnreadable,
        format!("whether the SSH server lets {user} log in and forward is not known: {why}"),
        format!("on the SSH server, as root: sshd -T -C user={user},host=x,addr=ADDRESS"),
    );
    let Some(view) = View::of_file(server) else { return };
    for problem in checks.iter().filter_map(|check| check(case, &view)) {
        let text = format!(
            "{}, as far as /etc/ssh/sshd_config can be read without sshd (its Match blocks are not looked at)",
            problem.text
        );
        let verdict = Verdict::Unknown;
        plan.find(
            Finding {
                verdict,
                text,
                ..problem
            }
            .about(user),
        );
    }
}
