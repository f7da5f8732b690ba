//! Orders over a real link: what the controller is sent is what was signed, and what it answers is what is told.

use crate::device::*;
use crate::elsewhere::{Gate, id};
use crate::rig::*;
use lockward_hub::{OrderError, Running};
use lockward_model::*;
use lockward_wire::config::{Envelope, Payload};
use lockward_wire::link::*;

async fn unlock(hub: &Running) -> Result<(), OrderError> {
    hub.order(id("ada"), id("door-1"), OrderAct::Unlock, None).await
}

pub async fn asked_for_nonce(wire: &mut Wire) -> u32 {
    wire.until(|word| match word {
        ToController::WantNonce { question } => Some(question),
        _ => None,
    })
    .await
}

pub async fn given(wire: &mut Wire) -> (u32, Vec<u8>) {
    wire.until(|word| match word {
        ToController::Order { question, envelope } => Some((question, envelope)),
        _ => None,
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_bears_the_controllers_number_and_its_answer_is_told() {
    let rig = Rig::new().await;
    let mut gate = Gate::enrolled(&rig, "gate-1", 11).await;
    for refused in [None, Some("LOCKDOWN".into())] {
        let controller = async {
            let question = asked_for_nonce(&mut gate.wire).await;
            gate.wire.say(&ToHub::Nonce { question, nonce: Some(Nonce([7; 16])) }).await;
            let (question, envelope) = given(&mut gate.wire).await;
            gate.wire.say(&ToHub::Ordered { question, refused: refused.clone() }).await;
            envelope
        };
        let (told, envelope) = tokio::join!(unlock(rig.hub()), controller);
        let envelope = Envelope::parse(&envelope).unwrap();
        let Payload::Order(order) = envelope.payload().unwrap() else { panic!("no order") };
        assert_eq!((order.nonce, order.door), (Nonce([7; 16]), id("door-1")));
        assert_eq!((order.controller, order.on_behalf), (id("gate-1"), Some(id("ada"))));
        let hub = rig.hub().office().site().founding().hub.signing_key();
        assert!(envelope.verified_by(&hub));
        match (told, refused) {
            (Ok(()), None) => {}
            (Err(OrderError::Refused(code)), Some(said)) => assert_eq!(code, said),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_sent_is_told_as_not_done() {
    let rig = Rig::new().await;
    assert!(matches!(unlock(rig.hub()).await, Err(OrderError::Away(_))));
    let nowhere = rig.hub().order(id("ada"), id("nowhere"), OrderAct::Release, None).await;
    assert!(matches!(nowhere, Err(OrderError::NoDoor(_))));
    let mut gate = Gate::enrolled(&rig, "gate-1", 11).await;
    let controller = async {
        let question = asked_for_nonce(&mut gate.wire).await;
        gate.wire.say(&ToHub::Nonce { question, nonce: None }).await;
    };
    let (told, ()) = tokio::join!(unlock(rig.hub()), controller);
    assert!(matches!(told, Err(OrderError::Busy(_))), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_and_not_answered_is_never_told_as_done() {
    let rig = Rig::new().await;
    let mut gate = Gate::enrolled(&rig, "gate-1", 11).await;
    let controller = async {
        let question = asked_for_nonce(&mut gate.wire).await;
        gate.wire.say(&ToHub::Nonce { question, nonce: Some(Nonce([7; 16])) }).await;
        given(&mut gate.wire).await;
        // The link is lost before the answer; another answers a question that nobody asked.
        drop(gate);
    };
    let (told, ()) = tokio::join!(unlock(rig.hub()), controller);
    assert!(matches!(told, Err(OrderError::Unanswered(_))), "{told:?}");
    let event = rig.until(|body| matches!(body, Body::OrderLost { .. })).await;
    let ada = Some(id("ada"));
    assert_eq!(event.body, Body::OrderLost { controller: id("gate-1"), operator: ada, service: None });
}
