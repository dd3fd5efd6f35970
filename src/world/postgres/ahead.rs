//! Logins of a `check` that are made while the first questions are answered, so that the run waits for a login once and not
//! three times in a row.

use serde::Deserialize;
use tokio::task::JoinHandle;

use crate::world::failure::{Failure, Layer};
use crate::world::login::{AdminLogin, Session, log_in};
use crate::world::shared_ssh_login::SharedSshLogin;

/// What is made ahead. A login that is not used is ended with the run.
#[derive(Default)]
pub(super) enum Ahead {
    /// Nothing.
    #[default]
    No,
    /// As soon as the server has said what there is to log in to.
    Wanted,
    /// The administrator's login to the destination, and Stitch's.
    Made {
        admin: Option<Login>,
        stitch: Option<Login>,
    },
}

/// A login under way. Ended when it is dropped.
pub(super) struct Login {
    pub(super) user: String,
    pub(super) database: String,
    task: JoinHandle<Result<Session, Failure>>,
}

impl Drop for Login {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Login {
    pub(super) fn start(logins: Vec<AdminLogin>, gateway: Option<SharedSshLogin>) -> Option<Self> {
        let AdminLogin { user, database, .. } = logins.first()?.clone();
        let task = tokio::spawn(async move { in_turn(&logins, gateway.as_ref()).await });
        Some(Self { user, database, task })
    }

    /// One that came in.
    pub(super) fn made(AdminLogin { user, database, .. }: AdminLogin, session: Session) -> Self {
        let task = tokio::spawn(async { Ok(session) });
        Self { user, database, task }
    }

    pub(super) async fn done(mut self) -> Option<Result<Session, Failure>> {
        (&mut self.task).await.ok()
    }
}

/// What there is on the server.
#[derive(Deserialize)]
pub(super) struct Targets {
    pub(super) database: bool,
    pub(super) role: bool,
}

/// [`Targets`], of a database and a role.
pub(super) const TARGETS: &str = "
SELECT json_build_object(
    'database', EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datallowconn),
    'role', EXISTS (SELECT FROM pg_roles WHERE rolname = $2 AND rolcanlogin))::text";

/// The first of these that gets as far as a server.
pub(super) async fn in_turn(logins: &[AdminLogin], gateway: Option<&SharedSshLogin>) -> Result<Session, Failure> {
    let mut outcome = None;
    for login in logins {
        match log_in(login, || login.reach(gateway)).await {
            Err(failure) if failure.layer == Layer::Tcp => outcome = Some(failure),
            done => return done,
        }
    }
    Err(outcome.expect("there is at least one login"))
}
