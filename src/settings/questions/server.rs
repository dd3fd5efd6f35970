//! Which PostgreSQL server: in whatever form the person has it at hand.

use anyhow::{Result, bail};

use super::{DefaultAnswer, Questions, question};
use crate::names::{HostName, Port};
use crate::settings::admin::Route;
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
