//! Schedules, from the words of a change file to the model, and back into words.

use crate::file;
use crate::read::{Wrong, key, maybe, one_of};
use jiff::civil::{Date, Weekday};
use lockward_model::{
    Dates, DayException, Days, Fold, Gap, Jumps, Local, Schedule, SiteZone, Text, Time, Transition, Window,
};
use toml::value::Datetime;

/// Days ahead that are told by the name of their weekday alone.
const WEEKDAY_IS_ENOUGH: i32 = 6;

/// Reads a schedule.
pub(crate) fn schedule(s: &file::Schedule) -> Result<Schedule, Wrong> {
    let window = |w: &file::Window| -> Result<Window, Wrong> {
        Ok(Window { days: days(&w.days)?, from: minute("from", &w.from)?, to: minute("to", &w.to)? })
    };
    let windows = s.window.iter().map(window).collect::<Result<_, Wrong>>()?;
    let exceptions = s.exception.iter().map(exception).collect::<Result<Vec<_>, Wrong>>()?;
    let gap = s.gap.as_ref().map(|word| one_of("gap", word, &Gap::ALL.map(|gap| (gap.as_str(), gap))));
    let fold = s.fold.as_ref().map(|word| one_of("fold", word, &Fold::ALL.map(|fold| (fold.as_str(), fold))));
    let jumps = Jumps { gap: gap.transpose()?, fold: fold.transpose()? };
    let made = Schedule::new(key("id", &s.id)?, key("title", &s.title)?, windows, exceptions);
    made.map(|made| made.with_jumps(jumps)).map_err(|e| e.to_string())
}

fn exception(e: &file::Exception) -> Result<DayException, Wrong> {
    let window = |text: &String| {
        let (from, to) = text.split_once('-').ok_or_else(|| {
            format!("`windows`: `{}` is no span of a day; an example is `10:00-14:00`", text.escape_debug())
        })?;
        Ok((minute("windows", from)?, minute("windows", to)?))
    };
    Ok(DayException {
        dates: dates(e)?,
        reason: maybe::<Text>("reason", e.reason.as_ref())?,
        windows: e.windows.iter().map(window).collect::<Result<_, Wrong>>()?,
    })
}

fn dates(e: &file::Exception) -> Result<Dates, Wrong> {
    let date = |name: &str, at: &Datetime| {
        let wrong = |_| format!("`{name}`: `{at}` is no date; an example is 2026-12-25");
        at.to_string().parse::<Date>().map_err(wrong)
    };
    match (&e.date, &e.last, &e.yearly) {
        (Some(one), None, None) => Ok(Dates::One(date("date", one)?)),
        (Some(first), Some(last), None) => Ok(Dates::Range(date("date", first)?, date("last", last)?)),
        (None, None, Some(yearly)) => Dates::yearly(yearly).ok_or_else(|| {
            format!("`yearly`: `{}` is no day of a year; an example is \"12-25\"", yearly.escape_debug())
        }),
        _ => Err("an exception has `date`, or `date` and `last`, or `yearly`".into()),
    }
}

fn days(words: &[String]) -> Result<Days, Wrong> {
    let known = |word: &str| Days::NAMES.iter().position(|n| *n == word);
    let mut days = Days::default();
    for word in words {
        let (first, last) = word.split_once('-').unwrap_or((word, word));
        let range = known(first).zip(known(last)).filter(|(first, last)| first <= last);
        let Some((first, last)) = range else {
            return Err(format!(
                "`days`: `{}` is no day; examples are `mon`, `mon-fri`, `sat-sun`",
                word.escape_debug()
            ));
        };
        for name in Days::NAMES.iter().skip(first).take(last + 1 - first) {
            days = days.with(name).unwrap_or(days);
        }
    }
    Ok(days)
}

/// Minutes after midnight of `HH:MM`, up to `24:00`.
fn minute(name: &str, text: &str) -> Result<u16, Wrong> {
    let digits =
        |s: &str| (s.len() == 2 && s.bytes().all(|b| b.is_ascii_digit())).then(|| s.parse::<u16>().ok());
    let parts = text.split_once(':').and_then(|(h, m)| digits(h)?.zip(digits(m)?));
    let fits = parts.filter(|(h, m)| *m < 60 && (*h < 24 || (*h, *m) == (24, 0)));
    fits.map(|(h, m)| h * 60 + m)
        .ok_or_else(|| format!("`{name}`: `{}` is no time; give 00:00 to 24:00", text.escape_debug()))
}

/// What a schedule says, by name.
#[must_use]
pub fn parts(s: &Schedule) -> Vec<(&'static str, String)> {
    let list = |items: Vec<String>| if items.is_empty() { "none".into() } else { items.join(", ") };
    let window = |w: &Window| {
        format!("{} {}", w.days.names().collect::<Vec<_>>().join(" "), told_hours((w.from, w.to)))
    };
    let exception = |e: &DayException| format!("{} {}", e.dates, told_exception(e));
    let mut parts = vec![
        ("title", format!("\"{}\"", s.title())),
        ("open", list(s.windows().iter().map(window).collect())),
    ];
    if !s.exceptions().is_empty() {
        parts.push(("except", list(s.exceptions().iter().map(exception).collect())));
    }
    parts.extend(s.jumps().gap.map(|gap| ("gap", gap.as_str().into())));
    parts.extend(s.jumps().fold.map(|fold| ("fold", fold.as_str().into())));
    parts
}

/// `closed (Christmas)`, `06:00-12:00`.
#[must_use]
pub fn told_exception(e: &DayException) -> String {
    let hours: Vec<_> = e.windows.iter().copied().map(told_hours).collect();
    let hours = if e.is_closed() { "closed".into() } else { hours.join(" ") };
    e.reason.as_ref().map_or_else(|| hours.clone(), |reason| format!("{hours} ({reason})"))
}

fn told_hours((from, to): (u16, u16)) -> String {
    format!("{}-{}", clock(from), clock(to))
}

/// `opens Mon 07:00, closes 18:00, next exception Fri 2026-12-25 closed (Christmas)`.
#[must_use]
pub fn next(schedule: &Schedule, zone: &SiteZone, now: Time) -> String {
    let (mut told, mut day) = (Vec::new(), zone.local(now).date);
    let today = day;
    for Transition { at, opens } in schedule.next_transitions(zone, now, 2) {
        let there = zone.local(at);
        let on = if there.date == day { String::new() } else { format!("{} ", soon(there.date, today)) };
        told.push(format!("{} {on}{}", turn(opens), clock(there.minute)));
        day = there.date;
    }
    if told.is_empty() {
        let open = schedule.is_open(&zone.moment(now));
        told.push(format!("stays {} for the next ten years", if open { "open" } else { "closed" }));
    }
    if let Some((date, exception)) = schedule.next_exception(today) {
        told.push(format!("next exception {} {date} {}", weekday(date), told_exception(exception)));
    }
    told.join(", ")
}

/// What a schedule does at a transition.
#[must_use]
pub fn turn(opens: bool) -> &'static str {
    if opens { "opens" } else { "closes" }
}

/// `Mon 2026-11-30 07:00`.
#[must_use]
pub fn told_local(there: Local) -> String {
    format!("{} {} {}", weekday(there.date), there.date, clock(there.minute))
}

fn soon(date: Date, today: Date) -> String {
    let near = today.until(date).is_ok_and(|span| span.get_days() <= WEEKDAY_IS_ENOUGH);
    if near { weekday(date).into() } else { format!("{} {date}", weekday(date)) }
}

/// `Mon`.
#[must_use]
pub fn weekday(date: Date) -> &'static str {
    match date.weekday() {
        Weekday::Monday => "Mon",
        Weekday::Tuesday => "Tue",
        Weekday::Wednesday => "Wed",
        Weekday::Thursday => "Thu",
        Weekday::Friday => "Fri",
        Weekday::Saturday => "Sat",
        Weekday::Sunday => "Sun",
    }
}

fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_ranges_and_alone() {
        let read = |words: &[&str]| days(&words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>());
        assert_eq!(read(&["mon-fri"]), Ok(Days(0b001_1111)));
        assert_eq!(read(&["sat", "mon"]), Ok(Days(0b010_0001)));
        assert!(read(&["fri-mon"]).is_err());
        assert!(read(&["Monday"]).is_err());
    }

    #[test]
    fn times_of_day_go_to_midnight_and_no_further() {
        assert_eq!(minute("x", "00:00"), Ok(0));
        assert_eq!(minute("x", "24:00"), Ok(1_440));
        for nonsense in ["24:01", "8:00", "08:60", "0800", "+8:00", "08:0a"] {
            assert!(minute("x", nonsense).is_err(), "{nonsense}");
        }
    }

    #[test]
    fn what_comes_next_is_told_with_days_where_they_change() {
        let text = r#"
            id = "nights"
            title = "Nights"
            [[window]]
            days = ["mon-fri"]
            from = "22:00"
            to = "06:00"
            [[exception]]
            yearly = "12-25"
            reason = "Christmas"
            windows = []
        "#;
        let nights = schedule(&toml::from_str(text).unwrap()).unwrap();
        let berlin = SiteZone::new("Europe/Berlin").unwrap();
        let next = |utc: &str| {
            let at = utc.parse::<jiff::Timestamp>().unwrap();
            next(&nights, &berlin, Time(at.as_millisecond()))
        };
        let exception = "next exception Fri 2026-12-25 closed (Christmas)";
        assert_eq!(next("2026-11-27T09:00:00Z"), format!("opens 22:00, closes Sat 06:00, {exception}"));
        assert_eq!(next("2026-11-28T00:00:00Z"), format!("closes 06:00, opens Mon 22:00, {exception}"));
        assert_eq!(
            next("2026-12-24T23:30:00Z"),
            "opens Mon 22:00, closes Tue 06:00, next exception Fri 2026-12-25 closed (Christmas)"
        );
    }
}
