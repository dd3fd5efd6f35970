//! The outside: PostgreSQL, the SSH server and Stitch's API. Steps have the [`Reader`]; the [`Writer`] is the runner's alone,
//! and its [`Prover`] writes nothing but what it takes back.

mod apply;
mod dial;
mod failure;
mod gateway;
mod hba;
mod hba_read;
pub(crate) mod host;
mod knock;
pub(crate) mod known_hosts;
mod open;
mod peer;
mod place;
mod pooler;
mod postgres;
mod proof;
mod reader;
mod refusal;
pub(crate) mod rehearsal;
mod ssh;
pub(crate) mod stitch_api;
mod tap;
mod tls;
mod tunnel;
mod wire;
mod writer;

pub(crate) use apply::AnotherRun;
pub use apply::Applied;
pub(crate) use dial::{Offer, Other, Session};
pub(crate) use failure::{Failure, Layer, Stage};
pub(crate) use hba_read::{Read as HbaRead, beside};
pub(crate) use knock::{Closed, knock};
pub(crate) use place::{On, Place};
pub(crate) use pooler::Pooler;
pub(crate) use postgres::ask;
pub(crate) use proof::Proof;
pub use reader::{Access, Reader};
pub(crate) use ssh::{SshLayer, Wish};
pub(crate) use tls::Fault;
pub(crate) use writer::Prover;
pub use writer::Writer;
