//! Roles that read before an ownership transfer read afterwards, and what is lost is reported before.

use crate::cure::ownership::LOADED;
use crate::support::Postgres;
use crate::support::Program;
use crate::support::postgres::POSTGRES_PASSWORD;
use crate::support::wizard::Wizard;

/// A loaded schema, and everything that depends on its owner.
const HANGING: &str = r#"
create role analyst; create role reporting in role loader;
create schema bi authorization loader;
set role loader; set search_path to shop;
grant usage on schema shop to analyst; grant select on "CAMPAIGN_REPORT" to analyst; grant insert on "Order Lines" to stitch with grant option;
grant select (id), update ("it's ""odd""") on "Order Lines" to analyst; grant references ("it's ""odd""") on "Order Lines" to stitch with grant option;
grant update (id) on "Order Lines" to stitch; grant insert (record) on _sdc_rejected to stitch;
alter default privileges in schema shop grant select on tables to analyst;
create view bi.report as select count(*) from "CAMPAIGN_REPORT"; grant select on bi.report to analyst; grant usage on schema bi to analyst;
create function bi.clean() returns int language sql security definer as 'select count(*)::int from shop."CAMPAIGN_REPORT"';
alter table ads__actions enable row level security;
reset role;
grant create on database stitch to loader; set role loader; create publication changes for table shop."CAMPAIGN_REPORT"; reset role;
revoke create on database stitch from loader;
create subscription feed connection 'dbname=nowhere' publication p with (connect = false);
create role feeder; update pg_subscription set subowner = 'feeder'::regrole;
insert into pg_subscription_rel select s.oid, 'shop.numbered'::regclass, 'r', null from pg_subscription s;
create schema cron; create table cron.job (jobid bigint, username text, database text, active boolean);
insert into cron.job values (7, 'loader', 'stitch', true), (8, 'analyst', 'stitch', true)"#;

/// What works before.
const QUERIES: [(&str, &str); 7] = [
    ("loader", r#"select count(*) from shop."CAMPAIGN_REPORT""#),
    ("loader", "select * from bi.report"),
    ("loader", "select bi.clean()"),
    ("reporting", r#"select count(*) from shop."Order Lines""#),
    ("analyst", r#"select count(*) from shop."CAMPAIGN_REPORT""#),
    ("analyst", "select * from bi.report"),
    ("analyst", "select bi.clean()"),
];

pub(crate) fn hanging<'a>(server: &'a Postgres<'a>) -> Wizard<'a> {
    Wizard::dba(server).setup().exits(0);
    server.psql("set role dba; create role loader");
    server.psql_in("stitch", "create schema shop authorization loader");
    server.psql_in("stitch", &format!("set role loader; {LOADED}"));
    server.psql_in("stitch", HANGING);
    Wizard::new(server).set("--schema", "shop")
}

fn works(server: &Postgres<'_>, role: &str, query: &str) -> bool {
    let sql = format!("set session authorization {role}; {query}");
    server
        .try_psql_as("postgres", POSTGRES_PASSWORD, "stitch", &sql)
        .is_ok()
}

/// Owners, and every privilege that a role has on something in the schema, or on a column.
pub(crate) const STATE: &str = "select string_agg(one, E'\\n' order by one) from (
    -- An owner may grant what it has, written down or not.
    select format('%s %s %s %s %s', c.relname, pg_get_userbyid(c.relowner), a.grantee::regrole, a.privilege_type, a.is_grantable or a.grantee = c.relowner) as one from pg_class c,
        aclexplode(coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's' else 'r' end::\"char\", c.relowner))) a
    where c.relnamespace = 'shop'::regnamespace and c.relkind in ('r', 'p', 'S')
    union all select format('%s.%s %s %s %s', c.relname, t.attname, a.grantee::regrole, a.privilege_type, a.is_grantable)
        from pg_class c, pg_attribute t, aclexplode(t.attacl) a
        where t.attrelid = c.oid and c.relnamespace = 'shop'::regnamespace and a.grantee <> c.relowner
    union all select format('%s %s', pg_get_userbyid(n.nspowner), a) from pg_namespace n, aclexplode(n.nspacl) a where n.nspname = 'shop'
    union all select d::text from (select defaclrole, defaclnamespace, defaclobjtype, aclexplode(defaclacl) from pg_default_acl) d) as state";

#[test]
fn who_reads_goes_on_reading() {
    let server = Postgres::start();
    let wizard = hanging(&server).set("--undo", "undo.sh");
    for (role, query) in QUERIES {
        assert!(works(&server, role, query), "{role} before: {query}");
    }
    let before = server.psql_in("stitch", STATE);
    assert!(
        before.contains("Order Lines.it's \"odd\" stitch REFERENCES t"),
        "{before}"
    );
    let said = wizard.run("plan");
    let told = said.has("impact-owner", "unknown");
    assert!(told.contains("\"loader\"") && told.contains("9 objects"), "{told}");
    assert!(said.has("impact-views", "good").contains("bi.report"));
    assert!(said.has("impact-functions", "unknown").contains("bi.clean"));
    assert!(said.has("impact-row-security", "unknown").contains("shop.ads__actions"));
    assert_eq!(said.subjects("impact-replication").len(), 2, "{said}");
    let replication = said.to_string();
    assert!(replication.contains("publications of \\\"loader\\\""), "{replication}");
    assert!(replication.contains("shop.numbered (feed)"), "{replication}");
    let jobs = said.has("impact-jobs", "unknown");
    assert!(jobs.contains("number 7") && !jobs.contains("number 8"), "{jobs}");
    wizard.cure(&["owner of the schema \"shop\" and 8 objects in it"], &[]);
    for (role, query) in QUERIES {
        assert!(works(&server, role, query), "{role} after: {query}");
    }
    // What Stitch makes from now on is read as what the owner before would have made.
    server.psql_in("stitch", "set role stitch; create table shop.new (id int)");
    for role in ["loader", "analyst", "reporting"] {
        assert!(works(&server, role, "select * from shop.new"), "{role}");
    }
    server.psql_in("stitch", "drop table shop.new");
    let undo = Program::new("sh", &server)
        .arg("undo.sh")
        .env("PGPASSWORD", POSTGRES_PASSWORD)
        .run();
    assert!(undo.success(), "{undo:?}");
    assert_eq!(server.psql_in("stitch", STATE), before);
}

#[test]
fn without_readers_what_is_lost_is_told() {
    let server = Postgres::start();
    let wizard = hanging(&server).flag("--no-keep-readers");
    let said = wizard.cure(&["owner of the schema \"shop\" and 8 objects in it"], &[]);
    assert!(!said.commands().concat().contains("GRANT SELECT"), "{said}");
    let server = &server;
    assert!(!works(server, "analyst", "select * from bi.report"));
    assert!(!works(server, "loader", r#"select count(*) from shop."Order Lines""#));
    assert!(works(
        server,
        "analyst",
        r#"select count(*) from shop."CAMPAIGN_REPORT""#
    ));
}

#[test]
fn a_view_that_would_stop_stays() {
    let server = Postgres::start();
    let wizard = hanging(&server).set("--include", "views");
    server.psql_in(
        "stitch",
        "set role loader; create table bi.budget (id int); create view shop.mixed as select count(*) from bi.budget;
         create view shop.whole as select count(*) from shop.parted",
    );
    let said = wizard.cure(&["and 9 objects"], &[]);
    let stays = said.has("impact-view-breaks", "unknown");
    assert!(stays.contains("bi.budget"), "{stays}");
    let owners = "select string_agg(relname || ' ' || pg_get_userbyid(relowner), ', ' order by relname) from pg_class where relkind = 'v' and relnamespace = 'shop'::regnamespace";
    assert_eq!(server.psql_in("stitch", owners), "mixed loader, whole stitch");
    assert!(works(&server, "loader", "select * from shop.mixed"));
    assert!(works(&server, "loader", "select * from shop.whole"));
}
