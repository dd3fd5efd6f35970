//! What is made for others: the sheet, the settings file, and scripts that can be read by their shells.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::cli::{golden, in_ci, server};
use crate::support::{Place, Program, json, stitch_pg};

/// What `config init` is given here.
const SETTINGS: [&str; 14] = [
    "--host",
    "db.example.com",
    "--port",
    "6000",
    "--admin-user",
    "admin",
    "--database",
    "Stitch DW",
    "--schema",
    "orders",
    "--region",
    "europe",
    "--sslmode",
    "require",
];

#[test]
fn the_answers_become_a_file_that_says_the_same() {
    let init = stitch_pg(Place::Here)
        .args(["config", "init", "new.toml"])
        .args(SETTINGS)
        .env("PGPASSWORD", "admins-secret")
        .env("STITCH_PG_PASSWORD", "stitchs-secret");
    let output = init.run();
    assert!(output.success(), "{output:?}");
    let file = init.home().join("new.toml");
    let text = fs::read_to_string(&file).unwrap();
    assert!(!text.contains("secret\""), "{text}");
    golden::compare("cli/golden/config-init.toml", &text);
    let document: toml::Table = text.parse().unwrap();
    json::valid("config.schema.json", &serde_json::to_value(document).unwrap());

    let again = init.run();
    assert_eq!(again.status, Some(1), "{again:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), text, "a file that is there stays");

    let script = |arguments: &[&str]| {
        let program = stitch_pg(Place::Here).args(["script"]).args(arguments);
        fs::copy(&file, program.home().join("new.toml")).unwrap();
        program.run().stdout
    };
    assert_eq!(script(&["--config", "new.toml"]), script(&SETTINGS));

    let check = stitch_pg(Place::Here).args(["config", "check", "new.toml"]);
    fs::copy(&file, check.home().join("new.toml")).unwrap();
    let right = check.run();
    assert!(
        right.success() && right.stdout == "new.toml: 7 settings, no problem found\n",
        "{right:?}"
    );
    fs::write(
        check.home().join("new.toml"),
        "[stitch]\ndatabse = 'x'\nport = 0\n[admin]\nurl = 'mysql://x'\n",
    )
    .unwrap();
    let wrong = check.run();
    assert_eq!(wrong.status, Some(2), "{wrong:?}");
    for complaint in [
        "did you mean stitch.database?",
        "new.toml:3: stitch.port",
        "new.toml:5: admin.url",
    ] {
        assert!(wrong.stderr.contains(complaint), "{complaint}: {}", wrong.stderr);
    }
}

#[test]
fn the_sheet_is_for_one_reader() {
    let Some(server) = server() else {
        return;
    };
    assert!(in_ci(&server).args(["setup", "--yes"]).run().success());
    let check = in_ci(&server).args(["check", "--sheet", "sheet.txt"]);
    assert!(check.run().success());
    let file = check.home().join("sheet.txt");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&file).unwrap();
    assert!(!text.contains("a password"), "{text}");
    golden::compare("cli/golden/sheet.txt", &text);
    // A sheet is written anew, whatever its mode was; another file is not.
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let told = in_ci(&server).args(["check", "--sheet", "sheet.txt", "--sheet-password"]);
    assert!(told.run().success());
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("\"password\": \"a password\""), "{text}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    fs::write(&file, "mine").unwrap();
    let refused = check.run();
    assert_eq!(refused.status, Some(1), "{refused:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");

    let as_json = in_ci(&server).args(["check", "--sheet", "sheet.json"]);
    assert!(as_json.run().success());
    let sheet = json::parse(&fs::read_to_string(as_json.home().join("sheet.json")).unwrap());
    let properties = &sheet["connect_api"]["body"]["properties"];
    assert_eq!(
        (&properties["port"], &properties["ssl"]),
        (&"5432".into(), &"false".into())
    );
    assert!(properties.get("password").is_none(), "{sheet:#}");
}

/// Only what is missing, and nothing when nothing is.
#[test]
fn a_script_of_what_is_missing() {
    let Some(server) = server() else {
        return;
    };
    server.psql("create database stitch");
    let script = in_ci(&server).args(["script", "--from-plan", "--for", "dba"]);
    let text = script.run();
    assert!(text.success(), "{text:?}");
    assert!(
        !text.stdout.contains("CREATE DATABASE") && text.stdout.contains("CREATE ROLE"),
        "{}",
        text.stdout
    );
    assert!(
        text.stdout
            .contains("-- Written after checking 127.0.0.1:5432: contains only what was missing then."),
        "{}",
        text.stdout
    );
    // A login that may do nothing has it all written for those who may.
    server.psql("create role weak login password 'weak'");
    let weak = in_ci(&server).env("PGUSER", "weak").env("PGPASSWORD", "weak");
    let weak = weak.args(["script", "--from-plan", "--for", "dba"]).run();
    assert!(weak.stdout.contains("CREATE ROLE \"stitch\""), "{weak:?}");
    for script in [&text, &weak] {
        let psql = Program::new("psql", &server)
            .args(["-X", "-h", server.host(), "-U", "postgres", "-d", "postgres", "-f", "-"])
            .env("PGPASSWORD", crate::support::postgres::POSTGRES_PASSWORD)
            .env("STITCH_PG_PASSWORD", "a password")
            .stdin(&script.stdout)
            .run();
        assert!(psql.success(), "{psql:?}");
    }
    assert!(in_ci(&server).arg("check").run().success());
    let nothing = script.run().stdout;
    assert!(
        !nothing.contains("\\connect") && !nothing.contains("GRANT"),
        "{nothing}"
    );
    let away = in_ci(&server).env("PGPORT", "1").args(["script", "--from-plan"]).run();
    assert_eq!((away.status, away.stdout.as_str()), (Some(1), ""), "{away:?}");
}

#[test]
fn shellcheck_has_nothing_to_say() {
    for audience in ["sysadmin", "cloud"] {
        let arguments = [
            "script",
            "--for",
            audience,
            "--region",
            "europe",
            "--bastion",
            "local",
            "--public-key",
            crate::cli::walks::KEY,
        ];
        let script = stitch_pg(Place::Here)
            .args(arguments)
            .args(["--host", "db.rds.amazonaws.com"])
            .run();
        assert!(script.success(), "{script:?}");
        let said = Program::new("shellcheck", Place::Here)
            .args(["-s", "sh", "-"])
            .stdin(&script.stdout)
            .run();
        assert!(said.success(), "{audience}: {}\n{}", said.stdout, script.stdout);
    }
}
