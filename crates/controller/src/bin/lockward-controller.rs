//! The program that runs beside the doors.

use clap::Parser;
use lockward_controller::clock::{Clock, SystemClock};
use lockward_controller::config::Config;
use lockward_controller::{enroll, run};
use lockward_wire::link::EnrollCode;
use std::error::Error;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Drives doors: decides by itself, records before it opens, reports to its hub.
#[derive(Parser)]
#[command(name = "lockward-controller", version)]
struct Arguments {
    /// What is wired where.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Enrol with the code that `lockward enroll` printed (`-` reads it from standard input), then run.
    #[arg(long, value_name = "CODE")]
    enroll: Option<String>,
    /// Give the device at this address its key over the line: opens a window of five minutes, for one device.
    #[arg(long, value_name = "BUS:ADDRESS", value_parser = device)]
    pair: Option<(String, u8)>,
    /// The device at this address was replaced: take the next one there for good.
    #[arg(long, value_name = "BUS:ADDRESS", value_parser = device)]
    forget: Option<(String, u8)>,
    /// Read and check the configuration, and do nothing else.
    #[arg(long)]
    check: bool,
}

fn device(s: &str) -> Result<(String, u8), String> {
    let (bus, address) = s.split_once(':').ok_or("give a bus and an address, such as `a:0`")?;
    Ok((bus.to_owned(), address.parse().map_err(|_| "an address is a number from 0 to 126")?))
}

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_env("LOCKWARD_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let ansi = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(ansi).with_writer(std::io::stderr).init();
    match work(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lockward-controller: {error}");
            let mut cause = error.source();
            while let Some(why) = cause {
                eprintln!("  because: {why}");
                cause = why.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn work(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let config = Config::read(&arguments.config)?;
    if arguments.check {
        config.warnings().iter().for_each(|warning| println!("warning: {warning}"));
        println!("doors: {}, buses: {}; the configuration is sound", config.doors.len(), config.buses.len());
        return Ok(());
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    if let Some(text) = arguments.enroll {
        let text = if text == "-" { std::io::read_to_string(std::io::stdin())? } else { text };
        let code: EnrollCode = text.trim().parse()?;
        let site = enroll::enroll(&config.hub, config.controller, &code, &config.folder, &clock)?;
        println!("enrolled as `{}` at site {site}", config.controller);
    }
    let options = run::Options { pair: arguments.pair, forget: arguments.forget };
    let told = Told::listen()?;
    let running = run::start(config, &options, clock)?;
    let stopper = running.stopper();
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        told.wait();
        stopper.stop();
    })?;
    running.wait();
    Ok(())
}

/// Ctrl-C, or what a service manager sends. Heeded from here on, also before it is waited for.
struct Told(Runtime, [Signal; 2]);

impl Told {
    fn listen() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let inside = runtime.enter();
        let signals = [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?];
        drop(inside);
        Ok(Self(runtime, signals))
    }

    fn wait(self) {
        let [mut interrupt, mut terminate] = self.1;
        self.0.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
    }
}
