//! Commits that wait for standbys, standbys that are or become primaries: what is reported, and what then happens.

use std::thread;

use crate::support::process::{DEADLINE, poll};
use crate::support::wizard::{PASSWORD, Said, Wizard};
use crate::support::{CountingProxy, Fault, Need, Postgres, PostgresOptions, World, neighbours, postgres, world};

const RULES: &str = "local all all trust\nlocal replication all trust\nhost all all 127.0.0.1/32 scram-sha-256\n";

fn options(major: u32, port: u16) -> PostgresOptions {
    let options = PostgresOptions::new().hba(RULES).major(major).port(port);
    // What a standby is called by its primary.
    let name = match port {
        5432 => "primary",
        5433 => "a",
        _ => "b",
    };
    options
        .conf("cluster_name", name)
        .conf("hot_standby", "on")
        .conf("autovacuum", "off")
}

/// A primary that `setup` has made ready; none where this version is missing.
fn ready(world: &World, major: u32) -> Option<Postgres<'_>> {
    if !postgres::has(major) {
        return None;
    }
    let primary = Postgres::start_in(world, None, options(major, 5432));
    Wizard::new(&primary).setup().exits(0);
    Some(primary)
}

fn standby<'a>(world: &'a World, primary: &Postgres<'_>, port: u16) -> Postgres<'a> {
    Postgres::standby_in(world, primary, options(primary.major(), port))
}

fn set(server: &Postgres<'_>, name: &str, value: &str) {
    // This session itself waits for no standby.
    server.psql(&format!(
        "set synchronous_commit = off; alter system set {name} = '{value}'"
    ));
    server.reload();
}

/// So many standbys are connected, and none is still catching up.
fn connected(primary: &Postgres<'_>, number: usize) {
    let streaming = "select count(*) filter (where state = 'streaming'), count(*) from pg_stat_replication";
    let wanted = format!("{number}|{number}");
    poll(DEADLINE, || (primary.psql(streaming) == wanted).then_some(())).expect("they connect");
}

/// Whether a commit of Stitch's hangs although each standby has it; it is ended then.
fn hangs(primary: &Postgres<'_>) -> bool {
    let waits =
        "select count(pg_cancel_backend(pid)) from pg_stat_activity where usename = 'stitch' and wait_event = 'SyncRep'
        and state_change < clock_timestamp() - interval '1 s'
        and not exists (select from pg_stat_replication where flush_lsn < pg_current_wal_flush_lsn())";
    thread::scope(|scope| {
        let sql = "create table if not exists public.loaded (id int); insert into public.loaded values (1)";
        let load = scope.spawn(move || primary.try_psql_as("stitch", PASSWORD, "stitch", sql));
        let mut hung = false;
        poll(DEADLINE, || {
            hung |= primary.psql(waits) != "0";
            load.is_finished().then_some(())
        })
        .expect("it ends");
        load.join().expect("psql").expect("it is done, if only here");
        hung
    })
}

/// The number of standbys is counted as the server counts it.
#[test]
fn commits_wait_for_as_many_standbys_as_are_named() {
    let Some(world) = world(&[Need::Root]) else { return };
    for major in [13, 18] {
        let Some(primary) = ready(&world, major) else { continue };
        primary.psql_in("stitch", "grant create on schema public to stitch");
        let _a = standby(&world, &primary, 5433);
        let mut b = standby(&world, &primary, 5434);
        connected(&primary, 2);
        let is_true = |names: &str, expected: bool| {
            set(&primary, "synchronous_standby_names", names);
            // Who may not see it says so.
            primary.psql("set synchronous_commit = off; revoke pg_monitor from dba");
            let said = Wizard::dba(&primary).flag("--adopt-role").check();
            assert!(said.output.stdout.contains("commits-wait"), "{said}");
            primary.psql("set synchronous_commit = off; grant pg_monitor to dba");
            for wizard in [Wizard::new(&primary), Wizard::dba(&primary)] {
                let wizard = wizard.flag("--adopt-role");
                if expected {
                    let text = wizard.check().exits(4).has("commits-wait", "bad");
                    assert!(text.contains(names), "{text}");
                    wizard.run("plan").has("commits-wait", "bad");
                } else {
                    wizard.check().exits(0).has_not("commits-wait");
                }
            }
            assert_eq!(hangs(&primary), expected, "PostgreSQL {major}: {names}");
        };
        for names in ["FIRST 2 (a, b)", "any 2 (a, b)", "2 (*)", "*", "b"] {
            is_true(names, false);
        }
        b.stop();
        connected(&primary, 1);
        for names in [
            "FIRST 2 (a, b)",
            "any 2 (a, b)",
            "\t2  (*)",
            "b",
            "ANY 1 (b, \"c d\")",
            "first 1 (b)",
        ] {
            is_true(names, true);
        }
        for names in ["FIRST 1 (b, a)", "ANY 1 (b, a)", "*", "A"] {
            is_true(names, false);
        }
        set(&primary, "synchronous_standby_names", "");
    }
}

/// Received is not replayed.
#[test]
fn commits_wait_for_a_standby_that_is_paused() {
    let Some(world) = world(&[Need::Root]) else { return };
    for major in [13, 18] {
        let Some(primary) = ready(&world, major) else { continue };
        primary.psql_in("stitch", "grant create on schema public to stitch");
        let a = standby(&world, &primary, 5433);
        connected(&primary, 1);
        set(&primary, "synchronous_standby_names", "a");
        a.psql("select pg_wal_replay_pause()");
        // Since 14 it takes effect a little later.
        let paused = "select pg_is_wal_replay_paused()";
        poll(DEADLINE, || (a.psql(paused) == "t").then_some(())).expect("it pauses");
        // It has something to replay.
        primary.psql("set synchronous_commit = on; create table behind (id int)");
        let check = || [Wizard::new(&primary), Wizard::dba(&primary)].map(|wizard| wizard.flag("--adopt-role").check());
        primary.psql("set synchronous_commit = off; grant pg_monitor to dba");
        let is_silent = || check().map(|said| said.exits(0).has_not("commits-wait"));
        is_silent();
        assert!(!hangs(&primary));
        primary.psql("set synchronous_commit = off; alter role stitch set synchronous_commit = remote_apply");
        for said in check() {
            let text = said.exits(0).has("commits-wait", "unknown");
            assert!(
                text.contains("remote_apply") && text.contains("pg_wal_replay_resume()"),
                "{text}"
            );
        }
        assert!(hangs(&primary));
        // This login's own are others.
        a.psql("select pg_wal_replay_resume()");
        let replayed = "select bool_and(replay_lsn >= flush_lsn) from pg_stat_replication";
        poll(DEADLINE, || (primary.psql(replayed) == "t").then_some(())).expect("it goes on");
        // From here both look the same: one goes on, the other is paused when it has replayed everything.
        let is_unknown = || {
            for said in check() {
                let text = said.exits(0).has("commits-wait", "unknown");
                assert!(
                    text.contains("remote_apply") && text.contains("pg_wal_replay_resume()"),
                    "{text}"
                );
            }
        };
        is_unknown();
        assert!(!hangs(&primary));
        a.psql("select pg_wal_replay_pause()");
        poll(DEADLINE, || (a.psql(paused) == "t").then_some(())).expect("it pauses");
        is_unknown();
        assert!(hangs(&primary));
        a.psql("select pg_wal_replay_resume()");
        set(&primary, "synchronous_standby_names", "");
    }
}

/// A standby reports where its primary is, also where it does not receive from it now, to every role that may know it.
#[test]
fn a_standby_that_has_lost_its_primary_names_it() {
    let Some(world) = world(&[Need::Root]) else { return };
    for major in [13, 18] {
        let Some(mut primary) = ready(&world, major) else {
            continue;
        };
        let a = standby(&world, &primary, 5433);
        connected(&primary, 1);
        primary.stop();
        let told = |conninfo: &str, part: &str| {
            a.psql(&format!(
                "alter system set primary_conninfo = '{}'",
                conninfo.replace('\'', "''")
            ));
            a.reload();
            let said = Wizard::new(&a).setup().exits(4);
            let text = said.has("server-standby", "bad");
            assert!(text.contains(part) && !text.contains("secret"), "{conninfo}: {text}");
            assert!(said.applied().is_empty(), "{said}");
        };
        told(
            "host=db1.example.com port=6000 user=r password='it''s host=secret'",
            "which is db1.example.com:6000",
        );
        told("host = 'db2.example.com' user=r", "which is db2.example.com:5432");
        told(
            "postgresql://r:secret@db3.example.com:6000/x",
            "which is db3.example.com:6000",
        );
        told("user=r", "SELECT sender_host");
        let said = Wizard::dba(&a).setup().exits(4);
        let text = said.has("server-standby", "bad");
        assert!(text.contains("SHOW primary_conninfo"), "{text}");
    }
}

/// Leads to the standby once the primary is gone.
const FAILOVER: &str = "defaults
  mode tcp
  timeout connect 2s
  timeout client 1m
  timeout server 1m
listen pg
  bind 127.0.0.1:5000
  option redispatch
  server primary 127.0.0.1:5432 check inter 200ms fall 1 on-marked-down shutdown-sessions
  server standby 127.0.0.1:5433 check inter 200ms backup
";

/// When the standby becomes the primary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Promoted {
    DuringTheRun,
    AfterIt,
}

#[test]
fn a_standby_becomes_the_primary_between_the_steps() {
    // Before the first change; between a change and its check.
    let moments = ["pg_stat_wal_receiver", "create role", "create database", "owner to"];
    let promotions = [Promoted::DuringTheRun, Promoted::AfterIt];
    for (number, (held, promoted)) in moments
        .into_iter()
        .flat_map(|held| promotions.map(|promoted| (held, promoted)))
        .enumerate()
    {
        let Some(world) = world(&[Need::Neighbours]) else {
            return;
        };
        let mut primary = Postgres::start_in(&world, None, PostgresOptions::new().hba(RULES));
        let is_there = held == "owner to";
        if is_there {
            primary.psql("set role dba; create role loader; reset role; create database stitch owner dba");
            primary.psql_in("stitch", "create schema shop authorization loader; set role loader; create table shop.t (id int); create table shop.u (id int)");
        }
        let options = PostgresOptions::new().hba(RULES).port(5433).conf("hot_standby", "on");
        let standby = Postgres::standby_in(&world, &primary, options);
        connected(&primary, 1);
        neighbours::start(
            &world,
            5000,
            &[("haproxy.cfg", FAILOVER)],
            &["haproxy", "-db", "-f", "@/haproxy.cfg"],
        );
        let address = |port| ([127, 0, 0, 1], port).into();
        let proxy = CountingProxy::before_any(&world.place(), &world.dir().join("held"), address(6000), address(5000));
        let wizard = if (number / 2 + number) % 2 == 0 {
            Wizard::new(&standby)
        } else {
            Wizard::dba(&standby)
        };
        let wizard = wizard
            .set("--port", "6000")
            .set("--timeout", "10")
            .flag("--no-ssl")
            .set("--sslmode", "disable");
        let wizard = if is_there {
            wizard.set("--schema", "shop").flag("--adopt-role")
        } else {
            wizard
        };
        proxy.cut_on(held, Fault::Hold);
        let first = thread::scope(|scope| {
            let run = scope.spawn(|| wizard.setup());
            poll(DEADLINE, || proxy.holds().then_some(())).unwrap_or_else(|| panic!("{held}: never run"));
            primary.stop();
            if promoted == Promoted::DuringTheRun {
                standby.psql("select pg_promote()");
            }
            proxy.release();
            run.join().expect("it ends")
        });
        // By the server's words, or because nothing comes any more. The run goes on where the next server is there in time.
        let lost = [
            "SQLSTATE 57P01",
            "was lost",
            "did not answer within",
            "closed the connection",
        ];
        match first.errors().as_slice() {
            [] if promoted == Promoted::DuringTheRun => assert_eq!(first.output.status, Some(0), "{first}"),
            [] => drop(first.has("server-standby", "bad")),
            errors => assert!(
                errors
                    .iter()
                    .all(|error| error.contains("\nnext: ") && lost.iter().any(|sign| error.contains(sign))),
                "{held} {promoted:?}: {errors:?}"
            ),
        }
        // HAProxy notices it a little later.
        let plan_ends = |status: i32| {
            let ended = || Some(wizard.run("plan")).filter(|said| said.output.status == Some(status));
            poll(DEADLINE, ended).unwrap_or_else(|| panic!("{held} {promoted:?}: no plan"))
        };
        if promoted == Promoted::AfterIt {
            let plan = plan_ends(0);
            plan.has("server-standby", "bad");
            plan.plans(&[]);
            wizard.setup().exits(4).has("server-standby", "bad");
            standby.psql("select pg_promote()");
        }
        // What is called made is there.
        let plan = plan_ends(0);
        let summaries = |said: &Said, applied: Option<bool>| -> Vec<String> {
            let steps = said.json["steps"].as_array().into_iter().flatten();
            let changes = steps.filter_map(|step| step["changes"].as_array()).flatten();
            let changes = changes.filter(|change| applied.is_none() || change["applied"].as_bool() == applied);
            changes.map(|change| change["summary"].to_string()).collect()
        };
        let made = summaries(&first, Some(true));
        let left = summaries(&plan, None);
        assert!(
            made.iter().all(|change| !left.contains(change)),
            "{held}: {made:?}, {left:?}\n{first}"
        );
        wizard.setup().exits(0);
        wizard.check().exits(0).has("test-load-passed", "good");
    }
}
