//! From what a person types for the SSH server, `[USER@]HOST[:PORT]` or an alias of the SSH client's configuration, to
//! a login that is spelt out.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use ssh2_config::{HostParams, ParseRule, SshConfig};

use super::{AgentKeys, IdentitySource, SshTarget};
use crate::names::{HostName, Port};

/// More servers than this on the way are a circle.
const MAX_JUMPS: usize = 8;

/// The files ssh tries without being told.
const DEFAULT_IDENTITIES: [&str; 3] = ["id_ed25519", "id_ecdsa", "id_rsa"];

/// What else decides: the person's own directory and name, and what the flags say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AliasOptions {
    /// The home directory, in which `.ssh` is looked for.
    pub home: PathBuf,
    /// The login name here, used there unless another is given.
    pub os_user: String,
    /// `--bastion-identity`.
    pub identity: Option<PathBuf>,
    /// `--known-hosts`.
    pub known_hosts: Option<PathBuf>,
    /// `--host-key`.
    pub host_key: Option<String>,
}

/// Spells a login out. Flags win over what is typed, that over the SSH client's configuration.
pub fn resolve(given: &str, options: &AliasOptions) -> Result<SshTarget> {
    resolve_at(given, options, 0)
}

/// `depth`: how many servers stand before this one already.
fn resolve_at(given: &str, options: &AliasOptions, depth: usize) -> Result<SshTarget> {
    let typed = Typed::parse(given)?;
    let folder = options.home.join(".ssh");
    let config = read(&folder.join("config"), options, typed.host)?;
    refuse_commands(&config, typed.host, &folder)?;
    let jumps = jumps(&config, given, options, depth)?;
    let host = match &config.host_name {
        Some(name) => name.replace("%h", typed.host).replace("%%", "%"),
        None => typed.host.to_owned(),
    };
    let port = match (typed.port, config.port) {
        (Some(port), _) => port,
        (None, Some(port)) => port.to_string().parse()?,
        (None, None) => Port::SSH,
    };
    let user = typed.user.map(str::to_owned).or_else(|| config.user.clone());
    let user = user.unwrap_or_else(|| options.os_user.clone());
    let extra = |name: &str| extra(&config, name);
    let known_as = extra("HostKeyAlias")
        .and_then(|words| words.first().cloned())
        .unwrap_or_else(|| host.clone());
    let expand = |path: &Path| expanded(path, options, &host, &user);
    let (identities, identity_source) = match (&options.identity, &config.identity_file) {
        (Some(file), _) => (vec![file.clone()], IdentitySource::Named),
        (None, Some(files)) => (files.iter().map(|file| expand(file)).collect(), IdentitySource::Named),
        (None, None) => (
            DEFAULT_IDENTITIES.map(|name| folder.join(name)).to_vec(),
            IdentitySource::Default,
        ),
    };
    let agent_keys = match extra("IdentitiesOnly") {
        Some([word, ..]) if word.eq_ignore_ascii_case("yes") => AgentKeys::Listed,
        _ => AgentKeys::All,
    };
    let known_hosts = match (&options.known_hosts, extra("UserKnownHostsFile")) {
        (Some(file), _) => vec![file.clone()],
        (None, Some(files)) => files.iter().map(|file| expand(Path::new(file))).collect(),
        (None, None) => vec![
            folder.join("known_hosts"),
            folder.join("known_hosts2"),
            PathBuf::from("/etc/ssh/ssh_known_hosts"),
        ],
    };
    Ok(SshTarget {
        host: host
            .parse::<HostName>()
            .with_context(|| format!("the SSH server {given:?}"))?,
        known_as,
        user,
        port,
        identities,
        agent_keys,
        identity_source,
        known_hosts,
        host_key: options.host_key.clone(),
        jumps,
    })
}

struct Typed<'a> {
    user: Option<&'a str>,
    host: &'a str,
    port: Option<Port>,
}

impl<'a> Typed<'a> {
    fn parse(given: &'a str) -> Result<Self> {
        let given = given.strip_prefix("ssh://").unwrap_or(given).trim_end_matches('/');
        let (user, rest) = match given.rsplit_once('@') {
            Some((user, rest)) => (Some(user), rest),
            None => (None, given),
        };
        if let Some(user) = user {
            ensure!(!user.is_empty(), "there is no user name in front of the @ of {given:?}");
            ensure!(
                !user.contains(':'),
                "there is a password in {given:?}; leave it out, it is asked for when the server wants one"
            );
        }
        let (host, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, "")) => (host, None),
            Some((host, port)) => (host, Some(port.strip_prefix(':').unwrap_or(port))),
            // More than one colon is an IPv6 address without a port.
            None => match rest.split_once(':') {
                Some((host, port)) if !port.contains(':') => (host, Some(port)),
                _ => (rest, None),
            },
        };
        let port = port
            .map(str::parse)
            .transpose()
            .with_context(|| format!("in {given:?}"))?;
        ensure!(!host.is_empty(), "{given:?} names no host; write [USER@]HOST[:PORT]");
        Ok(Self { user, host, port })
    }
}

fn read(file: &Path, options: &AliasOptions, host: &str) -> Result<HostParams> {
    let text = match fs::read(file) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    };
    let lenient = ParseRule::ALLOW_UNKNOWN_FIELDS | ParseRule::ALLOW_UNSUPPORTED_FIELDS;
    let config = SshConfig::default()
        .home_dir(&options.home)
        .parse(&mut Cursor::new(without_match_blocks(&text)), lenient)
        .with_context(|| {
            format!(
                "cannot make sense of {}; mend it, or give --bastion USER@HOST:PORT from an account without it",
                file.display()
            )
        })?;
    Ok(config.query(host))
}

/// The parser takes the lines of a `Match` block for those of the `Host` block before it. Left out, they cannot do harm.
fn without_match_blocks(text: &str) -> String {
    let mut inside = false;
    let mut kept = String::new();
    for line in text.lines() {
        let word = line.trim_start().split(|c: char| c.is_whitespace() || c == '=').next();
        match word.map(str::to_ascii_lowercase).as_deref() {
            Some("match") => inside = true,
            Some("host") => inside = false,
            _ => {}
        }
        if !inside {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// The servers on the way, spelt out by the same configuration. As with ssh, the way to the first of a list may have
/// servers of its own; the flags are about the last server alone, but for the file of known hosts.
fn jumps(config: &HostParams, given: &str, options: &AliasOptions, depth: usize) -> Result<Vec<SshTarget>> {
    let names: Vec<&String> = config.proxy_jump.iter().flatten().collect();
    if names.iter().any(|name| name.eq_ignore_ascii_case("none")) {
        return Ok(Vec::new());
    }
    ensure!(
        depth + names.len() <= MAX_JUMPS,
        "the way to {given:?} leads through more than {MAX_JUMPS} servers (ProxyJump); does one name itself?"
    );
    let options = AliasOptions {
        identity: None,
        host_key: None,
        ..options.clone()
    };
    let mut jumps: Vec<SshTarget> = Vec::new();
    for name in names {
        let mut jump = resolve_at(name, &options, depth + 1).with_context(|| format!("ProxyJump {name}"))?;
        ensure!(!jump.user.is_empty(), "ProxyJump {name} has no user name");
        let before = std::mem::take(&mut jump.jumps);
        if jumps.is_empty() {
            jumps = before;
        }
        jumps.push(jump);
    }
    Ok(jumps)
}

fn refuse_commands(config: &HostParams, host: &str, folder: &Path) -> Result<()> {
    match extra(config, "ProxyCommand") {
        Some([word, ..]) if word.eq_ignore_ascii_case("none") => Ok(()),
        None | Some([]) => Ok(()),
        Some(words) => bail!(
            "{} reaches {host} through ProxyCommand {}, which stitch-pg cannot follow (ProxyJump it can); run it on a machine \
             that reaches the SSH server directly, or open a way first (ssh -L 2222:{host}:22 …) and give --bastion \
             USER@localhost:2222",
            folder.join("config").display(),
            words.join(" ")
        ),
    }
}

/// The words of an option that the parser knows by name only.
fn extra<'a>(config: &'a HostParams, name: &str) -> Option<&'a [String]> {
    let mut fields = config.unsupported_fields.iter();
    let (_, words) = fields.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    Some(words)
}

/// `~` and the tokens people use in file names (`ssh_config(5)`, TOKENS).
fn expanded(path: &Path, options: &AliasOptions, host: &str, user: &str) -> PathBuf {
    let text = path.to_string_lossy();
    let home = options.home.to_string_lossy();
    let text = match text.strip_prefix("~/") {
        Some(rest) => format!("{home}/{rest}"),
        None => text.into_owned(),
    };
    let text = text
        .replace("%d", &home)
        .replace("%h", host)
        .replace("%r", user)
        .replace("%u", &options.os_user);
    PathBuf::from(text)
}

#[cfg(test)]
mod tests;
