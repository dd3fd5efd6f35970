//! Questions to Stitch.

use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::Value;

use super::answer::Secrets;
use super::client::SentToStitch;
use crate::world::reader::Reader;

impl Reader {
    /// Whether there is a token to ask Stitch with.
    pub(crate) fn can_ask_stitch(&self) -> bool {
        self.stitch.token.is_some()
    }

    /// Puts one question to Stitch and fails unless it is answered.
    pub(crate) async fn ask_stitch(&self, path: &str) -> Result<Value> {
        let url = self.settings.registration.api.at(path);
        let answer = self.stitch.get(url.clone(), &self.secrets()).await?;
        answer.json().with_context(|| format!("cannot read {url}"))
    }

    /// The same for a question that Stitch may not know: `None` when there is no such thing.
    pub(crate) async fn try_stitch(&self, path: &str) -> Result<Option<Value>> {
        let url = self.settings.registration.api.at(path);
        let answer = self.stitch.get(url.clone(), &self.secrets()).await?;
        if matches!(answer.status, 400 | 403..=405 | 410 | 501) {
            return Ok(None);
        }
        answer.json().map(Some).with_context(|| format!("cannot read {url}"))
    }

    /// What Stitch was told in this run.
    pub(crate) fn sent_to_stitch(&self) -> Option<&SentToStitch> {
        self.stitch.told.as_ref()
    }

    /// Whether this run gave the role a password that Stitch has not heard of yet.
    pub(crate) fn has_new_password(&self) -> bool {
        self.stitch.new_password
    }

    /// What must not be shown, even when the other side says it.
    pub(super) fn secrets(&self) -> Arc<Secrets> {
        Arc::new(Secrets {
            token: self.stitch.token.clone(),
            password: self.settings.stitch.password.secret().cloned(),
        })
    }
}
