//! Reads `pg_hba.conf` and what it names on the machine of the server that was asked, as the user that server runs as:
//! root's own eyes would see more than the server does.

use super::replace::AS_OWNER;
use super::{FAIL, HAS, script};
use crate::hba::edit::Running;
use crate::hba::{Files, Had, Wanted};
use crate::statement::Statement;

impl Running {
    /// Where [`FIND`] learns whom to look for.
    pub(super) fn settings(self) -> [(&'static str, String); 2] {
        [
            ("port", self.port.to_string()),
            ("started", self.started.map(|at| at.to_string()).unwrap_or_default()),
        ]
    }
}

/// What was printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Printed {
    /// The path of `pg_hba.conf`.
    pub main: Option<String>,
    /// What was found.
    pub found: Vec<(Wanted, Had)>,
    /// When the newest of the files was written to, in seconds since 1970.
    pub edited: Option<i64>,
    /// Which file `pg_hba.conf` is, by device and inode: of one name there may be two, one of them a container's.
    pub identity: Option<String>,
}

/// Reads the files that are wanted; without any, `pg_hba.conf` itself. `path` is where that is, if the server told.
#[must_use]
pub fn read_hba<'a>(server: Running, path: Option<&str>, wanted: impl Iterator<Item = &'a Wanted>) -> Statement {
    let lines: Vec<String> = wanted
        .map(|wanted| match wanted {
            Wanted::File(path) => format!("file {path}"),
            Wanted::Folder(path) => format!("folder {path}"),
        })
        .collect();
    let [(port, at), (started, when)] = server.settings();
    script(
        "Read the rules of the PostgreSQL server that runs here; nothing is changed.",
        &[
            (port, &at),
            (started, &when),
            ("path", path.unwrap_or_default()),
            ("list", &lines.join("\n")),
        ],
        &[FAIL, HAS, AS_OWNER, FIND, AS_THE_SERVER],
    )
}

impl Printed {
    /// Reads what [`read_hba`] printed.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut printed = Self::default();
        for line in text.lines() {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            let path = || rest.to_owned();
            match (word, printed.found.last_mut()) {
                ("", Some((_, Had::Text(text)))) => {
                    text.push_str(rest);
                    text.push('\n');
                }
                ("name", Some((_, Had::Names(names)))) => names.push(path()),
                ("main", _) => printed.main = Some(path()),
                ("file", _) => printed.found.push((Wanted::File(path()), Had::Text(String::new()))),
                ("folder", _) => printed.found.push((Wanted::Folder(path()), Had::Names(Vec::new()))),
                ("no-file", _) => printed.found.push((Wanted::File(path()), Had::Absent)),
                ("no-folder", _) => printed.found.push((Wanted::Folder(path()), Had::Absent)),
                ("identity", _) => printed.identity = Some(path()),
                ("edited", _) => printed.edited = printed.edited.max(rest.parse().ok()),
                _ => {}
            }
        }
        printed
    }

    /// The file itself, with nothing beside it yet.
    #[must_use]
    pub fn main_file(&self) -> Option<Files> {
        let main = self.main.as_deref()?;
        self.found.iter().find_map(|found| match found {
            (Wanted::File(path), Had::Text(text)) if path == main => Some(Files::new(main, text.clone())),
            _ => None,
        })
    }
}

/// The server's first process: its own number, its start and its port stand in a file of its data directory, which is
/// where it lives. The file is opened with the process's own rights: who owns the directory could put a link there.
pub(super) const FIND: &str = r#"
found=
id_of() { sed -n "s/^$1:[^0-9]*\([0-9]*\).*/\1/p" "/proc/$2/status" 2>/dev/null; }
for pid in $(ls /proc); do
    case $pid in *[!0-9]*) continue ;; esac
    name=$(cat "/proc/$pid/comm" 2>/dev/null) || continue
    case $name in postgres | postmaster | edb-postgres) ;; *) continue ;; esac
    parent=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$pid/status" 2>/dev/null) || continue
    [ "$name" != "$(cat "/proc/$parent/comm" 2>/dev/null)" ] || continue # one of its children
    facts=$(as_owner "$(id_of Uid "$pid")" "$(id_of Gid "$pid")" "$(stat -c %U "/proc/$pid")" "$pid" 2>/dev/null <<'FACTS'
cd "/proc/$1/cwd" && [ -f postmaster.pid ] && head -c 4096 postmaster.pid
FACTS
    ) || continue
    { read -r own && read -r _ && read -r since && read -r listens; } <<EOF || continue
$facts
EOF
    [ "$own" = "$(sed -n 's/^NSpid:.*[^0-9]//p' "/proc/$pid/status")" ] || continue
    [ "$listens" = "$port" ] || continue
    if [ -n "$started" ]; then
        [ "$since" -le "$((started + 1))" ] && [ "$since" -ge "$((started - 60))" ] || continue
    fi
    found=$pid
    break
done
[ -n "$found" ] || fail "that PostgreSQL server does not run on this machine, or belongs to somebody else"
"#;

/// Looks as the server's user. Where the server does not tell its file, its own program does: `postgres -C` reads the
/// configuration as the server did. The server's root directory is looked into from outside, in case it has its own.
const AS_THE_SERVER: &str = r#"
as_owner "$(id_of Uid "$found")" "$(id_of Gid "$found")" "$(stat -c %U "/proc/$found")" "$found" "$path" "$list" <<'LOOK'
set -euf
{
pid=$1 path=$2 list=$3
cd /
root=/proc/$pid/root
same() { [ "$(stat -Lc %d:%i "$root/")" = "$(stat -Lc %d:%i /)" ]; }
if [ -z "$path" ]; then
    same || { echo "stitch-pg: PostgreSQL runs in a container here, and does not tell this login where its file is" >&2; exit 1; }
    set --
    while IFS= read -r word; do set -- "$@" "$word"; done <<END
$(tr '\0' '\n' <"/proc/$pid/cmdline")
END
    shift
    program=$(readlink "/proc/$pid/exe") data=$(readlink "/proc/$pid/cwd")
    path=$("$program" -C hba_file "$@" 2>/dev/null) || path=$("$program" -C hba_file "$@" -D "$data" 2>/dev/null) ||
        { echo "stitch-pg: $program -C hba_file does not tell where the file is" >&2; exit 1; }
fi
echo "main $path"
[ -n "$list" ] || list="file $path"
printf '%s\n' "$list" | while read -r kind name; do
    case $kind in
    file)
        if [ -e "$root$name" ]; then
            echo "file $name"
            { head -c 4194304 "$root$name" && echo; } | sed 's/^/ /'
            echo "edited $(stat -Lc %Y "$root$name")"
            [ "$name" != "$path" ] || echo "identity $(stat -Lc %d:%i "$root$name")"
        else
            echo "no-file $name"
        fi ;;
    folder)
        if [ -d "$root$name" ]; then
            echo "folder $name"
            ls -A "$root$name" | while IFS= read -r entry; do
                [ -d "$root$name/$entry" ] || echo "name $entry"
            done
        else
            echo "no-folder $name"
        fi ;;
    esac
done
} </dev/null
LOOK
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_printed() {
        let printed = Printed::read(
            "main /d/hba\nfile /d/hba\n local a b peer\r\n file x\n \nno-file /d/x\nfolder /d/c\nname a.conf\nname b c\n\
             no-folder /e\nidentity 1:2\nedited 7\nedited 5\n",
        );
        let file = |path: &str| Wanted::File(path.to_owned());
        let folder = |path: &str| Wanted::Folder(path.to_owned());
        assert_eq!(
            printed.found,
            [
                (file("/d/hba"), Had::Text("local a b peer\nfile x\n\n".to_owned())),
                (file("/d/x"), Had::Absent),
                (folder("/d/c"), Had::Names(vec!["a.conf".to_owned(), "b c".to_owned()])),
                (folder("/e"), Had::Absent),
            ]
        );
        assert_eq!((printed.main.as_deref(), printed.edited), (Some("/d/hba"), Some(7)));
        assert_eq!(printed.identity.as_deref(), Some("1:2"));
        assert_eq!(printed.main_file().expect("it is there").read(150_000).0.0.len(), 2);
        assert!(Printed::read("").main_file().is_none());
    }
}
