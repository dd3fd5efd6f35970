//! Which hop is likely to blame when Stitch's own check fails: its word, which is short, held against what this run has
//! found itself.

use crate::finding::{Code, Finding, Section, Verdict};

/// What to do next about a check that failed.
pub(super) fn likely_cause(found: &[Finding]) -> String {
    // The first hop that a connection of Stitch's passes; then, by the order of the codes, what is about no hop.
    let wrong = found.iter().filter(|finding| finding.verdict == Verdict::Bad);
    let first_hop = |finding: &Finding| finding.hops().iter().min().copied();
    // What is about the way itself tells more than what is about a setting behind it.
    let is_behind = |finding: &Finding| {
        let section = finding.code.section();
        !matches!(section, Section::Allowlist | Section::SshUser | Section::Connection)
    };
    let likely = wrong.min_by_key(|finding| {
        let hop = first_hop(finding);
        (hop.is_none(), hop, is_behind(finding), finding.code)
    });
    if let Some(finding) = likely {
        let advice = finding
            .advice
            .as_ref()
            .map_or_else(String::new, |advice| format!("; {advice}"));
        return format!(
            "the likely cause is what the step {} found: {}{advice}",
            finding.code.section().as_str(),
            finding.text
        );
    }
    let unseen = found.iter().find(|finding| finding.code == Code::FirewallUnseen);
    let logged_in = found.iter().any(|finding| finding.code == Code::LoginWorks);
    match (logged_in, unseen) {
        (true, Some(unseen)) => format!(
            "the same login works from here, so the likely cause is the way from Stitch's addresses: {}{}",
            unseen.text,
            unseen.advice.as_ref().map_or_else(String::new, |advice| format!("; {advice}"))
        ),
        (true, None) => "the same login works from here, so the likely cause is the way from Stitch's addresses: firewalls and \
                         allow lists, stitch-pg check --only allowlist lists them; or a password in Stitch that is not the \
                         role's (--send-password)"
            .to_owned(),
        (false, _) => "nothing is known here about the way: stitch-pg check walks it, hop by hop".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_hop_that_is_wrong_is_named() {
        let role = Finding::bad(Code::PasswordWrong, "the password is wrong");
        let hba = Finding::bad(Code::HbaNoMatch, "no rule lets it in").advise("add a line");
        let login = Finding::good(Code::LoginWorks, "it logs in");
        let unseen = Finding::unknown(Code::FirewallUnseen, "a security group stands in between").advise("open it");
        let cause = |found: &[&Finding]| {
            let found: Vec<Finding> = found.iter().map(|finding| (*finding).clone()).collect();
            likely_cause(&found)
        };
        assert_eq!(
            cause(&[&role, &login, &unseen, &hba]),
            "the likely cause is what the step allowlist found: no rule lets it in; add a line"
        );
        assert!(cause(&[&role, &unseen]).contains("the password is wrong"));
        assert!(cause(&[&login, &unseen]).ends_with("a security group stands in between; open it"));
        assert!(cause(&[&login]).contains("works from here"));
        assert!(cause(&[&unseen]).contains("nothing is known here"));
    }
}
