//! The lines to add to `pg_hba.conf`, and where.

use crate::hba::{Encryption, Location, new_rule};
use crate::names::Cidr;
use crate::settings::Settings;

/// Where the lines go.
pub(super) enum Where<'a> {
    /// The rules were not seen.
    Unknown,
    /// Above the line that decides now; without one, anywhere.
    Above {
        /// The path of `pg_hba.conf`.
        file: &'a str,
        /// The deciding line.
        place: Option<&'a Location>,
    },
}

/// One line for each address.
pub(super) fn rules(settings: &Settings, version: Option<u32>, from: &[Cidr], encryption: Encryption) -> Vec<String> {
    let stitch = &settings.stitch;
    let rule = |cidr: &Cidr| new_rule(&stitch.database, &stitch.role, *cidr, encryption, version);
    from.iter().map(rule).collect()
}

/// The line for an address that is not known: `ADDRESS` stands for it.
pub(super) fn line_to_fill_in(settings: &Settings, encryption: Encryption) -> String {
    const SAMPLE: &str = "192.0.2.1";
    let sample: Vec<Cidr> = SAMPLE.parse().into_iter().collect();
    let text = lines(settings, None, &sample, encryption, &Where::Unknown);
    text.replace(&format!(" {SAMPLE}/32 "), " ADDRESS/32 ")
}

/// Says what to write where, and how to make it count.
pub(super) fn lines(
    settings: &Settings,
    version: Option<u32>,
    from: &[Cidr],
    encryption: Encryption,
    place: &Where<'_>,
) -> String {
    let rules: Vec<String> = rules(settings, version, from, encryption)
        .iter()
        .map(|rule| format!("  {rule}"))
        .collect();
    let heading = match place {
        Where::Unknown => "pg_hba.conf needs these lines, above any other that matches".to_owned(),
        Where::Above { file, place: None } => format!("add to {file}"),
        Where::Above {
            file,
            place: Some(place),
        } => format!("add above {}", place.within(file)),
    };
    format!("{heading}:\n{}\nthen run: SELECT pg_reload_conf();", rules.join("\n"))
}
