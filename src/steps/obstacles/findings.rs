//! What the catalog shows, as findings.

mod shapes;

use std::collections::BTreeMap;

use super::{About, Lacking, MOST_COLUMNS, Obstacles};
use crate::change::Plan;
use crate::finding::{Code, Finding, Verdict};
use crate::settings::Settings;
use crate::sql;
use shapes::{TRY_WRITES, words};

/// Code, schema, text and advice: what a finding says.
type Said = (Code, String, String, String);

/// Findings that say the same of several tables of a schema, as one: whether they are bad, and the tables.
#[derive(Default)]
struct Notes(BTreeMap<Said, (bool, Vec<String>)>);

impl Notes {
    /// In `text` and `advice`, `\0` stands for the tables: no name can hold it.
    fn add(&mut self, bad: bool, code: Code, table: &About, text: &str, advice: &str) {
        self.add_to(bad, code, (&table.schema, &table.table), text, advice);
    }

    fn add_to(&mut self, bad: bool, code: Code, (schema, name): (&str, &str), text: &str, advice: &str) {
        let key = (code, schema.to_owned(), text.to_owned(), advice.to_owned());
        let tables = &mut self.0.entry(key).or_insert((bad, Vec::new())).1;
        if !tables.iter().any(|known| known == name) {
            tables.push(name.to_owned());
        }
    }

    fn findings(self) -> impl Iterator<Item = Finding> {
        self.0.into_iter().map(|((code, schema, text, advice), (bad, tables))| {
            let named: Vec<String> = tables.iter().map(|table| sql::in_schema(&schema, table)).collect();
            let shown = match named.len() {
                0..=3 => named.join(", "),
                all => format!("{} and {} more tables", named[..3].join(", "), all - 3),
            };
            let (text, advice) = (
                text.replace('\0', &shown),
                advice.replace('\0', named.first().map_or("", String::as_str)),
            );
            let finding = Finding::new(code, Verdict::bad_if(bad), text);
            let finding = match tables.as_slice() {
                [table] => finding.about(format_args!("{schema}.{table}")),
                _ => finding.about(&schema),
            };
            finding.advise(advice)
        })
    }
}

/// What would refuse a load: reported before the tables change hands, and afterwards.
pub(crate) fn findings(settings: &Settings, seen: &Obstacles) -> Vec<Finding> {
    let mut notes = Notes::default();
    rights(&mut notes, settings, &seen.lacking);
    for one in &seen.unclear {
        let text = format!(
            "a write to \0 runs {}, and whether that works cannot be checked: {}",
            one.through, one.why
        );
        notes.add(false, Code::WritePrivilegesUnclear, one, &text, TRY_WRITES);
    }
    for one in &seen.instead {
        let rule = sql::identifier(&one.object);
        let does = if one.also {
            "refuses INSERT … ON CONFLICT"
        } else {
            "replaces Stitch's writes with something else"
        };
        let text = format!("the rule {rule} on \0 {does}");
        let advice = format!("unless that is what you want, its owner runs: DROP RULE {rule} ON \0;");
        notes.add(false, Code::RuleInstead, one, &text, &advice);
    }
    for one in &seen.secured {
        let text = "row security is forced on \0, so it applies to the owner too";
        let advice = "make sure that its policies allow the loader to read and write every row, or remove FORCE";
        notes.add(false, Code::RowSecurity, one, text, advice);
    }
    for one in &seen.referenced {
        let text = format!(
            "TRUNCATE of \0 is refused, because a foreign key of {} references it; full-table replication will fail",
            one.object
        );
        let advice = format!(
            "the owner of {} ({:?}), or a superuser, runs: ALTER TABLE {} DROP CONSTRAINT {};",
            one.object,
            one.owner,
            one.object,
            sql::identifier(&one.constraint)
        );
        notes.add(true, Code::TruncateRefused, one, &text, &advice);
    }
    shapes(&mut notes, seen);
    branches(&mut notes, settings, seen);
    notes.findings().collect()
}

/// Columns that cannot be added, renamed or identified, and rows that are refused.
fn shapes(notes: &mut Notes, seen: &Obstacles) {
    for one in &seen.wide {
        let (columns, full) = (one.columns, one.columns >= MOST_COLUMNS);
        let so = if full {
            "no column can be added"
        } else {
            "Stitch cannot add many more"
        };
        let text = format!("\0 has {columns} of {MOST_COLUMNS} columns, dropped ones included, so {so}");
        let advice = "select fewer fields in Stitch, or copy the table with CREATE TABLE … AS SELECT, which leaves no dropped columns";
        notes.add(full, Code::ColumnLimit, one, &text, advice);
    }
    for one in &seen.shaped {
        let why = one.why.as_str();
        let (text, advice) = words(why);
        let [text, advice] = [text, advice].map(|part| part.replace("{}", &one.object));
        let code = match why {
            "typed" | "partition" | "child" => Code::TableShapeFixed,
            _ => Code::RowsRefused,
        };
        let bad = ["typed", "partition", "empty", "no numbers"].contains(&why);
        notes.add(bad, code, one, &text, &advice);
    }
    for one in &seen.unidentified {
        let (lacks, advice) = if one.partly {
            let advice = "publish every column of the replica identity, and use no other columns in the row filter";
            ("whose replica identity does not match its filter or columns", advice)
        } else {
            let advice = "its owner runs: ALTER TABLE \0 REPLICA IDENTITY FULL;";
            ("which has no replica identity", advice)
        };
        let text = format!("a publication includes updates and deletes of \0, {lacks}, so the server refuses them");
        notes.add(true, Code::ReplicaIdentityMissing, one, &text, advice);
    }
}

/// `ALTER TABLE` reaches the whole tree below a table.
fn branches(notes: &mut Notes, settings: &Settings, seen: &Obstacles) {
    for one in &seen.branches {
        let text = format!(
            "ALTER TABLE \0 is refused: its partition or child {} stays with {:?}",
            one.object, one.owner
        );
        let role = sql::identifier(settings.stitch.role.as_str());
        let kind = if one.foreign { "FOREIGN TABLE" } else { "TABLE" };
        let place = sql::identifier(&one.place);
        let alter = format!(
            "a superuser runs: GRANT USAGE, CREATE ON SCHEMA {place} TO {role}; ALTER {kind} {} OWNER TO {role};",
            one.object
        );
        let advice = if one.foreign {
            format!("give --include foreign-tables as well, or {alter}")
        } else {
            format!("give --schema {} as well, or {alter}", schema_flag(&one.place))
        };
        notes.add(true, Code::PartitionNotOwned, one, &text, &advice);
    }
}

/// What Stitch sees: of the tables that no test load was tried on, those that are not its own.
pub(crate) fn not_owned<'a>(
    seen: &'a Obstacles,
    tried: &'a dyn Fn(&str, &str) -> bool,
) -> impl Iterator<Item = Finding> + 'a {
    let mut notes = Notes::default();
    for one in seen.not_owned.iter().filter(|one| !tried(&one.schema, &one.table)) {
        let text = format!("{:?} owns \0, and only an owner may alter a table", one.owner);
        let advice = format!("run stitch-pg setup --existing --schema {}", schema_flag(&one.schema));
        notes.add(true, Code::TableNotOwned, one, &text, &advice);
    }
    notes.findings()
}

/// What others lose when the tables change hands: the owners of parents elsewhere, and the roles that write to the tables
/// by triggers and rules elsewhere.
pub(crate) fn losses(plan: &mut Plan, seen: &Obstacles) {
    let mut notes = Notes::default();
    for one in &seen.writers {
        let text = format!(
            "{} on {} writes to \0: it will be refused with the present owner's privileges",
            one.through, one.object
        );
        let advice = format!(
            "grant the role that writes to {} the privileges it needs on \0, or make the function SECURITY DEFINER with an owner that has them",
            one.object
        );
        notes.add(false, Code::ImpactWrites, one, &text, &advice);
    }
    for one in &seen.parents {
        let text = format!(
            "{:?} will no longer be able to alter {}, because its partition or child \0 gets another owner",
            one.owner, one.object
        );
        let advice =
            "remove that schema from --schema, or move the parent's schema too, so that the whole tree has one owner";
        notes.add(false, Code::ImpactParents, one, &text, advice);
    }
    notes.findings().for_each(|finding| plan.find(finding));
}

/// A schema as the flag wants it.
fn schema_flag(schema: &str) -> String {
    crate::shell::word(&crate::settings::in_a_list(schema))
}

/// Missing rights, reported once for each thing that needs them.
fn rights(notes: &mut Notes, settings: &Settings, lacking: &[Lacking]) {
    let mut needs: BTreeMap<(&str, &str, Option<&str>, &str), Vec<&Lacking>> = BTreeMap::new();
    for one in lacking {
        needs
            .entry((&one.schema, &one.table, one.through.as_deref(), &one.user))
            .or_default()
            .push(one);
    }
    let role = settings.stitch.role.as_str();
    for ((schema, table, through, user), lacking) in needs {
        // Where there is no such role yet, the rights of PUBLIC were checked.
        let user = if user == "public" { role } else { user };
        let Some(through) = through else {
            let privileges: Vec<&str> = lacking.iter().map(|one| one.privilege.as_str()).collect();
            let privileges = privileges.join(", ");
            let text = format!(
                "an owner of \0 revoked {privileges} on it from itself, so the new owner {role:?} will lack them too"
            );
            let grant = sql::grant(&privileges, "TABLE", "\0", role);
            notes.add_to(
                true,
                Code::TablePrivilegesRevoked,
                (schema, table),
                &text,
                &format!("its owner, or a superuser, runs: {grant};"),
            );
            continue;
        };
        let what: Vec<String> = lacking
            .iter()
            .map(|one| format!("{} on the {} {}", one.privilege, one.on.to_lowercase(), one.object))
            .collect();
        let grants: Vec<String> = lacking
            .iter()
            .map(|one| format!("{};", sql::grant(&one.privilege, &one.on, &one.object, user)))
            .collect();
        let mut owners: Vec<String> = lacking.iter().map(|one| format!("{:?}", one.owner)).collect();
        owners.sort_unstable();
        owners.dedup();
        let text = format!(
            "a write to \0 is refused: {through} needs {}, and runs with the privileges of {user:?}",
            what.join(", ")
        );
        let advice = format!("{}, or a superuser, runs: {}", owners.join(" and "), grants.join(" "));
        notes.add_to(true, Code::WritePrivilegesMissing, (schema, table), &text, &advice);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_never_change_a_statement() {
        let one = About {
            schema: "shop".to_owned(),
            table: "x\" ON a; DROP TABLE b; --{}".to_owned(),
            ..About::default()
        };
        let mut notes = Notes::default();
        let rule = sql::identifier("{}");
        notes.add(
            false,
            Code::RuleInstead,
            &one,
            "\0",
            &format!("DROP RULE {rule} ON \0;"),
        );
        let advice = notes.findings().find_map(|finding| finding.advice);
        let wanted = r#"DROP RULE "{}" ON "shop"."x"" ON a; DROP TABLE b; --{}";"#;
        assert_eq!(advice.as_deref(), Some(wanted));
    }
}
