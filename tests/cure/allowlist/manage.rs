//! `--manage hba` on a real file: the lines go in, every other byte stays, and the way back is exact.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::PathBuf;
use std::thread;

use super::bench::{Bench, HEAD};
use super::machine::{end_impostor, impostor, impostor_lives};
use crate::support::postgres::{DBA_PASSWORD, POSTGRES_PASSWORD};
use crate::support::{
    BastionOptions, Certificates, Need, Output, Postgres, PostgresOptions, Program, SshKey, stitch_pg, world,
};

const REMARK: &str = "# Added by stitch-pg (--manage hba), to allow Stitch:";
const LINES: [&str; 4] = [
    "hostssl dw stitch 52.23.137.21/32 scram-sha-256",
    "hostssl dw stitch 52.204.223.208/32 scram-sha-256",
    "hostssl dw stitch 52.204.228.32/32 scram-sha-256",
    "hostssl dw stitch 52.204.230.227/32 scram-sha-256",
];

fn block(end: &str) -> String {
    let lines: Vec<&str> = std::iter::once(REMARK).chain(LINES).collect();
    lines.join(end) + end
}

fn program(bench: &Bench, command: &str) -> Program {
    program_as(bench, command, "postgres", POSTGRES_PASSWORD)
}

fn program_as(bench: &Bench, command: &str, user: &str, password: &str) -> Program {
    stitch_pg(&bench.0)
        .args([
            command,
            "--only",
            "allowlist",
            "--format",
            "json",
            "--no-input",
            "--manage",
            "hba",
        ])
        .args(["--host", "127.0.0.1", "--port", &bench.0.port().to_string()])
        .args(["--admin-user", user, "--database", "dw"])
        .env("PGPASSWORD", password)
        .env("STITCH_PG_REGION", "north-america")
}

fn setup(bench: &Bench) -> Output {
    program(bench, "setup").arg("--yes").run()
}

fn bytes(bench: &Bench) -> Vec<u8> {
    fs::read(bench.0.data_dir().join("pg_hba.conf")).expect("the file")
}

fn write(bench: &Bench, text: &[u8]) {
    fs::write(bench.0.data_dir().join("pg_hba.conf"), text).expect("the data directory is ours");
    bench.0.reload();
}

/// What the file was, what it must be afterwards.
struct Case {
    before: Vec<u8>,
    after: Vec<u8>,
}

fn cases() -> Vec<Case> {
    let crlf = |text: &str| text.replace('\n', "\r\n");
    let case = |before: &str, after: String| Case {
        before: before.into(),
        after: after.into(),
    };
    let reject = "host all all all reject";
    let mut cases = vec![
        // Above the line that decides, and no others touched: blanks, a tab, remarks, an odd last line.
        case(
            &format!("{HEAD}# keep\n\n{reject}\t \n  # end"),
            format!("{HEAD}# keep\n\n{}{reject}\t \n  # end", block("\n")),
        ),
        // Nothing matches: at the end.
        case(HEAD, format!("{HEAD}{}", block("\n"))),
        // The last line has no end, before and after.
        case(HEAD.trim_end(), format!("{HEAD}{}", block("\n")).trim_end().to_owned()),
        case(
            &crlf(&format!("{HEAD}{reject}\n")),
            format!("{}{}{reject}\r\n", crlf(HEAD), block("\r\n")),
        ),
        case(
            crlf(HEAD).trim_end(),
            format!("{}{}", crlf(HEAD), block("\r\n")).trim_end().to_owned(),
        ),
        // The deciding line goes over two.
        case(
            &format!("{HEAD}# a remark\nhost all all \\\n  all reject\n"),
            format!("{HEAD}# a remark\n{}host all all \\\n  all reject\n", block("\n")),
        ),
    ];
    // Latin-1 in a remark.
    let latin = |block: &str| {
        [
            HEAD.as_bytes(),
            b"# caf\xe9\n",
            block.as_bytes(),
            reject.as_bytes(),
            b"\n",
        ]
        .concat()
    };
    cases.push(Case {
        before: latin(""),
        after: latin(&block("\n")),
    });
    cases
}

#[test]
fn managed_rules_are_put_in_and_taken_out_to_the_byte() {
    let bench = Bench::new();
    for (n, Case { before, after }) in cases().into_iter().enumerate() {
        write(&bench, &before);
        let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let pending = program(&bench, "check").run();
        assert_eq!(pending.status, Some(3), "{n}: {}", pending.stdout);
        assert_eq!(shown(&bytes(&bench)), shown(&before), "{n}: check changes nothing");
        let old = fs::metadata(bench.0.data_dir().join("pg_hba.conf")).expect("the file");
        let undo = PathBuf::from(format!("undo{n}.sh"));
        let applied = program(&bench, "setup").arg("--yes").arg("--undo").arg(&undo).run();
        assert_eq!(applied.status, Some(0), "{n}: {}\n{}", applied.stdout, applied.stderr);
        assert!(
            applied.stdout.contains("\"result\": \"applied\""),
            "{n}: {}",
            applied.stdout
        );
        assert_eq!(shown(&bytes(&bench)), shown(&after), "{n}");
        let new = fs::metadata(bench.0.data_dir().join("pg_hba.conf")).expect("the file");
        assert_eq!(
            (old.mode(), old.uid(), old.gid()),
            (new.mode(), new.uid(), new.gid()),
            "{n}"
        );
        bench.check(&[]).assert_all_four("hba-ok", "good");
        let again = setup(&bench);
        assert!(again.stdout.contains("\"result\": \"ready\""), "{n}: {}", again.stdout);
        assert_eq!(bytes(&bench), after, "{n}: a second run changes nothing");
        let mut command = Program::new("sh", &bench.0).arg(&undo);
        command = command.env("PGPASSWORD", POSTGRES_PASSWORD);
        let undone = command.run();
        assert_eq!(undone.status, Some(0), "{n}: {}{}", undone.stdout, undone.stderr);
        assert_eq!(shown(&bytes(&bench)), shown(&before), "{n}: undone");
    }
    let left = fs::read_dir(bench.0.data_dir()).expect("the folder");
    let left: Vec<PathBuf> = left.filter_map(|entry| Some(entry.ok()?.path())).collect();
    let stray = left.iter().find(|path| path.to_string_lossy().contains(".stitch-pg."));
    assert_eq!(stray, None, "no file is left behind");
}

#[test]
fn a_managed_file_behind_a_symbolic_link_stays_behind_it() {
    let bench = Bench::new();
    let data = bench.0.data_dir();
    fs::rename(data.join("pg_hba.conf"), data.join("real.conf")).expect("ours");
    symlink("real.conf", data.join("pg_hba.conf")).expect("ours");
    fs::write(data.join("real.conf"), format!("{HEAD}host all all all reject\n")).expect("ours");
    bench.0.reload();
    let applied = setup(&bench);
    assert_eq!(applied.status, Some(0), "{}", applied.stdout);
    let link = fs::read_link(data.join("pg_hba.conf")).expect("still a link");
    assert_eq!(link, PathBuf::from("real.conf"));
    bench.check(&[]).assert_ready();

    fs::rename(data.join("real.conf"), data.join("far.conf")).expect("ours");
    symlink("far.conf", data.join("real.conf")).expect("ours");
    fs::write(data.join("far.conf"), format!("{HEAD}host all all all reject\n")).expect("ours");
    bench.0.reload();
    let refused = bench.check(&["--manage", "hba"]);
    let finding = refused.only("hba-not-managed");
    assert!(finding.text.contains("symbolic link"), "{}", finding.text);
    refused.assert_needs_a_person();
}

#[test]
fn what_cannot_be_managed_is_said() {
    let bench = Bench::new();
    bench.rules("host all all all reject\n");
    // The file is broken already.
    bench.rules("host all all all reject\nhots all all all md5\n");
    let broken = bench.check(&["--manage", "hba"]);
    let finding = broken.only("hba-not-managed");
    assert!(finding.text.contains("cannot parse"), "{}", finding.text);
    assert!(broken.of("hba-syntax-error").len() == 1, "{}", broken.story());
    broken.assert_needs_a_person();
}

/// A login that may not ask the server to read its file again: the server is signalled on its machine.
#[test]
fn managed_rules_without_a_superuser() {
    let mut bench = Bench::new();
    bench.rules("host all all all reject\n");
    let before = bytes(&bench);
    let run =
        |bench: &Bench, command: &str, more: &[&str]| program_as(bench, command, "dba", DBA_PASSWORD).args(more).run();
    assert_eq!(run(&bench, "check", &[]).status, Some(3));
    assert_eq!(bytes(&bench), before, "check changes nothing");
    let undo = "undo.sh";
    // Another name of the file, and another user's process that says that it is the server: neither is touched.
    let other_name = bench.0.data_dir().join("pg_hba.old");
    fs::hard_link(bench.0.data_dir().join("pg_hba.conf"), &other_name).expect("the data directory is ours");
    // Root's may be another user's, too: sudo under another name.
    let impostors = ["nobody", "root"].map(|user| (user, impostor(&bench.0, user)));
    let applied = run(&bench, "setup", &["--yes", "--undo", undo]);
    assert_eq!(applied.status, Some(0), "{}\n{}", applied.stdout, applied.stderr);
    assert_eq!(fs::read(other_name).expect("it is there"), before);
    assert!(applied.stdout.contains("kill -HUP"), "{}", applied.stdout);
    // As the superuser sees it: the lines are in force.
    bench.check(&[]).assert_all_four("hba-ok", "good");
    let again = run(&bench, "setup", &["--yes"]);
    assert!(again.stdout.contains("\"result\": \"ready\""), "{}", again.stdout);
    // The way back holds when the server was started anew meanwhile.
    bench.0.restart();
    let undone = Program::new("sh", &bench.0)
        .arg(undo)
        .env("PGPASSWORD", DBA_PASSWORD)
        .run();
    assert_eq!(undone.status, Some(0), "{}{}", undone.stdout, undone.stderr);
    assert_eq!(bytes(&bench), before, "undone");
    for (user, impostor) in impostors {
        if let Some(impostor) = impostor {
            assert!(impostor_lives(&bench.0, user), "it was signalled");
            end_impostor(&bench.0, user, impostor);
        }
    }
    bench.check(&[]).assert_all_four("hba-reject", "bad");

    let applied = run(&bench, "setup", &["--yes"]);
    assert_eq!(applied.status, Some(0), "{}\n{}", applied.stdout, applied.stderr);
    let removed = run(&bench, "remove", &["--yes"]);
    assert!(removed.stdout.contains("\"result\": \"applied\""), "{}", removed.stdout);
    assert_eq!(bytes(&bench), before, "removed");

    // A process of the server's own user: which of the two is meant cannot be decided.
    if let Some(impostor) = self::impostor(&bench.0, "postgres") {
        let refused = run(&bench, "setup", &["--yes"]);
        assert_eq!(refused.status, Some(1), "{}", refused.stdout);
        assert!(refused.stdout.contains("both say that they are"), "{}", refused.stdout);
        assert_eq!(bytes(&bench), before, "refused");
        assert!(impostor_lives(&bench.0, "postgres"), "it was signalled");
        end_impostor(&bench.0, "postgres", impostor);
    }

    // A server that does not read its files again: the lines are removed, and that is reported.
    bench.0.psql(
        "SET allow_system_table_mods = on;
         ALTER FUNCTION pg_catalog.pg_conf_load_time() RENAME TO conf_load_time_as_it_is;
         CREATE FUNCTION pg_catalog.pg_conf_load_time() RETURNS timestamptz LANGUAGE sql AS $$ SELECT 'epoch'::timestamptz $$",
    );
    let failed = run(&bench, "setup", &["--yes"]);
    assert_eq!(failed.status, Some(1), "{}", failed.stdout);
    assert!(failed.stdout.contains("the lines are removed"), "{}", failed.stdout);
    assert_eq!(bytes(&bench), before);
}

/// The server that gets the signal to read the lines sees another file by then: the lines are removed again.
#[test]
fn managed_rules_that_do_not_show_are_taken_out_again() {
    let bench = Bench::new();
    bench.rules("host all all all reject\n");
    let before = bytes(&bench);
    // A server whose view is not the file's: what the proof is against.
    bench.0.psql(
        "SET allow_system_table_mods = on;
         ALTER VIEW pg_hba_file_rules RENAME TO hba_as_it_is;
         CREATE VIEW pg_catalog.pg_hba_file_rules AS SELECT * FROM pg_catalog.hba_as_it_is WHERE NOT '{stitch}' = user_name",
    );
    let failed = setup(&bench);
    assert_eq!(failed.status, Some(1), "{}", failed.stdout);
    assert!(failed.stdout.contains("removed again"), "{}", failed.stdout);
    assert_eq!(bytes(&bench), before);
}

/// Every run has read the same file before it writes: none takes another's lines out, or puts its own in twice.
#[test]
fn managed_rules_of_several_runs_at_once() {
    let bench = Bench::new();
    bench.rules("host all all all reject\n");
    let before = bench.hba();
    let run = |number: usize| {
        let role = format!("stitch{number}");
        program(&bench, "setup").args(["--yes", "--role", &role]).run()
    };
    let (run, numbers) = (&run, 0..6);
    let outputs: Vec<Output> = thread::scope(|scope| {
        let runs: Vec<_> = numbers.clone().map(|number| scope.spawn(move || run(number))).collect();
        let ended = runs.into_iter().map(|run| run.join().expect("a run comes to its end"));
        ended.collect()
    });
    for output in &outputs {
        let told = output
            .stdout
            .contains("was changed by another process a moment ago; run stitch-pg again");
        assert!(
            output.status == Some(0) || output.status == Some(1) && told,
            "{}{}",
            output.stdout,
            output.stderr
        );
    }
    let done = outputs.iter().filter(|output| output.status == Some(0)).count();
    println!("{done} of {} at once", outputs.len());
    assert!(done > 0);
    assert_eq!(bench.hba().matches(REMARK).count(), done, "{}", bench.hba());
    for (number, output) in numbers.zip(&outputs) {
        let again = run(number);
        assert_eq!(again.status, Some(0), "{}{}", again.stdout, again.stderr);
        assert_eq!(output.status == Some(0), again.stdout.contains("\"result\": \"ready\""));
        let line = format!("hostssl dw stitch{number} 52.23.137.21/32 scram-sha-256\n");
        assert_eq!(bench.hba().matches(&line).count(), 1, "{}", bench.hba());
    }
    let (head, reject) = before.split_at(before.find("host all all all").expect("it is there"));
    let hba = bench.hba();
    assert!(hba.starts_with(head) && hba.ends_with(reject), "{hba}");
    let files = fs::read_dir(bench.0.data_dir()).expect("the data directory is ours");
    let ours = files.filter(|file| {
        let name = file.as_ref().expect("it is readable").file_name();
        name.to_string_lossy().starts_with(".stitch-pg")
    });
    assert_eq!(ours.count(), 0);
}

/// PostgreSQL on the SSH server: the file is changed there, over the SSH login.
#[test]
fn managed_rules_on_the_ssh_server() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let ops = world.host("ops", &[("lan", "198.51.100.10/24")]);
    let key = SshKey::ed25519(&world.outside(world.dir().join("tmp")));
    let options = BastionOptions::new().authorize(&key);
    let bastion = world.bastion("bastion", &[("lan", "198.51.100.20/24")], options);
    bastion.remember();
    let rules = "local all all trust\nhost all postgres,dba 127.0.0.1/32 scram-sha-256\nhost all all all reject\n";
    let options = PostgresOptions::new()
        .tls(Certificates::for_names(&["127.0.0.1"]))
        .conf("listen_addresses", "*")
        .hba(rules);
    let server = Postgres::start_in(&world, Some(bastion.host()), options);
    let folder = server.socket_dir();
    let run_as = |user: &str, password: &str, command: &str, login: &str, stitch_host: &str| {
        stitch_pg(&ops)
            .args([
                command,
                "--only",
                "allowlist",
                "--format",
                "json",
                "--no-input",
                "--yes",
            ])
            .args(["--manage", "hba", "--via-bastion", "--host", "127.0.0.1"])
            .args(["--bastion", &format!("{login}@198.51.100.20")])
            .args([
                "--bastion-identity",
                "/run/world/tmp/ed25519",
                "--stitch-host",
                stitch_host,
            ])
            .args(["--admin-user", user, "--database", "dw", "--region", "europe"])
            .env("PGPASSWORD", password)
            .run()
    };
    let run = |command: &str, login: &str, stitch_host: &str| {
        run_as("postgres", POSTGRES_PASSWORD, command, login, stitch_host)
    };
    // The SSH server's file system lacks the file: it is not the server's machine, whatever its address.
    let elsewhere = run("setup", "root", "127.0.0.1");
    assert_eq!(elsewhere.status, Some(4), "{}{}", elsewhere.stdout, elsewhere.stderr);
    assert!(elsewhere.stdout.contains("there is no file"), "{}", elsewhere.stdout);
    // A file of that name, and another one.
    server.psql("GRANT pg_read_all_settings TO dba");
    let path = folder.join("data/pg_hba.conf");
    world.sh_with(
        "mkdir -p \"$WORLD/bastion/root${1%/*}\"; cp \"$1\" \"$WORLD/bastion/root$1\"",
        &[path.to_str().expect("plain")],
        b"",
    );
    let other = run_as("dba", DBA_PASSWORD, "setup", "root", "127.0.0.1");
    assert!(other.stdout.contains("runs in a container"), "{}", other.stdout);
    world.sh_with(
        "mkdir -p \"$WORLD/bastion/root$1\"; mount --bind \"$1\" \"$WORLD/bastion/root$1\"",
        &[folder.to_str().expect("plain")],
        b"",
    );
    // admin becomes root by sudo.
    let applied = run("setup", "admin", "127.0.0.1");
    assert_eq!(applied.status, Some(0), "{}{}", applied.stdout, applied.stderr);
    let now = fs::read_to_string(server.data_dir().join("pg_hba.conf")).expect("the file");
    let line = "hostssl dw stitch 127.0.0.1/32 scram-sha-256\n";
    let (head, reject) = rules.split_at(rules.find("host all all all").expect("it is there"));
    assert_eq!(now, format!("{head}{REMARK}\n{line}{reject}"));
    let again = run("setup", "root", "127.0.0.1");
    assert!(again.stdout.contains("\"result\": \"ready\""), "{}", again.stdout);
    // The SSH server's own firewall is read by the way.
    assert_eq!(again.stdout.matches("\"firewall-open\"").count(), 4, "{}", again.stdout);
    let rules_of_nft =
        "table inet f { chain i { type filter hook input priority 0; policy drop; ip saddr 198.51.100.0/24 accept;
        iifname lo accept; ct state established accept; ip saddr 3.126.102.29 tcp dport 22 accept; }; }";
    bastion.host().tool(&world, &format!("nft '{rules_of_nft}'"));
    let closed = run("check", "root", "127.0.0.1");
    assert_eq!(closed.status, Some(4), "{}", closed.stdout);
    assert_eq!(
        closed.stdout.matches("\"firewall-open\"").count(),
        1,
        "{}",
        closed.stdout
    );
    assert_eq!(
        closed.stdout.matches("\"firewall-closed\"").count(),
        3,
        "{}",
        closed.stdout
    );
    assert!(closed.stdout.contains("policy drop of inet f i"), "{}", closed.stdout);
    bastion.host().tool(&world, "nft flush ruleset");
    // Without a superuser, root on the server's machine signals the server.
    fs::write(server.data_dir().join("pg_hba.conf"), rules).expect("ours");
    server.reload();
    let applied = run_as("dba", DBA_PASSWORD, "setup", "admin", "127.0.0.1");
    assert_eq!(applied.status, Some(0), "{}{}", applied.stdout, applied.stderr);
    let now = fs::read_to_string(server.data_dir().join("pg_hba.conf")).expect("the file");
    assert_eq!(now, format!("{head}{REMARK}\n{line}{reject}"));
    let again = run("check", "root", "127.0.0.1");
    assert_eq!(
        again.status,
        Some(0),
        "a superuser sees them in force: {}",
        again.stdout
    );
    // A database elsewhere is not reached by the SSH login.
    fs::write(server.data_dir().join("pg_hba.conf"), rules).expect("ours");
    server.reload();
    let other = run("check", "root", "10.9.9.9");
    assert!(other.stdout.contains("another machine"), "{}", other.stdout);
}

/// What another program writes would be gone with its next turn; its own way is printed, with the lines.
#[test]
fn a_file_that_another_program_writes_is_left() {
    let bench = Bench::new();
    let programs = [
        (
            "# Do not edit this file manually!\n# It will be overwritten by Patroni!\n",
            "Patroni",
            "patronictl edit-config",
        ),
        (
            "# This file is managed by Puppet\n",
            "Puppet",
            "postgresql::server::pg_hba_rule",
        ),
        ("#\n# Ansible managed\n#\n", "Ansible", "postgresql_pg_hba"),
        (
            "# Generated by the deployment. Do not edit.\n",
            "another program",
            "let it write the file",
        ),
    ];
    for (remark, who, way) in programs {
        let text = format!("{remark}{HEAD}host all all all reject\n");
        write(&bench, text.as_bytes());
        for (user, password) in [("postgres", POSTGRES_PASSWORD), ("dba", DBA_PASSWORD)] {
            for command in ["plan", "setup"] {
                let run = program_as(&bench, command, user, password);
                let said = if command == "setup" {
                    run.arg("--yes").run()
                } else {
                    run.run()
                };
                let expected = if command == "setup" { 4 } else { 0 };
                assert_eq!(said.status, Some(expected), "{said:#?}");
                for part in ["hba-generated", who, way, LINES[0]] {
                    assert!(said.stdout.contains(part), "{part}: {}", said.stdout);
                }
                assert!(!said.stdout.contains("and reload the server"), "{}", said.stdout);
            }
        }
        assert_eq!(bytes(&bench), text.as_bytes(), "{who}");
    }
}
