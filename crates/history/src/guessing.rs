//! How often somebody guessed, and how long they must wait: at one reader, with one credential, at the whole site.
//!
//! A wait is a function of the failures of the last day and of nothing else: after a clean day there is none. It is
//! never longer than a day, so that guessing at a door takes nobody's access away for longer, and it holds at keypads
//! only: who leaves presses a button.

use crate::Taken;
use crate::newest::Newest;
use core::time::Duration;
use lockward_model::{CredentialId, DoorId, Side, Time};
use std::collections::BTreeSet;

/// The window in which failures count, and the longest wait.
const DAY: Duration = Duration::from_secs(86_400);
/// The least that two times can be apart.
pub const A_MOMENT: Duration = Duration::from_millis(1);
/// How many failures are kept. 64 doors with two readers, each at the 300 unknown cards a day that their ladder allows,
/// make 38,400; PINs stay far below. When more come the oldest are let go: the site's own count is then so high that
/// every keypad waits for a day. At 112 bytes and half full nodes under 16 MB.
pub const FAILURES_MAX: usize = 65_536;

const _: () = assert!(FAILURES_MAX * 2 * size_of::<Failure>() < 16_000_000);

/// One reader: a door and a side of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reader {
    /// Which door.
    pub door: DoorId,
    /// Which side of it.
    pub side: Side,
}

impl Ord for Reader {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        (self.door, self.side == Side::Exit).cmp(&(other.door, other.side == Side::Exit))
    }
}

impl PartialOrd for Reader {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// What was guessed wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guess {
    /// The PIN after a card that is known.
    Pin,
    /// Digits alone that are nobody's.
    Code,
    /// A one-time code after a credential that is known.
    OneTime,
    /// A card that is nobody's.
    Card,
}

/// One wrong guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure {
    /// When.
    pub at: Time,
    /// Where.
    pub reader: Reader,
    /// With which credential, if one was shown that is known.
    pub credential: Option<CredentialId>,
    /// What.
    pub guess: Guess,
}

/// Free tries, then a wait after each failure that doubles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ladder {
    /// Failures within a day that cost nothing: there is no wait before the last of them.
    pub free: u32,
    /// The wait after the last free failure.
    pub first: Duration,
    /// No wait is longer; at most a day.
    pub cap: Duration,
}

impl Ladder {
    /// The wait after so many failures within a day, where each that is not free climbs `rungs` rungs.
    fn wait(&self, failures: usize, rungs: usize) -> Duration {
        let Some(beyond) = failures.checked_sub(self.free as usize) else { return Duration::ZERO };
        let doublings = u32::try_from(beyond.saturating_mul(rungs.max(1))).unwrap_or(u32::MAX);
        let factor = 2_u32.checked_pow(doublings).unwrap_or(u32::MAX);
        self.first.saturating_mul(factor).min(self.cap).min(DAY)
    }

    /// How many failures one who tries as soon as it is allowed makes within a day.
    pub(crate) fn in_a_day(&self, rungs: usize) -> u64 {
        let mut failures = self.free.max(1) as usize;
        let mut spent = self.wait(failures, rungs);
        // A wait of nothing would be no ladder; the first is at least a millisecond.
        while spent < DAY {
            failures += 1;
            spent += self.wait(failures, rungs).max(A_MOMENT);
        }
        failures as u64
    }

    /// The same where guessers at `places` act in one moment, before each place has heard of the others: when the most
    /// failures are reached whose wait ends within the day, each place lets one more pass.
    pub(crate) fn in_a_day_at(&self, places: u64) -> u64 {
        let ends = |failures: &usize| self.wait(*failures, 1) < DAY;
        let most = (self.free as usize..).take_while(ends).last().unwrap_or(0) as u64;
        if places == 1 { self.in_a_day(1) } else { most + places }
    }
}

/// The ladders of one kind of guessing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For one credential.
    pub credential: Ladder,
    /// For one reader, over what is guessed there with no credential.
    pub reader: Ladder,
    /// For one reader, over what is guessed there with a credential shown.
    pub reader_with_credential: Ladder,
    /// For the site together.
    pub site: Ladder,
}

const fn doubling(free: u32) -> Ladder {
    Ladder { free, first: Duration::from_secs(30), cap: DAY }
}

impl Limits {
    /// For PINs, codes and one-time codes (`threats.md` A52: three failures, then a doubling delay). With a card shown
    /// a reader takes twenty slips a day before it waits: one in a hundred of two thousand entries; the card's own
    /// ladder still ends after three. The site takes sixty.
    pub const KEYPADS: Self = Self {
        credential: doubling(3),
        reader: doubling(3),
        reader_with_credential: doubling(20),
        site: doubling(60),
    };

    /// For cards that are nobody's (A02: `READER_BRUTE_FORCE`): ten strangers' cards a day for nothing, then waits from
    /// five seconds to five minutes, which allow 300 cards a day at one reader. Nothing for the site: a bus pass in
    /// every pocket is no attack.
    pub const CARDS: Self = {
        let five_minutes = Duration::from_secs(300);
        let none = Ladder { free: u32::MAX, first: Duration::ZERO, cap: Duration::ZERO };
        let reader = Ladder { free: 10, first: Duration::from_secs(5), cap: five_minutes };
        Self { credential: none, reader, reader_with_credential: none, site: none }
    };
}

/// Whose ladder makes one wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WaitWhy {
    /// The credential's.
    Credential,
    /// The reader's.
    Reader,
    /// The site's.
    Site,
}

/// Not yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wait {
    /// When the next guess is heard.
    pub until: Time,
    /// Whose ladder says so; of several the one that waits longest.
    pub why: WaitWhy,
}

/// One fact of a [`Guessing`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GuessingFact {
    /// A wrong guess.
    Failed(Failure),
    /// The credential was shown, and what goes with it was right: its own failures until then no longer count. The
    /// reader's and the site's do: else an insider could clear them with his own PIN.
    Right {
        /// Which credential.
        credential: CredentialId,
        /// When.
        at: Time,
    },
    /// An operator's act on record: no failure until then counts any more, nowhere.
    Forgiven {
        /// Until when.
        at: Time,
    },
}

/// The wrong guesses of the last day.
#[derive(Debug, Clone)]
pub struct Guessing {
    limits: Limits,
    failures: BTreeSet<Failure>,
    /// Only of credentials that failed: nobody else's needs clearing. One that is let go of waits as before.
    right: Newest<CredentialId>,
    forgiven: Option<Time>,
}

impl Guessing {
    /// Nobody has guessed yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, failures: BTreeSet::new(), right: Newest::new(FAILURES_MAX), forgiven: None }
    }

    /// The fact of a wrong guess at an own reader: to be taken here, on disk, and told to others. Two guesses at one
    /// reader are never the same fact, not even while the clock stands still at its floor.
    #[must_use]
    pub fn failed(
        &self,
        reader: Reader,
        credential: Option<CredentialId>,
        guess: Guess,
        now: Time,
    ) -> GuessingFact {
        let before = self.failures.iter().rev().find(|f| f.reader == reader).map(|f| f.at + A_MOMENT);
        GuessingFact::Failed(Failure { at: now.max(before.unwrap_or(now)), reader, credential, guess })
    }

    /// The newest failure at a reader that is not before `now`: the next one there is later than that, so that each counts.
    #[must_use]
    pub fn not_before(&self, reader: Reader, now: Time) -> Option<Time> {
        let since = self.failures.iter().rev().take_while(|f| f.at >= now);
        since.filter(|f| f.reader == reader).map(|f| f.at).next()
    }

    /// Takes one fact, of this controller or of another.
    pub fn take(&mut self, fact: GuessingFact) -> Taken {
        let news = match fact {
            GuessingFact::Failed(failure) => self.fail(failure),
            GuessingFact::Right { credential, at } => self.right.raise(credential, at),
            GuessingFact::Forgiven { at } => {
                let news = Some(at) > self.forgiven;
                self.forgiven = self.forgiven.max(Some(at));
                news
            }
        };
        if news { Taken::New } else { Taken::Known }
    }

    fn fail(&mut self, failure: Failure) -> bool {
        let news = self.failures.insert(failure);
        if self.failures.len() > FAILURES_MAX {
            self.failures.pop_first();
        }
        news
    }

    /// The fact to take and to tell when a credential came with its right PIN or code; `None` where there is nothing to
    /// clear, which is nearly always.
    #[must_use]
    pub fn right(&self, credential: CredentialId, at: Time) -> Option<GuessingFact> {
        let failed = self.failures.iter().any(|f| f.credential == Some(credential));
        failed.then_some(GuessingFact::Right { credential, at })
    }

    /// May a guess be heard at this reader, with this credential? If not, compare nothing and record no failure: what was
    /// typed is not looked at. `silent` is how many other controllers of the site
    /// cannot be heard now: what is guessed there with the same card is not known here, so each failure beyond the free
    /// ones climbs a rung for each of them too, and the site's free failures are shared out.
    ///
    /// # Errors
    /// [`Wait`], with its end. A clock that goes back makes no wait end sooner.
    pub fn allowed(
        &self,
        reader: Reader,
        credential: Option<CredentialId>,
        now: Time,
        silent: usize,
    ) -> Result<(), Wait> {
        let (mut of_site, mut of_reader, mut of_credential) =
            (Tally::default(), Tally::default(), Tally::default());
        for failure in self.counting(now) {
            of_site.add(failure);
            if failure.reader == reader && failure.credential.is_some() == credential.is_some() {
                of_reader.add(failure);
            }
            if credential.is_some_and(|c| failure.credential == Some(c) && !self.is_cleared(c, failure.at)) {
                of_credential.add(failure);
            }
        }
        let heard = silent.saturating_add(1);
        let share = u32::try_from(self.limits.site.free as usize / heard).unwrap_or(0).max(1);
        let site = Ladder { free: share, ..self.limits.site };
        let at_reader =
            if credential.is_some() { self.limits.reader_with_credential } else { self.limits.reader };
        let waits = [
            of_credential.until(&self.limits.credential, heard, WaitWhy::Credential),
            of_reader.until(&at_reader, 1, WaitWhy::Reader),
            of_site.until(&site, 1, WaitWhy::Site),
        ];
        match waits.into_iter().flatten().max().filter(|wait| now < wait.until) {
            Some(wait) => Err(wait),
            None => Ok(()),
        }
    }

    /// The failures that count: those of the last day, and those that a clock that went back calls future ones.
    fn counting(&self, now: Time) -> impl Iterator<Item = &Failure> {
        let from = now - DAY;
        let since = self.forgiven.map_or(from, |until| from.max(until));
        // The set is in the order of time.
        self.failures.iter().rev().take_while(move |f| f.at > since)
    }

    fn is_cleared(&self, credential: CredentialId, at: Time) -> bool {
        self.right.get(credential).is_some_and(|until| at <= until)
    }

    /// Everything that is known.
    pub fn facts(&self) -> impl Iterator<Item = GuessingFact> {
        let failed = self.failures.iter().map(|f| GuessingFact::Failed(*f));
        let right = self.right.iter().map(|(credential, at)| GuessingFact::Right { credential, at });
        failed.chain(right).chain(self.forgiven.map(|at| GuessingFact::Forgiven { at }))
    }

    /// Lets go of what can count no more, by a clock that is never behind its floors. Call it now and then.
    pub fn forget(&mut self, now: Time) {
        let from = now - DAY;
        while self.failures.first().is_some_and(|f| f.at <= from) {
            self.failures.pop_first();
        }
        self.right.retain(|_, at| at > from);
    }
}

/// How many failures, and the newest of them.
#[derive(Default)]
struct Tally {
    failures: usize,
    newest: Option<Time>,
}

impl Tally {
    fn add(&mut self, failure: &Failure) {
        self.failures += 1;
        self.newest = self.newest.max(Some(failure.at));
    }

    fn until(&self, ladder: &Ladder, rungs: usize, why: WaitWhy) -> Option<Wait> {
        let wait = ladder.wait(self.failures, rungs);
        self.newest.filter(|_| !wait.is_zero()).map(|newest| Wait { until: newest + wait, why })
    }
}
