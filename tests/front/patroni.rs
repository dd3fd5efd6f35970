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
raft: {data_dir: '@/raft', self_addr: '127.0.0.1:2222', partner_addrs: [PARTNERS]}
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

/// The member `two`, in another place and at other ports.
fn second() -> String {
    let names = [
        ("name: one", "name: two"),
        ("8008", "8009"),
        ("2222", "2224"),
        ("2225", "2222"),
        ("5440", "5441"),
        ("patroni/data", "patroni/data2"),
    ];
    let config = CONFIG.replace("PARTNERS", "'127.0.0.1:2225'");
    names
        .into_iter()
        .fold(config, |config, (from, to)| config.replace(from, to))
}

/// Patroni's files in a world, with a folder that both it and the world know by one name.
fn prepare(world: &World) {
    world.sh(&format!(
        "root_add neighbours neighbours; : >\"$WORLD/neighbours/ready\"
         mkdir -m 755 {DATA}; chown postgres: {DATA}
         mkdir -p \"$WORLD/neighbours/root{DATA}\"; mount --bind {DATA} \"$WORLD/neighbours/root{DATA}\""
    ));
}

/// Whether the member with this port of Patroni's is the primary, or a replica.
fn is(world: &World, port: u16, role: &str) -> Option<()> {
    let said = world.try_sh(&format!("curl -sf http://127.0.0.1:{port}/{role}"), &[], b"");
    said.success().then_some(())
}

/// `patronictl` with the first member's file.
fn patronictl(world: &World, command: &str, input: &str) {
    let script = format!(
        "f=$(ls -d \"$WORLD\"/neighbours/root/srv/n* | head -1); chroot \"$WORLD/neighbours/root\" \
         patronictl -c \"${{f#\"$WORLD/neighbours/root\"}}/patroni.yml\" {command}"
    );
    world.sh_with(&script, &[], input.as_bytes());
}

/// The rules with a line more.
fn with_rule(line: &str) -> String {
    format!(
        "postgresql:\n  pg_hba:\n  - {line}\n  - local all all trust\n  - host all postgres,stitch 127.0.0.1/32 scram-sha-256\n  - host replication standby 127.0.0.1/32 scram-sha-256\n"
    )
}

fn run(world: &World, port: u16, command: &str, more: &[&str]) -> Said {
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
            &port.to_string(),
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
    prepare(&world);
    let config = CONFIG.replace("PARTNERS", "");
    neighbours::start(&world, PORT, &[("patroni.yml", &config)], &["patroni", "@/patroni.yml"]);
    let rules = world.outside(format!("{DATA}/data/pg_hba.conf"));
    let is_patronis = || {
        fs::read_to_string(&rules)
            .ok()
            .filter(|text| text.contains("overwritten by Patroni"))
    };
    let before = poll(DEADLINE, is_patronis).expect("Patroni writes the file");
    poll(DEADLINE, || is(&world, 8008, "primary")).expect("it is the primary");

    let setup = run(&world, PORT, "setup", &["--yes", "--partial"]);
    let generated = setup.has("hba-generated", "unknown");
    assert!(
        generated.contains("Patroni") && generated.contains("patronictl edit-config"),
        "{generated}"
    );
    setup.has("hba-no-match", "bad");
    assert_eq!(fs::read_to_string(&rules).expect("it is there"), before);
    let check = run(&world, PORT, "check", &[]).exits(4);
    check.bad_are(&["hba-no-match"]);

    // As the finding says, with its lines.
    let lines: Vec<&str> = generated
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("host"))
        .collect();
    assert_eq!(lines.len(), 1, "{generated}");
    patronictl(&world, "edit-config --force --apply -", &with_rule(lines[0]));
    let allowed = || Some(run(&world, PORT, "check", &[])).filter(|said| said.output.status == Some(0));
    let ready = poll(DEADLINE, allowed).expect("Patroni writes and loads its rules");
    ready.has("hba-ok", "good");
}

/// What the finding says is done once, and holds on every member.
#[test]
fn its_rules_are_those_of_every_member() {
    if !cache::available(&[Need::Postgres(15)]) {
        return;
    }
    let Some(world) = world(&[Need::Neighbours]) else {
        return;
    };
    prepare(&world);
    let first = CONFIG.replace("PARTNERS", "'127.0.0.1:2224'");
    // Neither can begin without the other.
    let both = "patroni @/second.yml & exec patroni @/patroni.yml";
    let files = [("patroni.yml", first.as_str()), ("second.yml", &second())];
    neighbours::start(&world, PORT, &files, &["sh", "-c", both]);
    let members = [(8008, PORT, "one"), (8009, PORT + 1, "two")];
    let primary = || {
        members
            .into_iter()
            .find(|(api, ..)| is(&world, *api, "primary").is_some())
    };
    let (_, port, leader) = poll(DEADLINE, primary).expect("one is the primary");
    let other = members.into_iter().find(|(_, _, name)| *name != leader);
    let (other_api, other_port, _) = other.expect("there are two");
    poll(DEADLINE, || is(&world, other_api, "replica")).expect("the other is a replica");

    let at = |port, command, more: &[&str]| run(&world, port, command, more);
    let setup = at(port, "setup", &["--yes", "--partial"]);
    let generated = setup.has("hba-generated", "unknown");
    assert!(generated.contains("on every member"), "{generated}");
    let standby = at(other_port, "setup", &["--yes", "--partial"]).exits(4);
    let text = standby.has("server-standby", "bad");
    assert!(
        text.contains(&format!("the primary, which is 127.0.0.1:{port}")),
        "{text}"
    );
    let mut lines = generated.lines().map(str::trim);
    let line = lines.find(|line| line.starts_with("host")).expect("a line to add");
    patronictl(&world, "edit-config --force --apply -", &with_rule(line));
    let allowed = || Some(at(port, "check", &[])).filter(|said| said.output.status == Some(0));
    poll(DEADLINE, allowed).expect("Patroni writes and loads its rules");

    for folder in ["data", "data2"] {
        let rules = world.outside(format!("{DATA}/{folder}/pg_hba.conf"));
        let has_it = || fs::read_to_string(&rules).ok().filter(|text| text.contains(line));
        poll(DEADLINE, has_it).unwrap_or_else(|| panic!("{folder} has not {line}"));
    }
}
