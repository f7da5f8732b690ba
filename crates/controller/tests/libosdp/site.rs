//! A small site, and the folder that an enrolment and one talk with the hub would have left at its controller.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use core::fmt::Debug;
use core::str::FromStr;
use core::time::Duration;
use lockward_controller::core::{Core, Input};
use lockward_controller::identity::Identity;
use lockward_controller::memory::Memory;
use lockward_ledger::leaf_hash;
use lockward_model::*;
use lockward_policy::base_policies;
use lockward_store::{Disk as _, Journal, Limits, RECORD_BYTES_MAX, RealDisk, SEGMENT_BYTES};
use lockward_wire::config::{Envelope, PayloadType, encode_changes, encode_founding};
use lockward_wire::credential::{CardNumber, CardPublicKey as CardPoint, Pin, hash_pin};
use lockward_wire::event::source_key;
use lockward_wire::link::{Keys, ToController};
use lockward_wire::{CardKey, EpochKey, PinPepper, SourceKey};
use std::path::Path;
use std::sync::OnceLock;
use zeroize::Zeroizing;

/// Ann of the staff, with a PIN. Her card opens the front door by itself, and the cage with the PIN.
pub(crate) const ANN: &str = "b5a1c680";
/// What Ann knows.
pub(crate) const ANN_PIN: &str = "47110";
/// Ben, whom no rule lets in anywhere.
pub(crate) const BEN: &str = "01020340";
/// A card that nobody gave out.
pub(crate) const UNKNOWN: &str = "ffee0180";

const PEPPER: [u8; 32] = [0x50; 32];
const CARD_KEY: [u8; 32] = [0xca; 32];
const NOW: Time = Time(1_767_225_600_000);

fn id<T: FromStr<Err: Debug>>(s: &str) -> T {
    s.parse().unwrap()
}

fn pair(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

fn public(seed: u8) -> PublicKey {
    PublicKey(pair(seed).public_key().as_ref().try_into().unwrap())
}

fn signed(kind: PayloadType, payload: Vec<u8>) -> Vec<u8> {
    let mut envelope = Envelope::new(kind, payload).unwrap();
    envelope.sign(&pair(1)).unwrap();
    envelope.to_bytes()
}

fn founding() -> Founding {
    Founding {
        title: id("Dock"),
        zone: SiteZone::new("Europe/Berlin").unwrap(),
        founded: NOW,
        config_origin: "example.com/dock/config".into(),
        event_origin: "example.com/dock/events".into(),
        log_key: public(2),
        hub: Service::new(id("hub"), public(3)),
        operators: vec![Operator::with_key(id("ada"), id("Ada"), public(1), vec![id("owner")])],
        recovery_key: public(4),
        ca_digest: Digest([5; 32]),
        policies: base_policies(),
    }
}

fn door(name: &str, to: &str) -> Change {
    Change::PutDoor(Door {
        id: id(name),
        title: id(name),
        kind: DoorKind::Room,
        from: None,
        to: id(to),
        controller: id("dock"),
        release: ReleaseTime::new(Duration::from_secs(2)).unwrap(),
        open_limit: OpenLimit::new(Duration::from_secs(30)).unwrap(),
        relock: Relock::OnClose,
        exit: ExitHardware::Released,
        unlocked: None,
        rules: Default::default(),
    })
}

fn card(name: &str, person: &str, hex: &str) -> Change {
    let number = CardNumber::parse(&format!("26:{hex}")).unwrap();
    let proof = Proof::Card(CardKey::from_bytes(CARD_KEY).token_of(&number));
    Change::PutCredential(Credential { id: id(name), person: id(person), proof, valid: Validity::default() })
}

/// Ann's card that signs: another one each time that the tests run.
pub(crate) fn ann_key() -> &'static EcdsaKeyPair {
    static KEY: OnceLock<EcdsaKeyPair> = OnceLock::new();
    KEY.get_or_init(|| EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
}

fn key_card(name: &str, person: &str, pair: &EcdsaKeyPair) -> Change {
    let bytes = pair.public_key().as_ref().try_into().unwrap();
    let token = CardKey::from_bytes(CARD_KEY).token_of_key(&CardPoint::new(&bytes).unwrap());
    let proof = Proof::Key { token, key: CardPublicKey(bytes) };
    Change::PutCredential(Credential { id: id(name), person: id(person), proof, valid: Validity::default() })
}

fn rule(name: &str, zone: &str, factors: Factors) -> Change {
    let (groups, targets) = (vec![id("staff")], vec![Target::Zone(id(zone))]);
    Change::PutRule(Rule {
        id: id(name),
        title: id(name),
        groups,
        targets,
        schedule: None,
        factors,
        two_people: false,
    })
}

fn changes() -> Vec<Change> {
    let zone = |name| {
        Change::PutZone(Zone { id: id(name), title: id(name), parent: None, rules: Default::default() })
    };
    let person = |name, groups: &[&str]| {
        let groups = groups.iter().map(|g| id(g)).collect();
        let valid = Validity::default();
        Change::PutPerson(Person {
            id: id(name),
            groups,
            valid,
            suspended: false,
            sealed: None,
            extended: false,
            visit: None,
        })
    };
    let pin: Pin = ANN_PIN.parse().unwrap();
    let proof = Proof::Pin(hash_pin(&pin, [9; 16], &PinPepper::from_bytes(PEPPER)));
    let pin = Credential { id: id("ann-pin"), person: id("ann"), proof, valid: Validity::default() };
    vec![
        Change::PutController { id: id("dock"), title: id("Dock") },
        Change::BindController { id: id("dock"), key: public(6) },
        zone("hall"),
        zone("vault"),
        door("front", "hall"),
        door("cage", "vault"),
        Change::PutGroup(Group { id: id("staff"), title: id("Staff") }),
        person("ann", &["staff"]),
        person("ben", &[]),
        card("ann-card", "ann", ANN),
        Change::PutCredential(pin),
        card("ben-card", "ben", BEN),
        key_card("ann-key", "ann", ann_key()),
        rule("in", "hall", Factors::CARD),
        rule("cages", "vault", Factors::CARD.with(Factors::PIN)),
    ]
}

/// What opens the records of the controller.
pub(crate) struct Sealed {
    pub(crate) source: Source,
    pub(crate) key: SourceKey,
}

/// Lays the folder: identity, config log, the hub's keys. That takes a first start, which is on record.
pub(crate) fn enrolled(folder: &Path) -> Sealed {
    RealDisk.make_dir(folder).unwrap();
    let founding = signed(PayloadType::Founding, encode_founding(&founding()).unwrap());
    let site = SiteId(*leaf_hash(&founding).as_bytes());
    let set = ChangeSet { site, at: 1, drafted: NOW, on_behalf: None, reason: None, changes: changes() };
    let changes = signed(PayloadType::ChangeSet, encode_changes(&set).unwrap());

    let key = pair(6);
    let pkcs8 = Zeroizing::new(key.to_pkcs8v1().unwrap().as_ref().to_vec());
    let controller: ControllerId = id("dock");
    // Nobody is at the hub's address, so no certificate is ever shown.
    let identity = Identity { controller, site, key, pkcs8, chain: Vec::new(), ca: Vec::new() };
    identity.write(RealDisk, folder).unwrap();

    // As large as the controller's own; a journal keeps the size that it began with.
    let limits = Limits::new(SEGMENT_BYTES, 512, RECORD_BYTES_MAX).unwrap();
    let (mut config, _) = Journal::open(RealDisk, &folder.join("config"), limits, 1).unwrap();
    config.append(&[&founding, &changes]).unwrap();
    drop(config);
    let source = Source::Controller(controller);
    let epoch_key = EpochKey::from_bytes([0xe0; 32]);
    let key = source_key(&epoch_key, &site, source);
    let keys = Keys {
        card_key: CardKey::from_bytes(CARD_KEY),
        pin_pepper: PinPepper::from_bytes(PEPPER),
        epoch: Epoch(0),
        source_key: key.clone(),
    };
    let memory = Memory::open(RealDisk, folder, 2).unwrap();
    let now = Now { mono: Mono(0), wall: NOW };
    let mut effects = Vec::new();
    let dice = Box::new(lockward_controller::dice::bytes);
    let (mut core, mut keeper) = Core::start(memory, &[], now, dice, &mut effects).unwrap();
    assert_eq!(core.config().map(|c| c.size), Some(2), "the site's own judges took its configuration");
    core.take(now, &mut vec![Input::Hub(Box::new(ToController::Keys(keys)))], &mut effects);
    keeper.serve(&mut core, now, &mut effects).unwrap();
    Sealed { source, key }
}
