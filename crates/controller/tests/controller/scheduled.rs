//! A door that a schedule opens waits for its record as a person does, and holds nobody in meanwhile.

use crate::house::{ANN, FRONT, House, LAB, OPEN, SHUT, door, id, small, wirings};
use crate::hub::FakeHub;
use crate::rig::{NONE, Rig, Seen, at};
use core::time::Duration;
use lockward_controller::core::Input;
use lockward_controller::memory::Room;
use lockward_door::{State, Wire};
use lockward_model::{Body, Change, Days, Door, LockCause, Mono, Schedule, Window};
use lockward_store::Limits;

/// The rig's first moment is eleven in Berlin. The doors stand open from ten past to twenty past.
const OPENS: Duration = Duration::from_secs(600);
const CLOSES: Duration = Duration::from_secs(1200);
const SECOND: Duration = Duration::from_secs(1);

fn free(name: &str) -> Change {
    Change::PutDoor(Door { unlocked: Some(id("late")), ..door(name) })
}

/// Front and lab will stand open; it is some seconds before.
fn just_before(seed: u64) -> Rig {
    let (rig, hub) = Rig::stocked_with_hub(seed);
    scheduled(rig, hub)
}

fn scheduled(mut rig: Rig, mut hub: FakeHub) -> Rig {
    let window = Window { days: Days(0x7f), from: 11 * 60 + 10, to: 11 * 60 + 20 };
    let late = Schedule::new(id("late"), id("Late"), vec![window], vec![]).unwrap();
    hub.house.change(vec![Change::PutSchedule(late), free("front"), free("lab")]);
    rig.meet(&mut hub);
    rig.part(&mut hub);
    until(&mut rig, OPENS - Duration::from_secs(5));
    assert_eq!(rig.out, [false; 5]);
    rig
}

fn until(rig: &mut Rig, then: Duration) -> Seen {
    let span = (Mono(0) + then).since(rig.now.mono);
    rig.pass(span)
}

/// As many turns a second apart, each with a sync that fails while there is something to write.
fn without_records(rig: &mut Rig, turns: u32) -> Seen {
    let (mut all, mut failed) = (Seen::default(), 0);
    for _ in 0..turns {
        rig.disk.fail_sync_after(0);
        rig.skip(SECOND);
        let seen = rig.turn(vec![]);
        failed += u32::from(seen.failed.is_some());
        all.early.extend(seen.early);
        all.late.extend(seen.late);
    }
    rig.disk.heal();
    assert!(failed + 10 > turns, "the disk worked in {} of {turns} turns", turns - failed);
    all
}

fn by_schedule(rig: Rig) -> Vec<Body> {
    let schedule =
        |b: &Body| matches!(b, Body::Unlocked(LockCause::Schedule) | Body::Locked(LockCause::Schedule));
    rig.bodies().into_iter().filter(schedule).collect()
}

#[test]
fn given_a_schedule_that_begins_then_the_bolt_moves_when_that_is_on_record_and_not_before() {
    let mut rig = just_before(1);
    rig.skip(Duration::from_secs(6));
    let mut seen = rig.take(vec![]);
    assert_eq!(seen.released(), NONE, "nothing is written yet");
    rig.settle(&mut seen);
    assert_eq!(seen.late, [FRONT, LAB]);
    assert_eq!(rig.state(FRONT), State::Schedule);
    let opened = Body::Unlocked(LockCause::Schedule);
    assert_eq!(by_schedule(rig), [opened.clone(), opened], "it is on the disk, for each door");
}

#[test]
fn given_a_disk_that_fails_when_a_schedule_begins_then_the_bolt_stays_until_the_disk_is_whole() {
    let mut rig = just_before(2);
    let seen = without_records(&mut rig, 60);
    assert_eq!(seen.released(), NONE, "no record, no opening");
    assert_eq!(rig.out, [false; 5]);
    rig.skip(SECOND);
    let seen = rig.turn(vec![]);
    assert_eq!((seen.early.as_slice(), seen.late.as_slice()), (&NONE as &[usize], &[FRONT, LAB] as &[usize]));
    assert_eq!(rig.state(FRONT), State::Schedule);
    let seen = rig.pass(Duration::from_secs(30));
    assert_eq!(seen.released(), NONE, "released once");
    let opened = Body::Unlocked(LockCause::Schedule);
    assert_eq!(by_schedule(rig), [opened.clone(), opened], "recorded once");
}

#[test]
fn given_a_schedule_that_ends_before_its_record_is_kept_then_the_bolt_never_moves() {
    let mut rig = just_before(3);
    let seen = without_records(&mut rig, 610);
    assert!(rig.now.mono > Mono(0) + CLOSES, "it is over");
    assert_eq!(seen.released(), NONE);
    let seen = rig.pass(Duration::from_secs(30));
    assert_eq!(seen.released(), NONE, "what is over opens nothing");
    assert_eq!((rig.state(FRONT), rig.out[FRONT]), (State::Locked, false));
    assert!(rig.badge(FRONT, ANN).granted(FRONT), "and the door serves on");
}

/// The lab's lock holds people in.
#[test]
fn given_a_schedule_that_waits_for_its_record_then_people_leave_at_once_and_the_bolt_returns() {
    let mut rig = just_before(4);
    without_records(&mut rig, 10);
    assert!(!rig.out[LAB]);
    rig.disk.fail_sync_after(0);
    let seen = rig.take(vec![Input::Exit(LAB, Wire::Says(true)), Input::Exit(LAB, Wire::Says(false))]);
    assert_eq!(seen.early, [LAB], "whoever wants out waits for no disk");
    without_records(&mut rig, 10);
    assert!(!rig.out[LAB], "the way out is not the schedule's way in");
    rig.pass(SECOND);
    assert!(rig.out[LAB] && rig.out[FRONT], "now it is on record");
}

#[test]
fn given_a_way_out_while_a_schedule_begins_without_record_then_the_bolt_returns_after_it() {
    let mut rig = just_before(5);
    rig.disk.fail_sync_after(0);
    assert_eq!(rig.take(vec![Input::Exit(LAB, Wire::Says(true))]).early, [LAB]);
    without_records(&mut rig, 20);
    assert!(rig.out[LAB], "the button is still pressed");
    rig.disk.fail_sync_after(0);
    rig.take(vec![Input::Exit(LAB, Wire::Says(false))]);
    without_records(&mut rig, 5);
    assert!(!rig.out[LAB], "nothing but a schedule without a record would hold it open");
}

#[test]
fn given_a_schedule_that_ends_without_record_while_the_button_is_pressed_then_the_way_out_is_open() {
    let mut rig = just_before(6);
    without_records(&mut rig, 590);
    rig.disk.fail_sync_after(0);
    rig.take(vec![Input::Exit(LAB, Wire::Says(true))]);
    without_records(&mut rig, 30);
    assert!(rig.now.mono > Mono(0) + CLOSES && rig.out[LAB], "locked in");
}

#[test]
fn record_first_given_more_than_memory_holds_then_the_record_of_a_schedule_is_not_what_goes() {
    // A spool with room for all that memory holds, so that only memory is short.
    let (house, room) = (House::furnished(), Room { spool: Limits::SPOOL, ..small() });
    let at = at(Duration::from_secs(60));
    let mut rig = Rig::try_start(house.clone(), house.enrolled(5), &wirings(), room, at).unwrap();
    let mut hub = FakeHub::new(house);
    rig.meet(&mut hub);
    rig.part(&mut hub);
    let mut rig = scheduled(rig, hub);
    rig.disk.fail_write_after(0);
    rig.skip(Duration::from_secs(10));
    assert!(rig.turn(vec![]).failed.is_some(), "the schedule begins without a disk");
    // The button of a mechanical door tells of each press, and moves nothing.
    for _ in 0..20 {
        rig.disk.fail_write_after(0);
        let presses = (0..300)
            .flat_map(|_| [Input::Exit(FRONT, Wire::Says(true)), Input::Exit(FRONT, Wire::Says(false))]);
        let swings = (0..300).flat_map(|_| [Input::Contact(FRONT, OPEN), Input::Contact(FRONT, SHUT)]);
        assert!(rig.turn(presses.chain(swings).collect()).failed.is_some());
    }
    rig.disk.heal();
    let seen = rig.turn(vec![]);
    assert!(seen.failed.is_none(), "{:?}", seen.failed);
    assert!(rig.out[FRONT], "it is on record now, {:?}", rig.state(FRONT));
    assert!(by_schedule(rig).contains(&Body::Unlocked(LockCause::Schedule)), "and that record is there");
}
