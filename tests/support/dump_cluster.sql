-- Everything that belongs to all databases; see Postgres::dump.
\set volatile '{datfrozenxid,datminmxid}'
select format($$select 'catalog %1$s ' || (to_jsonb(t) - %2$L::text[])::text from pg_catalog.%1$I t order by 1$$, c.relname, :'volatile')
from pg_class c
where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind = 'r' and c.relisshared
order by c.relname
\gexec
select 'setting ' || name || ' = ' || coalesce(setting, '') || ' in ' || regexp_replace(sourcefile, '.*/', '') from pg_file_settings order by seqno;
select 'hba ' || to_jsonb(h)::text from pg_hba_file_rules h order by line_number;
