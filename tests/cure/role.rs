//! The step *role*: the login, its attributes and its rights. Passwords have a file of their own.

use crate::support::wizard::{PASSWORD, Wizard};
use crate::support::{Postgres, PostgresOptions};

#[test]
fn the_server_never_sees_the_password() {
    let server = Postgres::start_with(PostgresOptions::new().log_statements());
    let server = server.expect("the default version is at hand");
    let said = Wizard::new(&server).cure(&["create the database", "create the role", "grant"], &[]);
    let stored = server.psql("select rolpassword from pg_authid where rolname = 'stitch'");
    assert!(stored.starts_with("SCRAM-SHA-256$4096:"), "{stored}");
    let log = server.log();
    assert!(
        log.contains("CREATE ROLE \"stitch\" LOGIN PASSWORD 'SCRAM-SHA-256$"),
        "{log}"
    );
    assert!(!log.contains(PASSWORD), "the password is in the server's log");
    let told = format!("{}{}", said.output.stdout, said.output.stderr);
    assert!(!told.contains(PASSWORD) && !told.contains(&stored), "{told}");
}

#[test]
fn what_keeps_the_role_out_is_undone() {
    let server = Postgres::start();
    Wizard::dba(&server).setup().exits(0);
    let cases = [
        ("alter role stitch nologin", "LOGIN"),
        ("alter role stitch valid until '2001-01-01'", "VALID UNTIL 'infinity'"),
        ("alter role stitch connection limit 0", "CONNECTION LIMIT -1"),
        (
            "alter role stitch nologin connection limit 0",
            "(LOGIN, CONNECTION LIMIT -1)",
        ),
    ];
    for (broken, change) in cases {
        for wizard in [Wizard::new(&server), Wizard::dba(&server)] {
            server.psql(broken);
            wizard.check().has_not("password-wrong");
            wizard.cure(&[change], &[]);
        }
    }
}

#[test]
fn rights_on_the_database_are_granted_again() {
    let server = Postgres::start();
    Wizard::dba(&server).setup().exits(0);
    let cases = [
        ("connect, temporary", "grant CONNECT, TEMPORARY on"),
        ("connect", "grant CONNECT on"),
        ("temporary", "grant TEMPORARY on"),
        ("create", "grant CREATE on"),
        ("all", "grant CONNECT, CREATE, TEMPORARY on"),
    ];
    for (rights, change) in cases {
        for wizard in [Wizard::new(&server), Wizard::dba(&server)] {
            server.psql(&format!("revoke {rights} on database stitch from public, stitch"));
            wizard.cure(&[change], &[]);
        }
    }
}

#[test]
fn what_another_owner_must_grant_is_left_to_them() {
    let server = Postgres::start();
    server.psql("create role keeper");
    server.psql("create database stitch owner keeper");
    let said = Wizard::dba(&server).cure(&["create the role"], &["database-cannot-grant", "privileges-missing"]);
    let text = said.has("database-cannot-grant", "bad");
    assert!(
        text.contains("\"keeper\" (or a superuser) runs: GRANT CONNECT, CREATE, TEMPORARY ON DATABASE"),
        "{text}"
    );
}

#[test]
fn a_closed_system_view_is_opened_and_nothing_else() {
    let server = Postgres::start();
    Wizard::dba(&server).setup().exits(0);
    server.psql_in("stitch", "revoke select on information_schema.tables from public");
    let refused = Wizard::dba(&server).check();
    refused.has("catalog-cannot-grant", "bad");
    let said = Wizard::new(&server).cure(&["grant SELECT on tables (information_schema)"], &[]);
    assert_eq!(
        said.commands(),
        ["GRANT SELECT ON \"information_schema\".\"tables\" TO \"stitch\";"]
    );
    let readable = "select string_agg(relname, ' ') from pg_class where relkind = 'r' and relnamespace = 'pg_catalog'::regnamespace
        and relname in ('pg_authid', 'pg_statistic', 'pg_subscription') and has_any_column_privilege('stitch', oid, 'select')";
    let before = readable.replace("'stitch'", "'public'");
    assert_eq!(server.psql_in("stitch", readable), server.psql_in("stitch", &before));
    let secrets = server.try_psql_as("stitch", PASSWORD, "stitch", "select rolpassword from pg_authid");
    assert!(secrets.is_err_and(|said| said.contains("permission denied")));
}

/// The administrator is kept out of the database that Stitch is to use.
#[test]
fn catalogs_of_a_closed_database_are_not_seen() {
    let server = Postgres::start();
    Wizard::new(&server).setup().exits(0);
    server.psql("revoke connect on database stitch from public; grant connect on database stitch to stitch");
    let text = Wizard::dba(&server)
        .check()
        .exits(0)
        .has("catalog-not-checked", "unknown");
    assert!(text.contains("\"dba\" may not connect to \"stitch\""), "{text}");
    let (_, grant) = text.split_once("runs: ").expect("the statement is told");
    server.psql(grant);
    Wizard::dba(&server).check().has_not("catalog-not-checked");
}

#[test]
fn a_superuser_is_no_role_for_stitch() {
    let server = Postgres::start();
    server.psql(&format!("create role stitch login superuser password '{PASSWORD}'"));
    server.psql("create database stitch");
    Wizard::new(&server).cure(&[], &["role-superuser"]);
}

#[test]
fn a_group_is_no_role_for_stitch() {
    let server = Postgres::start();
    server.psql("create role stitch; create role analyst login; grant stitch to analyst");
    server.psql("create database stitch");
    let said = Wizard::new(&server).cure(&[], &["role-is-group"]);
    assert!(said.has("role-is-group", "bad").contains("analyst"));
}

#[test]
fn a_role_that_belongs_to_somebody_and_may_not_be_altered() {
    // From 16 on CREATEROLE alone does not reach roles that others made.
    let Some(server) = Postgres::start_with(PostgresOptions::new().major(17)) else {
        return;
    };
    server.psql("create role stitch connection limit 0 login password 'another'");
    server.psql("create database stitch owner dba");
    let wizard = Wizard::dba(&server);
    let said = wizard.cure(
        &["grant CONNECT, CREATE, TEMPORARY"],
        &["role-cannot-alter", "password-wrong", "login-password"],
    );
    let text = said.has("role-cannot-alter", "bad");
    assert!(text.contains("ALTER ROLE \"stitch\" CONNECTION LIMIT -1;"), "{text}");
}

#[test]
fn an_admin_who_may_not_create_roles_makes_only_the_database() {
    let server = Postgres::start();
    server.psql("alter role dba nocreaterole");
    let said = Wizard::dba(&server).cure(&["create the database"], &["role-cannot-create"]);
    let text = said.has("role-cannot-create", "bad");
    assert!(
        text.contains("CREATE ROLE \"stitch\" LOGIN PASSWORD '********';"),
        "{text}"
    );
    assert_eq!(said.outcome("connection"), "untested");
}

#[test]
fn what_will_keep_the_role_out_one_day_is_told() {
    let server = Postgres::start();
    let wizard = Wizard::dba(&server);
    wizard.setup().exits(0);
    for (made, code) in [
        ("alter role stitch valid until '2101-01-01'", "role-expires"),
        ("alter role stitch connection limit 2", "role-connection-limit"),
    ] {
        server.psql(made);
        let said = wizard.check().exits(0).has(code, "unknown");
        let (_, cure) = said.split_once("runs: ").expect("advice is what somebody runs");
        server.psql(cure);
        wizard.check().exits(0).has_not(code);
    }
}

#[test]
fn a_grant_that_did_nothing_is_a_failure() {
    let server = Postgres::start();
    let wizard = Wizard::new(&server);
    wizard.setup().exits(0);
    server.psql_in("stitch", "revoke select on information_schema.tables from public");
    // Another user's event trigger, which revokes what was granted, without an error.
    server.psql_in(
        "stitch",
        "create function public.watch() returns event_trigger language plpgsql as
             'begin if tg_tag = ''GRANT'' then revoke select on information_schema.tables from stitch; end if; end';
         create event trigger watch on ddl_command_end execute function public.watch()",
    );
    let failed = wizard.setup().exits(1);
    let error = failed.error();
    assert!(
        error.contains("the server does not show them: grant SELECT on tables"),
        "{error}"
    );
    server.psql_in("stitch", "drop event trigger watch");
    wizard.setup().exits(0);
}

#[test]
fn who_may_grant_only_a_part_grants_that_part() {
    let server = Postgres::start();
    server.psql("create role keeper; create database stitch owner keeper");
    server.psql("grant create on database stitch to dba with grant option");
    let wizard = Wizard::dba(&server);
    // The other two come from PUBLIC.
    wizard.cure(&["create the role", "grant CREATE on"], &[]);
    server.psql("set role dba; revoke all on database stitch from stitch");
    server.psql("drop role stitch; revoke temporary on database stitch from public");
    let said = wizard.cure(
        &["create the role", "grant CREATE on"],
        &["database-cannot-grant", "privileges-missing"],
    );
    let text = said.has("database-cannot-grant", "bad");
    assert!(text.contains("runs: GRANT TEMPORARY ON DATABASE"), "{text}");
}
