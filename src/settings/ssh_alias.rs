//! From what you type for the SSH server, `[USER@]HOST[:PORT]` or an alias of the SSH client's configuration, to a login that is
//! spelt out.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use super::ssh::{AgentKeys, IdentitySource, SshAgent, SshClient, SshTarget};
use super::ssh_config::{Asked, ClientConfig, Entry};
pub use super::ssh_tokens::AliasOptions;
use super::ssh_tokens::Tokens;
use crate::names::{HostName, Port};

/// More servers than this on the way are a circle.
const MAX_JUMPS: usize = 8;

/// The files that ssh tries by default, in its order.
const DEFAULT_IDENTITIES: [&str; 5] = ["id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk"];

/// The files of host keys that hold for every user of this machine.
const GLOBAL_KNOWN_HOSTS: [&str; 2] = ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"];

/// Spells a login out. Flags win over what is typed, that over the SSH client's configuration.
pub fn resolve(given: &str, options: &AliasOptions) -> Result<SshTarget> {
    resolve_at(given, options, 0)
}

/// `depth`: how many servers stand before this one already.
fn resolve_at(given: &str, options: &AliasOptions, depth: usize) -> Result<SshTarget> {
    let typed = Typed::parse(given)?;
    let asked = Asked {
        host: typed.host,
        user: typed.user,
        options,
    };
    let config = ClientConfig::read(&asked).context("the SSH client's configuration")?;
    let host = config.host_name(typed.host)?;
    let port = match (typed.port, config.value("port")?) {
        (Some(port), _) => port,
        (None, Some(("ssh", _)) | None) => Port::SSH,
        (None, Some((port, entry))) => port.parse().with_context(|| entry.place.clone())?,
    };
    let host_key_alias = config.value("hostkeyalias")?.map(|(alias, _)| alias.to_owned());
    let mut tokens = Tokens {
        options,
        host: &host,
        typed: typed.host,
        known_as: host_key_alias.as_deref().unwrap_or(typed.host),
        port,
        user: "",
    };
    let user = match (typed.user, config.value("user")?) {
        (Some(user), _) => user.to_owned(),
        // OpenSSH 10 puts tokens in here, and before it no user's name had one.
        (None, Some((user, entry))) => tokens.expanded(user).with_context(|| entry.place.clone())?,
        (None, None) => options.os_user.clone(),
    };
    tokens.user = &user;
    // The machine's own ssh finds its way itself.
    let jumps = match &options.ssh_command {
        None => jumps(&config, given, &tokens, depth)?,
        Some(_) => Vec::new(),
    };
    let (identities, identity_source) = identities(&config, options, &tokens)?;
    let only_listed = match config.value("identitiesonly")? {
        None => false,
        Some((word, entry)) => match word.to_ascii_lowercase().as_str() {
            "yes" | "true" => true,
            "no" | "false" => false,
            _ => bail!("{} is neither yes nor no: {word:?}", entry.place),
        },
    };
    let known_hosts = match &options.known_hosts {
        Some(file) => vec![file.clone()],
        None => files(&config, "userknownhostsfile", Some(&tokens))?.unwrap_or_else(|| {
            ["known_hosts", "known_hosts2"]
                .map(|name| options.home.join(".ssh").join(name))
                .to_vec()
        }),
    };
    Ok(SshTarget {
        host_key_alias: host_key_alias.clone(),
        port,
        identities,
        agent_keys: if only_listed { AgentKeys::Listed } else { AgentKeys::All },
        agent: agent(&config, &tokens)?,
        identity_source,
        known_hosts,
        global_known_hosts: files(&config, "globalknownhostsfile", None)?
            .unwrap_or_else(|| GLOBAL_KNOWN_HOSTS.map(PathBuf::from).to_vec()),
        revoked_host_keys: files(&config, "revokedhostkeys", Some(&tokens))?.and_then(|files| files.first().cloned()),
        host_key: options.host_key.clone(),
        client: options
            .ssh_command
            .as_ref()
            .map(|program| client(program, &typed, options)),
        jumps,
        unused: config.unused,
        host: host
            .parse::<HostName>()
            .with_context(|| format!("the SSH server {given:?}"))?,
        user,
        given_by: if depth == 0 {
            "--bastion"
        } else {
            "ProxyJump in the SSH configuration"
        }
        .to_owned(),
    })
}

/// What was typed and the flags, in ssh's own words.
fn client(program: &Path, typed: &Typed<'_>, options: &AliasOptions) -> SshClient {
    let mut words = Vec::new();
    let mut add = |option: &str, value: String| words.extend([option.to_owned(), value]);
    if let Some(user) = typed.user {
        add("-l", user.to_owned());
    }
    if let Some(port) = typed.port {
        add("-p", port.to_string());
    }
    if let Some(file) = &options.identity {
        add("-i", file.display().to_string());
        add("-o", "IdentitiesOnly=yes".to_owned());
    }
    if let Some(file) = &options.known_hosts {
        add("-o", format!("UserKnownHostsFile=\"{}\"", file.display()));
    }
    add("--", typed.host.to_owned());
    SshClient {
        program: program.to_owned(),
        destination: words,
    }
}

/// The private keys, in order, and who named them.
fn identities(
    config: &ClientConfig,
    options: &AliasOptions,
    tokens: &Tokens<'_>,
) -> Result<(Vec<PathBuf>, IdentitySource)> {
    if let Some(file) = &options.identity {
        return Ok((vec![file.clone()], IdentitySource::Flag));
    }
    let mut found: Option<Vec<PathBuf>> = None;
    for entry in config.all("identityfile") {
        let files = found.get_or_insert_default();
        let [word] = entry.words.as_slice() else {
            bail!("{} takes one value", entry.place);
        };
        let file = tokens.path(word, &entry.place)?;
        if !word.eq_ignore_ascii_case("none") && !files.contains(&file) {
            files.push(file);
        }
    }
    let usual = || {
        DEFAULT_IDENTITIES
            .map(|name| options.home.join(".ssh").join(name))
            .to_vec()
    };
    Ok(match found {
        Some(files) => (files, IdentitySource::Config),
        None => (usual(), IdentitySource::Default),
    })
}

/// `IdentityAgent`: a socket, a variable that names one, or none at all.
fn agent(config: &ClientConfig, tokens: &Tokens<'_>) -> Result<SshAgent> {
    Ok(match config.value("identityagent")? {
        None | Some(("SSH_AUTH_SOCK", _)) => SshAgent::Usual,
        Some((word, _)) if word.eq_ignore_ascii_case("none") => SshAgent::None,
        Some((word, entry)) => match word.strip_prefix('$').filter(|name| !name.starts_with('{')) {
            Some(name) => SshAgent::Socket(tokens.variable(name).unwrap_or_default().into()),
            None => SshAgent::Socket(tokens.path(word, &entry.place)?),
        },
    })
}

/// The files of a keyword that takes several; `none` alone means that there is none.
fn files(config: &ClientConfig, keyword: &str, tokens: Option<&Tokens<'_>>) -> Result<Option<Vec<PathBuf>>> {
    let Some(entry) = config.first(&[keyword]) else {
        return Ok(None);
    };
    if matches!(entry.words.as_slice(), [word] if word.eq_ignore_ascii_case("none")) {
        return Ok(Some(Vec::new()));
    }
    let files = entry.words.iter().map(|word| match tokens {
        Some(tokens) => tokens.path(word, &entry.place),
        None => Ok(PathBuf::from(word)),
    });
    files.collect::<Result<_>>().map(Some)
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
                "there is a password in {given:?}; remove it, and stitch-pg asks for it when the server needs it"
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
        ensure!(!host.is_empty(), "{given:?} contains no host; write [USER@]HOST[:PORT]");
        Ok(Self { user, host, port })
    }
}

/// The servers on the way, spelt out by the same configuration. As with ssh, the way to the first of a list may have
/// servers of its own; the flags are about the last server alone, but for the file of known hosts.
fn jumps(config: &ClientConfig, given: &str, tokens: &Tokens<'_>, depth: usize) -> Result<Vec<SshTarget>> {
    // Whichever of the two stands first counts.
    let Some(entry) = config.first(&["proxyjump", "proxycommand"]) else {
        return Ok(Vec::new());
    };
    let value = entry.words.concat();
    if value.eq_ignore_ascii_case("none") {
        return Ok(Vec::new());
    }
    if entry.is("proxycommand") {
        return refuse_command(entry, &value, given);
    }
    let value = tokens.expanded(&value).with_context(|| entry.place.clone())?;
    let names: Vec<&str> = value.split(',').map(str::trim).collect();
    ensure!(
        depth + names.len() <= MAX_JUMPS,
        "the connection to {given:?} needs more than {MAX_JUMPS} servers (ProxyJump); does one refer to itself?"
    );
    let options = AliasOptions {
        identity: None,
        host_key: None,
        ..tokens.options.clone()
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

fn refuse_command(entry: &Entry, command: &str, given: &str) -> Result<Vec<SshTarget>> {
    bail!(
        "{} connects to {given} with {command}, which stitch-pg does not support (only ProxyJump); use your own ssh: add --ssh-command ssh",
        entry.place
    )
}

#[cfg(test)]
mod tests;
