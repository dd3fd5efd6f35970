//! The script for the database administrator: one SQL file for psql.

use std::fmt::Write as _;

use super::plans::{Plans, by_hand};
use crate::change::{Action, Change, Sql};
use crate::settings::{Audience, Schemas, Settings};
use crate::statement::Statement;
use crate::{sql, visible};

pub(super) fn script(settings: &Settings, plans: &Plans) -> String {
    let changes = plans.changes(Audience::Dba).into_iter();
    let changes: Vec<(&Change, &Sql)> = changes
        .filter_map(|change| match &change.action {
            Action::Sql(action) => Some((change, action)),
            _ => None,
        })
        .collect();
    let (encoding, path, told) = (sql::PSQL_ENCODING, sql::FIX_PATH, sql::TELL_EVENT_TRIGGERS);
    let mut out = format!(
        "{}{}{encoding}{SETTINGS}{path};\n",
        header(settings),
        plans.origin("--")
    );
    out.push_str(&by_hand(plans, Audience::Dba, "--"));
    let needs_password = changes.iter().any(|(_, action)| holds_secret(action));
    if needs_password {
        // Between single quotes psql's commands know both.
        let role = settings.stitch.role.as_str().replace('\\', "\\\\").replace('\'', "''");
        out.push_str(&ASK_PASSWORD.replace("ROLE", &role));
    }
    let role = sql::set_role(settings.admin.set_role.as_ref());
    let mut connected = None;
    let mut quiet = false;
    for (change, action) in changes {
        if connected != Some(&action.database) {
            let database = psql_connect_argument(action.database.as_str());
            let _ = write!(out, "\n\\connect {database}\n{encoding}{path};\n{role};\n{told}");
            quiet = false;
            connected = Some(&action.database);
        }
        if !quiet && holds_secret(action) {
            out.push_str(QUIET);
            quiet = true;
        }
        let (summary, why) = (visible::one_line(&change.summary), reason(change, action));
        let _ = writeln!(out, "\n-- To {summary}.\n-- Why: {why}");
        guarded(&mut out, action);
    }
    if needs_password {
        out.push_str("\n\\unset stitch_password\n");
    }
    out
}

/// Who runs it, and with which rights.
fn header(settings: &Settings) -> String {
    let acts = match &settings.admin.set_role {
        Some(role) => format!(
            "that may act as {} (it begins with SET ROLE), which",
            visible::one_line(&sql::identifier(role.as_str()))
        ),
        None => "a login that".to_owned(),
    };
    let moves = matches!(&settings.ownership.schemas, Schemas::Named(names) if !names.is_empty());
    let more = if moves || !settings.stitch.readers.is_empty() {
        "--     the changes of owners and readers need a superuser, or a member of the owners and of Stitch's role\n"
    } else {
        ""
    };
    format!(
        "-- For the database administrator. Written by stitch-pg; it contains no secret and can be run twice.\n\
         -- Run it with psql (10 or newer) as {acts} may create databases and roles, and may grant on the\n\
         -- database if it exists (its owner, or a superuser):\n\
         --     psql -X -d postgres -f FILE\n{more}\
         -- Then check: stitch-pg check\n"
    )
}

fn holds_secret(action: &Sql) -> bool {
    action.statements.iter().any(Statement::holds_secret)
}

/// Without the part about how this program sends a password: psql sends it as it is.
fn reason(change: &Change, action: &Sql) -> String {
    match change.why.split_once(';') {
        Some((why, _)) if holds_secret(action) => format!("{why}."),
        _ => change.why.to_owned(),
    }
}

/// The statements, skipped where they are done already.
fn guarded(out: &mut String, action: &Sql) {
    if let Some(done) = &action.unless {
        let _ = writeln!(out, "SELECT NOT ({done}) AS stitch_todo \\gset\n\\if :stitch_todo");
    }
    if !action.memberships.is_empty() {
        out.push_str(WHO_GETS_MEMBERSHIP);
    }
    out.push_str(&action.for_psql(None, |statement| {
        let line = format!("{};\n", statement.for_psql());
        if action.is_membership(statement) {
            format!("\\if :stitch_borrows\n{line}\\endif\n")
        } else {
            line
        }
    }));
    if action.unless.is_some() {
        out.push_str("\\endif\n");
    }
}

/// A database's name as psql's `\connect` takes it. By default a connection string drops the settings of the connection
/// before; `-reuse-previous` keeps them.
fn psql_connect_argument(name: &str) -> String {
    match sql::connection_string(name) {
        Some(text) => format!("-reuse-previous=on {}", in_quotes(&text)),
        None => in_quotes(name),
    }
}

/// A word of a psql command, which knows no escapes in quotes as SQL does.
fn in_quotes(word: &str) -> String {
    format!("\"{}\"", word.replace('"', "\"\""))
}

const SETTINGS: &str = "\\set ON_ERROR_STOP on
\\set QUIET on
-- This text is UTF-8, and names resolve only to the system's own objects. A new connection needs both again, and the
-- role, because the owner of a database can set others for it.
";

/// The password comes from the environment or from a prompt. Whether it is there is not asked of the server, which would
/// log the question.
const ASK_PASSWORD: &str = "
-- The password of the Stitch role: from STITCH_PG_PASSWORD, else it is asked for.
\\set stitch_password `printf %s \"$STITCH_PG_PASSWORD\"`
\\set stitch_ask `[ -n \"$STITCH_PG_PASSWORD\" ] && echo false || echo true`
\\if :stitch_ask
\\prompt 'Password for the role ROLE: ' stitch_password
\\endif
";

/// The password reaches the server as it is, so a superuser's session keeps it out of the server's log and of what extensions
/// keep of statements first; others can give `STITCH_PG_PASSWORD` a verifier made elsewhere. Every `\connect` begins a new
/// session.
const QUIET: &str = "
-- The password does not appear in the server's log (if run by a superuser), and is stored as a SCRAM verifier.
SELECT count(set_config(s.name, q.value, false)) AS stitch_quiet, current_setting('server_version_num')::int >= 100000 AS stitch_scram
FROM pg_roles r, pg_settings s JOIN (VALUES ('log_statement', 'none'), ('log_min_duration_statement', '-1'), ('log_min_duration_sample', '-1'),
    ('log_transaction_sample_rate', '0'), ('log_min_error_statement', 'panic'), ('debug_print_parse', 'off'), ('debug_print_rewritten', 'off'),
    ('debug_print_plan', 'off'), ('pg_stat_statements.track_utility', 'off')) AS q (name, value) ON s.name = q.name
WHERE r.rolname = current_user AND (r.rolsuper OR s.context = 'user') \\gset
\\if :stitch_scram
SET password_encryption = 'scram-sha-256';
\\endif
";

/// Temporary memberships are for the login that planned; a superuser needs none.
const WHO_GETS_MEMBERSHIP: &str = "\
-- Temporary memberships last for one transaction, for the login that planned this; a superuser needs none.
SELECT NOT rolsuper AS stitch_borrows FROM pg_catalog.pg_roles WHERE rolname = current_user \\gset
";
