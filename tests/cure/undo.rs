//! `--undo`: whatever a run changed, and wherever it was cut off, the file brings the catalogs and the SSH server's files
//! back; only a database that was made stays.

use std::fs;

use crate::cure::ssh_user::cures::BREAKAGES;
use crate::cure::ssh_user::scene::{Scene, told};
use crate::support::postgres::{DBA_PASSWORD, POSTGRES_PASSWORD};
use crate::support::process::{DEADLINE, poll};
use crate::support::wizard::{PASSWORD, Wizard};
use crate::support::{BastionOptions, Need, Output, Postgres, PostgresOptions, Program, Running, stitch_pg, world};

/// A database that was loaded before. What PUBLIC may do is written out beforehand: the first grant on something writes it
/// out permanently, and means the same.
const LOADED: &str = "
    create schema shop authorization loader; grant usage on schema shop to bi; set role loader;
    create table shop.t1 (id int primary key, _sdc_sequence bigint); create table shop.t2 (id serial);
    create table shop.t3 (); create table shop.t4 (); grant select on all tables in schema shop to bi;
    alter default privileges in schema shop grant select on tables to bi";

fn loaded(server: &Postgres<'_>, major: u32) {
    let admin = if major >= 16 {
        "grant loader to dba with admin option, inherit false, set false;"
    } else {
        ""
    };
    server.psql(&format!(
        "create role loader; create role bi; {admin} create database dw owner dba; grant create on database dw to dba"
    ));
    server.psql_in("dw", LOADED);
}

fn clear(server: &Postgres<'_>) {
    server.psql("set client_min_messages = error; drop database if exists dw with (force); drop role if exists stitch, loader, bi");
}

fn wizard<'a>(server: &'a Postgres<'a>, file: &str) -> Wizard<'a> {
    let wizard = Wizard::dba(server)
        .set("--database", "dw")
        .flag("--schema=shop")
        .flag("--reader=bi");
    wizard.set("--undo", file)
}

fn undo(server: &Postgres<'_>, script: &str) -> Output {
    Program::new("sh", server)
        .args(["-c", script])
        .env("PGPASSWORD", DBA_PASSWORD)
        .run()
}

#[track_caller]
fn takes_back(server: &Postgres<'_>, file: &str, before: &str) {
    for _ in 0..2 {
        let undone = undo(server, &format!("sh {file}"));
        assert!(undone.success() && undone.stderr.is_empty(), "{file}: {undone:?}");
        let after = server.dump();
        let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
        let others = |these: &[&str], those: &[&str]| -> Vec<String> {
            let new = these.iter().filter(|line| !those.contains(line));
            new.map(|line| (*line).to_owned()).collect()
        };
        assert_eq!(others(&after, &before), others(&before, &after), "{file}");
    }
}

/// Ownership, readers, the role and its rights, by an admin who is no superuser and borrows what it needs.
#[test]
fn a_whole_run_is_taken_back() {
    for major in [13, 15, 17] {
        let options = PostgresOptions::new().major(major);
        let Some(server) = Postgres::start_with(options) else {
            continue;
        };
        loaded(&server, major);
        let before = server.dump();
        wizard(&server, "whole.sh").setup().exits(0);
        assert_ne!(server.dump(), before);
        // A session in the way ends the file, which says what to do; run again, it goes on.
        let holder = Holder::of(&server, "shop.t1 in access share mode");
        let stopped = undo(&server, "sh whole.sh");
        let next = "Fix the cause, then run the file again.";
        assert!(!stopped.success() && stopped.stderr.contains(next), "{stopped:?}");
        holder.lets_go();
        takes_back(&server, "whole.sh", &before);
        // An existing role that was kept out, with rights of its own.
        server.psql(&format!(
            "set role dba; set password_encryption = 'scram-sha-256'; create role stitch valid until '2001-02-03 04:05:06.789+01'
             connection limit 0 password '{PASSWORD}'; grant connect on database dw to stitch"
        ));
        server.psql_in("dw", "set role loader; grant usage on schema shop to stitch; grant select on shop.t1 to stitch with grant option");
        let before = server.dump();
        wizard(&server, "existing.sh").setup().exits(0);
        takes_back(&server, "existing.sh", &before);
    }
}

/// Where the administrator's database is not there, or closed to the login, the plan and the file name the one that the
/// statements ran in.
#[test]
fn the_admins_database_may_be_missing() {
    for closed in [
        "drop database postgres",
        "revoke connect on database postgres from public",
    ] {
        let server = Postgres::start();
        server.psql_in("template1", closed);
        let role = "select count(*) from pg_roles where rolname = 'stitch'";
        for (file, database) in [("first.sh", "template1"), ("second.sh", "stitch")] {
            let wizard = Wizard::dba(&server).set("--undo", file);
            for said in [wizard.run("plan"), wizard.setup().exits(0)] {
                let mut databases = said.changes().filter_map(|change| change["database"].as_str());
                assert!(
                    databases.all(|named| [database, "stitch"].contains(&named)),
                    "{closed}: {said}"
                );
            }
            wizard.check().exits(0).plans(&[]);
            let undone = undo(&server, &format!("sh {file}"));
            assert!(
                undone.success() && undone.stderr.is_empty(),
                "{closed}, {file}: {undone:?}"
            );
            assert_eq!(server.psql_in("template1", role), "0", "{closed}, {file}");
        }
    }
}

/// Rights that are there without being written down mean the same when they are.
const EXPLICIT: &str = "do $$ declare o record; begin
    execute format('grant create on database %I to dba', current_database());
    execute format('grant usage on schema shop to %I', (select nspowner::regrole::text from pg_namespace where nspname = 'shop'));
    for o in select oid::regclass as name, relowner::regrole as owner from pg_class where relnamespace = 'shop'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'S')
    loop execute format('grant select on %s to %s', o.name, o.owner); end loop;
    for o in select oid::regprocedure as name, proowner::regrole as owner from pg_proc where pronamespace = 'shop'::regnamespace
    loop execute format('grant execute on function %s to %s', o.name, o.owner); end loop;
    for o in select reltype::regtype as name, relowner::regrole as owner from pg_class where relnamespace = 'shop'::regnamespace and relkind = 'c'
    loop execute format('grant usage on type %s to %s', o.name, o.owner); end loop; end $$";

/// The login that made the change undoes it, whatever rights the former owners have in the schema by themselves.
#[test]
fn owners_who_may_not_create_in_their_schema_get_it_back() {
    let states = [
        // The owner of a table may not create in the schema.
        "create role fiv; create role leg;|create schema shop authorization fiv; create table shop.a (id int); alter table shop.a owner to leg",
        // Nor may the owner of the schema itself.
        "create role fiv;|create schema shop authorization fiv; set role fiv; create table shop.a (id int); revoke create on schema shop from fiv",
        // PUBLIC may, or one by a group.
        "create role fiv; create role leg;|create schema shop authorization fiv; grant all on schema shop to public; create table shop.a (id int); alter table shop.a owner to leg",
        "create role fiv; create role leg; create role team; grant team to leg;|create schema shop authorization fiv; grant create on schema shop to team; create table shop.a (id int); alter table shop.a owner to leg",
        // A tree of several owners, a view, a function, a type and a sequence, all on request.
        "create role fiv; create role leg; create role arc;|create schema shop authorization fiv;
         create table shop.ev (id int, at int) partition by range (at); create table shop.ev1 partition of shop.ev for values from (1) to (2);
         create view shop.v as select 1 as one; create function shop.f() returns int language sql as 'select 1';
         create type shop.c as (id int); create sequence shop.q; create materialized view shop.m as select 1 as one;
         alter table shop.ev owner to leg; alter table shop.ev1 owner to arc; alter view shop.v owner to leg; alter function shop.f() owner to leg;
         alter type shop.c owner to arc; alter sequence shop.q owner to arc; alter materialized view shop.m owner to leg",
        // With grants of theirs, and default privileges.
        "create role fiv; create role leg; create role bi;|create schema shop authorization fiv; grant usage on schema shop to leg, bi;
         create table shop.a (id int, other int); alter table shop.a owner to leg; set role leg; grant select on shop.a to bi; grant update (other) on shop.a to bi with grant option;
         reset role; alter default privileges for role leg in schema shop grant select on tables to bi",
    ];
    for major in [13, 15, 16, 18] {
        let Some(server) = Postgres::start_with(PostgresOptions::new().major(major)) else {
            continue;
        };
        for (number, state) in states.into_iter().enumerate() {
            let (roles, objects) = state.split_once('|').expect("two parts");
            let admin = if major >= 16 { "inherit false, set false" } else { "" };
            server.psql(&format!(
                "{roles} create database dw owner dba; do $$ declare r text; begin for r in select rolname from pg_roles where rolname in ('fiv', 'leg', 'arc')
                 loop if {major} >= 16 then execute format('grant %I to dba with admin option, {admin}', r); end if; end loop; end $$"
            ));
            server.psql_in("dw", &format!("{objects}; reset role; {EXPLICIT}"));
            let before = server.dump();
            let kinds = "views,matviews,sequences,functions,types";
            let run = Wizard::dba(&server)
                .set("--database", "dw")
                .flag("--schema=shop")
                .set("--include", kinds);
            let file = format!("owners-{major}-{number}.sh");
            run.clone().set("--undo", &file).setup().exits(0);
            assert_ne!(server.dump(), before);
            takes_back(&server, &file, &before);
            // The same login takes Stitch's access away.
            run.setup().exits(0);
            let removed = Wizard::dba(&server)
                .set("--database", "dw")
                .set("--new-owner", "fiv")
                .flag("--yes")
                .run("remove");
            removed.exits(0);
            let stitch = "select count(*) from pg_roles where rolname = 'stitch'";
            assert_eq!(server.psql(stitch), "0", "{major}, {number}");
            server.psql("set client_min_messages = error; drop database dw with (force); drop role if exists fiv, leg, arc, bi, team");
        }
    }
}

/// A name that libpq would read as a connection string leads to that database and to no other server.
#[test]
fn names_that_look_like_connection_strings() {
    let server = Postgres::start();
    // Where psql reads another encoding than UTF-8 it takes the quote behind the last letter for a part of it.
    let schema = "\"\\! touch run-by-psql #Ã\"";
    for name in ["host=192.0.2.1", "postgresql://192.0.2.1/x", "it's \\ a=b"] {
        let quoted = name.replace('"', "\"\"");
        server.psql(&format!("create role loader; create database \"{quoted}\" owner dba"));
        server.psql_in(
            name,
            &format!("create schema {schema} authorization loader; set role loader; create table {schema}.t (id int)"),
        );
        let before = server.dump();
        let flag = format!("--schema={schema}");
        let wizard = Wizard::new(&server).set("--database", name).flag(&flag);
        let script = wizard.set("--admin-database", name);
        let run = script.clone().set("--undo", "named.sh");
        run.setup().exits(0);
        assert_ne!(server.dump(), before);
        // What the database's owner may set.
        server.psql(&format!("alter database \"{quoted}\" set client_encoding = 'SJIS'"));
        let undone = Program::new("sh", &server)
            .args([
                "-c",
                "sh named.sh; s=$?; rm named.sh; [ ! -e run-by-psql ] || exit 9; exit $s",
            ])
            .env("PGPASSWORD", POSTGRES_PASSWORD)
            .run();
        assert!(undone.success() && undone.stderr.is_empty(), "{name}: {undone:?}");
        let owner = "select pg_get_userbyid(relowner) from pg_class where relname = 't'";
        assert_eq!(server.psql_in(name, owner), "loader");
        assert_eq!(
            server.psql("select count(*) from pg_roles where rolname = 'stitch'"),
            "0"
        );
        // The DBA's script from what is there holds it as well, also where psql itself is set to another encoding.
        let usual = format!("alter database \"{quoted}\" reset client_encoding");
        server.psql(&format!("create role stitch; {usual}"));
        for encoding in ["SJIS", "BIG5", "GBK", "GB18030", "UHC", "JOHAB", "SHIFT_JIS_2004"] {
            let given_back = format!("alter schema {schema} owner to loader; alter table {schema}.t owner to loader");
            server.psql_in(name, &given_back);
            let script = script.program("script").args(["--for", "dba", "--from-plan"]).run();
            assert!(script.stdout.contains("run-by-psql #Ã\".\"t\""), "{script:?}");
            server.psql(&format!(
                "alter database \"{quoted}\" set client_encoding = '{encoding}'"
            ));
            let ran = Program::new("sh", &server)
                .args(["-c", "\"$0\" \"$@\"; s=$?; [ ! -e run-by-psql ] || exit 9; exit $s"])
                .arg(crate::support::postgres::psql())
                .args(["-X", "-w", "-U", "postgres", "-d", "postgres", "-f", "-", "-h"])
                .arg(server.socket_dir())
                .args(["-p", &server.port().to_string()])
                .env("PGCLIENTENCODING", encoding)
                .env("STITCH_PG_PASSWORD", PASSWORD)
                .stdin(script.stdout)
                .run();
            assert!(ran.success(), "{name}, {encoding}: {ran:?}");
            server.psql(&usual);
            assert_eq!(server.psql_in(name, owner), "stitch", "{encoding}");
        }
        server.psql_in(name, "drop owned by stitch");
        server.psql(&format!("drop database \"{quoted}\"; drop role loader, stitch"));
    }
}

/// A new database stays, empty; everything else goes.
#[test]
fn a_database_that_was_made_stays() {
    let server = Postgres::start();
    let roles = "select string_agg(a::text, ' ') from pg_authid a";
    let before = server.psql(roles);
    let run = Wizard::dba(&server).set("--undo", "new.sh");
    run.setup().exits(0);
    let undone = undo(&server, "grep '^# no undo' new.sh && sh new.sh");
    assert!(undone.success(), "{undone:?}");
    assert!(undone.stdout.contains("create the database \"stitch\""), "{undone:?}");
    assert_eq!(server.psql(roles), before);
    assert_eq!(server.psql_in("stitch", "select current_database()"), "stitch");
    run.check().exits(3).plans(&["create the role", "grant CONNECT"]);
}

/// Another user's session that holds a lock, so that a run comes to a halt there.
struct Holder<'a>(&'a Postgres<'a>, Running);

impl<'a> Holder<'a> {
    fn of(server: &'a Postgres<'a>, lock: &str) -> Self {
        let mut psql =
            Program::new(crate::support::postgres::psql(), server).args(["-X", "-U", "postgres", "-d", "dw", "-h"]);
        psql = psql
            .arg(server.socket_dir())
            .args(["-p", &server.port().to_string(), "-c"]);
        psql = psql.arg(format!(
            "begin; set application_name = 'holder'; lock table {lock}; select pg_sleep(300)"
        ));
        let running = psql.start();
        let held = "select 1 from pg_stat_activity where application_name = 'holder' and wait_event = 'PgSleep'";
        poll(DEADLINE, || (server.psql(held) == "1").then_some(())).expect("the lock is taken");
        Self(server, running)
    }

    fn lets_go(self) {
        end(self.0, "application_name = 'holder'");
        self.1.finish(DEADLINE);
    }
}

/// Ends sessions, and waits until they are gone.
fn end(server: &Postgres<'_>, which: &str) {
    server.psql(&format!(
        "select pg_terminate_backend(pid) from pg_stat_activity where {which}"
    ));
    gone(server, which);
}

fn gone(server: &Postgres<'_>, which: &str) {
    let left = format!("select count(*) from pg_stat_activity where {which}");
    poll(DEADLINE, || (server.psql(&left) == "0").then_some(())).expect("the sessions end");
}

/// Where the run is stopped: what is locked, and by what it is seen that the run has come so far.
const HALTS: [(&str, &str); 6] = [
    ("pg_authid in share mode", WAITS),
    ("pg_database in share mode", WAITS),
    ("pg_default_acl in share mode", WAITS),
    ("shop.t1 in access share mode", HALF),
    ("shop.t2 in access share mode", HALF),
    ("pg_class in share mode", BUSY),
];
const WAITS: &str = "select least(count(*), 1) from pg_locks where not granted";
const BUSY: &str = "select least(count(*), 1) from pg_stat_activity where usename = 'dba' and query like 'DO %statement pg_catalog.text[]%'";
const HALF: &str = "select least(count(*), 1) from pg_class where relname = 't4' and relowner <> 'loader'::regrole";

/// Killed with no chance to say anything, at one point after another; the sessions die with it.
#[test]
fn a_run_that_was_killed_is_taken_back() {
    let server = Postgres::start();
    for (number, (lock, come_so_far)) in HALTS.into_iter().enumerate() {
        clear(&server);
        loaded(&server, server.major());
        let before = server.dump();
        let file = format!("killed-{number}.sh");
        let holder = Holder::of(&server, lock);
        let run = wizard(&server, &file)
            .flag("--yes")
            .program("setup")
            .args(["--format", "json"])
            .start();
        let reached = || (server.psql_in("dw", come_so_far) == "1").then_some(());
        poll(DEADLINE, reached).unwrap_or_else(|| panic!("the run does not come to {lock}"));
        run.signal("KILL");
        run.finish(DEADLINE);
        end(&server, "usename = 'dba'");
        holder.lets_go();
        assert_ne!(
            (number > 0).then(|| server.dump()).as_ref(),
            Some(&before),
            "{lock}: something was changed by then"
        );
        takes_back(&server, &file, &before);
        let lent = server
            .psql("select count(*) from pg_auth_members where pg_get_userbyid(member) = 'dba' and not admin_option");
        assert_eq!(lent, "0", "{lock}");
    }
}

/// The server completes the statement of a client that was killed. The undo file keeps its function, for the DBA to call.
#[test]
fn what_was_made_unseen_can_be_taken_back_by_hand() {
    let server = Postgres::start();
    loaded(&server, server.major());
    let before = server.dump();
    let holder = Holder::of(&server, "pg_authid in share mode");
    let run = wizard(&server, "unseen.sh")
        .flag("--yes")
        .program("setup")
        .args(["--format", "json"])
        .start();
    poll(DEADLINE, || (server.psql(WAITS) == "1").then_some(())).expect("the role is about to be made");
    run.signal("KILL");
    run.finish(DEADLINE);
    holder.lets_go();
    gone(&server, "usename = 'dba'");
    let made = server.dump();
    assert_ne!(made, before, "the role was made all the same");
    let undone = undo(&server, "sh unseen.sh");
    assert!(undone.success(), "{undone:?}");
    assert_eq!(server.dump(), made, "what was not seen is not taken back unasked");
    let by_hand =
        "function=$(sed -n 's/^\\(undo_[0-9_]*\\)() {$/\\1/p' unseen.sh | tail -n 1); . ./unseen.sh; $function";
    let undone = undo(&server, by_hand);
    assert!(undone.success(), "{undone:?}");
    assert_eq!(server.dump(), before);
}

/// Through the SSH server, everything at once: its user and key, the role, the owners, from the admin's own machine.
#[test]
fn a_run_through_the_ssh_server_is_taken_back() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    let host = world.host("db", &[("inner", "10.20.0.3/24")]);
    let server = Postgres::start_in(&world, Some(&host), PostgresOptions::new());
    loaded(&server, server.major());
    let (before, traces) = (server.dump(), scene.bastion.run(TRACES));
    let run = |command: &str| {
        stitch_pg(&scene.ops)
            .args([
                command,
                "--format",
                "json",
                "--no-input",
                "--yes",
                "--skip",
                "allowlist",
                "--via-bastion",
            ])
            .args([
                "--host",
                "10.20.0.3",
                "--admin-user",
                "dba",
                "--database",
                "dw",
                "--schema",
                "shop",
                "--reader",
                "bi",
            ])
            .args([
                "--bastion",
                "root@198.51.100.20",
                "--bastion-identity",
                "/run/world/tmp/ed25519",
            ])
            .args([
                "--public-key-file",
                "/run/world/tmp/stitch.pub",
                "--undo",
                "/run/world/tmp/through.sh",
            ])
            .env("PGPASSWORD", DBA_PASSWORD)
            .env("STITCH_PG_PASSWORD", PASSWORD)
            .run()
    };
    let made = run("setup");
    assert_eq!(made.status, Some(0), "{made:?}");
    assert_ne!(server.dump(), before);
    assert_ne!(scene.bastion.run(TRACES), traces);
    let undone = Program::new("sh", &scene.ops)
        .arg("/run/world/tmp/through.sh")
        .env("PGPASSWORD", DBA_PASSWORD)
        .run();
    assert!(undone.success(), "{undone:?}");
    assert_eq!(server.dump(), before);
    assert_eq!(scene.bastion.run(TRACES), traces);
}

/// Content, mode and owner of everything that an account leaves traces in.
const TRACES: &str = "cat /etc/passwd /etc/group /etc/shadow /etc/gshadow; find /home -type f -exec cat {} +
    find /home -exec ls -ldn {} + | sed 's/  */ /g' | cut -d' ' -f1,3,4,9-";

/// Whatever was wrong with an account is wrong again, to the byte.
#[test]
fn every_breakage_comes_back() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new().use_pam(false));
    let more = [
        (
            "unended",
            "f=~unended/.ssh/authorized_keys; printf '# mine\\nssh-ed25519 AAAAother x' >$f",
            "install",
        ),
        (
            "replaced",
            "f=~replaced/.ssh/authorized_keys; printf '# mine' >$f.new; cut -d' ' -f2- $f >>$f.new; printf '\\n# end' >>$f.new; mv $f.new $f; chown replaced: $f",
            "tighten",
        ),
    ];
    for (user, breaking, _) in BREAKAGES.into_iter().chain(more) {
        scene.has_working(user);
        scene.bastion.run(breaking);
        let before = scene.bastion.run(TRACES);
        let file = format!("/run/world/tmp/{user}.sh");
        let setup = scene
            .program("setup", "root", user)
            .args(["--yes", "--adopt-user", "--undo", &file]);
        let made = told(&setup);
        assert_eq!(made.status, Some(0), "{user}: {made:#?}");
        assert_ne!(scene.bastion.run(TRACES), before, "{user}");
        let undone = Program::new("sh", &scene.ops).arg(&file).run();
        assert!(undone.success(), "{user}: {undone:?}");
        assert_eq!(scene.bastion.run(TRACES), before, "{user}");
    }
    // What another user has written meanwhile stays, and only Stitch's line is removed.
    let file = "/run/world/tmp/meanwhile.sh";
    scene.has_working("meanwhile");
    scene.bastion.run("echo '# mine' >~meanwhile/.ssh/authorized_keys");
    let made = told(
        &scene
            .program("setup", "root", "meanwhile")
            .args(["--yes", "--undo", file]),
    );
    assert_eq!(made.status, Some(0), "{made:#?}");
    scene.bastion.run("echo '# theirs' >>~meanwhile/.ssh/authorized_keys");
    let undone = Program::new("sh", &scene.ops).arg(file).run();
    assert!(undone.success(), "{undone:?}");
    let left = fs::read_to_string(scene.bastion.outside("/home/meanwhile/.ssh/authorized_keys")).expect("the file");
    assert_eq!(left, "# mine\n# theirs\n");
}

/// The admin's password is asked for, or in the environment, never in the file.
#[test]
fn a_superusers_run_is_taken_back_too() {
    let server = Postgres::start();
    loaded(&server, server.major());
    let before = server.dump();
    let wizard = wizard(&server, "super.sh").admin("postgres", POSTGRES_PASSWORD);
    wizard.setup().exits(0);
    let undone = Program::new("sh", &server)
        .arg("super.sh")
        .env("PGPASSWORD", POSTGRES_PASSWORD)
        .run();
    assert!(undone.success(), "{undone:?}");
    assert_eq!(server.dump(), before);
}
