//! The one command that installs a PostgreSQL server on this distribution.

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
