//! A forwarded connection through the SSH server as Stitch uses it: a session of its own, one channel, and one thread
//! that moves the bytes. Two threads would deadlock: a session has one lock, and a blocking read holds it.

use std::io;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use ssh2::{Channel, ErrorCode};

use super::ssh::layer::At as _;
use super::ssh::layer::plain;
use super::ssh::{SPARE, Ssh, SshLayer, wait};
use crate::secret::Secret;
use crate::shell;

mod copy;
use copy::CopyDirection;

/// How long the server gets to take the last bytes once our end is closed.
const FAREWELL: Duration = Duration::from_secs(3);

impl Ssh {
    /// Opens a connection from the SSH server to `host:port`, in a session of its own beside this one and without asking
    /// anybody again. It ends when the stream is dropped.
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
            ssh.bounds.begin(ssh.timeout(), SPARE);
            let channel = ssh.session().0.channel_direct_tcpip(&target, port, None)?;
            ssh.bounds.pause();
            std::thread::Builder::new()
                .name("ssh-tunnel".to_owned())
                .spawn(move || Pump::new(ssh, channel, far).run())
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
                self.user()
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
                .run("sh", Secret::new(probe), self.timeout())
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
    fn new(ssh: Ssh, channel: Channel, near: UnixStream) -> Self {
        Self {
            ssh,
            channel,
            near,
            up: CopyDirection::default(),
            down: CopyDirection::default(),
        }
    }

    /// Moves bytes until both directions are closed or one end is gone. An error needs no words of its own: whoever
    /// holds the near end sees the connection close.
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
                moved |= self.write_near()?;
            }
            moved |= self.read_near()?;
            moved |= self.write_server()?;
            if self.up.is_closed() && (self.down.is_closed() || deadline.is_some()) {
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
                    let wanted = (&self.near, copy::wanted(&self.up, &self.down));
                    if wait::until_near_is_gone(session, socket, wanted)? {
                        deadline = Some(Instant::now() + FAREWELL);
                    }
                }
            }
        }
    }

    fn read_server(&mut self) -> io::Result<bool> {
        if !self.down.has_room() {
            return Ok(false);
        }
        let moved = self.down.fill(&mut self.channel)?;
        if self.down.ended() && !self.channel.eof() {
            // libssh2 also reads nothing when a packet was for somebody else.
            self.down.reopen();
            return Ok(false);
        }
        if moved {
            self.ssh.bounds.used(self.down.length());
        }
        Ok(moved)
    }

    fn write_near(&mut self) -> io::Result<bool> {
        let moved = self.down.drain(&mut &self.near)?;
        if self.down.must_close() {
            let _ = self.near.shutdown(Shutdown::Write);
            self.down.close();
            return Ok(true);
        }
        Ok(moved)
    }

    fn read_near(&mut self) -> io::Result<bool> {
        if !self.up.has_room() {
            return Ok(false);
        }
        self.up.fill(&mut &self.near)
    }

    fn write_server(&mut self) -> io::Result<bool> {
        let moved = self.up.drain(&mut self.channel)?;
        if self.up.must_close() {
            match self.channel.send_eof().map_err(io::Error::from) {
                Ok(()) => self.up.close(),
                Err(error) if wait::would_block(&error) => return Ok(moved),
                Err(error) => return Err(error),
            }
            return Ok(true);
        }
        Ok(moved)
    }
}
