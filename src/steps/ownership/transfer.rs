//! Moving one schema: in an order that works without superuser, one object a transaction, never waiting long for a lock,
//! and such that readers can still read.

use std::collections::BTreeSet;

use super::Facts;
use super::evidence::Schema;
use super::impact::{self, DefaultPrivilege};
use super::not_transferred;
use super::objects::MisownedObject;
use super::rights::{Direction, Rights, temporary_memberships};
use crate::change::{Action, Change, Execution, Plan, Sql, TemporaryMembership};
use crate::finding::Code;
use crate::names::SchemaName;
use crate::plural::pluralize;
use crate::settings::{Readers, Settings};
use crate::sql::{self, Grantable};
use crate::statement::Statement;

const WHY: &str = "Stitch runs ALTER TABLE and COMMENT on them, which only an owner may do.";

pub(super) fn plan(plan: &mut Plan, settings: &Settings, schema: &Schema, here: &[&MisownedObject], facts: &Facts) {
    let rights = &facts.rights;
    let (moving, unasked): (Vec<&MisownedObject>, Vec<&MisownedObject>) =
        here.iter().copied().partition(|object| moves(settings, object));
    not_transferred::report_unasked(plan, schema, &unasked);
    let is_blind = |object: &&MisownedObject| not_transferred::reads_what(object, &facts.fallout).is_some();
    let (blind, moving): (Vec<&MisownedObject>, Vec<&MisownedObject>) = moving.into_iter().partition(is_blind);
    not_transferred::report_blind(plan, settings, &blind, &facts.fallout);
    let out_of_reach = |object: &&MisownedObject| !rights.me.superuser && rights.supers.contains(&object.owner);
    let shut_out = moving.iter().any(|object| object.is_schema() && out_of_reach(object))
        && !rights.creates_in.contains(&schema.name);
    let (refused, moving): (Vec<&MisownedObject>, Vec<&MisownedObject>) =
        moving.into_iter().partition(|object| shut_out || out_of_reach(object));
    if !refused.is_empty() {
        plan.find(not_transferred::refusal(settings, schema, &refused, rights));
    }
    if moving.is_empty() {
        if refused.is_empty() {
            let (role, schema) = (&settings.stitch.role, &schema.name);
            let text = format!("{role:?} owns the schema {schema:?} and its tables");
            plan.good(Code::SchemaOwned, text).concerning(schema);
        }
        return;
    }
    let Ok(name) = schema.name.parse::<SchemaName>() else {
        return;
    };
    match temporary_memberships(settings, rights, &moving, Direction::Forth) {
        Ok(memberships) => {
            forecast(plan, settings, schema, &moving, rights);
            // What can be lent to take can be lent to give back.
            let back = temporary_memberships(settings, rights, &moving, Direction::Back)
                .unwrap_or_else(|_| memberships.clone());
            plan.change(change(settings, &name, &moving, facts, (memberships, back)));
        }
        Err(lacking) => plan.find(not_transferred::cannot(settings, schema, &moving, rights, &lacking)),
    }
}

/// How much each present owner will no longer own.
fn forecast(plan: &mut Plan, settings: &Settings, schema: &Schema, moving: &[&MisownedObject], rights: &Rights) {
    for owner in owners(moving).into_iter().filter(|owner| rights.can_lose(owner)) {
        let count = moving.iter().filter(|object| object.owner == owner).count();
        impact::owner(plan, settings, &schema.name, (owner, rights.members(owner)), count);
    }
}

/// Those who own something that moves, in order.
fn owners<'a>(moving: &[&'a MisownedObject]) -> BTreeSet<&'a str> {
    moving.iter().map(|object| object.owner.as_str()).collect()
}

fn change(
    settings: &Settings,
    schema: &SchemaName,
    moving: &[&MisownedObject],
    facts: &Facts,
    (memberships, back): (Vec<TemporaryMembership>, Vec<TemporaryMembership>),
) -> Change {
    let (role, rights) = (&settings.stitch.role, &facts.rights);
    let keeps = settings.ownership.readers == Readers::Keep;
    let mut forward: Vec<Statement> = Vec::new();
    let mut backward: Vec<Statement> = Vec::new();
    if moving.iter().any(|object| !object.is_schema()) && !rights.creates_in.iter().any(|name| name == schema.as_str())
    {
        // The new owner of a table needs CREATE on its schema first, unless a superuser does it; and Stitch must not own
        // tables that it cannot reach while the schema is not yet its own.
        forward.push(sql::grant_schema_create(schema, role));
    }
    let lends_schema = !forward.is_empty();
    if keeps {
        for (forth, back) in defaults(settings, schema, moving, facts) {
            forward.push(forth);
            backward.push(back);
        }
    }
    let first = forward.len();
    let moved = |object: &&MisownedObject| {
        let whole = object.give_to(role.as_str());
        let reader = keeps && rights.can_lose(&object.owner);
        let kept = object.keep_reading().filter(|_| reader);
        let grants = kept.into_iter().chain(object.let_read());
        grants.fold(whole, |whole, grant| whole.then("; ").and(&grant))
    };
    let (schemas, objects): (Vec<&MisownedObject>, Vec<&MisownedObject>) =
        moving.iter().partition(|object| object.is_schema());
    forward.extend(objects.iter().chain(&schemas).map(moved));
    // The undo begins with the schema: its owner must be able to create in it.
    let before = backward.len() + schemas.len();
    let given_back = |object: &&MisownedObject| object.give_back(role.as_str(), rights.lends_schema(object));
    backward.extend(schemas.iter().map(given_back));
    backward.extend(objects.iter().map(given_back));
    // Where the run was cut off before the schema moved, the grant is there still.
    let lent = schemas.first().filter(|_| lends_schema);
    let taken = lent.and_then(|schema| schema.take_back(role.as_str()));
    let after = usize::from(taken.is_some());
    backward.extend(taken);
    let action = |statements: Vec<Statement>, first, last, memberships| {
        Action::Sql(Sql {
            run: Execution::PerStatement {
                lock_timeout: settings.ownership.lock_timeout,
                first,
                last,
            },
            memberships,
            ..Sql::together(&settings.stitch.database, statements)
        })
    };
    let mut what = pluralize(objects.len(), "object");
    what = if schemas.is_empty() {
        format!("{what} in the schema {schema:?}")
    } else {
        format!("the schema {schema:?} and {what} in it")
    };
    Change {
        summary: format!("make {role:?} the owner of {what}"),
        why: WHY,
        undo: Some(action(backward, before, after, back)),
        action: action(forward, first, schemas.len(), memberships),
    }
}

/// What the present owners' future objects would have been granted, made anew for Stitch's; and that the owners themselves
/// read what Stitch will make in place of what they own now.
fn defaults(
    settings: &Settings,
    schema: &SchemaName,
    moving: &[&MisownedObject],
    facts: &Facts,
) -> Vec<(Statement, Statement)> {
    let owners = owners(moving);
    // What a superuser made was read by others through its default privileges, too.
    let ours = |default: &&DefaultPrivilege| {
        default.schema.as_deref().is_none_or(|name| name == schema.as_str())
            && owners.contains(default.owner.as_str())
            && default.grantee.as_deref() != Some(settings.stitch.role.as_str())
    };
    let mut pairs: Vec<(Statement, Statement)> = Vec::new();
    let mut add = |place: Option<&SchemaName>, what: (&str, &str), grantee: Option<&str>, grantable: Grantable| {
        let pair = sql::default_privilege(&settings.stitch.role, place, what, grantee, grantable);
        if !pairs.contains(&pair) {
            pairs.push(pair);
        }
    };
    for default in facts.fallout.defaults.iter().filter(ours) {
        let place = default.schema.as_ref().map(|_| schema);
        let what = (&*default.privilege, &*default.on);
        add(place, what, default.grantee.as_deref(), default.grantable());
    }
    for owner in owners.iter().filter(|owner| facts.rights.can_lose(owner)) {
        let reads = |default: &&DefaultPrivilege| {
            ours(default) && default.privilege == "SELECT" && default.grantee.as_deref() == Some(owner)
        };
        if !facts.fallout.defaults.iter().any(|default| reads(&default)) {
            add(Some(schema), ("SELECT", "TABLES"), Some(owner), Grantable::No);
        }
    }
    pairs
}

/// What is moved: the schema and its tables (partitions are tables of their own); the rest on request.
fn moves(settings: &Settings, object: &MisownedObject) -> bool {
    let kind = object.kind.included_by();
    kind.is_none_or(|kind| settings.ownership.include.contains(&kind))
}

/// The same without a check of the server, for a script that another user runs: for the tables that are there then.
pub(super) fn offline(plan: &mut Plan, settings: &Settings) {
    let role = &settings.stitch.role;
    for schema in settings.ownership.schemas.named() {
        plan.change(Change {
            summary: format!(
                "make {role:?} the owner of the schema {schema:?} and the tables in it (run by a superuser, or \
                 a member of both owners)"
            ),
            why: WHY,
            action: Action::Sql(Sql {
                database: settings.stitch.database.clone(),
                // The schema first: the new owner of a table must be able to create in its schema.
                statements: vec![
                    sql::alter_owner("SCHEMA", &sql::identifier(schema.as_str()), role.as_str()),
                    sql::alter_owner_of_tables(schema, role, settings.ownership.readers),
                ],
                run: Execution::PerStatement {
                    lock_timeout: settings.ownership.lock_timeout,
                    first: 1,
                    last: 0,
                },
                unless: Some(sql::schema_missing(schema)),
                memberships: Vec::new(),
            }),
            undo: None, // the owners before are not known here
        });
    }
}
