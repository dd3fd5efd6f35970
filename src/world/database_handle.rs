//! One database of the server, to put questions to, also several at a time.

use std::sync::Arc;

use anyhow::Result;
use serde::de::DeserializeOwned;

use super::login::Session;
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

/// The admin's connection to one database. Questions that are put at the same time (`tokio::try_join!`) share a round trip.
pub(crate) type DatabaseHandle = Arc<Session>;

impl Reader {
    /// Where such questions are put; `None` when the database does not exist, or does not let the admin's login in.
    pub(crate) async fn place(&mut self, on: Target<'_>) -> Result<Option<DatabaseHandle>> {
        let database = match on {
            Target::Server => self.home().await?,
            Target::Database(name) => name.to_string(),
        };
        Ok(self.session(&database).await?.map(Arc::clone))
    }

    /// Puts one question, as [`Session::ask`].
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
