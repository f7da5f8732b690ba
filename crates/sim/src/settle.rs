//! How the sample site comes to be: founded, then filled by signed change sets, all of it before its folder has a name.

use crate::clock::ScaledClock;
use crate::people::Worker;
use crate::plan::{self, PlanError};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use lockward_controller::dice;
use lockward_hub::{ChangeError, Clock, FoundError, FoundingRequest, Keys, KeysError, Office, OfficeError, found};
use lockward_model::{
    Change, ChangeSet, Credential, Operator, Person, Proof, PublicKey, SiteZone, Text, Validity,
};
use lockward_wire::config::{EncodeError, Envelope, PayloadType, encode_changes};
use lockward_wire::credential::{Pin, hash_pin};
use lockward_wire::seal::PersonAttributes;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why there is no sample site. Nothing is left of it.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// The plan describes something that can not be.
    #[error("the sample site's plan can not be carried out")]
    Plan(#[source] PlanError),
    /// No key can be made.
    #[error("this machine can not make a key")]
    Key,
    /// The folder can not be made.
    #[error("could not make `{path}`")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The site can not be founded.
    #[error(transparent)]
    Found(#[from] FoundError),
    /// It does not open.
    #[error(transparent)]
    Office(#[from] OfficeError),
    /// A person's key can not be made.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// A change set does not fit an entry.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The site refuses a change set.
    #[error(transparent)]
    Change(#[from] ChangeError),
}

impl From<PlanError> for SettleError {
    fn from(error: PlanError) -> Self {
        Self::Plan(error)
    }
}

/// Makes the sample site in `dir`, which must not be there. The operator's key dies with this call: a demonstration
/// needs no second change.
pub(crate) fn settle(dir: &Path, people: &[Worker], clock: &Arc<ScaledClock>) -> Result<(), SettleError> {
    let io = |source| SettleError::Io { path: dir.into(), source };
    // A site that is not whole has another name, so that a run that was cut short is no site.
    let fresh = dir.with_extension("unfinished");
    if fresh.exists() {
        std::fs::remove_dir_all(&fresh).map_err(io)?;
    }
    let key = Ed25519KeyPair::generate().map_err(|_| SettleError::Key)?;
    let public = PublicKey(key.public_key().as_ref().try_into().map_err(|_| SettleError::Key)?);
    found(&fresh, request(public)?, &key, clock.as_ref())?;
    let office = Office::open(&fresh, None, Arc::clone(clock) as Arc<dyn Clock>)?;
    append(&office, &key, "The sample site", plan::changes()?)?;
    append(&office, &key, "Everybody who works here", staff(&office, people)?)?;
    drop(office);
    std::fs::rename(&fresh, dir).map_err(io)
}

fn request(key: PublicKey) -> Result<FoundingRequest, PlanError> {
    let operator = Operator {
        id: plan::OPERATOR.parse()?,
        title: "Demonstration".parse()?,
        key,
        roles: vec!["owner".parse()?],
    };
    Ok(FoundingRequest {
        title: plan::TITLE.parse()?,
        zone: SiteZone::new(plan::ZONE)?,
        operator,
        master: None,
    })
}

/// Appends changes in as many signed sets as they need.
fn append(office: &Office, key: &Ed25519KeyPair, reason: &str, changes: Vec<Change>) -> Result<(), SettleError> {
    let reason: Text = reason.parse().map_err(|e| SettleError::Plan(Box::new(e)))?;
    let mut waiting = vec![changes];
    while let Some(mut changes) = waiting.pop() {
        let (at, drafted) = (office.site().size(), office.now().wall);
        let set = |changes| ChangeSet { site: office.id(), at, drafted, reason: Some(reason.clone()), changes };
        let payload = match encode_changes(&set(changes.clone())) {
            Err(EncodeError::TooLong { .. }) if changes.len() > 1 => {
                // Half of it each, the first half first.
                let rest = changes.split_off(changes.len() / 2);
                waiting.extend([rest, changes]);
                continue;
            }
            payload => payload?,
        };
        let mut envelope = Envelope::new(PayloadType::ChangeSet, payload)?;
        envelope.sign(key)?;
        office.append_change(&envelope.to_bytes())?;
    }
    Ok(())
}

fn staff(office: &Office, people: &[Worker]) -> Result<Vec<Change>, SettleError> {
    let mut changes = Vec::new();
    for worker in people {
        let id = worker.id.parse().map_err(|e| SettleError::Plan(Box::new(e)))?;
        let attributes = PersonAttributes { name: worker.name.clone(), contact: None };
        let sealed = Some(office.seal_person(id, &attributes)?);
        let groups = vec![worker.group().parse().map_err(|e| SettleError::Plan(Box::new(e)))?];
        let valid = Validity::default();
        changes.push(Change::PutPerson(Person { id, groups, valid, suspended: false, sealed }));
        for (kind, proof) in proofs(office.keys(), worker)? {
            let id_of = format!("{}-{kind}", worker.id).parse();
            let id_of = id_of.map_err(|e| SettleError::Plan(Box::new(e)))?;
            changes.push(Change::PutCredential(Credential { id: id_of, person: id, proof, valid }));
        }
    }
    Ok(changes)
}

fn proofs(keys: &Keys, worker: &Worker) -> Result<Vec<(&'static str, Proof)>, PlanError> {
    let number = worker.card.number().ok_or("a card without bits")?;
    let mut proofs = vec![("card", Proof::Card(keys.card().token_of(&number)))];
    if let Some(pin) = &worker.pin {
        let pin: Pin = pin.parse()?;
        proofs.push(("pin", Proof::Pin(hash_pin(&pin, dice::bytes(), keys.pepper()))));
    }
    Ok(proofs)
}
