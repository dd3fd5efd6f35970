//! The way through the SSH server, ended at each of its layers by name: one cause with its own code, and everything behind
//! it not reached.

use super::scene::{BASTION, Scene};
use crate::support::postgres::POSTGRES_PASSWORD;
use crate::support::wizard::{PASSWORD, Said};
use crate::support::{BastionOptions, Need, Postgres, PostgresOptions, SshKey, stitch_pg, world};

/// The layers in their order, as the subjects of what was not reached.
const LAYERS: [&str; 13] = [
    "SSH server's name",
    "TCP to the SSH server",
    "SSH handshake",
    "SSH host key",
    "SSH login",
    "SSH forwarding",
    "TCP from the SSH server",
    "protocol",
    "TLS",
    "authentication",
    "database",
    "privileges",
    "test load",
];

#[test]
fn the_first_layer_that_fails() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    scene.has_working("stitch");
    scene
        .bastion
        .run("sed -i 's/,permit.*command=[^ ]*//' ~stitch/.ssh/authorized_keys");
    SshKey::other(&world.outside(world.dir().join("tmp")));
    let host = world.host("db", &[("lan", "198.51.100.30/24"), ("inner", "10.20.0.3/24")]);
    let _server = Postgres::start_in(&world, Some(&host), PostgresOptions::new());
    let there = format!("root@{BASTION}");
    for (bastion, identity, known, target, code, layer) in [
        (
            "root@nowhere.invalid",
            "ed25519",
            "home/.ssh/known_hosts",
            "10.20.0.3",
            "tunnel-name",
            0,
        ),
        (
            "root@198.51.100.20:2",
            "ed25519",
            "home/.ssh/known_hosts",
            "10.20.0.3",
            "tunnel-tcp",
            1,
        ),
        (
            "root@198.51.100.30:5432",
            "ed25519",
            "home/.ssh/known_hosts",
            "10.20.0.3",
            "tunnel-handshake",
            2,
        ),
        (&there, "ed25519", "tmp/nothing", "10.20.0.3", "tunnel-host-key", 3),
        (&there, "other", "home/.ssh/known_hosts", "10.20.0.3", "tunnel-login", 4),
        (
            &there,
            "ed25519",
            "home/.ssh/known_hosts",
            "10.20.0.99",
            "tunnel-target",
            6,
        ),
        (
            &there,
            "ed25519",
            "home/.ssh/known_hosts",
            "db.unknown",
            "tunnel-target",
            6,
        ),
        // It is the SSH server that answers there.
        (
            &there,
            "ed25519",
            "home/.ssh/known_hosts",
            "10.20.0.2",
            "login-not-postgres",
            7,
        ),
    ] {
        let port = if layer == 7 { "22" } else { "5432" };
        let program = stitch_pg(&scene.ops)
            .args([
                "check",
                "--only=connection",
                "--prove-tunnel",
                "--key-options=restrict",
                "--format",
                "json",
                "--no-input",
            ])
            .args([
                "--host",
                "198.51.100.30",
                "--admin-user",
                "postgres",
                "--bastion",
                bastion,
            ])
            .args(["--bastion-identity", &format!("/run/world/tmp/{identity}")])
            .args(["--known-hosts", &format!("/run/world/{known}")])
            .args([
                "--public-key-file",
                "/run/world/tmp/stitch.pub",
                "--allow-cidr",
                "52.23.137.21",
            ])
            .args(["--stitch-host", target, "--stitch-port", port])
            .env("PGPASSWORD", POSTGRES_PASSWORD)
            .env("STITCH_PG_PASSWORD", PASSWORD);
        let said = Said::of(program.run()).exits(4);
        said.has(code, "bad");
        said.bad_are(&[code]);
        let behind: Vec<&str> = said.subjects("layer-not-reached");
        assert_eq!(behind, LAYERS[layer + 1..], "{code}: {said}");
    }
}
