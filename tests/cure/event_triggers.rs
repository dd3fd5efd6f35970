//! Other users' functions that the server calls in our session are reported before anything is changed.

use crate::support::postgres::{DBA_PASSWORD, psql};
use crate::support::wizard::{PASSWORD, Wizard};
use crate::support::{Output, Postgres, PostgresOptions, Program};

const WATCHED: &str = r#"
    create function public."looks on"() returns event_trigger language plpgsql as 'begin end';
    create event trigger "it's" on ddl_command_end execute procedure public."looks on"();
    create event trigger always on sql_drop execute procedure public."looks on"();
    alter event trigger always enable always;
    create event trigger off on ddl_command_start execute procedure public."looks on"(); alter event trigger off disable;
    create event trigger elsewhere on ddl_command_start execute procedure public."looks on"();
    alter event trigger elsewhere enable replica"#;

const WELCOMED: &str = "
    create function public.welcome() returns event_trigger language plpgsql as 'begin end';
    create event trigger hello on login execute function public.welcome()";

#[test]
fn event_triggers_are_told_before_anything_is_changed() {
    for major in [13, 17] {
        let options = PostgresOptions::new().major(major);
        let Some(server) = Postgres::start_with(options) else {
            continue;
        };
        let wizard = Wizard::dba(&server).set("--database", "dw");
        server.psql("create database dw owner dba");
        let quiet = wizard.run("plan").exits(0);
        quiet.has_not("event-triggers");
        quiet.has_not("login-triggers");
        server.psql_in("dw", WATCHED);
        let mut told = vec!["always", "it's"];
        if major >= 17 {
            server.psql_in("dw", WELCOMED);
            server.psql(WELCOMED);
            told.insert(1, "hello");
        }
        let before = server.dump();
        let plan = wizard.run("plan").exits(0);
        assert_eq!(plan.subjects("event-triggers"), told, "{plan}");
        let text = plan.has("event-triggers", "unknown");
        assert!(
            text.contains("(sql_drop) of \"postgres\" calls public.\"looks on\"()"),
            "{text}"
        );
        assert!(text.contains("the database \"dw\""), "{text}");
        if major >= 17 {
            let text = plan.has("login-triggers", "unknown");
            assert!(
                text.contains("(login) of \"postgres\" calls public.welcome() at every login"),
                "{text}"
            );
        } else {
            plan.has_not("login-triggers");
        }
        let setup = wizard.run("setup").exits(0);
        assert_eq!(setup.subjects("event-triggers"), told, "{setup}");
        assert_eq!(server.dump(), before, "without --yes nothing is changed");
        wizard.setup().exits(0);
        let check = wizard.check().exits(0);
        assert_eq!(check.subjects("event-triggers"), told, "{check}");

        // Those that take away, and those that others run.
        for skipped in ["allowlist", "allowlist,ownership"] {
            let remove = wizard.clone().set("--skip", skipped).run("remove").exits(3);
            assert_eq!(remove.subjects("event-triggers"), told, "{remove}");
            let at_login: &[&str] = if major >= 17 { &["hello"] } else { &[] };
            assert_eq!(remove.subjects("login-triggers"), at_login, "{remove}");
        }
        let rotated = wizard
            .clone()
            .env("STITCH_PG_PASSWORD", "another")
            .flag("--allow-cidr=127.0.0.1")
            .program("rotate")
            .arg("--yes")
            .run();
        let (before, _) = rotated
            .stderr
            .split_once("Changed: ")
            .unwrap_or_else(|| panic!("{rotated:?}"));
        for name in &told {
            assert!(before.contains(&format!("the event trigger {name:?}")), "{before}");
        }
        let is_told = |ran: &Output| {
            let calls = "always (sql_drop) calls public.\"looks on\"";
            ran.success() && ran.stdout.contains("database run with your rights: ") && ran.stdout.contains(calls)
        };
        server.psql_in(
            "dw",
            "create schema shop authorization dba; set role dba; create table shop.orders (id int)",
        );
        let existing = wizard.clone().flag("--schema=shop").flag("--reset-password");
        existing.set("--undo", "back.sh").setup().exits(0);
        let back = Program::new("sh", &server)
            .arg("back.sh")
            .env("PGPASSWORD", DBA_PASSWORD)
            .run();
        assert!(is_told(&back), "{major}: {back:?}");
        let script = wizard.program("script").args(["--for", "dba"]).run();
        let ran = Program::new(psql(), &server)
            .args(["-X", "-w", "-U", "dba", "-d", "postgres", "-f", "-", "-h"])
            .arg(server.socket_dir())
            .args(["-p", &server.port().to_string()])
            .env("PGPASSWORD", DBA_PASSWORD)
            .env("STITCH_PG_PASSWORD", PASSWORD)
            .stdin(script.stdout)
            .run();
        assert!(is_told(&ran), "{ran:?}");
    }
}
