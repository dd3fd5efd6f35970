//! How to be root there: found out once, with one probe, and with sudo's password only when sudo wants one.

use anyhow::{Error, Result, anyhow, bail};

use super::{Host, refusal};
use crate::secret::Secret;
use crate::shell::{DONE, marked, quoted, value};
use crate::world::ssh::exec::Output;

mod grant;

/// How often sudo's password is asked for.
const ATTEMPTS: usize = 3;

/// The line behind which the script begins, where sudo may or may not have read the password line before it.
const BEGIN: &str = "# stitch-pg: begin";

/// The exit status where no such line came.
const SWALLOWED: i32 = 97;

/// In a terminal: `-p` gives sudo its question. In another language PAM's own question would come in its place.
const SUDO: &str = "env LC_ALL=C sudo -k -p 'password: '";
const DOAS: &str = "env LC_ALL=C doas";

/// Who the login is, as the host reports it.
struct HostLogin {
    user: String,
    uid: String,
}

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
    /// One of them in a terminal, with this password if it asks for one.
    Terminal(&'static str, Option<Secret>),
}

impl Rights {
    /// The command that runs a script as root, and its standard input.
    pub(super) fn wrap(&self, script: &Secret) -> (String, Secret) {
        match self {
            Self::Root | Self::Terminal(..) => ("sh".to_owned(), script.clone()),
            Self::Sudo => ("sudo -n sh".to_owned(), script.clone()),
            Self::Doas => ("doas -n sh".to_owned(), script.clone()),
            Self::SudoPassword(password) => {
                // Were sudo not to read the password, the shell would run it as a command and a log might keep it:
                // so everything before the mark is thrown away.
                let skip = format!(
                    "while IFS= read -r line; do [ \"$line\" = \"{BEGIN}\" ] && exec sh; done; exit {SWALLOWED}"
                );
                let stdin = format!("{}\n{BEGIN}\n{}", password.reveal(), script.reveal());
                let command = format!("env LC_ALL=C sudo -k -S -p '' sh -c {}", quoted(&skip));
                (command, Secret::new(stdin))
            }
        }
    }
}

/// Looks for a way.
pub(super) async fn find(host: &Host) -> Result<Rights> {
    let probe = format!("{PROBE}echo {}\n", quoted(DONE));
    let looked = host.run("sh", Secret::new(marked(&probe))).await?;
    let heard = host.begun(&looked)?;
    let says = |name: &str| value(heard, name).unwrap_or_default();
    if says("uid") == "0" {
        return Ok(Rights::Root);
    }
    if says("sudo") == "works" {
        return Ok(Rights::Sudo);
    }
    if says("doas") == "works" {
        return Ok(Rights::Doas);
    }
    let who = &HostLogin {
        user: says("user").to_owned(),
        uid: says("uid").to_owned(),
    };
    match says("sudo") {
        "wants" if heard.contains("must have a tty") => in_terminal(host, who, SUDO, None).await,
        "wants" => with_password(host, who).await,
        _ if says("doas") == "wants" => match doas_message(heard) {
            Some(words) => Err(no_rights(host, who, DOAS, &words)),
            None => in_terminal(host, who, DOAS, None).await,
        },
        _ => Err(no_rights(host, who, "", "neither sudo nor doas is installed")),
    }
}

async fn with_password(host: &Host, who: &HostLogin) -> Result<Rights> {
    let user = &who.user;
    let mut given = host.sudo_password.clone();
    for _ in 0..ATTEMPTS {
        let is_set = given.is_some();
        let ask = || (host.asker.secret)(&format!("sudo password of {user} on {}", host.name()));
        let Some(password) = given.take().or_else(ask) else {
            let reason = "sudo needs a password; give it in STITCH_PG_SUDO_PASSWORD";
            return Err(no_rights(host, who, SUDO, reason));
        };
        let rights = Rights::SudoPassword(password);
        let (command, stdin) = rights.wrap(&Secret::new(":\n".to_owned()));
        let tried = host.run(&command, stdin).await?;
        match tried.status {
            0 => return Ok(rights),
            // sudo-rs takes the script for a part of the password's line.
            SWALLOWED => return in_terminal(host, who, SUDO, Some(rights)).await,
            _ => {}
        }
        let Output { stderr, .. } = &tried;
        if stderr.contains("must have a tty") {
            return in_terminal(host, who, SUDO, Some(rights)).await;
        }
        let mut wrong = "try again|incorrect password|no password was provided|password is required".split('|');
        if !wrong.any(|words| stderr.contains(words)) {
            let reason = format!("sudo reports: {}", refusal(stderr));
            return Err(no_rights(host, who, SUDO, &reason));
        }
        if is_set {
            return Err(set_but_refused(host, "sudo", user));
        }
    }
    bail!("sudo on {} refused {ATTEMPTS} passwords of {user}", host.name())
}

/// With a terminal of its own; doas takes a password from nothing else, and a sudo with `requiretty` runs nothing without.
async fn in_terminal(host: &Host, who: &HostLogin, tool: &'static str, tried: Option<Rights>) -> Result<Rights> {
    let user = &who.user;
    let name = if tool == SUDO { "sudo" } else { "doas" };
    if host.ssh.is_none() {
        let reason = format!("{name} requires a terminal, and this run has none");
        return Err(no_rights(host, who, tool, &reason));
    }
    let trial = Secret::new(":".to_owned());
    let set = match tried {
        Some(Rights::SudoPassword(password)) => Some(password),
        _ => host.sudo_password.clone(),
    };
    let mut password = None;
    for attempt in 0..=ATTEMPTS {
        match host.run_in_terminal(tool, password.as_ref(), &trial).await? {
            Some(output) if output.status == 0 => return Ok(Rights::Terminal(tool, password)),
            Some(output) if !output.stdout.contains("Authentication failed") => {
                let said = format!("{name} reports: {}", refusal(&output.stdout));
                return Err(no_rights(host, who, tool, &said));
            }
            // It asks for a password, or for another one.
            Some(_) | None => {}
        }
        if attempt > 0 && set.is_some() {
            return Err(set_but_refused(host, name, user));
        }
        let ask = || (host.asker.secret)(&format!("{name} password of {user} on {}", host.name()));
        password = set.clone().or_else(ask);
        if password.is_none() {
            let reason = format!("{name} needs a password; give it in STITCH_PG_SUDO_PASSWORD");
            return Err(no_rights(host, who, tool, &reason));
        }
    }
    bail!("{name} on {} refused {ATTEMPTS} passwords of {user}", host.name())
}

/// No other password is asked for: an unattended run has only this one.
fn set_but_refused(host: &Host, tool: &str, user: &str) -> Error {
    let host = host.name();
    anyhow!("{tool} on {host} refuses the password of {user} that is set in STITCH_PG_SUDO_PASSWORD")
}

/// Why doas refuses, unless it is for the want of a password.
fn doas_message(probed: &str) -> Option<String> {
    let words = probed.lines().find_map(|line| line.strip_prefix("doas: "))?;
    (!words.starts_with("Authentication")).then(|| format!("doas reports: {words}"))
}

/// Nothing of the login's rights is needed where an administrator runs the script, so that comes first.
fn no_rights(host: &Host, who: &HostLogin, tool: &str, reason: &str) -> Error {
    let user = &who.user;
    let grant = match tool {
        SUDO => grant::sudo(user, &who.uid),
        DOAS => grant::doas(user, &who.uid),
        _ => None,
    };
    let or = grant.map(|grant| {
        format!("; or root runs this there, which gives {user} full root rights until it is undone: {grant}")
    });
    anyhow!(
        "{user} cannot become root on {}: {reason}. Give an administrator the output of: stitch-pg script --for sysadmin (it grants no rights to this login); or log in as root or as a user with sudo (--bastion USER@HOST){}",
        host.name(),
        or.unwrap_or_default()
    )
}

/// Prints the user id and whether sudo and doas work without a password. `sh -c :` is asked for since that is what will be run:
/// sudo rules can name single commands.
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
