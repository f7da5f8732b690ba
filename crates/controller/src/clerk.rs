//! The disk's own thread: jobs in, one after the other, and each back when it is done, however long that takes.

use crate::jobs::{Done, Job};
use crate::keeper::Keeper;
use crate::pins;
use core::time::Duration;
use lockward_store::Disk;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use tracing::warn;

enum Order {
    Job(Job),
    /// The list of known readers, whole.
    Readers(Vec<u8>),
}

/// The way to the disk's thread. Asking never waits. Dropped without [`Clerk::rest`], it leaves the thread to end by
/// itself.
pub struct Clerk {
    orders: Sender<Order>,
    ended: Receiver<()>,
    thread: JoinHandle<()>,
}

impl Clerk {
    /// Starts the thread; `tell` gets every job back.
    ///
    /// # Errors
    /// What the operating system says when it gives no thread.
    pub fn start<D>(mut keeper: Keeper<D>, mut tell: impl FnMut(Done) + Send + 'static) -> io::Result<Self>
    where
        D: Disk<File: Send> + Clone + Send + 'static,
    {
        let (orders, inbox) = channel();
        let (end, ended) = channel::<()>();
        let thread = std::thread::Builder::new().name("disk".into()).spawn(move || {
            while let Ok(order) = inbox.recv() {
                match order {
                    Order::Job(job) => tell(keeper.run(job)),
                    Order::Readers(bytes) => {
                        if let Err(error) = keeper.replace(pins::FILE, &bytes) {
                            warn!(%error, "a device that was met could not be noted");
                        }
                    }
                }
            }
            // The folder is free from here on.
            drop(keeper);
            drop(end);
        })?;
        Ok(Self { orders, ended, thread })
    }

    /// Has a job done. Of those of one core there is never more than one, so nothing piles up.
    pub fn ask(&self, job: Job) {
        // A thread that has ended has panicked, and told so by itself: the disk then hangs for good.
        let _ = self.orders.send(Order::Job(job));
    }

    /// Has the list of known readers kept: once for each reader that was never met before.
    pub(crate) fn keep_readers(&self, list: Vec<u8>) {
        let _ = self.orders.send(Order::Readers(list));
    }

    /// Waits until all is done and the folder is let go, for so long at most. False if the disk still works, or hangs:
    /// then the folder stays locked.
    pub fn rest(self, patience: Duration) -> bool {
        let Self { orders, ended, thread } = self;
        drop(orders);
        let gone = !matches!(ended.recv_timeout(patience), Err(RecvTimeoutError::Timeout));
        if gone {
            let _ = thread.join();
        }
        gone
    }
}
