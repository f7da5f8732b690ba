//! People who walk: one at a time at each door, when the day's plan says, as fast as the demonstration's clock runs.

use crate::card::Card;
use crate::clock::ScaledClock;
use crate::day::{Act, Visit, day};
use crate::hardware::{Bus, Signal};
use crate::people::Worker;
use crate::when::Calendar;
use core::time::Duration;
use lockward_model::{DoorId, Time};
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

/// How long someone looks at a reader that says nothing; in real time, for lines and disks are real.
const SIGNAL_PATIENCE: Duration = Duration::from_secs(5);
/// How long the bolt may take after the light.
const BOLT_PATIENCE: Duration = Duration::from_secs(1);
/// From "type your PIN" to the last key.
const TYPING: Duration = Duration::from_secs(2);
/// Who came so late is not sent any more: the machine can not keep up, or was asleep.
const LATE_MAX: Duration = Duration::from_secs(600);

/// From one door to the next, at the least.
const WALK: Duration = Duration::from_secs(10);
/// Whoever is not free yet is looked for again after so long.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// When each card's bearer was through the last door; none while they stand before one. Nobody is at two doors at once,
/// however long the queues are that the clock's speed makes.
#[derive(Default)]
struct Ways(Mutex<BTreeMap<Card, Option<Time>>>);

impl Ways {
    /// Sends somebody to a door, if they are free and have had the time to walk there.
    fn set_out(&self, card: &Card, now: Time) -> bool {
        let mut ways = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let free = ways.get(card).is_none_or(|through| through.is_some_and(|at| at + WALK <= now));
        if free {
            ways.insert(card.clone(), None);
        }
        free
    }

    fn is_through(&self, card: &Card, now: Time) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(card.clone(), Some(now));
    }
}

/// Rings when everybody shall go home.
#[derive(Default)]
struct Bell {
    rung: Mutex<bool>,
    rings: Condvar,
}

impl Bell {
    fn ring(&self) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.rings.notify_all();
    }

    /// Lets real time pass. True if the bell has rung.
    fn wait(&self, span: Duration) -> bool {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.rings.wait_timeout_while(rung, span, |rung| !*rung);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// The people on their ways.
pub struct Crowd {
    bell: Arc<Bell>,
    badges: Arc<AtomicU64>,
    threads: Vec<JoinHandle<()>>,
}

impl Crowd {
    /// Sends them, from the clock's present moment on, day after day.
    ///
    /// # Errors
    /// A thread's.
    pub fn start(
        seed: u64,
        people: Vec<Worker>,
        calendar: Calendar,
        clock: &Arc<ScaledClock>,
        doors: &BTreeMap<DoorId, Arc<Bus>>,
    ) -> io::Result<Self> {
        let (bell, badges) = (Arc::new(Bell::default()), Arc::new(AtomicU64::new(0)));
        let ways = Arc::new(Ways::default());
        let (mut threads, mut queues) = (Vec::new(), BTreeMap::new());
        for (door, bus) in doors {
            let (queue, visits) = channel();
            queues.insert(door.to_string(), queue);
            let porch = Porch {
                door: *door,
                bus: Arc::clone(bus),
                clock: Arc::clone(clock),
                bell: Arc::clone(&bell),
                badges: Arc::clone(&badges),
                ways: Arc::clone(&ways),
            };
            let name = format!("at {door}");
            threads.push(std::thread::Builder::new().name(name).spawn(move || porch.serve(&visits))?);
        }
        let walks =
            Walks { seed, people, calendar, clock: Arc::clone(clock), bell: Arc::clone(&bell), ways, queues };
        threads.push(std::thread::Builder::new().name("crowd".into()).spawn(move || walks.go())?);
        Ok(Self { bell, badges, threads })
    }

    /// How many cards were held to readers so far.
    #[must_use]
    pub fn badges(&self) -> u64 {
        self.badges.load(Ordering::Relaxed)
    }

    /// Sends everybody home: who is in a door closes it. Returns how many cards were held to readers.
    pub fn stop(mut self) -> u64 {
        self.end();
        self.badges()
    }

    fn end(&mut self) {
        self.bell.ring();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.end();
    }
}

/// Sends each visit to its door when its time has come.
struct Walks {
    seed: u64,
    people: Vec<Worker>,
    calendar: Calendar,
    clock: Arc<ScaledClock>,
    bell: Arc<Bell>,
    ways: Arc<Ways>,
    queues: BTreeMap<String, Sender<Visit>>,
}

impl Walks {
    fn go(self) {
        let mut date = self.calendar.date(self.clock.read().wall);
        loop {
            let nth = self.calendar.days_to(date);
            let visits = (0..).zip(day(self.seed, nth, &self.people));
            let mut plan: BTreeMap<(Duration, usize), Visit> =
                visits.map(|(n, visit)| ((visit.at, n), visit)).collect();
            while let Some(((at, n), visit)) = plan.pop_first() {
                let due = self.calendar.moment(date, at);
                let now = self.clock.read().wall;
                if now.since(due) > LATE_MAX {
                    continue;
                }
                if self.bell.wait(self.clock.real(due.since(now))) {
                    return;
                }
                if let Act::Badge { card, .. } = &visit.act
                    && !self.ways.set_out(card, self.clock.read().wall)
                {
                    plan.insert((at + LOOK_AGAIN, n), visit);
                    continue;
                }
                if let Some(queue) = self.queues.get(&visit.door) {
                    // A door's thread ends only after the bell.
                    let _ = queue.send(visit);
                }
            }
            date = Calendar::next_working_day(date);
        }
    }
}

/// What is before one door.
struct Porch {
    door: DoorId,
    bus: Arc<Bus>,
    clock: Arc<ScaledClock>,
    bell: Arc<Bell>,
    badges: Arc<AtomicU64>,
    ways: Arc<Ways>,
}

impl Porch {
    fn serve(&self, visits: &Receiver<Visit>) {
        while let Ok(visit) = visits.recv() {
            if self.bell.wait(Duration::ZERO) {
                return;
            }
            match visit.act {
                Act::Badge { card, pins, open } => {
                    self.badge(&card, &pins, open);
                    self.ways.is_through(&card, self.clock.read().wall);
                }
                Act::Leave { open } => {
                    self.bus.press_exit(self.door);
                    self.wait(Duration::from_millis(500));
                    self.pass(open);
                }
                Act::Force { open } => self.pass(open),
            }
            // The next in the queue steps up.
            self.wait(Duration::from_secs(1));
        }
    }

    /// True if the bell has rung.
    fn wait(&self, span: Duration) -> bool {
        self.bell.wait(self.clock.real(span))
    }

    fn pass(&self, open: Duration) {
        self.bus.open_leaf(self.door);
        self.wait(open);
        self.bus.close_leaf(self.door);
    }

    fn badge(&self, card: &Card, pins: &[String], open: Duration) {
        let mut pins = pins.iter();
        loop {
            match self.once(card, pins.next()) {
                Some(true) if self.bus.await_release(self.door, BOLT_PATIENCE) => return self.pass(open),
                // A wrong PIN: once more, with the next.
                Some(false) if pins.len() > 0 && !self.wait(TYPING) => {}
                _ => return,
            }
        }
    }

    /// One try: whether the light was green, and `None` where there is nothing more to try.
    fn once(&self, card: &Card, pin: Option<&String>) -> Option<bool> {
        let mut seen = self.bus.signals(self.door);
        if !self.bus.present_card(self.door, card) {
            return None;
        }
        self.badges.fetch_add(1, Ordering::Relaxed);
        let mut typed = false;
        loop {
            let (told, signal) = self.bus.await_signal(self.door, seen, SIGNAL_PATIENCE)?;
            seen = told;
            match signal {
                Signal::Granted => return Some(true),
                Signal::Denied => return typed.then_some(false),
                Signal::EnterPin => {
                    self.wait(TYPING);
                    let pin = pin.map_or("", String::as_str);
                    self.bus.press(self.door, &format!("{pin}#"));
                    typed = true;
                }
                Signal::Wait => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_at_two_doors_at_once_nor_at_the_next_before_they_have_walked_there() {
        let (ways, one, other) = (Ways::default(), Card::of(26, 1), Card::of(26, 2));
        assert!(ways.set_out(&one, Time(0)));
        assert!(!ways.set_out(&one, Time(3_600_000)), "in a queue still");
        assert!(ways.set_out(&other, Time(0)), "nobody waits for anybody else");
        ways.is_through(&one, Time(3_600_000));
        assert!(!ways.set_out(&one, Time(3_609_999)));
        assert!(ways.set_out(&one, Time(3_610_000)));
    }
}
