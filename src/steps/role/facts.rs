//! What was seen of the role and its rights.

use serde::Deserialize;

use super::{catalog, password, readers};
use crate::steps::session_settings::Attached;
use crate::world::Failure;

/// What the server says about the role and its rights.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Facts {
    pub(super) role: Option<RoleRow>,
    /// The target database, when it exists.
    pub(super) database: Option<OnDatabase>,
    pub(super) user: String,
    /// `None` offline: the script is for a role that may create roles.
    pub(super) may_create_roles: Option<bool>,
    /// Names of roles that may, for the advice.
    pub(super) creators: Vec<String>,
    /// Settings that are attached to the role or the database.
    pub(super) attached: Vec<Attached>,
    pub(super) keeping: password::PasswordPolicy,
    pub(super) standing: readers::ReaderPrivileges,
    /// What the readers lack in the target database, when that could be asked.
    #[serde(skip)]
    pub(super) seen: Option<readers::Readers>,
    /// Catalog relations the role cannot read in the target database.
    #[serde(skip)]
    pub(super) catalog: catalog::Gaps,
    /// Why the target database does not let this login in.
    #[serde(skip)]
    pub(super) closed_reason: Option<Failure>,
    #[serde(skip)]
    pub(super) password: password::PasswordProof,
}

/// An existing role, as `pg_roles` has it.
#[derive(Debug, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is one column's answer")]
pub(super) struct RoleRow {
    pub(super) can_login: bool,
    pub(super) superuser: bool,
    pub(super) connection_limit: i32,
    pub(super) expired: bool,
    /// Its expiry date, where it has one.
    pub(super) valid_until: Option<String>,
    pub(super) ties: OwnershipSigns,
    /// Whether this login may alter it.
    pub(super) may_alter: bool,
    /// The stored hash; only a superuser's question has it.
    #[serde(default)]
    pub(super) stored_password: Option<String>,
}

/// The rights on the target database of the role, or of PUBLIC while the role does not exist.
#[derive(Debug, Deserialize)]
pub(super) struct OnDatabase {
    /// Which of the three are held.
    pub(super) held: Vec<String>,
    /// Which this login may grant: all as its owner (itself or by membership) or a superuser.
    pub(super) grantable: Vec<String>,
    /// Nothing was granted or revoked on it yet: all there is comes from the defaults.
    pub(super) untouched: bool,
    pub(super) owner: String,
}

/// The signs that the role is used for something else.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OwnershipSigns {
    /// Attributes beyond LOGIN.
    pub(super) powers: Vec<String>,
    /// Roles that can act as it and do not administer roles in any case.
    pub(super) members: Vec<String>,
    /// Roles it is a member of.
    pub(super) groups: Vec<String>,
    /// Other databases that it owns, or owns something in.
    pub(super) elsewhere: Vec<String>,
    /// Schemas of the target database where it owns something that no loader made.
    #[serde(skip)]
    pub(super) unrelated_schemas: Vec<String>,
    /// It is the very login this run uses.
    pub(super) ours: bool,
}

impl Facts {
    /// No server was asked: a script is written.
    pub(super) fn is_offline(&self) -> bool {
        self.may_create_roles.is_none()
    }
}
