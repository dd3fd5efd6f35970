//! `remove` removes what `setup` made, in the reverse order, and never what Stitch loaded.

mod account;
mod lines;
mod role;
