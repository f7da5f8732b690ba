//! Who signed an entry or an order, and whether the policies in force before it let them.

use crate::{Refusal, Site};
use lockward_model::{
    Change, DoorId, Forgiven, Operator, OperatorId, Service, ServiceId, SigningKey, Time, ZoneId,
};
use lockward_policy::{Asked, Signature, Signer, Signers, Verdict};
use lockward_wire::config::{Envelope, KeyId, key_id};

/// Someone whose signature under an entry was checked.
#[derive(Clone, Copy)]
pub(crate) enum Signed<'a> {
    Operator(&'a Operator),
    Service(ServiceId),
    /// Whoever holds the recovery key.
    Recovery,
}

impl Signed<'_> {
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Operator(o) => format!("operator `{}`", o.id),
            Self::Service(id) => format!("service `{id}`"),
            Self::Recovery => "the recovery key".into(),
        }
    }

    /// Who it is to policy, which does not know the recovery key.
    pub(crate) fn signer(&self) -> Option<Signer<'_>> {
        match self {
            Self::Operator(o) => Some(Signer::Operator { id: o.id, roles: &o.roles }),
            Self::Service(id) => Some(Signer::Service(*id)),
            Self::Recovery => None,
        }
    }

    /// The same one, whichever key was used.
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Operator(a), Self::Operator(b)) => a.id == b.id,
            (Self::Service(a), Self::Service(b)) => a == b,
            (Self::Recovery, Self::Recovery) => true,
            _ => false,
        }
    }
}

/// What a set of changes wants beyond one operator's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wants {
    /// The operator's signature must be made apart from the hub: with a key file, or at the signer.
    pub apart: bool,
    /// A second person must sign too.
    pub second: bool,
    /// A second person's signature would do in place of one that is made apart.
    pub or_second: bool,
    /// The hub's signature in the operator's place would do.
    pub hub_will_do: bool,
}

/// Everybody who signed, each once with whether one of their keys is apart, and in whose place a service among them did.
pub(crate) struct Signatures<'a> {
    pub(crate) all: Vec<(Signed<'a>, bool)>,
    pub(crate) on_behalf: Option<Signed<'a>>,
}

impl Signatures<'_> {
    pub(crate) fn names(&self) -> String {
        let named = self.all.iter().map(|(s, _)| s.name()).collect::<Vec<_>>().join(" and ");
        match &self.on_behalf {
            None => named,
            Some(operator) => format!("{named} in place of {}", operator.name()),
        }
    }

    /// Those whom policy knows.
    pub(crate) fn to_policy(&self) -> Vec<Signature<'_>> {
        self.all.iter().filter_map(|one| Some(Signature { by: one.0.signer()?, apart: one.1 })).collect()
    }
}

/// Checks every signature of an envelope against the keys that `who` knows. One that does not hold spoils the entry.
pub(crate) fn signers<T>(
    envelope: &Envelope,
    who: impl Fn(KeyId) -> Option<(SigningKey, T)>,
) -> Result<Vec<(SigningKey, T)>, Refusal> {
    let mut found: Vec<(SigningKey, T)> = Vec::new();
    for id in envelope.signature_ids() {
        let (key, someone) = who(id).ok_or_else(|| Refusal::UnknownSigner(id.to_string()))?;
        if !found.iter().any(|(other, _)| *other == key) {
            found.push((key, someone));
        }
    }
    if found.is_empty() {
        return Err(Refusal::Unsigned);
    }
    let held = envelope.signers(|id| who(id).map(|(key, _)| key));
    if let Some((key, _)) = found.iter().find(|(key, _)| !held.contains(key)) {
        return Err(Refusal::UnknownSigner(key_id(key.public()).to_string()));
    }
    Ok(found)
}

/// The key of an operator that a signature hints at.
pub(crate) fn key_of(operator: &Operator, id: KeyId) -> Option<SigningKey> {
    operator.keys.iter().map(|k| &k.key).find(|key| key_id(key.public()) == id).cloned()
}

impl Site {
    pub(crate) fn signer_by_id(&self, id: KeyId) -> Option<(SigningKey, Signed<'_>)> {
        let services = [&self.founding.hub].into_iter().chain(self.services.values());
        let by_service =
            |s: &Service| (key_id(&s.key.0) == id).then(|| (s.signing_key(), Signed::Service(s.id)));
        let recovery = &self.founding.recovery_key;
        if key_id(&recovery.0) == id {
            return Some((SigningKey::Ed25519(*recovery), Signed::Recovery));
        }
        services
            .into_iter()
            .find_map(by_service)
            .or_else(|| self.operators.values().find_map(|o| Some((key_of(o, id)?, Signed::Operator(o)))))
    }

    /// Everybody who signed; none whose authority has ended by `at`.
    pub(crate) fn signed_by(
        &self,
        envelope: &Envelope,
        on_behalf: Option<OperatorId>,
        at: Time,
    ) -> Result<Signatures<'_>, Refusal> {
        let mut all: Vec<(Signed<'_>, bool)> = Vec::new();
        for (key, one) in signers(envelope, |id| self.signer_by_id(id))? {
            let holds = match one {
                Signed::Operator(o) => o.holds_at(at),
                Signed::Service(id) => self.services.get(&id).is_none_or(|s| s.holds_at(at)),
                Signed::Recovery => true,
            };
            if !holds {
                return Err(Refusal::Ended(one.name()));
            }
            // The hub's own key is the hub's to use.
            let apart = key.is_apart() && !matches!(one, Signed::Service(id) if id == self.founding.hub.id);
            match all.iter_mut().find(|(other, _)| other.is(&one)) {
                Some((_, known)) => *known |= apart,
                None => all.push((one, apart)),
            }
        }
        let on_behalf = match on_behalf.map(|id| (id, self.operators.get(&id))) {
            None => None,
            Some((_, Some(o))) if o.holds_at(at) => Some(Signed::Operator(o)),
            Some((id, Some(_))) => return Err(Refusal::Ended(format!("operator `{id}`"))),
            Some((id, None)) => return Err(Refusal::UnknownOperator(id)),
        };
        Ok(Signatures { all, on_behalf })
    }

    /// Every change must be allowed to at least one of the signers; where that is a service that signs in an operator's
    /// place, to the operator too.
    pub(crate) fn authorise(&self, changes: &[Change], by: &Signatures<'_>) -> Result<(), Refusal> {
        let mut allowed: Vec<(&str, Option<ZoneId>, Option<OperatorId>)> = Vec::new();
        let (all, on_behalf) = (by.to_policy(), by.on_behalf.as_ref().and_then(Signed::signer));
        // Recovering is the recovery key's alone, and that key does nothing else.
        let by_recovery = by.all.iter().any(|(s, _)| matches!(s, Signed::Recovery));
        let recovers =
            matches!((by.all.as_slice(), changes), ([(Signed::Recovery, _)], [Change::Recover(_)]));
        for (index, change) in changes.iter().enumerate() {
            let (verb, zone, keys_of) = (change.verb(), self.scope_of(change), change.keys_of());
            if allowed.contains(&(verb, zone, keys_of)) {
                continue;
            }
            let zones = zone.map(|z| self.enclosing(z)).unwrap_or_default();
            let signers = Signers { all: &all, on_behalf, keys_of };
            let permits = || matches!(self.policies.change(&signers, verb, &zones), Verdict::Permit { .. });
            let recovery = by_recovery || matches!(change, Change::Recover(_));
            if if recovery { !recovers } else { !permits() } {
                return Err(Refusal::NotAllowed { index, verb, signers: by.names() });
            }
            allowed.push((verb, zone, keys_of));
        }
        Ok(())
    }

    /// Whether an operator's own signature will do for these changes, or what it lacks. For whoever is about to ask for it:
    /// nothing is changed, and nothing but the entry itself is ever judged in its place.
    ///
    /// # Errors
    /// [`Refusal::NotAllowed`] where not even a second pair of eyes helps, [`Refusal::Ended`], or
    /// [`Refusal::UnknownOperator`].
    pub fn wants(&self, changes: &[Change], operator: OperatorId, at: Time) -> Result<Wants, Refusal> {
        let known = self.operators.get(&operator).ok_or(Refusal::UnknownOperator(operator))?;
        let signer = Signed::Operator(known);
        if !known.holds_at(at.max(self.newest)) {
            return Err(Refusal::Ended(signer.name()));
        }
        let alone =
            |apart, approvals| self.would_do(changes, known, Asked { approvals, apart, ..Asked::default() });
        let or_second = alone(false, 2).is_ok();
        let (apart, second) = if alone(false, 1).is_ok() {
            (false, false)
        } else if alone(true, 1).is_ok() {
            (true, false)
        } else if or_second {
            (false, true)
        } else {
            (true, alone(true, 2).map(|()| true)?)
        };
        // The hub's word for one person is no second pair of eyes, so it is enough only where one signature is.
        let hub = Signed::Service(self.founding.hub.id);
        let by_hub = Signatures { all: vec![(hub, false)], on_behalf: Some(signer) };
        let hub_will_do = !second && self.authorise(changes, &by_hub).is_ok();
        Ok(Wants { apart, second, or_second: apart && or_second, hub_will_do })
    }

    /// Whether an operator's own signature, made so, would do for every one of these changes.
    fn would_do(&self, changes: &[Change], operator: &Operator, asked: Asked) -> Result<(), Refusal> {
        let signer = Signed::Operator(operator);
        for (index, change) in changes.iter().enumerate() {
            let (verb, zones) = (change.verb(), self.scope_of(change).map(|z| self.enclosing(z)));
            let asked = Asked { own: change.keys_of() == Some(operator.id), ..asked };
            let may = |by| self.policies.may_change(by, verb, zones.as_deref().unwrap_or_default(), asked);
            let verdict = signer.signer().filter(|_| !matches!(change, Change::Recover(_))).map(may);
            if !matches!(verdict, Some(Verdict::Permit { .. })) {
                return Err(Refusal::NotAllowed { index, verb, signers: signer.name() });
            }
        }
        Ok(())
    }

    /// The zone that a change is about, where it is about one that is there before it: who may change that zone's things
    /// may make it. Everything else is about the site.
    pub(crate) fn scope_of(&self, change: &Change) -> Option<ZoneId> {
        let door = |id: &DoorId| self.doors.get(id).map(|p| p.door.to);
        let zone = match change {
            // A zone stays where its change's signers may act: it is judged by what it lies in, before and after.
            Change::PutZone(z) => match self.zones.get(&z.id) {
                Some(old) if old.parent == z.parent => Some(z.id),
                Some(_) => None,
                None => z.parent,
            },
            Change::RemoveZone(id) | Change::LockDown(id) | Change::LiftLockdown(id) => Some(*id),
            Change::SetThreat { zone, .. } | Change::Forgive(Forgiven::Zone(zone)) => Some(*zone),
            // A door that moves into another zone is the site's matter.
            Change::PutDoor(d) => match door(&d.id) {
                Some(old) if old != d.to => None,
                _ => Some(d.to),
            },
            Change::RemoveDoor(id) => door(id),
            _ => None,
        };
        zone.filter(|z| self.zones.contains_key(z))
    }
}
