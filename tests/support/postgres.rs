//! PostgreSQL servers: one per test, from a template of the cache (or a fresh `initdb` where there is none).

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tempfile::TempDir;

use super::world::{self, PATH};
use super::{Certificates, Host, Need, Place, World, cache, process};

/// The superuser's password (`postgres`), asked for over TCP.
pub(crate) const POSTGRES_PASSWORD: &str = "admin-secret";
/// The password of `dba`, who is no superuser but may make roles and databases.
pub(crate) const DBA_PASSWORD: &str = "dba-secret";

/// The oldest version that its makers still looked after a year ago. Older ones are for the tests that name them.
const MAINTAINED: u32 = 13;

/// The server versions at hand that are looked after, oldest first.
pub(crate) fn majors() -> Vec<u32> {
    let mut majors: Vec<u32> = installations().into_iter().map(|(major, _)| major).collect();
    majors.retain(|major| *major >= MAINTAINED);
    majors.sort_unstable();
    majors.dedup();
    majors
}

/// Whether a server of this version is at hand.
pub(crate) fn has(major: u32) -> bool {
    installations().iter().any(|(candidate, _)| *candidate == major)
}

/// The newest server of the machine's own, else the newest of the cache: what a test gets that asks for none.
pub(crate) fn default_major() -> u32 {
    let own = installations()
        .into_iter()
        .filter(|(_, bin)| bin.starts_with("/usr"))
        .map(|(major, _)| major)
        .max();
    own.or_else(|| majors().last().copied())
        .expect("no PostgreSQL server here: run tests/setup-system.sh")
}

/// Version and program folder of every server at hand, the machine's own before the cache's.
fn installations() -> Vec<(u32, PathBuf)> {
    let list = |folder: &Path| -> Vec<(u32, PathBuf)> {
        let Ok(entries) = fs::read_dir(folder) else {
            return Vec::new();
        };
        let named = entries.filter_map(Result::ok).filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            // Debian: "15"; Fedora's archive: "pgsql-15".
            let major = name.trim_start_matches("pgsql-").parse().ok()?;
            Some((major, entry.path().join("bin")))
        });
        named.filter(|(_, bin)| bin.join("initdb").exists()).collect()
    };
    let mut all = list(Path::new("/usr/lib/postgresql"));
    all.extend(list(Path::new("/usr")));
    // One without a version in its path: Fedora's and Arch's own.
    if all.is_empty() && Path::new("/usr/bin/initdb").exists() {
        all.extend(version_of(Path::new("/usr/bin")).map(|major| (major, PathBuf::from("/usr/bin"))));
    }
    all.extend(list(&cache::cache().join("pg")));
    all
}

/// The major version that the `postgres` of a folder reports.
fn version_of(bin: &Path) -> Option<u32> {
    let mut command = Command::new(bin.join("postgres"));
    command.arg("--version");
    let output = process::finish(command, b"", process::DEADLINE);
    output.stdout.split_whitespace().nth(2)?.split('.').next()?.parse().ok()
}

/// What a server is to be like. The default: the machine's newest version, port 5432 in a world; local socket
/// `trust`, TCP `scram-sha-256` for all roles; UTF8 and C.UTF-8; nothing is flushed to disk.
#[derive(Default)]
pub(crate) struct PostgresOptions {
    major: Option<u32>,
    port: Option<u16>,
    hba: Option<String>,
    conf: Vec<(String, String)>,
    tls: Option<Certificates>,
    log_statements: bool,
    environment: Vec<(String, String)>,
}

impl PostgresOptions {
    /// The default.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The major version.
    pub(crate) fn major(mut self, major: u32) -> Self {
        self.major = Some(major);
        self
    }

    /// The port. Only of use in a world: elsewhere it may be taken.
    pub(crate) fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// All of `pg_hba.conf`. Without a line for the local socket [`Postgres::psql`] cannot work: begin with
    /// `local all postgres trust`.
    pub(crate) fn hba(mut self, text: &str) -> Self {
        self.hba = Some(text.to_owned());
        self
    }

    /// A setting of `postgresql.conf`.
    pub(crate) fn conf(mut self, name: &str, value: &str) -> Self {
        self.conf.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A variable of the server's environment.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Turns TLS on.
    pub(crate) fn tls(mut self, certificates: Certificates) -> Self {
        self.tls = Some(certificates);
        self
    }

    /// Logs every statement and connection: see [`Postgres::log`].
    pub(crate) fn log_statements(mut self) -> Self {
        self.log_statements = true;
        self
    }
}

/// A running PostgreSQL server. It ends when this value does.
pub(crate) struct Postgres<'world> {
    server: Option<Child>,
    place: Place,
    bin: PathBuf,
    major: u32,
    address: String,
    port: u16,
    /// The server's folder, as the server sees it: data, socket and log.
    dir: PathBuf,
    tls: Option<Certificates>,
    environment: Vec<(String, String)>,
    proxies: AtomicU32,
    /// Keeps alive what the server lives in; after `server`, because fields are dropped in this order.
    temporary_folder: Option<TempDir>,
    own_world: Option<Box<World>>,
    _borrowed: std::marker::PhantomData<&'world World>,
}

impl Postgres<'static> {
    /// A server of the default version for one test.
    ///
    /// With root: in a world of its own, on 127.0.0.1, port 5432. Without: as the current user, on a free port.
    #[track_caller]
    pub(crate) fn start() -> Self {
        Self::start_with(PostgresOptions::new()).expect("the default version is at hand")
    }

    /// The same with options; `None`, and a line that says so, where that version is not at hand.
    #[track_caller]
    pub(crate) fn start_with(options: PostgresOptions) -> Option<Self> {
        if options
            .major
            .is_some_and(|major| !cache::available(&[Need::Postgres(major)]))
        {
            return None;
        }
        if !world::possible() {
            return Some(Self::start_here(options));
        }
        let world = Box::new(world::world(&[])?);
        let dir = world.dir().join("pg");
        let mut server = Self::prepare(
            &options,
            world.place(),
            dir,
            "127.0.0.1".to_owned(),
            options.port.unwrap_or(5432),
        );
        server.own_world = Some(world);
        server.configure(options);
        server.launch();
        Some(server)
    }

    /// On the machine itself.
    #[track_caller]
    fn start_here(options: PostgresOptions) -> Self {
        let mut builder = tempfile::Builder::new();
        builder.prefix("stitch-pg-");
        // A socket's name has about 100 characters at most.
        let long = std::env::temp_dir().as_os_str().len() > 60;
        let temporary = if long {
            builder.tempdir_in("/tmp")
        } else {
            builder.tempdir()
        };
        let temporary = temporary.expect("a temporary folder");
        let dir = temporary.path().join("pg");
        if world::is_root() {
            // The server runs as the user postgres.
            use std::os::unix::fs::PermissionsExt;
            let open = fs::Permissions::from_mode(0o755);
            fs::set_permissions(temporary.path(), open).expect("the folder is this process's own");
        }
        let port = options.port.unwrap_or_else(free_port);
        let mut server = Self::prepare(&options, Place::Here, dir, "127.0.0.1".to_owned(), port);
        server.temporary_folder = Some(temporary);
        server.configure(options);
        server.launch();
        server
    }
}

impl<'world> Postgres<'world> {
    /// A server in a world: on the addresses of `host`, or on the world's own loopback. Several may run in one
    /// world; on one network they need different ports.
    #[track_caller]
    pub(crate) fn start_in(world: &'world World, host: Option<&Host>, options: PostgresOptions) -> Self {
        let dir = world.dir().join(format!("pg{}", world.serial()));
        let place = host.map_or_else(|| world.place(), Host::place);
        let address = host.map_or("127.0.0.1", Host::address).to_owned();
        let mut server = Self::prepare(&options, place, dir, address, options.port.unwrap_or(5432));
        server.configure(options);
        server.launch();
        server
    }

    /// A standby of a server in a world, made with `pg_basebackup` where its version has that, and nothing writes to the
    /// primary meanwhile. The primary's rules let its superuser replicate over
    /// the socket.
    #[track_caller]
    pub(crate) fn standby_in(world: &'world World, primary: &Postgres<'_>, options: PostgresOptions) -> Self {
        let dir = world.dir().join(format!("pg{}", world.serial()));
        let port = options.port.expect("another port than the primary's");
        let mut server = Self::prepare(&options, world.place(), dir, "127.0.0.1".to_owned(), port);
        let (socket, primary_port) = (primary.socket_dir(), primary.port().to_string());
        primary.psql("checkpoint");
        world.sh_with(
            "rm -rf \"$1\"
             if [ -x \"$2\" ]; then
                 setpriv --reuid postgres --regid postgres --init-groups -- \
                     env --chdir=/ \"$2\" -h \"$3\" -p \"$4\" -U postgres -D \"$1\" -c fast -X stream
             else
                 # As after a loss of power: nothing writes meanwhile.
                 cp -a \"$3/data\" \"$1\"; rm -f \"$1/postmaster.pid\"
             fi
             : >\"$1/standby.signal\"; chown postgres: \"$1/standby.signal\"",
            &[
                &server.dir.join("data").to_string_lossy(),
                &server.bin.join("pg_basebackup").to_string_lossy(),
                &socket.to_string_lossy(),
                &primary_port,
            ],
            b"",
        );
        let from = format!("host={} port={primary_port} user=postgres", socket.display());
        let options = options.conf("primary_conninfo", &from).conf("ssl", "off");
        server.configure(options);
        server.launch();
        server
    }

    /// Makes the data directory.
    #[track_caller]
    fn prepare(options: &PostgresOptions, place: Place, dir: PathBuf, address: String, port: u16) -> Self {
        let major = options.major.unwrap_or_else(default_major);
        let (_, bin) = installations()
            .into_iter()
            .find(|(candidate, _)| *candidate == major)
            .unwrap_or_else(|| panic!("no PostgreSQL {major} here: run tests/bed/prepare.sh"));
        let template = cache::cache().join("templates").join(major.to_string());
        // Made by root, it belongs to the user postgres, and others cannot read it.
        let usable = fs::read_dir(&template).is_ok();
        let mut command = place.command("bash");
        command.env_clear().env("PATH", PATH);
        command.args([
            "-euc",
            "dir=$1; mkdir -p \"$dir\"; [ \"$(id -u)\" != 0 ] || chown postgres: \"$dir\"; chmod 755 \"$dir\"
             if [ -n \"$2\" ]; then cp -a \"$2\" \"$dir/data\"; chmod 700 \"$dir/data\"; else \"$3\" \"$dir/data\" \"$4\"; fi",
            "sh",
        ]);
        command
            .arg(&dir)
            .arg(if usable { template.as_os_str() } else { OsStr::new("") });
        command.arg(cache::script("template_build.sh")).arg(&bin);
        process::run(command);
        Self {
            server: None,
            place,
            bin,
            major,
            address,
            port,
            dir,
            tls: None,
            environment: Vec::new(),
            proxies: AtomicU32::new(1),
            temporary_folder: None,
            own_world: None,
            _borrowed: std::marker::PhantomData,
        }
    }

    /// Writes `postgresql.conf` and `pg_hba.conf`.
    #[track_caller]
    fn configure(&mut self, options: PostgresOptions) {
        let hba = options.hba.unwrap_or_else(|| {
            "local all all trust\nhost all all 0.0.0.0/0 scram-sha-256\nhost all all ::/0 scram-sha-256\n".to_owned()
        });
        let data = self.data_dir();
        fs::write(data.join("pg_hba.conf"), hba).expect("the data directory can be written");
        let mut listen = self.address.clone();
        if self.address == "127.0.0.1" {
            listen.push_str(",::1"); // a warning where there is no IPv6
        }
        let socket_dir = self.socket_dir();
        let mut conf = vec![
            ("listen_addresses", listen.as_str()),
            (
                "unix_socket_directories",
                socket_dir.to_str().expect("a folder of the bed"),
            ),
            ("shared_buffers", "16MB"),
            ("fsync", "off"),
            ("max_wal_size", "64MB"),
            // In the data directory, from which a killed server leaves nothing behind.
            ("dynamic_shared_memory_type", "mmap"),
        ];
        if options.log_statements {
            conf.extend([
                ("log_statement", "all"),
                ("log_connections", "on"),
                ("log_disconnections", "on"),
            ]);
        }
        if let Some(certificates) = &options.tls {
            conf.push(("ssl", "on"));
            for (from, to) in [
                (certificates.certificate(), "server.crt"),
                (certificates.key(), "server.key"),
            ] {
                self.install(&from, to);
            }
        }
        let port = self.port.to_string();
        conf.push(("port", &port));
        conf.extend(options.conf.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let lines = conf
            .iter()
            .map(|(name, value)| format!("{name} = '{}'\n", value.replace('\'', "''")));
        let text = lines.collect::<Vec<_>>().concat();
        let file = File::options().append(true).open(data.join("postgresql.conf"));
        file.and_then(|mut file| file.write_all(text.as_bytes()))
            .expect("the data directory can be written");
        self.tls = options.tls;
        self.environment = options.environment;
    }

    /// Copies a file into the data directory, readable only for the server.
    #[track_caller]
    fn install(&self, from: &Path, name: &str) {
        let mut command = self.place.command("install");
        command.args(["-m", "600"]);
        if world::is_root() {
            command.args(["-o", "postgres"]);
        }
        command.arg(from).arg(self.dir.join("data").join(name));
        process::run(command);
    }

    #[track_caller]
    fn launch(&mut self) {
        let log = self.place.outside(&self.dir.join("log"));
        let log = File::options()
            .create(true)
            .append(true)
            .open(log)
            .expect("the server's folder can be written");
        let mut command = self.place.command("bash");
        // Nothing of the machine's PG* variables and locale.
        command.env_clear().env("PATH", PATH).env("LC_ALL", "C.UTF-8");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.arg(cache::script("serve.sh"));
        command.arg(match self.place {
            Place::Here => self.dir.parent().unwrap_or(&self.dir).as_os_str(), // the temporary folder
            Place::Inside { .. } => OsStr::new(""),                            // it goes away with the world
        });
        if world::is_root() {
            command.args([
                "setpriv",
                "--reuid",
                "postgres",
                "--regid",
                "postgres",
                "--init-groups",
                "--",
            ]);
        }
        command
            .args(["env", "--chdir=/"])
            .arg(self.bin.join("postgres"))
            .arg("-D")
            .arg(self.dir.join("data"));
        command
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("a descriptor"))
            .stderr(log);
        let mut server = process::spawn(&mut command);
        let pid_file = self.data_dir().join("postmaster.pid");
        // The last line of this file is the server's state. (A socket is there before the server is ready.)
        let up = process::poll(process::DEADLINE, || {
            if !matches!(server.try_wait(), Ok(None)) {
                return Some(false);
            }
            let text = fs::read_to_string(&pid_file).ok()?;
            let state = text.lines().nth(7)?;
            // A standby that accepts no connections until it is promoted says so.
            (state.starts_with("ready") || state.starts_with("standby")).then_some(true)
        });
        self.server = Some(server);
        assert!(
            up == Some(true),
            "PostgreSQL {} did not start:\n{}",
            self.major,
            self.log()
        );
    }

    /// Its major version.
    pub(crate) fn major(&self) -> u32 {
        self.major
    }

    /// The TCP port; also the one of the socket's name.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The address it listens on, for a program that runs at [`Postgres::place`] or elsewhere on its network.
    pub(crate) fn host(&self) -> &str {
        &self.address
    }

    /// The folder of its Unix socket, for a program that runs at [`Postgres::place`].
    pub(crate) fn socket_dir(&self) -> PathBuf {
        self.dir.clone()
    }

    /// A folder of the user that runs the program, for files that no other user may be able to write: [`Self::socket_dir`] is
    /// the server's user's.
    pub(crate) fn folder_of_ours(&self) -> PathBuf {
        match self.place {
            Place::Here => self.dir.clone(),
            Place::Inside { .. } => self.place.home(),
        }
    }

    /// Its Unix socket, as reached from the test's process.
    pub(crate) fn socket(&self) -> PathBuf {
        self.place.outside(&self.dir.join(format!(".s.PGSQL.{}", self.port)))
    }

    /// Its data directory, as reached from the test's process.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.place.outside(&self.dir.join("data"))
    }

    /// Its certificates, if it speaks TLS.
    pub(crate) fn certificates(&self) -> Option<&Certificates> {
        self.tls.as_ref()
    }

    /// Where a program reaches it at [`Postgres::host`] and [`Postgres::port`].
    pub(crate) fn place(&self) -> Place {
        self.place.clone()
    }

    /// A command that runs there.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        self.place.command(program)
    }

    /// Its world, if it has one of its own.
    pub(crate) fn world(&self) -> Option<&World> {
        self.own_world.as_deref()
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        let path = self.place.outside(&self.dir.join("log"));
        String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
    }

    /// Stops it (fast shutdown: clients are cut off, nothing is lost).
    #[track_caller]
    pub(crate) fn stop(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        let told = server.stdin.take().expect("a pipe");
        let written = writeln!(&told, "INT");
        let ended = process::wait(&mut server, process::DEADLINE);
        drop(told); // only now: the end of the input is an order of its own
        assert!(
            written.is_ok() && ended.is_some(),
            "PostgreSQL did not stop:\n{}",
            self.log()
        );
    }

    /// Starts it again, after [`Postgres::stop`] if it is still running.
    #[track_caller]
    pub(crate) fn restart(&mut self) {
        self.stop();
        self.launch();
    }

    /// Makes it read its configuration files again.
    #[track_caller]
    pub(crate) fn reload(&self) {
        let before = self.psql("select pg_conf_load_time()");
        self.psql("select pg_reload_conf()");
        // The postmaster reads on a signal. This session reads too, but new ones start from the postmaster's view.
        process::poll(process::DEADLINE, || {
            (self.psql("select pg_conf_load_time()") != before).then_some(())
        })
        .unwrap_or_else(|| panic!("PostgreSQL did not reload:\n{}", self.log()));
    }

    /// Runs SQL as the superuser over the socket in the database `postgres`; the rows, fields separated by `|`.
    #[track_caller]
    pub(crate) fn psql(&self, sql: &str) -> String {
        self.psql_in("postgres", sql)
    }

    /// The same in another database.
    #[track_caller]
    pub(crate) fn psql_in(&self, database: &str, sql: &str) -> String {
        let socket = self.socket();
        let folder = socket.parent().expect("a socket is in a folder");
        // From outside: a world's file system can be reached, and no namespace has to be entered.
        let output = self.run_psql(&Place::Here, &folder.to_string_lossy(), "postgres", "", database, sql);
        output.unwrap_or_else(|error| panic!("{sql}\n{error}"))
    }

    /// Runs SQL over TCP, with a password; the rows, or what psql complained about.
    pub(crate) fn try_psql_as(&self, user: &str, password: &str, database: &str, sql: &str) -> Result<String, String> {
        self.run_psql(&self.place, &self.address, user, password, database, sql)
    }

    fn run_psql(
        &self,
        place: &Place,
        host: &str,
        user: &str,
        password: &str,
        database: &str,
        sql: &str,
    ) -> Result<String, String> {
        let mut command = place.command(psql());
        command
            .env_clear()
            .env("PATH", PATH)
            .env("LC_ALL", "C.UTF-8")
            .env("PGPASSFILE", "/nonexistent");
        command
            .env("PGPASSWORD", password)
            .env("PGCONNECT_TIMEOUT", "10")
            .env("PGAPPNAME", "test bed");
        command.args([
            "-XAtqw",
            "-v",
            "ON_ERROR_STOP=1",
            "-f",
            "-",
            "-h",
            host,
            "-p",
            &self.port.to_string(),
        ]);
        // psql takes a name with `=` in it for a connection string.
        let database = format!("dbname='{}'", database.replace('\\', "\\\\").replace('\'', "\\'"));
        command.args(["-U", user, "-d", &database]);
        let output = process::finish(command, sql.as_bytes(), process::DEADLINE);
        if output.success() {
            Ok(output.stdout.trim_end_matches('\n').to_owned())
        } else {
            Err(output.stderr)
        }
    }

    /// A number for the folder of a proxy before it.
    pub(super) fn next_proxy(&self) -> u32 {
        self.proxies.fetch_add(1, Ordering::Relaxed)
    }

    /// Everything of the server that a wizard could change, as text with one line per thing, in a fixed order:
    /// roles with their passwords, memberships and settings, all catalogs of all databases, the rows of tables,
    /// the configuration files. For `assert_eq!(before, after)`; numbers that the server changes by itself are
    /// left out. Object numbers are in it: what is dropped and made anew counts as a change.
    #[track_caller]
    pub(crate) fn dump(&self) -> String {
        let mut text = self.psql(include_str!("dump_cluster.sql"));
        for database in self
            .psql("select datname from pg_database where datallowconn order by 1")
            .lines()
        {
            text += "\ndatabase ";
            text += database;
            text += "\n";
            text += &self.psql_in(database, include_str!("dump_database.sql"));
        }
        // The server ends a session a moment after its client has gone, and until then the template cannot be copied.
        let there = "select count(*) from pg_stat_activity where datname = 'template1' and application_name = 'psql'";
        process::poll(process::DEADLINE, || (self.psql(there) == "0").then_some(()))
            .expect("the template is free again");
        text
    }
}

impl Drop for Postgres<'_> {
    fn drop(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        drop(server.stdin.take());
        process::wait(&mut server, Duration::from_secs(10));
    }
}

impl From<&Postgres<'_>> for Place {
    fn from(server: &Postgres<'_>) -> Self {
        server.place()
    }
}

/// The client. Debian's `psql` on the search path is a script that looks for the real one, and takes its time.
pub(crate) fn psql() -> &'static Path {
    static PSQL: OnceLock<PathBuf> = OnceLock::new();
    PSQL.get_or_init(|| {
        let mut all = installations();
        all.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
        let real = all
            .into_iter()
            .map(|(_, bin)| bin.join("psql"))
            .find(|psql| psql.exists());
        real.unwrap_or_else(|| PathBuf::from("psql"))
    })
}

/// A TCP port that no process listens on at this moment.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("the address just bound").port()
}
