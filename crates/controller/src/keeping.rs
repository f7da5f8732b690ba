//! How events become durable: sealed into one chain, written with one sync, tried again after a failure, never twice.

use crate::jobs::{Batch, Kept};
use crate::keeper::{Keeper, append_all};
use crate::known::{Sealing, digest};
use crate::memory::MemoryError;
use crate::records::Fresh;
use lockward_ledger::leaf_hash;
use lockward_model::{Digest, Source, Time};
use lockward_store::{Disk, Journal};
use lockward_wire::event::{Leaf, seal};
use lockward_wire::link::{ITEMS_BYTES_MAX, ITEMS_MAX};
use std::collections::VecDeque;

impl<D: Disk + Clone> Keeper<D> {
    /// Seals what happened, each after the one before, and makes it durable with one sync, as long as one write of the
    /// journal takes it.
    pub(crate) fn keep_events(&mut self, mut fresh: VecDeque<Fresh>, sealing: Option<&Sealing>) -> Kept {
        let mut through = None;
        let result = self.try_keep(&mut fresh, sealing, &mut through);
        Kept { through, left: fresh, result }
    }

    fn try_keep(
        &mut self,
        fresh: &mut VecDeque<Fresh>,
        sealing: Option<&Sealing>,
        through: &mut Option<u64>,
    ) -> Result<(), MemoryError> {
        let mut kept = |fresh: &mut VecDeque<Fresh>, count: usize| {
            *through = fresh.drain(..count).next_back().map(|f| f.number).or(*through);
        };
        self.heal()?;
        // What a write that failed has left on the disk all the same is not recorded twice. The oldest were tried.
        let next = self.spool.next();
        let there = fresh.iter().take_while(|f| f.tried.is_some_and(|seq| seq < next)).count();
        kept(fresh, there);
        let (leaves, ends) = self.seal_all(fresh, sealing)?;
        let leaves: Vec<&[u8]> = leaves.iter().map(Vec::as_slice).collect();
        let (head, mut written) = (&mut self.head, 0);
        append_all(&mut self.spool, &leaves, |count| {
            kept(fresh, count);
            written += count;
            if let Some(end) = written.checked_sub(1).and_then(|last| ends.get(last)) {
                *head = *end;
            }
        })?;
        Ok(())
    }

    /// Seals everything into one chain that continues what is on the disk; gives the chain's end after each, too. What
    /// can not be put into bytes is dropped: it would stand before everything that comes after.
    fn seal_all(
        &mut self,
        fresh: &mut VecDeque<Fresh>,
        sealing: Option<&Sealing>,
    ) -> Result<(Vec<Vec<u8>>, Vec<Digest>), MemoryError> {
        let Sealing { epoch, key } = sealing.ok_or(MemoryError::NoKey)?;
        let mut prev = self.head;
        let (mut leaves, mut ends) = (Vec::with_capacity(fresh.len()), Vec::with_capacity(fresh.len()));
        let mut unfit = None;
        for (index, (seq, f)) in (self.spool.next()..).zip(&mut *fresh).enumerate() {
            f.tried = Some(seq);
            (f.event.seq, f.event.prev, f.event.epoch) = (seq, prev, *epoch);
            match seal(&f.event, (self.dice)(), key) {
                Ok(leaf) => {
                    prev = digest(leaf_hash(&leaf));
                    leaves.push(leaf);
                    ends.push(prev);
                }
                Err(error) => {
                    unfit = Some((index, error));
                    break;
                }
            }
        }
        if let Some((index, error)) = unfit {
            fresh.remove(index);
            return Err(error.into());
        }
        Ok((leaves, ends))
    }

    /// After a failed write nobody knows what the disk has: the spool is opened again, by the ordinary path.
    fn heal(&mut self) -> Result<(), MemoryError> {
        if self.spool.is_poisoned() {
            let (dir, seed) = (self.dir.join("spool"), self.next_seed());
            let (spool, _) = Journal::open(self.disk.clone(), &dir, self.room.spool, seed)?;
            if let Some((head, _)) = end_of(&spool, self.source)? {
                self.head = head;
            }
            self.spool = spool;
        }
        Ok(())
    }

    /// Events from `from` on, or from the first that is still here, as many as go into one message.
    pub(crate) fn read(&self, from: u64) -> Result<Option<Batch>, MemoryError> {
        let (mut leaves, mut bytes, mut first) = (Vec::new(), 0, None);
        for record in self.spool.read_from(from) {
            let record = record?;
            bytes += record.bytes.len();
            if (bytes > ITEMS_BYTES_MAX || leaves.len() == ITEMS_MAX) && !leaves.is_empty() {
                break;
            }
            first.get_or_insert(record.number);
            leaves.push(record.bytes);
        }
        Ok(first.map(|first| Batch { first, leaves }))
    }
}

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
