//! Much through the tunnel, and many small questions one after another. Nothing is timed; it has to arrive.

use super::scene::Scene;
use crate::support::postgres::POSTGRES_PASSWORD;
use crate::support::{BastionOptions, Need, Postgres, PostgresOptions, stitch_pg, world};
use crate::wizard::{PASSWORD, Said};

#[test]
fn megabytes_and_thousands() {
    const TABLES: usize = 1500;
    let Some(world) = world("megabytes_and_thousands", &[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    let host = world.host("db", &[("inner", "10.20.0.3/24")]);
    let server = Postgres::start_in(&world, Some(&host), PostgresOptions::new());
    server.psql("CREATE DATABASE stitch");
    server.psql_in(
        "stitch",
        &format!(
            "CREATE SCHEMA big; DO $$ BEGIN FOR n IN 1..{TABLES} LOOP
                EXECUTE format('CREATE TABLE big.%I ()', repeat('x', 55) || n); END LOOP; END $$"
        ),
    );
    let run = |command: &str| {
        let program = stitch_pg(&scene.ops)
            .args([
                command,
                "--format",
                "json",
                "--no-input",
                "--yes",
                "--only",
                "role,ownership",
            ])
            .args([
                "--host",
                "10.20.0.3",
                "--admin-user",
                "postgres",
                "--via-bastion",
                "--schema",
                "big",
            ])
            .args([
                "--bastion",
                "root@198.51.100.20",
                "--bastion-identity",
                "/run/world/tmp/ed25519",
                "--existing",
            ])
            .env("PGPASSWORD", POSTGRES_PASSWORD)
            .env("STITCH_PG_PASSWORD", PASSWORD);
        Said::of(program.run())
    };
    // The list comes down in one piece; each table goes up as a question of its own.
    let planned = run("check").exits(3);
    assert!(planned.output.stdout.len() > TABLES * 60);
    run("setup").exits(0);
    let owned = "SELECT count(*) FROM pg_tables WHERE schemaname = 'big' AND tableowner = 'stitch'";
    assert_eq!(server.psql_in("stitch", owned).trim(), TABLES.to_string());
}
