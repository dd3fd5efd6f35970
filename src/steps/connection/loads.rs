//! The test loads, one into a scratch schema and one into each schema that Stitch has loaded, as findings.

use tokio_postgres::error::SqlState;

use crate::change::Plan;
use crate::finding::{Code, Finding};
use crate::plural::pluralize;
use crate::settings::Settings;
use crate::steps::layers::load_refused;
use crate::world::Session;
use crate::world::test_load::{self, Existing, Patience, Refusal, Rehearsed, Table};

/// What came of them.
#[derive(Debug)]
pub(super) struct Loads {
    scratch: Rehearsed,
    existing: Vec<(Existing, Rehearsed)>,
}

impl Loads {
    pub(super) async fn rehearse(settings: &Settings, session: &Session, schemas: &[Existing]) -> Self {
        let patience = Patience {
            answer: settings.timeout,
            lock: settings.ownership.lock_timeout,
        };
        let scratch = test_load::new_schema(session, &settings.stitch.readers, patience).await;
        let mut existing = Vec::new();
        if scratch.refusal.is_none() {
            for schema in schemas {
                let how = settings.ownership.rehearse;
                let rehearsed = test_load::existing_schema(session, schema, patience, how).await;
                existing.push((schema.clone(), rehearsed));
            }
        }
        Self { scratch, existing }
    }

    /// The very first statement, `BEGIN`, was against the protocol: PostgreSQL never says so.
    pub(super) fn is_refused_by_a_pooler(&self) -> bool {
        let refusal = self.scratch.refusal.as_ref().filter(|_| self.scratch.passed == 0);
        let violates = |state: &SqlState| *state == SqlState::PROTOCOL_VIOLATION;
        refusal.is_some_and(|refusal| refusal.state.as_ref().is_none_or(violates))
    }

    pub(super) fn judge(&self, plan: &mut Plan, settings: &Settings) {
        plan.find(match &self.scratch.refusal {
            None => {
                let passed = self.scratch.passed;
                let text = format!("test load: passed, {passed} of {passed} operations (rolled back)");
                Finding::good(Code::TestLoadPassed, text).took(self.scratch.elapsed)
            }
            Some(refusal) => load_refused(refusal, None, &[]),
        });
        for (existing, rehearsed) in &self.existing {
            judge_existing(plan, settings, existing, rehearsed);
        }
    }

    /// Whether a load was tried on this table.
    pub(super) fn tried(&self, schema: &str, table: &str) -> bool {
        let mut found = self.existing.iter().filter(|(existing, _)| existing.schema == schema);
        found.any(|(existing, _)| existing.tables.iter().any(|one| one.name == table))
    }
}

/// Which tables a load was tried on, and which only the catalog was asked about.
fn how(existing: &Existing, rehearsed: &Rehearsed) -> String {
    let busy = |table: &&Table| rehearsed.busy_tables.contains(&table.name);
    let was_tried = |table: &&Table| table.column.is_some() && !busy(table);
    let (tried, not): (Vec<&Table>, Vec<&Table>) = existing.tables.iter().partition(was_tried);
    let decided = existing.total.saturating_sub(tried.len());
    let tried = format!("; writes were tested on {}", pluralize(tried.len(), "table"));
    if decided == 0 {
        return tried;
    }
    let some: Vec<&str> = not.iter().take(3).map(|table| table.name.as_str()).collect();
    let more = if some.len() < decided { ", …" } else { "" };
    let among = match some.as_slice() {
        [] => String::new(),
        some => format!(" ({}{more})", some.join(", ")),
    };
    let decided = pluralize(decided, "table");
    format!("{tried}, and checked in the catalog for {decided}{among}")
}

fn judge_existing(plan: &mut Plan, settings: &Settings, existing: &Existing, rehearsed: &Rehearsed) {
    let schema = existing.schema.as_str();
    for (refusal, tables) in refusals(rehearsed) {
        plan.find(load_refused(refusal, Some(schema), &tables));
    }
    if rehearsed.refusal.is_none() && rehearsed.refused_tables.is_empty() {
        let how = match existing.total {
            0 => String::new(),
            _ => how(existing, rehearsed),
        };
        let text = format!("test load: passed in the existing schema {schema:?} (rolled back){how}");
        let finding = Finding::good(Code::ExistingTablesTested, text).about(schema);
        plan.find(finding.took(rehearsed.elapsed));
    }
    for table in &rehearsed.busy_tables {
        let text = format!(
            "test load: skipped after {} ms, because another session holds a lock on it",
            settings.ownership.lock_timeout.as_millis()
        );
        plan.find(Finding::unknown(Code::TableLocked, text).about(format!("{schema}.{table}")));
    }
    if !rehearsed.spared_tables.is_empty() {
        let text = format!(
            "test load: skipped operations that block readers for a moment on the tables with rows in {schema:?}: {}",
            rehearsed.spared_tables.join(", ")
        );
        let advice = "to test these too, at a quiet time, run: stitch-pg check --rehearse-existing";
        plan.find(Finding::good(Code::TestLoadPartial, text).about(schema).advise(advice));
    }
}

/// What was refused, reported once for all tables that it was refused on.
fn refusals(rehearsed: &Rehearsed) -> Vec<(&Refusal, Vec<&str>)> {
    let mut told: Vec<(&Refusal, Vec<&str>)> = rehearsed.refusal.iter().map(|refusal| (refusal, Vec::new())).collect();
    for (table, refusal) in &rehearsed.refused_tables {
        let same = |(other, tables): &&mut (&Refusal, Vec<&str>)| {
            !tables.is_empty() && (other.act, &other.state) == (refusal.act, &refusal.state)
        };
        match told.iter_mut().find(same) {
            Some((_, tables)) => tables.push(table),
            None => told.push((refusal, vec![table])),
        }
    }
    told
}
