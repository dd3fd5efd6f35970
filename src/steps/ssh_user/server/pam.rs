//! PAM, which may refuse an account or a session that sshd's own settings let in: what can be read of its rules is judged, and what
//! cannot is named.

use std::net::IpAddr;

use super::case::Case;
use crate::finding::{Code, Finding};
use crate::pattern;

/// Modules that refuse no user, or no local user, or that are judged elsewhere (`pam_unix` with the account's dates).
const HARMLESS: &str = "access cap ck_connector deny ecryptfs env faildelay faillock fprintd gnome_keyring keyinit krb5 lastlog \
    lastlog2 ldap limits localuser loginuid mail mkhomedir motd nologin oddjob_mkhomedir permit selinux sepermit sss systemd \
    shells systemd_home time tty_audit umask unix unix_acct unix_session winbind wtmpdb";

/// What PAM's rules refuse to the user from each of these addresses.
pub(super) fn judge(case: &Case<'_>, addresses: &[&str]) -> Vec<Finding> {
    let (user, pam) = (case.user(), &case.server.pam);
    let refuses = |rule: &str, cure: &str| {
        let text = format!("PAM refuses {user} on the SSH server: {rule}");
        Finding::bad(Code::SshNotAllowed, text).advise(cure)
    };
    let mut unjudged = Vec::new();
    let mut found = Vec::new();
    if pam.stack.is_empty() {
        unjudged.push("its rules for sshd cannot be read".to_owned());
    }
    for (at, line) in pam.stack.iter().enumerate() {
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
                    let cure = format!("in the file that says so on the SSH server, add: {user} - maxlogins 10");
                    found.push(refuses(&format!("{rule} (limits.conf)"), &cure));
                }
                let narrow = fitting(&pam.limits, case).filter(Limit::is_narrow);
                unjudged.extend(narrow.map(|limit| format!("{} (limits.conf)", limit.line)));
            }
            "time" => {
                let ours = pam
                    .times
                    .iter()
                    .filter(|line| line.starts_with('*') || line.contains("ssh"));
                unjudged.extend(ours.map(|line| format!("{line} (time.conf)")));
            }
            module
                if HARMLESS.split_whitespace().any(|harmless| harmless == module)
                    || !counts(line, &pam.stack[at..]) => {}
            _ => unjudged.push(line.clone()),
        }
    }
    if !unjudged.is_empty() {
        let unjudged = unjudged.join("; ");
        let text = format!("PAM on the SSH server may refuse {user}; this was not checked: {unjudged}");
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

/// Whether a module's answer counts, by its control: as a refusal, or as what saves from a refusal behind it.
fn counts(line: &str, behind: &[String]) -> bool {
    let kind = line.split(' ').next().unwrap_or_default();
    let denies = |next: &String| next.starts_with(kind) && module_of(next).0 == "deny";
    let saves = || behind.iter().any(denies);
    match control(line).0 {
        "required" | "requisite" => true,
        "sufficient" => saves(),
        control => control.contains('=') && (!control.contains("default=ignore") || saves()),
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

/// `access.conf`: the first line that fits counts. Where none fits, the user is let in.
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

/// `A B EXCEPT C`. `None`: that cannot be decided.
fn listed(words: &str, fits: impl Fn(&str) -> Option<bool> + Copy) -> Option<bool> {
    let (words, exceptions) = words.split_once("EXCEPT").unwrap_or((words, ""));
    let words = words.split([' ', '\t', ',']).filter(|word| !word.is_empty());
    let found: Vec<Option<bool>> = words.map(fits).collect();
    if found.contains(&Some(true)) {
        listed(exceptions, fits).map(|excepted| !excepted)
    } else {
        (!found.contains(&None)).then_some(false)
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

/// sshd gives PAM the address, unless it looks names up.
fn is_origin(word: &str, from: IpAddr) -> Option<bool> {
    match word {
        "ALL" => Some(true),
        // PAM itself finds nothing in a network of no length.
        _ if word.starts_with('@') || word.ends_with("/0") => None,
        _ if word.ends_with('.') => Some(from.to_string().starts_with(word)),
        _ if word.parse::<IpAddr>().is_ok() || word.contains('/') => Some(pattern::list_allows([word], from)),
        // A name that would have to be looked up; no terminal's has a dot, nor `LOCAL`.
        _ => (!word.contains('.') || word.starts_with('.')).then_some(false),
    }
}

/// A line of `limits.conf`.
struct Limit<'a> {
    /// The user's own limit comes before those of its groups and the one for all users.
    rank: u8,
    item: &'a str,
    number: &'a str,
    line: &'a str,
}

impl Limit<'_> {
    /// Whether sshd may be unable to serve a login within it (a number, kilobytes, minutes).
    fn is_narrow(&self) -> bool {
        let needed = match self.item {
            "nofile" => 64,
            "as" | "data" | "rss" => 65_536,
            "stack" => 128,
            "cpu" => 1_440,
            _ => 0,
        };
        self.number.parse().is_ok_and(|number: u64| number < needed)
    }
}

/// The limits of the user.
fn fitting<'a>(limits: &'a [String], case: &Case<'_>) -> impl Iterator<Item = Limit<'a>> {
    let rank = |domain: &str| match (domain.trim_start_matches(['@', '%']), domain.starts_with(['@', '%'])) {
        ("*" | "", _) => Some(0),
        (group, true) => case.groups.iter().any(|known| known == group).then_some(1),
        (user, false) if user == case.user() => Some(2),
        (users, false) => {
            let (first, last) = users.split_once(':')?;
            let (first, last) = (first.parse().unwrap_or(0), last.parse().unwrap_or(u32::MAX));
            (first..=last).contains(&case.uid?).then_some(2)
        }
    };
    limits.iter().filter_map(move |line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [domain, _, item, number] = *words.as_slice() else {
            return None;
        };
        Some(Limit {
            rank: rank(domain)?,
            item,
            number,
            line,
        })
    })
}

/// The rule that lets the user log in no times.
fn no_logins<'a>(limits: &'a [String], case: &Case<'_>) -> Option<&'a str> {
    let logins = fitting(limits, case).filter(|limit| matches!(limit.item, "maxlogins" | "maxsyslogins"));
    let limit = logins.max_by_key(|limit| limit.rank)?;
    (limit.number == "0").then_some(limit.line)
}
