//! A whole site on one machine: a hub, its controllers, their lines; each can be stopped and started again alone.

use crate::clock::{ScaledClock, pause};
use crate::hardware::Bus;
use crate::installer::wire;
use crate::people::Worker;
use crate::plan::CONTROLLERS;
use crate::settle::settle;
use crate::trouble::{HouseError, failed};
use core::time::Duration;
use lockward_controller::clock::Clock as ControllerClock;
use lockward_controller::config::Config;
use lockward_controller::enroll::enroll;
use lockward_controller::{dice, run};
use lockward_hub::{Clock, Hub, HubConfig, Office, OfficeError};
use lockward_model::{Body, ControllerId, DoorId, Source};
use lockward_store::{HubError, HubStore, Journal, Limits, Log, RealDisk};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How often a wait looks whether it is over.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A controller in its place.
struct Station {
    dir: PathBuf,
    config: PathBuf,
    bus: Arc<Bus>,
    doors: Vec<DoorId>,
    running: Option<run::Running>,
    /// Enrolled just now: the configuration is still to come.
    fresh: bool,
}

impl Station {
    /// What its controller keeps of what happened; the controller must stand still.
    fn journal(&self, id: ControllerId) -> Result<Journal<RealDisk>, HouseError> {
        let spool = self.dir.join("store").join("spool");
        let seed = u64::from_be_bytes(dice::bytes());
        let opened = Journal::open(RealDisk, &spool, Limits::SPOOL, seed);
        opened.map(|(journal, _)| journal).map_err(|source| HouseError::Spool { controller: id, source })
    }
}

/// A whole site.
pub struct House {
    dir: PathBuf,
    clock: Arc<ScaledClock>,
    // Before the runtime: a hub ends on it.
    hub: Option<lockward_hub::Running>,
    stations: BTreeMap<ControllerId, Station>,
    listen: SocketAddr,
    console: Option<SocketAddr>,
    banner: Option<String>,
    /// Where the hub's log was when the house was opened, and when the hub was last started.
    opened_at: u64,
    hub_began_at: u64,
    runtime: tokio::runtime::Runtime,
}

/// The hub's folder in a site's.
pub(crate) fn hub_dir(dir: &Path) -> PathBuf {
    dir.join("hub")
}

impl House {
    /// Opens the site in `dir`, or makes it there if there is none; then starts the hub and every controller.
    /// `listen` is for browsers: without TLS on the loopback, with TLS anywhere else.
    ///
    /// # Errors
    /// [`HouseError`]; nothing is left running.
    pub fn open(
        dir: &Path,
        people: &[Worker],
        clock: &Arc<ScaledClock>,
        listen: SocketAddr,
        banner: Option<String>,
    ) -> Result<Self, HouseError> {
        std::fs::create_dir_all(dir).map_err(failed("make the site's folder"))?;
        if !hub_dir(dir).exists() {
            settle(&hub_dir(dir), people, clock)?;
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(failed("start the hub's threads"))?;
        let plain = listen.ip().is_loopback();
        let mut house = Self {
            dir: dir.into(),
            clock: Arc::clone(clock),
            hub: None,
            stations: BTreeMap::new(),
            listen: if plain { SocketAddr::from((Ipv4Addr::LOCALHOST, 0)) } else { listen },
            console: plain.then_some(listen),
            banner,
            opened_at: 0,
            hub_began_at: 0,
            runtime,
        };
        house.start_hub()?;
        house.opened_at = house.hub_began_at;
        for (id, _) in CONTROLLERS {
            house.install(id)?;
        }
        for id in house.controllers() {
            house.start_controller(id)?;
        }
        Ok(house)
    }

    /// The controllers.
    #[must_use]
    pub fn controllers(&self) -> Vec<ControllerId> {
        self.stations.keys().copied().collect()
    }

    /// Every door, with the line that it hangs on.
    #[must_use]
    pub fn doors(&self) -> BTreeMap<DoorId, Arc<Bus>> {
        let of = |s: &Station| s.doors.iter().map(|d| (*d, Arc::clone(&s.bus))).collect::<Vec<_>>();
        self.stations.values().flat_map(of).collect()
    }

    /// The hub, if it runs.
    #[must_use]
    pub fn hub(&self) -> Option<&lockward_hub::Running> {
        self.hub.as_ref()
    }

    /// Waits, for so much real time at most, until every reader is in session, every controller is linked, and those
    /// that are new have their configuration. Whether they are, and have.
    pub fn await_ready(&self, patience: Duration) -> bool {
        let mut waited = Duration::ZERO;
        loop {
            if self.is_ready() {
                return true;
            }
            if waited >= patience {
                return false;
            }
            pause(LOOK_EVERY);
            waited += LOOK_EVERY;
        }
    }

    fn is_ready(&self) -> bool {
        let Some(office) = self.hub.as_ref().map(lockward_hub::Running::office) else { return false };
        let size = office.site().size();
        let (mut linked, mut applied) = (BTreeSet::new(), BTreeSet::new());
        let read = office.store().for_each_entry(Log::Event, self.opened_at..u64::MAX, |index, leaf| {
            let Ok(Some(event)) = office.open_leaf(leaf) else { return Ok::<_, HubError>(()) };
            match (event.source, event.body) {
                (Source::Hub, Body::Connected(id)) if index >= self.hub_began_at => drop(linked.insert(id)),
                (Source::Hub, Body::Disconnected(id)) => drop(linked.remove(&id)),
                (Source::Controller(id), Body::ConfigApplied(at)) if at.size == size => {
                    applied.insert(id);
                }
                _ => {}
            }
            Ok(())
        });
        let ready = |(id, s): (&ControllerId, &Station)| {
            s.bus.is_online() && linked.contains(id) && (applied.contains(id) || !s.fresh)
        };
        read.is_ok() && self.stations.iter().all(ready)
    }

    /// Runs something beside the hub.
    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// What each door of a running controller looks like.
    #[must_use]
    pub fn states(&self) -> BTreeMap<DoorId, lockward_door::State> {
        self.stations.values().filter_map(|s| s.running.as_ref()).flat_map(run::Running::doors).collect()
    }

    /// Starts the hub, where it listened before if it did.
    ///
    /// # Errors
    /// [`HouseError::Hub`].
    pub fn start_hub(&mut self) -> Result<(), HouseError> {
        let config = HubConfig {
            dir: hub_dir(&self.dir),
            master: None,
            listen: self.listen,
            console: self.console,
            public: None,
            openid: None,
            solver: None,
            banner: self.banner.clone(),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
        };
        // Before anybody can connect.
        let store = HubStore::open(&config.dir).map_err(OfficeError::Open)?;
        self.hub_began_at = store.head(Log::Event)?.size();
        drop(store);
        let running = self.runtime.block_on(Hub::start(config))?;
        self.listen = running.addr();
        self.console = running.console();
        self.hub = Some(running);
        Ok(())
    }

    /// Stops the hub; doors go on.
    pub fn stop_hub(&mut self) {
        if let Some(hub) = self.hub.take() {
            self.runtime.block_on(hub.stop());
        }
    }

    /// Starts a controller.
    ///
    /// # Errors
    /// [`HouseError`].
    pub fn start_controller(&mut self, id: ControllerId) -> Result<(), HouseError> {
        if let Some(station) = self.stations.get_mut(&id) {
            let clock = Arc::clone(&self.clock) as Arc<dyn ControllerClock>;
            let config = Config::read(&station.config)?;
            let running = run::start(config, &run::Options::default(), clock)
                .map_err(|source| HouseError::Run { controller: id, source })?;
            station.running = Some(running);
        }
        Ok(())
    }

    /// Stops a controller; its doors go where they fail.
    pub fn stop_controller(&mut self, id: ControllerId) {
        if let Some(running) = self.stations.get_mut(&id).and_then(|s| s.running.take()) {
            running.stop();
        }
    }

    /// How many events a controller that stands still has written, and how many of them the hub has.
    ///
    /// # Errors
    /// [`HouseError`].
    pub fn count(&self, office: &Office, id: ControllerId) -> Result<(u64, u64), HouseError> {
        let Some(station) = self.stations.get(&id) else { return Ok((0, 0)) };
        let journal = station.journal(id)?;
        let held = office.store().source(&id.to_string())?.map_or(0, |s| s.count);
        Ok((journal.next(), held))
    }

    /// Every event that a controller which stands still has kept, as it was written.
    ///
    /// # Errors
    /// [`HouseError`].
    pub fn spool(&self, id: ControllerId) -> Result<Vec<Vec<u8>>, HouseError> {
        let Some(station) = self.stations.get(&id) else { return Ok(Vec::new()) };
        let journal = station.journal(id)?;
        let read = journal.read_from(0).map(|record| Ok(record?.bytes)).collect::<Result<_, _>>();
        read.map_err(|source| HouseError::Read { controller: id, source })
    }

    /// The size of the hub's event log; `None` while the hub does not run.
    #[must_use]
    pub fn events(&self) -> Option<u64> {
        let head = self.hub.as_ref()?.office().store().head(Log::Event).ok()?;
        Some(head.size())
    }

    /// The hub's folder, opened beside it or without it.
    ///
    /// # Errors
    /// [`HouseError::Office`].
    pub fn office(&self) -> Result<Office, HouseError> {
        Ok(Office::open(&hub_dir(&self.dir), None, Arc::clone(&self.clock) as Arc<dyn Clock>)?)
    }

    /// Puts a controller into its place, and enrols it if it has not been.
    fn install(&mut self, id: &str) -> Result<(), HouseError> {
        let dir = self.dir.join("controllers").join(id);
        // The hub listens on every address; its controllers are on this machine.
        let mut hub = self.listen;
        if hub.ip().is_unspecified() {
            hub.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        let wired = wire(&dir, id, hub).map_err(failed("wire a controller"))?;
        let config = Config::read(&wired.config)?;
        let controller = config.controller;
        let mut fresh = false;
        let bound =
            |office: &Arc<Office>| office.site().controller(controller).is_some_and(|c| c.key.is_some());
        if let Some(office) = self.hub.as_ref().map(lockward_hub::Running::office)
            && !bound(office)
        {
            let code = office.issue_enrolment(controller)?;
            let clock = Arc::clone(&self.clock) as Arc<dyn ControllerClock>;
            enroll(&config.hub, controller, &code, &config.folder, &clock)
                .map_err(|source| HouseError::Enroll { controller, source })?;
            fresh = true;
        }
        let (bus, doors) = (Arc::new(wired.bus), wired.doors);
        let station = Station { dir, config: wired.config, bus, doors, running: None, fresh };
        self.stations.insert(controller, station);
        Ok(())
    }
}

impl Drop for House {
    fn drop(&mut self) {
        for id in self.controllers() {
            self.stop_controller(id);
        }
        self.stop_hub();
    }
}
