//! docs/rights.md, printed from the cells.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::rights::MAJORS;
use crate::rights::admins::Admin;
use crate::rights::cell::Cell;
use crate::rights::states::State;

const INTRODUCTION: &str = "\
# Which login can do what

<!-- Written by tests/rights; it compares, and writes it anew with UPDATE_DOCS=1 cargo test --test it rights::. -->

Every cell of these tables was tested on a real server. The test ran `plan` and `setup`. It tried what the finding excludes, by hand with
the same login. Then a superuser ran the advised statement, and `setup` completed.

- *all*: the login makes every missing change.
- Finding codes: what is left for your DBA. Each finding has the exact statement ([troubleshooting.md](troubleshooting.md)).
- *the rest is done*: with `--yes --partial`. With `--yes` alone nothing changes, and the catalogs stay the same byte for byte.
- *the database's owner* owns it in every state, as a member of the owning role if it *belongs to another*.
";

/// The whole page.
pub(crate) fn text(cells: &[Cell]) -> String {
    let mut page = String::from(INTRODUCTION);
    for state in State::ALL {
        let _ = write!(page, "\n## {}\n\n", state.label());
        let groups = groups(cells, state);
        let heads: Vec<String> = groups.iter().map(|majors| span(majors)).collect();
        let _ = writeln!(page, "| the admin's login is | {} |", heads.join(" | "));
        let _ = writeln!(page, "|---|{}", "---|".repeat(groups.len()));
        for admin in Admin::ALL {
            let columns: Vec<String> = groups
                .iter()
                .map(|majors| {
                    let its_own = majors.iter().copied().find(|major| admin.exists_in(*major));
                    word(cells, admin, state, its_own.unwrap_or_default())
                })
                .collect();
            let _ = writeln!(page, "| {} | {} |", admin.label(), columns.join(" | "));
        }
    }
    page
}

/// Versions next to each other that do not differ in this state.
fn groups(cells: &[Cell], state: State) -> Vec<Vec<u32>> {
    let oldest = MAJORS.first().copied().unwrap_or_default();
    let column = |major: u32| -> BTreeMap<Admin, String> {
        // What is new in a version is no difference between versions.
        let admins = Admin::ALL.into_iter().filter(|admin| admin.exists_in(oldest));
        admins.map(|admin| (admin, word(cells, admin, state, major))).collect()
    };
    let mut groups: Vec<Vec<u32>> = Vec::new();
    for major in MAJORS {
        match groups.last_mut() {
            Some(group) if group.last().is_some_and(|last| column(*last) == column(major)) => group.push(major),
            _ => groups.push(vec![major]),
        }
    }
    groups
}

fn span(majors: &[u32]) -> String {
    match majors {
        [] => String::new(),
        [one] => format!("PostgreSQL {one}"),
        [first, .., last] => format!("PostgreSQL {first} to {last}"),
    }
}

fn word(cells: &[Cell], admin: Admin, state: State, major: u32) -> String {
    let found = cells
        .iter()
        .find(|cell| (cell.major, cell.admin, cell.state) == (major, admin, state));
    let Some(cell) = found else {
        return "(16 and newer)".to_owned();
    };
    if cell.left.is_empty() {
        return "all".to_owned();
    }
    let codes: Vec<String> = cell.left.iter().map(|code| format!("`{code}`")).collect();
    let rest = if cell.made == 0 { "" } else { "; the rest is done" };
    format!("{}{rest}", codes.join(", "))
}

/// Compares it with the file, or writes the file.
pub(crate) fn compare(wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rights.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, wanted).expect("the docs can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "docs/rights.md is out of date; run: UPDATE_DOCS=1 cargo test --test it rights::\n{wanted}"
    );
}
