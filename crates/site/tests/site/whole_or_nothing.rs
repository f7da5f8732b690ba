//! A change set takes effect whole or not at all: what comes before an invalid change is taken back to the last bit.

use crate::house::*;
use crate::picture::picture;
use crate::random::{change, grow, grown, house, moment, sample};
use lockward_model::*;
use lockward_site::{Keep, Refusal};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Refused by every site: what it refers to is never there, or it can not be.
fn never() -> impl Strategy<Value = Change> {
    let here = || Target::Zone(id("z0"));
    select(vec![
        zone("z0", Some("nowhere")),
        zone("z9", Some("z9")),
        Change::RemoveZone(id("nowhere")),
        Change::PutDoor(door_to("d0", "nowhere")),
        Change::RemoveSchedule(id("nowhere")),
        Change::RemoveGroup(id("nowhere")),
        Change::PutPerson(person("p0", &["nowhere"])),
        Change::RemovePerson(id("nowhere")),
        Change::PutCredential(card("c0", "nowhere", UNKNOWN)),
        Change::RevokeCredential(id("nowhere")),
        Change::PutRule(rule("r0", "nowhere", here())),
        Change::PutRule(Rule { groups: vec![], ..rule("r0", "g0", here()) }),
        policy("t0", "forbid (principal"),
        Change::RemovePolicy(id("nowhere")),
        Change::RemoveStatement(id("nowhere")),
        Change::BindController { id: id("nowhere"), key: key(20) },
        Change::PutOperator(operator("o0", HUB, "owner")),
        Change::RemoveOperator(id("nowhere")),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn a_set_with_one_invalid_change_leaves_nothing(
        history in house(12), more in vec(change(), 1..12), bad in never(), at in any::<Index>(), when in moment(),
    ) {
        let mut house = grown(history);
        // Those that fit one after the other fit as one set, too.
        let mut twin = House { site: house.replay(Keep::Everything), log: house.log.clone() };
        let good = grow(&mut twin, more);
        let mut set = good.clone();
        let at = at.index(set.len() + 1);
        set.insert(at, bad);

        let sample = sample(when);
        let before = picture(&house.site, &sample);
        let refusal = house.change(set).unwrap_err();
        prop_assert!(matches!(refusal, Refusal::Invalid { index, .. } if index == at), "{refusal}");
        prop_assert_eq!(&picture(&house.site, &sample), &before);
        let mut untouched = house.replay(Keep::Everything);
        prop_assert_eq!(&picture(&untouched, &sample), &before);

        // And it goes on as if it had never been tried.
        if !good.is_empty() {
            let entry = house.entry(good, &[OWNER]);
            house.site.apply(&entry).unwrap();
            untouched.apply(&entry).unwrap();
            prop_assert_eq!(picture(&house.site, &sample), picture(&untouched, &sample));
        }
    }

    #[test]
    fn a_set_is_the_same_as_its_changes_one_by_one(history in house(6), more in vec(change(), 1..12), when in moment()) {
        let mut house = grown(history);
        let mut twin = House { site: house.replay(Keep::Everything), log: house.log.clone() };
        let good = grow(&mut twin, more);
        prop_assume!(!good.is_empty());
        let entries = good.len();
        house.put(good);
        // Bring both to one size: the size is part of every record.
        for _ in 1..entries {
            house.put(vec![group("g0")]);
        }
        twin.put(vec![group("g0")]);
        house.put(vec![group("g0")]);
        prop_assert_eq!(picture(&house.site, &sample(when)), picture(&twin.site, &sample(when)));
    }
}
