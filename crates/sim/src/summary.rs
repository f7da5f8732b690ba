//! What happened in a demonstration, counted from the hub's log, and compared with what its controllers wrote.

use crate::trouble::HouseError;
use core::fmt;
use core::ops::Range;
use lockward_hub::Office;
use lockward_model::{Body, ControllerId, Opening, Outcome};
use lockward_store::{HubError, Log};
use std::collections::BTreeMap;

/// One controller's events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// Whose.
    pub controller: ControllerId,
    /// How many it has written since it was enrolled.
    pub written: u64,
    /// How many of them the hub's log has.
    pub held: u64,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Cards that were held to readers.
    pub badges: u64,
    /// Decisions that opened a door.
    pub grants: u64,
    /// Decisions that did not, by their code.
    pub denials: BTreeMap<&'static str, u64>,
    /// Doors that were opened, rightly.
    pub openings: u64,
    /// Events that a person must answer, by their code.
    pub alarms: BTreeMap<&'static str, u64>,
    /// Events of this run in the hub's log, its own included.
    pub events: u64,
    /// Both sides' counts, controller by controller.
    pub counts: Vec<Count>,
}

impl Summary {
    /// `NONE-LOST`: whether the hub's log has exactly what each controller wrote.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.counts.iter().all(|c| c.written == c.held)
    }
}

/// For a terminal, in 80 columns.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let denied: u64 = self.denials.values().sum();
        writeln!(f, "badges      {:>7}", self.badges)?;
        writeln!(f, "granted     {:>7}", self.grants)?;
        writeln!(f, "denied      {denied:>7}")?;
        for (code, count) in &self.denials {
            writeln!(f, "  {code:<20} {count:>7}")?;
        }
        writeln!(f, "opened      {:>7}", self.openings)?;
        writeln!(f, "alarms      {:>7}", self.alarms.values().sum::<u64>())?;
        for (code, count) in &self.alarms {
            writeln!(f, "  {code:<20} {count:>7}")?;
        }
        writeln!(f, "events      {:>7}", self.events)?;
        for Count { controller, written, held } in &self.counts {
            let verdict = if written == held { "all arrived" } else { "NOT ALL ARRIVED" };
            let name = controller.as_str();
            writeln!(f, "  {name:<12} wrote {written:>7}, the hub has {held:>7}: {verdict}")?;
        }
        Ok(())
    }
}

/// Counts what the log has in `range`.
pub(crate) fn tally(
    office: &Office,
    range: Range<u64>,
    badges: u64,
    counts: Vec<Count>,
) -> Result<Summary, HouseError> {
    let mut summary = Summary {
        badges,
        grants: 0,
        denials: BTreeMap::new(),
        openings: 0,
        alarms: BTreeMap::new(),
        events: 0,
        counts,
    };
    office.store().for_each_entry(Log::Event, range, |_, leaf| {
        // A head of a chain is no event; one that can not be opened is counted as one all the same.
        let Ok(opened) = office.open_leaf(leaf) else {
            summary.events += 1;
            return Ok::<_, HubError>(());
        };
        let Some(event) = opened else { return Ok(()) };
        summary.events += 1;
        let code = event.body.code();
        if code.is_alarm() {
            *summary.alarms.entry(code.as_str()).or_default() += 1;
        }
        match &event.body {
            Body::Access(access) => match &access.outcome {
                Outcome::Granted { .. } => summary.grants += 1,
                Outcome::Denied { why, .. } => *summary.denials.entry(why.code()).or_default() += 1,
            },
            Body::DoorOpened(opening) if *opening != Opening::Forced => summary.openings += 1,
            _ => {}
        }
        Ok(())
    })?;
    Ok(summary)
}
