//! Does what Stitch's loader does, as the Stitch role, in one transaction that is always rolled back (Stitch docs,
//! "Understanding loading behavior"; the temporary staging table is known from Stitch's own disk-full error text).

use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::names::RoleName;
use crate::sql::{identifier, literal};
use crate::world::dial::Session;
use crate::world::failure::explain;

/// One act of a load that the server refused.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    /// What was rehearsed.
    pub(crate) act: &'static str,
    /// The statement.
    pub(crate) statement: String,
    /// What the server said.
    pub(crate) said: String,
    /// Its code.
    pub(crate) state: Option<SqlState>,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rehearsed {
    /// How many acts went well.
    pub(crate) passed: usize,
    /// The first that did not, if any; those behind it were not tried.
    pub(crate) refusal: Option<Refusal>,
}

/// An act: its name for people, and the statement.
struct Act(&'static str, String);

/// A schema of Stitch's and one table in it, when it has any.
#[derive(Clone, Debug)]
pub(crate) struct Existing {
    pub(crate) schema: String,
    pub(crate) table: Option<String>,
}

/// Rehearses a first load into a scratch schema that never becomes visible to anybody else.
pub(crate) async fn new_schema(session: &Session, readers: &[RoleName], limit: Duration) -> Rehearsed {
    // The transaction is rolled back, so the name matters only while another rehearsal runs at the same moment.
    let name = format!("stitch_pg_rehearsal_{}", std::process::id());
    let schema = identifier(&name);
    let mut rehearsed = in_transaction(session, staging(), limit).await;
    if rehearsed.refusal.is_none() {
        match copy_into_staging(&session.client, limit).await {
            Ok(()) => rehearsed.passed += 1,
            Err(error) => {
                rehearsed.refusal = Some(refusal("copy rows into the staging table", COPY.to_owned(), &error));
            }
        }
    }
    if rehearsed.refusal.is_none() {
        let mut acts = loading(&schema);
        acts.extend(readers.iter().map(|reader| readable(&name, reader)));
        let rest = play(session, acts, limit).await;
        rehearsed.passed += rest.passed;
        rehearsed.refusal = rest.refusal;
    }
    roll_back(session, limit).await;
    rehearsed
}

/// Rehearses another load into a schema that exists: creates beside what is there and comments on one table, never with
/// a lock that readers or writers would notice.
pub(crate) async fn existing_schema(session: &Session, existing: &Existing, limit: Duration) -> Rehearsed {
    let schema = identifier(&existing.schema);
    let mut acts = vec![
        Act(
            "create the schema if it does not exist",
            format!("CREATE SCHEMA IF NOT EXISTS {schema}"),
        ),
        Act(
            "create a table in it",
            format!("CREATE TABLE {schema}.stitch_pg_rehearsal (id bigint PRIMARY KEY)"),
        ),
        Act(
            "alter that table",
            format!("ALTER TABLE {schema}.stitch_pg_rehearsal ADD COLUMN later text"),
        ),
    ];
    if let Some(table) = &existing.table {
        acts.push(Act(
            "comment on a table that is there",
            format!(
                "COMMENT ON TABLE {schema}.{} IS {}",
                identifier(table),
                literal("stitch-pg rehearsal, rolled back")
            ),
        ));
    }
    let rehearsed = in_transaction(session, acts, limit).await;
    roll_back(session, limit).await;
    match rehearsed.refusal {
        // A busy table says nothing about rights.
        Some(refusal) if refusal.state == Some(SqlState::LOCK_NOT_AVAILABLE) => Rehearsed {
            refusal: None,
            ..rehearsed
        },
        _ => rehearsed,
    }
}

const COPY: &str = "COPY staging_0_orders FROM STDIN";

fn staging() -> Vec<Act> {
    vec![Act(
        "create a temporary staging table",
        "CREATE TEMPORARY TABLE staging_0_orders (\"Order Id\" bigint, amount numeric, price double precision, paid boolean, note text, \
         at timestamp with time zone, _sdc_batched_at timestamp with time zone, _sdc_received_at timestamp with time zone, \
         _sdc_sequence bigint, _sdc_table_version bigint)"
            .to_owned(),
    )]
}

fn loading(schema: &str) -> Vec<Act> {
    let table = format!("{schema}.\"Orders\"");
    // 63 bytes is PostgreSQL's limit for a table, 59 is Stitch's for a column (it keeps four for a type suffix).
    let (long_table, long_column) = (format!("{schema}.{}", "t".repeat(63)), "c".repeat(59));
    vec![
        Act("create a schema", format!("CREATE SCHEMA IF NOT EXISTS {schema}")),
        Act("create it again, as every load does", format!("CREATE SCHEMA IF NOT EXISTS {schema}")),
        Act(
            "create a table with a primary key",
            format!(
                "CREATE TABLE {table} (\"Order Id\" bigint NOT NULL, amount numeric, price double precision, paid boolean, note text, \
                 at timestamp with time zone, _sdc_batched_at timestamp with time zone, _sdc_received_at timestamp with time zone, \
                 _sdc_sequence bigint, _sdc_table_version bigint, CONSTRAINT \"Orders_pkey\" PRIMARY KEY (\"Order Id\"))"
            ),
        ),
        Act("create the table for rejected records", format!("CREATE TABLE {schema}._sdc_rejected (record text, reason text, table_name text, _sdc_rejected_at timestamp with time zone)")),
        Act("create a subtable", format!("CREATE TABLE {schema}.\"Orders__lines\" (_sdc_level_0_id bigint, \"_sdc_source_key_Order Id\" bigint, sku text)")),
        Act("use the longest names", format!("CREATE TABLE {long_table} ({long_column} text)")),
        Act("update rows from the staging table", format!("UPDATE {table} o SET note = s.note FROM staging_0_orders s WHERE o.\"Order Id\" = s.\"Order Id\"")),
        Act("insert rows from the staging table", format!("INSERT INTO {table} SELECT s.* FROM staging_0_orders s LEFT JOIN {table} o USING (\"Order Id\") WHERE o.\"Order Id\" IS NULL")),
        Act("add a column", format!("ALTER TABLE {table} ADD COLUMN \"added later\" text")),
        Act("rename a column, as on a change of type", format!("ALTER TABLE {table} RENAME COLUMN amount TO amount__de")),
        Act("comment on the table", format!("COMMENT ON TABLE {table} IS 'rehearsal'")),
        Act("create a view", format!("CREATE VIEW {schema}.orders_view AS SELECT * FROM {table}")),
        Act("truncate the table", format!("TRUNCATE {table}")),
        Act("read information_schema", "SELECT count(*) FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name) WHERE t.table_name = 'Orders'".to_owned()),
        Act("read the key columns", "SELECT count(*) FROM information_schema.table_constraints JOIN information_schema.key_column_usage USING (constraint_schema, constraint_name)".to_owned()),
        Act("read pg_catalog", "SELECT count(*) FROM pg_catalog.pg_tables t JOIN pg_catalog.pg_class c ON c.relname = t.tablename JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid JOIN pg_catalog.pg_type y ON y.oid = a.atttypid WHERE t.tablename = 'Orders'".to_owned()),
    ]
}

/// A reader sees what was just made. An answer of *no* is made an error, so that it ends the rehearsal like any other.
fn readable(schema: &str, reader: &RoleName) -> Act {
    let (reader, name) = (literal(reader.as_str()), literal(schema));
    let table = literal(&format!("{}.\"Orders\"", identifier(schema)));
    let body = format!(
        "BEGIN IF NOT (has_schema_privilege({reader}, {name}, 'USAGE') AND has_table_privilege({reader}, {table}, 'SELECT')) THEN \
         RAISE insufficient_privilege USING MESSAGE = 'it may not'; END IF; END"
    );
    Act(
        "let a reader see what was made (--reader)",
        format!("DO {}", literal(&body)),
    )
}

async fn in_transaction(session: &Session, acts: Vec<Act>, limit: Duration) -> Rehearsed {
    let mut all = vec![
        Act("begin", "BEGIN".to_owned()),
        // Whatever happens, nobody waits for us, and nothing waits for ever.
        Act(
            "bound the wait for locks",
            "SET LOCAL lock_timeout = '100ms'".to_owned(),
        ),
    ];
    all.extend(acts);
    let rehearsed = play(session, all, limit).await;
    Rehearsed {
        passed: rehearsed.passed.saturating_sub(2),
        ..rehearsed
    }
}

/// Sends all acts at once and reads the answers as they come: one flight, and yet each has its own error.
async fn play(session: &Session, acts: Vec<Act>, limit: Duration) -> Rehearsed {
    let mut answers = Vec::new();
    for Act(_, statement) in &acts {
        #[expect(
            clippy::disallowed_methods,
            reason = "the rehearsal's transaction is always rolled back"
        )]
        let answer = session.client.batch_execute(statement);
        answers.push(answer);
    }
    let Ok(outcomes) = timeout(limit, join_in_order(answers)).await else {
        let said = format!("no answer within {} s", limit.as_secs());
        let refusal = Refusal {
            act: "load",
            statement: String::new(),
            said,
            state: None,
        };
        return Rehearsed {
            passed: 0,
            refusal: Some(refusal),
        };
    };
    let mut rehearsed = Rehearsed::default();
    for (Act(act, statement), outcome) in acts.into_iter().zip(outcomes) {
        match outcome {
            Ok(()) => rehearsed.passed += 1,
            Err(error) => {
                rehearsed.refusal = Some(refusal(act, statement, &error));
                break;
            }
        }
    }
    rehearsed
}

/// Polls every request once before waiting for the first answer, which is what makes tokio-postgres pipeline them.
async fn join_in_order<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut pending: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut outputs: Vec<Option<F::Output>> = pending.iter().map(|_| None).collect();
    std::future::poll_fn(move |context| {
        let mut all_done = true;
        for (future, output) in pending.iter_mut().zip(&mut outputs) {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(value) => *output = Some(value),
                    std::task::Poll::Pending => all_done = false,
                }
            }
        }
        if all_done {
            std::task::Poll::Ready(outputs.iter_mut().filter_map(Option::take).collect())
        } else {
            std::task::Poll::Pending
        }
    })
    .await
}

async fn copy_into_staging(client: &Client, limit: Duration) -> Result<(), tokio_postgres::Error> {
    let work = async {
        let sink = client.copy_in::<_, &[u8]>(COPY).await?;
        let mut sink = std::pin::pin!(sink);
        std::future::poll_fn(|context| futures_sink::Sink::poll_ready(sink.as_mut(), context)).await?;
        let row: &[u8] = "1\t12.50\t0.1\tt\tgr\u{fc}n \u{2713}\t2024-01-01 00:00:00+00\t2024-01-01 00:00:00+00\t2024-01-01 00:00:00+00\t1\t1\n".as_bytes();
        futures_sink::Sink::start_send(sink.as_mut(), row)?;
        sink.as_mut().finish().await.map(drop)
    };
    // A time-out shows itself at the next act, which will not be answered either.
    timeout(limit, work).await.unwrap_or(Ok(()))
}

async fn roll_back(session: &Session, limit: Duration) {
    #[expect(clippy::disallowed_methods, reason = "the end of every rehearsal")]
    let answer = session.client.batch_execute("ROLLBACK");
    // A lost connection has rolled back as well.
    let _ = timeout(limit, answer).await;
}

fn refusal(act: &'static str, statement: String, error: &tokio_postgres::Error) -> Refusal {
    Refusal {
        act,
        statement,
        said: format!("{:#}", explain(error)),
        state: error.code().cloned(),
    }
}
