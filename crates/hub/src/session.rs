//! One controller's link, from its first word to its end.
//!
//! What comes in is checked here, in as many tasks as there are controllers, and handed to the sequencer; what goes
//! out is written by a task of its own. So a controller that sends and one that is sent to never wait for each other.

use crate::airlocks::Claim;
use crate::chain::{Checked, Tip, check};
use crate::core::Core;
use crate::frames::{LinkError, Outbox, Reader, writer};
use crate::greet::{Hello, Peer, greet, standing};
use crate::links::Seated;
use crate::orders::Asked;
use crate::push::Push;
use crate::sequencer::NotAppended;
use core::time::Duration;
use lockward_model::{Body, LinkRefusal};
use lockward_wire::link::{Keys, ToController, ToHub};
use rustls::pki_types::CertificateDer;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout, timeout_at};
use tracing::{error, info, warn};
use zeroize::Zeroizing;

/// A controller pings every 5 s; after six that did not come it is gone, whatever TCP believes.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// Batches of one controller on their way to the disk: as many as a controller keeps in flight.
const IN_FLIGHT_MAX: usize = 4;
/// What a controller has to read the hub's last word in.
const FAREWELL: Duration = Duration::from_millis(500);
/// How often a controller is asked to cosign the event log.
const COSIGN_EVERY: Duration = Duration::from_secs(60);

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
    if let Ok(Some(refusal)) = ended {
        let bye = ToController::Bye { code: refusal.as_str().into() };
        let _ = outbox.send(Zeroizing::new(bye.encode()?)).await;
    }
    drop(outbox);
    written.await.unwrap_or(Ok(()))?;
    // What the controller has sent meanwhile is read and left out: a socket that is closed with unread bytes takes its
    // last words back (RFC 9293, section 3.10.4).
    let _ = timeout(FAREWELL, async { while let Ok(Some(_)) = reader.next(ToHub::decode).await {} }).await;
    ended.map(drop)
}

struct Session {
    core: Arc<Core>,
    peer: Peer,
    outbox: Outbox,
    /// Where the chain will be when everything in flight is durable.
    tip: Tip,
    in_flight: VecDeque<oneshot::Receiver<Result<u64, NotAppended>>>,
    push: Push,
    /// Orders, and numbers for them, that wait for the controller's answer.
    asked: Asked,
    /// Something may be waiting for it.
    news: bool,
}

impl Session {
    fn new(core: Arc<Core>, peer: Peer, outbox: Outbox, hello: Hello) -> Self {
        let tip = core.sequencer.tip(peer.id);
        let push = Push::new(Arc::clone(&core), hello.config.map_or(0, |c| c.size), hello.event_size);
        Self {
            core,
            peer,
            outbox,
            tip,
            in_flight: VecDeque::new(),
            push,
            asked: Asked::default(),
            news: true,
        }
    }

    async fn serve<R: AsyncRead + Unpin>(
        &mut self,
        reader: &mut Reader<R>,
        seated: &Seated,
        hello: Hello,
    ) -> Result<Option<LinkRefusal>, LinkError> {
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
        let ring = self.core.live.listens(&self.core.office, id, hello.next_seq);
        let ended = self.talk(reader, seated, &ring).await;
        self.core.live.listens_no_more(&self.core.office, id);
        self.core.live.disconnected(&self.core.office, id);
        if !*self.core.closing.borrow() {
            match &ended {
                Ok(bye) => {
                    info!(controller = %id, bye = bye.map(LinkRefusal::as_str), "controller disconnected");
                }
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
        ring: &Notify,
    ) -> Result<Option<LinkRefusal>, LinkError> {
        let core = Arc::clone(&self.core);
        let mut config = core.office.config_size();
        let mut calls = core.orders.listen(self.peer.id);
        let mut cosign = interval(COSIGN_EVERY);
        cosign.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        let mut judged = None;
        loop {
            let size = *config.borrow_and_update();
            // A controller that was revoked is cut off here, at once: whatever woke this loop.
            if judged.replace(size) != Some(size)
                && let Err(bye) = standing(&core, self.peer.id, self.peer.key)
            {
                return Ok(Some(bye));
            }
            let (behind, room) = (self.push.is_behind(size), self.in_flight.len() < IN_FLIGHT_MAX);
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
                        Err(NotAppended::Moved) => return Ok(Some(LinkRefusal::ChainBreak)),
                        Err(NotAppended::Store) => return Ok(Some(LinkRefusal::StoreFailed)),
                        Err(NotAppended::Closing) => return Ok(Some(LinkRefusal::Closing)),
                    }
                    // Time spent on waiting for our own disk is not the controller's silence.
                    heard = Instant::now();
                }
                permit = outbox.reserve(), if behind => {
                    let Ok(permit) = permit else { return Ok(None) };
                    let Some(frame) = self.push.entries().await else { return Ok(Some(LinkRefusal::StoreFailed)) };
                    permit.send(frame);
                }
                permit = outbox.reserve(), if self.news && !behind => {
                    let Ok(permit) = permit else { return Ok(None) };
                    match self.push.elsewhere(self.peer.id).await {
                        Some(frame) => permit.send(frame),
                        None => self.news = false,
                    }
                }
                Some(call) = calls.recv() => {
                    let word = self.asked.ask(call);
                    self.say(&word).await?;
                }
                () = ring.notified(), if !self.news => self.news = true,
                changed = config.changed() => {
                    if changed.is_err() {
                        return Ok(Some(LinkRefusal::Closing));
                    }
                }
                _ = cosign.tick() => {
                    if let Some(frame) = self.push.checkpoint().await {
                        let _ = self.outbox.send(frame).await;
                    }
                }
                () = seated.cut.notified() => return Ok(Some(LinkRefusal::Replaced)),
                () = core.closed() => return Ok(Some(LinkRefusal::Closing)),
                () = outbox.closed() => return Ok(None),
            }
        }
    }

    async fn say(&self, message: &ToController) -> Result<(), LinkError> {
        // A closed outbox ends the link where it is read.
        let _ = self.outbox.send(Zeroizing::new(message.encode()?)).await;
        Ok(())
    }

    async fn hand_keys(&self) -> Result<Result<(), LinkRefusal>, LinkError> {
        let office = &self.core.office;
        let Ok(Some(source_key)) = office.source_key(self.peer.id) else {
            error!("the key of the current epoch can not be read");
            return Ok(Err(LinkRefusal::StoreFailed));
        };
        let keys = Keys {
            card_key: office.keys().card().clone(),
            pin_pepper: office.keys().pepper().clone(),
            epoch: office.keys().epoch(),
            source_key,
        };
        self.say(&ToController::Keys(keys)).await.map(Ok)
    }

    async fn hear(&mut self, word: ToHub) -> Result<Result<(), LinkRefusal>, LinkError> {
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
                Ok(None) => return Ok(Err(LinkRefusal::RevokedController)),
                Err(error) => error!(controller = %id, %error, "a certificate can not be renewed"),
            },
            ToHub::Ping => {
                core.live.heard(id, core.office.wall());
                self.say(&ToController::Pong { time: core.office.wall() }).await?;
            }
            ToHub::Claim { airlock, door, take, number } => {
                let claim = Claim { by: id, airlock, door, number };
                let now = core.office.wall();
                let answer = core.live.whole().claim(&core.office.site(), claim, take, now);
                if let Some(fact) = answer {
                    self.say(&ToController::Elsewhere { anew: false, facts: vec![fact] }).await?;
                }
            }
            ToHub::Nonce { question, nonce } => self.asked.nonce(question, nonce),
            ToHub::Ordered { question, refused } => self.asked.ordered(question, refused),
            ToHub::Hello { .. } => return Ok(Err(LinkRefusal::HelloAgain)),
        }
        Ok(Ok(()))
    }

    /// Events: looked at here, appended by the sequencer, acknowledged when they are durable.
    async fn take(
        &mut self,
        first_seq: u64,
        mut leaves: Vec<Vec<u8>>,
        head: Vec<u8>,
    ) -> Result<(), LinkRefusal> {
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
    async fn broken(&self, came: u64) -> LinkRefusal {
        let (controller, due) = (self.peer.id, self.tip.count);
        if self.core.links.is_news(controller, (due, came)) {
            let _ = self.core.sequencer.record(Body::Gap { controller, due, came }).await;
        }
        LinkRefusal::ChainBreak
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
