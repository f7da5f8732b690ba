//! Mass opening: how many doors of a zone were opened lately, and which, so that a bank of lockers opens no faster than
//! people can fetch (`threats.md` A53).

use crate::Taken;
use core::time::Duration;
use lockward_model::{DoorId, Time, ZoneId};
use std::collections::BTreeMap;

/// How many doors are followed: 64 doors of a controller, or all of the largest site. At 72 bytes and half full nodes
/// under 10 MB. Of one more every opening counts as too many.
pub const DOORS_MAX: usize = 65_536;

/// As many doors of a zone were opened within the window as may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MassOpening {
    /// Which, and when each was last opened, in the order of time: for `MASS_OPEN_BLOCKED`, and for the inventory.
    pub opened: Vec<(DoorId, Time)>,
    /// When the first of them leaves the window; `None` if the room for openings is full.
    pub until: Option<Time>,
}

/// The last opening of each door, under its zone. A door that is opened twice counts once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Openings {
    last: BTreeMap<(ZoneId, DoorId), Time>,
}

impl Openings {
    /// A door of the zone was opened, or its release was ordered; here, or at another controller.
    pub fn take(&mut self, zone: ZoneId, door: DoorId, at: Time) -> Taken {
        let full = self.last.len() >= DOORS_MAX;
        match self.last.get_mut(&(zone, door)) {
            Some(last) if *last >= at => Taken::Known,
            Some(last) => {
                *last = at;
                Taken::New
            }
            None if full => Taken::Full,
            None => {
                self.last.insert((zone, door), at);
                Taken::New
            }
        }
    }

    /// Asked before `door` opens: would it be one door too many, after `limit` others of the zone within the window?
    /// Openings that a clock that went back calls future ones count. `None`: it may open.
    #[must_use]
    pub fn over(
        &self,
        zone: ZoneId,
        door: DoorId,
        limit: usize,
        window: Duration,
        now: Time,
    ) -> Option<MassOpening> {
        let opened = self.opened(zone, now - window);
        let others = opened.iter().filter(|(other, _)| *other != door).count();
        if self.last.len() >= DOORS_MAX && !self.last.contains_key(&(zone, door)) {
            return Some(MassOpening { opened, until: None });
        }
        if others < limit {
            return None;
        }
        // Enough of the others must leave the window that fewer than the limit stay.
        let leaving = others.saturating_sub(limit);
        let until =
            opened.iter().filter(|(other, _)| *other != door).nth(leaving).map(|(_, at)| *at + window);
        Some(MassOpening { opened, until })
    }

    /// The doors of the zone that were opened after `since`, in the order of time.
    #[must_use]
    pub fn opened(&self, zone: ZoneId, since: Time) -> Vec<(DoorId, Time)> {
        let of_zone = self.last.iter().filter(|((z, _), at)| *z == zone && **at > since);
        let mut opened: Vec<_> = of_zone.map(|((_, door), at)| (*door, *at)).collect();
        opened.sort_by_key(|(door, at)| (*at, *door));
        opened
    }

    /// Everything that is known, to be taken again.
    pub fn facts(&self) -> impl Iterator<Item = (ZoneId, DoorId, Time)> {
        self.last.iter().map(|((zone, door), at)| (*zone, *door, *at))
    }

    /// Lets go of doors that are no longer of the site.
    pub fn retain(&mut self, mut keep: impl FnMut(DoorId) -> bool) {
        self.last.retain(|(_, door), _| keep(*door));
    }
}
