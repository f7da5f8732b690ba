//! From the words of a change file to the model's nouns: spans, times, ids.

use crate::{file, rules};
use core::time::Duration;
use jiff::civil::{Date, DateTime};
use lockward_model::{
    Door, DoorKind, ExitHardware, Factors, OpenLimit, Operator, OperatorKey, PolicyText, PublicKey,
    ReleaseTime, Relock, RoleId, Rule, Service, SigningKey, SiteZone, Target, Text, Time, Validity, Zone,
};
use toml::value::Datetime;

/// What is wrong with one record, and what to do.
pub type Wrong = String;

/// Reads one value, and says which key it was if it can not be.
pub(crate) fn key<T: core::str::FromStr>(name: &str, text: &str) -> Result<T, Wrong>
where
    T::Err: core::fmt::Display,
{
    text.parse().map_err(|e: T::Err| format!("`{name}`: {e}"))
}

fn keys<T: core::str::FromStr>(name: &str, texts: &[String]) -> Result<Vec<T>, Wrong>
where
    T::Err: core::fmt::Display,
{
    texts.iter().map(|t| key(name, t)).collect()
}

pub(crate) fn maybe<T: core::str::FromStr>(name: &str, text: Option<&String>) -> Result<Option<T>, Wrong>
where
    T::Err: core::fmt::Display,
{
    text.map(|t| key(name, t)).transpose()
}

pub(crate) fn one_of<T: Copy>(name: &str, text: &str, all: &[(&str, T)]) -> Result<T, Wrong> {
    let found = all.iter().find(|(word, _)| *word == text);
    found.map(|(_, meaning)| *meaning).ok_or_else(|| {
        let words: Vec<_> = all.iter().map(|(word, _)| format!("`{word}`")).collect();
        format!("`{name}`: `{}` is not known; give one of {}", text.escape_debug(), words.join(", "))
    })
}

pub(crate) fn zone(z: &file::Zone) -> Result<Zone, Wrong> {
    Ok(Zone {
        id: key("id", &z.id)?,
        title: key("title", &z.title)?,
        parent: maybe("in", z.parent.as_ref())?,
        rules: rules::zone(z)?,
    })
}

pub(crate) fn door(d: &file::Door) -> Result<Door, Wrong> {
    let kinds = DoorKind::ALL.map(|k| (k.as_str(), k));
    let relock = [("on-open", Relock::OnOpen), ("on-close", Relock::OnClose)];
    let exit = [("mechanical", ExitHardware::Mechanical), ("released", ExitHardware::Released)];
    Ok(Door {
        id: key("id", &d.id)?,
        title: key("title", &d.title)?,
        kind: one_of("kind", &d.kind, &kinds)?,
        from: maybe("from", d.from.as_ref())?,
        to: key("to", &d.to)?,
        controller: key("controller", &d.controller)?,
        release: ReleaseTime::new(span("release", &d.release)?).map_err(|e| format!("`release`: {e}"))?,
        open_limit: OpenLimit::new(span("open_limit", &d.open_limit)?)
            .map_err(|e| format!("`open_limit`: {e}"))?,
        relock: one_of("relock", &d.relock, &relock)?,
        exit: one_of("exit", &d.exit, &exit)?,
        unlocked: maybe("unlocked", d.unlocked.as_ref())?,
        rules: rules::door(d)?,
    })
}

/// `500ms`, `5s`, `2m`, `1h`, `7d`; `name` is for the error.
///
/// # Errors
/// What is wrong with it.
pub fn span(name: &str, text: &str) -> Result<Duration, Wrong> {
    let wrong =
        || format!("`{name}`: `{}` is no span; examples are `5s`, `500ms`, `2m`, `7d`", text.escape_debug());
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at_checked(unit_at).ok_or_else(wrong)?;
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let each = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    number.checked_mul(each).map(Duration::from_millis).ok_or_else(wrong)
}

pub(crate) fn rule(r: &file::Rule) -> Result<Rule, Wrong> {
    let zones = keys("zones", &r.zones)?.into_iter().map(Target::Zone);
    let doors = keys("doors", &r.doors)?.into_iter().map(Target::Door);
    Ok(Rule {
        id: key("id", &r.id)?,
        title: key("title", &r.title)?,
        groups: keys("groups", &r.groups)?,
        targets: zones.chain(doors).collect(),
        schedule: maybe("schedule", r.schedule.as_ref())?,
        factors: factors(&r.factors)?,
        two_people: r.two_people,
    })
}

pub(crate) fn factors(words: &[String]) -> Result<Factors, Wrong> {
    let known =
        [("card", Factors::CARD), ("pin", Factors::PIN), ("key", Factors::KEY), ("code", Factors::CODE)];
    let add = |all: Factors, word: &String| one_of("factors", word, &known).map(|f| all.with(f));
    words.iter().try_fold(Factors::NONE, add)
}

pub(crate) fn policy(p: &file::Policy) -> Result<PolicyText, Wrong> {
    Ok(PolicyText { id: key("id", &p.id)?, text: p.text.as_str().into() })
}

/// The role that ends with a job.
const INSTALLER: &str = "installer";

/// `known`: the operator as it is. Its passkeys stay: they are its own to name, on its own page.
pub(crate) fn operator(
    o: &file::Operator,
    known: Option<&Operator>,
    zone: &SiteZone,
) -> Result<Operator, Wrong> {
    let (id, title): (_, Text) = (key("id", &o.id)?, key("title", &o.title)?);
    let in_file = |k: &&OperatorKey| matches!(k.key, SigningKey::Ed25519(_));
    let known: Vec<_> = known.into_iter().flat_map(|o| &o.keys).cloned().collect();
    let mut keys: Vec<_> = match &o.key {
        Some(hex) => {
            let key = SigningKey::Ed25519(public("key", hex)?);
            // A key that stays keeps its name.
            let same = known.iter().find(|k| k.key == key).cloned();
            vec![same.unwrap_or(OperatorKey { title: title.clone(), key })]
        }
        None => known.iter().filter(in_file).cloned().collect(),
    };
    keys.extend(known.iter().filter(|k| !in_file(k)).cloned());
    let (roles, until) = (self::keys::<RoleId>("roles", &o.roles)?, until(o.until.as_ref(), zone)?);
    if until.is_none() && roles.iter().any(|role| role.as_str() == INSTALLER) {
        return Err(
            "an installer comes for a job: say until when with `until`, such as `until = 2027-01-31`".into(),
        );
    }
    Ok(Operator { id, title, keys, roles, until, person: maybe("person", o.person.as_ref())? })
}

pub(crate) fn service(s: &file::Service, zone: &SiteZone) -> Result<Service, Wrong> {
    Ok(Service { id: key("id", &s.id)?, key: public("key", &s.key)?, until: until(s.until.as_ref(), zone)? })
}

pub(crate) fn public(name: &str, hex: &str) -> Result<PublicKey, Wrong> {
    let wrong = || format!("`{name}`: give the 64 hex digits behind `public` in the key file");
    PublicKey::from_hex(hex).ok_or_else(wrong)
}

/// An end: of a date alone, the end of that day.
fn until(text: Option<&Datetime>, zone: &SiteZone) -> Result<Option<Time>, Wrong> {
    text.map(|t| moment("until", &t.to_string(), zone, 1)).transpose()
}

pub(crate) fn groups(p: &file::Person) -> Result<Vec<lockward_model::GroupId>, Wrong> {
    // As the site keeps them, so that nothing changes where nothing was meant.
    let mut groups = keys("groups", &p.groups)?;
    groups.sort_unstable();
    groups.dedup();
    Ok(groups)
}

/// When a person counts: a date alone is the whole day, at both ends.
pub(crate) fn validity(p: &file::Person, zone: &SiteZone) -> Result<Validity, Wrong> {
    let at = |name, text: Option<&Datetime>, days| text.map(|t| moment(name, &t.to_string(), zone, days));
    let valid = Validity {
        from: at("valid_from", p.valid_from.as_ref(), 0).transpose()?,
        until: at("valid_until", p.valid_until.as_ref(), 1).transpose()?,
    };
    match (valid.from, valid.until) {
        (Some(from), Some(until)) if until <= from => {
            Err("`valid_until` does not come after `valid_from`".into())
        }
        _ => Ok(valid),
    }
}

/// A moment: with an offset, or on the site's clock. A date alone is its midnight, `days` later.
///
/// # Errors
/// What is wrong with it.
pub fn moment(name: &str, text: &str, zone: &SiteZone, days: i64) -> Result<Time, Wrong> {
    let wrong = || {
        format!(
            "`{name}`: `{}` is no time; examples are 2026-12-01, 2026-12-01T08:00, 2026-12-01T08:00:00Z",
            text.escape_debug()
        )
    };
    if let Ok(exact) = text.parse::<jiff::Timestamp>() {
        return Ok(Time(exact.as_millisecond()));
    }
    let local = match text.parse::<Date>() {
        Ok(date) if !text.contains(['T', 't', ' ']) => {
            date.checked_add(jiff::Span::new().days(days)).map_err(|_| wrong())?.at(0, 0, 0, 0)
        }
        _ => text.parse::<DateTime>().map_err(|_| wrong())?,
    };
    let zone = jiff::tz::TimeZoneDatabase::bundled().get(zone.name()).map_err(|_| wrong())?;
    let there = local.to_zoned(zone).map_err(|_| wrong())?;
    Ok(Time(there.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> SiteZone {
        SiteZone::new("Europe/Berlin").unwrap()
    }

    #[test]
    fn spans_are_read_and_nonsense_is_not() {
        assert_eq!(span("x", "5s"), Ok(Duration::from_secs(5)));
        assert_eq!(span("x", "500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(span("x", "2m"), Ok(Duration::from_secs(120)));
        for nonsense in ["", "5", "s", "5 s", "-5s", "5w", "99999999999999999999s", "18446744073709551615h"] {
            assert!(span("x", nonsense).is_err(), "{nonsense}");
        }
    }

    #[test]
    fn a_date_is_told_by_the_sites_clock_and_its_last_day_counts() {
        let utc = |t: &str| Time(t.parse::<jiff::Timestamp>().unwrap().as_millisecond());
        assert_eq!(moment("x", "2026-12-01", &berlin(), 0), Ok(utc("2026-11-30T23:00:00Z")));
        assert_eq!(moment("x", "2026-12-31", &berlin(), 1), Ok(utc("2026-12-31T23:00:00Z")));
        assert_eq!(moment("x", "2026-07-01T08:00", &berlin(), 1), Ok(utc("2026-07-01T06:00:00Z")));
        assert_eq!(moment("x", "2026-07-01T08:00:00Z", &berlin(), 0), Ok(utc("2026-07-01T08:00:00Z")));
        assert!(moment("x", "tomorrow", &berlin(), 0).is_err());
    }
}
