//! `remove` takes away what `setup` gave: by the same engine, in the other order, and never what Stitch loaded.

mod account;
mod lines;
mod role;
