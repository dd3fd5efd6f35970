//! What sshd says and this program does not understand: it may keep Stitch out all the same.

use super::case::Case;
use crate::change::Plan;
use crate::finding::Code;
use crate::steps::ssh_user::sshd::View;

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

pub(super) fn judge(case: &Case<'_>, views: &[View<'_>], plan: &mut Plan) {
    if let Some(file) = &case.server.late {
        let reload = case.server.ways.reload.as_deref().unwrap_or_default();
        let text = format!("{file} was changed after sshd read its settings, so sshd may still use the former ones");
        plan.unknown(
            Code::SshSettingsUnreadable,
            text,
            format!("on the SSH server, as root: {reload}"),
        )
        .concerning(file);
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
    plan.unknown(
        Code::SshSettingsUnreadable,
        format!(
            "sshd has settings that stitch-pg does not understand, which may refuse {}: {}",
            case.user(),
            strange.join("; ")
        ),
        "look them up in the manual of that server: man sshd_config",
    );
}
