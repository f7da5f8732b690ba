//! How a new device is given its identity, and how a known one that was away too long gets a certificate again.
//!
//! 1. The hub's offer: the founding and the CA, by which the device knows the hub of its code.
//! 2. The device's request: its name, its key, a signature by that key, and the one-time secret.
//! 3. The secret is taken out of the books (one transaction: it serves once), the key goes into the config log, and a
//!    certificate goes back. A device whose very key is bound already needs no secret: the signature is proof enough,
//!    and all that it gets is a certificate that is of no use without the key.
//!
//! A stranger is told one code, whatever was wrong with name or secret.

use crate::core::Core;
use crate::frames::{LinkError, Reader, writer};
use crate::logs::sha256;
use core::time::Duration;
use lockward_model::{Body, Change, LinkRefusal};
use lockward_wire::link::{EnrollOffer, EnrollReply, EnrollRequest};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tracing::{error, info};
use zeroize::Zeroizing;

/// The device answers by itself: no person stands between offer and request.
const PATIENCE: Duration = Duration::from_secs(20);

type Chain = Vec<Vec<u8>>;

pub(crate) async fn run<S>(core: Arc<Core>, stream: S) -> Result<(), LinkError>
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (read, write) = tokio::io::split(stream);
    let (mut reader, (outbox, written)) = (Reader::new(read), writer(write));
    let office = &core.office;
    let offer = EnrollOffer { founding: office.founding_entry().to_vec(), ca: office.ca().to_vec() };
    let _ = outbox.send(Zeroizing::new(offer.encode()?)).await;
    let request =
        timeout(PATIENCE, reader.next(EnrollRequest::decode)).await.map_err(|_| LinkError::Silent)??;
    let Some(request) = request else { return Ok(()) };
    let controller = request.controller;

    let reply = match admit(&core, request).await {
        Ok(chain) => EnrollReply::Accepted { chain },
        Err(code) => {
            core.turn_away(Some(controller), code);
            EnrollReply::Refused { code: code.into() }
        }
    };
    let _ = outbox.send(Zeroizing::new(reply.encode()?)).await;
    drop(outbox);
    written.await.unwrap_or(Ok(()))?;
    Ok(())
}

async fn admit(core: &Arc<Core>, request: EnrollRequest) -> Result<Chain, &'static str> {
    let (controller, key) = (request.controller, request.key);
    if !request.proves_key(&core.office.id()) {
        return Err(LinkRefusal::NoProof.as_str());
    }
    let known = core.office.site().controller(controller).cloned();
    let known = known.filter(|known| !known.revoked).ok_or(LinkRefusal::Secret)?;
    match known.key {
        Some(bound) if bound == key => {}
        Some(_) => return Err(LinkRefusal::Secret.as_str()),
        None => {
            let bound = core.blocking(move |core| bind(core, &request)).await;
            bound.unwrap_or(Err(LinkRefusal::StoreFailed.as_str()))?;
            info!(%controller, "controller enrolled");
            core.sequencer
                .record(Body::Enrolled { controller, key })
                .await
                .map_err(|_| LinkRefusal::StoreFailed)?;
        }
    }
    core.office.certificate(controller).ok().flatten().ok_or(LinkRefusal::Secret.as_str())
}

fn bind(core: &Core, request: &EnrollRequest) -> Result<(), &'static str> {
    let office = &core.office;
    let (controller, secret) = (request.controller, sha256(request.secret.as_bytes()));
    let taken = office.store().take_enrolment(controller, secret, office.wall());
    if !taken.map_err(|_| LinkRefusal::StoreFailed)? {
        return Err(LinkRefusal::Secret.as_str());
    }
    let change = Change::BindController { id: controller, key: request.key };
    office.append_own(None, &[change]).map(drop).map_err(|error| {
        error!(%controller, %error, "an enrolled key could not be bound; make a new code");
        error.code()
    })
}
