//! How often a password may be wrong for one name: each try waits longer than the one before, whoever makes it, and whether
//! anybody has that name or not.
//!
//! Nothing here is said to who tries: a wait, a wrong password and a name that nobody has look the same. A passkey waits for
//! none of it, so nobody is kept out by others' failures who has one.

use crate::access::kept;
use core::time::Duration;
use lockward_model::{Digest, Mono};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Wrong tries before the first wait: what a person mistypes.
const FREE: u32 = 3;
/// The first wait; each further failure doubles it (NIST SP 800-63B-4, 3.2.2: 30 s to an hour).
const WAIT_FIRST: Duration = Duration::from_secs(30);
/// The longest.
const WAIT_MAX: Duration = Duration::from_secs(3_600);
/// After so many failures in a row a password serves no more until it is set anew (NIST SP 800-63B-4, 3.2.2).
pub(crate) const FAILURES_MAX: u32 = 100;
/// Names that are remembered; one more, and whoever failed longest ago is forgotten.
const NAMES_MAX: usize = 16_384;
/// So many names within [`SPRAY_SPAN`] are no person who mistypes.
const SPRAY_NAMES: usize = 10;
/// So many failures within it are none either.
const SPRAY_FAILURES: usize = 60;
const SPRAY_SPAN: Duration = Duration::from_secs(600);
/// One alarm tells of it so often.
const SPRAY_TELL: Duration = Duration::from_secs(3_600);

#[derive(Clone, Copy, Default)]
struct Failed {
    times: u32,
    last: Mono,
}

impl Failed {
    /// Until when to wait.
    fn until(self) -> Mono {
        match self.times.checked_sub(FREE) {
            None => Mono(0),
            Some(doublings) => {
                let wait = WAIT_FIRST.saturating_mul(1u32.checked_shl(doublings).unwrap_or(u32::MAX));
                self.last + wait.min(WAIT_MAX)
            }
        }
    }
}

#[derive(Default)]
struct Held {
    names: HashMap<Digest, Failed>,
    lately: VecDeque<(Mono, Digest)>,
    told: Option<Mono>,
}

/// Who was tried how often.
#[derive(Default)]
pub(crate) struct Names(Mutex<Held>);

fn of(name: &str) -> Digest {
    kept(&name.trim().to_lowercase())
}

impl Names {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a try: true, and it counts as failed until [`Self::right`] says otherwise, so that many at once are no more
    /// than one after the other. False while the name must wait; then nothing is counted. `stored`: failures that are known
    /// from before this hub started.
    pub(crate) fn begin(&self, name: &str, stored: u32, now: Mono) -> bool {
        let (name, mut held) = (of(name), self.held());
        if held.names.len() >= NAMES_MAX && !held.names.contains_key(&name) {
            forget(&mut held.names);
        }
        let failed = held.names.entry(name).or_default();
        failed.times = failed.times.max(stored);
        if now < failed.until() {
            return false;
        }
        failed.times = failed.times.saturating_add(1);
        failed.last = now;
        true
    }

    /// The try was right after all.
    pub(crate) fn right(&self, name: &str) {
        self.held().names.remove(&of(name));
    }

    /// A try was wrong, or had to wait. True where somebody is to be alarmed: passwords are sprayed.
    pub(crate) fn wrong(&self, name: &str, now: Mono) -> bool {
        let (name, mut held) = (of(name), self.held());
        while held.lately.front().is_some_and(|(at, _)| now.since(*at) >= SPRAY_SPAN)
            || held.lately.len() >= SPRAY_FAILURES
        {
            held.lately.pop_front();
        }
        held.lately.push_back((now, name));
        let names: BTreeSet<_> = held.lately.iter().map(|(_, name)| *name).collect();
        let sprayed = names.len() >= SPRAY_NAMES || held.lately.len() >= SPRAY_FAILURES;
        let due = held.told.is_none_or(|at| now.since(at) >= SPRAY_TELL);
        if sprayed && due {
            held.told = Some(now);
        }
        sprayed && due
    }
}

/// Makes room: the half that failed longest ago.
fn forget(names: &mut HashMap<Digest, Failed>) {
    let mut last: Vec<Mono> = names.values().map(|failed| failed.last).collect();
    let half = last.len() / 2;
    let (_, median, _) = last.select_nth_unstable(half);
    let median = *median;
    names.retain(|_, failed| failed.last > median);
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Mono = Mono(1_000_000_000_000);

    fn after(seconds: u64) -> Mono {
        NOW + Duration::from_secs(seconds)
    }

    #[test]
    fn waits_grow_from_half_a_minute_to_an_hour_for_a_name_that_nobody_has_too() {
        let until = |times| Failed { times, last: NOW }.until();
        assert_eq!(until(2), Mono(0));
        let expected = [(3, 30), (4, 60), (5, 120), (9, 1_920), (10, 3_600), (99, 3_600), (u32::MAX, 3_600)];
        for (times, wait) in expected {
            assert_eq!(until(times), after(wait), "{times}");
        }
        for name in ["ada", "nobody-has-this-name"] {
            let names = Names::default();
            let tries = (0..120).filter(|second| names.begin(name, 0, after(*second))).count();
            assert_eq!(tries, 5, "three at once, one after half a minute, one a minute later: {name}");
        }
    }

    #[test]
    fn a_day_of_guessing_at_one_name_is_three_dozen_tries_however_many_guess_at_once() {
        let names = Names::default();
        let tries = (0..86_400).flat_map(|second| [second; 3]);
        let taken = tries.filter(|second| names.begin("ada", 0, after(*second))).count();
        assert!((30..=36).contains(&taken), "{taken}");
        assert!(names.begin("bob", 0, NOW), "and nobody else waits");
    }

    #[test]
    fn what_was_wrong_before_a_restart_is_not_forgotten_and_a_right_answer_forgives() {
        let names = Names::default();
        assert!(names.begin("ada", 9, NOW), "nobody knows when that was");
        assert!(!names.begin("ada", 9, after(3_599)));
        names.right("ada");
        assert!(names.begin("ada", 0, after(1)) && names.begin(" ADA ", 0, after(1)));
    }

    #[test]
    fn a_spray_is_told_of_once_and_a_person_who_mistypes_is_none() {
        let names = Names::default();
        assert!((0..9).all(|n| !names.wrong(&format!("name-{n}"), NOW)));
        assert!(names.wrong("name-9", NOW));
        assert!((0..100_000).all(|n| !names.wrong(&format!("name-{n}"), NOW)));
        assert!(names.held().lately.len() <= SPRAY_FAILURES);
        assert!(
            names.wrong("name-0", NOW + SPRAY_TELL)
                || (0..9).any(|n| names.wrong(&format!("x{n}"), NOW + SPRAY_TELL))
        );
        let one = Names::default();
        assert!((0..59).all(|n| !one.wrong("ada", after(n))));
        assert!(one.wrong("ada", after(60)), "sixty at one name within ten minutes");
        let slow = Names::default();
        assert!((0..1_000).all(|n| !slow.wrong(&format!("name-{n}"), after(n * 70))));
    }

    #[test]
    fn names_that_are_made_up_do_not_fill_the_memory() {
        let names = Names::default();
        for n in 0..(2 * NAMES_MAX as u64) {
            names.begin(&format!("name-{n}"), 0, NOW + Duration::from_micros(n));
        }
        assert!(names.held().names.len() <= NAMES_MAX);
    }
}
