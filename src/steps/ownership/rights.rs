//! What the admin's login may do about owners, and which memberships it must borrow to move what is not its own.

use anyhow::{Context, Result};
use serde::Deserialize;

use super::objects::MisownedObject;
use crate::change::{Membership, TemporaryMembership};
use crate::settings::{Readers, Settings};
use crate::sql;
use crate::world::DatabaseHandle;

/// What this login may do about owners.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one question's answer")]
pub(super) struct Rights {
    pub(super) superuser: bool,
    pub(super) user: String,
    version_num: i32,
    /// Roles this login can act for: it is a member with inheritance.
    acts_for: Vec<String>,
    /// Roles this login can make an owner: it may SET ROLE to them.
    can_become: Vec<String>,
    /// Roles whose membership this login may grant itself.
    can_grant: Vec<String>,
    /// Roles this login is a member of by a row that a grant of its own would change (16 and newer: the one it granted
    /// itself; before, the only one there can be).
    held: Vec<String>,
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
    /// Whether this login may create in the database: `ALTER SCHEMA … OWNER` asks that of whoever runs it.
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
    /// What somebody else must run.
    pub(super) fn statements(&self, settings: &Settings, user: &str) -> String {
        let user = sql::identifier(user);
        let roles = self
            .roles
            .iter()
            .map(|role| format!("GRANT {} TO {user};", sql::identifier(role)));
        let database = sql::identifier(settings.stitch.database.as_str());
        let create = self
            .create
            .then(|| format!("GRANT CREATE ON DATABASE {database} TO {user};"));
        roles.chain(create).collect::<Vec<_>>().join(" ")
    }

    /// The same taken back.
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
    let mut owners: Vec<&str> = foreign.iter().map(|object| object.owner.as_str()).collect();
    owners.push(settings.stitch.role.as_str());
    owners.sort_unstable();
    owners.dedup();
    let owners = serde_json::to_string(&owners).context("cannot name the owners")?;
    let mut schemas: Vec<&str> = foreign.iter().map(|object| object.schema.as_str()).collect();
    schemas.dedup();
    let schemas = serde_json::to_string(&schemas).context("cannot name the schemas")?;
    let parameters = [&owners, settings.stitch.role.as_str(), &schemas];
    place.ask(RIGHTS, &parameters).await
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
    if rights.superuser {
        return Ok(Vec::new());
    }
    let role = settings.stitch.role.as_str();
    let owners = moving.iter().map(|object| object.owner.as_str());
    let to_use = |role| (role, &rights.acts_for, Membership::Inherit);
    let to_become = |role| (role, &rights.can_become, Membership::Set);
    let mut wanted = match way {
        Direction::Forth => std::iter::once(to_become(role)).chain(owners.map(to_use)).collect(),
        // What the owners had granted is granted in their name.
        Direction::Back => {
            let mut wanted = vec![to_use(role)];
            wanted.extend(owners.flat_map(|owner| [to_become(owner), to_use(owner)]));
            wanted
        }
    };
    let creates = rights.creates || !moving.iter().any(|object| object.is_schema());
    // Granting in the new owner's name takes its rights as well.
    let grants = settings.ownership.readers == Readers::Keep || !settings.stitch.readers.is_empty();
    if (grants || !creates && rights.role_creates) && rights.is_split() {
        wanted.push(to_use(role));
    }
    let (memberships, roles) = rights.memberships_for(settings, wanted);
    let create = !creates && !rights.role_creates;
    if create || !roles.is_empty() {
        return Err(Lacking { roles, create });
    }
    Ok(memberships)
}

impl Rights {
    /// Whether the owner before has to be lent CREATE on the schema to be made the owner again: a superuser is not asked.
    pub(super) fn lends_schema(&self, object: &MisownedObject) -> bool {
        let lacks = |(schema, owner): &(String, String)| *schema == object.schema && *owner == object.owner;
        !self.superuser && !object.is_schema() && self.creates_not.iter().any(lacks)
    }

    /// Who has the rights of a role as its member, superusers aside.
    pub(super) fn members(&self, owner: &str) -> &[String] {
        let found = self.members.iter().find(|(name, _)| name == owner);
        found.map_or(&[], |(_, members)| members)
    }

    /// Whether anybody loses something when this role no longer owns what it did. A superuser does not, but its members are
    /// none.
    pub(super) fn can_lose(&self, owner: &str) -> bool {
        !self.supers.iter().any(|name| name == owner) || !self.members(owner).is_empty()
    }

    /// 16 and newer: membership is split into options.
    fn is_split(&self) -> bool {
        self.version_num >= 160_000
    }

    /// What is to be lent of this, each once and in order, and the roles that are not to be had.
    fn memberships_for<'a>(
        &self,
        settings: &Settings,
        wanted: Vec<(&'a str, &'a Vec<String>, Membership)>,
    ) -> (Vec<TemporaryMembership>, Vec<String>) {
        let mut memberships: Vec<TemporaryMembership> = Vec::new();
        let mut lacking: Vec<String> = Vec::new();
        for (role, held, membership) in wanted {
            if role == self.user || held.iter().any(|name| name == role) {
                continue;
            }
            // The second option of a role that is lent already widens the row which the first one makes.
            let same = |lent: &&TemporaryMembership| lent.role.as_str() == role;
            let lent: Vec<&TemporaryMembership> = memberships.iter().filter(same).collect();
            if lent.iter().any(|lent| lent.options == membership || !self.is_split()) {
                continue;
            }
            match self.memberships(settings, role, membership, !lent.is_empty()) {
                Some(one) => memberships.push(one),
                None if !lacking.iter().any(|name| name == role) => lacking.push(role.to_owned()),
                None => {}
            }
        }
        memberships.sort();
        (memberships, lacking)
    }

    fn memberships(
        &self,
        settings: &Settings,
        role: &str,
        membership: Membership,
        second: bool,
    ) -> Option<TemporaryMembership> {
        let ours_to_be = role == settings.stitch.role.as_str() && !self.role_exists;
        if !ours_to_be && !self.can_grant.iter().any(|name| name == role) {
            return None;
        }
        // What is there already, or is lent by then, is widened.
        let held = second || self.held.iter().any(|name| name == role);
        TemporaryMembership::new(role.parse().ok()?, &self.user, membership, self.version_num, held)
    }
}

/// `$1`: role names as JSON, `$2`: the Stitch role, `$3`: schemas as JSON. `SET` apart from `USAGE` exists from 16 on.
const RIGHTS: &str = "
WITH me AS (SELECT oid, rolname, rolsuper, rolcreaterole, current_setting('server_version_num')::int AS version FROM pg_roles WHERE rolname = current_user),
     r AS (SELECT p.oid, p.rolname, p.rolsuper FROM pg_roles p WHERE p.rolname IN (SELECT json_array_elements_text($1::json)))
SELECT json_build_object(
    'superuser', me.rolsuper, 'user', me.rolname, 'version_num', me.version,
    'role_exists', EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $2),
    'supers', (SELECT coalesce(json_agg(rolname), '[]') FROM r WHERE rolsuper),
    'members', (SELECT coalesce(json_agg(json_build_array(rolname, members)), '[]') FROM (
        SELECT r.rolname, json_agg(m.rolname ORDER BY m.rolname) AS members FROM r JOIN pg_catalog.pg_roles m
            ON m.oid <> r.oid AND NOT m.rolsuper AND m.rolname <> $2 AND pg_catalog.pg_has_role(m.oid, r.oid, 'USAGE')
        WHERE r.rolname <> $2 GROUP BY r.rolname) AS g),
    'acts_for', (SELECT coalesce(json_agg(rolname), '[]') FROM r WHERE pg_has_role(me.oid, r.oid, 'USAGE')),
    'can_become', (SELECT coalesce(json_agg(rolname), '[]') FROM r
                   WHERE pg_has_role(me.oid, r.oid, CASE WHEN me.version >= 160000 THEN 'SET' ELSE 'MEMBER' END)),
    'can_grant', (SELECT coalesce(json_agg(rolname), '[]') FROM r
                  WHERE pg_has_role(me.oid, r.oid, 'MEMBER WITH ADMIN OPTION')
                     OR (me.version < 160000 AND me.rolcreaterole AND NOT r.rolsuper)),
    'held', (SELECT coalesce(json_agg(DISTINCT r.rolname), '[]') FROM r JOIN pg_auth_members m ON m.roleid = r.oid
             WHERE m.member = me.oid AND (me.version < 160000 OR m.grantor = me.oid)),
    'creates', has_database_privilege(me.oid, current_database(), 'CREATE'),
    'role_creates', coalesce((SELECT has_database_privilege(s.oid, current_database(), 'CREATE') FROM pg_roles s WHERE s.rolname = $2), false),
    'creates_not', (SELECT coalesce(json_agg(json_build_array(n.nspname, r.rolname)), '[]') FROM pg_namespace n, r
                    WHERE n.nspname IN (SELECT json_array_elements_text($3::json)) AND r.rolname <> $2
                      AND NOT has_schema_privilege(r.oid, n.oid, 'CREATE')),
    'creates_in', (SELECT coalesce(json_agg(n.nspname), '[]') FROM pg_namespace n, pg_roles s
                   WHERE s.rolname = $2 AND has_schema_privilege(s.oid, n.oid, 'CREATE') AND has_schema_privilege(s.oid, n.oid, 'USAGE'))
)::text
FROM me";
