//! An edit of `pg_hba.conf` as a value: which lines, where, and whom to tell.

/// Where in the file the lines go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// Above the line of this number.
    Above(u32),
    /// Behind the last one.
    End,
}

/// How the lines of the file end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnd {
    /// As on Unix.
    Lf,
    /// As on Windows.
    CrLf,
}

impl LineEnd {
    /// Reads it from the output of the script that read the file.
    pub(crate) fn of(told: &str) -> Self {
        if told.lines().any(|line| line == "end=crlf") {
            Self::CrLf
        } else {
            Self::Lf
        }
    }
}

/// Lines of ours in a `pg_hba.conf`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HbaLines {
    /// The file as the server names it.
    pub file: String,
    /// The MD5 of the file that was planned on, so that an edit which another program made since then is not lost.
    pub md5: String,
    /// The lines, the remark above them included, without their ends.
    pub lines: Vec<String>,
    /// The place in the file at which the lines go in.
    pub at: At,
    /// The line ending that the file uses.
    pub end: LineEnd,
    /// Whom to have read the file again by a signal on that machine, where the login may not ask it to.
    pub signal: Option<Running>,
}

/// The server whose file it is, as its answers tell it from others on a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    /// The port it listens on.
    pub port: u16,
    /// When it started, in seconds since 1970; `None` where it may have been started anew since it was asked.
    pub started: Option<i64>,
}
