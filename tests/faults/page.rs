//! The table in docs/troubleshooting.md.

use std::fmt::Write as _;
use std::path::Path;

use crate::faults::table::Fault;

const MARK: &str = "\n## Faults that were made";

fn text(faults: &[Fault]) -> String {
    let mut page = format!(
        "{MARK}, and what was said\n\n\
         <!-- Written by tests/faults, which makes each of them on real parts: UPDATE_DOCS=1 cargo test --test it faults:: -->\n\n\
         Each was made on a real server, pooler or peer; `stitch-pg check` named the layer and the cause, and ended so.\n\n\
         | fault | layer | code | exit code |\n|---|---|---|---|\n"
    );
    for fault in faults {
        let layer = if fault.layer.is_empty() { "-" } else { fault.layer };
        let _ = writeln!(page, "| {} | {layer} | `{}` | {} |", fault.what, fault.code, fault.exit);
    }
    page
}

/// Compares it with the file, or writes the file.
pub(crate) fn compare(faults: &[Fault]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/troubleshooting.md");
    let found = std::fs::read_to_string(&path).expect("the page is there");
    let before = found.find(MARK).map_or(found.as_str(), |at| &found[..at]);
    let wanted = format!("{before}{}", text(faults));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &wanted).expect("the docs can be written");
        return;
    }
    assert!(
        found == wanted,
        "docs/troubleshooting.md is out of date; run: UPDATE_DOCS=1 cargo test --test it faults::\n{}",
        text(faults)
    );
}
