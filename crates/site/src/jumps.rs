//! Before an entry is made: whether its schedules say what holds where the clocks jump. This is no part of `apply`: when
//! governments move clocks, what was clear can become unclear, and an entry that the log holds has to stay good.

use crate::apply::parse;
use crate::{Refusal, Site};
use lockward_model::{Change, ChangeSet, Time};
use lockward_wire::config::Payload;

impl Site {
    /// Judges the schedules of a new entry against jumps of the clocks from `from` on.
    ///
    /// # Errors
    /// [`Refusal::Invalid`], with the date, the time, and what to write; or that the entry can not be read.
    pub fn check_jumps(&self, entry: &[u8], from: Time) -> Result<(), Refusal> {
        let (_, Payload::Changes(set)) = parse(entry)? else { return Err(Refusal::WrongKind) };
        self.jumps_of(&set, from)
    }

    pub(crate) fn jumps_of(&self, set: &ChangeSet, from: Time) -> Result<(), Refusal> {
        for (index, change) in set.changes.iter().enumerate() {
            let Change::PutSchedule(schedule) = change else { continue };
            let unclear = schedule.check(&self.founding.zone, from);
            if !unclear.is_empty() {
                let unclear: Vec<_> = unclear.iter().map(ToString::to_string).collect();
                return Err(Refusal::Invalid { index, verb: change.verb(), what: unclear.join("; ") });
            }
        }
        Ok(())
    }
}
