//! The layers of a login as findings: those that were passed with their times, the first that failed with one cause and
//! one fix, and those behind it, which were not reached.

use tokio_postgres::error::SqlState;

use crate::change::Plan;
use crate::finding::{Code, Finding, Hop, Verdict};
use crate::settings::Settings;
use crate::world::test_load::Refusal;
use crate::world::{Failure, Layer, SeenConnection, SshLayer, Stage};

/// Those that were passed. The last one, the database, is reported as the login that works.
pub(super) fn passed(plan: &mut Plan, stages: &[Stage]) {
    for stage in stages.iter().filter(|stage| stage.layer != Layer::Database) {
        plan.find(good(stage.layer, &stage.text).took(stage.elapsed));
    }
}

pub(super) fn good(layer: Layer, text: &str) -> Finding {
    let hop = (layer == Layer::Tunnel).then_some(Hop::Forward);
    let layer = layer.as_str();
    Finding::good(Code::LayerPassed, format!("{layer}: {text}"))
        .about(layer)
        .on(hop)
}

/// The administrator's login, where that is what failed: the error that ended the step, by layer and code for the readers
/// of reports.
pub(crate) fn administrator(error: &anyhow::Error) -> Plan {
    let mut plan = Plan::default();
    if let Some(failure) = error.downcast_ref::<Failure>() {
        passed(&mut plan, &failure.passed);
        plan.find(failed(failure));
    }
    plan
}

/// The finding for a login that did not come about.
pub(super) fn failed(failure: &Failure) -> Finding {
    let layer = layer_of(failure);
    Finding {
        advice: failure.advice.clone(),
        ..Finding::bad(failure.code, format!("{layer}: {}", failure.text)).about(layer)
    }
}

/// What this login may not look into stays as it is.
pub(super) fn not_let_in(code: Code, verdict: Verdict, text: &str, closed: &Failure) -> Finding {
    let advice = closed.advice.as_deref().unwrap_or("allow this login, and check again");
    Finding::new(code, verdict, format!("{text}: {}", closed.text)).advise(advice)
}

fn layer_of(failure: &Failure) -> &'static str {
    failure.ssh.map_or(failure.layer.as_str(), SshLayer::as_str)
}

pub(super) fn bad(layer: Layer, code: Code, text: &str, advice: impl Into<String>) -> Finding {
    let layer = layer.as_str();
    let finding = Finding::bad(code, format!("{layer}: {text}"));
    finding.about(layer).advise(advice)
}

/// The layers behind the one at which a login ended, those of the SSH server included.
pub(super) fn not_reached_behind(plan: &mut Plan, failure: &Failure) {
    if let Some(ended) = failure.ssh {
        let behind = SshLayer::ALL.into_iter().filter(|layer| *layer > ended);
        behind.for_each(|layer| plan.find(unreached(layer_of(failure), layer.as_str())));
    }
    above(failure.layer).for_each(|layer| plan.find(unreached_above(layer_of(failure), layer)));
}

/// The layers behind the one that failed.
pub(super) fn not_reached(plan: &mut Plan, failed: Layer) {
    above(failed).for_each(|layer| plan.find(unreached_above(failed.as_str(), layer)));
}

/// The layers behind one, from the server's own on.
fn above(failed: Layer) -> impl Iterator<Item = Layer> {
    let own = move |layer: &Layer| *layer >= Layer::Protocol && *layer > failed;
    Layer::ALL.into_iter().filter(own)
}

fn unreached_above(failed: &str, layer: Layer) -> Finding {
    let is_login = matches!(layer, Layer::Protocol | Layer::Tls | Layer::Authentication);
    unreached(failed, layer.as_str()).on(is_login.then_some(Hop::Login))
}

fn unreached(failed: &str, layer: &str) -> Finding {
    let text = format!("not tested, because the layer {failed} failed");
    Finding::unknown(Code::LayerNotReached, text).about(layer)
}

/// The finding for an act of a load that the server refused.
pub(super) fn load_refused(refusal: &Refusal, schema: Option<&str>, tables: &[&str]) -> Finding {
    let place = match (schema, tables) {
        (None, _) => String::new(),
        (Some(schema), []) => format!(" in the schema {schema:?}"),
        (Some(schema), [table]) => format!(": {schema:?}.{table:?}"),
        (Some(schema), tables) => format!(" in the schema {schema:?}: {}", tables.join(", ")),
    };
    let (act, said) = (refusal.act, refusal.said.lines().next().unwrap_or_default());
    let text = format!(
        "test load: Stitch could not {act}{place}: {said} [{}]",
        refusal.statement
    );
    let state = refusal.state.as_ref();
    let advice = if state == Some(&SqlState::READ_ONLY_SQL_TRANSACTION) {
        "the server is read-only or the role or database has default_transaction_read_only = on: give Stitch the primary, or run the statement of the finding setting-interrupts-loads"
    } else if state == Some(&SqlState::INSUFFICIENT_PRIVILEGE) && schema.is_some() {
        "the role must own the schema and its tables: run stitch-pg setup --existing with this --schema"
    } else if state == Some(&SqlState::INSUFFICIENT_PRIVILEGE) {
        "the role lacks a privilege: run stitch-pg setup, which grants it"
    } else if state == Some(&SqlState::DISK_FULL) {
        "the server's disk is full: add space or remove data"
    } else if state == Some(&SqlState::QUERY_CANCELED) {
        "a statement_timeout is too short for a load: run the statement of the finding setting-interrupts-loads"
    } else if state == Some(&SqlState::CONFIGURATION_LIMIT_EXCEEDED) {
        "a limit of the server was reached, such as temp_file_limit: raise it for the role"
    } else if state == Some(&SqlState::RAISE_EXCEPTION) {
        "an event trigger or another trigger refuses it: its owner must allow Stitch's role"
    } else {
        "the JSON report has the statement; try it as the Stitch role in psql"
    };
    let finding = Finding::bad(Code::TestLoadRefused, text).advise(advice);
    finding.about(schema.unwrap_or(refusal.act))
}

/// Logins to one address reach different servers by turns.
pub(super) fn several_servers(settings: &Settings, servers: &[(SeenConnection, u32)]) -> Option<Finding> {
    if servers.len() < 2 {
        return None;
    }
    let stitch = &settings.stitch;
    let all: u32 = servers.iter().map(|(_, count)| count).sum();
    let told = |(server, count): &(SeenConnection, u32)| format!("{count} to {}", server.server());
    let list: Vec<String> = servers.iter().map(told).collect();
    let advice = match servers.iter().find(|(server, _)| !server.standby) {
        Some((primary, _)) => format!(
            "give Stitch only the primary, now {}, or a port of the load balancer that checks for it (HAProxy with Patroni: option httpchk GET /primary)",
            primary.server()
        ),
        None => "give Stitch only the primary: these are standbys".to_owned(),
    };
    let text = format!(
        "several servers answer at {}:{} in turn: {all} logins went {}; a load that reaches the wrong one fails",
        stitch.host,
        stitch.port,
        list.join(", ")
    );
    Some(bad(Layer::Database, Code::LoginSeveralServers, &text, advice))
}
