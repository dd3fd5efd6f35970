//! The place in the server's own log, which is read piece by piece, and what its entries say about Stitch.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde::Deserialize;

use super::event::{Event, Outcome, Sign, is_stitchs, logged_in};
use super::log_entry::{Entry, Piece, from_csv, from_json, from_line, pieces};
use crate::explain::Origin;
use crate::settings::Settings;

/// A piece of the log's file.
#[derive(Debug, Deserialize)]
pub(super) struct Tail {
    file: Option<String>,
    /// In base64, with line ends.
    data: Option<String>,
}

/// An entry that never ends is given up at this length.
const LONGEST: usize = 1 << 20;
/// Connections whose addresses are remembered.
const MOST: usize = 1000;

/// The place in the log, and what is known of the processes that write it.
pub(super) struct ServerLog<'a> {
    settings: &'a Settings,
    format: &'static str,
    prefix: Vec<Piece>,
    file: String,
    offset: u64,
    /// The beginning of an entry whose end is not written yet.
    begun: Vec<u8>,
    /// Where each process is connected to, as lines with a prefix tell it.
    hosts: BTreeMap<i32, IpAddr>,
}

impl<'a> ServerLog<'a> {
    pub(super) fn new(settings: &'a Settings, format: &'static str, prefix: &str, file: &str, size: i64) -> Self {
        Self {
            settings,
            format,
            prefix: pieces(prefix),
            file: file.to_owned(),
            offset: u64::try_from(size).unwrap_or_default(),
            begun: Vec::new(),
            hosts: BTreeMap::new(),
        }
    }

    /// What is asked for next: the format and the place.
    pub(super) fn place(&self) -> (&'static str, String) {
        (self.format, self.offset.to_string())
    }

    /// What a piece says about Stitch. `known`: processes whose logins were reported before; `told`: those that are reported here.
    pub(super) fn read(&mut self, tail: &Tail, known: &BTreeSet<i32>, told: &mut BTreeSet<i32>) -> Vec<Event> {
        let Some(file) = &tail.file else { return Vec::new() };
        if *file != self.file {
            // The server began a new file; it is read from its beginning the next time.
            (self.file, self.offset) = (file.clone(), 0);
            self.begun.clear();
            return Vec::new();
        }
        let data = tail.data.as_deref().unwrap_or_default().replace('\n', "");
        let data = openssl::base64::decode_block(&data).unwrap_or_default();
        self.offset += data.len() as u64;
        self.begun.extend(data);
        let entries = match self.format {
            "jsonlog" => self.lines().iter().filter_map(|line| from_json(line)).collect(),
            "csvlog" => self.records(),
            _ => {
                let lines = self.lines();
                lines.iter().filter_map(|line| from_line(&self.prefix, line)).collect()
            }
        };
        if self.begun.len() > LONGEST {
            self.begun.clear();
        }
        let events = entries.into_iter().filter_map(|entry| self.event(entry, known, told));
        events.collect()
    }

    /// The complete lines.
    fn lines(&mut self) -> Vec<String> {
        let end = self.begun.iter().rposition(|byte| *byte == b'\n');
        let end = end.map_or(0, |at| at + 1);
        let whole: Vec<u8> = self.begun.drain(..end).collect();
        String::from_utf8_lossy(&whole).lines().map(str::to_owned).collect()
    }

    /// The complete records; a line end in quotes belongs to a field.
    fn records(&mut self) -> Vec<Entry> {
        let (mut entries, mut from, mut quoted) = (Vec::new(), 0, false);
        for (at, byte) in self.begun.iter().enumerate() {
            match byte {
                b'"' => quoted = !quoted,
                b'\n' if !quoted => {
                    entries.extend(from_csv(&String::from_utf8_lossy(&self.begun[from..at])));
                    from = at + 1;
                }
                _ => {}
            }
        }
        self.begun.drain(..from);
        entries
    }

    fn event(&mut self, mut entry: Entry, known: &BTreeSet<i32>, told: &mut BTreeSet<i32>) -> Option<Event> {
        let settings = self.settings;
        let is_structured = self.format != "stderr";
        if entry.message.starts_with("connection received: ") {
            let mut words = entry.message.split_whitespace();
            let host = words.find_map(|word| word.strip_prefix("host="));
            entry.address = entry.address.or(host?.parse().ok());
            if self.hosts.len() >= MOST {
                self.hosts.clear();
            }
            self.hosts.insert(entry.process, entry.address?);
        }
        entry.address = entry.address.or_else(|| self.hosts.get(&entry.process).copied());
        let role = settings.stitch.role.as_str();
        let from_stitch = entry.address.is_some_and(|address| is_stitchs(settings, address));
        let is_roles = match &entry.user {
            Some(user) => user == role,
            None => {
                entry.message.contains(&format!("user \"{role}\"")) || entry.message.contains(&format!("user={role} "))
            }
        };
        if !(is_roles || from_stitch) {
            return None;
        }
        if entry.state.starts_with("00") {
            if entry.message.starts_with("connection received: ") {
                let text = "reached PostgreSQL";
                return Some(Event::new(Origin::Network, Outcome::Info, entry.address, text));
            }
            let is_login = entry.message.starts_with("connection authorized: ") && is_roles && is_structured;
            // A login that pg_stat_activity shows is reported from there.
            if !is_login || known.contains(&entry.process) || !told.insert(entry.process) {
                return None;
            }
            let has_tls = entry.message.contains(" SSL enabled ");
            let encryption = if has_tls { "TLS" } else { "no TLS" };
            let (address, database) = (entry.address, entry.database.unwrap_or_default());
            return Some(logged_in(settings, address, &database, encryption, Sign::LoggedIn));
        }
        let mut classes = ["28", "3D", "53", "57", "08", "FA"].iter();
        let is_login = classes.any(|class| entry.state.starts_with(class));
        let hop = if is_login { Origin::Login } else { Origin::Load };
        let text = match entry.detail.lines().next() {
            Some(detail) => format!("{} ({detail})", entry.message),
            None => entry.message,
        };
        let event = Event::new(hop, Outcome::Failed, entry.address, text);
        let is_password = is_structured && is_roles && entry.state == "28P01";
        let sign = if is_password {
            Sign::PasswordRefused
        } else {
            Sign::Nothing
        };
        Some(event.with(sign))
    }
}
