//! The statements of the site, judged for each draft off the path of requests: one draft at a time for the whole hub.
//!
//! The solver is a program that thinks for seconds. It is given up on after a while, and at once when the draft is gone or the
//! hub stops. What it finds is for people who are about to sign; nothing is let or refused by it.

use crate::core::Core;
use crate::{DraftId, DraftView};
use lockward_model::Time;
use lockward_prove::{Judged, Patience, Solver, judge};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Semaphore;

/// What is known so far of a draft's statements.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    /// One after the other, as the solver comes to them.
    pub(crate) judged: Vec<Judged>,
    /// How many there are.
    pub(crate) of: usize,
    /// Nothing more will come.
    pub(crate) done: bool,
    /// Why nothing came.
    pub(crate) failed: Option<String>,
}

/// Which bytes of a draft: drafted again, it is other work.
type Stamp = (u64, Time);
type Found = Arc<Mutex<Progress>>;

/// What was found for the drafts that wait; there are no more entries than drafts ([`crate::DRAFTS_MAX`]).
pub(crate) struct Stating {
    program: Option<OsString>,
    turn: Arc<Semaphore>,
    all: Mutex<BTreeMap<DraftId, (Stamp, Found)>>,
}

impl Stating {
    /// Looks for no solver before there is something to ask.
    pub(crate) fn new(program: Option<OsString>) -> Self {
        Self { program, turn: Arc::new(Semaphore::new(1)), all: Mutex::default() }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Core {
    /// What is known of the statements that the site would keep after a draft; the first who asks sets it going. `None` where
    /// there are none, or where the draft was overtaken before anybody asked.
    pub(crate) fn stated(&self, draft: &DraftView) -> Option<Progress> {
        let stamp = (draft.at, draft.drafted);
        if draft.statements == 0 {
            return None;
        }
        let waiting = self.office.waiting_ids();
        let mut all = locked(&self.stating.all);
        all.retain(|id, _| waiting.contains(id));
        if let Some((_, found)) = all.get(&draft.id).filter(|(of, _)| *of == stamp) {
            return Some(locked(found).clone());
        }
        if draft.overtaken {
            return None;
        }
        let first = Progress { of: draft.statements, ..Progress::default() };
        let found = Arc::new(Mutex::new(first.clone()));
        all.insert(draft.id, (stamp, Arc::clone(&found)));
        drop(all);
        self.set_going(draft.id, stamp, found);
        Some(first)
    }

    fn set_going(&self, id: DraftId, stamp: Stamp, found: Found) {
        let (office, closing) = (Arc::clone(&self.office), self.closing.clone());
        let (program, turn) = (self.stating.program.clone(), Arc::clone(&self.stating.turn));
        let gone = {
            let office = Arc::clone(&office);
            move || *closing.borrow() || !office.still_waits(id, stamp)
        };
        let work = move || {
            let patience = Patience::of_a_review().unless(gone.clone());
            let solver = || match &program {
                Some(program) => Solver::at(program.clone(), patience.clone()),
                None => Solver::find(patience.clone()),
            };
            let failed = match office.rehearsed(id).filter(|_| !gone()) {
                Some((before, after)) => {
                    let tell = |one| locked(&found).judged.push(one);
                    judge(Some(&before), after.site(), office.wall(), &solver, tell).err()
                }
                None => Some("another change was made meanwhile; draft it again".into()),
            };
            let mut found = locked(&found);
            (found.failed, found.done) = (failed, true);
        };
        tokio::spawn(async move {
            // Nobody closes the semaphore. Those that wait here while the hub stops end with its runtime.
            let Ok(_turn) = turn.acquire().await else { return };
            let _ = tokio::task::spawn_blocking(work).await;
        });
    }
}
