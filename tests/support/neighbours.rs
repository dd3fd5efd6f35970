//! Programs that often stand in front of PostgreSQL, from Debian's packages: on the world's own loopback, as the user
//! postgres. They end with their world.

use std::fs;

use super::World;

/// Starts one, and waits until it listens. `files` are its files, by name; `@` in them and in `command` is their folder.
#[track_caller]
pub(crate) fn start(world: &World, port: u16, files: &[(&str, &str)], command: &[&str]) {
    let folder = format!("/srv/n{}", world.serial());
    let at = |text: &str| text.replace('@', &folder);
    let outside = world.outside(world.dir().join(folder.trim_start_matches('/')));
    fs::create_dir_all(&outside).unwrap_or_else(|error| panic!("{}: {error}", outside.display()));
    for (name, text) in files {
        fs::write(outside.join(name), at(text)).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let port = port.to_string();
    let command: Vec<String> = command.iter().map(|word| at(word)).collect();
    let arguments = [port.as_str(), folder.as_str()]
        .into_iter()
        .chain(command.iter().map(String::as_str))
        .collect::<Vec<_>>();
    world.sh_with("neighbour_start \"$@\"", &arguments, b"");
}

/// `PgBouncer` in front of `server_port`, with lines of its own; `users` is its `userlist.txt`.
#[track_caller]
pub(crate) fn pgbouncer(world: &World, port: u16, server_port: u16, lines: &str, users: &str) {
    let ini = format!(
        "[databases]\n* = host=127.0.0.1 port={server_port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
         auth_file = @/users\ndefault_pool_size = 4\nunix_socket_dir =\n{lines}\n"
    );
    let files = [("pgbouncer.ini", ini.as_str()), ("users", users)];
    start(world, port, &files, &["pgbouncer", "-q", "@/pgbouncer.ini"]);
}

/// Pgpool-II in front of `server_port`; `users` is its `pool_passwd`.
#[track_caller]
pub(crate) fn pgpool(world: &World, port: u16, server_port: u16, users: &str) {
    let conf = format!(
        "listen_addresses = '127.0.0.1'\nport = {port}\nsocket_dir = '@'\npcp_socket_dir = '@'\npcp_port = 9898\n\
         backend_hostname0 = '127.0.0.1'\nbackend_port0 = {server_port}\nbackend_weight0 = 1\n\
         backend_clustering_mode = 'streaming_replication'\nenable_pool_hba = on\npool_passwd = '@/passwd'\n\
         sr_check_period = 0\nhealth_check_period = 0\nnum_init_children = 8\npid_file_name = '@/pid'\nlogdir = '@'\n"
    );
    let files = [
        ("pgpool.conf", conf.as_str()),
        ("passwd", users),
        ("hba", "host all all 0.0.0.0/0 scram-sha-256\n"),
        ("pcp", ""),
    ];
    let command = ["pgpool", "-n", "-f", "@/pgpool.conf", "-a", "@/hba", "-F", "@/pcp"];
    start(world, port, &files, &command);
}

/// `HAProxy`, which gives its connections to these ports of the world by turns.
#[track_caller]
pub(crate) fn haproxy(world: &World, port: u16, servers: &[u16]) {
    let servers: Vec<String> = servers
        .iter()
        .map(|server| format!("  server s{server} 127.0.0.1:{server}\n"))
        .collect();
    let conf = format!(
        "defaults\n  mode tcp\n  timeout connect 2s\n  timeout client 1m\n  timeout server 1m\nlisten pg\n  bind 127.0.0.1:{port}\n  \
         balance roundrobin\n{}",
        servers.concat()
    );
    start(
        world,
        port,
        &[("haproxy.cfg", &conf)],
        &["haproxy", "-db", "-f", "@/haproxy.cfg"],
    );
}
