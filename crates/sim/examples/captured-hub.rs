//! Steals the hub of a hardened site, tries everything that its keys and its address are good for, and says what became of
//! each. Ends with 1 if a bolt moved, if a controller did something else than it should, or if anything is not on record.
//!
//! `cargo run -p lockward-sim --example captured-hub [ROUNDS [SEED]]`
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's twin"
)]
#![allow(clippy::print_stdout, reason = "it says what it found")]

#[path = "../tests/captured/attack/mod.rs"]
mod attack;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1).map(|word| word.parse().expect("a number"));
    let (rounds, first): (u64, u64) = (words.next().unwrap_or(1), words.next().unwrap_or(1));
    let mut bad = 0;
    for seed in first..first + rounds {
        println!("seed {seed}");
        let outcome = attack::run(seed);
        for attempt in &outcome.attempts {
            let verdict = if attempt.is_as_it_should() { "ok " } else { "BAD" };
            println!("{verdict} {:8} {}: {}", attempt.at, attempt.what, attempt.did);
            if !attempt.is_as_it_should() {
                println!("    wanted: {}; bolts that moved: {:?}", attempt.wanted, attempt.moved);
                bad += 1;
            }
        }
        for what in outcome.unrecorded.iter().chain(&outcome.not_in_log) {
            println!("BAD not on record: {what}");
            bad += 1;
        }
        bad += usize::from(outcome.sealed > 0);
        let moved = outcome.attempts.iter().map(|attempt| attempt.moved.len()).sum::<usize>();
        let (tried, decided) = (outcome.attempts.len(), outcome.decided);
        println!(
            "{tried} tried, {moved} bolts moved without a right, {decided} decisions made again from the log"
        );
    }
    if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
