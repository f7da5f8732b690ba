//! A line in real time, for panels that read their own clock: frames arrive whole after their characters' time.

use crate::dice::Dice;
use crate::machine;
use crate::rounds::Failed;
use crate::tap_line::{card, characters, key, panel};
use libosdp::{
    Channel, ChannelError, ControlPanel, ControlPanelBuilder, OsdpEvent, OsdpEventCardRead, PdCapEntity,
    PdCapability, PdId, PdInfoBuilder, PeripheralDevice,
};
use lockward_osdp::bus::{Bus, Input, Output, PdEvent};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long the loop rests between two looks: far below a frame's time at 115,200 baud (1.2 ms for 14 characters).
const REST: Duration = Duration::from_micros(100);
/// Longest time for all readers of a line to be secured.
const SETTLE: Duration = Duration::from_secs(30);
/// A tap that takes longer is lost.
const TAP_MAX: Duration = Duration::from_secs(3);

/// Bytes that are on their way to somebody, each frame with the time of its last bit.
struct Wire {
    baud: u32,
    free: Instant,
    /// The panel first, then each reader.
    inboxes: Vec<VecDeque<(Instant, Vec<u8>)>>,
}

/// One end of the wire; 0 is the panel.
struct End {
    wire: Arc<Mutex<Wire>>,
    me: usize,
}

impl End {
    fn take(&self, most: usize) -> Vec<u8> {
        let mut wire = self.wire.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, mut taken) = (machine::now(), Vec::new());
        let Some(inbox) = wire.inboxes.get_mut(self.me) else { return taken };
        while taken.len() < most
            && let Some((at, frame)) = inbox.front_mut()
            && *at <= now
        {
            taken.extend(frame.drain(..frame.len().min(most - taken.len())));
            if frame.is_empty() {
                inbox.pop_front();
            }
        }
        taken
    }

    fn put(&self, bytes: &[u8]) {
        let mut wire = self.wire.lock().unwrap_or_else(PoisonError::into_inner);
        let at = machine::now().max(wire.free) + Duration::from_micros(characters(bytes.len(), wire.baud));
        wire.free = at;
        // Readers do not hear each other here: neither panel then waits for what a reader makes of it.
        let others: Box<dyn Iterator<Item = &mut VecDeque<_>>> = if self.me == 0 {
            Box::new(wire.inboxes.iter_mut().skip(1))
        } else {
            Box::new(wire.inboxes.iter_mut().take(1))
        };
        others.for_each(|inbox| inbox.push_back((at, bytes.to_vec())));
    }
}

impl Channel for End {
    fn get_id(&self) -> i32 {
        i32::try_from(self.me).unwrap_or(i32::MAX)
    }
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ChannelError> {
        let taken = self.take(buf.len());
        buf.iter_mut().zip(&taken).for_each(|(to, from)| *to = *from);
        if taken.is_empty() { Err(ChannelError::WouldBlock) } else { Ok(taken.len()) }
    }
    fn write(&mut self, buf: &[u8]) -> Result<usize, ChannelError> {
        self.put(buf);
        Ok(buf.len())
    }
    fn flush(&mut self) -> Result<(), ChannelError> {
        Ok(())
    }
    fn close(&mut self) -> Result<(), ChannelError> {
        Ok(())
    }
}

type Cards = Arc<Mutex<Vec<(Instant, usize, Vec<u8>)>>>;

enum Panel {
    Lockward { bus: Box<Bus>, end: End, wake: u64, start: Instant },
    LibOsdp(ControlPanel),
}

/// A panel with LibOSDP's readers, on a line of its own.
pub(crate) struct Paced {
    panel: Panel,
    readers: Vec<PeripheralDevice>,
    cards: Cards,
    /// CPU that the panel's side took, in nanoseconds.
    pub(crate) cpu: f64,
}

fn info(address: u8, baud: u32) -> Result<PdInfoBuilder, Failed> {
    let name = format!("reader-{address}");
    let builder = PdInfoBuilder::new().name(&name)?.address(i32::from(address))?;
    Ok(builder.baud_rate(i32::try_from(baud)?)?.secure_channel_key(key(address)))
}

impl Paced {
    pub(crate) fn lockward(readers: u8, baud: u32) -> Result<Self, Failed> {
        Self::new(readers, baud, |end, _| {
            Ok(Panel::Lockward { bus: Box::new(panel(readers, baud)?), end, wake: 0, start: machine::now() })
        })
    }

    pub(crate) fn libosdp(readers: u8, baud: u32) -> Result<Self, Failed> {
        Self::new(readers, baud, |end, cards| {
            let pds = (0..readers).map(|a| info(a, baud)).collect::<Result<Vec<_>, _>>()?;
            let mut panel = ControlPanelBuilder::new().add_channel(Box::new(end), pds).build()?;
            panel.set_event_callback(move |pd, event| {
                if let OsdpEvent::CardRead(read) = event {
                    let from = usize::try_from(pd).unwrap_or(usize::MAX);
                    cards.lock().unwrap_or_else(PoisonError::into_inner).push((
                        machine::now(),
                        from,
                        read.data,
                    ));
                }
                0
            });
            Ok(Panel::LibOsdp(panel))
        })
    }

    fn new(
        readers: u8,
        baud: u32,
        panel: impl FnOnce(End, Cards) -> Result<Panel, Failed>,
    ) -> Result<Self, Failed> {
        let inboxes = (0..=readers).map(|_| VecDeque::new()).collect();
        let wire = Arc::new(Mutex::new(Wire { baud, free: machine::now(), inboxes }));
        let end = |me| End { wire: Arc::clone(&wire), me };
        let capabilities = [
            PdCapability::CommunicationSecurity(PdCapEntity::new(1, 1)),
            PdCapability::CardDataFormat(PdCapEntity::new(1, 1)),
            PdCapability::LedControl(PdCapEntity::new(1, 1)),
        ];
        let reader = |address: u8| {
            let info = info(address, baud)?.id(&PdId::from_number(address)).capabilities(&capabilities);
            Ok(PeripheralDevice::new(info, Box::new(end(usize::from(address) + 1)))?)
        };
        let cards = Cards::default();
        Ok(Self {
            readers: (0..readers).map(reader).collect::<Result<_, Failed>>()?,
            panel: panel(end(0), Arc::clone(&cards))?,
            cards,
            cpu: 0.0,
        })
    }

    fn step(&mut self) {
        self.readers.iter_mut().for_each(PeripheralDevice::refresh);
        let before = machine::thread_cpu_ns();
        match &mut self.panel {
            Panel::LibOsdp(panel) => panel.refresh(),
            Panel::Lockward { bus, end, wake, start } => {
                let now = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
                let bytes = end.take(usize::MAX);
                let mut out = Vec::new();
                if !bytes.is_empty() {
                    bus.handle(now, Input::Bytes(&bytes), &mut out);
                } else if now >= *wake {
                    bus.handle(now, Input::Timer, &mut out);
                }
                for output in out {
                    match output {
                        Output::Transmit(bytes) => end.put(&bytes),
                        Output::WakeAt(at) => *wake = at,
                        Output::Event(address, PdEvent::Card { card, .. }) => {
                            let read = (machine::now(), usize::from(address), card.data().to_vec());
                            self.cards.lock().unwrap_or_else(PoisonError::into_inner).push(read);
                        }
                        Output::Event(..) => {}
                    }
                }
            }
        }
        self.cpu += machine::thread_cpu_ns() - before;
    }

    fn is_secure(&self) -> bool {
        let each = |n: usize| match &self.panel {
            Panel::LibOsdp(panel) => i32::try_from(n).is_ok_and(|n| panel.is_sc_active(n)),
            Panel::Lockward { bus, .. } => u8::try_from(n).is_ok_and(|n| bus.is_online(n)),
        };
        (0..self.readers.len()).all(each) && self.readers.iter().all(PeripheralDevice::is_sc_active)
    }
}

/// Both panels on a line of their own, in one loop: whatever this machine does to one, it does to the other.
pub(crate) struct Pair {
    panels: [Paced; 2],
    dice: Dice,
    taps: u16,
}

impl Pair {
    /// Waits until every reader of both has its secure channel.
    pub(crate) fn new(readers: u8, baud: u32) -> Result<Self, Failed> {
        let panels = [Paced::lockward(readers, baud)?, Paced::libosdp(readers, baud)?];
        let mut pair = Self { panels, dice: Dice::new(11), taps: 0 };
        let start = machine::now();
        while !pair.panels.iter().all(Paced::is_secure) {
            if start.elapsed() > SETTLE {
                return Err(format!("no secure channel to all of {readers} readers at {baud} baud").into());
            }
            pair.step();
        }
        pair.run(Duration::from_secs(1));
        Ok(pair)
    }

    fn step(&mut self) {
        self.panels.iter_mut().for_each(Paced::step);
        machine::rest(REST);
    }

    fn run(&mut self, time: Duration) {
        let start = machine::now();
        while start.elapsed() < time {
            self.step();
        }
    }

    /// Taps in turn at the one and at the other, at random moments at random readers; nanoseconds of each.
    pub(crate) fn taps(&mut self, count: usize) -> Result<[Vec<f64>; 2], Failed> {
        let mut took = [Vec::new(), Vec::new()];
        for _ in 0..count {
            for (which, took) in took.iter_mut().enumerate() {
                let pause = 20_000 + self.dice.next() % 130_000;
                self.run(Duration::from_micros(pause));
                took.push(self.tap(which)?);
            }
        }
        Ok(took)
    }

    fn tap(&mut self, which: usize) -> Result<f64, Failed> {
        self.taps = self.taps.wrapping_add(1);
        let shown = card(self.taps);
        let paced = self.panels.get_mut(which).ok_or("no such panel")?;
        let (reader, cards) = (self.dice.below(paced.readers.len()), Arc::clone(&paced.cards));
        let pd = paced.readers.get_mut(reader).ok_or("no such reader")?;
        pd.notify_event(OsdpEvent::CardRead(OsdpEventCardRead::new_wiegand(26, shown.clone())?))?;
        let at = machine::now();
        loop {
            self.step();
            let found = std::mem::take(&mut *cards.lock().unwrap_or_else(PoisonError::into_inner));
            match found.as_slice() {
                [] if at.elapsed() > TAP_MAX => return Err("a tap is lost".into()),
                [] => {}
                [(when, from, data)] if *from == reader && *data == shown => {
                    return Ok((*when - at).as_nanos() as f64);
                }
                _ => return Err("a tap arrived altered, elsewhere, or twice".into()),
            }
        }
    }

    /// CPU of each panel's side so far, in nanoseconds.
    pub(crate) fn cpu(&self) -> [f64; 2] {
        self.panels.each_ref().map(|p| p.cpu)
    }
}
