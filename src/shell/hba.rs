//! Scripts about `pg_hba.conf`, for the machine PostgreSQL runs on: looked at, our lines put in, taken out again. Every
//! byte that is not ours stays as it is.

use std::fmt;

use super::hba_read::FIND as FIND_SERVER;
use super::{FAIL, HAS, one_at_a_time, script};
use crate::hba::edit::{At, HbaLines, LineEnd, Running};
use crate::sql;
use crate::statement::Statement;

/// Tells the file's MD5, its device and inode, how its lines end, and whether who runs this may write it, as `name=value` lines.
#[must_use]
pub fn inspect_hba(file: &str) -> Statement {
    script(
        "Look at pg_hba.conf; nothing is changed.",
        &[("file", file)],
        &[FAIL, FOLLOW, INSPECT],
    )
}

/// Prints every line below a remark, up to the next that is no rule, as `rule=LINE` behind `remark=`.
#[must_use]
pub fn find_hba_lines(file: &str, remark: &str) -> Statement {
    script(
        "Look for Stitch's lines in pg_hba.conf; nothing is changed.",
        &[("file", file), ("remark", remark)],
        &[FAIL, FOLLOW, INSPECT, FIND],
    )
}

/// Puts the lines in, and tells the MD5 of the file with them as [`inspect_hba`] does.
#[must_use]
pub fn add_hba_lines(edit: &HbaLines) -> Statement {
    let number = match edit.at {
        At::Above(number) => number.to_string(),
        At::End => String::new(),
    };
    let settings = [("md5", edit.md5.as_str()), ("number", &number)];
    edit.script(
        "Put Stitch's lines into pg_hba.conf. Every other byte stays.",
        &settings,
        &[FOLLOW, OPEN, ADD, REPLACE],
    )
}

/// Takes the lines out again, wherever they stand by then; the server may have been started anew.
#[must_use]
pub fn remove_hba_lines(edit: &HbaLines) -> Statement {
    let later = HbaLines {
        signal: edit.signal.map(|server| Running {
            started: None,
            ..server
        }),
        ..edit.clone()
    };
    later.script(
        "Take Stitch's lines out of pg_hba.conf. Every other byte stays.",
        &[],
        &[FOLLOW, OPEN, REMOVE, REPLACE],
    )
}

impl HbaLines {
    /// A script about these lines. The server to be signalled is found before anything is changed.
    fn script(&self, title: &str, more: &[(&str, &str)], parts: &[&str]) -> Statement {
        let cut = match self.end {
            LineEnd::Lf => "1",
            LineEnd::CrLf => "2",
        };
        let settings = [more, &[("file", self.file.as_str()), ("cut", cut)]].concat();
        let block = self.block();
        let Some(server) = self.signal else {
            return script(title, &settings, &[&[FAIL, HAS, block.as_str()], parts].concat());
        };
        let [(port, at), (started, when)] = server.settings();
        let settings = [&settings[..], &[(port, at.as_str()), (started, &when)]].concat();
        let before = [FAIL, HAS, block.as_str(), FIND_SERVER];
        script(title, &settings, &[&before[..], parts, &[SIGNAL]].concat())
    }

    /// What is run: the script, and the statement by which the server is asked to read the file again.
    pub(crate) fn show(&self, f: &mut fmt::Formatter<'_>, script: &Statement) -> fmt::Result {
        match self.signal {
            None => write!(f, "{script}{};", sql::reload()),
            Some(_) => write!(f, "{script}"),
        }
    }

    /// A function that prints the lines with their ends.
    fn block(&self) -> String {
        let lines: Vec<String> = self.lines.iter().map(|line| super::quoted(line)).collect();
        let end = match self.end {
            LineEnd::Lf => r"\n",
            LineEnd::CrLf => r"\r\n",
        };
        format!(
            "block() {{\n    printf '%s{end}' \\\n        {}\n}}",
            lines.join(" \\\n        ")
        )
    }
}

/// A symbolic link is followed once, as distributions lay them, so that it stays one.
const FOLLOW: &str = r#"
if [ -L "$file" ]; then
    link=$(readlink "$file")
    case $link in /*) file=$link ;; *) file=${file%/*}/$link ;; esac
    [ ! -L "$file" ] || fail "$file is a symbolic link behind a symbolic link; edit it by hand"
fi
[ -f "$file" ] || fail "there is no file $file on this machine"
"#;

const INSPECT: &str = r#"
read -r md5 _ <<EOF
$(md5sum <"$file")
EOF
echo "md5=$md5"
echo "identity=$(stat -Lc %d:%i "$file")"
if [ -O "$file" ] && [ -w "${file%/*}" ]; then echo own=yes; fi
if [ "$(head -n 1 "$file" | tr -dc '\r' | wc -c)" -gt 0 ]; then echo end=crlf; fi
if tail -n 1 "$file" | tr -d '\r' | grep -q '\\$'; then echo continued=yes; fi
"#;

const FIND: &str = r#"
ours=
cr=$(printf '\r')
while IFS= read -r line || [ -n "$line" ]; do
    line=${line%"$cr"}
    case $line in
    "$remark") echo remark= && ours=yes ;;
    host*) if [ -n "$ours" ]; then printf 'rule=%s\n' "$line"; fi ;;
    *) ours= ;;
    esac
done <"$file"
"#;

/// Who has read the file keeps others from putting another in its place until the script ends. The new file is made beside
/// the old one, with its owner and mode.
const OPEN: &str = concat!(
    one_at_a_time!("\"${file%/*}/\"", "another run keeps the folder of $file locked"),
    r#"
new=$(mktemp "${file%/*}/.stitch-pg.XXXXXX")
trap 'rm -f "$new"' EXIT
cp -p "$file" "$new"
"#
);

const ADD: &str = r#"
read -r now _ <<EOF
$(md5sum <"$file")
EOF
[ "$now" = "$md5" ] || fail "$file was changed a moment ago by somebody else; run stitch-pg again"
if [ -n "$number" ]; then
    { head -n "$((number - 1))" "$file" && block && tail -n "+$number" "$file"; } >"$new"
elif [ -s "$file" ] && [ "$(tail -c 1 "$file" | wc -l)" -eq 0 ]; then
    # The last line has no end. It gets one, and the last of ours goes without, so that the file ends as before.
    size=$(($(block | wc -c) - cut))
    { cat "$file" && block | tail -c "$cut" && block | head -c "$size"; } >"$new"
else
    { cat "$file" && block; } >"$new"
fi
read -r now _ <<EOF
$(md5sum <"$new")
EOF
echo "md5=$now"
"#;

const REMOVE: &str = r#"
first=$(block | head -n 1)
count=$(block | wc -l)
size=$(block | wc -c)
taken=
whole=$(block | md5sum)
open=$(block | head -c "$((size - cut))" | md5sum)
for at in $(grep -nxF -e "$first" "$file" | cut -d: -f1); do
    if [ "$(tail -n "+$at" "$file" | head -c "$size" | md5sum)" = "$whole" ]; then
        taken=yes
        { head -n "$((at - 1))" "$file" && tail -n "+$((at + count))" "$file"; } >"$new"
    elif [ "$(tail -n "+$at" "$file" | md5sum)" = "$open" ]; then
        taken=yes # at the end of a file whose last line has no end
        head -c "$(($(head -n "$((at - 1))" "$file" | wc -c) - cut))" "$file" >"$new"
    fi
done
if [ -z "$taken" ]; then fail "the lines of stitch-pg are not in $file any more, or were changed; nothing is taken out"; fi
"#;

/// As `pg_ctl reload` does it (PostgreSQL docs, the page of `pg_ctl`).
const SIGNAL: &str = r#"
kill -HUP "$found"
"#;

/// The new file is on the disk before it takes the old one's place, in one move.
const REPLACE: &str = r#"
sync "$new" 2>/dev/null || sync
mv -f "$new" "$file"
sync "${file%/*}" 2>/dev/null || sync
if has restorecon; then restorecon "$file"; fi
"#;
