//! Random sites: changes over a few names of each kind, so that everything meets.

use crate::house::*;
use crate::picture::Sample;
use core::num::{NonZeroU16, NonZeroU32};
use core::time::Duration;
use lockward_model::*;
use lockward_site::Question;
use lockward_wire::credential::PassPlace;
use proptest::collection::vec;
use proptest::option::{of, weighted};
use proptest::prelude::*;
use proptest::sample::select;

/// How many there are of each noun.
const N: usize = 4;

fn name(letter: char) -> impl Strategy<Value = String> {
    (0..N).prop_map(move |n| format!("{letter}{n}"))
}

fn one<T: core::str::FromStr<Err: core::fmt::Debug> + core::fmt::Debug>(
    letter: char,
) -> impl Strategy<Value = T> {
    name(letter).prop_map(|s| id(&s))
}

pub(crate) fn token(n: usize) -> CardToken {
    CardToken([u8::try_from(n).unwrap(); 16])
}

/// An hour of two weeks around the end of summer time.
pub(crate) fn moment() -> impl Strategy<Value = Time> {
    (0i64..14 * 24).prop_map(|hours| utc(10, 18, hours, 0))
}

fn valid() -> impl Strategy<Value = Validity> {
    let open = (weighted(0.2, moment()), weighted(0.2, moment()));
    open.prop_map(|(from, until)| Validity { from, until })
}

pub(crate) fn factors() -> impl Strategy<Value = Factors> {
    // Card and PIN more often than the others.
    prop_oneof![4 => 0u8..4, 1 => 0u8..16].prop_map(|bits| Factors::from_bits(bits).unwrap())
}

fn zone_rules() -> impl Strategy<Value = ZoneRules> {
    let alone = || select(vec![Alone::Own, Alone::Open, Alone::Refuse]);
    let timed = PassbackMode::Timed(PassbackTime::new(Duration::from_secs(60)).unwrap());
    let mode = select(vec![PassbackMode::Soft, PassbackMode::Hard, timed]);
    let passback = (mode, alone()).prop_map(|(mode, alone)| Passback { mode, alone });
    let window = OpeningWindow::new(Duration::from_secs(60)).unwrap();
    let openings = of(one('g')).prop_map(move |approvers| OpeningLimit {
        doors: NonZeroU16::MIN,
        within: window,
        approvers,
    });
    let fresh = (30u64..90).prop_map(|s| Freshness::new(Duration::from_secs(s)).unwrap());
    (
        weighted(0.3, passback),
        weighted(0.2, Just(NonZeroU32::MIN)),
        weighted(0.2, fresh),
        weighted(0.3, openings),
    )
        .prop_map(|(passback, most, fresh_within, openings)| ZoneRules {
            passback,
            most,
            fresh_within,
            openings,
        })
}

fn door_rules() -> impl Strategy<Value = DoorRules> {
    let office = OfficeTime::new(Duration::from_secs(60)).unwrap();
    let flag = || weighted(0.2, Just(())).prop_map(|so| so.is_some());
    (flag(), weighted(0.2, Just(office)), flag()).prop_map(|(first_person, office, exit_shunt_only)| {
        DoorRules { first_person, office, exit_shunt_only, ..DoorRules::default() }
    })
}

fn watch() -> impl Strategy<Value = Change> {
    let level = (0u8..=4).prop_map(|level| ThreatLevel::new(level).unwrap());
    prop_oneof![
        2 => one('z').prop_map(Change::LockDown),
        4 => one('z').prop_map(Change::LiftLockdown),
        2 => (one('z'), level).prop_map(|(zone, level)| Change::SetThreat { zone, level }),
        1 => one('z').prop_map(|zone| Change::Forgive(Forgiven::Zone(zone))),
        1 => one('p').prop_map(|person| Change::Forgive(Forgiven::Person(person))),
    ]
}

fn places() -> impl Strategy<Value = Change> {
    let zone = (one('z'), of(one('z')), zone_rules());
    let exit = select(vec![ExitHardware::Mechanical, ExitHardware::Released]);
    let door = (
        (name('d'), name('z'), of(one('z')), select(&DoorKind::ALL), of(one('s')), name('k')),
        (exit, door_rules()),
    );
    let schedule = (one('s'), 1u8..0x80, 0u16..23, 1u16..24);
    prop_oneof![
        3 => zone.prop_map(|(id, parent, rules): (ZoneId, _, _)| {
            let title = self::id(&format!("in {parent:?}"));
            Change::PutZone(Zone { id, title, parent, rules })
        }),
        2 => one('z').prop_map(Change::RemoveZone),
        3 => door.prop_map(|((id, to, from, kind, unlocked, k), (exit, rules))| {
            let door = door_to(&id, &to);
            Change::PutDoor(Door { from, kind, unlocked, controller: self::id(&k), exit, rules, ..door })
        }),
        1 => one('d').prop_map(Change::RemoveDoor),
        2 => schedule.prop_map(|(id, days, from, hours)| {
            let to = (from + hours).min(24) * 60;
            let window = Window { days: Days(days), from: from * 60, to };
            Change::PutSchedule(Schedule::new(id, self::id("s"), vec![window], vec![]).unwrap())
        }),
        1 => one('s').prop_map(Change::RemoveSchedule),
    ]
}

fn people() -> impl Strategy<Value = Change> {
    let flag = |often| weighted(often, Just(())).prop_map(|so| so.is_some());
    let visit = (one('p'), any::<bool>()).prop_map(|(host, escorted)| Visit { host, escorted });
    let person = (
        (one('p'), vec(one('g'), 0..3), valid(), of(any::<[u8; 4]>())),
        (flag(0.2), flag(0.2), weighted(0.2, visit)),
    );
    let holder = || (name('c'), name('p'));
    let card = (holder(), 0..N, valid())
        .prop_map(|((id, p), n, valid)| Credential { valid, ..card(&id, &p, token(n)) });
    let other = (holder(), 0..N, 4u8..6, 0..5usize).prop_map(|((id, p), n, digits, which)| match which {
        0 => key_card(&id, &p, token(n)),
        1 => pin_alone(&id, &p, token(n), digits),
        2 => shows(&id, &p, Proof::Duress(pin_hash('d'))),
        3 => totp(&id, &p),
        _ => shows(&id, &p, Proof::Hotp(SealedSecret(Box::new([8; 24])))),
    });
    let pin = (holder(), select(vec!['a', 'b']), valid())
        .prop_map(|((id, p), salt, valid)| Credential { valid, ..pin(&id, &p, salt) });
    prop_oneof![
        2 => name('g').prop_map(|g| group(&g)),
        2 => one('g').prop_map(Change::RemoveGroup),
        4 => person.prop_map(|((id, groups, valid, sealed), (suspended, extended, visit))| {
            let sealed = sealed.map(Into::into);
            // A visit without an end would be refused.
            let valid = Validity { until: valid.until.or(visit.map(|_| utc(12, 1, 0, 0))), ..valid };
            Change::PutPerson(Person { id, groups, valid, suspended, extended, visit, sealed })
        }),
        1 => one('p').prop_map(Change::RemovePerson),
        1 => one('p').prop_map(Change::SuspendPerson),
        3 => card.prop_map(Change::PutCredential),
        2 => pin.prop_map(Change::PutCredential),
        2 => other.prop_map(Change::PutCredential),
        2 => one('c').prop_map(Change::RevokeCredential),
    ]
}

fn texts() -> impl Strategy<Value = &'static str> {
    select(vec![
        r#"permit (principal == Person::"p1", action == Action::"enter", resource in Zone::"z1");"#,
        r#"permit (principal in Group::"g2", action == Action::"enter", resource) when { context.config_age < 60 };"#,
        r#"forbid (principal in Group::"g0", action == Action::"enter", resource);"#,
        r#"forbid (principal, action == Action::"enter", resource) unless { context.factors.contains("pin") };"#,
        r#"forbid (principal, action == Action::"enter", resource in Zone::"z0")
            when { context.schedules.contains(Schedule::"s1") };"#,
        // Can not be evaluated without a PIN.
        r#"forbid (principal in Group::"g1", action == Action::"enter", resource == Door::"d1")
            when { !context.factors.contains("pin") && context.config_age - 9223372036854775807 - 9 < 0 };"#,
        r#"forbid (principal, action == Action::"enter", resource) when { context.threat_level >= 2 }
            unless { context.factors.contains("pin") };"#,
        r#"forbid (principal in Group::"g3", action == Action::"enter", resource) unless { context.escorted };"#,
        r#"forbid (principal, action == Action::"enter", resource == Door::"d2") unless { context.people == 2 };"#,
        r#"permit (principal in Group::"g1", action in [Action::"enter-locked-down", Action::"hold"], resource);"#,
        r#"permit (principal, action == Action::"admit", resource in Zone::"z0");"#,
        r#"permit (principal == Operator::"o1", action == Action::"change:put-door", resource);"#,
    ])
}

fn rules() -> impl Strategy<Value = Change> {
    let target = prop_oneof![one('z').prop_map(Target::Zone), one('d').prop_map(Target::Door)];
    let rule =
        (one('r'), vec(one('g'), 1..3), vec(target, 1..3), of(one('s')), factors(), weighted(0.3, Just(())));
    let text = (name('t'), texts());
    prop_oneof![
        5 => rule.prop_map(|(id, groups, targets, schedule, factors, two)| {
            let (title, two_people) = (self::id("r"), two.is_some());
            Change::PutRule(Rule { id, title, groups, targets, schedule, factors, two_people })
        }),
        1 => one('r').prop_map(Change::RemoveRule),
        2 => text.prop_map(|(id, text)| policy(&id, text)),
        2 => one('t').prop_map(Change::RemovePolicy),
        2 => (one('m'), one('d')).prop_map(|(id, d)| {
            Change::PutStatement(Statement { id, says: Stated::NoServiceOpens(Doors::One(d)) })
        }),
        1 => one('m').prop_map(Change::RemoveStatement),
    ]
}

fn another_key() -> Change {
    let key = OperatorKey { title: id("more"), key: SigningKey::Ed25519(key(50)) };
    Change::PutOperatorKey { operator: id("olga"), key }
}

fn machines() -> impl Strategy<Value = Change> {
    let role = select(vec!["owner", "people", "auditor"]);
    prop_oneof![
        2 => name('k').prop_map(|k| controller(&k)),
        2 => (one('k'), 0u8..4).prop_map(|(id, n)| Change::BindController { id, key: key(20 + n) }),
        2 => one('k').prop_map(Change::RevokeController),
        3 => (name('o'), 0u8..4, role).prop_map(|(o, n, role)| Change::PutOperator(operator(&o, 30 + n, role))),
        2 => one('o').prop_map(Change::RemoveOperator),
        2 => Just(another_key()),
        3 => Just(Change::RemoveOperatorKey {
            operator: id("olga"),
            key: lockward_wire::config::key_digest(&key(50).0),
        }),
        3 => (name('v'), 0u8..4).prop_map(|(v, n)| Change::PutService(Service::new(id(&v), key(40 + n)))),
        3 => one('v').prop_map(Change::RemoveService),
    ]
}

/// Any change; it may or may not fit a site.
pub(crate) fn change() -> impl Strategy<Value = Change> {
    prop_oneof![4 => places(), 5 => people(), 4 => rules(), 2 => machines(), 1 => watch()]
}

/// Something to begin with: half of it in use, half of it free to be removed.
fn seedlings() -> Vec<Change> {
    let each = |letter: char| (0..N).map(move |n| format!("{letter}{n}"));
    let mut all: Vec<Change> = each('z').map(|z| zone(&z, (z != "z0").then_some("z0"))).collect();
    all.extend(each('g').map(|g| group(&g)));
    all.extend(each('k').map(|k| controller(&k)));
    all.push(Change::LockDown(id("z3")));
    all.extend([weekdays("s0", 8, 18), weekdays("s1", 0, 12)]);
    all.extend([("v0", 40), ("v1", 41)].map(|(v, n)| Change::PutService(Service::new(id(v), key(n)))));
    all.extend([operator("o0", 30, "people"), operator("o1", 31, "owner")].map(Change::PutOperator));
    all.extend(
        each('m').map(|m| {
            Change::PutStatement(Statement { id: id(&m), says: Stated::NoServiceOpens(Doors::All) })
        }),
    );
    all.push(another_key());
    all.push(policy("t0", r#"permit (principal, action == Action::"enter", resource == Door::"d3");"#));
    for n in 0..N {
        let (p, used) = (format!("p{n}"), n % 2);
        let door = door_to(&format!("d{n}"), &format!("z{used}"));
        all.push(Change::PutDoor(Door { controller: id("k0"), ..door }));
        all.push(Change::PutPerson(person(&p, &[&format!("g{used}")])));
        all.push(Change::PutCredential(card(&format!("c{n}"), &p, token(n))));
        all.push(Change::PutCredential(pin(&format!("b{n}"), &p, 'b')));
    }
    all.push(Change::PutRule(rule("r0", "g0", Target::Zone(id("z0")))));
    all.push(Change::PutRule(rule("r1", "g1", Target::Zone(id("z1")))));
    all
}

/// Of these changes those that fit, one entry each; and which they were.
pub(crate) fn grow(house: &mut House, changes: Vec<Change>) -> Vec<Change> {
    changes.into_iter().filter(|c| house.change(vec![c.clone()]).is_ok()).collect()
}

/// A site that has seen some changes.
pub(crate) fn grown(changes: Vec<Change>) -> House {
    let mut house = House::new();
    house.put(seedlings());
    grow(&mut house, changes);
    house
}

pub(crate) fn house(most: usize) -> impl Strategy<Value = Vec<Change>> {
    vec(change(), 0..most)
}

/// Every door and card of a random site.
pub(crate) fn sample(at: Time) -> Sample {
    Sample {
        doors: (0..N).map(|n| id(&format!("d{n}"))).collect(),
        tokens: (0..=N).map(token).collect(),
        times: vec![at],
    }
}

pub(crate) fn pin_fact() -> impl Strategy<Value = PinFact> {
    use PinFact::*;
    select(vec![NotAsked, NotAsked, Right, Right, Wrong, Missing, Duress, OneTime, UsedUp])
}

fn signed() -> impl Strategy<Value = Option<bool>> {
    select(vec![None, None, Some(true), Some(true), Some(false)])
}

fn second() -> impl Strategy<Value = Second> {
    // Whose it is, is not for the question to say.
    (weighted(0.9, 0..=N), signed(), pin_fact(), of(one('p')))
        .prop_map(|(shown, signed, pin, person)| Second { token: shown.map(token), signed, pin, person })
}

/// A pass of the hub for a random site's door; the random sites have all one id.
fn pass() -> impl Strategy<Value = ShownPass> {
    let place = prop_oneof![one('d').prop_map(PassPlace::Door), one('z').prop_map(PassPlace::Zone)];
    let by = select(vec![HUB, HUB, HUB, STRANGER]);
    (place, moment(), by, any::<bool>(), any::<bool>()).prop_map(|(place, from, by, used_up, broken)| {
        let mut bytes = shown_pass(place, from, by);
        if broken {
            bytes.pop();
        }
        ShownPass { bytes: bytes.into(), used_up }
    })
}

/// What had happened before: mostly nothing that stands against it.
pub(crate) fn known() -> impl Strategy<Value = Known> {
    let bad = || weighted(0.1, Just(())).prop_map(|so| so.is_some());
    let wish = select(vec![Wish::Pass, Wish::Pass, Wish::Pass, Wish::Hold]);
    let passback = weighted(0.3, select(PASSBACK.to_vec())).prop_map(Option::unwrap_or_default);
    let shown = (wish, signed(), weighted(0.4, second()), weighted(0.3, pass()), passback);
    (shown, bad(), bad(), bad(), bad(), bad(), bad(), bad()).prop_map(
        |(
            (wish, signed, second, pass, passback),
            full,
            airlock_busy,
            openings_spent,
            waiting,
            far_away,
            relayed,
            time_untrusted,
        )| {
            let (second, pass) = (second.map(Box::new), pass.map(Box::new));
            Known {
                wish,
                signed,
                second,
                pass,
                phone: None,
                codes: Vec::new(),
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
    )
}

pub(crate) const PASSBACK: [PassbackFact; 4] =
    [PassbackFact::Clear, PassbackFact::Inside, PassbackFact::TooSoon, PassbackFact::Alone];

pub(crate) fn question() -> impl Strategy<Value = Question> {
    let side = select(vec![Side::Entry, Side::Entry, Side::Exit]);
    let asked = (one('d'), side, weighted(0.9, 0..=N), pin_fact(), any::<bool>());
    // Half of the time nothing had happened.
    let known = weighted(0.5, known()).prop_map(Option::unwrap_or_default);
    (asked, moment(), 0u64..100, one('k'), known).prop_map(
        |((door, side, shown, pin, keypad), at, age, controller, known)| Question {
            controller,
            door,
            side,
            token: shown.map(token),
            pin,
            keypad,
            at,
            config_age: Duration::from_secs(age),
            config: ConfigRef { size: 0, root: Digest([9; 32]) },
            known,
        },
    )
}

#[test]
fn random_sites_are_full_of_life() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = std::collections::BTreeMap::new();
    for _ in 0..60 {
        let changes = house(40).new_tree(&mut runner).unwrap().current();
        for change in grow(&mut grown(vec![]), changes) {
            *seen.entry(change.verb()).or_insert(0) += 1;
        }
    }
    // Each kind of change fits often enough to be worth its place here.
    // What is the recovery key's alone has tests of its own.
    let verbs = Change::VERBS.iter().filter(|v| !v.ends_with("recover") && !v.ends_with("recovery"));
    let rare: Vec<_> = verbs.filter(|v| seen.get(*v).copied().unwrap_or(0) < 3).collect();
    assert!(rare.is_empty(), "{rare:?} of {seen:?}");
}
