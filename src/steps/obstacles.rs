//! What would refuse a load into tables that are there, although Stitch's role owns them: decided by the catalog, for every
//! table of the chosen schemas, before they change hands and afterwards. What a write sets off (triggers, rules, defaults,
//! check constraints, indexes) runs with the rights of some role; `ALTER TABLE` reaches every partition and child.

mod findings;
mod question;

use anyhow::Result;
use serde::Deserialize;
use serde_json::json;

use crate::settings::{Include, Readers, Settings};
use crate::world::{Session, ask};

pub(crate) use findings::{findings, losses, not_owned};
pub(crate) use question::Owners;

/// What the catalog shows.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Obstacles {
    lacking: Vec<Lacking>,
    unclear: Vec<About>,
    instead: Vec<About>,
    /// Row security is forced on their owner.
    secured: Vec<About>,
    referenced: Vec<About>,
    wide: Vec<About>,
    shaped: Vec<About>,
    unidentified: Vec<About>,
    /// Partitions and children that stay with their owners.
    branches: Vec<About>,
    /// Tables elsewhere whose child or partition changes hands.
    parents: Vec<About>,
    /// Triggers and rules elsewhere that write to tables which change hands.
    writers: Vec<About>,
    not_owned: Vec<About>,
}

/// A right that a write needs and the one in whose name it runs lacks.
#[derive(Clone, Debug, Deserialize)]
struct Lacking {
    schema: String,
    table: String,
    /// What needs it, `the trigger "note"`; nothing: the write itself.
    through: Option<String>,
    user: String,
    privilege: String,
    /// The word after `ON`.
    on: String,
    /// As the server writes it, quoted.
    object: String,
    owner: String,
}

/// A table, and what there is about it; each list of [`Obstacles`] fills in what it is about.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct About {
    schema: String,
    table: String,
    /// Something else than the table, as the server writes it.
    object: String,
    /// The schema of that.
    place: String,
    owner: String,
    constraint: String,
    /// What a write sets off.
    through: String,
    /// Why its rights cannot be checked; which kind of shape it has.
    why: String,
    /// How many columns it has: as many as there can be, or nearly.
    columns: i32,
    /// Whether the other is a foreign table.
    foreign: bool,
    /// Whether a rule leaves the write alone.
    also: bool,
    /// Whether there is a replica identity, which a publication's columns or rows do not fit.
    partly: bool,
}

/// PostgreSQL's limit, dropped columns included.
const MOST_COLUMNS: i32 = 1600;

/// Tables in these schemas, as if Stitch's role owned them. 9.6 has neither partitions nor publications; its catalogs would
/// need a question of their own.
pub(crate) async fn read(
    settings: &Settings,
    session: &Session,
    version: i32,
    schemas: &[&str],
    owners: Owners,
) -> Result<Obstacles> {
    if schemas.is_empty() || version < 100_000 {
        return Ok(Obstacles::default());
    }
    let included = [
        ('v', Include::Views),
        ('m', Include::Matviews),
        ('S', Include::Sequences),
        ('f', Include::ForeignTables),
        ('F', Include::Functions),
    ];
    let kinds = settings.ownership.relation_kinds(&included);
    let keep = match settings.ownership.readers {
        Readers::Keep => "keep",
        Readers::Drop => "",
    };
    let schemas = json!(schemas).to_string();
    let parameters = [&schemas, settings.stitch.role.as_str(), &kinds, keep];
    ask(
        session,
        &question::question(version, owners),
        &parameters,
        settings.timeout,
    )
    .await
}
