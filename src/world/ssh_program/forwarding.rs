//! A forwarded connection: a process of ssh's own (`-W`), whose words tell when it is open and why it is not.

use std::io::{BufRead as _, BufReader};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Stdio;

use anyhow::{Context as _, Result, anyhow};
use tokio::sync::oneshot;

use super::{SshProgram, log};
use crate::world::ssh::SshLayer;
use crate::world::ssh::layer::At as _;

/// What it says with `-vv` when the server has opened the connection: to a login that is shared, or of its own.
const OPENED: [&str; 2] = ["master session id", "open confirm"];

impl SshProgram {
    /// A connection from the SSH server to `host:port`. It ends when the stream is dropped.
    pub(crate) async fn forward(&self, host: &str, port: u16) -> Result<tokio::net::UnixStream> {
        let target = format!("[{host}]:{port}");
        let (near, far) = UnixStream::pair().context("cannot create a pair of sockets")?;
        near.set_nonblocking(true).context("cannot use the socket")?;
        let mut command = self.command();
        command
            .args(["-T", "-vv", "-W", &target])
            .args(&self.shared.client.destination);
        let other = far.try_clone().context("cannot share the socket")?;
        command
            .stdin(OwnedFd::from(far))
            .stdout(OwnedFd::from(other))
            .stderr(Stdio::piped());
        let before = self.shared.log.length();
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
                if opened.is_some() && said.len() < 2000 {
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
                // The process that holds the login reports the server's reason.
                let said = format!("{}{said}", self.shared.log.since(before));
                let layer = if said.contains("prohibited") {
                    SshLayer::Forward
                } else {
                    SshLayer::Target
                };
                Err(anyhow!(
                    "the SSH server {name} could not connect to {host}:{port}: {}",
                    log::last_words(&said)
                ))
                .at(layer)
            }
            Err(_) => Err(anyhow!(
                "the SSH server {name} could not connect to {host}:{port} in time"
            ))
            .at(SshLayer::Target),
        }
    }
}
