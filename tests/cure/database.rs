//! The step *database*: made when it is missing, judged and left alone when it is there.

use std::fs;

use crate::support::process::{DEADLINE, poll};
use crate::support::wizard::Wizard;
use crate::support::{Postgres, PostgresOptions, Program};

/// What a first run changes where nothing is there.
const ALL: [&str; 3] = [
    "create the database",
    "create the role",
    "grant CONNECT, CREATE, TEMPORARY",
];

/// A relative of PostgreSQL is reported, and worked with.
#[test]
fn a_server_with_citus_is_told() {
    let server = Postgres::start();
    // As the extension's own entry reads; its files are not needed for that.
    server.psql(
        "insert into pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
         values (99999, 'citus', 10, 'pg_catalog'::regnamespace, false, '12.1-1')",
    );
    let said = Wizard::dba(&server).cure(&ALL, &[]);
    assert!(said.has("server-variant", "unknown").contains("Citus"), "{said}");
}

#[test]
fn a_missing_database_is_created_whatever_its_name() {
    let server = Postgres::start();
    let long = "ü".repeat(31) + "x";
    assert_eq!(long.len(), 63);
    let names = [
        "stitch",
        "StitchDW",
        "stitch dw",
        "we\"ird",
        "O'Brien",
        "a=b",
        "-dash",
        "ünï",
        "per%cent\\",
        &long,
    ];
    for name in names {
        // The role bears the same name: it goes through other statements.
        let wizard = Wizard::new(&server).set("--database", name).set("--role", name);
        wizard.setup().exits(0).plans(&ALL);
        wizard.check().exits(0).plans(&[]);
        let found = server.psql("select datname from pg_database order by oid desc limit 1");
        assert_eq!(found, name);
    }
}

#[test]
fn an_existing_database_keeps_its_owner() {
    let server = Postgres::start();
    server.psql("create role keeper; create database dw owner keeper");
    let wizard = Wizard::new(&server).set("--database", "dw");
    // CONNECT and TEMPORARY come from PUBLIC here; Stitch is not to depend on it.
    let said = wizard.cure(&["create the role", "grant CONNECT, CREATE, TEMPORARY on"], &[]);
    assert!(said.has("database-exists", "good").contains("keeper"));
    let owner = server.psql("select pg_get_userbyid(datdba) from pg_database where datname = 'dw'");
    assert_eq!(owner, "keeper");
}

#[test]
fn a_name_that_differs_in_case_is_pointed_out() {
    let server = Postgres::start();
    server.psql("create database stitchdw");
    let check = Wizard::new(&server).set("--database", "StitchDW").check().exits(3);
    let said = check.has("database-similar-name", "unknown");
    assert!(said.contains("--database stitchdw"), "{said}");
}

#[test]
fn what_makes_a_database_unfit_is_left_to_a_person() {
    let server = Postgres::start();
    let other = "template template0 lc_collate 'C' lc_ctype 'C' encoding";
    server.psql(&format!("create database ascii {other} 'SQL_ASCII'"));
    server.psql(&format!("create database latin {other} 'LATIN1'"));
    server.psql("create database template");
    server.psql("alter database template is_template true");
    server.psql("create database closed");
    server.psql("alter database closed allow_connections false");
    server.psql("create database packed");
    server.psql("alter database packed connection limit 0");
    let cases: [(&str, &[&str]); 5] = [
        ("ascii", &[]),
        ("latin", &["database-encoding", "test-load-refused"]),
        ("template", &["database-template"]),
        ("closed", &["database-no-connections", "login-database-closed"]),
        ("packed", &["database-connection-limit", "login-connection-limit"]),
    ];
    for (name, bad) in cases {
        let wizard = Wizard::new(&server).set("--database", name).set("--role", name);
        wizard.cure(&["create the role", "grant CONNECT, CREATE, TEMPORARY on"], bad);
    }
    // What is stored there is what was sent.
    let wizard = Wizard::new(&server).set("--database", "ascii").set("--role", "ascii");
    wizard.run("plan").exits(0).has("database-encoding", "unknown");
    server.psql("alter database ascii connection limit 2");
    let few = wizard.run("plan").exits(0).has("database-connection-limit", "unknown");
    assert!(few.contains("a connection limit of 2"), "{few}");
}

#[test]
fn an_admin_who_may_not_create_databases_changes_nothing() {
    let server = Postgres::start();
    server.psql("alter role dba nocreatedb");
    let said = Wizard::dba(&server).cure(&[], &["database-cannot-create"]);
    let text = said.has("database-cannot-create", "bad");
    assert!(text.contains("CREATE DATABASE \"stitch\""), "{text}");
    assert!(text.contains("postgres"), "who could: {text}");
}

#[test]
fn a_standby_is_refused() {
    let mut server = Postgres::start();
    fs::write(server.data_dir().join("standby.signal"), "").expect("the data directory can be written");
    server.restart();
    assert_eq!(server.psql("select pg_is_in_recovery()"), "t");
    Wizard::new(&server).cure(&[], &["server-standby"]);
}

#[test]
fn a_template_in_another_encoding_does_not_matter() {
    let server = Postgres::start();
    server.psql("alter database template1 is_template false");
    server.psql("drop database template1");
    server.psql("create database template1 template template0 encoding 'LATIN1' lc_collate 'C' lc_ctype 'C'");
    Wizard::new(&server).cure(&ALL, &[]);
    let encoding = server.psql("select pg_encoding_to_char(encoding) from pg_database where datname = 'stitch'");
    assert_eq!(encoding, "UTF8");
}

#[test]
fn a_server_without_the_database_postgres_will_do() {
    let server = Postgres::start();
    server.psql_in("template1", "drop database postgres");
    let wizard = Wizard::new(&server);
    wizard.check().exits(3).plans(&ALL);
    wizard.setup().exits(0);
    wizard.check().exits(0).plans(&[]);
    let again = wizard.setup().exits(0);
    assert_eq!(again.json["result"], "ready", "{again}");
}

#[test]
fn every_version_is_set_up_by_an_admin_who_is_no_superuser() {
    for major in crate::support::majors() {
        let options = PostgresOptions::new().major(major);
        let Some(server) = Postgres::start_with(options) else {
            continue;
        };
        let said = Wizard::dba(&server).cure(&ALL, &[]);
        assert_eq!(
            said.json["server"]["version_num"].as_u64().map(|n| n / 10_000),
            Some(major.into())
        );
        // The community's updates of 14 ended in November 2026; that is reported, and stops nothing.
        if major <= 14 {
            said.has("server-end-of-life", "unknown");
        } else {
            said.has_not("server-end-of-life");
        }
    }
}

/// No role can log in to such a database.
const RIGHTS: &str = "select (select string_agg(d::text, ' ' order by oid) from pg_database d), (select string_agg(a::text, ' ' order by oid) from pg_authid a)";

/// A database that was half dropped is none: nothing is granted on it.
#[test]
fn an_invalid_database_is_no_database() {
    for major in [13, 18] {
        let Some(server) = Postgres::start_with(PostgresOptions::new().major(major)) else {
            continue;
        };
        server.psql("create database dw owner dba; update pg_database set datconnlimit = -2 where datname = 'dw'");
        for wizard in [Wizard::new(&server), Wizard::dba(&server)] {
            let wizard = wizard.set("--database", "dw");
            let before = server.psql(RIGHTS);
            for said in [
                wizard.run("plan").exits(0),
                wizard.check().exits(4),
                wizard.setup().exits(4),
            ] {
                said.bad_are(&["database-invalid"]);
                said.has_not("database-exists");
                said.plans(&[]);
                assert!(
                    said.has("database-invalid", "bad").contains("DROP DATABASE \"dw\";"),
                    "{said}"
                );
            }
            assert_eq!(server.psql(RIGHTS), before);
        }
        server.psql("drop database dw");
        Wizard::dba(&server).set("--database", "dw").setup().exits(0);
    }
}

/// The server ends autovacuum in the template before it copies it. A login that may not see what kind of process that is
/// does not take it for a session.
#[test]
fn autovacuum_in_the_template_is_in_nobodys_way() {
    for major in [13, 18] {
        let options = PostgresOptions::new().major(major).conf("autovacuum_naptime", "1s");
        let Some(server) = Postgres::start_with(options) else {
            continue;
        };
        server.psql_in(
            "template1",
            "create table slow (id int) with (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0,
                 autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1);
             insert into slow select generate_series(1, 100000);
             delete from slow",
        );
        let there =
            "select count(*) from pg_stat_activity where datname = 'template1' and query like 'autovacuum: %slow%'";
        for (number, wizard) in [Wizard::new(&server), Wizard::dba(&server)].into_iter().enumerate() {
            poll(DEADLINE, || (server.psql(there) == "1").then_some(())).expect("autovacuum comes to the template");
            let wizard = wizard.set("--database", &format!("dw{number}")).flag("--adopt-role");
            wizard.run("plan").exits(0).has_not("template-unusable");
            let said = wizard.setup().exits(0);
            let made = said.commands();
            assert!(made.iter().all(|command| !command.contains("TEMPLATE")), "{said}");
            wizard.check().exits(0).plans(&[]);
        }
    }
}

/// What the server would refuse to copy is not copied, and the sessions that prevent it are reported.
#[test]
fn a_template_that_cannot_be_copied_is_foreseen() {
    for major in [13, 15, 18] {
        let Some(server) = Postgres::start_with(PostgresOptions::new().major(major)) else {
            continue;
        };
        let holder = Program::new(crate::support::postgres::psql(), &server)
            .args(["-X", "-U", "postgres", "-d", "template1", "-h"])
            .arg(server.socket_dir())
            .args(["-p", &server.port().to_string(), "-c"])
            .arg("set application_name = 'migration'; select pg_sleep(300)")
            .start();
        let there = "select count(*) from pg_stat_activity where datname = 'template1' and wait_event = 'PgSleep'";
        poll(DEADLINE, || (server.psql(there) == "1").then_some(())).expect("somebody is in the template");
        for (number, wizard) in [Wizard::new(&server), Wizard::dba(&server)].into_iter().enumerate() {
            let wizard = wizard.set("--database", &format!("dw{number}")).flag("--adopt-role");
            let said = wizard.run("plan").exits(0).has("template-unusable", "unknown");
            assert!(
                said.contains("user postgres") && said.contains("TEMPLATE template0"),
                "{said}"
            );
            wizard.setup().exits(0);
            wizard.check().exits(0).has_not("template-unusable");
        }
        server.psql("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'template1'");
        holder.finish(DEADLINE);
        if major >= 15 {
            server.psql("update pg_database set datcollversion = '1.0' where datname = 'template1'");
            let wizard = Wizard::dba(&server).set("--database", "versioned").flag("--adopt-role");
            let said = wizard.run("plan").exits(0).has("template-unusable", "unknown");
            assert!(said.contains("1.0 when it was made"), "{said}");
            wizard.setup().exits(0);
        }
    }
}
