//! A person's own phone opens what its holder's badge would, with a touch for each opening; and nothing else does.

use crate::far::{Far, signed};
use crate::house::{ANN, DOORS, FRONT, LAB, OPEN, OWNER, SHUT, VAULT, credential, id, person};
use crate::rig::Seen;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use core::num::{NonZeroU16, NonZeroU32};
use core::time::Duration;
use lockward_controller::core::Input;
use lockward_model::OrderAct::{Hold, Release, Unlock};
use lockward_model::*;
use lockward_wire::config::{Assertion, Envelope, PayloadType, challenge_of, encode_challenge, encode_order};
use lockward_wire::credential::phone;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
const ORIGIN: &str = "https://hub.example";

/// A phone, and what its authenticator says of whoever touches it.
struct Phone {
    pair: EcdsaKeyPair,
    flags: u8,
    origin: &'static str,
}

impl Phone {
    fn new() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        Self { pair, flags: 0b101, origin: ORIGIN }
    }

    fn passkey(&self) -> Passkey {
        let key = self.pair.public_key().as_ref().try_into().unwrap();
        Passkey { id: [7; 16].into(), key, rp: "hub.example".into(), origin: ORIGIN.into() }
    }

    fn of(&self, name: &str, person: &str) -> Change {
        Change::PutCredential(credential(name, person, phone(self.passkey())))
    }

    /// What the touch for one order says of another: the same but for a hub that swaps them.
    fn touches_for(&self, asked: &Order, given: &Order) -> Vec<u8> {
        let envelope = |order| Envelope::new(PayloadType::Order, encode_order(order).unwrap()).unwrap();
        let challenge = encode_challenge(&challenge_of(&envelope(asked).message()));
        let client_data = format!(
            r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"{}","crossOrigin":false}}"#,
            self.origin
        );
        let data = [digest(&SHA256, b"hub.example").as_ref(), &[self.flags], &[0, 0, 0, 9]].concat();
        let message = [&data[..], digest(&SHA256, client_data.as_bytes()).as_ref()].concat();
        let assertion = Assertion {
            authenticator_data: data.into(),
            client_data: client_data.into_bytes().into(),
            signature: self.pair.sign(&SystemRandom::new(), &message).unwrap().as_ref().into(),
        };
        let (mut signed, mut other) = (envelope(asked), envelope(given));
        // Who has the hub puts signatures where it likes.
        match signed.sign_with(&self.passkey(), assertion.clone()) {
            Ok(()) if asked == given => signed.to_bytes(),
            _ => forged(&mut other, &self.passkey(), &assertion),
        }
    }

    fn touches(&self, order: &Order) -> Vec<u8> {
        self.touches_for(order, order)
    }
}

/// RFC 4648, section 4.
fn b64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for part in bytes.chunks(3) {
        let all =
            part.iter().chain([&0, &0]).take(3).fold(0_usize, |all, byte| all << 8 | usize::from(*byte));
        let letter = |n: usize| char::from(LETTERS[all >> (18 - 6 * n) & 63]);
        (0..4).for_each(|n| text.push(if n <= part.len() { letter(n) } else { '=' }));
    }
    text
}

/// An envelope with a signature that is not over it, put together by hand.
fn forged(envelope: &mut Envelope, passkey: &Passkey, assertion: &Assertion) -> Vec<u8> {
    let id = lockward_wire::config::key_id(&passkey.key);
    let text = String::from_utf8(envelope.to_bytes()).unwrap();
    let signature = format!(
        r#""signatures":[{{"keyid":"{id}","sig":"{}","webauthn":{{"authenticatorData":"{}","clientDataJSON":"{}"}}}}]"#,
        b64(&assertion.signature),
        b64(&assertion.authenticator_data),
        b64(&assertion.client_data)
    );
    text.replace(r#""signatures":[]"#, &signature).into_bytes()
}

fn phones_policy() -> Change {
    let text = r#"permit (principal, action == Action::"enter-by-phone", resource in Zone::"house");"#;
    Change::PutPolicy(PolicyText { id: id("phones"), text: text.into() })
}

/// A hardened site in which Ann has a phone, and phones open doors.
fn with_phone(seed: u64, changes: Vec<Change>) -> (Far, Phone) {
    let phone = Phone::new();
    let mut all = vec![phones_policy(), phone.of("ann-phone", "ann")];
    all.extend(changes);
    (Far::hardened(seed, all), phone)
}

fn opens(far: &mut Far, phone: &Phone, door: usize) -> Seen {
    let order = far.order(door, Unlock);
    let (answer, seen) = far.hand(phone.touches(&order));
    assert_eq!((answer, &seen.late), (Some(Ok(())), &vec![door]), "{}", DOORS[door]);
    seen
}

fn refused(far: &mut Far, phone: &Phone, door: usize, why: Deny) {
    let order = far.order(door, Unlock);
    far.refuses(why.code(), phone.touches(&order), why);
}

fn granted(far: &Far) -> Vec<Access> {
    let access = |body: Body| match body {
        Body::Access(a) if a.known.phone.is_some() && matches!(a.outcome, Outcome::Granted { .. }) => Some(a),
        _ => None,
    };
    far.records().into_iter().filter_map(|e| access(e.body)).collect()
}

fn zone(rules: ZoneRules) -> Change {
    Change::PutZone(Zone { id: id("house"), title: id("House"), parent: None, rules })
}

#[test]
fn a_persons_own_phone_opens_a_door_with_a_touch_and_the_record_says_so() {
    let (mut far, phone) = with_phone(1, vec![]);
    opens(&mut far, &phone, FRONT);
    let access = granted(&far).remove(0);
    assert_eq!((access.person, access.side), (Some(id("ann")), Side::Entry));
    assert_eq!(access.factors, Factors::CARD.with(Factors::KEY));
    let shown = access.known.phone.unwrap();
    assert!(shown.fresh && shown.prompt);
    // The record holds the assertion: anybody with the record finds the touch in it.
    let envelope = Envelope::parse(&shown.envelope).unwrap();
    assert!(envelope.verified_by(&SigningKey::Passkey(phone.passkey())));
    let Outcome::Granted { because } = access.outcome else { panic!("granted") };
    assert_eq!(because, ["policy/phones".into(), "rule/doors".into()]);
    far.rig.pass(10 * SECOND);
    far.all_shut();
}

#[test]
fn closed_by_default_a_new_site_lets_no_phone_open_anything() {
    let phone = Phone::new();
    let mut far = Far::hardened(2, vec![phone.of("ann-phone", "ann")]);
    refused(&mut far, &phone, FRONT, Deny::NotByPhone);
    // Nor does a phone open what the access rules do not open to its holder, whatever phones may.
    far.changes(vec![phones_policy(), Change::RemoveRule(id("doors"))]);
    refused(&mut far, &phone, FRONT, Deny::NothingPermits);
    far.all_shut();
}

#[test]
fn without_a_touch_in_the_last_ten_seconds_no_phone_opens() {
    let (mut far, mut phone) = with_phone(3, vec![]);
    // The controller gives the number before the touch: so the touch is younger than the number.
    let order = far.order(FRONT, Unlock);
    let early = phone.touches(&order);
    far.rig.pass(Order::PHONE_LIFE_MAX);
    far.refuses("ten seconds later", early, Deny::TouchTooOld);
    let order = far.order(FRONT, Unlock);
    let year = Order { until: order.until + 365 * 24 * HOUR, ..order };
    far.rig.pass(Order::PHONE_LIFE_MAX);
    far.refuses("that says it is good for a year", phone.touches(&year), Deny::TouchTooOld);
    // An authenticator that nobody touched, and one that does not know who did.
    for flags in [0b000, 0b100, 0b001] {
        phone.flags = flags;
        let order = far.order(FRONT, Unlock);
        far.refuses("no touch of a verified user", phone.touches_for(&order, &order), Deny::OrderSignature);
    }
    phone.flags = 0b101;
    let order = far.order(FRONT, Unlock);
    far.rig.pass(Order::PHONE_LIFE_MAX - SECOND);
    assert_eq!(far.hand(phone.touches(&order)).1.late, [FRONT], "up to then it opens");
    far.rig.pass(10 * SECOND);
    far.all_shut();
}

#[test]
fn hub_bounded_a_captured_hub_opens_nothing_with_a_phone_that_nobody_touches() {
    let (mut far, phone) = with_phone(4, vec![]);
    let (asked, other) = (far.order(FRONT, Unlock), far.order(LAB, Unlock));
    far.refuses("the touch for another door", phone.touches_for(&asked, &other), Deny::OrderSignature);
    let order = far.order(FRONT, Unlock);
    let once = phone.touches(&order);
    assert_eq!(far.hand(once.clone()).1.late, [FRONT]);
    far.rig.pass(5 * SECOND);
    far.refuses("again", once, Deny::OrderReplayed);
    let order = far.order(FRONT, Unlock);
    far.refuses("nobody's signature", signed(&order, &[]), Deny::OrderSignature);
    let mut evil = Phone::new();
    let order = far.order(FRONT, Unlock);
    far.refuses("a phone that nobody registered", evil.touches(&order), Deny::OrderSignature);
    evil.origin = "https://evil.example";
    let order = far.order(FRONT, Unlock);
    far.refuses("asked on another page", evil.touches(&order), Deny::OrderSignature);
    // Somebody's key may not go with another's signature, nor stand in an operator's place.
    let order = far.order(FRONT, Unlock);
    let both = [signed(&order, &[OWNER]), phone.touches(&order)].map(|e| Envelope::parse(&e).unwrap());
    let part = |e: &Envelope| {
        let text = String::from_utf8(e.to_bytes()).unwrap();
        let (_, rest) = text.split_once(r#""signatures":["#).unwrap();
        rest.trim_end_matches("]}").to_owned()
    };
    let text = String::from_utf8(both[0].to_bytes()).unwrap();
    let two = text.replace(&part(&both[0]), &format!("{},{}", part(&both[0]), part(&both[1])));
    far.refuses("two signatures", two.into_bytes(), Deny::OrderSignature);
    let order = Order { on_behalf: Some(id("ada")), ..far.order(FRONT, Unlock) };
    far.refuses("in the owner's place", phone.touches(&order), Deny::NotByPhone);
    for act in [Hold(HOUR), Release] {
        let order = far.order(FRONT, act);
        far.refuses("holds and their ends are operators'", phone.touches(&order), Deny::NotByPhone);
    }
    let order = Order { site: SiteId([1; 32]), ..far.order(FRONT, Unlock) };
    far.refuses("for another site", phone.touches(&order), Deny::OrderElsewhere);
    far.all_shut();
}

#[test]
fn hub_bounded_a_hub_gives_nobody_a_phone_at_a_hardened_site() {
    let (far, mut house) = (with_phone(5, vec![]).0, crate::house::House::furnished());
    house.change(vec![Change::RemovePolicy(id(lockward_policy::HUB_SIGNS)), phones_policy()]);
    let evil = Phone::new();
    let entry = house.entry(vec![evil.of("evil", "ann")], &[crate::house::HUB]);
    let mut site = house.fold(house.size());
    let refusal = site.apply(&entry).unwrap_err();
    assert_eq!(refusal.code(), ChangeRefusal::NotAllowed.as_str());
    // What it may do is to take one away.
    house.change(vec![evil.of("ann-phone", "ann")]);
    let entry = house.entry(vec![Change::RevokeCredential(id("ann-phone"))], &[crate::house::HUB]);
    house.fold(house.size()).apply(&entry).unwrap();
    far.all_shut();
}

#[test]
fn a_revoked_phone_opens_nothing() {
    let (mut far, phone) = with_phone(6, vec![]);
    opens(&mut far, &phone, FRONT);
    far.rig.pass(10 * SECOND);
    // A touch that was given before counts no more than one after.
    let before = far.order(FRONT, Unlock);
    let before = phone.touches(&before);
    far.changes(vec![Change::RevokeCredential(id("ann-phone"))]);
    far.refuses("touched before", before, Deny::Revoked);
    refused(&mut far, &phone, FRONT, Deny::Revoked);
    assert!(Deny::Revoked.is_alarm());
    // Ann's badge opens as before, and so does her next phone.
    assert!(far.badges(FRONT, ANN));
    let next = Phone::new();
    far.changes(vec![next.of("ann-phone-2", "ann")]);
    opens(&mut far, &next, FRONT);
    far.rig.pass(10 * SECOND);
    // With the person goes every phone.
    far.changes(vec![Change::RemovePerson(id("ann"))]);
    refused(&mut far, &next, FRONT, Deny::Revoked);
    far.all_shut();
}

#[test]
fn a_phone_counts_as_long_as_its_credential_and_its_person_do() {
    let (mut far, phone) = with_phone(7, vec![]);
    far.changes(vec![Change::SuspendPerson(id("ann"))]);
    refused(&mut far, &phone, FRONT, Deny::PersonSuspended);
    let until = Some(far.rig.now.wall + HOUR);
    let valid = Validity { from: None, until };
    far.changes(vec![Change::PutPerson(Person { valid, ..person("ann") })]);
    opens(&mut far, &phone, FRONT);
    far.rig.pass(HOUR);
    refused(&mut far, &phone, FRONT, Deny::PersonNotValid);
    let ended = Credential {
        valid,
        ..credential("ann-phone", "ann", lockward_wire::credential::phone(phone.passkey()))
    };
    far.changes(vec![Change::PutPerson(person("ann")), Change::PutCredential(ended)]);
    refused(&mut far, &phone, FRONT, Deny::CredentialExpired);
    far.all_shut();
}

#[test]
fn a_phone_is_no_pin_and_no_second_person() {
    let two = Rule {
        two_people: true,
        ..crate::house::rule("doors", vec![Target::Door(id("front"))], Factors::CARD)
    };
    let (mut far, phone) = with_phone(8, vec![Change::PutRule(two)]);
    refused(&mut far, &phone, VAULT, Deny::FactorMissing);
    refused(&mut far, &phone, FRONT, Deny::SecondMissing);
    let visit = Visit { host: id("ben"), escorted: true };
    let valid = Validity { from: None, until: Some(far.rig.now.wall + 24 * HOUR) };
    let rule = crate::house::rule("doors", vec![Target::Door(id("front"))], Factors::CARD);
    let ann = Person { visit: Some(visit), valid, ..person("ann") };
    far.changes(vec![Change::PutPerson(ann), Change::PutRule(rule)]);
    refused(&mut far, &phone, FRONT, Deny::EscortMissing);
    far.all_shut();
}

#[test]
fn what_no_order_overrides_stops_a_phone_too() {
    let fresh = Freshness::new(Duration::from_secs(900)).unwrap();
    let (mut far, phone) =
        with_phone(9, vec![zone(ZoneRules { fresh_within: Some(fresh), ..ZoneRules::default() })]);
    far.changes(vec![Change::LockDown(id("house"))]);
    refused(&mut far, &phone, FRONT, Deny::Lockdown);
    far.changes(vec![Change::LiftLockdown(id("house"))]);
    opens(&mut far, &phone, FRONT);
    far.rig.pass(Duration::from_secs(901));
    refused(&mut far, &phone, FRONT, Deny::ConfigStale);
    // One opening a minute: the second door stays shut, for phones as for badges.
    let window = OpeningWindow::new(Duration::from_secs(600)).unwrap();
    let openings =
        OpeningLimit { doors: NonZeroU16::new(1).unwrap(), within: window, approvers: Some(id("staff")) };
    far.changes(vec![zone(ZoneRules { openings: Some(openings), ..ZoneRules::default() })]);
    opens(&mut far, &phone, FRONT);
    far.rig.pass(10 * SECOND);
    refused(&mut far, &phone, LAB, Deny::OpeningsSpent);
    far.all_shut();
}

#[test]
fn who_enters_by_phone_is_inside_and_anti_passback_and_the_limit_on_people_know_it() {
    let passback = Passback { mode: PassbackMode::Hard, alone: Alone::Own };
    let (mut far, phone) =
        with_phone(10, vec![zone(ZoneRules { passback: Some(passback), ..ZoneRules::default() })]);
    opens(&mut far, &phone, FRONT);
    far.rig.pass(10 * SECOND);
    // Not on the grant, but when the door has opened on it.
    opens(&mut far, &phone, FRONT);
    far.rig.turn(vec![Input::Contact(FRONT, OPEN)]);
    far.rig.turn(vec![Input::Contact(FRONT, SHUT)]);
    refused(&mut far, &phone, FRONT, Deny::Passback);
    assert!(!far.badges(FRONT, ANN), "nor with the card");
    // The same after a restart, from the records alone.
    let Far { rig, hub, .. } = far;
    let mut far = Far::again(rig.power_cut(1), hub);
    far.rig.pass(SECOND);
    refused(&mut far, &phone, FRONT, Deny::Passback);
    let most = NonZeroU32::new(1);
    far.changes(vec![zone(ZoneRules { most, ..ZoneRules::default() })]);
    let ben = Phone::new();
    far.changes(vec![ben.of("ben-phone", "ben")]);
    refused(&mut far, &ben, FRONT, Deny::ZoneFull);
    far.all_shut();
}

#[test]
fn record_first_given_a_phone_then_no_bolt_moves_before_its_record_is_durable() {
    let (mut far, phone) = with_phone(11, vec![]);
    let order = far.order(FRONT, Unlock);
    let (question, mut seen) = far.hand_only(phone.touches(&order));
    assert_eq!((seen.released(), far.answer(question, &seen)), (vec![], None));
    assert!(granted(&far).is_empty());
    far.rig.settle(&mut seen);
    assert_eq!((seen.late.clone(), granted(&far).len()), (vec![FRONT], 1));
    far.rig.pass(10 * SECOND);
    far.rig.disk.fail_sync_after(0);
    let order = far.order(LAB, Unlock);
    let (answer, seen) = far.hand(phone.touches(&order));
    assert_eq!((answer, seen.released()), (Some(Err(Deny::NotRecorded.code().into())), vec![]));
    far.rig.disk.heal();
    far.rig.pass(10 * SECOND);
    far.all_shut();
}

#[test]
fn a_phones_key_signs_no_change_and_no_order_of_an_operators() {
    let (far, phone) = with_phone(12, vec![]);
    let mut house = crate::house::House::furnished();
    house.change(vec![phones_policy(), phone.of("ann-phone", "ann")]);
    let site = house.fold(house.size());
    let passkey = SigningKey::Passkey(phone.passkey());
    assert!(site.operators().flat_map(|o| &o.keys).all(|k| k.key != passkey));
    // The same key is nobody else's.
    let twice = house.entry(vec![phone.of("ben-phone", "ben")], &[OWNER]);
    let refusal = house.fold(house.size()).apply(&twice).unwrap_err();
    assert_eq!(refusal.code(), ChangeRefusal::Invalid.as_str(), "{refusal}");
    far.all_shut();
}
