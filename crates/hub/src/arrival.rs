//! How far a change has come: which controllers have it in force, and so at which doors it holds.

use crate::core::Core;
use crate::hub::Running;
use crate::live::LinkNow;
use lockward_model::{ControllerId, DoorId};
use lockward_site::Site;
use std::collections::BTreeMap;

/// Whether a controller has an entry in force, as far as it has told this hub since the hub started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Has {
    /// It said so. While it is away it may only be further.
    InForce,
    /// It is connected, and has not said so yet.
    Soon,
    /// It is away, and takes it when it is back. Until then its doors hold to what they have.
    Away,
}

/// How far one entry of the config log has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The entry's index.
    pub at: u64,
    /// Every controller that is enrolled and not cut off.
    pub controllers: Vec<(ControllerId, Has)>,
    /// Every door of these.
    pub doors: Vec<(DoorId, Has)>,
}

impl Arrival {
    fn new(site: &Site, links: &BTreeMap<ControllerId, LinkNow>, at: u64) -> Self {
        let has = |id: ControllerId| {
            let link = links.get(&id).copied().unwrap_or_default();
            match link.applied {
                Some(size) if size > at => Has::InForce,
                _ if link.connected => Has::Soon,
                _ => Has::Away,
            }
        };
        let enrolled = |id: ControllerId| site.controller(id).is_some_and(|c| c.key.is_some() && !c.revoked);
        let controllers = site.controllers().map(|c| c.id).filter(|id| enrolled(*id));
        let doors = site.doors().filter(|d| enrolled(d.controller));
        Self {
            at,
            controllers: controllers.map(|id| (id, has(id))).collect(),
            doors: doors.map(|d| (d.id, has(d.controller))).collect(),
        }
    }

    /// `in force on N of M controllers`.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let there = self.controllers.iter().filter(|(_, has)| *has == Has::InForce).count();
        (there, self.controllers.len())
    }
}

impl Core {
    pub(crate) fn arrival(&self, at: u64) -> Arrival {
        let links = self.live.now().controllers.clone();
        Arrival::new(&self.office.site(), &links, at)
    }
}

impl Running {
    /// How far the entry at index `at` of the config log has come.
    #[must_use]
    pub fn arrival(&self, at: u64) -> Arrival {
        self.core().arrival(at)
    }
}
