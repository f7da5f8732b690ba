//! Which codes are used up: passes that serve a number of times, and counters that only go up.
//!
//! Nothing is forgotten before its end, and nothing that was forgotten is fresh again, whatever the clock does.

use crate::Taken;
use lockward_model::{ControllerId, CredentialId, Time};
use std::collections::BTreeMap;

/// How many passes that have not ended are kept: a year of 250 visitors or parcels a day. At 500 bytes, for up to
/// eleven controllers each, near 50 MB.
pub const PASSES_MAX: usize = 100_000;
/// How many credentials with one-time codes are kept: one for every fourth person of the largest site. At 40 bytes and
/// half full nodes near 20 MB.
pub const STEPS_MAX: usize = 262_144;
/// At how many controllers one pass is counted. A pass that comes up at one more is used up.
const CONTROLLERS_MAX: usize = 64;

/// What became of a pass that was shown.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// It serves; the number says which use this is, the first being one.
    Fresh(u16),
    /// It has served as often as it may.
    UsedUp,
    /// It has ended, or ended so long ago that nobody remembers how often it served.
    Ended,
    /// Refused: [`PASSES_MAX`] passes are kept, and none has ended. Say so to the operators.
    Full,
}

/// What became of a one-time code's counter or time step.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Never used, and nor was any after it.
    Fresh,
    /// It, or one after it, was used (RFC 6238, 5.2: no second time; RFC 4226, 7.2: the counter goes on from there).
    UsedUp,
    /// Refused: [`STEPS_MAX`] credentials are kept.
    Full,
}

/// One fact of a [`Used`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum UsedFact {
    /// A pass served so many times at one controller.
    Pass {
        /// The pass.
        id: [u8; 16],
        /// Where.
        by: ControllerId,
        /// How often, in all.
        times: u16,
        /// When the pass ends.
        until: Time,
    },
    /// A one-time code was used.
    Step {
        /// Of which credential.
        credential: CredentialId,
        /// Its counter (HOTP) or time step (TOTP).
        step: u64,
    },
    /// Passes that ended by then were forgotten, and are refused.
    Forgotten {
        /// Until when.
        until: Time,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pass {
    until: Time,
    times: BTreeMap<ControllerId, u16>,
}

/// What was used, and how often.
#[derive(Debug, Clone, Default)]
pub struct Used {
    passes: BTreeMap<[u8; 16], Pass>,
    steps: BTreeMap<CredentialId, u64>,
    forgotten: Option<Time>,
}

impl Used {
    /// Uses a pass once at controller `me`, if it may serve `uses` times in all until its end. With the use comes the
    /// fact, which is taken already: have it on disk before the door opens, and tell it to others. Two controllers that
    /// do not hear of each other may both let a pass serve; bind it to one door where that matters.
    pub fn use_once(
        &mut self,
        me: ControllerId,
        id: [u8; 16],
        uses: u16,
        until: Time,
        now: Time,
    ) -> (Use, Option<UsedFact>) {
        let until = self.passes.get(&id).map_or(until, |pass| until.max(pass.until));
        if until <= now || Some(until) <= self.forgotten {
            return (Use::Ended, None);
        }
        let served = self.passes.get(&id).map_or(0, Pass::served);
        if served >= u32::from(uses) {
            return (Use::UsedUp, None);
        }
        if !self.passes.contains_key(&id) && self.passes.len() >= PASSES_MAX {
            self.forget(now);
        }
        let fact = self.once_more(id, me, until);
        if self.take(fact) == Taken::Full {
            return (Use::Full, None);
        }
        // Below `uses`, which is a `u16`.
        (Use::Fresh(u16::try_from(served).unwrap_or(u16::MAX).saturating_add(1)), Some(fact))
    }

    /// The fact of one more use at a controller, due or not: what it recorded has happened.
    #[must_use]
    pub fn once_more(&self, id: [u8; 16], by: ControllerId, until: Time) -> UsedFact {
        let times = self.passes.get(&id).and_then(|pass| pass.times.get(&by)).copied().unwrap_or(0);
        UsedFact::Pass { id, by, times: times.saturating_add(1), until }
    }

    /// Whether a pass would be refused now by [`Self::use_once`]: used up, ended, or one too many to be kept.
    #[must_use]
    pub fn is_used_up(&self, id: [u8; 16], uses: u16, until: Time, now: Time) -> bool {
        let known = self.passes.get(&id);
        let until = known.map_or(until, |pass| until.max(pass.until));
        let served = known.map_or(0, Pass::served);
        let full = known.is_none()
            && self.passes.len() >= PASSES_MAX
            && self.passes.values().all(|pass| pass.until > now);
        until <= now || Some(until) <= self.forgotten || served >= u32::from(uses) || full
    }

    /// Uses a one-time code's counter or time step.
    pub fn step(&mut self, credential: CredentialId, step: u64) -> (Step, Option<UsedFact>) {
        let fact = UsedFact::Step { credential, step };
        match self.take(fact) {
            Taken::New => (Step::Fresh, Some(fact)),
            Taken::Known => (Step::UsedUp, None),
            Taken::Full => (Step::Full, None),
        }
    }

    /// The newest counter or time step that was used: a search for the next one begins after it.
    #[must_use]
    pub fn last_step(&self, credential: CredentialId) -> Option<u64> {
        self.steps.get(&credential).copied()
    }

    /// Takes one fact, of this controller or of another.
    pub fn take(&mut self, fact: UsedFact) -> Taken {
        match fact {
            UsedFact::Pass { id, by, times, until } => self.take_pass(id, by, times, until),
            UsedFact::Step { credential, step } => self.take_step(credential, step),
            UsedFact::Forgotten { until } => {
                let news = Some(until) > self.forgotten;
                self.forgotten = self.forgotten.max(Some(until));
                if news { Taken::New } else { Taken::Known }
            }
        }
    }

    fn take_pass(&mut self, id: [u8; 16], by: ControllerId, times: u16, until: Time) -> Taken {
        let full = self.passes.len() >= PASSES_MAX;
        let pass = match self.passes.entry(id) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(_) if Some(until) <= self.forgotten => {
                return Taken::Known;
            }
            std::collections::btree_map::Entry::Vacant(_) if full => return Taken::Full,
            std::collections::btree_map::Entry::Vacant(new) => {
                new.insert(Pass { until, times: BTreeMap::new() })
            }
        };
        let before = (pass.until, pass.times.get(&by).copied());
        pass.until = pass.until.max(until);
        if before.1.is_none() && pass.times.len() >= CONTROLLERS_MAX {
            pass.times.values_mut().for_each(|times| *times = u16::MAX);
            return Taken::New;
        }
        let counted = pass.times.entry(by).or_default();
        *counted = times.max(*counted);
        if before == (pass.until, pass.times.get(&by).copied()) { Taken::Known } else { Taken::New }
    }

    fn take_step(&mut self, credential: CredentialId, step: u64) -> Taken {
        let full = self.steps.len() >= STEPS_MAX;
        match self.steps.get_mut(&credential) {
            Some(last) if *last >= step => Taken::Known,
            Some(last) => {
                *last = step;
                Taken::New
            }
            None if full => Taken::Full,
            None => {
                self.steps.insert(credential, step);
                Taken::New
            }
        }
    }

    /// Everything that is known.
    pub fn facts(&self) -> impl Iterator<Item = UsedFact> {
        let passes = self.passes.iter().flat_map(|(id, pass)| {
            let one = |(by, times): (&ControllerId, &u16)| UsedFact::Pass {
                id: *id,
                by: *by,
                times: *times,
                until: pass.until,
            };
            pass.times.iter().map(one)
        });
        let steps = self
            .steps
            .iter()
            .map(|(credential, step)| UsedFact::Step { credential: *credential, step: *step });
        passes.chain(steps).chain(self.forgotten.map(|until| UsedFact::Forgotten { until }))
    }

    /// Lets go of passes that have ended, by a clock that is never behind its floors. A clock that goes back afterwards
    /// makes none of them fresh: whatever ended by `now` is refused from here on.
    pub fn forget(&mut self, now: Time) {
        if self.passes.values().any(|pass| pass.until <= now) {
            self.passes.retain(|_, pass| pass.until > now);
            self.forgotten = self.forgotten.max(Some(now));
        }
    }

    /// Lets go of the counters of credentials that are no longer of the site. One that comes back begins anew: give it
    /// another secret, or keep it.
    pub fn retain_steps(&mut self, mut keep: impl FnMut(CredentialId) -> bool) {
        self.steps.retain(|credential, _| keep(*credential));
    }
}

impl Pass {
    fn served(&self) -> u32 {
        self.times.values().map(|times| u32::from(*times)).fold(0, u32::saturating_add)
    }
}
