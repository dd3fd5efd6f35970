//! An entry of the server's log: as JSON, as CSV, or as a line with a prefix.

use std::net::IpAddr;

use serde_json::Value;

/// One entry.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Entry {
    pub(super) process: i32,
    pub(super) address: Option<IpAddr>,
    pub(super) user: Option<String>,
    pub(super) database: Option<String>,
    /// The SQLSTATE, or what stands for it where lines have none.
    pub(super) state: String,
    pub(super) message: String,
    pub(super) detail: String,
}

/// A part of `log_line_prefix`.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    Text(String),
    Escape(char),
}

fn filled(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

pub(super) fn from_json(line: &str) -> Option<Entry> {
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
pub(super) fn from_csv(record: &str) -> Option<Entry> {
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
pub(super) fn from_line(prefix: &[Piece], line: &str) -> Option<Entry> {
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
        "FATAL" | "ERROR" => severity,
        _ => return None,
    };
    state.clone_into(&mut entry.state);
    message.clone_into(&mut entry.message);
    Some(entry)
}

/// `%q` stops nothing here: what has a session has all of it.
pub(super) fn pieces(prefix: &str) -> Vec<Piece> {
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
