//! A table of records in numbered slots, found by key: eight bytes of index a record, whatever the key's length.
//!
//! A site of a million people would otherwise spend more memory on copies of ids than on the people.

use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::{BuildHasher, Hash};

/// A record that holds its own key.
pub(crate) trait Keyed {
    type Key: Eq + Hash;
    fn key(&self) -> &Self::Key;
}

/// Number of a record's slot; stable until the record is removed.
pub(crate) type Slot = u32;

#[derive(Clone)]
pub(crate) struct Table<R: Keyed> {
    records: Vec<Option<R>>,
    free: Vec<Slot>,
    index: HashTable<Slot>,
    hasher: DefaultHashBuilder,
}

impl<R: Keyed> Default for Table<R> {
    fn default() -> Self {
        Self {
            records: Vec::new(),
            free: Vec::new(),
            index: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
        }
    }
}

fn record<R>(records: &[Option<R>], slot: Slot) -> Option<&R> {
    records.get(slot as usize)?.as_ref()
}

impl<R: Keyed> Table<R> {
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    pub(crate) fn slot(&self, key: &R::Key) -> Option<Slot> {
        let hash = self.hasher.hash_one(key);
        self.index.find(hash, |s| record(&self.records, *s).is_some_and(|r| r.key() == key)).copied()
    }

    pub(crate) fn get(&self, slot: Slot) -> Option<&R> {
        record(&self.records, slot)
    }

    pub(crate) fn get_mut(&mut self, slot: Slot) -> Option<&mut R> {
        self.records.get_mut(slot as usize)?.as_mut()
    }

    /// Puts a record under its key, in a new slot. The key must be free.
    pub(crate) fn insert(&mut self, new: R) -> Slot {
        debug_assert!(self.slot(new.key()).is_none(), "the key is taken");
        let hash = self.hasher.hash_one(new.key());
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                self.records.push(None);
                Slot::try_from(self.records.len() - 1).unwrap_or(Slot::MAX)
            }
        };
        if let Some(room) = self.records.get_mut(slot as usize) {
            *room = Some(new);
        }
        let (records, hasher) = (&self.records, &self.hasher);
        let rehash = |s: &Slot| record(records, *s).map_or(0, |r| hasher.hash_one(r.key()));
        self.index.insert_unique(hash, slot, rehash);
        slot
    }

    pub(crate) fn remove(&mut self, slot: Slot) -> Option<R> {
        let gone = self.records.get_mut(slot as usize)?.take()?;
        let hash = self.hasher.hash_one(gone.key());
        if let Ok(entry) = self.index.find_entry(hash, |s| *s == slot) {
            entry.remove();
        }
        self.free.push(slot);
        Some(gone)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Slot, &R)> {
        (0..).zip(&self.records).filter_map(|(slot, r)| Some((slot, r.as_ref()?)))
    }
}
