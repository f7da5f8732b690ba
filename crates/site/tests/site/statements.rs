//! Statements are kept by the log and taken from it by who may; nothing at a door hangs on them.

use crate::house::*;
use crate::picture::assert_refused;
use lockward_model::*;
use lockward_policy::HUB_SIGNS;
use lockward_site::{Keep, Refusal};

fn without(doors: Doors) -> Stated {
    Stated::NoOneWithout(Wanted::new(Factors::CARD.with(Factors::PIN)).unwrap(), doors)
}

fn put(name: &str, says: Stated) -> Change {
    Change::PutStatement(Statement { id: id(name), says })
}

fn vault() -> Change {
    put("vault", without(Doors::Into(id("vault"))))
}

#[test]
fn a_statement_is_kept_replaced_and_taken_away_and_every_fold_has_the_same() {
    let mut house = House::warehouse();
    house.put(vec![vault(), put("services", Stated::NoServiceOpens(Doors::All))]);
    house.put(vec![put("vault", without(Doors::One(id("cage")))), Change::RemoveStatement(id("services"))]);
    let kept = vec![Statement { id: id("vault"), says: without(Doors::One(id("cage"))) }];
    for site in [&house.site, &house.replay(Keep::Decisions)] {
        assert_eq!(site.statements().cloned().collect::<Vec<_>>(), kept);
    }
}

#[test]
fn a_hub_in_other_hands_can_not_remove_a_statement_without_a_persons_signature() {
    let mut house = House::warehouse();
    house.put(vec![vault(), Change::RemovePolicy(id(HUB_SIGNS))]);
    let remove = || vec![Change::RemoveStatement(id("vault"))];
    let weaker = || vec![put("vault", Stated::NoServiceOpens(Doors::All))];
    for changes in [remove(), weaker()] {
        let by_itself = house.entry(changes.clone(), &[HUB]);
        assert_refused(&mut house, &by_itself, "SIGNER_NOT_ALLOWED");
        let in_her_place = entry(&ChangeSet { on_behalf: Some(id("ada")), ..house.set(changes) }, &[HUB]);
        assert_refused(&mut house, &in_her_place, "SIGNER_NOT_ALLOWED");
    }
    for other in [AUDITOR, DESK] {
        let entry = house.entry(remove(), &[other]);
        assert_refused(&mut house, &entry, "SIGNER_NOT_ALLOWED");
    }
    house.put(remove());
    assert_eq!(house.site.statements().count(), 0);
}

#[test]
fn a_statement_is_about_what_is_there_when_it_is_put() {
    let group = |name| Few::new(vec![id(name)]).unwrap();
    let roles = |may: &str| Stated::NobodyButRoles {
        roles: Few::new(vec![id("nobody-has-it")]).unwrap(),
        may: id(may),
        in_their_place: false,
    };
    for (says, words) in [
        (without(Doors::One(id("x"))), "door `x` does not exist"),
        (Stated::NoServiceOpens(Doors::Into(id("x"))), "zone `x` does not exist"),
        (Stated::OnlyGroups(group("x"), Doors::All), "group `x` does not exist"),
        (Stated::NeverOutside(id("x"), Doors::All), "schedule `x` does not exist"),
        (roles("change:put-cat"), "action `change:put-cat` does not exist"),
    ] {
        let mut house = House::warehouse();
        match house.change(vec![put("new", says)]) {
            Err(Refusal::Invalid { what, .. }) => assert!(what.contains(words), "{what}"),
            other => panic!("{other:?}"),
        }
    }
    let mut house = House::warehouse();
    house.put(vec![put("roles", roles("order"))]);
    assert!(matches!(house.change(vec![Change::RemoveStatement(id("x"))]), Err(Refusal::Invalid { .. })));
}

#[test]
fn what_a_statement_names_may_go_and_the_site_says_what_it_lacks() {
    let mut house = House::warehouse();
    let says = without(Doors::One(id("cage")));
    house.put(vec![put("cage", says.clone()), vault()]);
    assert_eq!(house.site.lacks(&says), None);
    house.put(vec![Change::RemoveDoor(id("cage"))]);
    assert_eq!(house.site.lacks(&says).as_deref(), Some("door `cage`"));
    assert_eq!(house.site.statements().count(), 2);
}

#[test]
fn a_site_keeps_so_many_statements_and_no_more() {
    let mut house = House::warehouse();
    let many = |from: usize, to| (from..to).map(|n| put(&format!("s{n}"), without(Doors::All))).collect();
    house.put(many(0, STATEMENTS_MAX));
    match house.change(many(STATEMENTS_MAX, STATEMENTS_MAX + 1)) {
        Err(Refusal::Invalid { what, .. }) => assert!(what.contains("statements at most"), "{what}"),
        other => panic!("{other:?}"),
    }
    house.put(vec![put("s0", Stated::NoServiceOpens(Doors::All))]);
    assert_eq!(house.site.statements().count(), STATEMENTS_MAX);
}
