//! The only writer of files that stay on this machine: a settings file, a report, a sheet, a password, an undo file,
//! `known_hosts`. Each of them is, at every moment, as it was before or complete; what cannot be written is left as it was.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use rustix::fs::{
    Access, AtFlags, Dir, FileType, FlockOperation, Mode, OFlags, RawMode, RenameFlags, Stat, accessat, fchmod, flock,
    linkat, openat, renameat, renameat_with, statat, unlinkat,
};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::platform;

mod locate;

pub(crate) use locate::Links;
use locate::locate;

/// Readable by you alone.
pub(crate) const PRIVATE: RawMode = 0o600;
/// As any file that you make: your umask decides.
pub(crate) const ORDINARY: RawMode = 0o666;

/// What a temporary file's name begins with; six characters follow. A run that was killed leaves one, the next takes it away.
const STAGED: &str = ".stitch-pg-";

/// A name in a directory, found without following the links of other users.
pub(crate) struct Target {
    directory: OwnedFd,
    name: OsString,
}

/// A complete new file under a temporary name, which is removed unless it was moved away.
struct Staged<'a> {
    directory: &'a OwnedFd,
    name: String,
    /// Holds a lock, so that no other run takes the file for a left-over.
    file: File,
}

/// Makes an ordinary file that must not be there yet. `name`: as you know it.
pub(crate) fn create(path: &Path, text: &str, name: &str) -> Result<()> {
    Target::find(path, Links::Refused)
        .and_then(|target| target.create(text.as_bytes(), ORDINARY))
        .with_context(|| format!("cannot write {name}"))
}

impl Target {
    /// Finds the directory, and refuses what is never written to: a link, a directory, another user's file, a place that
    /// is read-only.
    pub(crate) fn find(path: &Path, links: Links) -> Result<Self> {
        let (directory, name) = locate(path, links)?;
        let target = Self { directory, name };
        if let Some(old) = target.look()? {
            let mode = Mode::from_raw_mode(old.st_mode);
            ensure!(
                geteuid().is_root() || mode.contains(Mode::WUSR),
                "it is read-only (mode {:03o})",
                mode.bits()
            );
        }
        let access = Access::WRITE_OK | Access::EXEC_OK;
        match accessat(&target.directory, ".", access, AtFlags::EACCESS) {
            Ok(()) | Err(Errno::NOSYS | Errno::INVAL) => Ok(target),
            Err(error) => Err(refused(error.into()).context("its directory cannot be written to")),
        }
    }

    /// Makes a file that must not be there yet. It appears complete, or not at all.
    pub(crate) fn create(&self, bytes: &[u8], mode: RawMode) -> Result<()> {
        self.clear();
        let staged = self.stage(bytes, Mode::from_raw_mode(mode), None)?;
        staged.appear(&self.name)?;
        self.sync();
        Ok(())
    }

    /// Writes a file anew, or makes it. `may_replace` judges what is there now; an older file keeps its mode unless
    /// `mode` is [`PRIVATE`].
    pub(crate) fn replace(&self, bytes: &[u8], mode: RawMode, may_replace: impl Fn(&[u8]) -> bool) -> Result<()> {
        self.clear();
        let Some(old) = self.look()? else {
            return self.create(bytes, mode);
        };
        let judge = |name: &std::ffi::OsStr| -> Result<()> {
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let mut now = Vec::new();
            File::from(openat(&self.directory, name, flags, Mode::empty())?).read_to_end(&mut now)?;
            ensure!(
                may_replace(&now),
                "there is another file of that name, which was not changed"
            );
            Ok(())
        };
        judge(&self.name)?;
        let kept = if mode == PRIVATE {
            Mode::from_raw_mode(PRIVATE)
        } else {
            Mode::from_raw_mode(old.st_mode & 0o777)
        };
        let staged = self.stage(bytes, kept, Some(kept))?;
        let temporary = OsString::from(&staged.name);
        // What is there changes places with what is to be there, so whatever was put there meanwhile can be put back.
        let swap = || {
            renameat_with(
                &self.directory,
                &temporary,
                &self.directory,
                &self.name,
                RenameFlags::EXCHANGE,
            )
        };
        match swap() {
            Ok(()) => {
                let out = statat(&self.directory, &temporary, AtFlags::SYMLINK_NOFOLLOW)?;
                let unchanged = is_same(&old, &out).and_then(|()| judge(&temporary));
                if let Err(error) = unchanged {
                    swap()?;
                    return Err(error);
                }
            }
            // A file system that cannot do that.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                let now = statat(&self.directory, &self.name, AtFlags::SYMLINK_NOFOLLOW)?;
                is_same(&old, &now)?;
                renameat(&self.directory, &temporary, &self.directory, &self.name)?;
            }
            Err(error) => return Err(refused(error.into())),
        }
        drop(staged);
        self.sync();
        Ok(())
    }

    /// Opens a file that grows; makes it when it is not there.
    pub(crate) fn growing(&self, mode: RawMode) -> Result<Growing> {
        let flags =
            OFlags::RDWR | OFlags::APPEND | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let opened = openat(&self.directory, &self.name, flags, Mode::from_raw_mode(mode));
        let file = File::from(opened.map_err(|error| refused(error.into()))?);
        let metadata = file.metadata()?;
        ensure!(metadata.is_file(), "it is not a file");
        ensure_own(metadata.uid())?;
        ensure!(metadata.nlink() == 1, "it is a hard link to another file");
        self.sync();
        Ok(Growing { file })
    }

    /// What is at the name, if it is something this program may write to.
    fn look(&self) -> Result<Option<Stat>> {
        let old = match statat(&self.directory, &self.name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(old) => old,
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        match FileType::from_raw_mode(old.st_mode) {
            FileType::RegularFile => {}
            FileType::Symlink => bail!("it is a symbolic link, which stitch-pg does not follow; give the file itself"),
            FileType::Directory => bail!("it is a directory"),
            _ => bail!("it is not a file"),
        }
        ensure_own(old.st_uid)?;
        Ok(Some(old))
    }

    fn stage(&self, bytes: &[u8], mode: Mode, exactly: Option<Mode>) -> Result<Staged<'_>> {
        let staged = loop {
            let name = format!("{STAGED}{}", random()?);
            let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let file = match openat(&self.directory, &name, flags, mode) {
                Ok(file) => File::from(file),
                Err(Errno::EXIST) => continue,
                Err(error) => return Err(refused(error.into())),
            };
            let staged = Staged {
                directory: &self.directory,
                name,
                file,
            };
            let _ = flock(&staged.file, FlockOperation::NonBlockingLockExclusive);
            // Between the two lines above another run may have taken it for a left-over.
            if staged.file.metadata()?.nlink() == 1 {
                break staged;
            }
        };
        let file = &staged.file;
        let write = || -> io::Result<()> {
            if let Some(mode) = exactly {
                fchmod(file, mode)?;
            }
            (&*file).write_all(bytes)?;
            file.sync_all()
        };
        write().map_err(refused)?;
        let mut written = Vec::new();
        (&*file).rewind()?;
        (&*file).read_to_end(&mut written)?;
        ensure!(written == bytes, "the written data could not be read back correctly");
        Ok(staged)
    }

    /// Removes what killed runs have left: our own files, by their names, that no process holds a lock on.
    fn clear(&self) {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let Ok(entries) = openat(&self.directory, ".", flags, Mode::empty()).and_then(Dir::new) else {
            return; // nothing is lost but the left-over
        };
        for entry in entries.filter_map(Result::ok) {
            let name = entry.file_name();
            let end = name.to_bytes().strip_prefix(STAGED.as_bytes());
            if !end.is_some_and(|end| end.len() == 6 && end.iter().all(u8::is_ascii_alphanumeric)) {
                continue;
            }
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let Ok(file) = openat(&self.directory, name, flags, Mode::empty()).map(File::from) else {
                continue;
            };
            let is_ours = file
                .metadata()
                .is_ok_and(|found| found.is_file() && found.uid() == geteuid().as_raw() && found.nlink() == 1);
            if is_ours && flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
                let _ = unlinkat(&self.directory, name, AtFlags::empty());
            }
        }
    }

    /// The names are on the disk, too. Where the directory cannot be read, the next `sync` of the system does it.
    fn sync(&self) {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        if let Ok(directory) = openat(&self.directory, ".", flags, Mode::empty()) {
            let _ = rustix::fs::fsync(directory);
        }
    }
}

impl Staged<'_> {
    /// Takes its final name, which must be free.
    fn appear(self, name: &OsString) -> Result<()> {
        let (at, from) = (self.directory, self.name.as_str());
        match renameat_with(at, from, at, name, RenameFlags::NOREPLACE) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => linkat(at, from, at, name, AtFlags::empty()),
            moved => moved,
        }
        .map_err(|error| match error {
            Errno::EXIST => anyhow::anyhow!("a file of that name already exists and was not changed"),
            error => refused(error.into()),
        })
    }
}

impl Drop for Staged<'_> {
    fn drop(&mut self) {
        // Where it was moved away there is nothing of that name.
        let _ = unlinkat(self.directory, self.name.as_str(), AtFlags::empty());
    }
}

/// A file to which whole pieces are appended.
pub(crate) struct Growing {
    file: File,
}

impl Growing {
    /// Its permissions.
    pub(crate) fn mode(&self) -> Result<u32> {
        Ok(self.file.metadata()?.mode() & 0o777)
    }

    /// Appends what `text` makes of the content, whole or not at all, and sees to it that `reserve` more bytes will fit.
    pub(crate) fn append_with(&mut self, reserve: usize, text: impl FnOnce(&[u8]) -> Vec<u8>) -> Result<()> {
        self.locked(|file, length| {
            let mut content = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
            file.read_exact_at(&mut content, 0)?;
            append(file, length, &text(&content), reserve)
        })
    }

    /// Appends the text, whole or not at all, and sees to it that `reserve` more bytes will fit.
    pub(crate) fn append(&mut self, text: &str, reserve: usize) -> Result<()> {
        self.locked(|file, length| append(file, length, text.as_bytes(), reserve))
    }

    /// Cuts off what `whole` does not count to the content. How much that was.
    pub(crate) fn cut(&mut self, whole: impl FnOnce(&[u8]) -> Result<usize>) -> Result<usize> {
        self.locked(|file, length| {
            let mut content = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
            file.read_exact_at(&mut content, 0)?;
            let keep = whole(&content)?;
            if keep < content.len() {
                file.set_len(keep as u64)?;
                file.sync_all()?;
            }
            Ok(content.len() - keep)
        })
    }

    /// While no other run is at the file. A file system without locks goes without.
    fn locked<T>(&self, work: impl FnOnce(&File, u64) -> Result<T>) -> Result<T> {
        let _ = flock(&self.file, FlockOperation::LockExclusive);
        let done = self
            .file
            .metadata()
            .map_err(Into::into)
            .and_then(|found| work(&self.file, found.len()));
        let _ = flock(&self.file, FlockOperation::Unlock);
        done
    }
}

fn append(file: &File, length: u64, text: &[u8], reserve: usize) -> Result<()> {
    let wanted = (text.len() + reserve) as u64;
    let mut written = 0;
    let mut write = || -> io::Result<()> {
        match platform::reserve(file, length, wanted.max(1)) {
            Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => {}
            Err(error) => return Err(error.into()),
        }
        while written < text.len() {
            match (&*file).write(&text[written..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(more) => written += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        file.sync_data()
    };
    let Err(error) = write() else { return Ok(()) };
    let error = refused(error);
    // The beginning of a piece would be worse than none, but what another program has added meanwhile stays.
    let now = file.metadata()?.len();
    if now == length + written as u64 {
        if let Err(worse) = file.set_len(length) {
            return Err(error.context(format!("and the partly written file is still there: {worse}")));
        }
    } else if written > 0 {
        return Err(
            error.context("and the partly written file is still there, because another program has added to it")
        );
    }
    Err(error)
}

fn ensure_own(owner: u32) -> Result<()> {
    ensure!(
        owner == geteuid().as_raw(),
        "it belongs to another user ({owner}); give another file, or remove it"
    );
    Ok(())
}

/// Whether the file is unchanged, and not replaced by another one.
fn is_same(old: &Stat, now: &Stat) -> Result<()> {
    let facts = |file: &Stat| {
        (
            file.st_dev,
            file.st_ino,
            file.st_size,
            file.st_mtime,
            file.st_mtime_nsec,
        )
    };
    ensure!(
        facts(old) == facts(now),
        "another program has changed it since; it was not changed again"
    );
    Ok(())
}

const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

fn random() -> Result<String> {
    let mut bytes = [0; 6];
    openssl::rand::rand_bytes(&mut bytes).context("OpenSSL has no random numbers")?;
    let letter = |byte: &u8| char::from(LETTERS[usize::from(byte % 32)]);
    Ok(bytes.iter().map(letter).collect())
}

/// Why a file was not written, and what to do.
fn refused(error: io::Error) -> anyhow::Error {
    let next = match Errno::from_io_error(&error) {
        Some(Errno::NOSPC | Errno::DQUOT | Errno::FBIG) => "free some space there, or give a file on another disk",
        Some(Errno::IO) => "check that disk (dmesg), or give a file on another one",
        Some(Errno::ROFS) => "give a file on a writable file system",
        Some(Errno::ACCESS | Errno::PERM) => "give a file in a directory of yours",
        _ => return error.into(),
    };
    anyhow::anyhow!("{error}\nnext: {next}")
}
