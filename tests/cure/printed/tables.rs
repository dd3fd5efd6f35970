//! The same for what refuses a load into tables that are there.

use super::differ;
use crate::support::Postgres;
use crate::support::wizard::Wizard;

/// What is broken; the code and verdict of the finding that has the statements; what of the dump they may touch.
const STATEMENTS: [(&str, &str, &str, &[&str]); 18] = [
    (
        "alter role stitch nologin",
        "login-nologin",
        "bad",
        &["catalog pg_authid"],
    ),
    (
        "alter role stitch valid until '2001-01-01'",
        "login-role-expired",
        "bad",
        &["catalog pg_authid"],
    ),
    (
        "revoke connect on database stitch from public, stitch",
        "login-connect",
        "bad",
        &["catalog pg_database", "catalog pg_shdepend"],
    ),
    (
        "alter database stitch is_template true",
        "database-template",
        "bad",
        &["catalog pg_database"],
    ),
    (
        "alter system set synchronous_standby_names = 'far'; select pg_reload_conf()",
        "commits-wait",
        "bad",
        &["setting synchronous_standby_names"],
    ),
    (
        "revoke select on information_schema.tables from public",
        "catalog-cannot-grant",
        "bad",
        &["catalog pg_class of initdb", "catalog pg_shdepend"],
    ),
    (
        "create table shop.supers (id int)",
        "ownership-superuser",
        "bad",
        &["catalog pg_class", "catalog pg_shdepend", "catalog pg_type"],
    ),
    (
        "revoke delete, truncate on shop.t1 from stitch",
        "table-privileges-revoked",
        "bad",
        &["catalog pg_class"],
    ),
    (
        "create rule r as on insert to shop.t2 do instead nothing",
        "rule-instead",
        "unknown",
        &["catalog pg_rewrite", "catalog pg_depend"],
    ),
    (
        "create publication p for table shop.t3",
        "replica-identity-missing",
        "bad",
        &["catalog pg_class"],
    ),
    (
        "create table audit.follows (id int references shop.t4); alter table audit.follows owner to keeper",
        "truncate-refused",
        "bad",
        &["catalog pg_constraint", "catalog pg_depend", "catalog pg_trigger"],
    ),
    (
        "set role keeper; create function audit.note() returns trigger language plpgsql as $$ begin insert into audit.log values ('x'); return new; end $$;
         reset role; create trigger note after insert on shop.t5 for each row execute procedure audit.note()",
        "write-privileges-missing",
        "bad",
        &["catalog pg_class", "catalog pg_namespace", "catalog pg_shdepend"],
    ),
    (
        "create type shop.kind as (id int); create table shop.typed of shop.kind; alter table shop.typed owner to stitch",
        "table-shape-fixed",
        "bad",
        &["catalog pg_class", "catalog pg_depend"],
    ),
    (
        "create table shop.base (id int); alter table shop.base owner to stitch; create table shop.child () inherits (shop.base); alter table shop.child owner to stitch",
        "table-shape-fixed",
        "unknown",
        &["catalog pg_attribute", "catalog pg_class", "catalog pg_depend", "catalog pg_inherits"],
    ),
    (
        "set role stitch; create table shop.parts (id int) partition by range (id); reset role; grant select on shop.parts to keeper;
         create table audit.part partition of shop.parts for values from (1) to (9); alter table audit.part owner to keeper",
        "partition-not-owned",
        "bad",
        &[
            "catalog pg_class",
            "catalog pg_namespace",
            "catalog pg_shdepend",
            "catalog pg_type",
        ],
    ),
    (
        "alter system set log_statement = 'mod'; select pg_reload_conf()",
        "statements-logged",
        "unknown",
        &["catalog pg_db_role_setting"],
    ),
    (
        "alter system set default_transaction_read_only = on; select pg_reload_conf()",
        "server-read-only",
        "bad",
        &["setting default_transaction_read_only"],
    ),
    (
        "alter database stitch set default_transaction_read_only = on",
        "setting-interrupts-loads",
        "bad",
        &["catalog pg_db_role_setting"],
    ),
];

#[test]
fn a_statement_about_a_table_touches_that_table() {
    let server = Postgres::start();
    server.psql("set role dba; create role loader; reset role; create role keeper; create role analyst");
    Wizard::dba(&server).setup().exits(0);
    server.psql_in(
        "stitch",
        "create schema shop authorization loader; create schema audit authorization keeper; create schema theirs;
         create table theirs.t (id int); grant select on theirs.t to analyst;
         set role keeper; create table audit.log (said text); grant select on audit.log to analyst;
         set role loader; create table shop.t4 (id int primary key); grant select on shop.t4 to analyst;
         do $$ declare i int; begin foreach i in array array[1, 2, 3, 5] loop execute format('create table shop.t%s (id int)', i); end loop; end $$",
    );
    let dba = Wizard::dba(&server).set("--schema", "shop");
    dba.setup().exits(0);
    let superuser = Wizard::new(&server).set("--schema", "shop");
    for (breaking, code, verdict, reach) in STATEMENTS {
        // Only a superuser may read the server's files.
        let wizard = if code == "server-read-only" { &superuser } else { &dba };
        server.psql_in("stitch", breaking);
        let broken = server.dump();
        let told = wizard.check().has(code, verdict);
        let starts = told.find("runs").or_else(|| told.find("or: "));
        let rest = starts.and_then(|at| told[at..].split_once(": "));
        let (_, statements) = rest.unwrap_or_else(|| panic!("{breaking}: {told}"));
        server.psql_in("stitch", statements);
        let (gone, come) = differ(&broken, &server.dump());
        assert!(!gone.is_empty() || !come.is_empty(), "{statements} changes nothing");
        for line in gone.iter().chain(&come) {
            let is_meant = reach.iter().any(|start| line.starts_with(&format!("{start} ")));
            assert!(is_meant, "{breaking}: {statements}: {line}");
        }
        let cured = wizard.check();
        cured.has_not(code);
        // What was printed here is not held against the role afterwards.
        cured.has_not("role-in-use");
    }
}
