//! What the admin's login may do about owners, and which memberships it must borrow to move what is not its own.

use std::collections::BTreeSet;

use anyhow::Result;
use serde::Deserialize;
use serde_json::json;

use super::objects::MisownedObject;
use crate::change::{Membership, TemporaryMembership};
use crate::settings::{Readers, Settings};
use crate::sql;
use crate::world::DatabaseHandle;

/// What this login may do about owners.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Rights {
    #[serde(flatten)]
    pub(super) me: Standing,
    /// Superusers among the roles in question; the roles of a provider's own are such.
    pub(super) supers: Vec<String>,
    /// Who has the rights of a present owner as its member: the owner, and its members.
    members: Vec<(String, Vec<String>)>,
    /// Whether the Stitch role exists yet; when this tool makes it, this login may grant it.
    role_exists: bool,
    /// Schemas, each with a present owner of something in it who may not create there.
    creates_not: Vec<(String, String)>,
    /// Schemas in which the Stitch role may already create.
    pub(super) creates_in: Vec<String>,
    /// Whether this login may create in the database: `ALTER SCHEMA … OWNER` requires that of the role that runs it.
    creates: bool,
    /// Whether the Stitch role may; then a borrowed membership lends that as well.
    role_creates: bool,
}

/// What this login cannot get hold of by itself.
#[derive(Debug, Default)]
pub(super) struct Lacking {
    /// Roles whose membership it needs.
    pub(super) roles: Vec<String>,
    /// Whether it needs CREATE on the database.
    pub(super) create: bool,
}

impl Lacking {
    /// What another role must run.
    pub(super) fn statements(&self, settings: &Settings, user: &str) -> String {
        let (user, database) = (
            sql::identifier(user),
            sql::identifier(settings.stitch.database.as_str()),
        );
        let grant = |role: &String| format!("GRANT {} TO {user};", sql::identifier(role));
        let create = || format!("GRANT CREATE ON DATABASE {database} TO {user};");
        let roles = self.roles.iter().map(grant);
        roles.chain(self.create.then(create)).collect::<Vec<_>>().join(" ")
    }

    /// The statements that revoke them.
    pub(super) fn revoked(&self, settings: &Settings, user: &str) -> String {
        let statements = self.statements(settings, user);
        let user = sql::identifier(user);
        statements
            .replace("GRANT ", "REVOKE ")
            .replace(&format!(" TO {user};"), &format!(" FROM {user};"))
    }
}

pub(super) async fn read(settings: &Settings, place: &DatabaseHandle, foreign: &[MisownedObject]) -> Result<Rights> {
    if foreign.is_empty() {
        return Ok(Rights::default());
    }
    let role = settings.stitch.role.as_str();
    let mut owners: BTreeSet<&str> = foreign.iter().map(|object| object.owner.as_str()).collect();
    owners.insert(role);
    let schemas: BTreeSet<&str> = foreign.iter().map(|object| object.schema.as_str()).collect();
    let (owners, schemas) = (json!(owners).to_string(), json!(schemas).to_string());
    let mut rights: Rights = place.ask(RIGHTS, &[&owners, role, &schemas]).await?;
    if !rights.role_exists {
        rights.me.can_grant.push(role.to_owned());
    }
    Ok(rights)
}

/// Which way ownership goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// To the Stitch role.
    Forth,
    /// Back to the owners before.
    Back,
}

/// The memberships this login must borrow: none as a superuser.
pub(super) fn temporary_memberships(
    settings: &Settings,
    rights: &Rights,
    moving: &[&MisownedObject],
    way: Direction,
) -> Result<Vec<TemporaryMembership>, Lacking> {
    let role = settings.stitch.role.as_str();
    let owners: BTreeSet<&str> = moving.iter().map(|object| object.owner.as_str()).collect();
    let owners = owners.into_iter();
    let to_use = |role| (role, Membership::Inherit);
    let to_become = |role| (role, Membership::Set);
    let mut wanted: Vec<_> = match way {
        Direction::Forth => std::iter::once(to_become(role)).chain(owners.map(to_use)).collect(),
        // What the owners had granted is granted in their name.
        Direction::Back => {
            let owners = owners.flat_map(|owner| [to_become(owner), to_use(owner)]);
            std::iter::once(to_use(role)).chain(owners).collect()
        }
    };
    let creates = rights.me.superuser || rights.creates || !moving.iter().any(|object| object.is_schema());
    // Granting in the new owner's name takes its rights as well.
    let grants = settings.ownership.readers == Readers::Keep || !settings.stitch.readers.is_empty();
    if (grants || !creates && rights.role_creates) && rights.me.is_split() {
        wanted.push(to_use(role));
    }
    let create = !creates && !rights.role_creates;
    match rights.me.borrow(wanted) {
        Ok(memberships) if !create => Ok(memberships),
        lacking => {
            let roles = lacking.err().unwrap_or_default();
            let roles = roles.into_iter().map(str::to_owned).collect();
            Err(Lacking { roles, create })
        }
    }
}

impl Rights {
    /// Whether the owner before has to be lent CREATE on the schema to be made the owner again: a superuser is not asked.
    pub(super) fn lends_schema(&self, object: &MisownedObject) -> bool {
        let lacks = |(schema, owner): &(String, String)| *schema == object.schema && *owner == object.owner;
        !self.me.superuser && !object.is_schema() && self.creates_not.iter().any(lacks)
    }

    /// Who has the rights of a role as its member, superusers aside.
    pub(super) fn members(&self, owner: &str) -> &[String] {
        let found = self.members.iter().find(|(name, _)| name == owner);
        found.map_or(&[], |(_, members)| members)
    }

    /// Whether any role loses something when this role no longer owns what it did. A superuser does not, but its members
    /// may: they are no superusers.
    pub(super) fn can_lose(&self, owner: &str) -> bool {
        !self.supers.iter().any(|name| name == owner) || !self.members(owner).is_empty()
    }
}

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

/// `$1`: role names as JSON, `$2`: the Stitch role, `$3`: schemas as JSON.
const RIGHTS: &str = concat!(
    "
WITH me AS (SELECT oid, rolname, rolsuper, rolcreaterole, current_setting('server_version_num')::int AS version FROM pg_roles WHERE rolname = current_user),
     r AS (SELECT p.oid, p.rolname, p.rolsuper FROM pg_roles p WHERE p.rolname IN (SELECT json_array_elements_text($1::json)))
SELECT json_build_object(
    ",
    standing!(),
    ",
    'role_exists', EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $2),
    'supers', (SELECT coalesce(json_agg(rolname), '[]') FROM r WHERE rolsuper),
    'members', (SELECT coalesce(json_agg(json_build_array(rolname, members)), '[]') FROM (
        SELECT r.rolname, json_agg(m.rolname ORDER BY m.rolname) AS members FROM r JOIN pg_catalog.pg_roles m
            ON m.oid <> r.oid AND NOT m.rolsuper AND m.rolname <> $2 AND pg_catalog.pg_has_role(m.oid, r.oid, 'USAGE')
        WHERE r.rolname <> $2 GROUP BY r.rolname) AS g),
    'creates', has_database_privilege(me.oid, current_database(), 'CREATE'),
    'role_creates', coalesce((SELECT has_database_privilege(s.oid, current_database(), 'CREATE') FROM pg_roles s WHERE s.rolname = $2), false),
    'creates_not', (SELECT coalesce(json_agg(json_build_array(n.nspname, r.rolname)), '[]') FROM pg_namespace n, r
                    WHERE n.nspname IN (SELECT json_array_elements_text($3::json)) AND r.rolname <> $2
                      AND NOT has_schema_privilege(r.oid, n.oid, 'CREATE')),
    'creates_in', (SELECT coalesce(json_agg(n.nspname), '[]') FROM pg_namespace n, pg_roles s
                   WHERE s.rolname = $2 AND has_schema_privilege(s.oid, n.oid, 'CREATE') AND has_schema_privilege(s.oid, n.oid, 'USAGE'))
)::text
FROM me"
);
