//! To the signer on an operator's own machine, and back: what is to be signed goes there as a form, and the answer comes back
//! as one.
//!
//! No cookie comes along from there. The answer is believed for a one-time value that only the operator's own page was given,
//! and for the signature itself; and only from a page of the signer's.

use crate::answer;
use crate::ceremony::passkeys;
use crate::change_desk::draft_of;
use crate::order_desk::{door_of, obeyed, refused, url64};
use crate::orders::OrderDraft;
use crate::web::{Desk, Visit};
use crate::{DraftId, Signed};
use axum::http::StatusCode;
use axum::response::Response;
use core::time::Duration;
use lockward_console::address;
use lockward_model::{
    ApiRefusal, Digest, DoorId, OperatorId, OperatorKey, Order, OrderAct, Passkey, SIGNER_ORIGIN, SIGNER_RP,
    SigningKey, Text,
};
use lockward_wire::config::Assertion;
use serde_json::{Value, json};
use std::sync::Arc;

/// How long somebody reads at the signer. A draft waits longer, and can be sent there again.
const READING: Duration = Duration::from_secs(15 * 60);

/// What is away at the signer.
pub(crate) enum AtSigner {
    Change(DraftId),
    Order(Box<OrderDraft>),
    /// A new key, for this session: one that was ended leaves nothing behind.
    Key(Digest),
}

/// Bytes as forms spell them: base64url without padding.
fn bytes(visit: &Visit, field: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(visit.field(field)).ok()
}

/// What the signer's page says of a touch.
fn touched(visit: &Visit) -> Option<(Vec<u8>, Assertion)> {
    let assertion = Assertion {
        authenticator_data: bytes(visit, "authenticator_data")?.into(),
        client_data: bytes(visit, "client_data")?.into(),
        signature: bytes(visit, "signature")?.into(),
    };
    Some((bytes(visit, "credential")?, assertion))
}

fn page(status: StatusCode, title: &str, says: &str, to: &str) -> Response {
    answer::page_with(status, lockward_console::returned(title, says, to))
}

/// What came back is not what was sent for, or came twice, or too late.
fn not_waiting(to: &str) -> Response {
    page(StatusCode::CONFLICT, "Nothing was done", ApiRefusal::NotWaiting.sentence(), to)
}

fn not_signed(says: &str, to: &str) -> Response {
    page(StatusCode::FORBIDDEN, "Nothing was done", says, to)
}

impl Desk {
    /// The passkeys that an operator has at a signer, as forms spell their ids.
    pub(crate) fn signers_passkeys(&self, operator: OperatorId) -> Vec<String> {
        let site = self.core.office.site();
        let own = site.operator(operator).into_iter().flat_map(passkeys);
        own.filter(|p| p.is_the_signers()).map(|p| url64(&p.id)).collect()
    }

    /// What a script of our page sends to the signer as a form.
    fn form(&self, path: &str, back: &str, ticket: &str, more: &Value) -> Value {
        let mut fields = json!({ "back": format!("{}{back}", self.proper()), "ticket": ticket });
        if let (Some(fields), Some(more)) = (fields.as_object_mut(), more.as_object()) {
            fields.extend(more.clone());
        }
        json!({ "signer": { "to": format!("{SIGNER_ORIGIN}{path}"), "fields": fields } })
    }

    fn sent(&self, what: AtSigner, operator: OperatorId, message: &[u8], back: &str) -> Response {
        let keys = self.signers_passkeys(operator);
        if keys.is_empty() {
            return answer::problem_of(StatusCode::CONFLICT, ApiRefusal::NoSignerKey);
        }
        let life = if matches!(what, AtSigner::Order(_)) { Order::LIFE_MAX } else { READING };
        let ticket = self.gate.at_signer.wait(what, operator, self.core.office.now().mono, life);
        let more = json!({ "message": url64(message), "keys": keys.join(" ") });
        answer::json(&self.form("/sign", back, &ticket, &more))
    }

    /// What of a draft goes to the signer.
    pub(crate) fn change_sign_apart(&self, visit: &Visit) -> Response {
        let Some((who, draft)) = self.waiting(visit) else {
            return answer::problem_of(StatusCode::NOT_FOUND, ApiRefusal::NotWaiting);
        };
        let back = format!("{}/{}/signed", address::CHANGES, draft.id);
        self.sent(AtSigner::Change(draft.id), who, &draft.message, &back)
    }

    /// What came back for a draft.
    pub(crate) async fn change_signed(&self, visit: &Visit) -> Response {
        let now = self.core.office.now().mono;
        let Some(id) = draft_of(visit) else { return not_waiting(address::CHANGES) };
        let meant = |_, what: &AtSigner| matches!(what, AtSigner::Change(sent) if *sent == id);
        let to = format!("{}/{id}", address::CHANGES);
        let Some((_, who)) = self.gate.at_signer.take_if(&visit.field("ticket"), now, meant) else {
            return not_waiting(&to);
        };
        let Some((passkey, assertion)) = self.signers_answer(visit, who) else {
            return not_signed(ApiRefusal::PasskeyRefused.sentence(), &to);
        };
        let sign = move |core: &crate::core::Core| core.office.sign_draft(id, who, &passkey, assertion);
        match self.core.blocking(sign).await {
            Some(Ok(Signed::InForce(at))) => {
                let to = format!("{}/at/{at}", address::CHANGES);
                answer::page(lockward_console::onward("The change is in force", &to))
            }
            Some(Ok(Signed::Waits)) => {
                answer::page(lockward_console::onward("You have signed. A second person must sign too", &to))
            }
            Some(Err(error)) => not_signed(&crate::change_desk::told(&error), &to),
            None => answer::problem_of(StatusCode::SERVICE_UNAVAILABLE, ApiRefusal::Failed),
        }
    }

    /// The operator's own passkey, and what it signed; `None` if it is none of theirs, or none of the signer's.
    fn signers_answer(&self, visit: &Visit, who: OperatorId) -> Option<(Passkey, Assertion)> {
        let (credential, assertion) = touched(visit)?;
        let passkey = self.core.passkey(who, &credential).filter(Passkey::is_the_signers)?;
        Some((passkey, assertion))
    }

    /// Drafts an order for the signer.
    pub(crate) async fn order_apart(
        self: Arc<Self>,
        who: OperatorId,
        door: DoorId,
        act: OrderAct,
        reason: Option<Text>,
    ) -> Response {
        if self.signers_passkeys(who).is_empty() {
            return answer::problem_of(StatusCode::CONFLICT, ApiRefusal::NoSignerKey);
        }
        let draft = match self.core.draft_order(door, act, reason, None).await {
            Ok(draft) => draft,
            Err(error) => return refused(&error),
        };
        let (message, back) = (draft.message(), format!("{}{door}/order/signed", address::DOORS));
        self.sent(AtSigner::Order(Box::new(draft)), who, &message, &back)
    }

    /// What came back for an order.
    pub(crate) async fn order_signed(&self, visit: &Visit) -> Response {
        let now = self.core.office.now().mono;
        let Some(door) = door_of(visit) else { return not_waiting(address::OVERVIEW) };
        let to = format!("{}{door}", address::DOORS);
        let meant = |_, what: &AtSigner| matches!(what, AtSigner::Order(sent) if sent.order().door == door);
        let taken = self.gate.at_signer.take_if(&visit.field("ticket"), now, meant);
        let Some((AtSigner::Order(draft), who)) = taken else { return not_waiting(&to) };
        let stands = self.core.office.site().standing_operator(who, self.core.office.wall()).is_some();
        let Some((passkey, assertion)) = self.signers_answer(visit, who).filter(|_| stands) else {
            return not_signed(ApiRefusal::PasskeyRefused.sentence(), &to);
        };
        let act = draft.order().act;
        match self.core.give_signed(*draft, who, &passkey.id, assertion).await {
            Ok(()) => page(StatusCode::OK, obeyed(act), "You signed the order on your own machine.", &to),
            Err(error) => {
                let sentence = crate::order_desk::sentence(&error);
                page(StatusCode::CONFLICT, "The door did not obey", sentence, &to)
            }
        }
    }

    /// Lets the signer make a key for the reader.
    pub(crate) fn key_apart(&self, visit: &Visit) -> Response {
        let Some(who) = visit.caller.operator() else { return answer::sign_in_first(&visit.headers) };
        let (office, operator) = (&self.core.office, who.operator);
        let Some(known) = office.site().operator(operator).cloned() else {
            return answer::problem_of(StatusCode::FORBIDDEN, ApiRefusal::NotPermitted);
        };
        let ticket =
            self.gate.at_signer.wait(AtSigner::Key(who.session), operator, office.now().mono, READING);
        let more = json!({
            "operator": operator.as_str(),
            "title": known.title.as_str(),
            "keys": self.signers_passkeys(operator).join(" "),
        });
        answer::json(&self.form("/make", "/me/keys/made", &ticket, &more))
    }

    /// The public half of a key that the signer made.
    pub(crate) async fn key_made(&self, visit: &Visit) -> Response {
        let now = self.core.office.now().mono;
        let meant = |_, what: &AtSigner| matches!(what, AtSigner::Key(_));
        let taken = self.gate.at_signer.take_if(&visit.field("ticket"), now, meant);
        let lasts = |session| self.gate.sessions.all().iter().any(|s| s.session == session);
        let Some((_, who)) = taken.filter(|(what, _)| matches!(what, AtSigner::Key(of) if lasts(*of))) else {
            return not_waiting(address::ME);
        };
        let made = || {
            let key = bytes(visit, "key")?.try_into().ok()?;
            let id = bytes(visit, "credential")?.into();
            let passkey = Passkey { id, key, rp: SIGNER_RP.into(), origin: SIGNER_ORIGIN.into() };
            let title = visit.field("title").trim().parse().ok()?;
            passkey.is_sound().then_some(OperatorKey { title, key: SigningKey::Passkey(passkey) })
        };
        let Some(key) = made() else {
            return not_signed(ApiRefusal::PasskeyRefused.sentence(), address::ME);
        };
        match self.put_own_key(who, key).await {
            Ok(to) => answer::page(lockward_console::onward("The key is made", &to)),
            Err(says) => not_signed(&says, address::ME),
        }
    }
}
