//! How to be root there: found out once, with one probe, and with sudo's password only when sudo wants one.

use anyhow::{Result, bail};

use super::{Host, complaint};
use crate::secret::Secret;
use crate::shell::quoted;
use crate::world::ssh::Output;

/// How often sudo's password is asked for.
const ATTEMPTS: usize = 3;

/// The line behind which the script begins, where sudo may or may not have read the password line before it.
const BEGIN: &str = "# stitch-pg: begin";

/// A way to be root that was tried and works.
#[derive(Debug)]
pub(super) enum Rights {
    /// The login is root's, or needs no more rights than it has.
    Root,
    /// `sudo` without a password.
    Sudo,
    /// `sudo` with this one.
    SudoPassword(Secret),
    /// `doas` without a password.
    Doas,
}

impl Rights {
    /// The command that runs a script as root, and its standard input.
    pub(super) fn wrap(&self, script: &Secret) -> (String, Secret) {
        match self {
            Self::Root => ("sh".to_owned(), script.clone()),
            Self::Sudo => ("sudo -n sh".to_owned(), script.clone()),
            Self::Doas => ("doas -n sh".to_owned(), script.clone()),
            Self::SudoPassword(password) => {
                // Were sudo not to read the password, the shell would run it as a command and a log might keep it:
                // so everything before the mark is thrown away.
                let skip = format!("while IFS= read -r line; do [ \"$line\" = \"{BEGIN}\" ] && exec sh; done; exit 97");
                let stdin = format!("{}\n{BEGIN}\n{}", password.reveal(), script.reveal());
                (format!("sudo -k -S -p '' sh -c {}", quoted(&skip)), Secret::new(stdin))
            }
        }
    }
}

/// Looks for a way.
pub(super) async fn find(host: &Host) -> Result<Rights> {
    let looked = host.run("sh", Secret::new(PROBE.to_owned())).await?;
    let says = |name: &str| {
        let found = looked
            .stdout
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        found.unwrap_or_default()
    };
    if says("uid") == "0" {
        return Ok(Rights::Root);
    }
    if says("sudo") == "works" {
        return Ok(Rights::Sudo);
    }
    if says("doas") == "works" {
        return Ok(Rights::Doas);
    }
    let user = says("user");
    match says("sudo") {
        "wants" if looked.stdout.contains("must have a tty") => bail!("{}", no_tty(host, user)),
        "wants" => with_password(host, user).await,
        _ if says("doas") == "wants" => bail!("{}", no_rights(host, user, &doas_said(&looked.stdout))),
        _ => bail!("{}", no_rights(host, user, "neither sudo nor doas is installed")),
    }
}

async fn with_password(host: &Host, user: &str) -> Result<Rights> {
    let mut given = host.sudo_password.clone();
    for _ in 0..ATTEMPTS {
        let is_set = given.is_some();
        let ask = || (host.asker.secret)(&format!("sudo password of {user} on {}", host.name()));
        let Some(password) = given.take().or_else(ask) else {
            bail!(
                "{}",
                no_rights(host, user, "sudo wants a password; give it in STITCH_PG_SUDO_PASSWORD")
            )
        };
        let stdin = Secret::new(format!("{}\n", password.reveal()));
        let tried = host.run("sudo -k -S -p '' sh -c :", stdin).await?;
        if tried.status == 0 {
            return Ok(Rights::SudoPassword(password));
        }
        let Output { stderr, .. } = &tried;
        if stderr.contains("must have a tty") {
            bail!("{}", no_tty(host, user));
        }
        let wrong = [
            "try again",
            "incorrect password",
            "no password was provided",
            "password is required",
        ];
        if !wrong.iter().any(|words| stderr.contains(words)) {
            bail!(
                "{}",
                no_rights(host, user, &format!("sudo says: {}", complaint(stderr)))
            );
        }
        if is_set {
            bail!(
                "sudo on {} refuses the password of {user} that is set in STITCH_PG_SUDO_PASSWORD",
                host.name()
            );
        }
    }
    bail!("sudo on {} refused {ATTEMPTS} passwords of {user}", host.name())
}

/// doas asks for a password on a terminal only; everything else it says is its own reason.
fn doas_said(probed: &str) -> String {
    match probed.lines().find_map(|line| line.strip_prefix("doas: ")) {
        Some(words) if !words.starts_with("Authentication") => format!("doas says: {words}"),
        _ => "doas wants a password, which it takes from a terminal only".to_owned(),
    }
}

fn no_tty(host: &Host, user: &str) -> String {
    no_rights(
        host,
        user,
        "sudo insists on a terminal (requiretty); exempt the user with: Defaults:USER !requiretty",
    )
    .replace("USER !", &format!("{user} !"))
}

fn no_rights(host: &Host, user: &str, reason: &str) -> String {
    format!(
        "{user} cannot become root on {}: {reason}. Log in as root or as somebody with sudo (--bastion USER@HOST); or let \
         root there run: echo {} >/etc/sudoers.d/stitch-pg; or give an administrator the output of: stitch-pg script \
         --for sysadmin",
        host.name(),
        quoted(&format!("{user} ALL=(root) NOPASSWD: ALL"))
    )
}

/// Tells the user id and whether sudo and doas work without a password. `sh -c :` is asked for since that is what will
/// be run: sudo rules can name single commands.
const PROBE: &str = r#"
export LC_ALL=C PATH="$PATH:/usr/local/bin:/usr/sbin:/sbin"
{
echo "uid=$(id -u)"
echo "user=$(id -un 2>/dev/null || id -u)"
for tool in sudo doas; do
    if type "$tool" >/dev/null 2>&1; then
        if words=$("$tool" -n sh -c : 2>&1); then
            echo "$tool=works"
        else
            echo "$tool=wants"
            printf '%s\n' "$words"
        fi
    fi
done
} </dev/null
"#;
