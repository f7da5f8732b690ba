//! `lockward demo`: a sample site at work, with simulated people, and the proof at its end that its logs hold.

use crate::epoch_keys;
use crate::say::say;
use crate::serve::Told;
use crate::stored::Stored;
use crate::verdict::told;
use crate::verify::{self, VerifyError};
use clap::Args;
use core::time::Duration;
use lockward_sim::{DemoOptions, HouseError};
use lockward_store::HubStore;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// Where the hub lies in a demonstration's folder.
const HUB: &str = "hub";

/// Shows a sample site at work: real hub, controllers and protocols, simulated people, readers and locks.
#[derive(Args)]
pub(crate) struct Demo {
    /// Keeps the site in this folder, and goes on with it the next time.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Picks the people and their day: the same seed gives the same day.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How much faster than real the day goes by.
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    speed: f64,
    /// Ends by itself after so long, such as `30s`, with a summary.
    #[arg(long = "for", value_name = "SPAN", value_parser = span)]
    run_for: Option<Duration>,
    /// Where the console is.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Prints a token for tools, such as `log verify`, and where they reach the hub over TLS.
    #[arg(long)]
    token: bool,
}

fn span(text: &str) -> Result<Duration, String> {
    lockward_draft::read::span("--for", text)
}

/// Why the demonstration does not run, or did not end well.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    /// No folder.
    #[error("could not make a temporary folder; name one with `--dir`")]
    Folder(#[source] io::Error),
    /// The site.
    #[error(transparent)]
    House(#[from] HouseError),
    /// The logs.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

pub(crate) fn demo(args: &Demo) -> Result<ExitCode, DemoError> {
    // Ours, so that the logs are still there to be checked when the demonstration is over.
    let temporary = match args.dir {
        Some(_) => None,
        None => {
            let made = tempfile::Builder::new().prefix("lockward-demo-").tempdir();
            Some(made.map_err(DemoError::Folder)?)
        }
    };
    let dir = args.dir.clone().or_else(|| temporary.as_ref().map(|t| t.path().into()));
    let options = DemoOptions {
        dir: dir.clone(),
        seed: args.seed,
        speed: args.speed,
        listen: args.listen,
        run_for: args.run_for,
    };
    let mut demo = lockward_sim::Demo::start(options)?;
    say(&format!("Console, for one sign-in:\n  {}", demo.console_url()));
    if let Some(hub) = demo.house().hub().filter(|_| args.token) {
        say(&format!(
            "Token for tools, also over TLS at https://{}:\n  {}",
            hub.addr(),
            hub.token().as_str()
        ));
    }
    say(&format!("The site lies in `{}`. Ctrl-C ends it.", demo.dir().display()));
    demo.wait(async {
        // Without signals there is still the time limit, and the terminal's own way to end a program.
        match Told::listen() {
            Ok(told) => told.stopped().await,
            Err(_) => core::future::pending().await,
        }
    });
    say("Ending: people go home, doors come to rest.");
    let summary = demo.stop()?;
    say(&summary.to_string());
    let Some(dir) = dir else { return Ok(ExitCode::SUCCESS) };
    let dir = dir.join(HUB);
    let keys = epoch_keys::own(&dir);
    let store = HubStore::open(&dir).map_err(VerifyError::from)?;
    let verdict = verify::run(Stored(store), lockward_audit::Pin::Found, keys, Vec::new());
    let code = told(verdict, VerifyError::Store)?;
    Ok(if summary.is_whole() { code } else { ExitCode::FAILURE })
}
