//! The whole controller as it runs, threads and all, on a disk that hangs in the middle of a sync.
#![allow(clippy::disallowed_methods, reason = "real threads, in real time")]

use crate::house::{ANN, House, id};
use crate::hub::open_all;
use crate::rig::leaves_in;
use crate::stuck::StuckDisk;
use crate::wires::{KEY, Wires, until};
use lockward_controller::clock::{Clock, SystemClock};
use lockward_controller::config::{
    Building, BusWiring, Config, Device, DoorWiring, InputWiring, Lock, Port, ReaderWiring, Source,
};
use lockward_controller::core::{Core, Input};
use lockward_controller::memory::{Memory, Room};
use lockward_controller::run::{Options, Running, start_on};
use lockward_model::{Body, Code};
use lockward_osdp::command::PdCommand;
use lockward_osdp::key::Scbk;
use lockward_store::{DirLock, RealDisk};
use lockward_wire::link::ToController;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longer than anything takes that does not wait for a disk, on a busy machine.
const AT_ONCE: Duration = Duration::from_secs(2);
const SECOND: Duration = Duration::from_secs(1);

struct Dock {
    dir: TempDir,
    disk: StuckDisk,
    wires: Wires,
    running: Running,
}

/// One door, the lab: its lock holds people in, and Ann may enter. It has let her in once.
fn dock() -> Dock {
    let began = Instant::now();
    let (dir, disk, house) = (TempDir::new().unwrap(), StuckDisk::default(), House::furnished());
    house.enrol(&RealDisk, dir.path(), Room::default(), 2);
    hand_keys(&house, dir.path());
    let (wires, address) = Wires::start();
    let running = start_on(disk.clone(), config(dir.path(), address), &Options::default(), clock()).unwrap();
    let dock = Dock { dir, disk, wires, running };
    until("the reader is in session", 10 * SECOND, || dock.wires.is_secure());
    // The panel asks a device who it is before it heeds its cards.
    until("the door opens", 20 * SECOND, || {
        dock.wires.badge(ANN);
        std::thread::sleep(SECOND / 2);
        dock.wires.released(began) > 0
    });
    let since = Instant::now();
    until("it locks again", 10 * SECOND, || dock.wires.locked(since));
    dock
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock::default())
}

fn hand_keys(house: &House, dir: &Path) {
    let (now, mut effects) = (SystemClock::default().now(), Vec::new());
    let memory = Memory::open(RealDisk, dir, 1).unwrap();
    let nonces = Box::new(lockward_controller::dice::bytes);
    let (mut core, mut keeper) = Core::start(memory, &[], now, nonces, &mut effects).unwrap();
    let keys = Input::Hub(Box::new(ToController::Keys(house.keys())));
    core.take(now, &mut vec![keys], &mut effects);
    keeper.serve(&mut core, now, &mut effects).unwrap();
}

fn config(folder: &Path, line: std::net::SocketAddr) -> Config {
    let exit = Source::Osdp { bus: "a".into(), address: 0, number: 0 };
    let door = DoorWiring {
        reader: Some(ReaderWiring { bus: "a".into(), address: 0, keypad: false }),
        lock: Lock::Osdp { bus: "a".into(), address: 0, number: 0 },
        exit: Some(InputWiring { source: exit, ..InputWiring::simulated() }),
        ..DoorWiring::simulated(id("lab"))
    };
    let devices = vec![Device { address: 0, key: Scbk::new(KEY).unwrap(), codes: None }];
    let bus = BusWiring { name: "a".into(), port: Port::Tcp(line.to_string()), baud: 115_200, devices };
    // Nobody is there.
    let hub = "127.0.0.1:9".to_owned();
    Config {
        controller: id("dock"),
        folder: folder.into(),
        hub,
        buses: vec![bus],
        boards: vec![],
        building: Building::default(),
        doors: vec![door],
        cabins: vec![],
    }
}

impl Dock {
    /// Ann badges, and the disk hangs with her record.
    fn hang(&self) -> Instant {
        let since = Instant::now();
        self.disk.shut(true);
        self.wires.badge(ANN);
        until("the disk hangs", AT_ONCE, || self.disk.hangs());
        since
    }

    /// Three short sounds.
    fn refuses(&self, since: Instant) -> bool {
        let sounds = |c: &PdCommand| matches!(c, PdCommand::Buzzer(b) if b.sound && b.count == 3);
        self.wires.told(since).iter().any(sounds)
    }

    /// Ends it, and gives what is on record.
    fn end(self) -> Vec<Code> {
        self.running.stop();
        let _free = DirLock::take(self.dir.path()).expect("the folder is free");
        let events = open_all(&House::furnished(), &spool(self.dir.path()));
        assert!(events.is_sorted_by_key(|e| e.time));
        events.iter().map(|e| Body::code(&e.body)).collect()
    }
}

fn spool(dir: &Path) -> Vec<Vec<u8>> {
    leaves_in(&RealDisk, dir, Room::default())
}

#[test]
fn egress_free_given_a_disk_that_hangs_in_a_sync_then_people_leave_and_outputs_are_told_again() {
    let dock = dock();
    let since = dock.hang();
    dock.wires.press(true);
    let took = until("the exit button releases the lock", AT_ONCE, || dock.wires.released(since) > 0);
    println!("released {took:?} after the press");
    // Told every four seconds: it holds by itself for ten.
    until("the lock is held released", 15 * SECOND, || dock.wires.released(since) >= 4);
    assert!(dock.refuses(since), "who waited was refused in seconds");
    let then = Instant::now();
    dock.wires.badge(ANN);
    until("who comes now is refused at once", AT_ONCE, || dock.refuses(then));
    dock.wires.press(false);
    until("the lock is locked again", AT_ONCE, || dock.wires.locked(then));
    assert!(dock.disk.hangs(), "all of this under one sync");

    dock.disk.shut(false);
    std::thread::sleep(SECOND);
    let then = Instant::now();
    dock.wires.badge(ANN);
    until("the door opens again", AT_ONCE, || dock.wires.released(then) > 0);
    let codes = dock.end();
    let count = |code| codes.iter().filter(|c| **c == code).count();
    assert_eq!(count(Code::ExitRequested), 1, "once: {codes:?}");
    assert_eq!(count(Code::AccessDenied), 1, "who came while it hung, once it answered: {codes:?}");
    assert!(count(Code::AccessGranted) >= 3, "the first, the one that hung, the last: {codes:?}");
}

#[test]
fn given_a_disk_that_hangs_for_ever_then_the_controller_stops_and_its_folder_stays_locked() {
    let dock = dock();
    dock.hang();
    let before = Instant::now();
    let Dock { dir, disk, running, wires: _ } = dock;
    running.stop();
    assert!(before.elapsed() < 12 * SECOND, "{:?}", before.elapsed());
    DirLock::take(dir.path()).expect_err("whoever came now would write beside it");
    disk.shut(false);
    until("the folder is free", 5 * SECOND, || DirLock::take(dir.path()).is_ok());
    assert!(!spool(dir.path()).is_empty(), "one chain, up to what was under way");
}
