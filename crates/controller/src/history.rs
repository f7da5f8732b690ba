//! What has happened, as far as this controller's decisions depend on it: learnt from its own records as they are made,
//! from the same records after a restart, and from what the hub tells of other controllers.
//!
//! Nothing here is written on the way to an opening: the records are, and they say all of this again. [`crate::recall`]
//! keeps a summary now and then, so that only the newest records are read at a start.

use crate::areas::AreaMap;
use core::time::Duration;
use lockward_history::{
    ExitLimits, Exits, Failure, Guess, Guessing, GuessingFact, Limits, Openings, Passage, Passages, Presence,
    PresenceFact, Reader, RexAnomaly, RexWhy, SIGHTED_MAX, Sight, Taken, Touch, Used,
};
use lockward_model::{
    Access, Body, ControllerFact, ControllerId, CredentialId, Deny, Door, DoorFact, DoorId, ExitAnomaly,
    InputFault, InputName, LockCause, Opening, OrderAct, Ordered, Outcome, PersonId, PinFact, Side, Time,
    Wish, ZoneFact, ZoneId,
};
use lockward_site::Site;
use lockward_wire::credential::{Pass, SignedPass};
use std::collections::{BTreeMap, BTreeSet};

/// How long a sighting elsewhere is kept: nobody needs longer from a door to another of the same site.
const SEEN_FOR: Duration = Duration::from_secs(60);

/// What was last recorded of the controller itself, so that each fact is told once, over restarts too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) power_failed: Option<Time>,
    pub(crate) battery_low: bool,
    pub(crate) fire: bool,
    pub(crate) cabinet: bool,
    pub(crate) time_untrusted: bool,
    pub(crate) faults: BTreeMap<InputName, InputFault>,
    pub(crate) locked_down: BTreeSet<DoorId>,
    pub(crate) alone: BTreeSet<ZoneId>,
    pub(crate) airlock_alone: BTreeSet<DoorId>,
    /// Zones of which it was told that as many doors were opened as may be.
    pub(crate) blocked: BTreeSet<ZoneId>,
    pub(crate) exits: BTreeMap<DoorId, ExitAnomaly>,
}

/// How a door was left, by the records of it: what a restart must not forget.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct DoorWas {
    /// Open, and how it had opened.
    pub(crate) opened: Option<Opening>,
    /// Open to everybody; and since when, if the first person of a schedule's window has set it so.
    pub(crate) unlocked: bool,
    pub(crate) first: Option<Time>,
    /// Released for somebody.
    pub(crate) released: bool,
}

pub(crate) struct History {
    me: ControllerId,
    pub(crate) doors: BTreeMap<DoorId, DoorWas>,
    /// The same as a summary says it.
    summed_doors: BTreeMap<DoorId, DoorWas>,
    pub(crate) presence: Presence,
    pub(crate) touch: Touch,
    /// Wrong PINs and codes, and cards that are nobody's.
    pub(crate) secrets: Guessing,
    pub(crate) cards: Guessing,
    pub(crate) used: Used,
    pub(crate) openings: Openings,
    /// Where people were seen by other controllers lately.
    elsewhere: BTreeMap<PersonId, Sight>,
    pub(crate) exits: Exits,
    pub(crate) told: Told,
    pub(crate) areas: AreaMap,
    passages: Passages,
    /// Something is known that no summary holds.
    pub(crate) news: bool,
}

impl History {
    /// With the doors where nothing tells that somebody went through.
    pub(crate) fn new(me: ControllerId, mute: BTreeSet<DoorId>) -> Self {
        Self {
            me,
            doors: BTreeMap::new(),
            summed_doors: BTreeMap::new(),
            presence: Presence::default(),
            // Who is in touch is told at every change, and not in between.
            touch: Touch::new(Some(me), Duration::MAX),
            secrets: Guessing::new(Limits::KEYPADS),
            cards: Guessing::new(Limits::CARDS),
            used: Used::default(),
            openings: Openings::default(),
            elsewhere: BTreeMap::new(),
            exits: Exits::new(ExitLimits::default()),
            told: Told::default(),
            areas: AreaMap::default(),
            passages: Passages::at_mute_doors(mute),
            news: false,
        }
    }

    /// A record is made, or read back.
    pub(crate) fn learn(&mut self, site: Option<&Site>, at: Time, door: Option<DoorId>, body: &Body) {
        if let Some(door) = door {
            self.learn_door(at, door, body);
        }
        match (body, site, door) {
            (Body::Access(access), Some(site), Some(door)) => self.learn_access(site, at, door, access),
            (Body::Order(ordered), Some(site), Some(door)) if opens(ordered) => {
                self.learn_opening(site, at, door);
            }
            (Body::DoorOpened(Opening::Exit), Some(site), Some(door)) => {
                if let Some(door) = site.door(door).filter(|_| self.areas.any()) {
                    self.someone_left(door, at);
                }
            }
            (Body::Door(fact), _, Some(door)) => self.told_of_door(door, *fact),
            (Body::Controller(fact), ..) => self.told_of_controller(at, *fact),
            (Body::Zone { zone, fact }, ..) => self.told_of_zone(*zone, fact),
            (Body::Input { input, fault }, _, None) => {
                match fault {
                    Some(fault) => drop(self.told.faults.insert(*input, *fault)),
                    None => drop(self.told.faults.remove(input)),
                }
                self.news = true;
            }
            _ => {}
        }
    }

    /// How a door is left by a record of it.
    fn learn_door(&mut self, at: Time, door: DoorId, body: &Body) {
        let was = self.doors.get(&door).copied().unwrap_or_default();
        let now = match body {
            Body::DoorOpened(opened) => DoorWas { opened: Some(*opened), ..was },
            Body::DoorClosed { .. } => DoorWas { opened: None, released: false, ..was },
            Body::NotEntered => DoorWas { released: false, ..was },
            Body::ExitRequested { released: true } => DoorWas { released: true, ..was },
            Body::Access(access) if matches!(access.outcome, Outcome::Granted { .. }) && !is_hold(access) => {
                DoorWas { released: true, ..was }
            }
            Body::Order(ordered) if opens(ordered) => DoorWas { released: true, ..was },
            Body::Unlocked(LockCause::FirstPerson) => DoorWas { unlocked: true, first: Some(at), ..was },
            Body::Unlocked(_) => DoorWas { unlocked: true, ..was },
            Body::Locked(_) => DoorWas { unlocked: false, first: None, released: false, ..was },
            _ => return,
        };
        self.doors.insert(door, now);
    }

    /// Whether its lock was out when the door was last heard of, or nothing was ever heard of it: that it locks now is
    /// news.
    pub(crate) fn locking_is_news(&self, door: DoorId) -> bool {
        self.doors.get(&door).is_none_or(|was| was.unlocked || was.released)
    }

    /// Whether something is known that no summary holds.
    pub(crate) fn is_ahead(&self) -> bool {
        self.news || self.doors != self.summed_doors
    }

    /// A summary is written of all that is known.
    pub(crate) fn summed_up(&mut self) {
        self.news = false;
        self.summed_doors.clone_from(&self.doors);
    }

    fn learn_access(&mut self, site: &Site, at: Time, door: DoorId, access: &Access) {
        self.learn_guesses(site, at, door, access);
        for code in &access.known.codes {
            let (_, fact) = self.used.step(code.credential, code.step);
            self.news |= fact.is_some();
        }
        let Outcome::Granted { because } = &access.outcome else { return };
        if access.side == Side::Entry || !is_leaving(because) {
            self.learn_pass(site, at, access);
            self.learn_opening(site, at, door);
        }
    }

    fn learn_pass(&mut self, site: &Site, at: Time, access: &Access) {
        let Some(shown) = access.known.pass.as_deref().filter(|_| access.token.is_none()) else { return };
        let Some(pass) = read_pass(site, &shown.bytes) else { return };
        let (_, fact) = self.used.use_once(self.me, pass.id.0, pass.uses, pass.until, at);
        self.news |= fact.is_some();
    }

    fn learn_opening(&mut self, site: &Site, at: Time, door: DoorId) {
        let Some(door) = site.door(door) else { return };
        for (zone, _) in crate::happened::opening_limits(site, door) {
            self.news |= self.openings.take(zone, door.id, at) == Taken::New;
        }
    }

    /// Wrong PINs and codes, of either person; right ones clear their own credential's; and cards that are nobody's.
    fn learn_guesses(&mut self, site: &Site, at: Time, door: DoorId, access: &Access) {
        if access.known.waiting {
            return;
        }
        let reader = Reader { door, side: access.side };
        let second = access.known.second.as_deref();
        let typed = [
            (access.token, access.pin),
            (second.and_then(|s| s.token), second.map_or(PinFact::NotAsked, |s| s.pin)),
        ];
        for (token, pin) in typed {
            if matches!(pin, PinFact::NotAsked | PinFact::Missing) {
                continue;
            }
            let Some(credential) = token.and_then(|token| credential_of(site, token)) else { continue };
            match pin {
                PinFact::Wrong | PinFact::UsedUp => {
                    let guess = if pin == PinFact::UsedUp { Guess::OneTime } else { Guess::Pin };
                    self.failed(true, Failure { at, reader, credential: Some(credential), guess });
                }
                PinFact::Right | PinFact::Duress | PinFact::OneTime => {
                    if let Some(fact) = self.secrets.right(credential, at) {
                        self.news |= self.secrets.take(fact) == Taken::New;
                    }
                }
                PinFact::NotAsked | PinFact::Missing => {}
            }
        }
        match access.outcome {
            // A PIN that is nobody's was typed, and no card came for it.
            Outcome::Denied { why: Deny::CardMissing, .. } if access.token.is_none() => {
                self.failed(true, Failure { at, reader, credential: None, guess: Guess::Code });
            }
            Outcome::Denied { why: Deny::UnknownCredential, .. } => {
                self.failed(false, Failure { at, reader, credential: None, guess: Guess::Card });
            }
            _ => {}
        }
    }

    pub(crate) fn told_of_door(&mut self, door: DoorId, fact: DoorFact) {
        let set = |all: &mut BTreeSet<DoorId>, on| if on { all.insert(door) } else { all.remove(&door) };
        self.news |= match fact {
            DoorFact::Lockdown(on) => set(&mut self.told.locked_down, on),
            DoorFact::AirlockAlone(on) => set(&mut self.told.airlock_alone, on),
            DoorFact::ExitAnomaly(Some(why)) => self.told.exits.insert(door, why) != Some(why),
            DoorFact::ExitAnomaly(None) => self.told.exits.remove(&door).is_some(),
            _ => false,
        };
    }

    pub(crate) fn told_of_controller(&mut self, at: Time, fact: ControllerFact) {
        let told = &mut self.told;
        match fact {
            ControllerFact::PowerFailed => told.power_failed = Some(at),
            ControllerFact::PowerRestored(_) => told.power_failed = None,
            ControllerFact::BatteryLow(on) => told.battery_low = on,
            ControllerFact::Fire(on) => told.fire = on,
            ControllerFact::Tamper(on) => told.cabinet = on,
            ControllerFact::TimeUntrusted(on) => told.time_untrusted = on,
        }
        self.news = true;
    }

    pub(crate) fn told_of_zone(&mut self, zone: ZoneId, fact: &ZoneFact) {
        self.news |= match fact {
            ZoneFact::PassbackAlone(true) => self.told.alone.insert(zone),
            ZoneFact::PassbackAlone(false) => self.told.alone.remove(&zone),
            ZoneFact::OpeningsBlocked(_) => self.told.blocked.insert(zone),
        };
    }

    /// Somebody was let through, and the door will say what became of it. People are followed only where a zone asks.
    pub(crate) fn awaits(&mut self, site: &Site, door: DoorId, question: u32, at: Time, access: &Access) {
        if !self.areas.any() || is_hold(access) || site.door(door).is_none() {
            return;
        }
        let second = access.known.second.as_deref().and_then(|s| s.token).and_then(|t| site.holder_of(t));
        for who in access.person.into_iter().chain(second) {
            self.passages.awaits(Passage { door, side: access.side, question, who, at });
            self.news = true;
        }
    }

    /// What became of the grant that answered a question.
    pub(crate) fn spent(&mut self, site: Option<&Site>, door: DoorId, question: u32, entered: bool) {
        for passage in self.passages.spent(door, question).iter().filter(|_| entered) {
            self.moved(site, passage);
        }
    }

    /// The same of everybody who was let through, by the records of a door alone.
    pub(crate) fn hear(&mut self, site: &Site, door: &Door, body: &Body) {
        for passage in self.passages.hear(door, body) {
            self.moved(Some(site), &passage);
        }
    }

    fn moved(&mut self, site: Option<&Site>, passage: &Passage) {
        let Some((site, door)) = site.and_then(|s| Some((s, s.door(passage.door)?))) else { return };
        let (from, into) = passage.way(door);
        let areas = self.areas.of(site);
        let facts: Vec<PresenceFact> =
            Presence::moved(passage.who, from, into, passage.at, door.id, &areas).collect();
        for fact in facts {
            self.news |= self.presence.take(fact) == Taken::New;
        }
    }

    fn someone_left(&mut self, door: &Door, at: Time) {
        let fact = PresenceFact::SomeoneLeft { from: door.to, into: door.from, at };
        self.news |= self.presence.take(fact) == Taken::New;
    }

    /// Takes a passage that was kept.
    pub(crate) fn restore(&mut self, passage: Passage) {
        self.passages.awaits(passage);
    }

    /// The doors are new: whoever was let through before is not any more.
    pub(crate) fn started(&mut self) {
        self.passages.started();
    }

    pub(crate) fn passages(&self) -> impl Iterator<Item = &Passage> {
        self.passages.iter()
    }

    /// Whether a pass has served as often as it may.
    pub(crate) fn is_used_up(&self, site: &Site, bytes: &[u8], now: Time) -> bool {
        let Some(pass) = read_pass(site, bytes) else { return false };
        self.used.is_used_up(pass.id.0, pass.uses, pass.until, now)
    }

    /// At the time of its record, so that the same record read back is the same guess.
    fn failed(&mut self, secret: bool, failure: Failure) {
        self.take_guess(secret, GuessingFact::Failed(failure));
    }

    /// Takes what is known of guesses, of this controller or another.
    pub(crate) fn take_guess(&mut self, secret: bool, fact: GuessingFact) {
        let guesses = if secret { &mut self.secrets } else { &mut self.cards };
        self.news |= guesses.take(fact) == Taken::New;
    }

    /// What stood on record of exits is cleared when its fact ends.
    pub(crate) fn take_up_exits(&mut self) {
        let why = |why| match why {
            ExitAnomaly::Long => RexWhy::HeldTooLong,
            ExitAnomaly::Often => RexWhy::TooOften,
            ExitAnomaly::Empty => RexWhy::NobodyInside,
        };
        let raised = self.told.exits.iter().map(|(door, w)| RexAnomaly { door: *door, why: why(*w) });
        let raised: Vec<_> = raised.collect();
        self.exits.restore([], raised);
    }

    /// Another controller saw somebody at a door of its own.
    pub(crate) fn seen_elsewhere(&mut self, person: PersonId, sight: Sight) {
        if self.elsewhere.len() >= SIGHTED_MAX {
            self.elsewhere.retain(|_, old| old.at > sight.at - SEEN_FOR);
        }
        let room = self.elsewhere.len() < SIGHTED_MAX;
        match self.elsewhere.get_mut(&person) {
            Some(old) if old.at < sight.at => *old = sight,
            None if room => drop(self.elsewhere.insert(person, sight)),
            _ => {}
        }
    }

    /// Where another controller saw somebody last.
    pub(crate) fn far_sight(&self, person: PersonId) -> Option<Sight> {
        self.elsewhere.get(&person).copied()
    }

    /// Lets go of what can count no more, and of whoever left the site.
    pub(crate) fn forget(&mut self, site: &Site, now: Time) {
        self.secrets.forget(now);
        self.cards.forget(now);
        self.used.forget(now);
        self.elsewhere.retain(|_, sight| sight.at > now - SEEN_FOR);
        self.presence.retain(|person| site.person(person).is_some());
        self.openings.retain(|door| site.door(door).is_some());
        self.exits.retain(|door| site.door(door).is_some());
        self.doors.retain(|door, _| site.door(*door).is_some());
    }
}

/// Whether a record says that somebody guessed a secret, of which a power cut must not take the count.
pub(crate) fn guessed(access: &Access) -> bool {
    let wrong = |pin| matches!(pin, PinFact::Wrong | PinFact::UsedUp);
    let alone = access.token.is_none() && access.pin == PinFact::Missing;
    !access.known.waiting
        && (wrong(access.pin) || alone || access.known.second.as_deref().is_some_and(|s| wrong(s.pin)))
}

/// Whether a grant sets the door free, or ends that, rather than letting anybody through.
fn is_hold(access: &Access) -> bool {
    let Outcome::Granted { because } = &access.outcome else { return false };
    access.known.wish == Wish::Hold && !is_leaving(because)
}

/// Whether an order was obeyed that lets somebody in.
fn opens(ordered: &Ordered) -> bool {
    matches!(ordered.outcome, Outcome::Granted { .. })
        && lockward_site::read_order(&ordered.envelope).is_ok_and(|order| order.act != OrderAct::Release)
}

fn is_leaving(because: &[Box<str>]) -> bool {
    because.first().is_some_and(|b| b.starts_with("leaving"))
}

/// The credential that a token is of.
pub(crate) fn credential_of(site: &Site, token: lockward_model::CardToken) -> Option<CredentialId> {
    let person = site.holder_of(token)?;
    site.credentials_of(person).into_iter().find(|c| c.proof.token() == Some(token)).map(|c| c.id)
}

/// What a pass says, if one of the site's services signed it.
fn read_pass(site: &Site, bytes: &[u8]) -> Option<Pass> {
    let signed = SignedPass::parse(bytes).ok()?;
    signed.verify(&site.id(), &site.founding().hub.key).ok().cloned()
}
