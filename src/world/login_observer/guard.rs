//! What a server does not get, whatever it asks for: decided on the bytes as they come, before anything is answered.

use crate::settings::{self, Methods};

/// How the server wants to be convinced (PostgreSQL docs 53.7, `Authentication…`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuthRequest {
    /// `trust`, or a certificate: nothing was asked.
    Nothing,
    /// The password in clear text.
    ClearText,
    /// md5.
    Md5,
    /// SCRAM-SHA-256.
    Scram,
    /// Kerberos, SSPI and the like.
    Other,
}

impl AuthRequest {
    pub(crate) fn takes_a_password(self) -> bool {
        matches!(self, Self::ClearText | Self::Md5 | Self::Scram)
    }
}

/// The rules of one login.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guard {
    pub(crate) methods: Option<Methods>,
    /// Others could read along where it is not encrypted.
    pub(crate) network: bool,
}

/// What was asked for and is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unwanted {
    /// A method that `require_auth` rules out.
    Method(AuthRequest),
    /// The password in clear text, where others could read it.
    ClearText,
}

impl Guard {
    pub(super) fn refuses(&self, method: AuthRequest, encrypted: bool) -> Option<Unwanted> {
        if let Some(methods) = &self.methods {
            if !accepted(methods, method) {
                return Some(Unwanted::Method(method));
            }
            if methods.names_clear_text() {
                return None;
            }
        }
        (method == AuthRequest::ClearText && self.network && !encrypted).then_some(Unwanted::ClearText)
    }
}

fn accepted(methods: &Methods, method: AuthRequest) -> bool {
    use settings::AllowedAuth as Named;
    let any = |named: &[Named]| named.iter().any(|named| methods.accepts(*named));
    match method {
        AuthRequest::Nothing => any(&[Named::None]),
        AuthRequest::ClearText => any(&[Named::Password]),
        AuthRequest::Md5 => any(&[Named::Md5]),
        AuthRequest::Scram => any(&[Named::Scram]),
        AuthRequest::Other => any(&[Named::Gss, Named::Sspi]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(methods: Option<Methods>) -> Guard {
        Guard { methods, network: true }
    }

    fn private(methods: Option<Methods>) -> Guard {
        Guard {
            methods,
            network: false,
        }
    }

    #[test]
    fn clear_text_needs_a_private_way_or_its_name() {
        let named = |text: &str| Methods::parse(text);
        for (guard, encrypted, refused) in [
            (network(None), false, Some(Unwanted::ClearText)),
            (network(None), true, None),
            (private(None), false, None),
            (network(named("password")), false, None),
            (network(named("password,scram-sha-256")), false, None),
            (network(named("!md5")), false, Some(Unwanted::ClearText)),
            (
                private(named("scram-sha-256")),
                true,
                Some(Unwanted::Method(AuthRequest::ClearText)),
            ),
        ] {
            assert_eq!(
                guard.refuses(AuthRequest::ClearText, encrypted),
                refused,
                "{guard:?} {encrypted}"
            );
        }
        let scram = private(named("scram-sha-256"));
        for (method, accepted) in [
            (AuthRequest::Scram, true),
            (AuthRequest::Nothing, false),
            (AuthRequest::Md5, false),
            (AuthRequest::Other, false),
        ] {
            assert_eq!(scram.refuses(method, true).is_none(), accepted, "{method:?}");
        }
    }
}
