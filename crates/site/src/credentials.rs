//! Credentials: what says who somebody is says it of one person only; and PINs that stand alone are long enough.

use crate::Site;
use crate::apply::none;
use crate::undo::Undo;
use lockward_model::{CardToken, Credential, CredentialId, Proof};
use lockward_wire::credential::phone_hint;
use std::collections::BTreeMap;

/// Codes that there must be for each person who opens with a PIN alone (IEC 60839-11-1:2013, table 4, line 21): then
/// a guess opens in one case of a thousand.
const CODES_PER_PERSON: u128 = 1_000;

impl Site {
    pub(crate) fn put_credential(&mut self, credential: Credential, undo: &mut Undo) -> Result<(), String> {
        let (id, person) = (credential.id, credential.person);
        self.people.person(person).ok_or_else(|| none("person", &person))?;
        if let Some(token) = credential.proof.token()
            && let Some(owner) = self.people.token_owner(token)
            && owner != id
        {
            return Err(match credential.proof {
                // Whose it is already would tell a PIN.
                Proof::PinOnly { .. } => {
                    format!("the PIN of credential `{id}` can not be used; choose another")
                }
                _ => format!(
                    "the card of credential `{id}` is credential `{owner}` already; revoke that first"
                ),
            });
        }
        if let Proof::Phone { token, .. } = credential.proof {
            self.phone_is_its_own(id, token)?;
        }
        let (old, new) = (self.people.credential(id), card(&credential));
        if let Some(gone) = old.as_ref().and_then(card).filter(|gone| Some(*gone) != new) {
            self.revoke(gone, true, undo);
        }
        if let Some(new) = new {
            self.revoke(new, false, undo);
        }
        let alone = matches!(credential.proof, Proof::PinOnly { .. });
        self.people.put_credential(credential);
        undo.push(move |s| match old {
            Some(old) => s.people.put_credential(old),
            None => drop(s.people.remove_credential(id)),
        });
        if alone { long_enough(self.people.pins_alone()) } else { Ok(()) }
    }

    /// A signature says by a hint whose it is: no two keys may have the same.
    fn phone_is_its_own(&self, id: CredentialId, token: CardToken) -> Result<(), String> {
        let hint = phone_hint(token);
        let other = self.people.phone_by(hint).is_some_and(|known| known != token);
        if other || self.signer_by_id(hint).is_some() {
            return Err(format!("the key of credential `{id}` is someone else's already; register another"));
        }
        Ok(())
    }

    pub(crate) fn revoke_credential(&mut self, id: CredentialId, undo: &mut Undo) -> Result<(), String> {
        let gone = self.people.remove_credential(id).ok_or_else(|| none("credential", &id))?;
        if let Some(card) = card(&gone) {
            self.revoke(card, true, undo);
        }
        undo.push(move |s| s.people.put_credential(gone));
        Ok(())
    }

    /// That a card was somebody's is remembered, so that whoever shows it again is found out.
    pub(crate) fn revoke(&mut self, card: CardToken, revoked: bool, undo: &mut Undo) {
        if self.people.set_revoked(card, revoked) {
            undo.push(move |s| {
                s.people.set_revoked(card, !revoked);
            });
        }
    }

    /// How many digits the shortest PIN has that stands alone; `None` if there is none, and what is typed needs a card.
    #[must_use]
    pub fn shortest_pin_alone(&self) -> Option<u8> {
        self.people.pins_alone().keys().next().copied()
    }
}

/// The card, or the phone, of a credential that is one. A PIN that stood alone is not remembered: somebody else may choose it.
pub(crate) fn card(credential: &Credential) -> Option<CardToken> {
    match &credential.proof {
        Proof::Card(token) | Proof::Key { token, .. } | Proof::Phone { token, .. } => Some(*token),
        Proof::Pin(_) | Proof::PinOnly { .. } | Proof::Duress(_) | Proof::Totp(_) | Proof::Hotp(_) => None,
    }
}

/// Whether there are codes enough for as many PINs as stand alone, by their numbers of digits.
fn long_enough(pins: &BTreeMap<u8, usize>) -> Result<(), String> {
    let Some(shortest) = pins.keys().next().copied() else { return Ok(()) };
    let people = pins.values().sum::<usize>() as u128;
    let codes = 10u128.saturating_pow(shortest.into());
    let due = people.saturating_mul(CODES_PER_PERSON);
    if due <= codes {
        return Ok(());
    }
    let enough =
        (1..=u8::MAX).find(|digits| due <= 10u128.saturating_pow((*digits).into())).unwrap_or(u8::MAX);
    Err(format!(
        "{people} PINs that stand alone need {people} * {CODES_PER_PERSON} = {due} codes, and {shortest} digits give \
         {codes}; none may have fewer than {enough} digits (IEC 60839-11-1, table 4, line 21)"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_people_can_have_four_digits_and_eleven_can_not() {
        for (pins, fits) in [
            (vec![], true),
            (vec![(4, 10)], true),
            (vec![(4, 11)], false),
            (vec![(5, 100)], true),
            (vec![(5, 101)], false),
            // The shortest counts for all.
            (vec![(4, 1), (8, 9)], true),
            (vec![(4, 1), (8, 10)], false),
            (vec![(u8::MAX, usize::MAX)], true),
        ] {
            assert_eq!(long_enough(&pins.clone().into_iter().collect()).is_ok(), fits, "{pins:?}");
        }
    }

    #[test]
    fn the_refusal_shows_its_arithmetic() {
        assert_eq!(
            long_enough(&[(4, 11), (6, 1)].into()).unwrap_err(),
            "12 PINs that stand alone need 12 * 1000 = 12000 codes, and 4 digits give 10000; none may have fewer than \
             5 digits (IEC 60839-11-1, table 4, line 21)"
        );
    }
}
