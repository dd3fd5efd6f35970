//! One database of the server, to put questions to, also several at a time.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use serde::de::DeserializeOwned;

use super::login::Session;
use super::postgres::ask;
use super::reader::Reader;
use crate::names::DatabaseName;

/// Which database a question is put to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target<'a> {
    /// The one the admin's login is in already: for what is the same in every database.
    Server,
    /// This one; the answer is `None` when it does not exist or does not let the admin's login in.
    Database(&'a DatabaseName),
}

/// The admin's connection to one database.
#[derive(Clone)]
pub(crate) struct DatabaseHandle {
    pub(crate) session: Arc<Session>,
    limit: Duration,
}

impl DatabaseHandle {
    /// Puts one question: a `SELECT` of one row and one column cast to `text` that holds JSON, with text parameters `$1…`.
    /// One round trip, which questions share that are put at the same time (`tokio::try_join!`).
    pub(crate) async fn ask<T: DeserializeOwned>(&self, question: &str, parameters: &[&str]) -> Result<T> {
        ask(&self.session, question, parameters, self.limit).await
    }
}

impl Reader {
    /// Where such questions are put; `None` when the database does not exist, or lets nobody in.
    pub(crate) async fn place(&mut self, on: Target<'_>) -> Result<Option<DatabaseHandle>> {
        let database = match on {
            Target::Server => self.home().await?,
            Target::Database(name) => name.to_string(),
        };
        let limit = self.settings.timeout;
        let session = self.session(&database).await?;
        Ok(session.map(|session| DatabaseHandle {
            session: Arc::clone(session),
            limit,
        }))
    }

    /// Puts one question, as [`DatabaseHandle::ask`].
    pub(crate) async fn ask<T: DeserializeOwned>(
        &mut self,
        on: Target<'_>,
        question: &str,
        parameters: &[&str],
    ) -> Result<Option<T>> {
        match self.place(on).await? {
            Some(place) => place.ask(question, parameters).await.map(Some),
            None => Ok(None),
        }
    }
}
