//! Does what Stitch's loader does, as the Stitch role, in transactions that are always rolled back (Stitch docs,
//! "Understanding loading behavior"; the temporary staging table is known from Stitch's own disk-full error text).

mod execute;
mod statements;
mod tables;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use tokio::time::sleep;
use tokio_postgres::error::SqlState;

use crate::names::RoleName;
use crate::settings::Rehearse;
use crate::world::login::Session;
use execute::{execute, roll_back};
use statements::LoadStatement;

/// One act of a load that the server refused.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    /// What was rehearsed.
    pub(crate) act: &'static str,
    pub(crate) statement: String,
    /// What the server said.
    pub(crate) said: String,
    pub(crate) state: Option<SqlState>,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rehearsed {
    /// How many acts went well.
    pub(crate) passed: usize,
    /// The first that did not, if any; those behind it were not tried.
    pub(crate) refusal: Option<Refusal>,
    /// Of the tables that are there: those that refused something, each with its first refusal.
    pub(crate) refused_tables: Vec<(String, Refusal)>,
    /// Those that somebody held a lock on.
    pub(crate) busy_tables: Vec<String>,
    /// Those with rows that were spared the acts which lock readers out.
    pub(crate) spared_tables: Vec<String>,
    /// How long it took.
    pub(crate) elapsed: Duration,
}

/// A schema of Stitch's and tables in it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Existing {
    pub(crate) schema: String,
    /// How many tables there are in it, partitions aside; a load is tried on some of them.
    pub(crate) total: usize,
    pub(crate) tables: Vec<Table>,
}

/// A table that is there.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Table {
    pub(crate) name: String,
    /// Its owner may see fewer rows than there are.
    pub(crate) rows_hidden: bool,
    /// A column to try writes with, which write no row; none: they would run others' code, so the catalog decides.
    pub(crate) column: Option<String>,
    /// It has a unique index, and no partitions: a row may be inserted or updated in one statement.
    pub(crate) key: bool,
}

/// How long anybody, and anything, may be waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    pub(crate) answer: Duration,
    /// For a lock; as long may others wait behind us.
    pub(crate) lock: Duration,
}

/// Rehearses a first load into a scratch schema that never becomes visible to anybody else.
pub(crate) async fn new_schema(session: &Session, readers: &[RoleName], patience: Patience) -> Rehearsed {
    let name = passing("stitch_pg_rehearsal");
    let began = Instant::now();
    let mut rehearsed = load_into(session, &name, "Orders", patience).await;
    if rehearsed.refusal.is_none() {
        let acts = readers
            .iter()
            .map(|reader| statements::readable(&name, "Orders", reader))
            .collect();
        execute(session, acts, patience, &mut rehearsed).await;
    }
    roll_back(session, patience).await;
    rehearsed.elapsed = began.elapsed();
    rehearsed
}

/// Rehearses another load into a schema that exists: beside what is there, and on the tables that are there with no lock
/// that readers or writers would notice, unless that was asked for.
pub(crate) async fn existing_schema(
    session: &Session,
    existing: &Existing,
    patience: Patience,
    how: Rehearse,
) -> Rehearsed {
    let schema = &existing.schema;
    let began = Instant::now();
    let base = passing("Stitch-PG rehearsal");
    let mut rehearsed = load_into(session, schema, &base, patience).await;
    roll_back(session, patience).await;
    for attempt in 0..TRIES {
        // Another rehearsal, or a load, is making the one table whose name is not ours to choose.
        if !rehearsed.met_a_lock() {
            break;
        }
        sleep(Duration::from_millis(100 << attempt)).await;
        rehearsed = load_into(session, schema, &base, patience).await;
        roll_back(session, patience).await;
    }
    if rehearsed.refusal.is_none() && !existing.tables.is_empty() {
        tables::try_tables(session, existing, patience, how, &mut rehearsed).await;
        roll_back(session, patience).await;
    }
    rehearsed.elapsed = began.elapsed();
    rehearsed
}

/// How often a load is rehearsed that met somebody else's lock.
const TRIES: u32 = 5;

/// A name that is nobody else's. The transaction is rolled back, so it matters only while another rehearsal runs at the same
/// moment, perhaps on another machine.
fn passing(name: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{name}_{}_{:x}", std::process::id(), now.subsec_nanos())
}

impl Rehearsed {
    fn met_a_lock(&self) -> bool {
        let state = self.refusal.as_ref().and_then(|refusal| refusal.state.as_ref());
        state == Some(&SqlState::LOCK_NOT_AVAILABLE)
    }
}

/// A whole load into tables of our own, whose names begin with `base`. The transaction is left open.
async fn load_into(session: &Session, schema: &str, base: &str, patience: Patience) -> Rehearsed {
    let mut rehearsed = Rehearsed::default();
    let opening = statements::opening(patience.lock)
        .chain(statements::staging())
        .collect();
    session.answer_copy(statements::ROW);
    execute(session, opening, patience, &mut rehearsed).await;
    session.end_copy();
    if rehearsed.refusal.is_none() {
        execute(session, statements::loading(schema, base), patience, &mut rehearsed).await;
    }
    rehearsed
}

fn refusal(session: &Session, LoadStatement(act, statement): LoadStatement, error: &tokio_postgres::Error) -> Refusal {
    Refusal {
        act,
        statement,
        said: format!("{:#}", session.explain(error)),
        state: error.code().cloned(),
    }
}
