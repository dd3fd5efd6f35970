//! The script for the administrator of firewalls: the provider's commands to be run, all else as remarks. What only the
//! provider's console knows is a variable, so that nothing runs before it is set.

use std::fmt::Write as _;

use crate::finding::{Code, Finding, grouped};
use crate::provider::Provider;
use crate::provider::allow_list::PLACEHOLDERS;
use crate::settings::Settings;
use crate::visible;

/// What stands in capitals in the commands, and what to put there.
fn placeholders() -> impl Iterator<Item = (&'static str, &'static str)> {
    let definitions = Provider::ALL.into_iter().map(Provider::definition);
    let own = definitions.flat_map(|definition| definition.placeholders);
    PLACEHOLDERS.iter().chain(own).copied()
}

pub(super) fn script<'a>(settings: &Settings, origin: &str, findings: impl Iterator<Item = &'a Finding>) -> String {
    let mut holes = Vec::new();
    let mut body = String::new();
    for (finding, subjects) in grouped(findings) {
        let _ = writeln!(body, "\n# {}", finding.text.replace('\n', "\n# "));
        if !subjects.is_empty() {
            let _ = writeln!(body, "#   {}", visible::one_line(&subjects.join(", ")));
        }
        let advice = finding.advice.as_deref().unwrap_or_default();
        for line in advice.lines() {
            match line.strip_prefix("  ") {
                Some(command) if is_to_be_run(settings, finding.code) => {
                    let _ = writeln!(body, "{}", filled(command, &mut holes));
                }
                _ => {
                    let _ = writeln!(body, "#   {line}");
                }
            }
        }
    }
    let mut out = String::from(HEADER) + origin + "set -eu\n";
    if !holes.is_empty() {
        out.push_str("\n# Set these values of your provider first: NAME=value sh FILE\n");
    }
    for (variable, what) in holes {
        let _ = writeln!(out, ": \"${{{variable}:?{what}}}\"");
    }
    out + &body
}

/// Whether the commands of that advice are the provider's: those for the server itself are for the server's administrator.
fn is_to_be_run(settings: &Settings, code: Code) -> bool {
    let provider = settings.provider().filter(|_| settings.bastion.is_none());
    let of_provider = provider.is_some_and(|provider| provider.definition().commands.is_some());
    code == Code::ProviderListMissing || (code == Code::FirewallNotChecked && of_provider)
}

/// The command with variables for what is in capitals.
fn filled(command: &str, holes: &mut Vec<(String, &'static str)>) -> String {
    let mut text = command.to_owned();
    for (hole, what) in placeholders() {
        let variable = hole.replace(',', "_");
        let mut from = 0;
        while let Some(at) = text[from..].find(hole).map(|at| at + from) {
            let end = at + hole.len();
            let is_part = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || "_$\"{".contains(c));
            if is_part(text[..at].chars().next_back()) || is_part(text[end..].chars().next()) {
                from = end;
                continue;
            }
            let replacement = format!("\"${variable}\"");
            text.replace_range(at..end, &replacement);
            from = at + replacement.len();
            if !holes.iter().any(|(known, _)| *known == variable) {
                holes.push((variable.clone(), what));
            }
        }
    }
    text
}

const HEADER: &str = "\
#!/bin/sh
# For the admin of the cloud provider's firewalls. Written by stitch-pg, which runs none of it.
# Log in with the provider's own tool, with the right to change the instance's network rules. Then run: sh FILE
# Then check: stitch-pg check
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_become_variables() {
        let mut holes = Vec::new();
        let text = "x --group-id GROUP --n=PRESENT,NETWORKS,1.2.3.4/32 --GROUPS MYGROUP";
        assert_eq!(
            filled(text, &mut holes),
            "x --group-id \"$GROUP\" --n=\"$PRESENT_NETWORKS\",1.2.3.4/32 --GROUPS MYGROUP"
        );
        let variables: Vec<&str> = holes.iter().map(|(variable, _)| variable.as_str()).collect();
        assert_eq!(variables, ["PRESENT_NETWORKS", "GROUP"]);
    }
}
