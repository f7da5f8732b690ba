//! A reader with a lock and an exit button on a TCP line, and everything that the panel has told it.
#![allow(clippy::disallowed_methods, reason = "a real line, in real time")]

use lockward_controller::dice;
use lockward_osdp::command::{OutputControl, PdCommand};
use lockward_osdp::key::Scbk;
use lockward_osdp::pd::{Pd, PdOutput, PdSettings};
use lockward_osdp::reply::{Capability, CardData, CardFormat, Identity, function};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub(crate) const KEY: [u8; 16] = *b"not anyone's key";

struct Device {
    pd: Pd,
    told: Vec<(Instant, PdCommand)>,
}

#[derive(Clone)]
pub(crate) struct Wires(Arc<Mutex<Device>>);

impl Wires {
    /// Switches the device on. The line lives as long as the test.
    pub(crate) fn start() -> (Self, SocketAddr) {
        let can = [
            (function::CARD_DATA, 1, 0),
            (function::LED, 2, 1),
            (function::BUZZER, 2, 1),
            (function::CONTACTS, 2, 1),
            (function::OUTPUTS, 2, 1),
            (function::CRC, 1, 0),
            (function::SECURITY, 1, 0),
            (function::READERS, 0, 1),
        ];
        let capability = |(function, level, items)| Capability { function, level, items };
        let settings = PdSettings {
            address: 0,
            key: Some(Scbk::new(KEY).unwrap()),
            install: false,
            identity: Identity {
                vendor: [2, 0x4c, 0x57],
                model: 1,
                version: 1,
                serial: 7,
                firmware: [1, 0, 0],
            },
            capabilities: can.map(capability).to_vec(),
        };
        let mut pd = Pd::new(settings, Box::new(dice::bytes));
        pd.set_inputs(vec![false]);
        let wires = Self(Arc::new(Mutex::new(Device { pd, told: Vec::new() })));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let line = wires.clone();
        std::thread::spawn(move || {
            let began = Instant::now();
            while let Ok((stream, _)) = listener.accept() {
                line.serve(began, stream);
            }
        });
        (wires, address)
    }

    fn serve(&self, began: Instant, mut stream: TcpStream) {
        stream.set_nodelay(true).unwrap();
        let mut buffer = [0; 2048];
        while let Ok(n @ 1..) = stream.read(&mut buffer) {
            let now = Instant::now();
            let mut out = Vec::new();
            let mut device = self.0.lock().unwrap();
            let micros = u64::try_from((now - began).as_micros()).unwrap();
            device.pd.handle(micros, &buffer[..n], &mut out);
            let mut reply = Vec::new();
            for output in out {
                match output {
                    PdOutput::Transmit(bytes) => reply.extend(bytes),
                    PdOutput::Command(command) => device.told.push((now, command)),
                    PdOutput::Keyed(_) => {}
                }
            }
            drop(device);
            if stream.write_all(&reply).is_err() {
                return;
            }
        }
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.0.lock().unwrap().pd.is_secure()
    }

    pub(crate) fn badge(&self, card: u8) {
        let data = CardData::new(32, vec![card; 4]).unwrap();
        assert!(self.0.lock().unwrap().pd.present_card(CardFormat::Raw, data), "no session");
    }

    pub(crate) fn press(&self, pressed: bool) {
        self.0.lock().unwrap().pd.set_inputs(vec![pressed]);
    }

    /// What it was told from a moment on.
    pub(crate) fn told(&self, since: Instant) -> Vec<PdCommand> {
        let told = self.0.lock().unwrap();
        told.told.iter().filter(|(at, _)| *at >= since).map(|(_, command)| command.clone()).collect()
    }

    /// How often it was told to hold its lock released.
    pub(crate) fn released(&self, since: Instant) -> usize {
        let on = |c: &PdCommand| matches!(c, PdCommand::Output(0, OutputControl::OnFor(_)));
        self.told(since).iter().filter(|c| on(c)).count()
    }

    pub(crate) fn locked(&self, since: Instant) -> bool {
        self.told(since).contains(&PdCommand::Output(0, OutputControl::Off))
    }
}

/// Waits until it is so. How long that took.
pub(crate) fn until(what: &str, patience: Duration, mut is_so: impl FnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < patience, "not within {patience:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
    began.elapsed()
}
