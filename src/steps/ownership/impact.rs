//! The impact forecast: which roles lose what when the owners change, reported before anything is changed.

use std::collections::BTreeSet;

use anyhow::Result;
use serde::Deserialize;
use serde_json::json;

use super::objects::MisownedObject;
use crate::change::Plan;
use crate::finding::{Code, Finding, Verdict};
use crate::plural::pluralize;
use crate::settings::{Include, Readers, Settings};
use crate::sql::Grantable;
use crate::world::DatabaseHandle;

/// What depends on the present owners.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Impact {
    /// Privileges that objects get which a present owner will make.
    pub(super) defaults: Vec<DefaultPrivilege>,
    views: Vec<Dependent>,
    /// Those of them by which others write.
    written: Vec<Dependent>,
    functions: Vec<Dependent>,
    protected: Vec<Dependent>,
    publications: Vec<Dependent>,
    subscriptions: Vec<Dependent>,
    /// Views that the Stitch role could not run, since it may not read what they read.
    pub(super) blind: Vec<UnreadableView>,
    /// Whether the jobs of `pg_cron` can be seen. A view of that name, or a table of another role's, would run its owner's
    /// functions in our session: only a superuser's table is taken for it.
    cron: bool,
    #[serde(skip)]
    jobs: Vec<Dependent>,
}

/// One privilege on objects that are yet to be made.
#[derive(Debug, Deserialize)]
pub(super) struct DefaultPrivilege {
    /// `None`: in every schema.
    pub(super) schema: Option<String>,
    pub(super) owner: String,
    /// `TABLES`, `SEQUENCES`, `FUNCTIONS`, `TYPES` or `SCHEMAS`.
    pub(super) on: String,
    pub(super) privilege: String,
    /// `None`: PUBLIC.
    pub(super) grantee: Option<String>,
    grantable: bool,
}

impl DefaultPrivilege {
    /// Whether it may be passed on.
    pub(super) fn grantable(&self) -> Grantable {
        if self.grantable { Grantable::Yes } else { Grantable::No }
    }
}

/// Something that depends on a present owner.
#[derive(Debug, Deserialize)]
struct Dependent {
    owner: String,
    name: String,
}

/// A view, and what it reads.
#[derive(Debug, Deserialize)]
pub(super) struct UnreadableView {
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) reads: Vec<String>,
}

pub(super) async fn read(
    settings: &Settings,
    place: &DatabaseHandle,
    (version, superuser): (i32, bool),
    schemas: &[&str],
    foreign: &[MisownedObject],
) -> Result<Impact> {
    if foreign.is_empty() {
        return Ok(Impact::default());
    }
    let owners: BTreeSet<&str> = foreign.iter().map(|object| object.owner.as_str()).collect();
    let (schemas, owners) = (json!(schemas).to_string(), json!(owners).to_string());
    let included = [
        ('v', Include::Views),
        ('m', Include::Matviews),
        ('f', Include::ForeignTables),
    ];
    let kinds = settings.ownership.relation_kinds(&included);
    // Before 14 only a superuser may read subscriptions.
    let sees = |question, is_seen| if is_seen { question } else { "'[]'::json" };
    let publications = sees(PUBLICATIONS, version >= 100_000);
    let subscriptions = sees(SUBSCRIPTIONS, version >= 140_000 || version >= 100_000 && superuser);
    let question = QUESTION.replace("/* publications */", publications);
    let question = question.replace("/* subscriptions */", subscriptions);
    let role = settings.stitch.role.as_str();
    let mut fallout: Impact = place.ask(&question, &[&schemas, &owners, role, &kinds]).await?;
    if fallout.cron {
        fallout.jobs = place.ask(JOBS, &[&owners]).await?;
    }
    Ok(fallout)
}

/// What the present owner of so many objects in a schema loses by their transfer, and what it keeps.
pub(super) fn owner(
    plan: &mut Plan,
    settings: &Settings,
    schema: &str,
    (owner, members): (&str, &[String]),
    count: usize,
) {
    let (keeps, advice) = match settings.ownership.readers {
        Readers::Keep => (
            "keeps USAGE and SELECT",
            "if it still writes here, let it work as the new owner, or grant it the privileges",
        ),
        Readers::Drop => (
            "can no longer read them",
            "without --no-keep-readers it can still read them",
        ),
    };
    let objects = pluralize(count, "object");
    let also = if members.is_empty() {
        String::new()
    } else {
        format!("; the same applies to its members: {}", some_of(members))
    };
    let text = format!(
        "{owner:?} will no longer own {objects} of the schema {schema:?}: it {keeps}, but can no longer write, alter, drop or grant{also}"
    );
    plan.unknown(Code::ImpactOwner, text, advice).concerning(schema);
}

/// What else depends on the present owners.
pub(super) fn rest(plan: &mut Plan, settings: &Settings, fallout: &Impact) {
    let kept = settings.ownership.readers == Readers::Keep;
    let views = if kept {
        "can still be read, because their owner keeps SELECT; writes through them are refused"
    } else {
        "will fail with \"permission denied\" (unless you remove --no-keep-readers)"
    };
    let written = "will refuse the writes unless that owner gets the privileges for them";
    let functions = "run with its privileges, so their writes to the moved tables will be refused; make Stitch's role their owner, or grant their owner what they need";
    let protected = "will hide rows from it, because row security does not apply to an owner; a policy can show them";
    let published = "continue, but only the new owner can add the moved tables to a publication";
    let subscribed = "are written with its privileges: grant it INSERT, UPDATE, DELETE and TRUNCATE, or give the subscription to a role that has them; otherwise it stops";
    let jobs = "run as it, so their writes to the moved tables will be refused";
    let others_write = "views through which other roles write to tables that move";
    let (definers, secured) = ("functions with SECURITY DEFINER", "tables with row security");
    let (f, filled) = (fallout, "tables filled by subscriptions");
    let told = [
        (&f.views, Code::ImpactViews, "views over tables that move", views),
        (&f.written, Code::ImpactViews, others_write, written),
        (&f.functions, Code::ImpactFunctions, definers, functions),
        (&f.protected, Code::ImpactRowSecurity, secured, protected),
        (&f.publications, Code::ImpactReplication, "publications", published),
        (&f.subscriptions, Code::ImpactReplication, filled, subscribed),
        (&f.jobs, Code::ImpactJobs, "jobs of pg_cron", jobs),
    ];
    for (hanging, code, what, happens) in told {
        for of_one in hanging.chunk_by(|one, next| one.owner == next.owner) {
            let owner = &of_one[0].owner;
            let names: Vec<&str> = of_one.iter().map(|one| one.name.as_str()).collect();
            let text = format!("{what} of {owner:?} {happens}: {}", some_of(&names));
            let stays = std::ptr::eq(hanging, &raw const fallout.views) && kept;
            let verdict = if stays { Verdict::Good } else { Verdict::Unknown };
            plan.find(Finding::new(code, verdict, text).about(owner));
        }
    }
}

/// The first few of a list.
pub(super) fn some_of(names: &[impl AsRef<str>]) -> String {
    let some: Vec<&str> = names.iter().take(3).map(AsRef::as_ref).collect();
    match names.len() {
        0..=3 => some.join(", "),
        all => format!("{} and {} more", some.join(", "), all - 3),
    }
}

/// `$1`: the schemas, `$2`: the present owners, both as JSON; `$3`: the Stitch role; `$4`: the kinds of relations that move.
const QUESTION: &str = "
WITH chosen AS (SELECT oid, nspname FROM pg_namespace WHERE nspname IN (SELECT json_array_elements_text($1::json))),
member AS (SELECT DISTINCT d.classid, d.objid FROM chosen n JOIN pg_depend d ON d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid AND d.deptype = 'n'),
former AS (SELECT oid, rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname <> $3 AND rolname IN (SELECT json_array_elements_text($2::json))),
stitch AS (SELECT oid FROM pg_roles WHERE rolname = $3),
moving AS (
    SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, c.relowner, f.rolname AS owner, f.rolsuper, f.rolbypassrls, c.relrowsecurity AND NOT c.relforcerowsecurity AS secured
    FROM member m JOIN pg_class c ON c.oid = m.objid JOIN chosen n ON n.oid = c.relnamespace JOIN former f ON f.oid = c.relowner
    WHERE m.classid = 'pg_class'::regclass AND strpos($4, c.relkind::text) > 0),
rewritten AS (
    SELECT d.objid AS rule, d.refobjid AS relation FROM moving m JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = m.oid
        AND d.classid = 'pg_rewrite'::regclass
    UNION
    SELECT w.oid, d.refobjid FROM member m JOIN pg_rewrite w ON m.classid = 'pg_class'::regclass AND w.ev_class = m.objid
        JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass),
reading AS (
    SELECT DISTINCT v.oid AS view, v.relnamespace, v.relname, v.relkind, v.relowner, r.relation
    FROM rewritten r JOIN pg_rewrite w ON w.oid = r.rule JOIN pg_class v ON v.oid = w.ev_class
    WHERE v.relkind IN ('v', 'm') AND r.relation <> v.oid)
SELECT json_build_object(
    'defaults', (SELECT coalesce(json_agg(json_build_object('schema', n.nspname, 'owner', f.rolname,
            'on', CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'n' THEN 'SCHEMAS' ELSE 'TYPES' END,
            'privilege', a.privilege_type, 'grantable', a.is_grantable,
            'grantee', CASE WHEN a.grantee <> 0 THEN pg_get_userbyid(a.grantee) END)
            ORDER BY n.nspname, f.rolname, d.defaclobjtype, a.grantee, a.privilege_type), '[]')
        FROM pg_default_acl d JOIN former f ON f.oid = d.defaclrole LEFT JOIN chosen n ON n.oid = d.defaclnamespace
        CROSS JOIN LATERAL aclexplode(d.defaclacl) a
        WHERE d.defaclobjtype IN ('r', 'S', 'f', 'T', 'n') AND a.grantee <> d.defaclrole AND (d.defaclnamespace = 0 OR n.oid IS NOT NULL)
          AND NOT (d.defaclnamespace = 0 AND a.grantee = 0 AND d.defaclobjtype IN ('f', 'T'))
          AND NOT EXISTS (SELECT 1 FROM pg_default_acl s CROSS JOIN LATERAL aclexplode(s.defaclacl) b
              WHERE s.defaclrole = (SELECT oid FROM stitch) AND s.defaclnamespace = d.defaclnamespace AND s.defaclobjtype = d.defaclobjtype
                AND b.grantee = a.grantee AND b.privilege_type = a.privilege_type AND b.is_grantable >= a.is_grantable)),
    'views', (SELECT coalesce(json_agg(json_build_object('owner', owner, 'name', name) ORDER BY owner, name), '[]') FROM (
        SELECT DISTINCT m.owner, format('%I.%I', n.nspname, r.relname) AS name
        FROM reading r JOIN moving m ON m.oid = r.relation AND m.relowner = r.relowner JOIN pg_namespace n ON n.oid = r.relnamespace
        WHERE NOT m.rolsuper) AS view),
    'written', (SELECT coalesce(json_agg(json_build_object('owner', owner, 'name', name) ORDER BY owner, name), '[]') FROM (
        SELECT DISTINCT m.owner, format('%I.%I', n.nspname, r.relname) AS name
        FROM reading r JOIN moving m ON m.oid = r.relation AND m.relowner = r.relowner JOIN pg_namespace n ON n.oid = r.relnamespace
        JOIN pg_class v ON v.oid = r.view CROSS JOIN LATERAL aclexplode(v.relacl) a
        WHERE NOT m.rolsuper AND a.privilege_type IN ('INSERT', 'UPDATE', 'DELETE') AND a.grantee <> v.relowner AND strpos($4, r.relkind::text) = 0) AS view),
    'functions', (SELECT coalesce(json_agg(json_build_object('owner', f.rolname, 'name', format('%I.%I', n.nspname, p.proname))
            ORDER BY f.rolname, n.nspname, p.proname), '[]')
        FROM pg_proc p JOIN pg_roles f ON f.oid = p.proowner JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE p.prosecdef AND NOT f.rolsuper AND f.rolname <> $3 AND EXISTS (SELECT 1 FROM former o WHERE pg_has_role(f.oid, o.oid, 'USAGE'))
          AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')),
    'protected', (SELECT coalesce(json_agg(json_build_object('owner', owner, 'name', name) ORDER BY owner, name), '[]')
        FROM moving WHERE secured AND NOT rolsuper AND NOT rolbypassrls),
    'publications', /* publications */,
    'subscriptions', /* subscriptions */,
    'blind', (SELECT coalesce(json_agg(json_build_object('schema', schema, 'name', name, 'reads', reads) ORDER BY schema, name), '[]') FROM (
        SELECT n.nspname AS schema, r.relname AS name, json_agg(format('%I.%I', o.nspname, c.relname) ORDER BY o.nspname, c.relname) AS reads
        FROM reading r JOIN chosen n ON n.oid = r.relnamespace JOIN pg_class c ON c.oid = r.relation JOIN pg_namespace o ON o.oid = c.relnamespace
        WHERE strpos($4, r.relkind::text) > 0 AND NOT EXISTS (SELECT 1 FROM moving m WHERE m.oid = c.oid)
          AND c.relowner IS DISTINCT FROM (SELECT oid FROM stitch)
          AND NOT coalesce((SELECT has_table_privilege(s.oid, c.oid, 'SELECT') AND has_schema_privilege(s.oid, o.oid, 'USAGE') FROM stitch s), false)
        GROUP BY n.nspname, r.relname) AS blind),
    'cron', coalesce((SELECT has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(c.relnamespace, 'USAGE')
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles o ON o.oid = c.relowner
        WHERE n.nspname = 'cron' AND c.relname = 'job' AND c.relkind = 'r' AND o.rolsuper), false)
)::text";

const PUBLICATIONS: &str = "(SELECT coalesce(json_agg(json_build_object('owner', owner, 'name', pubname) ORDER BY owner, pubname), '[]') FROM (
        SELECT DISTINCT f.rolname AS owner, p.pubname
        FROM pg_publication p JOIN former f ON f.oid = p.pubowner JOIN pg_publication_rel r ON r.prpubid = p.oid JOIN moving m ON m.oid = r.prrelid) AS publication)";

const SUBSCRIPTIONS: &str = "(SELECT coalesce(json_agg(json_build_object('owner', f.rolname, 'name', format('%s (%s)', m.name, s.subname)) ORDER BY f.rolname, m.name), '[]')
        FROM pg_subscription s JOIN pg_roles f ON f.oid = s.subowner AND NOT f.rolsuper
        JOIN pg_subscription_rel r ON r.srsubid = s.oid JOIN moving m ON m.oid = r.srrelid)";

/// `$1`: the present owners as JSON. `pg_cron` lets each login see its own jobs, and a superuser all.
const JOBS: &str = "SELECT coalesce(json_agg(json_build_object('owner', username, 'name', format('number %s', jobid)) ORDER BY username, jobid), '[]')::text
FROM cron.job WHERE active AND database = current_database() AND username IN (SELECT json_array_elements_text($1::json))";
