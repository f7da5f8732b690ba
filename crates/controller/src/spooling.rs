//! What the controller and its hub tell each other: events up, configuration down, each side checking the other.

use crate::core::{Core, Effect};
use crate::keeping::Batch;
use crate::memory::MemoryError;
use crate::state::Keys;
use lockward_ledger::{Frontier, KeyName, SignedCheckpoint, VerifierKey, leaf_hash};
use lockward_model::{Body, Now};
use lockward_site::Refusal;
use lockward_store::Disk;
use lockward_wire::link::{ITEMS_BYTES_MAX, Log, ToController, ToHub, cosigner_name};
use std::collections::VecDeque;
use tracing::{error, warn};
use zeroize::Zeroizing;

/// Batches on their way to the hub at once: the next is read while the hub's disk works on the one before.
const IN_FLIGHT_MAX: usize = 4;

/// What was sent on this connection, and not acknowledged yet.
pub(crate) struct Sent {
    /// The first sequence number that was not sent.
    next: u64,
    /// Where each batch under way ends. One acknowledgement may be of several.
    under_way: VecDeque<u64>,
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
            Self::Checkpoint(_) => "CHECKPOINT_INVALID",
            Self::Place => "ENTRY_OUT_OF_ORDER",
            Self::Root => "LOG_FORK",
            Self::NoSite => "NO_CONFIGURATION",
        }
    }
}

impl<D: Disk + Clone> Core<D> {
    pub(crate) fn on_link(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.linked = None;
        let identity = self.memory.identity();
        let hello = ToHub::Hello {
            controller: identity.controller,
            site: identity.site,
            version: env!("CARGO_PKG_VERSION").into(),
            config: self.config(),
            next_seq: self.memory.next_seq(),
            oldest_unacked: self.memory.first_seq(),
            event_size: self.memory.event_log_size(),
            time: now.wall,
        };
        out.push(Effect::Send(Box::new(hello)));
    }

    pub(crate) fn on_hub(&mut self, now: Now, message: ToController, out: &mut Vec<Effect>) {
        match message {
            // A second welcome on one connection is not heeded: it would send everything again.
            ToController::Welcome { time, acked } if self.linked.is_none() => {
                self.hear(now, Some(time));
                if acked > self.memory.next_seq() {
                    // The hub holds events of ours that we do not: this disk was set back. Going on would fork the chain.
                    error!(
                        "the hub holds more of this controller's events than the controller; enrol it anew"
                    );
                    return out.push(Effect::HangUp);
                }
                self.memory.release(acked);
                // A hub that was set back itself is given what is still here, and sees the gap by its numbers.
                let next = acked.max(self.memory.first_seq());
                self.linked = Some(Sent { next, under_way: VecDeque::new() });
                self.send_events(out);
            }
            ToController::Welcome { .. } => {}
            ToController::Pong { time } => self.hear(now, Some(time)),
            ToController::Ack { count } => {
                self.hear(now, None);
                if let Some(sent) = &mut self.linked
                    && count <= sent.next
                {
                    sent.under_way.retain(|end| *end > count);
                    self.memory.release(count);
                    self.send_events(out);
                }
            }
            ToController::Keys(keys) => {
                let keys = Keys {
                    epoch: keys.epoch,
                    card_key: Zeroizing::new(*keys.card_key.as_bytes()),
                    pepper: Zeroizing::new(*keys.pin_pepper.as_bytes()),
                    source_key: Zeroizing::new(*keys.source_key.as_bytes()),
                };
                if let Err(error) = self.memory.remember_keys(keys) {
                    error!(%error, "the hub's keys could not be kept");
                }
            }
            ToController::Entries { first, entries, checkpoint } => {
                self.on_entries(now, first, &entries, &checkpoint, out);
            }
            ToController::Checkpoint { note, proof } => self.cosign(now, Log::Event, &note, &proof, out),
            ToController::Certificate { chain } => {
                if let Err(error) = self.memory.renew(chain) {
                    error!(%error, "the renewed certificate could not be kept");
                }
            }
            ToController::Bye { code } => {
                warn!(%code, "the hub ended the link");
                out.push(Effect::HangUp);
            }
        }
    }

    /// Life of a change, step 6: hash onto our own frontier, compare with the checkpoint, check the authority, apply
    /// whole, persist, cosign, report.
    fn on_entries(&mut self, now: Now, first: u64, entries: &[Vec<u8>], note: &[u8], out: &mut Vec<Effect>) {
        if let Err(withheld) = self.check_entries(first, entries, note) {
            warn!(error = %withheld, code = withheld.code(), "the hub's configuration is not followed");
            self.refusing = true;
            self.refuse(now, first, withheld.code(), out);
            return out.push(Effect::HangUp);
        }
        let before = self.memory.frontier().size();
        let skip = usize::try_from(before.saturating_sub(first)).unwrap_or(usize::MAX);
        let halted = self.apply_all((first..).zip(entries).skip(skip));
        let halted = self.memory.settle_config().map_err(Halted::Disk).and(halted);
        self.refusing = halted.is_err();
        self.hear(now, None);
        let config = self.memory.config_ref();
        if config.size > before {
            self.note(now, None, Body::ConfigApplied(config));
            self.reconfigure(now, out);
        }
        match halted {
            Ok(()) => {
                out.push(Effect::Send(Box::new(ToHub::Applied(config))));
                self.cosign(now, Log::Config, note, &[], out);
            }
            Err(Halted::Refused { at, code }) => {
                error!(at, code, "a change set is refused; the last good state stays in force");
                if config.size > before {
                    out.push(Effect::Send(Box::new(ToHub::Applied(config))));
                }
                self.refuse(now, at, code, out);
            }
            // In force, but not reported before it is kept: the next link begins with it.
            Err(Halted::Disk(error)) => {
                error!(%error, "a change set could not be kept");
                out.push(Effect::HangUp);
            }
        }
    }

    fn refuse(&mut self, now: Now, at: u64, code: &'static str, out: &mut Vec<Effect>) {
        self.note(now, None, Body::ConfigRefused { at, code: code.into() });
        out.push(Effect::Send(Box::new(ToHub::Refused { at, code: code.into() })));
    }

    fn check_entries(&self, first: u64, entries: &[Vec<u8>], note: &[u8]) -> Result<(), Withheld> {
        let have = self.memory.frontier();
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
        Ok(())
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

    /// The site judges and applies; then the disk. A crash between the two leaves the entry to be sent again; a disk
    /// that fails leaves it in force, owed to the disk, and nothing is applied on top of it.
    fn apply_all<'a>(&mut self, entries: impl Iterator<Item = (u64, &'a Vec<u8>)>) -> Result<(), Halted> {
        self.memory.settle_config().map_err(Halted::Disk)?;
        for (at, entry) in entries {
            let Some(site) = &mut self.site else {
                return Err(Halted::Refused { at, code: Withheld::NoSite.code() });
            };
            site.apply(entry).map_err(|refusal: Refusal| {
                warn!(error = %refusal, "refused");
                Halted::Refused { at, code: refusal.code() }
            })?;
            self.memory.owe_config(entry);
        }
        Ok(())
    }

    /// Signs that this is the largest state of a log that we know of, and that it continues what we had.
    fn cosign(&mut self, now: Now, log: Log, note: &[u8], proof: &[[u8; 32]], out: &mut Vec<Effect>) {
        let signed = match self.open_checkpoint(log, note) {
            Ok(signed) => signed,
            Err(withheld) => {
                warn!(error = %withheld, "a checkpoint is not cosigned");
                return out.push(Effect::HangUp);
            }
        };
        // The config log we hash ourselves. Of the event log we hold the last head, and want proof that this one
        // continues it.
        let ours = match log {
            Log::Config => Ok(self.memory.frontier().head() == signed.head()),
            Log::Event => self.memory.follow_event_log(signed.head(), proof),
        };
        match ours {
            Ok(true) => {}
            Ok(false) => {
                error!("a checkpoint contradicts an earlier one: the hub shows two logs");
                self.refuse(now, signed.head().size, "LOG_FORK", out);
                return out.push(Effect::HangUp);
            }
            Err(error) => return error!(%error, "a checkpoint could not be kept, and is not cosigned"),
        }
        let identity = self.memory.identity();
        let origin = signed.checkpoint().origin().as_str();
        let Ok(name) = cosigner_name(origin, &identity.controller).parse() else { return };
        let seconds = u64::try_from(now.wall.0 / 1000).unwrap_or(0);
        if let Ok(line) = signed.cosign(name, &identity.key, seconds) {
            let (size, line) = (signed.head().size, line.to_string().into_bytes());
            out.push(Effect::Send(Box::new(ToHub::Cosignature { log, size, line })));
        }
    }

    /// Sends what is on the disk and was not sent. Nothing leaves the spool before the hub acknowledges it.
    pub(crate) fn send_events(&mut self, out: &mut Vec<Effect>) {
        let Some(sent) = &mut self.linked else { return };
        while sent.under_way.len() < IN_FLIGHT_MAX && sent.next < self.memory.next_seq() {
            match self.memory.events(sent.next, ITEMS_BYTES_MAX) {
                Ok(Some(Batch { first, leaves, head })) => {
                    sent.next = first + leaves.len() as u64;
                    sent.under_way.push_back(sent.next);
                    out.push(Effect::Send(Box::new(ToHub::Events { first_seq: first, leaves, head })));
                }
                Ok(None) => return,
                Err(error) => {
                    error!(%error, "the spool can not be read");
                    return out.push(Effect::HangUp);
                }
            }
        }
    }
}

/// Why not all entries are in force.
enum Halted {
    /// The site refuses one.
    Refused { at: u64, code: &'static str },
    /// One could not be kept.
    Disk(MemoryError),
}
