//! One thread puts every event into the log: what waits goes in together, with one signature and one sync.
//!
//! Nothing is acknowledged, shown or indexed before it is durable here. What a session hands over was checked by it;
//! whether it still follows on what the log holds is asked again, in the one place that knows.

use crate::chain::Tip;
use crate::office::Office;
use crate::own::{HUB_SOURCE, OwnChain};
use lockward_model::{Body, ControllerId};
use lockward_store::{Batch, HubError, Log, SourceHead};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot, watch};
use tracing::{error, warn};

/// Submissions that wait: 4 in flight from each of 256 controllers. More wait at their own links.
const QUEUE_MAX: usize = 1_024;
/// Leaves in one transaction, beyond which no further submission is added: at 250 bytes 4 MB, a tenth of a second's
/// work for 50,000 events a second. One submission more is 4,097.
const BATCH_LEAVES_MAX: usize = 16_384;
/// Bytes in one transaction, in the same way: 16 MiB, and one frame of 1 MiB.
const BATCH_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Why a submission is not in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAppended {
    /// The chain has moved since the session looked.
    #[error("the chain moved meanwhile")]
    Moved,
    /// The store failed; the log says why.
    #[error("the store failed")]
    Store,
    /// The hub is closing.
    #[error("the hub is closing")]
    Closing,
}

pub(crate) type Done = oneshot::Sender<Result<u64, NotAppended>>;

/// What is to be appended.
pub(crate) enum Submission {
    /// A controller's events and its signed head, checked to lead from one tip to another.
    Events { controller: ControllerId, from: Tip, to: Tip, leaves: Vec<Vec<u8>>, done: Done },
    /// Something that the hub saw.
    Own { body: Body, done: Option<Done> },
}

type Tips = Arc<Mutex<HashMap<ControllerId, Tip>>>;

/// The way to the thread.
#[derive(Clone)]
pub(crate) struct Sequencer {
    queue: mpsc::Sender<Submission>,
    tips: Tips,
    size: watch::Receiver<u64>,
}

impl Sequencer {
    /// Starts the thread. It ends when every [`Sequencer`] is gone.
    pub(crate) fn start(office: Arc<Office>) -> Result<(Self, JoinHandle<()>), StartError> {
        let store = office.store();
        let mut tips = HashMap::new();
        for SourceHead { source, count, head } in store.sources()? {
            if let Ok(controller) = source.parse() {
                tips.insert(controller, Tip { count, head });
            }
        }
        let own = OwnChain::resume(office.id(), store.source(HUB_SOURCE)?.as_ref());
        let tips: Tips = Arc::new(Mutex::new(tips));
        let at = store.head(Log::Event)?.size();
        let (size_out, size) = watch::channel(at);
        let (queue, inbox) = mpsc::channel(QUEUE_MAX);
        let thread = Thread { office, inbox, tips: Arc::clone(&tips), own, at, size: size_out };
        let handle = std::thread::Builder::new().name("sequencer".into()).spawn(move || thread.run())?;
        Ok((Self { queue, tips, size }, handle))
    }

    /// How far a controller's chain has come, durably.
    pub(crate) fn tip(&self, controller: ControllerId) -> Tip {
        let tips = self.tips.lock().unwrap_or_else(PoisonError::into_inner);
        tips.get(&controller).copied().unwrap_or(Tip::NONE)
    }

    /// The size of the event log, and word of every append.
    pub(crate) fn size(&self) -> watch::Receiver<u64> {
        self.size.clone()
    }

    /// Hands events over. Waits while the queue is full.
    pub(crate) async fn events(
        &self,
        controller: ControllerId,
        (from, to): (Tip, Tip),
        leaves: Vec<Vec<u8>>,
    ) -> oneshot::Receiver<Result<u64, NotAppended>> {
        let (done, answer) = oneshot::channel();
        // A closed queue drops `done`, which the receiver notices.
        let _ = self.queue.send(Submission::Events { controller, from, to, leaves, done }).await;
        answer
    }

    /// Records what the hub saw, and waits until that is durable.
    pub(crate) async fn record(&self, body: Body) -> Result<(), NotAppended> {
        let (done, answer) = oneshot::channel();
        let _ = self.queue.send(Submission::Own { body, done: Some(done) }).await;
        answer.await.unwrap_or(Err(NotAppended::Closing)).map(drop)
    }

    /// Records what the hub saw, without waiting for the disk.
    pub(crate) async fn note(&self, body: Body) {
        let _ = self.queue.send(Submission::Own { body, done: None }).await;
    }
}

/// Why the thread does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] HubError),
    /// No thread is to be had.
    #[error("a thread can not be started")]
    Thread(#[from] io::Error),
}

struct Thread {
    office: Arc<Office>,
    inbox: mpsc::Receiver<Submission>,
    tips: Tips,
    own: OwnChain,
    at: u64,
    size: watch::Sender<u64>,
}

/// What goes into one transaction.
#[derive(Default)]
struct Gathered {
    leaves: Vec<Vec<u8>>,
    bytes: usize,
    tips: BTreeMap<ControllerId, Tip>,
    own: Option<OwnChain>,
    done: Vec<(Done, u64)>,
}

impl Thread {
    fn run(mut self) {
        while let Some(first) = self.inbox.blocking_recv() {
            let mut gathered = Gathered::default();
            self.add(&mut gathered, first);
            while gathered.leaves.len() < BATCH_LEAVES_MAX && gathered.bytes < BATCH_BYTES_MAX {
                let Ok(next) = self.inbox.try_recv() else { break };
                self.add(&mut gathered, next);
            }
            self.append(gathered);
        }
    }

    fn add(&mut self, gathered: &mut Gathered, submission: Submission) {
        match submission {
            Submission::Events { controller, from, to, leaves, done } => {
                let durable = || {
                    let tips = self.tips.lock().unwrap_or_else(PoisonError::into_inner);
                    tips.get(&controller).copied().unwrap_or(Tip::NONE)
                };
                if gathered.tips.get(&controller).copied().unwrap_or_else(durable) != from {
                    let _ = done.send(Err(NotAppended::Moved));
                    return;
                }
                gathered.tips.insert(controller, to);
                gathered.bytes += leaves.iter().map(Vec::len).sum::<usize>();
                gathered.leaves.extend(leaves);
                gathered.done.push((done, to.count));
            }
            Submission::Own { body, done } => {
                let mut own = gathered.own.unwrap_or(self.own);
                match own.seal(self.office.keys(), self.office.wall(), body) {
                    Ok(leaf) => {
                        gathered.bytes += leaf.len();
                        gathered.leaves.push(leaf);
                        gathered.own = Some(own);
                        gathered.done.extend(done.map(|done| (done, 0)));
                    }
                    Err(error) => {
                        error!(%error, "an event of the hub could not be sealed");
                        drop(done);
                    }
                }
            }
        }
    }

    fn append(&mut self, mut gathered: Gathered) {
        if gathered.leaves.is_empty() {
            return;
        }
        if let Some(own) = &gathered.own {
            gathered.leaves.push(own.sign_head(self.office.keys()));
        }
        let tips = gathered.tips.iter();
        let sources =
            tips.map(|(id, tip)| SourceHead { source: id.to_string(), count: tip.count, head: tip.head });
        let sources: Vec<_> = sources.chain(gathered.own.map(|own| own.source_head())).collect();
        let batch = Batch { at: self.at, leaves: &gathered.leaves, sources: &sources };
        let office = &self.office;
        let appended = office
            .store()
            .append(Log::Event, &batch, |head| office.logs().sign(Log::Event, head, office.keys().log()));
        match appended {
            Ok(head) => {
                // Durable. Only now anybody hears of it.
                self.at = head.size();
                if let Some(own) = gathered.own {
                    self.own = own;
                }
                self.tips.lock().unwrap_or_else(PoisonError::into_inner).extend(gathered.tips);
                for (done, count) in gathered.done {
                    let _ = done.send(Ok(count));
                }
                self.size.send_replace(self.at);
            }
            Err(error) => {
                warn!(%error, "events are not taken: they stay with their controllers");
                for (done, _) in gathered.done {
                    let _ = done.send(Err(NotAppended::Store));
                }
                self.look_again();
            }
        }
    }

    /// After a failure the disk decides what the log holds: a batch can be found whole although its commit failed.
    fn look_again(&mut self) {
        let store = self.office.store();
        let Ok((head, sources)) = store.head(Log::Event).and_then(|h| Ok((h, store.sources()?))) else {
            return;
        };
        self.at = head.size();
        self.size.send_replace(self.at);
        let mut tips = self.tips.lock().unwrap_or_else(PoisonError::into_inner);
        for source in &sources {
            match source.source.parse() {
                Ok(controller) => {
                    tips.insert(controller, Tip { count: source.count, head: source.head });
                }
                Err(_) => self.own = OwnChain::resume(self.office.id(), Some(source)),
            }
        }
    }
}
