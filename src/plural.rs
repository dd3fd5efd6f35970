//! Numbers of things in words, and days as dates.

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

/// A day since 1970 as a date (the civil calendar's, by Howard Hinnant's algorithm).
pub(crate) fn date(day: i64) -> String {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let (of_month, month) = (
        of_year - (153 * month + 2) / 5 + 1,
        if month < 10 { month + 3 } else { month - 9 },
    );
    format!(
        "{:04}-{month:02}-{of_month:02}",
        year + era * 400 + i64::from(month <= 2)
    )
}

#[cfg(test)]
mod tests {
    use super::{date, pluralize};

    #[test]
    fn one_and_more() {
        assert_eq!(pluralize(1, "table"), "1 table");
        assert_eq!(pluralize(0, "table"), "0 tables");
        assert_eq!(pluralize(7, "foreign table"), "7 foreign tables");
    }

    #[test]
    fn days_are_dates() {
        for (day, wanted) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (20_788, "2026-12-01"),
            (20_819, "2027-01-01"),
        ] {
            assert_eq!(date(day), wanted);
        }
    }
}
