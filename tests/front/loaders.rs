//! Real loaders load. They are not Stitch's, and the nearest that is public: each run as the Stitch role after `setup`, with
//! nested records, then an added column and a column of another type.

use std::fs;
use std::path::PathBuf;
use std::thread;

use serde_json::{Value, json};

use crate::support::wizard::{PASSWORD, Wizard};
use crate::support::{Need, Output, Postgres, PostgresOptions, World, cache, finish, process, world};

const LOADERS: [&str; 3] = ["meltanolabs", "pipelinewise", "dlt"];

/// The old owner's password.
const OLD: &str = "old-secret";

/// Whose login loads where.
struct Target<'a> {
    user: &'a str,
    password: &'a str,
    host: &'a str,
    port: u16,
    schema: String,
}

/// Rows as they were first, and as they are later: a nested list, a column more, a number that has become a text.
fn rows(later: bool) -> Value {
    if later {
        json!([{"id": 2, "amount": "12,50", "added later": "x", "lines": [{"sku": "c", "taxes": [{"rate": 7}]}]}])
    } else {
        json!([{"id": 1, "amount": 12, "lines": [{"sku": "a", "taxes": [{"rate": 19}]}, {"sku": "b"}]}])
    }
}

/// The same in Singer's words.
fn messages(loader: &str, later: bool) -> String {
    // This one alters no column itself: it gives up before it asks the server.
    let alters = loader != "meltanolabs";
    let amount = if later && alters { "string" } else { "integer" };
    let mut properties = json!({
        "id": {"type": ["integer"]},
        "amount": {"type": ["null", amount]},
        "lines": {"type": ["null", "array"], "items": {"type": ["null", "object"], "properties": {}}},
    });
    if later {
        properties["added later"] = json!({"type": ["null", "string"]});
    }
    let schema = json!({"type": "SCHEMA", "stream": "orders", "key_properties": ["id"],
        "schema": {"type": "object", "properties": properties}});
    let mut record = json!({"type": "RECORD", "stream": "orders", "record": rows(later)[0],
        "time_extracted": "2026-01-01T00:00:00Z"});
    if !alters {
        record["record"]["amount"] = json!(12);
    }
    format!("{schema}\n{record}\n")
}

/// Runs a loader: the first rows, the later ones, or both.
fn load(world: &World, loader: &str, target: &Target<'_>, which: &[bool]) -> Output {
    let Target {
        user,
        password,
        host,
        port,
        schema,
    } = target;
    let folder = cache::cache().join("loaders");
    let python = fs::read_to_string(folder.join("python")).unwrap_or_else(|_| "python3".to_owned());
    let work = world.dir().join(format!("load{}", world.serial()));
    let outside = world.outside(&work);
    fs::create_dir(&outside).unwrap_or_else(|error| panic!("{}: {error}", outside.display()));
    let mut command = world.command(python.trim());
    command
        .env_clear()
        .env("PYTHONPATH", folder.join(loader))
        .env("HOME", &work);
    command
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("RUNTIME__DLTHUB_TELEMETRY", "false");
    let config = work.join("config.json");
    let settings = json!({"host": host, "port": port, "user": user, "password": password, "database": "stitch", "dbname": "stitch",
        "default_target_schema": schema, "add_metadata_columns": true, "add_record_metadata": true});
    fs::write(world.outside(&config), settings.to_string()).expect("a folder of the world");
    let singer = |module: &str| {
        format!(
            "import sys; sys.argv = ['target', '--config', '{}']; {module}",
            config.display()
        )
    };
    let stdin = match loader {
        "dlt" => {
            let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/front/load_by_dlt.py");
            let url = format!("postgresql://{user}:{password}@{host}:{port}/stitch");
            command.arg(script).args([&url, schema]).arg(&work);
            let lines: Vec<String> = which.iter().map(|later| rows(*later).to_string()).collect();
            lines.join("\n")
        }
        "meltanolabs" => {
            command.args([
                "-c",
                &singer("from target_postgres.target import TargetPostgres; TargetPostgres.cli()"),
            ]);
            which.iter().map(|later| messages(loader, *later)).collect()
        }
        _ => {
            command.args(["-c", &singer("from target_postgres import main; main()")]);
            which.iter().map(|later| messages(loader, *later)).collect()
        }
    };
    finish(command, stdin.as_bytes(), process::DEADLINE)
}

#[track_caller]
fn loads(world: &World, loader: &str, target: &Target<'_>, which: &[bool]) {
    let said = load(world, loader, target, which);
    assert!(
        said.success(),
        "{loader} as {} into {}: {}\n{}",
        target.user,
        target.schema,
        said.stdout,
        said.stderr
    );
}

/// How many rows a loader left in its table, and whether the added column is there.
fn arrived(server: &Postgres<'_>, schema: &str) -> String {
    server.psql_in(
        "stitch",
        &format!(
            "select (select count(*) from {schema}.orders), (select count(*) from information_schema.columns
             where table_schema = '{schema}' and table_name = 'orders' and column_name in ('added later', 'added_later'))"
        ),
    )
}

fn real_loaders_load(major: u32) {
    if !cache::available(&[Need::Postgres(major)]) {
        return;
    }
    let Some(world) = world(&[Need::Loaders]) else { return };
    let server = Postgres::start_in(&world, None, PostgresOptions::new().major(major));
    let wizard = Wizard::new(&server);
    wizard.setup().exits(0);
    server.psql(&format!(
        "create role loader login password '{OLD}'; grant create, temporary on database stitch to loader"
    ));
    let at = |user, password, schema| Target {
        user,
        password,
        host: "127.0.0.1",
        port: server.port(),
        schema,
    };
    let everywhere = |each: &(dyn Fn(&str) + Sync)| {
        thread::scope(|scope| {
            let all: Vec<_> = LOADERS.iter().map(|loader| scope.spawn(|| each(loader))).collect();
            for one in all {
                assert!(one.join().is_ok(), "a loader was refused: see above");
            }
        });
    };
    // A new database; and what somebody else loads, until it changes hands.
    everywhere(&|loader| {
        loads(
            &world,
            loader,
            &at("stitch", PASSWORD, format!("new_{loader}")),
            &[false, true],
        );
        loads(&world, loader, &at("loader", OLD, format!("old_{loader}")), &[false]);
    });
    // dlt has a second schema beside the one it was told.
    let schemas = LOADERS.map(|loader| format!("old_{loader}")).join(",") + ",old_dlt_staging";
    let existing = wizard.flag("--existing").flag("--adopt-role").set("--schema", &schemas);
    existing.setup().exits(0);
    existing.check().exits(0);
    everywhere(&|loader| {
        loads(
            &world,
            loader,
            &at("stitch", PASSWORD, format!("old_{loader}")),
            &[true],
        );
    });
    for loader in LOADERS {
        for schema in ["new", "old"] {
            let seen = arrived(&server, &format!("{schema}_{loader}"));
            assert_eq!(seen, "2|1", "{loader}, {schema}");
        }
    }
}

#[test]
fn real_loaders_load_on_13() {
    real_loaders_load(13);
}

#[test]
fn real_loaders_load_on_18() {
    real_loaders_load(18);
}
