//! The `known_hosts` files, read by ourselves: libssh2's reader knows no wildcards, takes `@revoked` for a host name, and
//! calls an honest key changed when the file holds another type.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use openssl::base64;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;

use crate::names::Port;
use crate::output_file::{Links, PRIVATE, Target};
use crate::pattern;
use crate::public_key;

/// All entries of some `known_hosts` files, in order.
#[derive(Debug, Default)]
pub(crate) struct KnownHosts {
    entries: Vec<KnownHost>,
}

#[derive(Debug)]
struct KnownHost {
    /// `FILE:LINE`, for messages.
    place: String,
    marker: Marker,
    hosts: String,
    kind: String,
    key: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Marker {
    None,
    Revoked,
    Authority,
}

/// What the files say about a key that a server showed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum HostKeyVerdict {
    /// This host, this key.
    Known,
    /// Nothing about this host; `note` says what else the files hold that may explain it.
    Unknown {
        /// A sentence for the question or the refusal; may be empty.
        note: String,
    },
    /// Another key of the same type is recorded there.
    Changed {
        /// `FILE:LINE`
        place: String,
    },
    /// The key is marked `@revoked` there.
    Revoked {
        /// `FILE:LINE`
        place: String,
    },
}

/// A host as `known_hosts` names it.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    /// Host alone, lower case.
    plain: String,
    /// What is looked up first: `host` on port 22, `[host]:port` elsewhere.
    exact: String,
}

impl Name {
    pub(crate) fn new(host: &str, port: Port) -> Self {
        let plain = host.to_ascii_lowercase();
        let exact = if port == Port::SSH {
            plain.clone()
        } else {
            format!("[{plain}]:{port}")
        };
        Self { plain, exact }
    }

    /// A name that has no port whatever the server's is (`HostKeyAlias`).
    pub(crate) fn verbatim(alias: &str) -> Self {
        Self::new(alias, Port::SSH)
    }
}

impl KnownHosts {
    /// Reads the files that exist; lines that make no sense are passed over, as ssh does.
    pub(crate) fn read(files: &[PathBuf]) -> Result<Self> {
        let mut all = Self::default();
        for file in files {
            match fs::read(file) {
                Ok(bytes) => all.add(&file.display().to_string(), &String::from_utf8_lossy(&bytes)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
            }
        }
        Ok(all)
    }

    /// Adds a list of keys that are revoked for every host (`RevokedHostKeys`). ssh trusts no server when it cannot read it.
    pub(crate) fn revoke(&mut self, list: &Path) -> Result<()> {
        let shown = list.display();
        let text = fs::read(list).with_context(|| format!("cannot read {shown} (RevokedHostKeys)"))?;
        let is_binary = text.starts_with(b"SSHKRL");
        ensure!(
            !is_binary,
            "{shown} (RevokedHostKeys) is a binary list, which only ssh reads; use your own ssh: add --ssh-command ssh"
        );
        let keys: String = String::from_utf8_lossy(&text)
            .lines()
            .flat_map(|key| ["@revoked * ", key, "\n"].map(str::to_owned))
            .collect();
        self.add(&shown.to_string(), &keys);
        Ok(())
    }

    pub(crate) fn add(&mut self, file: &str, text: &str) {
        let entries = text
            .lines()
            .enumerate()
            .filter_map(|(index, line)| KnownHost::parse(line, format!("{file}:{}", index + 1)));
        self.entries.extend(entries);
    }

    /// The key types recorded for this host, in order: they are asked of the server first, as ssh does.
    pub(crate) fn kinds<'a>(&'a self, name: &'a Name) -> Vec<&'a str> {
        let mut kinds = Vec::new();
        for entry in self.of(name) {
            if entry.marker == Marker::None && !kinds.contains(&entry.kind.as_str()) {
                kinds.push(entry.kind.as_str());
            }
        }
        kinds
    }

    /// Judges a key shown by the server.
    pub(crate) fn judge(&self, name: &Name, kind: &str, key: &[u8]) -> HostKeyVerdict {
        let entries: Vec<&KnownHost> = self.of(name).collect();
        let revoked = entries
            .iter()
            .find(|entry| entry.marker == Marker::Revoked && entry.key == key);
        if let Some(entry) = revoked {
            return HostKeyVerdict::Revoked {
                place: entry.place.clone(),
            };
        }
        let keys: Vec<&&KnownHost> = entries.iter().filter(|entry| entry.marker == Marker::None).collect();
        if keys.iter().any(|entry| entry.key == key) {
            return HostKeyVerdict::Known;
        }
        // On another port a plain entry can vouch for the key, but says nothing against it (as in ssh).
        let exact = |entry: &&&&KnownHost| name.exact == name.plain || entry.names(&name.exact);
        if let Some(entry) = keys.iter().filter(exact).find(|entry| entry.kind == kind) {
            return HostKeyVerdict::Changed {
                place: entry.place.clone(),
            };
        }
        let others: Vec<&str> = keys.iter().filter(exact).map(|entry| entry.kind.as_str()).collect();
        let note = if !others.is_empty() {
            format!(
                " known_hosts has this host with other key types ({}), which the server did not offer.",
                others.join(", ")
            )
        } else if entries.iter().any(|entry| entry.marker == Marker::Authority) {
            " known_hosts has a certificate authority (@cert-authority) for this host; the built-in client checks only plain keys, and your own ssh checks certificates: add --ssh-command ssh."
                .to_owned()
        } else {
            String::new()
        };
        HostKeyVerdict::Unknown { note }
    }

    fn of<'a>(&'a self, name: &'a Name) -> impl Iterator<Item = &'a KnownHost> {
        self.entries
            .iter()
            .filter(|entry| entry.names(&name.exact) || entry.names(&name.plain))
    }
}

impl KnownHost {
    fn parse(line: &str, place: String) -> Option<Self> {
        let mut words = line.split_whitespace().peekable();
        let marker = match *words.peek()? {
            "@revoked" => Marker::Revoked,
            "@cert-authority" => Marker::Authority,
            word if word.starts_with(['#', '@']) => return None,
            _ => Marker::None,
        };
        if marker != Marker::None {
            words.next();
        }
        Some(Self {
            place,
            marker,
            hosts: words.next()?.to_owned(),
            kind: words.next()?.to_owned(),
            // What a killed program left of a line would look like another key, and the host's as changed.
            key: base64::decode_block(words.next()?)
                .ok()
                .filter(|key| public_key::is_whole(key))?,
        })
    }

    fn names(&self, host: &str) -> bool {
        match self.hosts.strip_prefix("|1|") {
            Some(hashed) => hash_fits(hashed, host).unwrap_or(false),
            None => pattern::list_matches(self.hosts.to_ascii_lowercase().split(','), host),
        }
    }
}

/// `|1|SALT|HASH`: the HMAC-SHA1 of the name under the salt.
fn hash_fits(hashed: &str, host: &str) -> Option<bool> {
    let (salt, hash) = hashed.split_once('|')?;
    let key = PKey::hmac(&base64::decode_block(salt).ok()?).ok()?;
    let mut signer = Signer::new(MessageDigest::sha1(), &key).ok()?;
    let made = signer.sign_oneshot_to_vec(host.as_bytes()).ok()?;
    Some(made == base64::decode_block(hash).ok()?)
}

/// Adds a key that you accepted.
pub(crate) fn remember(file: &Path, name: &Name, kind: &str, key: &[u8]) -> Result<()> {
    let add = || -> Result<()> {
        if let Some(folder) = file.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let line = format!("{} {kind} {}\n", name.exact, base64::encode_block(key));
        let mut known = Target::find(file, Links::Own)?.growing(PRIVATE)?;
        known.append_with(0, |before| {
            let gap = if before.is_empty() || before.ends_with(b"\n") {
                ""
            } else {
                "\n"
            };
            format!("{gap}{line}").into_bytes()
        })
    };
    add().with_context(|| format!("cannot add the host key to {}", file.display()))
}

#[cfg(test)]
mod tests;
