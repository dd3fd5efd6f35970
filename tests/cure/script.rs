//! `script --for dba`: run by psql it has the same result as `setup`, and a second run changes nothing.

use crate::cure::ownership::LOADED;
use crate::rights::admins::Admin;
use crate::rights::states::State;
use crate::support::wizard::{PASSWORD, Wizard};
use crate::support::{Output, Postgres, PostgresOptions, Program};

/// How the script is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Made {
    Offline,
    FromPlan,
}

/// Runs the script in psql, as a login over the server's socket.
fn psql(wizard: &Wizard<'_>, made: Made, (user, password): (&str, &str)) -> Output {
    let mut script = wizard.program("script").args(["--for", "dba"]);
    if made == Made::FromPlan {
        script = script.arg("--from-plan");
    }
    let script = script.run();
    assert!(script.success(), "{}", script.stderr);
    assert!(!script.stdout.contains(password), "{}", script.stdout);
    run(wizard, &script.stdout, (user, password))
}

fn run(wizard: &Wizard<'_>, script: &str, (user, password): (&str, &str)) -> Output {
    Program::new(crate::support::postgres::psql(), wizard.server)
        .args(["-X", "-w", "-U", user, "-d", "postgres", "-f", "-", "-h"])
        .arg(wizard.server.socket_dir())
        .args(["-p", &wizard.server.port().to_string()])
        .env("STITCH_PG_PASSWORD", password)
        .stdin(script)
        .run()
}

#[track_caller]
fn leads_to_ready(wizard: &Wizard<'_>, user: &str, password: &str) {
    let wizard = &wizard.clone().env("STITCH_PG_PASSWORD", password);
    let first = psql(wizard, Made::Offline, (user, password));
    assert!(first.success(), "{}", first.stderr);
    wizard.check().exits(0).plans(&[]);
    let before = wizard.server.dump();
    let second = psql(wizard, Made::Offline, (user, password));
    assert!(second.success(), "{}", second.stderr);
    assert_eq!(wizard.server.dump(), before);
}

/// The same file twice; in the end nothing is pending and only these are bad.
#[track_caller]
fn cures(wizard: &Wizard<'_>, made: Made, looks: &Wizard<'_>, bad: &[&str]) {
    let mut script = looks.program("script").args(["--for", "dba"]);
    if made == Made::FromPlan {
        script = script.arg("--from-plan");
    }
    let script = script.run();
    assert!(script.success(), "{}", script.stderr);
    assert!(!script.stdout.contains(PASSWORD), "{}", script.stdout);
    let told = format!("{made:?}\n{}", script.stdout);
    let mut dumps = Vec::new();
    for _ in 0..2 {
        let output = run(wizard, &script.stdout, ("postgres", PASSWORD));
        assert!(output.success() && output.stderr.is_empty(), "{output:?}\n{told}");
        dumps.push(without_salts(&wizard.server.dump(), &script.stdout));
    }
    assert_eq!(dumps[0], dumps[1], "the second run changed something\n{told}");
    let check = wizard.check().exits(if bad.is_empty() { 0 } else { 4 });
    check.plans(&[]);
    check.bad_are(bad);
}

/// A password that is set once more differs in its salt.
fn without_salts(dump: &str, script: &str) -> String {
    let sets_it_again = script.contains("-- To change the password of")
        || script.contains("\" PASSWORD :'stitch_password';\n\\endif\n\n-- To create the role");
    if !sets_it_again {
        return dump.to_owned();
    }
    let lines = dump.lines().map(|line| match line.split_once("SCRAM-SHA-256$4096:") {
        Some((before, after)) => format!("{before}{}", after.split_once('"').map_or("", |(_, rest)| rest)),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Every state of the matrix of rights: what a superuser runs, written without a check, from what a superuser saw, and,
/// where that is another one, from what a plain login saw that may do nothing of it.
#[test]
fn every_state_of_the_matrix() {
    let server = Postgres::start();
    for state in State::ALL {
        let blind = matches!(
            state,
            State::Nothing | State::OtherPassword | State::CatalogRevoked | State::ThirdOwner
        );
        let ways = [
            (Made::Offline, Admin::Superuser),
            (Made::FromPlan, Admin::Superuser),
            (Made::FromPlan, Admin::Plain),
        ];
        for (made, looks) in ways.into_iter().take(if blind { 3 } else { 2 }) {
            State::clear(&server);
            state.make(&server, looks);
            let looks = state.wizard(&server, looks);
            let runs = looks
                .clone()
                .admin("postgres", crate::support::postgres::POSTGRES_PASSWORD);
            let bad: &[&str] = if state == State::Full { &FULL } else { &[] };
            cures(&runs, made, &looks, bad);
        }
    }
}

/// A database's connection limit is its owner's to raise.
const FULL: [&str; 2] = ["database-connection-limit", "login-connection-limit"];

#[test]
fn a_new_connection_of_any_name() {
    let server = Postgres::start();
    let names = [
        "stitch",
        "Stitch DW",
        "we\"ird; DROP",
        "O'Brien\\",
        "a=b",
        "ünï",
        "x\\'y :'z' :\"z\"",
        "%I $1 $stitch$ \\gexec",
    ];
    let passwords = [
        "plain",
        "it's \"q\" \\ $x `date` :x",
        " lead",
        "%s#--",
        "né",
        PASSWORD,
        ":stitch_x",
        ":'x'\\",
    ];
    for (name, password) in names.into_iter().zip(passwords) {
        let wizard = Wizard::dba(&server).set("--database", name).set("--role", name);
        leads_to_ready(&wizard, "dba", password);
    }
}

/// Asked for at the terminal, with the role's name as it is: psql knows escapes of its own there.
#[test]
fn the_question_for_the_password_names_the_role() {
    let server = Postgres::start();
    for role in ["it's", "x\\'y", "\\", "a\\x41' :'z"] {
        let wizard = Wizard::new(&server).set("--role", role).set("--database", role);
        let script = wizard.program("script").args(["--for", "dba"]).run();
        assert!(script.success(), "{}", script.stderr);
        let command = "f=$(mktemp) && cat >\"$f\" && printf '%s\\n' \"$ANSWER\" | \"$0\" \"$@\" -f \"$f\"";
        let output = Program::new("sh", &server)
            .args(["-c", command])
            .arg(crate::support::postgres::psql())
            .args(["-X", "-w", "-U", "postgres", "-d", "postgres", "-h"])
            .arg(server.socket_dir())
            .args(["-p", &server.port().to_string()])
            .env("ANSWER", PASSWORD)
            .env("STITCH_PG_PASSWORD", "")
            .stdin(&script.stdout)
            .run();
        assert!(output.success(), "{role}: {output:?}");
        let asked = format!("Password for the role {role}: ");
        assert_eq!(output.stdout, asked, "{output:?}");
        let me = server.try_psql_as(role, PASSWORD, role, "select current_user");
        assert_eq!(me.as_deref(), Ok(role));
    }
}

/// Whatever the server logs or an extension keeps of statements, samples included.
#[test]
fn a_superusers_script_leaves_the_password_nowhere() {
    for major in [13, 15, 18] {
        let keeps = [
            ("shared_preload_libraries", "pg_stat_statements, auto_explain"),
            ("auto_explain.log_min_duration", "0"),
            ("log_statement", "all"),
            ("log_min_duration_sample", "0"),
            ("log_statement_sample_rate", "1"),
            ("log_transaction_sample_rate", "1"),
            ("debug_print_parse", "on"),
        ];
        let options = PostgresOptions::new().major(major);
        let options = keeps.iter().fold(options, |all, (name, value)| all.conf(name, value));
        let Some(server) = Postgres::start_with(options) else {
            continue;
        };
        server.psql("create extension pg_stat_statements");
        let wizard = Wizard::new(&server).flag("--reset-password");
        for _ in 0..2 {
            let ran = psql(&wizard, Made::Offline, ("postgres", PASSWORD));
            assert!(ran.success(), "{ran:?}");
        }
        assert!(!server.log().contains(PASSWORD), "{major}");
        let kept =
            "select count(*) from pg_stat_statements where query like '% PASSWORD %' and query not like '%count(%'";
        assert_eq!(server.psql(kept), "0", "{major}");
    }
}

#[test]
fn schemas_that_were_loaded_before() {
    let server = Postgres::start();
    let name = "it's \"odd\"";
    server.psql("create role loader; create database dw");
    server.psql_in("dw", "create schema shop authorization loader");
    server.psql_in("dw", &format!("set role loader; {LOADED}"));
    server.psql_in(
        "dw",
        "create schema \"it's \"\"odd\"\"\" authorization loader; create table \"it's \"\"odd\"\"\".\"T t\" (id int)",
    );
    let wizard = Wizard::new(&server).set("--database", "dw").set("--role", name);
    let wizard = wizard.flag("--schema=shop").flag(&format!("--schema={name}"));
    leads_to_ready(&wizard, "postgres", PASSWORD);
}

/// What keeps an existing role out, a closed catalog, a template in another encoding, readers: a script written without a
/// look finds it all by itself.
#[test]
fn whatever_is_there_is_found_by_the_script() {
    let server = Postgres::start();
    server.psql(&format!(
        "set password_encryption = 'scram-sha-256';
         create role expired login valid until '2001-01-01' password '{PASSWORD}';
         create role limited login connection limit 0 password '{PASSWORD}';
         create role wordless login; create role bi; create database closed"
    ));
    server.psql_in("closed", "revoke usage on schema information_schema from public");
    server.psql("alter database template1 is_template false; drop database template1");
    server.psql("create database template1 template template0 encoding 'LATIN1' lc_collate 'C' lc_ctype 'C'");
    let named = |name: &str| Wizard::new(&server).set("--database", name).set("--role", name);
    let reset = |name: &str| named(name).flag("--reset-password");
    let wizards = [
        named("expired"),
        named("limited"),
        named("closed"),
        reset("wordless"),
        named("read").flag("--reader=bi"),
    ];
    for wizard in &wizards {
        cures(wizard, Made::Offline, wizard, &[]);
    }
}

/// A role that is used for something else stops the script with an error, and nothing is granted to it.
#[test]
fn a_role_of_somebody_elses_stops_the_script() {
    let server = Postgres::start();
    server.psql(
        "create role root superuser login; create role crew; create role one in role crew; create role maker login createdb;
         create database dw; create database other owner maker; create role quiet login; create role crowd role quiet",
    );
    let script = |role: &str, flag: &str| {
        let wizard = Wizard::new(&server).set("--database", "dw").set("--role", role);
        let wizard = if flag.is_empty() { wizard } else { wizard.flag(flag) };
        psql(&wizard, Made::Offline, ("postgres", PASSWORD))
    };
    let before = server.dump();
    for role in ["root", "crew", "maker", "crowd", "postgres"] {
        let output = script(role, "");
        assert_eq!(output.status, Some(3), "{role}: {output:?}");
        assert!(output.stderr.contains("is used for something else"), "{output:?}");
        assert_eq!(server.dump(), before, "{role}");
    }
    assert!(script("maker", "--adopt-role").success());
}

/// A membership is lent in the transaction that needs it and to the login that looked; a superuser is lent nothing. With
/// `--set-role` the file acts as that role.
#[test]
fn what_is_borrowed_is_given_back() {
    for major in [13, 17] {
        let options = PostgresOptions::new().major(major);
        let Some(server) = Postgres::start_with(options) else {
            continue;
        };
        let admin = if major >= 16 { " with admin option" } else { "" };
        server.psql(&format!(
            "create role team createdb createrole; create role person login noinherit; grant team to person;
             create role loader; grant loader to team{admin}; create database dw owner team"
        ));
        if major < 16 {
            server.psql("revoke loader from team");
        }
        for (user, schema) in [("person", "shop"), ("postgres", "late")] {
            server.psql_in(
                "dw",
                &format!(
                    "create schema {schema} authorization loader; set role loader;
                     create table {schema}.t (_sdc_sequence bigint); create table {schema}.u (id int)"
                ),
            );
            let looks = Wizard::new(&server)
                .set("--database", "dw")
                .flag(&format!("--schema={schema}"));
            let looks = looks.admin("person", PASSWORD).set("--set-role", "team");
            server.psql(&format!("alter role person password '{PASSWORD}'"));
            let script = looks.program("script").args(["--for", "dba", "--from-plan"]).run();
            assert!(script.success(), "{}", script.stderr);
            let text = script.stdout;
            assert!(text.contains("SET ROLE \"team\";") && text.contains("BEGIN;"), "{text}");
            let text = if user == "postgres" {
                text.replace("SET ROLE \"team\";\n", "")
            } else {
                text
            };
            let memberships = "select string_agg(m::text, ' ') from pg_auth_members m where pg_get_userbyid(roleid) in ('loader', 'stitch') and pg_get_userbyid(grantor) <> 'x'";
            let before = server.psql(memberships);
            for _ in 0..2 {
                let output = run(&looks, &text, (user, PASSWORD));
                assert!(output.success(), "PostgreSQL {major}, {user}: {output:?}\n{text}");
            }
            let owner = format!(
                "select string_agg(distinct pg_get_userbyid(relowner), ' ') from pg_class where relnamespace = '{schema}'::regnamespace"
            );
            assert_eq!(server.psql_in("dw", &owner), "stitch");
            if schema == "late" {
                assert_eq!(server.psql(memberships), before, "PostgreSQL {major}, {user}");
            } else {
                let lent = "select count(*) from pg_auth_members where pg_get_userbyid(roleid) in ('loader', 'stitch') and not admin_option";
                assert_eq!(server.psql(lent), "0", "PostgreSQL {major}, {user}");
            }
        }
    }
}
