//! The commands that a page shows, run in its order against servers that have the names and logins it speaks of.

use std::fs;
use std::time::Duration;

use crate::book::fences::blocks;
use crate::book::pages;
use crate::support::postgres::{DBA_PASSWORD, POSTGRES_PASSWORD};
use crate::support::program::Program;
use crate::support::{
    BastionOptions, Certificates, Host, Need, Postgres, PostgresOptions, STITCH_PG, SshKey, World, world,
};

/// README.md's two are .ci/run's own; those of docs/handoff.md are what the program wrote, and run by the tests that had
/// it written (tests/docs.rs compares).
const ELSEWHERE: [&str; 2] = ["README.md", "docs/handoff.md"];

#[test]
fn every_page_with_commands_is_run() {
    let these_tests = include_str!("commands.rs");
    for page in pages() {
        let name = page.name();
        let shows_commands =
            !ELSEWHERE.contains(&name.as_str()) && blocks(&page).iter().any(crate::book::fences::Block::is_run);
        assert!(
            !shows_commands || these_tests.contains(&format!("\"{name}\"")),
            "{name} shows commands, and no test in tests/book/commands.rs runs them"
        );
    }
}

/// What stands in a page, as one script.
fn script(name: &str) -> String {
    let page = pages().into_iter().find(|page| page.name() == name).expect("that page");
    let run = blocks(&page).into_iter().filter(crate::book::fences::Block::is_run);
    let parts: Vec<String> = run
        .map(|block| format!(": {name}, line {}\n{}", block.line, block.text))
        .collect();
    parts.concat()
}

/// A machine to sit at, and a server that has the name the page gives it.
struct Scene<'world> {
    world: &'world World,
    desk: Host,
    server: Postgres<'world>,
}

impl<'world> Scene<'world> {
    fn new(world: &'world World, name: &str, options: PostgresOptions) -> Self {
        let desk = world.host("desk", &[("lan", "203.0.113.2/24")]);
        let there = world.host("there", &[("lan", "203.0.113.10/24")]);
        world.name("203.0.113.10", name);
        let certificates = Certificates::for_names(&[name]);
        let ca = fs::read(certificates.ca()).expect("the authority's certificate");
        fs::write(world.outside(world.home().join("global-bundle.pem")), ca).expect("the world is writable");
        let server = Postgres::start_in(world, Some(&there), options.tls(certificates));
        Self { world, desk, server }
    }

    /// Runs the page as a login with that password; what it printed.
    #[track_caller]
    fn runs(&self, page: &str, password: &str) -> String {
        run_at(&self.desk, page, &[("PGPASSWORD", password)])
    }

    fn has_file(&self, name: &str, text: &str) {
        fs::write(self.world.outside(self.world.home().join(name)), text).expect("the world is writable");
    }
}

#[track_caller]
fn run_at(desk: &Host, page: &str, environment: &[(&str, &str)]) -> String {
    let folder = std::path::Path::new(STITCH_PG).parent().expect("a file is in a folder");
    let mut program = Program::new("bash", desk)
        .args(["-euo", "pipefail", "-c", &script(page)])
        .env("PATH", format!("{}:{}", folder.display(), crate::support::world::PATH))
        .deadline(Duration::from_secs(120));
    for (name, value) in environment {
        program = program.env(name, value);
    }
    let output = program.run();
    assert!(
        output.success(),
        "{page} ended with {:?}\n--- stdout\n{}\n--- stderr\n{}",
        output.status,
        output.stdout,
        output.stderr
    );
    output.stdout
}

/// Both halves of a page that sets up and checks.
#[track_caller]
fn assert_set_up(said: &str) {
    assert!(said.to_lowercase().contains(" made and verified."), "{said}");
    assert!(is_ready(said), "{said}");
}

/// Whether nothing is wrong, and nothing to change; only Stitch itself sees the firewalls in between.
fn is_ready(said: &str) -> bool {
    let last = said.lines().rev().find(|line| !line.is_empty());
    last.is_some_and(|line| line.starts_with("Ready: ") || line.starts_with("Almost ready: "))
}

/// A login as a provider gives it, with the provider's own roles around it.
fn admin(name: &str, around: &str) -> String {
    format!("{around}; create role {name} login createdb createrole password '{DBA_PASSWORD}';")
}

#[test]
fn tutorial() {
    let Some(world) = world(&[]) else { return };
    let scene = Scene::new(&world, "db.example.com", PostgresOptions::new());
    let said = scene.runs("docs/tutorial.md", POSTGRES_PASSWORD);
    assert_set_up(&said);
    assert!(
        said.contains("Would create the database") || said.contains("would create the database"),
        "{said}"
    );
}

#[test]
fn exit_codes() {
    let Some(world) = world(&[]) else { return };
    let scene = Scene::new(&world, "db.example.com", PostgresOptions::new());
    let environment = [
        ("PGHOST", "db.example.com"),
        ("PGUSER", "postgres"),
        ("PGPASSWORD", POSTGRES_PASSWORD),
        ("STITCH_PG_REGION", "europe"),
        ("STITCH_PG_PASSWORD", "a password"),
    ];
    let said = run_at(&scene.desk, "docs/exit-codes.md", &environment);
    assert!(said.contains("changes are pending"), "{said}");
}

#[test]
fn self_managed() {
    let Some(world) = world(&[]) else {
        return;
    };
    let there = world.host("there", &[("lan", "203.0.113.10/24")]);
    world.name("203.0.113.10", "db.example.com");
    let hba = "local all postgres trust\nhost all postgres,stitch localhost scram-sha-256\n\
               host all postgres,stitch 203.0.113.10/32 scram-sha-256\n";
    let certificates = Certificates::for_names(&["db.example.com"]);
    let options = PostgresOptions::new()
        .hba(hba)
        .conf("listen_addresses", "*")
        .tls(certificates);
    let server = Postgres::start_in(&world, Some(&there), options);
    let password = [("PGPASSWORD", POSTGRES_PASSWORD)];
    assert_set_up(&run_at(&there, "docs/howto/self-managed.md", &password));
    let lines = "select count(*) from pg_hba_file_rules where user_name = '{stitch}'";
    assert_eq!(server.psql(lines), "4", "one for each of the region's addresses");
}

#[test]
fn install() {
    let Some(world) = world(&[]) else { return };
    let desk = world.host("desk", &[]);
    run_at(&desk, "docs/install.md", &[]);
    let page = world.sh("cat /run/world/home/.local/share/man/man1/stitch-pg.1");
    assert!(page.contains(".TH STITCH-PG 1"), "{page}");
}

#[test]
fn rds() {
    let Some(world) = world(&[]) else { return };
    let scene = Scene::new(
        &world,
        "warehouse.abc123.us-east-1.rds.amazonaws.com",
        PostgresOptions::new(),
    );
    let around = "create role rdsadmin superuser; create role rds_superuser";
    scene.server.psql(&admin("dbadmin", around));
    assert_set_up(&scene.runs("docs/howto/rds.md", DBA_PASSWORD));
    let script = world.sh("cat /run/world/home/allow-stitch.sh");
    assert!(
        script.contains("aws ec2 authorize-security-group-ingress --region us-east-1"),
        "{script}"
    );
}

#[test]
fn aurora() {
    let Some(world) = world(&[]) else { return };
    let name = "warehouse.cluster-abc123.us-east-1.rds.amazonaws.com";
    let scene = Scene::new(&world, name, PostgresOptions::new());
    let around = "create role rdsadmin superuser; create role rds_superuser;
                  create function pg_catalog.aurora_version() returns text language sql as 'select ''15.4''::text'";
    scene.server.psql(&format!(
        "set allow_system_table_mods = on; {}",
        admin("dbadmin", around)
    ));
    assert_set_up(&scene.runs("docs/howto/aurora.md", DBA_PASSWORD));
}

#[test]
fn cloud_sql() {
    let Some(world) = world(&[]) else { return };
    let scene = Scene::new(&world, "203.0.113.10", PostgresOptions::new());
    scene
        .server
        .psql("create role cloudsqladmin superuser; create role cloudsqlsuperuser createdb createrole");
    assert_set_up(&scene.runs("docs/howto/cloud-sql.md", POSTGRES_PASSWORD));
}

#[test]
fn azure() {
    let Some(world) = world(&[]) else { return };
    let scene = Scene::new(&world, "warehouse.postgres.database.azure.com", PostgresOptions::new());
    let around = "create role azuresu superuser; create role azure_pg_admin";
    scene.server.psql(&admin("pgadmin", around));
    assert_set_up(&scene.runs("docs/howto/azure.md", DBA_PASSWORD));
    let script = world.sh("cat /run/world/home/allow-stitch.sh");
    assert!(
        script.contains("firewall-rule create -g \"$GROUP\" --server-name warehouse"),
        "{script}"
    );
}

#[test]
fn heroku() {
    let Some(world) = world(&[]) else { return };
    let scene = Scene::new(
        &world,
        "ec2-203-0-113-10.compute-1.amazonaws.com",
        PostgresOptions::new(),
    );
    scene
        .server
        .psql(&format!("create role u8f3kq2example login password '{DBA_PASSWORD}'"));
    scene.server.psql("create database d5r1example owner u8f3kq2example");
    let said = scene.runs("docs/howto/heroku.md", DBA_PASSWORD);
    assert!(is_ready(&said), "{said}");
}

#[test]
fn supabase() {
    let Some(world) = world(&[]) else { return };
    let scene = Scene::new(&world, "db.abcdefghijklmnop.supabase.co", PostgresOptions::new());
    scene
        .server
        .psql("create role supabase_admin superuser; create role anon; create role authenticated");
    assert_set_up(&scene.runs("docs/howto/supabase.md", POSTGRES_PASSWORD));
}

#[test]
fn neon() {
    let Some(world) = world(&[]) else { return };
    let scene = Scene::new(
        &world,
        "ep-cool-darkness-123456.us-east-2.aws.neon.tech",
        PostgresOptions::new(),
    );
    let around = "create role neon_superuser createdb createrole; create role cloud_admin superuser";
    scene.server.psql(&admin("neondb_owner", around));
    scene.server.psql("create role stitch login password 'made-by-neon'");
    scene.server.psql("create database neondb owner neondb_owner");
    scene.has_file("stitch.pw", "made-by-neon\n");
    assert_set_up(&scene.runs("docs/howto/neon.md", DBA_PASSWORD));
}

#[test]
fn bastion() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let home = world.outside(world.home());
    let keys = world.outside(world.dir().join("tmp"));
    let admin = SshKey::ed25519(&keys);
    fs::copy(&admin.path, home.join("admin_key")).expect("the world is writable");
    fs::write(home.join("stitch.pub"), SshKey::rsa(&keys).public()).expect("the world is writable");
    let desk = world.host("desk", &[("lan", "198.51.100.10/24")]);
    let there = world.host("there", &[("inner", "10.0.2.15/24")]);
    let bastion = world.bastion(
        "bastion",
        &[("lan", "198.51.100.20/24"), ("inner", "10.0.2.2/24")],
        BastionOptions::new().authorize(&admin),
    );
    world.name(bastion.address(), "bastion.example.com");
    let known: Vec<String> = bastion
        .host_keys()
        .iter()
        .map(|key| format!("bastion.example.com {key}\n"))
        .collect();
    fs::create_dir_all(home.join(".ssh")).expect("the world is writable");
    fs::write(home.join(".ssh/known_hosts"), known.concat()).expect("the world is writable");
    let server = Postgres::start_in(&world, Some(&there), PostgresOptions::new());
    assert_set_up(&run_at(
        &desk,
        "docs/howto/bastion.md",
        &[("PGPASSWORD", POSTGRES_PASSWORD)],
    ));
    assert_eq!(
        server.psql("select count(*) from pg_roles where rolname = 'stitch'"),
        "1"
    );
    let line = bastion.run("cat /home/stitch/.ssh/authorized_keys");
    assert!(line.contains("permitopen=\"10.0.2.15:5432\""), "{line}");
}
