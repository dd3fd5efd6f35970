//! A forwarded connection through the SSH server as Stitch uses it: a session of its own, one channel, and one thread
//! that moves the bytes. Two threads would deadlock: a session has one lock, and a blocking read holds it.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use rustix::event::PollFlags;
use ssh2::{Channel, ErrorCode};

use super::ssh::layer::At as _;
use super::ssh::layer::plain;
use super::ssh::{SPARE, Ssh, SshLayer, wait};
use crate::secret::Secret;
use crate::shell;

const BUFFER: usize = 16 * 1024;

/// How long the server gets to take the last bytes once our end is closed.
const FAREWELL: Duration = Duration::from_secs(3);

impl Ssh {
    /// Opens a connection from the SSH server to `host:port`, in a session of its own beside this one and without asking you again.
    /// It ends when the stream is dropped.
    pub(crate) async fn forward(&self, host: &str, port: u16) -> Result<tokio::net::UnixStream> {
        self.another().await?.into_forward(host, port).await
    }

    async fn into_forward(self, host: &str, port: u16) -> Result<tokio::net::UnixStream> {
        let ssh = self.clone();
        let (near, far) = UnixStream::pair().context("cannot create a pair of sockets")?;
        near.set_nonblocking(true)
            .context("cannot make the socket non-blocking")?;
        far.set_nonblocking(true)
            .context("cannot make the socket non-blocking")?;
        let target = host.to_owned();
        let opening = tokio::task::spawn_blocking(move || {
            ssh.bounds.begin(ssh.door.timeout, SPARE);
            let channel = ssh.session().0.channel_direct_tcpip(&target, port, None)?;
            ssh.bounds.pause();
            let pump = Pump {
                ssh,
                channel,
                near: far,
                up: CopyDirection::default(),
                down: CopyDirection::default(),
            };
            std::thread::Builder::new()
                .name("ssh-tunnel".to_owned())
                .spawn(move || pump.run())
                .map_err(|_| ssh2::Error::unknown())?;
            Ok::<(), ssh2::Error>(())
        });
        match opening.await.context("the SSH thread ended")? {
            Ok(()) => tokio::net::UnixStream::from_std(near).context("cannot use the socket"),
            Err(error) => {
                let (layer, error) = self.explain(host, port, &error).await;
                Err(error).at(layer)
            }
        }
    }

    /// libssh2 drops the server's own words; what can be found out from here is found out.
    async fn explain(&self, host: &str, port: u16, error: &ssh2::Error) -> (SshLayer, anyhow::Error) {
        if self.bounds.are_exceeded() {
            return (SshLayer::Forward, self.bounds.explain(plain(error)));
        }
        let name = self.name();
        let refused = error.code() == ErrorCode::Session(-21);
        if refused && error.message().contains("prohibited") {
            let error = anyhow!(
                "the SSH server {name} does not forward {} to {host}:{port}: AllowTcpForwarding, DisableForwarding or \
                 PermitOpen in its sshd_config forbids it, or the options of the key in authorized_keys do; or PAM refused the session (limits, access rules, an expired password; see sshd's log)",
                self.door.target.user
            );
            return (SshLayer::Forward, error);
        }
        if !refused {
            let error = plain(error).context(format!("the SSH server {name} could not connect to {host}:{port}"));
            return (SshLayer::Forward, error);
        }
        let probe = format!("getent hosts {} >/dev/null || echo unknown\n", shell::quoted(host));
        let is_name = host.parse::<std::net::IpAddr>().is_err();
        let unknown = is_name
            && self
                .run("sh", Secret::new(probe), self.door.timeout)
                .await
                .is_ok_and(|output| output.stdout.trim_end().ends_with("unknown"));
        if unknown {
            let error = anyhow!(
                "the SSH server {name} cannot resolve the name {host}; use the database's name or address in the SSH server's network"
            );
            return (SshLayer::Target, error);
        }
        let error = anyhow!(
            "the SSH server {name} cannot reach {host}:{port}: nothing listens there, or a firewall between the two blocks it. The database's firewall must allow the SSH server's private address"
        );
        (SshLayer::Target, error)
    }
}

struct Pump {
    ssh: Ssh,
    channel: Channel,
    near: UnixStream,
    up: CopyDirection,
    down: CopyDirection,
}

impl Pump {
    /// Moves bytes until both directions are closed or one end is gone. An error needs no words of its own: the code that holds the
    /// near end sees the connection close.
    fn run(mut self) {
        self.ssh.session().0.set_blocking(false);
        let _ = self.pump();
        let _ = self.near.shutdown(Shutdown::Both);
        let (session, _) = self.ssh.session();
        session.set_timeout(u32::try_from(FAREWELL.as_millis()).unwrap_or(u32::MAX));
        session.set_blocking(true);
        let _ = self.channel.close();
        let _ = session.disconnect(None, "done", None);
    }

    fn pump(&mut self) -> io::Result<()> {
        let mut deadline = None;
        loop {
            // Always read before waiting: the data may be in libssh2's own queue already.
            let mut moved = self.read_server()?;
            if deadline.is_none() {
                moved |= self.down.drain(&mut &self.near, |near| {
                    let _ = near.shutdown(Shutdown::Write);
                    Ok(())
                })?;
            }
            moved |= self.up.fill(&mut &self.near)?;
            moved |= self.up.drain(&mut self.channel, |channel| Ok(channel.send_eof()?))?;
            if self.up.sink_closed && (self.down.sink_closed || deadline.is_some()) {
                return Ok(());
            }
            if moved {
                continue;
            }
            let (session, socket) = self.ssh.session();
            match deadline {
                Some(end) if Instant::now() >= end => return Ok(()),
                Some(end) => wait::for_session(session, socket, end)?,
                None => {
                    // Its words when there is room for them, its ear when there is something to say.
                    let mut wanted = PollFlags::empty();
                    wanted.set(PollFlags::IN, self.up.has_room());
                    wanted.set(PollFlags::OUT, !self.down.is_empty());
                    if wait::until_near_is_gone(session, socket, (&self.near, wanted))? {
                        deadline = Some(Instant::now() + FAREWELL);
                    }
                }
            }
        }
    }

    fn read_server(&mut self) -> io::Result<bool> {
        let moved = self.down.fill(&mut self.channel)?;
        if self.down.source_closed && !self.channel.eof() {
            // libssh2 also reads nothing when a packet was for another channel.
            self.down.source_closed = false;
            return Ok(false);
        }
        if moved {
            self.ssh.bounds.used(self.down.buffer.len());
        }
        Ok(moved)
    }
}

/// Bytes on their way from one end to the other.
#[derive(Default)]
struct CopyDirection {
    buffer: Vec<u8>,
    sent: usize,
    source_closed: bool,
    sink_closed: bool,
}

impl CopyDirection {
    fn is_empty(&self) -> bool {
        self.sent >= self.buffer.len()
    }

    /// There is something to read only when everything read before is written.
    fn has_room(&self) -> bool {
        self.is_empty() && !self.source_closed
    }

    /// Whether that moved anything, the end of what comes included.
    fn fill(&mut self, from: &mut impl Read) -> io::Result<bool> {
        if !self.has_room() {
            return Ok(false);
        }
        let mut buffer = [0; BUFFER];
        match from.read(&mut buffer) {
            Ok(0) => self.source_closed = true,
            Ok(count) => {
                self.buffer.clear();
                self.buffer.extend_from_slice(&buffer[..count]);
                self.sent = 0;
            }
            Err(error) if wait::would_block(&error) => return Ok(false),
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    /// Writes what there is, and behind its end does what `end` does. After "would block" libssh2 must be given the same bytes
    /// again: they stay in the buffer.
    fn drain<W: Write>(&mut self, into: &mut W, end: impl FnOnce(&mut W) -> io::Result<()>) -> io::Result<bool> {
        let mut moved = false;
        while !self.is_empty() {
            match into.write(&self.buffer[self.sent..]) {
                Ok(count) => {
                    self.sent += count;
                    moved = true;
                }
                Err(error) if wait::would_block(&error) => return Ok(moved),
                Err(error) => return Err(error),
            }
        }
        if self.source_closed && !self.sink_closed {
            match end(into) {
                Err(error) if wait::would_block(&error) => return Ok(moved),
                ended => ended?,
            }
            self.sink_closed = true;
            moved = true;
        }
        Ok(moved)
    }
}
