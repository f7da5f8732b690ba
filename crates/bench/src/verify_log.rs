//! Both logs of a site in files, as long as one likes: written by a controller's pen, read from front to back.

use crate::dice::Dice;
use crate::rounds::Failed;
use crate::world::{
    Author, CARD_KEY, CONFIG_ORIGIN, EVENT_ORIGIN, NOON, Plan, Size, controller, controller_key, door_id,
    token,
};
use core::time::Duration;
use lockward_audit::{BATCH_ENTRIES, Log, Source as LogSource};
use lockward_ledger::{Frontier, leaf_hash};
use lockward_model::{Body, ConfigRef, Digest, Epoch, Event, Known, Mono, PinFact, Side, SiteId, Source};
use lockward_site::{Answer, Keep, Question, Site};
use lockward_wire::event::{ChainHead, seal, source_key};
use lockward_wire::{CardKey, EpochKey};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Events under one head of the chain: what a controller sends at once in a busy hour.
const EVENTS_A_HEAD: u64 = 100;

/// The key that the events' keys come from.
pub(crate) fn epoch_key() -> EpochKey {
    EpochKey::from_bytes(*b"bench epoch key, of no site at a")
}

/// A site, and a pen.
pub(crate) struct Logs {
    plan: Plan,
    author: Author,
    config: Vec<Vec<u8>>,
    site: Site,
    root: Digest,
}

impl Logs {
    pub(crate) fn new(people: usize) -> Result<Self, Failed> {
        let plan = Plan::new(Size { people, policies: 200, doors: 64 }, 1)?;
        let (mut author, founding) = Author::found(2)?;
        let mut site = Site::found(&founding, author.site, Keep::Decisions)?;
        let (mut frontier, mut config) = (Frontier::new(), vec![founding]);
        plan.entries(&mut author, |entry| {
            site.apply(entry)?;
            config.push(entry.to_vec());
            Ok(())
        })?;
        config.iter().for_each(|entry| frontier.append(leaf_hash(entry)));
        let root = Digest(*frontier.root().as_bytes());
        Ok(Self { plan, author, config, site, root })
    }

    pub(crate) fn site(&self) -> SiteId {
        self.author.site
    }

    /// Writes both logs, the event log with so many entries. Gives the number of decisions among them.
    pub(crate) fn write(&mut self, dir: &Path, entries: u64) -> Result<u64, Failed> {
        std::fs::create_dir_all(dir)?;
        let (mut pen, mut decisions) = (Pen::new(&dir.join("config"))?, 0);
        for entry in &self.config {
            pen.put(entry)?;
        }
        pen.end(&self.author, CONFIG_ORIGIN, &dir.join("config.checkpoint"))?;

        let mut pen = Pen::new(&dir.join("event"))?;
        let (source, key) = (Source::Controller(controller()?), controller_key()?);
        let sealing = source_key(&epoch_key(), &self.author.site, source);
        let mut dice = Dice::new(5);
        let (mut prev, mut seq) = (Digest([0; 32]), 0u64);
        while pen.frontier.size() + 1 < entries {
            let time = lockward_model::Time(NOON.0 + i64::try_from(seq)?);
            let Some((door, body)) = self.decision(&mut dice, time)? else { continue };
            let event = Event { source, seq, prev, time, door: Some(door_id(door)?), epoch: Epoch(1), body };
            let leaf = seal(&event, dice.bytes(), &sealing)?;
            prev = Digest(*leaf_hash(&leaf).as_bytes());
            pen.put(&leaf)?;
            (seq, decisions) = (seq + 1, decisions + 1);
            if seq.is_multiple_of(EVENTS_A_HEAD) && pen.frontier.size() + 1 < entries {
                pen.put(&ChainHead::sign(&self.author.site, source, seq, prev, &key))?;
            }
        }
        pen.put(&ChainHead::sign(&self.author.site, source, seq, prev, &key))?;
        pen.end(&self.author, EVENT_ORIGIN, &dir.join("event.checkpoint"))?;
        Ok(decisions)
    }

    /// Somebody at some door; `None` where the PIN would be asked for first.
    fn decision(&self, dice: &mut Dice, at: lockward_model::Time) -> Result<Option<(usize, Body)>, Failed> {
        let (person, door) = (dice.below(self.plan.size.people), dice.below(self.plan.size.doors));
        let question = Question {
            controller: controller()?,
            door: door_id(door)?,
            side: Side::Entry,
            token: Some(token(&CardKey::from_bytes(CARD_KEY), person)?),
            pin: PinFact::NotAsked,
            keypad: true,
            at,
            config_age: Duration::ZERO,
            config: ConfigRef { size: self.site.size(), root: self.root },
            known: Known::default(),
        };
        Ok(match self.site.decide(&question, Mono(0)) {
            Answer::Granted(_, access, _) | Answer::Denied(_, access) => Some((door, Body::Access(access))),
            Answer::NeedPin | Answer::NeedSecond | Answer::NeedCard => None,
        })
    }
}

/// Writes entries one behind the other, each after its length.
struct Pen {
    file: BufWriter<File>,
    frontier: Frontier,
}

impl Pen {
    fn new(path: &Path) -> Result<Self, Failed> {
        Ok(Self { file: BufWriter::new(File::create(path)?), frontier: Frontier::new() })
    }

    fn put(&mut self, entry: &[u8]) -> Result<(), Failed> {
        self.frontier.append(leaf_hash(entry));
        self.file.write_all(&u32::try_from(entry.len())?.to_le_bytes())?;
        Ok(self.file.write_all(entry)?)
    }

    fn end(mut self, author: &Author, origin: &str, note: &Path) -> Result<(), Failed> {
        self.file.flush()?;
        Ok(std::fs::write(note, author.checkpoint(origin, self.frontier.head())?)?)
    }
}

/// Both logs, read from their files.
pub(crate) struct Kept {
    dir: std::path::PathBuf,
    config: Cursor,
    event: Cursor,
    /// An entry of the event log in which one byte is given wrongly.
    pub(crate) flip: Option<u64>,
}

/// Where a file was read last. The log is read from front to back, now and then from an earlier place.
struct Cursor {
    file: BufReader<File>,
    next: u64,
}

impl Kept {
    pub(crate) fn open(dir: &Path) -> Result<Self, Failed> {
        let cursor = |name: &str| Ok(Cursor { file: BufReader::new(File::open(dir.join(name))?), next: 0 });
        let (config, event) = (cursor("config"), cursor("event"));
        let (config, event): (Result<_, Failed>, Result<_, Failed>) = (config, event);
        Ok(Self { dir: dir.to_owned(), config: config?, event: event?, flip: None })
    }
}

impl Cursor {
    fn one(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut length = [0; 4];
        match self.file.read_exact(&mut length) {
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            other => other?,
        }
        let mut entry = vec![0; u32::from_le_bytes(length) as usize];
        self.file.read_exact(&mut entry)?;
        self.next += 1;
        Ok(Some(entry))
    }

    fn many(&mut self, first: u64, max: usize) -> io::Result<Vec<Vec<u8>>> {
        if first < self.next {
            self.file.seek(SeekFrom::Start(0))?;
            self.next = 0;
        }
        while self.next < first {
            if self.one()?.is_none() {
                return Ok(Vec::new());
            }
        }
        let mut all = Vec::new();
        while all.len() < max.min(BATCH_ENTRIES)
            && let Some(entry) = self.one()?
        {
            all.push(entry);
        }
        Ok(all)
    }
}

impl LogSource for Kept {
    type Error = io::Error;

    fn checkpoint(&mut self, log: Log) -> io::Result<Vec<u8>> {
        std::fs::read(self.dir.join(match log {
            Log::Config => "config.checkpoint",
            Log::Event => "event.checkpoint",
        }))
    }

    fn entries(&mut self, log: Log, first: u64, max: usize) -> io::Result<Vec<Vec<u8>>> {
        match log {
            Log::Config => self.config.many(first, max),
            Log::Event => {
                let mut entries = self.event.many(first, max)?;
                let wrong = self.flip.and_then(|at| usize::try_from(at.checked_sub(first)?).ok());
                if let Some(byte) = wrong.and_then(|at| entries.get_mut(at)).and_then(|e| e.last_mut()) {
                    *byte ^= 1;
                }
                Ok(entries)
            }
        }
    }
}
