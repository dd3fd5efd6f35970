//! docs/floors.svg: the table of floors as a picture, one row a floor.

use std::fmt::Write as _;

/// A letter's width and a row's height, in pixels.
const LETTER: usize = 7;
const ROW: usize = 36;
/// Where the rooms begin, behind the floor's name.
const ROOMS: usize = 270;
const WIDTH: usize = 1000;

/// What `UPDATE_DOCS=1 cargo test --test it floors::` writes.
pub(super) fn draw(floors: &[(String, Vec<String>)]) -> String {
    let mut body = String::new();
    for (at, (name, rooms)) in floors.iter().enumerate() {
        let (top, line) = (at * ROW + 4, at * ROW + 24);
        let _ = writeln!(
            body,
            "<rect x=\"4\" y=\"{top}\" width=\"{}\" height=\"{}\" class=\"floor\"/>",
            WIDTH - 8,
            ROW - 4
        );
        let _ = writeln!(body, "<text x=\"14\" y=\"{line}\">{name}</text>");
        let mut left = ROOMS;
        for room in rooms {
            let width = room.len() * LETTER + 12;
            let _ = writeln!(
                body,
                "<rect x=\"{left}\" y=\"{}\" width=\"{width}\" height=\"22\" class=\"room\"/>",
                top + 5
            );
            let _ = writeln!(
                body,
                "<text x=\"{}\" y=\"{line}\" class=\"name\">{room}</text>",
                left + 6
            );
            left += width + 8;
        }
        assert!(left < WIDTH, "the floor {name:?} is wider than the picture");
    }
    let height = floors.len() * ROW + 4;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n\
         <title>The floors: a file imports from lower rows only</title>\n\
         <style>text{{font:13px sans-serif;fill:#1f2328}}.name{{font:11.5px monospace}}\
         .floor{{fill:#f6f8fa;stroke:#d0d7de}}.room{{fill:#ddf4ff;stroke:#54aeff;rx:4px}}</style>\n{body}</svg>\n"
    )
}
