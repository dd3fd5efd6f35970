//! One request that changes something in Stitch, as a value: shown with its secrets masked, printed as a curl command, sent as it is
//! shown.

use std::fmt;

use serde_json::Value;

use crate::secret::Secret;
use crate::statement::{Hole, Statement};

/// A request of Stitch's Connect API that changes something.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    /// What is done to what the address names.
    pub method: HttpMethod,
    /// The whole address.
    pub url: String,
    /// The JSON document that is sent, letter by letter.
    pub body: Statement,
}

/// What is done. There is no deleting here, on purpose: it stops replication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HttpMethod {
    /// Make.
    Post,
    /// Change.
    Put,
}

impl HttpMethod {
    /// The word on the wire.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

/// The password among a destination's properties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PropertyPassword {
    /// It is not sent.
    Unsent,
    /// It is sent; `None`: not known in this run, so the request can be shown and scripted, not sent.
    Sent(Option<Secret>),
}

/// A field and its value.
pub(crate) type Field = (&'static str, Value);

impl Request {
    /// Makes one whose body has these fields and, as the last one, `properties`.
    pub(crate) fn new(
        method: HttpMethod,
        url: String,
        fields: &[Field],
        properties: &[Field],
        password: PropertyPassword,
    ) -> Self {
        let mut lines: Vec<String> = fields.iter().map(|field| format!("  {},\n", member(field))).collect();
        lines.insert(0, "{\n".to_owned());
        let inner: Vec<String> = properties
            .iter()
            .map(|field| format!("    {}", member(field)))
            .collect();
        let body = Statement::plain(format!("{}  \"properties\": {{\n{}", lines.concat(), inner.join(",\n")));
        let body = match password {
            PropertyPassword::Unsent => body,
            PropertyPassword::Sent(secret) => body
                .then(if inner.is_empty() {
                    "    \"password\": \""
                } else {
                    ",\n    \"password\": \""
                })
                .then_secret(secret.as_ref().map(escaped), PASSWORD)
                .then("\""),
        };
        Self {
            method,
            url,
            body: body.then("\n  }\n}"),
        }
    }
}

const PASSWORD: Hole = Hole {
    shown: "***",
    psql: "***",
};

fn member((name, value): &Field) -> String {
    format!("{}: {value}", Value::from(*name))
}

/// A text as it stands between a JSON string's quotes.
fn escaped(secret: &Secret) -> Secret {
    let quoted = Value::from(secret.reveal()).to_string();
    Secret::new(quoted[1..quoted.len() - 1].to_owned())
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}\nAuthorization: Bearer ***\nContent-Type: application/json\n\n{}",
            self.method.as_str(),
            self.url,
            self.body
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(password: PropertyPassword) -> Request {
        Request::new(
            HttpMethod::Post,
            "https://api.example/v4/destinations".to_owned(),
            &[("type", "postgres".into()), ("ignore_unmapped_sources", true.into())],
            &[("host", "we\"ird".into()), ("port", 5432.into())],
            password,
        )
    }

    #[test]
    fn what_is_shown_is_what_is_sent_but_for_the_secrets() {
        let secret = Secret::new("a\"b\\c\td$`é".to_owned());
        let request = request(PropertyPassword::Sent(Some(secret)));
        assert_eq!(
            request.to_string(),
            "POST https://api.example/v4/destinations\nAuthorization: Bearer ***\nContent-Type: application/json\n\n\
             {\n  \"type\": \"postgres\",\n  \"ignore_unmapped_sources\": true,\n  \"properties\": {\n    \
             \"host\": \"we\\\"ird\",\n    \"port\": 5432,\n    \"password\": \"***\"\n  }\n}"
        );
        let sent = request.body.reveal().unwrap();
        let sent: Value = serde_json::from_str(sent.reveal()).unwrap();
        assert_eq!(
            sent,
            serde_json::json!({"type": "postgres", "ignore_unmapped_sources": true,
                "properties": {"host": "we\"ird", "port": 5432, "password": "a\"b\\c\td$`é"}})
        );
    }

    #[test]
    fn a_password_may_be_absent_or_unknown() {
        let absent = request(PropertyPassword::Unsent);
        assert!(!absent.body.holds_secret());
        let text = absent.body.reveal().unwrap();
        assert!(serde_json::from_str::<Value>(text.reveal()).is_ok());
        let unknown = request(PropertyPassword::Sent(None));
        assert!(unknown.body.holds_secret() && unknown.body.reveal().is_none());
        let only = Request::new(HttpMethod::Put, String::new(), &[], &[], PropertyPassword::Sent(None));
        assert_eq!(
            only.body.to_string(),
            "{\n  \"properties\": {\n    \"password\": \"***\"\n  }\n}"
        );
    }
}
