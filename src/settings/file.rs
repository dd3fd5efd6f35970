//! The settings file: TOML in, a draft out. Every complaint names the line, and shows it where that helps.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::draft::{Draft, Source};
use super::environment::Environment;
use super::problems::Problems;
use super::registry::{SettingId, ValueKind, nearest};
use super::trust;

mod hidden;

use hidden::{masked, secret};

/// Read from the current directory when it is there and no other file is named.
pub const DEFAULT_FILE: &str = "stitch-pg.toml";

/// Reads the file named with `--config`, or the default one when it exists.
pub(crate) fn load(named: Option<&Path>, environment: &Environment, problems: &mut Problems) -> Draft {
    let shown = named.map_or_else(|| PathBuf::from(DEFAULT_FILE), Path::to_path_buf);
    let path = environment.directory.join(&shown);
    let bytes = match trust::read(&path, environment) {
        Ok(bytes) => bytes,
        Err(error) if named.is_none() && trust::is_absent(&error) => return Draft::default(),
        Err(error) => {
            let flag = if named.is_some() { "--config: " } else { "" };
            problems.wrong(format_args!("{flag}cannot read {}: {error:#}", shown.display()));
            return Draft::default();
        }
    };
    match String::from_utf8(bytes) {
        Ok(text) => parse(&text, &shown, problems),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..valid].split(|byte| *byte == b'\n').count();
            problems.wrong(format_args!(
                "{}:{line}: this line is not UTF-8; save the file as UTF-8",
                shown.display()
            ));
            Draft::default()
        }
    }
}

/// The file whose settings take part in a run, as people name it.
pub fn in_use(named: Option<&Path>, environment: &Environment) -> Option<String> {
    let shown = named.map_or_else(|| format!("./{DEFAULT_FILE}"), |path| path.display().to_string());
    let found = environment.directory.join(named.unwrap_or(Path::new(DEFAULT_FILE)));
    found.symlink_metadata().is_ok().then_some(shown)
}

/// Takes the text of a file apart.
pub(crate) fn parse(text: &str, path: &Path, problems: &mut Problems) -> Draft {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = SettingsReader {
        text,
        path,
        draft: Draft::default(),
        problems,
    };
    match DeTable::parse(text) {
        Ok(table) => reader.table(table.get_ref(), ""),
        Err(error) => reader.syntax(&error),
    }
    reader.draft
}

struct SettingsReader<'a> {
    text: &'a str,
    path: &'a Path,
    draft: Draft,
    problems: &'a mut Problems,
}

impl SettingsReader<'_> {
    fn table(&mut self, table: &DeTable<'_>, section: &str) {
        // As written, so that complaints come in the order of the file.
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        for (name, value) in entries {
            let key = match section {
                "" => name.get_ref().to_string(),
                _ => format!("{section}.{}", name.get_ref()),
            };
            let line = self.line(name.span().start);
            match (value.get_ref(), SettingId::from_key(&key)) {
                (DeValue::Table(inner), None) => self.table(inner, &key),
                (_, Some(id)) => self.setting(id, key, line, value),
                (_, None) => self.unknown(&key, line),
            }
        }
    }

    fn setting(&mut self, id: SettingId, key: String, line: usize, value: &Spanned<DeValue<'_>>) {
        match texts(id.kind(), value.get_ref()) {
            Ok(texts) => {
                let path = self.path.to_path_buf();
                self.draft.set_all(id, texts, Source::File { path, line, key });
            }
            Err(wanted) => {
                let found = value.get_ref().type_str();
                let at = self.at(line);
                self.problems
                    .malformed(id, format_args!("{at}: {key} must be {wanted}, not {}", article(found)));
            }
        }
    }

    fn unknown(&mut self, key: &str, line: usize) {
        let last = key.rsplit('.').next().unwrap_or(key);
        let wrong = match (secret(key, last), key) {
            _ if SECTIONS.contains(&key) => format!(" is a section; write [{key}] and its keys below it"),
            (Some(instead), _) => format!(": secrets do not belong in this file; {instead}"),
            (None, "bastion.ssh_command") => {
                ": a settings file names no program, since it may come from others; give --ssh-command or STITCH_PG_SSH_COMMAND".to_owned()
            }
            (None, "bastion.user" | "bastion.port") => {
                " is not a known key; write bastion.host = \"USER@HOST:PORT\"".to_owned()
            }
            (None, _) => format!(" is not a known key{}", did_you_mean(key, last)),
        };
        self.problems.wrong(format_args!("{}: {key}{wrong}", self.at(line)));
    }

    fn syntax(&mut self, error: &toml::de::Error) {
        let start = error.span().map_or(0, |span| span.start.min(self.text.len()));
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line = self.text[line_start..].lines().next().unwrap_or_default();
        let column = self.text[line_start..start].chars().count() + 1;
        let at = self.at(self.line(start));
        let mut message = format!("{at}:{column}: {}", error.message().replace('\n', ", "));
        let _ = write!(message, "\n| {}", masked(line));
        if masked(line) == line.replace('\t', " ") {
            let _ = write!(message, "\n| {:>column$}", "^");
        }
        self.problems.wrong(message);
    }

    fn line(&self, offset: usize) -> usize {
        1 + self.text[..offset].matches('\n').count()
    }

    fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }
}

const SECTIONS: &[&str] = &["admin", "stitch", "ownership", "bastion", "registration", "loads"];

/// The raw texts of a value, or what it should have been.
fn texts(kind: ValueKind, value: &DeValue<'_>) -> Result<Vec<String>, &'static str> {
    let one = |text: &dyn ToString| Ok(vec![text.to_string()]);
    match (kind, value) {
        (ValueKind::Switch, DeValue::Boolean(switch)) => one(switch),
        (ValueKind::Switch, _) => Err("true or false"),
        (ValueKind::Number | ValueKind::Duration, DeValue::Integer(number)) => {
            match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => one(&number),
                Err(_) => Err("a smaller number"),
            }
        }
        (_, DeValue::String(text)) => one(text),
        (ValueKind::List | ValueKind::Names, DeValue::Array(items)) => items
            .iter()
            .map(|item| {
                item.get_ref()
                    .as_str()
                    .map(str::to_owned)
                    .ok_or("a list of texts in quotes")
            })
            .collect(),
        (ValueKind::List | ValueKind::Names, _) => Err("a list of texts in quotes"),
        (ValueKind::Number, _) => Err("a number"),
        (ValueKind::Duration, _) => Err("a number of milliseconds or a text such as \"2s\""),
        (ValueKind::Text | ValueKind::Path | ValueKind::SecretPath, _) => Err("a text in quotes"),
    }
}

fn did_you_mean(key: &str, last: &str) -> String {
    let known = || SettingId::ALL.iter().filter_map(|id| id.key());
    let same_end: Vec<&str> = known().filter(|known| known.rsplit('.').next() == Some(last)).collect();
    match nearest(key, known()) {
        Some(near) if key.contains('.') || same_end.is_empty() => format!("; did you mean {near}?"),
        _ if same_end.is_empty() => String::new(),
        _ => format!("; did you mean {}?", same_end.join(" or ")),
    }
}

fn article(type_name: &str) -> String {
    let article = if type_name.starts_with(['a', 'i']) { "an" } else { "a" };
    format!("{article} {type_name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Draft, String) {
        let mut problems = Problems::default();
        let path = Path::new("stitch-pg.toml");
        let draft = parse(text, path, &mut problems);
        let texts: Vec<_> = problems.list().iter().map(|problem| problem.text.clone()).collect();
        (draft, texts.join("\n"))
    }

    #[test]
    fn values_of_every_kind() {
        let (draft, problems) = read(
            "docs_url = 'https://x'\nadmin.port = 6000\n[stitch]\nallow_cidrs = ['1.2.3.4', '5.6.7.8']\nssl = true\n\
             [ownership]\nschemas = 'one'\nlock_timeout = 250\n[registration]\nenabled = false\n",
        );
        assert_eq!(problems, "");
        assert_eq!(draft.text(SettingId::Port), Some("6000"));
        assert_eq!(
            draft.given(SettingId::AllowCidrs).unwrap().texts(),
            ["1.2.3.4", "5.6.7.8"]
        );
        assert_eq!(draft.text(SettingId::Ssl), Some("true"));
        assert_eq!(draft.text(SettingId::Schemas), Some("one"));
        assert_eq!(draft.text(SettingId::LockTimeout), Some("250"));
        assert_eq!(
            draft.given(SettingId::Ssl).unwrap().source.to_string(),
            "stitch-pg.toml:5: stitch.ssl"
        );
    }

    #[test]
    fn misspelt_keys_and_wrong_types_are_told_together() {
        let (_, problems) = read("[stitch]\ndatabse = 'x'\nssl = 'yes'\nrole = 7\n[admin]\nzzzzz = 1\n");
        assert_eq!(
            problems,
            "stitch-pg.toml:2: stitch.databse is not a known key; did you mean stitch.database?\n\
             stitch-pg.toml:3: stitch.ssl must be true or false, not a string\n\
             stitch-pg.toml:4: stitch.role must be a text in quotes, not an integer\n\
             stitch-pg.toml:6: admin.zzzzz is not a known key"
        );
        assert!(
            read("database = 'x'")
                .1
                .contains("did you mean admin.database or stitch.database?")
        );
        assert!(read("docs_ulr = 'x'").1.contains("did you mean docs_url?"));
        assert!(read("admin = 3").1.contains("write [admin]"));
    }

    #[test]
    fn malformed_toml_is_shown_with_line_and_column() {
        let (_, problem) = read("[stitch]\nrole = stitch pg\n");
        assert!(problem.starts_with("stitch-pg.toml:2:"), "{problem}");
        assert!(problem.contains("\n| role = stitch pg\n"), "{problem}");
    }

    #[test]
    fn secrets_are_refused_and_never_shown() {
        for text in [
            "stitch.password = 'hunter2'",
            "admin.password = 'hunter2'",
            "bastion.sudo_password = 'hunter2'",
            "password = 'hunter2'",
            "password = hunter2 x",
            "admin.url = \"postgres://u:hunter2@h",
        ] {
            let (draft, problem) = read(text);
            assert!(!problem.is_empty() && !problem.contains("hunter2"), "{problem}");
            assert_eq!(draft, Draft::default());
        }
        assert!(read("stitch.password = 'x'").1.contains("stitch.password_file"));
    }
}
