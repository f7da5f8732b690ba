//! The demonstration as a whole: it comes up, has something to show, loses nothing, and goes on where it stopped.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use core::time::Duration;
use lockward_audit::{Audit, EpochKeys, Pin, Report, Source};
use lockward_hub::Office;
use lockward_sim::clock::{SPEED_MAX, ScaledClock};
use lockward_sim::{Demo, DemoOptions};
use lockward_store::{HubError, HubStore, Log};
use lockward_wire::event::Leaf;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

fn options(dir: &Path) -> DemoOptions {
    DemoOptions {
        dir: Some(dir.into()),
        seed: 7,
        speed: SPEED_MAX,
        listen: "127.0.0.1:0".parse().unwrap(),
        run_for: Some(Duration::from_secs(4)),
    }
}

/// The newest time in the log, after a look at every event: each source counts from 0, and leaves nothing out.
fn check_order(dir: &Path) -> i64 {
    let clock = Arc::new(ScaledClock::from(lockward_model::Time(0), 1.0));
    let office = Office::open(&dir.join("hub"), None, clock).unwrap();
    let (mut next, mut newest) = (BTreeMap::<lockward_model::Source, u64>::new(), 0);
    let read = office.store().for_each_entry(Log::Event, 0..u64::MAX, |index, leaf| {
        if let Leaf::Event(event) = Leaf::parse(leaf).unwrap() {
            let due = next.entry(event.source()).or_default();
            assert_eq!(event.seq(), *due, "entry {index} of {:?}", event.source());
            assert_ne!(
                event.code(),
                lockward_model::Code::LinkRefused,
                "entry {index}: one of ours was turned away"
            );
            *due += 1;
            newest = newest.max(event.time().0);
        }
        Ok::<_, HubError>(())
    });
    read.unwrap();
    assert_eq!(next.len(), 6, "the hub and five controllers");
    newest
}

/// The logs as the hub keeps them, for a stranger's check.
struct Kept(HubStore);

fn kept(log: lockward_audit::Log) -> Log {
    match log {
        lockward_audit::Log::Config => Log::Config,
        lockward_audit::Log::Event => Log::Event,
    }
}

impl Source for Kept {
    type Error = HubError;
    fn checkpoint(&mut self, log: lockward_audit::Log) -> Result<Vec<u8>, HubError> {
        Ok(self.0.head(kept(log))?.checkpoint.unwrap_or_default())
    }
    fn entries(
        &mut self,
        log: lockward_audit::Log,
        first: u64,
        max: usize,
    ) -> Result<Vec<Vec<u8>>, HubError> {
        self.0.entries(kept(log), first..first + max as u64)
    }
}

/// Checks everything that the site in `dir` has recorded, and decides every decision again.
fn audit(dir: &Path) -> Report {
    let clock = Arc::new(ScaledClock::from(lockward_model::Time(0), 1.0));
    let office = Office::open(&dir.join("hub"), None, clock).unwrap();
    let epoch = office.keys().epoch();
    let keys = EpochKeys::from_iter([(epoch, office.keys().epoch_key(epoch).unwrap().unwrap())]);
    let kept = Kept(HubStore::open(&dir.join("hub")).unwrap());
    Audit::new(kept, Pin::Expect(office.id()), keys).run(|_| ()).unwrap()
}

#[test]
fn none_lost_across_restarts_of_hub_and_controller_and_of_the_whole_site() {
    let kept = tempfile::tempdir().unwrap();
    let dir = kept.path().join("site");
    let mut demo = Demo::start(options(&dir)).unwrap();
    assert!(demo.console_url().starts_with("http://localhost:"));
    demo.wait(std::future::pending());
    // The hub goes away, and people go on; then a controller too.
    demo.house().stop_hub();
    let before = demo.badges();
    demo.wait(std::future::pending());
    assert!(demo.badges() > before, "doors decide alone");
    demo.house().start_hub().unwrap();
    // Links come back with full jitter, after up to 30 s.
    assert!(demo.house().await_ready(Duration::from_secs(40)));
    let halls = "halls".parse().unwrap();
    demo.house().stop_controller(halls);
    demo.house().start_controller(halls).unwrap();
    demo.wait(std::future::pending());
    assert!(demo.house().await_ready(Duration::from_secs(40)));
    let first = demo.stop().unwrap();
    println!("{first}");
    assert!(first.is_whole(), "{first}");
    assert_eq!(first.counts.len(), 5);
    assert!(first.badges > 30 && first.grants > 20 && first.openings > 20, "{first}");
    assert!(first.denials.contains_key("CRED_UNKNOWN"), "{first}");
    assert!(!first.denials.contains_key("IMPOSSIBLE_TRAVEL"), "nobody is in two places: {first}");
    let stopped_at = check_order(&dir);
    let report = audit(&dir);
    assert_eq!(report.sealed_decisions, 0);
    assert!(report.decided >= first.grants, "decided again: {report:?}");

    // The same folder again: nothing is founded, everything goes on.
    let again = Demo::start(options(&dir)).unwrap();
    again.wait(std::future::pending());
    let second = again.stop().unwrap();
    println!("{second}");
    assert!(second.is_whole() && second.grants > 0, "{second}");
    assert!(second.counts.iter().zip(&first.counts).all(|(now, then)| now.written > then.written));
    assert!(check_order(&dir) > stopped_at);
}
