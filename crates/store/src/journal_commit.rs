//! Group commit: whoever waits for the disk waits for one sync together.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, channel, sync_channel};
use std::thread::JoinHandle;

use crate::journal::{AppendError, ReadError, Record, ReleaseError};
use crate::journal_format::record_bytes;
use crate::{Disk, Journal};

/// How many submissions may wait. 64 doors and their inputs give some 128 at once; 4,096 of 64 KiB would be 256 MiB,
/// as much as a spool, but events of 320 bytes make it 1.3 MiB.
pub const QUEUE_MAX: usize = 4096;
/// The most that one [`Committer::read_from`] gives back, in bytes, unless a single record is larger: 800 events, read
/// in a few milliseconds, for which appends wait.
pub const READ_BYTES_MAX: usize = 256 * 1024;

/// A thread that owns a [`Journal`] and commits what has come in meanwhile with one append.
///
/// Dropping it commits what was submitted, then ends the thread.
pub struct Committer {
    /// `None` only while it is dropped: the thread ends when nobody can send any more.
    queue: Option<SyncSender<Command>>,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for Committer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Committer(..)")
    }
}

/// Why a submitted record is not durable.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommitError {
    /// The journal refused the batch that it was in, or the record itself.
    #[error("the record was not kept")]
    Refused(#[source] Arc<AppendError>),
    /// Too many are waiting; nothing was queued.
    #[error("{QUEUE_MAX} records already wait for the disk; try again when some are kept")]
    Busy,
    /// The committer's thread has ended; whether the record is kept shows when the journal is opened.
    #[error("the journal's thread has ended; open the journal again")]
    Stopped,
}

/// Why a question to the journal was not answered.
#[derive(Debug, thiserror::Error)]
pub enum AskError<E: std::error::Error + 'static> {
    /// The journal's own refusal.
    #[error("the journal refused")]
    Refused(#[source] E),
    /// The committer's thread has ended.
    #[error("the journal's thread has ended; open the journal again")]
    Stopped,
}

/// The way to hear of a submitted record.
#[must_use = "a record is durable only when its ticket says so"]
#[derive(Debug)]
pub struct Ticket(Receiver<Result<u64, CommitError>>);

impl Ticket {
    /// Waits until the record is durable, and returns its number.
    ///
    /// # Errors
    /// [`CommitError`].
    pub fn wait(self) -> Result<u64, CommitError> {
        self.0.recv().unwrap_or(Err(CommitError::Stopped))
    }
}

type Done = Box<dyn FnOnce(Result<u64, CommitError>) + Send>;

struct Draft {
    bytes: Vec<u8>,
    done: Done,
}

enum Command {
    Append(Draft),
    Release(u64, SyncSender<Result<(), ReleaseError>>),
    Read(u64, SyncSender<Result<Vec<Record>, ReadError>>),
}

impl Committer {
    /// Starts the thread. `stamp` turns what was submitted into the record with that number, in the order of the
    /// numbers; what it keeps (the hash of the last record) is put back when a batch fails, hence `Clone`.
    ///
    /// # Errors
    /// What the operating system says when it gives no thread.
    pub fn start<D, S>(journal: Journal<D>, stamp: S) -> std::io::Result<Self>
    where
        D: Disk + Send + 'static,
        D::File: Send,
        S: FnMut(u64, Vec<u8>) -> Vec<u8> + Clone + Send + 'static,
    {
        let (queue, commands) = sync_channel(QUEUE_MAX);
        let owner = Owner { journal, stamp, commands };
        let thread = std::thread::Builder::new().name("journal".to_owned()).spawn(move || owner.run())?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Queues a record. Never waits.
    pub fn submit(&self, bytes: Vec<u8>) -> Ticket {
        let (done, ticket) = channel();
        // Whoever dropped the ticket does not want to know.
        self.submit_then(bytes, move |result| drop(done.send(result)));
        Ticket(ticket)
    }

    /// Queues a record; `done` is called with its number when it is durable, or with the reason why it is not kept.
    /// Never waits. `done` runs on the journal's thread and must be quick.
    pub fn submit_then(&self, bytes: Vec<u8>, done: impl FnOnce(Result<u64, CommitError>) + Send + 'static) {
        let draft = Command::Append(Draft { bytes, done: Box::new(done) });
        let Some(queue) = &self.queue else { return };
        let (refused, why) = match queue.try_send(draft) {
            Ok(()) => return,
            Err(TrySendError::Full(draft)) => (draft, CommitError::Busy),
            Err(TrySendError::Disconnected(draft)) => (draft, CommitError::Stopped),
        };
        if let Command::Append(draft) = refused {
            (draft.done)(Err(why));
        }
    }

    /// Appends one record and waits until it is durable.
    ///
    /// # Errors
    /// [`CommitError`].
    pub fn append(&self, bytes: Vec<u8>) -> Result<u64, CommitError> {
        self.submit(bytes).wait()
    }

    /// [`Journal::release`], after what was submitted before.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn release(&self, up_to: u64) -> Result<(), AskError<ReleaseError>> {
        self.ask(|answer| Command::Release(up_to, answer))
    }

    /// The records from `number` on, after what was submitted before; at most [`READ_BYTES_MAX`] at once, none when
    /// there are no more.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn read_from(&self, number: u64) -> Result<Vec<Record>, AskError<ReadError>> {
        self.ask(|answer| Command::Read(number, answer))
    }

    fn ask<T, E: std::error::Error>(
        &self,
        question: impl FnOnce(SyncSender<Result<T, E>>) -> Command,
    ) -> Result<T, AskError<E>> {
        let (answer, answered) = sync_channel(1);
        let queue = self.queue.as_ref().ok_or(AskError::Stopped)?;
        queue.send(question(answer)).map_err(|_gone| AskError::Stopped)?;
        answered.recv().map_err(|_gone| AskError::Stopped)?.map_err(AskError::Refused)
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A thread that has panicked has told so by itself.
            let _ended = thread.join();
        }
    }
}

struct Owner<D: Disk, S> {
    journal: Journal<D>,
    stamp: S,
    commands: Receiver<Command>,
}

impl<D: Disk, S: FnMut(u64, Vec<u8>) -> Vec<u8> + Clone> Owner<D, S> {
    fn run(mut self) {
        let mut left_over = None;
        while let Some(command) = left_over.take().or_else(|| self.wait()) {
            match command {
                Command::Append(draft) => left_over = self.commit(draft),
                // Whoever asked and left needs no answer.
                Command::Release(up_to, answer) => drop(answer.send(self.journal.release(up_to))),
                Command::Read(number, answer) => drop(answer.send(self.read(number))),
            }
        }
    }

    /// The next command; until there is one, room is made ahead of need.
    fn wait(&mut self) -> Option<Command> {
        loop {
            match self.commands.try_recv() {
                Ok(command) => return Some(command),
                Err(TryRecvError::Disconnected) => return None,
                // A disk without room is told by the append that needs it.
                Err(TryRecvError::Empty) => match self.journal.prepare() {
                    Ok(true) => {}
                    Ok(false) | Err(_) => return self.commands.recv().ok(),
                },
            }
        }
    }

    /// Commits `draft` and all that wait behind it, as far as one batch goes; returns the command that ended it.
    fn commit(&mut self, draft: Draft) -> Option<Command> {
        let before = self.stamp.clone();
        let first = self.journal.next();
        let limits = self.journal.limits();
        let full = limits.batch_bytes().saturating_sub(record_bytes(limits.record_bytes as usize));
        let (mut records, mut waiting, mut bytes) = (Vec::new(), Vec::new(), 0);
        let mut next = Some(Command::Append(draft));
        while let Some(Command::Append(draft)) = next {
            let unstamped = self.stamp.clone();
            let record = (self.stamp)(first + records.len() as u64, draft.bytes);
            if record.len() > limits.record_bytes as usize {
                self.stamp = unstamped;
                let refused = AppendError::RecordTooLarge { bytes: record.len(), max: limits.record_bytes };
                (draft.done)(Err(CommitError::Refused(Arc::new(refused))));
            } else {
                bytes += record_bytes(record.len());
                records.push(record);
                waiting.push(draft.done);
            }
            next = if bytes > full { None } else { self.commands.try_recv().ok() };
        }
        let batch: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
        match self.journal.append(&batch) {
            Ok(numbers) => {
                for (done, number) in waiting.into_iter().zip(numbers) {
                    done(Ok(number));
                }
            }
            Err(refused) => {
                self.stamp = before;
                let refused = Arc::new(refused);
                for done in waiting {
                    done(Err(CommitError::Refused(Arc::clone(&refused))));
                }
            }
        }
        next
    }

    fn read(&self, number: u64) -> Result<Vec<Record>, ReadError> {
        let (mut records, mut bytes) = (Vec::new(), 0);
        for record in self.journal.read_from(number) {
            let record = record?;
            bytes += record.bytes.len();
            if bytes > READ_BYTES_MAX && !records.is_empty() {
                break;
            }
            records.push(record);
        }
        Ok(records)
    }
}
