//! Reads the way in: one question to the server, and the addresses of the names that Stitch connects to.

use std::net::IpAddr;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::facts::{Facts, Freshness, HbaFacts, HbaFile, Reach, Resolved, ServerFacts};
use crate::firewall::RulesetDump;
use crate::hba::edit::Running;
use crate::hba::{KnownRegex, Row, from_rows, manager};
use crate::names::{HostName, Port};
use crate::server::PostgresServer;
use crate::settings::{BastionServer, Manage, Route, Settings};
use crate::world::{Reader, Target, probe};

mod file;

pub(super) use file::ELSEWHERE;

/// First version with `pg_hba_file_rules`.
const RULES_VIEW: i32 = 100_000;
/// First version in which `pg_stat_file` and its like take a path outside the data directory, as Debian's is.
const ANYWHERE: i32 = 110_000;

/// A file that changes between two reads is read again at most so often.
const LOOKS: u32 = 10;

/// More rules than this are not judged, so that they cannot fill the memory. No DBA could check so many either.
const RULES_MOST: usize = 10_000;

pub(super) async fn inspect(settings: &Settings, reader: &mut Reader) -> Result<Facts> {
    let server = reader.server().await?.clone();
    let version = u32::try_from(server.version_num).context("the server reports an unknown version")?;
    let between = reader.seen_through_intermediary().await;
    let (mut sum, mut looks) = (None, 0);
    let (mut answer, failure, reach) = loop {
        looks += 1;
        let (answer, failure) = look(settings, reader, &server).await?;
        let reach = match (&answer.hba_file, settings.manages(Manage::Hba)) {
            (Some(path), true) if server.superuser => file::reach(settings, reader, path, answer.sum.as_deref()).await,
            _ => Some(Reach::NotAsked),
        };
        match reach {
            Some(reach) => break (answer, failure, reach),
            None if answer.sum == sum || looks == LOOKS => break (answer, failure, file::another(settings)),
            // Another run may have changed the file in between; then the server's is another one now, too.
            None => sum = answer.sum,
        }
    };
    let hba = match (answer.rules.take(), failure) {
        (_, Some(failure)) => HbaFacts::Failed(failure),
        (None, None) => file::read(settings, reader, &answer, version).await?,
        (Some(rows), None) if rows.len() > RULES_MOST => HbaFacts::Failed(format!(
            "there are more than {RULES_MOST} rules, more than stitch-pg checks"
        )),
        (Some(rows), None) => {
            let told = (answer.hba_file.as_deref(), answer.text.as_deref());
            let written = file::read_text(reader, told, answer.running(), version).await;
            let path = answer.hba_file.unwrap_or_else(|| "pg_hba.conf".to_owned());
            HbaFacts::Read(Box::new(HbaFile {
                rules: from_rows(rows, version).with_quotes_of(&written, &path),
                path,
                regexes: answer.regexes,
                freshness: Freshness::of(answer.edited == Some(true)),
                stored_as_md5: answer.md5 == Some(true),
                manager: answer.header.as_deref().and_then(manager),
                reach,
            }))
        }
    };
    let (dialled, port, bastion) = match &settings.bastion {
        None => (&settings.stitch.host, settings.stitch.port, Resolved::Unknown),
        Some(bastion) => {
            let known = match &bastion.server {
                BastionServer::Local => Resolved::Unknown,
                BastionServer::Ssh(target) => resolve(&target.host, target.port, settings).await,
            };
            (&bastion.stitch_host, bastion.stitch_port, known)
        }
    };
    let knocking = async {
        let was_reached = settings.bastion.is_none() && is_admin_route(settings);
        if was_reached {
            None
        } else {
            probe(dialled, port, settings).await
        }
    };
    // A firewall that is not seen is not worth a failure: the step says so.
    let around = async {
        let was_reached = settings.admin.route == Route::Bastion && is_admin_route(settings);
        let beyond = match settings.bastion {
            Some(_) if !was_reached => reader.probe_from_bastion().await,
            _ => None,
        };
        (beyond, firewall(reader).await)
    };
    let (dialled, port_reachability, (beyond, firewall)) =
        tokio::join!(resolve(dialled, port, settings), knocking, around);
    Ok(Facts {
        server: Some(ServerFacts {
            version,
            provider: server.provider,
            user: server.user,
            hba,
            between,
            ..answer.server
        }),
        dialled,
        port_reachability,
        beyond,
        firewall,
        bastion,
    })
}

/// What the server reports, and why it does not report its rules when it failed to.
async fn look(
    settings: &Settings,
    reader: &mut Reader,
    server: &PostgresServer,
) -> Result<(HbaAnswer, Option<String>)> {
    // Who may call a function is checked before a statement runs, so no CASE can guard the view: who asks decides
    // which question is put.
    if !server.superuser || server.version_num < RULES_VIEW {
        return Ok((ask(settings, reader, &question("")).await?, None));
    }
    let reads_anywhere = server.version_num >= ANYWHERE;
    let freshness = if reads_anywhere { FRESHNESS } else { "" };
    // With the rules in one question: the numbers of their lines are those of that very file.
    let changes_it = reads_anywhere && settings.manages(Manage::Hba);
    let sum = if changes_it { SUM } else { "" };
    match ask(settings, reader, &question(&format!("{}{freshness}{sum}", rules()))).await {
        Ok(answer) => Ok((answer, None)),
        // An hba file that is gone makes the view fail; the rest is worth knowing all the same.
        Err(error) => {
            let rest = ask(settings, reader, &question("")).await?;
            Ok((rest, Some(format!("{error:#}"))))
        }
    }
}

/// Whether the admin's own login used the host and port that Stitch, or the SSH server for it, will connect to.
fn is_admin_route(settings: &Settings) -> bool {
    let (admin, stitch) = (&settings.admin, &settings.stitch);
    admin.host == stitch.host && admin.port == stitch.port
}

async fn firewall(reader: &mut Reader) -> Option<RulesetDump> {
    let text = reader.inspect_firewall().await.ok()?;
    Some(RulesetDump::read(&text)).filter(|printed| !printed.is_empty())
}

async fn ask(settings: &Settings, reader: &mut Reader, question: &str) -> Result<HbaAnswer> {
    let names = [settings.stitch.database.as_str(), settings.stitch.role.as_str()];
    let answer = reader.ask(Target::Server, question, &names).await?;
    answer.context("the server did not answer about its allow list")
}

async fn resolve(host: &HostName, port: Port, settings: &Settings) -> Resolved {
    if host.is_socket() {
        return Resolved::Unknown;
    }
    if let Some(address) = host.address() {
        return Resolved::To(vec![address]);
    }
    let lookup = tokio::net::lookup_host((host.as_str(), port.number()));
    match tokio::time::timeout(settings.timeout, lookup).await {
        Err(_) => Resolved::Failed("no answer in time".to_owned()),
        Ok(Err(error)) => Resolved::Failed(error.to_string()),
        Ok(Ok(found)) => {
            let mut addresses: Vec<IpAddr> = found.map(|socket| socket.ip()).collect();
            addresses.sort_unstable();
            addresses.dedup();
            Resolved::To(addresses)
        }
    }
}

#[derive(Debug, Deserialize)]
struct HbaAnswer {
    #[serde(flatten)]
    server: ServerFacts,
    started: i64,
    loaded: i64,
    /// Only superusers and members of `pg_read_all_settings` may read it.
    hba_file: Option<String>,
    rules: Option<Vec<Row>>,
    #[serde(default)]
    regexes: Vec<KnownRegex>,
    edited: Option<bool>,
    md5: Option<bool>,
    /// The MD5 of the file, where it is to be changed.
    sum: Option<String>,
    /// How the file begins, escaped.
    header: Option<String>,
    /// The file itself, in hexadecimal digits.
    text: Option<String>,
}

impl HbaAnswer {
    /// The server that reported it.
    fn running(&self) -> Running {
        Running {
            port: self.server.port,
            started: Some(self.started),
        }
    }
}

/// One rule more than are judged is asked for, so that too many are seen to be too many.
fn rules() -> String {
    RULES.replace("/* most */", &(RULES_MOST + 1).to_string())
}

fn question(more: &str) -> String {
    format!("SELECT json_build_object({EVERYBODY}{more})::text")
}

/// What any login may read; where the file is only some. `$1` is the database, `$2` the role. Memberships as `pg_hba` counts them: granted ones, at
/// any distance, whether inherited or not; superusers belong to nothing more.
const EVERYBODY: &str = "
    'listen_addresses', current_setting('listen_addresses'),
    'listen_source', (SELECT CASE WHEN source <> 'command line' AND coalesce(current_setting('allow_alter_system', true), 'on') <> 'on' THEN 'managed' ELSE source END
        FROM pg_settings WHERE name = 'listen_addresses'),
    'port', current_setting('port')::int,
    'ssl', current_setting('ssl') = 'on',
    'database', $1::text,
    'client', host(inet_client_addr()),
    'started', floor(extract(epoch FROM pg_postmaster_start_time()))::bigint,
    'loaded', floor(extract(epoch FROM pg_conf_load_time()))::bigint,
    'hba_file', (SELECT setting FROM pg_settings WHERE name = 'hba_file'),
    'memberships', (
        WITH RECURSIVE m(oid) AS (
            SELECT oid FROM pg_roles WHERE rolname = $2
            UNION SELECT a.roleid FROM pg_auth_members AS a JOIN m ON a.member = m.oid)
        SELECT coalesce(json_agg(r.rolname ORDER BY r.rolname), '[]') FROM pg_roles AS r JOIN m USING (oid))";

/// What a superuser may read. The regular expressions are tried by the server's own engine, with the collation that
/// hba.c uses.
const RULES: &str = "
    , 'rules', (SELECT coalesce(json_agg(to_json(r)), '[]') FROM (SELECT * FROM pg_hba_file_rules LIMIT /* most */) AS r)
    , 'regexes', (
        SELECT coalesce(json_agg(json_build_object('pattern', substr(p, 2), 'subject', s,
                                                   'matches', s COLLATE \"C\" ~ substr(p, 2))), '[]')
        FROM (SELECT DISTINCT unnest(database || user_name) AS p FROM pg_hba_file_rules) AS patterns,
             unnest(ARRAY[$1::text, $2::text]) AS s
        WHERE p LIKE '/%' AND current_setting('server_version_num')::int >= 160000)
    , 'md5', (SELECT rolpassword LIKE 'md5%' FROM pg_authid WHERE rolname = $2)";

const FRESHNESS: &str = "
    , 'text', CASE WHEN (pg_stat_file(current_setting('hba_file'))).size <= 2097152 THEN encode(pg_read_binary_file(current_setting('hba_file')), 'hex') END
    , 'header', encode(pg_read_binary_file(current_setting('hba_file'), 0, 8192, true), 'escape')
    , 'edited', (pg_stat_file(current_setting('hba_file'), true)).modification > pg_conf_load_time()";

const SUM: &str = "
    , 'sum', md5(pg_read_binary_file(current_setting('hba_file')))";
