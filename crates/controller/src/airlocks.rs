//! Airlocks: what this controller's doors of one are told of each other, and of other controllers' doors.
//!
//! Other controllers are heard through the hub ([`Elsewhere::Busy`](lockward_wire::link::Elsewhere)), which also gives
//! an airlock to one door at a time: whoever would let somebody in asks it first, and waits for a moment. Who leaves
//! asks nobody. While the hub or another controller can not be heard, each door does what it is declared to do alone.

use crate::checking::Compared;
use crate::core::{Core, Effect};
use crate::ordering::Arrived;
use core::time::Duration;
use lockward_door::{Airlock, AirlockChange, Feedback, Input, Told};
use lockward_model::{AirlockId, Alone, Body, ControllerId, DoorFact, DoorId, Mono, Now, Side};
use lockward_site::Site;
use lockward_wire::link::ToHub;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// How long the hub's word on an airlock is waited for: far longer than it takes over a network that works, and no
/// longer than somebody at a door takes for a slow reader.
const CLAIM_WAIT: Duration = Duration::from_millis(500);

/// The airlocks that a controller has doors of; at most sites none.
#[derive(Default)]
pub(crate) struct Airlocks {
    /// With the doors that each was made of: this controller's, and others'.
    all: BTreeMap<AirlockId, (Members, Airlock)>,
    of: BTreeMap<DoorId, AirlockId>,
    /// Questions that wait for the hub's word, in the order of their claims.
    claiming: Vec<Claiming>,
    /// The number of the last claim.
    claims: u64,
}

/// A question whose answer would let somebody in, and the claim that it waits for.
struct Claiming {
    number: u64,
    until: Mono,
    door: usize,
    who: Claimant,
}

/// Who would let somebody in.
pub(crate) enum Claimant {
    /// Somebody at a reader.
    Badge(Box<Compared>),
    /// Somebody far away.
    Order(Box<Arrived>),
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Members {
    own: Vec<(DoorId, Alone)>,
    far: Vec<DoorId>,
}

impl Airlocks {
    pub(crate) fn any(&self) -> bool {
        !self.all.is_empty()
    }

    pub(crate) fn is_busy_for(&self, door: DoorId, now: Mono) -> bool {
        self.get(door).is_some_and(|airlock| airlock.is_busy_for(door, now))
    }

    pub(crate) fn wake_at(&self) -> Option<Mono> {
        let claims = self.claiming.iter().map(|c| c.until);
        self.all.values().filter_map(|(_, airlock)| airlock.wake_at()).chain(claims).min()
    }

    /// Those of a site. One whose doors are the same goes on as it was. Gives the doors of those that begin, and the
    /// doors that are of none any more.
    fn reconfigure(&mut self, site: &Site, is_own: impl Fn(DoorId) -> bool) -> (Vec<DoorId>, Vec<DoorId>) {
        let mut members: BTreeMap<AirlockId, Members> = BTreeMap::new();
        for door in site.doors() {
            let Some(rule) = door.rules.airlock else { continue };
            let of = members.entry(rule.id).or_default();
            if is_own(door.id) { of.own.push((door.id, rule.alone)) } else { of.far.push(door.id) }
        }
        members.retain(|_, of| !of.own.is_empty());
        let before = std::mem::take(&mut self.of);
        let mut begun = Vec::new();
        self.all.retain(|id, (of, _)| members.get(id) == Some(of));
        for (id, of) in members {
            self.of.extend(of.own.iter().map(|(door, _)| (*door, id)));
            if let Entry::Vacant(new) = self.all.entry(id) {
                begun.extend(of.own.iter().map(|(door, _)| *door));
                let airlock = Airlock::new(&of.own, &of.far);
                new.insert((of, airlock));
            }
        }
        (begun, before.into_keys().filter(|door| !self.of.contains_key(door)).collect())
    }

    fn get(&self, door: DoorId) -> Option<&Airlock> {
        let id = self.of.get(&door)?;
        self.all.get(id).map(|(_, airlock)| airlock)
    }

    fn at(&mut self, door: DoorId) -> Option<&mut Airlock> {
        let id = self.of.get(&door)?;
        self.all.get_mut(id).map(|(_, airlock)| airlock)
    }
}

impl Core {
    pub(crate) fn reconfigure_airlocks(&mut self, now: Now, out: &mut Vec<Effect>) {
        let Some(site) = &self.site else { return };
        let own = |door: DoorId| {
            let ours = site.door(door).is_some_and(|d| d.controller == self.id);
            ours && self.units.iter().any(|u| u.id() == door)
        };
        let (begun, gone) = self.airlocks.reconfigure(site, own);
        for door in gone {
            if let Some(unit) = self.units.iter().position(|u| u.id() == door) {
                self.door(now, unit, Input::Airlock(false), out);
            }
        }
        for door in begun {
            if let Some(unit) = self.units.iter().position(|u| u.id() == door) {
                self.airlock_stands(now, unit, out);
            }
        }
    }

    /// The door is kept for somebody whose grant is on its way to the disk; false if another door was quicker.
    pub(crate) fn reserve_airlock(&mut self, now: Now, door: usize, out: &mut Vec<Effect>) -> bool {
        let Some(id) = self.units.get(door).map(crate::unit::Unit::id) else { return false };
        let Some(airlock) = self.airlocks.at(id) else { return true };
        let mut changes = Vec::new();
        let kept = airlock.reserve(id, now.mono, &mut changes);
        self.airlock_changes(now, changes, out);
        kept
    }

    /// Whether the hub is to be asked first for the door's airlock.
    pub(crate) fn is_shared(&self, now: Now, door: usize) -> bool {
        let id = self.units.get(door).map(crate::unit::Unit::id);
        id.and_then(|id| self.airlocks.get(id)).is_some_and(|airlock| airlock.is_shared(now.mono))
    }

    /// Before somebody may be let in: without a link nobody arbitrates, whatever was last heard.
    pub(crate) fn look_at_airlock(&mut self, now: Now, door: usize, out: &mut Vec<Effect>) {
        if self.linked.is_none() && self.is_shared(now, door) {
            self.lose_airlocks(now, |_| true, out);
        }
    }

    /// The question waits for the hub's word on the door's airlock, which is kept for it meanwhile.
    pub(crate) fn claim_airlock(&mut self, now: Now, door: usize, who: Claimant, out: &mut Vec<Effect>) {
        let Some(id) = self.units.get(door).map(crate::unit::Unit::id) else { return };
        self.report_airlock(id, true, out);
        if matches!(who, Claimant::Badge(_)) {
            out.push(Effect::Feedback { door, side: Side::Entry, feedback: Feedback::Wait });
        }
        let until = now.mono + CLAIM_WAIT;
        self.airlocks.claiming.push(Claiming { number: self.airlocks.claims, until, door, who });
    }

    /// The hub's word. One that nobody waits for says nothing: the doors are told how the others stand.
    pub(crate) fn airlock_claimed(&mut self, now: Now, number: u64, granted: bool, out: &mut Vec<Effect>) {
        let claiming = &mut self.airlocks.claiming;
        let Some(at) = claiming.iter().position(|c| c.number == number) else { return };
        let claiming = claiming.remove(at);
        self.claim_ends(now, claiming, Some(granted), out);
    }

    /// The question is decided, with the hub's word if that came.
    fn claim_ends(&mut self, now: Now, of: Claiming, granted: Option<bool>, out: &mut Vec<Effect>) {
        if granted != Some(true) {
            self.give_back_airlock(now, of.door, out);
        }
        match of.who {
            Claimant::Badge(mut asked) => {
                asked.open.claimed = granted;
                self.checked(now, *asked, out);
            }
            Claimant::Order(mut arrived) => {
                arrived.claimed = granted;
                self.judge_order(now, *arrived, out);
            }
        }
    }

    /// The hub's word does not come: the question is decided as it is declared for a door that is alone.
    fn claims_in_vain(&mut self, now: Now, all: bool, out: &mut Vec<Effect>) {
        let late = self.airlocks.claiming.extract_if(.., |c| all || c.until <= now.mono);
        let late: Vec<Claiming> = late.collect();
        if late.is_empty() {
            return;
        }
        self.lose_airlocks(now, |_| true, out);
        for claiming in late {
            self.claim_ends(now, claiming, None, out);
        }
    }

    /// The link is gone: nobody arbitrates.
    pub(crate) fn airlocks_unlinked(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.claims_in_vain(now, true, out);
    }

    /// Another controller is out of touch.
    pub(crate) fn airlocks_lose(&mut self, now: Now, controller: ControllerId, out: &mut Vec<Effect>) {
        if let (Some(site), true) = (&self.site, self.airlocks.any()) {
            let theirs = site.doors().filter(|d| d.controller == controller && d.rules.airlock.is_some());
            let theirs: Vec<DoorId> = theirs.map(|d| d.id).collect();
            self.lose_airlocks(now, |door| theirs.contains(&door), out);
        }
    }

    fn lose_airlocks(&mut self, now: Now, of: impl Fn(DoorId) -> bool, out: &mut Vec<Effect>) {
        let mut changes = Vec::new();
        for (_, airlock) in self.airlocks.all.values_mut() {
            airlock.lose(&of, now.mono, &mut changes);
        }
        self.airlock_changes(now, changes, out);
    }

    /// A grant came to nothing.
    pub(crate) fn give_back_airlock(&mut self, now: Now, door: usize, out: &mut Vec<Effect>) {
        let Some(id) = self.units.get(door).map(crate::unit::Unit::id) else { return };
        let Some(airlock) = self.airlocks.at(id) else { return };
        let mut changes = Vec::new();
        airlock.give_back(id, now.mono, &mut changes);
        self.airlock_changes(now, changes, out);
    }

    /// A door was given an input: how it stands now.
    pub(crate) fn airlock_stands(&mut self, now: Now, door: usize, out: &mut Vec<Effect>) {
        let Some((id, stand)) = self.units.get(door).map(|u| (u.id(), u.stand())) else { return };
        let Some(airlock) = self.airlocks.at(id) else { return };
        let mut changes = Vec::new();
        airlock.stands(id, stand, now.mono, &mut changes);
        self.airlock_changes(now, changes, out);
    }

    /// What another controller says of its door.
    pub(crate) fn airlock_told(&mut self, now: Now, told: Told, out: &mut Vec<Effect>) {
        let mut changes = Vec::new();
        for (of, airlock) in self.airlocks.all.values_mut() {
            if of.far.contains(&told.door) {
                airlock.told(told, now.mono, &mut changes);
            }
        }
        self.airlock_changes(now, changes, out);
    }

    pub(crate) fn airlocks_elapse(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.claims_in_vain(now, false, out);
        let mut changes = Vec::new();
        for (_, airlock) in self.airlocks.all.values_mut() {
            airlock.elapse(now.mono, &mut changes);
        }
        self.airlock_changes(now, changes, out);
    }

    fn airlock_changes(&mut self, now: Now, changes: Vec<AirlockChange>, out: &mut Vec<Effect>) {
        for change in changes {
            match change {
                AirlockChange::Tell { door, busy } => {
                    if let Some(unit) = self.units.iter().position(|u| u.id() == door) {
                        self.door(now, unit, Input::Airlock(busy), out);
                    }
                }
                AirlockChange::Report { door, busy } => self.report_airlock(door, busy, out),
                AirlockChange::Alone { door, alone } => {
                    if self.history.told.airlock_alone.contains(&door) != alone {
                        self.note(now, Some(door), Body::Door(DoorFact::AirlockAlone(alone)));
                    }
                }
            }
        }
    }

    /// How this controller's doors of airlocks with others' stand, said again before the last word is too old.
    pub(crate) fn report_airlocks(&mut self, out: &mut Vec<Effect>) {
        let shared = self.airlocks.all.values().filter(|(of, _)| !of.far.is_empty());
        let stand = |(door, _): &(DoorId, Alone), airlock: &Airlock| (*door, airlock.in_use(*door));
        let stands: Vec<(DoorId, bool)> =
            shared.flat_map(|(of, airlock)| of.own.iter().map(move |own| stand(own, airlock))).collect();
        for (door, busy) in stands {
            self.report_airlock(door, busy, out);
        }
    }

    /// The hub tells the other controllers: who takes a door of an airlock claims it there, who is done gives it back.
    fn report_airlock(&mut self, door: DoorId, busy: bool, out: &mut Vec<Effect>) {
        if let (Some(airlock), true) = (self.airlocks.of.get(&door), self.linked.is_some()) {
            self.airlocks.claims += 1;
            let (airlock, number) = (*airlock, self.airlocks.claims);
            out.push(Effect::Send(Box::new(ToHub::Claim { airlock, door, take: busy, number })));
        }
    }
}
