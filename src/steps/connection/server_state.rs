//! What the role sees of the server and of itself, in one question: what it may do, what room there is, what to notice.

use serde::Deserialize;

use crate::change::Plan;
use crate::finding::{Code, Finding};
use crate::server::{InForce, in_force};
use crate::settings::Settings;
use crate::sql;
use crate::steps::FEW_CONNECTIONS;
use crate::world::test_load::Existing;
use crate::world::{Layer, SeenConnection, seen_connection};

/// What the role sees of the server and of itself.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ServerState {
    #[serde(flatten)]
    pub(super) connection: SeenConnection,
    /// `server_version_num`.
    pub(super) version_num: i32,
    create: bool,
    temporary: bool,
    /// The server's own setting.
    pub(super) ssl: Option<bool>,
    max_connections: i64,
    reserved: i64,
    sessions: i64,
    log_statement: String,
    triggers: Vec<String>,
    /// What is in force in this session, wherever it is written.
    pub(super) settings: Vec<InForce>,
    /// Schemas of Stitch's.
    pub(super) schemas: Vec<Existing>,
}

impl ServerState {
    /// What ends it before a load is worth trying.
    pub(super) fn blocking_problem(&self, settings: &Settings) -> Option<(Layer, Code, &'static str, String)> {
        if self.connection.standby {
            return Some((
                Layer::Database,
                Code::LoginStandby,
                "this is a standby, which is read-only",
                "give the primary with --stitch-host (on Aurora: the cluster's writer endpoint)".to_owned(),
            ));
        }
        let (role, database) = (&settings.stitch.role, &settings.stitch.database);
        let read_only = |one: &InForce| one.name == "default_transaction_read_only" && one.value == "on";
        if self.settings.iter().any(read_only) {
            let fix = sql::set_setting(role, database, "default_transaction_read_only", "off");
            return Some((
                Layer::Database,
                Code::LoginReadOnly,
                "the role's transactions are read-only (default_transaction_read_only is on)",
                format!("a superuser runs: {fix};"),
            ));
        }
        let missing = match (self.create, self.temporary) {
            (true, true) => return None,
            (true, false) => "the role lacks TEMPORARY on the database, so it cannot stage a load",
            (false, true) => "the role lacks CREATE on the database, so it cannot create a schema",
            (false, false) => "the role lacks CREATE and TEMPORARY on the database",
        };
        Some((
            Layer::Privileges,
            Code::PrivilegesMissing,
            missing,
            "stitch-pg setup grants what is missing, as the database's owner or a superuser".to_owned(),
        ))
    }

    /// `ours`: this run's own sessions, which are gone when Stitch comes.
    pub(super) fn room(&self, plan: &mut Plan, ours: i64) {
        let free = (self.max_connections - self.reserved - self.sessions + ours).max(0);
        let text = format!("{free} of {} connections are free", self.max_connections);
        plan.find(if free < i64::from(FEW_CONNECTIONS) {
            Finding::unknown(Code::ServerCapacity, text)
                .advise("if that is too few: raise max_connections, or end idle sessions")
        } else {
            Finding::good(Code::ServerCapacity, text)
        });
    }

    pub(super) fn noticed(&self, plan: &mut Plan, settings: &Settings) {
        if !self.triggers.is_empty() {
            let triggers = self.triggers.join(", ");
            let text = format!("event triggers fire when Stitch creates and alters objects: {triggers}");
            let advice = "the test load includes them; if they refuse an operation, ask their owner";
            plan.unknown(Code::DdlEventTriggers, text, advice);
        }
        if matches!(self.log_statement.as_str(), "mod" | "ddl" | "all") {
            let value = &self.log_statement;
            let text = format!("the server logs the statements of every load (log_statement = {value})");
            let (role, database) = (&settings.stitch.role, &settings.stitch.database);
            let fix = sql::set_setting(role, database, "log_statement", "'none'");
            let advice = format!("if the log gets too large, a superuser runs: {fix};");
            plan.unknown(Code::StatementsLogged, text, advice);
        }
    }
}

/// `$1`: a JSON list of schemas that were named. Besides those, the schemas that the role owns and that bear Stitch's mark.
pub(super) const SEEN: &str = concat!(
    "
WITH chosen AS (
    SELECT n.oid, n.nspname FROM pg_namespace n
    WHERE n.nspname IN (SELECT json_array_elements_text($1::json))
       OR (pg_get_userbyid(n.nspowner) = current_user
           AND EXISTS (SELECT 1 FROM pg_class m WHERE m.relname = '_sdc_rejected' AND m.relnamespace = n.oid))),
tbl AS (
    SELECT c.oid, c.relname, c.relnamespace, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.relhasrules, c.relhassubclass
    FROM (SELECT DISTINCT d.objid FROM chosen n JOIN pg_depend d ON d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid
              AND d.classid = 'pg_class'::regclass AND d.deptype = 'n') AS m
    JOIN pg_class c ON c.oid = m.objid AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e'))
SELECT json_build_object(
    'settings', ",
    in_force!(),
    ",",
    seen_connection!(),
    ",
    'version_num', current_setting('server_version_num')::int,
    'create', has_database_privilege(current_database(), 'CREATE'),
    'temporary', has_database_privilege(current_database(), 'TEMPORARY'),
    'ssl', current_setting('ssl', true) = 'on',
    'max_connections', current_setting('max_connections')::int,
    'reserved', (SELECT sum(setting::int) FROM pg_settings WHERE name IN ('superuser_reserved_connections', 'reserved_connections')),
    'sessions', (SELECT coalesce(sum(numbackends), 0) FROM pg_stat_database),
    'log_statement', current_setting('log_statement'),
    'triggers', (SELECT coalesce(json_agg(evtname ORDER BY evtname), '[]') FROM pg_event_trigger
        WHERE evtevent IN ('ddl_command_start', 'ddl_command_end', 'sql_drop') AND coalesce(current_setting('event_triggers', true), 'on') = 'on'
          AND evtenabled::text IN ('A', CASE current_setting('session_replication_role') WHEN 'replica' THEN 'R' ELSE 'O' END)),
    'schemas', (SELECT coalesce(json_agg(json_build_object('schema', n.nspname,
            'total', (SELECT count(*) FROM tbl c WHERE c.relnamespace = n.oid),
            'tables', (SELECT coalesce(json_agg(json_build_object('name', t.relname, 'rows_hidden', t.relrowsecurity AND t.relforcerowsecurity,
                'key', t.relkind = 'r' AND EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = t.oid AND i.indisunique AND i.indimmediate),
                'column', (SELECT a.attname FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
                    AND NOT a.atthasdef AND pg_catalog.to_jsonb(a) ->> 'attidentity' = '' AND NOT t.relhasrules
                    AND NOT (t.relhassubclass AND EXISTS (SELECT 1 FROM pg_catalog.pg_foreign_table))
                    AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_trigger g WHERE g.tgrelid = t.oid AND NOT g.tgisinternal AND g.tgtype & 1 = 0 AND g.tgenabled IN ('O', 'A'))
                    AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_depend p ON p.classid = 'pg_catalog.pg_attrdef'::regclass
                        AND p.objid = d.oid AND p.refclassid = 'pg_catalog.pg_proc'::regclass WHERE d.adrelid = t.oid)
                    ORDER BY a.attnum LIMIT 1)) ORDER BY t.relname), '[]')
             FROM (SELECT * FROM tbl c WHERE c.relnamespace = n.oid ORDER BY c.relname LIMIT 40) AS t))
            ORDER BY n.nspname), '[]')
        FROM chosen n)
)::text"
);
