//! docs/run.svg, the recording in the README: a real run in a real terminal, drawn as a picture that moves.
//!
//! `UPDATE_DOCS=1 cargo test --test it book::recording` makes it anew; without, it is made and thrown away.

use std::fmt::Write as _;
use std::fs;
use std::num::NonZero;

use crate::book::project;
use crate::support::postgres::POSTGRES_PASSWORD;
use crate::support::{Postgres, PostgresOptions, stitch_pg, world};

const PICTURE: &str = "docs/run.svg";
const COLUMNS: u16 = 82;
const ROWS: u16 = 26;

/// In pixels, for a font of 14.
const CELL: (f32, f32) = (8.4, 18.0);

const DECIDE: &str = "[q]uit: ";

/// What the screen shows, and for how long.
struct Frame {
    screen: vt100::Screen,
    seconds: f32,
}

#[test]
fn recording() {
    let Some(world) = world(&[]) else { return };
    let server = Postgres::start_in(&world, None, PostgresOptions::new());
    let settings = "[admin]\nhost = \"localhost\"\nuser = \"postgres\"\n[stitch]\ndatabase = \"warehouse\"\nrole = \"stitch\"\n\
                    region = \"europe\"\n[ownership]\nexisting = false\n";
    let home = world.outside(world.home());
    fs::write(home.join("stitch-pg.toml"), settings).expect("the world is writable");
    let typed = "stitch-pg setup --only database,role,connection";
    let mut terminal = stitch_pg(&server)
        .args(typed.split(' ').skip(1))
        .env("PGPASSWORD", POSTGRES_PASSWORD)
        .env("STITCH_PG_PASSWORD", "loader-secret")
        .terminal(COLUMNS, ROWS);

    let prompt = format!("$ \u{1b}[1m{typed}\u{1b}[0m");
    let mut frames = vec![frame(&[prompt.as_bytes()], 2.0)];
    let first = [prompt.as_bytes(), b"\r\n"].concat();
    terminal.expect(DECIDE);
    frames.push(frame(&[&first, terminal.raw()], 3.0));
    terminal.send_line("");
    for answer in ["explain", "yes", "yes"] {
        terminal.expect(DECIDE);
        frames.push(frame(&[&first, terminal.raw()], 3.0));
        frames.push(frame(&[&first, terminal.raw(), answer.as_bytes()], 1.0));
        terminal.send_line(answer);
    }
    terminal.expect("Watch for Stitch's connection now? [Y]es / [n]o");
    terminal.send_line("n");
    assert_eq!(terminal.wait_exit(), 0, "{}", terminal.transcript());
    frames.push(frame(&[&first, terminal.raw()], 8.0));
    let said = terminal.transcript();
    assert!(said.contains("CREATE DATABASE \"warehouse\""), "{said}");
    assert!(said.contains(" made and verified."), "{said}");

    let picture = drawn(&frames);
    assert!(picture.len() < 100_000, "{} bytes", picture.len());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(project().join(PICTURE), picture).expect("the picture is writable");
    }
    let kept = fs::read_to_string(project().join(PICTURE)).expect("the picture is there");
    assert!(kept.starts_with("<svg") && kept.ends_with("</svg>\n"));
}

fn frame(output: &[&[u8]], seconds: f32) -> Frame {
    let size = |cells| NonZero::new(cells).expect("a terminal has some");
    let mut parser = vt100::Parser::new(size(ROWS), size(COLUMNS), 0);
    for part in output {
        parser.process(part);
    }
    let screen = parser.screen().clone();
    Frame { screen, seconds }
}

/// One picture: the frames one after another, repeated; only the last one for readers who turned animations off.
fn drawn(frames: &[Frame]) -> String {
    let (width, height) = (f32::from(COLUMNS) * CELL.0 + 24.0, f32::from(ROWS) * CELL.1 + 24.0);
    let whole: f32 = frames.iter().map(|frame| frame.seconds).sum();
    let mut style = String::from(STYLE);
    let mut body = String::new();
    let mut begun = 0.0;
    for (number, frame) in frames.iter().enumerate() {
        let (from, to) = (begun / whole * 100.0, (begun + frame.seconds) / whole * 100.0);
        begun += frame.seconds;
        let _ = writeln!(
            style,
            "@keyframes k{number}{{0%{{opacity:0}}{from:.2}%{{opacity:1}}{to:.2}%{{opacity:0}}}}\n\
             #f{number}{{animation:k{number} {whole}s step-end infinite}}"
        );
        let _ = writeln!(body, "<g id=\"f{number}\" class=\"frame\">{}</g>", rows(&frame.screen));
    }
    let last = frames.len() - 1;
    let _ = writeln!(
        style,
        "@media (prefers-reduced-motion){{.frame{{animation:none!important}}#f{last}{{opacity:1}}}}"
    );
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\">\n\
         <title>stitch-pg setup in a terminal: it shows each change, asks, makes it, and looks again</title>\n\
         <style>\n{style}</style>\n<rect width=\"100%\" height=\"100%\" rx=\"8\" class=\"ground\"/>\n{body}</svg>\n"
    )
}

const STYLE: &str = "\
.frame{opacity:0}
text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#1f2328;white-space:pre}
.ground{fill:#f6f8fa;stroke:#d0d7de}
.b{font-weight:bold}.d{fill:#59636e}.c1{fill:#b3261e}.c2{fill:#116329}.c3{fill:#7d4e00}.c4,.c6{fill:#0550ae}.c5{fill:#8250df}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.ground{fill:#0d1117;stroke:#30363d}.d{fill:#9198a1}
.c1{fill:#ff7b72}.c2{fill:#56d364}.c3{fill:#e3b341}.c4,.c6{fill:#79c0ff}.c5{fill:#d2a8ff}}
";

fn rows(screen: &vt100::Screen) -> String {
    (0..ROWS).map(|row| line(screen, row)).collect()
}

/// A line of the screen: its runs of cells that look alike, each where it stands.
fn line(screen: &vt100::Screen, row: u16) -> String {
    let mut runs: Vec<(u16, String, String)> = Vec::new();
    for column in 0..COLUMNS {
        let Some(cell) = screen.cell(row, column) else { continue };
        let text = if cell.has_contents() { cell.contents() } else { " " };
        let look = look(cell);
        match runs.last_mut() {
            Some((_, same, run)) if *same == look => run.push_str(text),
            _ => runs.push((column, look, text.to_owned())),
        }
    }
    let mut out = String::new();
    let y = (f32::from(row) + 1.0) * CELL.1 + 7.0;
    for (column, look, text) in runs {
        let begins = text.len() - text.trim_start().len();
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        let x = (f32::from(column) + f32::from(u16::try_from(begins).unwrap_or(0))) * CELL.0 + 12.0;
        let length = f32::from(u16::try_from(text.chars().count()).unwrap_or(0)) * CELL.0;
        let class = if look.is_empty() {
            String::new()
        } else {
            format!(" class=\"{look}\"")
        };
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let _ = writeln!(
            out,
            "<text x=\"{x:.1}\" y=\"{y:.0}\" textLength=\"{length:.1}\"{class}>{escaped}</text>"
        );
    }
    out
}

/// The classes of a cell's look.
fn look(cell: &vt100::Cell) -> String {
    let mut classes = Vec::new();
    if cell.bold() {
        classes.push("b".to_owned());
    }
    if cell.dim() {
        classes.push("d".to_owned());
    }
    if let vt100::Color::Idx(index) = cell.fgcolor() {
        classes.push(format!("c{}", index % 8));
    }
    classes.join(" ")
}
