//! What gave an address, for advice.

/// What gave a host and a port, as advice names them: a flag, a variable, a line of a file, or a part of a URL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GivenBy {
    /// What gave the host.
    pub host: String,
    /// What gave the port.
    pub port: String,
}
