//! pgbouncer before a server: a peer that looks like PostgreSQL and shares sessions among clients.

use std::fs;

use super::{Host, Place, Postgres, World};

/// A running pgbouncer. It ends with its world.
pub(crate) struct PgBouncer {
    place: Place,
    address: String,
    port: u16,
}

impl PgBouncer {
    /// Starts one on port 6432 of `host`, or of the world's own loopback, before a server that can be reached from
    /// there. `users`: names and passwords. The world needs [`super::Need::Bastion`].
    #[track_caller]
    pub(crate) fn start_in(world: &World, host: Option<&Host>, server: &Postgres<'_>, users: &[(&str, &str)]) -> Self {
        Self::pooling_in(world, host, server, users, "transaction", 6432)
    }

    /// The same, sharing sessions by `session`, `transaction` or `statement`, on another port.
    #[track_caller]
    pub(crate) fn pooling_in(
        world: &World,
        host: Option<&Host>,
        server: &Postgres<'_>,
        users: &[(&str, &str)],
        mode: &str,
        port: u16,
    ) -> Self {
        let name = host.map_or("", Host::name);
        let address = host.map_or("127.0.0.1", Host::address).to_owned();
        world.sh("tools_add");
        let inside = format!("/tmp/bouncer{}", world.serial());
        let folder = world.outside(world.dir().join("tools/root").join(inside.trim_start_matches('/')));
        let ini = format!(
            "[databases]\n* = host={} port={}\n[pgbouncer]\nlisten_addr = {address}\nlisten_port = {port}\n\
             auth_type = plain\nauth_file = {inside}/users\npool_mode = {mode}\ndefault_pool_size = 2\n\
             max_client_conn = 50\nunix_socket_dir =\nadmin_users = {}\n",
            server.host(),
            server.port(),
            users.first().map_or("nobody", |(name, _)| name),
        );
        let list: Vec<String> = users
            .iter()
            .map(|(name, password)| format!("\"{name}\" \"{password}\"\n"))
            .collect();
        fs::create_dir(&folder)
            .and_then(|()| fs::write(folder.join("pgbouncer.ini"), ini))
            .and_then(|()| fs::write(folder.join("users"), list.concat()))
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        world.sh_with("bouncer_start \"$@\"", &[name, &port.to_string(), &inside], b"");
        let place = host.map_or_else(|| world.place(), Host::place);
        Self { place, address, port }
    }

    /// Its address.
    pub(crate) fn host(&self) -> &str {
        &self.address
    }

    /// Its port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Where programs reach it there.
    pub(crate) fn place(&self) -> Place {
        self.place.clone()
    }
}
