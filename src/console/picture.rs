//! The picture of the path from Stitch to the database: the whole of it in a line, and below it one line a hop.

use crate::console::style::{Style, Symbols};
use crate::finding::Verdict;
use crate::report::Report;
use crate::report::path::{Hop, hops};
use crate::settings::Settings;
use crate::visible;

/// Words that fit behind a hop.
const LONGEST: usize = 140;

/// The picture, for people.
pub(super) fn text(look: &Style, report: &Report, settings: &Settings) -> String {
    let hops = hops(report, settings);
    let (first, rest): (Vec<&Hop>, Vec<&Hop>) = hops.iter().partition(|hop| hop.from.starts_with("Stitch"));
    let title = "Connection path (only Stitch itself can test the first hop):";
    let mut lines = vec![look.fold("", 0, title)];
    for start in &first {
        let mut line = format!("  {}", start.from);
        let mut open = true;
        for hop in std::iter::once(start).chain(&rest) {
            // What lies behind a hop that does not hold is not reached.
            let verdict = if open { hop.verdict } else { Verdict::Unknown };
            line.extend([" ", &arrow(look.symbols, verdict), " ", &hop.to]);
            open &= hop.verdict != Verdict::Bad;
        }
        lines.push(visible::one_line(&line));
    }
    for hop in &hops {
        let lead = format!("    {} {} to {}: ", sign(look.symbols, hop.verdict), hop.from, hop.to);
        lines.push(look.fold(&visible::one_line(&lead), 6, &visible::one_line(&short(&hop.why))));
    }
    lines.join("\n")
}

/// The sign on a line between two places.
fn arrow(symbols: Symbols, verdict: Verdict) -> String {
    let line = if symbols == Symbols::Unicode { "─" } else { "-" };
    format!("{line}{}{line}", sign(symbols, verdict))
}

fn sign(symbols: Symbols, verdict: Verdict) -> &'static str {
    match (symbols, verdict) {
        (Symbols::Unicode, Verdict::Good) => "✓",
        (Symbols::Unicode, Verdict::Bad) => "✗",
        (Symbols::Ascii, Verdict::Good) => "ok",
        (Symbols::Ascii, Verdict::Bad) => "XX",
        (_, Verdict::Unknown) => "?",
    }
}

/// The first words; the step's finding has the rest.
fn short(text: &str) -> String {
    let Some((end, _)) = text.char_indices().nth(LONGEST) else {
        return text.to_owned();
    };
    let cut = &text[..end];
    format!("{} ...", cut.rsplit_once(' ').map_or(cut, |(words, _)| words))
}
