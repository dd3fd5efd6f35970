//! The step *connection*: the login as Stitch and the test load, layer by layer.

use crate::support::wizard::{PASSWORD, Wizard};
use crate::support::{Certificates, CountingProxy, Need, PgBouncer, Postgres, PostgresOptions};

const ALL: [&str; 3] = [
    "create the database",
    "create the role",
    "grant CONNECT, CREATE, TEMPORARY",
];

/// A server that speaks TLS, with these rules for TCP after the one for the socket.
fn tls_server(certificates: Certificates, rules: &str) -> Postgres<'static> {
    let hba = format!("local all postgres trust\n{rules}");
    let options = PostgresOptions::new().tls(certificates).hba(&hba);
    Postgres::start_with(options).expect("the default version is at hand")
}

#[test]
fn tls_is_used_where_it_is_offered_and_as_asked() {
    let certificates = Certificates::for_names(&["127.0.0.1"]);
    let server = tls_server(certificates, "host all all all scram-sha-256\n");
    let said = Wizard::new(&server).cure(&ALL, &[]);
    assert_eq!(said.json["connection"]["ssl"], true, "{said}");
    let with = Wizard::new(&server).flag("--ssl").check().exits(0);
    assert!(with.has("login-works", "good").contains("with TLS"));
    let without = Wizard::new(&server).flag("--no-ssl").check().exits(0);
    assert!(without.has("login-works", "good").contains("without TLS"));
    assert_eq!(without.json["connection"]["ssl"], false);
}

#[test]
fn a_server_without_tls_cannot_be_asked_for_it() {
    let server = Postgres::start();
    Wizard::new(&server)
        .flag("--ssl")
        .cure(&ALL, &["login-tls-not-offered"]);
    let admin = Wizard::new(&server).set("--sslmode", "require").check().exits(1);
    assert!(admin.error().contains("does not offer TLS"), "{admin}");
    assert!(admin.error().contains("next: "), "{admin}");
}

#[test]
fn a_server_that_insists_on_tls() {
    let certificates = Certificates::for_names(&["127.0.0.1"]);
    let server = tls_server(certificates, "hostssl all all all scram-sha-256\n");
    let said = Wizard::new(&server).cure(&ALL, &[]);
    assert_eq!(said.json["connection"]["ssl"], true, "{said}");
    Wizard::new(&server).flag("--no-ssl").cure(&[], &["login-tls-required"]);
    let admin = Wizard::new(&server).set("--sslmode", "disable").check().exits(1);
    assert!(admin.error().contains("TLS"), "{admin}");
    // allow begins without TLS and then takes it; prefer begins with it.
    Wizard::new(&server).set("--sslmode", "allow").check().exits(0);
    // What really stops the login is not hidden by the second attempt without TLS.
    let wrong = Wizard::new(&server).env("PGPASSWORD", "wrong").check().exits(1);
    assert!(wrong.error().contains("refused the password"), "{wrong}");
}

#[test]
fn a_server_that_refuses_tls_still_lets_prefer_in() {
    let certificates = Certificates::for_names(&["127.0.0.1"]);
    let server = tls_server(certificates, "hostnossl all all all scram-sha-256\n");
    let said = Wizard::new(&server).cure(&ALL, &[]);
    assert_eq!(said.json["connection"]["ssl"], false, "{said}");
    Wizard::new(&server).flag("--ssl").cure(&[], &["login-tls-unwanted"]);
}

#[test]
fn the_admins_certificates_are_checked_as_asked() {
    let right = Certificates::for_names(&["127.0.0.1"]);
    let (authority, other) = (right.ca(), Certificates::for_names(&["127.0.0.1"]));
    let server = tls_server(right, "host all all all scram-sha-256\n");
    let full = Wizard::new(&server).set("--sslmode", "verify-full");
    let full = full.set("--sslrootcert", &authority.to_string_lossy());
    full.setup().exits(0);
    let stranger = full
        .clone()
        .set("--sslrootcert", &other.ca().to_string_lossy())
        .check()
        .exits(1);
    assert!(
        stranger
            .error()
            .contains("is not signed by the given certificate authority"),
        "{stranger}"
    );
    assert!(stranger.error().contains("--sslrootcert"), "{stranger}");
    // For scripts: by code, behind the layers that were passed.
    stranger.has("layer-passed", "good");
    stranger.has("login-tls-chain", "bad");
    // The certificate is for 127.0.0.1 alone.
    let misnamed = full.clone().set("--host", "localhost").check().exits(1);
    assert!(
        misnamed.error().contains("is for another name: it is for 127.0.0.1"),
        "{misnamed}"
    );
    full.set("--host", "localhost")
        .set("--sslmode", "verify-ca")
        .check()
        .exits(0);
}

#[test]
fn an_expired_certificate_is_named() {
    let expired = Certificates::expired(&["127.0.0.1"]);
    let authority = expired.ca();
    let server = tls_server(expired, "host all all all scram-sha-256\n");
    let wizard = Wizard::new(&server).set("--sslmode", "verify-full");
    let said = wizard
        .set("--sslrootcert", &authority.to_string_lossy())
        .check()
        .exits(1);
    assert!(said.error().contains("has expired or is not valid yet"), "{said}");
}

#[test]
fn a_read_only_role_is_found_out_by_rehearsing() {
    let server = Postgres::start();
    Wizard::dba(&server).setup().exits(0);
    server.psql("alter role stitch set default_transaction_read_only = on");
    let said = Wizard::new(&server).cure(&[], &["login-read-only", "setting-interrupts-loads"]);
    let text = said.has("login-read-only", "bad");
    let (_, statement) = text.split_once("runs: ").expect("a statement");
    server.psql(statement);
    Wizard::new(&server).check().has_not("login-read-only");
}

#[test]
fn rules_that_keep_stitch_out_are_told_from_a_wrong_password() {
    let hba =
        "local all postgres trust\nhost all stitch 127.0.0.1/32 reject\nhost all all 127.0.0.1/32 scram-sha-256\n";
    let options = PostgresOptions::new().hba(hba);
    let server = Postgres::start_with(options).expect("the default version is at hand");
    Wizard::new(&server).cure(&ALL, &["login-refused"]);
    let dba = Wizard::dba(&server).check().exits(4);
    dba.has("password-not-tested", "unknown");
}

#[test]
fn too_many_connections() {
    let server = Postgres::start();
    Wizard::dba(&server).setup().exits(0);
    server.psql("alter role dba connection limit 0");
    let said = Wizard::dba(&server).check().exits(1);
    assert!(said.error().contains("too many connections for role \"dba\""), "{said}");
    assert!(said.error().contains("CONNECTION LIMIT"), "{said}");
}

#[test]
fn over_the_servers_socket() {
    let server = Postgres::start();
    let socket = server.socket_dir();
    let wizard = Wizard::new(&server).set("--host", &socket.to_string_lossy());
    let said = wizard.cure(&ALL, &[]);
    // Stitch cannot connect to a socket; the login was tried over TCP, where a password counts.
    wizard
        .env("STITCH_PG_PASSWORD", "wrong")
        .cure(&[], &["login-password", "password-wrong"]);
    assert_eq!(said.json["result"], "applied");
}

#[test]
fn behind_pgbouncer() {
    let Some(world) = crate::support::world(&[Need::Bastion]) else {
        return;
    };
    let server = Postgres::start_in(&world, None, PostgresOptions::new());
    let users = [
        ("dba", "dba-secret"),
        ("stitch", PASSWORD),
        ("postgres", "admin-secret"),
    ];
    let bouncer = PgBouncer::start_in(&world, None, &server, &users);
    let wizard = Wizard::dba(&server).set("--port", &bouncer.port().to_string());
    let said = wizard.cure(&ALL, &[]);
    assert!(said.has("server-variant", "unknown").contains("PgBouncer"), "{said}");
    let console = wizard.set("--admin-database", "pgbouncer").check().exits(1);
    assert!(console.error().contains("PgBouncer's own console"), "{console}");
}

/// The result of the login with *Connect using SSL* ticked the other way is reported.
#[test]
fn both_ways_of_connect_using_ssl_are_tried() {
    let rules = "hostssl all tls all scram-sha-256\nhostnossl all plain all scram-sha-256\nhost all stitch,postgres all scram-sha-256\n";
    let server = tls_server(Certificates::for_names(&["127.0.0.1"]), rules);
    Wizard::new(&server).setup().exits(0);
    for role in ["tls", "plain"] {
        server.psql(&format!(
            "CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'; GRANT ALL ON DATABASE stitch TO {role}"
        ));
    }
    let choice = |role: &str, flags: &[&str]| {
        let wizard = Wizard::new(&server).set("--only", "connection").set("--role", role);
        let wizard = flags.iter().fold(wizard, |wizard, flag| wizard.flag(flag));
        let said = wizard.check().exits(0);
        let verdict = if flags.is_empty() { "good" } else { "unknown" };
        said.has("ssl-choice", verdict)
    };
    assert!(choice("stitch", &[]).contains("works on and off"));
    assert!(choice("stitch", &["--no-ssl"]).contains("works off and on"));
    assert!(choice("tls", &[]).contains("must be on"));
    assert!(choice("plain", &[]).contains("must be off: no rule"));
    // No password travelled the other way, so none was refused.
    assert!(
        !server.log().contains("password authentication failed"),
        "{}",
        server.log()
    );
}

/// A login goes over the internet where it uses neither a tunnel nor a private address. A user can allow that, and it is still
/// reported.
#[test]
fn over_the_internet_without_tls() {
    let Some(world) = crate::support::world(&[Need::Bastion]) else {
        return;
    };
    world.sh("ip addr replace 203.0.113.7/32 dev lo; ip addr replace 10.1.2.3/32 dev lo");
    let options = PostgresOptions::new().conf("listen_addresses", "*");
    let server = Postgres::start_in(
        &world,
        None,
        options.hba("local all all trust\nhost all all all scram-sha-256\n"),
    );
    Wizard::new(&server).setup().exits(0);
    let at = |host: &str| {
        Wizard::new(&server)
            .set("--only", "connection")
            .set("--stitch-host", host)
    };
    let exposed = at("203.0.113.7").check().exits(4);
    assert!(
        exposed
            .has("login-not-encrypted", "bad")
            .contains("203.0.113.7 over the internet")
    );
    assert!(
        at("203.0.113.7")
            .flag("--no-ssl")
            .check()
            .exits(0)
            .has("login-not-encrypted", "unknown")
            .contains("without TLS")
    );
    for private in ["10.1.2.3", "127.0.0.1"] {
        at(private).check().exits(0).has_not("login-not-encrypted");
    }
    at("203.0.113.7")
        .set("--bastion", "root@127.0.0.1")
        .check()
        .has_not("login-not-encrypted");
}

/// A certificate for Stitch's form: tested, put on the sheet, and nothing but certificates.
#[test]
fn a_certificate_for_stitchs_form() {
    let certificates = Certificates::for_names(&["127.0.0.1"]);
    let both = certificates.ca().with_file_name("both.pem");
    let read = |path: &std::path::Path| std::fs::read_to_string(path).expect("made just now");
    std::fs::write(&both, read(&certificates.key()) + &read(&certificates.ca())).expect("our own folder");
    let ca = read(&certificates.ca());
    let server = tls_server(certificates, "host all all all scram-sha-256\n");
    let wizard = Wizard::new(&server).set("--stitch-ca", &both.to_string_lossy());
    let said = wizard.cure(&ALL, &[]);
    said.has("ca-verifies", "good");
    said.has_not("ca-name");
    assert_eq!(said.json["connection"]["ssl"], true);
    assert_eq!(
        said.json["connection"]["sslrootcert"], ca,
        "only the certificate, not the key beside it"
    );
    let text = wizard.program("check").arg("-v").run();
    assert!(
        text.stdout.contains("SSL Certificate    the certificates in "),
        "{}",
        text.stdout
    );
    let contradiction = wizard.clone().flag("--no-ssl").program("check").run();
    assert_eq!(contradiction.status, Some(2), "{}", contradiction.stderr);
    assert!(
        contradiction.stderr.contains("Connect using SSL is off"),
        "{}",
        contradiction.stderr
    );
    std::fs::write(&both, "no certificate").expect("our own folder");
    let empty = wizard.program("check").run();
    assert!(empty.stderr.contains("holds no PEM certificate"), "{}", empty.stderr);
}

/// As Supabase's: the project stands behind the user at the pooler, and the server knows only the user.
#[test]
fn behind_a_pooler_that_routes_by_the_user() {
    let server = Postgres::start();
    let proxy = CountingProxy::tcp_before(&server, 6543);
    proxy.route_by_user("abcdefgh");
    let wizard = Wizard::new(&server)
        .set("--port", "6543")
        .admin("postgres.abcdefgh", "admin-secret");
    let said = wizard.cure(&ALL, &[]);
    assert_eq!(said.json["connection"]["username"], "stitch.abcdefgh", "{said}");
    assert_eq!(
        server.psql("SELECT count(*) FROM pg_roles WHERE rolname = 'stitch'"),
        "1"
    );
}

/// What is reported and when, with every message held back: `check` must stay quick enough for every night.
#[test]
fn round_trips_and_time_of_a_check() {
    let server = Postgres::start();
    let proxy = CountingProxy::tcp_before(&server, 7000);
    let wizard = Wizard::dba(&server)
        .set("--port", "7000")
        .set("--sslmode", "disable")
        .flag("--no-ssl");
    wizard.setup().exits(0);
    // The logins stand side by side, so their messages share round trips.
    let least = proxy.least_round_trips(12, |_| {
        let said = wizard.check().exits(0);
        // A hop's own time is reported: that of the password alone is two round trips.
        let hops = said.json["path"].as_array().map_or(0, Vec::len);
        assert_eq!(hops, 2, "{said}");
    });
    assert!(least <= 12, "{least}");
}

/// What a run costs at the wire, the admin's and Stitch's connections together, without TLS.
#[test]
fn round_trips() {
    let server = Postgres::start();
    let proxy = CountingProxy::tcp_before(&server, 7000);
    let wizard = Wizard::dba(&server).set("--port", &proxy.port().to_string());
    let wizard = wizard.set("--sslmode", "disable").flag("--no-ssl");
    let first = proxy.least_round_trips(28, |attempt| {
        let database = format!("stitch_{attempt}");
        wizard.clone().set("--database", &database).setup().exits(0);
    });
    wizard.setup().exits(0);
    let second = proxy.least_round_trips(21, |_| drop(wizard.setup().exits(0)));
    let missing = wizard.set("--schema", "nowhere");
    let missing = proxy.least_round_trips(22, |_| drop(missing.setup()));
    let costs = [first, second, missing];
    assert!(
        costs.iter().zip([28, 21, 22]).all(|(cost, bound)| *cost <= bound),
        "{costs:?}"
    );
}
