//! What the hub tells other controllers of one controller's events: who went where, who guesses, what is used.

use lockward_history::{Used, UsedFact};
use lockward_model::{Access, Body, Deny, Door, DoorId, Event, Opening, Outcome, PersonId, PinFact, Side};
use lockward_site::Site;
use lockward_wire::credential::SignedPass;
use lockward_wire::link::Elsewhere;
use std::collections::BTreeMap;

/// People who were let through and have not been seen to pass yet.
#[derive(Default)]
pub(super) struct Facts {
    passing: BTreeMap<DoorId, Vec<(PersonId, Side)>>,
    used: Used,
}

impl Facts {
    /// The facts in an event.
    pub(super) fn of(&mut self, site: &Site, event: &Event) -> Vec<Elsewhere> {
        let Some(door) = event.door.and_then(|id| site.door(id)) else { return Vec::new() };
        match &event.body {
            Body::Access(access) => self.of_access(site, event, door, access),
            Body::DoorOpened(Opening::Granted) => {
                let passed = self.passing.remove(&door.id).unwrap_or_default();
                let moved = |(person, side): (PersonId, Side)| {
                    let into = if side == Side::Entry { Some(door.to) } else { door.from };
                    Elsewhere::Moved { person, into, at: event.time, door: door.id }
                };
                passed.into_iter().map(moved).collect()
            }
            Body::DoorOpened(Opening::Exit) => {
                vec![Elsewhere::SomeoneLeft { zone: door.to, at: event.time }]
            }
            Body::NotEntered => {
                self.passing.remove(&door.id);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn of_access(&mut self, site: &Site, event: &Event, door: &Door, access: &Access) -> Vec<Elsewhere> {
        let (at, id) = (event.time, door.id);
        match &access.outcome {
            Outcome::Granted { .. } => {
                let second = access.known.second.as_deref().and_then(|s| s.person);
                let people: Vec<_> = access.person.into_iter().chain(second).collect();
                self.passing.entry(id).or_default().extend(people.iter().map(|p| (*p, access.side)));
                let mut facts: Vec<_> =
                    people.into_iter().map(|person| Elsewhere::Seen { person, door: id, at }).collect();
                if let Some((id, until)) = used(site, access) {
                    let fact = self.used.once_more(id, door.controller, until);
                    let _ = self.used.take(fact);
                    if let UsedFact::Pass { by, times, .. } = fact {
                        facts.push(Elsewhere::Used { id, by, times, until, at });
                    }
                }
                let codes = access.known.codes.iter();
                facts.extend(codes.map(|c| Elsewhere::Stepped { credential: c.credential, step: c.step }));
                facts
            }
            Outcome::Denied { why, .. } => {
                let secret = matches!(access.pin, PinFact::Wrong | PinFact::UsedUp);
                let stranger = *why == Deny::UnknownCredential;
                let guessed = Elsewhere::Guessed { door: id, person: access.person, secret, at };
                if secret || stranger { vec![guessed] } else { Vec::new() }
            }
        }
    }
}

fn used(site: &Site, access: &Access) -> Option<([u8; 16], lockward_model::Time)> {
    let shown = access.known.pass.as_deref()?;
    let signed = SignedPass::parse(&shown.bytes).ok()?;
    let pass = signed.verify(&site.id(), &site.founding().hub.key).ok()?;
    Some((pass.id.0, pass.until))
}
