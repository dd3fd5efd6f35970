//! Names stay names: thousands that mean harm go through a real server and real shells, and come back as they were or are
//! refused. A canary shows whether anything else was run.

use std::fmt::Write as _;
use std::fs;

use serde_json::Value;
use stitch_pg::names::{Cidr, DatabaseName, HostName, LinuxUser, RoleName, SchemaName};
use stitch_pg::{hba, shell, sql};

use crate::cure::ssh_user::scene::Scene;
use crate::support::rng::Rng;
use crate::support::wizard::Wizard;
use crate::support::{BastionOptions, Kind, Need, Place, Postgres, process, world};

const SEED: u64 = 0x0bad_5eed;
const NAMES: usize = 10_000;

/// Each would do something if a program read it as more than a name.
const PIECES: [&str; 44] = [
    "'; DROP TABLE canary; --",
    "\"; DROP TABLE canary; --",
    "$$; DROP TABLE canary; $$",
    "\\'; DROP TABLE canary; --",
    "*/ DROP TABLE canary /*",
    "\\! touch canary\n",
    "\\gexec",
    ":'x'",
    ":\"x\"",
    "\\",
    "\\\\",
    "'",
    "''",
    "\"",
    "\"\"",
    "`",
    "$(touch canary)",
    "`touch canary`",
    "${IFS}",
    "; touch canary;",
    "| touch canary",
    "& touch canary &",
    "> canary",
    "\n",
    "\r",
    "\t",
    "\u{1b}[2J",
    "\u{7}",
    "\u{9b}",
    "\u{202e}",
    "\u{200b}",
    "\u{feff}",
    "~root",
    "*",
    "?",
    "[a-z]",
    "{a,b}",
    "!!",
    "-rf",
    "--",
    "%s%n",
    "é",
    "\u{1f600}",
    "x",
];

/// Different ones, of one to five pieces, none longer than PostgreSQL keeps.
fn hostile() -> Vec<String> {
    let mut rng = Rng::new(SEED);
    let mut names = std::collections::BTreeSet::new();
    names.extend(PIECES.iter().map(|piece| (*piece).to_owned()));
    while names.len() < NAMES {
        let mut name: String = (0..=rng.below(5)).map(|_| rng.pick(&PIECES)).collect();
        while name.len() > 63 {
            name.pop();
        }
        names.insert(name);
    }
    names.into_iter().collect()
}

#[test]
fn a_server_gives_back_every_name_and_runs_nothing() {
    let server = Postgres::start();
    server.psql("create table canary (alive int); insert into canary values (1)");
    let names = hostile();
    for part in names.chunks(1_000) {
        let values: Vec<String> = part.iter().map(|name| format!("({})", sql::literal(name))).collect();
        let columns: Vec<String> = part
            .iter()
            .map(|name| format!("1 AS {}", sql::identifier(name)))
            .collect();
        let told = server.psql(&format!(
            "SELECT json_agg(v) FROM (VALUES {}) AS t (v);\nSELECT row_to_json(t) FROM (SELECT {}) AS t;",
            values.join(", "),
            columns.join(", ")
        ));
        let mut lines = told.lines();
        let literals: Vec<String> = serde_json::from_str(lines.next().unwrap_or_default()).expect("JSON");
        let identifiers: Value = serde_json::from_str(lines.next().unwrap_or_default()).expect("JSON");
        let identifiers: Vec<&String> = identifiers.as_object().expect("an object").keys().collect();
        assert!(literals == part, "seed {SEED:#x}");
        assert!(
            identifiers.iter().eq(&part.iter().collect::<Vec<_>>()),
            "seed {SEED:#x}"
        );
    }
    // Real objects, of which nothing is left.
    let some: Vec<&String> = names.iter().step_by(25).collect();
    let mut script = "BEGIN;\n".to_owned();
    for name in &some {
        let name = sql::identifier(name);
        let _ = writeln!(
            script,
            "CREATE ROLE {name}; CREATE SCHEMA {name} AUTHORIZATION {name}; CREATE TABLE {name}.{name} ();"
        );
    }
    script += "SELECT json_agg(json_build_array(rolname, nspname, relname)) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
        JOIN pg_roles r ON r.oid = nspowner WHERE nspname NOT IN ('pg_catalog', 'information_schema', 'public', 'pg_toast') AND relkind = 'r';\nROLLBACK;";
    let made: Vec<[String; 3]> = serde_json::from_str(&server.psql(&script)).expect("JSON");
    let mut made: Vec<&String> = made
        .iter()
        .filter(|names| names[0] == names[1] && names[1] == names[2])
        .map(|names| &names[0])
        .collect();
    made.sort();
    let mut some = some;
    some.sort();
    assert_eq!(made, some);
    for name in names.iter().step_by(1_250) {
        let quoted = sql::identifier(name);
        let there = format!(
            "select count(*) from pg_database where datname = {}",
            sql::literal(name)
        );
        server.psql(&format!("CREATE DATABASE {quoted} TEMPLATE template0;"));
        assert_eq!(server.psql(&there), "1", "{name:?}");
        server.psql(&format!("DROP DATABASE {quoted};"));
    }
    assert_eq!(server.psql("select alive from canary"), "1");
    println!(
        "{} names as literals and identifiers, {} as roles, schemas and tables, seed {SEED:#x}",
        names.len(),
        some.len()
    );
}

/// What the program itself takes: names from users, and what it does with them.
#[test]
fn names_from_people_are_kept_or_refused() {
    let names = hostile();
    let mut taken = [0; 5];
    for name in &names {
        let control = name.contains(char::is_control);
        let mut took = |at: usize, read: Option<String>| {
            if let Some(read) = read {
                assert_eq!(&read, name);
                assert!(!control, "{name:?} was taken");
                taken[at] += 1;
            }
        };
        took(0, name.parse().ok().map(|name: DatabaseName| name.to_string()));
        took(1, name.parse().ok().map(|name: RoleName| name.to_string()));
        took(2, name.parse().ok().map(|name: SchemaName| name.to_string()));
        took(3, name.parse().ok().map(|name: LinuxUser| name.to_string()));
        took(4, name.parse().ok().map(|name: HostName| name.to_string()));
        if let Ok(user) = name.parse::<LinuxUser>() {
            assert!(
                user.as_str()
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c)),
                "{name:?}"
            );
        }
        if let Ok(host) = name.parse::<HostName>() {
            assert!(
                !host.as_str().contains(['\'', '"', '$', '`', ';', '|', '&', ' ']) || host.is_socket(),
                "{name:?}"
            );
        }
    }
    assert!(
        taken[0] > 1_000 && taken[1] > 1_000 && taken[2] > 1_000 && taken[3] > 0 && taken[4] > 0,
        "{taken:?}"
    );
    println!(
        "of {} names taken: {taken:?} as database, role, schema, Linux user, host",
        names.len()
    );
}

/// Databases, roles and the error of a line, as the server reports them.
type Told = (Option<Vec<String>>, Option<Vec<String>>, Option<String>);

/// The server reads the lines that we would add, with all the names that it could be asked to let in.
#[test]
fn rules_hold_the_names_they_are_for() {
    let server = Postgres::start();
    let from: Cidr = "192.0.2.1/32".parse().expect("an address");
    let names = hostile();
    let names = names
        .iter()
        .filter(|name| !name.starts_with('/'))
        .filter_map(|name| Some((name.parse::<DatabaseName>().ok()?, name.parse::<RoleName>().ok()?)));
    let names: Vec<_> = names.take(2_000).collect();
    let version = server.major() * 10_000;
    let lines = names
        .iter()
        .map(|(database, role)| hba::new_rule(database, role, from, hba::Encryption::Plain, Some(version)));
    let text = format!("local all postgres trust\n{}\n", lines.collect::<Vec<_>>().join("\n"));
    let file = server.data_dir().join("pg_hba.conf");
    fs::write(file, text).expect("the data directory is ours");
    let told = server.psql("SELECT json_agg(json_build_array(database, user_name, error) ORDER BY line_number) FROM pg_hba_file_rules WHERE type <> 'local'");
    let told: Vec<Told> = serde_json::from_str(&told).expect("JSON");
    assert_eq!(told.len(), names.len());
    for ((database, role), (databases, roles, error)) in names.iter().zip(&told) {
        assert_eq!(error, &None, "{database}");
        assert_eq!(databases.as_deref(), Some(&[database.to_string()][..]));
        assert_eq!(roles.as_deref(), Some(&[role.to_string()][..]));
    }
}

#[test]
fn shells_give_back_every_word_and_run_nothing() {
    let words = hostile();
    let quoted: Vec<String> = words.iter().map(|word| shell::word(word)).collect();
    let script = format!(
        "printf '%s\\0' {}\nx={}\nprintf '%s' \"$x\"\n",
        quoted.join(" "),
        quoted[7]
    );
    let gave_back = |shell: &str, output: &process::Output| {
        assert!(output.success(), "{shell}: {}", output.stderr);
        let told: Vec<&str> = output.stdout.split('\0').collect();
        assert_eq!(told.len(), words.len() + 1, "{shell}");
        let same = told.iter().zip(&words).all(|(told, word)| told == word);
        assert!(same, "{shell}, seed {SEED:#x}");
        assert_eq!(told.last().copied(), Some(words[7].as_str()), "{shell}");
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    for shell in ["dash", "bash"] {
        let mut command = Place::Here.command(shell);
        command.current_dir(folder.path()).env("LC_ALL", "C.UTF-8");
        gave_back(shell, &process::finish(command, script.as_bytes(), process::DEADLINE));
        assert_eq!(
            fs::read_dir(folder.path()).expect("it is there").count(),
            0,
            "{shell} ran something"
        );
    }
    println!("{} words through dash and bash, seed {SEED:#x}", words.len());
    let Some(world) = world(&[Need::Bastion, Need::BusyBox]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new().kind(Kind::BusyBox));
    assert!(scene.bastion.run("busybox | head -n 1").contains("BusyBox"));
    gave_back("BusyBox ash", &world.try_sh("on bastion sh", &[], script.as_bytes()));
    assert_eq!(
        scene
            .bastion
            .run("ls /canary /root/canary /home/*/canary 2>/dev/null || :"),
        ""
    );
    println!("{} words through BusyBox ash", words.len());
}

/// Passwords that mean harm let their role in, and nothing else happens.
#[test]
fn passwords_stay_passwords() {
    let server = Postgres::start();
    server.psql("create table canary (alive int); insert into canary values (1)");
    for password in [
        "'; DROP TABLE canary; --",
        "\\'$(touch canary)`touch canary`",
        "a:b@c/d?e#f%00%20",
        "\u{202e}é \"x\" ${IFS}",
    ] {
        let wizard = Wizard::new(&server)
            .env("STITCH_PG_PASSWORD", password)
            .flag("--reset-password");
        let said = wizard.setup().exits(0);
        assert!(!said.output.stdout.contains(password), "{said}");
        let told = server.try_psql_as("stitch", password, "stitch", "select current_user");
        assert_eq!(told.as_deref().map(str::trim), Ok("stitch"));
    }
    assert_eq!(server.psql("select alive from canary"), "1");
}
