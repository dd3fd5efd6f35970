//! Finding the programs the demo needs on this machine: a PostgreSQL server, and sshd.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::secret;

/// A PostgreSQL server as installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Installed {
    /// The folder of `initdb` and `postgres`.
    pub(super) bin: PathBuf,
    /// `15.18`.
    pub(super) version: String,
    major: u32,
}

/// The oldest server that is still asked to play the part.
const OLDEST: u32 = 13;

/// Folders with `*` for a version, as distributions and Homebrew have them.
const USUAL: [&str; 8] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/lib/postgresql*/bin",
    "/usr/libexec/postgresql*",
    "/usr/local/pgsql*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/usr/bin",
];

/// The newest server on this machine.
pub(super) fn newest(search_path: &[PathBuf]) -> Option<Installed> {
    let mut folders = search_path.to_vec();
    folders.extend(USUAL.iter().flat_map(|pattern| matching(pattern)));
    folders.extend(bindir_of_pg_config());
    folders
        .into_iter()
        .filter(|folder| folder.is_absolute() && folder.join("initdb").exists())
        // A folder of links, such as /usr/bin on some systems, is as good as what it links to.
        .filter_map(|folder| installed(&folder))
        .filter(|found| found.major >= OLDEST)
        .max_by(|one, other| one.major.cmp(&other.major))
}

/// A program on the search path, or where only root's search path leads.
pub(super) fn program(name: &str, search_path: &[PathBuf]) -> Option<PathBuf> {
    let for_root = ["/usr/sbin", "/sbin", "/usr/local/sbin"].map(PathBuf::from);
    search_path
        .iter()
        .chain(&for_root)
        .map(|folder| folder.join(name))
        .find(|path| path.is_absolute() && path.is_file())
}

fn installed(bin: &Path) -> Option<Installed> {
    let text = output(&bin.join("postgres"), "--version")?;
    let (version, major) = version(&text)?;
    Some(Installed {
        bin: bin.to_owned(),
        version,
        major,
    })
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, `postgres (PostgreSQL) 18beta1`.
fn version(text: &str) -> Option<(String, u32)> {
    let version = text.strip_prefix("postgres (PostgreSQL) ")?.split_whitespace().next()?;
    let digits = version.split(|c: char| !c.is_ascii_digit()).next()?;
    Some((version.to_owned(), digits.parse().ok()?))
}

fn bindir_of_pg_config() -> Option<PathBuf> {
    let bin = output(Path::new("pg_config"), "--bindir")?;
    Some(PathBuf::from(bin.trim_end()))
}

fn output(program: &Path, argument: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the demo looks for its own server")]
    let output = secret::withheld_from(&mut Command::new(program))
        .arg(argument)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output.status.success().then(|| String::from_utf8(output.stdout).ok())?
}

/// The folders of a pattern with at most one `*`.
fn matching(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else {
        return vec![PathBuf::from(pattern)];
    };
    let (parent, start) = before.rsplit_once('/').unwrap_or(("", before));
    let Ok(entries) = fs::read_dir(parent) else {
        return Vec::new();
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| name.starts_with(start)).collect();
    names.sort_unstable();
    names
        .into_iter()
        .map(|name| PathBuf::from(format!("{parent}/{name}{after}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        let debian = "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n";
        assert_eq!(version(debian), Some(("15.18".to_owned(), 15)));
        assert_eq!(
            version("postgres (PostgreSQL) 18beta1\n"),
            Some(("18beta1".to_owned(), 18))
        );
        assert_eq!(version("postgres (EnterpriseDB) 15"), None);
    }

    #[test]
    fn patterns_are_expanded() {
        let place = tempfile::tempdir().unwrap();
        for name in ["pgsql-15", "pgsql-18", "other"] {
            fs::create_dir(place.path().join(name)).unwrap();
        }
        let root = place.path().display();
        assert_eq!(
            matching(&format!("{root}/pgsql-*/bin")),
            ["pgsql-15", "pgsql-18"].map(|name| place.path().join(name).join("bin"))
        );
        assert!(matching("/nonexistent/*/bin").is_empty());
    }
}
