//! Who asks the hub, where they may read what, and what a service may draft. The lock judges whatever is signed again.

use crate::decide::place;
use crate::{Refusal, Site};
use lockward_model::{Change, DoorId, OperatorId, OrderAct, Service, ServiceId, Time, ZoneId};
use lockward_policy::{Asked, Read, Signer, Situation, Verdict};
use std::collections::BTreeSet;

/// Somebody whom the hub knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Asker {
    /// A person who has signed in.
    Operator(OperatorId),
    /// An integration with an API key.
    Service(ServiceId),
}

/// Where somebody may read something: of the site as a whole, and in which of its zones.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Readable {
    all: bool,
    site: bool,
    zones: BTreeSet<ZoneId>,
}

impl Readable {
    /// Everywhere, in zones that are not there yet too.
    #[must_use]
    pub fn everywhere() -> Self {
        Self { all: true, site: true, zones: BTreeSet::new() }
    }

    /// Nowhere.
    #[must_use]
    pub fn nowhere() -> Self {
        Self::default()
    }

    /// Of the site as a whole: what lies in no zone.
    #[must_use]
    pub fn site(&self) -> bool {
        self.site
    }

    /// In this zone.
    #[must_use]
    pub fn zone(&self, zone: ZoneId) -> bool {
        self.all || self.zones.contains(&zone)
    }

    /// Of this door: it lies in the zone that it leads to. One that is not there, or no more, lies in no zone.
    #[must_use]
    pub fn door(&self, site: &Site, door: DoorId) -> bool {
        site.door(door).map_or(self.site, |door| self.zone(door.to))
    }

    /// Of what happened at this door; of the site as a whole, what happened at none.
    #[must_use]
    pub fn at(&self, site: &Site, door: Option<DoorId>) -> bool {
        door.map_or(self.site, |door| self.door(site, door))
    }

    /// The whole site, and every zone that it has.
    #[must_use]
    pub fn whole(&self, site: &Site) -> bool {
        self.all || self.site && self.zones.len() == site.zones.len()
    }

    /// Anywhere at all.
    #[must_use]
    pub fn any(&self) -> bool {
        self.all || self.site || !self.zones.is_empty()
    }
}

fn permits(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Permit { .. })
}

impl Site {
    /// A service whose authority holds at a moment. The hub's own is none: nobody else acts as the hub.
    pub fn standing_service(&self, id: ServiceId, at: Time) -> Option<&Service> {
        self.services.get(&id).filter(|s| s.holds_at(at) && s.id != self.founding.hub.id)
    }

    fn signer_of(&self, who: Asker, at: Time) -> Option<Signer<'_>> {
        match who {
            Asker::Operator(id) => {
                self.standing_operator(id, at).map(|o| Signer::Operator { id: o.id, roles: &o.roles })
            }
            Asker::Service(id) => self.standing_service(id, at).map(|s| Signer::Service(s.id)),
        }
    }

    /// Where somebody may read this. Asks policy once for the site and once for each of its zones.
    pub fn reads(&self, who: Asker, what: Read, at: Time) -> Readable {
        let Some(signer) = self.signer_of(who, at) else { return Readable::nowhere() };
        let may = |zones: &[ZoneId]| permits(&self.policies.may_read_in(signer, what, zones));
        let zones = self.zones.keys().copied().filter(|zone| may(&self.enclosing(*zone)));
        Readable { all: false, site: may(&[]), zones: zones.collect() }
    }

    /// May a service make changes of this kind ([`Change::verb`]), in the whole site or in some zone of it?
    pub fn service_may_change(&self, service: ServiceId, verb: &str, at: Time) -> bool {
        let Some(who) = self.signer_of(Asker::Service(service), at) else { return false };
        let may = |zones: &[_]| permits(&self.policies.may_change(who, verb, zones, by_itself()));
        may(&[]) || self.zones.keys().any(|zone| may(&self.enclosing(*zone)))
    }

    /// May a service give orders of this kind now, to this door, or to some door?
    pub fn service_may_order(
        &self,
        service: ServiceId,
        act: OrderAct,
        door: Option<DoorId>,
        at: Time,
    ) -> bool {
        let Some(who) = self.signer_of(Asker::Service(service), at) else { return false };
        let open = self.open_schedules(at);
        let mut doors = self.doors.values().filter(|p| door.is_none_or(|id| id == p.door.id));
        doors.any(|placed| {
            let threat = self.highest(&placed.zones);
            let now = Situation { open: &open, all: &self.all_schedules, threat, ..Situation::default() };
            permits(&self.policies.may_order(who, act, &place(placed), &now, by_itself()))
        })
    }

    /// Whether a service's own signature, alone, will do for these changes. For whoever is about to ask for it: nothing is
    /// changed, and nothing but the entry itself is ever judged in its place.
    ///
    /// # Errors
    /// [`Refusal::NotAllowed`], or [`Refusal::Ended`] where there is no such service, or no more.
    pub fn service_wants(&self, changes: &[Change], service: ServiceId, at: Time) -> Result<(), Refusal> {
        let name = || format!("service `{service}`");
        let at = at.max(self.newest);
        let who = self.signer_of(Asker::Service(service), at).ok_or_else(|| Refusal::Ended(name()))?;
        for (index, change) in changes.iter().enumerate() {
            let (verb, zone) = (change.verb(), self.scope_of(change));
            let zones = zone.map(|z| self.enclosing(z)).unwrap_or_default();
            // Recovering is the recovery key's alone.
            let recovers = matches!(change, Change::Recover(_));
            if recovers || !permits(&self.policies.may_change(who, verb, &zones, by_itself())) {
                return Err(Refusal::NotAllowed { index, verb, signers: name() });
            }
        }
        Ok(())
    }
}

/// A service's own signature, alone: no pair of eyes, and no key that a page of the hub could ask.
fn by_itself() -> Asked {
    Asked { apart: true, ..Asked::default() }
}
