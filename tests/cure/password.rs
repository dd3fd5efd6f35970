//! The role's password: any text a user may choose, proved by a login, changed only when that was asked for.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::support::wizard::{PASSWORD, Wizard};
use crate::support::{Place, Postgres, PostgresOptions};

#[test]
fn any_password_works() {
    let server = Postgres::start();
    server.psql("create database dw owner dba");
    let ascii: String = (' '..='~').collect();
    let long = "0123456789".repeat(100);
    let passwords = [
        ascii.as_str(),
        " spaces at both ends ",
        r#"it's "quoted" \ and \\ backslashed"#,
        "$1 $$ {{x}} %s :'stitch_password'",
        "no-break\u{a0}space, \u{fb01}ligature, soft\u{ad}hyphen", // SASLprep changes all three
        "\u{7d0}\u{7d1} mixed \u{627}1 directions",                // and refuses this one
        "gr\u{fc}n \u{2713} \u{1f600}",
        &long,
    ];
    for (number, password) in passwords.into_iter().enumerate() {
        let role = format!("loader{number}");
        let wizard = Wizard::dba(&server).set("--database", "dw").set("--role", &role);
        let wizard = wizard.env("STITCH_PG_PASSWORD", password);
        wizard.setup().exits(0).plans(&["create the role", "grant"]);
        let login = server.try_psql_as(&role, password, "dw", "select current_user");
        assert_eq!(login.as_deref(), Ok(role.as_str()), "{password}");
        // As the dba by logging in, as the superuser by the stored verifier.
        wizard.check().exits(0).has("password-correct", "good");
        let superuser = Wizard::new(&server).set("--database", "dw").set("--role", &role);
        let superuser = superuser.env("STITCH_PG_PASSWORD", password).check().exits(0);
        superuser.has("password-correct", "good");
    }
}

#[test]
fn a_wrong_password_is_reported_and_reset_only_on_request() {
    let server = Postgres::start();
    Wizard::dba(&server).setup().exits(0);
    for (wizard, password) in [(Wizard::new(&server), "new-one"), (Wizard::dba(&server), "another")] {
        let wizard = wizard.env("STITCH_PG_PASSWORD", password);
        wizard.cure(&[], &["login-password", "password-wrong"]);
        wizard.flag("--reset-password").cure(&["change the password"], &[]);
        let login = server.try_psql_as("stitch", password, "stitch", "select 1");
        assert_eq!(login.as_deref(), Ok("1"));
    }
}

/// Written past `ALTER ROLE`, which computes all the rounds itself, to see whether the password is empty.
#[test]
fn a_verifier_with_more_rounds_than_anybody_computes() {
    let server = Postgres::start();
    Wizard::dba(&server).setup().exits(0);
    for rounds in ["100001", "2147483647"] {
        for wizard in [Wizard::new(&server), Wizard::dba(&server)] {
            let keys = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
            server.psql(&format!(
                "update pg_authid set rolpassword = 'SCRAM-SHA-256${rounds}:c2FsdHNhbHRzYWx0c2FsdA==${keys}:{keys}' where rolname = 'stitch'"
            ));
            let said = wizard.check().exits(4);
            said.bad_are(&["login-iterations", "password-iterations"]);
            assert!(
                said.json.to_string().matches(&format!("{rounds} SCRAM rounds")).count() >= 2,
                "{said}"
            );
            wizard.flag("--reset-password").cure(&["change the password"], &[]);
        }
    }
}

#[test]
fn a_role_without_a_password_gets_one_on_request() {
    let server = Postgres::start();
    Wizard::dba(&server).setup().exits(0);
    for wizard in [Wizard::new(&server), Wizard::dba(&server)] {
        server.psql("alter role stitch password null");
        wizard.cure(&[], &["login-password", "password-wrong"]);
        wizard.flag("--reset-password").cure(&["change the password"], &[]);
    }
}

#[test]
fn md5_and_an_unasked_password() {
    let server = Postgres::start();
    server.psql(&format!(
        "set password_encryption = md5; create role stitch login password '{PASSWORD}'"
    ));
    server.psql("create database stitch");
    // The stored hash is proof for a superuser, and hba's scram-sha-256 cannot use it: only the login shows that.
    let check = Wizard::new(&server).check().exits(3);
    check.has("password-correct", "good");
    // plan needs no password, and says that it could not prove one.
    let plan = Wizard::new(&server).without("STITCH_PG_PASSWORD").run("plan").exits(0);
    plan.has("password-not-given", "unknown");
}

/// A file where no other user can put another: as the program has it, and as reached from here. The server's folder is the
/// server's own user's.
fn of_ours(server: &Postgres<'_>, name: &str) -> (PathBuf, PathBuf) {
    let place = Place::from(server);
    let inside = server.folder_of_ours().join(name);
    let outside = place.outside(&inside);
    (inside, outside)
}

#[test]
fn a_generated_password_is_kept_in_its_file() {
    let server = Postgres::start();
    let (inside, file) = of_ours(&server, "generated");
    let wizard = Wizard::dba(&server)
        .without("STITCH_PG_PASSWORD")
        .set("--password-file", &inside.to_string_lossy())
        .flag("--generate-password");
    let first = wizard.setup().exits(0);
    first.plans(&[
        "create the database",
        "write the generated password",
        "create the role",
        "grant",
    ]);
    let secret = fs::read_to_string(&file).expect("the file was made");
    let mode = fs::metadata(&file).expect("the file was made").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let password = secret.trim_end();
    assert!(password.len() >= 20, "{password}");
    let told = format!("{}{}", first.output.stdout, first.output.stderr);
    assert!(!told.contains(password), "{told}");
    let login = server.try_psql_as("stitch", password, "stitch", "select 1");
    assert_eq!(login.as_deref(), Ok("1"));
    wizard.is_settled(&[]);
    assert_eq!(fs::read_to_string(&file).ok(), Some(secret));
}

#[test]
fn a_file_that_is_there_is_the_password_and_is_never_overwritten() {
    let server = Postgres::start();
    let (inside, file) = of_ours(&server, "mine");
    fs::write(&file, "kept as it is\n").expect("a file in the server's folder");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("a file of ours");
    let wizard = Wizard::dba(&server)
        .without("STITCH_PG_PASSWORD")
        .set("--password-file", &inside.to_string_lossy());
    wizard.clone().flag("--generate-password").setup().exits(0);
    assert_eq!(fs::read_to_string(&file).ok().as_deref(), Some("kept as it is\n"));
    let login = server.try_psql_as("stitch", "kept as it is", "stitch", "select 1");
    assert_eq!(login.as_deref(), Ok("1"));
}

#[test]
fn the_verifier_is_the_servers_own_kind() {
    let Some(server) = Postgres::start_with(PostgresOptions::new().major(17)) else {
        return;
    };
    server.psql("alter role dba set scram_iterations = 20000; alter role dba set password_encryption = md5");
    let wizard = Wizard::dba(&server);
    wizard.run("plan").exits(0).has("password-stored-as-md5", "good");
    wizard.setup().exits(0);
    let stored = "select substr(rolpassword, 1, 20) from pg_authid where rolname = 'stitch'";
    assert_eq!(server.psql(stored), "SCRAM-SHA-256$20000:");
    let login = server.try_psql_as("stitch", PASSWORD, "stitch", "select 1");
    assert_eq!(login.as_deref(), Ok("1"));
    Wizard::new(&server).check().exits(0).has("password-correct", "good");
}
