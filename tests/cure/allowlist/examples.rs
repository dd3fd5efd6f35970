//! The worked examples of docs/allowlist.md are what the program says: each is run, and every piece of what the page shows
//! (between the marks that leave something out) has to come in what is printed, in that order.

use super::bench::Bench;
use crate::support::postgres::{DBA_PASSWORD, POSTGRES_PASSWORD};
use crate::support::stitch_pg;

const PAGE: &str = include_str!("../../../docs/allowlist.md");
const REJECTED: &str = "# The administrator's are above.\nhost all all 0.0.0.0/0 reject\n";

/// What the page shows under a heading.
fn example(heading: &str) -> &'static str {
    let (_, section) = PAGE
        .split_once(&format!("\n### {heading}\n"))
        .expect("the page's heading");
    let (_, block) = section.split_once("```text\n").expect("an example");
    block.split_once("\n```").expect("its end").0
}

fn one_space(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn compare(bench: &Bench, heading: &str, user: &str, password: &str, arguments: &[&str]) {
    let output = stitch_pg(&bench.0)
        .args([
            "check",
            "-v",
            "--only",
            "allowlist",
            "--no-input",
            "--host",
            "127.0.0.1",
        ])
        .args(["--port", &bench.0.port().to_string(), "--admin-user", user])
        .args(["--database", "dw", "--region", "north-america"])
        .args(arguments)
        .env("PGPASSWORD", password)
        .run();
    let hba = bench.0.psql("SHOW hba_file");
    let said = output.stdout.replace(hba.trim(), "/etc/postgresql/15/main/pg_hba.conf");
    let said = one_space(&said);
    // Behind the command, over one line or two, where the page shows it.
    let shown = example(heading);
    let findings = shown.find("  ✓").into_iter().chain(shown.find("  ?")).min();
    let shown = &shown[findings.expect("findings")..];
    let mut rest = said.as_str();
    for piece in shown.replace("[…]", "…").split('…') {
        for item in piece.split("\n  ").map(one_space).filter(|item| !item.is_empty()) {
            let at = rest.find(&item).unwrap_or_else(|| {
                panic!(
                    "{heading}: not in this place: {item}\nof {}\n{}",
                    output.stdout, output.stderr
                )
            });
            rest = &rest[at + item.len()..];
        }
    }
}

#[test]
fn the_worked_examples_are_what_is_said() {
    let bench = Bench::new();
    let one = |heading, arguments: &[&str]| compare(&bench, heading, "postgres", POSTGRES_PASSWORD, arguments);
    bench.rules(&format!("{REJECTED}hostssl dw stitch 52.23.137.21/32 scram-sha-256\n"));
    one(
        "A server of one's own",
        &["--stitch-host", "db.example.com", "--stitch-port", "5432"],
    );
    bench.rules(REJECTED);
    one(
        "Through an SSH server on the database's machine",
        &["--bastion", "local", "--stitch-bastion-host", "ssh.example.com"],
    );
    let hosted = |heading, provider, host| {
        let arguments = ["--stitch-port", "5432", "--provider", provider, "--stitch-host", host];
        compare(&bench, heading, "dba", DBA_PASSWORD, &arguments);
    };
    hosted("Amazon RDS", "rds", "mydb.abc123.us-east-1.rds.amazonaws.com");
    hosted("Google Cloud SQL", "cloud-sql", "203.0.113.9");
    hosted(
        "Azure Database for PostgreSQL, flexible server",
        "azure",
        "dw.postgres.database.azure.com",
    );
}
