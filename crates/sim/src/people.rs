//! Two hundred people who are not there, from a seed: names, groups, cards, and PINs for those who need one.

use crate::card::Card;
use crate::chance::Chance;
use crate::plan::GROUPS;
use core::fmt;

const FIRST: [&str; 40] = [
    "Amira", "Bastian", "Chiara", "Dmitri", "Elif", "Farid", "Greta", "Hamza", "Ines", "Jonas", "Katya",
    "Luca", "Mei", "Nadia", "Oskar", "Priya", "Quentin", "Rosa", "Samir", "Tilda", "Umut", "Vera", "Wanda",
    "Xaver", "Yara", "Zoran", "Anouk", "Bruno", "Carla", "Darya", "Emil", "Fatou", "Goran", "Hana", "Ivo",
    "Joana", "Kofi", "Lena", "Milan", "Noor",
];
const LAST: [&str; 40] = [
    "Abendroth",
    "Bielski",
    "Castellan",
    "Dornfeld",
    "Eriksholm",
    "Falkenau",
    "Gorecki",
    "Halloran",
    "Ibarrola",
    "Jankauer",
    "Kestrel",
    "Lindqvald",
    "Marwitz",
    "Nakagome",
    "Oderbruch",
    "Petrossian",
    "Quistorp",
    "Rautavaara",
    "Sandoval",
    "Tamasi",
    "Ulvestad",
    "Varga",
    "Westerhagen",
    "Yilmazer",
    "Zabrocki",
    "Achterberg",
    "Bonaventura",
    "Czerny",
    "Delacroix",
    "Engstler",
    "Fonteyn",
    "Grabowski",
    "Hirvonen",
    "Isakovic",
    "Jurado",
    "Kaltenbach",
    "Lopatin",
    "Mbeki",
    "Novacek",
    "Okonjo",
];
/// Digits of a PIN: as many as a change file would have to give them.
const PIN_DIGITS: usize = 6;

/// Someone who works at the site.
#[derive(Clone, PartialEq, Eq)]
pub struct Worker {
    /// Their id at the site.
    pub id: String,
    /// What people call them.
    pub name: String,
    /// Index of their group in [`GROUPS`].
    pub group: usize,
    /// What they carry.
    pub card: Card,
    /// What they know, if they were given any.
    pub pin: Option<String>,
}

/// Says nothing of the PIN.
impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("id", &self.id).field("group", &self.group).finish_non_exhaustive()
    }
}

impl Worker {
    /// The group's id.
    #[must_use]
    pub fn group(&self) -> &'static str {
        GROUPS.get(self.group).map_or("", |(id, ..)| id)
    }
}

/// Everyone. The same seed gives the same people.
#[must_use]
pub fn people(seed: u64) -> Vec<Worker> {
    let mut chance = Chance::new(seed ^ 0x7065_6f70_6c65);
    let mut all = Vec::new();
    for (group, (id, _, count)) in GROUPS.iter().enumerate() {
        for nth in 0..*count {
            let index = u16::try_from(all.len()).unwrap_or(u16::MAX);
            let first = chance.one_of(&FIRST).copied().unwrap_or_default();
            let last = chance.one_of(&LAST).copied().unwrap_or_default();
            // Every manager, and every fifth picker: each PIN costs an Argon2id when the site is set up.
            let pin = *id == "managers" || (*id == "pickers" && nth.is_multiple_of(5));
            all.push(Worker {
                id: format!("p-{:03}", index + 1),
                name: format!("{first} {last}"),
                group,
                card: Card::issued(index, &mut chance),
                pin: pin.then(|| digits(&mut chance)),
            });
        }
    }
    all
}

fn digits(chance: &mut Chance) -> String {
    (0..PIN_DIGITS).map(|_| char::from(b'0' + u8::try_from(chance.below(10)).unwrap_or(0))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_same_seed_gives_the_same_people() {
        assert_eq!(people(7), people(7));
        assert_ne!(people(7), people(8));
    }

    #[test]
    fn no_two_people_have_the_same_card() {
        let key = lockward_wire::CardKey::from_bytes([1; 32]);
        let cards: BTreeSet<_> = people(3).iter().map(|p| key.token_of(&p.card.number().unwrap())).collect();
        assert_eq!(cards.len(), 200);
    }
}
