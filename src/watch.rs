//! Shows what arrives from Stitch, hop by hop, until it is in: what the SSH server's log says through the administrator's
//! login, the sessions of Stitch's role, and the server's own log where this login may read it. Nothing is changed.

mod activity;
mod event;
mod log_entry;
mod server_log;
mod ssh_log;

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::sync::mpsc::{Receiver, channel};

use crate::explain::Table;
use crate::report::Format;
use crate::settings::Settings;
use crate::world::Reader;
use event::{Event, Sign, is_stitchs};

/// How long one log may lag behind the other.
const LAG: Duration = Duration::from_secs(3);

/// What ends the watching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// Stitch is in, also since before.
    In,
    /// Stitch logs in after this time of the server.
    After(String),
}

/// Who is watched for, and what was seen so far.
pub(crate) struct Watch<'a> {
    settings: &'a Settings,
    format: Format,
    until: Until,
    table: Table,
    /// When Stitch's key was accepted, where nothing went wrong since.
    accepted: Option<Instant>,
    /// When the role's last login was seen that may be Stitch's.
    logged_in: Option<Instant>,
    /// Whether the server refused the password that Stitch sent.
    pub(crate) refused: bool,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(settings: &'a Settings, format: Format, until: Until) -> Self {
        Self {
            settings,
            format,
            until,
            table: Table::built_in(),
            accepted: None,
            logged_in: None,
            refused: false,
        }
    }

    /// Returns when Stitch is in.
    ///
    /// # Errors
    /// When the administrator's first login fails, or the reader of the output is gone.
    pub(crate) async fn run(&mut self, reader: &mut Reader) -> Result<()> {
        let settings = self.settings;
        let mut activity = activity::Activity::open(settings, &self.until, reader).await?;
        event::begin(settings, self.format)?;
        let mut hidden = activity.hidden();
        let log = match &settings.bastion {
            Some(bastion) => ssh_log::SshLog::open(settings, bastion, reader, &mut hidden).await,
            None => None,
        };
        for (what, next) in &hidden {
            event::not_visible(what, next, self.format)?;
        }
        let (sender, mut events) = channel(64);
        let ssh = async {
            match log {
                Some(log) => log.follow(sender.clone()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            seen = self.consume(&mut events) => seen,
            () = activity.follow(reader, sender.clone()) => self.consume(&mut events).await,
            () = ssh => self.consume(&mut events).await,
        }
    }

    async fn consume(&mut self, events: &mut Receiver<Event>) -> Result<()> {
        while let Some(event) = events.recv().await {
            event.show(self.settings, &self.table, self.format)?;
            if self.judge(&event) {
                return Ok(());
            }
        }
        std::future::pending().await
    }

    /// Whether that was it. Behind a tunnel the database sees the SSH server's address, so the key's login counts with it.
    fn judge(&mut self, event: &Event) -> bool {
        let from_stitch = event.address.is_some_and(|address| is_stitchs(self.settings, address));
        let tunnel = self.settings.bastion.is_some();
        match event.sign {
            Sign::KeyAccepted if from_stitch => self.accepted = Some(Instant::now()),
            Sign::ForwardRefused => self.accepted = None,
            Sign::WasLoggedIn => return self.until == Until::In && from_stitch && !tunnel,
            Sign::LoggedIn if tunnel && !from_stitch => self.logged_in = Some(Instant::now()),
            Sign::LoggedIn => return !tunnel && from_stitch,
            Sign::PasswordRefused if from_stitch || tunnel => self.refused = true,
            _ => {}
        }
        let both = self.accepted.zip(self.logged_in);
        both.is_some_and(|(accepted, logged_in)| logged_in + LAG >= accepted)
    }
}
