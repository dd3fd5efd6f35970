//! No managed service recognised.

use super::definition::Definition;

pub(super) const DEFINITION: Definition = Definition {
    name: "self-hosted",
    ..Definition::NONE
};
