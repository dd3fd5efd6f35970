//! *Cure* tests: one thing is broken by name on a real server, `check` sees it, `setup` fixes it (or names who can),
//! `check` is ready, and a second `setup` changes nothing.

mod adopt;
mod allowlist;
mod ci;
mod connection;
mod database;
mod event_triggers;
mod full_disk;
mod hands_off;
mod impact;
mod in_force;
mod kinds;
mod loads;
mod locks;
mod obstacles;
mod outcomes;
mod ownership;
mod parameters;
mod password;
mod peers;
mod printed;
mod provider;
mod readers;
pub(crate) mod registration;
mod remove;
mod role;
mod role_settings;
mod rotate;
mod scale;
mod script;
mod set_role;
mod sheet;
mod signs;
pub(crate) mod ssh_user;
mod traps;
mod undo;
