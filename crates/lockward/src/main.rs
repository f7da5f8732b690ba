//! The program `lockward`: one verb a file; this one only tells them apart.

mod change;
mod demo;
mod dice;
mod enroll;
mod epoch_keys;
mod export;
mod folder;
mod forgive;
mod http;
mod init;
mod lockdown;
mod new_key;
mod operator_key;
mod prove;
mod published;
mod recover;
mod say;
mod schedule;
mod serve;
mod service;
mod show;
mod signer;
mod sim;
mod statements;
mod stored;
mod terminal;
mod threat;
mod tls;
mod verdict;
mod verify;
mod what_can;
mod who_can;
mod why;

use clap::{Parser, Subcommand};
use std::error::Error;
use std::io::IsTerminal;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// Electronic locking: who may open what, and the proof.
#[derive(Parser)]
#[command(name = "lockward", version, term_width = 80, max_term_width = 80)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Init(init::Init),
    Serve(serve::Serve),
    Enroll(enroll::Enroll),
    /// Changes the site, or shows how it was changed.
    #[command(subcommand)]
    Change(ChangeVerb),
    NewKey(new_key::NewKey),
    Recover(recover::Recover),
    Lockdown(lockdown::Lockdown),
    Threat(threat::Threat),
    Forgive(forgive::Forgive),
    WhoCan(who_can::WhoCan),
    WhatCan(what_can::WhatCan),
    Prove(prove::Prove),
    Why(why::Why),
    /// Integrations: their API keys, and what they sign.
    #[command(subcommand)]
    Service(service::ServiceVerb),
    /// Shows when a schedule opens and closes.
    #[command(subcommand)]
    Schedule(ScheduleVerb),
    /// Checks the logs, or hands them out.
    #[command(subcommand)]
    Log(LogVerb),
    Signer(signer::Signer),
    Demo(demo::Demo),
    Sim(sim::Sim),
}

#[derive(Subcommand)]
enum ChangeVerb {
    Apply(change::Apply),
    Show(show::Show),
}

#[derive(Subcommand)]
enum ScheduleVerb {
    Show(schedule::Show),
}

#[derive(Subcommand)]
enum LogVerb {
    Verify(verify::Verify),
    Export(export::Export),
}

fn main() -> ExitCode {
    // What the hub has to say of itself, on standard error; nothing below a warning unless asked for.
    let filter = EnvFilter::try_from_env("LOCKWARD_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let ansi = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(ansi).with_writer(std::io::stderr).init();
    match run(Arguments::parse().verb) {
        Ok(code) => code,
        Err(error) => {
            say::complain(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

fn run(verb: Verb) -> Result<ExitCode, Box<dyn Error>> {
    Ok(match verb {
        Verb::Init(args) => init::init(args)?,
        Verb::Serve(args) => serve::serve(args)?,
        Verb::Enroll(args) => enroll::enroll(&args)?,
        Verb::Change(ChangeVerb::Apply(args)) => change::apply(&args)?,
        Verb::Change(ChangeVerb::Show(args)) => show::show(&args)?,
        Verb::NewKey(args) => new_key::new_key(&args)?,
        Verb::Recover(args) => recover::recover(&args)?,
        Verb::Lockdown(args) => lockdown::lockdown(&args)?,
        Verb::Threat(args) => threat::threat(&args)?,
        Verb::Forgive(args) => forgive::forgive(&args)?,
        Verb::WhoCan(args) => who_can::who_can(&args)?,
        Verb::WhatCan(args) => what_can::what_can(&args)?,
        Verb::Prove(args) => prove::prove(&args),
        Verb::Why(args) => why::why(&args)?,
        Verb::Service(verb) => service::service(&verb)?,
        Verb::Schedule(ScheduleVerb::Show(args)) => schedule::show(&args)?,
        Verb::Log(LogVerb::Verify(args)) => verify::verify(&args)?,
        Verb::Log(LogVerb::Export(args)) => export::export(&args)?,
        Verb::Signer(args) => signer::signer(&args)?,
        Verb::Demo(args) => demo::demo(&args)?,
        Verb::Sim(args) => sim::sim(&args)?,
    })
}
