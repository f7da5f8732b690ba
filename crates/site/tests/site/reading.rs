//! What services may, as the hub asks: reading zone by zone, and drafting no more than they may sign.

use crate::house::*;
use lockward_model::*;
use lockward_policy::Read;
use lockward_site::{Asker, Refusal};

const AT: Time = Time(1_790_000_000_000);
const WMS: u8 = 77;

fn wms() -> Asker {
    Asker::Service(id("wms"))
}

/// The warehouse, with a service and a policy for it.
fn served(policy: &str) -> House {
    let mut house = House::warehouse();
    house
        .change(vec![
            Change::PutService(Service::new(id("wms"), key(WMS))),
            Change::PutPolicy(PolicyText { id: id("wms"), text: policy.into() }),
        ])
        .unwrap();
    house
}

#[test]
fn who_may_read_a_zone_reads_what_lies_in_it_and_not_the_site() {
    let mut house = House::warehouse();
    let zones: Vec<_> = house.site.zones().cloned().collect();
    let inner = zones.iter().find(|z| z.parent.is_some()).unwrap();
    let outer = inner.parent.unwrap();
    let text = |zone: ZoneId| {
        format!(
            r#"permit (principal == Service::"wms", action == Action::"read:site", resource in Zone::"{zone}");"#
        )
    };
    house
        .change(vec![
            Change::PutService(Service::new(id("wms"), key(WMS))),
            Change::PutPolicy(PolicyText { id: id("wms"), text: text(inner.id).into() }),
        ])
        .unwrap();
    let reads = |house: &House, what| house.site.reads(wms(), what, AT);
    let there = reads(&house, Read::Site);
    assert!(there.any() && there.zone(inner.id) && !there.zone(outer) && !there.site());
    assert!(!reads(&house, Read::People).any());
    house.change(vec![Change::PutPolicy(PolicyText { id: id("wms"), text: text(outer).into() })]).unwrap();
    let there = reads(&house, Read::Site);
    assert!(there.zone(inner.id) && there.zone(outer) && !there.site());
    // Everything is everywhere, and what is forbidden in one zone is forbidden there alone.
    let all = reads(&house, Read::Site);
    assert!(!all.zone(id("no-such-zone")));
    let owner = house.site.reads(Asker::Operator(id("ada")), Read::Site, AT);
    assert!(owner.site() && owner.zone(inner.id) && owner.zone(outer));
    let but =
        format!(r#"forbid (principal, action == Action::"read:site", resource == Zone::"{}");"#, inner.id);
    house.change(vec![Change::PutPolicy(PolicyText { id: id("but"), text: but.into() })]).unwrap();
    let owner = house.site.reads(Asker::Operator(id("ada")), Read::Site, AT);
    assert!(owner.site() && !owner.zone(inner.id) && owner.zone(outer));
}

#[test]
fn a_service_whose_end_is_over_and_the_hub_itself_are_nobody() {
    let mut house = served(
        r#"permit (principal, action in [Action::"read", Action::"change", Action::"order"], resource);"#,
    );
    let door = house.site.doors().next().unwrap().id;
    let hub = house.site.founding().hub.id;
    assert!(house.site.standing_service(hub, AT).is_none());
    assert!(!house.site.reads(Asker::Service(hub), Read::Site, AT).any());
    assert!(house.site.service_may_order(id("wms"), OrderAct::Unlock, Some(door), AT));
    assert!(house.site.service_may_change(id("wms"), "put-group", AT));
    let ended = Service { until: Some(AT), ..Service::new(id("wms"), key(WMS)) };
    house.change(vec![Change::PutService(ended)]).unwrap();
    assert!(!house.site.reads(wms(), Read::Site, AT).any());
    assert!(!house.site.service_may_order(id("wms"), OrderAct::Unlock, None, AT));
    assert!(!house.site.service_may_change(id("wms"), "put-group", AT));
}

#[test]
fn a_service_drafts_no_more_than_its_own_signature_will_do_for() {
    let house =
        served(r#"permit (principal == Service::"wms", action == Action::"change:put-group", resource);"#);
    let group = Change::PutGroup(Group { id: id("packers"), title: id("Packers") });
    let wants = |changes: &[Change]| house.site.service_wants(changes, id("wms"), AT);
    assert!(wants(std::slice::from_ref(&group)).is_ok());
    let zone = house.site.zones().next().unwrap().id;
    let refused = wants(&[group.clone(), Change::LockDown(zone)]).unwrap_err();
    assert!(matches!(refused, Refusal::NotAllowed { index: 1, verb: "lock-down", .. }), "{refused}");
    let nobody = house.site.service_wants(&[group], id("pms"), AT).unwrap_err();
    assert!(matches!(nobody, Refusal::Ended(_)), "{nobody}");
}

#[test]
fn where_people_must_approve_a_service_is_no_pair_of_eyes() {
    let house = served(
        r#"permit (principal == Service::"wms", action == Action::"change:put-group", resource) when { context.approvals >= 1 };"#,
    );
    let group = Change::PutGroup(Group { id: id("packers"), title: id("Packers") });
    assert!(house.site.service_wants(&[group], id("wms"), AT).is_err());
}
