//! Second tries: a request that comes again under the same `Idempotency-Key` is not carried out again; its first answer is told.

use super::{Problem, Reply, Told};
use crate::caller::Caller;
use crate::logs::sha256;
use crate::routes::Api;
use crate::web::{Desk, Visit};
use axum::http::StatusCode;
use core::time::Duration;
use lockward_model::{ApiKeyId, ApiRefusal, Digest, Mono, OperatorId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How long an answer is told again: longer than a client tries.
const KEPT_FOR: Duration = Duration::from_secs(24 * 3_600);
/// Answers that are kept, of everybody; the oldest give way.
const KEPT_MAX: usize = 1_024;
/// Bytes of their bodies in all.
const KEPT_BYTES_MAX: usize = 8 * 1_024 * 1_024;
/// Longest key: a UUID with words around it.
const KEY_BYTES_MAX: usize = 128;

struct Held {
    /// What was asked under this key: path and body.
    what: Digest,
    begun: Mono,
    /// `None` while it is being carried out.
    reply: Option<Reply>,
}

/// To whom an answer is told again. Not to another API key of the same service, which may be kept to less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Asker {
    Operator(OperatorId),
    Key(ApiKeyId),
}

impl Asker {
    fn of(caller: &Caller) -> Option<Self> {
        match caller {
            Caller::Operator(who) => Some(Self::Operator(who.operator)),
            Caller::Service(who) => Some(Self::Key(who.key)),
            Caller::Nobody | Caller::Tool | Caller::Person(_) => None,
        }
    }
}

/// Answers that may be asked for again. In memory, as the drafts that they are about.
#[derive(Default)]
pub(crate) struct Again(Mutex<HashMap<(Asker, Box<str>), Held>>);

enum Turn {
    First,
    Told(Reply),
    UnderWay,
    Another,
}

impl Again {
    fn held(&self) -> MutexGuard<'_, HashMap<(Asker, Box<str>), Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self, key: &(Asker, Box<str>), what: Digest, now: Mono) -> Turn {
        let mut held = self.held();
        held.retain(|_, h| now.since(h.begun) < KEPT_FOR);
        match held.get(key) {
            Some(h) if h.what != what => return Turn::Another,
            Some(Held { reply: Some(reply), .. }) => return Turn::Told(reply.clone()),
            Some(_) => return Turn::UnderWay,
            None => {}
        }
        let bytes = |held: &HashMap<_, Held>| -> usize {
            held.values().filter_map(|h| h.reply.as_ref()).map(|r| r.body.len()).sum()
        };
        while held.len() >= KEPT_MAX || bytes(&held) > KEPT_BYTES_MAX {
            let oldest = held.iter().min_by_key(|(_, h)| h.begun).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { break };
            held.remove(&oldest);
        }
        held.insert(key.clone(), Held { what, begun: now, reply: None });
        Turn::First
    }

    fn done(&self, key: &(Asker, Box<str>), told: &Told) {
        let mut held = self.held();
        // What failed here may be tried again; what was refused stays refused.
        let keep = told.as_ref().map_or_else(|p| p.status.is_client_error(), |_| true);
        if keep && let Some(h) = held.get_mut(key) {
            h.reply = Some(told.clone().unwrap_or_else(Reply::from));
        } else {
            held.remove(key);
        }
    }
}

impl Desk {
    /// Carries a request out, once for each key that it comes with. It is carried to its end even if the asker hangs up.
    pub(super) async fn once(self: Arc<Self>, visit: Visit, what: Api) -> Told {
        let key = match visit.headers.get("idempotency-key").map(|v| v.to_str()) {
            None => None,
            Some(Ok(key)) if (1..=KEY_BYTES_MAX).contains(&key.len()) => {
                Asker::of(&visit.caller).map(|who| (who, key.into()))
            }
            Some(_) => {
                return Err(Problem::invalid(format!(
                    "an Idempotency-Key has 1 to {KEY_BYTES_MAX} letters of ASCII"
                )));
            }
        };
        if let Some(key) = &key {
            let whole = [visit.uri.path().as_bytes(), b"\0", &visit.body].concat();
            match self.gate.again.turn(key, sha256(&whole), self.core.office.now().mono) {
                Turn::First => {}
                Turn::Told(reply) => return Ok(reply),
                Turn::UnderWay => return Err(Problem::new(StatusCode::CONFLICT, ApiRefusal::UnderWay)),
                Turn::Another => {
                    return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, ApiRefusal::KeyReused));
                }
            }
        }
        let desk = Arc::clone(&self);
        let carried = tokio::spawn(async move {
            let told = Arc::clone(&desk).act(&visit, what).await;
            if let Some(key) = &key {
                desk.gate.again.done(key, &told);
            }
            told
        });
        carried.await.unwrap_or_else(|_| Err(Problem::failed()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(who: &str) -> (Asker, Box<str>) {
        (Asker::Key(who.parse().unwrap()), "k".into())
    }

    const WHAT: Digest = Digest([1; 32]);

    #[test]
    fn the_same_key_is_answered_alike_and_another_request_or_another_asker_is_not() {
        let again = Again::default();
        assert!(matches!(again.turn(&key("wms"), WHAT, Mono(0)), Turn::First));
        assert!(matches!(again.turn(&key("wms"), WHAT, Mono(0)), Turn::UnderWay));
        again.done(&key("wms"), &Ok(Reply::ok(&7)));
        assert!(matches!(again.turn(&key("wms"), WHAT, Mono(0)), Turn::Told(r) if r.body == "7"));
        assert!(matches!(again.turn(&key("wms"), Digest([2; 32]), Mono(0)), Turn::Another));
        assert!(matches!(again.turn(&key("pms"), WHAT, Mono(0)), Turn::First));
        assert!(matches!(again.turn(&key("wms"), WHAT, Mono(0) + KEPT_FOR), Turn::First));
    }

    #[test]
    fn what_failed_here_may_be_tried_again_and_what_was_refused_stays_refused() {
        let again = Again::default();
        for (problem, kept) in [(Problem::failed(), false), (Problem::not_found(), true)] {
            assert!(matches!(again.turn(&key("wms"), WHAT, Mono(0)), Turn::First));
            again.done(&key("wms"), &Err(problem));
            assert_eq!(matches!(again.turn(&key("wms"), WHAT, Mono(0)), Turn::Told(_)), kept);
            if !kept {
                again.done(&key("wms"), &Err(Problem::failed()));
            }
        }
    }

    #[test]
    fn given_too_many_answers_then_the_oldest_give_way() {
        let again = Again::default();
        for n in 0..KEPT_MAX as u64 + 1 {
            assert!(matches!(again.turn(&key(&format!("s{n}")), WHAT, Mono(n)), Turn::First));
        }
        assert_eq!(again.held().len(), KEPT_MAX);
        assert!(matches!(again.turn(&key("s0"), WHAT, Mono(9_999)), Turn::First));
    }
}
