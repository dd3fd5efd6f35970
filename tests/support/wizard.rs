//! The program before a server, and what it reported, as data.

use serde_json::Value;

use crate::support::postgres::{DBA_PASSWORD, POSTGRES_PASSWORD};
use crate::support::{Output, Postgres, Program, json, stitch_pg};

/// The Stitch role's password unless a test is about passwords.
pub(crate) const PASSWORD: &str = "loader-secret";

/// The program with its settings, before a server. Changing a copy leaves the original as it was.
#[derive(Clone)]
pub(crate) struct Wizard<'a> {
    pub(crate) server: &'a Postgres<'a>,
    options: Vec<(String, String)>,
    flags: Vec<String>,
    environment: Vec<(String, String)>,
}

impl<'a> Wizard<'a> {
    /// As the superuser over TCP. The allow list is left out: these tests are not about it.
    pub(crate) fn new(server: &'a Postgres<'a>) -> Self {
        Self {
            server,
            options: Vec::new(),
            flags: Vec::new(),
            environment: Vec::new(),
        }
        .set("--host", server.host())
        .set("--port", &server.port().to_string())
        .set("--skip", "allowlist")
        .env("STITCH_PG_PASSWORD", PASSWORD)
        .admin("postgres", POSTGRES_PASSWORD)
    }

    /// The same as the admin who is no superuser, as managed services have it.
    pub(crate) fn dba(server: &'a Postgres<'a>) -> Self {
        Self::new(server).admin("dba", DBA_PASSWORD)
    }

    /// Another admin.
    pub(crate) fn admin(self, user: &str, password: &str) -> Self {
        self.set("--admin-user", user).env("PGPASSWORD", password)
    }

    /// Sets an option, in place of what it was set to before.
    pub(crate) fn set(mut self, option: &str, value: &str) -> Self {
        self.options.retain(|(name, _)| name != option);
        self.options.push((option.to_owned(), value.to_owned()));
        self
    }

    /// Adds a flag, or an argument as it is.
    pub(crate) fn flag(mut self, flag: &str) -> Self {
        self.flags.push(flag.to_owned());
        self
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(set, _)| set != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Leaves a variable out.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.environment.retain(|(set, _)| set != name);
        self
    }

    /// The command, ready to run.
    pub(crate) fn program(&self, command: &str) -> Program {
        let program = stitch_pg(self.server).arg(command).args(&self.flags);
        // `--option=value`, so that a value may begin with a dash.
        let program = self
            .options
            .iter()
            .fold(program, |program, (name, value)| program.arg(format!("{name}={value}")));
        self.environment
            .iter()
            .fold(program, |program, (name, value)| program.env(name, value))
    }

    /// Checks, with the test loads.
    #[track_caller]
    pub(crate) fn check(&self) -> Said {
        self.run("check")
    }

    /// Makes every change.
    #[track_caller]
    pub(crate) fn setup(&self) -> Said {
        self.clone().flag("--yes").run("setup")
    }

    /// Runs a command for its JSON.
    #[track_caller]
    pub(crate) fn run(&self, command: &str) -> Said {
        Said::of(self.program(command).args(["--format", "json"]).run())
    }

    /// The whole fix: `check` plans these changes (a part of each one's summary) and harms nothing, `setup` makes them,
    /// what is left afterwards are exactly these bad findings, and a second `setup` changes nothing.
    #[track_caller]
    pub(crate) fn cure(&self, changes: &[&str], bad: &[&str]) -> Said {
        let before = self.server.dump();
        let check = self.check();
        assert_eq!(before, self.server.dump(), "check changed something");
        check.plans(changes);
        if changes.is_empty() {
            check.bad_are(bad);
        }
        let after = if bad.is_empty() { 0 } else { 4 };
        check.exits(if changes.is_empty() { after } else { 3 });
        // What is left for others is no reason here to leave the rest.
        let setup = self.clone().flag("--partial").setup().exits(after);
        setup.bad_are(bad);
        let applied = match (bad.is_empty(), changes.is_empty()) {
            (false, _) => "attention",
            (true, true) => "ready",
            (true, false) => "applied",
        };
        assert_eq!(setup.json["result"], applied, "{setup}");
        self.is_settled(bad);
        setup
    }

    /// Nothing is left but these bad findings: `check` says so, and `setup` changes nothing.
    #[track_caller]
    pub(crate) fn is_settled(&self, bad: &[&str]) {
        let (code, word) = if bad.is_empty() { (0, "ready") } else { (4, "attention") };
        let check = self.check().exits(code);
        check.plans(&[]);
        check.bad_are(bad);
        let before = self.server.dump();
        let again = self.setup().exits(code);
        assert_eq!(again.json["result"], word, "{again}");
        assert_eq!(before, self.server.dump(), "a second setup changed something");
    }
}

/// What the program reported.
pub(crate) struct Said {
    pub(crate) json: Value,
    pub(crate) output: Output,
}

impl Said {
    #[track_caller]
    pub(crate) fn of(output: Output) -> Self {
        assert!(!output.stdout.is_empty(), "nothing on stdout: {}", output.stderr);
        let json = json::report(&output.stdout);
        Self { json, output }
    }

    /// It ended with this status.
    #[track_caller]
    pub(crate) fn exits(self, status: i32) -> Self {
        assert_eq!(self.output.status, Some(status), "{self}");
        self
    }

    /// There is a finding of this code and verdict; its text and advice.
    #[track_caller]
    pub(crate) fn has(&self, code: &str, verdict: &str) -> String {
        let found = self
            .findings()
            .find(|finding| finding["code"] == code && finding["verdict"] == verdict);
        let found = found.unwrap_or_else(|| panic!("no finding {code} ({verdict}) in {self}"));
        format!(
            "{}\n{}",
            found["text"].as_str().unwrap_or_default(),
            found["advice"].as_str().unwrap_or_default()
        )
    }

    /// What the findings of this code are about, in their order.
    pub(crate) fn subjects(&self, code: &str) -> Vec<&str> {
        let findings = self.findings().filter(|finding| finding["code"] == code);
        findings.filter_map(|finding| finding["subject"].as_str()).collect()
    }

    /// There is no finding of this code.
    #[track_caller]
    pub(crate) fn has_not(&self, code: &str) {
        assert!(
            !self.findings().any(|finding| finding["code"] == code),
            "{code} in {self}"
        );
    }

    /// Exactly these findings are bad.
    #[track_caller]
    pub(crate) fn bad_are(&self, codes: &[&str]) {
        let bad = self.findings().filter(|finding| finding["verdict"] == "bad");
        let mut bad: Vec<&str> = bad.filter_map(|finding| finding["code"].as_str()).collect();
        bad.sort_unstable();
        let mut codes = codes.to_vec();
        codes.sort_unstable();
        assert_eq!(bad, codes, "{self}");
    }

    /// Exactly these changes were planned, in order; each is given by a part of its summary.
    #[track_caller]
    pub(crate) fn plans(&self, parts: &[&str]) {
        let changes: Vec<&str> = self.changes().filter_map(|change| change["summary"].as_str()).collect();
        let same =
            changes.len() == parts.len() && changes.iter().zip(parts).all(|(change, part)| change.contains(part));
        assert!(same, "wanted changes like {parts:#?}\nplanned {changes:#?}\n{self}");
    }

    /// All commands that were, or would be, run.
    pub(crate) fn commands(&self) -> Vec<&str> {
        self.changes().filter_map(|change| change["command"].as_str()).collect()
    }

    /// Of each change, whether it is called made.
    pub(crate) fn applied(&self) -> Vec<bool> {
        let changes = self.changes();
        changes.map(|change| change["applied"] == true).collect()
    }

    /// The error of the step that failed.
    #[track_caller]
    pub(crate) fn error(&self) -> &str {
        let failed = self.errors().into_iter().next();
        failed.unwrap_or_else(|| panic!("no step failed: {self}"))
    }

    /// The errors of all steps that failed.
    pub(crate) fn errors(&self) -> Vec<&str> {
        self.steps().filter_map(|step| step["error"].as_str()).collect()
    }

    /// How a step ended.
    #[track_caller]
    pub(crate) fn outcome(&self, step: &str) -> &str {
        let step = self.steps().find(|said| said["step"] == step);
        step.and_then(|step| step["outcome"].as_str())
            .unwrap_or_else(|| panic!("no such step: {self}"))
    }

    fn steps(&self) -> impl Iterator<Item = &Value> {
        self.json["steps"].as_array().into_iter().flatten()
    }

    fn findings(&self) -> impl Iterator<Item = &Value> {
        self.steps().filter_map(|step| step["findings"].as_array()).flatten()
    }

    pub(crate) fn changes(&self) -> impl Iterator<Item = &Value> {
        self.steps().filter_map(|step| step["changes"].as_array()).flatten()
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "status {:?}\n{:#}\n{}",
            self.output.status, self.json, self.output.stderr
        )
    }
}
