//! The throw-away SSH server: sshd in namespaces of its own, where the accounts and files of this machine are copies.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use super::child::Child;
use super::installed;
use super::server::{folder, free_port};
use crate::public_key::PublicKey;
use crate::secret;

const SCRIPT: &str = include_str!("bastion.sh");

pub(super) struct Means {
    sshd: PathBuf,
    unshare: PathBuf,
    keygen: PathBuf,
}

/// What this machine has to offer; the error is the reason why there can be no such server here.
pub(super) fn means(search_path: &[PathBuf]) -> Result<Means, &'static str> {
    if !cfg!(target_os = "linux") {
        return Err("it needs Linux");
    }
    if !rustix::process::geteuid().is_root() {
        return Err("it needs root, to create a Linux user on a temporary SSH server");
    }
    let find = |name| installed::program(name, search_path);
    Ok(Means {
        sshd: find("sshd").ok_or("there is no sshd on this machine (package openssh-server)")?,
        unshare: find("unshare").ok_or("there is no unshare on this machine (package util-linux)")?,
        keygen: find("ssh-keygen").ok_or("there is no ssh-keygen on this machine (package openssh-client)")?,
    })
}

/// The running SSH server. Its parts go in this order: the processes, then the folder.
pub(super) struct DemoBastion {
    child: Child,
    folder: TempDir,
    /// On 127.0.0.1.
    pub(super) port: u16,
    /// Of its host key.
    pub(super) fingerprint: String,
}

impl DemoBastion {
    /// Begins to make one; it is there when [`DemoBastion::ready`] says so.
    pub(super) fn start(means: &Means) -> Result<Self> {
        let folder = folder("stitch-pg-demo-ssh-")?;
        let path = folder.path();
        let port = free_port()?;
        for (name, comment) in [("host_key", "host"), ("admin", "admin"), ("stitch", "stitch")] {
            make_key(means, &path.join(name), comment)?;
        }
        let host_key: PublicKey = fs::read_to_string(path.join("host_key.pub"))?.parse()?;
        fs::write(path.join("sshd_config"), config(port))?;
        fs::create_dir(path.join("private"))?;
        #[expect(clippy::disallowed_methods, reason = "the demo's own SSH server")]
        let mut command = Command::new(&means.unshare);
        command
            .args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"])
            .args(["--propagation", "private", "--", "sh", "-c", SCRIPT, "bastion"])
            .args([path, &means.sshd])
            .current_dir("/")
            .env("LC_ALL", "C");
        Ok(Self {
            child: Child::start(command, "")?,
            port,
            fingerprint: host_key.fingerprint(),
            folder,
        })
    }

    /// Waits until it takes logins.
    pub(super) async fn ready(&mut self) -> Result<()> {
        self.child.ready().await
    }

    /// The private key with which the admin logs in as root.
    pub(super) fn admin_key(&self) -> PathBuf {
        self.folder.path().join("admin")
    }

    /// The public key that plays the part of Stitch's.
    pub(super) fn stitch_key(&self) -> PathBuf {
        self.folder.path().join("stitch.pub")
    }
}

fn make_key(means: &Means, path: &Path, comment: &str) -> Result<()> {
    #[expect(clippy::disallowed_methods, reason = "the demo's own keys")]
    let output = secret::withheld_from(&mut Command::new(&means.keygen))
        .args(["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f"])
        .arg(path)
        .stdin(Stdio::null())
        .output()
        .context("cannot start ssh-keygen")?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "ssh-keygen: {}", complaint.trim_end());
    Ok(())
}

/// The admin's key is read from elsewhere than the users' own, so that nothing but the wizard makes an `.ssh` folder.
fn config(port: u16) -> String {
    format!(
        "ListenAddress 127.0.0.1\n\
         Port {port}\n\
         HostKey /etc/ssh/demo_host_key\n\
         PidFile /run/demo-sshd.pid\n\
         PermitRootLogin prohibit-password\n\
         PasswordAuthentication no\n\
         AllowStreamLocalForwarding no\n\
         UseDNS no\n\
         LogLevel ERROR\n\
         # An agent may offer all its keys before the right one.\n\
         MaxAuthTries 100\n\
         Match User root\n    AuthorizedKeysFile /etc/ssh/demo_admin_keys\n"
    )
}
