//! `SIGNED-AUTHORITY`, from a change file: drafted, reviewed, signed by as many as the policies ask, and seen to arrive.

use crate::device::Device;
use crate::drafts::{Authenticator, hardened};
use crate::elsewhere::id;
use crate::rig::*;
use lockward_hub::*;
use lockward_model::*;
use lockward_wire::link::ToHub;
use std::time::Duration;

const GROUP: &str = "reason = \"New shift\"\n[[group]]\nid = \"night\"\ntitle = \"Night\"\n";
const HARDEN: &str = "[remove]\npolicies = [\"hub-signs\"]\n";
/// Every change takes two people.
const TWO: &str =
    r#"forbid (principal, action in Action::"change", resource) when { context.approvals < 2 };"#;

fn ada() -> OperatorId {
    id("ada")
}

fn office(rig: &Rig) -> &Office {
    rig.hub().office()
}

fn other(name: &str) -> Vec<Change> {
    vec![Change::PutGroup(Group { id: id(name), title: id(name) })]
}

fn refused(rig: &Rig, text: &str) -> String {
    office(rig).propose(text, ada()).unwrap_err().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_reviewed_signed_with_a_passkey_and_in_force() {
    let key = Authenticator::new();
    let rig = hardened(&key).await;
    let size = office(&rig).site().size();
    let view = office(&rig).propose(GROUP, ada()).unwrap();
    assert!(view.review.changes.contains("+ group night"), "{:?}", view.review);
    assert_eq!((view.changes, view.second, view.hub_will_do, view.overtaken), (1, false, false, false));
    assert_eq!(office(&rig).site().size(), size);
    let signed = office(&rig).sign_draft(view.id, ada(), &key.passkey(), key.touch(&view.message)).unwrap();
    assert_eq!((signed, office(&rig).site().groups().count()), (Signed::InForce(size), 1));
    assert!(office(&rig).waiting_drafts().is_empty());
    assert!(matches!(office(&rig).waiting_draft(view.id), Err(DraftError::Unknown)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_of_a_new_person_is_signed_as_its_own_key_sealed_it() {
    let key = Authenticator::new();
    let rig = hardened(&key).await;
    let text = "[[person]]\nid = \"grace\"\nname = \"Grace Hopper\"\n[[pin]]\nid = \"p\"\nperson = \"grace\"\npin = \"83651947\"\n";
    let view = office(&rig).propose(text, ada()).unwrap();
    let told = format!("{view:?}");
    assert!(!told.contains("Hopper") && !told.contains("83651947"), "{told}");
    office(&rig).sign_draft(view.id, ada(), &key.passkey(), key.touch(&view.message)).unwrap();
    let sealed = office(&rig).site().person(id("grace")).unwrap().sealed.unwrap();
    assert_eq!(office(&rig).open_person(id("grace"), &sealed).unwrap().name, "Grace Hopper");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_file_is_said_with_its_place_and_nothing_waits() {
    let rig = Rig::new().await;
    assert!(refused(&rig, "[[group]]\nid = \"a\"\n").contains("change:1:1: missing field `title`"));
    let dangling = "[[rule]]\nid = \"r\"\ntitle = \"R\"\ngroups = [\"gone\"]\nzones = [\"hall\"]\nfactors = [\"card\"]\n";
    let said = refused(&rig, dangling);
    assert!(said.starts_with("change:1:1: [[rule]] `r`: ") && said.contains("`gone`"), "{said}");
    assert!(said.ends_with("[CHANGE_INVALID]"), "{said}");
    assert!(refused(&rig, "[[group]]\nid = \"a\"\ntitel = \"A\"\n").contains("did you mean `title`?"));
    assert!(refused(&rig, &"#".repeat(DRAFT_TEXT_BYTES_MAX + 1)).contains("65537 bytes"));
    assert!(refused(&rig, "").starts_with("nothing to change"));
    assert!(office(&rig).waiting_drafts().is_empty());
    assert_eq!(office(&rig).site().groups().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_drafts_only_what_it_may_sign() {
    let rig = Rig::new().await;
    let eve = Operator::with_key(id("eve"), id("eve"), public(&key(9)), vec![id("guard")]);
    rig.change(vec![Change::PutOperator(eve)]).unwrap();
    let said = office(&rig).propose(GROUP, id("eve")).unwrap_err().to_string();
    assert!(said.contains("[[group]] `night`: the policies in force do not let operator `eve`"), "{said}");
    assert!(matches!(office(&rig).propose(GROUP, id("nobody")), Err(DraftError::Unseen)));
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_policy_that_asks_for_two_then_one_signature_waits_and_a_second_persons_completes_it() {
    let (first, second) = (Authenticator::new(), Authenticator::new());
    let rig = hardened(&first).await;
    let title = || id("key");
    let mut bob = Operator::with_key(id("bob"), id("bob"), public(&key(9)), vec![id("owner")]);
    bob.keys.push(OperatorKey { title: title(), key: SigningKey::Passkey(second.passkey()) });
    let policy = PolicyText { id: id("two"), text: TWO.into() };
    rig.change(vec![Change::PutOperator(bob), Change::PutPolicy(policy)]).unwrap();
    let office = office(&rig);
    let view = office.propose(GROUP, ada()).unwrap();
    assert!(view.second && !view.hub_will_do);
    let touch = || first.touch(&view.message);
    assert_eq!(office.sign_draft(view.id, ada(), &first.passkey(), touch()).unwrap(), Signed::Waits);
    let waits = office.waiting_draft(view.id).unwrap();
    assert_eq!((waits.signed.as_slice(), waits.message == view.message), (&[ada()][..], true));
    // Nobody is two people, and nobody signs with another's key.
    let again = office.sign_draft(view.id, ada(), &first.passkey(), touch()).unwrap_err();
    assert!(matches!(again, DraftError::SignedAlready(_)), "{again}");
    let borrowed = office.sign_draft(view.id, id("bob"), &first.passkey(), touch()).unwrap_err();
    assert!(matches!(borrowed, DraftError::OtherPasskey(_)), "{borrowed}");
    assert!(matches!(office.sign_draft_for(view.id, id("bob")), Err(DraftError::PeopleSign)));
    let touch = second.touch(&view.message);
    let signed = office.sign_draft(view.id, id("bob"), &second.passkey(), touch).unwrap();
    assert!(matches!(signed, Signed::InForce(_)));
    assert_eq!(office.site().groups().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_that_was_overtaken_says_so_and_is_drafted_again_as_the_site_is_now() {
    let key = Authenticator::new();
    let rig = hardened(&key).await;
    let office = office(&rig);
    let old =
        office.propose(&format!("{GROUP}[[group]]\nid = \"first\"\ntitle = \"first\"\n"), ada()).unwrap();
    rig.change(other("first")).unwrap();
    assert!(office.waiting_draft(old.id).unwrap().overtaken);
    let late = office.sign_draft(old.id, ada(), &key.passkey(), key.touch(&old.message)).unwrap_err();
    assert!(matches!(late, DraftError::Overtaken), "{late}");
    assert!(matches!(office.draft_again(old.id, id("bob")), Err(DraftError::NotYours(_))));
    let new = office.draft_again(old.id, ada()).unwrap();
    assert_eq!((new.id, new.changes, new.unchanged, new.overtaken), (old.id, 1, 1, false));
    // Whoever still looks at the old page signs nothing.
    let stale = office.sign_draft(new.id, ada(), &key.passkey(), key.touch(&old.message)).unwrap_err();
    assert!(matches!(stale, DraftError::Change(_)), "{stale}");
    office.sign_draft(new.id, ada(), &key.passkey(), key.touch(&new.message)).unwrap();
    assert_eq!(office.site().groups().count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hub_signs_in_an_operators_place_where_the_site_takes_its_word_and_nowhere_else() {
    let rig = Rig::new().await;
    let office = office(&rig);
    let view = office.propose(HARDEN, ada()).unwrap();
    assert!(view.hub_will_do);
    assert!(view.review.to_string().contains("From now on people sign"), "{}", view.review);
    let waits = office.propose(GROUP, ada()).unwrap();
    office.sign_draft_for(view.id, ada()).unwrap();
    let again = office.draft_again(waits.id, ada()).unwrap();
    assert!(!again.hub_will_do);
    assert!(matches!(office.sign_draft_for(again.id, ada()), Err(DraftError::PeopleSign)));
    assert_eq!(office.site().groups().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn drafts_are_bounded_withdrawn_and_gone_after_a_day_or_with_whoever_drafted_them() {
    let rig = Rig::new().await;
    let office = office(&rig);
    let all: Vec<_> = (0..DRAFTS_EACH_MAX).map(|_| office.propose(GROUP, ada()).unwrap().id).collect();
    assert!(matches!(office.propose(GROUP, ada()), Err(DraftError::Full)));
    assert!(matches!(office.withdraw_draft(all[0], id("bob")), Err(DraftError::NotYours(_))));
    office.withdraw_draft(all[0], ada()).unwrap();
    let bob = Operator::with_key(id("bob"), id("bob"), public(&key(9)), vec![id("owner")]);
    rig.change(vec![Change::PutOperator(bob)]).unwrap();
    office.propose(GROUP, id("bob")).unwrap();
    assert_eq!(office.waiting_drafts().len(), DRAFTS_EACH_MAX);
    rig.change(vec![Change::RemoveOperator(id("bob"))]).unwrap();
    assert_eq!(office.waiting_drafts().len(), DRAFTS_EACH_MAX - 1);
    rig.clock.forward(DRAFT_LIFE + Duration::from_secs(1));
    assert!(office.waiting_drafts().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_in_force_on_as_many_controllers_as_said_so() {
    let rig = Rig::new().await;
    let device = Device::enrolled(&rig, "gate-1", 21).await;
    let mut linked = device.link(0).await;
    let at = rig.change(other("a")).unwrap();
    assert_eq!(rig.hub().arrival(at).counts(), (0, 1));
    let head = rig.hub().office().site().size();
    linked.wire.say(&ToHub::Applied(ConfigRef { size: head, root: Digest([0; 32]) })).await;
    for _ in 0..200 {
        if rig.hub().arrival(at).counts() == (1, 1) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let arrival = rig.hub().arrival(at);
    assert_eq!(arrival.controllers, [(id("gate-1"), Has::InForce)]);
    assert_eq!(arrival.doors, [(id("door-1"), Has::InForce)]);
    assert_eq!(rig.hub().arrival(at + 1).controllers, [(id("gate-1"), Has::Soon)]);
}
