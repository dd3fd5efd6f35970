//! The script that only looks: everything about the account, its key file and the SSH server that decides whether
//! Stitch can log in and forward. It prints `name=value` lines and works when the user does not exist.

use std::fmt::Write as _;
use std::net::IpAddr;

use super::account::MADE_BY_US;
use super::home::{ONLY_ROOTS, WORKER, inside};
use super::{FAIL, HAS, LOOK_UP, line_of, script};
use crate::names::{LinuxUser, Port};
use crate::public_key::PublicKey;
use crate::statement::Statement;

mod server;
use server::{RUNNING, SSHD, SSHD_FILES, SSHD_WAYS};

/// What the script is told to look for.
#[derive(Clone, Copy, Debug)]
pub struct Looking<'a> {
    /// Stitch's login name.
    pub user: &'a LinuxUser,
    /// Stitch's key, to be looked for in files elsewhere.
    pub key: Option<&'a PublicKey>,
    /// Where Stitch connects from.
    pub from: &'a [IpAddr],
    /// The port Stitch dials.
    pub port: Port,
    /// The name whose addresses matter; empty: none.
    pub database: &'a str,
}

/// Looks at the user and the server; `sshd -T` is asked once for each address Stitch connects from, since `Match`
/// blocks can tell them apart.
#[must_use]
pub fn inspect_ssh_user(looking: &Looking<'_>) -> Statement {
    let mut addresses = String::new();
    for address in looking.from {
        let _ = write!(addresses, " {address}");
    }
    script(
        "Look at the user that Stitch logs in as, and at the SSH server; nothing is changed.",
        &[
            ("user", looking.user.as_str()),
            ("body", looking.key.map_or("", PublicKey::body)),
            ("addresses", addresses.trim_start()),
            ("port", &looking.port.to_string()),
            ("database", looking.database),
            ("comment", MADE_BY_US),
            ("max", "1048577"),
        ],
        &[
            SAY,
            FAIL,
            HAS,
            LOOK_UP,
            ONLY_ROOTS,
            &ACCOUNT.replace("LINE", &line_of(looking.user)),
            FILES,
            "if [ -n \"${real-}\" ] && [ \"$name\" = \"$user\" ] && [ \"$uid\" != 0 ]; then",
            WORKER,
            &inside("read_keys", &[READ_KEYS]),
            SAY_KEYS,
            "fi",
            DATABASE,
            RUNNING,
            SSHD,
            SSHD_WAYS,
            SSHD_FILES,
        ],
    )
}

const SAY: &str = r#"
say() { printf '%s=%s\n' "$1" "$2"; }
# Mode, owner and group (as numbers) of a file, then its path.
node() {
    if [ -e "$2" ] || [ -L "$2" ]; then
        read -r mode _ owner group _ <<EOF
$(ls -ldn "$2")
EOF
        say "$1" "$mode $owner $group $2"
    fi
}
# The directories above a path, from the inside out.
above() {
    path=$2
    while [ "$path" != / ] && [ -n "$path" ]; do
        path=${path%/*}
        path=${path:-/}
        node "$1" "$path"
    done
}
"#;

const ACCOUNT: &str = r#"
if id -u "$user" >/dev/null 2>&1; then say exists yes; fi
if grep -q LINE /etc/passwd; then say local yes; fi
read -r group <<EOF
$(getent group "$user" 2>/dev/null || grep LINE /etc/group || :)
EOF
say group "$group"
for tool in useradd groupadd usermod adduser addgroup chpasswd restorecon; do
    if has "$tool"; then say tool "$tool"; fi
done
if [ "$name" = "$user" ]; then
    say uid "$uid"
    say gid "$gid"
    say home "$home"
    say groups "$(id -Gn "$user" 2>/dev/null || :)"
    while IFS=: read -r name field _ _ said _ shell && [ "$name" != "$user" ]; do :; done <<EOF
$(getent passwd "$user" 2>/dev/null || cat /etc/passwd)
EOF
    say shell "$shell"
    if [ "$said" = "$comment" ]; then say made_by_us yes; fi
    if [ ! -x "${shell:-/bin/sh}" ]; then say shell_missing yes; fi
    if [ -f /etc/shells ] && ! grep -qxF -e "${shell:-/bin/sh}" /etc/shells; then say shell_unlisted yes; fi
    if [ "$field" = x ] && [ -r /etc/shadow ]; then
        while IFS=: read -r name field changed _ max _ inactive expires _ && [ "$name" != "$user" ]; do :; done </etc/shadow
        if [ "$name" != "$user" ]; then field=; fi
        say changed "$changed"
        say max_days "$max"
        say inactive_days "$inactive"
        say expires "$expires"
        say today "$(expr "$(date +%s)" / 86400)"
    fi
    case $field in # never the hash itself
    '*') say password impossible ;;
    '!' | '!!' | '!*' | '*LK*')
        say password locked
        say lock "$field"
        ;;
    '!'*) say password locked-with-hash ;;
    '') say password empty ;;
    x) say password unreadable ;;
    '$'* | _* | ?????????????) say password hash ;;
    *) say password impossible ;;
    esac
    name=$user
fi
"#;

const FILES: &str = r#"
if [ -n "$home" ]; then
    node home_link "$home"
    if real=$(cd "$home" 2>/dev/null && pwd -P); then
        node home_node "$real"
        node ssh_node "$real/.ssh"
        node keys_node "$real/.ssh/authorized_keys"
        above above "$real"
    fi
fi
# What the SSH server reads of a file of keys. Without the user: what root alone can have put there.
text_of() { if only_roots "${1%/*}" && [ -f "$1" ] && [ ! -L "$1" ]; then head -c "$max" "$1" && echo .; fi; }
"#;

/// A file of keys, in the home or elsewhere, as the SSH server reads it: as the user. The dot tells that all of it was read.
const READ_KEYS: &str = r#"
if [ -f "$file" ] && [ -r "$file" ]; then
    # A shell reads it byte by byte.
    [ "$(wc -c <"$file")" -le 1048576 ] || fail "$file has more than 1 MiB, which no file of keys needs; look at it yourself"
    head -c 1048577 "$file"
    echo .
fi
"#;

/// Line by line. The keys may be anybody's: each line stands behind its name.
const SAY_KEYS: &str = r#"
text_of() {
    file=$1
    as_user read_keys
}
file=$real/.ssh/authorized_keys
if [ -f "$file" ] && [ ! -L "$file" ] && [ ! -L "$real/.ssh" ]; then
    text=$(in_home read_keys)
    line_end='
'
    cr=$(printf '\r')
    case $text in *"$cr$line_end"* | *"$cr.") say key_end mixed ;; esac
    lines=yes
    case $text in
    .) lines=no ;;
    *"$line_end.") text=${text%"$line_end".} ;;
    *.)
        text=${text%.}
        say key_end open
        ;;
    *)
        lines=no
        say key_end unread
        ;;
    esac
    if [ "$lines" = yes ]; then
        while IFS= read -r line; do say key_line "$line"; done <<EOF
$text
EOF
    fi
fi
"#;

const DATABASE: &str = r#"
# What the database's name stands for here: sshd compares names as they are written.
if [ -n "$database" ] && has getent; then
    while read -r address kind _; do
        if [ "$kind" = STREAM ]; then say database_address "$address"; fi
    done <<EOF
$(getent ahosts "$database" 2>/dev/null || :)
EOF
fi
"#;
