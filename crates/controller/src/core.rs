//! The controller without its wires: inputs and time in, effects out, records on the disk between the two.
//!
//! # A turn
//!
//! 1. [`Core::take`] hands every waiting input to its door. Doors ask, the site answers. What needs no record (a
//!    request to exit, a schedule, a light) is given out at once. Grants stay here.
//! 2. [`Core::commit`] seals what happened and appends it to the spool: one write and one sync for all doors together.
//! 3. Only then it hands each [`Grant`] to its door, and the door gives `Release`. A record that can not be written is
//!    a grant that is dropped.
//!
//! A grant is neither `Clone` nor `Copy` and lives in `Pending` from 1 to 3: there is no other way to a bolt, except
//! for people who leave and for schedules.

use crate::clock::Believed;
use crate::config::DoorWiring;
use crate::memory::{Memory, MemoryError};
use crate::unit::Unit;
pub use crate::words::{Effect, Input, PinCheck, PinQuestion};
use core::time::Duration;
use lockward_door::{ANSWER_WAIT, Answer as DoorAnswer};
use lockward_model::{
    Body, ConfigRef, ControllerId, Deny, DoorId, LockCause, Mono, Now, PinFact, Side, Time,
};
use lockward_policy::Grant;
use lockward_site::{Answer, Question, Site};
use lockward_store::Disk;
use lockward_wire::credential::Pin;

/// How long a grant may wait for its record: far longer than any disk takes, far shorter than anyone would wait.
const GRANT_LIFE: Duration = Duration::from_secs(5);
/// Schedules are looked at this often.
const SCHEDULE_TICK: Duration = Duration::from_secs(1);

/// A grant that waits for its record.
struct Pending {
    door: usize,
    question: u32,
    grant: Grant,
}

/// Something that happened and is not on the disk yet.
pub(crate) struct Fresh {
    pub(crate) time: Time,
    pub(crate) door: Option<DoorId>,
    pub(crate) body: Body,
    /// The sequence number under which a write was tried that failed.
    pub(crate) tried: Option<u64>,
}

/// A controller without its wires.
pub struct Core<D: Disk + Clone> {
    pub(crate) id: ControllerId,
    pub(crate) memory: Memory<D>,
    pub(crate) site: Option<Site>,
    pub(crate) units: Vec<Unit>,
    pub(crate) fresh: Vec<Fresh>,
    pub(crate) linked: Option<crate::spooling::Sent>,
    /// True while the hub's newest configuration is refused or not kept: its word does not make ours fresh.
    pub(crate) refusing: bool,
    pending: Vec<Pending>,
    /// Doors that a schedule frees as soon as that is on record.
    freed: Vec<usize>,
    clock: Believed,
    heard: Time,
    next_tick: Mono,
    dice: Box<dyn FnMut() -> [u8; 12] + Send>,
}

impl<D: Disk + Clone> Core<D> {
    /// Comes up from the disk: replays the config log, checks every authority in it again, and opens the spool. After
    /// a kill and after a power cut this is the same path.
    ///
    /// # Errors
    /// [`MemoryError`]; nothing was released, and nothing will be.
    pub fn start(
        mut memory: Memory<D>,
        doors: &[DoorWiring],
        now: Now,
        dice: Box<dyn FnMut() -> [u8; 12] + Send>,
        effects: &mut Vec<Effect>,
    ) -> Result<Self, MemoryError> {
        let site = memory.replay()?;
        let last = memory.newest_time();
        let mut clock = Believed::from_floor(last.max(memory.floor()));
        let (now, step) = clock.believe(now);
        let (id, heard) = (memory.identity().controller, memory.heard());
        let mut core = Self {
            id,
            memory,
            site,
            units: Vec::new(),
            fresh: Vec::new(),
            linked: None,
            refusing: false,
            pending: Vec::new(),
            freed: Vec::new(),
            clock,
            heard,
            next_tick: now.mono,
            dice,
        };
        let away = (last > Time(0)).then(|| now.wall.since(last));
        core.note(now, None, Body::Started { away, config: core.config() });
        if let Some(step) = step {
            core.note(now, None, Body::ClockStep { by_ms: step.by_ms, taken: step.taken });
        }
        core.units = doors.iter().map(|wiring| Unit::new(wiring, now)).collect();
        core.reconfigure(now, effects);
        // Doors begin locked, and say so on their first input.
        for door in 0..core.units.len() {
            core.door(now, door, lockward_door::Input::Timer, effects);
        }
        core.tick(now, effects);
        Ok(core)
    }

    /// The configuration in force.
    #[must_use]
    pub fn config(&self) -> Option<ConfigRef> {
        self.site.as_ref().map(|_| self.memory.config_ref())
    }

    /// Step one of a turn: everything that has come in. Effects in `out` may be carried out at once.
    pub fn take(&mut self, raw: Now, inputs: &mut Vec<Input>, out: &mut Vec<Effect>) {
        let now = self.believe(raw);
        for input in inputs.drain(..) {
            self.one(now, input, out);
        }
        self.tick(now, out);
    }

    /// Step two and three: makes the record durable, and then, and only then, gives the grants to their doors.
    /// Returns true if there is more to commit, which nothing waits for.
    ///
    /// # Errors
    /// [`MemoryError`], when the record could not be written. No grant of this turn was used; people may still leave.
    pub fn commit(&mut self, raw: Now, out: &mut Vec<Effect>) -> Result<bool, MemoryError> {
        self.commit_by(|| raw, out)
    }

    /// [`Self::commit`] with a clock that is read when the disk is done: a grant that waited longer than anyone stands
    /// before a door moves no bolt.
    ///
    /// # Errors
    /// As [`Self::commit`].
    pub fn commit_by(
        &mut self,
        clock: impl FnOnce() -> Now,
        out: &mut Vec<Effect>,
    ) -> Result<bool, MemoryError> {
        let idle = self.fresh.is_empty();
        let kept = self.memory.keep(&mut self.fresh, &mut self.dice);
        let now = self.believe(clock());
        for pending in std::mem::take(&mut self.pending) {
            let answer = match &kept {
                Ok(()) => DoorAnswer::Granted(pending.grant),
                // Without a record there is no opening. The grant ends here.
                Err(_) => DoorAnswer::Denied(Deny::NoConfiguration),
            };
            self.answer(now, pending.door, pending.question, answer, out);
        }
        kept?;
        for door in std::mem::take(&mut self.freed) {
            self.door(now, door, lockward_door::Input::Unlocked(true), out);
        }
        self.send_events(out);
        if idle {
            // Nobody waits: what the disk is owed, and room for what comes.
            if let Err(error) = self.memory.settle_config() {
                tracing::debug!(%error, "a change set is still not kept");
            }
            self.memory.prepare();
        }
        Ok(!idle || !self.fresh.is_empty())
    }

    /// When to call [`Core::take`] again, if nothing comes in before.
    #[must_use]
    pub fn wake_at(&self) -> Mono {
        let doors = self.units.iter().filter_map(Unit::wake_at).min();
        doors.map_or(self.next_tick, |at| at.min(self.next_tick))
    }

    /// What each door looks like, for a screen.
    pub fn doors(&self) -> impl Iterator<Item = (DoorId, lockward_door::State)> {
        self.units.iter().map(|u| (u.id(), u.state()))
    }

    fn one(&mut self, now: Now, input: Input, out: &mut Vec<Effect>) {
        use lockward_door::{Contact, Input as In};
        let side = Side::Entry;
        match input {
            Input::Card { door, bits, data } => {
                let token = self.memory.card_token(bits, &data);
                self.door(now, door, In::Card { side, token }, out);
            }
            Input::Key(door, key) => self.door(now, door, In::Key { side, key }, out),
            Input::Contact(door, open) => {
                let contact = if open { Contact::Open } else { Contact::Closed };
                self.door(now, door, In::Contact(contact), out);
            }
            Input::Exit(door, pressed) => self.door(now, door, In::Exit(pressed), out),
            Input::Reader(door, online) => self.door(now, door, In::Reader { side, online }, out),
            Input::Fact(door, body) => {
                let door = door.and_then(|d| self.units.get(d)).map(Unit::id);
                self.note(now, door, body);
            }
            Input::PinChecked(q, fact) => {
                let pin = self.pin_still(now, &q, fact);
                self.decide(now, q.door, q.question, &Question { pin, ..q.asked }, out);
            }
            Input::Linked => self.on_link(now, out),
            Input::Unlinked => self.linked = None,
            Input::Hub(message) => self.on_hub(now, *message, out),
        }
    }

    /// Gives a door one input, and carries out what it says, as far as that needs no record.
    fn door(&mut self, now: Now, door: usize, input: lockward_door::Input, out: &mut Vec<Effect>) {
        use lockward_door::Action;
        let mut actions = Vec::new();
        let Some(unit) = self.units.get_mut(door) else { return };
        unit.handle(now, input, &mut actions);
        for action in actions {
            match action {
                // `schedules` has noted it: the door is told when that is kept.
                Action::Record(Body::Unlocked(LockCause::Schedule)) => {}
                Action::Record(body) => self.note_door(now, door, body),
                Action::Lock => out.push(Effect::Lock(door)),
                Action::Release => out.push(Effect::Release(door)),
                Action::Feedback { side: _, feedback } => out.push(Effect::Feedback(door, feedback)),
                // Read back from the door by `wake_at`.
                Action::WakeAt(_) => {}
                Action::Decide { side, token, pin, question } => {
                    self.ask(now, door, Asked { side, token, question }, pin, out);
                }
            }
        }
    }

    fn answer(&mut self, now: Now, door: usize, question: u32, answer: DoorAnswer, out: &mut Vec<Effect>) {
        self.door(now, door, lockward_door::Input::Decided { question, answer }, out);
    }

    fn ask(
        &mut self,
        now: Now,
        door: usize,
        asked: Asked,
        pin: lockward_door::PinEntry,
        out: &mut Vec<Effect>,
    ) {
        use lockward_door::PinEntry;
        let Some(unit) = self.units.get(door) else { return };
        let base = Question {
            controller: self.id,
            door: unit.id(),
            side: asked.side,
            token: asked.token,
            pin: PinFact::NotAsked,
            keypad: unit.keypad(),
            at: now.wall,
            config_age: self.config_age(now),
            config: self.memory.config_ref(),
        };
        let question = asked.question;
        match pin {
            PinEntry::NotAsked => self.decide(now, door, question, &base, out),
            PinEntry::Missing => {
                self.decide(now, door, question, &Question { pin: PinFact::Missing, ..base }, out);
            }
            PinEntry::Typed(digits) => {
                let hashes = match (&self.site, asked.token) {
                    (Some(site), Some(token)) => site.pins_beside(token, now.wall),
                    _ => Vec::new(),
                };
                match (
                    std::str::from_utf8(digits.ascii()).unwrap_or_default().parse::<Pin>(),
                    self.memory.pepper(),
                ) {
                    (Ok(typed), Some(pepper)) => {
                        let question =
                            PinQuestion { door, question, asked: base, since: now.mono, found: None };
                        out.push(Effect::CheckPin(Box::new(PinCheck { question, typed, hashes, pepper })));
                    }
                    _ => self.decide(now, door, question, &Question { pin: PinFact::Wrong, ..base }, out),
                }
            }
        }
    }

    /// What a comparison is worth now. A door that has given up waiting opens for nobody, and is not recorded as if it
    /// had; and a PIN that was right when it was typed may since have been revoked, or its card given to another.
    fn pin_still(&self, now: Now, q: &PinQuestion, fact: PinFact) -> PinFact {
        let pins = match (&self.site, q.asked.token) {
            (Some(site), Some(token)) => site.pins_beside(token, now.wall),
            _ => Vec::new(),
        };
        match (fact, &q.found) {
            (PinFact::Right, _) if q.since + ANSWER_WAIT <= now.mono => PinFact::Missing,
            (PinFact::Right, Some(found)) if !pins.contains(found) => PinFact::Wrong,
            _ => fact,
        }
    }

    /// A controller that was revoked has no site any more: it lets nobody in, and everybody out.
    fn revoked(&self, site: &Site) -> bool {
        site.controller(self.id).is_some_and(|c| c.revoked)
    }

    fn decide(&mut self, now: Now, door: usize, question: u32, asked: &Question, out: &mut Vec<Effect>) {
        let Some(site) = self.site.as_ref().filter(|site| !self.revoked(site)) else {
            let access = lockward_site::undecided(asked);
            self.note_door(now, door, Body::Access(access));
            return self.answer(now, door, question, DoorAnswer::Denied(Deny::NoConfiguration), out);
        };
        // The configuration may have moved while a PIN was compared: the decision and its record name one moment.
        let asked = Question { at: now.wall, config: self.memory.config_ref(), ..asked.clone() };
        match site.decide(&asked, now.mono + GRANT_LIFE) {
            Answer::Granted(grant, access) => {
                self.note_door(now, door, Body::Access(access));
                self.pending.push(Pending { door, question, grant });
            }
            Answer::NeedPin => self.answer(now, door, question, DoorAnswer::NeedPin, out),
            Answer::Denied(why, access) => {
                self.note_door(now, door, Body::Access(access));
                self.answer(now, door, question, DoorAnswer::Denied(why), out);
            }
        }
    }

    /// Timers of doors, and schedules.
    fn tick(&mut self, now: Now, out: &mut Vec<Effect>) {
        let due: Vec<usize> =
            (0..).zip(&self.units).filter(|(_, u)| u.is_due(now.mono)).map(|(i, _)| i).collect();
        for door in due {
            self.door(now, door, lockward_door::Input::Timer, out);
        }
        if now.mono >= self.next_tick {
            self.next_tick = now.mono + SCHEDULE_TICK;
            self.schedules(now, out);
        }
    }

    fn schedules(&mut self, now: Now, out: &mut Vec<Effect>) {
        let Some(site) = &self.site else { return };
        let free = |u: &Unit| {
            let door = site.door(u.id()).filter(|d| d.controller == self.id && !self.revoked(site));
            door.is_some_and(|d| site.stands_unlocked(d, now.wall))
        };
        let changed: Vec<(usize, bool)> = (0..)
            .zip(&self.units)
            .map(|(i, u)| (i, u, free(u)))
            .filter(|(_, u, free)| u.stands_unlocked() != *free)
            .map(|(i, _, free)| (i, free))
            .collect();
        for (door, free) in changed {
            if let Some(unit) = self.units.get_mut(door) {
                unit.set_stands_unlocked(free);
            }
            let waits = self.freed.contains(&door);
            self.freed.retain(|d| *d != door);
            if free {
                // Nothing opens without a record: a schedule waits for its own, as a grant does. The door is told
                // after that, so that its way out works meanwhile, and ends.
                self.note_door(now, door, Body::Unlocked(LockCause::Schedule));
                self.freed.push(door);
            } else if waits {
                self.note_door(now, door, Body::Locked(LockCause::Schedule));
            } else {
                self.door(now, door, lockward_door::Input::Unlocked(false), out);
            }
        }
    }

    /// Gives every door the settings that the site now has for it.
    pub(crate) fn reconfigure(&mut self, now: Now, out: &mut Vec<Effect>) {
        let Some(site) = &self.site else { return };
        for unit in &mut self.units {
            if let Some(door) = site.door(unit.id()).filter(|d| d.controller == self.id) {
                unit.reconfigure(door.clone());
            }
        }
        self.schedules(now, out);
    }

    /// The time to go by. A step is recorded in whichever half of a turn it is first seen.
    fn believe(&mut self, raw: Now) -> Now {
        let (now, step) = self.clock.believe(raw);
        if let Some(step) = step {
            self.note(now, None, Body::ClockStep { by_ms: step.by_ms, taken: step.taken });
        }
        now
    }

    fn config_age(&self, now: Now) -> Duration {
        // Whole seconds: what is recorded must decide the same when it is read back.
        Duration::from_secs(now.wall.since(self.heard).as_secs())
    }

    /// The hub has said something: its word is fresh.
    pub(crate) fn hear(&mut self, now: Now, hub: Option<Time>) {
        if let Some(hub) = hub {
            self.clock.heard(now.mono, hub);
        }
        if !self.refusing {
            self.heard = now.wall;
            self.memory.remember_heard(now.wall);
        }
    }

    pub(crate) fn note(&mut self, now: Now, door: Option<DoorId>, body: Body) {
        self.fresh.push(Fresh { time: now.wall, door, body, tried: None });
    }

    fn note_door(&mut self, now: Now, door: usize, body: Body) {
        let door = self.units.get(door).map(Unit::id);
        self.note(now, door, body);
    }
}

#[derive(Clone, Copy)]
struct Asked {
    side: Side,
    token: Option<lockward_model::CardToken>,
    question: u32,
}
