//! Event triggers: other users' functions that the server calls in our session, with this login's rights, when something
//! is created or altered, or (17 and newer) at a login. stitch-pg cannot prevent that, so it reports them beforehand.

use anyhow::Result;
use serde::Deserialize;

use crate::finding::{Code, Finding};
use crate::names::DatabaseName;
use crate::settings::Settings;
use crate::world::{Reader, Target};

/// One that fires in an ordinary session.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct EventTrigger {
    name: String,
    event: String,
    owner: String,
    function: String,
}

impl EventTrigger {
    pub(crate) fn finding(&self, code: Code, database: &DatabaseName) -> Finding {
        let when = match self.event.as_str() {
            "login" => "at every login",
            _ => "when objects are created, altered, granted or dropped",
        };
        let text = format!(
            "the event trigger {:?} ({}) of {:?} calls {}() {when} in the database {database:?}, with the rights of the session's user",
            self.name, self.event, self.owner, self.function
        );
        let advice = format!(
            "read the function before you change anything (in psql: \\sf {}); stitch-pg's sessions have only pg_catalog in the search path, unless the function sets its own",
            self.function
        );
        Finding::unknown(code, text).advise(advice).about(&self.name)
    }
}

/// Those of the database that is asked, on a condition on `t`.
macro_rules! event_triggers {
    ($condition:literal) => {
        concat!(
            "(SELECT coalesce(json_agg(json_build_object('name', t.evtname, 'event', t.evtevent, 'owner', pg_get_userbyid(t.evtowner),
                'function', format('%I.%I', f.nspname, p.proname)) ORDER BY t.evtname), '[]')
     FROM pg_event_trigger t JOIN pg_proc p ON p.oid = t.evtfoid JOIN pg_namespace f ON f.oid = p.pronamespace
     WHERE t.evtenabled IN ('O', 'A') AND t.evtevent <> 'table_rewrite' AND coalesce(current_setting('event_triggers', true), 'on') = 'on' AND ",
            $condition,
            ")"
        )
    };
}
pub(crate) use event_triggers;

const ALL: &str = concat!("SELECT ", event_triggers!("true"), "::text");
/// All that a run meets in which no step reads them with its own facts: `remove` and `rotate`.
pub(crate) async fn told(settings: &Settings, reader: &mut Reader) -> Result<Vec<Finding>> {
    let stitchs = &settings.stitch.database;
    let all: Option<Vec<EventTrigger>> = reader.ask(Target::Database(stitchs), ALL, &[]).await?;
    let at_home: Option<Vec<EventTrigger>> = reader.ask(Target::Server, ALL, &[]).await?;
    let home = &reader
        .admin_database()
        .unwrap_or_else(|| settings.admin.database.clone());
    let fires = |one: &&EventTrigger| one.event == "login" && home != stitchs;
    let (all, at_home) = (all.iter().flatten(), at_home.iter().flatten().filter(fires));
    let all = all.map(|one| one.finding(Code::EventTriggers, stitchs));
    Ok(all
        .chain(at_home.map(|one| one.finding(Code::LoginTriggers, home)))
        .collect())
}
