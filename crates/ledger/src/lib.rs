//! A Merkle log: append, tiles, proofs, checkpoints, cosignatures; sans-IO; knows no event.
//!
//! The log is a list of opaque entries, hashed as RFC 6962 says and published as C2SP says (`tlog-tiles`,
//! `tlog-checkpoint`, `signed-note`, `tlog-cosignature`), so that any standard client can follow it.
//!
//! - Who appends keeps a [`Frontier`]: the right edge of the tree, O(log n) hashes.
//! - Who publishes writes [tiles](TileId) and [entry bundles](BundleId), and signs a [`Checkpoint`].
//! - Who doubts opens a [`SignedCheckpoint`], and asks for proofs ([`verify_inclusion`], [`verify_consistency`]).
//! - Who attests adds a cosignature to it ([`SignedCheckpoint::cosign`]).
//!
//! Invariant: nothing in here reads a clock, rolls a die, touches a disk or a socket, or waits. Tiles are read
//! through the [`Tiles`] trait, and time is an argument.

mod bundle;
mod checkpoint;
mod decimal;
mod frontier;
mod hash;
mod key;
mod note;
mod proof;
mod prove;
mod signed;
mod tile;

pub use bundle::{BUNDLE_BYTES_MAX, BundleError, ENTRY_BYTES_MAX, decode_bundle, encode_bundle};
pub use checkpoint::{Checkpoint, CheckpointError, Head, SIZE_MAX};
pub use frontier::{FRONTIER_BYTES_MAX, Frontier, FrontierError, Node};
pub use hash::{Hash, HashError, leaf_hash, node_hash};
pub use key::{
    CosignerKey, KEY_NAME_BYTES_MAX, KeyError, KeyId, KeyName, KeyNameError, NoteKey, TYPE_COSIGNATURE_V1,
    TYPE_ED25519, VerifierKey,
};
pub use note::{NOTE_BYTES_MAX, Note, NoteError, NoteSignature, SIGNATURES_MAX, VerifyError, sign_note};
pub use proof::{ProofError, verify_consistency, verify_inclusion};
pub use prove::{Tiles, TilesError, prove_consistency, prove_inclusion, read_frontier};
pub use signed::{CosignError, OpenError, SignedCheckpoint};
pub use tile::{
    BundleId, TILE_WIDTH, TileError, TileId, TilePath, TilePathError, decode_tile, encode_tile, full_tiles,
    partial_bundle, partial_tiles,
};
