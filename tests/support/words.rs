//! The grammar of messages (docs/contributing.md, "Words"), as far as a program can hold it.

/// Names that are written with a capital wherever they stand.
const NAMES: [&str; 12] = [
    "Amazon",
    "Aurora",
    "Azure",
    "Cloud",
    "Dropbear",
    "Google",
    "Heroku",
    "Neon",
    "PgBouncer",
    "Stitch",
    "Supabase",
    "Tiger",
];

/// What is wrong with the words of a finding, of an advice or of a change.
pub(crate) fn complaint(words: &str) -> Option<&'static str> {
    let first = words.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let mut letters = first.chars();
    let capital = letters.next().is_some_and(char::is_uppercase) && letters.next().is_some_and(char::is_lowercase);
    if capital && !NAMES.contains(&first) && !first.chars().skip(1).any(char::is_uppercase) {
        return Some("a message begins like a sentence");
    }
    if words.ends_with('.') && !words.ends_with("..") {
        return Some("a message ends like a sentence");
    }
    if words.trim() != words {
        return Some("a message begins or ends with a space");
    }
    let parts: Vec<&str> = std::iter::once("").chain(words.split_whitespace()).collect();
    let plural = parts.windows(3).any(|parts| {
        let &[before, number, noun] = parts else { return false };
        let noun = noun.trim_end_matches([',', ';', ':', '.', ')']);
        let is_noun = noun.len() > 4 && noun.chars().all(|c| c.is_ascii_lowercase());
        number == "1"
            && before != "of"
            && is_noun
            && noun.ends_with('s')
            && !["ss", "us", "as", "is"].iter().any(|end| noun.ends_with(end))
    });
    plural.then_some("one of them, and the noun in the plural")
}
