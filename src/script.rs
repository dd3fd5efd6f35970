//! The commands for someone else to run, printed from settings alone (what a plan says when nothing
//! exists yet) or, with `--from-plan`, from what was seen.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::change::{Action, Change, Plan, Run, Sql};
use crate::finding::{Code, Verdict};
use crate::report::Report;
use crate::settings::{Audience, Settings, Wanted};
use crate::steps::allowlist::Allowlist;
use crate::steps::database::Database;
use crate::steps::ownership::Ownership;
use crate::steps::registration::Registration;
use crate::steps::role::Role;
use crate::steps::ssh_user::SshUser;
use crate::steps::{Step, StepId};
use crate::{shell, sql};

mod cloud;

/// What is to be scripted: a plan for each step, and where it comes from.
pub(crate) struct Plans {
    plans: BTreeMap<StepId, Plan>,
    /// Where it was looked, if it was.
    seen: Option<String>,
}

impl Plans {
    /// From settings alone: what is planned when nothing exists yet.
    pub(crate) fn offline(settings: &Settings) -> Self {
        let plans = [
            offline::<Allowlist>(settings),
            offline::<Database>(settings),
            offline::<SshUser>(settings),
            offline::<Role>(settings),
            offline::<Ownership>(settings),
            offline::<Registration>(settings),
        ];
        Self {
            plans: plans.into_iter().collect(),
            seen: None,
        }
    }

    /// From a run that looked: only what is missing. What its login may not do is for whoever runs the script: such a step
    /// is written as from settings alone, each statement guarded.
    pub(crate) fn seen(report: &Report, settings: &Settings) -> Self {
        let mut offline = Self::offline(settings).plans;
        let mut plans = BTreeMap::new();
        for step in &report.steps {
            let Some(seen) = step.outcome.plan() else { continue };
            let mut plan = seen.clone();
            if seen.findings.iter().any(|finding| is_for_others(finding.code)) {
                plan.changes = offline.remove(&step.step).unwrap_or_default().changes;
            }
            plan.findings.retain(|finding| finding.verdict != Verdict::Good);
            plans.insert(step.step, plan);
        }
        let admin = &settings.admin;
        Self {
            plans,
            seen: Some(format!("{}:{}", admin.host, admin.port)),
        }
    }

    fn changes(&self, steps: &[StepId]) -> Vec<&Change> {
        let plans = steps.iter().filter_map(|step| self.plans.get(step));
        plans.flat_map(|plan| &plan.changes).collect()
    }

    /// Below the header: what the script is made of.
    fn origin(&self, remark: &str) -> String {
        match &self.seen {
            None => format!("{remark} Made without a look at the server: what is there already is left as it is.\n"),
            Some(place) => format!("{remark} Made after a look at {place}: only what was missing then.\n"),
        }
    }
}

/// Whether it says that the login that looked may not do something, which is what a script for others is for.
fn is_for_others(code: Code) -> bool {
    matches!(
        code,
        Code::DatabaseCannotCreate | Code::DatabaseCannotGrant | Code::RoleCannotCreate | Code::OwnershipCannotMove
    )
}

/// The script for one reader, or for all three one after another.
pub(crate) fn text(settings: &Settings, plans: &Plans, audience: Option<Audience>) -> String {
    match audience {
        Some(Audience::Dba) => dba(settings, plans),
        Some(Audience::Sysadmin) => sysadmin(settings, plans),
        Some(Audience::Cloud) => cloud(settings, plans),
        Some(Audience::Stitch) => stitch(plans),
        None => {
            let mut all = vec![cloud(settings, plans), sysadmin(settings, plans), dba(settings, plans)];
            if settings.registration.wanted == Wanted::Yes {
                all.push(stitch(plans));
            }
            all.join("\n")
        }
    }
}

/// What is planned when nothing exists yet; nothing for a step that is left out.
fn offline<S: Step>(settings: &Settings) -> (StepId, Plan) {
    let wanted = settings.steps.contains(&S::ID) && S::skip(settings).is_none();
    let plan = if wanted {
        S::plan(settings, &S::Facts::default())
    } else {
        Plan::default()
    };
    (S::ID, plan)
}

fn dba(settings: &Settings, plans: &Plans) -> String {
    let changes = plans.changes(&DBA_STEPS);
    let mut out = String::from(DBA_HEADER) + &plans.origin("--") + DBA_SETTINGS;
    out.push_str(&by_hand(plans, &DBA_STEPS, "--"));
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

fn sysadmin(settings: &Settings, plans: &Plans) -> String {
    let mut out = String::from(SYSADMIN_HEADER) + &plans.origin("#") + SYSADMIN_SETTINGS;
    if settings.bastion.is_none() {
        out.push_str("# No SSH server is set (--bastion), so there is nothing to do here.\n");
        return out;
    }
    out.push_str("[ \"$(id -u)\" = 0 ] || { echo 'run this as root: sudo sh FILE' >&2; exit 1; }\n");
    out.push_str(&by_hand(plans, &[StepId::SshUser], "#"));
    for change in plans.changes(&[StepId::SshUser]) {
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

fn cloud(settings: &Settings, plans: &Plans) -> String {
    let findings = plans
        .plans
        .get(&StepId::Allowlist)
        .map_or(&[][..], |plan| &plan.findings);
    cloud::script(settings, &plans.origin("#"), findings)
}

/// What only a person can do, as remarks.
fn by_hand(plans: &Plans, steps: &[StepId], remark: &str) -> String {
    let found = steps
        .iter()
        .filter_map(|step| plans.plans.get(step))
        .flat_map(|plan| &plan.findings);
    let mut out = String::new();
    for finding in found.filter(|finding| finding.verdict == Verdict::Bad && !is_for_others(finding.code)) {
        let advice = finding.advice.as_deref().unwrap_or_default();
        let text = format!("By hand: {}\n{advice}", finding.text);
        out.push('\n');
        for line in text.trim_end().lines() {
            let _ = writeln!(out, "{remark} {line}");
        }
    }
    out
}

/// The request to Stitch, for whoever has the token.
fn stitch(plans: &Plans) -> String {
    let mut out = String::from(STITCH_HEADER);
    let changes = plans.changes(&[StepId::Registration]);
    if changes.is_empty() {
        out.push_str("# --register was not given, so there is nothing to do here.\n");
    }
    for change in changes {
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
";

const DBA_SETTINGS: &str = "\\set ON_ERROR_STOP on
\\set QUIET on
";

const DBA_STEPS: [StepId; 3] = [StepId::Database, StepId::Role, StepId::Ownership];

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

/// Each part is what `setup` runs by itself, and stays in a shell of its own.
const SYSADMIN_SETTINGS: &str = "\
# shellcheck disable=SC2030,SC2031 # each part runs in a shell of its own
set -eu
";

const SYSADMIN_HEADER: &str = "\
#!/bin/sh
# For the administrator of the SSH server. Made by stitch-pg; it holds no secret and can be run twice.
# Run it as root: sudo sh FILE
# Then check: stitch-pg check
";

const STITCH_HEADER: &str = "\
#!/bin/sh
# For whoever has an access token of the Stitch account. Made by stitch-pg; it holds no secret.
# It makes a destination each time it is run: look at Stitch's list of destinations first.
# It needs curl 7.55 or newer. Give it the secrets in the environment:
#     STITCH_ACCESS_TOKEN=... STITCH_PG_PASSWORD=... sh FILE
set -eu
";
