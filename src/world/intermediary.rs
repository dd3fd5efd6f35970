//! What stands between us and PostgreSQL, by what PostgreSQL sees of a connection. A pooler reports a process number of its own at
//! login, which is not the one that the server process has; what passes bytes on leads to another address or port than the one that
//! was connected to; and only Pgpool-II knows the setting `pool_version`.

use std::net::IpAddr;
use std::sync::Arc;

use serde::Deserialize;
use tokio_postgres::SimpleQueryMessage;

use crate::settings::Settings;
use crate::world::failure::Layer;
use crate::world::login::Session;
use crate::world::reader::Reader;

/// What stands between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Intermediary {
    /// A pooler with one server session for each client, as long as it stays; or one that hides how.
    SessionPooler,
    /// A pooler with one for each transaction, or statement.
    SharedPooler,
    /// Pgpool-II, and its version.
    Pgpool(String),
    /// Something that passes on what it gets: a load balancer, a forwarded port.
    Proxy,
}

/// What PostgreSQL sees of a connection.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct SeenConnection {
    /// The server process.
    pub(crate) process: i32,
    /// Where it comes from; none: a Unix socket.
    pub(crate) client: Option<IpAddr>,
    /// The server's own address and port that it came to.
    pub(crate) address: Option<IpAddr>,
    pub(crate) server_port: Option<u16>,
    /// Whether TLS is around it.
    pub(crate) over_tls: Option<bool>,
    pub(crate) standby: bool,
    /// Whether it has standbys of its own.
    #[serde(default)]
    replicated: bool,
    #[serde(default)]
    started: String,
}

/// [`SeenConnection`], as parts of a JSON object.
macro_rules! seen_connection {
    () => {
        "'process', pg_catalog.pg_backend_pid(), 'client', pg_catalog.host(pg_catalog.inet_client_addr()),
    'address', pg_catalog.host(pg_catalog.inet_server_addr()), 'server_port', pg_catalog.inet_server_port(),
    'over_tls', (SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid()),
    'standby', pg_catalog.pg_is_in_recovery(), 'replicated', EXISTS (SELECT FROM pg_catalog.pg_stat_replication),
    'started', pg_catalog.pg_postmaster_start_time()::text"
    };
}
pub(crate) use seen_connection;

const SEEN: &str = concat!("SELECT pg_catalog.json_build_object(", seen_connection!(), ")::text");
const PROCESS: &str = "SELECT to_json(pg_backend_pid())::text";

/// So often are two sessions asked in turn which process serves them.
const TURNS: u32 = 3;

/// So many logins are held against the first: a load balancer that takes turns shows each of its servers.
const LOGINS: u32 = 4;

impl Intermediary {
    /// For people, as the subject of a sentence.
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Self::SessionPooler | Self::SharedPooler => "a connection pooler",
            Self::Pgpool(_) => "Pgpool-II",
            Self::Proxy => "a load balancer or a forwarded port",
        }
    }
}

impl Session {
    /// Whether the process that was named at the login is not the one that answers.
    pub(crate) fn is_pooled(&self, seen: &SeenConnection) -> bool {
        self.process.is_some_and(|told| told != seen.process)
    }
}

impl Reader {
    /// What this login came through, if anything; it was made to the address that Stitch connects to.
    pub(crate) async fn intermediary(&mut self, session: &Session, seen: &SeenConnection) -> Option<Intermediary> {
        let is_pooled = session.is_pooled(seen);
        if !is_pooled && !is_passed_on(&self.settings, session, seen) {
            return None;
        }
        if let Some(version) = pgpool_version(session).await {
            return Some(Intermediary::Pgpool(version));
        }
        if !is_pooled {
            return Some(Intermediary::Proxy);
        }
        // Where sessions are shared, another one is served by the same process, or this one by another. Which it is changes
        // with what else is under way, so it is asked more than once.
        let second = self.stitch_session(&self.settings.stitch.database.clone()).await;
        let Ok(second) = second else {
            return Some(Intermediary::SessionPooler);
        };
        for _ in 0..TURNS {
            for (session, is_first) in [(&second, false), (session, true)] {
                match session.ask::<i32>(PROCESS, &[]).await {
                    Ok(process) if (process == seen.process) != is_first => return Some(Intermediary::SharedPooler),
                    Ok(_) => {}
                    Err(_) => return Some(Intermediary::SessionPooler),
                }
            }
        }
        Some(Intermediary::SessionPooler)
    }

    /// What PostgreSQL sees of a login over the way that Stitch takes, where something in between makes that login.
    pub(crate) async fn seen_through_intermediary(&mut self) -> Option<(SeenConnection, Intermediary)> {
        let (admin, stitch) = (&self.settings.admin, &self.settings.stitch);
        if stitch.host.is_socket() {
            return None;
        }
        let session = if admin.host == stitch.host && admin.port == stitch.port {
            self.admin_session()?
        } else {
            Arc::new(self.log_in_there().await?)
        };
        let seen: SeenConnection = session.ask(SEEN, &[]).await.ok()?;
        let what = self.intermediary(&session, &seen).await?;
        Some((seen, what))
    }

    /// As Stitch; while there is no such role, as the administrator.
    async fn log_in_there(&mut self) -> Option<Session> {
        if self.settings.stitch.password.secret().is_some() {
            match self.stitch_session(&self.settings.stitch.database.clone()).await {
                Ok(session) => return Some(session),
                // Where nothing answers, nothing answers the administrator either; each try may take the whole time-out.
                Err(failure) if failure.layer < Layer::Authentication => return None,
                Err(_) => {}
            }
        }
        self.log_in_there_as_admin().await.ok()
    }

    /// Where logins over the way that Stitch takes come to several servers: what each is, and how many came to it.
    pub(crate) async fn servers_behind(&mut self, first: &SeenConnection) -> Vec<(SeenConnection, u32)> {
        let mut servers = vec![(first.clone(), 1)];
        for _ in 0..LOGINS {
            let Some(session) = self.log_in_there().await else {
                continue;
            };
            let Ok(seen) = session.ask::<SeenConnection>(SEEN, &[]).await else {
                continue;
            };
            match servers.iter_mut().find(|(known, _)| known.is_same_server(&seen)) {
                Some((_, count)) => *count += 1,
                None => servers.push((seen, 1)),
            }
        }
        servers
    }
}

impl SeenConnection {
    /// A server that was restarted in between is another one for a load, too.
    fn is_same_server(&self, other: &Self) -> bool {
        (self.address, self.server_port, &self.started) == (other.address, other.server_port, &other.started)
    }

    /// For people: where that server is, and what it is.
    pub(crate) fn server(&self) -> String {
        let kind = if self.standby { "standby" } else { "primary" };
        match (self.address, self.server_port) {
            (Some(address), Some(port)) => format!("{address}:{port} ({kind})"),
            _ => format!("a Unix socket ({kind})"),
        }
    }

    /// Whether other servers have the same data, so that something in between may lead to them.
    pub(crate) fn has_relatives(&self) -> bool {
        self.standby || self.replicated
    }
}

/// Whether the connection came to another place than it was made to. Where addresses are translated on the way, only another port
/// proves that. Where the client is the very machine that was connected to, the connection was made anew there.
fn is_passed_on(settings: &Settings, session: &Session, seen: &SeenConnection) -> bool {
    if settings.stitch.host.is_socket() {
        return false;
    }
    if seen
        .server_port
        .is_none_or(|port| port != settings.stitch.port.number())
    {
        return true;
    }
    let Some(peer) = session.peer.map(|peer| peer.ip().to_canonical()) else {
        return false;
    };
    seen.address != Some(peer) && (seen.client == Some(peer) || seen.client == seen.address)
}

/// PostgreSQL knows no such setting, Pgpool-II answers in its place.
#[expect(clippy::disallowed_methods, reason = "it shows a setting")]
async fn pgpool_version(session: &Session) -> Option<String> {
    let asking = session.client.simple_query("SHOW pool_version");
    let answer = tokio::time::timeout(session.limit, asking).await.ok()?.ok()?;
    answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(ToOwned::to_owned),
        _ => None,
    })
}
