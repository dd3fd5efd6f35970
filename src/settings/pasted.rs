//! Which server a pasted text names: a URL as it stands in a shell command, in a `.env` file or in JDBC's spelling, libpq's
//! `name=value` pairs, or a command line of psql. No message repeats the text: a password may stand in it.

use std::fmt::Write as _;

use anyhow::Result;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::draft::{Draft, Source};
use super::libpq;
use super::url::{self, Passwords};

/// The settings in it; `None` where it is none of these.
pub(crate) fn read(text: &str) -> Option<Result<Draft>> {
    let schemes = ["postgres://", "postgresql://"];
    let text = text.trim();
    let url = |url: &str| Some(url::parse(url, &Source::Prompt, Passwords::Kept));
    if let Some(at) = schemes.iter().filter_map(|scheme| text.find(scheme)).min() {
        let (before, rest) = text.split_at(at);
        let end = match before.chars().next_back() {
            // As it is, or behind `jdbc:`.
            None | Some(':') => None,
            Some('“') => rest.rfind('”'),
            Some(quote @ ('"' | '\'' | '`')) => rest.rfind(quote),
            Some(_) => rest.find(char::is_whitespace),
        };
        return url(&rest[..end.unwrap_or(rest.len())]);
    }
    let text = ["psql ", "export "]
        .iter()
        .fold(text, |text, word| text.trim_start_matches(word));
    if text.contains("://") {
        url(text)
    } else if text.contains('=') || text.starts_with('-') {
        Some(pairs(text))
    } else if text.contains('@') || names_a_database(text) {
        url(&format!("postgres://{text}"))
    } else {
        None
    }
}

/// `host/database`, `host:port/database`; no path of a socket.
fn names_a_database(text: &str) -> bool {
    let text = text.trim_end_matches('/');
    text.contains('/') && !text.starts_with(['/', '.', '~'])
}

/// `host=db user=me`, `PGHOST=db psql -U me`, `-h db -U me mydatabase`.
fn pairs(text: &str) -> Result<Draft> {
    let mut url = "postgres:///?".to_owned();
    let mut positions = ["dbname", "user"].into_iter();
    let mut words = words(text).into_iter();
    while let Some(word) = words.next() {
        let bare = word.trim_start_matches('-');
        let (name, value) = match bare.split_once('=') {
            _ if matches!(
                word.as_str(),
                "psql" | "export" | "-w" | "-W" | "--password" | "--no-password"
            ) =>
            {
                continue;
            }
            Some((name, value)) => (name, value.to_owned()),
            None if bare == word => (positions.next().unwrap_or_default(), word.clone()),
            None if word.starts_with("--") || bare.len() == 1 => (bare, words.next().unwrap_or_default()),
            None => {
                let (name, value) = bare.split_at(bare.chars().next().map_or(0, char::len_utf8));
                (name, value.to_owned())
            }
        };
        let of_variable = || libpq::TABLE.iter().find(|entry| entry.env == name && !name.is_empty());
        let name = match name {
            "h" => "host",
            "p" => "port",
            "U" | "username" => "user",
            "d" => "dbname",
            name => of_variable().map_or(name, |entry| entry.name),
        };
        let [name, value] = [name, &value].map(|text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string());
        let _ = write!(url, "{name}={value}&");
    }
    url::parse(&url, &Source::Prompt, Passwords::Kept)
}

/// The words of a shell command or of libpq's pairs, without their quotes.
fn words(text: &str) -> Vec<String> {
    let unquoted = ['"', '\''].iter().find_map(|quote| {
        let within = text.strip_prefix(*quote)?.strip_suffix(*quote)?;
        (!within.contains(*quote)).then_some(within)
    });
    let (mut words, mut quote) = (vec![String::new()], None);
    for letter in unquoted.unwrap_or(text).chars() {
        match quote {
            Some(open) if open == letter => quote = None,
            None if matches!(letter, '"' | '\'') => quote = Some(letter),
            None if letter.is_whitespace() => words.push(String::new()),
            _ => words.last_mut().expect("there is one from the start").push(letter),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The text with `***` in place of its password; `None` where there is none.
pub(crate) fn masked(text: &str) -> Option<String> {
    let mut masked = text.to_owned();
    // ASCII only, so that the places are the same.
    let lower = text.to_ascii_lowercase();
    for (at, name) in lower.match_indices("password=").collect::<Vec<_>>().into_iter().rev() {
        let start = at + name.len();
        let value = &masked[start..];
        let end = match value.chars().next().filter(|first| matches!(first, '"' | '\'')) {
            Some(quote) => value[1..].find(quote).map(|end| end + 2),
            None => value.find(|c: char| c.is_whitespace() || matches!(c, '&' | '"' | '\'')),
        };
        let end = start + end.unwrap_or(value.len());
        masked.replace_range(start..end, "***");
    }
    let login = masked.find("://").map_or(0, |at| at + "://".len());
    if let Some(end) = masked.rfind('@').filter(|end| *end > login) {
        if let Some(colon) = masked[login..end].find(':') {
            masked.replace_range(login + colon + 1..end, "***");
        }
    }
    (masked != text).then_some(masked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::registry::SettingId;

    const FORMS: [&str; 15] = [
        "postgres://me:hunter2@db.example.com:6432/shop",
        "'postgresql://me:hunter2@db.example.com:6432/shop'",
        "“postgresql://me:hunter2@db.example.com:6432/shop”",
        "psql \"postgres://me:hunter2@db.example.com:6432/shop\"",
        "psql postgres://me:hunter2@db.example.com:6432/shop -c 'select 1'",
        "export DATABASE_URL=postgres://me:hunter2@db.example.com:6432/shop",
        "DATABASE_URL=\"postgres://me:hunter2@db.example.com:6432/shop\"",
        "jdbc:postgresql://db.example.com:6432/shop?user=me&password=hunter2",
        "host=db.example.com port=6432 dbname=shop user=me password=hunter2",
        "psql \"host=db.example.com port=6432 dbname=shop user=me password='hunter2'\"",
        "host='db.example.com' port='6432' dbname='shop' user='me' password='hunter2'",
        "PGPASSWORD=hunter2 psql -h db.example.com -p 6432 -U me shop",
        "PGPASSWORD='hunter2' psql --host=db.example.com --port 6432 --username me -d shop -W",
        "psql -hdb.example.com -p6432 shop me",
        "me:hunter2@db.example.com:6432/shop",
    ];

    #[test]
    fn every_form_names_the_same_server() {
        for form in FORMS {
            let draft = read(form).unwrap_or_else(|| panic!("{form}")).unwrap();
            for (id, value) in [
                (SettingId::Host, "db.example.com"),
                (SettingId::Port, "6432"),
                (SettingId::AdminUser, "me"),
                (SettingId::AdminDatabase, "shop"),
            ] {
                assert_eq!(draft.text(id), Some(value), "{form}");
            }
            assert_eq!(draft.has(SettingId::AdminPassword), form.contains("hunter2"), "{form}");
        }
        for form in [
            "db.example.com",
            "db.example.com:6432",
            "db.example.com/",
            "/run/postgresql",
            "./run/postgresql",
            "::1",
            "my-service",
            "ssh",
        ] {
            assert_eq!(read(form).map(|read| read.is_ok()), None, "{form}");
        }
    }

    #[test]
    fn a_database_stands_behind_the_host() {
        for (form, port) in [
            ("db.example.com/shop", None),
            ("db.example.com:6432/shop", Some("6432")),
        ] {
            let draft = read(form).unwrap_or_else(|| panic!("{form}")).unwrap();
            assert_eq!(draft.text(SettingId::Host), Some("db.example.com"), "{form}");
            assert_eq!(draft.text(SettingId::Port), port, "{form}");
            assert_eq!(draft.text(SettingId::AdminDatabase), Some("shop"), "{form}");
        }
    }

    #[test]
    fn a_password_is_neither_shown_nor_repeated() {
        let broken = [
            "host=h pass word=hunter2",
            "mysql://me:hunter2@h/db",
            "psql \"postgres://me:hunter2@h:port/db\"",
            "host=h port=x password=hunter2",
            "password=\"hunter2 hunter2\" host=h nonsense=1",
            "postgresql://h:5432/db?password=hunter2@hunter2",
            "me:hunter2@h:hunter2@h",
            "-é hunter2",
        ];
        for form in FORMS.into_iter().chain(broken) {
            if let Some(Err(error)) = read(form) {
                assert!(!format!("{error:#}").contains("hunter2"), "{form}: {error:#}");
            }
            if form.contains("hunter2") && !broken[..1].contains(&form) && !form.starts_with('-') {
                assert!(!masked(form).unwrap().contains("hunter2"), "{form}");
            }
        }
        assert_eq!(masked("db.example.com:5432"), None);
        assert_eq!(masked("me@db.example.com:5432"), None);
    }
}
