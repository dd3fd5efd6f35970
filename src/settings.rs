//! Everything a run is told, checked and complete. Flags, environment, file and prompts all end here; nothing behind
//! this line parses text that a person typed.

use std::path::PathBuf;
use std::time::Duration;

use crate::names::{Cidr, DatabaseName, HostName, LinuxUser, Port, RoleName};
use crate::provider::Provider;
use crate::public_key::PublicKey;
use crate::secret::Secret;
use crate::step_id::StepId;
use crate::word::words;

pub mod ask;
mod authority;
mod check;
pub mod complete;
pub mod draft;
pub mod environment;
pub mod file;
mod input_files;
mod known_servers;
mod libpq;
mod login_rules;
mod manage;
mod named_files;
mod ownership;
pub(crate) mod pgpass;
pub mod problems;
mod questions;
mod region;
mod registration;
pub mod registry;
mod secret_file;
pub(crate) mod service;
pub mod ssh;
pub mod ssh_alias;
mod trust;
mod tunnel;
pub(crate) mod url;
mod words;

pub use ask::{Answer, Answered, Ask, PreviousQuestion, Question, Typing};
pub use authority::Authority;
pub use complete::{Approval, Audience, Purpose, SettingsRequest, answers, check_file, complete};
pub use draft::{Draft, Source};
pub use environment::{Environment, Stdin, TerminalEnv};
pub(crate) use input_files::bounded;
pub use input_files::{AllowlistInputs, HandedOver};
pub use libpq::libpq_markdown;
pub use login_rules::{AllowedAuth, ChannelBinding, LoginRules, Methods, Standby};
pub use manage::{Machine, Manage};
pub use ownership::{Connection, Include, OwnershipSettings, Readers, Rehearse, Schemas};
pub use problems::{Problem, Problems};
pub use region::Region;
pub use registration::{ApiUrl, Insecure, Registering, RegistrationSettings, SendPassword, UnmappedSources};
pub use registry::SettingId;
pub use ssh::{AgentKeys, BastionServer, IdentitySource, SshTarget};
pub use tunnel::{Adopt, KeyOption, LoginShell, Prove};
pub use words::{in_a_list, names_of_a_list};

/// The settings of one run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How the admin's login reaches PostgreSQL.
    pub admin: Admin,
    /// What Stitch will use.
    pub stitch: Stitch,
    /// Whether Stitch has loaded here before, and what must change hands.
    pub ownership: OwnershipSettings,
    /// The SSH server between Stitch and the database, if any.
    pub bastion: Option<BastionSettings>,
    /// Whether and how Stitch itself is told.
    pub registration: RegistrationSettings,
    /// What was handed over about the way in.
    pub way_in: AllowlistInputs,
    /// The steps that take part, in running order.
    pub steps: Vec<StepId>,
    /// The longest a single network operation may take.
    pub timeout: Duration,
    /// Base address of the documentation links, without a trailing slash.
    pub docs_url: String,
    /// What a person should know about how the settings were given: a password file others can read, for one.
    pub warnings: Vec<String>,
}

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
    /// Who runs the server, where a person says so (`--provider`).
    pub provider: Option<Provider>,
}

/// The way from this machine to the database server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// A connection of our own.
    Direct,
    /// Through the SSH server, as Stitch goes.
    Bastion,
}

/// TLS settings with libpq's meaning (PostgreSQL docs 34.19).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// How much is asked of the server.
    pub mode: SslMode,
    /// The certificate authorities to trust.
    pub root: Option<RootCertificates>,
    /// Client certificate, PEM.
    pub certificate: Option<PathBuf>,
    /// Its private key, PEM.
    pub key: Option<PathBuf>,
    /// The key's passphrase (`sslpassword`).
    pub key_passphrase: Option<Secret>,
    /// Revoked certificates (`sslcrl`), PEM.
    pub revoked: Option<PathBuf>,
    /// A directory of them (`sslcrldir`), as `openssl rehash` leaves it.
    pub revoked_directory: Option<PathBuf>,
    /// `ssl_min_protocol_version`; `None` leaves it to OpenSSL.
    pub min_version: Option<TlsVersion>,
    /// `ssl_max_protocol_version`.
    pub max_version: Option<TlsVersion>,
    /// `sslsni`.
    pub sni: Sni,
    /// `sslnegotiation`.
    pub negotiation: Negotiation,
}

words! {
    /// A version of TLS.
    #[expect(missing_docs, reason = "their names say it")]
    pub enum TlsVersion {
        V1 = "TLSv1",
        V1_1 = "TLSv1.1",
        V1_2 = "TLSv1.2",
        V1_3 = "TLSv1.3",
    }
}

/// libpq's `sslsni`: whether the server's name is sent before the connection is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sni {
    /// The server name is sent in the TLS handshake.
    #[default]
    Sent,
    /// The server name is not sent.
    Withheld,
}

/// libpq's `sslnegotiation`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Negotiation {
    /// PostgreSQL is asked first whether it has TLS.
    #[default]
    Asked,
    /// TLS from the first byte, which PostgreSQL 17 and newer understand.
    Direct,
}

words! {
    /// libpq's `sslmode`.
    #[derive(Default)]
    pub enum SslMode {
        /// Never TLS.
        Disable = "disable",
        /// TLS only when the server insists.
        Allow = "allow",
        /// TLS when the server offers it.
        #[default]
        Prefer = "prefer",
        /// TLS or nothing; the certificate is checked only when a root file is given.
        Require = "require",
        /// TLS with a certificate from a trusted authority.
        VerifyCa = "verify-ca",
        /// TLS with a trusted certificate for the very host that was dialled.
        VerifyFull = "verify-full",
    }
}

/// libpq's `sslrootcert`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RootCertificates {
    /// `system`: the operating system's store.
    System,
    /// A PEM file.
    File(PathBuf),
}

/// What Stitch itself will use; these values end up in Stitch's form.
#[derive(Clone, Debug)]
pub struct Stitch {
    /// The address Stitch (or the SSH server for it) must dial.
    pub host: HostName,
    /// The port that Stitch connects to.
    pub port: Port,
    /// The database that Stitch loads into.
    pub database: DatabaseName,
    /// The PostgreSQL role that Stitch logs in as.
    pub role: RoleName,
    /// Its password, as far as it is known.
    pub password: RolePassword,
    /// What to do when the existing role has another password.
    pub on_wrong_password: OnWrongPassword,
    /// Whether an existing role may be somebody else's so far.
    pub adopt: Adopt,
    /// Roles that are to read what Stitch makes.
    pub readers: Vec<RoleName>,
    /// Your account's region; absent when the addresses are given outright or the step that needs it is left out.
    pub region: Option<Region>,
    /// The networks Stitch connects from: the region's, or those given.
    pub allow: Vec<Cidr>,
    /// Whether *Connect using SSL* will be ticked.
    pub ssl: StitchSsl,
    /// What will be pasted into its box *SSL Certificate*.
    pub ca: Option<Authority>,
}

/// What is known of the Stitch role's password.
#[derive(Clone, Debug)]
pub enum RolePassword {
    /// Given by file, environment or prompt.
    Known(Secret),
    /// Made by us in this run; not yet written or shown.
    Generated {
        /// The password.
        secret: Secret,
        /// Where it goes (mode 0600); `None`: shown once on the terminal.
        save_to: Option<PathBuf>,
    },
    /// Not given; enough for `plan` and `script`.
    Unknown,
}

impl RolePassword {
    /// The password, when there is one.
    pub fn secret(&self) -> Option<&Secret> {
        match self {
            Self::Known(secret) | Self::Generated { secret, .. } => Some(secret),
            Self::Unknown => None,
        }
    }
}

/// Whether an existing role's password may be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnWrongPassword {
    /// Say so and leave it: another integration may be using it.
    Report,
    /// `--reset-password`.
    Reset,
}

/// Whether Stitch's form will have *Connect using SSL* ticked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StitchSsl {
    /// `--ssl`.
    On,
    /// `--no-ssl`.
    Off,
    /// On when the server offers TLS.
    WhenOffered,
}

/// The SSH server, and Stitch's account on it.
#[derive(Clone, Debug)]
pub struct BastionSettings {
    /// How we reach it.
    pub server: BastionServer,
    /// The Linux user Stitch logs in as.
    pub tunnel_user: LinuxUser,
    /// Whether it may be somebody else's so far.
    pub adopt: Adopt,
    /// The login shell of the tunnel user.
    pub shell: LoginShell,
    /// Stitch's public key, from its web page; `None` only where the step that needs it is left out.
    pub public_key: Option<PublicKey>,
    /// What Stitch's line may not do besides what it never may.
    pub key_options: Vec<KeyOption>,
    /// Whether the whole way is walked with a key of our own.
    pub prove: Prove,
    /// What Stitch must dial.
    pub stitch_host: HostName,
    /// The port of the SSH server as Stitch reaches it.
    pub stitch_port: Port,
    /// For sudo, when it wants one; asked for when missing.
    pub sudo_password: Option<Secret>,
}

impl Settings {
    /// After the role has a generated password it is known like any other, for the login that proves it.
    pub(crate) fn password_is_set(&mut self) {
        if let RolePassword::Generated { secret, .. } = &self.stitch.password {
            self.stitch.password = RolePassword::Known(secret.clone());
        }
    }
}

#[cfg(test)]
mod tests;
