//! The demonstration: a site, a day, and at its end the proof that nothing was lost on the way.

use crate::clock::ScaledClock;
use crate::crowd::Crowd;
use crate::house::{House, LOOK_EVERY, hub_dir};
use crate::people::people;
use crate::plan::ZONE;
use crate::summary::{Count, Summary, tally};
use crate::trouble::{HouseError, failed};
use crate::when::Calendar;
use core::time::Duration;
use lockward_door::State;
use lockward_hub::Office;
use lockward_model::{ControllerId, Time};
use lockward_store::{HubStore, Log};
use lockward_wire::event::Leaf;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How long people wait before the doors for machines that come up slowly; then they try.
const READY_MAX: Duration = Duration::from_secs(5);
/// At the end: how long doors and links may take to come to rest, and for how long nothing more must come.
const REST_MAX: Duration = Duration::from_secs(6);
const REST: Duration = Duration::from_millis(500);
/// Newest entries that are looked at for the time at which a kept site stopped: one batch of every controller.
const LAST_ENTRIES: u64 = 256;

/// What is wanted of a demonstration.
#[derive(Debug, Clone)]
pub struct DemoOptions {
    /// Where the site is kept; `None` is a temporary folder that is gone at the end.
    pub dir: Option<PathBuf>,
    /// Picks the people and their day.
    pub seed: u64,
    /// How much faster than real the day goes by, up to [`crate::clock::SPEED_MAX`].
    pub speed: f64,
    /// Where the console is: without TLS on the loopback, with TLS anywhere else.
    pub listen: SocketAddr,
    /// Ends by itself after so much real time.
    pub run_for: Option<Duration>,
}

/// A demonstration that runs. Dropping it ends it.
pub struct Demo {
    // In the order in which things end.
    crowd: Option<Crowd>,
    house: House,
    options: DemoOptions,
    began_at: u64,
    dir: PathBuf,
    _temporary: Option<tempfile::TempDir>,
}

impl Demo {
    /// Makes or opens the site, starts the hub and the controllers, and lets people in. Not to be called from within
    /// an async runtime.
    ///
    /// # Errors
    /// [`HouseError`]; nothing is left running.
    pub fn start(options: DemoOptions) -> Result<Self, HouseError> {
        let make = || tempfile::Builder::new().prefix("lockward-demo-").tempdir();
        let temporary = match &options.dir {
            Some(_) => None,
            None => Some(make().map_err(failed("make a temporary folder"))?),
        };
        let dir = match (&options.dir, &temporary) {
            (Some(dir), _) => dir.clone(),
            (None, Some(dir)) => dir.path().to_owned(),
            (None, None) => PathBuf::new(),
        };
        let calendar = Calendar::of(ZONE);
        let begin =
            last_time(&hub_dir(&dir)).map_or_else(|| calendar.first_morning(), |t| calendar.resumed(t));
        let clock = Arc::new(ScaledClock::from(begin, options.speed));
        let people = people(options.seed);
        let banner = "Demonstration: the people, readers and locks are simulated.".to_owned();
        let house = House::open(&dir, &people, &clock, options.listen, Some(banner))?;
        let began_at = house.events().unwrap_or(0);
        house.await_ready(READY_MAX);
        let crowd = Crowd::start(options.seed, people, calendar, &clock, &house.doors())
            .map_err(failed("send people to work"))?;
        Ok(Self { crowd: Some(crowd), house, options, began_at, dir, _temporary: temporary })
    }

    /// An address that signs in the browser that opens it, once. Each call makes a new one; empty while the hub stands
    /// still.
    #[must_use]
    pub fn console_url(&self) -> String {
        let Some(hub) = self.house.hub() else { return String::new() };
        let owner = hub.office().site().founding().operators.first().map(|o| o.id);
        owner.map(|id| hub.demo_url(id)).unwrap_or_default()
    }

    /// Where the site lies: the hub in `hub`, each controller in `controllers/ID`.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The site, to pull its cables and stop its machines.
    pub fn house(&mut self) -> &mut House {
        &mut self.house
    }

    /// How many cards were held to readers so far.
    #[must_use]
    pub fn badges(&self) -> u64 {
        self.crowd.as_ref().map_or(0, Crowd::badges)
    }

    /// Waits until the time is over that was asked for, or until `stop` resolves.
    pub fn wait(&self, stop: impl Future<Output = ()>) {
        let span = self.options.run_for;
        self.house.block_on(async {
            let over = async {
                match span {
                    Some(span) => tokio::time::sleep(span).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = over => {}
                () = stop => {}
            }
        });
    }

    /// Ends it: people go home, doors come to rest, controllers stop, the hub stops; then both sides are compared.
    ///
    /// # Errors
    /// [`HouseError`], if what was written can not be read again.
    pub fn stop(mut self) -> Result<Summary, HouseError> {
        let badges = self.crowd.take().map_or(0, Crowd::stop);
        self.house.await_ready(READY_MAX);
        self.rest();
        // What the end itself causes is no alarm of the day.
        let ended_at = self.house.events().unwrap_or(u64::MAX);
        let controllers = self.house.controllers();
        for id in &controllers {
            self.house.stop_controller(*id);
        }
        self.house.stop_hub();
        let office = self.house.office()?;
        let counts = controllers.into_iter().map(|id| self.counted(&office, id)).collect::<Result<_, _>>()?;
        tally(&office, self.began_at..ended_at, badges, counts)
    }

    fn counted(&self, office: &Office, controller: ControllerId) -> Result<Count, HouseError> {
        let (written, held) = self.house.count(office, controller)?;
        Ok(Count { controller, written, held })
    }

    /// Waits until every door is shut and nothing new reaches the hub.
    fn rest(&self) {
        let shut = |state: &State| matches!(state, State::Locked | State::Schedule);
        let (mut last, mut quiet, mut waited) = (self.house.events(), Duration::ZERO, Duration::ZERO);
        while quiet < REST && waited < REST_MAX {
            crate::clock::pause(LOOK_EVERY);
            waited += LOOK_EVERY;
            let now = self.house.events();
            quiet = if now == last && self.house.states().values().all(shut) {
                quiet + LOOK_EVERY
            } else {
                Duration::ZERO
            };
            last = now;
        }
    }
}

/// When the site in `dir` last recorded something; `None` if there is no site.
fn last_time(dir: &Path) -> Option<Time> {
    let store = HubStore::open(dir).ok()?;
    let size = store.head(Log::Event).ok()?.size();
    let entries = store.entries(Log::Event, size.saturating_sub(LAST_ENTRIES)..size).ok()?;
    let time = |leaf: &Vec<u8>| match Leaf::parse(leaf) {
        Ok(Leaf::Event(event)) => Some(event.time()),
        _ => None,
    };
    entries.iter().filter_map(time).max()
}
