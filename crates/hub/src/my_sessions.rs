//! Who has signed in with a phone of their own, what waits for their touch, and how often one may be refused.
//!
//! In memory only, as operators' sessions are. A session shows its holder the names of their own doors, and drafts what a touch
//! is asked for; it opens nothing.

use crate::access::{Secret, kept};
use crate::attempts::block;
use core::time::Duration;
use lockward_model::{CardToken, Digest, Mono, PersonId};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A phone that nobody used for so long signs in again: a working day.
pub(crate) const MY_SESSION_IDLE: Duration = Duration::from_secs(10 * 3_600);
/// However much it is used, its session ends after a day.
pub(crate) const MY_SESSION_LIFE: Duration = Duration::from_secs(24 * 3_600);
/// Sessions at once: of a site's largest shift. The idlest gives way.
const SESSIONS_MAX: usize = 16_384;
/// What waits for a touch, in all; and of one address or phone.
pub(crate) const WAITING_MAX: usize = 4_096;
pub(crate) const WAITING_EACH_MAX: usize = 4;
/// So many openings that are refused at once are nobody's haste; and one more after this: half of what a controller takes of
/// orders that change nothing, so that nobody's phone takes the numbers or the link of a door away.
const REFUSED_MAX: u32 = 5;
const REFUSED_EVERY: Duration = Duration::from_secs(60);

struct Session {
    phone: CardToken,
    opened: Mono,
    seen: Mono,
}

/// Somebody who has signed in with a phone of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PhoneIn {
    pub(crate) person: PersonId,
    pub(crate) phone: CardToken,
}

/// The sessions of phones.
#[derive(Default)]
pub(crate) struct PhoneSessions(Mutex<HashMap<Digest, Session>>);

impl PhoneSessions {
    fn held(&self) -> MutexGuard<'_, HashMap<Digest, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a session, under a secret that nobody has seen before.
    pub(crate) fn open(&self, phone: CardToken, now: Mono) -> Secret {
        let (secret, mut held) = (Secret::roll(), self.held());
        held.retain(|_, s| now < until(s));
        while held.len() >= SESSIONS_MAX {
            let idlest = held.iter().min_by_key(|(_, s)| s.seen).map(|(digest, _)| *digest);
            let Some(idlest) = idlest else { break };
            held.remove(&idlest);
        }
        held.insert(kept(secret.as_str()), Session { phone, opened: now, seen: now });
        secret
    }

    /// The phone of a session that lasts. Whether the phone still stands is for the site to say, each time.
    pub(crate) fn find(&self, secret: &str, now: Mono) -> Option<CardToken> {
        let mut held = self.held();
        let session = held.get_mut(&kept(secret)).filter(|s| now < until(s))?;
        session.seen = now;
        Some(session.phone)
    }

    pub(crate) fn end(&self, secret: &str) {
        self.held().remove(&kept(secret));
    }

    /// Ends every session of a phone.
    pub(crate) fn end_of(&self, phone: CardToken) {
        self.held().retain(|_, s| s.phone != phone);
    }
}

fn until(session: &Session) -> Mono {
    (session.seen + MY_SESSION_IDLE).min(session.opened + MY_SESSION_LIFE)
}

/// By whom something waits: only few things of each do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Waiter {
    Address(IpAddr),
    Phone(CardToken),
}

impl Waiter {
    pub(crate) fn at(from: IpAddr) -> Self {
        Self::Address(block(from))
    }
}

/// How often somebody's openings were refused lately.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<HashMap<PersonId, Mono>>);

impl Refusals {
    fn held(&self) -> MutexGuard<'_, HashMap<PersonId, Mono>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody may try once more.
    pub(crate) fn may(&self, person: PersonId, now: Mono) -> bool {
        let spent = self.held().get(&person).copied().unwrap_or(now).max(now);
        spent + REFUSED_EVERY <= now + REFUSED_EVERY * REFUSED_MAX
    }

    /// One more was refused.
    pub(crate) fn one_more(&self, person: PersonId, now: Mono) {
        let mut held = self.held();
        held.retain(|_, until| now < *until);
        let spent = held.get(&person).copied().unwrap_or(now).max(now);
        held.insert(person, spent + REFUSED_EVERY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHONE: CardToken = CardToken([7; 16]);

    fn at(seconds: u64) -> Mono {
        Mono(seconds * 1_000_000)
    }

    #[test]
    fn a_phones_session_ends_with_the_day_and_when_nobody_uses_it() {
        let sessions = PhoneSessions::default();
        let (idle, life) = (MY_SESSION_IDLE.as_secs(), MY_SESSION_LIFE.as_secs());
        let secret = sessions.open(PHONE, at(0));
        assert_eq!(sessions.find(secret.as_str(), at(idle - 1)), Some(PHONE));
        assert_eq!(sessions.find(secret.as_str(), at(2 * idle - 2)), Some(PHONE));
        assert_eq!(sessions.find(secret.as_str(), at(life)), None);
        let left = sessions.open(PHONE, at(0));
        assert_eq!(sessions.find(left.as_str(), at(idle)), None);
        let ended = sessions.open(PHONE, at(0));
        sessions.end_of(PHONE);
        assert_eq!(sessions.find(ended.as_str(), at(1)), None);
    }

    #[test]
    fn whoever_has_many_ipv6_addresses_is_one_who_waits() {
        let at = |n: u128| Waiter::at(IpAddr::V6((0x2001_0db8_u128 << 96 | n).into()));
        assert_eq!(at(1), at(1 << 63));
        assert_ne!(at(1), at(1 << 64));
    }

    #[test]
    fn who_is_refused_again_and_again_waits_a_minute_for_the_next_try() {
        let (refusals, ann) = (Refusals::default(), "ann".parse().unwrap());
        let tries = (0..100).filter(|_| {
            refusals.may(ann, at(1)) && {
                refusals.one_more(ann, at(1));
                true
            }
        });
        assert_eq!(tries.count(), 5);
        assert!(!refusals.may(ann, at(60)) && refusals.may(ann, at(62)));
    }
}
