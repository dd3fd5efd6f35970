//! Objects that others use while their owner is to change, and a run that is stopped meanwhile.

use crate::cure::ownership::LOADED;
use crate::support::postgres::DBA_PASSWORD;
use crate::support::process::{DEADLINE, Running, poll};
use crate::support::wizard::Wizard;
use crate::support::{Postgres, PostgresOptions, Program};

/// A loaded schema that the dba can move.
fn loaded(server: &Postgres<'static>) {
    Wizard::dba(server).setup().exits(0);
    server.psql("set role dba; create role loader");
    server.psql_in("stitch", "create schema shop authorization loader");
    server.psql_in("stitch", &format!("set role loader; {LOADED}"));
}

/// Another session that reads a table and does not end its transaction.
fn holder(server: &Postgres<'static>) -> Running {
    let holder = at_work(server, "lock table shop.\"Order Lines\" in access share mode");
    let held =
        "select count(*) from pg_locks where relation = 'shop.\"Order Lines\"'::regclass and mode = 'AccessShareLock'";
    poll(DEADLINE, || (server.psql_in("stitch", held) == "1").then_some(())).expect("the lock is held");
    holder
}

/// Another session that did this and does not end its transaction.
fn at_work(server: &Postgres<'static>, what: &str) -> Running {
    let program = Program::new("psql", server)
        .args(["-X", "-U", "postgres", "-d", "stitch", "-c"])
        .arg(format!("{what}; select pg_sleep(120)"))
        .arg("-h")
        .arg(server.socket_dir())
        .args(["-p", &server.port().to_string()]);
    program.start()
}

fn release(server: &Postgres<'static>, holder: Running) {
    server.psql("select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep%' and pid <> pg_backend_pid()");
    holder.finish(DEADLINE);
}

#[test]
fn a_busy_table_is_named_and_the_rest_moves() {
    named_and_the_rest_moves(&Postgres::start());
    // Before 11 a block cannot commit, so each statement is a call.
    let old = Postgres::start_with(PostgresOptions::new().major(10));
    if let Some(old) = old {
        named_and_the_rest_moves(&old);
    }
}

fn named_and_the_rest_moves(server: &Postgres<'static>) {
    loaded(server);
    let memberships = "select coalesce(string_agg(m::text, ' ' order by m::text), '') from pg_auth_members m";
    let before_it = server.psql(memberships);
    let holder = holder(server);
    let wizard = Wizard::dba(server)
        .set("--schema", "shop")
        .set("--lock-timeout", "20ms")
        .set("--undo", "undo.sh");
    let owners = "select string_agg(relname || ' ' || pg_get_userbyid(relowner), ', ' order by oid) from pg_class
        where relnamespace = 'shop'::regnamespace";
    let before = server.psql_in("stitch", owners);
    let failed = wizard.setup().exits(1);
    let error = failed.error();
    assert!(error.contains("\"shop\".\"Order Lines\""), "{error}");
    assert!(!error.contains("CAMPAIGN_REPORT"), "{error}");
    // Who is in the way, as far as this login may see it.
    let pid = server.psql("select pid from pg_stat_activity where query like '%pg_sleep%' and pid <> pg_backend_pid()");
    let held = format!("held by pid {pid}, user \"postgres\", application \"psql\"");
    assert!(error.contains(&held), "{error}");
    let left = "select string_agg(relname, ' ') from pg_class where relnamespace = 'shop'::regnamespace and relkind in ('r', 'p')
        and pg_get_userbyid(relowner) <> 'stitch'";
    assert_eq!(server.psql_in("stitch", left), "Order Lines");
    release(server, holder);

    // The undo file moves back what was moved before the failure, and nothing else.
    let undo = Program::new("sh", server)
        .arg("undo.sh")
        .env("PGPASSWORD", DBA_PASSWORD)
        .run();
    assert!(undo.success(), "{undo:?}");
    assert_eq!(server.psql_in("stitch", owners), before);
    assert_eq!(server.psql(memberships), before_it);

    wizard.setup().exits(0);
    wizard.is_settled(&[]);
    assert_eq!(server.psql(memberships), before_it);
}

/// A change that is one transaction waits for as long as it has to, and reports meanwhile which session it waits for.
#[test]
fn a_change_that_waits_tells_for_whom() {
    let server = Postgres::start();
    Wizard::dba(&server).setup().exits(0);
    server.psql("revoke temporary on database stitch from stitch, public");
    let holder = at_work(&server, "grant connect on database stitch to pg_monitor");
    let seen = |sign: &str| {
        let query = format!("select pid from pg_stat_activity where query like '%{sign}%' and pid <> pg_backend_pid()");
        poll(DEADLINE, || Some(server.psql(&query)).filter(|pid| !pid.is_empty()))
            .unwrap_or_else(|| panic!("nobody with {sign}"))
    };
    let pid = seen("pg_sleep");
    let mut waiting = Wizard::dba(&server)
        .set("--timeout", "3")
        .program("setup")
        .arg("--yes")
        .start();
    let told = format!(
        "the change has been waiting 4 s for a lock held by pid {pid}, user \"postgres\", application \"psql\""
    );
    let stderr = waiting.read_stderr_until("the change has been waiting");
    release(&server, holder);
    let output = waiting.finish(DEADLINE);
    assert!(stderr.contains(&told), "{stderr}{output:#?}");
    assert_eq!(output.status, Some(0), "{output:#?}");
    Wizard::dba(&server).is_settled(&[]);
}

#[test]
fn a_run_that_is_cut_off_leaves_nothing_borrowed() {
    for (major, signal) in [(15, "INT"), (17, "TERM"), (15, "KILL"), (17, "KILL")] {
        let Some(server) = Postgres::start_with(PostgresOptions::new().major(major)) else {
            continue;
        };
        loaded(&server);
        let memberships = "select count(*), coalesce(max(roleid), 0) from pg_auth_members";
        let before = server.psql(memberships);
        let holder = holder(&server);
        let wizard = Wizard::dba(&server)
            .set("--schema", "shop")
            .set("--lock-timeout", "10s");
        let run = wizard.program("setup").args(["--yes", "--format", "json"]).start();
        let waits = "select count(*) from pg_locks where not granted";
        poll(DEADLINE, || (server.psql(waits) == "1").then_some(())).expect("setup waits for the lock");
        run.signal(signal);
        let output = run.finish(DEADLINE);
        if signal == "KILL" {
            // The server has not noticed yet. The abandoned statement ends with the membership revoked, or rolled back.
            assert_eq!(server.psql(memberships), before, "PostgreSQL {major}, while it waits");
            release(&server, holder);
            poll(DEADLINE, || (server.psql(waits) == "0").then_some(())).expect("it ends");
            assert_eq!(server.psql(memberships), before, "PostgreSQL {major}, afterwards");
            wizard.setup().exits(0);
            assert_eq!(
                server.psql(memberships),
                before,
                "PostgreSQL {major}, after another run"
            );
            continue;
        }
        assert_eq!(output.status, Some(130), "{output:?}");
        // The statement that waited for the lock is not left to happen later.
        assert_eq!(server.psql(waits), "0", "PostgreSQL {major}");
        assert!(output.stdout.contains("\"stopped\""), "{output:?}");
        assert_eq!(server.psql(memberships), before, "PostgreSQL {major}");
        release(&server, holder);
        wizard.setup().exits(0);
    }
}
