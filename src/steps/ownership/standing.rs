//! What the admin's login may do for other roles, and which memberships it borrows to do the rest.

use serde::Deserialize;

use crate::change::{Membership, TemporaryMembership};

/// This login, and the roles in question for which it may do something.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Standing {
    pub(super) user: String,
    pub(super) superuser: bool,
    version_num: i32,
    /// Roles it can act for: it is a member with inheritance.
    acts_for: Vec<String>,
    /// Roles it can make an owner: it may SET ROLE to them.
    can_become: Vec<String>,
    /// Roles whose membership it may grant itself.
    pub(super) can_grant: Vec<String>,
    /// Roles it is a member of by a row that a grant of its own would change (16 and newer: the one it granted itself;
    /// before, the only one there can be).
    held: Vec<String>,
}

impl Standing {
    /// 16 and newer: membership is split into options.
    pub(super) fn is_split(&self) -> bool {
        self.version_num >= 160_000
    }

    /// The memberships that it must borrow to act for these roles ([`Membership::Inherit`]) or to make them owners
    /// ([`Membership::Set`]), each once and in order: none as a superuser; or the roles that are not to be had.
    pub(super) fn borrow<'a>(
        &self,
        wanted: impl IntoIterator<Item = (&'a str, Membership)>,
    ) -> Result<Vec<TemporaryMembership>, Vec<&'a str>> {
        let mut memberships: Vec<TemporaryMembership> = Vec::new();
        let mut lacking = Vec::new();
        for (role, option) in wanted {
            let has = |names: &[String]| names.iter().any(|name| name == role);
            let able = if option == Membership::Set {
                &self.can_become
            } else {
                &self.acts_for
            };
            if self.superuser || role == self.user || has(able) {
                continue;
            }
            // The second option of a role that is lent already widens the row which the first one makes.
            let mut lent = memberships.iter().filter(|lent| lent.role.as_str() == role).peekable();
            let held = lent.peek().is_some() || has(&self.held);
            if lent.any(|lent| lent.options == option || !self.is_split()) {
                continue;
            }
            let one = has(&self.can_grant)
                .then(|| TemporaryMembership::new(role.parse().ok()?, &self.user, option, self.version_num, held));
            match one.flatten() {
                Some(one) => memberships.push(one),
                None if !lacking.contains(&role) => lacking.push(role),
                None => {}
            }
        }
        memberships.sort();
        if lacking.is_empty() {
            Ok(memberships)
        } else {
            Err(lacking)
        }
    }
}

/// Its part of a question that has the login as `me` and the roles as `r`. `SET` apart from `USAGE` exists from 16 on.
macro_rules! standing {
    () => {
        "'user', me.rolname, 'superuser', me.rolsuper, 'version_num', me.version,
    'acts_for', (SELECT coalesce(json_agg(rolname), '[]') FROM r WHERE pg_has_role(me.oid, r.oid, 'USAGE')),
    'can_become', (SELECT coalesce(json_agg(rolname), '[]') FROM r
                WHERE pg_has_role(me.oid, r.oid, CASE WHEN me.version >= 160000 THEN 'SET' ELSE 'MEMBER' END)),
    'can_grant', (SELECT coalesce(json_agg(rolname), '[]') FROM r
                WHERE pg_has_role(me.oid, r.oid, 'MEMBER WITH ADMIN OPTION')
                   OR (me.version < 160000 AND me.rolcreaterole AND NOT r.rolsuper)),
    'held', (SELECT coalesce(json_agg(DISTINCT r.rolname), '[]') FROM r JOIN pg_auth_members m ON m.roleid = r.oid
             WHERE m.member = me.oid AND (me.version < 160000 OR m.grantor = me.oid))"
    };
}
pub(super) use standing;
