//! Sixty-four doors that are all busy, in simulated time: panels and readers on lines that take each frame's time, the core,
//! and the disk's thread. What the operating system takes to hand bytes over is in `door_busy`, and not here.

use crate::device::Device;
use crate::machine;
use crate::rounds::Failed;
use crate::tap_line::{REPLY_DELAY, characters, dice, panel, settings};
use core::time::Duration;
use lockward_controller::core::{Effect, Input as CoreInput};
use lockward_door::{Contact, Feedback, Wire};
use lockward_model::Side;
use lockward_osdp::bus::{Bus, Input, Micros, Output, PdEvent};
use lockward_osdp::command::{Blink, Buzzer, Color, Led, OutputControl, PdCommand, Temporary};
use lockward_osdp::pd::{Pd, PdOutput};
use lockward_osdp::reply::{CardData, CardFormat};

/// Time for every device to be found and secured.
const SETTLE: Micros = 30_000_000;
const SECOND: Micros = 1_000_000;
/// How long people stand before a released door, and in it.
const REACTS: Micros = 150_000;
const PASSES: Micros = 350_000;

/// Bytes that are on their way: they arrive whole, with their last bit.
enum Frame {
    ToReaders(Vec<u8>),
    ToPanel(Vec<u8>),
}

/// One line: its panel, a reader for each of its doors, and a lock board.
struct Line {
    baud: u32,
    bus: Bus,
    devices: Vec<Pd>,
    wake: Option<Micros>,
    wire: Option<(Micros, Frame)>,
    /// The doors, by their readers' addresses; the board's address is the next.
    doors: Vec<usize>,
    /// Whether each door's leaf stands open, and what the panel knows of that.
    leaves: Vec<bool>,
    known: Vec<bool>,
}

/// What a line has to say to the rest of the controller, or to the people at its doors.
enum Said {
    Core(Box<CoreInput>),
    Bolt(usize),
}

impl Line {
    fn new(doors: Vec<usize>, baud: u32) -> Result<Self, Failed> {
        let count = u8::try_from(doors.len() + 1)?;
        let pd = |address| Ok(Pd::new(settings(address)?, dice(100 + u64::from(address))));
        let devices = (0..count).map(pd).collect::<Result<_, Failed>>()?;
        let (leaves, known) = (vec![false; doors.len()], vec![false; doors.len()]);
        Ok(Self { baud, bus: panel(count, baud)?, devices, wake: Some(0), wire: None, doors, leaves, known })
    }

    fn due(&self) -> Option<Micros> {
        self.wire.as_ref().map(|(at, _)| *at).into_iter().chain(self.wake).min()
    }

    fn is_secure(&self) -> bool {
        self.devices.iter().all(Pd::is_secure)
    }

    /// What is due happens. Gives the panel's CPU.
    fn step(&mut self, now: Micros, said: &mut Vec<Said>) -> f64 {
        match self.wire.take_if(|(at, _)| *at <= now) {
            Some((_, Frame::ToReaders(bytes))) => {
                self.hear(now, &bytes, said);
                0.0
            }
            Some((_, Frame::ToPanel(bytes))) => self.panel(now, Input::Bytes(&bytes), said),
            None => self.panel(now, Input::Timer, said),
        }
    }

    fn panel(&mut self, now: Micros, input: Input<'_>, said: &mut Vec<Said>) -> f64 {
        let mut out = Vec::new();
        let before = machine::thread_cpu_ns();
        self.bus.handle(now, input, &mut out);
        let cpu = machine::thread_cpu_ns() - before;
        self.wake = None;
        for output in out {
            match output {
                Output::Transmit(bytes) => {
                    self.wire = Some((now + characters(bytes.len(), self.baud), Frame::ToReaders(bytes)));
                }
                Output::WakeAt(at) => self.wake = Some(at),
                Output::Event(address, event) => self.event(address, event, said),
            }
        }
        cpu
    }

    fn event(&mut self, address: u8, event: PdEvent, said: &mut Vec<Said>) {
        match event {
            PdEvent::Card { card, .. } => {
                if let Some(door) = self.doors.get(usize::from(address)) {
                    let (bits, data) = (card.bits, card.data().to_vec());
                    let card = CoreInput::Card { door: *door, side: Side::Entry, bits, data };
                    said.push(Said::Core(Box::new(card)));
                }
            }
            PdEvent::Inputs(now) => {
                for ((door, was), open) in self.doors.iter().zip(&mut self.known).zip(now) {
                    if core::mem::replace(was, open) != open {
                        let contact = if open { Contact::Open } else { Contact::Closed };
                        said.push(Said::Core(Box::new(CoreInput::Contact(*door, Wire::Says(contact)))));
                    }
                }
            }
            _ => {}
        }
    }

    /// Every device hears the panel; at most one answers.
    fn hear(&mut self, now: Micros, bytes: &[u8], said: &mut Vec<Said>) {
        let mut out = Vec::new();
        self.devices.iter_mut().for_each(|pd| pd.handle(now, bytes, &mut out));
        for output in out {
            match output {
                PdOutput::Transmit(bytes) => {
                    let at = now + REPLY_DELAY + characters(bytes.len(), self.baud);
                    self.wire = Some((at, Frame::ToPanel(bytes)));
                }
                PdOutput::Command(PdCommand::Output(n, OutputControl::OnFor(_))) => {
                    said.extend(self.doors.get(usize::from(n)).map(|door| Said::Bolt(*door)));
                }
                PdOutput::Command(_) | PdOutput::Keyed(_) => {}
            }
        }
    }

    /// Tells a device; a queue that is full is a fault of the measurement.
    fn send(&mut self, address: usize, command: PdCommand) -> Result<(), Failed> {
        self.bus.send(u8::try_from(address)?, command)?;
        self.wake = Some(0);
        Ok(())
    }
}

/// Somebody at a door: what comes next, and when; how many badges are left, and when the last was shown.
#[derive(Clone, Copy)]
struct Visitor {
    next: Next,
    left: usize,
    shown: Micros,
}

#[derive(Clone, Copy)]
enum Next {
    Nothing,
    Shows(Micros),
    Waits,
    Opens(Micros),
    Closes(Micros),
}

/// A controller with its lines and the people at its doors.
pub(crate) struct Lines {
    device: Device,
    lines: Vec<Line>,
    cards: Vec<[u8; 4]>,
    visitors: Vec<Visitor>,
    now: Micros,
    pub(crate) bolts: usize,
}

impl Lines {
    /// Waits, in simulated time, until every device has its secure channel.
    pub(crate) fn new(device: Device, cards: Vec<[u8; 4]>, lines: usize, baud: u32) -> Result<Self, Failed> {
        let share = |line| (0..cards.len()).filter(|door| door % lines == line).collect();
        let lines = (0..lines).map(|n| Line::new(share(n), baud)).collect::<Result<_, _>>()?;
        let visitors = vec![Visitor { next: Next::Nothing, left: 0, shown: 0 }; cards.len()];
        let mut all = Self { device, lines, cards, visitors, now: 0, bolts: 0 };
        let shut = |door| CoreInput::Contact(door, Wire::Says(Contact::Closed));
        all.device.turn(&mut (0..all.cards.len()).map(shut).collect())?;
        all.device.settle()?;
        all.run(SETTLE)?;
        if all.lines.iter().all(Line::is_secure) {
            Ok(all)
        } else {
            Err("a device has no secure channel".into())
        }
    }

    /// So many seconds with a badge at every door in each of them, evenly apart: the share of one core, in percent.
    pub(crate) fn busy(&mut self, seconds: usize) -> Result<f64, Failed> {
        let doors = self.visitors.len() as u64;
        for (n, visitor) in (0..).zip(&mut self.visitors) {
            (visitor.left, visitor.next) = (seconds, Next::Shows(self.now + SECOND * n / doors));
        }
        let share = self.share(seconds)?;
        // Whoever came last goes through, too; that is not measured.
        self.run(2 * SECOND)?;
        if self.visitors.iter().all(|v| v.left == 0 && matches!(v.next, Next::Nothing)) {
            Ok(share)
        } else {
            Err("somebody still stands before a door".into())
        }
    }

    /// So many seconds, whatever happens in them.
    pub(crate) fn share(&mut self, seconds: usize) -> Result<f64, Failed> {
        // The disk's thread is the only other one.
        let others = || machine::process_cpu_ns() - machine::thread_cpu_ns();
        let (span, disk) = (SECOND * seconds as u64, others());
        let own = self.run(span)?;
        Ok((own + others() - disk) / (span as f64 * 1e3) * 100.0)
    }

    /// Lets time pass; gives the CPU of panels and core.
    fn run(&mut self, span: Micros) -> Result<f64, Failed> {
        let (end, mut cpu) = (self.now + span, 0.0);
        loop {
            let lines = self.lines.iter().filter_map(Line::due);
            let people = self.visitors.iter().filter_map(|v| match v.next {
                Next::Shows(at) | Next::Opens(at) | Next::Closes(at) => Some(at),
                Next::Nothing | Next::Waits => None,
            });
            let core = self.now + u64::try_from(self.device.until_wake().as_micros())?;
            let due = lines.chain(people).chain([core]).min().unwrap_or(end);
            if due > end {
                break;
            }
            let now = due.max(self.now);
            self.device.pass(Duration::from_micros(now - self.now));
            self.now = now;
            self.people()?;
            let mut said = Vec::new();
            for line in self.lines.iter_mut().filter(|line| line.due().is_some_and(|at| at <= now)) {
                cpu += line.step(now, &mut said);
            }
            cpu += self.controller(said)?;
        }
        self.device.pass(Duration::from_micros(end - self.now));
        self.now = end;
        Ok(cpu)
    }

    /// People do what they came for.
    fn people(&mut self) -> Result<(), Failed> {
        let now = self.now;
        for (door, visitor) in self.visitors.iter_mut().enumerate() {
            let count = self.lines.len();
            let line = self.lines.get_mut(door % count).ok_or("no line")?;
            let place = door / count;
            match visitor.next {
                Next::Shows(at) if at <= now => {
                    let card = self.cards.get(door).ok_or("no card")?;
                    let card = CardData::new(32, card.to_vec()).ok_or("no card")?;
                    let reader = line.devices.get_mut(place).ok_or("no reader")?;
                    if !reader.present_card(CardFormat::Raw, card) {
                        return Err("a reader does not take a card".into());
                    }
                    (visitor.next, visitor.left, visitor.shown) = (Next::Waits, visitor.left - 1, now);
                }
                Next::Opens(at) | Next::Closes(at) if at <= now => {
                    let open = matches!(visitor.next, Next::Opens(_));
                    visitor.next = match (open, visitor.left) {
                        (true, _) => Next::Closes(now + PASSES),
                        (false, 0) => Next::Nothing,
                        (false, _) => Next::Shows(now.max(visitor.shown + SECOND)),
                    };
                    *line.leaves.get_mut(place).ok_or("no contact")? = open;
                    line.devices.last_mut().ok_or("no board")?.set_inputs(line.leaves.clone());
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What the lines said goes to the core, and what the core does to the lines. Gives the core's CPU.
    fn controller(&mut self, said: Vec<Said>) -> Result<f64, Failed> {
        let mut inputs = Vec::new();
        for said in said {
            match said {
                Said::Core(input) => inputs.push(*input),
                Said::Bolt(door) => {
                    let visitor = self.visitors.get_mut(door).ok_or("no such door")?;
                    if let Next::Waits = visitor.next {
                        visitor.next = Next::Opens(self.now + REACTS);
                        self.bolts += 1;
                    }
                }
            }
        }
        if inputs.is_empty() && !self.device.until_wake().is_zero() {
            return Ok(0.0);
        }
        let before = machine::thread_cpu_ns();
        let mut effects = self.device.turn(&mut inputs)?;
        effects.extend(self.device.settle()?);
        for effect in effects {
            self.perform(&effect)?;
        }
        Ok(machine::thread_cpu_ns() - before)
    }

    /// As the controller's outputs do: the bolt at the board, light and sounder at the reader.
    fn perform(&mut self, effect: &Effect) -> Result<(), Failed> {
        let (Effect::Release(door) | Effect::Lock(door) | Effect::Feedback { door, .. }) = effect else {
            return Ok(());
        };
        let count = self.lines.len();
        let (line, place) = (self.lines.get_mut(door % count).ok_or("no line")?, door / count);
        let (board, number) = (line.doors.len(), u8::try_from(place)?);
        match effect {
            Effect::Release(_) => line.send(board, PdCommand::Output(number, OutputControl::OnFor(100))),
            Effect::Lock(_) => line.send(board, PdCommand::Output(number, OutputControl::Off)),
            Effect::Feedback { feedback: Feedback::Granted, .. } => {
                let temporary = Temporary::Set { blink: Blink::steady(Color::Green), lasts: 30 };
                let permanent = Some(Blink::steady(Color::Red));
                line.send(place, PdCommand::Led(Led { reader: 0, number: 0, temporary, permanent }))?;
                let buzzer = Buzzer { reader: 0, sound: true, on: 1, off: 1, count: 1 };
                line.send(place, PdCommand::Buzzer(buzzer))
            }
            _ => Ok(()),
        }
    }

    /// Ends; the folder is another's from here on.
    pub(crate) fn end(self) -> Result<(), Failed> {
        self.device.end()
    }
}
