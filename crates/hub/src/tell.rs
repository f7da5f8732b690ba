//! Events and times in plain words, for pages.

use core::time::Duration;
use lockward_console::{Moment, Tone};
use lockward_model::{
    Body, Code, ControllerFact, DoorFact, DoorId, Event, ExitAnomaly, InputFault, InputName, Known,
    LockCause, Opening, OrderAct, Outcome, PassbackFact, PersonId, PhoneFact, Side, SiteZone, Time, Wish,
    ZoneFact, ZoneId,
};
use lockward_site::{Readable, Site};

/// A time as the site's clocks show it; with its day, where that is not the day of `now`.
pub(crate) fn moment(zone: &SiteZone, at: Time, now: Time) -> Moment {
    let (here, today) = (zone.local(at), zone.local(now).date);
    let clock = format!("{:02}:{:02}:{:02}", here.minute / 60, here.minute % 60, here.second);
    let text = if here.date == today { clock } else { format!("{} {clock}", here.date) };
    Moment { text, iso: at.to_string() }
}

/// The time of day, to the minute.
pub(crate) fn clock(zone: &SiteZone, at: Time) -> String {
    let here = zone.local(at);
    format!("{:02}:{:02}", here.minute / 60, here.minute % 60)
}

/// A span in the largest unit that leaves nothing out.
pub(crate) fn span(d: Duration) -> String {
    let told = |n: u64, one: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") };
    match (d.as_secs(), d.subsec_millis()) {
        (s, 0) if s >= 86_400 && s % 86_400 == 0 => told(s / 86_400, "day"),
        (s, 0) if s >= 3_600 && s % 3_600 == 0 => told(s / 3_600, "hour"),
        (s, 0) if s >= 120 && s % 60 == 0 => told(s / 60, "minute"),
        _ => format!("{} s", d.as_secs_f32()),
    }
}

/// What happened, with a capital at the start.
pub(crate) fn sentence(code: Code) -> String {
    capital(code.sentence())
}

/// With a capital at the start.
pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
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

/// What was wanted, in a word or two.
fn order(envelope: &[u8]) -> String {
    match lockward_site::read_order(envelope).map(|o| o.act) {
        Ok(OrderAct::Unlock) => "to open once".into(),
        Ok(OrderAct::Hold(span)) => format!("to stand open for {} min", span.as_secs().div_ceil(60)),
        Ok(OrderAct::Release) => "to lock again".into(),
        Err(_) => "an order".into(),
    }
}

/// Why, in a few words, where there is more to say than the code does. Names nothing
/// of what its reader may not read.
pub(crate) fn reason(site: &Site, reads: &Readable, event: &Event) -> Option<String> {
    let by = |because: &[Box<str>]| because.iter().map(|b| called(site, b)).collect::<Vec<_>>().join(", ");
    Some(match &event.body {
        Body::Access(access) => {
            let how = if access.known.phone.is_some() { "by phone, touched for it; " } else { "" };
            let decided = match &access.outcome {
                Outcome::Granted { because } => format!("{how}by {}", by(because)),
                Outcome::Denied { why, because } if because.is_empty() => why.sentence().to_owned(),
                Outcome::Denied { why, because } => format!("{}: {}", why.sentence(), by(because)),
            };
            known(&access.known).into_iter().fold(decided, |told, more| format!("{told}; {more}"))
        }
        Body::DoorOpened(opening) => match opening {
            Opening::Granted => "after a grant",
            Opening::Exit => "from inside",
            Opening::Free => "while it stood unlocked",
            Opening::Forced => "without a release",
            Opening::Before => "before the controller started, and stands open still",
        }
        .to_owned(),
        Body::DoorClosed { open_for } => format!("after {} s", open_for.as_secs()),
        Body::DoorHeld { limit } => format!("longer than {} s", limit.as_secs()),
        Body::Unlocked(cause) | Body::Locked(cause) => match cause {
            LockCause::Schedule => "by its schedule",
            LockCause::Start => "at the controller's start",
            LockCause::FirstPerson => "since the first person of its schedule entered",
            LockCause::Office => "by a gesture at its reader",
            LockCause::Lockdown => "by a lockdown",
            LockCause::Order => "by an order",
            LockCause::Fire => "by the fire alarm system",
        }
        .to_owned(),
        Body::Reader { bus, address, .. } => format!("reader {address} on bus {bus}"),
        Body::Started { away: Some(away), .. } => format!("after {} s", away.as_secs()),
        Body::ConfigApplied(config) => format!("configuration {}", config.size),
        Body::ConfigRefused { at, code } => format!("change {at}: {code}"),
        Body::Order(ordered) => match &ordered.outcome {
            Outcome::Granted { because } => format!("{}, by {}", order(&ordered.envelope), by(because)),
            Outcome::Denied { why, .. } => format!("{}: {}", order(&ordered.envelope), why.sentence()),
        },
        Body::Phone { by, fact: PhoneFact::Invited, .. } => format!("on the word of {by}"),
        Body::Phone { by, fact: PhoneFact::Bound(id), .. } => format!("{id}, on the word of {by}"),
        Body::OrderLost { controller, operator: Some(who), .. } => format!("{controller}, given by {who}"),
        Body::OrderLost { controller, service: Some(who), .. } => {
            format!("{controller}, given by service {who}")
        }
        Body::OrderLost { controller, .. } => controller.to_string(),
        Body::Recovery { operator: Some(who), .. } => format!("new operator {who}"),
        Body::Recovery { operator: None, .. } => return None,
        Body::Factor { operator, by, .. } => {
            let whose = operator.map_or_else(|| "somebody".into(), |who| who.to_string());
            by.map_or(whose.clone(), |by| format!("{whose}, on the word of {by}"))
        }
        Body::Session { operator, .. } => operator.map_or_else(|| "somebody".into(), |who| who.to_string()),
        Body::ApiKey { key, service, operator, .. } => {
            let key = key.map(|key| key.to_string());
            let whose = service.map(|service| format!("of service {service}"));
            let by = operator.map(|who| format!("by {who}"));
            let told: Vec<_> = [key, whose, by].into_iter().flatten().collect();
            if told.is_empty() { "somebody".into() } else { told.join(", ") }
        }
        Body::ClockStep { by_ms, .. } => format!("by {by_ms} ms"),
        Body::Connected(id) | Body::Disconnected(id) => id.to_string(),
        Body::LinkRefused { claimed: Some(id), code } => format!("{id}: {code}"),
        Body::LinkRefused { claimed: None, code } => code.to_string(),
        Body::Enrolled { controller, .. } => controller.to_string(),
        Body::KeysRead { first, last } if first == last => format!("epoch {}", first.0),
        Body::KeysRead { first, last } => format!("epochs {} to {}", first.0, last.0),
        Body::Gap { controller, due, came } => format!("{controller}: event {came} came, {due} was due"),
        Body::Input { input, fault: Some(why) } => format!("{}: {}", self::input(*input), fault(*why)),
        Body::Input { input, fault: None } => self::input(*input).to_owned(),
        Body::Door(DoorFact::ContactStuck(Some(times))) => format!("in {times} releases"),
        Body::Door(DoorFact::ExitAnomaly(Some(why))) => anomaly(*why).to_owned(),
        Body::Controller(ControllerFact::PowerRestored(after)) => format!("after {}", span(*after)),
        Body::Zone { zone, fact: ZoneFact::OpeningsBlocked(doors) } => {
            let (seen, unseen): (Vec<DoorId>, Vec<_>) = doors.iter().partition(|id| reads.door(site, **id));
            let elsewhere = (!unseen.is_empty()).then(|| "doors elsewhere".to_owned());
            let doors: Vec<_> = seen.into_iter().map(|id| door(site, id)).chain(elsewhere).collect();
            format!("in {}; opened: {}", self::zone(site, reads, *zone), doors.join(", "))
        }
        Body::Zone { zone, .. } => format!("in {}", self::zone(site, reads, *zone)),
        Body::Guessing { side, secret, wait } => {
            let at = match side {
                Some(Side::Entry) => "at the reader outside",
                Some(Side::Exit) => "at the reader inside",
                None => "at all readers of the site together",
            };
            let what = if *secret { "wrong PINs or codes" } else { "unknown cards" };
            format!("{what} {at}; it waits for {}", span(*wait))
        }
        Body::Door(_) | Body::Controller(_) => return None,
        Body::ExitRequested { .. } | Body::NotEntered | Body::Started { .. } | Body::Founded(_) => {
            return None;
        }
    })
}

/// What had happened before, where it bears on the decision. Of a second PIN nothing: nobody may see that help was
/// called.
fn known(known: &Known) -> Option<String> {
    let said = [
        (known.wish == Wish::Hold).then_some("to set the door free, or to end that"),
        known.pass.is_some().then_some("with a pass"),
        known.second.as_deref().map(|second| match second.person {
            Some(_) => "with a second person",
            None => "a second person was asked for",
        }),
        match known.passback {
            PassbackFact::Inside => Some("was in already, as far as is known"),
            PassbackFact::TooSoon => Some("had entered shortly before"),
            PassbackFact::Alone => Some("anti-passback could not see the whole area"),
            PassbackFact::NotKept | PassbackFact::Clear => None,
        },
        known.full.then_some("the zone held as many as it may"),
        known.airlock_busy.then_some("another door of the airlock was open or not to be seen"),
        known.openings_spent.then_some("too many doors of the zone had been opened"),
        known.waiting.then_some("a wait was on after wrong guesses"),
        known.far_away.then_some("the card had been far away shortly before"),
        known.relayed.then_some("the card answered too slowly"),
        known.time_untrusted.then_some("the controller could not trust its clock"),
    ];
    let said: Vec<_> = said.into_iter().flatten().collect();
    (!said.is_empty()).then(|| said.join(", "))
}

/// A wire, as people call it.
pub(crate) fn input(input: InputName) -> &'static str {
    match input {
        InputName::Contact => "door contact",
        InputName::Exit => "request to exit",
        InputName::Bolt => "bolt contact",
        InputName::Button => "lift button",
        InputName::Tamper => "cabinet contact",
        InputName::Power => "mains contact",
        InputName::Battery => "battery contact",
        InputName::Fire => "fire input",
    }
}

/// Why a wire says nothing that could be believed.
pub(crate) fn fault(fault: InputFault) -> &'static str {
    match fault {
        InputFault::Open => "wire cut",
        InputFault::Short => "wire shorted",
        InputFault::Ground => "wire touches ground",
        InputFault::Foreign => "foreign voltage or resistor",
        InputFault::Silent => "its board does not answer",
    }
}

/// What makes requests to exit doubtful.
pub(crate) fn anomaly(why: ExitAnomaly) -> &'static str {
    match why {
        ExitAnomaly::Long => "pressed for longer than anyone needs",
        ExitAnomaly::Often => "more often than people leave",
        ExitAnomaly::Empty => "although nobody is inside, as far as is known",
    }
}

fn zone(site: &Site, reads: &Readable, id: ZoneId) -> String {
    if !reads.zone(id) {
        return "a zone around it".to_owned();
    }
    site.zone(id).map_or_else(|| id.to_string(), |z| format!("“{}”", z.title))
}

fn door(site: &Site, id: DoorId) -> String {
    site.door(id).map_or_else(|| id.to_string(), |d| format!("“{}”", d.title))
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
        Body::Phone { person, .. } => Some(*person),
        _ => None,
    }
}
