//! EXPLAINED and FRESH: every recorded decision is made again from its own words, and says how old its rules were.

use crate::house::{ANN, BEN, FRONT, House, LAB, NOBODY, PIN, SHED, VAULT, card, id, typed};
use crate::link::Dice;
use crate::rig::{NONE, Rig, Seen};
use core::time::Duration;
use lockward_controller::core::Input;
use lockward_model::{Access, Body, Change, Deny, Event, Outcome, PinFact, PolicyText, Side};
use lockward_policy::Answers;
use lockward_site::{redecide, reorder};
use lockward_wire::link::ToController;

/// Decides every recorded decision again; gives back how many there were.
pub(crate) fn all_again(house: &House, events: &[Event]) -> usize {
    let mut sites = std::collections::BTreeMap::new();
    let mut decisions = 0;
    for event in events {
        let config = match &event.body {
            Body::Access(access) => access.config,
            Body::Order(ordered) => ordered.config,
            _ => continue,
        };
        let size = config.map_or(1, |c| c.size);
        if let Some(config) = config {
            assert_eq!(config, house.config_at(size), "a decision names a configuration that never was");
        }
        let site = sites.entry(size).or_insert_with(|| house.fold(size));
        match &event.body {
            Body::Access(access) => redecide(site, event, access, &Answers::default()).unwrap(),
            Body::Order(ordered) => reorder(site, event, ordered).unwrap(),
            _ => {}
        }
        decisions += 1;
    }
    decisions
}

pub(crate) fn accesses(events: &[Event]) -> impl Iterator<Item = (&Event, &Access)> {
    events.iter().filter_map(|e| match &e.body {
        Body::Access(access) => Some((e, access)),
        _ => None,
    })
}

pub(crate) fn why(access: &Access) -> Option<Deny> {
    match access.outcome {
        Outcome::Granted { .. } => None,
        Outcome::Denied { why, .. } => Some(why),
    }
}

#[test]
fn every_decision_of_a_day_with_changes_is_made_again() {
    for seed in 0..6 {
        let (mut rig, mut hub) = Rig::stocked_with_hub(seed);
        let mut dice = Dice(seed);
        for round in 0..40 {
            let door = [FRONT, VAULT, LAB, SHED][usize::try_from(dice.below(4)).unwrap()];
            let who = [ANN, BEN, NOBODY][usize::try_from(dice.below(3)).unwrap()];
            let asked = rig.turn(vec![
                card(door, who),
                Input::Card { door: LAB, side: Side::Entry, bits: 0, data: vec![] },
            ]);
            if asked.shows(door, lockward_door::Feedback::EnterPin) {
                match dice.below(6) {
                    0 => drop(rig.turn_with_pins(typed(door, PIN))),
                    1 => drop(rig.turn_with_pins(typed(door, "9999"))),
                    _ => {}
                }
            }
            rig.pass(Duration::from_secs(1 + dice.below(40)));
            if round % 8 == 7 {
                let suspended = dice.once_in(2);
                let person = lockward_model::Person { suspended, ..crate::house::person("ann") };
                hub.house.change(vec![Change::PutPerson(person)]);
                rig.meet(&mut hub);
                rig.part(&mut hub);
            }
        }
        rig.meet(&mut hub);
        let events = hub.events();
        let kinds: std::collections::BTreeSet<_> = accesses(&events).map(|(_, a)| why(a)).collect();
        assert!(all_again(&hub.house, &events) >= 40);
        assert!(kinds.len() >= 5, "too uniform a day: {kinds:?}");
    }
}

#[test]
fn what_is_applied_is_reported_with_its_size_and_root() {
    let (mut rig, mut hub) = Rig::stocked_with_hub(1);
    rig.meet(&mut hub);
    for _ in 0..3 {
        hub.house.change(vec![Change::SuspendPerson(id("ann"))]);
        let said = hub.entries_from(hub.house.size() - 1).unwrap();
        rig.told(&mut hub, said);
        assert_eq!(hub.applied.last(), Some(&hub.house.config()));
        assert_eq!(rig.core.config(), Some(hub.house.config()));
    }
    let applied = hub.house.config();
    assert!(rig.bodies().contains(&Body::ConfigApplied(applied)), "and recorded");
}

fn ages(rig: Rig) -> Vec<Duration> {
    let events = rig.records();
    accesses(&events).map(|(_, a)| a.config_age).collect()
}

#[test]
fn the_age_of_the_configuration_grows_without_the_hub_and_is_recorded() {
    let (mut rig, mut hub) = Rig::stocked_with_hub(2);
    rig.meet(&mut hub);
    rig.badge(FRONT, ANN);
    rig.pass(Duration::from_secs(600));
    rig.badge(FRONT, ANN);
    rig.part(&mut hub);
    rig.pass(Duration::from_secs(7200));
    rig.badge(FRONT, ANN);
    let now = rig.now;
    let mut rig = rig.power_cut(1);
    assert!(rig.now.wall > now.wall);
    rig.badge(FRONT, ANN);
    let ages = ages(rig);
    let secs: Vec<u64> = ages.iter().map(Duration::as_secs).collect();
    assert_eq!(secs[..3], [0, 600, 7800]);
    // It may count as older after a restart, never as younger.
    assert!((7801..=7801 + 60).contains(&secs[3]), "{secs:?}");
}

/// The ages that ten minutes of pongs leave behind, one badge every five.
fn ages_under_pongs(rig: &mut Rig) {
    for minute in 0..=10 {
        if minute % 5 == 0 {
            rig.badge(FRONT, ANN);
        }
        rig.pass(Duration::from_secs(60));
        rig.hub_says(ToController::Pong { time: rig.now.wall });
    }
}

/// Else a hub would keep a revocation back for ever, behind an entry that nobody can follow.
#[test]
fn given_a_newest_entry_that_is_refused_then_the_configuration_grows_old_whatever_else_the_hub_says() {
    let (mut rig, mut hub) = Rig::stocked_with_hub(5);
    rig.meet(&mut hub);
    let good = hub.house.clone();
    let unsigned = hub.house.entry(vec![Change::SuspendPerson(id("ann"))], &[]);
    hub.house.entries.push(unsigned);
    let bad = hub.entries_from(2).unwrap();
    rig.hub_says(bad.clone());
    ages_under_pongs(&mut rig);
    // Another link is no better, and neither is the same again.
    rig.turn(vec![Input::Unlinked]);
    rig.turn(vec![Input::Linked]);
    rig.hub_says(ToController::Welcome { time: rig.now.wall, acked: 0 });
    rig.hub_says(bad);
    rig.hub_says(ToController::Ack { count: 1 });
    rig.badge(FRONT, ANN);
    hub.house = good;
    hub.house.change(vec![Change::PutPerson(crate::house::person("eve"))]);
    rig.hub_says(hub.entries_from(2).unwrap());
    rig.badge(FRONT, ANN);
    rig.pass(Duration::from_secs(60));
    rig.hub_says(ToController::Pong { time: rig.now.wall });
    rig.badge(FRONT, ANN);
    assert_eq!(ages(rig).iter().map(Duration::as_secs).collect::<Vec<_>>(), [0, 300, 600, 660, 0, 0]);
}

#[test]
fn given_entries_that_do_not_follow_then_the_configuration_grows_old_until_some_do() {
    let (mut rig, mut hub) = Rig::stocked_with_hub(6);
    rig.meet(&mut hub);
    let nothing = hub.entries_from(2).unwrap();
    let ToController::Entries { entries, checkpoint, .. } = nothing.clone() else { panic!("no entries") };
    rig.hub_says(ToController::Entries { first: 3, entries, checkpoint });
    ages_under_pongs(&mut rig);
    rig.hub_says(nothing);
    rig.badge(FRONT, ANN);
    assert_eq!(ages(rig).iter().map(Duration::as_secs).collect::<Vec<_>>(), [0, 300, 600, 0]);
}

#[test]
fn given_an_entry_that_the_disk_does_not_take_then_the_configuration_grows_old_until_the_hub_says_it_again() {
    let (mut rig, mut hub) = Rig::stocked_with_hub(7);
    rig.meet(&mut hub);
    hub.house.change(vec![Change::PutPerson(crate::house::person("eve"))]);
    rig.disk.fail_sync_after(0);
    let seen = rig.hub_says(hub.entries_from(2).unwrap());
    assert!(seen.hung_up, "it is not reported before it is kept");
    rig.disk.heal();
    rig.turn(vec![]);
    ages_under_pongs(&mut rig);
    rig.hub_says(hub.entries_from(3).unwrap());
    rig.badge(FRONT, ANN);
    assert_eq!(ages(rig).iter().map(Duration::as_secs).collect::<Vec<_>>(), [0, 300, 600, 0]);
}

#[test]
fn a_policy_may_refuse_by_the_age_of_the_configuration() {
    let (mut rig, mut hub) = Rig::stocked_with_hub(3);
    let text = "forbid (principal, action == Action::\"enter\", resource) when { context.config_age > 300 };";
    hub.house.change(vec![Change::PutPolicy(PolicyText { id: id("stale"), text: text.into() })]);
    rig.meet(&mut hub);
    rig.part(&mut hub);
    rig.pass(Duration::from_secs(290));
    assert!(rig.badge(FRONT, ANN).granted(FRONT));
    rig.pass(Duration::from_secs(20));
    assert_eq!(rig.badge(FRONT, ANN).released(), NONE);
    rig.meet(&mut hub);
    assert!(rig.badge(FRONT, ANN).granted(FRONT));
    rig.part(&mut hub);
    all_again(&hub.house, &rig.records());
}

#[test]
fn a_wrong_pin_and_a_missing_one_are_told_apart_in_the_record() {
    let mut rig = Rig::stocked(4);
    let wrong = rig.badge_and_pin(VAULT, BEN, "1357");
    assert_eq!(wrong.released(), NONE);
    rig.badge(VAULT, BEN);
    rig.pass(Duration::from_secs(60));
    let _: Seen = rig.badge_and_pin(VAULT, BEN, PIN);
    rig.badge(VAULT, ANN);
    let events = rig.records();
    let told: Vec<_> = accesses(&events).map(|(_, a)| (a.pin, why(a))).collect();
    let expected = [
        (PinFact::Wrong, Some(Deny::WrongPin)),
        (PinFact::Missing, Some(Deny::PinMissing)),
        (PinFact::Right, None),
        (PinFact::NotAsked, Some(Deny::FactorMissing)),
    ];
    assert_eq!(told, expected);
}
