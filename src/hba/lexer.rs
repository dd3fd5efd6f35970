//! The text of `pg_hba.conf` cut into lines, fields and words as the server does it: quotes, commas, comments, and
//! lines joined by a backslash.

/// One line that is not empty.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RawLine {
    /// The number of its first physical line.
    pub(super) number: u32,
    /// Its fields; a field is a list of words joined by commas.
    pub(super) fields: Vec<Vec<Word>>,
}

/// One word without its quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) quoting: Quoting,
}

/// Whether a word began with a quote: only then do `all`, `+`, `@` and their like lose their meaning. A quote further
/// in (`a"ll"`) does not count, as it does not for the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoting {
    Bare,
    Quoted,
}

/// First version in which a backslash at the end of a line joins the next one to it.
const CONTINUATION_LINES: u32 = 140_000;

/// Cuts the text up. `version` is the server's `server_version_num`.
pub(super) fn lines(text: &str, version: u32) -> Vec<RawLine> {
    let lines = logical_lines(text, version).into_iter();
    let raw = lines.map(|(number, line)| RawLine {
        number,
        fields: fields(&line),
    });
    raw.filter(|line| !line.fields.is_empty()).collect()
}

fn logical_lines(text: &str, version: u32) -> Vec<(u32, String)> {
    let mut lines = Vec::new();
    let mut physical = (1..).zip(text.split('\n'));
    while let Some((number, first)) = physical.next() {
        let mut line = first.trim_end_matches('\r').to_owned();
        // A second backslash in a row continues only if something stands between: the server looks no further back
        // than to the last place where it joined.
        let mut joined_at = 0;
        while version >= CONTINUATION_LINES && line.len() > joined_at && line.ends_with('\\') {
            line.pop();
            joined_at = line.len();
            let Some((_, next)) = physical.next() else { break };
            line.push_str(next);
            line.truncate(line.trim_end_matches('\r').len());
        }
        lines.push((number, line));
    }
    lines
}

fn fields(line: &str) -> Vec<Vec<Word>> {
    let mut rest = line;
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let field = next_field(&mut rest);
        if !field.is_empty() {
            fields.push(field);
        }
    }
    fields
}

fn next_field(rest: &mut &str) -> Vec<Word> {
    let mut words = Vec::new();
    while let Some(word) = next_word(rest) {
        words.push(word);
        // After a comma the list goes on, also over white space behind it.
        if !rest.starts_with(',') {
            break;
        }
    }
    words
}

/// Takes one word; `None` at the end of the line or at a comment. The character behind the word is left in place.
fn next_word(rest: &mut &str) -> Option<Word> {
    let line = rest.trim_start_matches([' ', '\t', '\r', ',']);
    let mut text = String::new();
    let (mut in_quote, mut was_quote, mut saw_quote) = (false, false, false);
    let mut quoting = Quoting::Bare;
    let mut left = "";
    for (at, c) in line.char_indices() {
        if !in_quote && matches!(c, ' ' | '\t' | '\r' | ',') {
            left = &line[at..];
            break;
        }
        if !in_quote && c == '#' {
            break;
        }
        if c != '"' || was_quote {
            text.push(c);
        }
        // Two quotes within quotes stand for one.
        was_quote = in_quote && c == '"' && !was_quote;
        if c == '"' {
            in_quote = !in_quote;
            saw_quote = true;
            if text.is_empty() {
                quoting = Quoting::Quoted;
            }
        }
    }
    *rest = left;
    (saw_quote || !text.is_empty()).then_some(Word { text, quoting })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<(u32, Vec<Vec<String>>)> {
        lines(text, 150_000)
            .into_iter()
            .map(|line| {
                let fields = line.fields.into_iter();
                (
                    line.number,
                    fields.map(|f| f.into_iter().map(|w| w.text).collect()).collect(),
                )
            })
            .collect()
    }

    fn one(text: &str) -> Vec<Vec<String>> {
        words(text).remove(0).1
    }

    #[test]
    fn blanks_commas_and_comments_part_the_words() {
        assert_eq!(one("host\ta,b , c  # d"), [vec!["host"], vec!["a", "b"], vec!["c"]]);
        assert_eq!(one("a, b,,c d"), [vec!["a", "b", "c"], vec!["d"]]);
        assert_eq!(one("abc#def ghi"), [["abc"]]);
        assert!(words("# only\n\n  \t\r\n,,\n").is_empty());
    }

    #[test]
    fn quotes_hold_blanks_commas_hashes_and_doubled_quotes() {
        assert_eq!(one(r#"host "a b,c#d" "e""f""#), [["host"], ["a b,c#d"], ["e\"f"]]);
        assert_eq!(one(r#"a"b c"d"#), [["ab cd"]]);
        assert_eq!(one(r#"x "open to the end"#), [["x"], ["open to the end"]]);
        assert_eq!(one("x \"\" y"), [["x"], [""], ["y"]]);
    }

    #[test]
    fn only_a_quote_in_front_makes_a_word_quoted() {
        let quoting = |text: &str| lines(text, 150_000).remove(0).fields.remove(0).remove(0).quoting;
        assert_eq!(quoting("\"all\""), Quoting::Quoted);
        assert_eq!(quoting("\"\"all"), Quoting::Quoted);
        assert_eq!(quoting("a\"ll\""), Quoting::Bare);
        assert_eq!(quoting("all"), Quoting::Bare);
    }

    #[test]
    fn a_backslash_joins_lines_from_14_on_and_the_number_is_the_first() {
        let text = "host all \\\r\n all\nlocal a\\\\\n\nb\\\n\\\nc";
        assert_eq!(
            words(text),
            [
                (1, vec![vec!["host".into()], vec!["all".into()], vec!["all".into()]]),
                (3, vec![vec!["local".into()], vec!["a\\".into()]]),
                (5, vec![vec!["bc".into()]]),
            ]
        );
        assert_eq!(lines("a \\\nb", 130_000).len(), 2);
    }
}
