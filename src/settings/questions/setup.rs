//! What `setup` asks you: connect first, then only what cannot be found out, then one table with everything.

use std::str::FromStr;

use anyhow::{Error, Result, ensure};

use super::memory::GoBack;
use super::server::{SSH, address, host_and_port};
use super::{DefaultAnswer, Questions, question};
use crate::names::{DatabaseName, RoleName};
use crate::settings::ask::{Contact, Presence, Typing};
use crate::settings::draft::Source;
use crate::settings::registry::SettingId;
use crate::settings::{check, secret_file};
use crate::step_id::StepId;

/// Where a generated password goes, unless you name another file.
const PASSWORD_FILE: &str = "stitch.pw";

impl Questions<'_> {
    pub(super) fn for_setup(&mut self) -> Result<()> {
        let contact = self.walk(Questions::reach)?;
        self.walk(|questions| questions.details(&contact))?;
        loop {
            let settings = self.so_far();
            let rows = self.table(&settings);
            let Some(index) = self.asker.review(&rows, &settings, &self.draft)? else {
                return Ok(());
            };
            match self.change(rows[index].id) {
                Err(error) if error.is::<GoBack>() => {}
                changed => changed?,
            }
        }
    }

    fn details(&mut self, contact: &Contact) -> Result<()> {
        self.region()?;
        self.public_host()?;
        if self.draft.has(SettingId::Bastion) && self.takes_part(StepId::SshUser) {
            self.public_key()?;
        }
        self.data(contact);
        self.role(contact)?;
        self.token()
    }

    /// The name under which Stitch reaches the server, where the administrator's address is none.
    fn public_host(&mut self) -> Result<()> {
        let host = self.so_far().stitch.host;
        let is_known = self.draft.has(SettingId::Bastion) || self.draft.has(SettingId::StitchHost);
        if is_known || host.is_public() || !self.takes_part(StepId::Allowlist) {
            return Ok(());
        }
        self.ask_public_host()
    }

    fn ask_public_host(&mut self) -> Result<()> {
        let help = "Stitch connects over the internet and cannot use this address. ssh: through an SSH server. Enter: \
                    decide later.";
        let question = question(SettingId::StitchHost, "Public name of the server", help, None);
        let typed = self.text(question, |text| match text {
            "" | SSH => Ok(None),
            text => {
                let (host, port) = host_and_port(text)?;
                ensure!(host.is_public(), "{host} is not a name or address on the internet");
                Ok(Some((host, port)))
            }
        })?;
        let Some((host, port)) = typed else {
            let given = self.draft.take(SettingId::StitchHost);
            let behind_ssh = given.is_some_and(|given| given.text() == SSH);
            return if behind_ssh { self.ssh_server() } else { Ok(()) };
        };
        self.set(SettingId::StitchHost, host.to_string());
        if let Some(port) = port {
            self.set(SettingId::StitchPort, port.to_string());
        }
        Ok(())
    }

    /// What Stitch has loaded is found by its marks.
    pub(super) fn data(&mut self, contact: &Contact) {
        let said = [SettingId::Existing, SettingId::Schemas, SettingId::Detect];
        if said.iter().any(|id| self.draft.has(*id)) || !self.takes_part(StepId::Ownership) {
            return;
        }
        let existing = if contact.schemas.is_empty() { "false" } else { "true" };
        self.set(SettingId::Existing, existing);
        self.detected.push(SettingId::Existing);
    }

    /// The password of the role: a new role gets one that is made here, an existing one keeps its own.
    fn role(&mut self, contact: &Contact) -> Result<()> {
        let is_given = self.draft.has(SettingId::Password) || self.draft.has(SettingId::GeneratePassword);
        if is_given || !check::password_is_used(&self.steps) {
            return Ok(());
        }
        if contact.role == Presence::Absent {
            self.generate();
            return Ok(());
        }
        let path = self.context.environment.directory.join(PASSWORD_FILE);
        if path.is_file() {
            let secret = secret_file::read(&path, self.context.environment, &mut Vec::new())?;
            self.draft.set_secret(SettingId::Password, secret, Source::Prompt);
            self.detected.push(SettingId::Password);
            return Ok(());
        }
        let help = "The role exists and has a password, which Stitch's form needs.";
        let choices = [
            "Type it",
            "Replace it (others who use the role need the new one)",
            "Use another role",
        ];
        match self.choose(SettingId::Password, "Password of the Stitch role", help, &choices)? {
            0 => self.typed_password(Typing::Once),
            1 => {
                self.set(SettingId::ResetPassword, "true");
                self.generate();
                Ok(())
            }
            _ => {
                self.another::<RoleName>(SettingId::Role, "Role for Stitch")?;
                let contact = self.reach()?;
                self.role(&contact)
            }
        }
    }

    fn generate(&mut self) {
        let directory = &self.context.environment.directory;
        let numbered = (2..).map(|number| format!("stitch-{number}.pw"));
        let mut names = std::iter::once(PASSWORD_FILE.to_owned()).chain(numbered);
        let free = names.find(|name| directory.join(name).symlink_metadata().is_err());
        self.set(SettingId::GeneratePassword, "true");
        self.set(SettingId::Password, free.unwrap_or_else(|| PASSWORD_FILE.to_owned()));
        self.detected.extend([SettingId::Password, SettingId::GeneratePassword]);
    }

    fn another<T: FromStr<Err = Error>>(&mut self, id: SettingId, prompt: &'static str) -> Result<()> {
        let default = self.draft.text(id).or(id.default_text()).map(str::to_owned);
        self.parsed::<T>(question(id, prompt, "", default))
    }

    /// Asks for one setting of the table again.
    fn change(&mut self, id: SettingId) -> Result<()> {
        let settings = self.so_far();
        match id {
            SettingId::Host => self.server_again(address(&settings.admin))?,
            SettingId::AdminUser => self.login_again(Some(settings.admin.user))?,
            SettingId::Region => {
                self.draft.take(SettingId::Region);
                return self.region();
            }
            SettingId::StitchHost => return self.ask_public_host(),
            SettingId::Database => self.another::<DatabaseName>(id, "Database for Stitch")?,
            SettingId::Role => self.another::<RoleName>(id, "Role for Stitch")?,
            SettingId::Bastion => return self.another_way(),
            SettingId::Existing => {
                let choices = ["No, it is a new connection", "Yes, Stitch has loaded schemas here"];
                let answer = self.choose(id, "Has Stitch loaded into this database before?", "", &choices)?;
                self.set(id, if answer == 0 { "false" } else { "true" });
                return Ok(());
            }
            SettingId::Password => {
                let choices = ["Generate one", "Type one"];
                let answer = self.choose(id, "Password of the Stitch role", "", &choices)?;
                self.draft.take(SettingId::GeneratePassword);
                self.draft.take(SettingId::Password);
                if answer == 0 {
                    self.generate();
                    return Ok(());
                }
                return self.typed_password(Typing::Once);
            }
            _ => return Ok(()),
        }
        // Another server, database or role: what was found out may be otherwise there.
        for id in std::mem::take(&mut self.detected) {
            self.draft.take(id);
        }
        let contact = self.reach()?;
        self.details(&contact)
    }

    /// Whether Stitch comes directly or through an SSH server.
    fn another_way(&mut self) -> Result<()> {
        let choices = ["Directly", "Through an SSH server"];
        let answer = self.choose(SettingId::Bastion, "How does Stitch connect?", "", &choices)?;
        self.draft.take(SettingId::Bastion);
        if answer == 0 {
            self.draft.take(SettingId::ViaBastion);
            return self.public_host();
        }
        self.ssh_server()?;
        if self.is_open(SettingId::PublicKey, DefaultAnswer::MustBeGiven) {
            self.public_key()?;
        }
        Ok(())
    }
}
