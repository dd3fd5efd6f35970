//! Every kind of object that has an owner: left and reported, or moved when it is asked for; never what is an extension's.

use crate::support::Postgres;
use crate::support::wizard::Wizard;

/// One of each kind, in the schema `shop`, made by its owner.
const ONE_OF_EACH: &str = "
create table t (id int, other int); create table parted (id int) partition by range (id);
create table parted_low partition of parted for values from (0) to (100);
create view a_view as select 1 as one; create materialized view a_matview as select 1 as one; create sequence a_sequence;
create foreign table a_foreign (id int) server elsewhere;
create function a_function(int) returns int language sql as 'select $1';
create function add_up(int, int) returns int language sql as 'select $1 + $2';
create aggregate an_aggregate(int) (sfunc = shop.add_up, stype = int);
create procedure a_procedure(int) language sql as 'select 1';
create type a_composite as (id int); create type an_enum as enum ('a'); create type a_range as range (subtype = float8);
create domain a_domain as int; create statistics some_statistics on id, other from t;
create operator === (leftarg = int, rightarg = int, function = shop.eq);
create collation a_collation from \"C\"; create conversion a_conversion for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
create text search configuration a_configuration (copy = simple); create text search dictionary a_dictionary (template = simple);
revoke execute on function a_function(int) from public;";

/// Whatever in the schema has another owner, extension members and what the server makes for something else aside.
const OTHERS: &str = "select coalesce(string_agg(distinct what, ' ' order by what), '') from (
    select c.relname::text as what, relowner as owner, c.oid from pg_class c where relnamespace = 'shop'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'S', 'f')
    union all select proname, proowner, oid from pg_proc where pronamespace = 'shop'::regnamespace
    union all select typname, typowner, t.oid from pg_type t where typnamespace = 'shop'::regnamespace
    union all select stxname, stxowner, oid from pg_statistic_ext where stxnamespace = 'shop'::regnamespace
    union all select oprname, oprowner, oid from pg_operator where oprnamespace = 'shop'::regnamespace
    union all select opfname, opfowner, oid from pg_opfamily where opfnamespace = 'shop'::regnamespace
    union all select opcname, opcowner, oid from pg_opclass where opcnamespace = 'shop'::regnamespace
    union all select collname, collowner, oid from pg_collation where collnamespace = 'shop'::regnamespace
    union all select conname, conowner, oid from pg_conversion where connamespace = 'shop'::regnamespace
    union all select cfgname, cfgowner, oid from pg_ts_config where cfgnamespace = 'shop'::regnamespace
    union all select dictname, dictowner, oid from pg_ts_dict where dictnamespace = 'shop'::regnamespace) as o
    where pg_get_userbyid(owner) <> 'stitch' and not exists (select 1 from pg_depend d where d.objid = o.oid and d.deptype in ('e', 'i'))";

const ALL: &str = "views,matviews,sequences,foreign-tables,functions,procedures,types,domains,statistics,operators,collations,conversions,text-search";

#[test]
fn every_kind_moves_when_it_is_asked_for() {
    let server = Postgres::start();
    Wizard::dba(&server).setup().exits(0);
    server.psql("create role loader");
    server.psql_in(
        "stitch",
        &format!(
            "create schema shop authorization loader; create extension pg_stat_statements schema shop;
             create foreign data wrapper nowhere; create server elsewhere foreign data wrapper nowhere; grant usage on foreign server elsewhere to loader;
             set role loader; set search_path to shop;
             create function eq(int, int) returns boolean language sql immutable as 'select $1 = $2';
             {ONE_OF_EACH}
             reset role; create operator family a_family using btree; alter operator family a_family using btree owner to loader;
             create operator class a_class for type int using btree family a_family as operator 1 < , function 1 btint4cmp(int, int);
             alter operator class a_class using btree owner to loader"
        ),
    );
    // Nothing in the schema is of a load's making, and the role owns it afterwards.
    let wizard = Wizard::new(&server).set("--schema", "shop").flag("--adopt-role");
    let left = wizard.run("plan").to_string();
    for kind in ALL.split(',') {
        assert!(left.contains(&format!("--include {kind} moves them")), "{kind}: {left}");
    }
    wizard
        .set("--include", ALL)
        .cure(&["owner of the schema \"shop\""], &[]);
    assert_eq!(server.psql_in("stitch", OTHERS), "");
    let members = "select string_agg(distinct pg_get_userbyid(relowner), ' ') from pg_class where relname like 'pg\\_stat\\_statements%'";
    assert_eq!(server.psql_in("stitch", members), "postgres");
    // What only its owner might call, it still may.
    server.psql_in("stitch", "set role loader; select shop.a_function(1)");
}

#[test]
fn what_is_a_superusers_is_refused_and_the_rest_moves() {
    let server = Postgres::start();
    Wizard::dba(&server).setup().exits(0);
    server.psql("set role dba; create role loader");
    server.psql_in(
        "stitch",
        "create schema shop authorization loader; create table shop.theirs (id int); set role loader; create table shop.ours (id int)",
    );
    let wizard = Wizard::dba(&server).set("--schema", "shop").flag("--adopt-role");
    let said = wizard.cure(
        &["owner of the schema \"shop\" and 1 object in it"],
        &["ownership-superuser", "test-load-refused"],
    );
    let text = said.has("ownership-superuser", "bad");
    assert!(text.contains("\"postgres\""), "{text}");
    assert!(
        text.contains("ALTER TABLE \"shop\".\"theirs\" OWNER TO \"stitch\";"),
        "{text}"
    );
}
