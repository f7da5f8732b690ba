//! How often somebody may fail to sign in: at one address until it must wait, in all until everybody new is slowed down.
//! What is typed for one name is counted by the name, too: see `names`.
//!
//! Nobody can keep the owner out by failing often: whoever fails is refused at the own address alone, this machine never is,
//! and beyond what is good in all, strangers wait a second each.

use core::time::Duration;
use lockward_model::Mono;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Failures in a row at one address: more than a person makes with all keys of a ring, twice.
const AT_ONE_MAX: u64 = 20;
/// An address is forgiven one failure each so often.
const AT_ONE_EVERY: Duration = Duration::from_secs(6);
/// Failures in a row in all.
const IN_ALL_MAX: u64 = 200;
/// In all, one is forgiven each so often.
const IN_ALL_EVERY: Duration = Duration::from_millis(200);
/// How long strangers wait then.
const SLOWED: Duration = Duration::from_secs(1);
/// Addresses that are remembered. One more, and those that wait least are forgotten.
const ADDRESSES_MAX: usize = 16_384;
/// Failures that go on record in a row, and how soon one more may: at 300 bytes each a log grows by half a megabyte a day.
const RECORDED_MAX: u64 = 60;
const RECORDED_EVERY: Duration = Duration::from_secs(60);

/// A bucket that leaks one failure each so often: full at the time until which it takes to be empty.
#[derive(Clone, Copy, Default)]
struct Leaky(Mono);

impl Leaky {
    fn level(self, every: Duration, now: Mono) -> u64 {
        self.0.since(now).as_nanos().div_ceil(every.as_nanos().max(1)).try_into().unwrap_or(u64::MAX)
    }

    fn add(&mut self, every: Duration, now: Mono) {
        self.0 = self.0.max(now) + every;
    }
}

#[derive(Default)]
struct Held {
    at: HashMap<IpAddr, Leaky>,
    all: Leaky,
    recorded: Leaky,
}

/// Whether somebody may try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Try {
    Now,
    /// After so long.
    Slowly(Duration),
    /// Not before so long, and to be asked again.
    Later(Duration),
}

/// Who has failed how often.
#[derive(Default)]
pub(crate) struct Attempts(Mutex<Held>);

impl Attempts {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn may(&self, from: IpAddr, now: Mono) -> Try {
        let held = self.held();
        if from.to_canonical().is_loopback() {
            return Try::Now;
        }
        let here = held.at.get(&block(from)).copied().unwrap_or_default();
        if here.level(AT_ONE_EVERY, now) >= AT_ONE_MAX {
            return Try::Later(AT_ONE_EVERY);
        }
        if held.all.level(IN_ALL_EVERY, now) >= IN_ALL_MAX { Try::Slowly(SLOWED) } else { Try::Now }
    }

    /// Somebody failed. True if that is to go on record: of many, some do.
    pub(crate) fn failed(&self, from: IpAddr, now: Mono) -> bool {
        let mut held = self.held();
        if held.at.len() >= ADDRESSES_MAX {
            forget(&mut held.at, now);
        }
        held.at.entry(block(from)).or_default().add(AT_ONE_EVERY, now);
        if held.all.level(IN_ALL_EVERY, now) < 2 * IN_ALL_MAX {
            held.all.add(IN_ALL_EVERY, now);
        }
        let tell = held.recorded.level(RECORDED_EVERY, now) < RECORDED_MAX;
        if tell {
            held.recorded.add(RECORDED_EVERY, now);
        }
        tell
    }
}

/// Makes room: those that are forgiven, or the half that waits least, so that it is seldom looked for.
fn forget(at: &mut HashMap<IpAddr, Leaky>, now: Mono) {
    at.retain(|_, leaky| leaky.0 > now);
    if at.len() >= ADDRESSES_MAX {
        let mut waits: Vec<Mono> = at.values().map(|leaky| leaky.0).collect();
        let half = waits.len() / 2;
        let (_, median, _) = waits.select_nth_unstable(half);
        let median = *median;
        at.retain(|_, leaky| leaky.0 > median);
    }
}

/// Whoever has one IPv6 address has the 2^64 around it.
pub(crate) fn block(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() >> 64 << 64)),
        four => four,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Mono = Mono(1_000_000_000_000);
    const OWNER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn other(n: u32) -> IpAddr {
        IpAddr::V4(std::net::Ipv4Addr::from_bits(0x0a00_0000 + n))
    }

    #[test]
    fn who_guesses_at_one_address_waits_and_nobody_else_does() {
        let attempts = Attempts::default();
        for _ in 0..AT_ONE_MAX {
            attempts.failed(other(1), NOW);
        }
        assert_eq!(attempts.may(other(1), NOW), Try::Later(AT_ONE_EVERY));
        assert_eq!(attempts.may(other(2), NOW), Try::Now);
        assert_eq!(attempts.may(other(1), NOW + AT_ONE_EVERY), Try::Now, "for ever");
    }

    #[test]
    fn who_sprays_from_many_addresses_slows_strangers_down_and_locks_nobody_out() {
        let attempts = Attempts::default();
        for n in 0..100_000 {
            attempts.failed(other(n), NOW);
        }
        assert_eq!(attempts.may(OWNER, NOW), Try::Slowly(SLOWED));
        assert_eq!(attempts.may(IpAddr::from([127, 0, 0, 1]), NOW), Try::Now);
        assert_eq!(attempts.may("::ffff:127.0.0.1".parse().unwrap(), NOW), Try::Now);
        // Who guesses at one address hides among them no better.
        for _ in 0..AT_ONE_MAX {
            attempts.failed(OWNER, NOW);
        }
        (0..50_000).for_each(|n| _ = attempts.failed(other(n), NOW));
        assert_eq!(attempts.may(OWNER, NOW), Try::Later(AT_ONE_EVERY));
        // However many there were, the slowness ends.
        let soon = NOW + Duration::from_secs(120);
        assert_eq!(attempts.may(OWNER, soon), Try::Now);
    }

    #[test]
    fn an_ipv6_host_has_one_address() {
        let attempts = Attempts::default();
        for n in 0..AT_ONE_MAX {
            attempts.failed(IpAddr::V6(Ipv6Addr::from_bits(0x2001_0db8 << 96 | u128::from(n))), NOW);
        }
        assert!(matches!(attempts.may("2001:db8::ffff".parse().unwrap(), NOW), Try::Later(_)));
        assert_eq!(attempts.may("2001:db8:0:1::1".parse().unwrap(), NOW), Try::Now);
    }

    #[test]
    fn failures_do_not_fill_the_log() {
        let attempts = Attempts::default();
        let told = (0..100_000).filter(|n| attempts.failed(other(*n), NOW)).count();
        assert_eq!(told as u64, RECORDED_MAX);
        assert!(attempts.failed(OWNER, NOW + RECORDED_EVERY));
    }
}
