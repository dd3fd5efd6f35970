//! Whether Stitch goes through an SSH server, and which one.

use anyhow::Result;

use super::server::ANOTHER;
use super::{DefaultAnswer, Questions, question};
use crate::names::LinuxUser;
use crate::public_key::PublicKey;
use crate::settings::registry::SettingId;
use crate::settings::{check, known_servers};
use crate::step_id::StepId;

impl Questions<'_> {
    pub(super) fn tunnel(&mut self) -> Result<()> {
        if !self.takes_part(StepId::SshUser) {
            return Ok(());
        }
        if !self.draft.has(SettingId::Bastion) {
            let help = "Needed when the database cannot be reached from the internet but an SSH server near it can.";
            let choices = ["No, Stitch connects directly", "Yes, through an SSH server"];
            let prompt = "Does Stitch go through an SSH tunnel?";
            if !self.is_open(SettingId::Bastion, DefaultAnswer::HasDefault)
                || self.choose(SettingId::Bastion, prompt, help, &choices)? == 0
            {
                return Ok(());
            }
            self.ssh_server()?;
        }
        let help = "Stitch gets its own Linux user on the SSH server.";
        self.name::<LinuxUser>(SettingId::TunnelUser, "Linux user for Stitch", help)?;
        if self.context.request.purpose.watches() {
            return Ok(());
        }
        self.public_key()
    }

    /// A name of the SSH client's configuration, where there are any, or what is typed.
    pub(super) fn ssh_server(&mut self) -> Result<()> {
        let environment = self.context.environment;
        let aliases = known_servers::ssh_aliases(environment);
        if !aliases.is_empty() {
            let choices: Vec<&str> = aliases.iter().map(String::as_str).chain([ANOTHER]).collect();
            let help = "These are known from ~/.ssh/config.";
            if let Some(alias) = aliases.get(self.choose(SettingId::Bastion, "Which SSH server?", help, &choices)?) {
                check::can_be_server(alias, environment)?;
                self.set(SettingId::Bastion, alias.clone());
                return Ok(());
            }
        }
        let help =
            "USER@HOST, USER@HOST:PORT, a name from ~/.ssh/config, or local when this machine is the SSH server.";
        let question = question(SettingId::Bastion, "SSH server", help, None);
        self.text(question, |text| check::can_be_server(text, environment))?;
        Ok(())
    }

    pub(super) fn public_key(&mut self) -> Result<()> {
        if self.draft.has(SettingId::PublicKey) {
            return Ok(());
        }
        let help = "Your Stitch account has its own key. In Stitch: Destination tab > PostgreSQL > Encryption Type > SSH Tunnel > \
                    Public Key.";
        let question = question(SettingId::PublicKey, "Stitch's public key", help, None);
        self.parsed::<PublicKey>(question)
    }
}
