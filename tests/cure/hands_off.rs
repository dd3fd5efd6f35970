//! What changes nothing: `plan`, `check`, and a `setup` that was not approved.

use crate::support::wizard::Wizard;
use crate::support::{CountingProxy, Fault, Postgres};

#[test]
fn plan_says_what_setup_would_do() {
    let server = Postgres::start();
    let wizard = Wizard::dba(&server);
    let before = server.dump();
    let plan = wizard.run("plan").exits(0);
    assert_eq!(server.dump(), before);
    assert_eq!(plan.json["result"], "pending", "{plan}");
    let setup = wizard.setup().exits(0);
    assert_eq!(plan.commands(), setup.commands());
    assert_eq!(wizard.run("plan").exits(0).json["result"], "ready");
}

#[test]
fn setup_without_a_terminal_waits_for_a_yes() {
    let server = Postgres::start();
    let wizard = Wizard::dba(&server);
    let before = server.dump();
    let said = wizard.run("setup").exits(0);
    assert_eq!(said.json["result"], "pending", "{said}");
    assert!(
        said.output.stderr.contains("changes nothing. It acts as plan."),
        "{said}"
    );
    assert_eq!(server.dump(), before);
}

#[test]
fn the_server_itself_keeps_looks_read_only() {
    let server = Postgres::start();
    let proxy = CountingProxy::tcp_before(&server, 7000);
    let wizard = Wizard::dba(&server)
        .set("--port", &proxy.port().to_string())
        .set("--sslmode", "disable")
        .flag("--no-ssl");
    let startup_option = "set_config('default_transaction_read_only', 'on'";
    for command in ["plan", "check"] {
        proxy.cut_on(startup_option, Fault::Close);
        let before = proxy.broken();
        wizard.run(command);
        assert_eq!(
            proxy.broken(),
            before + 1,
            "{command} does not ask the server to refuse changes"
        );
    }
    proxy.cut_on(startup_option, Fault::Close);
    let before = proxy.broken();
    wizard.setup().exits(0);
    assert_eq!(proxy.broken(), before);
}

#[test]
fn the_rehearsal_leaves_nothing_behind() {
    let server = Postgres::start();
    let wizard = Wizard::dba(&server);
    wizard.setup().exits(0);
    server.psql_in(
        "stitch",
        "set role stitch; create schema shop; create table shop.t (id int); comment on table shop.t is 'ours'",
    );
    let before = server.dump();
    let wizard = wizard.set("--schema", "shop");
    let said = wizard.check().exits(0);
    said.has("test-load-passed", "good");
    said.has("existing-tables-tested", "good");
    assert_eq!(server.dump(), before);
}

#[test]
fn half_of_a_run_is_begun_only_when_that_is_said() {
    let server = Postgres::start();
    server.psql("alter role dba nocreaterole");
    let wizard = Wizard::dba(&server);
    let before = server.dump();
    let refused = wizard.setup().exits(3);
    assert_eq!(server.dump(), before);
    refused.plans(&["create the database"]);
    refused.bad_are(&["role-cannot-create"]);
    assert!(refused.output.stderr.contains("--partial"), "{refused}");
    let half = wizard.clone().flag("--partial").setup().exits(4);
    half.plans(&["create the database"]);
    wizard.is_settled(&["role-cannot-create"]);
    // With the right it needs, the same login goes on from there.
    server.psql("alter role dba createrole");
    wizard.setup().exits(0).plans(&["create the role", "grant"]);
}
