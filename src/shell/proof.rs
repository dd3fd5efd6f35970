//! Scripts for the proof of the whole way: a second key beside Stitch's for a short time, and out again.

use super::authorized_keys::{FIND_FILE, REPLACE, REWRITE, SAME_MODES, WRITE};
use super::home::{ENTER, ONLY_ROOTS, WORKER, inside};
use super::{FAIL, HAS, LOOK_UP, script};
use crate::names::LinuxUser;
use crate::public_key::PublicKey;
use crate::statement::Statement;

/// Whether the server can be told when a key ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// It ends two minutes from now.
    TwoMinutes,
    /// The server does not know `expiry-time` (OpenSSH before 7.7, Dropbear) and would ignore the line.
    Unknown,
}

/// Puts a fresh key into the file with the options that Stitch's own line has there, and leaves a watcher behind that takes
/// it out when the login that lent it is gone, however it ended, or after two minutes. `from` is left out, since it is not
/// Stitch that comes now.
#[must_use]
pub fn lend_key(user: &LinuxUser, stitchs: &PublicKey, fresh: &PublicKey, expiry: Expiry) -> Statement {
    let seconds = match expiry {
        Expiry::TwoMinutes => "120",
        Expiry::Unknown => "",
    };
    script(
        "Let a key in beside Stitch's, for a short time and with the same options, to prove the way.",
        &[
            ("user", user.as_str()),
            ("stitch", &stitchs.bare()),
            ("key", &fresh.line()),
            ("body", fresh.body()),
            ("seconds", seconds),
            ("line", ""),
            ("end", "kept"),
        ],
        &[
            FAIL,
            HAS,
            LOOK_UP,
            ONLY_ROOTS,
            WORKER,
            &inside(
                "lend",
                &[ENTER, FIND_FILE, SAME_OPTIONS, REWRITE, SAME_MODES, WRITE, REPLACE],
            ),
            &inside("take_out", &[ENTER, FIND_FILE, REWRITE, SAME_MODES, WRITE, REPLACE]),
            &inside("is_there", &[IS_THERE]),
            LENDER,
            "in_home lend",
            WATCH,
        ],
    )
}

/// Takes it out again and makes sure that it is gone.
#[must_use]
pub fn return_key(user: &LinuxUser, fresh: &PublicKey) -> Statement {
    script(
        "Take the key out again that proved the way.",
        &[
            ("user", user.as_str()),
            ("key", &fresh.line()),
            ("body", fresh.body()),
            ("line", ""),
            ("end", "kept"),
        ],
        &[
            FAIL,
            HAS,
            LOOK_UP,
            ONLY_ROOTS,
            WORKER,
            &inside(
                "take_out",
                &[ENTER, FIND_FILE, REWRITE, SAME_MODES, WRITE, REPLACE, GONE],
            ),
            "in_home take_out",
        ],
    )
}

const SAME_OPTIONS: &str = r#"
found=
while IFS= read -r old || [ -n "$old" ]; do
    case $old in
    '#'*) ;;
    *"$stitch"*) found=$old && break ;;
    esac
done <authorized_keys
[ -n "$found" ] || fail "Stitch's key is not in $home/.ssh/authorized_keys"
options=${found%%"$stitch"*}
options=${options%"${options##*[![:space:]]}"}
case ,$options in
*',from="'*)
    rest=${options#*from=\"}
    rest=${rest#*\"}
    options=${options%%from=\"*}${rest#,}
    options=${options%,}
    ;;
esac
if [ -n "$seconds" ]; then
    unset TZ # sshd reads it as the machine's own time
    options=${options:+$options,}expiry-time=\"$(date -d "@$(expr "$(date +%s)" + "$seconds")" +%Y%m%d%H%M%S)\"
fi
line="$options $key"
line=${line# }
"#;

const IS_THERE: &str = r#"grep -qF -e "$body" "$real/.ssh/authorized_keys""#;

/// The lender is the SSH session, or this program where it runs on this machine: the first process above us that is no
/// shell and no way to become root. It is looked for before the key is there: of a login that is gone by then nobody
/// would know whose it was.
const LENDER: &str = r#"
lender=$$
while read -r entry <"/proc/$lender/stat"; do
    name=${entry#*(}
    case ${name%)*} in sh | dash | bash | ash | busybox | sudo | doas | su) ;; *) break ;; esac
    set -- ${entry##*) }
    lender=$2
done
"#;

/// Takes the key out when the lender is gone.
const WATCH: &str = r#"
(
    trap '' HUP INT
    waited= # one letter a second: small shells cannot reckon
    while [ "${#waited}" -lt 120 ] && [ -d "/proc/$lender" ] && in_home is_there; do
        waited=x$waited
        sleep 1
    done
    if in_home is_there; then in_home take_out; fi
) </dev/null >/dev/null 2>&1 &
"#;

const GONE: &str = r#"
if grep -qF -e "$body" authorized_keys; then fail "the key is still in $home/.ssh/authorized_keys"; fi
"#;
