//! Logins that are made ahead, beside other work: when, and where they are used.

use serde::Deserialize;
use tokio::task::JoinHandle;

use super::question::ask;
use crate::step_id::StepId;
use crate::world::failure::{Failure, Layer};
use crate::world::login::{AdminLogin, Session, log_in};
use crate::world::reader::Reader;
use crate::world::shared_ssh_login::SharedSshLogin;

impl Reader {
    /// This run is a `check`: it changes nothing, and what a login finds does not grow old.
    pub(crate) fn log_in_ahead(&mut self) {
        self.connections.ahead = Ahead::Wanted;
    }

    /// What there is to log in to: a login that must fail is not made, since servers count them, and a pooler holds the
    /// next ones back.
    pub(super) async fn targets_ahead(&self, session: &Session) -> Option<Targets> {
        if !matches!(self.connections.ahead, Ahead::Wanted) {
            return None;
        }
        let stitch = &self.settings.stitch;
        let names = [stitch.database.as_str(), stitch.role.as_str()];
        ask(session, TARGETS, &names, self.settings.timeout).await.ok()
    }

    /// Starts the logins. `home` is the database of the first one.
    pub(super) fn start_ahead(&mut self, targets: &Targets, home: &str) {
        let (steps, stitch) = (&self.settings.steps, &self.settings.stitch);
        let asks_there = steps.contains(&StepId::Role) || steps.contains(&StepId::Ownership);
        let mut admin = None;
        if targets.database && asks_there && home != stitch.database.as_str() {
            let mut login = self.admin_login(stitch.database.as_str());
            login.options = Some(self.options(self.access));
            admin = Login::start(vec![login], self.gateway.clone());
        }
        let logs_in = steps.contains(&StepId::Connection) && stitch.password.secret().is_some();
        let stitch = (targets.database && targets.role && logs_in)
            .then(|| Login::start(self.stitch_logins(&stitch.database), self.gateway.clone()))
            .flatten();
        self.connections.ahead = Ahead::Made { admin, stitch };
    }

    /// The administrator's login to this database, where it was made ahead. One that failed is made again by the caller, who
    /// knows what else to try.
    pub(super) async fn admin_ahead(&mut self, name: &str) -> Option<Session> {
        let Ahead::Made { admin, .. } = &mut self.connections.ahead else {
            return None;
        };
        admin.take_if(|login| login.database == name)?.done().await?.ok()
    }

    /// What came of Stitch's login, where it was made ahead.
    pub(super) async fn stitch_ahead(&mut self, wanted: &AdminLogin) -> Option<Result<Session, Failure>> {
        let Ahead::Made { stitch, .. } = &mut self.connections.ahead else {
            return None;
        };
        let is_it = |login: &mut Login| (&login.user, &login.database) == (&wanted.user, &wanted.database);
        stitch.take_if(is_it)?.done().await
    }

    /// A login as Stitch that has shown the password is used once more, for the test load.
    pub(super) fn keep_ahead(&mut self, login: AdminLogin, session: Session) {
        if let Ahead::Made { stitch, .. } = &mut self.connections.ahead {
            *stitch = Some(Login::made(login, session));
        }
    }
}

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
