//! PostgreSQL's side: the role's sessions, polled, and what the server's log says since.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use tokio::sync::mpsc::Sender;
use tokio::time::sleep;

use super::Until;
use super::event::{Event, LOST, Outcome, Sign, logged_in, note, tell};
use super::server_log::{ServerLog, Tail};
use crate::explain::Origin;
use crate::settings::Settings;
use crate::sql;
use crate::world::{Reader, Target};

/// Where there is nothing new it is asked again after this time.
const PAUSE: Duration = Duration::from_millis(250);

/// What this login may see, and what the server writes down.
#[derive(Debug, Default, Deserialize)]
struct Sight {
    user: String,
    sessions: bool,
    /// The functions that read the log.
    readable: bool,
    /// `logging_collector`.
    collector: bool,
    destination: String,
    prefix: String,
    connections: String,
}

/// The server's log.
#[derive(Debug, Deserialize)]
struct LogFile {
    file: Option<String>,
    size: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct Poll {
    sessions: Vec<Session>,
    log: Option<Tail>,
}

#[derive(Clone, Debug, Deserialize)]
struct Session {
    pid: i32,
    /// Hidden from a login without the right to see it, as is the address.
    began: Option<String>,
    address: Option<String>,
    database: String,
    tls: Option<String>,
    gss: bool,
    /// It began after the time that counts.
    anew: bool,
}

impl Session {
    fn address(&self) -> Option<IpAddr> {
        self.address.as_ref()?.parse().ok()
    }
}

/// The sessions that are known, and the place in the server's log.
pub(super) struct Activity<'a> {
    settings: &'a Settings,
    sight: Sight,
    question: String,
    since: String,
    log: Option<ServerLog<'a>>,
    known: BTreeMap<(i32, Option<String>), Session>,
    /// Processes whose login was already reported from the log.
    told: BTreeSet<i32>,
}

impl<'a> Activity<'a> {
    /// Sees what there is to be seen.
    pub(super) async fn open(settings: &'a Settings, until: &Until, reader: &mut Reader) -> Result<Self> {
        let version = reader.server().await?.version_num;
        let role = settings.stitch.role.as_str();
        let sight: Option<Sight> = reader.ask(Target::Server, &capability(version), &[role]).await?;
        let sight = sight.unwrap_or_default();
        let mut formats = ["jsonlog", "csvlog"].into_iter();
        let format = formats.find(|format| sight.destination.contains(format));
        let format = format.unwrap_or("stderr");
        let mut log = None;
        if sight.readable && sight.collector {
            let found: Option<LogFile> = reader.ask(Target::Server, FILE, &[format]).await?;
            let found = found.and_then(|found| Some((found.file?, found.size.unwrap_or_default())));
            log = found.map(|(file, size)| ServerLog::new(settings, format, &sight.prefix, &file, size));
        }
        let mut activity = Self {
            settings,
            question: poll(version, log.is_some()),
            since: match until {
                Until::In => "infinity".to_owned(),
                Until::After(time) => time.clone(),
            },
            sight,
            log,
            known: BTreeMap::new(),
            told: BTreeSet::new(),
        };
        let before = activity.poll(reader).await?;
        let before = before.sessions.into_iter().filter(|session| !session.anew);
        activity.known = before.map(|session| (key(&session), session)).collect();
        Ok(activity)
    }

    /// What this login cannot see, and how it could.
    pub(super) fn hidden(&self) -> Vec<(String, String)> {
        let (sight, role, mut hidden) = (&self.sight, &self.settings.stitch.role, Vec::new());
        let user = sql::identifier(&sight.user);
        if !sight.sessions {
            let what = format!("the addresses of the sessions of {role:?}, so Stitch's login cannot be recognised");
            hidden.push((what, format!("a superuser runs: GRANT pg_monitor TO {user};")));
        }
        if self.log.is_none() {
            let next = if sight.collector {
                format!(
                    "a superuser runs: GRANT pg_monitor TO {user}; GRANT EXECUTE ON FUNCTION \
                     pg_catalog.pg_read_binary_file(text, bigint, bigint, boolean) TO {user}; (it opens every file of the data \
                     directory to it)"
                )
            } else {
                "read it on the server's machine or in your provider's console; SQL can read it with logging_collector = on \
                 (restart)"
                    .to_owned()
            };
            let what = "the server's log, so that refused logins cannot be seen";
            hidden.push((what.to_owned(), next));
        }
        if matches!(sight.connections.as_str(), "off" | "") {
            let what = "connections that end before the login, since log_connections is off";
            let next = "a superuser runs: ALTER SYSTEM SET log_connections = on; SELECT pg_reload_conf();";
            hidden.push((what.to_owned(), next.to_owned()));
        }
        hidden
    }

    /// Asks again and again; a lost connection is opened anew.
    pub(super) async fn follow(&mut self, reader: &mut Reader, sender: Sender<Event>) {
        let known = |session| self.login(session, Sign::WasLoggedIn);
        let before: Vec<Event> = self.known.values().map(known).collect();
        tell(&sender, before).await;
        let mut lost = false;
        let process = |reader: &Reader| reader.admin_session().and_then(|session| session.process);
        let mut connection = process(reader);
        loop {
            match self.poll(reader).await {
                Ok(poll) => {
                    lost = false;
                    // A closed connection is opened anew by the question that finds it closed.
                    let now = process(reader);
                    if std::mem::replace(&mut connection, now) != now {
                        note(&sender, Origin::Login, "PostgreSQL is connected again".to_owned()).await;
                    }
                    let mut events = self.compare(poll.sessions);
                    let known = self.known.keys().map(|(process, _)| *process).collect();
                    if let (Some(log), Some(tail)) = (&mut self.log, &poll.log) {
                        events.extend(log.read(tail, &known, &mut self.told));
                    }
                    tell(&sender, events).await;
                    sleep(PAUSE).await;
                }
                Err(error) => {
                    if !std::mem::replace(&mut lost, true) {
                        let text = format!("the connection to PostgreSQL was lost, trying again: {error:#}");
                        note(&sender, Origin::Login, text).await;
                    }
                    sleep(LOST).await;
                }
            }
        }
    }

    async fn poll(&self, reader: &mut Reader) -> Result<Poll> {
        let (format, offset) = self.log.as_ref().map(ServerLog::place).unwrap_or_default();
        let parameters = [self.settings.stitch.role.as_str(), &offset, format, &self.since];
        let poll = reader.ask(Target::Server, &self.question, &parameters).await?;
        poll.context("the database is gone")
    }

    /// What came and what went since the last time.
    fn compare(&mut self, sessions: Vec<Session>) -> Vec<Event> {
        let now: BTreeMap<_, _> = sessions.into_iter().map(|session| (key(&session), session)).collect();
        let came = now.iter().filter(|(key, _)| !self.known.contains_key(*key));
        let came = came.filter(|((pid, _), _)| !self.told.contains(pid));
        let mut events: Vec<Event> = came.map(|(_, session)| self.login(session, Sign::LoggedIn)).collect();
        let went = self.known.iter().filter(|(key, _)| !now.contains_key(*key));
        events.extend(went.map(|(_, session)| {
            let text = format!("the session in {:?} ended", session.database);
            Event::new(Origin::Login, Outcome::Info, session.address(), text)
        }));
        self.told.retain(|pid| !now.keys().any(|(one, _)| one == pid));
        self.known = now;
        events
    }

    fn login(&self, session: &Session, sign: Sign) -> Event {
        let encryption = match (&session.tls, session.gss) {
            (Some(version), _) => version.clone(),
            (None, true) => "GSSAPI encryption".to_owned(),
            (None, false) => "no TLS".to_owned(),
        };
        logged_in(self.settings, session.address(), &session.database, &encryption, sign)
    }
}

fn key(session: &Session) -> (i32, Option<String>) {
    (session.pid, session.began.clone())
}

/// Before PostgreSQL 10 the log has no name that SQL could ask for.
fn capability(version: i32) -> String {
    let (sees_all, readable) = if version < 100_000 {
        ("false", "false")
    } else {
        (
            "pg_has_role(me.oid, (SELECT oid FROM pg_roles WHERE rolname = 'pg_read_all_stats'), 'USAGE')",
            "has_function_privilege('pg_current_logfile(text)', 'EXECUTE')
                 AND has_function_privilege('pg_ls_logdir()', 'EXECUTE')
                 AND has_function_privilege('pg_read_binary_file(text, bigint, bigint, boolean)', 'EXECUTE')",
        )
    };
    format!(
        "SELECT json_build_object(
    'user', current_user,
    'sessions', me.rolsuper OR {sees_all}
        OR coalesce(pg_has_role(me.oid, (SELECT oid FROM pg_roles WHERE rolname = $1), 'USAGE'), false),
    'readable', {readable},
    'collector', current_setting('logging_collector') = 'on',
    'destination', current_setting('log_destination'),
    'prefix', current_setting('log_line_prefix'),
    'connections', current_setting('log_connections'))::text
FROM pg_roles AS me WHERE me.rolname = current_user"
    )
}

/// A question of its own, since functions that are named must be allowed, called or not.
const FILE: &str = "SELECT json_build_object('file', f, 'size',
    (SELECT l.size FROM pg_ls_logdir() AS l WHERE l.name = regexp_replace(f, '^.*/', '')))::text
FROM pg_current_logfile($1) AS f";

fn poll(version: i32, with_log: bool) -> String {
    let (gss, join) = if version < 120_000 {
        ("false", "")
    } else {
        (
            "coalesce(g.encrypted, false)",
            "LEFT JOIN pg_stat_gssapi g ON g.pid = a.pid",
        )
    };
    let clients = if version < 100_000 {
        ""
    } else {
        "AND coalesce(a.backend_type, 'client backend') = 'client backend'"
    };
    let log = if with_log {
        "(SELECT json_build_object('file', f, 'data', encode(pg_read_binary_file(f, $2::bigint, 262144, true), 'base64'))
          FROM pg_current_logfile($3) AS f)"
    } else {
        "NULL"
    };
    format!(
        "SELECT json_build_object(
    'sessions', (SELECT coalesce(json_agg(json_build_object('pid', a.pid, 'began', a.backend_start::text,
                     'address', host(a.client_addr), 'database', a.datname,
                     'tls', CASE WHEN s.ssl THEN s.version END, 'gss', {gss},
                     'anew', coalesce(a.backend_start > $4::timestamptz, false))), '[]')
                 FROM pg_stat_activity a LEFT JOIN pg_stat_ssl s ON s.pid = a.pid {join}
                 WHERE a.usename = $1 {clients}),
    'log', {log})::text"
    )
}
