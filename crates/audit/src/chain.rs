//! One source's chain of events, followed leaf by leaf; and when it breaks, which leaf is to blame.
//!
//! A chain is signed from its end: a head vouches for the last event, and each event for the one before. Where two
//! events do not fit, the earlier one is sound if a head has vouched for it already, and the later one is sound if
//! what follows vouches for it. So the blame waits for the source's next leaf.

use crate::finding::{FindingCode, First};
use lockward_model::{Digest, Source, Time};

/// The links of an event: what it says of itself, and its own leaf hash.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    pub(crate) seq: u64,
    pub(crate) prev: Digest,
    pub(crate) time: Time,
    pub(crate) hash: Digest,
}

/// Two events that do not fit, neither of them vouched for yet.
struct Doubt {
    earlier: u64,
    later: u64,
    /// The count goes on, only the hash differs; otherwise something lies between them, or they are in another order.
    counts_on: bool,
    what: String,
}

/// A chain, as far as it was followed.
pub(crate) struct Chain {
    source: Source,
    pub(crate) events: u64,
    pub(crate) heads: u64,
    pub(crate) span: Option<(Time, Time)>,
    due: u64,
    last: Digest,
    last_index: u64,
    /// A head has vouched for the last event.
    signed: bool,
    uncovered: Option<u64>,
    doubt: Option<Doubt>,
}

impl Chain {
    pub(crate) fn new(source: Source) -> Self {
        Self {
            source,
            events: 0,
            heads: 0,
            span: None,
            due: 0,
            last: Digest([0; 32]),
            last_index: 0,
            // Nothing needs no voucher.
            signed: true,
            uncovered: None,
            doubt: None,
        }
    }

    /// Takes the source's next event, at `index` of the log.
    pub(crate) fn event(&mut self, index: u64, link: &Link, out: &mut First) {
        let follows = link.seq == self.due && link.prev == self.last;
        self.settle(follows, out);
        if !follows {
            let counts_on = link.seq == self.due;
            let what = if counts_on {
                format!("event {} of {} does not name the event before it", link.seq, named(self.source))
            } else {
                format!(
                    "event {} of {} stands where its event {} is due",
                    link.seq,
                    named(self.source),
                    self.due
                )
            };
            if self.signed || link.hash == self.last {
                out.note(index, FindingCode::ChainBreak, what);
            } else {
                self.doubt = Some(Doubt { earlier: self.last_index, later: index, counts_on, what });
            }
        }
        self.events += 1;
        self.span = Some(
            self.span.map_or((link.time, link.time), |(from, to)| (from.min(link.time), to.max(link.time))),
        );
        self.due = link.seq.saturating_add(1);
        self.last = link.hash;
        self.last_index = index;
        self.signed = false;
        self.uncovered.get_or_insert(index);
    }

    /// Takes a head that the source has signed, at `index` of the log.
    pub(crate) fn head(&mut self, index: u64, count: u64, head: Digest, out: &mut First) {
        let fits = count == self.due && head == self.last;
        let doubted = self.settle(fits, out);
        if !fits && !doubted {
            let name = named(self.source);
            if count == self.due && !self.signed {
                let what = format!("the event was altered: {name} has signed another one in its place");
                out.note(self.last_index, FindingCode::ChainBreak, what);
            } else if count == self.due {
                let what = format!("{name} has signed two chains of {count} events");
                out.note(index, FindingCode::ChainBreak, what);
            } else {
                let what = format!("{name} has signed a chain of {count} events where {} are", self.due);
                out.note(index, FindingCode::ChainBreak, what);
            }
        }
        self.heads += 1;
        // What is signed counts: later leaves are measured by it.
        self.due = count;
        self.last = head;
        self.signed = true;
        self.uncovered = None;
    }

    /// The log is at its end. Gives the first event that no head covers.
    pub(crate) fn finish(&mut self, out: &mut First) -> Option<u64> {
        self.settle(false, out);
        self.uncovered
    }

    /// The leaf after a doubtful one is there; `confirmed`, if it vouches for it.
    fn settle(&mut self, confirmed: bool, out: &mut First) -> bool {
        let Some(doubt) = self.doubt.take() else { return false };
        if confirmed && doubt.counts_on {
            let what = format!("the event was altered: the next one of {} names another", named(self.source));
            out.note(doubt.earlier, FindingCode::ChainBreak, what);
        } else {
            out.note(doubt.later, FindingCode::ChainBreak, doubt.what);
        }
        true
    }
}

/// A source in a sentence.
pub(crate) fn named(source: Source) -> String {
    match source {
        Source::Hub => "the hub".into(),
        Source::Controller(id) => format!("controller `{id}`"),
    }
}
