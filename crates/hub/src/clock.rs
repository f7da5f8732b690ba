//! Where the hub reads its clocks. Everything else in this room is told the time.
#![allow(clippy::disallowed_methods, reason = "the one file of this room that reads a clock")]

use core::fmt;
use core::time::Duration;
use lockward_model::{Mono, Now, Time};
use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// A pair of clocks. The demonstration runs on faster ones.
pub trait Clock: Send + Sync {
    /// Both at one moment.
    fn now(&self) -> Now;
}

/// The machine's own clocks.
pub struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mono = u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX);
        Now { mono: Mono(mono), wall: Time(i64::try_from(wall.as_millis()).unwrap_or(i64::MAX)) }
    }
}

/// The same clock, as TLS asks it when it looks at certificates.
pub(crate) struct TlsTime(pub(crate) Arc<dyn Clock>);

impl fmt::Debug for TlsTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsTime")
    }
}

impl TimeProvider for TlsTime {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.0.now().wall.0 / 1_000).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}
