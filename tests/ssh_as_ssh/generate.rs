//! Random configurations of the SSH client.

use std::fmt::{self, Write as _};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::rng::Rng;

/// Names that are asked about.
pub(super) const HOSTS: [&str; 6] = [
    "gate",
    "Gate",
    "db.gate.example",
    "root@gate",
    "ssh://ann@other:2200",
    "198.51.100.7",
];

const PATTERNS: [&str; 12] = [
    "gate",
    "Gate",
    "*.gate.example",
    "*",
    "g?te",
    "!gate *",
    "other gate",
    "198.51.100.*",
    "\"gate\"",
    "nowhere",
    "!*.example gat*",
    "* !other",
];

/// Criteria. Of those that are commands none holds, and none is run.
const CRITERIA: [&str; 22] = [
    "all",
    "host gate",
    "host=GATE,other",
    "host *.example",
    "host bastion.example,10.*",
    "!host gate",
    "host !gate,*",
    "originalhost gate,\"other\"",
    "originalhost Gate user root",
    "user ann",
    "user root,bob",
    "!user ann host *",
    "localuser root",
    "final",
    "final all",
    "final host bastion.example",
    "!final host gate",
    "canonical",
    "host nowhere",
    "user nobody",
    "exec \"false\"",
    "localuser nobody exec \"touch /run/canary\"",
];

/// Lines of keywords that are used.
const LINES: [&str; 50] = [
    "HostName bastion.example",
    "HostName %h.example.com",
    "HostName=B-%h.Example",
    "hostname 10.0.0.7",
    "User ann",
    "USER \"bob\"",
    "User = carol",
    "Port 2222",
    "port=22022",
    "Port \"44\"",
    "\"Port\" 45",
    "Port ssh",
    "IdentityFile ~/.ssh/gate",
    "IdentityFile \"~/.ssh/my key\"",
    "IdentityFile ~/.ssh/my\\ key",
    "IdentityFile ~/.ssh/%r-%h-%p",
    "IdentityFile ~/.ssh/%n_%u_%L",
    "IdentityFile %d/.ssh/%%k",
    "IdentityFile ~/.ssh/${GATE}/key",
    "IdentityFile ~/.ssh/hash-%C",
    "IdentityFile none",
    "IdentityFile ~daemon/key",
    "IdentityFile ~/.ssh/hardware.pub",
    "IdentityFile ~/.ssh/a~b$c",
    "IdentitiesOnly yes",
    "IdentitiesOnly=no",
    "identitiesonly TRUE",
    "IdentityAgent none",
    "IdentityAgent SSH_AUTH_SOCK",
    "IdentityAgent ~/agent.sock",
    "HostKeyAlias the-gate",
    "HostKeyAlias \"gate.of.many\"",
    "UserKnownHostsFile ~/.ssh/gate_hosts",
    "UserKnownHostsFile ~/.ssh/one ~/.ssh/two",
    "UserKnownHostsFile none",
    "UserKnownHostsFile \"/var/lib/known hosts\" /dev/null",
    "GlobalKnownHostsFile /etc/ssh/gate_hosts",
    "GlobalKnownHostsFile none",
    "ProxyJump none",
    "ProxyJump first",
    "ProxyJump %r@%n.jump",
    "\"HostName\" quoted.example",
    "ProxyJump ops@second:2200",
    "ProxyCommand none",
    "ProxyCommand nc %h %p # not a comment",
    "HostName",
    "Port 0",
    "Port 70000",
    "IdentitiesOnly perhaps",
    "User \"no end",
];
/// From here on ssh refuses them.
const REFUSED_FROM: usize = 45;

/// Lines of keywords that are not, with values that a parser of them may not know.
const OTHERS: [&str; 26] = [
    "AddKeysToAgent 1h",
    "AddKeysToAgent confirm 30m",
    "ForwardAgent ~/agent",
    "ControlPersist 10m",
    "ControlPath ~/.ssh/cm-%C",
    "ConnectTimeout 1",
    "RekeyLimit 1G 1h",
    "ServerAliveInterval 15",
    "SetEnv A=b \"C=d e\"",
    "SendEnv LANG LC_*",
    "LocalForward 127.0.0.1:5432 db:5432",
    "LocalForward /tmp/l.sock /tmp/r.sock",
    "DynamicForward 1080",
    "IPQoS af21 cs1",
    "KexAlgorithms +diffie-hellman-group14-sha1",
    "PubkeyAcceptedAlgorithms ^ssh-ed25519",
    "StrictHostKeyChecking accept-new",
    "CanonicalizeHostname no",
    "CertificateFile ~/.ssh/gate-cert.pub",
    "PermitLocalCommand no",
    "LogLevel QUIET",
    "UseKeychain yes",
    "ObscureKeystrokeTiming interval:80",
    "WarnWeakCrypto no",
    "RefuseConnection \"closed\"",
    "Tag somewhere",
];

/// What is in `~/.ssh`, and the system's own file.
pub(super) struct Files {
    all: Vec<(&'static str, String)>,
    /// Whether there may be lines that ssh refuses.
    pub(super) refusable: bool,
}

impl Files {
    pub(super) fn new(rng: &mut Rng) -> Self {
        let refusable = rng.percent(15);
        let usable = if refusable { LINES.len() } else { REFUSED_FROM };
        let includes = [
            "conf.d/*.conf",
            "~/.ssh/conf.d/a*",
            "absent/*",
            "conf.d/b.conf conf.d/a.conf",
            "\"conf.d/b.conf\"",
            "conf.d/[ab].conf",
        ];
        let config = format!(
            "IgnoreUnknown UseKeychain,Obscure*,Warn*,Refuse*,Tag\n{}",
            block(rng, usable, &includes)
        );
        let all = vec![
            (".ssh/config", config),
            (".ssh/conf.d/a.conf", block(rng, usable, &["conf.d/c.inc"])),
            (".ssh/conf.d/b.conf", block(rng, usable, &[])),
            (".ssh/conf.d/.hidden.conf", "Port 1\n".to_owned()),
            (".ssh/conf.d/c.inc", block(rng, usable, &[])),
            ("system", block(rng, usable, &[])),
        ];
        Self { all, refusable }
    }

    pub(super) fn write(&self, home: &Path) {
        for (name, text) in &self.all {
            let path = home.join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(&path, text).expect("a file");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("its mode");
        }
    }
}

impl fmt::Display for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.all
            .iter()
            .try_for_each(|(name, text)| writeln!(f, "== {name}\n{text}"))
    }
}

fn block(rng: &mut Rng, usable: usize, includes: &[&str]) -> String {
    let mut text = String::new();
    for _ in 0..rng.below(14) {
        let indent = rng.pick(&["", "  ", "\t"]);
        let line = match rng.below(100) {
            0..=21 => format!("Host {}", rng.pick(&PATTERNS)),
            22..=27 => format!("Host={}", rng.pick(&PATTERNS)),
            28..=36 => format!("Match{}{}", rng.pick(&[" ", "="]), rng.pick(&CRITERIA)),
            37..=43 if !includes.is_empty() => format!("Include {}", rng.pick(includes)),
            37..=47 => rng.pick(&["# a comment", "", "   ", "#Port 9"]).to_owned(),
            48..=62 => rng.pick(&OTHERS).to_owned(),
            _ => LINES[rng.below(usable)].to_owned(),
        };
        let _ = writeln!(text, "{indent}{line}{}", rng.pick(&["", "", "  ", "\r"]));
    }
    text
}
