//! The table of truth: a state of a server, what the program says of it, and what then really happens when a load is run
//! as the Stitch role. A row fails when the two disagree, in either direction. A new row is one line in `rows.rs` or a
//! neighbour of it. docs/how-it-decides.md is printed from the rows.

mod page;
mod play;
mod row;
mod rows;
mod rows_rights;
mod rows_tree;

use std::sync::Mutex;
use std::thread;

use crate::support::{Postgres, PostgresOptions};
use play::{Admin, Played};

/// The versions of the promise; one that is missing is a skip with a notice, and a failure in CI.
const MAJORS: [u32; 7] = [10, 13, 14, 15, 16, 17, 18];

#[test]
fn what_is_said_is_what_happens() {
    let mut queue: Vec<(u32, Admin)> = Vec::new();
    for major in wanted() {
        queue.extend([(major, Admin::Superuser), (major, Admin::Dba)]);
    }
    let (queue, played) = (Mutex::new(queue), Mutex::new(Vec::new()));
    let next = || queue.lock().expect("no test thread panics with it").pop();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((major, admin)) = next() {
                    let options = PostgresOptions::new().major(major);
                    if let Some(server) = Postgres::start_with(options) {
                        let rows = play::all(&server, admin);
                        played.lock().expect("no test thread panics with it").extend(rows);
                    }
                }
            });
        }
    });
    let played = played.into_inner().expect("every thread has ended");
    let broken: Vec<&str> = played.iter().filter_map(|one| one.broken.as_deref()).collect();
    println!("{} rows played", played.len());
    assert!(
        broken.is_empty(),
        "{} of {} rows are untrue:\n{}",
        broken.len(),
        played.len(),
        broken.join("\n\n")
    );
    let newest: Vec<&Played> = page::of_the_newest(&played);
    if MAJORS.iter().all(|major| played.iter().any(|one| one.major == *major)) {
        page::compare(&page::text(&newest));
    }
}

/// All of them, or those named in `TRUTH_MAJORS`, such as `15,17`: for trying things out.
fn wanted() -> Vec<u32> {
    let named = std::env::var("TRUTH_MAJORS").ok();
    named.map_or(MAJORS.to_vec(), |named| {
        named.split(',').filter_map(|major| major.parse().ok()).collect()
    })
}
