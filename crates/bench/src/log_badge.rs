//! From the reader's frame to the release command, through the real bus and the real core; only the wire is missing.

use crate::device::{Device, released};
use crate::machine;
use crate::rounds::Failed;
use crate::tap_line::{dice, panel, settings};
use lockward_controller::core::Input as CoreInput;
use lockward_model::Side;
use lockward_osdp::bus::{Bus, Input, Output, PdEvent};
use lockward_osdp::command::{OutputControl, PdCommand};
use lockward_osdp::pd::{Pd, PdOutput};
use lockward_osdp::reply::{CardData, CardFormat};
use std::time::Instant;

/// Turns of the line until a reader must be secured.
const TURNS_MAX: usize = 10_000;

/// A panel and one reader, side by side.
pub(crate) struct Badge {
    bus: Bus,
    pd: Pd,
    /// The line's own time, in microseconds: it passes as the bus wishes.
    at: u64,
    /// What the reader has answered, and the panel has not heard yet.
    reply: Option<Vec<u8>>,
}

impl Badge {
    pub(crate) fn new() -> Result<Self, Failed> {
        let mut badge =
            Self { bus: panel(1, 115_200)?, pd: Pd::new(settings(0)?, dice(1)), at: 0, reply: None };
        for _ in 0..TURNS_MAX {
            let Some(reply) = badge.poll() else { continue };
            badge.panel(Input::Bytes(&reply));
            if badge.bus.is_online(0) && badge.pd.is_secure() {
                return Ok(badge);
            }
        }
        Err("the reader has no secure channel".into())
    }

    /// Lets the line's time pass until the panel speaks; gives the reader's reply.
    fn poll(&mut self) -> Option<Vec<u8>> {
        if self.reply.is_none() {
            self.panel(Input::Timer);
        }
        self.reply.take()
    }

    /// The panel's turn; what it says goes to the reader, whose reply is kept for the next.
    fn panel(&mut self, input: Input<'_>) -> (Vec<PdEvent>, Vec<PdOutput>) {
        let (mut out, mut events, mut told) = (Vec::new(), Vec::new(), Vec::new());
        self.bus.handle(self.at, input, &mut out);
        for output in out {
            match output {
                Output::Transmit(bytes) => self.pd.handle(self.at, &bytes, &mut told),
                Output::WakeAt(at) if told.is_empty() => self.at = self.at.max(at),
                Output::WakeAt(_) => {}
                Output::Event(_, event) => events.push(event),
            }
        }
        self.reply = told.iter().find_map(|said| match said {
            PdOutput::Transmit(bytes) => Some(bytes.clone()),
            _ => None,
        });
        (events, told)
    }

    /// Polls until a reply has the card in it. Gives when that reply came in, the CPU spent by then, and what it says.
    fn until_card(&mut self) -> Result<(Instant, f64, Vec<CoreInput>), Failed> {
        for _ in 0..TURNS_MAX {
            let Some(frame) = self.poll() else { continue };
            let (start, cpu) = (machine::now(), machine::process_cpu_ns());
            let (events, _) = self.panel(Input::Bytes(&frame));
            let card = events.into_iter().find_map(|event| match event {
                PdEvent::Card { card, .. } => Some(CoreInput::Card {
                    door: 0,
                    side: Side::Entry,
                    bits: card.bits,
                    data: card.data().to_vec(),
                }),
                _ => None,
            });
            if let Some(card) = card {
                return Ok((start, cpu, vec![card]));
            }
        }
        Err("the card does not arrive".into())
    }

    /// A card at the reader of door 0. Nanoseconds from the frame with the card to the frame that releases, and of
    /// CPU, the disk's thread included.
    pub(crate) fn tap(&mut self, device: &mut Device, card: &[u8; 4]) -> Result<(f64, f64), Failed> {
        let card = CardData::new(32, card.to_vec()).ok_or("no card")?;
        if !self.pd.present_card(CardFormat::Raw, card) {
            return Err("the reader has no session".into());
        }
        let (start, cpu, mut inputs) = self.until_card()?;
        let effects = device.turn(&mut inputs)?;
        if released(&effects) != 1 {
            return Err("the door was not released".into());
        }
        let mut out = Vec::new();
        self.bus.send(0, PdCommand::Output(0, OutputControl::OnFor(50)))?;
        // The line is free again two characters later; that wait is the wire's.
        self.at += 1_000;
        self.bus.handle(self.at, Input::Timer, &mut out);
        let took = start.elapsed().as_nanos() as f64;
        let cpu = machine::process_cpu_ns() - cpu;
        let said = out.into_iter().find_map(|output| match output {
            Output::Transmit(bytes) => Some(bytes),
            _ => None,
        });
        let said = said.ok_or("no release command went out")?;
        let mut told = Vec::new();
        self.pd.handle(self.at, &said, &mut told);
        if !told.iter().any(|t| matches!(t, PdOutput::Command(PdCommand::Output(..)))) {
            return Err("the reader was told something else than to release".into());
        }
        for reply in told {
            if let PdOutput::Transmit(bytes) = reply {
                self.panel(Input::Bytes(&bytes));
            }
        }
        self.at += 1_000;
        Ok((took, cpu))
    }
}
