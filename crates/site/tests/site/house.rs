//! A site under test with its log, the keys of all who sign, and a small warehouse to put into it.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use core::fmt::Debug;
use core::str::FromStr;
use core::time::Duration;
use lockward_ledger::leaf_hash;
use lockward_model::*;
use lockward_policy::base_policies;
use lockward_site::{Keep, Refusal, Site};
use lockward_wire::config::{Envelope, PayloadType, encode_changes, encode_founding, encode_order};
use lockward_wire::credential::{Pass, PassId, PassPlace};

/// Whose key: the seed of an Ed25519 pair.
pub(crate) type Who = u8;
/// Ada, who may change anything.
pub(crate) const OWNER: Who = 1;
/// Olga, who may change nothing.
pub(crate) const AUDITOR: Who = 2;
/// Pete, who looks after people and their cards.
pub(crate) const DESK: Who = 3;
pub(crate) const HUB: Who = 4;
pub(crate) const STRANGER: Who = 9;

pub(crate) const ANN: CardToken = CardToken([1; 16]);
pub(crate) const BEN: CardToken = CardToken([2; 16]);
pub(crate) const UNKNOWN: CardToken = CardToken([0xff; 16]);

pub(crate) fn id<T: FromStr<Err: Debug>>(s: &str) -> T {
    s.parse().unwrap()
}

pub(crate) fn pair(who: Who) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[who; 32]).unwrap()
}

pub(crate) fn key(who: Who) -> PublicKey {
    PublicKey(pair(who).public_key().as_ref().try_into().unwrap())
}

pub(crate) fn operator(name: &str, who: Who, role: &str) -> Operator {
    Operator::with_key(id(name), id(name), key(who), vec![id(role)])
}

pub(crate) fn founding() -> Founding {
    Founding {
        title: id("Halle 7"),
        zone: SiteZone::new("Europe/Berlin").unwrap(),
        founded: Time(1_767_225_600_000),
        config_origin: "example.com/7/config".into(),
        event_origin: "example.com/7/events".into(),
        log_key: key(5),
        hub: Service::new(id("hub"), key(HUB)),
        operators: vec![
            operator("ada", OWNER, "owner"),
            operator("olga", AUDITOR, "auditor"),
            operator("pete", DESK, "people"),
        ],
        recovery_key: key(6),
        ca_digest: Digest([7; 32]),
        policies: base_policies(),
    }
}

fn signed(kind: PayloadType, payload: Vec<u8>, by: &[Who]) -> Vec<u8> {
    let mut envelope = Envelope::new(kind, payload).unwrap();
    by.iter().for_each(|who| envelope.sign(&pair(*who)).unwrap());
    envelope.to_bytes()
}

pub(crate) fn order_entry(order: &Order, by: &[Who]) -> Box<[u8]> {
    signed(PayloadType::Order, encode_order(order).unwrap(), by).into()
}

pub(crate) fn founding_entry(founding: &Founding, by: &[Who]) -> Vec<u8> {
    signed(PayloadType::Founding, encode_founding(founding).unwrap(), by)
}

pub(crate) fn entry(set: &ChangeSet, by: &[Who]) -> Vec<u8> {
    signed(PayloadType::ChangeSet, encode_changes(set).unwrap(), by)
}

pub(crate) fn found(entry: &[u8], keep: Keep) -> Result<Site, Refusal> {
    Site::found(entry, SiteId(*leaf_hash(entry).as_bytes()), keep)
}

/// A site, and the log that it is the fold of.
pub(crate) struct House {
    pub(crate) site: Site,
    pub(crate) log: Vec<Vec<u8>>,
}

impl House {
    /// Founded, and empty.
    pub(crate) fn new() -> Self {
        let entry = founding_entry(&founding(), &[OWNER]);
        Self { site: found(&entry, Keep::Everything).unwrap(), log: vec![entry] }
    }

    /// The warehouse of [`warehouse`].
    pub(crate) fn warehouse() -> Self {
        let mut house = Self::new();
        house.put(warehouse());
        house
    }

    pub(crate) fn set(&self, changes: Vec<Change>) -> ChangeSet {
        let (site, at) = (self.site.id(), self.site.size());
        ChangeSet { site, at, drafted: Time(1_767_225_600_000), on_behalf: None, reason: None, changes }
    }

    /// The next entry.
    pub(crate) fn entry(&self, changes: Vec<Change>, by: &[Who]) -> Vec<u8> {
        entry(&self.set(changes), by)
    }

    pub(crate) fn apply(&mut self, entry: Vec<u8>) -> Result<(), Refusal> {
        self.site.apply(&entry)?;
        self.log.push(entry);
        Ok(())
    }

    /// Changes that the owner signs.
    pub(crate) fn change(&mut self, changes: Vec<Change>) -> Result<(), Refusal> {
        self.apply(self.entry(changes, &[OWNER]))
    }

    /// Changes that must go through.
    pub(crate) fn put(&mut self, changes: Vec<Change>) {
        if let Err(refusal) = self.change(changes) {
            panic!("{refusal} {refusal:?}");
        }
    }

    /// The same log, folded again.
    pub(crate) fn replay(&self, keep: Keep) -> Site {
        let (founding, rest) = self.log.split_first().unwrap();
        let mut site = found(founding, keep).unwrap();
        rest.iter().for_each(|entry| site.apply(entry).unwrap());
        site
    }
}

pub(crate) fn zone(name: &str, parent: Option<&str>) -> Change {
    Change::PutZone(zone_of(name, parent))
}

pub(crate) fn zone_of(name: &str, parent: Option<&str>) -> Zone {
    Zone { id: id(name), title: id(name), parent: parent.map(id), rules: ZoneRules::default() }
}

pub(crate) fn door_to(name: &str, to: &str) -> Door {
    Door {
        id: id(name),
        title: id(name),
        kind: DoorKind::Room,
        from: None,
        to: id(to),
        controller: id("k1"),
        release: ReleaseTime::new(Duration::from_secs(5)).unwrap(),
        open_limit: OpenLimit::new(Duration::from_secs(30)).unwrap(),
        relock: Relock::OnClose,
        exit: ExitHardware::Mechanical,
        unlocked: None,
        rules: DoorRules::default(),
    }
}

pub(crate) fn group(name: &str) -> Change {
    Change::PutGroup(Group { id: id(name), title: id(name) })
}

pub(crate) fn controller(name: &str) -> Change {
    Change::PutController { id: id(name), title: id(name) }
}

pub(crate) fn person(name: &str, groups: &[&str]) -> Person {
    Person {
        id: id(name),
        groups: groups.iter().map(|g| id(g)).collect(),
        valid: Validity::default(),
        suspended: false,
        extended: false,
        visit: None,
        sealed: Some(name.as_bytes().into()),
    }
}

pub(crate) fn card(name: &str, person: &str, token: CardToken) -> Credential {
    Credential { id: id(name), person: id(person), proof: Proof::Card(token), valid: Validity::default() }
}

/// A PIN's hash of the right form, with `salt` for a salt; nothing here compares it.
pub(crate) fn pin_hash(salt: char) -> PinHash {
    let (salt, hash) = (salt.to_string().repeat(21), "A".repeat(43));
    PinHash(format!("$argon2id$v=19$m=19456,t=2,p=1${salt}A${hash}").into())
}

pub(crate) fn shows(name: &str, person: &str, proof: Proof) -> Credential {
    Credential { proof, ..card(name, person, UNKNOWN) }
}

pub(crate) fn pin(name: &str, person: &str, salt: char) -> Credential {
    shows(name, person, Proof::Pin(pin_hash(salt)))
}

/// A card that signs; nothing here checks with its key.
pub(crate) fn key_card(name: &str, person: &str, token: CardToken) -> Credential {
    let mut key = [7; 65];
    key[0] = 4;
    shows(name, person, Proof::Key { token, key: CardPublicKey(key) })
}

/// A PIN that stands alone.
pub(crate) fn pin_alone(name: &str, person: &str, token: CardToken, digits: u8) -> Credential {
    shows(name, person, Proof::PinOnly { token, digits })
}

/// One-time codes by the clock; nothing here makes one.
pub(crate) fn totp(name: &str, person: &str) -> Credential {
    shows(name, person, Proof::Totp(SealedSecret(Box::new([7; 24]))))
}

/// A pass for two weeks, as a reader gives it: of the site whose founding is [`founding`].
pub(crate) fn shown_pass(place: PassPlace, from: Time, by: Who) -> Vec<u8> {
    let site = SiteId(*leaf_hash(&founding_entry(&founding(), &[OWNER])).as_bytes());
    let (pass, until) = (PassId([3; 16]), Time(from.0 + 14 * 24 * 3_600_000));
    let pass = Pass { id: pass, service: id("hub"), place, from, until, uses: 1, order: None };
    pass.sign(&site, &pair(by)).unwrap().text().into_bytes()
}

/// Weekdays between two hours.
pub(crate) fn weekdays(name: &str, from: u16, to: u16) -> Change {
    let window = Window { days: Days(0b1_1111), from: from * 60, to: to * 60 };
    Change::PutSchedule(Schedule::new(id(name), id(name), vec![window], vec![]).unwrap())
}

pub(crate) fn rule(name: &str, group: &str, target: Target) -> Rule {
    let (groups, targets) = (vec![id(group)], vec![target]);
    let (schedule, factors, two_people) = (None, Factors::NONE, false);
    Rule { id: id(name), title: id(name), groups, targets, schedule, factors, two_people }
}

pub(crate) fn policy(name: &str, text: &str) -> Change {
    Change::PutPolicy(PolicyText { id: id(name), text: text.into() })
}

/// Ann of the staff, with card and PIN, may go anywhere in the hall, into the cage of the vault only with her PIN.
/// Ben, a guest with a card, may go through the gate by day.
pub(crate) fn warehouse() -> Vec<Change> {
    let strict = Rule { factors: Factors::PIN, ..rule("cages", "staff", Target::Zone(id("vault"))) };
    let visit = Rule { schedule: Some(id("day")), ..rule("visit", "guests", Target::Door(id("gate"))) };
    vec![
        zone("hall", None),
        zone("aisle", Some("hall")),
        zone("vault", None),
        zone("yard", None),
        controller("k1"),
        weekdays("day", 8, 18),
        group("staff"),
        group("guests"),
        Change::PutDoor(Door { kind: DoorKind::Gate, ..door_to("gate", "hall") }),
        Change::PutDoor(Door { from: Some(id("hall")), ..door_to("aisle-1", "aisle") }),
        Change::PutDoor(Door { kind: DoorKind::Cage, ..door_to("cage", "vault") }),
        Change::PutDoor(Door { unlocked: Some(id("day")), ..door_to("shop", "yard") }),
        Change::PutPerson(person("ann", &["staff"])),
        Change::PutPerson(person("ben", &["guests"])),
        Change::PutCredential(card("ann-card", "ann", ANN)),
        Change::PutCredential(pin("ann-pin", "ann", 'a')),
        Change::PutCredential(card("ben-card", "ben", BEN)),
        Change::PutRule(rule("in", "staff", Target::Zone(id("hall")))),
        Change::PutRule(strict),
        Change::PutRule(visit),
    ]
}

/// A moment of 2026 in UTC.
pub(crate) fn utc(month: usize, day: i64, hour: i64, minute: i64) -> Time {
    let days: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let day = days[..month - 1].iter().sum::<i64>() + day - 1;
    Time(1_767_225_600_000 + ((day * 24 + hour) * 60 + minute) * 60_000)
}

/// A Monday in June, noon in Berlin.
pub(crate) fn noon() -> Time {
    utc(6, 1, 10, 0)
}

/// The night after it.
pub(crate) fn night() -> Time {
    utc(6, 1, 22, 0)
}

#[test]
fn the_calendar_of_these_tests_is_right() {
    assert_eq!(utc(3, 29, 1, 0).to_string(), "2026-03-29T01:00:00.000Z");
    assert_eq!(utc(12, 31, 23, 59).to_string(), "2026-12-31T23:59:00.000Z");
    assert_eq!(noon().to_string(), "2026-06-01T10:00:00.000Z");
}
