//! What the controller and its hub tell each other: events up, what the hub hands over down.

use crate::core::{Core, Effect};
use crate::jobs::Batch;
use crate::known::digest;
use crate::memory::MemoryError;
use lockward_ledger::leaf_hash;
use lockward_model::{Body, LinkRefusal, Now};
use lockward_wire::event::ChainHead;
use lockward_wire::link::{ToController, ToHub};
use std::collections::VecDeque;
use tracing::{error, warn};

/// Batches on their way to the hub at once: the next is read while the hub's disk works on the one before.
const IN_FLIGHT_MAX: usize = 4;

/// What was sent on this connection, and not acknowledged yet.
pub(crate) struct Sent {
    /// The first sequence number that was not sent.
    next: u64,
    /// Where each batch under way ends. One acknowledgement may be of several.
    under_way: VecDeque<u64>,
}

impl Core {
    pub(crate) fn on_link(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.linked = None;
        self.orders.relinked();
        self.owed.tell_nothing();
        let identity = &self.known.identity;
        let hello = ToHub::Hello {
            controller: identity.controller,
            site: identity.site,
            version: env!("CARGO_PKG_VERSION").into(),
            config: self.kept_config(),
            next_seq: self.known.next_seq,
            oldest_unacked: self.known.first_seq(),
            event_size: self.known.event_log_size(),
            time: now.wall,
        };
        out.push(Effect::Send(Box::new(hello)));
    }

    pub(crate) fn on_hub(&mut self, now: Now, message: ToController, out: &mut Vec<Effect>) {
        match message {
            // A second welcome on one connection is not heeded: it would send everything again.
            ToController::Welcome { time, acked } if self.linked.is_none() => {
                self.hear(now, Some(time));
                if acked > self.known.next_seq {
                    // The hub holds events of ours that we do not: this disk was set back. Going on would fork the chain.
                    error!(
                        "the hub holds more of this controller's events than the controller; enrol it anew"
                    );
                    return out.push(Effect::HangUp);
                }
                self.known.release(acked);
                // A hub that was set back itself is given what is still here, and sees the gap by its numbers.
                let next = acked.max(self.known.first_seq());
                self.linked = Some(Sent { next, under_way: VecDeque::new() });
            }
            ToController::Welcome { .. } => {}
            ToController::WantNonce { question } => self.want_nonce(now, question, out),
            ToController::Order { question, envelope } => self.on_order(now, question, envelope, out),
            ToController::Pong { time } => self.hear(now, Some(time)),
            ToController::Ack { count } => {
                self.hear(now, None);
                if let Some(sent) = &mut self.linked
                    && count <= sent.next
                {
                    sent.under_way.retain(|end| *end > count);
                    self.known.release(count);
                }
            }
            ToController::Keys(keys) if self.known.contradicts(&keys) => {
                error!("the hub hands over other keys than before; they are not taken");
                let code = LinkRefusal::KeysChanged.as_str().into();
                self.note(now, None, Body::LinkRefused { claimed: None, code });
                out.push(Effect::HangUp);
            }
            ToController::Keys(keys) => {
                if self.known.take_keys(keys) {
                    self.errands.state = true;
                    self.sum_up_soon();
                }
            }
            ToController::Entries { first, entries, checkpoint } => {
                self.on_entries(now, first, &entries, &checkpoint, out);
            }
            ToController::Checkpoint { note, proof } => self.on_checkpoint(now, &note, &proof, out),
            ToController::Certificate { chain } => self.on_certificate(chain),
            ToController::Elsewhere { anew, facts } => self.on_elsewhere(now, anew, facts, out),
            ToController::Bye { code } => {
                warn!(%code, "the hub ended the link");
                out.push(Effect::HangUp);
            }
        }
    }

    /// A renewed certificate.
    fn on_certificate(&mut self, chain: Vec<Vec<u8>>) {
        let identity = &self.known.identity;
        if chain == identity.chain {
            return;
        }
        // A chain that does not fit our key would keep us from ever linking again.
        if crate::tls::fits(&chain, &identity.pkcs8) {
            self.errands.chain = Some(chain);
        } else {
            error!(error = %MemoryError::Certificate, "the renewed certificate is not kept");
        }
    }

    /// From where the spool is to be read for the hub, if there is something to send and room on the way.
    pub(crate) fn unsent(&self) -> Option<u64> {
        let sent = self.linked.as_ref()?;
        let due = sent.under_way.len() < IN_FLIGHT_MAX && sent.next < self.known.next_seq;
        due.then_some(sent.next)
    }

    /// Sends what was read. Nothing leaves the spool before the hub acknowledges it.
    pub(crate) fn send_events(
        &mut self,
        from: u64,
        read: Result<Option<Batch>, MemoryError>,
        out: &mut Vec<Effect>,
    ) {
        // The link may be another by now, and begin elsewhere.
        let Some(sent) = self.linked.as_mut().filter(|sent| sent.next == from) else { return };
        match read {
            Ok(None) => {}
            Ok(Some(Batch { first, leaves })) => {
                let Some(last) = leaves.last() else { return };
                let (site, key) = (&self.known.identity.site, &self.known.identity.key);
                sent.next = first + leaves.len() as u64;
                sent.under_way.push_back(sent.next);
                let end = digest(leaf_hash(last));
                let head = ChainHead::sign(site, self.known.source(), sent.next, end, key);
                out.push(Effect::Send(Box::new(ToHub::Events { first_seq: first, leaves, head })));
            }
            Err(error) => {
                error!(%error, "the spool can not be read");
                out.push(Effect::HangUp);
            }
        }
    }
}
