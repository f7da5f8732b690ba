//! Alarms: what a person must answer. Raised by an event, folded while it repeats, cleared by the event that ends it.
//!
//! Nuisance alarms are why people stop looking: the same thing at the same place is one alarm with a count, and nothing
//! is cleared because time has passed.

use lockward_model::{
    Access, Body, Code, ControllerFact, ControllerId, Deny, DoorFact, DoorId, Event, InputName, OperatorId,
    Outcome, PassbackFact, PersonId, PinFact, ReaderFact, RecoveryStep, Source, Time, ZoneFact, ZoneId,
};
use std::collections::{BTreeMap, VecDeque};

/// Alarms that stand at one time: 32 at each of 2,000 doors, far more than anyone could answer.
pub const STANDING_MAX: usize = 65_536;
/// Alarms that were cleared, kept for the list of the day.
pub const CLEARED_MAX: usize = 1_024;

/// What kind of alarm, by its stable code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Something happened.
    Event(Code),
    /// Something was refused.
    Refused(Deny),
}

impl Kind {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Event(code) => code.as_str(),
            Self::Refused(why) => why.code(),
        }
    }

    /// What has happened.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Event(code) => code.sentence(),
            Self::Refused(why) => why.sentence(),
        }
    }

    /// What to do first.
    #[must_use]
    pub fn instruction(self) -> &'static str {
        let known = match self {
            Self::Event(code) => code.instruction(),
            Self::Refused(why) => why.instruction(),
        };
        known.unwrap_or_default()
    }
}

/// Where, and at what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// The door or controller as a whole.
    All,
    /// One reader, by its bus and address.
    Reader(Box<str>, u8),
    /// One wire.
    Input(InputName),
    /// One zone.
    Zone(ZoneId),
    /// Another controller.
    Controller(ControllerId),
    /// An operator's way in.
    Operator(OperatorId),
    /// Somebody who is forced to open.
    Person(PersonId),
}

/// The same thing at the same place is the same alarm.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Who saw it.
    pub source: Source,
    /// At which door, if at one.
    pub door: Option<DoorId>,
    /// At what.
    pub about: About,
}

/// One alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// What.
    pub kind: Kind,
    /// Where.
    pub place: Place,
    /// When it was raised.
    pub raised: Time,
    /// When it last happened.
    pub last: Time,
    /// How often, since it was raised.
    pub times: u32,
    /// When the fact that it is about ended.
    pub cleared: Option<Time>,
}

/// What an event did to the alarms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Did {
    /// Nothing.
    Nothing,
    /// A new one stands.
    Raised,
    /// One that stands has happened again.
    Repeated,
    /// One or more have ended.
    Cleared,
}

/// The alarms of a site: a fold of its events, in the order of the log.
#[derive(Debug, Default)]
pub struct Alarms {
    standing: BTreeMap<(Kind, Place), Alarm>,
    cleared: VecDeque<Alarm>,
    /// Those that found no room: never silently.
    unlisted: u64,
}

impl Alarms {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Those that stand, the newest first.
    #[must_use]
    pub fn standing(&self) -> Vec<&Alarm> {
        let mut all: Vec<_> = self.standing.values().collect();
        all.sort_by(|a, b| b.last.cmp(&a.last).then_with(|| a.place.cmp(&b.place)));
        all
    }

    /// How many stand.
    #[must_use]
    pub fn standing_count(&self) -> usize {
        self.standing.len()
    }

    /// Those that were cleared, the newest first, as far back as they are kept.
    pub fn cleared(&self) -> impl Iterator<Item = &Alarm> {
        self.cleared.iter().rev()
    }

    /// How many found no room in the list.
    #[must_use]
    pub fn unlisted(&self) -> u64 {
        self.unlisted
    }

    /// Takes the next event of the log.
    pub fn take(&mut self, event: &Event) -> Did {
        let place = Place { source: event.source, door: event.door, about: about(&event.body) };
        let ended = self.end(event, &place);
        let Some(kind) = raises(&event.body) else {
            return if ended { Did::Cleared } else { Did::Nothing };
        };
        let key = (kind, place);
        if let Some(alarm) = self.standing.get_mut(&key) {
            alarm.last = alarm.last.max(event.time);
            alarm.times = alarm.times.saturating_add(1);
            return Did::Repeated;
        }
        if self.standing.len() >= STANDING_MAX {
            self.unlisted += 1;
            return Did::Nothing;
        }
        let (raised, place) = (event.time, key.1.clone());
        let alarm = Alarm { kind, place, raised, last: raised, times: 1, cleared: None };
        self.standing.insert(key, alarm);
        Did::Raised
    }

    /// Clears what an event ends.
    fn end(&mut self, event: &Event, place: &Place) -> bool {
        let mut any = false;
        for code in ends(&event.body) {
            let key = (Kind::Event(*code), place.clone());
            if let Some(mut alarm) = self.standing.remove(&key) {
                alarm.cleared = Some(event.time);
                if self.cleared.len() == CLEARED_MAX {
                    self.cleared.pop_front();
                }
                self.cleared.push_back(alarm);
                any = true;
            }
        }
        any
    }
}

fn about(body: &Body) -> About {
    match body {
        Body::Reader { bus, address, .. } => About::Reader(bus.clone(), *address),
        Body::Input { input, .. } => About::Input(*input),
        Body::Zone { zone, .. } => About::Zone(*zone),
        Body::Connected(id) | Body::Disconnected(id) | Body::Gap { controller: id, .. } => {
            About::Controller(*id)
        }
        Body::Access(Access { pin: PinFact::Duress, person: Some(id), .. }) => About::Person(*id),
        Body::Factor { operator: Some(id), .. } | Body::Session { operator: Some(id), .. } => {
            About::Operator(*id)
        }
        _ => About::All,
    }
}

/// What an event is an alarm of.
fn raises(body: &Body) -> Option<Kind> {
    if let Body::Access(access) = body {
        let event = |code| Some(Kind::Event(code));
        return match &access.outcome {
            // Whoever forces a person to open may force another to watch the pages: nothing else tells it.
            _ if access.pin == PinFact::Duress => event(Code::Duress),
            Outcome::Granted { .. } if access.known.passback == PassbackFact::Inside => {
                event(Code::PassbackViolated)
            }
            Outcome::Denied { why, .. } if why.is_alarm() => Some(Kind::Refused(*why)),
            _ => None,
        };
    }
    let code = body.code();
    code.is_alarm().then_some(Kind::Event(code))
}

/// What an event ends, at the same place. What no event ends stands until somebody answers it.
fn ends(body: &Body) -> &'static [Code] {
    match body {
        Body::DoorClosed { .. } => &[Code::DoorForced, Code::DoorHeld],
        Body::Reader { fact: ReaderFact::Online, .. } => &[
            Code::ReaderOffline,
            Code::OsdpInsecureRefused,
            Code::OsdpDowngrade,
            Code::ReaderIdentityChanged,
            Code::OsdpKeyRefused,
            Code::OsdpDefaultKey,
        ],
        Body::Reader { fact: ReaderFact::Tamper(false), .. } => &[Code::ReaderTamper],
        Body::Reader { fact: ReaderFact::PairingClosed, .. } => &[Code::OsdpPairingOpened],
        Body::Input { fault: None, .. } => {
            &[Code::InputOpen, Code::InputShort, Code::InputGround, Code::InputForeign, Code::InputSilent]
        }
        // One fault takes the place of another.
        Body::Input { fault: Some(_), .. } => {
            let now = body.code();
            match now {
                Code::InputOpen => {
                    &[Code::InputShort, Code::InputGround, Code::InputForeign, Code::InputSilent]
                }
                Code::InputShort => {
                    &[Code::InputOpen, Code::InputGround, Code::InputForeign, Code::InputSilent]
                }
                Code::InputGround => {
                    &[Code::InputOpen, Code::InputShort, Code::InputForeign, Code::InputSilent]
                }
                Code::InputForeign => {
                    &[Code::InputOpen, Code::InputShort, Code::InputGround, Code::InputSilent]
                }
                _ => &[Code::InputOpen, Code::InputShort, Code::InputGround, Code::InputForeign],
            }
        }
        Body::Door(DoorFact::ContactMismatch(false) | DoorFact::ContactStuck(None)) => {
            &[Code::ContactMismatch, Code::ContactStuck]
        }
        Body::Door(DoorFact::ExitAnomaly(None)) => &[Code::ExitAnomaly],
        Body::Door(DoorFact::RelockUnconfirmed(false)) => &[Code::RelockUnconfirmed],
        Body::Door(DoorFact::ReleaseUnconfirmed(false)) => &[Code::ReleaseUnconfirmed],
        Body::Door(DoorFact::AirlockAlone(false)) => &[Code::AirlockDegraded],
        Body::Zone { fact: ZoneFact::PassbackAlone(false), .. } => &[Code::PassbackDegraded],
        Body::Controller(ControllerFact::PowerRestored(_)) => &[Code::PowerFailed],
        Body::Controller(ControllerFact::BatteryLow(false)) => &[Code::BatteryLow],
        Body::Controller(ControllerFact::Fire(false)) => &[Code::FireCalled],
        Body::Controller(ControllerFact::Tamper(false)) => &[Code::CabinetTamper],
        Body::Controller(ControllerFact::TimeUntrusted(false)) => &[Code::TimeUntrusted],
        Body::ConfigApplied(_) => &[Code::ConfigRefused],
        Body::ClockStep { taken: true, .. } => &[Code::TimeStepRefused],
        Body::Connected(_) => &[Code::ControllerDisconnected],
        Body::Recovery { step: RecoveryStep::Done | RecoveryStep::Cancelled, .. } => {
            &[Code::RecoveryAnnounced]
        }
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;
    use lockward_model::{Digest, Epoch, FactorFact, Factors, InputFault, Known, Opening, Side};

    fn event(seq: u64, door: Option<&str>, body: Body) -> Event {
        Event {
            source: Source::Controller("c".parse().unwrap()),
            seq,
            prev: Digest([0; 32]),
            time: Time(i64::try_from(seq).unwrap() * 1_000),
            door: door.map(|d| d.parse().unwrap()),
            epoch: Epoch(0),
            body,
        }
    }

    fn access(pin: PinFact, known: Known, outcome: Outcome) -> Body {
        Body::Access(Access {
            side: Side::Entry,
            token: None,
            person: None,
            factors: Factors::NONE,
            pin,
            keypad: true,
            config: None,
            config_age: Duration::ZERO,
            known,
            outcome,
        })
    }

    #[test]
    fn the_same_thing_at_the_same_place_is_one_alarm_with_a_count() {
        let mut alarms = Alarms::new();
        let cut = |seq, door| {
            event(seq, Some(door), Body::Input { input: InputName::Contact, fault: Some(InputFault::Open) })
        };
        assert_eq!(alarms.take(&cut(1, "a")), Did::Raised);
        assert_eq!(alarms.take(&cut(2, "a")), Did::Repeated);
        assert_eq!(alarms.take(&cut(3, "b")), Did::Raised);
        let standing = alarms.standing();
        assert_eq!(standing.len(), 2);
        let at_a = standing.iter().find(|a| a.place.door == Some("a".parse().unwrap())).unwrap();
        assert_eq!((at_a.times, at_a.raised, at_a.last), (2, Time(1_000), Time(2_000)));
    }

    #[test]
    fn an_alarm_is_cleared_by_its_own_fact_at_its_own_place_and_by_nothing_else() {
        let mut alarms = Alarms::new();
        alarms.take(&event(1, Some("a"), Body::DoorOpened(Opening::Forced)));
        let closed =
            |seq, door| event(seq, Some(door), Body::DoorClosed { open_for: Duration::from_secs(3) });
        assert_eq!(alarms.take(&closed(2, "b")), Did::Nothing);
        assert_eq!(alarms.standing().len(), 1);
        assert_eq!(alarms.take(&closed(3, "a")), Did::Cleared);
        assert_eq!(alarms.standing().len(), 0);
        assert_eq!(alarms.cleared().next().unwrap().cleared, Some(Time(3_000)));
    }

    #[test]
    fn what_the_recovery_key_announced_is_an_alarm_until_it_is_ended_or_done() {
        for step in [RecoveryStep::Cancelled, RecoveryStep::Done] {
            let mut alarms = Alarms::new();
            let recovery = |seq, step| event(seq, None, Body::Recovery { operator: None, step });
            assert_eq!(alarms.take(&recovery(1, RecoveryStep::Announced)), Did::Raised);
            alarms.take(&recovery(2, step));
            let announced = |a: &&Alarm| a.kind == Kind::Event(Code::RecoveryAnnounced);
            assert!(!alarms.standing().iter().any(announced));
            assert_eq!(
                alarms.take(&recovery(3, RecoveryStep::Announced)),
                Did::Raised,
                "a second is another"
            );
        }
    }

    #[test]
    fn what_happens_to_two_operators_keys_is_two_alarms() {
        let mut alarms = Alarms::new();
        let reset = |seq, who: &str| {
            let operator = Some(who.parse().unwrap());
            event(seq, None, Body::Factor { operator, by: None, fact: FactorFact::Reset })
        };
        assert_eq!([alarms.take(&reset(1, "ada")), alarms.take(&reset(2, "bob"))], [Did::Raised; 2]);
        assert_eq!(alarms.take(&reset(3, "ada")), Did::Repeated);
    }

    #[test]
    fn a_bolt_that_is_stuck_is_an_alarm_until_it_has_gone_back() {
        let mut alarms = Alarms::new();
        let fact = |seq, on| event(seq, Some("a"), Body::Door(DoorFact::ReleaseUnconfirmed(on)));
        assert_eq!(alarms.take(&fact(1, true)), Did::Raised);
        let shut = event(2, Some("a"), Body::DoorClosed { open_for: Duration::from_secs(3) });
        assert_eq!(alarms.take(&shut), Did::Nothing);
        assert_eq!(alarms.take(&fact(3, false)), Did::Cleared);
    }

    #[test]
    fn one_fault_of_a_wire_takes_the_place_of_another() {
        let mut alarms = Alarms::new();
        let fault = |seq, fault| event(seq, Some("a"), Body::Input { input: InputName::Exit, fault });
        alarms.take(&fault(1, Some(InputFault::Open)));
        assert_eq!(alarms.take(&fault(2, Some(InputFault::Short))), Did::Raised);
        assert_eq!(
            alarms.standing().iter().map(|a| a.kind).collect::<Vec<_>>(),
            [Kind::Event(Code::InputShort)]
        );
        assert_eq!(alarms.take(&fault(3, None)), Did::Cleared);
        assert!(alarms.standing().is_empty());
    }

    #[test]
    fn duress_is_an_alarm_and_its_event_looks_like_any_other() {
        let mut alarms = Alarms::new();
        let granted = Outcome::Granted { because: Vec::new() };
        let body = access(PinFact::Duress, Known::default(), granted);
        assert_eq!(body.code(), Code::AccessGranted);
        assert_eq!(alarms.take(&event(1, Some("a"), body)), Did::Raised);
        assert_eq!(alarms.standing()[0].kind.code(), "DURESS");
    }

    #[test]
    fn a_refusal_that_nobody_has_to_answer_raises_nothing() {
        let mut alarms = Alarms::new();
        let denied =
            |why| access(PinFact::NotAsked, Known::default(), Outcome::Denied { why, because: vec![] });
        assert_eq!(alarms.take(&event(1, Some("a"), denied(Deny::OutsideSchedule))), Did::Nothing);
        assert_eq!(alarms.take(&event(2, Some("a"), denied(Deny::SignatureInvalid))), Did::Raised);
    }

    #[test]
    fn every_alarm_has_an_instruction() {
        let all = Code::ALL.iter().filter(|c| c.is_alarm()).map(|c| Kind::Event(*c));
        let refused = Deny::ALL.iter().filter(|d| d.is_alarm()).map(|d| Kind::Refused(*d));
        assert!(all.chain(refused).all(|k| !k.instruction().is_empty()));
    }

    #[test]
    fn what_finds_no_room_is_counted() {
        let mut alarms = Alarms::new();
        for n in 0..=STANDING_MAX {
            let door = format!("d{n}");
            alarms.take(&event(n as u64, Some(&door), Body::DoorOpened(Opening::Forced)));
        }
        assert_eq!((alarms.standing().len(), alarms.unlisted()), (STANDING_MAX, 1));
    }
}
