//! The one table of settings: what each is called as a flag, in the environment and in the file, what it defaults to,
//! and what kind of value the file may hold. Messages, suggestions and docs/flags.md are all written from it.

use std::fmt;

/// What a setting's value looks like in the file, and how its text is taken apart elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One piece of text.
    Text,
    /// A path; `~/` at its start means the home directory, and in the file it is relative to the file.
    Path,
    /// The path of a file that holds a secret; the environment variable holds the secret itself.
    SecretPath,
    /// A whole number.
    Number,
    /// A number, or text with a unit.
    Duration,
    /// `true` or `false`.
    Switch,
    /// Several texts; commas separate them in a flag.
    List,
    /// Several names; commas separate them in a flag, where a name with a comma stands in double quotes.
    Names,
}

macro_rules! settings {
    ($($id:ident = $flag:literal, $env:literal, $key:literal, $kind:ident, $default:literal;)*) => {
        /// One setting. The order is that of the contract's table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Id { $(
            #[doc = concat!("`", $flag, "` `", $env, "` `", $key, "`")]
            $id,
        )* }

        impl Id {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$id,)*];

            /// The flag, with its dashes.
            #[must_use]
            pub fn flag(self) -> Option<&'static str> {
                some(match self { $(Self::$id => $flag,)* })
            }

            /// The environment variable.
            #[must_use]
            pub fn env(self) -> Option<&'static str> {
                some(match self { $(Self::$id => $env,)* })
            }

            /// The key in the file.
            #[must_use]
            pub fn key(self) -> Option<&'static str> {
                some(match self { $(Self::$id => $key,)* })
            }

            /// What kind of value it holds.
            #[must_use]
            pub fn kind(self) -> Kind {
                match self { $(Self::$id => Kind::$kind,)* }
            }

            /// What holds when nobody says anything, for people.
            #[must_use]
            pub fn default_text(self) -> Option<&'static str> {
                some(match self { $(Self::$id => $default,)* })
            }
        }
    };
}

settings! {
    Url = "--url", "DATABASE_URL", "admin.url", Text, "";
    Host = "--host", "PGHOST", "admin.host", Text, "the local socket, else localhost";
    Port = "--port", "PGPORT", "admin.port", Number, "5432";
    AdminUser = "--admin-user", "PGUSER", "admin.user", Text, "your user name on this machine";
    AdminPassword = "--admin-password-file", "PGPASSWORD", "admin.password_file", SecretPath, "~/.pgpass, else asked for";
    AdminDatabase = "--admin-database", "PGDATABASE", "admin.database", Text, "postgres";
    SetRole = "--set-role", "STITCH_PG_SET_ROLE", "admin.set_role", Text, "the login itself";
    Provider = "--provider", "STITCH_PG_PROVIDER", "admin.provider", Text, "recognised from the server";
    Service = "--service", "PGSERVICE", "admin.service", Text, "";
    SslMode = "--sslmode", "PGSSLMODE", "admin.sslmode", Text, "prefer";
    SslRootCert = "--sslrootcert", "PGSSLROOTCERT", "admin.sslrootcert", Path, "~/.postgresql/root.crt when it exists";
    SslCert = "--sslcert", "PGSSLCERT", "admin.sslcert", Path, "~/.postgresql/postgresql.crt when it exists";
    SslKey = "--sslkey", "PGSSLKEY", "admin.sslkey", Path, "~/.postgresql/postgresql.key when it exists";
    ViaBastion = "--via-bastion", "STITCH_PG_VIA_BASTION", "admin.via_bastion", Switch, "false";
    Database = "--database", "STITCH_PG_DATABASE", "stitch.database", Text, "stitch";
    Role = "--role", "STITCH_PG_ROLE", "stitch.role", Text, "stitch";
    Password = "--password-file", "STITCH_PG_PASSWORD", "stitch.password_file", SecretPath, "asked for";
    GeneratePassword = "--generate-password", "", "", Switch, "";
    ResetPassword = "--reset-password", "", "", Switch, "";
    AdoptRole = "--adopt-role", "", "stitch.adopt_role", Switch, "false";
    Readers = "--reader", "", "stitch.readers", Names, "nobody";
    StitchHost = "--stitch-host", "STITCH_PG_HOST", "stitch.host", Text, "the value of --host";
    StitchPort = "--stitch-port", "STITCH_PG_PORT", "stitch.port", Number, "the value of --port";
    Region = "--region", "STITCH_PG_REGION", "stitch.region", Text, "asked for";
    AllowCidrs = "--allow-cidr", "", "stitch.allow_cidrs", List, "the region's four addresses";
    HbaFile = "--hba-file", "", "stitch.hba_file", Path, "asked of the server";
    AllowListJson = "--allow-list-json", "", "", Path, "";
    Manage = "--manage", "", "stitch.manage", List, "nothing";
    Ssl = "--ssl", "STITCH_PG_SSL", "stitch.ssl", Switch, "on when the server offers TLS";
    NoSsl = "--no-ssl", "", "", Switch, "";
    StitchCa = "--stitch-ca", "STITCH_PG_CA", "stitch.ca", Path, "Stitch's box is left empty";
    Existing = "--existing", "", "ownership.existing", Switch, "false";
    New = "--new", "", "", Switch, "";
    Schemas = "--schema", "", "ownership.schemas", Names, "asked for";
    Detect = "--detect-schemas", "", "ownership.detect", Switch, "false";
    Include = "--include", "", "ownership.include", List, "tables only";
    KeepReaders = "--keep-readers", "", "ownership.keep_readers", Switch, "true";
    NoKeepReaders = "--no-keep-readers", "", "", Switch, "";
    LockTimeout = "--lock-timeout", "", "ownership.lock_timeout", Duration, "100ms";
    NewOwner = "--new-owner", "", "ownership.new_owner", Text, "";
    RehearseExisting = "--rehearse-existing", "", "ownership.rehearse_existing", Switch, "false";
    Bastion = "--bastion", "STITCH_PG_BASTION", "bastion.host", Text, "no tunnel";
    BastionIdentity = "--bastion-identity", "STITCH_PG_BASTION_IDENTITY", "bastion.identity", Path, "the agent's keys, then ~/.ssh/id_*";
    KnownHosts = "--known-hosts", "", "bastion.known_hosts", Path, "~/.ssh/known_hosts";
    HostKey = "--host-key", "", "bastion.host_key", Text, "";
    SudoPassword = "", "STITCH_PG_SUDO_PASSWORD", "", SecretPath, "asked for when sudo wants one";
    TunnelUser = "--tunnel-user", "STITCH_PG_TUNNEL_USER", "bastion.tunnel_user", Text, "stitch";
    AdoptUser = "--adopt-user", "", "bastion.adopt_user", Switch, "false";
    Shell = "--shell", "", "bastion.shell", Text, "the system's for new users; an existing user keeps its own";
    TunnelOnly = "--tunnel-only", "", "bastion.tunnel_only", Switch, "false";
    PublicKey = "--public-key", "STITCH_PG_PUBLIC_KEY", "bastion.public_key", Text, "asked for";
    PublicKeyFile = "--public-key-file", "", "bastion.public_key_file", Path, "";
    KeyOptions = "--key-options", "", "bastion.key_options", List, "permitopen,no-command";
    ProveTunnel = "--prove-tunnel", "", "bastion.prove_tunnel", Switch, "true for setup, false for check";
    NoProveTunnel = "--no-prove-tunnel", "", "", Switch, "";
    StitchBastionHost = "--stitch-bastion-host", "", "bastion.stitch_host", Text, "the SSH server's own name";
    StitchBastionPort = "--stitch-bastion-port", "", "bastion.stitch_port", Number, "the SSH server's own port";
    Register = "--register", "", "registration.enabled", Switch, "false";
    AccessToken = "", "STITCH_ACCESS_TOKEN", "", SecretPath, "asked for when it is needed";
    RegistrationName = "--destination-name", "", "registration.name", Text, "the database's name";
    DestinationId = "--destination-id", "", "registration.destination_id", Number, "the one with this host and database";
    MapSources = "--map-sources", "", "", Switch, "";
    SendPassword = "--send-password", "", "", Switch, "";
    ApiUrl = "--api-url", "", "registration.api_url", Text, "https://api.stitchdata.com";
    InsecureApi = "--insecure-api", "", "", Switch, "";
    Only = "--only", "", "", List, "every step";
    Skip = "--skip", "", "", List, "";
    Timeout = "--timeout", "", "", Number, "10";
    DocsUrl = "--docs-url", "", "docs_url", Text, "https://help.qlik.com/en-US/stitch";
}

impl Id {
    /// The setting with this key in the file.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|id| id.key() == Some(key))
    }

    /// Every way to give it, for people: `--port, PGPORT or admin.port in the file`.
    #[must_use]
    pub fn ways(self) -> Ways {
        Ways(self)
    }

    /// What to call it when nobody gave it: the flag where there is one.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.flag().or(self.env()).or(self.key()).unwrap_or_default()
    }
}

/// Writes out every way to give a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ways(Id);

impl fmt::Display for Ways {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.0.key().map(|key| format!("{key} in the file"));
        let mut ways: Vec<&str> = self.0.flag().into_iter().collect();
        if self.0 == Id::Password {
            ways.push("--generate-password");
        }
        ways.extend(self.0.env());
        if self.0 == Id::PublicKey {
            ways.insert(1, "--public-key-file");
        }
        ways.extend(key.as_deref());
        match ways.split_last() {
            Some((last, [])) => f.write_str(last),
            Some((last, others)) => write!(f, "{} or {last}", others.join(", ")),
            None => Ok(()),
        }
    }
}

/// The candidate that looks most like a misspelt word, if any looks like it at all.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count() / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn some(text: &'static str) -> Option<&'static str> {
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        for pick in [Id::flag, Id::env, Id::key] {
            let mut names: Vec<_> = Id::ALL.iter().filter_map(|id| pick(*id)).collect();
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all);
        }
    }

    #[test]
    fn ways_are_written_out() {
        assert_eq!(Id::Port.ways().to_string(), "--port, PGPORT or admin.port in the file");
        assert_eq!(Id::NoSsl.ways().to_string(), "--no-ssl");
        assert_eq!(
            Id::Password.ways().to_string(),
            "--password-file, --generate-password, STITCH_PG_PASSWORD or stitch.password_file in the file"
        );
    }

    #[test]
    fn the_nearest_word_is_near() {
        let keys = || Id::ALL.iter().filter_map(|id| id.key());
        assert_eq!(nearest("stitch.databse", keys()), Some("stitch.database"));
        assert_eq!(nearest("admin.prot", keys()), Some("admin.port"));
        assert_eq!(nearest("zzz", keys()), None);
    }
}
