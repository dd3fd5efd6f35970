//! Bastions: hosts with a root file system of their own and a real SSH server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::process::Output;
use super::{Host, Place, SshKey, World};

/// The password of the account `carol`, which `sudo` asks for.
pub(crate) const CAROL_PASSWORD: &str = "carol-secret";

/// What a bastion is like inside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// This machine's own system, usually Debian, in a copy that only the bastion sees.
    #[default]
    Debian,
    /// The same, but `adduser` is `useradd` and makes a home, as with Red Hat's family.
    RhelLike,
    /// BusyBox, as Alpine: `adduser` and `addgroup` of its own, no `useradd`, `bash`, `sudo`, `getent` or PAM.
    BusyBox,
    /// Debian 13: OpenSSH 10.0.
    Debian13,
    /// Debian unstable, where it could be had.
    Unstable,
}

impl Kind {
    /// The newer Debians.
    pub(crate) fn newer() -> Vec<Self> {
        let mut kinds = vec![Self::Debian13];
        if super::cache::cache().join("unstable.tar").exists() {
            kinds.push(Self::Unstable);
        }
        kinds
    }
}

/// The SSH server of a bastion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Server {
    /// OpenSSH.
    #[default]
    OpenSsh,
    /// Dropbear.
    Dropbear,
}

/// What a bastion is to be like. The default: Debian, OpenSSH with PAM, port 22, no user can log in.
#[derive(Clone, Debug)]
pub(crate) struct BastionOptions {
    kind: Kind,
    server: Server,
    use_pam: bool,
    port: u16,
    lines: Vec<String>,
    keys: Vec<String>,
}

impl Default for BastionOptions {
    fn default() -> Self {
        Self {
            kind: Kind::Debian,
            server: Server::OpenSsh,
            use_pam: true,
            port: 22,
            lines: Vec::new(),
            keys: Vec::new(),
        }
    }
}

impl BastionOptions {
    /// The default.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// What it is like inside.
    pub(crate) fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// Its SSH server.
    pub(crate) fn server(mut self, server: Server) -> Self {
        self.server = server;
        self
    }

    /// OpenSSH's `UsePAM`. A [`Kind::BusyBox`] has no PAM in any case.
    pub(crate) fn use_pam(mut self, yes: bool) -> Self {
        self.use_pam = yes;
        self
    }

    /// The port, 22 by default.
    pub(crate) fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// A line of `sshd_config`, which wins over the bed's own lines; with Dropbear: one argument.
    pub(crate) fn config(mut self, line: &str) -> Self {
        self.lines.push(line.to_owned());
        self
    }

    /// Lets the owner of this key log in as root, admin (sudo without a password), carol (sudo with
    /// [`CAROL_PASSWORD`]) and dave (no sudo). A [`Kind::BusyBox`] has root and dave only.
    #[track_caller]
    pub(crate) fn authorize(mut self, key: &SshKey) -> Self {
        self.keys.push(key.public());
        self
    }
}

/// A host with a root file system of its own and an SSH server, on all addresses.
pub(crate) struct Bastion<'world> {
    world: &'world World,
    host: Host,
    options: BastionOptions,
}

impl World {
    /// Adds a bastion; `plugs` as with [`World::host`].
    #[track_caller]
    pub(crate) fn bastion(&self, name: &str, plugs: &[(&str, &str)], options: BastionOptions) -> Bastion<'_> {
        let host = self.host(name, plugs);
        let kind = match options.kind {
            Kind::Debian => "debian",
            Kind::RhelLike => "rhel",
            Kind::BusyBox => "busybox",
            Kind::Debian13 => "debian13",
            Kind::Unstable => "unstable",
        };
        self.sh_with(
            "root_add \"$1\" \"$2\"; authorize \"$1\"",
            &[name, kind],
            options.keys.join("\n").as_bytes(),
        );
        let bastion = Bastion {
            world: self,
            host,
            options,
        };
        bastion.start();
        bastion
    }
}

impl Bastion<'_> {
    /// The host that it is.
    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    /// Its first address.
    pub(crate) fn address(&self) -> &str {
        self.host.address()
    }

    /// Its SSH port.
    pub(crate) fn port(&self) -> u16 {
        self.options.port
    }

    /// A file in its root file system, as reached from the test's process.
    ///
    /// What its kernel file systems and symbolic links with absolute targets say is the world's there.
    pub(crate) fn outside(&self, inside: impl AsRef<Path>) -> PathBuf {
        let inside = inside.as_ref();
        self.world
            .outside(self.root().join(inside.strip_prefix("/").unwrap_or(inside)))
    }

    /// Its root file system, as seen from inside the world.
    pub(crate) fn root(&self) -> PathBuf {
        self.world.dir().join(self.host.name()).join("root")
    }

    /// Runs a `sh` script on it as root, without SSH; its standard output.
    #[track_caller]
    pub(crate) fn run(&self, script: &str) -> String {
        self.world
            .sh_with("on \"$1\" sh -euc \"$2\"", &[self.host.name(), script], b"")
    }

    /// The same for a script that may fail.
    pub(crate) fn try_run(&self, script: &str) -> Output {
        self.world
            .try_sh("on \"$1\" sh -euc \"$2\"", &[self.host.name(), script], b"")
    }

    /// The same with something on its standard input.
    pub(crate) fn try_run_with(&self, script: &str, stdin: &[u8]) -> Output {
        self.world
            .try_sh("on \"$1\" sh -euc \"$2\"", &[self.host.name(), script], stdin)
    }

    /// What its SSH server has logged.
    pub(crate) fn log(&self) -> String {
        let path = self.world.outside(self.world.dir().join(self.host.name()).join("log"));
        String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
    }

    /// Its host keys: lines of type and key.
    #[track_caller]
    pub(crate) fn host_keys(&self) -> Vec<String> {
        let path = self
            .world
            .outside(self.world.dir().join(self.host.name()).join("hostkeys"));
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        text.lines().map(str::to_owned).collect()
    }

    /// The text of a `known_hosts` file that knows it under every one of its addresses.
    #[track_caller]
    pub(crate) fn known_hosts(&self) -> String {
        let mut text = String::new();
        for address in self.host.addresses() {
            for key in self.host_keys() {
                let pattern = match self.port() {
                    22 => address.clone(),
                    port => format!("[{address}]:{port}"),
                };
                text += &[&pattern, " ", &key, "\n"].concat();
            }
        }
        text
    }

    /// Writes [`Bastion::known_hosts`] to `.ssh/known_hosts` of the world's home, adding to what is there.
    #[track_caller]
    pub(crate) fn remember(&self) {
        self.world.sh_with(
            "mkdir -p -m 700 \"$1/.ssh\"; cat >>\"$1/.ssh/known_hosts\"",
            &[&self.world.home().to_string_lossy()],
            self.known_hosts().as_bytes(),
        );
    }

    /// OpenSSH's client, from a place in this world to this bastion; arguments can be added to it.
    ///
    /// It knows the bastion's host keys and nothing of the machine's own configuration.
    #[track_caller]
    pub(crate) fn ssh(&self, from: impl Into<Place>, user: &str, key: &SshKey) -> Command {
        let known = self
            .world
            .dir()
            .join("tmp")
            .join(format!("known_hosts-{}", self.host.name()));
        let outside = self.world.outside(&known);
        fs::write(&outside, self.known_hosts()).unwrap_or_else(|error| panic!("{}: {error}", outside.display()));
        let mut command = from.into().command("ssh");
        command.args([
            "-F",
            "none",
            "-o",
            "BatchMode=yes",
            "-o",
            "IdentitiesOnly=yes",
            "-o",
            "ConnectTimeout=5",
        ]);
        command.arg("-o").arg(format!("UserKnownHostsFile={}", known.display()));
        command
            .args(["-o", "GlobalKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-i"])
            .arg(&key.path);
        command.args(["-p", &self.port().to_string(), "-l", user, self.address()]);
        command
    }

    /// Stops its SSH server and cuts every connection to it.
    #[track_caller]
    pub(crate) fn stop(&self) {
        self.world.sh_with("server_stop \"$1\"", &[self.host.name()], b"");
    }

    /// Starts its SSH server again after [`Bastion::stop`], with other options for the server if there are any.
    #[track_caller]
    pub(crate) fn restart(&mut self, change: impl FnOnce(BastionOptions) -> BastionOptions) {
        self.options = change(self.options.clone());
        self.start();
    }

    #[track_caller]
    fn start(&self) {
        let port = self.options.port.to_string();
        let lines = self.options.lines.join("\n");
        let name = self.host.name();
        match self.options.server {
            Server::OpenSsh => {
                let pam = self.options.use_pam && self.options.kind != Kind::BusyBox;
                let pam = if pam { "yes" } else { "no" };
                let lines = if lines.is_empty() { lines } else { lines + "\n" };
                self.world
                    .sh_with("sshd_start \"$@\"", &[name, &port, pam], lines.as_bytes());
            }
            Server::Dropbear => {
                self.world
                    .sh_with("dropbear_start \"$@\"", &[name, &port], lines.as_bytes());
            }
        }
    }
}

impl From<&Bastion<'_>> for Place {
    fn from(bastion: &Bastion<'_>) -> Self {
        bastion.host.place()
    }
}
