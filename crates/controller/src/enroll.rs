//! How a new device becomes a controller of a site: one code, one connection, one identity for good.
//!
//! The code is 32 bytes: a one-time secret of 16, and the first 16 of the site's identity. So the device can tell the
//! site's hub from any other before it says the secret:
//!
//! 1. The hub shows a certificate with its CA, and sends its offer: the founding entry and that CA.
//! 2. The device hashes the founding (its leaf hash begins as the code says) and compares the CA that the handshake was
//!    made under with the one that the founding names.
//! 3. Only now it sends the secret, with its own new key and a signature by it.
//! 4. The hub takes the secret out of its books, writes the key into the config log, and sends a certificate.

use crate::clock::Clock;
use crate::identity::{Identity, IdentityError};
use crate::tls;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use core::time::Duration;
use lockward_ledger::leaf_hash;
use lockward_model::{ControllerId, LinkRefusal, PublicKey, SiteId};
use lockward_site::{Keep, Site};
use lockward_store::{Disk, JournalOpenError, RealDisk};
use lockward_wire::EnrollSecret;
use lockward_wire::link::{EnrollCode, EnrollOffer, EnrollReply, EnrollRequest, Frames};
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use zeroize::Zeroizing;

const PATIENCE: Duration = Duration::from_secs(20);

/// Why a device did not become a controller. It keeps nothing.
#[derive(Debug, thiserror::Error)]
pub enum EnrollError {
    /// It is one already.
    #[error("this folder holds the identity of controller `{0}` already; a device enrols once")]
    Enrolled(ControllerId),
    /// The hub can not be reached.
    #[error("the hub `{hub}` can not be reached")]
    Reach {
        /// Where.
        hub: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The peer is not the hub that the code is of. The secret was not said.
    #[error("`{hub}` is not the hub that made this code; nothing secret was said to it")]
    OtherHub {
        /// Where.
        hub: String,
    },
    /// The hub refuses.
    #[error("the hub refuses [{code}]: {}", meaning(code))]
    Refused {
        /// The stable code.
        code: String,
    },
    /// The hub says something that makes no sense.
    #[error("the hub's answer can not be understood: {0}")]
    Answer(String),
    /// The identity can not be kept.
    #[error("the identity can not be kept")]
    Keep(#[from] IdentityError),
    /// The config log can not be kept.
    #[error("the config log can not be kept")]
    Journal(#[from] JournalOpenError),
    /// No key can be made.
    #[error("this machine can not make a key")]
    Key,
}

fn meaning(code: &str) -> &'static str {
    if code == LinkRefusal::Secret.as_str() {
        "the code is wrong, was used already, or is too old; make a new one with `lockward enroll`"
    } else {
        "see the hub's event log"
    }
}

/// Enrols. When it returns, `dir` holds an identity and the first entry of the config log.
///
/// # Errors
/// [`EnrollError`].
pub fn enroll(
    hub: &str,
    controller: ControllerId,
    code: &EnrollCode,
    dir: &Path,
    clock: &Arc<dyn Clock>,
) -> Result<SiteId, EnrollError> {
    if let Ok(known) = Identity::read(RealDisk, dir) {
        return Err(EnrollError::Enrolled(known.controller));
    }
    let reach = |source| EnrollError::Reach { hub: hub.into(), source };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(reach)?;
    let talk = async { tokio::time::timeout(PATIENCE, talk(hub, controller, code, clock)).await };
    let (identity, founding) = runtime.block_on(talk).map_err(|e| reach(e.into()))??;
    RealDisk.make_dir(dir).map_err(|source| JournalOpenError::Io {
        doing: "make",
        path: dir.into(),
        source,
    })?;
    // The founding first: an identity without it would not start.
    crate::memory::found(RealDisk, dir, &founding).map_err(|e| EnrollError::Answer(e.to_string()))?;
    identity.write(RealDisk, dir)?;
    Ok(identity.site)
}

async fn talk(
    hub: &str,
    controller: ControllerId,
    code: &EnrollCode,
    clock: &Arc<dyn Clock>,
) -> Result<(Identity, Vec<u8>), EnrollError> {
    let mut desk = Desk::at(hub, clock).await?;
    let id = SiteId(*leaf_hash(&desk.offer.founding).as_bytes());
    let other = || EnrollError::OtherHub { hub: hub.into() };
    if !code.names(&id) {
        return Err(other());
    }
    let site = Site::found(&desk.offer.founding, id, Keep::Decisions).map_err(|_| other())?;
    let named = site.founding().ca_digest;
    if digest(&SHA256, &desk.offer.ca).as_ref() != named.0.as_slice() {
        return Err(other());
    }
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new())
        .map_err(|_| EnrollError::Key)?;
    let key = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).map_err(|_| EnrollError::Key)?;
    let chain = desk.ask(controller, code.secret(), &id, &key).await?;
    let pkcs8 = Zeroizing::new(pkcs8.as_ref().to_vec());
    let (ca, founding) = (desk.offer.ca, desk.offer.founding);
    Ok((Identity { controller, site: id, key, pkcs8, chain, ca }, founding))
}

/// A new certificate for a controller that was away for longer than its old one lasts. Its bound key is proof enough.
///
/// # Errors
/// [`EnrollError`].
pub(crate) async fn renew(
    hub: &str,
    identity: &Identity,
    clock: &Arc<dyn Clock>,
) -> Result<Vec<Vec<u8>>, EnrollError> {
    let mut desk = Desk::at(hub, clock).await?;
    if desk.offer.ca != identity.ca {
        return Err(EnrollError::OtherHub { hub: hub.into() });
    }
    // No secret is asked of a key that is bound already.
    let none = EnrollSecret::from_bytes(crate::dice::bytes());
    desk.ask(identity.controller, &none, &identity.site, &identity.key).await
}

/// A connection for enrolment, after the hub's offer, made under the CA that the offer names.
struct Desk {
    hub: String,
    stream: TlsStream<TcpStream>,
    frames: Frames,
    offer: EnrollOffer,
}

impl Desk {
    async fn at(hub: &str, clock: &Arc<dyn Clock>) -> Result<Self, EnrollError> {
        let reach = |source| EnrollError::Reach { hub: hub.into(), source };
        let config = tls::enrolment(clock).map_err(|e| reach(std::io::Error::other(e)))?;
        let name = tls::hub_name().map_err(|e| reach(std::io::Error::other(e)))?;
        let stream = TcpStream::connect(hub).await.map_err(reach)?;
        let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.map_err(reach)?;
        let mut frames = Frames::default();
        let frame = read(&mut stream, &mut frames).await.map_err(reach)?;
        let offer = EnrollOffer::decode(&frame).map_err(|e| EnrollError::Answer(e.to_string()))?;
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::last);
        if shown.map(AsRef::as_ref) != Some(offer.ca.as_slice()) {
            return Err(EnrollError::OtherHub { hub: hub.into() });
        }
        Ok(Self { hub: hub.into(), stream, frames, offer })
    }

    async fn ask(
        &mut self,
        controller: ControllerId,
        secret: &EnrollSecret,
        site: &SiteId,
        key: &Ed25519KeyPair,
    ) -> Result<Vec<Vec<u8>>, EnrollError> {
        let reach = |source| EnrollError::Reach { hub: self.hub.clone(), source };
        let answer = |e: &dyn std::fmt::Display| EnrollError::Answer(e.to_string());
        let public = PublicKey(key.public_key().as_ref().try_into().map_err(|_| EnrollError::Key)?);
        let request = EnrollRequest::signed(controller, secret, site, key, public).ok_or(EnrollError::Key)?;
        let bytes = Zeroizing::new(request.encode().map_err(|e| answer(&e))?);
        self.stream.write_all(&bytes).await.map_err(reach)?;
        self.stream.flush().await.map_err(reach)?;
        let frame = read(&mut self.stream, &mut self.frames).await.map_err(reach)?;
        match EnrollReply::decode(&frame).map_err(|e| answer(&e))? {
            EnrollReply::Refused { code } => Err(EnrollError::Refused { code: code.into() }),
            EnrollReply::Accepted { chain } => Ok(chain),
        }
    }
}

async fn read(
    stream: &mut (impl tokio::io::AsyncRead + Unpin),
    frames: &mut Frames,
) -> std::io::Result<Vec<u8>> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        if let Some(frame) = frames.next_frame().map_err(std::io::Error::other)? {
            return Ok(frame.to_vec());
        }
        let n = stream.read(&mut buffer).await?;
        if n == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        frames.push(buffer.get(..n).unwrap_or_default());
    }
}
