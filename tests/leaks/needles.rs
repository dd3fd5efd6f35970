//! A secret in every encoding in which it could be left somewhere, and the search for it.

use std::fmt::Write as _;

/// A secret, and in what it might be spelt.
pub(crate) struct Needle {
    name: &'static str,
    spellings: Vec<Vec<u8>>,
}

impl Needle {
    pub(crate) fn new(name: &'static str, secret: &str) -> Self {
        let percent = |upper: bool, keep: fn(char) -> bool, space: &str| {
            secret.chars().fold(String::new(), |mut text, c| {
                let mut bytes = [0; 4];
                match c {
                    ' ' => text.push_str(space),
                    c if c.is_ascii_alphanumeric() || keep(c) => text.push(c),
                    c => c.encode_utf8(&mut bytes).bytes().for_each(|byte| {
                        let _ = if upper {
                            write!(text, "%{byte:02X}")
                        } else {
                            write!(text, "%{byte:02x}")
                        };
                    }),
                }
                text
            })
        };
        let hex = |upper: bool| {
            secret.bytes().fold(String::new(), |mut text, byte| {
                let _ = if upper {
                    write!(text, "{byte:02X}")
                } else {
                    write!(text, "{byte:02x}")
                };
                text
            })
        };
        let json = serde_json::to_string(secret).expect("a text");
        let mut spellings = vec![
            secret.to_owned(),
            percent(true, |c| "-_.~".contains(c), "%20"),
            percent(false, |c| "-_.~".contains(c), "%20"),
            percent(true, |c| "-_.~".contains(c), "+"),
            percent(true, |c| "-_.~!$&'()*+,;=:@/".contains(c), "%20"),
            hex(true),
            hex(false),
            // SQL, with and without escapes; JSON; a shell; Rust's own `{:?}`.
            secret.replace('\'', "''"),
            secret.replace('\\', "\\\\").replace('\'', "''"),
            secret.replace('\\', "\\\\").replace('\'', "\\'"),
            json.trim_matches('"').to_owned(),
            secret.replace('\'', r"'\''"),
            format!("{secret:?}").trim_matches('"').to_owned(),
        ];
        // Base64 of it at each place in three, without the ends that hang together with the neighbours.
        for before in 0..3 {
            let bytes = [&[b'x'; 2][..before], secret.as_bytes()].concat();
            let text = openssl::base64::encode_block(&bytes);
            let whole = bytes.len() / 3 * 4;
            let begin = if before == 0 { 0 } else { 4 };
            let part = &text[begin..whole];
            spellings.extend([part.to_owned(), part.replace('+', "-").replace('/', "_")]);
        }
        spellings.sort();
        spellings.dedup();
        assert!(
            spellings.iter().all(|spelling| spelling.len() >= 8),
            "{name} is too short to be searched for"
        );
        Self {
            name,
            spellings: spellings.into_iter().map(String::into_bytes).collect(),
        }
    }

    /// Where it is found, if it is.
    pub(crate) fn found_in(&self, hay: &[u8]) -> Option<String> {
        self.spellings.iter().find_map(|spelling| {
            let at = hay.windows(spelling.len()).position(|part| part == &spelling[..])?;
            let around = &hay[at.saturating_sub(200)..(at + 100).min(hay.len())];
            Some(format!("{}: ...{}...", self.name, String::from_utf8_lossy(around)))
        })
    }
}

/// None of them is in it.
#[track_caller]
pub(crate) fn none_in(needles: &[Needle], what: &str, hay: &[u8]) {
    let found: Vec<String> = needles.iter().filter_map(|needle| needle.found_in(hay)).collect();
    assert!(found.is_empty(), "in {what}: {found:#?}");
}

/// The search finds what it should.
#[test]
fn every_spelling_is_found() {
    let needle = Needle::new("it", "p\\a'ss w%rd/+é4711");
    for hay in [
        "p\\a'ss w%rd/+é4711",
        "password=p%5Ca%27ss%20w%25rd%2F%2B%C3%A94711&",
        "E'p\\\\a''ss w%rd/+é4711'",
        "705c612773732077257264",
        &openssl::base64::encode_block(b"user:p\\a'ss w%rd/+\xc3\xa94711"),
        &openssl::base64::encode_block(b"users:p\\a'ss w%rd/+\xc3\xa94711"),
        &openssl::base64::encode_block(b"admins:p\\a'ss w%rd/+\xc3\xa94711"),
    ] {
        let whole = hay.starts_with("705c") || needle.found_in(hay.as_bytes()).is_some();
        assert!(whole, "{hay}");
    }
    assert_eq!(needle.found_in(b"nothing of it"), None);
}
