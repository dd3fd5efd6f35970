//! Straight to the server: every message of a setup is the last one that passes.

use std::path::Path;
use std::process::Stdio;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::cut::scene::Scene;
use crate::cut::trial::{Blow, Goal, Point, Shutdown, try_all};
use crate::support::postgres::psql;
use crate::support::process::{DEADLINE, poll, spawn, wait};
use crate::support::{
    CountingProxy, Endpoint, Fault, Place, Postgres, PostgresOptions, Program, Running, STITCH_PG, Side, run,
};

pub(crate) const RULES: &str =
    "local all postgres trust\nlocal all all scram-sha-256\nhostnossl all all all scram-sha-256\n";

/// Whether there is something to take over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Connection {
    New,
    /// New, and the password is not made by the run.
    Given,
    Existing,
}

/// A destination on a server that others use as well.
pub(crate) struct Direct<'a> {
    server: &'a Postgres<'a>,
    connection: Connection,
    number: usize,
    proxy: CountingProxy,
    files: TempDir,
}

impl<'a> Direct<'a> {
    pub(crate) fn new(server: &'a Postgres<'a>, connection: Connection, number: usize) -> Self {
        let loopback = Endpoint::Tcp(([127, 0, 0, 1], 0).into());
        let proxy = CountingProxy::start(&loopback, Endpoint::Unix(server.socket()));
        Self::behind(server, connection, number, proxy)
    }

    /// The same by another way.
    pub(crate) fn behind(
        server: &'a Postgres<'a>,
        connection: Connection,
        number: usize,
        proxy: CountingProxy,
    ) -> Self {
        let scene = Self {
            server,
            connection,
            number,
            proxy,
            files: tempfile::tempdir().expect("a temporary folder"),
        };
        server.psql(&scene.named(
            "create role \"admin N\" login createdb createrole password 'secret'; set role \"admin N\";
             create role \"loader N\"; create role \"analyst N\"",
        ));
        if connection == Connection::Existing {
            server.psql(&scene.named("create database \"seed N\" owner \"admin N\""));
            server.psql_in(&scene.named("seed N"), &scene.named(SEED));
        }
        scene
    }

    /// The setup, of the server by this name.
    pub(crate) fn setup(&self, program: Program, timeout: &str, (host, port): (&str, u16)) -> Program {
        let program = program
            .args([
                "setup",
                "--yes",
                "--no-input",
                "--format",
                "json",
                "--no-ssl",
                "--host",
                host,
                "--port",
            ])
            .arg(port.to_string())
            .args([
                "--admin-user",
                &self.named("admin N"),
                "--database",
                &self.named("dw N"),
            ])
            .args(["--role", &self.named("stitch N"), "--reader", &self.named("analyst N")])
            .args(["--allow-cidr", "52.23.137.21", "--allow-cidr", "52.204.223.208"])
            .args(["--skip", "allowlist"])
            .args(["--timeout", timeout, "--undo"])
            .arg(self.undo_file())
            .env("PGPASSWORD", "secret");
        match self.connection {
            Connection::New => program
                .arg("--generate-password")
                .arg("--password-file")
                .arg(self.files.path().join("password")),
            Connection::Given => program.env("STITCH_PG_PASSWORD", "loader-secret"),
            Connection::Existing => program
                .args(["--existing", "--schema", "shop", "--include", "views"])
                .env("STITCH_PG_PASSWORD", "loader-secret"),
        }
    }

    /// Runs the undo file there.
    #[track_caller]
    pub(crate) fn undo_at(&self, place: &Place) {
        let mut command = place.command("sh");
        command.args(["-euc", UNDO, "sh"]).arg(self.undo_file());
        command.env("PGPASSWORD", "secret");
        run(command);
    }

    /// Stops the server and starts it again.
    #[track_caller]
    pub(crate) fn restarted(&self, how: Shutdown, release: &CountingProxy) {
        let mode = match how {
            Shutdown::Fast => "fast",
            Shutdown::Immediate => "immediate",
        };
        let data = self.server.socket_dir().join("data");
        let state = || std::fs::read_to_string(self.server.data_dir().join("postmaster.pid")).unwrap_or_default();
        let before = state();
        let mut command = self.server.command("setpriv");
        command
            .args(["--reuid", "postgres", "--regid", "postgres", "--init-groups", "--"])
            .arg(psql().with_file_name("pg_ctl"))
            .args(["restart", "-w", "-t", "180", "-m", mode, "-l"])
            .arg(data.join("restarted.log"))
            .arg("-D")
            .arg(&data)
            .stdout(Stdio::null());
        let mut restart = spawn(&mut command);
        // A connection that the server takes while it stops is waited for until its first message: 60 s, if that is held.
        poll(DEADLINE, || (state() != before).then_some(())).expect("the server stops");
        release.release();
        let ended = wait(&mut restart, 3 * DEADLINE);
        assert!(
            ended.is_some_and(|status| status.success()),
            "{how:?}: {}",
            self.server.log()
        );
    }

    /// What the undo file says.
    #[track_caller]
    pub(crate) fn undo_script(&self) -> String {
        std::fs::read_to_string(self.undo_file()).expect("a run has written it")
    }

    /// The text with this scene's number for every N that stands alone.
    fn named(&self, text: &str) -> String {
        let number = self.number.to_string();
        let words = text.split(" N").collect::<Vec<_>>();
        words.join(&format!(" {number}"))
    }

    /// The other way round.
    fn nameless(&self, text: &str) -> String {
        text.replace(&self.named("dw N"), "dw N")
            .replace(&self.named("stitch N"), "stitch N")
            .replace(&self.named("loader N"), "loader N")
            .replace(&self.named("analyst N"), "analyst N")
            .replace(&self.named("admin N"), "admin N")
    }

    fn undo_file(&self) -> std::path::PathBuf {
        self.files.path().join("undo.sh")
    }
}

/// What loads left before: tables, readers, and a default for what comes.
const SEED: &str = "
create schema shop authorization \"loader N\";
create schema empty authorization \"loader N\";
set role \"loader N\";
create table shop._sdc_rejected (record text, reason text, table_name text, _sdc_rejected_at timestamptz);
create table shop.\"Order Lines\" (id bigint primary key, _sdc_batched_at timestamptz, _sdc_received_at timestamptz,
    _sdc_sequence bigint, _sdc_table_version bigint);
create table shop.ads__actions (_sdc_level_0_id bigint not null, like shop.\"Order Lines\");
create table shop.parted (like shop.\"Order Lines\") partition by range (id);
create table shop.parted_low partition of shop.parted for values from (0) to (100);
create view shop.recent as select id from shop.\"Order Lines\";
insert into shop.\"Order Lines\" values (1, '2026-01-01', '2026-01-01', 1, 1), (2, '2026-01-01', '2026-01-01', 1, 1);
grant usage on schema shop, empty to \"analyst N\";
grant select on all tables in schema shop to \"analyst N\";
alter default privileges in schema shop grant select on tables to \"analyst N\";
";

/// Of one role, one database, and everything that belongs to either; what the server numbers or salts is left out.
const CLUSTER: &str = "
select r.rolname, r.rolcanlogin, r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolcreatedb, r.rolconnlimit, r.rolvaliduntil,
    substr(a.rolpassword, 1, 19) from pg_roles r join pg_authid a on a.oid = r.oid where r.rolname like '% N' order by 1;
select m.roleid::regrole, m.member::regrole, m.grantor::regrole, m.admin_option from pg_auth_members m
    where m.member::regrole::text like '% N\"' order by 1, 2, 3;
select datname, datdba::regrole, pg_encoding_to_char(encoding), datcollate, datctype, datconnlimit, datallowconn,
    (select string_agg(x::text, ' ' order by x::text) from unnest(datacl) x) from pg_database where datname = 'dw N';
select setrole::regrole, setconfig from pg_db_role_setting s where setrole::regrole::text like '% N\"' order by 1;
";

impl Scene for Direct<'_> {
    fn prepare(&self) {
        let mut sql = "set client_min_messages = error; drop database if exists \"dw N\" with (force);
            drop role if exists \"stitch N\";"
            .to_owned();
        if self.connection == Connection::Existing {
            sql.push_str("create database \"dw N\" template \"seed N\" owner \"admin N\";");
        }
        self.server.psql(&self.named(&sql));
        for file in ["undo.sh", "password"] {
            // Where the run before came so far.
            drop(std::fs::remove_file(self.files.path().join(file)));
        }
    }

    fn program_within(&self, timeout: &str) -> Program {
        let at = ("127.0.0.1", self.proxy.port());
        self.setup(Program::new(STITCH_PG, Place::Here), timeout, at)
    }

    fn signal(&self, run: &Running, signal: Signal) {
        run.kill_with(signal);
    }

    fn restart(&self, how: Shutdown) {
        self.restarted(how, &self.proxy);
    }

    fn proxy(&self) -> &CountingProxy {
        &self.proxy
    }

    fn state(&self) -> String {
        let mut state = self.server.psql(&self.named(CLUSTER));
        let mut command = Place::Here.command(psql().with_file_name("pg_dump"));
        let socket = self.server.socket();
        command
            .args(["-U", "postgres", "-h"])
            .arg(socket.parent().unwrap_or(Path::new("/")))
            .args([
                "-p",
                &self.server.port().to_string(),
                "-d",
                &self.named("dbname='dw N'"),
            ]);
        // The two lines with a number of the dump's own, since a security update of 2025.
        let dump = run(command);
        let lines = dump.lines().filter(|line| !line.contains("restrict "));
        lines.for_each(|line| {
            state.push('\n');
            state.push_str(line);
        });
        let saved = self.files.path().join("password").exists();
        state.push_str(if saved { "\npassword saved" } else { "\n" });
        self.nameless(&state)
    }

    fn left(&self) -> String {
        self.server.psql(&self.named(
            "select 'session', usename, state, query from pg_stat_activity where usename in ('admin N', 'stitch N');
             select 'lock', l.* from pg_locks l join pg_stat_activity a using (pid) where locktype = 'advisory' and usename = 'admin N';
             select 'membership', m::text from pg_auth_members m where member = '\"admin N\"'::regrole and roleid in
                 (select oid from pg_roles where rolname in ('loader N', 'stitch N') ) and not admin_option",
        ))
    }

    fn undo(&self) {
        self.undo_at(&Place::Here);
    }
}

/// As the file's head says: what has no line that puts it in force was cut off before its end was seen, and is called by a
/// person where it was made; where it was not, it fails or does nothing. Newest first.
const UNDO: &str = "sh -n \"$1\"
sed '/^trap /d' \"$1\" >\"$1.functions\"
. \"$1.functions\"
newest=
for step in $(sed -n 's/^\\(undo_[0-9]*_[0-9]*\\)() {/\\1/p' \"$1\"); do newest=\"$step $newest\"; done
for step in $newest; do
    if grep -q \"^{ undo=.$step \" \"$1\"; then \"$step\"; else \"$step\" || echo \"$step was not made\"; fi
done";

pub(crate) fn server() -> Postgres<'static> {
    let options = PostgresOptions::new()
        .hba(RULES)
        .conf("max_connections", "60")
        .conf("autovacuum", "off");
    Postgres::start_with(options).expect("the default version")
}

/// How many runs at a time.
const WORKING: usize = 4;
/// Who waits does nothing meanwhile.
const WAITING: usize = 8;
const ALONE: usize = 1;

fn cut_anywhere(connection: Connection, parallel: usize, points: impl Fn(&Goal) -> Vec<Point>) {
    let server = server();
    let scene = |number| Direct::new(&server, connection, number);
    let scenes: Vec<Direct<'_>> = (1..=parallel).map(scene).collect();
    let goal = Goal::of(&scenes[0]);
    let scenes: Vec<&dyn Scene> = scenes.iter().map(|scene| scene as &dyn Scene).collect();
    let points = points(&goal);
    try_all(&scenes, &goal, points);
}

pub(crate) const CUTS: [Blow; 2] = [Blow::Cut(Fault::Close), Blow::Cut(Fault::Reset)];
pub(crate) const BLOWS: [Blow; 5] = [
    CUTS[0],
    Blow::Signal(Signal::INT),
    CUTS[1],
    Blow::Signal(Signal::KILL),
    Blow::Signal(Signal::TERM),
];

/// The client's messages decide how far a run comes; of the server's, which are answers, some.
fn everywhere(step: usize) -> impl Fn(&Goal) -> Vec<Point> {
    move |goal| {
        let mut points = goal.every(step, Side::Client, &BLOWS);
        points.extend(goal.every(9 * step, Side::Server, &CUTS));
        points
    }
}

#[test]
fn a_new_destination_cut_anywhere() {
    cut_anywhere(Connection::New, WORKING, everywhere(1));
}

#[test]
fn an_existing_destination_cut_anywhere() {
    cut_anywhere(Connection::Existing, WORKING, everywhere(2));
}

#[test]
fn a_destination_that_falls_silent() {
    let stalls = |goal: &Goal| goal.every(17, Side::Server, &[Blow::Cut(Fault::Stall)]);
    cut_anywhere(Connection::New, WAITING, stalls);
}

#[test]
fn a_server_that_is_restarted() {
    let restarts = [Blow::Restart(Shutdown::Fast), Blow::Restart(Shutdown::Immediate)];
    let restarted = |goal: &Goal| goal.every(13, Side::Client, &restarts);
    cut_anywhere(Connection::Existing, ALONE, restarted);
}
