//! Worlds: machines' networks and file systems which exist for one test and leave nothing behind.
//!
//! A world is a holder process in namespaces of its own (mount, net, pid, uts, ipc) which waits for its standard
//! input to close. The test enters it with `nsenter` for every command. When the test ends, in whichever way,
//! the holder's input closes, and with the holder the kernel ends every process, mount and network in it.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{OnceLock, mpsc};
use std::time::Duration;
use std::{fs, thread};

use super::cache::{self, Need};
use super::process;

/// The search path of everything that runs in the bed.
pub(crate) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The folder for a world's state, as seen from inside. On a tmpfs; short, for the sake of socket names.
const STATE: &str = "/run/world";

/// A world of its own for a test; `None`, and a line that says so, where the machine cannot.
#[track_caller]
pub(crate) fn world(needs: &[Need]) -> Option<World> {
    (cache::available(&[Need::Root]) && cache::available(needs)).then(World::new)
}

/// Can this process make namespaces?
pub(crate) fn possible() -> bool {
    static POSSIBLE: OnceLock<bool> = OnceLock::new();
    *POSSIBLE.get_or_init(|| {
        // Root in a container may not: only a try shows that.
        let mut command = Command::new("unshare");
        command.args(["--mount", "--net", "--pid", "--uts", "--ipc", "--fork", "--mount-proc"]);
        command.args(["--propagation", "private", "ip", "link", "set", "lo", "up"]);
        is_root() && process::finish(command, b"", process::DEADLINE).success()
    })
}

/// Is this process root?
pub(crate) fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// Where a command runs.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// On this machine, as the user who runs the tests.
    Here,
    /// In a world, on the network of one of its hosts or on the one of the world itself.
    Inside {
        /// The holder's process 1, as numbered outside.
        pid: u32,
        /// The host, if not the world itself.
        host: Option<String>,
    },
}

impl Place {
    /// A command that runs there. Inside a world it starts in the world's home folder.
    ///
    /// Killing it kills the program. Other signals for the program go to [`Place::program_pid`].
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let Self::Inside { pid, host } = self else {
            return Command::new(program);
        };
        // nsenter stays outside and waits for the program. A Ctrl-C reaches both: nsenter must survive it, the
        // program must feel it. And if nsenter is killed, the program has to go too (pdeathsig).
        let mut command = Command::new("env");
        command
            .args(["--ignore-signal=INT,QUIT", "nsenter", "--target"])
            .arg(pid.to_string());
        command.args(["--mount", "--pid", "--uts", "--ipc"]);
        command.arg(match host {
            Some(name) => format!("--net=/proc/{pid}/root/run/netns/{name}"),
            None => "--net".to_owned(),
        });
        command
            .args(["--", "env", "--default-signal=INT,QUIT", "--chdir"])
            .arg(self.home());
        command.arg(format!("TMPDIR={STATE}/tmp"));
        command.args(["setpriv", "--pdeathsig", "KILL", "--"]).arg(program);
        command
    }

    /// The home folder of the user that runs commands there, as seen from there. Here: a folder that is not there.
    pub(crate) fn home(&self) -> PathBuf {
        match self {
            Self::Here => PathBuf::from("/nonexistent"),
            Self::Inside { .. } => Path::new(STATE).join("home"),
        }
    }

    /// A file of that place, as reached from the test's process.
    pub(crate) fn outside(&self, inside: &Path) -> PathBuf {
        match self {
            Self::Here => inside.to_owned(),
            Self::Inside { pid, .. } => {
                PathBuf::from(format!("/proc/{pid}/root")).join(inside.strip_prefix("/").unwrap_or(inside))
            }
        }
    }

    /// The number, outside, of the program that a process started by [`Place::command`] runs.
    pub(crate) fn program_pid(&self, started: u32) -> u32 {
        match self {
            Self::Here => started,
            Self::Inside { .. } => process::poll(process::DEADLINE, || child_of(started))
                .unwrap_or_else(|| panic!("no child of {started}")),
        }
    }

    /// The same of a program that may have ended by now.
    pub(crate) fn running_pid(&self, started: u32) -> Option<u32> {
        match self {
            Self::Here => Some(started),
            Self::Inside { .. } => child_of(started),
        }
    }
}

/// See the module's description.
pub(crate) struct World {
    holder: Child,
    stdin: Option<ChildStdin>,
    pid: u32,
    serial: AtomicU32,
}

impl World {
    /// Starts a world; [`world`] is what tests use.
    #[track_caller]
    fn new() -> Self {
        let mut command = Command::new("unshare");
        command.args([
            "--mount",
            "--net",
            "--pid",
            "--uts",
            "--ipc",
            "--fork",
            "--kill-child=KILL",
        ]);
        command
            .args(["--mount-proc", "--propagation", "private", "--", "bash"])
            .arg(cache::script("world_init.sh"));
        command.env_clear().env("PATH", PATH);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut holder = process::spawn(&mut command);
        let stdin = holder.stdin.take();
        let stdout = holder.stdout.take().expect("the pipe asked for");
        let (sender, said) = mpsc::channel();
        thread::spawn(move || {
            let mut lines = String::new();
            let mut reader = BufReader::new(stdout);
            while reader.read_line(&mut lines).is_ok_and(|length| length > 0) && !lines.ends_with("ready\n") {}
            // No receiver waits any longer: the world was given up.
            drop(sender.send(lines));
        });
        let said = said.recv_timeout(process::DEADLINE).unwrap_or_default();
        assert!(said.ends_with("ready\n"), "the world did not start: {said}");
        let pid = child_of(holder.id()).expect("unshare has a child, which said that it is ready");
        Self {
            holder,
            stdin,
            pid,
            serial: AtomicU32::new(1),
        }
    }

    /// The folder for everything the test makes in this world, as seen from inside.
    pub(crate) fn dir(&self) -> PathBuf {
        // The same in every world; but who has no world has no folder.
        let Self { .. } = self;
        PathBuf::from(STATE)
    }

    /// The home folder of the user that runs commands in this world, as seen from inside.
    pub(crate) fn home(&self) -> PathBuf {
        self.place().home()
    }

    /// A file of this world, as reached from the test's process.
    pub(crate) fn outside(&self, inside: impl AsRef<Path>) -> PathBuf {
        self.place().outside(inside.as_ref())
    }

    /// The world itself, with no network but its loopback.
    pub(crate) fn place(&self) -> Place {
        Place::Inside {
            pid: self.pid,
            host: None,
        }
    }

    /// A command in this world, with no network but the world's loopback.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        self.place().command(program)
    }

    /// Runs a bash script in this world, with `set -euo pipefail` and the functions of `world_lib.sh`; its output.
    #[track_caller]
    pub(crate) fn sh(&self, script: &str) -> String {
        self.sh_with(script, &[], b"")
    }

    /// The same with arguments and a standard input.
    #[track_caller]
    pub(crate) fn sh_with(&self, script: &str, arguments: &[&str], stdin: &[u8]) -> String {
        let output = self.try_sh(script, arguments, stdin);
        assert!(
            output.success(),
            "{script}\nstatus {:?}\n--- stdout\n{}\n--- stderr\n{}",
            output.status,
            output.stdout,
            output.stderr
        );
        output.stdout
    }

    /// The same for a script that may fail.
    pub(crate) fn try_sh(&self, script: &str, arguments: &[&str], stdin: &[u8]) -> process::Output {
        let mut command = self.command("bash");
        command.env_clear().env("PATH", PATH).env("HOME", self.home());
        command
            .env("WORLD", STATE)
            .env("CACHE", cache::cache())
            .env("LIB", cache::script("world_lib.sh"));
        command
            .args(["-c", &format!("set -euo pipefail; . \"$LIB\"; {script}"), "sh"])
            .args(arguments);
        process::finish(command, stdin, process::DEADLINE)
    }

    /// Adds a host: a network of its own, plugged into LANs (made when first named) as interfaces e0, e1, ...
    ///
    /// `world.host("db", &[("lan", "198.51.100.10/24")])`. LANs have no route to each other.
    #[track_caller]
    pub(crate) fn host(&self, name: &str, plugs: &[(&str, &str)]) -> Host {
        let mut arguments = vec![name];
        for (lan, address) in plugs {
            arguments.extend([*lan, *address]);
        }
        self.sh_with(
            "name=$1; shift; net_add \"$name\"; n=0
             while [ $# -gt 0 ]; do plug \"$name\" \"$1\" \"e$n\" \"$2\"; n=$((n + 1)); shift 2; done",
            &arguments,
            b"",
        );
        let addresses = plugs
            .iter()
            .map(|(_, address)| address.split('/').next().unwrap_or_default().to_owned());
        Host {
            name: name.to_owned(),
            addresses: addresses.collect(),
            place: Place::Inside {
                pid: self.pid,
                host: Some(name.to_owned()),
            },
        }
    }

    /// Gives an address a name, for every command of this world and of its hosts (not inside a bastion).
    #[track_caller]
    pub(crate) fn name(&self, address: &str, name: &str) {
        self.sh_with("printf '%s %s\\n' \"$1\" \"$2\" >>/etc/hosts", &[address, name], b"");
    }

    /// A number that this world has not given out yet.
    pub(crate) fn serial(&self) -> u32 {
        self.serial.fetch_add(1, Ordering::Relaxed)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // The holder ends, and unshare after it, once nothing of the world runs any more.
        drop(self.stdin.take());
        process::wait(&mut self.holder, Duration::from_secs(10));
    }
}

/// A host of a world.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    name: String,
    addresses: Vec<String>,
    place: Place,
}

impl Host {
    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Its first address.
    pub(crate) fn address(&self) -> &str {
        self.addresses.first().map_or("127.0.0.1", String::as_str)
    }

    /// All its addresses, in the order of its plugs.
    pub(crate) fn addresses(&self) -> &[String] {
        &self.addresses
    }

    /// Where its commands run.
    pub(crate) fn place(&self) -> Place {
        self.place.clone()
    }

    /// Runs a `sh` script on this host's network with the programs that bastions have and the machine may not:
    /// `nft`, `iptables`. The world needs [`Need::Bastion`]; the first use takes a fifth of a second.
    #[track_caller]
    pub(crate) fn tool(&self, world: &World, script: &str) -> String {
        world.sh_with("tools_add; tool \"$1\" sh -euc \"$2\"", &[&self.name, script], b"")
    }

    /// A command on this host's network (with the machine's file system, not a bastion's).
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        self.place.command(program)
    }
}

impl From<&World> for Place {
    fn from(world: &World) -> Self {
        world.place()
    }
}

impl From<&Host> for Place {
    fn from(host: &Host) -> Self {
        host.place()
    }
}

/// The first child of a process, from the process list: the kernel's own file of children is an option of it.
fn child_of(parent: u32) -> Option<u32> {
    let parent = parent.to_string();
    fs::read_dir("/proc").ok()?.filter_map(Result::ok).find_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        // "pid (name) state parent ...", and a name may hold spaces and parentheses.
        (stat.rsplit_once(") ")?.1.split(' ').nth(1)? == parent).then_some(pid)
    })
}
