//! The commands for another user to run, printed from settings alone (what a plan says when nothing
//! exists yet) or, with `--from-plan`, from what was seen.

use std::fmt::Write as _;

use crate::change::Action;
use crate::settings::{Audience, Registering, Settings};
use crate::{shell, visible};

mod cloud;
mod dba;
mod plans;
mod sysadmin;

pub(crate) use plans::Plans;

/// The script for one reader, or for all three one after another.
pub(crate) fn text(settings: &Settings, plans: &Plans, audience: Option<Audience>) -> String {
    let one = |audience| match audience {
        Audience::Dba => dba::script(settings, plans),
        Audience::Sysadmin => sysadmin::script(settings, plans),
        Audience::Cloud => cloud::script(settings, &plans.origin("#"), plans.findings(audience)),
        Audience::Stitch => stitch(plans),
    };
    if let Some(audience) = audience {
        return one(audience);
    }
    let mut all = vec![Audience::Cloud, Audience::Sysadmin, Audience::Dba];
    if settings.registration.wanted == Registering::Yes {
        all.push(Audience::Stitch);
    }
    all.into_iter().map(one).collect::<Vec<_>>().join("\n")
}

/// The request to Stitch, for the holder of the token.
fn stitch(plans: &Plans) -> String {
    let mut out = String::from(STITCH_HEADER);
    let changes = plans.changes(Audience::Stitch);
    if changes.is_empty() {
        out.push_str("# --register was not given, so there is nothing to do here.\n");
    }
    for change in changes {
        if let Action::Http(request) = &change.action {
            let (summary, why) = (visible::one_line(&change.summary), change.why);
            let _ = writeln!(out, "\n# To {summary}.\n# Why: {why}\n{}", shell::curl(request));
        }
    }
    out
}

const STITCH_HEADER: &str = "\
#!/bin/sh
# For a user with an access token of the Stitch account. Written by stitch-pg; it contains no secret.
# It creates a destination each time it is run: check Stitch's list of destinations first.
# It needs curl 7.55 or newer. Give it the secrets in the environment:
#     STITCH_ACCESS_TOKEN=... STITCH_PG_PASSWORD=... sh FILE
set -eu
";
