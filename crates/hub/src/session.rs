//! One controller's link, from its first word to its end.
//!
//! What comes in is checked here, in as many tasks as there are controllers, and handed to the sequencer; what goes
//! out is written by a task of its own. So a controller that sends and one that is sent to never wait for each other.

use crate::ca;
use crate::chain::{Checked, Tip, check};
use crate::core::Core;
use crate::frames::{LinkError, Outbox, Reader, writer};
use crate::links::Seated;
use crate::push::Push;
use crate::sequencer::NotAppended;
use core::time::Duration;
use lockward_model::{Body, ConfigRef, ControllerId, PublicKey};
use lockward_store::Log;
use lockward_wire::link::{Keys, ToController, ToHub};
use rustls::pki_types::CertificateDer;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;
use tokio::time::{Instant, interval, timeout, timeout_at};
use tracing::{error, info, warn};
use zeroize::Zeroizing;

/// The first word must come this soon.
const HELLO_PATIENCE: Duration = Duration::from_secs(10);
/// A controller pings every 5 s; after six that did not come it is gone, whatever TCP believes.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// Batches of one controller on their way to the disk: as many as a controller keeps in flight.
const IN_FLIGHT_MAX: usize = 4;
/// How often a controller is asked to cosign the event log.
const COSIGN_EVERY: Duration = Duration::from_secs(60);

/// Why the hub ends a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bye(&'static str);

/// Who is at the other end, as its certificate and the configuration say.
#[derive(Debug, Clone, Copy)]
struct Peer {
    id: ControllerId,
    key: PublicKey,
}

/// The controller's place in the configuration; what is wrong with it, if anything is.
fn standing(core: &Core, id: ControllerId, key: PublicKey) -> Result<(), Bye> {
    match core.office.site().controller(id) {
        None => Err(Bye("CONTROLLER_UNKNOWN")),
        Some(c) if c.revoked => Err(Bye("CONTROLLER_REVOKED")),
        Some(c) if c.key != Some(key) => Err(Bye("KEY_NOT_BOUND")),
        Some(_) => Ok(()),
    }
}

pub(crate) async fn run<S>(
    core: Arc<Core>,
    stream: S,
    certificate: CertificateDer<'static>,
) -> Result<(), LinkError>
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (read, write) = tokio::io::split(stream);
    let (mut reader, (outbox, written)) = (Reader::new(read), writer(write));
    let ended = match greet(&core, &certificate, &mut reader).await? {
        Ok((peer, seated, hello)) => {
            let mut session = Session::new(Arc::clone(&core), peer, outbox.clone(), hello);
            let ended = session.serve(&mut reader, &seated, hello).await;
            // What is on its way to the disk is waited for: the next link begins where this one ended.
            session.drain().await;
            ended
        }
        Err(bye) => Ok(Some(bye)),
    };
    if let Ok(Some(Bye(code))) = ended {
        let _ = outbox.send(Zeroizing::new(ToController::Bye { code: code.into() }.encode()?)).await;
    }
    drop(outbox);
    written.await.unwrap_or(Ok(()))?;
    ended.map(drop)
}

/// What a hello says that the session needs.
#[derive(Debug, Clone, Copy)]
struct Hello {
    config: Option<ConfigRef>,
    next_seq: u64,
    oldest_unacked: u64,
    event_size: u64,
}

/// Who is it, is it that one's key, and does it speak of this site? The outer error: the connection is gone.
async fn greet<R: AsyncRead + Unpin>(
    core: &Arc<Core>,
    certificate: &CertificateDer<'_>,
    reader: &mut Reader<R>,
) -> Result<Result<(Peer, Seated, Hello), Bye>, LinkError> {
    let (id, key) = (ca::claimed(certificate), ca::key_in(certificate));
    let Some((id, key)) = id.zip(key) else {
        core.turn_away(id, "TLS_FOREIGN");
        return Ok(Err(Bye("TLS_FOREIGN")));
    };
    let refuse = |bye: Bye| {
        core.turn_away(Some(id), bye.0);
        Ok(Err(bye))
    };
    if let Err(bye) = standing(core, id, key) {
        return refuse(bye);
    }
    let word = timeout(HELLO_PATIENCE, reader.next(ToHub::decode)).await.map_err(|_| LinkError::Silent)??;
    let hello = match word {
        Some(ToHub::Hello { controller, site, config, next_seq, oldest_unacked, event_size, .. }) => {
            if controller != id {
                return refuse(Bye("CONTROLLER_MISMATCH"));
            }
            if site != core.office.id() {
                return refuse(Bye("SITE_OTHER"));
            }
            Hello { config, next_seq, oldest_unacked, event_size }
        }
        _ => return refuse(Bye("HELLO_MISSING")),
    };
    let seated = core.links.sit(id).await;
    if let Some(config) = hello.config {
        let ours = core.blocking(move |core| core.office.head_at(Log::Config, config.size)).await.flatten();
        if ours.is_none_or(|head| head.root.as_bytes() != &config.root.0) {
            return refuse(Bye("CONFIG_FORKED"));
        }
    }
    // It has cosigned more of the event log than there is: this hub was set back.
    if hello.event_size > *core.sequencer.size().borrow() {
        return refuse(Bye("LOG_SHRUNK"));
    }
    Ok(Ok((Peer { id, key }, seated, hello)))
}

struct Session {
    core: Arc<Core>,
    peer: Peer,
    outbox: Outbox,
    /// Where the chain will be when everything in flight is durable.
    tip: Tip,
    in_flight: VecDeque<oneshot::Receiver<Result<u64, NotAppended>>>,
    push: Push,
}

impl Session {
    fn new(core: Arc<Core>, peer: Peer, outbox: Outbox, hello: Hello) -> Self {
        let tip = core.sequencer.tip(peer.id);
        let push = Push::new(Arc::clone(&core), hello.config.map_or(0, |c| c.size), hello.event_size);
        Self { core, peer, outbox, tip, in_flight: VecDeque::new(), push }
    }

    async fn serve<R: AsyncRead + Unpin>(
        &mut self,
        reader: &mut Reader<R>,
        seated: &Seated,
        hello: Hello,
    ) -> Result<Option<Bye>, LinkError> {
        let id = self.peer.id;
        // What the hub holds and the controller does not, or the other way round: one of them was set back.
        if hello.next_seq < self.tip.count {
            return Ok(Some(self.broken(hello.next_seq).await));
        }
        if hello.oldest_unacked > self.tip.count {
            return Ok(Some(self.broken(hello.oldest_unacked).await));
        }
        self.say(&ToController::Welcome { time: self.core.office.wall(), acked: self.tip.count }).await?;
        if let Err(bye) = self.hand_keys().await? {
            return Ok(Some(bye));
        }
        info!(controller = %id, "controller connected");
        self.core.live.connected(&self.core.office, id, hello.config.map(|c| c.size));
        self.core.sequencer.note(Body::Connected(id)).await;
        let ended = self.talk(reader, seated).await;
        self.core.live.disconnected(&self.core.office, id);
        if !*self.core.closing.borrow() {
            match &ended {
                Ok(bye) => info!(controller = %id, bye = bye.map(|b| b.0), "controller disconnected"),
                Err(error) => warn!(controller = %id, %error, "link lost"),
            }
            self.core.sequencer.note(Body::Disconnected(id)).await;
        }
        ended
    }

    async fn talk<R: AsyncRead + Unpin>(
        &mut self,
        reader: &mut Reader<R>,
        seated: &Seated,
    ) -> Result<Option<Bye>, LinkError> {
        let core = Arc::clone(&self.core);
        let mut config = core.office.config_size();
        let mut cosign = interval(COSIGN_EVERY);
        let mut heard = Instant::now();
        loop {
            let size = *config.borrow_and_update();
            let (behind, room) = (self.push.config_at() < size, self.in_flight.len() < IN_FLIGHT_MAX);
            let outbox = self.outbox.clone();
            tokio::select! {
                word = timeout_at(heard + SILENCE_MAX, reader.next(ToHub::decode)), if room => {
                    let Some(word) = word.map_err(|_| LinkError::Silent)?? else { return Ok(None) };
                    heard = Instant::now();
                    if let Err(bye) = self.hear(word).await? {
                        return Ok(Some(bye));
                    }
                }
                appended = next(&mut self.in_flight), if !self.in_flight.is_empty() => {
                    match appended {
                        Ok(count) => self.say(&ToController::Ack { count }).await?,
                        Err(NotAppended::Moved) => return Ok(Some(Bye("LOG_CHAIN_BREAK"))),
                        Err(NotAppended::Store) => return Ok(Some(Bye("STORE_FAILED"))),
                        Err(NotAppended::Closing) => return Ok(Some(Bye("HUB_CLOSING"))),
                    }
                    // Time spent on waiting for our own disk is not the controller's silence.
                    heard = Instant::now();
                }
                permit = outbox.reserve(), if behind => {
                    let Ok(permit) = permit else { return Ok(None) };
                    let Some(frame) = self.push.entries().await else { return Ok(Some(Bye("STORE_FAILED"))) };
                    permit.send(frame);
                }
                changed = config.changed() => {
                    if changed.is_err() {
                        return Ok(Some(Bye("HUB_CLOSING")));
                    }
                    // A controller that was revoked is cut off here, at once.
                    if let Err(bye) = standing(&core, self.peer.id, self.peer.key) {
                        return Ok(Some(bye));
                    }
                }
                _ = cosign.tick() => {
                    if let Some(frame) = self.push.checkpoint().await {
                        let _ = self.outbox.send(frame).await;
                    }
                }
                () = seated.cut.notified() => return Ok(Some(Bye("LINK_REPLACED"))),
                () = core.closed() => return Ok(Some(Bye("HUB_CLOSING"))),
                () = outbox.closed() => return Ok(None),
            }
        }
    }

    async fn say(&self, message: &ToController) -> Result<(), LinkError> {
        // A closed outbox ends the link where it is read.
        let _ = self.outbox.send(Zeroizing::new(message.encode()?)).await;
        Ok(())
    }

    async fn hand_keys(&self) -> Result<Result<(), Bye>, LinkError> {
        let office = &self.core.office;
        let Ok(Some(source_key)) = office.source_key(self.peer.id) else {
            error!("the key of the current epoch can not be read");
            return Ok(Err(Bye("STORE_FAILED")));
        };
        let keys = Keys {
            card_key: office.keys().card().clone(),
            pin_pepper: office.keys().pepper().clone(),
            epoch: office.keys().epoch(),
            source_key,
        };
        self.say(&ToController::Keys(keys)).await.map(Ok)
    }

    async fn hear(&mut self, word: ToHub) -> Result<Result<(), Bye>, LinkError> {
        let (core, id) = (Arc::clone(&self.core), self.peer.id);
        match word {
            ToHub::Events { first_seq, leaves, head } => {
                return Ok(self.take(first_seq, leaves, head).await);
            }
            ToHub::Applied(config) => core.live.applied(&core.office, id, config.size),
            ToHub::Refused { at, code } => {
                warn!(controller = %id, at, %code, "a controller refuses a change; it keeps its last good state");
            }
            ToHub::Cosignature { log, size, line } => {
                let kept = core.blocking(move |core| crate::push::cosigned(core, id, log, size, &line)).await;
                if !kept.unwrap_or(false) {
                    warn!(controller = %id, size, "a cosignature does not hold, or can not be kept");
                }
            }
            ToHub::Renew => match core.office.certificate(id) {
                Ok(Some(chain)) => self.say(&ToController::Certificate { chain }).await?,
                Ok(None) => return Ok(Err(Bye("CONTROLLER_REVOKED"))),
                Err(error) => error!(controller = %id, %error, "a certificate can not be renewed"),
            },
            ToHub::Ping => {
                core.live.heard(id, core.office.wall());
                self.say(&ToController::Pong { time: core.office.wall() }).await?;
            }
            ToHub::Hello { .. } => return Ok(Err(Bye("HELLO_AGAIN"))),
        }
        Ok(Ok(()))
    }

    /// Events: looked at here, appended by the sequencer, acknowledged when they are durable.
    async fn take(&mut self, first_seq: u64, mut leaves: Vec<Vec<u8>>, head: Vec<u8>) -> Result<(), Bye> {
        let Peer { id, key } = self.peer;
        match check(&self.core.office.id(), id, &key, self.tip, first_seq, &leaves, &head) {
            Ok(Checked::Known) => {
                // Sent twice, kept once: it is acknowledged again, in its turn.
                let (done, answer) = oneshot::channel();
                let _ = done.send(Ok(self.tip.count));
                self.in_flight.push_back(answer);
                Ok(())
            }
            Ok(Checked::Follows { known, after }) => {
                leaves.drain(..known);
                leaves.push(head);
                let answer = self.core.sequencer.events(id, (self.tip, after), leaves).await;
                self.in_flight.push_back(answer);
                self.tip = after;
                Ok(())
            }
            Err(error) => {
                warn!(controller = %id, %error, "a controller's records do not follow on each other");
                Err(self.broken(error.came()).await)
            }
        }
    }

    /// Raises the alarm, once for each break.
    async fn broken(&self, came: u64) -> Bye {
        let (controller, due) = (self.peer.id, self.tip.count);
        if self.core.links.is_news(controller, (due, came)) {
            let _ = self.core.sequencer.record(Body::Gap { controller, due, came }).await;
        }
        Bye("LOG_CHAIN_BREAK")
    }

    async fn drain(&mut self) {
        while !self.in_flight.is_empty() {
            if let Ok(count) = next(&mut self.in_flight).await {
                let _ = self.say(&ToController::Ack { count }).await;
            }
        }
    }
}

/// The oldest batch in flight, when it is decided. Loses nothing when it is dropped half-way.
async fn next(
    in_flight: &mut VecDeque<oneshot::Receiver<Result<u64, NotAppended>>>,
) -> Result<u64, NotAppended> {
    let Some(oldest) = in_flight.front_mut() else { return Err(NotAppended::Closing) };
    let appended = oldest.await.unwrap_or(Err(NotAppended::Closing));
    in_flight.pop_front();
    appended
}
