//! A controller's first word: who it is, whether that is its key, and whether it speaks of this very site.

use crate::ca;
use crate::core::Core;
use crate::frames::{LinkError, Reader};
use crate::links::Seated;
use core::time::Duration;
use lockward_model::{ConfigRef, ControllerId, LinkRefusal, PublicKey};
use lockward_store::Log;
use lockward_wire::link::ToHub;
use rustls::pki_types::CertificateDer;
use std::sync::Arc;
use tokio::io::AsyncRead;
use tokio::time::timeout;

/// The first word must come this soon.
const HELLO_PATIENCE: Duration = Duration::from_secs(10);

/// Who is at the other end, as its certificate and the configuration say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer {
    pub(crate) id: ControllerId,
    pub(crate) key: PublicKey,
}

/// The controller's place in the configuration; what is wrong with it, if anything is.
pub(crate) fn standing(core: &Core, id: ControllerId, key: PublicKey) -> Result<(), LinkRefusal> {
    match core.office.site().controller(id) {
        None => Err(LinkRefusal::UnknownController),
        Some(c) if c.revoked => Err(LinkRefusal::RevokedController),
        Some(c) if c.key != Some(key) => Err(LinkRefusal::OtherKey),
        Some(_) => Ok(()),
    }
}

/// What a hello says that the session needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hello {
    pub(crate) config: Option<ConfigRef>,
    pub(crate) next_seq: u64,
    pub(crate) oldest_unacked: u64,
    pub(crate) event_size: u64,
}

/// Who is it, is it that one's key, and does it speak of this site? The outer error: the connection is gone.
pub(crate) async fn greet<R: AsyncRead + Unpin>(
    core: &Arc<Core>,
    certificate: &CertificateDer<'_>,
    reader: &mut Reader<R>,
) -> Result<Result<(Peer, Seated, Hello), LinkRefusal>, LinkError> {
    let (id, key) = (ca::claimed(certificate), ca::key_in(certificate));
    let Some((id, key)) = id.zip(key) else {
        core.turn_away(id, LinkRefusal::Foreign);
        return Ok(Err(LinkRefusal::Foreign));
    };
    let refuse = |bye: LinkRefusal| {
        core.turn_away(Some(id), bye);
        Ok(Err(bye))
    };
    if let Err(bye) = standing(core, id, key) {
        return refuse(bye);
    }
    let word = timeout(HELLO_PATIENCE, reader.next(ToHub::decode)).await.map_err(|_| LinkError::Silent)??;
    let hello = match word {
        Some(ToHub::Hello { controller, site, config, next_seq, oldest_unacked, event_size, .. }) => {
            if controller != id {
                return refuse(LinkRefusal::OtherController);
            }
            if site != core.office.id() {
                return refuse(LinkRefusal::OtherSite);
            }
            Hello { config, next_seq, oldest_unacked, event_size }
        }
        Some(_) => return refuse(LinkRefusal::NoHello),
        // It hung up: nobody turned it away.
        None => return Err(LinkError::Silent),
    };
    let seated = core.links.sit(id).await;
    if let Some(config) = hello.config {
        let ours = core.blocking(move |core| core.office.head_at(Log::Config, config.size)).await.flatten();
        if ours.is_none_or(|head| head.root.as_bytes() != &config.root.0) {
            return refuse(LinkRefusal::ConfigForked);
        }
    }
    // It has cosigned more of the event log than there is: this hub was set back.
    if hello.event_size > *core.sequencer.size().borrow() {
        return refuse(LinkRefusal::LogShrunk);
    }
    Ok(Ok((Peer { id, key }, seated, hello)))
}
