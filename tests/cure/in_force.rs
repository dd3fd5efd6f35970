//! What is in force counts, wherever it is written: for Stitch's session, and for the administrator's own, which must not
//! be cut off by it. Nor may sessions of ours, or their options, change what is measured.

use std::thread;

use crate::support::process::{DEADLINE, poll};
use crate::support::wizard::{PASSWORD, Wizard};
use crate::support::{Postgres, PostgresOptions};

/// Its name, its value and the verdict.
type Setting = (&'static str, &'static str, &'static str);

#[test]
fn settings_of_the_server_are_found_as_those_of_the_role_are() {
    let cases: [(u32, &[Setting]); 3] = [
        (13, &[("statement_timeout", "2s", "bad")]),
        (
            15,
            &[
                ("statement_timeout", "30min", "unknown"),
                ("idle_in_transaction_session_timeout", "5s", "bad"),
                ("idle_session_timeout", "5s", "unknown"),
                ("lock_timeout", "3s", "unknown"),
                ("row_security", "off", "unknown"),
                ("temp_file_limit", "1GB", "unknown"),
            ],
        ),
        (
            18,
            &[
                ("transaction_timeout", "9s", "bad"),
                ("default_transaction_isolation", "serializable", "unknown"),
            ],
        ),
    ];
    for (major, cases) in cases {
        let mut options = PostgresOptions::new().major(major);
        if major == 18 {
            options = options.conf("reserved_connections", "60");
        }
        let Some(server) = Postgres::start_with(options) else {
            continue;
        };
        let dba = Wizard::dba(&server).flag("--adopt-role");
        let capacity = dba.setup().exits(0).has("server-capacity", "good");
        // Of the 100, 3 are for superusers.
        let free = if major == 18 { "3" } else { "9" };
        assert!(capacity.starts_with(free), "{capacity}");
        let each = |(name, value, verdict): &Setting| {
            [Wizard::new(&server), Wizard::dba(&server)].map(|wizard| (wizard, *name, *value, *verdict))
        };
        for (wizard, name, value, verdict) in cases.iter().flat_map(each) {
            let wizard = wizard.flag("--adopt-role");
            server.psql(&format!("alter system set {name} = '{value}'"));
            server.reload();
            let check = wizard.check();
            let said = check.has("setting-interrupts-loads", verdict);
            let cure = said.split_once("runs: ").map_or("", |(_, cure)| cure);
            let expected = if verdict == "bad" { 4 } else { 0 };
            let check = check.exits(expected);
            assert_eq!(check.subjects("setting-interrupts-loads").len(), 1, "{check}");
            if !cure.is_empty() {
                assert!(said.contains("ALTER SYSTEM"), "{said}");
                server.psql(&format!("set default_transaction_read_only = off; {cure}"));
                wizard.check().exits(0).has_not("setting-interrupts-loads");
            }
            server.psql(&format!(
                "set default_transaction_read_only = off; alter system reset {name}; alter role stitch in database stitch reset all"
            ));
            server.reload();
        }
    }
}

/// So short that nothing can be asked: it is called by its name, not by what it cut off.
#[test]
fn what_is_cut_off_at_once_is_told_by_the_timeout() {
    let server = Postgres::start();
    let wizard = Wizard::dba(&server);
    wizard.setup().exits(0);
    server.psql("alter role stitch set statement_timeout = '1ms'");
    let check = wizard.check().exits(4);
    check.has("setting-interrupts-loads", "bad");
    check.has_not("catalog-closed");
}

/// Before the first change, too, where Stitch has no role yet.
#[test]
fn it_is_said_before_anything_is_made() {
    let options = PostgresOptions::new().conf("statement_timeout", "3s");
    let server = Postgres::start_with(options).expect("the default version");
    let plan = Wizard::dba(&server).run("plan").exits(0);
    let said = plan.has("setting-interrupts-loads", "bad");
    assert!(said.contains("the server (postgresql.conf, or ALTER SYSTEM)"), "{said}");
    Wizard::dba(&server)
        .setup()
        .exits(4)
        .has("setting-interrupts-loads", "bad");
}

/// Nothing can be written on the whole server: reported before anything is tried, and nothing hangs.
#[test]
fn a_server_that_cannot_be_written_to() {
    let server = Postgres::start();
    let states = [
        ("default_transaction_read_only", "on", "server-read-only"),
        ("synchronous_standby_names", "nobody", "commits-wait"),
        ("synchronous_standby_names", "ANY 2 (nobody, other)", "commits-wait"),
    ];
    let set = |name: &str, value: &str| {
        let change = if value.is_empty() {
            format!("alter system reset {name}")
        } else {
            format!("alter system set {name} = '{value}'")
        };
        server.psql(&change);
        server.reload();
    };
    for (name, value, code) in states {
        set(name, value);
        let before = server.dump();
        for wizard in [Wizard::new(&server), Wizard::dba(&server)] {
            let plan = wizard.run("plan");
            plan.has(code, "bad");
            plan.plans(&[]);
            let setup = wizard.setup().exits(4);
            setup.has(code, "bad");
            assert_eq!(server.dump(), before, "{setup}");
        }
        set(name, "");
    }
    Wizard::dba(&server).setup().exits(0);
    // Who has it switched off for itself can.
    set("default_transaction_read_only", "on");
    for wizard in [Wizard::new(&server), Wizard::dba(&server)] {
        wizard.check().exits(4).has("server-read-only", "bad");
    }
    server.psql("set default_transaction_read_only = off; alter role stitch set default_transaction_read_only = off");
    Wizard::dba(&server).check().exits(0);
    server.psql("set default_transaction_read_only = off; alter role stitch reset all");
    set("default_transaction_read_only", "");
    // What is ready is not ready then: no other session sees what Stitch writes, and Stitch's session hangs.
    set("synchronous_standby_names", "nobody");
    Wizard::dba(&server).check().exits(4).has("commits-wait", "bad");
    // This login's do not, and Stitch's do or do not.
    set("synchronous_commit", "local");
    Wizard::dba(&server).check().exits(0).has_not("commits-wait");
    server.psql("alter database stitch set synchronous_commit = on");
    Wizard::dba(&server).check().exits(4).has("commits-wait", "bad");
    thread::scope(|scope| {
        let load = scope.spawn(|| server.try_psql_as("stitch", PASSWORD, "stitch", "create schema loaded"));
        let waits = "select count(*) from pg_stat_activity where usename = 'stitch' and wait_event = 'SyncRep'";
        poll(DEADLINE, || (server.psql(waits) == "1").then_some(())).expect("it waits");
        set("synchronous_standby_names", "");
        set("synchronous_commit", "");
        assert!(load.join().expect("psql").is_ok());
    });
    Wizard::dba(&server).check().exits(0).has_not("commits-wait");
}

#[test]
fn settings_of_the_administrators_login_do_not_cut_our_work_off() {
    for major in [13, 17] {
        let Some(server) = Postgres::start_with(PostgresOptions::new().major(major)) else {
            continue;
        };
        let mut own = vec![
            "statement_timeout = '1ms'",
            "lock_timeout = '1ms'",
            "default_transaction_read_only = on",
            "search_path = nowhere",
            "row_security = off",
            "client_min_messages = error",
            "standard_conforming_strings = off",
            "default_transaction_isolation = serializable",
        ];
        if major >= 17 {
            own.extend(["transaction_timeout = '1ms'", "idle_session_timeout = '1ms'"]);
        }
        server.psql("create role loader; create database dw owner dba");
        for (number, setting) in own.into_iter().enumerate() {
            let name = format!("shop{number}");
            server.psql_in(
                "dw",
                &format!("create schema {name}; create table {name}.t (id int); alter schema {name} owner to dba; alter table {name}.t owner to dba"),
            );
            server.psql(&format!("alter role dba set {setting}"));
            let wizard = Wizard::dba(&server)
                .set("--database", "dw")
                .set("--schema", &name)
                .flag("--adopt-role");
            wizard.run("plan").exits(0);
            let setup = wizard.setup().exits(0);
            setup.has_not("setting-interrupts-loads");
            wizard.check().exits(0).has_not("setting-interrupts-loads");
            server.psql("alter role dba reset all");
        }
    }
}

/// The manual's own example: who logged in, and when.
#[test]
fn a_login_trigger_that_writes_lets_us_look() {
    let Some(server) = Postgres::start_with(PostgresOptions::new().major(17)) else {
        return;
    };
    let logging = "create table public.log (who text, at timestamptz); grant insert on public.log to public;
        create function public.log() returns event_trigger language plpgsql as $$
        begin insert into public.log values (session_user, now()); end $$;
        create event trigger log on login execute function public.log()";
    server.psql("create database dw owner dba");
    for database in ["postgres", "dw"] {
        server.psql_in(database, logging);
    }
    let wizard = Wizard::dba(&server).set("--database", "dw");
    wizard.run("plan").exits(0).has("login-triggers", "unknown");
    wizard.setup().exits(0);
    wizard.check().exits(0).has("test-load-passed", "good");
    // A function that swallows the error, and says something else.
    server.psql(
        "create or replace function public.log() returns event_trigger language plpgsql as $$
         begin insert into public.log values (session_user, now()); exception when others then raise exception 'no log, no login'; end $$",
    );
    wizard.check().exits(0);
}

/// Our sessions go before Stitch comes.
#[test]
fn our_own_sessions_are_not_stitchs() {
    let server = Postgres::start();
    server.psql("create database dw owner dba");
    for wizard in [Wizard::dba(&server), Wizard::new(&server)] {
        let wizard = wizard.set("--database", "dw").flag("--adopt-role");
        wizard.setup().exits(0);
        for limit in [
            "database dw connection limit 1",
            "database dw connection limit 2",
            "role stitch connection limit 1",
        ] {
            server.psql(&format!("alter {limit}"));
            wizard.check().exits(0).has("test-load-passed", "good");
            server.psql("alter database dw connection limit -1; alter role stitch connection limit -1");
        }
    }
}
