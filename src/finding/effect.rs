//! The columns of the table of codes: the section that a finding belongs to, the hops on the way from Stitch to its role in the
//! database that it is about, and what it means for the rest of the run, which the runner, the path, the scripts and the
//! registration read.

use crate::step_id::StepId;
use crate::word::words;

/// What a finding means for the rest of the run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Effect {
    /// The steps that cannot succeed where it was found.
    pub(crate) blocks: &'static [StepId],
    /// Whether a login with more rights could do what this one cannot. It then goes into a script for your DBA or another admin.
    pub(crate) needs_rights: bool,
    /// What it proves about its hop.
    pub(crate) tells: Proves,
}

/// What a finding proves about its hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proves {
    /// What was read, or some part of it.
    Reading,
    /// The hop was passed.
    Proof,
    /// Unless it is good, nothing gets through: what was read about the hops behind it is no proof for them.
    Closed,
}

const AFTER_DATABASE: &[StepId] = &[
    StepId::Role,
    StepId::Ownership,
    StepId::Connection,
    StepId::Registration,
];
const AFTER_ROLE: &[StepId] = &[StepId::Ownership, StepId::Connection, StepId::Registration];

/// Nothing: it is for the reader.
pub(super) const INFORMS: Effect = Effect {
    blocks: &[],
    needs_rights: false,
    tells: Proves::Reading,
};

/// It shows by doing that its hop works.
pub(super) const PROOF: Effect = Effect {
    tells: Proves::Proof,
    ..INFORMS
};

/// It shows that its hop lets nothing through.
pub(super) const CLOSED: Effect = Effect {
    tells: Proves::Closed,
    ..INFORMS
};

/// The login may not make one of the changes.
pub(super) const NO_RIGHT: Effect = Effect {
    needs_rights: true,
    ..INFORMS
};

/// There is no database to work in, and no login could make one here.
pub(super) const NO_DATABASE: Effect = Effect {
    blocks: AFTER_DATABASE,
    ..INFORMS
};

/// There is no database to work in, and this login may not make one.
pub(super) const NO_RIGHT_TO_A_DATABASE: Effect = Effect {
    blocks: AFTER_DATABASE,
    ..NO_RIGHT
};

/// There is no role that could be Stitch's.
pub(super) const NO_ROLE: Effect = Effect {
    blocks: AFTER_ROLE,
    ..INFORMS
};

/// There is no role, and this login may not make one.
pub(super) const NO_RIGHT_TO_A_ROLE: Effect = Effect {
    blocks: AFTER_ROLE,
    ..NO_RIGHT
};

/// A hop, in the order in which a connection of Stitch's passes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hop {
    /// From Stitch's addresses to the first host: the SSH server, or without one the database.
    First,
    /// Into the SSH server as Stitch's user.
    SshLogin,
    /// From the SSH server to the database's port.
    Forward,
    /// The hop that ends at the database's port: the forward, or without an SSH server the first one.
    ToDatabase,
    /// Into the database as Stitch's role.
    Login,
}

words! {
    /// The part of the program that reports a finding.
    #[expect(missing_docs, reason = "the names are those of the steps")]
    pub enum Section {
        Allowlist = "allowlist",
        Database = "database",
        SshUser = "ssh-user",
        Role = "role",
        Ownership = "ownership",
        Connection = "connection",
        Registration = "registration",
        /// The command that takes Stitch's access away, whatever step it is at.
        Remove = "remove",
    }
}
