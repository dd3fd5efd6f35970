//! From the layer that failed to one finding: one cause, one fix.

use tokio_postgres::error::SqlState;

use crate::change::Plan;
use crate::finding::{Code, Finding};
use crate::world::rehearsal::Refusal;
use crate::world::{Failure, Layer, SshLayer};

/// The finding for a login that did not come about.
pub(super) fn finding(failure: &Failure) -> Finding {
    let code = match failure.layer {
        Layer::Name => Code::LoginName,
        Layer::Tcp => Code::LoginTcp,
        Layer::Tunnel => failure.ssh.map_or(Code::LoginTunnel, SshLayer::code),
        Layer::Protocol => Code::LoginProtocol,
        Layer::Tls => Code::LoginTls,
        Layer::Authentication if failure.is(&SqlState::INVALID_PASSWORD) => Code::LoginPassword,
        Layer::Authentication => Code::LoginRefused,
        Layer::Database => Code::LoginDatabase,
    };
    let finding = Finding::bad(
        code,
        format!(
            "Stitch's login fails at the layer {}: {}",
            layer_of(failure),
            failure.text
        ),
    )
    .about(layer_of(failure));
    match &failure.advice {
        Some(advice) => finding.advise(advice.clone()),
        None => finding,
    }
}

/// The layers behind the one at which it ended.
pub(super) fn not_reached(plan: &mut Plan, failure: &Failure) {
    let ssh = failure.ssh.into_iter().flat_map(|ended| {
        SshLayer::ALL
            .into_iter()
            .filter(move |layer| *layer > ended)
            .map(SshLayer::as_str)
    });
    let above = ABOVE
        .into_iter()
        .filter(|layer| *layer > failure.layer)
        .map(Layer::as_str);
    for layer in ssh.chain(above) {
        plan.find(
            Finding::unknown(
                Code::LayerNotReached,
                format!("not reached, since the layer {} failed", layer_of(failure)),
            )
            .about(layer),
        );
    }
}

fn layer_of(failure: &Failure) -> &'static str {
    failure.ssh.map_or(failure.layer.as_str(), SshLayer::as_str)
}

/// The layers of PostgreSQL's own.
const ABOVE: [Layer; 4] = [Layer::Protocol, Layer::Tls, Layer::Authentication, Layer::Database];

/// The finding for an act of a load that the server refused.
pub(super) fn rehearsal_refused(refusal: &Refusal, schema: Option<&str>) -> Finding {
    let place = schema.map_or_else(String::new, |schema| format!(" in the schema {schema:?}"));
    let text = format!(
        "Stitch could not {}{place}: {}",
        refusal.act,
        refusal.said.lines().next().unwrap_or_default()
    );
    let state = refusal.state.as_ref();
    let advice = if state == Some(&SqlState::READ_ONLY_SQL_TRANSACTION) {
        "the server is read-only or the role or database has default_transaction_read_only = on: give Stitch the primary, or ALTER ROLE … RESET default_transaction_read_only"
    } else if state == Some(&SqlState::INSUFFICIENT_PRIVILEGE) && schema.is_some() {
        "the role must own the schema and its tables: run stitch-pg setup --existing with this --schema"
    } else if state == Some(&SqlState::INSUFFICIENT_PRIVILEGE) {
        "the role lacks a right: run stitch-pg setup, which grants what is missing"
    } else if state == Some(&SqlState::DISK_FULL) {
        "the server's disk is full: add space or remove data"
    } else {
        "the statement stands in the JSON report; try it as the Stitch role in psql"
    };
    let finding = Finding::bad(Code::RehearsalRefused, format!("{text} [{}]", refusal.statement)).advise(advice);
    match schema {
        Some(schema) => finding.about(schema),
        None => finding.about(refusal.act),
    }
}
