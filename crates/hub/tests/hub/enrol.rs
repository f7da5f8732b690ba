//! How a device is given its identity: once, with the right secret, in time.

use crate::device::*;
use crate::rig::*;
use core::time::Duration;
use lockward_hub::{ENROLMENT_LIFE, EnrolError};
use lockward_model::*;
use lockward_wire::EnrollSecret;
use lockward_wire::link::*;

fn refused(reply: &EnrollReply) -> &str {
    match reply {
        EnrollReply::Refused { code } => code,
        EnrollReply::Accepted { .. } => panic!("accepted"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_with_its_code_is_bound_and_linked() {
    let rig = Rig::new().await;
    let device = Device::enrolled(&rig, "gate-1", 7).await;
    let bound = rig.hub().office().site().controller(device.id).unwrap().key;
    assert_eq!(bound, Some(public(&device.pair)));
    rig.until(|b| *b == Body::Enrolled { controller: device.id, key: public(&key(7)) }).await;
    device.link(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_serves_once() {
    let rig = Rig::new().await;
    let code = Device::code(&rig, "gate-1");
    assert!(matches!(Device::ask(&rig, "gate-1", &code, &key(7)).await, EnrollReply::Accepted { .. }));
    assert_eq!(refused(&Device::ask(&rig, "gate-1", &code, &key(8)).await), "ENROLL_SECRET");
    assert_eq!(rig.until_refused("ENROLL_SECRET").await, Some("gate-1".parse().unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_and_a_wrong_name_are_told_apart_by_nobody() {
    let rig = Rig::new().await;
    Device::code(&rig, "gate-1");
    let wrong = EnrollCode::new(EnrollSecret::from_bytes([3; 32]), &rig.site);
    assert_eq!(refused(&Device::ask(&rig, "gate-1", &wrong, &key(7)).await), "ENROLL_SECRET");
    assert_eq!(refused(&Device::ask(&rig, "gate-9", &wrong, &key(7)).await), "ENROLL_SECRET");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_for_one_controller_alone() {
    let rig = Rig::new().await;
    let code = Device::code(&rig, "gate-1");
    assert_eq!(refused(&Device::ask(&rig, "gate-2", &code, &key(7)).await), "ENROLL_SECRET");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_code_serves_no_more() {
    let rig = Rig::new().await;
    let code = Device::code(&rig, "gate-1");
    rig.clock.forward(ENROLMENT_LIFE);
    assert_eq!(refused(&Device::ask(&rig, "gate-1", &code, &key(7)).await), "ENROLL_SECRET");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_held_is_not_bound() {
    let rig = Rig::new().await;
    let code = Device::code(&rig, "gate-1");
    let (mut wire, _) = Device::offered(&rig, &code).await;
    let of = |seed| public(&key(seed));
    let id = "gate-1".parse().unwrap();
    let request = EnrollRequest::signed(id, code.secret(), &rig.site, &key(7), of(8)).unwrap();
    wire.send(request.encode().unwrap()).await.unwrap();
    let reply = EnrollReply::decode(&wire.frame().await.unwrap()).unwrap();
    assert_eq!(refused(&reply), "ENROLL_PROOF");
    // The code was not used up by it.
    assert!(matches!(Device::ask(&rig, "gate-1", &code, &key(7)).await, EnrollReply::Accepted { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_certificate_that_expired_then_the_bound_key_alone_gets_another() {
    let rig = Rig::new().await;
    let mut device = Device::enrolled(&rig, "gate-1", 7).await;
    rig.clock.forward(Duration::from_secs(400 * 24 * 3_600));
    let nothing = EnrollCode::new(EnrollSecret::from_bytes([0; 32]), &rig.site);
    let EnrollReply::Accepted { chain } = Device::ask(&rig, "gate-1", &nothing, &key(7)).await else {
        panic!("refused")
    };
    device.chain = chain;
    device.link(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_code_is_made_for_what_can_not_enrol() {
    let rig = Rig::new().await;
    let office = rig.hub().office();
    let code = |id: &str| office.issue_enrolment(id.parse().unwrap());
    assert!(matches!(code("gate-9"), Err(EnrolError::Unknown(_))));
    Device::enrolled(&rig, "gate-1", 7).await;
    assert!(matches!(code("gate-1"), Err(EnrolError::Enrolled(_))));
    rig.change(vec![Change::RevokeController("gate-2".parse().unwrap())]).unwrap();
    assert!(matches!(code("gate-2"), Err(EnrolError::Revoked(_))));
    let (id, title) = ("odd-".parse().unwrap(), "Odd".parse().unwrap());
    rig.change(vec![Change::PutController { id, title }]).unwrap();
    assert!(matches!(code("odd-"), Err(EnrolError::Name(_))));
}
