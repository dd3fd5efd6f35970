//! What the program says this login cannot do, tried by hand, and what it advises others to run.

use serde_json::Value;

use crate::rights::admins::{ADMIN, ADMIN_PASSWORD, Admin};
use crate::support::postgres::psql;
use crate::support::{Postgres, Program};

/// A bad finding that is about rights: what has to be run, and where.
#[derive(Debug)]
pub(crate) struct Cannot {
    pub(crate) code: String,
    statement: String,
    database: &'static str,
}

/// The findings that say "this login may not, and this is the statement".
const CANNOT: [&str; 7] = [
    "database-cannot-create",
    "database-cannot-grant",
    "role-cannot-create",
    "role-cannot-alter",
    "catalog-cannot-grant",
    "ownership-cannot-move",
    "ownership-not-checked",
];

impl Cannot {
    /// All of a report.
    pub(crate) fn all(report: &Value) -> Vec<Self> {
        let steps = report["steps"].as_array().into_iter().flatten();
        let findings = steps.filter_map(|step| step["findings"].as_array()).flatten();
        let bad = findings.filter(|finding| finding["verdict"] == "bad");
        bad.filter_map(Self::of).collect()
    }

    fn of(finding: &Value) -> Option<Self> {
        let code = finding["code"].as_str()?;
        if !CANNOT.contains(&code) {
            return None;
        }
        let advice = finding["advice"].as_str().unwrap_or_default();
        let statement = if advice.contains("\\password") {
            "ALTER ROLE \"stitch\" PASSWORD '********'"
        } else {
            let begins = ["CREATE ", "GRANT ", "ALTER "]
                .into_iter()
                .filter_map(|verb| advice.find(verb));
            begins.min().map_or("", |start| &advice[start..])
        };
        Some(Self {
            code: code.to_owned(),
            statement: statement
                .trim_end_matches(';')
                .replace("********", crate::support::wizard::PASSWORD),
            database: if code == "catalog-cannot-grant" {
                "stitch"
            } else {
                "postgres"
            },
        })
    }

    /// Tries it as the admin's login; complains unless the server refuses for want of rights. A GRANT without the grant
    /// option is a warning (01007) where some other right is held, and an error (42501) where none is.
    pub(crate) fn try_by_hand(&self, server: &Postgres<'_>, admin: Admin) -> Result<(), String> {
        let one_by_one = if self.statement.starts_with("CREATE DATABASE") {
            format!("{};\n", self.statement)
        } else {
            format!("begin; {};\nrollback;\n", self.statement)
        };
        let output = Program::new(psql(), server)
            .args([
                "-Xqw",
                "-v",
                "VERBOSITY=sqlstate",
                "-h",
                server.host(),
                "-U",
                ADMIN,
                "-d",
                self.database,
            ])
            .args(["-p", &server.port().to_string(), "-f", "-"])
            .env("PGPASSWORD", ADMIN_PASSWORD)
            .env(
                "PGOPTIONS",
                admin.acts_as().map_or(String::new(), |role| format!("-c role={role}")),
            )
            .stdin(one_by_one)
            .run();
        let refused = output.stderr.contains("ERROR:  42501") || output.stderr.contains("WARNING:  01007");
        // The login itself may be what is refused.
        let closed = output.stderr.contains("permission denied for database");
        if refused || closed {
            Ok(())
        } else {
            Err(format!(
                "{} by hand: {:?}, {}",
                self.code,
                self.statement,
                output.stderr.trim()
            ))
        }
    }

    /// Does as advised, as a superuser.
    pub(crate) fn follow(&self, server: &Postgres<'_>) {
        let sql = format!("set password_encryption = 'scram-sha-256'; {}", self.statement);
        server.psql_in(self.database, &sql);
    }
}
