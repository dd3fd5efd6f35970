//! `cargo bench`: how long it takes until every table of a schema has another owner, as whole processes against one
//! server, each way several times in turn. What is printed are medians and their ratio to one server-side loop in one
//! transaction, the usual limit (docs/performance.md). Sizes after `--`, without the delays:
//! `cargo bench -- 100 1000`.

// A bench has no users; `pub` and docs are for the shared support module.
#[path = "../support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use support::postgres::POSTGRES_PASSWORD;
use support::{CountingProxy, Postgres, Program, stitch_pg};

/// How often each way is taken; the median counts.
const TURNS: usize = 5;
/// The guide's loop starts two programs a table; more of them tell nothing new.
const LOOP_AT_MOST: usize = 100;

const SIZES: [usize; 3] = [100, 1_000, 10_000];
/// Round trips, in milliseconds.
const DELAYS: [u64; 2] = [20, 80];

const ALL: &str =
    "select quote_ident(relname) from pg_class where relnamespace = 'shop'::regnamespace and relkind = 'r'";

/// A way to hand all tables of the schema over.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// One `DO` in one transaction: what everything is measured by.
    Loop,
    StitchPg,
    StitchPgWithReaders,
    ReassignOwned,
    File,
    Guide,
}

impl Way {
    const ALL: [Self; 6] = [
        Self::Loop,
        Self::StitchPg,
        Self::StitchPgWithReaders,
        Self::ReassignOwned,
        Self::File,
        Self::Guide,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Loop => "one `DO` loop in one transaction, by psql",
            Self::StitchPg => "`stitch-pg setup --only ownership --no-keep-readers`",
            Self::StitchPgWithReaders => "the same, readers kept (the default)",
            Self::ReassignOwned => "`REASSIGN OWNED` (takes everything of that role: never to be used)",
            Self::File => "one psql with a file of `ALTER TABLE`",
            Self::Guide => "the guide's shell loop, psql per table",
        }
    }
}

struct Bench<'a> {
    server: &'a Postgres<'a>,
    /// Of the proxy: the directory of its socket.
    host: String,
    port: String,
}

fn main() {
    let sizes: Vec<usize> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let everything = sizes.is_empty();
    let sizes = if everything { SIZES.to_vec() } else { sizes };
    let server = Postgres::start("bench_ownership");
    // Everybody goes through it, so that it delays, and costs, everybody alike.
    let proxy = CountingProxy::before(&server);
    server.psql("create role loader");
    server.psql("create role stitch login");
    server.psql("create database stitch");
    let bench = Bench {
        server: &server,
        host: proxy.socket_dir().to_string_lossy().into_owned(),
        port: proxy.port().to_string(),
    };
    println!("| way | tables | round trip, ms | median, ms | ratio to the loop |");
    println!("|---|---|---|---|---|");
    for tables in sizes {
        bench.table(tables, 0, &Way::ALL);
    }
    // A statement a round trip needs no measuring there.
    let near = [Way::Loop, Way::StitchPg, Way::StitchPgWithReaders];
    for delay in DELAYS.into_iter().filter(|_| everything) {
        proxy.delay(Duration::from_millis(delay / 2));
        bench.table(1_000, delay, &near);
    }
}

impl Bench<'_> {
    /// Each way in turn, so that a machine that becomes slower does so for all of them.
    fn table(&self, tables: usize, delay: u64, ways: &[Way]) {
        let ways: Vec<Way> = ways
            .iter()
            .copied()
            .filter(|way| *way != Way::Guide || tables <= LOOP_AT_MOST)
            .collect();
        let mut times: Vec<Vec<Duration>> = ways.iter().map(|_| Vec::new()).collect();
        for _ in 0..TURNS {
            for (way, times) in ways.iter().zip(&mut times) {
                self.make(tables);
                let began = Instant::now();
                self.hand_over(*way);
                times.push(began.elapsed());
                let left = "select count(*) from pg_class where relnamespace = 'shop'::regnamespace
                    and relkind = 'r' and pg_get_userbyid(relowner) <> 'stitch'";
                assert_eq!(self.server.psql_in("stitch", left), "0", "{}", way.name());
            }
        }
        let medians: Vec<f64> = times.iter_mut().map(|times| median(times)).collect();
        for (way, median) in ways.iter().zip(&medians) {
            println!(
                "| {} | {tables} | {delay} | {median:.0} | {:.2} |",
                way.name(),
                median / medians[0]
            );
        }
    }

    /// A schema of the old owner's, half of its tables with a sequence, an index and a TOAST table.
    fn make(&self, tables: usize) {
        self.server.psql_in(
            "stitch",
            &format!(
                "set client_min_messages = warning;
                 do $$ begin
                   if to_regnamespace('shop') is not null then
                     for t in 1..{tables} loop
                       execute format('drop table if exists shop.t%s', t);
                       if t % 200 = 0 then commit; end if;
                     end loop;
                   end if; end $$;
                 drop schema if exists shop cascade;
                 create schema shop authorization loader;
                 do $$ begin
                   for t in 1..{tables} loop
                     if t % 2 = 0 then execute format('create table shop.t%s (id serial primary key, said text)', t);
                     else execute format('create table shop.t%s (id int)', t); end if;
                     execute format('alter table shop.t%s owner to loader', t);
                     if t % 200 = 0 then commit; end if;
                   end loop; end $$;
                 checkpoint"
            ),
        );
    }

    fn hand_over(&self, way: Way) {
        match way {
            Way::Loop => self.psql(&format!(
                "do $$ declare t text; begin execute 'alter schema shop owner to stitch';
                   for t in {ALL} loop execute 'alter table shop.' || t || ' owner to stitch'; end loop; end $$"
            )),
            Way::ReassignOwned => self.psql("reassign owned by loader to stitch"),
            Way::File => {
                let file = self.server.psql_in(
                    "stitch",
                    &format!("select 'alter table shop.' || t || ' owner to stitch;' from ({ALL}) as all_of_them (t)"),
                );
                self.psql(&format!("alter schema shop owner to stitch;\n{file}"));
            }
            Way::Guide => {
                let psql = format!("psql -X -qAt -h {} -p {} -U postgres", self.host, self.port);
                let script = format!(
                    "{psql} -c 'alter schema shop owner to stitch' stitch
                     for table in $({psql} -c \"{ALL}\" stitch); do
                       {psql} -c \"alter table \\\"shop\\\".\\\"$table\\\" owner to stitch\" stitch
                     done"
                );
                Self::run(Program::new("sh", self.server.place()).args(["-ec", &script]));
            }
            Way::StitchPg | Way::StitchPgWithReaders => {
                let readers = (way == Way::StitchPg).then_some("--no-keep-readers");
                let program = stitch_pg(self.server)
                    .args(["setup", "--yes", "--no-input", "--quiet", "--only", "ownership"])
                    .args(["--existing", "--schema", "shop", "--admin-user", "postgres"])
                    .args(["--host", &self.host, "--port", &self.port])
                    .args(["--sslmode", "disable"])
                    .args(readers);
                Self::run(program);
            }
        }
    }

    fn psql(&self, sql: &str) {
        let program = Program::new("psql", self.server.place())
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", &self.host, "-p", &self.port])
            .args(["-U", "postgres", "-d", "stitch"])
            .stdin(sql);
        Self::run(program);
    }

    fn run(program: Program) {
        let output = program
            .env("PGPASSWORD", POSTGRES_PASSWORD)
            .deadline(Duration::from_mins(10))
            .run();
        assert!(output.success(), "{output:?}");
    }
}

/// In milliseconds.
fn median(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1000.0
}
