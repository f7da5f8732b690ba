//! What a change does to the statements that a site keeps.

use crate::house::*;
use core::time::Duration;
use lockward_model::*;
use lockward_prove::{Effect, Patience, Solver, judge};
use lockward_site::Site;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

fn keeps(name: &str, says: Stated) -> Change {
    Change::PutStatement(Statement { id: id(name), says })
}

/// Staff alone enter the vault; it is so, until somebody lets guards in.
fn staff_alone() -> Change {
    keeps("staff", Stated::OnlyGroups(Few::new(vec![id("staff")]).unwrap(), Doors::Into(id("vault"))))
}

/// Nobody opens anything without a PIN; that was never so.
fn pin_everywhere() -> Change {
    keeps("pins", Stated::NoOneWithout(Wanted::new(Factors::PIN).unwrap(), Doors::All))
}

fn guards_in() -> Change {
    Change::PutRule(rule("night", "guards", Target::Zone(id("vault"))))
}

fn effects(before: Option<&Site>, after: &Site) -> Vec<(String, Effect)> {
    let mut all = Vec::new();
    judge(before, after, NOW, &|| Ok(solver()), |j| all.push((j.statement.id.to_string(), j.effect)))
        .unwrap();
    all
}

#[test]
fn a_change_that_breaks_a_statement_is_told_apart_from_what_was_broken_before() {
    let before = house(vec![staff_alone(), pin_everywhere()]);
    let after = house(vec![staff_alone(), pin_everywhere(), guards_in()]);
    let all = effects(Some(&before), &after);
    let [(pins, Effect::RefutedBefore(_)), (staff, Effect::Broken(who))] = all.as_slice() else {
        panic!("{all:?}")
    };
    assert_eq!((pins.as_str(), staff.as_str()), ("pins", "staff"));
    assert!(
        who.starts_with("gil of group `guards` enters `strongroom` with only a card, by rule/night"),
        "{who}"
    );
}

#[test]
fn a_change_that_keeps_a_statement_is_told_so() {
    let before = house(vec![staff_alone()]);
    let after = house(vec![staff_alone(), Change::RemoveRule(id("yard"))]);
    assert_eq!(effects(Some(&before), &after), [("staff".into(), Effect::Holds)]);
}

#[test]
fn a_statement_that_is_new_or_says_something_else_is_not_said_to_be_broken() {
    let after = house(vec![staff_alone(), guards_in()]);
    for before in
        [Some(house(vec![])), Some(house(vec![keeps("staff", Stated::NoServiceOpens(Doors::All))])), None]
    {
        let all = effects(before.as_ref(), &after);
        assert!(matches!(all.as_slice(), [(_, Effect::Refuted(_))]), "{all:?}");
    }
}

#[test]
fn a_statement_about_what_is_gone_is_not_known_and_never_proved() {
    let before = house(vec![staff_alone()]);
    let gone = ["strongroom"].map(|d| Change::RemoveDoor(id(d)));
    let all =
        [Change::RemoveRule(id("vault"))].into_iter().chain(gone).chain([Change::RemoveZone(id("vault"))]);
    let after = house([staff_alone()].into_iter().chain(all).collect());
    let found = effects(Some(&before), &after);
    assert_eq!(
        found,
        [("staff".into(), Effect::NotKnown("it names the zone `vault`, and the site has none".into()))]
    );
}

#[test]
fn without_a_solver_nothing_is_known_and_what_to_install_is_said() {
    let site = house(vec![staff_alone()]);
    let none = || Solver::at("no-such-solver".into(), Patience::each(Duration::from_secs(1)));
    let mut all = Vec::new();
    judge(None, &site, NOW, &none, |j| all.push(j.effect)).unwrap();
    let [Effect::NotKnown(why)] = all.as_slice() else { panic!("{all:?}") };
    assert!(why.contains("apt install cvc5"), "{why}");
}

#[test]
fn when_the_time_for_all_is_up_the_rest_is_not_known() {
    let site = house(vec![staff_alone(), pin_everywhere()]);
    let spent = || Patience::each(Duration::from_secs(9)).in_all(Duration::ZERO);
    let mut all = Vec::new();
    judge(None, &site, NOW, &|| Solver::find(spent()), |j| all.push(j.effect)).unwrap();
    let up = Effect::NotKnown("the time for all statements is up".into());
    assert_eq!(all, [up.clone(), up]);
}

/// A program that says that it is cvc5, and thinks for a minute.
fn slow(dir: &std::path::Path) -> std::ffi::OsString {
    use std::os::unix::fs::PermissionsExt as _;
    let path = dir.join("cvc5");
    let script =
        "#!/bin/sh\n[ \"$1\" = --version ] && { echo 'This is cvc5 version 0'; exit; }\nexec sleep 60\n";
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.into()
}

#[test]
fn a_question_is_broken_off_when_nobody_waits_for_it_any_more() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let dir = tempfile::tempdir().unwrap();
    let (site, program) = (house(vec![staff_alone()]), slow(dir.path()));
    // Somebody is there for two looks, and then no more.
    let gone = || ASKED.fetch_add(1, Ordering::Relaxed) > 2;
    let patience = Patience::each(Duration::from_secs(60)).unless(gone);
    let began = Instant::now();
    let mut all = Vec::new();
    judge(None, &site, NOW, &|| Solver::at(program.clone(), patience.clone()), |j| all.push(j.effect))
        .unwrap();
    assert_eq!(all, [Effect::NotKnown("nobody waits for the answer any more".into())]);
    assert!(began.elapsed() < Duration::from_secs(30));
}
