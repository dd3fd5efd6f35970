//! The only writer, and the temporary key that it installs for a proof.

use anyhow::Result;

use super::access::Access;
use super::reader::Reader;
use crate::ask::Asker;
use crate::public_key::PublicKey;
use crate::settings::{BastionSettings, Settings};
use crate::shell::Expiry;
use crate::statement::Statement;
use crate::world::failure::Failure;
use crate::world::ssh::capability::Capability;

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

/// What a step proves with: it reads, and installs a temporary key that it removes again.
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

/// What came of it.
#[derive(Debug)]
pub(crate) struct TunnelProof {
    /// How far it went.
    pub(crate) outcome: Result<(), Failure>,
    /// What the server granted although the key's options should refuse it.
    pub(crate) granted: Vec<Capability>,
    /// What it refused, as it should.
    pub(crate) refused: Vec<Capability>,
    /// Whether the server would have ended the key by itself.
    pub(crate) expiry: Expiry,
    /// Why the key could not be taken out again.
    pub(crate) left_behind: Option<String>,
}

/// A key in Stitch's file that is ours to take out.
pub(super) struct LentKey {
    pub(super) removal: Statement,
    pub(super) state: Lent,
}

/// How far the script that installs the temporary key came.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lent {
    /// It was sent; whether it ended is not known.
    Asked,
    There,
}
