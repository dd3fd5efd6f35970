//! Guide step 5, existing connections: schemas and tables that Stitch loaded before must belong to its role, since it
//! alters and comments them. Tables are moved; views, materialized views and free sequences only on request.

mod evidence;
mod hand_over;
mod impact;
mod kinds;
mod not_transferred;
mod objects;
mod rights;
mod transfer;

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Deserialize;
use serde_json::json;

use crate::ask::{Choice, Chooses, Chosen};
use crate::change::Plan;
use crate::finding::{Code, Verdict};
use crate::names::SchemaName;
use crate::settings::{Audience, Connection, Schemas, Settings};
use crate::step_id::StepId;
use crate::steps::obstacles::{self, Owners};
use crate::steps::{Preflight, Step, layers};
use crate::world::{Failure, Reader, Target};

use evidence::Schema;

pub(crate) use hand_over::HandOver;

pub(crate) struct Ownership;

/// The schemas of the target database and what is in the chosen ones.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Facts {
    /// Every schema that is not the system's, with its evidence.
    schemas: Vec<Schema>,
    /// Whether the database was looked into.
    #[serde(skip)]
    sight: Sight,
    /// Why it exists and was not.
    #[serde(skip)]
    closed_reason: Option<Failure>,
    /// What is in the chosen schemas and belongs to another role than Stitch's.
    #[serde(skip)]
    foreign: Vec<objects::MisownedObject>,
    /// What this login may do about it.
    #[serde(skip)]
    rights: rights::Rights,
    /// Why Stitch's API did not list its integrations.
    #[serde(skip)]
    unlisted: Option<String>,
    /// What depends on the present owners.
    #[serde(skip)]
    fallout: impact::Impact,
    /// What would refuse a load although the role owns everything.
    #[serde(skip)]
    obstacles: obstacles::Obstacles,
}

impl Step for Ownership {
    const ID: StepId = StepId::Ownership;
    const WHY: &'static str = "Stitch has loaded here before: it must own its schemas and tables, because it runs ALTER TABLE and COMMENT on them, which only an owner may.";
    const LINK: &'static str = "/replication/loading/understanding-destination-schemas";
    const NEEDS: &'static [StepId] = &[StepId::Database, StepId::Role];
    const PREFLIGHT: Preflight = Preflight::Unless(StepId::Database);
    const SCRIPTED_FOR: &'static [Audience] = &[Audience::Dba];
    type Facts = Facts;

    fn skip(settings: &Settings) -> Option<&'static str> {
        (settings.ownership.connection == Connection::New).then_some("a new connection; with --existing otherwise")
    }

    async fn inspect(settings: &Settings, reader: &mut Reader) -> Result<Facts> {
        inspect(settings, reader, Depth::Whole).await
    }

    async fn inspect_ahead(settings: &Settings, reader: &mut Reader) -> Result<Facts> {
        inspect(settings, reader, Depth::Rights).await
    }

    fn question(settings: &Settings, facts: &Facts) -> Option<Choice> {
        if settings.ownership.schemas != Schemas::Ask {
            return None;
        }
        let line = |schema: &Schema| (schema.name.clone(), schema.described(), schema.is_strong());
        Some(Choice {
            question: "Which of these schemas does Stitch load into?",
            lines: facts.schemas.iter().map(line).collect(),
        })
    }

    fn reopen(settings: &mut Settings) -> Chooses {
        settings.ownership.schemas = Schemas::Ask;
        Chooses::BySchema
    }

    fn answer(settings: &mut Settings, chosen: &Chosen) {
        let names = chosen.0.iter().filter_map(|name| name.parse().ok()).collect();
        settings.ownership.schemas = Schemas::Named(names);
    }

    fn plan(settings: &Settings, facts: &Facts) -> Plan {
        let mut plan = Plan::default();
        if facts.sight == Sight::Offline {
            transfer::offline(&mut plan, settings);
            return plan;
        }
        if let Some(closed_reason) = &facts.closed_reason {
            let text = "who owns what in it is not seen, and nothing in it is moved";
            let unseen = layers::not_let_in(Code::OwnershipNotChecked, Verdict::Bad, text, closed_reason);
            plan.find(unseen.about(&settings.stitch.database));
        }
        if let Some(why) = &facts.unlisted {
            plan.unknown(
                Code::IntegrationsNotListed,
                format!("Stitch's API did not list the integrations, so stitch-pg recognises their schemas by their columns: {why}"),
                "check STITCH_ACCESS_TOKEN and --api-url, or name the schemas with --schema",
            );
        }
        for schema in &facts.schemas {
            evidence::judge(&mut plan, settings, schema);
        }
        if facts.sight == Sight::Seen {
            let is_missing = |name: &&SchemaName| !facts.schemas.iter().any(|schema| schema.name == name.as_str());
            for name in settings.ownership.schemas.named().iter().filter(is_missing) {
                let text = format!(
                    "there is no schema {name:?} in the database {:?}",
                    settings.stitch.database
                );
                let advice = "case matters; if the integration has not loaded yet, remove it from --schema: Stitch creates the schema itself";
                plan.bad(Code::SchemaMissing, text, advice).concerning(name);
            }
        }
        let mut objects: BTreeMap<&str, Vec<&objects::MisownedObject>> = BTreeMap::new();
        for object in &facts.foreign {
            objects.entry(&object.schema).or_default().push(object);
        }
        for schema in chosen(settings, &facts.schemas) {
            let here = objects.get(schema.name.as_str()).map_or(&[][..], Vec::as_slice);
            transfer::plan(&mut plan, settings, schema, here, facts);
        }
        if !plan.changes.is_empty() {
            impact::rest(&mut plan, settings, &facts.fallout);
            obstacles::losses(&mut plan, &facts.obstacles);
        }
        plan.findings.extend(obstacles::findings(settings, &facts.obstacles));
        plan
    }
}

/// How much is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    /// What is to be moved, and whether this login may.
    Rights,
    /// Also what others lose by it, and what would refuse a load.
    Whole,
}

async fn inspect(settings: &Settings, reader: &mut Reader, depth: Depth) -> Result<Facts> {
    let database = &settings.stitch.database;
    let server = reader.server().await?;
    let (version, superuser) = (server.version_num, server.superuser);
    let Some(place) = reader.place(Target::Database(database)).await? else {
        return Ok(Facts {
            sight: Sight::Closed,
            closed_reason: reader.closed_reason(database).cloned(),
            ..Facts::default()
        });
    };
    // Where the schemas are known, both are asked at a time.
    let named = settings.ownership.schemas.named();
    let known: Vec<&str> = named.iter().map(SchemaName::as_str).collect();
    let named = json!(known).to_string();
    let named = [named.as_str()];
    let marks = place.ask(evidence::QUESTION, &named);
    let objects = objects::inspect(settings, &place, version, &known);
    let judged = if depth == Depth::Whole { &known[..] } else { &[] };
    let obstacles = obstacles::read(settings, &place, version, judged, Owners::Left);
    let (mut facts, foreign, obstacles): (Facts, _, _) = tokio::try_join!(marks, objects, obstacles)?;
    facts.sight = Sight::Seen;
    facts.foreign = foreign;
    facts.obstacles = obstacles;
    for schema in &mut facts.schemas {
        schema.ours = schema.owner == settings.stitch.role.as_str();
    }
    // The best evidence there is, where an access token was given.
    if matches!(settings.ownership.schemas, Schemas::Detect | Schemas::Ask) && reader.can_ask_stitch() {
        match reader.ask_stitch("/v4/sources").await {
            Ok(sources) => evidence::mark_listed(&mut facts.schemas, &sources),
            Err(error) => facts.unlisted = Some(format!("{error:#}")),
        }
    }
    let chosen = chosen(settings, &facts.schemas);
    let chosen: Vec<&str> = chosen.into_iter().map(|schema| schema.name.as_str()).collect();
    if known.is_empty() {
        let objects = objects::inspect(settings, &place, version, &chosen);
        let judged = if depth == Depth::Whole { &chosen[..] } else { &[] };
        let obstacles = obstacles::read(settings, &place, version, judged, Owners::Left);
        (facts.foreign, facts.obstacles) = tokio::try_join!(objects, obstacles)?;
    }
    let losing = if depth == Depth::Whole { &facts.foreign[..] } else { &[] };
    let fallout = impact::read(settings, &place, (version, superuser), &chosen, losing);
    let rights = rights::read(settings, &place, &facts.foreign);
    (facts.fallout, facts.rights) = tokio::try_join!(fallout, rights)?;
    Ok(facts)
}

/// Whether the database was looked into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sight {
    /// No server was asked: a script is written.
    #[default]
    Offline,
    /// It does not exist yet, or accepts no connections.
    Closed,
    Seen,
}

/// The schemas that are to be Stitch's, in the catalog's order.
fn chosen<'a>(settings: &Settings, schemas: &'a [Schema]) -> Vec<&'a Schema> {
    let is_chosen = |schema: &&Schema| match &settings.ownership.schemas {
        Schemas::Detect => schema.is_strong(),
        named => named.names(&schema.name),
    };
    schemas.iter().filter(is_chosen).collect()
}
