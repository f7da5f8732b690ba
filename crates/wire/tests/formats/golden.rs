//! One of each format as bytes that stay: when one of these fails, an old log or an old controller can no longer be read.

use crate::event::signer;
use core::time::Duration;
use lockward_model::*;
use lockward_wire::config::{Envelope, PayloadType, encode_changes, encode_founding};
use lockward_wire::credential::{CardNumber, hash_pin};
use lockward_wire::event::{ChainHead, seal, source_key};
use lockward_wire::link::*;
use lockward_wire::seal::{PersonAttributes, wrap};
use lockward_wire::{CardKey, EnrollSecret, EpochKey, MasterKey, PersonKey, PinPepper, SourceKey};
use std::fmt::Write as _;

const SITE: SiteId = SiteId([0x51; 32]);
const NONCE: [u8; 12] = [0x0e; 12];

fn access() -> Event {
    Event {
        source: Source::Controller("gate-1".parse().unwrap()),
        seq: 41,
        prev: Digest([0x09; 32]),
        time: Time(1_790_000_000_123),
        door: Some("north-gate".parse().unwrap()),
        epoch: Epoch(3),
        body: Body::Access(Access {
            side: Side::Entry,
            token: Some(CardToken([0x77; 16])),
            person: Some("p-1".parse().unwrap()),
            factors: Factors::CARD.with(Factors::PIN),
            pin: PinFact::Right,
            keypad: true,
            config: Some(ConfigRef { size: 12, root: Digest([0x0c; 32]) }),
            config_age: Duration::from_millis(1_500),
            outcome: Outcome::Denied { why: Deny::Forbidden, because: vec!["no-visitors".into()] },
            known: Default::default(),
        }),
    }
}

fn passkey() -> SigningKey {
    let (rp, origin) = ("hub.example".into(), "https://hub.example:8443".into());
    SigningKey::Passkey(Passkey { id: vec![1, 2, 3].into(), key: [4; 65], rp, origin })
}

/// Somebody's own phone.
fn phone() -> Change {
    let SigningKey::Passkey(passkey) = passkey() else { panic!("a passkey") };
    Change::PutCredential(Credential {
        id: "phone-1".parse().unwrap(),
        person: "p-1".parse().unwrap(),
        proof: lockward_wire::credential::phone(passkey),
        valid: Validity::default(),
    })
}

/// What it was shown, in a record.
fn by_phone() -> Body {
    let Body::Access(access) = access().body else { panic!("an access") };
    let phone = ShownPhone { envelope: vec![1, 2].into(), fresh: true, prompt: true };
    let known = Known { phone: Some(Box::new(phone)), ..Known::default() };
    Body::Access(Access { known, ..access })
}

fn founding() -> Founding {
    Founding {
        title: "Halle 7 – Süd".parse().unwrap(),
        zone: SiteZone::new("Europe/Berlin").unwrap(),
        founded: Time(1_790_000_000_000),
        config_origin: "example.com/lockward/7/config".into(),
        event_origin: "example.com/lockward/7/events".into(),
        log_key: PublicKey([1; 32]),
        hub: Service::new("hub".parse().unwrap(), PublicKey([2; 32])),
        operators: vec![Operator::with_key(
            "ada".parse().unwrap(),
            "Ada".parse().unwrap(),
            PublicKey([3; 32]),
            vec!["owner".parse().unwrap()],
        )],
        recovery_key: PublicKey([4; 32]),
        ca_digest: Digest([5; 32]),
        policies: vec![PolicyText {
            id: "base".parse().unwrap(),
            text: "permit (principal, action, resource) when { \"a\" != \"b\" };\n".into(),
        }],
    }
}

fn places() -> Vec<Change> {
    let office = Window { days: Days(0b1_1111), from: 480, to: 1080 };
    let closed = DayException::closed("2026-12-25".parse().unwrap());
    let short = Dates::One("2026-12-31".parse().unwrap());
    let short = DayException { dates: short, reason: None, windows: vec![(540, 720)] };
    vec![
        Change::PutZone(Zone {
            id: "yard".parse().unwrap(),
            title: "Yard".parse().unwrap(),
            parent: Some("all".parse().unwrap()),
            rules: Default::default(),
        }),
        Change::RemoveZone("old".parse().unwrap()),
        Change::PutDoor(Door {
            id: "north-gate".parse().unwrap(),
            title: "North gate".parse().unwrap(),
            kind: DoorKind::Gate,
            from: None,
            to: "yard".parse().unwrap(),
            controller: "gate-1".parse().unwrap(),
            release: ReleaseTime::new(Duration::from_secs(5)).unwrap(),
            open_limit: OpenLimit::new(Duration::from_secs(30)).unwrap(),
            relock: Relock::OnClose,
            exit: ExitHardware::Released,
            unlocked: Some("office".parse().unwrap()),
            rules: Default::default(),
        }),
        Change::RemoveDoor("old".parse().unwrap()),
        Change::PutSchedule(
            Schedule::new(
                "office".parse().unwrap(),
                "Office".parse().unwrap(),
                vec![office],
                vec![closed, short],
            )
            .unwrap(),
        ),
        Change::RemoveSchedule("old".parse().unwrap()),
    ]
}

fn people() -> Vec<Change> {
    let pin = hash_pin(&"1234".parse().unwrap(), [6; 16], &PinPepper::from_bytes([7; 32]));
    let card = CardKey::from_bytes([8; 32]).token_of(&CardNumber::parse("26:123:45678").unwrap());
    let put = |id: &str, proof, valid| {
        Change::PutCredential(Credential {
            id: id.parse().unwrap(),
            person: "p-1".parse().unwrap(),
            proof,
            valid,
        })
    };
    vec![
        Change::PutGroup(Group { id: "staff".parse().unwrap(), title: "Staff".parse().unwrap() }),
        Change::RemoveGroup("old".parse().unwrap()),
        Change::PutPerson(Person {
            id: "p-1".parse().unwrap(),
            groups: vec!["staff".parse().unwrap()],
            valid: Validity { from: Some(Time(0)), until: None },
            suspended: false,
            sealed: Some(Box::new([1, 2, 3])),
            extended: false,
            visit: None,
        }),
        Change::RemovePerson("old".parse().unwrap()),
        Change::SuspendPerson("p-2".parse().unwrap()),
        put("c-1", Proof::Card(card), Validity::default()),
        put("c-2", Proof::Pin(pin), Validity { from: Some(Time(1)), until: Some(Time(2)) }),
        Change::RevokeCredential("old".parse().unwrap()),
        Change::PutRule(Rule {
            id: "day".parse().unwrap(),
            title: "By day".parse().unwrap(),
            groups: vec!["staff".parse().unwrap()],
            targets: vec![Target::Zone("yard".parse().unwrap()), Target::Door("north-gate".parse().unwrap())],
            schedule: Some("office".parse().unwrap()),
            factors: Factors::CARD.with(Factors::PIN),
            two_people: false,
        }),
        Change::RemoveRule("old".parse().unwrap()),
    ]
}

fn machines() -> Vec<Change> {
    vec![
        Change::PutPolicy(PolicyText { id: "x".parse().unwrap(), text: "forbid (…);".into() }),
        Change::RemovePolicy("old".parse().unwrap()),
        Change::PutController { id: "gate-1".parse().unwrap(), title: "Gate 1".parse().unwrap() },
        Change::BindController { id: "gate-1".parse().unwrap(), key: PublicKey([9; 32]) },
        Change::RevokeController("old".parse().unwrap()),
        Change::PutOperator(founding().operators[0].clone()),
        Change::RemoveOperator("old".parse().unwrap()),
        Change::PutOperator(Operator {
            keys: vec![OperatorKey { title: "blue key".parse().unwrap(), key: passkey() }],
            until: Some(Time(1_800_000_000_000)),
            person: Some("p-1".parse().unwrap()),
            ..Operator::with_key("bo".parse().unwrap(), "Bo".parse().unwrap(), PublicKey([9; 32]), vec![])
        }),
        phone(),
        Change::PutOperatorKey {
            operator: "bo".parse().unwrap(),
            key: OperatorKey { title: "blue key".parse().unwrap(), key: passkey() },
        },
        Change::RemoveOperatorKey { operator: "bo".parse().unwrap(), key: Digest([5; 32]) },
        Change::PutService(Service::new("shop".parse().unwrap(), PublicKey([8; 32]))),
        Change::RemoveService("old".parse().unwrap()),
        Change::Recover(Operator::with_key(
            "ada".parse().unwrap(),
            "Ada".parse().unwrap(),
            PublicKey([9; 32]),
            vec![],
        )),
        Change::CancelRecovery,
    ]
}

fn statements() -> Vec<Change> {
    let put = |id: &str, says| Change::PutStatement(Statement { id: id.parse().unwrap(), says });
    let (vault, gate) = (Doors::Into("vault".parse().unwrap()), Doors::One("north-gate".parse().unwrap()));
    let wanted = Wanted::new(Factors::CARD.with(Factors::PIN)).unwrap();
    let roles = Few::new(vec!["owner".parse().unwrap()]).unwrap();
    let may = "change:put-policy".parse().unwrap();
    vec![
        put("two-factors", Stated::NoOneWithout(wanted, vault)),
        put("no-service", Stated::NoServiceOpens(Doors::All)),
        put("staff", Stated::OnlyGroups(Few::new(vec!["staff".parse().unwrap()]).unwrap(), gate)),
        put("owners", Stated::NobodyButRoles { roles, may, in_their_place: true }),
        put("by-day", Stated::NeverOutside("office".parse().unwrap(), vault)),
        Change::RemoveStatement("old".parse().unwrap()),
    ]
}

fn bodies() -> Vec<Body> {
    let (gate, config) = ("gate-1".parse().unwrap(), ConfigRef { size: 1, root: Digest([2; 32]) });
    let span = Duration::from_millis(5);
    vec![
        access().body,
        by_phone(),
        Body::Phone {
            person: "p-1".parse().unwrap(),
            by: "ada".parse().unwrap(),
            fact: PhoneFact::Bound("phone-1".parse().unwrap()),
        },
        Body::ExitRequested { released: true },
        Body::DoorOpened(Opening::Forced),
        Body::DoorClosed { open_for: span },
        Body::DoorHeld { limit: span },
        Body::NotEntered,
        Body::Unlocked(LockCause::Schedule),
        Body::Locked(LockCause::Start),
        Body::Reader { bus: "a".into(), address: 1, fact: ReaderFact::Paired },
        Body::Started { away: Some(span), config: Some(config) },
        Body::ConfigApplied(config),
        Body::ConfigRefused { at: 3, code: "X".into() },
        Body::ClockStep { by_ms: -5, taken: false },
        Body::Connected(gate),
        Body::Disconnected(gate),
        Body::LinkRefused { claimed: Some(gate), code: "X".into() },
        Body::Enrolled { controller: gate, key: PublicKey([1; 32]) },
        Body::Gap { controller: gate, due: 1, came: 2 },
        Body::Founded(SITE),
        Body::KeysRead { first: Epoch(1), last: Epoch(2) },
        Body::Order(Box::new(Ordered {
            envelope: vec![1, 2].into(),
            config: Some(config),
            config_age: span,
            known: OrderKnown { fresh: true, ..Default::default() },
            outcome: Outcome::Granted { because: vec!["policy/owner".into()] },
        })),
        Body::OrderLost { controller: gate, operator: Some("ada".parse().unwrap()), service: None },
        Body::Factor {
            operator: Some("ada".parse().unwrap()),
            by: Some("bob".parse().unwrap()),
            fact: FactorFact::Reset,
        },
        Body::Session { operator: None, fact: SessionFact::Refused },
        Body::Recovery { operator: None, step: RecoveryStep::Cancelled },
        Body::ApiKey {
            key: Some("k7".parse().unwrap()),
            service: Some("wms".parse().unwrap()),
            operator: Some("ada".parse().unwrap()),
            fact: ApiKeyFact::Rotated,
        },
        Body::OrderLost { controller: gate, operator: None, service: Some("wms".parse().unwrap()) },
    ]
}

fn to_hub() -> Vec<ToHub> {
    let config = ConfigRef { size: 1, root: Digest([2; 32]) };
    vec![
        ToHub::Hello {
            controller: "gate-1".parse().unwrap(),
            site: SITE,
            version: "0.1.0".into(),
            config: Some(config),
            next_seq: 2,
            oldest_unacked: 1,
            event_size: 4,
            time: Time(3),
        },
        ToHub::Events { first_seq: 1, leaves: vec![vec![1], vec![2]], head: vec![3] },
        ToHub::Applied(config),
        ToHub::Refused { at: 1, code: "X".into() },
        ToHub::Cosignature { log: Log::Event, size: 9, line: vec![1] },
        ToHub::Renew,
        ToHub::Ping,
        ToHub::Nonce { question: 7, nonce: Some(Nonce([9; 16])) },
        ToHub::Ordered { question: 7, refused: Some("X".into()) },
    ]
}

fn to_controller() -> Vec<ToController> {
    vec![
        ToController::Welcome { time: Time(1), acked: 2 },
        ToController::Entries { first: 1, entries: vec![vec![1], vec![2]], checkpoint: vec![3] },
        ToController::Keys(Keys {
            card_key: CardKey::from_bytes([1; 32]),
            pin_pepper: PinPepper::from_bytes([2; 32]),
            epoch: Epoch(3),
            source_key: SourceKey::from_bytes([4; 32]),
        }),
        ToController::Ack { count: 1 },
        ToController::Checkpoint { note: vec![1], proof: vec![[7; 32]] },
        ToController::Certificate { chain: vec![vec![1]] },
        ToController::Bye { code: "X".into() },
        ToController::Pong { time: Time(1) },
        ToController::WantNonce { question: 7 },
        ToController::Order { question: 7, envelope: vec![1] },
    ]
}

fn line(out: &mut String, name: &str, bytes: &[u8]) {
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    writeln!(out, "{name} {hex}").unwrap();
}

/// With `LOCKWARD_REWRITE_GOLDEN` set the file is written: for what is new, and for nothing that a log may hold.
fn assert_golden(now: &str, name: &str, then: &str) {
    if std::env::var_os("LOCKWARD_REWRITE_GOLDEN").is_some() {
        let path = format!("{}/tests/formats/golden/{name}.txt", env!("CARGO_MANIFEST_DIR"));
        return std::fs::write(path, now).unwrap();
    }
    for (now, then) in now.lines().zip(then.lines()) {
        assert_eq!(now, then);
    }
    assert_eq!(now.lines().count(), then.lines().count(), "the whole of it now:\n{now}");
}

#[test]
fn leaves_are_as_they_were() {
    let mut out = String::new();
    let key = source_key(&EpochKey::from_bytes([0xe0; 32]), &SITE, access().source);
    for body in bodies() {
        let event = Event { body, ..access() };
        line(&mut out, event.body.code().as_str(), &seal(&event, NONCE, &key).unwrap());
    }
    let head = ChainHead::sign(&SITE, access().source, 42, Digest([0xaa; 32]), &signer(1).0);
    line(&mut out, "head", &head);
    assert_golden(&out, "leaves", include_str!("golden/leaves.txt"));
}

#[test]
fn entries_are_as_they_were() {
    let mut out = String::new();
    let mut entry = |kind, payload: Vec<u8>| {
        out.push_str(core::str::from_utf8(&payload).unwrap());
        out.push('\n');
        let mut envelope = Envelope::new(kind, payload).unwrap();
        envelope.sign(&signer(1).0).unwrap();
        envelope.sign(&signer(2).0).unwrap();
        out.push_str(core::str::from_utf8(&envelope.to_bytes()).unwrap());
        out.push('\n');
    };
    entry(PayloadType::Founding, encode_founding(&founding()).unwrap());
    for (at, changes) in [(1, places()), (2, people()), (3, machines()), (4, statements())] {
        let reason = Some("because".parse().unwrap());
        let set =
            ChangeSet { site: SITE, at, drafted: Time(1_790_000_000_000), on_behalf: None, reason, changes };
        entry(PayloadType::ChangeSet, encode_changes(&set).unwrap());
    }
    assert_golden(&out, "entries", include_str!("golden/entries.txt"));
}

#[test]
fn messages_are_as_they_were() {
    let mut out = String::new();
    to_hub().iter().for_each(|m| line(&mut out, "to-hub", &m.encode().unwrap()));
    to_controller().iter().for_each(|m| line(&mut out, "to-controller", &m.encode().unwrap()));
    let offer = EnrollOffer { founding: vec![1], ca: vec![2] };
    line(&mut out, "offer", &offer.encode().unwrap());
    let ((pair, key), secret) = (signer(2), EnrollSecret::from_bytes([1; 32]));
    let request = EnrollRequest::signed("gate-1".parse().unwrap(), &secret, &SITE, &pair, key).unwrap();
    line(&mut out, "enroll", &request.encode().unwrap());
    line(&mut out, "enrolled", &EnrollReply::Accepted { chain: vec![vec![2]] }.encode().unwrap());
    line(&mut out, "refused", &EnrollReply::Refused { code: "X".into() }.encode().unwrap());
    assert_golden(&out, "messages", include_str!("golden/messages.txt"));
}

#[test]
fn sealed_bytes_are_as_they_were() {
    let mut out = String::new();
    let who = PersonAttributes { name: "Ada Example".into(), contact: Some("ada@example.com".into()) };
    let sealed = who.seal(&SITE, "p-1".parse().unwrap(), NONCE, &PersonKey::from_bytes([1; 32])).unwrap();
    line(&mut out, "person", &sealed);
    line(&mut out, "wrapped", &wrap(&[1; 32], "epoch 3", NONCE, &MasterKey::from_bytes([2; 32])).unwrap());
    let number = CardNumber::parse("26:123:45678").unwrap();
    line(&mut out, "card", &CardKey::from_bytes([8; 32]).token_of(&number).0);
    let pin = hash_pin(&"1234".parse().unwrap(), [6; 16], &PinPepper::from_bytes([7; 32]));
    writeln!(out, "pin {}", pin.0).unwrap();
    assert_golden(&out, "sealed", include_str!("golden/sealed.txt"));
}
