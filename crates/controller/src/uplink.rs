//! The link to the hub: dials out, keeps one TLS connection, carries messages, and comes back after it broke.

use crate::clock::Clock;
use crate::core::Input;
use crate::identity::Identity;
use crate::{dice, tls};
use core::time::Duration;
use lockward_wire::link::{Frames, ToController, ToHub};
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver as Receiver, UnboundedSender as Sender, unbounded_channel};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tracing::{info, warn};

/// First and longest wait before dialling again. Each wait is drawn from zero to its limit (full jitter), so that a
/// thousand controllers do not come back in the same second.
const WAIT_MIN: Duration = Duration::from_millis(500);
const WAIT_MAX: Duration = Duration::from_secs(30);
/// A handshake, or a write, that takes longer is no connection.
const PATIENCE: Duration = Duration::from_secs(10);
/// A word is said at least this often.
const PING_EVERY: Duration = Duration::from_secs(5);
/// Nothing heard for so long: the link is gone, whatever TCP believes.
const SILENCE_MAX: Duration = Duration::from_secs(15);
/// A certificate is asked for anew once the link has stood for a while, and daily from then on.
const RENEW_FIRST: Duration = Duration::from_secs(60);
const RENEW_EVERY: Duration = Duration::from_secs(24 * 3600);
const READ_BYTES: usize = 64 * 1024;

enum Letter {
    Say(Box<ToHub>),
    HangUp,
}

/// The loop's end of the link. Its queue needs no bound: at most four batches of events are ever unacknowledged, each
/// other message answers one of the hub's, and the link reads nothing while it writes.
pub(crate) struct Uplink(Sender<Letter>);

impl Uplink {
    /// Sends, if the link stands; everything that matters is sent again after the next hello.
    pub(crate) fn say(&self, message: Box<ToHub>) {
        let _ = self.0.send(Letter::Say(message));
    }

    pub(crate) fn hang_up(&self) {
        let _ = self.0.send(Letter::HangUp);
    }
}

/// Starts the link on a thread of its own. `identity` is read again before every dialling: it may have been renewed.
pub(crate) fn start(
    hub: String,
    identity: impl Fn() -> Option<Identity> + Send + 'static,
    clock: Arc<dyn Clock>,
    tell: impl Fn(Input) + Send + 'static,
) -> io::Result<Uplink> {
    let (letters, inbox) = unbounded_channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("uplink".into()).spawn(move || {
        runtime.block_on(dial_for_ever(&hub, identity, &clock, &tell, inbox));
    })?;
    Ok(Uplink(letters))
}

async fn dial_for_ever(
    hub: &str,
    identity: impl Fn() -> Option<Identity>,
    clock: &Arc<dyn Clock>,
    tell: &impl Fn(Input),
    mut inbox: Receiver<Letter>,
) {
    let mut limit = WAIT_MIN;
    // A controller that was stopped dials no more: it would push its successor off the link.
    while !inbox.is_closed() {
        match dial(hub, identity(), clock).await {
            Ok(stream) => {
                limit = WAIT_MIN;
                info!(hub, "linked");
                while inbox.try_recv().is_ok() {}
                tell(Input::Linked);
                let ended = talk(stream, tell, &mut inbox).await;
                tell(Input::Unlinked);
                match ended {
                    Ok(()) => info!(hub, "link ended"),
                    Err(error) if is_expired(&error) => renew(hub, identity(), clock, tell).await,
                    Err(error) => warn!(hub, %error, "link lost"),
                }
            }
            Err(error) => warn!(hub, %error, "the hub is not reached; doors decide by themselves"),
        }
        let share = f64::from(u32::from_be_bytes(dice::bytes())) / f64::from(u32::MAX);
        tokio::time::sleep(limit.mul_f64(share)).await;
        limit = (limit * 2).min(WAIT_MAX);
    }
}

/// In TLS 1.3 the hub looks at our certificate after we believe to be connected: its alert is the first thing read.
fn is_expired(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>());
    matches!(inner, Some(rustls::Error::AlertReceived(rustls::AlertDescription::CertificateExpired)))
}

async fn renew(hub: &str, identity: Option<Identity>, clock: &Arc<dyn Clock>, tell: &impl Fn(Input)) {
    let Some(identity) = identity else { return };
    match timeout(PATIENCE, crate::enroll::renew(hub, &identity, clock)).await {
        Ok(Ok(chain)) => {
            info!(hub, "the certificate had expired; a new one is here");
            tell(Input::Hub(Box::new(ToController::Certificate { chain })));
        }
        Ok(Err(error)) => warn!(hub, %error, "the certificate has expired, and could not be renewed"),
        Err(_) => warn!(hub, "the certificate has expired, and the hub does not answer"),
    }
}

async fn dial(
    hub: &str,
    identity: Option<Identity>,
    clock: &Arc<dyn Clock>,
) -> io::Result<TlsStream<TcpStream>> {
    let identity = identity.ok_or_else(|| io::Error::other("the controller's identity can not be read"))?;
    let config = tls::link(&identity, clock).map_err(io::Error::other)?;
    let name = tls::hub_name().map_err(io::Error::other)?;
    let connect = async {
        let stream = TcpStream::connect(hub).await?;
        stream.set_nodelay(true)?;
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    };
    timeout(PATIENCE, connect).await?
}

async fn talk(
    stream: TlsStream<TcpStream>,
    tell: &impl Fn(Input),
    inbox: &mut Receiver<Letter>,
) -> io::Result<()> {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut frames = Frames::default();
    let mut buffer = vec![0; READ_BYTES];
    let start = tokio::time::Instant::now();
    // Not at once: the hello is the first word.
    let mut ping = tokio::time::interval_at(start + PING_EVERY, PING_EVERY);
    let mut renew = tokio::time::interval_at(start + RENEW_FIRST, RENEW_EVERY);
    let mut heard = start;
    loop {
        let say = tokio::select! {
            read = reader.read(&mut buffer) => {
                let n = read?;
                if n == 0 {
                    return Ok(());
                }
                heard = tokio::time::Instant::now();
                frames.push(buffer.get(..n).unwrap_or_default());
                while let Some(frame) = frames.next_frame().map_err(io::Error::other)? {
                    let message = ToController::decode(frame).map_err(io::Error::other)?;
                    tell(Input::Hub(Box::new(message)));
                }
                continue;
            }
            letter = inbox.recv() => match letter {
                Some(Letter::Say(message)) => message,
                Some(Letter::HangUp) | None => {
                    let _ = timeout(PATIENCE, writer.shutdown()).await;
                    return Ok(());
                }
            },
            _ = ping.tick() => {
                if heard.elapsed() > SILENCE_MAX {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                Box::new(ToHub::Ping)
            }
            _ = renew.tick() => Box::new(ToHub::Renew),
        };
        let bytes = say.encode().map_err(io::Error::other)?;
        timeout(PATIENCE, async {
            writer.write_all(&bytes).await?;
            writer.flush().await
        })
        .await??;
    }
}
