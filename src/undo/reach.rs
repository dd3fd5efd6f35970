//! How the undo file reaches what the run reached: the words in front of each script.

use crate::settings::{
    Admin, BastionServer, ChannelBinding, IdentitySource, Methods, RootCertificates, Route, Settings, Sni, SshTarget,
    SslMode, Standby, Tls, TlsVersion,
};
use crate::shell::word;

/// What runs a script as root on the SSH server.
pub(super) fn host(settings: &Settings) -> String {
    match settings.bastion.as_ref().map(|bastion| &bastion.server) {
        None => String::new(),
        Some(BastionServer::Local) => "sh -s".to_owned(),
        Some(BastionServer::Ssh(target)) => {
            let become_root = if target.user == "root" { "sh -s" } else { "sudo sh -s" };
            format!("{} {}", ssh(target, ""), word(become_root))
        }
    }
}

/// A database's name as an argument of psql's.
pub(super) fn database(name: &str) -> String {
    word(crate::sql::connection_string(name).as_deref().unwrap_or(name))
}

/// psql as the admin. Through the SSH server it goes to a port of this machine that [`tunnel`] has forwarded.
pub(super) fn psql(settings: &Settings) -> String {
    let admin = &settings.admin;
    let (before, port) = match admin.route {
        Route::Direct => (String::new(), admin.port.to_string()),
        Route::Bastion => ("tunnel && PGHOSTADDR=127.0.0.1 ".to_owned(), "\"$port\"".to_owned()),
    };
    let role = admin.set_role.as_ref().map_or(String::new(), |role| {
        format!("PGOPTIONS={} ", word(&crate::sql::role_option(role)))
    });
    format!(
        "{before}{role}{}{}psql -X -q -v ON_ERROR_STOP=1 -h {} -p {port} -U {}",
        tls(&admin.tls),
        rules(admin),
        word(admin.host.as_str()),
        word(&admin.user)
    )
}

/// The function that forwards a port, where psql needs it.
pub(super) fn tunnel(settings: &Settings) -> Option<String> {
    let Admin { host, port, route, .. } = &settings.admin;
    let Some(BastionServer::Ssh(target)) = settings.bastion.as_ref().map(|bastion| &bastion.server) else {
        return None;
    };
    if *route == Route::Direct {
        return None;
    }
    let forward = format!(
        "-f -o ExitOnForwardFailure=yes -L \"127.0.0.1:$port:\"{} ",
        word(&format!("{host}:{port}"))
    );
    Some(format!(
        "# To the database through the SSH server; ends when psql has ended.\ntunnel() {{\nport=$((${{port:-$((20000 + $$ % 20000))}} + 1))\n{} 'sleep 20'\n}}\n",
        ssh(target, &forward)
    ))
}

/// libpq's own variables for what was chosen about TLS.
fn tls(tls: &Tls) -> String {
    let mode = Some(tls.mode).filter(|mode| *mode != SslMode::Prefer);
    let root = tls.root.as_ref().map(|root| match root {
        RootCertificates::System => "system".to_owned(),
        RootCertificates::File(path) => path.to_string_lossy().into_owned(),
    });
    let file = |path: &Option<std::path::PathBuf>| path.as_ref().map(|path| path.to_string_lossy().into_owned());
    let variables = [
        ("PGSSLMODE", mode.map(|mode| mode.as_str().to_owned())),
        ("PGSSLROOTCERT", root),
        ("PGSSLCERT", file(&tls.certificate)),
        ("PGSSLKEY", file(&tls.key)),
        ("PGSSLCRL", file(&tls.revoked)),
        ("PGSSLCRLDIR", file(&tls.revoked_directory)),
        // TLSv1.2 is libpq's own default.
        (
            "PGSSLMINPROTOCOLVERSION",
            tls.min_version.filter(|least| *least != TlsVersion::V1_2).map(version),
        ),
        ("PGSSLMAXPROTOCOLVERSION", tls.max_version.map(version)),
        ("PGSSLSNI", (tls.sni == Sni::Withheld).then(|| "0".to_owned())),
    ];
    set(variables)
}

/// libpq's own variables for what was asked of the login, so that the way back asks no less. psql before version 16 does not
/// know `PGREQUIREAUTH`.
fn rules(admin: &Admin) -> String {
    let rules = &admin.rules;
    let binding = match rules.channel_binding {
        ChannelBinding::Disable => Some("disable".to_owned()),
        ChannelBinding::Prefer => None,
        ChannelBinding::Require => Some("require".to_owned()),
    };
    // Through the SSH server the address is that of the forwarded port.
    let address = rules.address.as_ref().filter(|_| admin.route == Route::Direct);
    set([
        ("PGHOSTADDR", address.map(ToString::to_string)),
        ("PGREQUIREAUTH", rules.methods.as_ref().map(Methods::as_text)),
        ("PGCHANNELBINDING", binding),
        ("PGREQUIREPEER", rules.server_user.clone()),
        (
            "PGTARGETSESSIONATTRS",
            (rules.standby == Standby::Refused).then(|| "primary".to_owned()),
        ),
    ])
}

fn version(version: TlsVersion) -> String {
    version.as_str().to_owned()
}

/// The variables that have a value, in front of a command.
fn set(variables: impl IntoIterator<Item = (&'static str, Option<String>)>) -> String {
    let given = |(name, value): (_, Option<String>)| Some(format!("{name}={} ", word(&value?)));
    variables.into_iter().filter_map(given).collect()
}

/// OpenSSH's client, with the keys and host keys that this run used.
fn ssh(target: &SshTarget, options: &str) -> String {
    if let Some(client) = &target.client {
        let words: Vec<String> = client.destination.iter().map(|text| word(text)).collect();
        let program = word(&client.program.to_string_lossy());
        return format!("{program} {options}{}", words.join(" "));
    }
    let mut words = format!("ssh {options}-p {}", target.port);
    let mut add = |option: &str, value: &str| words.extend([" ", option, " ", &word(value)]);
    if target.identity_source != IdentitySource::Default {
        for path in &target.identities {
            add("-i", &path.to_string_lossy());
        }
    }
    if !target.known_hosts.is_empty() {
        let files = target.known_hosts.iter();
        let files: Vec<String> = files.map(|path| format!("\"{}\"", path.display())).collect();
        add("-o", &format!("UserKnownHostsFile={}", files.join(" ")));
    }
    if let Some(alias) = &target.host_key_alias {
        add("-o", &format!("HostKeyAlias={alias}"));
    }
    if !target.jumps.is_empty() {
        let jump = |jump: &SshTarget| format!("{}@{}:{}", jump.user, jump.host, jump.port);
        let jumps: Vec<String> = target.jumps.iter().map(jump).collect();
        add("-J", &jumps.join(","));
    }
    format!("{words} {}", word(&format!("{}@{}", target.user, target.host)))
}
