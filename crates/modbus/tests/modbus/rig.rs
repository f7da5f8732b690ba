//! A line in simulated time: the machine, its boards, and everything that it told.

use crate::boards::{Board, Boards, Manner, hear};
use lockward_inputs::Reading;
use lockward_modbus::{
    Block, BoardConfig, Coils, Event, Input, Lacking, Line, LineConfig, Output, Span, Transport,
};
use lockward_model::Mono;

pub(crate) const SERIAL: Transport = Transport::Rtu { baud: 115_200 };

/// What is wanted of the coils of every board when it is lost: the last two are energised.
pub(crate) const ON_LOSS: [bool; 8] = [false, false, false, false, false, false, true, true];

pub(crate) fn config(unit: u8) -> BoardConfig {
    BoardConfig {
        unit,
        inputs: Some(Span { from: 0, count: 8 }),
        registers: Some(Span { from: 0, count: 4 }),
        coils: Some(Coils { from: 0, on_loss: ON_LOSS.to_vec() }),
    }
}

pub(crate) struct Rig {
    pub(crate) line: Line,
    pub(crate) boards: Boards,
    pub(crate) now: u64,
    pub(crate) told: Vec<(u64, u8, Event)>,
    pub(crate) asked: Vec<(u64, Vec<u8>)>,
    pub(crate) reopens: usize,
    tcp: bool,
    coming: Vec<(u64, Vec<u8>)>,
    wake: Option<Mono>,
    open: bool,
}

impl Rig {
    /// An open line with boards 1 to `boards`, five seconds old.
    pub(crate) fn of(transport: Transport, boards: u8) -> Self {
        let mut rig = Self::closed(transport, boards);
        rig.open();
        rig.run(5_000);
        rig
    }

    pub(crate) fn closed(transport: Transport, boards: u8) -> Self {
        let units = 1..=boards;
        Self {
            line: Line::new(LineConfig::new(transport, units.clone().map(config).collect())).unwrap(),
            boards: units.map(|unit| (unit, Board::new())).collect(),
            now: 0,
            told: Vec::new(),
            asked: Vec::new(),
            reopens: 0,
            tcp: transport == Transport::Tcp,
            coming: Vec::new(),
            wake: None,
            open: false,
        }
    }

    pub(crate) fn open(&mut self) {
        self.open = true;
        self.give(Input::Opened);
    }

    pub(crate) fn close(&mut self) {
        self.open = false;
        self.coming.clear();
        self.give(Input::Closed);
    }

    pub(crate) fn give(&mut self, input: Input<'_>) {
        let mut out = Vec::new();
        self.line.handle(Mono(self.now * 1_000), input, &mut out);
        self.wake = None;
        for output in out {
            match output {
                Output::Transmit(frame) => {
                    assert!(self.open, "nothing is sent on a closed line");
                    self.asked.push((self.now, frame.clone()));
                    if let Some((after, bytes)) = hear(&mut self.boards, self.tcp, &frame) {
                        self.coming.push((self.now + after, bytes));
                    }
                }
                Output::WakeAt(at) => self.wake = Some(self.wake.map_or(at, |w| w.min(at))),
                Output::Event(unit, event) => self.told.push((self.now, unit, event)),
                Output::Reopen => {
                    (self.open, self.reopens) = (false, self.reopens + 1);
                    self.coming.clear();
                }
            }
        }
    }

    pub(crate) fn run(&mut self, ms: u64) {
        for _ in 0..ms {
            self.now += 1;
            if !self.open && self.reopens > 0 {
                self.open();
            }
            let (due, later) =
                core::mem::take(&mut self.coming).into_iter().partition(|(at, _)| *at <= self.now);
            self.coming = later;
            for (_, bytes) in Vec::<(u64, Vec<u8>)>::from_iter::<Vec<_>>(due) {
                self.give(Input::Bytes(&bytes));
            }
            if self.wake.is_some_and(|at| at <= Mono(self.now * 1_000)) {
                self.give(Input::Timer);
            }
        }
    }

    pub(crate) fn manner(&mut self, unit: u8, manner: Manner) {
        self.boards.get_mut(&unit).unwrap().manner = manner;
        self.told.clear();
        self.asked.clear();
    }

    pub(crate) fn set(&mut self, unit: u8, coil: u16, on: bool) -> Result<(), lockward_modbus::SetError> {
        let set = self.line.set(unit, coil, on, Mono(self.now * 1_000));
        self.give(Input::Timer);
        set
    }

    /// The last word on a board's inputs.
    pub(crate) fn inputs(&self, unit: u8) -> Option<Vec<Reading>> {
        self.told.iter().rev().find_map(|(_, u, e)| match e {
            Event::Inputs(readings) if *u == unit => Some(readings.clone()),
            _ => None,
        })
    }

    /// What was lost since the board's manner was changed.
    pub(crate) fn lost(&self, unit: u8) -> Vec<(Block, Lacking)> {
        let lost = self.told.iter().filter(|(_, u, _)| *u == unit).filter_map(|(_, _, e)| match e {
            Event::Lost(block, why) => Some((*block, *why)),
            _ => None,
        });
        lost.collect()
    }

    pub(crate) fn back(&self, unit: u8) -> usize {
        self.told.iter().filter(|(_, u, e)| *u == unit && matches!(e, Event::Back(_))).count()
    }
}
