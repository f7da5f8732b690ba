//! A controller without wires on a simulated disk, and a clock that goes when it is told to.

use crate::house::{DIR, House, MORNING, card, small, typed, wirings};
use crate::hub::{FakeHub, open_all};
use core::time::Duration;
use lockward_controller::config::DoorWiring;
use lockward_controller::core::{Core, Effect, Input, PinCheck};
use lockward_controller::jobs::Job;
use lockward_controller::keeper::Keeper;
use lockward_controller::memory::{Memory, MemoryError, Room};
use lockward_door::{Feedback, State};
use lockward_model::{Body, Code, Digest, Event, Mono, Now, Side};
use lockward_store::{Disk, Journal, SimDisk};
use lockward_wire::event::Leaf;
use lockward_wire::link::{ToController, ToHub};
use std::path::Path;
use std::sync::OnceLock;

/// No door.
pub(crate) const NONE: [usize; 0] = [];

/// What one turn gave, in order.
#[derive(Default)]
pub(crate) struct Seen {
    /// Before anything was written.
    pub(crate) early: Vec<usize>,
    /// After.
    pub(crate) late: Vec<usize>,
    /// At the readers outside, and at those inside.
    pub(crate) feedback: Vec<(usize, Feedback)>,
    pub(crate) inside: Vec<(usize, Feedback)>,
    pub(crate) sent: Vec<ToHub>,
    pub(crate) checks: Vec<PinCheck>,
    pub(crate) hung_up: bool,
    pub(crate) failed: Option<String>,
}

impl Seen {
    pub(crate) fn released(&self) -> Vec<usize> {
        self.early.iter().chain(&self.late).copied().collect()
    }
    pub(crate) fn shows(&self, door: usize, feedback: Feedback) -> bool {
        self.feedback.contains(&(door, feedback))
    }
    pub(crate) fn granted(&self, door: usize) -> bool {
        self.late.contains(&door) && self.shows(door, Feedback::Granted)
    }
    /// The one PIN that is to be compared.
    pub(crate) fn check(&mut self) -> Box<PinCheck> {
        assert_eq!(self.checks.len(), 1, "one PIN is to be compared");
        Box::new(self.checks.remove(0))
    }
}

pub(crate) struct Rig {
    pub(crate) house: House,
    pub(crate) disk: SimDisk,
    pub(crate) core: Core,
    pub(crate) keeper: Keeper<SimDisk>,
    /// The disk takes jobs and does not come back.
    pub(crate) hangs: bool,
    held: Option<Job>,
    pub(crate) now: Now,
    pub(crate) room: Room,
    /// Which bolts are out.
    pub(crate) out: Vec<bool>,
}

pub(crate) fn at(mono: Duration) -> Now {
    Now { mono: Mono(0) + mono, wall: MORNING + mono }
}

fn dice(seed: u64) -> Box<dyn FnMut() -> [u8; 12] + Send> {
    let mut count = 0_u32;
    Box::new(move || {
        count += 1;
        let mut nonce = [0; 12];
        nonce[..8].copy_from_slice(&seed.to_be_bytes());
        nonce[8..].copy_from_slice(&count.to_be_bytes());
        nonce
    })
}

impl Rig {
    pub(crate) fn try_start(
        house: House,
        disk: SimDisk,
        doors: &[DoorWiring],
        room: Room,
        now: Now,
    ) -> Result<Self, MemoryError> {
        // Never the same nonce, journal salt or luck twice.
        let seed = now.mono.0.rotate_left(20) ^ disk.counts().steps;
        let memory = Memory::open_within(disk.clone(), Path::new(DIR), seed, room)?;
        let mut effects = Vec::new();
        let (core, keeper) = Core::start(memory, doors, now, dice(seed), &mut effects)?;
        let out = vec![false; doors.len()];
        let mut rig = Self { house, disk, core, keeper, hangs: false, held: None, now, room, out };
        rig.sort(&mut effects, &mut Seen::default(), false);
        Ok(rig)
    }

    pub(crate) fn start(house: &House, disk: SimDisk, now: Now) -> Self {
        Self::try_start(house.clone(), disk, &wirings(), small(), now).expect("start-up works")
    }

    /// A controller that has met its hub once, holds the whole configuration, and is alone again.
    pub(crate) fn stocked(seed: u64) -> Self {
        Self::stocked_with_hub(seed).0
    }

    /// The same, with the hub that it met.
    pub(crate) fn stocked_with_hub(seed: u64) -> (Self, FakeHub) {
        static STOCK: OnceLock<(SimDisk, FakeHub)> = OnceLock::new();
        let (disk, hub) = STOCK.get_or_init(|| {
            let house = House::furnished();
            let mut rig = Self::start(&house, house.enrolled(1), at(Duration::from_secs(1)));
            let mut hub = FakeHub::new(house);
            rig.meet(&mut hub);
            rig.part(&mut hub);
            (rig.disk, hub)
        });
        // All of it was synced: every survivor is the same.
        let disk = disk.power_cut(seed);
        (Self::start(&hub.house, disk, at(Duration::from_secs(60 + seed % 7))), hub.clone())
    }

    fn sort(&mut self, effects: &mut Vec<Effect>, seen: &mut Seen, late: bool) {
        for effect in effects.drain(..) {
            match effect {
                Effect::Release(door) => {
                    self.out[door] = true;
                    if late { seen.late.push(door) } else { seen.early.push(door) }
                }
                Effect::Lock(door) => self.out[door] = false,
                Effect::Feedback { door, side: Side::Entry, feedback } => {
                    seen.feedback.push((door, feedback));
                }
                Effect::Feedback { door, side: Side::Exit, feedback } => seen.inside.push((door, feedback)),
                Effect::Send(message) => seen.sent.push(*message),
                Effect::CheckPin(check) => seen.checks.push(*check),
                Effect::HangUp => seen.hung_up = true,
            }
        }
    }

    /// The first half of a turn: nothing is written yet.
    pub(crate) fn take(&mut self, mut inputs: Vec<Input>) -> Seen {
        let (mut seen, mut effects) = (Seen::default(), Vec::new());
        self.core.take(self.now, &mut inputs, &mut effects);
        self.sort(&mut effects, &mut seen, false);
        seen
    }

    /// One turn of the loop.
    pub(crate) fn turn(&mut self, inputs: Vec<Input>) -> Seen {
        let mut seen = self.take(inputs);
        self.settle(&mut seen);
        seen
    }

    /// The second half of a turn: the disk does all that it is asked for, if it does anything.
    pub(crate) fn settle(&mut self, seen: &mut Seen) {
        for _ in 0..1_000 {
            if !self.step(seen) {
                return;
            }
        }
        panic!("there is always more for the disk to do");
    }

    /// One job of the disk. False if there is none, or it hangs with it.
    pub(crate) fn step(&mut self, seen: &mut Seen) -> bool {
        self.held = self.held.take().or_else(|| self.core.job(self.now.mono));
        let Some(job) = self.held.take_if(|_| !self.hangs) else { return false };
        let mut effects = Vec::new();
        let done = self.keeper.run(job);
        if let Err(error) = self.core.done(self.now, done, &mut effects) {
            seen.failed = Some(error.to_string());
        }
        self.sort(&mut effects, seen, true);
        true
    }

    /// A turn, and the comparison of every PIN that it asks for.
    pub(crate) fn turn_with_pins(&mut self, inputs: Vec<Input>) -> Seen {
        let mut seen = self.turn(inputs);
        let answers: Vec<_> =
            std::mem::take(&mut seen.checks).into_iter().map(|check| Box::new(check).run()).collect();
        if !answers.is_empty() {
            let then = self.turn(answers);
            seen.late.extend(then.late);
            seen.feedback.extend(then.feedback);
            seen.sent.extend(then.sent);
            seen.failed = seen.failed.or(then.failed);
        }
        seen
    }

    pub(crate) fn badge(&mut self, door: usize, number: u8) -> Seen {
        self.turn(vec![card(door, number)])
    }

    pub(crate) fn badge_and_pin(&mut self, door: usize, number: u8, pin: &str) -> Seen {
        let asked = self.badge(door, number);
        assert!(asked.shows(door, Feedback::EnterPin), "{:?}", asked.feedback);
        self.turn_with_pins(typed(door, pin))
    }

    /// Lets time go by, in the steps that the controller asks for.
    pub(crate) fn pass(&mut self, span: Duration) -> Seen {
        let (end, mut all) = (self.now.mono + span, Seen::default());
        while self.now.mono < end {
            let next = self.core.wake_at().min(end).max(self.now.mono + Duration::from_micros(1));
            self.skip(next.since(self.now.mono));
            let seen = self.turn(vec![]);
            all.early.extend(seen.early);
            all.late.extend(seen.late);
            all.feedback.extend(seen.feedback);
            all.sent.extend(seen.sent);
            all.checks.extend(seen.checks);
            all.failed = seen.failed.or(all.failed);
        }
        all
    }

    /// Moves the clock, and tells nobody.
    pub(crate) fn skip(&mut self, span: Duration) {
        self.now = Now { mono: self.now.mono + span, wall: self.now.wall + span };
    }

    pub(crate) fn state(&self, door: usize) -> State {
        self.core.doors().nth(door).unwrap().1
    }

    /// How many records are durable, as the next hub would be told.
    pub(crate) fn next_seq(&mut self) -> u64 {
        let mut effects = Vec::new();
        self.core.take(self.now, &mut vec![Input::Linked], &mut effects);
        let said = effects.into_iter().find_map(|effect| match effect {
            Effect::Send(message) => match *message {
                ToHub::Hello { next_seq, .. } => Some(next_seq),
                _ => None,
            },
            _ => None,
        });
        said.expect("a hello")
    }

    pub(crate) fn hub_says(&mut self, message: ToController) -> Seen {
        self.turn(vec![Input::Hub(Box::new(message))])
    }

    /// Links to a hub without faults, and talks until both are silent.
    pub(crate) fn meet(&mut self, hub: &mut FakeHub) -> Seen {
        let seen = self.turn(vec![Input::Linked]);
        self.talk(hub, seen)
    }

    /// Carries what was sent to the hub and its answers back, until both are silent.
    pub(crate) fn talk(&mut self, hub: &mut FakeHub, mut seen: Seen) -> Seen {
        let mut waiting = std::mem::take(&mut seen.sent);
        let mut all = seen;
        while !waiting.is_empty() {
            let answers: Vec<_> = waiting
                .drain(..)
                .flat_map(|said| hub.hear(self.now.wall, said).expect("the hub ends the link"))
                .map(|answer| Input::Hub(Box::new(answer)))
                .collect();
            let mut seen = self.turn(answers);
            waiting = std::mem::take(&mut seen.sent);
            all.hung_up |= seen.hung_up;
            all.failed = seen.failed.or(all.failed);
            all.late.extend(seen.late);
            all.early.extend(seen.early);
            all.feedback.extend(seen.feedback);
        }
        all
    }

    /// The hub says something, and both talk until they are silent.
    pub(crate) fn told(&mut self, hub: &mut FakeHub, message: ToController) -> Seen {
        let seen = self.hub_says(message);
        self.talk(hub, seen)
    }

    /// The hub asks for a cosignature under the event log as it is.
    pub(crate) fn witness(&mut self, hub: &mut FakeHub) -> Seen {
        let said = hub.event_checkpoint();
        self.told(hub, said)
    }

    pub(crate) fn part(&mut self, hub: &mut FakeHub) {
        self.turn(vec![Input::Unlinked]);
        hub.unlinked();
    }

    /// Pulls the plug and starts again, a second later.
    pub(crate) fn power_cut(self, seed: u64) -> Self {
        let now = at(self.now.mono.since(Mono(0)) + Duration::from_secs(1));
        let disk = self.disk.power_cut(seed);
        drop(self.core);
        Self::try_start(self.house, disk, &wirings(), self.room, now).expect("start-up works")
    }

    /// What a plug that is pulled now leaves of the records.
    pub(crate) fn records(self) -> Vec<Event> {
        let disk = self.disk.power_cut(3);
        open_all(&self.house, &leaves(&disk, self.room))
    }

    pub(crate) fn bodies(self) -> Vec<Body> {
        self.records().into_iter().map(|e| e.body).collect()
    }

    pub(crate) fn codes(self) -> Vec<Code> {
        self.bodies().iter().map(Body::code).collect()
    }
}

/// The leaves in a spool, which must be one chain.
pub(crate) fn leaves<D: Disk + Clone>(disk: &D, room: Room) -> Vec<Vec<u8>> {
    leaves_in(disk, Path::new(DIR), room)
}

pub(crate) fn leaves_in<D: Disk + Clone>(disk: &D, dir: &Path, room: Room) -> Vec<Vec<u8>> {
    let (spool, _) = Journal::open(disk.clone(), &dir.join("spool"), room.spool, 9).unwrap();
    let mut prev: Option<Digest> = None;
    let mut leaves = Vec::new();
    for record in spool.read_from(0) {
        let record = record.unwrap();
        let Ok(Leaf::Event(event)) = Leaf::parse(&record.bytes) else { panic!("no event") };
        assert_eq!(event.seq(), record.number, "a sequence number leaps");
        assert!(prev.is_none_or(|prev| prev == event.prev()), "record {} does not follow", record.number);
        prev = Some(crate::hub::digest(lockward_ledger::leaf_hash(&record.bytes)));
        leaves.push(record.bytes);
    }
    leaves
}
