//! Orders from afar: who may order a door is obeyed, after the record and within what no order overrides.

use crate::far::{Far, signed};
use crate::house::{ANN, DOORS, FRONT, LAB, OPEN, OWNER, SHUT, VAULT, card, door, id};
use crate::rig::{NONE, Seen};
use crate::touch::Authenticator;
use core::num::NonZeroU16;
use core::time::Duration;
use lockward_controller::core::Input;
use lockward_door::State;
use lockward_model::OrderAct::{Hold, Release, Unlock};
use lockward_model::*;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);

#[test]
fn an_operator_opens_a_hardened_site_with_an_operator_key_and_with_a_passkey() {
    let key = Authenticator::new("hub.example", "https://hub.example");
    let mut ivy = Operator::with_key(id("ivy"), id("Ivy"), crate::house::key(41), vec![id("owner")]);
    ivy.keys = vec![OperatorKey { title: id("Phone"), key: SigningKey::Passkey(key.passkey()) }];
    let mut far = Far::hardened(1, vec![Change::PutOperator(ivy)]);
    let order = far.order(FRONT, Unlock);
    let (answer, seen) = far.hand(key.order(&order));
    assert_eq!((answer, seen.late), (Some(Ok(())), vec![FRONT]));
    far.rig.pass(10 * SECOND);
    let seen = far.obeys(VAULT, Unlock);
    assert_eq!((seen.early, seen.late), (vec![], vec![VAULT]));
    far.rig.pass(10 * SECOND);
    far.refuses("the passkey's again", key.order(&order), Deny::OrderReplayed);
    let codes: Vec<Code> = far.rig.bodies_so_far().iter().map(Body::code).collect();
    assert_eq!(codes.iter().filter(|c| **c == Code::OrderGiven).count(), 2);
    far.all_shut();
}

#[test]
fn record_first_given_an_order_then_no_bolt_moves_and_nothing_is_said_before_its_record_is_durable() {
    for act in [Unlock, Hold(HOUR)] {
        let mut far = Far::hardened(2, vec![]);
        let order = far.order(FRONT, act);
        let (question, mut seen) = far.hand_only(signed(&order, &[OWNER]));
        assert_eq!((seen.released(), far.answer(question, &seen)), (vec![], None));
        let given = |far: &Far| far.rig.count(Code::OrderGiven);
        assert_eq!(given(&far), 0);
        while far.answer(question, &seen).is_none() {
            assert_eq!(seen.released(), NONE);
            assert!(far.rig.step(&mut seen));
        }
        assert_eq!((given(&far), seen.late), (1, vec![FRONT]));
    }
    // One that is refused is told so as late.
    let mut far = Far::hardened(2, vec![]);
    let order = far.order(FRONT, Unlock);
    let (question, seen) = far.hand_only(signed(&order, &[]));
    assert_eq!(far.answer(question, &seen), None);
}

#[test]
fn record_first_given_a_disk_that_hangs_or_fails_then_an_order_is_not_obeyed_and_that_is_said() {
    let not_done = Some(Err(Deny::NotRecorded.code().into()));
    let mut far = Far::hardened(3, vec![]);
    let orders: Vec<Order> = (0..2).map(|_| far.order(FRONT, Hold(HOUR))).collect();
    let vault = far.order(VAULT, Unlock);
    far.rig.hangs = true;
    let (first, mut seen) = far.hand_only(signed(&orders[0], &[OWNER]));
    far.rig.settle(&mut seen);
    assert_eq!((far.answer(first, &seen), seen.released()), (None, vec![]));
    let late = far.rig.settled_after(6 * SECOND);
    assert_eq!((far.answer(first, &late), late.released()), (not_done.clone(), vec![]));
    let (answer, seen) = far.hand(signed(&orders[1], &[OWNER]));
    assert_eq!((answer, seen.released()), (not_done.clone(), vec![]), "at once, once it is known to hang");
    far.rig.hangs = false;
    let seen = far.rig.pass(10 * SECOND);
    assert_eq!(seen.released(), NONE, "not even later");
    far.rig.disk.fail_sync_after(0);
    let (answer, seen) = far.hand(signed(&vault, &[OWNER]));
    assert_eq!((answer, seen.released()), (not_done, vec![]));
    far.rig.disk.heal();
    far.rig.pass(10 * SECOND);
    assert!(far.refusals().iter().all(|(_, why)| *why == Deny::NotRecorded), "{:?}", far.refusals().len());
    assert!(!far.refusals().is_empty());
    far.obeys(VAULT, Unlock);
    far.rig.pass(10 * SECOND);
    far.all_shut();
}

#[test]
fn an_order_to_open_is_one_opening_and_ends_by_itself() {
    let mut far = Far::hardened(4, vec![]);
    far.obeys(FRONT, Unlock);
    assert_eq!(far.rig.state(FRONT), State::Granted);
    far.rig.turn(vec![Input::Contact(FRONT, OPEN)]);
    assert!(!far.rig.out[FRONT], "it relocks as it opens");
    far.rig.turn(vec![Input::Contact(FRONT, SHUT)]);
    far.rig.turn(vec![Input::Contact(FRONT, OPEN)]);
    assert_eq!(far.rig.state(FRONT), State::Forced, "the next opening is on nothing");
    far.rig.turn(vec![Input::Contact(FRONT, SHUT)]);
    far.obeys(FRONT, Unlock);
    far.rig.pass(4 * SECOND);
    assert!(far.rig.bodies_so_far().contains(&Body::NotEntered));
    far.all_shut();
}

#[test]
fn a_hold_ends_by_the_controllers_own_clock_by_order_by_lockdown_and_when_the_door_is_no_longer_its_own() {
    let mut far = Far::hardened(5, vec![]);
    far.obeys(FRONT, Hold(HOUR));
    assert_eq!(far.rig.state(FRONT), State::Order);
    far.rig.part(&mut far.hub);
    far.rig.pass(HOUR - SECOND);
    assert!(far.rig.out[FRONT]);
    far.rig.pass(SECOND);
    assert!(!far.rig.out[FRONT], "without the hub");
    far.rig.meet(&mut far.hub);
    far.obeys(FRONT, Hold(HOUR));
    far.obeys(FRONT, Release);
    assert!(!far.rig.out[FRONT]);
    let says = |far: &mut Far, change| {
        far.obeys(FRONT, Hold(HOUR));
        assert!(far.rig.out[FRONT]);
        far.changes(vec![change]);
        assert!(!far.rig.out[FRONT]);
    };
    says(&mut far, Change::LockDown(id("house")));
    let order = far.order(FRONT, Unlock);
    far.refuses("in a lockdown", signed(&order, &[OWNER]), Deny::Lockdown);
    far.obeys(FRONT, Release);
    far.changes(vec![Change::LiftLockdown(id("house"))]);
    assert!(!far.rig.out[FRONT], "and it is not free again afterwards");
    says(&mut far, Change::PutDoor(Door { controller: id("other"), ..door("front") }));
    far.all_shut();
}

#[test]
fn given_a_lockdown_between_an_order_and_its_record_then_nothing_is_done_and_that_is_said() {
    for act in [Unlock, Hold(HOUR)] {
        let mut far = Far::hardened(6, vec![]);
        let order = far.order(FRONT, act);
        far.hub.house.change(vec![Change::LockDown(id("house"))]);
        let entries = far.hub.entries_from(far.hub.house.size() - 1).unwrap();
        let (question, _) = far.hand_only(signed(&order, &[OWNER]));
        let mut seen = far.rig.take(vec![Input::Hub(Box::new(entries))]);
        far.rig.settle(&mut seen);
        far.rig.house = far.hub.house.clone();
        assert_eq!(far.answer(question, &seen), Some(Err(Deny::Lockdown.code().into())));
        assert_eq!(seen.released(), NONE);
        assert!(far.rig.bodies_so_far().contains(&Body::NotEntered), "on record too");
        far.all_shut();
    }
}

#[test]
fn without_a_configuration_and_when_revoked_a_controller_obeys_nobody_and_says_so() {
    let mut far = Far::hardened(7, vec![]);
    far.obeys(FRONT, Hold(HOUR));
    let order = far.order(FRONT, Unlock);
    far.changes(vec![Change::RevokeController(id("dock"))]);
    assert!(!far.rig.out[FRONT], "its holds end");
    far.refuses("revoked", signed(&order, &[OWNER]), Deny::NoConfiguration);
    far.all_shut();
}

#[test]
fn orders_count_for_mass_opening_as_badges_do_and_over_restarts() {
    let limit = OpeningLimit {
        doors: NonZeroU16::new(2).unwrap(),
        within: OpeningWindow::new(Duration::from_secs(60)).unwrap(),
        approvers: None,
    };
    let rules = ZoneRules { openings: Some(limit), ..ZoneRules::default() };
    let zone = Change::PutZone(Zone { id: id("house"), title: id("House"), parent: None, rules });
    let mut far = Far::hardened(8, vec![zone]);
    assert!(far.badges(FRONT, ANN));
    far.obeys(LAB, Hold(SECOND));
    far.rig.pass(2 * SECOND);
    let order = far.order(VAULT, Unlock);
    far.refuses("the third door", signed(&order, &[OWNER]), Deny::OpeningsSpent);
    assert_eq!(far.rig.count(Code::MassOpenBlocked), 1, "told as for a badge");
    far.obeys(FRONT, Release);
    let Far { rig, hub, .. } = far;
    let mut far = Far::again(rig.power_cut(1), hub);
    let order = far.order(VAULT, Unlock);
    far.refuses("after a restart too", signed(&order, &[OWNER]), Deny::OpeningsSpent);
    assert!(far.badges(FRONT, ANN));
    far.all_shut();
}

/// The front and the vault, one door at a time.
fn airlock() -> Vec<Change> {
    let airlock = Some(Airlock { id: id("lock"), alone: Alone::Refuse });
    let of = |n: usize| {
        let rules = DoorRules { airlock, ..DoorRules::default() };
        Change::PutDoor(Door { rules, ..door(DOORS[n]) })
    };
    vec![of(FRONT), of(VAULT)]
}

#[test]
fn an_order_opens_one_door_of_an_airlock_at_a_time() {
    let mut far = Far::hardened(9, airlock());
    far.rig.turn(vec![Input::Contact(FRONT, SHUT), Input::Contact(VAULT, SHUT)]);
    far.obeys(FRONT, Unlock);
    let order = far.order(VAULT, Unlock);
    far.refuses_open("beside an order", signed(&order, &[OWNER]), Deny::AirlockBusy);
    far.rig.pass(10 * SECOND);
    let seen = far.rig.turn(vec![card(FRONT, ANN)]);
    assert_eq!(seen.late, [FRONT]);
    let order = far.order(VAULT, Hold(HOUR));
    far.refuses_open("beside a badge", signed(&order, &[OWNER]), Deny::AirlockBusy);
    far.rig.pass(10 * SECOND);
    // Two in one turn.
    let orders = [far.order(FRONT, Unlock), far.order(VAULT, Unlock)].map(|order| signed(&order, &[OWNER]));
    let [(first, mut seen), (second, more)] = orders.map(|envelope| far.hand_only(envelope));
    seen.sent.extend(more.sent);
    far.rig.settle(&mut seen);
    assert_eq!(far.answer(first, &seen), Some(Ok(())));
    assert_eq!(far.answer(second, &seen), Some(Err(Deny::AirlockBusy.code().into())));
    assert_eq!(seen.late, [FRONT]);
    far.rig.pass(10 * SECOND);
    far.all_shut();
}

#[test]
fn an_answer_of_an_old_link_is_not_given_on_a_new_one() {
    let mut far = Far::hardened(10, vec![]);
    let order = far.order(FRONT, Unlock);
    let (question, _) = far.hand_only(signed(&order, &[OWNER]));
    far.hub.unlinked();
    let mut seen = far.rig.take(vec![Input::Unlinked]);
    let linked = far.rig.take(vec![Input::Linked]);
    far.rig.settle(&mut seen);
    assert_eq!(seen.late, [FRONT], "its record says that it was obeyed");
    let said: Vec<_> = linked.sent.into_iter().chain(seen.sent).collect();
    assert_eq!(far.answer(question, &Seen { sent: said, ..Seen::default() }), None);
    far.rig.pass(10 * SECOND);
    far.all_shut();
}
