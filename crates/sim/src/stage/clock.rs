//! The time on the stage: it stands still until somebody lets it go by.

use core::time::Duration;
use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use lockward_hub::Clock;
use lockward_model::{Mono, Now, Time};
use std::sync::{Mutex, PoisonError};

/// A clock that others move.
pub struct StageClock(Mutex<Now>);

impl StageClock {
    /// Stands at `begin`.
    #[must_use]
    pub fn at(begin: Time) -> Self {
        Self(Mutex::new(Now { mono: Mono(1_000_000), wall: begin }))
    }

    /// Goes on until then; never back.
    pub(super) fn advance_to(&self, then: Mono) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let from = now.mono;
        // Milliseconds of the wall's clock are cut, not lost: it is always the first moment and what has passed since.
        let (before, after) = (from.0 / 1_000, then.0.max(from.0) / 1_000);
        now.wall = now.wall + Duration::from_millis(after - before);
        now.mono = from.max(then);
    }
}

impl Clock for StageClock {
    fn now(&self) -> Now {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The clock on the site's wall.
pub(super) struct WallClock(TimeZone);

impl WallClock {
    /// In an IANA zone; UTC where there is none of that name.
    pub(super) fn of(zone: &str) -> Self {
        Self(TimeZoneDatabase::bundled().get(zone).unwrap_or(TimeZone::UTC))
    }

    fn shown(&self, at: Time) -> jiff::Zoned {
        Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(self.0.clone())
    }

    /// `08:00:00.000`.
    pub(super) fn time(&self, at: Time) -> String {
        self.shown(at).strftime("%H:%M:%S%.3f").to_string()
    }

    /// How long it is until the clock next shows this time of day; `None` for what is no time.
    pub(super) fn until(&self, at: Time, text: &str) -> Option<Duration> {
        let wanted: jiff::civil::Time = text.parse().ok()?;
        let now = self.shown(at);
        let today = now.date().to_datetime(wanted).to_zoned(self.0.clone()).ok()?;
        let then = if today > now {
            today
        } else {
            now.date().tomorrow().ok()?.to_datetime(wanted).to_zoned(self.0.clone()).ok()?
        };
        Some(Time(then.timestamp().as_millisecond()).since(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wall_keeps_step_with_what_has_passed() {
        let clock = StageClock::at(Time(1_000));
        for us in [1_000_400, 1_000_900, 1_001_100, 3_000_000] {
            clock.advance_to(Mono(us));
        }
        assert_eq!(clock.now(), Now { mono: Mono(3_000_000), wall: Time(3_000) });
        clock.advance_to(Mono(5));
        assert_eq!(clock.now().mono, Mono(3_000_000));
    }

    #[test]
    fn the_next_time_of_day_is_today_or_tomorrow() {
        let wall = WallClock::of("UTC");
        let eight = Time(8 * 3_600_000);
        assert_eq!(wall.until(eight, "08:30"), Some(Duration::from_secs(1_800)));
        assert_eq!(wall.until(eight, "08:00"), Some(Duration::from_secs(86_400)));
        assert_eq!(wall.until(eight, "soon"), None);
        assert_eq!(wall.time(eight), "08:00:00.000");
    }
}
