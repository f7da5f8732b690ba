//! One step of a door: random inputs through a door and through the naive rules of its tests, side by side; then through
//! a door alone, timed, which has to say the same again.

#[path = "../../door/tests/door/naive.rs"]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "a part of the door's tests")]
mod naive;

use crate::dice::Dice;
use crate::rounds::{Failed, Lane, Round, Track, each, interleave};
use core::time::Duration;
use lockward_door::{
    ANSWER_WAIT, Action, Answer, Bolt, Cause, Contact, Door, Input, Key, Shown, Terms, Wire, Wiring,
};
use lockward_model::{
    Body, CardToken, Deny, DoorId, DoorKind, DoorRules, ExitHardware, InputFault, Mono, Now, OpenLimit,
    ReleaseTime, Relock, Side, Time, WarnTime,
};
use lockward_policy::Policies;
use naive::{Naive, Noted, ROW_OF_CAUSE, ROW_OF_SIDE, Rules, Told};
use std::cell::Cell;

const SIDES: [Side; 2] = [Side::Entry, Side::Exit];
const CAUSES: [Cause; 3] = [Cause::Schedule, Cause::FirstPerson, Cause::Order];
const ANSWER_WAIT_MS: u64 = ANSWER_WAIT.as_secs() * 1_000;
/// How long people take between two things that they do, in milliseconds: within a release, a PIN's wait, a limit.
const PAUSES: [u64; 6] = [0, 50, 400, 2_000, 9_000, 30_000];

/// An input as it can be given again: a grant can not.
#[derive(Clone, Copy)]
enum Cue {
    Timer,
    Show(Side, u8),
    Key(Side, u8),
    Answer(u32, Reply),
    Noted(Noted),
}

#[derive(Clone, Copy)]
enum Reply {
    Grant,
    NeedPin,
    Deny,
}

/// A question that a side's reader has asked last, and since when, while no answer has come.
#[derive(Clone, Copy, Default)]
struct Asked {
    question: u32,
    waiting: Option<u64>,
}

/// Runs rounds of so many steps, each sequence another one. Gives the releases among them too.
pub(crate) fn measure(rounds: usize, steps: usize) -> Result<(Track, usize), Failed> {
    let releases = Cell::new(0);
    let mut lanes = [Lane {
        name: "a step of a door, without policy",
        run: Box::new(|round| {
            let walk = Walk::take(round, steps)?;
            releases.set(releases.get() + walk.releases());
            walk.again()
        }),
    }];
    let mut tracks = interleave(rounds, &mut lanes)?;
    drop(lanes);
    Ok((tracks.pop().ok_or("nothing was measured")?, releases.get()))
}

/// A door beside the naive rules, and everything that was done to it and that it said.
struct Walk {
    rules: Rules,
    door: Door,
    naive: Naive,
    policies: Policies,
    ms: u64,
    released: bool,
    asked: [Asked; 2],
    script: Vec<(Now, Cue)>,
    said: Vec<Action>,
}

impl Walk {
    /// Takes so many steps, and holds each against the naive rules.
    fn take(round: usize, steps: usize) -> Result<Self, Failed> {
        let rules = rules(round);
        let mut walk = Self {
            rules,
            door: door(rules)?,
            naive: Naive::new(rules),
            policies: Policies::new(),
            ms: 0,
            released: false,
            asked: [Asked::default(); 2],
            script: Vec::with_capacity(steps),
            said: Vec::new(),
        };
        let mut dice = Dice::new(round as u64);
        while walk.script.len() < steps {
            walk.step(&mut dice)?;
        }
        Ok(walk)
    }

    fn releases(&self) -> usize {
        self.said.iter().filter(|a| matches!(a, Action::Release)).count()
    }

    fn step(&mut self, dice: &mut Dice) -> Result<(), Failed> {
        let which = dice.below(2);
        let (side, on) = (at(&SIDES, which)?, dice.one_in(2));
        match dice.below(10) {
            0 | 1 => self.wait(at(&PAUSES, dice.below(PAUSES.len()))?),
            2 | 3 => self.tell(Cue::Show(side, u8::try_from(dice.below(3))?), Noted::Nothing),
            4 => self.tell(Cue::Key(side, u8::try_from(dice.below(12))?), Noted::Nothing),
            5 | 6 => {
                let reply = [Reply::Grant, Reply::Grant, Reply::NeedPin, Reply::Deny];
                self.answer(which, at(&reply, dice.below(4))?)
            }
            _ => {
                let (cue, told) = happening(dice, which, on)?;
                self.tell(Cue::Noted(cue), told)
            }
        }
    }

    /// Lets time pass, with every timer on its moment.
    fn wait(&mut self, ms: u64) -> Result<(), Failed> {
        let end = self.ms + ms;
        while let Some(due) = self.door.wake_at().filter(|w| w.0 <= end * 1_000) {
            self.ms = due.0 / 1_000;
            self.tell(Cue::Timer, Noted::Nothing)?;
        }
        self.ms = end;
        Ok(())
    }

    fn answer(&mut self, which: usize, reply: Reply) -> Result<(), Failed> {
        let asked = self.asked.get_mut(which).ok_or("no such side")?;
        let heeded = asked.waiting.take().is_some_and(|since| self.ms < since + ANSWER_WAIT_MS);
        let question = asked.question;
        let noted = match reply {
            Reply::Grant if heeded => {
                Noted::Granted { row: at(&ROW_OF_SIDE, which)?, longer: false, in_lockdown: false }
            }
            Reply::Grant => Noted::GrantedInVain,
            Reply::NeedPin | Reply::Deny => Noted::Nothing,
        };
        self.tell(Cue::Answer(question, reply), noted)
    }

    /// One input to both.
    fn tell(&mut self, cue: Cue, noted: Noted) -> Result<(), Failed> {
        let now = moment(self.ms);
        let mut said = Vec::new();
        self.door.handle(now, cue.input(now, &self.policies)?, &mut said);
        let mut records: Vec<&Body> = Vec::new();
        for action in &said {
            match action {
                Action::Release => self.released = true,
                Action::Lock => self.released = false,
                Action::Record(body) => records.push(body),
                Action::Decide { side, question, .. } => {
                    let [entry, exit] = &mut self.asked;
                    let asked = if *side == Side::Entry { entry } else { exit };
                    *asked = Asked { question: *question, waiting: Some(self.ms) };
                }
                _ => {}
            }
        }
        let due = self.naive.note(self.ms, noted);
        let same = records.into_iter().eq(&due)
            && self.released == self.naive.is_released()
            && self.door.state() == self.naive.state();
        if !same {
            return Err(
                format!("a door differs from its naive rules after {noted:?} at {} ms", self.ms).into()
            );
        }
        self.script.push((now, cue));
        self.said.append(&mut said);
        Ok(())
    }

    /// The same again through a door alone, each step timed.
    fn again(self) -> Result<Round, Failed> {
        let input = |(now, cue): &(Now, Cue)| Ok::<_, Failed>(Some((*now, cue.input(*now, &self.policies)?)));
        let mut inputs = self.script.iter().map(input).collect::<Result<Vec<_>, _>>()?;
        let mut door = door(self.rules)?;
        let mut said = Vec::with_capacity(self.said.len());
        let round = each(inputs.len(), |n| {
            let (now, input) = inputs.get_mut(n).and_then(Option::take).ok_or("no such step")?;
            door.handle(now, input, &mut said);
            Ok(())
        })?;
        if said == self.said { Ok(round) } else { Err("a timed door said something else".into()) }
    }
}

impl Cue {
    fn input(self, now: Now, policies: &Policies) -> Result<Input, Failed> {
        Ok(match self {
            Self::Timer => Input::Timer,
            Self::Show(side, 2) => Input::Shown { side, shown: Shown::Malformed },
            Self::Show(side, card) => Input::Shown { side, shown: Shown::Card(CardToken([card; 16])) },
            Self::Key(side, 10) => Input::Key { side, key: Key::Enter },
            Self::Key(side, 11) => Input::Key { side, key: Key::Clear },
            Self::Key(side, digit) => Input::Key { side, key: Key::Digit(digit) },
            Self::Answer(question, reply) => {
                let until = now.mono + Duration::from_secs(1);
                let answer = match reply {
                    Reply::Grant => Answer::Granted(policies.leave(this_door()?, until), Terms::default()),
                    Reply::NeedPin => Answer::NeedPin,
                    Reply::Deny => Answer::Denied(Deny::NothingPermits),
                };
                Input::Decided { question, answer }
            }
            Self::Noted(noted) => noted_input(noted)?,
        })
    }
}

/// Something that happens at a door, in the test's words and as the naive rules take it.
fn happening(dice: &mut Dice, which: usize, on: bool) -> Result<(Noted, Noted), Failed> {
    let yes_or_no = if on { Told::Yes } else { Told::No };
    let wire = if dice.one_in(12) { Told::Bad } else { yes_or_no };
    let both = |noted| (noted, noted);
    Ok(match dice.below(16) {
        0..6 => both(Noted::Contact(wire)),
        6..9 => both(Noted::Bolt(wire)),
        9..12 => both(Noted::Exit(wire)),
        12 => {
            let cause = dice.below(CAUSES.len());
            (Noted::Free(cause, on), Noted::Free(at(&ROW_OF_CAUSE, cause)?, on))
        }
        13 => both(if dice.one_in(2) { Noted::Fire(on && dice.one_in(4)) } else { Noted::Power(on) }),
        14 => both(if dice.one_in(2) { Noted::Lockdown(on) } else { Noted::Airlock(on) }),
        _ => both(Noted::Reader(which, on)),
    })
}

fn noted_input(noted: Noted) -> Result<Input, Failed> {
    let wire = |told| match told {
        Told::Bad => Wire::Fault(InputFault::Open),
        told => Wire::Says(told == Told::Yes),
    };
    let say = |told, yes, no| match told {
        Told::Bad => Wire::Fault(InputFault::Open),
        told => Wire::Says(if told == Told::Yes { yes } else { no }),
    };
    Ok(match noted {
        Noted::Contact(told) => match wire(told) {
            Wire::Says(open) => {
                Input::Contact(Wire::Says(if open { Contact::Open } else { Contact::Closed }))
            }
            Wire::Fault(fault) => Input::Contact(Wire::Fault(fault)),
        },
        Noted::Bolt(told) => Input::Bolt(say(told, Bolt::Released, Bolt::Locked)),
        Noted::Exit(told) => Input::Exit(wire(told)),
        Noted::Free(cause, on) => Input::Free { cause: at(&CAUSES, cause)?, on },
        Noted::Fire(on) => Input::Fire(on),
        Noted::Lockdown(on) => Input::Lockdown(on),
        Noted::Airlock(busy) => Input::Airlock(busy),
        Noted::Power(there) => Input::Power(there),
        Noted::Reader(side, online) => Input::Reader { side: at(&SIDES, side)?, online },
        _ => Input::Timer,
    })
}

fn at<T: Copy>(all: &[T], n: usize) -> Result<T, Failed> {
    all.get(n).copied().ok_or_else(|| "no such choice".into())
}

fn moment(ms: u64) -> Now {
    Now { mono: Mono(ms * 1_000), wall: Time(1_790_000_000_000 + i64::try_from(ms).unwrap_or(0)) }
}

fn this_door() -> Result<DoorId, Failed> {
    Ok("d0".parse()?)
}

/// Doors of four kinds in turn: how they lock again, and whether they hold people in.
fn rules(round: usize) -> Rules {
    Rules {
        on_close: round & 1 == 1,
        holds_in: round & 2 == 2,
        release: 5_000,
        limit: 20_000,
        longer: None,
        warn: Some(5_000),
        office: None,
        contact: true,
        bolt: true,
        floor: false,
    }
}

/// A door past its start.
fn door(rules: Rules) -> Result<Door, Failed> {
    let warn_before = rules.warn.map(|w| WarnTime::new(Duration::from_millis(w))).transpose()?;
    let settings = lockward_model::Door {
        id: this_door()?,
        title: "d0".parse()?,
        kind: DoorKind::Room,
        from: None,
        to: "z0".parse()?,
        controller: "c0".parse()?,
        release: ReleaseTime::new(Duration::from_millis(rules.release))?,
        open_limit: OpenLimit::new(Duration::from_millis(rules.limit))?,
        relock: if rules.on_close { Relock::OnClose } else { Relock::OnOpen },
        exit: if rules.holds_in { ExitHardware::Released } else { ExitHardware::Mechanical },
        unlocked: None,
        rules: DoorRules { warn_before, ..DoorRules::default() },
    };
    let mut door = Door::new(settings, Wiring { contact: true, bolt: true, keypad: true }, moment(0));
    door.handle(moment(0), Input::Timer, &mut Vec::new());
    Ok(door)
}
