//! The demonstration as a whole: it comes up, has something to show, loses nothing, and goes on where it stopped.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod kept;

use core::time::Duration;
use kept::audit;
use lockward_hub::Office;
use lockward_sim::clock::{SPEED_MAX, ScaledClock};
use lockward_sim::{Demo, DemoOptions};
use lockward_store::{HubError, Log};
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
