//! Whether `pg_hba.conf` can be written from here. The server's own functions can read a file and not write one as it
//! should be written, so it takes the machine: this one, or the SSH server. What is there must be the server's very file.

use serde::Deserialize;

use crate::settings::{Machine, Settings};
use crate::shell::LineEnd;
use crate::sql;
use crate::steps::allowlist::{LastLine, Reach};
use crate::world::{On, World};

/// First version that reads a file of any path for us; its support outlived that of the ones before by a year.
const READS_ANYWHERE: i32 = 110_000;

#[derive(Deserialize)]
struct Sum {
    md5: String,
}

pub(super) async fn reach(settings: &Settings, world: &mut World, path: &str, version_num: i32) -> Reach {
    if settings.database_machine().is_none() {
        return Reach::No(
            "PostgreSQL runs on another machine; run stitch-pg there with --host localhost, or with --bastion and \
             --stitch-host localhost when it is the SSH server"
                .to_owned(),
        );
    }
    if version_num < READS_ANYWHERE {
        return Reach::No("that takes PostgreSQL 11 or newer".to_owned());
    }
    let sum = match world.ask::<Sum>(On::Server, sql::HBA_MD5, &[]).await {
        Ok(Some(sum)) => sum.md5,
        Ok(None) => return Reach::No("the server did not answer".to_owned()),
        Err(error) => return Reach::No(format!("{error:#}")),
    };
    let told = match world.look_at_hba_file(path).await {
        Ok(told) => told,
        Err(error) => return Reach::No(format!("{error:#}")),
    };
    let has = |wanted: &str| told.lines().any(|line| line == wanted);
    if !has(&format!("md5={sum}")) {
        let whose = match settings.database_machine() {
            Some(Machine::Bastion) => "the SSH server",
            _ => "this machine",
        };
        return Reach::No(format!(
            "the file of that name on {whose} is another one than the server's"
        ));
    }
    Reach::Yes {
        md5: sum,
        end: if has("end=crlf") { LineEnd::CrLf } else { LineEnd::Lf },
        last: if has("continued=yes") {
            LastLine::Continued
        } else {
            LastLine::Plain
        },
    }
}
