WITH stitch AS (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = $2),
chosen AS (
    SELECT n.oid, n.nspname FROM pg_catalog.pg_namespace n
    WHERE CASE WHEN $1 <> '[]' THEN n.nspname IN (SELECT pg_catalog.json_array_elements_text($1::json))
        ELSE n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema' AND (n.nspowner IN (SELECT oid FROM stitch)
            OR EXISTS (SELECT FROM pg_catalog.pg_class m WHERE m.relname = '_sdc_rejected' AND m.relkind = 'r' AND m.relnamespace = n.oid)) END),
-- pg_class has no index on the schema alone; pg_depend has. So the cost follows these schemas, not the database.
tbl AS (
    SELECT c.oid, n.nspname, c.relnamespace, c.relname, c.relkind, c.relnatts,
        coalesce((SELECT pg_catalog.pg_has_role(s.oid, c.relowner, 'USAGE') FROM stitch s), false) AS owned
    FROM (SELECT DISTINCT n.oid AS namespace, n.nspname, d.objid FROM chosen n JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_namespace'::regclass
              AND d.refobjid = n.oid AND d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype = 'n') AS n
    JOIN pg_catalog.pg_class c ON c.oid = n.objid AND c.relkind IN ('r', 'p')),
lock AS (
    SELECT l.relation, l.pid, l.virtualtransaction, l.granted, l.mode = 'AccessExclusiveLock' AS exclusive
    FROM pg_catalog.pg_locks l
    WHERE l.locktype = 'relation' AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
        AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())),
stamped AS (
    SELECT t.*, a.attnum, a.atttypid = 'pg_catalog.timestamptz'::regtype AS is_time,
        EXISTS (SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid JOIN pg_catalog.pg_am m ON m.oid = x.relam AND m.amname = 'btree'
            WHERE i.indrelid = t.oid AND i.indkey[0] = a.attnum AND i.indisvalid AND i.indpred IS NULL) AS has_index,
        -- Asking for the size of a locked table would wait for the lock.
        CASE WHEN NOT EXISTS (SELECT FROM lock l WHERE l.relation = t.oid AND l.exclusive)
            THEN pg_catalog.pg_relation_size(t.oid) / pg_catalog.current_setting('block_size')::bigint END AS pages,
        pg_catalog.row_number() OVER (PARTITION BY t.relnamespace
            ORDER BY pg_catalog.pg_stat_get_tuples_inserted(t.oid) + pg_catalog.pg_stat_get_tuples_updated(t.oid) DESC, t.relname) AS nth
    FROM tbl t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attname = CASE t.relname WHEN '_sdc_rejected' THEN '_sdc_rejected_at' ELSE '_sdc_batched_at' END
    WHERE t.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped),
statistic AS (
    SELECT t.relnamespace, pg_catalog.max(v.at) AS newest
    FROM stamped t JOIN pg_catalog.pg_stats p ON p.schemaname = t.nspname AND p.tablename = t.relname AND p.attname = '_sdc_batched_at'
    CROSS JOIN LATERAL (SELECT x::timestamptz AS at FROM pg_catalog.unnest(p.histogram_bounds::text::text[] || p.most_common_vals::text::text[]) AS x) AS v
    WHERE t.is_time AND t.nth <= 200 AND v.at < pg_catalog.now() + '1 day'::interval
    GROUP BY t.relnamespace),
holder AS (
    SELECT l.pid, x.gid, coalesce(a.usename, x.owner) AS role, a.application_name AS application,
        pg_catalog.to_jsonb(a) ->> 'state' AS state, pg_catalog.min(coalesce(a.xact_start, x.prepared)) AS since,
        pg_catalog.count(DISTINCT t.oid) AS tables, pg_catalog.min(pg_catalog.format('%I.%I', t.nspname, t.relname)) AS first
    FROM lock l JOIN tbl t ON t.oid = l.relation LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
    LEFT JOIN pg_catalog.pg_prepared_xacts x ON l.pid IS NULL AND l.virtualtransaction = '-1/' || x.transaction::text
    -- Stitch's own sessions are loads; an autovacuum gives way, and one that does not has no user either.
    WHERE l.granted AND coalesce(a.usename, x.owner) IS DISTINCT FROM $2 AND (a.usename IS NOT NULL OR x.gid IS NOT NULL)
        AND coalesce(pg_catalog.to_jsonb(a) ->> 'backend_type', '') <> 'parallel worker'
    GROUP BY 1, 2, 3, 4, 5)
SELECT pg_catalog.json_build_object(
    'schemas', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
        'name', n.nspname,
        'newest', (SELECT pg_catalog.json_build_object('age', pg_catalog.date_part('epoch', pg_catalog.now() - s.newest)::bigint,
            'at', pg_catalog.to_char(s.newest AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"')) FROM statistic s WHERE s.relnamespace = n.oid),
        'stamped', (SELECT pg_catalog.count(*) FROM stamped t WHERE t.relnamespace = n.oid AND t.relname <> '_sdc_rejected'),
        'elsewhere', (SELECT pg_catalog.count(*) FROM tbl p JOIN pg_catalog.pg_inherits i ON i.inhparent = p.oid
            WHERE p.relnamespace = n.oid AND NOT EXISTS (SELECT FROM tbl c WHERE c.oid = i.inhrelid AND c.relnamespace = n.oid)),
        'tables', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('name', t.relname, 'owned', t.owned, 'is_time', t.is_time,
                'has_index', t.has_index, 'pages', t.pages) ORDER BY t.nth), '[]')
            FROM stamped t WHERE t.relnamespace = n.oid AND (t.nth <= 200 OR t.relname = '_sdc_rejected')),
        'wide', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('name', t.relname, 'columns', t.relnatts) ORDER BY t.relname), '[]')
            FROM (SELECT * FROM tbl t WHERE t.relnamespace = n.oid AND t.relnatts > $3::text::int ORDER BY t.relnatts DESC LIMIT 20) AS t))
        ORDER BY n.nspname), '[]') FROM chosen n),
    'holders', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('pid', h.pid, 'gid', h.gid, 'role', h.role, 'application', h.application,
            'state', h.state, 'tables', h.tables, 'first', h.first, 'held', CASE WHEN h.since IS NOT NULL THEN pg_catalog.json_build_object(
                'age', pg_catalog.date_part('epoch', pg_catalog.now() - h.since)::bigint,
                'at', pg_catalog.to_char(h.since AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"')) END) ORDER BY h.since, h.pid), '[]')
        FROM (SELECT * FROM holder ORDER BY since LIMIT 20) AS h)
)::text
