//! Every connection parameter and environment variable of libpq (PostgreSQL 18 documentation, 34.1.2 and 34.15), and what
//! becomes of it here. None is dropped silently: each is honoured, refused by name, or harmless for the reason given.
//! docs/libpq.md is written from this table, and a test compares it with libpq 18 itself.

use std::fmt::Write as _;

use super::registry::{SettingId, nearest};

/// What a parameter means here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parameter {
    /// One of our settings.
    Setting(SettingId),
    /// The password.
    Password,
    /// Honoured by this name; `check/libpq.rs` reads its value.
    Honoured,
    /// Refused, unless the value is one of these, which ask for nothing.
    Refused(&'static [&'static str]),
    /// Nothing that stitch-pg does depends on it.
    Harmless,
}

/// A row of the table.
pub(crate) struct LibpqParameter {
    pub(crate) name: &'static str,
    /// Its environment variable; empty where it has none.
    pub(crate) env: &'static str,
    pub(crate) parameter: Parameter,
    /// How it is honoured, or why it is refused or harmless.
    pub(crate) why: &'static str,
}

use Parameter::{Harmless, Honoured, Password, Refused, Setting};

const OFF: &[&str] = &["0", "false", "off", "no"];
const NO_GSS: &str = "stitch-pg never logs in by GSSAPI.";
const NO_OAUTH: &str = "stitch-pg never logs in by OAuth, and sends no token.";
const KEPT_ALIVE: &str =
    "stitch-pg detects a dead connection with its own keepalives, and every wait ends at --timeout.";
const MIDDLEWARE: &str = "It is made for middleware; give the password.";

macro_rules! entries {
    ($($name:literal $env:literal => $parameter:expr, $why:expr;)*) => {
        &[$(LibpqParameter { name: $name, env: $env, parameter: $parameter, why: $why },)*]
    };
}

/// In the order of the documentation.
pub(crate) const TABLE: &[LibpqParameter] = entries! {
    "host" "PGHOST" => Setting(SettingId::Host), "One host: several are refused.";
    "hostaddr" "PGHOSTADDR" => Honoured, "The address to connect to. The host is then only the name in the certificate and in the password file.";
    "port" "PGPORT" => Setting(SettingId::Port), "";
    "dbname" "PGDATABASE" => Setting(SettingId::AdminDatabase), "";
    "user" "PGUSER" => Setting(SettingId::AdminUser), "";
    "password" "PGPASSWORD" => Password, "Refused in a URL in a flag or in the settings file, because others can read it there.";
    "passfile" "PGPASSFILE" => Honoured, "The password file, instead of ~/.pgpass.";
    "require_auth" "PGREQUIREAUTH" => Honoured, "Checked before anything is sent. The value password also allows a clear-text password over an unencrypted network.";
    "channel_binding" "PGCHANNELBINDING" => Honoured, "With require, only SCRAM inside TLS is accepted.";
    "connect_timeout" "PGCONNECT_TIMEOUT" => Honoured, "Seconds for each login of the admin. 0 means --timeout.";
    "client_encoding" "PGCLIENTENCODING" => Harmless, "stitch-pg always asks for UTF8.";
    "options" "PGOPTIONS" => Honoured, "Sent with the admin's login. Options of stitch-pg override them.";
    "application_name" "PGAPPNAME" => Honoured, "Instead of stitch-pg.";
    "fallback_application_name" "" => Honoured, "Used as application_name if that is not given.";
    "keepalives" "" => Harmless, KEPT_ALIVE;
    "keepalives_idle" "" => Harmless, KEPT_ALIVE;
    "keepalives_interval" "" => Harmless, KEPT_ALIVE;
    "keepalives_count" "" => Harmless, KEPT_ALIVE;
    "tcp_user_timeout" "" => Harmless, KEPT_ALIVE;
    "replication" "" => Refused(OFF), "stitch-pg runs SQL, which a replication connection cannot.";
    "gssencmode" "PGGSSENCMODE" => Refused(&["disable", "prefer"]), "stitch-pg does not encrypt by GSSAPI; use TLS (sslmode=require).";
    "sslmode" "PGSSLMODE" => Setting(SettingId::SslMode), "";
    "requiressl" "PGREQUIRESSL" => Honoured, "1 means sslmode=require, if sslmode is not given.";
    "sslnegotiation" "PGSSLNEGOTIATION" => Honoured, "direct needs sslmode=require or stronger, as in libpq.";
    "sslcompression" "PGSSLCOMPRESSION" => Harmless, "stitch-pg never compresses TLS, which is safer.";
    "sslcert" "PGSSLCERT" => Setting(SettingId::SslCert), "";
    "sslkey" "PGSSLKEY" => Setting(SettingId::SslKey), "Refused when others can read the file, as in libpq.";
    "sslkeylogfile" "" => Refused(&[]), "Every reader of that file can decrypt the connection.";
    "sslpassword" "" => Honoured, "The passphrase of sslkey. Refused in a URL in a flag or in the settings file.";
    "sslcertmode" "PGSSLCERTMODE" => Honoured, "disable and allow. require is refused, because stitch-pg cannot check whether the server asked for the certificate.";
    "sslrootcert" "PGSSLROOTCERT" => Setting(SettingId::SslRootCert), "";
    "sslcrl" "PGSSLCRL" => Honoured, "~/.postgresql/root.crl if it exists. Refused if the certificate is not checked.";
    "sslcrldir" "PGSSLCRLDIR" => Honoured, "Refused if the certificate is not checked.";
    "sslsni" "PGSSLSNI" => Honoured, "";
    "requirepeer" "PGREQUIREPEER" => Honoured, "Checked before anything is sent. As in libpq, it applies to Unix sockets. The user must be in /etc/passwd.";
    "ssl_min_protocol_version" "PGSSLMINPROTOCOLVERSION" => Honoured, "TLSv1.2 if it is not given.";
    "ssl_max_protocol_version" "PGSSLMAXPROTOCOLVERSION" => Honoured, "";
    "min_protocol_version" "PGMINPROTOCOLVERSION" => Refused(&["3.0"]), "stitch-pg uses version 3.0 of the protocol.";
    "max_protocol_version" "PGMAXPROTOCOLVERSION" => Harmless, "stitch-pg uses version 3.0 of the protocol, which every limit allows.";
    "krbsrvname" "PGKRBSRVNAME" => Harmless, NO_GSS;
    "gsslib" "PGGSSLIB" => Harmless, NO_GSS;
    "gssdelegation" "PGGSSDELEGATION" => Harmless, NO_GSS;
    "scram_client_key" "" => Refused(&[]), MIDDLEWARE;
    "scram_server_key" "" => Refused(&[]), MIDDLEWARE;
    "service" "PGSERVICE" => Setting(SettingId::Service), "";
    "target_session_attrs" "PGTARGETSESSIONATTRS" => Honoured, "read-write and primary refuse a standby. read-only and standby are refused, because a standby is read-only.";
    "load_balance_hosts" "PGLOADBALANCEHOSTS" => Harmless, "stitch-pg connects to one host.";
    "oauth_issuer" "" => Harmless, NO_OAUTH;
    "oauth_client_id" "" => Harmless, NO_OAUTH;
    "oauth_client_secret" "" => Harmless, NO_OAUTH;
    "oauth_scope" "" => Harmless, NO_OAUTH;
    // Of other versions: servicefile is new in 19, tty went with 14, authtype earlier.
    "servicefile" "PGSERVICEFILE" => Refused(&[]), "libpq 18 has it only as a variable: set PGSERVICEFILE.";
    "tty" "" => Harmless, "No server since PostgreSQL 7.4 uses it.";
    "authtype" "" => Harmless, "No libpq since PostgreSQL 9 uses it.";
};

/// The variables that stand for no parameter.
const VARIABLES: &[LibpqParameter] = entries! {
    "" "PGSERVICEFILE" => Honoured, "The file of services, instead of ~/.pg_service.conf.";
    "" "PGSYSCONFDIR" => Honoured, "The directory of the system's pg_service.conf.";
    "" "PGDATESTYLE" => Harmless, "stitch-pg reads no dates in this format.";
    "" "PGTZ" => Harmless, "It changes how a time is written, not its value.";
    "" "PGGEQO" => Harmless, "It changes the plan of a query, not its result.";
    "" "PGLOCALEDIR" => Harmless, "The directory of libpq's translations.";
};

/// Looks a parameter up; an unknown one comes back as the nearest known one.
pub(crate) fn parameter(name: &str) -> Result<&'static LibpqParameter, Option<&'static str>> {
    let known = || TABLE.iter().map(|entry| entry.name);
    let found = TABLE.iter().find(|entry| entry.name == name);
    found.ok_or_else(|| nearest(name, known()))
}

/// The variables of parameters that are no settings of ours, and so not in their table.
pub(crate) fn variables() -> impl Iterator<Item = &'static LibpqParameter> {
    let others = |entry: &&LibpqParameter| !matches!(entry.parameter, Setting(_) | Password | Harmless);
    TABLE
        .iter()
        .filter(others)
        .filter(|entry| !entry.env.is_empty() && entry.env != "PGSERVICEFILE")
}

impl Parameter {
    fn word(self) -> &'static str {
        match self {
            Setting(_) | Password | Honoured => "honoured",
            Refused([]) => "refused",
            Refused(_) => "refused by value",
            Harmless => "harmless",
        }
    }
}

/// The whole of docs/libpq.md.
pub fn libpq_markdown() -> String {
    let mut page = String::from(INTRODUCTION);
    for entry in TABLE {
        let (name, env, parameter, why) = (entry.name, entry.env, entry.parameter, entry.why);
        let env = if env.is_empty() || (name, env) == ("servicefile", "PGSERVICEFILE") {
            "–".to_owned()
        } else {
            format!("`{env}`")
        };
        let mut text = match parameter {
            Setting(id) => id.flag().map_or(String::new(), |flag| format!("As `{flag}`. ")),
            Refused(values @ [_, ..]) => format!("Accepted values: {}. ", values.join(", ")),
            _ => String::new(),
        };
        text.push_str(why);
        let _ = writeln!(
            page,
            "| `{name}` | {env} | {} | {} |",
            parameter.word(),
            text.trim_end()
        );
    }
    page.push_str(OTHERS);
    for entry in VARIABLES {
        let _ = writeln!(page, "| `{}` | {} | {} |", entry.env, entry.parameter.word(), entry.why);
    }
    page
}

const INTRODUCTION: &str = "\
# Connection parameters of libpq

<!-- Written by `libpq_markdown()` in src/settings/libpq.rs; tests/docs.rs compares, and writes it anew with UPDATE_DOCS=1. -->

You can give the administrator's login every connection parameter of libpq 18: in a URL, in a service of `pg_service.conf`, or as an
environment variable. Each one has libpq's meaning, is refused, or has no effect for the reason given. Stitch's own login uses
none of them, since Stitch does not use libpq.

A password in clear text (methods such as `password`, `ldap` and `pam`) is not sent over an unencrypted network. `require_auth=password`
allows it. A Unix socket, the loopback address and the SSH tunnel do not count as a network.

| parameter | environment | result | how, or why |
|---|---|---|---|
";

const OTHERS: &str = "
## Variables that are not parameters

| environment | result | how, or why |
|---|---|---|
";

#[cfg(test)]
mod tests {
    use super::*;

    /// What libpq 18 knows, with what is said in the fixture about its source.
    const LIBPQ_18: &str = include_str!("../../tests/support/libpq-18.txt");

    #[test]
    fn the_table_is_libpqs() {
        let lines = LIBPQ_18.lines().filter(|line| !line.starts_with('#'));
        let (mut parameters, mut variables) = (0, 0);
        for line in lines {
            let (name, env) = line.split_once(' ').unwrap_or((line, ""));
            if name == "-" {
                variables += 1;
                let known =
                    VARIABLES.iter().any(|known| known.env == env) || TABLE.iter().any(|known| known.env == env);
                assert!(known, "{env} is missing");
                continue;
            }
            parameters += 1;
            let known = parameter(name).unwrap_or_else(|_| panic!("{name} is missing"));
            assert_eq!(known.env, env, "{name}");
        }
        assert_eq!((parameters, variables), (50, 7));
        let ours: Vec<&str> = TABLE.iter().map(|entry| entry.name).collect();
        let others = ours
            .iter()
            .filter(|name| !LIBPQ_18.lines().any(|line| line.split(' ').next() == Some(**name)));
        assert_eq!(
            others.collect::<Vec<_>>(),
            [&"requiressl", &"servicefile", &"tty", &"authtype"]
        );
    }

    #[test]
    fn each_is_there_once_and_says_why() {
        for (at, entry) in TABLE.iter().enumerate() {
            assert!(
                TABLE[..at].iter().all(|other| other.name != entry.name),
                "{}",
                entry.name
            );
            let plain = matches!(entry.parameter, Setting(_))
                || entry.name == "sslsni"
                || entry.name == "ssl_max_protocol_version";
            assert!(plain || entry.why.ends_with('.'), "{}", entry.name);
        }
        // What is about security is never harmless by itself.
        for name in [
            "require_auth",
            "channel_binding",
            "sslcrl",
            "sslcrldir",
            "requirepeer",
            "ssl_min_protocol_version",
        ] {
            assert_eq!(parameter(name).map(|entry| entry.parameter), Ok(Honoured), "{name}");
        }
    }

    #[test]
    fn the_nearest_is_told() {
        assert_eq!(parameter("sslmod").err(), Some(Some("sslmode")));
        assert_eq!(parameter("require_aut").err(), Some(Some("require_auth")));
        assert_eq!(parameter("qqqqqqq").err(), Some(None));
    }
}
