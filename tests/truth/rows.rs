//! Rows of every kind: structure, default privileges, and what others lose.

use crate::truth::row::{Row, fine, loss, problem};
use crate::truth::{rows_code, rows_kinds, rows_limits, rows_more, rows_rights, rows_tree};

/// All rows.
pub(crate) fn all() -> Vec<Row> {
    [
        rows_code::ROWS,
        rows_kinds::ROWS,
        rows_limits::ROWS,
        rows_more::ROWS,
        rows_rights::ROWS,
        rows_tree::ROWS,
        STRUCTURE,
        READERS,
        OTHERS,
    ]
    .concat()
}

const STRUCTURE: &[Row] = &[
    fine("an ordinary table", "create table t (id bigint primary key, note text)"),
    fine("an unlogged table", "create unlogged table t (id bigint)"),
    fine("extended statistics on it", "create table t (id bigint, note text); create statistics s on id, note from t"),
    fine("a materialized view elsewhere reads it", "create table t (id bigint); create schema {s}_x; create materialized view {s}_x.v as select id from t"),
    problem("rows-refused", "a foreign key to the table itself", "create table t (id bigint primary key, parent bigint references t)"),
    problem("rows-refused", "a foreign key to a table elsewhere", "create schema {s}_x; create table {s}_x.k (id bigint primary key); create table t (id bigint, k bigint references {s}_x.k)"),
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
    problem("row-security", "row security is forced, with no policy", "create table t (id bigint); alter table t enable row level security; alter table t force row level security"),
    fine("a virtual column", "create table t (id bigint, g bigint generated always as (id * 2) virtual)").since(18),
    problem("rows-refused", "an exclusion constraint", "create table t (id bigint, r int4range, exclude using gist (r with &&))"),
    problem("replica-identity-missing", "published, and the index of its identity was dropped", "create table t (id bigint not null); create unique index i on t (id); alter table t replica identity using index i; drop index i; reset role; create publication {s}_p for table {s}.t"),
    problem("replica-identity-missing", "published, and its key is deferrable", "create table t (id bigint primary key deferrable); reset role; create publication {s}_p for table {s}.t"),
    problem("replica-identity-missing", "published by a filter on a column outside the key", "create table t (id bigint primary key, note text); reset role; create publication {s}_p for table {s}.t where (note <> '')").since(15),
    problem("replica-identity-missing", "published without the column of its key", "create table t (id bigint primary key, note text); reset role; create publication {s}_p for table {s}.t (note)").since(15),
    fine("published by a filter on its key", "create table t (id bigint primary key, note text); reset role; create publication {s}_p for table {s}.t where (id > 0)").since(15),
    fine("published, with an index as identity", "create table t (id bigint not null, n int); create unique index i on t (id); alter table t replica identity using index i; reset role; create publication {s}_p for table {s}.t"),
    fine("another table has a column of its row type", "create table t (id bigint); create schema {s}_x; create table {s}_x.u (x t)"),
    fine("a table beside it belongs to an extension", "create table t (id bigint); create table spatial_ref_sys (id bigint); reset role; alter extension plpgsql add table {s}.spatial_ref_sys").of_a_superuser(),
    problem("truncate-refused", "a partition elsewhere references it", "create table t (id bigint primary key); create schema {s}_x; create table {s}_x.k (id bigint) partition by range (id); create table {s}_x.k1 partition of {s}_x.k for values from (minvalue) to (maxvalue); alter table {s}_x.k1 add foreign key (id) references t"),
    problem("truncate-refused", "its partition is referenced", "create table t (id bigint) partition by range (id); create table t1 partition of t for values from (minvalue) to (maxvalue); alter table t1 add primary key (id); create schema {s}_x; create table {s}_x.k (id bigint references t1)"),
    fine("a table with odd names", "create table \"a.b \"\"c\"\"\n é😀\" (id bigint primary key, \"Ü \"\"\n x\" text); create table t (\"first \"\"\n\" text, id bigint)"),
    fine("a temporal key", "create table t (id bigint, r int4range, valid daterange, primary key (r, valid without overlaps))").since(18).then(&[("stitch", "insert into {s}.t values (1, '[1,2)', '[2020-01-01,2021-01-01)')"), ("stitch", "alter table {s}.t add column later text")]),
    problem("partition-not-owned", "a foreign table as a child", "create table t (id bigint); reset role; create foreign data wrapper {s}_w; create server {s}_v foreign data wrapper {s}_w; grant usage on foreign server {s}_v to loader; set role loader; create foreign table c () inherits ({s}.t) server {s}_v"),
    problem("replica-identity-missing", "published as its root, and the partition has no identity", "create table t (id bigint primary key) partition by range (id); create table t1 partition of t for values from (minvalue) to (maxvalue); alter table t1 replica identity nothing; reset role; create publication {s}_p for table {s}.t with (publish_via_partition_root)").since(13),
    problem("replica-identity-missing", "published by a filter of its root on a column outside the key", "create table t (id bigint primary key, n int) partition by range (id); create table t1 partition of t for values from (minvalue) to (maxvalue); reset role; create publication {s}_p for table {s}.t where (n > 0) with (publish_via_partition_root)").since(15),
    problem("replica-identity-missing", "published, and a generated column of its identity is not", "create table t (id bigint, g bigint generated always as (id * 2) stored not null); create unique index i on t (g); alter table t replica identity using index i; reset role; create publication {s}_p for table {s}.t").since(18),
    fine("published with its generated columns", "create table t (id bigint primary key, g bigint generated always as (id * 2) stored); alter table t replica identity full; reset role; create publication {s}_p for table {s}.t with (publish_generated_columns = stored)").since(18),
    fine("a key that its default fills", "create table t (id bigint generated by default as identity primary key)"),
    problem("rows-refused", "a key that is always generated", "create table t (id bigint generated always as identity primary key)"),
    problem("rows-refused", "a key that is computed", "create table t (n bigint, id bigint generated always as (n * 2) stored primary key)").since(12),
    problem("rows-refused", "a deferrable key, loaded by upserts", "create table t (id bigint primary key deferrable)").then(UPSERT),
    problem("rows-refused", "a deferrable constraint beside the key", "create table t (id bigint primary key, n int unique deferrable)").then(&[("stitch", "insert into {s}.t values (1) on conflict do nothing")]),
    problem("rows-refused", "a deferrable exclusion constraint", "create table t (id int, exclude using btree (id with =) deferrable)").then(&[("stitch", "insert into {s}.t values (1) on conflict do nothing")]),
    fine("a key, loaded by upserts", "create table t (id bigint primary key, n int)").then(UPSERT),
    problem("rows-refused", "partitioned, with no partition", "create table t (id bigint) partition by range (id)"),
    fine("row security is forced, but not enabled", "create table t (id bigint); alter table t force row level security"),
];

const UPSERT: &[(&str, &str)] = &[(
    "stitch",
    "insert into {s}.t values (1) on conflict (id) do update set id = excluded.id",
)];
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
    fine("a matview elsewhere is refreshed by its owner", "create table t (id bigint); create schema {s}_x; create materialized view {s}_x.v as select id from t").then(&[("loader", "refresh materialized view {s}_x.v")]),
    problem("rows-refused", "a row is deleted elsewhere, and those that reference it", "create schema {s}_x; create table {s}_x.k (id bigint primary key); create table t (id bigint references {s}_x.k on delete cascade); insert into {s}_x.k values (1); insert into t values (1)").then(&[("loader", "delete from {s}_x.k"), ("stitch", "select 1 / (1 - count(*)) from {s}.t")]),
    fine("a row is added elsewhere that references it", "create table t (id bigint primary key); insert into t values (1); create schema {s}_x; create table {s}_x.k (id bigint)").then(&[("loader", "insert into {s}_x.k values (1)"), ("stitch", "insert into {s}.t values (2)")]),
    fine("a role with INSERT continues to insert", "create table t (id bigint, n serial); grant usage on schema {s} to bi; grant insert on t to bi; grant usage on sequence t_n_seq to bi").then(&[("bi", "insert into {s}.t (id) values (1)")]),
    fine("default privileges with a grant option", "create table t (id bigint); grant usage on schema {s} to bi; alter default privileges in schema {s} grant select on tables to bi with grant option").then(&[("stitch", "create table {s}.next (id int)"), ("bi", "grant select on {s}.next to app")]),
    fine("default privileges to write", "create table t (id bigint); grant usage on schema {s} to bi; alter default privileges in schema {s} grant insert, update, delete on tables to bi").then(&[("stitch", "create table {s}.next (id int)"), ("bi", "insert into {s}.next values (1)")]),
    fine("default privileges of a superuser to write", "create table t (id bigint); grant usage on schema {s} to bi; alter default privileges in schema {s} grant insert, update, delete on tables to bi").then(&[("stitch", "create table {s}.next (id int)"), ("bi", "insert into {s}.next values (1)")]).of_a_superuser(),
    fine("default privileges of a superuser with a grant option", "create table t (id bigint); grant usage on schema {s} to bi; alter default privileges in schema {s} grant select on tables to bi with grant option").then(&[("stitch", "create table {s}.next (id int)"), ("bi", "grant select on {s}.next to app")]).of_a_superuser(),
    fine("default privileges of a table's owner who does not own the schema", "create role {s}_o; grant create, usage on schema {s} to {s}_o; set role {s}_o; create table {s}.t (id bigint); alter default privileges in schema {s} grant select on tables to bi; reset role; grant usage on schema {s} to bi").then(NEXT).of_a_superuser(),
    fine("large objects by default", "create table t (id bigint); alter default privileges grant select on large objects to bi").since(18),
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
    loss(
        "impact-views",
        "others write by a view of the owner",
        "create table t (id bigint); create schema {s}_x; create view {s}_x.v as select * from t; grant usage on schema {s}_x to bi; grant insert on {s}_x.v to bi",
        &[("bi", "insert into {s}_x.v values (1)")],
    ),
    loss(
        "impact-owner",
        "the owner goes on creating in the schema",
        "create table t (id bigint)",
        &[("loader", "create table {s}.mine (id int)")],
    ),
    loss(
        "impact-owner",
        "the owner takes numbers from its sequence",
        "create table t (id bigint, n serial)",
        &[("loader", "select nextval('{s}.t_n_seq')")],
    ),
    loss(
        "impact-row-security",
        "the owner reads rows past row security",
        "create table t (id bigint); insert into t values (1); alter table t enable row level security",
        &[("loader", "select 1 / count(*) from {s}.t")],
    ),
    loss(
        "impact-functions",
        "a function of a member of the owner deletes",
        "create table t (id bigint); create schema {s}_x; create function {s}_x.clean() returns void language sql security definer as 'delete from {s}.t'; reset role; alter function {s}_x.clean() owner to app; grant usage on schema {s}_x to app",
        &[("app", "select {s}_x.clean()")],
    ),
    loss(
        "impact-writes",
        "a rule of a view elsewhere writes to it",
        "create table t (id bigint); create schema {s}_x; create view {s}_x.v as select 1::bigint as id; create rule r as on insert to {s}_x.v do instead insert into {s}.t values (new.id); grant usage on schema {s}_x to bi; grant insert on {s}_x.v to bi",
        &[("bi", "insert into {s}_x.v values (1)")],
    ),
    loss(
        "impact-owner",
        "the owner alters its table",
        "create table t (id bigint)",
        &[("loader", "alter table {s}.t set (fillfactor = 90)")],
    ),
];
