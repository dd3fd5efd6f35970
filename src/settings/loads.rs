//! `check --loads`: from when on a load is late, and what else of the loads is a problem.

use std::time::Duration;

/// The limits of `check --loads`; what is beyond one of them is a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadLimits {
    /// Longest time since the last load of a schema.
    pub max_age: Duration,
    /// How far back rejected records count.
    pub rejected_within: Duration,
    /// Most rejected records of a schema in that time.
    pub max_rejected: u64,
    /// Most columns of a table, dropped ones included.
    pub max_columns: u64,
    /// Longest time that another session may hold a lock on a table.
    pub max_lock: Duration,
}
