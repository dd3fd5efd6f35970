//! The one table of settings: what each is, what it is called as a flag, in the environment and in the file, what it
//! defaults to, and what kind of value it holds. The command line, its help, messages, suggestions, the settings file and
//! docs/flags.md are all made of it.

/// What a setting's value looks like in the file, and how its text is taken apart elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
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
    ($($heading:literal: $(#[doc = $help:literal] $id:ident = $flag:literal $value:literal, $env:literal, $key:literal, $kind:ident, $default:literal;)*)*) => {
        /// One setting. The order is that of the contract's table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum SettingId { $($(
            #[doc = concat!("`", $flag, "` `", $env, "` `", $key, "`")]
            $id,
        )*)* }

        impl SettingId {
            /// Every setting, in the order of the pages.
            pub const ALL: &[Self] = &[$($(Self::$id,)*)*];

            /// The section of the help that its flag stands in.
            pub(crate) fn heading(self) -> &'static str {
                match self { $($(Self::$id => $heading,)*)* }
            }

            /// What it is, in one line.
            pub(crate) fn help(self) -> &'static str {
                match self { $($(Self::$id => $help,)*)* }.trim()
            }

            /// The flag, with its dashes.
            pub fn flag(self) -> Option<&'static str> {
                some(match self { $($(Self::$id => $flag,)*)* })
            }

            /// What the value behind the flag is called in the help; a switch has none.
            pub(crate) fn value_name(self) -> &'static str {
                match self { $($(Self::$id => $value,)*)* }
            }

            /// The environment variable.
            pub fn env(self) -> Option<&'static str> {
                some(match self { $($(Self::$id => $env,)*)* })
            }

            /// The key in the file.
            pub fn key(self) -> Option<&'static str> {
                some(match self { $($(Self::$id => $key,)*)* })
            }

            /// What kind of value it holds.
            pub fn kind(self) -> ValueKind {
                match self { $($(Self::$id => ValueKind::$kind,)*)* }
            }

            /// What holds when nobody says anything, for people.
            pub fn default_text(self) -> Option<&'static str> {
                some(match self { $($(Self::$id => $default,)*)* })
            }
        }
    };
}

settings! {
    "The PostgreSQL server and the administrator's login":
    /// Server: postgres://USER@HOST:PORT/DATABASE
    Url = "--url" "URL", "DATABASE_URL", "admin.url", Text, "";
    /// Host name, address or socket directory
    Host = "--host" "HOST", "PGHOST", "admin.host", Text, "the local socket, else localhost";
    /// Port of the server
    Port = "--port" "PORT", "PGPORT", "admin.port", Number, "5432";
    /// Administrator's login, which makes the changes
    AdminUser = "--admin-user" "USER", "PGUSER", "admin.user", Text, "your user name on this machine";
    /// File with the administrator's password
    AdminPassword = "--admin-password-file" "FILE", "PGPASSWORD", "admin.password_file", SecretPath, "~/.pgpass, else asked for";
    /// Database that the administrator logs in to
    AdminDatabase = "--admin-database" "NAME", "PGDATABASE", "admin.database", Text, "postgres";
    /// Role that the administrator acts as after the login (SET ROLE)
    SetRole = "--set-role" "ROLE", "STITCH_PG_SET_ROLE", "admin.set_role", Text, "the login itself";
    /// Provider of the server when it is not detected: rds, azure, neon, self-hosted
    Provider = "--provider" "NAME", "STITCH_PG_PROVIDER", "admin.provider", Text, "recognised from the server";
    /// Service name in pg_service.conf
    Service = "--service" "NAME", "PGSERVICE", "admin.service", Text, "";
    /// TLS mode: disable, allow, prefer, require, verify-ca or verify-full, as in libpq
    SslMode = "--sslmode" "MODE", "PGSSLMODE", "admin.sslmode", Text, "prefer";
    /// File with certificate authorities (PEM), or the word system
    SslRootCert = "--sslrootcert" "FILE", "PGSSLROOTCERT", "admin.sslrootcert", Path, "~/.postgresql/root.crt when it exists";
    /// File with the client certificate (PEM)
    SslCert = "--sslcert" "FILE", "PGSSLCERT", "admin.sslcert", Path, "~/.postgresql/postgresql.crt when it exists";
    /// File with the private key of the client certificate (PEM)
    SslKey = "--sslkey" "FILE", "PGSSLKEY", "admin.sslkey", Path, "~/.postgresql/postgresql.key when it exists";
    /// Connect to the server through the SSH server, as Stitch does
    ViaBastion = "--via-bastion" "", "STITCH_PG_VIA_BASTION", "admin.via_bastion", Switch, "false";
    "What Stitch will use":
    /// Database that Stitch loads into
    Database = "--database" "NAME", "STITCH_PG_DATABASE", "stitch.database", Text, "stitch";
    /// Role that Stitch logs in as
    Role = "--role" "NAME", "STITCH_PG_ROLE", "stitch.role", Text, "stitch";
    /// File with the role's password (the variable holds the password itself)
    Password = "--password-file" "FILE", "STITCH_PG_PASSWORD", "stitch.password_file", SecretPath, "asked for";
    /// Generate the role's password and save it to --password-file, or show it once
    GeneratePassword = "--generate-password" "", "", "", Switch, "";
    /// Reset the password of an existing role
    ResetPassword = "--reset-password" "", "", "", Switch, "";
    /// Use an existing role although it looks used for something else
    AdoptRole = "--adopt-role" "", "", "stitch.adopt_role", Switch, "false";
    /// Role that may read the tables that Stitch will make (repeatable)
    Readers = "--reader" "ROLE", "", "stitch.readers", Names, "none";
    /// Host that Stitch connects to
    StitchHost = "--stitch-host" "HOST", "STITCH_PG_HOST", "stitch.host", Text, "the value of --host";
    /// Port that Stitch connects to
    StitchPort = "--stitch-port" "PORT", "STITCH_PG_PORT", "stitch.port", Number, "the value of --port";
    /// Region of your account: north-america or europe
    Region = "--region" "REGION", "STITCH_PG_REGION", "stitch.region", Text, "asked for";
    /// Network that Stitch connects from, instead of the region's (repeatable)
    AllowCidrs = "--allow-cidr" "CIDR", "", "stitch.allow_cidrs", List, "the region's four addresses";
    /// Copy of pg_hba.conf, when your login cannot read its rules
    HbaFile = "--hba-file" "FILE", "", "stitch.hba_file", Path, "asked of the server";
    /// File with the provider's allow list as its own tool prints it (- for standard input)
    AllowListJson = "--allow-list-json" "FILE", "", "", Path, "";
    /// Also change hba (pg_hba.conf) or firewall (ufw or firewalld, on the host that Stitch connects to)
    Manage = "--manage" "WHAT,...", "", "stitch.manage", List, "nothing";
    /// Check for "Connect using SSL" ticked in Stitch
    Ssl = "--ssl" "", "STITCH_PG_SSL", "stitch.ssl", Switch, "on when the server offers TLS";
    /// Check for "Connect using SSL" not ticked in Stitch
    NoSsl = "--no-ssl" "", "", "", Switch, "";
    /// File with the certificate (PEM) for "SSL Certificate" in Stitch, tested against the server
    StitchCa = "--stitch-ca" "FILE", "STITCH_PG_CA", "stitch.ca", Path, "empty";
    "What Stitch has loaded before":
    /// Transfer the schemas that Stitch has loaded before
    Existing = "--existing" "", "", "ownership.existing", Switch, "false";
    /// Set up a database that Stitch has not loaded before
    New = "--new" "", "", "", Switch, "";
    /// Schema that Stitch has loaded and must own (repeatable)
    Schemas = "--schema" "NAME,...", "", "ownership.schemas", Names, "asked for";
    /// Detect the schemas that Stitch has loaded
    Detect = "--detect-schemas" "", "", "ownership.detect", Switch, "false";
    /// Transfer other kinds of objects too: views, matviews, sequences, foreign-tables, functions, procedures, types, domains, statistics, operators, collations, conversions, text-search
    Include = "--include" "KIND,...", "", "ownership.include", List, "tables only";
    /// Keep read access for the present owners, their views and their readers
    KeepReaders = "--keep-readers" "", "", "ownership.keep_readers", Switch, "true";
    /// Remove read access of the present owners
    NoKeepReaders = "--no-keep-readers" "", "", "", Switch, "";
    /// Longest wait for a lock on one table, such as 100ms or 2s
    LockTimeout = "--lock-timeout" "TIME", "", "ownership.lock_timeout", Duration, "100ms";
    /// Role that becomes the owner of what Stitch's role owns
    NewOwner = "--new-owner" "ROLE", "", "ownership.new_owner", Text, "";
    /// Also test operations that block readers for a moment, on tables that have rows
    RehearseExisting = "--rehearse-existing" "", "", "ownership.rehearse_existing", Switch, "false";
    "The SSH server, when Stitch goes through a tunnel":
    /// SSH server: [USER@]HOST[:PORT], an alias, or local
    Bastion = "--bastion" "HOST", "STITCH_PG_BASTION", "bastion.host", Text, "no tunnel";
    /// File with your private key for the SSH server
    BastionIdentity = "--bastion-identity" "FILE", "STITCH_PG_BASTION_IDENTITY", "bastion.identity", Path, "the agent's keys, then ~/.ssh/id_*";
    /// Your own ssh, in place of the built-in client
    SshCommand = "--ssh-command" "PATH", "STITCH_PG_SSH_COMMAND", "", Text, "the built-in client (libssh2)";
    /// File with the host keys to trust
    KnownHosts = "--known-hosts" "FILE", "", "bastion.known_hosts", Path, "~/.ssh/known_hosts";
    /// Fingerprint of the SSH server's host key, to trust it
    HostKey = "--host-key" "SHA256:...", "", "bastion.host_key", Text, "";
    /// Password for sudo on the SSH server, where sudo wants one
    SudoPassword = "" "", "STITCH_PG_SUDO_PASSWORD", "", SecretPath, "asked for when sudo needs one";
    /// Linux user that Stitch logs in as
    TunnelUser = "--tunnel-user" "USER", "STITCH_PG_TUNNEL_USER", "bastion.tunnel_user", Text, "stitch";
    /// Use an existing Linux user although it looks used for something else
    AdoptUser = "--adopt-user" "", "", "bastion.adopt_user", Switch, "false";
    /// Login shell of Stitch's Linux user
    Shell = "--shell" "PATH", "", "bastion.shell", Text, "the system's for new users; an existing user keeps its own";
    /// Give Stitch's Linux user no login shell (nologin)
    TunnelOnly = "--tunnel-only" "", "", "bastion.tunnel_only", Switch, "false";
    /// Stitch's public key (in Stitch: Destination > PostgreSQL > Encryption Type > SSH Tunnel)
    PublicKey = "--public-key" "KEY", "STITCH_PG_PUBLIC_KEY", "bastion.public_key", Text, "asked for";
    /// File with Stitch's public key (- for standard input)
    PublicKeyFile = "--public-key-file" "FILE", "", "bastion.public_key_file", Path, "";
    /// How the key is narrowed: restrict (always), permitopen (to the database), from (Stitch's addresses), no-command
    KeyOptions = "--key-options" "OPTION,...", "", "bastion.key_options", List, "permitopen,no-command";
    /// Test the tunnel end to end with a temporary key beside Stitch's (two minutes at most)
    ProveTunnel = "--prove-tunnel" "", "", "bastion.prove_tunnel", Switch, "true for setup, false for check";
    /// Do not test the tunnel with a temporary key
    NoProveTunnel = "--no-prove-tunnel" "", "", "", Switch, "";
    /// SSH host that Stitch connects to
    StitchBastionHost = "--stitch-bastion-host" "HOST", "", "bastion.stitch_host", Text, "the SSH server's own name";
    /// SSH port that Stitch connects to
    StitchBastionPort = "--stitch-bastion-port" "PORT", "", "bastion.stitch_port", Number, "the SSH server's own port";
    "Registration by Stitch's Connect API":
    /// Enter the connection into Stitch; needs an access token
    Register = "--register" "", "", "registration.enabled", Switch, "false";
    /// Access token of the Stitch account
    AccessToken = "" "", "STITCH_ACCESS_TOKEN", "", SecretPath, "asked for when it is needed";
    /// Name of the destination in Stitch
    RegistrationName = "--destination-name" "NAME", "", "registration.name", Text, "the database's name";
    /// Number of the destination in Stitch to change, whatever its host
    DestinationId = "--destination-id" "ID", "", "registration.destination_id", Number, "the one with this host and database";
    /// Connect every source without a destination to the new one
    MapSources = "--map-sources" "", "", "", Switch, "";
    /// Send the password to an existing destination too
    SendPassword = "--send-password" "", "", "", Switch, "";
    /// Address of Stitch's API
    ApiUrl = "--api-url" "URL", "", "registration.api_url", Text, "https://api.stitchdata.com";
    /// Allow an API address with http:// on this machine, for tests
    InsecureApi = "--insecure-api" "", "", "", Switch, "";
    "The loads that are running":
    /// Also check the loads: how fresh they are, what was rejected, and what blocks the next one
    Loads = "--loads" "", "", "loads.check", Switch, "false";
    /// Longest time since the last load of a schema, such as 90m, 6h or 2d
    LoadsMaxAge = "--loads-max-age" "TIME", "", "loads.max_age", Text, "24h";
    /// How far back rejected records count
    LoadsRejectedWithin = "--loads-rejected-within" "TIME", "", "loads.rejected_within", Text, "24h";
    /// Count rejected records since this file was written, such as the report of the last check
    LoadsRejectedSince = "--loads-rejected-since" "FILE", "", "loads.rejected_since", Path, "";
    /// Most rejected records of a schema in that time
    LoadsMaxRejected = "--loads-max-rejected" "NUMBER", "", "loads.max_rejected", Number, "0";
    /// Most columns of a table, dropped ones included (PostgreSQL's own limit is 1600)
    LoadsMaxColumns = "--loads-max-columns" "NUMBER", "", "loads.max_columns", Number, "1500";
    /// Longest time that a session may block Stitch's changes to a table
    LoadsMaxLock = "--loads-max-lock" "TIME", "", "loads.max_lock", Text, "5m";
    "Steps and time limits":
    /// Run only these steps: allowlist, database, ssh-user, role, ownership, connection, registration
    Only = "--only" "STEP,...", "", "", List, "every step";
    /// Run all steps but these
    Skip = "--skip" "STEP,...", "", "", List, "";
    /// Finding codes that you know of: an unknown one is not in the annotations, and not in what is left for you
    Acknowledge = "" "", "", "acknowledge", List, "";
    /// Longest wait for one answer (a change may take 30 times as long, a script on the SSH server 6 times)
    Timeout = "--timeout" "SECONDS", "", "", Number, "10";
    /// Base address of the links that are shown
    DocsUrl = "--docs-url" "URL", "", "docs_url", Text, "https://help.qlik.com/en-US/stitch";
}

impl SettingId {
    /// The setting with this key in the file.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|id| id.key() == Some(key))
    }

    /// Every way to give it, for people: `--port, PGPORT or admin.port in the file`.
    pub fn ways(self) -> String {
        let key = self.key().map(|key| format!("{key} in the file"));
        let mut ways: Vec<&str> = self.flag().into_iter().collect();
        match self {
            Self::Password => ways.push("--generate-password"),
            Self::PublicKey => ways.push("--public-key-file"),
            _ => {}
        }
        ways.extend(self.env());
        ways.extend(key.as_deref());
        let last = ways.pop().unwrap_or_default();
        if ways.is_empty() {
            last.to_owned()
        } else {
            format!("{} or {last}", ways.join(", "))
        }
    }

    /// What to call it when nobody gave it: the flag where there is one.
    pub fn name(self) -> &'static str {
        self.flag().or(self.env()).or(self.key()).unwrap_or_default()
    }
}

/// The candidate that looks most like a misspelt word, if any looks like it at all.
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
        for pick in [SettingId::flag, SettingId::env, SettingId::key] {
            let mut names: Vec<_> = SettingId::ALL.iter().filter_map(|id| pick(*id)).collect();
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all);
        }
    }

    #[test]
    fn ways_are_written_out() {
        assert_eq!(SettingId::Port.ways(), "--port, PGPORT or admin.port in the file");
        assert_eq!(SettingId::NoSsl.ways(), "--no-ssl");
        assert_eq!(
            SettingId::Password.ways(),
            "--password-file, --generate-password, STITCH_PG_PASSWORD or stitch.password_file in the file"
        );
    }

    #[test]
    fn the_nearest_word_is_near() {
        let keys = || SettingId::ALL.iter().filter_map(|id| id.key());
        assert_eq!(nearest("stitch.databse", keys()), Some("stitch.database"));
        assert_eq!(nearest("admin.prot", keys()), Some("admin.port"));
        assert_eq!(nearest("zzz", keys()), None);
    }
}
