//! Orders of services: drafted with the door's own number, signed with the service's own key, answered by the door.
//!
//! An API key opens nothing: what the controller obeys is a signature that this hub can not make.

use super::{Problem, Reply, Told, body, part, shapes};
use crate::access::kept;
use crate::caller::Caller;
use crate::dice;
use crate::orders::{OrderDraft, OrderError};
use crate::service_in::ServiceIn;
use crate::web::{Desk, Visit};
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::time::Duration;
use lockward_model::{ApiRefusal, Code, Deny, Digest, DoorId, Mono, Order, OrderAct, ServiceId};
use lockward_policy::Read;
use lockward_wire::hex;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Orders of all services that wait for a signature, and those that did; the oldest gives way.
const WAITING_MAX: usize = 512;
/// Of one service: a controller has 64 numbers, and people press buttons too.
const WAITING_EACH_MAX: usize = 16;
/// How long one that was given, or came too late, is remembered, so that its second coming is told as what it is.
const REMEMBERED: Duration = Duration::from_secs(600);

struct Waiting {
    service: ServiceId,
    begun: Mono,
    /// `None` once it was given.
    draft: Option<OrderDraft>,
}

/// Orders that wait for a service's signature. Each is given once, by the service that drafted it.
#[derive(Default)]
pub(crate) struct ServiceOrders(Mutex<HashMap<Digest, Waiting>>);

impl ServiceOrders {
    fn held(&self) -> MutexGuard<'_, HashMap<Digest, Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_full(&self, service: ServiceId, now: Mono) -> bool {
        let waits =
            |w: &&Waiting| w.service == service && w.draft.is_some() && now.since(w.begun) < Order::LIFE_MAX;
        self.held().values().filter(waits).count() >= WAITING_EACH_MAX
    }

    fn wait(&self, draft: OrderDraft, service: ServiceId, now: Mono) -> String {
        let name = hex(&dice::roll::<16>()).to_string();
        let mut held = self.held();
        held.retain(|_, w| now.since(w.begun) < REMEMBERED);
        if held.len() >= WAITING_MAX
            && let Some(oldest) = held.iter().min_by_key(|(_, w)| w.begun).map(|(name, _)| *name)
        {
            held.remove(&oldest);
        }
        held.insert(kept(&name), Waiting { service, begun: now, draft: Some(draft) });
        name
    }

    /// Takes the order that this signature was made for. A signature that does not fit leaves it waiting.
    fn take<T>(
        &self,
        name: &str,
        service: ServiceId,
        now: Mono,
        fits: impl FnOnce(OrderDraft) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let mut held = self.held();
        let waiting = held.get_mut(&kept(name)).filter(|w| w.service == service);
        let waiting = waiting.ok_or(Problem::new(StatusCode::NOT_FOUND, ApiRefusal::NotWaiting))?;
        let no = |why: Deny| Problem::coded(StatusCode::CONFLICT, why.code(), why.sentence());
        let draft = waiting.draft.clone().ok_or_else(|| no(Deny::OrderReplayed))?;
        if now.since(waiting.begun) >= Order::LIFE_MAX {
            return Err(no(Deny::OrderExpired));
        }
        let signed = fits(draft)?;
        waiting.draft = None;
        Ok(signed)
    }
}

fn act_of(wanted: &shapes::OrderWanted) -> Result<OrderAct, Problem> {
    match (wanted.act, wanted.minutes) {
        (shapes::Act::Hold, Some(minutes)) => {
            let span = Duration::from_secs(u64::from(minutes) * 60);
            if span.is_zero() || span > OrderAct::HOLD_MAX {
                let most = OrderAct::HOLD_MAX.as_secs() / 60;
                return Err(Problem::invalid(format!("a door is held for 1 to {most} minutes")));
            }
            Ok(OrderAct::Hold(span))
        }
        (shapes::Act::Hold, None) => Err(Problem::invalid("`hold` wants `minutes`")),
        (_, Some(_)) => Err(Problem::invalid("`minutes` goes with `hold` alone")),
        (shapes::Act::Unlock, None) => Ok(OrderAct::Unlock),
        (shapes::Act::Release, None) => Ok(OrderAct::Release),
    }
}

fn told(act: OrderAct) -> (shapes::Act, &'static str) {
    match act {
        OrderAct::Unlock => (shapes::Act::Unlock, "The door is released."),
        OrderAct::Hold(_) => (shapes::Act::Hold, "The door stands open."),
        OrderAct::Release => (shapes::Act::Release, "The door locks again."),
    }
}

pub(super) fn service_of(visit: &Visit) -> Result<&ServiceIn, Problem> {
    match &visit.caller {
        Caller::Service(who) => Ok(who),
        _ => Err(Problem::new(StatusCode::FORBIDDEN, ApiRefusal::NotPermitted)),
    }
}

/// The 64 bytes of a signature, from its base64.
pub(super) fn signature_of(visit: &Visit) -> Result<[u8; 64], Problem> {
    let given: shapes::SignatureGiven = body(visit)?;
    let bytes = STANDARD.decode(given.signature).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| Problem::invalid("`signature` is 64 bytes in base64, with padding"))
}

impl Desk {
    pub(super) async fn api_order_draft(self: Arc<Self>, visit: &Visit) -> Told {
        let who = service_of(visit)?;
        super::lists::only(visit, &[])?;
        let wanted: shapes::OrderWanted = body(visit)?;
        let act = act_of(&wanted)?;
        let reason = match wanted.reason.as_deref().map(str::parse) {
            None => None,
            Some(Ok(reason)) => Some(reason),
            Some(Err(_)) => return Err(Problem::invalid("`reason` is a line of text, not too long")),
        };
        let office = &self.core.office;
        let door = part(visit, "v1/doors/").parse::<DoorId>().ok();
        let door = door.filter(|id| office.site().door(*id).is_some()).ok_or_else(Problem::not_found)?;
        let may = |act| who.may_order(&office.site(), act, Some(door), office.wall());
        if !may(act) {
            // A door that the service knows of is forbidden; any other is not there.
            let knows = crate::caller::ACTS.iter().any(|act| may(*act))
                || self.with_facts(visit, Read::Site, |facts| facts.sees_door(door));
            let forbidden = || Problem::new(StatusCode::FORBIDDEN, ApiRefusal::NotPermitted);
            return Err(if knows { forbidden() } else { Problem::not_found() });
        }
        let busy = || Problem {
            after: Some(5),
            ..Problem::new(StatusCode::TOO_MANY_REQUESTS, ApiRefusal::TooManyDrafts)
        };
        if self.gate.service_orders.is_full(who.service, office.now().mono) {
            return Err(busy());
        }
        let draft = self.core.draft_order(door, act, reason, None).await.map_err(|e| refused(&e))?;
        let (order, payload) = (draft.order().clone(), STANDARD.encode(draft.payload()));
        let (message, payload_type) = (STANDARD.encode(draft.message()), draft.payload_type());
        let id = self.gate.service_orders.wait(draft, who.service, office.now().mono);
        let shown = shapes::OrderDraft {
            id: id.clone(),
            door: door.to_string(),
            act: wanted.act,
            nonce: hex(&order.nonce.0).to_string(),
            until: order.until.to_string(),
            payload_type: payload_type.to_owned(),
            payload,
            message,
        };
        Ok(Reply::of(StatusCode::CREATED, &shown).at(format!("/api/v1/orders/{id}/signature")))
    }

    pub(super) async fn api_order_sign(self: Arc<Self>, visit: &Visit) -> Told {
        let who = service_of(visit)?;
        super::lists::only(visit, &[])?;
        let signature = signature_of(visit)?;
        let office = &self.core.office;
        let key = office.site().standing_service(who.service, office.wall()).map(|service| service.key);
        let key = key.ok_or(Problem::new(StatusCode::FORBIDDEN, ApiRefusal::NotPermitted))?;
        let name = part(visit, "v1/orders/");
        let signed = self.gate.service_orders.take(name, who.service, office.now().mono, |draft| {
            draft.signed_by(&key, signature).map_err(|error| refused(&error))
        })?;
        let order = signed.order();
        let (door, (act, says)) = (order.door.to_string(), told(order.act));
        self.core.give_by_service(signed, who.service).await.map_err(|error| refused(&error))?;
        Ok(Reply::ok(&shapes::Obeyed { door, act, says: says.to_owned() }))
    }
}

/// In the words of the table that the door's code stands in.
fn refused(error: &OrderError) -> Problem {
    match error {
        OrderError::NoDoor(_) => Problem::not_found(),
        OrderError::Away(_) | OrderError::Busy(_) => Problem {
            after: Some(5),
            ..Problem::new(StatusCode::SERVICE_UNAVAILABLE, ApiRefusal::ControllerAway)
        },
        OrderError::Encode(_) | OrderError::NoKey(_) => {
            let why = Deny::OrderSignature;
            Problem::coded(StatusCode::FORBIDDEN, why.code(), why.sentence())
        }
        OrderError::Unanswered(_) => {
            let code = Code::OrderLost;
            Problem::coded(StatusCode::GATEWAY_TIMEOUT, code.as_str(), code.sentence())
        }
        OrderError::Refused(code) => match Deny::ALL.iter().find(|why| why.code() == &**code) {
            Some(why) => Problem::coded(StatusCode::CONFLICT, why.code(), why.sentence()),
            // A word of a newer controller.
            None => Problem::new(StatusCode::CONFLICT, ApiRefusal::NotPermitted),
        },
    }
}
