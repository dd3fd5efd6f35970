//! `plan`, `check`, `setup` and `script` as CI runs them, letter by letter.

use crate::cli::{compare, everything, in_ci, server};
use crate::support::{Output, Place, Postgres, PostgresOptions, Program, stitch_pg};

#[test]
fn plan_check_setup_setup_check() {
    let Some(server) = server() else {
        return;
    };
    let before = server.dump();
    let unapproved = in_ci(&server).arg("setup").run();
    compare("setup-without-yes", &unapproved);
    compare("plan", &in_ci(&server).arg("plan").run());
    compare("check-pending", &in_ci(&server).arg("check").run());
    assert_eq!(server.dump(), before);

    compare("setup-yes", &in_ci(&server).args(["setup", "--yes"]).run());
    let after = server.dump();
    assert_ne!(after, before);
    compare("setup-yes-again", &in_ci(&server).args(["setup", "--yes"]).run());
    compare("check-ready", &in_ci(&server).arg("check").run());
    assert_eq!(server.dump(), after);
}

#[test]
fn quiet_says_the_result_and_verbose_says_more() {
    let Some(server) = server() else {
        return;
    };
    let quiet = in_ci(&server).args(["-q", "setup", "--yes"]).run();
    assert_eq!(quiet.stderr, "");
    let done = "Almost ready: 3 things left for you. 3 changes made and verified.\n";
    assert_eq!(quiet.stdout, done);
    let quiet = in_ci(&server).args(["-q", "check"]).run();
    assert_eq!(quiet.stdout, "Almost ready: 3 things left for you (? above).\n");
    let verbose = in_ci(&server).args(["-v", "check"]).run();
    for id in ["1/7 allowlist: checking", "6/7 connection: checking"] {
        assert!(verbose.stderr.contains(id), "{}", verbose.stderr);
    }
    compare(
        "check-verbose",
        &Output {
            stderr: String::new(),
            ..verbose
        },
    );
}

#[test]
fn output_is_ascii_without_a_unicode_locale_and_coloured_only_on_demand() {
    let Some(server) = server() else {
        return;
    };
    let ascii = in_ci(&server).env("LC_ALL", "C").arg("check").run();
    assert!(ascii.stdout.is_ascii(), "{}", ascii.stdout);
    assert!(!ascii.stdout.contains('\u{1b}'), "{}", ascii.stdout);
    let coloured = in_ci(&server).args(["check", "--color", "always"]).run();
    assert!(coloured.stdout.contains("\u{1b}["), "{}", coloured.stdout);
}

#[test]
fn only_and_skip_leave_steps_out() {
    let Some(server) = server() else {
        return;
    };
    compare(
        "check-only-database",
        &in_ci(&server).args(["check", "--only", "database"]).run(),
    );
    let skipped = in_ci(&server).args(["check", "--skip", "role,connection"]).run();
    assert!(
        skipped
            .stdout
            .contains("4/7 role: skipped (not selected by --only or --skip)"),
        "{}",
        skipped.stdout
    );
}

#[test]
fn scripts_for_each_reader() {
    for (name, arguments) in [
        ("script-dba", &["--for", "dba"][..]),
        (
            "script-sysadmin",
            &["--for", "sysadmin", "--bastion", "local", "--public-key", KEY],
        ),
        ("script-sysadmin-none", &["--for", "sysadmin"]),
        ("script-cloud", &["--for", "cloud"]),
    ] {
        let output = stitch_pg(Place::Here)
            .args([
                "script",
                "--host",
                "db.example.com",
                "--admin-user",
                "admin",
                "--region",
                "europe",
            ])
            .args(arguments)
            .run();
        compare(name, &output);
    }
}

#[test]
fn the_dba_script_runs_twice_leads_to_ready_and_keeps_the_password_out_of_the_log() {
    if !crate::support::world::possible() {
        return assert!(crate::cli::server().is_none());
    }
    let options = PostgresOptions::new().conf("listen_addresses", "*").log_statements();
    let Some(server) = Postgres::start_with(options) else {
        return;
    };
    let script = in_ci(&server).args(["script", "--for", "dba"]).run().stdout;
    for _ in ["first", "again"] {
        let output = Program::new("psql", &server)
            .args(["-X", "-h", server.host(), "-U", "postgres", "-d", "postgres", "-f", "-"])
            .env("PGPASSWORD", crate::support::postgres::POSTGRES_PASSWORD)
            .env("STITCH_PG_PASSWORD", "a password")
            .stdin(&script)
            .run();
        assert!(output.success() && output.stderr.is_empty(), "{output:?}");
    }
    assert!(!server.log().contains("a password"), "{}", server.log());
    let check = in_ci(&server).arg("check").run();
    assert_eq!(check.status, Some(0), "{}", everything(&check));
}

pub(crate) const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl stitch";

#[test]
fn a_server_that_is_not_there_fails_with_what_to_do() {
    let output = stitch_pg(Place::Here)
        .env("STITCH_PG_PASSWORD", "pw")
        .args([
            "check",
            "--host",
            "127.0.0.1",
            "--port",
            "1",
            "--admin-user",
            "me",
            "--region",
            "europe",
        ])
        .run();
    compare("refused", &output);
}

#[test]
fn a_pipe_that_breaks_keeps_the_exit_code_and_the_work() {
    let Some(server) = server() else {
        return;
    };
    let words = format!(
        "{{ {bin} setup --yes --region europe 2>&1; echo $? >status; }} | head -c 1 >/dev/null; cat status",
        bin = crate::support::STITCH_PG
    );
    let program = Program::new("bash", &server)
        .args(["-c", &words])
        .env("PGHOST", server.host())
        .env("PGUSER", "postgres")
        .env("PGPASSWORD", crate::support::postgres::POSTGRES_PASSWORD)
        .env("STITCH_PG_PASSWORD", "pw");
    let output = program.run();
    assert_eq!(
        server.psql("select count(*) from pg_roles where rolname = 'stitch'"),
        "1",
        "{}",
        everything(&output)
    );
    let again = in_ci(&server)
        .env("STITCH_PG_PASSWORD", "pw")
        .args(["setup", "--yes"])
        .run();
    assert_eq!(
        output.stdout.trim(),
        again.status.unwrap_or(-1).to_string(),
        "{}",
        everything(&again)
    );
}
