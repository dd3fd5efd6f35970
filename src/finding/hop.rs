//! A place on the way from Stitch to its role in the database.

/// A hop, in the order in which a connection of Stitch's passes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hop {
    /// From Stitch's addresses to the first host: the SSH server, or without one the database.
    First,
    /// Into the SSH server as Stitch's user.
    SshLogin,
    /// From the SSH server to the database's port.
    Forward,
    /// The hop that ends at the database's port: the forward, or without an SSH server the first one.
    ToDatabase,
    /// Into the database as Stitch's role.
    Login,
}
