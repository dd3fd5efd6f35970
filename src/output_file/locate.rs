//! Finds the directory of a path, one name after another, so that no link of a user with fewer rights is followed.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use rustix::fs::{CWD, FileType, Mode, OFlags, fstat, openat, stat};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::platform::{NAME_ITSELF, link_target};

/// The kernel's own limit for the links of one path.
const LINKS_MAX: u32 = 40;

/// Whether a symbolic link at the name itself is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Links {
    /// Never: the file is made by this program.
    Refused,
    /// Where you or root made the link: people keep such files elsewhere.
    Own,
}

/// The directory, open, and the name in it.
pub(super) fn locate(path: &Path, links: Links) -> Result<(OwnedFd, OsString)> {
    let mut at = start(path)?;
    let mut rest = names(path);
    let mut hops = 0;
    while let Some(name) = rest.pop() {
        let is_last = rest.is_empty();
        let entry = match openat(&at, name.as_os_str(), NAME_ITSELF, Mode::empty()) {
            Ok(entry) => entry,
            Err(Errno::NOENT) if is_last => return Ok((at, name)),
            Err(error) => return Err(error).with_context(|| format!("{name:?} in its path")),
        };
        let status = fstat(&entry)?;
        if FileType::from_raw_mode(status.st_mode) != FileType::Symlink {
            if is_last {
                return Ok((at, name));
            }
            at = entry;
            continue;
        }
        if is_last && links == Links::Refused {
            bail!("it is a symbolic link, which stitch-pg does not follow; give the file itself");
        }
        if !is_trusted(status.st_uid) {
            bail!(
                "{:?} in its path is a symbolic link of another user ({}), which is not followed",
                name,
                status.st_uid
            );
        }
        hops += 1;
        if hops > LINKS_MAX {
            bail!("its path has too many symbolic links");
        }
        let target = link_target(&at, &name, &entry)?;
        let target = PathBuf::from(OsString::from_vec(target.into_bytes()));
        if target.is_absolute() {
            at = start(&target)?;
        }
        rest.append(&mut names(&target));
    }
    bail!("it is not the name of a file")
}

/// You, root, and the owner of the root directory (which has another number in some containers).
fn is_trusted(owner: u32) -> bool {
    owner == 0 || owner == geteuid().as_raw() || stat("/").is_ok_and(|root| root.st_uid == owner)
}

fn start(path: &Path) -> Result<OwnedFd> {
    let from = if path.is_absolute() { "/" } else { "." };
    openat(CWD, from, NAME_ITSELF | OFlags::DIRECTORY, Mode::empty()).with_context(|| format!("cannot open {from}"))
}

/// The names of a path, the first of them last.
fn names(path: &Path) -> Vec<OsString> {
    let names = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsStr::new("..").to_owned()),
        Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
    });
    names.rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_path() {
        assert_eq!(names(Path::new("/a//b/./../c/")), ["c", "..", "b", "a"]);
        assert!(names(Path::new("/")).is_empty());
    }
}
