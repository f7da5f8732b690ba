//! Frames over a TLS stream: read whole, written by a task of its own, so that neither side can stall the other.

use core::time::Duration;
use lockward_wire::link::{FrameError, Frames, MessageError};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use zeroize::Zeroizing;

/// What one read takes: a TLS record (RFC 8446, section 5.1). An idle link holds no more.
const READ_BYTES: usize = 16 * 1_024;
/// Frames that wait to be written; at most a MiB each.
const WAITING_MAX: usize = 4;
/// A peer that takes a frame no faster than this has gone: 1 MiB over 1 Mbit/s is 9 s.
const WRITE_PATIENCE: Duration = Duration::from_secs(20);

/// Why a link ended that nobody ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    #[error("the connection failed")]
    Io(#[from] io::Error),
    #[error("the peer sends what is no frame")]
    Frame(#[from] FrameError),
    #[error("the peer sends what is no message")]
    Message(#[from] MessageError),
    #[error("the peer is silent")]
    Silent,
}

/// The reading half.
pub(crate) struct Reader<R> {
    stream: R,
    frames: Frames,
    buffer: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    pub(crate) fn new(stream: R) -> Self {
        Self { stream, frames: Frames::default(), buffer: vec![0; READ_BYTES] }
    }

    /// The next message; `None` at the end of the stream. Loses nothing when it is dropped half-way.
    pub(crate) async fn next<T>(
        &mut self,
        decode: impl Fn(&[u8]) -> Result<T, MessageError>,
    ) -> Result<Option<T>, LinkError> {
        loop {
            if let Some(frame) = self.frames.next_frame()? {
                return Ok(Some(decode(frame)?));
            }
            let n = self.stream.read(&mut self.buffer).await?;
            if n == 0 {
                return Ok(None);
            }
            self.frames.push(self.buffer.get(..n).unwrap_or_default());
        }
    }
}

/// Frames, wiped after they are written: some carry keys.
pub(crate) type Outbox = mpsc::Sender<Zeroizing<Vec<u8>>>;

/// Starts the task that writes. It ends when every [`Outbox`] is gone, or when the peer takes nothing more.
pub(crate) fn writer<W>(mut stream: W) -> (Outbox, JoinHandle<io::Result<()>>)
where
    W: AsyncWrite + Unpin + Send + 'static,
{
    let (outbox, mut frames) = mpsc::channel::<Zeroizing<Vec<u8>>>(WAITING_MAX);
    let task = tokio::spawn(async move {
        while let Some(frame) = frames.recv().await {
            timeout(WRITE_PATIENCE, async {
                stream.write_all(&frame).await?;
                stream.flush().await
            })
            .await??;
        }
        timeout(WRITE_PATIENCE, stream.shutdown()).await?
    });
    (outbox, task)
}
