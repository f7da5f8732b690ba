//! Schedules against a naive second reading of their rules, minute by minute, where clocks jump and where they do not.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod naive;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use lockward_model::*;
use naive::Wall;
use proptest::prelude::*;

/// With a jump of an hour in spring and autumn; of half an hour; none; around Ramadan; at midnight.
const ZONES: [&str; 6] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Africa/Casablanca",
    "America/Havana",
];

fn at(utc: &str) -> Timestamp {
    utc.parse().unwrap()
}

/// Compares every `step`th minute and both sides of every change, but for the two days at each end, of which the naive
/// reading has only half the picture.
#[track_caller]
fn compare(schedule: &Schedule, zone: &str, wall: &Wall, step: usize) -> Result<(), TestCaseError> {
    let site = SiteZone::new(zone).unwrap();
    let expected = naive::open(schedule, wall);
    let inner = 2_880..wall.minutes() - 2_880;
    let changes = |n: usize| expected[n] != expected[n - 1] || expected[n] != expected[n + 1];
    for n in inner.clone().filter(|n| n % step == 0 || changes(*n)) {
        let found = schedule.is_open(&site.moment(wall.time(n)));
        prop_assert_eq!(found, expected[n], "{} at {}: {:?}", zone, wall.time(n), schedule);
    }
    // Between two transitions it does not change, and at each it does.
    let changes = inner.clone().skip(1).filter(|n| expected[*n] != expected[n - 1]);
    let changes: Vec<_> = changes.map(|n| Transition { at: wall.time(n), opens: expected[n] }).collect();
    let turns = schedule.next_transitions(&site, wall.time(inner.start), changes.len() + 1);
    let seen: Vec<_> = turns.into_iter().filter(|t| t.at < wall.time(inner.end)).collect();
    prop_assert_eq!(seen, changes, "{}: {:?}", zone, schedule);
    Ok(())
}

fn made(windows: Vec<Window>, exceptions: Vec<DayException>, jumps: Jumps) -> Schedule {
    let made = Schedule::new("x".parse().unwrap(), "X".parse().unwrap(), windows, exceptions);
    made.unwrap().with_jumps(jumps)
}

/// Two years of a schedule with edges at all hours at which clocks jump. They are past, so that no new law moves them.
fn years(zone: &str) {
    let wall = Wall::new(zone, at("2023-06-01T00:00:00Z"), at("2025-06-10T00:00:00Z"));
    let window = |days, from, to| Window { days: Days(days), from, to };
    let nights = vec![window(0b0111_1111, 22 * 60, 2 * 60 + 30), window(0b0101_0101, 3 * 60, 5 * 60)];
    let on = |dates, windows| DayException { dates, reason: None, windows };
    let date = |text: &str| text.parse::<Date>().unwrap();
    let exceptions = vec![
        on(Dates::Yearly { month: 10, day: 27 }, vec![]),
        on(Dates::Range(date("2023-12-24"), date("2024-01-02")), vec![(23 * 60, 60)]),
        on(Dates::One(date("2024-03-31")), vec![(0, 150), (165, 15)]),
    ];
    let jumps = Jumps { gap: Some(Gap::After), fold: Some(Fold::Second) };
    compare(&made(nights, exceptions, jumps), zone, &wall, 7).unwrap();
}

#[test]
fn two_years_in_berlin_are_as_the_naive_model_has_them() {
    years("Europe/Berlin");
}

#[test]
fn two_years_in_new_york_are_as_the_naive_model_has_them() {
    years("America/New_York");
}

#[test]
fn two_years_on_lord_howe_are_as_the_naive_model_has_them() {
    years("Australia/Lord_Howe");
}

#[test]
fn two_years_in_kolkata_are_as_the_naive_model_has_them() {
    years("Asia/Kolkata");
}

#[test]
fn two_years_in_casablanca_are_as_the_naive_model_has_them() {
    years("Africa/Casablanca");
}

/// Mostly around the hours at which clocks jump, on the quarter hour.
fn hours() -> impl Strategy<Value = (u16, u16)> {
    let minute = || prop_oneof![(0u16..20).prop_map(|q| q * 15), (0u16..96).prop_map(|q| q * 15)];
    (minute(), prop_oneof![minute(), Just(1440)]).prop_filter("has a length", |(a, b)| a != b && *b > 0)
}

/// Jumps of ten years, by zone.
fn jumps(zone: &str) -> Vec<Timestamp> {
    let rules = naive::rules(zone);
    let (from, until) = (at("2016-01-01T00:00:00Z"), at("2026-01-01T00:00:00Z"));
    let found: Vec<_> = rules.following(from).map(|t| t.timestamp()).take_while(|t| *t < until).collect();
    if found.is_empty() { vec![from] } else { found }
}

fn schedule(around: Date) -> impl Strategy<Value = Schedule> {
    let window = (1u8..=0x7f, hours()).prop_map(|(days, (from, to))| Window { days: Days(days), from, to });
    let day = move |n: i64| around + SignedDuration::from_hours(24 * n);
    let exception =
        (-2i64..=2, 0..3, proptest::collection::vec(hours(), 0..3)).prop_map(move |(n, kind, windows)| {
            let dates = match kind {
                0 => Dates::One(day(n)),
                1 => Dates::Range(day(n), day(n + 2)),
                _ if day(n).month() == 2 => Dates::Yearly { month: 3, day: 1 },
                _ => Dates::Yearly { month: day(n).month(), day: day(n).day() },
            };
            DayException { dates, reason: None, windows }
        });
    let gap = proptest::sample::select(vec![None, Some(Gap::Before), Some(Gap::After)]);
    let fold = proptest::sample::select(vec![None, Some(Fold::First), Some(Fold::Second), Some(Fold::Both)]);
    let exceptions = proptest::option::of(exception).prop_map(|e| e.into_iter().collect());
    (proptest::collection::vec(window, 0..4), exceptions, gap, fold)
        .prop_map(|(windows, exceptions, gap, fold)| made(windows, exceptions, Jumps { gap, fold }))
}

fn case() -> impl Strategy<Value = (&'static str, Timestamp, Schedule)> {
    let jump = proptest::sample::select(&ZONES[..])
        .prop_flat_map(|zone| (Just(zone), proptest::sample::select(jumps(zone))));
    jump.prop_flat_map(|(zone, jump)| {
        let date = naive::rules(zone).to_datetime(jump).date();
        (Just(zone), Just(jump), schedule(date))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn around_every_jump_a_schedule_is_as_the_naive_model_has_it((zone, jump, schedule) in case()) {
        let around = SignedDuration::from_hours(24 * 4);
        compare(&schedule, zone, &Wall::new(zone, jump - around, jump + around), 1)?;
    }

    /// What `check` does not ask for need not be said: it makes no difference at any jump.
    #[test]
    fn where_nothing_is_asked_every_choice_comes_to_the_same((zone, jump, schedule) in case()) {
        let site = SiteZone::new(zone).unwrap();
        let from = Time((jump - SignedDuration::from_hours(24 * 4)).as_millisecond());
        let (gap, fold) = (schedule.jumps().gap, schedule.jumps().fold);
        let unsaid = schedule.with_jumps(Jumps::default());
        if unsaid.check(&site, from).is_empty() {
            let said = unsaid.clone().with_jumps(Jumps { gap, fold });
            prop_assert_eq!(said.next_transitions(&site, from, 40), unsaid.next_transitions(&site, from, 40));
        } else {
            let gap = gap.or(Some(Gap::After));
            let fold = fold.or(Some(Fold::First));
            prop_assert_eq!(unsaid.with_jumps(Jumps { gap, fold }).check(&site, from), []);
        }
    }
}
