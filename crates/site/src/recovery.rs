//! When every operator's key is lost: the key on paper announces a new operator, everybody can see it, and after a wait it
//! is made. Whoever finds that paper gets in no sooner than the owners can say no.

use crate::Site;
use crate::undo::Undo;
use core::time::Duration;
use lockward_model::{Operator, SigningKey, Time};

/// How long the site's owners have, to say no.
pub const RECOVERY_WAIT: Duration = Duration::from_secs(24 * 3_600);
/// When what was announced and never completed is forgotten.
pub const RECOVERY_LIFE: Duration = Duration::from_secs(7 * 24 * 3_600);

/// An operator who was announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// Who.
    pub operator: Operator,
    /// The first moment at which the same can be signed again, and is carried out.
    pub from: Time,
}

impl Site {
    /// The recovery that is announced and waits.
    #[must_use]
    pub fn recovery(&self) -> Option<&Recovery> {
        self.recovery.as_ref()
    }

    /// The operator whom the recovery key made last, as long as it has no passkey.
    #[must_use]
    pub fn recovered(&self) -> Option<&Operator> {
        let passkey = |o: &&Operator| o.keys.iter().any(|k| matches!(k.key, SigningKey::Passkey(_)));
        self.operators.get(&self.recovered?).filter(|o| !passkey(o))
    }

    /// Announces an operator; or makes it, if the very same was announced long enough ago.
    pub(crate) fn recover(
        &mut self,
        operator: Operator,
        drafted: Time,
        undo: &mut Undo,
    ) -> Result<(), String> {
        if operator.keys.is_empty() || operator.roles.is_empty() || operator.until.is_some() {
            return Err("who is to recover the site needs a key, a role, and no end".into());
        }
        let before = self.recovery.clone();
        let due = before.as_ref().filter(|r| r.operator == operator && drafted < r.from + RECOVERY_LIFE);
        match due.map(|r| r.from) {
            Some(from) if drafted < from => {
                return Err(format!("this recovery was announced; it can be completed from {from} on"));
            }
            Some(_) => {
                let (who, last) = (operator.id, self.recovered);
                self.put_operator(operator, undo)?;
                self.recovery = None;
                self.recovered = Some(who);
                undo.push(move |s| s.recovered = last);
            }
            None => {
                // Not before the newest entry: a clock that is set back shortens nothing.
                let from = drafted.max(self.newest) + RECOVERY_WAIT;
                self.recovery = Some(Recovery { operator, from });
            }
        }
        undo.push(move |s| s.recovery = before);
        Ok(())
    }

    pub(crate) fn cancel_recovery(&mut self, undo: &mut Undo) -> Result<(), String> {
        let before = self.recovery.take().ok_or("no recovery was announced")?;
        undo.push(move |s| s.recovery = Some(before));
        Ok(())
    }
}
