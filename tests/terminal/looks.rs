//! The same conversation on other terminals.

use crate::support::golden;
use crate::terminal::{DECIDE, accept_settings, decline_to_watch, has_colours, screen, server, wizard};

#[test]
fn sixty_columns() {
    let Some(server) = server() else { return };
    let mut terminal = wizard(&server).terminal(60, 24);
    accept_settings(&mut terminal);
    terminal.expect("[q]uit: ");
    terminal.send_line("q");
    assert_eq!(terminal.wait_exit(), 130);
    golden::compare(
        "terminal/golden/sixty.txt",
        &golden::masked(&screen::drawn(terminal.raw(), 60), &[]),
    );
}

/// What comes after the terminal has become narrower fits the new width, also while a question waits.
#[test]
fn a_terminal_that_is_made_narrower() {
    let Some(server) = server() else { return };
    let mut terminal = wizard(&server).terminal(100, 24);
    accept_settings(&mut terminal);
    terminal.expect("[q]uit: ");
    let wide = screen::drawn(terminal.raw(), 200);
    assert!(wide.lines().any(|line| line.chars().count() > 60), "{wide}");
    let before = terminal.raw().len();
    terminal.resize(60, 24);
    terminal.send_line("e");
    terminal.expect("[q]uit: ");
    terminal.send_line("a");
    decline_to_watch(&mut terminal);
    terminal.wait_exit();
    let narrow = screen::drawn(&terminal.raw()[before..], 200);
    assert!(narrow.contains("Stitch's form"), "{narrow}");
    let too_long = narrow
        .lines()
        .find(|line| line.chars().count() > 60 && !line.contains("://"));
    assert_eq!(too_long, None, "{narrow}");
}

#[test]
fn colours_are_there_unless_refused() {
    for (test, name, value, coloured) in [
        ("colours", "TERM", "xterm-256color", true),
        ("no_color", "NO_COLOR", "1", false),
        ("dumb", "TERM", "dumb", false),
    ] {
        let Some(server) = server() else { return };
        let mut terminal = wizard(&server)
            .env(name, value)
            .args(["--yes", "--region", "europe", "--generate-password"])
            .terminal(80, 24);
        assert_eq!(terminal.wait_exit(), 0, "{}", terminal.transcript());
        assert_eq!(has_colours(terminal.raw()), coloured, "{test}");
    }
}

#[test]
fn ascii_where_the_locale_has_no_more() {
    let Some(server) = server() else {
        return;
    };
    let mut terminal = wizard(&server).env("LC_ALL", "C").terminal(80, 24);
    accept_settings(&mut terminal);
    for answer in ["e", "y", "s", "y"] {
        terminal.expect(DECIDE);
        terminal.send_line(answer);
    }
    decline_to_watch(&mut terminal);
    assert_eq!(terminal.wait_exit(), 0);
    assert!(terminal.raw().is_ascii(), "{}", terminal.transcript());
}

#[test]
fn a_terminal_that_cannot_move_its_cursor_gets_numbered_lists() {
    let Some(server) = server() else {
        return;
    };
    let mut terminal = wizard(&server).env("TERM", "dumb").terminal(80, 24);
    terminal.expect("Region of your Stitch account: ");
    terminal.send_line("");
    terminal.expect("Please answer with a number from 1 to 2.");
    terminal.expect("Region of your Stitch account: ");
    terminal.send_line("2");
    terminal.expect("Public name of the server: ");
    terminal.send_line("<");
    terminal.expect("Region of your Stitch account: ");
    terminal.send_line("1");
    terminal.expect("Public name of the server: ");
    terminal.send_line("");
    terminal.expect("[w]rite files, [q]uit: ");
    terminal.send_line("99");
    terminal.expect("Please press Enter, or answer with a number from 1 to 9, d, s, w or q.");
    terminal.expect("[w]rite files, [q]uit: ");
    terminal.send_line("6");
    terminal.expect("Password of the Stitch role [1]: ");
    terminal.send_line("2");
    terminal.expect("Password of the Stitch role: ");
    terminal.send_line("a word");
    terminal.expect("[w]rite files, [q]uit: ");
    terminal.send_line("d");
    terminal.expect(DECIDE);
    terminal.send_line("n");
    assert_eq!(terminal.wait_exit(), 3);
    let raw = String::from_utf8_lossy(terminal.raw()).replace('\r', "");
    assert!(!raw.contains('\u{1b}') && !raw.contains("a word"), "{raw}");
    golden::compare("terminal/golden/dumb.txt", &golden::masked(&raw, &[]));
}
