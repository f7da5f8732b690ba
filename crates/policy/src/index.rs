//! Which policies can match at all: by the place in their scope, then by the person or group in it.

use crate::compile::{Compiled, Ready, Where, Whom};
use crate::verdict::Place;
use core::hash::Hash;
use lockward_model::{DoorId, GroupId, PersonId, PolicyId, RuleId, ZoneId};
use std::collections::HashMap;
use std::sync::Arc;

/// Whose a compiled policy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    Rule(RuleId),
    Text(PolicyId),
}

/// Conditions kept before those without a rule are dropped: a hundred schedules with every set of factors, twice.
const ALIKE_MAX: usize = 1_024;

/// INVARIANT: every policy of `owned` that can match an entering stands in exactly one bucket, once; every policy that
/// can match a change stands in `changes`, once; every one that can match what is asked seldom in `rare`, once; nothing
/// else does.
#[derive(Clone, Default)]
pub(crate) struct Index {
    owned: HashMap<Owner, Arc<[Arc<Compiled>]>>,
    places: HashMap<Where, Arc<Bucket>>,
    changes: Vec<Arc<Compiled>>,
    rare: Vec<Arc<Compiled>>,
    /// One picture for all rules that permit on the same conditions. As many as there are pairs of a schedule and a set
    /// of factors in use.
    alike: HashMap<Arc<str>, Ready>,
}

/// The policies whose scope has one place, and all that they name.
#[derive(Clone, Default)]
struct Bucket {
    by_whom: HashMap<Whom, Vec<Arc<Compiled>>>,
    persons: Counted<PersonId>,
    groups: Counted<GroupId>,
    doors: Counted<DoorId>,
}

/// How often each thing is named.
#[derive(Clone)]
struct Counted<T>(HashMap<T, usize>);

impl<T> Default for Counted<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T: Copy + Eq + Hash> Counted<T> {
    fn add<'a>(&mut self, all: impl IntoIterator<Item = &'a T>)
    where
        T: 'a,
    {
        all.into_iter().for_each(|one| *self.0.entry(*one).or_default() += 1);
    }

    fn take<'a>(&mut self, all: impl IntoIterator<Item = &'a T>)
    where
        T: 'a,
    {
        for one in all {
            if let Some(count) = self.0.get_mut(one) {
                *count -= 1;
                if *count == 0 {
                    self.0.remove(one);
                }
            }
        }
    }
}

/// What the policies that can match at a place name. To them, all persons that they do not name are the same, and so
/// are all groups and doors: Cedar can ask of an entity without attributes only whether it is, or is in, one it names.
#[derive(Debug)]
pub(crate) struct Names {
    /// Sorted.
    pub(crate) persons: Vec<PersonId>,
    /// Sorted.
    pub(crate) groups: Vec<GroupId>,
    /// Whether this very door is named.
    pub(crate) door: bool,
}

impl Index {
    pub(crate) fn put(&mut self, owner: Owner, compiled: Vec<Compiled>) {
        self.remove(owner);
        let compiled: Arc<[_]> = compiled.into_iter().map(|one| Arc::new(self.share(one))).collect();
        for one in compiled.iter() {
            if one.changes {
                self.changes.push(Arc::clone(one));
            }
            if one.rare {
                self.rare.push(Arc::clone(one));
            }
            if let Some((whom, place)) = one.enters {
                let bucket = Arc::make_mut(self.places.entry(place).or_default());
                bucket.persons.add(&one.persons);
                bucket.groups.add(&one.groups);
                bucket.doors.add(&one.doors);
                bucket.by_whom.entry(whom).or_default().push(Arc::clone(one));
            }
        }
        self.owned.insert(owner, compiled);
    }

    fn share(&mut self, mut one: Compiled) -> Compiled {
        if let Some(condition) = &one.alike {
            if self.alike.len() >= ALIKE_MAX {
                self.alike.retain(|_, ready| Arc::strong_count(ready) > 1);
            }
            one.ready = Arc::clone(self.alike.entry(Arc::clone(condition)).or_default());
        }
        one
    }

    pub(crate) fn remove(&mut self, owner: Owner) {
        let Some(gone) = self.owned.remove(&owner) else { return };
        for one in gone.iter() {
            if one.changes {
                self.changes.retain(|c| !Arc::ptr_eq(c, one));
            }
            if one.rare {
                self.rare.retain(|c| !Arc::ptr_eq(c, one));
            }
            if let Some((whom, place)) = one.enters {
                self.remove_from(place, whom, one);
            }
        }
    }

    fn remove_from(&mut self, place: Where, whom: Whom, gone: &Arc<Compiled>) {
        let Some(bucket) = self.places.get_mut(&place).map(Arc::make_mut) else { return };
        bucket.persons.take(&gone.persons);
        bucket.groups.take(&gone.groups);
        bucket.doors.take(&gone.doors);
        if let Some(list) = bucket.by_whom.get_mut(&whom) {
            list.retain(|c| !Arc::ptr_eq(c, gone));
            if list.is_empty() {
                bucket.by_whom.remove(&whom);
            }
        }
        if bucket.by_whom.is_empty() {
            self.places.remove(&place);
        }
    }

    fn buckets(&self, place: &Place<'_>) -> impl Iterator<Item = &Bucket> {
        let zones = place.zones.iter().map(|z: &ZoneId| Where::Zone(*z));
        let keys = [Where::Anywhere, Where::Door(place.door)].into_iter().chain(zones);
        keys.filter_map(|key| self.places.get(&key).map(|b| &**b))
    }

    /// What is named by the policies that can match at the place.
    pub(crate) fn names(&self, place: &Place<'_>) -> Names {
        let (mut persons, mut groups, mut door) = (Vec::new(), Vec::new(), false);
        for bucket in self.buckets(place) {
            persons.extend(bucket.persons.0.keys());
            groups.extend(bucket.groups.0.keys());
            door |= bucket.doors.0.contains_key(&place.door);
        }
        persons.sort_unstable();
        persons.dedup();
        groups.sort_unstable();
        groups.dedup();
        Names { persons, groups, door }
    }

    /// Every policy whose scope can match this person, or someone in these groups, at the place; forbids and permits
    /// alike.
    pub(crate) fn candidates(
        &self,
        person: Option<PersonId>,
        groups: &[GroupId],
        place: &Place<'_>,
    ) -> Vec<&Arc<Compiled>> {
        let person = person.map(Whom::Person);
        let groups = groups.iter().map(|g| Whom::Group(*g));
        let whom: Vec<_> = [Whom::Anyone].into_iter().chain(person).chain(groups).collect();
        let mut found = Vec::new();
        for bucket in self.buckets(place) {
            found.extend(whom.iter().filter_map(|w| bucket.by_whom.get(w)).flatten());
        }
        found
    }

    /// Every policy that can match a change.
    pub(crate) fn changes(&self) -> &[Arc<Compiled>] {
        &self.changes
    }

    /// Every policy that can match what is asked seldom: few, and all written by hand.
    pub(crate) fn rare(&self) -> &[Arc<Compiled>] {
        &self.rare
    }

    /// Every policy.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Compiled>> {
        self.owned.values().flat_map(|list| list.iter())
    }

    /// How many rules and texts there are.
    pub(crate) fn len(&self) -> usize {
        self.owned.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile;
    use lockward_model::{Factors, PolicyText, Rule, Target};

    #[test]
    fn what_is_put_and_removed_leaves_nothing() {
        let rule = Rule {
            id: "r".parse().unwrap(),
            title: "R".parse().unwrap(),
            groups: vec!["a".parse().unwrap(), "b".parse().unwrap()],
            targets: vec![Target::Zone("z".parse().unwrap()), Target::Door("d".parse().unwrap())],
            schedule: None,
            factors: Factors::NONE,
            two_people: false,
        };
        let wide =
            PolicyText { id: "t".parse().unwrap(), text: "forbid (principal, action, resource);".into() };
        let mut index = Index::default();
        for _ in 0..2 {
            index.put(Owner::Rule(rule.id), compile::rule(&rule).unwrap());
            index.put(Owner::Text(wide.id), vec![compile::text(&wide).unwrap()]);
        }
        assert_eq!(
            (index.len(), index.all().count(), index.changes().len(), index.rare().len(), index.places.len()),
            (2, 5, 1, 1, 3)
        );
        index.remove(Owner::Rule(rule.id));
        index.remove(Owner::Text(wide.id));
        assert_eq!(
            (index.len(), index.all().count(), index.changes().len(), index.rare().len(), index.places.len()),
            (0, 0, 0, 0, 0)
        );
    }
}
