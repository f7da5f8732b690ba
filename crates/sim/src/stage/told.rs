//! An event in a few words, for whoever stands before the stage.

use super::line::Tone;
use core::time::Duration;
use lockward_door::Feedback;
use lockward_model::{
    Access, Body, Code, ControllerFact, DoorFact, Event, InputFault, InputName, LockCause, Opening, Outcome,
    PinFact, Side, ZoneFact,
};

/// What happened, and how it is meant; `None` for what is told by something else.
pub(super) fn event(event: &Event) -> Option<(Tone, String)> {
    let tone = if event.body.code().is_alarm() { Tone::Denied } else { Tone::Plain };
    Some(match &event.body {
        Body::Access(access) => decision(access),
        // Told by the hub, for all controllers at once.
        Body::ConfigApplied(config) => (Tone::Quiet, format!("configuration {} is in force", config.size)),
        body => (tone, happened(body)),
    })
}

fn decision(access: &Access) -> (Tone, String) {
    let mut who = match (access.person, &access.known.pass, access.token) {
        (Some(person), ..) => person.to_string(),
        (None, Some(_), _) => "a pass".into(),
        (None, None, Some(_)) => "an unknown card".into(),
        (None, None, None) => "no card".into(),
    };
    if let Some(second) = access.known.second.as_deref().and_then(|s| s.person) {
        who = format!("{who} with {second}");
    }
    if access.side == Side::Exit {
        who.push_str(", leaving");
    }
    let pin = match access.pin {
        PinFact::Right => " and PIN",
        PinFact::OneTime => " and code",
        // Whoever looks over a shoulder here must not see more than at the door.
        PinFact::Duress => " and PIN",
        PinFact::NotAsked | PinFact::Wrong | PinFact::Missing | PinFact::UsedUp => "",
    };
    let by = |because: &[Box<str>]| match because {
        [] => String::new(),
        all => format!(" by {}", all.join(", ")),
    };
    match &access.outcome {
        Outcome::Granted { because } => (Tone::Granted, format!("{who}{pin} → granted{}", by(because))),
        Outcome::Denied { why, because } => {
            (Tone::Denied, format!("{who} → denied {}: {}{}", why.code(), why.sentence(), by(because)))
        }
    }
}

fn happened(body: &Body) -> String {
    match body {
        Body::ExitRequested { released: true } => "request to exit → released".into(),
        Body::ExitRequested { released: false } => "request to exit: the handle opens it from inside".into(),
        Body::DoorOpened(Opening::Granted) => "opened".into(),
        Body::DoorOpened(Opening::Exit) => "opened from inside".into(),
        Body::DoorOpened(Opening::Free) => "opened, while it stands unlocked".into(),
        Body::DoorOpened(Opening::Forced) => "FORCED: it opened, and nothing had permitted it".into(),
        Body::DoorOpened(Opening::Before) => "stands open since before the start".into(),
        Body::DoorClosed { open_for } => format!("closed after {}", span(*open_for)),
        Body::DoorHeld { limit } => format!("held open for longer than {}", span(*limit)),
        Body::Unlocked(cause) => format!("stands unlocked {}", because(*cause)),
        Body::Locked(cause) => format!("locks again: {}", over(*cause)),
        Body::Input { input, fault } => format!("{} wire {}", wire(*input), found(*fault)),
        Body::Started { away: Some(away), .. } => format!("started; it was away for {}", span(*away)),
        Body::ConfigRefused { at, code } => format!("refuses entry {at} of the config log: {code}"),
        Body::ClockStep { by_ms, taken } => {
            let by = span(Duration::from_millis(by_ms.unsigned_abs()));
            let way = if *by_ms < 0 { "back" } else { "ahead" };
            format!("clock set {way} by {by}: {}", if *taken { "followed" } else { "not followed" })
        }
        Body::Guessing { wait, .. } => format!("{}: {}", body.code().sentence(), span(*wait)),
        Body::Zone { zone, fact: ZoneFact::PassbackAlone(_) | ZoneFact::OpeningsBlocked(_) } => {
            format!("zone {zone}: {}", body.code().sentence())
        }
        Body::Controller(ControllerFact::PowerRestored(after)) => {
            format!("mains power back after {}", span(*after))
        }
        Body::Door(DoorFact::ContactStuck(Some(times))) => {
            format!("{} ({times} times)", body.code().sentence())
        }
        other => other.code().sentence().into(),
    }
}

fn because(cause: LockCause) -> &'static str {
    match cause {
        LockCause::Schedule => "by its schedule",
        LockCause::Start => "because the controller started",
        LockCause::FirstPerson => "since the first person came",
        LockCause::Office => "by a gesture at the reader",
        LockCause::Lockdown => "because its zone is locked down",
        LockCause::Order => "by order",
        LockCause::Fire => "because the fire alarm calls",
    }
}

fn over(cause: LockCause) -> &'static str {
    match cause {
        LockCause::Schedule | LockCause::FirstPerson => "its schedule has ended",
        LockCause::Start => "the controller has started",
        LockCause::Office => "the gesture's time is over",
        LockCause::Lockdown => "its zone is locked down",
        LockCause::Order => "the order has ended",
        LockCause::Fire => "the fire alarm calls no longer",
    }
}

fn found(fault: Option<InputFault>) -> &'static str {
    match fault {
        None => "can be believed again",
        Some(InputFault::Open) => "is cut",
        Some(InputFault::Short) => "is shorted",
        Some(InputFault::Ground) => "touches ground",
        Some(InputFault::Foreign) => "is fed from elsewhere, or ends in another resistor",
        Some(InputFault::Silent) => "says nothing",
    }
}

fn wire(input: InputName) -> &'static str {
    match input {
        InputName::Contact => "contact",
        InputName::Exit => "exit",
        InputName::Bolt => "bolt",
        InputName::Button => "button",
        InputName::Tamper => "tamper",
        InputName::Power => "power",
        InputName::Battery => "battery",
        InputName::Fire => "fire",
    }
}

/// What a reader says that the decision does not.
pub(super) fn reader(feedback: Feedback) -> Option<&'static str> {
    Some(match feedback {
        Feedback::EnterPin => "type the PIN",
        Feedback::ShowCard => "show the card",
        Feedback::SecondPerson => "the second person, please",
        Feedback::Wait => "not now",
        Feedback::Warning => "close the door",
        Feedback::Idle
        | Feedback::Granted
        | Feedback::Denied
        | Feedback::KeyTaken
        | Feedback::Held
        | Feedback::Unlocked
        | Feedback::Lockdown => return None,
    })
}

/// `3 s`, `250 ms`, `1 h 5 min`.
pub(super) fn span(d: Duration) -> String {
    let (ms, s) = (d.as_millis(), d.as_secs());
    match s {
        0 => format!("{ms} ms"),
        1..=119 if ms % 1_000 < 100 => format!("{s} s"),
        1..=119 => format!("{s}.{} s", ms % 1_000 / 100),
        120..=7_199 => format!("{} min {} s", s / 60, s % 60).replace(" 0 s", ""),
        _ => format!("{} h {} min", s / 3_600, s % 3_600 / 60).replace(" 0 min", ""),
    }
}

/// The word that a script waits for: the event's, or that of its refusal.
pub(super) fn codes(event: &Event) -> [&'static str; 2] {
    let denial = match &event.body {
        Body::Access(Access { outcome: Outcome::Denied { why, .. }, .. }) => why.code(),
        Body::Access(Access { pin: PinFact::Duress, .. }) => Code::Duress.as_str(),
        _ => "",
    };
    [event.body.code().as_str(), denial]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_as_short_as_people_say_them() {
        let told = |ms| span(Duration::from_millis(ms));
        assert_eq!(
            [told(250), told(3_000), told(3_250), told(120_000), told(3_725_000), told(7_500_000)],
            ["250 ms", "3 s", "3.2 s", "2 min", "62 min 5 s", "2 h 5 min"]
        );
    }
}
