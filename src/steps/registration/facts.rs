//! What was seen of the Stitch account.

use super::destination::{Destination, DestinationType};
use super::form;
use crate::settings::Settings;
use crate::world::stitch_api::SentToStitch;

/// What Stitch tells.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// `None` when Stitch was not asked.
    pub(super) account: Option<StitchAccount>,
    /// Whether *Connect using SSL* will be ticked.
    pub(super) ssl: bool,
    /// Whom Stitch logs in as, where a server was asked.
    pub(super) user: Option<String>,
    /// Whether this run gave the role a password that Stitch has not heard of yet.
    pub(super) new_password: bool,
    /// What Stitch was told in this run.
    pub(super) told: Option<SentToStitch>,
}

/// The Stitch account as far as it matters here.
#[derive(Debug)]
pub(super) struct StitchAccount {
    /// `None` when Stitch does not tell.
    pub(super) kind: Option<DestinationType>,
    pub(super) destinations: Vec<Destination>,
}

impl Facts {
    /// What is to stand in Stitch's form.
    pub(super) fn wanted(&self, settings: &Settings) -> Vec<form::FormField> {
        let user = self.user.as_deref().unwrap_or(settings.stitch.role.as_str());
        form::wanted(settings, user, self.ssl)
    }
}
