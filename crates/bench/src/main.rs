//! Figures, each with its peer and its correctness check in the same run.
//!
//! Every verb prints its medians, the ratios with their spread, and the load of the machine. It ends with 0 if every
//! check held and every goal was met, with 1 if a goal was missed or a check failed, and with 2 if it could not run.

mod ask;
mod browser;
mod cedar;
mod decide;
mod decide_cases;
mod device;
mod dice;
mod door;
mod door_bare;
mod door_busy;
mod door_lines;
mod door_rules;
mod door_step;
mod door_wires;
mod footprint;
mod footprint_hub;
mod hub;
mod ingest;
mod log;
mod log_badge;
mod machine;
mod report;
mod rounds;
mod sign;
mod sign_change;
mod sign_key;
mod sign_order;
mod sign_seat;
mod tap;
mod tap_line;
mod tap_paced;
mod verify;
mod verify_log;
mod world;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(about = "Figures, each with its peer and its correctness check in the same run")]
struct Command {
    #[command(subcommand)]
    verb: Verb,
    /// Prints JSON in place of a table.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Verb {
    /// A decision at a large site, beside Cedar.
    Decide(decide::Options),
    /// Who can open a door and what a person can open, beside deciding each pair.
    Ask(ask::Options),
    /// A card at a reader, beside LibOSDP.
    Tap(tap::Options),
    /// A durable record, beside the raw disk and SQLite.
    Log(log::Options),
    /// A door's step, a busy controller, and what rules cost a door that does not use them.
    Door(door::Options),
    #[command(hide = true)]
    DoorChild(door::Child),
    /// What the bare loop of `door` runs.
    #[command(hide = true)]
    DoorBare(door_bare::Options),
    /// A hub and many controllers that send to it.
    Ingest(ingest::Options),
    /// Signing in, an order, and a change: from the browser's signature to what it does.
    Sign(sign::Options),
    /// A stranger's check of a whole site, with every decision made again.
    Verify(verify::Options),
    #[command(hide = true)]
    VerifyChild(verify::Child),
    /// Memory and start of a controller, start of a hub.
    Footprint(footprint::Options),
    #[command(hide = true)]
    FootprintChild(footprint::Child),
    #[command(hide = true)]
    HubChild(footprint_hub::Child),
}

fn main() -> ExitCode {
    let command = Command::parse();
    let found = match &command.verb {
        Verb::Decide(options) => decide::run(options),
        Verb::Ask(options) => ask::run(options),
        Verb::Tap(options) => tap::run(options),
        Verb::Log(options) => log::run(options),
        Verb::Door(options) => door::run(options),
        Verb::DoorChild(options) => return told(door::child(options).map(|()| true)),
        Verb::DoorBare(options) => return told(door_bare::child(options).map(|()| true)),
        Verb::Ingest(options) => ingest::run(options),
        Verb::Sign(options) => sign::run(options),
        Verb::HubChild(options) => return told(footprint_hub::child(options).map(|()| true)),
        Verb::Verify(options) => verify::run(options),
        Verb::VerifyChild(options) => return told(verify::child(options).map(|()| true)),
        Verb::Footprint(options) => footprint::run(options),
        Verb::FootprintChild(options) => return told(footprint::child(options).map(|()| true)),
    };
    told(found.map(|report| report.end(command.json)))
}

fn told(end: Result<bool, rounds::Failed>) -> ExitCode {
    match end {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("lockward-bench: {error}");
            ExitCode::from(2)
        }
    }
}
