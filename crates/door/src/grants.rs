//! The grants that release a door at this moment: whose, until when, and what becomes of each.

use crate::Action;
use lockward_model::{Mono, Side};

/// Most bearers of one release. They come one by one through a reader; a release of two minutes admits more than this,
/// but then the first are long through, or were never there: the oldest makes room.
pub const GRANTS_MAX: usize = 16;

/// Somebody who was let in, or out, and has not opened the door yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bearer {
    pub(crate) side: Side,
    /// The question that it answered; `None` for an order's.
    pub(crate) question: Option<u32>,
    pub(crate) until: Mono,
    pub(crate) extended: bool,
    /// A lift's floor was called on it already.
    pub(crate) entered: bool,
}

/// One release, however many have a part in it: it lasts as long as the longest.
#[derive(Debug, Default)]
pub(crate) struct Grants {
    bearers: Vec<Bearer>,
}

impl Grants {
    pub(crate) fn run(&self) -> bool {
        !self.bearers.is_empty()
    }

    pub(crate) fn run_for(&self, side: Side) -> bool {
        self.bearers.iter().any(|b| b.side == side)
    }

    pub(crate) fn extended(&self) -> bool {
        self.bearers.iter().any(|b| b.extended)
    }

    pub(crate) fn until(&self) -> Option<Mono> {
        self.bearers.iter().map(|b| b.until).max()
    }

    pub(crate) fn add(&mut self, bearer: Bearer, out: &mut Vec<Action>) {
        if self.bearers.len() == GRANTS_MAX {
            let oldest = self.bearers.remove(0);
            tell(&oldest, false, out);
        }
        self.bearers.push(bearer);
    }

    /// Ends them all.
    pub(crate) fn spend(&mut self, entered: bool, out: &mut Vec<Action>) {
        for bearer in self.bearers.drain(..) {
            tell(&bearer, entered, out);
        }
    }

    /// A lift's floor was called: all have entered, and the release goes on. True if that is news.
    pub(crate) fn call(&mut self, out: &mut Vec<Action>) -> bool {
        let mut news = false;
        for bearer in self.bearers.iter_mut().filter(|b| !b.entered) {
            tell(bearer, true, out);
            (bearer.entered, news) = (true, true);
        }
        news
    }

    /// Ends those of one side. True if there were any, and none of them had entered.
    pub(crate) fn withdraw(&mut self, side: Side, out: &mut Vec<Action>) -> bool {
        let (mut any, mut entered) = (false, false);
        for bearer in self.bearers.extract_if(.., |b| b.side == side) {
            tell(&bearer, false, out);
            (any, entered) = (true, entered || bearer.entered);
        }
        any && !entered
    }

    /// Ends them all if their time is over. True if that was so, and none had entered.
    pub(crate) fn elapse(&mut self, now: Mono, entered: bool, out: &mut Vec<Action>) -> bool {
        if self.until().is_none_or(|until| until > now) {
            return false;
        }
        let none_entered = !self.bearers.iter().any(|b| b.entered);
        self.spend(entered, out);
        none_entered
    }
}

/// Says once what became of a grant.
fn tell(bearer: &Bearer, entered: bool, out: &mut Vec<Action>) {
    if let (false, Some(question)) = (bearer.entered, bearer.question) {
        out.push(Action::Spent { question, entered });
    }
}
