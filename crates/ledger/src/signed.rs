//! A checkpoint that its log has vouched for, as a value, and the cosignatures on it (C2SP tlog-cosignature).

use std::fmt;

use aws_lc_rs::signature::Ed25519KeyPair;

use crate::checkpoint::{Checkpoint, CheckpointError, Head};
use crate::key::{CosignerKey, KeyName, VerifierKey};
use crate::note::{Note, NoteError, NoteSignature, VerifyError, sign_note};

/// The latest time of a cosignature, in seconds since 1970: "MUST NOT exceed 2^63 - 1".
const TIME_MAX: u64 = i64::MAX as u64;

/// A checkpoint with its log's signature, which was checked when this value was made.
///
/// INVARIANT: the note's text is the checkpoint's, and carries a signature of a key whose name is the origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

/// Why bytes are not a checkpoint of the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Not a note at all.
    #[error("the checkpoint is not a signed note")]
    Note(#[source] NoteError),
    /// The log has not signed it.
    #[error("the checkpoint is not signed by the log")]
    Signature(#[source] VerifyError),
    /// The log signed something that is not a checkpoint.
    #[error("the signed note is not a checkpoint")]
    Text(#[source] CheckpointError),
    /// The log's key signed for another log.
    #[error("the checkpoint is of log `{found}`, not of `{expected}`")]
    Origin {
        /// The log whose key was given.
        expected: KeyName,
        /// The log that the checkpoint names.
        found: KeyName,
    },
}

/// Why a cosignature cannot be made or taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CosignError {
    /// No clock says this.
    #[error("a cosignature's time is at most {TIME_MAX} seconds, not {found}")]
    Time {
        /// The time given.
        found: u64,
    },
    /// The signature is another key's, or a bad one.
    #[error("the cosignature is not one of `{name}` on this checkpoint")]
    Signature {
        /// The cosigner it was said to be from.
        name: KeyName,
    },
    /// The note has no room.
    #[error("the checkpoint takes no further cosignature")]
    Full(#[source] NoteError),
}

impl SignedCheckpoint {
    /// Signs a checkpoint as the log it names. Only fails when the extensions are longer than a note.
    pub fn sign(checkpoint: Checkpoint, log: &Ed25519KeyPair) -> Result<Self, NoteError> {
        let text = checkpoint.to_string();
        let signature = sign_note(checkpoint.origin().clone(), log, &text);
        Ok(Self { checkpoint, note: Note::new(text, signature)? })
    }

    /// Reads a checkpoint, and refuses what `log` has not signed.
    pub fn open(bytes: &[u8], log: &VerifierKey) -> Result<Self, OpenError> {
        let note = Note::parse(bytes).map_err(OpenError::Note)?;
        // The text means nothing until its signature holds.
        log.verify(&note).map_err(OpenError::Signature)?;
        let checkpoint: Checkpoint = note.text().parse().map_err(OpenError::Text)?;
        if checkpoint.origin() != log.name() {
            let found = checkpoint.origin().clone();
            return Err(OpenError::Origin { expected: log.name().clone(), found });
        }
        Ok(Self { checkpoint, note })
    }

    /// What the log said.
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The size and the root.
    pub const fn head(&self) -> Head {
        self.checkpoint.head()
    }

    /// The note, with signatures of keys that nobody here has checked.
    pub const fn note(&self) -> &Note {
        &self.note
    }

    /// Cosigns: states that at `time` (seconds since 1970) this is the largest head of the log that the cosigner has
    /// seen, and that it is consistent with all before. Checking that is the caller's.
    pub fn cosign(
        &self,
        name: KeyName,
        pair: &Ed25519KeyPair,
        time: u64,
    ) -> Result<NoteSignature, CosignError> {
        if time > TIME_MAX {
            return Err(CosignError::Time { found: time });
        }
        let key = CosignerKey::of_pair(name.clone(), pair);
        let signature = pair.sign(&cosigned_message(self.note.text(), time));
        // timestamped_signature: the time in 8 bytes, big-endian, and 64 bytes of Ed25519.
        let bytes = [time.to_be_bytes().as_slice(), signature.as_ref()].concat();
        Ok(NoteSignature::from_parts(name, key.id(), bytes))
    }

    /// Adds a cosignature that is good, in place of an older one of the same cosigner; gives its time.
    ///
    /// One that is not newer than what is there is left out: the time given back is that of the one kept.
    pub fn add(&mut self, cosigner: &CosignerKey, signature: NoteSignature) -> Result<u64, CosignError> {
        let refused = CosignError::Signature { name: cosigner.name().clone() };
        if !signature.is_of(cosigner.name(), cosigner.id()) {
            return Err(refused);
        }
        let Some(time) = cosigner.time_of(self.note.text(), signature.bytes()) else { return Err(refused) };
        match self.cosigned(cosigner) {
            Ok(kept) if kept >= time => Ok(kept),
            _ => self.note.put(signature).map(|()| time).map_err(CosignError::Full),
        }
    }

    /// When `cosigner` cosigned, in seconds since 1970; its newest statement, if there are several.
    pub fn cosigned(&self, cosigner: &CosignerKey) -> Result<u64, VerifyError> {
        cosigner.check_each(&self.note, |signature| cosigner.time_of(self.note.text(), signature))
    }
}

/// The note, as it is served at `<prefix>/checkpoint`.
impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}

impl CosignerKey {
    /// The time in a timestamped signature, if the signature is good.
    fn time_of(&self, text: &str, bytes: &[u8]) -> Option<u64> {
        let (time, signature) = bytes.split_first_chunk()?;
        let time = u64::from_be_bytes(*time);
        (time <= TIME_MAX && self.accepts(&cosigned_message(text, time), signature)).then_some(time)
    }
}

fn cosigned_message(text: &str, time: u64) -> Vec<u8> {
    format!("cosignature/v1\ntime {time}\n{text}").into_bytes()
}
