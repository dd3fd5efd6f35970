//! The users of this machine, as its own files have them.

use std::fs;

/// The home directory of a user.
pub(super) fn home_of(name: &str) -> Option<String> {
    let users = users();
    let user = users.iter().find(|fields| fields[0] == name)?;
    user.get(5).cloned()
}

/// Whether a user is the only member of a group, which Debian's ssh then lets write what is the user's.
pub(super) fn is_alone_in_group(uid: u32, gid: u32) -> bool {
    let (uid, gid) = (uid.to_string(), gid.to_string());
    let users = users();
    let own: Vec<&str> = users
        .iter()
        .filter(|fields| fields[2] == uid)
        .map(|fields| fields[0].as_str())
        .collect();
    let groups = entries("/etc/group");
    let listed = groups
        .iter()
        .filter(|fields| fields[2] == gid)
        .flat_map(|fields| fields[3].split(','));
    let first = users
        .iter()
        .filter(|fields| fields[3] == gid)
        .map(|fields| fields[0].as_str());
    let members: Vec<&str> = listed.chain(first).filter(|name| !name.is_empty()).collect();
    !members.is_empty() && members.iter().all(|name| own.contains(name))
}

fn users() -> Vec<Vec<String>> {
    entries("/etc/passwd")
}

fn entries(file: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let fields = |line: &str| line.split(':').map(str::to_owned).collect();
    text.lines()
        .map(fields)
        .filter(|fields: &Vec<String>| fields.len() >= 4)
        .collect()
}
