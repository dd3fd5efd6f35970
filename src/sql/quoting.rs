//! The quoting of identifiers and literals.

use crate::secret::Secret;
use crate::statement::Hole;
use crate::visible;
use postgres_protocol::escape::{escape_identifier, escape_literal};
use std::fmt::Write as _;

/// What stands in place of the Stitch role's password or verifier.
pub(crate) const PASSWORD: Hole = Hole {
    shown: "'********'",
    psql: ":'stitch_password'",
};

/// The characters of a name that are written as escapes: those that control a terminal, those that begin a line, and `#`
/// where a CI system would read `##[` as the beginning of a command.
pub(super) fn is_written_out(name: &str) -> impl Fn(char) -> bool {
    let has_marks = name.contains("##");
    move |c| c == '\n' || visible::is_control(c) || c == '#' && has_marks
}

/// An identifier in double quotes, right for every name (PostgreSQL docs 4.1.1). What a terminal would obey is written as
/// an escape, and so is a line feed, so that a statement can be shown anywhere and still names the same thing.
pub fn identifier(name: &str) -> String {
    let is_written_out = is_written_out(name);
    if !name.contains(&is_written_out) {
        return escape_identifier(name);
    }
    let mut text = "U&\"".to_owned();
    for c in name.chars() {
        match c {
            '"' => text.push_str("\"\""),
            '\\' => text.push_str("\\\\"),
            c if is_written_out(c) => {
                let _ = write!(text, "\\+{:06X}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text + "\""
}

/// A relation's name in a statement.
pub(crate) fn in_schema(schema: &str, name: &str) -> String {
    format!("{}.{}", identifier(schema), identifier(name))
}

/// A string literal, likewise.
pub fn literal(text: &str) -> String {
    in_quotes(text, visible::is_control)
}

/// A name as a string literal: in one line, whatever is in it.
pub(crate) fn name(name: &str) -> String {
    in_quotes(name, is_written_out(name))
}

pub(super) fn in_quotes(text: &str, is_written_out: impl Fn(char) -> bool) -> String {
    if !text.contains(&is_written_out) {
        return escape_literal(text).trim_start().to_owned();
    }
    let mut quoted = "E'".to_owned();
    for c in text.chars() {
        match c {
            '\'' => quoted.push_str("''"),
            '\\' => quoted.push_str("\\\\"),
            c if is_written_out(c) => {
                let _ = write!(quoted, "\\U{:08X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted + "'"
}

/// A database's name as libpq takes it. One with `=` or `://` in it would be read as a connection string, which may name
/// another server; that string is then made of it. `None`: the name stands for itself.
pub(crate) fn connection_string(database: &str) -> Option<String> {
    let is_taken_for_one = database.contains('=') || database.contains("://");
    is_taken_for_one.then(|| {
        let value = database.replace('\\', "\\\\").replace('\'', "\\'");
        format!("dbname='{value}'")
    })
}

pub(super) fn quoted(secret: &Secret) -> Secret {
    Secret::new(literal(secret.reveal()))
}
