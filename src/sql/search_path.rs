//! Where names are looked for while the administrator's rights are in force: in the system's own schema and nowhere else.
//! What somebody planted in `public`, or in a schema named like the login, is never found there. Temporary objects come
//! last, else they would come first.

/// For psql: our text is UTF-8, whatever the environment or the database's owner has set. In another encoding psql takes the
/// quote behind a letter for a part of it, and runs what stands in a name as its own commands.
pub(crate) const PSQL_ENCODING: &str = "\\encoding UTF8\n";

/// For the session, as its first statement.
pub(crate) const FIX_PATH: &str = "SET search_path = pg_catalog, pg_temp";

/// For one transaction, in front of its statements in the same call. A transaction pooler gives the session to somebody
/// else afterwards, who finds nothing of it there.
pub(crate) const FIX_PATH_ONCE: &str = "SET LOCAL search_path = pg_catalog, pg_temp";

/// A question changes nothing, and the server sees to it, behind a pooler that refuses startup options as well. In the same
/// call as the question.
pub(crate) const READ_ONLY_ONCE: &str = "SET LOCAL transaction_read_only = on";

/// The path as a startup option, in force before anything runs.
pub(crate) const PATH_OPTION: &str = "-c search_path=pg_catalog,pg_temp";

/// The path in a block, which may be run anywhere.
pub(super) const FIX_PATH_IN_BLOCK: &str = "PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);";

/// For psql, before the first change in a database: what runs of other people's all the same.
pub(crate) const TELL_EVENT_TRIGGERS: &str = "\
SELECT count(*) > 0 AS stitch_fires, regexp_replace(string_agg(format('%I (%s) calls %I.%I', t.evtname, t.evtevent, n.nspname, p.proname), ', '),
    '[[:cntrl:]]', '?', 'g') AS stitch_fired
FROM pg_event_trigger t JOIN pg_proc p ON p.oid = t.evtfoid JOIN pg_namespace n ON n.oid = p.pronamespace WHERE t.evtenabled IN ('O', 'A') \\gset
\\if :stitch_fires
\\echo 'These event triggers of the database run with your rights:' :stitch_fired
\\endif
";
