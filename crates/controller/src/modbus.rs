//! One thread a line of I/O boards: bytes between a port and the sans-IO line. Knows wires and coils, and no door.
//!
//! Who asks for a coil while its board is lost is not heard later either: when the board is back it is given what its
//! doors want then.

mod drive;
mod plan;

pub(crate) use plan::{Plan, plans};

use crate::senses::Ears;
use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Sender, channel};

enum Order {
    /// A coil of a unit is to be on or off from now on.
    Set(u8, u16, bool),
    Stop,
}

/// A line's mailbox.
pub(crate) struct Line {
    units: BTreeMap<String, u8>,
    orders: Sender<Order>,
    bell: UnixStream,
}

impl Line {
    /// Wants a coil to be on or off, if the board is on this line.
    pub(crate) fn set(&mut self, board: &str, coil: u16, on: bool) {
        if let Some(unit) = self.units.get(board).copied() {
            self.order(Order::Set(unit, coil, on));
        }
    }

    /// Ends the line. Coils stay as they are, until the board's watchdog lets them go.
    pub(crate) fn stop(&mut self) {
        self.order(Order::Stop);
    }

    fn order(&mut self, order: Order) {
        // A line that has ended takes no orders.
        if self.orders.send(order).is_ok() {
            let _ = self.bell.write(&[1]);
        }
    }
}

/// Starts a line. `ears` get every reading, lost ones too.
pub(crate) fn start(plan: Plan, ears: Ears) -> std::io::Result<Line> {
    let (bell, door_bell) = UnixStream::pair()?;
    bell.set_nonblocking(true)?;
    door_bell.set_nonblocking(true)?;
    let (orders, inbox) = channel();
    let units = plan.units.clone();
    let name = format!("modbus {}", plan.name);
    let mut driver = drive::Driver::new(plan, ears, inbox, door_bell);
    std::thread::Builder::new().name(name).spawn(move || driver.run())?;
    Ok(Line { units, orders, bell })
}
