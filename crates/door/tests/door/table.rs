//! Every state with every input: what `docs/door-states.md` says, and what its drawing is made of. A changed rule is a
//! changed line there, which a reviewer reads.

use crate::rig::{ALICE, ALL_WIRED, BOB, OPEN_LIMIT_MS, Rig, Way, card, config};
use core::time::Duration;
use lockward_door::{Bolt, Cause, Input, Key, State, Terms, Wire};
use lockward_model::{
    Body, ExitHardware, InputFault, InputName, LockCause, OfficeTime, Opening, OrderAct, Relock, Side,
    WarnTime,
};

const WARN_MS: u64 = 5_000;

/// Every state, by a way into it. A cut contact is told apart by what the leaf was before.
pub(crate) const WAYS: [(&str, State, Way); 17] = [
    ("locked", State::Locked, |_| {}),
    ("granted", State::Granted, |d| _ = d.admit()),
    ("leaving", State::Leaving, |d| _ = d.press().let_go()),
    ("open", State::Open, |d| _ = d.admit().open()),
    ("held-warning", State::HeldWarning, |d| _ = d.admit().open().wait(OPEN_LIMIT_MS - WARN_MS)),
    ("held", State::Held, |d| _ = d.admit().open().wait(OPEN_LIMIT_MS)),
    ("forced", State::Forced, |d| _ = d.open()),
    ("unlocked-by-schedule", State::Schedule, |d| _ = d.free(true)),
    ("unlocked-by-first-person", State::FirstPerson, |d| _ = d.free_by(Cause::FirstPerson, true)),
    ("unlocked-by-gesture", State::Office, gesture),
    ("unlocked-by-order", State::Order, |d| _ = d.hold()),
    ("unlocked-by-fire", State::Fire, |d| _ = d.tell(Input::Fire(true))),
    ("lockdown", State::Lockdown, |d| _ = d.lock_down(true)),
    ("input-fault", State::InputFault, |d| _ = d.cut()),
    ("input-fault, was open", State::InputFault, |d| _ = d.admit().open().cut()),
    ("power-fail", State::PowerFail, |d| _ = d.tell(Input::Power(false))),
    ("reader-lost", State::ReaderLost, |d| _ = d.tell(Input::Reader { side: Side::Exit, online: false })),
];

const INPUTS: [(&str, Way); 31] = [
    ("a card", |d| _ = d.show(Side::Entry, card(ALICE))),
    ("a key", |d| _ = d.key(Key::Digit(1))),
    ("a grant to enter", |d| _ = d.admit()),
    ("a grant to leave", |d| _ = d.let_out()),
    ("a denial", |d| {
        let question = d.card(ALICE);
        d.deny(question);
    }),
    ("the gesture", gesture),
    ("the contact opens", |d| _ = d.open()),
    ("the contact closes", |d| _ = d.close()),
    ("the contact's wire is cut", |d| _ = d.cut()),
    ("exit pressed", |d| _ = d.press()),
    ("exit let go", |d| _ = d.let_go()),
    ("the exit's wire is cut", |d| _ = d.tell(Input::Exit(Wire::Fault(InputFault::Open)))),
    ("the bolt's wire is cut", |d| _ = d.tell(Input::Bolt(Wire::Fault(InputFault::Open)))),
    ("schedule begins", |d| _ = d.free(true)),
    ("schedule ends", |d| _ = d.free(false)),
    ("first person begins", |d| _ = d.free_by(Cause::FirstPerson, true)),
    ("first person ends", |d| _ = d.free_by(Cause::FirstPerson, false)),
    ("an order to open", |d| _ = d.order(OrderAct::Unlock)),
    ("an order to hold", |d| _ = d.hold()),
    ("an order to end that", |d| _ = d.order(OrderAct::Release)),
    ("lockdown begins", |d| _ = d.lock_down(true)),
    ("lockdown ends", |d| _ = d.lock_down(false)),
    ("fire begins", |d| _ = d.tell(Input::Fire(true))),
    ("fire ends", |d| _ = d.tell(Input::Fire(false))),
    ("the airlock is taken", |d| _ = d.tell(Input::Airlock(true))),
    ("power is gone", |d| _ = d.tell(Input::Power(false))),
    ("power is back", |d| _ = d.tell(Input::Power(true))),
    ("a reader is lost", |d| _ = d.tell(Input::Reader { side: Side::Exit, online: false })),
    ("a reader is back", |d| _ = d.tell(Input::Reader { side: Side::Exit, online: true })),
    ("a timer too many", |d| _ = d.tell(Input::Timer)),
    ("time", |d| {
        let due = d.door.wake_at().map_or(d.ms, |w| w.0 / 1_000);
        d.wait(due - d.ms);
    }),
];

/// Bob's card twice, both granted.
fn gesture(d: &mut Rig) {
    let question = d.card(BOB);
    d.permit(question);
    let mut kept = core::mem::take(&mut d.said);
    let question = d.card(BOB);
    d.permit_on(question, Terms { hold: true, ..Terms::default() });
    kept.append(&mut d.said);
    d.said = kept;
}

const SETUPS: [(&str, Relock, ExitHardware); 4] = [
    ("relock on open, handle", Relock::OnOpen, ExitHardware::Mechanical),
    ("relock on open, maglock", Relock::OnOpen, ExitHardware::Released),
    ("relock on close, handle", Relock::OnClose, ExitHardware::Mechanical),
    ("relock on close, maglock", Relock::OnClose, ExitHardware::Released),
];

/// What became of a door.
#[derive(Clone, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) to: State,
    /// Where the bolt went, if it moved.
    pub(crate) released: Option<bool>,
    pub(crate) records: Vec<String>,
    /// Neither the state, nor the bolt, nor the log has noticed.
    pub(crate) nothing: bool,
}

/// One line: at which setups an input has one outcome.
pub(crate) struct Line {
    pub(crate) from: &'static str,
    pub(crate) state: State,
    pub(crate) input: &'static str,
    /// Empty for all that have this state.
    pub(crate) setups: Vec<&'static str>,
    pub(crate) outcome: Outcome,
}

fn rig(relock: Relock, exit: ExitHardware) -> Rig {
    let mut settings = config(relock, exit);
    settings.rules.warn_before = Some(WarnTime::new(Duration::from_millis(WARN_MS)).unwrap());
    settings.rules.office = Some(OfficeTime::new(Duration::from_secs(3_600)).unwrap());
    let mut d = Rig::with(settings, ALL_WIRED);
    d.close().sense(Bolt::Locked);
    d
}

/// `None` where this setup has no such state.
fn outcome(setup: (Relock, ExitHardware), from: State, way: Way, input: Way) -> Option<Outcome> {
    let mut d = rig(setup.0, setup.1);
    way(&mut d);
    // Its bolt goes where it is commanded.
    d.sense(if d.released { Bolt::Released } else { Bolt::Locked });
    if d.state() != from {
        return None;
    }
    let before = (from, d.released);
    d.said.clear();
    input(&mut d);
    let records: Vec<_> = d.records().iter().map(name).collect();
    let nothing = (d.state(), d.released) == before && records.is_empty();
    let released = (d.released != before.1).then_some(d.released);
    Some(Outcome { to: d.state(), released, records, nothing })
}

fn name(body: &Body) -> String {
    let how = match body {
        Body::DoorOpened(Opening::Granted) => "on a grant",
        Body::DoorOpened(Opening::Exit) => "leaving",
        Body::DoorOpened(Opening::Free) => "free",
        Body::Locked(cause) | Body::Unlocked(cause) => match cause {
            LockCause::Schedule => "schedule",
            LockCause::Start => "start",
            LockCause::FirstPerson => "first person",
            LockCause::Office => "gesture",
            LockCause::Lockdown => "lockdown",
            LockCause::Order => "order",
            LockCause::Fire => "fire",
        },
        Body::Input { input: InputName::Contact, .. } => "contact",
        Body::Input { input: InputName::Exit, .. } => "exit",
        Body::Input { input: InputName::Bolt, .. } => "bolt",
        Body::ExitRequested { released: true } => "released for it",
        _ => "",
    };
    format!("`{}` {how}", body.code().as_str()).trim_end().to_owned()
}

/// The whole table.
pub(crate) fn lines() -> Vec<Line> {
    let mut lines: Vec<Line> = vec![];
    for (from, state, way) in WAYS {
        for (input, does) in INPUTS {
            let mut outcomes: Vec<(Outcome, Vec<&'static str>)> = vec![];
            for (setup, relock, exit) in SETUPS {
                let Some(outcome) = outcome((relock, exit), state, way, does) else { continue };
                match outcomes.iter_mut().find(|o| o.0 == outcome) {
                    Some(same) => same.1.push(setup),
                    None => outcomes.push((outcome, vec![setup])),
                }
            }
            let sorts = outcomes.len();
            assert!(sorts > 0, "{from} is never reached");
            for (outcome, setups) in outcomes {
                let setups = if sorts == 1 { vec![] } else { in_short(setups) };
                lines.push(Line { from, state, input, setups, outcome });
            }
        }
    }
    lines
}

/// Two setups that differ in one thing are named by the other.
fn in_short(setups: Vec<&'static str>) -> Vec<&'static str> {
    let of = |word: &str| setups.iter().all(|s| s.contains(word));
    let halves = ["relock on open", "relock on close", "handle", "maglock"];
    match halves.into_iter().find(|half| setups.len() == 2 && of(half)) {
        Some(half) => vec![half],
        None => setups,
    }
}

#[test]
fn every_state_is_in_the_table() {
    for state in State::ALL {
        assert!(WAYS.iter().any(|w| w.1 == state && w.0.starts_with(state.as_str())), "{state:?}");
    }
}
