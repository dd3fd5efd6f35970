//! The same for what holds for all tables: a state of the server, the database or the role, what `check` says of it, and what
//! happens to a load in a session of Stitch's.

use crate::support::wizard::{PASSWORD, Said, Wizard};
use crate::support::{Postgres, PostgresOptions};

/// A state, made by a superuser in Stitch's database.
struct State {
    what: &'static str,
    sql: &'static str,
    undo: &'static str,
    /// The code that reports it; a part of the change that `check` plans; nothing: all is well.
    says: &'static str,
    since: u32,
    /// What Stitch does besides a load.
    also: &'static str,
}

const fn fine(state: &'static str, sql: &'static str, undo: &'static str) -> State {
    State {
        what: state,
        sql,
        undo,
        says: "",
        since: 10,
        also: "",
    }
}

const fn problem(says: &'static str, state: &'static str, sql: &'static str, undo: &'static str) -> State {
    State {
        says,
        ..fine(state, sql, undo)
    }
}

impl State {
    const fn since(self, since: u32) -> Self {
        Self { since, ..self }
    }

    const fn also(self, also: &'static str) -> Self {
        Self { also, ..self }
    }
}

/// A first load, with names as Stitch writes them.
const LOAD: &str = "begin;
    create temporary table staging (id bigint, amount numeric, price double precision, paid boolean, note text, at timestamptz, n integer);
    insert into staging values (1, 1.5, 0.1, true, E'gr\\u00fcn', now(), 1);
    create schema if not exists shop;
    create table shop.orders (id bigint not null, amount numeric, price double precision, paid boolean, note text, at timestamptz, n integer, constraint orders_pkey primary key (id));
    create table if not exists shop._sdc_rejected (record text, reason text, table_name text, _sdc_rejected_at timestamptz);
    insert into shop.orders select * from staging;
    commit;
    alter table shop.orders rename column amount to amount__de;
    alter table shop.orders add column amount__st text;
    comment on table shop.orders is 'x';
    update shop.orders set note = 'y';
    truncate shop.orders;";

const RESET: &str =
    "alter role stitch reset all; alter role stitch in database stitch reset all; alter database stitch reset all";
const SLOW: &str = "begin; select pg_sleep(1.2); commit;";
const SORT: &str = "set work_mem = '64kB'; select count(*) from (select i from generate_series(1, 200000) i order by i desc offset 1) x;";
const GUARD: &str = "drop event trigger guard; drop function public.guard()";

const STATES: &[State] = &[
    fine("nothing special", "select 1", "select 1"),
    problem("setting-interrupts-loads", "statement_timeout of the role in the database", "alter role stitch in database stitch set statement_timeout = '1s'", RESET).also(SLOW),
    problem("setting-interrupts-loads", "statement_timeout of the database", "alter database stitch set statement_timeout = '1s'", RESET).also(SLOW),
    fine("statement_timeout of the database, overruled for the role", "alter database stitch set statement_timeout = '1s'; alter role stitch set statement_timeout = 0", RESET).also(SLOW),
    problem("setting-interrupts-loads", "transaction_timeout of the database", "alter database stitch set transaction_timeout = '1s'", RESET).since(17).also(SLOW),
    problem("setting-interrupts-loads", "idle_in_transaction_session_timeout of the role", "alter role stitch set idle_in_transaction_session_timeout = '1s'", RESET).also("begin;\n\\! sleep 1.3\nselect 1; commit;"),
    problem("setting-interrupts-loads", "idle_session_timeout of the role", "alter role stitch set idle_session_timeout = '1s'", RESET).since(14).also("select 1;\n\\! sleep 1.3\nselect 1;"),
    problem("setting-interrupts-loads", "default_transaction_read_only of the role in the database", "alter role stitch in database stitch set default_transaction_read_only = on", RESET),
    problem("setting-interrupts-loads", "temp_file_limit of the role", "alter role stitch set temp_file_limit = '64kB'", RESET).also(SORT),
    problem("role-in-use", "the role acts as another", "grant app to stitch; alter role stitch set role = app", "revoke app from stitch; alter role stitch reset all"),
    fine("transaction_read_only of the role", "alter role stitch set transaction_read_only = on", RESET),
    fine("a default_tablespace that is missing", "alter role stitch set default_tablespace = 'missing'", RESET),
    fine("temp_tablespaces that is missing", "alter role stitch set temp_tablespaces = 'missing'", RESET),
    problem("login-refused", "a library that is missing", "alter role stitch set session_preload_libraries = 'missing'", RESET),
    fine("work_mem, DateStyle, TimeZone, lc_messages and others", "alter role stitch set work_mem = '64kB'; alter role stitch set datestyle = 'SQL, DMY'; alter role stitch set timezone = 'Asia/Kathmandu'; alter role stitch set extra_float_digits = -15; alter role stitch set bytea_output = escape; alter role stitch set client_encoding = latin1; alter role stitch set synchronous_commit = off; alter role stitch set array_nulls = off", RESET),
    fine("a setting of an application", "alter role stitch set app.tenant = 'x'; alter database stitch set app.place = 'y'", RESET),
    problem("let the role", "no connections for the role", "alter role stitch connection limit 0", "alter role stitch connection limit -1"),
    problem("let the role", "an expired role", "alter role stitch valid until '2020-01-01'", "alter role stitch valid until 'infinity'"),
    problem("let the role", "a role that may not log in", "alter role stitch nologin", "alter role stitch login"),
    problem("role-expires", "a role that expires", "alter role stitch valid until '2120-01-01'", "alter role stitch valid until 'infinity'"),
    fine("a role that never expires", "alter role stitch valid until 'infinity'", "select 1"),
    fine("a role that does not inherit", "alter role stitch noinherit", "alter role stitch inherit"),
    problem("grant TEMPORARY", "TEMPORARY is nobody's", "revoke temporary on database stitch from public, stitch", "grant temporary on database stitch to public"),
    problem("grant CREATE", "CREATE was revoked", "revoke create on database stitch from stitch", "grant create on database stitch to stitch"),
    fine("a schema of that name is Stitch's", "create schema shop authorization stitch", "drop schema if exists shop cascade"),
    fine("PUBLIC may not use the schema public", "revoke all on schema public from public", "grant usage on schema public to public"),
    fine("PUBLIC may not use PL/pgSQL", "revoke usage on language plpgsql from public", "grant usage on language plpgsql to public"),
    problem("test-load-refused", "PUBLIC may not use the type numeric", "revoke usage on type numeric from public", "grant usage on type numeric to public"),
    problem("grant", "PUBLIC may not use information_schema", "revoke usage on schema information_schema from public", "grant usage on schema information_schema to public").also("select count(*) from information_schema.columns where table_name = 'orders';"),
    problem("grant", "PUBLIC may not read pg_attribute", "revoke select on pg_catalog.pg_attribute from public", "grant select on pg_catalog.pg_attribute to public").also("select count(*) from pg_catalog.pg_attribute where attname = 'orders';"),
    problem("test-load-refused", "an event trigger refuses new schemas", "create function public.guard() returns event_trigger language plpgsql as $$ begin if session_user = 'stitch' then raise 'not here'; end if; end $$; create event trigger guard on ddl_command_start when tag in ('CREATE SCHEMA') execute procedure public.guard()", GUARD),
    problem("test-load-refused", "an event trigger refuses comments", "create function public.guard() returns event_trigger language plpgsql as $$ begin if session_user = 'stitch' then raise 'not here'; end if; end $$; create event trigger guard on ddl_command_end when tag in ('COMMENT') execute procedure public.guard()", GUARD),
    problem("test-load-refused", "an event trigger refuses renamed columns", "create function public.guard() returns event_trigger language plpgsql as $$ begin if session_user = 'stitch' and current_query() ~* 'rename' then raise 'not here'; end if; end $$; create event trigger guard on ddl_command_start when tag in ('ALTER TABLE') execute procedure public.guard()", GUARD),
    problem("test-load-refused", "an event trigger writes where Stitch may not", "create schema audit; create table audit.log (tag text); create function public.guard() returns event_trigger language plpgsql as $$ begin insert into audit.log values (tg_tag); end $$; create event trigger guard on ddl_command_end execute procedure public.guard()", "drop event trigger guard; drop function public.guard(); drop schema audit cascade"),
    problem("event-triggers", "an event trigger that only looks", "create function public.guard() returns event_trigger language plpgsql as $$ begin perform 1; end $$; create event trigger guard on ddl_command_end execute procedure public.guard()", GUARD),
    fine("an event trigger that is disabled", "create function public.guard() returns event_trigger language plpgsql as $$ begin raise 'not here'; end $$; create event trigger guard on ddl_command_end execute procedure public.guard(); alter event trigger guard disable", GUARD),
    fine("a collation version that is old", "update pg_database set datcollversion = '1' where datname = 'stitch'", "update pg_database set datcollversion = pg_database_collation_actual_version(oid) where datname = 'stitch'").since(15),
    problem("database-connection-limit", "few connections for the database", "alter database stitch connection limit 3", "alter database stitch connection limit -1"),
    fine("every table is published", "create publication everything for all tables", "drop publication everything"),
    problem("login-password", "an md5 hash where SCRAM is wanted", "set password_encryption = md5; alter role stitch password 'loader-secret'", "set password_encryption = 'scram-sha-256'; alter role stitch password 'loader-secret'"),
    problem("password-wrong", "another password", "alter role stitch password 'another'", "alter role stitch password 'loader-secret'"),
    problem("statements-logged", "statements are logged", "alter role stitch set log_statement = 'all'", RESET),
    fine("access methods and TOAST by name", "alter role stitch set default_table_access_method = heap; alter database stitch set default_toast_compression = pglz", RESET).since(14),
    fine("event triggers are off for the role", "alter role stitch set event_triggers = off", RESET).since(17),
    fine("an event trigger for replicas only", "create function public.guard() returns event_trigger language plpgsql as $$ begin raise 'not here'; end $$; create event trigger guard on ddl_command_end execute procedure public.guard(); alter event trigger guard enable replica", GUARD),
    problem("event-triggers", "an event trigger refuses, and event triggers are off for the role", "create function public.guard() returns event_trigger language plpgsql as $$ begin if session_user = 'stitch' then raise 'not here'; end if; end $$; create event trigger guard on ddl_command_end execute procedure public.guard(); alter role stitch set event_triggers = off", "alter role stitch reset all; drop event trigger guard; drop function public.guard()").since(17),
    problem("grant CONNECT", "CONNECT is nobody's", "revoke connect on database stitch from public, stitch", "grant connect on database stitch to public"),
    problem("database-connection-limit", "no connections for the database", "alter database stitch connection limit 0", "alter database stitch connection limit -1"),
    fine("an error ends the session", "alter role stitch set exit_on_error = on", RESET),
    fine("all names are quoted", "alter database stitch set quote_all_identifiers = on", RESET),
    problem("setting-interrupts-loads", "default_transaction_isolation of the database", "alter database stitch set default_transaction_isolation = 'serializable'", RESET),
    problem("setting-interrupts-loads", "default_transaction_read_only of the database", "alter database stitch set default_transaction_read_only = on", "set default_transaction_read_only = off; alter database stitch reset all"),
    fine("the database acts as a role that Stitch's is no member of", "alter database stitch set role = app", "set role none; alter database stitch reset all"),
    problem("role-in-use", "the database acts as another role", "grant app to stitch; alter database stitch set role = app", "set role none; revoke app from stitch; alter database stitch reset all"),
    problem("setting-interrupts-loads", "statement_timeout of every role", "alter role all set statement_timeout = '1s'", "alter role all reset all").also(SLOW),
    problem("setting-interrupts-loads", "statement_timeout of every role in the database", "alter role all in database stitch set statement_timeout = '1s'", "alter role all in database stitch reset all").also(SLOW),
    fine("statement_timeout of the role in another database", "alter role stitch in database postgres set statement_timeout = '1s'", "alter role stitch in database postgres reset all").also(SLOW),
    problem("setting-interrupts-loads", "lock_timeout of the role", "alter role stitch set lock_timeout = '1s'", RESET),
    problem("setting-interrupts-loads", "a search_path of the role", "alter role stitch set search_path = 'shop', 'public'", RESET),
    problem("setting-interrupts-loads", "row_security of the role", "alter role stitch set row_security = off", RESET),
    problem("setting-interrupts-loads", "session_replication_role of the role", "alter role stitch set session_replication_role = replica", RESET),
    problem("setting-interrupts-loads", "default_tablespace is the one of shared catalogs", "alter role stitch set default_tablespace = pg_global", RESET),
    fine("temp_tablespaces is the one of shared catalogs", "alter role stitch set temp_tablespaces = pg_global", RESET),
    fine("an access method that is missing", "alter role stitch set default_table_access_method = 'columnar'", RESET),
    fine("settings for roles and passwords", "alter role stitch set createrole_self_grant = 'set, inherit'; alter role stitch set password_encryption = md5", RESET).since(16),
    fine("NULLs are equal, and OR is spelt out", "alter role stitch set transform_null_equals = on; alter role stitch set escape_string_warning = off; alter role stitch set client_min_messages = error; alter role stitch set xmloption = document; alter role stitch set intervalstyle = iso_8601; alter role stitch set check_function_bodies = off", RESET),
    fine("settings of an extension that is not loaded", "alter role stitch set auto_explain.log_min_duration = 0; alter role stitch set plpgsql.extra_errors = 'all'", RESET),
    problem("setting-interrupts-loads", "a library for the role that is there", "alter role stitch set session_preload_libraries = 'auto_explain'", RESET),
    fine("CREATE was revoked, and everybody has it", "revoke create on database stitch from stitch; grant create on database stitch to public", "revoke create on database stitch from public; grant create on database stitch to stitch"),
    problem("test-load-refused", "an event trigger refuses at the end of a table's creation", "create function public.guard() returns event_trigger language plpgsql as $$ begin if session_user = 'stitch' and exists (select from pg_event_trigger_ddl_commands() where command_tag = 'CREATE TABLE' and schema_name <> 'pg_temp') then raise 'not here'; end if; end $$; create event trigger guard on ddl_command_end execute procedure public.guard()", GUARD),
    fine("an event trigger on rewritten tables", "create function public.guard() returns event_trigger language plpgsql as $$ begin raise 'not here'; end $$; create event trigger guard on table_rewrite execute procedure public.guard()", GUARD),
    fine("every schema's tables are published", "create schema shop authorization stitch; create publication everything for tables in schema shop", "drop publication everything; drop schema if exists shop cascade").since(15),
    fine("views and foreign tables are restricted", "alter role stitch set restrict_nonsystem_relation_kind = 'view, foreign-table'", RESET).since(17),
    fine("views are restricted", "alter role stitch set restrict_nonsystem_relation_kind = 'foreign-table'", RESET).since(17),
];

/// What `check` says beyond what it always says: codes, and changes.
fn said(check: &Said, always: &[String]) -> Vec<String> {
    let steps = || check.json["steps"].as_array().into_iter().flatten();
    let findings = steps().filter_map(|step| step["findings"].as_array()).flatten();
    let findings = findings.filter(|finding| finding["verdict"] != "good");
    let changes = steps().filter_map(|step| step["changes"].as_array()).flatten();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let mut all: Vec<String> = findings.map(|finding| text(&finding["code"])).collect();
    all.extend(changes.map(|change| text(&change["summary"])));
    all.retain(|one| !always.contains(one));
    all
}

#[test]
fn what_is_said_of_a_session_is_what_happens_in_it() {
    for major in [13, 15, 18] {
        let options = PostgresOptions::new()
            .major(major)
            .conf("password_encryption", "scram-sha-256");
        let Some(server) = Postgres::start_with(options) else {
            continue;
        };
        let wizards = [Wizard::new(&server), Wizard::dba(&server)];
        wizards[1].setup().exits(0);
        server.psql("create role app; grant app to dba");
        let always = wizards.clone().map(|wizard| said(&wizard.check().exits(0), &[]));
        let mut untrue = Vec::new();
        for one in STATES.iter().filter(|one| one.since <= major) {
            server.psql_in("stitch", one.sql);
            let claims: Vec<(Vec<String>, Option<i32>)> = wizards
                .iter()
                .zip(&always)
                .map(|(wizard, always)| {
                    let check = wizard.check();
                    (said(&check, always), check.output.status)
                })
                .collect();
            let sql = format!("{LOAD}\n{}", one.also);
            let happened = server.try_psql_as("stitch", PASSWORD, "stitch", &sql).err();
            server.psql_in("stitch", one.undo);
            server.psql_in("stitch", "drop schema if exists shop cascade");
            for (said, status) in claims {
                let names = |part: &str| said.iter().any(|one| one.contains(part));
                let why = match (&happened, status) {
                    (Some(_), Some(0)) if said.is_empty() => "it is said to work, and does not",
                    // Neither can this login look.
                    (Some(_), Some(1)) => continue,
                    (None, Some(1 | 3 | 4)) => "it is said not to work, and does",
                    _ if one.says.is_empty() && !said.is_empty() => "something is said, where nothing is amiss",
                    _ if !names(one.says) && !one.says.is_empty() => "it is not said by the code of the row",
                    _ => continue,
                };
                untrue.push(format!(
                    "PostgreSQL {major}: {}: {why}\n  said {said:?}, exit {status:?}\n  happened {happened:?}",
                    one.what
                ));
            }
        }
        assert!(untrue.is_empty(), "{}", untrue.join("\n"));
    }
}
