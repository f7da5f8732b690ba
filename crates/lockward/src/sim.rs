//! `lockward sim`: a site on a terminal. Badge, press, open, cut a wire, cut the power; and read what the door did, and
//! why.

use crate::change;
use crate::epoch_keys;
use crate::operator_key::{self, KeyFileError};
use crate::say::{count, remark, say};
use crate::stored::Stored;
use crate::verify;
use crate::why;
use aws_lc_rs::signature::Ed25519KeyPair;
use clap::Args;
use core::time::Duration;
use lockward_draft::{ChangeFile, read};
use lockward_hub::{FoundError, FoundingRequest, Office, OfficeError, found};
use lockward_model::{Operator, PersonId, SiteZone, Time};
use lockward_sim::card::Card;
use lockward_sim::stage::{Changes, Command, Line, Next, Shows, Stage, StageClock, Tone};
use lockward_store::HubStore;
use std::error::Error;
use std::io::{self, BufRead, BufReader, IsTerminal, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// The site that is played where none is named: a small warehouse.
const WAREHOUSE: &str = include_str!("sim/warehouse.toml");
const ZONE: &str = "Europe/Berlin";
/// A Monday, before the first window of the warehouse opens.
const BEGIN: &str = "2026-09-07T07:55";
const BEFORE: Duration = Duration::from_secs(1);
const OPERATOR: &str = "operator";

/// Plays a site in a terminal: badge, press, open, cut a wire, and see what the door does and why.
#[derive(Args)]
pub(crate) struct Sim {
    /// A script: one command a line. Without one, or with `-`, commands are read from standard input; `help` lists them.
    script: Option<PathBuf>,
    /// The site, as a change file; else a small warehouse.
    #[arg(long, value_name = "FILE")]
    site: Option<PathBuf>,
    /// Prints the built-in warehouse as a change file, and ends.
    #[arg(long, conflicts_with_all = ["site", "script"])]
    print_site: bool,
    /// When it begins, on the site's clock.
    #[arg(long, value_name = "TIME", default_value = BEGIN)]
    at: String,
    /// The site's time zone.
    #[arg(long, value_name = "ZONE", default_value = ZONE)]
    zone: String,
}

/// Why nothing is played.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SimError {
    /// A file.
    #[error("could not read `{path}`")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// No folder.
    #[error("could not make a temporary folder")]
    Folder(#[source] io::Error),
    /// A word on the command line.
    #[error("{0}")]
    Word(String),
    /// The operator's key.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The founding.
    #[error(transparent)]
    Found(#[from] FoundError),
    /// The site.
    #[error(transparent)]
    Office(#[from] OfficeError),
    /// The site's file.
    #[error("the site can not be played: {0}")]
    Site(String),
    /// The commands.
    #[error("the commands could not be read to their end")]
    Input(#[source] io::Error),
}

/// The operator who signs what changes the site.
struct Hand(Ed25519KeyPair);

impl Changes for Hand {
    fn apply(&mut self, office: &Office, text: &str) -> Result<Vec<(PersonId, Shows)>, String> {
        let file = change::apply_text(office, &self.0, text).map_err(|e| with_causes(&e))?;
        Ok(shown(&file))
    }
}

/// What the people of a change file can hold to a reader. The file was applied, so all of it can be read.
fn shown(file: &ChangeFile) -> Vec<(PersonId, Shows)> {
    let card =
        |(person, number): (&str, &str)| Some((person.parse().ok()?, Shows::Number(Card::parse(number)?)));
    let key = |(person, key): (&str, &str)| {
        let bytes = lockward_wire::unhex::<65>(key)?;
        Some((person.parse().ok()?, Shows::Key(Box::new(*bytes))))
    };
    file.cards().filter_map(card).chain(file.key_cards().filter_map(key)).collect()
}

fn with_causes(error: &dyn Error) -> String {
    let mut told = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !told.contains(&said) {
            told = format!("{told}: {said}");
        }
        next = cause.source();
    }
    told
}

pub(crate) fn sim(args: &Sim) -> Result<ExitCode, SimError> {
    if args.print_site {
        print!("{WAREHOUSE}");
        return Ok(ExitCode::SUCCESS);
    }
    let temporary = tempfile::Builder::new().prefix("lockward-sim-").tempdir().map_err(SimError::Folder)?;
    let dir = temporary.path().join("hub");
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| SimError::Read { path, source }
    };
    let site = match &args.site {
        Some(path) => std::fs::read_to_string(path).map_err(failed(path))?,
        None => WAREHOUSE.into(),
    };
    let office = open(args, &dir, &temporary.path().join("operator.key"))?;
    let (office, clock, hand) = office;
    let stage = Stage::new(Arc::clone(&office), clock, Box::new(hand), &site).map_err(SimError::Site)?;
    let play = Play {
        office,
        dir,
        stage,
        colours: io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
    };
    match args.script.as_deref().filter(|path| *path != Path::new("-")) {
        Some(path) => {
            let script = std::fs::File::open(path).map_err(failed(path))?;
            play.run(BufReader::new(script), false)
        }
        None => {
            let asks = io::stdin().is_terminal();
            play.run(io::stdin().lock(), asks)
        }
    }
}

/// Founds a site in a folder, with an operator who may do everything.
fn open(args: &Sim, dir: &Path, key: &Path) -> Result<(Arc<Office>, Arc<StageClock>, Hand), SimError> {
    let zone = SiteZone::new(&args.zone).map_err(|e| SimError::Word(format!("`--zone`: {e}")))?;
    let begin: Time = read::moment("--at", &args.at, &zone, 0).map_err(SimError::Word)?;
    // The controllers come up in the second before.
    let clock = Arc::new(StageClock::at(begin - BEFORE));
    let key = operator_key::create(key, None)?;
    let word = |_| SimError::Word(OPERATOR.into());
    let operator = Operator::with_key(
        OPERATOR.parse().map_err(word)?,
        OPERATOR.parse().map_err(|_| SimError::Word(OPERATOR.into()))?,
        operator_key::public(&key),
        "owner".parse().into_iter().collect(),
    );
    let title = "Warehouse".parse().map_err(|_| SimError::Word(OPERATOR.into()))?;
    found(dir, FoundingRequest { title, zone, operator, master: None }, &key, &*clock)?;
    let office = Office::open(dir, None, Arc::clone(&clock) as Arc<dyn lockward_hub::Clock>)?;
    Ok((Arc::new(office), clock, Hand(key)))
}

/// A stage before a terminal, or before a script.
struct Play {
    office: Arc<Office>,
    dir: PathBuf,
    stage: Stage,
    colours: bool,
}

impl Play {
    /// Reads commands until they end. Who types sees a prompt; of others each command is shown before what it did.
    fn run(mut self, commands: impl BufRead, asks: bool) -> Result<ExitCode, SimError> {
        let mut sound = true;
        if asks {
            say("A site on a stage; `help` lists the commands, `show` the doors, `quit` ends it.");
            self.prompt();
        }
        for command in commands.lines() {
            let command = command.map_err(SimError::Input)?;
            if !asks {
                println!("{}", echoed(&command));
            }
            let next = self.stage.obey(&command);
            self.print();
            match next {
                Next::Go => {}
                Next::Quit => break,
                Next::Why(index) => sound &= self.why(index),
                Next::Verify => sound &= self.verify(),
            }
            if asks {
                self.prompt();
            }
        }
        Ok(if asks || (sound && !self.stage.has_failed()) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn prompt(&self) {
        print!("{}> ", self.stage.time());
        let _ = io::stdout().flush();
    }

    fn print(&mut self) {
        for line in self.stage.lines() {
            for row in line.rows() {
                println!("{}", if self.colours { painted(&line, &row) } else { row });
            }
        }
    }

    fn why(&self, index: u64) -> bool {
        match why::tell(&self.office, index) {
            Ok(code) => code == ExitCode::SUCCESS,
            Err(error) => {
                remark(&with_causes(&error));
                false
            }
        }
    }

    /// The whole log, as a stranger checks it who was given the keys.
    fn verify(&self) -> bool {
        let store = match HubStore::open(&self.dir) {
            Ok(store) => store,
            Err(error) => {
                remark(&with_causes(&error));
                return false;
            }
        };
        let pin = lockward_audit::Pin::Expect(self.office.id());
        let verdict = verify::run(Stored(store), pin, epoch_keys::own(&self.dir), Vec::new());
        match verdict {
            Ok(report) => {
                let n = |n: u64, noun: &str| count(usize::try_from(n).unwrap_or(usize::MAX), noun);
                say(&format!(
                    "SOUND: every entry, signature, chain and authority holds; {}, {} decided again with the same result.",
                    n(report.events(), "event"),
                    n(report.decided, "decision")
                ));
                true
            }
            Err(error) => {
                say(&format!("NOT SOUND: {}", with_causes(&error)));
                false
            }
        }
    }
}

/// A command as a transcript shows it; remarks and empty lines stand as they are.
fn echoed(line: &str) -> String {
    if Command::read(line).is_some() { format!("> {}", line.trim()) } else { line.trim_end().to_owned() }
}

fn painted(line: &Line, row: &str) -> String {
    let colour = match line.tone {
        Tone::Plain => return row.into(),
        Tone::Granted => "32",
        Tone::Denied => "33",
        Tone::Alarm | Tone::Wrong => "1;31",
        Tone::Quiet => "2",
    };
    format!("\x1b[{colour}m{row}\x1b[0m")
}
