//! Many at once: all come to the end of one alone, and no run reports what happens inside the server.

use std::thread;

use crate::cut::direct::{Connection, Direct, server};
use crate::cut::scene::Scene;
use crate::cut::trial::{Goal, brief, same};
use crate::support::process::{DEADLINE, poll};
use crate::support::{Output, Postgres, Program, Running, json};

/// So many runs at a time, and so many times.
const RUNS: usize = 8;
const ROUNDS: usize = 2;

/// Starts all of them before any is waited for; each must end as if it were alone.
#[track_caller]
pub(crate) fn together(scenes: &[&dyn Scene], goal: &Goal) {
    for round in 0..ROUNDS {
        for scene in scenes {
            scene.prepare();
        }
        let ended: Vec<Output> = thread::scope(|scope| {
            let threads: Vec<_> = (0..RUNS)
                .map(|number| scope.spawn(move || scenes[number % scenes.len()].program().run()))
                .collect();
            let ended = threads.into_iter().map(|thread| thread.join().expect("a run ends"));
            ended.collect()
        });
        for output in &ended {
            assert_eq!(output.status, Some(0), "round {round}: {}", brief(output));
            let said = [output.stdout.as_str(), &output.stderr].concat();
            for word in ["concurrently", "already exists", "duplicate key", "deadlock"] {
                assert!(!said.contains(word), "{word}: {}", brief(output));
            }
        }
        for scene in scenes {
            if let Err(difference) = same(&goal.ready, &scene.state()) {
                panic!("round {round}: {difference}");
            }
            let gone = poll(DEADLINE, || scene.left().is_empty().then_some(()));
            assert!(gone.is_some(), "{}", scene.left());
        }
    }
}

#[test]
fn eight_setups_of_one_destination() {
    let server = server();
    for (number, connection) in [(1, Connection::Given), (2, Connection::Existing)] {
        let scene = Direct::new(&server, connection, number);
        let goal = Goal::of(&scene);
        together(&[&scene], &goal);
    }
}

#[test]
fn setups_of_eight_destinations() {
    let server = server();
    let scenes: Vec<Direct<'_>> = (1..=RUNS)
        .map(|number| Direct::new(&server, Connection::Given, number))
        .collect();
    let goal = Goal::of(&scenes[0]);
    let scenes: Vec<&dyn Scene> = scenes.iter().map(|scene| scene as &dyn Scene).collect();
    together(&scenes, &goal);
}

/// A session that is in the middle of a change, as another run would be, and its process number.
fn busy(server: &Postgres<'static>, and: &str) -> (Running, String) {
    let middle =
        format!("begin; select pg_advisory_xact_lock(hashtext('stitch-pg'), hashtext('postgres')); {and}; commit");
    let program = Program::new("psql", server)
        .args(["-X", "-U", "postgres", "-c", &middle, "-h"])
        .arg(server.socket_dir())
        .args(["-p", &server.port().to_string()])
        .env("PGAPPNAME", "the other run");
    let running = program.start();
    let pid = poll(DEADLINE, || {
        let pid = server.psql("select pid from pg_locks where locktype = 'advisory' and granted");
        (!pid.is_empty()).then_some(pid)
    });
    (running, pid.expect("the lock is held"))
}

/// The texts of the findings of this code.
#[track_caller]
fn told(output: &Output, code: &str) -> Vec<String> {
    let report = json::report(&output.stdout);
    let steps = report["steps"].as_array().expect("steps");
    let findings = steps.iter().filter_map(|step| step["findings"].as_array()).flatten();
    let told = findings.filter(|finding| finding["code"] == code);
    told.filter_map(|finding| finding["text"].as_str().map(str::to_owned))
        .collect()
}

/// A run that does not come to its end is named, and the way is free when it has.
#[test]
fn who_is_in_the_middle_of_a_change_is_named() {
    let server = server();
    let scene = Direct::new(&server, Connection::Given, 1);
    scene.prepare();
    let (running, pid) = busy(&server, "select pg_sleep(600)");
    let refused = scene.program_within("2").run();
    assert_eq!(refused.status, Some(1), "{}", brief(&refused));
    let told = told(&refused, "another-run").concat();
    // Every role may see whose session it is; the rest is for its owner and superusers.
    let who = format!("another run is changing the database \"postgres\": pid {pid}, user \"postgres\"");
    assert!(told.starts_with(&who), "{told}");
    server.psql(&format!("select pg_terminate_backend({pid})"));
    running.finish(DEADLINE);
    assert!(scene.program().run().success());
}

/// What another session makes while the run waits for it is used as it is, and not undone.
#[test]
fn what_another_made_first_is_found() {
    let server = server();
    let scene = Direct::new(&server, Connection::Given, 1);
    let goal = Goal::of(&scene);
    scene.prepare();
    let (running, _) = busy(
        &server,
        "set local role \"admin 1\"; create role \"stitch 1\" login password 'loader-secret'; select pg_sleep(3)",
    );
    let run = scene.program().run();
    assert_eq!(run.status, Some(0), "{}", brief(&run));
    assert_eq!(told(&run, "created-meanwhile").len(), 1, "{}", brief(&run));
    running.finish(DEADLINE);
    same(&goal.ready, &scene.state()).expect("the end of one alone");
    let undo = scene.undo_script();
    assert!(is_left_alone(&undo), "{undo}");
}

/// The function that drops the role is in no list.
fn is_left_alone(undo: &str) -> bool {
    let function = undo
        .split("# to undo: ")
        .find(|part| part.contains("DROP ROLE"))
        .and_then(|part| part.lines().find_map(|line| line.strip_suffix("() {")));
    function.is_some_and(|name| !undo.contains(&format!("undo=\"{name} ")))
}
