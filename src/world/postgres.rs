//! The admin's connections to PostgreSQL, one a database, opened when first needed, and Stitch's own login.

mod ahead;
mod cancel;
mod hello;
mod log_in_ahead;
mod question;
mod startup;
mod stitch;

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use futures_util::future::join3;
use tokio_postgres::error::SqlState;

use crate::finding::Code;
use crate::names::DatabaseName;
use crate::secret::Secret;
use crate::server::PostgresServer;
use crate::world::access::Access;
use crate::world::failure::{Failure, Layer};
use crate::world::login::{AdminLogin, Session, log_in};
use crate::world::reader::Reader;
use crate::world::wire::Wire;

use ahead::Ahead;
use hello::hello;
pub(crate) use question::ask;
use startup::{MAKE_READ_ONLY, behind_pooler, is_closed, is_for_read_only, role_refused, startup_options, too_short};

/// The administrator's connections of one run, and what was learned by them.
#[derive(Default)]
pub(super) struct Connections {
    sessions: BTreeMap<String, Arc<Session>>,
    /// Second connections to a database, for work that is shared out or watched.
    seconds: BTreeMap<String, Arc<Session>>,
    /// The database the first login succeeded in.
    home: Option<String>,
    /// A pooler refused our startup options.
    pooled: bool,
    server: Option<PostgresServer>,
    /// The first failure to get in at all, so that later steps do not wait for the same again.
    failure: Option<Failure>,
    /// A function that is called at logins needs to write.
    writes_at_login: bool,
    /// Limits set for the admin's login that would cut off our own work.
    unbounded: Vec<String>,
    /// Databases that exist and do not let the admin's login in, each with what the server said.
    closed_reason: BTreeMap<String, Failure>,
    ahead: Ahead,
}

impl Connections {
    fn all(&self) -> impl Iterator<Item = &Arc<Session>> {
        self.sessions.values().chain(self.seconds.values())
    }
}

impl Reader {
    /// What the server is, as far as it was reached.
    pub(crate) fn known_server(&self) -> Option<&PostgresServer> {
        self.connections.server.as_ref()
    }

    /// The administrator's password, where one was given or asked for.
    pub(crate) fn admin_password(&self) -> Option<&Secret> {
        self.settings.admin.password.as_ref()
    }

    /// The administrator's first connection, where there is one.
    pub(crate) fn admin_session(&self) -> Option<Arc<Session>> {
        let home = self.connections.home.as_ref()?;
        self.connections.sessions.get(home).map(Arc::clone)
    }

    /// The database that the administrator's login came to: another one where the wanted one is missing or closed.
    pub(crate) fn admin_database(&self) -> Option<DatabaseName> {
        self.connections.home.as_ref()?.parse().ok()
    }

    /// Logs in where needed and says what the server is.
    pub(crate) async fn server(&mut self) -> Result<&PostgresServer> {
        if self.connections.server.is_none() {
            let home = self.home().await?;
            let session = self
                .connections
                .sessions
                .get(&home)
                .context("the first connection is gone")?;
            let hello_first = hello(session, &self.settings.admin);
            let (mut server, targets, ()) =
                join3(hello_first, self.targets_ahead(session), self.make_read_only(session)).await;
            let limits = match &server {
                Ok(server) => server.limits(),
                Err(error) => too_short(error, &session.announced_version)
                    .iter()
                    .map(|name| (*name).to_owned())
                    .collect(),
            };
            if !limits.is_empty() && !self.connections.pooled {
                // The session that was limited is closed first: it counts against the limits of connections.
                self.connections.sessions.remove(&home);
                self.connections.unbounded = limits;
                let session = self.open(&home).await?;
                if server.is_err() {
                    server = hello(&session, &self.settings.admin).await;
                }
                self.connections.sessions.insert(home.clone(), Arc::new(session));
            }
            let server = server?;
            self.connections.server = Some(PostgresServer {
                pooled: self.connections.pooled,
                ..server
            });
            if let Some(targets) = targets.filter(|_| !self.connections.pooled) {
                self.start_ahead(&targets, &home);
            }
        }
        self.connections.server.as_ref().context("the server was not asked")
    }

    /// The database that every question without a database of its own goes to. Tries the admin's, then the target, then
    /// `template1`: a maintenance database called `postgres` is a custom, not a law.
    pub(super) async fn home(&mut self) -> Result<String> {
        if let Some(home) = &self.connections.home {
            return Ok(home.clone());
        }
        if let Some(failure) = &self.connections.failure {
            bail!(failure.clone());
        }
        let wanted = self.settings.admin.database.to_string();
        let mut first = None;
        for name in [
            wanted,
            self.settings.stitch.database.to_string(),
            "template1".to_owned(),
        ] {
            match self.open(&name).await {
                Ok(session) => {
                    self.connections.sessions.insert(name.clone(), Arc::new(session));
                    self.connections.home = Some(name.clone());
                    return Ok(name);
                }
                Err(failure) => {
                    let elsewhere = failure.layer == Layer::Database
                        && failure.is_one_of(&[SqlState::INVALID_CATALOG_NAME, SqlState::INSUFFICIENT_PRIVILEGE]);
                    first.get_or_insert(failure);
                    if !elsewhere {
                        break;
                    }
                }
            }
        }
        let failure =
            first.unwrap_or_else(|| Failure::new(Layer::Tcp, Code::LoginTcpUnreachable, "no connection was tried"));
        self.connections.failure = Some(failure.clone());
        bail!(failure)
    }

    /// How many sessions are open, which count against every limit.
    pub(crate) fn own_sessions(&self) -> i64 {
        let open = self.connections.all().filter(|session| !session.client.is_closed());
        i64::try_from(open.count()).unwrap_or_default()
    }

    /// Closes them all; they are opened anew when they are needed.
    fn close_sessions(&mut self) {
        self.connections.sessions.clear();
        self.connections.seconds.clear();
    }

    /// Why a database that exists did not let the admin's login in, when it was last tried.
    pub(crate) fn closed_reason(&self, database: &DatabaseName) -> Option<&Failure> {
        self.connections.closed_reason.get(database.as_str())
    }

    /// The connection to one database; `None` when there is no such database, or none that lets this login in.
    pub(super) async fn session(&mut self, database: &str) -> Result<Option<&Arc<Session>>> {
        self.server().await?;
        let known = self.connections.sessions.get(database);
        if known.is_none_or(|session| session.client.is_closed()) {
            let opened = match self.admin_ahead(database).await {
                Some(session) => Ok(session),
                None => self.open(database).await,
            };
            match opened {
                Ok(session) => {
                    self.connections.closed_reason.remove(database);
                    self.connections.sessions.insert(database.to_owned(), Arc::new(session));
                }
                Err(failure) if failure.is(&SqlState::INVALID_CATALOG_NAME) => return Ok(None),
                // No CONNECT, `datallowconn` off, a connection limit of 0: an answer about that database, not the end.
                Err(failure) if failure.layer == Layer::Database && is_closed(&failure) => {
                    self.connections.closed_reason.insert(database.to_owned(), failure);
                    return Ok(None);
                }
                Err(failure) => bail!(failure),
            }
        }
        Ok(self.connections.sessions.get(database))
    }

    /// A second connection to a database that there is a first one to.
    pub(super) async fn second(&mut self, database: &str) -> Result<Arc<Session>, Failure> {
        match self.connections.seconds.get(database) {
            Some(session) if !session.client.is_closed() => Ok(Arc::clone(session)),
            _ => {
                let session = Arc::new(self.open(database).await?);
                self.connections
                    .seconds
                    .insert(database.to_owned(), Arc::clone(&session));
                Ok(session)
            }
        }
    }

    /// The first session does not start so: its first question is what the server itself has set. A pooler gives the session
    /// to others, so nothing is set in it; there, each question is read-only by itself.
    async fn make_read_only(&self, session: &Session) {
        if let (Access::ReadOnly, Some(process)) = (self.access, session.process) {
            let question = MAKE_READ_ONLY.replace("/* process */", &process.to_string());
            let _ = session.ask::<Option<String>>(&question, &[]).await;
        }
    }

    async fn open(&mut self, database: &str) -> Result<Session, Failure> {
        let mut access = if self.connections.writes_at_login || self.connections.home.is_none() {
            Access::ReadWrite
        } else {
            self.access
        };
        let mut login = self.admin_login(database);
        login.options = Some(self.options(access));
        loop {
            let failure = match log_in(&login, || self.reach(&login)).await {
                Ok(session) => return Ok(session),
                Err(failure) => failure,
            };
            if is_for_read_only(access, &failure) {
                access = Access::ReadWrite;
                self.connections.writes_at_login = true;
                login.options = Some(self.options(access));
                continue;
            }
            if failure.is(&SqlState::PROTOCOL_VIOLATION) && login.options.take().is_some() {
                if let Some(role) = &self.settings.admin.set_role {
                    return Err(behind_pooler(&format!("--set-role {role}"), &login));
                }
                if self.settings.admin.rules.options.is_some() {
                    return Err(behind_pooler("options (PGOPTIONS)", &login));
                }
                self.connections.pooled = true;
                continue; // PgBouncer refuses startup options; each call of ours settles for itself what its names mean.
            }
            let set_role = self.settings.admin.set_role.as_ref();
            if let Some(failure) = set_role.and_then(|role| role_refused(role, &login, &failure)) {
                return Err(failure);
            }
            let password = if login.password.is_none() && failure.is(&SqlState::INVALID_PASSWORD) {
                let question = format!("Password of {} on {}", login.user, login.server());
                self.asker.ask_secret(question).await
            } else {
                None
            };
            let Some(password) = password else {
                return Err(failure);
            };
            login.password = Some(password.clone());
            self.settings.admin.password = Some(password);
        }
    }

    /// The administrator's login, without startup options.
    fn admin_login(&self, database: &str) -> AdminLogin {
        let admin = self.settings.admin.clone();
        AdminLogin {
            role: admin.acts_as(),
            host: admin.host,
            port: admin.port,
            user: admin.user,
            password: admin.password,
            database: database.to_owned(),
            tls: admin.tls,
            options: None,
            timeout: admin.rules.timeout.unwrap_or(self.settings.timeout),
            answer_limit: self.settings.timeout,
            rules: admin.rules,
            route: admin.route,
            given_by: admin.given_by,
        }
    }

    fn options(&self, access: Access) -> String {
        let admin = &self.settings.admin;
        let (given, role) = (admin.rules.options.as_deref(), admin.set_role.as_ref());
        startup_options(access, given, &self.connections.unbounded, role)
    }

    /// Connects to where a login goes, over the way it goes.
    async fn reach(&self, login: &AdminLogin) -> Result<Wire, Failure> {
        login.reach(self.gateway.as_ref()).await
    }
}
