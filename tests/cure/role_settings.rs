//! Settings attached to the role or the database that can interrupt loads: named, with the statement that clears each.

use crate::support::Postgres;
use crate::support::wizard::Wizard;

#[test]
fn a_setting_that_bites_is_named_with_what_clears_it() {
    let server = Postgres::start();
    let wizard = Wizard::dba(&server);
    wizard.setup().exits(0);
    // A tablespace that is open to the role is no problem.
    server.psql("set allow_in_place_tablespaces = on; create tablespace closed location ''");
    server.psql("set allow_in_place_tablespaces = on; create tablespace shared location ''");
    server.psql("grant create on tablespace shared to public; alter role stitch set default_tablespace = shared");
    wizard.check().exits(0).has_not("setting-interrupts-loads");
    let cases = [
        (
            "role stitch",
            "statement_timeout = '2s'",
            "bad",
            "ALTER ROLE \"stitch\" RESET \"statement_timeout\";",
        ),
        (
            "role stitch",
            "statement_timeout = '2h'",
            "unknown",
            "ALTER ROLE \"stitch\" RESET",
        ),
        (
            "role stitch",
            "idle_in_transaction_session_timeout = 900",
            "bad",
            "RESET",
        ),
        ("role stitch", "lock_timeout = '1s'", "unknown", "RESET"),
        (
            "role stitch",
            "search_path = elsewhere",
            "unknown",
            "RESET \"search_path\"",
        ),
        (
            "role stitch in database stitch",
            "default_transaction_read_only = on",
            "bad",
            "ALTER ROLE \"stitch\" IN DATABASE \"stitch\" RESET",
        ),
        (
            "database stitch",
            "default_transaction_read_only = on",
            "bad",
            "ALTER ROLE \"stitch\" IN DATABASE \"stitch\" SET \"default_transaction_read_only\" TO off;",
        ),
        (
            "database stitch",
            "statement_timeout = '30s'",
            "bad",
            "SET \"statement_timeout\" TO 0;",
        ),
        (
            "role all",
            "search_path = elsewhere",
            "unknown",
            "SET \"search_path\" TO \"$user\", public;",
        ),
        (
            "role stitch",
            "temp_file_limit = '1GB'",
            "unknown",
            "RESET \"temp_file_limit\"",
        ),
        (
            "database stitch",
            "default_tablespace = 'closed'",
            "bad",
            "SET \"default_tablespace\" TO '';",
        ),
        (
            "role stitch",
            "local_preload_libraries = 'missing'",
            "unknown",
            "RESET \"local_preload_libraries\"",
        ),
        (
            "role stitch",
            "session_preload_libraries = 'auto_explain'",
            "unknown",
            "RESET",
        ),
    ];
    for (place, setting, verdict, statement) in cases {
        server.psql(&format!("alter {place} set {setting}"));
        let said = wizard.run("plan").exits(0).has("setting-interrupts-loads", verdict);
        assert!(said.contains(statement), "{said}");
        let (_, cure) = said.split_once("runs: ").expect("advice is what somebody runs");
        server.psql(cure);
        wizard.run("plan").exits(0).has_not("setting-interrupts-loads");
        wizard.check().exits(0);
        // What was overruled for the role is there still, for the others.
        server.psql(&format!(
            "alter {place} reset all; alter role stitch in database stitch reset all"
        ));
    }
}

/// A login ignores a role that it may not become.
#[test]
fn another_role_counts_where_stitchs_may_become_it() {
    let server = Postgres::start();
    let wizard = Wizard::dba(&server);
    wizard.setup().exits(0);
    server.psql("alter role stitch set role = dba");
    wizard.check().exits(0).has_not("setting-interrupts-loads");
    server.psql("create role team; grant team to stitch; alter role stitch set role = team");
    let said = wizard.flag("--adopt-role").run("plan");
    let advice = said.exits(0).has("setting-interrupts-loads", "bad");
    assert!(advice.contains("ALTER ROLE \"stitch\" RESET \"role\";"), "{advice}");
}

#[test]
fn a_setting_that_is_overruled_does_not_bite() {
    let server = Postgres::start();
    let wizard = Wizard::dba(&server);
    wizard.setup().exits(0);
    server.psql("alter database stitch set statement_timeout = '1s'; alter role stitch set statement_timeout = 0");
    wizard.check().exits(0).has_not("setting-interrupts-loads");
}
