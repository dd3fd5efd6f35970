//! The SSH server between Stitch and the database, and Stitch's account on it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use anyhow::Context as _;

use super::checker::{Checker, host, known_good};
use crate::names::{HostName, Port};
use crate::public_key::PublicKey;
use crate::settings::bastion::BastionSettings;
use crate::settings::bastion::{Adopt, KeyOption, LoginShell, Prove};
use crate::settings::draft::Rank;
use crate::settings::environment::Environment;
use crate::settings::registry::SettingId;
use crate::settings::request::{Audience, Purpose};
use crate::settings::ssh::BastionServer;
use crate::settings::ssh_alias::{self, AliasOptions};
use crate::settings::trust;
use crate::step_id::StepId;

pub(super) fn check(checker: &mut Checker<'_>, steps: &[StepId]) -> Option<BastionSettings> {
    let purpose = checker.context.request.purpose;
    // A script for the SSH server can be written without knowing how to reach it.
    let unnamed = match purpose {
        Purpose::Script(Some(Audience::Sysadmin)) => true,
        Purpose::Script(None) => checker.draft.has(SettingId::PublicKey),
        _ => false,
    };
    if !checker.draft.has(SettingId::Bastion) && !unnamed {
        warn_of_idle_flags(checker);
        return None;
    }
    let server = server(checker);
    let (own_host, own_port) = match &server {
        Some(BastionServer::Ssh(target)) => (target.host.clone(), target.port),
        Some(BastionServer::Local) | None => (this_machine(checker), Port::SSH),
    };
    let sudo_password = checker.secret(SettingId::SudoPassword);
    let tunnel_user = checker
        .parse(SettingId::TunnelUser)
        .unwrap_or_else(|| known_good("stitch"));
    let adopt = checker.either(SettingId::AdoptUser, Adopt::Yes, Adopt::No);
    let shell = login_shell(checker);
    let public_key = public_key(checker, steps);
    let mut key_options: Vec<KeyOption> = checker.list(SettingId::KeyOptions);
    if key_options.is_empty() {
        key_options = KeyOption::BY_DEFAULT.to_vec();
    }
    let by_default = purpose == Purpose::Setup;
    let prove = if checker.switch(SettingId::ProveTunnel).unwrap_or(by_default) {
        Prove::Yes
    } else {
        Prove::No
    };
    let stitch_host = checker.read(SettingId::StitchBastionHost, host).unwrap_or(own_host);
    let stitch_port = checker.parse(SettingId::StitchBastionPort).unwrap_or(own_port);
    Some(BastionSettings {
        server: server?,
        tunnel_user,
        adopt,
        shell,
        public_key,
        key_options,
        prove,
        stitch_host,
        stitch_port,
        stitch_given_by: checker.given_by(SettingId::StitchBastionHost, SettingId::StitchBastionPort, None),
        sudo_password,
    })
}

fn login_shell(checker: &mut Checker<'_>) -> LoginShell {
    let given = checker.read(SettingId::Shell, LoginShell::path);
    let tunnel_only = checker.switch(SettingId::TunnelOnly) == Some(true);
    if tunnel_only && given.is_some() {
        checker
            .problems
            .wrong("--shell and --tunnel-only contradict each other: the second means nologin");
    }
    match given {
        _ if tunnel_only => LoginShell::Nologin,
        Some(shell) => shell,
        None => LoginShell::Any,
    }
}

/// Where in Stitch to find the public key.
pub(in crate::settings) const WHERE_THE_KEY_IS: &str = "the public key of your Stitch account: in Stitch open the Destination tab > PostgreSQL > Encryption Type > SSH Tunnel and copy the field Public Key";

fn server(checker: &mut Checker<'_>) -> Option<BastionServer> {
    let options = AliasOptions {
        identity: checker.path(SettingId::BastionIdentity),
        known_hosts: checker.path(SettingId::KnownHosts),
        host_key: checker.read(SettingId::HostKey, host_key),
        ssh_command: ssh_command(checker),
        ..who(checker.context.environment)
    };
    if !checker.draft.has(SettingId::Bastion) {
        return Some(BastionServer::Local);
    }
    let by = checker.given_by(SettingId::Bastion, SettingId::Bastion, None).host;
    let mut server = checker.read(SettingId::Bastion, |given| server_named(given, &options));
    if let Some(BastionServer::Ssh(target)) = &mut server {
        target.given_by = by;
    }
    server
}

/// A path, or a name that is looked up as a shell would.
fn ssh_command(checker: &mut Checker<'_>) -> Option<PathBuf> {
    let environment = checker.context.environment;
    checker.read(SettingId::SshCommand, |text| {
        let paths = if text.contains('/') {
            vec![environment.expand(text)]
        } else {
            environment.search_path.iter().map(|folder| folder.join(text)).collect()
        };
        let is_program = |path: &PathBuf| {
            std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
        };
        let found = paths.into_iter().find(is_program);
        let found = found.with_context(|| format!("{text:?} is not a program on this machine"))?;
        // Another user who could exchange the folder of ssh's socket would speak in the server's place.
        let socket = std::env::temp_dir().join("socket");
        trust::place(&socket, environment).context("ssh needs a directory for temporary files (TMPDIR)")?;
        Ok(found)
    })
}

/// What `--bastion` means.
fn server_named(given: &str, options: &AliasOptions) -> anyhow::Result<BastionServer> {
    match given {
        "local" => Ok(BastionServer::Local),
        "" => anyhow::bail!("it is empty; write [USER@]HOST[:PORT], or local"),
        _ => {
            let target = ssh_alias::resolve(given, options)?;
            anyhow::ensure!(
                !target.user.is_empty(),
                "{given:?} has no user name; write it like USER@HOST"
            );
            Ok(BastionServer::Ssh(Box::new(target)))
        }
    }
}

/// Whether an answer can be the name of an SSH server; the keys are checked later.
pub(in crate::settings) fn can_be_server(given: &str, environment: &Environment) -> anyhow::Result<()> {
    server_named(given, &who(environment)).map(drop)
}

fn who(environment: &Environment) -> AliasOptions {
    AliasOptions {
        // Without a home directory there is no ~/.ssh; it must not become one below the current directory.
        home: environment.home.clone().unwrap_or_else(|| "/nonexistent".into()),
        system: "/etc/ssh/ssh_config".into(),
        machine: environment.machine.clone().unwrap_or_default(),
        variable: environment.lookup,
        os_user: environment.os_user.clone().unwrap_or_default(),
        ..AliasOptions::default()
    }
}

/// A fingerprint as `ssh-keygen -l` prints it.
fn host_key(text: &str) -> anyhow::Result<String> {
    let digest = text.strip_prefix("SHA256:").unwrap_or_default().trim_end_matches('=');
    anyhow::ensure!(
        digest.len() == 43
            && digest
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '+' || c == '/'),
        "{text:?} is not a fingerprint; write SHA256: and 43 characters, as ssh-keygen -lf prints it"
    );
    Ok(format!("SHA256:{digest}"))
}

fn public_key(checker: &mut Checker<'_>, steps: &[StepId]) -> Option<PublicKey> {
    if steps.contains(&StepId::SshUser) && !checker.context.request.purpose.watches() {
        checker.required(SettingId::PublicKey, WHERE_THE_KEY_IS, str::parse)
    } else {
        checker.parse(SettingId::PublicKey)
    }
}

fn this_machine(checker: &Checker<'_>) -> HostName {
    let name = checker.context.environment.machine.as_deref();
    name.and_then(|name| name.parse().ok())
        .unwrap_or_else(|| known_good("localhost"))
}

/// In a file or the environment these may wait for a bastion. A flag is meant for this run, so its lack of effect is reported.
fn warn_of_idle_flags(checker: &mut Checker<'_>) {
    for id in [
        SettingId::PublicKey,
        SettingId::TunnelUser,
        SettingId::AdoptUser,
        SettingId::Shell,
        SettingId::TunnelOnly,
        SettingId::KeyOptions,
        SettingId::ProveTunnel,
        SettingId::BastionIdentity,
        SettingId::SshCommand,
        SettingId::HostKey,
        SettingId::StitchBastionHost,
    ] {
        if checker.draft.rank(id) == Some(Rank::Flag) && checker.context.connects() {
            let name = checker.giver(id);
            checker.warnings.push(format!("{name} has no effect without --bastion"));
        }
    }
}
