//! PINs of a change file: made into hashes and tokens here, where their digits are seen for the last time; and refused
//! here where they are too short, since nobody can count the digits of a hash.

use crate::file::{ChangeFile, FileError, PinCode};
use crate::keyring::roll;
use crate::plan::Planner;
use crate::read;
use lockward_history::{CodeUse, explain_pin_digits};
use lockward_model::{CredentialId, PersonId, PinHash, Proof};
use lockward_wire::credential::{Pin, hash_pin, verify_pin};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Whether two PINs differ in one place at most.
fn near(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).filter(|(a, b)| a != b).count() < 2
}

impl Planner<'_> {
    pub(super) fn pins(&mut self, file: &ChangeFile) -> Result<(), FileError> {
        let (keypads, mut beside) = (self.keypads(file), self.codes_beside_cards(file));
        for record in &file.pin {
            let (span, given) = (record.span(), record.get_ref());
            let pin: Pin = self.read("pin", span.clone(), read::key("pin", &given.pin.0))?;
            let id: CredentialId = self.read("pin", span.clone(), read::key("id", &given.id))?;
            let proof = match (given.alone, given.duress) {
                (true, true) => {
                    let what =
                        "a PIN that stands alone can not be one of duress: give the second PIN beside a card";
                    return Err(self.wrong("pin", &given.id, span, what));
                }
                (true, false) => {
                    let digits = u8::try_from(given.pin.0.len()).unwrap_or(u8::MAX);
                    let token = self.keyring.card().token_of_pin(&pin, self.keyring.pepper());
                    Proof::PinOnly { token, digits }
                }
                (false, duress) => {
                    let codes = beside.entry(given.person.clone()).or_default().len();
                    self.long_enough(given, span.clone(), codes, keypads)?;
                    self.apart(file, given, span.clone(), &pin)?;
                    let hash = self.pin_hash(id, &given.person, &pin);
                    if duress { Proof::Duress(hash) } else { Proof::Pin(hash) }
                }
            };
            self.credential("pin", span, id, &given.person, proof)?;
        }
        Ok(())
    }

    /// A PIN beside a card, against a day of guessing with a copy of the card at every controller (`threats.md` A52). One
    /// that the site has already is no better: it is said here, or nowhere.
    fn long_enough(
        &self,
        given: &PinCode,
        span: Range<usize>,
        codes: usize,
        keypads: u32,
    ) -> Result<(), FileError> {
        let codes = u32::try_from(codes).unwrap_or(u32::MAX);
        let digits = u32::try_from(given.pin.0.len()).unwrap_or(0);
        let arithmetic = explain_pin_digits(CodeUse::AfterCard { codes }, keypads, digits);
        if arithmetic.is_enough() {
            return Ok(());
        }
        let least = arithmetic.by_ratio.max(arithmetic.by_guessing);
        let what = format!(
            "this PIN beside a card is too short; give it {least} digits. {arithmetic}. Each controller is one keypad here"
        );
        Err(self.wrong("pin", &given.id, span, &what))
    }

    /// A PIN of duress and an ordinary one of the same person: the same, or all but the same, and whoever is forced types
    /// one for the other. Of one that the site has already only its hash is there: that can be the same, and no more.
    fn apart(
        &self,
        file: &ChangeFile,
        given: &PinCode,
        span: Range<usize>,
        pin: &Pin,
    ) -> Result<(), FileError> {
        let others = file.pin.iter().map(toml::Spanned::get_ref).filter(|other| {
            !other.alone
                && other.person == given.person
                && other.id != given.id
                && other.duress != given.duress
        });
        let known = given.person.parse().map(|person| self.site.credentials_of(person)).unwrap_or_default();
        let kept = known.into_iter().filter(|c| file.pin.iter().all(|p| p.get_ref().id != c.id.as_str()));
        let same = |c: lockward_model::Credential| match c.proof {
            Proof::Pin(hash) if given.duress => verify_pin(&hash, pin, self.keyring.pepper()),
            Proof::Duress(hash) if !given.duress => verify_pin(&hash, pin, self.keyring.pepper()),
            _ => false,
        };
        if others.into_iter().any(|other| near(&other.pin.0, &given.pin.0)) || kept.into_iter().any(same) {
            let what = "the ordinary PIN and the one for duress are the same, or one digit apart: give them two digits \
                        or more that differ";
            return Err(self.wrong("pin", &given.id, span, what));
        }
        Ok(())
    }

    /// How many controllers will have doors: while the hub is away, each counts the wrong guesses of its own readers.
    fn keypads(&self, file: &ChangeFile) -> u32 {
        let here = self.site.doors().map(|d| (d.id.to_string(), d.controller.to_string()));
        let put = file.door.iter().map(|d| (d.get_ref().id.clone(), d.get_ref().controller.clone()));
        let doors: BTreeMap<String, String> = here.chain(put).collect();
        let controllers: BTreeSet<String> = doors.into_values().collect();
        // Doors may come later than PINs.
        u32::try_from(controllers.len()).unwrap_or(u32::MAX).max(1)
    }

    /// Which PINs each person of the file will have beside a card: each is one more that a guess may hit.
    fn codes_beside_cards(&self, file: &ChangeFile) -> BTreeMap<String, BTreeSet<String>> {
        let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for given in file.pin.iter().map(toml::Spanned::get_ref).filter(|pin| !pin.alone) {
            all.entry(given.person.clone()).or_default().insert(given.id.clone());
        }
        for (person, codes) in &mut all {
            let Ok(person) = person.parse::<PersonId>() else { continue };
            let known = self.site.credentials_of(person).into_iter();
            let beside = known.filter(|c| matches!(c.proof, Proof::Pin(_) | Proof::Duress(_)));
            codes.extend(beside.map(|c| c.id.to_string()));
        }
        all
    }

    /// The hash that is there already, if it is of this PIN; else a new one.
    fn pin_hash(&self, id: CredentialId, person: &str, pin: &Pin) -> PinHash {
        let pepper = self.keyring.pepper();
        let known = person.parse().map(|person| self.site.credentials_of(person)).unwrap_or_default();
        let same = known.into_iter().filter(|c| c.id == id).find_map(|c| match c.proof {
            Proof::Pin(hash) | Proof::Duress(hash) if verify_pin(&hash, pin, pepper) => Some(hash),
            _ => None,
        });
        same.unwrap_or_else(|| hash_pin(pin, roll(self.keyring), pepper))
    }
}
