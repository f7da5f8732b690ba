//! A controller's copy forgets what no decision needs, and decides as the hub's.

use crate::house::*;
use crate::picture::{Picture, picture, warehouse_sample};
use lockward_model::*;
use lockward_site::{Keep, Site};

fn seen(site: &Site) -> Picture {
    picture(site, &warehouse_sample())
}

#[test]
fn only_the_hubs_copy_keeps_sealed_attributes() {
    let mut house = House::warehouse();
    house.put(vec![Change::SuspendPerson(id("ben"))]);
    let lean = house.replay(Keep::Decisions);
    for name in ["ann", "ben"] {
        assert_eq!(house.site.person(id(name)).unwrap().sealed.as_deref(), Some(name.as_bytes()));
        let kept = lean.person(id(name)).unwrap();
        assert_eq!(kept, Person { sealed: None, ..house.site.person(id(name)).unwrap() });
    }
}

#[test]
fn a_copy_without_sealed_attributes_differs_in_nothing_else() {
    let sealed = House::warehouse();
    let mut bare = sealed.replay(Keep::Decisions);
    assert_ne!(seen(&bare), seen(&sealed.site));
    // The same log, but nobody has attributes.
    let nobody = |change| match change {
        Change::PutPerson(p) => Change::PutPerson(Person { sealed: None, ..p }),
        other => other,
    };
    let mut plain = House::new();
    plain.put(warehouse().into_iter().map(nobody).collect());
    assert_eq!(seen(&bare), seen(&plain.site));
    // A set that fails brings no attributes back.
    let again = Change::PutPerson(person("ann", &["staff"]));
    let entry =
        sealed.entry(vec![again, Change::RemovePerson(id("ben")), Change::RemoveZone(id("x"))], &[OWNER]);
    assert_eq!(bare.apply(&entry).unwrap_err().code(), "CHANGE_INVALID");
    assert_eq!(seen(&bare), seen(&plain.site));
}
