//! Readers keep reading: `--reader` lets other roles see what Stitch makes later, and what it has made.

use crate::cure::impact;
use crate::support::postgres::DBA_PASSWORD;
use crate::support::wizard::{PASSWORD, Wizard};
use crate::support::{Postgres, PostgresOptions, Program};

const READER_PASSWORD: &str = "reader-pw";

/// What Stitch makes one day.
const LOAD: &str = "create schema later; create table later.orders (id int, _sdc_sequence bigint); insert into later.orders values (1, 1)";

fn reads(server: &Postgres<'_>, reader: &str) -> Result<String, String> {
    server.try_psql_as(reader, READER_PASSWORD, "stitch", "select count(*) from later.orders")
}

#[test]
fn a_reader_sees_what_stitch_makes_later() {
    for (major, self_grant) in [
        (13, ""),
        (15, ""),
        (17, ""),
        (17, "set"),
        (17, "set, inherit"),
        (18, "inherit"),
    ] {
        let options = PostgresOptions::new().major(major);
        let Some(server) = Postgres::start_with(options) else {
            continue;
        };
        server.psql(&format!(
            "create role \"Read er\" login password '{READER_PASSWORD}'; create role bi login password '{READER_PASSWORD}'"
        ));
        if !self_grant.is_empty() {
            server.psql(&format!("alter role dba set createrole_self_grant = '{self_grant}'"));
        }
        let wizard = Wizard::dba(&server).flag("--reader=bi").flag("--reader=Read er");
        let all = [
            "create the database",
            "create the role",
            "grant CONNECT, CREATE, TEMPORARY",
            "let \"Read er\" read what \"stitch\" will make",
            "let \"bi\" read what \"stitch\" will make",
        ];
        let memberships = "select count(*) from pg_auth_members m where pg_get_userbyid(m.roleid) = 'stitch'";
        let said = wizard.cure(&all, &[]);
        said.has("reader-ready", "good");
        // What the creator has anyway, and nothing else.
        let rows = match (major, self_grant) {
            (..=15, _) => "0",
            (_, "") => "1",
            _ => "2",
        };
        assert_eq!(server.psql(memberships), rows, "PostgreSQL {major}, {self_grant:?}");
        let options = "select string_agg(concat(inherit_option, set_option), ' ' order by grantor) from pg_auth_members
            where grantor = 'dba'::regrole and roleid = 'stitch'::regrole";
        if self_grant == "set" {
            assert_eq!(server.psql(options), "ft", "the self-granted row is as it was");
        }
        server
            .try_psql_as("stitch", PASSWORD, "stitch", LOAD)
            .expect("Stitch loads");
        for reader in ["bi", "Read er"] {
            assert_eq!(
                reads(&server, reader).as_deref(),
                Ok("1"),
                "PostgreSQL {major}, {reader}"
            );
        }
        wizard.is_settled(&[]);
    }
}

#[test]
fn what_is_there_already_is_opened_too() {
    for major in [15, 17] {
        let options = PostgresOptions::new().major(major);
        let Some(server) = Postgres::start_with(options) else {
            continue;
        };
        Wizard::dba(&server).setup().exits(0);
        server
            .try_psql_as("stitch", PASSWORD, "stitch", LOAD)
            .expect("Stitch loads");
        server.psql(&format!("create role bi login password '{READER_PASSWORD}'"));
        let wizard = Wizard::dba(&server).flag("--reader=bi");
        assert!(reads(&server, "bi").is_err());
        // The test load reports it before anything is changed.
        let check = wizard.check().exits(3);
        let refused = check.has("test-load-refused", "bad");
        assert!(refused.contains("let a reader read"), "{refused}");
        wizard.cure(
            &[
                "let \"bi\" read what",
                "let \"bi\" read the schema \"later\" and 1 table in it",
            ],
            &[],
        );
        assert_eq!(reads(&server, "bi").as_deref(), Ok("1"));
        // One right of it taken away is one right given back.
        server.psql_in("stitch", "revoke usage on schema later from bi");
        wizard.cure(&["let \"bi\" read the schema \"later\" and 0 tables"], &[]);
    }
}

/// A schema that changes hands in the same run is open to the readers at its end, by one right more on each object.
#[test]
fn what_changes_hands_is_opened_too() {
    for (major, keeps) in [
        (15, "--keep-readers"),
        (17, "--keep-readers"),
        (17, "--no-keep-readers"),
    ] {
        let options = PostgresOptions::new().major(major);
        let Some(server) = Postgres::start_with(options) else {
            continue;
        };
        impact::hanging(&server);
        server.psql(&format!(
            "create role bi login password '{READER_PASSWORD}'; create role insider login password '{READER_PASSWORD}' in role loader"
        ));
        // One of them reads some of it already, in its own name; the other as the owner.
        server.psql_in("stitch", r#"grant select on shop."CAMPAIGN_REPORT" to bi"#);
        let before = server.psql_in("stitch", impact::STATE);
        let wizard = Wizard::dba(&server).set("--schema", "shop").flag(keeps);
        let wizard = wizard.flag("--reader=bi").flag("--reader=insider");
        let undo = format!("undo-{major}{keeps}.sh");
        wizard.clone().set("--undo", &undo).cure(
            &[
                "let \"bi\" read what \"stitch\" will make",
                "let \"insider\" read what \"stitch\" will make",
                "owner of the schema \"shop\" and 8 objects in it",
            ],
            &[],
        );
        for reader in ["bi", "insider"] {
            for table in [r#"shop."CAMPAIGN_REPORT""#, r#"shop."Order Lines""#] {
                server
                    .try_psql_as(
                        reader,
                        READER_PASSWORD,
                        "stitch",
                        &format!("select count(*) from {table}"),
                    )
                    .unwrap_or_else(|error| panic!("{reader} reads {table}: {error}"));
            }
        }
        let undone = Program::new("sh", &server)
            .arg(&undo)
            .env("PGPASSWORD", DBA_PASSWORD)
            .run();
        assert!(undone.success(), "{undone:?}");
        assert_eq!(server.psql_in("stitch", impact::STATE), before, "{major} {keeps}");
    }
}

#[test]
fn a_reader_that_cannot_be_served_is_a_finding() {
    let Some(server) = Postgres::start_with(PostgresOptions::new().major(17)) else {
        return;
    };
    Wizard::dba(&server).setup().exits(0);
    let missing = Wizard::dba(&server).flag("--reader=nobody");
    missing.cure(&[], &["reader-missing", "test-load-refused"]);
    // Another admin, who has no say over the role.
    server.psql("create role bi; create role second login createrole createdb password 'second-pw'");
    let wizard = Wizard::new(&server).admin("second", "second-pw").flag("--reader=bi");
    let said = wizard.cure(&[], &["reader-cannot-grant", "test-load-refused"]);
    let text = said.has("reader-cannot-grant", "bad");
    let (_, statements) = text.split_once(": ALTER").expect("the statements are told");
    server.psql_in("stitch", &format!("ALTER{statements}"));
    wizard.is_settled(&[]);
}
