//! Phones that come and go: invited by the desk, registered by their holders, and cut off when they are lost.

use crate::access::{LINK_LIFE, LinkUse};
use crate::answer;
use crate::caller::link_of;
use crate::ceremony::CEREMONY_LIFE;
use crate::dice;
use crate::my::phones_of;
use crate::my_sessions::Waiter;
use crate::office::ChangeError;
use crate::sign_in::{Finish, read};
use crate::views::{Page, Reader};
use crate::web::{Desk, Trouble, Visit};
use axum::http::StatusCode;
use axum::response::Response;
use core::time::Duration;
use lockward_console::{CutOff, PhoneInvite, address};
use lockward_model::{
    ApiRefusal, Body, CardToken, Change, Credential, CredentialId, Digest, OperatorId, Passkey, PersonId,
    PhoneFact, Text, Validity,
};
use lockward_site::Site;
use lockward_wire::credential::phone;
use lockward_wire::hex;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use tokio::time::{Instant, sleep};
use tracing::error;
use webauthn_rs::prelude::PasskeyRegistration;

/// Phones of one person: one in the hand, one in the drawer, and a tablet; each can be lost.
const PHONES_MAX: usize = 5;
/// How long the page that says where a phone was cut off waits for the last controller.
const ARRIVAL_WAIT: Duration = Duration::from_secs(3);
const ARRIVAL_LOOK: Duration = Duration::from_millis(20);

/// A registration that waits for its answer.
pub(crate) struct Joining {
    state: PasskeyRegistration,
    person: PersonId,
    by: OperatorId,
    link: Digest,
}

/// A one-time link's key, as its page sends it.
#[derive(Deserialize)]
struct LinkKey {
    key: String,
}

fn no(status: StatusCode, code: ApiRefusal) -> Response {
    answer::problem_of(status, code)
}

/// The person of `/people/{id}/phones/…`.
fn person_of(visit: &Visit) -> Option<PersonId> {
    visit.uri.path().strip_prefix(address::PERSON)?.split('/').next()?.parse().ok()
}

impl Desk {
    /// Makes a one-time link with which a person registers a phone, on record, and shows it once.
    pub(crate) async fn phone_invite(self: Arc<Self>, visit: &Visit) -> Response {
        let trouble = |found| self.trouble(&visit.headers, found, Some(&visit.caller));
        let (Some(who), Some(person)) = (visit.caller.operator(), person_of(visit)) else {
            return trouble(Trouble::NotFound);
        };
        let (office, by) = (&self.core.office, who.operator);
        {
            let site = office.site();
            if site.person(person).is_none() || phones_of(&site, person).len() >= PHONES_MAX {
                return trouble(Trouble::NotFound);
            }
        }
        let invited = Body::Phone { person, by, fact: PhoneFact::Invited };
        if self.core.sequencer.record(invited).await.is_err() {
            return no(StatusCode::INTERNAL_SERVER_ERROR, ApiRefusal::StoreFailed);
        }
        let secret = self.gate.sessions.link(LinkUse::Phone { person, by }, office.now().mono);
        let link = format!("{}{}#key={}", self.proper(), address::MY_JOIN, secret.as_str());
        let html = self.with_phone_page(visit, |page, banner| {
            lockward_console::phone_invite(&PhoneInvite {
                frame: page.frame(banner),
                id: person.to_string(),
                name: page.name(person),
                qr: qr(&link),
                minutes: LINK_LIFE.as_secs() / 60,
                // Who signs then: nobody but the link's maker, where the hub may not.
                people_sign: !page.site.hub_signs_for(by, "put-credential", page.now),
                link: link.clone(),
            })
        });
        answer::page(html)
    }

    fn with_phone_page<T>(&self, visit: &Visit, view: impl FnOnce(&Page<'_>, Option<&str>) -> T) -> T {
        let brief = self.core.live.now().brief();
        let (office, site) = (&self.core.office, self.core.office.site());
        let reader = Reader::of(&visit.caller, office, &site);
        let (whole, now) = (self.core.live.whole(), office.wall());
        view(&Page { office, site: &site, live: &brief, whole, now, reader }, self.banner.as_deref())
    }

    pub(crate) fn my_join_start(&self, visit: &Visit) -> Response {
        let Some(LinkKey { key }) = read(visit) else {
            return no(StatusCode::BAD_REQUEST, ApiRefusal::Malformed);
        };
        let Some((person, by)) = self.phone_link(&key) else {
            return no(StatusCode::FORBIDDEN, ApiRefusal::LinkSpent);
        };
        let (office, site) = (&self.core.office, self.core.office.site());
        let Some(party) = self.party(&visit.headers) else {
            return no(StatusCode::MISDIRECTED_REQUEST, ApiRefusal::OtherHost);
        };
        if site.person(person).is_none() {
            return no(StatusCode::FORBIDDEN, ApiRefusal::LinkSpent);
        }
        let Ok((public_key, state)) = party.make_phone(&site, person) else {
            return no(StatusCode::INTERNAL_SERVER_ERROR, ApiRefusal::Failed);
        };
        drop(site);
        let joining = Joining { state, person, by, link: link_of(&key) };
        let ceremony =
            self.gate.my.joining.wait(joining, Waiter::at(visit.from), office.now().mono, CEREMONY_LIFE);
        answer::json(&json!({ "ceremony": ceremony, "publicKey": public_key }))
    }

    /// Judges a registration. Where the hub signs, the phone counts at once; where people sign, it waits for a signature.
    pub(crate) async fn my_join_finish(self: Arc<Self>, visit: &Visit) -> Response {
        if let Some(later) = self.patience(visit).await {
            return later;
        }
        let refused = || no(StatusCode::BAD_REQUEST, ApiRefusal::PasskeyRefused);
        let (Some(finish), now) = (read::<Finish>(visit), self.core.office.now()) else { return refused() };
        let joining = self.gate.my.joining.take(&finish.ceremony, Waiter::at(visit.from), now.mono);
        let (Some(party), Some(joining)) = (self.party(&visit.headers), joining) else { return refused() };
        let Ok(passkey) = party.registered(&joining.state, &finish.credential) else { return refused() };
        // Whoever makes keys in software names them at will: a name that another's key has is not taken (Web Authentication,
        // section 7.1), or that one could sign in nowhere.
        if self.core.office.site().is_passkey_named(&passkey.id) {
            return refused();
        }
        let Joining { person, by, link, .. } = joining;
        // Once: whoever comes second finds the link gone.
        let spent = self.gate.sessions.spend(link, now.mono);
        if spent != Some(LinkUse::Phone { person, by }) {
            self.failed(visit, None).await;
            return no(StatusCode::FORBIDDEN, ApiRefusal::LinkSpent);
        }
        let Ok(id) = format!("phone-{}", &*hex(&dice::roll::<6>())).parse::<CredentialId>() else {
            return refused();
        };
        let bound = Body::Phone { person, by, fact: PhoneFact::Bound(id) };
        if self.core.sequencer.record(bound).await.is_err() {
            return no(StatusCode::INTERNAL_SERVER_ERROR, ApiRefusal::StoreFailed);
        }
        let signs = self.core.office.site().hub_signs_for(by, "put-credential", now.wall);
        if signs {
            self.phone_put(visit, person, by, id, passkey).await
        } else {
            self.phone_waits(person, by, id, passkey).await
        }
    }

    async fn phone_put(
        &self,
        visit: &Visit,
        person: PersonId,
        by: OperatorId,
        id: CredentialId,
        passkey: Passkey,
    ) -> Response {
        let proof = phone(passkey);
        let token = proof.token();
        let draft = move |site: &Site| {
            (phones_of(site, person).len() < PHONES_MAX).then(|| {
                let (proof, valid) = (proof.clone(), Validity::default());
                vec![Change::PutCredential(Credential { id, person, proof, valid })]
            })
        };
        match (self.core.blocking(move |core| core.office.append_for(by, draft)).await, token) {
            (Some(Ok(Some(_))), Some(token)) => {
                self.phone_let_in(visit, token, &json!({ "to": address::MY }))
            }
            (Some(Err(error)), _) => {
                error!(%error, "a phone can not be put into the config log");
                no(StatusCode::FORBIDDEN, ApiRefusal::PeopleSign)
            }
            _ => no(StatusCode::BAD_REQUEST, ApiRefusal::PasskeyRefused),
        }
    }

    /// A draft for the signature of whoever made the link.
    async fn phone_waits(
        &self,
        person: PersonId,
        by: OperatorId,
        id: CredentialId,
        passkey: Passkey,
    ) -> Response {
        let text = format!(
            "reason = \"a phone that was registered by a link\"\n\n{}",
            lockward_draft::phone_record(id, person, &passkey)
        );
        match self.core.blocking(move |core| core.office.propose(&text, by)).await {
            Some(Ok(_)) => answer::json(&json!({ "to": "/my/sign-in?why=waits" })),
            Some(Err(error)) => {
                error!(%error, "a phone does not become a draft");
                no(StatusCode::FORBIDDEN, ApiRefusal::PeopleSign)
            }
            None => no(StatusCode::SERVICE_UNAVAILABLE, ApiRefusal::Failed),
        }
    }

    /// Cuts a phone off everywhere. The hub may do that alone: it takes away. Where policy took this from it, in the place of
    /// the operator who asks.
    async fn cut_off(
        &self,
        id: CredentialId,
        phone: CardToken,
        by: Option<OperatorId>,
    ) -> Result<CutOff, ChangeError> {
        let begun = Instant::now();
        let reason = "a phone that was reported lost".parse::<Text>().ok();
        let revoke = move |core: &crate::core::Core| {
            let changes = [Change::RevokeCredential(id)];
            core.office.append_own(reason.as_ref(), &changes).or_else(|refused| match by {
                Some(by) => core.office.append_for(by, |_| Some(changes.to_vec()))?.ok_or(refused),
                None => Err(refused),
            })
        };
        let at = match self.core.blocking(revoke).await {
            Some(made) => made?,
            None => return Err(ChangeError::Refused(lockward_site::Refusal::Unsigned)),
        };
        self.gate.my.sessions.end_of(phone);
        loop {
            let arrival = self.core.arrival(at);
            let (there, of) = arrival.counts();
            if there == of || begun.elapsed() >= ARRIVAL_WAIT {
                let site = self.core.office.site();
                let missing =
                    arrival.controllers.iter().filter(|(_, has)| *has != crate::arrival::Has::InForce);
                let title = |id| site.controller(id).map_or_else(|| id.to_string(), |c| c.title.to_string());
                let missing = missing.map(|(id, _)| title(*id)).collect();
                let took = begun.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
                return Ok(CutOff { at, there: there as u64, of: of as u64, took_ms: took, missing });
            }
            sleep(ARRIVAL_LOOK).await;
        }
    }

    /// By the desk.
    pub(crate) async fn phone_lost(self: Arc<Self>, visit: &Visit) -> Response {
        let trouble = |found| self.trouble(&visit.headers, found, Some(&visit.caller));
        let (Some(who), Some(person)) = (visit.caller.operator(), person_of(visit)) else {
            return trouble(Trouble::NotFound);
        };
        let wanted = visit.field("phone");
        let phones = phones_of(&self.core.office.site(), person);
        let Some((id, phone)) = phones.into_iter().find(|(id, _)| id.as_str() == wanted) else {
            return trouble(Trouble::NotFound);
        };
        match self.cut_off(id, phone, Some(who.operator)).await {
            Ok(cut) => answer::page(self.with_phone_page(visit, |page, banner| {
                lockward_console::phone_lost(&page.frame(banner), person.as_str(), &page.name(person), &cut)
            })),
            Err(error) => {
                error!(%error, "a phone can not be cut off");
                let code = ApiRefusal::PeopleSign;
                self.refused(&visit.headers, StatusCode::FORBIDDEN, code, Some(&visit.caller))
            }
        }
    }

    /// By its holder, from another phone; or this one, which has served.
    pub(crate) async fn my_lost(&self, visit: &Visit) -> Response {
        let Some(who) = visit.caller.person() else { return answer::phone_first(&visit.headers) };
        let wanted = visit.field("phone");
        let phones = phones_of(&self.core.office.site(), who.person);
        let Some((id, phone)) = phones.into_iter().find(|(id, _)| id.as_str() == wanted) else {
            return no(StatusCode::NOT_FOUND, ApiRefusal::NotFound);
        };
        match self.cut_off(id, phone, None).await {
            Ok(_) if phone == who.phone => answer::see("/my/sign-in?why=lost"),
            Ok(cut) => {
                answer::see_at(&format!("{}?lost={}-{}-{}", address::MY, cut.there, cut.of, cut.took_ms))
            }
            Err(_) => no(StatusCode::FORBIDDEN, ApiRefusal::PeopleSign),
        }
    }
}

/// A QR code as the path of an SVG, one square to a module, with its side; `None` if the text is too long for one.
pub(crate) fn qr(text: &str) -> Option<(usize, String)> {
    use core::fmt::Write as _;
    let code = qrcode::QrCode::new(text).ok()?;
    let (side, mut path) = (code.width(), String::new());
    for (at, color) in code.to_colors().into_iter().enumerate() {
        if color == qrcode::Color::Dark {
            let _ = write!(path, "M{} {}h1v1h-1z", at % side + 4, at / side + 4);
        }
    }
    Some((side + 8, path))
}
