//! What had happened before a question, as far as the site's rules for that door ask: nothing of it is looked up where no
//! rule does.

use crate::areas::{SiteAreas, WALK_MIN, around};
use crate::checking::Open;
use crate::core::Core;
use core::num::NonZeroU16;
use core::time::Duration;
use lockward_door::{PinEntry, Presented, Shown};
use lockward_history::{
    Here, Passage, PassbackFact as Seen, Reader, Sight, Spot, ViolationKind, WaitWhy, Whereabouts,
    walking_floor,
};
use lockward_model::{
    Body, Door, DoorKind, Known, Now, OpeningLimit, PassbackFact, PersonId, Side, ZoneFact, ZoneId,
};
use lockward_site::{Question, Site};
use std::collections::BTreeSet;

/// How many compartments of a bank of lockers one controller opens within [`COMPARTMENTS_WITHIN`] where no zone says
/// otherwise: people fetch one each, whoever opens them all is no customer (`threats.md` A53).
pub(crate) const COMPARTMENTS_MAX: NonZeroU16 = NonZeroU16::new(20).unwrap();
pub(crate) const COMPARTMENTS_WITHIN: Duration = Duration::from_secs(60);

/// How many controllers that can not be heard make waits longer: whoever guesses stands at few doors at once, and a site
/// of two thousand doors must not wait for each slip of a finger.
const SILENT_MAX: usize = 3;

/// How many doors of which zones may be opened within what span.
pub(crate) type Limit = (usize, Duration);

/// The limits on openings that hold at a door, of its zone and those around it; a compartment has one in any case.
pub(crate) fn opening_limits<'a>(
    site: &'a Site,
    door: &Door,
) -> impl Iterator<Item = (ZoneId, Limit)> + use<'a> {
    let around = core::iter::successors(Some(door.to), |z| site.zone(*z)?.parent);
    let told = |l: &OpeningLimit| (usize::from(l.doors.get()), l.within.get());
    let own = around.filter_map(move |z| Some((z, told(site.zone(z)?.rules.openings.as_ref()?))));
    let mut own = own.peekable();
    let lockers = door.kind == DoorKind::Compartment && own.peek().is_none();
    let default = (usize::from(COMPARTMENTS_MAX.get()), COMPARTMENTS_WITHIN);
    own.chain(lockers.then_some((door.to, default)))
}

impl Core {
    /// Fills in what had happened before.
    pub(crate) fn what_had_happened(&self, now: Now, open: &Open, q: &mut Question) {
        let Some(site) = &self.site else { return };
        q.known.waiting = self.must_wait(now, open);
        q.known.relayed = self.is_relayed(open);
        q.known.time_untrusted = self.history.told.time_untrusted;
        // Leaving asks nobody.
        if open.side == Side::Exit {
            return;
        }
        let Some(door) = site.door(q.door) else { return };
        let holder = |token| site.holder_of(token);
        let second = q.known.second.as_deref().and_then(|s| s.token).and_then(holder);
        let people: [Option<PersonId>; 2] = [q.token.and_then(holder), second];
        if self.history.areas.any() {
            self.places(now, site, door, people, &mut q.known);
        }
        q.known.airlock_busy = self.airlock_is_busy(now, door, open.claimed);
        q.known.openings_spent = self.openings_are_spent(now, door);
        q.known.far_away = people[0].is_some_and(|person| self.is_far(now, site, door, person));
    }

    /// The same for whoever asks by phone, as far as it bears on that.
    pub(crate) fn what_had_happened_to(
        &self,
        now: Now,
        site: &Site,
        door: &Door,
        person: Option<PersonId>,
        known: &mut Known,
    ) {
        known.time_untrusted = self.history.told.time_untrusted;
        if self.history.areas.any() {
            self.places(now, site, door, [person, None], known);
        }
    }

    /// Whether nobody is let in by a door because of its airlock; `claimed` is what the hub says, if it was asked.
    pub(crate) fn airlock_is_busy(&self, now: Now, door: &Door, claimed: Option<bool>) -> bool {
        let busy = || self.airlocks.is_busy_for(door.id, now.mono) || claimed == Some(false);
        door.rules.airlock.is_some() && busy()
    }

    /// Whether as many doors around this one were opened as may be.
    pub(crate) fn openings_are_spent(&self, now: Now, door: &Door) -> bool {
        self.site.as_ref().is_some_and(|site| self.spent_zone(now, site, door).is_some())
    }

    /// Whether a wait is on for what was typed, or for a card that nobody knows.
    pub(crate) fn must_wait(&self, now: Now, open: &Open) -> bool {
        let (Some(site), Some(unit)) = (&self.site, self.units.get(open.door)) else { return false };
        let reader = Reader { door: unit.id(), side: open.side };
        let silent = self.silent(now);
        let waits = |p: &Presented| {
            let token = p.shown.token();
            match p.pin {
                PinEntry::Typed(_) => {
                    let credential = token.and_then(|t| crate::history::credential_of(site, t));
                    self.history.secrets.allowed(reader, credential, now.wall, silent).is_err()
                }
                PinEntry::NotAsked | PinEntry::Missing => {
                    token.is_some_and(|t| site.holder_of(t).is_none())
                        && self.history.cards.allowed(reader, None, now.wall, 0).is_err()
                }
            }
        };
        waits(&open.asked.first) || open.asked.second.as_ref().is_some_and(waits)
    }

    /// A guess that begins a wait is told: at whose ladder, and for how long.
    pub(crate) fn tell_guessing(&mut self, now: Now, open: &Open) {
        let (Some(site), Some(unit)) = (&self.site, self.units.get(open.door)) else { return };
        let (reader, silent) = (Reader { door: unit.id(), side: open.side }, self.silent(now));
        let wait = |p: &Presented| {
            let token = p.shown.token();
            let (secret, guesses, credential, silent) = match p.pin {
                PinEntry::NotAsked => (false, &self.history.cards, None, 0),
                PinEntry::Typed(_) | PinEntry::Missing => {
                    let credential = token.and_then(|t| crate::history::credential_of(site, t));
                    (true, &self.history.secrets, credential, silent)
                }
            };
            let wait = guesses.allowed(reader, credential, now.wall, silent).err()?;
            Some((secret, wait))
        };
        let waits = [Some(&open.asked.first), open.asked.second.as_ref()];
        let Some((secret, wait)) = waits.into_iter().flatten().find_map(wait) else { return };
        let side = (wait.why != WaitWhy::Site).then_some(open.side);
        let wait = wait.until.since(now.wall);
        self.note_door(now, open.door, Body::Guessing { side, secret, wait });
    }

    /// How many other controllers of the site can not be heard now.
    fn silent(&self, now: Now) -> usize {
        let Some(site) = &self.site else { return 0 };
        let others = site.controllers().filter(|c| c.id != self.id && !c.revoked && c.key.is_some());
        let silent = others.filter(|c| !self.history.touch.hears(c.id, now.mono));
        silent.take(SILENT_MAX).count()
    }

    /// A card that signs took longer than one does that is here.
    fn is_relayed(&self, open: &Open) -> bool {
        let late = self.units.get(open.door).and_then(|u| u.late(open.side));
        let is =
            |p: &Presented| late.is_some() && matches!(p.shown, Shown::Key { .. }) && p.shown.token() == late;
        is(&open.asked.first) || open.asked.second.as_ref().is_some_and(is)
    }

    /// Anti-passback, and how many are inside.
    fn places(&self, now: Now, site: &Site, door: &Door, people: [Option<PersonId>; 2], known: &mut Known) {
        let (from, into) = (door.from, Some(door.to));
        let areas = self.history.areas.lonely(site);
        let here = Here { areas: &areas, touch: &self.history.touch, now };
        let fact = |person| match self.history.presence.passback(person, from, into, &here) {
            Seen::NotKept => PassbackFact::NotKept,
            Seen::Clear => PassbackFact::Clear,
            Seen::Unknown { .. } => PassbackFact::Alone,
            Seen::Violation(v) => match v.kind {
                ViolationKind::AlreadyInside { .. } => PassbackFact::Inside,
                ViolationKind::TooSoon { .. } => PassbackFact::TooSoon,
                ViolationKind::NotSeenEntering => PassbackFact::Clear,
            },
        };
        let gravest = people.into_iter().flatten().map(fact).max_by_key(|fact| gravity(*fact));
        known.passback = gravest.unwrap_or_default();
        let coming = people.iter().flatten().count().max(1);
        known.full = site.entered(door.id).iter().any(|zone| {
            let Some(most) = site.zone(*zone).and_then(|z| z.rules.most) else { return false };
            let count = self.history.presence.count(*zone, &here);
            let coming = coming + self.on_their_way(site, *zone, people, &areas);
            count.known + count.unknown + coming > usize::try_from(most.get()).unwrap_or(usize::MAX)
        });
    }

    /// How many were let through a door into a zone and may still open it, besides those who ask now and those whom the
    /// zone counts already.
    fn on_their_way(
        &self,
        site: &Site,
        zone: ZoneId,
        asking: [Option<PersonId>; 2],
        areas: &SiteAreas<'_>,
    ) -> usize {
        let lies_in = |place: Option<ZoneId>| around(site, place).contains(&zone);
        let enters = |p: &&Passage| {
            let way = site.door(p.door).map(|door| p.way(door));
            way.is_some_and(|(from, into)| lies_in(into) && !lies_in(from))
        };
        let counted = |who: PersonId| match self.history.presence.whereabouts(who, areas) {
            Whereabouts::In(place) => lies_in(Some(place)),
            Whereabouts::Street | Whereabouts::Unknown => false,
        };
        let who: BTreeSet<PersonId> = self.history.passages().filter(enters).map(|p| p.who).collect();
        who.into_iter().filter(|who| !asking.contains(&Some(*who)) && !counted(*who)).count()
    }

    /// The first zone of a door of which as many doors were opened as may be.
    fn spent_zone(&self, now: Now, site: &Site, door: &Door) -> Option<ZoneId> {
        let over = |zone, (most, within)| self.history.openings.over(zone, door.id, most, within, now.wall);
        opening_limits(site, door).find(|(zone, limit)| over(*zone, *limit).is_some()).map(|(zone, _)| zone)
    }

    /// Mass opening is told once, with what was opened; it is over when the door may open again.
    pub(crate) fn tell_openings(&mut self, now: Now, door: usize, spent: bool) {
        let Some(site) = &self.site else { return };
        let Some(door) = self.units.get(door).and_then(|u| site.door(u.id())) else { return };
        if !spent {
            if !self.history.told.blocked.is_empty() {
                let zones: Vec<ZoneId> = opening_limits(site, door).map(|(zone, _)| zone).collect();
                self.history.told.blocked.retain(|zone| !zones.contains(zone));
            }
            return;
        }
        let told = opening_limits(site, door).find(|(zone, limit)| {
            let over = self.history.openings.over(*zone, door.id, limit.0, limit.1, now.wall);
            over.is_some() && !self.history.told.blocked.contains(zone)
        });
        if let Some((zone, (_, within))) = told {
            let opened = self.history.openings.opened(zone, now.wall - within);
            let doors = opened.into_iter().map(|(door, _)| door).collect();
            self.note(now, None, Body::Zone { zone, fact: ZoneFact::OpeningsBlocked(doors) });
        }
    }

    /// Whether another controller saw the person too short a time ago to be here now.
    fn is_far(&self, now: Now, site: &Site, door: &Door, person: PersonId) -> bool {
        let spot = |door: &Door| Spot { site: site.id(), door: door.id };
        let zones = |d: &Door| [d.from, Some(d.to)];
        let needs = |far: Spot| {
            let there = site.door(far.door);
            there.map_or(Duration::ZERO, |there| walking_floor(zones(there), zones(door), WALK_MIN))
        };
        let here = Sight { at: now.wall, spot: spot(door) };
        self.history.far_sight(person).is_some_and(|sight| {
            let apart = if sight.at < here.at { here.at.since(sight.at) } else { sight.at.since(here.at) };
            sight.spot != here.spot && apart < needs(sight.spot)
        })
    }
}

fn gravity(fact: PassbackFact) -> u8 {
    match fact {
        PassbackFact::NotKept => 0,
        PassbackFact::Clear => 1,
        PassbackFact::Alone => 2,
        PassbackFact::TooSoon => 3,
        PassbackFact::Inside => 4,
    }
}
