//! What a run may do.

/// Whether the run may change anything. In [`Access::ReadOnly`] the server itself enforces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// `plan`, `check`: every admin connection has `default_transaction_read_only = on`.
    ReadOnly,
    /// `setup`.
    ReadWrite,
}
