//! The page of both logs: how long they are, and who has cosigned them.

use crate::office::Office;
use crate::views::Page;
use lockward_console::{Cosignature, LogPanel, LogView};
use lockward_ledger::CosignerKey;
use lockward_model::Time;
use lockward_store::{HubError, Log};
use lockward_wire::config::{Envelope, Payload};
use lockward_wire::link::cosigner_name;

impl Page<'_> {
    /// The page of both logs.
    pub(crate) fn log_view(&self, base: &str, banner: Option<&str>) -> Result<LogView, HubError> {
        let panels = [
            (Log::Config, "Configuration log", ("change", "changes")),
            (Log::Event, "Event log", ("entry", "entries")),
        ];
        let ca = if base.starts_with("https:") { " --ca ca.pem" } else { "" };
        let panel = |(log, title, (one, many)): (Log, &str, (&str, &str))| {
            let head = self.office.store().head(log)?;
            Ok(LogPanel {
                title: title.to_owned(),
                entry: (one.to_owned(), many.to_owned()),
                size: head.size(),
                root: head.frontier.root().to_string(),
                signed_at: self.moment(self.last_time(log)),
                checkpoint: head
                    .checkpoint
                    .map(|c| String::from_utf8_lossy(&c).into_owned())
                    .unwrap_or_default(),
                cosignatures: self.cosigners(log)?,
                verify_command: format!("lockward log verify {base}{ca} --token-file FILE"),
            })
        };
        let logs = panels.into_iter().map(panel).collect::<Result<_, HubError>>()?;
        Ok(LogView { frame: self.frame(banner), logs })
    }

    /// When the newest entry was written, by its writer's clock; that is when the checkpoint over it was signed.
    fn last_time(&self, log: Log) -> Time {
        let founded = self.site.founding().founded;
        match log {
            Log::Event => self.live.feed.back().map_or(founded, |told| told.event.time),
            Log::Config => last_draft(self.office, self.site.size()).unwrap_or(founded),
        }
    }

    /// Every controller that should cosign, with the newest that each has.
    fn cosigners(&self, log: Log) -> Result<Vec<Cosignature>, HubError> {
        let kept = self.office.store().cosignatures(log, 0)?;
        let origin = self.office.logs().origin(log).as_str();
        let word = |c: &lockward_model::Controller| {
            let name = cosigner_name(origin, &c.id);
            let kept = kept.iter().find(|k| k.name == name);
            Cosignature {
                witness: c.title.to_string(),
                size: kept.map(|k| k.size),
                at: kept.and_then(|k| self.cosigned_at(log, c, k)),
            }
        };
        let enrolled = self.site.controllers().filter(|c| c.key.is_some() && !c.revoked);
        Ok(enrolled.map(word).collect())
    }

    fn cosigned_at(
        &self,
        log: Log,
        controller: &lockward_model::Controller,
        kept: &lockward_store::Cosignature,
    ) -> Option<lockward_console::Moment> {
        let key = CosignerKey::new(kept.name.parse().ok()?, controller.key?.0);
        let signature = core::str::from_utf8(&kept.line).ok()?.parse().ok()?;
        let seconds = self.office.checkpoint_at(log, kept.size)?.add(&key, signature).ok()?;
        Some(self.moment(Time(i64::try_from(seconds).ok()?.checked_mul(1_000)?)))
    }
}

fn last_draft(office: &Office, size: u64) -> Option<Time> {
    let entry = office.store().entry(Log::Config, size.checked_sub(1)?).ok()??;
    match Envelope::parse(&entry).ok()?.payload().ok()? {
        Payload::Founding(founding) => Some(founding.founded),
        Payload::Changes(set) => Some(set.drafted),
        Payload::Order(_) => None,
    }
}
