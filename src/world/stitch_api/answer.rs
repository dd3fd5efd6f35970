//! What came back: read up to a limit, and made fit to be shown. Whatever the other side says may be hostile.

use std::sync::Arc;

use anyhow::{Result, anyhow};
use serde_json::Value;
use ureq::Body;
use ureq::http::Response;

use super::failure;
use crate::secret::Secret;
use crate::visible;

/// No answer of the API is longer; an endless one must not fill the memory.
const LONGEST: u64 = 8 << 20;

pub(super) struct ApiResponse {
    pub(super) status: u16,
    /// Where it points to instead.
    location: Option<String>,
    body: Vec<u8>,
    /// What must not be shown, even when it is said by the other side.
    secrets: Arc<Secrets>,
}

/// What must not be shown, even when the other side says it.
pub(super) struct Secrets {
    pub(super) token: Option<Secret>,
    pub(super) password: Option<Secret>,
}

impl ApiResponse {
    pub(super) fn read(
        answered: Result<Response<Body>, ureq::Error>,
        url: &str,
        secrets: &Arc<Secrets>,
    ) -> Result<Self> {
        let mut response = answered.map_err(|error| failure::no_answer(url, &error))?;
        let location = response.headers().get("location").and_then(|value| value.to_str().ok());
        let location = location.map(str::to_owned);
        let body = response
            .body_mut()
            .with_config()
            .limit(LONGEST)
            .read_to_vec()
            .map_err(|error| failure::half_an_answer(url, &error))?;
        Ok(Self {
            status: response.status().as_u16(),
            location,
            body: secrets.without_token(body),
            secrets: Arc::clone(secrets),
        })
    }

    /// The document of a good answer.
    pub(super) fn json(&self) -> Result<Value> {
        self.accepted()?;
        serde_json::from_slice(&self.body).map_err(|_| {
            anyhow!(
                "its answer is not JSON: {}\nnext: check that --api-url is the address of Stitch's Connect API, and that no proxy or captive portal is in between",
                self.shown(&String::from_utf8_lossy(&self.body))
            )
        })
    }

    /// Whether Stitch took it. Creating answers 200 as documented; any other success is fine as well.
    pub(super) fn accepted(&self) -> Result<()> {
        match self.status {
            200..300 => Ok(()),
            300..400 => Err(failure::redirected(
                self.status,
                &self.shown(self.location.as_deref().unwrap_or("nowhere")),
            )),
            _ => Err(failure::refused(self.status, &self.shown(&said(&self.body)))),
        }
    }

    /// As it may be shown: on one line, short enough to read, no secret, nothing that a terminal obeys.
    fn shown(&self, text: &str) -> String {
        cleaned(&self.secrets.masked(text))
    }
}

impl Secrets {
    /// Masks them, as they are and as they stand in JSON. What is shorter than four characters is no secret, and would
    /// make any text unreadable.
    fn masked(&self, text: &str) -> String {
        let secrets = self.token.iter().chain(&self.password).map(Secret::reveal);
        secrets
            .filter(|secret| secret.len() > 3)
            .fold(text.to_owned(), |text, secret| {
                let quoted = Value::from(secret).to_string();
                text.replace(secret, "***").replace(&quoted[1..quoted.len() - 1], "***")
            })
    }

    /// No answer of Stitch's holds the token. One that does may be an attack, to get the token into a report.
    fn without_token(&self, body: Vec<u8>) -> Vec<u8> {
        let token = self.token.as_ref().map_or("", Secret::reveal);
        let holds_it = token.len() > 3 && body.windows(token.len()).any(|part| part == token.as_bytes());
        if holds_it {
            String::from_utf8_lossy(&body).replace(token, "***").into_bytes()
        } else {
            body
        }
    }
}

/// The sentence in an error's body: a bare string, or an object in one of the documented shapes.
fn said(body: &[u8]) -> String {
    let raw = || String::from_utf8_lossy(body).into_owned();
    match serde_json::from_slice(body) {
        Ok(Value::String(text)) => text,
        Ok(Value::Object(object)) => {
            let data = &object.get("data").cloned().unwrap_or_default();
            let mut parts: Vec<String> = ["code", "error", "message"]
                .iter()
                .filter_map(|key| text(object.get(*key)?))
                .collect();
            parts.extend(text(&data["message"]));
            let bad = data["bad_properties"].as_array().into_iter().flatten().map(property);
            let bad: Vec<String> = bad.collect();
            if !bad.is_empty() {
                parts.push(format!("bad properties {}", bad.join(", ")));
            }
            if parts.is_empty() { raw() } else { parts.join(": ") }
        }
        _ => raw(),
    }
}

fn property(value: &Value) -> String {
    text(&value["name"])
        .or_else(|| text(value))
        .unwrap_or_else(|| value.to_string())
}

/// At most this much of what the other side says is shown.
const SHOWN: usize = 300;

/// Text of the other side as it may be shown: on one line, and nothing that a terminal obeys.
fn cleaned(text: &str) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut plain = one_line.chars().filter(|c| !visible::is_control(*c));
    let mut shown: String = plain.by_ref().take(SHOWN).collect();
    if plain.next().is_some() {
        shown.push_str(" ...");
    }
    if shown.is_empty() { "nothing".to_owned() } else { shown }
}

/// A text, number or truth value as text that may be shown; Stitch writes numbers and truth values both ways.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(cleaned(text)),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// A number that stands in an address; anything else might lead elsewhere.
pub(crate) fn id(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_error_body_is_read() {
        for (body, wanted) in [
            (
                r#""you are at your destination limit""#,
                "you are at your destination limit",
            ),
            ("you are at your destination limit", "you are at your destination limit"),
            (r#"{"code": 400, "message": "no"}"#, "400: no"),
            (
                r#"{"error":"InvalidProperties","data":{"message":"properties do not match schema","bad_properties":["ssl",{"name":"port"}]}}"#,
                "InvalidProperties: properties do not match schema: bad properties ssl, port",
            ),
            (r#"{"other": [1]}"#, r#"{"other": [1]}"#),
            ("", ""),
        ] {
            assert_eq!(said(body.as_bytes()), wanted);
        }
    }

    #[test]
    fn what_is_shown_is_harmless() {
        let answer = ApiResponse {
            status: 400,
            location: None,
            body: Vec::new(),
            secrets: Arc::new(Secrets {
                token: Some(Secret::new("ac_token".to_owned())),
                password: Some(Secret::new("p\"w\\d".to_owned())),
            }),
        };
        assert_eq!(answer.secrets.without_token(b"[\"ac_token\"]".to_vec()), b"[\"***\"]");
        assert_eq!(
            answer.shown("ac_token p\"w\\d p\\\"w\\\\d\n\u{1b}[31mred\u{202e}"),
            "*** *** *** [31mred"
        );
        assert_eq!(answer.shown(&"x".repeat(1000)).len(), SHOWN + 4);
        assert_eq!(answer.shown("\u{1b}"), "nothing");
    }

    #[test]
    fn numbers_come_in_both_ways_and_lead_nowhere_else() {
        assert_eq!(id(&Value::from(4711)), Some(4711));
        assert_eq!(id(&Value::from("4711")), Some(4711));
        for odd in [Value::from("../v3/x"), Value::from(-1), Value::from(1.5), Value::Null] {
            assert_eq!(id(&odd), None);
        }
    }
}
