//! Whether the account is Stitch's to have, alive for keys and dead for passwords.

use super::facts::{Aging, Facts, PasswordField, Source, TunnelAccount};
use super::{key_file, login_shell};
use crate::change::{Action, Change, Plan};
use crate::finding::{Code, Finding, Verdict};
use crate::plural::pluralize;
use crate::settings::{Adopt, BastionSettings};
use crate::shell;

/// Groups whose members are people or powers.
pub(super) const POWERFUL: [&str; 9] = [
    "root", "sudo", "wheel", "admin", "adm", "docker", "lxd", "disk", "shadow",
];

/// Below it are the groups of the system and its services.
pub(super) const FIRST_ORDINARY_ID: u32 = 1000;

/// The user does not exist, but a group of that name does: the new user would be in it, with its rights.
pub(super) fn name_is_taken(bastion: &BastionSettings, facts: &Facts) -> Option<Finding> {
    let user = &bastion.tunnel_user;
    let group = facts.group.as_ref()?;
    let reason = if group.gid < FIRST_ORDINARY_ID {
        "it is one of the system's own".to_owned()
    } else if group.members.is_empty() {
        return None;
    } else {
        format!("its members are {}", group.members)
    };
    Some(
        Finding::bad(
            Code::SshUserInUse,
            format!(
                "there is no user {user} yet, but a group {user} (gid {}); {reason}",
                group.gid
            ),
        )
        .about(user)
        .advise("choose another name for Stitch's user with --tunnel-user"),
    )
}

/// The account is somebody else's: Stitch's key is not in it, and it has what Stitch's would not have.
pub(super) fn belongs_to_another(bastion: &BastionSettings, account: &TunnelAccount) -> Option<Finding> {
    let user = &bastion.tunnel_user;
    let signs = signs_of_another(bastion, account);
    let is_out_of_reach = is_out_of_reach(account);
    if signs.is_empty() || (bastion.adopt == Adopt::Yes && !is_out_of_reach) {
        return None;
    }
    let finding = Finding::bad(
        Code::SshUserInUse,
        format!(
            "the user {user} exists and is not Stitch's: {}; nothing of it is changed",
            signs.join(", ")
        ),
    );
    let adopt = if is_out_of_reach {
        ""
    } else {
        "; if the account is meant for Stitch, say so with --adopt-user"
    };
    Some(
        finding
            .about(user)
            .advise(format!("choose another name with --tunnel-user{adopt}")),
    )
}

/// Root's, or kept elsewhere: never this tool's to change.
pub(super) fn is_out_of_reach(account: &TunnelAccount) -> bool {
    account.uid == 0 || account.source == Source::Directory
}

fn signs_of_another(bastion: &BastionSettings, account: &TunnelAccount) -> Vec<String> {
    if account.uid == 0 {
        return vec!["it is root under another name (uid 0)".to_owned()];
    }
    if account.source == Source::Directory {
        return vec!["it comes from a directory service (LDAP, NIS, …) and not from /etc/passwd".to_owned()];
    }
    let mut signs = Vec::new();
    let powers: Vec<&str> = POWERFUL
        .into_iter()
        .filter(|name| account.groups.iter().any(|group| group == name))
        .collect();
    if !powers.is_empty() {
        signs.push(format!("it is in the group {}", powers.join(", ")));
    }
    if bastion
        .public_key
        .as_ref()
        .is_some_and(|key| key_file::holds(account, key))
    {
        // Somebody has given it to Stitch before.
        return signs;
    }
    if matches!(account.password, PasswordField::Hash | PasswordField::LockedWithHash) {
        signs.push("it has a password".to_owned());
    }
    let others = key_file::other_keys(account, bastion.public_key.as_ref());
    if others > 0 {
        signs.push(format!("other keys can log in ({others} in authorized_keys)"));
    }
    if account.uid < FIRST_ORDINARY_ID && account.home_node.is_some() && account.ssh_node.is_none() {
        signs.push(format!("it is one of the system's own (uid {})", account.uid));
    }
    signs
}

/// An account that is Stitch's: what stops a key login is changed where that is safe, and told where it is not.
pub(super) fn judge(bastion: &BastionSettings, account: &TunnelAccount, facts: &Facts, plan: &mut Plan) {
    let user = &bastion.tunnel_user;
    adopted(bastion, account, plan);
    password(bastion, account, facts, plan);
    for (reason, command) in ended(&account.aging) {
        let finding = Finding::bad(Code::SshUserExpired, format!("the user {user} cannot log in: {reason}"));
        plan.find(
            finding
                .about(user)
                .advise(format!("on the SSH server, as root: {command} {user}")),
        );
    }
    for (day, reason, command) in coming_ends(&account.aging) {
        let text = format!(
            "the user {user} will not be able to log in from {} on: {reason}",
            date(day)
        );
        plan.unknown(
            Code::SshUserExpired,
            text,
            format!("on the SSH server, as root: {command} {user}"),
        )
        .concerning(user);
    }
    login_shell::judge(bastion, account, facts, plan);
    home(bastion, account, plan);
}

/// Taken although it looks like somebody else's: that is kept in sight.
fn adopted(bastion: &BastionSettings, account: &TunnelAccount, plan: &mut Plan) {
    let signs = signs_of_another(bastion, account);
    if !signs.is_empty() {
        let user = &bastion.tunnel_user;
        let text = format!(
            "the user {user} is taken for Stitch (--adopt-user) although {}",
            signs.join(", ")
        );
        plan.unknown(
            Code::SshUserAdopted,
            text,
            "whoever else can log in as this user can read and change what Stitch's key may do; a user of \
             its own is better",
        )
        .concerning(user);
    }
}

fn password(bastion: &BastionSettings, account: &TunnelAccount, facts: &Facts, plan: &mut Plan) {
    let user = &bastion.tunnel_user;
    match account.password {
        PasswordField::Impossible => {}
        PasswordField::Locked => plan.change(Change {
            summary: format!("make the account {user} usable with a key (its password is '!', which means locked)"),
            why: "Without PAM, sshd refuses a locked account even with the right key.",
            action: Action::Host(shell::unlock_for_keys(user, shell::Passworded::Refused)),
            undo: Some(Action::Host(shell::lock_again(
                user,
                &account.lock,
                account.aging.changed,
            ))),
        }),
        PasswordField::LockedWithHash => {
            let text =
                format!("the account {user} was locked by somebody (passwd -l); its password is kept behind the lock");
            let finding = Finding::new(Code::SshUserLocked, Verdict::bad_if(!facts.server.uses_pam()), text);
            plan.find(finding.about(user).advise(format!(
                "if nobody needs the password any more, as root: usermod -p '*' {user}"
            )));
        }
        PasswordField::Empty => {
            plan.bad(
                Code::SshUserEmptyPassword,
                format!("the account {user} has an empty password: anybody may be able to log in as {user}"),
                format!("on the SSH server, as root: usermod -p '*' {user}"),
            )
            .concerning(user);
        }
        PasswordField::Hash => {
            plan.unknown(
                Code::SshUserPassword,
                format!("the account {user} has a password as well as a key; Stitch does not need it"),
                format!("if nobody else needs it, as root: usermod -p '*' {user}"),
            )
            .concerning(user);
        }
        PasswordField::Unknown => {
            plan.unknown(
                Code::SshUserPassword,
                format!("whether the account {user} is locked could not be read from /etc/shadow"),
                format!("on the SSH server, as root: passwd -S {user}"),
            )
            .concerning(user);
        }
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
    if let (Some(changed @ 1..), Some(max)) = (aging.changed, aging.max_days)
        && (0..99_999).contains(&max)
        && changed + max >= today
    {
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

/// A day since 1970 as a date (the civil calendar's, by Howard Hinnant's algorithm).
fn date(day: i64) -> String {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let (of_month, month) = (
        of_year - (153 * month + 2) / 5 + 1,
        if month < 10 { month + 3 } else { month - 9 },
    );
    format!(
        "{:04}-{month:02}-{of_month:02}",
        year + era * 400 + i64::from(month <= 2)
    )
}

/// Whether the home that the account database names is a place for files of its own.
pub(super) fn can_have_a_home(account: &TunnelAccount) -> bool {
    let nowhere = ["/dev/", "/nonexistent", "/proc/"];
    account.home.starts_with('/') && account.home != "/" && !nowhere.iter().any(|place| account.home.starts_with(place))
}

fn home(bastion: &BastionSettings, account: &TunnelAccount, plan: &mut Plan) {
    let user = &bastion.tunnel_user;
    let home = &account.home;
    let Some(node) = account.home_node.as_ref().filter(|_| can_have_a_home(account)) else {
        if can_have_a_home(account) {
            plan.change(Change {
                summary: format!("make the missing home directory {home} of {user}"),
                why: "The key file lies in the user's home.",
                action: Action::Host(shell::make_home(user)),
                undo: Some(Action::Host(shell::remove_home(user))),
            });
        } else {
            let text = format!("the home of {user} is {home:?}, which cannot hold a key file");
            plan.bad(
                Code::SshHomeMissing,
                text,
                format!(
                    "on the SSH server, as root: usermod -d /home/{user} {user}\nthen stitch-pg setup makes that \
                     home"
                ),
            )
            .concerning(user);
        }
        return;
    };
    if node.owner != account.uid && node.owner != 0 {
        plan.bad(Code::SshHomeOwner, format!(
                    "{} belongs to the user number {}, not to {user}; sshd ignores its key file",
                    node.path, node.owner
                ), if node.path.ends_with(&format!("/{user}")) {
                format!("on the SSH server, as root: chown {user}: {}", shell::word(&node.path))
            } else {
                format!(
                    "it may be somebody else's: give the user a home of its own, on the SSH server, as root: usermod -d \
                     /home/{user} {user}\nthen stitch-pg setup makes that home"
                )
            }).concerning(&node.path);
    }
    let way = account.above.iter().chain(Some(node).filter(|node| node.owner == 0));
    if let Some(closed) = way
        .into_iter()
        .find(|above| !above.lets_through(account.uid, account.gid))
    {
        plan.bad(Code::SshHomeUnreachable, format!(
                    "{user} cannot pass through {} ({}) to its home, so sshd cannot read its key",
                    closed.path, closed.mode
                ), format!(
                "on the SSH server, as root: chmod o+x {}\nevery user can then pass through it, and list nothing; where that is too \
                 much, give {user} another home: usermod -d DIRECTORY {user}",
                shell::word(&closed.path)
            )).concerning(&closed.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        for (day, wanted) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (20_788, "2026-12-01"),
            (20_819, "2027-01-01"),
        ] {
            assert_eq!(date(day), wanted);
        }
    }

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
