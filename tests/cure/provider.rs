//! Who runs the server: recognised by its signs, overridden with `--provider`, and what that changes.

use crate::support::Postgres;
use crate::support::wizard::{PASSWORD, Wizard};

#[test]
fn a_provider_is_recognised_and_overridden() {
    let server = Postgres::start();
    let wizard = Wizard::dba(&server);
    let provider = |wizard: &Wizard<'_>| wizard.run("plan").exits(0).json["server"]["provider"].clone();
    assert_eq!(provider(&wizard), "self-hosted");
    server.psql("create role rds_superuser");
    assert_eq!(provider(&wizard), "self-hosted", "one sign alone is none");
    server.psql("create role rdsadmin superuser");
    assert_eq!(provider(&wizard), "rds");
    assert_eq!(provider(&wizard.set("--provider", "neon")), "neon");
}

#[test]
fn what_the_provider_keeps_for_itself_is_said() {
    let server = Postgres::start();
    server.psql("create role azuresu superuser; create role azure_pg_admin; create database stitch owner azuresu");
    let said = Wizard::dba(&server).run("plan").exits(0);
    let text = said.has("database-cannot-grant", "bad");
    assert!(
        text.contains("no other role can act as it: give --database with a new name"),
        "{text}"
    );
}

#[test]
fn heroku_makes_roles_and_databases_itself() {
    let server = Postgres::start();
    server.psql("alter role dba nocreaterole nocreatedb");
    let wizard = Wizard::dba(&server).set("--provider", "heroku");
    let text = wizard.run("plan").exits(0).has("database-cannot-create", "bad");
    assert!(text.contains("heroku pg:info"), "{text}");
    server.psql("create database stitch owner dba");
    let text = wizard.run("plan").exits(0).has("role-cannot-create", "bad");
    assert!(text.contains("heroku pg:credentials:create"), "{text}");
    // The credential, once it is there, gets what it needs.
    server.psql(&format!("create role stitch login password '{PASSWORD}'"));
    wizard.cure(&["grant CONNECT, CREATE, TEMPORARY"], &[]);
}

#[test]
fn neon_gets_the_password_as_it_is_and_says_so() {
    let server = Postgres::start();
    let wizard = Wizard::dba(&server).set("--provider", "neon");
    let plan = wizard.run("plan").exits(0);
    assert!(plan.has("password-plain-text-only", "unknown").contains("plain text"));
    let said = wizard.cure(&["create the database", "create the role", "grant"], &[]);
    let told = format!("{}{}{}", plan.output.stdout, said.output.stdout, said.output.stderr);
    assert!(!told.contains(PASSWORD), "{told}");
    let login = server.try_psql_as("stitch", PASSWORD, "stitch", "select 1");
    assert_eq!(login.as_deref(), Ok("1"));
}

#[test]
fn who_may_set_no_password_is_told_whom_to_ask() {
    let server = Postgres::start();
    server.psql("alter role dba set \"rds.restrict_password_commands\" = 'on'; create role rds_password; create role rds_superuser");
    let wizard = Wizard::dba(&server);
    let said = wizard.cure(&["create the database"], &["role-cannot-create"]);
    let text = said.has("role-cannot-create", "bad");
    let (_, statement) = text.split_once("runs: ").expect("advice is what somebody runs");
    assert_eq!(statement, "GRANT rds_password TO \"dba\";");
    server.psql(statement);
    wizard.cure(&["create the role", "grant"], &[]);
    // The same for a password that is to be changed.
    server.psql("revoke rds_password from dba");
    let resetting = wizard.env("STITCH_PG_PASSWORD", "another").flag("--reset-password");
    let said = resetting.cure(&[], &["role-cannot-alter", "login-password"]);
    assert!(said.has("role-cannot-alter", "bad").contains(statement));
}
