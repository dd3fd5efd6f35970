//! The password file as libpq reads it (PostgreSQL docs 34.16): which line fits a connection, and the escapes in it.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::known_servers::KnownServer;
use super::trust;
use crate::secret::Secret;

/// What a connection is looked up by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PgpassKey<'a> {
    /// Host name, address, or socket directory.
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) database: &'a str,
    pub(crate) user: &'a str,
}

/// Looks the password up. A file that other users may read is not used, and a warning names it.
pub(crate) fn stored_password(path: &Path, wanted: &PgpassKey<'_>, warnings: &mut Vec<String>) -> Option<Secret> {
    let metadata = std::fs::metadata(path).ok()?;
    let shown = path.display();
    if !metadata.is_file() {
        warnings.push(format!("{shown} is not a regular file; its passwords are not used"));
        return None;
    }
    if is_open_to_others(&metadata) {
        warnings.push(format!(
            "{shown} can be read by others, so its passwords are not used; fix it with: chmod 600 {}",
            trust::word(path)
        ));
        return None;
    }
    match std::fs::read_to_string(path) {
        Ok(text) => find(&text, wanted),
        Err(error) => {
            warnings.push(format!("cannot read {shown}: {error}"));
            None
        }
    }
}

/// The servers it has passwords for, where it is a file that libpq would use.
pub(super) fn servers(path: &Path) -> Vec<KnownServer> {
    let private = std::fs::metadata(path).is_ok_and(|found| found.is_file() && !is_open_to_others(&found));
    // A pipe would be waited for.
    let text = private
        .then(|| std::fs::read_to_string(path).ok())
        .flatten()
        .unwrap_or_default();
    let named = |field: &str| (field != "*").then(|| unescape(field));
    let lines = text.lines().filter(|line| !line.starts_with('#')).filter_map(fields);
    let servers = lines.filter_map(|[host, port, _, user, _]| {
        Some(KnownServer::PasswordLine {
            host: named(host)?,
            port: named(port),
            user: named(user),
        })
    });
    servers.collect()
}

fn is_open_to_others(file: &std::fs::Metadata) -> bool {
    file.mode() & 0o077 != 0
}

pub(crate) fn find(text: &str, wanted: &PgpassKey<'_>) -> Option<Secret> {
    // libpq looks its default socket directory up as "localhost"; which one is the default depends on the packager.
    let default_socket = matches!(wanted.host, "/var/run/postgresql" | "/run/postgresql" | "/tmp");
    let port = wanted.port.to_string();
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let fields = fields(line)?;
        let fits = |field: &str, value: &str| field == "*" || unescape(field) == value;
        let host_fits = fits(fields[0], wanted.host) || (default_socket && fields[0] == "localhost");
        let all_fit =
            host_fits && fits(fields[1], &port) && fits(fields[2], wanted.database) && fits(fields[3], wanted.user);
        (all_fit && !fields[4].is_empty()).then(|| Secret::new(unescape(fields[4])))
    })
}

/// `host:port:database:user:password`; a backslash keeps a colon from parting. What follows a fifth colon is left out.
fn fields(line: &str) -> Option<[&str; 5]> {
    let mut fields = [""; 5];
    let mut rest = line.trim_end_matches('\r');
    for (number, field) in fields.iter_mut().enumerate() {
        let end = parting_colon(rest);
        match end {
            Some(end) => {
                *field = &rest[..end];
                rest = &rest[end + 1..];
            }
            None if number == 4 => *field = rest,
            None => return None,
        }
    }
    Some(fields)
}

fn parting_colon(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let here = c == ':' && !escaped;
        escaped = c == '\\' && !escaped;
        here.then_some(at)
    })
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => out.extend(characters.next()),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    const WANTED: PgpassKey<'_> = PgpassKey {
        host: "db",
        port: 5432,
        database: "postgres",
        user: "an:na",
    };

    fn found(text: &str) -> Option<String> {
        find(text, &WANTED).map(|secret| secret.reveal().to_owned())
    }

    #[test]
    fn lines_fit_as_in_libpq() {
        assert_eq!(found("db:5432:postgres:an\\:na:secret").as_deref(), Some("secret"));
        assert_eq!(
            found("#c\n\nother:*:*:*:no\n*:*:*:*:p\\:\\\\ w").as_deref(),
            Some("p:\\ w")
        );
        assert_eq!(found("db:5433:*:*:x"), None);
        assert_eq!(found("db:*:*:x"), None);
        assert_eq!(found("*:*:*:*:x\r\n").as_deref(), Some("x"));
        let socket = PgpassKey {
            host: "/run/postgresql",
            ..WANTED
        };
        assert!(find("localhost:*:*:*:x", &socket).is_some());
        assert!(find("/run/postgresql:*:*:*:x", &socket).is_some());
    }

    #[test]
    fn a_file_that_others_can_read_is_left_alone() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "*:*:*:*:x").unwrap();
        let mut warnings = Vec::new();
        assert!(stored_password(file.path(), &WANTED, &mut warnings).is_some());
        assert!(warnings.is_empty());
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(stored_password(file.path(), &WANTED, &mut warnings).is_none());
        assert!(warnings[0].contains("chmod 600"), "{warnings:?}");
        assert!(stored_password(Path::new("/nonexistent"), &WANTED, &mut warnings).is_none());
        assert_eq!(warnings.len(), 1);
    }
}
