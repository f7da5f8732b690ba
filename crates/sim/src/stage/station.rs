//! One controller on the stage: the real core and keeper on a disk in memory, and its doors' hardware.

use super::wires::Doorway;
use aws_lc_rs::signature::Ed25519KeyPair;
use lockward_controller::config::DoorWiring;
use lockward_controller::core::{Core, Effect, Input};
use lockward_controller::dice;
use lockward_controller::identity::Identity;
use lockward_controller::keeper::Keeper;
use lockward_controller::memory::{Memory, Room};
use lockward_door::Feedback;
use lockward_model::{ControllerId, Mono, Now, PublicKey, Side, SiteId};
use lockward_store::{Disk as _, DiskFile as _, Journal, Limits, SimDisk};
use lockward_wire::link::{ToController, ToHub};
use std::collections::VecDeque;
use std::path::Path;
use zeroize::Zeroizing;

/// Its folder, on its own disk.
const DIR: &str = "/lockward";
/// Answers of the disk and of PINs after which a turn is over, whatever happens: far more than one needs.
const STEPS_MAX: usize = 10_000;

/// A controller that runs.
struct Live {
    core: Core,
    keeper: Keeper<SimDisk>,
}

/// A controller in its place.
pub(super) struct Station {
    pub(super) id: ControllerId,
    pub(super) key: PublicKey,
    pub(super) doors: Vec<Doorway>,
    /// What the hub has said and the core has not heard yet.
    pub(super) mail: VecDeque<ToController>,
    pub(super) linked: bool,
    /// Entries of the config log that it was sent.
    pub(super) sent: u64,
    /// Its events that were told.
    pub(super) told: u64,
    disk: SimDisk,
    live: Option<Live>,
}

/// What one turn did, in order.
#[derive(Default)]
pub(super) struct Turned {
    /// Door, and whether its lock was released.
    pub(super) locks: Vec<(usize, bool)>,
    pub(super) shown: Vec<(usize, Side, Feedback)>,
    pub(super) sent: Vec<ToHub>,
    pub(super) hung_up: bool,
    pub(super) failed: Option<String>,
}

/// Segments of a few sectors: a stage is small.
fn room() -> Room {
    let limits = |segment, segments, record| Limits::new(segment, segments, record).unwrap_or(Limits::SPOOL);
    Room { config: limits(1024 * 1024, 8, 400_000), spool: limits(64 * 1024, 64, 8_000) }
}

impl Station {
    /// Enrols a controller at a site: an identity, and the founding.
    pub(super) fn enrol(
        id: ControllerId,
        site: SiteId,
        founding: &[u8],
        doors: Vec<Doorway>,
    ) -> Result<Self, String> {
        let said = |e: &dyn std::error::Error| format!("controller `{id}` can not be set up: {e}");
        let disk = SimDisk::new(u64::from_be_bytes(dice::bytes()));
        let dir = Path::new(DIR);
        disk.make_dir(dir).map_err(|e| said(&e))?;
        let key = Ed25519KeyPair::generate().map_err(|e| said(&e))?;
        let pkcs8 = Zeroizing::new(key.to_pkcs8().map_err(|e| said(&e))?.as_ref().to_vec());
        let public = public(&key);
        // No certificates: there is no link to show them on.
        let identity = Identity { controller: id, site, key, pkcs8, chain: Vec::new(), ca: Vec::new() };
        identity.write(disk.clone(), dir).map_err(|e| said(&e))?;
        let (mut config, _) =
            Journal::open(disk.clone(), &dir.join("config"), room().config, 3).map_err(|e| said(&e))?;
        config.append(&[founding]).map_err(|e| said(&e))?;
        Ok(Self {
            id,
            key: public,
            doors,
            mail: VecDeque::new(),
            linked: false,
            sent: 0,
            told: 0,
            disk,
            live: None,
        })
    }

    pub(super) fn is_up(&self) -> bool {
        self.live.is_some()
    }

    /// Comes up from its disk, by the same path after everything.
    pub(super) fn start(&mut self, now: Now) -> Result<Turned, String> {
        let said = |e: &dyn std::error::Error| format!("controller does not start: {e}");
        let seed = u64::from_be_bytes(dice::bytes());
        let memory =
            Memory::open_within(self.disk.clone(), Path::new(DIR), seed, room()).map_err(|e| said(&e))?;
        let wirings: Vec<DoorWiring> = self.doors.iter().map(Doorway::wiring).collect();
        let mut effects = Vec::new();
        let (core, keeper) =
            Core::start(memory, &wirings, now, Box::new(dice::bytes), &mut effects).map_err(|e| said(&e))?;
        self.live = Some(Live { core, keeper });
        self.doors.iter_mut().for_each(Doorway::forget);
        let mut turned = Turned::default();
        self.perform(effects, &mut Vec::new(), &mut turned);
        // Readers are there before their first card.
        let readers = wirings.iter().enumerate().flat_map(|(door, w)| {
            w.readers().map(move |(side, _)| Input::Reader { door, side, online: true }).collect::<Vec<_>>()
        });
        let readers = readers.collect();
        self.turn_into(now, readers, &mut turned);
        Ok(turned)
    }

    /// The process is gone, and the disk stays as it is.
    pub(super) fn kill(&mut self) {
        self.live = None;
        self.linked = false;
        self.mail.clear();
        self.doors.iter_mut().for_each(Doorway::lose_command);
    }

    /// The power is gone: what was not synced is lost, or torn.
    pub(super) fn cut_power(&mut self) {
        self.kill();
        self.disk = self.disk.power_cut(u64::from_be_bytes(dice::bytes()));
    }

    /// What its wires and the hub have to say now.
    pub(super) fn inputs(&mut self, now: Mono) -> Vec<Input> {
        if self.live.is_none() {
            return Vec::new();
        }
        let mut inputs = Vec::new();
        for (index, door) in self.doors.iter_mut().enumerate() {
            door.look(index, now, &mut inputs);
        }
        inputs.extend(self.mail.drain(..).map(|said| Input::Hub(Box::new(said))));
        inputs
    }

    /// Whether its time has come without an input.
    pub(super) fn is_due(&self, now: Mono) -> bool {
        self.live.as_ref().is_some_and(|live| live.core.wake_at() <= now)
    }

    pub(super) fn wake_at(&self) -> Option<Mono> {
        let live = self.live.as_ref()?;
        self.doors.iter().filter_map(Doorway::wake_at).chain([live.core.wake_at()]).min()
    }

    pub(super) fn states(&self) -> Vec<lockward_door::State> {
        self.live.iter().flat_map(|live| live.core.doors()).map(|(_, state)| state).collect()
    }

    /// One turn of the loop: the core, the disk, PINs, until all are silent.
    pub(super) fn turn(&mut self, now: Now, inputs: Vec<Input>) -> Turned {
        let mut turned = Turned::default();
        self.turn_into(now, inputs, &mut turned);
        turned
    }

    fn turn_into(&mut self, now: Now, mut inputs: Vec<Input>, turned: &mut Turned) {
        for _ in 0..STEPS_MAX {
            let Some(live) = &mut self.live else { return };
            let mut effects = Vec::new();
            live.core.take(now, &mut inputs, &mut effects);
            self.perform(effects, &mut inputs, turned);
            self.serve_disk(now, &mut inputs, turned);
            if inputs.is_empty() {
                return;
            }
        }
    }

    fn serve_disk(&mut self, now: Now, inputs: &mut Vec<Input>, turned: &mut Turned) {
        for _ in 0..STEPS_MAX {
            let Some(live) = &mut self.live else { return };
            let Some(job) = live.core.job(now.mono) else { return };
            let mut effects = Vec::new();
            let done = live.keeper.run(job);
            if let Err(error) = live.core.done(now, done, &mut effects) {
                turned.failed = Some(error.to_string());
            }
            self.perform(effects, inputs, turned);
        }
    }

    fn perform(&mut self, effects: Vec<Effect>, inputs: &mut Vec<Input>, turned: &mut Turned) {
        for effect in effects {
            match effect {
                Effect::Release(door) => self.lock(door, true, turned),
                Effect::Lock(door) => self.lock(door, false, turned),
                Effect::Feedback { door, side, feedback } => turned.shown.push((door, side, feedback)),
                Effect::Send(message) => turned.sent.push(*message),
                Effect::CheckPin(check) => inputs.push(check.run()),
                Effect::HangUp => turned.hung_up = true,
            }
        }
    }

    fn lock(&mut self, door: usize, released: bool, turned: &mut Turned) {
        let Some(doorway) = self.doors.get_mut(door) else { return };
        if doorway.released != released {
            doorway.command(released);
            turned.locks.push((door, released));
        }
    }

    /// The sealed events that its disk holds from `told` on, read from a copy: the disk is not touched.
    pub(super) fn spooled(&self) -> Vec<Vec<u8>> {
        let dir = Path::new(DIR).join("spool");
        let copy = SimDisk::new(0);
        for path in self.disk.list(&dir).unwrap_or_default() {
            let Ok(from) = self.disk.open(&path) else { continue };
            let Ok(size) = from.size().map(|s| usize::try_from(s).unwrap_or(0)) else { continue };
            let mut bytes = vec![0; size];
            let copied = from.read_at(0, &mut bytes).and_then(|()| copy.create(&path)?.write_at(0, &bytes));
            if copied.is_err() {
                return Vec::new();
            }
        }
        let Ok((spool, _)) = Journal::open(copy, &dir, room().spool, 1) else { return Vec::new() };
        spool.read_from(self.told).filter_map(Result::ok).map(|r| r.bytes).collect()
    }
}

fn public(pair: &Ed25519KeyPair) -> PublicKey {
    use aws_lc_rs::signature::KeyPair as _;
    let mut key = [0; 32];
    // An Ed25519 public key has exactly these 32 bytes.
    key.iter_mut().zip(pair.public_key().as_ref()).for_each(|(k, b)| *k = *b);
    PublicKey(key)
}
