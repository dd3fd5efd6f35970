//! `remove`: removes the lines that this tool put into `pg_hba.conf`. What an administrator opened for Stitch stays open.

use anyhow::Result;
use serde::Deserialize;

use super::inspect::ELSEWHERE;
use super::lines::REMARK;
use crate::change::{Action, Change, Plan};
use crate::finding::Code;
use crate::firewall::{FirewallManager, Rank, marked, rich};
use crate::hba::edit::{At, HbaLines, LineEnd, Running};
use crate::hba::{Encryption, new_rule};
use crate::plural::pluralize;
use crate::settings::Settings;
use crate::shell::{Opening, value};
use crate::step_id::StepId;
use crate::steps::Step;
use crate::world::{Reader, Target};

/// The step's other half.
pub(crate) struct CloseAllowlist;

/// Our lines, where the file can be read.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    seen: RuleState,
    version: u32,
    /// The firewall's rules on the machine that Stitch reaches, where they can be read.
    firewall: Option<String>,
}

#[derive(Debug, Default)]
enum RuleState {
    /// The file is on a machine that this tool cannot check, or this login may not read it.
    #[default]
    No,
    /// It cannot be read, and why.
    Failed(String),
    File {
        path: String,
        printed: String,
        /// The process to signal, where the login may not ask the server to read it again.
        signal: Option<Running>,
    },
}

#[derive(Deserialize)]
struct RulesFile {
    port: u16,
    started: i64,
    /// Only superusers and members of `pg_read_all_settings` may read it.
    hba_file: Option<String>,
}

impl Step for CloseAllowlist {
    const ID: StepId = StepId::Allowlist;
    const WHY: &'static str = "Stitch's addresses no longer need access.";
    const LINK: &'static str = super::Allowlist::LINK;
    type Facts = Facts;

    async fn inspect(settings: &Settings, reader: &mut Reader) -> Result<Facts> {
        let server = reader.server().await?;
        let (superuser, version) = (server.superuser, u32::try_from(server.version_num).unwrap_or_default());
        let mut facts = Facts {
            version,
            ..Facts::default()
        };
        facts.firewall = reader.inspect_firewall().await.ok();
        if settings.database_machine().is_none() {
            return Ok(facts);
        }
        let Some(place) = reader.ask::<RulesFile>(Target::Server, QUESTION, &[]).await? else {
            return Ok(facts);
        };
        let running = Running {
            port: place.port,
            started: Some(place.started),
        };
        let (path, signal, identity) = match place.hba_file {
            Some(path) if superuser => (path, None, None),
            told => match reader.read_hba_files(running, told.as_deref(), version).await {
                Ok(read) => (read.files.main().to_owned(), Some(running), read.identity),
                Err(_) => return Ok(facts),
            },
        };
        facts.seen = match reader.find_hba_lines(&path, REMARK).await {
            Ok(printed) if identity.is_some_and(|wanted| value(&printed, "identity") != Some(&wanted)) => {
                RuleState::Failed(ELSEWHERE.to_owned())
            }
            Ok(printed) => RuleState::File { path, printed, signal },
            Err(error) => RuleState::Failed(format!("{error:#}")),
        };
        Ok(facts)
    }

    fn plan(settings: &Settings, facts: &Facts) -> Plan {
        let mut plan = Plan::default();
        let look = format!("on PostgreSQL's machine search for the line: {REMARK}");
        match &facts.seen {
            RuleState::No => {
                let text = "whether pg_hba.conf has lines of stitch-pg cannot be checked from here";
                plan.unknown(Code::NotRemoved, text, look);
            }
            RuleState::Failed(why) => {
                let text = format!("pg_hba.conf could not be checked: {why}");
                plan.unknown(Code::NotRemoved, text, look);
            }
            RuleState::File { path, printed, signal } => {
                lines(&mut plan, settings, facts.version, path, printed, *signal);
            }
        }
        if let Some(printed) = &facts.firewall {
            close_firewall(&mut plan, settings, printed);
        } else {
            let text = "whether the firewall of that machine has rules of stitch-pg cannot be checked from here";
            let advice = "there, as root, search for the comment stitch-pg:\n  ufw show added";
            plan.unknown(Code::NotRemoved, text, advice);
        }
        let networks: Vec<String> = settings.stitch.allow.iter().map(ToString::to_string).collect();
        let whose = match networks.as_slice() {
            [] => "Stitch's addresses".to_owned(),
            networks => networks.join(", "),
        };
        let text = "firewalls and allow lists that others opened for Stitch stay open";
        let advice = format!("remove {whose} where they are not needed");
        plan.unknown(Code::NotRemoved, text, advice);
        plan
    }
}

fn lines(plan: &mut Plan, settings: &Settings, version: u32, path: &str, printed: &str, signal: Option<Running>) {
    let end = LineEnd::of(printed);
    let blocks = blocks(settings, version, printed);
    if blocks.is_empty() {
        plan.good(Code::Removed, format!("no line of stitch-pg is in {path}"))
            .concerning(path);
    }
    for rules in blocks {
        plan.change(Change {
            summary: format!(
                "remove {} of stitch-pg from {path}, and reload the server",
                pluralize(rules.len(), "line")
            ),
            why: "They allow only Stitch.",
            action: Action::RemoveHbaLines(HbaLines {
                file: path.to_owned(),
                md5: String::new(), // the lines are looked for, wherever they stand by then
                lines: std::iter::once(REMARK.to_owned()).chain(rules).collect(),
                at: At::End,
                end,
                signal,
            }),
            undo: None,
        });
    }
}

/// The rules below each of our remarks, up to the first that is not, letter by letter, what this tool writes for this role
/// and database. Equal blocks count once.
fn blocks(settings: &Settings, version: u32, printed: &str) -> Vec<Vec<String>> {
    let mut blocks: Vec<Vec<String>> = Vec::new();
    let mut open = false;
    for line in printed.lines() {
        if line == "remark=" {
            blocks.push(Vec::new());
            open = true;
        } else if let (Some(rule), true, Some(block)) = (line.strip_prefix("rule="), open, blocks.last_mut()) {
            open = is_ours(settings, version, rule);
            if open {
                block.push(rule.to_owned());
            }
        }
    }
    blocks.retain(|block| !block.is_empty());
    blocks.dedup();
    blocks
}

fn is_ours(settings: &Settings, version: u32, rule: &str) -> bool {
    let Some(Ok(cidr)) = rule.rsplit(' ').nth(1).map(str::parse) else {
        return false;
    };
    let stitch = &settings.stitch;
    [Encryption::Tls, Encryption::Plain]
        .into_iter()
        .any(|encryption| new_rule(&stitch.database, &stitch.role, cidr, encryption, Some(version)) == rule)
}

/// Removes the rules with our mark, which are ufw's. firewalld's have none, so a finding names those that look like ours.
fn close_firewall(plan: &mut Plan, settings: &Settings, printed: &str) {
    let (_, port, machine) = super::facts::entrance(settings);
    let port = port.number();
    let from = marked(printed, port);
    if from.is_empty() {
        let text = format!("no rule of stitch-pg is in the firewall on {machine}");
        plan.good(Code::Removed, text).concerning(machine);
    } else {
        let keeper = FirewallManager::Ufw(Rank::Last);
        let opening = Opening { keeper, from, port };
        plan.change(Change {
            summary: format!(
                "close port {port} on {machine} for {} of Stitch's addresses with ufw",
                opening.from.len()
            ),
            why: "These rules allow only Stitch. Other rules do not change.",
            action: Action::Ingress(opening.close()),
            undo: None, // where a rule must stand to count is found out anew: setup --manage firewall
        });
    }
    for (zone, cidr) in rich(printed, &settings.stitch.allow, port) {
        let opening = Opening {
            keeper: FirewallManager::Firewalld(zone),
            from: vec![cidr],
            port,
        };
        let text = format!(
            "firewalld on {machine} allows {cidr} on port {port}; its rules have no comment, so stitch-pg cannot check whether it made this one"
        );
        let advice = format!("if it is not needed, as root:\n  {}", opening.closing().join("\n  "));
        plan.unknown(Code::NotRemoved, text, advice).concerning(cidr);
    }
}

const QUESTION: &str = "SELECT json_build_object(
    'port', current_setting('port')::int,
    'started', floor(extract(epoch FROM pg_postmaster_start_time()))::bigint,
    'hba_file', (SELECT setting FROM pg_settings WHERE name = 'hba_file'))::text";
