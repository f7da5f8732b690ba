//! A restart at any moment ends where no restart would have: what decisions depend on is as durable as the records.

use crate::house::{ANN, BEN, FRONT, LAB, NOBODY, PIN, VAULT, credential, id, pin_of, rule};
use crate::link::Dice;
use crate::rig::Rig;
use crate::ruled::{hall, passback, ruled};
use core::num::{NonZeroU16, NonZeroU32};
use core::time::Duration;
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
        Change::PutZone(Zone { id: id("rooms"), title: id("Rooms"), parent: Some(id("house")), rules: timed }),
        Change::PutDoor(Door { from: Some(id("house")), to: id("rooms"), ..crate::house::door("lab") }),
        Change::PutRule(rule(
            "vault",
            vec![Target::Door(id("vault"))],
            Factors::CARD.with(Factors::PIN),
        )),
        Change::PutRule(rule("doors", vec![Target::Door(id("front")), Target::Door(id("lab"))], Factors::CARD)),
        Change::PutCredential(credential("ann-pin", "ann", pin_of("86420"))),
    ]);
    changes
}

/// Something that somebody does, and what comes of it.
fn act(rig: &mut Rig, act: u64) -> Option<Deny> {
    let who = if act & 1 == 0 { ANN } else { BEN };
    match act / 2 % 8 {
        0 => _ = rig.enters(LAB, who),
        1 => _ = rig.leaves(LAB, who),
        2 => _ = rig.leaves(VAULT, who),
        3 => _ = rig.enters(FRONT, NOBODY),
        4 => _ = rig.enters(FRONT, who),
        5 => types(rig, who, "1111"),
        _ => types(rig, who, if who == ANN { "86420" } else { PIN }),
    }
    rig.last_why()
}

fn types(rig: &mut Rig, who: u8, pin: &str) {
    let asked = rig.badge(VAULT, who);
    if asked.shows(VAULT, lockward_door::Feedback::EnterPin)
        && rig.turn_with_pins(crate::house::typed(VAULT, pin)).granted(VAULT)
    {
        rig.turn(vec![lockward_controller::core::Input::Contact(VAULT, crate::house::OPEN)]);
        rig.turn(vec![lockward_controller::core::Input::Contact(VAULT, crate::house::SHUT)]);
    }
    rig.skip(Duration::from_secs(5));
    rig.turn(vec![]);
}

#[test]
fn restarts_change_no_decision() {
    let mut whys = std::collections::BTreeSet::new();
    for seed in 0..12 {
        let (mut whole, _) = ruled(1, rules());
        let (mut cut, _) = ruled(1, rules());
        let mut dice = Dice::new(seed);
        for step in 0..60 {
            let doing = dice.below(16);
            let (a, b) = (act(&mut whole, doing), act(&mut cut, doing));
            assert_eq!(a, b, "seed {seed}, step {step}, {doing}");
            whys.extend(a.map(Deny::code));
            whole.skip(Duration::from_secs(1));
            if dice.once_in(4) {
                cut = cut.power_cut(step);
            } else {
                cut.skip(Duration::from_secs(1));
            }
        }
    }
    for why in [Deny::Passback, Deny::PassbackTooSoon, Deny::WrongPin, Deny::PinLocked, Deny::UnknownCredential] {
        assert!(whys.contains(why.code()), "{why:?} never came up: {whys:?}");
    }
}
