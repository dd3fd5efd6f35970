//! A disk of the server's that is full: nothing is called made that is not, the server's words are there, and once there is
//! space, the same command goes on.

use crate::support::wizard::{Said, Wizard};
use crate::support::{Need, Postgres, PostgresOptions, World, postgres, world};

/// Where the small disk is: a folder of the world's.
const DISK: &str = "/run/world/disk";

/// Nothing more fits on it; or, where there is room again, everything.
fn fill(world: &World, full: bool) {
    let how = if full {
        "dd if=/dev/zero of=$1/rest bs=4096 2>/dev/null || true"
    } else {
        "rm -f $1/rest"
    };
    world.sh_with(how, &[DISK], b"");
}

#[track_caller]
fn is_told(said: &Said, words: &str) {
    for part in ["No space left on device", "SQLSTATE 53100", "\nnext: free space", words] {
        assert!(
            said.error().contains(part),
            "{part} is not in: {}\n{said}",
            said.error()
        );
    }
    assert_eq!(said.applied().last(), Some(&false), "{said}");
}

/// The login of the administrator makes it, as it made Stitch's role, or a superuser is the administrator.
const DATABASE: &str = "drop database if exists stitch; drop role if exists stitch; set role dba;
    do $$ begin create role loader; exception when duplicate_object then null; end $$;
    create database stitch tablespace small";

/// A server whose databases are on a disk of 40 MB, or a database of its own there.
#[test]
fn a_full_tablespace() {
    for major in [13, 18] {
        let Some(world) = world(&[Need::Root]) else { return };
        if !postgres::has(major) {
            continue;
        }
        world.sh_with(
            "mkdir -p $1; mount -t tmpfs -o size=40m,mode=755 tmpfs $1; mkdir $1/dw; chown postgres: $1/dw",
            &[DISK],
            b"",
        );
        let server = Postgres::start_in(
            &world,
            None,
            PostgresOptions::new()
                .major(major)
                .hba("local all all trust\nhost all all all scram-sha-256\n"),
        );
        server.psql(&format!(
            "create tablespace small location '{DISK}/dw'; grant create on tablespace small to dba"
        ));
        for wizard in [Wizard::new(&server), Wizard::dba(&server)] {
            let wizard = wizard.flag("--adopt-role");
            server.psql(DATABASE);
            let tables = (0..400).map(|n| format!("create table shop.t{n} (id int);"));
            let tables = tables.collect::<Vec<_>>().concat();
            server.psql_in(
                "stitch",
                &format!("create schema shop authorization loader; set role loader; {tables} reset role; checkpoint"),
            );
            fill(&world, true);
            let wizard = wizard.set("--schema", "shop");
            wizard.run("plan").exits(0);
            is_told(&wizard.setup().exits(1), "in ALTER DEFAULT PRIVILEGES");
            let check = wizard.check().exits(3);
            let text = check.has("test-load-refused", "bad");
            for part in [
                "No space left on device",
                "CREATE TEMPORARY TABLE",
                "the server's disk is full",
            ] {
                assert!(text.contains(part), "{part} is not in: {text}");
            }
            fill(&world, false);
            wizard.setup().exits(0);
            wizard.check().exits(0);
        }
    }
}

/// The disk of all databases: a new one cannot be made.
#[test]
fn a_full_disk_of_the_whole_server() {
    for major in [13, 18] {
        let Some(world) = world(&[Need::Root]) else { return };
        if !postgres::has(major) {
            continue;
        }
        let mut server = Postgres::start_in(
            &world,
            None,
            PostgresOptions::new()
                .major(major)
                .hba("local all all trust\nhost all all all scram-sha-256\n"),
        );
        server.stop();
        world.sh_with(
            "mkdir -p $1; mount -t tmpfs -o size=60m,mode=755 tmpfs $1; cp -a $2/base $1/base; rm -rf $2/base/*; mount --bind $1/base $2/base",
            &[DISK, &server.socket_dir().join("data").to_string_lossy()],
            b"",
        );
        server.restart();
        for wizard in [Wizard::new(&server), Wizard::dba(&server)] {
            let wizard = wizard.flag("--adopt-role");
            server.psql("drop database if exists stitch");
            fill(&world, true);
            let said = wizard.setup();
            is_told(&said.exits(1), "in CREATE DATABASE");
            fill(&world, false);
            wizard.setup().exits(0);
            wizard.check().exits(0);
        }
    }
}
