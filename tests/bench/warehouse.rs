//! The server that is measured on: a schema that changes hands, in a database with many other tables.

use crate::support::{CountingProxy, Postgres};
use crate::ways::Way;

/// The tables of the schema.
pub(crate) const ALL: &str =
    "select quote_ident(relname) from pg_class where relnamespace = 'shop'::regnamespace and relkind = 'r'";

/// So many tables are made or changed in one call.
const PART: usize = 5_000;

/// A server with its proxy, which delays, and costs, all clients alike.
pub(crate) struct Warehouse<'a> {
    pub(crate) server: &'a Postgres<'a>,
    pub(crate) proxy: &'a CountingProxy,
}

impl<'a> Warehouse<'a> {
    /// With the old owner of the schema and an empty database.
    pub(crate) fn new(server: &'a Postgres<'a>, proxy: &'a CountingProxy) -> Self {
        server.psql("set role dba; create role loader");
        server.psql("create database stitch");
        server.psql("alter database stitch owner to dba");
        Self { server, proxy }
    }

    pub(crate) fn host(&self) -> String {
        self.proxy.socket_dir().to_string_lossy().into_owned()
    }

    pub(crate) fn port(&self) -> String {
        self.proxy.port().to_string()
    }

    /// Brings the number of tables in other schemas to this, a hundred a schema.
    pub(crate) fn make_others(&self, tables: usize) {
        for first in (1..=tables / 100).step_by(PART / 100) {
            let last = (first + PART / 100 - 1).min(tables / 100);
            self.server.psql_in(
                "stitch",
                &format!(
                    "set synchronous_commit = off;
                     do $$ begin
                       for s in {first}..{last} loop
                         continue when to_regnamespace('other' || s) is not null;
                         execute format('create schema other%s', s);
                         for t in 1..100 loop
                           if t % 2 = 0 then execute format('create table other%s.t%s (id serial primary key, said text)', s, t);
                           else execute format('create table other%s.t%s (id int)', s, t); end if;
                         end loop;
                         commit;
                       end loop; end $$"
                ),
            );
        }
        self.server.psql_in("stitch", "vacuum analyze");
    }

    /// Runs a block for each table until there is none left, in parts that fit into one call and one table of locks.
    fn each(&self, condition: &str, act: &str) {
        loop {
            let done = self.server.psql_in(
                "stitch",
                &format!(
                    "set client_min_messages = warning; set synchronous_commit = off;
                     do $$ declare t text; n int := 0; begin
                       for t in {ALL} {condition} limit {PART} loop
                         execute format('{act}', t); n := n + 1; if n % 200 = 0 then commit; end if;
                       end loop; end $$;
                     select count(*) from ({ALL} {condition} limit 1) t"
                ),
            );
            if done == "0" {
                return;
            }
        }
    }

    /// The schema with so many tables of the old owner, half of them with a sequence, an index and a TOAST table; and the
    /// statements that the plan has for them.
    pub(crate) fn make(&self, tables: usize) {
        self.server
            .psql_in("stitch", "create schema if not exists shop authorization loader");
        self.each("", "drop table shop.%s");
        for first in (1..=tables).step_by(PART) {
            let last = (first + PART - 1).min(tables);
            self.server.psql_in(
                "stitch",
                &format!(
                    "set synchronous_commit = off;
                     do $$ begin
                       for t in {first}..{last} loop
                         if t % 2 = 0 then execute format('create table shop.t%s (id serial primary key, said text)', t);
                         else execute format('create table shop.t%s (id int)', t); end if;
                         execute format('alter table shop.t%s owner to loader', t);
                         if t % 200 = 0 then commit; end if;
                       end loop; end $$"
                ),
            );
        }
        self.server.psql_in("stitch", "vacuum analyze");
        self.reset(true);
        let report = self.stitch_pg(Way::Plan, "plan").report;
        let steps = report["steps"].as_array().expect("steps").iter();
        let ownership = steps.filter(|step| step["step"] == "ownership");
        let changes = ownership.flat_map(|step| step["changes"].as_array().expect("changes"));
        let commands: Vec<&str> = changes.filter_map(|change| change["command"].as_str()).collect();
        let lines = commands.iter().flat_map(|command| command.lines()).enumerate();
        let rows: Vec<String> = lines.map(|(number, line)| format!("{number}\t{line}\n")).collect();
        let rows = rows.concat();
        self.server.psql_in(
            "stitch",
            &format!(
                "drop table if exists statement; create table statement (number int primary key, said text);
                 copy statement from stdin;\n{rows}\\.\nanalyze statement"
            ),
        );
    }

    /// Everything as it was made: owners, privileges, with the role or without, and no rows of the catalogs that wait for
    /// being cleared up.
    pub(crate) fn reset(&self, without_role: bool) {
        self.each(
            "and pg_get_userbyid(relowner) <> 'loader'",
            "alter table shop.%s owner to loader",
        );
        self.server.psql_in(
            "stitch",
            "alter schema shop owner to loader;
             do $$ begin if to_regrole('stitch') is not null then
               execute 'drop owned by stitch'; execute 'drop role stitch'; end if; end $$;
             update pg_class set relacl = null where relnamespace = 'shop'::regnamespace and relacl is not null;
             update pg_namespace set nspacl = null where nspname = 'shop'",
        );
        if !without_role {
            self.server.psql("create role stitch login");
        }
        self.server.psql_in(
            "stitch",
            "vacuum pg_class, pg_attribute, pg_depend, pg_shdepend, pg_namespace",
        );
        self.server.psql("checkpoint");
    }
}
