WITH RECURSIVE stitch AS (
    SELECT s.oid, coalesce(s.rolname, 'public')::name AS name,
           coalesce((SELECT pg_catalog.substr(o, 13) FROM pg_catalog.pg_db_role_setting d, pg_catalog.unnest(d.setconfig) AS o
                     WHERE o LIKE 'search\_path=%' AND (d.setrole = 0 OR d.setrole = s.oid)
                       AND d.setdatabase IN (0, (SELECT b.oid FROM pg_catalog.pg_database b WHERE b.datname = pg_catalog.current_database()))
                     ORDER BY d.setrole = 0, d.setdatabase = 0 LIMIT 1), '$user, public') AS usual_path
    FROM (SELECT 1) AS one LEFT JOIN pg_catalog.pg_roles s ON s.rolname = $2),
chosen AS (SELECT oid, nspname FROM pg_catalog.pg_namespace WHERE nspname IN (SELECT pg_catalog.json_array_elements_text($1::json))),
-- pg_class has no index on the schema alone; pg_depend has. So the cost follows these schemas, not the database.
member AS (SELECT DISTINCT d.classid, d.objid FROM chosen n JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_namespace'::regclass AND d.refobjid = n.oid AND d.deptype = 'n'),
tbl AS (
    SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind, c.relowner, c.relacl, c.relnatts, c.reloftype, c.relispartition,
        c.relhassubclass, c.relhasrules, c.relchecks, c.relhasindex, c.relhastriggers
    FROM member m JOIN pg_catalog.pg_class c ON c.oid = m.objid JOIN chosen n ON n.oid = c.relnamespace
    WHERE m.classid = 'pg_catalog.pg_class'::regclass AND c.relkind IN ('r', 'p')),
-- What pg_class says of a table (it has a rule, a trigger, a child) may be out of date in one direction only: that there is none is
-- always true. PostgreSQL itself relies on it. So a table without any costs no look into their catalogs.
child(root, oid) AS (
    SELECT t.oid, i.inhrelid FROM tbl t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid WHERE t.relhassubclass
    UNION SELECT b.root, i.inhrelid FROM child b JOIN pg_catalog.pg_inherits i ON i.inhparent = b.oid),
below AS (
    SELECT oid AS root, oid, relnatts, relchecks, relhasindex, relhastriggers FROM tbl
    UNION ALL
    SELECT b.root, c.oid, c.relnatts, c.relchecks, c.relhasindex, c.relhastriggers FROM child b JOIN pg_catalog.pg_class c ON c.oid = b.oid),
preset AS (
    SELECT t.oid AS root, a.attname, d.oid AS object, /* generated */ AS is_generated
    FROM tbl t JOIN pg_catalog.pg_attrdef d ON d.adrelid = t.oid JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.adnum),
evaluated AS (
    SELECT root, pg_catalog.format('the default of the column %I', attname) AS through, 'pg_catalog.pg_attrdef'::regclass::oid AS class, object, 0::oid AS aside FROM preset
    UNION ALL
    -- Before 15 what a generated column depends on is written down with the column.
    SELECT DISTINCT root, 'a generated column', 'pg_catalog.pg_class'::regclass::oid, root, 0::oid FROM preset WHERE is_generated
    UNION ALL
    SELECT b.root, pg_catalog.format('the check constraint %I', k.conname), 'pg_catalog.pg_constraint'::regclass, k.oid, 0
    FROM below b JOIN pg_catalog.pg_constraint k ON k.conrelid = b.oid AND k.contype = 'c' WHERE b.relchecks > 0
    UNION ALL
    -- Each look is one into an index by its own key (OFFSET 0): a merge join would go through all constraints for each table.
    SELECT t.oid, pg_catalog.format('the domain %I', y.typname), 'pg_catalog.pg_constraint'::regclass, k.oid, 0
    FROM tbl t CROSS JOIN LATERAL (
        SELECT a.atttypid FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid >= 16384 OFFSET 0) AS a
    CROSS JOIN LATERAL (SELECT y.typname FROM pg_catalog.pg_type y WHERE y.oid = a.atttypid AND y.typtype = 'd' OFFSET 0) AS y
    CROSS JOIN LATERAL (SELECT k.oid FROM pg_catalog.pg_constraint k WHERE k.contypid = a.atttypid OFFSET 0) AS k
    UNION ALL
    SELECT b.root, pg_catalog.format('the index %I', c.relname), 'pg_catalog.pg_class'::regclass, c.oid, 0
    FROM below b JOIN pg_catalog.pg_index i ON i.indrelid = b.oid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL) JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    WHERE b.relhasindex
    UNION ALL
    SELECT b.root, 'the partition key', 'pg_catalog.pg_class'::regclass, b.oid, 0
    FROM below b JOIN pg_catalog.pg_partitioned_table k ON k.partrelid = b.oid AND k.partexprs IS NOT NULL
    UNION ALL
    SELECT b.root, pg_catalog.format('the condition of the trigger %I', g.tgname), 'pg_catalog.pg_trigger'::regclass, g.oid, g.tgfoid
    FROM below b JOIN pg_catalog.pg_trigger g ON g.tgrelid = b.oid AND g.tgqual IS NOT NULL AND NOT g.tgisinternal AND g.tgenabled IN ('O', 'A')
    WHERE b.relhastriggers),
uses AS (
    SELECT DISTINCT e.root, e.through, d.refclassid = 'pg_catalog.pg_class'::regclass AS is_relation, coalesce(o.oprcode::oid, d.refobjid) AS used
    FROM evaluated e CROSS JOIN LATERAL (SELECT d.refclassid, d.refobjid FROM pg_catalog.pg_depend d WHERE d.classid = e.class AND d.objid = e.object
        AND d.refclassid IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass, 'pg_catalog.pg_class'::regclass) OFFSET 0) AS d
    LEFT JOIN pg_catalog.pg_operator o ON d.refclassid = 'pg_catalog.pg_operator'::regclass AND o.oid = d.refobjid
    WHERE d.refobjid <> e.aside),
set_off AS (
    SELECT DISTINCT b.root, pg_catalog.format('the trigger %I', g.tgname) AS through, g.tgfoid AS func
    FROM below b JOIN pg_catalog.pg_trigger g ON g.tgrelid = b.oid AND NOT g.tgisinternal AND g.tgenabled IN ('O', 'A') WHERE b.relhastriggers
    UNION ALL
    SELECT root, through, used FROM uses WHERE NOT is_relation),
code(root, through, func, lanname, body, path, usr, depth) AS (
    SELECT t.root, t.through, /* start of code */, (/* runs as */)::name, 0
    FROM set_off t JOIN pg_catalog.pg_proc p ON p.oid = t.func JOIN pg_catalog.pg_language l ON l.oid = p.prolang
    CROSS JOIN (SELECT name AS usr FROM stitch) AS s
    UNION
    SELECT b.oid, pg_catalog.format('the rule %I', w.rulename), 0::oid, 'sql', pg_catalog.pg_get_ruledef(w.oid), ARRAY['public'::name], s.name, 0
    FROM tbl b JOIN pg_catalog.pg_rewrite w ON w.ev_class = b.oid AND w.ev_type <> '1' AND w.ev_enabled IN ('O', 'A') CROSS JOIN stitch s
    WHERE b.relhasrules
    UNION
    SELECT r.root, r.through, /* start of code */, (/* runs as */)::name, r.depth + 1
    FROM code r CROSS JOIN LATERAL (
        SELECT k.oid FROM /* called in code */ AS k
        UNION
        SELECT g.tgfoid FROM /* named in code */ AS w JOIN pg_catalog.pg_trigger g ON g.tgrelid = w.oid AND NOT g.tgisinternal AND g.tgenabled IN ('O', 'A')
        WHERE w.privilege <> 'SELECT') AS k
    JOIN pg_catalog.pg_proc p ON p.oid = k.oid JOIN pg_catalog.pg_language l ON l.oid = p.prolang
    WHERE r.depth < 3 AND r.lanname IN ('sql', 'plpgsql')),
named AS (
    SELECT DISTINCT r.root, r.through, r.usr, w.privilege, w.bare, w.word, w.oid
    FROM code r CROSS JOIN LATERAL /* named in code */ AS w WHERE r.lanname IN ('sql', 'plpgsql')),
-- Mostly an owner has its privileges by an entry of its own. Only other lists are taken apart; without a list it has all.
own_entry AS (
    SELECT t.relowner AS owner, p.privilege, pg_catalog.makeaclitem(t.relowner, t.relowner, p.privilege, false) AS entry
    FROM (SELECT DISTINCT relowner FROM tbl WHERE relacl IS NOT NULL) AS t
    CROSS JOIN (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE'), ('TRUNCATE')) AS p(privilege)),
needed AS (
    SELECT root, through, usr, privilege, oid, true AS by_name FROM named WHERE oid IS NOT NULL
    UNION
    -- A row that is inserted elsewhere takes its numbers from that table's sequences.
    SELECT w.root, w.through, w.usr, 'USAGE', s.oid, false FROM named w JOIN pg_catalog.pg_attrdef a ON a.adrelid = w.oid
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = a.oid AND d.refclassid = 'pg_catalog.pg_class'::regclass
    JOIN pg_catalog.pg_class s ON s.oid = d.refobjid AND s.relkind = 'S' WHERE w.privilege = 'INSERT'
    UNION
    SELECT u.root, u.through, s.name, 'USAGE', c.oid, false FROM uses u JOIN pg_catalog.pg_class c ON c.oid = u.used AND c.relkind = 'S' CROSS JOIN stitch s WHERE u.is_relation
    UNION
    SELECT t.oid, NULL, s.name, o.privilege, t.oid, false
    FROM tbl t JOIN own_entry o ON o.owner = t.relowner AND NOT pg_catalog.aclcontains(t.relacl, o.entry) CROSS JOIN stitch s
    WHERE NOT t.relispartition),
lacking AS (
    SELECT n.root, n.through, n.usr, n.privilege, CASE WHEN c.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind, pg_catalog.format('%I.%I', m.nspname, c.relname) AS object, c.relowner AS owner
    FROM needed n JOIN pg_catalog.pg_class c ON c.oid = n.oid JOIN pg_catalog.pg_namespace m ON m.oid = c.relnamespace CROSS JOIN stitch s
    WHERE NOT CASE
        WHEN c.relowner IS DISTINCT FROM s.oid AND /* moves */ THEN
            CASE WHEN n.usr = s.name THEN c.relacl IS NULL OR EXISTS (SELECT 1 FROM pg_catalog.aclexplode(c.relacl) a
                    WHERE (a.grantee IN (0, c.relowner) OR a.grantee = s.oid) AND (a.privilege_type = n.privilege OR c.relkind = 'S' AND a.privilege_type = 'UPDATE'))
                ELSE n.privilege = 'SELECT' AND $4 = 'keep' AND pg_catalog.pg_has_role(n.usr, c.relowner, 'USAGE')
                    OR EXISTS (SELECT 1 FROM pg_catalog.pg_roles u WHERE u.rolname = n.usr AND u.rolsuper)
                    OR EXISTS (SELECT 1 FROM pg_catalog.aclexplode(c.relacl) a WHERE a.grantee <> c.relowner
                        AND a.privilege_type = n.privilege AND CASE WHEN a.grantee = 0 THEN true ELSE pg_catalog.pg_has_role(n.usr, a.grantee, 'USAGE') END)
            END
        WHEN c.relkind = 'S' THEN pg_catalog.has_sequence_privilege(n.usr, c.oid, 'USAGE, UPDATE')
        WHEN n.through IS NOT NULL AND n.privilege IN ('SELECT', 'INSERT', 'UPDATE') THEN pg_catalog.has_any_column_privilege(n.usr, c.oid, n.privilege)
        ELSE pg_catalog.has_table_privilege(n.usr, c.oid, n.privilege) END
    UNION
    SELECT n.root, n.through, n.usr, 'USAGE', 'SCHEMA', pg_catalog.format('%I', m.nspname), m.nspowner
    FROM needed n JOIN pg_catalog.pg_class c ON c.oid = n.oid JOIN pg_catalog.pg_namespace m ON m.oid = c.relnamespace CROSS JOIN stitch s
    WHERE n.by_name AND NOT (n.usr = s.name AND m.oid IN (SELECT oid FROM chosen)) AND NOT pg_catalog.has_schema_privilege(n.usr, m.oid, 'USAGE')
    UNION
    SELECT r.root, r.through, r.usr, 'EXECUTE', 'FUNCTION', (pg_catalog.pg_identify_object('pg_catalog.pg_proc'::regclass, p.oid, 0)).identity, p.proowner
    FROM (SELECT u.root, u.through, s.name AS usr, u.used AS func FROM uses u CROSS JOIN stitch s WHERE NOT u.is_relation
          UNION SELECT r.root, r.through, r.usr, k.oid FROM code r CROSS JOIN LATERAL /* called in code */ AS k WHERE r.lanname IN ('sql', 'plpgsql')) AS r
    JOIN pg_catalog.pg_proc p ON p.oid = r.func CROSS JOIN stitch s
    WHERE NOT (r.usr = s.name AND pg_catalog.strpos($3, 'F') > 0 AND p.pronamespace IN (SELECT oid FROM chosen))
      AND NOT pg_catalog.has_function_privilege(r.usr, p.oid, 'EXECUTE')),
losing AS (SELECT t.oid, t.schema, t.name FROM tbl t CROSS JOIN stitch s WHERE t.relowner IS DISTINCT FROM s.oid),
elsewhere AS (
    SELECT g.tgrelid AS oid, pg_catalog.format('the trigger %I', g.tgname) AS through, /* start of code */
    FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_proc p ON p.oid = g.tgfoid JOIN pg_catalog.pg_language l ON l.oid = p.prolang AND l.lanname = 'plpgsql'
    JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid
    WHERE EXISTS (SELECT 1 FROM losing) AND NOT g.tgisinternal AND g.tgenabled IN ('O', 'A') AND NOT (/* moves */)
    UNION ALL
    SELECT w.ev_class, pg_catalog.format('the rule %I', w.rulename), 0::oid, 'sql', pg_catalog.pg_get_ruledef(w.oid), ARRAY['public'::name]
    FROM pg_catalog.pg_rewrite w JOIN pg_catalog.pg_class c ON c.oid = w.ev_class
    WHERE EXISTS (SELECT 1 FROM losing) AND w.oid >= 16384 AND w.ev_type <> '1' AND NOT (/* moves */)),
published AS (SELECT DISTINCT g.relid FROM pg_catalog.pg_publication u CROSS JOIN LATERAL pg_catalog.pg_get_publication_tables(u.pubname::text) g WHERE u.pubupdate OR u.pubdelete)
SELECT pg_catalog.json_build_object(
    'lacking', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('schema', t.schema, 'table', t.name, 'through', l.through, 'user', l.usr,
            'privilege', l.privilege, 'on', l.kind, 'object', l.object, 'owner', pg_catalog.pg_get_userbyid(l.owner))
            ORDER BY t.schema, l.through, l.kind = 'SCHEMA' DESC, l.object, l.privilege, t.name), '[]')
        FROM lacking l CROSS JOIN LATERAL /* table of */ l.root /* as t */),
    'unclear', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('schema', t.schema, 'table', t.name, 'through', u.through, 'why', u.why) ORDER BY t.schema, u.through, u.why, t.name), '[]')
        FROM (SELECT r.root, r.through, CASE
                  WHEN r.lanname NOT IN ('sql', 'plpgsql', 'c', 'internal') THEN 'it is written in ' || r.lanname
                  WHEN r.body ~* E'\\mexecute\\M(?!\\s+(function|procedure))' AND r.lanname = 'plpgsql' THEN 'it builds the SQL that it runs'
                  WHEN r.body ~* E'\\mraise\\M' AND r.body ~* E'([^:]=|<>|!=|\\min\\s*[(])\\s*[(]?\\s*(current_user|session_user|current_role)|(current_user|session_user|current_role)\\s*([)]\\s*)?(=|<>|!=|(not\\s+)?in\\M)'
                      THEN 'it raises an error, depending on who loads'
                  WHEN r.body ~* E'\\mbegin\\s+raise\\s+(exception\\M|[^a-z])' THEN 'it always raises an error' END AS why FROM code r
              UNION SELECT w.root, w.through, 'it names ' || w.word || ' without a schema, and finds none by the role''s search_path' FROM named w
                  WHERE w.oid IS NULL AND w.bare AND w.privilege IN ('INSERT', 'UPDATE', 'DELETE') AND EXISTS (SELECT 1 FROM pg_catalog.pg_class c
                      WHERE c.relname = pg_catalog.lower(w.word)::name AND c.relkind IN ('r', 'p', 'v', 'f') AND c.oid >= 16384)) AS u
        CROSS JOIN LATERAL /* table of */ u.root /* as t */ WHERE u.why IS NOT NULL),
    'instead', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('schema', t.schema, 'table', t.name, 'object', w.rulename) ORDER BY t.schema, t.name, w.rulename), '[]')
        FROM tbl t JOIN pg_catalog.pg_rewrite w ON w.ev_class = t.oid AND w.ev_type <> '1' AND w.is_instead AND w.ev_enabled IN ('O', 'A')
        WHERE t.relhasrules),
    'referenced', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('schema', t.schema, 'table', t.name, 'object', pg_catalog.format('%I.%I', n.nspname, c.relname),
            'constraint', k.conname, 'owner', pg_catalog.pg_get_userbyid(c.relowner)) ORDER BY t.schema, t.name, n.nspname, c.relname), '[]')
        FROM tbl t CROSS JOIN LATERAL (SELECT DISTINCT d.objid AS oid FROM pg_catalog.pg_depend d
            WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = t.oid AND d.classid = 'pg_catalog.pg_constraint'::regclass) AS d
        JOIN pg_catalog.pg_constraint k ON k.oid = d.oid AND k.contype = 'f' AND k.confrelid = t.oid
        JOIN pg_catalog.pg_class c ON c.oid = k.conrelid AND NOT c.relispartition
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        -- A foreign key is a trigger on both sides, unless they are partitioned.
        WHERE NOT t.relispartition AND (t.relhastriggers OR t.relkind = 'p') AND k.conrelid <> t.oid
          AND NOT EXISTS (SELECT 1 FROM child b WHERE b.root = t.oid AND b.oid = k.conrelid)),
    'wide', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('schema', schema, 'table', name, 'columns', columns) ORDER BY schema, name), '[]')
        FROM (SELECT root, pg_catalog.max(relnatts) AS columns FROM below WHERE relnatts > 1580 GROUP BY root) AS w
        CROSS JOIN LATERAL /* table of */ w.root /* as t */ WHERE NOT t.relispartition),
    'shaped', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('schema', schema, 'table', name, 'shape', why, 'object', object) ORDER BY schema, name, object), '[]') FROM (
        SELECT schema, name, 'typed' AS why, pg_catalog.format_type(reloftype, NULL) AS object FROM tbl WHERE reloftype <> 0
        UNION ALL
        SELECT t.schema, t.name, CASE WHEN t.relispartition THEN 'partition' ELSE 'child' END, pg_catalog.format('%I.%I', n.nspname, c.relname)
        FROM tbl t JOIN pg_catalog.pg_inherits i ON i.inhrelid = t.oid JOIN pg_catalog.pg_class c ON c.oid = i.inhparent JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE NOT t.relispartition OR n.oid NOT IN (SELECT oid FROM chosen)) AS s),
    'unidentified', (SELECT coalesce(pg_catalog.json_agg(DISTINCT pg_catalog.jsonb_build_object('schema', t.schema, 'table', t.name)), '[]')
        FROM published u JOIN below b ON b.oid = u.relid JOIN pg_catalog.pg_class c ON c.oid = b.oid CROSS JOIN LATERAL /* table of */ b.root /* as t */
        WHERE NOT t.relispartition AND (c.relreplident = 'n' OR c.relreplident = 'd' AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary))),
    'branches', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('schema', t.schema, 'table', t.name, 'object', pg_catalog.format('%I.%I', n.nspname, c.relname),
            'place', n.nspname, 'foreign', c.relkind = 'f', 'owner', pg_catalog.pg_get_userbyid(c.relowner)) ORDER BY t.schema, t.name, n.nspname, c.relname), '[]')
        FROM child b CROSS JOIN LATERAL /* table of */ b.root /* as t */ JOIN pg_catalog.pg_class c ON c.oid = b.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace CROSS JOIN stitch s
        WHERE NOT t.relispartition AND NOT (/* moves */) AND NOT coalesce(pg_catalog.pg_has_role(s.oid, c.relowner, 'USAGE'), false)),
    'parents', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('schema', t.schema, 'table', t.name, 'object', pg_catalog.format('%I.%I', n.nspname, c.relname),
            'owner', pg_catalog.pg_get_userbyid(c.relowner)) ORDER BY t.schema, t.name, n.nspname, c.relname), '[]')
        FROM tbl t JOIN pg_catalog.pg_inherits i ON i.inhrelid = t.oid JOIN pg_catalog.pg_class c ON c.oid = i.inhparent AND NOT (/* moves */)
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_roles o ON o.oid = c.relowner AND NOT o.rolsuper CROSS JOIN stitch s
        WHERE c.relowner IS DISTINCT FROM s.oid AND t.relowner IS DISTINCT FROM s.oid),
    'writers', (SELECT coalesce(pg_catalog.json_agg(DISTINCT pg_catalog.jsonb_build_object('schema', t.schema, 'table', t.name, 'object', pg_catalog.format('%I.%I', n.nspname, c.relname),
            'through', r.through, 'owner', pg_catalog.pg_get_userbyid(c.relowner))), '[]')
        FROM elsewhere r CROSS JOIN LATERAL /* named in code */ AS w JOIN losing t ON t.oid = w.oid JOIN pg_catalog.pg_class c ON c.oid = r.oid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE w.privilege <> 'SELECT'),
    'not_owned', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('schema', t.schema, 'table', t.name, 'owner', pg_catalog.pg_get_userbyid(t.relowner)) ORDER BY t.schema, t.name), '[]')
        FROM tbl t CROSS JOIN stitch s WHERE /* owners are listed */ AND NOT coalesce(pg_catalog.pg_has_role(s.oid, t.relowner, 'USAGE'), false)
          -- A partition of a table that is not its own either is told of with that table.
          AND (NOT t.relispartition OR EXISTS (SELECT 1 FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhparent
              WHERE i.inhrelid = t.oid AND pg_catalog.pg_has_role(s.oid, c.relowner, 'USAGE'))))
)::text
