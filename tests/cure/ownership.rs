//! The step *ownership*: schemas that Stitch has loaded before become its role's, with their tables.

use crate::support::wizard::Wizard;
use crate::support::{Postgres, PostgresOptions, majors};

/// Tables as Stitch's loader leaves them, owned by the role that runs this.
pub(crate) const LOADED: &str = r#"
create table shop._sdc_rejected (record text, reason text, table_name text, _sdc_rejected_at timestamptz);
create table shop."CAMPAIGN_REPORT" (id bigint constraint "CAMPAIGN_REPORT_pkey" primary key, _sdc_batched_at timestamptz,
    _sdc_received_at timestamptz, _sdc_sequence bigint, _sdc_table_version bigint);
create table shop."Order Lines" (like shop."CAMPAIGN_REPORT", "it's ""odd""" text);
create table shop."odd""name; drop" (like shop."CAMPAIGN_REPORT");
create table shop.numbered (own serial, made bigint generated always as identity, like shop."CAMPAIGN_REPORT");
create table shop.parted (like shop."CAMPAIGN_REPORT") partition by range (id);
create table shop.parted_low partition of shop.parted for values from (0) to (100);
create table shop.ads__actions (_sdc_level_0_id bigint not null, like shop."CAMPAIGN_REPORT");
insert into shop."CAMPAIGN_REPORT" values (1, now(), now(), 1, 1);
"#;

/// Who owns what in the schema `shop`, without indexes and owned sequences.
const OWNERS: &str = "select string_agg(relname || ' ' || pg_get_userbyid(relowner), ', ' order by relname) from pg_class
    where relnamespace = 'shop'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'S')
        and not exists (select 1 from pg_depend d where d.objid = pg_class.oid and d.deptype in ('a', 'i') and relkind = 'S')
        and pg_get_userbyid(relowner) ";

/// A server that Stitch's set-up is complete on, and a schema of the role `loader` beside it.
pub(crate) fn loaded<'a>(server: &'a Postgres<'a>, loader_is_made_by: &str) -> Wizard<'a> {
    let wizard = Wizard::dba(server);
    wizard.setup().exits(0);
    server.psql(&format!("set role {loader_is_made_by}; create role loader"));
    server.psql_in("stitch", "create schema shop authorization loader");
    server.psql_in("stitch", &format!("set role loader; {LOADED}"));
    wizard
}

#[test]
fn a_loaded_schema_changes_hands() {
    let server = Postgres::start();
    loaded(&server, "postgres");
    let wizard = Wizard::new(&server).set("--schema", "shop");
    let said = wizard.cure(&["owner of the schema \"shop\" and 8 objects in it"], &[]);
    said.has("schema-detected", "good");
    said.has("existing-tables-tested", "good");
    assert_eq!(server.psql_in("stitch", &format!("{OWNERS} <> 'stitch'")), "");
    // The owned sequences went with their tables.
    let sequence = "select pg_get_userbyid(relowner) from pg_class where relname = 'numbered_own_seq'";
    assert_eq!(server.psql_in("stitch", sequence), "stitch");
    Wizard::new(&server).flag("--detect-schemas").is_settled(&[]);
}

#[test]
fn detection_takes_only_what_is_surely_stitchs() {
    let server = Postgres::start();
    loaded(&server, "postgres");
    // Meltano's target-postgres: the same columns, and a comment of its own.
    let marks =
        "_sdc_batched_at timestamptz, _sdc_received_at timestamptz, _sdc_sequence bigint, _sdc_table_version bigint";
    let rejected = "(record text, reason text, table_name text, _sdc_rejected_at timestamptz)";
    server.psql_in(
        "stitch",
        &format!(
            r#"create schema melt; create table melt.t ({marks}); create table melt._sdc_rejected {rejected};
               comment on table melt.t is '{{"schema_version": 2, "key_properties": ["id"]}}';
               create table public.t ({marks}); create table public._sdc_rejected {rejected};
               create schema mixed; create table mixed.t ({marks}); create table mixed._sdc_rejected {rejected};
               create table mixed.ours (id int); create table mixed.too (id int);
               create schema watched; create table watched.t ({marks}); create table watched._sdc_rejected {rejected};
               create role analyst; grant create, usage on schema watched to analyst; grant select on watched.t to analyst;
               set role analyst; create view watched.report as select * from watched.t; reset role;
               create schema app; create table app.users (id int)"#
        ),
    );
    let said = Wizard::new(&server)
        .flag("--detect-schemas")
        .cure(&["schema \"shop\""], &[]);
    let left = said.json.to_string();
    for schema in ["melt", "public", "mixed", "watched"] {
        assert!(
            left.contains(&format!("add --schema {schema}")),
            "{schema} is not mentioned: {said}"
        );
    }
    assert!(!left.contains(r#"schema \"app"#), "{said}");
}

#[test]
fn what_stitch_never_makes_is_left_unless_included() {
    let server = Postgres::start();
    loaded(&server, "postgres");
    server.psql_in(
        "stitch",
        r#"set role loader; create view shop."A View" as select 1 as one;
           create materialized view shop.frozen as select 1 as one; create sequence shop.free; reset role;
           create extension pg_stat_statements schema shop"#,
    );
    let wizard = Wizard::new(&server).set("--schema", "shop");
    let said = wizard.cure(&["and 8 objects"], &[]);
    let text = said.json.to_string();
    for part in ["--include views", "--include matviews", "--include sequences"] {
        assert!(text.contains(part), "{part}: {said}");
    }
    assert_eq!(
        server.psql_in("stitch", &format!("{OWNERS} = 'loader'")),
        "A View loader, free loader, frozen loader"
    );
    let wizard = wizard.set("--include", "views,matviews,sequences");
    let said = wizard.cure(&["3 objects"], &[]);
    said.has_not("objects-not-transferred");
    // The extension's own views stay the superuser's.
    assert_eq!(server.psql_in("stitch", &format!("{OWNERS} = 'loader'")), "");
    assert!(
        server
            .psql_in("stitch", &format!("{OWNERS} = 'postgres'"))
            .contains("pg_stat_statements")
    );
}

#[test]
fn a_schema_that_is_not_there() {
    let server = Postgres::start();
    Wizard::dba(&server).setup().exits(0);
    let said = Wizard::new(&server)
        .set("--schema", "Shop")
        .cure(&[], &["schema-missing"]);
    assert!(said.has("schema-missing", "bad").contains("\"Shop\""));
    // No marks: the schema was named, so it is moved, and the doubt is reported.
    server.psql_in("stitch", "create schema plain");
    let said = Wizard::new(&server)
        .set("--schema", "plain")
        .cure(&["schema \"plain\""], &[]);
    said.has("schema-weak-evidence", "unknown");
}

#[test]
fn every_version_moves_without_a_superuser_and_gives_back_what_it_borrowed() {
    for major in majors() {
        let Some(server) = Postgres::start_with(PostgresOptions::new().major(major)) else {
            continue;
        };
        let wizard = loaded(&server, "dba").set("--schema", "shop");
        let memberships = "select coalesce(string_agg(m::text, ' ' order by m::text), '') from pg_auth_members m";
        let before = server.psql(&strip_numbers(memberships, major));
        wizard.cure(&["owner of the schema \"shop\" and 8 objects in it"], &[]);
        assert_eq!(
            server.psql(&strip_numbers(memberships, major)),
            before,
            "PostgreSQL {major}"
        );
        assert_eq!(server.psql_in("stitch", &format!("{OWNERS} <> 'stitch'")), "");
    }
}

/// Rows of `pg_auth_members` have numbers from 16 on; a membership given anew has another one.
fn strip_numbers(question: &str, major: u32) -> String {
    let row = if major >= 16 {
        "(to_jsonb(m) - 'oid')::text"
    } else {
        "m::text"
    };
    question.replace("m::text", row)
}

#[test]
fn a_membership_that_was_there_before_is_still_there() {
    let options = PostgresOptions::new().major(17);
    let Some(server) = Postgres::start_with(options) else {
        return;
    };
    let wizard = loaded(&server, "dba").set("--schema", "shop");
    server.psql("set role dba; grant loader to dba with set true, inherit false");
    let rows = strip_numbers(
        "select string_agg(m::text, ' ' order by m::text) from pg_auth_members m",
        17,
    );
    let before = server.psql(&rows);
    wizard.cure(&["owner of the schema \"shop\""], &[]);
    assert_eq!(server.psql(&rows), before);
}

#[test]
fn what_the_admin_may_not_move_is_left_whole() {
    for major in [15, 17] {
        let Some(server) = Postgres::start_with(PostgresOptions::new().major(major)) else {
            continue;
        };
        let wizard = loaded(&server, "postgres").set("--schema", "shop");
        if major < 16 {
            server.psql("alter role loader superuser"); // CREATEROLE reached every other role then
        }
        // No role is advised to give away what is a superuser's.
        let (code, cure) = if major < 16 {
            (
                "ownership-superuser",
                "ALTER TABLE \"shop\".\"CAMPAIGN_REPORT\" OWNER TO \"stitch\";",
            )
        } else {
            ("ownership-cannot-move", "GRANT \"loader\" TO \"dba\";")
        };
        let said = wizard.cure(&[], &[code, "test-load-refused"]);
        let text = said.has(code, "bad");
        assert!(text.contains(cure), "{text}");
    }
}
