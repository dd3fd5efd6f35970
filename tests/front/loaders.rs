//! Real loaders load. They are the public ones that are nearest to Stitch's: each run as the Stitch role after `setup`, with
//! nested records, then an added column and a column of another type.

use std::fs;
use std::path::PathBuf;
use std::thread;

use serde_json::{Value, json};

use crate::cure::ssh_user::scene::{BASTION, Scene};
use crate::support::postgres::POSTGRES_PASSWORD;
use crate::support::wizard::{PASSWORD, Said, Wizard};
use crate::support::{
    BastionOptions, Need, Output, Place, Postgres, PostgresOptions, World, cache, finish, process, stitch_pg, world,
};

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
fn load(world: &World, place: &Place, loader: &str, target: &Target<'_>, which: &[bool]) -> Output {
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
    let mut command = place.command(python.trim());
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
fn loads(world: &World, place: &Place, loader: &str, target: &Target<'_>, which: &[bool]) {
    let said = load(world, place, loader, target, which);
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

/// A new database; and what another role loads, until it changes hands. `run` is a command with more arguments, and `at` where
/// a loader at `place` finds the server.
fn real_loaders_load(
    (world, place): (&World, &Place),
    server: &Postgres<'_>,
    at: (&str, u16),
    run: &dyn Fn(&str, &[&str]),
) {
    server.psql(&format!(
        "create role loader login password '{OLD}'; grant create, temporary on database stitch to loader"
    ));
    let target = |user, password, schema| Target {
        user,
        password,
        host: at.0,
        port: at.1,
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
    everywhere(&|loader| {
        let new = target("stitch", PASSWORD, format!("new_{loader}"));
        loads(world, place, loader, &new, &[false, true]);
        let old = target("loader", OLD, format!("old_{loader}"));
        loads(world, place, loader, &old, &[false]);
    });
    // dlt has a second schema beside the configured one.
    let schemas = LOADERS.map(|loader| format!("old_{loader}")).join(",") + ",old_dlt_staging";
    let existing = ["--existing", "--adopt-role", "--schema", &schemas];
    run("setup", &existing);
    run("check", &existing);
    everywhere(&|loader| {
        let old = target("stitch", PASSWORD, format!("old_{loader}"));
        loads(world, place, loader, &old, &[true]);
    });
    for loader in LOADERS {
        for schema in ["new", "old"] {
            let seen = arrived(server, &format!("{schema}_{loader}"));
            assert_eq!(seen, "2|1", "{loader}, {schema}");
        }
    }
}

fn directly(major: u32) {
    if !cache::available(&[Need::Postgres(major)]) {
        return;
    }
    let Some(world) = world(&[Need::Loaders]) else { return };
    let server = Postgres::start_in(&world, None, PostgresOptions::new().major(major));
    let run = |command: &str, more: &[&str]| {
        let program = Wizard::new(&server).program(command).args(more);
        let program = if command == "setup" {
            program.arg("--yes")
        } else {
            program
        };
        Said::of(program.args(["--format", "json"]).run()).exits(0);
    };
    run("setup", &[]);
    let place = Place::from(&world);
    real_loaders_load((&world, &place), &server, ("127.0.0.1", server.port()), &run);
}

/// As Stitch does: with its own key, through an SSH server whose key options are those of `setup`.
fn through_a_bastion(major: u32) {
    if !cache::available(&[Need::Postgres(major)]) {
        return;
    }
    let Some(world) = world(&[Need::Bastion, Need::Loaders]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    let host = world.host("db", &[("inner", "10.20.0.3/24")]);
    let server = Postgres::start_in(&world, Some(&host), PostgresOptions::new().major(major));
    let run = |command: &str, more: &[&str]| {
        let program = stitch_pg(&scene.ops)
            .args([command, "--format", "json", "--no-input", "--skip", "allowlist"])
            .args(["--via-bastion", "--bastion", &format!("root@{BASTION}")])
            .args(["--bastion-identity", "/run/world/tmp/ed25519"])
            .args(["--public-key-file", "/run/world/tmp/stitch.pub"])
            .args(["--host", "10.20.0.3", "--admin-user", "postgres"])
            .args(more)
            .env("PGPASSWORD", POSTGRES_PASSWORD)
            .env("STITCH_PG_PASSWORD", PASSWORD);
        let program = if command == "setup" {
            program.arg("--yes")
        } else {
            program
        };
        Said::of(program.run()).exits(0);
    };
    run("setup", &[]);
    let mut tunnel = scene.bastion.ssh(&scene.ops, "stitch", &scene.stitch);
    tunnel.args([
        "-N",
        "-o",
        "ExitOnForwardFailure=yes",
        "-L",
        "127.0.0.1:6000:10.20.0.3:5432",
    ]);
    let mut tunnel = process::spawn(&mut tunnel);
    let place = Place::from(&scene.ops);
    let stands = || {
        let mut command = place.command("bash");
        command.args(["-c", ": </dev/tcp/127.0.0.1/6000"]);
        finish(command, b"", process::DEADLINE).success().then_some(())
    };
    process::poll(process::DEADLINE, stands).expect("the tunnel");
    real_loaders_load((&world, &place), &server, ("127.0.0.1", 6000), &run);
    tunnel.kill().expect("it still runs");
    process::wait(&mut tunnel, process::DEADLINE);
}

#[test]
fn real_loaders_load_on_13() {
    directly(13);
}

#[test]
fn real_loaders_load_on_18() {
    directly(18);
}

#[test]
fn real_loaders_load_through_a_bastion_on_13() {
    through_a_bastion(13);
}

#[test]
fn real_loaders_load_through_a_bastion_on_18() {
    through_a_bastion(18);
}
