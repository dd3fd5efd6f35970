//! The first words with a server: what it is, and whether this login is who it was asked to be.

use anyhow::{Result, bail, ensure};

use crate::names::RoleName;
use crate::server::{self, PostgresServer};
use crate::settings::{Admin, Standby};
use crate::shell;
use crate::world::login::Session;

pub(super) async fn hello(session: &Session, admin: &Admin) -> Result<PostgresServer> {
    if session.announced_version.contains("bouncer") {
        bail!(
            "this is PgBouncer's own console (database {}), not a PostgreSQL database\nnext: give --admin-database with the name of a real database",
            admin.database
        );
    }
    let names = server::parameters();
    let names = names.each_ref().map(String::as_str);
    // Both in one round trip.
    let (server, system_identifier) = tokio::join!(
        session.ask::<PostgresServer>(server::QUESTION, &names),
        session.ask(server::SYSTEM_IDENTIFIER, &[]),
    );
    match server {
        Ok(server) => {
            let server = server.accept(admin.host.as_str())?;
            ensure!(
                !(server.in_recovery && admin.rules.standby == Standby::Refused),
                "this server is a standby, and target_session_attrs refuses one\nnext: give the host of the primary"
            );
            let set_by_itself = server.acts_as.as_deref().filter(|role| *role != "none");
            if let (Some(role), None, None) = (set_by_itself, &admin.set_role, &admin.rules.options) {
                let login = &server.login;
                bail!(
                    "{login:?} is set to act as {role:?} (ALTER ROLE … SET role), and stitch-pg leaves that choice to you\nnext: give --set-role {}, or --set-role {} to act as {login:?} itself",
                    shell::word(role),
                    shell::word(login)
                );
            }
            // A pooler may drop the startup option without a word.
            let wanted = admin.set_role.as_ref().map_or(server.login.as_str(), RoleName::as_str);
            ensure!(
                server.user == wanted || (admin.set_role.is_none() && admin.rules.options.is_some()),
                "this session acts as {:?}, not as {wanted:?}\nnext: connect to PostgreSQL itself, not through a pooler",
                server.user
            );
            Ok(PostgresServer {
                provider: admin.provider.unwrap_or(server.provider),
                system_identifier: system_identifier.ok(),
                ..server
            })
        }
        Err(error) => {
            // A look-alike without our functions: its banner says more than its complaint.
            let banner: Result<String> = session.ask("SELECT to_json(version())::text", &[]).await;
            if let Ok(banner) = banner {
                server::refuse_other_databases(&banner)?;
            }
            Err(error.context("cannot read the server's version and this login's rights"))
        }
    }
}
