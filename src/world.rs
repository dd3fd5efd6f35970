//! The outside: PostgreSQL, the SSH server and Stitch's API. Steps have the [`Reader`]; the [`Writer`] is the runner's alone, and
//! its [`Prover`] writes nothing but a temporary key, which it removes again.

mod access;
mod apply;
mod certificate;
mod database_handle;
mod detect_protocol;
mod failure;
mod hba;
pub(crate) mod host;
mod intermediary;
pub(crate) mod known_hosts;
mod login;
mod login_observer;
mod open;
mod pager;
mod postgres;
mod probe;
mod proof;
mod reader;
mod server_error;
mod shared_ssh_login;
mod ssh;
mod ssh_program;
pub(crate) mod stitch_api;
pub(crate) mod test_load;
mod tls;
mod tunnel;
mod wire;
mod writer;

pub(crate) use access::Access;
pub(crate) use apply::{AnotherRun, Applied};
pub(crate) use certificate::Fault;
pub(crate) use database_handle::{DatabaseHandle, Target};
pub(crate) use failure::{Failure, Layer, Stage};
pub(crate) use hba::{Read as HbaRead, beside};
pub(crate) use intermediary::{Intermediary, SeenConnection, seen_connection};
pub(crate) use login::{Offer, Other, Session};
pub(crate) use pager::{opened, paged};
pub(crate) use postgres::ask;
pub(crate) use probe::{Unreachable, probe};
pub(crate) use reader::Reader;
pub(crate) use server_error::pool_is_full;
pub(crate) use ssh::SshLayer;
pub(crate) use ssh::capability::Capability;
pub(crate) use writer::{Prover, TunnelProof, Writer};
