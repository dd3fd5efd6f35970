//! The first login, before anything else is asked: whatever was wrong is asked again, with the old answer as the default.

use anyhow::{Result, ensure};

use super::{Questions, question};
use crate::names::{DatabaseName, Port};
use crate::settings::admin::Admin;
use crate::settings::ask::{Contact, Suspect, Typing};
use crate::settings::check;
use crate::settings::checked::Settings;
use crate::settings::draft::Source;
use crate::settings::problems::Problems;
use crate::settings::registry::SettingId;

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
