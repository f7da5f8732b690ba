//! Who signed an entry, and whether the policies in force before it let them.

use crate::{Refusal, Site};
use lockward_model::{Change, Operator, PublicKey, ServiceId};
use lockward_policy::{Signer, Verdict};
use lockward_wire::config::{Envelope, KeyId, key_id};

/// Someone whose signature under an entry was checked.
pub(crate) enum Signed<'a> {
    Operator(&'a Operator),
    Service(ServiceId),
}

impl Signed<'_> {
    fn name(&self) -> String {
        match self {
            Self::Operator(o) => format!("operator `{}`", o.id),
            Self::Service(id) => format!("service `{id}`"),
        }
    }

    fn signer(&self) -> Signer<'_> {
        match self {
            Self::Operator(o) => Signer::Operator { id: o.id, roles: &o.roles },
            Self::Service(id) => Signer::Service(*id),
        }
    }
}

/// Checks every signature of an envelope against the keys that `who` knows. One that does not hold spoils the entry.
/// Who signs twice is found once: policies count the signers.
pub(crate) fn signers<T>(
    envelope: &Envelope,
    who: impl Fn(KeyId) -> Option<(PublicKey, T)>,
) -> Result<Vec<T>, Refusal> {
    let mut found: Vec<(PublicKey, T)> = Vec::new();
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
        return Err(Refusal::UnknownSigner(key_id(key).to_string()));
    }
    Ok(found.into_iter().map(|(_, someone)| someone).collect())
}

impl Site {
    pub(crate) fn signer_by_id(&self, id: KeyId) -> Option<(PublicKey, Signed<'_>)> {
        let matches = |key: &PublicKey| key_id(key) == id;
        if matches(&self.founding.hub.key) {
            return Some((self.founding.hub.key, Signed::Service(self.founding.hub.id)));
        }
        self.operators.values().find(|o| matches(&o.key)).map(|o| (o.key, Signed::Operator(o)))
    }

    /// Every change must be allowed to at least one of the signers.
    pub(crate) fn authorise(&self, changes: &[Change], signers: &[Signed<'_>]) -> Result<(), Refusal> {
        let mut allowed: Vec<&str> = Vec::new();
        for (index, change) in changes.iter().enumerate() {
            let verb = change.verb();
            if allowed.contains(&verb) {
                continue;
            }
            let may = |s: &&Signed<'_>, approvals| {
                matches!(self.policies.may_change(s.signer(), verb, approvals), Verdict::Permit { .. })
            };
            // Only people who might have signed alone, were one signature enough, approve: neither a service nor
            // somebody without the right makes a second pair of eyes.
            let person = |s: &&Signed<'_>| matches!(s, Signed::Operator(_));
            let approvals = signers.iter().filter(|s| person(s) && may(s, usize::MAX)).count();
            if !signers.iter().any(|s| may(&s, approvals)) {
                let signers = signers.iter().map(Signed::name).collect::<Vec<_>>().join(" and ");
                return Err(Refusal::NotAllowed { index, verb, signers });
            }
            allowed.push(verb);
        }
        Ok(())
    }
}
