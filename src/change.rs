//! A change is a value: what a step found and what it would run, as plain data that is shown, asked about, scripted,
//! applied and undone without being written a second time.

mod sql;

use std::path::PathBuf;
use std::time::Duration;

use crate::finding::{Code, Finding, Verdict};
use crate::hba::edit::HbaLines;
use crate::names::{DatabaseName, RoleName};
use crate::request::Request;
use crate::secret::Secret;
use crate::statement::Statement;

pub(crate) use sql::{as_one, in_one_go};

/// What one step makes of settings and facts. Deterministic: the same input gives the same plan, in the same order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Plan {
    /// What is in order, what cannot be checked from here, and the problems that are left for you.
    pub findings: Vec<Finding>,
    /// What this tool would run, in order.
    pub changes: Vec<Change>,
}

/// One thing to change, and the way back.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Change {
    /// Reads after "Would …" and after "Failed to …": `create the database "stitch"`.
    pub summary: String,
    /// Why Stitch needs it, in one sentence.
    pub why: &'static str,
    pub action: Action,
    /// What undoes it, where that is known before it is run.
    pub undo: Option<Action>,
}

/// Everything [`crate::world::Writer::apply`] knows to do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    /// Statements for PostgreSQL, run by the admin's login.
    Sql(Sql),
    /// A POSIX shell script for the SSH server, fed on standard input, run as root.
    Host(Statement),
    /// The same for the machine Stitch reaches: the SSH server, or without one PostgreSQL's.
    Ingress(Statement),
    /// Lines put into `pg_hba.conf` on the machine PostgreSQL runs on, and the server reloaded; they are proved to be in
    /// force, or taken out again at once.
    AddHbaLines(HbaLines),
    /// Those lines taken out again, and the server reloaded.
    RemoveHbaLines(HbaLines),
    /// A request to Stitch.
    Http(Request),
    /// A file on this machine, made with mode 0600 and never over an existing one.
    SaveSecret {
        path: PathBuf,
        /// What goes into it, followed by a newline.
        secret: Secret,
    },
}

/// Statements for one database, and how they are run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sql {
    /// The database to be connected to.
    pub database: DatabaseName,
    /// The statements, in order.
    pub statements: Vec<Statement>,
    /// How they are grouped.
    pub run: Execution,
    /// An SQL expression that is true when there is nothing left to do; scripts for others guard the statements by it.
    pub unless: Option<String>,
    /// Memberships that the admin's login needs while they run. Each transaction grants them and revokes them before it ends.
    pub memberships: Vec<TemporaryMembership>,
}

/// How the statements of one change are grouped into transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Execution {
    /// Each by itself, outside any transaction block (`CREATE DATABASE` insists).
    Autocommit,
    /// All in one transaction: all happen or none.
    Transaction,
    /// Each in a transaction of its own that waits no longer than this for a lock; a busy object is tried again later.
    PerStatement {
        /// The longest that other sessions may queue behind us for one object.
        lock_timeout: Duration,
        /// So many of the statements come before all others.
        first: usize,
        /// And so many come after all others, which know no order among themselves.
        last: usize,
    },
}

/// How far a change is that goes object by object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Objects that are dealt with.
    pub done: usize,
    pub total: usize,
    /// Of those dealt with, the ones that were in use and are tried again later.
    pub busy: usize,
}

/// A membership that is granted to the admin's login and revoked again before the transaction ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TemporaryMembership {
    /// The role whose rights are needed.
    pub role: RoleName,
    /// The admin's login that gets them.
    pub member: RoleName,
    /// Which form of the grant.
    pub options: Membership,
    /// What was there before.
    pub row: Row,
}

impl TemporaryMembership {
    /// What a member needs to act for a role in this way, on a server of this version. `held`: it is a member by a row that the
    /// grant would change. `None` where nothing may be granted then: before 16 that row would be removed with the grant.
    pub(crate) fn new(role: RoleName, member: &str, options: Membership, version_num: i32, held: bool) -> Option<Self> {
        let is_split = version_num >= 160_000;
        (is_split || !held).then_some(())?;
        Some(Self {
            role,
            member: member.parse().ok()?,
            options: if is_split { options } else { Membership::Plain },
            row: if held { Row::Widened } else { Row::Fresh },
        })
    }
}

/// Whether a temporary membership is a row of its own in `pg_auth_members`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Row {
    /// It is, and goes away again.
    Fresh,
    /// The login had granted itself the role before, without the option that is needed (16 and newer). That option is
    /// added, and then taken away alone.
    Widened,
}

/// Which form of `GRANT role TO role` is needed (PostgreSQL 16 split membership into options).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Membership {
    /// PostgreSQL 15 and older: plain membership.
    Plain,
    /// 16 and newer, to make the role an owner: `WITH INHERIT FALSE, SET TRUE`.
    Set,
    /// 16 and newer, to act on what the role owns: `WITH INHERIT TRUE, SET FALSE`.
    Inherit,
}

impl Sql {
    /// Statements that are one transaction and need nothing else.
    pub(crate) fn together(database: &DatabaseName, statements: Vec<Statement>) -> Self {
        Self {
            database: database.clone(),
            statements,
            run: Execution::Transaction,
            unless: None,
            memberships: Vec::new(),
        }
    }
}

impl Action {
    /// What is compared with a later plan's: objects one by one; else what kind of work it is, since what is left of it may
    /// be written in another way.
    fn parts(&self) -> Vec<String> {
        match self {
            Self::Sql(sql) => match sql.run {
                Execution::PerStatement { first, .. } => {
                    sql.statements.iter().skip(first).map(Statement::to_string).collect()
                }
                Execution::Autocommit | Execution::Transaction => {
                    let verb = |statement: &Statement| statement.to_string().split(' ').take(1).collect();
                    sql.statements.iter().map(verb).collect()
                }
            },
            other => vec![format!("{:?}", std::mem::discriminant(other))],
        }
    }
}

impl Change {
    /// Whether nothing takes it back, and something of before is lost.
    pub(crate) fn is_final(&self) -> bool {
        let is_new = match &self.action {
            Action::Sql(sql) => {
                let mut texts = sql.statements.iter().map(ToString::to_string);
                texts.all(|text| text.starts_with("CREATE "))
            }
            Action::SaveSecret { .. } => true,
            _ => false,
        };
        self.undo.is_none() && !is_new
    }

    /// The statements of a change that goes object by object: a part of it may be made when the run is cut off.
    pub(crate) fn piecemeal(&self) -> Option<&Sql> {
        match &self.action {
            Action::Sql(sql) if matches!(sql.run, Execution::PerStatement { .. }) => Some(sql),
            _ => None,
        }
    }
}

impl Plan {
    /// How many things are wrong that this tool does not change.
    pub(crate) fn problems(&self) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.verdict == Verdict::Bad)
            .count()
    }

    pub(crate) fn good(&mut self, code: Code, text: impl Into<String>) -> &mut Finding {
        self.add(Finding::good(code, text))
    }

    /// Adds what cannot be known from here, and what to do about it.
    pub(crate) fn unknown(&mut self, code: Code, text: impl Into<String>, advice: impl Into<String>) -> &mut Finding {
        self.add(Finding::unknown(code, text).advise(advice))
    }

    /// Adds a problem that this tool leaves to others, and what they do about it.
    pub(crate) fn bad(&mut self, code: Code, text: impl Into<String>, advice: impl Into<String>) -> &mut Finding {
        self.add(Finding::bad(code, text).advise(advice))
    }

    fn add(&mut self, finding: Finding) -> &mut Finding {
        self.findings.push(finding);
        self.findings.last_mut().expect("it was just added")
    }

    /// What cuts a later plan short, so that what it lacks is not made: a problem that was not there, as a server that has
    /// become a standby.
    pub(crate) fn cut_short<'a>(&self, later: &'a Self) -> Option<&'a Finding> {
        let is_new = |finding: &&Finding| !self.findings.iter().any(|known| known.code == finding.code);
        let blocks = |finding: &&Finding| finding.verdict == Verdict::Bad && !finding.code.effect().blocks.is_empty();
        later.findings.iter().filter(blocks).find(is_new)
    }

    /// Of each change, whether nothing of it is left to do, as a later plan has it.
    pub(crate) fn seen_made(&self, later: &Self) -> Vec<bool> {
        let left: Vec<String> = later.changes.iter().flat_map(|change| change.action.parts()).collect();
        let is_made = |change: &Change| !change.action.parts().iter().any(|part| left.contains(part));
        self.changes.iter().map(is_made).collect()
    }

    pub(crate) fn find(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    pub(crate) fn change(&mut self, change: Change) {
        self.changes.push(change);
    }
}
