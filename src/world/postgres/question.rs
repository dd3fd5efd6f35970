//! One question to the server, in one call, which fixes where its names are looked for and that it changes nothing. Whatever stands
//! in between, no other user's function or operator is taken for the system's. No statement is prepared and nothing is left in the
//! session, so it passes every kind of pooler.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use postgres_protocol::escape::escape_literal;
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use tokio_postgres::SimpleQueryMessage;

use crate::sql::{READ_ONLY_ONCE, opening};
use crate::world::login::Session;

impl Session {
    /// Puts one question: a `SELECT` of one row and one column cast to `text` that holds JSON, with text parameters `$1…`.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, question: &str, parameters: &[&str]) -> Result<T> {
        ask(self, question, parameters, self.limit).await
    }
}

/// One question, one round trip, one JSON value back: the same with a limit of its own.
#[expect(clippy::disallowed_methods, reason = "the one place where questions are put")]
pub(crate) async fn ask<T: DeserializeOwned>(
    session: &Session,
    question: &str,
    parameters: &[&str],
    limit: Duration,
) -> Result<T> {
    // Statements of one simple query are one transaction, for which the first one speaks (PostgreSQL docs 53.2.2.1).
    let opening = opening(session.role.as_deref());
    let whole = format!("{opening};{READ_ONLY_ONCE};{}", filled_in(question, parameters));
    let messages = match timeout(limit, session.client.simple_query(&whole)).await {
        Ok(Ok(messages)) => messages,
        Ok(Err(error)) => return Err(session.explain(&error)),
        Err(_) => bail!(
            "the server did not answer a question within {} s\nnext: is it overloaded? raise --timeout",
            limit.as_secs()
        ),
    };
    let row = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    let text = row.ok_or_else(|| anyhow!("the server answered with nothing"))?;
    serde_json::from_str(text).context("the server's answer has an unexpected shape")
}

/// The question with `$1…` replaced by literals of type `text`. A dollar sign means nothing else in our questions.
fn filled_in(question: &str, parameters: &[&str]) -> String {
    let mut pieces = question.split('$');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let digits = piece.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = piece.split_at(digits);
        let parameter = number
            .parse::<usize>()
            .ok()
            .and_then(|number| parameters.get(number.checked_sub(1)?));
        match parameter {
            Some(value) => text.extend([&escape_literal(value), "::pg_catalog.text", rest]),
            None => text.extend(["$", piece]),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_parameter_holds_stays_in_it() {
        assert_eq!(
            filled_in("SELECT $1, lower($2)::json, '$'", &["it's $2", "a\\b"]),
            "SELECT 'it''s $2'::pg_catalog.text, lower( E'a\\\\b'::pg_catalog.text)::json, '$'"
        );
        assert_eq!(filled_in("SELECT $3", &["x"]), "SELECT $3");
    }
}
