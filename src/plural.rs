//! Numbers of things in words.

/// `1 table`, `2 tables`: the noun in the singular, its plural with an s.
pub(crate) fn pluralize(number: usize, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{s}")
}

/// The first few of a list; dots where there are more.
pub(crate) fn first_few(names: &[impl AsRef<str>], most: usize) -> String {
    let some = names.iter().take(most).map(AsRef::as_ref);
    let dots = (names.len() > most).then_some("…");
    some.chain(dots).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::pluralize;

    #[test]
    fn one_and_more() {
        assert_eq!(pluralize(1, "table"), "1 table");
        assert_eq!(pluralize(0, "table"), "0 tables");
        assert_eq!(pluralize(7, "foreign table"), "7 foreign tables");
    }
}
