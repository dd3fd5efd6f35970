//! The admin's login: where, who, and how safely, with libpq's defaults.

use anyhow::Result;

use super::checker::{Checker, host, known_good};
use super::libpq;
use crate::names::{DatabaseName, HostName, Port};
use crate::secret::Secret;
use crate::settings::admin::{Admin, Route};
use crate::settings::bastion::BastionSettings;
use crate::settings::draft::Rank;
use crate::settings::environment::Environment;
use crate::settings::pgpass::{self, PgpassKey};
use crate::settings::registry::SettingId;
use crate::settings::ssh::BastionServer;
use crate::settings::tls::{RootCertificates, SslMode, Tls};
use crate::settings::trust;

pub(super) fn check(checker: &mut Checker<'_>, bastion: Option<&BastionSettings>) -> Admin {
    let route = route(checker, bastion);
    let port = checker.parse(SettingId::Port).unwrap_or(Port::POSTGRES);
    let host = checker
        .read(SettingId::Host, host)
        .unwrap_or_else(|| default_host(route, port, checker.context.environment));
    if route == Route::Bastion && host.is_socket() {
        checker.problems.malformed(
            SettingId::Host,
            "--via-bastion goes to a TCP port; the host cannot be a Unix socket's directory",
        );
    }
    let user = user(checker);
    let database = checker
        .parse(SettingId::AdminDatabase)
        .unwrap_or_else(|| known_good("postgres"));
    let password = password(checker, &host, port, &database, &user);
    let rules = libpq::rules(checker, &host);
    let mut given_by = checker.given_by(SettingId::Host, SettingId::Port, None);
    // The address that stands in for the host's lookup is what is connected to.
    if let Some(given) = checker.draft.parameter("hostaddr") {
        given_by.host = given.source.of("hostaddr").unwrap_or(given_by.host);
    }
    Admin {
        given_by,
        tls: tls(checker),
        rules,
        host,
        port,
        user,
        password,
        database,
        route,
        set_role: checker.parse(SettingId::SetRole),
        provider: checker.parse(SettingId::Provider),
    }
}

/// Where a server on this machine listens; through a bastion, the bastion itself.
pub(in crate::settings) fn default_host(route: Route, port: Port, environment: &Environment) -> HostName {
    let socket = environment
        .socket_directories
        .iter()
        .filter(|_| route == Route::Direct)
        .find(|directory| directory.join(format!(".s.PGSQL.{port}")).exists());
    socket
        .and_then(|directory| directory.to_str()?.parse().ok())
        .unwrap_or_else(|| known_good("localhost"))
}

fn route(checker: &mut Checker<'_>, bastion: Option<&BastionSettings>) -> Route {
    if checker.switch(SettingId::ViaBastion) != Some(true) {
        return Route::Direct;
    }
    match bastion.map(|bastion| &bastion.server) {
        Some(BastionServer::Ssh(_)) => {}
        Some(BastionServer::Local) => checker.problems.malformed(
            SettingId::ViaBastion,
            "--via-bastion with --bastion local: this machine is the SSH server, so remove --via-bastion",
        ),
        None if checker.draft.has(SettingId::Bastion) => {}
        None => checker.problems.malformed(
            SettingId::ViaBastion,
            "--via-bastion needs --bastion: which SSH server to go through",
        ),
    }
    Route::Bastion
}

fn user(checker: &mut Checker<'_>) -> String {
    // The rules for names are the same; reserved role names do not matter for a login that exists already.
    let name = |text: &str| -> Result<String> { Ok(text.parse::<DatabaseName>()?.to_string()) };
    let os_user = checker.context.environment.os_user.as_ref();
    if let Some(user) = os_user.filter(|_| !checker.draft.has(SettingId::AdminUser)) {
        return user.clone();
    }
    let found = checker.required(
        SettingId::AdminUser,
        "the PostgreSQL login that makes the changes",
        name,
    );
    found.unwrap_or_default()
}

/// A password that was given wins over one that is looked up; libpq's `passfile` was named for this run, `~/.pgpass` was
/// not.
fn password(
    checker: &mut Checker<'_>,
    host: &HostName,
    port: Port,
    database: &DatabaseName,
    user: &str,
) -> Option<Secret> {
    let environment = checker.context.environment;
    let wanted = PgpassKey {
        host: host.as_str(),
        port: port.number(),
        database: database.as_str(),
        user,
    };
    let given = checker.draft.given(SettingId::AdminPassword);
    let secret = given.and_then(|given| Some((given.source.rank(), given.secret()?.clone())));
    let named_file = checker.parameter_path("passfile");
    let usual = environment.home.as_ref().map(|home| home.join(".pgpass"));
    let file = named_file.clone().or(usual);
    match (secret, file) {
        (Some((Rank::Flag | Rank::Environment, secret)), _) | (Some((_, secret)), None) => Some(secret),
        (Some((_, secret)), Some(_)) if named_file.is_none() => Some(secret),
        (secret, Some(file)) if checker.context.connects() => {
            let found = pgpass::stored_password(&file, &wanted, &mut checker.warnings);
            found.or(secret.map(|(_, secret)| secret))
        }
        (secret, _) => secret.map(|(_, secret)| secret),
    }
}

/// libpq's defaults: a certificate and a root file in `~/.postgresql` are used when they are there.
fn tls(checker: &mut Checker<'_>) -> Tls {
    let home = checker.context.environment.home.clone();
    let usual = |name: &str| {
        let path = home.as_ref()?.join(".postgresql").join(name);
        path.exists().then_some(path)
    };
    let mode = checker.parse::<SslMode>(SettingId::SslMode);
    let root = if checker.draft.text(SettingId::SslRootCert) == Some("system") {
        Some(RootCertificates::System)
    } else {
        let file = checker
            .existing_file(SettingId::SslRootCert)
            .or_else(|| usual("root.crt"));
        file.map(RootCertificates::File)
    };
    let given_certificate = checker.existing_file(SettingId::SslCert);
    let given_key = checker.existing_file(SettingId::SslKey);
    let certificate = given_certificate.or_else(|| usual("postgresql.crt"));
    let key = given_key.or_else(|| certificate.as_ref().and_then(|_| usual("postgresql.key")));
    if checker.draft.has(SettingId::SslCert) && key.is_none() {
        checker.problems.missing(
            SettingId::SslKey,
            "--sslcert is given, and its private key belongs to it",
        );
    }
    let insists = checker
        .draft
        .parameter("requiressl")
        .is_some_and(|given| given.texts() == ["1"]);
    let mode = match (mode, &root) {
        (None, Some(RootCertificates::System)) => SslMode::VerifyFull,
        (None, _) if insists => SslMode::Require,
        (mode, _) => mode.unwrap_or_default(),
    };
    // As in libpq: a public authority signs certificates for every host, so one proves nothing without the host's name.
    if root == Some(RootCertificates::System) && mode != SslMode::VerifyFull {
        checker.problems.malformed(
            SettingId::SslMode,
            "--sslrootcert system needs --sslmode verify-full, because public authorities sign certificates for every host",
        );
    }
    let mut tls = Tls {
        mode,
        root,
        certificate,
        key,
        ..Tls::default()
    };
    libpq::tls(checker, &mut tls);
    let key = tls.key.as_ref().filter(|_| checker.context.connects());
    if let Some(Err(error)) = key.map(|key| trust::private_key(key)) {
        checker.problems.malformed(SettingId::SslKey, error);
    }
    tls
}
