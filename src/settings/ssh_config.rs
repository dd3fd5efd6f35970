//! The SSH client's configuration, read as `ssh` reads it (its `readconf.c`): the first value of a keyword counts, an `Include`
//! stands where it is written, and words are quoted as there. A `Match` on a command, or on what is not known here, does not hold.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};

use super::local_users;
use super::ssh_tokens::AliasOptions;
use super::trust;
use crate::pattern;

mod text;
use text::{host_name, is_one_of, split_keyword, words};

/// Files within files, as ssh has it.
const MAX_DEPTH: usize = 16;
/// No configuration is so long.
const MAX_BYTES: u64 = 4 << 20;

/// What is used. Whatever stands behind another keyword is passed over, whether or not this machine's `ssh` would take it.
const USED: &str = "globalknownhostsfile hostkeyalias hostname identitiesonly identityagent identityfile port proxycommand \
    proxyjump revokedhostkeys tag user userknownhostsfile";

/// What decides about a login, too, and is ssh's own to do. A line of them is named when the login fails without it.
const LEFT_TO_SSH: &str = "bindaddress bindinterface canonicalizehostname certificatefile knownhostscommand pkcs11provider \
    verifyhostkeydns";

/// A line that counts for the host.
#[derive(Debug)]
pub(super) struct Entry {
    keyword: String,
    pub(super) words: Vec<String>,
    /// `FILE:LINE: KEYWORD`, for messages.
    pub(super) place: String,
}

/// What the files say about one host.
#[derive(Debug, Default)]
pub(super) struct ClientConfig {
    entries: Vec<Entry>,
    /// Those that only ssh can follow.
    pub(super) unused: Vec<String>,
}

impl ClientConfig {
    /// Your file, then the system's; one that is not there gives nothing. Both are read once more where a `Match final` asks for
    /// it, which sees the host's name as it was found.
    pub(super) fn read(asked: &Asked<'_>) -> Result<Self> {
        let mut reader = Reader {
            asked,
            host: asked.host.to_owned(),
            is_active: true,
            is_final: false,
            wants_final: false,
            config: Self::default(),
        };
        reader.files()?;
        if reader.wants_final {
            (reader.host, reader.is_final) = (reader.config.host_name(asked.host)?, true);
            // A name that only the second reading has comes too late.
            let (keyword, words) = ("hostname".to_owned(), vec![reader.host.replace('%', "%%")]);
            let place = "the name".to_owned();
            reader.config.entries.push(Entry { keyword, words, place });
            reader.files()?;
        }
        Ok(reader.config)
    }

    /// The name to connect to, for what was typed.
    pub(super) fn host_name(&self, typed: &str) -> Result<String> {
        let mut host = match self.value("hostname")? {
            Some((name, entry)) => host_name(name, typed).with_context(|| entry.place.clone())?,
            None => typed.to_owned(),
        };
        if host.parse::<IpAddr>().is_err() {
            host.make_ascii_lowercase();
        }
        Ok(host)
    }

    /// The line that counts.
    pub(super) fn first(&self, keywords: &[&str]) -> Option<&Entry> {
        self.entries
            .iter()
            .find(|entry| keywords.contains(&entry.keyword.as_str()))
    }

    /// The value of a keyword that has one.
    pub(super) fn value(&self, keyword: &str) -> Result<Option<(&str, &Entry)>> {
        let Some(entry) = self.first(&[keyword]) else {
            return Ok(None);
        };
        ensure!(entry.words.len() == 1, "{} takes one value", entry.place);
        Ok(Some((&entry.words[0], entry)))
    }

    /// Every line of a keyword that adds up.
    pub(super) fn all(&self, keyword: &str) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.keyword == keyword)
    }
}

impl Entry {
    pub(super) fn is(&self, keyword: &str) -> bool {
        self.keyword == keyword
    }
}

/// Whose file it is: ssh refuses one that others could have written, but for the system's own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Own,
    System,
}

/// Where an `Include` stands: within a block that does not count nothing does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Open,
    Closed,
}

/// Whom the files are asked about, and by whom.
pub(super) struct Asked<'a> {
    pub(super) host: &'a str,
    /// The user name that was typed.
    pub(super) user: Option<&'a str>,
    pub(super) options: &'a AliasOptions,
}

struct Reader<'a> {
    asked: &'a Asked<'a>,
    /// What `Host` is compared with.
    host: String,
    is_active: bool,
    /// Whether the files are read for the second time, and whether they want to be.
    is_final: bool,
    wants_final: bool,
    config: ClientConfig,
}

impl Reader<'_> {
    fn files(&mut self) -> Result<()> {
        let options = self.asked.options;
        let folder = options.home.join(".ssh");
        self.is_active = true;
        self.file(&folder.join("config"), &folder, Whose::Own, (Scope::Open, 0))?;
        if let Some(folder) = options.system.parent() {
            self.is_active = true;
            self.file(&options.system, folder, Whose::System, (Scope::Open, 0))?;
        }
        Ok(())
    }

    /// The value of a keyword, of what was read until here.
    fn value(&self, keyword: &str) -> Result<Option<&str>> {
        Ok(self.config.value(keyword)?.map(|(value, _)| value))
    }

    /// The host and the user, as far as the files were read.
    fn found(&self) -> Result<(String, String)> {
        let user = match (self.asked.user, self.value("user")?) {
            (Some(user), _) | (None, Some(user)) => user,
            (None, None) => self.asked.options.os_user.as_str(),
        };
        let host = match self.value("hostname")? {
            Some(name) if !self.is_final => host_name(name, &self.host)?,
            _ => self.host.clone(),
        };
        Ok((host, user.to_owned()))
    }

    /// Whether all criteria of a `Match` hold that are known here, and whether they all are.
    fn holds(&mut self, criteria: &str) -> Result<(bool, bool)> {
        let (host, user) = self.found()?;
        let me = self.asked.options.os_user.as_str();
        let (host, typed) = (host.to_ascii_lowercase(), self.asked.host.to_ascii_lowercase());
        let criteria = words(&criteria.replace('=', " "))?;
        let mut criteria = criteria.iter();
        let (mut all, mut are_known) = (true, true);
        while let Some(word) = criteria.next() {
            let name = word.trim_start_matches('!').to_ascii_lowercase();
            let holds = match name.as_str() {
                "all" => Some(true),
                "canonical" | "final" => {
                    self.wants_final |= name == "final";
                    Some(self.is_final)
                }
                _ => {
                    let list = criteria.next().context("a criterion has no value")?;
                    let names = list.to_ascii_lowercase();
                    match name.as_str() {
                        "host" => Some(pattern::list_matches(names.split(','), &host)),
                        "originalhost" => Some(pattern::list_matches(names.split(','), &typed)),
                        "user" => Some(pattern::list_matches(list.split(','), &user)),
                        "localuser" => Some(pattern::list_matches(list.split(','), me)),
                        "tagged" => Some(pattern::list_matches(
                            list.split(','),
                            self.value("tag")?.unwrap_or_default(),
                        )),
                        _ => None,
                    }
                }
            };
            are_known &= holds.is_some();
            all &= holds.is_none_or(|holds| holds != word.starts_with('!'));
        }
        Ok((all, are_known))
    }

    fn file(&mut self, path: &Path, folder: &Path, whose: Whose, (scope, depth): (Scope, usize)) -> Result<()> {
        ensure!(
            depth <= MAX_DEPTH,
            "{}: too many files include each other",
            path.display()
        );
        let Some(text) = read(path, whose).with_context(|| format!("cannot read {}", path.display()))? else {
            return Ok(());
        };
        for (number, line) in text.lines().enumerate() {
            let Some((keyword, rest)) = split_keyword(line) else {
                continue;
            };
            let place = || format!("{}:{}: {keyword}", path.display(), number + 1);
            let keyword = keyword.to_ascii_lowercase();
            match keyword.as_str() {
                "match" => {
                    let (holds, is_known) = self.holds(rest).with_context(place)?;
                    let is_open = scope == Scope::Open && holds;
                    self.is_active = is_open && is_known;
                    self.config.unused.extend((is_open && !is_known).then(place));
                }
                "host" => {
                    let patterns = words(rest).with_context(place)?;
                    self.is_active =
                        scope == Scope::Open && pattern::list_matches(patterns.iter().map(String::as_str), &self.host);
                }
                "include" => {
                    let (before, inner) = (self.is_active, if self.is_active { scope } else { Scope::Closed });
                    for pattern in words(rest).with_context(place)? {
                        let pattern = self.expanded(&pattern).with_context(place)?;
                        for file in self.included(&pattern, folder) {
                            self.file(&file, folder, Whose::Own, (inner, depth + 1))?;
                            self.is_active = before;
                        }
                    }
                }
                _ if self.is_active && is_one_of(USED, &keyword) => {
                    let is_raw = matches!(keyword.as_str(), "proxycommand" | "proxyjump");
                    let words = if is_raw {
                        vec![rest.to_owned()]
                    } else {
                        words(rest).with_context(place)?
                    };
                    if words.iter().all(String::is_empty) {
                        bail!("{} has no value", place());
                    }
                    let place = place();
                    self.config.entries.push(Entry { keyword, words, place });
                }
                _ if self.is_active && is_one_of(LEFT_TO_SSH, &keyword) => {
                    let is_off = ["no", "none"].iter().any(|off| rest.eq_ignore_ascii_case(off));
                    self.config.unused.extend((!is_off).then(place));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// `None`: the file does not exist.
fn read(path: &Path, whose: Whose) -> Result<Option<String>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let found = file.metadata()?;
    let own = rustix::process::geteuid().as_raw();
    let is_closed = found.mode() & 0o002 == 0
        && (found.mode() & 0o020 == 0
            || local_users::is_alone_in_group(found.uid(), found.gid()) && !trust::has_access_list(path));
    ensure!(
        whose == Whose::System || ((found.uid() == 0 || found.uid() == own) && is_closed),
        "other users can write it, so ssh does not use it either; run chmod go-w, or make yourself its owner"
    );
    let mut bytes = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}
