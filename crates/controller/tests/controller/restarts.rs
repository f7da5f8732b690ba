//! A restart at any moment ends where no restart would have: what decisions depend on is as durable as the records.

use crate::explained::why;
use crate::house::{
    ANN, BEN, FRONT, LAB, NOBODY, OPEN, PIN, SHUT, VAULT, credential, id, pin_of, rule, typed,
};
use crate::link::Dice;
use crate::rig::Rig;
use crate::ruled::{hall, passback, ruled};
use core::num::{NonZeroU16, NonZeroU32};
use core::time::Duration;
use lockward_controller::core::Input;
use lockward_door::Feedback;
use lockward_model::*;

/// Every rule that looks back, at once.
fn rules() -> Vec<Change> {
    let openings = OpeningLimit {
        doors: NonZeroU16::new(2).unwrap(),
        within: OpeningWindow::new(Duration::from_secs(20)).unwrap(),
        approvers: None,
    };
    let kept = ZoneRules {
        most: NonZeroU32::new(2),
        openings: Some(openings),
        ..passback(PassbackMode::Hard, Alone::Own)
    };
    let mut changes = hall(kept);
    let span = PassbackTime::new(Duration::from_secs(60)).unwrap();
    let timed = passback(PassbackMode::Timed(span), Alone::Own);
    changes.extend([
        Change::PutZone(Zone {
            id: id("rooms"),
            title: id("Rooms"),
            parent: Some(id("house")),
            rules: timed,
        }),
        Change::PutDoor(Door { from: Some(id("house")), to: id("rooms"), ..crate::house::door("lab") }),
        Change::PutRule(rule("vault", vec![Target::Door(id("vault"))], Factors::CARD.with(Factors::PIN))),
        Change::PutRule(rule(
            "doors",
            vec![Target::Door(id("front")), Target::Door(id("lab"))],
            Factors::CARD,
        )),
        Change::PutCredential(credential("ann-pin", "ann", pin_of("86420"))),
    ]);
    changes
}

/// Something that somebody does, and whether it opens a door.
fn act(rig: &mut Rig, act: u64) -> bool {
    let who = if act & 1 == 0 { ANN } else { BEN };
    match act / 2 % 8 {
        0 => rig.enters(LAB, who),
        1 => rig.leaves(LAB, who),
        2 => rig.leaves(VAULT, who),
        3 => rig.enters(FRONT, NOBODY),
        4 | 5 => types(rig, who, "1111"),
        _ => types(rig, who, if who == ANN { "86420" } else { PIN }),
    }
}

fn types(rig: &mut Rig, who: u8, pin: &str) -> bool {
    let asked = rig.badge(VAULT, who);
    let enters =
        asked.shows(VAULT, Feedback::EnterPin) && rig.turn_with_pins(typed(VAULT, pin)).granted(VAULT);
    if enters {
        rig.turn(vec![Input::Contact(VAULT, OPEN)]);
        rig.turn(vec![Input::Contact(VAULT, SHUT)]);
    }
    rig.skip(Duration::from_secs(5));
    rig.turn(vec![]);
    enters
}

/// What every decision came to, as far as the spool goes back.
fn decided(rig: Rig) -> Vec<Option<Deny>> {
    rig.records()
        .iter()
        .filter_map(|e| if let Body::Access(access) = &e.body { Some(why(access)) } else { None })
        .collect()
}

#[test]
fn restarts_change_no_decision() {
    let mut whys = std::collections::BTreeSet::new();
    for seed in 0..3 {
        let (mut whole, _) = ruled(1, rules());
        let (mut cut, _) = ruled(1, rules());
        let mut dice = Dice(seed);
        for step in 0..60 {
            let doing = dice.below(16);
            let (a, b) = (act(&mut whole, doing), act(&mut cut, doing));
            assert_eq!(a, b, "seed {seed}, step {step}, {doing}");
            whole.skip(Duration::from_secs(1));
            if dice.once_in(4) {
                cut = cut.power_cut(step);
            } else {
                cut.skip(Duration::from_secs(1));
            }
        }
        let (whole, cut) = (decided(whole), decided(cut));
        assert_eq!(whole, cut, "seed {seed}");
        whys.extend(whole.into_iter().flatten().map(Deny::code));
    }
    for why in
        [Deny::Passback, Deny::PassbackTooSoon, Deny::WrongPin, Deny::PinLocked, Deny::UnknownCredential]
    {
        assert!(whys.contains(why.code()), "{why:?} never came up: {whys:?}");
    }
}
