//! HUB-BOUNDED, end to end: a hub that was stolen with all its keys, real controllers over real TLS, and bolts that are
//! watched all the while.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod attack;

fn opens_nothing(seed: u64) {
    let outcome = attack::run(seed);
    for attempt in &outcome.attempts {
        let (what, at, did) = (&attempt.what, attempt.at, &attempt.did);
        let (wanted, moved) = (&attempt.wanted, &attempt.moved);
        assert!(
            attempt.is_as_it_should(),
            "seed {seed}: {at}: {what}: {did}, not {wanted}; moved: {moved:?}"
        );
    }
    let (opened, tried): (Vec<_>, Vec<_>) = outcome
        .attempts
        .iter()
        .partition(|a| a.wanted == "granted" || a.wanted == "followed" || a.wanted == "open");
    assert!(tried.len() > 300 && opened.len() >= 20, "{} tried, {} rightly", tried.len(), opened.len());
    assert_eq!(outcome.unrecorded, Vec::<String>::new(), "seed {seed}: each is on record in its controller");
    assert_eq!(outcome.not_in_log, Vec::<String>::new(), "seed {seed}: and afterwards in the log");
    assert_eq!(outcome.sealed, 0);
    assert!(outcome.decided > 150, "seed {seed}: {} decided again", outcome.decided);
}

/// The thief at two sites at once: in each every controller has its own order of events.
#[test]
fn hub_bounded_a_stolen_hub_opens_no_door_and_all_that_it_tried_is_in_the_log() {
    std::thread::scope(|scope| {
        let sites = [1, 2].map(|seed| scope.spawn(move || opens_nothing(seed)));
        sites.into_iter().for_each(|site| site.join().unwrap());
    });
}
