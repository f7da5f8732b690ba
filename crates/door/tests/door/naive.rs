//! The rules told once more, without any state: whatever is asked is found by reading the whole history again.

use crate::rig::{OPEN_LIMIT_MS, RELEASE_MS};
use core::time::Duration;
use lockward_door::{EXIT_SHUNT, State};
use lockward_model::{Body, ExitHardware, LockCause, Opening, Relock};

/// What the naive teller takes note of. Whether a grant was heeded is for the reader's side of the test to know.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Noted {
    Granted,
    Opened,
    Closed,
    Pressed,
    LetGo,
    Free,
    NotFree,
    Nothing,
}
use Noted::{Closed, Free, Granted, LetGo, NotFree, Opened, Pressed};

pub(crate) struct Naive {
    pub(crate) relock: Relock,
    pub(crate) exit: ExitHardware,
    /// Oldest first.
    pub(crate) history: Vec<(u64, Noted)>,
    pub(crate) seen: u64,
}

type Past<'a> = &'a [(u64, Noted)];

/// Whether, of two opposites, the one that was noted last is `yes`.
fn last(past: Past<'_>, yes: Noted, no: Noted) -> bool {
    past.iter().rev().map(|n| n.1).find(|n| *n == yes || *n == no) == Some(yes)
}

fn is_open(past: Past<'_>) -> bool {
    last(past, Opened, Closed)
}

fn is_free(past: Past<'_>) -> bool {
    last(past, Free, NotFree)
}

/// Where the present opening began.
fn opening(past: Past<'_>) -> Option<usize> {
    let closed = past.iter().rposition(|n| n.1 == Closed).map_or(0, |i| i + 1);
    past[closed..].iter().position(|n| n.1 == Opened).map(|i| closed + i)
}

/// The schedule unlocked the door at some moment of the present opening.
fn free_in_this_opening(past: Past<'_>) -> bool {
    opening(past).is_some_and(|k| is_free(&past[..k]) || past[k..].iter().any(|n| n.1 == Free))
}

impl Naive {
    fn grant_lives(&self, past: Past<'_>, now: u64) -> bool {
        (0..past.len()).any(|i| {
            past[i].1 == Granted
                && now < past[i].0 + RELEASE_MS
                && !is_open(&past[..i])
                && !is_free(&past[..i])
                && !past[i..].iter().any(|n| n.1 == Opened || n.1 == Free)
        })
    }

    fn press_lives(&self, past: Past<'_>, now: u64, span: u64) -> bool {
        let begins_an_opening = |k: usize| past[k].1 == Opened && !is_open(&past[..k]);
        (0..past.len()).any(|i| {
            past[i].1 == Pressed
                && now < past[i].0 + span
                && !last(&past[..i], Pressed, LetGo)
                && !(i + 1..past.len()).any(begins_an_opening)
        })
    }

    fn exit_releases(&self, past: Past<'_>, now: u64) -> bool {
        self.exit == ExitHardware::Released
            && (last(past, Pressed, LetGo) || self.press_lives(past, now, RELEASE_MS))
    }

    fn released(&self, past: Past<'_>, now: u64) -> bool {
        let till_closed = opening(past).is_some_and(|k| {
            let (then, at_opening) = (&past[..k], past[k].0);
            let by_right = self.grant_lives(then, at_opening) || self.exit_releases(then, at_opening);
            self.relock == Relock::OnClose && by_right && !is_free(then)
        });
        is_free(past)
            || free_in_this_opening(past)
            || self.grant_lives(past, now)
            || self.exit_releases(past, now)
            || till_closed
    }

    fn right(&self, past: Past<'_>, now: u64) -> Opening {
        let shunted = u64::try_from(EXIT_SHUNT.as_millis()).unwrap();
        let explained = self.exit == ExitHardware::Mechanical && self.press_lives(past, now, shunted);
        if is_free(past) {
            Opening::Free
        } else if self.grant_lives(past, now) {
            Opening::Granted
        } else if explained || self.exit_releases(past, now) {
            Opening::Exit
        } else {
            Opening::Forced
        }
    }

    fn held(&self, past: Past<'_>, now: u64) -> bool {
        let Some(k) = opening(past) else { return false };
        let right = self.right(&past[..k], past[k].0);
        let mut counted = (right != Opening::Free).then_some(past[k].0);
        for i in k + 1..=past.len() {
            let (at, what) = past.get(i).copied().unwrap_or((now, Noted::Nothing));
            if right != Opening::Forced && counted.is_some_and(|c| c + OPEN_LIMIT_MS <= at) {
                return true;
            }
            match what {
                Free => counted = None,
                NotFree if is_free(&past[..i]) => counted = Some(at),
                _ => {}
            }
        }
        false
    }

    pub(crate) fn is_released(&self) -> bool {
        self.released(&self.history, self.seen)
    }

    pub(crate) fn state(&self) -> State {
        let (past, now) = (&self.history[..], self.seen);
        if let Some(k) = opening(past) {
            return match self.right(&past[..k], past[k].0) {
                Opening::Forced => State::Forced,
                _ if self.held(past, now) => State::Held,
                _ => State::Open,
            };
        }
        if is_free(past) {
            State::Unlocked
        } else if self.grant_lives(past, now) {
            State::Granted
        } else if self.exit_releases(past, now) {
            State::Leaving
        } else {
            State::Locked
        }
    }

    /// Takes note, and tells what has to be on record for it.
    pub(crate) fn note(&mut self, now: u64, what: Noted) -> Vec<Body> {
        let (past, before) = (&self.history[..], self.seen);
        let mut due = vec![];
        if self.grant_lives(past, before) && !self.grant_lives(past, now) {
            due.push(Body::NotEntered);
        }
        if self.held(past, now) && !self.held(past, before) {
            due.push(Body::DoorHeld { limit: Duration::from_millis(OPEN_LIMIT_MS) });
        }
        let ending = free_in_this_opening(past) && !is_free(past);
        match what {
            Opened if !is_open(past) => due.push(Body::DoorOpened(self.right(past, now))),
            Closed if is_open(past) => {
                let since = past[opening(past).unwrap()].0;
                due.push(Body::DoorClosed { open_for: Duration::from_millis(now - since) });
                due.extend(ending.then_some(Body::Locked(LockCause::Schedule)));
            }
            Pressed if !last(past, Pressed, LetGo) => {
                let released = self.exit == ExitHardware::Released && !self.released(past, now);
                due.push(Body::ExitRequested { released });
            }
            Free if !is_free(past) && !ending => due.push(Body::Unlocked(LockCause::Schedule)),
            NotFree if is_free(past) && !is_open(past) => due.push(Body::Locked(LockCause::Schedule)),
            _ => {}
        }
        self.history.push((now, what));
        self.seen = now;
        due
    }
}
