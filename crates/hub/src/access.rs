//! Who is signed in: sessions of operators, one-time links, and tokens of tools. Everybody else sees very little.
//!
//! Only hashes are kept, and only in memory: a copy of this process's disk signs nobody in, and a hub that starts again has
//! no session.

use crate::dice;
use crate::logs::sha256;
use core::fmt;
use core::time::Duration;
use lockward_model::{ApiRefusal, Digest, Mono, Now, OperatorId, PersonId, Time};
use lockward_wire::hex;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use zeroize::Zeroizing;

/// A session that nobody used for so long ends.
pub const SESSION_IDLE: Duration = Duration::from_secs(15 * 60);
/// However much it is used, a session ends after a working day with its overtime.
pub const SESSION_LIFE: Duration = Duration::from_secs(12 * 3_600);
/// How long a touch of a passkey counts as fresh, for what is dangerous.
pub const TOUCH_LIFE: Duration = Duration::from_secs(5 * 60);
/// A one-time link that nobody followed in this time serves nobody.
pub const LINK_LIFE: Duration = Duration::from_secs(3_600);
/// Sessions at once: more than a site has operators, with a dozen browsers each.
const SESSIONS_MAX: usize = 1_024;
/// Links that wait to be followed.
const LINKS_MAX: usize = 64;
/// Letters of what a browser calls itself that are kept.
const BROWSER_MAX: usize = 120;

/// 256 random bits in hex. Wiped when dropped, never printed by accident.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub(crate) fn roll() -> Self {
        Self(hex(&*Zeroizing::new(dice::roll::<32>())))
    }

    /// One that has a form of its own.
    pub(crate) fn of(text: Zeroizing<String>) -> Self {
        Self(text)
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

/// By what a secret is kept and found: how long that takes says nothing about what is held.
pub(crate) fn kept(secret: &str) -> Digest {
    sha256(secret.as_bytes())
}

/// What a one-time link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkUse {
    /// Registers a passkey of this operator; `by` stands for it in the log.
    Register {
        operator: OperatorId,
        by: OperatorId,
        /// Only while nobody in the site has a passkey.
        first: bool,
    },
    /// Signs in as this operator, without a passkey: a demonstration's.
    SignIn(OperatorId),
    /// Registers a phone of this person's, on the word of `by`.
    Phone { person: PersonId, by: OperatorId },
}

/// With what a session was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum By {
    /// A demonstration's link.
    Link,
    /// A passkey, by the hash of its public key.
    Passkey(Digest),
    /// A password and a one-time code.
    Password,
    /// An account at the OpenID provider.
    OpenId,
}

/// Who signs in, with what, and from where.
pub(crate) struct Entrant<'a> {
    pub(crate) operator: OperatorId,
    pub(crate) by: By,
    /// Until when the hub signs nothing on this session's word.
    pub(crate) held: Option<Time>,
    pub(crate) from: IpAddr,
    pub(crate) browser: &'a str,
}

struct Session {
    handle: String,
    operator: OperatorId,
    by: By,
    held: Option<Time>,
    from: IpAddr,
    browser: String,
    opened: Now,
    seen: Now,
    touched: Option<Mono>,
    /// Dropped with the session: whoever listens hears that it is over.
    over: watch::Sender<()>,
}

impl Session {
    fn lasts_until(&self) -> Mono {
        (self.seen.mono + SESSION_IDLE).min(self.opened.mono + SESSION_LIFE)
    }
}

/// An operator who is signed in, as one request finds it.
#[derive(Debug, Clone)]
pub(crate) struct SignedIn {
    pub(crate) operator: OperatorId,
    /// The session's hash.
    pub(crate) session: Digest,
    /// With what it was opened.
    pub(crate) by: By,
    /// Until when the hub signs nothing on its word.
    pub(crate) held: Option<Time>,
    /// Whether a passkey was touched, or password and code were given again, within [`TOUCH_LIFE`].
    pub(crate) fresh: bool,
    /// Errs once the session is over.
    pub(crate) over: watch::Receiver<()>,
}

impl SignedIn {
    /// Why the hub signs nothing in this operator's place at the moment: what no passkey opened was not confirmed a moment
    /// ago, or rests on another operator's word of today.
    pub(crate) fn signs_nothing(&self, now: Time) -> Option<ApiRefusal> {
        let typed = matches!(self.by, By::Password | By::OpenId);
        match self.held {
            Some(until) if now < until => Some(ApiRefusal::FactorHeld),
            _ if typed && !self.fresh => Some(ApiRefusal::TouchNeeded),
            _ => None,
        }
    }
}

/// A session, as a page shows it.
pub(crate) struct SessionTold {
    pub(crate) handle: String,
    pub(crate) operator: OperatorId,
    pub(crate) by: By,
    pub(crate) from: IpAddr,
    pub(crate) browser: String,
    pub(crate) opened: Time,
    pub(crate) seen: Time,
    pub(crate) session: Digest,
}

#[derive(Default)]
struct Held {
    links: HashMap<Digest, (LinkUse, Mono)>,
    sessions: HashMap<Digest, Session>,
    tokens: Vec<Digest>,
}

/// What lets people and tools in.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<Held>);

impl Sessions {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new one-time link's key. If too many wait, the oldest gives way.
    pub(crate) fn link(&self, what: LinkUse, now: Mono) -> Secret {
        let (secret, mut held) = (Secret::roll(), self.held());
        held.links.retain(|_, (_, until)| now < *until);
        while held.links.len() >= LINKS_MAX {
            let oldest = held.links.iter().min_by_key(|(_, (_, until))| *until).map(|(digest, _)| *digest);
            let Some(oldest) = oldest else { break };
            held.links.remove(&oldest);
        }
        held.links.insert(kept(secret.as_str()), (what, now + LINK_LIFE));
        secret
    }

    /// What a link is for, while it waits.
    pub(crate) fn link_use(&self, link: Digest, now: Mono) -> Option<LinkUse> {
        self.held().links.get(&link).filter(|(_, until)| now < *until).map(|(what, _)| *what)
    }

    /// Uses a link up: once.
    pub(crate) fn spend(&self, link: Digest, now: Mono) -> Option<LinkUse> {
        self.held().links.remove(&link).filter(|(_, until)| now < *until).map(|(what, _)| what)
    }

    /// A token for tools, good until the hub stops.
    pub(crate) fn token(&self) -> Secret {
        let secret = Secret::roll();
        self.held().tokens.push(kept(secret.as_str()));
        secret
    }

    pub(crate) fn knows_token(&self, token: &str) -> bool {
        self.held().tokens.contains(&kept(token))
    }

    /// Begins a session, under a secret that nobody has seen before.
    pub(crate) fn open(&self, who: &Entrant<'_>, now: Now) -> Secret {
        let (secret, mut held) = (Secret::roll(), self.held());
        while held.sessions.len() >= SESSIONS_MAX {
            let idlest = held.sessions.iter().min_by_key(|(_, s)| s.seen.mono).map(|(digest, _)| *digest);
            let Some(idlest) = idlest else { break };
            held.sessions.remove(&idlest);
        }
        let session = Session {
            handle: hex(&dice::roll::<8>()).to_string(),
            operator: who.operator,
            by: who.by,
            held: who.held,
            from: who.from,
            browser: who.browser.chars().filter(|c| !c.is_control()).take(BROWSER_MAX).collect(),
            opened: now,
            seen: now,
            touched: matches!(who.by, By::Passkey(_)).then_some(now.mono),
            over: watch::Sender::new(()),
        };
        held.sessions.insert(kept(secret.as_str()), session);
        secret
    }

    /// The session of this secret. `active`: a person did something, so that it lasts longer.
    pub(crate) fn find(&self, secret: &str, now: Now, active: bool) -> Option<SignedIn> {
        let (digest, mut held) = (kept(secret), self.held());
        let session = held.sessions.get_mut(&digest).filter(|s| now.mono < s.lasts_until())?;
        if active {
            session.seen = now;
        }
        Some(SignedIn {
            operator: session.operator,
            session: digest,
            by: session.by,
            held: session.held,
            fresh: session.touched.is_some_and(|at| now.mono.since(at) < TOUCH_LIFE),
            over: session.over.subscribe(),
        })
    }

    /// The holder touched a passkey, or gave password and code again. `held`: until when the hub signs nothing on the word of
    /// what was given; from then on it signs nothing on the session's either.
    pub(crate) fn touched(&self, session: Digest, held: Option<Time>, now: Mono) {
        if let Some(session) = self.held().sessions.get_mut(&session) {
            session.touched = Some(now);
            session.held = session.held.max(held);
        }
    }

    /// Ends those that match; returns whose they were.
    pub(crate) fn end(&self, which: impl Fn(&SessionTold) -> bool) -> Vec<OperatorId> {
        let mut ended = Vec::new();
        self.held().sessions.retain(|digest, session| {
            let over = which(&told(*digest, session));
            if over {
                ended.push(session.operator);
            }
            !over
        });
        ended
    }

    /// Ends those whose time is up, and those that no longer stand; returns whose they were.
    pub(crate) fn sweep(&self, now: Mono, stands: impl Fn(OperatorId, By) -> bool) -> Vec<OperatorId> {
        let mut ended = Vec::new();
        self.held().sessions.retain(|_, s| {
            let goes_on = now < s.lasts_until() && stands(s.operator, s.by);
            if !goes_on {
                ended.push(s.operator);
            }
            goes_on
        });
        ended
    }

    /// All of them, newest first.
    pub(crate) fn all(&self) -> Vec<SessionTold> {
        let mut all: Vec<_> = self.held().sessions.iter().map(|(digest, s)| told(*digest, s)).collect();
        all.sort_by_key(|s| core::cmp::Reverse(s.opened));
        all
    }
}

fn told(session: Digest, s: &Session) -> SessionTold {
    SessionTold {
        handle: s.handle.clone(),
        operator: s.operator,
        by: s.by,
        from: s.from,
        browser: s.browser.clone(),
        opened: s.opened.wall,
        seen: s.seen.wall,
        session,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Now {
        Now { mono: Mono(seconds * 1_000_000), wall: Time(i64::try_from(seconds * 1_000).unwrap()) }
    }

    fn ada() -> OperatorId {
        "ada".parse().unwrap()
    }

    fn entrant(by: By) -> Entrant<'static> {
        Entrant { operator: ada(), by, held: None, from: IpAddr::from([127, 0, 0, 1]), browser: "a browser" }
    }

    const KEY: By = By::Passkey(Digest([7; 32]));

    #[test]
    fn a_link_serves_once_and_for_an_hour() {
        let sessions = Sessions::default();
        let what = LinkUse::Register { operator: ada(), by: ada(), first: true };
        let link = kept(sessions.link(what, at(0).mono).as_str());
        assert_eq!(sessions.link_use(link, at(1).mono), Some(what));
        assert_eq!(sessions.spend(link, at(1).mono), Some(what));
        assert_eq!((sessions.link_use(link, at(1).mono), sessions.spend(link, at(1).mono)), (None, None));
        let late = kept(sessions.link(what, at(0).mono).as_str());
        assert_eq!(sessions.spend(late, at(0).mono + LINK_LIFE), None);
    }

    #[test]
    fn given_too_many_links_then_the_oldest_gives_way() {
        let sessions = Sessions::default();
        let link = |n| kept(sessions.link(LinkUse::SignIn(ada()), at(n).mono).as_str());
        let first = link(0);
        let later: Vec<_> = (1..=LINKS_MAX as u64).map(link).collect();
        assert!(sessions.spend(first, at(99).mono).is_none());
        assert!(later.iter().all(|link| sessions.spend(*link, at(99).mono).is_some()));
    }

    #[test]
    fn a_session_ends_when_nobody_uses_it_and_after_its_day_however_much_it_is_used() {
        let sessions = Sessions::default();
        let idle = SESSION_IDLE.as_secs();
        let session = sessions.open(&entrant(KEY), at(0));
        assert!(sessions.find(session.as_str(), at(idle - 1), false).is_some());
        assert!(sessions.find(session.as_str(), at(idle), true).is_none(), "a look alone prolongs nothing");
        let used = sessions.open(&entrant(KEY), at(0));
        let mut now = 0;
        while now + idle - 1 < SESSION_LIFE.as_secs() {
            now += idle - 1;
            assert!(sessions.find(used.as_str(), at(now), true).is_some(), "{now}");
        }
        assert!(sessions.find(used.as_str(), at(SESSION_LIFE.as_secs()), true).is_none());
        assert_eq!(sessions.sweep(at(SESSION_LIFE.as_secs()).mono, |_, _| true), [ada(), ada()]);
        assert!(sessions.all().is_empty());
    }

    #[test]
    fn a_session_that_no_longer_stands_is_swept_and_whoever_listens_hears_of_it() {
        let sessions = Sessions::default();
        let session = sessions.open(&entrant(KEY), at(0));
        let found = sessions.find(session.as_str(), at(1), true).unwrap();
        assert!(found.over.has_changed().is_ok());
        assert!(sessions.sweep(at(1).mono, |who, key| (who, key) == (ada(), KEY)).is_empty());
        assert_eq!(sessions.sweep(at(1).mono, |_, key| key != KEY), [ada()]);
        assert!(found.over.has_changed().is_err());
        assert!(sessions.find(session.as_str(), at(1), true).is_none());
    }

    #[test]
    fn a_touch_is_fresh_for_a_while_and_a_link_is_no_touch() {
        let sessions = Sessions::default();
        let fresh = |session: &Secret, at: Now| sessions.find(session.as_str(), at, false).unwrap();
        let session = sessions.open(&entrant(KEY), at(0));
        let life = TOUCH_LIFE.as_secs();
        assert!(fresh(&session, at(life - 1)).fresh && !fresh(&session, at(life)).fresh);
        sessions.touched(fresh(&session, at(life)).session, None, at(life).mono);
        assert!(fresh(&session, at(life + 1)).fresh);
        assert!(!fresh(&sessions.open(&entrant(By::Link), at(0)), at(0)).fresh);
    }

    #[test]
    fn what_no_passkey_opened_signs_nothing_until_it_is_confirmed_and_nothing_while_it_is_held() {
        let sessions = Sessions::default();
        let open = |by, held| sessions.open(&Entrant { held, ..entrant(by) }, at(0));
        let find = |session: &Secret, now| sessions.find(session.as_str(), now, false).unwrap();
        for by in [By::Password, By::OpenId] {
            let session = open(by, None);
            let found = find(&session, at(0));
            assert!(!found.fresh, "signing in is no confirmation");
            assert_eq!(found.signs_nothing(at(0).wall), Some(ApiRefusal::TouchNeeded));
            sessions.touched(found.session, None, at(0).mono);
            assert_eq!(find(&session, at(1)).signs_nothing(at(1).wall), None);
            let held = open(by, Some(at(100).wall));
            sessions.touched(find(&held, at(0)).session, None, at(0).mono);
            assert_eq!(find(&held, at(99)).signs_nothing(at(99).wall), Some(ApiRefusal::FactorHeld));
            assert_eq!(find(&held, at(100)).signs_nothing(at(100).wall), None);
        }
        assert_eq!(find(&open(KEY, None), at(0)).signs_nothing(at(0).wall), None);
    }

    #[test]
    fn a_session_is_ended_by_its_handle_and_no_other_with_it() {
        let sessions = Sessions::default();
        let (one, two) = (sessions.open(&entrant(KEY), at(0)), sessions.open(&entrant(KEY), at(1)));
        let handle = sessions.all().remove(0).handle;
        assert_eq!(sessions.end(|s| s.handle == handle), [ada()]);
        assert!(sessions.find(two.as_str(), at(2), true).is_none());
        assert!(sessions.find(one.as_str(), at(2), true).is_some());
    }

    #[test]
    fn a_secret_is_never_printed() {
        assert_eq!(format!("{:?}", Sessions::default().token()), "Secret(..)");
    }
}
