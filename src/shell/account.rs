//! Scripts about the account itself: made, made usable with a key, taken away. They look for tools, never for the name
//! of a distribution.

use super::home::{ONLY_ROOTS, WORKER, inside};
use super::{FAIL, HAS, LOOK_UP, line_of, one_at_a_time, script};
use crate::names::LinuxUser;
use crate::settings::LoginShell;
use crate::statement::Statement;

/// In the account's comment field: by it `remove` knows a user that this tool made.
pub const MADE_BY_US: &str = "Stitch (made by stitch-pg)";

/// Adds a group and a user of that name. Its home is root's, so nobody but root can let a key in there. Its password is `*`: no password fits, yet the account
/// is not locked, as it is with `!`, which sshd refuses even for keys when it runs without PAM.
#[must_use]
pub fn add_user(user: &LinuxUser, shell: &LoginShell) -> Statement {
    script(
        "Add the user that Stitch logs in as. It has no password; it logs in with a key.",
        &[
            ("user", user.as_str()),
            ("shell", shell_word(shell)),
            ("comment", MADE_BY_US),
        ],
        &[
            FAIL,
            HAS,
            NOLOGIN,
            &ADD_USER.replace("LINE", &line_of(user)),
            ONLY_ROOTS,
            "if [ \"$made\" = yes ]; then",
            &LOOK_UP.replace(" uid gid ", " _ _ "),
            MAKE_HOME,
            "fi",
        ],
    )
}

/// Gives an existing user another login shell.
#[must_use]
pub fn set_shell(user: &LinuxUser, shell: &LoginShell) -> Statement {
    script(
        "Give Stitch's user the login shell that was chosen.",
        &[("user", user.as_str()), ("shell", shell_word(shell))],
        &[FAIL, HAS, NOLOGIN, SET_SHELL],
    )
}

/// Turns the locked password `!` into the impossible one `*`. A real password is never removed.
#[must_use]
pub fn unlock_for_keys(user: &LinuxUser, other: Passworded) -> Statement {
    let (fail, other) = match other {
        Passworded::Refused => (FAIL, "fail"),
        Passworded::Passed => ("", "echo"),
    };
    script(
        "Make the account usable with a key, and still without any password.",
        &[("user", user.as_str())],
        &[fail, HAS, &UNLOCK.replace("OTHER", other)],
    )
}

/// What is done about an account that has a password of its own, or none at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passworded {
    /// Nothing, and that is a failure: it was locked when it was looked at.
    Refused,
    /// Nothing, and that is fine.
    Passed,
}

/// Makes the home directory that the account database names and that is missing. It is root's.
#[must_use]
pub fn make_home(user: &LinuxUser) -> Statement {
    script(
        "Make the home directory of Stitch's user.",
        &[("user", user.as_str())],
        &[FAIL, HAS, &LOOK_UP.replace(" uid gid ", " _ _ "), ONLY_ROOTS, MAKE_HOME],
    )
}

/// Takes the user away again, unless a key can still use the account. Files that are not ours stay.
#[must_use]
pub fn remove_user(user: &LinuxUser) -> Statement {
    script(
        "Remove Stitch's user. Its home goes too when nothing but the usual files is in it.",
        &[("user", user.as_str())],
        &[
            FAIL,
            HAS,
            LOOK_UP,
            ONLY_ROOTS,
            "if [ \"$name\" = \"$user\" ]; then\nif [ -d \"$home\" ]; then",
            WORKER,
            &inside("clear_home", &[CLEAR_HOME]),
            "in_home clear_home\nfi",
            &REMOVE_USER.replace("LINE", &line_of(user)),
            "fi",
        ],
    )
}

/// Tells what is in the user's home that nobody puts there by default.
#[must_use]
pub fn inspect_leftovers(user: &LinuxUser) -> Statement {
    script(
        "Look at what Stitch's user has of its own; nothing is changed.",
        &[("user", user.as_str())],
        &[
            FAIL,
            HAS,
            LOOK_UP,
            ONLY_ROOTS,
            "if [ \"$name\" = \"$user\" ] && [ \"$uid\" != 0 ] && [ -d \"$home\" ]; then",
            WORKER,
            &inside("leftovers", &[LEFTOVERS]),
            "in_home leftovers | sed -n '/^file=/p'",
            "fi",
        ],
    )
}

/// Empty: the system's own.
fn shell_word(shell: &LoginShell) -> &str {
    match shell {
        LoginShell::Any => "",
        LoginShell::This(path) => path,
        LoginShell::Nologin => "nologin",
    }
}

const LEFTOVERS: &str = r#"
cd "$real" 2>/dev/null || exit 0
set +f
for file in * .[!.]* ..?* .ssh/*; do
    case $file in .ssh | .ssh/authorized_keys) continue ;; esac
    if { [ -e "$file" ] || [ -L "$file" ]; } && ! cmp -s "/etc/skel/$file" "$file"; then echo "file=$file"; fi
done
"#;

const NOLOGIN: &str = r#"
if [ "$shell" = nologin ]; then
    for file in /bin/false /sbin/nologin /usr/sbin/nologin; do if [ -x "$file" ]; then shell=$file; fi; done
    [ "$shell" != nologin ] || fail "this machine has neither nologin nor /bin/false"
fi
[ -z "$shell" ] || [ -x "$shell" ] || fail "there is no shell $shell on this machine"
"#;

const SET_SHELL: &str = r#"
if has usermod; then
    usermod -s "$shell" "$user"
else
    fail "there is no usermod here; write $shell at the end of the line of $user in /etc/passwd"
fi
"#;

const ADD_USER: &str = concat!(
    "\n# One at a time: useradd looks whether the name is free before it takes its own lock, and two of them would make \
     one user\n# with two numbers. A file system without locks goes without.\n",
    one_at_a_time!("/etc", "another run is adding a user"),
    r#"# Another run, or a package, may hold the lock of the account files (1, 10), or have made the user by now (9).
patiently() {
    tries= # one letter each: small shells cannot reckon
    until "$@"; do
        case $? in 1 | 9 | 10) ;; *) return 1 ;; esac
        if id -u "$user" >/dev/null 2>&1; then return 0; fi
        tries=x$tries
        [ "${#tries}" -lt 5 ] || return 1
        sleep 1
    done
}
made=yes
if id -u "$user" >/dev/null 2>&1; then
    echo "the user $user exists already and is left as it is"
    made=no
elif has useradd; then
    grep -q LINE /etc/group || groupadd "$user" || grep -q LINE /etc/group
    # Without a home: what useradd would make belongs to the user, with the modes of login.defs.
    patiently useradd -M -g "$user" -c "$comment" -p '*' ${shell:+-s "$shell"} "$user"
elif has adduser && has addgroup; then
    # BusyBox, as on Alpine. adduser -D locks the account, so it gets the password that nobody can type.
    grep -q LINE /etc/group || addgroup "$user"
    adduser -D -H -G "$user" -g "$comment" ${shell:+-s "$shell"} "$user"
    echo "$user:*" | chpasswd -e
else
    fail "neither useradd nor adduser is on this machine; install the package passwd or shadow"
fi
"#
);

const UNLOCK: &str = r#"
# The second field of the user's line in /etc/shadow.
while IFS=: read -r name hash _ && [ "$name" != "$user" ]; do :; done </etc/shadow
case $name:$hash in
"$user:*") echo "the account $user is usable with a key already" ;;
"$user:!" | "$user:!!" | "$user:!*")
    if has usermod; then
        usermod -p '*' "$user"
    else
        echo "$user:*" | chpasswd -e
    fi
    ;;
*) OTHER "the account $user has a password of its own, or none at all; it is left as it is" ;;
esac
"#;

const MAKE_HOME: &str = r#"
[ "$name" = "$user" ] || fail "there is no user $user on this machine"
case $home in
/ | /dev/* | /nonexistent*) fail "the home of $user is $home; give it a real one first" ;;
/*) ;;
*) fail "the home of $user is no path: $home" ;;
esac
if [ ! -e "$home" ] && [ ! -L "$home" ]; then
    place=${home%/*}
    while [ -n "$place" ] && [ ! -d "$place" ]; do place=${place%/*}; done
    above=$(cd "${place:-/}" && pwd -P)
    only_roots "$above" || fail "others than root can write to $above; make $home yourself, or choose another home"
    home=${above%/}${home#"$place"}
    umask 022
    mkdir -p "${home%/*}/"
    mkdir "$home" 2>/dev/null || [ -d "$home" ] # another run may be making it
    chown 0:0 "$home"
    chmod 755 "$home"
    if has restorecon; then restorecon "$home" || :; fi
fi
"#;

/// Only what useradd and stitch-pg put there; whatever else is in the home stays.
const CLEAR_HOME: &str = r#"
cd "$real" 2>/dev/null || exit 0
keys=.ssh/authorized_keys
if [ -f "$keys" ] && grep -q '^[[:space:]]*[^#[:space:]]' "$keys"; then
    fail "$home/$keys still lets a key in; the user $user is left alone"
fi
rm -f "$keys" || :
rmdir .ssh 2>/dev/null || :
for file in .bash_logout .bashrc .profile .bash_profile; do
    if cmp -s "/etc/skel/$file" "$file"; then rm "$file"; fi
done
"#;

const REMOVE_USER: &str = r#"
[ "$uid" != 0 ] || fail "the user $user is root under another name; it is left alone"
# Who is logged in as this user still goes through the tunnel; userdel refuses while it does.
for folder in $(set +f && echo /proc/[0-9]*); do
    read -r _ _ owner _ <<EOF
$(ls -ldn "$folder" 2>/dev/null || :)
EOF
    if [ "$owner" = "$uid" ]; then kill -KILL "${folder#/proc/}" 2>/dev/null || :; fi
done
if has userdel; then userdel "$user"; else deluser "$user"; fi
if has groupdel && grep -q LINE /etc/group; then groupdel "$user" || :; fi
if [ -d "$home" ] && only_roots "${real%/*}"; then
    rmdir "$real" 2>/dev/null || echo "left $home: other files are in it" >&2
fi
"#;
