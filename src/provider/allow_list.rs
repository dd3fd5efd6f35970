//! Providers' own commands for their allow lists, filled in. They are printed, never run.

use super::list::AllowList;
use crate::names::Cidr;
use crate::shell_word;

/// The commands, and what to mind.
pub(crate) struct AllowListCommands {
    /// Where the list is.
    pub(crate) place: &'static str,
    /// Shows it.
    pub(crate) look: String,
    /// Adds the addresses.
    pub(crate) open: Vec<String>,
    /// What else these commands do.
    pub(crate) mind: Option<&'static str>,
}

/// What the commands are about.
pub(crate) struct AllowListRequest<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    /// Who is to be let in; of a list that is known, only those who are missing.
    pub(crate) cidrs: &'a [Cidr],
    /// The present list, where it was handed over.
    pub(crate) list: Option<&'a AllowList>,
}

/// What several providers' commands leave open, and what to put there.
pub(crate) const PLACEHOLDERS: [(&str, &str); 5] = [
    (
        "PRESENT,NETWORKS",
        "the present list, joined by commas: this command replaces it",
    ),
    ("GROUP", "the security group (AWS) or resource group (Azure)"),
    ("INSTANCE", "the instance's name"),
    ("CLUSTER", "the cluster's name or number"),
    ("REGION", "the provider's region"),
];

impl AllowListRequest<'_> {
    /// A name that the list has, else the word for it in capitals.
    pub(super) fn name(&self, capitals: &str) -> String {
        let name = self.list.and_then(|list| list.name.as_deref());
        shell_word::word(name.unwrap_or(capitals))
    }

    /// The parts of the host name; past its end they are empty.
    pub(super) fn label(&self, number: usize) -> &str {
        self.host.split('.').nth(number).unwrap_or_default()
    }

    /// The addresses, joined.
    pub(super) fn joined(&self, joint: &str) -> String {
        self.cidrs.iter().map(Cidr::to_string).collect::<Vec<_>>().join(joint)
    }

    /// A command for each address, which comes last in it.
    pub(super) fn each(&self, command: &str) -> Vec<String> {
        self.cidrs.iter().map(|cidr| format!("{command} {cidr}")).collect()
    }

    /// All that a list has to hold which the command replaces.
    pub(super) fn merged(&self) -> String {
        let present = match self.list {
            Some(list) => list.entries.iter().map(|entry| entry.from.to_string()).collect(),
            None => vec!["PRESENT".to_owned(), "NETWORKS".to_owned()],
        };
        let mut all: Vec<String> = Vec::new();
        for network in present.into_iter().chain(self.cidrs.iter().map(Cidr::to_string)) {
            if !all.contains(&network) {
                all.push(network);
            }
        }
        all.join(",")
    }

    /// What to mind of a command that replaces the list.
    pub(super) fn replaces(&self) -> &'static str {
        match self.list {
            Some(_) => "this command replaces the list; the present networks are in it",
            None => "this command replaces the list: keep the present networks in it",
        }
    }
}

#[cfg(test)]
mod tests;
