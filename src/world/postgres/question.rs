//! One question to the server: no statement is prepared, so it passes transaction poolers, and parameters travel in the
//! protocol, so nothing needs quoting.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use tokio_postgres::types::{ToSql, Type};

use crate::world::dial::Session;

/// One question, one round trip, one JSON value back.
pub(crate) async fn ask<T: DeserializeOwned>(
    session: &Session,
    question: &str,
    parameters: &[&str],
    limit: Duration,
) -> Result<T> {
    let parameters: Vec<(&(dyn ToSql + Sync), Type)> = parameters
        .iter()
        .map(|text| (text as &(dyn ToSql + Sync), Type::TEXT))
        .collect();
    let rows = match timeout(limit, session.client.query_typed(question, &parameters)).await {
        Ok(Ok(rows)) => rows,
        Ok(Err(error)) => return Err(session.explain(&error)),
        Err(_) => bail!(
            "the server did not answer a question within {} s\nnext: is it overloaded? raise --timeout",
            limit.as_secs()
        ),
    };
    let text: &str = rows
        .first()
        .and_then(|row| row.try_get(0).ok())
        .ok_or_else(|| anyhow!("the server answered with nothing"))?;
    serde_json::from_str(text).context("the server's answer has an unexpected shape")
}
