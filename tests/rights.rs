//! The matrix of rights: every server version × every kind of admin × every starting state, on real servers. What `plan`
//! says can be done, `setup` does; what it says cannot, fails with the predicted cause when the same login tries it by
//! hand; what was advised for others to run is enough; a refused run changes nothing; and nothing ends as a failure.
//! docs/rights.md is printed from it.

pub(crate) mod admins;
mod cell;
mod hand;
mod page;
pub(crate) mod states;

use std::sync::{Mutex, PoisonError};

use crate::support::{Postgres, PostgresOptions};
use admins::Admin;
use cell::Cell;
use states::State;

/// The versions of the promise; one that is missing is a skip with a notice, and a failure in CI.
const MAJORS: [u32; 6] = [13, 14, 15, 16, 17, 18];

/// What all tests of a run have played so far: the page shows the versions next to each other.
static PLAYED: Mutex<Vec<Cell>> = Mutex::new(Vec::new());

#[test]
fn the_matrix_on_13() {
    the_matrix(13);
}

#[test]
fn the_matrix_on_14() {
    the_matrix(14);
}

#[test]
fn the_matrix_on_15() {
    the_matrix(15);
}

#[test]
fn the_matrix_on_16() {
    the_matrix(16);
}

#[test]
fn the_matrix_on_17() {
    the_matrix(17);
}

#[test]
fn the_matrix_on_18() {
    the_matrix(18);
}

fn the_matrix(major: u32) {
    let mut cells = one_version(major);
    let broken: Vec<String> = cells.iter_mut().flat_map(|cell| cell.broken.drain(..)).collect();
    assert!(
        broken.is_empty(),
        "{} promises of {} cells are broken:\n{}",
        broken.len(),
        cells.len(),
        broken.join("\n\n")
    );
    let mut played = PLAYED.lock().unwrap_or_else(PoisonError::into_inner);
    played.extend(cells);
    let has = |major: &u32| played.iter().any(|cell| cell.major == *major);
    // Whichever comes last has all that the page shows.
    if MAJORS.iter().all(has) {
        page::compare(&page::text(&played));
    }
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
