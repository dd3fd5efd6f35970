//! The rules' evaluation held against the server itself: random rule files are loaded into a real PostgreSQL, logins
//! come from many addresses with many names, with and without TLS, and the server must do what was predicted, from its
//! own view of the rules and from our reading of the file.
//!
//! Each test runs a second time inside a network of its own, where any address can be had: see [`inside`].

mod compare;
mod generate;
mod probe;
mod server;

use std::time::Duration;

use crate::support::{self, Certificates, Need, Postgres, PostgresOptions, process};

/// Rule files for each version, 2,100 together.
const FILES: [(u32, u32); 6] = [(15, 900), (18, 800), (16, 100), (17, 100), (14, 100), (13, 100)];

#[test]
fn the_server_does_what_is_predicted_on_15() {
    on_each(&[15]);
}

#[test]
fn the_server_does_what_is_predicted_on_18() {
    on_each(&[18]);
}

#[test]
fn the_server_does_what_is_predicted_on_13_14_16_and_17() {
    on_each(&[13, 14, 16, 17]);
}

/// Set for the half of a test that runs inside the world: where the server's sockets are, and how many files to try.
const SOCKETS: &str = "HBA_TEST_SOCKETS";
const COUNT: &str = "HBA_TEST_FILES";

/// The half that a test runs inside a world, where the environment says that it is there.
fn inside() -> bool {
    let Ok(sockets) = std::env::var(SOCKETS) else {
        return false;
    };
    let files = std::env::var(COUNT).expect("set with the sockets");
    compare::run(std::path::Path::new(&sockets), files.parse().expect("a number"));
    true
}

fn on_each(majors: &[u32]) {
    if !inside() {
        majors.iter().copied().for_each(on);
    }
}

fn on(major: u32) {
    let Some(world) = support::world(&[Need::Postgres(major)]) else {
        return;
    };
    // Networks whose addresses are ours without being an interface's: neither `samehost` nor `samenet`.
    world.sh("ip addr add 10.9.8.7/16 dev lo
              ip addr add 127.0.0.2/32 dev lo
              ip addr add fd00::5/32 dev lo nodad
              ip route add local 52.0.0.0/8 dev lo
              ip -6 route add local fd00:1::/64 dev lo
              echo 1 > /proc/sys/net/ipv6/ip_nonlocal_bind");
    let certificates = Certificates::for_names(&["server"]);
    let authority = std::fs::read(certificates.ca()).expect("the authority");
    let options = PostgresOptions::new()
        .major(major)
        .tls(certificates)
        .conf("listen_addresses", "*")
        .conf("password_encryption", "md5")
        .conf("log_min_messages", "panic");
    let server = Postgres::start_in(&world, None, options);
    std::fs::write(server.data_dir().join("ca.crt"), authority).expect("the data directory is ours");
    server.psql("ALTER SYSTEM SET ssl_ca_file = 'ca.crt'");
    server.reload();
    let files = FILES
        .iter()
        .find(|(version, _)| *version == major)
        .map_or(0, |(_, files)| *files);
    let exe = std::env::current_exe().expect("this test");
    let mut command = world.command(exe);
    let thread = std::thread::current();
    let this = thread.name().expect("a test's thread has its name");
    command
        .args(["--exact", this, "--nocapture"])
        .env(SOCKETS, server.socket_dir())
        .env(COUNT, files.to_string());
    let output = process::finish(command, b"", Duration::from_secs(600));
    print!("{}", output.stdout);
    let ran = output.success() && output.stdout.contains("1 passed");
    assert!(ran, "{}\n{}", output.stdout, output.stderr);
}
