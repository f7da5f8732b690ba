//! The controllers that a change goes to: each as it runs, with its own folder, its own threads and its own TLS link.

use crate::machine;
use crate::rounds::{Failed, Round};
use crate::sign_order::{Line, until};
use crate::sign_seat::Seat;
use crate::world::{door_id, id};
use lockward_controller::clock::{Clock, SystemClock};
use lockward_controller::config::{Config, DoorWiring};
use lockward_controller::enroll::enroll;
use lockward_controller::run::{self, Running};
use lockward_ledger::{Frontier, leaf_hash};
use lockward_model::{Change, ControllerId, Group};
use lockward_store::{Journal, Limits, Log, RECORD_BYTES_MAX, RealDisk, SEGMENT_BYTES};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Segments of a controller's config log: as many as its own.
const CONFIG_SEGMENTS: u32 = 512;
/// A change that takes longer does not arrive.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often the hub is asked how far a change has come; a figure is at most that much too large.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// Controllers that run.
pub(crate) struct Fleet {
    running: Vec<Running>,
    folders: Vec<PathBuf>,
    /// People who were put in force.
    pub(crate) put: usize,
}

/// The controller that drives door `n`.
pub(crate) fn controller(n: usize) -> Result<ControllerId, Failed> {
    id('k', n)
}

impl Fleet {
    /// Enrols and starts so many, each with one door: the first with the door of `line`. Not to be called from within an async
    /// runtime.
    pub(crate) fn start(
        hub: &lockward_hub::Running,
        count: usize,
        dir: &Path,
        line: &Line,
    ) -> Result<Self, Failed> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let (mut running, mut folders) = (Vec::new(), Vec::new());
        for n in 0..count {
            let (name, folder) = (controller(n)?, dir.join(format!("controller-{n}")));
            let code = hub.office().issue_enrolment(name)?;
            let address = hub.addr().to_string();
            enroll(&address, name, &code, &folder, &clock)?;
            let mut config = Config { folder: folder.clone(), hub: address, ..Config::bare(name) };
            if n == 0 {
                let (bus, door) = line.wiring()?;
                (config.buses, config.doors) = (vec![bus], vec![door]);
            } else {
                config.doors = vec![DoorWiring::simulated(door_id(n)?)];
            }
            running.push(run::start(config, &run::Options::default(), Arc::clone(&clock))?);
            folders.push(folder);
        }
        let last = hub.office().site().size() - 1;
        until("every controller has the configuration", || hub.arrival(last).counts() == (count, count))?;
        Ok(Self { running, folders, put: 0 })
    }

    /// The one with the line.
    pub(crate) fn first(&self) -> Result<&Running, Failed> {
        Ok(self.running.first().ok_or("no controllers")?)
    }

    /// So many changes, each from the browser's last request, which has the signature, until the hub knows that all have it in
    /// force; and the same to the browser's answer.
    pub(crate) async fn changes(
        &mut self,
        seat: &mut Seat,
        count: usize,
    ) -> Result<(Round, Vec<f64>), Failed> {
        let (mut each, mut answered, cpu) = (Vec::new(), Vec::new(), machine::process_cpu_ns());
        for _ in 0..count {
            let (place, touch) = self.draft(seat, false).await?;
            let at = seat.hub.office().site().size();
            let answer = seat.browser.post(&format!("{place}/sign/finish"), &touch).await?;
            let all = self.running.len();
            while seat.hub.arrival(at).counts() != (all, all) {
                if answer.sent.elapsed() > PATIENCE {
                    return Err(format!("in force on {:?} of {all}", seat.hub.arrival(at).counts()).into());
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
            each.push(answer.sent.elapsed().as_nanos() as f64);
            answered.push((answer.heard - answer.sent).as_nanos() as f64);
            answer.is(200)?;
            self.put += 1;
            // What follows is no part of the next figure.
            if !self.have_cosigned(seat)? {
                return Err("a controller has not cosigned".into());
            }
        }
        Ok((Round { each, cpu: (machine::process_cpu_ns() - cpu) / count.max(1) as f64 }, answered))
    }

    /// A draft that puts a person with a card, and what its page's script sends for a touch.
    async fn draft(&self, seat: &mut Seat, forged: bool) -> Result<(String, serde_json::Value), Failed> {
        let n = self.put;
        let text = format!(
            "[[person]]\nid = \"new{n}\"\nname = \"Newcomer {n}\"\ngroups = [\"g0\"]\n\
             [[card]]\nid = \"new{n}\"\nperson = \"new{n}\"\nnumber = \"26:77:{}\"\n",
            n + 1
        );
        let drafted = seat.browser.form("/changes/draft", "text", &text).await?.is(303)?;
        let place = drafted.header("location").ok_or("no draft")?.to_owned();
        let asked = seat.browser.post(&format!("{place}/sign/start"), &json!({})).await?.is(200)?.said();
        Ok((place, json!({ "credential": seat.touch(&asked, forged)? })))
    }

    /// Whether a change with a forged signature, one without, and one with the hub's own are refused, and nothing is changed.
    pub(crate) async fn refuses(&self, seat: &mut Seat) -> Result<bool, Failed> {
        let before = seat.hub.office().site().size();
        let (place, touch) = self.draft(seat, true).await?;
        let forged = seat.browser.post(&format!("{place}/sign/finish"), &touch).await?;
        let group =
            || Ok::<_, Failed>(Change::PutGroup(Group { id: "none".parse()?, title: "None".parse()? }));
        let unsigned = crate::hub::unsigned(&seat.hub, vec![group()?])?.to_bytes();
        let office = seat.hub.office();
        // Controllers judge by the same site; this is what each of them holds.
        let judged = office.site().clone().apply(&unsigned).is_err();
        let refused =
            office.append_change(&unsigned).is_err() && office.append_own(None, &[group()?]).is_err();
        Ok(forged.status == 409 && judged && refused && office.site().size() == before)
    }

    /// Whether all have cosigned the config log as it is.
    pub(crate) fn have_cosigned(&self, seat: &Seat) -> Result<bool, Failed> {
        let (store, size) = (seat.hub.office().store(), seat.hub.office().site().size());
        let all = || store.cosignatures(Log::Config, size).is_ok_and(|c| c.len() == self.running.len());
        Ok(until("all controllers have cosigned", all).is_ok())
    }

    /// Stops all; whether each has the very config log on its disk that the hub has.
    pub(crate) fn stop(self, hub: &lockward_hub::Running) -> Result<bool, Failed> {
        self.running.into_iter().for_each(Running::stop);
        let mut ours = Frontier::default();
        hub.office().store().for_each_entry(Log::Config, 0..u64::MAX, |_, entry| {
            ours.append(leaf_hash(entry));
            Ok::<_, lockward_store::HubError>(())
        })?;
        let limits = Limits::new(SEGMENT_BYTES, CONFIG_SEGMENTS, RECORD_BYTES_MAX)?;
        for folder in &self.folders {
            let (journal, _) = Journal::open(RealDisk, &folder.join("config"), limits, 5)?;
            let mut theirs = Frontier::default();
            for record in journal.read_from(0) {
                theirs.append(leaf_hash(&record?.bytes));
            }
            if (theirs.size(), theirs.root()) != (ours.size(), ours.root()) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
