//! Passwords, code apps and recovery codes over HTTP: signing in with them, setting them up, and taking them away.
//!
//! Plain forms, which work without a script. What changes anything asks for a fresh touch, or for password and code again.

use crate::access::{By, LinkUse};
use crate::answer;
use crate::caller::link_of;
use crate::my_phones::qr;
use crate::sign_in::read;
use crate::tell::capital;
use crate::ways::{
    Judged, NotNew, RESET_HOLD, Right, SettingUp, Typed, WayError, Ways, Whose, new_password, one_time,
    recovery_codes,
};
use crate::web::{Desk, Trouble, Visit};
use axum::http::StatusCode;
use axum::response::Response;
use core::time::Duration;
use lockward_console::{CodeApp, Invited, OwnWays, WaysIn, address};
use lockward_model::{ApiRefusal, Body, FactorFact, Operator, OperatorId, Time};
use lockward_policy::SignIn;
use lockward_store::NewWay;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use tokio::time::{Instant, sleep_until};
use tracing::{error, warn};
use zeroize::Zeroizing;

/// Whoever is not let in hears of it at a multiple of this after asking, so that what was wrong can not be told by the time.
const ANSWER_EVERY: Duration = Duration::from_millis(100);

/// Why nobody is let in.
pub(crate) enum NotIn {
    Wrong,
    Busy,
    Store,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Again {
    password: Zeroizing<String>,
    code: Zeroizing<String>,
}

/// A browser's form, or the page that it came from.
fn refused_page(desk: &Desk, visit: &Visit, status: StatusCode, code: ApiRefusal) -> Response {
    desk.refused(&visit.headers, status, code, Some(&visit.caller))
}

fn failed(error: &WayError) -> (StatusCode, ApiRefusal) {
    error!(%error, "a way to sign in can not be read or kept");
    (StatusCode::INTERNAL_SERVER_ERROR, ApiRefusal::StoreFailed)
}

/// What apps read (Google's "Key Uri Format"): an operator's id, nothing secret but the secret, and the host as its issuer.
fn uri(host: &str, operator: OperatorId, secret: &str) -> Zeroizing<String> {
    Zeroizing::new(format!("otpauth://totp/{host}:{operator}?secret={secret}&issuer={host}"))
}

impl Desk {
    /// With what some operator may sign in beside a passkey.
    pub(crate) fn ways_in(&self) -> WaysIn {
        let now = self.core.office.now();
        self.gate.ways_in(now.mono, || {
            let site = self.core.office.site();
            WaysIn {
                password: site.some_may_sign_in(SignIn::Password, now.wall),
                openid: self
                    .gate
                    .openid
                    .as_ref()
                    .filter(|_| site.some_may_sign_in(SignIn::OpenId, now.wall))
                    .map(|provider| provider.host().to_owned()),
            }
        })
    }

    pub(crate) fn sign_in_told(&self, visit: &Visit, status: StatusCode, why: Invited) -> Response {
        let elsewhere = self.proper_unless_here(visit);
        let html = lockward_console::sign_in(why, elsewhere.as_deref(), &self.ways_in());
        answer::page_with(status, html)
    }

    pub(crate) async fn password_sign_in(&self, visit: &Visit) -> Response {
        if self.patience(visit).await.is_some() {
            return self.sign_in_told(visit, StatusCode::TOO_MANY_REQUESTS, Invited::TooMany);
        }
        let typed = Typed {
            name: visit.field("operator"),
            password: Zeroizing::new(visit.field("password")),
            code: Zeroizing::new(visit.field("code")),
        };
        match self.typed(visit, typed).await {
            Ok(right) => self.let_in(visit, right.operator, By::Password, right.held).await,
            Err(NotIn::Wrong) => self.sign_in_told(visit, StatusCode::FORBIDDEN, Invited::Wrong),
            Err(NotIn::Busy) => self.sign_in_told(visit, StatusCode::TOO_MANY_REQUESTS, Invited::TooMany),
            Err(NotIn::Store) => {
                refused_page(self, visit, StatusCode::INTERNAL_SERVER_ERROR, ApiRefusal::StoreFailed)
            }
        }
    }

    /// Who typed the right things. Whoever did not is on record, waits, and hears nothing of why.
    pub(crate) async fn typed(&self, visit: &Visit, typed: Typed) -> Result<Right, NotIn> {
        let name = typed.name.clone();
        let gate = Arc::clone(&self.gate);
        self.judged(visit, name, move |core| gate.ways.check(core, &typed)).await
    }

    /// The code of an operator who is known, and proved already that it is one, by an account's word.
    pub(crate) async fn code_typed(
        &self,
        visit: &Visit,
        operator: OperatorId,
        code: Zeroizing<String>,
    ) -> Result<Right, NotIn> {
        let gate = Arc::clone(&self.gate);
        self.judged(visit, operator.to_string(), move |core| gate.ways.check_code(core, operator, &code))
            .await
    }

    async fn judged(
        &self,
        visit: &Visit,
        name: String,
        check: impl FnOnce(&crate::core::Core) -> Result<Judged, WayError> + Send + 'static,
    ) -> Result<Right, NotIn> {
        let begun = Instant::now();
        let Some(turn) = self.gate.ways.turn().await else { return Err(NotIn::Busy) };
        let checked = self.core.blocking(move |core| {
            let _turn = turn;
            check(core)
        });
        match checked.await {
            Some(Ok(Judged::Right(right))) => {
                if right.recovered {
                    let (operator, fact) = (Some(right.operator), FactorFact::Recovered);
                    self.core.sequencer.note(Body::Factor { operator, by: None, fact }).await;
                }
                Ok(right)
            }
            Some(Ok(judged)) => {
                self.not_typed(visit, &name, judged == Judged::Wrong).await;
                let steps = begun.elapsed().as_millis() / ANSWER_EVERY.as_millis() + 1;
                let wait = ANSWER_EVERY.saturating_mul(u32::try_from(steps).unwrap_or(u32::MAX));
                sleep_until(begun + wait).await;
                Err(NotIn::Wrong)
            }
            Some(Err(error)) => {
                failed(&error);
                Err(NotIn::Store)
            }
            None => Err(NotIn::Store),
        }
    }

    /// Takes down that something wrong was typed. The store hears of it behind the answer: who has no password is not told
    /// by how long that takes.
    async fn not_typed(&self, visit: &Visit, name: &str, counts: bool) {
        let named = name.trim().to_lowercase().parse::<OperatorId>().ok();
        let known = named.filter(|id| self.core.office.site().operator(*id).is_some());
        self.failed(visit, known).await;
        if self.gate.ways.wrong(name, self.core.office.now().mono) {
            warn!(from = %visit.from, "passwords are sprayed");
            let fact = FactorFact::Sprayed;
            self.core.sequencer.note(Body::Factor { operator: None, by: None, fact }).await;
        }
        if let Some(operator) = named.filter(|_| counts) {
            let core = Arc::clone(&self.core);
            drop(tokio::task::spawn_blocking(move || {
                if let Err(error) = core.office.store().way_answered(operator, false) {
                    error!(%error, "a wrong password can not be counted");
                }
            }));
        }
    }

    /// Confirms a session by password and code.
    pub(crate) async fn touch_password(&self, visit: &Visit) -> Response {
        let Some(who) = visit.caller.operator() else { return answer::sign_in_first(&visit.headers) };
        if let Some(later) = self.patience(visit).await {
            return later;
        }
        let Some(Again { password, code }) = read(visit) else {
            return answer::problem_of(StatusCode::BAD_REQUEST, ApiRefusal::Malformed);
        };
        let typed = Typed { name: who.operator.to_string(), password, code };
        match self.typed(visit, typed).await {
            Ok(right) => {
                self.gate.sessions.touched(who.session, right.held, self.core.office.now().mono);
                answer::json(&json!({ "fresh": true }))
            }
            Err(NotIn::Wrong) => answer::problem_of(StatusCode::FORBIDDEN, ApiRefusal::PasswordWrong),
            Err(NotIn::Busy) => answer::problem_of(StatusCode::TOO_MANY_REQUESTS, ApiRefusal::TooMany),
            Err(NotIn::Store) => {
                answer::problem_of(StatusCode::INTERNAL_SERVER_ERROR, ApiRefusal::StoreFailed)
            }
        }
    }

    /// Whether an operator can confirm a session by password and code.
    pub(crate) fn confirms_by_password(&self, operator: OperatorId) -> bool {
        let office = &self.core.office;
        let may = office.site().may_sign_in(operator, SignIn::Password, office.wall());
        let way = office.store().way(operator).ok().flatten();
        may && way.is_some_and(|way| way.password.is_some() && way.secret.is_some())
    }

    fn judge(&self, operator: &Operator, text: &str) -> Result<lockward_wire::credential::Password, NotNew> {
        let site = self.core.office.site();
        let proper = self.proper();
        let near = [
            site.founding().title.as_str(),
            operator.id.as_str(),
            operator.title.as_str(),
            proper.as_str(),
            "lockward",
        ];
        new_password(text, &near)
    }

    /// Sets or changes the password of whoever is signed in.
    pub(crate) async fn password_set(self: Arc<Self>, visit: Visit) -> Response {
        let Some(who) = visit.caller.operator().cloned() else {
            return answer::sign_in_first(&visit.headers);
        };
        let office = &self.core.office;
        let operator = office.site().operator(who.operator).cloned();
        let may = office.site().may_sign_in(who.operator, SignIn::Password, office.wall());
        let Some(operator) = operator.filter(|_| may) else {
            return refused_page(&self, &visit, StatusCode::FORBIDDEN, ApiRefusal::NotPermitted);
        };
        let new = match self.judge(&operator, &Zeroizing::new(visit.field("new"))) {
            Ok(new) => new,
            Err(error) => return self.me_again(visit, format!("{}.", capital(&error.to_string()))).await,
        };
        let Some(turn) = self.gate.ways.turn().await else {
            return refused_page(&self, &visit, StatusCode::TOO_MANY_REQUESTS, ApiRefusal::TooMany);
        };
        let (gate, old) = (Arc::clone(&self.gate), Zeroizing::new(visit.field("old")));
        let id = operator.id;
        let hashed = self.core.blocking(move |core| {
            let _turn = turn;
            let way = core.office.store().way(id)?;
            let has = way.as_ref().is_some_and(|way| way.password.is_some());
            if has && !gate.ways.is_password(core, id, &old)? {
                return Ok(None);
            }
            Ok::<_, WayError>(Some((Ways::hash(core, &new)?, way.is_some_and(|way| way.secret.is_some()))))
        });
        let whose = Whose { operator: id, session: Some(who.session), link: None };
        match hashed.await {
            Some(Ok(Some((password, true)))) => {
                let put = NewWay { password: Some(&password), ..NewWay::default() };
                match self.put(whose, put).await {
                    Ok(()) => answer::see(address::ME),
                    Err((status, code)) => refused_page(&self, &visit, status, code),
                }
            }
            Some(Ok(Some((password, false)))) => self.begin_code_app(&visit, whose, Some(password)),
            Some(Ok(None)) => {
                self.not_typed(&visit, id.as_str(), false).await;
                self.me_again(visit, "That is not the password of now; nothing was changed.".into()).await
            }
            Some(Err(error)) => {
                let (status, code) = failed(&error);
                refused_page(&self, &visit, status, code)
            }
            None => refused_page(&self, &visit, StatusCode::SERVICE_UNAVAILABLE, ApiRefusal::Failed),
        }
    }

    async fn me_again(self: Arc<Self>, visit: Visit, wrong: String) -> Response {
        let desk = Arc::clone(&self);
        let (headers, caller) = (visit.headers.clone(), visit.caller.clone());
        match tokio::task::spawn_blocking(move || desk.me_page(&visit, Some(&wrong))).await {
            Ok(Ok(html)) => answer::page_with(StatusCode::UNPROCESSABLE_ENTITY, html),
            Ok(Err(trouble)) => self.trouble(&headers, trouble, Some(&caller)),
            Err(_) => self.trouble(&headers, Trouble::NotFound, Some(&caller)),
        }
    }

    /// Puts something in place, on record first; sessions that a password opened before end, but the one that asked.
    async fn put(&self, whose: Whose, new: NewWay<'_>) -> Result<(), (StatusCode, ApiRefusal)> {
        let office = &self.core.office;
        let (operator, by) = (Some(whose.operator), whose.link.map(|(_, by)| by));
        let fact = if new.held.is_some() { FactorFact::Reset } else { FactorFact::Bound };
        if self.core.sequencer.record(Body::Factor { operator, by, fact }).await.is_err() {
            return Err((StatusCode::INTERNAL_SERVER_ERROR, ApiRefusal::StoreFailed));
        }
        // SQLite commits in milliseconds, and few set up anything.
        office.store().put_way(whose.operator, new, office.wall()).map_err(|error| failed(&error.into()))?;
        self.end_those(|s| {
            s.operator == whose.operator && s.by == By::Password && Some(s.session) != whose.session
        })
        .await;
        Ok(())
    }

    fn begin_code_app(&self, visit: &Visit, whose: Whose, password: Option<Box<str>>) -> Response {
        let (name, begun) = self.gate.ways.set_up(whose, password, self.core.office.now().mono);
        self.code_app_page(visit, name, &begun, false)
    }

    fn code_app_page(&self, visit: &Visit, enrolment: String, begun: &SettingUp, wrong: bool) -> Response {
        let secret = one_time(&begun.secret).map(|secret| secret.to_base32());
        let host = self.host(visit);
        let made = secret.and_then(|s| Some((qr(&uri(&host, begun.whose.operator, &s))?, s)));
        let Some(((width, outline), secret)) = made else {
            return refused_page(self, visit, StatusCode::INTERNAL_SERVER_ERROR, ApiRefusal::Failed);
        };
        let groups: Vec<_> = secret.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
        let link = begun.whose.link.is_some();
        let view = CodeApp {
            action: if link { "/set-up/password/finish" } else { "/me/code/finish" },
            enrolment,
            outline,
            width,
            secret: groups.join(" "),
            wrong,
            touch: !link,
        };
        let status = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        answer::page_with(status, lockward_console::code_app(&view))
    }

    /// By which host the page was asked for, without its port.
    fn host(&self, visit: &Visit) -> String {
        let here = self.party(&visit.headers).map(|party| party.origin.host().to_owned());
        here.unwrap_or_else(|| "lockward".to_owned())
    }

    /// Begins to set up a code app for whoever is signed in.
    pub(crate) fn code_start(&self, visit: &Visit) -> Response {
        let Some(who) = visit.caller.operator() else { return answer::sign_in_first(&visit.headers) };
        let (site, now) = (self.core.office.site(), self.core.office.wall());
        if !SignIn::ALL.iter().any(|with| site.may_sign_in(who.operator, *with, now)) {
            return refused_page(self, visit, StatusCode::FORBIDDEN, ApiRefusal::NotPermitted);
        }
        let whose = Whose { operator: who.operator, session: Some(who.session), link: None };
        self.begin_code_app(visit, whose, None)
    }

    /// Takes the first code of an app: from then on it counts.
    pub(crate) async fn code_finish(&self, visit: &Visit, by_link: bool) -> Response {
        let now = self.core.office.now();
        if self.patience(visit).await.is_some() {
            return refused_page(self, visit, StatusCode::TOO_MANY_REQUESTS, ApiRefusal::TooMany);
        }
        let session = visit.caller.operator().map(|who| who.session);
        let begun = self.gate.ways.take_set_up(&visit.field("enrolment"), now.mono);
        let own = |one: &SettingUp| match one.whose.link {
            Some(_) => by_link,
            None => !by_link && one.whose.session == session,
        };
        let Some(begun) = begun.filter(own) else {
            self.failed(visit, None).await;
            return refused_page(self, visit, StatusCode::CONFLICT, ApiRefusal::NotWaiting);
        };
        let code: String = visit.field("code").chars().filter(|c| !c.is_whitespace()).collect();
        let step = one_time(&begun.secret).and_then(|s| s.verify_at(&code, now.wall, None));
        let Some(step) = step else {
            self.failed(visit, None).await;
            return match self.gate.ways.put_back(begun.clone(), now.mono) {
                Some(name) => self.code_app_page(visit, name, &begun, true),
                None => refused_page(self, visit, StatusCode::CONFLICT, ApiRefusal::NotWaiting),
            };
        };
        let whose = begun.whose;
        let held = match self.still_asked(whose).await {
            Ok(held) => held,
            Err((status, code)) => return refused_page(self, visit, status, code),
        };
        let (codes, kept) = recovery_codes(whose.operator);
        let wrapped = match self.core.office.keys().wrap_code_secret(whose.operator, &begun.secret) {
            Ok(wrapped) => wrapped,
            Err(error) => {
                let (status, code) = failed(&error.into());
                return refused_page(self, visit, status, code);
            }
        };
        let new = NewWay { password: begun.password.as_deref(), secret: Some((&wrapped, step, &kept)), held };
        match self.put(whose, new).await {
            Ok(()) if by_link => {
                answer::page(lockward_console::recovery_codes(&codes, "/sign-in?ready=1", "Sign in"))
            }
            Ok(()) => answer::page(lockward_console::recovery_codes(&codes, address::ME, "To your keys")),
            Err((status, code)) => refused_page(self, visit, status, code),
        }
    }

    /// Whether what began something still stands, and until when its outcome is held. A link is spent by this.
    pub(crate) async fn still_asked(&self, whose: Whose) -> Result<Option<Time>, (StatusCode, ApiRefusal)> {
        let office = &self.core.office;
        let (now, site) = (office.now(), office.site());
        let Some(operator) = site.standing_operator(whose.operator, now.wall) else {
            return Err((StatusCode::FORBIDDEN, ApiRefusal::LinkSpent));
        };
        let Some((link, by)) = whose.link else { return Ok(None) };
        // Whoever made the link must still be one who may.
        if !site.may_change(by, "put-operator", now.wall)
            || self.gate.sessions.spend(link, now.mono).is_none()
        {
            return Err((StatusCode::FORBIDDEN, ApiRefusal::LinkSpent));
        }
        let store = office.store();
        let had = crate::ceremony::passkeys(operator).next().is_some()
            || store.way(whose.operator).map_err(|error| failed(&error.into()))?.is_some()
            || !store.accounts(whose.operator).map_err(|error| failed(&error.into()))?.is_empty();
        // Who never had a way in loses none to a caller's story.
        Ok(had.then(|| now.wall + RESET_HOLD))
    }

    /// For whom a one-time link sets up something else than a passkey. The first operator gets a passkey, and nothing less.
    pub(crate) fn link_for(&self, key: &str, with: SignIn) -> Result<Whose, ApiRefusal> {
        let Some(LinkUse::Register { operator, by, first }) = self.link(key) else {
            return Err(ApiRefusal::LinkSpent);
        };
        let office = &self.core.office;
        if first || !office.site().may_sign_in(operator, with, office.wall()) {
            return Err(ApiRefusal::NotPermitted);
        }
        Ok(Whose { operator, session: None, link: Some((link_of(key), by)) })
    }

    /// Sets a password by a one-time link; a code app comes next.
    pub(crate) async fn password_by_link(&self, visit: &Visit) -> Response {
        if self.patience(visit).await.is_some() {
            return refused_page(self, visit, StatusCode::TOO_MANY_REQUESTS, ApiRefusal::TooMany);
        }
        let whose = match self.link_for(&visit.field("key"), SignIn::Password) {
            Ok(whose) => whose,
            Err(code) => {
                self.failed(visit, None).await;
                return refused_page(self, visit, StatusCode::FORBIDDEN, code);
            }
        };
        let operator = self.core.office.site().operator(whose.operator).cloned();
        let Some(operator) = operator else {
            return refused_page(self, visit, StatusCode::FORBIDDEN, ApiRefusal::LinkSpent);
        };
        let new = match self.judge(&operator, &Zeroizing::new(visit.field("new"))) {
            Ok(new) => new,
            Err(error) => {
                let (elsewhere, why) = (
                    self.proper_unless_here(visit),
                    format!("{}. Open the link again.", capital(&error.to_string())),
                );
                let html = lockward_console::set_up(elsewhere.as_deref(), &self.ways_in(), Some(&why));
                return answer::page_with(StatusCode::UNPROCESSABLE_ENTITY, html);
            }
        };
        let Some(turn) = self.gate.ways.turn().await else {
            return refused_page(self, visit, StatusCode::TOO_MANY_REQUESTS, ApiRefusal::TooMany);
        };
        let hashed = self.core.blocking(move |core| {
            let _turn = turn;
            Ways::hash(core, &new)
        });
        match hashed.await {
            Some(Ok(password)) => self.begin_code_app(visit, whose, Some(password)),
            Some(Err(error)) => {
                let (status, code) = failed(&error);
                refused_page(self, visit, status, code)
            }
            None => refused_page(self, visit, StatusCode::SERVICE_UNAVAILABLE, ApiRefusal::Failed),
        }
    }

    /// New recovery codes in place of those of before.
    pub(crate) async fn recovery_renew(&self, visit: &Visit) -> Response {
        let Some(who) = visit.caller.operator() else { return answer::sign_in_first(&visit.headers) };
        let (operator, store) = (who.operator, self.core.office.store());
        let has = store.way(operator).ok().flatten().is_some_and(|way| way.secret.is_some());
        if !has {
            return refused_page(self, visit, StatusCode::CONFLICT, ApiRefusal::NotWaiting);
        }
        let (codes, kept) = recovery_codes(operator);
        let record = Body::Factor { operator: Some(operator), by: None, fact: FactorFact::Bound };
        if self.core.sequencer.record(record).await.is_err() {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            return refused_page(self, visit, status, ApiRefusal::StoreFailed);
        }
        if let Err(error) = store.put_recovery_codes(operator, &kept) {
            let (status, code) = failed(&error.into());
            return refused_page(self, visit, status, code);
        }
        answer::page(lockward_console::recovery_codes(&codes, address::ME, "To your keys"))
    }

    /// Takes a password, a code app or an account away; sessions that it opened end.
    pub(crate) async fn way_remove(&self, visit: &Visit) -> Response {
        let Some(who) = visit.caller.operator() else { return answer::sign_in_first(&visit.headers) };
        let (operator, store) = (who.operator, self.core.office.store());
        let record = Body::Factor { operator: Some(operator), by: None, fact: FactorFact::Removed };
        let (removed, by) = match visit.field("what").as_str() {
            "password" => (store.remove_password(operator).map(|()| true), By::Password),
            "code" => (store.remove_code_app(operator).map(|()| true), By::Password),
            "account" => {
                let (issuer, subject) = (visit.field("issuer"), visit.field("subject"));
                (store.unbind_account(operator, &issuer, &subject), By::OpenId)
            }
            _ => return refused_page(self, visit, StatusCode::BAD_REQUEST, ApiRefusal::Malformed),
        };
        match removed {
            Ok(true) => {
                self.core.sequencer.note(record).await;
                self.end_those(|s| s.operator == operator && s.by == by).await;
                answer::see(address::ME)
            }
            Ok(false) => self.trouble(&visit.headers, Trouble::NotFound, Some(&visit.caller)),
            Err(error) => {
                let (status, code) = failed(&error.into());
                refused_page(self, visit, status, code)
            }
        }
    }
}

impl crate::views::Page<'_> {
    /// An operator's ways in beside passkeys, as its own page shows them.
    pub(crate) fn own_ways(
        &self,
        operator: OperatorId,
        provider: Option<&str>,
    ) -> Result<OwnWays, lockward_store::HubError> {
        let store = self.office.store();
        let way = store.way(operator)?;
        let accounts = store.accounts(operator)?;
        let held = accounts.iter().filter_map(|a| a.held).chain(way.as_ref().and_then(|w| w.held)).max();
        let may = |with| self.site.may_sign_in(operator, with, self.now);
        Ok(OwnWays {
            may_password: may(SignIn::Password),
            may_openid: provider.filter(|_| may(SignIn::OpenId)).map(ToOwned::to_owned),
            password: way.as_ref().is_some_and(|way| way.password.is_some()),
            codes: way.as_ref().filter(|way| way.secret.is_some()).map(|way| u64::from(way.codes)),
            changed: way.as_ref().map(|way| self.moment(way.changed)),
            held: held.filter(|until| self.now < *until).map(|until| self.moment(until)),
            accounts: accounts
                .into_iter()
                .map(|a| lockward_console::AccountRow {
                    bound: self.moment(a.bound),
                    used: a.used.map(|at| self.moment(at)),
                    issuer: a.issuer,
                    subject: a.subject,
                })
                .collect(),
        })
    }
}
