//! `cargo bench`: how long it takes until every table of a schema has another owner, as whole processes against one
//! server, each way several times in turn. What is printed are medians and their ratio to one server-side loop in one
//! transaction, the usual limit (docs/performance.md). Sizes after `--`, and the delay of a round trip if any:
//! `cargo bench -- 100 1000`, `cargo bench -- 10000 80ms`.

#[expect(
    dead_code,
    unused_imports,
    clippy::disallowed_methods,
    reason = "what the tests share, of which a benchmark needs a part"
)]
#[path = "../support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use support::postgres::{DBA_PASSWORD, POSTGRES_PASSWORD};
use support::{CountingProxy, Postgres, PostgresOptions, Program, stitch_pg};

/// How often each way is taken; the median counts. Of the largest fewer.
const TURNS: usize = 5;
const TURNS_OF_MANY: usize = 3;
const MANY: usize = 10_000;
/// The guide's loop starts a program a table; more of them tell nothing new.
const LOOP_AT_MOST: usize = 100;

const SIZES: [usize; 3] = [100, 1_000, 10_000];
/// Round trips, in milliseconds.
const DELAYS: [u64; 2] = [20, 80];

const ALL: &str =
    "select quote_ident(relname) from pg_class where relnamespace = 'shop'::regnamespace and relkind = 'r'";

/// The password of `mover`, who may act for both owners, and gets two connections: one to the database, and the first one.
const MOVER_PASSWORD: &str = "mover-secret";

/// A way to hand all tables of the schema over.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// One `DO` in one transaction: what everything is measured by.
    Loop,
    StitchPg,
    StitchPgWithReaders,
    StitchPgAlone,
    StitchPgBorrowing,
    ReassignOwned,
    File,
    Guide,
}

impl Way {
    const ALL: [Self; 8] = [
        Self::Loop,
        Self::StitchPg,
        Self::StitchPgWithReaders,
        Self::StitchPgAlone,
        Self::StitchPgBorrowing,
        Self::ReassignOwned,
        Self::File,
        Self::Guide,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Loop => "one `DO` loop in one transaction, by psql",
            Self::StitchPg => "`stitch-pg setup --only ownership --no-keep-readers`",
            Self::StitchPgWithReaders => "the same, readers kept (the default)",
            Self::StitchPgAlone => "`--no-keep-readers`, by a login that gets one connection to the database",
            Self::StitchPgBorrowing => "`--no-keep-readers`, by a login that must borrow both owners' rights",
            Self::ReassignOwned => "`REASSIGN OWNED` (takes everything of that role: never to be used)",
            Self::File => "one psql with a file of `ALTER TABLE`",
            Self::Guide => "the guide's shell loop, psql per table",
        }
    }
}

struct Bench<'a> {
    server: &'a Postgres<'a>,
    proxy: &'a CountingProxy,
    /// Of the proxy: the directory of its socket.
    host: String,
    port: String,
}

/// How long one hand-over took, and of it the transfer itself where stitch-pg tells.
struct Took {
    whole: Duration,
    transfer: Option<Duration>,
    round_trips: usize,
}

/// All turns of one way.
#[derive(Default)]
struct Times {
    whole: Vec<Duration>,
    transfers: Vec<Duration>,
    round_trips: Vec<usize>,
}

fn main() {
    let sizes: Vec<usize> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let delays: Vec<u64> = std::env::args()
        .filter_map(|word| word.strip_suffix("ms")?.parse().ok())
        .collect();
    let everything = sizes.is_empty();
    // Without a word: all sizes without a delay, and one size with each.
    let (near, far, delays) = match (everything, delays.is_empty()) {
        (true, _) => (SIZES.to_vec(), vec![1_000], DELAYS.to_vec()),
        (false, true) => (sizes, Vec::new(), Vec::new()),
        (false, false) => (Vec::new(), sizes, delays),
    };
    let options = PostgresOptions::new()
        .conf("fsync", "on") // commits are a part of what is measured
        .conf("shared_buffers", "128MB")
        .conf("max_wal_size", "4GB")
        .conf("autovacuum", "off") // it would come at any time; what there is to clear up is cleared up before each turn
        .conf("max_locks_per_transaction", "1024"); // or the loop fails
    let server = Postgres::start_with(options).expect("the default version");
    // Everybody goes through it, so that it delays, and costs, everybody alike.
    let proxy = CountingProxy::before(&server);
    server.psql("create role loader");
    server.psql("create role stitch login");
    server.psql(&format!(
        "create role mover login connection limit 2 password '{MOVER_PASSWORD}' in role loader, stitch"
    ));
    server.psql("create database stitch");
    server.psql("grant create on database stitch to mover, dba, stitch");
    let bench = Bench {
        server: &server,
        proxy: &proxy,
        host: proxy.socket_dir().to_string_lossy().into_owned(),
        port: proxy.port().to_string(),
    };
    println!(
        "| way | tables | round trip, ms | median, ms | ratio to the loop | its transfer alone | round trips in all |"
    );
    println!("|---|---|---|---|---|---|---|");
    for tables in near {
        bench.make(tables);
        bench.table(tables, 0, &Way::ALL);
    }
    // A statement a round trip needs no measuring there.
    let quick = [
        Way::Loop,
        Way::StitchPg,
        Way::StitchPgWithReaders,
        Way::StitchPgBorrowing,
    ];
    for tables in far {
        proxy.delay(Duration::ZERO);
        bench.make(tables);
        for delay in &delays {
            proxy.delay(Duration::from_millis(delay / 2));
            bench.table(tables, *delay, &quick);
        }
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
        let mut times: Vec<Times> = ways.iter().map(|_| Times::default()).collect();
        for _ in 0..if tables < MANY { TURNS } else { TURNS_OF_MANY } {
            for (way, times) in ways.iter().zip(&mut times) {
                self.revoke_membership();
                let took = self.hand_over(*way);
                times.whole.push(took.whole);
                times.transfers.extend(took.transfer);
                times.round_trips.push(took.round_trips);
                let left = "select count(*) from pg_class where relnamespace = 'shop'::regnamespace
                    and relkind = 'r' and pg_get_userbyid(relowner) <> 'stitch'";
                assert_eq!(self.server.psql_in("stitch", left), "0", "{}", way.name());
            }
        }
        let measure = median(&mut times[0].whole).expect("the loop was measured");
        for (way, times) in ways.iter().zip(&mut times) {
            let whole = median(&mut times.whole).expect("it was measured");
            let alone = median(&mut times.transfers).map_or(String::new(), |alone| format!("{:.2}", alone / measure));
            times.round_trips.sort_unstable();
            let round_trips = times.round_trips[times.round_trips.len() / 2];
            let name = way.name();
            println!(
                "| {name} | {tables} | {delay} | {whole:.0} | {:.2} | {alone} | {round_trips} |",
                whole / measure
            );
        }
    }

    /// A schema of the old owner's, half of its tables with a sequence, an index and a TOAST table.
    fn make(&self, tables: usize) {
        self.server.psql_in(
            "stitch",
            &format!(
                "set client_min_messages = warning; set synchronous_commit = off;
                 drop schema if exists shop cascade;
                 create schema shop authorization loader;
                 do $$ begin
                   for t in 1..{tables} loop
                     if t % 2 = 0 then execute format('create table shop.t%s (id serial primary key, said text)', t);
                     else execute format('create table shop.t%s (id int)', t); end if;
                     execute format('alter table shop.t%s owner to loader', t);
                     if t % 200 = 0 then commit; end if;
                   end loop; end $$"
            ),
        );
        self.server.psql_in("stitch", "vacuum analyze");
    }

    /// Everything as it was made: owners, privileges, and no rows of the catalogs that wait for being cleared up.
    fn revoke_membership(&self) {
        self.server.psql_in(
            "stitch",
            &format!(
                "set synchronous_commit = off;
                 revoke all on all tables in schema shop from loader; revoke all on schema shop from stitch, loader;
                 alter default privileges for role stitch in schema shop revoke all on tables from loader;
                 do $$ declare t text; begin execute 'alter schema shop owner to loader';
                   for t in {ALL} loop execute 'alter table shop.' || t || ' owner to loader'; end loop; end $$;
                 update pg_class set relacl = null where relnamespace = 'shop'::regnamespace;
                 update pg_namespace set nspacl = null where nspname = 'shop'"
            ),
        );
        self.server.psql_in("stitch", "vacuum");
        self.server.psql("checkpoint");
    }

    fn hand_over(&self, way: Way) -> Took {
        let mut transfer = None;
        self.proxy.reset();
        let began = Instant::now();
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
            Way::StitchPg | Way::StitchPgWithReaders | Way::StitchPgAlone | Way::StitchPgBorrowing => {
                let (user, password) = match way {
                    Way::StitchPgAlone => ("mover", MOVER_PASSWORD),
                    Way::StitchPgBorrowing => ("dba", DBA_PASSWORD),
                    _ => ("postgres", POSTGRES_PASSWORD),
                };
                let readers = (way != Way::StitchPgWithReaders).then_some("--no-keep-readers");
                let program = stitch_pg(self.server)
                    .args([
                        "setup",
                        "--yes",
                        "--no-input",
                        "--format",
                        "json",
                        "--only",
                        "ownership",
                    ])
                    .args(["--existing", "--schema", "shop", "--admin-user", user])
                    .args(["--host", &self.host, "--port", &self.port])
                    .args(["--sslmode", "disable"])
                    .args(readers);
                transfer = Some(Self::transfer(&Self::run_as(program, password)));
            }
        }
        Took {
            whole: began.elapsed(),
            transfer,
            round_trips: self.proxy.counts().flights,
        }
    }

    /// How long the changes of the report took.
    fn transfer(report: &str) -> Duration {
        let report: serde_json::Value = serde_json::from_str(report).expect("a report");
        let steps = report["steps"].as_array().expect("steps").iter();
        let changes = steps.flat_map(|step| step["changes"].as_array().expect("changes"));
        changes
            .map(|change| Duration::from_millis(change["elapsed_ms"].as_u64().expect("a time")))
            .sum()
    }

    fn psql(&self, sql: &str) {
        let program = Program::new("psql", self.server.place())
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", &self.host, "-p", &self.port])
            .args(["-U", "postgres", "-d", "stitch"])
            .stdin(sql);
        Self::run(program);
    }

    fn run(program: Program) {
        Self::run_as(program, POSTGRES_PASSWORD);
    }

    fn run_as(program: Program, password: &str) -> String {
        let output = program
            .env("PGPASSWORD", password)
            .deadline(Duration::from_secs(600))
            .run();
        assert!(output.success(), "{output:?}");
        output.stdout
    }
}

/// In milliseconds; `None` of none.
fn median(times: &mut [Duration]) -> Option<f64> {
    times.sort_unstable();
    Some(times.get(times.len() / 2)?.as_secs_f64() * 1000.0)
}
