//! Who makes a request, and whether the table lets it through: before any handler sees it.

use crate::access::{By, Sessions, SignedIn, kept};
use crate::api::{Again, ServiceDrafts, ServiceOrders};
use crate::attempts::Attempts;
use crate::ceremony::Ceremonies;
use crate::cookies;
use crate::core::Core;
use crate::denials::Denials;
use crate::my::MyGate;
use crate::my_sessions::PhoneIn;
use crate::office::Office;
use crate::openid_desk;
use crate::openid_http::Provider;
use crate::orders::OrderDraft;
use crate::origin::is_own_page;
use crate::routes::{Access, Method, Needs, Route};
use crate::service_in::{ServiceIn, Services};
use crate::signer_desk::AtSigner;
use crate::waits::Waits;
use crate::ways::Ways;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use core::time::Duration;
use lockward_console::WaysIn;
use lockward_model::{ApiRefusal, Body, Change, Digest, Mono, OperatorId, OrderAct, SessionFact};
use lockward_policy::{Read, SignIn};
use lockward_site::{Asker, Readable, Site};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::{MissedTickBehavior, interval};

/// How often sessions are looked over whose time is up, or whose operator is gone. Each request looks for itself.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// Whatever lets people and tools in, for all listeners of a hub.
#[derive(Default)]
pub(crate) struct Gate {
    pub(crate) sessions: Sessions,
    pub(crate) ceremonies: Ceremonies,
    pub(crate) attempts: Attempts,
    pub(crate) denials: Denials,
    pub(crate) my: MyGate,
    pub(crate) orders: Waits<OperatorId, OrderDraft>,
    /// What is away at operators' own signers.
    pub(crate) at_signer: Waits<OperatorId, AtSigner>,
    pub(crate) ways: Ways,
    /// Who is away at the OpenID provider.
    pub(crate) away: openid_desk::Attempts,
    pub(crate) openid: Option<Arc<Provider>>,
    ways_in: Mutex<Option<(Mono, WaysIn)>>,
    pub(crate) services: Services,
    pub(crate) service_orders: ServiceOrders,
    pub(crate) service_drafts: ServiceDrafts,
    pub(crate) again: Again,
}

/// Who makes a request.
#[derive(Clone)]
pub(crate) enum Caller {
    Nobody,
    /// A token: it reads.
    Tool,
    Operator(SignedIn),
    /// An API key: it reads and drafts.
    Service(ServiceIn),
    /// A phone of somebody's own, on the routes that are for those.
    Person(PhoneIn),
}

impl Caller {
    /// Whose phone it is.
    pub(crate) fn person(&self) -> Option<PhoneIn> {
        match self {
            Self::Person(who) => Some(*who),
            _ => None,
        }
    }

    pub(crate) fn operator(&self) -> Option<&SignedIn> {
        match self {
            Self::Operator(who) => Some(who),
            Self::Nobody | Self::Tool | Self::Service(_) | Self::Person(_) => None,
        }
    }

    /// Who asks, to policy; `None` for nobody, and for a token, which reads whatever there is.
    pub(crate) fn asker(&self) -> Option<Asker> {
        match self {
            Self::Operator(who) => Some(Asker::Operator(who.operator)),
            Self::Service(who) => Some(Asker::Service(who.service)),
            Self::Nobody | Self::Tool | Self::Person(_) => None,
        }
    }

    /// Where it may read this.
    pub(crate) fn reads(&self, office: &Office, site: &Site, what: Read) -> Arc<Readable> {
        match self {
            Self::Nobody | Self::Person(_) => Arc::default(),
            Self::Tool => Arc::new(Readable::everywhere()),
            Self::Service(who) if !who.scope.allows("read", what.verb()) => Arc::default(),
            Self::Operator(_) | Self::Service(_) => {
                self.asker().map(|who| office.reads(site, who, what)).unwrap_or_default()
            }
        }
    }
}

/// Why the table does not let a request through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    SignInFirst,
    TokenFirst,
    PhoneFirst,
    With(StatusCode, ApiRefusal),
}

/// Whether an operator's session still stands: the operator has a role and time left, and still has the key; or policy still
/// permits to sign in without one.
pub(crate) fn stands(site: &Site, office: &Office, operator: OperatorId, by: By) -> bool {
    let now = office.wall();
    let holder = site.standing_operator(operator, now);
    match by {
        By::Link => holder.is_some(),
        By::Passkey(key) => {
            holder.is_some_and(|o| o.keys.iter().any(|k| crate::logs::sha256(k.key.public()) == key))
        }
        By::Password => site.may_sign_in(operator, SignIn::Password, now),
        By::OpenId => site.may_sign_in(operator, SignIn::OpenId, now),
    }
}

/// How long a page's list of ways in is taken as it is: strangers do not have policies asked more often.
const WAYS_IN_LIFE: Duration = Duration::from_secs(1);

impl Gate {
    pub(crate) fn new(openid: Option<Provider>) -> Self {
        Self { openid: openid.map(Arc::new), ..Self::default() }
    }

    /// With what some operator may sign in beside a passkey.
    pub(crate) fn ways_in(&self, now: Mono, ask: impl FnOnce() -> WaysIn) -> WaysIn {
        let mut held = self.ways_in.lock().unwrap_or_else(PoisonError::into_inner);
        match &*held {
            Some((at, ways)) if now.since(*at) < WAYS_IN_LIFE => ways.clone(),
            _ => held.insert((now, ask())).1.clone(),
        }
    }

    /// Who makes this request. A person's own doing prolongs a session; what a page fetches by itself does not. `secure`:
    /// whether the browser speaks TLS.
    pub(crate) fn caller(
        &self,
        office: &Office,
        headers: &HeaderMap,
        method: Method,
        secure: bool,
    ) -> Caller {
        let now = office.now();
        let fetched = headers.get("sec-fetch-mode").is_some_and(|mode| mode != "navigate");
        let active = method == Method::Post || !fetched;
        for value in cookies::OPERATOR.all(headers, secure) {
            let found = self.sessions.find(value, now, active);
            if let Some(who) = found.filter(|who| stands(&office.site(), office, who.operator, who.by)) {
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
        changed.mark_changed();
        loop {
            tokio::select! {
                _ = look.tick() => {}
                Ok(()) = changed.changed() => core.forget_ways().await,
                () = core.closed() => return,
            }
            let ended = {
                let (office, site) = (&core.office, core.office.site());
                // Somebody may have a dozen browsers, and policy says the same of each.
                let known = RefCell::new(HashMap::new());
                self.sessions.sweep(office.now().mono, |who, by| {
                    *known.borrow_mut().entry((who, by)).or_insert_with(|| stands(&site, office, who, by))
                })
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
        (Access::Session, Caller::Tool) if matches!(route.needs, Needs::Read(_) | Needs::ReadWhole(_)) => {}
        (Access::Api, Caller::Operator(_) | Caller::Service(_)) | (Access::Service, Caller::Service(_)) => {}
        (Access::Api, Caller::Tool) if matches!(route.needs, Needs::Read(_) | Needs::Own) => {}
        (Access::Person, Caller::Person(_)) => {}
        (Access::Person, _) => return Err(Stopped::PhoneFirst),
        (Access::Session | Access::Api, _) => return Err(Stopped::SignInFirst),
        // Where the form comes from is told by the browser; whose it is, by what stands in it.
        (Access::Signer, _) => {
            let origin = headers.get(axum::http::header::ORIGIN);
            return match origin.is_some_and(|o| o == lockward_model::SIGNER_ORIGIN) {
                true => Ok(()),
                false => no(StatusCode::FORBIDDEN, ApiRefusal::OtherOrigin),
            };
        }
        (Access::Token | Access::Service, _) => return Err(Stopped::TokenFirst),
    }
    // No page of another site makes a browser send an API key.
    let by_key = matches!(caller, Caller::Service(_));
    if route.method == Method::Post && !by_key && !is_own_page(headers, tls) {
        return no(StatusCode::FORBIDDEN, ApiRefusal::OtherOrigin);
    }
    if let Caller::Operator(who) = caller {
        let (site, at) = (office.site(), office.wall());
        let may = match route.needs {
            Needs::Nothing | Needs::Own => true,
            Needs::Read(what) => caller.reads(office, &site, what).any(),
            Needs::ReadWhole(what) => caller.reads(office, &site, what).site(),
            Needs::SomeChange => Change::VERBS.iter().any(|verb| site.may_change(who.operator, verb, at)),
            Needs::SomeOrder => ACTS.iter().any(|act| site.may_order(who.operator, *act, None, at)),
            Needs::Change(verb) => site.may_change(who.operator, verb, at),
            Needs::Order(act) => site.may_order(who.operator, act, None, at),
        };
        if !may {
            return no(StatusCode::FORBIDDEN, ApiRefusal::NotPermitted);
        }
        if route.fresh && !who.fresh {
            return no(StatusCode::FORBIDDEN, ApiRefusal::TouchNeeded);
        }
        // What was set on another operator's word makes nothing for its holder to stay with, for a day.
        if route.fresh
            && let Some(code) = who.signs_nothing(at)
        {
            return no(StatusCode::FORBIDDEN, code);
        }
    }
    if let Caller::Service(who) = caller {
        let (site, at) = (office.site(), office.wall());
        let may = match route.needs {
            Needs::Nothing | Needs::Own => true,
            Needs::Read(what) => caller.reads(office, &site, what).any(),
            Needs::ReadWhole(what) => caller.reads(office, &site, what).site(),
            Needs::SomeChange => Change::VERBS.iter().any(|verb| who.may_change(&site, verb, at)),
            Needs::SomeOrder => ACTS.iter().any(|act| who.may_order(&site, *act, None, at)),
            // Routes of pages; no service is let through to them.
            Needs::Change(_) | Needs::Order(_) => false,
        };
        if !may {
            return no(StatusCode::FORBIDDEN, ApiRefusal::NotPermitted);
        }
    }
    Ok(())
}

/// Every kind of order.
pub(crate) const ACTS: [OrderAct; 3] =
    [OrderAct::Unlock, OrderAct::Hold(OrderAct::HOLD_MAX), OrderAct::Release];

/// The hash of a one-time link's key, as its page sends it.
pub(crate) fn link_of(key: &str) -> Digest {
    kept(key.trim())
}
