//! What had happened before a decision, in CBOR: only what is out of the ordinary takes room.

use super::body::PinV1;
use super::twins::twins;
use crate::CborError;
use crate::spelling::Said;
use lockward_model::{
    CardToken, CredentialId, Known, PassbackFact, PersonId, Second, ShownPass, ShownPhone, UsedCode, Wish,
};
use minicbor::bytes::{ByteArray, ByteVec};
use minicbor::{Decode, Encode};

twins! {
    PassbackV1 = PassbackFact {
        0 NotKept = PassbackFact::NotKept => PassbackFact::NotKept,
        1 Clear = PassbackFact::Clear => PassbackFact::Clear,
        2 Inside = PassbackFact::Inside => PassbackFact::Inside,
        3 TooSoon = PassbackFact::TooSoon => PassbackFact::TooSoon,
        4 Alone = PassbackFact::Alone => PassbackFact::Alone,
    }
    WishV1 = Wish {
        0 Pass = Wish::Pass => Wish::Pass,
        1 Hold = Wish::Hold => Wish::Hold,
    }
}

/// Set bits are what stands against it.
mod flag {
    pub(super) const FULL: u8 = 1;
    pub(super) const AIRLOCK_BUSY: u8 = 2;
    pub(super) const OPENINGS_SPENT: u8 = 4;
    pub(super) const WAITING: u8 = 8;
    pub(super) const FAR_AWAY: u8 = 16;
    pub(super) const RELAYED: u8 = 32;
    pub(super) const TIME_UNTRUSTED: u8 = 64;
    pub(super) const ALL: u8 = 127;
}

#[derive(Encode, Decode)]
pub(in crate::event) struct KnownV1 {
    #[n(0)]
    flags: u8,
    #[n(1)]
    passback: PassbackV1,
    #[n(2)]
    wish: WishV1,
    #[n(3)]
    signed: Option<bool>,
    #[n(4)]
    second: Option<SecondV1>,
    #[n(5)]
    pass: Option<PassV1>,
    /// Left out where no one-time code was right.
    #[n(6)]
    codes: Option<Vec<CodeV1>>,
    /// Left out where no phone asked.
    #[n(7)]
    phone: Option<PhoneV1>,
}

/// A credential and a step.
#[derive(Encode, Decode)]
struct CodeV1(#[n(0)] Said<CredentialId>, #[n(1)] u64);

#[derive(Encode, Decode)]
struct SecondV1 {
    #[n(0)]
    token: Option<ByteArray<16>>,
    #[n(1)]
    signed: Option<bool>,
    #[n(2)]
    pin: PinV1,
    #[n(3)]
    person: Option<Said<PersonId>>,
}

#[derive(Encode, Decode)]
struct PassV1 {
    #[n(0)]
    bytes: ByteVec,
    #[n(1)]
    used_up: bool,
}

#[derive(Encode, Decode)]
struct PhoneV1 {
    #[n(0)]
    envelope: ByteVec,
    #[n(1)]
    fresh: bool,
    #[n(2)]
    prompt: bool,
}

impl KnownV1 {
    /// None where nothing had happened: one spelling for one meaning.
    pub(in crate::event) fn of(known: &Known) -> Option<Self> {
        if *known == Known::default() {
            return None;
        }
        let flags = [
            (known.full, flag::FULL),
            (known.airlock_busy, flag::AIRLOCK_BUSY),
            (known.openings_spent, flag::OPENINGS_SPENT),
            (known.waiting, flag::WAITING),
            (known.far_away, flag::FAR_AWAY),
            (known.relayed, flag::RELAYED),
            (known.time_untrusted, flag::TIME_UNTRUSTED),
        ];
        let second = |s: &Second| SecondV1 {
            token: s.token.map(|t| t.0.into()),
            signed: s.signed,
            pin: (&s.pin).into(),
            person: s.person.map(Said),
        };
        let pass = |p: &ShownPass| PassV1 { bytes: p.bytes.to_vec().into(), used_up: p.used_up };
        let phone = |p: &ShownPhone| PhoneV1 {
            envelope: p.envelope.to_vec().into(),
            fresh: p.fresh,
            prompt: p.prompt,
        };
        Some(Self {
            flags: flags.into_iter().filter(|(set, _)| *set).fold(0, |all, (_, bit)| all | bit),
            passback: (&known.passback).into(),
            wish: (&known.wish).into(),
            signed: known.signed,
            second: known.second.as_deref().map(second),
            pass: known.pass.as_deref().map(pass),
            codes: (!known.codes.is_empty())
                .then(|| known.codes.iter().map(|c| CodeV1(Said(c.credential), c.step)).collect()),
            phone: known.phone.as_deref().map(phone),
        })
    }
}

impl TryFrom<KnownV1> for Known {
    type Error = CborError;
    fn try_from(k: KnownV1) -> Result<Self, CborError> {
        if k.flags & !flag::ALL != 0 {
            return Err(CborError::Unknown { what: "set of facts", number: k.flags.into() });
        }
        let set = |bit| k.flags & bit != 0;
        let second = |s: SecondV1| {
            Box::new(Second {
                token: s.token.map(|t| CardToken(t.into())),
                signed: s.signed,
                pin: s.pin.into(),
                person: s.person.map(|p| p.0),
            })
        };
        let pass = |p: PassV1| {
            let bytes: Vec<u8> = p.bytes.into();
            Box::new(ShownPass { bytes: bytes.into(), used_up: p.used_up })
        };
        let phone = |p: PhoneV1| {
            let envelope: Vec<u8> = p.envelope.into();
            Box::new(ShownPhone { envelope: envelope.into(), fresh: p.fresh, prompt: p.prompt })
        };
        Ok(Self {
            wish: k.wish.into(),
            signed: k.signed,
            passback: k.passback.into(),
            full: set(flag::FULL),
            airlock_busy: set(flag::AIRLOCK_BUSY),
            openings_spent: set(flag::OPENINGS_SPENT),
            waiting: set(flag::WAITING),
            far_away: set(flag::FAR_AWAY),
            relayed: set(flag::RELAYED),
            time_untrusted: set(flag::TIME_UNTRUSTED),
            second: k.second.map(second),
            pass: k.pass.map(pass),
            codes: codes(k.codes)?,
            phone: k.phone.map(phone),
        })
    }
}

/// Two people type at the most. An empty list would be a second spelling of none.
fn codes(codes: Option<Vec<CodeV1>>) -> Result<Vec<UsedCode>, CborError> {
    let Some(codes) = codes else { return Ok(Vec::new()) };
    if codes.is_empty() || codes.len() > 2 {
        return Err(CborError::Bounds { what: "a list of codes" });
    }
    Ok(codes
        .into_iter()
        .map(|CodeV1(credential, step)| UsedCode { credential: credential.0, step })
        .collect())
}
