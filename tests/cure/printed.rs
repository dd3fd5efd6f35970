//! Statements that are printed for a role that may run them change what they are for and nothing else: every catalog,
//! every setting and every rule of `pg_hba.conf`, before and after; run a second time they change nothing more.

mod tables;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cure::allowlist::bench::{Bench, GOOD};
use crate::support::Postgres;
use crate::support::wizard::Wizard;

/// What a statement may touch: the catalog, and the columns of its one row; none: a row of its own.
type Reach = (&'static str, &'static [&'static str]);

/// What is broken; the code and verdict of the finding that has the statement; what the statement may touch. Nothing to
/// touch: it leads back to what was before.
const STATEMENTS: [(&str, &str, &str, &[Reach]); 9] = [
    (
        "alter role stitch set statement_timeout = '2s'",
        "setting-interrupts-loads",
        "bad",
        &[],
    ),
    (
        "alter role stitch in database stitch set default_transaction_read_only = on",
        "setting-interrupts-loads",
        "bad",
        &[],
    ),
    (
        "alter database stitch set statement_timeout = '30s'",
        "setting-interrupts-loads",
        "bad",
        &[("pg_db_role_setting", &[])],
    ),
    (
        "alter role all set default_transaction_read_only = on",
        "setting-interrupts-loads",
        "bad",
        &[("pg_db_role_setting", &[])],
    ),
    (
        "alter database stitch connection limit 0",
        "database-connection-limit",
        "bad",
        &[("pg_database", &["datconnlimit"])],
    ),
    (
        "alter role stitch valid until '2999-01-01'",
        "role-expires",
        "unknown",
        &[("pg_authid", &["rolvaliduntil"])],
    ),
    (
        "alter role stitch connection limit 2",
        "role-connection-limit",
        "unknown",
        &[("pg_authid", &["rolconnlimit"])],
    ),
    (
        "alter database stitch owner to keeper; revoke temporary on database stitch from public, stitch",
        "database-cannot-grant",
        "bad",
        &[("pg_database", &["datacl"])],
    ),
    (
        "alter database stitch owner to keeper; revoke all on database stitch from public, stitch; grant connect on database stitch to dba",
        "database-cannot-grant",
        "bad",
        &[("pg_database", &["datacl"]), ("pg_shdepend", &[])],
    ),
];

/// What is different, and nothing else may be: lines of a dump that are gone, and lines that have come.
fn differ(before: &str, after: &str) -> (Vec<String>, Vec<String>) {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    let (before, after) = (lines(before), lines(after));
    let gone = before.difference(&after).cloned().collect();
    (gone, after.difference(&before).cloned().collect())
}

/// Catalog and row of a line of the dump.
fn row(line: &str) -> (&str, Value) {
    let rest = line.strip_prefix("catalog ").unwrap_or_else(|| panic!("{line}"));
    let (catalog, row) = rest.split_once(' ').expect("a row");
    (
        catalog,
        serde_json::from_str(row).unwrap_or_else(|error| panic!("{error}: {line}")),
    )
}

#[track_caller]
fn stays_within(gone: &[String], come: &[String], reach: &[Reach], case: &str) {
    let story = || format!("{case}\ngone {gone:#?}\ncome {come:#?}");
    for line in come {
        let (catalog, new) = row(line);
        let (_, columns) = reach
            .iter()
            .find(|(name, _)| *name == catalog)
            .unwrap_or_else(|| panic!("{}", story()));
        if columns.is_empty() {
            continue;
        }
        let olds: Vec<Value> = gone
            .iter()
            .map(|line| row(line))
            .filter(|(of, _)| *of == catalog)
            .map(|(_, old)| old)
            .collect();
        let [old] = &olds[..] else { panic!("{}", story()) };
        for (column, value) in new.as_object().expect("a row") {
            assert!(
                columns.contains(&column.as_str()) || old[column] == *value,
                "{column}: {}",
                story()
            );
        }
    }
    let rows_changed = reach.iter().filter(|(_, columns)| !columns.is_empty()).count();
    assert_eq!(gone.len(), rows_changed, "{}", story());
}

#[test]
fn a_statement_touches_what_it_is_for() {
    for (breaking, code, verdict, reach) in STATEMENTS {
        let server = Postgres::start();
        // Others, with what must not change for them.
        server.psql(
            "create role keeper login connection limit 3; create role analyst login password 'x' valid until '2998-01-01';
             grant analyst to keeper; alter role analyst set lock_timeout = '1s'; create database theirs owner keeper;
             alter database theirs set statement_timeout = '5s'",
        );
        server.psql_in("theirs", "create schema s; create table s.t (a int); grant select on s.t to analyst; alter default privileges in schema s grant select on tables to analyst");
        Wizard::new(&server).setup().exits(0);
        let wizard = Wizard::dba(&server);
        let at_first = server.dump();
        server.psql(breaking);
        let broken = server.dump();
        let told = wizard.check().has(code, verdict);
        let (_, rest) = told
            .split_once("runs: ")
            .unwrap_or_else(|| panic!("{breaking}: {told}"));
        let statement = rest.trim();
        server.psql(statement);
        let cured = server.dump();
        let (gone, come) = differ(&broken, &cured);
        assert!(
            !gone.is_empty() || !come.is_empty(),
            "{breaking}: {statement} changes nothing"
        );
        if reach.is_empty() {
            assert_eq!(cured, at_first, "{breaking}: {statement}");
        } else {
            stays_within(&gone, &come, reach, &format!("{breaking}: {statement}"));
        }
        let said = wizard.check();
        said.has_not(code);
        server.psql(statement);
        assert_eq!(server.dump(), cured, "{breaking}: a second time");
    }
}

/// The rules as the server has them, without the numbers that move.
fn rules(bench: &Bench) -> Vec<String> {
    let rows = "select concat_ws(' ', type, database, user_name, address, netmask, auth_method, options, error) from pg_hba_file_rules order by line_number";
    bench.0.psql(rows).lines().map(str::to_owned).collect()
}

const SETTINGS: &str =
    "select name, setting, pending_restart from pg_settings where name <> 'transaction_timestamp' order by 1";

#[test]
fn lines_of_rules_are_for_stitch_alone() {
    let bench = Bench::new();
    for (found, code) in [
        ("", "hba-no-match"),
        (
            "host all all all reject\nhost all other 10.0.0.0/8 trust\n",
            "hba-reject",
        ),
        ("host all all all trust\nhost other all all md5\n", "hba-trust"),
        (
            "hostssl all all all cert\nhost all all 10.0.0.0/8 reject\n",
            "hba-client-certificate",
        ),
        ("host all all all ident\n", "hba-method"),
        ("hostnossl all all all scram-sha-256\n", "hba-no-match"),
        (
            "host dw +admins all reject\nhost dw all 52.0.0.0/8 reject\nhost all all all md5\n",
            "hba-reject",
        ),
    ] {
        bench.rules(found);
        let (before, settings) = (rules(&bench), bench.0.psql(SETTINGS));
        let broken = bench.check(&[]);
        broken.assert_all_four(code, "bad");
        bench.follow(broken.of(code)[0]);
        let mut left = before.iter().peekable();
        let mut added = Vec::new();
        for rule in rules(&bench) {
            if left.peek() == Some(&&rule) {
                left.next();
            } else {
                added.push(rule);
            }
        }
        assert_eq!(left.next(), None, "{found}: a rule is gone or has moved: {before:#?}");
        let wanted = ["52.23.137.21", "52.204.223.208", "52.204.228.32", "52.204.230.227"]
            .map(|address| format!("hostssl {{dw}} {{stitch}} {address} 255.255.255.255 scram-sha-256"));
        assert_eq!(added, wanted, "{found}");
        assert_eq!(bench.0.psql(SETTINGS), settings, "{found}");
    }
}

#[test]
fn one_more_address_for_postgresql_to_listen_on() {
    let mut bench = Bench::new();
    let Some(world) = bench.0.world() else { return };
    world.sh("ip addr add 203.0.113.7/32 dev lo; ip addr add 203.0.113.8/32 dev lo");
    for (listens, wanted) in [
        ("127.0.0.1", "127.0.0.1, 203.0.113.7"),
        ("localhost,::1", "localhost, ::1, 203.0.113.7"),
    ] {
        bench.rules(GOOD);
        bench
            .0
            .psql(&format!("alter system set listen_addresses = '{listens}'"));
        bench.0.restart();
        let before = bench.0.psql(SETTINGS);
        let finding_of = |bench: &Bench| bench.check(&["--stitch-host", "203.0.113.7"]);
        let broken = finding_of(&bench);
        let finding = broken.only("listen-addresses");
        assert_eq!(finding.verdict, "bad", "{}", broken.story());
        let (_, rest) = finding.advice.split_once("runs: ").expect("a statement");
        let statement = rest.split_once(';').expect("a statement").0;
        for _ in 0..2 {
            bench.0.psql(statement);
            bench.0.restart();
            let (gone, come) = differ(&before, &bench.0.psql(SETTINGS));
            assert_eq!(gone.len(), 1, "{gone:?}");
            assert_eq!(come, [format!("listen_addresses|{wanted}|f")]);
        }
        assert_eq!(finding_of(&bench).only("listen-addresses").verdict, "good");
        let listening = bench.0.world().expect("as before").sh("ss -Hltn | awk '{print $4}'");
        assert!(
            listening.contains("203.0.113.7:5432") && !listening.contains("203.0.113.8:5432"),
            "{listening}"
        );
    }
    // A name says nothing about which of the machine's addresses it is.
    let named = bench.check(&["--stitch-host", "db.invalid"]);
    assert!(
        named
            .of("listen-addresses")
            .iter()
            .all(|finding| finding.verdict == "good"),
        "{}",
        named.story()
    );
    bench.0.psql("alter system set listen_addresses = '127.0.0.1'");
    bench.0.restart();
    let named = bench.check(&["--stitch-host", "db.invalid"]);
    let advice = &named.only("listen-addresses").advice;
    assert!(advice.contains("'127.0.0.1, ADDRESS'"), "{advice}");
}
