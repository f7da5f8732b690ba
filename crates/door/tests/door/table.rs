//! Every state with every input, in a table that a reviewer reads: a changed rule is a changed line. `=` is no change.

use crate::rig::{ALICE, OPEN_LIMIT_MS, Rig, Way};
use core::fmt::Write;
use lockward_door::{Input, Key, State};
use lockward_model::{Body, ExitHardware, Relock, Side};

fn ways_in() -> [(State, Way); 7] {
    [
        (State::Locked, |_| {}),
        (State::Granted, |d| _ = d.admit()),
        (State::Leaving, |d| _ = d.press().let_go()),
        (State::Unlocked, |d| _ = d.free(true)),
        (State::Open, |d| _ = d.admit().open()),
        (State::Held, |d| _ = d.admit().open().wait(OPEN_LIMIT_MS)),
        (State::Forced, |d| _ = d.open()),
    ]
}

fn inputs() -> [(&'static str, Way); 14] {
    [
        ("a card", |d| _ = d.card(ALICE)),
        ("a grant", |d| _ = d.admit()),
        ("a denial", |d| {
            let question = d.card(ALICE);
            d.deny(question);
        }),
        ("a key", |d| _ = d.key(Key::Digit(1))),
        ("opens", |d| _ = d.open()),
        ("closes", |d| _ = d.close()),
        ("exit pressed", |d| _ = d.press()),
        ("exit let go", |d| _ = d.let_go()),
        ("schedule begins", |d| _ = d.free(true)),
        ("schedule ends", |d| _ = d.free(false)),
        ("reader lost", |d| _ = d.tell(Input::Reader { side: Side::Entry, online: false })),
        ("reader back", |d| _ = d.tell(Input::Reader { side: Side::Entry, online: true })),
        ("a timer too many", |d| _ = d.tell(Input::Timer)),
        ("time", |d| {
            let due = d.door.wake_at().map_or(d.ms, |w| w.0 / 1_000);
            d.wait(due - d.ms);
        }),
    ]
}

const SETUPS: [(&str, Relock, ExitHardware); 4] = [
    ("open/mechanical", Relock::OnOpen, ExitHardware::Mechanical),
    ("open/released", Relock::OnOpen, ExitHardware::Released),
    ("close/mechanical", Relock::OnClose, ExitHardware::Mechanical),
    ("close/released", Relock::OnClose, ExitHardware::Released),
];

/// What became of the door, in one line; `None` where this setup has no such state.
fn outcome(setup: (Relock, ExitHardware), from: State, way: Way, input: Way) -> Option<String> {
    let mut d = Rig::new(setup.0, setup.1);
    way(&mut d);
    if d.state() != from {
        return None;
    }
    let before = (from, d.released);
    d.said.clear();
    input(&mut d);
    if (d.state(), d.released) == before && d.records().is_empty() {
        return Some("=".to_owned());
    }
    let mut line = format!("{:<9}{}", format!("{:?}", d.state()), if d.released { "out " } else { "in  " });
    for body in d.records() {
        write!(line, " {}", name(&body)).unwrap();
    }
    Some(line.trim_end().to_owned())
}

fn name(body: &Body) -> String {
    match body {
        Body::DoorOpened(how) => format!("DOOR_OPENED:{how:?}"),
        Body::ExitRequested { released: true } => "EXIT_REQUESTED:released".to_owned(),
        other => other.code().as_str().to_owned(),
    }
}

fn table() -> String {
    let mut text = String::from(
        "state    input             setup (relock/exit)                     then     bolt records\n",
    );
    for (from, way) in ways_in() {
        for (named, input) in inputs() {
            let mut outcomes: Vec<(String, Vec<&str>)> = vec![];
            for (setup, relock, exit) in SETUPS {
                let Some(line) = outcome((relock, exit), from, way, input) else { continue };
                match outcomes.iter_mut().find(|o| o.0 == line) {
                    Some(same) => same.1.push(setup),
                    None => outcomes.push((line, vec![setup])),
                }
            }
            let sorts = outcomes.len();
            assert!(sorts > 0, "{from:?} is never reached");
            for (line, setups) in outcomes {
                let setups = if sorts == 1 { "any".to_owned() } else { setups.join(" ") };
                writeln!(text, "{:<9}{named:<18}{setups:<40}{line}", format!("{from:?}")).unwrap();
            }
        }
    }
    text
}

#[test]
fn every_state_takes_every_input_as_reviewed() {
    let table = table();
    assert_eq!(State::ALL.map(|s| ways_in().iter().any(|w| w.0 == s)), [true; 7]);
    let reviewed = include_str!("table.txt");
    assert!(table == reviewed, "the table is now:\n{table}");
}
