//! The output of the inspection script about the SSH server.

use serde::Deserialize;

use super::Lines;
use crate::settings::KeyOption;
use crate::steps::ssh_user::modes::Node;

#[derive(Clone, Debug, Default)]
pub(in crate::steps::ssh_user) struct SshServer {
    pub(in crate::steps::ssh_user) kind: SshServerKind,
    /// The command it was started with.
    pub(in crate::steps::ssh_user) running: String,
    /// Address, keyword, value: what `sshd -T` says.
    pub(in crate::steps::ssh_user) settings: Vec<(String, String, String)>,
    /// Whether every user may listen on port 1 there (`ip_unprivileged_port_start`).
    pub(in crate::steps::ssh_user) low_ports_are_open: bool,
    /// The version of a Dropbear, a year and a number.
    pub(in crate::steps::ssh_user) dropbear_version: Option<(u32, u32)>,
    /// Whether a Dropbear knows `permitopen`, as newer ones do.
    pub(in crate::steps::ssh_user) permits_targets: bool,
    /// Keyword and value as its file has them before the first `Match`; read only where sshd itself does not say.
    pub(in crate::steps::ssh_user) file: Vec<(String, String)>,
    /// Its first complaint.
    pub(in crate::steps::ssh_user) error: Option<String>,
    pub(in crate::steps::ssh_user) looked: bool,
    /// How its configuration is changed and put to work there.
    pub(in crate::steps::ssh_user) ways: Ways,
    /// The files it reads keys from besides the usual one.
    pub(in crate::steps::ssh_user) key_files: Vec<KeyFile>,
    /// The directory it locks the user into, and those above it.
    pub(in crate::steps::ssh_user) chroot: Vec<Node>,
    /// The file that keeps all users but root out while it is there.
    pub(in crate::steps::ssh_user) nologin: Option<String>,
    /// A pattern of variables that sshd takes from clients, and that decide what a login shell runs first.
    pub(in crate::steps::ssh_user) obeyed: Option<String>,
    /// Settings that this program knows nothing of, as `sshd -T` prints them.
    pub(in crate::steps::ssh_user) other: Vec<String>,
    /// A file of its configuration that was changed after it was read.
    pub(in crate::steps::ssh_user) late: Option<String>,
    /// A `Match` on what is not known before a login.
    pub(in crate::steps::ssh_user) unknowable: Option<String>,
    pub(in crate::steps::ssh_user) pam: Pam,
    /// Whether Stitch's key is on the list of `RevokedKeys`.
    pub(in crate::steps::ssh_user) key_revoked: Option<bool>,
}

/// PAM's rules for sshd, as far as they can be read.
#[derive(Clone, Debug, Default)]
pub(in crate::steps::ssh_user) struct Pam {
    /// `TYPE CONTROL MODULE ARGUMENTS` of accounts and sessions.
    pub(in crate::steps::ssh_user) stack: Vec<String>,
    /// The lines of `access.conf`.
    pub(in crate::steps::ssh_user) access: Vec<String>,
    /// Those of `limits.conf` about the number of logins.
    pub(in crate::steps::ssh_user) limits: Vec<String>,
    /// Those of `time.conf`.
    pub(in crate::steps::ssh_user) times: Vec<String>,
}

/// How the server's configuration is changed there.
#[derive(Clone, Debug, Default)]
pub(in crate::steps::ssh_user) struct Ways {
    /// The file it reads first; `None`: the usual one.
    pub(in crate::steps::ssh_user) config: Option<String>,
    /// The folder whose `*.conf` that file includes, when a file of ours there is read before any `Match`.
    pub(in crate::steps::ssh_user) drop_ins: Option<String>,
    /// The same folder, when only root can write there and it is known how sshd is made to read it.
    pub(in crate::steps::ssh_user) our_folder: Option<String>,
    /// The folder that has a file of ours about Unix sockets.
    pub(in crate::steps::ssh_user) has_our_file: Option<String>,
    /// What makes it read the file again.
    pub(in crate::steps::ssh_user) reload: Option<String>,
    /// Whether it is too old for `Include` (before 8.2).
    pub(in crate::steps::ssh_user) version: Option<(u32, u32)>,
    /// The files that set `MaxStartups`, of which sshd takes the last.
    pub(in crate::steps::ssh_user) startups_in: Vec<String>,
}

/// A file that the server reads keys from.
#[derive(Clone, Debug)]
pub(in crate::steps::ssh_user) struct KeyFile {
    /// Whether Stitch's key is in it.
    pub(in crate::steps::ssh_user) has_the_key: bool,
    /// What stands in it, but empty lines.
    pub(in crate::steps::ssh_user) lines: Vec<String>,
    /// The file, and the directories above it.
    pub(in crate::steps::ssh_user) nodes: Vec<Node>,
}

/// Which SSH server it is; unless it is known otherwise, OpenSSH.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(in crate::steps::ssh_user) enum SshServerKind {
    #[default]
    OpenSsh,
    Dropbear,
}

impl SshServerKind {
    /// What stands in front of every key: no terminal, no agent, no X11, and forwarding.
    pub(in crate::steps::ssh_user) fn base_options(self) -> &'static str {
        match self {
            Self::OpenSsh => "restrict,port-forwarding",
            Self::Dropbear => "no-pty,no-agent-forwarding,no-X11-forwarding",
        }
    }
}

impl SshServer {
    /// Another file than the usual one that has Stitch's key.
    pub(in crate::steps::ssh_user) fn key_file_elsewhere(&self) -> Option<&KeyFile> {
        self.key_files.iter().find(|file| file.has_the_key)
    }

    pub(super) fn parse(lines: &Lines<'_>) -> Self {
        Self {
            kind: lines.word("server").unwrap_or_default(),
            running: lines.text("running").unwrap_or_default(),
            settings: lines.all("sshd").filter_map(setting).collect(),
            low_ports_are_open: lines.has("low_ports"),
            dropbear_version: lines.one("dropbear_version").and_then(numbers),
            permits_targets: lines.has("dropbear_knows"),
            file: lines
                .all("sshd_file")
                .filter_map(|line| line.split_once(' '))
                .map(|(keyword, value)| (keyword.to_owned(), value.trim().to_owned()))
                .collect(),
            error: lines.text("sshd_error"),
            looked: true,
            ways: Ways {
                config: lines.text("sshd_config"),
                drop_ins: lines.text("sshd_drop_ins"),
                our_folder: lines.text("sshd_our_folder"),
                has_our_file: lines.text("sshd_our_file"),
                reload: lines.text("sshd_reload"),
                version: lines.one("sshd_version").and_then(version),
                startups_in: lines.list("sshd_startups_in"),
            },
            key_files: key_files(lines),
            chroot: lines.all("chroot_node").filter_map(Node::parse).collect(),
            nologin: lines.text("nologin"),
            obeyed: lines.text("obeyed"),
            other: lines.list("sshd_other"),
            late: lines.text("sshd_late"),
            unknowable: lines.text("sshd_match"),
            key_revoked: lines.one("key_revoked").map(|word| word == "yes"),
            pam: Pam {
                stack: lines.list("pam"),
                access: lines.list("pam_access"),
                limits: lines.list("pam_limit"),
                times: lines.list("pam_time"),
            },
        }
    }

    /// Whether the server understands such an option in front of a key; one it does not know would shut the key out.
    pub(in crate::steps::ssh_user) fn knows(&self, option: KeyOption) -> bool {
        match (self.kind, option) {
            (SshServerKind::OpenSsh, _) | (SshServerKind::Dropbear, KeyOption::Restrict | KeyOption::NoCommand) => true,
            (SshServerKind::Dropbear, KeyOption::PermitOpen) => self.permits_targets,
            (SshServerKind::Dropbear, KeyOption::From) => false,
        }
    }

    /// OpenSSH since 7.8. Unless it is known to be older, it is taken for newer.
    pub(in crate::steps::ssh_user) fn knows_permitlisten(&self) -> bool {
        self.kind == SshServerKind::OpenSsh && self.ways.version.is_none_or(|version| version >= (7, 8))
    }

    /// Whether PAM may decide about accounts; only a known "no" is a no.
    pub(in crate::steps::ssh_user) fn uses_pam(&self) -> bool {
        let mut settings = self.settings.iter();
        !settings.any(|(_, keyword, value)| keyword == "usepam" && value == "no")
    }
}

/// `address keyword value…`
fn setting(line: &str) -> Option<(String, String, String)> {
    let (address, rest) = line.split_once(' ')?;
    let (keyword, value) = rest.split_once(' ').unwrap_or((rest, ""));
    // OpenSSH prints them in lower case up to 10.5, and as its manual writes them from then on.
    let keyword = keyword.to_ascii_lowercase();
    Some((address.to_owned(), keyword, value.trim().to_owned()))
}

/// `OpenSSH_9.2p1 …`
fn version(line: &str) -> Option<(u32, u32)> {
    numbers(line.split_once("OpenSSH_")?.1)
}

/// The first two numbers, as of `9.2p1`.
fn numbers(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Each begins with whether the key is in it; its file and directories follow.
fn key_files(lines: &Lines<'_>) -> Vec<KeyFile> {
    let mut files: Vec<KeyFile> = Vec::new();
    for (name, value) in lines.each() {
        match (name, files.last_mut()) {
            ("key_file", _) => files.push(KeyFile {
                has_the_key: value == "yes",
                lines: Vec::new(),
                nodes: Vec::new(),
            }),
            ("key_file_line", Some(file)) => file.lines.push(value.to_owned()),
            ("key_file_node", Some(file)) => file.nodes.extend(Node::parse(value)),
            _ => {}
        }
    }
    files
}
