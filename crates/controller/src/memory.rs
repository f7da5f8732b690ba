//! What a controller keeps: who it is, the config log that it verified, its own events, and the newest time it knew.
//!
//! Four things in one folder, each on the store's terms: `identity` and `state` are small files replaced whole;
//! `config` and `spool` are journals. Nothing here decides; nothing here is trusted on reading without being checked.
//! Once it is read it is divided: what the core knows, and what the keeper writes.

use crate::areas::AreaMap;
use crate::history::History;
use crate::identity::{Identity, IdentityError};
use crate::keeper::{Keeper, history_file};
use crate::keeping::end_of;
use crate::known::Known;
use crate::recall;
use crate::replay::{Forgiving, Replay};
use crate::state::{State, StateFileError};
use lockward_ledger::{Frontier, leaf_hash};
use lockward_model::{Digest, DoorId, Time};
use lockward_site::{Keep, Refusal, Site};
use lockward_store::{
    AppendError, Disk, Journal, JournalOpenError, Limits, ReadError, StateError, StateFile,
};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The config log's journal: 512 segments of 4 MiB hold a million credentials at 2 KB each, whole change sets
/// included.
const CONFIG_SEGMENTS: u32 = 512;

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
    /// The summary of what happened holds something else than was written.
    #[error(
        "the summary of what happened (`history`) can not be understood: used codes and guesses would be forgotten; restore it"
    )]
    History,
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

/// The controller's folder, as it was found.
pub struct Memory<D: Disk + Clone> {
    disk: D,
    dir: PathBuf,
    known: Known,
    config: Journal<D>,
    spool: Journal<D>,
    state_file: StateFile<D>,
    head: Digest,
    /// The newest record's.
    pub(crate) newest: Time,
    seed: u64,
    room: Room,
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
        let known = Known::new(identity, state, spool.first()..spool.next());
        let (head, newest) = end_of(&spool, known.source())?.unwrap_or((Digest([0; 32]), Time(0)));
        let dir = dir.to_owned();
        Ok(Self { disk, dir, known, config, spool, state_file, head, newest, seed, room })
    }

    /// Replays the config log from the founding, and checks every authority in it again.
    ///
    /// # Errors
    /// [`MemoryError::Config`] names the first entry that does not hold up.
    pub(crate) fn replay(&mut self) -> Result<(Option<Site>, Forgiving), MemoryError> {
        let mut forgiving = Vec::new();
        let mut site: Option<Site> = None;
        let (mut frontier, pinned) = (Frontier::new(), self.known.identity.site);
        for record in self.config.read_from(0) {
            let record = record?;
            let index = record.number;
            let refused = |refusal| MemoryError::Config { index, refusal };
            match &mut site {
                None => {
                    let found = Site::found(&record.bytes, pinned, Keep::Decisions).map_err(refused)?;
                    if leaf_hash(&record.bytes).as_bytes() != &pinned.0 {
                        return Err(refused(Refusal::OtherSite));
                    }
                    site = Some(found);
                }
                Some(site) => {
                    site.apply(&record.bytes).map_err(refused)?;
                    forgiving.extend(site.forgiven().iter().map(|whom| (site.size(), *whom)));
                }
            }
            frontier.append(leaf_hash(&record.bytes));
        }
        self.known.restore(frontier);
        Ok((site, forgiving))
    }

    /// What had happened, as far as decisions depend on it: the last summary, and our own records since.
    ///
    /// # Errors
    /// [`MemoryError::History`]; a file or the spool can not be read.
    pub(crate) fn recall(
        &self,
        site: Option<&Site>,
        mut forgiving: Forgiving,
        mute: BTreeSet<DoorId>,
        now: Time,
    ) -> Result<History, MemoryError> {
        let known = &self.known;
        let mut history = History::new(known.identity.controller, mute);
        if let Some(site) = site {
            history.areas = AreaMap::new(site);
        }
        let piece = |number| {
            Ok::<_, MemoryError>(
                StateFile::open(self.disk.clone(), &self.dir.join(history_file(number)))?.read()?,
            )
        };
        let first = piece(0)?;
        let head = first.as_deref().map(|p| recall::head(p).ok_or(MemoryError::History)).transpose()?;
        let head = head.unwrap_or_default();
        if let Some(first) = first {
            recall::read(&mut history, &first).ok_or(MemoryError::History)?;
        }
        for number in 1..head.pieces {
            let piece = piece(number)?.ok_or(MemoryError::History)?;
            recall::read(&mut history, &piece).ok_or(MemoryError::History)?;
        }
        forgiving.retain(|(size, _)| *size > head.config);
        let mut replay = Replay { history: &mut history, site, known, forgiving, unread: 0 };
        for record in self.spool.read_from(head.through.max(self.spool.first())) {
            replay.take(&record?.bytes);
        }
        replay.end(now);
        history.news = self.spool.next() > head.through;
        Ok(history)
    }

    /// What the core knows, and who writes from now on; `dice` makes nonces.
    pub(crate) fn divide(self, dice: Box<dyn FnMut() -> [u8; 12] + Send>) -> (Known, Keeper<D>) {
        let Self { disk, dir, known, config, spool, state_file, head, newest: _, seed, room } = self;
        let source = known.source();
        let keeper =
            Keeper { disk, dir, source, config, spool, state_file, head, seed, room, dice, lock: None };
        (known, keeper)
    }
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
