//! What a change file is read with, and this room may not have of its own: a site's keys, and chance.

use lockward_model::PersonId;
use lockward_wire::seal::PersonAttributes;
use lockward_wire::{CardKey, PinPepper};

/// A site's keys, as far as a change file needs them, and chance.
pub trait Keyring {
    /// Turns card numbers into tokens.
    fn card(&self) -> &CardKey;
    /// Is mixed into every hash of a PIN.
    fn pepper(&self) -> &PinPepper;
    /// Opens a person's attributes; `None` where there are none, or their key was destroyed.
    fn open_person(&self, person: PersonId, sealed: &[u8]) -> Option<PersonAttributes>;
    /// Fills `bytes` with chance that no key is too good for.
    fn chance(&self, bytes: &mut [u8]);
}

/// Bytes of chance.
pub(crate) fn roll<const N: usize>(keyring: &dyn Keyring) -> [u8; N] {
    let mut bytes = [0; N];
    keyring.chance(&mut bytes);
    bytes
}
