//! What waits for an answer under an unguessable name: bounded in number and time, and answered once.

use crate::access::kept;
use crate::dice;
use core::time::Duration;
use lockward_model::{Digest, Mono, OperatorId};
use lockward_wire::hex;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Things that wait, in all; the oldest gives way. An order that waits takes a number of its controller, which has 64.
const WAITING_MAX: usize = 1_024;

struct Waiting<T> {
    what: T,
    operator: OperatorId,
    begun: Mono,
    life: Duration,
}

/// Things that wait, each for one operator. Only the hashes of their names are kept.
pub(crate) struct Waits<T>(Mutex<HashMap<Digest, Waiting<T>>>);

impl<T> Default for Waits<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Waits<T> {
    /// Keeps something for this operator's answer. Returns its name.
    pub(crate) fn wait(&self, what: T, operator: OperatorId, now: Mono, life: Duration) -> String {
        let name = hex(&dice::roll::<16>()).to_string();
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, w| now.since(w.begun) < w.life);
        if held.len() >= WAITING_MAX
            && let Some(oldest) = held.iter().min_by_key(|(_, w)| w.begun).map(|(name, _)| *name)
        {
            held.remove(&oldest);
        }
        held.insert(kept(&name), Waiting { what, operator, begun: now, life });
        name
    }

    /// What waits under this name for this operator. Somebody else's stays.
    pub(crate) fn take(&self, name: &str, operator: OperatorId, now: Mono) -> Option<T> {
        self.take_if(name, now, |whose, _| whose == operator).map(|(what, _)| what)
    }

    /// What waits under this name, and for whom, if it is what the asker means. Everything else stays.
    pub(crate) fn take_if(
        &self,
        name: &str,
        now: Mono,
        is_meant: impl Fn(OperatorId, &T) -> bool,
    ) -> Option<(T, OperatorId)> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = held.get(&kept(name)).is_some_and(|w| is_meant(w.operator, &w.what));
        let waiting = if found { held.remove(&kept(name))? } else { return None };
        (now.since(waiting.begun) < waiting.life).then_some((waiting.what, waiting.operator))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_taken_once_in_time_and_by_nobody_else() {
        let (waits, life) = (Waits::default(), Duration::from_secs(60));
        let (ada, bob): (OperatorId, OperatorId) = ("ada".parse().unwrap(), "bob".parse().unwrap());
        let (now, late) = (Mono(0), Mono(60_000_000_000));
        let name = waits.wait("order", ada, now, life);
        assert_eq!(waits.take(&name, bob, now), None);
        assert_eq!(waits.take_if(&name, now, |_, what| *what == "change"), None);
        assert_eq!(waits.take(&name, ada, now), Some("order"));
        assert_eq!(waits.take(&name, ada, now), None, "once");
        let name = waits.wait("order", ada, now, life);
        assert_eq!(waits.take(&name, ada, late), None, "too late");
        let first = waits.wait("first", ada, now, life);
        (0..WAITING_MAX).for_each(|_| drop(waits.wait("more", bob, Mono(1), life)));
        assert_eq!(waits.take(&first, ada, Mono(1)), None, "the oldest gives way");
    }
}
