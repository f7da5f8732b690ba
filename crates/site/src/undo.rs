//! How a half-applied change set is taken back: each step leaves its own way back, walked from the end.

use crate::Site;

type Back = Box<dyn FnOnce(&mut Site)>;

#[derive(Default)]
pub(crate) struct Undo(Vec<Back>);

impl Undo {
    pub(crate) fn push(&mut self, back: impl FnOnce(&mut Site) + 'static) {
        self.0.push(Box::new(back));
    }

    pub(crate) fn run(self, site: &mut Site) {
        self.0.into_iter().rev().for_each(|back| back(site));
    }
}

/// An error with its causes, on one line.
pub(crate) fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |e| e.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
