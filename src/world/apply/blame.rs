//! Whose function refused a change: the event trigger that calls it, and who owns that.

use std::time::Duration;

use anyhow::{Error, anyhow};
use serde::Deserialize;

use crate::sql;
use crate::world::login::Session;
use crate::world::postgres::ask;

#[derive(Deserialize)]
struct EventTrigger {
    name: String,
    owner: String,
    /// As the server writes it: `public.guard()`.
    function: String,
}

/// The error, with the event triggers whose functions its words name.
pub(super) async fn named(session: &Session, error: Error, limit: Duration) -> Error {
    let words = format!("{error:#}");
    if !words.contains("() ") {
        return error;
    }
    // Who cannot look any more has the server's words.
    let triggers: Vec<EventTrigger> = ask(session, QUESTION, &[], limit).await.unwrap_or_default();
    let mut raised = triggers.iter().filter(|trigger| words.contains(&trigger.function));
    let Some(first) = raised.next() else { return error };
    let mut named = format!("the event trigger {:?} of {:?} refused it", first.name, first.owner);
    for other in raised {
        named = format!("{named}, or {:?} of {:?}", other.name, other.owner);
    }
    let (words, _) = words.split_once("\nnext: ").unwrap_or((&words, ""));
    let advice = format!(
        "ask its owner to allow this, or a superuser runs: ALTER EVENT TRIGGER {} DISABLE; then run the same command \
         again, and enable it afterwards",
        sql::identifier(&first.name)
    );
    anyhow!("{words}\n  {named}\nnext: {advice}")
}

const QUESTION: &str = "
SELECT coalesce(json_agg(json_build_object('name', t.evtname, 'owner', pg_get_userbyid(t.evtowner),
    'function', t.evtfoid::regprocedure::text) ORDER BY t.evtname), '[]')::text
FROM pg_event_trigger t WHERE t.evtenabled IN ('O', 'A')";
