//! Below the form: its fields go to the clipboard, Stitch is opened, and pages are links where the terminal shows them.

use openssl::base64::encode_block;

use crate::support::postgres::POSTGRES_PASSWORD;
use crate::support::{Terminal, stitch_pg, world};
use crate::terminal::amounts::Scene;
use crate::terminal::{DECIDE, TABLE, WATCH};

/// What the terminal was asked to put on the clipboard.
fn copied(terminal: &Terminal) -> Vec<String> {
    let raw = String::from_utf8_lossy(terminal.raw()).into_owned();
    let parts = raw.split("\u{1b}]52;c;").skip(1);
    parts
        .map(|part| part.split('\u{7}').next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn fields_are_copied_and_pages_are_opened() {
    let Some(world) = world(&[]) else { return };
    let scene = Scene::new(&world);
    // What the desktop would do.
    world.sh(
        "mkdir $WORLD/home/bin; printf '#!/bin/sh\\necho \"$1 $PGPASSWORD\" >/run/world/home/opened\\n' \
              >$WORLD/home/bin/xdg-open; chmod +x $WORLD/home/bin/xdg-open",
    );
    let program = stitch_pg(&scene.desk)
        .args([
            "--host",
            "db.example.com",
            "--admin-user",
            "postgres",
            "--region",
            "europe",
        ])
        .env("PGPASSWORD", POSTGRES_PASSWORD)
        .env("PATH", "/run/world/home/bin:/usr/bin:/bin")
        .env("VTE_VERSION", "6003");
    let mut terminal = program.terminal(80, 24);
    terminal.expect(TABLE);
    terminal.send_line("d");
    terminal.expect(DECIDE);
    terminal.send_line("a");
    for (answer, reply) in [
        (
            "c",
            "Host (Endpoint): sent to the clipboard of your terminal; c again: Port",
        ),
        ("c", "Port: sent to the clipboard of your terminal; c again: Username"),
        ("c pass", "Password: sent to the clipboard of your terminal\n"),
        ("c nonsense", "There is no field of that name to copy."),
        (
            "o",
            "  Stitch: https://app.stitchdata.com\n  these fields:\nhttps://help.qlik.com/en-US/stitch/",
        ),
        ("maybe", "Please answer y, n, c or o."),
    ] {
        terminal.expect(WATCH);
        terminal.send_line(answer);
        terminal.expect(reply);
    }
    terminal.expect(WATCH);
    terminal.send_line("n");
    assert_eq!(terminal.wait_exit(), 0, "{}", terminal.transcript());
    let password = world.sh("cat /run/world/home/stitch.pw");
    let values = ["db.example.com", "5432", password.trim_end()];
    assert_eq!(copied(&terminal), values.map(|value| encode_block(value.as_bytes())));
    // No secret of ours goes to the browser's command.
    let opened = || Some(world.sh("cat /run/world/home/opened 2>/dev/null || true")).filter(|text| !text.is_empty());
    let opened = crate::support::process::poll(crate::support::process::DEADLINE, opened);
    assert_eq!(opened.as_deref(), Some("https://app.stitchdata.com \n"));
    let raw = String::from_utf8_lossy(terminal.raw()).into_owned();
    let link = "\u{1b}]8;;https://help.qlik.com/en-US/stitch/destinations/postgresql/\
                connecting-a-self-hosted-postgresql-data-warehouse-to-stitch\u{1b}\\these fields\u{1b}]8;;\u{1b}\\";
    assert!(raw.contains(link), "{raw:?}");
}

/// Whatever Enter means.
const ASKS: &str = "Watch for Stitch's connection now? ";

/// A terminal that shows no links, or of which that is not known, gets the whole address on a line of its own; one that cannot
/// move its cursor gets no sequences.
#[test]
fn addresses_are_whole_where_there_are_no_links() {
    let Some(world) = world(&[]) else { return };
    let scene = Scene::new(&world);
    for (term, within) in [("xterm-256color", "tmux"), ("dumb", "")] {
        let program = stitch_pg(&scene.desk)
            .args([
                "--host",
                "db.example.com",
                "--admin-user",
                "postgres",
                "--region",
                "europe",
            ])
            .args(["--generate-password", "--new"])
            .env("PGPASSWORD", POSTGRES_PASSWORD)
            .env("VTE_VERSION", if within.is_empty() { "" } else { "6003" })
            .env("TMUX", within)
            .env("TERM", term);
        let mut terminal = program.terminal(120, 40);
        terminal.expect(TABLE);
        terminal.send_line("d");
        if term != "dumb" {
            terminal.expect(DECIDE);
            terminal.send_line("a");
        }
        terminal.expect(ASKS);
        terminal.send_line("o");
        terminal.expect(
            "  how Stitch loads:\nhttps://help.qlik.com/en-US/stitch/replication/loading/destination-guides/postgresql/\n",
        );
        terminal.expect(ASKS);
        terminal.send_line("c");
        let reply = if term == "dumb" {
            "Please answer y, n or o."
        } else {
            "clipboard"
        };
        terminal.expect(reply);
        terminal.expect(ASKS);
        terminal.send_line("n");
        terminal.wait_exit();
        let raw = String::from_utf8_lossy(terminal.raw()).into_owned();
        assert!(!raw.contains("\u{1b}]8"), "{raw:?}");
        assert_eq!(raw.contains("\u{1b}]52"), term != "dumb", "{raw:?}");
    }
}
