//! A controller of the site, on this machine's disk, without wires: its folder as an enrolment and a hub leave it.

use crate::dice::Dice;
use crate::rounds::Failed;
use crate::world::{Author, CARD_KEY, NOON, Plan, controller, controller_key, door_id, token};
use aws_lc_rs::signature::Ed25519KeyPair;
use lockward_controller::clerk::Clerk;
use lockward_controller::config::{DoorWiring, InputWiring, ReaderWiring};
use lockward_controller::core::{Core, Effect, Input, TURN_MAX};
use lockward_controller::identity::Identity;
use lockward_controller::jobs::Done;
use lockward_controller::memory::Memory;
use lockward_model::{ConfigRef, Digest, Epoch, Known, Mono, Now, PinFact, Side, SiteId};
use lockward_site::{Answer, Question, Site};
use lockward_store::{Disk, Journal, Limits, RECORD_BYTES_MAX, RealDisk, SEGMENT_BYTES};
use lockward_wire::link::{Keys, ToController};
use lockward_wire::{CardKey, PinPepper, SourceKey};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use zeroize::Zeroizing;

/// What seals the controller's events.
pub(crate) const SOURCE_KEY: [u8; 32] = *b"bench source key, of no site too";
/// Segments of the config log: as many as a controller's own.
const CONFIG_SEGMENTS: u32 = 512;
/// Longer than any door stands released: between two turns, so that each finds its door at rest.
const APART: Duration = Duration::from_secs(10);

/// Makes the folder: identity, config log. `seen` is given each entry too.
pub(crate) fn enrol(
    dir: &Path,
    plan: &Plan,
    mut seen: impl FnMut(&[u8], SiteId) -> Result<(), Failed>,
) -> Result<(), Failed> {
    let (mut author, founding) = Author::found(2)?;
    RealDisk.make_dir(dir)?;
    let mut dice = Dice::new(9);
    let pkcs8 = controller_key()?.to_pkcs8().map_err(|_| "no key")?.as_ref().to_vec();
    let identity = Identity {
        controller: controller()?,
        site: author.site,
        key: Ed25519KeyPair::from_pkcs8(&pkcs8).map_err(|_| "no key")?,
        pkcs8: Zeroizing::new(pkcs8),
        // Nothing here dials a hub.
        chain: Vec::new(),
        ca: Vec::new(),
    };
    identity.write(RealDisk, dir)?;
    let site = author.site;
    // As the controller itself keeps it.
    let limits = Limits::new(SEGMENT_BYTES, CONFIG_SEGMENTS, RECORD_BYTES_MAX)?;
    let (mut config, _) = Journal::open(RealDisk, &dir.join("config"), limits, dice.next())?;
    config.append(&[&founding])?;
    seen(&founding, site)?;
    plan.entries(&mut author, |entry| {
        config.append(&[entry])?;
        seen(entry, site)
    })
}

/// A controller that runs, its disk on a thread of its own, and its clock: simulated, so that doors come to rest at once.
pub(crate) struct Device {
    core: Core,
    clerk: Clerk,
    done: Receiver<Done>,
    now: Now,
}

impl Device {
    /// Starts it as after a power cut.
    pub(crate) fn start(dir: &Path, doors: usize) -> Result<Self, Failed> {
        Self::wired(dir, &(0..doors).map(wiring).collect::<Result<Vec<_>, _>>()?)
    }

    /// The same, with doors that tell when they are opened.
    pub(crate) fn start_with_contacts(dir: &Path, doors: usize) -> Result<Self, Failed> {
        let contact = || Some(InputWiring::simulated());
        let with = |n| Ok(DoorWiring { contact: contact(), ..wiring(n)? });
        Self::wired(dir, &(0..doors).map(with).collect::<Result<Vec<_>, Failed>>()?)
    }

    fn wired(dir: &Path, wiring: &[DoorWiring]) -> Result<Self, Failed> {
        let mut dice = Dice::new(17);
        let memory = Memory::open(RealDisk, dir, dice.next())?;
        // Moments after the last record of the run before.
        let now = Now { mono: Mono(0), wall: NOON };
        let mut out = Vec::new();
        let (core, keeper) = Core::start(memory, wiring, now, Box::new(move || dice.bytes()), &mut out)?;
        let (tell, done) = channel();
        let clerk = Clerk::start(keeper, move |job| drop(tell.send(job)))?;
        Ok(Self { core, clerk, done, now })
    }

    /// The hub hands its keys over; the link ends at once.
    pub(crate) fn meet_hub(&mut self) -> Result<(), Failed> {
        let keys = Keys {
            card_key: CardKey::from_bytes(CARD_KEY),
            pin_pepper: PinPepper::from_bytes([3; 32]),
            epoch: Epoch(1),
            source_key: SourceKey::from_bytes(SOURCE_KEY),
        };
        let welcome = ToController::Welcome { time: self.now.wall, acked: 0 };
        let hub = |message| Input::Hub(Box::new(message));
        self.turn(&mut vec![Input::Linked, hub(welcome), hub(ToController::Keys(keys)), Input::Unlinked])?;
        self.rest()
    }

    /// Takes all that is waiting, in turns as the controller's loop does, until everything is on record. Gives the
    /// effects.
    pub(crate) fn turn(&mut self, inputs: &mut Vec<Input>) -> Result<Vec<Effect>, Failed> {
        let mut out = Vec::new();
        loop {
            let mut some: Vec<Input> = inputs.drain(..inputs.len().min(TURN_MAX)).collect();
            self.core.take(self.now, &mut some, &mut out);
            self.ask();
            if inputs.is_empty() {
                break;
            }
            if let Ok(done) = self.done.try_recv() {
                self.take_back(done, &mut out)?;
            }
        }
        while self.core.unkept() > 0 {
            let done = self.done.recv()?;
            self.core.done(self.now, done, &mut out)?;
            // As in the controller's loop, the bolts move before the disk is given more.
            if self.core.unkept() > 0 {
                self.ask();
            }
        }
        Ok(out)
    }

    /// Time passes, doors lock again, and what that leaves to record is recorded; the disk comes to rest too.
    pub(crate) fn rest(&mut self) -> Result<(), Failed> {
        self.rest_for(APART)
    }

    /// The same, for a door that locks again sooner.
    pub(crate) fn rest_for(&mut self, span: Duration) -> Result<(), Failed> {
        self.pass(span);
        self.turn(&mut Vec::new())?;
        self.settle().map(drop)
    }

    /// The disk comes to rest: while simulated time passes, a job that is not taken back would look like one that hangs.
    pub(crate) fn settle(&mut self) -> Result<Vec<Effect>, Failed> {
        let mut out = Vec::new();
        self.ask();
        while self.core.awaits_disk() {
            let done = self.done.recv()?;
            self.take_back(done, &mut out)?;
        }
        Ok(out)
    }

    /// Time passes, and nothing else happens.
    pub(crate) fn pass(&mut self, span: Duration) {
        let mono = self.now.mono + span;
        self.now = Now { mono, wall: NOON + mono.since(Mono(0)) };
    }

    /// For how long nothing happens by itself.
    pub(crate) fn until_wake(&self) -> Duration {
        self.core.wake_at().since(self.now.mono)
    }

    fn ask(&mut self) {
        if let Some(job) = self.core.job(self.now.mono) {
            self.clerk.ask(job);
        }
    }

    fn take_back(&mut self, done: Done, out: &mut Vec<Effect>) -> Result<(), Failed> {
        self.core.done(self.now, done, out)?;
        self.ask();
        Ok(())
    }

    /// Ends; the folder is another's from here on.
    pub(crate) fn end(self) -> Result<(), Failed> {
        if self.clerk.rest(Duration::from_secs(60)) { Ok(()) } else { Err("the disk hangs".into()) }
    }
}

/// Somebody whom a door lets in at any time of day, with the card alone.
pub(crate) fn let_in(site: &Site, door: usize) -> Result<usize, Failed> {
    let (key, people) = (CardKey::from_bytes(CARD_KEY), site.counts().0);
    for person in 0..people {
        let question = Question {
            controller: controller()?,
            door: door_id(door)?,
            side: Side::Entry,
            token: Some(token(&key, person)?),
            pin: PinFact::NotAsked,
            keypad: true,
            // Midnight: what the office hours permit does not count.
            at: NOON - Duration::from_secs(12 * 3600),
            config_age: Duration::ZERO,
            config: ConfigRef { size: site.size(), root: Digest([0; 32]) },
            known: Known::default(),
        };
        if matches!(site.decide(&question, Mono(0)), Answer::Granted(..)) {
            return Ok(person);
        }
    }
    Err(format!("door {door} lets nobody in").into())
}

/// Whether a door was released.
pub(crate) fn released(effects: &[Effect]) -> usize {
    effects.iter().filter(|e| matches!(e, Effect::Release(_))).count()
}

fn wiring(n: usize) -> Result<DoorWiring, Failed> {
    let reader = ReaderWiring { bus: "a".into(), address: u8::try_from(n % 100)?, keypad: true };
    Ok(DoorWiring { reader: Some(reader), ..DoorWiring::simulated(door_id(n)?) })
}
