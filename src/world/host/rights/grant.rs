//! The rule of sudoers or doas.conf that lets the login become root: for exactly this login and the one command that is run,
//! checked by the tool's own checker before it counts, with the way back. What the host reports about the login is data: a name
//! that the file would read as anything but this name stands there as its number.

use crate::shell::quoted;

/// What root runs for sudo; `None` where it is not known who the login is.
pub(super) fn sudo(user: &str, uid: &str) -> Option<String> {
    let number = number(uid)?;
    let who = if is_plain(user) {
        user.to_owned()
    } else {
        format!("#{number}")
    };
    let file = format!("/etc/sudoers.d/stitch-pg-{number}");
    // Where sudo insists on a terminal, a rule without a password does not help alone.
    let rule = quoted(&format!(
        "Defaults:{who} !requiretty\n{who} ALL=(root) NOPASSWD: /bin/sh"
    ));
    // sudo reads no file with a dot in its name, so it sees the whole file or none.
    Some(format!(
        "f={file}; (umask 0227; printf '%s\\n' {rule} >$f.new) && visudo -cqf $f.new && mv $f.new $f || {{ rm -f $f.new; false; }} \
         # to undo it: rm {file}"
    ))
}

/// What root runs for doas.
pub(super) fn doas(user: &str, uid: &str) -> Option<String> {
    let number = number(uid)?;
    let who = if is_plain(user) { user } else { number };
    let rule = quoted(&format!("permit nopass {who} as root cmd sh"));
    let others = format!("{{ grep -vxF {rule} $f || [ $? = 1 ]; }}");
    Some(format!(
        "f=/etc/doas.conf; [ -e $f ] || : >$f; cp -p $f $f.new && {{ {others} && echo {rule}; }} >$f.new && doas -C $f.new && mv $f.new $f \
         || {{ rm -f $f.new; false; }} # to undo it: remove that line from /etc/doas.conf"
    ))
}

/// A number, and not root's.
fn number(uid: &str) -> Option<&str> {
    (!uid.is_empty() && uid.len() <= 10 && uid.chars().all(|c| c.is_ascii_digit()) && !uid.trim_matches('0').is_empty())
        .then_some(uid)
}

/// A name that neither file takes for anything else: no `%group`, `+netgroup`, `ALL` or other alias (those are in capitals),
/// no number, and nothing that would need an escape.
fn is_plain(user: &str) -> bool {
    user.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && user.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_is_named() {
        for user in [
            "",
            "ALL",
            "ADMINS",
            "%wheel",
            "+net",
            "#0",
            "a b",
            "a,b",
            "a=b",
            "CORP\\ann",
            "a\nALL",
            "a'b",
            "1",
            "a!",
            "-u",
            "ü",
        ] {
            let rule = sudo(user, "1001").expect("a number");
            assert!(
                rule.contains("'Defaults:#1001 !requiretty\n#1001 ALL=(root) NOPASSWD: /bin/sh'"),
                "{user:?}: {rule}"
            );
            let rule = doas(user, "1001").expect("a number");
            assert!(rule.contains("'permit nopass 1001 as root cmd sh'"), "{user:?}: {rule}");
        }
        for uid in ["", "0", "00", "-1", "1 ", "1\n2", "ALL", "12345678901"] {
            assert_eq!((sudo("ann", uid), doas("ann", uid)), (None, None), "{uid:?}");
        }
        assert!(
            sudo("ann.b-c", "7")
                .expect("a number")
                .contains("\nann.b-c ALL=(root) NOPASSWD: /bin/sh'")
        );
    }
}
