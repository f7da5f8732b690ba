//! Validity to the millisecond, and schedules by the clock on the site's wall.

use crate::house::*;
use crate::picture::question;
use lockward_model::*;
use lockward_site::{Answer, Keep, Refusal};

fn at_door(house: &House, door: &str, token: CardToken, at: Time) -> Option<Deny> {
    match house.site.decide(&question(id(door), token, PinFact::NotAsked, at, house.site.size()), Mono(1)) {
        Answer::Granted(..) => None,
        Answer::Denied(why, _) => Some(why),
        wish => panic!("{wish:?} at {door}"),
    }
}

fn ms(at: Time, by: i64) -> Time {
    Time(at.0 + by)
}

const SPAN: fn() -> Validity = || Validity { from: Some(utc(6, 1, 8, 0)), until: Some(utc(6, 1, 12, 0)) };

/// The denials around [`SPAN`]: a millisecond before, at its first moment, at its last, and at the first after it.
fn around(house: &House) -> [Option<Deny>; 4] {
    let (from, until) = (utc(6, 1, 8, 0), utc(6, 1, 12, 0));
    [ms(from, -1), from, ms(until, -1), until].map(|at| at_door(house, "gate", ANN, at))
}

#[test]
fn a_card_counts_from_its_first_millisecond_to_the_one_before_its_end() {
    let mut house = House::warehouse();
    house.put(vec![Change::PutCredential(Credential { valid: SPAN(), ..card("ann-card", "ann", ANN) })]);
    let (early, late) = (Some(Deny::CredentialNotYet), Some(Deny::CredentialExpired));
    assert_eq!(around(&house), [early, None, None, late]);
}

#[test]
fn a_person_counts_from_their_first_millisecond_to_the_one_before_their_end() {
    let mut house = House::warehouse();
    house.put(vec![Change::PutPerson(Person { valid: SPAN(), ..person("ann", &["staff"]) })]);
    let out = Some(Deny::PersonNotValid);
    assert_eq!(around(&house), [out, None, None, out]);
}

#[test]
fn a_pin_counts_in_its_own_time_only() {
    let mut house = House::warehouse();
    house.put(vec![Change::PutCredential(Credential { valid: SPAN(), ..pin("ann-pin", "ann", 'a') })]);
    let (from, until) = (utc(6, 1, 8, 0), utc(6, 1, 12, 0));
    for (at, counts) in [(ms(from, -1), false), (from, true), (ms(until, -1), true), (until, false)] {
        assert_eq!(house.site.pins_beside(ANN, at).len(), usize::from(counts));
        let q = question(id("cage"), ANN, PinFact::NotAsked, at, house.site.size());
        let asks = matches!(house.site.decide(&q, Mono(1)), Answer::NeedPin);
        assert_eq!(asks, counts, "{at}");
    }
}

#[test]
fn open_ends_are_open() {
    let mut house = House::warehouse();
    let (from, until) = (SPAN().from, SPAN().until);
    for (valid, inside, outside) in [
        (Validity { from, until: None }, Time(i64::MAX - 1), ms(utc(6, 1, 8, 0), -1)),
        (Validity { from: None, until }, Time(i64::MIN), utc(6, 1, 12, 0)),
    ] {
        house.put(vec![Change::PutCredential(Credential { valid, ..card("ann-card", "ann", ANN) })]);
        assert_eq!(at_door(&house, "gate", ANN, inside), None);
        assert!(at_door(&house, "gate", ANN, outside).is_some());
        assert_eq!(house.site.credentials_of(id("ann"))[0].valid, valid);
    }
}

#[test]
fn what_is_known_first_is_told_first() {
    let mut house = House::warehouse();
    let over = Validity { from: None, until: Some(Time(0)) };
    house.put(vec![Change::PutPerson(Person { valid: over, suspended: true, ..person("ann", &[]) })]);
    assert_eq!(at_door(&house, "gate", ANN, noon()), Some(Deny::PersonSuspended));
    house.put(vec![Change::PutCredential(Credential { valid: over, ..card("ann-card", "ann", ANN) })]);
    assert_eq!(at_door(&house, "gate", ANN, noon()), Some(Deny::CredentialExpired));
    assert_eq!(at_door(&house, "nowhere", ANN, noon()), Some(Deny::UnknownDoor));
}

/// Ben may come from 8 to 18 in Berlin; the shop stands unlocked then.
#[track_caller]
fn opens_at(house: &House, moment: Time, opens: bool) {
    for (at, opens) in [(ms(moment, -1), !opens), (moment, opens)] {
        let expected = (!opens).then_some(Deny::OutsideSchedule);
        assert_eq!(at_door(house, "gate", BEN, at), expected, "{at}");
        let shop = house.site.door(id("shop")).unwrap();
        assert_eq!(house.site.stands_unlocked(shop, at), opens, "{at}");
        assert_eq!(house.site.open_schedules(at).contains(&id("day")), opens, "{at}");
    }
}

#[test]
fn a_schedule_follows_the_wall_clock_through_both_changes_of_the_year() {
    let house = House::warehouse();
    // Friday before and Monday after 2026-03-29, when Berlin goes from UTC+1 to UTC+2.
    opens_at(&house, utc(3, 27, 7, 0), true);
    opens_at(&house, utc(3, 27, 17, 0), false);
    opens_at(&house, utc(3, 30, 6, 0), true);
    opens_at(&house, utc(3, 30, 16, 0), false);
    // Friday before and Monday after 2026-10-25, when it goes back.
    opens_at(&house, utc(10, 23, 6, 0), true);
    opens_at(&house, utc(10, 23, 16, 0), false);
    opens_at(&house, utc(10, 26, 7, 0), true);
    opens_at(&house, utc(10, 26, 17, 0), false);
}

#[test]
fn an_hour_that_is_skipped_never_opens_and_one_that_comes_twice_opens_twice() {
    let mut house = House::warehouse();
    // Every day from 2:00 to 3:00, Berlin.
    let window = Window { days: Days(0x7f), from: 120, to: 180 };
    let small_hours = Schedule::new(id("day"), id("day"), vec![window], vec![]).unwrap();
    house.put(vec![Change::PutSchedule(small_hours)]);
    for minute in 0..180 {
        assert_eq!(at_door(&house, "gate", BEN, utc(3, 29, 0, minute)), Some(Deny::OutsideSchedule));
    }
    opens_at(&house, utc(10, 25, 0, 0), true);
    assert_eq!(at_door(&house, "gate", BEN, utc(10, 25, 1, 0)), None);
    opens_at(&house, utc(10, 25, 2, 0), false);
}

#[test]
fn a_schedule_that_is_unclear_at_a_jump_is_refused_when_it_is_new_and_stands_when_it_is_in_the_log() {
    let mut house = House::warehouse();
    let window = Window { days: Days(0x7f), from: 60, to: 150 };
    let silent = Schedule::new(id("nights"), id("Nights"), vec![window], vec![]).unwrap();
    let put =
        |schedule: &Schedule| vec![Change::RemoveGroup(id("none")), Change::PutSchedule(schedule.clone())];
    let entry = house.entry(put(&silent), &[OWNER]);
    let Err(Refusal::Invalid { index: 1, verb: "put-schedule", what }) =
        house.site.check_new(&entry, utc(1, 1, 0, 0))
    else {
        panic!("taken");
    };
    assert!(what.contains("2026-03-29 at 02:30") && what.contains("2026-10-25 at 02:30"), "{what}");
    let said = silent.clone().with_jumps(Jumps { gap: Some(Gap::After), fold: Some(Fold::Second) });
    house.site.check_new(&house.entry(put(&said), &[OWNER]), utc(1, 1, 0, 0)).unwrap();
    // A log that holds it, from before a country moved its clocks, can still be read.
    house.put(vec![Change::PutSchedule(silent)]);
    assert_eq!(house.replay(Keep::Everything).schedules().count(), house.site.schedules().count());
}

#[test]
fn what_a_schedule_says_of_jumps_holds_in_decisions() {
    let mut house = House::warehouse();
    let window = Window { days: Days(0x7f), from: 60, to: 150 };
    let nights = Schedule::new(id("day"), id("day"), vec![window], vec![]).unwrap();
    let said = nights.with_jumps(Jumps { gap: Some(Gap::After), fold: Some(Fold::Second) });
    house.put(vec![Change::PutSchedule(said)]);
    opens_at(&house, utc(3, 29, 0, 0), true);
    opens_at(&house, utc(3, 29, 1, 30), false);
    opens_at(&house, utc(10, 24, 23, 0), true);
    opens_at(&house, utc(10, 25, 1, 30), false);
}

#[test]
fn an_exception_day_is_a_day_of_the_site() {
    let mut house = House::warehouse();
    let dates = Dates::One("2026-06-02".parse().unwrap());
    let night = DayException { dates, reason: None, windows: vec![(0, 60)] };
    let schedule = Schedule::new(id("day"), id("day"), vec![], vec![night]).unwrap();
    house.put(vec![Change::PutSchedule(schedule)]);
    // Midnight in Berlin is 22:00 UTC of the day before.
    opens_at(&house, utc(6, 1, 22, 0), true);
    opens_at(&house, utc(6, 1, 23, 0), false);
    assert_eq!(at_door(&house, "gate", BEN, utc(6, 2, 0, 30)), Some(Deny::OutsideSchedule));
}
