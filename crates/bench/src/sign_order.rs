//! The door that is ordered about: a real controller on a TLS link, whose lock hangs on a simulated OSDP board.

use crate::dice::Dice;
use crate::machine;
use crate::rounds::{Failed, Round};
use crate::sign_seat::{Seat, owner};
use crate::world::door_id;
use lockward_controller::config::{
    BusWiring, Device as Wire, DoorWiring, InputWiring, Lock, ReaderWiring, Source,
};
use lockward_controller::run::Running;
use lockward_door::State;
use lockward_model::{Deny, DoorId, OrderAct};
use lockward_osdp::key::Scbk;
use lockward_sim::hardware::{Board, Bus, Device, LineSettings, Mounted};
use std::sync::Arc;
use std::time::Duration;

/// Addresses on the line, and its name.
const READER: u8 = 0;
const BOARD: u8 = 1;
const LINE: &str = "a";
/// Longer than anything takes that happens at all.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// A lock that was not to move has not moved within this.
const STAYS: Duration = Duration::from_millis(300);

/// The line of one door.
pub(crate) struct Line {
    bus: Arc<Bus>,
    door: DoorId,
    reader: [u8; 16],
    board: [u8; 16],
    baud: u32,
}

impl Line {
    /// Powers up the devices of door 0.
    pub(crate) fn start(baud: u32) -> Result<Self, Failed> {
        let (mut dice, door) = (Dice::new(31), door_id(0)?);
        let (reader, board) = (dice.bytes(), dice.bytes());
        let device = |address, key| Ok::<_, Failed>(Device { address, key: Scbk::new(key)?, serial: 1 });
        let mounted = Mounted { door, reader: device(READER, reader)?, fails_safe: false };
        let bus = Bus::start(LineSettings { baud, doors: vec![mounted], board: device(BOARD, board)? })?;
        Ok(Self { bus: Arc::new(bus), door, reader, board, baud })
    }

    /// What its controller's installer wrote down.
    pub(crate) fn wiring(&self) -> Result<(BusWiring, DoorWiring), Failed> {
        let device = |address, key| Ok::<_, Failed>(Wire { address, key: Scbk::new(key)?, codes: None });
        let devices = vec![device(READER, self.reader)?, device(BOARD, self.board)?];
        let port = self.bus.port().clone();
        let contact = Source::Osdp { bus: LINE.into(), address: BOARD, number: Board::contact(0) };
        let door = DoorWiring {
            reader: Some(ReaderWiring { bus: LINE.into(), address: READER, keypad: false }),
            lock: Lock::Osdp { bus: LINE.into(), address: BOARD, number: 0 },
            contact: Some(InputWiring { source: contact, ..InputWiring::simulated() }),
            ..DoorWiring::simulated(self.door)
        };
        Ok((BusWiring { name: LINE.into(), port, baud: self.baud, devices }, door))
    }

    pub(crate) fn await_online(&self) -> Result<(), Failed> {
        until("a secure channel to all devices", || self.bus.is_online())
    }

    /// So many orders, each from its last request to the moment at which the board's output moves the bolt; and the same to
    /// the browser's answer.
    pub(crate) fn orders(
        &self,
        seat: &mut Seat,
        running: &Running,
        runtime: &tokio::runtime::Runtime,
        count: usize,
    ) -> Result<(Round, Vec<f64>), Failed> {
        let (mut each, mut answered) = (Vec::new(), Vec::new());
        let cpu = machine::process_cpu_ns();
        for _ in 0..count {
            self.await_rest(running)?;
            let body = runtime.block_on(seat.asked(&self.path("unlock/start"), false))?;
            let (bus, door) = (Arc::clone(&self.bus), self.door);
            let (ready, is_ready) = std::sync::mpsc::channel();
            let eye = std::thread::spawn(move || {
                let _ = ready.send(());
                bus.await_release(door, PATIENCE).then(machine::now)
            });
            is_ready.recv()?;
            let answer = runtime.block_on(seat.browser.post(&self.path("order/finish"), &body))?.is(200)?;
            let released = eye.join().map_err(|_| "nobody looked")?.ok_or("the lock was not released")?;
            each.push((released - answer.sent).as_nanos() as f64);
            answered.push((answer.heard - answer.sent).as_nanos() as f64);
            // Somebody goes through.
            self.bus.open_leaf(self.door);
            until("the lock is locked again", || !self.bus.bolt_released(self.door))?;
            self.bus.close_leaf(self.door);
        }
        Ok((Round { each, cpu: (machine::process_cpu_ns() - cpu) / count.max(1) as f64 }, answered))
    }

    /// Whether an order with a forged signature, and one on the hub's word alone, are refused, and the lock stays as it is.
    pub(crate) async fn refuses(&self, seat: &mut Seat, running: &Running) -> Result<bool, Failed> {
        self.await_rest(running)?;
        let body = seat.asked(&self.path("unlock/start"), true).await?;
        let forged = seat.browser.post(&self.path("order/finish"), &body).await?;
        let own = seat.hub.order(owner()?, self.door, OrderAct::Unlock, None).await;
        let own = own.err().map(|e| e.code().to_owned());
        let moved = self.bus.await_release(self.door, STAYS);
        let told = (forged.status, forged.code());
        Ok(told == (403, Deny::OrderSignature.code().to_owned())
            && own.as_deref() == Some(Deny::NothingPermits.code())
            && !moved)
    }

    fn path(&self, act: &str) -> String {
        format!("/doors/{}/{act}", self.door)
    }

    fn await_rest(&self, running: &Running) -> Result<(), Failed> {
        let locked =
            || running.doors().iter().any(|(door, state)| *door == self.door && *state == State::Locked);
        until("the door is at rest", || locked() && !self.bus.bolt_released(self.door))
    }
}

/// Waits until something is so.
pub(crate) fn until(what: &str, is: impl Fn() -> bool) -> Result<(), Failed> {
    let start = machine::now();
    while !is() {
        if start.elapsed() > PATIENCE {
            return Err(format!("waited in vain: {what}").into());
        }
        machine::rest(LOOK_EVERY);
    }
    Ok(())
}
