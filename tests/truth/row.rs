//! What a row is made of.

/// A state of a server, and whose work is tried on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// In words.
    pub(crate) state: &'static str,
    /// Makes it: run by the role `loader` in a schema of its own, `{s}`, after `reset role` by the superuser. A second
    /// schema that is chosen as well is `{s}_b`.
    pub(crate) sql: &'static str,
    /// The code that the program says it with; none: all is well.
    pub(crate) says: &'static str,
    /// Who does what afterwards, `role: statement`; none: a load into `{s}.t`.
    pub(crate) acts: &'static [(&'static str, &'static str)],
    /// The first major version that has such a state.
    pub(crate) since: u32,
    /// Its objects belong to the superuser `boss`, so only a superuser can move them.
    pub(crate) boss: bool,
    /// Whether the loss is another role's and not Stitch's: then it is reported before the move.
    pub(crate) third: bool,
    /// Only its owner and superusers see it, so another login sees it once Stitch's role is the owner.
    pub(crate) hidden: bool,
}

/// Says that a load works.
pub(crate) const fn fine(state: &'static str, sql: &'static str) -> Row {
    Row {
        state,
        sql,
        says: "",
        acts: &[],
        since: 10,
        boss: false,
        third: false,
        hidden: false,
    }
}

/// Says, by this code, that a load is or may be refused.
pub(crate) const fn problem(says: &'static str, state: &'static str, sql: &'static str) -> Row {
    Row {
        says,
        ..fine(state, sql)
    }
}

/// Says, by this code and before the move, what others lose by it.
pub(crate) const fn loss(
    says: &'static str,
    state: &'static str,
    sql: &'static str,
    acts: &'static [(&'static str, &'static str)],
) -> Row {
    Row {
        acts,
        third: true,
        ..problem(says, state, sql)
    }
}

impl Row {
    /// Other things are done than a load into `{s}.t`.
    pub(crate) const fn then(self, acts: &'static [(&'static str, &'static str)]) -> Self {
        Self { acts, ..self }
    }

    /// There is no such thing before.
    pub(crate) const fn since(self, since: u32) -> Self {
        Self { since, ..self }
    }

    /// A login that is no superuser sees it once Stitch's role is the owner.
    pub(crate) const fn seen_afterwards(self) -> Self {
        Self { hidden: true, ..self }
    }

    /// It belongs to a superuser.
    pub(crate) const fn of_a_superuser(self) -> Self {
        Self { boss: true, ..self }
    }
}

/// What a load does to a table that is there.
pub(crate) const LOAD: &[(&str, &str)] = &[
    ("stitch", "insert into {s}.t (id) values (1)"),
    ("stitch", "update {s}.t set id = id"),
    ("stitch", "delete from {s}.t"),
    ("stitch", "alter table {s}.t add column later text"),
    ("stitch", "alter table {s}.t rename column later to later__de"),
    ("stitch", "comment on table {s}.t is 'loaded'"),
    ("stitch", "truncate {s}.t"),
];
