//! Any value of the model that can be kept or sent.

use core::time::Duration;
use lockward_model::*;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

pub(crate) fn named<T: core::str::FromStr<Err: core::fmt::Debug> + core::fmt::Debug>()
-> impl Strategy<Value = T> {
    "[a-z0-9][a-z0-9-]{0,30}".prop_map(|s| s.parse().unwrap())
}

pub(crate) fn text() -> impl Strategy<Value = Text> {
    "[\\PC&&[^ \u{2028}-\u{202e}\u{2066}-\u{2069}]]{1,80}"
        .prop_filter_map("no title", |s: String| s.parse().ok())
}

pub(crate) fn time() -> impl Strategy<Value = Time> {
    prop_oneof![any::<i64>(), 1_700_000_000_000..1_900_000_000_000i64].prop_map(Time)
}

pub(crate) fn digest() -> impl Strategy<Value = Digest> {
    any::<[u8; 32]>().prop_map(Digest)
}

pub(crate) fn site() -> impl Strategy<Value = SiteId> {
    any::<[u8; 32]>().prop_map(SiteId)
}

pub(crate) fn public_key() -> impl Strategy<Value = PublicKey> {
    any::<[u8; 32]>().prop_map(PublicKey)
}

pub(crate) fn config() -> impl Strategy<Value = ConfigRef> {
    (any::<u64>(), digest()).prop_map(|(size, root)| ConfigRef { size, root })
}

/// Logs keep whole microseconds.
fn span() -> impl Strategy<Value = Duration> {
    any::<u64>().prop_map(Duration::from_micros)
}

fn factors() -> impl Strategy<Value = Factors> {
    (0u8..16).prop_map(|b| Factors::from_bits(b).unwrap())
}

fn word() -> impl Strategy<Value = Box<str>> {
    "\\PC{0,40}".prop_map(Into::into)
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let because = || vec("[a-z0-9-]{1,31}".prop_map(Box::<str>::from), 0..4);
    prop_oneof![
        because().prop_map(|because| Outcome::Granted { because }),
        (proptest::sample::select(Deny::ALL), because())
            .prop_map(|(why, because)| Outcome::Denied { why, because }),
    ]
}

fn access() -> impl Strategy<Value = Access> {
    let side = prop_oneof![Just(Side::Entry), Just(Side::Exit)];
    let shown = (side, token(), of(named()), factors(), pin(), any::<bool>());
    (shown, of(config()), span(), known(), outcome()).prop_map(
        |((side, token, person, factors, pin, keypad), config, config_age, known, outcome)| Access {
            side,
            token,
            person,
            factors,
            pin,
            keypad,
            config,
            config_age,
            known,
            outcome,
        },
    )
}

fn token() -> impl Strategy<Value = Option<CardToken>> {
    of(any::<[u8; 16]>().prop_map(CardToken))
}

fn pin() -> impl Strategy<Value = PinFact> {
    proptest::sample::select(&[
        PinFact::NotAsked,
        PinFact::Right,
        PinFact::Wrong,
        PinFact::Missing,
        PinFact::Duress,
        PinFact::OneTime,
        PinFact::UsedUp,
    ])
}

fn known() -> impl Strategy<Value = Known> {
    let second = (token(), of(any::<bool>()), pin(), of(named()))
        .prop_map(|(token, signed, pin, person)| Box::new(Second { token, signed, pin, person }));
    let pass = (vec(any::<u8>(), 0..200), any::<bool>())
        .prop_map(|(bytes, used_up)| Box::new(ShownPass { bytes: bytes.into(), used_up }));
    let passback = proptest::sample::select(&[
        PassbackFact::NotKept,
        PassbackFact::Clear,
        PassbackFact::Inside,
        PassbackFact::TooSoon,
        PassbackFact::Alone,
    ]);
    let wish = proptest::sample::select(&[Wish::Pass, Wish::Hold]);
    let code = (named(), any::<u64>()).prop_map(|(credential, step)| UsedCode { credential, step });
    let codes = vec(code, 0..=2);
    let phone =
        (vec(any::<u8>(), 0..200), any::<bool>(), any::<bool>()).prop_map(|(envelope, fresh, prompt)| {
            Box::new(ShownPhone { envelope: envelope.into(), fresh, prompt })
        });
    let shown = (of(pass), of(phone));
    let made = (any::<[bool; 7]>(), wish, of(any::<bool>()), of(second), shown, codes, passback).prop_map(
        |(flags, wish, signed, second, (pass, phone), codes, passback)| {
            let [full, airlock_busy, openings_spent, waiting, far_away, relayed, time_untrusted] = flags;
            Known {
                wish,
                signed,
                second,
                pass,
                phone,
                codes,
                passback,
                full,
                airlock_busy,
                openings_spent,
                waiting,
                far_away,
                relayed,
                time_untrusted,
            }
        },
    );
    prop_oneof![Just(Known::default()), made]
}

fn fact() -> impl Strategy<Value = ReaderFact> {
    proptest::sample::select(vec![
        ReaderFact::Online,
        ReaderFact::Offline,
        ReaderFact::Tamper(true),
        ReaderFact::Tamper(false),
        ReaderFact::InsecureRefused,
        ReaderFact::Downgrade,
        ReaderFact::IdentityChanged,
        ReaderFact::KeyRefused,
        ReaderFact::PairingOpened,
        ReaderFact::PairingClosed,
        ReaderFact::Paired,
        ReaderFact::DefaultKeyRefused,
    ])
}

pub(crate) fn body() -> impl Strategy<Value = Body> {
    let opening = proptest::sample::select(&[
        Opening::Granted,
        Opening::Exit,
        Opening::Free,
        Opening::Forced,
        Opening::Before,
    ]);
    let cause = || {
        proptest::sample::select(&[
            LockCause::Schedule,
            LockCause::Start,
            LockCause::FirstPerson,
            LockCause::Office,
            LockCause::Lockdown,
            LockCause::Order,
            LockCause::Fire,
        ])
    };
    let door = prop_oneof![
        any::<bool>().prop_map(|released| Body::ExitRequested { released }),
        opening.prop_map(Body::DoorOpened),
        span().prop_map(|open_for| Body::DoorClosed { open_for }),
        span().prop_map(|limit| Body::DoorHeld { limit }),
        Just(Body::NotEntered),
        cause().prop_map(Body::Unlocked),
        cause().prop_map(Body::Locked),
    ];
    let device = prop_oneof![
        (word(), any::<u8>(), fact()).prop_map(|(bus, address, fact)| Body::Reader { bus, address, fact }),
        (of(span()), of(config())).prop_map(|(away, config)| Body::Started { away, config }),
        config().prop_map(Body::ConfigApplied),
        (any::<u64>(), word()).prop_map(|(at, code)| Body::ConfigRefused { at, code }),
        (any::<i64>(), any::<bool>()).prop_map(|(by_ms, taken)| Body::ClockStep { by_ms, taken }),
    ];
    let hub = prop_oneof![
        named().prop_map(Body::Connected),
        named().prop_map(Body::Disconnected),
        (of(named()), word()).prop_map(|(claimed, code)| Body::LinkRefused { claimed, code }),
        (named(), public_key()).prop_map(|(controller, key)| Body::Enrolled { controller, key }),
        (named(), any::<u64>(), any::<u64>()).prop_map(|(controller, due, came)| Body::Gap {
            controller,
            due,
            came
        }),
        site().prop_map(Body::Founded),
        (any::<u32>(), any::<u32>())
            .prop_map(|(first, last)| Body::KeysRead { first: Epoch(first), last: Epoch(last) }),
    ];
    prop_oneof![access().prop_map(Body::Access), door, device, hub, noticed(), from_afar()]
}

fn noticed() -> impl Strategy<Value = Body> {
    let input = proptest::sample::select(&[
        InputName::Contact,
        InputName::Exit,
        InputName::Bolt,
        InputName::Button,
        InputName::Tamper,
        InputName::Power,
        InputName::Battery,
        InputName::Fire,
    ]);
    let fault = proptest::sample::select(&[
        InputFault::Open,
        InputFault::Short,
        InputFault::Ground,
        InputFault::Foreign,
        InputFault::Silent,
    ]);
    let anomaly = proptest::sample::select(&[ExitAnomaly::Long, ExitAnomaly::Often, ExitAnomaly::Empty]);
    let door = prop_oneof![
        Just(DoorFact::HeldWarning),
        any::<bool>().prop_map(DoorFact::ContactMismatch),
        of(any::<u16>()).prop_map(DoorFact::ContactStuck),
        of(anomaly).prop_map(DoorFact::ExitAnomaly),
        any::<bool>().prop_map(DoorFact::Lockdown),
        any::<bool>().prop_map(DoorFact::RelockUnconfirmed),
        any::<bool>().prop_map(DoorFact::ReleaseUnconfirmed),
        Just(DoorFact::LiftOverride),
        any::<bool>().prop_map(DoorFact::AirlockAlone),
    ];
    let controller = prop_oneof![
        Just(ControllerFact::PowerFailed),
        span().prop_map(ControllerFact::PowerRestored),
        any::<bool>().prop_map(ControllerFact::BatteryLow),
        any::<bool>().prop_map(ControllerFact::Fire),
        any::<bool>().prop_map(ControllerFact::Tamper),
        any::<bool>().prop_map(ControllerFact::TimeUntrusted),
    ];
    let zone = prop_oneof![
        any::<bool>().prop_map(ZoneFact::PassbackAlone),
        vec(named(), 0..5).prop_map(ZoneFact::OpeningsBlocked),
    ];
    let side = of(prop_oneof![Just(Side::Entry), Just(Side::Exit)]);
    prop_oneof![
        (input, of(fault)).prop_map(|(input, fault)| Body::Input { input, fault }),
        door.prop_map(Body::Door),
        controller.prop_map(Body::Controller),
        (named(), zone).prop_map(|(zone, fact)| Body::Zone { zone, fact }),
        (side, any::<bool>(), span()).prop_map(|(side, secret, wait)| Body::Guessing { side, secret, wait }),
    ]
}

pub(crate) fn source() -> impl Strategy<Value = Source> {
    prop_oneof![Just(Source::Hub), named().prop_map(Source::Controller)]
}

pub(crate) fn event() -> impl Strategy<Value = Event> {
    (source(), any::<u64>(), digest(), time(), of(named()), any::<u32>().prop_map(Epoch), body()).prop_map(
        |(source, seq, prev, time, door, epoch, body)| Event { source, seq, prev, time, door, epoch, body },
    )
}

fn validity() -> impl Strategy<Value = Validity> {
    (of(time()), of(time())).prop_map(|(from, until)| Validity { from, until })
}

fn person() -> impl Strategy<Value = Person> {
    let sealed = of(vec(any::<u8>(), 0..200).prop_map(Into::into));
    let visit = of((named(), any::<bool>()).prop_map(|(host, escorted)| Visit { host, escorted }));
    (named(), vec(named(), 0..4), validity(), any::<bool>(), any::<bool>(), visit, sealed).prop_map(
        |(id, groups, valid, suspended, extended, visit, sealed)| Person {
            id,
            groups,
            valid,
            suspended,
            extended,
            visit,
            sealed,
        },
    )
}

fn pin_hash() -> impl Strategy<Value = PinHash> {
    let head = "$argon2id$v=19$m=19456,t=2,p=1$";
    // The last character of 22 (or 43) holds 2 (or 4) bits that count: canonical base64 has zeros in the others.
    ("[A-Za-z0-9+/]{21}[AQgw]", "[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]")
        .prop_map(move |(salt, hash)| PinHash(format!("{head}{salt}${hash}").into()))
}

pub(crate) fn credential() -> impl Strategy<Value = Credential> {
    let token = || any::<[u8; 16]>().prop_map(CardToken);
    let key = vec(any::<u8>(), 64).prop_map(|xy| {
        let mut key = [4; 65];
        key[1..].copy_from_slice(&xy);
        CardPublicKey(key)
    });
    let secret = || vec(any::<u8>(), 0..=128).prop_map(|s| SealedSecret(s.into()));
    let proof = prop_oneof![
        token().prop_map(Proof::Card),
        pin_hash().prop_map(Proof::Pin),
        (token(), key).prop_map(|(token, key)| Proof::Key { token, key }),
        (token(), 4u8..=10).prop_map(|(token, digits)| Proof::PinOnly { token, digits }),
        pin_hash().prop_map(Proof::Duress),
        secret().prop_map(Proof::Totp),
        secret().prop_map(Proof::Hotp),
        passkey().prop_map(lockward_wire::credential::phone),
    ];
    (named(), named(), proof, validity()).prop_map(|(id, person, proof, valid)| Credential {
        id,
        person,
        proof,
        valid,
    })
}

fn operator_key() -> impl Strategy<Value = OperatorKey> {
    (text(), signing_key()).prop_map(|(title, key)| OperatorKey { title, key })
}

fn operator() -> impl Strategy<Value = Operator> {
    (named(), text(), vec(operator_key(), 0..4), vec(named(), 0..3), of(time()), of(named())).prop_map(
        |(id, title, keys, roles, until, person)| Operator { id, title, keys, roles, until, person },
    )
}

fn passkey() -> impl Strategy<Value = Passkey> {
    (vec(any::<u8>(), 1..65), any::<[u8; 32]>(), "[a-z]{1,9}\\.example").prop_map(|(id, x, rp)| {
        let mut key = [4; 65];
        key[1..33].copy_from_slice(&x);
        let origin = format!("https://{rp}:8443").into();
        Passkey { id: id.into(), key, rp: rp.into(), origin }
    })
}

fn signing_key() -> impl Strategy<Value = SigningKey> {
    prop_oneof![public_key().prop_map(SigningKey::Ed25519), passkey().prop_map(SigningKey::Passkey)]
}

fn service() -> impl Strategy<Value = Service> {
    (named(), public_key(), of(time())).prop_map(|(id, key, until)| Service { id, key, until })
}

fn from_afar() -> impl Strategy<Value = Body> {
    let facts = vec![
        SessionFact::Opened,
        SessionFact::Refused,
        SessionFact::Ended,
        SessionFact::Cloned,
        SessionFact::SetUp,
    ];
    let keys = vec![ApiKeyFact::Made, ApiKeyFact::Rotated, ApiKeyFact::Revoked, ApiKeyFact::Refused];
    let factors = vec![
        FactorFact::Bound,
        FactorFact::Removed,
        FactorFact::Reset,
        FactorFact::Recovered,
        FactorFact::Stranger,
        FactorFact::Sprayed,
    ];
    let steps = vec![RecoveryStep::Announced, RecoveryStep::Done, RecoveryStep::Cancelled];
    let known = any::<[bool; 3]>().prop_map(|[fresh, airlock_busy, openings_spent]| OrderKnown {
        fresh,
        airlock_busy,
        openings_spent,
    });
    let age = any::<u32>().prop_map(|s| Duration::from_secs(s.into()));
    let ordered = (vec(any::<u8>(), 0..300), of(config()), age, known, outcome()).prop_map(
        |(envelope, config, config_age, known, outcome)| {
            Body::Order(Box::new(Ordered { envelope: envelope.into(), config, config_age, known, outcome }))
        },
    );
    let phone = prop_oneof![Just(PhoneFact::Invited), named().prop_map(PhoneFact::Bound)];
    prop_oneof![
        ordered,
        (named(), named(), phone).prop_map(|(person, by, fact)| Body::Phone { person, by, fact }),
        (named(), of(named()), of(named())).prop_map(|(controller, operator, service)| Body::OrderLost {
            controller,
            operator,
            service
        }),
        (of(named()), proptest::sample::select(steps))
            .prop_map(|(operator, step)| Body::Recovery { operator, step }),
        (of(named()), of(named()), proptest::sample::select(factors))
            .prop_map(|(operator, by, fact)| Body::Factor { operator, by, fact }),
        (of(named()), proptest::sample::select(facts))
            .prop_map(|(operator, fact)| Body::Session { operator, fact }),
        (of(named()), of(named()), of(named()), proptest::sample::select(keys))
            .prop_map(|(key, service, operator, fact)| Body::ApiKey { key, service, operator, fact }),
    ]
}

pub(crate) fn order() -> impl Strategy<Value = Order> {
    let act = prop_oneof![
        Just(OrderAct::Unlock),
        (1..43_200_001_u64).prop_map(|ms| OrderAct::Hold(Duration::from_millis(ms))),
        Just(OrderAct::Release),
    ];
    let whose = (digest(), named(), named(), act, any::<[u8; 16]>());
    (whose, time(), of(named()), of(text())).prop_map(|(whose, until, on_behalf, reason)| {
        let (site, controller, door, act, nonce) = whose;
        Order { site: SiteId(site.0), controller, door, act, nonce: Nonce(nonce), until, on_behalf, reason }
    })
}

fn statement() -> impl Strategy<Value = Statement> {
    let doors = || prop_oneof![Just(Doors::All), named().prop_map(Doors::One), named().prop_map(Doors::Into)];
    let wanted = (1..16u8).prop_map(|bits| Wanted::new(Factors::from_bits(bits).unwrap()).unwrap());
    let roles = vec(named(), 1..5).prop_map(|all| Few::new(all).unwrap());
    let groups = vec(named(), 1..5).prop_map(|all| Few::new(all).unwrap());
    let may = "(change|order|read)(:[a-z]{1,9}(-[a-z]{1,9})?)?".prop_map(|s| s.parse().unwrap());
    let says = prop_oneof![
        (wanted, doors()).prop_map(|(w, d)| Stated::NoOneWithout(w, d)),
        doors().prop_map(Stated::NoServiceOpens),
        (groups, doors()).prop_map(|(g, d)| Stated::OnlyGroups(g, d)),
        (roles, may, any::<bool>()).prop_map(|(roles, may, in_their_place)| Stated::NobodyButRoles {
            roles,
            may,
            in_their_place
        }),
        (named(), doors()).prop_map(|(s, d)| Stated::NeverOutside(s, d)),
    ];
    (named(), says).prop_map(|(id, says)| Statement { id, says })
}

fn policy() -> impl Strategy<Value = PolicyText> {
    (named(), "(\\PC|\n){0,200}").prop_map(|(id, text)| PolicyText { id, text: text.into() })
}

fn zone() -> impl Strategy<Value = Zone> {
    (named(), text(), of(named()), zone_rules()).prop_map(|(id, title, parent, rules)| Zone {
        id,
        title,
        parent,
        rules,
    })
}

fn alone() -> impl Strategy<Value = Alone> {
    proptest::sample::select(&[Alone::Own, Alone::Open, Alone::Refuse])
}

/// A span of whole milliseconds that its type takes.
fn span_of<T: core::fmt::Debug>(
    ms: core::ops::RangeInclusive<u64>,
    new: fn(Duration) -> Result<T, OutOfRange>,
) -> impl Strategy<Value = T> {
    ms.prop_map(move |ms| new(Duration::from_millis(ms)).unwrap())
}

fn zone_rules() -> impl Strategy<Value = ZoneRules> {
    let mode = prop_oneof![
        Just(PassbackMode::Soft),
        Just(PassbackMode::Hard),
        span_of(1_000..=86_400_000, PassbackTime::new).prop_map(PassbackMode::Timed),
    ];
    let passback = (mode, alone()).prop_map(|(mode, alone)| Passback { mode, alone });
    let openings = (1u16.., span_of(1_000..=86_400_000, OpeningWindow::new), of(named())).prop_map(
        |(doors, within, approvers)| OpeningLimit { doors: doors.try_into().unwrap(), within, approvers },
    );
    let most = (1u32..).prop_map(|n| n.try_into().unwrap());
    (of(passback), of(most), of(span_of(30_000..=7_776_000_000, Freshness::new)), of(openings)).prop_map(
        |(passback, most, fresh_within, openings)| ZoneRules { passback, most, fresh_within, openings },
    )
}

fn door_rules() -> impl Strategy<Value = DoorRules> {
    let extended = (span_of(500..=120_000, ReleaseTime::new), span_of(1_000..=28_800_000, OpenLimit::new))
        .prop_map(|(release, open_limit)| Extended { release, open_limit });
    let airlock = (named(), alone()).prop_map(|(id, alone)| Airlock { id, alone });
    let warn = span_of(1_000..=3_600_000, WarnTime::new);
    let office = span_of(60_000..=57_600_000, OfficeTime::new);
    (of(extended), of(warn), any::<bool>(), of(office), of(airlock), any::<bool>()).prop_map(
        |(extended, warn_before, first_person, office, airlock, exit_shunt_only)| DoorRules {
            extended,
            warn_before,
            first_person,
            office,
            airlock,
            exit_shunt_only,
        },
    )
}

fn door() -> impl Strategy<Value = Door> {
    let ms = |range| proptest::strategy::Strategy::prop_map(range, Duration::from_millis);
    let release = ms(500..=120_000u64).prop_map(|d| ReleaseTime::new(d).unwrap());
    let open = ms(1_000..=28_800_000u64).prop_map(|d| OpenLimit::new(d).unwrap());
    let relock = prop_oneof![Just(Relock::OnOpen), Just(Relock::OnClose)];
    let exit = prop_oneof![Just(ExitHardware::Mechanical), Just(ExitHardware::Released)];
    let kind = proptest::sample::select(&DoorKind::ALL);
    let place = (named(), text(), kind, of(named()), named(), named());
    (place, release, open, relock, exit, of(named()), door_rules()).prop_map(
        |((id, title, kind, from, to, controller), release, open_limit, relock, exit, unlocked, rules)| {
            Door { id, title, kind, from, to, controller, release, open_limit, relock, exit, unlocked, rules }
        },
    )
}

/// Those that cross midnight among them.
fn hours() -> impl Strategy<Value = (u16, u16)> {
    (0u16..1440, 1u16..=1440).prop_filter("has a length", |(from, to)| from != to)
}

/// Exceptions of every kind, none of which share a day.
fn exceptions() -> impl Strategy<Value = Vec<DayException>> {
    let date = || (1970i16..2200, 1u8..=12, 1u8..=28).prop_map(|(y, m, d)| format!("{y:04}-{m:02}-{d:02}"));
    let dates = prop_oneof![
        date().prop_map(|date| Dates::One(date.parse().unwrap())),
        (date(), date()).prop_map(|(a, b)| {
            Dates::Range(a.clone().min(b.clone()).parse().unwrap(), a.max(b).parse().unwrap())
        }),
        (1i8..=12, 1i8..=28).prop_map(|(month, day)| Dates::Yearly { month, day }),
    ];
    let exception = (dates, of(text()), vec(hours(), 0..3));
    let exception = exception.prop_map(|(dates, reason, windows)| DayException { dates, reason, windows });
    vec(exception, 0..4).prop_filter("share no day", |all| {
        Schedule::new("x".parse().unwrap(), "X".parse().unwrap(), vec![], all.clone()).is_ok()
    })
}

fn jumps() -> impl Strategy<Value = Jumps> {
    let gap = of(proptest::sample::select(&Gap::ALL[..]));
    let fold = of(proptest::sample::select(&Fold::ALL[..]));
    (gap, fold).prop_map(|(gap, fold)| Jumps { gap, fold })
}

fn schedule() -> impl Strategy<Value = Schedule> {
    let window = (1u8..=0x7f, hours()).prop_map(|(days, (from, to))| Window { days: Days(days), from, to });
    (named(), text(), vec(window, 0..4), exceptions(), jumps()).prop_map(
        |(id, title, windows, exceptions, jumps)| {
            Schedule::new(id, title, windows, exceptions).unwrap().with_jumps(jumps)
        },
    )
}

fn rule() -> impl Strategy<Value = Rule> {
    let target = prop_oneof![named().prop_map(Target::Zone), named().prop_map(Target::Door)];
    (named(), text(), vec(named(), 0..3), vec(target, 0..3), of(named()), factors(), any::<bool>()).prop_map(
        |(id, title, groups, targets, schedule, factors, two_people)| Rule {
            id,
            title,
            groups,
            targets,
            schedule,
            factors,
            two_people,
        },
    )
}

pub(crate) fn change() -> impl Strategy<Value = Change> {
    let places = prop_oneof![
        zone().prop_map(Change::PutZone),
        named().prop_map(Change::RemoveZone),
        door().prop_map(Change::PutDoor),
        named().prop_map(Change::RemoveDoor),
        schedule().prop_map(Change::PutSchedule),
        named().prop_map(Change::RemoveSchedule),
    ];
    let people = prop_oneof![
        (named(), text()).prop_map(|(id, title)| Change::PutGroup(Group { id, title })),
        named().prop_map(Change::RemoveGroup),
        person().prop_map(Change::PutPerson),
        named().prop_map(Change::RemovePerson),
        named().prop_map(Change::SuspendPerson),
        credential().prop_map(Change::PutCredential),
        named().prop_map(Change::RevokeCredential),
    ];
    let rules = prop_oneof![
        rule().prop_map(Change::PutRule),
        named().prop_map(Change::RemoveRule),
        policy().prop_map(Change::PutPolicy),
        named().prop_map(Change::RemovePolicy),
        statement().prop_map(Change::PutStatement),
        named().prop_map(Change::RemoveStatement),
    ];
    let machines = prop_oneof![
        (named(), text()).prop_map(|(id, title)| Change::PutController { id, title }),
        (named(), public_key()).prop_map(|(id, key)| Change::BindController { id, key }),
        named().prop_map(Change::RevokeController),
        operator().prop_map(Change::PutOperator),
        named().prop_map(Change::RemoveOperator),
        (named(), operator_key()).prop_map(|(operator, key)| Change::PutOperatorKey { operator, key }),
        (named(), any::<[u8; 32]>())
            .prop_map(|(operator, key)| Change::RemoveOperatorKey { operator, key: Digest(key) }),
        service().prop_map(Change::PutService),
        named().prop_map(Change::RemoveService),
        operator().prop_map(Change::Recover),
        Just(Change::CancelRecovery),
    ];
    let watch = prop_oneof![
        named().prop_map(Change::LockDown),
        named().prop_map(Change::LiftLockdown),
        (named(), 0u8..=4).prop_map(|(zone, level)| {
            Change::SetThreat { zone, level: ThreatLevel::new(level).unwrap() }
        }),
        named().prop_map(|id| Change::Forgive(Forgiven::Person(id))),
        named().prop_map(|id| Change::Forgive(Forgiven::Zone(id))),
    ];
    prop_oneof![places, people, rules, machines, watch]
}

pub(crate) fn change_set() -> impl Strategy<Value = ChangeSet> {
    (site(), any::<u64>(), time(), of(text()), vec(change(), 0..6)).prop_map(
        |(site, at, drafted, reason, changes)| ChangeSet {
            site,
            at,
            drafted,
            on_behalf: None,
            reason,
            changes,
        },
    )
}

pub(crate) fn founding() -> impl Strategy<Value = Founding> {
    let zone = proptest::sample::select(&["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"])
        .prop_map(|z| SiteZone::new(z).unwrap());
    let origin = || "[a-z0-9./-]{1,60}".prop_map(Box::<str>::from);
    let hub = (named(), public_key()).prop_map(|(id, key)| Service::new(id, key));
    let keys = (public_key(), public_key(), digest());
    let heads = (text(), zone, time(), origin(), origin());
    (heads, keys, hub, vec(operator(), 0..3), vec(policy(), 0..3)).prop_map(
        |((title, zone, founded, config_origin, event_origin), keys, hub, operators, policies)| Founding {
            title,
            zone,
            founded,
            config_origin,
            event_origin,
            log_key: keys.0,
            hub,
            operators,
            recovery_key: keys.1,
            ca_digest: keys.2,
            policies,
        },
    )
}
