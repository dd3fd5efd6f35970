//! The users of this machine, as its own files have them.

use std::fs;

/// The users of this machine, those of a directory service left out.
pub(crate) fn passwd() -> String {
    fs::read_to_string("/etc/passwd").unwrap_or_default()
}

/// The name, the number and the main group of each account in such a text.
pub(crate) fn accounts(passwd: &str) -> impl Iterator<Item = (&str, u32, u32)> {
    passwd.lines().filter_map(|line| {
        let mut fields = line.split(':');
        Some((
            fields.next()?,
            fields.nth(1)?.parse().ok()?,
            fields.next()?.parse().ok()?,
        ))
    })
}

/// The number of each group in a text like `/etc/group`, and the users that it lists.
pub(super) fn groups(group: &str) -> impl Iterator<Item = (u32, impl Iterator<Item = &str>)> {
    group.lines().filter_map(|line| {
        let mut fields = line.split(':').skip(2);
        let number = fields.next()?.parse().ok()?;
        Some((number, fields.next()?.split(',').filter(|name| !name.is_empty())))
    })
}

/// The home directory of a user.
pub(super) fn home_of(name: &str) -> Option<String> {
    let users = passwd();
    let mut lines = users.lines().map(|line| line.split(':'));
    let mut user = lines.find(|fields| fields.clone().next() == Some(name))?;
    user.nth(5).map(str::to_owned)
}

/// Whether a user is the only member of a group, which Debian's ssh then lets write what is the user's.
pub(super) fn is_alone_in_group(uid: u32, gid: u32) -> bool {
    let (users, group) = (passwd(), fs::read_to_string("/etc/group").unwrap_or_default());
    let own = |name: &str| accounts(&users).any(|(known, user, _)| known == name && user == uid);
    let first = accounts(&users)
        .filter(|(_, _, main)| *main == gid)
        .map(|(name, ..)| name);
    let listed = groups(&group).filter(|(number, _)| *number == gid);
    let mut members = listed.flat_map(|(_, members)| members).chain(first).peekable();
    members.peek().is_some() && members.all(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let passwd = "root:x:0:0::/:\npostgres:x:70:70::/:\npost:x:71:71::/:\nbroken\n";
        let account = |wanted: &str| accounts(passwd).find(|(name, ..)| *name == wanted);
        assert_eq!(account("post"), Some(("post", 71, 71)));
        assert_eq!(account("postgres"), Some(("postgres", 70, 70)));
        assert_eq!(account("broken"), None);
        assert_eq!(account("nobody"), None);
    }
}
