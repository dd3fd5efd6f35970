//! Many statements in one call to the server, each in a transaction of its own that never waits long for a lock.

use std::time::Duration;

use super::quoting::{literal, name as quoted};
use super::transactions::{FIX_PATH_ONCE, opening};
use crate::statement::Statement;

/// The code under which the block reports, while it runs, the number of a statement that met a lock, and in the detail the
/// error. It is raised as INFO, which reaches the client whatever `client_min_messages` says, and no log.
pub(crate) const BUSY: &str = "SPG01";

/// The same of a statement that names something which, by its code, is not there.
pub(crate) const GONE: &str = "SPG02";

/// Errors that may mean that an object is gone.
const GONE_STATES: &str = "undefined_table OR undefined_object OR undefined_function OR invalid_schema_name";

/// Reports that the statement `number[i]` failed so. Its context names the function that raised it, where one did.
fn tell(code: &str) -> String {
    format!(
        "GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
        RAISE INFO USING ERRCODE = '{code}', MESSAGE = number[i]::pg_catalog.text,
          DETAIL = pg_catalog.concat(SQLERRM, ', SQLSTATE ', SQLSTATE, pg_catalog.chr(10), context);"
    )
}

/// One call that runs the statements, each with a number, one after another, and commits each: who waits behind us waits
/// for one object only, and the lock table never fills. Needs PostgreSQL 11, where a block may commit.
///
/// A commit that does not wait for the disk costs next to nothing; [`flush_commits`] waits for all of them. Something that went
/// away in the meantime needs no new owner; whether it did is seen by looking again, never by the code of the error.
///
/// `process` is the server process that was reported at the login. If that runs the block, no pooler is in between, so its
/// settings may last until [`flush_commits`]; setting them for each transaction anew takes a tenth of the whole time. Until they
/// are set, names mean what the session says, so those of the block itself are written in full.
pub(crate) fn batch_block(
    statements: &[(usize, &str)],
    wait: Duration,
    process: Option<i32>,
    role: Option<&str>,
) -> Statement {
    let block = format!(
        "{}
  context pg_catalog.text;
  pooled boolean := pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.<>) {};
BEGIN
  FOR i IN 1..{} LOOP
    IF i OPERATOR(pg_catalog.=) 1 OR pooled THEN
      PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', pooled),{}
        pg_catalog.set_config('lock_timeout', '{}', pooled), pg_catalog.set_config('synchronous_commit', 'off', pooled);
    END IF;
    BEGIN
      EXECUTE statement[i];
    EXCEPTION
      WHEN lock_not_available OR deadlock_detected THEN
        {}
      WHEN {GONE_STATES} THEN
        {}
    END;
    COMMIT;
  END LOOP;
END",
        declared(statements),
        process.unwrap_or_default(),
        statements.len(),
        acts_as(role, "pooled"),
        wait.as_millis(),
        tell(BUSY),
        tell(GONE),
    );
    Statement::plain(format!("DO {}", literal(&block)))
}

/// The setting of [`opening`] in a block, among others.
fn acts_as(role: Option<&str>, local: &str) -> String {
    role.map_or(String::new(), |role| {
        format!(" pg_catalog.set_config('role', {}, {local}),", quoted(role))
    })
}

/// The statements and their numbers, as a block has them.
fn declared(statements: &[(usize, &str)]) -> String {
    let numbers: Vec<String> = statements.iter().map(|(number, _)| number.to_string()).collect();
    let texts: Vec<String> = statements.iter().map(|(_, text)| literal(text)).collect();
    format!(
        "DECLARE\n  number int[] := ARRAY[{}]::int[];\n  statement pg_catalog.text[] := ARRAY[{}]::pg_catalog.text[];",
        numbers.join(", "),
        texts.join(",\n")
    )
}

/// The number of statements that share one temporary membership: a few milliseconds of work.
const TOGETHER: usize = 16;

/// The same for statements that need memberships: each transaction borrows them, is done with a few objects and gives them
/// back, so nothing is left borrowed whatever happens. To borrow for every single object would take longer than the
/// objects, and ever longer where an old snapshot (a dump's) keeps the server from clearing up behind it.
///
/// No other session waits longer for that: only the first object of a transaction, when no other is held, waits for a lock.
/// One that is not free at once ends the transaction and begins the next.
pub(crate) fn with_memberships(
    statements: &[(usize, &str)],
    (grant_membership, revoke_membership): (&str, &str),
    lock_timeout: Duration,
    role: Option<&str>,
) -> Statement {
    let block = format!(
        "{}
  context pg_catalog.text;
  start int := 1;
  next int;
BEGIN
  WHILE start OPERATOR(pg_catalog.<=) {count} LOOP
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true),{}
      pg_catalog.set_config('lock_timeout', '{wait}', true), pg_catalog.set_config('synchronous_commit', 'off', true);
    next := start;
    BEGIN
      EXECUTE {};
      FOR i IN start..least(start + {TOGETHER} - 1, {count}) LOOP
        IF i = start + 1 THEN
          PERFORM pg_catalog.set_config('lock_timeout', '1', true);
        END IF;
        BEGIN
          EXECUTE statement[i];
        EXCEPTION
          WHEN lock_not_available OR deadlock_detected THEN
            EXIT WHEN i > start;
            {busy}
          WHEN {GONE_STATES} THEN
            {gone}
        END;
        next := i + 1;
      END LOOP;
      PERFORM pg_catalog.set_config('lock_timeout', '{wait}', true);
      EXECUTE {};
    EXCEPTION
      WHEN lock_not_available OR deadlock_detected THEN
        next := greatest(next, start + 1);
        FOR i IN start..next - 1 LOOP
          {busy}
        END LOOP;
    END;
    COMMIT;
    start := next;
  END LOOP;
END",
        declared(statements),
        acts_as(role, "true"),
        literal(grant_membership),
        literal(revoke_membership),
        busy = tell(BUSY),
        gone = tell(GONE),
        count = statements.len(),
        wait = lock_timeout.as_millis(),
    );
    Statement::plain(format!("DO {}", literal(&block)))
}

/// The same for one statement, for servers whose blocks cannot commit.
pub(crate) fn async_commit(statement: &str, lock_timeout: Duration, role: Option<&str>) -> Statement {
    Statement::plain(format!(
        "{}; SET LOCAL lock_timeout = {}; SET LOCAL synchronous_commit = off; {statement}",
        opening(role),
        lock_timeout.as_millis()
    ))
}

/// Waits until everything that was committed before is on disk: a commit of its own that has something to write and is
/// no less durable than the server's own choice. What [`batch_block`] set ends with it.
pub(crate) fn flush_commits() -> Statement {
    Statement::plain(format!(
        "RESET search_path; RESET lock_timeout; RESET synchronous_commit; {FIX_PATH_ONCE}; \
         SELECT pg_catalog.set_config('synchronous_commit', 'local', true) \
         WHERE pg_catalog.current_setting('synchronous_commit') OPERATOR(pg_catalog.=) 'off'; \
         SELECT pg_catalog.pg_logical_emit_message(true, 'stitch-pg', 'done')"
    ))
}
