//! How much the user is asked, and has to read: the amounts that the wizard promises, counted on 80 columns.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

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
        // For these machines, and for Stitch's addresses: a rule for all addresses is reported.
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

/// What a first setup, and the commands after it, came to.
struct Amounts {
    prompts: usize,
    before_login: usize,
    /// The screen, as it was drawn.
    seen: String,
    /// The password, where it stands in the form.
    password: String,
    check: String,
    quiet: String,
    plan: String,
}

/// Counted once, by whichever test comes first; `None` where it cannot be.
fn amounts() -> Option<&'static Amounts> {
    static AMOUNTS: OnceLock<Option<Amounts>> = OnceLock::new();
    AMOUNTS.get_or_init(count).as_ref()
}

fn count() -> Option<Amounts> {
    let world = world(&[])?;
    let scene = Scene::new(&world);
    let run = |command: &str, flags: &[&str]| {
        let program = stitch_pg(&scene.desk).arg(command).args(flags);
        program.env("PGPASSWORD", POSTGRES_PASSWORD).run()
    };
    let of_nothing = [
        "--host",
        "db.example.com",
        "--admin-user",
        "postgres",
        "--region",
        "europe",
    ];
    let plan = run("plan", &of_nothing);
    assert_eq!(plan.status, Some(0), "{}", plan.stdout);
    let (mut terminal, prompts, before_login) = scene.first_setup();
    assert_eq!(terminal.wait_exit(), 0, "{}", terminal.transcript());
    let seen = screen::drawn(terminal.raw(), 80);
    let field = |name: &str| {
        let line = seen.lines().find_map(|line| line.trim_start().strip_prefix(name))?;
        line.split_whitespace().next().map(str::to_owned)
    };

    // The password stands in the form, and works.
    let password = field("Password  ").expect("the password's field");
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
    let check = run("check", &["-c", "./stitch-pg.toml"]);
    assert_eq!(check.status, Some(0), "{}", check.stdout);
    assert!(check.stderr.contains("Using ./stitch-pg.toml"), "{}", check.stderr);
    let quiet = run("check", &["-q"]).stdout;
    Some(Amounts {
        prompts,
        before_login,
        seen,
        password,
        check: check.stdout,
        quiet,
        plan: plan.stdout,
    })
}

#[test]
fn three_questions_before_the_first_connection() {
    let Some(amounts) = amounts() else { return };
    assert!(amounts.before_login <= 3, "{}", amounts.before_login);
}

#[test]
fn eight_prompts_in_all() {
    let Some(amounts) = amounts() else { return };
    assert!(amounts.prompts <= 8, "{}", amounts.prompts);
}

#[test]
fn sixty_lines_of_a_first_setup() {
    let Some(amounts) = amounts() else { return };
    let lines = amounts.seen.lines().count();
    assert!(lines <= 60, "{lines} lines\n{}", amounts.seen);
}

#[test]
fn four_hundred_and_fifty_words_of_a_first_setup() {
    let Some(amounts) = amounts() else { return };
    let words = amounts.seen.split_whitespace().count();
    assert!(words <= 450, "{words} words\n{}", amounts.seen);
}

#[test]
fn no_line_between_the_password_and_its_form() {
    let Some(Amounts { seen, password, .. }) = amounts() else {
        return;
    };
    assert_eq!(seen.matches(password).count(), 1, "{seen}");
    let lines: Vec<&str> = seen.lines().collect();
    let at = lines
        .iter()
        .position(|line| line.contains(password))
        .expect("it is shown");
    assert!(lines[at - 1].trim_start().starts_with("Username "), "{seen}");
    assert!(lines[at + 1].trim_start().starts_with("Database "), "{seen}");
}

#[test]
fn twelve_lines_of_a_check_when_all_is_well() {
    let Some(amounts) = amounts() else { return };
    assert!(amounts.check.lines().count() <= 12, "{}", amounts.check);
}

#[test]
fn one_line_of_a_quiet_check() {
    let Some(amounts) = amounts() else { return };
    assert_eq!(amounts.quiet.lines().count(), 1, "{}", amounts.quiet);
}

#[test]
fn twenty_five_lines_of_a_plan_of_an_empty_server() {
    let Some(amounts) = amounts() else { return };
    assert!(amounts.plan.lines().count() <= 25, "{}", amounts.plan);
}

/// And `--help` of a command has only its own flags, which `cli::pages` holds.
#[test]
fn forty_lines_of_short_help() {
    let help = stitch_pg(Place::Here).arg("-h").run();
    assert!(help.stdout.lines().count() <= 40, "{}", help.stdout);
    assert!(help.stdout.lines().count() > 10, "{}", help.stdout);
}

/// The tutorial shows this run, with `***` for its password and a version for all.
#[test]
fn the_tutorial_shows_the_screens() {
    let Some(Amounts { seen, password, .. }) = amounts() else {
        return;
    };
    let words = seen.replace(password, "***");
    let version = words.split("PostgreSQL ").find_map(|rest| {
        let version = rest.split(' ').next()?;
        version
            .starts_with(|c: char| c.is_ascii_digit())
            .then(|| version.to_owned())
    });
    let screen = words.replace(&version.expect("the server's version"), "17.6");
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tutorial.md");
    let text = fs::read_to_string(&page).expect("the tutorial");
    let (before, rest) = text
        .split_once("with UPDATE_DOCS=1 -->\n```text\n")
        .expect("the screen's place");
    let (shown, after) = rest.split_once("```\n").expect("the screen's end");
    let lines: Vec<&str> = screen.trim_end().lines().map(str::trim_end).collect();
    let screen = lines.join("\n") + "\n";
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let new = format!("{before}with UPDATE_DOCS=1 -->\n```text\n{screen}```\n{after}");
        fs::write(&page, new).expect("the tutorial is writable");
        return;
    }
    assert_eq!(shown, screen);
}
