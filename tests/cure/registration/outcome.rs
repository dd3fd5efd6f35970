//! What is said of Stitch's own check, from each source that may or may not tell.

use std::time::{Duration, Instant};

use serde_json::json;
use wiremock::ResponseTemplate;

use super::stitch::{Check, FakeStitch};
use super::{alone, said};

/// A new destination is made, and this is what the two sources say.
fn made(last_check: Check, undocumented: Option<serde_json::Value>) -> FakeStitch {
    let stitch = FakeStitch::start();
    stitch.with(|state| {
        state.last_check = last_check;
        state.undocumented = undocumented;
    });
    stitch
}

const LATER: &str = "2026-01-01T00:01:30Z";

#[test]
fn each_source_is_believed_when_it_is_newer_than_the_change() {
    let check = |status: &str, exit: u8, at: &str| {
        Some(
            json!({"status": status, "check_exit_status": exit, "error": null, "completed_at": at,
            "discovery_error_message": "no route to host\u{1b}[2J"}),
        )
    };
    for (last_check, undocumented, code, verdict, part) in [
        (Check::Passes, None, "stitch-check-passed", "good", "passed\n"),
        (
            Check::Passes,
            check("failed", 1, "2024-01-01T00:00:00Z"),
            "stitch-check-passed",
            "good",
            "passed\n",
        ),
        (Check::Fails, None, "stitch-check-failed", "bad", "does not say why"),
        (
            Check::Fails,
            check("failed", 1, LATER),
            "stitch-check-failed",
            "bad",
            "Stitch says: no route to host[2J",
        ),
        (
            Check::Untold,
            check("failed", 1, LATER),
            "stitch-check-failed",
            "bad",
            "undocumented part of its API has it); Stitch says: no route",
        ),
        (
            Check::Old,
            check("succeeded", 0, LATER),
            "stitch-check-passed",
            "good",
            "undocumented",
        ),
        (Check::Untold, None, "stitch-check-untold", "unknown", "within 1 s"),
        (
            Check::NeverEnds,
            check("running", 0, LATER),
            "stitch-check-untold",
            "unknown",
            "within 1 s",
        ),
        (
            Check::Old,
            check("succeeded", 0, "2024-01-01T00:00:00Z"),
            "stitch-check-untold",
            "unknown",
            "within 1 s",
        ),
    ] {
        let stitch = made(last_check, undocumented);
        stitch.with(|state| state.looks_before = 0);
        let wait = if code == "stitch-check-untold" { "1" } else { "30" };
        let setup = said("setup", &stitch, &["--yes", "--wait", wait]).exits(if verdict == "bad" { 4 } else { 0 });
        let text = setup.has(code, verdict);
        assert!(text.contains(part), "{part:?} in {text}");
        setup.has("destination-form-complete", "good");
    }
}

#[test]
fn later_runs_tell_a_check_from_one_before_the_last_change() {
    let stitch = made(Check::Passes, None);
    said("setup", &stitch, &["--yes"]).exits(0);
    said("check", &stitch, &[]).exits(0).has("stitch-check-passed", "good");
    stitch.with(|state| state.last_check = Check::Old);
    let stale = said("check", &stitch, &[])
        .exits(0)
        .has("stitch-check-untold", "unknown");
    assert!(stale.contains("since it was last changed"), "{stale}");
    stitch.with(|state| state.last_check = Check::Untold);
    said("check", &stitch, &[])
        .exits(0)
        .has("stitch-check-untold", "unknown");
}

/// The change is made whatever becomes of the looks after it.
#[test]
fn a_source_in_trouble_is_like_one_that_does_not_tell() {
    let stitch = made(Check::Passes, None);
    let trouble = || ResponseTemplate::new(500).set_body_json(json!({"message": "oh"}));
    stitch.with(|state| {
        for _ in 0..3 {
            state.instead.push(("GET", "/v3/destinations", trouble()));
        }
        let page = ResponseTemplate::new(200).set_body_string("<html>");
        state.instead.push(("GET", "/v3/destinations", page));
    });
    said("setup", &stitch, &["--yes", "--wait", "60"])
        .exits(0)
        .has("stitch-check-passed", "good");
}

#[test]
fn ctrl_c_ends_the_wait() {
    let stitch = made(Check::NeverEnds, None);
    let running = alone("setup", &stitch.url()).args(["--yes", "--wait", "600"]).start();
    let waiting = crate::support::process::poll(Duration::from_secs(30), || {
        stitch
            .with(|state| state.requests.iter().any(|request| request.1 == "/v3/destinations"))
            .then_some(())
    });
    assert!(waiting.is_some(), "it never came to waiting");
    running.signal("INT");
    let output = running.finish(Duration::from_secs(30));
    assert_eq!(output.status, Some(130), "{}", output.stderr);
    // Run again, it goes on: nothing is made twice.
    stitch.with(|state| state.last_check = Check::Passes);
    said("setup", &stitch, &["--yes"]).exits(0).plans(&[]);
    assert_eq!(stitch.changes().len(), 1);
}

/// In the middle of a question, and of the change itself, of which nobody knows then whether it was done.
#[test]
fn ctrl_c_while_stitch_does_not_answer() {
    for (method, path) in [("GET", "/v4/destinations"), ("POST", "/v4/destinations")] {
        let stitch = made(Check::Passes, None);
        let slow = ResponseTemplate::new(200).set_delay(Duration::from_secs(30));
        stitch.with(|state| state.instead.push((method, path, slow)));
        let running = alone("setup", &stitch.url()).arg("--yes").start();
        let waiting = crate::support::process::poll(Duration::from_secs(30), || {
            stitch.with(|state| state.instead.is_empty()).then_some(())
        });
        assert!(waiting.is_some(), "{method}: it never came to asking");
        let began = Instant::now();
        running.signal("INT");
        let output = running.finish(Duration::from_secs(30));
        assert_eq!(output.status, Some(130), "{method}: {}", output.stderr);
        assert!(began.elapsed() < Duration::from_secs(5), "{method}: it was waited for");
        said("setup", &stitch, &["--yes"]).exits(0);
        said("setup", &stitch, &["--yes"]).exits(0).plans(&[]);
        assert_eq!(stitch.with(|state| state.destinations.len()), 1, "{method}");
    }
}
