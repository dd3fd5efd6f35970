//! How the administrator logs in to PostgreSQL.

use std::time::Duration;

use super::draft::GivenBy;
use super::tls::Tls;
use crate::names::{DatabaseName, HostName, Port, RoleName};
use crate::provider::Provider;
use crate::secret::Secret;
use crate::word::words;

/// The admin's login: the one that reads and changes things, never the one Stitch uses.
#[derive(Clone, Debug)]
pub struct Admin {
    /// Host name, address, or directory of the Unix socket.
    pub host: HostName,
    /// TCP port; also part of the socket's file name.
    pub port: Port,
    /// Login name; any role name PostgreSQL accepts.
    pub user: String,
    /// From the environment, a password file or a prompt; asked for when the server demands one and it is missing.
    pub password: Option<Secret>,
    /// The database to log in to first.
    pub database: DatabaseName,
    /// TLS as libpq means it.
    pub tls: Tls,
    /// What libpq's parameters ask of the login besides.
    pub rules: LoginRules,
    /// The way to the server.
    pub route: Route,
    /// The role it acts as, where that is not the login itself (`--set-role`).
    pub set_role: Option<RoleName>,
    /// The provider that runs the server, where you name it (`--provider`).
    pub provider: Option<Provider>,
    /// What gave its address.
    pub given_by: GivenBy,
}

impl Admin {
    /// The setting `role` of each transaction; `None` where libpq's `options` decide.
    pub(crate) fn acts_as(&self) -> Option<String> {
        match (&self.set_role, &self.rules.options) {
            (None, Some(_)) => None,
            (role, _) => Some(role.as_ref().map_or("none".to_owned(), RoleName::to_string)),
        }
    }
}

/// The way from this machine to the database server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// A connection of our own.
    Direct,
    /// Through the SSH server, as Stitch goes.
    Bastion,
}

/// How the administrator's login is made, with libpq's meaning of each parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoginRules {
    /// `hostaddr`: the address to connect to, where it is not the host itself.
    pub address: Option<HostName>,
    /// `connect_timeout`.
    pub timeout: Option<Duration>,
    /// `application_name`, or its fallback.
    pub application_name: Option<String>,
    /// `options`: sent before those of stitch-pg.
    pub options: Option<String>,
    /// `require_auth`.
    pub methods: Option<Methods>,
    /// `channel_binding`.
    pub channel_binding: ChannelBinding,
    /// `requirepeer`: the operating system's user that the server behind a Unix socket must run as.
    pub server_user: Option<String>,
    /// `target_session_attrs`: whether a standby is refused.
    pub standby: Standby,
}

/// libpq's `target_session_attrs`, as far as something can be set up there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standby {
    /// `any`.
    #[default]
    Accepted,
    /// `primary` and `read-write`.
    Refused,
}

words! {
    /// libpq's `channel_binding`.
    #[derive(Default)]
    pub enum ChannelBinding {
        /// Channel binding is never used.
        Disable = "disable",
        /// Where the server offers it.
        #[default]
        Prefer = "prefer",
        /// A login without it is refused.
        Require = "require",
    }
}

words! {
    /// How a server may ask for proof of the login (libpq's names in `require_auth`).
    pub enum AllowedAuth {
        /// It asks for nothing.
        None = "none",
        /// The password in clear text.
        Password = "password",
        /// A hash of the password.
        Md5 = "md5",
        /// GSSAPI.
        Gss = "gss",
        /// SSPI.
        Sspi = "sspi",
        /// SCRAM-SHA-256.
        Scram = "scram-sha-256",
        /// OAuth.
        Oauth = "oauth",
    }
}

/// libpq's `require_auth`: the methods that are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Methods {
    accepted: Vec<AllowedAuth>,
    /// Whether they were listed, and not what is left when others are ruled out.
    listed: bool,
}

impl Methods {
    /// Reads `scram-sha-256,md5` or `!password,!md5`; `None` for anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split(',').map(str::trim).collect();
        let method = |word: &str| AllowedAuth::ALL.into_iter().find(|method| method.as_str() == word);
        let ruled_out: Vec<&str> = words.iter().filter_map(|word| word.strip_prefix('!')).collect();
        if ruled_out.is_empty() {
            let accepted = words.into_iter().map(method).collect::<Option<_>>()?;
            return Some(Self { accepted, listed: true });
        }
        if ruled_out.len() != words.len() {
            return None;
        }
        let ruled_out = ruled_out.into_iter().map(method).collect::<Option<Vec<_>>>()?;
        let accepted = AllowedAuth::ALL
            .into_iter()
            .filter(|method| !ruled_out.contains(method));
        Some(Self {
            accepted: accepted.collect(),
            listed: false,
        })
    }

    /// As libpq reads it.
    pub(crate) fn as_text(&self) -> String {
        let (mark, wanted) = if self.listed { ("", true) } else { ("!", false) };
        let named = AllowedAuth::ALL
            .into_iter()
            .filter(|method| self.accepts(*method) == wanted);
        named
            .map(|method| format!("{mark}{}", method.as_str()))
            .collect::<Vec<_>>()
            .join(",")
    }

    /// Whether this method is accepted.
    pub(crate) fn accepts(&self, method: AllowedAuth) -> bool {
        self.accepted.contains(&method)
    }

    /// Whether a password in clear text was asked for by its name.
    pub(crate) fn names_clear_text(&self) -> bool {
        self.listed && self.accepts(AllowedAuth::Password)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_read_as_libpq_reads_them() {
        let read = |text: &str| {
            let methods = Methods::parse(text)?;
            let accepted = [
                AllowedAuth::None,
                AllowedAuth::Password,
                AllowedAuth::Md5,
                AllowedAuth::Scram,
            ]
            .map(|m| methods.accepts(m));
            Some((accepted, methods.names_clear_text()))
        };
        assert_eq!(read("scram-sha-256"), Some(([false, false, false, true], false)));
        assert_eq!(read("md5, scram-sha-256"), Some(([false, false, true, true], false)));
        assert_eq!(read("password"), Some(([false, true, false, false], true)));
        assert_eq!(read("!password,!md5"), Some(([true, false, false, true], false)));
        // What is merely not ruled out was not asked for by name.
        assert_eq!(read("!md5"), Some(([true, true, false, true], false)));
        for text in ["scram-sha-256", "md5,scram-sha-256", "!password,!md5"] {
            assert_eq!(
                Methods::parse(text).map(|methods| methods.as_text()).as_deref(),
                Some(text)
            );
        }
        for wrong in ["", "scram", "md5,!none", "SCRAM-SHA-256", "md5,", "!"] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }
}
