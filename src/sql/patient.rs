//! Many statements in one call to the server, each in a transaction of its own that never waits long for a lock.

use std::time::Duration;

use super::literal;
use crate::change::Statement;

/// The code under which the server tells, by the way, the number of a statement that met a lock. It is told as INFO, which
/// reaches the client whatever `client_min_messages` says, and no log.
pub const BUSY: &str = "SPG01";

/// One call that runs the statements, each with a number, one after another, and commits each: who waits behind us waits
/// for one object only, and the lock table never fills. Needs PostgreSQL 11, where a block may commit.
///
/// A commit that does not wait for the disk costs next to nothing; [`durably`] waits for all of them. Something that went
/// away in the meantime needs no new owner.
#[must_use]
pub fn patiently(statements: &[(usize, &str)], lock_timeout: Duration) -> Statement {
    let numbers: Vec<String> = statements.iter().map(|(number, _)| number.to_string()).collect();
    let texts: Vec<String> = statements.iter().map(|(_, text)| literal(text)).collect();
    let block = format!(
        "DECLARE
  number int[] := ARRAY[{}]::int[];
  statement text[] := ARRAY[{}]::text[];
BEGIN
  FOR i IN 1..{} LOOP
    PERFORM set_config('lock_timeout', '{}', true), set_config('synchronous_commit', 'off', true);
    BEGIN
      EXECUTE statement[i];
    EXCEPTION
      WHEN lock_not_available OR deadlock_detected THEN
        RAISE INFO USING ERRCODE = '{BUSY}', MESSAGE = number[i]::text;
      WHEN undefined_table OR undefined_object OR undefined_function OR invalid_schema_name THEN
        NULL;
    END;
    COMMIT;
  END LOOP;
END",
        numbers.join(", "),
        texts.join(",\n"),
        statements.len(),
        lock_timeout.as_millis(),
    );
    Statement::plain(format!("DO {}", literal(&block)))
}

/// The same for one statement, for servers whose blocks cannot commit.
#[must_use]
pub fn asynchronously(statement: &str, lock_timeout: Duration) -> Statement {
    Statement::plain(format!(
        "SET LOCAL lock_timeout = {}; SET LOCAL synchronous_commit = off; {statement}",
        lock_timeout.as_millis()
    ))
}

/// Waits until everything that was committed before is on disk: a commit of its own that has something to write and is
/// no less durable than the server's own choice.
#[must_use]
pub fn durably() -> Statement {
    Statement::plain(
        "SELECT set_config('synchronous_commit', 'local', true) WHERE current_setting('synchronous_commit') = 'off'; \
         SELECT pg_logical_emit_message(true, 'stitch-pg', 'done')",
    )
}
