//! What waits for an answer under an unguessable name: bounded in number and time, and answered once.

use crate::access::kept;
use crate::dice;
use core::time::Duration;
use lockward_model::{Digest, Mono, OperatorId};
use lockward_wire::hex;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Things that wait of one operator: an order that waits takes a number of its controller, which has 64.
const OF_OPERATOR_MAX: usize = 16;
/// Things that wait of all operators.
const OF_OPERATORS_MAX: usize = 1_024;

struct Waiting<Of, T> {
    what: T,
    of: Of,
    begun: Mono,
    life: Duration,
}

/// Things that wait, each of somebody: an operator, a phone, an address. Only the hashes of their names are kept.
pub(crate) struct Waits<Of, T> {
    each: usize,
    all: usize,
    held: Mutex<HashMap<Digest, Waiting<Of, T>>>,
}

impl<T> Default for Waits<OperatorId, T> {
    fn default() -> Self {
        Self::new(OF_OPERATOR_MAX, OF_OPERATORS_MAX)
    }
}

impl<Of: Copy + PartialEq, T> Waits<Of, T> {
    /// So many may wait of one, and so many in all. Where more come, the oldest of the same one gives way, or of all.
    pub(crate) fn new(each: usize, all: usize) -> Self {
        Self { each, all, held: Mutex::default() }
    }

    fn held(&self, now: Mono) -> MutexGuard<'_, HashMap<Digest, Waiting<Of, T>>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, w| now.since(w.begun) < w.life);
        held
    }

    /// Whether one more of somebody's may wait, and nothing gives way.
    pub(crate) fn has_room(&self, of: Of, now: Mono) -> bool {
        let held = self.held(now);
        held.len() < self.all && held.values().filter(|w| w.of == of).count() < self.each
    }

    /// Keeps something for an answer. Returns its name.
    pub(crate) fn wait(&self, what: T, of: Of, now: Mono, life: Duration) -> String {
        let (name, full) = (hex(&dice::roll::<16>()).to_string(), !self.has_room(of, now));
        let mut held = self.held(now);
        if full {
            let own = held.iter().filter(|(_, w)| w.of == of).min_by_key(|(_, w)| w.begun);
            let oldest = own.or_else(|| held.iter().min_by_key(|(_, w)| w.begun)).map(|(name, _)| *name);
            oldest.and_then(|oldest| held.remove(&oldest));
        }
        held.insert(kept(&name), Waiting { what, of, begun: now, life });
        name
    }

    /// What waits under this name, of this one. Somebody else's stays.
    pub(crate) fn take(&self, name: &str, of: Of, now: Mono) -> Option<T> {
        self.take_if(name, now, |whose, _| whose == of).map(|(what, _)| what)
    }

    /// What waits under this name, and of whom, if it is what the asker means. Everything else stays.
    pub(crate) fn take_if(
        &self,
        name: &str,
        now: Mono,
        is_meant: impl Fn(Of, &T) -> bool,
    ) -> Option<(T, Of)> {
        let mut held = self.held(now);
        held.get(&kept(name)).filter(|w| is_meant(w.of, &w.what))?;
        held.remove(&kept(name)).map(|waiting| (waiting.what, waiting.of))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Duration = Duration::from_secs(60);

    fn at(seconds: u64) -> Mono {
        Mono(seconds * 1_000_000)
    }

    #[test]
    fn what_waits_is_taken_once_in_time_and_by_nobody_else() {
        let waits = Waits::new(4, 16);
        let name = waits.wait("order", 'a', at(0), LIFE);
        assert_eq!(waits.take(&name, 'b', at(0)), None);
        assert_eq!(waits.take_if(&name, at(0), |_, what| *what == "change"), None);
        assert_eq!(waits.take(&name, 'a', at(59)), Some("order"));
        assert_eq!(waits.take(&name, 'a', at(59)), None, "once");
        let name = waits.wait("order", 'a', at(0), LIFE);
        assert_eq!(waits.take(&name, 'a', at(60)), None, "too late");
    }

    #[test]
    fn whoever_lets_much_wait_pushes_nobody_elses_out() {
        let waits = Waits::new(4, 16);
        let first = waits.wait(0, 'a', at(0), LIFE);
        let own: Vec<String> = (1..50).map(|n| waits.wait(n, 'b', at(n), LIFE)).collect();
        assert_eq!(waits.held(at(50)).len(), 5);
        assert!(!waits.has_room('b', at(50)) && waits.has_room('a', at(50)));
        assert_eq!(waits.take(&own[44], 'b', at(50)), None, "the oldest of the same gave way");
        assert_eq!((waits.take(&own[45], 'b', at(50)), waits.take(&first, 'a', at(50))), (Some(46), Some(0)));
    }

    #[test]
    fn where_many_come_the_oldest_of_all_gives_way_but_to_those_who_have_one() {
        let waits = Waits::new(4, 16);
        let names: Vec<String> = (0..16).map(|n| waits.wait(n, n, at(n), LIFE)).collect();
        let again = waits.wait(99, 3, at(20), LIFE);
        assert_eq!(waits.take(&names[3], 3, at(20)), None, "one's own");
        let new = waits.wait(16, 16, at(21), LIFE);
        assert_eq!(waits.take(&names[0], 0, at(21)), None, "the oldest of all");
        assert_eq!((waits.take(&again, 3, at(21)), waits.take(&new, 16, at(21))), (Some(99), Some(16)));
    }

    #[test]
    fn what_is_over_takes_no_room() {
        let waits = Waits::new(1, 1);
        drop(waits.wait(1, 'a', at(0), LIFE));
        assert!(!waits.has_room('a', at(59)) && waits.has_room('a', at(60)));
    }
}
