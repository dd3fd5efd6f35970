//! Questions to Stitch, and changes that are sent to it.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::answer::{ApiResponse, Secrets, id};
use super::client::SentToStitch;
use super::failure;
use crate::request::{HttpMethod, Request};
use crate::statement::Statement;
use crate::world::reader::Reader;
use crate::world::writer::Writer;

/// A change may take Stitch longer than a question.
const PATIENCE: u32 = 3;

impl Writer {
    /// Sends Stitch one change, once: whether it was made is found by checking again, never by sending it twice.
    pub(in crate::world) async fn send_to_stitch(&mut self, request: &Request) -> Result<()> {
        let Some(body) = request.body.reveal() else {
            bail!("the Stitch role's password is not known\nnext: give STITCH_PG_PASSWORD or --password-file FILE");
        };
        let agent = self.reader.stitch.agent.clone();
        let token = self.reader.stitch.bearer()?;
        let (method, url, limit) = (
            request.method,
            request.url.clone(),
            self.reader.settings.timeout * PATIENCE,
        );
        let secrets = self.reader.secrets();
        let sent = tokio::task::spawn_blocking(move || {
            let builder = match method {
                HttpMethod::Post => agent.post(&url),
                HttpMethod::Put => agent.put(&url),
            };
            let request = builder
                .header("Authorization", token.reveal())
                .header("Content-Type", "application/json")
                .config()
                .timeout_global(Some(limit))
                .build();
            let sent = request.send(body.reveal());
            let reached = !matches!(&sent, Err(error) if failure::is_unsent(error));
            (reached, ApiResponse::read(sent, &url, &secrets))
        });
        let (reached, answer) = sent.await.context("the request to Stitch was interrupted")?;
        let answer = match answer {
            Err(error) if reached => return Err(error.context(failure::UNSURE)),
            answer => answer?,
        };
        match answer.accepted() {
            Err(error) if answer.status >= 500 => return Err(error.context(failure::UNSURE)),
            accepted => accepted?,
        }
        let said = answer.json().unwrap_or_default();
        self.reader.stitch.told = Some(SentToStitch {
            id: id(&said["id"]).or_else(|| id_in(request)),
            password: request.body.holds_secret(),
        });
        if request.body.holds_secret() {
            self.reader.stitch.new_password = false;
        }
        Ok(())
    }

    /// Notes that the role has a new password, when these statements give it one.
    pub(in crate::world) fn note_password(&mut self, statements: &[Statement]) {
        if statements.iter().any(Statement::holds_secret) {
            self.reader.stitch.new_password = true;
        }
    }
}

/// The destination a request is about.
fn id_in(request: &Request) -> Option<u64> {
    let last = request.url.rsplit('/').next()?;
    last.parse().ok()
}

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

    /// What this run sent to Stitch.
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
