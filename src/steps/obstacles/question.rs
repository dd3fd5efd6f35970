//! The catalog's answer to "what would refuse a load into these tables once Stitch's role owns them?", as one question.
//! Nothing of the users' own is run for it: the bodies of their functions and rules are read as text.

/// Whether tables that are not the Stitch role's are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owners {
    /// They are, where they do not change hands.
    Listed,
    /// The ownership step lists them itself.
    Left,
}

/// The question. `version`: the server's.
pub(super) fn question(version: i32, owners: Owners) -> String {
    // `pg_get_publication_tables` and partitions exist from 10 on; before 11 there are no procedures.
    let kind = if version < 110_000 {
        "NOT p.proisagg"
    } else {
        "p.prokind IN ('f', 'p')"
    };
    let generated = if version < 120_000 {
        "false"
    } else {
        "a.attgenerated <> ''"
    };
    let listed = match owners {
        Owners::Listed => "true",
        Owners::Left => "false",
    };
    let enforced = if version < 180_000 { "true" } else { "k.conenforced" };
    // Compiling this question would take longer than answering it.
    let (own, setting) = if version < 110_000 {
        ("true", "")
    } else {
        ("k.conparentid = 0", "SET LOCAL jit = off;")
    };
    let partly = if version < 150_000 { "false" } else { PARTLY_PUBLISHED };
    // Generated columns of a replica identity have to be published from 18 on.
    let columns = if version < 180_000 {
        "NULL::int2[]"
    } else {
        "g.attrs::int2[]"
    };
    let (keys_of_i, keys_of_o) = if version < 110_000 {
        ("i.indkey::int2[]", "o.indkey::int2[]")
    } else {
        (
            "(i.indkey::int2[])[0:i.indnkeyatts - 1]",
            "(o.indkey::int2[])[0:o.indnkeyatts - 1]",
        )
    };
    // A fragment may hold others.
    let fragments = [
        ("/* start of code */", START_OF_CODE),
        ("/* named in code */", NAMED),
        ("/* relation */", RELATION),
        ("/* called in code */", CALLED),
        ("/* names 1 2 */", &NAMES.replace("/* words */", "m[1], m[2]")),
        ("/* names 3 4 */", &NAMES.replace("/* words */", "m[3], m[4]")),
        ("/* identifier */", IDENTIFIER),
        ("/* body */", BODY),
        ("/* path */", PATH),
        ("/* runs as */", RUNS_AS),
        ("/* table of */", TABLE_OF),
        ("/* as t */", AS_T),
        ("/* moves */", MOVES),
        ("/* plain function */", kind),
        ("/* generated */", generated),
        ("/* owners are listed */", listed),
        ("/* enforced */", enforced),
        ("/* own constraint */", own),
        ("/* partly published */", partly),
        ("/* published columns */", columns),
        ("/* everything */", EVERYTHING),
        ("/* keys of i */", keys_of_i),
        ("/* keys of o */", keys_of_o),
    ];
    fragments
        .into_iter()
        .fold(format!("{setting}{QUESTION}"), |text, (hole, fragment)| {
            text.replace(hole, fragment)
        })
}

/// What a function `p` in the language `l` is, as a row of `code`.
const START_OF_CODE: &str = "p.oid AS func, l.lanname, /* body */ AS body, /* path */ AS path";

/// The text of a function without its comments.
const BODY: &str = r"pg_catalog.regexp_replace(pg_catalog.regexp_replace(
        CASE WHEN p.prosrc = '' AND /* plain function */ THEN pg_catalog.pg_get_functiondef(p.oid) ELSE p.prosrc END,
        E'--[^\n]*', ' ', 'g'), E'/[*]([^*]|[*]+[^*/])*[*]+/', ' ', 'g')";

/// The schemas in which `p` looks for a name that comes without one.
const PATH: &str = r#"(SELECT pg_catalog.array_agg(CASE WHEN s = '"$user"' OR s = '$user' THEN (SELECT name FROM stitch)
            WHEN s LIKE '"%' THEN pg_catalog.replace(pg_catalog.substr(s, 2, pg_catalog.length(s) - 2), '""', '"')::name ELSE pg_catalog.lower(s)::name END)
        FROM pg_catalog.regexp_split_to_table(coalesce((SELECT pg_catalog.substr(o, 13) FROM pg_catalog.unnest(p.proconfig) AS o
            WHERE o LIKE 'search\_path=%'), (SELECT usual_path FROM stitch)), E'\\s*,\\s*') AS s)"#;

/// A table by its number, which comes between this and [`AS_T`]. A row costs one look into an index, whatever the planner guesses
/// about the number of rows (`OFFSET 0` keeps it from reading all tables instead).
const TABLE_OF: &str = "(SELECT q.nspname AS schema, r.relname AS name, r.relispartition
            FROM pg_catalog.pg_class r JOIN pg_catalog.pg_namespace q ON q.oid = r.relnamespace WHERE r.oid =";

const AS_T: &str = "OFFSET 0) AS t";

/// Whether the relation `c` changes hands: what is in the chosen schemas and of the kinds `$3`; a sequence with the table it
/// belongs to.
const MOVES: &str = "CASE WHEN c.relkind <> 'S' THEN pg_catalog.strpos($3, c.relkind::text) > 0 AND c.relnamespace IN (SELECT oid FROM chosen)
            ELSE coalesce((SELECT y.relkind IN ('r', 'p') AND y.relnamespace IN (SELECT oid FROM chosen)
                FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class y ON y.oid = d.refobjid
                WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')
                  AND d.refclassid = 'pg_catalog.pg_class'::regclass LIMIT 1),
                pg_catalog.strpos($3, 'S') > 0 AND c.relnamespace IN (SELECT oid FROM chosen)) END";

/// With whose rights `p` runs when `usr` sets it off.
const RUNS_AS: &str = "CASE WHEN NOT p.prosecdef THEN usr WHEN pg_catalog.strpos($3, 'F') > 0 AND p.pronamespace IN (SELECT oid FROM chosen)
        THEN (SELECT name FROM stitch) ELSE pg_catalog.pg_get_userbyid(p.proowner) END";

/// A name in code.
const IDENTIFIER: &str = r#"("(?:[^"]|"")+"|[[:alpha:]_][\\w$]*)"#;

/// The names that a match has, as the catalog has them.
const NAMES: &str = r#"(SELECT pg_catalog.array_agg(CASE WHEN w LIKE '"%' THEN pg_catalog.replace(pg_catalog.substr(w, 2, pg_catalog.length(w) - 2), '""', '"') ELSE pg_catalog.lower(w) END ORDER BY i) AS w
                FROM pg_catalog.unnest(ARRAY[/* words */]) WITH ORDINALITY AS x(w, i) WHERE w IS NOT NULL)"#;

/// The relations that a text in `r.body` reads and writes, statement by statement: the privilege, the name, and which relation
/// that is. After a comma and `USING`, only a name with a schema is one for sure. What chooses rows by their columns reads them.
const NAMED: &str = r#"(SELECT p.privilege, m[4] IS NULL AS bare, coalesce(m[4], m[3]) AS word, t.oid,
           CASE p.privilege WHEN 'INSERT' THEN ',' || pg_catalog.lower(pg_catalog.regexp_replace(m[5], E'[\\s"]', '', 'g')) || ',' END AS columns
       FROM pg_catalog.regexp_split_to_table(r.body, ';') AS z CROSS JOIN LATERAL pg_catalog.regexp_matches(z,
           E'(?:\\m(?:(insert\\s+into|update(?:\\s+only)?|delete\\s+from(?:\\s+only)?|truncate(?:\\s+table)?(?:\\s+only)?|from(?:\\s+only)?|join|using)\\s+|(nextval|setval)\\s*[(]\\s*'')|,\\s*(?=[\\w$"]+[.][\\w$"]+\\s*(?:[^\\w$"(\\s.]|\\s\\w|$)))/* identifier */(?:\\s*[.]\\s*/* identifier */)?(?:\\s*[(]([\\w\\s,"$]+)[)])?',
           'gi') AS m
       CROSS JOIN LATERAL (SELECT /* relation */ AS oid OFFSET 0) AS t
       CROSS JOIN LATERAL (SELECT z ~* E'\\m(where|returning)\\M|\\mset\\s+(\\w+)\\s*=[^,]*(?<![.])\\m\\2\\M' AS reads) AS c
       CROSS JOIN LATERAL pg_catalog.unnest(CASE pg_catalog.lower(pg_catalog.substr(coalesce(m[1], m[2]), 1, 4))
           WHEN 'inse' THEN CASE WHEN z ~* E'\\mdo\\s+update\\M' THEN ARRAY['INSERT', 'UPDATE'] ELSE ARRAY['INSERT'] END
           WHEN 'upda' THEN CASE WHEN c.reads THEN ARRAY['UPDATE', 'SELECT'] ELSE ARRAY['UPDATE'] END
           WHEN 'dele' THEN CASE WHEN c.reads THEN ARRAY['DELETE', 'SELECT'] ELSE ARRAY['DELETE'] END
           WHEN 'trun' THEN ARRAY['TRUNCATE'] WHEN 'next' THEN ARRAY['USAGE'] WHEN 'setv' THEN ARRAY['UPDATE'] ELSE ARRAY['SELECT'] END) AS p(privilege))"#;

/// The relation that `m[3]`, or `m[3].m[4]`, names.
const RELATION: &str = "(SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            CROSS JOIN LATERAL /* names 3 4 */ AS q
            WHERE c.relname = q.w[pg_catalog.array_length(q.w, 1)]::name AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
              AND CASE WHEN m[4] IS NULL THEN coalesce(m[1], m[2]) !~* '^using' AND n.nspname = ANY (r.path) ELSE n.nspname = q.w[1]::name END
            ORDER BY pg_catalog.array_position(r.path, n.nspname) LIMIT 1)";

/// The functions that a text in `r.body` calls: those of users, and those of PostgreSQL that have an access list of their own.
const CALLED: &str = r"(SELECT f.oid FROM pg_catalog.regexp_matches(r.body, E'/* identifier */(?:[.]/* identifier */)?\\s*[(]', 'g') AS m
            CROSS JOIN LATERAL /* names 1 2 */ AS q
            JOIN pg_catalog.pg_proc f ON f.proname = q.w[pg_catalog.array_length(q.w, 1)]::name AND (f.oid >= 16384 OR f.proacl IS NOT NULL)
            JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace
                AND CASE WHEN m[2] IS NULL THEN n.nspname = ANY (r.path) OR f.oid < 16384 ELSE n.nspname = q.w[1]::name END)";

/// Whether a publication's filter reads a column beyond the replica identity of `c`, or its list of columns lacks one of it.
/// A root's hold for what is published as it.
const PARTLY_PUBLISHED: &str = r"EXISTS (SELECT 1 FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication u ON u.oid = r.prpubid AND (u.pubupdate OR u.pubdelete)
            WHERE (r.prrelid = c.oid OR u.pubviaroot AND r.prrelid = b.root) AND (NOT k.columns <@ r.prattrs::int2[] OR EXISTS (
                SELECT 1 FROM pg_catalog.regexp_matches(r.prqual::text, ':varattno (\d+)', 'g') AS m WHERE NOT m[1]::int2 = ANY (k.columns))))";

/// What `pg_get_expr` calls a partition that takes every row.
const EVERYTHING: &str = r"E'^(DEFAULT|FOR VALUES FROM \\((MINVALUE(, )?)+\\) TO \\((MAXVALUE(, )?)+\\))$'";

/// `$1`: the schemas as JSON; `$2`: the Stitch role; `$3`: the kinds of objects that it owns in them then, `r`, `p` and
/// those of `--include`; `$4`: `keep` where the present owners go on reading.
///
/// `below`: the tables and what `ALTER TABLE` and writes reach from them; `child` is that without the tables themselves. `code`: what a write to one of them runs, and what
/// that calls, three calls deep. An owner's rights are looked up in the list of privileges as it will be after the move,
/// since an owner may have revoked some of its own.
const QUESTION: &str = include_str!("question.sql");
