//! What stands in front of PostgreSQL, configured as its manual or as administrators have it: each real program gets a right
//! verdict, and a next step that works.

mod advice;
mod between;
mod loaders;
mod patroni;
mod rules;
mod scripts;
mod standbys;
