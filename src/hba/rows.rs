//! Rules from the server's own view `pg_hba_file_rules` (PostgreSQL 10 and newer), which has read the file, its
//! includes and its lists for us. The view drops quotes: a database really called "all" reads like the keyword there.

use serde::Deserialize;

use super::address::numeric;
use super::lexer::{Quoting, Word};
use super::parse::kind;
use super::rules::{Address, Content, Line, Location, Name, Quotes, Rule, Rules};

/// One row of the view, as JSON.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Row {
    /// From PostgreSQL 16 on.
    pub file_name: Option<String>,
    /// The number of the line in its file.
    pub line_number: Option<u32>,
    /// First word of the rule; null when the line cannot be read.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The column `database` of `pg_hba_file_rules`.
    pub database: Option<Vec<String>>,
    /// The column `user_name`.
    pub user_name: Option<Vec<String>>,
    /// Address, host name or keyword.
    pub address: Option<String>,
    /// The mask of a numeric address.
    pub netmask: Option<String>,
    /// The column `auth_method`.
    pub auth_method: Option<String>,
    /// Words behind it.
    pub options: Option<Vec<String>>,
    /// What the server says against the line.
    pub error: Option<String>,
}

/// Reads the rows in the order of the view. `version` is the server's `server_version_num`.
pub fn from_rows(rows: Vec<Row>, version: u32) -> Rules {
    Rules(rows.into_iter().map(|row| line(row, version)).collect())
}

fn line(row: Row, version: u32) -> Line {
    let place = Location {
        file: row.file_name.clone(),
        number: row.line_number.unwrap_or_default(),
    };
    // A row with an error *and* a type is in force all the same: that is how the server warns of a `hostssl` line
    // that cannot match while TLS is off.
    let content = match (row.kind.as_deref().and_then(kind), &row.auth_method) {
        (Some(kind), Some(method)) => Content::Rule(Rule {
            kind,
            databases: names(row.database, |word| word.database(version)),
            roles: names(row.user_name, |word| word.role(version)),
            address: row.address.as_deref().map(|text| address(text, row.netmask.as_deref())),
            method: method.clone(),
            options: row.options.unwrap_or_default(),
        }),
        _ => Content::Broken(row.error.unwrap_or_else(|| "the server gives no reason".to_owned())),
    };
    Line {
        place,
        content,
        quotes: Quotes::default(),
    }
}

fn names(list: Option<Vec<String>>, name: impl Fn(&Word) -> Name) -> Vec<Name> {
    let read = |text: String| {
        // What is left of `@` after the server has read the lists was quoted, and is a name.
        let quoting = if text.starts_with('@') {
            Quoting::Quoted
        } else {
            Quoting::Bare
        };
        name(&Word { text, quoting })
    };
    list.unwrap_or_default().into_iter().map(read).collect()
}

fn address(text: &str, netmask: Option<&str>) -> Address {
    match (numeric(text), netmask.and_then(numeric)) {
        (Some(address), Some(mask)) => Address::Net { address, mask },
        _ => Address::keyword(text).unwrap_or_else(|| Address::Name(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str, version: u32) -> Rules {
        from_rows(serde_json::from_str(json).unwrap(), version)
    }

    #[test]
    fn rows_of_15_and_of_16() {
        let rules = read(
            r#"[{"line_number":3,"type":"host","database":["all","@x"],"user_name":["+g","/u"],"address":"10.0.0.0",
                 "netmask":"255.0.0.0","auth_method":"md5","options":null,"error":null}]"#,
            150_000,
        );
        let found = rules.rules().next().unwrap();
        assert_eq!(found.place.to_string(), "line 3 of pg_hba.conf");
        assert_eq!(found.rule.databases, [Name::All, Name::Exact("@x".into())]);
        assert_eq!(found.rule.roles, [Name::Member("g".into()), Name::Exact("/u".into())]);
        assert_eq!(found.rule.address.as_ref().unwrap().to_string(), "10.0.0.0/8");
        let rules = read(
            r#"[{"rule_number":1,"file_name":"/etc/h","line_number":3,"type":"hostssl","database":["/d"],
                 "user_name":["all"],"address":"samenet","auth_method":"cert","options":["clientcert=verify-full"]}]"#,
            160_000,
        );
        let found = rules.rules().next().unwrap();
        assert_eq!(found.place.to_string(), "line 3 of /etc/h");
        assert_eq!(found.rule.databases, [Name::Regex("d".into())]);
        assert_eq!(found.rule.address, Some(Address::SameNet));
    }

    #[test]
    fn a_warning_is_not_a_broken_line() {
        let rules = read(
            r#"[{"line_number":1,"type":"hostssl","database":["all"],"user_name":["all"],"address":"all",
                 "auth_method":"md5","error":"hostssl record cannot match because SSL is disabled"},
                {"line_number":2,"error":"invalid connection type \"hots\""}]"#,
            150_000,
        );
        assert_eq!(rules.rules().count(), 1);
        let broken: Vec<_> = rules.broken().map(|(place, why)| (place.number, why)).collect();
        assert_eq!(broken, [(2, "invalid connection type \"hots\"")]);
    }
}
