//! Signing in by the OpenID provider over HTTP: there, back, and the second step where the provider does not prove one.
//!
//! The browser that comes back must be the one that left: its cookie names the attempt, as `state` does. That cookie is sent
//! when another site leads here, which the session's is not; so the last page goes on by itself.

use crate::access::{By, kept};
use crate::answer;
use crate::attempts::block;
use crate::cookies;
use crate::openid::{OpenIdError, Vouched};
use crate::openid_http::{Attempt, Provider};
use crate::password_desk::NotIn;
use crate::ways::Whose;
use crate::web::{Desk, Visit, query};
use axum::http::StatusCode;
use axum::response::Response;
use core::time::Duration;
use lockward_console::{Invited, address};
use lockward_model::{ApiRefusal, Body, Digest, FactorFact, Mono, OperatorId, Time};
use lockward_policy::SignIn;
use lockward_store::Account;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tracing::{error, warn};
use zeroize::Zeroizing;

/// Where the provider sends the browser back to: what the site's operator registers there, behind the hub's address.
const BACK: &str = "/sign-in/openid/back";
/// How long somebody may take at the provider, and for the second step.
const ATTEMPT_LIFE: Duration = Duration::from_secs(600);
/// Attempts of one address that wait; one more is refused. This machine's own never is: a proxy on it brings everybody.
const OF_ONE_MAX: usize = 32;
/// Attempts that wait in all, at about a kilobyte each; of whichever address has most, the oldest gives way.
const IN_ALL_MAX: usize = 4_096;

/// What an attempt is for.
#[derive(Clone, Copy)]
enum Purpose {
    SignIn,
    /// Binds the account to this operator.
    Bind(Whose),
}

/// Between the first step and the second.
struct Half {
    operator: OperatorId,
    held: Option<Time>,
}

enum What {
    Away(Box<(Attempt, Purpose)>),
    Half(Half),
}

struct Waiting {
    what: What,
    from: IpAddr,
    begun: Mono,
}

/// Attempts that wait for the browser to come back, by the cookie that it has. A browser has one.
#[derive(Default)]
pub(crate) struct Attempts(Mutex<HashMap<Digest, Waiting>>);

impl Attempts {
    /// Whether it may wait: not if too many of its address do.
    #[must_use]
    fn wait(&self, browser: &str, what: What, from: IpAddr, now: Mono) -> bool {
        let from = block(from);
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, w| now.since(w.begun) < ATTEMPT_LIFE);
        let own = held.values().filter(|w| w.from == from).count();
        if own >= OF_ONE_MAX && !from.is_loopback() {
            return false;
        }
        if held.len() >= IN_ALL_MAX {
            let mut of_each = HashMap::<IpAddr, usize>::new();
            held.values().for_each(|w| *of_each.entry(w.from).or_default() += 1);
            let most = of_each.into_iter().max_by_key(|(_, n)| *n).map(|(from, _)| from);
            let those = held.iter().filter(|(_, w)| Some(w.from) == most);
            if let Some(oldest) = those.min_by_key(|(_, w)| w.begun).map(|(name, _)| *name) {
                held.remove(&oldest);
            }
        }
        held.insert(kept(browser), Waiting { what, from, begun: now });
        true
    }

    fn take(&self, browser: &str, now: Mono) -> Option<What> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.remove(&kept(browser)).filter(|w| now.since(w.begun) < ATTEMPT_LIFE).map(|w| w.what)
    }
}

impl Desk {
    fn with_attempt(&self, visit: &Visit, mut response: Response, browser: &str) -> Response {
        cookies::AWAY.give(&mut response, browser, ATTEMPT_LIFE, self.is_secure(&visit.headers));
        response
    }

    fn attempt_of<'a>(&self, visit: &'a Visit) -> Option<&'a str> {
        cookies::AWAY.all(&visit.headers, self.is_secure(&visit.headers)).next()
    }

    fn not_proven(&self, visit: &Visit) -> Response {
        self.sign_in_told(visit, StatusCode::FORBIDDEN, Invited::NotProven)
    }

    /// Sends the browser to the provider, to sign in.
    pub(crate) async fn openid_sign_in(&self, visit: &Visit) -> Response {
        if self.patience(visit).await.is_some() {
            return self.sign_in_told(visit, StatusCode::TOO_MANY_REQUESTS, Invited::TooMany);
        }
        if self.ways_in().openid.is_none() {
            return self.not_proven(visit);
        }
        self.leave(visit, Purpose::SignIn).await
    }

    /// Sends the browser to the provider, to bind an account to whoever is signed in.
    pub(crate) async fn openid_bind(&self, visit: &Visit) -> Response {
        let Some(who) = visit.caller.operator() else { return answer::sign_in_first(&visit.headers) };
        let office = &self.core.office;
        if self.gate.openid.is_none()
            || !office.site().may_sign_in(who.operator, SignIn::OpenId, office.wall())
        {
            let code = ApiRefusal::NotPermitted;
            return self.refused(&visit.headers, StatusCode::FORBIDDEN, code, Some(&visit.caller));
        }
        let whose = Whose { operator: who.operator, session: Some(who.session), link: None };
        self.leave(visit, Purpose::Bind(whose)).await
    }

    /// The same by a one-time link.
    pub(crate) async fn openid_by_link(&self, visit: &Visit) -> Response {
        if self.patience(visit).await.is_some() {
            return self.sign_in_told(visit, StatusCode::TOO_MANY_REQUESTS, Invited::TooMany);
        }
        match self.link_for(&visit.field("key"), SignIn::OpenId) {
            Ok(whose) if self.gate.openid.is_some() => self.leave(visit, Purpose::Bind(whose)).await,
            Ok(_) => self.not_proven(visit),
            Err(code) => {
                self.failed(visit, None).await;
                self.refused(&visit.headers, StatusCode::FORBIDDEN, code, Some(&visit.caller))
            }
        }
    }

    async fn leave(&self, visit: &Visit, purpose: Purpose) -> Response {
        let (Some(provider), Some(party)) = (self.gate.openid.clone(), self.party(&visit.headers)) else {
            let code = ApiRefusal::OtherHost;
            let status = StatusCode::MISDIRECTED_REQUEST;
            return self.refused(&visit.headers, status, code, Some(&visit.caller));
        };
        let now = self.core.office.now().mono;
        // A browser has one: who starts again lets go of what was begun before.
        if let Some(browser) = self.attempt_of(visit) {
            drop(self.gate.away.take(browser, now));
        }
        match provider.begin(format!("{}{BACK}", party.origin), now).await {
            Ok((attempt, to)) => {
                let browser = lockward_wire::hex(&crate::dice::roll::<32>()).to_string();
                let what = What::Away(Box::new((attempt, purpose)));
                if !self.gate.away.wait(&browser, what, visit.from, now) {
                    return self.sign_in_told(visit, StatusCode::TOO_MANY_REQUESTS, Invited::TooManyBegun);
                }
                let page = answer::page(lockward_console::onward(&format!("To {}", provider.host()), &to));
                self.with_attempt(visit, page, &browser)
            }
            Err(error) => {
                error!(error = &error as &dyn core::error::Error, "the OpenID provider can not be asked");
                self.sign_in_told(visit, StatusCode::BAD_GATEWAY, Invited::NoProvider)
            }
        }
    }

    /// The browser comes back. Whatever it brings serves once: who loads the page again starts again.
    pub(crate) async fn openid_back(&self, visit: &Visit) -> Response {
        if self.patience(visit).await.is_some() {
            return self.sign_in_told(visit, StatusCode::TOO_MANY_REQUESTS, Invited::TooMany);
        }
        let now = self.core.office.now();
        let waiting = self.attempt_of(visit).and_then(|browser| self.gate.away.take(browser, now.mono));
        let (Some(What::Away(away)), Some(provider)) = (waiting, self.gate.openid.clone()) else {
            self.failed(visit, None).await;
            return self.not_proven(visit);
        };
        let (attempt, purpose) = *away;
        // RFC 6749, section 10.12: another's answer is not taken for this browser's.
        let state = query(&visit.uri, "state").unwrap_or_default();
        let code = query(&visit.uri, "code").filter(|_| query(&visit.uri, "error").is_none());
        let (Some(code), true) = (code, kept(&state) == kept(&attempt.state)) else {
            self.failed(visit, None).await;
            return self.not_proven(visit);
        };
        let iss = query(&visit.uri, "iss");
        match provider.finish(&attempt, &code, iss.as_deref(), now.mono, now.wall).await {
            Ok(vouched) => match purpose {
                Purpose::SignIn => self.vouched(visit, &provider, vouched).await,
                Purpose::Bind(whose) => self.bind(visit, &provider, vouched, whose).await,
            },
            Err(error @ OpenIdError::Fetch(_)) => {
                error!(error = &error as &dyn core::error::Error, "the OpenID provider can not be asked");
                self.sign_in_told(visit, StatusCode::BAD_GATEWAY, Invited::NoProvider)
            }
            Err(error) => {
                warn!(error = &error as &dyn core::error::Error, "an OpenID provider's answer is refused");
                self.failed(visit, None).await;
                self.not_proven(visit)
            }
        }
    }

    async fn vouched(&self, visit: &Visit, provider: &Arc<Provider>, vouched: Vouched) -> Response {
        let (office, now) = (&self.core.office, self.core.office.now());
        let account = match office.store().account(provider.issuer(), &vouched.subject) {
            Ok(account) => account,
            Err(error) => {
                error!(%error, "an account can not be looked up");
                return self.sign_in_told(visit, StatusCode::INTERNAL_SERVER_ERROR, Invited::NoProvider);
            }
        };
        let Some(account) = account else {
            self.failed(visit, None).await;
            let fact = FactorFact::Stranger;
            self.core.sequencer.note(Body::Factor { operator: None, by: None, fact }).await;
            return self.sign_in_told(visit, StatusCode::FORBIDDEN, Invited::Stranger);
        };
        let operator = account.operator.parse::<OperatorId>().ok();
        let may = |id: &OperatorId| office.site().may_sign_in(*id, SignIn::OpenId, now.wall);
        let Some(operator) = operator.filter(may) else {
            self.failed(visit, operator).await;
            return self.not_proven(visit);
        };
        if let Err(error) = office.store().use_account(provider.issuer(), &vouched.subject, now.wall) {
            error!(%error, "an account's use can not be taken down");
        }
        if vouched.second {
            let response = self.let_in(visit, operator, By::OpenId, account.held).await;
            return self.with_attempt(visit, response, "");
        }
        self.half(visit, provider, Half { operator, held: account.held }, false)
    }

    /// Asks for the second step. The attempt goes on under a new name, so that the first answer serves no more.
    fn half(&self, visit: &Visit, provider: &Provider, half: Half, wrong: bool) -> Response {
        let browser = lockward_wire::hex(&crate::dice::roll::<32>()).to_string();
        let way = self.core.office.store().way(half.operator).ok().flatten();
        let code = way.is_some_and(|way| way.secret.is_some());
        if !self.gate.away.wait(&browser, What::Half(half), visit.from, self.core.office.now().mono) {
            return self.sign_in_told(visit, StatusCode::TOO_MANY_REQUESTS, Invited::TooManyBegun);
        }
        let status = if wrong { StatusCode::FORBIDDEN } else { StatusCode::OK };
        let page = lockward_console::second_factor(provider.host(), wrong, code);
        self.with_attempt(visit, answer::page_with(status, page), &browser)
    }

    /// The second step: a code.
    pub(crate) async fn openid_code(&self, visit: &Visit) -> Response {
        if self.patience(visit).await.is_some() {
            return self.sign_in_told(visit, StatusCode::TOO_MANY_REQUESTS, Invited::TooMany);
        }
        let now = self.core.office.now();
        let waiting = self.attempt_of(visit).and_then(|browser| self.gate.away.take(browser, now.mono));
        let (Some(What::Half(half)), Some(provider)) = (waiting, self.gate.openid.clone()) else {
            self.failed(visit, None).await;
            return self.not_proven(visit);
        };
        if !self.core.office.site().may_sign_in(half.operator, SignIn::OpenId, now.wall) {
            return self.not_proven(visit);
        }
        let code = Zeroizing::new(visit.field("code"));
        match self.code_typed(visit, half.operator, code).await {
            Ok(right) => {
                let held = half.held.max(right.held);
                let response = self.let_in(visit, half.operator, By::OpenId, held).await;
                self.with_attempt(visit, response, "")
            }
            Err(NotIn::Wrong | NotIn::Busy) => self.half(visit, &provider, half, true),
            Err(NotIn::Store) => {
                self.sign_in_told(visit, StatusCode::INTERNAL_SERVER_ERROR, Invited::NoProvider)
            }
        }
    }

    async fn bind(&self, visit: &Visit, provider: &Provider, vouched: Vouched, whose: Whose) -> Response {
        let now = self.core.office.now();
        // The session's own cookie does not come along from another site: the attempt remembers whose it was.
        let stands = whose.session.is_none_or(|session| {
            let all = self.gate.sessions.all();
            all.iter().any(|s| s.session == session && s.operator == whose.operator)
        });
        if !stands {
            return self.not_proven(visit);
        }
        let store = self.core.office.store();
        if let Ok(Some(_)) = store.account(provider.issuer(), &vouched.subject) {
            return self.refused(&visit.headers, StatusCode::CONFLICT, ApiRefusal::AccountTaken, None);
        }
        let held = match self.still_asked(whose).await {
            Ok(held) => held,
            Err((status, code)) => {
                return self.refused(&visit.headers, status, code, None);
            }
        };
        let account = Account {
            issuer: provider.issuer().to_owned(),
            subject: vouched.subject,
            operator: whose.operator.to_string(),
            bound: now.wall,
            used: None,
            held,
        };
        let (operator, by) = (Some(whose.operator), whose.link.map(|(_, by)| by));
        let fact = if held.is_some() { FactorFact::Reset } else { FactorFact::Bound };
        let recorded = self.core.sequencer.record(Body::Factor { operator, by, fact }).await.is_ok();
        match recorded.then(|| store.bind_account(&account)) {
            Some(Ok(true)) => {
                let to = if whose.link.is_some() { "/sign-in?ready=1" } else { address::ME };
                let page = answer::page(lockward_console::onward("The account is bound", to));
                self.with_attempt(visit, page, "")
            }
            Some(Ok(false)) => {
                let code = ApiRefusal::AccountTaken;
                self.refused(&visit.headers, StatusCode::CONFLICT, code, None)
            }
            _ => {
                let (status, code) = (StatusCode::INTERNAL_SERVER_ERROR, ApiRefusal::StoreFailed);
                self.refused(&visit.headers, status, code, None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Mono = Mono(1_000_000_000_000);

    fn at(n: u32) -> IpAddr {
        IpAddr::V4(std::net::Ipv4Addr::from_bits(0x0a00_0000 + n))
    }

    fn begun(attempts: &Attempts, browser: &str, from: IpAddr, now: Mono) -> bool {
        let half = Half { operator: "ada".parse().unwrap(), held: None };
        attempts.wait(browser, What::Half(half), from, now)
    }

    #[test]
    fn a_stranger_who_begins_without_end_is_refused_and_shuts_nobody_else_out() {
        let attempts = Attempts::default();
        assert!(begun(&attempts, "ada", at(1), NOW));
        let taken = |n: &usize| begun(&attempts, &format!("x{n}"), at(2), NOW + Duration::from_secs(1));
        assert_eq!((0..2 * IN_ALL_MAX).filter(taken).count(), OF_ONE_MAX);
        assert!(attempts.take("ada", NOW).is_some(), "the first gave way");
        assert!(begun(&attempts, "bob", at(3), NOW + Duration::from_secs(1)));
        assert!(attempts.take("x0", NOW).is_some() && begun(&attempts, "again", at(2), NOW), "one is done");
        assert!(begun(&attempts, "later", at(2), NOW + Duration::from_secs(1) + ATTEMPT_LIFE), "for ever");
    }

    #[test]
    fn whoever_has_one_ipv6_address_has_no_more_attempts_than_with_another_next_to_it() {
        let attempts = Attempts::default();
        let next = |n: usize| IpAddr::V6((0x2001_0db8_u128 << 96 | n as u128).into());
        assert_eq!((0..100).filter(|n| begun(&attempts, &n.to_string(), next(*n), NOW)).count(), OF_ONE_MAX);
        assert!(begun(&attempts, "ada", "2001:db8:0:1::1".parse().unwrap(), NOW));
    }

    #[test]
    fn behind_a_proxy_on_this_machine_nobody_is_refused_and_whoever_comes_from_elsewhere_keeps_an_attempt() {
        let attempts = Attempts::default();
        assert!(begun(&attempts, "ada", at(1), NOW));
        for n in 0..IN_ALL_MAX + 100 {
            let later = NOW + Duration::from_millis(1 + n as u64);
            assert!(begun(&attempts, &format!("x{n}"), IpAddr::from([127, 0, 0, 1]), later), "{n}");
        }
        assert!(attempts.take("ada", NOW).is_some() && attempts.0.lock().unwrap().len() < IN_ALL_MAX);
    }
}
