//! Much data through the tunnel, and many small questions one after another. Nothing is timed; all of it has to arrive.

use super::scene::Scene;
use crate::support::postgres::POSTGRES_PASSWORD;
use crate::support::wizard::{PASSWORD, Said};
use crate::support::{BastionOptions, Certificates, Need, Postgres, PostgresOptions, stitch_pg, world};

#[test]
fn megabytes_and_thousands() {
    const TABLES: usize = 1500;
    let Some(world) = world(&[Need::Bastion]) else {
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

/// The name that is verified is the database's own, as the SSH server knows it, and not the tunnel's end.
#[test]
fn verify_full_through_the_tunnel() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    let host = world.host("db", &[("inner", "10.20.0.3/24")]);
    let options = PostgresOptions::new().tls(Certificates::for_names(&["db.inner"]));
    let server = Postgres::start_in(&world, Some(&host), options);
    // Only the SSH server knows the names.
    scene.bastion.run("echo '10.20.0.3 db.inner other.inner' >>/etc/hosts");
    let ca = world.dir().join("tmp/db-ca.crt");
    let own = server.certificates().expect("it speaks TLS").ca();
    std::fs::copy(own, world.outside(&ca)).expect("the world is writable");
    let run = |command: &str, name: &str| {
        let program = stitch_pg(&scene.ops)
            .args([command, "--format", "json", "--no-input", "--yes"])
            .args([
                "--only",
                "database,ssh-user,role,connection",
                "--via-bastion",
                "--host",
                name,
            ])
            .args(["--admin-user", "postgres", "--sslmode", "verify-full", "--sslrootcert"])
            .arg(ca.display().to_string())
            .args(["--bastion", "root@198.51.100.20"])
            .args(["--bastion-identity", "/run/world/tmp/ed25519", "--public-key"])
            .arg(scene.public())
            .env("PGPASSWORD", POSTGRES_PASSWORD)
            .env("STITCH_PG_PASSWORD", PASSWORD);
        Said::of(program.run())
    };
    let done = run("setup", "db.inner").exits(0);
    done.has("test-load-passed", "good");
    let refused = run("check", "other.inner").exits(1);
    let error = refused.error();
    assert!(error.contains("is for another name: it is for db.inner"), "{error}");
}
