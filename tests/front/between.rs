//! Poolers and load balancers, and servers that are not the primary.

use crate::support::postgres::POSTGRES_PASSWORD;
use crate::support::wizard::{PASSWORD, Said, Wizard};
use crate::support::{Need, Postgres, PostgresOptions, World, neighbours, world};

/// The recommended layout: only this machine can connect to PostgreSQL itself.
const LOCAL: &str = "local all all trust\nlocal replication all trust\nhost replication all 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n";

fn local() -> PostgresOptions {
    PostgresOptions::new().hba(LOCAL)
}

/// Set up, with the allow list.
fn ready<'a>(server: &'a Postgres<'a>) -> Wizard<'a> {
    let wizard = Wizard::new(server)
        .set("--skip", "registration")
        .set("--region", "north-america")
        .flag("--partial");
    wizard.setup();
    wizard
}

#[track_caller]
fn is_judged_for_the_pooler(said: &Said) {
    let text = said.has("listen-addresses", "good");
    assert!(
        text.contains("PostgreSQL sees connections from the address 127.0.0.1"),
        "{text}"
    );
    said.has("hba-ok", "good");
    assert_eq!(said.subjects("hba-ok"), ["127.0.0.1/32"], "{said}");
    assert!(!said.output.stdout.contains("ALTER SYSTEM"), "{said}");
}

#[test]
fn pgbouncer_in_three_modes() {
    let Some(world) = world(&[Need::Neighbours]) else {
        return;
    };
    let server = Postgres::start_in(&world, None, local());
    let wizard = ready(&server);
    // Without the pooler these are problems.
    let said = wizard.check().exits(4);
    said.has("hba-no-match", "bad");
    let users = format!("\"stitch\" \"{PASSWORD}\"\n");
    for (port, mode, code, verdict, exit) in [
        (6431, "session", "pooler", "good", 0),
        (6432, "transaction", "pooler", "unknown", 0),
        (6433, "statement", "pooler-statement", "bad", 4),
    ] {
        let lines = format!("auth_type = scram-sha-256\npool_mode = {mode}");
        neighbours::pgbouncer(&world, port, server.port(), &lines, &users);
        let said = wizard
            .clone()
            .set("--stitch-port", &port.to_string())
            .check()
            .exits(exit);
        said.has(code, verdict);
        is_judged_for_the_pooler(&said);
    }
}

#[test]
fn a_pooler_that_does_not_know_the_role() {
    let Some(world) = world(&[Need::Neighbours]) else {
        return;
    };
    let server = Postgres::start_in(&world, None, local());
    let wizard = ready(&server).set("--skip", "allowlist,registration");
    neighbours::pgbouncer(
        &world,
        6432,
        server.port(),
        "auth_type = scram-sha-256",
        "\"other\" \"secret\"\n",
    );
    let pooled = wizard.clone().set("--stitch-port", "6432");
    let said = pooled.check().exits(4);
    said.bad_are(&["login-pooler"]);
    let text = said.has("login-pooler", "bad");
    for part in ["PgBouncer", "userlist.txt", "auth_query", "[databases]"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // What is advised, done.
    server.psql("create role asker login superuser password 'asker-secret'");
    let lines = "auth_type = scram-sha-256\nauth_user = asker\nauth_query = SELECT usename, passwd FROM pg_shadow WHERE usename = $1";
    neighbours::pgbouncer(&world, 6433, server.port(), lines, "\"asker\" \"asker-secret\"\n");
    wizard.clone().set("--stitch-port", "6433").check().exits(0);
    // One that has no session left.
    let lines = "auth_type = scram-sha-256\nmax_client_conn = 1";
    let users = format!("\"postgres\" \"{POSTGRES_PASSWORD}\"\n");
    neighbours::pgbouncer(&world, 6434, server.port(), lines, &users);
    let full = wizard.clone().set("--port", "6434").check().exits(1);
    let text = full.has("login-pooler", "bad");
    assert!(
        text.contains("max_client_conn in PgBouncer's file") && !text.contains("userlist.txt"),
        "{text}"
    );
    // The same of Pgpool-II.
    neighbours::pgpool(&world, 9999, server.port(), "other:TEXTsecret\n");
    let said = wizard.set("--stitch-port", "9999").check().exits(4);
    let text = said.has("login-pooler", "bad");
    assert!(text.contains("Pgpool-II") && text.contains("pool_passwd"), "{text}");
}

#[test]
fn through_pgpool() {
    let Some(world) = world(&[Need::Neighbours]) else {
        return;
    };
    let server = Postgres::start_in(&world, None, local());
    let wizard = ready(&server);
    neighbours::pgpool(&world, 9999, server.port(), &format!("stitch:TEXT{PASSWORD}\n"));
    let said = wizard.set("--stitch-port", "9999").check().exits(0);
    assert!(said.has("pooler", "unknown").contains("Pgpool-II 4."), "{said}");
    said.has("test-load-passed", "good");
    is_judged_for_the_pooler(&said);
}

/// A primary with a standby, and a load balancer in front of both.
fn both<'world>(world: &'world World, primary: &Postgres<'_>) -> Postgres<'world> {
    let standby = Postgres::standby_in(world, primary, local().port(5433).conf("hot_standby", "on"));
    neighbours::haproxy(world, 5000, &[primary.port(), standby.port()]);
    standby
}

#[test]
fn a_load_balancer_over_primary_and_standby() {
    let Some(world) = world(&[Need::Neighbours]) else {
        return;
    };
    let primary = Postgres::start_in(&world, None, local());
    let wizard = ready(&primary).set("--skip", "allowlist,registration");
    let _standby = both(&world, &primary);
    for wizard in [
        wizard.clone().set("--stitch-port", "5000"),
        wizard.clone().set("--port", "5000"),
    ] {
        for _ in 0..3 {
            let said = wizard.check().exits(4);
            let text = said.has("login-several-servers", "bad");
            for part in ["127.0.0.1:5432 (primary)", "127.0.0.1:5433 (standby)", "in turn"] {
                assert!(text.contains(part), "{part}: {text}");
            }
        }
    }
    // What is advised: a port that leads to the primary alone.
    neighbours::haproxy(&world, 5001, &[primary.port()]);
    let said = wizard.set("--stitch-port", "5001").check().exits(0);
    said.has_not("login-several-servers");
    assert!(
        said.has("pooler", "good").contains("is in front of PostgreSQL"),
        "{said}"
    );
}

#[test]
fn a_standby_names_its_primary() {
    let Some(world) = world(&[Need::Root]) else { return };
    let primary = Postgres::start_in(&world, None, local());
    let wizard = ready(&primary).set("--skip", "allowlist,registration");
    let standby = Postgres::standby_in(&world, &primary, local().port(5433).conf("hot_standby", "on"));
    let said = wizard.clone().set("--stitch-port", "5433").check().exits(4);
    let text = said.has("login-standby", "bad");
    assert!(text.contains("the primary is 127.0.0.1:5432"), "{text}");
    let said = wizard.set("--port", &standby.port().to_string()).check().exits(4);
    let text = said.has("server-standby", "bad");
    assert!(
        text.contains(&format!("{}:5432", primary.socket_dir().display())),
        "{text}"
    );
}
