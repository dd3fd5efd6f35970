//! The place of a later step: entering the connection into Stitch by its API. In this version it is done by hand, from
//! the connection sheet.

use anyhow::Result;

use crate::change::Plan;
use crate::settings::Settings;
use crate::steps::{Step, StepId, Walk};
use crate::world::World;

/// The step.
pub(crate) struct Registration;

impl Step for Registration {
    const ID: StepId = StepId::Registration;
    const WHY: &'static str = "The last act: the connection is entered into Stitch.";
    const LINK: &'static str = "/developers/stitch-connect/guides/create-destination-with-stitch-connect";
    type Facts = ();

    fn skip(_settings: &Settings) -> Option<&'static str> {
        Some("entered by hand: type the connection sheet into Stitch's form")
    }

    async fn inspect(_settings: &Settings, _world: &mut World, _walk: Walk) -> Result<()> {
        Ok(())
    }

    fn plan(_settings: &Settings, (): &()) -> Plan {
        Plan::default()
    }
}
