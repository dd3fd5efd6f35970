//! OpenSSH's patterns (`*`, `?`, lists with `!`), as in `known_hosts`, `AllowUsers` and `PermitOpen`.

use std::net::IpAddr;

use ipnet::IpNet;

/// Whether the whole text matches the pattern; letters are compared as they are.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut seen) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while seen < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, seen));
                at += 1;
            }
            Some(c) if *c == '?' || *c == text[seen] => {
                at += 1;
                seen += 1;
            }
            _ => {
                // Let the last star swallow one character more.
                let Some((star_at, swallowed)) = star else { return false };
                star = Some((star_at, swallowed + 1));
                at = star_at + 1;
                seen = swallowed + 1;
            }
        }
    }
    pattern[at..].iter().all(|c| *c == '*')
}

/// Whether a list matches: some pattern does, and no pattern behind a `!` does.
pub(crate) fn list_matches<'a>(patterns: impl IntoIterator<Item = &'a str>, text: &str) -> bool {
    list_fits(patterns, |pattern| matches(pattern, text))
}

/// Whether a list of patterns and networks (as `from="…"` and `AllowUsers x@…` take them) holds an address.
pub(crate) fn list_allows<'a>(patterns: impl IntoIterator<Item = &'a str>, address: IpAddr) -> bool {
    let text = address.to_string();
    list_fits(patterns, |pattern| match pattern.parse::<IpNet>() {
        Ok(net) => net.contains(&address),
        Err(_) => matches(pattern, &text),
    })
}

fn list_fits<'a>(patterns: impl IntoIterator<Item = &'a str>, fits: impl Fn(&str) -> bool) -> bool {
    let mut found = false;
    for pattern in patterns {
        match pattern.strip_prefix('!') {
            Some(pattern) if fits(pattern) => return false,
            Some(_) => {}
            None => found |= fits(pattern),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, text, wanted) in [
            ("stitch", "stitch", true),
            ("stitch", "stitch2", false),
            ("*", "", true),
            ("*.example.com", "a.b.example.com", true),
            ("*.example.com", "example.com", false),
            ("198.51.100.*", "198.51.100.7", true),
            ("host?", "host1", true),
            ("host?", "host", false),
            ("*a*b", "xxaxxabxb", true),
            ("a*b*c", "abbd", false),
            ("", "", true),
            ("[[]*]:22", "[h]:22", false),
        ] {
            assert_eq!(matches(pattern, text), wanted, "{pattern} {text}");
        }
    }

    #[test]
    fn negation_wins_wherever_it_stands() {
        assert!(list_matches(["*.com", "!bad.com"], "good.com"));
        assert!(!list_matches(["!bad.com", "*.com"], "bad.com"));
        assert!(!list_matches(["*.com", "!bad.com"], "bad.com"));
        assert!(!list_matches(["!bad.com"], "good.com"));
    }
}
