//! The decision: a card, a door and a moment in; a grant or a reason out. And the same again, for whoever doubts it.

use crate::people::{Holder, Holds};
use crate::{Placed, Site};
use core::time::Duration;
use lockward_model::{
    Access, CardToken, ConfigRef, ControllerId, Deny, Digest, Door, DoorId, Event, Factors, Mono, Outcome,
    PersonId, PinFact, PinHash, ScheduleId, Side, Source, Time,
};
use lockward_policy::{Grant, Place, Situation, Verdict, Who, Would};

/// Everything that a decision depends on, besides the site itself.
#[derive(Debug, Clone)]
pub struct Question {
    /// Who asks: a controller is answered for its own doors alone.
    pub controller: ControllerId,
    /// Which door.
    pub door: DoorId,
    /// Which reader.
    pub side: Side,
    /// What was shown.
    pub token: Option<CardToken>,
    /// What became of the PIN.
    pub pin: PinFact,
    /// Whether the reader can take a PIN.
    pub keypad: bool,
    /// When, by the controller's clock.
    pub at: Time,
    /// How old the controller's word from the hub is.
    pub config_age: Duration,
    /// Size and root of the config log that this site is the fold of.
    pub config: ConfigRef,
}

/// What comes of a question.
#[must_use]
#[derive(Debug)]
pub enum Answer {
    /// Opens the door, once the record is durable.
    Granted(Grant, Access),
    /// Ask for the PIN, then ask again.
    NeedPin,
    /// Stays shut.
    Denied(Deny, Access),
}

/// A recorded decision that this site would not have made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the record says {recorded}, but the rules in force say {decided}")]
pub struct Divergence {
    /// What the log holds.
    pub recorded: String,
    /// What the same inputs give.
    pub decided: String,
}

/// What the steps before policy found.
enum Found<'a> {
    Nobody(Deny),
    Somebody(&'a Placed, Holder<'a>),
}

impl Site {
    /// Decides. Pure: the same site and question give the same answer. The grant is good until `until`.
    pub fn decide(&self, q: &Question, until: Mono) -> Answer {
        let (placed, holder) = match self.find(q) {
            Found::Somebody(placed, holder) => (placed, holder),
            Found::Nobody(why) => {
                let person = q.token.and_then(|t| self.people.holder(t, q.at)).map(|h| h.person);
                return denied(q, why, person, Vec::new());
            }
        };
        let open = self.open_schedules(q.at);
        let factors = factors(q.pin);
        let situation = self.situation(&open, factors, q.config_age);
        let (who, place) = (who(&holder), place(placed));
        let verdict = match self.policies.enter(&who, &place, &situation, until) {
            Ok((grant, because)) => {
                let outcome = Outcome::Granted { because };
                return Answer::Granted(grant, access(q, Some(holder.person), outcome));
            }
            Err(verdict) => verdict,
        };
        let with_pin = || self.situation(&open, Factors::CARD.with(Factors::PIN), q.config_age);
        let pin_helps = match &verdict {
            Verdict::Nothing { would: Some(Would::WithFactors(_)) } => true,
            // A policy may forbid for the lack of a factor.
            Verdict::Forbid { .. } if q.pin != PinFact::Right => {
                matches!(self.policies.may_enter(&who, &place, &with_pin()), Verdict::Permit { .. })
            }
            _ => false,
        };
        let (why, because) = match (verdict, q.pin) {
            (_, PinFact::NotAsked) if pin_helps && q.keypad && holder.has_pin => return Answer::NeedPin,
            (_, PinFact::Wrong) if pin_helps => (Deny::WrongPin, Vec::new()),
            (_, PinFact::Missing) if pin_helps => (Deny::PinMissing, Vec::new()),
            (Verdict::Nothing { would: Some(Would::WithFactors(_)) }, _) => (Deny::FactorMissing, Vec::new()),
            (Verdict::Nothing { would: Some(Would::AtAnotherTime) }, _) => {
                (Deny::OutsideSchedule, Vec::new())
            }
            (Verdict::Nothing { would: None }, _) => (Deny::NothingPermits, Vec::new()),
            (Verdict::Forbid { because }, _) => (Deny::Forbidden, because),
            (Verdict::Permit { .. } | Verdict::Error, _) => (Deny::PolicyError, Vec::new()),
        };
        denied(q, why, Some(holder.person), because)
    }

    /// Whether a controller is one of the site's, and was not cut off.
    pub(crate) fn serves(&self, controller: ControllerId) -> bool {
        self.controllers.get(&controller).is_some_and(|c| !c.revoked)
    }

    fn find(&self, q: &Question) -> Found<'_> {
        let driven = |p: &&Placed| p.door.controller == q.controller && self.serves(q.controller);
        let Some(placed) = self.doors.get(&q.door).filter(driven) else {
            return Found::Nobody(Deny::UnknownDoor);
        };
        let Some(token) = q.token else { return Found::Nobody(Deny::MalformedCredential) };
        let Some(holder) = self.people.holder(token, q.at) else {
            return Found::Nobody(Deny::UnknownCredential);
        };
        match (holder.credential, holder.suspended, holder.valid) {
            (Holds::NotYet, ..) => Found::Nobody(Deny::CredentialNotYet),
            (Holds::NoLonger, ..) => Found::Nobody(Deny::CredentialExpired),
            (_, true, _) => Found::Nobody(Deny::PersonSuspended),
            (.., Holds::NotYet | Holds::NoLonger) => Found::Nobody(Deny::PersonNotValid),
            (Holds::Yes, false, Holds::Yes) => Found::Somebody(placed, holder),
        }
    }

    /// The PINs that count at a moment for whoever holds the card. Comparing one takes long, on purpose (Argon2id).
    #[must_use]
    pub fn pins_beside(&self, token: CardToken, at: Time) -> Vec<PinHash> {
        self.people.pins_beside(token, at).into_iter().cloned().collect()
    }

    /// The schedules that are open at a moment, in the site's zone.
    #[must_use]
    pub fn open_schedules(&self, at: Time) -> Vec<ScheduleId> {
        let moment = self.founding.zone.moment(at);
        self.schedules.values().filter(|s| s.is_open(&moment)).map(|s| s.id()).collect()
    }

    /// Whether a door stands unlocked by its schedule at a moment.
    #[must_use]
    pub fn stands_unlocked(&self, door: &Door, at: Time) -> bool {
        let schedule = door.unlocked.and_then(|id| self.schedules.get(&id));
        schedule.is_some_and(|s| s.is_open(&self.founding.zone.moment(at)))
    }

    pub(crate) fn situation<'a>(
        &'a self,
        open: &'a [ScheduleId],
        factors: Factors,
        config_age: Duration,
    ) -> Situation<'a> {
        Situation { open, all: &self.all_schedules, factors, config_age }
    }
}

fn factors(pin: PinFact) -> Factors {
    if pin == PinFact::Right { Factors::CARD.with(Factors::PIN) } else { Factors::CARD }
}

fn who<'a>(holder: &Holder<'a>) -> Who<'a> {
    Who { person: holder.person, groups: holder.groups }
}

pub(crate) fn place(placed: &Placed) -> Place<'_> {
    Place { door: placed.door.id, kind: placed.door.kind, zones: &placed.zones }
}

fn access(q: &Question, person: Option<PersonId>, outcome: Outcome) -> Access {
    Access {
        side: q.side,
        token: q.token,
        person,
        factors: if q.token.is_some() { factors(q.pin) } else { Factors::NONE },
        pin: q.pin,
        keypad: q.keypad,
        config: Some(q.config),
        config_age: q.config_age,
        outcome,
    }
}

fn denied(q: &Question, why: Deny, person: Option<PersonId>, because: Vec<Box<str>>) -> Answer {
    Answer::Denied(why, access(q, person, Outcome::Denied { why, because }))
}

/// What is recorded when there is no site to ask: shut.
#[must_use]
pub fn undecided(q: &Question) -> Access {
    let outcome = Outcome::Denied { why: Deny::NoConfiguration, because: Vec::new() };
    Access { config: None, ..access(q, None, outcome) }
}

/// Decides a recorded decision again. `site` must be the fold at the record's own config size; that its root is the
/// log's is for whoever holds the log to check.
///
/// # Errors
/// [`Divergence`], if the record differs from what its own inputs give in any way: outcome, reasons, person or factors.
pub fn redecide(site: &Site, event: &Event, recorded: &Access) -> Result<(), Divergence> {
    let told = |outcome: &Outcome, person: Option<PersonId>| match outcome {
        Outcome::Granted { because } => format!("granted to {person:?} by {because:?}"),
        Outcome::Denied { why, because } => format!("denied to {person:?}: {} {because:?}", why.code()),
    };
    let diverged =
        |decided: String| Divergence { recorded: told(&recorded.outcome, recorded.person), decided };
    let Some(door) = event.door else { return Err(diverged("nothing: it names no door".into())) };
    let Source::Controller(controller) = event.source else {
        return Err(diverged("nothing: only controllers decide".into()));
    };
    let here = ConfigRef { size: site.size(), root: Digest([0; 32]) };
    let question = Question {
        controller,
        door,
        side: recorded.side,
        token: recorded.token,
        pin: recorded.pin,
        keypad: recorded.keypad,
        at: event.time,
        config_age: recorded.config_age,
        config: recorded.config.unwrap_or(here),
    };
    if recorded.config.is_none() {
        // Without a configuration there is nothing to decide by, and nothing may have opened.
        let again = undecided(&question);
        return if again == *recorded { Ok(()) } else { Err(diverged(told(&again.outcome, again.person))) };
    }
    if question.config.size != here.size {
        let (asked, here) = (question.config.size, here.size);
        return Err(diverged(format!("nothing: it is of configuration {asked}, and this is {here}")));
    }
    match site.decide(&question, Mono(0)) {
        Answer::Granted(_, again) | Answer::Denied(_, again) if again == *recorded => Ok(()),
        Answer::Granted(_, again) | Answer::Denied(_, again) => {
            Err(diverged(told(&again.outcome, again.person)))
        }
        Answer::NeedPin => Err(diverged("ask for the PIN first".into())),
    }
}
