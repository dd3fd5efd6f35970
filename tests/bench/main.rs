//! `cargo bench`: whole runs as users start them, beside other ways to do the same, on one server, each several times in
//! turn. What counts are the ratios to one server-side block that makes the same statements (docs/performance.md).
//!
//! Without arguments: every size and delay of docs/performance.md, and with `UPDATE_DOCS=1` its table is written anew.
//! `cargo bench -- 100 1000` takes these sizes only, `others=0` another number of tables beside them, `80ms` a delay.

#[expect(
    dead_code,
    unused_imports,
    clippy::disallowed_methods,
    reason = "what the tests share, of which a benchmark needs a part"
)]
#[path = "../support/mod.rs"]
mod support;
mod warehouse;
mod ways;

use std::path::Path;
use std::time::Duration;

use support::{CountingProxy, Postgres, PostgresOptions};
use warehouse::Warehouse;
use ways::{Took, Way};

/// How often each way is taken; the median counts. Of the largest fewer.
const TURNS: usize = 5;
const TURNS_OF_MANY: usize = 3;
const MANY: usize = 10_000;
const TURNS_OF_MOST: usize = 1;
const MOST: usize = 100_000;

/// Tables in other schemas of the database.
const OTHERS: usize = 50_000;

/// Tables of the schema, tables in other schemas, and the round trip in milliseconds.
const RUNS: [(usize, usize, u64); 8] = [
    (1_000, 0, 0),
    (100, OTHERS, 0),
    (1_000, OTHERS, 0),
    (1_000, OTHERS, 20),
    (1_000, OTHERS, 80),
    (10_000, OTHERS, 0),
    (1_000, 100_000, 0),
    (100_000, 100_000, 0),
];

const HEAD: &str = "| way | tables | others | round trip, ms | median, ms | ratio to the block | its transfer alone | round trips in all | memory, MB |
|---|---|---|---|---|---|---|---|---|
";

/// All turns of one way.
#[derive(Default)]
struct Times(Vec<Took>);

impl Times {
    fn median(&self, of: impl Fn(&Took) -> Option<Duration>) -> Option<f64> {
        let mut times: Vec<Duration> = self.0.iter().filter_map(of).collect();
        times.sort_unstable();
        Some(times.get(times.len() / 2)?.as_secs_f64() * 1000.0)
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark is a program of its own")]
fn main() {
    let words: Vec<String> = std::env::args().collect();
    let numbers = |prefix: &str, suffix: &str| -> Vec<u64> {
        let inner = words
            .iter()
            .filter_map(|word| word.strip_prefix(prefix)?.strip_suffix(suffix));
        inner.filter_map(|number| number.parse().ok()).collect()
    };
    let size = |number: u64| usize::try_from(number).expect("a number of tables");
    let (sizes, others, delay) = (numbers("", ""), numbers("others=", ""), numbers("", "ms"));
    let others = others.first().map_or(OTHERS, |others| size(*others));
    let delay = delay.first().copied().unwrap_or_default();
    let runs: Vec<(usize, usize, u64)> = if sizes.is_empty() {
        RUNS.to_vec()
    } else {
        sizes.iter().map(|tables| (size(*tables), others, delay)).collect()
    };
    let options = PostgresOptions::new()
        .conf("fsync", "on") // commits are a part of what is measured
        .conf("shared_buffers", "512MB")
        .conf("max_wal_size", "4GB")
        .conf("autovacuum", "off") // it would come at any time; what there is to clear up is cleared up before each turn
        .conf("allow_system_table_mods", "on") // for taking privileges back at once
        .conf("max_locks_per_transaction", "4096"); // or `DROP OWNED` fails
    let server = Postgres::start_with(options).expect("the default version");
    let proxy = CountingProxy::before(&server);
    let warehouse = Warehouse::new(&server, &proxy);
    let mut table = HEAD.to_owned();
    print!("{table}");
    for (tables, others, delay) in runs {
        proxy.delay(Duration::ZERO);
        warehouse.make_others(others);
        warehouse.make(tables);
        proxy.delay(Duration::from_millis(delay / 2));
        let rows = measured(&warehouse, tables, others, delay);
        print!("{rows}");
        table += &rows;
    }
    if sizes.is_empty() && std::env::var_os("UPDATE_DOCS").is_some() {
        write_page(&table);
    }
}

/// Each way in turn, so that a machine that becomes slower does so for all of them.
#[expect(clippy::disallowed_methods, reason = "a benchmark is a program of its own")]
fn measured(warehouse: &Warehouse<'_>, tables: usize, others: usize, delay: u64) -> String {
    let ansible = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join("ansible-playbook").exists()));
    let far = |way: Way| matches!(way, Way::ReassignOwned | Way::File | Way::Guide | Way::Ansible);
    let ways: Vec<Way> = Way::ALL
        .into_iter()
        .filter(|way| tables <= way.at_most() && (delay == 0 || !far(*way)) && (ansible || *way != Way::Ansible))
        .collect();
    let mut times: Vec<Times> = ways.iter().map(|_| Times::default()).collect();
    let turns = match tables {
        MOST.. => TURNS_OF_MOST,
        MANY.. => TURNS_OF_MANY,
        _ => TURNS,
    };
    for _ in 0..turns {
        for (way, times) in ways.iter().zip(&mut times) {
            times.0.push(warehouse.run(*way));
        }
    }
    let measure = times[0]
        .median(|took| Some(took.whole))
        .expect("the block was measured");
    let rows = ways.iter().zip(&times).map(|(way, times)| {
        let whole = times.median(|took| Some(took.whole)).expect("it was measured");
        let alone = times
            .median(|took| took.transfer)
            .map_or(String::new(), |alone| format!("{:.2}", alone / measure));
        let memory = times.0.iter().filter_map(|took| took.memory).max();
        let memory = memory.map_or(String::new(), |memory| memory.to_string());
        let mut round_trips: Vec<usize> = times.0.iter().map(|took| took.round_trips).collect();
        round_trips.sort_unstable();
        format!(
            "| {} | {tables} | {others} | {delay} | {whole:.0} | {:.2} | {alone} | {} | {memory} |\n",
            way.name(),
            whole / measure,
            round_trips[turns / 2],
        )
    });
    rows.collect()
}

/// Puts the table into docs/performance.md, in place of the one that is there.
fn write_page(table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/performance.md");
    let page = std::fs::read_to_string(&path).expect("the page");
    let head = HEAD.lines().next().expect("a line");
    let (before, rest) = page.split_once(head).expect("the table");
    let after = rest.split_once("\n\n").expect("the table ends").1;
    std::fs::write(&path, format!("{before}{table}\n{after}")).expect("the page can be written");
}
