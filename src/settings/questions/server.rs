//! Which PostgreSQL server, in whatever form you have it at hand, and the first login there before anything else is asked: an
//! answer that does not work is asked for again, with the old answer as the default.

use anyhow::{Result, bail, ensure};

use super::{DefaultAnswer, Questions, question};
use crate::names::{DatabaseName, HostName, Port};
use crate::settings::admin::{Admin, Route};
use crate::settings::ask::{Contact, Suspect, Typing};
use crate::settings::checked::Settings;
use crate::settings::draft::{Draft, Rank, Source};
use crate::settings::environment::Environment;
use crate::settings::known_servers::{self, KnownServer};
use crate::settings::problems::Problems;
use crate::settings::registry::SettingId;
use crate::settings::{check, pasted, service};

/// The last line of a list of known servers.
pub(super) const ANOTHER: &str = "Another one";
/// Typed in place of a server that only an SSH server reaches.
pub(super) const SSH: &str = "ssh";

impl Questions<'_> {
    pub(super) fn server(&mut self) -> Result<()> {
        if !self.is_open(SettingId::Host, DefaultAnswer::HasDefault) {
            return Ok(());
        }
        let via_bastion = self.draft.text(SettingId::ViaBastion) == Some("true");
        let route = if via_bastion { Route::Bastion } else { Route::Direct };
        let port = self.draft.text(SettingId::Port).and_then(|port| port.parse().ok());
        let default = check::default_host(route, port.unwrap_or(Port::POSTGRES), self.context.environment);
        self.server_again(default.to_string())
    }

    /// Whatever was said of the server before is replaced.
    pub(super) fn server_again(&mut self, default: String) -> Result<()> {
        let environment = self.context.environment;
        let known = known_servers::of_libpq(environment);
        let help = "Host, host:port, URL, psql command, socket or service; ssh: via an SSH server.";
        let prompt = match self.draft.text(SettingId::ViaBastion) {
            Some("true") => "PostgreSQL server, as the SSH server reaches it",
            _ => "PostgreSQL server",
        };
        let mut question = question(SettingId::Host, prompt, help, Some(default));
        question.offered = known.iter().map(ToString::to_string).collect();
        let parts = self.text(question.clone(), |text| typed(text, &known, environment))?;
        self.draft.take(SettingId::Host);
        // A port that was typed before belongs to the server that was typed with it.
        if self
            .draft
            .given(SettingId::Port)
            .is_some_and(|port| port.source.rank() == Rank::Prompt)
        {
            self.draft.take(SettingId::Port);
        }
        if let Some(parts) = parts {
            self.draft = parts.or(std::mem::take(&mut self.draft));
            self.draft.address_as_host();
            return Ok(());
        }
        self.ssh_server()?;
        self.set(SettingId::ViaBastion, "true");
        let is_socket = question.default.as_deref().is_none_or(|host| host.starts_with('/'));
        let default = question.default.take().filter(|_| !is_socket);
        self.server_again(default.unwrap_or_else(|| "localhost".to_owned()))
    }
}

/// The settings for the server that was typed; `None`: it is behind an SSH server, which is asked for.
fn typed(text: &str, known: &[KnownServer], environment: &Environment) -> Result<Option<Draft>> {
    let mut draft = Draft::default();
    if text == SSH {
        return Ok(None);
    }
    let number = text.parse::<usize>().ok();
    let offered = number.and_then(|number| known.get(number.checked_sub(1)?));
    let is_service = || service::names(environment).iter().any(|known| known == text);
    let service = match offered {
        Some(KnownServer::Service(name)) => Some(name.as_str()),
        None if is_service() => Some(text),
        _ => None,
    };
    if let Some(name) = service {
        let mut problems = Problems::default();
        let parts = service::load(name, &Source::Prompt, environment, &mut problems);
        problems.into_result()?;
        return Ok(Some(parts));
    }
    if let Some(KnownServer::PasswordLine { host, port, user }) = offered {
        draft.set(SettingId::Host, host.clone(), Source::Prompt);
        for (id, text) in [(SettingId::Port, port), (SettingId::AdminUser, user)] {
            if let Some(text) = text {
                draft.set(id, text.clone(), Source::Prompt);
            }
        }
        return Ok(Some(draft));
    }
    if number.is_some() {
        bail!("{text} is not a number in the list");
    }
    if let Some(read) = pasted::read(text) {
        return read.map(Some);
    }
    let (host, port) = host_and_port(text)?;
    draft.set(SettingId::Host, host.to_string(), Source::Prompt);
    if let Some(port) = port {
        draft.set(SettingId::Port, port.to_string(), Source::Prompt);
    }
    Ok(Some(draft))
}

/// `host:port`, also as it is copied from a browser.
pub(super) fn host_and_port(text: &str) -> Result<(HostName, Option<Port>)> {
    let text = text.trim_start_matches("https://").trim_end_matches('/');
    match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') && !host.starts_with('/') => {
            Ok((check::host(host)?, Some(port.parse()?)))
        }
        _ => Ok((check::host(text)?, None)),
    }
}

impl Questions<'_> {
    /// Asks for the server and the login, and logs in.
    pub(super) fn reach(&mut self) -> Result<Contact> {
        loop {
            self.server()?;
            self.login()?;
            let settings = self.so_far();
            match self.asker.connect(&settings)? {
                Ok(contact) => {
                    if let Some(password) = contact.password.clone() {
                        self.draft
                            .set_secret(SettingId::AdminPassword, password, Source::Prompt);
                    }
                    return Ok(contact);
                }
                Err(suspect) => self.ask_again(suspect, &settings)?,
            }
        }
    }

    /// The settings as far as they are known. What is missing has its default.
    pub(super) fn so_far(&self) -> Settings {
        check::settings(&self.draft, self.context, &mut Problems::default())
    }

    fn ask_again(&mut self, suspect: Suspect, settings: &Settings) -> Result<()> {
        let admin = &settings.admin;
        match suspect {
            Suspect::Server => self.server_again(address(admin)),
            Suspect::Login => self.login_again(Some(admin.user.clone())),
            Suspect::Password => {
                let help = "It is not shown while you type. Enter alone changes the user.";
                let question = question(SettingId::AdminPassword, "Admin password", help, None);
                let secret = self.asker.secret(&question, Typing::Once)?;
                if secret.reveal().is_empty() {
                    self.draft.take(SettingId::AdminPassword);
                    return self.login_again(Some(admin.user.clone()));
                }
                self.draft.set_secret(SettingId::AdminPassword, secret, Source::Prompt);
                Ok(())
            }
            Suspect::Database => {
                let default = Some(admin.database.to_string());
                let question = question(SettingId::AdminDatabase, "Database for the first login", "", default);
                self.parsed::<DatabaseName>(question)
            }
            Suspect::NoTls => {
                let choices = ["Connect without TLS", "Use another server"];
                let prompt = "The server does not offer TLS";
                if self.choose(SettingId::SslMode, prompt, "", &choices)? == 0 {
                    self.set(SettingId::SslMode, "prefer");
                    return Ok(());
                }
                self.server_again(address(admin))
            }
            Suspect::Certificate => self.certificate(settings),
            Suspect::SshServer => self.ssh_server(),
        }
    }

    fn certificate(&mut self, settings: &Settings) -> Result<()> {
        let admin = &settings.admin;
        let accept = format!("Connect to {} without checking its certificate", admin.host);
        let choices = ["Name the file with the CA certificate", &accept, "Use another server"];
        let prompt = "The server's certificate is not trusted";
        match self.choose(SettingId::SslRootCert, prompt, "", &choices)? {
            0 => {
                let directory = self.context.environment.directory.clone();
                let question = question(SettingId::SslRootCert, "File with the CA certificate (PEM)", "", None);
                let read = |text: &str| {
                    ensure!(directory.join(text).is_file(), "the file {text} does not exist");
                    Ok(())
                };
                self.text(question, read).map(drop)
            }
            1 => {
                self.draft.take(SettingId::SslRootCert);
                self.set(SettingId::SslMode, "require");
                Ok(())
            }
            _ => self.server_again(address(admin)),
        }
    }
}

/// As it is typed.
pub(super) fn address(Admin { host, port, .. }: &Admin) -> String {
    if *port == Port::POSTGRES || host.as_str().contains([':', '/']) {
        host.to_string()
    } else {
        format!("{host}:{port}")
    }
}
