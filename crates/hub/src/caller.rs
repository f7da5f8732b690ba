//! Who makes a request, and whether the table lets it through: before any handler sees it.

use crate::access::{Sessions, SignedIn, kept};
use crate::attempts::Attempts;
use crate::ceremony::Ceremonies;
use crate::core::Core;
use crate::office::Office;
use crate::order_desk::WaitingOrders;
use crate::origin::is_own_page;
use crate::routes::{Access, Method, Needs, Route};
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::{HeaderMap, StatusCode};
use core::time::Duration;
use lockward_console::Sees;
use lockward_model::{ApiRefusal, Body, Digest, OperatorId, SessionFact};
use lockward_policy::Read;
use lockward_site::Site;
use std::sync::Arc;
use tokio::time::{MissedTickBehavior, interval};

/// The session's cookie over TLS: the prefix binds it to this host and to TLS (RFC 6265bis, section 4.1.3).
const COOKIE_TLS: &str = "__Host-lockward";
/// The same on the loopback, where the prefix would be refused.
const COOKIE_PLAIN: &str = "lockward";
/// How often sessions are looked over whose time is up, or whose operator is gone. Each request looks for itself.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// Whatever lets people and tools in, for all listeners of a hub.
#[derive(Default)]
pub(crate) struct Gate {
    pub(crate) sessions: Sessions,
    pub(crate) ceremonies: Ceremonies,
    pub(crate) attempts: Attempts,
    pub(crate) orders: WaitingOrders,
}

/// Who makes a request.
#[derive(Clone)]
pub(crate) enum Caller {
    Nobody,
    /// A token: it reads.
    Tool,
    Operator(SignedIn),
}

impl Caller {
    pub(crate) fn operator(&self) -> Option<&SignedIn> {
        match self {
            Self::Operator(who) => Some(who),
            Self::Nobody | Self::Tool => None,
        }
    }

    /// What it may see.
    pub(crate) fn sees(&self, office: &Office, site: &Site) -> Sees {
        match self {
            Self::Nobody => Sees::NOTHING,
            Self::Tool => Sees::ALL,
            Self::Operator(who) => {
                let may = |what| site.may_read(who.operator, what, office.wall());
                Sees {
                    site: may(Read::Site),
                    people: may(Read::People),
                    alarms: may(Read::Alarms),
                    muster: may(Read::Muster),
                    log: may(Read::Log),
                    operators: may(Read::Operators),
                }
            }
        }
    }
}

/// Why the table does not let a request through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    SignInFirst,
    TokenFirst,
    With(StatusCode, ApiRefusal),
}

/// Whether an operator's session still stands: the operator has a role and time left, and still has the key.
pub(crate) fn stands(site: &Site, office: &Office, operator: OperatorId, key: Option<Digest>) -> bool {
    let holder = site.standing_operator(operator, office.wall());
    let has = |key: Digest| {
        holder.is_some_and(|o| o.keys.iter().any(|k| crate::logs::sha256(k.key.public()) == key))
    };
    key.map_or(holder.is_some(), has)
}

impl Gate {
    /// Who makes this request. A person's own doing prolongs a session; what a page fetches by itself does not.
    pub(crate) fn caller(&self, office: &Office, headers: &HeaderMap, method: Method) -> Caller {
        let now = office.now();
        let fetched = headers.get("sec-fetch-mode").is_some_and(|mode| mode != "navigate");
        let active = method == Method::Post || !fetched;
        let cookies = headers.get_all(COOKIE).iter().filter_map(|v| v.to_str().ok());
        let pairs = cookies.flat_map(|c| c.split(';')).filter_map(|pair| pair.trim().split_once('='));
        for (name, value) in pairs {
            if name != COOKIE_TLS && name != COOKIE_PLAIN {
                continue;
            }
            let found = self.sessions.find(value, now, active);
            if let Some(who) = found.filter(|who| stands(&office.site(), office, who.operator, who.key)) {
                return Caller::Operator(who);
            }
        }
        let bearer = headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok());
        let token = bearer.and_then(|v| v.strip_prefix("Bearer "));
        if token.is_some_and(|t| self.sessions.knows_token(t.trim())) { Caller::Tool } else { Caller::Nobody }
    }

    /// Takes note of sessions that end by themselves, until the hub closes.
    pub(crate) async fn watch(self: Arc<Self>, core: Arc<Core>) {
        let mut look = interval(SWEEP_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut changed = core.office.config_size();
        loop {
            tokio::select! {
                _ = look.tick() => {}
                Ok(()) = changed.changed() => {}
                () = core.closed() => return,
            }
            let ended = {
                let (office, site) = (&core.office, core.office.site());
                self.sessions.sweep(office.now().mono, |who, key| stands(&site, office, who, key))
            };
            for operator in ended {
                let fact = SessionFact::Ended;
                core.sequencer.note(Body::Session { operator: Some(operator), fact }).await;
            }
        }
    }
}

/// What the table asks of a request, in this order: who, from which page, by which policy, how fresh.
pub(crate) fn pass(
    route: &Route,
    caller: &Caller,
    headers: &HeaderMap,
    office: &Office,
    tls: bool,
) -> Result<(), Stopped> {
    let no = |status, code| Err(Stopped::With(status, code));
    match (route.access, caller) {
        (Access::Anyone, _) | (Access::Session, Caller::Operator(_)) | (Access::Token, Caller::Tool) => {}
        // A token shows what there is, but acts for nobody.
        (Access::Session, Caller::Tool) if matches!(route.needs, Needs::Read(_)) => {}
        (Access::Session, _) => return Err(Stopped::SignInFirst),
        (Access::Token, _) => return Err(Stopped::TokenFirst),
    }
    if route.method == Method::Post && !is_own_page(headers, tls) {
        return no(StatusCode::FORBIDDEN, ApiRefusal::OtherOrigin);
    }
    if let Caller::Operator(who) = caller {
        let (site, at) = (office.site(), office.wall());
        let may = match route.needs {
            Needs::Nothing | Needs::Own => true,
            Needs::Read(what) => site.may_read(who.operator, what, at),
            Needs::Change(verb) => site.may_change(who.operator, verb, at),
            Needs::Order(act) => site.may_order(who.operator, act, None, at),
        };
        if !may {
            return no(StatusCode::FORBIDDEN, ApiRefusal::NotPermitted);
        }
        if route.fresh && !who.fresh {
            return no(StatusCode::FORBIDDEN, ApiRefusal::TouchNeeded);
        }
    }
    Ok(())
}

/// The cookie of a session; an empty secret takes it back.
pub(crate) fn cookie(secret: &str, secure: bool) -> String {
    let (name, more) = if secure { (COOKIE_TLS, "; Secure") } else { (COOKIE_PLAIN, "") };
    let age = if secret.is_empty() { 0 } else { crate::access::SESSION_LIFE.as_secs() };
    format!("{name}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{more}")
}

/// The hash of a one-time link's key, as its page sends it.
pub(crate) fn link_of(key: &str) -> Digest {
    kept(key.trim())
}
