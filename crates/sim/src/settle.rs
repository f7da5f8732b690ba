//! How the sample site comes to be: founded, then filled by signed change sets, all of it before its folder has a name.

use crate::clock::ScaledClock;
use crate::people::Worker;
use crate::plan::{self, PlanError, read};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use lockward_controller::dice;
use lockward_hub::{
    ChangeError, Clock, FoundError, FoundingRequest, Keys, KeysError, Office, OfficeError, found,
};
use lockward_model::{
    Change, ChangeSet, Credential, Operator, Person, PinHash, Proof, PublicKey, SiteZone, Text, Validity,
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
    let key = Ed25519KeyPair::generate().map_err(|_| SettleError::Key)?;
    settle_as(dir, people, &key, Vec::new(), clock)
}

/// Makes the sample site for an operator who keeps the key, changed further by what that operator wants. `dir` is the
/// hub's folder: `hub` in the folder that [`crate::House::open`] is given then.
///
/// # Errors
/// [`SettleError`]; nothing is left of it.
pub fn settle_as(
    dir: &Path,
    people: &[Worker],
    key: &Ed25519KeyPair,
    more: Vec<Change>,
    clock: &Arc<ScaledClock>,
) -> Result<(), SettleError> {
    let io = |source| SettleError::Io { path: dir.into(), source };
    // A site that is not whole has another name, so that a run that was cut short is no site.
    let fresh = dir.with_extension("unfinished");
    if fresh.exists() {
        std::fs::remove_dir_all(&fresh).map_err(io)?;
    }
    let public = PublicKey(key.public_key().as_ref().try_into().map_err(|_| SettleError::Key)?);
    found(&fresh, request(public)?, key, clock.as_ref())?;
    let office = Office::open(&fresh, None, Arc::clone(clock) as Arc<dyn Clock>)?;
    append(&office, key, "The sample site", plan::changes()?)?;
    append(&office, key, "Everybody who works here", staff(&office, people)?)?;
    if !more.is_empty() {
        append(&office, key, "What is different here", more)?;
    }
    drop(office);
    std::fs::rename(&fresh, dir).map_err(io)
}

fn request(key: PublicKey) -> Result<FoundingRequest, PlanError> {
    let operator =
        Operator::with_key(read(plan::OPERATOR)?, read("Demonstration")?, key, vec![read("owner")?]);
    Ok(FoundingRequest {
        title: read(plan::TITLE)?,
        zone: SiteZone::new(plan::ZONE)?,
        operator,
        master: None,
    })
}

/// Appends changes in as many signed sets as they need.
fn append(
    office: &Office,
    key: &Ed25519KeyPair,
    reason: &str,
    changes: Vec<Change>,
) -> Result<(), SettleError> {
    let reason: Text = read(reason)?;
    let mut waiting = vec![changes];
    while let Some(mut changes) = waiting.pop() {
        let (at, drafted) = (office.site().size(), office.now().wall);
        let set = |changes| ChangeSet {
            site: office.id(),
            at,
            drafted,
            on_behalf: None,
            reason: Some(reason.clone()),
            changes,
        };
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
    // PINs cost the processor, and people's keys the disk: side by side.
    let (pins, sealed) = std::thread::scope(|scope| {
        let pins =
            scope.spawn(|| people.iter().map(|w| pin(office.keys(), w)).collect::<Result<Vec<_>, _>>());
        let sealed = people.iter().map(|w| person(office, w)).collect::<Result<Vec<_>, _>>();
        (pins.join(), sealed)
    });
    let pins = pins.map_err(|_| SettleError::Plan("a PIN could not be hashed".into()))??;
    let mut changes = Vec::new();
    for ((worker, person), pin) in people.iter().zip(sealed?).zip(pins) {
        let (owner, valid) = (person.id, person.valid);
        changes.push(Change::PutPerson(person));
        let number = worker.card.number().ok_or("a card without bits").map_err(PlanError::from)?;
        let card = Proof::Card(office.keys().card().token_of(&number));
        for (kind, proof) in [("card", Some(card)), ("pin", pin.map(Proof::Pin))] {
            if let Some(proof) = proof {
                let id = read(&format!("{owner}-{kind}"))?;
                changes.push(Change::PutCredential(Credential { id, person: owner, proof, valid }));
            }
        }
    }
    Ok(changes)
}

fn person(office: &Office, worker: &Worker) -> Result<Person, SettleError> {
    let id = read(&worker.id)?;
    let attributes = PersonAttributes { name: worker.name.clone(), contact: None };
    let sealed = Some(office.seal_person(id, &attributes)?);
    Ok(Person {
        id,
        groups: vec![read(worker.group())?],
        valid: Validity::default(),
        suspended: false,
        extended: false,
        visit: None,
        sealed,
    })
}

fn pin(keys: &Keys, worker: &Worker) -> Result<Option<PinHash>, PlanError> {
    let Some(pin) = &worker.pin else { return Ok(None) };
    let pin: Pin = read(pin)?;
    Ok(Some(hash_pin(&pin, dice::bytes(), keys.pepper())))
}
