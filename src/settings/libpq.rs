//! What each of libpq's connection parameters (PostgreSQL docs 34.1.2) means to us, in a URL and in a service file.

use super::known::{Id, nearest};

/// What a parameter means here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parameter {
    /// One of our settings.
    Setting(Id),
    /// The password.
    Password,
    /// An address that stands in for the host's lookup; taken as the host where none is given.
    HostAddress,
    /// libpq knows it, and nothing we do depends on it.
    Irrelevant,
}

const IRRELEVANT: &[&str] = &[
    "application_name",
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "fallback_application_name",
    "gssdelegation",
    "gssencmode",
    "gsslib",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "max_protocol_version",
    "min_protocol_version",
    "options",
    "passfile",
    "replication",
    "require_auth",
    "requirepeer",
    "requiressl",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcertmode",
    "sslcompression",
    "sslcrl",
    "sslcrldir",
    "sslkeylogfile",
    "sslnegotiation",
    "sslpassword",
    "sslsni",
    "target_session_attrs",
    "tcp_user_timeout",
    "tty",
];

const SETTINGS: &[(&str, Parameter)] = &[
    ("host", Parameter::Setting(Id::Host)),
    ("hostaddr", Parameter::HostAddress),
    ("port", Parameter::Setting(Id::Port)),
    ("user", Parameter::Setting(Id::AdminUser)),
    ("password", Parameter::Password),
    ("dbname", Parameter::Setting(Id::AdminDatabase)),
    ("service", Parameter::Setting(Id::Service)),
    ("sslmode", Parameter::Setting(Id::SslMode)),
    ("sslrootcert", Parameter::Setting(Id::SslRootCert)),
    ("sslcert", Parameter::Setting(Id::SslCert)),
    ("sslkey", Parameter::Setting(Id::SslKey)),
];

/// Looks a parameter up; an unknown one comes back as the nearest known one.
pub(crate) fn parameter(name: &str) -> Result<Parameter, Option<&'static str>> {
    if let Some((_, parameter)) = SETTINGS.iter().find(|(known, _)| *known == name) {
        return Ok(*parameter);
    }
    if IRRELEVANT.contains(&name) || name.starts_with("oauth_") || name.starts_with("scram_") {
        return Ok(Parameter::Irrelevant);
    }
    let known = SETTINGS
        .iter()
        .map(|(known, _)| *known)
        .chain(IRRELEVANT.iter().copied());
    Err(nearest(name, known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters() {
        assert_eq!(parameter("sslmode"), Ok(Parameter::Setting(Id::SslMode)));
        assert_eq!(parameter("connect_timeout"), Ok(Parameter::Irrelevant));
        assert_eq!(parameter("sslmod"), Err(Some("sslmode")));
        assert_eq!(parameter("qqqqqqq"), Err(None));
    }
}
