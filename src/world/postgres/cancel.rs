//! Stops what the server is still doing for us when a run is cut short: a closed connection alone does not, since the
//! server notices it only at the end of the statement (PostgreSQL docs 53.2.8).

use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::NoTls;

use crate::server::Encryption;
use crate::settings::Negotiation;
use crate::world::login::Session;
use crate::world::login_observer::guard::Guard;
use crate::world::login_observer::trace::Begins;
use crate::world::reader::Reader;
use crate::world::tls::connector;

/// How long a connection may take to fall silent before it is asked again.
const PAUSE: Duration = Duration::from_millis(100);

impl Reader {
    /// Asks the server to stop every statement of the admin's connections, until each has nothing left to do: statements
    /// may wait in line behind the one that is stopped. What cannot be asked ends by itself.
    #[expect(clippy::disallowed_methods, reason = "an empty statement: it does nothing")]
    pub(in crate::world) async fn cancel(&self) {
        for session in self.connections.all() {
            while self.cancel_one(session).await.is_some() {
                // Answered in turn, so after everything that was sent before.
                if timeout(PAUSE, session.client.simple_query("")).await.is_ok() {
                    break;
                }
            }
        }
    }

    async fn cancel_one(&self, session: &Session) -> Option<()> {
        let admin = &self.settings.admin;
        let wire = self.reach(&self.admin_login("")).await.ok()?;
        let token = session.client.cancel_token();
        match session.encryption {
            Encryption::None => token.cancel_query_raw(wire, NoTls).await.ok(),
            Encryption::Tls => {
                // The client keeps to the way of asking for TLS that the login took.
                let begins = match admin.tls.negotiation {
                    Negotiation::Asked => Begins::Answer,
                    Negotiation::Direct => Begins::Tls,
                };
                wire.tap().expect(begins, Guard::default());
                let tls = connector(&admin.tls, admin.host.as_str(), &wire.tap()).ok()?;
                token.cancel_query_raw(wire, tls).await.ok()
            }
        }
    }
}
