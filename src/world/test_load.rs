//! Does what Stitch's loader does, as the Stitch role, in transactions that are always rolled back (Stitch docs,
//! "Understanding loading behavior"; the temporary staging table is known from Stitch's own disk-full error text).

mod outcome;
mod statements;
mod tables;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::future::join;
use tokio::time::sleep;

use crate::names::RoleName;
use crate::settings::Rehearse;
use crate::world::login::Session;
pub(crate) use outcome::{Existing, Patience, Refusal, Rehearsed, Table};
use outcome::{execute, roll_back};
use statements::LoadStatement;

/// Tests a first load in a scratch schema that never becomes visible to another session.
pub(crate) async fn new_schema(session: &Session, readers: &[RoleName], patience: Patience) -> Rehearsed {
    let name = passing("stitch_pg_rehearsal");
    let began = Instant::now();
    let seen = readers
        .iter()
        .map(|reader| statements::readable(&name, "Orders", reader));
    let mut rehearsed = load_into(session, &name, "Orders", seen.collect(), patience).await;
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
    let base = passing("Stitch-PG test load");
    let mut rehearsed = load_into(session, schema, &base, Vec::new(), patience).await;
    for attempt in 0..TRIES {
        // Another test load, or a load, is making the one table whose name is not ours to choose.
        if !rehearsed.met_a_lock() {
            break;
        }
        sleep(Duration::from_millis(100 << attempt)).await;
        rehearsed = load_into(session, schema, &base, Vec::new(), patience).await;
    }
    if rehearsed.refusal.is_none() && !existing.tables.is_empty() {
        tables::try_tables(session, existing, patience, how, &mut rehearsed).await;
        roll_back(session, patience).await;
    }
    rehearsed.elapsed = began.elapsed();
    rehearsed
}

/// How often a test load is tried that met another session's lock.
const TRIES: u32 = 5;

/// A name that is not in use. The transaction is rolled back, so it matters only while another test load runs at the same moment,
/// perhaps on another machine.
fn passing(name: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{name}_{}_{:x}", std::process::id(), now.subsec_nanos())
}

/// A whole load into tables of our own, whose names begin with `base`, and `more` behind it; rolled back.
async fn load_into(
    session: &Session,
    schema: &str,
    base: &str,
    more: Vec<LoadStatement>,
    patience: Patience,
) -> Rehearsed {
    let mut rehearsed = Rehearsed::default();
    let opening = statements::opening(patience.lock)
        .chain(statements::staging())
        .collect();
    session.tap.answer_copy(statements::ROW.as_bytes());
    execute(session, opening, patience, &mut rehearsed).await;
    session.tap.end_copy();
    if rehearsed.refusal.is_some() {
        roll_back(session, patience).await;
        return rehearsed;
    }
    let mut load = statements::loading(schema, base);
    load.extend(more);
    // One after the other, at one round trip: the first is asked for first.
    join(
        execute(session, load, patience, &mut rehearsed),
        roll_back(session, patience),
    )
    .await;
    rehearsed
}
