//! Which bus event belongs to which door: reads the installer's file once, and sorts what the lines report.

use crate::config::{Config, Point};
use crate::core::Input;
use crate::machine::Wake;
use lockward_door::Key;
use lockward_model::{Body, ReaderFact};
use lockward_osdp::bus::PdEvent;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use tracing::{info, warn};

/// What an input of a device is to a door.
#[derive(Clone, Copy)]
enum Wire {
    Contact(usize),
    Exit(usize),
}

pub(crate) struct Wiring {
    names: Vec<Box<str>>,
    /// The door of the reader at a bus and address.
    readers: BTreeMap<(usize, u8), usize>,
    /// What an input is wired to, at a bus, address and number.
    inputs: BTreeMap<(usize, u8, usize), Wire>,
}

impl Wiring {
    pub(crate) fn new(config: &Config) -> Self {
        let names: Vec<Box<str>> = config.buses.iter().map(|b| b.name.as_str().into()).collect();
        let (readers, inputs) = (BTreeMap::new(), BTreeMap::new());
        let mut wiring = Self { names, readers, inputs };
        for (index, door) in config.doors.iter().enumerate() {
            if let Some(r) = &door.reader
                && let Some(bus) = wiring.bus(&r.bus)
            {
                wiring.readers.insert((bus, r.address), index);
            }
            for (point, wire) in [(&door.contact, Wire::Contact(index)), (&door.exit, Wire::Exit(index))] {
                if let Point::Osdp { bus, address, number } = point
                    && let Some(bus) = wiring.bus(bus)
                {
                    wiring.inputs.insert((bus, *address, usize::from(*number)), wire);
                }
            }
        }
        wiring
    }

    pub(crate) fn bus(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|n| **n == *name)
    }

    /// The door that a device is the reader of.
    pub(crate) fn reader(&self, bus: &str, address: u8) -> Option<usize> {
        self.readers.get(&(self.bus(bus)?, address)).copied()
    }

    pub(crate) fn sorter(self: &Arc<Self>, bus: usize, wake: SyncSender<Wake>) -> Sorter {
        Sorter { wiring: Arc::clone(self), bus, wake, inputs: BTreeMap::new() }
    }
}

/// Turns what one line reports into what the loop understands.
pub(crate) struct Sorter {
    wiring: Arc<Wiring>,
    bus: usize,
    wake: SyncSender<Wake>,
    inputs: BTreeMap<(u8, usize), bool>,
}

impl Sorter {
    fn say(&self, wake: Wake) {
        // The loop has ended; so will this line.
        let _ = self.wake.send(wake);
    }

    fn input(&self, input: Input) {
        self.say(Wake::Core(input));
    }

    fn fact(&self, address: u8, fact: ReaderFact) {
        let bus = self.wiring.names.get(self.bus).cloned().unwrap_or_default();
        let door = self.wiring.readers.get(&(self.bus, address)).copied();
        self.input(Input::Fact(door, Body::Reader { bus, address, fact }));
    }

    pub(crate) fn sort(&mut self, address: u8, event: PdEvent) {
        let door = self.wiring.readers.get(&(self.bus, address)).copied();
        match event {
            PdEvent::Card { card, .. } => {
                if let Some(door) = door {
                    self.input(Input::Card { door, bits: card.bits, data: card.data().to_vec() });
                }
            }
            PdEvent::Keys { digits, .. } => {
                let keys = digits.0.iter().filter_map(|b| key(*b));
                if let Some(door) = door {
                    keys.for_each(|key| self.input(Input::Key(door, key)));
                }
            }
            PdEvent::Inputs(states) => self.inputs(address, &states),
            PdEvent::Online => {
                self.fact(address, ReaderFact::Online);
                self.say(Wake::Back(self.bus, address));
                if let Some(door) = door {
                    self.input(Input::Reader(door, true));
                }
            }
            PdEvent::Resumed => self.say(Wake::Back(self.bus, address)),
            PdEvent::Offline => {
                self.fact(address, ReaderFact::Offline);
                self.let_go(address);
                if let Some(door) = door {
                    self.input(Input::Reader(door, false));
                }
            }
            PdEvent::Tamper(on) => self.fact(address, ReaderFact::Tamper(on)),
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
            PdEvent::PowerFailure(true) => warn!(address, "a device reports that its power fails"),
            PdEvent::PowerFailure(false) => info!(address, "a device reports good power"),
            // The session ended before the command was acknowledged: the next one begins with all that counts.
            PdEvent::CommandFailed(_, None) => {}
            PdEvent::CommandFailed(command, nak) => {
                warn!(address, ?command, ?nak, "a device declined a command");
            }
            // No door asks for a code: on record as something that is no card.
            PdEvent::Code { code, .. } => {
                let data = code.as_bytes();
                if let (Some(door), Ok(bits)) = (door, u16::try_from(8 * data.len())) {
                    self.input(Input::Card { door, bits, data: data.to_vec() });
                }
            }
            // No door asks anything of a public-key card, so none answers.
            PdEvent::KeyCardPresent { .. }
            | PdEvent::KeyCard { .. }
            | PdEvent::KeyCardRefused { .. }
            | PdEvent::KeyCardWanted
            | PdEvent::Outputs(_)
            | PdEvent::Capabilities(_) => {}
        }
    }

    /// A device that is gone presses no button: else whoever cuts its line right after a press holds the door open.
    fn let_go(&mut self, address: u8) {
        let pressed = self.inputs.range((address, 0)..=(address, usize::MAX)).filter(|(_, state)| **state);
        let pressed: Vec<(u8, usize)> = pressed.map(|(input, _)| *input).collect();
        for (address, number) in pressed {
            if let Some(Wire::Exit(door)) = self.wiring.inputs.get(&(self.bus, address, number)).copied() {
                self.inputs.insert((address, number), false);
                self.input(Input::Exit(door, false));
            }
        }
    }

    fn inputs(&mut self, address: u8, states: &[bool]) {
        for (number, state) in states.iter().enumerate() {
            let Some(wire) = self.wiring.inputs.get(&(self.bus, address, number)).copied() else { continue };
            if self.inputs.insert((address, number), *state) == Some(*state) {
                continue;
            }
            self.input(match wire {
                Wire::Contact(door) => Input::Contact(door, *state),
                Wire::Exit(door) => Input::Exit(door, *state),
            });
        }
    }
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
mod tests {
    use super::*;
    use crate::config::{BusWiring, DoorWiring, Fails, Port};
    use std::sync::mpsc::{Receiver, sync_channel};

    const FRONT: usize = 0;
    const BACK: usize = 1;

    fn at(address: u8, number: u8) -> Point {
        Point::Osdp { bus: "a".into(), address, number }
    }

    fn door(id: &str, contact: Point, exit: Point) -> DoorWiring {
        let fails = Fails::Secure;
        DoorWiring { id: id.parse().unwrap(), fails, reader: None, lock: Point::Simulated, contact, exit }
    }

    /// One bus: device 1 has both inputs of the front, and the contact of the back; device 2 has the back's button.
    fn sorter() -> (Sorter, Receiver<Wake>) {
        let port = Port::Tcp("nowhere:1".into());
        let bus = BusWiring { name: "a".into(), port, baud: 9600, devices: vec![] };
        let config = Config {
            controller: "k1".parse().unwrap(),
            folder: "/".into(),
            hub: "nowhere:2".into(),
            buses: vec![bus],
            doors: vec![door("front", at(1, 0), at(1, 1)), door("back", at(1, 2), at(2, 0))],
        };
        let (wake, inbox) = sync_channel(64);
        (Arc::new(Wiring::new(&config)).sorter(0, wake), inbox)
    }

    /// What was told about inputs since the last time: the door, and what its contact or its button does.
    fn told(inbox: &Receiver<Wake>) -> Vec<(usize, &'static str, bool)> {
        let input = |wake| match wake {
            Wake::Core(Input::Contact(door, open)) => Some((door, "open", open)),
            Wake::Core(Input::Exit(door, pressed)) => Some((door, "exit", pressed)),
            _ => None,
        };
        inbox.try_iter().filter_map(input).collect()
    }

    fn inputs<const N: usize>(states: [bool; N]) -> PdEvent {
        PdEvent::Inputs(states.to_vec())
    }

    #[test]
    fn given_a_pressed_button_then_a_device_that_is_lost_lets_it_go_once_and_its_contacts_stay() {
        let (mut sorter, inbox) = sorter();
        sorter.sort(1, inputs([true, true, true]));
        sorter.sort(2, inputs([true]));
        let all = [(FRONT, "open", true), (FRONT, "exit", true), (BACK, "open", true), (BACK, "exit", true)];
        assert_eq!(told(&inbox), all);
        sorter.sort(1, PdEvent::Offline);
        assert_eq!(told(&inbox), [(FRONT, "exit", false)], "its own button, and no contact");
        sorter.sort(1, PdEvent::Offline);
        assert_eq!(told(&inbox), [], "once");
    }

    #[test]
    fn given_a_device_that_is_back_then_a_pressed_button_is_told_again_and_a_contact_only_if_it_changed() {
        let (mut sorter, inbox) = sorter();
        sorter.sort(1, inputs([true, true, false]));
        sorter.sort(1, PdEvent::Offline);
        told(&inbox);
        sorter.sort(1, PdEvent::Online);
        assert_eq!(told(&inbox), [], "nothing is known yet");
        sorter.sort(1, inputs([true, true, true]));
        assert_eq!(told(&inbox), [(FRONT, "exit", true), (BACK, "open", true)]);
        sorter.sort(1, inputs([true, true, true]));
        assert_eq!(told(&inbox), [], "the same again");
    }

    #[test]
    fn given_a_button_that_is_not_pressed_then_a_device_that_is_lost_and_back_says_nothing_of_it() {
        let (mut sorter, inbox) = sorter();
        sorter.sort(1, inputs([false, true, false]));
        sorter.sort(1, inputs([false, false, false]));
        told(&inbox);
        sorter.sort(1, PdEvent::Offline);
        sorter.sort(1, inputs([false, false, false]));
        assert_eq!(told(&inbox), []);
    }
}
