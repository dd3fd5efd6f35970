//! The admin's connections to PostgreSQL, one a database, opened when first needed, and Stitch's own login.

mod cancel;
mod hello;
mod question;
mod startup;
mod stitch;

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use tokio_postgres::error::SqlState;

use crate::ask::Asker;
use crate::finding::Code;
use crate::secret::Secret;
use crate::server::PostgresServer;
use crate::settings::{Route, Settings};
use crate::world::access::Access;
use crate::world::failure::{Failure, Layer};
use crate::world::login::{AdminLogin, Session, log_in};
use crate::world::open::open_direct;
use crate::world::shared_ssh_login::SharedSshLogin;
use crate::world::wire::Wire;

use hello::hello;
pub(crate) use question::ask;
use startup::{behind_pooler, is_for_read_only, role_refused, startup_options};

/// The connections of one run.
pub(crate) struct Postgres {
    settings: Settings,
    access: Access,
    gateway: Option<SharedSshLogin>,
    asker: Asker,
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
}

impl Postgres {
    pub(crate) fn new(settings: &Settings, access: Access, gateway: Option<SharedSshLogin>, asker: Asker) -> Self {
        Self {
            settings: settings.clone(),
            access,
            gateway,
            asker,
            sessions: BTreeMap::new(),
            seconds: BTreeMap::new(),
            home: None,
            pooled: false,
            server: None,
            failure: None,
            writes_at_login: false,
            unbounded: Vec::new(),
            closed_reason: BTreeMap::new(),
        }
    }

    /// What the server is; known after the first connection.
    pub(crate) fn known_server(&self) -> Option<&PostgresServer> {
        self.server.as_ref()
    }

    /// The administrator's password, where one was given or asked for.
    pub(crate) fn admin_password(&self) -> Option<&Secret> {
        self.settings.admin.password.as_ref()
    }

    /// The administrator's first connection.
    pub(crate) fn first_session(&self) -> Option<Arc<Session>> {
        self.sessions.get(self.home.as_ref()?).map(Arc::clone)
    }

    /// Logs in where needed and says what the server is.
    pub(crate) async fn server(&mut self) -> Result<&PostgresServer> {
        if self.server.is_none() {
            let home = self.home().await?;
            let session = self.sessions.get(&home).context("the first connection is gone")?;
            let mut server = hello(session, &self.settings.admin, self.settings.timeout).await;
            let limits = match &server {
                Ok(server) => server.limits(),
                Err(error) => too_short(error, &session.announced_version)
                    .iter()
                    .map(|name| (*name).to_owned())
                    .collect(),
            };
            if !limits.is_empty() && !self.pooled {
                // The session that was limited is closed first: it counts against the limits of connections.
                self.sessions.remove(&home);
                self.unbounded = limits;
                let session = self.open(&home).await?;
                if server.is_err() {
                    server = hello(&session, &self.settings.admin, self.settings.timeout).await;
                }
                self.sessions.insert(home, Arc::new(session));
            }
            let server = server?;
            self.server = Some(PostgresServer {
                pooled: self.pooled,
                ..server
            });
        }
        self.server.as_ref().context("the server was not asked")
    }

    /// The database that every question without a database of its own goes to. Tries the admin's, then the target, then
    /// `template1`: a maintenance database called `postgres` is a custom, not a law.
    pub(crate) async fn home(&mut self) -> Result<String> {
        if let Some(home) = &self.home {
            return Ok(home.clone());
        }
        if let Some(failure) = &self.failure {
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
                    self.sessions.insert(name.clone(), Arc::new(session));
                    self.home = Some(name.clone());
                    return Ok(name);
                }
                Err(failure) => {
                    let elsewhere = failure.layer == Layer::Database
                        && [SqlState::INVALID_CATALOG_NAME, SqlState::INSUFFICIENT_PRIVILEGE]
                            .iter()
                            .any(|s| failure.is(s));
                    let failure = first.get_or_insert(failure);
                    if !elsewhere {
                        break;
                    }
                    let _ = failure;
                }
            }
        }
        let failure =
            first.unwrap_or_else(|| Failure::new(Layer::Tcp, Code::LoginTcpUnreachable, "no connection was tried"));
        self.failure = Some(failure.clone());
        bail!(failure)
    }

    /// How many sessions are open, which count against every limit.
    pub(crate) fn sessions_open(&self) -> i64 {
        let sessions = self.sessions.values().chain(self.seconds.values());
        i64::try_from(sessions.filter(|session| !session.client.is_closed()).count()).unwrap_or_default()
    }

    /// Closes them all; they are opened anew when they are needed.
    fn close_sessions(&mut self) {
        self.sessions.clear();
        self.seconds.clear();
    }

    /// Why a database that exists did not let the admin's login in, when it was last tried.
    pub(crate) fn closed_reason(&self, database: &str) -> Option<&Failure> {
        self.closed_reason.get(database)
    }

    /// The connection to one database; `None` when there is no such database, or none that lets this login in.
    pub(crate) async fn session(&mut self, database: &str) -> Result<Option<&Arc<Session>>> {
        self.server().await?;
        if self
            .sessions
            .get(database)
            .is_none_or(|session| session.client.is_closed())
        {
            match self.open(database).await {
                Ok(session) => {
                    self.closed_reason.remove(database);
                    self.sessions.insert(database.to_owned(), Arc::new(session));
                }
                Err(failure) if failure.is(&SqlState::INVALID_CATALOG_NAME) => return Ok(None),
                // No CONNECT, `datallowconn` off, a connection limit of 0: an answer about that database, not the end.
                Err(failure) if failure.layer == Layer::Database && is_closed(&failure) => {
                    self.closed_reason.insert(database.to_owned(), failure);
                    return Ok(None);
                }
                Err(failure) => bail!(failure),
            }
        }
        Ok(self.sessions.get(database))
    }

    /// A second connection to a database that there is a first one to.
    pub(crate) async fn second(&mut self, database: &str) -> Result<Arc<Session>, Failure> {
        match self.seconds.get(database) {
            Some(session) if !session.client.is_closed() => Ok(Arc::clone(session)),
            _ => {
                let session = Arc::new(self.open(database).await?);
                self.seconds.insert(database.to_owned(), Arc::clone(&session));
                Ok(session)
            }
        }
    }

    async fn open(&mut self, database: &str) -> Result<Session, Failure> {
        let admin = self.settings.admin.clone();
        let options = |access, unbounded: &[String]| {
            Some(startup_options(
                access,
                admin.rules.options.as_deref(),
                unbounded,
                admin.set_role.as_ref(),
            ))
        };
        let mut access = if self.writes_at_login {
            Access::ReadWrite
        } else {
            self.access
        };
        let mut login = AdminLogin {
            host: admin.host.clone(),
            port: admin.port,
            user: admin.user.clone(),
            password: admin.password.clone(),
            database: database.to_owned(),
            tls: admin.tls.clone(),
            options: options(access, &self.unbounded),
            timeout: admin.rules.timeout.unwrap_or(self.settings.timeout),
            rules: admin.rules.clone(),
            route: admin.route,
            given_by: admin.given_by.clone(),
        };
        loop {
            let failure = match self.log_in(&login).await {
                Ok(session) => {
                    self.writes_at_login = access != self.access;
                    return Ok(session);
                }
                Err(failure) => failure,
            };
            if is_for_read_only(access, &failure) {
                access = Access::ReadWrite;
                login.options = options(access, &self.unbounded);
                continue;
            }
            if failure.is(&SqlState::PROTOCOL_VIOLATION) && login.options.take().is_some() {
                if let Some(role) = &self.settings.admin.set_role {
                    return Err(behind_pooler(&format!("--set-role {role}"), &login));
                }
                if admin.rules.options.is_some() {
                    return Err(behind_pooler("options (PGOPTIONS)", &login));
                }
                self.pooled = true;
                continue; // PgBouncer refuses startup options; each call of ours settles for itself what its names mean.
            }
            if let Some(role) = &self.settings.admin.set_role
                && let Some(failure) = role_refused(role, &login, &failure)
            {
                return Err(failure);
            }
            let no_password_yet = login.password.is_none() && failure.is(&SqlState::INVALID_PASSWORD);
            let password = if no_password_yet {
                self.ask_password(&login).await
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

    async fn ask_password(&self, login: &AdminLogin) -> Option<Secret> {
        self.asker
            .ask_secret(format!("Password of {} on {}", login.user, login.server()))
            .await
    }

    async fn log_in(&self, login: &AdminLogin) -> Result<Session, Failure> {
        match self.settings.admin.route {
            Route::Direct => {
                log_in(login, || {
                    open_direct(login.address(), login.port, login.timeout, &login.given_by)
                })
                .await
            }
            Route::Bastion => log_in(login, || self.tunnel(login)).await,
        }
    }

    async fn tunnel(&self, login: &AdminLogin) -> Result<Wire, Failure> {
        let Some(gateway) = &self.gateway else {
            return open_direct(login.address(), login.port, login.timeout, &login.given_by).await;
        };
        let opening = gateway.forward(login.address().as_str(), login.port.number());
        login.through_tunnel(opening).await
    }
}

/// The timeouts of this login that may have cut off even the first question; all that this version is known to have. A server
/// that ends an idle session need not have sent its reason when the question arrives.
fn too_short(error: &anyhow::Error, version: &str) -> &'static [&'static str] {
    const ALL: [&str; 5] = [
        "statement_timeout",
        "lock_timeout",
        "idle_in_transaction_session_timeout",
        "idle_session_timeout",
        "transaction_timeout",
    ];
    let words = format!("{error:#}");
    let number = version
        .split(|c: char| !c.is_ascii_digit())
        .next()
        .and_then(|major| major.parse().ok());
    let known = match number.unwrap_or(0) {
        17.. => &ALL[..],
        14..=16 => &ALL[..4],
        _ => &ALL[..3],
    };
    let cut_off = [
        "SQLSTATE 25P04",
        "SQLSTATE 57P05",
        "the connection to PostgreSQL was lost",
    ];
    if cut_off.iter().any(|cut| words.contains(cut)) {
        known
    } else if words.contains(SqlState::QUERY_CANCELED.code()) {
        &ALL[..3]
    } else {
        &[]
    }
}

fn is_closed(failure: &Failure) -> bool {
    [
        SqlState::INSUFFICIENT_PRIVILEGE,
        SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
        SqlState::TOO_MANY_CONNECTIONS,
    ]
    .iter()
    .any(|state| failure.is(state))
}
