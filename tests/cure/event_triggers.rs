//! Other people's functions that the server calls in our session are told before anything is changed.

use crate::support::wizard::Wizard;
use crate::support::{Postgres, PostgresOptions};

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
    }
}
