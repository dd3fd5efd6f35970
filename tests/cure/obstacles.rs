//! What would refuse a load into tables that are there, decided by the catalog; tests/truth compares the verdicts with what
//! then happens.

use crate::cure::ownership::loaded;
use crate::support::Postgres;
use crate::support::wizard::Wizard;

/// What the program did itself is not held against it: views of the owner before, and a second destination of the same role.
#[test]
fn a_schema_that_changed_hands_is_detected_again() {
    let server = Postgres::start();
    loaded(&server, "postgres");
    server.psql_in(
        "stitch",
        "set role loader; create view shop.report as select 1 as one; create materialized view shop.frozen as select 1 as one",
    );
    let wizard = Wizard::new(&server).set("--schema", "shop");
    let said = wizard.cure(&["owner of the schema \"shop\" and 8 objects in it"], &[]);
    said.has_not("schema-weak-evidence");
    let check = Wizard::new(&server).flag("--detect-schemas").check().exits(0);
    assert_eq!(check.subjects("schema-detected"), ["shop"], "{check}");
    assert_eq!(check.subjects("schema-owned"), ["shop"], "{check}");
    // A restored copy, and a second destination beside it.
    server.psql("create database copy template stitch");
    wizard.is_settled(&[]);
    wizard.set("--database", "copy").check().has_not("role-in-use");
    Wizard::new(&server).set("--database", "second").setup().exits(0);
    // A schema that is not Stitch's still counts as use for something else, also in the copy.
    server.psql_in(
        "copy",
        "create schema app; create table app.users (id int); alter table app.users owner to stitch",
    );
    let check = Wizard::new(&server).check().exits(4);
    assert!(check.has("role-in-use", "bad").contains("copy"), "{check}");
}

#[test]
fn a_comma_list_names_several_schemas() {
    let server = Postgres::start();
    loaded(&server, "postgres");
    server.psql_in("stitch", "set role loader; reset role; create schema more authorization loader; create schema \"odd,name\" authorization loader");
    let wizard = Wizard::new(&server).set("--schema", "shop,more,\"odd,name\"");
    let said = wizard.check().exits(3);
    said.plans(&["schema \"more\"", "schema \"odd,name\"", "schema \"shop\""]);
    said.has_not("schema-missing");
}

/// Every obstacle that the catalog shows is reported for every table, and the report says which tables were tried.
#[test]
fn every_table_is_decided_and_a_sample_is_tried() {
    let server = Postgres::start();
    loaded(&server, "postgres");
    server.psql_in(
        "stitch",
        "create schema audit; create table audit.log (what text);
         create function shop.note() returns trigger language plpgsql as 'begin insert into audit.log values (1); return null; end';
         set role loader; do $$ begin for i in 1..60 loop execute format('create table shop.z%s (id int)', i); end loop; end $$;
         create trigger note after insert on shop.z60 for each statement execute procedure shop.note()",
    );
    let wizard = Wizard::new(&server).set("--schema", "shop");
    let said = wizard.cure(&["owner of the schema \"shop\""], &["write-privileges-missing"]);
    let missing = said.has("write-privileges-missing", "bad");
    let cure = "GRANT USAGE ON SCHEMA audit TO \"stitch\"; GRANT INSERT ON TABLE audit.log TO \"stitch\";";
    assert!(missing.contains("z60") && missing.contains(cure), "{missing}");
    let tried = said.has("existing-tables-tested", "good");
    assert!(
        tried.contains("writes were tested on 40 tables, and checked in the catalog for 27 tables"),
        "{tried}"
    );
    let (_, grants) = missing.split_once("runs: ").expect("the statements are told");
    server.psql_in("stitch", grants);
    wizard.is_settled(&[]);
    // A table that is not Stitch's, beyond the sample, and no step that moves it.
    server.psql_in("stitch", "alter table shop.z59 owner to loader");
    let check = Wizard::new(&server).check().exits(4);
    assert_eq!(check.subjects("table-not-owned"), ["shop.z59"], "{check}");
}

/// Whatever a function of the users' is used for, nothing that is asked or tried runs it.
#[test]
fn nobodys_functions_are_run() {
    let server = Postgres::start();
    loaded(&server, "postgres");
    server.psql_in(
        "stitch",
        "set role loader; create sequence shop.canary; set search_path = shop;
         create function sung() returns bigint language sql as 'select nextval(''shop.canary'')';
         create function still(bigint) returns boolean language plpgsql immutable as 'begin perform nextval(''shop.canary''); return true; end';
         create function note() returns trigger language plpgsql as 'begin perform nextval(''shop.canary''); return null; end';
         create table one (id bigint check (shop.still(id)), n bigint default shop.sung());
         create table two (id bigint, n bigint default case when shop.still(1) then 1 end); create index on two (shop.still(id));
         create table three (id bigint); create trigger g before insert or update or delete or truncate on three execute procedure note();
         create table four (id bigint); create rule r as on update to four do also select shop.sung();
         grant usage on sequence shop.canary to stitch",
    );
    let before = server.psql_in("stitch", "select is_called, last_value from shop.canary");
    let wizard = Wizard::new(&server).set("--schema", "shop");
    wizard.run("plan").exits(0);
    wizard.setup().exits(0);
    wizard.check().exits(0);
    wizard.flag("--rehearse-existing").check().exits(0);
    assert_eq!(
        server.psql_in("stitch", "select is_called, last_value from shop.canary"),
        before
    );
}
