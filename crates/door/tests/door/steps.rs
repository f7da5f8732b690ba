//! Every step of a reader with everything that can come: the second table of `docs/door-states.md`.

use crate::rig::{ALICE, BOB, Rig, Way, card};
use lockward_door::{Action, Answer, Asked, Input, Key, PinEntry, Presented, Shown};
use lockward_model::ExitHardware::Mechanical;
use lockward_model::Relock::OnOpen;
use lockward_model::Side;

const STEPS: [(&str, Way); 6] = [
    ("ready", |_| {}),
    ("a card is being decided", |d| _ = d.card(ALICE)),
    ("a card's PIN is awaited", |d| {
        let question = d.card(ALICE);
        d.answer(question, Answer::NeedPin).digits("1234");
    }),
    ("a PIN is typed first", |d| _ = d.digits("1234")),
    ("a PIN's card is awaited", |d| {
        d.digits("1234").key(Key::Enter);
        reply(d, Answer::NeedCard);
    }),
    ("a second person is awaited", |d| {
        d.card(ALICE);
        reply(d, Answer::NeedSecond);
    }),
];

const INPUTS: [(&str, Way); 14] = [
    ("the same card", |d| _ = d.show(Side::Entry, card(ALICE))),
    ("another card", |d| _ = d.show(Side::Entry, card(BOB))),
    ("something that is no card", |d| _ = d.show(Side::Entry, Shown::Malformed)),
    ("a digit", |d| _ = d.digits("5")),
    ("enter", |d| _ = d.key(Key::Enter)),
    ("clear", |d| _ = d.key(Key::Clear)),
    ("granted", |d| _ = d.permit(FIRST)),
    ("denied", |d| _ = d.deny(FIRST)),
    ("a PIN is needed", |d| reply(d, Answer::NeedPin)),
    ("a card is needed", |d| reply(d, Answer::NeedCard)),
    ("a second person is needed", |d| reply(d, Answer::NeedSecond)),
    ("the reader is lost", |d| _ = d.tell(Input::Reader { side: Side::Entry, online: false })),
    ("time", |d| {
        let due = d.door.wake_at().map_or(d.ms, |w| w.0 / 1_000);
        d.wait(due - d.ms);
    }),
    ("the other reader's keys", |d| _ = d.tell(Input::Key { side: Side::Exit, key: Key::Digit(1) })),
];

/// Questions are counted from 1; these steps ask once, or have their answer already.
const FIRST: u32 = 1;

fn reply(d: &mut Rig, answer: Answer) {
    d.answer(FIRST, answer);
}

fn presented(who: &Presented) -> String {
    let shown = match &who.shown {
        Shown::Card(token) if *token == ALICE => "card",
        Shown::Card(_) => "other card",
        Shown::Key { .. } => "key",
        Shown::Pass(_) => "pass",
        Shown::Nothing => "nothing shown",
        Shown::Missing => "missing",
        Shown::Malformed => "no card",
    };
    match who.pin {
        PinEntry::NotAsked => shown.to_owned(),
        PinEntry::Typed(_) => format!("{shown} + PIN"),
        PinEntry::Missing => format!("{shown} + PIN missing"),
    }
}

fn question(asked: &Asked) -> String {
    let second = asked.second.as_ref().map(presented);
    let second = second.map(|s| format!(", second: {s}")).unwrap_or_default();
    format!("asks: {}{second}", presented(&asked.first))
}

fn outcome(d: &Rig) -> String {
    let told = d.said.iter().filter_map(|action| match action {
        Action::Decide { asked, .. } => Some(question(asked)),
        Action::Feedback { side: Side::Entry, feedback } => Some(format!("shows `{feedback:?}`")),
        Action::Release => Some("releases".to_owned()),
        _ => None,
    });
    told.collect::<Vec<_>>().join("; ")
}

/// Step, input, and what the reader does; only where it does something.
pub(crate) fn lines() -> Vec<(&'static str, &'static str, String)> {
    let mut lines = vec![];
    for (step, way) in STEPS {
        for (input, does) in INPUTS {
            let mut d = Rig::new(OnOpen, Mechanical);
            way(&mut d);
            d.said.clear();
            does(&mut d);
            lines.push((step, input, outcome(&d)));
        }
    }
    lines
}
