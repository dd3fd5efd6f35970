//! What is made sure of before anything secret is sent, with libpq's meaning of each parameter.

use super::admin_login::AdminLogin;
use crate::finding::Code;
use crate::settings::local_users::{accounts, passwd};
use crate::settings::{ChannelBinding, Negotiation, Route};
use crate::world::failure::{Failure, Layer};
use crate::world::login_observer::guard::{AuthRequest, Guard, Unwanted};
use crate::world::login_observer::trace::Begins;
use crate::world::tls::Attempt;
use crate::world::wire::Wire;

/// Prepares the observer: what is to come, and what the server must not get.
pub(super) fn expect(login: &AdminLogin, attempt: Attempt, wire: &Wire) -> Begins {
    let begins = match (attempt, login.tls.negotiation) {
        (Attempt::Plain, _) => Begins::Message,
        (Attempt::Tls, Negotiation::Direct) => Begins::Tls,
        (Attempt::Tls | Attempt::TlsIfOffered, _) => Begins::Answer,
    };
    let guard = Guard {
        methods: login.rules.methods.clone(),
        network: !wire.is_private,
    };
    wire.tap().expect(begins, guard);
    begins
}

/// `requirepeer`: the failure where another user runs the server behind its Unix socket. As in libpq it is about nothing else; the end of a tunnel is
/// a socket of our own.
pub(super) fn wrong_server_user(login: &AdminLogin, wire: &Wire) -> Option<Failure> {
    let (Some(wanted), Route::Direct, true) = (&login.rules.server_user, login.route, login.host.is_socket()) else {
        return None;
    };
    let found = wire.peer_user;
    let users = passwd();
    let known = accounts(&users)
        .find(|(name, ..)| name == wanted)
        .map(|(_, user, _)| user);
    if found.is_some() && known == found {
        return None;
    }
    let found = found.map_or_else(|| "unknown".to_owned(), |user| user.to_string());
    let text = format!(
        "the server on {} runs as the user ID {found}, not as {wanted:?} (requirepeer); nothing was sent",
        login.server()
    );
    let advice = "find out which user runs that server, or correct requirepeer (PGREQUIREPEER)";
    Some(Failure::new(Layer::Tcp, Code::LoginServerUser, text).advise(advice))
}

pub(super) fn channel_binding(wanted: ChannelBinding) -> tokio_postgres::config::ChannelBinding {
    match wanted {
        ChannelBinding::Disable => tokio_postgres::config::ChannelBinding::Disable,
        ChannelBinding::Prefer => tokio_postgres::config::ChannelBinding::Prefer,
        ChannelBinding::Require => tokio_postgres::config::ChannelBinding::Require,
    }
}

/// The failure for what the server asked and did not get.
pub(super) fn unwanted(login: &AdminLogin, unwanted: Unwanted) -> Failure {
    let (server, user) = (login.server(), &login.user);
    match unwanted {
        Unwanted::ClearText => {
            let text = format!(
                "{server} asks for the password of {user:?} in clear text, and the connection is not encrypted. The password was \
                 not sent"
            );
            let advice = "turn on TLS in the server, or use the method scram-sha-256 in pg_hba.conf. To send the admin's password in any case: PGREQUIREAUTH=password";
            Failure::new(Layer::Authentication, Code::LoginClearText, text).advise(advice)
        }
        Unwanted::Method(method) => {
            let method = match method {
                AuthRequest::Nothing => "no authentication (none)",
                AuthRequest::ClearText => "the password in clear text (password)",
                AuthRequest::Md5 => "an md5 hash of the password (md5)",
                AuthRequest::Scram => "SCRAM (scram-sha-256)",
                AuthRequest::Other => "GSSAPI or SSPI",
            };
            let text =
                format!("{server} asks {user:?} for {method}, which require_auth does not accept. Nothing was sent");
            let advice = "change the method in pg_hba.conf, or require_auth (PGREQUIREAUTH)";
            Failure::new(Layer::Authentication, Code::LoginAuthRefused, text).advise(advice)
        }
    }
}

/// The server let a login without channel binding in, or would have, and it was required.
pub(super) fn unbound(login: &AdminLogin) -> Failure {
    let server = login.server();
    let text = format!("{server} did not use channel binding, and channel_binding=require was given. Nothing was sent");
    let advice = "channel binding needs TLS and the method scram-sha-256; a proxy that ends TLS prevents it";
    Failure::new(Layer::Authentication, Code::LoginAuthRefused, text).advise(advice)
}
