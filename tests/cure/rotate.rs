//! `stitch-pg rotate`: the old password works again where anything fails before Stitch has the new one.

use std::process::Stdio;
use std::time::Duration;

use crate::cure::registration::stitch::{FakeStitch, TOKEN, destination};
use crate::support::postgres::{DBA_PASSWORD, POSTGRES_PASSWORD, psql};
use crate::support::process::{DEADLINE, Output, poll};
use crate::support::{
    CountingProxy, Fault, Postgres, PostgresOptions, Program, Running, Side, spawn, stitch_pg, way_out,
};
use rustix::process::Signal;
use serde_json::json;
use wiremock::ResponseTemplate;

const OLD: &str = "old-secret";
const NEW: &str = "new-secret";

/// A role with its old password, and the program with a new one. Stitch comes from the server's own loopback.
struct Scene {
    server: Postgres<'static>,
    stitch: FakeStitch,
    port: u16,
    _way: Vec<Running>,
}

impl Scene {
    fn new() -> Self {
        let options = PostgresOptions::new()
            .log_statements()
            .conf("logging_collector", "on")
            .conf("log_destination", "csvlog");
        let server = Postgres::start_with(options).expect("the default version is at hand");
        server.psql(&format!("CREATE ROLE stitch LOGIN PASSWORD '{OLD}'"));
        server.psql("CREATE DATABASE stitch OWNER stitch");
        server.psql("GRANT stitch TO dba WITH ADMIN OPTION");
        let stitch = FakeStitch::start();
        let (port, way) = way_out(&server, 7001, stitch.port());
        let there = json!({"host": server.host(), "port": server.port().to_string(), "database": "stitch",
            "username": "stitch", "ssl": "false", "encryption_type": "none"});
        stitch.with(|state| state.destinations = vec![destination(4711, "postgres", &there)]);
        Self {
            server,
            stitch,
            port,
            _way: way,
        }
    }

    fn program(&self) -> Program {
        self.program_at(self.server.port())
    }

    fn program_at(&self, port: u16) -> Program {
        stitch_pg(&self.server)
            .args(["rotate", "--host", self.server.host(), "--port", &port.to_string()])
            .args(["--allow-cidr", "127.0.0.1/32"])
            .env("PGUSER", "postgres")
            .env("PGPASSWORD", POSTGRES_PASSWORD)
            .env("STITCH_PG_PASSWORD", NEW)
    }

    /// The same with an access token.
    fn telling(&self) -> Program {
        self.program()
            .args([
                "--yes",
                "--no-input",
                "--insecure-api",
                "--api-url",
                &format!("http://127.0.0.1:{}", self.port),
            ])
            .env("STITCH_ACCESS_TOKEN", TOKEN)
    }

    fn verifier(&self) -> String {
        self.server
            .psql("SELECT rolpassword FROM pg_authid WHERE rolname = 'stitch'")
    }

    fn logs_in(&self, password: &str) -> bool {
        self.server
            .try_psql_as("stitch", password, "stitch", "SELECT 1")
            .is_ok()
    }

    fn was_told(&self) -> Vec<serde_json::Value> {
        self.stitch
            .changes()
            .into_iter()
            .map(|(method, path, body)| json!([method, path, body]))
            .collect()
    }

    /// Stitch's login, which stays until it is dropped.
    fn comes(&self, password: &str) -> Running {
        let mut command = self.server.command(psql());
        command
            .env("PGPASSWORD", password)
            .args(["-XAtw", "-h", self.server.host(), "-U", "stitch", "-d", "stitch"]);
        command.args(["-p", &self.server.port().to_string()]);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Running::new(spawn(&mut command), self.server.place())
    }

    /// Runs it, and logs in as Stitch with this password once the run has sent Stitch its request.
    fn with_a_login(&self, program: &Program, password: &str) -> Output {
        let mut running = program.start();
        let told = poll(DEADLINE, || Some(self.was_told()).filter(|told| !told.is_empty())).expect("Stitch is told");
        assert_eq!(
            told,
            [json!(["PUT", "/v4/destinations/4711", {"properties": {"password": NEW}}])]
        );
        // One that is refused comes again, as Stitch does.
        let mut login = self.comes(password);
        poll(DEADLINE, || {
            if login.child.try_wait().is_ok_and(|ended| ended.is_some()) {
                login = self.comes(password);
            }
            running
                .child
                .try_wait()
                .is_ok_and(|ended| ended.is_some())
                .then_some(())
        });
        running.finish(DEADLINE)
    }

    /// No password stands anywhere but in Stitch and in the file that was asked for.
    #[track_caller]
    fn is_discreet(&self, output: &Output) {
        let folder = self.server.data_dir().join("log");
        let logs = std::fs::read_dir(folder)
            .expect("the log's folder")
            .filter_map(Result::ok);
        let logs: String = logs
            .map(|file| std::fs::read_to_string(file.path()).unwrap_or_default())
            .collect();
        assert!(logs.contains("ALTER ROLE"), "the log is looked at");
        for secret in [OLD, NEW, TOKEN] {
            assert!(
                !format!("{}{}", output.stdout, output.stderr).contains(secret),
                "{output:?}"
            );
            // The test's own statement made the role.
            assert!(
                !logs.replace(&format!("LOGIN PASSWORD '{OLD}'"), "").contains(secret),
                "{secret} is in the server's log"
            );
        }
    }
}

#[test]
fn a_new_password_is_set_and_the_old_one_put_back_where_that_fails() {
    let scene = Scene::new();
    refused(&scene);
    put_back(&scene);
    told(&scene);
    untold(&scene);
}

/// Nothing is changed.
fn refused(scene: &Scene) {
    let before = scene.server.dump();
    let unapproved = scene.program().run();
    assert_eq!(unapproved.status, Some(2), "{unapproved:?}");
    assert!(unapproved.stderr.contains("--yes"), "{unapproved:?}");
    let same = scene.program().args(["--yes"]).env("STITCH_PG_PASSWORD", OLD).run();
    assert_eq!(same.status, Some(1), "{same:?}");
    assert!(
        same.stderr
            .contains("the password given is the one that \"stitch\" has"),
        "{same:?}"
    );
    let absent = scene.program().args(["--yes", "--role", "nobody"]).run();
    assert!(
        absent.stderr.contains("the role \"nobody\" does not exist"),
        "{absent:?}"
    );
    scene
        .stitch
        .with(|state| state.destinations[0]["properties"]["host"] = json!("elsewhere"));
    let elsewhere = scene.telling().run();
    assert!(
        elsewhere.stderr.contains("Stitch has no destination for this database"),
        "{elsewhere:?}"
    );
    scene
        .stitch
        .with(|state| state.destinations[0]["properties"]["host"] = json!(scene.server.host()));
    let mut terminal = scene.program().terminal(80, 24);
    for question in [
        "Database Stitch loads into [stitch]: ",
        "SSH tunnel?",
        "Role Stitch logs in as [stitch]: ",
    ] {
        terminal.expect(question);
        terminal.send_line("");
    }
    terminal.expect("Change the password now? Loads fail until Stitch has the new one. [y]es / [N]o: ");
    terminal.send_line("");
    assert_eq!(terminal.wait_exit(), 3, "{}", terminal.transcript());
    assert_eq!(scene.server.dump(), before);
    assert_eq!(scene.was_told(), Vec::<serde_json::Value>::new());
}

fn put_back(scene: &Scene) {
    let verifier = scene.verifier();
    // A role that has expired logs in with no password: the new one cannot be proved.
    scene.server.psql("ALTER ROLE stitch VALID UNTIL '2000-01-01'");
    let unproved = scene.telling().run();
    scene.server.psql("ALTER ROLE stitch VALID UNTIL 'infinity'");
    assert_eq!(unproved.status, Some(1), "{unproved:?}");
    assert!(
        unproved
            .stdout
            .contains("The old password of \"stitch\" is in force again."),
        "{unproved:?}"
    );
    assert_eq!(scene.was_told(), Vec::<serde_json::Value>::new());
    assert!(scene.verifier() == verifier && scene.logs_in(OLD) && !scene.logs_in(NEW));

    let answer = ResponseTemplate::new(422).set_body_json(json!({"message": "no"}));
    scene
        .stitch
        .with(|state| state.instead.push(("PUT", "/v4/destinations/4711", answer)));
    let untold = scene.telling().run();
    assert_eq!(untold.status, Some(1), "{untold:?}");
    assert!(untold.stdout.contains("is in force again"), "{untold:?}");
    assert_eq!(scene.was_told().len(), 1);
    assert!(scene.verifier() == verifier && scene.logs_in(OLD) && !scene.logs_in(NEW));

    // Stitch says that it has it, and comes with the old one.
    let still = scene.with_a_login(&scene.telling().args(["--for", "3s"]), OLD);
    assert_eq!(still.status, Some(1), "{still:?}");
    assert!(still.stdout.contains("password authentication failed"), "{still:?}");
    assert!(still.stdout.contains("is in force again"), "{still:?}");
    assert!(scene.verifier() == verifier && scene.logs_in(OLD));
    scene.is_discreet(&still);

    // A login that may not read the verifier gets advice.
    let answer = ResponseTemplate::new(422).set_body_json(json!({"message": "no"}));
    scene
        .stitch
        .with(|state| state.instead.push(("PUT", "/v4/destinations/4711", answer)));
    let hidden = scene
        .telling()
        .env("PGUSER", "dba")
        .env("PGPASSWORD", DBA_PASSWORD)
        .run();
    assert_eq!(hidden.status, Some(1), "{hidden:?}");
    assert!(
        hidden.stdout.contains("The old password cannot be put back"),
        "{hidden:?}"
    );
    assert!(
        hidden.stdout.contains("type the new password into Stitch's form"),
        "{hidden:?}"
    );
    assert!(scene.logs_in(NEW) && !scene.logs_in(OLD));
    scene.was_told();
    scene.server.psql(&format!("ALTER ROLE stitch PASSWORD '{verifier}'"));
}

fn told(scene: &Scene) {
    // Whether Stitch has it is not known: the new one stays.
    let answer = ResponseTemplate::new(502);
    scene
        .stitch
        .with(|state| state.instead.push(("PUT", "/v4/destinations/4711", answer)));
    let verifier = scene.verifier();
    let unsure = scene.telling().run();
    assert_eq!(unsure.status, Some(1), "{unsure:?}");
    assert!(unsure.stdout.contains("Stitch may have it or not"), "{unsure:?}");
    assert!(scene.logs_in(NEW));
    scene.server.psql(&format!("ALTER ROLE stitch PASSWORD '{verifier}'"));
    scene.was_told();

    let done = scene.with_a_login(&scene.telling(), NEW);
    assert_eq!(done.status, Some(0), "{done:?}");
    assert!(
        done.stdout.ends_with("Done: Stitch logged in with the new password.\n"),
        "{done:?}"
    );
    scene.is_discreet(&done);
    assert!(scene.logs_in(NEW) && !scene.logs_in(OLD));
}

/// Without a token: a generated password, in a file.
fn untold(scene: &Scene) {
    let program = scene.program().args([
        "--yes",
        "--no-input",
        "--generate-password",
        "--password-file",
        "new.pw",
    ]);
    let program = program.env_remove("STITCH_PG_PASSWORD");
    let output = program.deadline(Duration::from_secs(30)).run();
    assert_eq!(output.status, Some(4), "{output:?}");
    assert!(
        output.stderr.contains("Type the new password into Stitch's form"),
        "{output:?}"
    );
    let kept = std::fs::read_to_string(
        scene
            .server
            .place()
            .outside(&scene.server.place().home().join("new.pw")),
    );
    let kept = kept.expect("the file is written");
    assert!(scene.logs_in(kept.trim_end()) && !scene.logs_in(NEW));
    assert!(!format!("{}{}", output.stdout, output.stderr).contains(kept.trim_end()));
}

/// Wherever it is stopped, the role has the old password or the new one, and the new one was given or is in its file.
#[test]
fn stopped_anywhere_the_password_is_one_that_is_known() {
    let scene = Scene::new();
    let proxy = CountingProxy::tcp_before(&scene.server, 7002);
    let verifier = scene.verifier();
    let program = || {
        scene
            .program_at(proxy.port())
            .args([
                "--yes",
                "--no-input",
                "--generate-password",
                "--password-file",
                "new.pw",
            ])
            .env_remove("STITCH_PG_PASSWORD")
    };
    let file = scene
        .server
        .place()
        .outside(&scene.server.place().home().join("new.pw"));
    let kept = || {
        std::fs::read_to_string(&file)
            .map(|text| text.trim_end().to_owned())
            .ok()
    };
    proxy.reset();
    let whole = program().run();
    assert_eq!(whole.status, Some(4), "{whole:?}");
    let messages = proxy.counts().client_messages;
    let signals = [Signal::INT, Signal::KILL, Signal::TERM, Signal::HUP];
    let (mut old, mut new) = (0, 0);
    for (after, signal) in (1..=messages).step_by(3).zip(signals.into_iter().cycle()) {
        scene.server.psql(&format!("ALTER ROLE stitch PASSWORD '{verifier}'"));
        drop(std::fs::remove_file(&file));
        proxy.cut_after(Side::Client, after, Fault::Hold);
        let mut running = program().start();
        let mut over = || running.child.try_wait().is_ok_and(|ended| ended.is_some());
        poll(DEADLINE, || (proxy.holds() || over()).then_some(())).expect("it is held up, or at its end");
        if !over() {
            running.kill_with(signal);
        }
        let output = running.finish(DEADLINE);
        proxy.release();
        // What the server was sent may still be carried out.
        let is_settled =
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
        poll(DEADLINE, || (scene.server.psql(is_settled) == "0").then_some(())).expect("the sessions end");
        let has_new = kept().is_some_and(|password| scene.logs_in(&password));
        let has_old = scene.logs_in(OLD);
        assert!(has_old != has_new, "after {after} and {signal:?}: {output:?}");
        let said = format!("{}{}", output.stdout, output.stderr);
        assert!(has_old || !said.contains("is in force again"), "{output:?}");
        assert!(has_old || !said.contains("Nothing was changed"), "{output:?}");
        (old, new) = (old + usize::from(has_old), new + usize::from(has_new));
    }
    assert!(old > 0 && new > 0, "{old} {new}");
}

/// The same while Stitch's API does not answer, and while Stitch's login is waited for.
#[test]
fn stopped_while_stitch_is_told_or_awaited_the_new_password_stays() {
    let scene = Scene::new();
    let verifier = scene.verifier();
    for (signal, answers) in [("INT", false), ("KILL", false), ("TERM", true), ("KILL", true)] {
        scene.server.psql(&format!("ALTER ROLE stitch PASSWORD '{verifier}'"));
        if !answers {
            let late = ResponseTemplate::new(200).set_delay(Duration::from_secs(300));
            scene
                .stitch
                .with(|state| state.instead.push(("PUT", "/v4/destinations/4711", late)));
        }
        let running = scene.telling().start();
        poll(DEADLINE, || (!scene.was_told().is_empty()).then_some(())).expect("Stitch is told");
        if answers {
            let waits =
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_stat_gssapi%' AND pid <> pg_backend_pid()";
            poll(DEADLINE, || (scene.server.psql(waits) != "0").then_some(())).expect("it waits for Stitch");
        }
        running.signal(signal);
        let output = running.finish(DEADLINE);
        assert!(scene.logs_in(NEW) && !scene.logs_in(OLD), "{signal}: {output:?}");
        if signal != "KILL" {
            assert_eq!(output.status, Some(130), "{output:?}");
            let words = if answers {
                "The new password is set."
            } else {
                "Stitch may have it or not"
            };
            assert!(output.stdout.contains(words), "{output:?}");
        }
    }
}
