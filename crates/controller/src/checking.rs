//! What was typed, compared with what it should be: PINs, second PINs for duress, one-time codes, PINs that stand alone.
//! Runs on a thread of its own, because that takes long on purpose (Argon2id).

use crate::words::Input;
use core::time::Duration;
use lockward_door::Asked;
use lockward_model::{
    CardToken, Credential, CredentialId, Mono, PinFact, Proof, Side, SiteId, Time, UsedCode,
};
use lockward_wire::credential::{OneTimeSecret, Pin, verify_pin};
use lockward_wire::{CardKey, PinPepper};

/// How many counted codes ahead of the last used one are tried: for buttons that were pressed in a pocket
/// (RFC 4226, 7.4).
const COUNTS_AHEAD: u8 = 10;

/// A question at a reader, on its way to an answer. Not `Clone`: it is answered once.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) door: usize,
    pub(crate) side: Side,
    pub(crate) question: u32,
    pub(crate) asked: Box<Asked>,
    /// When it was asked.
    pub(crate) since: Mono,
    /// What the hub says, if it was asked for the door's airlock: whether it is the door's.
    pub(crate) claimed: Option<bool>,
}

/// What was typed by one person, and what it is compared with.
pub(crate) struct Typed {
    pub(crate) text: Pin,
    pub(crate) against: Against,
}

pub(crate) enum Against {
    /// All that may be typed beside a card, each with the last step of a one-time code that was used.
    Beside(Vec<(Credential, Option<u64>)>),
    /// Whoever's it is.
    Nobody,
}

/// What was typed by one person turned out to be this.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) fact: PinFact,
    /// The credential that it was found to be.
    pub(crate) by: Option<Credential>,
    pub(crate) code: Option<UsedCode>,
    /// What a PIN that stands alone is found by.
    pub(crate) alone: Option<CardToken>,
}

/// What is to be compared for one question.
pub struct PinCheck {
    pub(crate) open: Open,
    pub(crate) first: Option<Typed>,
    pub(crate) second: Option<Typed>,
    pub(crate) at: Time,
    pub(crate) site: SiteId,
    pub(crate) card_key: CardKey,
    pub(crate) pepper: PinPepper,
}

/// A question, and what was typed in answer to it: for [`Input::Checked`].
pub struct Compared {
    pub(crate) open: Open,
    pub(crate) first: Option<Found>,
    pub(crate) second: Option<Found>,
}

impl Found {
    pub(crate) fn nothing(fact: PinFact) -> Self {
        Self { fact, by: None, code: None, alone: None }
    }
}

impl PinCheck {
    /// Compares; takes tens of milliseconds (Argon2id).
    #[must_use]
    pub fn run(self: Box<Self>) -> Input {
        let first = self.first.as_ref().map(|typed| self.find(typed));
        let second = self.second.as_ref().map(|typed| self.find(typed));
        Input::Checked(Box::new(Compared { open: self.open, first, second }))
    }

    fn find(&self, typed: &Typed) -> Found {
        match &typed.against {
            Against::Beside(credentials) => {
                let mut used_up = false;
                for (credential, last) in credentials {
                    let (fact, step) = self.compare(&typed.text, credential, *last);
                    match fact {
                        PinFact::Wrong => {}
                        PinFact::UsedUp => used_up = true,
                        fact => {
                            let code = step.map(|step| UsedCode { credential: credential.id, step });
                            return Found { fact, by: Some(credential.clone()), code, alone: None };
                        }
                    }
                }
                Found::nothing(if used_up { PinFact::UsedUp } else { PinFact::Wrong })
            }
            Against::Nobody => {
                let alone = Some(self.card_key.token_of_pin(&typed.text, &self.pepper));
                Found { alone, ..Found::nothing(PinFact::Wrong) }
            }
        }
    }

    fn compare(&self, typed: &Pin, credential: &Credential, last: Option<u64>) -> (PinFact, Option<u64>) {
        let right = |hash, fact| if verify_pin(hash, typed, &self.pepper) { fact } else { PinFact::Wrong };
        match &credential.proof {
            Proof::Pin(hash) => (right(hash, PinFact::Right), None),
            Proof::Duress(hash) => (right(hash, PinFact::Duress), None),
            Proof::Totp(sealed) => self.one_time(credential.id, &sealed.0, |secret| {
                let code = typed.as_str();
                match secret.verify_at(code, self.at, last) {
                    Some(step) => (PinFact::OneTime, Some(step)),
                    None if secret.verify_at(code, self.at, None).is_some() => (PinFact::UsedUp, None),
                    None => (PinFact::Wrong, None),
                }
            }),
            Proof::Hotp(sealed) => self.one_time(credential.id, &sealed.0, |secret| {
                let code = typed.as_str();
                let next = last.map_or(0, |last| last.saturating_add(1));
                match secret.verify_count(code, next, COUNTS_AHEAD) {
                    Some(step) => (PinFact::OneTime, Some(step)),
                    // Of those that have served, the last is told apart: whoever types it is told to press again.
                    None if last.is_some_and(|last| secret.verify_count(code, last, 0).is_some()) => {
                        (PinFact::UsedUp, None)
                    }
                    None => (PinFact::Wrong, None),
                }
            }),
            Proof::Card(_) | Proof::Key { .. } | Proof::PinOnly { .. } | Proof::Phone { .. } => {
                (PinFact::Wrong, None)
            }
        }
    }

    /// A secret that can not be opened is of another site or key: nothing is right for it.
    fn one_time(
        &self,
        id: CredentialId,
        sealed: &[u8],
        compare: impl FnOnce(&OneTimeSecret) -> (PinFact, Option<u64>),
    ) -> (PinFact, Option<u64>) {
        let secret = OneTimeSecret::open_secret(&self.site, id, sealed, &self.card_key);
        secret.map_or((PinFact::Wrong, None), |secret| compare(&secret))
    }
}

/// A card that takes longer than this to sign is not before the reader: its answer was carried. A card signs within half
/// a second, and its answer takes another on a line at 9,600 baud. What a quick relay adds hides within that: a second
/// factor is what stops those.
pub(crate) const SIGNS_WITHIN: Duration = Duration::from_millis(1_500);
