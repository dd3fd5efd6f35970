//! Patroni, which writes `pg_hba.conf` and the server's command line anew: nothing is written beside it, and its own way works.

use std::fs;

use crate::support::postgres::POSTGRES_PASSWORD;
use crate::support::process::{DEADLINE, poll};
use crate::support::wizard::{PASSWORD, Said};
use crate::support::{Need, World, cache, neighbours, stitch_pg, world};

const PORT: u16 = 5440;
/// One place for the world and for Patroni, as on a machine.
const DATA: &str = "/run/world/patroni";

/// One member, with a log of its own in place of etcd; the rules are in the cluster's configuration.
const CONFIG: &str = "scope: dw
name: one
restapi: {listen: '127.0.0.1:8008', connect_address: '127.0.0.1:8008'}
raft: {data_dir: '@/raft', self_addr: '127.0.0.1:2222'}
bootstrap:
  dcs:
    loop_wait: 1
    postgresql:
      parameters: {password_encryption: scram-sha-256}
      pg_hba:
      - local all all trust
      - host all postgres 127.0.0.1/32 scram-sha-256
      - host all stitch 127.0.0.1/32 scram-sha-256
      - host replication standby 127.0.0.1/32 scram-sha-256
  initdb: [{encoding: UTF8}, {locale: C.UTF-8}]
postgresql:
  listen: '0.0.0.0:5440'
  connect_address: '127.0.0.1:5440'
  data_dir: /run/world/patroni/data
  bin_dir: /usr/lib/postgresql/15/bin
  authentication:
    superuser: {username: postgres, password: admin-secret}
    replication: {username: standby, password: standby-secret}
  parameters: {unix_socket_directories: /run/world/patroni}
";

fn run(world: &World, command: &str, more: &[&str]) -> Said {
    let program = stitch_pg(world)
        .args([
            command,
            "--format",
            "json",
            "--no-input",
            "--manage",
            "hba",
            "--skip",
            "ssh-user,registration",
        ])
        .args([
            "--host",
            "127.0.0.1",
            "--port",
            &PORT.to_string(),
            "--admin-user",
            "postgres",
        ])
        .args(["--allow-cidr", "52.23.137.21"])
        .args(more)
        .env("PGPASSWORD", POSTGRES_PASSWORD)
        .env("STITCH_PG_PASSWORD", PASSWORD);
    Said::of(program.run())
}

#[test]
fn its_rules_are_added_by_its_own_means() {
    if !cache::available(&[Need::Postgres(15)]) {
        return;
    }
    let Some(world) = world(&[Need::Neighbours]) else {
        return;
    };
    world.sh(&format!(
        "root_add neighbours neighbours; : >\"$WORLD/neighbours/ready\"
         mkdir -m 755 {DATA}; chown postgres: {DATA}
         mkdir -p \"$WORLD/neighbours/root{DATA}\"; mount --bind {DATA} \"$WORLD/neighbours/root{DATA}\""
    ));
    neighbours::start(&world, PORT, &[("patroni.yml", CONFIG)], &["patroni", "@/patroni.yml"]);
    let rules = world.outside(format!("{DATA}/data/pg_hba.conf"));
    let is_patronis = || {
        fs::read_to_string(&rules)
            .ok()
            .filter(|text| text.contains("overwritten by Patroni"))
    };
    let before = poll(DEADLINE, is_patronis).expect("Patroni writes the file");
    let leads = || {
        let said = world.try_sh("curl -sf http://127.0.0.1:8008/primary", &[], b"");
        said.success().then_some(())
    };
    poll(DEADLINE, leads).expect("it is the primary");

    let setup = run(&world, "setup", &["--yes", "--partial"]);
    let generated = setup.has("hba-generated", "unknown");
    assert!(
        generated.contains("Patroni") && generated.contains("patronictl edit-config"),
        "{generated}"
    );
    setup.has("hba-no-match", "bad");
    assert_eq!(fs::read_to_string(&rules).expect("it is there"), before);
    let check = run(&world, "check", &[]).exits(4);
    check.bad_are(&["hba-no-match"]);

    // As the finding says, with its lines.
    let lines: Vec<&str> = generated
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("host"))
        .collect();
    assert_eq!(lines.len(), 1, "{generated}");
    let added = format!(
        "postgresql:\n  pg_hba:\n  - {}\n  - local all all trust\n  - host all postgres,stitch 127.0.0.1/32 scram-sha-256\n",
        lines[0]
    );
    world.sh_with(
        "f=$(ls -d \"$WORLD\"/neighbours/root/srv/n*); chroot \"$WORLD/neighbours/root\" \
         patronictl -c \"${f#\"$WORLD/neighbours/root\"}/patroni.yml\" edit-config --force --apply -",
        &[],
        added.as_bytes(),
    );
    let allowed = || Some(run(&world, "check", &[])).filter(|said| said.output.status == Some(0));
    let ready = poll(DEADLINE, allowed).expect("Patroni writes and loads its rules");
    ready.has("hba-ok", "good");
}
