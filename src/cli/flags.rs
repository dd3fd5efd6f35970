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
#[command(next_help_heading = "The PostgreSQL server, as its admin reaches it")]
struct Server {
    /// postgres://USER@HOST:PORT/DATABASE, without a password
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Host name, address, or socket directory
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// Port
    #[arg(long, value_name = "PORT")]
    port: Option<String>,
    /// Login that makes the changes
    #[arg(long, value_name = "USER")]
    admin_user: Option<String>,
    /// File with its password
    #[arg(long, value_name = "FILE")]
    admin_password_file: Option<String>,
    /// Database to log in to
    #[arg(long, value_name = "NAME")]
    admin_database: Option<String>,
    /// Role to act as after the login (SET ROLE)
    #[arg(long, value_name = "ROLE")]
    set_role: Option<String>,
    /// Who runs the server, where it is not recognised: rds, azure, neon, self-hosted and so on
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    #[arg(long, value_name = "NAME", help = "Service of pg_service.conf")]
    service: Option<String>,
    /// disable, allow, prefer, require, verify-ca or verify-full, as in libpq
    #[arg(long, value_name = "MODE")]
    sslmode: Option<String>,
    /// Certificate authorities (PEM), or system
    #[arg(long, value_name = "FILE")]
    sslrootcert: Option<String>,
    /// Client certificate (PEM)
    #[arg(long, value_name = "FILE")]
    sslcert: Option<String>,
    /// Its private key (PEM)
    #[arg(long, value_name = "FILE")]
    sslkey: Option<String>,
    /// Reach the server through the SSH server, as Stitch does
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
    /// Database Stitch loads into
    #[arg(long, value_name = "NAME")]
    database: Option<String>,
    /// Role Stitch logs in as
    #[arg(long, value_name = "NAME")]
    role: Option<String>,
    /// File with the role's password; its variable holds the password itself
    #[arg(long, value_name = "FILE")]
    password_file: Option<String>,
    /// Make up the password and put it into --password-file, where it is kept from then on; without that, show it once
    #[arg(long)]
    generate_password: bool,
    /// Change the password of a role that has another one
    #[arg(long)]
    reset_password: bool,
    /// Take an existing role that looks like somebody else's
    #[arg(long)]
    adopt_role: bool,
    /// Role that is to read what Stitch will make; repeatable
    #[arg(long, value_name = "ROLE", action = ArgAction::Append)]
    reader: Vec<String>,
    /// Host Stitch must dial
    #[arg(long, value_name = "HOST")]
    stitch_host: Option<String>,
    /// Port Stitch must dial
    #[arg(long, value_name = "PORT")]
    stitch_port: Option<String>,
    /// Region of your Stitch account: north-america or europe
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// Network Stitch connects from, instead of the region's; repeatable
    #[arg(long, value_name = "CIDR", action = ArgAction::Append)]
    allow_cidr: Vec<String>,
    #[arg(
        long,
        value_name = "FILE",
        help = "Copy of pg_hba.conf, for where your login may not read its rules"
    )]
    hba_file: Option<String>,
    /// The provider's allow list as its own tool prints it, - for standard input
    #[arg(long, value_name = "FILE")]
    allow_list_json: Option<String>,
    #[arg(
        long,
        value_name = "WHAT,...",
        action = ArgAction::Append,
        help = "Change these too, which are otherwise only advised about: hba (pg_hba.conf), firewall (of the machine Stitch reaches)"
    )]
    manage: Vec<String>,
    /// "Connect using SSL" will be ticked in Stitch
    #[arg(long)]
    ssl: bool,
    /// It will not be ticked
    #[arg(long)]
    no_ssl: bool,
    /// Certificate (PEM) for Stitch's box "SSL Certificate"; tested to vouch for the server
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
    /// Stitch has loaded into this database before
    #[arg(long)]
    existing: bool,
    /// It has not
    #[arg(long)]
    new: bool,
    /// Schema that Stitch loaded and must own; repeatable
    #[arg(long, value_name = "NAME", action = ArgAction::Append)]
    schema: Vec<String>,
    /// Find those schemas by what Stitch leaves in them
    #[arg(long)]
    detect_schemas: bool,
    /// Hand over more than tables: views, matviews, sequences, foreign-tables, functions, procedures, types, domains, statistics, operators, collations, conversions, text-search
    #[arg(long, value_name = "KIND,...", action = ArgAction::Append)]
    include: Vec<String>,
    /// The present owners, their views and whom they let read go on reading
    #[arg(long)]
    keep_readers: bool,
    /// They do not
    #[arg(long)]
    no_keep_readers: bool,
    /// Longest wait for one table, such as 100ms or 2s
    #[arg(long, value_name = "TIME")]
    lock_timeout: Option<String>,
    /// For remove: the role that gets what Stitch's role owns
    #[arg(long, value_name = "ROLE")]
    new_owner: Option<String>,
    /// Rehearse on tables with rows what locks their readers out for a moment, too
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
    /// The SSH server, an alias of ~/.ssh/config, or local for this machine
    #[arg(long, value_name = "[USER@]HOST[:PORT]")]
    bastion: Option<String>,
    /// Your private key for it
    #[arg(long, value_name = "FILE")]
    bastion_identity: Option<String>,
    /// Host keys to trust
    #[arg(long, value_name = "FILE")]
    known_hosts: Option<String>,
    /// Fingerprint of its host key, to be trusted
    #[arg(long, value_name = "SHA256:...")]
    host_key: Option<String>,
    /// Linux user Stitch logs in as
    #[arg(long, value_name = "USER")]
    tunnel_user: Option<String>,
    /// Take an existing user that looks like somebody else's
    #[arg(long)]
    adopt_user: bool,
    /// Its login shell
    #[arg(long, value_name = "PATH")]
    shell: Option<String>,
    /// No login shell: nologin
    #[arg(long)]
    tunnel_only: bool,
    /// Stitch's public key: Destination > PostgreSQL > Encryption Type > SSH Tunnel > Public Key
    #[arg(long, value_name = "KEY")]
    public_key: Option<String>,
    /// File with that key, - for standard input
    #[arg(long, value_name = "FILE")]
    public_key_file: Option<String>,
    /// How the key is narrowed: restrict (always), permitopen (to the database), from (Stitch's addresses), no-command
    #[arg(long, value_name = "OPTION,...", action = ArgAction::Append)]
    key_options: Vec<String>,
    /// Prove the whole way with a second key beside Stitch's, for two minutes at most
    #[arg(long)]
    prove_tunnel: bool,
    /// Do not
    #[arg(long)]
    no_prove_tunnel: bool,
    /// SSH host Stitch must dial
    #[arg(long, value_name = "HOST")]
    stitch_bastion_host: Option<String>,
    /// SSH port Stitch must dial
    #[arg(long, value_name = "PORT")]
    stitch_bastion_port: Option<String>,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Telling Stitch, by its Connect API")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag that is there or not, as clap has it"
)]
struct Registration {
    /// Enter the connection into Stitch and wait for its check; needs an access token
    #[arg(long)]
    register: bool,
    /// What the destination is called in Stitch
    #[arg(long, value_name = "NAME")]
    destination_name: Option<String>,
    /// Change this destination, whatever its host
    #[arg(long, value_name = "ID")]
    destination_id: Option<String>,
    /// Let every source that loads nowhere load into a new destination
    #[arg(long)]
    map_sources: bool,
    /// Send the password to an existing destination, too
    #[arg(long)]
    send_password: bool,
    /// Longest wait for Stitch's own check
    #[arg(long, value_name = "SECONDS")]
    wait: Option<String>,
    /// Where Stitch's API is
    #[arg(long, value_name = "URL")]
    api_url: Option<String>,
    /// Let that be http:// on this machine, for tests
    #[arg(long)]
    insecure_api: bool,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Which steps, and how long")]
struct Steps {
    /// Only these: allowlist, database, ssh-user, role, ownership, connection, registration
    #[arg(long, value_name = "STEP,...", action = ArgAction::Append)]
    only: Vec<String>,
    /// All but these
    #[arg(long, value_name = "STEP,...", action = ArgAction::Append)]
    skip: Vec<String>,
    /// Longest wait for one answer; a change in PostgreSQL may take 30 times as long, a script on the SSH server 6 times
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<String>,
    /// Base address of the links shown
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

/// Adds the setting's other names to the help of its flag: the variable always, file key and default in `--help`.
pub(super) fn annotate(arg: Arg) -> Arg {
    let Some(id) = setting(&arg) else { return arg };
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let env = id.env().map(|env| format!("[env: {env}]"));
    let key = id.key().map(|key| format!("[file: {key}]"));
    let default = id.default_text().map(|default| format!("[default: {default}]"));
    let short = [Some(help.clone()), env.clone()];
    let others: Vec<String> = [env, key, default].into_iter().flatten().collect();
    let long = match others.as_slice() {
        [] => help,
        others => format!("{help}\n{}", others.join(" ")),
    };
    arg.help(short.into_iter().flatten().collect::<Vec<_>>().join(" "))
        .long_help(long)
}
