//! What is known of the past, kept as text now and then, and taken up at a start: the summary first, then our own
//! records since. A restart at any moment ends where no restart would have.
//!
//! One fact a line. Facts may be taken twice and in any order, so pieces of two summaries together are still right, as
//! long as records are read from where the older one ends.

use crate::history::{DoorWas, History};
use lockward_history::{Failure, Guess, GuessingFact, Passage, PresenceFact, Reader, UsedFact, Whereabouts};
use lockward_model::{
    ControllerFact, ControllerId, DoorFact, ExitAnomaly, InputFault, InputName, Opening, Side, Time, ZoneFact,
};
use std::fmt::{Display, Write as _};
use std::str::{FromStr, SplitAsciiWhitespace};

/// The first word of a summary, with its version.
const HEAD: &str = "lockward-history-1";
/// Largest piece: each goes into a state file of its own.
const PIECE_BYTES_MAX: usize = lockward_store::STATE_BYTES_MAX - 1024;
/// No id is spelled so.
const NONE: &str = "_";

const INPUTS: [(InputName, &str); 8] = [
    (InputName::Contact, "contact"),
    (InputName::Exit, "exit"),
    (InputName::Bolt, "bolt"),
    (InputName::Button, "button"),
    (InputName::Tamper, "tamper"),
    (InputName::Power, "power"),
    (InputName::Battery, "battery"),
    (InputName::Fire, "fire"),
];
const FAULTS: [(InputFault, &str); 5] = [
    (InputFault::Open, "open"),
    (InputFault::Short, "short"),
    (InputFault::Ground, "ground"),
    (InputFault::Foreign, "foreign"),
    (InputFault::Silent, "silent"),
];
const ANOMALIES: [(ExitAnomaly, &str); 3] =
    [(ExitAnomaly::Long, "long"), (ExitAnomaly::Often, "often"), (ExitAnomaly::Empty, "empty")];
const GUESSES: [(Guess, &str); 4] =
    [(Guess::Pin, "pin"), (Guess::Code, "code"), (Guess::OneTime, "one-time"), (Guess::Card, "card")];
const OPENINGS: [(Opening, &str); 5] = [
    (Opening::Granted, "granted"),
    (Opening::Exit, "exit"),
    (Opening::Free, "free"),
    (Opening::Forced, "forced"),
    (Opening::Before, "before"),
];
const SIDES: [(Side, &str); 2] = [(Side::Entry, "entry"), (Side::Exit, "exit")];

/// A summary's beginning: up to which of our records it speaks, of which configuration, and in how many pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Head {
    pub(crate) through: u64,
    pub(crate) config: u64,
    pub(crate) pieces: usize,
}

/// The pieces of a summary, the first with its head.
pub(crate) fn write(history: &History, through: u64, config: u64) -> Vec<Vec<u8>> {
    let mut pieces = vec![String::new()];
    let mut piece = |line: std::fmt::Arguments<'_>| {
        let full = pieces.last().is_none_or(|p| p.len() > PIECE_BYTES_MAX - 512);
        if full {
            pieces.push(String::new());
        }
        if let Some(last) = pieces.last_mut() {
            // Into memory: can not fail.
            let _ = writeln!(last, "{line}");
        }
    };
    write_places(history, &mut piece);
    write_codes(history, &mut piece);
    write_told(history, &mut piece);
    let head = format!("{HEAD} {through} {config} {}\n", pieces.len());
    if let Some(first) = pieces.first_mut() {
        first.insert_str(0, &head);
    }
    pieces.into_iter().map(String::into_bytes).collect()
}

fn write_places(history: &History, out: &mut impl FnMut(std::fmt::Arguments<'_>)) {
    for fact in history.presence.facts() {
        match fact {
            PresenceFact::Seen { person, place, by, at } => {
                let place = match place {
                    Whereabouts::Street => "_street".to_owned(),
                    Whereabouts::Unknown => NONE.to_owned(),
                    Whereabouts::In(zone) => zone.to_string(),
                };
                out(format_args!("seen {person} {place} {} {}", or_none(by), at.0));
            }
            PresenceFact::Entered { person, area, at } => {
                out(format_args!("entered {person} {area} {}", at.0));
            }
            PresenceFact::Forgiven { person, at } => out(format_args!("forgiven {person} {}", at.0)),
            PresenceFact::AreaForgiven { area, at } => out(format_args!("area-forgiven {area} {}", at.0)),
            PresenceFact::SomeoneLeft { from, into, at } => {
                out(format_args!("left {from} {} {}", or_none(into), at.0));
            }
        }
    }
    for (door, was) in &history.doors {
        let flag = |on| u8::from(on);
        let (opened, first) = (was.opened.map(|o| name(&OPENINGS, o)), was.first.map(|at| at.0));
        let (unlocked, released) = (flag(was.unlocked), flag(was.released));
        out(format_args!("door {door} {} {unlocked} {released} {}", or_none(opened), or_none(first)));
    }
    for p in history.passages() {
        out(format_args!("passage {} {} {} {}", p.door, name(&SIDES, p.side), p.who, p.at.0));
    }
    for (zone, door, at) in history.openings.facts() {
        out(format_args!("opened {zone} {door} {}", at.0));
    }
    for (door, at) in history.exits.facts() {
        out(format_args!("pressed {door} {}", at.0));
    }
}

fn write_codes(history: &History, out: &mut impl FnMut(std::fmt::Arguments<'_>)) {
    for (what, guesses) in [("secret", &history.secrets), ("card", &history.cards)] {
        for fact in guesses.facts() {
            match fact {
                GuessingFact::Failed(Failure { at, reader, credential, guess }) => out(format_args!(
                    "guessed {what} {} {} {} {} {}",
                    at.0,
                    reader.door,
                    name(&SIDES, reader.side),
                    or_none(credential),
                    name(&GUESSES, guess)
                )),
                GuessingFact::Right { credential, at } => {
                    out(format_args!("right {what} {credential} {}", at.0));
                }
                GuessingFact::Forgiven { at } => out(format_args!("guesses-forgiven {what} {}", at.0)),
            }
        }
    }
    for fact in history.used.facts() {
        match fact {
            UsedFact::Pass { id, by, times, until } => {
                out(format_args!("pass {:032x} {by} {times} {}", u128::from_be_bytes(id), until.0));
            }
            UsedFact::Step { credential, step } => out(format_args!("step {credential} {step}")),
            UsedFact::Forgotten { until } => out(format_args!("passes-forgotten {}", until.0)),
        }
    }
}

fn write_told(history: &History, out: &mut impl FnMut(std::fmt::Arguments<'_>)) {
    let told = &history.told;
    if let Some(at) = told.power_failed {
        out(format_args!("told power {}", at.0));
    }
    let flags = [
        (told.battery_low, "battery"),
        (told.fire, "fire"),
        (told.cabinet, "cabinet"),
        (told.time_untrusted, "time"),
    ];
    for (_, flag) in flags.into_iter().filter(|(on, _)| *on) {
        out(format_args!("told {flag}"));
    }
    for (input, fault) in &told.faults {
        out(format_args!("told fault {} {}", name(&INPUTS, *input), name(&FAULTS, *fault)));
    }
    for door in &told.locked_down {
        out(format_args!("told lockdown {door}"));
    }
    for door in &told.airlock_alone {
        out(format_args!("told airlock {door}"));
    }
    for zone in &told.alone {
        out(format_args!("told alone {zone}"));
    }
    for zone in &told.blocked {
        out(format_args!("told blocked {zone}"));
    }
    for (door, why) in &told.exits {
        out(format_args!("told exit {door} {}", name(&ANOMALIES, *why)));
    }
}

fn or_none(it: Option<impl Display>) -> String {
    it.map_or_else(|| NONE.to_owned(), |it| it.to_string())
}

fn name<T: Copy + PartialEq>(names: &[(T, &'static str)], it: T) -> &'static str {
    names.iter().find(|(of, _)| *of == it).map_or(NONE, |(_, name)| name)
}

fn named<T: Copy>(names: &[(T, &'static str)], word: &str) -> Option<T> {
    names.iter().find(|(_, name)| *name == word).map(|(of, _)| *of)
}

/// The head, from the first piece.
pub(crate) fn head(piece: &[u8]) -> Option<Head> {
    let text = std::str::from_utf8(piece).ok()?;
    let mut words = Words(text.lines().next()?.split_ascii_whitespace());
    (words.0.next()? == HEAD).then_some(())?;
    Some(Head { through: words.get()?, config: words.get()?, pieces: words.get()? })
}

/// Takes up a piece. `None` for anything else than [`write`] gave.
pub(crate) fn read(history: &mut History, piece: &[u8]) -> Option<()> {
    let text = std::str::from_utf8(piece).ok()?;
    text.lines().filter(|line| !line.starts_with(HEAD)).try_for_each(|line| {
        let mut words = Words(line.split_ascii_whitespace());
        read_fact(history, &mut words)?;
        words.0.next().is_none().then_some(())
    })
}

struct Words<'a>(SplitAsciiWhitespace<'a>);

impl<'a> Words<'a> {
    fn get<T: FromStr>(&mut self) -> Option<T> {
        self.0.next()?.parse().ok()
    }
    fn time(&mut self) -> Option<Time> {
        self.get().map(Time)
    }
    fn word(&mut self) -> Option<&'a str> {
        self.0.next()
    }
    fn opt<T: FromStr>(&mut self) -> Option<Option<T>> {
        match self.0.next()? {
            NONE => Some(None),
            word => word.parse().ok().map(Some),
        }
    }
}

fn read_fact(history: &mut History, words: &mut Words<'_>) -> Option<()> {
    let kind = words.word()?;
    if let Some(fact) = read_place(kind, words) {
        let _ = history.presence.take(fact?);
        return Some(());
    }
    match kind {
        "door" => {
            let door = words.get()?;
            let opened = match words.word()? {
                NONE => None,
                word => Some(named(&OPENINGS, word)?),
            };
            let mut flag = || words.get::<u8>().map(|on| on == 1);
            let (unlocked, released) = (flag()?, flag()?);
            let first = words.opt()?.map(Time);
            history.doors.insert(door, DoorWas { opened, unlocked, first, released });
        }
        "passage" => {
            let (door, side) = (words.get()?, named(&SIDES, words.word()?)?);
            let (who, at) = (words.get()?, words.time()?);
            history.restore(Passage { door, side, question: 0, who, at });
        }
        "opened" => _ = history.openings.take(words.get()?, words.get()?, words.time()?),
        "pressed" => history.exits.restore([(words.get()?, words.time()?)], []),
        "guessed" | "right" | "guesses-forgiven" => {
            let secret = match words.word()? {
                "secret" => true,
                "card" => false,
                _ => return None,
            };
            let fact = read_guess(kind, words)?;
            history.take_guess(secret, fact);
        }
        "pass" => {
            let id = u128::from_str_radix(words.word()?, 16).ok()?.to_be_bytes();
            let (by, times, until): (ControllerId, u16, Time) = (words.get()?, words.get()?, words.time()?);
            let _ = history.used.take(UsedFact::Pass { id, by, times, until });
        }
        "step" => {
            let (credential, step) = (words.get()?, words.get()?);
            let _ = history.used.take(UsedFact::Step { credential, step });
        }
        "passes-forgotten" => _ = history.used.take(UsedFact::Forgotten { until: words.time()? }),
        "told" => read_told(history, words)?,
        _ => return None,
    }
    Some(())
}

/// The outer is `None` for what is no fact about places.
fn read_place(kind: &str, words: &mut Words<'_>) -> Option<Option<PresenceFact>> {
    let fact = match kind {
        "seen" => (|| {
            let person = words.get()?;
            let place = match words.word()? {
                "_street" => Whereabouts::Street,
                NONE => Whereabouts::Unknown,
                zone => Whereabouts::In(zone.parse().ok()?),
            };
            Some(PresenceFact::Seen { person, place, by: words.opt()?, at: words.time()? })
        })(),
        "entered" => (|| {
            let (person, area) = (words.get()?, words.get()?);
            Some(PresenceFact::Entered { person, area, at: words.time()? })
        })(),
        "forgiven" => (|| Some(PresenceFact::Forgiven { person: words.get()?, at: words.time()? }))(),
        "area-forgiven" => (|| Some(PresenceFact::AreaForgiven { area: words.get()?, at: words.time()? }))(),
        "left" => (|| {
            let (from, into) = (words.get()?, words.opt()?);
            Some(PresenceFact::SomeoneLeft { from, into, at: words.time()? })
        })(),
        _ => return None,
    };
    Some(fact)
}

fn read_guess(kind: &str, words: &mut Words<'_>) -> Option<GuessingFact> {
    Some(match kind {
        "guessed" => {
            let (at, door) = (words.time()?, words.get()?);
            let reader = Reader { door, side: named(&SIDES, words.word()?)? };
            let (credential, guess) = (words.opt()?, named(&GUESSES, words.word()?)?);
            GuessingFact::Failed(Failure { at, reader, credential, guess })
        }
        "right" => GuessingFact::Right { credential: words.get()?, at: words.time()? },
        _ => GuessingFact::Forgiven { at: words.time()? },
    })
}

fn read_told(history: &mut History, words: &mut Words<'_>) -> Option<()> {
    match words.word()? {
        "power" => {
            let at = words.time()?;
            history.told_of_controller(at, ControllerFact::PowerFailed);
        }
        "battery" => history.told_of_controller(Time(0), ControllerFact::BatteryLow(true)),
        "fire" => history.told_of_controller(Time(0), ControllerFact::Fire(true)),
        "cabinet" => history.told_of_controller(Time(0), ControllerFact::Tamper(true)),
        "time" => history.told_of_controller(Time(0), ControllerFact::TimeUntrusted(true)),
        "fault" => {
            let (input, fault) = (named(&INPUTS, words.word()?)?, named(&FAULTS, words.word()?)?);
            history.told.faults.insert(input, fault);
        }
        "lockdown" => history.told_of_door(words.get()?, DoorFact::Lockdown(true)),
        "airlock" => history.told_of_door(words.get()?, DoorFact::AirlockAlone(true)),
        "alone" => history.told_of_zone(words.get()?, &ZoneFact::PassbackAlone(true)),
        "blocked" => history.told_of_zone(words.get()?, &ZoneFact::OpeningsBlocked(Vec::new())),
        "exit" => {
            let (door, why) = (words.get()?, named(&ANOMALIES, words.word()?)?);
            history.told_of_door(door, DoorFact::ExitAnomaly(Some(why)));
        }
        _ => return None,
    }
    Some(())
}
