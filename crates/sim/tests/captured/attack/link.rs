//! The thief at the hub's address: every controller dials it, and takes it for the hub.

use super::stolen::Stolen;
use core::time::Duration;
use lockward_model::{ControllerId, Nonce, Time};
use lockward_sim::clock::ScaledClock;
use lockward_wire::link::{Frames, Log, ToController, ToHub};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

/// Longer than anything takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
/// How long a link may lie idle here and still be used: a controller hangs up on a hub that has answered no sign of life
/// for 15 s.
const IDLE_MAX: Duration = Duration::from_secs(5);
/// How often a question is asked anew, on another link.
const TRIES: u32 = 5;

#[allow(clippy::disallowed_methods, reason = "a link's age is real time")]
fn now() -> Instant {
    Instant::now()
}

/// A controller's connection, after its first word.
struct Link {
    stream: StreamOwned<ServerConnection, TcpStream>,
    frames: Frames,
    oldest: u64,
    cosigned: u64,
}

/// The port of the hub, in other hands until this is dropped.
pub(crate) struct Taken {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// The thief at one controller.
pub(crate) struct Visitor {
    pub(crate) id: ControllerId,
    pub(crate) stolen: Arc<Stolen>,
    clock: Arc<ScaledClock>,
    links: Receiver<Link>,
    link: Option<Link>,
    /// When the controller was last heard on it.
    heard: Instant,
    /// By how many milliseconds the clock that is shown is wrong.
    pub(crate) lie: i64,
    /// Signs of life are not answered.
    pub(crate) silent: bool,
    question: u32,
}

/// What a controller made of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It did it; it cosigned it.
    Followed,
    /// It said why not.
    Refused(String),
    /// It hung up without a word.
    HungUp,
}

impl Taken {
    /// Listens where the hub did. One visitor for each controller.
    pub(crate) fn new(
        stolen: &Arc<Stolen>,
        address: SocketAddr,
        controllers: &[ControllerId],
        clock: &Arc<ScaledClock>,
    ) -> (Self, Vec<Visitor>) {
        let listener = TcpListener::bind(address).unwrap();
        let (mut queues, mut visitors) = (BTreeMap::new(), Vec::new());
        for id in controllers {
            let (queue, links) = channel();
            queues.insert(*id, queue);
            let (stolen, clock) = (Arc::clone(stolen), Arc::clone(clock));
            visitors.push(Visitor {
                id: *id,
                stolen,
                clock,
                links,
                link: None,
                heard: now(),
                lie: 0,
                silent: false,
                question: 0,
            });
        }
        let (ended, tls) = (Arc::new(AtomicBool::new(false)), stolen.tls());
        let (over, queues) = (Arc::clone(&ended), Arc::new(Mutex::new(queues)));
        let thread = std::thread::spawn(move || {
            while let Ok((socket, _)) = listener.accept() {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                let (tls, queues) = (Arc::clone(&tls), Arc::clone(&queues));
                std::thread::spawn(move || drop(greet(socket, tls, &queues)));
            }
        });
        (Self { address, ended, thread: Some(thread) }, visitors)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn greet(
    socket: TcpStream,
    tls: Arc<ServerConfig>,
    queues: &Mutex<BTreeMap<ControllerId, Sender<Link>>>,
) -> io::Result<()> {
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_nodelay(true)?;
    let connection = ServerConnection::new(tls).map_err(io::Error::other)?;
    let stream = StreamOwned::new(connection, socket);
    let mut link = Link { stream, frames: Frames::default(), oldest: 0, cosigned: 0 };
    if let ToHub::Hello { controller, oldest_unacked, event_size, .. } = link.hear()? {
        (link.oldest, link.cosigned) = (oldest_unacked, event_size);
        if let Some(queue) = queues.lock().unwrap().get(&controller) {
            let _ = queue.send(link);
        }
    }
    Ok(())
}

impl Link {
    fn say(&mut self, message: &ToController) -> io::Result<()> {
        self.stream.write_all(&message.encode().map_err(io::Error::other)?)?;
        self.stream.flush()
    }

    fn hear(&mut self) -> io::Result<ToHub> {
        loop {
            if let Some(frame) = self.frames.next_frame().map_err(io::Error::other)? {
                return ToHub::decode(frame).map_err(io::Error::other);
            }
            let mut bytes = [0; 16_384];
            let count = self.stream.read(&mut bytes)?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.frames.push(&bytes[..count]);
        }
    }
}

impl Visitor {
    /// What the site's clock says.
    pub(crate) fn now(&self) -> Time {
        self.clock.read().wall
    }

    /// What the thief says that it says.
    fn told(&self) -> Time {
        Time(self.now().0 + self.lie)
    }

    /// Lets the link go.
    pub(crate) fn hang_up(&mut self) {
        self.link = None;
    }

    /// Waits for the controller's next call, and says nothing to it. Calls that it has given up meanwhile are left out.
    pub(crate) fn await_call(&mut self) {
        let mut link = self.links.recv_timeout(PATIENCE).expect("the controller dials again");
        while let Ok(newer) = self.links.try_recv() {
            link = newer;
        }
        self.link = Some(link);
        self.heard = now();
    }

    /// The link, and on a new one what a hub says first. Nothing is acknowledged. One that lay idle is left for a new one.
    fn link(&mut self) -> &mut Link {
        if self.heard.elapsed() > IDLE_MAX {
            self.hang_up();
        }
        if self.link.is_none() {
            self.await_call();
            let acked = self.link.as_ref().map_or(0, |link| link.oldest);
            self.say(&ToController::Welcome { time: self.told(), acked });
            self.say(&ToController::Keys(self.stolen.keys(self.id)));
            // The log as it is: what is withheld is withheld, and the word is fresh.
            self.say(&self.stolen.log_as_it_is());
            if self.link.is_none() {
                return self.link();
            }
        }
        self.link.as_mut().unwrap()
    }

    /// The size of the event log that the controller has cosigned.
    pub(crate) fn cosigned(&mut self) -> u64 {
        self.link().cosigned
    }

    /// Says something on the link that stands; false if it stands no longer.
    pub(crate) fn say(&mut self, message: &ToController) -> bool {
        let said = self.link.as_mut().is_some_and(|link| link.say(message).is_ok());
        if !said {
            self.link = None;
        }
        said
    }

    /// Says something, on a new link if there is none.
    pub(crate) fn tell(&mut self, message: &ToController) {
        self.link();
        self.say(message);
    }

    /// The next word that is no sign of life; those are answered, with the time as the thief tells it.
    fn hear(&mut self) -> Option<ToHub> {
        loop {
            match self.link.as_mut()?.hear() {
                Ok(ToHub::Ping) if self.silent => {}
                Ok(ToHub::Ping) => {
                    self.heard = now();
                    let time = self.told();
                    self.say(&ToController::Pong { time });
                }
                Ok(word) => {
                    self.heard = now();
                    return Some(word);
                }
                Err(_) => self.link = None,
            }
        }
    }

    /// A number for an order, if the controller gives one.
    pub(crate) fn nonce(&mut self) -> Option<Nonce> {
        for _ in 0..TRIES {
            self.link();
            if let Some(given) = self.nonce_here() {
                return given;
            }
        }
        panic!("{} answers no question", self.id);
    }

    /// The same, on the link that stands.
    pub(crate) fn nonce_here(&mut self) -> Option<Option<Nonce>> {
        self.question += 1;
        let asked = self.question;
        self.say(&ToController::WantNonce { question: asked });
        loop {
            match self.hear()? {
                ToHub::Nonce { question, nonce } if question == asked => return Some(nonce),
                _ => {}
            }
        }
    }

    /// Hands an order over.
    pub(crate) fn hand(&mut self, envelope: Vec<u8>) -> Answer {
        self.link();
        self.hand_here(envelope)
    }

    /// The same, on the link that stands.
    pub(crate) fn hand_here(&mut self, envelope: Vec<u8>) -> Answer {
        self.question += 1;
        let asked = self.question;
        self.say(&ToController::Order { question: asked, envelope });
        loop {
            match self.hear() {
                None => return Answer::HungUp,
                Some(ToHub::Ordered { question, refused }) if question == asked => {
                    return refused.map_or(Answer::Followed, |code| Answer::Refused(code.into()));
                }
                Some(_) => {}
            }
        }
    }

    /// Shows a log, or a checkpoint of one; what the controller says of that log.
    pub(crate) fn show(&mut self, message: &ToController, log: Log) -> Answer {
        self.starts_anew();
        self.say(message);
        loop {
            match self.hear() {
                None => return Answer::HungUp,
                Some(ToHub::Cosignature { log: of, .. }) if of == log => return Answer::Followed,
                Some(ToHub::Refused { code, .. }) => return Answer::Refused(code.into()),
                Some(_) => {}
            }
        }
    }

    /// A link on which nothing is still to be heard that could be taken for an answer.
    pub(crate) fn starts_anew(&mut self) {
        self.hang_up();
        while !self.has_followed() {}
    }

    /// Waits, on a link that is new, until the controller has cosigned the log as it is; false if the link was lost.
    fn has_followed(&mut self) -> bool {
        self.link();
        loop {
            match self.hear() {
                None => return false,
                Some(ToHub::Cosignature { log: Log::Config, .. }) => return true,
                Some(_) => {}
            }
        }
    }

    /// Waits until the controller has answered everything that was said: its own question comes back.
    pub(crate) fn is_through(&mut self) -> bool {
        self.nonce_here().is_some()
    }
}
