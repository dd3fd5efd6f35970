use super::*;
use crate::secret::Secret;

fn role(name: &str) -> RoleName {
    name.parse().unwrap()
}

#[test]
fn names_are_quoted_whatever_they_hold() {
    let database: DatabaseName = r#"we"ird; DROP"#.parse().unwrap();
    assert_eq!(
        rights_on_database(&["CREATE"], &database, &role("O'Stitch"))
            .0
            .to_string(),
        r#"GRANT CREATE ON DATABASE "we""ird; DROP" TO "O'Stitch""#
    );
}

#[test]
fn a_verifier_is_masked_when_shown_and_quoted_when_run() {
    let statement = create_role(
        &role("stitch"),
        Some(Formed::Text(Secret::new("SCRAM-SHA-256$4096:it's".to_owned()))),
    );
    assert_eq!(
        statement.to_string(),
        r#"CREATE ROLE "stitch" LOGIN PASSWORD '********'"#
    );
    assert_eq!(
        statement.reveal().unwrap().reveal(),
        r#"CREATE ROLE "stitch" LOGIN PASSWORD 'SCRAM-SHA-256$4096:it''s'"#
    );
}

#[test]
fn literals_with_backslashes_use_the_escape_form() {
    assert_eq!(literal(r"a\b'c"), r"E'a\\b''c'");
}

#[test]
fn a_name_begins_no_line_and_no_order_to_a_ci_system() {
    assert_eq!(identifier("a\n::error::b\"\\"), "U&\"a\\+00000A::error::b\"\"\\\\\"");
    assert_eq!(identifier("##[error]x"), "U&\"\\+000023\\+000023[error]x\"");
    assert_eq!(name("a\n'b"), "E'a\\U0000000A''b'");
    assert_eq!(identifier("a#b"), "\"a#b\"");
}
