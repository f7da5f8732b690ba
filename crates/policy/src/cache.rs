//! What is kept ready between decisions: Cedar's view of a kind of person at a kind of door. Never an answer.
//!
//! To the policies that can match at a place, two people are the same if they are in the same named groups and neither
//! is named; two doors are the same if they are of one kind in the same zones and neither is named. So few pictures
//! serve a million people.
//!
//! Most policies look at nothing but the context beyond their scope. They are asked one by one where only such policies
//! can match, and those with the same conditions share one picture: that serves any number of kinds of people and doors.

use crate::compile::{Compiled, Looks, Where, Whom, reported};
use crate::index::{Index, Names};
use crate::verdict::{Company, Place, Who};
use crate::vocabulary::{Seen, Vocabulary, WORDS};
use cedar_policy::{Context, Entities, Entity, EntityUid, PolicySet};
use lockward_model::{DoorId, DoorKind, Factors, GroupId, ScheduleId, ThreatLevel, ZoneId};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Pictures in each half of the cache: both together, a controller's 64 doors for 64 kinds of people. At 10 KB each (two
/// entities and a handful of policies, measured) they are 40 MB.
const PICTURES_MAX: usize = 2_048;
/// Doors whose place is remembered: four of the largest sites of the figures. Doors that no policy names share what is
/// kept for their zones; if each is named, with a hundred groups beside it, that is 4 KB each and 32 MB.
const DOORS_MAX: usize = 8_192;
/// Contexts: the schedules change a few times a day, the factors between card and PIN, the threat level in a year; a
/// policy that looks at the age of the configuration needs a new one each second.
const CONTEXTS_MAX: usize = 16;

/// A kind of person at a kind of door, as Cedar sees them.
#[derive(Debug)]
pub(crate) struct Picture {
    pub(crate) policies: PolicySet,
    pub(crate) entities: Entities,
    pub(crate) principal: EntityUid,
    pub(crate) resource: EntityUid,
    pub(crate) looks: Looks,
}

/// A kind of door.
struct Spot {
    /// Never given twice, so that a picture of an older set of policies is never found again.
    number: usize,
    names: Names,
    door: Entity,
}

type SpotKey = (DoorKind, Box<[ZoneId]>, Option<DoorId>);

/// INVARIANT: `doors`, `spots` and `whole` are of the index as it is; [`Cache::forget`] is called at every change.
#[derive(Default)]
pub(crate) struct Cache(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    numbers: usize,
    doors: HashMap<DoorId, KnownDoor>,
    spots: HashMap<SpotKey, Arc<Spot>>,
    young: HashMap<Box<[usize]>, Arc<Picture>>,
    old: HashMap<Box<[usize]>, Arc<Picture>>,
    contexts: Vec<KnownContext>,
    whole: Option<Arc<PolicySet>>,
}

struct KnownDoor {
    kind: DoorKind,
    zones: Box<[ZoneId]>,
    spot: Arc<Spot>,
}

struct KnownContext {
    open: Box<[ScheduleId]>,
    factors: Factors,
    company: Company,
    threat: ThreatLevel,
    age: u64,
    context: Context,
}

impl KnownContext {
    fn is_of(&self, seen: &Seen<'_>) -> bool {
        let Seen { open, factors, company, threat, age } = *seen;
        (self.factors, self.company, self.threat, self.age) == (factors, company, threat, age)
            && *self.open == *open
    }
}

impl Cache {
    fn with<T>(&self, f: impl FnOnce(&mut Kept) -> T) -> T {
        // A panic elsewhere leaves no half-made entry: each is inserted whole.
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The policies changed.
    pub(crate) fn forget(&mut self) {
        let kept = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        kept.doors.clear();
        kept.spots.clear();
        kept.whole = None;
    }

    /// The picture for a person at a place; `None` if Cedar will not have it.
    pub(crate) fn picture(&self, index: &Index, who: &Who<'_>, place: &Place<'_>) -> Option<Arc<Picture>> {
        self.with(|kept| kept.picture(index, who, place))
    }

    pub(crate) fn context(&self, seen: &Seen<'_>) -> Option<Context> {
        self.with(|kept| kept.context(seen))
    }

    /// Every policy in one set.
    pub(crate) fn whole(&self, index: &Index) -> Option<Arc<PolicySet>> {
        self.with(|kept| {
            if kept.whole.is_none() {
                let all = index.all().map(|c| c.policy.clone());
                kept.whole = PolicySet::from_policies(all).ok().map(Arc::new);
            }
            kept.whole.clone()
        })
    }
}

impl Kept {
    fn picture(&mut self, index: &Index, who: &Who<'_>, place: &Place<'_>) -> Option<Arc<Picture>> {
        let spot = self.spot(index, place)?;
        let named = spot.names.persons.binary_search(&who.person);
        let mut key = Vec::with_capacity(2 + who.groups.len());
        key.extend(who.groups.iter().filter_map(|g| spot.names.groups.binary_search(g).ok()));
        key.sort_unstable();
        key.dedup();
        let groups: usize = key.len();
        key.extend([named.unwrap_or(usize::MAX), spot.number]);
        if let Some(found) = self.young.get(&*key) {
            return Some(Arc::clone(found));
        }
        let picture = match self.old.remove(&*key) {
            Some(found) => found,
            None => {
                let groups = key.iter().take(groups).filter_map(|i| spot.names.groups.get(*i).copied());
                let groups: Vec<GroupId> = groups.collect();
                Arc::new(draw(index, named.is_ok().then_some(who), &groups, place, &spot)?)
            }
        };
        if self.young.len() >= PICTURES_MAX {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key.into(), Arc::clone(&picture));
        Some(picture)
    }

    fn spot(&mut self, index: &Index, place: &Place<'_>) -> Option<Arc<Spot>> {
        let same = |known: &&KnownDoor| known.kind == place.kind && *known.zones == *place.zones;
        if let Some(known) = self.doors.get(&place.door).filter(same) {
            return Some(Arc::clone(&known.spot));
        }
        let names = index.names(place);
        let door = names.door.then_some(place.door);
        let key = (place.kind, Box::from(place.zones), door);
        let spot = match self.spots.get(&key) {
            Some(spot) => Arc::clone(spot),
            None => {
                self.numbers += 1;
                let (uid, zones) = (WORDS.door(door), WORDS.zones(place.zones));
                let door = Vocabulary::door_entity(uid, place.kind, zones)?;
                Arc::new(Spot { number: self.numbers, names, door })
            }
        };
        if self.doors.len() >= DOORS_MAX || self.spots.len() >= DOORS_MAX {
            self.doors.clear();
            self.spots.clear();
        }
        self.spots.insert(key, Arc::clone(&spot));
        let known = KnownDoor { kind: place.kind, zones: place.zones.into(), spot: Arc::clone(&spot) };
        self.doors.insert(place.door, known);
        Some(spot)
    }

    fn context(&mut self, seen: &Seen<'_>) -> Option<Context> {
        if let Some(known) = self.contexts.iter().find(|known| known.is_of(seen)) {
            return Some(known.context.clone());
        }
        let context = WORDS.entering(seen)?;
        if self.contexts.len() >= CONTEXTS_MAX {
            self.contexts.clear();
        }
        let Seen { open, factors, company, threat, age } = *seen;
        let known = KnownContext { open: open.into(), factors, company, threat, age, context };
        let context = known.context.clone();
        self.contexts.push(known);
        Some(context)
    }
}

/// `named` is the person, if a policy at the place names it; else any person that none names will do.
fn draw(
    index: &Index,
    named: Option<&Who<'_>>,
    groups: &[GroupId],
    place: &Place<'_>,
    spot: &Spot,
) -> Option<Picture> {
    let candidates = index.candidates(named.map(|w| w.person), groups, place);
    let looks = candidates.iter().fold(Looks::default(), |all, c| all.with(c.looks));
    let principal = named.map_or_else(|| WORDS.anyone.clone(), |w| WORDS.person(w.person));
    let person = Entity::new_no_attrs(principal.clone(), WORDS.groups(groups));
    Some(Picture {
        policies: PolicySet::from_policies(candidates.into_iter().map(|c| c.policy.clone())).ok()?,
        entities: Entities::from_entities([person, spot.door.clone()], None).ok()?,
        principal,
        resource: spot.door.uid(),
        looks,
    })
}

/// One policy that looks at nothing but the context, with somebody and some door that its scope matches; and its name,
/// since the picture may have been made for another that permits on the same conditions.
pub(crate) fn alone(one: &Compiled) -> Option<(&Arc<Picture>, &str)> {
    let make = || {
        let (whom, place) = one.enters.filter(|_| one.context_only)?;
        let (principal, groups) = match whom {
            Whom::Anyone => (WORDS.anyone.clone(), HashSet::new()),
            Whom::Group(group) => (WORDS.anyone.clone(), WORDS.groups([&group])),
            Whom::Person(person) => (WORDS.person(person), HashSet::new()),
        };
        let (resource, zones) = match place {
            Where::Anywhere => (WORDS.door(None), HashSet::new()),
            Where::Zone(zone) => (WORDS.door(None), WORDS.zones(&[zone])),
            Where::Door(door) => (WORDS.door(Some(door)), HashSet::new()),
        };
        // The conditions do not look at the door, so any kind will do.
        let door = Vocabulary::door_entity(resource.clone(), DoorKind::Room, zones)?;
        let person = Entity::new_no_attrs(principal.clone(), groups);
        Some(Arc::new(Picture {
            policies: PolicySet::from_policies([one.policy.clone()]).ok()?,
            entities: Entities::from_entities([person, door], None).ok()?,
            principal,
            resource,
            looks: one.looks,
        }))
    };
    let picture = one.ready.get_or_init(make).as_ref()?;
    Some((picture, reported(one.policy.id())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile;
    use crate::index::Owner;
    use lockward_model::{Rule, Target};

    #[test]
    fn more_kinds_of_people_than_the_cache_holds_are_still_told_apart() {
        let groups: Vec<GroupId> = (0..14).map(|n| format!("g{n}").parse().unwrap()).collect();
        let zones = ["z".parse().unwrap()];
        let rule = Rule {
            id: "r".parse().unwrap(),
            title: "R".parse().unwrap(),
            groups: groups.clone(),
            targets: vec![Target::Zone(zones[0])],
            schedule: None,
            factors: Factors::NONE,
            two_people: false,
        };
        let mut index = Index::default();
        index.put(Owner::Rule(rule.id), compile::rule(&rule).unwrap());
        let (cache, person) = (Cache::default(), "p".parse().unwrap());
        let place = Place { door: "d".parse().unwrap(), kind: DoorKind::Room, zones: &zones };
        for set in 0..2 * PICTURES_MAX + 100 {
            let groups: Vec<_> = (0..14).filter(|n| set >> n & 1 == 1).map(|n| groups[n]).collect();
            let picture = cache.picture(&index, &Who { person, groups: &groups }, &place).unwrap();
            assert_eq!(picture.policies.num_of_policies(), groups.len());
            let kept = cache.with(|k| k.young.len().max(k.old.len()));
            assert!(kept <= PICTURES_MAX);
        }
    }

    #[test]
    fn doors_that_no_policy_names_share_a_picture() {
        let (cache, index, zones) = (Cache::default(), Index::default(), ["z".parse().unwrap()]);
        let who = Who { person: "p".parse().unwrap(), groups: &[] };
        let at = |door: &str, kind| {
            let place = Place { door: door.parse().unwrap(), kind, zones: &zones };
            cache.picture(&index, &who, &place).unwrap()
        };
        let first = at("a", DoorKind::Room);
        assert!(Arc::ptr_eq(&first, &at("b", DoorKind::Room)));
        assert!(!Arc::ptr_eq(&first, &at("c", DoorKind::Safe)));
    }
}
