//! The kinds of objects that have an owner: what `ALTER` and `GRANT` call them, and which `--include` moves them.

use serde::Deserialize;

use crate::settings::Include;

/// A kind of object, by the letter the question gives it.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ObjectKind {
    #[serde(rename = "n")]
    Schema,
    /// Partitioned tables and partitions, too.
    #[serde(rename = "r", alias = "p")]
    Table,
    #[serde(rename = "v")]
    View,
    #[serde(rename = "m")]
    Matview,
    #[serde(rename = "S")]
    Sequence,
    #[serde(rename = "f")]
    ForeignTable,
    #[serde(rename = "F")]
    Function,
    #[serde(rename = "A")]
    Aggregate,
    #[serde(rename = "P")]
    Procedure,
    #[serde(rename = "T")]
    Type,
    #[serde(rename = "D")]
    Domain,
    #[serde(rename = "X")]
    Statistics,
    #[serde(rename = "O")]
    Operator,
    #[serde(rename = "C")]
    OperatorClass,
    #[serde(rename = "Y")]
    OperatorFamily,
    #[serde(rename = "L")]
    Collation,
    #[serde(rename = "V")]
    Conversion,
    #[serde(rename = "G")]
    TextSearchConfiguration,
    #[serde(rename = "H")]
    TextSearchDictionary,
}

impl ObjectKind {
    /// Whether its name is a schema's and its own, rather than what the server writes to distinguish it from its namesakes.
    pub(super) fn is_relation(self) -> bool {
        matches!(
            self,
            Self::Table | Self::View | Self::Matview | Self::Sequence | Self::ForeignTable
        )
    }

    /// The word after `ALTER`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Schema => "SCHEMA",
            Self::Table => "TABLE",
            Self::View => "VIEW",
            Self::Matview => "MATERIALIZED VIEW",
            Self::Sequence => "SEQUENCE",
            Self::ForeignTable => "FOREIGN TABLE",
            Self::Function => "FUNCTION",
            Self::Aggregate => "AGGREGATE",
            Self::Procedure => "PROCEDURE",
            Self::Type => "TYPE",
            Self::Domain => "DOMAIN",
            Self::Statistics => "STATISTICS",
            Self::Operator => "OPERATOR",
            Self::OperatorClass => "OPERATOR CLASS",
            Self::OperatorFamily => "OPERATOR FAMILY",
            Self::Collation => "COLLATION",
            Self::Conversion => "CONVERSION",
            Self::TextSearchConfiguration => "TEXT SEARCH CONFIGURATION",
            Self::TextSearchDictionary => "TEXT SEARCH DICTIONARY",
        }
    }

    /// The word after `GRANT … ON`, for what has privileges.
    pub(super) fn granted_as(self) -> Option<&'static str> {
        match self {
            Self::Table | Self::View | Self::Matview | Self::ForeignTable => Some("TABLE"),
            Self::Schema | Self::Sequence | Self::Procedure | Self::Type | Self::Domain => Some(self.word()),
            Self::Function | Self::Aggregate => Some("FUNCTION"),
            _ => None,
        }
    }

    /// The privileges with which a role can read or use it.
    pub(super) fn reading(self) -> &'static str {
        match self {
            Self::Sequence => "USAGE, SELECT",
            Self::Function | Self::Aggregate | Self::Procedure => "EXECUTE",
            Self::Schema | Self::Type | Self::Domain => "USAGE",
            _ => "SELECT",
        }
    }

    /// Whether PUBLIC may use it by default.
    pub(super) fn is_public(self) -> bool {
        matches!(
            self,
            Self::Function | Self::Aggregate | Self::Procedure | Self::Type | Self::Domain
        )
    }

    /// Which `--include` moves it; `None`: it moves in any case.
    pub(super) fn included_by(self) -> Option<Include> {
        Some(match self {
            Self::Schema | Self::Table => return None,
            Self::View => Include::Views,
            Self::Matview => Include::Matviews,
            Self::Sequence => Include::Sequences,
            Self::ForeignTable => Include::ForeignTables,
            Self::Function | Self::Aggregate => Include::Functions,
            Self::Procedure => Include::Procedures,
            Self::Type => Include::Types,
            Self::Domain => Include::Domains,
            Self::Statistics => Include::Statistics,
            Self::Operator | Self::OperatorClass | Self::OperatorFamily => Include::Operators,
            Self::Collation => Include::Collations,
            Self::Conversion => Include::Conversions,
            Self::TextSearchConfiguration | Self::TextSearchDictionary => Include::TextSearch,
        })
    }
}
