//! Stitch's Connect API: bounded questions and answers over verified TLS. The token leaves the program here and nowhere
//! else, to the one host that was named: no redirect is followed.

mod answer;
mod failure;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;
use tokio::time::sleep;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

use crate::request::{HttpMethod, Request};
use crate::secret::Secret;
use crate::settings::Settings;
use crate::statement::Statement;
use crate::world::{Reader, Writer};
use answer::{ApiResponse, Secrets};

/// No answer of the API is longer; an endless one must not fill the memory.
const LONGEST: u64 = 8 << 20;

/// How often a question is put when Stitch itself is in trouble, and the pause that doubles each time.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(500);

/// A change may take Stitch longer than a look.
const PATIENCE: u32 = 3;

/// The way to Stitch, and what was told in this run.
pub(super) struct StitchApi {
    agent: ureq::Agent,
    token: Option<Secret>,
    told: Option<SentToStitch>,
    /// Whether this run gave the role a password that Stitch has not heard of yet.
    new_password: bool,
}

/// What Stitch was told in this run.
#[derive(Clone, Debug)]
pub(crate) struct SentToStitch {
    /// The destination's number, as far as the answer could be read.
    pub(crate) id: Option<u64>,
    /// Whether the password went with it.
    pub(crate) password: bool,
}

impl StitchApi {
    pub(super) fn new(settings: &Settings) -> Self {
        let tls = TlsConfig::builder()
            .provider(TlsProvider::NativeTls)
            .root_certs(RootCerts::PlatformVerifier)
            .build();
        let api = &settings.registration.api;
        let mut config = ureq::Agent::config_builder()
            .tls_config(tls)
            .https_only(api.is_encrypted())
            .http_status_as_error(false)
            // Some other host would get the token.
            .max_redirects(0)
            .user_agent(concat!("stitch-pg/", env!("CARGO_PKG_VERSION")))
            .accept("application/json")
            .timeout_global(Some(settings.timeout));
        if !api.is_encrypted() {
            // Loopback: no proxy may see the token.
            config = config.proxy(None);
        }
        Self {
            agent: config.build().new_agent(),
            token: settings.registration.token.clone(),
            told: None,
            new_password: false,
        }
    }

    async fn get(&self, url: String, secrets: &Arc<Secrets>) -> Result<ApiResponse> {
        let mut pause = PAUSE;
        for attempt in 1.. {
            let agent = self.agent.clone();
            let token = self.bearer()?;
            let (address, hidden) = (url.clone(), Arc::clone(secrets));
            let answer = tokio::task::spawn_blocking(move || {
                let request = agent.get(&address).header("Authorization", token.reveal());
                ApiResponse::read(request.call(), &address, &hidden)
            });
            let answer = answer.await.context("the question to Stitch was cut short")??;
            if answer.status < 500 || attempt >= TRIES {
                return Ok(answer);
            }
            sleep(pause).await;
            pause *= 2;
        }
        bail!("no question was put")
    }

    fn bearer(&self) -> Result<Secret> {
        let token = self
            .token
            .as_ref()
            .ok_or_else(|| anyhow!("there is no access token\nnext: give it in STITCH_ACCESS_TOKEN"))?;
        Ok(Secret::new(format!("Bearer {}", token.reveal())))
    }
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

    /// What Stitch was told in this run.
    pub(crate) fn sent_to_stitch(&self) -> Option<&SentToStitch> {
        self.stitch.told.as_ref()
    }

    /// Whether this run gave the role a password that Stitch has not heard of yet.
    pub(crate) fn has_new_password(&self) -> bool {
        self.stitch.new_password
    }

    /// What must not be shown, even when the other side says it.
    fn secrets(&self) -> Arc<Secrets> {
        Arc::new(Secrets {
            token: self.stitch.token.clone(),
            password: self.settings.stitch.password.secret().cloned(),
        })
    }
}

impl Writer {
    /// Tells Stitch something, once: whether it was done is seen by looking again, never by telling it twice.
    pub(super) async fn send_to_stitch(&mut self, request: &Request) -> Result<()> {
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
        let (reached, answer) = sent.await.context("the request to Stitch was cut short")?;
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
            id: answer::id(&said["id"]).or_else(|| id_in(request)),
            password: request.body.holds_secret(),
        });
        if request.body.holds_secret() {
            self.reader.stitch.new_password = false;
        }
        Ok(())
    }

    /// Notes that the role has a new password, when these statements give it one.
    pub(super) fn note_password(&mut self, statements: &[Statement]) {
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

pub(crate) use answer::{id, text};
