//! The decision: who shows what, at which door, when, and what had happened before; out comes a grant, a wish, or a
//! reason.
//!
//! The steps, in their order. The first that refuses is the answer.
//!
//! 1. The door is known, and its controller serves it.
//! 2. At the reader of the way out, whoever the site knows may leave: suspended, expired, in a lockdown, whatever had
//!    happened before. The record says what would have stood against it.
//! 3. Nobody waits because of guessing: before anything that would tell a guesser more.
//! 4. What was shown is known, counts at this moment, and so does its person.
//! 5. A card that signs has signed.
//! 6. The card answered as fast as a card does, and was not too far away too short a time ago.
//! 7. In place of a card, a pass: it is what it claims to be, and has uses left.
//! 8. In a lockdown: a written policy lets this person enter in spite of it.
//! 9. The controller's word from the hub is fresh enough for every zone around.
//! 10. Policy: with the factors that are in, the threat level, and a second person where it takes two. What is missing
//!     is asked for, where that would help and can be had here.
//! 11. What had happened before: anti-passback, how many are inside, the airlock, how many doors were opened.
//! 12. The grant.
//!
//! For an order of somebody's own phone in place of a card, see [`phone`](crate::phone).
//!
//! While the time can not be trusted, a permit counts only if it holds whatever schedules are open.

use crate::pass;
use crate::question::{Answer, Question, Terms};
use crate::record::Holds;
use crate::seat::Seat;
use crate::{Placed, Site};
use lockward_model::{
    Access, Alone, ControllerId, Deny, Factors, Known, Mono, Outcome, PassbackFact, PassbackMode, PersonId,
    PinFact, ScheduleId, ShownPass, Side, Wish,
};
use lockward_policy::{Act, Answers, Grant, Place};

/// What the record of leaving names in place of a policy; behind a `/`, the code of what would have stood against it.
const LEAVING: &str = "leaving";

/// Why the steps end without a grant.
pub(crate) enum Stop {
    Deny(Deny, Vec<Box<str>>),
    NeedPin,
    NeedSecond,
    NeedCard,
}

impl From<Deny> for Stop {
    fn from(why: Deny) -> Self {
        Self::Deny(why, Vec::new())
    }
}

/// A grant, and what permitted it.
pub(crate) struct Permit {
    pub(crate) grant: Grant,
    pub(crate) because: Vec<Box<str>>,
}

/// One question at one door, with who stands there.
pub(crate) struct Scene<'a> {
    pub(crate) q: &'a Question,
    pub(crate) placed: &'a Placed,
    pub(crate) act: Act,
    pub(crate) open: Vec<ScheduleId>,
    pub(crate) second: Option<Seat<'a>>,
    pub(crate) sitting: Sitting<'a>,
}

/// For how long a grant is good, and who else is judged at the same time.
#[derive(Clone, Copy)]
pub(crate) struct Sitting<'a> {
    pub(crate) until: Mono,
    pub(crate) answers: Option<&'a Answers>,
}

impl Sitting<'_> {
    /// Nobody else.
    pub(crate) fn alone(until: Mono) -> Self {
        Self { until, answers: None }
    }
}

impl Site {
    /// Decides. Pure: the same site and question give the same answer. The grant is good until `until`.
    pub fn decide(&self, q: &Question, until: Mono) -> Answer {
        self.judge(q, Sitting::alone(until))
    }

    /// The same, for one of many who ask at one sitting: what Cedar has answered another of them it is not asked again.
    pub fn decide_among(&self, q: &Question, until: Mono, answers: &Answers) -> Answer {
        self.judge(q, Sitting { until, answers: Some(answers) })
    }

    fn judge(&self, q: &Question, sitting: Sitting<'_>) -> Answer {
        let first = q.token.and_then(|token| self.seat(token, q.known.signed, q.pin, q));
        let answer = self.steps(q, first.as_ref(), sitting);
        let record = |outcome| self.access(q, first.as_ref(), outcome);
        match answer {
            Ok((Permit { grant, because }, terms)) => {
                Answer::Granted(grant, record(Outcome::Granted { because }), terms)
            }
            Err(Stop::NeedPin) => Answer::NeedPin,
            Err(Stop::NeedSecond) => Answer::NeedSecond,
            Err(Stop::NeedCard) => Answer::NeedCard,
            Err(Stop::Deny(why, because)) => Answer::Denied(why, record(Outcome::Denied { why, because })),
        }
    }

    fn steps(
        &self,
        q: &Question,
        first: Option<&Seat<'_>>,
        sitting: Sitting<'_>,
    ) -> Result<(Permit, Terms), Stop> {
        // 1.
        let driven = |p: &&Placed| p.door.controller == q.controller && self.serves(q.controller);
        let placed = self.doors.get(&q.door).filter(driven).ok_or(Deny::UnknownDoor)?;
        if let Some(phone) = &q.known.phone {
            return self.entering_by_phone(q, placed, first, phone, sitting);
        }
        if q.side == Side::Entry {
            return self.entering(q, placed, first, sitting);
        }
        // 2.
        let pass = || match &q.known.pass {
            Some(pass) if q.token.is_none() => self.signed_pass(&pass.bytes, q.at).ok(),
            _ => None,
        };
        if let Some(first) = first {
            if q.known.wish == Wish::Hold
                && let Ok(held) = self.entering(q, placed, Some(first), sitting)
            {
                return Ok(held);
            }
            Ok(self.leaving(q, counts(first), first.holder.extended, sitting))
        } else if let Some(pass) = pass() {
            Ok(self.leaving(q, pass::holds(&pass, placed, q.at), false, sitting))
        } else {
            self.entering(q, placed, None, sitting)
        }
    }

    fn leaving(
        &self,
        q: &Question,
        counts: Result<(), Deny>,
        extended: bool,
        sitting: Sitting<'_>,
    ) -> (Permit, Terms) {
        let because = match counts {
            Ok(()) => LEAVING.into(),
            Err(why) => format!("{LEAVING}/{}", why.code()).into(),
        };
        let permit = Permit { grant: self.policies.leave(q.door, sitting.until), because: vec![because] };
        (permit, Terms { extended, hold: false })
    }

    fn entering(
        &self,
        q: &Question,
        placed: &Placed,
        first: Option<&Seat<'_>>,
        sitting: Sitting<'_>,
    ) -> Result<(Permit, Terms), Stop> {
        // 3.
        refuse_if(q.known.waiting, Deny::PinLocked)?;
        match (first, &q.known.pass) {
            (Some(first), _) => self.entering_as(q, placed, first, sitting),
            (None, Some(pass)) if q.token.is_none() => self.entering_by(q, placed, pass, sitting),
            (None, _) => Err(self.nobody(q)),
        }
    }

    /// 4., where there is nobody.
    fn nobody(&self, q: &Question) -> Stop {
        match (q.token, q.pin) {
            (Some(token), _) if self.people.is_revoked(token) => Deny::Revoked.into(),
            (Some(_), _) => Deny::UnknownCredential.into(),
            (None, PinFact::NotAsked) => Deny::MalformedCredential.into(),
            (None, PinFact::Missing) => Deny::CardMissing.into(),
            (None, _) => Stop::NeedCard,
        }
    }

    /// With a pass.
    fn entering_by(
        &self,
        q: &Question,
        placed: &Placed,
        pass: &ShownPass,
        sitting: Sitting<'_>,
    ) -> Result<(Permit, Terms), Stop> {
        // 6.
        refuse_if(q.known.relayed, Deny::Relayed)?;
        refuse_if(q.known.far_away, Deny::FarAway)?;
        // 7. A pass is good for a time and nothing else; and where the time can not be trusted, for none.
        let signed = self.signed_pass(&pass.bytes, q.at)?;
        refuse_if(q.known.time_untrusted, Deny::OutsideSchedule)?;
        pass::holds(&signed, placed, q.at)?;
        refuse_if(pass.used_up, Deny::PassUsed)?;
        // 8. No policy for lockdowns speaks of whoever comes with a pass; nor one for holding a door.
        refuse_if(self.locked(placed), Deny::Lockdown)?;
        refuse_if(q.known.wish == Wish::Hold, Deny::NotHolding)?;
        // 9.
        refuse_if(stale(q, placed), Deny::ConfigStale)?;
        // 10.
        let scene = self.scene(q, placed, Act::Enter, sitting);
        let permit = self.admitted(&scene, signed.service)?;
        // 11. and 12.
        self.before(&scene, None)?;
        Ok((permit, Terms::default()))
    }

    /// With a card, or a PIN that stands alone.
    fn entering_as(
        &self,
        q: &Question,
        placed: &Placed,
        first: &Seat<'_>,
        sitting: Sitting<'_>,
    ) -> Result<(Permit, Terms), Stop> {
        // 4.
        counts(first)?;
        // 5.
        refuse_if(first.unproved, Deny::SignatureInvalid)?;
        // 6.
        refuse_if(q.known.relayed, Deny::Relayed)?;
        refuse_if(q.known.far_away, Deny::FarAway)?;
        // 8.
        let act = match (self.locked(placed), q.known.wish) {
            // Nothing sets a door free in a lockdown.
            (true, Wish::Hold) => return Err(Deny::Lockdown.into()),
            (true, Wish::Pass) => Act::EnterLockedDown,
            (false, Wish::Hold) => Act::Hold,
            (false, Wish::Pass) => Act::Enter,
        };
        let scene = self.scene(q, placed, act, sitting);
        let ruling = self.ruling(&scene, first);
        if let Err(Stop::Deny(Deny::Lockdown, because)) = ruling {
            return Err(Stop::Deny(Deny::Lockdown, because));
        }
        // 9.
        refuse_if(stale(q, placed), Deny::ConfigStale)?;
        // 10.
        let permit = ruling?;
        // 11. and 12.
        self.before(&scene, Some(first))?;
        Ok((permit, Terms { extended: first.holder.extended, hold: q.known.wish == Wish::Hold }))
    }

    fn scene<'a>(&'a self, q: &'a Question, placed: &'a Placed, act: Act, sitting: Sitting<'a>) -> Scene<'a> {
        let second = q.known.second.as_deref();
        let second = second.and_then(|s| self.seat(s.token?, s.signed, s.pin, q));
        Scene { q, placed, act, open: self.open_schedules(q.at), second, sitting }
    }

    /// 11. What had happened before. A violation that is only recorded is in `known`, and so in the record.
    pub(crate) fn before(&self, scene: &Scene<'_>, first: Option<&Seat<'_>>) -> Result<(), Stop> {
        let known = &scene.q.known;
        self.passback(scene.placed, known.passback)?;
        refuse_if(known.full, Deny::ZoneFull)?;
        refuse_if(known.airlock_busy, Deny::AirlockBusy)?;
        if known.openings_spent { self.approved(scene, first) } else { Ok(()) }
    }

    fn passback(&self, placed: &Placed, fact: PassbackFact) -> Result<(), Deny> {
        let mut kept = placed.entered().iter().filter_map(|z| self.zones.get(z)?.rules.passback).peekable();
        let none = kept.peek().is_none();
        // What is said of an area that nobody keeps is a contradiction, and refused.
        let against = match fact {
            PassbackFact::NotKept | PassbackFact::Clear => false,
            PassbackFact::Inside => none || kept.any(|p| p.mode == PassbackMode::Hard),
            PassbackFact::TooSoon => none || kept.any(|p| matches!(p.mode, PassbackMode::Timed(_))),
            PassbackFact::Alone => none || kept.any(|p| p.alone == Alone::Refuse),
        };
        match fact {
            PassbackFact::Inside if against => Err(Deny::Passback),
            PassbackFact::TooSoon if against => Err(Deny::PassbackTooSoon),
            PassbackFact::Alone if against => Err(Deny::PassbackAlone),
            _ => Ok(()),
        }
    }

    /// Whether a controller is one of the site's, and was not cut off.
    pub(crate) fn serves(&self, controller: ControllerId) -> bool {
        self.controllers.get(&controller).is_some_and(|c| !c.revoked)
    }

    pub(crate) fn locked(&self, placed: &Placed) -> bool {
        !self.lockdowns.is_empty() && placed.zones.iter().any(|z| self.lockdowns.contains_key(z))
    }

    fn access(&self, q: &Question, first: Option<&Seat<'_>>, outcome: Outcome) -> Access {
        let mut known = q.known.clone();
        if let Some(second) = known.second.as_deref_mut() {
            second.person = second.token.and_then(|token| self.holder_of(token));
        }
        let factors = first.map_or_else(|| claimed(q), |first| first.factors);
        record(q, first.map(|first| first.holder.person), factors, known, outcome)
    }
}

/// 4. and what the record of leaving says.
pub(crate) fn counts(seat: &Seat<'_>) -> Result<(), Deny> {
    let holder = &seat.holder;
    match (holder.credential, holder.suspended, holder.valid) {
        (Holds::NotYet, ..) => Err(Deny::CredentialNotYet),
        (Holds::NoLonger, ..) => Err(Deny::CredentialExpired),
        (_, true, _) => Err(Deny::PersonSuspended),
        (.., Holds::NotYet | Holds::NoLonger) => Err(Deny::PersonNotValid),
        (Holds::Yes, false, Holds::Yes) => Ok(()),
    }
}

/// 9.
fn stale(q: &Question, placed: &Placed) -> bool {
    placed.fresh_within.is_some_and(|limit| q.config_age > limit)
}

fn refuse_if(so: bool, why: Deny) -> Result<(), Stop> {
    if so { Err(why.into()) } else { Ok(()) }
}

/// What a PIN or code is worth.
pub(crate) fn typed(pin: PinFact) -> Factors {
    match pin {
        PinFact::Right | PinFact::Duress => Factors::PIN,
        PinFact::OneTime => Factors::CODE,
        PinFact::NotAsked | PinFact::Wrong | PinFact::Missing | PinFact::UsedUp => Factors::NONE,
    }
}

/// What is worth nothing, because nobody is known by it.
fn claimed(q: &Question) -> Factors {
    if q.token.is_some() { Factors::CARD.with(typed(q.pin)) } else { Factors::NONE }
}

pub(crate) fn place(placed: &Placed) -> Place<'_> {
    Place { door: placed.door.id, kind: placed.door.kind, zones: &placed.zones }
}

fn record(
    q: &Question,
    person: Option<PersonId>,
    factors: Factors,
    known: Known,
    outcome: Outcome,
) -> Access {
    Access {
        side: q.side,
        token: q.token,
        person,
        factors,
        pin: q.pin,
        keypad: q.keypad,
        config: Some(q.config),
        config_age: q.config_age,
        known,
        outcome,
    }
}

/// What is recorded when there is no site to ask: shut.
#[must_use]
pub fn undecided(q: &Question) -> Access {
    let outcome = Outcome::Denied { why: Deny::NoConfiguration, because: Vec::new() };
    let mut known = q.known.clone();
    if let Some(second) = known.second.as_deref_mut() {
        second.person = None;
    }
    Access { config: None, ..record(q, None, claimed(q), known, outcome) }
}
