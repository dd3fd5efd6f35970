//! Scripts about `pg_hba.conf`, for the machine PostgreSQL runs on: looked at, our lines put in, taken out again. Every
//! byte that is not ours stays as it is.

use std::fmt::{self, Write as _};

use super::hba_read::FIND as FIND_SERVER;
use super::replace::{AS_OWNER, REPLACE, SUM, WHO_CAN_WRITE};
use super::{FAIL, HAS, one_at_a_time, quoted, script};
use crate::hba::edit::{At, HbaLines, LineEnd, Running};
use crate::sql;
use crate::statement::Statement;

/// Tells the file's MD5, its device and inode, how its lines end, and whether who runs this may write it, as `name=value` lines.
#[must_use]
pub fn inspect_hba(file: &str) -> Statement {
    look("Look at pg_hba.conf; nothing is changed.", file, &[], &[INSPECT])
}

/// Prints every line below a remark, up to the next that is no rule, as `rule=LINE` behind `remark=`.
#[must_use]
pub fn find_hba_lines(file: &str, remark: &str) -> Statement {
    let title = "Look for Stitch's lines in pg_hba.conf; nothing is changed.";
    look(title, file, &[("remark", remark)], &[INSPECT, FIND])
}

fn look(title: &str, file: &str, settings: &[(&str, &str)], parts: &[&str]) -> Statement {
    let work = work(settings, &[&[FAIL, HAS], parts].concat());
    script(
        title,
        &[("file", file)],
        &[FAIL, HAS, AS_OWNER, WHO_CAN_WRITE, FOLLOW, &work],
    )
}

/// What is done to the file, as the user whose directory it is in.
fn work(settings: &[(&str, &str)], parts: &[&str]) -> String {
    let mut text = String::from("set -euf\nfile=$1\n{\n");
    for (name, value) in settings {
        let _ = writeln!(text, "{name}={}", quoted(value));
    }
    for part in parts {
        let _ = writeln!(text, "{}", part.trim_matches('\n'));
    }
    text.push_str("} </dev/null");
    let mut end = "AS_OWNER".to_owned();
    while text.lines().any(|line| line == end) {
        end.push('_');
    }
    format!("as_owner \"$uid\" 65534 \"$name\" \"$file\" <<'{end}'\n{text}\n{end}")
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
        &[OPEN, ADD, REPLACE],
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
        &[OPEN, REMOVE, REPLACE],
    )
}

impl HbaLines {
    /// A script about these lines. The server to be signalled is found before anything is changed.
    fn script(&self, title: &str, more: &[(&str, &str)], parts: &[&str]) -> Statement {
        let cut = match self.end {
            LineEnd::Lf => "1",
            LineEnd::CrLf => "2",
        };
        let block = self.block();
        let parts = [&[FAIL, HAS, SUM, &block], parts].concat();
        let work = work(&[more, &[("cut", cut)]].concat(), &parts);
        let file = ("file", self.file.as_str());
        let Some(server) = self.signal else {
            let parts = [FAIL, HAS, AS_OWNER, WHO_CAN_WRITE, FOLLOW, &work];
            return script(title, &[file], &parts);
        };
        let [(port, at), (started, when)] = server.settings();
        script(
            title,
            &[file, (port, &at), (started, &when)],
            &[FAIL, HAS, AS_OWNER, WHO_CAN_WRITE, FIND_SERVER, FOLLOW, &work, SIGNAL],
        )
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
        let lines: Vec<String> = self.lines.iter().map(|line| quoted(line)).collect();
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

/// A symbolic link is followed once, as distributions lay them, so that it stays one. Says as whom the file is to be
/// written: as we are, or where we are root and others could exchange names there, as the one who owns the directory.
const FOLLOW: &str = r#"
cd /
folder_of() { folder=${1%/*} folder=${folder:-/}; }
folder_of "$file"
named=$file named_in=$folder
if [ -L "$file" ]; then
    link=$(readlink "$file")
    case $link in /*) file=$link ;; *) file=${folder%/}/$link ;; esac
    [ ! -L "$file" ] || fail "$named is a symbolic link behind a symbolic link; edit it by hand"
fi
[ -f "$file" ] || fail "there is no file $file on this machine"
folder_of "$file"
uid=$(id -u) name=root
if [ "$uid" = 0 ] && ! { only_root_writes "$named_in" && only_root_writes "$folder"; }; then
    within=$(cd "$folder" && pwd -P)
    uid=$(stat -c %u "$within") name=$(stat -c %U "$within")
    if [ "$uid" = 0 ]; then
        fail "root could be led astray on the way to $file, by links or because others can write there; edit it by hand, or see: namei -l $named"
    fi
    for way in "$named_in" "$folder" "$within"; do
        on_the_way "$way" "$uid" || fail "directories on the way to $file belong to other users than root and $name; edit it by hand, or see: namei -l $named"
    done
    [ "$uid" = "$(stat -c %u "$within/${file##*/}")" ] || fail "$file does not belong to $name as its directory does; change that: chown $name $file"
fi
"#;

const INSPECT: &str = r#"
md5=$(md5sum <"$file")
echo "md5=${md5%% *}"
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

/// Who has read the file keeps others from putting another in its place until the script ends. What a killed run has left
/// is taken away. The new file is made beside the old one, with its owner and mode.
const OPEN: &str = concat!(
    r#"
full() {
    [ "$(sum "$file")" = "$before" ] || fail "$file was changed a moment ago by somebody else; run stitch-pg again"
    fail "$file is as it was, since a new one cannot be written beside it: is the disk full? Make room, and run the same command again"
}
before=$(sum "$file")
"#,
    one_at_a_time!("\"${file%/*}/\"", "another run keeps the folder of $file locked"),
    r#"
if has flock; then
    set +f
    for stray in "${file%/*}"/.stitch-pg.??????; do
        if [ -f "$stray" ] && [ ! -L "$stray" ] && [ "$(stat -c %u "$stray")" = "$(stat -c %u "$file")" ]; then rm -f "$stray"; fi
    done
    set -f
fi
new= kept=
trap 'rm -f "$new" "$kept"' EXIT
new=$(mktemp "${file%/*}/.stitch-pg.XXXXXX") || fail "$file is as it was, since no file can be made beside it: is the disk full or read-only? Run the same command again later"
cp -p "$file" "$new" || full
whole=$(($(wc -c <"$file")))
"#
);

/// The text goes in behind the byte `start`. Without it the new file is the old one.
const ADD: &str = r#"
[ "$before" = "$md5" ] || fail "$file was changed a moment ago by somebody else; run stitch-pg again"
text() { block; }
start=$whole
if [ -n "$number" ]; then
    start=$(($(head -n "$((number - 1))" "$file" | wc -c)))
elif [ "$whole" -gt 0 ] && [ "$(tail -c 1 "$file" | wc -l)" -eq 0 ]; then
    # The last line has no end. It gets one, and the last of ours goes without, so that the file ends as before.
    size=$(($(block | wc -c) - cut))
    text() { block | tail -c "$cut" && block | head -c "$size"; }
fi
length=$(($(text | wc -c)))
{ head -c "$start" "$file" && text && tail -c "+$((start + 1))" "$file"; } >"$new" || full
[ "$(wc -c <"$new")" -eq "$((whole + length))" ] || full
[ "$({ head -c "$start" "$new" && tail -c "+$((start + length + 1))" "$new"; } | md5sum)" = "$before  -" ] || full
[ "$(head -c "$((start + length))" "$new" | tail -c "$length" | md5sum)" = "$(text | md5sum)" ] || full
echo "md5=$(sum "$new")"
"#;

/// The lines are `length` bytes behind the byte `start`. With them the new file is the old one.
const REMOVE: &str = r#"
first=$(block | head -n 1)
size=$(($(block | wc -c)))
start= length=
ours=$(block | md5sum)
open=$(block | head -c "$((size - cut))" | md5sum)
for at in $(grep -nxF -e "$first" "$file" | cut -d: -f1); do
    from=$(($(head -n "$((at - 1))" "$file" | wc -c)))
    if [ "$(tail -n "+$at" "$file" | head -c "$size" | md5sum)" = "$ours" ]; then
        start=$from length=$size
    elif [ "$(tail -n "+$at" "$file" | md5sum)" = "$open" ]; then
        start=$((from - cut)) length=$size # at the end of a file whose last line has no end
    fi
done
if [ -z "$start" ]; then fail "the lines of stitch-pg are not in $file any more, or were changed; nothing is taken out"; fi
{ head -c "$start" "$file" && tail -c "+$((start + length + 1))" "$file"; } >"$new" || full
[ "$(wc -c <"$new")" -eq "$((whole - length))" ] || full
[ "$({ head -c "$start" "$new" && head -c "$((start + length))" "$file" | tail -c "$length" && tail -c "+$((start + 1))" "$new"; } | md5sum)" = "$before  -" ] || full
"#;

/// As `pg_ctl reload` does it (PostgreSQL docs, the page of `pg_ctl`).
const SIGNAL: &str = r#"
kill -HUP "$found"
"#;
