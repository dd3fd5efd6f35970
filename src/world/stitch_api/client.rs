//! The way to Stitch, over TLS that is verified.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use tokio::time::sleep;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

use super::answer::{ApiResponse, Secrets};
use crate::secret::Secret;
use crate::settings::Settings;

/// How often a question is put when Stitch itself is in trouble, and the pause that doubles each time.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(500);

/// The way to Stitch, and what this run sent.
pub(crate) struct StitchApi {
    pub(super) agent: ureq::Agent,
    pub(super) token: Option<Secret>,
    pub(super) told: Option<SentToStitch>,
    /// Whether this run gave the role a password that Stitch has not heard of yet.
    pub(super) new_password: bool,
}

/// What this run sent to Stitch.
#[derive(Clone, Debug)]
pub(crate) struct SentToStitch {
    /// The destination's number, as far as the answer could be read.
    pub(crate) id: Option<u64>,
    /// Whether the password went with it.
    pub(crate) password: bool,
}

impl StitchApi {
    pub(in crate::world) fn new(settings: &Settings) -> Self {
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

    pub(super) async fn get(&self, url: String, secrets: &Arc<Secrets>) -> Result<ApiResponse> {
        let mut pause = PAUSE;
        for attempt in 1.. {
            let agent = self.agent.clone();
            let token = self.bearer()?;
            let (address, hidden) = (url.clone(), Arc::clone(secrets));
            let answer = tokio::task::spawn_blocking(move || {
                let request = agent.get(&address).header("Authorization", token.reveal());
                ApiResponse::read(request.call(), &address, &hidden)
            });
            let answer = answer.await.context("the request to Stitch was interrupted")??;
            if answer.status < 500 || attempt >= TRIES {
                return Ok(answer);
            }
            sleep(pause).await;
            pause *= 2;
        }
        bail!("no request was sent")
    }

    pub(super) fn bearer(&self) -> Result<Secret> {
        let token = self
            .token
            .as_ref()
            .ok_or_else(|| anyhow!("there is no access token\nnext: give it in STITCH_ACCESS_TOKEN"))?;
        Ok(Secret::new(format!("Bearer {}", token.reveal())))
    }
}
