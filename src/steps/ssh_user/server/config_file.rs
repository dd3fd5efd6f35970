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
        format!("whether the SSH server allows {user} to log in and forward could not be checked: {why}"),
        format!("on the SSH server, as root: sshd -T -C user={user},host=x,addr=ADDRESS"),
    );
    let Some(view) = View::of_file(server) else { return };
    for problem in checks.iter().filter_map(|check| check(case, &view)) {
        let text = format!(
            "{}, according to /etc/ssh/sshd_config (read without sshd; Match blocks were not checked)",
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
