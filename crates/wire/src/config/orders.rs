//! Orders in JSON: signed as an entry of the config log is, and never one, since the type is under the signature.

use super::payload::PayloadError;
use crate::spelling::{Hex, Said};
use core::time::Duration;
use lockward_model::{ControllerId, DoorId, Nonce, OperatorId, Order, OrderAct, SiteId, Text, Time};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OrderV1 {
    site: Hex<32>,
    controller: Said<ControllerId>,
    door: Said<DoorId>,
    act: ActV1,
    nonce: Hex<16>,
    until_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    on_behalf: Option<Said<OperatorId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Said<Text>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ActV1 {
    Unlock,
    HoldMs(u64),
    Release,
}

impl From<&Order> for OrderV1 {
    fn from(o: &Order) -> Self {
        Self {
            site: Hex(o.site.0),
            controller: Said(o.controller),
            door: Said(o.door),
            act: match o.act {
                OrderAct::Unlock => ActV1::Unlock,
                OrderAct::Hold(span) => ActV1::HoldMs(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)),
                OrderAct::Release => ActV1::Release,
            },
            nonce: Hex(o.nonce.0),
            until_ms: o.until.0,
            on_behalf: o.on_behalf.map(Said),
            reason: o.reason.clone().map(Said),
        }
    }
}

impl TryFrom<OrderV1> for Order {
    type Error = PayloadError;
    fn try_from(o: OrderV1) -> Result<Self, PayloadError> {
        let act = match o.act {
            ActV1::Unlock => OrderAct::Unlock,
            ActV1::HoldMs(ms) if (1..=OrderAct::HOLD_MAX.as_millis()).contains(&u128::from(ms)) => {
                OrderAct::Hold(Duration::from_millis(ms))
            }
            ActV1::HoldMs(_) => {
                return Err(PayloadError::Part("a hold of no time, or of more than 12 hours"));
            }
            ActV1::Release => OrderAct::Release,
        };
        Ok(Self {
            site: SiteId(o.site.0),
            controller: o.controller.0,
            door: o.door.0,
            act,
            nonce: Nonce(o.nonce.0),
            until: Time(o.until_ms),
            on_behalf: o.on_behalf.map(|p| p.0),
            reason: o.reason.map(|r| r.0),
        })
    }
}
