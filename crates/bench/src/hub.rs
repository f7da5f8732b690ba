//! A hub on this machine, as an operator founds and starts it, and a controller's side of its link.

use crate::dice::Dice;
use crate::rounds::Failed;
use crate::world::{NOON, public};
use aws_lc_rs::signature::Ed25519KeyPair;
use core::time::Duration;
use lockward_hub::{FoundingRequest, Hub, HubConfig, Running, SystemClock, found};
use lockward_ledger::leaf_hash;
use lockward_model::{
    Access, Body, Change, ChangeSet, ConfigRef, ControllerId, Digest, DoorId, Epoch, Event, Factors, Known,
    Operator, Outcome, PinFact, Side, SiteId, SiteZone, Source, Time,
};
use lockward_wire::config::{Envelope, PayloadType, encode_changes};
use lockward_wire::event::{ChainHead, seal};
use lockward_wire::link::{
    ALPN_ENROLL, ALPN_LINK, EnrollReply, EnrollRequest, Frames, Keys, ToController, ToHub,
};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// What one read of a link takes: a frame of a batch's acknowledgement many times over.
const READ_BYTES: usize = 16 * 1024;
/// What the hub is called in its own certificate.
pub(crate) const HUB_NAME: &str = "hub.lockward.internal";

fn pair(seed: u64) -> Result<Ed25519KeyPair, Failed> {
    Ok(Ed25519KeyPair::from_seed_unchecked(&Dice::new(seed).bytes::<32>()).map_err(|_| "no key")?)
}

/// Founds a site in a new folder.
pub(crate) fn lay(dir: &Path) -> Result<SiteId, Failed> {
    let operator =
        Operator::with_key("owner".parse()?, "Owner".parse()?, public(&pair(1)?)?, vec!["owner".parse()?]);
    let (title, zone) = ("Bench".parse()?, SiteZone::new("UTC")?);
    let request = FoundingRequest { title, zone, operator, master: None };
    Ok(found(dir, request, &pair(1)?, &SystemClock::default())?.site)
}

/// Starts the hub of a folder, on ports that are free.
pub(crate) async fn start(dir: &Path) -> Result<Running, Failed> {
    listening(dir, true).await
}

/// The same without a console on the loopback: browsers speak TLS.
pub(crate) async fn start_for_browsers(dir: &Path) -> Result<Running, Failed> {
    listening(dir, false).await
}

async fn listening(dir: &Path, plain: bool) -> Result<Running, Failed> {
    let any = "127.0.0.1:0".parse()?;
    let config = HubConfig {
        dir: dir.to_owned(),
        master: None,
        listen: any,
        console: plain.then_some(any),
        public: None,
        openid: None,
        solver: None,
        banner: None,
        clock: Arc::new(SystemClock::default()),
    };
    Ok(Hub::start(config).await?)
}

/// Announces a controller.
pub(crate) fn announce(hub: &Running, id: ControllerId) -> Result<(), Failed> {
    change(hub, vec![Change::PutController { id, title: "Bench".parse()? }])
}

/// Makes changes as the owner does whose key lies in a file.
pub(crate) fn change(hub: &Running, changes: Vec<Change>) -> Result<(), Failed> {
    let mut envelope = unsigned(hub, changes)?;
    envelope.sign(&pair(1)?)?;
    hub.office().append_change(&envelope.to_bytes())?;
    Ok(())
}

/// Changes as the next entry of the log, which nobody has signed.
pub(crate) fn unsigned(hub: &Running, changes: Vec<Change>) -> Result<Envelope, Failed> {
    let (site, at) = (hub.office().id(), hub.office().site().size());
    let set = ChangeSet { site, at, drafted: NOON, on_behalf: None, reason: None, changes };
    Ok(Envelope::new(PayloadType::ChangeSet, encode_changes(&set)?)?)
}

/// How to speak TLS with the hub, under the site's own CA. Browsers ask for nothing by `alpn`.
pub(crate) fn tls(
    hub: &Running,
    alpn: Option<&[u8]>,
    identity: Option<(Vec<Vec<u8>>, &Ed25519KeyPair)>,
) -> Result<TlsConnector, Failed> {
    let mut roots = rustls::RootCertStore::empty();
    let ca = hub.office().store().setting("ca")?.ok_or("the hub has no CA")?;
    roots.add(CertificateDer::from(ca))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some((chain, pair)) => {
            let chain = chain.into_iter().map(CertificateDer::from).collect();
            let pkcs8 = pair.to_pkcs8v1().map_err(|_| "no key")?;
            builder.with_client_auth_cert(chain, PrivatePkcs8KeyDer::from(pkcs8.as_ref().to_vec()).into())?
        }
    };
    config.alpn_protocols = alpn.into_iter().map(<[u8]>::to_vec).collect();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// A connection to the hub.
pub(crate) async fn connect(tls: &TlsConnector, hub: SocketAddr) -> Result<TlsStream<TcpStream>, Failed> {
    let stream = TcpStream::connect(hub).await?;
    stream.set_nodelay(true)?;
    Ok(tls.connect(ServerName::try_from(HUB_NAME)?, stream).await?)
}

/// A controller's connection to the hub.
pub(crate) struct Link {
    stream: TlsStream<TcpStream>,
    frames: Frames,
}

impl Link {
    async fn connect(
        hub: &Running,
        alpn: &[u8],
        identity: Option<(Vec<Vec<u8>>, &Ed25519KeyPair)>,
    ) -> Result<Self, Failed> {
        let stream = connect(&tls(hub, Some(alpn), identity)?, hub.addr()).await?;
        Ok(Self { stream, frames: Frames::default() })
    }

    pub(crate) async fn send(&mut self, frame: &[u8]) -> Result<(), Failed> {
        self.stream.write_all(frame).await?;
        Ok(self.stream.flush().await?)
    }

    async fn frame(&mut self) -> Result<Vec<u8>, Failed> {
        let mut buffer = vec![0; READ_BYTES];
        loop {
            if let Some(frame) = self.frames.next_frame()? {
                return Ok(frame.to_vec());
            }
            match self.stream.read(&mut buffer).await? {
                0 => return Err("the hub has ended the link".into()),
                n => self.frames.push(buffer.get(..n).unwrap_or_default()),
            }
        }
    }

    async fn until<T>(&mut self, wanted: impl Fn(ToController) -> Option<T>) -> Result<T, Failed> {
        loop {
            match ToController::decode(&self.frame().await?)? {
                ToController::Bye { code } => return Err(format!("the hub says bye: {code}").into()),
                message => {
                    if let Some(found) = wanted(message) {
                        return Ok(found);
                    }
                }
            }
        }
    }

    /// How many events the hub says that it holds.
    pub(crate) async fn acked(&mut self) -> Result<u64, Failed> {
        self.until(|m| if let ToController::Ack { count } = m { Some(count) } else { None }).await
    }
}

/// A controller that writes a chain of events.
pub(crate) struct Writer {
    pub(crate) id: ControllerId,
    pub(crate) link: Link,
    site: SiteId,
    pair: Ed25519KeyPair,
    keys: Keys,
    dice: Dice,
    pub(crate) seq: u64,
    pub(crate) prev: Digest,
}

impl Writer {
    /// Enrols and links; the controller was announced.
    pub(crate) async fn enrol(hub: &Running, id: ControllerId, seed: u64) -> Result<Self, Failed> {
        let (site, pair) = (hub.office().id(), pair(1_000 + seed)?);
        let code = hub.office().issue_enrolment(id)?;
        let mut link = Link::connect(hub, ALPN_ENROLL, None).await?;
        link.frame().await?;
        let request = EnrollRequest::signed(id, code.secret(), &site, &pair, public(&pair)?);
        link.send(&request.ok_or("no request")?.encode()?).await?;
        let EnrollReply::Accepted { chain } = EnrollReply::decode(&link.frame().await?)? else {
            return Err("the hub does not enrol".into());
        };
        let mut link = Link::connect(hub, ALPN_LINK, Some((chain, &pair))).await?;
        let hello = ToHub::Hello {
            controller: id,
            site,
            version: "bench".into(),
            config: None,
            next_seq: 0,
            oldest_unacked: 0,
            event_size: 0,
            time: NOON,
        };
        link.send(&hello.encode()?).await?;
        let keys = link.until(|m| if let ToController::Keys(keys) = m { Some(keys) } else { None }).await?;
        let dice = Dice::new(seed);
        Ok(Self { id, link, site, pair, keys, dice, seq: 0, prev: Digest([0; 32]) })
    }

    /// The next so many events of the chain, sealed, under a signed head, in their frame; and the count after them.
    pub(crate) fn batch(&mut self, events: usize) -> Result<(u64, Vec<u8>), Failed> {
        let (first_seq, source) = (self.seq, Source::Controller(self.id));
        let mut leaves = Vec::with_capacity(events);
        for _ in 0..events {
            let event = Event {
                source,
                seq: self.seq,
                prev: self.prev,
                time: Time(NOON.0 + i64::try_from(self.seq)?),
                door: Some("d1".parse::<DoorId>()?),
                epoch: Epoch(self.keys.epoch.0),
                body: Body::Access(access()?),
            };
            let leaf = seal(&event, self.dice.bytes(), &self.keys.source_key)?;
            self.prev = Digest(*leaf_hash(&leaf).as_bytes());
            self.seq += 1;
            leaves.push(leaf);
        }
        let head = ChainHead::sign(&self.site, source, self.seq, self.prev, &self.pair);
        Ok((self.seq, ToHub::Events { first_seq, leaves, head }.encode()?))
    }
}

/// A granted access, as most events are.
pub(crate) fn access() -> Result<Access, Failed> {
    Ok(Access {
        side: Side::Entry,
        token: Some(lockward_model::CardToken([7; 16])),
        person: Some("p7".parse()?),
        factors: Factors::CARD,
        pin: PinFact::NotAsked,
        keypad: true,
        config: Some(ConfigRef { size: 900, root: Digest([1; 32]) }),
        config_age: Duration::ZERO,
        known: Known::default(),
        outcome: Outcome::Granted { because: vec!["rule/r1".into()] },
    })
}
