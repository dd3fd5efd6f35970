//! When logins are made ahead, and where they are used.

use super::ahead::{Ahead, Login, TARGETS, Targets};
use crate::step_id::StepId;
use crate::world::failure::Failure;
use crate::world::login::{AdminLogin, Session};
use crate::world::reader::Reader;

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
        session.ask(TARGETS, &names).await.ok()
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
