//! What is asked for and not shown: the Stitch role's password and the access token.

use anyhow::Result;

use super::{Questions, Reply, question};
use crate::secret::Secret;
use crate::settings::ask::{Question, Typing};
use crate::settings::draft::Source;
use crate::settings::registry::SettingId;
use crate::settings::request::Purpose;
use crate::settings::{registration, secret_file};
use crate::step_id::StepId;

impl Questions<'_> {
    pub(super) fn password(&mut self) -> Result<()> {
        let purpose = self.context.request.purpose;
        if self.draft.has(SettingId::Password)
            || self.draft.has(SettingId::GeneratePassword)
            || matches!(purpose, Purpose::Plan | Purpose::Remove | Purpose::Watch)
        {
            return Ok(());
        }
        let mut typing = Typing::Once;
        if matches!(purpose, Purpose::Setup | Purpose::Rotate) {
            let help = match purpose {
                Purpose::Rotate => "The new password. A generated one is shown once, to be copied into Stitch.",
                _ => {
                    "A generated password is shown once. Copy it into Stitch. For an existing role, type its password."
                }
            };
            let choices = ["Generate one", "Type one"];
            if self.choose(SettingId::Password, "Password of the Stitch role", help, &choices)? == 0 {
                self.set(SettingId::GeneratePassword, "true");
                return Ok(());
            }
            typing = Typing::Twice;
        }
        self.typed_password(typing)
    }

    pub(super) fn typed_password(&mut self, typing: Typing) -> Result<()> {
        let help = "It is not shown while you type.";
        let question = question(SettingId::Password, "Password of the Stitch role", help, None);
        self.secret(question, typing, |_| Ok(()))
    }

    pub(super) fn token(&mut self) -> Result<()> {
        let wanted = self.draft.text(SettingId::Register).is_some_and(|text| text == "true");
        if !wanted || !self.takes_part(StepId::Registration) || self.draft.has(SettingId::AccessToken) {
            return Ok(());
        }
        let help = "In Stitch: User menu > Edit User Settings > API access keys. It is not shown while you type.";
        let question = question(SettingId::AccessToken, "Stitch access token", help, None);
        self.secret(question, Typing::Once, registration::token)
    }

    /// Asks for what is not shown until it can be used, and notes it. `read`: what else is asked of it.
    fn secret(&mut self, mut question: Question, typing: Typing, read: fn(&Secret) -> Result<()>) -> Result<()> {
        loop {
            let secret = match self.memory.recall(&question) {
                Some(Reply::Secret(secret)) => secret,
                _ => self.asker.secret(&question, typing)?,
            };
            match secret_file::check(secret.reveal()).and_then(|()| read(&secret)) {
                Ok(()) => {
                    self.memory.note(&question, Reply::Secret(secret.clone()));
                    self.draft.set_secret(question.id, secret, Source::Prompt);
                    return Ok(());
                }
                Err(error) => question.refused = Some(format!("{error:#}")),
            }
        }
    }
}
