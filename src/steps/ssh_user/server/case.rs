//! What a check looks at, and what it finds.

use super::fixes;
use crate::finding::{Code, Finding};
use crate::settings::{BastionSettings, Settings};
use crate::steps::ssh_user::facts::{Facts, SshServer};
use crate::steps::ssh_user::sshd::View;

/// Everything a check looks at.
pub(super) struct Case<'a> {
    pub(super) settings: &'a Settings,
    pub(super) bastion: &'a BastionSettings,
    pub(super) server: &'a SshServer,
    pub(super) uid: Option<u32>,
    pub(super) groups: Vec<String>,
    pub(super) home: String,
}

/// One cause, and its one cure.
pub(super) type Check = fn(&Case<'_>, &View<'_>) -> Option<Finding>;

impl<'a> Case<'a> {
    pub(super) fn new(settings: &'a Settings, bastion: &'a BastionSettings, facts: &'a Facts) -> Self {
        let user = bastion.tunnel_user.to_string();
        let (uid, groups, home) = match &facts.account {
            Some(account) => (Some(account.uid), account.groups.clone(), account.home.clone()),
            None => (None, vec![user.clone()], format!("/home/{user}")),
        };
        Self {
            settings,
            bastion,
            server: &facts.server,
            uid,
            groups,
            home,
        }
    }

    pub(super) fn user(&self) -> &'a str {
        self.bastion.tunnel_user.as_str()
    }

    /// A drop-in for this user alone, and how it is put to work.
    pub(super) fn drop_in(&self, lines: &[&str]) -> String {
        fixes::for_user(self.user(), lines, &self.server.ways)
    }
}

pub(super) fn bad(code: Code, text: impl Into<String>, advice: impl Into<String>) -> Finding {
    Finding::bad(code, text).advise(advice)
}

pub(super) fn unknown(code: Code, text: impl Into<String>, advice: impl Into<String>) -> Finding {
    Finding::unknown(code, text).advise(advice)
}
