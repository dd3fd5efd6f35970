//! What stands in front of PostgreSQL, between its makers' manual and people's servers: each real program gets a right verdict,
//! and a next step that works.

mod advice;
mod between;
mod loaders;
mod patroni;
mod rules;
mod scripts;
mod standbys;
