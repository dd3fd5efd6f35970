//! The small SSH server of embedded systems and of Alpine. It has no `sshd -T`: its settings are the flags it was started
//! with.

use super::account::POWERFUL;
use crate::change::Plan;
use crate::finding::Code;
use crate::settings::KeyOption;
use crate::steps::ssh_user::facts::SshServer;

/// Flags with a value, which stands behind them or is the next word.
const WITH_VALUE: &str = "bdrpPWKITcAGDVQ";

/// From the first to below the second, it connects to Unix sockets of the server as root, for a key with any options
/// (CVE-2025-14282).
const SOCKETS_AS_ROOT: ((u32, u32), (u32, u32)) = ((2024, 84), (2025, 89));

/// Judges the flags that matter to a login with a key. `-s` and `-g` (no passwords, or none for root) and `-w` (no root)
/// do not.
pub(super) fn judge(server: &SshServer, user: &str, groups: &[String], key_options: &[KeyOption], plan: &mut Plan) {
    let command = server.running.as_str();
    let flags = flags(command);
    let value = |wanted: char| flags.iter().find(|(flag, _)| *flag == wanted).map(|(_, value)| *value);
    let mut problems = Vec::new();
    let mut problem = |code, text: String, advice: String| problems.push((code, text, advice));
    if value('j').is_some() {
        let text = "was started with -j: it forwards no connections".to_owned();
        problem(Code::SshForwardingOff, text, "start Dropbear without -j".to_owned());
    }
    if value('t').is_some() {
        let text = "was started with -t: it also requires a password, which Stitch cannot give".to_owned();
        problem(Code::SshSecondFactor, text, "start Dropbear without -t".to_owned());
    }
    if let Some(group) = value('G').filter(|group| !groups.iter().any(|own| own == group)) {
        let text = format!("was started with -G {group}: it allows only users of that group, and {user} is not in it");
        let advice = if POWERFUL.contains(&group) {
            format!(
                "{user} must not be in {group}: start Dropbear with -G and a login group that contains {user} and all present users"
            )
        } else {
            format!("as root on the SSH server: usermod -aG {group} {user} (addgroup {user} {group} with BusyBox)")
        };
        problem(Code::SshNotAllowed, text, advice);
    }
    if let Some(folder) = value('D').filter(|folder| !matches!(*folder, "~/.ssh" | ".ssh")) {
        let text = format!("was started with -D {folder}: it reads keys there, not in ~{user}/.ssh");
        problem(
            Code::SshAuthorizedKeysElsewhere,
            text,
            "start Dropbear without -D".to_owned(),
        );
    }
    let (first, fixed) = SOCKETS_AS_ROOT;
    let version = server
        .dropbear_version
        .filter(|version| (first..fixed).contains(version));
    if let (Some((year, number)), None) = (version, value('j')) {
        let text = format!(
            "the SSH server is Dropbear {year}.{number}, which lets every key holder connect to Unix sockets as root (CVE-2025-14282)"
        );
        let advice = "install Dropbear 2025.89 or newer, or OpenSSH";
        plan.bad(Code::SshStreamLocalForwarding, text, advice).concerning(user);
    }
    if problems.is_empty() {
        let shown = command.trim();
        let text = format!("the SSH server is Dropbear ({shown}), which lets {user} log in with a key and forward");
        plan.good(Code::SshServerAllows, text);
    }
    if key_options.contains(&KeyOption::PermitOpen) && value('k').is_none() && value('j').is_none() {
        let text = "the SSH server is Dropbear, which has no key option against listening on ports of the server";
        let advice = "start Dropbear with -k, which turns off remote port forwarding";
        plan.unknown(Code::SshKeyOptionUnknown, text, advice).concerning(user);
    }
    for (code, text, advice) in problems {
        plan.bad(code, format!("the SSH server is Dropbear and {text}"), advice)
            .concerning(user);
    }
}

/// As Dropbear reads them: several flags may share a word.
fn flags(command: &str) -> Vec<(char, &str)> {
    let mut found = Vec::new();
    let mut words = command.split_whitespace().skip(1);
    while let Some(word) = words.next() {
        let Some(letters) = word.strip_prefix('-') else {
            continue;
        };
        for (at, flag) in letters.char_indices() {
            if WITH_VALUE.contains(flag) {
                let rest = &letters[at + flag.len_utf8()..];
                let value = if rest.is_empty() {
                    words.next().unwrap_or_default()
                } else {
                    rest
                };
                found.push((flag, value));
                break;
            }
            found.push((flag, ""));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_put_into_a_powerful_group() {
        for (group, joins) in [("root", false), ("sudo", false), ("tunnels", true)] {
            let mut plan = Plan::default();
            let server = SshServer {
                running: format!("dropbear -G {group}"),
                ..SshServer::default()
            };
            judge(&server, "stitch", &[], &[], &mut plan);
            let advice = plan.findings[0].advice.as_deref().unwrap_or_default();
            assert_eq!(advice.contains("usermod -aG"), joins, "{advice}");
        }
    }

    #[test]
    fn unix_sockets_as_root() {
        for (version, running, wanted) in [
            (Some((2024, 83)), "dropbear", false),
            (Some((2024, 84)), "dropbear", true),
            (Some((2025, 88)), "dropbear -R", true),
            (Some((2025, 88)), "dropbear -j", false),
            (Some((2025, 89)), "dropbear", false),
            (None, "dropbear", false),
        ] {
            let mut plan = Plan::default();
            let server = SshServer {
                running: running.to_owned(),
                dropbear_version: version,
                ..SshServer::default()
            };
            judge(&server, "stitch", &[], &[], &mut plan);
            let mut codes = plan.findings.iter().map(|finding| finding.code);
            assert_eq!(
                codes.any(|code| code == Code::SshStreamLocalForwarding),
                wanted,
                "{version:?}"
            );
        }
    }

    #[test]
    fn flags_are_read_as_dropbear_does() {
        let seen = flags("/usr/sbin/dropbear -FE -p 2222 -r/etc/j -sgj -G staff");
        let letters: String = seen.iter().map(|(flag, _)| *flag).collect();
        assert_eq!(letters, "FEprsgjG");
        assert!(seen.contains(&('p', "2222")) && seen.contains(&('r', "/etc/j")) && seen.contains(&('G', "staff")));
    }
}
