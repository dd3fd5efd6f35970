//! Which PostgreSQL server: one that the person's own files know, or one that is typed.

use anyhow::Result;

use super::{DefaultAnswer, Questions, question};
use crate::names::{HostName, Port};
use crate::settings::draft::Source;
use crate::settings::known_servers::{self, KnownServer};
use crate::settings::problems::Problems;
use crate::settings::{Route, SettingId, check, service};

/// The last line of a list of known servers.
pub(super) const ANOTHER: &str = "Another one";

impl Questions<'_> {
    /// A server of `pg_service.conf` or `~/.pgpass`, where there are any and nobody named one.
    pub(super) fn server(&mut self) -> Result<()> {
        if !self.is_open(SettingId::Host, DefaultAnswer::HasDefault) {
            return Ok(());
        }
        let known = known_servers::of_libpq(self.context.environment);
        if known.is_empty() {
            return self.host();
        }
        let lines: Vec<String> = known.iter().map(ToString::to_string).collect();
        let choices: Vec<&str> = lines.iter().map(String::as_str).chain([ANOTHER]).collect();
        let help = "These are known from pg_service.conf and ~/.pgpass.";
        match known.get(self.choose(SettingId::Service, "Which PostgreSQL server is it?", help, &choices)?) {
            None => self.host(),
            Some(KnownServer::Service(name)) => {
                // What is wrong in that file is told with everything else, when the settings are checked.
                let mut problems = Problems::default();
                let parts = service::load(name, &Source::Prompt, self.context.environment, &mut problems);
                problems.into_result()?;
                self.draft = std::mem::take(&mut self.draft).or(parts);
                self.draft.address_as_host();
                self.host()
            }
            Some(KnownServer::PasswordLine { host, port, user }) => {
                self.set(SettingId::Host, host.clone());
                let given = [(SettingId::Port, port), (SettingId::AdminUser, user)];
                for (id, text) in given {
                    if let (Some(text), false) = (text, self.draft.has(id)) {
                        self.set(id, text.clone());
                    }
                }
                Ok(())
            }
        }
    }

    /// The answer may be `HOST:PORT`; a port of its own is asked for nowhere.
    fn host(&mut self) -> Result<()> {
        if !self.is_open(SettingId::Host, DefaultAnswer::HasDefault) {
            return Ok(());
        }
        let port = self
            .draft
            .text(SettingId::Port)
            .and_then(|port| port.parse().ok())
            .unwrap_or(Port::POSTGRES);
        let via_bastion = self
            .draft
            .text(SettingId::ViaBastion)
            .is_some_and(|text| text == "true");
        let route = if via_bastion { Route::Bastion } else { Route::Direct };
        let default = check::default_host(route, port, self.context.environment).to_string();
        let help =
            "A name, an address, or the directory of the server's Unix socket; HOST:PORT for a port other than 5432.";
        let question = question(SettingId::Host, "Host of the PostgreSQL server", help, Some(default));
        let answer = self.text(question, |text| host_and_port(text).map(|_| ()))?;
        let (host, port) = host_and_port(&answer)?;
        self.set(SettingId::Host, host.to_string());
        if let Some(port) = port {
            self.set(SettingId::Port, port.to_string());
        }
        Ok(())
    }
}

fn host_and_port(text: &str) -> Result<(HostName, Option<Port>)> {
    match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') && !host.starts_with('/') && !text.contains("://") => {
            Ok((check::host(host)?, Some(port.parse()?)))
        }
        _ => Ok((check::host(text)?, None)),
    }
}
