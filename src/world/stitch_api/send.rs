//! What Stitch is told.

use anyhow::{Context, Result, bail};

use super::answer::{ApiResponse, id};
use super::client::SentToStitch;
use super::failure;
use crate::request::{HttpMethod, Request};
use crate::statement::Statement;
use crate::world::writer::Writer;

/// A change may take Stitch longer than a look.
const PATIENCE: u32 = 3;

impl Writer {
    /// Tells Stitch something, once: whether it was done is seen by looking again, never by telling it twice.
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
