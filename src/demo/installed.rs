//! Finding the programs the demo needs on this machine: a PostgreSQL server, and sshd; or the one command that installs a
//! server on this distribution.

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
    // A pattern that cannot be followed has no folder.
    let usual = USUAL.iter().flat_map(|pattern| glob::glob(pattern));
    folders.extend(usual.flatten().flatten());
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

/// What to say where no server is found; `os_release` is the text of `/etc/os-release`, empty where there is none.
pub(super) fn no_server(os_release: &str) -> String {
    let what = "there is no PostgreSQL server on this machine (13 or newer) that the demo could run";
    match command(os_release) {
        Some(command) => format!("{what}\nnext: {command}"),
        None => format!("{what}\nnext: install the PostgreSQL server package of your distribution"),
    }
}

fn command(os_release: &str) -> Option<&'static str> {
    if cfg!(target_os = "macos") {
        return Some("brew install postgresql@18");
    }
    // The distribution's own name first, then the family it says it belongs to.
    ["ID", "ID_LIKE"]
        .into_iter()
        .filter_map(|key| value(os_release, key))
        .flat_map(str::split_whitespace)
        .find_map(of_family)
}

fn of_family(name: &str) -> Option<&'static str> {
    match name {
        "debian" | "ubuntu" => Some("sudo apt-get install postgresql"),
        "fedora" | "rhel" | "centos" => Some("sudo dnf install postgresql-server"),
        "opensuse" | "suse" | "sles" => Some("sudo zypper install postgresql-server"),
        "alpine" => Some("sudo apk add postgresql"),
        "arch" => Some("sudo pacman -S postgresql"),
        _ => None,
    }
}

/// `NAME=value` or `NAME="value"`.
fn value<'a>(os_release: &'a str, key: &str) -> Option<&'a str> {
    os_release.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        (name == key).then(|| value.trim().trim_matches(['"', '\'']))
    })
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
    fn every_family_has_its_command() {
        for (os_release, wanted) in [
            ("ID=debian\n", "apt-get"),
            (
                "NAME=\"Linux Mint\"\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\n",
                "apt-get",
            ),
            ("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", "dnf"),
            ("ID=\"opensuse-tumbleweed\"\nID_LIKE=\"opensuse suse\"\n", "zypper"),
            ("ID=alpine\n", "apk"),
            ("ID=manjaro\nID_LIKE=arch\n", "pacman"),
            ("ID=plan9\n", "your distribution"),
            ("", "your distribution"),
        ] {
            let text = no_server(os_release);
            assert!(text.contains(wanted), "{os_release:?}: {text}");
        }
    }
}
