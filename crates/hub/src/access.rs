//! Who may see what over HTTP: one-time links become sessions, tools bring a token, everybody else sees very little.
//!
//! Only hashes are kept, and only in memory: a copy of this process's disk signs nobody in.

use crate::dice;
use crate::logs::sha256;
use core::fmt;
use core::time::Duration;
use lockward_model::{Digest, Mono};
use lockward_wire::hex;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use zeroize::Zeroizing;

/// A working day with its overtime.
const SESSION_LIFE: Duration = Duration::from_secs(12 * 3_600);
/// A link that nobody followed on the day it was printed serves nobody.
const LINK_LIFE: Duration = Duration::from_secs(12 * 3_600);
/// Sessions at once: more than a site has operators, with a dozen browsers each.
const SESSIONS_MAX: usize = 1_024;
/// Links that wait to be followed.
const LINKS_MAX: usize = 64;

/// 256 random bits in hex. Wiped when dropped, never printed by accident.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    fn roll() -> Self {
        Self(hex(&*Zeroizing::new(dice::roll::<32>())))
    }

    /// The text, for whoever it is meant for.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[derive(Default)]
struct Held {
    links: HashMap<Digest, Mono>,
    sessions: HashMap<Digest, Mono>,
    tokens: Vec<Digest>,
}

/// What lets people and tools in.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<Held>);

impl Sessions {
    fn held(&self, now: Mono) -> MutexGuard<'_, Held> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.links.retain(|_, until| now < *until);
        held.sessions.retain(|_, until| now < *until);
        held
    }

    /// A new one-time link's key. If too many wait, the oldest gives way.
    pub(crate) fn link(&self, now: Mono) -> Secret {
        let (secret, mut held) = (Secret::roll(), self.held(now));
        make_room(&mut held.links, LINKS_MAX);
        held.links.insert(sha256(secret.as_str().as_bytes()), now + LINK_LIFE);
        secret
    }

    /// A token for tools, good until the hub stops.
    pub(crate) fn token(&self, now: Mono) -> Secret {
        let secret = Secret::roll();
        self.held(now).tokens.push(sha256(secret.as_str().as_bytes()));
        secret
    }

    /// Follows a link: once, and a session begins.
    pub(crate) fn enter(&self, key: &str, now: Mono) -> Option<Secret> {
        let mut held = self.held(now);
        held.links.remove(&sha256(key.as_bytes()))?;
        let session = Secret::roll();
        make_room(&mut held.sessions, SESSIONS_MAX);
        held.sessions.insert(sha256(session.as_str().as_bytes()), now + SESSION_LIFE);
        Some(session)
    }

    // What is looked up is the hash of what was sent: how long that takes says nothing about what is held.

    pub(crate) fn knows_session(&self, session: &str, now: Mono) -> bool {
        self.held(now).sessions.contains_key(&sha256(session.as_bytes()))
    }

    pub(crate) fn knows_token(&self, token: &str, now: Mono) -> bool {
        self.held(now).tokens.contains(&sha256(token.as_bytes()))
    }
}

fn make_room(kept: &mut HashMap<Digest, Mono>, max: usize) {
    while kept.len() >= max {
        let oldest = kept.iter().min_by_key(|(_, until)| **until).map(|(digest, _)| *digest);
        let Some(oldest) = oldest else { return };
        kept.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Mono = Mono(1);

    #[test]
    fn a_link_serves_once() {
        let sessions = Sessions::default();
        let link = sessions.link(NOW);
        let session = sessions.enter(link.as_str(), NOW).unwrap();
        assert!(sessions.knows_session(session.as_str(), NOW));
        assert!(sessions.enter(link.as_str(), NOW).is_none());
        assert!(!sessions.knows_session(link.as_str(), NOW));
        assert!(!sessions.knows_token(session.as_str(), NOW));
    }

    #[test]
    fn a_session_ends_by_itself() {
        let sessions = Sessions::default();
        let session = sessions.enter(sessions.link(NOW).as_str(), NOW).unwrap();
        assert!(!sessions.knows_session(session.as_str(), NOW + SESSION_LIFE));
        assert!(sessions.enter(sessions.link(NOW).as_str(), NOW + LINK_LIFE).is_none());
    }

    #[test]
    fn given_too_many_links_then_the_oldest_gives_way() {
        let sessions = Sessions::default();
        let first = sessions.link(Mono(0));
        let later: Vec<_> = (1..=LINKS_MAX as u64).map(|n| sessions.link(Mono(n))).collect();
        assert!(sessions.enter(first.as_str(), NOW).is_none());
        assert!(later.iter().all(|link| sessions.enter(link.as_str(), NOW).is_some()));
    }

    #[test]
    fn a_secret_is_never_printed() {
        assert_eq!(format!("{:?}", Sessions::default().link(NOW)), "Secret(..)");
    }
}
