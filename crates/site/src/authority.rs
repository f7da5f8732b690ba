//! Who signed an entry, and whether the policies in force before it let them.

use crate::{Refusal, Site};
use lockward_model::{Change, Operator, PublicKey, ServiceId};
use lockward_policy::{Signer, Verdict};
use lockward_wire::config::Envelope;

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

/// Checks every signature of an envelope against the keys that `who` knows. One bad signature spoils the entry.
pub(crate) fn signers<T>(
    envelope: &Envelope,
    who: impl Fn(&str) -> Option<(PublicKey, T)>,
) -> Result<Vec<T>, Refusal> {
    let mut found = Vec::new();
    for signature in envelope.signatures() {
        let shown = || signature.keyid().chars().take(16).collect::<String>();
        let (key, someone) = who(signature.keyid()).ok_or_else(|| Refusal::UnknownSigner(shown()))?;
        if !envelope.verified_by(&key) {
            return Err(Refusal::UnknownSigner(shown()));
        }
        found.push(someone);
    }
    if found.is_empty() { Err(Refusal::Unsigned) } else { Ok(found) }
}

impl Site {
    pub(crate) fn signer_by_keyid(&self, keyid: &str) -> Option<(PublicKey, Signed<'_>)> {
        let matches = |key: &PublicKey| lockward_wire::config::keyid(key) == keyid;
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
            let may = |s: &Signed<'_>| {
                matches!(self.policies.may_change(s.signer(), verb, signers.len()), Verdict::Permit { .. })
            };
            if !signers.iter().any(may) {
                let signers = signers.iter().map(Signed::name).collect::<Vec<_>>().join(" and ");
                return Err(Refusal::NotAllowed { index, verb, signers });
            }
            allowed.push(verb);
        }
        Ok(())
    }
}
