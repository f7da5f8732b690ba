//! People's own phones in a change file: what their registration gave, read back; and written, for whoever signs it.

use crate::file::{ChangeFile, FileError};
use crate::own_keys::passkey;
use crate::plan::Planner;
use crate::read;
use lockward_model::{CredentialId, Passkey, PersonId};
use lockward_wire::credential::phone;

/// The record of a change file that gives a phone to a person.
#[must_use]
pub fn phone_record(id: CredentialId, person: PersonId, passkey: &Passkey) -> String {
    let hex = |bytes: &[u8]| lockward_wire::hex(bytes).to_string();
    // Ids and hex need no escaping, and an origin is of visible ASCII.
    let origin = passkey.origin.replace(['\\', '"'], "");
    let (id_of_key, key) = (hex(&passkey.id), hex(&passkey.key));
    format!(
        "[[phone]]\nid = \"{id}\"\nperson = \"{person}\"\npasskey = \"{id_of_key}\"\nkey = \"{key}\"\norigin = \"{origin}\"\n"
    )
}

impl Planner<'_> {
    pub(super) fn phones(&mut self, file: &ChangeFile) -> Result<(), FileError> {
        for record in &file.phone {
            let (span, given) = (record.span(), record.get_ref());
            let id: CredentialId = self.read("phone", span.clone(), read::key("id", &given.id))?;
            let passkey = passkey(&given.passkey, &given.key, &given.origin);
            let passkey = self.read("phone", span.clone(), passkey)?;
            self.credential("phone", span, id, &given.person, phone(passkey))?;
        }
        Ok(())
    }
}
