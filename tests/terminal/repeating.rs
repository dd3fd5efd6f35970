//! What the user answers once, a pipeline repeats: `config init` asks as `setup` does and writes the answers down.

use crate::support::postgres::POSTGRES_PASSWORD;
use crate::support::stitch_pg;
use crate::terminal::{DECIDE, server, wizard};

#[test]
fn the_file_of_config_init_repeats_the_wizards_run() {
    let Some(server) = server() else {
        return;
    };
    let answers = [
        ("Database Stitch loads into [stitch]:", "warehouse"),
        ("Region of your Stitch account:", "\u{1b}[B"),
        ("SSH tunnel?", ""),
        ("Role Stitch logs in as [stitch]:", "loader"),
    ];
    let mut run = wizard(&server)
        .env("STITCH_PG_PASSWORD", "stitchs-secret")
        .args(["--database", "warehouse", "--role", "loader"])
        .terminal(80, 24);
    crate::terminal::accept_settings(&mut run);
    for _ in ["database", "role"] {
        run.expect(DECIDE);
        run.send_line("");
    }
    crate::terminal::decline_to_watch(&mut run);
    assert_eq!(run.wait_exit(), 0, "{}", run.transcript());
    let after = server.dump();

    let init = wizard(&server).args(["config", "init", "repeat.toml"]);
    let mut asked = init.terminal(80, 24);
    for (question, answer) in answers {
        asked.expect(question);
        asked.send(&format!("{answer}\r"));
    }
    assert_eq!(asked.wait_exit(), 0, "{}", asked.transcript());
    assert_eq!(server.dump(), after, "config init changes nothing");

    // In the pipeline there is the file, and the two secrets.
    let repeated = stitch_pg(&server)
        .args([
            "setup",
            "--yes",
            "--no-input",
            "--format",
            "json",
            "--config",
            "repeat.toml",
        ])
        .env("PGPASSWORD", POSTGRES_PASSWORD)
        .env("STITCH_PG_PASSWORD", "stitchs-secret")
        .run();
    assert_eq!(repeated.status, Some(0), "{repeated:?}");
    assert!(repeated.stdout.contains("\"result\": \"ready\""), "{}", repeated.stdout);
    assert!(
        repeated.stdout.contains("\"database\": \"warehouse\""),
        "{}",
        repeated.stdout
    );
    assert_eq!(server.dump(), after, "the repeated run changes nothing");
}
