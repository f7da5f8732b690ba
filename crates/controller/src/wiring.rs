//! Which bus event belongs to which door: reads the installer's file once, and sorts what the lines report.

use crate::cabin::Shown;
use crate::config::{Config, Source};
use crate::core::Input;
use crate::machine::Wake;
use crate::senses::{Ears, Heard, Purpose, wires};
use crate::{dice, feedback};
use core::time::Duration;
use lockward_door::Key;
use lockward_inputs::Reading;
use lockward_model::{Body, InputName, ReaderFact, Side};
use lockward_osdp::bus::PdEvent;
use lockward_osdp::command::PdCommand;
use lockward_osdp::pkoc::{Answer, Request, Transaction};
use lockward_wire::credential::CardPublicKey;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use tracing::{info, warn};

/// What a reader is for.
#[derive(Clone, Copy)]
enum Serves {
    Door(usize, Side),
    /// A cabin, and whether a badge there may wait for a button.
    Cabin(usize, bool),
}

/// Wires that one device reads.
#[derive(Default)]
struct Device {
    /// By the number of the input; true where a closed contact is active.
    inputs: Vec<(usize, usize, bool)>,
    power: Vec<usize>,
    tamper: Vec<usize>,
}

pub(crate) struct Wiring {
    names: Vec<Box<str>>,
    readers: BTreeMap<(usize, u8), Serves>,
    /// The floors of each cabin.
    cabins: Vec<Vec<usize>>,
    devices: BTreeMap<(usize, u8), Device>,
    /// Whose readers these are, to a public-key card: the same for as long as the controller belongs to the site.
    site: [u8; 16],
    controller: String,
}

impl Wiring {
    /// `site` is what public-key cards are told of the site.
    pub(crate) fn new(config: &Config, site: [u8; 16]) -> Self {
        let names = config.buses.iter().map(|b| b.name.as_str().into()).collect();
        let cabins = config.cabins.iter().map(|c| c.floors.clone()).collect();
        let controller = config.controller.to_string();
        let (readers, devices) = (BTreeMap::new(), BTreeMap::new());
        let mut wiring = Self { names, readers, cabins, devices, site, controller };
        for (index, door) in config.doors.iter().enumerate() {
            for (side, reader) in door.readers() {
                wiring.serve(&reader.bus, reader.address, Serves::Door(index, side));
            }
        }
        // A floor names its cabin's reader as its own; the cabin has the last word.
        for (index, cabin) in config.cabins.iter().enumerate() {
            let mut floors = cabin.floors.iter().filter_map(|f| config.doors.get(*f));
            let buttons = floors.any(|d| d.button.is_some());
            wiring.serve(&cabin.reader.bus, cabin.reader.address, Serves::Cabin(index, buttons));
        }
        for (index, (purpose, input)) in wires(config).into_iter().enumerate() {
            match &input.source {
                Source::Osdp { bus, address, number } => {
                    let closed_is_active = input.level(true) == Reading::Level(true);
                    if let Some(device) = wiring.device(bus, *address) {
                        device.inputs.push((usize::from(*number), index, closed_is_active));
                    }
                }
                Source::Device { bus, address } => {
                    if let Some(device) = wiring.device(bus, *address) {
                        let tamper = purpose == Purpose::Building(InputName::Tamper);
                        if tamper { &mut device.tamper } else { &mut device.power }.push(index);
                    }
                }
                _ => {}
            }
        }
        wiring
    }

    fn serve(&mut self, bus: &str, address: u8, serves: Serves) {
        if let Some(bus) = self.bus(bus) {
            self.readers.insert((bus, address), serves);
        }
    }

    fn device(&mut self, bus: &str, address: u8) -> Option<&mut Device> {
        let bus = self.bus(bus)?;
        Some(self.devices.entry((bus, address)).or_default())
    }

    pub(crate) fn bus(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|n| **n == *name)
    }

    /// The door that a device is the reader of, if it is of one.
    pub(crate) fn reader(&self, bus: usize, address: u8) -> Option<usize> {
        match self.readers.get(&(bus, address))? {
            Serves::Door(door, _) => Some(*door),
            Serves::Cabin(..) => None,
        }
    }

    pub(crate) fn sorter(self: &Arc<Self>, bus: usize, wake: SyncSender<Wake>, ears: Ears) -> Sorter {
        Sorter { wiring: Arc::clone(self), bus, wake, ears, open: BTreeSet::new() }
    }

    /// By what a public-key card chooses its key: 16 bytes of the site, 16 of the reader.
    fn reader_id(&self, bus: usize, address: u8) -> [u8; 32] {
        let name = self.names.get(bus).map_or("", |n| n);
        let text = format!("{}\0{name}\0{address}", self.controller);
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
        let mut id = [0; 32];
        for (byte, from) in id.iter_mut().zip(self.site.iter().chain(digest.as_ref())) {
            *byte = *from;
        }
        id
    }
}

/// Turns what one line reports into what the loop understands.
pub(crate) struct Sorter {
    wiring: Arc<Wiring>,
    bus: usize,
    wake: SyncSender<Wake>,
    ears: Ears,
    /// Devices whose case is open, as far as is known. What is told again is no news.
    open: BTreeSet<u8>,
}

impl Sorter {
    // In all three: the loop has ended; so will this line.
    fn say(&self, wake: Wake) {
        let _ = self.wake.send(wake);
    }

    fn input(&self, input: Input) {
        self.say(Wake::Core(input));
    }

    fn hear(&self, heard: Heard) {
        let _ = self.ears.send(heard);
    }

    fn serves(&self, address: u8) -> Option<Serves> {
        self.wiring.readers.get(&(self.bus, address)).copied()
    }

    fn fact(&self, address: u8, fact: ReaderFact) {
        let bus = self.wiring.names.get(self.bus).cloned().unwrap_or_default();
        let door = self.wiring.reader(self.bus, address);
        self.input(Input::Fact(door, Body::Reader { bus, address, fact }));
    }

    /// Sorts one event; gives what the device is to be told at once.
    pub(crate) fn sort(&mut self, address: u8, event: PdEvent) -> Vec<PdCommand> {
        match event {
            PdEvent::Card { card, .. } => {
                return self.shown(address, Shown::Card(card.bits, card.data().to_vec()));
            }
            PdEvent::Code { code, .. } => return self.shown(address, Shown::Code(code.as_bytes().into())),
            PdEvent::KeyCard { answer, took, .. } => return self.shown(address, key_card(&answer, took)),
            PdEvent::KeyCardRefused { refusal, .. } => {
                warn!(address, %refusal, "a public-key card was not taken");
                // On record, and shown to the person, as something that is no card.
                return self.shown(address, Shown::Card(0, Vec::new()));
            }
            PdEvent::KeyCardPresent { own_id, .. } => return self.ask_key_card(address, own_id),
            PdEvent::Keys { digits, .. } => {
                digits.0.iter().filter_map(|b| key(*b)).for_each(|key| self.key(address, key));
            }
            PdEvent::Inputs(states) => self.inputs(address, &states),
            PdEvent::Online => {
                self.fact(address, ReaderFact::Online);
                self.say(Wake::Back(self.bus, address));
                self.each_door(address, |door, side| Input::Reader { door, side, online: true });
            }
            PdEvent::Resumed => self.say(Wake::Back(self.bus, address)),
            PdEvent::Offline => {
                self.fact(address, ReaderFact::Offline);
                self.lost(address);
                self.each_door(address, |door, side| Input::Reader { door, side, online: false });
            }
            PdEvent::Tamper(open) => {
                let news = if open { self.open.insert(address) } else { self.open.remove(&address) };
                if news {
                    self.fact(address, ReaderFact::Tamper(open));
                }
                self.each_door(address, |door, side| Input::Tamper { door, side, open });
                self.own(address, |device| &device.tamper, Reading::Level(open));
            }
            PdEvent::PowerFailure(failed) => {
                if failed {
                    warn!(address, "a device reports that its power fails");
                } else {
                    info!(address, "a device reports good power");
                }
                self.own(address, |device| &device.power, Reading::Level(failed));
            }
            event => self.told(address, event),
        }
        Vec::new()
    }

    /// What is recorded or logged, and moves nothing.
    fn told(&self, address: u8, event: PdEvent) {
        match event {
            PdEvent::Identity(device) => self.say(Wake::Met(self.bus, address, device)),
            PdEvent::Downgrade => self.fact(address, ReaderFact::Downgrade),
            PdEvent::IdentityChanged { .. } => self.fact(address, ReaderFact::IdentityChanged),
            PdEvent::KeyRefused => self.fact(address, ReaderFact::KeyRefused),
            PdEvent::DefaultKeyRefused => self.fact(address, ReaderFact::DefaultKeyRefused),
            PdEvent::InsecureRefused(_) => self.fact(address, ReaderFact::InsecureRefused),
            PdEvent::Paired => self.fact(address, ReaderFact::Paired),
            PdEvent::PairingClosed => self.fact(address, ReaderFact::PairingClosed),
            PdEvent::SessionLost(error) => {
                warn!(address, %error, "a reader's session ended; a new one begins");
            }
            // `None`: the session ended before the command was acknowledged, and the next one begins with all that counts.
            PdEvent::CommandFailed(command, Some(nak)) => {
                warn!(address, ?command, ?nak, "a device declined a command");
            }
            // Among them `KeyCardWanted`: a transaction given before the card comes would leave its time unbounded.
            _ => {}
        }
    }

    fn shown(&self, address: u8, shown: Shown) -> Vec<PdCommand> {
        match self.serves(address) {
            Some(Serves::Door(door, side)) => self.input(shown.at(door, side)),
            Some(Serves::Cabin(cabin, buttons)) => {
                self.hear(Heard::Shown(cabin, shown));
                if buttons {
                    return feedback::choose_floor();
                }
            }
            None => {}
        }
        Vec::new()
    }

    fn key(&self, address: u8, key: Key) {
        match self.serves(address) {
            Some(Serves::Door(door, side)) => self.input(Input::Key { door, side, key }),
            Some(Serves::Cabin(cabin, _)) => self.hear(Heard::Key(cabin, key)),
            None => {}
        }
    }

    /// Asked at once and only now, so that neither a recorded answer nor one from afar is of use.
    fn ask_key_card(&self, address: u8, own_id: bool) -> Vec<PdCommand> {
        let reader_id = (!own_id).then(|| self.wiring.reader_id(self.bus, address));
        let transaction = Transaction::new(&dice::bytes::<32>()).filter(|_| self.serves(address).is_some());
        let request = transaction.map(|transaction| Request::Authenticate { transaction, reader_id });
        request.iter().map(Request::command).collect()
    }

    /// For each door that a reader speaks for.
    fn each_door(&self, address: u8, input: impl Fn(usize, Side) -> Input) {
        match self.serves(address) {
            Some(Serves::Door(door, side)) => self.input(input(door, side)),
            Some(Serves::Cabin(cabin, _)) => {
                let floors = self.wiring.cabins.get(cabin).into_iter().flatten();
                floors.for_each(|floor| self.input(input(*floor, Side::Entry)));
            }
            None => {}
        }
    }

    fn own(&self, address: u8, wires: impl Fn(&Device) -> &Vec<usize>, reading: Reading) {
        let device = self.wiring.devices.get(&(self.bus, address));
        for wire in device.map(wires).into_iter().flatten() {
            self.hear(Heard::Reading(*wire, reading));
        }
    }

    /// An input that the device does not have is lost.
    fn inputs(&self, address: u8, states: &[bool]) {
        let Some(device) = self.wiring.devices.get(&(self.bus, address)) else { return };
        for (number, wire, closed_is_active) in &device.inputs {
            let level = |closed: &bool| Reading::Level(closed == closed_is_active);
            self.hear(Heard::Reading(*wire, states.get(*number).map_or(Reading::Lost, level)));
        }
    }

    /// A device that is gone says nothing: neither that a door is shut nor that a button is pressed.
    fn lost(&self, address: u8) {
        self.inputs(address, &[]);
        self.own(address, |device| &device.tamper, Reading::Lost);
        self.own(address, |device| &device.power, Reading::Lost);
    }
}

/// Checks the card's signature over what it was asked.
fn key_card(answer: &Answer, took: Option<u64>) -> Shown {
    let key = CardPublicKey::new(&answer.public_key);
    let signed = key.is_ok_and(|key| key.verify(answer.transaction.as_bytes(), &answer.signature).is_ok());
    Shown::KeyCard(Box::new(answer.public_key), signed, took.map(Duration::from_micros))
}

/// OSDP 2.2, 7.12: digits as ASCII, `*` as 7F and `#` as 0D.
fn key(byte: u8) -> Option<Key> {
    match byte {
        b'0'..=b'9' => Some(Key::Digit(byte - b'0')),
        0x0d | b'#' => Some(Key::Enter),
        0x7f | b'*' => Some(Key::Clear),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
