//! Stitch's own login, over the path Stitch will take as far as it can be walked from here.

use std::time::Duration;

use tokio::time::sleep;
use tokio_postgres::error::SqlState;

use super::ahead::in_turn;
use crate::names::{DatabaseName, HostName};
use crate::server::{self, Encryption};
use crate::settings::{LoginRules, RootCertificates, Route, SslMode, StitchSsl, Tls};
use crate::world::failure::Failure;
use crate::world::login::{AdminLogin, Other, Session, log_in, try_other_encryption};
use crate::world::reader::Reader;
use crate::world::tls::Attempt;

/// How long sessions of ours may take to be gone, in milliseconds.
const PAUSES: [u64; 5] = [50, 100, 200, 400, 800];

impl Reader {
    /// What a login comes to with TLS instead of without, or the other way round.
    pub(crate) async fn try_other_encryption(&self, database: &DatabaseName, this_way: Encryption) -> Other {
        let host = self.settings.stitch.host.clone();
        if host.is_socket() {
            return Other::Untold;
        }
        let mut login = self.stitch_login(host, database);
        // Whether the certificate holds was checked the first time.
        login.tls = Tls::default();
        let attempt = match this_way {
            Encryption::Tls => Attempt::Plain,
            Encryption::None => {
                login.tls.mode = SslMode::Require;
                Attempt::Tls
            }
        };
        match self.reach(&login).await {
            Ok(wire) => try_other_encryption(&login, attempt, wire).await,
            Err(_) => Other::Untold,
        }
    }

    /// Stitch's login on that host.
    pub(in crate::world) fn stitch_login(&self, host: HostName, database: &DatabaseName) -> AdminLogin {
        let stitch = &self.settings.stitch;
        AdminLogin {
            host,
            port: stitch.port,
            user: server::stitch_user(&self.settings, self.connections.server.as_ref()),
            password: stitch.password.secret().cloned(),
            database: database.to_string(),
            tls: Tls {
                mode: if stitch.ca.is_some() {
                    SslMode::VerifyCa
                } else {
                    stitch_ssl_mode(stitch.ssl)
                },
                root: stitch.ca.as_ref().map(|ca| RootCertificates::File(ca.path.clone())),
                ..Tls::default()
            },
            rules: LoginRules::default(),
            options: None,
            role: None,
            timeout: self.settings.timeout,
            answer_limit: self.settings.timeout,
            given_by: stitch.given_by.clone(),
            route: self.gateway.as_ref().map_or(Route::Direct, |_| Route::Bastion),
        }
    }

    /// Logs in as the administrator where Stitch will, for what the server sees of such a connection.
    pub(in crate::world) async fn log_in_there_as_admin(&self) -> Result<Session, Failure> {
        let admin = &self.settings.admin;
        let login = AdminLogin {
            user: admin.user.clone(),
            password: admin.password.clone(),
            tls: admin.tls.clone(),
            role: admin.acts_as(),
            rules: LoginRules {
                address: None,
                ..admin.rules.clone()
            },
            ..self.stitch_login(self.settings.stitch.host.clone(), &admin.database)
        };
        log_in(&login, || self.reach(&login)).await
    }

    /// Logs in as the Stitch role, over the path Stitch will use as far as it can be tested from here: straight to the address
    /// Stitch connects to, or through the SSH server. Never read-only, since it runs the test load.
    ///
    /// Where no connection is left for it, our own are given up: Stitch will come when they are gone.
    pub(crate) async fn log_in_as_stitch(&mut self, database: &DatabaseName) -> Result<Session, Failure> {
        let session = self.stitch_session(database).await?;
        self.stitch_encryption = Some(session.encryption);
        Ok(session)
    }

    /// Logs in as the Stitch role to see whether its password is right.
    pub(crate) async fn prove_password(&mut self, database: &DatabaseName) -> Result<(), Failure> {
        let session = self.stitch_session(database).await?;
        let login = self.stitch_logins(database).swap_remove(0);
        self.keep_ahead(login, session);
        Ok(())
    }

    /// The same as [`Reader::log_in_as_stitch`], of which nothing is kept.
    pub(in crate::world) async fn stitch_session(&mut self, database: &DatabaseName) -> Result<Session, Failure> {
        let logins = self.stitch_logins(database);
        let mut outcome = match self.stitch_ahead(&logins[0]).await {
            Some(outcome) => outcome,
            None => in_turn(&logins, self.gateway.as_ref()).await,
        };
        for pause in PAUSES {
            match &outcome {
                Err(failure) if failure.is(&SqlState::TOO_MANY_CONNECTIONS) => {}
                _ => break,
            }
            self.close_sessions();
            // The server notices after a moment that a client has gone.
            sleep(Duration::from_millis(pause)).await;
            outcome = in_turn(&logins, self.gateway.as_ref()).await;
        }
        outcome
    }

    /// The login, and what to try where nothing listens. No client connects to a socket from elsewhere: TCP on this machine is the
    /// nearest thing to what Stitch does.
    pub(super) fn stitch_logins(&self, database: &DatabaseName) -> Vec<AdminLogin> {
        let host = self.settings.stitch.host.clone();
        let loopback = host.is_socket().then(|| "127.0.0.1".parse().ok()).flatten();
        let hosts = loopback.into_iter().chain([host]);
        hosts.map(|host| self.stitch_login(host, database)).collect()
    }
}

/// Stitch checks no certificate unless one is pasted into its form (Stitch docs, "SSL certificate"), so neither mode verifies.
fn stitch_ssl_mode(ssl: StitchSsl) -> SslMode {
    match ssl {
        StitchSsl::On => SslMode::Require,
        StitchSsl::Off => SslMode::Disable,
        StitchSsl::WhenOffered => SslMode::Prefer,
    }
}
