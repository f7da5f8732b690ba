//! How the controller follows its site: checks what the hub shows, judges the authority, applies, has it kept, and only
//! then reports and cosigns.

use crate::core::{Core, Effect};
use crate::memory::MemoryError;
use lockward_ledger::{Frontier, KeyName, SignedCheckpoint, VerifierKey, leaf_hash};
use lockward_model::{Body, ChangeRefusal, ConfigRef, Now};
use lockward_site::Refusal;
use lockward_wire::link::{Log, ToHub, cosigner_name};
use tracing::{debug, error, warn};
use zeroize::Zeroizing;

/// Entries that may be owed to the disk before more of the hub is heard: the most of one message.
const OWED_BYTES_MAX: usize = lockward_wire::link::ITEMS_BYTES_MAX;

/// Entries that are in force, and that the disk does not have yet. No opening rests on them alone: the records of what
/// they decide are written after them.
#[derive(Default)]
pub(crate) struct Owed {
    entries: Vec<Vec<u8>>,
    /// What the disk works on: the configuration that ends with it, and how many bytes.
    under_way: Option<(ConfigRef, usize)>,
    /// What the hub is told when all of that is kept, in order.
    telling: Vec<Telling>,
    /// The hub's newest configuration was refused, or the disk did not take it at first.
    refused: bool,
    /// The disk did not take it the last time.
    failing: bool,
}

/// What the hub is told of its entries, once those in force are kept.
struct Telling {
    /// When the hub spoke.
    heard: Now,
    applied: Option<ConfigRef>,
    then: Then,
}

enum Then {
    Cosign(SignedCheckpoint),
    Refuse { at: u64, code: &'static str },
}

impl Owed {
    pub(crate) fn is_due(&self) -> bool {
        !self.entries.is_empty()
    }

    fn stands(&self) -> bool {
        self.is_due() || self.under_way.is_some()
    }

    /// True while the hub's newest configuration is refused or not kept: its word does not make ours fresh.
    pub(crate) fn withheld(&self) -> bool {
        self.refused || self.stands()
    }

    fn bytes(&self) -> usize {
        let waiting: usize = self.entries.iter().map(Vec::len).sum();
        waiting + self.under_way.map_or(0, |(_, bytes)| bytes)
    }

    /// What was to be told on a link that is no more.
    pub(crate) fn tell_nothing(&mut self) {
        self.telling.clear();
    }
}

/// Why a config message of the hub is not followed.
#[derive(Debug, thiserror::Error)]
enum Withheld {
    #[error("the checkpoint does not verify under the site's log key")]
    Checkpoint(#[source] lockward_ledger::OpenError),
    #[error("the entries do not follow on what this controller holds")]
    Place,
    #[error("the entries do not hash to the root that the checkpoint signs")]
    Root,
    #[error("there is no configuration yet, and the first entry is not this site's founding")]
    NoSite,
}

impl Withheld {
    fn code(&self) -> &'static str {
        match self {
            Self::Checkpoint(_) => ChangeRefusal::Checkpoint.as_str(),
            Self::Place => ChangeRefusal::OutOfOrder.as_str(),
            Self::Root => ChangeRefusal::Fork.as_str(),
            Self::NoSite => ChangeRefusal::NoConfiguration.as_str(),
        }
    }
}

impl Core {
    /// Whether a word of the hub may be taken now. While much configuration waits for the disk it should wait too:
    /// memory has an end.
    #[must_use]
    pub fn hears_hub(&self) -> bool {
        self.owed.bytes() < OWED_BYTES_MAX
    }

    /// The configuration in force, as far as the disk has it.
    pub(crate) fn kept_config(&self) -> Option<ConfigRef> {
        self.site.as_ref().map(|_| self.kept_config)
    }

    /// Life of a change, step 6: hash onto our own frontier, compare with the checkpoint, check the authority, apply
    /// whole, persist, cosign, report. Persisting is a job of the disk; what comes after it waits in `owed`.
    pub(crate) fn on_entries(
        &mut self,
        now: Now,
        first: u64,
        entries: &[Vec<u8>],
        note: &[u8],
        out: &mut Vec<Effect>,
    ) {
        let signed = match self.check_entries(first, entries, note) {
            Ok(signed) => signed,
            Err(withheld) => {
                warn!(error = %withheld, code = withheld.code(), "the hub's configuration is not followed");
                self.owed.refused = true;
                self.refuse(now, first, withheld.code(), out);
                return out.push(Effect::HangUp);
            }
        };
        if self.owed.failing {
            // Nothing is applied on top of what the disk does not take: the next link begins with what it has.
            return out.push(Effect::HangUp);
        }
        let before = self.known.frontier().size();
        let skip = usize::try_from(before.saturating_sub(first)).unwrap_or(usize::MAX);
        let applied = self.apply_all(now, (first..).zip(entries).skip(skip));
        self.owed.refused = applied.is_err();
        let config = self.known.config();
        if config.size > before {
            self.note(now, None, Body::ConfigApplied(config));
            self.reconfigure(now, out);
        }
        let telling = match applied {
            Ok(()) => Telling { heard: now, applied: Some(config), then: Then::Cosign(signed) },
            Err((at, code)) => {
                error!(at, code, "a change set is refused; the last good state stays in force");
                self.note(now, None, Body::ConfigRefused { at, code: code.into() });
                let applied = (config.size > before).then_some(config);
                Telling { heard: now, applied, then: Then::Refuse { at, code } }
            }
        };
        self.owed.telling.push(telling);
        if !self.owed.stands() {
            self.tell_followed(now, out);
        }
    }

    /// The entries that the disk is to keep next, and the index of the first.
    pub(crate) fn owed_config(&mut self) -> (u64, Vec<Vec<u8>>) {
        let entries = std::mem::take(&mut self.owed.entries);
        let bytes = entries.iter().map(Vec::len).sum();
        self.owed.under_way = Some((self.known.config(), bytes));
        (self.known.config().size - entries.len() as u64, entries)
    }

    /// The disk has kept entries, or it could not. What it could not stays in force, owed to it.
    pub(crate) fn config_done(
        &mut self,
        now: Now,
        result: Result<(), (MemoryError, Vec<Vec<u8>>)>,
        out: &mut Vec<Effect>,
    ) {
        let under_way = self.owed.under_way.take();
        self.owed.failing = result.is_err();
        match result {
            Ok(()) => {
                self.kept_config = under_way.map_or(self.kept_config, |(config, _)| config);
                if !self.owed.stands() {
                    self.tell_followed(now, out);
                }
            }
            Err((error, mut entries)) => {
                error!(%error, "a change set could not be kept; it is tried again");
                entries.append(&mut self.owed.entries);
                self.owed.entries = entries;
                self.owed.refused = true;
                // Not reported before it is kept: the next link begins with it.
                self.owed.tell_nothing();
                out.push(Effect::HangUp);
            }
        }
    }

    /// All that is in force is kept: now the hub may know.
    fn tell_followed(&mut self, now: Now, out: &mut Vec<Effect>) {
        for Telling { heard, applied, then } in std::mem::take(&mut self.owed.telling) {
            self.hear(heard, None);
            out.extend(applied.map(|config| Effect::Send(Box::new(ToHub::Applied(config)))));
            match then {
                Then::Cosign(signed) => self.cosign(now, Log::Config, &signed, out),
                Then::Refuse { at, code } => tell_refused(at, code, out),
            }
        }
    }

    fn refuse(&mut self, now: Now, at: u64, code: &'static str, out: &mut Vec<Effect>) {
        self.note(now, None, Body::ConfigRefused { at, code: code.into() });
        tell_refused(at, code, out);
    }

    fn check_entries(
        &self,
        first: u64,
        entries: &[Vec<u8>],
        note: &[u8],
    ) -> Result<SignedCheckpoint, Withheld> {
        let have = self.known.frontier();
        let last = first.saturating_add(entries.len() as u64);
        if first > have.size() || last < have.size() {
            return Err(Withheld::Place);
        }
        let mut next: Frontier = have.clone();
        let skip = usize::try_from(have.size() - first).unwrap_or(usize::MAX);
        entries.iter().skip(skip).for_each(|e| next.append(leaf_hash(e)));
        let signed = self.open_checkpoint(Log::Config, note)?;
        let head = signed.head();
        if head.size != last || head.root != next.root() {
            return Err(Withheld::Root);
        }
        Ok(signed)
    }

    fn open_checkpoint(&self, log: Log, note: &[u8]) -> Result<SignedCheckpoint, Withheld> {
        let founding = self.site.as_ref().ok_or(Withheld::NoSite)?.founding();
        let origin = match log {
            Log::Config => &founding.config_origin,
            Log::Event => &founding.event_origin,
        };
        let name: KeyName = origin.parse().map_err(|_| Withheld::NoSite)?;
        SignedCheckpoint::open(note, &VerifierKey::new(name, founding.log_key.0))
            .map_err(Withheld::Checkpoint)
    }

    /// The site judges and applies, up to the first that it refuses: its index, and why.
    fn apply_all<'a>(
        &mut self,
        now: Now,
        entries: impl Iterator<Item = (u64, &'a Vec<u8>)>,
    ) -> Result<(), (u64, &'static str)> {
        for (at, entry) in entries {
            let Some(site) = &mut self.site else { return Err((at, Withheld::NoSite.code())) };
            site.apply_at(entry, now.wall).map_err(|refusal: Refusal| {
                warn!(error = %refusal, "refused");
                (at, refusal.code())
            })?;
            self.known.append_config(entry);
            self.owed.entries.push(entry.clone());
            self.forgive(now.wall);
        }
        Ok(())
    }

    /// The event log's checkpoint. Of that log we hold the last head, and want proof that this one continues it. It is
    /// cosigned when it is kept as the last one.
    pub(crate) fn on_checkpoint(&mut self, now: Now, note: &[u8], proof: &[[u8; 32]], out: &mut Vec<Effect>) {
        let signed = match self.open_checkpoint(Log::Event, note) {
            Ok(signed) => signed,
            Err(withheld) => {
                warn!(error = %withheld, code = withheld.code(), "a checkpoint is not cosigned");
                // What size it claims is nobody's word: the record tells the last that was cosigned.
                self.refuse(now, self.known.event_log_size(), withheld.code(), out);
                return out.push(Effect::HangUp);
            }
        };
        if !self.known.continues(signed.head(), proof) {
            error!("a checkpoint contradicts an earlier one: the hub shows two logs");
            self.refuse(now, signed.head().size, ChangeRefusal::Fork.as_str(), out);
            return out.push(Effect::HangUp);
        }
        if self.following.is_some() || self.followed.is_some() {
            // Its proof is from the one before that; the hub asks again.
            return debug!("a checkpoint is not cosigned: the one before it is still being kept");
        }
        self.following = Some(signed);
        self.errands.state = true;
    }

    /// The state file is due to be written: with the checkpoint that is to be followed, if there is one.
    pub(crate) fn state_bytes(&mut self) -> Zeroizing<Vec<u8>> {
        self.followed = self.following.take();
        let head = self.followed.as_ref().map(SignedCheckpoint::head);
        self.known.state.to_bytes(head.or(self.known.state.event_head))
    }

    /// The state file is written, or could not be.
    pub(crate) fn state_done(&mut self, now: Now, result: Result<(), MemoryError>, out: &mut Vec<Effect>) {
        let followed = self.followed.take();
        match (result, followed) {
            (Ok(()), None) => {}
            (Ok(()), Some(signed)) => {
                self.known.state.event_head = Some(signed.head());
                self.cosign(now, Log::Event, &signed, out);
            }
            (Err(error), _) => {
                error!(%error, "the controller's state could not be kept: no checkpoint is cosigned on it; it is tried again");
                self.errands.state = true;
            }
        }
    }

    /// Signs that this is the largest state of a log that we know of, and that it continues what we had.
    fn cosign(&self, now: Now, log: Log, signed: &SignedCheckpoint, out: &mut Vec<Effect>) {
        let identity = &self.known.identity;
        let origin = signed.checkpoint().origin().as_str();
        let Ok(name) = cosigner_name(origin, &identity.controller).parse() else { return };
        let seconds = u64::try_from(now.wall.0 / 1000).unwrap_or(0);
        if let Ok(line) = signed.cosign(name, &identity.key, seconds) {
            let (size, line) = (signed.head().size, line.to_string().into_bytes());
            out.push(Effect::Send(Box::new(ToHub::Cosignature { log, size, line })));
        }
    }
}

fn tell_refused(at: u64, code: &'static str, out: &mut Vec<Effect>) {
    out.push(Effect::Send(Box::new(ToHub::Refused { at, code: code.into() })));
}
