//! Whether the server is the one it should be: decided before anything is proved to it.

use anyhow::{Context as _, Result, bail};
use ssh2::{MethodType, Session};

use crate::ask::{Asker, Trust};
use crate::public_key::{fingerprint, string};
use crate::settings::SshTarget;
use crate::world::known_hosts::{self, HostKeyVerdict, KnownHosts, Name};

/// In ssh's order: which of its keys a server shows depends on it.
const KINDS: &str =
    "ssh-ed25519 ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ecdsa-sha2-nistp521 rsa-sha2-512 rsa-sha2-256 ssh-rsa";

/// Asks the server for the key types that `known_hosts` has, as ssh does; otherwise it shows another key of its own, and an honest
/// server looks unknown.
pub(super) fn prefer_known_types(session: &Session, target: &SshTarget) -> Result<()> {
    let (known, name) = (known(target)?, name(target));
    let recorded = known.kinds(&name);
    let supported = session
        .supported_algs(MethodType::HostKey)
        .context("libssh2 does not list its host key types")?;
    let mut wanted: Vec<&str> = KINDS.split(' ').filter(|kind| supported.contains(kind)).collect();
    wanted.sort_by_key(|kind| !recorded.contains(&if kind.contains("rsa") { "ssh-rsa" } else { kind }));
    session
        .method_pref(MethodType::HostKey, &wanted.join(","))
        .context("libssh2 refuses the list of host key types")
}

/// Lets a known key pass, asks about an unknown one, refuses everything else.
pub(super) fn check(session: &Session, target: &SshTarget, asker: &Asker) -> Result<()> {
    let (key, _) = session.host_key().context("the server showed no host key")?;
    // A key begins with the name of its type (RFC 4253 section 6.6).
    let (kind, _) = string(key).context("the server's host key is damaged")?;
    let kind = String::from_utf8_lossy(kind);
    let fingerprint = fingerprint(key);
    let host = target.known_as();
    match known(target)?.judge(&name(target), &kind, key) {
        HostKeyVerdict::Known => Ok(()),
        HostKeyVerdict::Revoked { place } => bail!(
            "the host key {fingerprint} of {host} is marked as revoked in {place}; do not trust this server. Nothing was sent to it"
        ),
        HostKeyVerdict::Changed { place } => bail!(
            "the host key of {host} has CHANGED: {place} has another {kind} key than the one shown, {fingerprint}. \
             Either the server was reinstalled or another machine answers; nothing was sent to it. If you trust the new key, remove the old one with: ssh-keygen -R {}",
            quoted_name(target)
        ),
        HostKeyVerdict::Unknown { note } => match &target.host_key {
            Some(expected) if *expected == fingerprint => Ok(()),
            Some(expected) => bail!(
                "the host key of {host} is {fingerprint} ({kind}), not {expected} as given by --host-key; nothing was \
                 sent to it"
            ),
            None => ask(target, &kind, key, &note, asker),
        },
    }
}

fn ask(target: &SshTarget, kind: &str, key: &[u8], note: &str, asker: &Asker) -> Result<()> {
    let (host, fingerprint) = (target.known_as(), fingerprint(key));
    let question = format!(
        "The SSH server {host} port {} is not known yet.{note} Its {kind} key is {fingerprint}. \
         Is this the right key? (It will be remembered)",
        target.port
    );
    match (asker.trust)(&question) {
        Some(Trust::Accept) => match target.known_hosts.first() {
            Some(file) => known_hosts::remember(file, &name(target), kind, key),
            None => Ok(()),
        },
        Some(Trust::Refuse) => bail!("the host key {fingerprint} of {host} was not accepted"),
        None => bail!(
            "the host key of {host} is not known: {kind} {fingerprint}.{note} Compare it with the key on the server's console (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub) and then add --host-key {fingerprint}"
        ),
    }
}

fn name(target: &SshTarget) -> Name {
    match &target.host_key_alias {
        Some(alias) => Name::verbatim(alias),
        None => Name::new(target.host.as_str(), target.port),
    }
}

/// Your files and those of all users: what is revoked in one is revoked, whatever the others say.
fn known(target: &SshTarget) -> Result<KnownHosts> {
    let files = [target.known_hosts.as_slice(), &target.global_known_hosts].concat();
    let mut known = KnownHosts::read(&files)?;
    if let Some(list) = &target.revoked_host_keys {
        known.revoke(list)?;
    }
    Ok(known)
}

fn quoted_name(target: &SshTarget) -> String {
    if target.host_key_alias.is_some() || target.port == crate::names::Port::SSH {
        target.known_as().to_owned()
    } else {
        format!("'[{}]:{}'", target.known_as(), target.port)
    }
}
