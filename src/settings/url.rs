//! `postgres://` URLs as libpq reads them (PostgreSQL docs 34.1.1.2), taken apart into settings. No message here ever
//! repeats a part of the URL: a slip of the pen can make any part of it a piece of the password.

use anyhow::{Result, bail, ensure};
use percent_encoding::percent_decode_str;

use super::draft::{Draft, Source};
use super::libpq::{Parameter, parameter};
use super::registry::SettingId;

/// Whether the place a URL was written in may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passwords {
    /// The environment: seen by this user only.
    Kept,
    /// A flag, which every user sees in the list of processes, or a file that ends up in a repository.
    Refused,
}

/// Takes a URL apart.
pub(crate) fn parse(url: &str, source: &Source, passwords: Passwords) -> Result<Draft> {
    let rest = ["postgres://", "postgresql://"]
        .iter()
        .find_map(|scheme| url.strip_prefix(scheme));
    let Some(rest) = rest else {
        bail!("this is not a PostgreSQL URL; it begins with postgres:// or postgresql://");
    };
    ensure!(
        !rest.contains(|c: char| c.is_control()),
        "the URL contains a line break or control character; check what you pasted"
    );
    let (before, query) = match rest.split_once('?') {
        // An `@` behind the `?` and none before it: the `?` is part of a password, as libpq reads it too.
        Some((before, query)) if before.contains('@') || before.contains('/') || !query.contains('@') => {
            (before, query)
        }
        Some(_) => bail!("{ENCODE}"),
        None => (rest, ""),
    };
    let (authority, database) = before.split_once('/').unwrap_or((before, ""));
    ensure!(!database.contains('@'), "{ENCODE}");
    let (login, address) = authority.split_once('@').unwrap_or(("", authority));
    ensure!(!address.contains('@'), "{ENCODE}");

    // First come first kept: parameters behind the `?` come first, as they win in libpq.
    let mut draft = Draft::default();
    let mut set = |name: &str, value: &str| set_parameter(&mut draft, name, &decode(value)?, (source, passwords));
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let Some((name, value)) = pair.split_once('=') else {
            bail!("a parameter behind the ? has no value; write it as name=value");
        };
        set(&decode(name)?, value)?;
    }
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let (host, port) = host_and_port(address)?;
    for (name, value) in [
        ("user", user),
        ("password", password),
        ("host", host),
        ("port", port),
        ("dbname", database),
    ] {
        set(name, value)?;
    }
    if let Some(host) = draft.text(SettingId::Host) {
        ensure!(!host.contains(','), "{SEVERAL}");
    }
    if let Some(port) = draft.text(SettingId::Port) {
        ensure!(!port.contains(','), "{SEVERAL}");
        // Checked here, because `postgres://user:password` without a host reads as host and port.
        ensure!(
            port.parse::<u16>().is_ok_and(|number| number > 0),
            "the port is not a number from 1 to 65535; write postgres://USER@HOST:PORT/DATABASE"
        );
    }
    Ok(draft)
}

const ENCODE: &str = "the user name or password contains a character with a special meaning in a URL; write @ as %40, / as %2F, : as %3A, ? as %3F, # as %23, % as %25";

const SEVERAL: &str = "the URL contains several hosts; give the one that accepts writes (the primary)";

fn set_parameter(draft: &mut Draft, name: &str, value: &str, (source, passwords): (&Source, Passwords)) -> Result<()> {
    let entry = match parameter(name) {
        // libpq takes JDBC's spelling too.
        _ if (name, value) == ("ssl", "true") => {
            return set_parameter(draft, "sslmode", "require", (source, passwords));
        }
        Ok(entry) => entry,
        Err(Some(near)) => bail!("a connection parameter is unknown; did you mean {near}?"),
        Err(None) => bail!("a connection parameter is unknown to PostgreSQL"),
    };
    if passwords == Passwords::Refused && !value.is_empty() {
        ensure!(
            entry.name != "sslpassword",
            "the URL contains the passphrase of a key (sslpassword), which others could read here; put the whole \
             URL in the environment as DATABASE_URL, or the passphrase in a service of pg_service.conf"
        );
        ensure!(
            entry.parameter != Parameter::Password,
            "the URL holds a password, which others could read here; remove it and give it in PGPASSWORD, \
             with --admin-password-file, or put the whole URL in the environment as DATABASE_URL"
        );
    }
    let source = Source::Url(Box::new(source.clone()));
    draft.set_libpq(entry, value, source);
    Ok(())
}

fn host_and_port(address: &str) -> Result<(&str, &str)> {
    ensure!(!address.contains(','), "{SEVERAL}");
    if let Some(rest) = address.strip_prefix('[') {
        let Some((host, port)) = rest.split_once(']') else {
            bail!("the IPv6 address has no closing bracket");
        };
        ensure!(
            port.is_empty() || port.starts_with(':'),
            "there is text between the IPv6 address and the port"
        );
        return Ok((host, port.trim_start_matches(':')));
    }
    Ok(address.split_once(':').unwrap_or((address, "")))
}

fn decode(text: &str) -> Result<String> {
    let is_code = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let mut codes = text.match_indices('%').map(|(at, _)| text.get(at + 1..at + 3));
    ensure!(
        codes.all(|code| code.is_some_and(is_code)),
        "a % in the URL is not followed by two hexadecimal digits; write % itself as %25"
    );
    ensure!(
        !text.contains("%00"),
        "the URL contains %00, which PostgreSQL does not accept"
    );
    match percent_decode_str(text).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => bail!("a percent-encoded part of the URL is not UTF-8"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(url: &str) -> Result<Draft> {
        parse(url, &Source::Environment("DATABASE_URL"), Passwords::Kept)
    }

    fn password(draft: &Draft) -> Option<String> {
        match &draft.given(SettingId::AdminPassword)?.value {
            super::super::draft::Value::Secret(secret) => Some(secret.reveal().to_owned()),
            super::super::draft::Value::Texts(_) => None,
        }
    }

    #[test]
    fn all_the_parts() {
        let draft = kept(
            "postgresql://an%20admin:p%40ss%2F%C3%BC%3F@db.example.com:5433/a%22db\
             ?sslmode=verify-full&sslrootcert=/ca.pem&connect_timeout=3&application_name=x",
        )
        .unwrap();
        assert_eq!(draft.text(SettingId::AdminUser), Some("an admin"));
        assert_eq!(password(&draft).as_deref(), Some("p@ss/ü?"));
        assert_eq!(draft.text(SettingId::Host), Some("db.example.com"));
        assert_eq!(draft.text(SettingId::Port), Some("5433"));
        assert_eq!(draft.text(SettingId::AdminDatabase), Some("a\"db"));
        assert_eq!(draft.text(SettingId::SslMode), Some("verify-full"));
        assert_eq!(draft.text(SettingId::SslRootCert), Some("/ca.pem"));
    }

    #[test]
    fn every_shape_of_host() {
        for (url, host) in [
            ("postgres://", None),
            ("postgres:///db", None),
            ("postgres://h", Some("h")),
            ("postgres://[::1]:6000/db", Some("::1")),
            ("postgres://%2Frun%2Fpostgresql/db", Some("/run/postgresql")),
            ("postgres:///db?host=/run/postgresql", Some("/run/postgresql")),
            ("postgres:///db?hostaddr=10.0.0.1", Some("10.0.0.1")),
            ("postgres://h?hostaddr=10.0.0.1", Some("h")),
        ] {
            let mut draft = kept(url).unwrap();
            draft.address_as_host();
            assert_eq!(draft.text(SettingId::Host), host, "{url}");
            assert_eq!(draft.parameter("hostaddr").is_some(), url.contains("hostaddr"), "{url}");
        }
    }

    #[test]
    fn no_message_repeats_the_url() {
        for url in [
            "u:hunter2@h/db",
            "mysql://u:hunter2@h/db",
            "postgres://u:hunter2",
            "postgres://u:hunter2/x@h/db",
            "postgres://u:hunter2@x@h/db",
            "postgres://u:hunter2?x@h",
            "postgres://u:hunter2%zz@h/db",
            "postgres://u:hunter2%00@h/db",
            "postgres://u:hunter2%ff@h/db",
            "postgres://u:hunter2@h:hunter2/db",
            "postgres://u:hunter2@a,b/db",
            "postgres://u:hunter2@[::1/db",
            "postgres://u:hunter2@h/db?hunter2=1",
            "postgres://u@h/db?paswort=hunter2",
            "postgres://u:hunter2@h/db\n",
        ] {
            let message = format!("{:#}", kept(url).unwrap_err());
            assert!(!message.contains("hunter2"), "{url}: {message}");
        }
    }

    #[test]
    fn a_password_is_refused_where_others_can_read_it() {
        for url in [
            "postgres://u:hunter2@h/db",
            "postgres://u@h/db?password=hunter2",
            "postgres://u@h/db?sslpassword=hunter2",
        ] {
            let refused = parse(url, &Source::Flag("--url"), Passwords::Refused).unwrap_err();
            let message = refused.to_string();
            assert!(
                message.contains("DATABASE_URL") && !message.contains("hunter2"),
                "{message}"
            );
        }
    }
}
