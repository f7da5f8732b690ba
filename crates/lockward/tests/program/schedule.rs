//! Schedules: written in a file, asked back where the clocks make them unclear, and shown.

use crate::site::House;

const NIGHTS: &str = r#"
[[schedule]]
id = "nights"
title = "Night shift"
gap = "after"
fold = "second"
[[schedule.window]]
days = ["sat"]
from = "22:00"
to = "02:30"
[[schedule.exception]]
yearly = "12-26"
reason = "Boxing Day"
windows = []
[[schedule.exception]]
date = 2027-01-02
last = 2027-01-10
reason = "Stocktaking"
windows = ["20:00-04:00"]
"#;

#[test]
fn a_schedule_is_reviewed_with_what_it_does_next() {
    let house = House::founded();
    house.apply(NIGHTS).good().narrow().says(&[
        "+ schedule nights: title \"Night shift\"; open sat 22:00-02:30",
        "except 2027-01-02 to 2027-01-10 20:00-04:00 (Stocktaking), every 12-26 closed (Boxing Day)",
        "gap after; fold second",
        "What schedules do next: nights: ",
        "next exception ",
    ]);
    house.apply(NIGHTS).good().says(&["Nothing to change: 1 record"]);
}

#[test]
fn an_unclear_edge_is_refused_with_its_place_its_date_and_what_to_write() {
    let house = House::founded();
    let silent = NIGHTS.replace("gap = \"after\"\n", "").replace("fold = \"second\"\n", "");
    house.apply(&silent).failed(1).narrow().says(&[
        "change.toml:2:1: [[schedule]] `nights`: a window begins or ends on ",
        "at 02:30, a time that does not exist in Europe/Berlin (clocks go from 02:00 to 03:00)",
        "write `gap = \"before\"` to have 01:30 then, or `gap = \"after\"` to have 03:30",
        "a time that comes twice in Europe/Berlin (clocks go from 03:00 back to 02:00)",
        "write `fold = \"first\"`",
        "[CHANGE_INVALID]",
    ]);
    assert_eq!(house.sizes().0, 1, "something was appended");
    house.apply(&silent.replace("02:30", "03:00")).good();
}

#[test]
fn what_is_wrong_with_a_schedule_is_named_with_its_place() {
    let house = House::founded();
    for (good, bad, said) in [
        ("gap = \"after\"", "gap = \"later\"", "`gap`: `later` is not known; give one of `before`, `after`"),
        ("fold = \"second\"", "fold = \"2\"", "`2` is not known; give one of `first`, `second`, `both`"),
        ("yearly = \"12-26\"", "yearly = \"26.12.\"", "`yearly`: `26.12.` is no day of a year"),
        ("yearly = \"12-26\"", "yearly = \"02-29\"", "02-29 of every year, which not every year has"),
        (
            "yearly = \"12-26\"",
            "last = 2026-12-26",
            "an exception has `date`, or `date` and `last`, or `yearly`",
        ),
        ("last = 2027-01-10", "last = 2027-01-02", "it must end after it begins"),
        (
            "yearly = \"12-26\"",
            "date = 2027-01-05\nlast = 2027-01-15",
            "two exceptions are for 2027-01-05 to",
        ),
        ("to = \"02:30\"", "to = \"00:00\"", "a window goes from 22:00 to 00:00"),
        ("\"20:00-04:00\"", "\"20:00\"", "`windows`: `20:00` is no span of a day"),
    ] {
        house
            .apply(&NIGHTS.replace(good, bad))
            .failed(1)
            .narrow()
            .says(&["change.toml:2:1: [[schedule]]", said]);
    }
    let unknown = NIGHTS.replace("reason = \"Boxing Day\"", "raeson = \"Boxing Day\"");
    house.apply(&unknown).failed(1).narrow().says(&["change.toml:13:1: ", "did you mean `reason`?"]);
}

#[test]
fn a_schedule_is_shown_with_its_next_transitions() {
    let house = House::founded();
    house.apply(NIGHTS).good();
    let show = |args: &[&str]| {
        let mut all = vec!["schedule", "show", "nights", "--dir", "site"];
        all.extend(args);
        house.run(&all)
    };
    // The night on which clocks go back, at its second 02:30; then a closed day cuts a night short.
    show(&["--at", "2026-10-24", "--next", "2"]).good().narrow().says(&[
        "Schedule `nights`, in Europe/Berlin:",
        "title: \"Night shift\"",
        "except: 2027-01-02 to 2027-01-10 20:00-04:00 (Stocktaking), every 12-26 closed (Boxing Day)",
        "Sat 2026-10-24 00:00, it is closed.",
        "Sat 2026-10-24 22:00 opens (2026-10-24T20:00:00",
        "Sun 2026-10-25 02:30 closes (2026-10-25T01:30:00",
        "Next exception: Sat 2026-12-26, closed (Boxing Day).",
    ]);
    show(&["--at", "2027-03-27T23:00", "--next", "1"])
        .good()
        .narrow()
        .says(&["Sat 2027-03-27 23:00, it is open.", "Sun 2027-03-28 03:30 closes (2027-03-28T01:30:00"]);
    show(&["--at", "soon"]).failed(1).narrow().says(&["`soon` is no time"]);
    show(&["--next", "5000"]).failed(2);
    let other = ["schedule", "show", "days", "--dir", "site"];
    house.run(&other).failed(1).narrow().says(&["the site has no schedule `days`; it has `nights`"]);
}
