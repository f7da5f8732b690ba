//! Where people are: anti-passback, how many are inside, and what other controllers tell. Leaving is never refused.

use crate::house::{ANN, BEN, FRONT, OPEN, SHUT, VAULT, card, door, id};
use crate::rig::Rig;
use crate::ruled::{hall, passback, refused, ruled};
use core::num::NonZeroU32;
use core::time::Duration;
use lockward_controller::core::Input;
use lockward_door::Wire;
use lockward_model::*;
use lockward_wire::link::{Elsewhere, ToController};

fn hard() -> Vec<Change> {
    hall(passback(PassbackMode::Hard, Alone::Own))
}

#[test]
fn given_hard_anti_passback_then_nobody_enters_twice_and_everybody_leaves() {
    let (mut rig, _) = ruled(1, hard());
    assert!(rig.enters(VAULT, ANN));
    assert!(!rig.enters(VAULT, ANN), "she is in");
    assert_eq!(rig.last_why(), Some(Deny::Passback));
    assert!(rig.enters(VAULT, BEN), "he is not");
    assert!(rig.leaves(VAULT, ANN));
    assert!(rig.leaves(VAULT, ANN), "leaving is never refused");
    assert!(rig.enters(VAULT, ANN), "and she is out");
}

#[test]
fn given_a_grant_on_which_nobody_opened_then_nobody_is_taken_to_have_entered() {
    let (mut rig, _) = ruled(2, hard());
    assert!(rig.badge(VAULT, ANN).granted(VAULT));
    rig.pass(Duration::from_secs(6));
    assert_eq!(rig.count(Code::NotEntered), 1);
    assert!(rig.enters(VAULT, ANN));
}

#[test]
fn given_soft_anti_passback_then_the_door_opens_and_the_record_says_it() {
    let (mut rig, _) = ruled(3, hall(passback(PassbackMode::Soft, Alone::Own)));
    assert!(rig.enters(VAULT, ANN));
    assert!(rig.enters(VAULT, ANN));
    assert_eq!(rig.last_access().known.passback, PassbackFact::Inside);
}

#[test]
fn given_timed_anti_passback_then_one_enters_again_when_the_time_is_over() {
    let span = PassbackTime::new(Duration::from_secs(60)).unwrap();
    let (mut rig, _) = ruled(4, hall(passback(PassbackMode::Timed(span), Alone::Own)));
    assert!(rig.enters(VAULT, ANN) && rig.leaves(VAULT, ANN));
    assert!(!rig.enters(VAULT, ANN));
    assert_eq!(rig.last_why(), Some(Deny::PassbackTooSoon));
    rig.pass(Duration::from_secs(60));
    assert!(rig.enters(VAULT, ANN));
}

#[test]
fn given_a_restart_then_who_is_inside_is_still_inside() {
    let (mut rig, _) = ruled(5, hard());
    assert!(rig.enters(VAULT, ANN));
    let mut rig = rig.power_cut(1);
    assert!(!rig.enters(VAULT, ANN), "from its records");
    rig.pass(Duration::from_secs(30));
    let mut rig = rig.power_cut(2).power_cut(3);
    assert!(!rig.enters(VAULT, ANN), "from a summary");
    assert!(rig.leaves(VAULT, ANN));
    assert!(rig.power_cut(4).enters(VAULT, ANN));
}

#[test]
fn given_a_power_cut_between_the_grant_and_the_opening_then_nobody_is_inside() {
    let (mut rig, _) = ruled(6, hard());
    assert!(rig.badge(VAULT, ANN).granted(VAULT));
    assert!(rig.power_cut(1).enters(VAULT, ANN));
}

#[test]
fn given_that_somebody_is_forgiven_then_they_enter_again_after_a_restart_too() {
    let (mut rig, mut hub) = ruled(7, hard());
    assert!(rig.enters(VAULT, ANN) && rig.enters(VAULT, BEN));
    hub.house.change(vec![Change::Forgive(Forgiven::Person(id("ann")))]);
    rig.meet(&mut hub);
    rig.house = hub.house.clone();
    let mut rig = rig.power_cut(1);
    assert!(rig.enters(VAULT, ANN), "forgiven");
    assert!(!rig.enters(VAULT, BEN), "not forgiven");
    assert!(!rig.enters(VAULT, ANN), "once");
}

#[test]
fn given_a_full_zone_then_nobody_more_enters_until_one_has_left() {
    let rules = ZoneRules { most: NonZeroU32::new(1), ..ZoneRules::default() };
    let (mut rig, _) = ruled(8, hall(rules));
    assert!(rig.enters(VAULT, ANN));
    assert!(!rig.enters(VAULT, BEN));
    assert_eq!(rig.last_why(), Some(Deny::ZoneFull));
    assert!(rig.leaves(VAULT, ANN));
    assert!(rig.enters(VAULT, BEN));
}

/// One place in the hall, which the vault's door leads into.
fn one_place(seed: u64) -> Rig {
    let rules = ZoneRules { most: NonZeroU32::new(1), ..ZoneRules::default() };
    ruled(seed, hall(rules)).0
}

#[test]
fn the_limit_counts_those_who_are_still_on_their_way_in() {
    let mut rig = one_place(22);
    assert!(rig.badge(VAULT, ANN).granted(VAULT));
    assert!(refused(&rig.badge(VAULT, BEN), VAULT), "she has not opened yet");
    assert_eq!(rig.last_why(), Some(Deny::ZoneFull));
    rig.turn(vec![Input::Contact(VAULT, OPEN)]);
    rig.turn(vec![Input::Contact(VAULT, SHUT)]);
    rig.skip(Duration::from_secs(10));
    assert!(!rig.enters(VAULT, BEN), "she is in");
    assert!(rig.leaves(VAULT, ANN));
    assert!(rig.enters(VAULT, BEN));
}

#[test]
fn of_two_who_badge_at_two_doors_in_one_moment_the_limit_lets_one_in() {
    let rules = ZoneRules { most: NonZeroU32::new(1), ..ZoneRules::default() };
    let mut changes = hall(rules);
    changes.push(Change::PutDoor(Door { from: Some(id("house")), to: id("hall"), ..door("front") }));
    let (mut rig, _) = ruled(23, changes);
    let seen = rig.turn(vec![card(VAULT, ANN), card(FRONT, BEN)]);
    assert_eq!((seen.released(), rig.last_why()), (vec![VAULT], Some(Deny::ZoneFull)));
}

#[test]
fn whoever_badges_again_on_their_way_in_is_counted_once() {
    let mut rig = one_place(24);
    assert!(rig.badge(VAULT, ANN).granted(VAULT));
    rig.skip(Duration::from_secs(1));
    rig.badge(VAULT, ANN);
    assert_eq!((rig.count(Code::AccessGranted), rig.count(Code::AccessDenied)), (2, 0));
}

#[test]
fn a_grant_that_nobody_used_gives_its_place_back() {
    let mut rig = one_place(25);
    assert!(rig.badge(VAULT, ANN).granted(VAULT));
    rig.pass(Duration::from_secs(6));
    assert_eq!(rig.count(Code::NotEntered), 1);
    assert!(rig.enters(VAULT, BEN));
}

/// The house has a door of another controller.
fn house_kept(alone: Alone) -> Vec<Change> {
    let rules = passback(PassbackMode::Hard, alone);
    vec![Change::PutZone(Zone { id: id("house"), title: id("House"), parent: None, rules })]
}

fn touch(rig: &mut Rig, linked: bool) {
    let at = rig.now.wall;
    tell(rig, vec![Elsewhere::Touch { controller: id("other"), linked, at }]);
}

fn tell(rig: &mut Rig, facts: Vec<Elsewhere>) {
    rig.turn(vec![Input::Hub(Box::new(ToController::Elsewhere { anew: false, facts }))]);
}

#[test]
fn given_a_controller_out_of_touch_then_what_the_area_declares_holds_and_is_told_once() {
    for (alone, enters) in [(Alone::Refuse, false), (Alone::Open, true)] {
        let (mut rig, _) = ruled(9, house_kept(alone));
        rig.pass(Duration::from_secs(30));
        assert_eq!(rig.enters(FRONT, ANN), enters, "{alone:?}");
        assert_eq!(rig.last_access().known.passback, PassbackFact::Alone);
        assert!(rig.leaves(FRONT, ANN));
        touch(&mut rig, true);
        assert!(rig.enters(FRONT, ANN), "in touch");
        assert!(!rig.enters(FRONT, ANN), "in touch, and inside");
        touch(&mut rig, false);
        let mut rig = rig.power_cut(1);
        rig.pass(Duration::from_secs(60));
        assert_eq!((rig.count(Code::PassbackDegraded), rig.count(Code::PassbackRestored)), (2, 1));
    }
}

#[test]
fn given_a_start_then_nobody_is_called_out_of_touch_before_the_link_had_its_time() {
    let (mut rig, mut hub) = ruled(20, house_kept(Alone::Refuse));
    rig.pass(Duration::from_secs(20));
    assert!(!rig.enters(FRONT, ANN), "what is declared holds from the first moment on");
    rig.meet(&mut hub);
    touch(&mut rig, true);
    rig.pass(Duration::from_secs(60));
    assert_eq!(rig.count(Code::PassbackDegraded), 0);
    touch(&mut rig, false);
    assert_eq!(rig.count(Code::PassbackDegraded), 1, "and from then on at once");
}

#[test]
fn given_an_area_without_a_door_of_this_controller_then_it_says_nothing_of_it() {
    let rules = passback(PassbackMode::Hard, Alone::Refuse);
    let yard = Zone { id: id("yard"), title: id("Yard"), parent: None, rules };
    let theirs = Door { controller: id("other"), to: id("yard"), ..crate::house::door("foreign") };
    let (mut rig, _) = ruled(21, vec![Change::PutZone(yard), Change::PutDoor(theirs)]);
    rig.pass(Duration::from_secs(60));
    assert_eq!(rig.count(Code::PassbackDegraded), 0);
}

#[test]
fn given_an_area_that_goes_by_its_own_word_then_what_this_controller_saw_decides() {
    let (mut rig, _) = ruled(10, house_kept(Alone::Own));
    assert!(rig.enters(FRONT, ANN));
    assert!(!rig.enters(FRONT, ANN));
    assert_eq!(rig.last_why(), Some(Deny::Passback));
}

#[test]
fn given_somebody_who_entered_elsewhere_then_they_do_not_enter_here() {
    let (mut rig, _) = ruled(11, house_kept(Alone::Own));
    let (person, door) = (id("ann"), id("foreign"));
    let at = rig.now.wall;
    tell(&mut rig, vec![Elsewhere::Moved { person, into: Some(id("house")), at, door }]);
    rig.skip(Duration::from_secs(1));
    assert!(!rig.enters(FRONT, ANN));
    assert_eq!(rig.last_why(), Some(Deny::Passback));
}

#[test]
fn given_a_fact_from_far_ahead_then_it_is_not_taken() {
    let (mut rig, _) = ruled(12, house_kept(Alone::Own));
    let at = rig.now.wall + Duration::from_secs(400);
    let (person, door) = (id("ann"), id("foreign"));
    tell(&mut rig, vec![Elsewhere::Moved { person, into: Some(id("house")), at, door }]);
    assert!(rig.enters(FRONT, ANN));
}

#[test]
fn given_somebody_seen_far_away_a_moment_ago_then_they_are_not_here() {
    let (mut rig, _) = ruled(13, hall(ZoneRules::default()));
    let far = Elsewhere::Seen { person: id("ann"), door: id("foreign"), at: rig.now.wall };
    tell(&mut rig, vec![far]);
    rig.skip(Duration::from_secs(1));
    // The front leads into the same zone as the foreign door: there is no way between them to speak of.
    assert!(rig.enters(FRONT, ANN));
}

#[test]
fn given_a_button_that_is_held_then_it_is_told_once_and_cleared_when_let_go() {
    let (mut rig, _) = ruled(14, hall(ZoneRules::default()));
    rig.turn(vec![Input::Exit(FRONT, Wire::Says(true))]);
    rig.pass(Duration::from_secs(20));
    let facts = |rig: &Rig| {
        let odd = |b: &Body| matches!(b, Body::Door(DoorFact::ExitAnomaly(_)));
        rig.bodies_so_far().into_iter().filter(odd).collect::<Vec<_>>()
    };
    let long = Body::Door(DoorFact::ExitAnomaly(Some(ExitAnomaly::Long)));
    assert_eq!(facts(&rig), std::slice::from_ref(&long));
    rig.turn(vec![Input::Exit(FRONT, Wire::Says(false))]);
    assert_eq!(facts(&rig), [long, Body::Door(DoorFact::ExitAnomaly(None))]);
}

#[test]
fn given_no_zone_that_asks_then_nobody_is_followed() {
    let (mut rig, _) = ruled(15, hall(ZoneRules::default()));
    assert!(rig.enters(VAULT, ANN) && rig.enters(VAULT, ANN));
    assert_eq!(rig.last_access().known, Known::default());
}
