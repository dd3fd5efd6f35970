//! PostgreSQL service files (docs 34.17): a name for a set of connection parameters.

use std::path::{Path, PathBuf};

use super::draft::{Draft, Source};
use super::environment::Environment;
use super::libpq::{Parameter, parameter};
use super::problems::Problems;
use super::registry::SettingId;
use super::trust;

/// Debian's and Ubuntu's system-wide place; `PGSYSCONFDIR` overrides it.
const SYSTEM_DIRECTORY: &str = "/etc/postgresql-common";

/// Looks a service up and takes its parameters. `by` is who named it.
pub(crate) fn load(name: &str, by: &Source, environment: &Environment, problems: &mut Problems) -> Draft {
    let candidates = candidates(environment);
    for path in &candidates {
        let text = match trust::read(path, environment) {
            Err(error) if trust::is_absent(&error) => continue,
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => {
                let text = format!("{by}: cannot read {}: {error:#}", path.display());
                problems.malformed(SettingId::Service, text);
                return Draft::default();
            }
        };
        if let Some(draft) = find(&text, name, path, by, problems) {
            return draft;
        }
    }
    let looked: Vec<String> = candidates.iter().map(|path| path.display().to_string()).collect();
    let (name, looked) = (name.escape_debug(), looked.join(" or "));
    problems.malformed(
        SettingId::Service,
        format_args!("{by}: there is no service [{name}] in {looked}"),
    );
    Draft::default()
}

/// The names of all services, your own first.
pub(super) fn names(environment: &Environment) -> Vec<String> {
    let texts = candidates(environment)
        .into_iter()
        .filter_map(|path| std::fs::read(path).ok());
    let texts: Vec<String> = texts
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .collect();
    let lines = texts.iter().flat_map(|text| text.lines().map(str::trim));
    let names = lines.filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'));
    names.map(str::to_owned).collect()
}

fn candidates(environment: &Environment) -> Vec<PathBuf> {
    let own = environment
        .path("PGSERVICEFILE")
        .or_else(|| Some(environment.home.as_ref()?.join(".pg_service.conf")));
    let system = environment
        .path("PGSYSCONFDIR")
        .unwrap_or_else(|| PathBuf::from(SYSTEM_DIRECTORY));
    own.into_iter().chain([system.join("pg_service.conf")]).collect()
}

/// The section's parameters, or `None` when the file has no such section.
pub(crate) fn find(text: &str, name: &str, path: &Path, by: &Source, problems: &mut Problems) -> Option<Draft> {
    let heading = format!("[{name}]");
    let mut lines = text.lines().enumerate().map(|(number, line)| (number + 1, line.trim()));
    lines.find(|(_, line)| *line == heading)?;
    let mut draft = Draft::default();
    for (line, text) in lines.take_while(|(_, line)| !line.starts_with('[')) {
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let source = Source::Service {
            path: path.to_path_buf(),
            line,
            by: Box::new(by.clone()),
        };
        // Values may be secrets: no message repeats one.
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        let key = key.trim();
        let wrong = match parameter(key) {
            _ if !text.contains('=') && text.starts_with("ldap") => "LDAP look-ups are not supported".to_owned(),
            _ if !text.contains('=') => "write it as key=value".to_owned(),
            Ok(entry) if entry.parameter == Parameter::Setting(SettingId::Service) => {
                "a service cannot name another service".to_owned()
            }
            Ok(entry) => {
                draft.set_libpq(entry, value.trim(), source);
                continue;
            }
            Err(near) => {
                let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
                format!("PostgreSQL has no parameter {}{hint}", key.escape_debug())
            }
        };
        problems.malformed(SettingId::Service, format_args!("{source}: {wrong}"));
    }
    Some(draft)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, name: &str) -> (Option<Draft>, Problems) {
        let mut problems = Problems::default();
        let by = Source::Environment("PGSERVICE");
        let draft = find(text, name, Path::new("pg_service.conf"), &by, &mut problems);
        (draft, problems)
    }

    #[test]
    fn a_section_is_read_to_its_end() {
        let text =
            "[other]\nhost=no\n[mine]\n# c\nhost = db\nport=6000\nconnect_timeout=2\npassword=p w\n\n[next]\nuser=no\n";
        let (draft, problems) = read(text, "mine");
        let draft = draft.unwrap();
        assert!(problems.is_empty(), "{problems}");
        assert_eq!(draft.text(SettingId::Host), Some("db"));
        assert_eq!(draft.text(SettingId::Port), Some("6000"));
        assert!(draft.has(SettingId::AdminPassword) && !draft.has(SettingId::AdminUser));
        assert_eq!(read(text, "absent").0, None);
    }

    #[test]
    fn mistakes_name_the_line_and_no_secret() {
        let (_, problems) = read("[s]\npasswrd=hunter2\nhunter2\nservice=x\n", "s");
        let text = problems.to_string();
        assert!(
            text.contains("pg_service.conf:2: PostgreSQL has no parameter passwrd; did you mean password?"),
            "{text}"
        );
        assert!(text.contains("pg_service.conf:3: write it as key=value"), "{text}");
        assert!(text.contains("pg_service.conf:4:"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}
