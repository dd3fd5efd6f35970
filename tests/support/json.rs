//! JSON that the program wrote. Every test reads it through here, so that each report is held against the published
//! schema, docs/report.schema.json.

use std::path::Path;

use boon::{Compiler, Schemas};
use serde_json::Value;

use super::{commands, statements, words};

/// A report, valid by its schema, in which whatever is wrong comes with what to do next.
#[track_caller]
pub(crate) fn report(text: &str) -> Value {
    let report = parse(text);
    valid("report.schema.json", &report);
    let findings = report["steps"].as_array().into_iter().flatten();
    let findings = findings.filter_map(|step| step["findings"].as_array());
    for finding in findings.flatten() {
        let next = finding["advice"].as_str().unwrap_or_default();
        if finding["verdict"] == "bad" {
            assert!(!next.is_empty(), "nothing is said about what to do next: {finding:#}");
        }
        let code = finding["code"].as_str().unwrap_or_default();
        let unknown = statements::complaint(code, next).or_else(|| commands::complaint(code, next));
        if let Some(complaint) = unknown.filter(|_| finding["verdict"] != "good") {
            panic!("{complaint}: {finding:#}");
        }
        for words in [finding["text"].as_str().unwrap_or_default(), next] {
            if let Some(complaint) = words::complaint(words) {
                panic!("{complaint}: {finding:#}");
            }
        }
    }
    let changes = report["steps"].as_array().into_iter().flatten();
    for change in changes.filter_map(|step| step["changes"].as_array()).flatten() {
        if let Some(complaint) = words::complaint(change["summary"].as_str().unwrap_or_default()) {
            panic!("{complaint}: {change:#}");
        }
    }
    report
}

/// Any JSON document, and nothing around it.
#[track_caller]
pub(crate) fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("no JSON: {error}\n{text}"))
}

/// Holds a document against a schema of docs/.
#[track_caller]
pub(crate) fn valid(schema: &str, document: &Value) {
    if let Err(complaint) = check(schema, document) {
        panic!("not valid by docs/{schema}: {complaint}\n{document:#}");
    }
}

/// What is wrong with a document by a schema of docs/.
pub(crate) fn check(schema: &str, document: &Value) -> Result<(), String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(schema);
    let text = std::fs::read_to_string(&path).expect("the schema is published");
    let mut compiler = Compiler::new();
    let url = format!("urn:stitch-pg:{schema}");
    compiler
        .add_resource(&url, serde_json::from_str(&text).expect("a schema is JSON"))
        .expect("a schema can be compiled");
    let mut schemas = Schemas::new();
    let index = compiler.compile(&url, &mut schemas).expect("the schema is one");
    schemas.validate(document, index).map_err(|error| format!("{error:#}"))
}
