//! The test bed: real PostgreSQL servers, real SSH servers and networks, made and thrown away by the tests.
//!
//! What takes long to make comes from a cache that `tests/bed/prepare.sh` fills. A test whose part of the
//! cache is missing, or that needs root and has it not, is skipped with a line that says so; where the
//! environment has `CI=true` it fails instead, so that nothing is left out unnoticed.
//!
//! Start programs through this module ([`process::spawn`], [`process::finish`], [`program::Program`]), not with
//! [`std::process::Command::spawn`]: see [`process`] for the reason.

pub(crate) mod bouncer;
pub(crate) mod cache;
pub(crate) mod certificates;
pub(crate) mod commands;
pub(crate) mod golden;
pub(crate) mod json;
pub(crate) mod keys;
pub(crate) mod neighbours;
pub(crate) mod postgres;
pub(crate) mod process;
pub(crate) mod program;
pub(crate) mod proxy;
pub(crate) mod rng;
pub(crate) mod sshd;
pub(crate) mod statements;
pub(crate) mod terminal;
pub(crate) mod wizard;
pub(crate) mod words;
pub(crate) mod world;

pub(crate) use bouncer::PgBouncer;
pub(crate) use cache::Need;
pub(crate) use certificates::Certificates;
pub(crate) use keys::SshKey;
pub(crate) use postgres::{Postgres, PostgresOptions, majors};
pub(crate) use process::{Output, Running, finish, run, spawn};
pub(crate) use program::{Program, STITCH_PG, stitch_pg};
pub(crate) use proxy::{CountingProxy, Endpoint, Fault, Side, way_out};
pub(crate) use sshd::{Bastion, BastionOptions, Kind, Server};
pub(crate) use terminal::Terminal;
pub(crate) use world::{Host, Place, World, world};
