//! Why a connection or a statement failed: the layer, the SQLSTATE, and one sentence on what, on what, why and what next.
//! SQLSTATE decides, never message text, since servers speak other languages.

use std::fmt;
use std::time::{Duration, Instant};

use tokio_postgres::error::{DbError, SqlState};

use crate::finding::Code;
use crate::word::words;
use crate::world::login_observer::limits::LimitExceeded;
use crate::world::ssh::layer::SshLayer;

words! {
    /// The layer at which a connection ended, in the order they are passed.
    pub(crate) enum Layer {
        /// The name does not resolve.
        Name = "name",
        /// It resolves to addresses that Stitch cannot connect to.
        Family = "address family",
        /// No TCP connection (or no socket file).
        Tcp = "TCP",
        /// Through the SSH server: login there, or the forwarded channel.
        Tunnel = "SSH tunnel",
        /// Something answers, but not PostgreSQL.
        Protocol = "protocol",
        /// TLS refused, or the certificate is not what was asked for.
        Tls = "TLS",
        /// `pg_hba.conf`, password, method.
        Authentication = "authentication",
        /// Logged in as far as the server goes, but this database cannot be used.
        Database = "database",
        /// What the role may do in it.
        Privileges = "privileges",
        /// The test load.
        Rehearsal = "test load",
    }
}

/// A layer that was passed.
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    pub(crate) layer: Layer,
    pub(crate) elapsed: Duration,
    /// What was seen there.
    pub(crate) text: String,
}

impl Stage {
    /// Passed now.
    pub(crate) fn passed(layer: Layer, began: Instant, text: impl Into<String>) -> Self {
        Self {
            layer,
            elapsed: began.elapsed(),
            text: text.into(),
        }
    }
}

/// A connection that did not come about.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) layer: Layer,
    /// How far the way through the SSH server came, when it was there that it ended.
    pub(crate) ssh: Option<SshLayer>,
    pub(crate) code: Code,
    /// The layers before it, which were passed.
    pub(crate) passed: Vec<Stage>,
    /// The server's code, when it was the server that refused.
    pub(crate) state: Option<SqlState>,
    /// Where in the server, which distinguishes what has the same code.
    pub(crate) routine: Option<String>,
    /// What, on what, why.
    pub(crate) text: String,
    /// What to do next.
    pub(crate) advice: Option<String>,
}

impl Failure {
    pub(crate) fn new(layer: Layer, code: Code, text: impl Into<String>) -> Self {
        Self {
            layer,
            ssh: None,
            code,
            passed: Vec::new(),
            state: None,
            routine: None,
            text: text.into(),
            advice: None,
        }
    }

    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    pub(crate) fn behind(mut self, passed: Vec<Stage>) -> Self {
        self.passed = passed;
        self
    }

    pub(crate) fn is(&self, state: &SqlState) -> bool {
        self.state.as_ref() == Some(state)
    }

    pub(crate) fn is_one_of(&self, states: &[SqlState]) -> bool {
        states.iter().any(|state| self.is(state))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        self.advice
            .as_ref()
            .map_or(Ok(()), |advice| write!(f, "\nnext: {advice}"))
    }
}

impl std::error::Error for Failure {}

/// No more of a server's words is shown.
const LONGEST_SHOWN: usize = 2_000;

/// A server's words on one line: its line ends are written out, everything else is as it is.
pub(crate) fn shown(words: &str) -> String {
    let end = words.char_indices().nth(LONGEST_SHOWN).map(|(end, _)| end);
    let line = words[..end.unwrap_or(words.len())]
        .replace("\r\n", "\n")
        .replace('\n', "\\n");
    if end.is_some() { format!("{line} ...") } else { line }
}

/// What the server said, in its own words and with its code: kept beside ours, never instead.
pub(crate) fn server_message(error: &DbError) -> String {
    format!(
        "the server reports: {}, SQLSTATE {}",
        shown(error.message()),
        error.code().code()
    )
}

/// Who raised an error, by its context: a function that takes no parameters, as those of triggers are. What the statement
/// itself is refused for has no such first line.
pub(crate) fn raised_in(context: &str) -> String {
    let first = context.lines().next().unwrap_or_default();
    if first.contains("() ") {
        format!(", in {}", shown(first))
    } else {
        String::new()
    }
}

/// An error while running a statement: tokio-postgres alone prints just "db error".
pub(crate) fn explain(error: &tokio_postgres::Error) -> anyhow::Error {
    let Some(db) = error.as_db_error() else {
        return if error.is_closed() {
            anyhow::anyhow!(
                "the connection to PostgreSQL was lost; run the same command again, which continues with the changes that are left"
            )
        } else {
            anyhow::anyhow!("{}", chain(error))
        };
    };
    let next = next_step(db.code());
    let details: Vec<&str> = db.detail().into_iter().chain(db.hint()).collect();
    let detail = match details.as_slice() {
        [] => String::new(),
        details => format!(" ({})", shown(&details.join("; "))),
    };
    let raised = raised_in(db.where_().unwrap_or_default());
    anyhow::anyhow!("{}{detail}{raised}{next}", server_message(db))
}

/// The connection was given up by us, since its server went beyond all bounds.
pub(crate) fn cut_off(excess: &LimitExceeded) -> anyhow::Error {
    anyhow::anyhow!(
        "{excess}; the connection was closed at the layer {}\nnext: check what answers at that address; it is not PostgreSQL, or a device in between changes the data",
        Layer::Protocol.as_str()
    )
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

fn next_step(state: &SqlState) -> &'static str {
    match *state {
        SqlState::INSUFFICIENT_PRIVILEGE => {
            "\nnext: this login lacks the privilege; run it as the owner or a superuser, or send them the output of: stitch-pg script --for dba"
        }
        SqlState::LOCK_NOT_AVAILABLE => "\nnext: another session holds a lock on it; run the same command again later",
        SqlState::READ_ONLY_SQL_TRANSACTION => {
            "\nnext: the server or this login is read-only; connect to the primary, as a login without default_transaction_read_only"
        }
        SqlState::DISK_FULL => {
            "\nnext: free space on that disk of the server (its log has the path), then run the same command again"
        }
        SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN | SqlState::CANNOT_CONNECT_NOW => {
            "\nnext: the server was stopped or this session was ended; run the same command again when it answers, which continues with the changes that are left"
        }
        SqlState::OBJECT_IN_USE => {
            "\nnext: another session is connected to the template database; try again when it has ended"
        }
        _ => "",
    }
}
