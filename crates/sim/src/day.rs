//! A working day from a seed: who goes where when, and what goes wrong. Begins at half past seven, for a good reason:
//! the early shift arrives, the offices are still shut, and the cleaners are nearly done.

use crate::card::Card;
use crate::chance::Chance;
use crate::people::Worker;
use crate::plan::LOCKERS;
use core::time::Duration;

/// Minutes after midnight at which a day begins.
pub const BEGIN: u64 = 7 * 60 + 30;
/// People of whom those on the early shift come in its first minute.
const EAGER: u64 = 9;
/// Minutes after midnight at which the last plans are made for.
pub const END: u64 = 20 * 60;

/// What someone does at a door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Holds a card to the reader, and goes in if the lock opens.
    Badge {
        /// The card.
        card: Card,
        /// What they type when they are asked, one PIN a try.
        pins: Vec<String>,
        /// How long they keep the door open.
        open: Duration,
    },
    /// Leaves: presses the button, or the handle, and opens.
    Leave {
        /// How long they keep the door open.
        open: Duration,
    },
    /// Breaks it open.
    Force {
        /// How long it stays open.
        open: Duration,
    },
}

/// One visit to a door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// When, after midnight at the site.
    pub at: Duration,
    /// At which door.
    pub door: String,
    /// What is done there.
    pub act: Act,
}

/// The visits of the `nth` day, in their order. The same seed gives the same day.
#[must_use]
pub fn day(seed: u64, nth: u64, people: &[Worker]) -> Vec<Visit> {
    let mut day =
        Day { chance: Chance::new(seed.wrapping_mul(0x1_0001).wrapping_add(nth)), visits: Vec::new() };
    for (index, worker) in (0..).zip(people) {
        match worker.group() {
            "pickers" => day.picker(worker, index),
            "packers" => day.packer(worker, index),
            "returns" => day.returns(worker, index),
            "drivers" => day.driver(worker, index),
            "cleaners" => day.cleaner(worker),
            _ => day.manager(worker, index),
        }
    }
    day.mishaps(people);
    day.visits.sort_by(|a, b| (a.at, &a.door).cmp(&(b.at, &b.door)));
    day.visits
}

struct Day {
    chance: Chance,
    visits: Vec<Visit>,
}

/// Seconds after midnight of an hour and a minute.
const fn clock(hour: u64, minute: u64) -> u64 {
    (hour * 60 + minute) * 60
}

impl Day {
    fn put(&mut self, at: u64, door: &str, act: Act) {
        // Not on the second: two people rarely come in the same one.
        let at = Duration::from_secs(at) + Duration::from_millis(self.chance.below(1_000));
        self.visits.push(Visit { at, door: door.to_owned(), act });
    }

    fn open(&mut self) -> Duration {
        Duration::from_millis(self.chance.between(1_500, 4_500))
    }

    fn between(&mut self, from: u64, to: u64) -> u64 {
        self.chance.between(from, to)
    }

    fn badge(&mut self, at: u64, door: &str, worker: &Worker) {
        let open = self.open();
        let right = worker.pin.clone();
        // Fingers slip: the right one follows.
        let wrong = right.is_some() && self.chance.percent(8);
        let pins = wrong.then(|| "0000".to_owned()).into_iter().chain(right).collect();
        self.put(at, door, Act::Badge { card: worker.card.clone(), pins, open });
    }

    /// At a moment between so many and so many seconds after `from`.
    fn badge_in(&mut self, from: u64, (least, most): (u64, u64), door: &str, worker: &Worker) {
        let at = from + self.between(least, most);
        self.badge(at, door, worker);
    }

    fn leave_in(&mut self, from: u64, (least, most): (u64, u64), door: &str) {
        let at = from + self.between(least, most);
        self.leave(at, door);
    }

    fn leave(&mut self, at: u64, door: &str) {
        let open = self.open();
        self.put(at, door, Act::Leave { open });
    }

    /// Comes in by the staff entrance, fetches a scanner, goes out for two breaks, and goes home.
    fn shift(&mut self, worker: &Worker, index: u64, begin: u64, room: &str) {
        // The first are before the door when it is time, so that there is something to see at once.
        let come = begin + if index < EAGER { 2 + index * 6 } else { self.between(2, 1_800) };
        self.badge(come, "staff-entrance", worker);
        self.badge_in(come, (40, 150), "scanners", worker);
        self.badge_in(come, (160, 400), room, worker);
        for pause in [clock(2, 0), clock(4, 30)] {
            let at = begin + pause + self.between(0, 1_500);
            self.leave(at, "staff-entrance");
            self.badge_in(at, (600, 1_200), "staff-entrance", worker);
            self.badge_in(at, (1_210, 1_500), room, worker);
        }
        self.leave_in(begin + clock(7, 15), (0, 900), "staff-entrance");
    }

    fn picker(&mut self, worker: &Worker, index: u64) {
        let begin = if index % 5 < 3 { clock(7, 30) } else { clock(13, 30) };
        self.shift(worker, index, begin, "picking");
        if worker.pin.is_some() {
            for _ in 0..4 {
                let cage = if self.chance.percent(50) { "cage-electronics" } else { "cage-fragrance" };
                let at = begin + self.between(900, clock(7, 0));
                self.badge(at, cage, worker);
                self.leave_in(at, (120, 900), cage);
            }
        } else if self.chance.percent(6) {
            // Has no PIN, and was sent to the cage all the same.
            let at = begin + self.between(600, clock(6, 0));
            self.badge(at, "cage-electronics", worker);
        }
    }

    fn packer(&mut self, worker: &Worker, index: u64) {
        let begin = if index.is_multiple_of(2) { clock(7, 30) } else { clock(13, 30) };
        self.shift(worker, index, begin, "picking");
    }

    fn returns(&mut self, worker: &Worker, index: u64) {
        let begin = if index % 3 < 2 { clock(7, 30) } else { clock(13, 30) };
        let come = begin + self.between(2, 1_500);
        self.badge(come, "staff-entrance", worker);
        self.badge_in(come, (60, 200), "returns", worker);
        for _ in 0..5 {
            let at = begin + self.between(600, clock(7, 0));
            // Before eight the docks are not theirs yet.
            let gate = if self.chance.percent(50) { "dock-1" } else { "dock-2" };
            self.badge(at, gate, worker);
            self.badge_in(at, (120, 500), "returns", worker);
        }
        self.leave_in(begin + clock(7, 15), (0, 900), "staff-entrance");
    }

    fn driver(&mut self, worker: &Worker, index: u64) {
        let locker = format!("locker-{}", 1 + index % u64::from(LOCKERS));
        let first = self.between(clock(7, 30), clock(10, 0));
        for round in 0..3 {
            let at = first + round * clock(3, 0) + self.between(0, 1_800);
            let gate = if self.chance.percent(50) { "dock-1" } else { "dock-2" };
            self.badge(at, gate, worker);
            self.badge_in(at, (60, 240), &locker, worker);
            self.leave_in(at, (900, 1_800), gate);
        }
    }

    fn cleaner(&mut self, worker: &Worker) {
        let rooms = ["picking", "returns", "office", "server-room", "scanners", "staff-entrance"];
        for _ in 0..5 {
            let at = self.between(clock(7, 30) + 3, clock(8, 58));
            let room = self.chance.one_of(&rooms).copied().unwrap_or("picking");
            self.badge(at, room, worker);
        }
        if self.chance.percent(25) {
            // Forgot the bucket.
            let at = self.between(clock(9, 1), clock(9, 40));
            self.badge(at, "picking", worker);
        }
        for _ in 0..3 {
            let at = self.between(clock(17, 5), clock(20, 0));
            let room = self.chance.one_of(&rooms).copied().unwrap_or("picking");
            self.badge(at, room, worker);
        }
    }

    fn manager(&mut self, worker: &Worker, index: u64) {
        let come = self.between(clock(7, 32), clock(8, 50));
        let front = if self.chance.percent(50) { "entrance" } else { "staff-entrance" };
        self.badge(come, front, worker);
        self.badge_in(come, (60, 180), "office", worker);
        let rooms =
            ["office", "picking", "returns", "dock-1", "cage-electronics", "cage-fragrance", "entrance"];
        for _ in 0..7 {
            let at = come + self.between(600, clock(8, 0));
            let room = self.chance.one_of(&rooms).copied().unwrap_or("office");
            self.badge(at, room, worker);
        }
        if index.is_multiple_of(4) {
            for hour in [9, 13, 17] {
                let at = clock(hour, 0) + self.between(0, 3_000);
                self.badge(at, "cash-safe", worker);
            }
        }
        if index.is_multiple_of(5) {
            let at = self.between(clock(9, 0), clock(16, 0));
            self.badge(at, "server-room", worker);
            self.leave_in(at, (120, 600), "server-room");
        }
        self.leave(come + clock(8, 30), "staff-entrance");
    }

    /// What goes wrong, some of it soon enough for a short look.
    fn mishaps(&mut self, people: &[Worker]) {
        let doors = ["staff-entrance", "entrance", "dock-1", "returns", "server-room", "picking"];
        for nth in 0..12 {
            // The first within a minute, the others through the day.
            let (from, to) =
                if nth == 0 { (clock(7, 30) + 4, clock(7, 31)) } else { (clock(7, 31), clock(19, 0)) };
            let at = self.between(from, to);
            let door = self.chance.one_of(&doors).copied().unwrap_or("entrance");
            let (card, open) = (Card::foreign(&mut self.chance), self.open());
            self.put(at, door, Act::Badge { card, pins: Vec::new(), open });
        }
        for _ in 0..4 {
            // Curious.
            let at = self.between(clock(7, 35), clock(18, 0));
            if let Some(worker) = self.chance.clone().one_of(people) {
                self.badge(at, "server-room", worker);
            }
        }
        let at = self.between(clock(7, 32), clock(7, 40));
        let open = Duration::from_secs(self.between(15, 40));
        self.put(at, "returns", Act::Force { open });
        // A pallet in the gate.
        let at = self.between(clock(7, 34), clock(7, 44));
        let open = Duration::from_secs(self.between(150, 260));
        if let Some(driver) = people.iter().find(|p| p.group() == "drivers") {
            let (card, pins) = (driver.card.clone(), Vec::new());
            self.put(at, "dock-2", Act::Badge { card, pins, open });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::people;

    #[test]
    fn the_same_seed_gives_the_same_day() {
        let people = people(5);
        assert_eq!(day(5, 0, &people), day(5, 0, &people));
        assert_ne!(day(5, 0, &people), day(6, 0, &people));
        assert_ne!(day(5, 0, &people), day(5, 1, &people));
    }

    #[test]
    fn a_day_has_something_to_look_at_from_its_first_minute_on() {
        for seed in 0..20 {
            let people = people(seed);
            let day = day(seed, 0, &people);
            let within = |minutes: u64| {
                day.iter().filter(|v| v.at < Duration::from_secs((BEGIN + minutes) * 60)).count()
            };
            assert!(within(1) >= 3, "seed {seed}: {}", within(1));
            assert!((100..600).contains(&within(30)), "seed {seed}: {}", within(30));
            assert!((1_500..4_000).contains(&day.len()), "seed {seed}: {}", day.len());
            assert!(day.iter().any(|v| matches!(v.act, Act::Force { .. })));
            assert!(day.iter().all(|v| v.at >= Duration::from_secs(BEGIN * 60)));
        }
    }

    #[test]
    fn every_visit_is_to_a_door_of_the_plan() {
        let doors = crate::plan::doors();
        for visit in day(1, 0, &people(1)) {
            assert!(doors.iter().any(|(id, ..)| *id == visit.door), "{}", visit.door);
        }
    }
}
