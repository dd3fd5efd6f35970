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
        c.relhassubclass, c.relhasrules, c.relchecks, c.relhasindex, c.relhastriggers, c.relam, c.relrowsecurity AND c.relforcerowsecurity AS secured
    FROM member m JOIN pg_catalog.pg_class c ON c.oid = m.objid JOIN chosen n ON n.oid = c.relnamespace
    WHERE m.classid = 'pg_catalog.pg_class'::regclass AND c.relkind IN ('r', 'p')
      -- An extension's tables are its own business.
      AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = m.classid AND d.objid = m.objid AND d.deptype = 'e')),
-- What pg_class says of a table (it has a rule, a trigger, a child) may be out of date in one direction only: that there is none is
-- always true. PostgreSQL itself relies on it. So a table without any costs no look into their catalogs.
child(root, oid) AS (
    SELECT t.oid, i.inhrelid FROM tbl t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid WHERE t.relhassubclass
    UNION SELECT b.root, i.inhrelid FROM child b JOIN pg_catalog.pg_inherits i ON i.inhparent = b.oid),
below AS (
    SELECT oid AS root, oid, relnatts, relchecks, relhasindex, relhastriggers, relam FROM tbl
    UNION ALL
    SELECT b.root, c.oid, c.relnatts, c.relchecks, c.relhasindex, c.relhastriggers, c.relam FROM child b JOIN pg_catalog.pg_class c ON c.oid = b.oid),
preset AS (
    SELECT t.oid AS root, a.attname, d.oid AS object, /* generated */ AS is_generated
    FROM tbl t JOIN pg_catalog.pg_attrdef d ON d.adrelid = t.oid JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.adnum),
-- The types of the columns, and those that these are made of. Each look is one into an index by its own key (OFFSET 0): a merge
-- join would go through all constraints for each table.
typ(root, oid, name, kind, base, element, fields, depth) AS (
    SELECT t.oid, y.oid, y.typname, y.typtype, y.typbasetype, y.typelem, y.typrelid, 0
    FROM tbl t CROSS JOIN LATERAL (
        SELECT DISTINCT a.atttypid FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid >= 16384 OFFSET 0) AS a
    CROSS JOIN LATERAL (SELECT y.oid, y.typname, y.typtype, y.typbasetype, y.typelem, y.typrelid FROM pg_catalog.pg_type y WHERE y.oid = a.atttypid OFFSET 0) AS y
    UNION
    SELECT r.root, y.oid, y.typname, y.typtype, y.typbasetype, y.typelem, y.typrelid, r.depth + 1
    FROM typ r CROSS JOIN LATERAL (
        SELECT r.base AS oid UNION SELECT r.element UNION SELECT a.atttypid FROM pg_catalog.pg_attribute a WHERE a.attrelid = r.fields AND a.attnum > 0 AND NOT a.attisdropped OFFSET 0) AS x
    JOIN pg_catalog.pg_type y ON y.oid = x.oid WHERE x.oid >= 16384 AND r.depth < 8),
evaluated AS (
    SELECT root, pg_catalog.format('the default of the column %I', attname) AS through, 'pg_catalog.pg_attrdef'::regclass::oid AS class, object, 0::oid AS aside FROM preset
    UNION ALL
    -- Before 15 what a generated column depends on is written down with the column.
    SELECT DISTINCT root, 'a generated column', 'pg_catalog.pg_class'::regclass::oid, root, 0::oid FROM preset WHERE is_generated
    UNION ALL
    SELECT b.root, pg_catalog.format('the check constraint %I', k.conname), 'pg_catalog.pg_constraint'::regclass, k.oid, 0
    FROM below b JOIN pg_catalog.pg_constraint k ON k.conrelid = b.oid AND k.contype = 'c' AND /* enforced */ WHERE b.relchecks > 0
    UNION ALL
    SELECT y.root, pg_catalog.format('the domain %I', y.name), 'pg_catalog.pg_constraint'::regclass, k.oid, 0
    FROM typ y CROSS JOIN LATERAL (SELECT k.oid FROM pg_catalog.pg_constraint k WHERE k.contypid = y.oid OFFSET 0) AS k
    UNION ALL
    SELECT y.root, pg_catalog.format('the default of the domain %I', y.name), 'pg_catalog.pg_type'::regclass, y.oid, 0
    FROM typ y WHERE y.depth = 0 AND y.kind = 'd'
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
    -- What asks for a setting outside of functions.
    SELECT e.root, e.through, 0::oid, 'sql', x.text, ARRAY['public'::name], s.name, 0
    FROM evaluated e CROSS JOIN LATERAL (SELECT CASE e.class
            WHEN 'pg_catalog.pg_attrdef'::regclass THEN (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid) FROM pg_catalog.pg_attrdef d WHERE d.oid = e.object)
            WHEN 'pg_catalog.pg_constraint'::regclass THEN pg_catalog.pg_get_constraintdef(e.object) WHEN 'pg_catalog.pg_trigger'::regclass THEN pg_catalog.pg_get_triggerdef(e.object)
            WHEN 'pg_catalog.pg_type'::regclass THEN (SELECT y.typdefault FROM pg_catalog.pg_type y WHERE y.oid = e.object) END AS text OFFSET 0) AS x CROSS JOIN stitch s
    WHERE pg_catalog.strpos(x.text, 'current_setting') > 0
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
    SELECT DISTINCT r.root, r.through, r.usr, w.privilege, w.bare, w.word, w.oid, w.columns
    FROM code r CROSS JOIN LATERAL /* named in code */ AS w WHERE r.lanname IN ('sql', 'plpgsql')),
-- Mostly an owner has its privileges by an entry of its own. Only other lists are taken apart; without a list it has all.
own_entry AS (
    SELECT t.relowner AS owner, p.privilege, pg_catalog.makeaclitem(t.relowner, t.relowner, p.privilege, false) AS entry
    FROM (SELECT DISTINCT relowner FROM tbl WHERE relacl IS NOT NULL) AS t
    CROSS JOIN (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE'), ('TRUNCATE')) AS p(privilege)),
needed AS (
    SELECT root, through, usr, privilege, oid, true AS by_name, columns FROM named WHERE oid IS NOT NULL
    UNION
    -- A row that is inserted elsewhere takes its numbers from that table's sequences.
    SELECT w.root, w.through, w.usr, 'USAGE', s.oid, false, NULL FROM named w CROSS JOIN LATERAL (SELECT a.oid FROM pg_catalog.pg_attrdef a WHERE a.adrelid = w.oid OFFSET 0) AS a
    CROSS JOIN LATERAL (SELECT d.refobjid FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = a.oid AND d.refclassid = 'pg_catalog.pg_class'::regclass OFFSET 0) AS d
    CROSS JOIN LATERAL (SELECT s.oid FROM pg_catalog.pg_class s WHERE s.oid = d.refobjid AND s.relkind = 'S' OFFSET 0) AS s WHERE w.privilege = 'INSERT'
    UNION
    SELECT u.root, u.through, s.name, 'USAGE', c.oid, false, NULL FROM uses u CROSS JOIN LATERAL (SELECT c.oid FROM pg_catalog.pg_class c WHERE c.oid = u.used AND c.relkind = 'S' OFFSET 0) AS c
    CROSS JOIN stitch s WHERE u.is_relation
    UNION
    SELECT t.oid, NULL, s.name, o.privilege, t.oid, false, NULL
    FROM tbl t JOIN own_entry o ON o.owner = t.relowner AND NOT pg_catalog.aclcontains(t.relacl, o.entry) CROSS JOIN stitch s
    WHERE NOT t.relispartition),
lacking AS (
    SELECT n.root, n.through, n.usr, n.privilege, CASE WHEN c.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind, (SELECT pg_catalog.format('%I.%I', m.nspname, c.relname) FROM pg_catalog.pg_namespace m WHERE m.oid = c.relnamespace) AS object, c.relowner AS owner
    FROM needed n CROSS JOIN LATERAL (SELECT c.oid, c.relname, c.relkind, c.relowner, c.relacl, c.relnamespace FROM pg_catalog.pg_class c WHERE c.oid = n.oid OFFSET 0) AS c CROSS JOIN stitch s
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
        WHEN n.columns IS NOT NULL THEN NOT EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            AND pg_catalog.strpos(n.columns, pg_catalog.concat(',', pg_catalog.lower(a.attname), ',')) > 0 AND NOT pg_catalog.has_column_privilege(n.usr, c.oid, a.attnum, n.privilege))
        WHEN n.through IS NOT NULL AND n.privilege IN ('SELECT', 'INSERT', 'UPDATE') THEN pg_catalog.has_any_column_privilege(n.usr, c.oid, n.privilege)
        ELSE pg_catalog.has_table_privilege(n.usr, c.oid, n.privilege) END
    UNION
    SELECT n.root, n.through, n.usr, 'USAGE', 'SCHEMA', pg_catalog.format('%I', m.nspname), m.nspowner
    FROM needed n JOIN pg_catalog.pg_class c ON c.oid = n.oid JOIN pg_catalog.pg_namespace m ON m.oid = c.relnamespace CROSS JOIN stitch s
    WHERE n.by_name AND NOT (n.usr = s.name AND m.oid IN (SELECT oid FROM chosen)) AND NOT pg_catalog.has_schema_privilege(n.usr, m.oid, 'USAGE')
    UNION
    SELECT r.root, r.through, r.usr, 'USAGE', 'SCHEMA', pg_catalog.format('%I', n.nspname), n.nspowner
    FROM code r CROSS JOIN stitch s CROSS JOIN LATERAL pg_catalog.regexp_matches(pg_catalog.regexp_replace(r.body, '''[^'']*''', '''''', 'g'),
        E'/* identifier */\\s*[.]\\s*/* identifier */', 'g') AS m
    CROSS JOIN LATERAL /* names 1 2 */ AS q JOIN pg_catalog.pg_namespace n ON n.nspname = q.w[1]::name
    WHERE r.lanname IN ('sql', 'plpgsql') AND NOT (r.usr = s.name AND n.oid IN (SELECT oid FROM chosen)) AND NOT pg_catalog.has_schema_privilege(r.usr, n.oid, 'USAGE')
      AND (EXISTS (SELECT 1 FROM pg_catalog.pg_type y WHERE y.typname = q.w[2]::name AND y.typnamespace = n.oid)
          OR EXISTS (SELECT 1 FROM pg_catalog.pg_proc p WHERE p.proname = q.w[2]::name AND p.pronamespace = n.oid))
    UNION
    SELECT r.root, r.through, r.usr, 'EXECUTE', 'FUNCTION', (pg_catalog.pg_identify_object('pg_catalog.pg_proc'::regclass, p.oid, 0)).identity, p.proowner
    FROM (SELECT u.root, u.through, s.name AS usr, u.used AS func FROM uses u CROSS JOIN stitch s WHERE NOT u.is_relation
          UNION SELECT r.root, r.through, r.usr, k.oid FROM code r CROSS JOIN LATERAL /* called in code */ AS k WHERE r.lanname IN ('sql', 'plpgsql')
          UNION
          -- The defaults and checks of a table that it writes to.
          SELECT w.root, w.through, w.usr, d.refobjid FROM named w JOIN pg_catalog.pg_depend x ON x.refclassid = 'pg_catalog.pg_class'::regclass AND x.refobjid = w.oid
              AND x.classid IN ('pg_catalog.pg_attrdef'::regclass, 'pg_catalog.pg_constraint'::regclass)
          JOIN pg_catalog.pg_depend d ON d.classid = x.classid AND d.objid = x.objid AND d.refclassid = 'pg_catalog.pg_proc'::regclass
          WHERE w.privilege IN ('INSERT', 'UPDATE')) AS r
    CROSS JOIN LATERAL (SELECT p.oid, p.pronamespace, p.proowner FROM pg_catalog.pg_proc p WHERE p.oid = r.func OFFSET 0) AS p CROSS JOIN stitch s
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
-- Partitions that are published as their root have an identity of their own.
published(relid, columns) AS (
    SELECT g.relid, /* published columns */ FROM pg_catalog.pg_publication u CROSS JOIN LATERAL pg_catalog.pg_get_publication_tables(u.pubname::text) g
    WHERE u.pubupdate OR u.pubdelete
    UNION SELECT i.inhrelid, NULL FROM published p JOIN pg_catalog.pg_inherits i ON i.inhparent = p.relid JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition),
-- Constraints that some rows do not satisfy. Columns of Stitch's own are filled by it, and those of a key by every loader.
limits(root, what) AS (
    SELECT b.root, pg_catalog.format('NOT NULL of %I', a.attname)
    FROM below b CROSS JOIN LATERAL (SELECT a.attname, a.attnum FROM pg_catalog.pg_attribute a WHERE a.attrelid = b.oid AND a.attnum > 0 AND a.attnotnull AND NOT a.attisdropped
        AND NOT a.atthasdef AND a.attidentity = '' AND a.attname !~ '^_sdc_' OFFSET 0) AS a
    WHERE NOT (b.relhasindex AND EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = b.oid AND i.indisunique AND a.attnum = ANY (/* keys of i */)))
    UNION ALL
    -- One that has all columns of another is satisfied with that.
    SELECT b.root, pg_catalog.format('%s %I', CASE WHEN i.indisexclusion THEN 'EXCLUDE' ELSE 'UNIQUE' END, c.relname)
    FROM below b JOIN pg_catalog.pg_index i ON i.indrelid = b.oid AND (i.indisunique OR i.indisexclusion) AND NOT i.indisprimary JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    WHERE b.relhasindex AND (i.indisexclusion OR i.indexprs IS NOT NULL OR i.indpred IS NOT NULL
            OR EXISTS (SELECT 1 FROM pg_catalog.pg_index o WHERE o.indrelid = b.oid AND o.indisunique AND o.indexrelid <> i.indexrelid))
        AND NOT (NOT i.indisexclusion AND EXISTS (SELECT 1 FROM pg_catalog.pg_index o WHERE o.indrelid = b.oid AND o.indisunique AND o.indexrelid <> i.indexrelid
            AND o.indexprs IS NULL AND o.indpred IS NULL AND /* keys of o */ <@ /* keys of i */))
        AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_inherits h WHERE h.inhrelid = i.indexrelid)
    UNION ALL
    SELECT b.root, pg_catalog.format('%s %I', CASE k.contype WHEN 'c' THEN 'CHECK' ELSE 'FOREIGN KEY' END, k.conname)
    FROM below b JOIN pg_catalog.pg_constraint k ON k.conrelid = b.oid AND k.contype IN ('c', 'f') AND /* enforced */ AND /* own constraint */
    WHERE b.relchecks > 0 OR b.relhastriggers OR b.oid IN (SELECT partrelid FROM pg_catalog.pg_partitioned_table)
    UNION ALL
    SELECT y.root, pg_catalog.format('the domain %I', y.name) FROM typ y JOIN pg_catalog.pg_type d ON d.oid = y.oid
    WHERE y.kind = 'd' AND (d.typnotnull OR EXISTS (SELECT 1 FROM pg_catalog.pg_constraint k WHERE k.contypid = y.oid AND k.contype = 'c')))
SELECT pg_catalog.json_build_object(
    'lacking', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('schema', t.schema, 'table', t.name, 'through', l.through, 'user', l.usr,
            'privilege', l.privilege, 'on', l.kind, 'object', l.object, 'owner', pg_catalog.pg_get_userbyid(l.owner))
            ORDER BY t.schema, l.through, l.kind = 'SCHEMA' DESC, l.object, l.privilege, t.name), '[]')
        FROM lacking l CROSS JOIN LATERAL /* table of */ l.root /* as t */),
    'unclear', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('schema', t.schema, 'table', t.name, 'through', u.through, 'why', u.why) ORDER BY t.schema, u.through, u.why, t.name), '[]')
        FROM (SELECT r.root, r.through, CASE
                  WHEN r.lanname NOT IN ('sql', 'plpgsql', 'c', 'internal') THEN 'it is written in ' || r.lanname
                  WHEN r.lanname = 'c' AND r.body ~ '^(autoinc|check_primary_key|check_foreign_key|dblink)' THEN 'it uses what its arguments name'
                  WHEN r.lanname NOT IN ('sql', 'plpgsql') THEN NULL
                  WHEN r.lanname = 'plpgsql' AND b.text ~* E'\\mexecute\\M(?!\\s+(function|procedure))' THEN 'it builds the SQL that it runs'
                  WHEN b.text ~* E'\\m(nextval|setval)\\s*[(]\\s*([^''\\s]|''''\\s*[|])' THEN 'it computes the name of a sequence'
                  WHEN b.other IS NOT NULL AND r.func <> 0 THEN 'it runs ' || pg_catalog.upper(b.other)
                  WHEN r.body ~* E'\\mset_config\\s*[(]\\s*''(role|session_)' THEN 'it changes the role or the session'
                  WHEN (b.raises OR b.asserts) AND b.text ~* E'\\m(current_user|session_user|current_role|pg_has_role|has_\\w+_privilege|inet_\\w+|current_setting|pg_roles|pg_user|pg_stat_activity)\\M'
                      THEN 'it raises an error, depending on who loads'
                  WHEN (b.raises OR b.asserts) AND b.text ~* E'\\mtg_op\\M' THEN 'it raises an error, depending on the operation'
                  WHEN b.raises AND b.text !~* E'\\m(if|case|when|loop)\\M' THEN 'it always raises an error'
                  -- Neither an extension's, which has a default, nor attached to the role, the database or both.
                  WHEN b.setting IS NOT NULL AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_settings x WHERE x.name = pg_catalog.lower(b.setting))
                      AND NOT EXISTS (SELECT 1 FROM stitch s JOIN pg_catalog.pg_db_role_setting d ON d.setrole = 0 OR d.setrole = s.oid
                          CROSS JOIN LATERAL pg_catalog.unnest(d.setconfig) AS o
                          WHERE d.setdatabase IN (0, (SELECT b.oid FROM pg_catalog.pg_database b WHERE b.datname = pg_catalog.current_database()))
                            AND pg_catalog.strpos(pg_catalog.lower(o), pg_catalog.lower(b.setting) || '=') = 1) THEN 'it reads ' || b.setting || ', which Stitch does not set' END AS why
              FROM code r CROSS JOIN LATERAL (SELECT text, text ~* E'\\mraise\\M(?!\\s+(debug|log|info|notice|warning)\\M)' AS raises, text ~* E'\\massert\\M' AS asserts,
                  (pg_catalog.regexp_match(text, E'(?:^|;|\\m(?:begin|then|else|loop|atomic)\\M)\\s*((?:alter|cluster|comment|copy|create(?!\\s+(?:global\\s+|local\\s+)?temp)|drop|grant|import|lock|merge|reassign|refresh|reindex|revoke|security|set\\s+(?:local\\s+|session\\s+)?(?:role|session\\w*))\\M)', 'i'))[1] AS other,
                  (pg_catalog.regexp_match(r.body, E'\\mcurrent_setting\\s*[(]\\s*''(\\w+[.][\\w.]+)''(?:::text)?\\s*[)]', 'i'))[1] AS setting
                  FROM pg_catalog.regexp_replace(r.body, '''[^'']*''', '''''', 'g') AS text) AS b
              UNION SELECT b.root, pg_catalog.format('the trigger %I', g.tgname), 'it can return NULL, and then the row is dropped without an error'
                  FROM below b JOIN pg_catalog.pg_trigger g ON g.tgrelid = b.oid AND NOT g.tgisinternal AND g.tgenabled IN ('O', 'A') AND g.tgtype & 3 = 3
                  JOIN code r ON r.root = b.root AND r.func = g.tgfoid AND r.lanname = 'plpgsql'
                  WHERE r.body ~* E'\\mreturn\\s+null\\M' OR g.tgtype & 8 = 8 AND r.body ~* E'\\mreturn\\s+new\\M' AND r.body !~* E'\\mreturn\\s+(old|coalesce)\\M'
              UNION SELECT r.root, r.through, 'it sets ' || pg_catalog.split_part(o, '=', 1) || ', which needs privileges of its own'
                  FROM code r JOIN pg_catalog.pg_proc p ON p.oid = r.func AND p.proconfig IS NOT NULL CROSS JOIN LATERAL pg_catalog.unnest(p.proconfig) AS o
                  WHERE o NOT LIKE 'search\_path=%' AND o <> 'role=none' AND (o LIKE 'role=%' OR EXISTS (SELECT 1 FROM pg_catalog.pg_settings x
                          WHERE x.name = pg_catalog.split_part(o, '=', 1) AND x.context IN ('superuser', 'superuser-backend')))
                    AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles u WHERE u.rolname = r.usr AND u.rolsuper)
              UNION SELECT w.root, w.through, pg_catalog.format(CASE c.relkind WHEN 'f' THEN 'it uses the foreign table %I.%I, for which each role needs a login' ELSE 'it reads by the view %I.%I, with its own privileges on the tables' END, m.nspname, c.relname)
                  FROM named w JOIN pg_catalog.pg_class c ON c.oid = w.oid JOIN pg_catalog.pg_namespace m ON m.oid = c.relnamespace
                  WHERE c.relkind = 'f' OR c.relkind = 'v' AND pg_catalog.array_to_string(c.reloptions, ' ') ~* E'\\msecurity_invoker=(true|on|yes|1)\\M'
              UNION SELECT w.root, w.through, pg_catalog.format(CASE c.relkind WHEN 'v' THEN 'it writes by the view %I.%I, with its owner''s privileges' ELSE 'it writes to %I.%I, which has row security' END, m.nspname, c.relname)
                  FROM named w JOIN pg_catalog.pg_class c ON c.oid = w.oid JOIN pg_catalog.pg_namespace m ON m.oid = c.relnamespace CROSS JOIN stitch s
                  WHERE w.privilege IN ('INSERT', 'UPDATE', 'DELETE') AND (c.relkind = 'v' OR c.relrowsecurity AND (c.relforcerowsecurity
                      OR NOT CASE WHEN w.usr = s.name AND (/* moves */) THEN true WHEN w.usr = 'public' THEN false ELSE pg_catalog.pg_has_role(w.usr, c.relowner, 'USAGE') END)
                      AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles u WHERE u.rolname = w.usr AND (u.rolsuper OR u.rolbypassrls)))
              UNION SELECT w.root, w.through, 'it names ' || w.word || ' without a schema, and finds none by the role''s search_path' FROM named w
                  WHERE w.oid IS NULL AND w.bare AND w.privilege IN ('INSERT', 'UPDATE', 'DELETE') AND EXISTS (SELECT 1 FROM pg_catalog.pg_class c
                      WHERE c.relname = pg_catalog.lower(w.word)::name AND c.relkind IN ('r', 'p', 'v', 'f') AND c.oid >= 16384)) AS u
        CROSS JOIN LATERAL /* table of */ u.root /* as t */ WHERE u.why IS NOT NULL),
    'instead', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('schema', t.schema, 'table', t.name, 'object', w.rulename, 'also', NOT w.is_instead) ORDER BY t.schema, t.name, w.rulename), '[]')
        FROM tbl t JOIN pg_catalog.pg_rewrite w ON w.ev_class = t.oid AND w.ev_type <> '1' AND w.ev_enabled IN ('O', 'A') AND (w.is_instead
            OR w.ev_type IN ('2', '3') AND EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = t.oid AND i.indisunique))
        WHERE t.relhasrules),
    'secured', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('schema', schema, 'table', name) ORDER BY schema, name), '[]') FROM tbl WHERE secured),
    'referenced', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('schema', t.schema, 'table', t.name, 'object', pg_catalog.format('%I.%I', n.nspname, c.relname),
            'constraint', k.conname, 'owner', pg_catalog.pg_get_userbyid(c.relowner)) ORDER BY t.schema, t.name, n.nspname, c.relname), '[]')
        FROM below v CROSS JOIN LATERAL /* table of */ v.root /* as t */ CROSS JOIN LATERAL (SELECT DISTINCT d.objid AS oid FROM pg_catalog.pg_depend d
            WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = v.oid AND d.classid = 'pg_catalog.pg_constraint'::regclass) AS d
        JOIN pg_catalog.pg_constraint k ON k.oid = d.oid AND k.contype = 'f' AND k.confrelid = v.oid AND /* own constraint */
        JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        -- A foreign key is a trigger on both sides, unless they are partitioned.
        WHERE NOT t.relispartition AND (v.relhastriggers OR v.oid IN (SELECT partrelid FROM pg_catalog.pg_partitioned_table))
          AND NOT EXISTS (SELECT 1 FROM below b WHERE b.root = v.root AND b.oid = k.conrelid)),
    'wide', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('schema', schema, 'table', name, 'columns', columns) ORDER BY schema, name), '[]')
        FROM (SELECT root, pg_catalog.max(relnatts) AS columns FROM below WHERE relnatts > 1580 GROUP BY root) AS w
        CROSS JOIN LATERAL /* table of */ w.root /* as t */ WHERE NOT t.relispartition),
    'shaped', (SELECT coalesce(pg_catalog.json_agg(DISTINCT pg_catalog.jsonb_build_object('schema', schema, 'table', name, 'why', why, 'object', object)), '[]') FROM (
        SELECT schema, name, 'typed' AS why, pg_catalog.format_type(reloftype, NULL) AS object FROM tbl WHERE reloftype <> 0
        UNION ALL
        SELECT t.schema, t.name, CASE WHEN t.relispartition THEN 'partition' ELSE 'child' END, pg_catalog.format('%I.%I', n.nspname, c.relname)
        FROM tbl t JOIN pg_catalog.pg_inherits i ON i.inhrelid = t.oid JOIN pg_catalog.pg_class c ON c.oid = i.inhparent JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE NOT t.relispartition OR n.oid NOT IN (SELECT oid FROM chosen)
        UNION ALL
        SELECT schema, name, 'empty', '' FROM tbl WHERE relkind = 'p' AND NOT relispartition AND oid NOT IN (SELECT root FROM child)
        UNION ALL
        SELECT t.schema, t.name, k.why, k.object FROM tbl t CROSS JOIN LATERAL (
            SELECT CASE WHEN i.indimmediate THEN 'generated' ELSE 'deferrable' END AS why, pg_catalog.quote_ident(CASE WHEN i.indimmediate THEN a.attname
                ELSE (SELECT c.relname FROM pg_catalog.pg_class c WHERE c.oid = i.indexrelid) END) AS object
            FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (/* keys of i */)
            WHERE i.indrelid = t.oid AND (NOT i.indimmediate OR i.indisunique AND (a.attidentity = 'a' OR /* generated */)) OFFSET 0) AS k
        WHERE t.relhasindex AND NOT t.relispartition
        UNION ALL
        SELECT DISTINCT t.schema, t.name, 'gap', pg_catalog.format('%I.%I', n.nspname, c.relname)
        FROM below b JOIN pg_catalog.pg_partitioned_table k ON k.partrelid = b.oid CROSS JOIN LATERAL /* table of */ b.root /* as t */
        JOIN pg_catalog.pg_class c ON c.oid = b.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        CROSS JOIN LATERAL (SELECT count(*) AS parts, sum(1.0 / pg_catalog.substring(x.bound, E'modulus (\\d+)')::int) AS hashes, pg_catalog.bool_or(x.bound ~ /* everything */) AS whole
            FROM (SELECT pg_catalog.pg_get_expr(p.relpartbound, p.oid) AS bound FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class p ON p.oid = i.inhrelid WHERE i.inhparent = b.oid) AS x) AS x
        WHERE NOT t.relispartition AND (x.parts > 0 OR b.oid <> b.root) AND coalesce(NOT x.whole, true) AND coalesce(x.hashes < 0.999, true)
        UNION ALL
        SELECT t.schema, t.name, 'access', a.amname FROM below b JOIN pg_catalog.pg_am a ON a.oid = b.relam AND a.amname <> 'heap'
        CROSS JOIN LATERAL /* table of */ b.root /* as t */ WHERE NOT t.relispartition
        UNION ALL
        SELECT t.schema, t.name, 'rejected', c.lacking FROM tbl t CROSS JOIN LATERAL (SELECT pg_catalog.string_agg(w.name, ', ' ORDER BY w.name) AS lacking
            FROM (VALUES ('_sdc_rejected_at'), ('reason'), ('record'), ('table_name')) AS w(name)
            WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.oid AND a.attname = w.name AND NOT a.attisdropped
                AND (SELECT y.typcategory FROM pg_catalog.pg_type y WHERE y.oid = a.atttypid) IN ('S', CASE w.name WHEN '_sdc_rejected_at' THEN 'D' END))) AS c
        WHERE t.name = '_sdc_rejected' AND c.lacking IS NOT NULL
        UNION ALL
        SELECT n.nspname, c.relname, 'no table', '' FROM chosen n JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = '_sdc_rejected' AND c.relkind NOT IN ('r', 'p')
        UNION ALL
        SELECT t.schema, t.name, 'subscribed', pg_catalog.quote_ident(s.subname) FROM pg_catalog.pg_subscription_rel r JOIN below b ON b.oid = r.srrelid
        JOIN pg_catalog.pg_stat_subscription s ON s.subid = r.srsubid CROSS JOIN LATERAL /* table of */ b.root /* as t */ WHERE NOT t.relispartition
        UNION ALL
        -- The numbers of a column are those of its type and of its sequence. The function waits for a session that alters the sequence.
        SELECT t.schema, t.name, CASE WHEN x.last < x.most THEN 'numbers' ELSE 'no numbers' END, pg_catalog.format('%I (%s of %s)', x.attname, x.last, x.most)
        FROM tbl t CROSS JOIN LATERAL (SELECT a.attname, m.most, CASE WHEN pg_catalog.has_sequence_privilege(q.seqrelid, 'SELECT, USAGE') AND NOT pg_catalog.pg_is_in_recovery()
                AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_locks l WHERE l.relation = q.seqrelid AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'))
                THEN pg_catalog.pg_sequence_last_value(q.seqrelid) END AS last
            FROM (SELECT x.adnum AS num, d.refobjid AS seq FROM (SELECT x.oid, x.adnum FROM pg_catalog.pg_attrdef x WHERE x.adrelid = t.oid OFFSET 0) AS x
                CROSS JOIN LATERAL (SELECT d.refobjid FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = x.oid
                    AND d.refclassid = 'pg_catalog.pg_class'::regclass OFFSET 0) AS d
                UNION SELECT d.refobjsubid, d.objid FROM pg_catalog.pg_depend d WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = t.oid
                    AND d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype = 'i' AND d.refobjsubid > 0) AS k
            CROSS JOIN LATERAL (SELECT * FROM pg_catalog.pg_sequence q WHERE q.seqrelid = k.seq AND NOT q.seqcycle AND q.seqincrement > 0 OFFSET 0) AS q
            JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.num
            CROSS JOIN LATERAL (SELECT LEAST(q.seqmax, CASE a.atttypid WHEN 'int2'::regtype THEN 32767 WHEN 'int4'::regtype THEN 2147483647 ELSE q.seqmax END) AS most) AS m
            WHERE m.most < 9223372036854775807 OFFSET 0) AS x
        WHERE x.last >= x.most * 0.9
        UNION ALL
        SELECT t.schema, t.name, 'limits', l.what FROM (SELECT root, pg_catalog.string_agg(DISTINCT what, ', ') AS what FROM limits GROUP BY root) AS l
        CROSS JOIN LATERAL /* table of */ l.root /* as t */ WHERE NOT t.relispartition) AS s),
    'unidentified', (SELECT coalesce(pg_catalog.json_agg(DISTINCT pg_catalog.jsonb_build_object('schema', t.schema, 'table', t.name, 'partly', k.columns IS NOT NULL)), '[]')
        FROM published u JOIN below b ON b.oid = u.relid JOIN pg_catalog.pg_class c ON c.oid = b.oid CROSS JOIN LATERAL /* table of */ b.root /* as t */
        CROSS JOIN LATERAL (SELECT pg_catalog.array_agg(a.attnum) AS columns FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            AND (c.relreplident = 'f' OR a.attnum = ANY ((SELECT /* keys of i */ FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indimmediate
                AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident END)::int2[]))) AS k
        WHERE NOT t.relispartition AND (k.columns IS NULL OR NOT k.columns <@ u.columns OR /* partly published */)),
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
