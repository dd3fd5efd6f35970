//! The only writer, and what it lends for a proof.

use anyhow::Result;

use super::access::Access;
use super::reader::Reader;
use super::tunnel_proof::{LentKey, TunnelProof};
use crate::ask::Asker;
use crate::public_key::PublicKey;
use crate::settings::{BastionSettings, Settings};

/// Runs changes. Only the runner has it.
pub(crate) struct Writer {
    pub(super) reader: Reader,
    /// A key of our own in Stitch's file.
    pub(super) lent_key: Option<LentKey>,
}

impl Writer {
    /// Connects to nothing yet.
    pub(crate) fn new(settings: &Settings, access: Access, asker: Asker) -> Self {
        Self {
            reader: Reader::new(settings, access, asker),
            lent_key: None,
        }
    }

    /// What steps read from.
    pub(crate) fn reader(&mut self) -> &mut Reader {
        &mut self.reader
    }
}

/// What a step proves with: it reads, and lends a key that is taken back.
pub(crate) struct Prover<'a>(&'a mut Writer);

impl<'a> Prover<'a> {
    pub(crate) fn new(writer: &'a mut Writer) -> Self {
        Self(writer)
    }

    /// What steps read from.
    pub(crate) fn reader(&mut self) -> &mut Reader {
        self.0.reader()
    }

    /// Walks the whole way through the SSH server as Stitch will.
    pub(crate) async fn prove_tunnel(&mut self, bastion: &BastionSettings, stitchs: &PublicKey) -> Result<TunnelProof> {
        self.0.prove_tunnel(bastion, stitchs).await
    }
}
