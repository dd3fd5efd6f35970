//! What was approved is what runs: the digest of a plan, and `setup --expect`.

use std::fs;

use crate::cli::{golden, in_ci, server};
use crate::support::postgres::{DBA_PASSWORD, default_major};
use crate::support::{Output, Postgres, PostgresOptions, Program, json, majors};

/// What a plan would be approved by.
fn digest(server: &Postgres<'_>) -> String {
    let plan = in_ci(server).args(["plan", "--format", "json"]).run();
    let report = json::report(&plan.stdout);
    report["plan_digest"]
        .as_str()
        .expect("something is to be changed")
        .to_owned()
}

fn setup(server: &Postgres<'_>, expect: &str) -> Program {
    in_ci(server).args(["setup", "--yes", "--expect", expect])
}

#[track_caller]
fn refused(server: &Postgres<'_>, program: &Program) -> Output {
    let before = server.dump();
    let output = program.run();
    assert_eq!(output.status, Some(3), "{output:?}");
    assert_eq!(server.dump(), before, "a refused plan changed something");
    output
}

#[test]
fn what_was_approved_is_what_runs() {
    let Some(server) = server() else {
        return;
    };
    let approved = digest(&server);
    // Another password, another salt: the same plan. Text, JSON and Markdown name the same digest.
    let text = in_ci(&server)
        .env("STITCH_PG_PASSWORD", "another password")
        .arg("plan")
        .run();
    assert!(
        text.stdout.contains(&format!("Digest of this plan: {approved} ")),
        "{}",
        text.stdout
    );
    let page = in_ci(&server).args(["plan", "--format", "markdown"]).run();
    assert!(
        page.stdout.contains(&format!("Digest: `{approved}`")),
        "{}",
        page.stdout
    );
    golden::compare("cli/golden/plan.md", &page.stdout.replace(&version(&server), "VERSION"));

    let elsewhere = refused(
        &server,
        &setup(&server, &approved).args(["--stitch-host", "db.example.com", "--skip", "connection"]),
    );
    assert!(
        elsewhere.stderr.contains("The changes are the same, but the server"),
        "{}",
        elsewhere.stderr
    );

    // Another user makes a part of it meanwhile.
    server.psql("create database stitch");
    let refusal = refused(&server, &setup(&server, &approved));
    let parts: Vec<&str> = approved.split('.').skip(1).collect();
    let gone = format!(
        "\n- {} a change of the approved plan that is not planned now\n",
        parts[0]
    );
    let same = format!("\n  {} role: create the role \"stitch\"\n", parts[1]);
    assert!(
        refusal.stderr.contains(&gone) && refusal.stderr.contains(&same),
        "{}",
        refusal.stderr
    );

    let now = digest(&server);
    let done = setup(&server, &now).run();
    assert!(done.success(), "{done:?}");
    let again = setup(&server, &now).run();
    assert!(
        again.success(),
        "nothing is left to do, so nothing is refused: {again:?}"
    );
}

/// A digest is an approval for one place: the same changes at another server, port or login, or by way of another SSH
/// server, were not approved.
#[test]
fn a_digest_is_bound_to_where_it_was_made_for() {
    let Some(world) = crate::support::world(&[]) else {
        return;
    };
    let options = || PostgresOptions::new().hba("local all all trust\nhost all all all trust\n");
    let mut approved = Postgres::start_in(&world, None, options());
    let other = Postgres::start_in(&world, None, options().port(5433));
    // All of them are the same to Stitch.
    let stitch = [
        "--stitch-host",
        "db.example.com",
        "--stitch-port",
        "5432",
        "--skip",
        "allowlist,connection",
    ];
    let plan = in_ci(&approved)
        .arg("plan")
        .args(stitch)
        .args(["--format", "json"])
        .run();
    let digest = json::report(&plan.stdout)["plan_digest"]
        .as_str()
        .expect("changes")
        .to_owned();
    let expecting = |server| setup(server, &digest).args(stitch);
    approved.psql("create role other superuser login");
    for elsewhere in [
        expecting(&other),
        expecting(&approved).args(["--host", "localhost"]),
        expecting(&approved).args(["--admin-user", "other"]),
        expecting(&approved).env("PGHOSTADDR", "::1"),
    ] {
        let refusal = refused(&approved, &elsewhere);
        assert_eq!(
            other.psql("select count(*) from pg_roles where rolname = 'stitch'"),
            "0"
        );
        assert!(
            refusal
                .stderr
                .contains("but the server, port, login or SSH server differs"),
            "{}",
            refusal.stderr
        );
    }
    let done = expecting(&approved).run();
    assert!(done.success(), "{done:?}");
    // Another cluster behind the same host, port and login.
    let own = default_major();
    let Some(major) = majors().into_iter().find(|major| *major != own) else {
        return;
    };
    approved.stop();
    let stranger = Postgres::start_in(&world, None, options().major(major));
    let refusal = refused(&stranger, &setup(&stranger, &digest).args(stitch));
    assert!(
        refusal.stderr.contains("the server, port, login or SSH server differs"),
        "{}",
        refusal.stderr
    );
}

/// The changes are those of the database alone; what Stitch goes through is approved with them.
#[test]
fn a_digest_is_bound_to_the_ssh_server() {
    let Some(server) = server() else {
        return;
    };
    let by_way_of = |bastion: &'static [&'static str]| {
        let skip = [
            "--skip",
            "ssh-user,allowlist,connection",
            "--stitch-host",
            "db.example.com",
        ];
        move |program: Program| program.args(skip).args(bastion)
    };
    let approved = by_way_of(&["--bastion", "ops@bastion.example.com"]);
    let plan = approved(in_ci(&server).arg("plan")).args(["--format", "json"]).run();
    let digest = json::report(&plan.stdout)["plan_digest"]
        .as_str()
        .expect("changes")
        .to_owned();
    for other in [
        by_way_of(&[]),
        by_way_of(&["--bastion", "root@bastion.example.com"]),
        by_way_of(&["--bastion", "ops@other.example.com"]),
        by_way_of(&["--bastion", "ops@bastion.example.com:2222"]),
        by_way_of(&[
            "--bastion",
            "ops@bastion.example.com",
            "--stitch-bastion-host",
            "front.example.com",
        ]),
        by_way_of(&["--bastion", "ops@bastion.example.com", "--stitch-bastion-port", "2222"]),
        by_way_of(&["--bastion", "local", "--stitch-bastion-host", "bastion.example.com"]),
    ] {
        let refusal = refused(&server, &other(setup(&server, &digest)));
        let differs = "but the server, port, login or SSH server differs";
        assert!(refusal.stderr.contains(differs), "{}", refusal.stderr);
    }
    let done = approved(setup(&server, &digest)).run();
    assert!(done.success(), "{done:?}");
}

#[test]
fn a_login_that_may_not_read_the_identifier_is_served_too() {
    let Some(server) = server() else {
        return;
    };
    let as_dba = |program: Program| program.env("PGUSER", "dba").env("PGPASSWORD", DBA_PASSWORD);
    let digest = || {
        let plan = as_dba(in_ci(&server)).args(["plan", "--format", "json"]).run();
        json::report(&plan.stdout)["plan_digest"]
            .as_str()
            .expect("changes")
            .to_owned()
    };
    let bound = digest();
    server.psql("revoke execute on function pg_control_system() from public");
    let unbound = digest();
    assert_ne!(bound, unbound);
    refused(&server, &as_dba(setup(&server, &bound)));
    let done = as_dba(setup(&server, &unbound)).run();
    assert!(done.success(), "{done:?}");
}

#[test]
fn only_a_digest_is_taken() {
    let Some(server) = server() else {
        return;
    };
    let plan = in_ci(&server).args(["plan", "--format", "json"]).run();
    let given = setup(&server, "approved");
    fs::write(given.home().join("approved"), &plan.stdout).expect("the home can be written");
    for program in [given, setup(&server, "abc")] {
        let output = program.run();
        assert_eq!(output.status, Some(2), "{output:?}");
        assert!(
            output.stderr.contains("--expect needs the digest that plan prints"),
            "{}",
            output.stderr
        );
    }
}

/// The server's version as reports have it.
fn version(server: &Postgres<'_>) -> String {
    let plan = in_ci(server).args(["plan", "--format", "json"]).run();
    let report = json::report(&plan.stdout);
    report["server"]["version"].as_str().expect("it was reached").to_owned()
}
