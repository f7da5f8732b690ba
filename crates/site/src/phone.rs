//! A person's own phone at a door: an order that its holder has touched it for, judged as a badge is.
//!
//! The steps of [`decide`](crate::decide), as they are for a phone. The first that refuses is the answer.
//!
//! 1. The order is for this site, this controller and this door, to open it once, and in nobody's place.
//! 2. Its number is the controller's own, has not served, and is ten seconds old at the most; and its end is not past.
//! 3. The phone is somebody's, and has signed exactly this, with a touch of a user whom it has verified.
//! 4. The credential counts at this moment, and so does its person.
//! 5. Policy: the access rules let this person enter, with what a phone proves, alone; *and* a written policy lets phones
//!    open this door. Where the second is missing nothing is said of the first.
//! 6. What no order overrides, and what stops a badge: a lockdown, the age of the hub's word, anti-passback, how many are
//!    inside, the airlock, how many doors were opened.
//!
//! What is not asked of a phone: a wait after wrong guesses (nothing can be guessed with it) and where its holder was seen
//! shortly before (it says nothing of where it is).

use crate::decide::{Permit, Scene, Sitting, Stop, counts, place};
use crate::question::{Question, Terms};
use crate::record::Holds;
use crate::seat::Seat;
use crate::{Placed, Site};
use core::time::Duration;
use lockward_model::{
    CardToken, ConfigRef, CredentialId, Deny, Digest, DoorId, Known, Mono, Order, OrderAct, Passkey,
    PersonId, PinFact, ShownPhone, Side, SigningKey, Time,
};
use lockward_policy::{Act, Verdict};
use lockward_wire::config::{Envelope, Payload, key_id};

impl Site {
    /// The phone that an order says it is signed by, if the site knows it or has known it. Proves nothing: whoever has this
    /// asks [`Site::decide`], with the envelope in [`Known::phone`](lockward_model::Known::phone).
    #[must_use]
    pub fn phone_of(&self, envelope: &[u8]) -> Option<CardToken> {
        Envelope::parse(envelope).ok()?.signature_ids().find_map(|hint| self.people.phone_by(hint))
    }

    pub(crate) fn entering_by_phone(
        &self,
        q: &Question,
        placed: &Placed,
        first: Option<&Seat<'_>>,
        phone: &ShownPhone,
        sitting: Sitting<'_>,
    ) -> Result<(Permit, Terms), Stop> {
        let envelope = Envelope::parse(&phone.envelope).map_err(|_| Deny::OrderMalformed)?;
        let Ok(Payload::Order(order)) = envelope.payload() else { return Err(Deny::OrderMalformed.into()) };
        // 1.
        self.is_for(&order, q)?;
        // 2.
        refuse_if(!phone.fresh, Deny::OrderReplayed)?;
        refuse_if(!phone.prompt, Deny::TouchTooOld)?;
        refuse_if(q.at >= order.until, Deny::OrderExpired)?;
        // 3.
        let token = q.token.ok_or(Deny::OrderSignature)?;
        refuse_if(self.people.is_revoked(token), Deny::Revoked)?;
        let (key, first) = self.people.phone_key(token).zip(first).ok_or(Deny::OrderSignature)?;
        let alone = envelope.signature_ids().eq([key_id(&key.key)]);
        let signed = envelope.verified_by(&SigningKey::Passkey(key.clone()));
        refuse_if(!alone || !signed, Deny::OrderSignature)?;
        self.by_phone(q, placed, first, sitting)
    }

    fn is_for(&self, order: &Order, q: &Question) -> Result<(), Deny> {
        let here = order.site == self.id && order.controller == q.controller && order.door == q.door;
        refuse_if(!here, Deny::OrderElsewhere)?;
        // A phone opens, and neither holds nor ends; and nobody but its holder asks with it.
        let fits = order.act == OrderAct::Unlock && order.on_behalf.is_none() && q.side == Side::Entry;
        refuse_if(!fits, Deny::NotByPhone)
    }

    /// 4. to 6.: all that hangs on who it is, and on nothing that was signed.
    fn by_phone(
        &self,
        q: &Question,
        placed: &Placed,
        first: &Seat<'_>,
        sitting: Sitting<'_>,
    ) -> Result<(Permit, Terms), Stop> {
        // 4.
        counts(first)?;
        // 5.
        let scene =
            Scene { q, placed, act: Act::Enter, open: self.open_schedules(q.at), second: None, sitting };
        let entering = self.ruling(&scene, first);
        let who = first.who();
        let by_phone = self.at_any_time(&scene, |open| {
            let now = lockward_policy::Situation { factors: first.factors, ..self.situation(&scene, open) };
            self.policies.enter(Act::ByPhone, &who, &place(placed), &now, sitting.until)
        });
        let (grant, mut because) = by_phone.map_err(|verdict| match verdict {
            Verdict::Forbid { because, .. } => Stop::Deny(Deny::Forbidden, because),
            Verdict::Nothing { .. } => Deny::NotByPhone.into(),
            Verdict::Permit { .. } | Verdict::Error => Deny::PolicyError.into(),
        })?;
        let rules = entering.map_err(|stop| nobody_beside(stop, first))?;
        because.extend(rules.because);
        because.sort_unstable();
        because.dedup();
        // 6.
        refuse_if(self.locked(placed), Deny::Lockdown)?;
        refuse_if(placed.fresh_within.is_some_and(|limit| q.config_age > limit), Deny::ConfigStale)?;
        self.before(&scene, Some(first)).map_err(|stop| match stop {
            // Nobody stands beside a phone who could agree.
            Stop::NeedSecond => Deny::OpeningsSpent.into(),
            stop => stop,
        })?;
        Ok((Permit { grant, because }, Terms { extended: first.holder.extended, hold: false }))
    }

    /// The phone whose passkey has this credential id.
    #[must_use]
    pub fn phone_with(&self, id: &[u8]) -> Option<CardToken> {
        self.people.phones().find(|token| self.people.phone_key(*token).is_some_and(|p| *p.id == *id))
    }

    /// Whether anybody's passkey, an operator's or a phone's, has this credential id.
    #[must_use]
    pub fn is_passkey_named(&self, id: &[u8]) -> bool {
        let named = |key: &SigningKey| matches!(key, SigningKey::Passkey(p) if *p.id == *id);
        self.operators.values().flat_map(|o| &o.keys).any(|k| named(&k.key)) || self.phone_with(id).is_some()
    }

    /// What a phone signs with, whether it counts or not.
    #[must_use]
    pub fn phone_key(&self, phone: CardToken) -> Option<&Passkey> {
        self.people.phone_key(phone)
    }

    /// A phone that counts at a moment, and whose person does: whose it is, as what, and what it signs with.
    #[must_use]
    pub fn standing_phone(&self, phone: CardToken, at: Time) -> Option<(PersonId, CredentialId, &Passkey)> {
        let holder = self.people.holder(phone, at)?;
        let counts = !holder.suspended && holder.credential == Holds::Yes && holder.valid == Holds::Yes;
        let key = self.people.phone_key(phone).filter(|_| counts)?;
        Some((holder.person, self.people.token_owner(phone)?, key))
    }

    /// Whether a phone would open a door now, as far as the site alone says: for whoever shows a holder what there is. The
    /// door judges again, and knows more.
    ///
    /// # Errors
    /// [`Deny`]: why not.
    pub fn phone_reaches(&self, phone: CardToken, door: DoorId, at: Time) -> Result<(), Deny> {
        let placed = self.doors.get(&door).ok_or(Deny::UnknownDoor)?;
        let asked = ShownPhone { envelope: Box::default(), fresh: true, prompt: true };
        let question = Question {
            controller: placed.door.controller,
            door,
            side: Side::Entry,
            token: Some(phone),
            pin: PinFact::NotAsked,
            keypad: false,
            at,
            config_age: Duration::ZERO,
            config: ConfigRef { size: self.size, root: Digest([0; 32]) },
            known: Known { phone: Some(Box::new(asked)), ..Known::default() },
        };
        refuse_if(!self.serves(placed.door.controller), Deny::UnknownDoor)?;
        self.people.phone_key(phone).ok_or(Deny::Revoked)?;
        let seat = self.seat(phone, None, PinFact::NotAsked, &question).ok_or(Deny::Revoked)?;
        match self.by_phone(&question, placed, &seat, Sitting::alone(Mono(0))) {
            Ok(_) => Ok(()),
            Err(Stop::Deny(why, _)) => Err(why),
            Err(_) => Err(Deny::FactorMissing),
        }
    }
}

/// A phone's holder has nothing more to show, and nobody beside them.
fn nobody_beside(stop: Stop, first: &Seat<'_>) -> Stop {
    match stop {
        Stop::NeedSecond if first.never_alone() => Deny::EscortMissing.into(),
        Stop::NeedSecond => Deny::SecondMissing.into(),
        Stop::NeedPin | Stop::NeedCard => Deny::FactorMissing.into(),
        stop @ Stop::Deny(..) => stop,
    }
}

fn refuse_if(so: bool, why: Deny) -> Result<(), Deny> {
    if so { Err(why) } else { Ok(()) }
}
