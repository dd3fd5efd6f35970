//! The test bed: real PostgreSQL servers, real SSH servers and networks, made and thrown away by the tests.
//!
//! Every integration test crate includes this module and uses a part of it:
//!
//! ```ignore
//! #[path = "../support/mod.rs"]
//! mod support;
//! ```
//!
//! What takes long to make comes from a cache that `tests/bed/prepare.sh` fills. A test whose part of the
//! cache is missing, or that needs root and has it not, is skipped with a line that says so; where the
//! environment has `CI=true` it fails instead, so that nothing is left out unnoticed.
//!
//! Start programs through this module ([`process::spawn`], [`process::finish`], [`program::Program`]), not with
//! [`std::process::Command::spawn`]: see [`process`] for the reason.

// Each test crate compiles this module anew and uses a part of it; `expect` would fail where all of it is used.
#![allow(dead_code)]
// A test crate has no users: `pub` says what the tests may use of this module.
#![allow(unreachable_pub)]
// PostgreSQL, BusyBox and the like are names, not code.
#![allow(clippy::doc_markdown)]
// For the same reason: the crates use different ones of these names.
#![allow(unused_imports)]
// Tests start servers and read their own switches; the ban is for the program.
#![allow(clippy::disallowed_methods)]

pub mod bouncer;
pub mod cache;
pub mod certificates;
pub mod golden;
pub mod json;
pub mod keys;
pub mod postgres;
pub mod process;
pub mod program;
pub mod proxy;
pub mod rng;
pub mod sshd;
pub mod terminal;
pub mod wizard;
pub mod words;
pub mod world;

pub use bouncer::PgBouncer;
pub use cache::Need;
pub use certificates::Certificates;
pub use keys::SshKey;
pub use postgres::{Postgres, PostgresOptions, majors};
pub use process::{Output, Running, finish, run, spawn};
pub use program::{Program, STITCH_PG, stitch_pg};
pub use proxy::{CountingProxy, Counts, Endpoint, Fault, Side, way_out};
pub use sshd::{Bastion, BastionOptions, Kind, Server};
pub use terminal::Terminal;
pub use world::{Host, Place, World, world};
