//! The account that Stitch is to have: whether the one that is there is Stitch's, accepts keys and refuses passwords.

use std::net::IpAddr;

use super::facts::{Facts, PasswordField, TunnelAccount};
use super::modes::Node;
use super::{key_file, login_limits};
use crate::change::{Action, Change, Plan};
use crate::finding::{Code, Finding, Verdict};
use crate::settings::{Adopt, BastionSettings, Region, Settings};
use crate::shell;

/// Groups whose members are administrators or can become root.
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
        "it belongs to the system".to_owned()
    } else if group.members.is_empty() {
        return None;
    } else {
        format!("its members are {}", group.members)
    };
    let text = format!(
        "there is no user {user}, but a group {user} (gid {}); {reason}",
        group.gid
    );
    let advice = "choose another name for Stitch's user with --tunnel-user";
    Some(Finding::bad(Code::SshUserInUse, text).about(user).advise(advice))
}

/// The account is used for something else: Stitch's key is not in it, and it has what Stitch's would not have.
pub(super) fn belongs_to_another(bastion: &BastionSettings, account: &TunnelAccount) -> Option<Finding> {
    let user = &bastion.tunnel_user;
    let signs = signs_of_another(bastion, account);
    let is_out_of_reach = is_out_of_reach(account);
    if signs.is_empty() || (bastion.adopt == Adopt::Yes && !is_out_of_reach) {
        return None;
    }
    let text = format!(
        "the user {user} is used for something else: {}; stitch-pg does not change it",
        signs.join(", ")
    );
    let adopt = if is_out_of_reach {
        ""
    } else {
        "; if the account is for Stitch, give --adopt-user"
    };
    let advice = format!("choose another name with --tunnel-user{adopt}");
    Some(Finding::bad(Code::SshUserInUse, text).about(user).advise(advice))
}

/// Root's, or kept elsewhere: never this tool's to change.
pub(super) fn is_out_of_reach(account: &TunnelAccount) -> bool {
    account.uid == 0 || account.in_directory
}

fn signs_of_another(bastion: &BastionSettings, account: &TunnelAccount) -> Vec<String> {
    if account.uid == 0 {
        return vec!["it is root under another name (uid 0)".to_owned()];
    }
    if account.in_directory {
        return vec!["it comes from a directory service (LDAP, NIS, …) and not from /etc/passwd".to_owned()];
    }
    let mut signs = Vec::new();
    let is_in = |name: &&str| account.groups.iter().any(|group| group == name);
    let powers: Vec<&str> = POWERFUL.into_iter().filter(is_in).collect();
    if !powers.is_empty() {
        signs.push(format!("it is in the group {}", powers.join(", ")));
    }
    let key = bastion.public_key.as_ref();
    if key.is_some_and(|key| key_file::holds(account, key)) {
        // It was prepared for Stitch before.
        return signs;
    }
    if matches!(account.password, PasswordField::Hash | PasswordField::LockedWithHash) {
        signs.push("it has a password".to_owned());
    }
    let others = key_file::count_other_keys(account, key);
    if others > 0 {
        signs.push(format!("other keys can log in ({others} in authorized_keys)"));
    }
    if account.uid < FIRST_ORDINARY_ID && account.home_node.is_some() && account.ssh_node.is_none() {
        signs.push(format!("it belongs to the system (uid {})", account.uid));
    }
    signs
}

/// An account that is Stitch's: what stops a key login is changed where that is safe, and reported where it is not.
pub(super) fn judge(bastion: &BastionSettings, account: &TunnelAccount, facts: &Facts, plan: &mut Plan) {
    let user = &bastion.tunnel_user;
    adopted(bastion, account, plan);
    password(bastion, account, facts, plan);
    login_limits::judge_dates(user, &account.aging, plan);
    login_limits::judge_shell(bastion, account, facts, plan);
    home(bastion, account, plan);
}

/// Used for Stitch (`--adopt-user`) although there are signs of another use: every run reports them.
fn adopted(bastion: &BastionSettings, account: &TunnelAccount, plan: &mut Plan) {
    let signs = signs_of_another(bastion, account);
    if !signs.is_empty() {
        let (user, signs) = (&bastion.tunnel_user, signs.join(", "));
        let text = format!("the user {user} is used for Stitch (--adopt-user) although {signs}");
        let advice = "others who log in as this user can change what Stitch's key may do; a separate user is better";
        plan.unknown(Code::SshUserAdopted, text, advice).concerning(user);
    }
}

fn password(bastion: &BastionSettings, account: &TunnelAccount, facts: &Facts, plan: &mut Plan) {
    let user = &bastion.tunnel_user;
    let none = format!("as root: usermod -p '*' {user}");
    match account.password {
        PasswordField::Impossible => {}
        PasswordField::Locked => plan.change(Change {
            summary: format!("make the account {user} usable with a key (its password is '!', which means locked)"),
            why: "Without PAM, sshd refuses a locked account even with the right key.",
            action: Action::Host(shell::unlock_for_keys(user, shell::Sight::Seen)),
            undo: Some(Action::Host(shell::lock_again(
                user,
                &account.lock,
                account.aging.changed,
            ))),
        }),
        PasswordField::LockedWithHash => {
            let text = format!("the account {user} is locked (passwd -l); its password is kept");
            let advice = format!("if the password is no longer needed, {none}");
            let verdict = Verdict::bad_if(!facts.server.uses_pam());
            let finding = Finding::new(Code::SshUserLocked, verdict, text);
            plan.find(finding.about(user).advise(advice));
        }
        PasswordField::Empty => {
            let text = format!("the account {user} has an empty password: anyone may be able to log in as {user}");
            let advice = format!("on the SSH server, {none}");
            plan.bad(Code::SshUserEmptyPassword, text, advice).concerning(user);
        }
        PasswordField::Hash => {
            let text = format!("the account {user} has a password as well as a key; Stitch does not need it");
            let advice = format!("if it is not needed, {none}");
            plan.unknown(Code::SshUserPassword, text, advice).concerning(user);
        }
        PasswordField::Unknown => {
            let text = format!("whether the account {user} is locked could not be read from /etc/shadow");
            let advice = format!("on the SSH server, as root: passwd -S {user}");
            plan.unknown(Code::SshUserPassword, text, advice).concerning(user);
        }
    }
}

/// Whether the home that the account database names is a place for files of its own.
pub(super) fn can_have_a_home(account: &TunnelAccount) -> bool {
    let nowhere = ["/dev/", "/nonexistent", "/proc/"];
    account.home.starts_with('/') && account.home != "/" && !nowhere.iter().any(|place| account.home.starts_with(place))
}

fn home(bastion: &BastionSettings, account: &TunnelAccount, plan: &mut Plan) {
    let user = &bastion.tunnel_user;
    let home = &account.home;
    let another = format!("as root: usermod -d /home/{user} {user}\nthen stitch-pg setup creates that home");
    if !can_have_a_home(account) {
        let text = format!("the home of {user} is {home:?}, which cannot hold a key file");
        let advice = format!("on the SSH server, {another}");
        plan.bad(Code::SshHomeMissing, text, advice).concerning(user);
        return;
    }
    let Some(node) = &account.home_node else {
        plan.change(Change {
            summary: format!("create the missing home directory {home} of {user}"),
            why: "The key file is in the user's home.",
            action: Action::Host(shell::make_home(user)),
            undo: Some(Action::Host(shell::remove_home(user))),
        });
        return;
    };
    if node.owner != account.uid && node.owner != 0 {
        let text = format!(
            "{} belongs to the user number {}, not to {user}; sshd ignores its key file",
            node.path, node.owner
        );
        let advice = if node.path.ends_with(&format!("/{user}")) && account.above.iter().all(Node::is_roots) {
            format!("on the SSH server, as root: chown {user}: {}", shell::word(&node.path))
        } else {
            format!("others may use it, so give the user its own home; on the SSH server, {another}")
        };
        plan.bad(Code::SshHomeOwner, text, advice).concerning(&node.path);
    }
    let mut way = account.above.iter().chain(Some(node).filter(|node| node.owner == 0));
    if let Some(closed) = way.find(|above| !above.lets_through(account.uid, account.gid)) {
        let text = format!(
            "{user} has no access to {} ({}) above its home, so sshd cannot read its key",
            closed.path, closed.mode
        );
        let advice = format!(
            "on the SSH server, as root: chmod o+x {}\nevery user can then pass through it, but not list it; or give {user} another home: usermod -d DIRECTORY {user}",
            shell::word(&closed.path)
        );
        plan.bad(Code::SshHomeUnreachable, text, advice)
            .concerning(&closed.path);
    }
}

/// Where Stitch connects from.
pub(super) fn came_from(settings: &Settings) -> Vec<IpAddr> {
    let allowed: Vec<IpAddr> = settings.stitch.allow.iter().map(|cidr| cidr.address()).collect();
    if allowed.is_empty() {
        // The account's region is not known in this run: any of Stitch's addresses may come.
        Region::ALL.map(Region::addresses).concat()
    } else {
        allowed
    }
}

/// The database's name, where it can stand for an address.
pub(super) fn account_name(settings: &Settings) -> &str {
    let host = &settings.stitch.host;
    if host.is_socket() || host.address().is_some() {
        ""
    } else {
        host.as_str()
    }
}

pub(super) fn no_key() -> Finding {
    let text = "Stitch's public key was not given, so it cannot be installed or checked.";
    Finding::bad(Code::SshKeyNotGiven, text).advise(
        "Copy it from Stitch: Destination > PostgreSQL > Encryption Type: SSH Tunnel > Public Key; then give it with \
         --public-key or --public-key-file.",
    )
}

pub(super) fn add_user(bastion: &BastionSettings) -> Change {
    let user = &bastion.tunnel_user;
    Change {
        summary: format!("add the user {user}, which logs in with a key and has no password"),
        why: "Stitch logs in to the SSH server as its own user.",
        action: Action::Host(shell::add_user(user, &bastion.shell)),
        undo: Some(Action::Host(shell::remove_user(user))),
    }
}
