//! What `sshd -T` says about one user from one address, keyword by keyword.

use std::net::IpAddr;

use super::facts::SshServer;
use crate::pattern;

/// The settings as they hold for a login from one address.
#[derive(Debug)]
pub(super) struct View<'a> {
    pub(super) address: &'a str,
    values: Vec<(&'a str, &'a str)>,
}

impl<'a> View<'a> {
    /// One view for each address that was asked about.
    pub(super) fn all(server: &'a SshServer) -> Vec<Self> {
        let mut views: Vec<Self> = Vec::new();
        for (address, keyword, value) in &server.settings {
            let value = (keyword.as_str(), value.as_str());
            match views.iter_mut().find(|view| view.address == address) {
                Some(view) => view.values.push(value),
                None => views.push(Self {
                    address,
                    values: vec![value],
                }),
            }
        }
        views
    }

    /// What its file says, which holds for every address as far as it goes; `None` when it was not read.
    pub(super) fn of_file(server: &'a SshServer) -> Option<Self> {
        (!server.file.is_empty()).then(|| Self {
            address: "",
            values: server
                .file
                .iter()
                .map(|(keyword, value)| (keyword.as_str(), value.as_str()))
                .collect(),
        })
    }

    /// The value of a keyword; `None` where this sshd does not know it.
    pub(super) fn value(&self, keyword: &str) -> Option<&'a str> {
        self.values
            .iter()
            .find(|(key, _)| *key == keyword)
            .map(|(_, value)| *value)
    }

    /// Whether a keyword has this very value.
    pub(super) fn is(&self, keyword: &str, value: &str) -> bool {
        self.value(keyword)
            .is_some_and(|found| found.eq_ignore_ascii_case(value))
    }

    /// The words of a list, which `sshd -T` may spread over several lines.
    pub(super) fn words(&self, keyword: &str) -> Vec<&'a str> {
        let lines = self.values.iter().filter(|(key, _)| *key == keyword);
        lines.flat_map(|(_, value)| value.split_whitespace()).collect()
    }

    /// Whether a list such as `AllowUsers` names the user, coming from this view's address.
    pub(super) fn lists_user(&self, keyword: &str, user: &str) -> bool {
        let address: Option<IpAddr> = self.address.parse().ok();
        self.words(keyword)
            .into_iter()
            .any(|word| names_user(word, user, address))
    }

    /// Whether a list such as `AllowGroups` names one of the groups.
    pub(super) fn lists_group(&self, keyword: &str, groups: &[String]) -> bool {
        let patterns = self.words(keyword);
        groups
            .iter()
            .any(|group| patterns.iter().any(|pattern| pattern::matches(pattern, group)))
    }
}

/// Whether a word of `AllowUsers` and its like (`USER` or `USER@HOST`) fits the user, coming from this address.
pub(super) fn names_user(word: &str, user: &str, address: Option<IpAddr>) -> bool {
    match word.rsplit_once('@') {
        Some((name, from)) => {
            pattern::matches(name, user)
                && address.is_some_and(|address| pattern::list_allows(from.split(','), address))
        }
        None => pattern::matches(word, user),
    }
}
