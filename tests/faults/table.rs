//! Every fault: what is broken, the layer and code by which it must be reported, and the exit code.

use std::path::PathBuf;
use std::time::Duration;

use crate::faults::bench::{self, Bench};
use crate::faults::peers;
use crate::support::wizard::Said;
use crate::support::{Fault as Cut, Postgres, Side};

/// One row of the table.
pub(crate) struct Fault {
    /// What is broken.
    pub(crate) what: &'static str,
    /// The layer the finding names; empty where it is about none.
    pub(crate) layer: &'static str,
    /// The finding.
    pub(crate) code: &'static str,
    /// How `check` ends.
    pub(crate) exit: i32,
    /// Breaks it and runs a check.
    pub(crate) make: fn(&Bench<'_>) -> Said,
}

const fn fault(
    what: &'static str,
    layer: &'static str,
    code: &'static str,
    exit: i32,
    make: fn(&Bench<'_>) -> Said,
) -> Fault {
    Fault {
        what,
        layer,
        code,
        exit,
        make,
    }
}

fn ca_of(server: &Postgres<'_>) -> PathBuf {
    server.certificates().expect("a server with TLS").ca()
}

/// The table, by layer.
pub(crate) const FAULTS: &[Fault] = &[
    fault(
        "a name that does not resolve",
        "name",
        "login-host-not-found",
        4,
        |bench| bench.wizard().set("--stitch-host", "no-such-host.invalid").check(),
    ),
    fault(
        "an address that is IPv6 only",
        "address family",
        "login-ipv6-only",
        4,
        |bench| bench.wizard().set("--stitch-host", "::1").check(),
    ),
    fault("a port nobody listens on", "TCP", "login-tcp-refused", 4, |bench| {
        bench.port(peers::NOBODY)
    }),
    fault(
        "a port whose packets are dropped",
        "TCP",
        "login-tcp-filtered",
        4,
        |bench| bench.port(peers::FULL),
    ),
    fault(
        "an address without a route",
        "TCP",
        "login-tcp-unreachable",
        4,
        |bench| bench.wizard().set("--stitch-host", "198.51.100.77").check(),
    ),
    fault(
        "a port that resets what it accepts",
        "TCP",
        "login-tcp-reset",
        4,
        |bench| bench.port(peers::RESETS),
    ),
    fault(
        "a port that accepts and says nothing",
        "protocol",
        "login-no-answer",
        4,
        |bench| bench.port(peers::SILENT),
    ),
    fault(
        "a server that answers by a byte a second",
        "protocol",
        "login-no-answer",
        4,
        |bench| bench.port(peers::DRIPS),
    ),
    fault(
        "a server whose half of TLS comes by a byte a second",
        "TLS",
        "login-no-answer",
        4,
        |bench| bench.port(peers::DRIPS_IN_TLS),
    ),
    fault(
        "a server that asks for the password and then says nothing",
        "authentication",
        "login-no-answer",
        4,
        |bench| bench.port(peers::ASKS_AND_WAITS),
    ),
    fault(
        "an SSH server whose greeting comes by a byte a second",
        "SSH handshake",
        "tunnel-handshake",
        4,
        |bench| bench.tunnelled(peers::SSH_DRIPS),
    ),
    fault(
        "an SSH server whose half of the key exchange comes by a byte a second",
        "SSH handshake",
        "tunnel-handshake",
        4,
        |bench| bench.tunnelled(peers::SSH_DRIPS_KEYS),
    ),
    fault(
        "a port that accepts and hangs up",
        "protocol",
        "login-connection-lost",
        4,
        |bench| bench.port(peers::HANGS_UP),
    ),
    fault("an HTTP server", "protocol", "login-not-postgres", 4, |bench| {
        bench.port(peers::HTTP)
    }),
    fault("an SSH server", "protocol", "login-not-postgres", 4, |bench| {
        bench.port(peers::SSH)
    }),
    fault("a MySQL server", "protocol", "login-not-postgres", 4, |bench| {
        bench.port(peers::MYSQL)
    }),
    fault("a mail server", "protocol", "login-not-postgres", 4, |bench| {
        bench.port(peers::MAIL)
    }),
    fault(
        "a server that speaks TLS from the first byte",
        "protocol",
        "login-not-postgres",
        4,
        |bench| bench.port(peers::TLS_FIRST),
    ),
    fault("a server that babbles", "protocol", "login-not-postgres", 4, |bench| {
        bench.port(peers::BABBLE)
    }),
    fault(
        "a proxy that cuts after the server's first message",
        "protocol",
        "login-connection-lost",
        4,
        |bench| bench.through(7201, |proxy| proxy.cut_after(Side::Server, 1, Cut::Close)),
    ),
    fault(
        "a proxy that falls silent after the server's first message",
        "authentication",
        "login-no-answer",
        4,
        |bench| bench.through(7202, |proxy| proxy.cut_after(Side::Server, 1, Cut::Stall)),
    ),
    fault(
        "a proxy that resets in the middle of the login",
        "protocol",
        "login-connection-lost",
        4,
        |bench| bench.through(7203, |proxy| proxy.cut_after(Side::Client, 1, Cut::Reset)),
    ),
    fault(
        "a proxy that delays every message by 100 ms",
        "test load",
        "test-load-passed",
        0,
        |bench| bench.through(7204, |proxy| proxy.delay(Duration::from_millis(100))),
    ),
    fault(
        "a proxy that falls silent in the middle of the load",
        "test load",
        "test-load-refused",
        4,
        |bench| bench.through(7205, |proxy| proxy.cut_on("create temporary table", Cut::Stall)),
    ),
    fault(
        "a proxy that cuts in the middle of the load",
        "test load",
        "test-load-refused",
        4,
        |bench| bench.through(7206, |proxy| proxy.cut_on("truncate", Cut::Close)),
    ),
    fault(
        "TLS to be used and not offered",
        "TLS",
        "login-tls-not-offered",
        4,
        |bench| bench.wizard().flag("--ssl").set("--stitch-port", "5433").check(),
    ),
    fault(
        "TLS demanded by a hostssl rule and not to be used",
        "TLS",
        "login-tls-required",
        4,
        |bench| bench.wizard().flag("--no-ssl").set("--role", "tls_only").check(),
    ),
    fault(
        "TLS ruled out by a hostnossl rule and to be used",
        "TLS",
        "login-tls-unwanted",
        4,
        |bench| bench.wizard().flag("--ssl").set("--role", "plain_only").check(),
    ),
    fault("a hostssl rule, whichever way", "TLS", "ssl-choice", 0, |bench| {
        bench.role("tls_only")
    }),
    fault("a hostnossl rule, whichever way", "TLS", "ssl-choice", 0, |bench| {
        bench.role("plain_only")
    }),
    fault("a server without TLS, whichever way", "TLS", "ssl-choice", 0, |bench| {
        bench.port(5433)
    }),
    fault(
        "a server with TLS that is not to be used",
        "TLS",
        "ssl-choice",
        0,
        |bench| bench.wizard().flag("--no-ssl").check(),
    ),
    fault(
        "a certificate for the form from an authority that is another",
        "TLS",
        "login-tls-chain",
        4,
        |bench| bench.with_ca(&bench.main, bench.stranger.ca()),
    ),
    fault(
        "a certificate that has expired",
        "TLS",
        "login-tls-expired",
        4,
        |bench| bench.with_ca(&bench.expired, ca_of(&bench.expired)),
    ),
    fault(
        "a certificate for another name, which Stitch may or may not compare",
        "TLS",
        "ca-name",
        0,
        |bench| bench.with_ca(&bench.misnamed, ca_of(&bench.misnamed)),
    ),
    fault(
        "a certificate for the form that is right",
        "TLS",
        "ca-verifies",
        0,
        |bench| bench.with_ca(&bench.main, ca_of(&bench.main)),
    ),
    fault(
        "an expired certificate that nobody checks",
        "database",
        "login-works",
        0,
        |bench| bench.port(5434),
    ),
    fault(
        "a server that agrees to TLS and then fails the handshake",
        "TLS",
        "login-tls-failed",
        4,
        |bench| {
            bench
                .wizard()
                .flag("--ssl")
                .set("--stitch-port", &peers::NO_TLS_ANSWER.to_string())
                .check()
        },
    ),
    fault(
        "a certificate for the form of a server without TLS",
        "TLS",
        "login-tls-not-offered",
        4,
        |bench| bench.with_ca(&bench.plain, bench.stranger.ca()),
    ),
    fault(
        "a proxy that ends TLS and begins it anew, so that channel binding fails",
        "authentication",
        "login-channel-binding",
        4,
        |bench| {
            bench
                .wizard()
                .flag("--ssl")
                .set("--stitch-port", &peers::MIDDLE.to_string())
                .check()
        },
    ),
    fault("a wrong password", "authentication", "login-password", 4, |bench| {
        bench.wizard().env("STITCH_PG_PASSWORD", "wrong").check()
    }),
    fault(
        "a role that does not exist",
        "authentication",
        "login-role-missing",
        4,
        |bench| bench.role("missing"),
    ),
    fault(
        "a role that does not exist, where a rule trusts everybody",
        "authentication",
        "login-role-missing",
        4,
        |bench| bench.role("nobody_trusted"),
    ),
    fault(
        "a role whose password has expired",
        "authentication",
        "login-role-expired",
        4,
        |bench| bench.role("expired"),
    ),
    fault(
        "a role without a password",
        "authentication",
        "login-password",
        4,
        |bench| bench.role("nopassword"),
    ),
    fault(
        "a role that may not log in",
        "authentication",
        "login-nologin",
        4,
        |bench| bench.role("nologin"),
    ),
    fault(
        "a role that may not log in, where a rule trusts everybody",
        "authentication",
        "login-nologin",
        4,
        |bench| bench.role("nologin_trusted"),
    ),
    fault(
        "no rule for the address",
        "authentication",
        "login-refused",
        4,
        |bench| bench.role("no_rule_at_all"),
    ),
    fault("a rule that rejects", "authentication", "login-refused", 4, |bench| {
        bench.role("rejected")
    }),
    fault(
        "a rule that wants a client certificate",
        "authentication",
        "login-refused",
        4,
        |bench| bench.role("certified"),
    ),
    fault(
        "a rule that asks an ident server",
        "authentication",
        "login-refused",
        4,
        |bench| bench.role("peered"),
    ),
    fault(
        "a rule that wants Kerberos",
        "authentication",
        "login-method",
        4,
        |bench| bench.role("kerberos"),
    ),
    fault("an md5 password", "authentication", "layer-passed", 0, |bench| {
        bench.role("md5er")
    }),
    fault(
        "a password in clear text, inside TLS",
        "database",
        "login-works",
        0,
        |bench| bench.role("clear"),
    ),
    fault(
        "Neon's router, which is not told the endpoint",
        "authentication",
        "login-tenant",
        4,
        |bench| {
            bench
                .wizard()
                .flag("--no-ssl")
                .set("--stitch-host", bench::NEON)
                .set("--stitch-port", &peers::NEON.to_string())
                .check()
        },
    ),
    fault("a rule that trusts", "database", "login-works", 0, |bench| {
        bench.role("trusted")
    }),
    fault(
        "a wrong password, told in German",
        "authentication",
        "login-password",
        4,
        |bench| bench.foreign(&bench.german).env("STITCH_PG_PASSWORD", "wrong").check(),
    ),
    fault(
        "a missing database, told in German",
        "database",
        "login-database-missing",
        4,
        |bench| bench.foreign(&bench.german).set("--database", "fehlt").check(),
    ),
    fault(
        "a role that does not exist, told in Japanese",
        "authentication",
        "login-role-missing",
        4,
        |bench| bench.foreign(&bench.japanese).set("--role", "missing").check(),
    ),
    fault(
        "a missing right, told in Japanese",
        "privileges",
        "privileges-missing",
        4,
        |bench| bench.foreign(&bench.japanese).set("--database", "template1").check(),
    ),
    fault(
        "a database that does not exist",
        "database",
        "login-database-missing",
        4,
        |bench| bench.database("nowhere"),
    ),
    fault(
        "a database whose name was folded",
        "database",
        "login-database-missing",
        4,
        |bench| bench.database("StitchDW"),
    ),
    fault("no CONNECT on the database", "database", "login-connect", 4, |bench| {
        bench.database("noconnect")
    }),
    fault(
        "a database that accepts no connections",
        "database",
        "login-database-closed",
        4,
        |bench| bench.database("closed"),
    ),
    fault(
        "a database whose connection limit is 0",
        "database",
        "login-connection-limit",
        4,
        |bench| bench.database("zero"),
    ),
    fault(
        "a database whose connection limit is reached",
        "database",
        "login-connection-limit",
        4,
        |bench| bench.database("packed"),
    ),
    fault(
        "a role whose connection limit is reached",
        "database",
        "login-connection-limit",
        4,
        |bench| bench.role("limited"),
    ),
    fault(
        "a server with no connection free",
        "database",
        "login-max-connections",
        4,
        |bench| bench.foreign(&bench.full).check(),
    ),
    fault("a standby", "database", "login-standby", 4, |bench| bench.port(5437)),
    fault(
        "a standby that lets nobody in, as a server that is starting",
        "database",
        "login-starting",
        4,
        |bench| bench.port(5438),
    ),
    fault(
        "a role whose transactions are read-only",
        "database",
        "login-read-only",
        4,
        |bench| bench.role("readonly"),
    ),
    fault(
        "no CREATE on the database",
        "privileges",
        "privileges-missing",
        4,
        |bench| bench.database("nocreate"),
    ),
    fault(
        "no TEMPORARY on the database",
        "privileges",
        "privileges-missing",
        4,
        |bench| bench.database("notemp"),
    ),
    fault("neither", "privileges", "privileges-missing", 4, |bench| {
        bench.database("nothing")
    }),
    fault(
        "a catalog that was closed",
        "privileges",
        "catalog-closed",
        4,
        |bench| bench.database("shut"),
    ),
    fault("an event trigger that looks on", "", "ddl-event-triggers", 0, |bench| {
        bench.database("watched")
    }),
    fault(
        "an event trigger that refuses",
        "test load",
        "test-load-refused",
        4,
        |bench| bench.database("guarded"),
    ),
    fault(
        "an encoding that cannot hold what is loaded",
        "test load",
        "test-load-refused",
        4,
        |bench| bench.database("latin"),
    ),
    fault(
        "a default tablespace that is closed to the role",
        "test load",
        "test-load-refused",
        4,
        |bench| bench.foreign(&bench.plain).set("--role", "cramped").check(),
    ),
    fault("statements that are logged", "", "statements-logged", 0, |bench| {
        bench.role("logged")
    }),
    fault(
        "a limit for temporary files",
        "",
        "setting-interrupts-loads",
        0,
        |bench| bench.role("filed"),
    ),
    fault(
        "a schema of another role",
        "test load",
        "test-load-refused",
        4,
        |bench| {
            bench
                .wizard()
                .set("--database", "grown")
                .flag("--existing")
                .set("--schema", "theirs")
                .check()
        },
    ),
    fault(
        "a table of another role in Stitch's schema",
        "test load",
        "test-load-refused",
        4,
        |bench| bench.database("grown"),
    ),
    fault(
        "a table that another session has locked",
        "test load",
        "table-locked",
        0,
        |bench| bench.database("kept"),
    ),
    fault(
        "tables with rows, whose readers are not to be locked out",
        "test load",
        "test-load-partial",
        0,
        |bench| bench.database("kept"),
    ),
    fault(
        "tables with rows and --rehearse-existing",
        "test load",
        "existing-tables-tested",
        0,
        |bench| {
            bench
                .wizard()
                .set("--database", "kept")
                .flag("--rehearse-existing")
                .check()
        },
    ),
    fault(
        "row security that is forced on the owner",
        "",
        "row-security",
        0,
        |bench| bench.database("kept"),
    ),
    fault("PgBouncer in session mode", "", "pooler", 0, |bench| {
        bench.port(bench.session_pool.port())
    }),
    fault("PgBouncer in transaction mode", "", "pooler", 0, |bench| {
        bench.port(bench.transaction_pool.port())
    }),
    fault(
        "PgBouncer in statement mode",
        "test load",
        "pooler-statement",
        4,
        |bench| bench.port(bench.statement_pool.port()),
    ),
];
