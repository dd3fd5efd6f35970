//! The commands for someone else to run, printed from settings alone: what a plan says when nothing exists yet.

use std::fmt::Write as _;

use crate::change::{Action, Plan, Run, Sql};
use crate::settings::{Audience, Settings, Wanted};
use crate::steps::Step;
use crate::steps::allowlist::Allowlist;
use crate::steps::database::Database;
use crate::steps::ownership::Ownership;
use crate::steps::registration::Registration;
use crate::steps::role::Role;
use crate::steps::ssh_user::SshUser;
use crate::{shell, sql};

mod cloud;

/// The script for one reader, or for all three one after another.
pub(crate) fn text(settings: &Settings, audience: Option<Audience>) -> String {
    match audience {
        Some(Audience::Dba) => dba(settings),
        Some(Audience::Sysadmin) => sysadmin(settings),
        Some(Audience::Cloud) => cloud(settings),
        Some(Audience::Stitch) => stitch(settings),
        None => {
            let mut all = vec![cloud(settings), sysadmin(settings), dba(settings)];
            if settings.registration.wanted == Wanted::Yes {
                all.push(stitch(settings));
            }
            all.join("\n")
        }
    }
}

/// What is planned when nothing exists yet; nothing for a step that is left out.
fn offline<S: Step>(settings: &Settings) -> Plan {
    let wanted = settings.steps.contains(&S::ID) && S::skip(settings).is_none();
    if wanted {
        S::plan(settings, &S::Facts::default())
    } else {
        Plan::default()
    }
}

fn dba(settings: &Settings) -> String {
    let plans = [
        offline::<Database>(settings),
        offline::<Role>(settings),
        offline::<Ownership>(settings),
    ];
    let changes: Vec<_> = plans.iter().flat_map(|plan| &plan.changes).collect();
    let mut out = String::from(DBA_HEADER);
    let needs_password = changes.iter().any(|change| matches!(&change.action, Action::Sql(sql) if sql.statements.iter().any(crate::change::Statement::holds_secret)));
    if needs_password {
        let _ = write!(
            out,
            "{}",
            ASK_PASSWORD.replace("ROLE", &settings.stitch.role.as_str().replace('\'', "''"))
        );
    }
    let mut connected = None;
    for change in changes {
        let Action::Sql(action) = &change.action else { continue };
        if connected != Some(&action.database) {
            let _ = writeln!(out, "\n\\connect {}", connect_word(action.database.as_str()));
            if needs_password {
                out.push_str(QUIET);
            }
            connected = Some(&action.database);
        }
        let _ = writeln!(out, "\n-- To {}.\n-- Why: {}", one_line(&change.summary), change.why);
        guarded(&mut out, action);
    }
    if needs_password {
        out.push_str("\n\\unset stitch_password\n");
    }
    out
}

/// The statements, skipped where they are done already.
fn guarded(out: &mut String, action: &Sql) {
    if let Some(done) = &action.unless {
        let _ = writeln!(out, "SELECT NOT ({done}) AS stitch_todo \\gset\n\\if :stitch_todo");
    }
    if let Run::Patiently { lock_timeout, .. } = action.run {
        let _ = writeln!(out, "{};", sql::set_lock_timeout(lock_timeout.as_millis()));
    }
    for statement in action.all() {
        let _ = writeln!(out, "{};", statement.for_psql());
    }
    if action.unless.is_some() {
        out.push_str("\\endif\n");
    }
}

/// A database's name as psql's `\connect` takes it: a name with `=` or `://` in it would be read as a connection string.
fn connect_word(name: &str) -> String {
    if name.contains('=') || name.contains("://") {
        let value = name.replace('\\', "\\\\").replace('\'', "\\'");
        return sql::identifier(&format!("dbname='{value}'"));
    }
    sql::identifier(name)
}

fn sysadmin(settings: &Settings) -> String {
    let mut out = String::from(SYSADMIN_HEADER);
    if settings.bastion.is_none() {
        out.push_str("# No SSH server is set (--bastion), so there is nothing to do here.\n");
        return out;
    }
    out.push_str("[ \"$(id -u)\" = 0 ] || { echo 'run this as root: sudo sh FILE' >&2; exit 1; }\n");
    for change in &offline::<SshUser>(settings).changes {
        if let Action::Host(script) = &change.action {
            let _ = writeln!(
                out,
                "\n# To {}.\n# Why: {}\n(\n{}\n)",
                one_line(&change.summary),
                change.why,
                script.to_string().trim_end()
            );
        }
    }
    out
}

fn cloud(settings: &Settings) -> String {
    cloud::script(settings, &offline::<Allowlist>(settings).findings)
}

/// The request to Stitch, for whoever has the token.
fn stitch(settings: &Settings) -> String {
    let mut out = String::from(STITCH_HEADER);
    let plan = offline::<Registration>(settings);
    if plan.changes.is_empty() {
        out.push_str("# --register was not given, so there is nothing to do here.\n");
    }
    for change in &plan.changes {
        if let Action::Http(request) = &change.action {
            let (summary, why) = (one_line(&change.summary), change.why);
            let _ = writeln!(out, "\n# To {summary}.\n# Why: {why}\n{}", shell::curl(request));
        }
    }
    out
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

const DBA_HEADER: &str = "\
-- For the database administrator. Made by stitch-pg; it holds no secret and can be run twice.
-- Run it with psql (10 or newer) as a login that may create databases and roles:
--     psql -X -d postgres -f FILE
-- Then check: stitch-pg check
\\set ON_ERROR_STOP on
\\set QUIET on
";

/// The password comes from the environment or from a person. Whether it is there is not asked of the server, which
/// would log the question.
const ASK_PASSWORD: &str = "
-- The password of the Stitch role: from STITCH_PG_PASSWORD, else it is asked for.
\\set stitch_password `printf %s \"$STITCH_PG_PASSWORD\"`
\\set stitch_ask `[ -n \"$STITCH_PG_PASSWORD\" ] && echo false || echo true`
\\if :stitch_ask
\\prompt 'Password for the role ROLE: ' stitch_password
\\endif
";

/// The password reaches the server as it is, so a superuser's session keeps it out of the server's log first; others can
/// give `STITCH_PG_PASSWORD` a verifier made elsewhere. Every `\connect` begins a new session.
const QUIET: &str = "\
SELECT rolsuper AS stitch_quiet FROM pg_roles WHERE rolname = current_user \\gset
\\if :stitch_quiet
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';
\\endif
";

const SYSADMIN_HEADER: &str = "\
#!/bin/sh
# For the administrator of the SSH server. Made by stitch-pg; it holds no secret and can be run twice.
# Run it as root: sudo sh FILE
# Then check: stitch-pg check
set -eu
";

const STITCH_HEADER: &str = "\
#!/bin/sh
# For whoever has an access token of the Stitch account. Made by stitch-pg; it holds no secret.
# It makes a destination each time it is run: look at Stitch's list of destinations first.
# It needs curl 7.55 or newer. Give it the secrets in the environment:
#     STITCH_ACCESS_TOKEN=... STITCH_PG_PASSWORD=... sh FILE
set -eu
";
