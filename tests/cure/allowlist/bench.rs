//! A server whose rules are the test's, and what `check` says of it.

use std::fs;

use serde_json::Value;

use crate::support::postgres::{DBA_PASSWORD, POSTGRES_PASSWORD};
use crate::support::{Certificates, Postgres, PostgresOptions, json, stitch_pg};

pub(crate) const HEAD: &str = "local all all trust\nhost all postgres,dba 127.0.0.1/32 scram-sha-256\n";
pub(crate) const GOOD: &str = "host all all 0.0.0.0/0 scram-sha-256\n";

/// A server with TLS whose rules let the admin in and, after [`HEAD`], are the test's.
pub(crate) struct Bench(pub(crate) Postgres<'static>);

/// What `check --only allowlist` reported.
pub(crate) struct Checked {
    pub(crate) status: Option<i32>,
    pub(crate) result: String,
    pub(crate) findings: Vec<Finding>,
}

pub(crate) struct Finding {
    pub(crate) code: String,
    pub(crate) verdict: String,
    pub(crate) text: String,
    pub(crate) advice: String,
    pub(crate) subject: String,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let options = PostgresOptions::new()
            .tls(Certificates::for_names(&["127.0.0.1"]))
            .conf("listen_addresses", "*")
            .hba(&format!("{HEAD}{GOOD}"));
        let server = Postgres::start_with(options).expect("the default version is at hand");
        fs::write(
            server.data_dir().join("ca.crt"),
            fs::read(server.certificates().expect("asked for").ca()).expect("the authority"),
        )
        .expect("the data directory is ours");
        server.psql("ALTER SYSTEM SET ssl_ca_file = 'ca.crt'");
        Self(server)
    }

    pub(crate) fn hba(&self) -> String {
        fs::read_to_string(self.0.data_dir().join("pg_hba.conf")).expect("the file")
    }

    pub(crate) fn write_hba(&self, text: &str) {
        fs::write(self.0.data_dir().join("pg_hba.conf"), text).expect("the data directory is ours");
    }

    /// Rules behind the admin's own, in force.
    pub(crate) fn rules(&self, rules: &str) {
        self.write_hba(&format!("{HEAD}{rules}"));
        self.0.reload();
    }

    pub(crate) fn check(&self, arguments: &[&str]) -> Checked {
        self.check_as("postgres", POSTGRES_PASSWORD, arguments)
    }

    pub(crate) fn check_as(&self, user: &str, password: &str, arguments: &[&str]) -> Checked {
        self.check_at("127.0.0.1", user, password, arguments)
    }

    /// From where PostgreSQL's machine is another one, as far as its address shows; none where that takes a world.
    pub(super) fn check_from_afar(&self, arguments: &[&str]) -> Option<Checked> {
        let world = self.0.world()?;
        world.sh("ip addr replace 203.0.113.7/32 dev lo");
        Some(self.check_at("203.0.113.7", "dba", DBA_PASSWORD, arguments))
    }

    fn check_at(&self, host: &str, user: &str, password: &str, arguments: &[&str]) -> Checked {
        let output = stitch_pg(&self.0)
            .args(["check", "--only", "allowlist", "--format", "json", "--no-input"])
            .args([
                "--host",
                host,
                "--port",
                &self.0.port().to_string(),
                "--admin-user",
                user,
            ])
            .args(["--database", "dw"])
            .args(arguments)
            .env("PGPASSWORD", password)
            .env("STITCH_PG_REGION", "north-america")
            .run();
        let report: Value = json::report(&output.stdout);
        let field = |finding: &Value, name: &str| finding[name].as_str().unwrap_or_default().to_owned();
        let step = &report["steps"].as_array().expect("steps")[0];
        assert_eq!(step["step"], "allowlist", "{report:#}");
        Checked {
            status: output.status,
            result: report["result"].as_str().unwrap_or_default().to_owned(),
            findings: step["findings"]
                .as_array()
                .unwrap_or_else(|| panic!("no findings: {report:#}"))
                .iter()
                .map(|finding| Finding {
                    code: field(finding, "code"),
                    verdict: field(finding, "verdict"),
                    text: field(finding, "text"),
                    advice: field(finding, "advice"),
                    subject: field(finding, "subject"),
                })
                .collect(),
        }
    }

    /// Does what a finding about the rules advises: its lines above the line it names.
    pub(crate) fn follow(&self, finding: &Finding) {
        let mut lines: Vec<String> = self.hba().lines().map(str::to_owned).collect();
        let (heading, rest) = finding.advice.split_once(":\n").expect("lines to add");
        let at = match heading.split_once("add above line ") {
            Some((_, place)) => place
                .split(' ')
                .next()
                .and_then(|n| n.parse().ok())
                .map_or(0, |n: usize| n - 1),
            None => lines.len(),
        };
        let new: Vec<String> = rest
            .lines()
            .filter_map(|line| line.strip_prefix("  "))
            .map(str::to_owned)
            .collect();
        assert!(!new.is_empty(), "{}", finding.advice);
        lines.splice(at..at, new);
        self.write_hba(&(lines.join("\n") + "\n"));
        self.0.reload();
    }
}

impl Checked {
    pub(crate) fn of(&self, code: &str) -> Vec<&Finding> {
        self.findings.iter().filter(|finding| finding.code == code).collect()
    }

    #[track_caller]
    pub(crate) fn only(&self, code: &str) -> &Finding {
        match self.of(code)[..] {
            [finding] => finding,
            _ => panic!("not one {code}: {}", self.story()),
        }
    }

    pub(crate) fn story(&self) -> String {
        let lines = self
            .findings
            .iter()
            .map(|f| format!("{} {} {}: {}", f.verdict, f.code, f.subject, f.text));
        format!(
            "{:?} {}\n{}",
            self.status,
            self.result,
            lines.collect::<Vec<_>>().join("\n")
        )
    }

    /// All four addresses get this code and verdict.
    #[track_caller]
    pub(crate) fn assert_all_four(&self, code: &str, verdict: &str) {
        let subjects: Vec<&str> = self.of(code).iter().map(|finding| finding.subject.as_str()).collect();
        assert_eq!(
            subjects,
            [
                "52.23.137.21/32",
                "52.204.223.208/32",
                "52.204.228.32/32",
                "52.204.230.227/32"
            ],
            "{}",
            self.story()
        );
        assert!(
            self.of(code).iter().all(|finding| finding.verdict == verdict),
            "{}",
            self.story()
        );
    }

    #[track_caller]
    pub(crate) fn assert_needs_a_person(&self) {
        assert_eq!(
            (self.status, self.result.as_str()),
            (Some(4), "attention"),
            "{}",
            self.story()
        );
    }

    #[track_caller]
    pub(crate) fn assert_ready(&self) {
        assert_eq!(
            (self.status, self.result.as_str()),
            (Some(0), "ready"),
            "{}",
            self.story()
        );
        assert!(
            self.findings.iter().all(|finding| finding.verdict != "bad"),
            "{}",
            self.story()
        );
    }
}
