//! A change set that is too large for one entry becomes several, in the order of the plan.

use crate::file::{FileError, Source};
use crate::plan::Item;
use lockward_model::{Change, ChangeSet, SiteId, Text, Time};
use lockward_site::Refusal;
use lockward_wire::config::{EncodeError, PAYLOAD_BYTES_MAX, encode_changes};
use std::ops::Range;

/// The runs of items that each fit an entry.
///
/// # Errors
/// The item that does not fit any, and why.
pub fn split(
    site: SiteId,
    reason: Option<&Text>,
    items: &[Item],
) -> Result<Vec<Range<usize>>, (usize, EncodeError)> {
    let length = |changes: Vec<Change>| {
        // The longest numbers there are, so that the real ones take no more.
        let (at, drafted) = (u64::MAX, Time(i64::MIN));
        encode_changes(&ChangeSet { site, at, drafted, on_behalf: None, reason: reason.cloned(), changes })
            .map(|p| p.len())
    };
    let empty = length(Vec::new()).map_err(|e| (0, e))?;
    let mut runs = Vec::new();
    let (mut first, mut taken) = (0, empty);
    for (nth, item) in items.iter().enumerate() {
        // A comma goes before all but the first.
        let more = length(vec![item.change.clone()]).map_err(|e| (nth, e))? - empty + 1;
        if taken + more > PAYLOAD_BYTES_MAX {
            runs.push(first..nth);
            (first, taken) = (nth, empty);
        }
        taken += more;
    }
    runs.push(first..items.len());
    Ok(runs)
}

/// A refusal of the entry that these items make, told at the place of the record that it is about.
///
/// # Errors
/// The refusal, where it is about none of them.
pub fn placed(source: &Source, items: &[Item], refusal: Refusal) -> Result<FileError, Refusal> {
    let (index, what) = match &refusal {
        Refusal::Invalid { index, what, .. } => (*index, format!("{what} [{}]", refusal.code())),
        Refusal::NotAllowed { index, signers, .. } => {
            (*index, format!("the policies in force do not let {signers} do this [{}]", refusal.code()))
        }
        _ => return Err(refusal),
    };
    match items.get(index) {
        Some(item) => Ok(source.wrong(item.at, format!("{}: {what}", item.record))),
        None => Err(refusal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lockward_model::{PolicyText, Zone};

    fn items(changes: impl IntoIterator<Item = Change>) -> Vec<Item> {
        let item = |change| Item { at: 0, record: String::new(), change, to_seal: None };
        changes.into_iter().map(item).collect()
    }

    fn zones(n: usize) -> Vec<Item> {
        let title: Text = "A hall with a title of some length, as they are".parse().unwrap();
        items((0..n).map(|i| {
            let id = format!("hall-{i}").parse().unwrap();
            Change::PutZone(Zone {
                id,
                title: title.clone(),
                parent: None,
                rules: lockward_model::ZoneRules::default(),
            })
        }))
    }

    #[test]
    fn every_run_fits_an_entry_and_is_nearly_full() {
        let items = zones(2_000);
        let site = SiteId([7; 32]);
        let runs = split(site, None, &items).unwrap();
        assert!(runs.len() > 2, "{runs:?}");
        let mut next = 0;
        for run in &runs {
            assert_eq!(run.start, next);
            next = run.end;
            let changes = items[run.clone()].iter().map(|i| i.change.clone()).collect();
            let set = ChangeSet {
                site,
                at: 12,
                drafted: Time(1_700_000_000_000),
                on_behalf: None,
                reason: None,
                changes,
            };
            let bytes = encode_changes(&set).unwrap().len();
            assert!(run.end == items.len() || bytes > PAYLOAD_BYTES_MAX - 256, "{bytes}");
        }
        assert_eq!(next, items.len());
    }

    #[test]
    fn a_small_file_is_one_entry() {
        let runs = split(SiteId([7; 32]), None, &zones(3)).unwrap();
        assert_eq!((runs.len(), runs[0].clone()), (1, 0..3));
    }

    #[test]
    fn what_fits_no_entry_is_named() {
        let huge = PolicyText { id: "p".parse().unwrap(), text: "x".repeat(PAYLOAD_BYTES_MAX).into() };
        let mut items = zones(2);
        items.extend(self::items([Change::PutPolicy(huge)]));
        let (nth, error) = split(SiteId([7; 32]), None, &items).unwrap_err();
        assert_eq!(nth, 2);
        assert!(matches!(error, EncodeError::TooLong { .. }));
    }
}
