//! libpq's parameters before real servers: what is asked for is made sure of before anything secret is sent. That no
//! password crossed the wire is counted on the wire, by a proxy.

use std::collections::BTreeSet;
use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};

use crate::support::postgres::POSTGRES_PASSWORD;
use crate::support::wizard::{Said, Wizard};
use crate::support::{
    Certificates, CountingProxy, Host, Place, Postgres, PostgresOptions, World, cache, process, world,
};

const NETWORK: &str = "203.0.113.10";

/// The port of a proxy.
const PROXY: u16 = 7000;

/// A server that is reached over a network, with these rules for it.
fn over_network<'w>(world: &'w World, host: &Host, method: &str) -> Postgres<'w> {
    let hba = format!("local all postgres trust\nhost all all all {method}\n");
    Postgres::start_in(world, Some(host), PostgresOptions::new().hba(&hba))
}

fn wizard<'a>(server: &'a Postgres<'a>) -> Wizard<'a> {
    Wizard::new(server).set("--port", &PROXY.to_string())
}

/// Refused with this code, before a password or a proof of it was sent.
#[track_caller]
fn nothing_was_sent(proxy: &CountingProxy, wizard: &Wizard<'_>, code: &str) -> Said {
    proxy.reset();
    let said = wizard.check().exits(1);
    said.has(code, "bad");
    assert_eq!(proxy.passwords(), 0, "{:?}\n{said}", proxy.counts());
    assert!(proxy.counts().connections > 0, "{said}");
    said
}

/// The table of parameters has every name that libpq 18 itself knows.
#[test]
fn the_table_has_every_parameter_of_libpq() {
    let library = cache::cache().join("pg/18/lib/libpq.so.5");
    if !cache::available(&[crate::support::Need::Postgres(18)]) {
        return;
    }
    let mut python = Place::Here.command("python3");
    python.args(["-c", LIST]).arg(&library);
    let known = process::run(python);
    let page = stitch_pg::settings::libpq_markdown();
    let ours: BTreeSet<(String, String)> = page
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| `")?.split(" | ");
            let name = cells.next()?.trim_end_matches('`').to_owned();
            Some((name, cells.next()?.trim_matches(['`', '–']).to_owned()))
        })
        .collect();
    let mut count = 0;
    for line in known.lines() {
        let (name, env) = line.split_once(' ').expect("a name and a variable");
        assert!(
            ours.contains(&(name.to_owned(), env.to_owned())),
            "{line} is missing or differs"
        );
        count += 1;
    }
    assert!(count >= 50, "{known}");
}

const LIST: &str = "
import ctypes, sys
class Option(ctypes.Structure):
    _fields_ = [(n, ctypes.c_char_p) for n in ('keyword', 'envvar', 'compiled', 'val', 'label', 'dispchar')] + [('size', ctypes.c_int)]
libpq = ctypes.CDLL(sys.argv[1])
assert libpq.PQlibVersion() // 10000 == 18
libpq.PQconndefaults.restype = ctypes.POINTER(Option)
options, at = libpq.PQconndefaults(), 0
while options[at].keyword:
    print(options[at].keyword.decode(), (options[at].envvar or b'').decode())
    at += 1
";

#[test]
fn no_password_in_clear_text_over_a_network() {
    let Some(world) = world(&[]) else {
        return;
    };
    let host = world.host("db", &[("lan", &format!("{NETWORK}/24"))]);
    let server = over_network(&world, &host, "password");
    let proxy = CountingProxy::tcp_before(&server, PROXY);
    let wizard = wizard(&server);
    let said = nothing_was_sent(&proxy, &wizard, "login-clear-text");
    assert!(said.error().contains("was not sent"), "{said}");
    // Nor where there is none yet, nor where merely another method is ruled out.
    nothing_was_sent(&proxy, &wizard.clone().without("PGPASSWORD"), "login-clear-text");
    nothing_was_sent(&proxy, &wizard.clone().env("PGREQUIREAUTH", "!md5"), "login-clear-text");
    // The administrator's is, where the method is required by name. Stitch's never is: that Stitch would send it is reported.
    let named = wizard.env("PGREQUIREAUTH", "password").set("--stitch-port", "5432");
    proxy.reset();
    let said = named.clone().flag("--partial").setup().exits(4);
    assert!(proxy.passwords() > 0, "{said}");
    said.has("login-clear-text", "bad");
    let proxy_of_stitch = CountingProxy::tcp_before(&server, 7001);
    let said = named
        .set("--port", "5432")
        .set("--stitch-port", "7001")
        .check()
        .exits(4);
    said.has("login-clear-text", "bad");
    assert!(proxy_of_stitch.counts().connections > 0, "{said}");
    assert_eq!(proxy_of_stitch.passwords(), 0, "{:?}", proxy_of_stitch.counts());
}

/// No other machine can read along on this machine's loopback, nor inside TLS.
#[test]
fn a_password_in_clear_text_where_nobody_reads_along() {
    let rules = "local all postgres trust\nhost all all all password\n";
    let server = Postgres::start_with(PostgresOptions::new().hba(rules)).expect("the default version");
    Wizard::new(&server).setup().exits(0);
    let Some(world) = world(&[]) else { return };
    let host = world.host("db", &[("lan", &format!("{NETWORK}/24"))]);
    let options = PostgresOptions::new()
        .hba(rules)
        .tls(Certificates::for_names(&[NETWORK]));
    let server = Postgres::start_in(&world, Some(&host), options);
    Wizard::new(&server).setup().exits(0);
}

#[test]
fn an_md5_hash_over_a_network_is_told() {
    let Some(world) = world(&[]) else {
        return;
    };
    let host = world.host("db", &[("lan", &format!("{NETWORK}/24"))]);
    let server = over_network(&world, &host, "md5");
    server.psql(&format!(
        "set password_encryption = md5; alter role postgres password '{POSTGRES_PASSWORD}'"
    ));
    let wizard = Wizard::new(&server);
    wizard.setup();
    server.psql(&format!(
        "set password_encryption = md5; alter role stitch password '{}'",
        crate::support::wizard::PASSWORD
    ));
    let said = wizard.check();
    said.has("admin-md5-exposed", "unknown");
    said.has("login-md5-exposed", "unknown");
}

/// In a URL, a service and the environment; whichever method the server asks for instead.
#[test]
fn another_method_than_required_gets_nothing() {
    let Some(world) = world(&[]) else {
        return;
    };
    let host = world.host("db", &[("lan", &format!("{NETWORK}/24"))]);
    let service = world.home().join(".pg_service.conf");
    for (method, required) in [
        ("password", "scram-sha-256"),
        ("md5", "scram-sha-256"),
        ("scram-sha-256", "md5,password"),
        ("scram-sha-256", "!scram-sha-256"),
        ("trust", "scram-sha-256"),
        ("trust", "!none"),
    ] {
        let server = over_network(&world, &host, method);
        if method == "md5" {
            server.psql("set password_encryption = md5; alter role postgres password 'x'");
        }
        let proxy = CountingProxy::tcp_before(&server, PROXY);
        let wizard = wizard(&server);
        nothing_was_sent(
            &proxy,
            &wizard.clone().env("PGREQUIREAUTH", required),
            "login-auth-refused",
        );
        let url = format!("postgres://{NETWORK}/?require_auth={required}");
        nothing_was_sent(&proxy, &wizard.clone().env("DATABASE_URL", &url), "login-auth-refused");
        let text = format!("[careful]\nrequire_auth={required}\n");
        std::fs::write(world.outside(&service), text).expect("the world's home");
        nothing_was_sent(&proxy, &wizard.env("PGSERVICE", "careful"), "login-auth-refused");
    }
}

#[test]
fn channel_binding_as_required() {
    let Some(world) = world(&[]) else {
        return;
    };
    let host = world.host("db", &[("lan", &format!("{NETWORK}/24"))]);
    // No TLS, no binding.
    let server = over_network(&world, &host, "scram-sha-256");
    let proxy = CountingProxy::tcp_before(&server, PROXY);
    let bound = wizard(&server).env("PGCHANNELBINDING", "require");
    nothing_was_sent(&proxy, &bound, "login-auth-refused");
    drop((proxy, server));
    // TLS, and a method that binds to nothing.
    let rules = "local all postgres trust\nhost all postgres all trust\nhost all all all scram-sha-256\n";
    let options = || PostgresOptions::new().tls(Certificates::for_names(&[NETWORK]));
    let server = Postgres::start_in(&world, Some(&host), options().hba(rules));
    let bound = Wizard::new(&server).env("PGCHANNELBINDING", "require");
    bound.check().exits(1).has("login-auth-refused", "bad");
    drop(server);
    let server = Postgres::start_in(&world, Some(&host), options());
    let bound = Wizard::new(&server).env("PGCHANNELBINDING", "require");
    bound.setup().exits(0);
}

#[test]
fn a_revoked_certificate_is_refused() {
    let certificates = Certificates::for_names(&["127.0.0.1"]);
    let (authority, empty, revoked) = (
        certificates.ca(),
        certificates.revoked(false),
        certificates.revoked(true),
    );
    let stranger = Certificates::for_names(&["127.0.0.1"]);
    let other = stranger.revoked(false);
    let directory = tempfile::tempdir().expect("a temporary folder");
    std::fs::copy(&revoked, directory.path().join("list.crl")).expect("the list just made");
    let mut rehash = Place::Here.command("openssl");
    rehash.arg("rehash").arg(directory.path());
    process::run(rehash);
    let options = PostgresOptions::new().tls(certificates);
    let server = Postgres::start_with(options).expect("the default version");
    let verified = Wizard::new(&server)
        .set("--sslmode", "verify-ca")
        .set("--sslrootcert", &authority.to_string_lossy());
    let with = |name: &str, path: &std::path::Path| verified.clone().env(name, &path.to_string_lossy());
    with("PGSSLCRL", &empty).setup().exits(0);
    let said = with("PGSSLCRL", &revoked).check().exits(1);
    assert!(said.error().contains("has been revoked"), "{said}");
    said.has("login-tls-revoked", "bad");
    with("PGSSLCRLDIR", directory.path())
        .check()
        .exits(1)
        .has("login-tls-revoked", "bad");
    // A list of another authority says nothing about this one.
    let said = with("PGSSLCRL", &other).check().exits(1);
    assert!(said.error().contains("cannot be checked"), "{said}");
    let url = format!("postgres:///?sslcrl={}", revoked.display());
    verified
        .env("DATABASE_URL", &url)
        .check()
        .exits(1)
        .has("login-tls-revoked", "bad");
}

#[test]
fn versions_of_tls_are_bounded() {
    let options = PostgresOptions::new()
        .tls(Certificates::for_names(&["127.0.0.1"]))
        .conf("ssl_max_protocol_version", "TLSv1.2");
    let server = Postgres::start_with(options).expect("the default version");
    let wizard = Wizard::new(&server).set("--sslmode", "require");
    wizard.setup().exits(0);
    let said = wizard
        .clone()
        .env("PGSSLMINPROTOCOLVERSION", "TLSv1.3")
        .check()
        .exits(1);
    said.has("login-tls-failed", "bad");
    wizard.env("PGSSLMAXPROTOCOLVERSION", "TLSv1.2").check().exits(0);
}

#[test]
fn who_runs_the_server_behind_a_socket() {
    let server = Postgres::start();
    let socket = server.socket_dir();
    let wizard = Wizard::new(&server).set("--host", &socket.to_string_lossy());
    wizard.clone().env("PGREQUIREPEER", "postgres").setup().exits(0);
    for wrong in ["nobody", "no-such-user"] {
        let said = wizard.clone().env("PGREQUIREPEER", wrong).check().exits(1);
        said.has("login-server-user", "bad");
    }
    // It is about sockets only, as in libpq.
    Wizard::new(&server).env("PGREQUIREPEER", "nobody").check().exits(0);
}

/// The name is the certificate's and the address is where it is.
#[test]
fn an_address_in_place_of_the_lookup() {
    let certificates = Certificates::for_names(&["db.invalid"]);
    let authority = certificates.ca();
    let server = Postgres::start_with(PostgresOptions::new().tls(certificates)).expect("the default version");
    let named = Wizard::new(&server)
        .set("--host", "db.invalid")
        .set("--stitch-host", "127.0.0.1")
        .set("--sslmode", "verify-full")
        .set("--sslrootcert", &authority.to_string_lossy());
    named.check().exits(1).has("login-host-not-found", "bad");
    named.clone().env("PGHOSTADDR", "127.0.0.1").setup().exits(0);
    let url = "postgres:///?hostaddr=127.0.0.1";
    named.env("DATABASE_URL", url).check().exits(0);
}

#[test]
fn tls_from_the_first_byte() {
    let options = PostgresOptions::new()
        .major(18)
        .tls(Certificates::for_names(&["127.0.0.1"]));
    let Some(server) = Postgres::start_with(options) else {
        return;
    };
    let direct = Wizard::new(&server)
        .set("--sslmode", "require")
        .env("PGSSLNEGOTIATION", "direct");
    let said = direct.setup().exits(0);
    said.has_not("admin-tls-downgraded");
    assert!(!server.log().contains("without direct SSL"), "{}", server.log());
    let bound = direct.env("PGCHANNELBINDING", "require").env("PGSSLSNI", "0");
    bound.check().exits(0);
}

/// What was asked of the session is asked of the server, and what stitch-pg asks for wins.
#[test]
fn options_reach_the_server() {
    let server = Postgres::start();
    let wizard = Wizard::new(&server);
    let said = wizard.clone().env("PGOPTIONS", "-c work_mem=nonsense").check().exits(1);
    assert!(said.error().contains("work_mem"), "{said}");
    let writable = wizard.clone().env("PGOPTIONS", "-c default_transaction_read_only=off");
    let before = server.dump();
    writable.check();
    assert_eq!(before, server.dump(), "check changed something");
    wizard
        .env("PGOPTIONS", "-c work_mem=1MB")
        .env("PGAPPNAME", "deploy")
        .env("PGTARGETSESSIONATTRS", "primary")
        .setup()
        .exits(0);
}

/// A machine in between answers that there is no TLS, or breaks it: libpq's `prefer` goes on, and that is reported.
#[test]
fn tls_that_was_taken_away_is_told() {
    let options = PostgresOptions::new().tls(Certificates::for_names(&["127.0.0.1"]));
    let server = Postgres::start_with(options).expect("the default version");
    Wizard::new(&server).setup().exits(0).has_not("admin-tls-downgraded");
    let proxy = CountingProxy::tcp_before(&server, PROXY);
    // No; and a fatal alert of TLS.
    for answer in [&b"N"[..], b"S\x15\x03\x03\0\x02\x02\x28"] {
        proxy.answer_tls(answer);
        let said = wizard(&server).check().exits(0);
        said.has("admin-tls-downgraded", "unknown");
        said.has("login-tls-downgraded", "unknown");
        let demanded = wizard(&server).set("--sslmode", "require").check().exits(1);
        demanded.has_not("admin-tls-downgraded");
    }
    // No byte in the answer's place makes it forget what is asked afterwards.
    let network = CountingProxy::tcp_before(&server, 7002);
    network.answer_tls(b"X");
    let odd = wizard(&server).set("--port", "7002").set("--sslmode", "prefer").check();
    assert_ne!(odd.output.status, Some(0), "{odd}");
}

/// A settings file decides where the password goes: it is named, and refused when others could have written it.
#[test]
fn the_settings_file_is_named_and_ours() {
    let Some(world) = world(&[]) else {
        return;
    };
    let server = Postgres::start_in(&world, None, PostgresOptions::new());
    let program = Wizard::new(&server).program("plan");
    let path = program.home().join("stitch-pg.toml");
    let without = program.run();
    assert!(!without.stderr.contains("Using"), "{}", without.stderr);
    std::fs::write(&path, "stitch.role = \"stitch\"\n").expect("the home can be written");
    for (command, format) in [("plan", "text"), ("check", "json"), ("script", "text")] {
        let said = Wizard::new(&server).program(command).args(["--format", format]).run();
        assert!(
            said.stderr.contains("Using ./stitch-pg.toml\n"),
            "{command}: {}",
            said.stderr
        );
    }
    let named = Wizard::new(&server)
        .program("plan")
        .args(["--config", "stitch-pg.toml"])
        .run();
    assert!(named.stderr.contains("Using stitch-pg.toml\n"), "{}", named.stderr);

    let refused = |part: &str| {
        for config in [&[][..], &["--config", "stitch-pg.toml"]] {
            let said = Wizard::new(&server).program("plan").args(config).run();
            assert_eq!(said.status, Some(2), "{said:?}");
            assert!(said.stderr.contains(part), "{}", said.stderr);
        }
    };
    let mode = |mode| std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).expect("our own file");
    mode(0o646);
    refused("chmod go-w");
    mode(0o644);
    chown(&path, Some(65_534), None).expect("root may");
    refused("belongs to another user");
    // Behind a link of one's own it is no better, nor is one's own behind a link of theirs.
    let real = path.with_file_name("theirs.toml");
    std::fs::rename(&path, &real).expect("our own folder");
    symlink("theirs.toml", &path).expect("our own folder");
    refused("belongs to another user");
    chown(&real, Some(0), None).expect("root may");
    lchown(&path, Some(65_534), None).expect("root may");
    refused("symbolic link");
}
