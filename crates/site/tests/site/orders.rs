//! Orders from afar: the door obeys who may order it, once, now, and nobody else; and says why not.

use crate::house::*;
use core::time::Duration;
use lockward_model::*;
use lockward_policy::HUB_SIGNS;
use lockward_site::{OrderQuestion, reorder};

const AT: Time = Time(1_790_000_000_000);

fn order(house: &House, door: &str, act: OrderAct) -> Order {
    Order {
        site: house.site.id(),
        controller: id("k1"),
        door: id(door),
        act,
        nonce: Nonce([9; 16]),
        until: AT + Duration::from_secs(30),
        on_behalf: None,
        reason: None,
    }
}

fn question(house: &House, envelope: Box<[u8]>) -> OrderQuestion {
    OrderQuestion {
        controller: id("k1"),
        envelope,
        at: AT,
        config: ConfigRef { size: house.site.size(), root: Digest([0; 32]) },
        config_age: Duration::from_secs(1),
        known: OrderKnown { fresh: true, ..OrderKnown::default() },
    }
}

fn ask(house: &House, question: &OrderQuestion) -> Result<Vec<Box<str>>, Deny> {
    let (ordered, granted) = house.site.order(question, Mono(1));
    let door = granted.as_ref().map(|(_, order)| order.door);
    let event = Event {
        source: Source::Controller(question.controller),
        seq: 3,
        prev: Digest([3; 32]),
        time: question.at,
        door,
        epoch: Epoch(1),
        body: Body::Order(Box::new(ordered.clone())),
    };
    // Whatever was decided is decided again.
    reorder(&house.site, &event, &ordered).unwrap();
    match ordered.outcome {
        Outcome::Granted { because } => {
            assert_eq!(granted.unwrap().0.door(), door.unwrap());
            Ok(because)
        }
        Outcome::Denied { why, .. } => {
            assert!(granted.is_none());
            Err(why)
        }
    }
}

fn by(house: &House, act: OrderAct, who: &[Who]) -> Result<Vec<Box<str>>, Deny> {
    ask(house, &question(house, order_entry(&order(house, "gate", act), who)))
}

fn hardened() -> House {
    let mut house = House::warehouse();
    house.put(vec![Change::RemovePolicy(id(HUB_SIGNS))]);
    house
}

#[test]
fn a_door_obeys_who_may_order_it_and_nobody_else() {
    let house = House::warehouse();
    assert_eq!(by(&house, OrderAct::Unlock, &[OWNER]), Ok(vec!["policy/owner".into()]));
    let hour = OrderAct::Hold(Duration::from_secs(3_600));
    assert!(by(&house, hour, &[OWNER]).is_ok());
    assert_eq!(by(&house, OrderAct::Unlock, &[DESK]), Err(Deny::NothingPermits));
    assert_eq!(by(&house, OrderAct::Unlock, &[STRANGER]), Err(Deny::OrderSignature));
    assert_eq!(by(&house, OrderAct::Unlock, &[OWNER, STRANGER]), Err(Deny::OrderSignature));
    assert_eq!(by(&house, OrderAct::Unlock, &[]), Err(Deny::OrderSignature));
}

#[test]
fn signed_authority_an_order_for_another_place_or_time_is_refused() {
    let house = House::warehouse();
    let good = order(&house, "gate", OrderAct::Unlock);
    let refused = |order: &Order, why| {
        assert_eq!(ask(&house, &question(&house, order_entry(order, &[OWNER]))), Err(why), "{order:?}");
    };
    refused(&Order { site: SiteId([1; 32]), ..good.clone() }, Deny::OrderElsewhere);
    refused(&Order { controller: id("k2"), ..good.clone() }, Deny::OrderElsewhere);
    refused(&Order { door: id("nowhere"), ..good.clone() }, Deny::OrderElsewhere);
    refused(&Order { until: AT, ..good.clone() }, Deny::OrderExpired);
    refused(&Order { on_behalf: Some(id("nobody")), ..good.clone() }, Deny::OrderSignature);
    let envelope = order_entry(&good, &[OWNER]);
    let replayed = OrderQuestion { known: OrderKnown::default(), ..question(&house, envelope.clone()) };
    assert_eq!(ask(&house, &replayed), Err(Deny::OrderReplayed));
    let elsewhere = OrderQuestion { controller: id("k2"), ..question(&house, envelope.clone()) };
    assert_eq!(ask(&house, &elsewhere), Err(Deny::OrderElsewhere));
    for bytes in [&b""[..], b"{}", &envelope[1..]] {
        assert_eq!(ask(&house, &question(&house, bytes.into())), Err(Deny::OrderMalformed));
    }
    // A change set is no order.
    let change = house.entry(vec![Change::RemoveRule(id("in"))], &[OWNER]);
    assert_eq!(ask(&house, &question(&house, change.into())), Err(Deny::OrderMalformed));
}

#[test]
fn a_change_set_that_is_an_order_is_refused_by_the_log() {
    let mut house = House::warehouse();
    let envelope = order_entry(&order(&house, "gate", OrderAct::Unlock), &[OWNER]);
    let refusal = house.apply(envelope.into()).unwrap_err();
    assert_eq!(refusal.code(), "ENTRY_KIND");
}

#[test]
fn hub_bounded_a_hardened_site_opens_on_no_order_of_the_hubs() {
    let for_ada = |house: &House, act| {
        let order = Order { on_behalf: Some(id("ada")), ..order(house, "gate", act) };
        ask(house, &question(house, order_entry(&order, &[HUB])))
    };
    let soft = House::warehouse();
    assert_eq!(for_ada(&soft, OrderAct::Unlock), Ok(vec!["policy/hub-signs".into(), "policy/owner".into()]));
    let hard = hardened();
    assert_eq!(for_ada(&hard, OrderAct::Unlock), Err(Deny::NothingPermits));
    assert_eq!(for_ada(&hard, OrderAct::Hold(Duration::from_secs(9))), Err(Deny::NothingPermits));
    // To take away is never refused.
    assert!(for_ada(&hard, OrderAct::Release).is_ok());
    assert!(by(&hard, OrderAct::Unlock, &[OWNER]).is_ok());
}

#[test]
fn what_no_order_overrides_and_how_a_hold_always_ends() {
    let mut house = House::warehouse();
    let zone = Zone {
        rules: ZoneRules {
            fresh_within: Freshness::new(Duration::from_secs(900)).ok(),
            ..ZoneRules::default()
        },
        ..zone_of("hall", None)
    };
    house.put(vec![Change::PutZone(zone)]);
    let envelope = order_entry(&order(&house, "gate", OrderAct::Unlock), &[OWNER]);
    let stale = OrderQuestion { config_age: Duration::from_secs(901), ..question(&house, envelope) };
    assert_eq!(ask(&house, &stale), Err(Deny::ConfigStale));
    house.put(vec![Change::LockDown(id("hall"))]);
    assert_eq!(by(&house, OrderAct::Unlock, &[OWNER]), Err(Deny::Lockdown));
    assert!(by(&house, OrderAct::Release, &[OWNER]).is_ok());
    house.put(vec![Change::LiftLockdown(id("hall"))]);
    let with = |known| {
        let envelope = order_entry(&order(&house, "gate", OrderAct::Unlock), &[OWNER]);
        ask(&house, &OrderQuestion { known, ..question(&house, envelope) })
    };
    let fresh = OrderKnown { fresh: true, ..OrderKnown::default() };
    assert_eq!(with(OrderKnown { airlock_busy: true, ..fresh }), Err(Deny::AirlockBusy));
    assert_eq!(with(OrderKnown { openings_spent: true, ..fresh }), Err(Deny::OpeningsSpent));
}

#[test]
fn a_policy_may_forbid_orders_and_want_two_people_for_them() {
    let mut house = House::warehouse();
    let two = r#"forbid (principal, action == Action::"order:unlock", resource == Door::"gate") unless { context.approvals >= 2 };"#;
    house.put(vec![policy("two", two), Change::PutOperator(operator("bob", 40, "guard"))]);
    assert_eq!(by(&house, OrderAct::Unlock, &[OWNER]), Err(Deny::Forbidden));
    assert_eq!(by(&house, OrderAct::Unlock, &[OWNER, HUB]), Err(Deny::Forbidden));
    assert!(by(&house, OrderAct::Unlock, &[OWNER, 40]).is_ok());
}

#[test]
fn who_has_left_orders_nothing_and_changes_nothing_even_with_a_clock_set_back() {
    let mut house = House::warehouse();
    let until = |until| Change::PutOperator(Operator { until, ..operator("ivy", 41, "owner") });
    house.put(vec![until(Some(AT + Duration::from_secs(60)))]);
    assert!(by(&house, OrderAct::Unlock, &[41]).is_ok());
    house.put(vec![until(Some(AT))]);
    assert_eq!(by(&house, OrderAct::Unlock, &[41]), Err(Deny::OrderSignature));
    // An entry that says it was drafted before the end: newer ones have come, so it is not believed.
    let early = Change::RemoveRule(id("in"));
    let drafted = |at: Time, changes| ChangeSet { drafted: at, ..house.set(changes) };
    let later = entry(&drafted(AT + Duration::from_secs(1), vec![group("late")]), &[OWNER]);
    let mut house = House { site: house.replay(lockward_site::Keep::Everything), log: house.log.clone() };
    house.apply(later).unwrap();
    let stale = entry(&ChangeSet { drafted: Time(AT.0 - 1), ..house.set(vec![early]) }, &[41]);
    assert_eq!(house.apply(stale).unwrap_err().code(), "SIGNER_ENDED");
}

#[test]
fn an_operator_signs_with_every_key_of_its_own_and_counts_once() {
    let mut house = House::warehouse();
    let mut ivy = operator("ivy", 41, "owner");
    ivy.keys.extend(operator("ivy", 42, "owner").keys);
    let two = r#"forbid (principal, action == Action::"change:put-group", resource) unless { context.approvals >= 2 };"#;
    house.put(vec![Change::PutOperator(ivy), policy("two", two)]);
    assert!(by(&house, OrderAct::Unlock, &[41]).is_ok() && by(&house, OrderAct::Unlock, &[42]).is_ok());
    let both = house.entry(vec![group("more")], &[41, 42]);
    assert_eq!(house.apply(both).unwrap_err().code(), "SIGNER_NOT_ALLOWED");
    // Nobody takes another's key.
    let thief = Change::PutOperator(operator("thief", 42, "owner"));
    assert_eq!(house.change(vec![thief]).unwrap_err().code(), "CHANGE_INVALID");
    let thief = Change::PutService(Service::new(id("thief"), key(42)));
    assert_eq!(house.change(vec![thief]).unwrap_err().code(), "CHANGE_INVALID");
}

#[test]
fn the_hub_signs_in_an_operators_place_and_never_in_that_of_one_who_may_not() {
    let mut house = House::warehouse();
    let for_operator = |house: &House, who: &str, change| {
        entry(&ChangeSet { on_behalf: Some(id(who)), ..house.set(vec![change]) }, &[HUB])
    };
    let by_ada = for_operator(&house, "ada", group("a"));
    house.apply(by_ada).unwrap();
    for (who, code) in [("pete", "SIGNER_NOT_ALLOWED"), ("nobody", "SIGNER_UNKNOWN")] {
        let entry = for_operator(&house, who, group("b"));
        assert_eq!(house.apply(entry).unwrap_err().code(), code);
    }
    house.put(vec![Change::RemovePolicy(id(HUB_SIGNS))]);
    for change in [group("c"), policy(HUB_SIGNS, r#"permit (principal, action, resource);"#)] {
        let entry = for_operator(&house, "ada", change);
        assert_eq!(house.apply(entry).unwrap_err().code(), "SIGNER_NOT_ALLOWED");
    }
}

#[test]
fn what_a_draft_wants_is_known_before_anybody_signs() {
    let mut house = House::warehouse();
    let wants = |house: &House, who: &str, change| house.site.wants(&[change], id(who), AT);
    let told = wants(&house, "ada", group("a")).unwrap();
    assert!(!told.second && told.hub_will_do);
    assert_eq!(wants(&house, "pete", group("a")).unwrap_err().code(), "SIGNER_NOT_ALLOWED");
    assert_eq!(wants(&house, "nobody", group("a")).unwrap_err().code(), "SIGNER_UNKNOWN");
    let two = r#"forbid (principal, action == Action::"change:put-group", resource) unless { context.approvals >= 2 };"#;
    house.put(vec![policy("two", two)]);
    let told = wants(&house, "ada", group("a")).unwrap();
    assert!(told.second && !told.hub_will_do);
    let told = wants(&hardened(), "ada", group("a")).unwrap();
    assert!(!told.second && !told.hub_will_do);
}
