//! Time: never back, never far forwards on one clock's word, and never behind what was recorded.

use crate::house::{ANN, FRONT, NOBODY, card, door, id};
use crate::rig::{Rig, at};
use core::time::Duration;
use lockward_door::State;
use lockward_model::{Body, Change, Days, Door, Now, Schedule, Time, Window};
use lockward_wire::link::ToController;

const HOUR: Duration = Duration::from_secs(3600);

fn steps(rig: Rig) -> Vec<(i64, bool)> {
    let step = |b: Body| match b {
        Body::ClockStep { by_ms, taken } => Some((by_ms / 1000, taken)),
        _ => None,
    };
    rig.bodies().into_iter().filter_map(step).collect()
}

fn last_time(rig: Rig) -> Time {
    rig.records().last().unwrap().time
}

#[test]
fn a_clock_that_is_set_back_an_hour_is_not_followed_and_told_once() {
    let mut rig = Rig::stocked(1);
    rig.badge(FRONT, ANN);
    let before = rig.now.wall;
    rig.now.wall = before - HOUR;
    for _ in 0..5 {
        rig.skip(Duration::from_secs(10));
        rig.badge(FRONT, ANN);
    }
    let time = rig.now.wall;
    let events = rig.records();
    assert_eq!(events.last().unwrap().time, time + HOUR, "time went on from where it was");
    assert!(events.is_sorted_by_key(|e| e.time));
    let told: Vec<_> =
        events.iter().filter(|e| matches!(e.body, Body::ClockStep { taken: false, .. })).collect();
    assert_eq!(told.len(), 1);
}

#[test]
fn a_clock_that_leaps_forward_alone_is_not_followed_and_opens_no_schedule() {
    let (mut rig, mut hub) = Rig::stocked_with_hub(2);
    // Monday 09:00 UTC is 11:00 in Berlin; the front stands open from 17:00.
    let window = Window { days: Days(0x7f), from: 17 * 60, to: 18 * 60 };
    let evening = Schedule::new(id("evening"), id("Evening"), vec![window], vec![]).unwrap();
    let free = Door { unlocked: Some(id("evening")), ..door("front") };
    hub.house.change(vec![Change::PutSchedule(evening), Change::PutDoor(free)]);
    rig.meet(&mut hub);
    rig.now.wall = rig.now.wall + 6 * HOUR + HOUR / 2;
    rig.pass(Duration::from_secs(60));
    assert_eq!(rig.state(FRONT), State::Locked);
    rig.part(&mut hub);
    let refused = steps(rig);
    assert_eq!(refused.len(), 1);
    assert!(!refused[0].1);
}

#[test]
fn a_leap_that_the_hub_seconds_is_followed() {
    let (mut rig, _) = Rig::stocked_with_hub(3);
    rig.turn(vec![]);
    rig.now.wall = rig.now.wall + 6 * HOUR;
    rig.hub_says(ToController::Pong { time: rig.now.wall });
    rig.skip(Duration::from_secs(1));
    rig.badge(FRONT, ANN);
    let wall = rig.now.wall;
    let events = rig.records();
    assert_eq!(events.last().unwrap().time, wall);
    assert!(events.iter().any(|e| matches!(e.body, Body::ClockStep { taken: true, .. })));
}

#[test]
fn the_hub_alone_does_not_lead_the_clock() {
    let mut rig = Rig::stocked(4);
    for hours in [1, 6, -6, 1000] {
        let hub = Time(rig.now.wall.0 + hours * 3_600_000);
        rig.hub_says(ToController::Pong { time: hub });
        rig.skip(Duration::from_secs(1));
        rig.badge(FRONT, NOBODY);
    }
    for extreme in [i64::MIN, i64::MAX] {
        rig.hub_says(ToController::Pong { time: Time(extreme) });
        rig.skip(Duration::from_secs(1));
        rig.badge(FRONT, NOBODY);
    }
    let wall = rig.now.wall;
    assert_eq!(last_time(rig), wall);
}

#[test]
fn after_a_restart_time_is_never_behind_the_newest_record() {
    let mut rig = Rig::stocked(5);
    rig.pass(2 * HOUR);
    rig.badge(FRONT, ANN);
    let newest = rig.now.wall;
    let disk = rig.disk.power_cut(5);
    let mut rig = Rig::start(&rig.house, disk, at(Duration::ZERO));
    rig.badge(FRONT, ANN);
    let events = rig.records();
    assert!(events.last().unwrap().time >= newest);
    assert!(events.is_sorted_by_key(|e| e.time));
}

/// Two seconds now and two seconds then are hours in the end.
#[test]
fn a_clock_that_is_led_forwards_in_small_steps_is_not_followed_far() {
    let mut rig = Rig::stocked(6);
    let honest = rig.now;
    for _ in 0..2_000 {
        rig.now = Now {
            mono: rig.now.mono + Duration::from_millis(100),
            wall: rig.now.wall + Duration::from_millis(1_900),
        };
        rig.turn(vec![]);
    }
    rig.badge(FRONT, ANN);
    let passed = rig.now.mono.since(honest.mono);
    let believed = last_time(rig).since(honest.wall);
    assert!(believed < passed + Duration::from_secs(3), "{passed:?} passed, {believed:?} are believed");
}

/// However often it is asked, a clock that is not believed must not stop the one that is.
#[test]
fn given_a_refused_step_and_many_inputs_then_time_does_not_stand_still() {
    let mut rig = Rig::stocked(7);
    rig.turn(vec![]);
    let honest = rig.now;
    rig.now.wall = rig.now.wall - HOUR;
    for _ in 0..5_000 {
        rig.now.mono = rig.now.mono + Duration::from_micros(700);
        rig.turn(vec![]);
    }
    rig.badge(FRONT, ANN);
    let passed = rig.now.mono.since(honest.mono);
    assert_eq!(
        last_time(rig).since(honest.wall),
        Duration::from_millis(u64::try_from(passed.as_millis()).unwrap())
    );
}

/// The step is first seen in the second half of a turn.
#[test]
fn a_step_that_happens_while_the_disk_works_is_recorded_too() {
    let mut rig = Rig::stocked(8);
    rig.turn(vec![]);
    let mut seen = rig.take(vec![card(FRONT, NOBODY)]);
    rig.now.wall = rig.now.wall + HOUR;
    rig.settle(&mut seen);
    rig.skip(Duration::from_secs(1));
    rig.turn(vec![]);
    assert_eq!(steps(rig), [(3600, false)]);
}

#[test]
fn a_clock_that_drifts_is_followed() {
    let mut rig = Rig::stocked(9);
    // A second a day, for a fortnight.
    for hour in 1..=24 * 14_u64 {
        rig.skip(HOUR);
        if hour % 24 == 0 {
            rig.now.wall = rig.now.wall + Duration::from_secs(1);
        }
        rig.turn(vec![]);
    }
    rig.badge(FRONT, ANN);
    let wall = rig.now.wall;
    assert_eq!(last_time(rig), wall);
}
