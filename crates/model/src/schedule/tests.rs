//! Schedules beside a second, naive telling of them, over years of clocks that jump.

use super::*;
use crate::Time;

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn at(utc: &str) -> Time {
    Time(utc.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

fn berlin() -> SiteZone {
    SiteZone::new("Europe/Berlin").unwrap()
}

fn made(windows: Vec<Window>, exceptions: Vec<DayException>) -> Result<Schedule, ScheduleError> {
    Schedule::new("x".parse().unwrap(), "X".parse().unwrap(), windows, exceptions)
}

fn window(days: u8, from: u16, to: u16) -> Window {
    Window { days: Days(days), from, to }
}

fn on(dates: Dates, windows: &[(u16, u16)]) -> DayException {
    DayException { dates, reason: None, windows: windows.to_vec() }
}

fn office() -> Schedule {
    made(vec![window(0b0001_1111, 8 * 60, 18 * 60)], vec![DayException::closed(date("2026-12-25"))]).unwrap()
}

/// 22:00 to 06:00, from Monday to Friday.
fn nights(exceptions: Vec<DayException>) -> Schedule {
    made(vec![window(0b0001_1111, 22 * 60, 6 * 60)], exceptions).unwrap()
}

/// Told by the clocks of Berlin in winter, UTC+1.
#[track_caller]
fn open_in_winter(schedule: &Schedule, expected: &[(&str, bool)]) {
    for (local, open) in expected {
        let moment = at(&format!("{local}:00+01:00"));
        assert_eq!(schedule.is_open(&berlin().moment(moment)), *open, "{local}");
    }
}

#[test]
fn a_schedule_opens_by_the_clock_on_the_wall_in_summer_and_in_winter() {
    for (utc, open) in [
        ("2026-07-01T05:59:59Z", false),
        ("2026-07-01T06:00:00Z", true),
        ("2026-12-01T06:59:59Z", false),
        ("2026-12-01T07:00:00Z", true),
        ("2026-12-01T17:00:00Z", false),
    ] {
        assert_eq!(office().is_open(&berlin().moment(at(utc))), open, "{utc}");
    }
}

#[test]
fn an_exception_day_replaces_the_week() {
    open_in_winter(&office(), &[("2026-12-25T10:00", false), ("2026-12-24T10:00", true)]);
}

#[test]
fn a_window_across_midnight_belongs_to_the_day_on_which_it_begins() {
    // 2026-12-04 is a Friday.
    open_in_winter(
        &nights(vec![]),
        &[
            ("2026-12-04T21:59", false),
            ("2026-12-04T22:00", true),
            ("2026-12-05T05:59", true),
            ("2026-12-05T06:00", false),
            ("2026-12-05T22:00", false),
            ("2026-12-07T05:59", false),
            ("2026-12-07T22:00", true),
        ],
    );
}

#[test]
fn a_closed_day_ends_the_night_before_at_its_midnight() {
    let closed = nights(vec![DayException::closed(date("2026-12-03"))]);
    open_in_winter(
        &closed,
        &[
            ("2026-12-02T23:59", true),
            ("2026-12-03T00:00", false),
            ("2026-12-03T23:59", false),
            // Its own night did not begin, so that nothing comes out of it either.
            ("2026-12-04T00:00", false),
            ("2026-12-04T22:00", true),
        ],
    );
}

#[test]
fn a_day_of_other_hours_lets_the_night_before_run_to_its_end() {
    let other = nights(vec![on(Dates::One(date("2026-12-03")), &[(600, 660), (23 * 60, 60)])]);
    open_in_winter(
        &other,
        &[
            ("2026-12-03T05:59", true),
            ("2026-12-03T06:00", false),
            ("2026-12-03T10:00", true),
            ("2026-12-03T22:30", false),
            ("2026-12-03T23:00", true),
            ("2026-12-04T00:59", true),
            ("2026-12-04T01:00", false),
        ],
    );
}

#[test]
fn a_night_that_begins_on_an_exception_day_ends_at_a_closed_one() {
    let pair = nights(vec![
        on(Dates::One(date("2026-12-24")), &[(20 * 60, 120)]),
        on(Dates::Yearly { month: 12, day: 25 }, &[]),
    ]);
    open_in_winter(&pair, &[("2026-12-24T20:00", true), ("2026-12-25T00:00", false)]);
}

#[test]
fn the_more_particular_exception_counts() {
    let week = window(0x7f, 480, 1080);
    let schedule = made(
        vec![week],
        vec![
            on(Dates::Yearly { month: 12, day: 28 }, &[]),
            on(Dates::Range(date("2026-12-24"), date("2027-01-02")), &[(600, 660)]),
            on(Dates::One(date("2026-12-25")), &[(0, 60)]),
        ],
    )
    .unwrap();
    open_in_winter(
        &schedule,
        &[
            ("2026-12-23T17:00", true),
            ("2026-12-24T10:00", true),
            ("2026-12-24T17:00", false),
            ("2026-12-25T00:30", true),
            ("2026-12-25T10:00", false),
            ("2026-12-28T10:00", true),
            ("2027-01-02T17:00", false),
            ("2027-01-03T17:00", true),
            ("2027-12-28T10:00", false),
            ("2027-12-29T10:00", true),
        ],
    );
    let (next, exception) = schedule.next_exception(date("2027-01-02")).unwrap();
    assert_eq!((next, exception.windows.len()), (date("2027-01-02"), 1));
    let (next, exception) = schedule.next_exception(date("2027-12-29")).unwrap();
    assert_eq!((next, exception.is_closed()), (date("2028-12-28"), true));
}

#[test]
fn a_window_without_length_or_past_midnight_is_refused() {
    for (from, to) in [(600, 600), (0, 0), (1320, 0), (1440, 60), (600, 1441), (1441, 5)] {
        assert_eq!(made(vec![window(1, from, to)], vec![]), Err(ScheduleError::Window { from, to }));
        let exception = on(Dates::One(date("2026-12-25")), &[(from, to)]);
        assert_eq!(made(vec![], vec![exception]), Err(ScheduleError::Window { from, to }));
    }
}

#[test]
fn exceptions_that_share_a_day_are_refused() {
    let (first, second) = (date("2026-12-24"), date("2026-12-26"));
    let yearly = Dates::Yearly { month: 12, day: 25 };
    for dates in [
        [Dates::One(first), Dates::One(first)],
        [Dates::Range(first, second), Dates::Range(second, date("2026-12-30"))],
        [yearly, yearly],
    ] {
        assert_eq!(made(vec![], dates.map(|d| on(d, &[])).to_vec()), Err(ScheduleError::Twice(dates[1])));
    }
    made(vec![], [Dates::One(first), Dates::Range(first, second), yearly].map(|d| on(d, &[])).to_vec())
        .unwrap();
}

#[test]
fn a_range_that_ends_before_it_begins_is_refused() {
    let (first, last) = (date("2026-12-24"), date("2026-12-23"));
    let range = made(vec![], vec![on(Dates::Range(first, last), &[])]);
    assert_eq!(range, Err(ScheduleError::Range { first, last }));
}

#[test]
fn a_yearly_day_that_not_every_year_has_is_refused() {
    for (month, day) in [(2, 29), (2, 30), (13, 1), (0, 1), (4, 31), (1, 0)] {
        let yearly = made(vec![], vec![on(Dates::Yearly { month, day }, &[])]);
        assert_eq!(yearly, Err(ScheduleError::NotEveryYear { month, day }));
    }
}

#[test]
fn a_zone_that_does_not_exist_is_named() {
    assert_eq!(SiteZone::new("Mars/Olympus").unwrap_err(), ScheduleError::Zone("Mars/Olympus".into()));
}

/// What the clocks of Berlin's jumps in 2026 make of a window from 01:45 on, or to 02:30: UTC.
#[track_caller]
fn turns(from: u16, to: u16, jumps: Jumps, day: &str, expected: &[&str]) {
    let schedule = made(vec![window(0x7f, from, to)], vec![]).unwrap().with_jumps(jumps);
    let start = at(&format!("{day}T22:00:00Z"));
    let found = schedule.next_transitions(&berlin(), start, expected.len());
    let found: Vec<String> = found.iter().map(|t| t.at.to_string()[11..16].to_owned()).collect();
    assert_eq!(found, expected, "{jumps:?}");
}

#[test]
fn an_edge_in_the_gap_is_at_the_jump_before_it_or_after_it() {
    let gap = |gap| Jumps { gap, fold: None };
    turns(60, 150, gap(None), "2026-03-28", &["00:00", "01:00"]);
    turns(60, 150, gap(Some(Gap::Before)), "2026-03-28", &["00:00", "00:30"]);
    turns(60, 150, gap(Some(Gap::After)), "2026-03-28", &["00:00", "01:30"]);
    turns(150, 240, gap(Some(Gap::Before)), "2026-03-28", &["00:30", "02:00"]);
    turns(150, 240, gap(Some(Gap::After)), "2026-03-28", &["01:30", "02:00"]);
    // All of it is skipped: the first that is found is the next day's.
    turns(120, 180, gap(None), "2026-03-28", &["00:00", "01:00"]);
    turns(120, 180, gap(Some(Gap::Before)), "2026-03-28", &["00:00", "01:00", "00:00"]);
    let skipped = made(vec![window(0x7f, 120, 180)], vec![]).unwrap();
    let next = skipped.next_transitions(&berlin(), at("2026-03-28T22:00:00Z"), 1);
    assert_eq!(next[0].at, at("2026-03-30T00:00:00Z"));
}

#[test]
fn an_edge_in_the_fold_is_the_first_the_second_or_both() {
    let fold = |fold| Jumps { gap: None, fold };
    turns(60, 150, fold(Some(Fold::First)), "2026-10-24", &["23:00", "00:30"]);
    turns(60, 150, fold(Some(Fold::Second)), "2026-10-24", &["23:00", "01:30"]);
    for both in [None, Some(Fold::Both)] {
        turns(60, 150, fold(both), "2026-10-24", &["23:00", "00:30", "01:00", "01:30"]);
        turns(135, 165, fold(both), "2026-10-24", &["00:15", "00:45", "01:15", "01:45"]);
    }
    turns(135, 165, fold(Some(Fold::First)), "2026-10-24", &["00:15", "00:45", "01:15"]);
    turns(135, 165, fold(Some(Fold::Second)), "2026-10-24", &["01:15", "01:45", "01:15"]);
}

#[test]
fn an_unclear_edge_is_found_with_its_date_its_time_and_what_to_write() {
    let schedule = made(vec![window(1 << 6, 22 * 60, 24 * 60), window(1 << 6, 60, 150)], vec![]).unwrap();
    let from = at("2020-01-01T00:00:00Z");
    let found = schedule.check(&berlin(), from);
    let said: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "a window begins or ends on 2020-03-29 at 02:30, a time that does not exist in Europe/Berlin (clocks go \
             from 02:00 to 03:00); write `gap = \"before\"` to have 01:30 then, or `gap = \"after\"` to have 03:30",
            "a window begins or ends on 2020-10-25 at 02:30, a time that comes twice in Europe/Berlin (clocks go from \
             03:00 back to 02:00); write `fold = \"first\"` or `fold = \"second\"` to say which, or `fold = \"both\"` \
             to be open whenever clocks show a time within the window",
        ]
    );
    let said = |gap, fold| schedule.clone().with_jumps(Jumps { gap, fold }).check(&berlin(), from).len();
    assert_eq!(said(Some(Gap::After), None), 1);
    assert_eq!(said(None, Some(Fold::Both)), 1);
    assert_eq!(said(Some(Gap::Before), Some(Fold::First)), 0);
}

#[test]
fn only_an_edge_that_matters_is_asked_for() {
    let from = at("2020-01-01T00:00:00Z");
    let asked = |windows: Vec<Window>, zone: &str| {
        made(windows, vec![]).unwrap().check(&SiteZone::new(zone).unwrap(), from).len()
    };
    assert_eq!(asked(vec![window(0x7f, 480, 1080)], "Europe/Berlin"), 0);
    // The clocks jump on Sundays.
    assert_eq!(asked(vec![window(0b0001_1111, 60, 150)], "Europe/Berlin"), 0);
    // 03:00 exists, and comes once.
    assert_eq!(asked(vec![window(0x7f, 60, 180)], "Europe/Berlin"), 0);
    assert_eq!(asked(vec![window(0x7f, 60, 120)], "Europe/Berlin"), 2);
    // They meet at 02:30.
    assert_eq!(asked(vec![window(0x7f, 60, 150), window(0x7f, 150, 300)], "Europe/Berlin"), 0);
    assert_eq!(asked(vec![window(0x7f, 150, 210)], "Asia/Kolkata"), 0);
    // Clocks jump at midnight there, in both directions: always open is always open.
    assert_eq!(asked(vec![window(0x7f, 0, 1440)], "America/Havana"), 0);
    assert_eq!(asked(vec![window(0x7f, 0, 480)], "America/Havana"), 2);
    // Half an hour: from 02:00 to 02:30, and back from 02:00 to 01:30.
    assert_eq!(asked(vec![window(0x7f, 0, 135)], "Australia/Lord_Howe"), 1);
    assert_eq!(asked(vec![window(0x7f, 0, 105)], "Australia/Lord_Howe"), 1);
    assert_eq!(asked(vec![window(0x7f, 0, 150)], "Australia/Lord_Howe"), 0);
}

#[test]
fn a_closed_day_is_closed_whatever_the_clocks_do() {
    let jumps = Jumps { gap: Some(Gap::Before), fold: Some(Fold::Second) };
    let late = made(vec![window(0x7f, 20 * 60, 24 * 60)], vec![]).unwrap().with_jumps(jumps);
    let closed = vec![DayException::closed(date("2020-11-01"))];
    let closed = made(late.windows().to_vec(), closed).unwrap().with_jumps(jumps);
    let havana = SiteZone::new("America/Havana").unwrap();
    let open = |schedule: &Schedule, utc| schedule.is_open(&havana.moment(at(utc)));
    // 2020-11-01 had its first hour twice there; with `second`, the evening before ends at the second midnight.
    for (utc, evening, cut) in [
        ("2020-11-01T03:59:00Z", true, true),
        ("2020-11-01T04:30:00Z", true, false),
        ("2020-11-01T05:00:00Z", false, false),
    ] {
        assert_eq!([open(&late, utc), open(&closed, utc)], [evening, cut], "{utc}");
    }
}

#[test]
fn a_schedule_that_never_changes_has_no_next_transition() {
    let always = made(vec![window(0x7f, 0, 1440)], vec![]).unwrap();
    let never = made(vec![], vec![DayException::closed(date("2026-12-25"))]).unwrap();
    for schedule in [always, never, made(vec![], vec![]).unwrap()] {
        assert_eq!(schedule.next_transitions(&berlin(), at("2020-01-01T00:00:00Z"), 1), []);
    }
}

#[test]
fn the_ends_of_time_are_survived() {
    let schedule = nights(vec![]).with_jumps(Jumps { gap: Some(Gap::After), fold: Some(Fold::First) });
    for ms in [i64::MIN, -377_705_023_201_000, 253_402_207_200_999, i64::MAX] {
        let next = schedule.next_transitions(&berlin(), Time(ms), 3);
        assert!(next.iter().all(|t| t.at > Time(ms)) && schedule.check(&berlin(), Time(ms)).is_empty());
        assert_eq!(
            schedule.is_open(&berlin().moment(Time(ms))),
            schedule.shows_open(berlin().local(Time(ms)))
        );
    }
}
