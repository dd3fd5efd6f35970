//! `script --for dba`: run by psql it leads to the same place as `setup`, and twice is as good as once.

use crate::ownership::LOADED;
use crate::support::{Output, Postgres, Program};
use crate::wizard::{PASSWORD, Wizard};

/// Runs the script in psql, as a login over the server's socket.
fn psql(wizard: &Wizard<'_>, user: &str, password: &str) -> Output {
    let script = wizard.program("script").args(["--for", "dba"]).run();
    assert!(script.success(), "{}", script.stderr);
    assert!(!script.stdout.contains(password), "{}", script.stdout);
    Program::new("psql", wizard.server)
        .args(["-X", "-w", "-U", user, "-d", "postgres", "-f", "-", "-h"])
        .arg(wizard.server.socket_dir())
        .args(["-p", &wizard.server.port().to_string()])
        .env("STITCH_PG_PASSWORD", password)
        .stdin(script.stdout)
        .run()
}

#[track_caller]
fn leads_to_ready(wizard: &Wizard<'_>, user: &str, password: &str) {
    let wizard = &wizard.clone().env("STITCH_PG_PASSWORD", password);
    let first = psql(wizard, user, password);
    assert!(first.success(), "{}", first.stderr);
    wizard.check().exits(0).plans(&[]);
    let before = wizard.server.dump();
    let second = psql(wizard, user, password);
    assert!(second.success(), "{}", second.stderr);
    assert_eq!(wizard.server.dump(), before);
}

#[test]
fn a_new_connection_of_any_name() {
    let server = Postgres::start("a_new_connection_of_any_name");
    let names = ["stitch", "Stitch DW", "we\"ird; DROP", "O'Brien\\", "a=b", "ünï"];
    let passwords = ["plain", "it's \"q\" \\ $x `date` :x", " lead", "%s#--", "né", PASSWORD];
    for (name, password) in names.into_iter().zip(passwords) {
        let wizard = Wizard::dba(&server).set("--database", name).set("--role", name);
        leads_to_ready(&wizard, "dba", password);
    }
}

#[test]
fn schemas_that_were_loaded_before() {
    let server = Postgres::start("schemas_that_were_loaded_before");
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
