//! The table of truth: a state of a server, what the program says of it, and what then really happens when a load is run
//! as the Stitch role. A row fails when the two disagree, in either direction. A new row is one line in `rows.rs` or a
//! neighbour of it. docs/how-it-decides.md is printed from the rows.

mod page;
mod play;
mod row;
mod rows;
mod rows_code;
mod rows_kinds;
mod rows_limits;
mod rows_more;
mod rows_rights;
mod rows_tree;
mod sessions;

use play::Admin;

use crate::support::{Postgres, PostgresOptions};

#[test]
fn what_is_said_is_what_happens_on_10() {
    what_is_said_is_what_happens(10);
}

#[test]
fn what_is_said_is_what_happens_on_13() {
    what_is_said_is_what_happens(13);
}

#[test]
fn what_is_said_is_what_happens_on_14() {
    what_is_said_is_what_happens(14);
}

#[test]
fn what_is_said_is_what_happens_on_15() {
    what_is_said_is_what_happens(15);
}

#[test]
fn what_is_said_is_what_happens_on_16() {
    what_is_said_is_what_happens(16);
}

#[test]
fn what_is_said_is_what_happens_on_17() {
    what_is_said_is_what_happens(17);
}

#[test]
fn what_is_said_is_what_happens_on_18() {
    what_is_said_is_what_happens(18);
}

/// The version that the page is printed from.
const NEWEST: u32 = 18;

fn what_is_said_is_what_happens(major: u32) {
    let mut played = Vec::new();
    for admin in [Admin::Superuser, Admin::Dba] {
        let Some(server) = Postgres::start_with(PostgresOptions::new().major(major)) else {
            return;
        };
        played.extend(play::all(&server, admin));
    }
    let broken: Vec<&str> = played.iter().filter_map(|one| one.broken.as_deref()).collect();
    println!("{} rows played", played.len());
    assert!(
        broken.is_empty(),
        "{} of {} rows are untrue:\n{}",
        broken.len(),
        played.len(),
        broken.join("\n\n")
    );
    if major == NEWEST {
        page::compare(&page::text(&page::of_a_superuser(&played)));
    }
}
