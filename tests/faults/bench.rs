//! The parts that the faults are made of: servers with certificates of every kind, a standby, one that is full, poolers,
//! and peers that are none. All are shared; a fault has a role or database of its own.

use std::path::PathBuf;
use std::time::Duration;

use crate::faults::peers;
use crate::support::postgres::POSTGRES_PASSWORD;
use crate::support::wizard::{PASSWORD, Said, Wizard};
use crate::support::{
    Certificates, CountingProxy, PgBouncer, Postgres, PostgresOptions, Running, World, process, spawn,
};

/// Who may come in, and how: by role.
const RULES: &str = "\
local all,replication postgres trust
local all all trust
hostssl all tls_only all scram-sha-256
hostnossl all plain_only all scram-sha-256
host all rejected all reject
host all kerberos all gss
host all peered all ident
hostssl all certified all cert
host all md5er all md5
host all clear all password
host all trusted,nobody_trusted,nologin_trusted all trust
host all no_rule 192.0.2.0/24 scram-sha-256
host all postgres,dba,stitch all scram-sha-256
host all +loaders all scram-sha-256
host all missing all scram-sha-256
";

/// A name as Neon's endpoints have it.
pub(crate) const NEON: &str = "ep-cool-1.eu-central-1.aws.neon.tech";

/// No test needs its private half.
const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl stitch";

/// Where the main server listens.
pub(crate) const MAIN_PORT: u16 = 5432;

pub(crate) struct Bench<'world> {
    pub(crate) world: &'world World,
    /// TLS with the right certificate, rules by role; also the administrator's.
    pub(crate) main: Postgres<'world>,
    pub(crate) expired: Postgres<'world>,
    pub(crate) misnamed: Postgres<'world>,
    pub(crate) plain: Postgres<'world>,
    pub(crate) full: Postgres<'world>,
    _standby: Postgres<'world>,
    _cold: Postgres<'world>,
    pub(crate) german: Postgres<'world>,
    pub(crate) japanese: Postgres<'world>,
    pub(crate) stranger: Certificates,
    pub(crate) session_pool: PgBouncer,
    pub(crate) transaction_pool: PgBouncer,
    pub(crate) statement_pool: PgBouncer,
    _running: Vec<Running>,
}

impl<'world> Bench<'world> {
    pub(crate) fn new(world: &'world World) -> Self {
        let start = |port: u16, options: PostgresOptions| Postgres::start_in(world, None, options.port(port));
        let right = Certificates::for_names(&["127.0.0.1", "localhost"]);
        // Users of the pool and sessions that wait keep their places.
        let main = PostgresOptions::new()
            .hba(RULES)
            .tls(right)
            .conf("max_connections", "100");
        let main = start(MAIN_PORT, main);
        let plain = start(5433, PostgresOptions::new());
        let expired = start(5434, PostgresOptions::new().tls(Certificates::expired(&["127.0.0.1"])));
        let misnamed = Certificates::for_names(&["db.example.com"]);
        let misnamed = start(5435, PostgresOptions::new().tls(misnamed));
        let full = PostgresOptions::new()
            .conf("max_connections", "7")
            .conf("max_wal_senders", "0");
        let full = start(5436, full);
        let speaking = |port: u16, locale: &str| {
            world.sh_with("mkdir -p $WORLD/locale; localedef --no-archive -i \"$1\" -f UTF-8 $WORLD/locale/\"$1\".UTF-8 || [ $? = 1 ]", &[locale], b"");
            let folder = world.dir().join("locale");
            let options = PostgresOptions::new().env("LOCPATH", &folder.to_string_lossy());
            start(port, options.conf("lc_messages", &format!("{locale}.UTF-8")))
        };
        let (german, japanese) = (speaking(5439, "de_DE"), speaking(5440, "ja_JP"));
        for server in [&main, &plain, &expired, &misnamed, &full, &german, &japanese] {
            furnish(server);
        }
        prepare(&main);
        // Not on the main server: its standbys would want the same folder.
        world.sh("mkdir $WORLD/space; chown postgres: $WORLD/space");
        let space = world.dir().join("space");
        plain.psql(&format!("CREATE TABLESPACE closed LOCATION '{}'", space.display()));
        plain.psql(&format!(
            "CREATE ROLE cramped LOGIN PASSWORD '{PASSWORD}'; GRANT ALL ON DATABASE stitch TO cramped"
        ));
        plain.psql("ALTER ROLE cramped SET default_tablespace = closed");
        let standby = PostgresOptions::new().hba(RULES).port(5437);
        let standby = Postgres::standby_in(world, &main, standby);
        let cold = PostgresOptions::new().hba(RULES).port(5438).conf("hot_standby", "off");
        let cold = Postgres::standby_in(world, &main, cold);
        let users = [
            ("postgres", POSTGRES_PASSWORD),
            ("stitch", PASSWORD),
            ("dba", "dba-secret"),
        ];
        let pool = |mode, port| PgBouncer::pooling_in(world, None, &main, &users, mode, port);
        let (session_pool, transaction_pool) = (pool("session", 6431), pool("transaction", 6432));
        let statement_pool = pool("statement", 6433);
        world.name("127.0.0.1", NEON);
        let mut running = vec![peers::start(&world.place())];
        // Four places are left to all roles; three are the superuser's.
        fill(&full, &mut running);
        running.push(sleeper(&main, "limited", "stitch"));
        running.push(sleeper(&main, "postgres", "packed"));
        running.push(locker(&main));
        wait_for(
            &main,
            "SELECT count(*) >= 2 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600%' AND pid <> pg_backend_pid()",
        );
        wait_for(
            &main,
            "SELECT count(*) > 0 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND database IS NOT NULL",
        );
        Self {
            world,
            main,
            expired,
            misnamed,
            plain,
            full,
            _standby: standby,
            _cold: cold,
            german,
            japanese,
            stranger: Certificates::for_names(&["127.0.0.1"]),
            session_pool,
            transaction_pool,
            statement_pool,
            _running: running,
        }
    }

    /// The program, whose administrator is the main server's, with Stitch's login left to be broken.
    pub(crate) fn wizard(&self) -> Wizard<'_> {
        Wizard::new(&self.main)
            .set("--only", "connection")
            .set("--timeout", "3")
            .set("--stitch-host", "127.0.0.1")
            .set("--stitch-port", "5432")
    }

    /// `check` as this role.
    pub(crate) fn role(&self, role: &str) -> Said {
        self.wizard().set("--role", role).check()
    }

    /// `check` in this database.
    pub(crate) fn database(&self, database: &str) -> Said {
        self.wizard().set("--database", database).check()
    }

    /// `check` of what Stitch finds on this port.
    pub(crate) fn port(&self, port: u16) -> Said {
        self.wizard().set("--stitch-port", &port.to_string()).check()
    }

    /// Through an SSH server that is none.
    pub(crate) fn tunnelled(&self, port: u16) -> Said {
        self.wizard()
            .set("--bastion", &format!("root@127.0.0.1:{port}"))
            .set("--bastion-identity", "/nowhere/key")
            .set("--public-key", KEY)
            .flag("--prove-tunnel")
            .check()
    }

    /// Everything on another server, the administrator's login included.
    pub(crate) fn foreign<'a>(&'a self, server: &'a Postgres<'world>) -> Wizard<'a> {
        self.wizard()
            .set("--port", &server.port().to_string())
            .set("--stitch-port", &server.port().to_string())
    }

    /// With a certificate for Stitch's form.
    pub(crate) fn with_ca(&self, server: &Postgres<'_>, ca: PathBuf) -> Said {
        let name = format!("ca{}.pem", self.world.serial());
        let inside = self.world.dir().join("tmp").join(name);
        std::fs::copy(ca, self.world.outside(&inside)).expect("the world can be written");
        self.wizard()
            .set("--stitch-port", &server.port().to_string())
            .set("--stitch-ca", &inside.to_string_lossy())
            .check()
    }

    /// Through a proxy before the main server that `break_it` prepares, without TLS.
    pub(crate) fn through(&self, port: u16, break_it: impl FnOnce(&CountingProxy)) -> Said {
        let proxy = CountingProxy::tcp_before(&self.main, port);
        break_it(&proxy);
        self.wizard()
            .flag("--no-ssl")
            .set("--stitch-port", &port.to_string())
            .check()
    }
}

/// The database and the role, as `setup` would leave them.
fn furnish(server: &Postgres<'_>) {
    server.psql(&format!("CREATE ROLE stitch LOGIN PASSWORD '{PASSWORD}'"));
    server.psql("CREATE DATABASE stitch");
    server.psql("GRANT ALL ON DATABASE stitch TO stitch");
}

/// Roles and databases, each with one thing wrong.
fn prepare(main: &Postgres<'_>) {
    let all = "rejected kerberos peered certified trusted no_rule limited expired nologin nopassword \
               hasty logged filed poor readonly";
    main.psql("CREATE ROLE loaders; CREATE ROLE nologin_trusted");
    for role in all.split_whitespace() {
        main.psql(&format!(
            "CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}' IN ROLE loaders; GRANT ALL ON DATABASE stitch TO {role}"
        ));
    }
    main.psql(&format!(
        "CREATE ROLE tls_only LOGIN PASSWORD '{PASSWORD}'; GRANT ALL ON DATABASE stitch TO tls_only;
         CREATE ROLE plain_only LOGIN PASSWORD '{PASSWORD}'; GRANT ALL ON DATABASE stitch TO plain_only;
         CREATE ROLE clear LOGIN PASSWORD '{PASSWORD}'; GRANT ALL ON DATABASE stitch TO clear;
         SET password_encryption = md5; CREATE ROLE md5er LOGIN PASSWORD '{PASSWORD}'; GRANT ALL ON DATABASE stitch TO md5er;
         ALTER ROLE limited CONNECTION LIMIT 1; ALTER ROLE expired VALID UNTIL '2020-01-01'; ALTER ROLE nologin NOLOGIN;
         ALTER ROLE nopassword PASSWORD NULL; ALTER ROLE hasty SET statement_timeout = 1;
         ALTER ROLE logged SET log_statement = 'all'; ALTER ROLE filed SET temp_file_limit = '1MB';
         ALTER ROLE readonly SET default_transaction_read_only = on"
    ));
    let broken = "noconnect nocreate notemp nothing closed zero packed";
    for database in broken.split_whitespace() {
        main.psql(&format!("CREATE DATABASE {database}"));
        main.psql(&format!("GRANT ALL ON DATABASE {database} TO stitch"));
    }
    for statement in [
        "CREATE DATABASE stitchdw",
        "REVOKE ALL ON DATABASE noconnect FROM stitch, PUBLIC",
        "REVOKE CREATE ON DATABASE nocreate FROM stitch",
        "REVOKE TEMPORARY ON DATABASE notemp FROM stitch, PUBLIC",
        "REVOKE CREATE, TEMPORARY ON DATABASE nothing FROM stitch, PUBLIC",
        "ALTER DATABASE closed ALLOW_CONNECTIONS false",
        "ALTER DATABASE zero CONNECTION LIMIT 0",
        "ALTER DATABASE packed CONNECTION LIMIT 1",
        "CREATE DATABASE watched",
        "CREATE DATABASE guarded",
        "CREATE DATABASE shut",
        "CREATE DATABASE grown",
        "CREATE DATABASE kept",
        "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'",
        "GRANT ALL ON DATABASE watched, guarded, shut, grown, kept, latin TO stitch",
    ] {
        main.psql(statement);
    }
    let trigger = |body: &str| {
        format!(
            "CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$;
             CREATE EVENT TRIGGER watcher ON ddl_command_start WHEN TAG IN ('COMMENT', 'CREATE TABLE') EXECUTE FUNCTION watch()"
        )
    };
    main.psql_in("watched", &trigger("NULL;"));
    main.psql_in("guarded", &trigger("RAISE EXCEPTION 'no DDL here';"));
    main.psql_in("shut", "REVOKE SELECT ON pg_catalog.pg_event_trigger FROM PUBLIC");
    let rejected = "_sdc_rejected (record text, reason text, table_name text, _sdc_rejected_at timestamptz)";
    main.psql_in(
        "kept",
        &format!(
            "CREATE SCHEMA AUTHORIZATION stitch; SET ROLE stitch; CREATE TABLE stitch.{rejected};
             CREATE TABLE stitch.full (id bigint); INSERT INTO stitch.full VALUES (1);
             CREATE TABLE stitch.busy (id bigint); CREATE TABLE stitch.hidden (id bigint);
             ALTER TABLE stitch.hidden ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
        ),
    );
    main.psql_in(
        "grown",
        &format!(
            "CREATE SCHEMA AUTHORIZATION stitch; SET ROLE stitch;
             CREATE TABLE stitch.{rejected}; CREATE TABLE stitch.orders (id bigint); INSERT INTO stitch.orders VALUES (1);
             RESET ROLE; CREATE TABLE stitch.foreign_one (id bigint);
             CREATE SCHEMA theirs; CREATE TABLE theirs.{rejected}; GRANT ALL ON SCHEMA theirs TO stitch"
        ),
    );
}

/// A session that stays.
fn sleeper(server: &Postgres<'_>, user: &str, database: &str) -> Running {
    session(server, user, database, "SELECT pg_sleep(600)")
}

/// Takes the four places that are not the superuser's. A check in between takes one for a moment itself.
fn fill(server: &Postgres<'_>, running: &mut Vec<Running>) {
    let full = process::poll(process::DEADLINE, || {
        running.push(sleeper(server, "dba", "postgres"));
        std::thread::sleep(Duration::from_millis(300));
        let taken = server.psql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'dba'");
        (taken == "4").then_some(())
    });
    assert!(full.is_some(), "the server is not full:\n{}", server.log());
}

/// A session that keeps a table.
fn locker(server: &Postgres<'_>) -> Running {
    session(
        server,
        "postgres",
        "kept",
        "BEGIN; LOCK TABLE stitch.busy; SELECT pg_sleep(600)",
    )
}

fn session(server: &Postgres<'_>, user: &str, database: &str, sql: &str) -> Running {
    let mut command = server.command(crate::support::postgres::psql());
    command
        .env_clear()
        .args(["-XAtq", "-h"])
        .arg(server.socket_dir())
        .args(["-p", &server.port().to_string(), "-U", user, "-d", database, "-c", sql])
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null());
    Running::new(spawn(&mut command), server.place())
}

fn wait_for(server: &Postgres<'_>, question: &str) {
    let seen = process::poll(process::DEADLINE, || (server.psql(question) == "t").then_some(()));
    assert!(seen.is_some(), "{question}");
}
