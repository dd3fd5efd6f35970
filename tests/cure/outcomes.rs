//! Whatever the server says to a change reaches the report, with its words, the statement and a next step; only what was
//! seen made is called made.

use crate::support::wizard::{Said, Wizard};
use crate::support::{Postgres, PostgresOptions};

const LOADED: &str = "create schema shop authorization loader; set role loader; create table shop.t1 (id int); create table shop.t2 (id int)";

/// What the guard says.
const WORDS: &str = "not in office hours";

/// A server with a role that owns a schema, and an event trigger of `boss` that refuses some statements with a code.
fn guarded(major: u32, tag: &str, condition: &str, state: &str) -> Option<Postgres<'static>> {
    let server = Postgres::start_with(PostgresOptions::new().major(major))?;
    let admin = if major >= 16 {
        "grant loader to dba with admin option, inherit false, set false;"
    } else {
        ""
    };
    server.psql(&format!(
        "create role loader; create role boss superuser; {admin} create database dw owner dba"
    ));
    server.psql_in("dw", LOADED);
    // What a run does elsewhere is made beforehand.
    Wizard::dba(&server).set("--database", "dw").setup().exits(0);
    server.psql_in(
        "dw",
        &format!(
            "set role boss; create schema guards; grant usage on schema guards to public;
             create function guards.guard() returns event_trigger language plpgsql as $$
             begin if {condition} then raise exception using errcode = '{state}', message = '{WORDS}'; end if; end $$;
             create event trigger \"the guard\" on ddl_command_end when tag in ('{tag}') execute procedure guards.guard()"
        ),
    );
    Some(server)
}

/// Every change that is called made has its effect, and the error says all there is.
#[track_caller]
fn is_told(server: &Postgres<'_>, said: &Said, state: &str) {
    let error = said.error();
    for part in [
        WORDS,
        state,
        "the event trigger \"the guard\" of \"boss\"",
        "ALTER",
        "\nnext: ",
    ] {
        assert!(error.contains(part), "{part} is not in: {error}\n{said}");
    }
    let owned = "select count(*) from pg_class where relname in ('t1', 't2') and relowner <> 'stitch'::regrole";
    let left = server.psql_in("dw", owned) != "0";
    assert!(left, "{said}");
    assert_eq!(said.applied(), [false], "{said}");
}

/// Of every code that a lock, an object that is gone or one that is there has, and of the code of anything.
#[test]
fn an_event_trigger_that_refuses_is_named_with_its_words() {
    let server = guarded(15, "ALTER TABLE", "true", "P0001").expect("the default version");
    for state in [
        "P0001", "42704", "42P01", "42883", "3F000", "55P03", "40P01", "42501", "23505", "42710", "25006", "57014",
    ] {
        server.psql_in(
            "dw",
            &format!(
                "set role boss; create or replace function guards.guard() returns event_trigger language plpgsql as $$
                 begin raise exception using errcode = '{state}', message = '{WORDS}'; end $$"
            ),
        );
        for wizard in [Wizard::new(&server), Wizard::dba(&server)] {
            let wizard = wizard
                .set("--database", "dw")
                .flag("--schema=shop")
                .flag("--adopt-role");
            wizard.run("plan").exits(0).has("event-triggers", "unknown");
            let said = wizard.setup().exits(1);
            is_told(&server, &said, state);
        }
    }
}

/// Servers whose blocks cannot commit take another way.
#[test]
fn the_same_statement_by_statement() {
    for state in ["42704", "P0001", "55P03"] {
        let Some(server) = guarded(10, "ALTER TABLE", "true", state) else {
            return;
        };
        let wizard = Wizard::new(&server).set("--database", "dw").flag("--schema=shop");
        is_told(&server, &wizard.flag("--adopt-role").setup().exits(1), state);
    }
}

/// One of two tables: what was made of the change is made, and the change is not called made.
#[test]
fn a_part_is_not_the_whole() {
    let one = "(select count(*) from pg_event_trigger_ddl_commands() where object_identity = 'shop.t2') > 0";
    for major in [13, 18] {
        let Some(server) = guarded(major, "ALTER TABLE", one, "42704") else {
            continue;
        };
        let wizard = Wizard::dba(&server)
            .set("--database", "dw")
            .flag("--schema=shop")
            .flag("--adopt-role");
        let said = wizard.setup().exits(1);
        is_told(&server, &said, "42704");
        assert!(said.error().contains("ALTER TABLE \"shop\".\"t2\" OWNER TO"), "{said}");
        let owner = "select pg_get_userbyid(relowner) from pg_class where relname = 't1'";
        assert_eq!(server.psql_in("dw", owner), "stitch");
        // With the guard gone, the same command goes on from there.
        server.psql_in("dw", "drop event trigger \"the guard\"");
        wizard.setup().exits(0);
    }
}

/// What comes before the objects is reported too.
#[test]
fn a_grant_that_is_refused_is_told() {
    for state in ["42710", "42704", "P0001"] {
        let server = guarded(15, "GRANT", "true", state).expect("the default version");
        let wizard = Wizard::dba(&server)
            .set("--database", "dw")
            .flag("--schema=shop")
            .flag("--adopt-role");
        let said = wizard.setup().exits(1);
        let error = said.error();
        assert!(
            error.contains(WORDS) && error.contains("\"the guard\" of \"boss\"") && error.contains("GRANT"),
            "{said}"
        );
        assert_eq!(said.applied(), [false], "{said}");
    }
}

/// What is really gone by then is no error: nothing is left to do.
#[test]
fn what_is_gone_is_gone() {
    let gone = "(select count(*) from pg_event_trigger_ddl_commands() where object_identity = 'shop.t1') > 0";
    let server = guarded(15, "ALTER TABLE", gone, "P0001").expect("the default version");
    server.psql_in(
        "dw",
        "set role boss; create or replace function guards.guard() returns event_trigger language plpgsql as $$
         begin if exists (select 1 from pg_event_trigger_ddl_commands() where object_identity = 'shop.t1') then drop table if exists shop.t2; end if; end $$",
    );
    let wizard = Wizard::new(&server)
        .set("--database", "dw")
        .flag("--schema=shop")
        .flag("--adopt-role");
    wizard.setup().exits(0);
    assert_eq!(
        server.psql_in("dw", "select count(*) from pg_class where relname = 't2'"),
        "0"
    );
}
