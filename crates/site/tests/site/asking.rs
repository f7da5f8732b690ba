//! What the hub asks before it shows or takes anything: by the policies in force, by zone, by door, and by the hour.

use crate::house::*;
use lockward_model::*;
use lockward_policy::{HUB_SIGNS, Read};

const AT: Time = Time(1_790_000_000_000);

#[test]
fn a_role_reads_what_its_policy_says_and_nobody_reads_without_one() {
    let mut house = House::warehouse();
    let reads_at = |house: &House, who: &str, what, at| {
        house.site.reads(lockward_site::Asker::Operator(id(who)), what, at).site()
    };
    let reads = |house: &House, who: &str, what| reads_at(house, who, what, AT);
    assert!(reads(&house, "ada", Read::Keys) && reads(&house, "olga", Read::Log));
    assert!(reads(&house, "pete", Read::People) && !reads(&house, "pete", Read::Muster));
    assert!(!reads(&house, "nobody", Read::Site));
    let roleless = Operator { roles: vec![], ..operator("olga", AUDITOR, "auditor") };
    let ended = Operator { until: Some(AT), ..operator("pete", DESK, "people") };
    house.change(vec![Change::PutOperator(roleless), Change::PutOperator(ended)]).unwrap();
    assert!(!reads(&house, "olga", Read::Log) && !reads(&house, "pete", Read::People));
    assert!(reads_at(&house, "pete", Read::People, Time(AT.0 - 1)));
}

#[test]
fn who_may_act_in_one_zone_alone_is_let_through_to_be_judged_there() {
    let mut house = House::warehouse();
    let zone = house.site.zones().next().unwrap().id;
    let text = format!(
        r#"permit (principal in Role::"warden", action == Action::"change:lock-down", resource in Zone::"{zone}");"#
    );
    house
        .change(vec![
            Change::PutPolicy(PolicyText { id: id("warden"), text: text.into() }),
            Change::PutOperator(operator("wim", STRANGER, "warden")),
        ])
        .unwrap();
    assert!(house.site.may_change(id("wim"), "lock-down", AT));
    assert!(!house.site.may_change(id("wim"), "lift-lockdown", AT));
    assert!(!house.site.may_change(id("wim"), "no-such-verb", AT));
}

#[test]
fn orders_are_asked_for_one_door_or_for_any() {
    let house = House::warehouse();
    let door = house.site.doors().next().unwrap().id;
    let may = |who: &str, door| house.site.may_order(id(who), OrderAct::Unlock, door, AT);
    assert!(may("ada", Some(door)) && may("ada", None));
    assert!(!may("ada", Some(id("no-such-door"))) && !may("olga", None));
}

#[test]
fn given_a_hardened_site_then_the_hub_signs_for_nobody() {
    let mut house = House::warehouse();
    let signs = |house: &House, who: &str| house.site.hub_signs_for(id(who), "put-operator", AT);
    assert!(signs(&house, "ada") && !signs(&house, "pete") && !signs(&house, "nobody"));
    house.change(vec![Change::RemovePolicy(id(HUB_SIGNS))]).unwrap();
    assert!(!signs(&house, "ada"));
}
