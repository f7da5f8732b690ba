//! The event log: batch after batch, each leaf by itself on all cores, then the chains in order, then the decisions.

use crate::chain::{Chain, named};
use crate::config::short;
use crate::examine::{Examiner, KeyCache, Known, Seen, Told};
use crate::finding::{FindingCode, First};
use crate::history::History;
use crate::source::batch;
use crate::{AuditError, Chained, EpochKeys, Finding, Log, Progress, Source, locate};
use lockward_ledger::{Frontier, Head};
use lockward_model::{Body, Event, PublicKey, SiteId, Source as Writer};
use lockward_policy::Answers;
use lockward_site::{Site, redecide, reorder};
use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::thread;

/// Decisions that are worth a thread: a thread takes as long to start as some ten decisions.
const SHARE_MIN: usize = 64;

/// Who may write events, and with what key they sign. A revoked controller stays: what it wrote before is still true.
pub(crate) struct Writers(HashMap<Writer, PublicKey>);

impl Writers {
    /// The hub, and every controller that was ever given a key.
    pub(crate) fn of(site: &Site) -> Self {
        let controllers = site.controllers().filter_map(|c| Some((Writer::Controller(c.id), c.key?)));
        Self(controllers.chain([(Writer::Hub, site.founding().hub.key)]).collect())
    }

    pub(crate) fn key(&self, writer: Writer) -> Option<PublicKey> {
        self.0.get(&writer).copied()
    }
}

/// How the event log is to be read.
pub(crate) struct Plan<'a> {
    pub(crate) site: &'a SiteId,
    pub(crate) writers: &'a Writers,
    pub(crate) keys: &'a EpochKeys,
    pub(crate) threads: NonZeroUsize,
    pub(crate) head: Head,
}

/// What a clean event log holds, and what it holds that nobody has signed.
pub(crate) struct Events {
    pub(crate) chains: Vec<Chained>,
    pub(crate) decided: u64,
    pub(crate) sealed_decisions: u64,
    pub(crate) sealed_events: u64,
    pub(crate) uncovered: Option<Finding>,
}

struct Pass {
    tree: Frontier,
    first: First,
    chains: BTreeMap<Writer, Chain>,
    decided: u64,
    sealed_decisions: u64,
    sealed_events: u64,
}

/// Checks the event log up to the head of its checkpoint.
pub(crate) fn check<S: Source>(
    source: &mut S,
    history: &mut History,
    plan: &Plan<'_>,
    progress: &mut impl FnMut(Progress),
) -> Result<Events, AuditError<S::Error>> {
    let head = plan.head;
    let mut pass = Pass {
        tree: Frontier::new(),
        first: First::new(Log::Event),
        chains: BTreeMap::new(),
        decided: 0,
        sealed_decisions: 0,
        sealed_events: 0,
    };
    let mut caches: Vec<KeyCache> = (0..plan.threads.get()).map(|_| KeyCache::default()).collect();
    let mut leaves = batch(source, Log::Event, 0, head.size)?;
    while !leaves.is_empty() {
        let examiner = Examiner { site: plan.site, writers: plan.writers, history, keys: plan.keys };
        let next = pass.tree.size() + leaves.len() as u64;
        let (seen, ahead) =
            examine(&examiner, &leaves, &mut caches, || batch(source, Log::Event, next, head.size));
        let decisions = pass.follow(seen);
        pass.decide_again(source, history, plan.threads, decisions)?;
        progress(Progress { log: Log::Event, done: pass.tree.size(), size: head.size });
        leaves = ahead?;
    }
    pass.finish(source, head)
}

/// Examines every leaf of a batch on all cores, and reads ahead meanwhile.
fn examine<T>(
    examiner: &Examiner<'_>,
    leaves: &[Vec<u8>],
    caches: &mut [KeyCache],
    ahead: impl FnOnce() -> T,
) -> (Vec<Seen>, T) {
    let share = leaves.len().div_ceil(caches.len().max(1)).max(1);
    thread::scope(|scope| {
        let work = |(leaves, cache): (&'_ [Vec<u8>], &'_ mut KeyCache)| {
            leaves.iter().map(|leaf| examiner.examine(leaf, cache)).collect::<Vec<_>>()
        };
        let shares = leaves.chunks(share).zip(caches);
        let workers: Vec<_> = shares.map(|mine| scope.spawn(move || work(mine))).collect();
        let ahead = ahead();
        let seen = workers.into_iter().flat_map(|w| w.join().unwrap_or_else(|panic| resume_unwind(panic)));
        (seen.collect(), ahead)
    })
}

impl Pass {
    /// Takes a batch in order: the tree grows, the chains go on. Gives the decisions that are still to be made again.
    fn follow(&mut self, seen: Vec<Seen>) -> Vec<(u64, Box<Event>)> {
        let mut decisions = Vec::new();
        for Seen { hash, leaf } in seen {
            let index = self.tree.size();
            self.tree.append(hash);
            match leaf {
                Err((code, what)) => self.first.note(index, code, what),
                Ok(Known::Head { source, count, head }) => {
                    let chain = self.chains.entry(source).or_insert_with(|| Chain::new(source));
                    chain.head(index, count, head, &mut self.first);
                }
                Ok(Known::Event { source, link, told }) => {
                    let chain = self.chains.entry(source).or_insert_with(|| Chain::new(source));
                    chain.event(index, &link, &mut self.first);
                    match told {
                        Err((code, what)) => self.first.note(index, code, what),
                        Ok(Told::Decision(event)) => decisions.push((index, event)),
                        Ok(Told::Other) => {}
                        Ok(Told::Sealed { decision }) => {
                            self.sealed_events += 1;
                            self.sealed_decisions += u64::from(decision);
                        }
                    }
                }
            }
        }
        decisions
    }

    /// Decides again, those of one configuration together; their order does not matter to the answer.
    fn decide_again<S: Source>(
        &mut self,
        source: &mut S,
        history: &mut History,
        threads: NonZeroUsize,
        mut decisions: Vec<(u64, Box<Event>)>,
    ) -> Result<(), AuditError<S::Error>> {
        // What stands after something that is wrong is not worth the time.
        decisions.retain(|(index, _)| self.first.is_clear(*index));
        decisions.sort_by_key(|(index, event)| (config_size(event), *index));
        for group in decisions.chunk_by(|(_, a), (_, b)| config_size(a) == config_size(b)) {
            let site = match group.first().and_then(|(_, event)| config_size(event)) {
                Some(size) => history.at(source, size)?,
                None => history.any(),
            };
            let Some(site) = site else {
                let index = group.first().map_or(0, |(index, _)| *index);
                self.first.note(
                    index,
                    FindingCode::ConfigMismatch,
                    "decided by a config log without entries",
                );
                continue;
            };
            self.decided += group.len() as u64;
            let share = group.len().div_ceil(threads.get()).max(SHARE_MIN);
            let diverging = if group.len() <= share {
                diverging(site, group)
            } else {
                thread::scope(|scope| {
                    let shares = group.chunks(share);
                    let workers: Vec<_> = shares.map(|mine| scope.spawn(|| diverging(site, mine))).collect();
                    let found =
                        workers.into_iter().map(|w| w.join().unwrap_or_else(|panic| resume_unwind(panic)));
                    // Each is the first of its share, and the shares are in order.
                    found.fold(None, |first, next| first.or(next))
                })
            };
            if let Some((index, what)) = diverging {
                self.first.note(index, FindingCode::DecisionDiverges, what);
            }
        }
        Ok(())
    }

    fn finish<S: Source>(mut self, source: &mut S, head: Head) -> Result<Events, AuditError<S::Error>> {
        let size = self.tree.size();
        if size < head.size {
            self.first.note(size, FindingCode::LogShort, short(size, head));
        }
        let mut loose = Vec::new();
        for (writer, chain) in &mut self.chains {
            loose.extend(chain.finish(&mut self.first).map(|index| (index, *writer)));
        }
        let found = self.first.into_finding();
        if self.tree.head() != head {
            return Err(locate::explain(source, Log::Event, head, found)?.into());
        }
        if let Some(found) = found {
            return Err(found.into());
        }
        let uncovered = loose.into_iter().min().map(|(index, writer)| Finding {
            log: Log::Event,
            index: Some(index),
            code: FindingCode::Uncovered,
            what: format!("from here on, {} has not signed for its events", named(writer)),
        });
        let chained =
            |(source, c): (Writer, Chain)| Chained { source, events: c.events, heads: c.heads, span: c.span };
        Ok(Events {
            chains: self.chains.into_iter().map(chained).collect(),
            decided: self.decided,
            sealed_decisions: self.sealed_decisions,
            sealed_events: self.sealed_events,
            uncovered,
        })
    }
}

fn config_size(event: &Event) -> Option<u64> {
    match &event.body {
        Body::Access(access) => access.config.map(|c| c.size),
        Body::Order(ordered) => ordered.config.map(|c| c.size),
        _ => None,
    }
}

/// The first of these decisions that the site would not have made so.
fn diverging(site: &Site, decisions: &[(u64, Box<Event>)]) -> Option<(u64, String)> {
    let answers = Answers::default();
    decisions.iter().find_map(|(index, event)| match &event.body {
        Body::Access(recorded) => {
            redecide(site, event, recorded, &answers).err().map(|e| (*index, e.to_string()))
        }
        Body::Order(recorded) => reorder(site, event, recorded).err().map(|e| (*index, e.to_string())),
        _ => None,
    })
}
