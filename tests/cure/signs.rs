//! Good findings, and those of what was not tried, have codes as well: scripts search for them.

use crate::support::Postgres;
use crate::support::wizard::Wizard;

#[test]
fn what_holds_has_its_code() {
    let server = Postgres::start();
    server.psql("create role loader login; create database stitch");
    server.psql_in(
        "stitch",
        "create schema orders authorization loader; create table orders.lines ()",
    );
    let wizard = Wizard::new(&server).flag("--existing").set("--schema", "orders");
    let planned = wizard.run("plan").exits(0);
    planned.has_not("role-exists");
    planned.has_not("schema-owned");
    planned.has("connection-not-tested", "unknown");
    wizard.setup().exits(0);
    let checked = wizard.check().exits(0);
    for code in ["role-exists", "database-privileges", "catalog-readable", "schema-owned"] {
        checked.has(code, "good");
    }
    checked.has_not("connection-not-tested");
}
