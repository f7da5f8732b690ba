//! Orders from a page: drafted with the door's own number, signed by a touch, given, and answered by the door.
//!
//! Whoever has a passkey that serves here signs with it, also where the hub's word would do: what is on record then is the
//! person's own signature. The hub signs for nobody but operators without one, and only where the site takes its word.

use crate::access::SignedIn;
use crate::answer;
use crate::ceremony::{answered_by, passkeys};
use crate::orders::OrderError;
use crate::sign_in::{Finish, read};
use crate::web::{Desk, Visit};
use axum::http::StatusCode;
use axum::response::Response;
use core::time::Duration;
use lockward_model::{ApiRefusal, Deny, DoorId, OperatorId, Order, OrderAct, Text};
use lockward_wire::config::{challenge_of, encode_challenge};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// What a page says of the order.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// For a hold.
    #[serde(default)]
    minutes: u32,
    #[serde(default)]
    reason: String,
    /// To be signed at the signer, on the operator's own machine.
    #[serde(default)]
    apart: bool,
}

fn bad_request() -> Response {
    answer::problem_of(StatusCode::BAD_REQUEST, ApiRefusal::Malformed)
}

/// The door of `/doors/{id}/…`.
pub(crate) fn door_of(visit: &Visit) -> Option<DoorId> {
    let rest = visit.uri.path().strip_prefix(lockward_console::address::DOORS)?;
    rest.split('/').next()?.parse().ok()
}

impl Desk {
    /// Drafts an order, and says what is to be signed.
    pub(crate) async fn order_start(self: Arc<Self>, visit: &Visit, act: OrderAct) -> Response {
        let (Some(who), Some(door)) = (visit.caller.operator(), door_of(visit)) else { return bad_request() };
        let Some(wanted) = read::<Wanted>(visit) else { return bad_request() };
        let act = match act {
            OrderAct::Hold(_) => OrderAct::Hold(Duration::from_secs(u64::from(wanted.minutes) * 60)),
            act => act,
        };
        if matches!(act, OrderAct::Hold(span) if span.is_zero() || span > OrderAct::HOLD_MAX) {
            return bad_request();
        }
        let reason = match wanted.reason.trim() {
            "" => None,
            text => match text.parse::<Text>() {
                Ok(text) => Some(text),
                Err(_) => return bad_request(),
            },
        };
        if !self.core.office.site().may_order(who.operator, act, Some(door), self.core.office.wall()) {
            return answer::problem_of(StatusCode::FORBIDDEN, ApiRefusal::NotPermitted);
        }
        if wanted.apart {
            return self.order_apart(who.operator, door, act, reason).await;
        }
        if self.core.office.site().wants_apart(who.operator, act, door, self.core.office.wall()) {
            return answer::problem_of(StatusCode::FORBIDDEN, ApiRefusal::SignApart);
        }
        let own = self.own_passkeys(visit, who.operator);
        let on_behalf = own.is_none().then_some(who.operator);
        if let Some(code) = on_behalf.and_then(|_| self.unsigned(who)) {
            return answer::problem_of(StatusCode::FORBIDDEN, code);
        }
        let draft = match self.core.draft_order(door, act, reason, on_behalf).await {
            Ok(draft) => draft,
            Err(error) => return refused(&error),
        };
        let public_key = own.map(|own| signing_options(&draft.message(), &own, Order::LIFE_MAX));
        let ceremony =
            self.gate.orders.wait(draft, who.operator, self.core.office.now().mono, Order::LIFE_MAX);
        match public_key {
            Some(public_key) => answer::json(&json!({ "ceremony": ceremony, "publicKey": public_key })),
            None => answer::json(&json!({ "ceremony": ceremony })),
        }
    }

    /// An operator's passkeys that serve where this page was asked for; `None` if there is none.
    pub(crate) fn own_passkeys(&self, visit: &Visit, operator: OperatorId) -> Option<Serving> {
        let (party, site) = (self.party(&visit.headers)?, self.core.office.site());
        let origin = party.origin.to_string();
        let own = passkeys(site.operator(operator)?).filter(|p| *p.origin == *origin);
        let ids: Vec<_> = own.map(|p| url64(&p.id)).collect();
        let rp = party.origin.host().to_owned();
        (!ids.is_empty()).then_some(Serving { rp, ids })
    }

    /// Why the hub signs nothing in place of whoever is signed in so: nobody's who has a passkey to touch, here or elsewhere,
    /// and as the session says ([`SignedIn::signs_nothing`]).
    pub(crate) fn unsigned(&self, who: &SignedIn) -> Option<ApiRefusal> {
        let site = self.core.office.site();
        let touches = site.operator(who.operator).is_some_and(|o| passkeys(o).next().is_some());
        if touches { Some(ApiRefusal::TouchNeeded) } else { who.signs_nothing(self.core.office.wall()) }
    }

    /// Gives the order, and says what the door made of it.
    pub(crate) async fn order_finish(self: Arc<Self>, visit: &Visit) -> Response {
        let (Some(who), Some(finish)) = (visit.caller.operator(), read::<Finish>(visit)) else {
            return bad_request();
        };
        let operator = who.operator;
        let draft = self.gate.orders.take(&finish.ceremony, operator, self.core.office.now().mono);
        let Some(draft) = draft.filter(|d| Some(d.order().door) == door_of(visit)) else {
            return answer::problem_of(StatusCode::CONFLICT, ApiRefusal::NotWaiting);
        };
        let says = obeyed(draft.order().act);
        let given = if draft.order().on_behalf.is_some() {
            self.core.give_own(draft).await
        } else {
            let Ok((credential, assertion)) = answered_by(&finish.credential) else { return bad_request() };
            self.core.give_signed(draft, operator, &credential, assertion).await
        };
        match given {
            Ok(()) => answer::json(&json!({ "says": says })),
            Err(error) => refused(&error),
        }
    }
}

/// The passkeys that can be asked.
pub(crate) struct Serving {
    pub(crate) rp: String,
    pub(crate) ids: Vec<String>,
}

/// What a browser asks a passkey for: a touch, by somebody whom it knows, for exactly this message (WebAuthn, section 5.5).
pub(crate) fn signing_options(message: &[u8], by: &Serving, wait: Duration) -> Value {
    let allowed = |id: &String| json!({ "type": "public-key", "id": id });
    json!({
        "challenge": encode_challenge(&challenge_of(message)),
        "rpId": by.rp,
        "allowCredentials": by.ids.iter().map(allowed).collect::<Vec<_>>(),
        "userVerification": "required",
        "timeout": u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
    })
}

/// What a door that obeyed does.
pub(crate) fn obeyed(act: OrderAct) -> &'static str {
    match act {
        OrderAct::Unlock => "The door is released.",
        OrderAct::Hold(_) => "The door stands open.",
        OrderAct::Release => "The door locks again.",
    }
}

/// In the words of the table that the door's code stands in.
pub(crate) fn refused(error: &OrderError) -> Response {
    let (status, code, sentence) = why(error);
    answer::problem(status, code, sentence)
}

/// The same for somebody who reads a page.
pub(crate) fn sentence(error: &OrderError) -> &'static str {
    why(error).2
}

fn why(error: &OrderError) -> (StatusCode, &'static str, &'static str) {
    let of = |status, code: ApiRefusal| (status, code.as_str(), code.sentence());
    match error {
        OrderError::NoDoor(_) => of(StatusCode::NOT_FOUND, ApiRefusal::NotFound),
        OrderError::Away(_) | OrderError::Busy(_) => {
            of(StatusCode::SERVICE_UNAVAILABLE, ApiRefusal::ControllerAway)
        }
        OrderError::Encode(_) | OrderError::NoKey(_) => {
            (StatusCode::FORBIDDEN, Deny::OrderSignature.code(), Deny::OrderSignature.sentence())
        }
        OrderError::Unanswered(_) => {
            let code = lockward_model::Code::OrderLost;
            (StatusCode::GATEWAY_TIMEOUT, code.as_str(), code.sentence())
        }
        OrderError::Refused(code) => match Deny::ALL.iter().find(|d| d.code() == &**code) {
            Some(why) => (StatusCode::CONFLICT, why.code(), why.sentence()),
            // A word of a newer controller.
            None => of(StatusCode::CONFLICT, ApiRefusal::NotPermitted),
        },
    }
}

/// Bytes as scripts spell them: base64url without padding.
pub(crate) fn url64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}
