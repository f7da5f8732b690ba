//! How often a reader is asked, and how long its answer is awaited, so that a dead one costs the others little.

use super::event::Micros;

const MS: Micros = 1_000;

/// A reader that fails to answer this often in a row is asked less and less.
pub(super) const TRIES: u32 = 3;
/// Longest time from the end of a command to the start of its reply that the standard allows (OSDP 2.2, 5.7).
pub(super) const REPLY_DELAY_MAX: Micros = 200 * MS;
/// Readers answer in 3 ms or less as a rule; the rest is for a busy machine and a buffering serial adapter.
const REPLY_DELAY_USUAL: Micros = 20 * MS;
/// A reader that has been seen to take its time gets four times what it took.
const PATIENCE: Micros = 4;
/// The second try, and every sixteenth to a reader that never answered, waits as long as the standard allows:
/// a slow reader that is new to us answers then.
const LONG_TRY: u32 = 16;
/// First pause after [`TRIES`] silences; it doubles.
const PAUSE_FIRST: Micros = 100 * MS;
/// Pauses grow to 250 times what a try cost: a silent reader has 0.4 % of the line, so fewer than one tap in a
/// hundred at the others meets a try, and their p99 stays.
const SHARE: Micros = 250;
/// Longest pause: who plugs a reader in waits no longer.
const PAUSE_MAX: Micros = 8_000 * MS;
/// First pause after a refusal; it doubles.
const REFUSED_FIRST: Micros = 1_000 * MS;
/// Longest pause after a refusal: a reader that was put right is back within this.
const REFUSED_MAX: Micros = 32_000 * MS;
/// Between one BUSY and the next try.
const BUSY_PAUSE: Micros = 20 * MS;
/// A second of being busy. Longer, and a command would be carried out when its reason is gone.
const BUSY_MAX: u32 = 50;

/// Pace of one reader.
#[derive(Debug, Default)]
pub(super) struct Pace {
    pub(super) not_before: Micros,
    silences: u32,
    refusals: u32,
    busy: u32,
    delay: Micros,
    known: bool,
}

impl Pace {
    /// How long to wait for the first byte of the reply.
    pub(super) fn patience(&self) -> Micros {
        if self.silences == 1 || (!self.known && self.silences % LONG_TRY == 1) {
            return REPLY_DELAY_MAX;
        }
        (self.delay * PATIENCE).clamp(REPLY_DELAY_USUAL, REPLY_DELAY_MAX)
    }

    /// The first byte of a reply came so long after the command's last.
    pub(super) fn observe(&mut self, delay: Micros) {
        // Up at once, down by an eighth a reply.
        self.delay = delay.max(self.delay - self.delay / 8);
    }

    /// It answered.
    pub(super) fn answered(&mut self) {
        self.silences = 0;
        self.known = true;
    }

    /// It is as it should be.
    pub(super) fn well(&mut self) {
        self.refusals = 0;
    }

    /// It did not answer a try that took `cost` of line. True if it counts as silent now.
    pub(super) fn silent(&mut self, now: Micros, cost: Micros) -> bool {
        self.silences = self.silences.saturating_add(1);
        let Some(beyond) = self.silences.checked_sub(TRIES) else {
            self.not_before = now;
            return false;
        };
        let pause = PAUSE_FIRST << beyond.min(16);
        self.not_before = now + pause.min(cost * SHARE).min(PAUSE_MAX);
        true
    }

    /// It asked for time. False when it has had enough: the session is to be dropped.
    pub(super) fn busy(&mut self, now: Micros) -> bool {
        self.busy += 1;
        self.not_before = now + BUSY_PAUSE;
        let patient = self.busy <= BUSY_MAX;
        if !patient {
            self.refused(now);
        }
        patient
    }

    /// It answered other than by BUSY.
    pub(super) fn worked(&mut self) {
        self.busy = 0;
    }

    /// It was refused, or its session broke. True at the second time in a row: not a stray frame any more.
    pub(super) fn refused(&mut self, now: Micros) -> bool {
        self.busy = 0;
        let pause = self.refusals.checked_sub(1).map_or(0, |again| REFUSED_FIRST << again.min(16));
        self.not_before = now + pause.min(REFUSED_MAX);
        self.refusals = self.refusals.saturating_add(1);
        self.refusals > 1
    }

    /// Something changed at the owner's side: try at once.
    pub(super) fn start_over(&mut self, now: Micros) {
        self.silences = 0;
        self.refusals = 0;
        self.not_before = now;
    }
}
