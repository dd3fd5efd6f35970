//! What the machines that read a log take for orders. GitHub's runner obeys a line whose first word is `::COMMAND::`,
//! however it is indented, and `##[COMMAND]` anywhere in a line; Azure Pipelines `##vso[`, `TeamCity` `##teamcity[`.

use std::borrow::Cow;
use std::net::IpAddr;

/// The text without such orders: the first colon, or the last `#`, is written out. Nothing but the GitHub format, which
/// writes its own, goes into a log without this.
pub(crate) fn unobeyed(text: &str) -> Cow<'_, str> {
    let text = without_marks(text, "\\x23");
    if !text.lines().any(is_order) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 16);
    for line in text.split_inclusive('\n') {
        if is_order(line) {
            out.push_str(&line.replacen(':', "\\x3a", 1));
        } else {
            out.push_str(line);
        }
    }
    Cow::Owned(out)
}

/// Whether a line begins with `::` and goes on as no address does. What has no width counts as a blank, since the runner
/// compares as its locale does.
fn is_order(line: &str) -> bool {
    let line = line.trim_start_matches(|c: char| c.is_whitespace() || !c.is_ascii() && !c.is_alphanumeric());
    let mut words = line.split(|c: char| c.is_whitespace() || matches!(c, '/' | ',' | ')' | ';'));
    line.starts_with("::") && words.next().is_none_or(|word| word.parse::<IpAddr>().is_err())
}

/// The text with the last `#` of each `##NAME[` written as `instead`.
pub(super) fn without_marks<'text>(text: &'text str, instead: &str) -> Cow<'text, str> {
    let mut marks = text.match_indices('#').map(|(at, _)| at).filter(|at| {
        let behind = text[*at..].strip_prefix("##");
        let behind = behind.map(|behind| behind.trim_start_matches(|c: char| c.is_ascii_alphanumeric()));
        behind.is_some_and(|behind| behind.starts_with('['))
    });
    let Some(first) = marks.next() else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len() + 16);
    let mut from = 0;
    for at in std::iter::once(first).chain(marks) {
        out.push_str(&text[from..=at]);
        out.push_str(instead);
        from = at + 2;
    }
    out.push_str(&text[from..]);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_an_order() {
        for (text, shown) in [
            ("::error::x", "\\x3a:error::x"),
            ("a\n \t::stop-commands::x\nb", "a\n \t\\x3a:stop-commands::x\nb"),
            ("\u{3000}::debug::x", "\u{3000}\\x3a:debug::x"),
            ("\u{301}::debug::x", "\u{301}\\x3a:debug::x"),
            ("::set-output name=a::b", "\\x3a:set-output name=a::b"),
            ("::dead::", "\\x3a:dead::"),
            ("say ##[error]x, ##vso[task]", "say #\\x23[error]x, #\\x23vso[task]"),
            ("###[error]", "##\\x23[error]"),
            ("##teamcity[x]", "#\\x23teamcity[x]"),
        ] {
            assert_eq!(unobeyed(text), shown);
            assert_eq!(unobeyed(shown), shown, "a second time changes nothing");
        }
    }

    #[test]
    fn addresses_and_headings_stay() {
        for text in [
            "::1\n::/0, ::1/128\n  ::ffff:192.0.2.1",
            "## Changes [x]\n### a",
            "a ::error::b",
            "x::y",
        ] {
            assert!(matches!(unobeyed(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }
}
