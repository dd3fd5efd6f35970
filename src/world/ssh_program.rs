//! The machine's own `ssh` in place of libssh2 (`--ssh-command`): it brings certificates, hardware keys, `ProxyCommand`, Kerberos
//! and every algorithm. It reads its own configuration and checks host keys by it; an unknown one is refused, or asked about by
//! ssh itself at a terminal. It is started without a shell. All connections share one login, by a socket in a folder of ours.

use std::io::{BufRead as _, BufReader};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Error, Result, anyhow};
use tempfile::TempDir;
use tokio::sync::{OnceCell, oneshot};

use super::host::local;
use super::ssh::exec::Output;
use super::ssh::layer::At as _;
use super::ssh::layer::SshLayer;
use crate::ask::Asker;
use crate::secret::{self, Secret};
use crate::settings::{SshClient, SshTarget};
use crate::visible::one_line;

/// ssh's own failures, as against those of the command.
const OWN: i32 = 255;
/// What it says with `-vv` when the server has opened the connection: to a login that is shared, or of its own.
const OPENED: [&str; 2] = ["master session id", "open confirm"];

/// One login, through the program.
#[derive(Clone)]
pub(crate) struct SshProgram {
    shared: Arc<Shared>,
    name: String,
    timeout: Duration,
    attended: bool,
    /// A refusal is remembered, as with libssh2.
    login: Arc<OnceCell<Result<(), (SshLayer, String)>>>,
}

/// What ends the shared login when the last of them is dropped.
struct Shared {
    client: SshClient,
    folder: TempDir,
}

impl SshProgram {
    /// Connects to nothing yet. `None`: libssh2 is used.
    pub(crate) fn new(target: &SshTarget, timeout: Duration, asker: &Asker) -> Result<Option<Self>> {
        let Some(client) = target.client.clone() else {
            return Ok(None);
        };
        let folder = tempfile::tempdir().context("cannot create a folder for ssh's socket")?;
        Ok(Some(Self {
            shared: Arc::new(Shared { client, folder }),
            name: target.to_string(),
            timeout,
            attended: asker.attended,
            login: Arc::default(),
        }))
    }

    /// `USER@HOST:PORT`, for messages.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Runs a command with this input.
    pub(crate) async fn run(&self, words: &str, stdin: Secret, limit: Duration) -> Result<Output> {
        self.logged_in().await?;
        self.exec(words, stdin, limit).await
    }

    /// A connection from the SSH server to `host:port`. It ends when the stream is dropped.
    pub(crate) async fn forward(&self, host: &str, port: u16) -> Result<tokio::net::UnixStream> {
        self.logged_in().await?;
        let target = if host.contains(':') {
            format!("[{host}]:{port}")
        } else {
            format!("{host}:{port}")
        };
        let (near, far) = UnixStream::pair().context("cannot create a pair of sockets")?;
        near.set_nonblocking(true).context("cannot use the socket")?;
        let mut command = self.command();
        command
            .args(["-vv", "-W", &target])
            .args(&self.shared.client.destination);
        let other = far.try_clone().context("cannot share the socket")?;
        command
            .stdin(OwnedFd::from(far))
            .stdout(OwnedFd::from(other))
            .stderr(Stdio::piped());
        let mut child = command.spawn().context("ssh does not start")?;
        // Its ends of the sockets are the child's alone from here on.
        drop(command);
        let words = child.stderr.take().context("no standard error")?;
        let (opened, opening) = oneshot::channel();
        std::thread::spawn(move || {
            let (mut opened, mut said) = (Some(opened), String::new());
            for line in BufReader::new(words).lines().map_while(Result::ok) {
                let is_open = OPENED.iter().any(|mark| line.contains(mark));
                if let Some(opened) = opened.take_if(|_| is_open) {
                    let _ = opened.send(Ok(()));
                }
                if opened.is_some() && !line.starts_with("debug") && said.len() < 2000 {
                    said.push_str(&line);
                    said.push('\n');
                }
            }
            let _ = child.wait();
            if let Some(opened) = opened {
                let _ = opened.send(Err(said));
            }
        });
        let name = &self.name;
        match tokio::time::timeout(self.timeout, opening).await {
            Ok(Ok(Ok(()))) => tokio::net::UnixStream::from_std(near).context("cannot use the socket"),
            Ok(outcome) => {
                let said = outcome.ok().and_then(Result::err).unwrap_or_default();
                let layer = if said.contains("prohibited") {
                    SshLayer::Forward
                } else {
                    SshLayer::Target
                };
                Err(anyhow!(
                    "the SSH server {name} could not connect to {host}:{port}: {}",
                    words_of(&said)
                ))
                .at(layer)
            }
            Err(_) => Err(anyhow!(
                "the SSH server {name} could not connect to {host}:{port} in time"
            ))
            .at(SshLayer::Target),
        }
    }

    async fn logged_in(&self) -> Result<()> {
        // What the command comes to does not matter: a login may be for forwarding alone.
        let outcome = self.login.get_or_init(async || {
            // A person may be asked by ssh itself.
            let limit = if self.attended {
                Duration::from_secs(120)
            } else {
                3 * self.timeout
            };
            match self.exec("true", Secret::new(String::new()), limit).await {
                Ok(_) => Ok(()),
                Err(error) => Err(refusal(&error)),
            }
        });
        match outcome.await {
            Ok(()) => Ok(()),
            Err((layer, text)) => Err(anyhow!(
                "cannot log in to the SSH server {} with ssh: {text}",
                self.name
            ))
            .at(*layer),
        }
    }

    async fn exec(&self, words: &str, stdin: Secret, limit: Duration) -> Result<Output> {
        let mut command = self.command();
        command.args(&self.shared.client.destination).arg(words);
        let output = local::finish(command, stdin, limit).await?;
        if output.status == OWN && output.stdout.is_empty() {
            return Err(anyhow!("{}", words_of(&output.stderr)));
        }
        Ok(output)
    }

    fn command(&self) -> Command {
        let mut command = self.shared.command();
        command.args(["-T", "-o", "ControlMaster=auto", "-o", "ControlPersist=60"]);
        command
            .arg("-o")
            .arg(format!("ConnectTimeout={}", self.timeout.as_secs().max(1)));
        let host_keys = if self.attended { "ask" } else { "yes" };
        command.arg("-o").arg(format!("StrictHostKeyChecking={host_keys}"));
        if !self.attended {
            command.args(["-o", "BatchMode=yes"]);
        }
        command
    }
}

impl Shared {
    #[expect(clippy::disallowed_methods, reason = "the one place where ssh is started")]
    fn command(&self) -> Command {
        let mut command = Command::new(&self.client.program);
        secret::withheld_from(&mut command);
        let socket: PathBuf = self.folder.path().join("s");
        command.arg("-o").arg(format!("ControlPath={}", socket.display()));
        command
    }
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

/// ssh's last words, on one line.
fn words_of(said: &str) -> String {
    let lines: Vec<String> = said
        .lines()
        .map(one_line)
        .filter(|line| !line.trim().is_empty())
        .collect();
    match lines.as_slice() {
        [] => "ssh printed nothing".to_owned(),
        lines => lines[lines.len().saturating_sub(4)..].join(" | "),
    }
}

/// How far ssh came, by what it says.
fn refusal(error: &Error) -> (SshLayer, String) {
    let text = format!("{error:#}");
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let layer = if has(&["Host key verification failed", "HOST IDENTIFICATION HAS CHANGED"]) {
        SshLayer::HostKey
    } else if has(&["Could not resolve"]) {
        SshLayer::Name
    } else if has(&["Connection refused", "timed out", "No route", "unreachable"]) {
        SshLayer::Tcp
    } else if has(&["kex_exchange_identification", "Unable to negotiate"]) {
        SshLayer::Banner
    } else {
        SshLayer::Login
    };
    (layer, text)
}
