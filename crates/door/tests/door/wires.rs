//! Wires that can not be believed, and facts that can not all be true.

use crate::rig::{ALICE, ALL_WIRED, OPEN_LIMIT_MS, RELEASE_MS, Rig, config};
use lockward_door::Bolt::{Locked, Released};
use lockward_door::{
    EXIT_SHUNT, Input, MISMATCH_AFTER, RELEASE_WITHIN, RELOCK_WITHIN, STUCK_RELEASES, State, Wire, Wiring,
};
use lockward_model::ExitHardware::{self, Mechanical};
use lockward_model::Relock::{OnClose, OnOpen};
use lockward_model::{Body, DoorFact, DoorKind, InputFault, InputName, LockCause, Opening};

const RELOCK_MS: u64 = RELOCK_WITHIN.as_secs() * 1_000;
const GOES_BACK_MS: u64 = RELEASE_WITHIN.as_secs() * 1_000;
const MISMATCH_MS: u64 = MISMATCH_AFTER.as_secs() * 1_000;

fn door() -> Rig {
    let mut d = Rig::new(OnOpen, Mechanical);
    d.close().sense(Locked);
    d
}

fn fault(input: InputName, fault: Option<InputFault>) -> Body {
    Body::Input { input, fault }
}

#[test]
fn a_fault_is_recorded_once_and_cleared_by_fact() {
    let mut d = door();
    d.cut();
    assert_eq!(d.records(), [fault(InputName::Contact, Some(InputFault::Open))]);
    assert!(d.cut().records().is_empty());
    d.tell(Input::Contact(Wire::Fault(InputFault::Short)));
    assert_eq!(d.records(), [fault(InputName::Contact, Some(InputFault::Short))], "another fault is news");
    d.close();
    assert_eq!(d.records(), [fault(InputName::Contact, None)]);
    d.tell(Input::Exit(Wire::Fault(InputFault::Foreign)));
    assert_eq!(d.records(), [fault(InputName::Exit, Some(InputFault::Foreign))]);
    d.tell(Input::Bolt(Wire::Fault(InputFault::Ground)));
    assert_eq!(d.records(), [fault(InputName::Bolt, Some(InputFault::Ground))]);
}

#[test]
fn no_fault_of_any_wire_ever_grants() {
    for kind in
        [InputFault::Open, InputFault::Short, InputFault::Ground, InputFault::Foreign, InputFault::Silent]
    {
        for exit in [ExitHardware::Mechanical, ExitHardware::Released] {
            let mut d = Rig::new(OnOpen, exit);
            d.tell(Input::Contact(Wire::Fault(kind))).tell(Input::Exit(Wire::Fault(kind)));
            d.tell(Input::Bolt(Wire::Fault(kind))).tell(Input::Called(Wire::Fault(kind)));
            assert_eq!((d.released, d.state()), (false, State::InputFault), "{kind:?} {exit:?}");
        }
    }
}

#[test]
fn a_cut_contact_neither_opens_nor_clears_an_alarm() {
    let mut d = door();
    assert_eq!(d.cut().state(), State::InputFault);
    let mut d = door();
    assert_eq!(d.open().cut().state(), State::Forced);
    d.close();
    assert_eq!(d.state(), State::Locked, "the fact that it is shut does");
    let mut d = door();
    d.admit().open().wait(OPEN_LIMIT_MS);
    assert_eq!(d.cut().state(), State::Held);
    let mut d = door();
    d.admit().open();
    assert_eq!(d.cut().state(), State::InputFault, "it was open, and nobody knows");
    d.wait(OPEN_LIMIT_MS);
    assert_eq!(d.state(), State::Held, "an alarm comes all the same");
}

#[test]
fn a_cut_contact_keeps_no_bolt_out() {
    let mut d = Rig::new(OnClose, Mechanical);
    assert!(d.admit().open().released);
    assert!(!d.cut().released);
    let mut d = Rig::new(OnClose, Mechanical);
    assert!(d.free(true).open().free(false).released);
    d.cut();
    assert!(!d.released);
    assert!(d.records().contains(&Body::Locked(LockCause::Schedule)));
    let mut d = Rig::new(OnClose, Mechanical);
    assert!(!d.free(true).open().cut().free(false).released);
}

#[test]
fn nothing_is_claimed_about_who_entered_while_the_contact_is_cut() {
    let mut d = door();
    d.cut().admit().wait(RELEASE_MS);
    assert_eq!((d.released, d.records(), d.spent()), (false, vec![], vec![(1, true)]));
}

#[test]
fn a_leaf_found_open_after_a_fault_without_right_is_forced() {
    let mut d = door();
    d.cut().open();
    assert_eq!(d.state(), State::Forced);
}

#[test]
fn a_fault_of_the_exit_wire_ends_a_press_and_the_release_ends_by_itself() {
    let mut d = Rig::new(OnOpen, ExitHardware::Released);
    d.press().wait(2 * RELEASE_MS);
    assert!(d.released);
    assert!(!d.tell(Input::Exit(Wire::Fault(InputFault::Short))).released);
    assert!(d.press().released, "and a press after it works");
}

#[test]
fn an_exit_that_holds_people_in_works_whatever_else_is_wrong() {
    let mut d = Rig::new(OnOpen, ExitHardware::Released);
    d.cut().tell(Input::Bolt(Wire::Fault(InputFault::Short))).tell(Input::Power(false)).lock_down(true);
    d.tell(Input::Airlock(true));
    assert!(d.press().released);
}

#[test]
fn a_sensor_that_can_be_fooled_never_moves_the_bolt_of_a_door_that_opens_from_inside() {
    let mut settings = config(OnOpen, Mechanical);
    settings.rules.exit_shunt_only = true;
    let mut d = Rig::with(settings, ALL_WIRED);
    assert!(!d.press().wait(EXIT_SHUNT.as_secs() * 1_000 - 1).released);
    d.open();
    assert_eq!(d.records(), [Body::DoorOpened(Opening::Exit)]);
    let mut settings = config(OnOpen, ExitHardware::Released);
    settings.rules.exit_shunt_only = true;
    assert!(Rig::with(settings, ALL_WIRED).press().released, "nobody is locked in by a setting");
}

#[test]
fn a_bolt_that_does_not_come_back_is_told_and_so_is_its_return() {
    let mut d = door();
    let told = Body::Door(DoorFact::RelockUnconfirmed(true));
    d.admit().sense(Released).open().close().wait(RELOCK_MS - 1);
    assert!(!d.records().contains(&told));
    d.wait(1);
    assert_eq!(d.records(), [told]);
    d.wait(10 * RELOCK_MS);
    assert_eq!(d.door.wake_at(), None, "once");
    d.sense(Locked);
    assert_eq!(d.records(), [Body::Door(DoorFact::RelockUnconfirmed(false))]);
}

#[test]
fn a_bolt_that_does_not_go_back_for_somebody_leaving_is_told_and_so_is_its_going() {
    let told = |on| Body::Door(DoorFact::ReleaseUnconfirmed(on));
    let jammed = || {
        let mut d = Rig::new(OnOpen, ExitHardware::Released);
        d.sense(Locked).press().wait(GOES_BACK_MS - 1);
        assert!(!d.records().contains(&told(true)));
        d.wait(1);
        assert_eq!((d.records(), d.released), (vec![told(true)], true));
        d
    };
    let mut d = jammed();
    assert_eq!(d.sense(Released).records(), [told(false)]);
    let mut d = jammed();
    d.let_go().wait(10 * GOES_BACK_MS);
    assert!(!d.released && !d.records().contains(&told(false)), "it is stuck still");
    assert_eq!(d.press().wait(10 * GOES_BACK_MS).records(), [], "and told once");
    assert!(d.open().records().contains(&told(false)), "an open leaf keeps nobody in");
}

#[test]
fn a_bolt_that_goes_back_in_time_or_behind_an_open_leaf_is_no_jam() {
    let told = Body::Door(DoorFact::ReleaseUnconfirmed(true));
    let mut d = door();
    d.sense(Locked).admit().wait(GOES_BACK_MS - 1).sense(Released).wait(GOES_BACK_MS);
    assert!(!d.records().contains(&told));
    let mut d = Rig::new(OnClose, Mechanical);
    d.sense(Locked).admit().open().wait(GOES_BACK_MS);
    assert!(d.released && !d.records().contains(&told));
    let mut d = Rig::new(OnOpen, Mechanical);
    d.admit().wait(GOES_BACK_MS);
    assert!(!d.records().contains(&told), "nothing is claimed of what nobody sees");
}

#[test]
fn a_bolt_is_awaited_only_while_the_leaf_is_shut() {
    let mut d = door();
    d.admit().sense(Released).open().wait(RELOCK_MS - 1);
    assert!(!d.records().contains(&Body::Door(DoorFact::RelockUnconfirmed(true))));
    d.close().wait(RELOCK_MS - 1).sense(Locked).wait(RELOCK_MS);
    assert!(d.records().is_empty());
    let mut d = door();
    d.cut().sense(Released).wait(10 * RELOCK_MS);
    assert!(d.records().is_empty(), "nothing is claimed of what nobody sees");
}

#[test]
fn a_bolt_that_moves_by_itself_behind_a_closed_contact_is_a_contradiction() {
    let mut d = door();
    d.sense(Released).wait(MISMATCH_MS - 1);
    assert!(d.records().is_empty());
    d.wait(1);
    assert_eq!(d.records(), [Body::Door(DoorFact::ContactMismatch(true))]);
    d.open();
    assert!(
        d.records().contains(&Body::Door(DoorFact::ContactMismatch(false))),
        "an open leaf agrees with it"
    );
    let mut d = door();
    d.sense(Released).wait(MISMATCH_MS).sense(Locked);
    assert_eq!(d.records(), [Body::Door(DoorFact::ContactMismatch(false))]);
    let mut d = door();
    d.admit().sense(Released).wait(RELEASE_MS - 1);
    assert!(d.records().is_empty(), "a released bolt is none");
}

#[test]
fn a_contact_that_never_moves_while_the_bolt_does_is_suspect() {
    let mut d = door();
    let release = |d: &mut Rig| d.admit().sense(Released).wait(RELEASE_MS).sense(Locked).records();
    for n in 1..STUCK_RELEASES {
        assert_eq!(release(&mut d), [], "{n}");
    }
    assert_eq!(release(&mut d), [Body::Door(DoorFact::ContactStuck(Some(STUCK_RELEASES)))]);
    assert_eq!(release(&mut d), [], "once");
    d.admit().open();
    assert!(d.records().contains(&Body::Door(DoorFact::ContactStuck(None))));
}

#[test]
fn a_leaf_that_moves_in_between_makes_no_contact_suspect() {
    let mut d = door();
    for _ in 0..3 * STUCK_RELEASES {
        d.admit().sense(Released).open().close().sense(Locked);
        assert!(d.records().is_empty());
    }
}

#[test]
fn without_a_sensor_in_the_lock_no_contradiction_is_found() {
    let mut d = Rig::with(config(OnOpen, Mechanical), Wiring { bolt: false, ..ALL_WIRED });
    d.close().sense(Released).wait(10 * RELOCK_MS);
    assert!(d.said.is_empty());
}

/// A floor of a lift, of which the button is wired.
fn floor() -> Rig {
    let mut settings = config(OnOpen, Mechanical);
    settings.kind = DoorKind::Floor;
    let mut d = Rig::with(settings, Wiring { contact: false, bolt: false, keypad: false });
    d.tell(Input::Called(Wire::Says(false)));
    d
}

fn call(d: &mut Rig) -> Vec<Body> {
    d.tell(Input::Called(Wire::Says(false))).tell(Input::Called(Wire::Says(true))).records()
}

#[test]
fn a_floor_that_is_called_on_a_grant_is_entered_once_and_its_release_goes_on() {
    let mut d = floor();
    d.admit();
    assert_eq!((call(&mut d), d.spent()), (vec![Body::DoorOpened(Opening::Granted)], vec![(1, true)]));
    assert_eq!((call(&mut d), d.released), (vec![], true));
    d.wait(RELEASE_MS);
    assert_eq!((d.released, d.records()), (false, vec![]));
    d.admit().wait(RELEASE_MS);
    assert_eq!((d.records(), d.spent()), (vec![Body::NotEntered], vec![(2, false)]));
}

#[test]
fn a_lift_that_goes_to_a_floor_on_nothing_is_an_alarm() {
    let alarm = vec![Body::Door(DoorFact::LiftOverride)];
    let mut d = floor();
    assert_eq!(call(&mut d), alarm);
    assert!(d.tell(Input::Called(Wire::Says(true))).records().is_empty(), "told again, it is no news");
    for allowed in [Input::Fire(true), Input::Free { cause: lockward_door::Cause::Schedule, on: true }] {
        let mut d = floor();
        d.tell(allowed);
        assert_eq!(call(&mut d), []);
    }
    let mut d = floor();
    d.admit().wait(RELEASE_MS);
    assert_eq!(call(&mut d), alarm, "after the grant");
    let mut d = Rig::new(OnOpen, Mechanical);
    assert_eq!(call(&mut d), [], "a door is no floor");
}

#[test]
fn a_floor_whose_button_is_not_wired_is_taken_to_be_entered() {
    let mut settings = config(OnOpen, Mechanical);
    settings.kind = DoorKind::Floor;
    let mut d = Rig::with(settings, Wiring { contact: false, bolt: false, keypad: false });
    let question = d.card(ALICE);
    assert_eq!(d.permit(question).spent(), [(question, true)]);
    assert_eq!(d.wait(RELEASE_MS).records(), []);
}
