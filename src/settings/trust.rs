//! Which files may decide where a password goes, or what it is: those that no other user could have written. The rules are
//! OpenSSH's (`StrictModes`) and libpq's (private keys).

use std::fs::{File, Metadata};
use std::io::Read as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;

use anyhow::{Result, bail, ensure};

use super::environment::Environment;
use super::local_users::{accounts, groups, passwd};
use crate::shell_word;

/// Reads a file that decides where passwords go. What is judged is the file that was opened, and not its name alone.
pub(super) fn read(path: &Path, environment: &Environment) -> Result<Vec<u8>> {
    before_opening(path, environment)?;
    let mut file = File::open(path)?;
    judge(path, &file.metadata()?, environment)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Judges what stands under a name before it is opened: another user's pipe would keep us waiting before it could be judged.
/// What is opened then is judged again.
pub(super) fn before_opening(path: &Path, environment: &Environment) -> Result<()> {
    match std::fs::metadata(path) {
        Ok(named) => judge(path, &named, environment),
        Err(_) => Ok(()), // opening it says why
    }
}

/// Whether no owner or mode of a directory above `path` lets another user put a file of its own in that place.
pub(crate) fn place(path: &Path, environment: &Environment) -> Result<()> {
    let mut trusted = Trusted::now(environment);
    // In some containers root has another number there.
    trusted.users.extend(std::fs::metadata("/").map(|root| root.uid()));
    for directory in std::path::absolute(path)?.ancestors().skip(1) {
        if let Ok(found) = std::fs::metadata(directory) {
            trusted.owned(directory, &found, "directory")?;
            trusted.not_writable(directory, &found)?;
        }
    }
    Ok(())
}

/// Whether a file could not be read because there is none.
pub(super) fn is_absent(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<std::io::Error>();
    error.is_some_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// Whose files are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Trusted {
    /// This process's user, and who called it with sudo.
    users: Vec<u32>,
    /// Groups whose only members are these users.
    groups: Vec<u32>,
}

impl Trusted {
    /// The user that this process runs as, and the caller of `sudo`, which `sudo` leaves in `SUDO_UID`.
    fn now(environment: &Environment) -> Self {
        let own = rustix::process::geteuid().as_raw();
        let caller = environment.variables.get("SUDO_UID").filter(|_| own == 0);
        let caller = caller.and_then(|text| text.to_str()?.parse().ok());
        let users: Vec<u32> = [own].into_iter().chain(caller).collect();
        let groups = private_groups(
            &users,
            &passwd(),
            &std::fs::read_to_string("/etc/group").unwrap_or_default(),
        );
        Self { users, groups }
    }

    /// Whether only trusted users could have written what was opened as `path`, and no other user can put another file into its
    /// place.
    fn check(&self, path: &Path, opened: &Metadata) -> Result<()> {
        self.owned(path, opened, "file")?;
        // What is written to /dev/null and the like is not what is read from there, and no mode of theirs should change.
        if opened.file_type().is_char_device() {
            return Ok(());
        }
        self.not_writable(path, opened)?;
        let named = std::fs::symlink_metadata(path);
        if let Some(link) = named.as_ref().ok().filter(|link| link.is_symlink()) {
            self.owned(path, link, "symbolic link")?;
        }
        // A pipe, as the shell's <(…) makes one, has no name that others could take.
        if !opened.is_file() {
            return Ok(());
        }
        // Who can write to a directory on the way can put another one into the place of the next.
        let ways = [std::path::absolute(path), std::fs::canonicalize(path)];
        for file in ways.iter().flatten() {
            for directory in file.ancestors().skip(1) {
                if let Ok(found) = std::fs::metadata(directory) {
                    self.owned(directory, &found, "directory")?;
                    self.not_writable(directory, &found)?;
                }
            }
        }
        Ok(())
    }

    fn owned(&self, path: &Path, found: &Metadata, what: &str) -> Result<()> {
        let (owner, shown) = (found.uid(), path.display());
        let next = if found.is_dir() {
            // It may be a home or a server's data, so its owner stays.
            "choose a file in a directory of your own".to_owned()
        } else {
            format!("if you trust it: chown -h \"$(id -u)\" {}", word(path))
        };
        ensure!(
            owner == 0 || self.users.contains(&owner),
            "the {what} {shown} belongs to another user (user ID {owner}), so it is not used\nnext: {next}",
        );
        Ok(())
    }

    fn not_writable(&self, path: &Path, found: &Metadata) -> Result<()> {
        let (mode, shown) = (found.mode(), path.display());
        // In a directory with this bit no user can replace another user's file.
        if found.is_dir() && mode & 0o1000 != 0 {
            return Ok(());
        }
        let by_group = mode & 0o020 != 0 && (!self.groups.contains(&found.gid()) || has_access_list(path));
        let (who, fix) = match (mode & 0o002 != 0, by_group) {
            (true, _) => ("every user of this machine", "go-w"),
            (false, true) => ("the members of its group, or users of its access control list,", "g-w"),
            (false, false) => return Ok(()),
        };
        bail!(
            "{who} can write {shown}, so it is not used\nnext: read it, and then: chmod {fix} {}",
            word(path)
        );
    }
}

/// Whether it has an access control list: then the group's bits are the most that any user on it may do.
pub(super) fn has_access_list(path: &Path) -> bool {
    rustix::fs::getxattr(path, "system.posix_acl_access", &mut [0; 0]).is_ok()
}

/// The path as a word of a command. It is quoted, since another user may have named a directory above it.
pub(super) fn word(path: &Path) -> String {
    shell_word::word(&path.to_string_lossy())
}

/// The groups whose only member is one of these users, by account and by list. An account that is not in these files
/// (of a directory service) has none.
fn private_groups(users: &[u32], passwd: &str, group: &str) -> Vec<u32> {
    let accounts: Vec<_> = accounts(passwd).collect();
    let own = |name: &str| {
        accounts
            .iter()
            .any(|(known, user, _)| *known == name && users.contains(user))
    };
    let groups = groups(group).filter_map(|(number, mut members)| {
        let mut by_account = accounts.iter().filter(|(_, _, main)| *main == number).peekable();
        let private =
            by_account.peek().is_some() && by_account.all(|(_, user, _)| users.contains(user)) && members.all(own);
        private.then_some(number)
    });
    groups.collect()
}

/// Whether no other user could have written a file that holds or decides about a password. That user would know or choose the
/// password.
pub(super) fn judge(path: &Path, opened: &Metadata, environment: &Environment) -> Result<()> {
    Trusted::now(environment).check(path, opened)
}

/// libpq's rule for the key of a client certificate.
pub(super) fn private_key(path: &Path) -> Result<()> {
    let Ok(found) = std::fs::metadata(path) else {
        return Ok(()); // whether it is there is asked elsewhere
    };
    let open = if found.uid() == 0 { 0o037 } else { 0o077 };
    ensure!(
        !found.is_file() || found.mode() & open == 0,
        "others can read the private key {}, so it is not used, as in libpq\nnext: chmod 600 {}",
        path.display(),
        word(path)
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn trusted() -> Trusted {
        Trusted {
            users: vec![rustix::process::geteuid().as_raw()],
            groups: Vec::new(),
        }
    }

    #[test]
    fn a_group_of_ones_own_is_private() {
        let passwd = "root:x:0:0::/:\nann:x:1000:1000::/:\nbob:x:1001:1001::/:\ncarl:x:1002:50::/:\n";
        let group = "root:x:0:\nann:x:1000:ann\nbob:x:1001:ann\nstaff:x:50:ann\nempty:x:60:\n";
        assert_eq!(private_groups(&[1000], passwd, group), [1000]);
        assert!(
            private_groups(&[1001], passwd, group).is_empty(),
            "another is a member of it"
        );
        assert_eq!(private_groups(&[0, 1000], passwd, group), [0, 1000]);
        assert!(
            private_groups(&[7], passwd, group).is_empty(),
            "no account of these files"
        );
    }

    /// Each way in which another user could have written it.
    #[test]
    fn what_others_could_have_written_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, "x").unwrap();
        symlink(&file, &link).unwrap();
        let chmod = |path: &Path, mode| std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        let verdict = |trusted: &Trusted, path: &Path| {
            trusted
                .check(path, &std::fs::metadata(path).unwrap())
                .map_err(|error| error.to_string())
        };
        for (file_mode, folder_mode, wrong) in [
            (0o600, 0o700, None),
            (0o644, 0o755, None),
            (0o666, 0o755, Some("every user of this machine can write")),
            (0o662, 0o755, Some("chmod go-w")),
            (0o664, 0o755, Some("the members of its group")),
            (0o644, 0o777, Some("every user of this machine can write")),
            (0o644, 0o775, Some("chmod g-w")),
            (0o644, 0o1777, None),
        ] {
            chmod(&file, file_mode);
            chmod(folder.path(), folder_mode);
            for path in [&file, &link] {
                let said = verdict(&trusted(), path);
                match wrong {
                    None => assert_eq!(said, Ok(()), "{file_mode:o} {folder_mode:o}"),
                    Some(part) => assert!(
                        said.is_err_and(|text| text.contains(part)),
                        "{file_mode:o} {folder_mode:o}"
                    ),
                }
            }
        }
        // The directory itself is safe, and the one above it is not.
        let below = folder.path().join("a;touch b");
        std::fs::create_dir(&below).unwrap();
        std::fs::write(below.join("file"), "x").unwrap();
        chmod(&below, 0o755);
        chmod(folder.path(), 0o777);
        assert!(verdict(&trusted(), &below.join("file")).is_err());
        chmod(folder.path(), 0o755);
        assert_eq!(verdict(&trusted(), &below.join("file")), Ok(()));
        // The advised command runs nothing that another user put into the directory's name.
        chmod(&below, 0o777);
        let advice = verdict(&trusted(), &below.join("file")).unwrap_err();
        assert!(advice.ends_with("/a;touch b'"), "{advice}");
        // An access control list, of a file system that has them: its owner, the user 65534, its group, the mask, others.
        let list = [
            (1, 7, u32::MAX),
            (2, 7, 65534),
            (4, 5, u32::MAX),
            (16, 7, u32::MAX),
            (32, 5, u32::MAX),
        ];
        let entry =
            |(tag, may, id): &(u16, u16, u32)| [&tag.to_le_bytes()[..], &may.to_le_bytes(), &id.to_le_bytes()].concat();
        let list: Vec<u8> = [vec![2, 0, 0, 0]]
            .into_iter()
            .chain(list.iter().map(entry))
            .flatten()
            .collect();
        chmod(&below, 0o755);
        let name = "system.posix_acl_access";
        if rustix::fs::setxattr(&below, name, &list, rustix::fs::XattrFlags::empty()).is_ok() {
            let with_group = Trusted {
                groups: vec![std::fs::metadata(&below).unwrap().gid()],
                ..trusted()
            };
            let said = verdict(&with_group, &below.join("file")).unwrap_err();
            assert!(said.contains("access control list"), "{said}");
        }
        let gid = std::fs::metadata(&file).unwrap().gid();
        let with_group = Trusted {
            groups: vec![gid],
            ..trusted()
        };
        chmod(&file, 0o664);
        chmod(folder.path(), 0o775);
        assert_eq!(
            verdict(&with_group, &file),
            Ok(()),
            "a group of one's own is nobody else"
        );
    }

    #[test]
    fn a_key_is_private_as_in_libpq() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (mode, right) in [
            (0o600, true),
            (0o400, true),
            (0o644, false),
            (0o660, false),
            (0o602, false),
        ] {
            std::fs::set_permissions(file.path(), Permissions::from_mode(mode)).unwrap();
            assert_eq!(private_key(file.path()).is_ok(), right, "{mode:o}");
        }
    }
}
