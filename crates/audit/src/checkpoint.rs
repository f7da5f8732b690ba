//! A log's word on itself: opened under the log's key, with the cosignatures of those whom the site knows.

use crate::events::Writers;
use crate::finding::told;
use crate::{Cosigned, Finding, FindingCode, Log};
use lockward_ledger::{CosignerKey, KeyName, SignedCheckpoint, VerifierKey};
use lockward_model::{ControllerId, Founding, Source};
use lockward_wire::link::cosigner_name;

/// Opens a checkpoint of one of the site's logs.
pub(crate) fn open(founding: &Founding, log: Log, note: &[u8]) -> Result<SignedCheckpoint, Finding> {
    let origin = match log {
        Log::Config => &founding.config_origin,
        Log::Event => &founding.event_origin,
    };
    let unsigned =
        |error: &dyn std::error::Error| Finding::of_log(log, FindingCode::CheckpointSignature, told(error));
    let name: KeyName = origin.parse().map_err(|e| unsigned(&e))?;
    SignedCheckpoint::open(note, &VerifierKey::new(name, founding.log_key.0)).map_err(|e| unsigned(&e))
}

/// Who has cosigned.
pub(crate) struct Cosignatures {
    pub(crate) controllers: Vec<Cosigned>,
    pub(crate) others: usize,
}

/// Checks every cosignature that is in a controller's name, and counts the others.
pub(crate) fn cosignatures(
    signed: &SignedCheckpoint,
    log: Log,
    writers: &Writers,
) -> Result<Cosignatures, Finding> {
    let origin = signed.checkpoint().origin();
    let mut found = Cosignatures { controllers: Vec::new(), others: 0 };
    for signature in signed.note().signatures().iter().filter(|s| s.name() != origin) {
        let invalid = |what: &str| {
            let what = format!("the cosignature of `{}` {what}", signature.name());
            Finding::of_log(log, FindingCode::CosignatureInvalid, what)
        };
        let Some(controller) = controller_of(origin, signature.name()) else {
            found.others += 1;
            continue;
        };
        let known = controller.ok().and_then(|id| Some((id, writers.key(Source::Controller(id))?)));
        let Some((controller, key)) = known else {
            return Err(invalid("is by no controller of the site"));
        };
        let key = CosignerKey::new(signature.name().clone(), key.0);
        if key.id() != signature.id() {
            return Err(invalid("is by another key than the controller's"));
        }
        let time = signed.cosigned(&key).map_err(|_| invalid("does not hold"))?;
        let said = Cosigned { log, controller, size: signed.head().size, time };
        if !found.controllers.contains(&said) {
            found.controllers.push(said);
        }
    }
    Ok(found)
}

/// The controller that a cosigner's name speaks of; `None` if it is not one of a controller of this log at all.
fn controller_of(origin: &KeyName, name: &KeyName) -> Option<Result<ControllerId, ()>> {
    let last = name.as_str().rsplit_once('/')?.1;
    match last.parse() {
        Ok(id) if cosigner_name(origin.as_str(), &id) == name.as_str() => Some(Ok(id)),
        Ok(_) | Err(_) => {
            let ours = format!("{origin}/controller/");
            name.as_str().starts_with(&ours).then_some(Err(()))
        }
    }
}
