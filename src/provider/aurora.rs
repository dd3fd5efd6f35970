//! Amazon Aurora PostgreSQL: RDS, and a function of its own.

use super::definition::Definition;
use super::rds;

pub(super) const DEFINITION: Definition = Definition {
    name: "aurora",
    score: |evidence, points| if evidence.aurora && points >= 2 { points + 1 } else { 0 },
    // A list of security groups is read as RDS's.
    list_command: None,
    read_list: |_, _| None,
    ..rds::DEFINITION
};
