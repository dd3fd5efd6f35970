//! The script that only looks: everything about the account, its key file and the SSH server that decides whether
//! Stitch can log in and forward. It prints `name=value` lines and works when the user does not exist.

use std::fmt::Write as _;
use std::net::IpAddr;

use super::{HAS, LOOK_UP, line_of, script};
use crate::change::Statement;
use crate::names::LinuxUser;

/// Looks at the user and the server; `sshd -T` is asked once for each address Stitch connects from, since `Match`
/// blocks can tell them apart. `database` is the name whose addresses matter; empty: none.
#[must_use]
pub fn inspect_ssh_user(user: &LinuxUser, from: &[IpAddr], database: &str) -> Statement {
    let mut addresses = String::new();
    for address in from {
        let _ = write!(addresses, " {address}");
    }
    script(
        "Look at the user that Stitch logs in as, and at the SSH server; nothing is changed.",
        &[
            ("user", user.as_str()),
            ("addresses", addresses.trim_start()),
            ("database", database),
        ],
        &[
            SAY,
            HAS,
            LOOK_UP,
            &ACCOUNT.replace("LINE", &line_of(user)),
            FILES,
            DATABASE,
            RUNNING_SERVER,
            SSHD,
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
    while IFS=: read -r name field _ _ _ _ shell && [ "$name" != "$user" ]; do :; done <<EOF
$(getent passwd "$user" 2>/dev/null || cat /etc/passwd)
EOF
    say shell "$shell"
    if [ ! -x "${shell:-/bin/sh}" ]; then say shell_missing yes; fi
    if [ -f /etc/shells ] && ! grep -qxF -e "${shell:-/bin/sh}" /etc/shells; then say shell_unlisted yes; fi
    if [ "$field" = x ] && [ -r /etc/shadow ]; then
        while IFS=: read -r name field changed _ max _ inactive expires _ && [ "$name" != "$user" ]; do :; done </etc/shadow
        if [ "$name" != "$user" ]; then field=; fi
        say changed "$changed"
        say max_days "$max"
        say inactive_days "$inactive"
        say expires "$expires"
        say today "$(($(date +%s) / 86400))"
    fi
    case $field in # never the hash itself
    '*') say password impossible ;;
    '!' | '!!' | '!*' | '*LK*') say password locked ;;
    '!'*) say password locked-with-hash ;;
    '') say password empty ;;
    x) say password unreadable ;;
    '$'* | _* | ?????????????) say password hash ;;
    *) say password impossible ;;
    esac
fi
"#;

const FILES: &str = r#"
if [ -n "$home" ]; then
    node home_link "$home"
    if real=$(cd "$home" 2>/dev/null && pwd -P); then
        node home_node "$real"
        node ssh_node "$real/.ssh"
        keys=$real/.ssh/authorized_keys
        node keys_node "$keys"
        if [ -f "$keys" ] && [ ! -L "$keys" ]; then
            while IFS= read -r line || [ -n "$line" ]; do say key_line "$line"; done <"$keys"
        fi
        while [ "$real" != / ]; do
            real=${real%/*}
            real=${real:-/}
            node above "$real"
        done
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

const RUNNING_SERVER: &str = r#"
# The SSH server this script came through, else any that runs here: its settings depend on how it was started.
name_of() { cat "/proc/$1/comm" 2>/dev/null || :; }
command_of() { tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null || :; }
server=
running=
program=
pid=$$
while [ "${pid:-0}" -gt 1 ]; do
    case $(name_of "$pid") in
    sshd*) server=openssh && running=$(command_of "$pid") ;;
    dropbear*) server=dropbear && running=$(command_of "$pid") && program=/proc/$pid/exe ;;
    esac
    pid=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$pid/status" 2>/dev/null || :)
done
if [ -z "$server" ]; then
    set +f
    for folder in /proc/[0-9]*; do
        pid=${folder#/proc/}
        case $(name_of "$pid") in
        sshd) server=openssh && running=$(command_of "$pid") && break ;;
        dropbear) server=dropbear && running=$(command_of "$pid") && program=/proc/$pid/exe && break ;;
        esac
    done
    set -f
fi
say server "$server"
say running "$running"
# BusyBox grep takes a zero byte for the end of a line.
if [ "$server" = dropbear ] && tr '\0' '\n' <"$program" 2>/dev/null | grep -qF 'permitopen='; then
    say dropbear_knows permitopen
fi
"#;

const SSHD: &str = r#"
# What sshd makes of its configuration for this user from each of Stitch's addresses.
unread=
sshd= # by its full name, on which it insists
for word in /usr/local/sbin/sshd /sbin/sshd /usr/sbin/sshd $running; do
    case $word in /*/sshd) if [ -x "$word" ]; then sshd=$word; fi ;; esac
done
if [ "$server" = dropbear ] || [ -z "$sshd" ]; then addresses=; fi
set --
previous=
for word in $running; do
    case $previous in -f | -o) set -- "$@" "$previous" "$word" ;; esac
    case $word in -f?* | -o?*) set -- "$@" "$word" ;; esac
    previous=$word
done
for address in $addresses; do
    if settings=$("$sshd" -T "$@" -C "user=$user,host=$address,addr=$address" 2>&1); then
        while read -r key value; do
            case $key in
            allowgroups | allowtcpforwarding | allowusers | authenticationmethods | authorizedkeyscommand | \
                authorizedkeysfile | chrootdirectory | denygroups | denyusers | disableforwarding | forcecommand | \
                maxsessions | permitopen | pubkeyacceptedalgorithms | pubkeyacceptedkeytypes | \
                pubkeyauthentication | requiredrsasize | strictmodes | usepam)
                say sshd "$address $key $value"
                ;;
            esac
        done <<EOF
$settings
EOF
    else
        say sshd_error "$(printf '%s\n' "$settings" | head -n 1)"
        unread=yes
    fi
done
# Where sshd does not say, its file is read: what stands before the first Match, which is not the whole truth.
config() {
    while read -r key value || [ -n "$key" ]; do
        key=$(printf '%s' "$key" | tr '[:upper:]' '[:lower:]')
        case $key in
        match) say sshd_match "$value" && return ;;
        include)
            for pattern in $value; do
                case $pattern in /*) ;; *) pattern=/etc/ssh/$pattern ;; esac
                set +f
                for file in $pattern; do
                    set -f
                    if [ -f "$file" ]; then config "$file"; fi
                done
                set -f
            done
            ;;
        allow* | authenticationmethods | authorizedkeysfile | deny* | disableforwarding | permitopen | \
            pubkeyacceptedalgorithms | pubkeyacceptedkeytypes | pubkeyauthentication | requiredrsasize | usepam)
            say sshd_file "$key ${value#= }"
            ;;
        esac
    done <"$1"
}
if [ "$server" != dropbear ] && { [ -n "$unread" ] || [ -z "$sshd" ]; } && [ -r /etc/ssh/sshd_config ]; then
    config /etc/ssh/sshd_config
fi
"#;
