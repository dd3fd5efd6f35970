//! Whether the SSH server lets Stitch's user log in with the key and forward to the database, from each of Stitch's
//! addresses. Nothing of its configuration is ever changed: the exact lines are told.

use super::dropbear;
use super::facts::{Facts, Kind, Looked};
use super::key_options::opens;
use super::sshd::View;
use crate::change::Plan;
use crate::finding::{Code, Finding};
use crate::settings::{Bastion, Settings};

mod config_file;

/// Everything a check looks at.
struct Case<'a> {
    settings: &'a Settings,
    bastion: &'a Bastion,
    groups: Vec<String>,
    home: String,
}

#[derive(PartialEq)]
struct Problem {
    code: Code,
    text: String,
    advice: String,
}

type Check = fn(&Case<'_>, &View<'_>) -> Option<Problem>;

/// In the order in which sshd decides.
const CHECKS: [Check; 7] = [
    is_listed,
    takes_keys,
    takes_keys_alone,
    reads_our_file,
    takes_this_key,
    forwards,
    forwards_there,
];

/// Judges what was read of the server.
pub(super) fn judge(settings: &Settings, bastion: &Bastion, facts: &Facts, plan: &mut Plan) {
    let server = &facts.server;
    if server.looked == Looked::No {
        return;
    }
    let user = bastion.tunnel_user.as_str();
    if server.kind == Kind::Dropbear {
        plan.find(dropbear::judge(&server.running, user));
        return;
    }
    let views = View::all(server);
    if views.is_empty() {
        config_file::judge(&Case::new(settings, bastion, facts), server, plan);
        return;
    }
    let case = Case::new(settings, bastion, facts);
    let mut problems: Vec<(Problem, Vec<&str>)> = Vec::new();
    for check in CHECKS {
        for view in &views {
            let Some(problem) = check(&case, view) else { continue };
            match problems.iter_mut().find(|(known, _)| *known == problem) {
                Some((_, addresses)) => addresses.push(view.address),
                None => problems.push((problem, vec![view.address])),
            }
        }
    }
    if problems.is_empty() {
        let (host, port) = (&settings.stitch.host, settings.stitch.port);
        plan.find(Finding::good(
            Code::SshServerAllows,
            format!("By its settings the SSH server lets {user} log in with a key and forward to {host}:{port}."),
        ));
    }
    for (problem, addresses) in problems {
        let from = if addresses.len() == views.len() {
            String::new()
        } else {
            format!(" (for logins from {})", addresses.join(", "))
        };
        let finding = Finding::bad(problem.code, format!("{}{from}.", problem.text));
        plan.find(finding.about(user).advise(problem.advice));
    }
}

impl<'a> Case<'a> {
    fn new(settings: &'a Settings, bastion: &'a Bastion, facts: &Facts) -> Self {
        let user = bastion.tunnel_user.to_string();
        match &facts.account {
            Some(account) => Self {
                settings,
                bastion,
                groups: account.groups.clone(),
                home: account.home.clone(),
            },
            None => Self {
                settings,
                bastion,
                groups: vec![user.clone()],
                home: format!("/home/{user}"),
            },
        }
    }

    fn user(&self) -> &str {
        self.bastion.tunnel_user.as_str()
    }

    /// A drop-in for this user alone, and how it is put to work.
    fn drop_in(&self, line: &str) -> String {
        format!(
            "Put these lines at the end of /etc/ssh/sshd_config:\n  Match User {}\n      {line}\nand as root run: sshd -t && \
             systemctl reload ssh (sshd on Red Hat's family)",
            self.user()
        )
    }
}

impl Problem {
    fn new(code: Code, text: String, advice: String) -> Self {
        Self { code, text, advice }
    }
}

fn is_listed(case: &Case<'_>, view: &View<'_>) -> Option<Problem> {
    let user = case.user();
    let refused = |keyword: &str, act: &str| {
        Some(Problem::new(
            Code::SshNotAllowed,
            format!("sshd refuses {user} by {keyword} in its configuration"),
            format!("{act} in /etc/ssh/sshd_config, and as root run: sshd -t && systemctl reload ssh"),
        ))
    };
    if view.lists_user("denyusers", user) {
        return refused("DenyUsers", &format!("Take {user} out of DenyUsers"));
    }
    if !view.words("allowusers").is_empty() && !view.lists_user("allowusers", user) {
        return refused("AllowUsers", &format!("Add {user} to AllowUsers"));
    }
    if view.lists_group("denygroups", &case.groups) {
        return refused("DenyGroups", &format!("Take the groups of {user} out of DenyGroups"));
    }
    if !view.words("allowgroups").is_empty() && !view.lists_group("allowgroups", &case.groups) {
        return refused(
            "AllowGroups",
            &format!("Add {user} to a group of AllowGroups, or its group to AllowGroups"),
        );
    }
    None
}

fn takes_keys(case: &Case<'_>, view: &View<'_>) -> Option<Problem> {
    if !view.is("pubkeyauthentication", "no") {
        return None;
    }
    let text = format!("sshd does not take keys from {} (PubkeyAuthentication no)", case.user());
    Some(Problem::new(
        Code::SshKeysOff,
        text,
        case.drop_in("PubkeyAuthentication yes"),
    ))
}

fn takes_keys_alone(case: &Case<'_>, view: &View<'_>) -> Option<Problem> {
    let lists = view.words("authenticationmethods");
    if lists.is_empty() || lists.iter().any(|list| matches!(*list, "any" | "publickey")) {
        return None;
    }
    let text = format!(
        "sshd wants more than a key from {} (AuthenticationMethods {}), which Stitch cannot give",
        case.user(),
        lists.join(" ")
    );
    Some(Problem::new(
        Code::SshKeysOff,
        text,
        case.drop_in("AuthenticationMethods publickey"),
    ))
}

fn reads_our_file(case: &Case<'_>, view: &View<'_>) -> Option<Problem> {
    let files = view.words("authorizedkeysfile");
    let ours = format!("{}/.ssh/authorized_keys", case.home);
    let full = |file: &&str| {
        let file = file
            .replace("%h", &case.home)
            .replace("%u", case.user())
            .replace("%%", "%");
        if file.starts_with('/') {
            file
        } else {
            format!("{}/{file}", case.home)
        }
    };
    if files.is_empty() || files.iter().any(|file| full(file) == ours) {
        return None;
    }
    let text = format!(
        "sshd does not read {ours} for {} but: {} (AuthorizedKeysFile)",
        case.user(),
        files.join(" ")
    );
    Some(Problem::new(
        Code::SshAuthorizedKeysElsewhere,
        text,
        format!(
            "Copy Stitch's line to the file it reads; or: {}",
            case.drop_in("AuthorizedKeysFile .ssh/authorized_keys")
        ),
    ))
}

fn takes_this_key(case: &Case<'_>, view: &View<'_>) -> Option<Problem> {
    let key = case.bastion.public_key.as_ref()?;
    let algorithms: &[&str] = match key.kind() {
        "ssh-rsa" => &["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"],
        kind => &[kind],
    };
    let accepted = view
        .value("pubkeyacceptedalgorithms")
        .or_else(|| view.value("pubkeyacceptedkeytypes"));
    if let Some(accepted) = accepted {
        let takes = |algorithm: &&str| accepted.split(',').any(|name| crate::pattern::matches(name, algorithm));
        if !algorithms.iter().any(takes) {
            return Some(Problem::new(
                Code::SshKeyTypeRefused,
                format!("sshd takes no {} keys (PubkeyAcceptedAlgorithms)", key.kind()),
                case.drop_in(&format!("PubkeyAcceptedAlgorithms +{}", algorithms[0])),
            ));
        }
    }
    let least: usize = view.value("requiredrsasize")?.parse().ok()?;
    let bits = key.bits().filter(|bits| *bits < least)?;
    Some(Problem::new(
        Code::SshKeyTypeRefused,
        format!("sshd wants RSA keys of {least} bits at least (RequiredRSASize), and Stitch's has {bits}"),
        format!("In /etc/ssh/sshd_config set RequiredRSASize {bits}, and as root run: sshd -t && systemctl reload ssh"),
    ))
}

fn forwards(case: &Case<'_>, view: &View<'_>) -> Option<Problem> {
    let user = case.user();
    if view.is("disableforwarding", "yes") {
        let text = format!("sshd forwards nothing for {user} (DisableForwarding yes)");
        return Some(Problem::new(
            Code::SshForwardingOff,
            text,
            case.drop_in("DisableForwarding no"),
        ));
    }
    let allowed = view.value("allowtcpforwarding")?;
    if matches!(allowed, "yes" | "all" | "local") {
        return None;
    }
    let text = format!("sshd forwards no connections for {user} (AllowTcpForwarding {allowed})");
    Some(Problem::new(
        Code::SshForwardingOff,
        text,
        case.drop_in("AllowTcpForwarding local"),
    ))
}

fn forwards_there(case: &Case<'_>, view: &View<'_>) -> Option<Problem> {
    let targets = view.words("permitopen");
    let (host, port) = (case.settings.stitch.host.as_str(), case.settings.stitch.port.number());
    if targets.is_empty() || targets.iter().any(|target| opens(target, host, port)) {
        return None;
    }
    let text = format!(
        "sshd forwards {} to {} only, not to {host}:{port} (PermitOpen)",
        case.user(),
        targets.join(" ")
    );
    Some(Problem::new(
        Code::SshForwardingRestricted,
        text,
        case.drop_in(&format!("PermitOpen {host}:{port}")),
    ))
}
