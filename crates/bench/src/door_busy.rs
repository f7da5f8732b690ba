//! Sixty-four doors that are all busy: a controller in a process of its own, with its lines, its loop and its disk; the
//! readers, lock boards, leaves and people are simulated here, in real time.

use crate::device::{self, Device, let_in};
use crate::door_lines::Lines;
use crate::door_wires::{Wired, door_toml, line};
use crate::log;
use crate::machine;
use crate::rounds::{Failed, ROUNDS_MIN};
use crate::world::{Plan, Size, card, door_id};
use clap::Args;
use core::time::Duration;
use lockward_controller::clock::SystemClock;
use lockward_controller::config::Config;
use lockward_controller::run;
use lockward_model::{Code, DoorId};
use lockward_sim::card::Card;
use lockward_sim::hardware::Bus;
use lockward_site::{Keep, Site};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

/// Doors of the controller.
pub(crate) const DOORS: usize = 64;
/// Time for every device to be found and secured.
const SETTLE: Duration = Duration::from_secs(60);
/// How long people stand before a released door, and in it; and from a badge to the next.
const REACTS: Duration = Duration::from_millis(150);
const PASSES: Duration = Duration::from_millis(350);
const EVERY: Duration = Duration::from_secs(1);
/// A badge that takes longer is lost.
const RELEASE_MAX: Duration = Duration::from_secs(5);
/// How often the people look at their doors.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// What was found: shares of a core in percent, of each round; nanoseconds of each badge; and what came of all of them.
#[derive(Default)]
pub(crate) struct Busy {
    pub(crate) busy: Vec<f64>,
    pub(crate) idle: Vec<f64>,
    pub(crate) to_bolt: Vec<f64>,
    pub(crate) badges: usize,
    pub(crate) released: usize,
    pub(crate) recorded: usize,
    pub(crate) opened: usize,
}

impl Busy {
    fn count(&mut self, folder: &Path) -> Result<(), Failed> {
        let spool = folder.join("spool");
        self.recorded = log::count(&spool, Code::AccessGranted)?;
        self.opened = log::count(&spool, Code::DoorOpened)?;
        Ok(())
    }

    /// Whether every badge released its door, was recorded, and let somebody through.
    pub(crate) fn is_whole(&self) -> bool {
        [self.released, self.recorded, self.opened] == [self.badges; 3]
    }
}

/// The same in simulated time: panels, core and disk, without what the operating system takes to hand bytes over.
pub(crate) fn simulate(
    rounds: usize,
    badges: usize,
    lines: usize,
    baud: u32,
    dir: &Path,
) -> Result<Busy, Failed> {
    std::fs::create_dir_all(dir)?;
    let folder = dir.join("store");
    let people = enrol(&folder)?.into_iter().map(card).collect();
    let device = Device::start_with_contacts(&folder, DOORS)?;
    let mut all = Lines::new(device, people, lines.clamp(1, DOORS), baud)?;
    let mut found = Busy::default();
    for round in 0..=rounds.max(ROUNDS_MIN) {
        let (idle, busy) = (all.share(1)?, all.busy(badges)?);
        found.badges += DOORS * badges;
        if round > 0 {
            found.idle.push(idle);
            found.busy.push(busy);
        }
    }
    found.released = all.bolts;
    all.end()?;
    found.count(&folder)?;
    Ok(found)
}

/// In real time, with a process of its own: rounds in which all doors are only polled, and such in which each has so many
/// badges, in turn.
pub(crate) fn measure(
    rounds: usize,
    badges: usize,
    lines: usize,
    baud: u32,
    dir: &Path,
) -> Result<Busy, Failed> {
    std::fs::create_dir_all(dir)?;
    let somebody = enrol(&dir.join("store"))?;
    let cards: Vec<Card> = somebody.into_iter().map(|person| Card::of(32, person as u64)).collect();
    let lines = (0..lines.clamp(1, DOORS)).map(|n| line(dir, n, lines.clamp(1, DOORS), baud));
    let lines = lines.collect::<Result<Vec<_>, _>>()?;
    let config = dir.join("door.toml");
    std::fs::write(&config, door_toml(&lines, baud)?)?;
    let mut controller = Child::start("door-child", &[config])?;
    let start = machine::now();
    while !lines.iter().all(|line| line.bus.is_online()) {
        if start.elapsed() > SETTLE {
            return Err("no secure channel to all devices".into());
        }
        machine::rest(LOOK_EVERY);
    }
    let mut people = people(&lines, &cards)?;
    let mut found = Busy::default();
    // The first round only warms up, but its badges have to be on record too.
    for round in 0..=rounds.max(ROUNDS_MIN) {
        let idle = controller.share(|| {
            machine::rest(EVERY);
            Ok(())
        })?;
        let mut took = Vec::new();
        let busy = controller.share(|| {
            took = pass_through(&mut people, badges)?;
            Ok(())
        })?;
        found.badges += DOORS * badges;
        found.released += took.len();
        if round > 0 {
            found.idle.push(idle);
            found.busy.push(busy);
            found.to_bolt.extend(took);
        }
    }
    controller.stop()?;
    found.count(&dir.join("store"))?;
    Ok(found)
}

/// Makes the controller's folder, and gives for each door somebody whom it lets in.
fn enrol(folder: &Path) -> Result<Vec<usize>, Failed> {
    let plan = Plan::new(Size { people: 2_000, policies: 200, doors: DOORS }, 1)?;
    let mut site: Option<Site> = None;
    device::enrol(folder, &plan, |entry, id| {
        match &mut site {
            None => site = Some(Site::found(entry, id, Keep::Decisions)?),
            Some(site) => site.apply(entry)?,
        }
        Ok(())
    })?;
    let site = site.ok_or("no site")?;
    let people = (0..DOORS).map(|door| let_in(&site, door)).collect::<Result<_, _>>()?;
    let mut device = Device::start(folder, DOORS)?;
    device.meet_hub()?;
    device.end()?;
    Ok(people)
}

/// Somebody at a door, over and over.
struct Visitor<'a> {
    bus: &'a Bus,
    door: DoorId,
    card: &'a Card,
    left: usize,
    next: Instant,
    does: Does,
}

#[derive(Clone, Copy)]
enum Does {
    Waits,
    HasShown(Instant),
    Reaches(Instant),
    Passes(Instant),
}

fn people<'a>(lines: &'a [Wired], cards: &'a [Card]) -> Result<Vec<Visitor<'a>>, Failed> {
    let mut all = Vec::new();
    for (door, card) in cards.iter().enumerate() {
        let door = door_id(door)?;
        let line = lines.iter().find(|line| line.doors.contains(&door)).ok_or("a door is on no line")?;
        all.push(Visitor { bus: &line.bus, door, card, left: 0, next: machine::now(), does: Does::Waits });
    }
    Ok(all)
}

/// So many badges at every door, one a second, the doors evenly apart. Nanoseconds from each card to its bolt.
fn pass_through(people: &mut [Visitor<'_>], badges: usize) -> Result<Vec<f64>, Failed> {
    let start = machine::now();
    for (n, visitor) in (0u32..).zip(people.iter_mut()) {
        visitor.left = badges;
        visitor.next = start + EVERY * n / u32::try_from(DOORS)?;
    }
    let mut took = Vec::new();
    while people.iter().any(|v| v.left > 0 || !matches!(v.does, Does::Waits)) {
        for visitor in people.iter_mut() {
            took.extend(visitor.look()?);
        }
        machine::rest(LOOK_EVERY);
    }
    Ok(took)
}

impl Visitor<'_> {
    /// Does what it is time for; gives how long the bolt took when it is seen to be back.
    fn look(&mut self) -> Result<Option<f64>, Failed> {
        let now = machine::now();
        match self.does {
            Does::Waits if self.left > 0 && self.next <= now => {
                if self.bus.bolt_released(self.door) || !self.bus.present_card(self.door, self.card) {
                    return Err(format!("nobody could show a card at door `{}`", self.door).into());
                }
                self.left -= 1;
                self.next += EVERY;
                self.does = Does::HasShown(now);
            }
            Does::HasShown(since) if self.bus.bolt_released(self.door) => {
                self.does = Does::Reaches(now);
                return Ok(Some((now - since).as_nanos() as f64));
            }
            Does::HasShown(since) if now - since > RELEASE_MAX => {
                return Err(format!("door `{}` was not released", self.door).into());
            }
            Does::Reaches(since) if now - since >= REACTS => {
                self.bus.open_leaf(self.door);
                self.does = Does::Passes(now);
            }
            Does::Passes(since) if now - since >= PASSES => {
                self.bus.close_leaf(self.door);
                self.does = Does::Waits;
            }
            _ => {}
        }
        Ok(None)
    }
}

/// A process of its own; it tells its CPU for every line that it is sent, and ends with the last.
pub(crate) struct Child {
    process: std::process::Child,
    ask: Option<ChildStdin>,
    told: BufReader<ChildStdout>,
}

impl Child {
    pub(crate) fn start(verb: &str, paths: &[PathBuf]) -> Result<Self, Failed> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(verb).args(paths).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let ask = process.stdin.take();
        let told = BufReader::new(process.stdout.take().ok_or("no output")?);
        Ok(Self { process, ask, told })
    }

    fn cpu_ns(&mut self) -> Result<f64, Failed> {
        writeln!(self.ask.as_mut().ok_or("the process has ended")?)?;
        let mut line = String::new();
        self.told.read_line(&mut line)?;
        Ok(line.trim().parse()?)
    }

    /// The share of one core, in percent, that it takes meanwhile.
    pub(crate) fn share(&mut self, meanwhile: impl FnOnce() -> Result<(), Failed>) -> Result<f64, Failed> {
        let (start, before) = (machine::now(), self.cpu_ns()?);
        meanwhile()?;
        let spent = self.cpu_ns()? - before;
        Ok(spent / start.elapsed().as_nanos() as f64 * 100.0)
    }

    pub(crate) fn stop(mut self) -> Result<(), Failed> {
        drop(self.ask.take());
        if self.process.wait()?.success() { Ok(()) } else { Err("the process ended badly".into()) }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // After an error; one that was stopped is gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[derive(Args)]
pub(crate) struct Options {
    config: PathBuf,
}

/// What the controller's process does.
pub(crate) fn child(options: &Options) -> Result<(), Failed> {
    let config = Config::read(&options.config)?;
    let running = run::start(config, &run::Options::default(), Arc::new(SystemClock::default()))?;
    tell_cpu()?;
    running.stop();
    Ok(())
}

/// What every child does meanwhile.
pub(crate) fn tell_cpu() -> Result<(), Failed> {
    for line in std::io::stdin().lock().lines() {
        line?;
        println!("{}", machine::process_cpu_ns());
    }
    Ok(())
}
