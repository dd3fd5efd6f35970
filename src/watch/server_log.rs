//! The server's own log, read piece by piece: as JSON, as CSV, or as lines with a prefix.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde::Deserialize;
use serde_json::Value;

use super::event::{Event, Outcome, Sign, is_stitchs, logged_in};
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

/// One entry.
#[derive(Debug, Default, PartialEq)]
struct Entry {
    process: i32,
    address: Option<IpAddr>,
    user: Option<String>,
    database: Option<String>,
    /// The SQLSTATE, or what stands for it where lines have none.
    state: String,
    message: String,
    detail: String,
}

/// A part of `log_line_prefix`.
#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Text(String),
    Escape(char),
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

    /// What a piece says about Stitch. `known`: processes whose logins were told; `told`: those that are told here.
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
            _ => self
                .lines()
                .iter()
                .filter_map(|line| from_line(&self.prefix, line))
                .collect(),
        };
        if self.begun.len() > LONGEST {
            self.begun.clear();
        }
        entries
            .into_iter()
            .filter_map(|entry| self.event(entry, known, told))
            .collect()
    }

    /// The complete lines.
    fn lines(&mut self) -> Vec<String> {
        let end = self
            .begun
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
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
                return Some(Event::new(
                    Origin::Network,
                    Outcome::Info,
                    entry.address,
                    "reached PostgreSQL",
                ));
            }
            let is_login = entry.message.starts_with("connection authorized: ") && is_roles && is_structured;
            // What pg_stat_activity shows is told from there.
            if !is_login || known.contains(&entry.process) || !told.insert(entry.process) {
                return None;
            }
            let encryption = if entry.message.contains(" SSL enabled ") {
                "TLS"
            } else {
                "no TLS"
            };
            let database = entry.database.unwrap_or_default();
            return Some(logged_in(
                settings,
                entry.address,
                &database,
                encryption,
                Sign::LoggedIn,
            ));
        }
        let is_login = ["28", "3D", "53", "57", "08", "FA"]
            .iter()
            .any(|class| entry.state.starts_with(class));
        let hop = if is_login { Origin::Login } else { Origin::Load };
        let text = match entry.detail.lines().next() {
            Some(detail) => format!("{} ({detail})", entry.message),
            None => entry.message,
        };
        let event = Event::new(hop, Outcome::Failed, entry.address, text);
        let is_password = is_structured && is_roles && entry.state == "28P01";
        Some(if is_password {
            event.with(Sign::PasswordRefused)
        } else {
            event
        })
    }
}

fn filled(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn from_json(line: &str) -> Option<Entry> {
    let value: Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    Some(Entry {
        process: i32::try_from(value["pid"].as_i64()?).ok()?,
        address: text("remote_host").parse().ok(),
        user: filled(&text("user")),
        database: filled(&text("dbname")),
        state: filled(&text("state_code")).unwrap_or_else(|| "00000".to_owned()),
        message: text("message"),
        detail: text("detail"),
    })
}

/// The columns of PostgreSQL's `csvlog`: 1 user, 2 database, 3 process, 4 host:port, 12 SQLSTATE, 13 message, 14 detail.
fn from_csv(record: &str) -> Option<Entry> {
    let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = record.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => field.extend(letters.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            _ => field.push(letter),
        }
    }
    fields.push(field);
    let field = |at: usize| fields.get(at).map(String::as_str);
    Some(Entry {
        process: field(3)?.parse().ok()?,
        address: field(4)?.rsplit_once(':').and_then(|(host, _)| host.parse().ok()),
        user: filled(field(1)?),
        database: filled(field(2)?),
        state: field(12)?.to_owned(),
        message: field(13)?.to_owned(),
        detail: field(14).unwrap_or_default().to_owned(),
    })
}

/// A line with a prefix. Lines that go on with the one before begin with a tab, and have no prefix.
fn from_line(prefix: &[Piece], line: &str) -> Option<Entry> {
    // The further lines of an entry begin with a tab.
    if line.starts_with('\t') {
        return None;
    }
    let mut entry = Entry::default();
    let mut rest = line;
    for (at, piece) in prefix.iter().enumerate() {
        match piece {
            Piece::Text(text) => rest = rest.strip_prefix(text.as_str())?,
            Piece::Escape(escape) => {
                let Some(Piece::Text(next)) = prefix.get(at + 1) else {
                    return None;
                };
                // The blanks and colons of a time are its own.
                let from = match escape {
                    'm' | 't' | 's' => rest.match_indices(' ').nth(1)?.0,
                    _ => 0,
                };
                let end = from + rest[from..].find(next.as_str())?;
                let (value, behind) = rest.split_at(end);
                rest = behind;
                match escape {
                    'p' => entry.process = value.trim().parse().ok()?,
                    'h' => entry.address = value.parse().ok(),
                    'r' => entry.address = value.split('(').next().and_then(|host| host.parse().ok()),
                    'u' => entry.user = filled(value).filter(|user| user != "[unknown]"),
                    'd' => entry.database = filled(value).filter(|name| name != "[unknown]"),
                    _ => {}
                }
            }
        }
    }
    let (severity, message) = rest.split_once(":  ")?;
    let state = match severity {
        "LOG" => "00000",
        "FATAL" => "FATAL",
        "ERROR" => "ERROR",
        _ => return None,
    };
    state.clone_into(&mut entry.state);
    message.clone_into(&mut entry.message);
    Some(entry)
}

/// `%q` stops nothing here: what has a session has all of it.
fn pieces(prefix: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut letters = prefix.chars();
    while let Some(letter) = letters.next() {
        let escape = if letter == '%' {
            letters.by_ref().find(|c| !matches!(c, '0'..='9' | '-'))
        } else {
            None
        };
        match escape {
            Some('q') => {}
            Some(escape) if escape != '%' => pieces.push(Piece::Escape(escape)),
            _ => match pieces.last_mut() {
                Some(Piece::Text(text)) => text.push(letter),
                _ => pieces.push(Piece::Text(letter.to_string())),
            },
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_read_in_every_format() {
        let wanted = Entry {
            process: 71,
            address: "52.23.137.21".parse().ok(),
            user: Some("sti\"tch".to_owned()),
            database: Some("dw".to_owned()),
            state: "28P01".to_owned(),
            message: "password, \"x\"\nauthentication failed".to_owned(),
            detail: "why".to_owned(),
        };
        let csv = "2026-11-30 09:41:07.000 UTC,\"sti\"\"tch\",\"dw\",71,\"52.23.137.21:5000\",6,2,\"auth\",t,3/1,0,FATAL,28P01,\
                   \"password, \"\"x\"\"\nauthentication failed\",\"why\",,,,,,,,\"\"";
        assert_eq!(from_csv(csv).as_ref(), Some(&wanted));
        let json = r#"{"user":"sti\"tch","dbname":"dw","pid":71,"remote_host":"52.23.137.21","error_severity":"FATAL",
            "state_code":"28P01","message":"password, \"x\"\nauthentication failed","detail":"why"}"#;
        assert_eq!(from_json(json).as_ref(), Some(&wanted));
        for (prefix, line) in [
            ("%m [%p] ", "2026-11-30 09:41:07.000 UTC [71] FATAL:  no: entry"),
            (
                "%t:%r:%u@%d:[%-6p]: ",
                "2026-11-30 09:41:07 UTC:52.23.137.21(50122):stitch@dw:[71    ]: FATAL:  no: entry",
            ),
            (
                "%m %% [%p] %q%u@%d %h ",
                "2026-11-30 09:41:07.000 UTC % [71] stitch@dw 52.23.137.21 FATAL:  no: entry",
            ),
        ] {
            let entry = from_line(&pieces(prefix), line).expect(prefix);
            assert_eq!(
                (entry.process, entry.state.as_str(), entry.message.as_str()),
                (71, "FATAL", "no: entry")
            );
            assert_eq!(
                entry.address.is_some(),
                prefix.contains("%h") || prefix.contains("%r"),
                "{prefix}"
            );
        }
        assert_eq!(from_line(&pieces("%m [%p] "), "\tfrom [7] x [71] FATAL:  forged"), None);
    }
}
