//! What is missing, malformed or contradictory, and what follows from several settings together.

use super::*;

#[test]
fn everything_wrong_is_told_at_once() {
    let place = Place::new(Purpose::Setup)
        .approved()
        .file("stitch-pg.toml", "[stitch]\ndatabse = 'x'\n")
        .env("PGPORT", "many")
        .env("DATABASE_URL", "postgres://u:hunter2");
    let problems = place.problems(&[
        "--role",
        "pg_x",
        "--timeout",
        "0",
        "--only",
        "dance",
        "--password-file",
        "none",
    ]);
    for part in [
        "PGPORT: \"many\" is not a port",
        "give it as --port, PGPORT or admin.port in the file",
        "DATABASE_URL: ",
        "stitch-pg.toml:2: stitch.databse is not a known key; did you mean stitch.database?",
        "--only: \"dance\" is not a step",
        "--timeout: \"0\" is not a number of seconds",
        "--password-file: cannot read",
    ] {
        assert!(problems.contains(part), "{part} not in {problems}");
    }
    assert!(problems.contains("--role: \"pg_x\" begins with pg_"), "{problems}");
    assert!(
        !problems.contains("hunter2") && !problems.contains("password is missing"),
        "{problems}"
    );
}

#[test]
fn what_a_run_cannot_do_without() {
    let setup = Place::new(Purpose::Setup).approved();
    let problems = setup.problems(&["--existing", "--bastion", "me@ssh"]);
    for flag in ["--region", "--password-file", "--schema", "--public-key"] {
        assert!(
            problems.contains(&format!("{flag} is missing")),
            "{flag} not in {problems}"
        );
    }
    assert!(problems.contains("Encryption Type > SSH Tunnel"), "{problems}");
    // Without approval nothing is changed, so the password does not matter; and a list of networks stands for the region.
    let setup = Place::new(Purpose::Setup);
    let found = setup.settings(&["--allow-cidr", "10.0.0.0/8,1.2.3.4"]);
    assert!(matches!(found.stitch.password, RolePassword::Unknown));
    assert_eq!(found.stitch.allow.len(), 2);
    let check = Place::new(Purpose::Check);
    assert!(check.problems(EUROPE).contains("--password-file is missing"));
    assert!(check.run(&["--only", "database"], None).is_ok());
}

#[test]
fn a_script_needs_only_what_its_reader_needs() {
    let script = |audience| Place::new(Purpose::Script(audience));
    assert!(script(Some(Audience::Dba)).run(&[], None).is_ok());
    assert!(
        script(Some(Audience::Cloud))
            .problems(&[])
            .contains("--region is missing")
    );
    let sysadmin = script(Some(Audience::Sysadmin)).problems(&[]);
    assert!(
        sysadmin.contains("--public-key is missing") && !sysadmin.contains("--region"),
        "{sysadmin}"
    );
    assert!(script(None).settings(EUROPE).bastion.is_none());
}

#[test]
fn contradictions() {
    let place = Place::new(Purpose::Plan);
    for flags in [
        &["--ssl", "--no-ssl"][..],
        &["--new", "--existing"],
        &["--new", "--schema", "a"],
        &["--schema", "a", "--detect-schemas"],
        &["--only", "role,database", "--skip", "role"],
        &["--via-bastion"],
        &["--via-bastion", "--bastion", "local", "--skip", "ssh-user"],
        &["--generate-password"],
        &["--sslrootcert", "system", "--sslmode", "require"],
        &[
            "--skip",
            "allowlist,database,ssh-user,role,ownership,connection,registration",
        ],
    ] {
        let flags: Vec<_> = EUROPE.iter().chain(flags).copied().collect();
        assert!(place.run(&flags, None).is_err(), "{flags:?}");
    }
    // Across levels the stronger one just wins.
    let place = place
        .env("STITCH_PG_SSL", "true")
        .file("stitch-pg.toml", "ownership.schemas = ['a']\n");
    let found = place.settings(&["--region", "europe", "--no-ssl", "--new"]);
    assert_eq!(found.stitch.ssl, StitchSsl::Off);
    assert_eq!(found.ownership.connection, Connection::New);
    assert_eq!(place.settings(EUROPE).ownership.connection, Connection::Existing);
}

#[test]
fn a_generated_password_is_kept_from_the_second_run_on() {
    let place = Place::new(Purpose::Setup).approved();
    let flags = ["--region", "europe", "--generate-password", "--password-file", "pw"];
    let RolePassword::Generated { secret, save_to } = place.settings(&flags).stitch.password else {
        panic!("not generated");
    };
    assert_eq!(save_to, Some(place.directory.path().join("pw")));
    let place = place.file("pw", &format!("{}\n", secret.reveal()));
    assert!(matches!(place.settings(&flags).stitch.password, RolePassword::Known(kept) if kept == secret));
}

#[test]
fn steps_keep_their_order() {
    let place = Place::new(Purpose::Plan);
    let found = place.settings(&["--only", "role, database", "--only", "role"]);
    assert_eq!(found.steps, [StepId::Database, StepId::Role]);
}

#[test]
fn odd_files() {
    // A file that another user wrote, in a repository for example, names no program that is run.
    let names_a_program = Place::new(Purpose::Plan).file("stitch-pg.toml", "[bastion]\nssh_command = './ssh'\n");
    let refused = names_a_program.problems(EUROPE);
    assert!(refused.contains("stitch-pg.toml:2: bastion.ssh_command: a settings file names no program"));
    let mut place = Place::new(Purpose::Plan);
    std::fs::write(place.directory.path().join("stitch-pg.toml"), b"# ok\n# \xff\n").unwrap();
    assert!(
        place
            .problems(EUROPE)
            .contains("stitch-pg.toml:2: this line is not UTF-8")
    );
    place.config = Some(PathBuf::from("none.toml"));
    assert!(place.problems(EUROPE).contains("--config: cannot read none.toml"));
    place.config = Some(PathBuf::from("conf/my.toml"));
    let place = place
        .file("conf/my.toml", "stitch.password_file = 'pw'\n")
        .file("conf/pw", "beside");
    let password = place.settings(EUROPE).stitch.password;
    assert_eq!(password.secret().unwrap().reveal(), "beside");
}
