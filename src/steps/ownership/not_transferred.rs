//! What stays with its owner, and why: kinds that were not asked for, views that would stop, what is a superuser's, and what
//! this login may not move.

use std::collections::BTreeSet;

use super::evidence::Schema;
use super::impact::{Impact, UnreadableView, some_of};
use super::objects::MisownedObject;
use super::rights::{Lacking, Rights};
use crate::change::Plan;
use crate::finding::{Code, Finding};
use crate::plural::pluralize;
use crate::settings::{Include, Settings};
use crate::sql;

/// The largest number of statements that are printed for other roles to run. More are better run by this program.
const TOLD: usize = 20;

/// Kinds that move on request only.
pub(super) fn report_unasked(plan: &mut Plan, schema: &Schema, staying: &[&MisownedObject]) {
    let kinds: BTreeSet<Include> = staying.iter().filter_map(|object| object.kind.included_by()).collect();
    for kind in kinds {
        let of_kind = staying.iter().filter(|object| object.kind.included_by() == Some(kind));
        let names: Vec<&str> = of_kind.map(|object| &*object.name).collect();
        let (kinds, kind, name, some) = (kind.plural(), kind.as_str(), &schema.name, some_of(&names));
        let text = format!("{kinds} in the schema {name:?} keep their owners: {some}");
        let advice =
            format!("Stitch does not create these, so they are probably yours; --include {kind} moves them too");
        plan.unknown(Code::ObjectsNotTransferred, text, advice).concerning(name);
    }
}

/// What a view reads that the Stitch role may not.
pub(super) fn reads_what<'a>(object: &MisownedObject, fallout: &'a Impact) -> Option<&'a [String]> {
    let same = |blind: &&UnreadableView| blind.schema == object.schema && *blind.name == *object.name;
    let mut blind = fallout.blind.iter().filter(|_| object.kind.is_relation());
    blind.find(same).map(|blind| blind.reads.as_slice())
}

/// Views that would stop working.
pub(super) fn report_blind(plan: &mut Plan, settings: &Settings, blind: &[&MisownedObject], fallout: &Impact) {
    for object in blind {
        let reads = reads_what(object, fallout).unwrap_or_default().join(", ");
        let (role, schema, name, owner) = (&settings.stitch.role, &object.schema, &object.name, &object.owner);
        let text = format!(
            "the view {schema:?}.{name:?} keeps its owner {owner:?}: it reads {reads} with its owner's privileges, and {role:?} may not read that"
        );
        let quoted = sql::identifier(role.as_str());
        let advice =
            format!("to move it, grant first: GRANT SELECT ON TABLE {reads} TO {quoted}; (and USAGE on the schema)");
        plan.unknown(Code::ImpactViewBreaks, text, advice)
            .concerning(format_args!("{schema}.{name}"));
    }
}

/// What only a superuser may move.
pub(super) fn refusal(settings: &Settings, schema: &Schema, refused: &[&MisownedObject], rights: &Rights) -> Finding {
    let role = settings.stitch.role.as_str();
    let owners: BTreeSet<&String> = refused.iter().map(|object| &object.owner).collect();
    let supers = owners.into_iter().filter(|owner| rights.supers.contains(owner));
    let owners: Vec<String> = supers.map(|owner| format!("{owner:?}")).collect();
    let mut statements: Vec<String> = Vec::new();
    if !rights.creates_in.contains(&schema.name) {
        let name = schema.name.parse().ok();
        statements.extend(name.map(|name| format!("{};", sql::grant_schema_create(&name, &settings.stitch.role))));
    }
    statements.extend(refused.iter().map(|object| format!("{};", object.give_to(role))));
    let told = if statements.len() > TOLD {
        "run as a superuser: stitch-pg setup --only ownership".to_owned()
    } else {
        format!("a superuser runs: {}", statements.join(" "))
    };
    let text = format!(
        "{} in the schema {:?} cannot be moved from {}: {:?} may not move objects of a superuser or of the provider's role",
        pluralize(refused.len(), "object"),
        schema.name,
        owners.join(" and "),
        rights.me.user
    );
    let finding = Finding::bad(Code::OwnershipSuperuser, text).advise(told);
    finding.about(&schema.name)
}

/// What this login has no hold of.
pub(super) fn cannot(
    settings: &Settings,
    schema: &Schema,
    moving: &[&MisownedObject],
    rights: &Rights,
    lacking: &Lacking,
) -> Finding {
    let roles: Vec<String> = lacking.roles.iter().map(|role| format!("act for {role:?}")).collect();
    let create = lacking.create.then(|| "create in the database".to_owned());
    let what: Vec<String> = roles.into_iter().chain(create).collect();
    let who = if lacking.roles.is_empty() {
        "the database's owner, or a superuser,"
    } else {
        "a superuser, or a role with ADMIN OPTION on those roles,"
    };
    let (user, objects) = (&rights.me.user, pluralize(moving.len(), "object"));
    let text = format!(
        "{objects} in the schema {:?} must change hands, and {user:?} may not {}",
        schema.name,
        what.join(", nor ")
    );
    let (grants, back) = (lacking.statements(settings, user), lacking.revoked(settings, user));
    let advice = format!("{who} runs: {grants}\n-- when all has changed hands: {back}");
    let finding = Finding::bad(Code::OwnershipCannotMove, text).advise(advice);
    finding.about(&schema.name)
}
