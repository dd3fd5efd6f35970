//! The words and durations people write for settings, read once for flags, environment, file and prompts alike.

use std::str::FromStr;
use std::time::Duration;

use anyhow::{Error, Result, bail, ensure};

use super::ownership::Include;
use super::region::Region;
use super::registry::nearest;
use crate::finding::Code;

/// The names of a comma list, as a flag has it: `a,b`. A name in double quotes may hold commas, `"a,b"`, and a doubled
/// quote stands for one.
pub fn names_of_a_list(text: &str) -> Vec<String> {
    let (mut names, mut last) = (Vec::new(), String::new());
    let (mut is_quoted, mut letters) = (false, text.chars().peekable());
    while let Some(letter) = letters.next() {
        match letter {
            '"' if is_quoted && letters.next_if_eq(&'"').is_some() => last.push('"'),
            '"' if is_quoted => is_quoted = false,
            '"' if last.trim().is_empty() => {
                last.clear();
                is_quoted = true;
            }
            ',' if !is_quoted => names.push(std::mem::take(&mut last)),
            letter => last.push(letter),
        }
    }
    names.push(last);
    names
}

/// The same the other way: a name as it is written in a comma list.
pub fn in_a_list(name: &str) -> String {
    if name.contains([',', '"']) {
        format!("\"{}\"", name.replace('"', "\"\""))
    } else {
        name.to_owned()
    }
}

impl FromStr for Region {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.to_lowercase().replace(['_', ' '], "-").as_str() {
            "north-america" | "us-east-1" => Ok(Self::NorthAmerica),
            "europe" | "eu-central-1" => Ok(Self::Europe),
            _ => bail!("{text:?} is not a region of Stitch; write north-america or europe"),
        }
    }
}

impl FromStr for Code {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match (
            Self::of_name(text),
            nearest(text, Self::ALL.iter().map(|code| code.as_str())),
        ) {
            (Some(code), _) => Ok(code),
            (None, Some(near)) => bail!("{text:?} is not a finding code; did you mean {near}?"),
            (None, None) => bail!("{text:?} is not a finding code; docs/troubleshooting.md lists them"),
        }
    }
}

impl Include {
    /// What people call them.
    pub(crate) fn plural(self) -> &'static str {
        match self {
            Self::Matviews => "materialized views",
            Self::ForeignTables => "foreign tables",
            Self::Functions => "functions and aggregates",
            Self::Operators => "operators, their classes and families",
            Self::TextSearch => "text search configurations and dictionaries",
            _ => self.as_str(),
        }
    }
}

/// `true` or `false`, in the spellings that environments hold.
pub(super) fn switch(text: &str) -> Result<bool> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => bail!("{text:?} is neither true nor false"),
    }
}

/// Seconds, 1 to 3600.
pub(super) fn timeout(text: &str) -> Result<Duration> {
    let number = text.strip_suffix('s').unwrap_or(text);
    match number.parse() {
        Ok(seconds @ 1..=3600) => Ok(Duration::from_secs(seconds)),
        _ => bail!("{text:?} is not a number of seconds from 1 to 3600"),
    }
}

/// A number with a unit, 1 second to 1,000 days: `90s`, `5m`, `6h`, `2d`.
///
/// # Errors
/// When it is none.
pub fn span(text: &str) -> Result<Duration> {
    let units = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)];
    let read = |(unit, seconds): (&str, u64)| text.strip_suffix(unit)?.parse::<u64>().ok()?.checked_mul(seconds);
    match units.into_iter().find_map(read) {
        Some(seconds @ 1..=86_400_000) => Ok(Duration::from_secs(seconds)),
        _ => bail!("{text:?} is not a time; write it like 90s, 5m, 6h or 2d"),
    }
}

/// Milliseconds, or a number with a unit: `100`, `100ms`, `2s`. Zero would mean to PostgreSQL *wait for ever*.
pub(super) fn lock_timeout(text: &str) -> Result<Duration> {
    let (number, unit) = if let Some(number) = text.strip_suffix("ms") {
        (number, 1)
    } else if let Some(number) = text.strip_suffix('s') {
        (number, 1000)
    } else {
        (text, 1)
    };
    let milliseconds = number
        .trim()
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(unit));
    let Some(milliseconds) = milliseconds else {
        bail!("{text:?} is not a time; write it like 100ms or 2s");
    };
    ensure!(
        (1..=60_000).contains(&milliseconds),
        "{text:?} is out of range; other sessions wait behind a waiting change, so choose 1ms to 60s"
    );
    Ok(Duration::from_millis(milliseconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::SslMode;

    #[test]
    fn words() {
        assert_eq!("North America".parse::<Region>().unwrap(), Region::NorthAmerica);
        assert_eq!("eu-central-1".parse::<Region>().unwrap(), Region::Europe);
        assert!("asia".parse::<Region>().is_err());
        assert_eq!("verify-full".parse::<SslMode>().unwrap(), SslMode::VerifyFull);
        assert!("Require".parse::<SslMode>().is_err());
        assert!("tables".parse::<Include>().is_err());
        assert!(switch("On").unwrap() && !switch("0").unwrap() && switch("maybe").is_err());
    }

    #[test]
    fn durations() {
        for (text, milliseconds) in [("100", 100), ("250ms", 250), ("2s", 2000)] {
            assert_eq!(lock_timeout(text).unwrap(), Duration::from_millis(milliseconds));
        }
        for bad in ["", "0", "61s", "-1", "2m", "99999999999999999999"] {
            assert!(lock_timeout(bad).is_err(), "{bad}");
        }
        for (text, seconds) in [("90s", 90), ("5m", 300), ("6h", 21_600), ("2d", 172_800)] {
            assert_eq!(span(text).unwrap(), Duration::from_secs(seconds));
        }
        for bad in ["", "5", "0m", "-1h", "1.5h", "1001d", "99999999999999999d", "h"] {
            assert!(span(bad).is_err(), "{bad}");
        }
        assert_eq!(timeout("10").unwrap(), Duration::from_secs(10));
        for bad in ["0", "3601", "1.5", "", "x"] {
            assert!(timeout(bad).is_err(), "{bad}");
        }
    }
}
