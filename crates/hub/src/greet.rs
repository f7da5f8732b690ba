//! A controller's first word: who it is, whether that is its key, and whether it speaks of this very site.

use crate::ca;
use crate::core::Core;
use crate::frames::{LinkError, Reader};
use crate::links::Seated;
use core::time::Duration;
use lockward_model::{ConfigRef, ControllerId, PublicKey};
use lockward_store::Log;
use lockward_wire::link::ToHub;
use rustls::pki_types::CertificateDer;
use std::sync::Arc;
use tokio::io::AsyncRead;
use tokio::time::timeout;

/// The first word must come this soon.
const HELLO_PATIENCE: Duration = Duration::from_secs(10);

/// Why the hub ends a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bye(pub(crate) &'static str);

/// Who is at the other end, as its certificate and the configuration say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer {
    pub(crate) id: ControllerId,
    pub(crate) key: PublicKey,
}

/// The controller's place in the configuration; what is wrong with it, if anything is.
pub(crate) fn standing(core: &Core, id: ControllerId, key: PublicKey) -> Result<(), Bye> {
    match core.office.site().controller(id) {
        None => Err(Bye("CONTROLLER_UNKNOWN")),
        Some(c) if c.revoked => Err(Bye("CONTROLLER_REVOKED")),
        Some(c) if c.key != Some(key) => Err(Bye("KEY_NOT_BOUND")),
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
