//! How much of an undo file is whole: a run that was killed leaves a part of an entry at its end.

use anyhow::{Result, bail, ensure};

/// The length of all whole entries. A file that this program did not write is refused.
pub(super) fn length(content: &[u8], header: &str) -> Result<usize> {
    if header.as_bytes().starts_with(content) {
        // Nothing, or a part of the header; the whole header is whole.
        let is_whole = content.len() == header.len();
        return Ok(if is_whole { content.len() } else { 0 });
    }
    // The first line is every script's, the second says whose it is.
    let ours: Vec<&str> = header.lines().take(2).collect();
    let start = format!("{}\n", ours.join("\n"));
    ensure!(
        content.starts_with(start.as_bytes()),
        "there is another file of that name, which was not changed"
    );
    let (mut whole, mut at, mut depth) = (0, 0, 0_usize);
    let mut until: Option<Vec<u8>> = None;
    for line in content.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        let Some(line) = line.strip_suffix(b"\n") else { break };
        match &until {
            Some(end) if line == end.as_slice() => until = None,
            None if line == b"{" || line.ends_with(b"() {") => depth += 1,
            None if line == b"}" => depth = depth.saturating_sub(1),
            None if depth > 0 => until = here_document(line),
            Some(_) | None => {}
        }
        if depth == 0 && until.is_none() {
            whole = at;
        }
    }
    match content[whole..].first() {
        None | Some(b'{' | b'#') => Ok(whole),
        Some(_) => bail!("its last line is incomplete and not from stitch-pg; check it, and complete the line"),
    }
}

/// The line that ends the here-document that begins behind this line.
fn here_document(line: &[u8]) -> Option<Vec<u8>> {
    let line = line.strip_suffix(b"'")?;
    let start = line.windows(3).rposition(|three| three == b"<<'")?;
    Some(line[start + 3..].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "#!/bin/sh\n# ours\nundo=\n";

    /// Cut at any byte, the file keeps what was whole, and nothing else.
    #[test]
    fn an_entry_is_whole_or_cut_off() {
        let entries = [
            "# kept: x\n",
            "{\ntunnel() {\nport=1\nssh x\n}\n}\n",
            "# to undo: y\n",
            "{\nundo_1_1() {\npsql <<'END'\n{\n}\nf() {\nEND_\n}\nEND\n}\n}\n",
            "{ undo=\"undo_1_1 $undo\"; }\n",
            "old_1() {\nsh <<'END_'\nEND\nEND_\n}\n",
        ];
        let text = format!("{HEADER}{}", entries.concat());
        let mut ends = vec![HEADER.len()];
        for entry in entries {
            ends.push(ends.last().unwrap() + entry.len());
        }
        for cut in 0..=text.len() {
            let whole = ends.iter().rfind(|end| **end <= cut).copied().unwrap_or(0);
            let found = length(&text.as_bytes()[..cut], HEADER);
            // `old_1` has no braces around it. Its beginning cannot be distinguished from a line that you added.
            match found {
                Ok(found) => assert_eq!(found, whole, "{cut}"),
                Err(_) => assert!(whole == ends[5] && cut > whole, "{cut}"),
            }
        }
    }

    #[test]
    fn other_files_are_left() {
        for text in ["x", "#!/bin/sh\nrm -r x\n", "#!/bin/sh\n# ours, too\n"] {
            assert!(length(text.as_bytes(), HEADER).is_err(), "{text}");
        }
        let edited = format!("{HEADER}undo_1_1; ls\n# mine");
        assert_eq!(
            length(edited.as_bytes(), HEADER).unwrap(),
            edited.len() - "# mine".len()
        );
        assert!(length(format!("{HEADER}ls").as_bytes(), HEADER).is_err());
    }
}
