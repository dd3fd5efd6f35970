//! The matrix of rights: every server version × every kind of admin × every starting state, on real servers. What `plan`
//! says can be done, `setup` does; what it says cannot, fails with the predicted cause when the same login tries it by
//! hand; what was advised for others to run is enough; a refused run changes nothing; and nothing ends as a failure.
//! docs/rights.md is printed from it.

pub(crate) mod admins;
mod cell;
mod hand;
mod page;
pub(crate) mod states;

use std::sync::Mutex;
use std::thread;

use crate::support::{Postgres, PostgresOptions};
use admins::Admin;
use cell::Cell;
use states::State;

/// The versions of the promise; one that is missing is a skip with a notice, and a failure in CI.
const MAJORS: [u32; 6] = [13, 14, 15, 16, 17, 18];

#[test]
fn the_matrix() {
    let queue = Mutex::new(wanted());
    let cells = Mutex::new(Vec::new());
    let next = || queue.lock().expect("no test thread panics with it").pop();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(major) = next() {
                    let tried = one_version(major);
                    cells.lock().expect("no test thread panics with it").extend(tried);
                }
            });
        }
    });
    let cells = cells.into_inner().expect("every thread has ended");
    let broken: Vec<&str> = cells.iter().flat_map(|cell| &cell.broken).map(String::as_str).collect();
    assert!(
        broken.is_empty(),
        "{} of {} promises are broken:\n{}",
        broken.len(),
        cells.len(),
        broken.join("\n\n")
    );
    if MAJORS.iter().all(|major| cells.iter().any(|cell| cell.major == *major)) {
        page::compare(&page::text(&cells));
    }
}

/// All of them, or those named in `RIGHTS_MAJORS`, such as `15,17`: for trying things out.
fn wanted() -> Vec<u32> {
    let named = std::env::var("RIGHTS_MAJORS").ok();
    named.map_or(MAJORS.to_vec(), |named| {
        named.split(',').filter_map(|major| major.parse().ok()).collect()
    })
}

/// One server for all cells of a version, one after the other; each leaves it as it was.
fn one_version(major: u32) -> Vec<Cell> {
    let Some(server) = Postgres::start_with(PostgresOptions::new().major(major)) else {
        return Vec::new();
    };
    let mut cells = Vec::new();
    for admin in Admin::ALL.into_iter().filter(|admin| admin.exists_in(major)) {
        for state in State::ALL {
            cells.push(cell::play(&server, admin, state));
        }
    }
    cells
}
