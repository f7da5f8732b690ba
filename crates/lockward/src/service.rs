//! `lockward service`: the API keys of integrations, and the signature that an integration makes with its own key.

use crate::folder::{Folder, FolderError};
use crate::operator_key::{self, KeyFileError};
use crate::say::{count, remark, say};
use crate::terminal::{self, AskError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand};
use core::time::Duration;
use lockward_hub::{API_KEY_OVERLAP, ApiKeyError, NewApiKey, Scope, ScopeError};
use lockward_model::{ApiKeyId, OrderAct, ServiceId, Text};
use lockward_store::HubError;
use lockward_wire::config::{EncodeError, Envelope, Payload, PayloadError, PayloadType};
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::ExitCode;

const DAY: u64 = 86_400;
/// Longest draft that is read: a change file of 64 KiB, its review, and its bytes twice in base64.
const DRAFT_BYTES_MAX: u64 = 1_024 * 1_024;

/// What is done.
#[derive(Subcommand)]
pub(crate) enum ServiceVerb {
    List(List),
    NewKey(NewKey),
    Rotate(Rotate),
    Revoke(Revoke),
    SigningKey(SigningKeyFile),
    Sign(Sign),
}

/// Lists services and their API keys.
#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    folder: Folder,
}

/// Makes an API key for a service: it reads and drafts what the service's policy permits, and is shown once.
#[derive(Args)]
pub(crate) struct NewKey {
    /// Whose.
    service: ServiceId,
    /// What people call it.
    #[arg(long, value_name = "TEXT")]
    label: Text,
    /// How long it serves.
    #[arg(long, value_name = "DAYS", default_value_t = 90)]
    days: u64,
    /// Keeps it to these actions, such as `read:site order:unlock`; without, to whatever the service may.
    #[arg(long, value_name = "ACTIONS", default_value = "")]
    scope: String,
    #[command(flatten)]
    folder: Folder,
}

/// Makes an API key that takes the place of another, which goes on for a while.
#[derive(Args)]
pub(crate) struct Rotate {
    /// The old key's id: what stands between the underscores.
    key: ApiKeyId,
    /// How long the new key serves.
    #[arg(long, value_name = "DAYS", default_value_t = 90)]
    days: u64,
    /// How long the old one goes on.
    #[arg(long, value_name = "DAYS", default_value_t = API_KEY_OVERLAP.as_secs() / DAY)]
    overlap_days: u64,
    #[command(flatten)]
    folder: Folder,
}

/// Takes an API key away, at once and for good.
#[derive(Args)]
pub(crate) struct Revoke {
    /// The key's id: what stands between the underscores.
    key: ApiKeyId,
    #[command(flatten)]
    folder: Folder,
}

/// Makes the key that a service signs with, at the service's own machine, and prints the half that the site is given.
#[derive(Args)]
pub(crate) struct SigningKeyFile {
    /// Where it goes.
    file: PathBuf,
    /// Seals it with a passphrase from the first line of a file.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// Signs a draft of the API: reads it from standard input, says what it is, and writes the body that goes back.
#[derive(Args)]
pub(crate) struct Sign {
    /// The service's signing key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Opens it with a passphrase from the first line of a file.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// Why not.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServiceError {
    /// The site's folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The key.
    #[error(transparent)]
    Key(#[from] ApiKeyError),
    /// Its scope.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// The store.
    #[error(transparent)]
    Store(#[from] HubError),
    /// The signing key's file.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// Its passphrase.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// Standard input.
    #[error("the draft could not be read")]
    Read(#[source] io::Error),
    /// No draft.
    #[error("what came in is no draft of the API: {0}")]
    Draft(&'static str),
    /// A draft of something else.
    #[error("the draft's payload can not be read")]
    Payload(#[from] PayloadError),
    /// Too long.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

pub(crate) fn service(verb: &ServiceVerb) -> Result<ExitCode, ServiceError> {
    match verb {
        ServiceVerb::List(args) => list(args)?,
        ServiceVerb::NewKey(args) => {
            let office = args.folder.open()?;
            let (scope, life) = (Scope::read(&args.scope)?, days(args.days));
            let made = office.make_api_key(args.service, args.label.clone(), &scope, life, None)?;
            tell(&args.service.to_string(), &made);
        }
        ServiceVerb::Rotate(args) => {
            let office = args.folder.open()?;
            let old = office.store().api_key(args.key)?.ok_or(ApiKeyError::Unknown(args.key))?;
            let made = office.rotate_api_key(args.key, days(args.days), days(args.overlap_days), None)?;
            tell(old.service.as_str(), &made);
        }
        ServiceVerb::Revoke(args) => {
            args.folder.open()?.revoke_api_key(args.key, None)?;
            say(&format!("API key `{}` serves no more.", args.key));
        }
        ServiceVerb::SigningKey(args) => signing_key(args)?,
        ServiceVerb::Sign(args) => sign(args)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn days(days: u64) -> Duration {
    Duration::from_secs(days.saturating_mul(DAY))
}

fn tell(service: &str, made: &NewApiKey) {
    let old = made.old_ends.map(|at| format!(" The old one goes on until {at}.")).unwrap_or_default();
    say(&format!(
        "API key `{}` of service `{service}` serves until {}.{old} It is shown this once:",
        made.id, made.ends
    ));
    // One word, however long: it is copied whole.
    println!("{}", made.text.as_str());
}

fn list(args: &List) -> Result<(), ServiceError> {
    let office = args.folder.open()?;
    let (site, now) = (office.site(), office.now().wall);
    let keys = office.store().api_keys()?;
    if site.services().next().is_none() {
        say("The site has no service yet. A change file adds one: `[[service]]` with an `id` and a `key`.");
    }
    for service in site.services() {
        let own: Vec<_> = keys.iter().filter(|key| key.service == service.id).collect();
        let until = service.until.map(|at| format!(", until {at}")).unwrap_or_default();
        let ended = if service.holds_at(now) { "" } else { " (ended)" };
        say(&format!("{}{ended}{until}: {}", service.id, count(own.len(), "API key")));
        for key in own {
            let ends = if now < key.ends { "until" } else { "ended" };
            let scope = if key.scope.is_empty() { "whatever its service may" } else { &key.scope };
            let used = key.used.map_or("never used".into(), |(day, from)| {
                format!("last used on {} from {from}", day.to_string().split('T').next().unwrap_or_default())
            });
            say(&format!("  {} \"{}\", {ends} {}, {scope}, {used}", key.id, key.label, key.ends));
        }
    }
    Ok(())
}

fn signing_key(args: &SigningKeyFile) -> Result<(), ServiceError> {
    let passphrase = match &args.passphrase_file {
        Some(file) => Some(terminal::new_passphrase(Some(file))?),
        None => None,
    };
    let key = operator_key::create(&args.file, passphrase.as_ref())?;
    if passphrase.is_none() {
        remark("The key has no passphrase: whoever has the file signs as the service.");
    }
    // The line that a change file wants.
    println!("key = \"{}\"", operator_key::public(&key));
    Ok(())
}

fn sign(args: &Sign) -> Result<(), ServiceError> {
    let mut text = String::new();
    io::stdin().take(DRAFT_BYTES_MAX).read_to_string(&mut text).map_err(ServiceError::Read)?;
    let draft: serde_json::Value =
        serde_json::from_str(&text).map_err(|_| ServiceError::Draft("it is not one JSON value"))?;
    let field = |name: &'static str| draft.get(name).and_then(|value| value.as_str()).unwrap_or_default();
    let bytes =
        |name| STANDARD.decode(field(name)).map_err(|_| ServiceError::Draft("its bytes are not in base64"));
    let kinds = [PayloadType::Order, PayloadType::ChangeSet];
    let kind = kinds.into_iter().find(|kind| kind.as_str() == field("payload_type"));
    let kind = kind.ok_or(ServiceError::Draft("its payload is neither an order nor a change"))?;
    // What is signed is what is told here, and not what the hub calls the message.
    let envelope = Envelope::new(kind, bytes("payload")?)?;
    if envelope.message() != bytes("message")? {
        return Err(ServiceError::Draft("its message is not that of its payload"));
    }
    remark(&told(&envelope.payload()?)?);
    let passphrase = || terminal::passphrase(args.passphrase_file.as_deref());
    let key = operator_key::open(&args.key, passphrase)?;
    let signature = STANDARD.encode(key.sign(&envelope.message()).as_ref());
    println!("{}", serde_json::json!({ "signature": signature }));
    Ok(())
}

fn told(payload: &Payload) -> Result<String, ServiceError> {
    Ok(match payload {
        Payload::Order(order) => {
            let act = match order.act {
                OrderAct::Unlock => "to open once".to_owned(),
                OrderAct::Hold(span) => format!("to stand open for {} min", span.as_secs().div_ceil(60)),
                OrderAct::Release => "to lock again".to_owned(),
            };
            format!("Signs an order to door `{}` {act}, good until {}.", order.door, order.until)
        }
        Payload::Changes(set) => {
            let verbs: Vec<_> = set.changes.iter().map(|change| change.verb()).collect();
            format!(
                "Signs entry {} of the config log, with {}: {}.",
                set.at,
                count(verbs.len(), "change"),
                verbs.join(", ")
            )
        }
        Payload::Founding(_) => return Err(ServiceError::Draft("it founds a site")),
    })
}
