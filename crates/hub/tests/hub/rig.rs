//! A site in a folder that vanishes, an operator who may do everything, and a hub.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use core::time::Duration;
use lockward_hub::*;
use lockward_model::*;
use lockward_store::Log;
use lockward_wire::config::{Envelope, PayloadType, encode_changes};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// The machine's clock, and how far it was turned.
#[derive(Default)]
pub struct Turned(SystemClock, AtomicI64);

impl Turned {
    pub fn forward(&self, by: Duration) {
        self.1.fetch_add(by.as_millis() as i64, Ordering::SeqCst);
    }
}

impl Clock for Turned {
    fn now(&self) -> Now {
        let turned = self.1.load(Ordering::SeqCst);
        let now = self.0.now();
        Now { mono: Mono(now.mono.0 + turned as u64 * 1_000), wall: Time(now.wall.0 + turned) }
    }
}

pub fn key(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

pub fn public(pair: &Ed25519KeyPair) -> PublicKey {
    PublicKey(pair.public_key().as_ref().try_into().unwrap())
}

pub const OPERATOR: u8 = 1;

pub fn request() -> FoundingRequest {
    FoundingRequest {
        title: "Halle 7".parse().unwrap(),
        zone: SiteZone::new("Europe/Berlin").unwrap(),
        operator: Operator::with_key(
            "ada".parse().unwrap(),
            "Ada".parse().unwrap(),
            public(&key(OPERATOR)),
            vec!["owner".parse().unwrap()],
        ),
        master: None,
    }
}

pub struct Rig {
    pub clock: Arc<Turned>,
    pub dir: PathBuf,
    hub: Option<Running>,
    pub site: SiteId,
    paper: RecoveryKey,
    _folder: tempfile::TempDir,
}

impl Rig {
    /// A hub with two controllers announced, and a door at each.
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("site");
        let clock = Arc::new(Turned::default());
        let founded = found(&dir, request(), &key(OPERATOR), &*clock).unwrap();
        let (site, paper) = (founded.site, founded.recovery_key);
        let hub = start(&dir, &clock).await;
        let rig = Self { clock, dir, hub: Some(hub), site, paper, _folder: folder };
        rig.change(vec![
            Change::PutZone(Zone {
                id: "hall".parse().unwrap(),
                title: "Hall".parse().unwrap(),
                parent: None,
                rules: ZoneRules::default(),
            }),
            Change::PutZone(Zone {
                id: "vault".parse().unwrap(),
                title: "Vault".parse().unwrap(),
                parent: Some("hall".parse().unwrap()),
                rules: ZoneRules { most: core::num::NonZeroU32::new(3), ..ZoneRules::default() },
            }),
            Change::PutController { id: "gate-1".parse().unwrap(), title: "Gate one".parse().unwrap() },
            Change::PutController { id: "gate-2".parse().unwrap(), title: "Gate two".parse().unwrap() },
            Change::PutDoor(door("door-1", "gate-1")),
            Change::PutDoor(door("door-2", "gate-2")),
        ])
        .unwrap();
        rig
    }

    /// The recovery key, as it was written on paper.
    pub fn paper(&self) -> Ed25519KeyPair {
        let digits = self.paper.as_str().replace('-', "");
        let seed: Vec<u8> =
            (0..64).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect();
        Ed25519KeyPair::from_seed_unchecked(&seed).unwrap()
    }

    pub fn hub(&self) -> &Running {
        self.hub.as_ref().unwrap()
    }

    pub async fn stop(&mut self) {
        self.hub.take().unwrap().stop().await;
    }

    /// The same site with another solver than the machine's, at another port.
    pub async fn with_solver(mut self, solver: &str) -> Self {
        self.stop().await;
        let config = HubConfig { solver: Some(solver.into()), ..config(&self.dir, &self.clock) };
        self.hub = Some(Hub::start(config).await.unwrap());
        self
    }

    /// The same site with an OpenID provider, at another port.
    pub async fn with_openid(mut self, openid: OpenIdConfig) -> Self {
        self.stop().await;
        let config = HubConfig { openid: Some(openid), ..config(&self.dir, &self.clock) };
        self.hub = Some(Hub::start(config).await.unwrap());
        self
    }

    pub async fn start(&mut self) {
        self.hub = Some(start(&self.dir, &self.clock).await);
    }

    pub fn sign(&self, at: u64, changes: Vec<Change>, by: &Ed25519KeyPair) -> Vec<u8> {
        signed(self.site, at, changes, by)
    }

    pub fn change(&self, changes: Vec<Change>) -> Result<u64, ChangeError> {
        let at = self.hub().office().site().size();
        self.hub().office().append_change(&self.sign(at, changes, &key(OPERATOR)))
    }

    /// An operator's act, drafted now.
    pub fn forgive(&self, whom: Forgiven) {
        let (at, drafted) = (self.hub().office().site().size(), self.clock.now().wall);
        let set = ChangeSet {
            site: self.site,
            at,
            drafted,
            on_behalf: None,
            reason: None,
            changes: vec![Change::Forgive(whom)],
        };
        let mut envelope = Envelope::new(PayloadType::ChangeSet, encode_changes(&set).unwrap()).unwrap();
        envelope.sign(&key(OPERATOR)).unwrap();
        self.hub().office().append_change(&envelope.to_bytes()).unwrap();
    }

    /// Every event of the log, opened.
    pub fn events(&self) -> Vec<Event> {
        let office = self.hub().office();
        let mut found = Vec::new();
        let visit = |_, leaf: &[u8]| {
            found.extend(office.open_leaf(leaf).unwrap());
            Ok::<_, lockward_store::HubError>(())
        };
        office.store().for_each_entry(Log::Event, 0..u64::MAX, visit).unwrap();
        found
    }

    /// Waits until an event with this body is in the log.
    pub async fn until(&self, wanted: impl Fn(&Body) -> bool) -> Event {
        for _ in 0..200 {
            if let Some(event) = self.events().into_iter().find(|e| wanted(&e.body)) {
                return event;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("not in {:#?}", self.events().iter().map(|e| &e.body).collect::<Vec<_>>());
    }

    pub async fn until_refused(&self, code: &str) -> Option<ControllerId> {
        let wanted = |b: &Body| matches!(b, Body::LinkRefused { code: c, .. } if **c == *code);
        match self.until(wanted).await.body {
            Body::LinkRefused { claimed, .. } => claimed,
            _ => unreachable!(),
        }
    }
}

pub async fn start(dir: &std::path::Path, clock: &Arc<Turned>) -> Running {
    Hub::start(config(dir, clock)).await.unwrap()
}

pub fn config(dir: &std::path::Path, clock: &Arc<Turned>) -> HubConfig {
    HubConfig {
        dir: dir.to_owned(),
        master: None,
        listen: "127.0.0.1:0".parse().unwrap(),
        console: Some("127.0.0.1:0".parse().unwrap()),
        public: None,
        openid: None,
        solver: None,
        banner: None,
        clock: Arc::clone(clock) as _,
    }
}

pub fn signed(site: SiteId, at: u64, changes: Vec<Change>, by: &Ed25519KeyPair) -> Vec<u8> {
    let set = ChangeSet { site, at, drafted: Time(0), on_behalf: None, reason: None, changes };
    let mut envelope = Envelope::new(PayloadType::ChangeSet, encode_changes(&set).unwrap()).unwrap();
    envelope.sign(by).unwrap();
    envelope.to_bytes()
}

pub fn person(id: PersonId, sealed: Option<Box<[u8]>>) -> Person {
    Person {
        id,
        groups: vec![],
        valid: Validity::default(),
        suspended: false,
        extended: false,
        visit: None,
        sealed,
    }
}

pub fn door(id: &str, controller: &str) -> Door {
    Door {
        id: id.parse().unwrap(),
        title: format!("The {id}").parse().unwrap(),
        kind: DoorKind::Entrance,
        from: None,
        to: "hall".parse().unwrap(),
        controller: controller.parse().unwrap(),
        release: ReleaseTime::new(Duration::from_secs(5)).unwrap(),
        open_limit: OpenLimit::new(Duration::from_secs(30)).unwrap(),
        relock: Relock::OnClose,
        exit: ExitHardware::Mechanical,
        unlocked: None,
        rules: DoorRules::default(),
    }
}
