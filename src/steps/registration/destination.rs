//! Destinations and the report card as Stitch's API gives them, read leniently: the documents about it contradict one
//! another, and fields may be absent.

use serde_json::Value;

use crate::world::stitch_api::{id, text};

/// What Stitch calls our kind of destination.
pub(super) const TYPE: &str = "postgres";

/// A destination of the account.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    pub(crate) id: u64,
    pub(crate) kind: String,
    pub(crate) name: String,
    properties: Value,
    /// When a user of Stitch paused it.
    pub(crate) paused: Option<String>,
    /// When Stitch paused it.
    pub(crate) system_paused: Option<String>,
    card: Value,
}

/// How far Stitch's form is filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Every required field is there. That is all it says: it is no proof of a connection.
    Complete,
    /// These required fields are missing.
    Missing(Vec<String>),
    /// Stitch does not report it.
    Untold,
}

/// What the account may do with PostgreSQL destinations, and how Stitch wants the fields.
#[derive(Clone, Debug, Default)]
pub(crate) struct DestinationType {
    card: Value,
}

/// The Stitch account as far as it matters here.
#[derive(Debug)]
pub(super) struct StitchAccount {
    /// `None` when Stitch does not report it.
    pub(super) kind: Option<DestinationType>,
    pub(super) destinations: Vec<Destination>,
}

impl Destination {
    /// All that are not deleted, by their numbers.
    pub(crate) fn list(answer: &Value) -> Vec<Self> {
        let entries = answer.as_array().into_iter().flatten();
        let mut list: Vec<Self> = entries.filter_map(Self::read).collect();
        list.sort_by_key(|destination| destination.id);
        list
    }

    fn read(value: &Value) -> Option<Self> {
        if !value["deleted_at"].is_null() {
            return None;
        }
        let name = text(&value["name"]).or_else(|| text(&value["display_name"]));
        Some(Self {
            id: id(&value["id"])?,
            kind: text(&value["type"]).unwrap_or_default(),
            name: name.unwrap_or_else(|| "without a name".to_owned()),
            // v3 says `connection` where v4 says `properties`.
            properties: [&value["properties"], &value["connection"]]
                .into_iter()
                .find(|properties| properties.is_object())
                .cloned()
                .unwrap_or_default(),
            paused: text(&value["paused_at"]),
            system_paused: text(&value["system_paused_at"]),
            card: value["report_card"].clone(),
        })
    }

    /// A property as text, whichever way Stitch writes it.
    pub(crate) fn property(&self, name: &str) -> Option<String> {
        match &self.properties[name] {
            // As it is: it is compared, and shown only after `text` has cleaned it.
            Value::String(text) => Some(text.clone()),
            other => text(other),
        }
    }

    /// Its type and host, for messages.
    pub(crate) fn described(&self) -> String {
        let host = text(&self.properties["host"]).unwrap_or_else(|| "no host".to_owned());
        let database = text(&self.properties["database"]).map_or_else(String::new, |name| format!("/{name}"));
        format!("{:?} (number {}, {}, {host}{database})", self.name, self.id, self.kind)
    }

    pub(crate) fn form(&self) -> Form {
        let steps = self.card["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
        let form = steps.iter().find(|step| step["type"] == "form");
        let properties = form.and_then(|form| form["properties"].as_array());
        let is_missing = |property: &&Value| property["is_required"] == true && property["provided"] == false;
        let missing = properties.into_iter().flatten().filter(is_missing);
        let missing: Vec<String> = missing.filter_map(|property| text(&property["name"])).collect();
        if !missing.is_empty() {
            Form::Missing(missing)
        } else if self.card["current_step_type"] == "fully_configured" || form.is_some() {
            Form::Complete
        } else {
            Form::Untold
        }
    }
}

impl DestinationType {
    pub(crate) fn read(answer: Value) -> Self {
        Self { card: answer }
    }

    /// Whether the account may make such a destination, where Stitch reports that.
    pub(crate) fn access(&self) -> Option<bool> {
        self.card["details"]["access"].as_bool()
    }

    /// The plan that such destinations need.
    pub(crate) fn tier(&self) -> Option<String> {
        text(&self.card["details"]["pricing_tier"])
    }

    /// A field in the way that the live schema wants it. Where the schema does not define it, it is a text, as in Stitch's own
    /// newest examples.
    pub(crate) fn value(&self, name: &str, text: &str) -> Value {
        let schema = self.properties().find(|property| property["name"] == name);
        let types = schema.map_or_else(Vec::new, |property| types(&property["json_schema"]));
        if types.is_empty() || types.contains(&"string") {
            return Value::from(text);
        }
        let native = match types.as_slice() {
            types if types.contains(&"boolean") => text.parse::<bool>().ok().map(Value::from),
            types if types.contains(&"integer") || types.contains(&"number") => {
                text.parse::<u64>().ok().map(Value::from)
            }
            _ => None,
        };
        native.unwrap_or_else(|| Value::from(text))
    }

    /// The required fields that the user fills in, besides these.
    pub(crate) fn others_required(&self, known: &[&str]) -> Vec<String> {
        let required = self.properties().filter(|property| {
            let system = property["property_type"].as_str().unwrap_or("user_provided");
            property["is_required"] == true && system.starts_with("user_provided")
        });
        let names = required.filter_map(|property| text(&property["name"]));
        names.filter(|name| !known.contains(&name.as_str())).collect()
    }

    fn properties(&self) -> impl Iterator<Item = &Value> {
        let steps = self.card["steps"].as_array().into_iter().flatten();
        steps.filter_map(|step| step["properties"].as_array()).flatten()
    }
}

/// The types a schema allows, alternatives included.
fn types(schema: &Value) -> Vec<&str> {
    let mut found: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    for word in ["anyOf", "oneOf", "allOf"] {
        found.extend(schema[word].as_array().into_iter().flatten().flat_map(types));
    }
    if found.is_empty() && schema["pattern"].is_string() {
        found.push("string");
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kind(name: &str, schema: &Value) -> DestinationType {
        DestinationType::read(
            json!({"steps": [{"type": "form", "properties": [{"name": name, "json_schema": schema}]}]}),
        )
    }

    #[test]
    fn the_live_schema_decides_how_a_field_is_written() {
        for (schema, wanted) in [
            (json!({"type": "string", "pattern": "^(true|false)$"}), json!("true")),
            (json!({"pattern": "^(true|false)$"}), json!("true")),
            (json!({"type": "boolean"}), json!(true)),
            (json!({"type": ["boolean", "null"]}), json!(true)),
            (
                json!({"anyOf": [{"type": "boolean"}, {"type": "string"}]}),
                json!("true"),
            ),
            (json!({}), json!("true")),
            (json!(null), json!("true")),
        ] {
            assert_eq!(kind("ssl", &schema).value("ssl", "true"), wanted, "{schema}");
        }
        assert_eq!(
            kind("port", &json!({"type": "integer"})).value("port", "5432"),
            json!(5432)
        );
        let text = json!({"type": "string", "pattern": "^\\d+$"});
        assert_eq!(kind("port", &text).value("port", "5432"), json!("5432"));
        assert_eq!(DestinationType::default().value("port", "5432"), json!("5432"));
    }

    #[test]
    fn the_list_is_read_whatever_is_in_it() {
        let list = Destination::list(&json!([
            {"id": "8", "type": "postgres", "properties": {"port": 5432, "ssl": true}},
            {"id": 7, "name": "x\u{1b}[2J", "type": "redshift"},
            {"id": 6, "deleted_at": "2020-01-01T00:00:00Z"},
            {"id": "../1"}, 3, null, "x", [],
        ]));
        let numbers: Vec<u64> = list.iter().map(|destination| destination.id).collect();
        assert_eq!(numbers, [7, 8]);
        assert_eq!(list[0].described(), "\"x[2J\" (number 7, redshift, no host)");
        assert_eq!(list[1].property("port").as_deref(), Some("5432"));
        assert_eq!(list[1].property("ssl").as_deref(), Some("true"));
        assert_eq!(list[1].property("host"), None);
        assert!(Destination::list(&json!({"message": "odd"})).is_empty());
    }

    #[test]
    fn a_complete_form_is_told_from_a_missing_field() {
        let form = |card: Value| Destination::list(&json!([{"id": 1, "report_card": card}]))[0].form();
        let field = |provided: bool| json!({"type": "form", "properties": [{"name": "host", "is_required": true, "provided": provided}]});
        assert_eq!(
            form(json!({"current_step": 2, "current_step_type": "fully_configured", "steps": [field(true)]})),
            Form::Complete
        );
        // `current_step` alone says nothing: it is called an index and counts from one.
        assert_eq!(form(json!({"current_step": 1, "steps": [field(true)]})), Form::Complete);
        assert_eq!(
            form(json!({"steps": [field(false)]})),
            Form::Missing(vec!["host".to_owned()])
        );
        assert_eq!(form(json!({"current_step": 1})), Form::Untold);
    }
}
