//! Which findings print SQL for the DBA to run, and which test runs it on what it is for and compares everything before and
//! after. Every report of every test is held against this list, so a new printed statement needs a test, or a reason.

/// The codes whose statements `cure::printed` runs.
const COMPARED: [&str; 22] = [
    "catalog-cannot-grant",
    "commits-wait",
    "database-cannot-grant",
    "database-connection-limit",
    "database-template",
    "listen-addresses",
    "login-connect",
    "login-nologin",
    "login-role-expired",
    "ownership-superuser",
    "partition-not-owned",
    "replica-identity-missing",
    "role-connection-limit",
    "role-expires",
    "rule-instead",
    "server-read-only",
    "setting-interrupts-loads",
    "statements-logged",
    "table-privileges-revoked",
    "table-shape-fixed",
    "truncate-refused",
    "write-privileges-missing",
];

/// Those whose statements it does not run, and why.
const ELSEWHERE: [(&str, &str); 19] = [
    ("catalog-not-checked", "it repeats what the login's error says"),
    (
        "columns-near-limit",
        "no whole statement: a copy of a table is made by whoever knows it",
    ),
    (
        "column-limit",
        "no whole statement: a copy of a table is made by whoever knows it",
    ),
    ("database-cannot-create", "what setup itself would run"),
    (
        "database-invalid",
        "cure::database: the database is of no use to anybody",
    ),
    (
        "database-no-connections",
        "nobody can look into the database to compare it",
    ),
    ("impact-view-breaks", "cure::impact: a grant before the move"),
    ("load-age", "cure::loads: an index of the role's own table"),
    ("login-connection-limit", "the statement of database-connection-limit"),
    (
        "login-database-missing",
        "no statement to run: it says how names are folded",
    ),
    ("login-database-closed", "the statement of database-no-connections"),
    (
        "login-read-only",
        "a setting of the role, as in setting-interrupts-loads",
    ),
    ("login-refused", "the administrator's own membership"),
    (
        "ownership-cannot-move",
        "cure::ownership and rights: a membership, and its return",
    ),
    ("reader-cannot-grant", "cure::readers: what setup itself would run"),
    ("remove-blocked", "cure::remove: what remove itself would run"),
    ("role-cannot-alter", "what setup itself would run"),
    ("role-cannot-create", "what setup itself would run"),
    ("template-unusable", "cure::database: the template's collation version"),
];

/// What begins a statement that changes something.
const VERBS: [&str; 7] = [
    "ALTER ",
    "COMMENT ON ",
    "CREATE ",
    "DROP ",
    "GRANT ",
    "REVOKE ",
    "REASSIGN ",
];

/// What is wrong with advice that has a statement which no test compares.
pub(crate) fn complaint(code: &str, advice: &str) -> Option<String> {
    let holds_statement = VERBS.iter().any(|verb| {
        let mut places = advice.match_indices(verb);
        places
            .any(|(at, _)| advice[at + verb.len()..].starts_with(|next: char| next.is_ascii_uppercase() || next == '"'))
    });
    let is_known = COMPARED.contains(&code) || ELSEWHERE.iter().any(|(known, _)| *known == code);
    (holds_statement && !is_known)
        .then(|| format!("no test runs the statement of {code}: add it to tests/cure/printed and here: {advice}"))
}
