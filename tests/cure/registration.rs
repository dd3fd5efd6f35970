//! The step *registration*, before an API as Stitch's reference documents it, and a real PostgreSQL where it matters.

use serde_json::{Value, json};

use crate::support::wizard::{PASSWORD, Said, Wizard};
use crate::support::{Place, Postgres, Program, Running, stitch_pg, way_out};

mod hostile;
mod scripts;
pub(crate) mod stitch;

use stitch::{FakeStitch, TOKEN, destination, kind};

const CREATED: &str = "create the destination \"stitch\" in Stitch (ignore_unmapped_sources is true";

/// The wizard, and what must live as long as its way to Stitch.
fn registering<'a>(server: &'a Postgres<'a>, stitch: &FakeStitch) -> (Wizard<'a>, Vec<Running>) {
    let (port, way) = way_out(server, 7001, stitch.port());
    let wizard = Wizard::dba(server)
        .flag("--register")
        .flag("--insecure-api")
        .set("--api-url", &format!("http://127.0.0.1:{port}"))
        .env("STITCH_ACCESS_TOKEN", TOKEN);
    (wizard, way)
}

/// The step alone, without any PostgreSQL: the findings about Stitch depend on Stitch alone.
fn alone(command: &str, api: &str) -> Program {
    stitch_pg(Place::Here)
        .args([
            command,
            "--only",
            "registration",
            "--register",
            "--insecure-api",
            "--no-ssl",
        ])
        .args(["--host", "db.example.com", "--format", "json", "--api-url", api])
        .env("STITCH_ACCESS_TOKEN", TOKEN)
        .env("STITCH_PG_PASSWORD", PASSWORD)
}

/// The same, run.
#[track_caller]
fn said(command: &str, stitch: &FakeStitch, flags: &[&str]) -> Said {
    let said = Said::of(alone(command, &stitch.url()).args(flags).run());
    let everything = format!("{}{}", said.output.stdout, said.output.stderr);
    assert!(!everything.contains(TOKEN) && !everything.contains(PASSWORD), "{said}");
    said
}

/// What `alone` wants there.
fn there() -> Value {
    json!({"host": "db.example.com", "port": "5432", "database": "stitch", "username": "stitch", "ssl": "false",
        "encryption_type": "none"})
}

fn changes(stitch: &FakeStitch) -> Value {
    let changes = stitch.changes().into_iter();
    changes
        .map(|(method, path, body)| json!([method, path, body]))
        .collect()
}

#[test]
fn a_destination_is_made_once_and_mended_field_by_field() {
    let server = Postgres::start();
    let stitch = FakeStitch::start();
    let (wizard, _way) = registering(&server, &stitch);
    let setup = wizard.cure(
        &[
            "create the database",
            "create the role",
            "grant CONNECT, CREATE, TEMPORARY",
            CREATED,
        ],
        &[],
    );
    let form = setup.has("destination-form-complete", "good");
    assert!(
        form.contains("does not prove the connection") && form.contains("Stitch's page of the destination"),
        "{form}"
    );
    let request = setup.commands().pop().unwrap_or_default();
    assert!(
        request.starts_with("POST http://127.0.0.1:") && request.contains("Bearer ***"),
        "{request}"
    );
    assert!(request.contains("\"password\": \"***\""), "{request}");
    assert_eq!(setup.json["steps"][6]["changes"][0]["kind"], "http");
    assert!(
        !setup.output.stdout.contains(TOKEN) && !setup.output.stdout.contains(PASSWORD),
        "{setup}"
    );
    let properties = json!({"host": server.host(), "port": server.port().to_string(), "database": "stitch",
        "username": "stitch", "ssl": "false", "encryption_type": "none", "password": PASSWORD});
    assert_eq!(
        changes(&stitch),
        json!([["POST", "/v4/destinations", {"type": "postgres", "name": "stitch", "ignore_unmapped_sources": true,
            "properties": properties}]])
    );

    stitch.with(|state| {
        state.destinations[0]["properties"]["port"] = json!(1);
        state.destinations[0]["properties"]["username"] = json!("somebody");
    });
    let mended = wizard.cure(&["set port, username of the destination \"stitch\" (number 4711"], &[]);
    let undo = mended.json["steps"][6]["changes"][0]["undo"]
        .as_str()
        .unwrap_or_default();
    assert!(undo.contains("\"username\": \"somebody\""), "{undo}");
    assert_eq!(
        changes(&stitch),
        json!([["PUT", "/v4/destinations/4711", {"properties": {"port": server.port().to_string(), "username": "stitch"}}]])
    );

    // The password goes with it when this very run has set it, and again only when that is asked for.
    let new = wizard.env("STITCH_PG_PASSWORD", "another \"secret\"\\");
    let reset = new.clone().flag("--reset-password").setup().exits(0);
    reset.plans(&["change the password of the role", "set password of the destination"]);
    let sent = json!([["PUT", "/v4/destinations/4711", {"properties": {"password": "another \"secret\"\\"}}]]);
    assert_eq!(changes(&stitch), sent);
    new.is_settled(&[]);
    assert_eq!(changes(&stitch), json!([]));
    new.clone()
        .flag("--send-password")
        .setup()
        .exits(0)
        .plans(&["set password of the destination"]);
    assert_eq!(changes(&stitch), sent);
}

#[test]
fn what_stitch_wants_of_the_fields_is_obeyed() {
    let stitch = FakeStitch::start();
    stitch.with(|state| {
        state.kind = kind(&json!({"type": "boolean"}));
        state.kind["steps"][0]["properties"][1]["json_schema"] = json!({"type": "integer"});
        state.kind["steps"][0]["properties"][8]["is_required"] = json!(true);
    });
    let setup = said(
        "setup",
        &stitch,
        &["--yes", "--map-sources", "--destination-name", "Our DW"],
    )
    .exits(0);
    let unknown = setup.has("destination-field-unknown", "unknown");
    assert!(unknown.contains("sslrootcert"), "{unknown}");
    setup.plans(&["create the destination \"Our DW\" in Stitch (ignore_unmapped_sources is false: every source"]);
    let properties = json!({"host": "db.example.com", "port": 5432, "database": "stitch", "username": "stitch",
        "ssl": false, "encryption_type": "none", "password": PASSWORD});
    assert_eq!(
        changes(&stitch),
        json!([["POST", "/v4/destinations", {"type": "postgres", "name": "Our DW", "ignore_unmapped_sources": false,
            "properties": properties}]])
    );
    said("check", &stitch, &[]).exits(0).has("destination-ready", "good");
}

#[test]
fn through_an_ssh_server() {
    let stitch = FakeStitch::start();
    stitch.with(|state| {
        let mut inner = there();
        inner["host"] = json!("10.0.0.5");
        inner["encryption_type"] = json!("ssh");
        inner["encryption_host"] = json!("other.example.com");
        state.destinations.push(destination(9, "postgres", &inner));
    });
    let flags = [
        "--yes",
        "--host",
        "10.0.0.5",
        "--bastion",
        "ops@ssh.example.com:2222",
        "--tunnel-user",
        "tunnel",
    ];
    let program = stitch_pg(Place::Here)
        .args([
            "setup",
            "--only",
            "registration",
            "--register",
            "--insecure-api",
            "--ssl",
        ])
        .args(["--format", "json", "--api-url", &stitch.url()])
        .args(flags)
        .env("STITCH_ACCESS_TOKEN", TOKEN)
        .env("STITCH_PG_PASSWORD", PASSWORD);
    // The same inner address behind another SSH server is another machine.
    let setup = Said::of(program.run()).exits(0);
    let others = setup.has("destination-others", "good");
    assert!(others.contains("number 9"), "{others}");
    let properties = json!({"host": "10.0.0.5", "port": "5432", "database": "stitch", "username": "stitch", "ssl": "true",
        "encryption_type": "ssh", "encryption_host": "ssh.example.com", "encryption_port": "2222",
        "encryption_username": "tunnel", "password": PASSWORD});
    assert_eq!(changes(&stitch)[0][2]["properties"], properties);
}

#[test]
fn other_destinations_are_left_alone() {
    let stitch = FakeStitch::start();
    let other = |host: &str| {
        let mut properties = there();
        properties["host"] = json!(host);
        properties
    };
    stitch.with(|state| {
        state.destinations = vec![
            destination(1, "redshift", &there()),
            destination(2, "postgres", &other("db2.example.com")),
        ];
    });
    let check = said("check", &stitch, &[]).exits(3);
    let others = check.has("destination-others", "good");
    assert!(
        others.contains("number 1, redshift") && others.contains("number 2, postgres"),
        "{others}"
    );
    check.plans(&[CREATED]);

    let moved = said("setup", &stitch, &["--yes", "--destination-id", "2"]).exits(0);
    moved.plans(&["set host of the destination \"number 2\""]);
    assert_eq!(
        changes(&stitch),
        json!([["PUT", "/v4/destinations/2", {"properties": {"host": "db.example.com"}}]])
    );

    said("check", &stitch, &["--destination-id", "1"])
        .exits(4)
        .bad_are(&["destination-other-type"]);
    let absent = said("check", &stitch, &["--destination-id", "3"]).exits(4);
    let text = absent.has("destination-not-found", "bad");
    assert!(text.contains("number 2, postgres"), "{text}");

    stitch.with(|state| state.destinations.push(destination(4, "postgres", &there())));
    let several = said("check", &stitch, &[]).exits(4);
    several.bad_are(&["destination-ambiguous"]);
    said("check", &stitch, &["--destination-id", "4"]).exits(0);
    // A deleted one counts for nothing; another port distinguishes two servers on one machine.
    stitch.with(|state| state.destinations[2]["deleted_at"] = json!("2025-02-02T00:00:00Z"));
    said("check", &stitch, &[]).exits(0);
    stitch.with(|state| {
        state.destinations[2]["deleted_at"] = json!(null);
        state.destinations[2]["properties"]["port"] = json!("6432");
    });
    said("check", &stitch, &[]).exits(0).has("destination-ready", "good");
}

#[test]
fn what_keeps_an_account_from_it() {
    let stitch = FakeStitch::start();
    stitch.with(|state| state.kind["details"] = json!({"access": false, "pricing_tier": "enterprise"}));
    let check = said("setup", &stitch, &["--yes"]).exits(4);
    check.bad_are(&["destination-no-access"]);
    assert!(
        check.has("destination-no-access", "bad").contains("enterprise"),
        "{check}"
    );
    assert_eq!(changes(&stitch), json!([]));

    stitch.with(|state| {
        state.destinations = vec![destination(1, "postgres", &there())];
        state.destinations[0]["paused_at"] = json!("2025-03-03T00:00:00Z");
        state.destinations[0]["system_paused_at"] = json!("2025-04-04T00:00:00Z");
        state.destinations[0]["report_card"]["steps"][0]["properties"][0] =
            json!({"name": "password", "is_required": true, "provided": false});
    });
    let check = said("check", &stitch, &[]).exits(4);
    check.has("destination-no-access", "unknown");
    check.has("destination-paused", "unknown");
    let password = check.has("destination-form-missing", "bad");
    assert!(password.contains("--send-password"), "{password}");
    check.has("destination-password-unsent", "unknown");
    check.bad_are(&["destination-form-missing", "destination-system-paused"]);
}

#[test]
fn without_being_asked_nothing_is_told() {
    let stitch = FakeStitch::start();
    let program = stitch_pg(Place::Here)
        .args([
            "check",
            "--only",
            "registration",
            "--format",
            "json",
            "--host",
            "db.example.com",
        ])
        .args(["--insecure-api", "--api-url", &stitch.url()])
        .env("STITCH_ACCESS_TOKEN", TOKEN);
    let check = Said::of(program.run()).exits(0);
    let reason = check.json["steps"][6]["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("--register"), "{reason}");
    assert!(stitch.with(|state| state.requests.is_empty()));

    let without = alone("check", &stitch.url()).env_remove("STITCH_ACCESS_TOKEN").run();
    assert_eq!(without.status, Some(2));
    assert!(
        without.stderr.contains("give it as STITCH_ACCESS_TOKEN"),
        "{}",
        without.stderr
    );
    let plain = alone("check", "http://api.stitchdata.com").run();
    assert_eq!(plain.status, Some(2));
    assert!(
        plain.stderr.contains("does not begin with https://"),
        "{}",
        plain.stderr
    );
}

/// As Supabase's: Stitch needs the project behind the role there, as the report says.
#[test]
fn behind_a_pooler_stitch_is_told_the_project_as_well() {
    let server = Postgres::start();
    let proxy = crate::support::CountingProxy::tcp_before(&server, 6543);
    proxy.route_by_user("abcdefgh");
    let stitch = FakeStitch::start();
    let (wizard, _way) = registering(&server, &stitch);
    let wizard = wizard
        .set("--port", "6543")
        .admin("postgres.abcdefgh", crate::support::postgres::POSTGRES_PASSWORD);
    let said = wizard.setup().exits(0);
    assert_eq!(said.json["connection"]["username"], "stitch.abcdefgh", "{said}");
    let sent = changes(&stitch);
    assert_eq!(sent[0][2]["properties"]["username"], "stitch.abcdefgh", "{sent}");
    // By itself too, when no other step has asked the server.
    wizard.clone().flag("--only=registration").setup().exits(0).plans(&[]);
}

#[test]
fn integrations_that_stitch_lists_are_detected() {
    let server = Postgres::start();
    let stitch = FakeStitch::start();
    Wizard::dba(&server).setup().exits(0);
    for schema in ["shop", "empty", "public_data"] {
        server.psql_in("stitch", &format!("create schema {schema}"));
    }
    let columns =
        "_sdc_batched_at timestamptz, _sdc_received_at timestamptz, _sdc_sequence int8, _sdc_table_version int8";
    server.psql_in(
        "stitch",
        &format!("create table shop.orders (id int, {columns}); create table public_data.t (id int)"),
    );
    stitch.with(|state| {
        state.sources = json!([{"name": "shop", "deleted_at": "2025-01-01T00:00:00Z"}, {"name": "empty"},
            {"name": "public_data"}, {"name": 7}, null]);
    });
    let (wizard, _way) = registering(&server, &stitch);
    let wizard = wizard.admin("postgres", crate::support::postgres::POSTGRES_PASSWORD);
    let wizard = wizard.flag("--detect-schemas").flag("--skip=registration");
    let setup = wizard.setup().exits(0);
    let words = setup.has("schema-detected", "good");
    assert!(
        words.contains("Stitch's API lists an integration of this name"),
        "{words}"
    );
    let owners = server.psql_in(
        "stitch",
        "select string_agg(nspname, ' ' order by nspname) from pg_namespace where nspowner = 'stitch'::regrole",
    );
    // A table without Stitch's columns is never moved unasked, whatever the schema is called.
    assert_eq!(owners.trim(), "empty shop");
    let weak = setup.has("schema-not-chosen", "unknown");
    assert!(weak.contains("public_data"), "{weak}");
    stitch.with(|state| {
        state
            .instead
            .push(("GET", "/v4/sources", wiremock::ResponseTemplate::new(404)));
    });
    let unseen = wizard.check().exits(0).has("integrations-not-listed", "unknown");
    assert!(unseen.contains("does not know that address"), "{unseen}");
}
