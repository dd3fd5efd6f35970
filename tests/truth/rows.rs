//! Rows of every kind: structure, default privileges, and what others lose.

use crate::truth::row::{Row, fine, loss, problem};
use crate::truth::{rows_rights, rows_tree};

/// All rows.
pub(crate) fn all() -> Vec<Row> {
    [rows_rights::ROWS, rows_tree::ROWS, STRUCTURE, READERS, OTHERS].concat()
}

const STRUCTURE: &[Row] = &[
    fine("an ordinary table", "create table t (id bigint primary key, note text)"),
    fine("an unlogged table", "create unlogged table t (id bigint)"),
    fine("extended statistics on it", "create table t (id bigint, note text); create statistics s on id, note from t"),
    fine("a materialized view elsewhere reads it", "create table t (id bigint); create schema {s}_x; create materialized view {s}_x.v as select id from t"),
    fine("a foreign key to the table itself", "create table t (id bigint primary key, parent bigint references t)"),
    fine("a foreign key to a table elsewhere", "create schema {s}_x; create table {s}_x.k (id bigint primary key); create table t (id bigint, k bigint references {s}_x.k)"),
    problem("truncate-refused", "a table elsewhere references it by a foreign key", "create table t (id bigint primary key); create schema {s}_x; create table {s}_x.k (id bigint references t)"),
    problem("truncate-refused", "a table in the same schema references it", "create table t (id bigint primary key); create table k (id bigint references t)"),
    problem("truncate-refused", "a partitioned table references it", "create table t (id bigint primary key); create table k (id bigint references t) partition by range (id); create table k1 partition of k default").since(12),
    fine("1,580 columns", "do $$ begin execute 'create table t (id bigint, ' || (select string_agg('c' || i || ' text', ', ') from generate_series(2, 1580) i) || ')'; end $$"),
    problem("column-limit", "1,600 columns", "do $$ begin execute 'create table t (id bigint, ' || (select string_agg('c' || i || ' text', ', ') from generate_series(2, 1600) i) || ')'; end $$"),
    problem("column-limit", "1,600 columns, all but one of them dropped", "do $$ begin execute 'create table t (id bigint, ' || (select string_agg('c' || i || ' text', ', ') from generate_series(2, 1600) i) || ')'; execute 'alter table t ' || (select string_agg('drop column c' || i, ', ') from generate_series(2, 1600) i); end $$"),
    problem("table-shape-fixed", "a table of a composite type", "create type shape as (id bigint); create table t of shape"),
    fine("published, with a primary key", "create table t (id bigint primary key); reset role; create publication {s}_p for table {s}.t"),
    fine("published without a key, its whole row as identity", "create table t (id bigint); alter table t replica identity full; reset role; create publication {s}_p for table {s}.t"),
    fine("published without a key, inserts only", "create table t (id bigint); reset role; create publication {s}_p for table {s}.t with (publish = 'insert')"),
    problem("replica-identity-missing", "published without a key", "create table t (id bigint); reset role; create publication {s}_p for table {s}.t"),
    problem("replica-identity-missing", "published with a key, and no replica identity", "create table t (id bigint primary key); alter table t replica identity nothing; reset role; create publication {s}_p for table {s}.t"),
    problem("replica-identity-missing", "published with its schema", "create table t (id bigint); reset role; create publication {s}_p for tables in schema {s}").since(15),
    problem("rule-instead", "a rule that does nothing instead of an insert", "create table t (id bigint); create rule r as on insert to t do instead nothing"),
];

const NEXT: &[(&str, &str)] = &[
    ("stitch", "create table {s}.next (id int)"),
    ("bi", "select count(*) from {s}.next"),
];
const NEW: &[(&str, &str)] = &[
    ("stitch", "create schema {s}_new"),
    ("stitch", "create table {s}_new.next (id int)"),
    ("bi", "select count(*) from {s}_new.next"),
];

const READERS: &[Row] = &[
    fine("default privileges of the owner in the schema let `bi` read", "create table t (id bigint); grant usage on schema {s} to bi; alter default privileges in schema {s} grant select on tables to bi").then(NEXT),
    fine("default privileges of the owner in the schema let everybody read", "create table t (id bigint); grant usage on schema {s} to public; alter default privileges in schema {s} grant select on tables to public").then(NEXT),
    fine("the owner, a superuser, has them", "create table t (id bigint); grant usage on schema {s} to bi; alter default privileges for role boss in schema {s} grant select on tables to bi").then(NEXT).of_a_superuser(),
    fine("the owner, a superuser, has them for sequences", "create table t (id bigint); grant usage on schema {s} to bi; alter default privileges for role boss in schema {s} grant usage on sequences to bi").then(&[("stitch", "create sequence {s}.q"), ("bi", "select nextval('{s}.q')")]).of_a_superuser(),
    fine("the owner, a superuser, grants them to a member of a group", "create table t (id bigint); grant usage on schema {s} to team; alter default privileges for role boss in schema {s} grant select on tables to team").then(NEXT).of_a_superuser(),
    fine("a member of the owner, a superuser, reads what is there", "create table t (id bigint); grant boss to bi").then(&[("bi", "select count(*) from {s}.t"), ("stitch", "create table {s}.next (id int)"), ("bi", "select count(*) from {s}.next")]).of_a_superuser(),
    fine("the owner reads what is there, and what Stitch makes", "create table t (id bigint)").then(&[("loader", "select count(*) from {s}.t"), ("stitch", "create table {s}.next (id int)"), ("loader", "select count(*) from {s}.next")]),
    fine("a view of the owner elsewhere is read by `bi`", "create table t (id bigint); create schema {s}_x; grant usage on schema {s}_x to bi; create view {s}_x.v as select * from t; grant select on {s}_x.v to bi").then(&[("bi", "select count(*) from {s}_x.v")]),
];

/// Default privileges that hold in every schema. They are of the role, so these rows are played last.
pub(crate) const EVERYWHERE: &[Row] = &[
    fine("default privileges of the owner in all schemas let `bi` read", "create table t (id bigint); grant usage on schema {s} to bi; alter default privileges grant select on tables to bi").then(NEXT),
    fine("the same, and schemas too: what Stitch makes in a new schema", "create table t (id bigint); alter default privileges grant select on tables to bi; alter default privileges grant usage on schemas to bi").then(NEW),
    fine("the owner, a superuser, has them in all schemas", "create table t (id bigint); grant usage on schema {s} to bi; alter default privileges for role boss grant select on tables to bi; alter default privileges for role boss grant usage on schemas to bi").then(NEW).of_a_superuser(),
];

const OTHERS: &[Row] = &[
    loss(
        "impact-owner",
        "the owner goes on inserting",
        "create table t (id bigint)",
        &[("loader", "insert into {s}.t values (1)")],
    ),
    loss(
        "impact-owner",
        "a member of the owner goes on inserting",
        "create table t (id bigint)",
        &[("app", "insert into {s}.t values (1)")],
    ),
    loss(
        "impact-functions",
        "a function of the owner's with its rights deletes",
        "create table t (id bigint); create schema {s}_x; create function {s}_x.clean() returns void language sql security definer as 'delete from {s}.t'",
        &[("loader", "select {s}_x.clean()")],
    ),
    loss(
        "impact-writes",
        "a trigger elsewhere writes to it",
        "create table t (id bigint); create schema {s}_x; create table {s}_x.k (id bigint); create function {s}_x.f() returns trigger language plpgsql as $$ begin insert into {s}.t values (new.id); return new; end $$; create trigger k after insert on {s}_x.k for each row execute procedure {s}_x.f()",
        &[("loader", "insert into {s}_x.k values (1)")],
    ),
    loss(
        "impact-writes",
        "a rule elsewhere writes to it",
        "create table t (id bigint); create schema {s}_x; create table {s}_x.k (id bigint); create rule r as on insert to {s}_x.k do also insert into {s}.t values (new.id)",
        &[("loader", "insert into {s}_x.k values (1)")],
    ),
    loss(
        "impact-parents",
        "it is a child of a table elsewhere",
        "create schema {s}_x; create table {s}_x.p (id bigint); create table c () inherits ({s}_x.p)",
        &[("loader", "alter table {s}_x.p add column x int")],
    ),
];
