//! Whoever is signed in and asks for what is not theirs: it goes on record once in a while, and alarms when it is one thing
//! after another.

use crate::caller::Caller;
use crate::web::Desk;
use core::time::Duration;
use lockward_model::{ApiKeyFact, ApiKeyId, Body, Mono, OperatorId, ServiceId, SessionFact};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// How long refusals of one are counted together.
const TOGETHER: Duration = Duration::from_secs(60);
/// So many of them are no mistyped address, and no page that was open too long.
const ENUMERATION: u32 = 20;
/// Askers that are remembered: more than a site has operators and services. One more, and all are forgotten whose time is up.
const ASKERS_MAX: usize = 1_024;

/// What an answer that refuses is marked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum No {
    /// It is there, or might be, and no policy permits it.
    NotTheirs,
    /// There is no such thing, for this asker.
    NotThere,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Asking {
    Operator(OperatorId),
    Service(ServiceId, ApiKeyId),
}

impl Asking {
    /// `None` for who is not signed in: their tries are counted where they are made.
    pub(crate) fn of(caller: &Caller) -> Option<Self> {
        match caller {
            Caller::Operator(who) => Some(Self::Operator(who.operator)),
            Caller::Service(who) => Some(Self::Service(who.service, who.key)),
            Caller::Nobody | Caller::Tool | Caller::Person(_) => None,
        }
    }

    fn told(self, what: Tell) -> Body {
        match self {
            Self::Operator(operator) => {
                let fact = match what {
                    Tell::Denied => SessionFact::Denied,
                    Tell::Enumerates => SessionFact::Enumerates,
                };
                Body::Session { operator: Some(operator), fact }
            }
            Self::Service(service, key) => {
                let fact = match what {
                    Tell::Denied => ApiKeyFact::Denied,
                    Tell::Enumerates => ApiKeyFact::Enumerates,
                };
                Body::ApiKey { key: Some(key), service: Some(service), operator: None, fact }
            }
        }
    }
}

/// What goes on record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tell {
    Denied,
    Enumerates,
}

struct Counted {
    since: Mono,
    times: u32,
    told: bool,
}

/// How often each was refused lately.
#[derive(Default)]
pub(crate) struct Denials(Mutex<HashMap<Asking, Counted>>);

impl Denials {
    fn one_more(&self, who: Asking, no: No, now: Mono) -> Option<Tell> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= ASKERS_MAX {
            all.retain(|_, counted| now.since(counted.since) < TOGETHER);
        }
        let counted = all.entry(who).or_insert(Counted { since: now, times: 0, told: false });
        if now.since(counted.since) >= TOGETHER {
            *counted = Counted { since: now, times: 0, told: false };
        }
        counted.times = counted.times.saturating_add(1);
        if counted.times == ENUMERATION {
            return Some(Tell::Enumerates);
        }
        let first = no == No::NotTheirs && !counted.told;
        counted.told |= first;
        first.then_some(Tell::Denied)
    }
}

impl Desk {
    /// Somebody was told no, before the answer goes out.
    pub(crate) async fn told_no(&self, who: Asking, no: No) {
        if let Some(what) = self.gate.denials.one_more(who, no, self.core.office.now().mono) {
            self.core.sequencer.note(who.told(what)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Mono {
        Mono(seconds * 1_000_000)
    }

    fn ada() -> Asking {
        Asking::Operator("ada".parse().unwrap())
    }

    #[test]
    fn the_first_refusal_in_a_minute_is_told_and_what_is_not_there_is_not() {
        let denials = Denials::default();
        assert_eq!(denials.one_more(ada(), No::NotThere, at(0)), None);
        assert_eq!(denials.one_more(ada(), No::NotTheirs, at(1)), Some(Tell::Denied));
        assert_eq!(denials.one_more(ada(), No::NotTheirs, at(2)), None);
        let bob = Asking::Operator("bob".parse().unwrap());
        assert_eq!(denials.one_more(bob, No::NotTheirs, at(2)), Some(Tell::Denied));
        assert_eq!(denials.one_more(ada(), No::NotTheirs, at(60)), Some(Tell::Denied));
    }

    #[test]
    fn one_thing_after_another_alarms_once_in_a_minute_whether_it_is_there_or_not() {
        let denials = Denials::default();
        let told: Vec<_> = (0..200).filter_map(|_| denials.one_more(ada(), No::NotThere, at(5))).collect();
        assert_eq!(told, [Tell::Enumerates]);
        let slowly = (0..100).filter_map(|n| denials.one_more(ada(), No::NotThere, at(100 + 10 * n)));
        assert_eq!(slowly.count(), 0);
    }
}
