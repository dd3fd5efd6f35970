//! `check --loads`: how fresh the loads are, what was rejected, and what can interrupt the next one.

use std::time::Duration;

use crate::cure::ownership::loaded;
use crate::support::process::{DEADLINE, poll};
use crate::support::wizard::Wizard;
use crate::support::{Postgres, PostgresOptions, Program};

/// A schema that Stitch's role owns and has loaded a moment ago.
fn checked<'a>(server: &'a Postgres<'a>) -> Wizard<'a> {
    loaded(server, "postgres");
    let wizard = Wizard::new(server).set("--schema", "shop");
    wizard.setup().exits(0);
    wizard.flag("--loads")
}

#[test]
fn each_limit_is_seen_exceeded() {
    let server = Postgres::start();
    let wizard = checked(&server);
    let said = wizard.check().exits(0);
    assert!(
        said.has("load-age", "good")
            .contains("last loaded into the schema \"shop\""),
        "{said}"
    );
    assert!(said.has("records-rejected", "good").starts_with("0 records"), "{said}");
    said.has("load-blocked", "good");
    // Nothing of it without the flag.
    Wizard::new(&server).set("--schema", "shop").check().has_not("load-age");

    server.psql_in(
        "stitch",
        "update shop.\"CAMPAIGN_REPORT\" set _sdc_batched_at = now() - interval '3 days 1 hour';
         insert into shop._sdc_rejected values ('{}', 'too long', 'orders', now()), ('{}', 'too long', 'orders', now()),
             ('{}', 'long ago', 'orders', now() - interval '3 days');
         set role stitch; create table shop.wide (a int, b int);
         do $$ begin for i in 1..20 loop
             alter table shop.wide add gone int; alter table shop.wide drop gone;
         end loop; end $$",
    );
    let strict = wizard.clone().set("--loads-max-columns", "20");
    let said = strict.check().exits(4);
    said.bad_are(&["columns-near-limit", "load-age", "records-rejected"]);
    let age = said.has("load-age", "bad");
    assert!(
        age.contains("3 days ago") && age.contains("the limit is 24 hours"),
        "{age}"
    );
    let rejected = said.has("records-rejected", "bad");
    assert!(rejected.starts_with("2 records were rejected"), "{rejected}");
    let (_, query) = rejected.split_once('\n').expect("a query is given");
    assert_eq!(server.psql_in("stitch", query), "orders|too long|2");
    assert!(
        said.has("columns-near-limit", "bad")
            .contains("\"shop\".\"wide\" has 22 columns"),
        "{said}"
    );
    let lenient = wizard
        .clone()
        .set("--loads-max-age", "4d")
        .set("--loads-rejected-within", "7d")
        .set("--loads-max-rejected", "3");
    lenient.check().exits(0);
    lenient
        .set("--loads-max-rejected", "2")
        .check()
        .bad_are(&["records-rejected"]);
    since_the_last_check(&wizard);
    server.psql_in("stitch", "truncate shop._sdc_rejected; drop table shop.wide");

    // A large table has rows between its ends that are not read.
    server.psql_in(
        "stitch",
        "set role stitch; create table shop.big (like shop.\"CAMPAIGN_REPORT\");
         insert into shop.big select i, now() - interval '2 days', now(), i, 1 from generate_series(1, 60000) i",
    );
    let part = wizard.check().exits(0).has("load-age", "unknown");
    assert!(part.contains("read in part: \"shop\".\"big\""), "{part}");
    acknowledged_findings_are_quiet(&wizard);
    server.psql_in("stitch", "insert into shop.big values (0, now(), now(), 1, 1)");
    wizard.check().exits(0).has("load-age", "good");
    server.psql_in(
        "stitch",
        "update shop.big set _sdc_batched_at = now() - interval '2 days' where id = 0",
    );
    let (_, index) = part.split_once("exact: ").expect("an index is named");
    server.psql_in("stitch", index);
    let exact = wizard.check().exits(4).has("load-age", "bad");
    assert!(exact.contains("2 days ago"), "{exact}");
    server.psql_in("stitch", "update shop.big set _sdc_batched_at = now() where id = 1");
    wizard.check().exits(0).has("load-age", "good");
}

/// Two records were rejected a moment ago, and one three days ago. The report of the last check says since when they count.
fn since_the_last_check(wizard: &Wizard<'_>) {
    let lenient = wizard.clone().set("--loads-max-age", "4d");
    let since = lenient
        .set("--loads-rejected-since", "last.json")
        .flag("--report=last.json");
    let report = since.program("check").home().join("last.json");
    // There was no check before: a day counts.
    let first = since.check().exits(4).has("records-rejected", "bad");
    assert!(
        first.starts_with("2 records") && first.contains("in the last 24 hours"),
        "{first}"
    );
    let written = |ago: u64| {
        let file = std::fs::File::options()
            .write(true)
            .open(&report)
            .expect("it was written");
        let at = std::time::SystemTime::now() - Duration::from_secs(ago);
        file.set_modified(at).expect("it is ours");
    };
    written(5 * 86_400);
    let all = since.check().exits(4).has("records-rejected", "bad");
    assert!(all.starts_with("3 records"), "{all}");
    wizard.server.psql_in(
        "stitch",
        "update shop._sdc_rejected set _sdc_rejected_at = _sdc_rejected_at - interval '2 hours'",
    );
    written(3600);
    since.check().exits(0).has("records-rejected", "good");
    wizard.server.psql_in(
        "stitch",
        "update shop._sdc_rejected set _sdc_rejected_at = _sdc_rejected_at + interval '2 hours'",
    );
}

/// A finding that is unknown and acknowledged is shown only to users who ask for everything; a problem stays one.
fn acknowledged_findings_are_quiet(wizard: &Wizard<'_>) {
    let run = |arguments: &[&str], codes: &str| {
        let program = wizard.program("check").args(arguments);
        std::fs::write(
            program.home().join("stitch-pg.toml"),
            format!("acknowledge = [{codes}]\n"),
        )
        .expect("it can be written");
        let output = program.run();
        std::fs::remove_file(program.home().join("stitch-pg.toml")).expect("it is there");
        output
    };
    let loud = run(&["--format", "text"], "");
    assert!(loud.stdout.contains("left for you"), "{loud:?}");
    let quiet = run(
        &["--format", "text", "--format", "json=report.json", "--format", "github"],
        "\"load-age\", \"rows-refused\"",
    );
    assert!(
        quiet.stdout.contains("\nReady: ") && !quiet.stdout.contains("::notice"),
        "{quiet:?}"
    );
    assert!(run(&["-v"], "\"load-age\"").stdout.contains("read in part"));
    let report = run(
        &["--format", "json", "--loads-max-columns", "2"],
        "\"load-age\", \"columns-near-limit\"",
    );
    assert_eq!(report.status, Some(4), "{report:?}");
    let report = crate::support::json::report(&report.stdout);
    let findings = report["steps"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|step| step["findings"].as_array().expect("a list"));
    for finding in findings {
        let known = ["load-age", "columns-near-limit"]
            .iter()
            .any(|code| finding["code"] == *code);
        assert_eq!(finding["acknowledged"] == true, known, "{finding}");
    }
    let problem = run(
        &["--format", "github", "--loads-max-columns", "2"],
        "\"columns-near-limit\"",
    );
    assert!(
        problem
            .stdout
            .contains("::error title=connection%3A columns-near-limit"),
        "{problem:?}"
    );
    // An earlier name, and a mistake.
    assert_eq!(run(&["--format", "json"], "\"firewall-unseen\"").status, Some(0));
    let wrong = run(&["--format", "text"], "\"load-aeg\"");
    assert_eq!(wrong.status, Some(2));
    assert!(wrong.stderr.contains("did you mean load-age?"), "{wrong:?}");
}

#[test]
fn who_blocks_the_next_change_is_named() {
    let server = Postgres::start();
    let wizard = checked(&server);
    server.psql("create role \"ana\"\"lyst\" login superuser password 'x'");
    let program = Program::new("psql", &server)
        .args(["-X", "-U", "ana\"lyst", "-d", "stitch", "-c"])
        .arg("begin; select from shop.numbered; select pg_sleep(120)")
        .arg("-h")
        .arg(server.socket_dir())
        .args(["-p", &server.port().to_string()])
        .env("PGAPPNAME", "a $1 'report'");
    let holder = program.start();
    let old =
        "select count(*) from pg_stat_activity where query like '%pg_sleep%' and xact_start < now() - interval '2 s'
        and pid <> pg_backend_pid()";
    poll(DEADLINE, || (server.psql(old) == "1").then_some(())).expect("the lock is held");
    let said = wizard.check().exits(0);
    assert!(said.has("load-blocked", "good").contains("1 session, none"), "{said}");
    let strict = wizard.set("--loads-max-lock", "1s");
    let said = strict.check().exits(4);
    said.bad_are(&["load-blocked"]);
    let text = said.has("load-blocked", "bad");
    for part in [
        "ana",
        "a $1 'report'",
        "shop.numbered",
        "seconds (since 20",
        "pg_terminate_backend(",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // A login that may not see since when.
    let dba = strict.admin("dba", crate::support::postgres::DBA_PASSWORD);
    let text = dba.check().exits(0).has("load-blocked", "unknown");
    assert!(text.contains("pg_read_all_stats"), "{text}");
    let (_, end) = text.split_once("end it: ").expect("a statement is given");
    server.psql(end);
    holder.finish(DEADLINE);
    dba.check().exits(0).has("load-blocked", "good");
}

/// Planning a query can run what an index of a hostile owner calls.
#[test]
fn tables_of_others_are_not_read() {
    let server = Postgres::start();
    checked(&server);
    server.psql_in(
        "stitch",
        "create schema \"tr\"\"ap $1\" authorization loader; set role loader; set search_path = \"tr\"\"ap $1\";
         create table _sdc_rejected (record text, reason text, table_name text, _sdc_rejected_at timestamptz);
         create table orders (id int, _sdc_batched_at timestamptz); insert into orders select i, now() - i * interval '1 minute' from generate_series(1, 9) i;
         create function trap(int) returns int immutable language plpgsql as
             'begin if current_user <> ''loader'' then raise exception ''the trap has run''; end if; return 1; end';
         create index on orders ((trap(1)));",
    );
    let said = Wizard::new(&server).flag("--loads").check().exits(0);
    assert_eq!(said.subjects("load-age"), ["shop", "tr\"ap $1"], "{said}");
    let text = said.has("load-age", "unknown");
    assert!(
        text.contains("not read: \"tr\"\"ap $1\".\"orders\" (Stitch's role does not own it)"),
        "{text}"
    );
    assert!(
        said.has("records-rejected", "unknown").contains("was not read"),
        "{said}"
    );
    assert!(!said.json.to_string().contains("the trap has run"), "{said}");
    // The statistics show it without reading the table.
    server.psql_in("stitch", "set role loader; analyze \"tr\"\"ap $1\".orders");
    let said = Wizard::new(&server).flag("--loads").check().exits(0);
    assert!(!said.output.stdout.contains("not read: "), "{said}");
}

#[test]
fn older_and_newer_servers_are_asked_the_same() {
    for major in [10, 13, 18] {
        let Some(server) = Postgres::start_with(PostgresOptions::new().major(major)) else {
            continue;
        };
        let said = checked(&server).check().exits(0);
        said.has("load-age", "good");
        said.has("records-rejected", "good");
        said.has("load-blocked", "good");
    }
}
