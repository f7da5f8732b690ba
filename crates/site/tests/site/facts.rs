//! What had happened before: it only ever takes away; and what each fact stands against.

use crate::decisions::{admits, ask, at, hall, knowing, nobody, passback, second, with_pass};
use crate::house::*;
use crate::random::{self, grown, house};
use core::num::NonZeroU16;
use core::time::Duration;
use lockward_model::*;
use lockward_site::{Answer, Question, Terms};
use lockward_wire::credential::PassPlace;
use proptest::collection::vec;
use proptest::prelude::*;

type Worse = (&'static str, fn(&mut Known));

/// Where nothing was said against it.
fn against(k: &mut Known, fact: PassbackFact) {
    if matches!(k.passback, PassbackFact::NotKept | PassbackFact::Clear) {
        k.passback = fact;
    }
}

/// Every way to know something worse.
const WORSE: [Worse; 13] = [
    ("inside", |k| against(k, PassbackFact::Inside)),
    ("too soon", |k| against(k, PassbackFact::TooSoon)),
    ("alone", |k| against(k, PassbackFact::Alone)),
    ("full", |k| k.full = true),
    ("airlock", |k| k.airlock_busy = true),
    ("openings", |k| k.openings_spent = true),
    ("waiting", |k| k.waiting = true),
    ("far away", |k| k.far_away = true),
    ("relayed", |k| k.relayed = true),
    ("time", |k| k.time_untrusted = true),
    ("not signed", |k| k.signed = Some(false)),
    ("nobody came", |k| k.second = nobody()),
    ("used up", |k| {
        if let Some(pass) = &mut k.pass {
            pass.used_up = true;
        }
    }),
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn to_know_something_worse_never_opens(history in house(25), questions in vec(random::question(), 20)) {
        let house = grown(history);
        for q in questions {
            // Leaving is another matter: `leaving.rs`.
            let q = Question { side: Side::Entry, ..q };
            if matches!(house.site.decide(&q, Mono(1)), Answer::Granted(..)) {
                continue;
            }
            for (what, worse) in WORSE {
                let worse = knowing(q.clone(), worse);
                let answer = house.site.decide(&worse, Mono(1));
                let opens = matches!(answer, Answer::Granted(..));
                prop_assert!(!opens, "{what}: {answer:?} to {worse:?}");
            }
        }
    }

    #[test]
    fn what_a_second_person_adds_needs_a_second_person(history in house(25), questions in vec(random::question(), 30)) {
        let house = grown(history);
        for q in questions {
            let alone = knowing(q.clone(), |k| k.second = None);
            if q.side == Side::Exit || matches!(house.site.decide(&alone, Mono(1)), Answer::Granted(..)) {
                continue;
            }
            let Answer::Granted(_, access, _) = house.site.decide(&q, Mono(1)) else { continue };
            let second = access.known.second.unwrap();
            prop_assert!(second.person.is_some() && second.person != access.person);
            prop_assert_eq!(second.person, house.site.holder_of(second.token.unwrap()));
        }
    }

    #[test]
    fn a_lockdown_is_never_entered_by_a_rule(history in house(25), questions in vec(random::question(), 30)) {
        let mut house = grown(history);
        let all: Vec<_> = house.site.zones().map(|z| Change::LockDown(z.id)).collect();
        house.put(all);
        for q in questions {
            let q = Question { side: Side::Entry, ..q };
            if let Answer::Granted(_, access, terms) = house.site.decide(&q, Mono(1)) {
                let Outcome::Granted { because } = access.outcome else { panic!("{:?}", access.outcome) };
                prop_assert!(because.iter().all(|b| b.starts_with("policy/")), "{because:?}");
                prop_assert!(!terms.hold, "nothing is set free in a lockdown");
            }
        }
        for door in house.site.doors() {
            prop_assert!(!house.site.stands_unlocked(door, noon()));
        }
    }
}

const TIMED: fn() -> PassbackMode =
    || PassbackMode::Timed(PassbackTime::new(Duration::from_secs(60)).unwrap());

#[test]
fn anti_passback_refuses_only_as_the_area_says() {
    use PassbackFact::{Alone as OutOfTouch, Clear, Inside, TooSoon};
    let told = |mode, alone, door: &str, fact| {
        let mut house = House::warehouse();
        house.put(vec![hall(passback(mode, alone))]);
        ask(&house, &knowing(at(door, ANN), |k| k.passback = fact)).0
    };
    assert_eq!(told(PassbackMode::Soft, Alone::Own, "gate", Inside), None, "it is on record, and opens");
    assert_eq!(told(PassbackMode::Hard, Alone::Own, "gate", Inside), Some(Deny::Passback));
    assert_eq!(told(PassbackMode::Hard, Alone::Own, "gate", Clear), None);
    assert_eq!(told(TIMED(), Alone::Own, "gate", TooSoon), Some(Deny::PassbackTooSoon));
    assert_eq!(told(TIMED(), Alone::Own, "gate", Inside), None, "by time alone");
    assert_eq!(told(PassbackMode::Hard, Alone::Refuse, "gate", OutOfTouch), Some(Deny::PassbackAlone));
    for alone in [Alone::Own, Alone::Open] {
        assert_eq!(told(PassbackMode::Hard, alone, "gate", OutOfTouch), None);
    }
    // A door within the area does not enter it: to say so of it is a contradiction.
    assert_eq!(told(PassbackMode::Soft, Alone::Own, "aisle-1", Inside), Some(Deny::Passback));
}

#[test]
fn a_door_enters_the_zones_that_are_not_around_its_way_out() {
    let house = House::warehouse();
    let zones = |names: &[&str]| names.iter().map(|n| id(n)).collect::<Vec<ZoneId>>();
    assert_eq!(house.site.entered(id("gate")), zones(&["hall"]));
    assert_eq!(house.site.entered(id("aisle-1")), zones(&["aisle"]));
    assert!(house.site.entered(id("nowhere")).is_empty());
}

fn limited(approvers: Option<&str>) -> Change {
    let openings = OpeningLimit {
        doors: NonZeroU16::MIN,
        within: OpeningWindow::new(Duration::from_secs(60)).unwrap(),
        approvers: approvers.map(id),
    };
    hall(ZoneRules { openings: Some(openings), ..ZoneRules::default() })
}

#[test]
fn above_the_limit_of_openings_a_second_person_of_the_approvers_must_agree() {
    let mut house = House::warehouse();
    let with = |second| knowing(at("gate", ANN), |k| (k.openings_spent, k.second) = (true, second));
    house.put(vec![limited(None)]);
    assert_eq!(ask(&house, &with(second(BEN))).0, Some(Deny::OpeningsSpent), "nobody can");
    house.put(vec![limited(Some("guests"))]);
    assert!(matches!(house.site.decide(&with(None), Mono(1)), Answer::NeedSecond));
    assert_eq!(ask(&house, &with(nobody())).0, Some(Deny::OpeningsSpent));
    assert_eq!(ask(&house, &with(second(UNKNOWN))).0, Some(Deny::SecondRefused));
    assert_eq!(ask(&house, &with(second(ANN))).0, Some(Deny::SecondRefused));
    let (told, access) = ask(&house, &with(second(BEN)));
    assert_eq!((told, access.known.second.unwrap().person), (None, Some(id("ben"))));
    house.put(vec![Change::SuspendPerson(id("ben"))]);
    assert_eq!(ask(&house, &with(second(BEN))).0, Some(Deny::SecondRefused));
}

#[test]
fn each_zone_around_says_how_fresh_the_hubs_word_must_be() {
    let mut house = House::warehouse();
    let fresh = |s| Some(Freshness::new(Duration::from_secs(s)).unwrap());
    let stale = |house: &House, door, age| {
        let q = Question { config_age: Duration::from_secs(age), ..at(door, ANN) };
        ask(house, &q).0 == Some(Deny::ConfigStale)
    };
    house.put(vec![hall(ZoneRules { fresh_within: fresh(60), ..ZoneRules::default() })]);
    for door in ["gate", "aisle-1"] {
        assert!(!stale(&house, door, 60) && stale(&house, door, 61), "{door}");
    }
    let aisle = |rules| Change::PutZone(Zone { rules, ..zone_of("aisle", Some("hall")) });
    house.put(vec![aisle(ZoneRules { fresh_within: fresh(30), ..ZoneRules::default() })]);
    assert!(stale(&house, "aisle-1", 31) && !stale(&house, "gate", 31));
    house.put(vec![aisle(ZoneRules::default()), hall(ZoneRules::default())]);
    assert!(!stale(&house, "aisle-1", 1_000_000));
}

#[test]
fn while_the_time_can_not_be_trusted_no_schedule_opens_and_none_lifts_a_ban() {
    let mut house = House::warehouse();
    let untrusted = |q| knowing(q, |k| k.time_untrusted = true);
    assert_eq!(ask(&house, &at("gate", BEN)).0, None);
    assert_eq!(ask(&house, &untrusted(at("gate", BEN))).0, Some(Deny::OutsideSchedule));
    assert_eq!(ask(&house, &untrusted(at("gate", ANN))).0, None);
    let ban = r#"forbid (principal, action == Action::"enter", resource)
        when { context.schedules.contains(Schedule::"late") };"#;
    house.put(vec![weekdays("late", 20, 24), policy("late", ban)]);
    assert_eq!(ask(&house, &at("gate", ANN)).0, None);
    assert_eq!(ask(&house, &untrusted(at("gate", ANN))).0, Some(Deny::Forbidden));
    let (told, _) = ask(&house, &untrusted(with_pass(shown_pass(PassPlace::Zone(id("hall")), noon(), HUB))));
    assert_eq!(told, Some(Deny::OutsideSchedule));
}

#[test]
fn a_pass_opens_where_its_signers_are_admitted() {
    let mut house = House::warehouse();
    house.put(vec![admits()]);
    for (place, door, opens) in [
        (PassPlace::Door(id("gate")), "gate", true),
        (PassPlace::Zone(id("hall")), "gate", true),
        (PassPlace::Zone(id("hall")), "aisle-1", true),
        (PassPlace::Zone(id("vault")), "cage", false),
    ] {
        let q = Question { door: id(door), ..with_pass(shown_pass(place, noon(), HUB)) };
        let (told, access) = ask(&house, &q);
        assert_eq!(told.is_none(), opens, "{place:?} at {door}");
        assert_eq!(access.person, None);
    }
    house.put(vec![Change::LockDown(id("hall"))]);
    let q = with_pass(shown_pass(PassPlace::Zone(id("hall")), noon(), HUB));
    assert_eq!(ask(&house, &q).0, Some(Deny::Lockdown));
}

#[test]
fn holding_a_door_is_asked_of_policy_and_of_no_rule() {
    let mut house = House::warehouse();
    let hold = |token| knowing(at("gate", token), |k| k.wish = Wish::Hold);
    assert_eq!(ask(&house, &hold(ANN)).0, Some(Deny::NotHolding));
    let text = r#"permit (principal in Group::"staff", action == Action::"hold", resource)
        when { context.factors.contains("pin") };"#;
    house.put(vec![policy("hold", text)]);
    assert!(matches!(house.site.decide(&hold(ANN), Mono(1)), Answer::NeedPin));
    let right = Question { pin: PinFact::Right, ..hold(ANN) };
    let Answer::Granted(_, _, terms) = house.site.decide(&right, Mono(1)) else { panic!("refused") };
    assert_eq!(terms, Terms { extended: false, hold: true });
    assert_eq!(ask(&house, &Question { pin: PinFact::Wrong, ..hold(ANN) }).0, Some(Deny::WrongPin));
    assert_eq!(ask(&house, &hold(BEN)).0, Some(Deny::NotHolding));
    house.put(vec![Change::LockDown(id("hall"))]);
    assert_eq!(ask(&house, &right).0, Some(Deny::Lockdown));
}

#[test]
fn who_needs_longer_gets_longer_terms() {
    let mut house = House::warehouse();
    let terms = |house: &House| match house.site.decide(&at("gate", ANN), Mono(1)) {
        Answer::Granted(_, _, terms) => terms,
        other => panic!("{other:?}"),
    };
    assert_eq!(terms(&house), Terms::default());
    house.put(vec![Change::PutPerson(Person { extended: true, ..person("ann", &["staff"]) })]);
    assert_eq!(terms(&house), Terms { extended: true, hold: false });
}

#[test]
fn while_somebody_guesses_nothing_is_told() {
    let house = House::warehouse();
    for token in [Some(ANN), Some(UNKNOWN), None] {
        let q = knowing(Question { token, ..at("gate", ANN) }, |k| k.waiting = true);
        assert_eq!(ask(&house, &q).0, Some(Deny::PinLocked));
    }
}
