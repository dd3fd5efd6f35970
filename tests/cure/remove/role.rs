//! The role, what was granted to it, and what it owns.

use crate::support::postgres::DBA_PASSWORD;
use crate::support::wizard::{PASSWORD, Wizard};
use crate::support::{Postgres, PostgresOptions, majors};

/// What Stitch loads, as Stitch.
const LOAD: &str =
    "create schema shop; create table shop.orders (id bigint primary key); insert into shop.orders values (1)";

fn load(server: &Postgres<'_>) {
    server
        .try_psql_as("stitch", PASSWORD, "stitch", LOAD)
        .expect("Stitch may load");
}

#[track_caller]
fn is_gone(wizard: &Wizard<'_>) {
    let before = wizard.server.dump();
    let again = wizard.clone().flag("--yes").run("remove").exits(0);
    assert_eq!(again.json["result"], "ready", "{again}");
    again.plans(&[]);
    again.has("removed", "good");
    assert_eq!(before, wizard.server.dump(), "a second remove changed something");
    assert_eq!(
        wizard
            .server
            .psql("select count(*) from pg_roles where rolname = 'stitch'"),
        "0"
    );
}

/// On every version and for an admin who is no superuser: Stitch's tables stay, with their rows, and belong to another.
#[test]
fn what_was_loaded_stays_and_belongs_to_another() {
    for major in majors() {
        let options = PostgresOptions::new().major(major);
        let Some(server) = Postgres::start_with(options) else {
            continue;
        };
        server.psql("create role keeper; create database stitch owner dba");
        server.psql(if major >= 16 {
            "grant keeper to dba with admin option"
        } else {
            "select"
        });
        let wizard = Wizard::dba(&server);
        wizard.setup().exits(0);
        load(&server);
        server.psql_in("stitch", "grant select on all tables in schema shop to keeper");

        let before = server.dump();
        let open = wizard.run("remove").exits(3);
        assert_eq!(before, server.dump(), "without --yes nothing is changed");
        open.has("remove-needs-owner", "bad");
        let refused = wizard.clone().flag("--yes").run("remove").exits(3);
        refused.has("remove-needs-owner", "bad");
        refused.has("remove-blocked", "bad");
        assert_eq!(before, server.dump(), "nothing is begun that cannot come to its end");

        let wizard = wizard.set("--new-owner", "keeper");
        let removed = wizard.clone().flag("--yes").run("remove").exits(0);
        removed.plans(&[
            "make \"keeper\" the owner of the",
            "revoke the privileges of \"stitch\" on DATABASE stitch",
            "drop the role \"stitch\"",
        ]);
        is_gone(&wizard);
        let owners = "select string_agg(distinct pg_get_userbyid(relowner), ' ') || (select count(*) from shop.orders)
                      from pg_class where relnamespace = 'shop'::regnamespace";
        assert_eq!(server.psql_in("stitch", owners), "keeper1");
        assert_eq!(
            server.psql("select count(*) from pg_auth_members where pg_get_userbyid(roleid) = 'stitch'"),
            "0"
        );
    }
}

/// Where Stitch never loaded, everything is as it was before `setup`.
#[test]
fn all_is_as_it_was() {
    let server = Postgres::start();
    server.psql("create database stitch");
    // From the first grant on, the database's default rights are written out, and stay so: they are here before.
    server.psql("grant create on database stitch to postgres");
    server.psql_in("stitch", "revoke select on information_schema.tables from public");
    let before = server.dump();
    let wizard = Wizard::new(&server);
    wizard.setup().exits(0);
    assert_ne!(before, server.dump());
    wizard.clone().flag("--yes").run("remove").exits(0);
    is_gone(&wizard);
    assert_eq!(before, server.dump());
}

/// Every kind of grant that is likely goes; what stands in another database is named and keeps the role, which then
/// cannot log in.
#[test]
fn what_hangs_on_the_role_elsewhere() {
    let server = Postgres::start();
    let wizard = Wizard::new(&server).set("--new-owner", "postgres");
    wizard.setup().exits(0);
    server.psql_in(
        "stitch",
        "create schema \"Odd one\"; create table \"Odd one\".\"it's\" (a int, b int); create sequence \"Odd one\".s;
         create function \"Odd one\".f(int, text) returns int language sql as 'select 1';
         grant usage on schema \"Odd one\" to stitch; grant select on \"Odd one\".\"it's\" to stitch;
         grant update (b) on \"Odd one\".\"it's\" to stitch; grant usage on sequence \"Odd one\".s to stitch;
         grant execute on function \"Odd one\".f to stitch",
    );
    server.psql("create database other");
    server.psql_in("other", "create table t (); grant select on t to stitch");
    let partly = wizard.clone().flag("--yes").flag("--partial").run("remove").exits(4);
    let why = partly.has("remove-blocked", "bad");
    assert!(
        why.contains("it owns, or was granted something on, 1 object in the database \"other\""),
        "{why}"
    );
    partly.plans(&[
        "revoke the privileges of \"stitch\" on",
        "keep the role \"stitch\" from logging in",
    ]);
    assert!(server.try_psql_as("stitch", PASSWORD, "stitch", "select 1").is_err());
    wizard
        .clone()
        .set("--database", "other")
        .flag("--yes")
        .run("remove")
        .exits(0);
    is_gone(&wizard);
}

/// A default privilege is none of the likely grants: it is named.
#[test]
fn what_must_be_taken_away_by_hand() {
    let server = Postgres::start();
    let wizard = Wizard::new(&server);
    wizard.setup().exits(0);
    server.psql_in("stitch", "alter default privileges grant select on tables to stitch");
    let blocked = wizard.clone().flag("--yes").run("remove").exits(3);
    let why = blocked.has("remove-blocked", "bad");
    assert!(why.contains("default acl for role postgres on tables"), "{why}");
    server.psql_in("stitch", "alter default privileges revoke select on tables from stitch");
    wizard.clone().flag("--yes").run("remove").exits(0);
    is_gone(&wizard);
}

/// The admin's own login, a superuser and a group are never removed.
#[test]
fn roles_that_are_not_stitchs() {
    let server = Postgres::start();
    server.psql("create role root superuser login; create role crew; create role one in role crew");
    let before = server.dump();
    let dba = Wizard::dba(&server);
    for (wizard, why) in [
        (dba.clone().set("--role", "dba"), "the one you are logged in as"),
        (Wizard::new(&server).set("--role", "root"), "it is a superuser"),
        (dba.clone().set("--role", "crew"), "other roles are members of it (one)"),
    ] {
        let said = wizard.flag("--yes").run("remove").exits(4);
        said.plans(&[]);
        assert!(said.has("remove-blocked", "bad").contains(why), "{said}");
    }
    assert_eq!(before, server.dump());
    server.psql(&format!(
        "create role weak login password '{DBA_PASSWORD}'; create role stitch login"
    ));
    let weak = Wizard::new(&server).admin("weak", DBA_PASSWORD).run("remove").exits(4);
    assert!(
        weak.has("remove-blocked", "bad").contains("\"weak\" may not drop it"),
        "{weak}"
    );
}

/// Readers have default privileges: those depend on the role, and no other role can own them.
#[test]
fn what_was_granted_ahead_goes_with_the_role() {
    for major in [13, 17] {
        let options = PostgresOptions::new().major(major);
        let Some(server) = Postgres::start_with(options) else {
            continue;
        };
        server.psql("create role keeper; create role bi; create role \"o'dd one\"; create database stitch owner dba");
        server.psql(if major >= 16 {
            "grant keeper to dba with admin option"
        } else {
            "select"
        });
        let readers = Wizard::dba(&server).flag("--reader=bi").flag("--reader=o'dd one");
        readers.setup().exits(0);
        load(&server);
        server.psql_in(
            "stitch",
            "set role stitch; alter default privileges revoke execute on functions from public;
             alter default privileges revoke insert on tables from stitch;
             alter default privileges in schema shop grant all on sequences to public, bi",
        );
        let wizard = Wizard::dba(&server);
        // Where the step that removes it is skipped, the role stays.
        let left = wizard.clone().set("--skip", "allowlist,ownership").run("remove");
        let why = left.has("remove-blocked", "bad");
        assert!(
            why.contains("owns 2 objects") || why.contains("default privileges"),
            "{why}"
        );
        let wizard = wizard.set("--new-owner", "keeper");
        let removed = wizard.clone().flag("--yes").run("remove").exits(0);
        removed.plans(&[
            "revoke the default privileges of \"stitch\"",
            "make \"keeper\" the owner of the 2 objects",
            "revoke the privileges of \"stitch\" on DATABASE stitch",
            "drop the role \"stitch\"",
        ]);
        is_gone(&wizard);
        assert_eq!(server.psql_in("stitch", "select count(*) from pg_default_acl"), "0");
        // What they could read they can read.
        let reads = "set role bi; select count(*) from shop.orders";
        assert_eq!(server.psql_in("stitch", reads), "1", "PostgreSQL {major}");
        let borrowed =
            "select count(*) from pg_auth_members where pg_get_userbyid(roleid) = 'keeper' and not admin_option";
        assert_eq!(server.psql(borrowed), "0", "PostgreSQL {major}");
    }
}

/// A database that Stitch's role owns goes to the new owner as well, which is reported beforehand.
#[test]
fn a_database_of_the_roles_own_is_named() {
    let server = Postgres::start();
    let wizard = Wizard::new(&server);
    wizard.setup().exits(0);
    server.psql("create role keeper; create database \"spare one\" owner stitch");
    let wizard = wizard.set("--new-owner", "keeper").flag("--yes");
    let removed = wizard.run("remove").exits(0);
    let change = "make \"keeper\" the owner of the 1 object that \"stitch\" owns in the database \"stitch\", among them database \"spare one\"";
    removed.plans(&[change, "revoke the privileges", "drop the role"]);
    let owner = "select pg_get_userbyid(datdba) from pg_database where datname = 'spare one'";
    assert_eq!(server.psql(owner), "keeper");
}
