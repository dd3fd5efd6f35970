//! The dates in `/etc/shadow` at which an account, or its password, comes to an end.

use super::facts::Aging;
use crate::change::Plan;
use crate::finding::Code;
use crate::names::LinuxUser;
use crate::plural::{date, pluralize};

pub(super) fn judge(user: &LinuxUser, aging: &Aging, plan: &mut Plan) {
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
