//! What a simulated disk has, what it shows, and what a power cut makes of the difference.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::disk_sim::Counts;

/// What a disk writes at once, in bytes. A power cut keeps or loses each sector of a write by itself.
const SECTOR_BYTES: usize = 512;

#[derive(Debug, Default)]
pub(crate) struct Platter {
    pub(crate) dice: Dice,
    pub(crate) files: BTreeMap<u64, Contents>,
    pub(crate) names: BTreeMap<PathBuf, u64>,
    /// What each name stood for since the last sync of its folder, the durable meaning first.
    pub(crate) meanings: BTreeMap<PathBuf, Vec<Option<u64>>>,
    pub(crate) next_inode: u64,
    pub(crate) capacity: u64,
    pub(crate) counts: Counts,
    pub(crate) cut_at: Option<u64>,
    pub(crate) off: bool,
    pub(crate) failing_sync: Option<u32>,
    pub(crate) failing_write: Option<usize>,
}

/// One file: what the kernel shows, what the platter has, and what lies between.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) shown: Vec<u8>,
    pub(crate) durable: Vec<u8>,
    pub(crate) unsynced: Vec<Change>,
}

#[derive(Debug)]
pub(crate) enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Resize(usize),
}

impl Platter {
    /// What is found when the power comes back: all that was synced, of the rest what `seed` says.
    pub(crate) fn survivor(&self, seed: u64) -> Self {
        let mut dice = Dice(seed);
        let mut names = self.names.clone();
        for (name, meanings) in &self.meanings {
            match dice.pick(meanings).copied().flatten() {
                Some(inode) => names.insert(name.clone(), inode),
                None => names.remove(name),
            };
        }
        let luck = dice.below(5); // 0: nothing unsynced survives; 4: all of it does.
        let mut files = BTreeMap::new();
        for (inode, contents) in &self.files {
            let mut durable = contents.durable.clone();
            for change in &contents.unsynced {
                change.apply_by_luck(&mut durable, luck, &mut dice);
            }
            files.insert(*inode, Contents { shown: durable.clone(), durable, unsynced: Vec::new() });
        }
        Self { dice, files, names, next_inode: self.next_inode, capacity: self.capacity, ..Self::default() }
    }

    pub(crate) fn powered(&self) -> io::Result<()> {
        if self.off { Err(power_is_off()) } else { Ok(()) }
    }

    /// Does `work`, which leaves something unsynced; if the power fails in this step it was begun all the same.
    pub(crate) fn step<T>(&mut self, work: impl FnOnce(&mut Self) -> io::Result<T>) -> io::Result<T> {
        self.powered()?;
        self.counts.steps += 1;
        let done = work(self);
        self.off = self.cut_at == Some(self.counts.steps);
        self.powered()?;
        done
    }

    /// Does `work`, which makes something durable; if the power fails in this step it was not reached.
    pub(crate) fn sync_step<T>(&mut self, work: impl FnOnce(&mut Self) -> io::Result<T>) -> io::Result<T> {
        self.powered()?;
        self.counts.steps += 1;
        self.off = self.cut_at == Some(self.counts.steps);
        self.powered()?;
        work(self)
    }

    pub(crate) fn sync_fails(&mut self) -> bool {
        let good = self.failing_sync.take();
        self.failing_sync = good.and_then(|good| good.checked_sub(1));
        good == Some(0)
    }

    pub(crate) fn inode(&self, path: &Path) -> io::Result<u64> {
        self.names.get(path).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(crate) fn contents(&mut self, inode: u64) -> io::Result<&mut Contents> {
        self.files.get_mut(&inode).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(crate) fn rebind(&mut self, name: &Path, meaning: Option<u64>) {
        let before = self.names.get(name).copied();
        self.meanings.entry(name.to_owned()).or_insert_with(|| vec![before]).push(meaning);
        match meaning {
            Some(inode) => self.names.insert(name.to_owned(), inode),
            None => self.names.remove(name),
        };
    }

    pub(crate) fn make_room(&self, inode: u64, end: usize) -> io::Result<()> {
        let sizes =
            self.names.values().filter_map(|inode| self.files.get(inode)).map(|file| file.shown.len());
        let used = sizes.sum::<usize>();
        let has = self.files.get(&inode).map_or(0, |file| file.shown.len());
        let wanted = used + end.saturating_sub(has);
        if end > has && wanted as u64 > self.capacity {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }
}

impl Contents {
    pub(crate) fn change(&mut self, change: Change) {
        change.apply(&mut self.shown);
        self.unsynced.push(change);
    }
}

impl Change {
    pub(crate) fn apply(&self, onto: &mut Vec<u8>) {
        match self {
            Self::Write { offset, bytes } => put(onto, *offset, bytes),
            Self::Resize(size) => onto.resize(*size, 0),
        }
    }

    /// Applies what a power cut lets through: of four chances a part has `luck`.
    pub(crate) fn apply_by_luck(&self, onto: &mut Vec<u8>, luck: u64, dice: &mut Dice) {
        let Self::Write { offset, bytes } = self else {
            if dice.below(4) < luck {
                self.apply(onto);
            }
            return;
        };
        let mut at = *offset;
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let (sector, after) = rest.split_at(rest.len().min(SECTOR_BYTES - at % SECTOR_BYTES));
            if dice.below(4) < luck {
                put(onto, at, sector);
            } else if luck > 0 && dice.below(4) == 0 {
                let torn = usize::try_from(dice.below(sector.len() as u64)).unwrap_or(0);
                put(onto, at, sector.get(..torn).unwrap_or(sector));
            }
            at += sector.len();
            rest = after;
        }
    }
}

fn put(onto: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if onto.len() < end {
        onto.resize(end, 0);
    }
    if let Some(place) = onto.get_mut(offset..end) {
        place.copy_from_slice(bytes);
    }
}

fn power_is_off() -> io::Error {
    io::Error::other("simulated: the power is off")
}

/// SplitMix64 (Steele, Lea, Flood 2014): enough for faults, and the same on every machine.
#[derive(Debug, Default)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `sides`, which is small, so that the bias of the remainder does not matter.
    pub(crate) fn below(&mut self, sides: u64) -> u64 {
        self.roll() % sides.max(1)
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(usize::try_from(self.below(from.len() as u64)).ok()?)
    }
}
