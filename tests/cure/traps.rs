//! Other users' code never runs as the administrator: a trap stands for every name of the system that our own text holds,
//! in `public` and in a schema named like the login, and every command, script and undo file passes them by.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::support::postgres::DBA_PASSWORD;
use crate::support::process::{DEADLINE, poll};
use crate::support::wizard::{PASSWORD, Wizard};
use crate::support::{Need, Output, PgBouncer, Postgres, PostgresOptions, Program, majors, world};

const BOSS_PASSWORD: &str = "boss-secret";

/// A superuser, and one who may make databases and roles.
const ADMINS: [(&str, &str); 2] = [("boss", BOSS_PASSWORD), ("dba", DBA_PASSWORD)];

/// The words and the operators of the whole program's text: its statements' are among them, those yet to be written too.
fn vocabulary() -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut words, mut signs) = (BTreeSet::new(), BTreeSet::new());
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the sources are here") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(&path).expect("text");
                words.extend(words_of(&text));
                let sign = |c: char| "+-*/<>=~!@#%^&|`?".contains(c);
                signs.extend(
                    text.split(|c| !sign(c))
                        .filter(|sign| !sign.is_empty())
                        .map(str::to_owned),
                );
            }
        }
    }
    // What the grammar makes of LIKE, NOT LIKE and their kind.
    signs.extend(["~~", "!~~", "~~*", "!~~*", "=", "<>"].map(str::to_owned));
    (words, signs)
}

fn words_of(text: &str) -> impl Iterator<Item = String> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(move |c| !word(c)).map(str::to_lowercase)
}

fn array(words: &BTreeSet<String>) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    format!("ARRAY[{}]", quoted.join(", "))
}

/// Plants everything in both databases that there are; a new one is copied from `template1`. How many of which kind.
fn plant(server: &Postgres<'_>) -> String {
    let (words, signs) = vocabulary();
    let places = ["public", "boss", "dba"].map(str::to_owned).into();
    let script = include_str!("traps.sql")
        .replace("/* words */", &array(&words))
        .replace("/* signs */", &array(&signs))
        .replace("/* places */", &array(&places));
    server.psql(&format!(
        "create role boss superuser login; create role mallory; set password_encryption = 'scram-sha-256';
         alter role boss password '{BOSS_PASSWORD}'; create role keeper; create role bi; grant keeper to dba with admin option"
    ));
    // Every login finds the traps before the system's own.
    for (admin, _) in ADMINS {
        server.psql(&format!(
            "alter role {admin} set search_path = {admin}, public, pg_catalog"
        ));
    }
    server.psql_in("template1", &script);
    let planted = server.psql(&script).replace('\n', ", ");
    // While a session is left there, no database is copied from it.
    let users = "select count(*) from pg_stat_activity where datname = 'template1'";
    poll(DEADLINE, || (server.psql(users) == "0").then_some(())).expect("psql has ended");
    planted
}

/// The traps that were sprung from then on; none of Stitch's own sessions, nor of the test bed's.
fn sprung(server: &Postgres<'_>, since: usize) -> Vec<String> {
    let log = server.log();
    let fired = log[since..].lines().filter_map(|line| line.split_once("LOG:  TRAP "));
    let fired: BTreeSet<&str> = fired.map(|(_, trap)| trap).collect();
    let others = |trap: &&&str| !trap.ends_with(" for postgres");
    fired.iter().filter(others).map(|trap| (*trap).to_owned()).collect()
}

#[track_caller]
fn is_quiet(server: &Postgres<'_>, since: usize, after: &str) {
    let fired = sprung(server, since);
    assert!(
        fired.is_empty(),
        "PostgreSQL {}, {after}: {} traps\n{}",
        server.major(),
        fired.len(),
        fired.join("\n")
    );
    let superusers =
        server.psql("select count(*) from pg_roles where rolsuper and rolname not in ('postgres', 'boss')");
    assert_eq!(superusers, "0", "{after}");
}

fn psql(wizard: &Wizard<'_>, flags: &[&str], (admin, password): (&str, &str)) -> Output {
    let script = wizard.program("script").args(["--for", "dba"]).args(flags).run();
    assert!(script.success(), "{}", script.stderr);
    Program::new(crate::support::postgres::psql(), wizard.server)
        .args(["-X", "-w", "-U", admin, "-d", "postgres", "-f", "-", "-h"])
        .arg(wizard.server.socket_dir())
        .args(["-p", &wizard.server.port().to_string()])
        .env("PGPASSWORD", password)
        .env("STITCH_PG_PASSWORD", PASSWORD)
        .stdin(script.stdout)
        .run()
}

#[track_caller]
fn undo(server: &Postgres<'_>, file: &str, password: &str) {
    let undone = Program::new("sh", server).arg(file).env("PGPASSWORD", password).run();
    assert!(undone.success() && undone.stderr.is_empty(), "{undone:?}");
}

/// A schema that another role's loader filled, with a view named like `pg_cron`'s table.
fn load(server: &Postgres<'_>, database: &str, loader: &str, schema: &str) {
    server.psql_in(
        database,
        &format!(
            "create schema {schema} authorization {loader}; set role {loader};
             create table {schema}._sdc_rejected (id int); create table {schema}.orders (id int, _sdc_sequence bigint);
             create view {schema}.report as select id from {schema}.orders;
             create function {schema}.f(a pg_catalog.text) returns int language sql security definer as 'select 1';
             reset role; create schema if not exists cron authorization mallory; grant usage on schema cron to public;
             create or replace view cron.job as select 1::bigint as jobid, pg_catalog.text '{loader}' as username, pg_catalog.text 'x' as database,
               public.sprung('cron.job') as active;
             alter view cron.job owner to mallory; grant select on cron.job to public"
        ),
    );
}

/// Every command, script and undo file, for a connection that is new and one that is not.
fn everything(server: &Postgres<'_>, (admin, password): (&str, &str)) {
    let (database, role, loader) = (
        format!("dw_{admin}"),
        format!("stitch_{admin}"),
        format!("loader_{admin}"),
    );
    let by = if admin == "dba" { "set role dba; " } else { "" };
    server.psql(&format!("{by}create role {loader}"));
    let since = server.log().len();
    let quiet = |after: &str| is_quiet(server, since, &format!("{admin}, {after}"));
    let wizard = Wizard::new(server).admin(admin, password);
    let new = wizard.set("--database", &database).set("--role", &role);
    new.run("plan").exits(0);
    quiet("plan");
    new.clone().set("--undo", &format!("new-{admin}.sh")).setup().exits(0);
    quiet("setup");
    // With the rules of pg_hba.conf, about which nothing is reported here.
    new.clone()
        .set("--skip", "registration")
        .set("--region", "europe")
        .run("check");
    quiet("check");
    undo(server, &format!("new-{admin}.sh"), password);
    quiet("the undo file of a new connection");
    let script = psql(&new, &[], (admin, password));
    assert!(script.success(), "{}", script.stderr);
    quiet("the script for a new connection");
    let roles = format!("select rolname from pg_roles where rolname = '{role}'");
    assert_eq!(server.psql(&roles), role);

    load(server, &database, &loader, "shop");
    if admin == "dba" && server.major() >= 16 {
        server.psql("grant loader_dba to dba with inherit false, set false");
    }
    let existing = new
        .clone()
        .flag("--schema=shop")
        .flag("--reader=bi")
        .flag("--include=views");
    existing.run("plan").exits(0);
    quiet("plan of an existing connection");
    existing
        .clone()
        .set("--undo", &format!("existing-{admin}.sh"))
        .setup()
        .exits(0);
    quiet("setup of an existing connection");
    undo(server, &format!("existing-{admin}.sh"), password);
    quiet("the undo file of an existing connection");
    let owner = "select pg_catalog.pg_get_userbyid(relowner) from pg_catalog.pg_class where relname = 'orders'";
    assert_eq!(server.psql_in(&database, owner), loader);
    let flags: &[&str] = if admin == "boss" { &[] } else { &["--from-plan"] };
    let script = psql(&existing, flags, (admin, password));
    assert!(script.success(), "{}", script.stderr);
    quiet("the script for an existing connection");
    assert_eq!(server.psql_in(&database, owner), role);
    existing.check();
    quiet("check of an existing connection");
    let removed = new.set("--new-owner", "keeper").flag("--yes").run("remove");
    quiet("remove");
    removed.exits(0);
    assert_eq!(server.psql(&roles), "");
}

/// Shows that the traps are sharp: each kind is sprung by who does not take care.
fn springs(server: &Postgres<'_>) {
    let since = server.log().len();
    let sql = "select lower('x'); select 1 operator(=) 1; select count(*) from pg_roles; select 'x'::text; select format('%s', 'x'::name)";
    let said = server.try_psql_as("boss", BOSS_PASSWORD, "postgres", sql);
    let fired = sprung(server, since).join("\n");
    for kind in [
        "lower(text), function",
        "=",
        "count(), aggregate",
        "relation pg_roles",
        "type text",
        "format(text, name), function",
    ] {
        assert!(fired.contains(kind), "{kind} was not sprung:\n{fired}\n{said:?}");
    }
}

/// Every function, aggregate, type and relation of the system in the statements that reached the server had its trap.
fn all_were_covered(server: &Postgres<'_>, since: usize) {
    let (words, _) = vocabulary();
    let log = server.log();
    let used: BTreeSet<String> = log[since..].lines().flat_map(words_of).collect();
    let missing: BTreeSet<String> = used.difference(&words).cloned().collect();
    let known = server.psql(&format!(
        "select string_agg(distinct w, ' ') from unnest({}) w
         where w in (select proname from pg_proc where pronamespace = 'pg_catalog'::regnamespace union select relname from pg_class)",
        array(&missing)
    ));
    assert_eq!(known, "", "names of the system without a trap");
}

#[test]
fn nobody_elses_code_runs_as_the_administrator() {
    for major in majors() {
        let options = PostgresOptions::new().major(major).log_statements();
        let Some(server) = Postgres::start_with(options) else {
            continue;
        };
        let planted = plant(&server);
        springs(&server);
        let since = server.log().len();
        for admin in ADMINS {
            everything(&server, admin);
        }
        all_were_covered(&server, since);
        println!("PostgreSQL {major}, in each of two databases: {planted}");
    }
}

/// A pooler takes no startup options, so each call of a plan sets the server itself to refuse changes.
fn asks_read_only(server: &Postgres<'_>, since: usize) {
    let log = server.log();
    let calls: Vec<&str> = log[since..]
        .lines()
        .filter(|line| line.contains("statement: SET LOCAL search_path"))
        .collect();
    assert!(calls.len() >= 3, "{calls:#?}");
    for call in calls {
        assert!(call.contains(";SET LOCAL transaction_read_only = on;"), "{call}");
    }
}

/// Where a pooler refuses startup options, and where it gives the session to others in between: nothing of ours stays there.
#[test]
fn not_through_a_pooler_either() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let server = Postgres::start_in(&world, None, PostgresOptions::new().log_statements());
    plant(&server);
    let users = [
        ("boss", BOSS_PASSWORD),
        ("dba", DBA_PASSWORD),
        ("stitch_boss", PASSWORD),
        ("stitch_dba", PASSWORD),
    ];
    for (mode, port) in [("transaction", 6432), ("session", 6433)] {
        let bouncer = PgBouncer::pooling_in(&world, None, &server, &users, mode, port);
        for (admin, password) in ADMINS {
            let since = server.log().len();
            let wizard = Wizard::new(&server)
                .admin(admin, password)
                .set("--port", &bouncer.port().to_string());
            let database = format!("dw_{admin}_{mode}");
            let new = wizard
                .set("--database", &database)
                .set("--role", &format!("stitch_{admin}"));
            new.run("plan").exits(0);
            asks_read_only(&server, since);
            new.clone().set("--undo", &format!("{database}.sh")).setup().exits(0);
            is_quiet(&server, since, &format!("{mode} pooling, {admin}: setup"));
            load(&server, &database, "keeper", "shop");
            let existing = new
                .clone()
                .flag("--schema=shop")
                .set("--undo", &format!("{database}.sh"));
            existing.run("plan").exits(0);
            existing.setup().exits(0);
            existing.check().exits(0);
            is_quiet(
                &server,
                since,
                &format!("{mode} pooling, {admin}: setup of an existing connection"),
            );
            // What the next client of the same session finds is its own.
            let path = Program::new(crate::support::postgres::psql(), bouncer.place())
                .args([
                    "-XAtw",
                    "-U",
                    admin,
                    "-d",
                    &database,
                    "-h",
                    bouncer.host(),
                    "-c",
                    "show search_path",
                ])
                .args(["-p", &bouncer.port().to_string()])
                .env("PGPASSWORD", password)
                .run();
            assert_eq!(
                path.stdout.trim(),
                format!("{admin}, public, pg_catalog"),
                "{mode}: {}",
                path.stderr
            );
            undo(&server, &format!("{database}.sh"), password);
            is_quiet(&server, since, &format!("{mode} pooling, {admin}: the undo file"));
            let left = format!("select count(*) from pg_roles where rolname = 'stitch_{admin}'");
            assert_eq!(server.psql(&left), "0");
        }
    }
}
