//! Signing in with a passkey, confirming a session by another touch, and signing out.

use crate::access::{By, Entrant, LinkUse, SessionTold, SignedIn};
use crate::answer;
use crate::attempts::Try;
use crate::caller::{Caller, link_of};
use crate::ceremony::{Asks, CeremonyError, Question};
use crate::cookies;
use crate::logs::sha256;
use crate::web::{Desk, Visit, query};
use axum::http::header::USER_AGENT;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use lockward_console::{Invited, address};
use lockward_model::{ApiRefusal, Body, Digest, OperatorId, SessionFact, Time};
use lockward_policy::Read;
use serde::Deserialize;
use serde_json::{Value, json};
use tracing::{error, warn};

/// A browser's answer to a question.
#[derive(Deserialize)]
pub(crate) struct Finish {
    pub(crate) ceremony: String,
    pub(crate) credential: Value,
    /// What the holder calls a new passkey.
    #[serde(default)]
    pub(crate) title: String,
    /// A one-time link's key.
    #[serde(default)]
    pub(crate) key: String,
}

/// Whose key is asked for, where it is not found by itself.
#[derive(Deserialize)]
struct Named {
    operator: Option<String>,
}

/// Why a passkey proved nothing.
enum Unproven {
    /// With whose passkey, if that is known.
    Failed(Option<OperatorId>),
    Cloned(OperatorId),
    Store,
}

impl From<CeremonyError> for Unproven {
    fn from(_: CeremonyError) -> Self {
        Self::Failed(None)
    }
}

pub(crate) fn read<T: serde::de::DeserializeOwned>(visit: &Visit) -> Option<T> {
    serde_json::from_slice(&visit.body).ok()
}

pub(crate) fn asked(question: Result<Question, CeremonyError>) -> Response {
    match question {
        Ok(question) => {
            answer::json(&json!({ "ceremony": question.ceremony, "publicKey": question.public_key }))
        }
        Err(error) => {
            error!(%error, "a passkey can not be asked for");
            answer::problem_of(StatusCode::INTERNAL_SERVER_ERROR, ApiRefusal::Failed)
        }
    }
}

impl Desk {
    pub(crate) fn sign_in_page(&self, visit: &Visit) -> Response {
        let has = |name| query(&visit.uri, name).is_some();
        let why = [
            ("expired", Invited::Expired),
            ("registered", Invited::Registered),
            ("waits", Invited::Waits),
            ("ready", Invited::Ready),
            ("out", Invited::SignedOut),
        ];
        let why = why.into_iter().find(|(name, _)| has(name)).map_or(Invited::Plainly, |(_, why)| why);
        self.sign_in_told(visit, StatusCode::OK, why)
    }

    /// Where passkeys serve, for whoever is elsewhere.
    pub(crate) fn proper_unless_here(&self, visit: &Visit) -> Option<String> {
        self.party(&visit.headers).is_none().then(|| self.proper())
    }

    /// `None`: go on. Whoever failed too often is sent away; when too many did, everybody new waits a moment.
    pub(crate) async fn patience(&self, visit: &Visit) -> Option<Response> {
        match self.gate.attempts.may(visit.from, self.core.office.now().mono) {
            Try::Now => None,
            Try::Slowly(wait) => {
                tokio::time::sleep(wait).await;
                None
            }
            Try::Later(wait) => {
                let mut response = answer::problem_of(StatusCode::TOO_MANY_REQUESTS, ApiRefusal::TooMany);
                response.headers_mut().insert("retry-after", HeaderValue::from(wait.as_secs().max(1)));
                Some(response)
            }
        }
    }

    /// Somebody did not get in.
    pub(crate) async fn failed(&self, visit: &Visit, operator: Option<OperatorId>) {
        if self.gate.attempts.failed(visit.from, self.core.office.now().mono) {
            let fact = SessionFact::Refused;
            self.core.sequencer.note(Body::Session { operator, fact }).await;
        } else {
            warn!(from = %visit.from, "a sign-in failed; too many did for each to go on record");
        }
    }

    pub(crate) fn sign_in_start(&self, visit: &Visit) -> Response {
        let Some(party) = self.party(&visit.headers) else {
            return answer::problem_of(StatusCode::MISDIRECTED_REQUEST, ApiRefusal::OtherHost);
        };
        let now = self.core.office.now().mono;
        // A key that is not found by itself is found by its holder's name; whoever has none gets made-up ones.
        let named = read::<Named>(visit).and_then(|named| named.operator);
        let Some(name) = named else {
            return asked(party.ask(&self.gate.ceremonies, Asks::Anybody, visit.from, now));
        };
        let site = self.core.office.site();
        let operator = name.trim().to_lowercase().parse().ok();
        let operator = operator.and_then(|id| site.standing_operator(id, self.core.office.wall()));
        match self.core.office.keys().decoy() {
            Ok(decoy) => {
                let asks = Asks::Named { operator, name: &name, decoy: &decoy };
                asked(party.ask(&self.gate.ceremonies, asks, visit.from, now))
            }
            Err(error) => {
                error!(%error, "a passkey can not be asked for");
                answer::problem_of(StatusCode::INTERNAL_SERVER_ERROR, ApiRefusal::StoreFailed)
            }
        }
    }

    pub(crate) async fn sign_in_finish(&self, visit: &Visit) -> Response {
        if let Some(later) = self.patience(visit).await {
            return later;
        }
        match self.proven(visit, None).await {
            Ok((operator, key)) => self.let_in(visit, operator, By::Passkey(key), None).await,
            Err(unproven) => self.not_let_in(visit, unproven).await,
        }
    }

    /// The same answer to all who fail.
    async fn not_let_in(&self, visit: &Visit, unproven: Unproven) -> Response {
        match unproven {
            Unproven::Failed(operator) => self.failed(visit, operator).await,
            Unproven::Cloned(operator) => {
                let (operator, fact) = (Some(operator), SessionFact::Cloned);
                self.core.sequencer.note(Body::Session { operator, fact }).await;
                self.failed(visit, operator).await;
            }
            Unproven::Store => {
                return answer::problem_of(StatusCode::INTERNAL_SERVER_ERROR, ApiRefusal::StoreFailed);
            }
        }
        answer::problem_of(StatusCode::FORBIDDEN, ApiRefusal::SignInFailed)
    }

    /// Whose passkey answered a question, and the hash of its public key. `confirm`: the session that is to be confirmed.
    async fn proven(
        &self,
        visit: &Visit,
        confirm: Option<&SignedIn>,
    ) -> Result<(OperatorId, Digest), Unproven> {
        let office = &self.core.office;
        let finish: Finish = read(visit).ok_or(Unproven::Failed(None))?;
        let party = self.party(&visit.headers).ok_or(Unproven::Failed(None))?;
        let asked = self.gate.ceremonies.asked(&finish.ceremony, office.now().mono)?;
        if asked.session != confirm.map(|who| who.session) {
            return Err(Unproven::Failed(None));
        }
        let (operator, key, id, count) = {
            let site = office.site();
            let (operator, passkey, count) = party.answered(&asked, &finish.credential, &site)?;
            let stands = site.standing_operator(operator, office.wall()).is_some();
            let own = confirm.is_none_or(|who| who.operator == operator);
            if !stands || !own {
                return Err(Unproven::Failed(Some(operator)));
            }
            (operator, sha256(&passkey.key), sha256(&passkey.id), count)
        };
        let at = office.wall();
        let used = self.core.blocking(move |core| core.office.store().use_passkey(id, count, at)).await;
        match used {
            Some(Ok(true)) => Ok((operator, key)),
            Some(Ok(false)) => Err(Unproven::Cloned(operator)),
            Some(Err(error)) => {
                error!(%error, "a passkey's counter can not be kept; nobody signs in without");
                Err(Unproven::Store)
            }
            None => Err(Unproven::Store),
        }
    }

    /// Begins a session, on record first; whatever session the browser had ends.
    /// `held`: until when the hub signs nothing on its word.
    pub(crate) async fn let_in(
        &self,
        visit: &Visit,
        operator: OperatorId,
        by: By,
        held: Option<Time>,
    ) -> Response {
        let fact = SessionFact::Opened;
        if self.core.sequencer.record(Body::Session { operator: Some(operator), fact }).await.is_err() {
            return answer::problem_of(StatusCode::INTERNAL_SERVER_ERROR, ApiRefusal::StoreFailed);
        }
        if let Caller::Operator(before) = &visit.caller {
            self.end(|session| session == before.session).await;
        }
        let browser = visit.headers.get(USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let entrant = Entrant { operator, by, held, from: visit.from, browser };
        let secret = self.gate.sessions.open(&entrant, self.core.office.now());
        let (office, site) = (&self.core.office, self.core.office.site());
        let home = office.reads(&site, lockward_site::Asker::Operator(operator), Read::Site).any();
        let to = if home { address::OVERVIEW } else { address::ME };
        let response = match by {
            By::Passkey(_) => answer::json(&json!({ "to": to })),
            By::Link | By::Password => answer::see(to),
            // The session's cookie goes along from here, and not from where the browser comes from.
            By::OpenId => answer::page(lockward_console::onward("You are signed in", to)),
        };
        self.with_cookie(visit, response, secret.as_str())
    }

    fn with_cookie(&self, visit: &Visit, mut response: Response, secret: &str) -> Response {
        let (life, secure) = (crate::access::SESSION_LIFE, self.is_secure(&visit.headers));
        cookies::OPERATOR.give(&mut response, secret, life, secure);
        response
    }

    /// A demonstration's link, which signs in without a passkey: once.
    pub(crate) async fn enter(&self, visit: &Visit) -> Response {
        let key = query(&visit.uri, "key").unwrap_or_default();
        let now = self.core.office.now().mono;
        let link = link_of(&key);
        match self.gate.sessions.link_use(link, now) {
            Some(LinkUse::SignIn(operator)) if self.gate.sessions.spend(link, now).is_some() => {
                self.let_in(visit, operator, By::Link, None).await
            }
            _ => answer::see("/sign-in?expired=1"),
        }
    }

    /// Asks for a touch, unless there was one a moment ago.
    pub(crate) fn touch_start(&self, visit: &Visit) -> Response {
        let Some(who) = visit.caller.operator() else { return answer::sign_in_first(&visit.headers) };
        if who.fresh {
            return answer::json(&json!({ "fresh": true }));
        }
        let (office, site) = (&self.core.office, self.core.office.site());
        match (self.party(&visit.headers), site.operator(who.operator)) {
            (Some(party), Some(operator)) if party.knows(operator) => asked(party.ask(
                &self.gate.ceremonies,
                Asks::Own(who.session, operator),
                visit.from,
                office.now().mono,
            )),
            _ if self.confirms_by_password(who.operator) => answer::json(&json!({ "password": true })),
            // Without a passkey there is nothing to touch.
            _ => answer::problem_of(StatusCode::FORBIDDEN, ApiRefusal::TouchNeeded),
        }
    }

    pub(crate) async fn touch_finish(&self, visit: &Visit) -> Response {
        let Some(who) = visit.caller.operator() else { return answer::sign_in_first(&visit.headers) };
        if let Some(later) = self.patience(visit).await {
            return later;
        }
        match self.proven(visit, Some(who)).await {
            Ok(_) => {
                self.gate.sessions.touched(who.session, None, self.core.office.now().mono);
                answer::json(&json!({ "fresh": true }))
            }
            Err(unproven) => self.not_let_in(visit, unproven).await,
        }
    }

    pub(crate) async fn sign_out(&self, visit: &Visit) -> Response {
        if let Some(who) = visit.caller.operator() {
            self.end(|session| session == who.session).await;
        }
        self.with_cookie(visit, answer::see("/sign-in?out=1"), "")
    }

    /// Ends sessions, on record.
    pub(crate) async fn end(&self, which: impl Fn(Digest) -> bool) {
        self.end_those(|s| which(s.session)).await;
    }

    /// The same by more than their names.
    pub(crate) async fn end_those(&self, which: impl Fn(&SessionTold) -> bool) {
        for operator in self.gate.sessions.end(which) {
            let fact = SessionFact::Ended;
            self.core.sequencer.note(Body::Session { operator: Some(operator), fact }).await;
        }
    }
}
