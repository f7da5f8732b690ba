//! `lockward change show`: entries of the config log in words: who signed, when, what. No token, no hash, no name.

use crate::folder::Folder;
use crate::say::{count, say};
use crate::statements;
use clap::Args;
use lockward_draft::told;
use lockward_ledger::leaf_hash;
use lockward_model::{ChangeSet, Founding, SiteId};
use lockward_site::{Keep, Refusal, Site};
use lockward_store::{HubError, HubOpenError, HubStore, Log};
use lockward_wire::config::{Envelope, Payload, key_id};
use std::process::ExitCode;

/// Shows entries of the config log: the newest, one by its number, or all.
#[derive(Args)]
pub(crate) struct Show {
    /// Which entry; the newest if none is named.
    entry: Option<u64>,
    /// Every entry.
    #[arg(long, conflicts_with = "entry")]
    all: bool,
    /// Judges the statements that the site keeps, before and after: what an entry broke. Takes the solver seconds for each.
    #[arg(long)]
    statements: bool,
    #[command(flatten)]
    folder: Folder,
}

/// Why nothing is shown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ShowError {
    /// No store.
    #[error(transparent)]
    Open(#[from] HubOpenError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] HubError),
    /// The log is shorter.
    #[error("the config log has no entry {wanted}; it has {size}, from 0")]
    PastEnd {
        /// Which was asked for.
        wanted: u64,
        /// How many there are.
        size: u64,
    },
    /// The log does not hold.
    #[error("entry {at} of the config log is refused [{}]; run `lockward log verify`", source.code())]
    Refused {
        /// Which.
        at: u64,
        /// Why.
        #[source]
        source: Refusal,
    },
}

pub(crate) fn show(args: &Show) -> Result<ExitCode, ShowError> {
    let store = HubStore::open(&args.folder.dir)?;
    let size = store.head(Log::Config)?.size();
    let wanted = match args.entry {
        Some(wanted) if wanted >= size => return Err(ShowError::PastEnd { wanted, size }),
        Some(wanted) => wanted..wanted + 1,
        None if args.all => 0..size,
        None => size.saturating_sub(1)..size,
    };
    // Who a key belongs to, and what an entry changed, is known from the entries before it.
    let mut site: Option<Site> = None;
    store.for_each_entry(Log::Config, 0..wanted.end, |at, entry| {
        let refused = |source| ShowError::Refused { at, source };
        if wanted.contains(&at) {
            say(&told_entry(site.as_ref(), at, entry).map_err(refused)?);
        }
        match &mut site {
            None => {
                let id = SiteId(*leaf_hash(entry).as_bytes());
                site = Some(Site::found(entry, id, Keep::Decisions).map_err(refused)?);
            }
            Some(site) => {
                let before = (args.statements && wanted.contains(&at)).then(|| site.clone());
                site.apply(entry).map_err(refused)?;
                if let Some(before) = before {
                    statements::reviewed(&before, site, site.newest());
                }
            }
        }
        Ok::<_, ShowError>(())
    })?;
    Ok(ExitCode::SUCCESS)
}

fn told_entry(site: Option<&Site>, at: u64, entry: &[u8]) -> Result<String, Refusal> {
    let envelope = Envelope::parse(entry).map_err(Refusal::Malformed)?;
    match (envelope.payload().map_err(Refusal::Payload)?, site) {
        (Payload::Founding(founding), _) => Ok(told_founding(at, &founding)),
        (Payload::Changes(set), Some(site)) => Ok(told_set(site, at, &envelope, &set)),
        (Payload::Changes(_), None) | (Payload::Order(_), _) => Err(Refusal::WrongKind),
    }
}

fn told_founding(at: u64, f: &Founding) -> String {
    let mut out = format!("Entry {at}, {}: site \"{}\" founded, in {}\n", f.founded, f.title, f.zone.name());
    for operator in &f.operators {
        let roles: Vec<_> = operator.roles.iter().map(ToString::to_string).collect();
        out.push_str(&format!("  + operator {}: roles {}\n", operator.id, roles.join(", ")));
    }
    for policy in &f.policies {
        out.push_str(&format!("  + policy {}\n", policy.id));
    }
    out
}

fn told_set(site: &Site, at: u64, envelope: &Envelope, set: &ChangeSet) -> String {
    let signer = |id| {
        let operator = site.operators().find(|o| o.keys.iter().any(|k| key_id(k.key.public()) == id));
        let operator = operator.map(|o| format!("operator `{}`", o.id));
        let services = [&site.founding().hub].into_iter().chain(site.services());
        let service = services.into_iter().find(|s| key_id(&s.key.0) == id);
        let service = service.map(|s| format!("service `{}`", s.id));
        operator.or(service).unwrap_or_else(|| format!("unknown key {id}"))
    };
    let signers: Vec<_> = envelope.signature_ids().map(signer).collect();
    let changes = count(set.changes.len(), "change");
    let place = set.on_behalf.map(|o| format!(" in place of operator `{o}`")).unwrap_or_default();
    let signers = signers.join(" and ");
    let mut out = format!("Entry {at}, {}: {changes}, signed by {signers}{place}\n", set.drafted);
    if let Some(reason) = &set.reason {
        out.push_str(&format!("  reason: {reason}\n"));
    }
    // Against the site before the entry: of two changes to one thing, the second is told against the same.
    for change in &set.changes {
        let (mark, line) = told::tell(site, change);
        out.push_str(&format!("  {} {line}\n", mark.sign()));
    }
    out
}
