//! A phone and this hub: to register one for a person, and to prove that it is there.
//!
//! As for operators, library and lock must both agree. The authenticator must verify its user, and keep the key by itself: nobody
//! types who they are.

use crate::ceremony::{Asked, CeremonyError, Party, decoy, read};
use crate::logs::sha256;
use lockward_model::{CardToken, PersonId, SiteId};
use lockward_site::Site;
use serde_json::Value;
use webauthn_rs::prelude::{COSEAlgorithm, PasskeyRegistration, PublicKeyCredential, Uuid};
use webauthn_rs_core::proto::ResidentKeyRequirement;

/// A phone that has answered.
pub(crate) struct Answered {
    pub(crate) phone: CardToken,
    /// By what its counter is kept: a hash of its credential id.
    pub(crate) id: lockward_model::Digest,
    pub(crate) count: u32,
}

impl Party {
    /// Asks for any phone that is kept for this hub.
    pub(crate) fn ask_phone(&self) -> Result<(Value, Asked), CeremonyError> {
        let (mut told, state) =
            self.library.start_discoverable_authentication().map_err(|_| CeremonyError::Library)?;
        let challenge = told.public_key.challenge.clone().try_into().map_err(|_| CeremonyError::Library)?;
        told.public_key.extensions = None;
        let public_key = serde_json::to_value(&told.public_key).map_err(|_| CeremonyError::Library)?;
        Ok((public_key, Asked { state, challenge, session: None }))
    }

    /// Judges an answer: which phone it is. Whether that still counts is for the caller to ask the site.
    pub(crate) fn phone_answered(
        &self,
        asked: &Asked,
        credential: &Value,
        site: &Site,
    ) -> Result<Answered, CeremonyError> {
        let said = read::<PublicKeyCredential>(credential)?;
        let phone = site.phone_with(&said.raw_id);
        let known = phone.and_then(|phone| site.phone_key(phone));
        // Whoever shows an unknown key waits as long as whoever shows a known one that fails.
        let nobody = decoy(&self.origin, &said.raw_id);
        let judged = self.judge(asked, &said, known.unwrap_or(&nobody));
        let (Some(phone), Some(_)) = (phone, known) else { return Err(CeremonyError::Holder) };
        let person = site.holder_of(phone).ok_or(CeremonyError::Holder)?;
        let own = |h: &[u8]| h == handle(&site.id(), person).as_bytes();
        if said.response.user_handle.as_deref().is_some_and(|h| !own(h)) {
            return Err(CeremonyError::Holder);
        }
        // Kept apart from operators' keys, whatever names there are: nobody's phone says how far theirs have counted.
        let id = sha256(&[b"lockward phone counter v1\0", said.raw_id.as_slice()].concat());
        Ok(Answered { phone, id, count: judged? })
    }

    /// Asks for a new key of a person's phone. What the phone shows for it is the site's name: no name of a person's leaves
    /// the hub.
    pub(crate) fn make_phone(
        &self,
        site: &Site,
        person: PersonId,
    ) -> Result<(Value, PasskeyRegistration), CeremonyError> {
        let phones = site.credentials_of(person).into_iter().filter_map(|c| c.proof.token());
        let held = phones.filter_map(|token| Some(site.phone_key(token)?.id.to_vec())).collect();
        let title = site.founding().title.as_str();
        let (mut told, state) = self
            .library
            .start_passkey_registration(handle(&site.id(), person), "My doors", title, Some(held))
            .map_err(|_| CeremonyError::Library)?;
        let options = &mut told.public_key;
        options.pub_key_cred_params.retain(|p| p.alg == COSEAlgorithm::ES256 as i64);
        if let Some(wanted) = &mut options.authenticator_selection {
            wanted.resident_key = Some(ResidentKeyRequirement::Required);
            wanted.require_resident_key = true;
        }
        let public_key = serde_json::to_value(&*options).map_err(|_| CeremonyError::Library)?;
        Ok((public_key, state))
    }
}

/// How phones know their holder: always the same, nobody's name, and no operator's either.
fn handle(site: &SiteId, person: PersonId) -> Uuid {
    let digest =
        sha256(&[b"lockward phone handle v1\0", site.0.as_slice(), person.as_str().as_bytes()].concat());
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest.0).for_each(|(to, from)| *to = from);
    Uuid::from_bytes(bytes)
}
