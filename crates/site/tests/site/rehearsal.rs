//! A rehearsal judges as the site itself does, all but who signed, and leaves the site alone.

use crate::house::*;
use lockward_model::*;
use lockward_site::Rehearsal;

fn set(house: &House, at: u64, changes: Vec<Change>) -> ChangeSet {
    ChangeSet { at, ..house.set(changes) }
}

fn group(name: &str) -> Change {
    Change::PutGroup(Group { id: id(name), title: id(name) })
}

#[test]
fn a_rehearsal_shows_what_would_be_and_the_site_stays_as_it_is() {
    let house = House::new();
    let at = house.site.size();
    let mut rehearsal = Rehearsal::of(&house.site);
    rehearsal.apply(&set(&house, at, vec![group("a")]), Time(0)).unwrap();
    rehearsal.apply(&set(&house, at + 1, vec![group("b")]), Time(0)).unwrap();
    assert_eq!((rehearsal.site().groups().count(), rehearsal.site().size()), (2, at + 2));
    assert_eq!((house.site.groups().count(), house.site.size()), (0, at));
}

#[test]
fn given_a_set_that_the_site_would_refuse_then_the_rehearsal_refuses_it_whole() {
    let house = House::new();
    let at = house.site.size();
    let mut rehearsal = Rehearsal::of(&house.site);
    let gone = Change::RemoveGroup(id("gone"));
    let refused = rehearsal.apply(&set(&house, at, vec![group("a"), gone]), Time(0)).unwrap_err();
    assert_eq!(refused.code(), "CHANGE_INVALID");
    let early = rehearsal.apply(&set(&house, at + 1, vec![group("a")]), Time(0)).unwrap_err();
    assert_eq!(early.code(), "ENTRY_OUT_OF_ORDER");
    let other = ChangeSet { site: SiteId([1; 32]), ..set(&house, at, vec![group("a")]) };
    assert_eq!(rehearsal.apply(&other, Time(0)).unwrap_err().code(), "ENTRY_OTHER_SITE");
    assert_eq!(rehearsal.apply(&set(&house, at, vec![]), Time(0)).unwrap_err().code(), "CHANGE_INVALID");
    assert_eq!((rehearsal.site().groups().count(), rehearsal.site().size()), (0, at));
}
