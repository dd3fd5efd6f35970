//! Whether Stitch has loaded here before, and what must change hands then.

use std::time::Duration;

use super::checker::Checker;
use crate::names::SchemaName;
use crate::settings::ownership::{Connection, Include, OwnershipSettings, Readers, Rehearse, Schemas};
use crate::settings::registry::SettingId;
use crate::settings::request::Purpose;
use crate::settings::words;
use crate::step_id::StepId;

/// Short enough that other sessions hardly notice when they queue behind our wait for a lock.
const LOCK_TIMEOUT: Duration = Duration::from_millis(100);

pub(super) fn check(checker: &mut Checker<'_>, steps: &[StepId]) -> OwnershipSettings {
    let lock_timeout = checker.read(SettingId::LockTimeout, words::lock_timeout);
    let mut include: Vec<Include> = checker.list(SettingId::Include);
    include.sort_unstable();
    let mut named: Vec<SchemaName> = checker.list(SettingId::Schemas);
    named.sort_unstable();
    let connection = connection(checker);
    let removes = checker.context.request.purpose == Purpose::Remove;
    let schemas = match connection {
        // What the role owns is handed over wherever it is.
        _ if removes => Schemas::Named(Vec::new()),
        Connection::New => Schemas::Named(Vec::new()),
        Connection::Existing => schemas(checker, steps, named),
    };
    OwnershipSettings {
        connection,
        schemas,
        include,
        lock_timeout: lock_timeout.unwrap_or(LOCK_TIMEOUT),
        new_owner: checker.parse(SettingId::NewOwner),
        readers: match checker.switch(SettingId::KeepReaders) {
            Some(false) => Readers::Drop,
            Some(true) | None => Readers::Keep,
        },
        rehearse: checker.either(SettingId::RehearseExisting, Rehearse::Fully, Rehearse::Lightly),
    }
}

/// Naming schemas means that they exist, unless a stronger source said that the connection is new.
fn connection(checker: &mut Checker<'_>) -> Connection {
    let detects = checker.switch(SettingId::Detect) == Some(true);
    let existing = checker.switch(SettingId::Existing);
    let said = checker.draft.rank(SettingId::Existing);
    for (id, given) in [
        (SettingId::Schemas, checker.draft.has(SettingId::Schemas)),
        (SettingId::Detect, detects),
    ] {
        if given && existing == Some(false) && checker.draft.rank(id) >= said {
            let name = id.name();
            checker.problems.wrong(format_args!(
                "{name} contradicts --new (ownership.existing = false): a new connection has no schemas yet"
            ));
        }
    }
    let named = checker
        .draft
        .given(SettingId::Schemas)
        .is_some_and(|given| !given.texts().is_empty());
    match existing {
        Some(true) => Connection::Existing,
        None if detects || named => Connection::Existing,
        Some(false) | None => Connection::New,
    }
}

fn schemas(checker: &mut Checker<'_>, steps: &[StepId], named: Vec<SchemaName>) -> Schemas {
    let (name_rank, detect_rank) = (
        checker.draft.rank(SettingId::Schemas),
        checker.draft.rank(SettingId::Detect),
    );
    let detects = checker.switch(SettingId::Detect) == Some(true);
    if detects && name_rank == detect_rank {
        checker
            .problems
            .wrong("--schema and --detect-schemas are both given; use only one of them");
    }
    if detects && detect_rank >= name_rank {
        return Schemas::Detect;
    }
    let asked_later = checker.context.asker.is_some() && checker.context.connects();
    if name_rank.is_none() && !asked_later && steps.contains(&StepId::Ownership) {
        checker.problems.missing(
            SettingId::Schemas,
            "the schemas that Stitch has loaded; or give --detect-schemas",
        );
    }
    if name_rank.is_none() {
        Schemas::Ask
    } else {
        Schemas::Named(named)
    }
}
