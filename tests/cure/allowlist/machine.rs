//! The rules read from the file on PostgreSQL's own machine, where the login may make roles and may not ask for them.

use std::fs;

use super::bench::{Bench, HEAD};
use crate::support::postgres::{DBA_PASSWORD, POSTGRES_PASSWORD};
use crate::support::process::{DEADLINE, poll};
use crate::support::{
    BastionOptions, Certificates, Need, Output, Postgres, PostgresOptions, Program, Running, SshKey, World, json,
    stitch_pg, world,
};

/// Another user's process that is called as the server is and says of itself what the server's first process says. Its number
/// comes before the server's.
pub(super) fn impostor(server: &Postgres<'_>, user: &str) -> Option<Running> {
    let world = server.world()?;
    let folder = format!("/run/world/impostor-{user}");
    world.sh(&format!(
        "mkdir {folder}; cp \"$(command -v sleep)\" {folder}/postgres; chown -R {user}: {folder}"
    ));
    let started = server.psql("SELECT floor(extract(epoch FROM pg_postmaster_start_time()))");
    let start = format!(
        "cd {folder}; echo 99999 >/proc/sys/kernel/ns_last_pid || :
        setpriv --reuid {user} --regid $(id -g {user}) --clear-groups sh -c 'printf \"%s\\n\" $$ /x \"$@\" >postmaster.pid; exec ./postgres 600' sh \"$@\"; :"
    );
    let running = Program::new("sh", server)
        .args(["-c", &start, "sh", started.trim(), &server.port().to_string()])
        .start();
    poll(DEADLINE, || impostor_lives(server, user).then_some(())).expect("it runs");
    Some(running)
}

pub(super) fn impostor_lives(server: &Postgres<'_>, user: &str) -> bool {
    let script =
        "p=$(head -n 1 /run/world/impostor-$1/postmaster.pid 2>/dev/null) && cat /proc/$p/comm 2>/dev/null || :";
    let called = |world: &World| world.sh_with(script, &[user], b"");
    server.world().is_some_and(|world| called(world).trim() == "postgres")
}

/// Ends it.
pub(super) fn end_impostor(server: &Postgres<'_>, user: &str, running: Running) {
    if let Some(world) = server.world() {
        world.sh(&format!("kill $(head -n 1 /run/world/impostor-{user}/postmaster.pid)"));
    }
    running.finish(DEADLINE);
}

#[test]
fn rules_read_on_this_machine_without_a_superuser() {
    let mut bench = Bench::new();
    let impostor = impostor(&bench.0, "nobody");
    let check = |bench: &Bench| bench.check_as("dba", DBA_PASSWORD, &[]);
    // A list of names beside the file, which the tool reads as the server does.
    let list = bench.0.data_dir().join("names");
    fs::write(&list, "other\n\"dw\" # Stitch's\n").expect("the data directory is ours");
    bench.rules("host @names all all reject\n");
    let broken = check(&bench);
    broken.assert_all_four("hba-reject", "bad");
    let text = &broken.of("hba-reject")[0].text;
    assert!(text.contains("(`host other,dw all all reject`)"), "{text}");
    assert!(text.contains("/pg_hba.conf"), "{text}");
    for absent in ["hba-unreadable", "hba-from-file", "hba-not-loaded"] {
        assert!(broken.of(absent).is_empty(), "{}", broken.story());
    }
    broken.assert_needs_a_person();
    bench.follow(broken.of("hba-reject")[0]);
    let mended = check(&bench);
    mended.assert_all_four("hba-ok", "good");
    mended.assert_ready();

    if let Some(impostor) = impostor {
        end_impostor(&bench.0, "nobody", impostor);
    }

    // Without the list the server cannot read the line.
    fs::remove_file(&list).expect("it was there");
    assert_eq!(check(&bench).only("hba-syntax-error").verdict, "bad");
    fs::write(&list, "other").expect("the data directory is ours");

    // The server's own program reports where the file is.
    let elsewhere = bench.0.data_dir().join("elsewhere.conf");
    fs::write(&elsewhere, format!("{HEAD}host all all all trust\n")).expect("ours");
    let inside = bench.0.socket_dir().join("data/elsewhere.conf");
    bench
        .0
        .psql(&format!("ALTER SYSTEM SET hba_file = '{}'", inside.display()));
    bench.0.restart();
    let moved = check(&bench);
    moved.assert_all_four("hba-trust", "bad");
    assert!(
        moved.of("hba-trust")[0].text.contains("/elsewhere.conf"),
        "{}",
        moved.story()
    );

    // Written to after the server read it.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    fs::write(&elsewhere, format!("{HEAD}host all all all md5\n")).expect("ours");
    assert_eq!(check(&bench).only("hba-not-loaded").verdict, "unknown");
}

/// A copy that names what lies beside it.
#[test]
fn a_copy_is_read_with_what_lies_beside_it() {
    let options = PostgresOptions::new().major(18);
    let Some(server) = Postgres::start_with(options) else {
        return;
    };
    let folder = server.socket_dir();
    let outside = server.place().outside(&folder);
    fs::create_dir(outside.join("more.d")).expect("ours");
    fs::write(
        outside.join("copy"),
        "include_dir more.d\ninclude /elsewhere/x\nhost all all all md5\n",
    )
    .expect("ours");
    fs::write(
        outside.join("more.d/a.conf"),
        "host \"/^d.$\" all 52.23.137.21/32 reject\n",
    )
    .expect("ours");
    let output = stitch_pg(&server)
        .args(["check", "--only", "allowlist", "--format", "json", "--no-input"])
        .args([
            "--host",
            "127.0.0.1",
            "--port",
            &server.port().to_string(),
            "--admin-user",
            "dba",
        ])
        .args(["--database", "dw", "--region", "north-america", "--hba-file"])
        .arg(folder.join("copy"))
        .env("PGPASSWORD", DBA_PASSWORD)
        .run();
    let report = json::report(&output.stdout);
    assert_eq!(codes(&report, "52.23.137.21/32"), ["hba-reject"], "{report:#}");
    assert_eq!(codes(&report, "52.204.223.208/32"), ["hba-uncertain"], "{report:#}");
}

/// The findings about the rules for an address.
fn codes(report: &serde_json::Value, subject: &str) -> Vec<String> {
    let findings = report["steps"][0]["findings"].as_array().expect("findings");
    let codes = findings.iter().filter(|finding| finding["subject"] == subject);
    let codes = codes.filter_map(|finding| finding["code"].as_str());
    codes
        .filter(|code| code.starts_with("hba-"))
        .map(str::to_owned)
        .collect()
}

/// PostgreSQL on the SSH server, in a file system of its own as in a container: the server reports the path, and the rules
/// are read over SSH, with what they include.
#[test]
fn rules_read_over_ssh_without_a_superuser() {
    let needs = [Need::Bastion, Need::Postgres(18)];
    let Some(world) = world(&needs) else {
        return;
    };
    let ops = world.host("ops", &[("lan", "198.51.100.10/24")]);
    let key = SshKey::ed25519(&world.outside(world.dir().join("tmp")));
    let options = BastionOptions::new().authorize(&key);
    let bastion = world.bastion("bastion", &[("lan", "198.51.100.20/24")], options);
    bastion.remember();
    let head = "local all all trust\nhost all dba 127.0.0.1/32 scram-sha-256\n";
    let options = PostgresOptions::new()
        .major(18)
        .tls(Certificates::for_names(&["127.0.0.1"]))
        .conf("listen_addresses", "*")
        .hba(head);
    let server = Postgres::start_in(&world, Some(bastion.host()), options);
    let check = || -> Output {
        stitch_pg(&ops)
            .args(["check", "--only", "allowlist", "--format", "json", "--no-input"])
            .args(["--via-bastion", "--host", "127.0.0.1", "--stitch-host", "127.0.0.1"])
            .args([
                "--bastion",
                "admin@198.51.100.20",
                "--bastion-identity",
                "/run/world/tmp/ed25519",
            ])
            .args(["--admin-user", "dba", "--database", "dw", "--region", "europe"])
            .env("PGPASSWORD", DBA_PASSWORD)
            .run()
    };
    // The path of the file is not reported.
    let untold = json::report(&check().stdout);
    let finding = untold["steps"][0]["findings"].as_array().expect("findings");
    let finding = finding
        .iter()
        .find(|finding| finding["code"] == "hba-unreadable")
        .expect("it is said");
    assert!(
        finding["text"].as_str().expect("text").contains("in a container"),
        "{finding:#}"
    );

    server.psql("GRANT pg_read_all_settings TO dba");
    fs::create_dir_all(server.data_dir().join("more.d")).expect("ours");
    let main = server.data_dir().join("pg_hba.conf");
    fs::write(main, format!("{head}include_dir more.d\n")).expect("ours");
    fs::write(
        server.data_dir().join("more.d/a.conf"),
        "host \"/^d\" all 127.0.0.1/32 reject\n",
    )
    .expect("ours");
    server.reload();
    let closed = check();
    assert_eq!(closed.status, Some(4), "{}{}", closed.stdout, closed.stderr);
    let report = json::report(&closed.stdout);
    assert_eq!(codes(&report, "127.0.0.1/32"), ["hba-reject"], "{report:#}");
    assert!(closed.stdout.contains("more.d/a.conf (`host "), "{}", closed.stdout);
    fs::write(
        server.data_dir().join("more.d/B.conf"),
        "hostssl dw stitch 127.0.0.1/32 scram-sha-256\n",
    )
    .expect("ours");
    server.reload();
    let open = check();
    assert_eq!(open.status, Some(0), "{}{}", open.stdout, open.stderr);
    assert_eq!(codes(&json::report(&open.stdout), "127.0.0.1/32"), ["hba-ok"]);
}

/// From here: refused and silent. From the SSH server: silent, unknown, refused.
#[test]
fn the_port_that_is_dialled_refuses_or_is_silent() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let ops = world.host("ops", &[("lan", "198.51.100.10/24")]);
    let there = world.host("there", &[("lan", "198.51.100.30/24")]);
    let key = SshKey::ed25519(&world.outside(world.dir().join("tmp")));
    let options = BastionOptions::new().authorize(&key);
    let bastion = world.bastion("bastion", &[("lan", "198.51.100.20/24")], options);
    bastion.remember();
    let _server = Postgres::start_in(
        &world,
        Some(&there),
        PostgresOptions::new().conf("listen_addresses", "*"),
    );
    there.tool(
        &world,
        "nft 'table inet f { chain i { type filter hook input priority 0; tcp dport 5433 drop; }; }'",
    );
    let check = |arguments: &[&str]| -> Vec<(String, String)> {
        let output = stitch_pg(&ops)
            .args([
                "check",
                "--only",
                "allowlist,connection",
                "--format",
                "json",
                "--no-input",
            ])
            .args([
                "--host",
                "198.51.100.30",
                "--admin-user",
                "postgres",
                "--database",
                "dw",
            ])
            .args(["--region", "europe", "--bastion-identity", "/run/world/tmp/ed25519"])
            .args(arguments)
            .env("PGPASSWORD", POSTGRES_PASSWORD)
            .env("STITCH_PG_PASSWORD", "x")
            .run();
        let report = json::report(&output.stdout);
        let findings = report["steps"][0]["findings"].as_array().expect("findings");
        let text_of = |finding: &serde_json::Value, name: &str| finding[name].as_str().unwrap_or_default().to_owned();
        let knocks = ["port-refused", "port-filtered", "bastion-cannot-reach"];
        let seen = findings
            .iter()
            .map(|finding| (text_of(finding, "code"), text_of(finding, "text")));
        let seen: Vec<(String, String)> = seen.filter(|(code, _)| knocks.contains(&code.as_str())).collect();
        // The path shows it on the hop that is closed, and nothing behind that as good.
        let path = report["path"].as_array().expect("path");
        if let Some((code, _)) = seen.first() {
            let wanted = if code == "bastion-cannot-reach" {
                path.len() - 2
            } else {
                0
            };
            // Stitch's own login says the same by its layer, and outweighs what was only unknown.
            let closed =
                |code: &str| code == "login-tunnel" || code.starts_with("login-tcp") || code.starts_with("tunnel-");
            let codes = path[wanted]["codes"].as_array().expect("codes");
            let names: Vec<&str> = codes.iter().filter_map(|code| code.as_str()).collect();
            assert!(
                names.iter().any(|name| name == code || closed(name)),
                "{code}: {path:?}"
            );
            assert!(
                path[wanted..].iter().all(|hop| hop["verdict"] != "good"),
                "{code}: {path:?}"
            );
        }
        seen
    };
    let bastion = ["--bastion", "admin@198.51.100.20"];
    let with = |more: &[&'static str]| [&bastion[..], more].concat();
    assert_eq!(check(&[]), []);
    assert_eq!(check(&with(&["--stitch-host", "198.51.100.30"])), []);
    for (arguments, code, says) in [
        (vec!["--stitch-port", "5434"], "port-refused", "refused"),
        (vec!["--stitch-port", "5433"], "port-filtered", "no answer"),
        (with(&["--stitch-bastion-port", "2222"]), "port-refused", "refused"),
        (with(&["--stitch-port", "5433"]), "bastion-cannot-reach", "no answer"),
        (
            with(&["--stitch-port", "5434"]),
            "bastion-cannot-reach",
            "nothing listens",
        ),
        (
            with(&["--stitch-host", "inner.invalid"]),
            "bastion-cannot-reach",
            "cannot resolve the name",
        ),
    ] {
        let seen = check(&arguments);
        let codes: Vec<&str> = seen.iter().map(|(code, _)| code.as_str()).collect();
        assert_eq!(codes, [code], "{arguments:?}: {seen:?}");
        assert!(seen[0].1.contains(says), "{arguments:?}: {seen:?}");
    }
}
