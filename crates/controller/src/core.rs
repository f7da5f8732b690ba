//! The controller without its wires: inputs and time in, effects and jobs for the disk out.
//!
//! # A turn
//!
//! 1. [`Core::take`] hands every waiting input to its door. Doors ask, the site answers. What needs no record (a
//!    request to exit, a schedule that ends, a light) is given out at once. Grants stay here.
//! 2. [`Core::job`] gives what happened to the disk: to be sealed and appended, one write and one sync for all doors
//!    together. Whoever drives the core has it done, at once or on another thread; turns go on meanwhile.
//! 3. [`Core::done`] takes that back. Only then each [`Grant`](lockward_policy::Grant) whose own record is durable goes
//!    to its door, and the door gives `Release`. A record that can not be written, or not in time, is a grant that is
//!    dropped.
//!
//! A grant is neither `Clone` nor `Copy` and lives in `records` from 1 to 3: there is no other way to a bolt, except
//! for people who leave and for schedules. Nothing here waits: a disk that hangs keeps nobody in, and no output from
//! being told again.

use crate::airlocks::Airlocks;
pub use crate::checking::{Compared, PinCheck};
use crate::checking::{Open, SIGNS_WITHIN};
use crate::clock::Believed;
use crate::config::{DOORS_MAX, DoorWiring};
use crate::errands::Errands;
use crate::following::Owed;
use crate::history::History;
use crate::keeper::Keeper;
use crate::known::Known;
use crate::memory::{Memory, MemoryError};
use crate::ordering::Orders;
use crate::records::Records;
use crate::spooling::Sent;
use crate::unit::Unit;
pub use crate::words::{Effect, Input};
use core::time::Duration;
use lockward_door::Shown;
use lockward_ledger::SignedCheckpoint;
use lockward_model::{Body, ConfigRef, ControllerFact, ControllerId, DoorId, Mono, Now, Side, Time};
use lockward_policy::Answers;
use lockward_site::Site;
use lockward_store::Disk;

/// What one turn takes in before the disk gets to work on it: a badge at every door. The next are decided while those
/// are sealed and written; with fewer at a time the disk would sync more often than that gains.
pub const TURN_MAX: usize = DOORS_MAX;
/// How long a grant may wait for its record: far longer than a disk takes that does not hang, far shorter than anyone
/// would wait.
pub(crate) const GRANT_LIFE: Duration = Duration::from_secs(5);
/// Schedules are looked at this often.
const SCHEDULE_TICK: Duration = Duration::from_secs(1);
/// How long after a start nobody is called out of touch: the link is dialled, its keys are handed over, and what every
/// controller had kept meanwhile is taken in.
const TOUCH_GRACE: Duration = Duration::from_secs(30);
/// What can count no more is looked for this often: it takes a step for each person that is followed.
const FORGET_EVERY: Duration = Duration::from_secs(600);

/// A controller without its wires.
pub struct Core {
    pub(crate) id: ControllerId,
    pub(crate) known: Known,
    pub(crate) site: Option<Site>,
    pub(crate) units: Vec<Unit>,
    pub(crate) records: Records,
    pub(crate) errands: Errands,
    pub(crate) owed: Owed,
    /// The configuration up to where the disk has it.
    pub(crate) kept_config: ConfigRef,
    /// A checkpoint of the event log that is to be kept as the last one, and then cosigned; and one that is being kept.
    pub(crate) following: Option<SignedCheckpoint>,
    pub(crate) followed: Option<SignedCheckpoint>,
    pub(crate) linked: Option<Sent>,
    pub(crate) heard: Time,
    pub(crate) history: History,
    pub(crate) airlocks: Airlocks,
    pub(crate) orders: Orders,
    /// From when on controllers that can not be heard are told of; `None` once that is so.
    pub(crate) touch_from: Option<Mono>,
    pub(crate) clock: Believed,
    /// Of this turn: many badges at once ask policy much the same.
    pub(crate) answers: Answers,
    next_tick: Mono,
    next_forget: Mono,
}

impl Core {
    /// Comes up from the disk: replays the config log, checks every authority in it again, and opens the spool. After
    /// a kill and after a power cut this is the same path. `dice` makes nonces. Whoever has the core has its jobs done
    /// by the [`Keeper`].
    ///
    /// # Errors
    /// [`MemoryError`]; nothing was released, and nothing will be.
    pub fn start<D: Disk + Clone>(
        mut memory: Memory<D>,
        doors: &[DoorWiring],
        now: Now,
        mut dice: Box<dyn FnMut() -> [u8; 12] + Send>,
        effects: &mut Vec<Effect>,
    ) -> Result<(Self, Keeper<D>), MemoryError> {
        let (site, forgiving) = memory.replay()?;
        let last = memory.newest;
        let mut units: Vec<Unit> = doors.iter().map(|wiring| Unit::new(wiring, now)).collect();
        let mute = units.iter().filter(|u| !u.tells()).map(Unit::id).collect();
        let history = memory.recall(site.as_ref(), forgiving, mute, last)?;
        for unit in &mut units {
            unit.remember(history.doors.get(&unit.id()).copied().unwrap_or_default());
        }
        let orders = Orders::new(&mut dice);
        let (known, keeper) = memory.divide(dice);
        let mut clock = Believed::from_floor(last.max(known.state.floor));
        let (now, step) = clock.believe(now);
        let mut core = Self {
            id: known.identity.controller,
            site,
            units,
            records: Records::default(),
            errands: Errands::default(),
            owed: Owed::default(),
            kept_config: known.config(),
            following: None,
            followed: None,
            linked: None,
            heard: known.state.heard,
            history,
            airlocks: Airlocks::default(),
            orders,
            touch_from: Some(now.mono + TOUCH_GRACE),
            clock,
            answers: Answers::default(),
            next_tick: now.mono,
            next_forget: now.mono + FORGET_EVERY,
            known,
        };
        let away = (last > Time(0)).then(|| now.wall.since(last));
        core.note(now, None, Body::Started { away, config: core.config() });
        if let Some(step) = step {
            core.note(now, None, Body::ClockStep { by_ms: step.by_ms, taken: step.taken });
        }
        core.tell_time(now);
        core.whoever_came_first(now);
        core.reconfigure(now, effects);
        // Doors begin locked, and say so on their first input.
        for door in 0..core.units.len() {
            core.door(now, door, lockward_door::Input::Timer, effects);
        }
        core.tick(now, effects);
        Ok((core, keeper))
    }

    /// The configuration in force.
    #[must_use]
    pub fn config(&self) -> Option<ConfigRef> {
        self.site.as_ref().map(|_| self.known.config())
    }

    /// Step one of a turn: everything that has come in. Effects in `out` may be carried out at once.
    pub fn take(&mut self, raw: Now, inputs: &mut Vec<Input>, out: &mut Vec<Effect>) {
        self.try_again();
        self.answers.forget();
        let now = self.believe(raw);
        for input in inputs.drain(..) {
            self.one(now, input, out);
        }
        self.tick(now, out);
        self.sum_up(now.mono);
    }

    /// When to call [`Core::take`] again, if nothing comes in before.
    #[must_use]
    pub fn wake_at(&self) -> Mono {
        let doors = self.units.iter().filter_map(Unit::wake_at);
        doors.chain(self.records.wake_at()).chain(self.airlocks.wake_at()).fold(self.next_tick, Mono::min)
    }

    /// What each door looks like, for a screen.
    pub fn doors(&self) -> impl Iterator<Item = (DoorId, lockward_door::State)> {
        self.units.iter().map(|u| (u.id(), u.state()))
    }

    fn one(&mut self, now: Now, input: Input, out: &mut Vec<Effect>) {
        use lockward_door::Input as In;
        match input {
            Input::Card { door, side, bits, data } => {
                let token = self.known.card_token(bits, &data);
                self.shown(now, door, side, token.map_or(Shown::Malformed, Shown::Card), out);
            }
            Input::KeyCard { door, side, key, signed, took } => {
                let token = self.known.key_card_token(&key);
                let late = token.filter(|_| took.is_some_and(|took| took > SIGNS_WITHIN));
                if let Some(unit) = self.units.get_mut(door) {
                    unit.set_late(side, late);
                }
                let shown = token.map_or(Shown::Malformed, |token| Shown::Key { token, signed });
                self.shown(now, door, side, shown, out);
            }
            Input::Code { door, side, bytes } => self.shown(now, door, side, Shown::Pass(bytes), out),
            Input::Key { door, side, key } => self.door(now, door, In::Key { side, key }, out),
            Input::Contact(door, wire) => self.door(now, door, In::Contact(wire), out),
            Input::Bolt(door, wire) => self.door(now, door, In::Bolt(wire), out),
            Input::Exit(door, wire) => {
                self.door(now, door, In::Exit(wire), out);
                self.exit_asked(now, door, wire);
            }
            Input::Called(door, wire) => self.door(now, door, In::Called(wire), out),
            Input::Reader { door, side, online } => self.door(now, door, In::Reader { side, online }, out),
            Input::Tamper { door, side, open } => self.case(now, door, Some(side), open, out),
            Input::Building(input, wire) => self.building(now, input, wire, out),
            Input::Fact(door, body) => {
                let door = door.and_then(|d| self.units.get(d)).map(Unit::id);
                self.note(now, door, body);
            }
            Input::Checked(compared) => self.checked(now, *compared, out),
            Input::Linked => self.on_link(now, out),
            Input::Unlinked => {
                self.linked = None;
                self.orders.relinked();
                self.airlocks_unlinked(now, out);
                self.out_of_touch(now);
            }
            Input::Hub(message) => self.on_hub(now, *message, out),
        }
    }

    fn shown(&mut self, now: Now, door: usize, side: Side, shown: Shown, out: &mut Vec<Effect>) {
        self.door(now, door, lockward_door::Input::Shown { side, shown }, out);
    }

    /// Gives a door one input, and carries out what it says, as far as that needs no record.
    pub(crate) fn door(&mut self, now: Now, door: usize, input: lockward_door::Input, out: &mut Vec<Effect>) {
        use lockward_door::Action;
        let mut actions = Vec::new();
        let Some(unit) = self.units.get_mut(door) else { return };
        unit.handle(now, input, &mut actions);
        for action in actions {
            match action {
                Action::Record(body) if self.is_noted(door, &body) => {}
                Action::Record(body) => drop(self.note_door(now, door, body)),
                Action::Lock => out.push(Effect::Lock(door)),
                Action::Release => out.push(Effect::Release(door)),
                Action::Feedback { side, feedback } => out.push(Effect::Feedback { door, side, feedback }),
                // Read back from the door by `wake_at`.
                Action::WakeAt(_) => {}
                Action::Decide { side, asked, question } => {
                    self.ask(now, Open { door, side, question, asked, since: now.mono, claimed: None }, out);
                }
                Action::Spent { question, entered } => self.spent(now, door, question, entered, out),
                Action::Obeyed { order, done } => self.obeyed(now, door, order, done, out),
            }
        }
        if self.airlocks.any() {
            self.airlock_stands(now, door, out);
        }
    }

    /// What became of a grant.
    pub(crate) fn spent(
        &mut self,
        now: Now,
        door: usize,
        question: u32,
        entered: bool,
        out: &mut Vec<Effect>,
    ) {
        let Some((id, side)) = self.units.get_mut(door).map(|u| (u.id(), u.spend(question))) else { return };
        self.history.spent(self.site.as_ref(), id, question, entered);
        if !entered {
            self.give_back_airlock(now, door, out);
        } else if side == Some(Side::Entry) {
            self.someone_entered(now, id);
            // A phone says nothing of where its holder is: that is no first person.
            if question & crate::ordering::PASSER == 0 {
                self.first_person(now, door, out);
            }
        }
    }

    /// Timers of doors and of those who wait, and schedules.
    fn tick(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.end_overdue(now, out);
        self.airlocks_elapse(now, out);
        let due: Vec<usize> =
            (0..).zip(&self.units).filter(|(_, u)| u.is_due(now.mono)).map(|(i, _)| i).collect();
        for door in due {
            self.door(now, door, lockward_door::Input::Timer, out);
        }
        if now.mono >= self.next_tick {
            self.next_tick = now.mono + SCHEDULE_TICK;
            self.schedules(now, out);
            self.exits_elapse(now);
            self.touch_elapses(now);
            self.report_airlocks(out);
            self.forget(now);
        }
    }

    /// What can count no more is let go of, now and then.
    fn forget(&mut self, now: Now) {
        if let Some(site) = self.site.as_ref().filter(|_| now.mono >= self.next_forget) {
            self.next_forget = now.mono + FORGET_EVERY;
            self.history.forget(site, now.wall);
        }
    }

    /// The time to go by. A step is recorded in whichever half of a turn it is first seen.
    pub(crate) fn believe(&mut self, raw: Now) -> Now {
        let (now, step) = self.clock.believe(raw);
        if let Some(step) = step {
            self.note(now, None, Body::ClockStep { by_ms: step.by_ms, taken: step.taken });
        }
        self.tell_time(now);
        now
    }

    /// Whether the time can be trusted, told once, over restarts too.
    fn tell_time(&mut self, now: Now) {
        let untrusted = !self.clock.is_trusted();
        if self.history.told.time_untrusted != untrusted {
            self.note(now, None, Body::Controller(ControllerFact::TimeUntrusted(untrusted)));
        }
    }

    /// The hub has said something: its word is fresh.
    pub(crate) fn hear(&mut self, now: Now, hub: Option<Time>) {
        if let Some(hub) = hub {
            self.clock.heard(now.mono, hub);
        }
        if !self.owed.withheld() {
            self.heard = now.wall;
            self.errands.state |= self.known.heard(now.wall);
        }
    }

    /// Something happened: it is recorded as soon as the disk can. Gives the number of the record.
    pub(crate) fn note(&mut self, now: Now, door: Option<DoorId>, body: Body) -> u64 {
        self.history.learn(self.site.as_ref(), now.wall, door, &body);
        self.records.note(self.known.source(), now.wall, door, body)
    }

    pub(crate) fn note_door(&mut self, now: Now, door: usize, body: Body) -> u64 {
        let door = self.units.get(door).map(Unit::id);
        self.note(now, door, body)
    }
}
