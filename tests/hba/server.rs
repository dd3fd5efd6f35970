//! The server under test: its rules as it sees them, its roles, a reload that is waited for, and what is predicted of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Deserialize;
use stitch_pg::hba::{Encryption, Files, Had, KnownRegex, NamedFile, Networks, Origin, Question, Row, Rules, evaluate};
use tokio::runtime::Runtime;
use tokio_postgres::{Client, NoTls};

use crate::hba::compare::Login;
use crate::hba::generate::{DATABASES, ROLES};
use crate::hba::probe::{Prober, Said, expected};

pub(crate) const PORT: u16 = 5432;

pub(crate) struct Server {
    runtime: Runtime,
    admin: Client,
    pub(crate) hba: PathBuf,
    pub(crate) version: u32,
    memberships: BTreeMap<String, Vec<String>>,
}

/// Files that rules name: lists, includes, and what no `include_dir` takes.
const BESIDE: [(&str, &str); 9] = [
    ("names", "dw, \"Mixed Role\"\nstitch # remark\n@more_names\n"),
    ("more_names", "\"a,b\"\n\n@more.d/.empty other"),
    (
        "more.conf",
        "hostssl dw stitch all password\nhost \"a,b\" all 52.0.0.0/8 md5\n",
    ),
    (
        "nested.conf",
        "include more.conf\nhost stitch @names samenet reject\ninclude_dir more.d\ninclude_if_exists none\n",
    ),
    ("more.d/b.conf", "host loaders all 10.9.0.0/16 md5"),
    ("more.d/B.conf", "host loaders,@../names all 10.9.0.0/16 reject\n"),
    ("more.d/.c.conf", "hots"),
    ("more.d/d.txt", "hots"),
    ("more.d/.empty", "# nothing\n"),
];

/// What the view says after a file was written.
#[derive(Deserialize)]
pub(crate) struct Seen {
    pub(crate) rules: Vec<Row>,
    pub(crate) regexes: Vec<KnownRegex>,
}

impl Server {
    pub(crate) fn new(socket_dir: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let mut config = tokio_postgres::Config::new();
        config
            .host_path(socket_dir)
            .port(PORT)
            .user("postgres")
            .dbname("postgres");
        let (admin, connection) = runtime.block_on(config.connect(NoTls)).expect("the admin gets in");
        runtime.spawn(connection);
        let mut server = Self {
            hba: socket_dir.join("data/pg_hba.conf"),
            version: 0,
            memberships: BTreeMap::new(),
            runtime,
            admin,
        };
        server.version = server
            .text("SELECT current_setting('server_version_num')")
            .parse()
            .expect("a number");
        server.text("DO $$ BEGIN
            CREATE ROLE stitch LOGIN PASSWORD 'x'; CREATE ROLE other LOGIN PASSWORD 'x'; CREATE ROLE \"all\" LOGIN PASSWORD 'x';
            CREATE ROLE \"Mixed Role\" LOGIN PASSWORD 'x'; CREATE ROLE boss LOGIN SUPERUSER PASSWORD 'x';
            CREATE ROLE loaders LOGIN NOINHERIT PASSWORD 'x'; CREATE ROLE outer_; ALTER ROLE outer_ RENAME TO \"outer\";
            CREATE ROLE \"+loaders\" LOGIN PASSWORD 'x';
            GRANT loaders TO stitch; GRANT \"outer\" TO loaders; GRANT \"all\" TO other; GRANT other TO \"Mixed Role\";
            END $$; SELECT 'done'");
        let folder = server.hba.parent().expect("it is in a folder").to_owned();
        std::fs::create_dir_all(folder.join("more.d/sub.conf")).expect("the folder is ours");
        for (name, text) in BESIDE {
            std::fs::write(folder.join(name), text).expect("the folder is ours");
        }
        let json = server.text(MEMBERSHIPS);
        server.memberships = serde_json::from_str(&json).expect("the question asks for this");
        server
    }

    /// The one text an SQL statement gives, or the last one.
    fn text(&self, sql: &str) -> String {
        let messages = self
            .runtime
            .block_on(self.admin.simple_query(sql))
            .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        messages
            .iter()
            .rev()
            .find_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                _ => None,
            })
            .unwrap_or_default()
    }

    pub(crate) fn look(&self) -> Seen {
        let names: Vec<String> = DATABASES.iter().chain(&ROLES).map(|name| format!("'{name}'")).collect();
        let json = self.text(&LOOK.replace("NAMES", &names.join(",")));
        serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json}"))
    }

    /// Our reading of the text, with the files it names.
    pub(crate) fn read(&self, text: &str) -> Rules {
        let mut files = Files::new(self.hba.to_str().expect("plain"), text.to_owned());
        loop {
            let (rules, wanted) = files.read(self.version);
            if wanted.is_empty() {
                return rules;
            }
            for wanted in wanted {
                let had = match &wanted {
                    NamedFile::File(path) => std::fs::read_to_string(path).map(Had::Text),
                    NamedFile::Folder(path) => std::fs::read_dir(path).map(|entries| {
                        let entries = entries.filter_map(Result::ok).filter(|entry| !entry.path().is_dir());
                        Had::Names(
                            entries
                                .filter_map(|entry| entry.file_name().into_string().ok())
                                .collect(),
                        )
                    }),
                };
                files.put(wanted, had.unwrap_or(Had::Absent));
            }
        }
    }

    /// Reloads, and waits until the new rules decide.
    pub(crate) fn load(&self, prober: &Prober, number: u32) {
        self.text("SELECT pg_reload_conf()");
        let limit = Instant::now() + Duration::from_secs(20);
        let marker = format!("marker{number}");
        let home = "127.0.0.1".parse().expect("an address");
        while prober.tcp(home, Encryption::Plain, &marker, "marker") != Said::Welcome {
            assert!(
                Instant::now() < limit,
                "file {number} was not loaded:\n{}",
                std::fs::read_to_string(&self.hba).unwrap()
            );
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// All that the server may say.
    pub(crate) fn predict(
        &self,
        rules: &Rules,
        login: &Login,
        regexes: &[KnownRegex],
        networks: Networks<'_>,
    ) -> Vec<Said> {
        let question = Question {
            origin: match login.tcp {
                None => Origin::Socket,
                Some((from, encryption)) => Origin::Tcp {
                    from: from.into(),
                    encryption,
                },
            },
            database: login.database,
            role: login.role,
            memberships: self.memberships.get(login.role).map_or(&[], Vec::as_slice),
            networks,
            regexes,
        };
        let answer = evaluate(rules, &question);
        let mut said: Vec<Said> = Vec::new();
        for doubt in &answer.doubts {
            let rule = doubt.rule.expect("every file was read");
            said.push(expected(Some(rule)));
        }
        said.push(expected(answer.decides.map(|found| found.rule)));
        said
    }
}

const LOOK: &str = "SELECT json_build_object(
    'rules', (SELECT coalesce(json_agg(to_json(r)), '[]') FROM pg_hba_file_rules AS r),
    'regexes', (
        SELECT coalesce(json_agg(json_build_object('pattern', substr(p, 2), 'subject', s,
                                                   'matches', s COLLATE \"C\" ~ substr(p, 2))), '[]')
        FROM (SELECT DISTINCT unnest(database || user_name) AS p FROM pg_hba_file_rules) AS patterns,
             unnest(ARRAY[NAMES]) AS s
        WHERE p LIKE '/%' AND current_setting('server_version_num')::int >= 160000))::text";

const MEMBERSHIPS: &str = "
    WITH RECURSIVE m(start, oid) AS (
        SELECT rolname, oid FROM pg_roles WHERE rolname !~ '^pg_'
        UNION SELECT m.start, a.roleid FROM pg_auth_members AS a JOIN m ON a.member = m.oid)
    SELECT json_object_agg(start, roles)::text FROM (
        SELECT m.start, json_agg(r.rolname) AS roles FROM m JOIN pg_roles AS r USING (oid) GROUP BY m.start) AS s";
