//! The layers a login passed, by what was seen on the wire.

use std::time::Instant;

use crate::world::certificate::Examined;
use crate::world::failure::{Layer, Stage};
use crate::world::login_observer::guard::AuthRequest;
use crate::world::login_observer::trace::LoginTrace;

/// What was passed below TLS.
pub(super) fn below(layer: Layer, mut passed: Vec<Stage>) -> Vec<Stage> {
    passed.retain(|stage| stage.layer < layer);
    passed
}

/// Those above the wire, in order, behind those below it.
pub(super) fn passed(mut stages: Vec<Stage>, seen: &LoginTrace, began: Instant) -> Vec<Stage> {
    let mut since = began;
    let marks = [
        (Layer::Protocol, seen.answered, "PostgreSQL answers".to_owned()),
        (Layer::Tls, seen.encrypted, encrypted(seen.certificate.as_ref())),
        (Layer::Authentication, seen.authenticated, convinced(seen.method)),
    ];
    for (layer, mark, text) in marks {
        if let Some(at) = mark {
            let elapsed = at.saturating_duration_since(since);
            stages.push(Stage { layer, elapsed, text });
            since = at;
        }
    }
    stages
}

fn encrypted(certificate: Option<&Examined>) -> String {
    match certificate {
        Some(examined) if !examined.names.is_empty() => format!(
            "the connection is encrypted; the certificate is for {}, until {}",
            examined.names.join(", "),
            examined.ends
        ),
        _ => "the connection is encrypted".to_owned(),
    }
}

fn convinced(method: Option<AuthRequest>) -> String {
    match method {
        Some(AuthRequest::Scram) => "the password is correct (SCRAM)".to_owned(),
        Some(AuthRequest::Md5) => "the password is correct (md5)".to_owned(),
        Some(AuthRequest::ClearText) => "the password is correct (sent as clear text)".to_owned(),
        _ => "no password was asked for".to_owned(),
    }
}
