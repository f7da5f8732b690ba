//! Before an entry is made: what a new one may not say although `apply` takes it. When governments move clocks, or the
//! rules here grow stricter, what was good can become wrong, and an entry that the log holds has to stay good.

use crate::apply::parse;
use crate::{Refusal, Site};
use lockward_model::{Change, ChangeSet, Door, Schedule, Time};
use lockward_wire::config::Payload;

impl Site {
    /// Judges a new entry: its schedules against jumps of the clocks from `from` on, and its doors of airlocks.
    ///
    /// # Errors
    /// [`Refusal::Invalid`], with what is wrong and what to write; or that the entry can not be read.
    pub fn check_new(&self, entry: &[u8], from: Time) -> Result<(), Refusal> {
        let (_, Payload::Changes(set)) = parse(entry)? else { return Err(Refusal::WrongKind) };
        self.is_new(&set, from)
    }

    pub(crate) fn is_new(&self, set: &ChangeSet, from: Time) -> Result<(), Refusal> {
        for (index, change) in set.changes.iter().enumerate() {
            let judged = match change {
                Change::PutSchedule(schedule) => self.is_clear(schedule, from),
                Change::PutDoor(door) => stays_interlocked(door),
                _ => Ok(()),
            };
            judged.map_err(|what| Refusal::Invalid { index, verb: change.verb(), what })?;
        }
        Ok(())
    }

    /// Whether a schedule says what holds where the clocks jump.
    fn is_clear(&self, schedule: &Schedule, from: Time) -> Result<(), String> {
        let unclear = schedule.check(&self.founding.zone, from);
        if unclear.is_empty() {
            return Ok(());
        }
        let unclear: Vec<_> = unclear.iter().map(ToString::to_string).collect();
        Err(unclear.join("; "))
    }
}

/// Whether a door leaves its airlock one: what sets a door free does not look at the others.
fn stays_interlocked(door: &Door) -> Result<(), String> {
    let Some(airlock) = door.rules.airlock else { return Ok(()) };
    let what = match (door.unlocked, door.rules.office) {
        (Some(schedule), _) => format!("schedule `{schedule}`"),
        (None, Some(_)) => "its office time".into(),
        (None, None) => return Ok(()),
    };
    Err(format!(
        "door `{}` belongs to airlock `{}`, and {what} would unlock it while another door of that is open; leave that out, \
         or take the door out of the airlock",
        door.id, airlock.id
    ))
}
