//! What Linux alone has, and what stands in for it on macOS.

use std::ffi::{CString, OsStr};
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{OFlags, readlinkat};
use rustix::io::Errno;

/// Opens a name itself, also a symbolic link, to read its status and to go on from there.
#[cfg(target_os = "linux")]
pub(crate) const NAME_ITSELF: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// `O_SYMLINK`; there it has to be readable, and a pipe must not wait for its other end.
#[cfg(not(target_os = "linux"))]
pub(crate) const NAME_ITSELF: OFlags = OFlags::from_bits_retain(0x0020_0000)
    .union(OFlags::NONBLOCK)
    .union(OFlags::CLOEXEC);

/// The target of the link that was opened with [`NAME_ITSELF`] at that name.
#[cfg(target_os = "linux")]
pub(crate) fn link_target(_directory: &OwnedFd, _name: &OsStr, link: &OwnedFd) -> Result<CString, Errno> {
    readlinkat(link, "", Vec::new())
}

/// The target of the link that was opened with [`NAME_ITSELF`] at that name. It is read by its name, so the name must be
/// one that no other user can give to another link: `PERM` where one can.
#[cfg(not(target_os = "linux"))]
pub(crate) fn link_target(directory: &OwnedFd, name: &OsStr, _link: &OwnedFd) -> Result<CString, Errno> {
    let status = rustix::fs::fstat(directory)?;
    let is_ours = status.st_uid == 0 || status.st_uid == rustix::process::geteuid().as_raw();
    if !is_ours || status.st_mode & 0o022 != 0 {
        return Err(Errno::PERM);
    }
    readlinkat(directory, name, Vec::new())
}

/// Reserves room on the disk behind the end of a file, whose size stays.
#[cfg(target_os = "linux")]
pub(crate) fn reserve(file: impl AsFd, at: u64, length: u64) -> Result<(), Errno> {
    rustix::fs::fallocate(file, rustix::fs::FallocateFlags::KEEP_SIZE, at, length)
}

/// Cannot be done there without making the file longer: `NOSYS`.
#[cfg(not(target_os = "linux"))]
pub(crate) fn reserve(_file: impl AsFd, _at: u64, _length: u64) -> Result<(), Errno> {
    Err(Errno::NOSYS)
}

/// Has what arrived acknowledged at once. Linux returns to delaying by itself, so it is asked each time.
#[cfg(target_os = "linux")]
pub(crate) fn acknowledge(socket: impl AsFd) {
    let _ = rustix::net::sockopt::set_tcp_quickack(socket, true);
}

/// Not to be had there: a question to an old sshd may wait 40 ms for the acknowledgement.
#[cfg(not(target_os = "linux"))]
pub(crate) fn acknowledge(_socket: impl AsFd) {}

/// No other process of the same user may read this one's memory or environment.
#[cfg(target_os = "linux")]
pub(crate) fn hide_memory() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// macOS lets no process read another's memory without a right that a debugger has to be given.
#[cfg(not(target_os = "linux"))]
pub(crate) fn hide_memory() {}
