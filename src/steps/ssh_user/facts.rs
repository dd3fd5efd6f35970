//! The output of the inspection script, as data.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::modes::Node;

mod server;
pub(super) use server::{KeyFile, SshServer, SshServerKind, Ways};

/// Everything that was seen. The default: nothing exists, and nothing was checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(super) account: Option<TunnelAccount>,
    pub(super) group: Option<Group>,
    /// What the database's name stands for on the SSH server.
    pub(super) database_addresses: Vec<String>,
    pub(super) server: SshServer,
}

/// The user of Stitch's name.
#[derive(Clone, Debug, Default)]
pub(super) struct TunnelAccount {
    /// Kept in LDAP or the like and not in `/etc/passwd`: not for us to change.
    pub(super) in_directory: bool,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) groups: Vec<String>,
    pub(super) password: PasswordField,
    pub(super) aging: Aging,
    pub(super) shell: Shell,
    pub(super) home: String,
    /// The home as it really is, behind symbolic links; `None`: it does not exist.
    pub(super) home_node: Option<Node>,
    pub(super) ssh_node: Option<Node>,
    pub(super) keys_node: Option<Node>,
    pub(super) key_lines: Vec<String>,
    /// Now, and when a temporary key of another run ends at the latest, as `expiry-time` writes them.
    pub(super) soon: Option<(String, String)>,
    pub(super) key_end: KeyEnd,
    /// Whether this tool made it, for Stitch alone.
    pub(super) made_by_us: bool,
    /// What stands where a hash would, when it is locked.
    pub(super) lock: String,
    /// The directories above the home, from the inside out.
    pub(super) above: Vec<Node>,
}

/// How the lines of the key file end.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum KeyEnd {
    /// Each as lines do.
    #[default]
    Usual,
    /// The last one has no end.
    Open,
    /// Some with a carriage return, which is not kept in what was read.
    Mixed,
    /// The user that would edit the file cannot read it; sshd, which reads as Stitch's user, cannot either.
    Unread,
}

/// The password field, without the hash.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum PasswordField {
    /// `*`: no password fits, keys do.
    #[default]
    Impossible,
    /// `!`: locked, and nothing behind it.
    Locked,
    /// `!` in front of a hash: an administrator locked it on purpose.
    LockedWithHash,
    /// No password is needed.
    Empty,
    /// A password is set.
    Hash,
    /// It could not be read.
    Unknown,
}

/// Days since 1970, as in /etc/shadow; `None` where nothing is set.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Aging {
    pub(super) today: Option<i64>,
    pub(super) expires: Option<i64>,
    pub(super) changed: Option<i64>,
    pub(super) max_days: Option<i64>,
    /// How long after its password's end the account ends.
    pub(super) inactive_days: Option<i64>,
}

/// The login shell, and what servers may hold against it.
#[derive(Clone, Debug, Default)]
pub(super) struct Shell {
    pub(super) path: String,
    pub(super) state: ShellState,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ShellState {
    #[default]
    Usable,
    /// No such program.
    Missing,
    /// Not in /etc/shells.
    Unlisted,
}

/// The group of Stitch's name.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    pub(super) gid: u32,
    pub(super) members: String,
}

impl Facts {
    /// Reads `name=value` lines; names that are not known are passed over.
    pub(crate) fn parse(text: &str) -> Self {
        let lines = text.lines().filter_map(|line| line.split_once('='));
        // Our script prints some hundred lines. Another program that runs in its place may print any number.
        let lines = Lines(lines.take(100_000).collect());
        Self {
            account: lines.has("exists").then(|| account(&lines)),
            group: lines.one("group").and_then(group),
            database_addresses: addresses(&lines),
            server: SshServer::parse(&lines),
        }
    }
}

struct Lines<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Lines<'a> {
    fn each(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().copied()
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let named = self.0.iter().filter(move |(key, _)| *key == name);
        named.map(|(_, value)| *value)
    }

    fn one(&self, name: &str) -> Option<&'a str> {
        self.all(name).next()
    }

    fn has(&self, name: &str) -> bool {
        self.one(name).is_some()
    }

    fn list(&self, name: &str) -> Vec<String> {
        self.all(name).map(str::to_owned).collect()
    }

    fn text(&self, name: &str) -> Option<String> {
        let value = self.one(name)?.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.one(name)?.parse().ok()
    }

    /// What one of our own words stands for.
    fn word<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_value(self.one(name)?.into()).ok()
    }

    fn node(&self, name: &str) -> Option<Node> {
        self.one(name).and_then(Node::parse)
    }
}

fn account(lines: &Lines<'_>) -> TunnelAccount {
    TunnelAccount {
        in_directory: !lines.has("local"),
        uid: lines.number("uid").unwrap_or_default(),
        gid: lines.number("gid").unwrap_or_default(),
        groups: lines
            .one("groups")
            .map(|names| names.split_whitespace().map(str::to_owned).collect())
            .unwrap_or_default(),
        password: lines.word("password").unwrap_or(PasswordField::Unknown),
        aging: Aging {
            today: lines.number("today"),
            expires: lines.number("expires"),
            changed: lines.number("changed"),
            max_days: lines.number("max_days"),
            inactive_days: lines.number("inactive_days"),
        },
        shell: Shell {
            path: lines.text("shell").unwrap_or_else(|| "/bin/sh".to_owned()),
            state: match (lines.has("shell_missing"), lines.has("shell_unlisted")) {
                (true, _) => ShellState::Missing,
                (false, true) => ShellState::Unlisted,
                (false, false) => ShellState::Usable,
            },
        },
        home: lines.text("home").unwrap_or_default(),
        home_node: lines.node("home_node"),
        ssh_node: lines.node("ssh_node"),
        keys_node: lines.node("keys_node"),
        key_lines: lines.list("key_line"),
        soon: lines.text("now").zip(lines.text("soon")),
        key_end: lines.word("key_end").unwrap_or_default(),
        made_by_us: lines.has("made_by_us"),
        lock: lines.text("lock").unwrap_or_default(),
        above: lines.all("above").filter_map(Node::parse).collect(),
    }
}

/// Once each, and in an order of their own: name servers deal them in turns.
fn addresses(lines: &Lines<'_>) -> Vec<String> {
    let mut found = lines.list("database_address");
    found.sort_unstable();
    found.dedup();
    found
}

/// `name:x:gid:members`
fn group(line: &str) -> Option<Group> {
    let mut fields = line.split(':').skip(2);
    Some(Group {
        gid: fields.next()?.parse().ok()?,
        members: fields.next().unwrap_or_default().to_owned(),
    })
}
