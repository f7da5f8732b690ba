//! A controller without doors: it enrols, links, and writes what it is told to.

use crate::rig::{Rig, Turned, key, public};
use aws_lc_rs::signature::Ed25519KeyPair;
use core::time::Duration;
use lockward_hub::Clock;
use lockward_ledger::leaf_hash;
use lockward_model::*;
use lockward_wire::SourceKey;
use lockward_wire::event::{ChainHead, seal};
use lockward_wire::link::*;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, RootCertStore};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub struct HubTime(pub Arc<Turned>);

impl core::fmt::Debug for HubTime {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("HubTime")
    }
}

impl rustls::time_provider::TimeProvider for HubTime {
    fn current_time(&self) -> Option<UnixTime> {
        let ms = self.0.now().wall.0 as u64;
        Some(UnixTime::since_unix_epoch(Duration::from_millis(ms)))
    }
}

pub struct Device {
    pub id: ControllerId,
    pub pair: Ed25519KeyPair,
    pub chain: Vec<Vec<u8>>,
    pub site: SiteId,
    ca: Vec<u8>,
    addr: SocketAddr,
    clock: Arc<Turned>,
}

/// Someone with a TLS connection to the hub, who speaks frames.
pub struct Wire {
    stream: TlsStream<TcpStream>,
    frames: Frames,
}

impl Wire {
    pub async fn connect(
        addr: SocketAddr,
        clock: &Arc<Turned>,
        ca: &[u8],
        alpn: &[u8],
        identity: Option<(&[Vec<u8>], &Ed25519KeyPair)>,
    ) -> std::io::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(ca.to_vec())).unwrap();
        let time = Arc::new(HubTime(Arc::clone(clock)));
        let builder = ClientConfig::builder_with_details(Arc::new(default_provider()), time)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match identity {
            None => builder.with_no_client_auth(),
            Some((chain, pair)) => {
                let chain = chain.iter().cloned().map(CertificateDer::from).collect();
                let pkcs8 = pair.to_pkcs8v1().unwrap();
                let pkcs8 = PrivatePkcs8KeyDer::from(pkcs8.as_ref().to_vec());
                builder.with_client_auth_cert(chain, pkcs8.into()).unwrap()
            }
        };
        config.alpn_protocols = vec![alpn.to_vec()];
        let stream = TcpStream::connect(addr).await?;
        let name = ServerName::try_from("hub.lockward.internal").unwrap();
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
        Ok(Self { stream, frames: Frames::default() })
    }

    pub async fn send(&mut self, frame: Vec<u8>) -> std::io::Result<()> {
        self.stream.write_all(&frame).await?;
        self.stream.flush().await
    }

    /// The next frame; `None` when the hub has ended the connection.
    pub async fn frame(&mut self) -> Option<Vec<u8>> {
        self.frame_within(Duration::from_secs(10)).await
    }

    /// For a hub that waits for its own disk.
    pub async fn patient(&mut self) -> Option<ToController> {
        Some(ToController::decode(&self.frame_within(Duration::from_secs(30)).await?).unwrap())
    }

    async fn frame_within(&mut self, patience: Duration) -> Option<Vec<u8>> {
        let mut buffer = vec![0; 16_384];
        loop {
            if let Some(frame) = self.frames.next_frame().unwrap() {
                return Some(frame.to_vec());
            }
            let read = tokio::time::timeout(patience, self.stream.read(&mut buffer));
            match read.await.expect("the hub says nothing") {
                Ok(0) | Err(_) => return None,
                Ok(n) => self.frames.push(&buffer[..n]),
            }
        }
    }

    /// Everything until the hub ends the connection.
    pub async fn rest(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        let _ =
            tokio::time::timeout(Duration::from_secs(10), self.stream.read_to_end(&mut all)).await.unwrap();
        all
    }

    pub async fn say(&mut self, message: &ToHub) {
        let _ = self.send(message.encode().unwrap()).await;
    }

    pub async fn hear(&mut self) -> Option<ToController> {
        Some(ToController::decode(&self.frame().await?).unwrap())
    }

    /// The first message that `wanted` takes; what comes before it is left out.
    pub async fn until<T>(&mut self, wanted: impl Fn(ToController) -> Option<T>) -> T {
        loop {
            let message = self.hear().await.expect("the hub ended the link");
            if let ToController::Bye { code } = &message
                && wanted(message.clone()).is_none()
            {
                panic!("bye: {code}");
            }
            if let Some(found) = wanted(message) {
                return found;
            }
        }
    }

    pub async fn bye(&mut self) -> String {
        loop {
            match self.hear().await {
                Some(ToController::Bye { code }) => return code.into(),
                Some(_) => {}
                None => return "no bye".into(),
            }
        }
    }

    /// The next facts of the rest of the site, and whether they are told anew.
    pub async fn elsewhere(&mut self) -> (bool, Vec<Elsewhere>) {
        self.until(|m| match m {
            ToController::Elsewhere { anew, facts } => Some((anew, facts)),
            _ => None,
        })
        .await
    }

    /// Facts until one of them is `last`.
    pub async fn facts_until(&mut self, last: impl Fn(&Elsewhere) -> bool) -> Vec<Elsewhere> {
        let mut all = Vec::new();
        while !all.iter().any(&last) {
            all.extend(self.elsewhere().await.1);
        }
        all
    }

    pub async fn acked(&mut self) -> u64 {
        self.until(|m| if let ToController::Ack { count } = m { Some(count) } else { None }).await
    }
}

/// What a link begins with.
pub struct Linked {
    pub wire: Wire,
    pub acked: u64,
    pub keys: Keys,
}

impl Device {
    pub fn code(rig: &Rig, id: &str) -> EnrollCode {
        rig.hub().office().issue_enrolment(id.parse().unwrap()).unwrap()
    }

    pub async fn ask(rig: &Rig, id: &str, code: &EnrollCode, pair: &Ed25519KeyPair) -> EnrollReply {
        let (mut wire, _) = Self::offered(rig, code).await;
        let key = public(pair);
        let request =
            EnrollRequest::signed(id.parse().unwrap(), code.secret(), &rig.site, pair, key).unwrap();
        wire.send(request.encode().unwrap()).await.unwrap();
        EnrollReply::decode(&wire.frame().await.unwrap()).unwrap()
    }

    pub async fn offered(rig: &Rig, code: &EnrollCode) -> (Wire, EnrollOffer) {
        let ca = ca(rig);
        let mut wire = Wire::connect(rig.hub().addr(), &rig.clock, &ca, ALPN_ENROLL, None).await.unwrap();
        let offer = EnrollOffer::decode(&wire.frame().await.unwrap()).unwrap();
        assert!(code.names(&SiteId(*leaf_hash(&offer.founding).as_bytes())));
        assert_eq!(offer.ca, ca);
        (wire, offer)
    }

    pub async fn enrolled(rig: &Rig, id: &str, seed: u8) -> Self {
        let (code, pair) = (Self::code(rig, id), key(seed));
        let EnrollReply::Accepted { chain } = Self::ask(rig, id, &code, &pair).await else {
            panic!("refused")
        };
        let (id, clock) = (id.parse().unwrap(), Arc::clone(&rig.clock));
        Self { id, pair, chain, site: rig.site, ca: ca(rig), addr: rig.hub().addr(), clock }
    }

    pub async fn wire(&self) -> std::io::Result<Wire> {
        let identity = Some((self.chain.as_slice(), &self.pair));
        Wire::connect(self.addr, &self.clock, &self.ca, ALPN_LINK, identity).await
    }

    pub fn hello(&self, next_seq: u64) -> ToHub {
        ToHub::Hello {
            controller: self.id,
            site: self.site,
            version: "0.1.0".into(),
            config: None,
            next_seq,
            oldest_unacked: 0,
            event_size: 0,
            time: Time(0),
        }
    }

    pub async fn link(&self, next_seq: u64) -> Linked {
        let mut wire = self.wire().await.unwrap();
        wire.say(&self.hello(next_seq)).await;
        let acked = wire
            .until(|m| if let ToController::Welcome { acked, .. } = m { Some(acked) } else { None })
            .await;
        let keys = wire.until(|m| if let ToController::Keys(keys) = m { Some(keys) } else { None }).await;
        Linked { wire, acked, keys }
    }

    pub fn moved(&mut self, rig: &Rig) {
        self.addr = rig.hub().addr();
    }
}

fn ca(rig: &Rig) -> Vec<u8> {
    rig.hub().office().store().setting("ca").unwrap().unwrap()
}

/// A controller's chain of events.
#[derive(Clone)]
pub struct Chain {
    pub source: ControllerId,
    pub seq: u64,
    pub prev: Digest,
    pub key: SourceKey,
    /// Of the next event.
    pub time: Time,
}

impl Chain {
    pub fn new(source: ControllerId, key: SourceKey) -> Self {
        Self { source, seq: 0, prev: Digest([0; 32]), key, time: Time(1_800_000_000_000) }
    }

    pub fn add(&mut self, door: &str, body: Body) -> Vec<u8> {
        let event = Event {
            source: Source::Controller(self.source),
            seq: self.seq,
            prev: self.prev,
            time: self.time,
            door: Some(door.parse().unwrap()),
            epoch: Epoch(0),
            body,
        };
        let mut nonce = [0; 12];
        nonce[..8].copy_from_slice(&self.seq.to_be_bytes());
        let leaf = seal(&event, nonce, &self.key).unwrap();
        self.seq += 1;
        self.time.0 += 1;
        self.prev = Digest(*leaf_hash(&leaf).as_bytes());
        leaf
    }

    pub fn some(&mut self, n: usize) -> Vec<Vec<u8>> {
        (0..n).map(|_| self.add("door-1", Body::DoorOpened(Opening::Exit))).collect()
    }

    pub fn head(&self, device: &Device) -> Vec<u8> {
        let source = Source::Controller(self.source);
        ChainHead::sign(&device.site, source, self.seq, self.prev, &device.pair)
    }

    /// What happened, ready to be sent.
    pub fn told(&mut self, device: &Device, what: Vec<(&str, Body)>) -> ToHub {
        let first_seq = self.seq;
        let leaves = what.into_iter().map(|(door, body)| self.add(door, body)).collect();
        ToHub::Events { first_seq, leaves, head: self.head(device) }
    }

    /// The next so many events, ready to be sent.
    pub fn batch(&mut self, device: &Device, n: usize) -> ToHub {
        let (first_seq, leaves) = (self.seq, self.some(n));
        ToHub::Events { first_seq, leaves, head: self.head(device) }
    }
}
