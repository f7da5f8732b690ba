//! One thing that somebody does at one place: asked of the engine that the doors ask, and told in a sentence.

use core::time::Duration;
use lockward_model::{
    DoorId, Factors, GroupId, Mono, OperatorId, OrderAct, PersonId, RoleId, ScheduleId, ServiceId,
    ThreatLevel, ZoneId,
};
use lockward_policy::{Act, Asked, Company, Place, Read, SignIn, Signer, Situation, Verdict, Who};
use lockward_site::Site;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    /// At a door, in person.
    Enter(Act),
    /// At a door, with a pass that a service signed.
    Pass,
    /// From afar, at a door.
    Order(OrderAct),
    /// A change of the site.
    Change(&'static str),
    /// A look at what the hub shows.
    Read(Read),
    /// Signing in at the hub without a passkey.
    SignIn(SignIn),
}

/// By whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum By {
    Person(PersonId, Vec<GroupId>),
    Operator(OperatorId, Vec<RoleId>),
    Service(ServiceId),
}

/// Where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spot {
    Door(DoorId),
    Zone(ZoneId),
    Site,
}

/// All that a decision of policy depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) by: By,
    pub(crate) deed: Deed,
    pub(crate) spot: Spot,
    pub(crate) factors: Factors,
    pub(crate) open: Vec<ScheduleId>,
    pub(crate) company: Company,
    pub(crate) threat: ThreatLevel,
    /// Seconds since the hub's word.
    pub(crate) age: u64,
    pub(crate) approvals: usize,
    pub(crate) on_behalf: bool,
    /// Signed with a key that no page of the hub can ask.
    pub(crate) apart: bool,
    /// About the signer's own keys.
    pub(crate) own: bool,
}

/// The zone and every zone around it, innermost first.
pub(crate) fn outward(site: &Site, zone: ZoneId) -> Vec<ZoneId> {
    let up = |z: &ZoneId| site.zone(*z).and_then(|z| z.parent);
    std::iter::successors(Some(zone), up).take(site.zones().count() + 1).collect()
}

impl Case {
    /// By what the engine permits it; none if it does not.
    pub(crate) fn permitted(&self, site: &Site) -> Option<Vec<Box<str>>> {
        let all: Vec<_> = site.schedules().map(|s| s.id()).collect();
        let now = Situation {
            open: &self.open,
            all: &all,
            factors: self.factors,
            company: self.company,
            threat: self.threat,
            config_age: Duration::from_secs(self.age),
            ..Situation::default()
        };
        let door = match self.spot {
            Spot::Door(id) => Some(site.door(id)?),
            Spot::Zone(_) | Spot::Site => None,
        };
        let place = door.map(|d| Place { door: d.id, kind: d.kind, zones: site.around(d.id) });
        let asked =
            Asked { approvals: self.approvals, on_behalf: self.on_behalf, apart: self.apart, own: self.own };
        let policies = site.policies();
        let verdict = match (&self.by, self.deed, place) {
            (By::Person(person, groups), Deed::Enter(act), Some(place)) => {
                policies.may(act, &Who { person: *person, groups }, &place, &now)
            }
            (By::Service(id), Deed::Pass, Some(place)) => {
                return policies.admit(*id, &place, &now, Mono(0)).ok().map(|(_, because)| because);
            }
            (by, Deed::Order(act), Some(place)) => policies.may_order(by.signer()?, act, &place, &now, asked),
            (by, Deed::Change(verb), None) => {
                let zones = if let Spot::Zone(zone) = self.spot { outward(site, zone) } else { Vec::new() };
                policies.may_change(by.signer()?, verb, &zones, asked)
            }
            (by, Deed::Read(what), None) => policies.may_read(by.signer()?, what),
            (by, Deed::SignIn(with), None) => policies.may_sign_in(by.signer()?, with),
            _ => return None,
        };
        match verdict {
            Verdict::Permit { because } => Some(because),
            Verdict::Forbid { .. } | Verdict::Nothing { .. } | Verdict::Error => None,
        }
    }
}

impl Deed {
    /// Whether it asks for nothing but who it is: no time, no signature, no place.
    pub(crate) fn is_plain(self) -> bool {
        matches!(self, Self::Read(_) | Self::SignIn(_))
    }
}

impl By {
    fn signer(&self) -> Option<Signer<'_>> {
        match self {
            Self::Person(..) => None,
            Self::Operator(id, roles) => Some(Signer::Operator { id: *id, roles }),
            Self::Service(id) => Some(Signer::Service(*id)),
        }
    }
}
