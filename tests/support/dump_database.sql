-- Everything in this database's catalogs; see Postgres::dump. One line per row that somebody made. Of the rows that
-- initdb made (their number is below 16384) one line per catalog: how many, and a checksum of the grants on them.
\set volatile '{relpages,reltuples,relallvisible,relallfrozen,relfrozenxid,relminmxid,relhastriggers,relhasindex}'
with catalog as (
    select c.oid, c.relname,
        (select a.attname from pg_attribute a
         where a.attrelid = c.oid
             and a.attname in ('oid', 'attrelid', 'indexrelid', 'aggfnoid', 'objid', 'objoid', 'seqrelid', 'mapcfg')
         order by a.attname <> 'oid', a.attnum limit 1) as key,
        (select a.attname from pg_attribute a
         where a.attrelid = c.oid and a.attname like '%acl' and a.atttypid = 'aclitem[]'::regtype limit 1) as acl
    from pg_class c
    where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind = 'r' and not c.relisshared
        and c.relname not in ('pg_statistic', 'pg_statistic_ext_data', 'pg_largeobject')
)
select format($$select 'catalog %1$s ' || (to_jsonb(t) - %2$L::text[])::text from pg_catalog.%1$I t where %3$s order by 1$$,
        relname, :'volatile',
        -- The grants on schemas are what most tests are about.
        case when relname = 'pg_namespace' then 'nspname !~ ''^pg_(toast_)?temp_''' -- stay behind a temporary table
            when key is null then 'true' else format('%I::oid >= 16384', key) end),
    format($$select 'catalog %1$s of initdb ' || count(*) || coalesce(' ' || md5(string_agg(%2$s, ' ' order by %3$s, %2$s)), '')
        from pg_catalog.%1$I where %3$s < 16384$$,
        relname,
        coalesce(quote_ident(acl) || '::text', 'null'),
        case when key is null then '16384' else quote_ident(key) || '::oid' end)
from catalog
order by relname
\gexec
select format(
    $$select %2$L || count(*) || ' rows ' || coalesce(md5(string_agg(t::text, ' ' order by t::text)), '') from (select * from %1$s) t$$, -- a sequence has no row type
    c.oid::regclass, format('table %s ', c.oid::regclass))
from pg_class c
where c.oid >= 16384 and c.relkind in ('r', 'S', 'm') and c.relnamespace <> 'pg_toast'::regnamespace and c.relpersistence <> 't'
order by c.oid
\gexec
