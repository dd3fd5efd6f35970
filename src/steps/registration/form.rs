//! The fields of Stitch's form as they are wanted, against those of a destination that is there.

use serde_json::Value;

use super::destination::{Destination, DestinationType, TYPE};
use crate::names::is_public;
use crate::request::Field;
pub(super) use crate::stitch_form::{FormField, wanted};

/// The names of all fields that are ever sent.
pub(super) const KNOWN: [&str; 10] = [
    "host",
    "port",
    "database",
    "username",
    "ssl",
    "encryption_type",
    "encryption_host",
    "encryption_port",
    "encryption_username",
    "password",
];

/// The fields in the way that Stitch wants them.
pub(super) fn written(fields: &[FormField], kind: &DestinationType) -> Vec<Field> {
    let write = |(name, text): &FormField| -> (&'static str, Value) { (name, kind.value(name, text)) };
    fields.iter().map(write).collect()
}

/// The fields that differ, as they are wanted.
pub(super) fn differing(fields: &[FormField], there: &Destination) -> Vec<FormField> {
    let differs = |field: &&FormField| value(there, field.0).is_none_or(|found| !same(field.0, &field.1, &found));
    fields.iter().filter(differs).cloned().collect()
}

/// The same fields as they are now; what is not there now cannot be put back.
pub(super) fn as_they_are(fields: &[FormField], there: &Destination) -> Vec<FormField> {
    let now = |(name, _): &FormField| Some((*name, value(there, name)?));
    fields.iter().filter_map(now).collect()
}

/// A property; one that was not given and is not in the answer has the form's default.
fn value(there: &Destination, name: &str) -> Option<String> {
    let default = match name {
        "port" => Some("5432"),
        "ssl" => Some("false"),
        "encryption_type" => Some("none"),
        "encryption_port" => Some("22"),
        _ => None,
    };
    there.property(name).or_else(|| default.map(str::to_owned))
}

fn same(name: &str, wanted: &str, found: &str) -> bool {
    if name.ends_with("host") {
        same_host(wanted, found)
    } else {
        wanted == found
    }
}

fn same_host(one: &str, other: &str) -> bool {
    one.trim_end_matches('.')
        .eq_ignore_ascii_case(other.trim_end_matches('.'))
}

/// Whether a destination loads into this very database: same type, host and database. What is called 10.0.0.5 or
/// localhost behind one SSH server is another machine behind another.
pub(super) fn is_ours(there: &Destination, fields: &[FormField]) -> bool {
    let field = |wanted: &str| {
        let mut fields = fields.iter();
        fields.find_map(|(name, text)| (*name == wanted).then_some(text.as_str()))
    };
    let host = field("host").unwrap_or_default();
    let is_here = there.kind == TYPE
        && there.property("host").is_some_and(|found| same_host(host, &found))
        && there.property("database").as_deref() == field("database");
    let same_way = match (field("encryption_host"), there.property("encryption_host")) {
        (Some(one), Some(other)) => same_host(one, &other),
        (None, None) => true,
        _ => false,
    };
    is_here && (same_way || is_the_same_everywhere(host))
}

/// Whether a host's name or address means the same machine from everywhere.
fn is_the_same_everywhere(host: &str) -> bool {
    if let Ok(address) = host.parse() {
        return is_public(address);
    }
    let private = [".local", ".internal", ".lan", ".localdomain", ".localhost"];
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    name.contains('.') && !private.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn there(properties: &Value) -> Destination {
        Destination::list(&json!([{"id": 1, "type": "postgres", "properties": properties}])).remove(0)
    }

    fn fields(pairs: &[(&'static str, &str)]) -> Vec<FormField> {
        pairs.iter().map(|(name, text)| (*name, (*text).to_owned())).collect()
    }

    #[test]
    fn only_what_differs_is_sent() {
        let wanted = fields(&[
            ("host", "DB.example.com"),
            ("port", "5432"),
            ("ssl", "true"),
            ("encryption_type", "none"),
        ]);
        let same = json!({"host": "db.example.com.", "port": 5432, "ssl": true});
        assert_eq!(differing(&wanted, &there(&same)), []);
        let other = json!({"host": "db.example.com", "port": "6432", "ssl": "false"});
        let differ = differing(&wanted, &there(&other));
        assert_eq!(differ, fields(&[("port", "5432"), ("ssl", "true")]));
        assert_eq!(
            as_they_are(&differ, &there(&other)),
            fields(&[("port", "6432"), ("ssl", "false")])
        );
        // What is absent has the form's default, so that it is not sent for ever.
        let off = fields(&[("port", "5432"), ("ssl", "false"), ("encryption_type", "none")]);
        assert_eq!(differing(&off, &there(&json!({}))), []);
    }

    #[test]
    fn ours_is_the_same_machine_and_database() {
        let here = fields(&[("host", "db.example.com"), ("database", "dw")]);
        assert!(is_ours(
            &there(&json!({"host": "db.example.com", "database": "dw"})),
            &here
        ));
        assert!(!is_ours(
            &there(&json!({"host": "db.example.com", "database": "DW"})),
            &here
        ));
        assert!(!is_ours(
            &there(&json!({"host": "db2.example.com", "database": "dw"})),
            &here
        ));
        let behind = json!({"host": "db.example.com", "database": "dw", "encryption_host": "ssh.example.com"});
        assert!(is_ours(&there(&behind), &here));
        for inner in [
            "10.0.0.5",
            "localhost",
            "127.0.0.1",
            "db",
            "db.internal",
            "fd00::1",
            "::1",
        ] {
            let way = |host: &str| json!({"host": inner, "database": "dw", "encryption_host": host});
            let wanted = fields(&[
                ("host", inner),
                ("database", "dw"),
                ("encryption_host", "one.example.com"),
            ]);
            assert!(is_ours(&there(&way("one.example.com")), &wanted), "{inner}");
            assert!(!is_ours(&there(&way("two.example.com")), &wanted), "{inner}");
            assert!(
                !is_ours(&there(&json!({"host": inner, "database": "dw"})), &wanted),
                "{inner}"
            );
        }
    }
}
