//! My doors: what somebody's own phone shows its holder, and how it opens a door. The hub carries; the lock verifies the touch,
//! and decides.

use crate::answer;
use crate::caller::{Caller, Gate, link_of};
use crate::ceremony::{Asked, CEREMONY_LIFE, answered_by};
use crate::cookies;
use crate::my_phones::Joining;
use crate::my_sessions::{PhoneIn, PhoneSessions, Refusals, WAITING_EACH_MAX, WAITING_MAX, Waiter};
use crate::my_words::told;
use crate::office::Office;
use crate::order_desk::{Serving, signing_options, url64};
use crate::orders::{OrderDraft, OrderError};
use crate::sign_in::{Finish, read};
use crate::waits::Waits;
use crate::web::{Desk, Visit, query};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use lockward_console::{CutOff, MyDoor, MyPhone, MyView, address};
use lockward_model::{
    ApiRefusal, CardToken, Code, CredentialId, Deny, DoorId, Order, Passkey, PersonId, Proof,
};
use lockward_site::Site;
use serde_json::json;
use std::sync::Arc;

/// What a phone's pages answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum My {
    Page,
    SignIn,
    SignInStart,
    SignInFinish,
    SignOut,
    Join,
    JoinStart,
    JoinFinish,
    OpenStart,
    OpenFinish,
    Lost,
    Invite,
    LostByDesk,
}

/// What lets people in with phones of their own, for all listeners of a hub.
pub(crate) struct MyGate {
    pub(crate) sessions: PhoneSessions,
    pub(crate) asked: Waits<Waiter, Asked>,
    pub(crate) joining: Waits<Waiter, Joining>,
    opening: Waits<Waiter, OrderDraft>,
    refused: Refusals,
}

impl Default for MyGate {
    fn default() -> Self {
        Self {
            sessions: PhoneSessions::default(),
            asked: Waits::new(WAITING_EACH_MAX, WAITING_MAX),
            joining: Waits::new(WAITING_EACH_MAX, WAITING_MAX),
            opening: Waits::new(WAITING_EACH_MAX, WAITING_MAX),
            refused: Refusals::default(),
        }
    }
}

impl Gate {
    /// Whose phone makes this request. A session is over at once when the phone or its holder counts no more.
    pub(crate) fn person(&self, office: &Office, headers: &HeaderMap, secure: bool) -> Caller {
        let now = office.now();
        let found = cookies::PHONE
            .all(headers, secure)
            .next()
            .and_then(|secret| self.my.sessions.find(secret, now.mono));
        let standing = found.and_then(|phone| {
            let site = office.site();
            let (person, ..) = site.standing_phone(phone, now.wall)?;
            Some(PhoneIn { person, phone })
        });
        standing.map_or(Caller::Nobody, Caller::Person)
    }
}

fn no(status: StatusCode, code: ApiRefusal) -> Response {
    answer::problem_of(status, code)
}

/// A sentence of ours for whoever stands at a door.
fn not_done(status: StatusCode, why: Deny) -> Response {
    answer::problem(status, why.code(), told(why))
}

/// The door of `/my/doors/{id}/…`.
fn door_of(visit: &Visit) -> Option<DoorId> {
    visit.uri.path().strip_prefix("/my/doors/")?.split('/').next()?.parse().ok()
}

/// Somebody's phones, by their ids.
pub(crate) fn phones_of(site: &Site, person: PersonId) -> Vec<(CredentialId, CardToken)> {
    let phone = |proof: &Proof| if matches!(proof, Proof::Phone { .. }) { proof.token() } else { None };
    site.credentials_of(person).into_iter().filter_map(|c| Some((c.id, phone(&c.proof)?))).collect()
}

impl Desk {
    pub(crate) async fn my(self: Arc<Self>, visit: Visit, what: My) -> Response {
        match what {
            My::Page => self.my_page(&visit),
            My::SignIn => self.my_sign_in_page(&visit),
            My::SignInStart => self.my_sign_in_start(&visit),
            My::SignInFinish => self.my_sign_in_finish(&visit).await,
            My::SignOut => self.my_sign_out(&visit),
            My::Join => answer::page(lockward_console::my_join(self.proper_unless_here(&visit).as_deref())),
            My::JoinStart => self.my_join_start(&visit),
            My::JoinFinish => self.my_join_finish(&visit).await,
            My::OpenStart => self.my_open_start(&visit).await,
            My::OpenFinish => self.my_open_finish(&visit).await,
            My::Lost => self.my_lost(&visit).await,
            My::Invite => self.phone_invite(&visit).await,
            My::LostByDesk => self.phone_lost(&visit).await,
        }
    }

    /// The doors that this phone may open, and the phones of its holder. Nothing of anybody else.
    fn my_page(&self, visit: &Visit) -> Response {
        let Some(who) = visit.caller.person() else { return answer::phone_first(&visit.headers) };
        let (office, site) = (&self.core.office, self.core.office.site());
        let now = office.wall();
        let door = |door: &lockward_model::Door| {
            let why = match site.phone_reaches(who.phone, door.id, now) {
                Ok(()) => None,
                // What opens at another time, or when the lockdown is lifted, is one's own door all the same.
                Err(why @ (Deny::OutsideSchedule | Deny::Lockdown)) => Some(told(why)),
                Err(_) => return None,
            };
            Some(MyDoor { id: door.id.to_string(), title: door.title.to_string(), why })
        };
        let phone = |(id, token): (CredentialId, CardToken)| MyPhone {
            id: id.to_string(),
            current: token == who.phone,
        };
        let view = MyView {
            site: site.founding().title.to_string(),
            doors: site.doors().filter_map(door).collect(),
            phones: phones_of(&site, who.person).into_iter().map(phone).collect(),
            lost: query(&visit.uri, "lost").and_then(|told| lost_told(&told)),
            elsewhere: self.proper_unless_here(visit),
        };
        drop(site);
        answer::page(lockward_console::my(&view))
    }

    fn my_sign_in_page(&self, visit: &Visit) -> Response {
        let why = query(&visit.uri, "why").unwrap_or_default();
        let elsewhere = self.proper_unless_here(visit);
        answer::page(lockward_console::my_sign_in(&why, elsewhere.as_deref()))
    }

    fn my_sign_in_start(&self, visit: &Visit) -> Response {
        let Some(party) = self.party(&visit.headers) else {
            return no(StatusCode::MISDIRECTED_REQUEST, ApiRefusal::OtherHost);
        };
        let Ok((public_key, asked)) = party.ask_phone() else {
            return no(StatusCode::INTERNAL_SERVER_ERROR, ApiRefusal::Failed);
        };
        let (of, now) = (Waiter::at(visit.from), self.core.office.now().mono);
        let ceremony = self.gate.my.asked.wait(asked, of, now, CEREMONY_LIFE);
        answer::json(&json!({ "ceremony": ceremony, "publicKey": public_key }))
    }

    async fn my_sign_in_finish(&self, visit: &Visit) -> Response {
        if let Some(later) = self.patience(visit).await {
            return later;
        }
        match self.phone_proven(visit).await {
            Some(phone) => self.phone_let_in(visit, phone, &json!({ "to": address::MY })),
            None => {
                self.failed(visit, None).await;
                no(StatusCode::FORBIDDEN, ApiRefusal::SignInFailed)
            }
        }
    }

    /// The phone that answered, if it counts. What was wrong is told to nobody.
    async fn phone_proven(&self, visit: &Visit) -> Option<CardToken> {
        let (office, finish) = (&self.core.office, read::<Finish>(visit)?);
        let (party, now) = (self.party(&visit.headers)?, office.now());
        let asked = self.gate.my.asked.take(&finish.ceremony, Waiter::at(visit.from), now.mono)?;
        let answered = {
            let site = office.site();
            let answered = party.phone_answered(&asked, &finish.credential, &site).ok()?;
            site.standing_phone(answered.phone, now.wall)?;
            answered
        };
        let (id, count) = (answered.id, answered.count);
        let used = self.core.blocking(move |core| core.office.store().use_passkey(id, count, now.wall)).await;
        matches!(used, Some(Ok(true))).then_some(answered.phone)
    }

    /// Begins a session; whatever session the browser had ends.
    pub(crate) fn phone_let_in(&self, visit: &Visit, phone: CardToken, said: &serde_json::Value) -> Response {
        if let Some(before) = self.phone_secret(visit) {
            self.gate.my.sessions.end(before);
        }
        let secret = self.gate.my.sessions.open(phone, self.core.office.now().mono);
        self.with_my_cookie(visit, answer::json(said), secret.as_str())
    }

    fn with_my_cookie(&self, visit: &Visit, mut response: Response, secret: &str) -> Response {
        let (life, secure) = (crate::my_sessions::MY_SESSION_LIFE, self.is_secure(&visit.headers));
        cookies::PHONE.give(&mut response, secret, life, secure);
        response
    }

    fn phone_secret<'a>(&self, visit: &'a Visit) -> Option<&'a str> {
        cookies::PHONE.all(&visit.headers, self.is_secure(&visit.headers)).next()
    }

    fn my_sign_out(&self, visit: &Visit) -> Response {
        if let Some(secret) = self.phone_secret(visit) {
            self.gate.my.sessions.end(secret);
        }
        self.with_my_cookie(visit, answer::see("/my/sign-in?why=out"), "")
    }

    /// Drafts an opening with the door's own number, and says what is to be touched: this phone, and no other.
    async fn my_open_start(&self, visit: &Visit) -> Response {
        let (Some(who), Some(door)) = (visit.caller.person(), door_of(visit)) else {
            return no(StatusCode::BAD_REQUEST, ApiRefusal::Malformed);
        };
        let (office, of) = (&self.core.office, Waiter::Phone(who.phone));
        let (now, origin) = (office.now(), self.party(&visit.headers).map(|p| p.origin.to_string()));
        if let Err(why) = office.site().phone_reaches(who.phone, door, now.wall) {
            // What is not one's own is told as what does not exist.
            let known = matches!(why, Deny::OutsideSchedule | Deny::Lockdown | Deny::PersonSuspended);
            return if known {
                not_done(StatusCode::CONFLICT, why)
            } else {
                not_done(StatusCode::NOT_FOUND, Deny::NotByPhone)
            };
        }
        if !self.gate.my.opening.has_room(of, now.mono) || !self.gate.my.refused.may(who.person, now.mono) {
            return no(StatusCode::TOO_MANY_REQUESTS, ApiRefusal::TooMany);
        }
        let Some(key) = self.own_key(who).filter(|key| Some(&*key.origin) == origin.as_deref()) else {
            return no(StatusCode::MISDIRECTED_REQUEST, ApiRefusal::OtherHost);
        };
        let draft = match self.core.draft_phone_order(door).await {
            Ok(draft) => draft,
            Err(error) => return undone(&error),
        };
        let by = Serving { rp: key.rp.to_string(), ids: vec![url64(&key.id)] };
        let public_key = signing_options(&draft.message(), &by, Order::PHONE_LIFE_MAX);
        // As long as the number that it has taken is out.
        let ceremony = self.gate.my.opening.wait(draft, of, office.now().mono, Order::LIFE_MAX);
        answer::json(&json!({ "ceremony": ceremony, "publicKey": public_key }))
    }

    fn own_key(&self, who: PhoneIn) -> Option<Passkey> {
        let (office, site) = (&self.core.office, self.core.office.site());
        site.standing_phone(who.phone, office.wall()).map(|(.., key)| key.clone())
    }

    /// Hands the touch over, and says what the door made of it.
    async fn my_open_finish(&self, visit: &Visit) -> Response {
        let (Some(who), Some(finish)) = (visit.caller.person(), read::<Finish>(visit)) else {
            return no(StatusCode::BAD_REQUEST, ApiRefusal::Malformed);
        };
        let now = self.core.office.now().mono;
        let draft = self.gate.my.opening.take(&finish.ceremony, Waiter::Phone(who.phone), now);
        let Some(draft) = draft.filter(|d| Some(d.order().door) == door_of(visit)) else {
            return not_done(StatusCode::CONFLICT, Deny::OrderReplayed);
        };
        let (Ok((_, assertion)), Some(key)) = (answered_by(&finish.credential), self.own_key(who)) else {
            return no(StatusCode::BAD_REQUEST, ApiRefusal::Malformed);
        };
        match self.core.give_by_phone(draft, &key, assertion).await {
            Ok(()) => answer::json(&json!({ "says": "Open." })),
            Err(error) => {
                self.gate.my.refused.one_more(who.person, now);
                undone(&error)
            }
        }
    }

    /// A one-time link, as long as it waits: whose phone it registers, on whose word.
    pub(crate) fn phone_link(&self, key: &str) -> Option<(PersonId, lockward_model::OperatorId)> {
        let now = self.core.office.now().mono;
        match self.gate.sessions.link_use(link_of(key), now)? {
            crate::access::LinkUse::Phone { person, by } => Some((person, by)),
            _ => None,
        }
    }
}

/// `5-6-200`, as the redirection has it: nothing but numbers comes back.
fn lost_told(told: &str) -> Option<CutOff> {
    let mut parts = told.split('-').filter_map(|part| part.parse::<u64>().ok());
    let (there, of, took_ms) = (parts.next()?, parts.next()?, parts.next()?);
    Some(CutOff { there, of, took_ms, ..CutOff::default() })
}

/// Why a door did not open, or is not known to have; in the words of whoever stands there.
fn undone(error: &OrderError) -> Response {
    match error {
        OrderError::NoDoor(_) => not_done(StatusCode::NOT_FOUND, Deny::NotByPhone),
        OrderError::Away(_) | OrderError::Busy(_) => {
            let detail = "Not done: the door can not be reached at the moment. Use your card.";
            answer::problem(StatusCode::SERVICE_UNAVAILABLE, ApiRefusal::ControllerAway.as_str(), detail)
        }
        OrderError::Unanswered(_) => {
            let detail = "Not known: no answer came from the door. Look whether it is open.";
            answer::problem(StatusCode::GATEWAY_TIMEOUT, Code::OrderLost.as_str(), detail)
        }
        OrderError::Refused(code) => {
            let why = Deny::ALL.iter().find(|d| d.code() == &**code).copied();
            not_done(StatusCode::CONFLICT, why.unwrap_or(Deny::NotByPhone))
        }
        _ => answer::problem(
            StatusCode::FORBIDDEN,
            Deny::OrderSignature.code(),
            "Not done: the touch does not hold. Press again.",
        ),
    }
}
