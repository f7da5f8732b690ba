//! What a controller keeps: who it is, the config log that it verified, its own events, and the newest time it knew.
//!
//! Four things in one folder, each on the store's terms: `identity` and `state` are small files replaced whole;
//! `config` and `spool` are journals. Nothing here decides; nothing here is trusted on reading without being checked.

use crate::identity::{Identity, IdentityError};
use crate::keeping::end_of;
use crate::state::{Keys, State, StateFileError};
use lockward_ledger::{Frontier, Head, leaf_hash, verify_consistency};
use lockward_model::{CardToken, ConfigRef, Digest, Source, Time};
use lockward_site::{Keep, Refusal, Site};
use lockward_store::{
    AppendError, Disk, Journal, JournalOpenError, Limits, ReadError, StateError, StateFile,
};
use lockward_wire::PinPepper;
use std::path::{Path, PathBuf};

/// The config log's journal: 512 segments of 4 MiB hold a million credentials at 2 KB each, whole change sets
/// included.
const CONFIG_SEGMENTS: u32 = 512;
/// How often the last word of the hub is written down; it only serves after a restart.
const HEARD_EVERY: core::time::Duration = core::time::Duration::from_secs(60);

/// What went wrong with the controller's own disk.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// A journal can not be opened.
    #[error("the journal can not be opened")]
    Open(#[from] JournalOpenError),
    /// A journal can not be read.
    #[error("the journal can not be read")]
    Read(#[from] ReadError),
    /// A record was not made durable.
    #[error("a record could not be made durable")]
    Append(#[from] AppendError),
    /// A small file can not be read or replaced.
    #[error("the controller's state can not be kept")]
    State(#[from] StateError),
    /// A small file holds something else than was written.
    #[error("the controller's state can not be understood; restore it, or enrol the controller again")]
    Meaning(#[from] StateFileError),
    /// The controller has no identity.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The config log on the disk does not hold up: an entry that was verified once is no longer.
    #[error("entry {index} of the stored config log is refused [{}]", refusal.code())]
    Config {
        /// Which.
        index: u64,
        /// Why.
        #[source]
        refusal: Refusal,
    },
    /// The last record of the spool is no event of ours.
    #[error("record {0} of the spool is no event of this controller")]
    Spool(u64),
    /// The hub sent a certificate that is not for this controller's key.
    #[error("the certificate that the hub sent is not one for this controller's key")]
    Certificate,
    /// There is no key to seal events with: the hub was never reached.
    #[error("there is no key to seal events with yet; connect the controller to its hub once")]
    NoKey,
    /// An event can not be put into bytes.
    #[error("an event can not be encoded")]
    Encode(#[from] lockward_wire::event::EncodeError),
}

/// The controller's folder.
pub struct Memory<D: Disk + Clone> {
    pub(crate) disk: D,
    pub(crate) dir: PathBuf,
    pub(crate) identity: Identity,
    config: Journal<D>,
    pub(crate) spool: Journal<D>,
    state_file: StateFile<D>,
    pub(crate) state: State,
    /// The state's last write failed: the file is behind it.
    state_owed: bool,
    frontier: Frontier,
    root: Digest,
    /// The last entry in force, while the disk does not have it.
    owed: Vec<Vec<u8>>,
    pub(crate) head: Digest,
    /// The newest record's, when the folder was opened.
    newest: Time,
    pub(crate) seed: u64,
    pub(crate) room: Room,
}

/// How much a controller's journals may hold.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// The config log.
    pub config: Limits,
    /// Its own events.
    pub spool: Limits,
}

impl Default for Room {
    fn default() -> Self {
        // Constants that `Limits::new` accepts; the spool's own limits stand in if that ever changes.
        let config =
            Limits::new(lockward_store::SEGMENT_BYTES, CONFIG_SEGMENTS, lockward_store::RECORD_BYTES_MAX);
        Self { config: config.unwrap_or(Limits::SPOOL), spool: Limits::SPOOL }
    }
}

impl<D: Disk + Clone> Memory<D> {
    /// Opens the folder of a controller that has enrolled. `seed` is a random number for the journals.
    ///
    /// # Errors
    /// [`MemoryError`].
    pub fn open(disk: D, dir: &Path, seed: u64) -> Result<Self, MemoryError> {
        Self::open_within(disk, dir, seed, Room::default())
    }

    /// [`Self::open`] with journals of another size; a folder keeps the size that it began with.
    ///
    /// # Errors
    /// [`MemoryError`].
    pub fn open_within(disk: D, dir: &Path, seed: u64, room: Room) -> Result<Self, MemoryError> {
        let identity = Identity::read(disk.clone(), dir)?;
        let (config, _) = Journal::open(disk.clone(), &dir.join("config"), room.config, seed)?;
        let (spool, _) = Journal::open(disk.clone(), &dir.join("spool"), room.spool, seed.rotate_left(32))?;
        let state_file = StateFile::open(disk.clone(), &dir.join("state"))?;
        let state = match state_file.read()? {
            Some(bytes) => State::from_bytes(&bytes)?,
            None => State::default(),
        };
        let frontier = Frontier::new();
        let (root, head) = (digest(frontier.root()), Digest([0; 32]));
        let dir = dir.to_owned();
        let newest = Time(0);
        let mut memory = Self {
            disk,
            dir,
            identity,
            config,
            spool,
            state_file,
            state,
            state_owed: false,
            frontier,
            root,
            owed: Vec::new(),
            head,
            newest,
            seed,
            room,
        };
        if let Some((head, newest)) = end_of(&memory.spool, memory.source())? {
            (memory.head, memory.newest) = (head, newest);
        }
        Ok(memory)
    }

    /// Replays the config log from the founding, and checks every authority in it again.
    ///
    /// # Errors
    /// [`MemoryError::Config`] names the first entry that does not hold up.
    pub fn replay(&mut self) -> Result<Option<Site>, MemoryError> {
        let mut site: Option<Site> = None;
        let mut frontier = Frontier::new();
        for record in self.config.read_from(0) {
            let record = record?;
            let index = record.number;
            let refused = |refusal| MemoryError::Config { index, refusal };
            match &mut site {
                None => {
                    let found =
                        Site::found(&record.bytes, self.identity.site, Keep::Decisions).map_err(refused)?;
                    if leaf_hash(&record.bytes).as_bytes() != &self.identity.site.0 {
                        return Err(refused(Refusal::OtherSite));
                    }
                    site = Some(found);
                }
                Some(site) => site.apply(&record.bytes).map_err(refused)?,
            }
            frontier.append(leaf_hash(&record.bytes));
        }
        self.root = digest(frontier.root());
        self.frontier = frontier;
        Ok(site)
    }

    /// Adds an entry that the site has accepted: it is in force from here on, and owed to the disk until
    /// [`Self::settle_config`] succeeds.
    pub(crate) fn owe_config(&mut self, entry: &[u8]) {
        self.frontier.append(leaf_hash(entry));
        self.root = digest(self.frontier.root());
        self.owed.push(entry.to_vec());
    }

    /// Makes durable what is in force and was not kept yet, with one sync.
    ///
    /// # Errors
    /// [`MemoryError`].
    pub(crate) fn settle_config(&mut self) -> Result<(), MemoryError> {
        if self.owed.is_empty() {
            return Ok(());
        }
        if self.config.is_poisoned() {
            let (dir, seed) = (self.dir.join("config"), next_seed(&mut self.seed));
            self.config = Journal::open(self.disk.clone(), &dir, self.room.config, seed)?.0;
        }
        // A write that failed may have reached the disk all the same.
        let due = self.frontier.size().saturating_sub(self.config.next());
        let kept = self.owed.len().saturating_sub(usize::try_from(due).unwrap_or(usize::MAX));
        let owed: Vec<&[u8]> = self.owed.iter().skip(kept).map(Vec::as_slice).collect();
        self.config.append(&owed)?;
        self.owed.clear();
        Ok(())
    }

    pub(crate) fn next_seq(&self) -> u64 {
        self.spool.next()
    }
    pub(crate) fn first_seq(&self) -> u64 {
        self.spool.first()
    }
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }
    pub(crate) fn frontier(&self) -> &Frontier {
        &self.frontier
    }
    pub(crate) fn config_ref(&self) -> ConfigRef {
        ConfigRef { size: self.frontier.size(), root: self.root }
    }
    pub(crate) fn newest_time(&self) -> Time {
        self.newest
    }
    pub(crate) fn floor(&self) -> Time {
        self.state.floor
    }
    pub(crate) fn heard(&self) -> Time {
        self.state.heard
    }
    pub(crate) fn source(&self) -> Source {
        Source::Controller(self.identity.controller)
    }
    pub(crate) fn card_token(&self, bits: u16, data: &[u8]) -> Option<CardToken> {
        let keys = self.state.keys.as_ref()?;
        keys.card_key().token(bits, data)
    }
    pub(crate) fn pepper(&self) -> Option<PinPepper> {
        self.state.keys.as_ref().map(Keys::pepper)
    }

    /// Keeps the keys that the hub handed over. An older epoch never replaces a newer one.
    pub(crate) fn remember_keys(&mut self, keys: Keys) -> Result<(), MemoryError> {
        if self.state.keys.as_ref().is_some_and(|old| old.epoch > keys.epoch) {
            return Ok(());
        }
        if self.state.keys.as_ref() == Some(&keys) && !self.state_owed {
            return Ok(());
        }
        self.state.keys = Some(keys);
        self.write_state()
    }

    /// The size of the last event log checkpoint that we saw.
    pub(crate) fn event_log_size(&self) -> u64 {
        self.state.event_head.map_or(0, |h| h.size)
    }

    /// Whether this head of the event log continues the last one that we saw; if so, it is the last one from now on.
    ///
    /// # Errors
    /// [`MemoryError::State`], when that could not be kept: then it is not.
    pub(crate) fn follow_event_log(&mut self, head: Head, proof: &[[u8; 32]]) -> Result<bool, MemoryError> {
        let proof: Vec<_> = proof.iter().copied().map(lockward_ledger::Hash::from_bytes).collect();
        let old = self.state.event_head;
        if old.is_some_and(|old| verify_consistency(old, head, &proof).is_err()) {
            return Ok(false);
        }
        self.state.event_head = Some(head);
        let kept = self.write_state();
        if kept.is_err() {
            self.state.event_head = old;
        }
        kept.map(|()| true)
    }

    /// Notes when the hub was last heard; on the disk now and then.
    pub(crate) fn remember_heard(&mut self, now: Time) {
        if now.since(self.state.heard) >= HEARD_EVERY {
            self.state.heard = now;
            self.state.floor = self.state.floor.max(now);
            // Only the age of the configuration after a restart hangs on it, and older is the safe side.
            let _ = self.write_state();
        }
    }

    fn write_state(&mut self) -> Result<(), MemoryError> {
        let kept = self.state_file.write(&self.state.to_bytes());
        self.state_owed = kept.is_err();
        Ok(kept?)
    }

    /// Takes a renewed certificate.
    pub(crate) fn renew(&mut self, chain: Vec<Vec<u8>>) -> Result<(), MemoryError> {
        if chain == self.identity.chain {
            return Ok(());
        }
        // A chain that does not fit our key would keep us from ever linking again.
        if !crate::tls::fits(&chain, &self.identity.pkcs8) {
            return Err(MemoryError::Certificate);
        }
        let old = std::mem::replace(&mut self.identity.chain, chain);
        let kept = self.identity.write(self.disk.clone(), &self.dir);
        if kept.is_err() {
            self.identity.chain = old;
        }
        Ok(kept?)
    }
}

/// Another number for a journal that is opened again.
pub(crate) fn next_seed(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1);
    *seed
}

pub(crate) fn digest(hash: lockward_ledger::Hash) -> Digest {
    Digest(*hash.as_bytes())
}

/// Begins the config log of a controller that enrols, with the site's founding.
///
/// # Errors
/// [`MemoryError`].
pub(crate) fn found<D: Disk + Clone>(disk: D, dir: &Path, founding: &[u8]) -> Result<(), MemoryError> {
    let seed = u64::from_be_bytes(crate::dice::bytes());
    let (mut config, _) = Journal::open(disk, &dir.join("config"), Room::default().config, seed)?;
    // An enrolment that was cut short left it there.
    if config.next() == 0 {
        config.append(&[founding])?;
    }
    Ok(())
}
