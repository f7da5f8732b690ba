//! One thread a line: bytes between a port and the sans-IO bus, at the line's own pace. Knows no door.

use crate::clock::{bus_micros, bus_start};
use crate::config::{BusWiring, Parity, Port};
use crate::port::{self, REOPEN_MAX, write_all};
use core::time::Duration;
use lockward_osdp::bus::{Bus, BusConfig, Input, Output, PAIRING_MAX, PdConfig, PdEvent};
use lockward_osdp::command::PdCommand;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use tracing::{info, warn};

/// The most that is read at once: two of the longest frames.
const READ_BYTES: usize = 3 * 1024;

/// What a line is told.
pub(crate) enum Order {
    /// A command for a device.
    Send(u8, PdCommand),
    /// Open the pairing window for one device.
    Pair(u8),
    /// End.
    Stop,
}

/// A line's mailbox.
pub(crate) struct Line {
    orders: Sender<Order>,
    bell: UnixStream,
}

impl Line {
    pub(crate) fn order(&mut self, order: Order) {
        // A line that has ended takes no orders, and its end was told.
        if self.orders.send(order).is_ok() {
            let _ = self.bell.write(&[1]);
        }
    }
}

/// Devices as they were first met, kept across restarts.
pub(crate) type Pins = BTreeMap<u8, lockward_osdp::reply::Identity>;

/// Starts a line; `tell` gets every event, with the device's address, and gives what that device is to be told at once.
pub(crate) fn start(
    wiring: &BusWiring,
    pins: &Pins,
    tell: impl FnMut(u8, PdEvent) -> Vec<PdCommand> + Send + 'static,
) -> std::io::Result<Line> {
    let pd = |d: &crate::config::Device| PdConfig {
        address: d.address,
        key: d.key.clone(),
        identity: pins.get(&d.address).copied(),
        // What was pinned was pinned inside a secure channel: losing it is a downgrade.
        capabilities: None,
    };
    let config = BusConfig { baud: wiring.baud, pds: wiring.devices.iter().map(pd).collect() };
    let began = bus_start();
    let mut bus = Bus::new(config, bus_micros(began), Box::new(crate::dice::challenge))
        .map_err(|e| std::io::Error::new(std::io::ErrorKind::InvalidInput, e))?;
    for device in wiring.devices.iter().filter(|d| d.codes.is_some()) {
        bus.codes_from(device.address, device.codes.clone());
    }
    let (bell, door_bell) = UnixStream::pair()?;
    bell.set_nonblocking(true)?;
    door_bell.set_nonblocking(true)?;
    let (orders, inbox) = channel();
    let name = wiring.name.clone();
    let mut driver = Driver {
        name,
        port: wiring.port.clone(),
        baud: wiring.baud,
        bus,
        inbox,
        bell: door_bell,
        began,
        tell,
    };
    std::thread::Builder::new().name(format!("bus {}", wiring.name)).spawn(move || driver.run())?;
    Ok(Line { orders, bell })
}

struct Driver<F> {
    name: String,
    port: Port,
    baud: u32,
    bus: Bus,
    inbox: Receiver<Order>,
    bell: UnixStream,
    began: std::time::Instant,
    tell: F,
}

/// Why a line's loop ended.
enum Ended {
    Stopped,
    Port(std::io::Error),
}

impl<F: FnMut(u8, PdEvent) -> Vec<PdCommand>> Driver<F> {
    fn run(&mut self) {
        let mut wait = Duration::from_millis(50);
        loop {
            match port::open(&self.port, self.baud, Parity::None) {
                Ok(port) => {
                    info!(bus = %self.name, "line open");
                    wait = Duration::from_millis(50);
                    match self.drive(&port) {
                        Ended::Stopped => return,
                        Ended::Port(error) => warn!(bus = %self.name, %error, "line lost"),
                    }
                }
                Err(error) => warn!(bus = %self.name, %error, "can not open the line; trying again"),
            }
            // The devices are silent meanwhile, and the bus must find that out as it would on a cut wire.
            if self.rest(wait) {
                return;
            }
            wait = (wait * 2).min(REOPEN_MAX);
        }
    }

    /// Lets time pass for the bus without a port. True if told to stop.
    fn rest(&mut self, wait: Duration) -> bool {
        let until = bus_micros(self.began) + u64::try_from(wait.as_micros()).unwrap_or(u64::MAX);
        let mut out = Vec::new();
        while bus_micros(self.began) < until {
            if self.orders() {
                return true;
            }
            self.bus.handle(bus_micros(self.began), Input::Timer, &mut out);
            for output in out.drain(..) {
                if let Output::Event(address, event) = output {
                    let _ = self.event(address, event);
                }
            }
            let pause = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
            let _ = poll(&mut [PollFd::new(&self.bell, PollFlags::IN)], Some(&pause));
        }
        false
    }

    /// True if the device was told something at once: a card waits in its field.
    fn event(&mut self, address: u8, event: PdEvent) -> bool {
        let mut said = false;
        for command in (self.tell)(address, event) {
            said |= self.bus.send(address, command).is_ok();
        }
        said
    }

    /// Passes waiting orders on to the bus. True if one of them is to stop.
    fn orders(&mut self) -> bool {
        let mut rung = [0; 64];
        while matches!(self.bell.read(&mut rung), Ok(n) if n == rung.len()) {}
        loop {
            match self.inbox.try_recv() {
                Ok(Order::Send(address, command)) => {
                    // A device that is away is told what it should show when it is back.
                    let _ = self.bus.send(address, command);
                }
                Ok(Order::Pair(address)) => {
                    if let Err(error) = self.bus.open_pairing(address, bus_micros(self.began), PAIRING_MAX) {
                        warn!(bus = %self.name, address, %error, "no pairing window was opened");
                    }
                }
                Ok(Order::Stop) | Err(std::sync::mpsc::TryRecvError::Disconnected) => return true,
                Err(std::sync::mpsc::TryRecvError::Empty) => return false,
            }
        }
    }

    fn drive(&mut self, port: &OwnedFd) -> Ended {
        let mut buffer = vec![0; READ_BYTES];
        let mut out = Vec::new();
        let mut wake = None;
        self.bus.handle(bus_micros(self.began), Input::Timer, &mut out);
        loop {
            let mut said = false;
            for output in out.drain(..) {
                match output {
                    Output::Transmit(bytes) => {
                        if let Err(error) = write_all(port, &bytes) {
                            return Ended::Port(error);
                        }
                    }
                    Output::WakeAt(at) => wake = Some(at),
                    Output::Event(address, event) => said |= self.event(address, event),
                }
            }
            if said {
                wake = Some(0);
            }
            let left = wake.map(|at: u64| at.saturating_sub(bus_micros(self.began)));
            let timeout = left.map(|us| Timespec {
                tv_sec: i64::try_from(us / 1_000_000).unwrap_or(i64::MAX),
                tv_nsec: i64::try_from(us % 1_000_000 * 1000).unwrap_or(0),
            });
            let mut fds = [PollFd::new(port, PollFlags::IN), PollFd::new(&self.bell, PollFlags::IN)];
            match poll(&mut fds, timeout.as_ref()) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Ended::Port(error.into()),
            }
            let [line, bell] = fds.map(|fd| fd.revents());
            if !bell.is_empty() && self.orders() {
                return Ended::Stopped;
            }
            let mut input = Input::Timer;
            let n;
            if !line.is_empty() {
                match rustix::io::read(port, &mut buffer[..]) {
                    Ok(0) => return Ended::Port(std::io::ErrorKind::UnexpectedEof.into()),
                    Ok(read) => {
                        n = read;
                        input = Input::Bytes(buffer.get(..n).unwrap_or_default());
                    }
                    Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
                    Err(error) => return Ended::Port(error.into()),
                }
            }
            wake = None;
            self.bus.handle(bus_micros(self.began), input, &mut out);
        }
    }
}
