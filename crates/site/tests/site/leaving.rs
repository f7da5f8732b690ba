//! Leaving never stops: whoever the site knows may leave, whatever had happened before, and the record says what stood
//! against it.

use crate::decisions::{at, knowing, with_pass};
use crate::house::*;
use crate::random::{self, grown, house};
use lockward_model::*;
use lockward_site::{Answer, Question, Terms};
use lockward_wire::credential::PassPlace;
use proptest::collection::vec;
use proptest::prelude::*;

fn leave(house: &House, q: &Question) -> (String, Terms) {
    match house.site.decide(q, Mono(7)) {
        Answer::Granted(grant, Access { outcome: Outcome::Granted { because }, .. }, terms) => {
            assert_eq!((grant.door(), grant.until()), (q.door, Mono(7)));
            (because.join(" "), terms)
        }
        other => panic!("{other:?}"),
    }
}

fn out(door: &str, token: CardToken) -> Question {
    Question { side: Side::Exit, ..at(door, token) }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn nothing_that_is_known_keeps_anybody_in(history in house(25), questions in vec(random::question(), 30)) {
        let house = grown(history);
        for q in questions {
            let q = Question { side: Side::Exit, ..q };
            let served = house.site.door(q.door).is_some_and(|d| d.controller == q.controller)
                && house.site.controller(q.controller).is_some_and(|c| !c.revoked);
            let somebody = q.token.and_then(|token| house.site.holder_of(token)).is_some();
            let answer = house.site.decide(&q, Mono(1));
            let leaves = matches!(answer, Answer::Granted(..));
            prop_assert!(!(served && somebody) || leaves, "{answer:?} to {q:?}");
            // And nobody sets a door free by leaving.
            if let Answer::Granted(_, access, terms) = answer {
                let leaving = matches!(&access.outcome, Outcome::Granted { because } if because[0].starts_with("leaving"));
                prop_assert_eq!(terms.hold, !leaving);
            }
        }
    }
}

#[test]
fn whoever_is_known_leaves_and_the_record_says_what_stood_against_it() {
    let mut house = House::warehouse();
    assert_eq!(leave(&house, &out("gate", ANN)).0, "leaving");
    // By a door that no rule opens, outside every schedule.
    assert_eq!(leave(&house, &Question { at: night(), ..out("shop", BEN) }).0, "leaving");
    house.put(vec![Change::SuspendPerson(id("ann")), Change::LockDown(id("hall"))]);
    assert_eq!(leave(&house, &out("gate", ANN)).0, "leaving/PERSON_SUSPENDED");
    let over = Validity { from: None, until: Some(noon()) };
    house.put(vec![Change::PutCredential(Credential { valid: over, ..card("ben-card", "ben", BEN) })]);
    assert_eq!(leave(&house, &out("gate", BEN)).0, "leaving/CRED_EXPIRED");
}

#[test]
fn a_card_that_nobody_knows_does_not_open_on_the_way_out() {
    let house = House::warehouse();
    let told = house.site.decide(&out("gate", UNKNOWN), Mono(1));
    assert!(matches!(told, Answer::Denied(Deny::UnknownCredential, _)));
}

#[test]
fn whoever_came_in_with_a_pass_leaves_with_it_when_it_is_over() {
    let house = House::warehouse();
    let pass = |by| with_pass(shown_pass(PassPlace::Door(id("gate")), utc(5, 1, 0, 0), by));
    let q = Question { side: Side::Exit, ..pass(HUB) };
    assert_eq!(leave(&house, &q).0, "leaving/PASS_EXPIRED");
    let forged = house.site.decide(&Question { side: Side::Exit, ..pass(STRANGER) }, Mono(1));
    assert!(matches!(forged, Answer::Denied(Deny::PassInvalid, _)));
}

#[test]
fn on_the_way_out_a_gesture_sets_the_door_free_only_for_those_who_may() {
    let mut house = House::warehouse();
    let hold = |token| knowing(out("gate", token), |k| k.wish = Wish::Hold);
    assert_eq!(leave(&house, &hold(ANN)), ("leaving".into(), Terms::default()));
    let text = r#"permit (principal in Group::"staff", action == Action::"hold", resource);"#;
    house.put(vec![policy("hold", text)]);
    assert_eq!(leave(&house, &hold(ANN)), ("policy/hold".into(), Terms { extended: false, hold: true }));
    assert_eq!(leave(&house, &hold(BEN)).1, Terms::default());
    house.put(vec![Change::LockDown(id("hall"))]);
    assert_eq!(leave(&house, &hold(ANN)), ("leaving".into(), Terms::default()));
}
