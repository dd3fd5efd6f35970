//! The allow list: every finding code of the step on a really broken server. This tool does not fix them, so the test
//! does what the finding advises, to the letter.

mod as_owner;
pub(crate) mod bench;
mod cloud;
mod examples;
mod firewall;
mod hba_file;
mod machine;
mod manage;

use std::thread::sleep;
use std::time::Duration;

use bench::{Bench, GOOD};

use crate::support::postgres::DBA_PASSWORD;

#[test]
fn rules_that_keep_stitch_out_are_named_and_the_advice_lets_it_in() {
    let bench = Bench::new();
    for (rules, arguments, code) in [
        ("", &[][..], "hba-no-match"),
        ("host all all all reject\n", &[], "hba-reject"),
        ("host all all all trust\n", &[], "hba-trust"),
        ("hostssl all all all cert\n", &[], "hba-client-certificate"),
        (
            "hostssl all all all md5 clientcert=verify-ca\n",
            &[],
            "hba-client-certificate",
        ),
        ("host all all all ident\n", &[], "hba-method"),
        ("host all all all password\n", &["--no-ssl"], "hba-clear-text"),
        ("hostnossl all all all scram-sha-256\n", &[], "hba-no-match"),
        ("host other all all scram-sha-256\n", &[], "hba-no-match"),
        (
            "host all all all reject\nhostssl dw stitch 52.23.137.21/32 scram-sha-256\n",
            &[],
            "hba-reject",
        ),
    ] {
        bench.rules(rules);
        let broken = bench.check(arguments);
        broken.assert_all_four(code, "bad");
        broken.assert_needs_a_person();
        bench.follow(broken.of(code)[0]);
        let mended = bench.check(arguments);
        mended.assert_all_four("hba-ok", "good");
        mended.assert_ready();
    }
}

#[test]
fn what_cannot_be_told_is_unknown_and_never_fails() {
    let bench = Bench::new();
    for (rules, code) in [
        ("host all all .example.org reject\n", "hba-uncertain"),
        ("host all all all pam\n", "hba-external-auth"),
    ] {
        bench.rules(rules);
        let open = bench.check(&[]);
        open.assert_all_four(code, "unknown");
        open.assert_ready();
    }
    bench.rules(GOOD);
    let Some(unreadable) = bench.check_from_afar(&[]) else {
        return;
    };
    assert_eq!(unreadable.only("hba-unreadable").verdict, "unknown");
    unreadable.assert_ready();
    assert_eq!(unreadable.only("firewall-not-checked").verdict, "unknown");
    assert_eq!(unreadable.of("stitch-addresses").len(), 4);
}

#[test]
fn a_password_stored_as_md5_against_a_scram_rule() {
    let bench = Bench::new();
    bench
        .0
        .psql("SET password_encryption = md5; CREATE ROLE stitch LOGIN PASSWORD 'x'");
    let broken = bench.check(&[]);
    broken.assert_all_four("hba-md5-verifier", "bad");
    broken.assert_needs_a_person();
    bench
        .0
        .psql("SET password_encryption = 'scram-sha-256'; ALTER ROLE stitch PASSWORD 'x'");
    bench.check(&[]).assert_ready();
}

#[test]
fn a_file_that_is_broken_or_not_loaded() {
    let bench = Bench::new();
    bench.rules(&format!("{GOOD}hots all all all md5\n"));
    let broken = bench.check(&[]);
    let finding = broken.only("hba-syntax-error");
    assert_eq!(finding.verdict, "bad");
    assert!(finding.subject.starts_with("line 4 of /"), "{}", finding.subject);
    broken.assert_needs_a_person();
    bench.rules(GOOD);
    bench.check(&[]).assert_ready();

    // The server keeps the time of a file to the second.
    sleep(Duration::from_millis(1_100));
    bench.write_hba(&bench.hba().replace("scram-sha-256\n", "scram-sha-256 # changed\n"));
    let stale = bench.check(&[]);
    assert_eq!(stale.only("hba-not-loaded").verdict, "unknown");
    stale.assert_ready();
    sleep(Duration::from_millis(1_100));
    bench.0.reload();
    assert!(bench.check(&[]).of("hba-not-loaded").is_empty());
}

#[test]
fn the_other_regions_addresses() {
    let bench = Bench::new();
    let europe = ["3.126.102.29", "18.158.16.164", "18.158.251.55", "52.57.235.168"];
    let rules: Vec<String> = europe
        .iter()
        .map(|ip| format!("hostssl dw stitch {ip}/32 scram-sha-256\n"))
        .collect();
    bench.rules(&rules.concat());
    let broken = bench.check(&[]);
    assert_eq!(broken.only("wrong-region").subject, "europe");
    broken.assert_all_four("hba-no-match", "bad");
    broken.assert_needs_a_person();
    bench.check(&["--region", "europe"]).assert_ready();
}

#[test]
fn a_list_that_is_older_than_the_programs_own() {
    let bench = Bench::new();
    let one = bench.check(&["--allow-cidr", "52.23.137.21/32,52.204.223.208/32"]);
    let finding = one.only("stitch-addresses-outdated");
    assert_eq!(
        (finding.verdict.as_str(), finding.subject.as_str()),
        ("unknown", "52.204.228.32, 52.204.230.227")
    );
    assert_eq!(one.of("hba-ok").len(), 2, "{}", one.story());
    one.assert_ready();
    let all = bench.check(&[]);
    assert!(all.of("stitch-addresses-outdated").is_empty(), "{}", all.story());
}

#[test]
fn where_the_server_listens() {
    let mut bench = Bench::new();
    bench.0.psql("ALTER SYSTEM SET listen_addresses = '127.0.0.1'");
    bench.0.restart();
    let broken = bench.check(&[]);
    let finding = broken.only("listen-addresses");
    assert_eq!(
        (finding.verdict.as_str(), finding.subject.as_str()),
        ("bad", "127.0.0.1")
    );
    broken.assert_needs_a_person();
    // With an SSH server on the same machine that is all it takes.
    let tunnel = bench.check(&["--bastion", "local"]);
    assert_eq!(tunnel.only("listen-addresses").verdict, "good");
    assert_eq!(tunnel.only("hba-ok").subject, "127.0.0.1/32");
    tunnel.assert_ready();
    let (_, rest) = finding.advice.split_once("runs: ").expect("a statement");
    bench.0.psql(rest.split_once(';').expect("a statement").0);
    bench.0.restart();
    bench.check(&[]).assert_ready();
}

#[test]
fn tls_that_is_not_offered() {
    let mut bench = Bench::new();
    bench.0.psql("ALTER SYSTEM SET ssl = off");
    bench.0.restart();
    let broken = bench.check(&["--ssl"]);
    assert_eq!(broken.only("tls-not-offered").verdict, "bad");
    broken.assert_needs_a_person();
    bench.check(&["--no-ssl"]).assert_ready();
    bench.0.psql("ALTER SYSTEM SET ssl = on");
    bench.0.restart();
    bench.check(&["--ssl"]).assert_ready();
}

#[test]
fn the_host_and_port_in_stitchs_form() {
    let bench = Bench::new();
    if let Some(world) = bench.0.world() {
        world.name("2001:db8::1", "six.example");
        world.name("10.1.2.3", "inner.example");
        world.name("203.0.113.9", "db.example");
        for (host, code) in [("six.example", "host-ipv6-only"), ("inner.example", "host-not-public")] {
            let seen = bench.check(&["--stitch-host", host]);
            assert_eq!(seen.only(code).verdict, "unknown");
            seen.assert_ready();
        }
        let fine = bench.check(&["--stitch-host", "db.example"]);
        assert!(
            fine.findings.iter().all(|finding| !finding.code.starts_with("host-")),
            "{}",
            fine.story()
        );
        fine.assert_ready();
    }
    for (arguments, code) in [
        (&["--stitch-host", "127.0.0.1"][..], "host-not-public"),
        (&["--stitch-host", "no-such-name.invalid"], "host-unresolved"),
        (
            &["--stitch-host", "203.0.113.9", "--stitch-port", "6432"],
            "host-pooler",
        ),
        (
            &["--stitch-host", "x.cluster-ro-y.eu-west-1.rds.amazonaws.com"],
            "host-read-only",
        ),
        (
            &["--stitch-host", "203.0.113.9", "--stitch-port", "15432"],
            "port-differs",
        ),
    ] {
        let seen = bench.check(arguments);
        assert_eq!(seen.only(code).verdict, "unknown", "{}", seen.story());
        seen.assert_ready();
    }
}

#[test]
fn rules_from_a_file_where_the_login_may_not_read_them() {
    let bench = Bench::new();
    let copy = bench.0.socket_dir().join("copy.conf");
    let copied = || std::fs::write(bench.0.place().outside(&copy), bench.hba()).expect("the folder is ours");
    let check = || bench.check_as("dba", DBA_PASSWORD, &["--hba-file", copy.to_str().expect("plain")]);
    bench.rules("host all all all reject\n");
    copied();
    let broken = check();
    broken.assert_all_four("hba-reject", "bad");
    assert_eq!(broken.only("hba-from-file").verdict, "unknown");
    assert!(broken.of("hba-unreadable").is_empty(), "{}", broken.story());
    broken.assert_needs_a_person();
    bench.follow(broken.of("hba-reject")[0]);
    copied();
    let mended = check();
    mended.assert_all_four("hba-ok", "good");
    mended.assert_ready();
    // A login that may read the rules needs no copy: the rules in force are reported.
    bench.rules("host all all all reject\n");
    let seen = bench.check(&["--hba-file", copy.to_str().expect("plain")]);
    seen.assert_all_four("hba-reject", "bad");
    assert!(seen.of("hba-from-file").is_empty(), "{}", seen.story());
}

/// Every code of the step is raised in one of these files.
#[test]
fn every_code_of_the_step_is_raised_here() {
    let tests = [
        include_str!("allowlist.rs"),
        include_str!("allowlist/cloud.rs"),
        include_str!("allowlist/firewall.rs"),
        include_str!("allowlist/machine.rs"),
        include_str!("allowlist/manage.rs"),
        include_str!("../front/rules.rs"),
    ]
    .concat();
    let codes = stitch_pg::finding::Code::ALL
        .iter()
        .filter(|code| code.section().as_str() == "allowlist");
    for code in codes {
        let code = code.as_str();
        let is_raised = tests.contains(&format!("\"{code}\"")) || tests.contains(&format!("\\\"{code}\\\""));
        assert!(is_raised, "{code} is raised in no cure test");
    }
}
