//! The ways to hand a schema over that are compared, and the runs of ours that only look.

use std::time::{Duration, Instant};

use crate::support::postgres::{DBA_PASSWORD, POSTGRES_PASSWORD};
use crate::support::{Program, stitch_pg};
use crate::warehouse::{ALL, Warehouse};

/// The Stitch role's password.
const PASSWORD: &str = "loader-secret";

/// Of one run.
const DEADLINE: Duration = Duration::from_secs(900);

/// One program that a user may run.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Way {
    /// One `DO` block that makes the same statements and commits each: what everything is measured by.
    Loop,
    Setup,
    SetupWithoutReaders,
    SetupBorrowing,
    Plan,
    Check,
    ReassignOwned,
    File,
    Guide,
    Ansible,
}

impl Way {
    pub(crate) const ALL: [Self; 10] = [
        Self::Loop,
        Self::Setup,
        Self::SetupWithoutReaders,
        Self::SetupBorrowing,
        Self::Plan,
        Self::Check,
        Self::ReassignOwned,
        Self::File,
        Self::Guide,
        Self::Ansible,
    ];

    /// The largest number of tables at which it still shows something new: those that start a program, or wait for an
    /// answer, for each table.
    pub(crate) const fn at_most(self) -> usize {
        match self {
            Self::Guide => 100,
            Self::Ansible => 10,
            Self::File => 10_000,
            _ => usize::MAX,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Loop => "one `DO` block with the same statements, each committed",
            Self::Setup => "`stitch-pg setup --yes --existing`",
            Self::SetupWithoutReaders => "the same with `--no-keep-readers`",
            Self::SetupBorrowing => "the same by a login that needs temporary memberships",
            Self::Plan => "`stitch-pg plan --existing`",
            Self::Check => "`stitch-pg check --existing`, when it is ready",
            Self::ReassignOwned => "`REASSIGN OWNED` (transfers everything of that role: never used)",
            Self::File => "one psql with a file of `ALTER TABLE`",
            Self::Guide => "the guide's shell loop, psql per table",
            Self::Ansible => "`community.postgresql.postgresql_owner`, table by table",
        }
    }

    /// Whether the tables belong to Stitch before, or not yet.
    const fn begins_ready(self) -> bool {
        matches!(self, Self::Check)
    }

    const fn is_setup(self) -> bool {
        matches!(self, Self::Setup | Self::SetupWithoutReaders | Self::SetupBorrowing)
    }

    /// Whether the role is not there before.
    pub(crate) const fn makes_role(self) -> bool {
        self.is_setup() || matches!(self, Self::Plan)
    }

    const fn is_ours(self) -> bool {
        self.makes_role() || self.begins_ready()
    }
}

/// What one run took.
pub(crate) struct Took {
    pub(crate) whole: Duration,
    /// The transfer itself, where stitch-pg reports it.
    pub(crate) transfer: Option<Duration>,
    pub(crate) round_trips: usize,
    /// The most that stitch-pg kept in memory (`VmHWM`), in MB.
    pub(crate) memory: Option<usize>,
}

/// A run of stitch-pg.
pub(crate) struct Ran {
    pub(crate) report: serde_json::Value,
    memory: usize,
}

impl Warehouse<'_> {
    /// Runs it once, from a state that is the same for each way.
    pub(crate) fn run(&self, way: Way) -> Took {
        if way.begins_ready() {
            self.stitch_pg(Way::Setup, "setup");
        } else {
            self.reset(way.makes_role());
        }
        self.proxy.reset();
        let began = Instant::now();
        let mut ran = None;
        match way {
            Way::Loop => self.psql(
                "set synchronous_commit = off;
                 do $$ declare s text; begin
                   for s in select said from statement order by number loop execute s; commit; end loop; end $$;
                 set synchronous_commit = on; create table if not exists flushed ()",
            ),
            Way::ReassignOwned => self.psql("reassign owned by loader to stitch"),
            Way::File => {
                let file = self.server.psql_in(
                    "stitch",
                    &format!("select 'alter table shop.' || t || ' owner to stitch;' from ({ALL}) as all_of_them (t)"),
                );
                self.psql(&format!("alter schema shop owner to stitch;\n{file}"));
            }
            Way::Guide => {
                let psql = format!("psql -X -qAt -h {} -p {} -U postgres", self.host(), self.port());
                let script = format!(
                    "{psql} -c 'alter schema shop owner to stitch' stitch
                     for table in $({psql} -c \"{ALL}\" stitch); do
                       {psql} -c \"alter table \\\"shop\\\".\\\"$table\\\" owner to stitch\" stitch
                     done"
                );
                finish(
                    Program::new("sh", self.server.place()).args(["-ec", &script]),
                    POSTGRES_PASSWORD,
                );
            }
            Way::Ansible => self.ansible(),
            Way::Plan => ran = Some(self.stitch_pg(way, "plan")),
            Way::Check => ran = Some(self.stitch_pg(way, "check")),
            Way::Setup | Way::SetupWithoutReaders | Way::SetupBorrowing => ran = Some(self.stitch_pg(way, "setup")),
        }
        let took = Took {
            whole: began.elapsed(),
            transfer: ran
                .as_ref()
                .filter(|_| way.is_setup())
                .map(|ran| transfer_time(&ran.report)),
            round_trips: self.proxy.counts().flights,
            memory: ran.map(|ran| ran.memory),
        };
        let left = "select count(*) from pg_class where relnamespace = 'shop'::regnamespace
            and relkind = 'r' and pg_get_userbyid(relowner) <> 'stitch'";
        if way != Way::Plan {
            assert_eq!(self.server.psql_in("stitch", left), "0", "{}", way.name());
        }
        took
    }

    /// The report of one of our runs.
    pub(crate) fn stitch_pg(&self, way: Way, command: &str) -> Ran {
        assert!(way.is_ours());
        let (user, password) = match way {
            Way::SetupBorrowing => ("dba", DBA_PASSWORD),
            _ => ("postgres", POSTGRES_PASSWORD),
        };
        let program = stitch_pg(self.server)
            .args([command, "--no-input", "--format", "json", "--skip", "allowlist"])
            .args((command == "setup").then_some("--yes"))
            .args((way == Way::SetupWithoutReaders).then_some("--no-keep-readers"))
            .args(["--existing", "--schema", "shop", "--admin-user", user])
            .args(["--host", &self.host(), "--port", &self.port()])
            .args(["--sslmode", "disable", "--no-ssl"])
            .env("STITCH_PG_PASSWORD", PASSWORD)
            .env("PGPASSWORD", password);
        let running = program.start();
        let pid = self.server.place().program_pid(running.child.id());
        let watching = std::thread::spawn(move || most_memory(pid));
        let output = running.finish(DEADLINE);
        assert!(output.success(), "{output:?}");
        Ran {
            report: serde_json::from_str(&output.stdout).expect("a report"),
            memory: watching.join().expect("it ends with the program"),
        }
    }

    /// One task for each table, as its documentation shows it.
    fn ansible(&self) {
        let tables = self.server.psql_in("stitch", ALL);
        let items: Vec<&str> = tables.lines().collect();
        let playbook = serde_json::json!([{
            "hosts": "localhost", "connection": "local", "gather_facts": false,
            "tasks": [{
                "community.postgresql.postgresql_owner": {
                    "login_host": self.host(), "login_port": self.port(), "login_user": "postgres", "login_db": "stitch",
                    "new_owner": "stitch", "obj_name": "shop.{{ item }}", "obj_type": "table",
                },
                "loop": items,
            }],
        }]);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("owner.json");
        std::fs::write(&path, playbook.to_string()).expect("the folder is ours");
        finish(
            Program::new("ansible-playbook", self.server.place()).arg(path),
            POSTGRES_PASSWORD,
        );
    }

    fn psql(&self, sql: &str) {
        let program = Program::new("psql", self.server.place())
            .args([
                "-X",
                "-q",
                "-v",
                "ON_ERROR_STOP=1",
                "-h",
                &self.host(),
                "-p",
                &self.port(),
            ])
            .args(["-U", "postgres", "-d", "stitch"])
            .stdin(sql);
        finish(program, POSTGRES_PASSWORD);
    }
}

/// Of a process until its end, in MB.
fn most_memory(pid: u32) -> usize {
    let mut most = 0;
    while let Ok(status) = std::fs::read_to_string(format!("/proc/{pid}/status")) {
        let Some(line) = status.lines().find_map(|line| line.strip_prefix("VmHWM:")) else {
            break;
        };
        most = line.trim().trim_end_matches(" kB").parse().expect("a number");
        std::thread::sleep(Duration::from_millis(10));
    }
    most / 1024
}

fn finish(program: Program, password: &str) {
    let output = program.env("PGPASSWORD", password).deadline(DEADLINE).run();
    assert!(output.success(), "{output:?}");
}

/// How long the changes of the report took that the step *ownership* made.
fn transfer_time(report: &serde_json::Value) -> Duration {
    let steps = report["steps"].as_array().expect("steps").iter();
    let steps = steps.filter(|step| step["step"] == "ownership");
    let changes = steps.flat_map(|step| step["changes"].as_array().expect("changes"));
    changes
        .map(|change| Duration::from_millis(change["elapsed_ms"].as_u64().expect("a time")))
        .sum()
}
