//! People's own phones in a change file: what their registration gave, read back; and written, for whoever signs it.

use crate::file::{ChangeFile, FileError, Phone};
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

fn passkey(given: &Phone) -> Result<Passkey, String> {
    let key = lockward_wire::unhex::<65>(&given.key)
        .ok_or("`key`: give the phone's public key, 130 hex digits that begin with 04".to_owned())?;
    let id = bytes(&given.passkey)
        .ok_or("`passkey`: give the credential id that its registration gave, in hex".to_owned())?;
    let rest = given.origin.split_once("://").map_or("", |(_, rest)| rest);
    let rp = rest.split([':', '/']).next().unwrap_or_default();
    let passkey = Passkey { id: id.into(), key: *key, rp: rp.into(), origin: given.origin.as_str().into() };
    let wrong =
        "`origin`: give the address at which the phone was registered, such as `https://hub.example.org`";
    if passkey.is_sound() { Ok(passkey) } else { Err(wrong.into()) }
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = hex.chars().map(|c| c.to_digit(16)).collect();
    let (pairs, rest) = digits.as_deref()?.as_chunks::<2>();
    let one = |[high, low]: &[u32; 2]| u8::try_from(high << 4 | low).ok();
    if rest.is_empty() { pairs.iter().map(one).collect() } else { None }
}

impl Planner<'_> {
    pub(super) fn phones(&mut self, file: &ChangeFile) -> Result<(), FileError> {
        for record in &file.phone {
            let (span, given) = (record.span(), record.get_ref());
            let id: CredentialId = self.read("phone", span.clone(), read::key("id", &given.id))?;
            let passkey = self.read("phone", span.clone(), passkey(given))?;
            self.credential("phone", span, id, &given.person, phone(passkey))?;
        }
        Ok(())
    }
}
