//! What Stitch has loaded before: whose it is to be, and how considerately it changes hands.

use std::time::Duration;

use crate::names::{RoleName, SchemaName};
use crate::word::words;

/// Ownership of what Stitch has loaded before.
#[derive(Clone, Debug)]
pub struct OwnershipSettings {
    /// New or existing connection, as the guide's tabs have it.
    pub connection: Connection,
    /// Which schemas are Stitch's.
    pub schemas: Schemas,
    /// Kinds of objects to move besides tables.
    pub include: Vec<Include>,
    /// The longest that other sessions may wait for us on one object.
    pub lock_timeout: Duration,
    /// Who gets what the role owns when Stitch's access is taken away.
    pub new_owner: Option<RoleName>,
    /// Whether those who read through the present owners' rights go on reading.
    pub readers: Readers,
    /// Whether the test load may lock readers out of tables with rows for a moment.
    pub rehearse: Rehearse,
}

impl OwnershipSettings {
    /// The letters by which the catalogs know tables, and those of these kinds that are to move with them.
    pub(crate) fn relation_kinds(&self, kinds: &[(char, Include)]) -> String {
        let included = kinds.iter().filter(|(_, kind)| self.include.contains(kind));
        "rp".chars().chain(included.map(|(letter, _)| *letter)).collect()
    }
}

/// Whether the present owners, and with them their views, go on reading what moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// They are granted what it takes, and their default privileges are made anew for Stitch's role.
    Keep,
    /// `--no-keep-readers`: what they read as owners they read no more.
    Drop,
}

/// How far the test load goes on tables that Stitch has loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rehearse {
    /// Nothing that readers or writers would notice.
    Lightly,
    /// `--rehearse-existing`: with `ACCESS EXCLUSIVE` locks, never waited for longer than the lock timeout.
    Fully,
}

/// The guide's two tabs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// Stitch has never loaded into this database.
    New,
    /// Stitch has loaded before, as another role perhaps.
    Existing,
}

/// How the integration schemas are chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schemas {
    /// The schemas that were given by name.
    Named(Vec<SchemaName>),
    /// Those with strong evidence (`--detect-schemas`).
    Detect,
    /// Not chosen yet: the wizard asks, with the detected ones ticked; elsewhere it is a missing setting.
    Ask,
}

impl Schemas {
    /// Those that were given by name.
    pub fn named(&self) -> &[SchemaName] {
        match self {
            Self::Named(names) => names,
            Self::Detect | Self::Ask => &[],
        }
    }

    /// Whether it is one of those that were given by name.
    pub fn names(&self, schema: &str) -> bool {
        self.named().iter().any(|name| name.as_str() == schema)
    }
}

words! {
    /// Kinds of objects that are moved only on request.
    pub enum Include else "cannot be included; write {all}" {
        /// `CREATE VIEW`.
        Views = "views",
        /// `CREATE MATERIALIZED VIEW`.
        Matviews = "matviews",
        /// Sequences that belong to no table.
        Sequences = "sequences",
        /// `CREATE FOREIGN TABLE`.
        ForeignTables = "foreign-tables",
        /// Functions and aggregates.
        Functions = "functions",
        /// `CREATE PROCEDURE`.
        Procedures = "procedures",
        /// Types that are not a table's.
        Types = "types",
        /// `CREATE DOMAIN`.
        Domains = "domains",
        /// Extended statistics.
        Statistics = "statistics",
        /// Operators, their classes and families.
        Operators = "operators",
        /// `CREATE COLLATION`.
        Collations = "collations",
        /// `CREATE CONVERSION`.
        Conversions = "conversions",
        /// Configurations and dictionaries of the text search.
        TextSearch = "text-search",
    }
}
