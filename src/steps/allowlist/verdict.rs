//! What one answer of `pg_hba.conf` means for Stitch, in words. The words leave the address out, so that several
//! addresses with the same verdict can be shown as one.

use std::fmt::Display;

use crate::finding::{Code, Finding, Verdict};
use crate::hba::{Condition, ConnectionKind, Encryption, LocatedRule, Location, LoginVerdict, Meaning};
use crate::settings::Settings;
use crate::world::Intermediary;

/// A question that was answered.
pub(super) struct Case<'a> {
    pub(super) answer: LoginVerdict<'a>,
    /// The same with TLS instead of without, or the other way round.
    pub(super) other: LoginVerdict<'a>,
    pub(super) encryption: Encryption,
    pub(super) stored_as_md5: bool,
    pub(super) settings: &'a Settings,
    pub(super) path: &'a str,
}

/// What became of it.
#[derive(Clone, Debug)]
pub(super) struct Judgement {
    pub(super) finding: Finding,
    /// The line above which ours belong.
    pub(super) place: Option<Location>,
    pub(super) lines: Lines,
}

/// Whether lines of our own would help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lines {
    Wanted,
    Useless,
}

impl Judgement {
    /// The same, when the address is only the likeliest one.
    pub(super) fn if_seen_as(self, address: &impl Display) -> Self {
        let text = format!(
            "the SSH server's address as PostgreSQL sees it is not known; if it is {address}: {}",
            self.finding.text
        );
        let advice = [Some(TELL_THE_ADDRESS), self.finding.advice.as_deref()];
        let advice: Vec<&str> = advice.into_iter().flatten().collect();
        Self {
            finding: Finding::unknown(Code::HbaUncertain, text).advise(advice.join("\n")),
            ..self
        }
    }

    /// The same of a connection that something in between makes. A pooler checks the password itself, so one that PostgreSQL
    /// does not ask for a password, or for its own, is a matter between the two.
    pub(super) fn made_by(mut self, between: Option<&Intermediary>) -> Self {
        let is_pooler = between.is_some_and(|between| *between != Intermediary::Proxy);
        if is_pooler && self.finding.verdict == Verdict::Bad && WITHOUT_A_PASSWORD.contains(&self.finding.code) {
            self.finding.verdict = Verdict::Unknown;
            self.finding.text.push_str("; the pooler asks Stitch for the password");
            self.lines = Lines::Useless;
        }
        self
    }
}

const WITHOUT_A_PASSWORD: [Code; 4] = [
    Code::HbaTrust,
    Code::HbaMethod,
    Code::HbaClientCertificate,
    Code::HbaClearText,
];

const TELL_THE_ADDRESS: &str = "with --via-bastion stitch-pg connects as Stitch will, and sees the address";

/// Says what the answer means.
pub(super) fn judge(case: &Case<'_>) -> Judgement {
    let meaning = case.answer.decides.map(|found| found.rule.meaning());
    let agrees = |rule: Option<&crate::hba::Rule>| rule.is_some_and(|rule| Some(rule.meaning()) == meaning);
    match case.answer.doubts.iter().find(|doubt| !agrees(doubt.rule)) {
        Some(doubt) => {
            let line = doubt.place.within(case.path);
            let rule = doubt.rule.map(|rule| format!(" (`{rule}`)")).unwrap_or_default();
            let text = format!(
                "{line}{rule} {}; if it does not match: {}",
                doubt.why,
                case.decided().finding.text
            );
            Judgement {
                finding: Finding::unknown(Code::HbaUncertain, text),
                place: Some(doubt.place.clone()),
                lines: Lines::Wanted,
            }
        }
        None => case.decided(),
    }
}

impl Case<'_> {
    fn decided(&self) -> Judgement {
        let Some(found) = self.answer.decides else {
            return self.nobody();
        };
        let line = found.within(self.path);
        let (method, login) = (found.rule.method.as_str(), self.login());
        let role = self.settings.stitch.role.as_str();
        let finding = match found.rule.meaning() {
            Meaning::Proved if self.stored_as_md5 && method == "scram-sha-256" => {
                let text = format!(
                    "{line} requires scram-sha-256, but the password of {role:?} is stored as md5: every login fails"
                );
                Finding::bad(Code::HbaMd5Verifier, text).advise(
                    "give --reset-password: the new password is stored as SCRAM; every other user of that role needs it too",
                )
            }
            Meaning::Proved => Finding::good(Code::HbaOk, format!("{line} asks {login} for the password")),
            Meaning::Sent => self.sent(&line),
            Meaning::Open => {
                let text = format!("{line} allows anyone at this address to log in as {role:?} without a password");
                Finding::bad(Code::HbaTrust, text)
            }
            Meaning::Refused => Finding::bad(Code::HbaReject, format!("{line} refuses {login}")),
            Meaning::Certificate => {
                let text = format!("{line} asks {login} for a client certificate, and Stitch has none");
                Finding::bad(Code::HbaClientCertificate, text)
            }
            Meaning::Outside => {
                let text = format!(
                    "{line} uses {method} to check the password; whether it knows {role:?} cannot be checked from here"
                );
                Finding::unknown(Code::HbaExternalAuth, text)
            }
            Meaning::Impossible => {
                let text = format!("{line} asks {login} for {method}, which Stitch cannot do");
                Finding::bad(Code::HbaMethod, text)
            }
        };
        let lines = match finding.code {
            Code::HbaMd5Verifier | Code::HbaExternalAuth | Code::HbaOk => Lines::Useless,
            _ => Lines::Wanted,
        };
        let shadowed = if finding.verdict == Verdict::Bad {
            self.shadowed()
        } else {
            String::new()
        };
        Judgement {
            finding: Finding {
                text: format!("{}{shadowed}{}", finding.text, self.otherwise()),
                ..finding
            },
            place: Some(found.place.clone()),
            lines,
        }
    }

    /// `password`: fine within TLS, and within the tunnel as far as that goes.
    fn sent(&self, line: &str) -> Finding {
        let login = self.login();
        let fine = |how| Finding::good(Code::HbaOk, format!("{line} asks {login} for the password, {how}"));
        match (self.encryption, &self.settings.bastion) {
            (Encryption::Tls, _) => fine("readable to the server but encrypted on the way"),
            (Encryption::Plain, Some(_)) => fine("which is readable between the SSH server and the database"),
            (Encryption::Plain, None) => {
                let text = format!("{line} has {login} send the password readable through the internet");
                Finding::bad(Code::HbaClearText, text)
            }
        }
    }

    fn nobody(&self) -> Judgement {
        let near_misses = self.answer.near_misses.iter();
        let near_misses: Vec<String> = near_misses
            .filter(|(found, _)| matches!(found.rule.meaning(), Meaning::Proved | Meaning::Sent))
            // No client comes over a Unix socket, nor with GSSAPI: lines for those are of no interest.
            .filter(|(found, _)| !matches!(found.rule.kind, ConnectionKind::Local | ConnectionKind::HostGssEnc))
            .take(2)
            .map(|(found, aspect)| {
                let but = match (aspect, self.encryption) {
                    (Condition::Kind, Encryption::Tls) => "for connections without TLS",
                    (Condition::Kind, Encryption::Plain) => "for connections with TLS",
                    (Condition::Address, _) => "for other addresses",
                    (Condition::Database, _) => "for other databases",
                    (Condition::Role, _) => "for other roles",
                };
                format!("; {} (`{}`) is {but}", self.line(found.place), found.rule)
            })
            .collect();
        let text = format!(
            "no rule of {} allows {}{}{}",
            self.path,
            self.login(),
            near_misses.concat(),
            self.otherwise()
        );
        Judgement {
            finding: Finding::bad(Code::HbaNoMatch, text),
            place: None,
            lines: Lines::Wanted,
        }
    }

    fn login(&self) -> String {
        let stitch = &self.settings.stitch;
        format!(
            "{:?} on {:?} {}",
            stitch.role,
            stitch.database,
            self.encryption.as_str()
        )
    }

    fn shadowed(&self) -> String {
        let (here, beside): (Vec<&LocatedRule<'_>>, Vec<_>) =
            self.answer.shadowed.iter().partition(|found| self.is_here(found.place));
        let numbers: Vec<String> = here.iter().map(|found| found.place.number.to_string()).collect();
        let mut lines: Vec<String> = beside.iter().map(|found| self.line(found.place)).collect();
        match numbers.len() {
            0 => {}
            1 => lines.insert(0, format!("line {}", numbers[0])),
            _ => lines.insert(0, format!("lines {}", numbers.join(", "))),
        }
        match self.answer.shadowed.len() {
            0 => String::new(),
            1 => format!("; {}, which matches, is never used", lines.concat()),
            _ => format!("; {}, which match, are never used", lines.join(", ")),
        }
    }

    fn is_here(&self, place: &Location) -> bool {
        place.file.as_ref().is_none_or(|file| file == self.path)
    }

    /// Where a line is that is not the deciding one: mostly in the file that was named already.
    fn line(&self, place: &Location) -> String {
        if self.is_here(place) {
            format!("line {}", place.number)
        } else {
            place.within(self.path)
        }
    }

    /// What would be with TLS instead of without, or the other way round, where that differs.
    fn otherwise(&self) -> String {
        let line = |found: Option<LocatedRule<'_>>| found.map(|found| found.place.clone());
        if line(self.answer.decides) == line(self.other.decides) || !self.other.doubts.is_empty() {
            return String::new();
        }
        let way = self.encryption.other().as_str();
        match self.other.decides {
            Some(found) => {
                let (line, rule) = (self.line(found.place), found.rule);
                format!("; {way}, {line} (`{rule}`) would match first")
            }
            None => format!("; {way}, no rule would match"),
        }
    }
}
