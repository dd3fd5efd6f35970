//! From flags, environment, files and answers to settings, with made-up surroundings.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use super::*;
use crate::names::Port;
use crate::secret::Secret;
use crate::step_id::StepId;

mod asking;
mod mistakes;
mod parameters;

/// A directory with nothing in it, and surroundings that know nothing else.
struct Place {
    directory: tempfile::TempDir,
    environment: Environment,
    purpose: Purpose,
    approval: Approval,
    config: Option<PathBuf>,
}

impl Place {
    fn new(purpose: Purpose) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let environment = Environment {
            home: Some(directory.path().join("home")),
            os_user: Some("me".to_owned()),
            directory: directory.path().to_path_buf(),
            ..Environment::default()
        };
        Self {
            directory,
            environment,
            purpose,
            approval: Approval::Asked,
            config: None,
        }
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.variables.insert(name.to_owned(), value.into());
        self
    }

    fn file(self, name: &str, content: &str) -> Self {
        let path = self.directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&path, mode).unwrap();
        self
    }

    fn approved(mut self) -> Self {
        self.approval = Approval::Given;
        self
    }

    fn terminal(mut self) -> Self {
        self.environment.stdin = Stdin::Terminal;
        self
    }

    fn run(&self, flags: &[&str], asker: Option<&dyn Ask>) -> Result<Settings> {
        let words = std::iter::once(&"stitch-pg").chain(flags).map(std::ffi::OsString::from);
        let request = SettingsRequest {
            purpose: self.purpose,
            approval: self.approval,
            config: self.config.clone(),
        };
        complete(crate::cli::parse_from(words)?.flags, &request, &self.environment, asker)
    }

    fn settings(&self, flags: &[&str]) -> Settings {
        self.run(flags, None).unwrap()
    }

    fn problems(&self, flags: &[&str]) -> String {
        let error = self.run(flags, None).unwrap_err();
        error.downcast_ref::<Problems>().unwrap().to_string()
    }
}

const EUROPE: &[&str] = &["--region", "europe"];

#[test]
fn defaults() {
    let found = Place::new(Purpose::Plan).settings(EUROPE);
    assert_eq!(found.admin.host.as_str(), "localhost");
    assert_eq!(found.admin.port, Port::POSTGRES);
    assert_eq!(found.admin.user, "me");
    assert_eq!(found.admin.database.as_str(), "postgres");
    let min_version = Some(TlsVersion::V1_2);
    assert_eq!(
        found.admin.tls,
        Tls {
            min_version,
            ..Tls::default()
        }
    );
    assert_eq!(found.admin.rules, LoginRules::default());
    assert_eq!(found.stitch.database.as_str(), "stitch");
    assert_eq!(found.stitch.role.as_str(), "stitch");
    assert_eq!(found.stitch.host.as_str(), "localhost");
    assert_eq!(found.stitch.allow.len(), 4);
    assert_eq!(found.stitch.ssl, StitchSsl::WhenOffered);
    assert_eq!(found.ownership.connection, Connection::New);
    assert_eq!(found.ownership.lock_timeout, Duration::from_millis(100));
    assert_eq!(found.timeout, Duration::from_secs(10));
    assert!(found.bastion.is_none() && found.warnings.is_empty());
    assert_eq!(found.steps, StepId::ALL);
}

#[test]
fn a_local_socket_is_found_by_its_port() {
    let mut place = Place::new(Purpose::Plan).file("sockets/.s.PGSQL.6000", "");
    let sockets = place.directory.path().join("sockets");
    place.environment.socket_directories = vec![place.directory.path().join("none"), sockets.clone()];
    assert_eq!(place.settings(EUROPE).admin.host.as_str(), "localhost");
    let flags = ["--region", "europe", "--port", "6000"];
    assert_eq!(Path::new(place.settings(&flags).admin.host.as_str()), sockets);
}

#[test]
fn flag_beats_environment_beats_file() {
    let place = Place::new(Purpose::Plan)
        .file(
            "stitch-pg.toml",
            "admin.host = 'file'\nadmin.port = 1\nstitch.role = 'file'\n",
        )
        .env("PGHOST", "env")
        .env("PGPORT", "2");
    let found = place.settings(&["--region", "europe", "--host", "flag"]);
    assert_eq!(found.admin.host.as_str(), "flag");
    assert_eq!(found.admin.port.number(), 2);
    assert_eq!(found.stitch.role.as_str(), "file");
}

#[test]
fn each_part_of_a_url_counts_as_given_by_who_gave_it() {
    let place = Place::new(Purpose::Plan)
        .env("DATABASE_URL", "postgres://u:p%40w@urlhost:6000/urldb")
        .env("PGPORT", "7000");
    let found = place.settings(&["--region", "europe", "--host", "flag"]);
    assert_eq!(found.admin.host.as_str(), "flag");
    assert_eq!(found.admin.port.number(), 7000);
    assert_eq!(found.admin.user, "u");
    assert_eq!(found.admin.database.as_str(), "urldb");
    assert_eq!(found.admin.password.unwrap().reveal(), "p@w");

    let place = place.env("PGHOST", "env");
    let found = place.settings(&["--region", "europe", "--url", "postgresql://flaghost"]);
    assert_eq!(found.admin.host.as_str(), "flaghost");
    assert_eq!(
        found.admin.user, "me",
        "a URL is one setting: the weaker URL does not count"
    );
}

#[test]
fn a_service_gives_what_nobody_said() {
    let place = Place::new(Purpose::Plan)
        .file(
            "home/.pg_service.conf",
            "[mine]\nhost=svc\nport=6000\nuser=su\npassword=pw\n",
        )
        .env("PGSERVICE", "mine")
        .env("PGHOST", "env");
    let found = place.settings(&["--region", "europe", "--port", "7000"]);
    assert_eq!((found.admin.host.as_str(), found.admin.port.number()), ("svc", 7000));
    assert_eq!(found.admin.password.unwrap().reveal(), "pw");
    assert!(
        place
            .problems(&["--service", "none"])
            .contains("--service: there is no service [none]")
    );
}

#[test]
fn the_admins_password_comes_from_the_strongest_place() {
    let place = Place::new(Purpose::Plan)
        .file("home/.pgpass", "localhost:5432:postgres:me:pgpass\n")
        .file("pw", "flag\n")
        .file("conf", "file\r\n");
    let password = |place: &Place, flags: &[&str]| {
        let flags: Vec<_> = EUROPE.iter().chain(flags).copied().collect();
        place.settings(&flags).admin.password.unwrap().reveal().to_owned()
    };
    assert_eq!(password(&place, &[]), "pgpass");
    let place = place.file("stitch-pg.toml", "admin.password_file = 'conf'\n");
    assert_eq!(password(&place, &[]), "file");
    let place = place.file("named", "*:*:*:*:named\n");
    let named = place.directory.path().join("named").to_str().unwrap().to_owned();
    let place = place.env("PGPASSFILE", &named);
    assert_eq!(password(&place, &[]), "named");
    let place = place.env("PGPASSWORD", "env");
    assert_eq!(password(&place, &[]), "env");
    assert_eq!(password(&place, &["--admin-password-file", "pw"]), "flag");
}
