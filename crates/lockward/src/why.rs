//! `lockward why`: one event told in sentences, and a decision decided again.

use crate::folder::{Folder, FolderError};
use crate::say::say;
use crate::who_can::{on_the_wall, person, policies};
use clap::Args;
use lockward_hub::{ExplainError, Explained, Office};
use lockward_model::{
    Access, Body, ControllerFact, Event, LockCause, Opening, OrderAct, Ordered, Outcome, PhoneFact, PinFact,
    ShownPhone, Side, Source, ZoneFact,
};
use lockward_site::Site;
use std::process::ExitCode;

/// Tells an event of the log: what happened, and why; a decision is decided again.
#[derive(Args)]
pub(crate) struct Why {
    /// Its index in the event log, from 0.
    event: u64,
    #[command(flatten)]
    folder: Folder,
}

/// Why it can not be told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WhyError {
    /// The site's folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The event.
    #[error(transparent)]
    Event(#[from] ExplainError),
}

pub(crate) fn why(args: &Why) -> Result<ExitCode, WhyError> {
    tell(&args.folder.open()?, args.event)
}

/// Tells one event of an opened site.
pub(crate) fn tell(office: &Office, index: u64) -> Result<ExitCode, WhyError> {
    let Explained { event, again } = office.explain(index)?;
    let site = office.site();
    let zone = &site.founding().zone;
    let place = event.door.map(|id| {
        let title = site.door(id).map(|d| format!(" \"{}\"", d.title)).unwrap_or_default();
        format!(", at door `{id}`{title}")
    });
    let writer = match event.source {
        Source::Hub => "the hub".to_owned(),
        Source::Controller(id) => format!("controller `{id}`"),
    };
    say(&format!("Event {}: {}.", index, event.body.code().sentence()));
    say(&format!("  When and where: {}{}.", on_the_wall(zone, event.time), place.unwrap_or_default()));
    say(&format!("  Written by {writer}, as its record {}.", event.seq));
    say(&match &event.body {
        Body::Access(access) => told_access(office, &site, access),
        _ => told(&event),
    });
    match again {
        Some(Ok(())) => say("  Decided again now, from the same inputs and configuration: the same result."),
        Some(Err(divergence)) => {
            say(&format!("  Decided again now, IT COMES OUT OTHERWISE: {divergence}."));
            return Ok(ExitCode::FAILURE);
        }
        None => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn told_access(office: &Office, site: &Site, access: &Access) -> String {
    let phone = access.known.phone.as_deref();
    let thing = if phone.is_some() { "phone" } else { "card" };
    let who = match (access.person, access.token) {
        (Some(id), _) => format!("The {thing} of {}", person(office, site, id)),
        (None, Some(_)) if phone.is_some() => "A phone that is nobody's any more".into(),
        (None, Some(_)) => "A card that the site did not know".into(),
        (None, None) => "Something that is no card".into(),
    };
    let side = match access.side {
        Side::Entry => "at the reader outside",
        Side::Exit => "at the reader inside",
    };
    let pin = match access.pin {
        PinFact::NotAsked => "no PIN was asked for",
        PinFact::Right => "the PIN was right",
        PinFact::Wrong => "the PIN was wrong",
        PinFact::Missing => "the PIN was not given",
        PinFact::Duress => "the PIN was the one that calls for help",
        PinFact::OneTime => "a one-time code was right",
        PinFact::UsedUp => "the one-time code had served already",
    };
    let decided = match &access.outcome {
        Outcome::Granted { because } => format!("granted, by {}", policies(because)),
        Outcome::Denied { why, because } if because.is_empty() => {
            format!("denied [{}]: {}", why.code(), why.sentence())
        }
        Outcome::Denied { why, because } => {
            format!("denied [{}]: {}, by {}", why.code(), why.sentence(), policies(because))
        }
    };
    let rested = match access.config {
        Some(config) => format!(
            "It rested on the first {} entries of the config log (root {}), which the controller had heard \
             confirmed {} s before.",
            config.size,
            config.root,
            access.config_age.as_secs()
        ),
        None => "The controller had no configuration.".into(),
    };
    if let Some(phone) = phone {
        let intent = intent(phone, &access.outcome);
        return format!("  {who} asked for one opening.\n  {intent}\n  Decision: {decided}.\n  {rested}");
    }
    format!("  {who} was shown {side}; {pin}.\n  Decision: {decided}.\n  {rested}")
}

/// What a phone's opening was wanted by: what stands in its signature, and whether the door took it for one.
fn intent(phone: &ShownPhone, outcome: &Outcome) -> String {
    let age = match (phone.fresh, phone.prompt) {
        (true, true) => "no more than ten seconds before",
        (true, false) => "more than ten seconds before",
        (false, _) => "for a number that does not count",
    };
    let keys = lockward_wire::config::Envelope::parse(&phone.envelope)
        .map(|e| e.signature_ids().map(|k| k.to_string()).collect::<Vec<_>>().join(", "));
    let keys = keys.unwrap_or_default();
    match outcome {
        Outcome::Granted { .. } => format!(
            "intent=true, method=passkey: key `{keys}` signed for exactly this door, {age}, with a touch of a user whom the \
             phone has verified; the signature is in the record."
        ),
        Outcome::Denied { .. } => format!("What it brought was to be signed by key `{keys}`, {age}."),
    }
}

/// What was wanted of the door, and what the controller made of it.
fn order(ordered: &Ordered) -> String {
    let wanted = match lockward_site::read_order(&ordered.envelope) {
        Ok(order) => {
            let what = match order.act {
                OrderAct::Unlock => "to open once".into(),
                OrderAct::Hold(span) => format!("to stand open for {} s", span.as_secs()),
                OrderAct::Release => "to lock again".into(),
            };
            let place = order.on_behalf.map(|o| format!(" in place of operator `{o}`")).unwrap_or_default();
            format!("The door was ordered {what}{place}")
        }
        Err(_) => "An order came that can not be read".into(),
    };
    match &ordered.outcome {
        Outcome::Granted { because } => format!("{wanted}; it obeyed, by {}.", because.join(", ")),
        Outcome::Denied { why, because } if because.is_empty() => {
            format!("{wanted}; it refused [{}]: {}.", why.code(), why.sentence())
        }
        Outcome::Denied { why, because } => {
            format!("{wanted}; it refused [{}], by {}.", why.code(), because.join(", "))
        }
    }
}

/// Everything but decisions.
fn told(event: &Event) -> String {
    let cause = |cause: &LockCause| match cause {
        LockCause::Schedule => "by its schedule",
        LockCause::Start => "because the controller started",
        LockCause::FirstPerson => "because the first person of its schedule came",
        LockCause::Office => "by a gesture at the reader",
        LockCause::Lockdown => "because its zone was locked down",
        LockCause::Order => "by order",
        LockCause::Fire => "because the fire alarm system called",
    };
    let told = match &event.body {
        Body::Access(_) => String::new(),
        Body::ExitRequested { released: true } => {
            "Somebody asked to leave, and the lock was released.".into()
        }
        Body::ExitRequested { released: false } => "Somebody left; the lock needed no release.".into(),
        Body::DoorOpened(Opening::Granted) => "It opened after a grant.".into(),
        Body::DoorOpened(Opening::Exit) => "It opened from inside.".into(),
        Body::DoorOpened(Opening::Free) => "It opened while it stood unlocked.".into(),
        Body::DoorOpened(Opening::Forced) => "It opened without any release: this is an alarm.".into(),
        Body::DoorOpened(Opening::Before) => {
            "It stood open when the controller started, and had opened rightly before.".into()
        }
        Body::DoorClosed { open_for } => format!("It had stood open for {} s.", open_for.as_secs()),
        Body::DoorHeld { limit } => {
            format!("It stood open longer than {} s: this is an alarm.", limit.as_secs())
        }
        Body::NotEntered => "The release ended, and the door had not opened.".into(),
        Body::Unlocked(why) => format!("It stands unlocked {}.", cause(why)),
        Body::Locked(why) => format!("It locks again {}.", cause(why)),
        Body::Reader { bus, address, .. } => format!("The device at address {address} of bus `{bus}`."),
        Body::Started { away, config } => {
            let away = away.map_or("for an unknown time".into(), |a| format!("for {} s", a.as_secs()));
            let config = config.map_or("no configuration".into(), |c| format!("configuration {}", c.size));
            format!("It had been away {away}, and came up with {config}.")
        }
        Body::ConfigApplied(config) => {
            format!("The first {} entries of the config log are in force.", config.size)
        }
        Body::ConfigRefused { at, code } => {
            format!("Entry {at} of the config log was refused [{code}]; the last good state stays in force.")
        }
        Body::ClockStep { by_ms, taken } => {
            format!("A step by {by_ms} ms was {}.", if *taken { "taken" } else { "refused" })
        }
        Body::Connected(id) => format!("Controller `{id}` reached the hub."),
        Body::Disconnected(id) => format!("The link of controller `{id}` ended."),
        Body::LinkRefused { claimed, code } => {
            let who =
                claimed.map_or("A peer without a legible name".into(), |c| format!("A peer that said `{c}`"));
            format!("{who} was refused [{code}].")
        }
        Body::Enrolled { controller, .. } => format!("Controller `{controller}` took its identity."),
        Body::Gap { controller, due, came } => {
            format!(
                "Record {due} of controller `{controller}` was due, and record {came} came: this is an alarm."
            )
        }
        Body::KeysRead { first, last } => {
            let epochs = match (first.0, last.0) {
                (first, last) if first == last => format!("key of epoch {first}"),
                (first, last) => format!("keys of epochs {first} to {last}"),
            };
            format!("Somebody with a token took the {epochs}, and can read what was sealed with it.")
        }
        Body::Order(ordered) => order(ordered),
        Body::Phone { person, by, fact: PhoneFact::Invited } => {
            format!("Operator `{by}` made a link with which a phone of person `{person}` can be registered.")
        }
        Body::Phone { person, by, fact: PhoneFact::Bound(credential) } => format!(
            "Phone `{credential}` was registered for person `{person}`, on the word of operator `{by}`. If that person knows \
             nothing of it, revoke it."
        ),
        Body::OrderLost { controller, operator, service } => {
            let who = match (operator, service) {
                (Some(operator), _) => format!("Operator `{operator}`"),
                (None, Some(service)) => format!("Service `{service}`"),
                (None, None) => "Somebody".into(),
            };
            format!(
                "{who} gave an order, and controller `{controller}` has not answered: its records say what became of it."
            )
        }
        Body::Recovery { operator: Some(who), .. } => format!("The new operator is `{who}`."),
        Body::Recovery { operator: None, .. } => "An operator ended it.".into(),
        Body::ApiKey { key, service, operator, .. } => {
            let key = key.map_or("A key that is none".into(), |k| format!("Key `{k}`"));
            let whose = service.map(|s| format!(" of service `{s}`")).unwrap_or_default();
            let by = operator.map(|o| format!(", by operator `{o}`")).unwrap_or_default();
            format!("{key}{whose}{by}.")
        }
        Body::Factor { operator, by, .. } => {
            let whose =
                operator.map_or("Nobody knows whose it was.".into(), |who| format!("Operator `{who}`."));
            by.map_or(whose.clone(), |by| format!("{whose} On the word of `{by}`."))
        }
        Body::Session { operator: Some(who), .. } => format!("Operator `{who}`."),
        Body::Session { operator: None, .. } => "Nobody knows who it was.".into(),
        Body::Founded(site) => format!("The site's identity is {site}."),
        Body::Input { input, fault } => match fault {
            Some(fault) => format!("The wire of its {input:?} input can not be believed: {fault:?}."),
            None => format!("The wire of its {input:?} input can be believed again."),
        },
        Body::Guessing { side, secret, wait } => {
            let what = if *secret { "PINs or codes" } else { "cards that nobody knows" };
            let place = if side.is_some() { "at this reader" } else { "at all readers of the site" };
            format!("Too many {what} were tried {place}: it waits for {} s.", wait.as_secs())
        }
        Body::Zone { zone, fact: ZoneFact::OpeningsBlocked(doors) } => {
            let doors: Vec<_> = doors.iter().map(ToString::to_string).collect();
            format!("In zone `{zone}`, within the limit's window: {}.", doors.join(", "))
        }
        Body::Zone { zone, fact: ZoneFact::PassbackAlone(_) } => format!("In zone `{zone}`."),
        Body::Controller(ControllerFact::PowerRestored(after)) => {
            format!("The mains had been gone for {} s.", after.as_secs())
        }
        Body::Door(_) | Body::Controller(_) => event.body.code().instruction().unwrap_or_default().into(),
    };
    format!("  {told}")
}
