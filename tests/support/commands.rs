//! Which findings print shell commands that change something, and which test runs them on what they are for and compares
//! before and after. Every report of every test is held against this list, as with `statements.rs`.

/// `ssh_user/reach.rs`: all that sshd makes of its configuration, for several logins.
const SSHD: [&str; 11] = [
    "ssh-authorized-keys-elsewhere",
    "ssh-certificates-only",
    "ssh-forwarding-off",
    "ssh-forwarding-restricted",
    "ssh-key-login-off",
    "ssh-keys-from-command",
    "ssh-max-startups",
    "ssh-no-sessions",
    "ssh-not-allowed",
    "ssh-not-listening",
    "ssh-stream-local-forwarding",
];

/// `ssh_user/advice.rs`: the accounts and the homes of all users.
const ACCOUNTS: [&str; 11] = [
    "ssh-home-missing",
    "ssh-home-owner",
    "ssh-home-unreachable",
    "ssh-key-file-not-regular",
    "ssh-shell-missing",
    "ssh-shell-nologin",
    "ssh-user-empty-password",
    "ssh-user-expired",
    "ssh-user-in-use",
    "ssh-user-locked",
    "ssh-user-password",
];

/// Others, with their test or the reason why there is none.
const OTHERS: [(&str, &str); 14] = [
    (
        "firewall-closed",
        "cure::allowlist::firewall: packets of others, and the rules",
    ),
    (
        "firewall-not-checked",
        "cure::allowlist::firewall: ufw, as it is where its state is seen",
    ),
    ("firewall-uncertain", "the commands of firewall-closed"),
    (
        "not-removed",
        "cure::remove: looks only, or what remove itself would run",
    ),
    (
        "ssh-chroot",
        "cure::ssh_user::doctor: what it says is one line for sshd_config, as in reach.rs",
    ),
    (
        "ssh-key-file-unsafe",
        "cure::ssh_user::doctor: one file's owner and mode",
    ),
    (
        "ssh-key-option-unknown",
        "cure::ssh_user::servers: a flag of Dropbear's, for all its keys as it says",
    ),
    (
        "ssh-key-too-short",
        "cure::ssh_user::doctor: a line for sshd_config, as in reach.rs",
    ),
    (
        "ssh-key-type-refused",
        "cure::ssh_user::doctor: a line for sshd_config, as in reach.rs",
    ),
    (
        "ssh-nologin-file",
        "cure::ssh_user::doctor: a file that closes the machine to everybody, by its name",
    ),
    (
        "ssh-second-factor",
        "cure::ssh_user::doctor: a line for sshd_config, as in reach.rs",
    ),
    ("ssh-server-allows", "the fixes of ssh-forwarding-off"),
    ("ssh-settings-unreadable", "it reads them"),
    (
        "tunnel-key-left",
        "cure::ssh_user::proof: the line of the temporary key",
    ),
];

/// What begins a shell command that changes something.
const VERBS: [&str; 25] = [
    "addgroup ",
    "adduser ",
    "cat >",
    "chmod ",
    "chown ",
    "chsh ",
    "firewall-cmd --",
    "gpasswd ",
    "groupadd ",
    "iptables -",
    "kill -",
    "mkdir -",
    "nft add ",
    "nft delete ",
    "nft insert ",
    "passwd -",
    "restorecon ",
    "rm -",
    "rm /",
    "sed -i",
    "su -s ",
    "systemctl re",
    "ufw allow ",
    "useradd ",
    "usermod ",
];

/// What is wrong with advice that has a command which no test compares.
pub(crate) fn complaint(code: &str, advice: &str) -> Option<String> {
    let holds_command = VERBS.iter().any(|verb| {
        let mut places = advice.match_indices(verb);
        places.any(|(at, _)| at == 0 || advice[..at].ends_with([' ', '\n', '(', '{', ';', '\'', '"']))
    });
    let is_known = SSHD.contains(&code) || ACCOUNTS.contains(&code) || OTHERS.iter().any(|(known, _)| *known == code);
    (holds_command && !is_known).then(|| {
        format!("no test runs the command of {code}: let one compare before and after, and add it here: {advice}")
    })
}
