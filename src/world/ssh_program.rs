//! The machine's own `ssh` in place of libssh2 (`--ssh-command`): it brings certificates, hardware keys, `ProxyCommand`, Kerberos
//! and every algorithm. It reads its own configuration and checks host keys by it; an unknown one is refused, or asked about by
//! ssh itself at a terminal. No shell reads its arguments. All connections share one login, by a socket in a folder of ours.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use tempfile::{NamedTempFile, TempDir};

use super::host::local::{self, WhenLeft};
use super::ssh::capability::Capability;
use super::ssh::exec::Output;
use super::ssh::layer::At as _;
use super::ssh::{PAUSE, SshLayer};
use crate::ask::Asker;
use crate::secret::{self, Secret};
use crate::settings::{SshClient, SshTarget};

mod forwarding;
mod log;
mod terminal;

use log::{Log, Seen};

/// ssh's own failures, as against those of the command.
const OWN: i32 = 255;
/// One login, through the program.
#[derive(Clone)]
pub(crate) struct SshProgram {
    shared: Arc<Shared>,
    pub(crate) name: String,
    timeout: Duration,
    asker: Asker,
    seen: Seen,
}

/// What ends the shared login when the last of them is dropped.
struct Shared {
    client: SshClient,
    folder: TempDir,
    log: Log,
    /// What lets an unknown host key in (`--host-key`).
    trusting: Option<String>,
    /// A key of our own, kept until then.
    _key: Option<NamedTempFile>,
}

impl SshProgram {
    /// Logs in.
    pub(crate) async fn connect(
        client: &SshClient,
        target: &SshTarget,
        timeout: Duration,
        asker: &Asker,
    ) -> Result<Self> {
        let trusting = match &target.host_key {
            Some(fingerprint) => Some(log::trusting(client, fingerprint, timeout).await?),
            None => None,
        };
        let shared = Shared::new(client.clone(), trusting, None)?;
        let program = Self {
            shared: Arc::new(shared),
            name: target.to_string(),
            timeout,
            asker: asker.clone(),
            seen: Seen::default(),
        };
        program.logged_in(target.host_key.as_deref()).await
    }

    /// A login as another user on the same server, with a key of our own and no other.
    pub(super) async fn as_user(&self, user: &str, pem: &Secret) -> Result<Self> {
        let folder = self.shared.folder.path();
        let mut key = NamedTempFile::new_in(folder).context("cannot create a file for the temporary key")?;
        key.write_all(pem.reveal().as_bytes())
            .context("cannot write the temporary key")?;
        let path = key.path().display().to_string();
        // Of each the first one counts, but for identities, which are tried in this order.
        let alone = "-o IdentitiesOnly=yes -o IdentityAgent=none -o PreferredAuthentications=publickey";
        let first = ["-l", user, "-i", &path].into_iter().chain(alone.split(' '));
        let rest = &self.shared.client.destination;
        let client = SshClient {
            destination: first
                .chain(rest.iter().map(String::as_str))
                .map(str::to_owned)
                .collect(),
            ..self.shared.client.clone()
        };
        let program = Self {
            shared: Arc::new(Shared::new(client, self.shared.trusting.clone(), Some(key))?),
            name: self
                .name
                .rsplit_once('@')
                .map_or(self.name.clone(), |(_, at)| format!("{user}@{at}")),
            ..self.clone()
        };
        let program = program.logged_in(None).await?;
        match program.seen.key.as_deref() {
            Some(accepted) if accepted.starts_with(&path) => Ok(program),
            other => Err(anyhow!(
                "the temporary key was refused; ssh logged in with another one of its configuration ({})",
                other.unwrap_or("none")
            ))
            .at(SshLayer::Login),
        }
    }

    /// What ssh reported about the server.
    pub(super) fn seen(&self) -> Seen {
        self.seen.clone()
    }

    /// Runs a command with this input.
    pub(crate) async fn run(&self, words: &str, stdin: Secret, limit: Duration) -> Result<Output> {
        let mut command = self.command();
        command.arg("-T");
        self.exec(command, words, stdin, limit).await
    }

    /// Whether the server grants it. `None`: ssh does not tell; it asks for no answer about the agent.
    pub(super) async fn grants(&self, wish: Capability) -> Result<Option<bool>> {
        Ok(match wish {
            Capability::Agent => None,
            Capability::Terminal => {
                let mut command = self.command();
                command.arg("-tt");
                let tried = self
                    .exec(command, "true", Secret::new(String::new()), self.timeout)
                    .await;
                tried
                    .ok()
                    .map(|output| !output.stderr.contains("PTY allocation request failed"))
            }
            Capability::OtherTarget => match self.forward("127.0.0.1", 1).await {
                Err(error) if super::ssh::layer::of(&error) == Some(SshLayer::Forward) => Some(false),
                // Nothing listens there; but the server tried to connect.
                _ => Some(true),
            },
        })
    }

    /// The same, logged in: what the command comes to does not matter, since a login may be for forwarding alone.
    async fn logged_in(mut self, expected: Option<&str>) -> Result<Self> {
        // ssh itself may ask you.
        let limit = if self.asker.attended {
            Duration::from_secs(120)
        } else {
            3 * self.timeout
        };
        let patience = Instant::now() + 2 * self.timeout;
        loop {
            let outcome = self.run("true", Secret::new(String::new()), limit).await;
            self.seen = self.shared.log.seen();
            let Err(error) = outcome else { return Ok(self) };
            let (layer, text) = log::refusal(&format!("{error:#}"), &self.seen, expected);
            if log::is_turned_away(&text) && Instant::now() < patience {
                (self.asker.tell)(&format!("{text}; waiting"));
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            let name = &self.name;
            return Err(anyhow!("cannot log in to the SSH server {name} with ssh: {text}")).at(layer);
        }
    }

    async fn exec(&self, mut command: Command, words: &str, stdin: Secret, limit: Duration) -> Result<Output> {
        command.args(["-o", "LogLevel=DEBUG1", "-E"]).arg(&self.shared.log.path);
        command.args(&self.shared.client.destination).arg(words);
        let before = self.shared.log.length();
        let output = local::finish(command, stdin, limit, WhenLeft::Killed).await?;
        if output.status == OWN && output.stdout.is_empty() {
            let said = format!("{}{}", self.shared.log.since(before), output.stderr);
            bail!("{}", log::last_words(&said));
        }
        Ok(output)
    }

    fn command(&self) -> Command {
        let mut command = self.shared.command();
        command.args(["-e", "none", "-o", "ControlMaster=auto", "-o", "ControlPersist=60"]);
        command
            .arg("-o")
            .arg(format!("ConnectTimeout={}", self.timeout.as_secs().max(1)));
        let host_keys = if self.asker.attended { "ask" } else { "yes" };
        command.arg("-o").arg(format!("StrictHostKeyChecking={host_keys}"));
        if !self.asker.attended {
            command.args(["-o", "BatchMode=yes"]);
        }
        if let Some(trusting) = &self.shared.trusting {
            command.arg("-o").arg(trusting);
        }
        command
    }
}

impl Shared {
    fn new(client: SshClient, trusting: Option<String>, key: Option<NamedTempFile>) -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot create a folder for ssh's socket")?;
        Ok(Self {
            log: Log {
                path: folder.path().join("log"),
            },
            client,
            folder,
            trusting,
            _key: key,
        })
    }

    fn command(&self) -> Command {
        let mut command = started(&self.client);
        let socket: PathBuf = self.folder.path().join("s");
        command.arg("-o").arg(format!("ControlPath={}", socket.display()));
        command
    }
}

/// A server can have ssh write into its log without end, so the log cannot grow further than this, in blocks of 512 bytes.
const BOUNDED: &str = "ulimit -f 32768; exec \"$0\" \"$@\"";

#[expect(clippy::disallowed_methods, reason = "the one place where ssh is started")]
fn started(client: &SshClient) -> Command {
    let mut command = Command::new("/bin/sh");
    secret::withheld_from(&mut command);
    command.args(["-c", BOUNDED]).arg(&client.program);
    command
}

impl Drop for Shared {
    fn drop(&mut self) {
        let mut command = self.command();
        command.args(["-O", "exit"]).args(&self.client.destination);
        let _ = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
    }
}
