//! The same move without a look at the server, for a script that someone else runs: whatever tables are there then.

use crate::change::{Action, Change, Execution, Plan, Sql};
use crate::settings::Settings;
use crate::sql;

pub(super) fn plan(plan: &mut Plan, settings: &Settings) {
    let role = &settings.stitch.role;
    for schema in settings.ownership.schemas.named() {
        plan.change(Change {
            summary: format!(
                "make {role:?} the owner of the schema {schema:?} and the tables in it (run by a superuser, or \
                 a member of both owners)"
            ),
            why: "Stitch runs ALTER TABLE and COMMENT on them, which only an owner may do.",
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
