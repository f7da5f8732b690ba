//! Passkeys that come and go: by a one-time link, by their holder; and sessions that are ended.

use crate::access::LinkUse;
use crate::answer;
use crate::caller::link_of;
use crate::ceremony::{Registering, passkeys};
use crate::change_desk::told;
use crate::office::ChangeError;
use crate::sign_in::{Finish, asked, read};
use crate::web::{Desk, Trouble, Visit};
use axum::http::StatusCode;
use axum::response::Response;
use lockward_console::address;
use lockward_model::{
    ApiRefusal, Body, Change, Digest, FactorFact, OPERATOR_KEYS_MAX, Operator, OperatorId, OperatorKey,
    Passkey, SessionFact, SigningKey, Text,
};
use lockward_site::Site;
use lockward_wire::config::{key_digest, key_id};
use serde::Deserialize;
use serde_json::json;
use tracing::error;

/// A one-time link's key, as its page sends it.
#[derive(Deserialize)]
struct LinkKey {
    key: String,
}

/// The verb of the change that gives an operator a key on another's word.
const PUT: &str = "put-operator";
/// The verb of the change that gives an operator one more key on their own.
pub(crate) const PUT_OWN: &str = "put-operator-key";

/// Whether any operator can sign in.
pub(crate) fn has_passkey(site: &Site) -> bool {
    site.operators().any(|o| passkeys(o).next().is_some())
}

/// The operator with a new passkey; `None` where there is no room, or the passkey is somebody's already.
fn with_passkey(site: &Site, operator: OperatorId, title: &Text, passkey: &Passkey) -> Option<Operator> {
    let mut operator = site.operator(operator)?.clone();
    let known = site.operators().flat_map(passkeys).any(|p| p.id == passkey.id || p.key == passkey.key);
    if known || operator.keys.len() >= OPERATOR_KEYS_MAX {
        return None;
    }
    operator.keys.push(OperatorKey { title: title.clone(), key: SigningKey::Passkey(passkey.clone()) });
    Some(operator)
}

/// Which of an operator's passkeys is called so; `None` where there is none, or where none would be left to sign in with.
fn one_to_spare(site: &Site, operator: OperatorId, id: &str) -> Option<Digest> {
    let operator = site.operator(operator)?;
    let gone = passkeys(operator).find(|p| key_id(&p.key).to_string() == id)?;
    let left = passkeys(operator).filter(|p| !p.is_the_signers() && p.key != gone.key).count();
    (left > 0).then(|| key_digest(&gone.key))
}

fn no(status: StatusCode, code: ApiRefusal) -> Response {
    answer::problem_of(status, code)
}

impl Desk {
    pub(crate) fn set_up_page(&self, visit: &Visit) -> Response {
        let elsewhere = self.proper_unless_here(visit);
        answer::page(lockward_console::set_up(elsewhere.as_deref(), &self.ways_in(), None))
    }

    /// What an open link is for, as long as it may still be used.
    pub(crate) fn link(&self, key: &str) -> Option<LinkUse> {
        let (office, site) = (&self.core.office, self.core.office.site());
        let found = self.gate.sessions.link_use(link_of(key), office.now().mono)?;
        let recovered = |id| site.recovered().is_some_and(|o| o.id == id);
        match found {
            // The first link is for a site in which nobody can sign in yet, or nobody any more.
            LinkUse::Register { first: true, operator, .. } if has_passkey(&site) && !recovered(operator) => {
                None
            }
            found => Some(found),
        }
    }

    pub(crate) async fn set_up_start(&self, visit: &Visit) -> Response {
        if let Some(later) = self.patience(visit).await {
            return later;
        }
        let Some(LinkKey { key }) = read(visit) else {
            return no(StatusCode::BAD_REQUEST, ApiRefusal::Malformed);
        };
        let Some(LinkUse::Register { operator, by, first }) = self.link(&key) else {
            self.failed(visit, None).await;
            return no(StatusCode::FORBIDDEN, ApiRefusal::LinkSpent);
        };
        let whose = Registering { operator, by, link: Some(link_of(&key)), first, session: None };
        self.make(visit, whose)
    }

    fn make(&self, visit: &Visit, whose: Registering) -> Response {
        let (office, site) = (&self.core.office, self.core.office.site());
        let Some(party) = self.party(&visit.headers) else {
            return no(StatusCode::MISDIRECTED_REQUEST, ApiRefusal::OtherHost);
        };
        // A key that the hub may not add becomes a draft: one's own signs it, or who made the link.
        let may = match whose.link {
            Some(_) if whose.first => site.hub_signs_for(whose.by, PUT, office.wall()),
            Some(_) => site.may_change(whose.by, PUT, office.wall()),
            None => site.may_change(whose.operator, PUT_OWN, office.wall()),
        };
        if !may {
            return no(StatusCode::FORBIDDEN, ApiRefusal::PeopleSign);
        }
        let Some(operator) = site.standing_operator(whose.operator, office.wall()) else {
            return no(StatusCode::FORBIDDEN, ApiRefusal::LinkSpent);
        };
        let now = office.now().mono;
        asked(party.make(&self.gate.ceremonies, &office.id(), operator, whose, visit.from, now))
    }

    pub(crate) async fn set_up_finish(&self, visit: &Visit) -> Response {
        if let Some(later) = self.patience(visit).await {
            return later;
        }
        let Some(finish) = read::<Finish>(visit) else {
            return no(StatusCode::BAD_REQUEST, ApiRefusal::Malformed);
        };
        let Some(LinkUse::Register { operator, by, first }) = self.link(&finish.key) else {
            self.failed(visit, None).await;
            return no(StatusCode::FORBIDDEN, ApiRefusal::LinkSpent);
        };
        let link = link_of(&finish.key);
        let whose = Registering { operator, by, link: Some(link), first, session: None };
        self.made(visit, &finish, whose, "/sign-in?registered=1").await
    }

    pub(crate) fn key_start(&self, visit: &Visit) -> Response {
        let Some(who) = visit.caller.operator() else { return answer::sign_in_first(&visit.headers) };
        let (operator, session) = (who.operator, Some(who.session));
        self.make(visit, Registering { operator, by: operator, link: None, first: false, session })
    }

    pub(crate) async fn key_finish(&self, visit: &Visit) -> Response {
        let Some(who) = visit.caller.operator() else { return answer::sign_in_first(&visit.headers) };
        let Some(finish) = read::<Finish>(visit) else {
            return no(StatusCode::BAD_REQUEST, ApiRefusal::Malformed);
        };
        let (operator, session) = (who.operator, Some(who.session));
        let whose = Registering { operator, by: operator, link: None, first: false, session };
        self.made(visit, &finish, whose, address::ME).await
    }

    /// Adds a key to an operator's own: at once where the site takes the hub's word, else as a draft that waits for their
    /// signature. Returns where to go on.
    pub(crate) async fn put_own_key(&self, operator: OperatorId, key: OperatorKey) -> Result<String, String> {
        let record = lockward_draft::key_record(operator, &key);
        let changes = vec![Change::PutOperatorKey { operator, key }];
        self.own_change(operator, PUT_OWN, changes, record).await
    }

    async fn own_change(
        &self,
        operator: OperatorId,
        verb: &'static str,
        changes: Vec<Change>,
        record: String,
    ) -> Result<String, String> {
        let made = self.core.blocking(move |core| {
            let office = &core.office;
            if office.site().standing_operator(operator, office.wall()).is_none() {
                return Err(ApiRefusal::NotPermitted.sentence().to_owned());
            }
            if office.site().hub_signs_for(operator, verb, office.wall()) {
                let made = office.append_for(operator, move |_| Some(changes.clone()));
                return made.map(|_| address::ME.to_owned()).map_err(|e| told(&e));
            }
            let draft = office.propose(&record, operator).map_err(|e| told(&e))?;
            Ok(format!("{}/{}", address::CHANGES, draft.id))
        });
        made.await.unwrap_or_else(|| Err(ApiRefusal::Failed.sentence().to_owned()))
    }

    /// Judges a registration, and puts the passkey into the config log.
    async fn made(&self, visit: &Visit, finish: &Finish, whose: Registering, to: &str) -> Response {
        let office = &self.core.office;
        let refused = no(StatusCode::BAD_REQUEST, ApiRefusal::PasskeyRefused);
        let now = office.now().mono;
        let (Some(party), Ok(making), Ok(title)) = (
            self.party(&visit.headers),
            self.gate.ceremonies.making(&finish.ceremony, now),
            finish.title.trim().parse::<Text>(),
        ) else {
            return refused;
        };
        if making.whose != whose {
            return refused;
        }
        let Ok(passkey) = party.made(&making, &finish.credential) else { return refused };
        // Once: whoever comes second finds the link gone.
        if let Some(link) = whose.link {
            if self.gate.sessions.spend(link, now).is_none() {
                return no(StatusCode::FORBIDDEN, ApiRefusal::LinkSpent);
            }
            let operator = Some(whose.operator);
            // A link in another operator's hand is theirs to answer for, with both names.
            let record = if whose.first {
                Body::Session { operator, fact: SessionFact::SetUp }
            } else {
                let had =
                    office.site().operator(whose.operator).is_some_and(|o| passkeys(o).next().is_some());
                let fact = if had { FactorFact::Reset } else { FactorFact::Bound };
                Body::Factor { operator, by: Some(whose.by), fact }
            };
            if self.core.sequencer.record(record).await.is_err() {
                return no(StatusCode::INTERNAL_SERVER_ERROR, ApiRefusal::StoreFailed);
            }
        }
        if whose.link.is_none() {
            // A passkey that is there already, or one too many, is told so by the site; one at the hub's page is refused here.
            if with_passkey(&office.site(), whose.operator, &title, &passkey).is_none() {
                return refused;
            }
            let key = OperatorKey { title, key: SigningKey::Passkey(passkey) };
            return match self.put_own_key(whose.operator, key).await {
                Ok(to) => answer::json(&json!({ "to": to })),
                Err(says) => answer::problem_told(StatusCode::CONFLICT, ApiRefusal::PasskeyRefused, &says),
            };
        }
        if !whose.first && !office.site().hub_signs_for(whose.by, PUT, office.wall()) {
            let key = OperatorKey { title, key: SigningKey::Passkey(passkey) };
            return self.waits_for_a_signature(whose, key).await;
        }
        let draft = move |site: &Site| {
            Some(vec![Change::PutOperator(with_passkey(site, whose.operator, &title, &passkey)?)])
        };
        match self.core.blocking(move |core| core.office.append_for(whose.by, draft)).await {
            Some(Ok(Some(_))) => answer::json(&json!({ "to": to })),
            Some(Ok(None)) => refused,
            other => not_changed(other),
        }
    }

    /// A draft for the signature of whoever made the link.
    async fn waits_for_a_signature(&self, whose: Registering, key: OperatorKey) -> Response {
        let record = lockward_draft::key_record(whose.operator, &key);
        let text = format!("reason = \"a passkey that was registered by a link\"\n\n{record}");
        // Whom the recovery key has made has nothing but the key file to sign it with.
        let recovered = self.core.office.site().recovered().is_some_and(|o| o.id == whose.operator);
        let record = recovered.then(|| json!({ "record": text }));
        match self.core.blocking(move |core| core.office.propose(&text, whose.by)).await {
            Some(Ok(_)) => answer::json(&record.unwrap_or_else(|| json!({ "to": "/sign-in?waits=1" }))),
            Some(Err(error)) => {
                error!(%error, "a passkey does not become a draft");
                answer::problem_told(StatusCode::CONFLICT, ApiRefusal::PasskeyRefused, &told(&error))
            }
            None => no(StatusCode::SERVICE_UNAVAILABLE, ApiRefusal::Failed),
        }
    }

    pub(crate) async fn key_remove(&self, visit: &Visit) -> Response {
        let Some(who) = visit.caller.operator() else { return answer::sign_in_first(&visit.headers) };
        let (operator, id) = (who.operator, visit.field("key"));
        let spare = one_to_spare(&self.core.office.site(), operator, &id);
        let Some(key) = spare else {
            let code = ApiRefusal::LastPasskey;
            return self.refused(&visit.headers, StatusCode::CONFLICT, code, Some(&visit.caller));
        };
        let changes = vec![Change::RemoveOperatorKey { operator, key }];
        let record = lockward_draft::key_removal(operator, key);
        match self.own_change(operator, "remove-operator-key", changes, record).await {
            Ok(to) => answer::see_at(&to),
            Err(says) => {
                error!(%says, "a passkey can not be removed");
                self.refused(
                    &visit.headers,
                    StatusCode::CONFLICT,
                    ApiRefusal::PasskeyRefused,
                    Some(&visit.caller),
                )
            }
        }
    }

    /// A link with which an operator registers a passkey, on the word of whoever made it.
    pub(crate) fn invite(
        &self,
        visit: &Visit,
        by: OperatorId,
        site: &Site,
    ) -> Result<(String, String), Trouble> {
        let office = &self.core.office;
        let wanted = visit.field("operator").parse().ok();
        let operator = wanted.and_then(|id| site.standing_operator(id, office.wall()));
        let operator = operator.ok_or(Trouble::NotFound)?;
        let what = LinkUse::Register { operator: operator.id, by, first: false };
        let secret = self.gate.sessions.link(what, office.now().mono);
        let base = self.proper();
        Ok((operator.title.to_string(), format!("{base}{}#key={}", address::SET_UP, secret.as_str())))
    }

    /// Ends one session: an own one, or anybody's.
    pub(crate) async fn session_end(&self, visit: &Visit, own: bool) -> Response {
        let Some(who) = visit.caller.operator() else { return answer::sign_in_first(&visit.headers) };
        let handle = visit.field("session");
        let all = self.gate.sessions.all();
        let found = all.iter().find(|s| s.handle == handle && (!own || s.operator == who.operator));
        let Some(found) = found else {
            return self.trouble(&visit.headers, Trouble::NotFound, Some(&visit.caller));
        };
        self.end(|session| session == found.session).await;
        answer::see(if own { address::ME } else { address::OPERATORS })
    }
}

fn not_changed(made: Option<Result<Option<u64>, ChangeError>>) -> Response {
    match made {
        Some(Err(ChangeError::Refused(refusal))) => {
            error!(%refusal, "the site refuses to put a passkey");
            no(StatusCode::FORBIDDEN, ApiRefusal::PeopleSign)
        }
        Some(Err(error)) => {
            error!(%error, "a passkey can not be put into the config log");
            no(StatusCode::INTERNAL_SERVER_ERROR, ApiRefusal::StoreFailed)
        }
        _ => no(StatusCode::INTERNAL_SERVER_ERROR, ApiRefusal::Failed),
    }
}
