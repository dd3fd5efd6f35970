//! A transfer while the warehouse is in use, a transfer that is cut off, and transfers of many objects.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio_postgres::{Client, Config, NoTls};

use crate::cure::ownership::LOADED;
use crate::support::postgres::POSTGRES_PASSWORD;
use crate::support::process::{DEADLINE, poll};
use crate::support::proxy::{CountingProxy, Fault, Side};
use crate::support::wizard::{Said, Wizard};
use crate::support::{Postgres, PostgresOptions};

const LEFT: &str = "select coalesce(string_agg(relname, ' ' order by relname), '') from pg_class
    where relnamespace = 'shop'::regnamespace and relkind in ('r', 'p') and pg_get_userbyid(relowner) <> 'stitch'";

/// The role `loader` with so many tables in the schema `shop`.
fn warehouse(server: &Postgres<'_>, tables: usize, columns: &str) {
    server.psql_in(
        "stitch",
        &format!(
            "do $$ begin
               for i in 1..{tables} loop
                 execute format('create table shop.t%s ({columns})', i); execute format('alter table shop.t%s owner to loader', i);
                 if i % 50 = 0 then commit; end if;
               end loop; end $$"
        ),
    );
}

fn ready<'a>(server: &'a Postgres<'a>) -> Wizard<'a> {
    let wizard = Wizard::dba(server);
    wizard.setup().exits(0);
    server.psql("set role dba; create role loader");
    server.psql_in("stitch", "create schema shop authorization loader");
    wizard.set("--schema", "shop").set("--only", "ownership")
}

/// How many connections ran blocks of statements since this much of the log.
fn workers(server: &Postgres<'_>, since: usize) -> usize {
    let log = server.log();
    let blocks = log[since..]
        .lines()
        .filter(|line| line.contains("statement: DO 'DECLARE"));
    let pids = blocks.filter_map(|line| line.split_once('[')?.1.split_once(']'));
    pids.map(|(pid, _)| pid).collect::<BTreeSet<&str>>().len()
}

/// Owner and rights of one table, and of all tables the number.
const ONE_AND_ALL: &str = "select pg_get_userbyid(relowner), relacl, count(*) from pg_class
    where relnamespace = 'shop'::regnamespace and relkind = 'r' group by 1, 2";

#[test]
fn two_connections_share_the_work_and_one_does_it_as_well() {
    let server = Postgres::start_with(PostgresOptions::new().log_statements()).expect("the default version");
    let wizard = ready(&server);
    warehouse(&server, 1600, "id int");
    let whole = server.psql_in("stitch", ONE_AND_ALL);
    assert_eq!(whole, "loader||1600");
    let since = server.log().len();
    let by_two = wizard
        .clone()
        .admin("postgres", crate::support::postgres::POSTGRES_PASSWORD);
    by_two.setup().exits(0);
    assert_eq!(workers(&server, since), 2);
    let moved = server.psql_in("stitch", ONE_AND_ALL);
    assert_eq!(moved, "stitch|{stitch=arwdDxt/stitch,loader=r/stitch}|1600");
    by_two.is_settled(&[]);

    // Back, and once more by a login that gets no further connection to the database.
    server.psql_in(
        "stitch",
        "do $$ begin for i in 1..1600 loop execute format('alter table shop.t%s owner to loader', i); if i % 50 = 0 then commit; end if; end loop; end $$;
         alter schema shop owner to loader; grant create on database stitch to loader",
    );
    server.psql("create role mover login connection limit 2 password 'mover-secret' in role loader, stitch");
    let since = server.log().len();
    wizard.admin("mover", "mover-secret").setup().exits(0);
    assert_eq!(workers(&server, since), 1);
    assert_eq!(server.psql_in("stitch", ONE_AND_ALL), moved);
}

/// A connection as the owner the tables have at first, from this process.
async fn connect(server: &Postgres<'_>, user: &str) -> Client {
    let socket = server.socket();
    let (client, connection) = Config::new()
        .host_path(socket.parent().expect("a socket is in a folder"))
        .port(server.port())
        .user(user)
        .dbname("stitch")
        .connect(NoTls)
        .await
        .expect("the server lets the test in");
    tokio::spawn(connection);
    client
}

/// Runs it on a thread's own runtime.
fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

/// Autovacuum must go through one table, slowly, and no other session can cancel it.
fn slow_autovacuum(server: &Postgres<'_>) {
    server.psql_in(
        "stitch",
        "alter table shop.t2 set (autovacuum_freeze_max_age = 100000, autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1,
             autovacuum_vacuum_threshold = 1000000, autovacuum_vacuum_insert_threshold = -1, autovacuum_analyze_threshold = 1000000);
         insert into shop.t2 (said) select repeat('x', 500) from generate_series(1, 20000)",
    );
    // As other programs that load and read, whichever role owns the tables.
    server.psql("create role other login; grant pg_read_all_data, pg_write_all_data to other");
    server.psql_in(
        "stitch",
        "do $$ begin for i in 1..101000 loop perform txid_current(); commit; end loop; end $$",
    );
    let vacuum =
        "select count(*) from pg_stat_activity where query like 'autovacuum: %shop.t2 (to prevent wraparound)'";
    poll(DEADLINE, || (server.psql(vacuum) == "1").then_some(())).expect("autovacuum comes");
}

/// Ends the threads of a test that fails, which would be waited for.
struct StopOnDrop<'a>([&'a AtomicBool; 2]);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.iter().for_each(|stop| stop.store(true, Ordering::Relaxed));
    }
}

/// In the transfer, in a whole run, and in the test load: beside a dump and autovacuum, with readers and writers of all
/// tables.
#[test]
fn nobody_waits_long_for_a_run() {
    let options = PostgresOptions::new().conf("autovacuum_naptime", "1s");
    let server = Postgres::start_with(options).expect("the default version");
    let wizard = ready(&server);
    warehouse(&server, 60, "id serial primary key, said text");
    slow_autovacuum(&server);
    let (over, longest, turns) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    let left = AtomicBool::new(false);
    thread::scope(|scope| {
        let _ends = StopOnDrop([&over, &left]);
        let dump = scope.spawn(|| {
            block_on(async {
                let client = connect(&server, "postgres").await;
                client
                    .simple_query("begin; lock table shop.t1 in access share mode")
                    .await
                    .expect("the lock");
                while !left.load(Ordering::Relaxed) {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            });
        });
        let held = "select count(*) from pg_locks where relation = 'shop.t1'::regclass and mode = 'AccessShareLock'";
        poll(DEADLINE, || (server.psql_in("stitch", held) != "0").then_some(())).expect("the lock is held");
        // Readers of all tables, the held ones too, and writers.
        let load = |worker: usize| {
            let (over, longest, turns, server) = (&over, &longest, &turns, &server);
            move || {
                block_on(async {
                    let client = connect(server, "other").await;
                    let mut turn = worker * 17;
                    while !over.load(Ordering::Relaxed) {
                        turn += 1;
                        let table = 1 + turn % 60;
                        let statement = if worker % 2 == 0 {
                            format!("select count(*) from (select 1 from shop.t{table} limit 5) t")
                        } else {
                            format!("insert into shop.t{table} (said) values ('here')")
                        };
                        let began = Instant::now();
                        client
                            .simple_query(&statement)
                            .await
                            .unwrap_or_else(|error| panic!("{statement}: {error:?}"));
                        let took = usize::try_from(began.elapsed().as_millis()).unwrap_or(usize::MAX);
                        longest.fetch_max(took, Ordering::Relaxed);
                        turns.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        };
        let workers: Vec<_> = (0..4).map(|worker| scope.spawn(load(worker))).collect();
        poll(DEADLINE, || (turns.load(Ordering::Relaxed) > 200).then_some(())).expect("the load runs");
        let calm = longest.swap(0, Ordering::Relaxed);
        let pause = |what: &str, run: &dyn Fn() -> Said| {
            longest.store(0, Ordering::Relaxed);
            let said = run();
            let pause = longest.load(Ordering::Relaxed);
            eprintln!("longest pause of any reader or writer: {pause} ms during {what}, {calm} ms before");
            // Not a promise about a loaded machine, but far from a wait for the dump's end.
            assert!(pause < 10_000, "{pause} ms during {what}");
            said
        };
        // As the superuser, who may see whose sessions are in the way.
        let transfer = wizard.admin("postgres", POSTGRES_PASSWORD);
        let failed = pause("the transfer", &|| transfer.setup()).exits(1);
        let error = failed.error();
        assert!(error.contains("2 of 60 objects were in use all the time"), "{error}");
        assert!(
            error.contains("\"shop\".\"t1\"") && error.contains("\"shop\".\"t2\""),
            "{error}"
        );
        assert!(error.contains("autovacuum worker"), "{error}");
        assert_eq!(server.psql_in("stitch", LEFT), "t1 t2");
        left.store(true, Ordering::Relaxed);
        dump.join().expect("the dump ends");
        // The next worker comes a second later at the earliest.
        server.psql_in(
            "stitch",
            "select pg_terminate_backend(pid) from pg_stat_activity where query like 'autovacuum: %shop.t2%';
             alter table shop.t2 set (autovacuum_freeze_max_age = 2000000000)",
        );
        // All steps, and the test load with the locks that keep readers out.
        let whole = Wizard::new(&server).set("--schema", "shop").flag("--rehearse-existing");
        pause("a whole setup", &|| whole.setup()).exits(0);
        pause("a check", &|| whole.check()).exits(0);
        over.store(true, Ordering::Relaxed);
        for worker in workers {
            worker.join().expect("every query of the load succeeds");
        }
    });
    assert_eq!(server.psql_in("stitch", LEFT), "");
}

#[test]
fn a_cut_connection_leaves_each_object_moved_or_not() {
    let server = Postgres::start();
    let direct = ready(&server);
    let proxy = CountingProxy::before(&server);
    let wizard = direct.clone().set("--host", &proxy.socket_dir().to_string_lossy());
    let memberships = "select coalesce(string_agg(m::text, ' ' order by m::text), '') from pg_auth_members m";
    let lent = server.psql(memberships);
    let again = || {
        server.psql_in(
            "stitch",
            &format!("drop schema shop cascade; create schema shop authorization loader; set role loader; {LOADED}"),
        );
    };
    again();
    proxy.reset();
    wizard.setup().exits(0);
    let messages = proxy.counts().server_messages;
    let end = server.psql_in("stitch", OWNERS_AND_RIGHTS);
    for place in 1..=20 {
        again();
        let fault = if place % 2 == 0 { Fault::Close } else { Fault::Reset };
        proxy.cut_after(Side::Server, messages * place / 21, fault);
        let cut = wizard.setup();
        let status = cut.output.status;
        assert!(matches!(status, Some(0 | 1)), "place {place}: {cut}");
        assert_eq!(proxy.broken(), place, "{cut}");
        direct.setup().exits(0);
        assert_eq!(server.psql_in("stitch", OWNERS_AND_RIGHTS), end, "place {place}");
        assert_eq!(server.psql(memberships), lent, "place {place}");
    }
    direct.is_settled(&[]);
}

const OWNERS_AND_RIGHTS: &str =
    "select string_agg(format('%s %s %s', relname, pg_get_userbyid(relowner), relacl), E'\\n' order by relname)
    || (select format('%s %s', pg_get_userbyid(nspowner), nspacl) from pg_namespace where nspname = 'shop')
    from pg_class where relnamespace = 'shop'::regnamespace";

/// A terminal shows the first few statements and how many are like them; JSON and the script have all of them.
#[test]
fn many_alike_are_told_by_their_number() {
    let server = Postgres::start();
    let wizard = ready(&server);
    warehouse(&server, 1100, "id int");
    let told = wizard.program("plan").args(["--format", "text"]).run().stdout;
    let shown = told
        .lines()
        .filter(|line| line.contains("ALTER TABLE \"shop\"."))
        .count();
    assert!((1..20).contains(&shown), "{told}");
    let said = wizard.run("plan").exits(0);
    let whole = said.commands().concat();
    let commands = said.commands();
    let most = commands.iter().map(|command| command.lines().count()).max();
    let left = format!("... 1,{:03} like these (", most.unwrap_or_default() - 8 - 1000);
    assert!(told.contains(&left), "{left}\n{told}");
    let script = wizard.program("script").args(["--for", "dba"]).run().stdout;
    for number in 1..=1100 {
        let statement = format!("ALTER TABLE \"shop\".\"t{number}\" OWNER TO \"stitch\"");
        assert!(whole.contains(&statement), "{statement}");
    }
    // Written without a check, it finds them itself; after a check, it names them.
    assert!(script.contains("OWNER TO"), "{script}");
    let looked = wizard
        .program("script")
        .args(["--for", "dba", "--from-plan"])
        .run()
        .stdout;
    assert_eq!(looked.matches("ALTER TABLE \"shop\".").count(), 1100);
}

#[test]
fn round_trips_do_not_grow_with_the_tables() {
    let server = Postgres::start();
    let wizard = ready(&server);
    let proxy = CountingProxy::before(&server);
    let wizard = wizard.set("--host", &proxy.socket_dir().to_string_lossy());
    for tables in [10, 900] {
        let least = proxy.least_round_trips(7, |_| {
            server.psql_in(
                "stitch",
                "drop schema shop cascade; create schema shop authorization loader",
            );
            warehouse(&server, tables, "id int");
            wizard.setup().exits(0);
        });
        assert!(least <= 7, "{tables} tables: {least}");
    }
}

#[test]
fn the_lock_table_is_never_the_limit() {
    let options = PostgresOptions::new()
        .conf("max_locks_per_transaction", "10")
        .conf("max_connections", "20");
    let server = Postgres::start_with(options).expect("the default version");
    let wizard = ready(&server);
    warehouse(&server, 2200, "id int, said text");
    let whole = "do $$ declare r record; begin for r in select oid::regclass as t from pg_class where relnamespace = 'shop'::regnamespace and relkind = 'r'
        loop execute 'alter table ' || r.t || ' owner to stitch'; end loop; end $$";
    let refused = server
        .try_psql_as("postgres", crate::support::postgres::POSTGRES_PASSWORD, "stitch", whole)
        .expect_err("one transaction over all does not fit");
    assert!(refused.contains("out of shared memory"), "{refused}");
    let lent = "select n_tup_ins from pg_stat_sys_tables where relname = 'pg_auth_members'";
    let number = || server.psql(lent).parse::<usize>().expect("a number");
    let before = number();
    let said = wizard.setup().exits(0);
    // Rows of memberships that were lent: two for a good dozen of tables, not for each.
    let rows = poll(DEADLINE, || Some(number() - before).filter(|rows| *rows > 0)).expect("some");
    assert!((2..700).contains(&rows), "{rows}");
    assert!(
        said.commands().concat().contains("\"shop\".\"t2200\""),
        "every statement is told"
    );
    assert_eq!(server.psql_in("stitch", LEFT), "");
    wizard.is_settled(&[]);
}

/// The rows that all sessions in the database read so far, catalogs included. A session's part is there when it has ended.
fn rows_read(server: &Postgres<'_>) -> i64 {
    let alone = || (server.psql("select count(*) from pg_stat_activity where datname = 'stitch'") == "0").then_some(());
    poll(DEADLINE, alone).expect("every other session ends");
    let rows = server.psql("select tup_returned + tup_fetched from pg_stat_database where datname = 'stitch'");
    rows.parse().expect("a number")
}

/// No time is taken, since a machine may be busy: the rows that the server reads are counted.
#[test]
fn the_cost_follows_the_chosen_schema_and_not_the_database() {
    let server = Postgres::start_with(PostgresOptions::new().conf("autovacuum", "off")).expect("the default version");
    let wizard = Wizard::dba(&server);
    wizard.setup().exits(0);
    server.psql("set role dba; create role loader");
    server.psql_in("stitch", "create schema shop authorization loader");
    warehouse(&server, 50, "id int primary key, _sdc_batched_at timestamptz");
    let wizard = wizard.set("--schema", "shop");
    wizard.setup().exits(0);
    let cost = |run: &dyn Fn()| {
        server.psql_in("stitch", "analyze");
        let before = rows_read(&server);
        run();
        rows_read(&server) - before
    };
    let plan = || drop(wizard.run("plan").exits(0));
    let check = || drop(wizard.check().exits(0));
    let small = [cost(&plan), cost(&check)];
    server.psql_in(
        "stitch",
        "do $$ begin
           for s in 1..30 loop
             execute format('create schema other%s', s);
             for i in 1..100 loop
               execute format('create table other%s.t%s (id serial primary key, a text, b text default ''x'', _sdc_batched_at timestamptz, check (id > 0))', s, i);
               if i % 50 = 0 then commit; end if;
             end loop;
           end loop; end $$",
    );
    let large = [cost(&plan), cost(&check)];
    for (before, after) in small.into_iter().zip(large) {
        assert!(
            before > 0 && after * 10 <= before * 12,
            "{small:?} rows read before, {large:?} after"
        );
    }
}

/// The server would go on with it for as long as it takes, although no client waits for the answer.
#[test]
fn a_question_that_is_given_up_is_stopped_on_the_server() {
    let server = Postgres::start();
    ready(&server);
    warehouse(&server, 2, "id int");
    let lock = "begin; lock table pg_inherits in access exclusive mode";
    block_on(async {
        let client = connect(&server, "postgres").await;
        client.simple_query(lock).await.expect("the lock");
        let given_up = Wizard::new(&server)
            .set("--schema", "shop")
            .set("--timeout", "2")
            .check()
            .exits(1);
        assert!(
            given_up.error().contains("did not answer a question within 2 s"),
            "{given_up}"
        );
        let left = "select count(*) from pg_stat_activity where application_name = 'stitch-pg'";
        poll(DEADLINE, || (server.psql(left) == "0").then_some(())).expect("nothing of it is left");
    });
}
