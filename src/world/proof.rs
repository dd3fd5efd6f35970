//! The whole way, proved: a fresh key is put beside Stitch's for two minutes, with the same options, and used as Stitch
//! will use its own, through the SSH server to a login as the Stitch role. It is taken out again whatever happens.

use std::time::Duration;

use anyhow::{Context as _, Result};
use openssl::base64;
use openssl::pkey::PKey;
use secrecy::zeroize::Zeroizing;

use crate::names::{HostName, Port};
use crate::public_key::PublicKey;
use crate::secret::Secret;
use crate::settings::{AgentKeys, BastionServer, BastionSettings, IdentitySource, KeyOption, SshAgent, SshTarget};
use crate::shell::{self, Expiry};
use crate::world::failure::Failure;
use crate::world::login::{Session, log_in};
use crate::world::shared_ssh_login::SshLogin;
use crate::world::ssh::Ssh;
use crate::world::ssh::capability::Capability;
use crate::world::ssh::layer::failure as broken;
use crate::world::writer::{Lent, LentKey, TunnelProof, Writer};

/// A script that was under way when the run was cut short is given this long to end before its work is undone. What it does
/// later is undone by the watcher it leaves.
const SETTLING: Duration = Duration::from_millis(200);

impl Writer {
    /// Walks the whole way as Stitch will.
    pub(super) async fn prove_tunnel(&mut self, bastion: &BastionSettings, stitchs: &PublicKey) -> Result<TunnelProof> {
        let fresh = FreshKey::new()?;
        let mut proof = TunnelProof {
            outcome: Ok(()),
            granted: Vec::new(),
            refused: Vec::new(),
            expiry: Expiry::Unknown,
            left_behind: None,
        };
        let expiry = match self.key_expiry(bastion).await {
            Ok(expiry) => expiry,
            Err(error) => {
                // Not even the administrator gets there.
                proof.outcome = Err(broken(&error));
                return Ok(proof);
            }
        };
        proof.expiry = expiry;
        let script = shell::install_temporary_key(&bastion.tunnel_user, stitchs, &fresh.public, expiry);
        self.reader.host().await?;
        self.lent_key = Some(LentKey {
            removal: shell::return_key(&bastion.tunnel_user, &fresh.public),
            state: Lent::Asked,
        });
        let lent = self.reader.host().await?.as_root(&script).await;
        if let Some(key) = &mut self.lent_key {
            key.state = Lent::There;
        }
        if let Err(error) = lent {
            // Nothing was written then, as a rule; what there is to take out is taken out.
            let _ = self.take_key_back().await;
            self.lent_key = None;
            proof.outcome = Err(broken(&error));
            return Ok(proof);
        }
        let outcome = self.walk(bastion, &fresh.pem, &mut proof).await;
        proof.outcome = outcome;
        proof.left_behind = self.take_key_back().await.err().map(|error| format!("{error:#}"));
        Ok(proof)
    }

    /// Takes a key out that is still in Stitch's file. Called when a run ends early, too, when the session may be in the
    /// middle of something: so on a session of its own then.
    pub(crate) async fn take_key_back(&mut self) -> Result<()> {
        let Some(key) = self.lent_key.take() else {
            return Ok(());
        };
        if key.state == Lent::Asked {
            tokio::time::sleep(SETTLING).await;
        }
        let host = self.reader.host().await?;
        host.renew().await?;
        host.as_root(&key.removal).await.map(drop)
    }

    async fn walk(&mut self, bastion: &BastionSettings, pem: &Secret, proof: &mut TunnelProof) -> Result<(), Failure> {
        let ssh = self.enter_as_stitch(bastion, pem).await.map_err(|error| {
            broken(&error.context(format!(
                "the SSH server refuses {} with a temporary key that has the options of Stitch's",
                bastion.tunnel_user
            )))
        })?;
        let is_bound = bastion.key_options.contains(&KeyOption::PermitOpen);
        let may_do_so = |wish: &Capability| *wish == Capability::OtherTarget && !is_bound;
        for wish in Capability::ALL.into_iter().filter(|wish| !may_do_so(wish)) {
            match ssh.grants(wish).await.map_err(|error| broken(&error))? {
                Some(true) => proof.granted.push(wish),
                Some(false) => proof.refused.push(wish),
                None => {}
            }
        }
        self.log_in_over(&ssh).await.map(drop)
    }

    async fn log_in_over(&self, ssh: &SshLogin) -> Result<Session, Failure> {
        let stitch = &self.reader.settings.stitch;
        let host = if stitch.host.is_socket() {
            loopback().map_err(|error| broken(&error))?
        } else {
            stitch.host.clone()
        };
        let login = self.reader.stitch_login(host, &stitch.database);
        let open = || login.through_tunnel(ssh.forward(login.host.as_str(), login.port.number()));
        log_in(&login, open).await
    }

    async fn enter_as_stitch(&self, bastion: &BastionSettings, pem: &Secret) -> Result<SshLogin> {
        let user = bastion.tunnel_user.as_str();
        if let Some(gateway) = &self.reader.gateway {
            return gateway.login().await?.as_user(user, pem).await;
        }
        let target = SshTarget {
            user: user.to_owned(),
            ..this_machine(bastion.stitch_port)?
        };
        // Whoever is root here is past being deceived about who answers on this machine's own loopback.
        let ssh = Ssh::connect_with_key(target, self.reader.settings.timeout, pem).await?;
        Ok(SshLogin::BuiltIn(ssh))
    }

    /// By its own greeting; a server that does not know `expiry-time` would ignore the whole line.
    async fn key_expiry(&self, bastion: &BastionSettings) -> Result<Expiry> {
        let greeting = match (&bastion.server, &self.reader.gateway) {
            (BastionServer::Ssh(_), Some(gateway)) => gateway.login().await?.greeting(),
            _ => Ssh::greeting_of(this_machine(bastion.stitch_port)?, self.reader.settings.timeout).await?,
        };
        Ok(knows_expiry(&greeting))
    }
}

/// OpenSSH 7.7 and newer.
fn knows_expiry(greeting: &str) -> Expiry {
    let version = greeting.split_once("OpenSSH_").map(|(_, rest)| rest);
    let mut numbers = version
        .unwrap_or_default()
        .split(|c: char| !c.is_ascii_digit())
        .map(|text| text.parse::<u32>().unwrap_or_default());
    let version = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    if version >= (7, 7) {
        Expiry::TwoMinutes
    } else {
        Expiry::Unknown
    }
}

fn loopback() -> Result<HostName> {
    "127.0.0.1".parse()
}

fn this_machine(port: Port) -> Result<SshTarget> {
    Ok(SshTarget {
        user: "root".to_owned(),
        host: loopback()?,
        host_key_alias: None,
        port,
        identities: Vec::new(),
        agent_keys: AgentKeys::Listed,
        agent: SshAgent::None,
        identity_source: IdentitySource::Default,
        known_hosts: Vec::new(),
        global_known_hosts: Vec::new(),
        revoked_host_keys: None,
        unused: Vec::new(),
        host_key: None,
        client: None,
        jumps: Vec::new(),
        given_by: "--stitch-bastion-port".to_owned(),
    })
}

/// An ed25519 key.
pub(super) struct FreshKey {
    /// In OpenSSH's own format, which libssh2 and every `ssh` read.
    pub(super) pem: Secret,
    pub(super) public: PublicKey,
}

impl FreshKey {
    pub(super) fn new() -> Result<Self> {
        let key = PKey::generate_ed25519().context("OpenSSL makes no ed25519 key")?;
        let public = key.raw_public_key()?;
        let private = Zeroizing::new([key.raw_private_key()?, public.clone()].concat());
        let kind = b"ssh-ed25519".as_slice();
        let blob = strings(&[kind, &public])?;
        // PROTOCOL.key of OpenSSH: two equal numbers tell a right passphrase, and there is none; padding counts up to eights.
        let mut secret = Zeroizing::new([[0; 8].to_vec(), strings(&[kind, &public, &private, b""])?].concat());
        let padding = secret.len().wrapping_neg() % 8;
        secret.extend((1..).take(padding));
        let mut whole = Zeroizing::new(b"openssh-key-v1\0".to_vec());
        whole.extend(strings(&[b"none", b"none", b""])?);
        whole.extend(1_u32.to_be_bytes());
        whole.extend(strings(&[&blob, &secret])?);
        let text = Zeroizing::new(base64::encode_block(&whole));
        let mut pem = "-----BEGIN OPENSSH PRIVATE KEY-----\n".to_owned();
        for line in text.as_bytes().chunks(70) {
            pem.push_str(std::str::from_utf8(line)?);
            pem.push('\n');
        }
        pem.push_str("-----END OPENSSH PRIVATE KEY-----\n");
        let line = format!("ssh-ed25519 {} stitch-pg-proof", base64::encode_block(&blob));
        Ok(Self {
            pem: Secret::new(pem),
            public: line.parse()?,
        })
    }
}

/// As SSH writes texts: each behind its length.
fn strings(parts: &[&[u8]]) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    for part in parts {
        all.extend(u32::try_from(part.len())?.to_be_bytes());
        all.extend_from_slice(part);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_key_is_a_key() {
        let key = FreshKey::new().unwrap();
        assert_eq!(key.public.kind(), "ssh-ed25519");
        assert!(key.pem.reveal().contains("PRIVATE KEY"));
    }

    #[test]
    fn only_newer_servers_know_when_a_key_ends() {
        assert_eq!(
            knows_expiry("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3"),
            Expiry::TwoMinutes
        );
        assert_eq!(knows_expiry("SSH-2.0-OpenSSH_10.0"), Expiry::TwoMinutes);
        assert_eq!(knows_expiry("SSH-2.0-OpenSSH_7.7p1"), Expiry::TwoMinutes);
        for old in [
            "SSH-2.0-OpenSSH_7.6p1",
            "SSH-2.0-OpenSSH_6.9",
            "SSH-2.0-dropbear_2022.83",
            "",
        ] {
            assert_eq!(knows_expiry(old), Expiry::Unknown, "{old}");
        }
    }
}
