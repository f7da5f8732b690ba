//! HUB-BOUNDED: whoever has the hub speaks the link as it should be spoken, and opens no door of a hardened site. Each
//! attempt is on record. What a captured hub does to the configuration stands in `authority`, to the logs in `altered`, to
//! the clock in `time`.

use crate::far::{Far, HALF_A_MINUTE, signed};
use crate::house::{ANN, AUDITOR, FOREIGN, FRONT, HUB, LOG, OWNER, STRANGER, VAULT, id, key};
use crate::rig::NONE;
use crate::touch::Authenticator;
use core::time::Duration;
use lockward_controller::core::Input;
use lockward_model::OrderAct::{Hold, Release, Unlock};
use lockward_model::*;
use lockward_wire::link::{Keys, ToController};
use lockward_wire::{CardKey, PinPepper, SourceKey};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);

#[test]
fn hub_bounded_a_forged_order_opens_nothing_whoever_is_said_to_have_signed_it() {
    let mut far = Far::hardened(1, vec![]);
    for act in [Unlock, Hold(HOUR)] {
        for (who, by, why) in [
            ("nobody", &[][..], Deny::OrderSignature),
            ("a key that nobody knows", &[STRANGER], Deny::OrderSignature),
            ("the log's key", &[LOG], Deny::OrderSignature),
            ("the hub's key", &[HUB], Deny::NothingPermits),
            ("an operator who may not", &[AUDITOR], Deny::NothingPermits),
            ("the hub beside one who may not", &[HUB, AUDITOR], Deny::NothingPermits),
        ] {
            let order = far.order(FRONT, act);
            far.refuses(who, signed(&order, by), why);
        }
        let order = far.order(FRONT, act);
        let in_her_place = Order { on_behalf: Some(id("ada")), ..order };
        far.refuses("the hub in the owner's place", signed(&in_her_place, &[HUB]), Deny::NothingPermits);
    }
    // The owner signed one thing, and the hub hands over another under her signature.
    let (asked, wished) = (far.order(FRONT, Release), far.order(FRONT, Unlock));
    let payload = |envelope: &[u8]| {
        let text = String::from_utf8(envelope.to_vec()).unwrap();
        text.split("\"payload\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let (signed_by_her, other) = (signed(&asked, &[OWNER]), signed(&wished, &[]));
    let swapped = String::from_utf8(signed_by_her.clone()).unwrap();
    let swapped = swapped.replace(&payload(&signed_by_her), &payload(&other));
    far.refuses("another order under her signature", swapped.into_bytes(), Deny::OrderSignature);
    far.all_shut();
}

#[test]
fn hub_bounded_an_order_that_is_handed_over_again_opens_nothing() {
    let mut far = Far::hardened(2, vec![]);
    let order = far.order(FRONT, Unlock);
    let envelope = signed(&order, &[OWNER]);
    assert_eq!(far.hand(envelope.clone()).1.late, [FRONT]);
    far.rig.pass(10 * SECOND);
    far.refuses("again", envelope.clone(), Deny::OrderReplayed);
    far.refuses("and again", envelope, Deny::OrderReplayed);
    // A number that a refused order has borne is spent as well.
    let order = far.order(FRONT, Unlock);
    far.refuses("not signed", signed(&order, &[]), Deny::OrderSignature);
    far.refuses("signed, with the same number", signed(&order, &[OWNER]), Deny::OrderReplayed);
    far.rig.part(&mut far.hub);
    far.rig.meet(&mut far.hub);
    far.refuses("on another link", signed(&order, &[OWNER]), Deny::OrderReplayed);
    far.all_shut();
}

#[test]
fn hub_bounded_an_order_for_another_place_opens_nothing_here() {
    let mut far = Far::hardened(3, vec![]);
    let mut refuses = |what, change: &dyn Fn(Order) -> Order| {
        let order = change(far.order(FRONT, Unlock));
        far.refuses(what, signed(&order, &[OWNER]), Deny::OrderElsewhere);
    };
    refuses("another site", &|o| Order { site: SiteId([1; 32]), ..o });
    refuses("another controller", &|o| Order { controller: id("other"), ..o });
    refuses("another controller's door", &|o| Order { door: id("foreign"), ..o });
    refuses("another controller and its door", &|o| Order {
        controller: id("other"),
        door: id("foreign"),
        ..o
    });
    refuses("a door that is wired and not configured", &|o| Order { door: id("shed"), ..o });
    refuses("no door of anybody", &|o| Order { door: id("nowhere"), ..o });
    assert!(!far.rig.out[FOREIGN]);
    far.all_shut();
}

#[test]
fn hub_bounded_an_order_that_is_kept_back_opens_nothing_later_and_nothing_stretches_it() {
    let mut far = Far::hardened(4, vec![]);
    let order = far.order(FRONT, Unlock);
    far.rig.pass(HALF_A_MINUTE);
    far.refuses("past its end", signed(&order, &[OWNER]), Deny::OrderExpired);
    // It says of itself that it is good for a year: its number is not.
    let order = far.order(FRONT, Unlock);
    let year = Order { until: order.until + 365 * 24 * HOUR, ..order };
    far.rig.pass(Order::LIFE_MAX);
    far.refuses("stretched", signed(&year, &[OWNER]), Deny::OrderReplayed);
    // Up to then it is good.
    let order = far.order(FRONT, Unlock);
    let year = Order { until: order.until + 365 * 24 * HOUR, ..order };
    far.rig.pass(Order::LIFE_MAX - SECOND);
    assert_eq!(far.hand(signed(&year, &[OWNER])).1.late, [FRONT]);
    far.rig.pass(10 * SECOND);
    far.all_shut();
}

#[test]
fn hub_bounded_a_hub_that_rewrites_its_clock_makes_no_old_order_young() {
    let mut far = Far::hardened(5, vec![]);
    let (soon, late) = (far.order(FRONT, Unlock), far.order(FRONT, Unlock));
    let late = Order { until: late.until + HOUR, ..late };
    far.rig.pass(HALF_A_MINUTE);
    for hours in [1, 24, 8_760] {
        let time = Time(far.rig.now.wall.0 - hours * 3_600_000);
        far.rig.hub_says(ToController::Pong { time });
    }
    far.refuses("its end is past", signed(&soon, &[OWNER]), Deny::OrderExpired);
    // The machine's own clock is set back with the hub's: the number's age is no matter of either.
    far.rig.now.wall = Time(far.rig.now.wall.0 - 3_600_000);
    far.rig.hub_says(ToController::Pong { time: far.rig.now.wall });
    far.rig.pass(HALF_A_MINUTE);
    far.refuses("its number is old", signed(&late, &[OWNER]), Deny::OrderReplayed);
    far.all_shut();
}

#[test]
fn hub_bounded_orders_in_another_order_do_what_each_says_and_once() {
    let mut far = Far::hardened(6, vec![]);
    let hold = far.order(FRONT, Hold(HOUR));
    let release = far.order(FRONT, Release);
    // Whoever keeps a hold back until its end was ordered has it obeyed while it is young, and only then.
    let (hold, release) = (signed(&hold, &[OWNER]), signed(&release, &[OWNER]));
    assert_eq!(far.hand(release.clone()).0, Some(Ok(())));
    assert!(!far.rig.out[FRONT]);
    assert_eq!(far.hand(hold.clone()).1.late, [FRONT]);
    far.refuses_open("the end again", release, Deny::OrderReplayed);
    let end = far.order(FRONT, Release);
    assert_eq!(far.hand(signed(&end, &[OWNER])).0, Some(Ok(())));
    far.refuses("the hold again", hold, Deny::OrderReplayed);
    far.all_shut();
}

#[test]
fn hub_bounded_after_a_restart_no_number_from_before_counts() {
    let mut far = Far::hardened(7, vec![]);
    let order = far.order(FRONT, Unlock);
    far.obeys(VAULT, Hold(HOUR));
    let Far { rig, hub, .. } = far;
    let mut far = Far::again(rig.power_cut(1), hub);
    far.rig.pass(SECOND);
    assert!(!far.rig.out[VAULT], "nor does a hold");
    far.refuses("given before", signed(&order, &[OWNER]), Deny::OrderReplayed);
    far.obeys(FRONT, Unlock);
    far.rig.pass(10 * SECOND);
    far.all_shut();
}

#[test]
fn hub_bounded_a_hub_that_withholds_revocations_opens_no_door_that_wants_a_fresh_word() {
    let fresh =
        ZoneRules { fresh_within: Freshness::new(Duration::from_secs(900)).ok(), ..ZoneRules::default() };
    let changes = vec![
        Change::PutZone(Zone { id: id("house"), title: id("House"), parent: None, rules: fresh }),
        Change::PutOperator(Operator::with_key(id("ivy"), id("Ivy"), key(41), vec![id("owner")])),
    ];
    let mut far = Far::hardened(8, changes);
    let order = far.order(FRONT, Unlock);
    assert_eq!(far.hand(signed(&order, &[41])).1.late, [FRONT]);
    // Ivy is thrown out, and the hub says nothing of it, nor anything else.
    far.rig.pass(Duration::from_secs(901));
    let order = far.order(FRONT, Unlock);
    far.refuses("its word is old", signed(&order, &[41]), Deny::ConfigStale);
    // It has to say something; what it says brings her end with it.
    far.changes(vec![Change::RemoveOperator(id("ivy"))]);
    let order = far.order(FRONT, Unlock);
    far.refuses("she is nobody", signed(&order, &[41]), Deny::OrderSignature);
    far.obeys(FRONT, Unlock);
    far.rig.pass(10 * SECOND);
    far.all_shut();
}

#[test]
fn hub_bounded_a_hub_that_comes_back_with_nothing_new_is_believed_again() {
    let fresh =
        ZoneRules { fresh_within: Freshness::new(Duration::from_secs(900)).ok(), ..ZoneRules::default() };
    let zone = Change::PutZone(Zone { id: id("house"), title: id("House"), parent: None, rules: fresh });
    let mut far = Far::hardened(12, vec![zone]);
    // Whoever has the hub shows a change that nobody signed.
    let mut forged = far.hub.house.clone();
    forged.entries.push(forged.entry(vec![], &[HUB]));
    let entries = vec![forged.entries.last().unwrap().clone()];
    let first = far.hub.house.size();
    far.rig.hub_says(ToController::Entries { first, entries, checkpoint: forged.checkpoint() });
    far.rig.pass(Duration::from_secs(901));
    far.rig.hub_says(ToController::Pong { time: far.rig.now.wall });
    assert!(!far.badges(FRONT, ANN), "what it says makes nothing fresh");
    // The real one says what it says to everybody who dials.
    far.rig.part(&mut far.hub);
    far.rig.meet(&mut far.hub);
    assert!(far.badges(FRONT, ANN), "it has shown the log as it is");
    far.all_shut();
}

#[test]
fn hub_bounded_other_keys_make_no_card_a_strangers_and_no_record_unreadable() {
    let mut far = Far::hardened(13, vec![]);
    let keys = far.hub.house.keys();
    let (card, pepper) = (CardKey::from_bytes([9; 32]), PinPepper::from_bytes([9; 32]));
    let source = SourceKey::from_bytes([9; 32]);
    let later = Epoch(keys.epoch.0 + 1);
    for other in [
        Keys { card_key: card.clone(), ..keys.clone() },
        Keys { pin_pepper: pepper, ..keys.clone() },
        Keys { source_key: source.clone(), ..keys.clone() },
        Keys { card_key: card, epoch: later, source_key: source, ..keys },
    ] {
        assert!(far.rig.hub_says(ToController::Keys(other)).hung_up);
        far.rig.part(&mut far.hub);
        far.rig.meet(&mut far.hub);
        assert!(far.badges(FRONT, ANN), "cards are what they were");
    }
    let refused = |e: &Event| matches!(&e.body, Body::LinkRefused { code, .. } if &**code == "KEYS_CHANGED");
    assert_eq!(far.records().iter().filter(|e| refused(e)).count(), 4, "each is on record");
    far.all_shut();
}

#[test]
fn hub_bounded_what_is_no_order_is_refused_and_on_record() {
    let mut far = Far::hardened(9, vec![]);
    let change = far.rig.house.entry(vec![Change::LiftLockdown(id("house"))], &[OWNER]);
    for bytes in [b"".to_vec(), b"{}".to_vec(), vec![0xff; 8 * 1_024], change] {
        far.refuses("no order", bytes, Deny::OrderMalformed);
    }
    far.all_shut();
}

#[test]
fn hub_bounded_a_hub_that_floods_fills_no_disk_and_takes_no_number_away() {
    let mut far = Far::hardened(10, vec![]);
    let mine = far.order(FRONT, Unlock);
    let more = (0..1_000).filter(|_| far.nonce().is_some()).count();
    assert_eq!(more, 63, "as many as doors, and no more");
    let recorded = |far: &Far| far.rig.next_record();
    let (before, mut hung_up) = (recorded(&far), 0);
    for n in 0..500_u32 {
        let (answer, seen) = far.hand(vec![b'x'; 8_000]);
        assert_eq!(seen.released(), NONE);
        assert_eq!(answer.is_some(), n < 64, "{n}");
        hung_up += usize::from(seen.hung_up);
    }
    assert_eq!(hung_up, 500 - 64, "the link ends");
    assert_eq!(recorded(&far) - before, 64 + 1, "and one record says why");
    let told = |far: &Far| far.rig.count(Code::LinkRefused);
    assert_eq!(told(&far), 1);
    far.rig.turn(vec![Input::Unlinked]);
    far.hub.unlinked();
    far.rig.meet(&mut far.hub);
    assert_eq!(far.hand(signed(&mine, &[OWNER])).1.late, [FRONT], "hers is good still");
    // An hour of it.
    let before = recorded(&far);
    for _ in 0..720 {
        far.rig.skip(5 * SECOND);
        for _ in 0..3 {
            far.hand(vec![b'y'; 8_000]);
        }
    }
    let rows = recorded(&far) - before;
    assert!((120..300).contains(&rows), "{rows} records in an hour");
    assert!(far.badges(FRONT, ANN), "and people enter");
    far.rig.pass(10 * SECOND);
    far.all_shut();
}

/// Ada has a passkey with which she signs in at the hub, and one of the signer's; what gives is signed apart.
fn apart(seed: u64) -> (Far, Authenticator, Authenticator) {
    let at_the_hub = Authenticator::new("hub.example", "https://hub.example");
    let at_the_signer = Authenticator::new(SIGNER_RP, SIGNER_ORIGIN);
    let mut ivy = Operator::with_key(id("ivy"), id("Ivy"), key(41), vec![id("owner")]);
    ivy.keys = vec![at_the_hub.as_key(), at_the_signer.as_key()];
    let forbids = Change::PutPolicy(lockward_policy::signed_apart().unwrap());
    (Far::hardened(seed, vec![Change::PutOperator(ivy), forbids]), at_the_hub, at_the_signer)
}

#[test]
fn hub_bounded_a_touch_to_sign_in_that_is_really_an_order_opens_nothing() {
    let (mut far, hers, apart) = apart(30);
    for act in [Unlock, Hold(HOUR)] {
        let order = far.order(FRONT, act);
        far.refuses("a sign-in that is an order", hers.order(&order), Deny::Forbidden);
    }
    // What only takes away needs no second look.
    far.obeys(FRONT, Hold(HOUR));
    let order = far.order(FRONT, Release);
    assert_eq!(far.hand(hers.order(&order)).0, Some(Ok(())));
    // The signer's own key, and one in a file, open.
    let order = far.order(FRONT, Unlock);
    assert_eq!(far.hand(apart.order(&order)).1.late, [FRONT]);
    far.rig.pass(10 * SECOND);
    far.obeys(VAULT, Unlock);
    far.rig.pass(10 * SECOND);
    far.all_shut();
}

/// The hub has this entry in its log, and hands it over under a checkpoint that is in order.
fn appended(far: &mut Far, entry: Vec<u8>) -> crate::rig::Seen {
    let first = far.hub.house.size();
    far.hub.house.entries.push(entry);
    let said = far.hub.entries_from(first).unwrap();
    far.rig.told(&mut far.hub, said)
}

fn set(far: &Far, changes: Vec<Change>) -> ChangeSet {
    let (site, at) = (far.hub.house.site, far.hub.house.size());
    ChangeSet { site, at, drafted: crate::house::MORNING, on_behalf: None, reason: None, changes }
}

#[test]
fn hub_bounded_a_touch_to_sign_in_that_is_really_a_change_changes_nothing() {
    let stolen = Authenticator::new(SIGNER_RP, SIGNER_ORIGIN);
    let key = || Change::PutOperatorKey { operator: id("ivy"), key: stolen.as_key() };
    for change in [
        Change::PutPerson(crate::house::person("eve")),
        // Not even a key of the hub's own making, to go on with.
        key(),
        Change::RemovePolicy(id(lockward_policy::SIGNED_APART)),
    ] {
        let (mut far, hers, _) = apart(31);
        let (at, entry) = (far.hub.house.size(), hers.changes(&set(&far, vec![change])));
        assert_eq!(appended(&mut far, entry).released(), NONE);
        let refused = Body::ConfigRefused { at, code: "SIGNER_NOT_ALLOWED".into() };
        assert_eq!(far.rig.bodies_so_far().iter().filter(|b| **b == refused).count(), 1);
        far.all_shut();
    }
    let (mut far, _, hers) = apart(32);
    let entry = hers.changes(&set(&far, vec![key()]));
    appended(&mut far, entry);
    far.rig.house = far.hub.house.clone();
    let order = far.order(FRONT, Unlock);
    assert_eq!(far.hand(stolen.order(&order)).1.late, [FRONT], "a key that she added with her own is good");
    far.rig.pass(10 * SECOND);
    far.all_shut();
}

#[test]
fn hub_bounded_whatever_the_hub_says_at_random_the_doors_stay_shut() {
    use crate::link::Dice;
    for seed in 0..4 {
        let mut far = Far::hardened(11 + seed, vec![]);
        let (mut dice, mut seen_before) = (Dice(seed), Vec::<Vec<u8>>::new());
        for _ in 0..150 {
            let act = [Unlock, Hold(HOUR)][usize::from(dice.once_in(2))];
            // The owner orders nothing but that holds end: that is all the hub ever gets of her.
            let Some(nonce) = far.nonce() else {
                far.rig.pass(Order::LIFE_MAX);
                continue;
            };
            let order = far.order_with(FRONT, act, nonce);
            let hers = signed(&Order { act: Release, ..order.clone() }, &[OWNER]);
            let envelope = match dice.below(5) {
                0 => signed(&order, &[HUB]),
                1 => signed(&Order { on_behalf: Some(id("ada")), ..order }, &[HUB, AUDITOR]),
                2 => hers,
                3 => {
                    let mut bytes = signed(&order, &[HUB]);
                    let at = usize::try_from(dice.below(bytes.len() as u64)).unwrap();
                    bytes[at] ^= 1 << dice.below(7);
                    bytes
                }
                _ => match seen_before.get(usize::try_from(dice.below(50)).unwrap()) {
                    Some(old) => old.clone(),
                    None => signed(&order, &[]),
                },
            };
            seen_before.push(envelope.clone());
            let (_, seen) = far.hand(envelope);
            assert_eq!(seen.released(), NONE);
            far.rig.pass(Duration::from_secs(dice.below(70)));
        }
        far.all_shut();
    }
}
