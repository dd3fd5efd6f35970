//! What a crash leaves behind: no core file, and no word that might be a secret.

use std::panic;

use rustix::process::{Resource, Rlimit, setrlimit};

use crate::console::output;
use crate::platform;

/// Before anything is read. Where the system refuses, the run goes on as it would have before there was this.
pub(super) fn keep() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = setrlimit(Resource::Core, none);
    platform::hide_memory();
    panic::set_hook(Box::new(|crash| {
        // The message may quote what was being worked on; the place is enough to find the mistake.
        let place = crash
            .location()
            .map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        output::say(&format!(
            "stitch-pg: this is a defect of stitch-pg, at {place}; please report it. Completed changes were kept. You can run the same command again."
        ));
    }));
}
