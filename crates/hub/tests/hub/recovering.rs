//! The day on which every key is lost: the paper makes an owner, who gets in again; and whoever has read the paper does not.

use crate::authenticator::Authenticator;
use crate::change_pages::{draft, harden, page};
use crate::elsewhere::id;
use crate::rig::*;
use crate::sign_in::{in_session, link_key, origin, post, register_by_link, said, set_up, sign_in};
use aws_lc_rs::signature::Ed25519KeyPair;
use lockward_model::*;
use serde_json::{Value, json};

fn by_paper(rig: &Rig) -> Ed25519KeyPair {
    let eve = Operator::with_key(id("eve"), id("Eve"), public(&key(9)), vec![id("owner")]);
    let mut draft = rig.hub().office().draft(vec![Change::Recover(eve)], None).unwrap();
    draft.sign_with_key(&rig.paper()).unwrap();
    rig.hub().office().append_draft(&draft).unwrap();
    key(9)
}

/// Announced, waited for, and done.
fn recovered(rig: &Rig) -> Ed25519KeyPair {
    by_paper(rig);
    assert_eq!(rig.hub().set_up_url(), None, "not before the day is over");
    rig.clock.forward(lockward_site::RECOVERY_WAIT);
    by_paper(rig)
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_recovery_key_made_registers_a_passkey_though_lost_ones_are_still_in_the_log() {
    let (rig, _lost) = set_up().await;
    recovered(&rig);
    let link = rig.hub().set_up_url().unwrap();
    let mut new = Authenticator::new(&origin(&rig));
    let answer = register_by_link(&rig, &link_key(&link), &mut new).await;
    assert_eq!(said(&answer)["to"], "/sign-in?registered=1", "{}", answer.text());
    assert_eq!(rig.hub().set_up_url(), None, "one passkey, and no more");
    assert_eq!(said(&sign_in(&rig, &mut new, "").await)["to"], "/");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_hardened_site_the_recovered_owners_passkey_counts_when_the_key_file_has_signed_for_it() {
    let (rig, _lost) = set_up().await;
    harden(&rig);
    let file = recovered(&rig);
    let link = rig.hub().set_up_url().unwrap();
    let mut new = Authenticator::new(&origin(&rig));
    let answer = said(&register_by_link(&rig, &link_key(&link), &mut new).await);
    assert_eq!(answer["to"], Value::Null);
    assert_ne!(said(&sign_in(&rig, &mut new, "").await)["to"], "/", "nobody has signed for it");
    let record = answer["record"].as_str().unwrap();
    let office = rig.hub().office();
    let drafted = office.draft_file(record, id("eve")).unwrap();
    let mut draft = drafted.draft;
    draft.sign_with_key(&file).unwrap();
    office.append_draft(&draft).unwrap();
    assert_eq!(said(&sign_in(&rig, &mut new, "").await)["to"], "/");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_recovery_key_announced_is_ended_on_the_page_of_changes_by_a_touch() {
    let (rig, mut owner) = set_up().await;
    let cookie = in_session(&rig, &mut owner).await;
    assert!(!page(&rig, "/changes", &cookie).await.contains("The recovery key was used"));
    by_paper(&rig);
    let told = page(&rig, "/changes", &cookie).await;
    assert!(told.contains("The recovery key was used") && told.contains("Eve"), "{told}");
    let place = draft(&rig, &cookie, "end_recovery = true\n").await;
    let asked = said(&post(&rig, &format!("{place}/sign/start"), &cookie, Value::Null).await);
    let body = json!({ "credential": owner.sign(&asked["publicKey"]) });
    assert_eq!(post(&rig, &format!("{place}/sign/finish"), &cookie, body).await.status, 200);
    assert!(rig.hub().office().site().recovery().is_none());
    let cancelled = Body::Recovery { operator: None, step: RecoveryStep::Cancelled };
    rig.until(|body| *body == cancelled).await;
    rig.clock.forward(lockward_site::RECOVERY_WAIT);
    by_paper(&rig);
    assert!(rig.hub().office().site().operator(id("eve")).is_none(), "announced anew, and not made");
}
