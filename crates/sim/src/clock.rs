//! The demonstration's clocks: one for people and doors, which may run fast, and the real one of the wires.
#![allow(clippy::disallowed_methods, reason = "the one file of this room that reads a clock")]

use core::time::Duration;
use lockward_model::{Mono, Now, Time};
use std::time::Instant;

/// The fastest day. A grant lives for 5 s of its controller's clock (`lockward_controller::core`), and its record has
/// to be on the disk by then: at 30 that leaves 167 ms, to a disk that others use too. A door stays released for 333 ms,
/// in which its contact has to be asked: 20 rounds of the longest line.
pub const SPEED_MAX: f64 = 30.0;

/// A wall clock and a monotonic one that run at the same multiple of real time, from a moment of one's choice.
pub struct ScaledClock {
    began: Instant,
    wall: Time,
    speed: f64,
}

impl ScaledClock {
    /// Starts at `wall`; a second takes `1 / speed` of a real one. The speed is brought between 1/30 and [`SPEED_MAX`].
    #[must_use]
    pub fn from(wall: Time, speed: f64) -> Self {
        let speed = if speed.is_finite() { speed.clamp(1.0 / SPEED_MAX, SPEED_MAX) } else { 1.0 };
        Self { began: Instant::now(), wall, speed }
    }

    /// Both clocks.
    #[must_use]
    pub fn read(&self) -> Now {
        let passed = self.began.elapsed().mul_f64(self.speed);
        Now { mono: Mono(0) + passed, wall: self.wall + passed }
    }

    /// How much real time a span of this clock takes.
    #[must_use]
    pub fn real(&self, span: Duration) -> Duration {
        span.div_f64(self.speed)
    }
}

impl lockward_controller::clock::Clock for ScaledClock {
    fn now(&self) -> Now {
        self.read()
    }
    fn until(&self, then: Mono) -> Duration {
        self.real(then.since(self.read().mono))
    }
}

impl lockward_hub::Clock for ScaledClock {
    fn now(&self) -> Now {
        self.read()
    }
}

/// A moment of real time.
pub(crate) fn real_now() -> Instant {
    Instant::now()
}

/// Lets real time pass, as bytes do on a wire.
pub(crate) fn pause(span: Duration) {
    std::thread::sleep(span);
}

/// What day it really is.
pub(crate) fn today() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
