//! `stitch-pg watch`: Stitch's addresses belong to hosts of their own, and the result of each login is shown with its hop.
//! One server and one SSH server serve all cases.

mod journal;
mod promptness;
mod scene;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::sync::OnceLock;

use crate::support::postgres::{DBA_PASSWORD, POSTGRES_PASSWORD};
use crate::support::{Running, spawn, stitch_pg, world};
use scene::{Login, OTHER, STITCH, Scene, Watching};

/// One login, and what is shown of it.
struct Case {
    /// The test that asks for it.
    what: &'static str,
    login: Login<'static>,
    address: Option<&'static str>,
    /// Hop, result, and words of the text.
    shown: (&'static str, &'static str, &'static str),
    /// Words of what to do next.
    next: &'static str,
}

const RIGHT: Login<'static> = Login {
    from: "stitch",
    host: scene::PUBLIC,
    port: 5432,
    database: "stitch",
    password: scene::PASSWORD,
    tls: "require",
};

const DIRECT: [Case; 6] = [
    Case {
        what: "no_rule_for_an_address",
        login: Login {
            from: "second",
            ..RIGHT
        },
        address: Some(scene::SECOND),
        shown: ("login", "failed", "no pg_hba.conf entry"),
        next: "pg_hba.conf",
    },
    Case {
        what: "tls_is_required",
        login: Login {
            tls: "disable",
            ..RIGHT
        },
        address: Some(STITCH),
        shown: ("login", "failed", "no encryption"),
        next: "pg_hba.conf",
    },
    Case {
        what: "a_wrong_password",
        login: Login {
            password: "wrong",
            ..RIGHT
        },
        address: Some(STITCH),
        shown: ("login", "failed", "password authentication failed"),
        next: "Type the password again in Stitch",
    },
    Case {
        what: "a_database_that_is_not_there",
        login: Login {
            database: "dw\u{1b}]0;x\u{7}",
            ..RIGHT
        },
        address: Some(STITCH),
        shown: ("login", "failed", "does not exist"),
        next: "Correct the Database field",
    },
    Case {
        what: "another_database",
        login: Login {
            database: "postgres",
            ..RIGHT
        },
        address: Some(STITCH),
        shown: ("login", "failed", "\"stitch\" logged in to \"postgres\""),
        next: "correct the field Database",
    },
    Case {
        what: "another_address",
        login: Login { from: "other", ..RIGHT },
        address: Some(OTHER),
        shown: ("login", "info", "\"stitch\" logged in to \"stitch\" (TLSv1"),
        next: "",
    },
];

impl Case {
    #[track_caller]
    fn is_shown(&self, scene: &Scene<'_>, watching: &mut Watching) {
        let login = scene.begin(&self.login);
        let (hop, result, text) = self.shown;
        let event = watching.until(self.what, |event| {
            event["hop"] == hop
                && event["result"] == result
                && event["text"].as_str().is_some_and(|said| said.contains(text))
        });
        let logged = if result == "failed" && !text.contains("logged in") {
            text
        } else {
            "connection authorized: user=stitch"
        };
        promptness::is_shown_at_once(scene, &event, logged);
        drop(login);
        if result != "failed" || text.contains("logged in") {
            watching.until("its end", |event| said(event, "ended"));
        }
        assert_eq!(event["address"].as_str(), self.address, "{}: {event}", self.what);
        let next = event["next"].as_str().unwrap_or_default();
        assert!(
            next.contains(self.next) && next.is_empty() == self.next.is_empty(),
            "{}: {event}",
            self.what
        );
    }
}

/// What was wrong with each scenario, by the name of its test; `None` where it cannot run. All of them are watched once, one
/// after another, whichever test comes first.
fn watched() -> Option<&'static Seen> {
    static SEEN: OnceLock<Option<Seen>> = OnceLock::new();
    SEEN.get_or_init(|| {
        let world = world(&[crate::support::Need::Bastion])?;
        let mut scene = Scene::new(&world);
        let mut seen = Seen::new();
        let before = scene.server.dump();
        let scenarios: [(&str, Scenario); 4] = [
            ("nothing_at_all", |scene, _| without_stitch(scene)),
            ("at_a_terminal", |scene, _| on_a_terminal(scene)),
            ("success", directly),
            ("success_through_the_ssh_server", through_the_ssh_server),
        ];
        for (name, scenario) in scenarios {
            let whole = wrong(|| scenario(&mut scene, &mut seen));
            seen.insert(name, whole);
        }
        seen.insert(
            "watching_changes_nothing",
            wrong(|| assert_eq!(scene.server.dump(), before)),
        );
        Some(seen)
    })
    .as_ref()
}

type Seen = BTreeMap<&'static str, Option<String>>;
type Scenario = fn(&mut Scene<'_>, &mut Seen);

/// The message of an assertion in it that failed.
fn wrong(scenario: impl FnOnce()) -> Option<String> {
    let failed = catch_unwind(AssertUnwindSafe(scenario)).err()?;
    let text = failed.downcast_ref::<String>().cloned();
    Some(
        text.or_else(|| failed.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_default(),
    )
}

macro_rules! scenarios {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            let Some(seen) = watched() else { return };
            let seen = seen.get(stringify!($name)).expect("a scenario of this name is watched");
            assert_eq!(seen.as_deref(), None);
        }
    )*};
}

scenarios! {
    nothing_at_all at_a_terminal success success_through_the_ssh_server watching_changes_nothing
    no_rule_for_an_address tls_is_required a_wrong_password a_database_that_is_not_there another_database another_address
    a_wrong_key forwarding_is_refused another_address_through_the_ssh_server
}

/// As a role that may see little: what cannot be seen is reported, with the statement that shows it.
fn without_stitch(scene: &Scene<'_>) {
    let output = scene
        .program("watch")
        .args(["--for", "1s"])
        .env("PGUSER", "dba")
        .env("PGPASSWORD", DBA_PASSWORD)
        .run();
    assert_eq!(output.status, Some(4), "{output:?}");
    assert!(
        output
            .stdout
            .starts_with("Not ready: Stitch did not log in in this time."),
        "{output:?}"
    );
    for words in [
        "Not visible: the addresses of the sessions of \"stitch\"",
        "Next: a superuser runs: GRANT pg_monitor TO \"dba\";",
        "Not visible: the server's log, so that refused logins cannot be seen",
    ] {
        assert!(output.stderr.contains(words), "{words}: {output:?}");
    }
    let stopped = Watching::of(&scene.program("watch"));
    stopped.begun();
    assert_eq!(stopped.interrupt(), 130);
    for (limit, format) in [("0", "json"), ("soon", "json"), ("1s", "junit")] {
        let output = scene.program("watch").args(["--for", limit, "--format", format]).run();
        assert_eq!((output.status, output.stdout.as_str()), (Some(2), ""), "{output:?}");
    }
}

/// Where nothing says how Stitch comes, it is asked; the settings file says it.
fn on_a_terminal(scene: &Scene<'_>) {
    let file = scene
        .server
        .place()
        .outside(&scene.server.place().home().join("stitch-pg.toml"));
    let program = || {
        stitch_pg(&scene.hosts["ops"])
            .args([
                "watch",
                "--host",
                scene::PUBLIC,
                "--region",
                "north-america",
                "--admin-user",
                "postgres",
            ])
            .env("PGPASSWORD", POSTGRES_PASSWORD)
    };
    let mut asked = program().terminal(80, 24);
    for question in [
        "Database Stitch loads into [stitch]: ",
        "SSH tunnel?",
        "Role Stitch logs in as [stitch]: ",
    ] {
        asked.expect(question);
        asked.send_line("");
    }
    asked.expect("Watching for Stitch.");
    asked.send_ctrl_c();
    assert_eq!(asked.wait_exit(), 130);
    std::fs::write(&file, "[stitch]\nregion = \"north-america\"\n").expect("the world is writable");
    let mut saved = program().terminal(80, 24);
    let before = saved.expect("Watching for Stitch.");
    assert!(
        before.contains("Using ./stitch-pg.toml") && !before.contains('?'),
        "{before}"
    );
    let login = scene.begin(&RIGHT);
    saved.expect("(Stitch) PostgreSQL: \"stitch\" logged in to \"stitch\"");
    saved.expect("Ready: Stitch logged in.");
    assert_eq!(saved.wait_exit(), 0);
    drop(login);
    std::fs::remove_file(file).expect("it is there");
}

/// The wizard's last question; what it shows is what `watch` shows, and what was set up stays set up.
#[test]
fn the_wizard_watches_as_watch_does() {
    let Some(world) = world(&[crate::support::Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world);
    let program = stitch_pg(&scene.hosts["ops"])
        .args([
            "--host",
            scene::PUBLIC,
            "--region",
            "north-america",
            "--admin-user",
            "postgres",
            "--new",
        ])
        .env("PGPASSWORD", POSTGRES_PASSWORD)
        .env("STITCH_PG_PASSWORD", scene::PASSWORD);
    for comes in [true, false] {
        let mut terminal = program.terminal(100, 40);
        terminal.expect("[w]rite files, [q]uit: ");
        terminal.send_line("d");
        // Three of Stitch's addresses are not allowed.
        terminal.expect("Not ready: ");
        terminal.expect("Watch for Stitch's connection now? [y]es / [N]o");
        terminal.send_line("y");
        terminal.expect("Watching for Stitch. Press Check and Save in Stitch.");
        let login = comes.then(|| scene.begin(&RIGHT));
        if comes {
            terminal.expect(&format!(
                "Z {STITCH} (Stitch) PostgreSQL: \"stitch\" logged in to \"stitch\" (TLSv1"
            ));
            terminal.expect("Ready: Stitch logged in.");
        } else {
            terminal.send_ctrl_c();
            terminal.expect("Stopped. watch changes nothing.");
        }
        assert_eq!(terminal.wait_exit(), 4, "{}", terminal.transcript());
        drop(login);
    }
}

fn directly(scene: &mut Scene<'_>, seen: &mut Seen) {
    let mut watching = Watching::of(&scene.program("watch").args(["--for", "10m", "--format", "json"]));
    watching.until("begun", |event| event["result"] == "watching");
    for case in &DIRECT {
        seen.insert(case.what, wrong(|| case.is_shown(scene, &mut watching)));
    }
    scene.server.restart();
    watching.until("a new connection", |event| said(event, "PostgreSQL is connected again"));
    let login = scene.begin(&RIGHT);
    let event = watching.until("success", |event| event["result"] == "ok");
    assert_eq!(
        (event["address"].as_str(), event["stitch"].as_bool()),
        (Some(STITCH), Some(true)),
        "{event}"
    );
    watching.until("the end", |event| event["result"] == "ready" && event["exit_code"] == 0);
    assert_eq!(watching.exit_status(), 0);
    // One that begins when Stitch is in ends at once.
    let output = scene.program("watch").args(["--for", "10m"]).run();
    assert_eq!(output.status, Some(0), "{output:?}");
    assert!(
        output
            .stdout
            .contains(&format!("Z {STITCH} (Stitch) PostgreSQL: \"stitch\" is logged in")),
        "{output:?}"
    );
    assert!(output.stdout.ends_with("Ready: Stitch logged in.\n"), "{output:?}");
    drop(login);
}

fn through_the_ssh_server(scene: &mut Scene<'_>, seen: &mut Seen) {
    let program = scene.program("watch").args(["--for", "10m", "--format", "json"]);
    let lateness = promptness::Lateness::measured();
    let mut watching = Watching::of(&scene.tunnelled(program));
    watching.until("begun", |event| said(event, "forwards that were opened"));
    let start = |command: &mut Command, from: &crate::support::Host| {
        Running::new(spawn(command), crate::support::Place::from(from))
    };
    let (stitch, other) = (&scene.hosts["stitch"], &scene.hosts["other"]);

    let refused = wrong(|| {
        let _wrong_key = start(&mut scene.ssh(stitch, "other", 5432), stitch);
        let refused = watching.until("wrong key", |event| {
            event["hop"] == "ssh-login" && event["result"] == "failed"
        });
        assert_eq!(refused["address"].as_str(), Some(STITCH), "{refused}");
        lateness.allows(scene, &refused);
        let next = refused["next"].as_str();
        assert!(next.is_some_and(|next| next.contains("install the key")), "{refused}");
    });
    seen.insert("a_wrong_key", refused);

    let denied = wrong(|| {
        let _elsewhere = start(&mut scene.ssh(stitch, "rsa", 9999), stitch);
        let forward = watching.until("forward", |event| {
            event["hop"] == "forward" && event["result"] == "failed"
        });
        assert!(said(&forward, "port 9999, but the request was denied."), "{forward}");
        lateness.allows(scene, &forward);
    });
    seen.insert("forwarding_is_refused", denied);

    // Neither the right key from elsewhere nor a login without a tunnel is Stitch.
    let elsewhere = wrong(|| {
        let _other = start(&mut scene.ssh(other, "rsa", 5432), other);
        let accepted = watching.until("another address", |event| event["address"] == OTHER);
        assert_eq!(accepted["stitch"].as_bool(), Some(false), "{accepted}");
        lateness.allows(scene, &accepted);
        let login = Login {
            port: scene::FORWARDED,
            host: "127.0.0.1",
            from: "other",
            ..RIGHT
        };
        let session = scene.begin(&login);
        watching.until("its login", |event| event["hop"] == "login" && event["result"] == "ok");
        drop(session);
    });
    seen.insert("another_address_through_the_ssh_server", elsewhere);

    scene.bastion.stop();
    watching.until("lost", |event| said(event, "the connection to the SSH server was lost"));
    scene.bastion.restart(|options| options);
    watching.until("found", |event| said(event, "the SSH server is connected again"));

    let stitch = &scene.hosts["stitch"];
    let _tunnel = start(&mut scene.ssh(stitch, "rsa", 5432), stitch);
    watching.until("accepted", |event| {
        event["hop"] == "ssh-login" && event["result"] == "ok" && event["stitch"] == true
    });
    let session = scene.begin(&Login {
        port: scene::FORWARDED,
        host: "127.0.0.1",
        ..RIGHT
    });
    watching.until("the end", |event| event["result"] == "ready");
    assert_eq!(watching.exit_status(), 0);
    drop(session);
}

fn said(event: &serde_json::Value, words: &str) -> bool {
    event["text"].as_str().is_some_and(|text| text.contains(words))
}
