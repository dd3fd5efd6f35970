//! What `pg_hba.conf` decides for each address that Stitch may come from.

use std::collections::BTreeMap;

use super::clients::{Certainty, Client, Over, anywhere, clients};
use super::facts::{Freshness, HbaFacts, HbaFile, Resolved, ServerFacts};
use super::lines::{self, Where};
use super::provided;
use super::verdict::{Case, Judgement, Lines, judge};
use crate::change::Plan;
use crate::finding::{Code, Finding, Verdict};
use crate::hba::{Address, Encryption, LocatedRule, Location, Meaning, Networks, Origin, Question, evaluate};
use crate::names::Cidr;
use crate::provider::Provider;
use crate::settings::{BastionServer, Manage, Region, Settings, StitchSsl};

/// When no server was asked: the lines that will be needed.
pub(super) fn not_asked(settings: &Settings) -> Finding {
    let encryption = encryption(settings, None);
    let bastion = match settings.bastion.as_ref().map(|bastion| &bastion.server) {
        Some(BastionServer::Ssh(target)) => Resolved::To(target.host.address().into_iter().collect()),
        _ => Resolved::Unknown,
    };
    let clients = clients(settings, None, &bastion);
    let advice = match (clients.as_slice(), &settings.bastion) {
        ([client], Some(bastion)) if client.certainty == Certainty::Guess => {
            let sees = match cidr(client) {
                Some(from) => format!("{}, or the one it has on PostgreSQL's side", from.address()),
                None => format!("the address that {} has on PostgreSQL's side", bastion.stitch_host),
            };
            let lines = lines::line_to_fill_in(settings, encryption);
            format!("through the tunnel Stitch connects from the SSH server; ADDRESS is {sees}\n{lines}")
        }
        _ => {
            let from: Vec<Cidr> = clients.iter().filter_map(cidr).collect();
            lines::advice(settings, None, &from, encryption, &Where::Unknown)
        }
    };
    Finding::unknown(Code::HbaUnreadable, "pg_hba.conf was not checked").advise(advice)
}

pub(super) fn plan(plan: &mut Plan, settings: &Settings, server: &ServerFacts, bastion: &Resolved) {
    if let HbaFacts::Read(file) = &server.hba {
        return read(plan, settings, server, file, bastion);
    }
    plan.findings.extend(unread(settings, server, bastion));
    if settings.manages(Manage::Hba) {
        let text = "pg_hba.conf cannot be changed by this tool without seeing its rules, which takes a superuser, or PostgreSQL's own machine";
        let advice =
            "a superuser runs stitch-pg with --only allowlist --manage hba, or root runs it on PostgreSQL's machine";
        plan.unknown(Code::HbaNotManaged, text, advice);
    }
}

fn unread(settings: &Settings, server: &ServerFacts, bastion: &Resolved) -> Option<Finding> {
    let forbidden = format!(
        "only a superuser can read the rules of pg_hba.conf, and {:?} is not a superuser",
        server.user
    );
    let text = match &server.hba {
        HbaFacts::Read(_) => return None,
        HbaFacts::Forbidden(_) if server.provider != Provider::SelfHosted => {
            let text = format!(
                "pg_hba.conf is the provider's ({}); other users cannot read it; the provider's allow list decides",
                server.provider.as_str()
            );
            return Some(Finding::unknown(Code::HbaUnreadable, text));
        }
        HbaFacts::Forbidden(None) => forbidden,
        HbaFacts::Forbidden(Some(why)) => format!("{forbidden}; the file could not be read either: {why}"),
        HbaFacts::NoView => "PostgreSQL before 10 does not show the rules of pg_hba.conf".to_owned(),
        HbaFacts::Failed(why) => format!("the server could not show the rules of pg_hba.conf: {why}"),
    };
    let clients = clients(settings, Some(server), bastion);
    let from: Vec<Cidr> = clients.iter().filter_map(cidr).collect();
    let mut advice = LOOK.to_owned();
    // Through a tunnel from an address that is not known there is no line to give.
    if !from.is_empty() {
        let encryption = encryption(settings, Some(server));
        let lines = lines::advice(settings, Some(server.version), &from, encryption, &Where::Unknown);
        advice = format!("{LOOK}\n{lines}");
    }
    Some(Finding::unknown(Code::HbaUnreadable, text).advise(advice))
}

const LOOK: &str = "run stitch-pg as root on PostgreSQL's machine (with --bastion if that is the SSH server), or give a copy with --hba-file FILE\nor a superuser runs stitch-pg with --only allowlist, or checks with:\n  SELECT * FROM pg_hba_file_rules;";

fn read(plan: &mut Plan, settings: &Settings, server: &ServerFacts, file: &HbaFile, bastion: &Resolved) {
    state(plan, file);
    plan.findings.extend(wide(file));
    let encryption = encryption(settings, Some(server));
    let judge = |client| (client, judge_client(settings, server, file, client, encryption));
    let clients = clients(settings, Some(server), bastion).into_iter();
    let judged: Vec<(Client, Judgement)> = clients.map(judge).collect();
    let mut in_need: BTreeMap<Option<Location>, Vec<Cidr>> = BTreeMap::new();
    for (client, judgement) in &judged {
        if judgement.lines == Lines::Wanted {
            in_need.entry(judgement.place.clone()).or_default().extend(cidr(client));
        }
    }
    let is_refused = |(_, judgement): &(Client, Judgement)| judgement.finding.verdict == Verdict::Bad;
    let refused = judged.iter().all(is_refused);
    for (client, judgement) in &judged {
        let mut finding = judgement.finding.clone().about(subject(settings, client));
        let cidrs = in_need.get(&judgement.place).filter(|cidrs| !cidrs.is_empty());
        if let Some(cidrs) = cidrs.filter(|_| judgement.lines == Lines::Wanted) {
            let place = Where::Above {
                file: &file.path,
                place: judgement.place.as_ref(),
            };
            let lines = lines::advice(settings, Some(server.version), cidrs, encryption, &place);
            let advice: Vec<String> = finding.advice.take().into_iter().chain([lines]).collect();
            finding = finding.advise(advice.join("\n"));
        }
        plan.find(finding);
    }
    if refused && settings.bastion.is_none() && server.between.is_none() {
        plan.findings.extend(provided::wrong_one(settings, &file.rules));
    }
    lines::plan(plan, settings, server, file, encryption, &judged);
}

/// Rules that are for every address there is. Only the DBA knows whether that is intended.
fn wide(file: &HbaFile) -> Option<Finding> {
    let is_wide = |found: &LocatedRule<'_>| {
        found.rule.address.as_ref().is_some_and(Address::is_everybody) && found.rule.meaning() != Meaning::Refused
    };
    let wide = file.rules.rules().filter(is_wide);
    let mut lines: Vec<String> = wide.map(|found| found.within(&file.path)).collect();
    let more = lines.len().saturating_sub(MOST_SHOWN);
    lines.truncate(MOST_SHOWN);
    if more > 0 {
        lines.push(format!("{more} more"));
    }
    let text = format!("every address may try to log in ({})", lines.join(" and "));
    let advice = "if this is not intended: allow the addresses that need access, then remove such lines";
    let finding = Finding::unknown(Code::HbaOpenToAll, text)
        .advise(advice)
        .about(&file.path);
    (!lines.is_empty()).then_some(finding)
}

/// Of lines that say the same no more are shown.
const MOST_SHOWN: usize = 3;

/// Whether the rules that were read are the ones in force.
fn state(plan: &mut Plan, file: &HbaFile) {
    let path = &file.path;
    for (place, why) in file.rules.broken() {
        let place = place.within(path);
        let text = format!(
            "the server cannot read {place}: {why}; until you fix it, a reload has no effect and a restart fails"
        );
        let advice = "fix the line, then run: SELECT pg_reload_conf();";
        plan.bad(Code::HbaSyntaxError, text, advice).concerning(place);
    }
    let (code, text, advice) = match file.freshness {
        Freshness::Loaded => return,
        Freshness::Untold => (
            Code::HbaFromFile,
            format!(
                "the rules are from the file {path}; whether it is the server's file and is loaded cannot be checked from here"
            ),
            "a superuser checks with:\n  SELECT * FROM pg_hba_file_rules;",
        ),
        Freshness::EditedSince => (
            Code::HbaNotLoaded,
            format!("{path} was changed after the server last read it, so the old rules apply"),
            "if the change is intended, run: SELECT pg_reload_conf();",
        ),
    };
    plan.unknown(code, text, advice).concerning(path);
}

fn judge_client(
    settings: &Settings,
    server: &ServerFacts,
    file: &HbaFile,
    client: Client,
    encryption: Encryption,
) -> Judgement {
    let role = settings.stitch.role.as_str();
    // A role that this run will make belongs to itself.
    let own = [role.to_owned()];
    let memberships = if server.memberships.is_empty() {
        &own
    } else {
        &server.memberships[..]
    };
    let ask = |from, encryption| {
        let question = Question {
            origin: match client.over {
                Over::Tcp => Origin::Tcp { from, encryption },
                Over::Socket => Origin::Socket,
            },
            database: settings.stitch.database.as_str(),
            role,
            memberships,
            networks: networks(from),
            regexes: &file.regexes,
        };
        evaluate(&file.rules, &question)
    };
    let case = |from| Case {
        answer: ask(from, encryption),
        other: ask(from, encryption.other()),
        encryption,
        stored_as_md5: file.stored_as_md5,
        settings,
        path: &file.path,
    };
    match client.certainty {
        Certainty::Sure => judge(&case(client.from)).made_by(server.between.as_ref().map(|(_, between)| between)),
        Certainty::Guess => {
            // What holds for every address holds for the one that is not known.
            let whatever = judge(&case(anywhere()));
            if whatever.finding.code != Code::HbaUncertain || client.from == anywhere() {
                return whatever;
            }
            judge(&case(client.from)).if_seen_as(&client.from)
        }
    }
}

/// As Stitch will come.
fn encryption(settings: &Settings, server: Option<&ServerFacts>) -> Encryption {
    let between = server.and_then(|server| server.between.as_ref());
    let with_tls = match (between, settings.stitch.ssl) {
        (Some((seen, _)), _) => seen.over_tls == Some(true),
        (None, StitchSsl::On) => true,
        (None, StitchSsl::Off) => false,
        (None, StitchSsl::WhenOffered) => server.is_none_or(|server| server.ssl),
    };
    if with_tls { Encryption::Tls } else { Encryption::Plain }
}

/// Stitch's own addresses belong to no network of the server's; about others nothing is known.
fn networks(from: ipnet::IpNet) -> Networks<'static> {
    if Region::of(from.addr()).is_some() && from.prefix_len() == from.max_prefix_len() {
        Networks::Elsewhere
    } else {
        Networks::Unknown
    }
}

fn cidr(client: &Client) -> Option<Cidr> {
    let from = Some(client.from).filter(|from| *from != anywhere());
    from?.to_string().parse().ok()
}

fn subject(settings: &Settings, client: &Client) -> String {
    match &settings.bastion {
        _ if client.over == Over::Socket => "Unix socket".to_owned(),
        Some(bastion) if client.from == anywhere() => bastion.stitch_host.to_string(),
        _ => client.from.to_string(),
    }
}
