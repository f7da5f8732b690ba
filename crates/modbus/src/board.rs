//! What is known of one board: three kinds of values, each good or lost by itself, and what its outputs are to be.

use crate::config::BoardConfig;
use crate::frame::{Reply, Request};
use crate::line::{Block, Event, Lacking};
use core::time::Duration;
use lockward_inputs::Reading;
use lockward_model::Mono;

/// How often inputs are read, where the line is fast enough.
const POLL: Duration = Duration::from_millis(50);

/// One thing to ask of a board.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Job {
    Read(Block),
    Write(usize),
}

/// What a board would be asked next.
pub(crate) struct NextRead {
    pub(crate) due: Mono,
    /// When it was due but for the patience with lost ones: of two that wait, the elder goes first.
    pub(crate) asked_for: Mono,
    pub(crate) block: Block,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Told {
    /// Neither good nor bad so far.
    Nothing,
    Good,
    Lost,
}

/// Values of one kind.
#[derive(Debug)]
struct Slot {
    block: Block,
    request: Request,
    due: Mono,
    misses: u8,
    told: Told,
    /// Tried without the patience that a lost one has to have: at the start, and when the board answered otherwise.
    eager: bool,
}

#[derive(Debug)]
struct Outputs {
    from: u16,
    on_loss: Vec<bool>,
    wanted: Vec<bool>,
    /// To be written.
    dirty: Vec<bool>,
    /// Written, and not read back since.
    written: Vec<bool>,
    /// Was told to be another than it was written.
    disobeys: Vec<bool>,
    write_due: Mono,
}

#[derive(Debug)]
pub(crate) struct Board {
    pub(crate) unit: u8,
    slots: Vec<Slot>,
    outputs: Option<Outputs>,
    tries: u8,
    read_back: Duration,
}

impl Board {
    pub(crate) fn new(config: BoardConfig, tries: u8, read_back: Duration) -> Self {
        let slot = |request| {
            let block = match request {
                Request::ReadInputs { .. } => Block::Inputs,
                Request::ReadRegisters { .. } => Block::Registers,
                Request::ReadCoils { .. } | Request::WriteCoil { .. } => Block::Coils,
            };
            Slot { block, request, due: Mono(0), misses: 0, told: Told::Nothing, eager: true }
        };
        let slots = config.reads().map(slot).collect();
        let outputs = config.coils.map(|c| {
            let none = vec![false; c.on_loss.len()];
            Outputs {
                from: c.from,
                wanted: c.on_loss.clone(),
                on_loss: c.on_loss,
                dirty: none.clone(),
                written: none.clone(),
                disobeys: none,
                write_due: Mono(0),
            }
        });
        Self { unit: config.unit, slots, outputs, tries, read_back }
    }

    /// Wants a coil to be something from now on. False if the board has no such coil; nothing if it is lost.
    pub(crate) fn set(&mut self, coil: u16, on: bool, now: Mono) -> Option<bool> {
        let Some(outputs) = &mut self.outputs else { return Some(false) };
        let Some(index) = coil.checked_sub(outputs.from).map(usize::from) else { return Some(false) };
        let (Some(wanted), Some(dirty)) = (outputs.wanted.get_mut(index), outputs.dirty.get_mut(index))
        else {
            return Some(false);
        };
        let good = self.slots.iter().any(|s| s.block == Block::Coils && s.told == Told::Good);
        good.then(|| {
            (*wanted, *dirty) = (on, true);
            outputs.write_due = now;
            true
        })
    }

    /// The read that is due first. A lost one waits for `lost_from` too.
    pub(crate) fn next_read(&self, lost_from: Mono) -> Option<NextRead> {
        let next = |s: &Slot| {
            let patient = s.told == Told::Lost && !s.eager;
            let due = if patient { s.due.max(lost_from) } else { s.due };
            NextRead { due, asked_for: s.due, block: s.block }
        };
        self.slots.iter().map(next).min_by_key(|n| (n.due, n.asked_for))
    }

    /// The write that is due, and since when.
    pub(crate) fn next_write(&self) -> Option<(Mono, usize)> {
        let outputs = self.outputs.as_ref()?;
        outputs.dirty.iter().position(|d| *d).map(|coil| (outputs.write_due, coil))
    }

    /// The request of a job, which has now its turn.
    pub(crate) fn request(&self, job: Job) -> Option<Request> {
        match job {
            Job::Read(block) => self.slots.iter().find(|s| s.block == block).map(|s| s.request),
            Job::Write(index) => {
                let outputs = self.outputs.as_ref()?;
                let at = outputs.from.checked_add(u16::try_from(index).ok()?)?;
                Some(Request::WriteCoil { at, on: *outputs.wanted.get(index)? })
            }
        }
    }

    /// Whether this is tried again only to see whether it is back.
    pub(crate) fn is_lost(&self, job: Job) -> bool {
        let Job::Read(block) = job else { return false };
        self.slots.iter().any(|s| s.block == block && s.told == Told::Lost && !s.eager)
    }

    /// Whether the board has been tried as often as it deserves, in vain.
    pub(crate) fn is_all_lost(&self) -> bool {
        self.slots.iter().all(|s| s.told == Told::Lost && s.misses >= self.tries)
    }

    /// The board answered, and did not refuse. `on` is what the request wrote, if it did.
    pub(crate) fn answered(
        &mut self,
        job: Job,
        asked: Request,
        reply: Reply,
        now: Mono,
        tell: &mut impl FnMut(Event),
    ) {
        match (job, asked) {
            (Job::Write(index), Request::WriteCoil { on, .. }) => {
                if let Some(outputs) = &mut self.outputs {
                    // What is wanted may have changed while the answer was on its way.
                    let same = outputs.wanted.get(index) == Some(&on);
                    set(&mut outputs.dirty, index, !same);
                    set(&mut outputs.written, index, same);
                }
                self.slots.iter_mut().filter(|s| s.block == Block::Coils).for_each(|s| s.due = now);
            }
            (Job::Read(block), _) => {
                self.good(block, now, tell);
                match (block, reply) {
                    (Block::Inputs, Reply::Bits(bits)) => {
                        tell(Event::Inputs(bits.into_iter().map(Reading::Level).collect()));
                    }
                    (Block::Registers, Reply::Words(words)) => {
                        tell(Event::Registers(words.into_iter().map(Some).collect()));
                    }
                    (Block::Coils, Reply::Bits(bits)) => self.read_back(&bits, now, tell),
                    _ => {}
                }
            }
            (Job::Write(_), _) => {}
        }
    }

    fn good(&mut self, block: Block, now: Mono, tell: &mut impl FnMut(Event)) {
        for slot in &mut self.slots {
            if slot.block == block {
                if core::mem::replace(&mut slot.told, Told::Good) == Told::Lost {
                    tell(Event::Back(block));
                }
                (slot.misses, slot.eager) = (0, false);
                slot.due = now + if block == Block::Coils { self.read_back } else { POLL };
            } else if slot.told == Told::Lost && !slot.eager {
                (slot.eager, slot.due) = (true, now);
            }
        }
    }

    /// What the coils are is held against what they are to be.
    fn read_back(&mut self, coils: &[bool], now: Mono, tell: &mut impl FnMut(Event)) {
        tell(Event::Coils(coils.iter().map(|c| Some(*c)).collect()));
        let Some(outputs) = &mut self.outputs else { return };
        for (index, is) in coils.iter().enumerate() {
            let wanted = outputs.wanted.get(index).copied().unwrap_or(*is);
            let written = outputs.written.get(index) == Some(&true);
            let pending = outputs.dirty.get(index) == Some(&true);
            set(&mut outputs.written, index, false);
            if *is == wanted {
                set(&mut outputs.disobeys, index, false);
            } else if !written {
                // The board restarted, or somebody else writes it: once more.
                set(&mut outputs.dirty, index, true);
                outputs.write_due = outputs.write_due.max(now);
            } else if !pending && outputs.disobeys.get(index) == Some(&false) {
                // It is written again at the next reading back: a board that does not obey must not fill the line.
                set(&mut outputs.disobeys, index, true);
                let coil = outputs.from.saturating_add(u16::try_from(index).unwrap_or(u16::MAX));
                tell(Event::Disobeys { coil, wanted });
            }
        }
    }

    /// A job failed. Who is silent is silent to everything; another failure is of its own kind.
    pub(crate) fn failed(&mut self, job: Job, why: Lacking, now: Mono, tell: &mut impl FnMut(Event)) {
        let failed = match job {
            Job::Read(block) => block,
            Job::Write(_) => Block::Coils,
        };
        if let (Job::Write(_), Some(outputs)) = (job, &mut self.outputs) {
            outputs.write_due = now + POLL;
        }
        let mut lost = Vec::new();
        for slot in &mut self.slots {
            if slot.block != failed && why != Lacking::Silent {
                continue;
            }
            slot.misses = slot.misses.saturating_add(1);
            if slot.block == failed {
                slot.due = now + POLL;
                slot.eager &= slot.told == Told::Nothing;
            }
            if slot.misses >= self.tries && slot.told != Told::Lost {
                lost.push(slot.block);
            }
        }
        lost.into_iter().for_each(|block| self.lose(block, why, tell));
    }

    /// Nothing is known any more of any of it.
    pub(crate) fn lose_all(&mut self, why: Lacking, tell: &mut impl FnMut(Event)) {
        let known = self.slots.iter().filter(|s| s.told == Told::Good).map(|s| s.block);
        known.collect::<Vec<_>>().into_iter().for_each(|block| self.lose(block, why, tell));
        // The line may be back soon.
        for slot in &mut self.slots {
            (slot.misses, slot.due) = (0, Mono(0));
        }
    }

    fn lose(&mut self, block: Block, why: Lacking, tell: &mut impl FnMut(Event)) {
        for slot in self.slots.iter_mut().filter(|s| s.block == block) {
            (slot.told, slot.eager) = (Told::Lost, false);
            tell(Event::Lost(block, why));
            match slot.request {
                Request::ReadInputs { count, .. } => {
                    tell(Event::Inputs(vec![Reading::Lost; usize::from(count)]));
                }
                Request::ReadRegisters { count, .. } => {
                    tell(Event::Registers(vec![None; usize::from(count)]));
                }
                Request::ReadCoils { count, .. } => tell(Event::Coils(vec![None; usize::from(count)])),
                Request::WriteCoil { .. } => {}
            }
        }
        if let (Block::Coils, Some(outputs)) = (block, &mut self.outputs) {
            outputs.wanted.clone_from(&outputs.on_loss);
            for flags in [&mut outputs.dirty, &mut outputs.written, &mut outputs.disobeys] {
                flags.fill(false);
            }
        }
    }
}

fn set(flags: &mut [bool], index: usize, to: bool) {
    if let Some(flag) = flags.get_mut(index) {
        *flag = to;
    }
}
