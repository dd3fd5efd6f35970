//! The rules of real servers: quotes, rules for all users, `peer` alone.

use crate::support::wizard::{Said, Wizard};
use crate::support::{Postgres, PostgresOptions};

fn look(wizard: &Wizard<'_>) -> Said {
    wizard
        .clone()
        .set("--skip", "ssh-user,ownership,connection,registration")
        .set("--region", "north-america")
        .run("plan")
        .exits(0)
}

/// In quotes these are names that no role has, and the server refuses; its own view shows them without their quotes.
#[test]
fn keywords_in_quotes_let_nobody_in() {
    for rule in [
        "host \"all\" \"all\" 0.0.0.0/0 scram-sha-256",
        "host \"all\" all 0.0.0.0/0 scram-sha-256",
        "host all \"all\" 0.0.0.0/0 scram-sha-256",
        "host stitch \"+stitch\" 0.0.0.0/0 scram-sha-256",
        "host \"sameuser\" stitch 0.0.0.0/0 scram-sha-256",
        "host @list stitch 0.0.0.0/0 scram-sha-256",
    ] {
        let server = Postgres::start();
        let rules = format!("local all all trust\n{rule}\n");
        for (name, text) in [("list", "\"all\"\n"), ("pg_hba.conf", rules.as_str())] {
            std::fs::write(server.data_dir().join(name), text).expect("the data directory can be written");
        }
        server.reload();
        let socket = server.socket_dir();
        let wizard = Wizard::new(&server).set("--host", socket.to_str().expect("a folder of the bed"));
        let said = look(&wizard);
        said.has_not("hba-ok");
        said.has("hba-no-match", "bad");
    }
}

#[test]
fn a_rule_for_everybody_is_said() {
    for (rule, is_wide) in [
        ("host all all 0.0.0.0/0 scram-sha-256", true),
        ("hostssl all all ::/0 scram-sha-256", true),
        ("host stitch stitch all md5", true),
        ("host all all 52.0.0.0/8 scram-sha-256", false),
        ("host all all all reject", false),
    ] {
        let server = Postgres::start_with(PostgresOptions::new().hba(&format!("local all all trust\n{rule}\n")));
        let Some(server) = server else { return };
        let socket = server.socket_dir();
        let said = look(&Wizard::new(&server).set("--host", socket.to_str().expect("a folder of the bed")));
        if is_wide {
            let text = said.has("hba-open-to-all", "unknown");
            assert!(text.contains("every address may try to log in (line 2 of"), "{text}");
        } else {
            said.has_not("hba-open-to-all");
        }
    }
}

/// Debian's own cluster, run as root.
#[test]
fn peer_alone_is_for_the_servers_own_user() {
    let Some(server) = Postgres::start_with(PostgresOptions::new().hba("local all all peer\n")) else {
        return;
    };
    if server.world().is_none() {
        return; // The server runs as the user that runs the tests.
    }
    let socket = server.socket_dir();
    let wizard = Wizard::new(&server).set("--host", socket.to_str().expect("a folder of the bed"));
    for user in ["root", "postgres"] {
        let said = wizard.clone().set("--admin-user", user).run("plan").exits(1);
        let error = said.error();
        assert!(
            error.contains("sudo -u postgres stitch-pg") && !error.contains("ALTER ROLE"),
            "{error}"
        );
    }
}
