//! `pg_hba` rules as data, and which of them decides about a login. Pure: the rules come from the server's own view or
//! from the text of the file, and the answer is PostgreSQL's own (`src/backend/libpq/hba.c`), or says why it is open.

mod address;
mod conditions;
pub mod edit;
mod files;
mod lexer;
mod manager;
mod matching;
mod meaning;
mod parse;
mod rows;
mod rules;
mod write;

pub use files::{Files, Had, NamedFile};
pub use manager::{Manager, manager};
pub use matching::{
    Condition, Encryption, KnownRegex, LoginVerdict, Networks, Origin, Question, Uncertainty, evaluate,
};
pub use meaning::Meaning;
pub use parse::parse;
pub use rows::{Row, from_rows};
pub use rules::{Address, ConnectionKind, Content, Line, LocatedRule, Location, Name, Quotes, Rule, Rules};

pub use write::new_rule;
