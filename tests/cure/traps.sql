-- Plants a trap for every name of the system that stitch-pg's own text holds, in each of the schemas where somebody could:
-- the same signature, and others that match better. A trap tells the server's log, which nothing takes back.
SET client_min_messages = error;
SET log_statement = 'none';
SET search_path = pg_catalog;
CREATE TEMP TABLE planted (kind text, name text);
DO $plant$
DECLARE
  words text[] := /* words */;
  signs text[] := /* signs */;
  places text[] := /* places */;
  place text;
  body text;
  made int := 0;
  r record;
BEGIN
  FOREACH place IN ARRAY places LOOP
    EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I', place);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO public', place);
    EXECUTE format('CREATE FUNCTION %I.sprung(text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS %L', place,
      'BEGIN RAISE LOG ''TRAP % for %'', $1, session_user; RETURN true; END');
    FOR r IN
      WITH known AS (
        SELECT p.proname, p.prokind, p.proretset OR coalesce(p.proargmodes::text ~ '[obt]', false) OR p.prorettype = 'void'::regtype AS bare,
               CASE p.prokind WHEN 'a' THEN pg_get_function_identity_arguments(p.oid) ELSE pg_get_function_arguments(p.oid) END AS args,
               pg_get_function_result(p.oid) AS result
        FROM pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname = ANY (words) AND p.prokind IN ('f', 'a')
          AND pg_get_function_arguments(p.oid) !~ 'internal|cstring')
      SELECT DISTINCT k.proname, k.prokind, k.bare, k.result, v.args
      FROM known k CROSS JOIN LATERAL (
        SELECT k.args
        UNION SELECT regexp_replace(k.args, '\mtext\M(?!\[)', 'name', 'g')
        UNION SELECT regexp_replace(k.args, 'VARIADIC "any"', array_to_string(array_fill(t, ARRAY[n]), ', '))
              FROM unnest(ARRAY['text', 'name']) t, generate_series(1, 4) n WHERE k.args ~ 'VARIADIC "any"'
        UNION SELECT regexp_replace(k.args, '(?<!VARIADIC )"any"', t, 'g') FROM unnest(ARRAY['text', 'name']) t
        UNION SELECT regexp_replace(k.args, '\minteger\M', 'oid', 'g')) v
    LOOP
      body := format('TRAP %s(%s)', r.proname, replace(r.args, '%', ''));
      BEGIN
        IF r.prokind = 'a' THEN
          made := made + 1;
          EXECUTE format('CREATE FUNCTION %I.aggregate_%s(text%s) RETURNS text LANGUAGE plpgsql AS %L', place, made,
            CASE WHEN r.args = '' THEN '' ELSE ', ' || r.args END,
            format('BEGIN RAISE LOG ''%%, aggregate, for %%'', %L, session_user; RETURN $1; END', body));
          EXECUTE format('CREATE AGGREGATE %I.%I(%s) (SFUNC = %I.aggregate_%s, STYPE = text, INITCOND = ''0'')', place, r.proname,
            CASE WHEN r.args = '' THEN '*' ELSE r.args END, place, made);
          INSERT INTO planted VALUES ('aggregates', r.proname);
        ELSE
          EXECUTE format('CREATE FUNCTION %I.%I(%s) RETURNS %s IMMUTABLE LANGUAGE plpgsql AS %L', place, r.proname, r.args, r.result,
            format('BEGIN RAISE LOG ''%%, function, for %%'', %L, session_user; RETURN%s; END', body, CASE WHEN r.bare THEN '' ELSE ' NULL' END));
          INSERT INTO planted VALUES ('functions', r.proname);
        END IF;
      EXCEPTION WHEN OTHERS THEN NULL; -- no language but C takes it, or it is there already
      END;
    END LOOP;
    FOR r IN
      SELECT o.oprname, format_type(nullif(o.oprleft, 0), NULL) AS l, format_type(o.oprright, NULL) AS rt, format_type(o.oprresult, NULL) AS result
      FROM pg_operator o WHERE o.oprnamespace = 'pg_catalog'::regnamespace AND o.oprname = ANY (signs) AND o.oprright <> 0
      UNION SELECT s, t.l, t.rt, CASE s WHEN '||' THEN 'text' ELSE 'boolean' END
      FROM unnest(ARRAY['=', '<>', '<', '>', '<=', '>=', '~', '||']) s, (VALUES ('oid', 'integer'), ('oid', 'bigint'), ('integer', 'oid'),
        ('name', 'name'), ('name', 'text'), ('text', 'name'), ('name', 'character varying'), ('"char"', 'text')) t (l, rt)
    LOOP
      BEGIN
        made := made + 1;
        EXECUTE format('CREATE FUNCTION %I.operator_%s(%s%s) RETURNS %s IMMUTABLE LANGUAGE plpgsql AS %L', place, made,
          coalesce(r.l || ', ', ''), r.rt, r.result,
          format('BEGIN RAISE LOG ''TRAP %%, operator, for %%'', %L, session_user; RETURN NULL; END', format('%s %s %s', r.l, r.oprname, r.rt)));
        EXECUTE format('CREATE OPERATOR %I.%s (%s RIGHTARG = %s, PROCEDURE = %I.operator_%s)', place, r.oprname,
          coalesce(format('LEFTARG = %s,', r.l), ''), r.rt, place, made);
        INSERT INTO planted VALUES ('operators', r.oprname);
      EXCEPTION WHEN OTHERS THEN NULL;
      END;
    END LOOP;
    FOR r IN SELECT typname FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace AND typname = ANY (words) AND typtype = 'b' AND typcategory <> 'A'
    LOOP
      EXECUTE format('CREATE DOMAIN %I.%I AS %I CHECK (%I.sprung(%L))', place, r.typname, r.typname, place, 'type ' || r.typname);
      INSERT INTO planted VALUES ('types', r.typname);
    END LOOP;
    FOR r IN SELECT c.relname, string_agg(quote_ident(a.attname), ', ') AS columns
             FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid <> 'anyarray'::regtype
             WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relname = ANY (words) AND c.relkind IN ('r', 'v') GROUP BY c.relname
    LOOP
      EXECUTE format('CREATE VIEW %I.%I AS SELECT %s FROM %I WHERE %I.sprung(%L)', place, r.relname, r.columns, r.relname, place, 'relation ' || r.relname);
      EXECUTE format('GRANT SELECT ON %I.%I TO public', place, r.relname);
      INSERT INTO planted VALUES ('relations', r.relname);
    END LOOP;
  END LOOP;
END
$plant$;
SELECT kind || ' ' || count(*) FROM planted GROUP BY kind ORDER BY kind;
