//! `script --for stitch`, run by a shell and curl: it sends Stitch what `setup` sends.

use std::path::Path;

use serde_json::json;

use super::stitch::{FakeStitch, TOKEN};
use super::{changes, said};
use crate::support::{Output, Place, Program, stitch_pg};

fn script(stitch: &FakeStitch, flags: &[&str]) -> String {
    let output = stitch_pg(Place::Here)
        .args([
            "script",
            "--for",
            "stitch",
            "--insecure-api",
            "--host",
            "db.example.com",
            "--api-url",
            &stitch.url(),
        ])
        .args(flags)
        .run();
    assert!(output.success(), "{}", output.stderr);
    output.stdout
}

fn shell(name: &str, script: &str, password: &str) -> Output {
    Program::new(name, Place::Here)
        .stdin(script)
        .env("STITCH_ACCESS_TOKEN", TOKEN)
        .env("STITCH_PG_PASSWORD", password)
        .run()
}

#[test]
fn curl_says_what_setup_says() {
    let password = "it's \"q\" \\ $x `date` %s né";
    let name = "O'Brien's \"DW\" $HOME `id` %s \\n";
    let stitch = FakeStitch::start();
    let text = script(&stitch, &["--register", "--destination-name", name]);
    assert!(!text.contains(TOKEN) && !text.contains("q\\\""), "{text}");
    for shell_name in ["sh", "bash"] {
        let output = shell(shell_name, &text, password);
        assert!(output.success(), "{}{}", output.stdout, output.stderr);
        let properties = json!({"host": "db.example.com", "port": "5432", "database": "stitch", "username": "stitch",
            "ssl": "false", "encryption_type": "none", "password": password});
        assert_eq!(
            changes(&stitch),
            json!([["POST", "/v4/destinations", {"type": "postgres", "name": name, "ignore_unmapped_sources": true,
                "properties": properties}]])
        );
    }
    let refused = Program::new("sh", Place::Here)
        .stdin(&text)
        .env("STITCH_ACCESS_TOKEN", "at_wrong")
        .env("STITCH_PG_PASSWORD", password)
        .run();
    assert!(
        !refused.success() && refused.stdout.contains("invalid token"),
        "{}",
        refused.stdout
    );
    assert!(
        refused.stderr.contains("Stitch did not accept it"),
        "{}",
        refused.stderr
    );
    let bare = Program::new("sh", Place::Here).stdin(&text).run();
    assert!(
        !bare.success() && bare.stderr.contains("STITCH_ACCESS_TOKEN"),
        "{}",
        bare.stderr
    );
    assert!(!shell("sh", &text, "tab\there").success());
}

#[test]
fn all_scripts_together_have_it_when_it_is_asked_for() {
    let stitch = FakeStitch::start();
    let nothing = script(&stitch, &[]);
    assert!(
        nothing.contains("--register was not given") && !nothing.contains("curl -"),
        "{nothing}"
    );
    let all = |flags: &[&str]| {
        let program = stitch_pg(Place::Here).args(["script", "--region", "europe", "--host", "db.example.com"]);
        program.args(flags).run().stdout
    };
    assert!(all(&["--register"]).contains("'https://api.stitchdata.com/v4/destinations'"));
    assert!(!all(&[]).contains("curl -"));
}

/// What is appended to the undo file puts back what was there.
#[test]
fn the_way_back_of_an_update() {
    let stitch = FakeStitch::start();
    said("setup", &stitch, &["--yes"]).exits(0);
    stitch.with(|state| state.destinations[0]["properties"]["username"] = json!("former"));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("undo.sh");
    let path = |file: &Path| file.to_string_lossy().into_owned();
    said("setup", &stitch, &["--yes", "--undo", &path(&file)]).exits(0);
    stitch.changes();
    let undo = std::fs::read_to_string(&file).expect("the undo file");
    assert!(!undo.contains(TOKEN), "{undo}");
    let output = shell("sh", &undo, "");
    assert!(output.success(), "{}{}", output.stdout, output.stderr);
    let put = json!([["PUT", "/v4/destinations/4711", {"properties": {"username": "former"}}]]);
    assert_eq!(changes(&stitch), put);
}
