//! What a passkey and this hub say to each other: to register one, and to prove that it is there.
//!
//! The library judges the browser's answer, and so does the lock's own verification: nothing signs in here that no lock
//! would take a signature from. Counters are the store's, who is who is the config log's.

use crate::attempts::block;
use crate::logs::sha256;
use crate::origin::Origin;
use crate::waits::Waits;
use aws_lc_rs::hmac;
use core::time::Duration;
use lockward_model::{Digest, Mono, Operator, OperatorId, Passkey, SigningKey, SiteId};
use lockward_site::Site;
use lockward_wire::config::Assertion;
use serde_json::Value;
use std::net::IpAddr;
use tracing::debug;
use webauthn_rs::prelude::{
    COSEAlgorithm, COSEEC2Key, COSEKey, COSEKeyType, Credential, DiscoverableAuthentication, ECDSACurve,
    PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Url, Uuid, Webauthn,
    WebauthnBuilder,
};
use webauthn_rs_core::proto::{
    AllowCredentials, AttestationFormat, ParsedAttestation, RegisteredExtensions, ResidentKeyRequirement,
    UserVerificationPolicy,
};

/// How long a ceremony waits for a person to find the key and touch it.
pub(crate) const CEREMONY_LIFE: Duration = Duration::from_secs(120);
/// Ceremonies of one address that wait; the oldest gives way.
const OF_ONE_MAX: usize = 32;
/// Ceremonies that wait in all, at about a kilobyte each; the oldest gives way.
const IN_ALL_MAX: usize = 16_384;
/// Flags of the authenticator data (Web Authentication, section 6.1).
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;

/// Why a ceremony came to nothing. Whoever asked is told none of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CeremonyError {
    #[error("no such ceremony waits")]
    Unknown,
    #[error("the browser's answer can not be read")]
    Malformed,
    #[error("the library refuses")]
    Library,
    #[error("no lock would take this signature")]
    Lock,
    #[error("the key is none that a lock can check")]
    Algorithm,
    #[error("the key is another operator's")]
    Holder,
}

/// For whom a passkey is to be registered, and on whose word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Registering {
    pub(crate) operator: OperatorId,
    /// In whose place the hub puts it into the log.
    pub(crate) by: OperatorId,
    /// The link that is spent by it.
    pub(crate) link: Option<Digest>,
    /// That link is the site's first: there is nobody yet who could sign in its place.
    pub(crate) first: bool,
    /// The session that asked.
    pub(crate) session: Option<Digest>,
}

/// Of whom a passkey is asked for.
#[derive(Clone, Copy)]
pub(crate) enum Asks<'a> {
    /// Whoever has one that is found by itself.
    Anybody,
    /// This session's operator.
    Own(Digest, &'a Operator),
    /// Whoever has this name, if anybody has it.
    Named { operator: Option<&'a Operator>, name: &'a str, decoy: &'a [u8; 32] },
}

/// A question to a passkey that waits for its answer.
pub(crate) struct Asked {
    pub(crate) state: DiscoverableAuthentication,
    pub(crate) challenge: [u8; 32],
    /// The session that is to be confirmed; `None` to sign in.
    pub(crate) session: Option<Digest>,
}

/// A registration that waits for its answer.
pub(crate) struct Making {
    state: PasskeyRegistration,
    pub(crate) whose: Registering,
}

enum What {
    Asked(Box<Asked>),
    Making(Box<Making>),
}

/// Ceremonies that wait, each of one address. Each is answered once.
pub(crate) struct Ceremonies(Waits<IpAddr, What>);

impl Default for Ceremonies {
    fn default() -> Self {
        Self(Waits::new(OF_ONE_MAX, IN_ALL_MAX))
    }
}

impl Ceremonies {
    fn wait(&self, what: What, from: IpAddr, now: Mono) -> String {
        self.0.wait(what, block(from), now, CEREMONY_LIFE)
    }

    fn take(&self, name: &str, now: Mono) -> Option<What> {
        self.0.take_if(name, now, |_, _| true).map(|(what, _)| what)
    }

    pub(crate) fn asked(&self, name: &str, now: Mono) -> Result<Asked, CeremonyError> {
        match self.take(name, now) {
            Some(What::Asked(asked)) => Ok(*asked),
            _ => Err(CeremonyError::Unknown),
        }
    }

    pub(crate) fn making(&self, name: &str, now: Mono) -> Result<Making, CeremonyError> {
        match self.take(name, now) {
            Some(What::Making(making)) => Ok(*making),
            _ => Err(CeremonyError::Unknown),
        }
    }
}

/// What a browser is told to ask for, and by what name its answer comes.
pub(crate) struct Question {
    pub(crate) ceremony: String,
    pub(crate) public_key: Value,
}

/// The relying party of one origin.
pub(crate) struct Party {
    pub(crate) origin: Origin,
    pub(crate) library: Webauthn,
}

impl Party {
    /// `None` for an origin that has no host name, and for the signer's.
    pub(crate) fn new(origin: Origin) -> Option<Self> {
        // Keys of the signer's are asked by its pages alone: no hub signs anybody in at its address.
        if origin.to_string() == lockward_model::SIGNER_ORIGIN {
            return None;
        }
        let url = Url::parse(&origin.to_string()).ok()?;
        let builder = WebauthnBuilder::new(origin.host(), &url).ok()?;
        let library = builder.rp_name("Lockward").timeout(CEREMONY_LIFE).build().ok()?;
        Some(Self { origin, library })
    }

    /// Asks for any passkey that is kept for this hub; to confirm a session, for one of its operator's; or for one of whoever
    /// has a name.
    pub(crate) fn ask(
        &self,
        ceremonies: &Ceremonies,
        whose: Asks<'_>,
        from: IpAddr,
        now: Mono,
    ) -> Result<Question, CeremonyError> {
        let (mut told, state) =
            self.library.start_discoverable_authentication().map_err(|_| CeremonyError::Library)?;
        let challenge = told.public_key.challenge.clone().try_into().map_err(|_| CeremonyError::Library)?;
        let allowed = |passkey: &Passkey| AllowCredentials {
            type_: "public-key".to_owned(),
            id: passkey.id.to_vec(),
            transports: None,
        };
        told.public_key.allow_credentials = match whose {
            Asks::Anybody => Vec::new(),
            Asks::Own(_, operator) => self.passkeys(operator).map(allowed).collect(),
            Asks::Named { operator, name, decoy } => {
                let mut own: Vec<_> =
                    operator.into_iter().flat_map(|o| self.passkeys(o)).map(allowed).collect();
                // An empty list would say that nobody has that name, and ask for any key there is.
                if own.is_empty() {
                    own = made_up(name, decoy).iter().map(allowed).collect();
                }
                own
            }
        };
        // No extension is asked for: what comes back would have to be kept for ever with each signature.
        told.public_key.extensions = None;
        let public_key = serde_json::to_value(&told.public_key).map_err(|_| CeremonyError::Library)?;
        let session = match whose {
            Asks::Own(session, _) => Some(session),
            Asks::Anybody | Asks::Named { .. } => None,
        };
        let asked = What::Asked(Box::new(Asked { state, challenge, session }));
        Ok(Question { ceremony: ceremonies.wait(asked, from, now), public_key })
    }

    /// Whether an operator has a passkey that serves here.
    pub(crate) fn knows(&self, operator: &Operator) -> bool {
        self.passkeys(operator).next().is_some()
    }

    fn passkeys<'a>(&'a self, operator: &'a Operator) -> impl Iterator<Item = &'a Passkey> {
        let origin = self.origin.to_string();
        passkeys(operator).filter(move |p| *p.origin == *origin)
    }

    /// Judges an answer: whose passkey it is, which, and how far its counter has come.
    pub(crate) fn answered<'a>(
        &self,
        asked: &Asked,
        credential: &Value,
        site: &'a Site,
    ) -> Result<(OperatorId, &'a Passkey, u32), CeremonyError> {
        let said = read::<PublicKeyCredential>(credential)?;
        let mut all = site.operators().flat_map(|o| passkeys(o).map(move |p| (o.id, p)));
        let found = all.find(|(_, p)| *p.id == *said.raw_id);
        // Whoever shows an unknown key waits as long as whoever shows a known one that fails.
        let nobody = decoy(&self.origin, &said.raw_id);
        let (holder, passkey) = found.map_or((None, &nobody), |(id, passkey)| (Some(id), passkey));
        let judged = self.judge(asked, &said, passkey);
        let (Some(operator), Some((_, passkey))) = (holder, found) else { return Err(CeremonyError::Holder) };
        if said.response.user_handle.as_deref().is_some_and(|h| h != handle(&site.id(), operator).as_bytes())
        {
            return Err(CeremonyError::Holder);
        }
        Ok((operator, passkey, judged?))
    }

    pub(crate) fn judge(
        &self,
        asked: &Asked,
        said: &PublicKeyCredential,
        passkey: &Passkey,
    ) -> Result<u32, CeremonyError> {
        let response = &said.response;
        let lock = assertion(said).verify(passkey, &asked.challenge);
        let flags = response.authenticator_data.get(32).copied().unwrap_or_default();
        let library = self.library.finish_discoverable_authentication_v2(
            said,
            asked.state.clone(),
            known_to_library(passkey, flags),
        );
        match (library, lock) {
            (Ok(result), Ok(())) => Ok(result.counter()),
            (Err(error), _) => {
                debug!(%error, "a passkey's answer is refused");
                Err(CeremonyError::Library)
            }
            (_, Err(error)) => {
                debug!(%error, "a passkey's answer is refused");
                Err(CeremonyError::Lock)
            }
        }
    }

    /// Asks for a new passkey for an operator.
    pub(crate) fn make(
        &self,
        ceremonies: &Ceremonies,
        site: &SiteId,
        operator: &Operator,
        whose: Registering,
        from: IpAddr,
        now: Mono,
    ) -> Result<Question, CeremonyError> {
        let held = passkeys(operator).map(|p| p.id.to_vec()).collect();
        let (mut told, state) = self
            .library
            .start_passkey_registration(
                handle(site, operator.id),
                operator.id.as_str(),
                operator.title.as_str(),
                Some(held),
            )
            .map_err(|_| CeremonyError::Library)?;
        let options = &mut told.public_key;
        // What signs for the locks is ES256; and it is found by itself where it can be, so that nobody has to say who is
        // signing in. A key that can not is asked for by its holder's name.
        options.pub_key_cred_params.retain(|p| p.alg == COSEAlgorithm::ES256 as i64);
        if let Some(wanted) = &mut options.authenticator_selection {
            wanted.resident_key = Some(ResidentKeyRequirement::Preferred);
            wanted.require_resident_key = false;
        }
        let public_key = serde_json::to_value(&*options).map_err(|_| CeremonyError::Library)?;
        let making = What::Making(Box::new(Making { state, whose }));
        Ok(Question { ceremony: ceremonies.wait(making, from, now), public_key })
    }

    /// Judges a registration: the passkey as it goes into the config log.
    pub(crate) fn made(&self, making: &Making, credential: &Value) -> Result<Passkey, CeremonyError> {
        self.registered(&making.state, credential)
    }

    /// The same of any registration.
    pub(crate) fn registered(
        &self,
        state: &PasskeyRegistration,
        credential: &Value,
    ) -> Result<Passkey, CeremonyError> {
        let said: RegisterPublicKeyCredential = read(credential)?;
        let made = self.library.finish_passkey_registration(&said, state).map_err(|error| {
            debug!(%error, "a registration is refused");
            CeremonyError::Library
        })?;
        let COSEKeyType::EC_EC2(COSEEC2Key { curve: ECDSACurve::SECP256R1, x, y }) =
            &made.get_public_key().key
        else {
            return Err(CeremonyError::Algorithm);
        };
        let point = [&[4], x.as_slice(), y.as_slice()].concat();
        let key = point.try_into().map_err(|_| CeremonyError::Algorithm)?;
        let (rp, origin) = (self.origin.host().into(), self.origin.to_string().into());
        let passkey = Passkey { id: made.cred_id().as_slice().into(), key, rp, origin };
        if passkey.is_sound() { Ok(passkey) } else { Err(CeremonyError::Algorithm) }
    }
}

/// Which credential answered, and with what: for what a lock will judge, and the library has no part in.
pub(crate) fn answered_by(credential: &Value) -> Result<(Vec<u8>, Assertion), CeremonyError> {
    let said: PublicKeyCredential = read(credential)?;
    let assertion = assertion(&said);
    Ok((said.raw_id, assertion))
}

fn assertion(said: &PublicKeyCredential) -> Assertion {
    let response = &said.response;
    Assertion {
        authenticator_data: response.authenticator_data.as_slice().into(),
        client_data: response.client_data_json.as_slice().into(),
        signature: response.signature.as_slice().into(),
    }
}

pub(crate) fn read<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, CeremonyError> {
    T::deserialize(value).map_err(|_| CeremonyError::Malformed)
}

/// An operator's passkeys, wherever they serve.
pub(crate) fn passkeys(operator: &Operator) -> impl Iterator<Item = &Passkey> {
    operator.keys.iter().filter_map(|k| match &k.key {
        SigningKey::Passkey(passkey) => Some(passkey),
        SigningKey::Ed25519(_) => None,
    })
}

/// How authenticators know an operator: always the same, and nobody's name.
fn handle(site: &SiteId, operator: OperatorId) -> Uuid {
    let digest =
        sha256(&[b"lockward user handle v1\0", site.0.as_slice(), operator.as_str().as_bytes()].concat());
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest.0).for_each(|(to, from)| *to = from);
    Uuid::from_bytes(bytes)
}

/// A passkey as the library has it. What a key may do about backups it says anew with each signature.
fn known_to_library(passkey: &Passkey, flags: u8) -> Credential {
    let (x, y) = passkey.key.split_at(33);
    let x = x.get(1..).unwrap_or_default();
    Credential {
        cred_id: passkey.id.to_vec(),
        cred: COSEKey {
            type_: COSEAlgorithm::ES256,
            key: COSEKeyType::EC_EC2(COSEEC2Key {
                curve: ECDSACurve::SECP256R1,
                x: x.to_vec(),
                y: y.to_vec(),
            }),
        },
        // The store knows the counter.
        counter: 0,
        transports: None,
        user_verified: true,
        backup_eligible: flags & BACKUP_ELIGIBLE != 0,
        backup_state: flags & BACKED_UP != 0,
        registration_policy: UserVerificationPolicy::Required,
        extensions: RegisteredExtensions::none(),
        attestation: ParsedAttestation::default(),
        attestation_format: AttestationFormat::None,
    }
}

/// Passkeys of somebody who is not there: for a name always the same ones, as many and as long as somebody's might be.
fn made_up(name: &str, decoy: &[u8; 32]) -> Vec<Passkey> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, decoy);
    let roll = |what: &str| hmac::sign(&key, format!("{what}\0{}", name.trim().to_lowercase()).as_bytes());
    let shape = roll("shape");
    let [many, long, ..] = shape.as_ref() else { return Vec::new() };
    let bytes = [16, 20, 32, 32, 48, 64].into_iter().nth(usize::from(*long) % 6).unwrap_or(32);
    let id = |n: u8| {
        let halves = [roll(&format!("{n} low")), roll(&format!("{n} high"))];
        halves.iter().flat_map(|half| half.as_ref().to_vec()).take(bytes).collect::<Vec<u8>>()
    };
    let passkey = |n| Passkey { id: id(n).into(), key: NOBODY, rp: "".into(), origin: "".into() };
    (0..=u8::from(*many < 96)).map(passkey).collect()
}

/// The base point of P-256 (SEC 2, section 2.4.2): a key that is well formed. It proves nothing, whoever signs with it; it is
/// there to take as long.
const NOBODY: [u8; 65] = *b"\x04\
\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96\
\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16\x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5";

pub(crate) fn decoy(origin: &Origin, id: &[u8]) -> Passkey {
    Passkey { id: id.into(), key: NOBODY, rp: origin.host().into(), origin: origin.to_string().into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_many_ipv6_addresses_pushes_nobody_elses_ceremony_out() {
        let (party, ceremonies) =
            (Party::new(Origin::new(true, "hub.example", 443)).unwrap(), Ceremonies::default());
        let ask = |from: IpAddr| party.ask(&ceremonies, Asks::Anybody, from, Mono(0)).ok().unwrap().ceremony;
        let first = ask("192.0.2.1".parse().unwrap());
        (0..100_u128).for_each(|n| drop(ask(IpAddr::V6((0x2001_0db8_u128 << 96 | n).into()))));
        let next = IpAddr::V6((0x2001_0db8_u128 << 96 | 1_000).into());
        assert!(!ceremonies.0.has_room(block(next), Mono(0)));
        assert!(ceremonies.asked(&first, Mono(0)).is_ok());
    }
}
