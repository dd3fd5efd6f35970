//! The flags that are settings. Their names are those of the table in [`crate::settings::known`], which also knows
//! their other names.

use clap::{Arg, ArgAction, ArgMatches, Args};

use crate::settings::{Draft, Id, Source};

/// All settings that have a flag. clap only collects them; [`draft`] takes them from its matches by the table.
#[derive(Args, Debug)]
pub(super) struct Settings {
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    stitch: Stitch,
    #[command(flatten)]
    ownership: Ownership,
    #[command(flatten)]
    bastion: Bastion,
    #[command(flatten)]
    registration: Registration,
    #[command(flatten)]
    steps: Steps,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "The PostgreSQL server and the administrator's login")]
struct Server {
    /// Server: postgres://USER@HOST:PORT/DATABASE
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Host name, address or socket directory
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// Port of the server
    #[arg(long, value_name = "PORT")]
    port: Option<String>,
    /// Administrator's login, which makes the changes
    #[arg(long, value_name = "USER")]
    admin_user: Option<String>,
    /// File with the administrator's password
    #[arg(long, value_name = "FILE")]
    admin_password_file: Option<String>,
    /// Database that the administrator logs in to
    #[arg(long, value_name = "NAME")]
    admin_database: Option<String>,
    /// Role that the administrator acts as after the login (SET ROLE)
    #[arg(long, value_name = "ROLE")]
    set_role: Option<String>,
    /// Provider of the server when it is not detected: rds, azure, neon, self-hosted
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    #[arg(long, value_name = "NAME", help = "Service name in pg_service.conf")]
    service: Option<String>,
    /// TLS mode: disable, allow, prefer, require, verify-ca or verify-full, as in libpq
    #[arg(long, value_name = "MODE")]
    sslmode: Option<String>,
    /// File with certificate authorities (PEM), or the word system
    #[arg(long, value_name = "FILE")]
    sslrootcert: Option<String>,
    /// File with the client certificate (PEM)
    #[arg(long, value_name = "FILE")]
    sslcert: Option<String>,
    /// File with the private key of the client certificate (PEM)
    #[arg(long, value_name = "FILE")]
    sslkey: Option<String>,
    /// Connect to the server through the SSH server, as Stitch does
    #[arg(long)]
    via_bastion: bool,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "What Stitch will use")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag that is there or not, as clap has it"
)]
#[expect(clippy::struct_field_names, reason = "the fields are named as the flags are")]
struct Stitch {
    /// Database that Stitch loads into
    #[arg(long, value_name = "NAME")]
    database: Option<String>,
    /// Role that Stitch logs in as
    #[arg(long, value_name = "NAME")]
    role: Option<String>,
    /// File with the role's password (the variable holds the password itself)
    #[arg(long, value_name = "FILE")]
    password_file: Option<String>,
    /// Generate the role's password and save it to --password-file, or show it once
    #[arg(long)]
    generate_password: bool,
    /// Reset the password of an existing role
    #[arg(long)]
    reset_password: bool,
    /// Use an existing role although it looks used for something else
    #[arg(long)]
    adopt_role: bool,
    /// Role that may read the tables that Stitch will make (repeatable)
    #[arg(long, value_name = "ROLE", action = ArgAction::Append)]
    reader: Vec<String>,
    /// Host that Stitch connects to
    #[arg(long, value_name = "HOST")]
    stitch_host: Option<String>,
    /// Port that Stitch connects to
    #[arg(long, value_name = "PORT")]
    stitch_port: Option<String>,
    /// Region of your account: north-america or europe
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// Network that Stitch connects from, instead of the region's (repeatable)
    #[arg(long, value_name = "CIDR", action = ArgAction::Append)]
    allow_cidr: Vec<String>,
    #[arg(
        long,
        value_name = "FILE",
        help = "Copy of pg_hba.conf, when your login cannot read its rules"
    )]
    hba_file: Option<String>,
    /// File with the provider's allow list as its own tool prints it (- for standard input)
    #[arg(long, value_name = "FILE")]
    allow_list_json: Option<String>,
    #[arg(
        long,
        value_name = "WHAT,...",
        action = ArgAction::Append,
        help = "Also change hba (pg_hba.conf) or firewall (ufw or firewalld, on the host that Stitch connects to)"
    )]
    manage: Vec<String>,
    /// Check for "Connect using SSL" ticked in Stitch
    #[arg(long)]
    ssl: bool,
    /// Check for "Connect using SSL" not ticked in Stitch
    #[arg(long)]
    no_ssl: bool,
    /// File with the certificate (PEM) for "SSL Certificate" in Stitch, tested against the server
    #[arg(long, value_name = "FILE")]
    stitch_ca: Option<String>,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "What Stitch has loaded before")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag that is there or not, as clap has it"
)]
struct Ownership {
    /// Transfer the schemas that Stitch has loaded before
    #[arg(long)]
    existing: bool,
    /// Set up a database that Stitch has not loaded before
    #[arg(long)]
    new: bool,
    /// Schema that Stitch has loaded and must own (repeatable)
    #[arg(long, value_name = "NAME,...", action = ArgAction::Append)]
    schema: Vec<String>,
    /// Detect the schemas that Stitch has loaded
    #[arg(long)]
    detect_schemas: bool,
    /// Transfer other kinds of objects too: views, matviews, sequences, foreign-tables, functions, procedures, types, domains, statistics, operators, collations, conversions, text-search
    #[arg(long, value_name = "KIND,...", action = ArgAction::Append)]
    include: Vec<String>,
    /// Keep read access for the present owners, their views and their readers
    #[arg(long)]
    keep_readers: bool,
    /// Remove read access of the present owners
    #[arg(long)]
    no_keep_readers: bool,
    /// Longest wait for a lock on one table, such as 100ms or 2s
    #[arg(long, value_name = "TIME")]
    lock_timeout: Option<String>,
    /// Role that becomes the owner of what Stitch's role owns
    #[arg(long, value_name = "ROLE")]
    new_owner: Option<String>,
    /// Also test operations that block readers for a moment, on tables that have rows
    #[arg(long)]
    rehearse_existing: bool,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "The SSH server, when Stitch goes through a tunnel")]
#[expect(clippy::struct_field_names, reason = "the fields are named as the flags are")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag that is there or not, as clap has it"
)]
struct Bastion {
    /// SSH server: [USER@]HOST[:PORT], an alias, or local
    #[arg(long, value_name = "HOST")]
    bastion: Option<String>,
    /// File with your private key for the SSH server
    #[arg(long, value_name = "FILE")]
    bastion_identity: Option<String>,
    /// File with the host keys to trust
    #[arg(long, value_name = "FILE")]
    known_hosts: Option<String>,
    /// Fingerprint of the SSH server's host key, to trust it
    #[arg(long, value_name = "SHA256:...")]
    host_key: Option<String>,
    /// Linux user that Stitch logs in as
    #[arg(long, value_name = "USER")]
    tunnel_user: Option<String>,
    /// Use an existing Linux user although it looks used for something else
    #[arg(long)]
    adopt_user: bool,
    /// Login shell of Stitch's Linux user
    #[arg(long, value_name = "PATH")]
    shell: Option<String>,
    /// Give Stitch's Linux user no login shell (nologin)
    #[arg(long)]
    tunnel_only: bool,
    /// Stitch's public key (in Stitch: Destination > PostgreSQL > Encryption Type > SSH Tunnel)
    #[arg(long, value_name = "KEY")]
    public_key: Option<String>,
    /// File with Stitch's public key (- for standard input)
    #[arg(long, value_name = "FILE")]
    public_key_file: Option<String>,
    /// How the key is narrowed: restrict (always), permitopen (to the database), from (Stitch's addresses), no-command
    #[arg(long, value_name = "OPTION,...", action = ArgAction::Append)]
    key_options: Vec<String>,
    /// Test the tunnel end to end with a temporary key beside Stitch's (two minutes at most)
    #[arg(long)]
    prove_tunnel: bool,
    /// Do not test the tunnel with a temporary key
    #[arg(long)]
    no_prove_tunnel: bool,
    /// SSH host that Stitch connects to
    #[arg(long, value_name = "HOST")]
    stitch_bastion_host: Option<String>,
    /// SSH port that Stitch connects to
    #[arg(long, value_name = "PORT")]
    stitch_bastion_port: Option<String>,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Registration by Stitch's Connect API")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag that is there or not, as clap has it"
)]
struct Registration {
    /// Enter the connection into Stitch; needs an access token
    #[arg(long)]
    register: bool,
    /// Name of the destination in Stitch
    #[arg(long, value_name = "NAME")]
    destination_name: Option<String>,
    /// Number of the destination in Stitch to change, whatever its host
    #[arg(long, value_name = "ID")]
    destination_id: Option<String>,
    /// Connect every source without a destination to the new one
    #[arg(long)]
    map_sources: bool,
    /// Send the password to an existing destination too
    #[arg(long)]
    send_password: bool,
    /// Address of Stitch's API
    #[arg(long, value_name = "URL")]
    api_url: Option<String>,
    /// Allow an API address with http:// on this machine, for tests
    #[arg(long)]
    insecure_api: bool,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Steps and time limits")]
struct Steps {
    /// Run only these steps: allowlist, database, ssh-user, role, ownership, connection, registration
    #[arg(long, value_name = "STEP,...", action = ArgAction::Append)]
    only: Vec<String>,
    /// Run all steps but these
    #[arg(long, value_name = "STEP,...", action = ArgAction::Append)]
    skip: Vec<String>,
    /// Longest wait for one answer (a change may take 30 times as long, a script on the SSH server 6 times)
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<String>,
    /// Base address of the links that are shown
    #[arg(long, value_name = "URL")]
    docs_url: Option<String>,
}

/// The settings that were given as flags.
pub(super) fn draft(matches: &ArgMatches) -> Draft {
    let mut draft = Draft::default();
    for id in Id::ALL.iter().copied() {
        let Some(flag) = id.flag() else { continue };
        let name = flag.trim_start_matches('-').replace('-', "_");
        if let Ok(given) = matches.try_get_one::<bool>(&name) {
            if given == Some(&true) {
                draft.set(id, "true", Source::Flag(flag));
            }
        } else if let Some(texts) = matches.get_many::<String>(&name) {
            draft.set_all(id, texts.cloned().collect(), Source::Flag(flag));
        }
    }
    draft
}

/// The setting behind an argument.
pub(super) fn setting(arg: &Arg) -> Option<Id> {
    let long = arg.get_long()?;
    Id::ALL
        .iter()
        .copied()
        .find(|id| id.flag().is_some_and(|flag| flag.trim_start_matches('-') == long))
}

/// Adds the setting's other names and its default to the help of its flag in `--help`.
pub(super) fn annotate(arg: Arg) -> Arg {
    let Some(id) = setting(&arg) else { return arg };
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let env = id.env().map(|env| format!("[env: {env}]"));
    let key = id.key().map(|key| format!("[file: {key}]"));
    let default = id.default_text().map(|default| format!("[default: {default}]"));
    let others: Vec<String> = [env, key, default].into_iter().flatten().collect();
    let long = match others.as_slice() {
        [] => help.clone(),
        others => format!("{help}\n{}", others.join(" ")),
    };
    arg.help(help).long_help(long)
}
