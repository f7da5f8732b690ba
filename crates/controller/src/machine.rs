//! The loop: waits for wires, hub, disk and time; hands them to the core; does what it says. It never waits for a disk.

use crate::clerk::Clerk;
use crate::clock::{Clock, bus_start};
use crate::core::{Core, Effect, Input, PinCheck, TURN_MAX};
use crate::jobs::Done;
use crate::outputs::{HOLD_AGAIN, Outputs};
use crate::pins::Pins;
use crate::uplink::Uplink;
use core::time::Duration;
use lockward_model::DoorId;
use lockward_osdp::reply::Identity as Device;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use tracing::{debug, error, info};

/// How long an orderly end waits for the disk to take what happened: far longer than one takes that does not hang.
const REST_MAX: Duration = Duration::from_secs(5);

/// What reaches the loop.
pub(crate) enum Wake {
    Core(Input),
    /// The hub's queue has something.
    Hub,
    /// The disk has done a job.
    Done(Done),
    /// A device says who it is, for the first time.
    Met(usize, u8, Device),
    /// A device is there again, and shows and holds nothing.
    Back(usize, u8),
    Stop,
}

pub(crate) struct Machine {
    pub(crate) core: Core,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) outputs: Outputs,
    pub(crate) uplink: Uplink,
    pub(crate) from_hub: Receiver<Input>,
    pub(crate) checks: Sender<Box<PinCheck>>,
    pub(crate) pins: Pins,
    pub(crate) shown: Arc<Mutex<Vec<(DoorId, lockward_door::State)>>>,
}

impl Machine {
    pub(crate) fn run(&mut self, inbox: &Receiver<Wake>, clerk: Clerk) {
        let mut inputs = Vec::new();
        let mut more = false;
        // What stands unlocked is so before its contact says that it is open: else that were a forced door.
        self.turn(&mut inputs, &clerk);
        loop {
            // 1. Wait for the first; take along what else is there.
            let due = self.clock.until(self.core.wake_at()).min(HOLD_AGAIN / 2);
            let mut next = match inbox.recv_timeout(if more { Duration::ZERO } else { due }) {
                Ok(wake) => Some(wake),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return self.rest(inbox, clerk),
            };
            while let Some(wake) = next {
                match wake {
                    Wake::Core(input) => inputs.push(input),
                    Wake::Hub => {}
                    Wake::Done(done) => self.done(done, &clerk),
                    Wake::Met(bus, address, device) => self.met(bus, address, device, &clerk),
                    Wake::Back(bus, address) => self.outputs.back(bus, address),
                    Wake::Stop => return self.rest(inbox, clerk),
                }
                next = if inputs.len() < TURN_MAX { inbox.try_recv().ok() } else { None };
            }
            // 2. The doors; then one word of the hub, as a turn of its own.
            if !inputs.is_empty() || self.clock.until(self.core.wake_at()).is_zero() {
                self.turn(&mut inputs, &clerk);
            }
            if self.core.hears_hub() {
                inputs.extend(self.from_hub.try_recv().ok());
            }
            more = !inputs.is_empty();
            if more {
                self.turn(&mut inputs, &clerk);
            }
            self.outputs.hold();
            if let Ok(mut shown) = self.shown.lock() {
                shown.clear();
                shown.extend(self.core.doors());
            }
        }
    }

    /// Handle; what needs no record is done at once. Then the disk gets what there is to record.
    fn turn(&mut self, inputs: &mut Vec<Input>, clerk: &Clerk) {
        let mut effects = Vec::new();
        self.core.take(self.clock.now(), inputs, &mut effects);
        self.perform(&mut effects);
        self.ask(clerk);
    }

    /// The record is there: now the bolts.
    fn done(&mut self, done: Done, clerk: &Clerk) {
        let mut effects = Vec::new();
        if let Err(error) = self.core.done(self.clock.now(), done, &mut effects) {
            debug!(%error, "records wait");
        }
        self.perform(&mut effects);
        self.ask(clerk);
    }

    fn ask(&mut self, clerk: &Clerk) {
        if let Some(job) = self.core.job(self.clock.now().mono) {
            clerk.ask(job);
        }
    }

    /// The end: lines close, and outputs on them let go by themselves. What happened is kept, if the disk takes it.
    fn rest(&mut self, inbox: &Receiver<Wake>, clerk: Clerk) {
        info!("stopping");
        self.outputs.rest();
        self.uplink.hang_up();
        let (began, mut unheeded) = (bus_start(), Vec::new());
        let left = || REST_MAX.saturating_sub(began.elapsed());
        self.core.take(self.clock.now(), &mut vec![Input::Unlinked], &mut unheeded);
        self.ask(&clerk);
        while self.core.awaits_disk() {
            match inbox.recv_timeout(left()) {
                Ok(Wake::Done(done)) => {
                    // Whoever was let in by this finds the door as its installer declared that it fails.
                    let _ = self.core.done(self.clock.now(), done, &mut unheeded);
                    self.ask(&clerk);
                }
                Ok(_) => {}
                Err(_) => break,
            }
        }
        if !clerk.rest(left()) {
            let unkept = self.core.unkept();
            error!(unkept, "the disk does not answer; the folder stays locked until it does");
        }
    }

    pub(crate) fn perform(&mut self, effects: &mut Vec<Effect>) {
        for effect in effects.drain(..) {
            match effect {
                Effect::Release(door) => self.outputs.set(door, true),
                Effect::Lock(door) => self.outputs.set(door, false),
                Effect::Feedback { door, side, feedback } => self.outputs.show(door, side, feedback),
                Effect::Send(message) => self.uplink.say(message),
                Effect::CheckPin(check) => drop(self.checks.send(check)),
                Effect::HangUp => self.uplink.hang_up(),
            }
        }
    }

    fn met(&mut self, bus: usize, address: u8, device: Device, clerk: &Clerk) {
        let Some(name) = self.outputs.bus(bus) else { return };
        info!(bus = %name, address, ?device, "a device was met for the first time, and is the one from now on");
        clerk.keep_readers(self.pins.meet(name, address, device));
    }
}
