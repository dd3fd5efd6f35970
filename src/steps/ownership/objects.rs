//! What in the chosen schemas belongs to another role than Stitch's: one question, linear in the number of objects.

use std::ops::Deref;
use std::sync::Arc;

use anyhow::Result;
use serde::Deserialize;
use serde_json::json;

use super::kinds::ObjectKind;
use crate::settings::Settings;
use crate::sql;
use crate::statement::Statement;
use crate::world::DatabaseHandle;

/// Something in a chosen schema, or the schema itself, that belongs to another role than Stitch's.
#[derive(Debug)]
pub(super) struct MisownedObject {
    /// Empty for the schema itself; for what is no relation, as the server writes it, in its schema and quoted.
    pub(super) name: Box<str>,
    /// Kept once: there may be a hundred thousand tables.
    alike: Arc<Alike>,
}

impl Deref for MisownedObject {
    type Target = Alike;

    fn deref(&self) -> &Alike {
        &self.alike
    }
}

/// What objects that differ only in their names have in common.
#[derive(Debug, Deserialize)]
pub(super) struct Alike {
    pub(super) schema: String,
    pub(super) kind: ObjectKind,
    pub(super) owner: String,
    /// It has an access list of its own.
    granted: bool,
    /// What the Stitch role was granted on it, as `GRANT` takes it.
    held: Vec<Held>,
    /// Those named with `--reader` who may not read it in their own name yet.
    closed: Vec<String>,
    /// The same on single columns of it.
    columns: Vec<HeldOn>,
}

/// The names of those that are alike.
#[derive(Deserialize)]
struct Group {
    alike: Alike,
    names: Vec<Box<str>>,
}

/// A privilege, and whether it may be passed on.
#[derive(Debug, Deserialize)]
struct Held(String, bool);

/// A privilege on one column, and whether it may be passed on.
#[derive(Debug, Deserialize)]
struct HeldOn(String, String, bool);

impl MisownedObject {
    /// The schema itself, not something in it.
    pub(super) fn is_schema(&self) -> bool {
        self.kind == ObjectKind::Schema
    }

    /// Where it stands among the others: by schema, the schema itself last.
    fn place(&self) -> (&str, bool, &str) {
        (&self.schema, self.is_schema(), &self.name)
    }

    /// Its name in a statement.
    fn target(&self) -> String {
        if self.is_schema() {
            sql::identifier(&self.schema)
        } else if self.kind.is_relation() {
            sql::in_schema(&self.schema, &self.name)
        } else {
            self.name.to_string()
        }
    }

    pub(super) fn give_to(&self, owner: &str) -> Statement {
        sql::alter_owner(self.kind.word(), &self.target(), owner)
    }

    /// Lets the owner it had go on reading it, unless PUBLIC may.
    pub(super) fn keep_reading(&self) -> Option<Statement> {
        let on = self.kind.granted_as()?;
        let needed = self.granted || !self.kind.is_public();
        needed.then(|| sql::grant(self.kind.reading(), on, &self.target(), &self.owner))
    }

    /// Lets the roles of `--reader` read what Stitch is given, as they read what it makes.
    pub(super) fn let_read(&self) -> Vec<Statement> {
        let grant = |on| move |reader: &String| sql::grant(self.kind.reading(), on, &self.target(), reader);
        let on = self.kind.granted_as();
        on.map(|on| self.closed.iter().map(grant(on)).collect())
            .unwrap_or_default()
    }

    /// Takes from the role what was granted on the schema for the move, and what it was not granted before.
    pub(super) fn take_back(&self, role: &str) -> Option<Statement> {
        let had = |right: &str| self.held.iter().any(|Held(held, _)| held == right);
        let rights: Vec<&str> = ["USAGE", "CREATE"].into_iter().filter(|right| !had(right)).collect();
        (!rights.is_empty()).then(|| sql::revoke(&rights.join(", "), "SCHEMA", &self.target(), role))
    }

    /// Back to the owner it had. Where that one lacks CREATE on the schema, it gets it meanwhile: without it, only a superuser may
    /// make it the owner. A change of owner merges what the new one was granted into what it owns, so that is granted anew.
    pub(super) fn give_back(&self, role: &str, lends_schema: bool) -> Statement {
        let back = self.give_to(&self.owner);
        let mut whole = if lends_schema {
            let schema = sql::identifier(&self.schema);
            let lent = sql::grant("CREATE", "SCHEMA", &schema, &self.owner);
            let returned = sql::revoke("CREATE", "SCHEMA", &schema, &self.owner);
            lent.then("; ").and(&back).then("; ").and(&returned)
        } else {
            back
        };
        let Some(on) = self.kind.granted_as() else {
            return whole;
        };
        let on_columns = self.columns.iter().map(|HeldOn(privilege, column, grantable)| {
            let privilege = format!("{privilege} ({})", sql::identifier(column));
            (privilege, *grantable)
        });
        let held = self.held.iter();
        let held = held.map(|Held(privilege, grantable)| (privilege.clone(), *grantable));
        for (privilege, grantable) in held.chain(on_columns) {
            let grant = sql::grant(&privilege, on, &self.target(), role);
            let option = if grantable { " WITH GRANT OPTION" } else { "" };
            whole = whole.then("; ").and(&grant).then(option);
            if grantable {
                // The owner got the option with what was merged; it means nothing to an owner, and was not there.
                let option = format!("GRANT OPTION FOR {privilege}");
                let revoke = sql::revoke(&option, on, &self.target(), &self.owner);
                whole = whole.then("; ").and(&revoke);
            }
        }
        for reader in &self.closed {
            let revoke = sql::revoke(self.kind.reading(), on, &self.target(), reader);
            whole = whole.then("; ").and(&revoke);
        }
        whole
    }
}

/// In which schemas, on a server of this version.
pub(super) async fn inspect(
    settings: &Settings,
    place: &DatabaseHandle,
    version: i32,
    schemas: &[&str],
) -> Result<Vec<MisownedObject>> {
    if schemas.is_empty() {
        return Ok(Vec::new());
    }
    let (names, readers) = (json!(schemas).to_string(), json!(settings.stitch.readers).to_string());
    let statistics = if version < 100_000 { "" } else { STATISTICS };
    let question = FOREIGN.replace("/* statistics */", statistics);
    let role = settings.stitch.role.as_str();
    let groups: Vec<Group> = place.ask(&question, &[&names, role, &readers]).await?;
    let mut foreign = Vec::with_capacity(groups.iter().map(|group| group.names.len()).sum());
    for Group { alike, names } in groups {
        let alike = Arc::new(alike);
        let object = |name| MisownedObject {
            name,
            alike: Arc::clone(&alike),
        };
        foreign.extend(names.into_iter().map(object));
    }
    // Here rather than by the server, which compares by its locale's rules: a fifth of the question's time.
    foreign.sort_by(|one, other| one.place().cmp(&other.place()));
    Ok(foreign)
}

/// `$1`: schema names as JSON, `$2`: the Stitch role, `$3`: the readers as JSON. Owned sequences follow their table and are left out (altering one
/// directly is an error); so are members of extensions, which belong to them, and what the server made for something else:
/// row and array types, constructors of range types. A table's statistics are objects of their own.
/// What is in a schema is looked up in `pg_depend`, which has an index for it: `pg_class` and `pg_type` have none on the schema
/// alone, and this way the cost follows the chosen schemas. A table's row type depends on the table, not on the schema.
/// `NOT EXISTS` throughout: a `NOT IN` over more rows than fit into `work_mem` is read again for each object.
/// The catalog records with each role the columns on which it has privileges, so no other column is read.
/// Whether there are readers is asked first, so that their list is made once and not for each object.
const FOREIGN: &str = "
WITH chosen AS (SELECT oid, nspname, nspowner, nspacl FROM pg_namespace WHERE nspname IN (SELECT json_array_elements_text($1::json))),
member AS (SELECT DISTINCT d.classid, d.objid FROM chosen n JOIN pg_depend d ON d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid AND d.deptype = 'n'),
stitch AS (SELECT oid FROM pg_roles WHERE rolname = $2),
reader AS (SELECT oid, rolname FROM pg_roles WHERE rolname IN (SELECT json_array_elements_text($3::json)) AND NOT rolsuper),
on_column AS (
    SELECT a.attrelid, json_agg(json_build_array(x.privilege_type, a.attname, x.is_grantable) ORDER BY a.attnum, x.privilege_type) AS held
    FROM stitch s JOIN pg_shdepend d ON d.refclassid = 'pg_authid'::regclass AND d.refobjid = s.oid AND d.deptype = 'a'
        AND d.classid = 'pg_class'::regclass AND d.objsubid > 0 AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    JOIN pg_attribute a ON a.attrelid = d.objid AND a.attnum = d.objsubid AND NOT a.attisdropped
    CROSS JOIN LATERAL aclexplode(a.attacl) x WHERE x.grantee = s.oid GROUP BY a.attrelid),
object AS (
    SELECT n.nspname AS schema, 'pg_namespace'::regclass::oid AS class, n.oid, ''::text AS name, 'n' AS kind, n.nspowner AS owner, n.nspacl AS acl FROM chosen n
    UNION ALL
    SELECT n.nspname, 'pg_class'::regclass, c.oid, c.relname, c.relkind::text, c.relowner, c.relacl
    FROM member m JOIN pg_class c ON c.oid = m.objid JOIN chosen n ON n.oid = c.relnamespace
    WHERE m.classid = 'pg_class'::regclass AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    UNION ALL
    SELECT n.nspname, 'pg_proc'::regclass, p.oid, NULL, CASE coalesce(to_jsonb(p) ->> 'prokind', CASE to_jsonb(p) ->> 'proisagg' WHEN 'true' THEN 'a' ELSE 'f' END)
        WHEN 'a' THEN 'A' WHEN 'p' THEN 'P' ELSE 'F' END, p.proowner, p.proacl
    FROM pg_proc p JOIN chosen n ON n.oid = p.pronamespace
    UNION ALL
    SELECT n.nspname, 'pg_type'::regclass, t.oid, NULL, CASE t.typtype WHEN 'd' THEN 'D' ELSE 'T' END, t.typowner, t.typacl
    FROM member m JOIN pg_type t ON t.oid = m.objid JOIN chosen n ON n.oid = t.typnamespace
    WHERE m.classid = 'pg_type'::regclass AND t.typtype IN ('b', 'd', 'e', 'r') AND NOT EXISTS (SELECT 1 FROM pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid)
    UNION ALL
    SELECT n.nspname, 'pg_type'::regclass, t.oid, NULL, 'T', t.typowner, t.typacl
    FROM member m JOIN pg_type t ON t.oid = m.objid JOIN chosen n ON n.oid = t.typnamespace JOIN pg_class c ON c.oid = t.typrelid
    WHERE m.classid = 'pg_type'::regclass AND c.relkind = 'c'
    UNION ALL
    SELECT n.nspname, 'pg_operator'::regclass, o.oid, NULL, 'O', o.oprowner, NULL FROM pg_operator o JOIN chosen n ON n.oid = o.oprnamespace
    UNION ALL
    SELECT n.nspname, 'pg_opclass'::regclass, o.oid, NULL, 'C', o.opcowner, NULL FROM pg_opclass o JOIN chosen n ON n.oid = o.opcnamespace
    UNION ALL
    SELECT n.nspname, 'pg_opfamily'::regclass, o.oid, NULL, 'Y', o.opfowner, NULL FROM pg_opfamily o JOIN chosen n ON n.oid = o.opfnamespace
    UNION ALL
    SELECT n.nspname, 'pg_collation'::regclass, o.oid, NULL, 'L', o.collowner, NULL FROM pg_collation o JOIN chosen n ON n.oid = o.collnamespace
    UNION ALL
    SELECT n.nspname, 'pg_conversion'::regclass, o.oid, NULL, 'V', o.conowner, NULL FROM pg_conversion o JOIN chosen n ON n.oid = o.connamespace
    UNION ALL
    SELECT n.nspname, 'pg_ts_config'::regclass, o.oid, NULL, 'G', o.cfgowner, NULL FROM pg_ts_config o JOIN chosen n ON n.oid = o.cfgnamespace
    UNION ALL
    SELECT n.nspname, 'pg_ts_dict'::regclass, o.oid, NULL, 'H', o.dictowner, NULL FROM pg_ts_dict o JOIN chosen n ON n.oid = o.dictnamespace
    /* statistics */
), others AS (
    SELECT o.schema, coalesce(o.name, (pg_identify_object(o.class, o.oid, 0)).identity) AS name, o.kind, o.owner, o.acl, c.held::text AS columns,
        CASE WHEN EXISTS (SELECT 1 FROM reader) THEN (SELECT json_agg(r.rolname ORDER BY r.rolname)::text FROM reader r
            WHERE r.oid <> owner AND r.oid IS DISTINCT FROM (SELECT oid FROM stitch)
              AND CASE WHEN kind = 'n' THEN NOT has_schema_privilege(r.oid, o.oid, 'USAGE') OR pg_has_role(r.oid, owner, 'USAGE')
                       WHEN kind IN ('r', 'p', 'v', 'm', 'f') THEN NOT has_table_privilege(r.oid, o.oid, 'SELECT') OR pg_has_role(r.oid, owner, 'USAGE')
                       ELSE false END
              AND NOT EXISTS (SELECT 1 FROM aclexplode(acl) a WHERE a.grantee = r.oid
                              AND a.privilege_type = CASE kind WHEN 'n' THEN 'USAGE' ELSE 'SELECT' END)) END AS closed
    FROM object o LEFT JOIN on_column c ON c.attrelid = o.oid AND o.class = 'pg_class'::regclass
    WHERE o.owner IS DISTINCT FROM (SELECT oid FROM stitch)
      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = o.class AND d.objid = o.oid
          AND (d.deptype = 'e' OR d.deptype = 'i' AND d.classid = 'pg_proc'::regclass
              OR o.kind = 'S' AND d.deptype IN ('a', 'i') AND d.refclassid = 'pg_class'::regclass)))
SELECT coalesce(json_agg(json_build_object('names', names, 'alike', json_build_object(
        'schema', schema, 'kind', kind, 'owner', pg_get_userbyid(owner), 'granted', acl IS NOT NULL,
        'held', CASE WHEN acl IS NULL THEN '[]'::json ELSE (
            SELECT coalesce(json_agg(json_build_array(a.privilege_type, a.is_grantable) ORDER BY a.privilege_type), '[]')
            FROM aclexplode(acl) a WHERE a.grantee = (SELECT oid FROM stitch)) END,
        'columns', coalesce(columns, '[]')::json, 'closed', coalesce(closed, '[]')::json))), '[]')::text
FROM (SELECT schema, kind, owner, acl, columns, closed, json_agg(name) AS names FROM others GROUP BY schema, kind, owner, acl, columns, closed) AS o";

/// From PostgreSQL 10 on.
const STATISTICS: &str = "UNION ALL
    SELECT n.nspname, 'pg_statistic_ext'::regclass, o.oid, NULL, 'X', o.stxowner, NULL FROM pg_statistic_ext o JOIN chosen n ON n.oid = o.stxnamespace";
