//! The policies in force: put, removed, and asked.

use crate::ask::{self, Case, Standing};
use crate::cache::{self, Cache, Picture};
use crate::compile::{self, Looks, PolicyError};
use crate::grant::Grant;
use crate::index::{Index, Owner};
use crate::verdict::{Act, Place, Situation, Verdict, Who};
use crate::vocabulary::{Vocabulary, WORDS, nested};
use cedar_policy::{Entities, Entity, EntityUid, Policy, PolicySet};
use core::fmt;
use lockward_model::{DoorId, Mono, PolicyId, PolicyText, Rule, RuleId, ServiceId};
use std::collections::HashSet;
use std::sync::Arc;

/// Policies that are asked one by one (2 to 3 µs each for the first time); more are asked together, in a picture that takes 10 µs to draw
/// where it is not kept ready.
const ALONE_MAX: usize = 6;

/// The policies in force at a site. A new set permits nothing.
///
/// A clone is cheap, and the first change to either of the two copies what they share.
#[derive(Default)]
pub struct Policies {
    index: Arc<Index>,
    cache: Cache,
}

impl Clone for Policies {
    fn clone(&self) -> Self {
        Self { index: Arc::clone(&self.index), cache: Cache::default() }
    }
}

impl fmt::Debug for Policies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policies").field("len", &self.index.len()).finish_non_exhaustive()
    }
}

impl Policies {
    /// No policies: nothing is permitted.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes or replaces a rule. References (groups, places, schedules) are the caller's to check.
    ///
    /// # Errors
    /// [`PolicyError`]; the set is then as it was.
    pub fn put_rule(&mut self, rule: &Rule) -> Result<(), PolicyError> {
        let compiled = compile::rule(rule)?;
        self.edit(|index| index.put(Owner::Rule(rule.id), compiled));
        Ok(())
    }

    /// Removes a rule, if it is there.
    pub fn remove_rule(&mut self, id: RuleId) {
        self.edit(|index| index.remove(Owner::Rule(id)));
    }

    /// Makes or replaces a policy: exactly one static Cedar policy that is valid under [`SCHEMA`](crate::SCHEMA), looks
    /// into no entity but the principal and the resource, and can apply at all.
    ///
    /// # Errors
    /// [`PolicyError`]; the set is then as it was.
    pub fn put_policy(&mut self, text: &PolicyText) -> Result<(), PolicyError> {
        let compiled = compile::text(text)?;
        self.edit(|index| index.put(Owner::Text(text.id), vec![compiled]));
        Ok(())
    }

    /// Removes a policy, if it is there.
    pub fn remove_policy(&mut self, id: PolicyId) {
        self.edit(|index| index.remove(Owner::Text(id)));
    }

    /// Every policy in Cedar's own words, by its name (`rule/ID#N`, `policy/ID`): for whoever proves something of the whole
    /// set. Nothing at a door asks this.
    #[must_use]
    pub fn in_cedar(&self) -> Vec<(String, String)> {
        let told = |p: &Policy| Some((p.id().to_string(), p.to_cedar()?));
        let mut all: Vec<_> = self.index.all().filter_map(|c| told(&c.policy)).collect();
        all.sort_unstable();
        all
    }

    fn edit(&mut self, f: impl FnOnce(&mut Index)) {
        f(Arc::make_mut(&mut self.index));
        self.cache.forget();
    }

    /// May this person enter here, now? Asks only the policies whose scope can match.
    pub fn may_enter(&self, who: &Who<'_>, place: &Place<'_>, now: &Situation<'_>) -> Verdict {
        let candidates = self.index.candidates(Some(who.person), who.groups, place);
        // Most people have nothing to do with most doors.
        if candidates.is_empty() {
            return Verdict::Nothing { would: None };
        }
        if candidates.len() <= ALONE_MAX
            && let Some(alone) = candidates.iter().map(|c| cache::alone(c)).collect::<Option<Vec<_>>>()
        {
            return self.by_pictures(&alone, now);
        }
        let Some(picture) = self.cache.picture(&self.index, who, place) else { return Verdict::Error };
        self.by_pictures(&[(&picture, "")], now)
    }

    /// `pictures`: each with the name to answer with, where it stands for others than its own policy.
    fn by_pictures(&self, pictures: &[(&Arc<Picture>, &str)], now: &Situation<'_>) -> Verdict {
        let cases: Vec<_> = pictures
            .iter()
            .map(|(picture, name)| Standing {
                case: Case {
                    policies: &picture.policies,
                    entities: &picture.entities,
                    principal: &picture.principal,
                    action: &WORDS.enter,
                    resource: &picture.resource,
                },
                name,
                kept: now.answers.map(|answers| (answers, *picture)),
                looks: picture.looks,
            })
            .collect();
        let looks = pictures.iter().fold(Looks::default(), |all, (p, _)| all.with(p.looks));
        ask::entering(&cases, looks, now, |seen| self.cache.context(seen))
    }

    /// May this person do this here, now?
    pub fn may(&self, act: Act, who: &Who<'_>, place: &Place<'_>, now: &Situation<'_>) -> Verdict {
        match act {
            Act::Enter => self.may_enter(who, place, now),
            Act::Hold | Act::EnterLockedDown | Act::ByPhone => {
                self.by_the_rare(&person(who), WORDS.act(act), place, now)
            }
        }
    }

    /// The same question to the whole set, about the person, the door and the zones as they are: what
    /// [`may_enter`](Self::may_enter) must never differ from. Takes as long as there are policies.
    pub fn may_enter_unsliced(&self, who: &Who<'_>, place: &Place<'_>, now: &Situation<'_>) -> Verdict {
        self.may_unsliced(Act::Enter, who, place, now)
    }

    /// What [`may`](Self::may) must never differ from.
    pub fn may_unsliced(&self, act: Act, who: &Who<'_>, place: &Place<'_>, now: &Situation<'_>) -> Verdict {
        let Some(policies) = self.cache.whole(&self.index) else { return Verdict::Error };
        as_they_are(&policies, &person(who), WORDS.act(act), place, now)
    }

    /// Those that can match what is asked of somebody who acts from afar.
    pub(crate) fn policies_for_afar(&self) -> impl Iterator<Item = Policy> {
        self.index.changes().iter().map(|c| c.policy.clone())
    }

    /// Only written policies can match what is asked seldom, and they are few.
    fn by_the_rare(
        &self,
        principal: &Entity,
        action: &EntityUid,
        place: &Place<'_>,
        now: &Situation<'_>,
    ) -> Verdict {
        if self.index.rare().is_empty() {
            return Verdict::Nothing { would: None };
        }
        match PolicySet::from_policies(self.index.rare().iter().map(|c| c.policy.clone())) {
            Ok(policies) => as_they_are(&policies, principal, action, place, now),
            Err(_) => Verdict::Error,
        }
    }

    /// A grant only from a permit, for this door, good until `until`; with what permitted it.
    ///
    /// # Errors
    /// The verdict, which is never [`Verdict::Permit`].
    pub fn enter(
        &self,
        act: Act,
        who: &Who<'_>,
        place: &Place<'_>,
        now: &Situation<'_>,
        until: Mono,
    ) -> Result<(Grant, Vec<Box<str>>), Verdict> {
        minted(self.may(act, who, place, now), place, until)
    }

    /// The same for whoever shows a pass: whether those that this service signs count here, now.
    ///
    /// # Errors
    /// The verdict, which is never [`Verdict::Permit`].
    pub fn admit(
        &self,
        issuer: ServiceId,
        place: &Place<'_>,
        now: &Situation<'_>,
        until: Mono,
    ) -> Result<(Grant, Vec<Box<str>>), Verdict> {
        let issuer = Entity::new_no_attrs(WORDS.service(issuer), HashSet::new());
        minted(self.by_the_rare(&issuer, &WORDS.admit, place, now), place, until)
    }

    /// Leaving is always permitted, whatever the policies: there is nothing to ask. Only for a reader of the way out.
    pub fn leave(&self, door: DoorId, until: Mono) -> Grant {
        Grant::new(door, until)
    }
}

pub(crate) fn minted(
    verdict: Verdict,
    place: &Place<'_>,
    until: Mono,
) -> Result<(Grant, Vec<Box<str>>), Verdict> {
    match verdict {
        Verdict::Permit { because } => Ok((Grant::new(place.door, until), because)),
        shut => Err(shut),
    }
}

fn person(who: &Who<'_>) -> Entity {
    Entity::new_no_attrs(WORDS.person(who.person), WORDS.groups(who.groups))
}

/// What these policies say of a principal, a door and its zones, none left out.
fn as_they_are(
    policies: &PolicySet,
    principal: &Entity,
    action: &EntityUid,
    place: &Place<'_>,
    now: &Situation<'_>,
) -> Verdict {
    let door = WORDS.door(Some(place.door));
    let inside: HashSet<_> = place.zones.iter().take(1).map(|z| WORDS.zone(*z)).collect();
    let zones = nested(place.zones, None).into_iter();
    let Some(door_entity) = Vocabulary::door_entity(door.clone(), place.kind, inside) else {
        return Verdict::Error;
    };
    let Ok(entities) = Entities::from_entities(zones.chain([principal.clone(), door_entity]), None) else {
        return Verdict::Error;
    };
    let who = principal.uid();
    let case = Case { policies, entities: &entities, principal: &who, action, resource: &door };
    let standing = Standing { case, name: "", kept: None, looks: Looks::AT_ALL };
    ask::entering(&[standing], Looks::AT_ALL, now, |seen| WORDS.entering(seen))
}
