//! `--manage hba`: the lines that are advised elsewhere, as a change of this tool's own.

use super::clients::{Certainty, Client};
use super::facts::{HbaFile, Reach, ServerFacts};
use super::fixes;
use super::verdict::{Judgement, Lines};
use crate::change::{Action, Change, Plan};
use crate::finding::{Code, Verdict};
use crate::hba::edit::{At, HbaLines};
use crate::hba::{Encryption, Location};
use crate::names::Cidr;
use crate::plural::pluralize;
use crate::settings::Settings;

/// Stands above our lines, so that people know whose they are.
pub(super) const REMARK: &str = "# Added by stitch-pg (--manage hba), to allow Stitch:";

/// The change that lets every client in who is certain to come and is kept out; or why there is none.
pub(super) fn plan(
    plan: &mut Plan,
    settings: &Settings,
    server: &ServerFacts,
    file: &HbaFile,
    encryption: Encryption,
    judged: &[(Client, Judgement)],
) {
    let in_need: Vec<&(Client, Judgement)> = judged
        .iter()
        .filter(|(client, judgement)| {
            let kept_out = judgement.finding.verdict != Verdict::Good && judgement.lines == Lines::Wanted;
            kept_out && client.certainty == Certainty::Sure
        })
        .collect();
    let cidrs: Vec<Cidr> = in_need
        .iter()
        .filter_map(|(client, _)| client.from.to_string().parse().ok())
        .collect();
    if cidrs.is_empty() {
        return;
    }
    if let Some(manager) = &file.manager {
        let lines = fixes::rules(settings, Some(server.version), &cidrs, encryption);
        let lines: Vec<String> = lines.iter().map(|line| format!("  {line}")).collect();
        plan.unknown(
            Code::HbaGenerated,
            format!(
                "{} is written by {} ({:?}), which will overwrite added lines, so stitch-pg adds none",
                file.path, manager.name, manager.line
            ),
            format!("{}:\n{}", manager.way, lines.join("\n")),
        )
        .concerning(&file.path);
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
            plan.unknown(
                Code::HbaNotManaged,
                format!("stitch-pg cannot change {}: {why}", file.path),
                "add the lines by hand",
            )
            .concerning(&file.path);
        }
    }
}

/// The first of the deciding lines, in the order in which the server tries them: above it our lines come before all of
/// them. None: no line matches anybody.
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
    let (md5, end, continued, signal) = match &file.reach {
        Reach::NotAsked => return Ok(None),
        Reach::No(why) => return Err(why.clone()),
        Reach::Yes {
            md5,
            end,
            continued,
            signal,
        } => (md5, *end, *continued, *signal),
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
    let rules = fixes::rules(settings, Some(server.version), cidrs, encryption);
    Ok(Some(HbaLines {
        file: file.path.clone(),
        md5: md5.clone(),
        lines: std::iter::once(REMARK.to_owned()).chain(rules).collect(),
        at,
        end,
        signal,
    }))
}
