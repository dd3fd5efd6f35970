//! PAM, which may refuse an account or a session that sshd's own settings let in: what can be read of its rules is judged, and what
//! cannot is named.

use std::net::IpAddr;

use super::case::Case;
use crate::finding::{Code, Finding};
use crate::pattern;

/// Modules that refuse nobody, or nobody who is only known here, or that are judged elsewhere (`pam_unix` with the account's dates).
const HARMLESS: &str = "access cap ck_connector deny ecryptfs env faildelay faillock fprintd gnome_keyring keyinit krb5 lastlog \
    lastlog2 ldap limits localuser loginuid mail mkhomedir motd nologin oddjob_mkhomedir permit selinux sepermit sss systemd \
    systemd_home time tty_audit umask unix unix_acct unix_session winbind wtmpdb";

/// What it makes of the user from each of these addresses.
pub(super) fn judge(case: &Case<'_>, addresses: &[&str]) -> Vec<Finding> {
    let (user, pam) = (case.user(), &case.server.pam);
    let refuses = |rule: &str, cure: &str| {
        Finding::bad(
            Code::SshNotAllowed,
            format!("PAM refuses {user} on the SSH server: {rule}"),
        )
        .advise(cure)
    };
    let mut unjudged = Vec::new();
    let mut found = Vec::new();
    if pam.stack.is_empty() {
        unjudged.push("its rules for sshd cannot be read".to_owned());
    }
    for line in &pam.stack {
        let (module, arguments) = module_of(line);
        match module {
            "access" if arguments.iter().any(|word| word.contains("sep=")) => unjudged.push(line.clone()),
            "access" => {
                for address in addresses {
                    let Ok(ip) = address.parse::<IpAddr>() else { continue };
                    match verdict(&pam.access, case, ip, !arguments.contains(&"nodefgroup")) {
                        Verdict::Allowed => {}
                        Verdict::Refused(rule) => {
                            let rule = format!("{rule} (access.conf)");
                            let cure = format!(
                                "in /etc/security/access.conf on the SSH server, before that line, add: + : {user} : {}",
                                addresses.join(" ")
                            );
                            found.push(refuses(&rule, &cure));
                            break;
                        }
                        Verdict::Unknown(rule) => {
                            unjudged.push(format!("{rule} (access.conf)"));
                            break;
                        }
                    }
                }
            }
            "limits" => {
                if let Some(rule) = no_logins(&pam.limits, case) {
                    let cure = format!(
                        "in the file of /etc/security that says so on the SSH server, add: {user} - maxlogins 10"
                    );
                    found.push(refuses(&format!("{rule} (limits.conf)"), &cure));
                }
            }
            "time" => unjudged.extend(
                pam.times
                    .iter()
                    .filter(|line| line.starts_with('*') || line.contains("ssh"))
                    .map(|line| format!("{line} (time.conf)")),
            ),
            module if HARMLESS.split_whitespace().any(|harmless| harmless == module) || !can_refuse(line) => {}
            _ => unjudged.push(line.clone()),
        }
    }
    if !unjudged.is_empty() {
        let text = format!(
            "PAM on the SSH server may refuse {user}; this was not checked: {}",
            unjudged.join("; ")
        );
        let advice = "compare it with the user's name, groups and Stitch's addresses; after a refused login the SSH server's log names the module";
        found.push(Finding::unknown(Code::SshSettingsUnreadable, text).advise(advice));
    }
    found
}

/// The module of a line, without its path and its `pam_`, and its arguments.
fn module_of(line: &str) -> (&str, Vec<&str>) {
    let mut words = control(line).1.split_whitespace();
    let module = words.next().unwrap_or_default();
    let module = module.rsplit('/').next().unwrap_or_default();
    let module = module.strip_prefix("pam_").unwrap_or(module);
    (module.strip_suffix(".so").unwrap_or(module), words.collect())
}

/// Whether a module's refusal counts, by its control.
fn can_refuse(line: &str) -> bool {
    match control(line).0 {
        "required" | "requisite" => true,
        control => control.contains('=') && !control.contains("default=ignore"),
    }
}

/// The control, in brackets or a word, and what stands behind it.
fn control(line: &str) -> (&str, &str) {
    let rest = line.split_once(' ').map_or("", |(_, rest)| rest.trim_start());
    let parts = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']'),
        None => rest.split_once([' ', '\t']),
    };
    parts.unwrap_or((rest, ""))
}

enum Verdict<'a> {
    Allowed,
    Refused(&'a str),
    Unknown(&'a str),
}

/// `access.conf`: the first line that fits counts, and where none does everybody is let in.
fn verdict<'a>(rules: &'a [String], case: &Case<'_>, from: IpAddr, bare_groups: bool) -> Verdict<'a> {
    for rule in rules {
        let mut fields = rule.splitn(3, ':').map(str::trim);
        let (Some(sign), Some(users), Some(origins)) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        let who = listed(users, |word| is_user(word, case, bare_groups));
        let from = listed(origins, |word| is_origin(word, from));
        match (who, from) {
            (Some(true), Some(true)) if sign == "-" => return Verdict::Refused(rule),
            (Some(true), Some(true)) => return Verdict::Allowed,
            (Some(false), _) | (_, Some(false)) => {}
            _ => return Verdict::Unknown(rule),
        }
    }
    Verdict::Allowed
}

/// `A B EXCEPT C`. `None`: that cannot be told.
fn listed(words: &str, fits: impl Fn(&str) -> Option<bool> + Copy) -> Option<bool> {
    let (words, exceptions) = match words.split_once("EXCEPT") {
        Some((words, exceptions)) => (words, Some(exceptions)),
        None => (words, None),
    };
    let mut any = Some(false);
    for word in words.split([' ', '\t', ',']).filter(|word| !word.is_empty()) {
        match fits(word) {
            Some(true) => {
                any = Some(true);
                break;
            }
            Some(false) => {}
            None => any = None,
        }
    }
    match (any, exceptions) {
        (Some(true), Some(exceptions)) => listed(exceptions, fits).map(|excepted| !excepted),
        (any, _) => any,
    }
}

fn is_user(word: &str, case: &Case<'_>, bare_groups: bool) -> Option<bool> {
    let in_group = |name: &str| case.groups.iter().any(|group| group == name);
    match word {
        "ALL" => Some(true),
        _ if word.contains('@') => None,
        _ => Some(match word.strip_prefix('(').and_then(|word| word.strip_suffix(')')) {
            Some(group) => in_group(group),
            None => word == case.user() || (bare_groups && in_group(word)),
        }),
    }
}

/// sshd tells PAM the address, unless it looks names up.
fn is_origin(word: &str, from: IpAddr) -> Option<bool> {
    match word {
        "ALL" => Some(true),
        // PAM itself finds nothing in a network of no length.
        _ if word.starts_with('@') || word.ends_with("/0") => None,
        _ if word.ends_with('.') => Some(from.to_string().starts_with(word)),
        _ if word.parse::<IpAddr>().is_ok() || word.contains('/') => Some(pattern::list_allows(&[word], from)),
        // A name that would have to be looked up; no terminal's has a dot, nor `LOCAL`.
        _ => (!word.contains('.') || word.starts_with('.')).then_some(false),
    }
}

/// The rule that lets the user log in no times. The user's own comes before those of its groups and of everybody.
fn no_logins<'a>(limits: &'a [String], case: &Case<'_>) -> Option<&'a str> {
    let rank = |domain: &str| match domain.strip_prefix('@') {
        Some(group) => case.groups.iter().any(|known| known == group).then_some(1),
        None if domain == case.user() => Some(2),
        None => (domain == "*").then_some(0),
    };
    let counted = limits.iter().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [domain, _, "maxlogins" | "maxsyslogins", number] = words.as_slice() else {
            return None;
        };
        Some((rank(domain)?, *number, line.as_str()))
    });
    let (_, number, line) = counted.max_by_key(|(rank, ..)| *rank)?;
    (number == "0").then_some(line)
}
