//! Where this machine reads its clocks, and how far it trusts them.
#![allow(clippy::disallowed_methods, reason = "the one file of this machine that reads a clock")]

use core::time::Duration;
use lockward_model::{Mono, Now, Time};

/// A step of the wall's clock that is taken without a second opinion. NTP slews below it; a crystal drifts this far in
/// a day.
pub const STEP_MAX: Duration = Duration::from_secs(2);
/// No clock that goes shows less: this was built later.
pub const BUILT: Time = Time(1_767_225_600_000);
/// One part in so many is drift, and no step: [`STEP_MAX`] a day.
const DRIFT: u32 = 24 * 3600 / 2;

/// A pair of clocks. The demonstration runs on faster ones.
pub trait Clock: Send + Sync {
    /// Both at one moment.
    fn now(&self) -> Now;
    /// How long to wait, in real time, until a moment; zero if it has passed.
    fn until(&self, then: Mono) -> Duration {
        then.since(self.now().mono)
    }
}

/// The machine's own clocks.
pub struct SystemClock(std::time::Instant);

impl Default for SystemClock {
    fn default() -> Self {
        Self(std::time::Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let wall = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let mono = u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX);
        Now { mono: Mono(mono), wall: Time(i64::try_from(wall.as_millis()).unwrap_or(i64::MAX)) }
    }
}

/// Microseconds for a bus, which runs in real time whatever the clocks of people do.
#[must_use]
pub fn bus_micros(since: std::time::Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// A moment to count bus time from.
#[must_use]
pub fn bus_start() -> std::time::Instant {
    std::time::Instant::now()
}

/// The time that is believed: it follows the wall's clock in small steps, never goes behind its floor, and takes a
/// large step only where the hub's clock says the same. Many small steps in one direction are a large one.
#[derive(Debug, Clone)]
pub struct Believed {
    /// The start, or where the hub last agreed: how far one clock's word goes is measured from here.
    anchor: Option<Now>,
    floor: Time,
    hub: Option<Now>,
    refused: bool,
    /// False after a start at which the wall's clock was behind what was known: it has no battery, or was set back.
    /// True again when the hub seconds it.
    trusted: bool,
}

/// A large step of the wall's clock, to be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// By how much, in milliseconds.
    pub by_ms: i64,
    /// Whether it was taken.
    pub taken: bool,
}

impl Believed {
    /// Starts at the newest time that was ever persisted.
    #[must_use]
    pub fn from_floor(floor: Time) -> Self {
        Self { anchor: None, floor, hub: None, refused: false, trusted: true }
    }

    /// Whether schedules may go by it.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.trusted
    }

    /// Something is on record with this time: none is before it from here on.
    pub fn not_before(&mut self, at: Time) {
        self.floor = self.floor.max(at);
    }

    /// The hub said what time it is.
    pub fn heard(&mut self, at: Mono, hub: Time) {
        self.hub = Some(Now { mono: at, wall: hub });
    }

    /// The time to go by, and a step if one has to be told.
    pub fn believe(&mut self, raw: Now) -> (Now, Option<Step>) {
        // At the start there is nothing to compare with but the floor.
        if self.anchor.is_none() {
            self.trusted = raw.wall + STEP_MAX >= self.floor.max(BUILT);
        }
        let anchor = *self.anchor.get_or_insert(Now { mono: raw.mono, wall: raw.wall.max(self.floor) });
        let passed = raw.mono.since(anchor.mono);
        let due = anchor.wall + passed;
        let by_ms = raw.wall.0.saturating_sub(due.0);
        let bound = STEP_MAX + passed / DRIFT;
        let small = u128::from(by_ms.unsigned_abs()) <= bound.as_millis();
        let seconded = raw.wall >= self.floor
            && self.hub.is_some_and(|hub| {
                let there = hub.wall + raw.mono.since(hub.mono);
                there.since(raw.wall).max(raw.wall.since(there)) <= STEP_MAX
            });
        if seconded {
            self.anchor = Some(raw);
            self.trusted = true;
        }
        let take = small || seconded;
        let wall = if take { raw.wall } else { due }.max(self.floor);
        let step = match (small, take) {
            (true, _) => None,
            (false, true) => Some(Step { by_ms, taken: true }),
            (false, false) => (!self.refused).then_some(Step { by_ms, taken: false }),
        };
        self.refused = !take;
        self.floor = wall;
        (Now { mono: raw.mono, wall }, step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn at(s: u64, wall: i64) -> Now {
        Now { mono: Mono(s * 1_000_000), wall: Time(wall) }
    }

    #[test]
    fn a_clock_that_is_set_back_is_not_followed() {
        let mut b = Believed::from_floor(Time(0));
        assert_eq!(b.believe(at(1, 10 * HOUR)).0.wall, Time(10 * HOUR));
        let (now, step) = b.believe(at(2, 9 * HOUR));
        assert_eq!(now.wall, Time(10 * HOUR + 1000));
        assert_eq!(step, Some(Step { by_ms: -HOUR - 1000, taken: false }));
        assert_eq!(b.believe(at(3, 9 * HOUR + 1000)).1, None, "told once");
    }

    #[test]
    fn a_clock_that_leaps_forward_alone_is_not_followed() {
        let mut b = Believed::from_floor(Time(0));
        b.believe(at(1, HOUR));
        b.heard(Mono(1_000_000), Time(HOUR));
        let (now, step) = b.believe(at(2, 9 * HOUR));
        assert_eq!((now.wall, step.map(|s| s.taken)), (Time(HOUR + 1000), Some(false)));
    }

    #[test]
    fn a_leap_that_the_hub_seconds_is_followed() {
        let mut b = Believed::from_floor(Time(0));
        b.believe(at(1, HOUR));
        b.heard(Mono(1_500_000), Time(9 * HOUR));
        let (now, step) = b.believe(at(2, 9 * HOUR + 500));
        assert_eq!((now.wall, step.map(|s| s.taken)), (Time(9 * HOUR + 500), Some(true)));
    }

    #[test]
    fn after_a_restart_time_is_never_behind_what_was_persisted() {
        let mut b = Believed::from_floor(Time(5 * HOUR));
        let (now, step) = b.believe(at(0, HOUR));
        assert_eq!((now.wall, step.map(|s| s.taken)), (Time(5 * HOUR), Some(false)));
    }
}
