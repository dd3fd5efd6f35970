//! The JSON report: on stdout alone, with exactly the keys that scripts rely on.

use std::fs;

use serde_json::Value;

use crate::cli::{in_ci, server};
use crate::support::{Place, golden, json, stitch_pg};

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect()
}

/// The contract's keys, in its order.
fn assert_contract(report: &Value) {
    assert_eq!(
        keys(report),
        [
            "tool",
            "version",
            "command",
            "schema_version",
            "exit_code",
            "result",
            "plan_digest",
            "server",
            "steps",
            "connection",
            "path"
        ]
    );
    assert_eq!(
        keys(&report["server"]),
        ["version", "version_num", "provider", "host", "port"]
    );
    assert_eq!(
        keys(&report["connection"]),
        [
            "host",
            "port",
            "database",
            "username",
            "ssl",
            "encryption_type",
            "encryption_host",
            "encryption_port",
            "encryption_username"
        ]
    );
    let steps = report["steps"].as_array().unwrap();
    let names: Vec<&str> = steps.iter().filter_map(|step| step["step"].as_str()).collect();
    assert_eq!(
        names,
        [
            "allowlist",
            "database",
            "ssh-user",
            "role",
            "ownership",
            "connection",
            "registration"
        ]
    );
    for step in steps {
        assert_eq!(
            keys(step),
            [
                "step",
                "outcome",
                "reason",
                "findings",
                "changes",
                "error",
                "elapsed_ms"
            ]
        );
        for finding in step["findings"].as_array().unwrap() {
            assert_eq!(
                keys(finding),
                ["code", "verdict", "text", "advice", "docs", "acknowledged", "subject"]
            );
        }
        for change in step["changes"].as_array().unwrap() {
            assert_eq!(
                keys(change),
                [
                    "summary",
                    "why",
                    "kind",
                    "database",
                    "command",
                    "undo",
                    "applied",
                    "elapsed_ms"
                ]
            );
        }
    }
}

#[test]
fn json_is_alone_on_stdout_and_the_same_in_the_file() {
    let Some(server) = server() else {
        return;
    };
    for (name, arguments, result) in [
        ("json-check", &["check"][..], "pending"),
        ("json-setup", &["setup", "--yes"], "applied"),
        ("json-ready", &["check"], "ready"),
    ] {
        let program = in_ci(&server)
            .args(arguments)
            .args(["--format", "json", "--report", "report.json"]);
        let output = program.run();
        let report = json::report(&output.stdout);
        assert_contract(&report);
        assert!(!output.stdout.contains("a password"), "{}", output.stdout);
        let file = program.home().join("report.json");
        assert_eq!(fs::read_to_string(file).unwrap(), output.stdout);
        let server_version = report["server"]["version"].as_str().unwrap();
        let masked = golden::masked(&output.stdout, &[(server_version, "VERSION")]);
        golden::compare(&format!("cli/golden/{name}.json"), &masked);
        let found = report["result"].as_str().unwrap();
        assert!(found == result || found == "attention", "{found}");
    }
}

/// Settings that are missing or malformed: each format is a valid document, and `--report` is written too.
#[test]
fn what_cannot_begin_is_a_document_of_each_format() {
    let run = |format: &str| {
        let program = stitch_pg(Place::Here).env("PGPORT", "many\n::error::no").args([
            "check",
            "--no-input",
            "--format",
            format,
            "--report",
            "report.json",
        ]);
        let output = program.run();
        assert_eq!(output.status, Some(2), "{output:?}");
        let report = json::report(&fs::read_to_string(program.home().join("report.json")).expect("it is written"));
        assert_eq!(
            (report["result"].as_str(), report["exit_code"].as_u64()),
            (Some("usage"), Some(2))
        );
        assert!(output.stderr.contains("--region is missing"), "{}", output.stderr);
        (output.stdout, report)
    };
    let (shown, report) = run("json");
    assert_eq!(json::report(&shown), report);
    let problems = report["problems"].as_array().expect("a list");
    let named = |flag: &str| problems.iter().find(|problem| problem["flag"] == flag).expect(flag);
    let region = named("--region");
    assert_eq!(region["kind"], "missing");
    assert_eq!(region["environment"], "STITCH_PG_REGION");
    assert_eq!(region["choices"], serde_json::json!(["north-america", "europe"]));
    assert_eq!(named("--port")["kind"], "malformed");

    let (shown, _) = run("github");
    assert!(
        shown.lines().count() >= 2 && shown.lines().all(|line| line.starts_with("::error title=settings::")),
        "{shown}"
    );
    let (shown, _) = run("junit");
    assert!(
        shown.starts_with("<?xml") && shown.contains("<testsuite name=\"settings\"") && shown.contains("<failure"),
        "{shown}"
    );
    let (shown, _) = run("markdown");
    assert!(
        shown.starts_with("# stitch-pg check") && shown.contains("--region"),
        "{shown}"
    );
    assert_eq!(run("text").0, "");
}

#[test]
fn several_formats_in_one_run() {
    let Some(server) = server() else {
        return;
    };
    let program = in_ci(&server)
        .args(["check", "--format", "text", "--format", "junit=out.xml"])
        .args(["--format", "github", "--format", "markdown=page.md"]);
    let output = program.run();
    let (text, annotations) = output.stdout.split_once("\n::").expect("annotations behind the text");
    assert!(
        text.starts_with("1/7 allowlist") && annotations.contains("title="),
        "{}",
        output.stdout
    );
    for (name, begin) in [("out.xml", "<?xml"), ("page.md", "# stitch-pg check")] {
        let written = fs::read_to_string(program.home().join(name)).expect("it is written");
        assert!(written.starts_with(begin), "{written}");
    }
    let two = in_ci(&server)
        .args(["check", "--format", "json", "--format", "junit"])
        .run();
    assert_eq!((two.status, two.stdout.as_str()), (Some(2), ""));
    assert!(
        two.stderr.contains("two documents for standard output"),
        "{}",
        two.stderr
    );
}

#[test]
fn a_report_that_cannot_be_written_is_said() {
    let Some(server) = server() else {
        return;
    };
    let output = in_ci(&server)
        .args(["plan", "--report", "/nonexistent/report.json"])
        .run();
    assert_eq!(output.status, Some(1));
    assert_eq!(
        output.stderr,
        "stitch-pg: cannot write the report /nonexistent/report.json: \"nonexistent\" in its path: No such file or directory (os error 2)\n"
    );
}
