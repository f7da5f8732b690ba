//! Change sets that wait for a person's signature: fixed bytes first, then the touch, then the log.

use super::{ChangeError, Office};
use crate::dice;
use aws_lc_rs::signature::Ed25519KeyPair;
use lockward_draft::Keyring;
use lockward_model::{Change, ChangeSet, OperatorId, Passkey, PersonId, Text};
use lockward_site::Wants;
use lockward_wire::config::{Assertion, Envelope, PayloadType, encode_changes};
use lockward_wire::seal::PersonAttributes;
use lockward_wire::{CardKey, PinPepper};

/// A change set whose bytes are fixed, with the signatures that it has so far.
#[derive(Debug, Clone)]
pub struct ChangeDraft {
    set: ChangeSet,
    envelope: Envelope,
}

impl ChangeDraft {
    /// What it says.
    #[must_use]
    pub fn set(&self) -> &ChangeSet {
        &self.set
    }

    /// What is signed ([`Envelope::message`]).
    #[must_use]
    pub fn message(&self) -> Vec<u8> {
        self.envelope.message()
    }

    /// Adds the signature of a key in a file.
    ///
    /// # Errors
    /// [`ChangeError::Encode`].
    pub fn sign_with_key(&mut self, key: &Ed25519KeyPair) -> Result<(), ChangeError> {
        Ok(self.envelope.sign(key)?)
    }

    /// Adds a passkey's signature.
    ///
    /// # Errors
    /// [`ChangeError::Encode`], if it does not hold.
    pub fn sign(&mut self, passkey: &Passkey, assertion: Assertion) -> Result<(), ChangeError> {
        Ok(self.envelope.sign_with(passkey, assertion)?)
    }
}

impl Keyring for Office {
    fn card(&self) -> &CardKey {
        self.keys().card()
    }
    fn pepper(&self) -> &PinPepper {
        self.keys().pepper()
    }
    fn open_person(&self, person: PersonId, sealed: &[u8]) -> Option<PersonAttributes> {
        Office::open_person(self, person, sealed)
    }
    fn chance(&self, bytes: &mut [u8]) {
        dice::fill(bytes);
    }
}

impl Office {
    /// What changes would want beyond this operator's own signature.
    ///
    /// # Errors
    /// [`ChangeError::Refused`], if no signature of this operator's is enough.
    pub fn wants(&self, changes: &[Change], operator: OperatorId) -> Result<Wants, ChangeError> {
        Ok(self.site().wants(changes, operator, self.now().wall)?)
    }

    /// Fixes the bytes of changes as the next entry of the log. Whatever is appended meanwhile makes it out of order.
    ///
    /// # Errors
    /// [`ChangeError::Encode`].
    pub fn draft(&self, changes: Vec<Change>, reason: Option<Text>) -> Result<ChangeDraft, ChangeError> {
        let (site, at, drafted) = (self.id(), self.site().size(), self.now().wall);
        let set = ChangeSet { site, at, drafted, on_behalf: None, reason, changes };
        let envelope = Envelope::new(PayloadType::ChangeSet, encode_changes(&set)?)?;
        Ok(ChangeDraft { set, envelope })
    }

    /// Puts a draft that has its signatures into the log. Returns its index.
    ///
    /// # Errors
    /// [`ChangeError`]; the site is then as it was.
    pub fn append_draft(&self, draft: &ChangeDraft) -> Result<u64, ChangeError> {
        self.append_change(&draft.envelope.to_bytes())
    }
}
