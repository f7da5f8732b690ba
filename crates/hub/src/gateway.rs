//! The hub's doors to the network: who may knock, how many at once, and to whom each is shown.

use crate::core::Core;
use crate::tls::{Speech, Tls};
use crate::web::Web;
use crate::{enrol, session};
use core::time::Duration;
use lockward_model::{LinkRefusal, SIGNER_PORT};
use rustls::server::Acceptor;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::LazyConfigAcceptor;
use tracing::{debug, warn};

/// Connections at once: 2,000 doors have fewer controllers than that, and the rest is for consoles; at some 60 KB of
/// TLS and task each, 250 MB.
const CONNECTIONS_MAX: usize = 4_096;
/// Handshakes at once: each is about a millisecond of a core, so the last of them waits a tenth of a second.
const HANDSHAKES_MAX: usize = 128;
/// A handshake over a bad line takes four round trips of half a second.
const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(10);
/// The first message is one packet or two.
const HELLO_PATIENCE: Duration = Duration::from_secs(3);
/// How long to leave a listener alone that can not accept: the process has run out of files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// What connections have to end themselves in when the hub stops.
const FAREWELL: Duration = Duration::from_millis(600);

/// Why the hub does not listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Someone else does.
    #[error("port {} of {} is in use by another program; stop that, or listen elsewhere", .0.port(), .0.ip())]
    Busy(SocketAddr),
    /// Plain HTTP is for this machine alone.
    #[error("`{0}` is no loopback address; without TLS the hub listens on 127.0.0.1 or ::1 only")]
    NotLoopback(SocketAddr),
    /// The signer's origin is nobody else's.
    #[error(
        "port {SIGNER_PORT} of this machine's loopback is `lockward signer`'s, whose passkeys no page of a hub may ask; \
         listen on another port"
    )]
    Signer,
    /// Anything else.
    #[error("the hub can not listen on `{address}`")]
    Io {
        /// Where.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
}

pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener, ListenError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => ListenError::Busy(address),
        _ => ListenError::Io { address, source },
    })
}

pub(crate) async fn bind_loopback(address: SocketAddr) -> Result<TcpListener, ListenError> {
    if !address.ip().is_loopback() {
        return Err(ListenError::NotLoopback(address));
    }
    if address.port() == SIGNER_PORT {
        return Err(ListenError::Signer);
    }
    bind(address).await
}

/// What a listener hands its connections to.
#[derive(Clone)]
pub(crate) enum Door {
    Tls(Arc<Tls>),
    Plain,
}

/// Accepts until the hub closes; then waits a little for its connections to end.
pub(crate) async fn run(core: Arc<Core>, listener: TcpListener, door: Door, web: Web) {
    let (seats, handshakes) =
        (Arc::new(Semaphore::new(CONNECTIONS_MAX)), Arc::new(Semaphore::new(HANDSHAKES_MAX)));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = core.closed() => break,
            Some(_) = connections.join_next() => continue,
        };
        let (stream, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                warn!(%error, "a connection can not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // Nobody waits for a seat: a peer that is turned away here comes again later.
        let Ok(seat) = Arc::clone(&seats).try_acquire_owned() else { continue };
        let (core, door, web) = (Arc::clone(&core), door.clone(), web.clone());
        let handshakes = Arc::clone(&handshakes);
        connections.spawn(async move {
            let _seat = seat;
            let _ = stream.set_nodelay(true);
            match door {
                Door::Plain => web.serve(&core, stream, from.ip()).await,
                Door::Tls(tls) => shake_hands(core, stream, &tls, &handshakes, web, from.ip()).await,
            }
        });
    }
    drop(listener);
    let _ = timeout(FAREWELL, async { while connections.join_next().await.is_some() {} }).await;
    connections.shutdown().await;
}

async fn shake_hands(
    core: Arc<Core>,
    stream: TcpStream,
    tls: &Tls,
    handshakes: &Semaphore,
    web: Web,
    from: IpAddr,
) {
    // Who says nothing takes up no turn.
    let said = timeout(HELLO_PATIENCE, LazyConfigAcceptor::new(Acceptor::default(), stream)).await;
    let start = match said {
        Ok(Ok(start)) => start,
        Ok(Err(error)) => return debug!(%error, "a handshake failed"),
        Err(_) => return debug!("a peer said nothing"),
    };
    let shaken = timeout(HANDSHAKE_PATIENCE, async {
        let _turn = handshakes.acquire().await.map_err(io::Error::other)?;
        let (speech, config) = tls.answer(&start.client_hello());
        let stream = start.into_stream(config).await.inspect_err(|error| {
            let inner = error.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>());
            if speech == Speech::Link && matches!(inner, Some(rustls::Error::NoCertificatesPresented)) {
                core.turn_away(None, LinkRefusal::NoCertificate);
            }
        })?;
        Ok::<_, io::Error>((speech, stream))
    });
    let (speech, stream) = match shaken.await {
        Ok(Ok(shaken)) => shaken,
        Ok(Err(error)) => return debug!(%error, "a handshake failed"),
        Err(_) => return debug!("a handshake took too long"),
    };
    let ended = match speech {
        Speech::Web => return web.serve(&core, stream, from).await,
        Speech::Enrolment => enrol::run(core, stream).await,
        Speech::Link => {
            let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
            let Some(certificate) = shown.map(|c| c.clone().into_owned()) else { return };
            session::run(core, stream, certificate).await
        }
    };
    if let Err(error) = ended {
        debug!(%error, "a link ended");
    }
}
