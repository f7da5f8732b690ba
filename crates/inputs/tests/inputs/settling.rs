//! When an input is believed: debounce, long levels, chatter, silence, and the start.

use crate::rig::{CUT, DEBOUNCE, Rig, at, ohms};
use core::time::Duration;
use lockward_inputs::{Bands, Edge, Input, Reading, Rest, State, Timing, TimingError, Wiring};

const CLOSED: Reading = Reading::Level(false);
const OPENED: Reading = Reading::Level(true);

#[test]
fn after_the_start_an_input_is_unknown_which_is_a_fault() {
    for wiring in [Wiring::Unsupervised, Wiring::Supervised(Bands::one_and_one(Rest::Closed))] {
        let mut rig = Rig::of(wiring);
        assert_eq!((rig.input.state(), rig.input.state().active()), (State::Unknown, None));
        assert!(rig.input.state().is_fault());
        rig.wait(60_000);
        assert_eq!(rig.input.state(), State::Unknown, "time alone makes nothing normal");
    }
}

#[test]
fn the_first_reading_is_believed_when_it_has_lasted() {
    let mut rig = Rig::door();
    rig.hold(ohms(1_000), DEBOUNCE - 1);
    assert_eq!(rig.input.state(), State::Unknown);
    rig.wait(1);
    assert_eq!(rig.input.state(), State::Inactive);
}

#[test]
fn a_bounce_is_not_told_and_the_raw_edge_is_kept() {
    let mut rig = Rig::door_at(ohms(1_000));
    let pressed = rig.now;
    for _ in 0..3 {
        rig.hold(ohms(2_000), 2);
        rig.hold(ohms(1_000), 1);
    }
    let last = rig.now;
    rig.hold(ohms(2_000), 200);
    let edge =
        Edge { from: State::Inactive, to: State::Active, raw_at: at(last), settled_at: at(last + DEBOUNCE) };
    assert_eq!(rig.edges, [edge]);
    assert!(last > pressed);
}

#[test]
fn iec_60839_11_1_a_level_of_400_ms_is_always_processed_and_told_within_250_ms() {
    for debounce in [1, 50, 200] {
        let timing = Timing::told(Duration::from_millis(debounce)).unwrap();
        for (before, during, state) in [(CLOSED, OPENED, State::Active), (OPENED, CLOSED, State::Inactive)] {
            let mut input = Input::new(Wiring::Unsupervised, timing);
            let mut edges = Vec::new();
            input.handle(at(0), before, &mut edges);
            input.handle(at(10_000), during, &mut edges);
            // Nobody called in between: the caller was late, the level is not lost for that.
            input.handle(at(10_400), before, &mut edges);
            let edge = edges.iter().find(|e| e.to == state).unwrap();
            assert_eq!(edge.raw_at, at(10_000));
            assert!(edge.settled_at.since(edge.raw_at) <= Duration::from_millis(250), "{debounce} ms");
        }
    }
}

#[test]
fn the_input_says_when_it_wants_to_be_woken() {
    let mut rig = Rig::door_at(ohms(1_000));
    assert_eq!(rig.input.wake_at(), None, "a settled input sleeps");
    rig.input.handle(at(rig.now), ohms(2_000), &mut rig.edges);
    assert_eq!(rig.input.wake_at(), Some(at(rig.now + DEBOUNCE)));
}

#[test]
fn an_input_that_never_settles_is_not_believed() {
    // Somebody taps the wire to keep an open door from being told.
    let mut rig = Rig::door_at(ohms(1_000));
    for _ in 0..9 {
        rig.hold(ohms(2_000), 40);
        rig.hold(ohms(1_000), 10);
    }
    assert_eq!(rig.told(), [State::Unknown]);
    assert_eq!(rig.edges[0].settled_at.since(rig.edges[0].raw_at), Duration::from_millis(400));
    rig.hold(ohms(2_000), DEBOUNCE);
    assert_eq!(rig.told(), [State::Unknown, State::Active]);
}

#[test]
fn faults_in_turn_are_told_as_soon_as_one_fault_would_be() {
    let mut rig = Rig::door_at(ohms(1_000));
    rig.hold(CUT, 20);
    rig.hold(ohms(0), 20);
    rig.hold(Reading::Ground, 20);
    assert_eq!(rig.told(), [State::Ground]);
    assert_eq!(rig.edges[0].settled_at.since(rig.edges[0].raw_at), Duration::from_millis(DEBOUNCE));
}

#[test]
fn hardware_that_falls_silent_is_unknown_at_once_and_must_settle_anew() {
    let mut rig = Rig::door_at(ohms(1_000));
    rig.hold(Reading::Lost, 0);
    assert_eq!(rig.told(), [State::Unknown]);
    rig.hold(ohms(1_000), DEBOUNCE - 1);
    assert_eq!(rig.input.state(), State::Unknown);
    rig.wait(1);
    assert_eq!(rig.input.state(), State::Inactive);
}

#[test]
fn what_is_polled_and_was_not_read_for_too_long_is_unknown() {
    let timing = Timing::polled(Duration::from_millis(50), Duration::from_secs(1)).unwrap();
    let mut input = Input::new(Wiring::Unsupervised, timing);
    let mut edges = Vec::new();
    for poll in 0..20 {
        input.handle(at(poll * 100), CLOSED, &mut edges);
    }
    assert_eq!(input.state(), State::Inactive);
    assert_eq!(input.wake_at(), Some(at(2_900)));
    // A late reading does not hide the silence before it.
    input.handle(at(3_000), CLOSED, &mut edges);
    let told: Vec<_> = edges.iter().map(|e| (e.to, e.settled_at)).collect();
    assert_eq!(told, [(State::Inactive, at(50)), (State::Unknown, at(2_900))]);
}

#[test]
fn an_unsupervised_input_is_the_same_type_and_says_so() {
    let mut rig = Rig::of(Wiring::Unsupervised);
    assert!(!rig.input.is_supervised());
    rig.hold(OPENED, 100);
    rig.hold(CLOSED, 100);
    assert_eq!(rig.told(), [State::Active, State::Inactive]);
    assert!(Rig::door().input.is_supervised());
}

#[test]
fn a_reading_of_the_other_kind_is_not_believed() {
    let mut rig = Rig::door_at(ohms(1_000));
    rig.hold(OPENED, 100);
    assert_eq!(rig.told(), [State::Unknown]);
    let mut rig = Rig::of(Wiring::Unsupervised);
    for reading in [ohms(1_000), Reading::Ground, Reading::Foreign] {
        rig.hold(CLOSED, 100);
        rig.hold(reading, 100);
        assert_eq!(rig.input.state(), State::Unknown, "{reading:?}");
    }
}

#[test]
fn every_state_can_be_left_for_every_other() {
    let reading = |state| match state {
        State::Unknown => Reading::Lost,
        State::Inactive => ohms(1_000),
        State::Active => ohms(2_000),
        State::Open => CUT,
        State::Short => ohms(0),
        State::Ground => Reading::Ground,
        State::Foreign => Reading::Foreign,
    };
    for from in State::ALL {
        for to in State::ALL {
            let mut rig = Rig::door();
            rig.hold(reading(from), DEBOUNCE);
            assert_eq!(rig.input.state(), from);
            rig.edges.clear();
            rig.hold(reading(to), DEBOUNCE);
            assert_eq!(rig.told(), if from == to { vec![] } else { vec![to] }, "{from:?} to {to:?}");
        }
    }
}

#[test]
fn times_that_nothing_could_settle_in_are_refused() {
    let ms = Duration::from_millis;
    assert_eq!(Timing::told(ms(0)), Err(TimingError::Debounce(ms(0))));
    assert_eq!(Timing::told(ms(201)).unwrap_err().to_string(), "the debounce is 201ms: write 1 ms to 200ms");
    assert_eq!(Timing::polled(ms(50), ms(50)), Err(TimingError::Fresh { fresh: ms(50), debounce: ms(50) }));
}
