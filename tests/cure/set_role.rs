//! `--set-role`: a DBA logs in, and acts as a group.

use crate::support::postgres::{POSTGRES_PASSWORD, psql};
use crate::support::wizard::{PASSWORD, Wizard};
use crate::support::{Need, PgBouncer, Postgres, PostgresOptions, Program, world};

/// A login without rights, in a group that has them.
fn server(major: u32) -> Option<Postgres<'static>> {
    let server = Postgres::start_with(PostgresOptions::new().major(major))?;
    server.psql(
        "create role \"The Team\" createdb createrole; create role person login noinherit password 'person-pw';
         grant \"The Team\" to person; create role stranger login password 'person-pw'",
    );
    Some(server)
}

#[test]
fn a_person_acts_as_a_group() {
    for major in [13, 15, 17] {
        let Some(server) = server(major) else { continue };
        let wizard = Wizard::new(&server).admin("person", "person-pw");
        wizard.run("plan").exits(0).has("database-cannot-create", "bad");
        let wizard = wizard.set("--set-role", "The Team");
        let file = format!("undo-{major}.sh");
        wizard.clone().set("--undo", &file).setup().exits(0).plans(&[
            "create the database",
            "create the role",
            "grant CONNECT",
        ]);
        wizard.is_settled(&[]);
        // The way back is walked as the same group.
        let undo = Program::new("sh", &server)
            .arg(&file)
            .env("PGPASSWORD", "person-pw")
            .run();
        assert!(undo.success(), "{undo:?}");
        assert_eq!(
            server.psql("select count(*) from pg_roles where rolname = 'stitch'"),
            "0"
        );
        wizard.cure(&["create the role", "grant CONNECT"], &[]);
        let owner = "select pg_get_userbyid(datdba) from pg_database where datname = 'stitch'";
        assert_eq!(server.psql(owner), "The Team");
        // Also what is moved without superuser.
        server.psql("set role \"The Team\"; create role loader");
        server.psql_in("stitch", "create schema shop authorization loader");
        wizard
            .set("--schema", "shop")
            .cure(&["owner of the schema \"shop\""], &[]);
        let lent = "select count(*) from pg_auth_members where member = '\"The Team\"'::regrole and grantor = '\"The Team\"'::regrole";
        assert_eq!(server.psql(lent), "0");
    }
}

/// The owner of a database decides there as which role a login acts, unless the login sets that itself.
#[test]
fn a_role_that_cannot_be_taken_is_named() {
    let Some(server) = server(17) else { return };
    server.psql("create role loader; create database stitch owner stranger; set role stranger; alter database stitch set role = stranger");
    server.psql_in("stitch", "set role none; create schema shop authorization loader");
    // The login's own setting is no secret choice either.
    server.psql("alter role person set role = 'The Team'");
    let set = Wizard::new(&server).admin("person", "person-pw");
    let said = set.check().exits(1);
    let error = said.error();
    assert!(
        error.contains("give --set-role 'The Team', or --set-role person"),
        "{error}"
    );
    set.clone()
        .set("--set-role", "The Team")
        .run("plan")
        .exits(0)
        .has_not("role-cannot-create");
    set.set("--set-role", "person")
        .run("plan")
        .exits(0)
        .has("role-cannot-create", "bad");
    let wizard = Wizard::new(&server).set("--schema", "shop");
    wizard
        .setup()
        .exits(0)
        .plans(&["create the role", "grant CONNECT", "owner of the schema \"shop\""]);
    let owner = "select pg_get_userbyid(nspowner) from pg_namespace where nspname = 'shop'";
    assert_eq!(server.psql_in("stitch", owner), "stitch");
    for (user, role, told) in [
        ("stranger", "The Team", "GRANT \"The Team\" TO \"stranger\""),
        ("person", "Team", "check its spelling"),
    ] {
        let wizard = Wizard::new(&server).admin(user, "person-pw").set("--set-role", role);
        let said = wizard.check().exits(1);
        let error = said.error();
        assert!(
            error.contains(&format!("may not act as the role {role:?}")) && error.contains(told),
            "{error}"
        );
    }
}

/// Where a pooler removes the startup option silently, the owner of the database decides it no more than elsewhere;
/// nor for the scripts, where the administrator's own database is that owner's.
#[test]
fn no_owner_of_a_database_decides_as_whom_the_administrator_acts() {
    let Some(world) = world(&[Need::Bastion]) else { return };
    let server = Postgres::start_in(&world, None, PostgresOptions::new().major(17));
    server.psql(
        "create role mallory createrole; create role loader; create database stitch owner mallory;
         alter database stitch set role = mallory",
    );
    server.psql_in("stitch", "set role none; create schema shop authorization loader; set role loader; create table shop.t1 (); create table shop.t2 ()");
    let users = [("postgres", POSTGRES_PASSWORD), ("stitch", PASSWORD)];
    let silent = "transaction\nignore_startup_parameters = options,extra_float_digits";
    let pooler = PgBouncer::pooling_in(&world, None, &server, &users, silent, 6432);
    let owners =
        "select string_agg(distinct pg_get_userbyid(relowner), ' ') from pg_class where relname in ('t1', 't2')";
    let lent = "select count(*) from pg_auth_members where 'mallory'::regrole in (member, grantor)";
    let wizard = Wizard::new(&server).flag("--schema=shop");
    let through = wizard.clone().set("--port", &pooler.port().to_string());
    through.clone().set("--undo", "pooled.sh").setup().exits(0);
    assert_eq!(server.psql_in("stitch", owners), "stitch");
    through.check().exits(0);
    let undone = Program::new("sh", &server)
        .arg("pooled.sh")
        .env("PGPASSWORD", POSTGRES_PASSWORD)
        .run();
    assert!(undone.success(), "{undone:?}");
    assert_eq!(server.psql_in("stitch", owners), "loader");

    // What no transaction can hold runs as the session began. It makes nothing for that owner.
    server.psql("alter role mallory createdb");
    let there = wizard.set("--admin-database", "stitch").set("--database", "dw");
    let refused = there.clone().set("--port", &pooler.port().to_string()).setup().exits(1);
    assert!(refused.error().contains("CREATE DATABASE"), "{refused}");
    let owner = "select count(*), max(pg_get_userbyid(datdba)) from pg_database where datname = 'dw'";
    assert_eq!(server.psql(owner), "0|");
    there.clone().flag("--adopt-role").setup();
    assert_eq!(server.psql(owner), "1|postgres");

    let there = there.set("--database", "stitch");
    let script = there.program("script").args(["--for", "dba"]).run();
    let ran = Program::new(psql(), &server)
        .args(["-X", "-w", "-U", "postgres", "-d", "stitch", "-f", "-", "-h"])
        .arg(server.socket_dir())
        .args(["-p", &server.port().to_string()])
        .env("STITCH_PG_PASSWORD", PASSWORD)
        .stdin(script.stdout)
        .run();
    assert!(ran.success(), "{ran:?}");
    assert_eq!(server.psql_in("stitch", owners), "stitch");
    assert_eq!(server.psql(lent), "0");
}
