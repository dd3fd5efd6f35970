//! The lines to add to `pg_hba.conf` and where: as advice, and with `--manage hba` as a change of this tool's own.

use super::clients::{Certainty, Client};
use super::facts::{HbaFile, Reach, ServerFacts};
use super::verdict::{Judgement, Lines};
use crate::change::{Action, Change, Plan};
use crate::finding::{Code, Verdict};
use crate::hba::edit::{At, HbaLines};
use crate::hba::{Encryption, Location, new_rule};
use crate::names::Cidr;
use crate::plural::pluralize;
use crate::settings::Settings;

/// Stands above our lines, so that the DBA knows whose they are.
pub(super) const REMARK: &str = "# Added by stitch-pg (--manage hba), to allow Stitch:";

/// The change that lets in every client that is certain to come and is kept out; or why there is no such change.
pub(super) fn plan(
    plan: &mut Plan,
    settings: &Settings,
    server: &ServerFacts,
    file: &HbaFile,
    encryption: Encryption,
    judged: &[(Client, Judgement)],
) {
    let is_in_need = |(client, judgement): &&(Client, Judgement)| {
        let kept_out = judgement.finding.verdict != Verdict::Good && judgement.lines == Lines::Wanted;
        kept_out && client.certainty == Certainty::Sure
    };
    let in_need: Vec<&(Client, Judgement)> = judged.iter().filter(is_in_need).collect();
    let cidr = |(client, _): &&(Client, Judgement)| client.from.to_string().parse().ok();
    let cidrs: Vec<Cidr> = in_need.iter().filter_map(cidr).collect();
    if cidrs.is_empty() {
        return;
    }
    if let Some(manager) = &file.manager {
        let lines = rules(settings, Some(server.version), &cidrs, encryption);
        let lines: Vec<String> = lines.iter().map(|line| format!("  {line}")).collect();
        let text = format!(
            "{} is written by {} ({:?}), which will overwrite added lines, so stitch-pg adds none",
            file.path, manager.name, manager.line
        );
        let advice = format!("{}:\n{}", manager.way, lines.join("\n"));
        plan.unknown(Code::HbaGenerated, text, advice).concerning(&file.path);
        return;
    }
    let place = topmost(file, &in_need);
    match edit(settings, server, file, encryption, &cidrs, place) {
        Ok(None) => {}
        Ok(Some(edit)) => {
            let place = match edit.at {
                At::Above(number) => format!("above line {number} of {}", edit.file),
                At::End => format!("to the end of {}", edit.file),
            };
            plan.change(Change {
                summary: format!("add {} {place}, and reload the server", pluralize(cidrs.len(), "line")),
                why: "The server uses the first line that matches. These match only Stitch and ask for its password.",
                undo: Some(Action::RemoveHbaLines(edit.clone())),
                action: Action::AddHbaLines(edit),
            });
        }
        Err(why) => {
            let text = format!("stitch-pg cannot change {}: {why}", file.path);
            plan.unknown(Code::HbaNotManaged, text, "add the lines by hand")
                .concerning(&file.path);
        }
    }
}

/// The first of the deciding lines, in the order in which the server tries them: above it our lines come before all of
/// them. None: no line matches a client.
fn topmost<'a>(file: &HbaFile, in_need: &[&'a (Client, Judgement)]) -> Option<&'a Location> {
    let position = |place: &Location| file.rules.0.iter().position(|line| line.place == *place);
    let places = in_need.iter().filter_map(|(_, judgement)| judgement.place.as_ref());
    places.min_by_key(|place| position(place))
}

fn edit(
    settings: &Settings,
    server: &ServerFacts,
    file: &HbaFile,
    encryption: Encryption,
    cidrs: &[Cidr],
    place: Option<&Location>,
) -> Result<Option<HbaLines>, String> {
    let (edit, continued) = match &file.reach {
        Reach::NotAsked => return Ok(None),
        Reach::No(why) => return Err(why.clone()),
        Reach::Yes { edit, continued } => (edit, *continued),
    };
    if file.rules.broken().next().is_some() {
        return Err(
            "it has lines that the server cannot parse; a reload has no effect until they are fixed".to_owned(),
        );
    }
    let at = match place {
        Some(place) if place.file.as_ref().is_some_and(|name| *name != file.path) => {
            return Err(format!("{place} has the matching line, in an included file"));
        }
        Some(place) => At::Above(place.number),
        None if continued => {
            return Err("its last line ends with a backslash, which would join an added line to it".to_owned());
        }
        None => At::End,
    };
    let rules = rules(settings, Some(server.version), cidrs, encryption);
    Ok(Some(HbaLines {
        lines: std::iter::once(REMARK.to_owned()).chain(rules).collect(),
        at,
        ..edit.clone()
    }))
}

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
fn rules(settings: &Settings, version: Option<u32>, from: &[Cidr], encryption: Encryption) -> Vec<String> {
    let stitch = &settings.stitch;
    let rule = |cidr: &Cidr| new_rule(&stitch.database, &stitch.role, *cidr, encryption, version);
    from.iter().map(rule).collect()
}

/// The line for an address that is not known: `ADDRESS` stands for it.
pub(super) fn line_to_fill_in(settings: &Settings, encryption: Encryption) -> String {
    const SAMPLE: &str = "192.0.2.1";
    let sample: Vec<Cidr> = SAMPLE.parse().into_iter().collect();
    let text = advice(settings, None, &sample, encryption, &Where::Unknown);
    text.replace(&format!(" {SAMPLE}/32 "), " ADDRESS/32 ")
}

/// Says what to write where, and how to make it count.
pub(super) fn advice(
    settings: &Settings,
    version: Option<u32>,
    from: &[Cidr],
    encryption: Encryption,
    place: &Where<'_>,
) -> String {
    let rules = rules(settings, version, from, encryption);
    let rules: Vec<String> = rules.iter().map(|rule| format!("  {rule}")).collect();
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
