//! How events become durable: sealed into one chain, written with one sync, tried again after a failure, never twice.

use crate::core::Fresh;
use crate::memory::{Memory, MemoryError, digest, next_seed};
use lockward_ledger::leaf_hash;
use lockward_model::{Digest, Event, Source, Time};
use lockward_store::{AppendError, Disk, Journal};
use lockward_wire::event::{ChainHead, Leaf, seal};
use lockward_wire::link::ITEMS_MAX;

/// Events that wait in memory while the disk refuses them or the hub has not given a key yet: a day of a busy door.
/// The oldest go first when there are more, but for those that a door waits for.
const FRESH_MAX: usize = 8_192;
/// Events on their way to the hub, and the signed head of the chain that ends with the last.
pub(crate) struct Batch {
    /// The sequence number of the first.
    pub(crate) first: u64,
    pub(crate) leaves: Vec<Vec<u8>>,
    pub(crate) head: Vec<u8>,
}

impl<D: Disk + Clone> Memory<D> {
    /// Seals what happened, each after the one before, and makes it durable with one sync, as long as one write of the
    /// journal takes it. Empties `fresh`.
    ///
    /// # Errors
    /// [`MemoryError`]. `fresh` then holds what may be tried again, and no grant is among it.
    pub(crate) fn keep(
        &mut self,
        fresh: &mut Vec<Fresh>,
        dice: &mut dyn FnMut() -> [u8; 12],
    ) -> Result<(), MemoryError> {
        let kept = self.try_keep(fresh, dice);
        if kept.is_err() {
            // A grant that is not used is not recorded as one.
            fresh.retain(|f| f.body.code() != lockward_model::Code::AccessGranted);
            let mut over = fresh.len().saturating_sub(FRESH_MAX);
            fresh.retain(|f| {
                // A schedule that waits for this very record opens its door once the disk is whole again.
                let goes = over > 0 && f.body.code() != lockward_model::Code::DoorUnlocked;
                over -= usize::from(goes);
                !goes
            });
        }
        kept
    }

    fn try_keep(
        &mut self,
        fresh: &mut Vec<Fresh>,
        dice: &mut dyn FnMut() -> [u8; 12],
    ) -> Result<(), MemoryError> {
        if fresh.is_empty() {
            return Ok(());
        }
        self.heal()?;
        // What a write that failed has left on the disk all the same is not recorded twice.
        let next = self.spool.next();
        fresh.retain(|f| f.tried.is_none_or(|seq| seq >= next));
        let leaves = self.seal_all(fresh, dice)?;
        let batch: Vec<&[u8]> = leaves.iter().map(Vec::as_slice).collect();
        let mut rest = batch.as_slice();
        while !rest.is_empty() {
            let (written, after) = self.append_some(rest)?;
            if let Some(last) = written.last() {
                self.head = digest(leaf_hash(last));
            }
            fresh.drain(..written.len());
            rest = after;
        }
        Ok(())
    }

    /// Appends as many as one write of the journal takes: all, except after a long outage.
    fn append_some<'a, 'b>(&mut self, leaves: &'a [&'b [u8]]) -> Result<Halves<'a, 'b>, MemoryError> {
        let mut count = leaves.len();
        loop {
            let (some, rest) = leaves.split_at(count);
            match self.spool.append(some) {
                Err(AppendError::BatchTooLarge { .. }) if count > 1 => count = count.div_ceil(2),
                appended => return Ok(appended.map(|_| (some, rest))?),
            }
        }
    }

    /// Seals everything into one chain that continues what is on the disk. What can not be put into bytes is dropped:
    /// it would stand before everything that comes after.
    fn seal_all(
        &self,
        fresh: &mut Vec<Fresh>,
        dice: &mut dyn FnMut() -> [u8; 12],
    ) -> Result<Vec<Vec<u8>>, MemoryError> {
        let keys = self.state.keys.as_ref().ok_or(MemoryError::NoKey)?;
        let key = keys.source_key();
        let mut prev = self.head;
        let mut leaves = Vec::with_capacity(fresh.len());
        for (index, seq) in (0..fresh.len()).zip(self.spool.next()..) {
            let Some(f) = fresh.get_mut(index) else { break };
            f.tried = Some(seq);
            let (time, door, body) = (f.time, f.door, f.body.clone());
            let event = Event { source: self.source(), seq, prev, time, door, epoch: keys.epoch, body };
            match seal(&event, dice(), &key) {
                Ok(leaf) => {
                    prev = digest(leaf_hash(&leaf));
                    leaves.push(leaf);
                }
                Err(error) => {
                    fresh.remove(index);
                    return Err(error.into());
                }
            }
        }
        Ok(leaves)
    }

    /// Makes room for later records, a bounded step of it. Not being able to is no reason to fail: the append that
    /// needs it will tell.
    pub(crate) fn prepare(&mut self) {
        let _ = self.spool.prepare();
    }

    /// After a failed write nobody knows what the disk has: the spool is opened again, by the ordinary path.
    fn heal(&mut self) -> Result<(), MemoryError> {
        if self.spool.is_poisoned() {
            let (dir, seed) = (self.dir.join("spool"), next_seed(&mut self.seed));
            let (spool, _) = Journal::open(self.disk.clone(), &dir, self.room.spool, seed)?;
            if let Some((head, _)) = end_of(&spool, self.source())? {
                self.head = head;
            }
            self.spool = spool;
        }
        Ok(())
    }

    /// Events from `from` on, or from the first that is still here, up to `bytes_max` of them, and the signed head of
    /// the chain that ends with the last.
    pub(crate) fn events(&self, from: u64, bytes_max: usize) -> Result<Option<Batch>, MemoryError> {
        let (mut leaves, mut bytes, mut first) = (Vec::new(), 0, None);
        for record in self.spool.read_from(from) {
            let record = record?;
            bytes += record.bytes.len();
            if (bytes > bytes_max || leaves.len() == ITEMS_MAX) && !leaves.is_empty() {
                break;
            }
            first.get_or_insert(record.number);
            leaves.push(record.bytes);
        }
        let (Some(last), Some(first)) = (leaves.last(), first) else { return Ok(None) };
        let count = first + leaves.len() as u64;
        let head = digest(leaf_hash(last));
        let signed = ChainHead::sign(&self.identity.site, self.source(), count, head, &self.identity.key);
        Ok(Some(Batch { first, leaves, head: signed }))
    }

    /// The hub holds everything below `count`. The newest record stays, to continue the chain after a restart.
    pub(crate) fn release(&mut self, count: u64) {
        let up_to = count.min(self.spool.next().saturating_sub(1));
        // Bounded by what exists, so it can not fail.
        let _ = self.spool.release(up_to);
    }
}

/// What was written, and what is left.
type Halves<'a, 'b> = (&'a [&'b [u8]], &'a [&'b [u8]]);

/// The end of our own chain and its time, from the newest record on the disk.
pub(crate) fn end_of<D: Disk>(
    spool: &Journal<D>,
    source: Source,
) -> Result<Option<(Digest, Time)>, MemoryError> {
    let Some(last) = spool.next().checked_sub(1) else { return Ok(None) };
    let record = spool.read_from(last).next().transpose()?.ok_or(MemoryError::Spool(last))?;
    match Leaf::parse(&record.bytes) {
        Ok(Leaf::Event(sealed)) if sealed.seq() == last && sealed.source() == source => {
            Ok(Some((digest(leaf_hash(&record.bytes)), sealed.time())))
        }
        _ => Err(MemoryError::Spool(last)),
    }
}
