//! Text from others, made fit to be looked at: whatever a terminal would obey, or would show in another order than it is,
//! is written out. Everything that shows text goes through here at its writing edge (`console::edge`, `report`).

mod ci;

use std::borrow::Cow;
use std::fmt::Write as _;

pub(crate) use ci::unobeyed;

/// The text with nothing in it that a terminal obeys. Line feeds and tabs stay; a CRLF is a line feed.
pub(crate) fn text(text: &str) -> Cow<'_, str> {
    rewritten(text, |rest| match rest {
        _ if rest.starts_with("\r\n") => Some(Instead::Nothing),
        _ => obeyed(rest.chars().next()?).map(Instead::Escape),
    })
}

/// The same for text that we have coloured ourselves: sequences that set nothing but colours and weight stay.
pub(crate) fn in_colors(text: &str) -> Cow<'_, str> {
    rewritten(text, |rest| match rest {
        _ if rest.starts_with("\r\n") => Some(Instead::Nothing),
        _ => match color_sequence(rest) {
            Some(length) => Some(Instead::Keep(length)),
            None => obeyed(rest.chars().next()?).map(Instead::Escape),
        },
    })
}

/// The same for a JSON document: what JSON leaves as it is although a terminal obeys it becomes `\u009b` and the like, which means
/// the same to every JSON parser. Outside strings JSON holds none of it.
pub(crate) fn json(document: &str) -> Cow<'_, str> {
    let document = rewritten(document, |rest| {
        obeyed(rest.chars().next()?).map(|c| Instead::Text(utf_16(c)))
    });
    // Outside strings JSON holds no `#` either.
    match ci::without_marks(&document, "\\u0023") {
        Cow::Borrowed(_) => document,
        Cow::Owned(marked) => Cow::Owned(marked),
    }
}

/// The same in one line: a line feed is written out, so that no text of others begins a line of its own.
pub(crate) fn one_line(line: &str) -> String {
    let line = text(line).replace('\n', "\\n");
    ci::unobeyed(&line).into_owned()
}

/// The first thousand characters of a line that may be as long as a server likes.
pub(crate) fn short_line(line: &str) -> String {
    match line.char_indices().nth(1000) {
        Some((end, _)) => one_line(&line[..end]) + "…",
        None => one_line(line),
    }
}

/// The last four lines with words in them, as one line: the reason comes last, behind the greeting of the day.
pub(crate) fn last_lines<'a>(lines: impl DoubleEndedIterator<Item = &'a str>) -> Option<String> {
    let lines = lines.rev().map(|line| line.trim().trim_end_matches('.'));
    let mut last: Vec<String> = lines.filter(|line| !line.is_empty()).take(4).map(short_line).collect();
    last.reverse();
    (!last.is_empty()).then(|| last.join(" | "))
}

/// A message of ours with text of others in it: only the line ends that are ours stay, in front of `next:`, of blanks and
/// of the mark of an excerpt.
pub(crate) fn message(message: &str) -> String {
    let mut lines = message.split('\n');
    let first = lines.next().unwrap_or_default().to_owned();
    lines.fold(first, |told, line| {
        let is_ours = line.is_empty() || ["next: ", " ", "| "].iter().any(|start| line.starts_with(start));
        format!("{told}{}{line}", if is_ours { "\n" } else { "\\n" })
    })
}

/// Whether a terminal would obey it, or show its neighbours in another order, or show nothing at all for it.
pub(crate) fn is_control(c: char) -> bool {
    obeyed(c).is_some()
}

fn obeyed(c: char) -> Option<char> {
    // C0, DEL, C1.
    let control = c.is_control() && !matches!(c, '\n' | '\t');
    // Marks, embeddings, overrides and isolates of text that runs from right to left (Unicode's TR 9).
    let turned = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    // What takes no room, so that one name could look like another, and other line ends than ours.
    let unseen = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{206f}')
        || matches!(
            c,
            '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        )
        || matches!(c, '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{1d173}'..='\u{1d17a}')
        || matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e0fff}');
    (control || turned || unseen).then_some(c)
}

/// What is written in place of what a text goes on with.
enum Instead {
    /// Its first character, written out.
    Escape(char),
    /// This, in place of its first character.
    Text(String),
    /// Nothing, in place of its first character.
    Nothing,
    /// That many of its bytes, as they are.
    Keep(usize),
}

fn rewritten(text: &str, instead: impl Fn(&str) -> Option<Instead>) -> Cow<'_, str> {
    if !text.chars().any(is_control) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let mut taken = first.len_utf8();
        match instead(rest) {
            None => out.push(first),
            Some(Instead::Nothing) => {}
            Some(Instead::Text(text)) => out.push_str(&text),
            Some(Instead::Keep(length)) => {
                out.push_str(&rest[..length]);
                taken = length;
            }
            Some(Instead::Escape(c)) => escape(&mut out, c),
        }
        rest = &rest[taken..];
    }
    Cow::Owned(out)
}

/// `\r`, `\x1b`, `\u{202e}`.
fn escape(out: &mut String, c: char) {
    let _ = match u32::from(c) {
        0x0d => write!(out, "\\r"),
        code @ 0..=0xff => write!(out, "\\x{code:02x}"),
        code => write!(out, "\\u{{{code:x}}}"),
    };
}

/// `\u009b`, or a pair of them.
fn utf_16(c: char) -> String {
    let mut units = [0; 2];
    c.encode_utf16(&mut units).iter().fold(String::new(), |mut text, unit| {
        let _ = write!(text, "\\u{unit:04x}");
        text
    })
}

/// The length of an escape sequence that sets colours and weight (SGR), if the text begins with one.
fn color_sequence(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let end = parameters.find(|c: char| !(c.is_ascii_digit() || c == ';'))?;
    parameters[end..].starts_with('m').then_some(end + 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_written_out() {
        let hostile = "a\u{1b}]0;pwned\u{7}b\u{9b}2Jc\u{7f}d\u{202e}e\rf\r\ng\th\u{2066}i\u{e0041}";
        let shown = "a\\x1b]0;pwned\\x07b\\x9b2Jc\\x7fd\\u{202e}e\\rf\ng\th\\u{2066}i\\u{e0041}";
        assert_eq!(text(hostile), shown);
        assert_eq!(text(shown), shown, "writing out twice changes nothing");
        assert!(matches!(text("grün ✓ 日本\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn no_text_of_others_begins_a_line() {
        assert_eq!(one_line("a\r\n##[x]\n"), "a\\n#\\x23[x]\\n");
        assert_eq!(message("a\n::b\nnext: c\n  d"), "a\\n::b\nnext: c\n  d");
    }

    #[test]
    fn of_sequences_only_colours_stay_and_only_where_they_are_ours() {
        assert_eq!(in_colors("\u{1b}[1;32mok\u{1b}[0m"), "\u{1b}[1;32mok\u{1b}[0m");
        assert_eq!(in_colors("\u{1b}[2Jx\u{1b}[31"), "\\x1b[2Jx\\x1b[31");
        assert_eq!(text("\u{1b}[31m"), "\\x1b[31m");
    }

    #[test]
    fn json_says_the_same_as_before() {
        let value = serde_json::json!({ "a": "##[x] x\u{9b}y\u{202e}z\u{7f}\u{1b}\r\n\u{e0041}" });
        for plain in [format!("{value:#}"), value.to_string()] {
            let document = json(&plain);
            assert!(
                !document.chars().any(is_control) && !document.contains("##["),
                "{document}"
            );
            assert_eq!(serde_json::from_str::<serde_json::Value>(&document).unwrap(), value);
        }
    }
}
