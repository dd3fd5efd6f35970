//! How the statements of a change are grouped into transactions, with what is borrowed around them; and the lock by which
//! several runs take turns; and what is set in front of it all.

use std::fmt::{self, Write as _};
use std::time::Duration;

use super::privileges::{grant_membership, revoke_membership};
use super::quoting::name as quoted;
use crate::change::{Execution, Sql};
use crate::statement::Statement;

impl Sql {
    /// Every statement that is run, the borrowed memberships around them included.
    pub(crate) fn all(&self) -> Vec<Statement> {
        self.around(self.statements.clone())
    }

    /// The statements in the groups that are a transaction each, the borrowed memberships around each group: whatever cuts
    /// it off, nothing lent is left.
    pub(crate) fn transactions(&self) -> Vec<Vec<Statement>> {
        match self.run {
            Execution::Transaction => vec![self.all()],
            Execution::Autocommit | Execution::PerStatement { .. } => {
                let each = self.statements.iter();
                each.map(|statement| self.around(vec![statement.clone()])).collect()
            }
        }
    }

    /// The same as text for psql, each statement written in the caller's way. `opening`: what is to come first in each
    /// transaction, where the session cannot be relied on to keep it.
    pub(crate) fn for_psql(&self, opening: Option<&str>, write: impl Fn(&Statement) -> String) -> String {
        let mut opening = opening.map(str::to_owned);
        let mut text = String::new();
        if let Execution::PerStatement { lock_timeout, .. } = self.run {
            let local = if opening.is_some() { "LOCAL " } else { "" };
            let line = format!("SET {local}lock_timeout = {};\n", lock_timeout.as_millis());
            opening.as_mut().unwrap_or(&mut text).push_str(&line);
        }
        for group in self.transactions() {
            let lines: String = group.iter().map(&write).collect();
            if group.len() == 1 && opening.is_none() {
                text.push_str(&lines);
            } else {
                let opening = opening.as_deref().unwrap_or_default();
                let _ = writeln!(text, "BEGIN;\n{opening}{lines}COMMIT;");
            }
        }
        text
    }

    /// Whether a statement is one that grants a temporary membership, or revokes it.
    pub(crate) fn is_membership(&self, statement: &Statement) -> bool {
        let (lent, returned) = self.lent_and_returned();
        lent.contains(statement) || returned.contains(statement)
    }

    /// Statements with the borrowed memberships around them, as one transaction runs them.
    pub(crate) fn around(&self, statements: Vec<Statement>) -> Vec<Statement> {
        let (lent, returned) = self.lent_and_returned();
        lent.into_iter().chain(statements).chain(returned).collect()
    }

    /// What borrows the memberships, and what gives them back.
    fn lent_and_returned(&self) -> (Vec<Statement>, Vec<Statement>) {
        let lent = self.memberships.iter().map(grant_membership);
        let returned = self.memberships.iter().rev().map(revoke_membership);
        (lent.collect(), returned.collect())
    }
}

impl fmt::Display for Sql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One after the other: there may be a hundred thousand.
        let (lent, returned) = self.lent_and_returned();
        let all = lent.iter().chain(&self.statements).chain(&returned);
        all.enumerate().try_for_each(|(number, statement)| {
            f.write_str(if number == 0 { "" } else { "\n" })?;
            write!(f, "{statement};")
        })
    }
}

/// Waits, at most so long, until no other run is in the middle of a change about this database. Stands in front of the
/// statements of one transaction, for which it also sets the search path. How long the statements themselves wait for a lock
/// is the session's setting again.
pub(crate) fn take_turn(database: &str, wait: Duration, role: Option<&str>) -> Statement {
    Statement::plain(format!(
        "{}; SET LOCAL lock_timeout = {}; \
         SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('stitch-pg'), pg_catalog.hashtext({})); \
         SET LOCAL lock_timeout TO DEFAULT",
        opening(role),
        wait.as_millis(),
        quoted(database)
    ))
}

/// Which session is in the middle of one, or null; `$1`: the database that the change is about. Lock numbers are unsigned.
pub(crate) const TURN_HOLDER: &str = "
SELECT coalesce((
    SELECT json_build_object('pid', l.pid, 'user', a.usename, 'application', nullif(a.application_name, ''),
                             'host', host(a.client_addr), 'since', to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS TZ'))
    FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND l.classid::bigint = hashtext('stitch-pg')::bigint & 4294967295 AND l.objid::bigint = hashtext($1)::bigint & 4294967295
    LIMIT 1), 'null')::text";

// Names are looked for in the system's own schema and nowhere else while the administrator's rights are in force: what
// another role planted in `public`, or in a schema named like the login, is never found there. Temporary objects come
// last, else they would come first.

/// For psql: our text is UTF-8, whatever the environment or the database's owner has set. In another encoding psql takes the
/// quote behind a letter for a part of it, and runs what stands in a name as its own commands.
pub(crate) const PSQL_ENCODING: &str = "\\encoding UTF8\n";

/// For the session, as its first statement.
pub(crate) const FIX_PATH: &str = "SET search_path = pg_catalog, pg_temp";

/// For one transaction, in front of its statements in the same call. A transaction pooler gives the session to another
/// client afterwards, who finds nothing of it there.
pub(super) const FIX_PATH_ONCE: &str = "SET LOCAL search_path = pg_catalog, pg_temp";

/// The same, and the role that the transaction acts as: a pooler may drop the startup option silently, and then the owner of the
/// database decides it (`ALTER DATABASE … SET role`). `role`: `none` is the login itself; without one, what the session began with.
pub(crate) fn opening(role: Option<&str>) -> String {
    let role = role.map_or(String::new(), |role| format!("; SET LOCAL role = {}", quoted(role)));
    format!("{FIX_PATH_ONCE}{role}")
}

/// A question changes nothing, and the server sees to it, behind a pooler that refuses startup options as well. In the same
/// call as the question.
pub(crate) const READ_ONLY_ONCE: &str = "SET LOCAL transaction_read_only = on";

/// The path as a startup option, in force before anything runs.
pub(crate) const PATH_OPTION: &str = "-c search_path=pg_catalog,pg_temp";

/// The path in a block, which may be run anywhere.
pub(super) const FIX_PATH_IN_BLOCK: &str = "PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);";

/// For psql, before the first change in a database: other users' functions that it will call.
pub(crate) const TELL_EVENT_TRIGGERS: &str = "\
SELECT count(*) > 0 AS stitch_fires, regexp_replace(string_agg(format('%I (%s) calls %I.%I', t.evtname, t.evtevent, n.nspname, p.proname), ', '),
    '[[:cntrl:]]', '?', 'g') AS stitch_fired
FROM pg_event_trigger t JOIN pg_proc p ON p.oid = t.evtfoid JOIN pg_namespace n ON n.oid = p.pronamespace WHERE t.evtenabled IN ('O', 'A') \\gset
\\if :stitch_fires
\\echo 'These event triggers of the database run with your rights:' :stitch_fired
\\endif
";
