//! How much a person is asked, and has to read: the amounts that the wizard promises, counted on 80 columns.

use std::fs;

use stitch_pg::settings::Region;

use crate::support::certificates::Certificates;
use crate::support::postgres::POSTGRES_PASSWORD;
use crate::support::{Host, Place, Postgres, PostgresOptions, Terminal, World, stitch_pg, world};
use crate::terminal::{DECIDE, TABLE, WATCH, screen};

/// A fresh server with TLS under a public name, and a machine to sit at.
pub(super) struct Scene<'world> {
    pub(super) desk: Host,
    pub(super) server: Postgres<'world>,
}

impl<'world> Scene<'world> {
    pub(super) fn new(world: &'world World) -> Self {
        let desk = world.host("desk", &[("lan", "203.0.113.2/24")]);
        let there = world.host("there", &[("lan", "203.0.113.10/24")]);
        world.name("203.0.113.10", "db.example.com");
        let certificates = Certificates::for_names(&["db.example.com"]);
        let ca = fs::read(certificates.ca()).expect("the authority's certificate");
        fs::write(world.outside(world.home().join("ca.pem")), ca).expect("the world is writable");
        // For these machines, and for Stitch's addresses: what is for everybody is reported.
        let stitch = [Region::NorthAmerica, Region::Europe].map(Region::addresses).concat();
        let rules = stitch
            .iter()
            .map(|address| format!("host all all {address}/32 scram-sha-256\n"));
        let rules: String = rules
            .chain(["host all all 203.0.113.0/24 scram-sha-256\n".to_owned()])
            .collect();
        let options = PostgresOptions::new()
            .conf("listen_addresses", "*")
            .hba(&format!("local all all trust\n{rules}"))
            .tls(certificates);
        let server = Postgres::start_in(world, Some(&there), options);
        Self { desk, server }
    }

    pub(super) fn terminal(&self, arguments: &[&str]) -> Terminal {
        stitch_pg(&self.desk).args(arguments).terminal(80, 24)
    }

    /// Answers the questions of a first setup, with Enter wherever that is an answer; how many prompts there were, and how
    /// many before the first login.
    pub(super) fn first_setup(&self) -> (Terminal, usize, usize) {
        let mut terminal = self.terminal(&[]);
        let questions = [
            ("PostgreSQL server [", "db.example.com\r"),
            ("Admin user [", "postgres\r"),
            ("Password of postgres on ", &format!("{POSTGRES_PASSWORD}\r")),
            ("  Europe\n", "\u{1b}[B\r"),
            (TABLE, "\r"),
            (DECIDE, "\r"),
            (DECIDE, "\r"),
            (WATCH, "n\r"),
        ];
        let mut before_login = 0;
        for (asked, (question, answer)) in questions.iter().enumerate() {
            let shown = terminal.expect(question);
            if shown.contains("Connected: PostgreSQL") {
                before_login = asked;
            }
            terminal.send(answer);
        }
        (terminal, questions.len(), before_login)
    }
}

#[test]
fn a_first_setup_asks_and_says_no_more_than_promised() {
    let Some(world) = world(&[]) else { return };
    let scene = Scene::new(&world);
    let (mut terminal, prompts, before_login) = scene.first_setup();
    assert_eq!(terminal.wait_exit(), 0, "{}", terminal.transcript());
    let seen = screen::drawn(terminal.raw(), 80);
    assert!(prompts <= 8 && before_login <= 3, "{prompts} {before_login}");
    let lines = seen.lines().filter(|line| !line.trim().is_empty()).count();
    let words = seen.split_whitespace().count();
    assert!(
        seen.lines().count() <= 60,
        "{} lines, {lines} with words\n{seen}",
        seen.lines().count()
    );
    assert!(words <= 450, "{words} words\n{seen}");

    // The password stands in the form, and works.
    let field = |name: &str| {
        let line = seen.lines().find(|line| line.trim_start().starts_with(name));
        line.and_then(|line| {
            line.trim_start()[name.len()..]
                .split_whitespace()
                .next()
                .map(str::to_owned)
        })
    };
    let password = field("Password  ").expect("the password's field");
    assert_eq!(seen.matches(&password).count(), 1, "{seen}");
    assert_eq!(
        scene.server.try_psql_as("stitch", &password, "stitch", "select 1"),
        Ok("1".to_owned())
    );
    assert_eq!(field("Host (Endpoint)").as_deref(), Some("db.example.com"));
    let home = world.outside(world.home());
    let kept = fs::read_to_string(home.join("stitch.pw")).expect("the password is saved");
    assert_eq!(kept.trim_end(), password);
    let mode = world.sh("stat -c %a /run/world/home/stitch.pw");
    assert_eq!(mode.trim(), "600");
    assert!(seen.contains("Later: stitch-pg check -c ./stitch-pg.toml"), "{seen}");

    // What was saved is used, and asks for nothing but the administrator's password.
    let file = fs::read_to_string(home.join("stitch-pg.toml")).expect("the settings are saved");
    assert!(!file.contains(&password) && !file.contains(POSTGRES_PASSWORD), "{file}");
    let check = |flags: &[&str]| {
        stitch_pg(&scene.desk)
            .arg("check")
            .args(flags)
            .env("PGPASSWORD", POSTGRES_PASSWORD)
            .run()
    };
    let all = check(&["-c", "./stitch-pg.toml"]);
    assert_eq!(all.status, Some(0), "{}", all.stdout);
    assert!(all.stderr.contains("Using ./stitch-pg.toml"), "{}", all.stderr);
    assert!(all.stdout.lines().count() <= 12, "{}", all.stdout);
    let quiet = check(&["-q"]);
    assert_eq!(quiet.stdout.lines().count(), 1, "{}", quiet.stdout);
}

#[test]
fn a_plan_of_an_empty_server_fits_a_screen() {
    let Some(world) = world(&[]) else { return };
    let scene = Scene::new(&world);
    let plan = stitch_pg(Place::from(&scene.desk))
        .args([
            "plan",
            "--host",
            "db.example.com",
            "--admin-user",
            "postgres",
            "--region",
            "europe",
        ])
        .env("PGPASSWORD", POSTGRES_PASSWORD)
        .run();
    assert_eq!(plan.status, Some(0), "{}", plan.stdout);
    assert!(plan.stdout.lines().count() <= 25, "{}", plan.stdout);
}
