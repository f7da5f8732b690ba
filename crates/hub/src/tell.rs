//! Events and times in plain words, for pages.

use lockward_console::{Moment, Tone};
use lockward_model::{Body, Code, Event, LockCause, Opening, Outcome, PersonId, SiteZone, Time};
use lockward_site::Site;

/// A time as the site's clocks show it; with its day, where that is not the day of `now`.
pub(crate) fn moment(zone: &SiteZone, at: Time, now: Time) -> Moment {
    let (here, today) = (zone.local(at), zone.local(now).date);
    let clock = format!("{:02}:{:02}:{:02}", here.minute / 60, here.minute % 60, here.second);
    let text = if here.date == today { clock } else { format!("{} {clock}", here.date) };
    Moment { text, iso: at.to_string() }
}

/// With a capital at the start.
pub(crate) fn sentence(code: Code) -> String {
    let mut chars = code.sentence().chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// How good or bad.
pub(crate) fn tone(code: Code) -> Tone {
    match code {
        code if code.is_alarm() => Tone::Bad,
        Code::AccessGranted => Tone::Good,
        Code::AccessDenied | Code::NotEntered => Tone::Warn,
        _ => Tone::Info,
    }
}

/// Why, in a few words, where there is more to say than the code does.
pub(crate) fn reason(site: &Site, event: &Event) -> Option<String> {
    let by = |because: &[Box<str>]| because.iter().map(|b| called(site, b)).collect::<Vec<_>>().join(", ");
    Some(match &event.body {
        Body::Access(access) => match &access.outcome {
            Outcome::Granted { because } => format!("by {}", by(because)),
            Outcome::Denied { why, because } if because.is_empty() => why.sentence().to_owned(),
            Outcome::Denied { why, because } => format!("{}: {}", why.sentence(), by(because)),
        },
        Body::DoorOpened(opening) => match opening {
            Opening::Granted => "after a grant",
            Opening::Exit => "from inside",
            Opening::Free => "while it stood unlocked",
            Opening::Forced => "without a release",
        }
        .to_owned(),
        Body::DoorClosed { open_for } => format!("after {} s", open_for.as_secs()),
        Body::DoorHeld { limit } => format!("longer than {} s", limit.as_secs()),
        Body::Unlocked(cause) | Body::Locked(cause) => match cause {
            LockCause::Schedule => "by its schedule",
            LockCause::Start => "at the controller's start",
        }
        .to_owned(),
        Body::Reader { bus, address, .. } => format!("reader {address} on bus {bus}"),
        Body::Started { away: Some(away), .. } => format!("after {} s", away.as_secs()),
        Body::ConfigApplied(config) => format!("configuration {}", config.size),
        Body::ConfigRefused { at, code } => format!("change {at}: {code}"),
        Body::ClockStep { by_ms, .. } => format!("by {by_ms} ms"),
        Body::Connected(id) | Body::Disconnected(id) => id.to_string(),
        Body::LinkRefused { claimed: Some(id), code } => format!("{id}: {code}"),
        Body::LinkRefused { claimed: None, code } => code.to_string(),
        Body::Enrolled { controller, .. } => controller.to_string(),
        Body::KeysRead { first, last } if first == last => format!("epoch {}", first.0),
        Body::KeysRead { first, last } => format!("epochs {} to {}", first.0, last.0),
        Body::Gap { controller, due, came } => format!("{controller}: event {came} came, {due} was due"),
        Body::ExitRequested { .. } | Body::NotEntered | Body::Started { .. } | Body::Founded(_) => {
            return None;
        }
    })
}

/// A rule by its title, as it is called now; what has no title, or is gone, by its name in the record.
fn called(site: &Site, name: &str) -> String {
    let rule = name.strip_prefix("rule/").and_then(|id| site.rules().find(|r| r.id.as_str() == id));
    rule.map_or_else(|| name.to_owned(), |r| format!("“{}”", r.title))
}

/// Who, where the event is about a person.
pub(crate) fn person(event: &Event) -> Option<PersonId> {
    match &event.body {
        Body::Access(access) => access.person,
        _ => None,
    }
}
