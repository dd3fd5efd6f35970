//! Whose role it is: one made for Stitch is used again, one that is used for something else only with `--adopt-role`.

use crate::support::wizard::{PASSWORD, Wizard};
use crate::support::{Postgres, PostgresOptions};

/// A server with a role called stitch that could be Stitch's, and its database.
fn server() -> Postgres<'static> {
    let server = Postgres::start();
    server.psql(&format!("create role stitch login password '{PASSWORD}'"));
    server.psql("create database stitch; create role other; create role person login");
    server.psql("create database elsewhere");
    server
}

#[test]
fn somebody_elses_role_is_not_taken_without_a_word() {
    let server = server();
    let wizard = Wizard::new(&server);
    let cases = [
        (
            "postgres",
            "alter role stitch createdb",
            "alter role stitch nocreatedb",
            "has the attributes CREATEDB",
        ),
        (
            "postgres",
            "alter role stitch bypassrls replication",
            "alter role stitch nobypassrls noreplication",
            "REPLICATION, BYPASSRLS",
        ),
        (
            "postgres",
            "grant other to stitch",
            "revoke other from stitch",
            "a member of other",
        ),
        (
            "postgres",
            "grant stitch to person",
            "revoke stitch from person",
            "it has the members person",
        ),
        (
            "postgres",
            "alter database elsewhere owner to stitch",
            "alter database elsewhere owner to postgres",
            "in other databases: elsewhere",
        ),
        (
            "elsewhere",
            "create schema theirs authorization stitch",
            "drop schema theirs",
            "in other databases: elsewhere",
        ),
        (
            "stitch",
            "create table public.mine (id int); alter table public.mine owner to stitch",
            "drop table public.mine",
            "in the schema public",
        ),
    ];
    for (database, made, unmade, told) in cases {
        server.psql_in(database, made);
        wizard.cure(&[], &["role-in-use"]);
        let said = wizard.run("plan").has("role-in-use", "bad");
        assert!(said.contains(told) && said.contains("--adopt-role"), "{said}");
        server.psql_in(database, unmade);
    }
    // The same role, with nothing of it.
    wizard.run("plan").exits(0).has_not("role-in-use");
    server.psql("grant other to stitch");
    let adopting = wizard.flag("--adopt-role");
    let said = adopting.cure(&["grant CONNECT, CREATE, TEMPORARY"], &[]);
    assert!(said.has("role-adopted", "unknown").contains("a member of other"));
    let still = "select pg_has_role('stitch', 'other', 'member')";
    assert_eq!(server.psql(still), "t", "it keeps all of this");
}

#[test]
fn a_superuser_and_the_admins_own_login_can_be_adopted() {
    let server = Postgres::start();
    server.psql(&format!("create role stitch login superuser password '{PASSWORD}'"));
    server.psql("create database stitch");
    let wizard = Wizard::new(&server);
    wizard.cure(&[], &["role-superuser"]);
    wizard.clone().flag("--adopt-role").cure(&[], &[]);
    assert_eq!(
        server.psql("select rolsuper from pg_roles where rolname = 'stitch'"),
        "t"
    );
    let own = Wizard::dba(&server)
        .set("--role", "dba")
        .env("STITCH_PG_PASSWORD", crate::support::postgres::DBA_PASSWORD);
    let said = own.run("plan").exits(0).has("role-in-use", "bad");
    assert!(said.contains("logs in as it"), "{said}");
}

#[test]
fn what_was_made_for_stitch_needs_no_adoption() {
    for major in [15, 17] {
        let options = PostgresOptions::new().major(major);
        let Some(server) = Postgres::start_with(options) else {
            continue;
        };
        // By this tool, as an admin who then is a member of what it made, even by a grant of its own.
        Wizard::dba(&server).setup().exits(0);
        server.psql("set role dba; grant stitch to dba");
        Wizard::new(&server).check().exits(0).has_not("role-in-use");
        Wizard::dba(&server).check().exits(0).has_not("role-in-use");
        // By the guide's own commands, with a load behind it.
        server.psql("create database guide");
        server.psql(&format!(
            "create user guided with password '{PASSWORD}'; grant create on database guide to guided"
        ));
        server.psql_in(
            "guide",
            "set role guided; create schema shop; create schema empty;
             create table shop.orders (id int, _sdc_sequence bigint); create view shop.some as select 1",
        );
        let wizard = Wizard::new(&server).set("--database", "guide").set("--role", "guided");
        wizard.setup().exits(0).has_not("role-in-use");
    }
}
