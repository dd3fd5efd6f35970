//! The input of a check, with what `sshd -T` reports about one user from one address, and what it finds.

use std::net::IpAddr;

use super::fixes;
use crate::finding::{Code, Finding};
use crate::pattern;
use crate::settings::{BastionSettings, Settings};
use crate::steps::ssh_user::facts::{Facts, SshServer};

/// Everything that a check reads.
pub(super) struct Case<'a> {
    pub(super) settings: &'a Settings,
    pub(super) bastion: &'a BastionSettings,
    pub(super) server: &'a SshServer,
    pub(super) uid: Option<u32>,
    pub(super) groups: Vec<String>,
    pub(super) home: String,
}

/// One cause, and its one fix.
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

    /// A problem that a drop-in with these lines fixes.
    pub(super) fn bad(&self, code: Code, text: String, lines: &[&str]) -> Finding {
        bad(code, text, self.drop_in(lines))
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
        let lines = server.file.iter();
        let values: Vec<(&str, &str)> = lines
            .map(|(keyword, value)| (keyword.as_str(), value.as_str()))
            .collect();
        let address = "";
        (!values.is_empty()).then_some(Self { address, values })
    }

    /// The value of a keyword; `None` where this sshd does not know it.
    pub(super) fn value(&self, keyword: &str) -> Option<&'a str> {
        let mut values = self.values.iter();
        values.find_map(|(key, value)| (*key == keyword).then_some(*value))
    }

    /// Whether a keyword has this very value.
    pub(super) fn is(&self, keyword: &str, value: &str) -> bool {
        let found = self.value(keyword);
        found.is_some_and(|found| found.eq_ignore_ascii_case(value))
    }

    /// The words of a list, which `sshd -T` may spread over several lines.
    pub(super) fn words(&self, keyword: &str) -> Vec<&'a str> {
        let lines = self.values.iter().filter(|(key, _)| *key == keyword);
        lines.flat_map(|(_, value)| value.split_whitespace()).collect()
    }

    /// Whether a list such as `AllowUsers` names the user, coming from this view's address.
    pub(super) fn lists_user(&self, keyword: &str, user: &str) -> bool {
        let address: Option<IpAddr> = self.address.parse().ok();
        let mut words = self.words(keyword).into_iter();
        words.any(|word| names_user(word, user, address))
    }

    /// Whether a list such as `AllowGroups` names one of the groups.
    pub(super) fn lists_group(&self, keyword: &str, groups: &[String]) -> bool {
        let patterns = self.words(keyword);
        let is_listed = |group: &String| patterns.iter().any(|pattern| pattern::matches(pattern, group));
        groups.iter().any(is_listed)
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

#[cfg(test)]
mod tests {
    use super::names_user;

    #[test]
    fn lists_of_users_and_addresses() {
        let address = "52.23.137.21".parse().ok();
        for (word, wanted) in [
            ("stitch", true),
            ("st*", true),
            ("stitch@52.23.137.*", true),
            ("stitch@198.51.100.7,52.0.0.0/8", true),
            ("stitch@!52.23.137.21,*", false),
            ("stitch@!198.51.100.7,*", true),
            ("other@*", false),
        ] {
            assert_eq!(names_user(word, "stitch", address), wanted, "{word}");
        }
    }
}
