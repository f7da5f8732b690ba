//! A small site with real keys: its config log, its people and their cards, and the disk of an enrolled controller.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use core::fmt::Debug;
use core::str::FromStr;
use core::time::Duration;
use lockward_controller::config::{DoorWiring, InputWiring, ReaderWiring};
use lockward_controller::core::Input;
use lockward_controller::identity::Identity;
use lockward_controller::memory::Room;
use lockward_door::{Contact, Key, Wire};
use lockward_ledger::{Checkpoint, Frontier, SignedCheckpoint, leaf_hash};
use lockward_model::*;
use lockward_site::{Keep, Site};
use lockward_store::{Disk, Journal, Limits, SimDisk};
use lockward_wire::config::{Envelope, PayloadType, encode_changes, encode_founding};
use lockward_wire::credential::hash_pin;
use lockward_wire::event::source_key;
use lockward_wire::link::Keys;
use lockward_wire::{CardKey, EpochKey, PinPepper, SourceKey};
use std::path::Path;
use std::sync::OnceLock;
use zeroize::Zeroizing;

/// Whose key: the seed of an Ed25519 pair.
pub(crate) type Who = u8;
pub(crate) const OWNER: Who = 1;
pub(crate) const AUDITOR: Who = 2;
pub(crate) const HUB: Who = 3;
pub(crate) const LOG: Who = 4;
pub(crate) const DEVICE: Who = 5;
pub(crate) const STRANGER: Who = 9;

/// Doors, by their index at the controller. The handle of `FRONT` and `VAULT` opens mechanically from inside; the lock
/// of `LAB` holds people in; `SHED` is wired and not configured; `FOREIGN` belongs to another controller.
pub(crate) const FRONT: usize = 0;
pub(crate) const VAULT: usize = 1;
pub(crate) const LAB: usize = 2;
pub(crate) const SHED: usize = 3;
pub(crate) const FOREIGN: usize = 4;
pub(crate) const DOORS: [&str; 5] = ["front", "vault", "lab", "shed", "foreign"];

/// Cards: Ann and Ben are known, Ben has a PIN too; nobody knows the third.
pub(crate) const ANN: u8 = 1;
pub(crate) const BEN: u8 = 2;
pub(crate) const NOBODY: u8 = 99;
pub(crate) const PIN: &str = "2468";

pub(crate) const DIR: &str = "/lockward";
/// A Monday, 09:00 UTC.
pub(crate) const MORNING: Time = Time(1_782_118_800_000);
pub(crate) const EPOCH: Epoch = Epoch(7);

pub(crate) fn id<T: FromStr<Err: Debug>>(s: &str) -> T {
    s.parse().unwrap()
}

pub(crate) fn pair(who: Who) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[who; 32]).unwrap()
}

pub(crate) fn key(who: Who) -> PublicKey {
    PublicKey(pair(who).public_key().as_ref().try_into().unwrap())
}

pub(crate) fn pepper() -> PinPepper {
    PinPepper::from_bytes([0x22; 32])
}

pub(crate) fn card_key() -> CardKey {
    CardKey::from_bytes([0x11; 32])
}

pub(crate) fn token(card: u8) -> CardToken {
    card_key().token(32, &[card; 4]).unwrap()
}

pub(crate) fn card(door: usize, card: u8) -> Input {
    card_at(door, Side::Entry, card)
}

pub(crate) fn card_at(door: usize, side: Side, card: u8) -> Input {
    Input::Card { door, side, bits: 32, data: vec![card; 4] }
}

/// The keys of a PIN, and the one that ends it.
pub(crate) fn typed(door: usize, pin: &str) -> Vec<Input> {
    let digits = pin.bytes().map(|b| Key::Digit(b - b'0'));
    digits.chain([Key::Enter]).map(|key| Input::Key { door, side: Side::Entry, key }).collect()
}

/// What the contact of a door says.
pub(crate) const OPEN: Wire<Contact> = Wire::Says(Contact::Open);
pub(crate) const SHUT: Wire<Contact> = Wire::Says(Contact::Closed);

/// Segments of a few sectors, so that a day turns through all of them.
pub(crate) fn small() -> Room {
    Room {
        config: Limits::new(128 * 1024, 4, 60_000).unwrap(),
        spool: Limits::new(16 * 1024, 32, 4_000).unwrap(),
    }
}

pub(crate) fn wiring(id: &str) -> DoorWiring {
    let reader = |address| Some(ReaderWiring { bus: "a".into(), address, keypad: true });
    DoorWiring {
        reader: reader(0),
        exit_reader: reader(1),
        contact: Some(InputWiring::simulated()),
        exit: Some(InputWiring::simulated()),
        ..DoorWiring::simulated(self::id(id))
    }
}

pub(crate) fn wirings() -> Vec<DoorWiring> {
    DOORS.map(wiring).to_vec()
}

pub(crate) fn door(name: &str) -> Door {
    Door {
        id: id(name),
        title: id(name),
        kind: DoorKind::Room,
        from: None,
        to: id("house"),
        controller: id("dock"),
        release: ReleaseTime::new(Duration::from_secs(3)).unwrap(),
        open_limit: OpenLimit::new(Duration::from_secs(30)).unwrap(),
        relock: Relock::OnOpen,
        exit: if name == "lab" { ExitHardware::Released } else { ExitHardware::Mechanical },
        unlocked: None,
        rules: DoorRules::default(),
    }
}

pub(crate) fn person(name: &str) -> Person {
    let valid = Validity::default();
    Person {
        id: id(name),
        groups: vec![id("staff")],
        valid,
        suspended: false,
        extended: false,
        visit: None,
        sealed: None,
    }
}

pub(crate) fn credential(name: &str, of: &str, proof: Proof) -> Credential {
    Credential { id: id(name), person: id(of), proof, valid: Validity::default() }
}

pub(crate) fn pin_of(pin: &str) -> Proof {
    Proof::Pin(hash_pin(&pin.parse().unwrap(), [pin.len() as u8; 16], &pepper()))
}

fn bens_pin() -> Proof {
    static HASH: OnceLock<Proof> = OnceLock::new();
    HASH.get_or_init(|| pin_of(PIN)).clone()
}

pub(crate) fn rule(name: &str, targets: Vec<Target>, factors: Factors) -> Rule {
    Rule {
        id: id(name),
        title: id(name),
        groups: vec![id("staff")],
        targets,
        schedule: None,
        factors,
        two_people: false,
    }
}

fn founding() -> Founding {
    let operator =
        |name: &str, who, role: &str| Operator::with_key(id(name), id(name), key(who), vec![id(role)]);
    Founding {
        title: id("Halle 7"),
        zone: SiteZone::new("Europe/Berlin").unwrap(),
        founded: MORNING - Duration::from_secs(86_400),
        config_origin: "example.com/7/config".into(),
        event_origin: "example.com/7/events".into(),
        log_key: key(LOG),
        hub: Service::new(id("hub"), key(HUB)),
        operators: vec![operator("ada", OWNER, "owner"), operator("olga", AUDITOR, "auditor")],
        recovery_key: key(8),
        ca_digest: Digest([7; 32]),
        policies: lockward_policy::base_policies(),
    }
}

/// What the site holds from its second entry on.
fn furnishing() -> Vec<Change> {
    let targets = ["front", "lab", "foreign"].map(|d| Target::Door(id(d))).to_vec();
    vec![
        Change::PutController { id: id("dock"), title: id("Dock") },
        Change::BindController { id: id("dock"), key: key(DEVICE) },
        Change::PutController { id: id("other"), title: id("Other") },
        Change::PutZone(Zone {
            id: id("house"),
            title: id("House"),
            parent: None,
            rules: ZoneRules::default(),
        }),
        Change::PutGroup(Group { id: id("staff"), title: id("Staff") }),
        Change::PutDoor(door("front")),
        Change::PutDoor(door("vault")),
        Change::PutDoor(door("lab")),
        Change::PutDoor(Door { controller: id("other"), ..door("foreign") }),
        Change::PutPerson(person("ann")),
        Change::PutPerson(person("ben")),
        Change::PutCredential(credential("ann-card", "ann", Proof::Card(token(ANN)))),
        Change::PutCredential(credential("ben-card", "ben", Proof::Card(token(BEN)))),
        Change::PutCredential(credential("ben-pin", "ben", bens_pin())),
        Change::PutRule(rule("doors", targets, Factors::CARD)),
        Change::PutRule(rule("vault", vec![Target::Door(id("vault"))], Factors::CARD.with(Factors::PIN))),
    ]
}

/// A config log under way, and what signs it.
#[derive(Clone)]
pub(crate) struct House {
    pub(crate) site: SiteId,
    pub(crate) entries: Vec<Vec<u8>>,
}

impl House {
    /// A founded site with everything above in its second entry.
    pub(crate) fn furnished() -> Self {
        static HOUSE: OnceLock<House> = OnceLock::new();
        let build = || {
            let mut house = Self::bare();
            house.change(furnishing());
            house
        };
        HOUSE.get_or_init(build).clone()
    }

    /// Founded, and nothing else.
    pub(crate) fn bare() -> Self {
        let mut envelope =
            Envelope::new(PayloadType::Founding, encode_founding(&founding()).unwrap()).unwrap();
        envelope.sign(&pair(OWNER)).unwrap();
        let entry = envelope.to_bytes();
        Self { site: SiteId(*leaf_hash(&entry).as_bytes()), entries: vec![entry] }
    }

    /// The next entry, signed by these; not in the log yet.
    pub(crate) fn entry(&self, changes: Vec<Change>, by: &[Who]) -> Vec<u8> {
        self.entry_at(self.size(), changes, by)
    }

    pub(crate) fn entry_at(&self, at: u64, changes: Vec<Change>, by: &[Who]) -> Vec<u8> {
        let set = ChangeSet { site: self.site, at, drafted: MORNING, on_behalf: None, reason: None, changes };
        let mut envelope = Envelope::new(PayloadType::ChangeSet, encode_changes(&set).unwrap()).unwrap();
        by.iter().for_each(|who| envelope.sign(&pair(*who)).unwrap());
        envelope.to_bytes()
    }

    /// The owner changes the site.
    pub(crate) fn change(&mut self, changes: Vec<Change>) {
        let entry = self.entry(changes, &[OWNER]);
        self.entries.push(entry);
    }

    pub(crate) fn size(&self) -> u64 {
        self.entries.len() as u64
    }

    pub(crate) fn config_at(&self, size: u64) -> ConfigRef {
        let head = frontier(&self.entries[..usize::try_from(size).unwrap()]);
        ConfigRef { size, root: Digest(*head.root().as_bytes()) }
    }

    pub(crate) fn config(&self) -> ConfigRef {
        self.config_at(self.size())
    }

    /// The site as an auditor folds it.
    pub(crate) fn fold(&self, size: u64) -> Site {
        let mut site = Site::found(&self.entries[0], self.site, Keep::Decisions).unwrap();
        for entry in self.entries.iter().take(usize::try_from(size).unwrap()).skip(1) {
            site.apply(entry).unwrap();
        }
        site
    }

    pub(crate) fn source_key(&self) -> SourceKey {
        source_key(&EpochKey::from_bytes([0x33; 32]), &self.site, Source::Controller(id("dock")))
    }

    pub(crate) fn keys(&self) -> Keys {
        Keys { card_key: card_key(), pin_pepper: pepper(), epoch: EPOCH, source_key: self.source_key() }
    }

    /// The checkpoint over the whole config log.
    pub(crate) fn checkpoint(&self) -> Vec<u8> {
        checkpoint(&founding().config_origin, &frontier(&self.entries), LOG)
    }

    /// A disk as an enrolment leaves it: an identity, and the founding.
    pub(crate) fn enrolled(&self, seed: u64) -> SimDisk {
        let disk = SimDisk::new(seed);
        self.enrol(&disk, Path::new(DIR), small(), 1);
        disk
    }

    /// Lays a controller's folder: its identity, and so many entries of the config log.
    pub(crate) fn enrol<D: Disk + Clone>(&self, disk: &D, dir: &Path, room: Room, entries: usize) {
        self.enrol_as(disk, dir, room, entries, ("dock", DEVICE));
    }

    /// The same for another controller.
    pub(crate) fn enrol_as<D: Disk + Clone>(
        &self,
        disk: &D,
        dir: &Path,
        room: Room,
        entries: usize,
        who: (&str, Who),
    ) {
        self.identify_in(disk, dir, who);
        let (mut config, _) = Journal::open(disk.clone(), &dir.join("config"), room.config, 3).unwrap();
        let entries: Vec<&[u8]> = self.entries.iter().take(entries).map(Vec::as_slice).collect();
        config.append(&entries).unwrap();
    }

    /// A disk with an identity and nothing else.
    pub(crate) fn identify(&self, disk: &SimDisk) {
        self.identify_in(disk, Path::new(DIR), ("dock", DEVICE));
    }

    fn identify_in<D: Disk + Clone>(&self, disk: &D, dir: &Path, (name, who): (&str, Who)) {
        disk.make_dir(dir).unwrap();
        let pkcs8 = Zeroizing::new(pair(who).to_pkcs8().unwrap().as_ref().to_vec());
        let identity = Identity {
            controller: id(name),
            site: self.site,
            key: pair(who),
            pkcs8,
            chain: vec![vec![1]],
            ca: vec![2],
        };
        identity.write(disk.clone(), dir).unwrap();
    }
}

pub(crate) fn frontier(entries: &[Vec<u8>]) -> Frontier {
    entries.iter().map(|e| leaf_hash(e)).collect()
}

pub(crate) fn checkpoint(origin: &str, frontier: &Frontier, by: Who) -> Vec<u8> {
    let checkpoint = Checkpoint::new(id(origin), frontier.head(), vec![]).unwrap();
    SignedCheckpoint::sign(checkpoint, &pair(by)).unwrap().to_string().into_bytes()
}
