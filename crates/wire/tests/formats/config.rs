//! Entries of the config log.

use crate::event::signer;
use crate::strategies;
use lockward_model::{Change, ChangeSet, Dates, Fold, Gap, Jumps, PublicKey, SigningKey, SiteId, Time};
use lockward_wire::ENTRY_BYTES_MAX;
use lockward_wire::config::*;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;

fn empty() -> ChangeSet {
    ChangeSet {
        site: SiteId([1; 32]),
        at: 1,
        drafted: Time(0),
        on_behalf: None,
        reason: None,
        changes: vec![],
    }
}

fn signed(payload: &[u8], seeds: &[u8]) -> Envelope {
    let mut envelope = Envelope::new(PayloadType::ChangeSet, payload.to_vec()).unwrap();
    seeds.iter().for_each(|seed| envelope.sign(&signer(*seed).0).unwrap());
    envelope
}

fn read_changes(json: &str) -> Result<Payload, PayloadError> {
    Envelope::new(PayloadType::ChangeSet, json.as_bytes().to_vec()).unwrap().payload()
}

fn with_change(change: &str) -> String {
    let site = "01".repeat(32);
    format!(r#"{{"site":"{site}","at":1,"drafted_ms":0,"changes":[{change}]}}"#)
}

proptest! {
    #[test]
    fn a_change_set_reads_back_as_written(changes in strategies::change_set()) {
        let payload = encode_changes(&changes).unwrap();
        let entry = signed(&payload, &[1]).to_bytes();
        let read = Envelope::parse(&entry).unwrap();
        prop_assert_eq!(read.payload_bytes(), payload);
        prop_assert_eq!(read.payload().unwrap(), Payload::Changes(changes));
    }

    #[test]
    fn a_founding_reads_back_as_written(founding in strategies::founding()) {
        let payload = encode_founding(&founding).unwrap();
        let entry = Envelope::new(PayloadType::Founding, payload).unwrap().to_bytes();
        let read = Envelope::parse(&entry).unwrap().payload().unwrap();
        prop_assert_eq!(read, Payload::Founding(Box::new(founding)));
    }

    #[test]
    fn a_change_stands_under_its_verb(change in strategies::change()) {
        let head = format!(r#"{{"{}":"#, change.verb());
        let payload = encode_changes(&ChangeSet { changes: vec![change], ..empty() }).unwrap();
        let json = String::from_utf8(payload).unwrap();
        prop_assert!(json.contains(&format!("\"changes\":[{head}")), "{json}");
    }

    #[test]
    fn a_changed_entry_no_longer_bears_its_signature(
        changes in strategies::change_set(), at in any::<proptest::sample::Index>(), flip in 1u8..,
    ) {
        let (_, public) = signer(1);
        let envelope = signed(&encode_changes(&changes).unwrap(), &[1]);
        prop_assert!(envelope.verified_by(&by(public)));
        let mut entry = envelope.to_bytes();
        let at = at.index(entry.len());
        entry[at] ^= flip;
        if let Ok(read) = Envelope::parse(&entry) {
            prop_assert!(!read.verified_by(&by(public)) || read == envelope, "byte {at}");
        }
    }

    #[test]
    fn no_bytes_make_a_parser_panic(
        changes in strategies::change_set(), noise in proptest::collection::vec(any::<u8>(), 0..9),
        at in any::<proptest::sample::Index>(), random in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let payload = encode_changes(&changes).unwrap();
        let at = at.index(payload.len());
        let spliced = [&payload[..at], &noise, &payload[at..]].concat();
        for payload in [spliced, random] {
            let _ = Envelope::parse(&payload);
            for kind in PayloadType::ALL {
                let _ = Envelope::new(kind, payload.clone()).unwrap().payload();
            }
        }
    }
}

fn by(key: PublicKey) -> SigningKey {
    SigningKey::Ed25519(key)
}

#[test]
fn the_bytes_that_are_signed_are_those_of_dsse() {
    // The example of the DSSE protocol's text.
    assert_eq!(
        pae("http://example.com/HelloWorld", b"hello world"),
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    );
}

#[test]
fn every_signer_counts_once_and_a_stranger_not_at_all() {
    let mut envelope = signed(b"{}", &[1, 2, 3, 1]);
    envelope.sign(&signer(2).0).unwrap();
    let known = [by(signer(1).1), by(signer(2).1)];
    let signers = envelope.signers(|id| known.iter().find(|k| key_id(k.public()) == id).cloned());
    assert_eq!(signers.len(), 2);
    assert!(known.iter().all(|k| signers.contains(k)));
    assert!(envelope.verified_by(&by(signer(3).1)) && !envelope.verified_by(&by(signer(4).1)));
}

#[test]
fn the_same_signature_twice_in_the_bytes_counts_once() {
    let entry = String::from_utf8(signed(b"{}", &[1]).to_bytes()).unwrap();
    let (head, signature) = entry.strip_suffix("]}").unwrap().split_once("\"signatures\":[").unwrap();
    let twice = format!("{head}\"signatures\":[{signature},{signature}]}}");
    let read = Envelope::parse(twice.as_bytes()).unwrap();
    assert_eq!(read.signers(|_| Some(by(signer(1).1))), [by(signer(1).1)]);
}

#[test]
fn a_signature_over_one_type_does_not_hold_for_another() {
    let entry = String::from_utf8(signed(b"{}", &[1]).to_bytes()).unwrap();
    let other = entry.replace("change-set", "founding");
    assert!(!Envelope::parse(other.as_bytes()).unwrap().verified_by(&by(signer(1).1)));
}

#[test]
fn an_envelope_in_another_spelling_is_refused() {
    let good = String::from_utf8(signed(b"{}", &[1]).to_bytes()).unwrap();
    assert!(Envelope::parse(good.as_bytes()).is_ok());
    let keyid = key_id(&signer(1).1.0).to_string();
    for (name, bad) in [
        ("unknown field", good.replacen('{', r#"{"x":1,"#, 1)),
        ("unknown field in a signature", good.replace(r#"{"keyid""#, r#"{"x":1,"keyid""#)),
        ("payload twice", good.replacen('{', r#"{"payload":"e30=","#, 1)),
        ("base64 without padding", good.replace("e30=", "e30")),
        ("base64 with stray bits", good.replace("e30=", "e31=")),
        ("upper-case key id", good.replace(&keyid, &keyid.to_uppercase())),
        ("short key id", good.replace(&keyid, &keyid[2..])),
        ("short signature", good.replacen(r#""sig":"#, r#""sig":"AAAA","y":"#, 1)),
        ("more behind it", format!("{good} 1")),
        ("no signatures", good.split(r#","signatures""#).next().unwrap().to_owned() + "}"),
    ] {
        assert!(matches!(Envelope::parse(bad.as_bytes()), Err(EnvelopeError::Json(_))), "{name}: {bad}");
    }
}

#[test]
fn a_payload_of_a_newer_version_is_named_so() {
    let good = String::from_utf8(signed(b"{}", &[1]).to_bytes()).unwrap();
    let newer = Envelope::parse(good.replace(".v1+json", ".v2+json").as_bytes()).unwrap_err();
    assert!(matches!(newer, EnvelopeError::Newer(_)));
    assert!(newer.to_string().contains("written by a newer version"));
    for foreign in ["change-set.v0", "change-set.vx", "other.v1"] {
        let entry = good.replace("change-set.v1", foreign);
        assert!(matches!(Envelope::parse(entry.as_bytes()), Err(EnvelopeError::ForeignType(_))));
    }
}

#[test]
fn a_full_envelope_fits_an_entry_and_a_fuller_one_is_refused() {
    let payload = vec![b' '; PAYLOAD_BYTES_MAX];
    let mut envelope = signed(&payload, &[1, 2, 3, 4, 5, 6, 7, 8]);
    let entry = envelope.to_bytes();
    assert!(entry.len() <= ENTRY_BYTES_MAX);
    assert_eq!(Envelope::parse(&entry).unwrap(), envelope);
    assert!(matches!(envelope.sign(&signer(9).0), Err(EncodeError::TooManySignatures)));
    let long = vec![b' '; PAYLOAD_BYTES_MAX + 1];
    assert!(matches!(Envelope::new(PayloadType::ChangeSet, long), Err(EncodeError::TooLong { .. })));
    let huge = vec![b' '; ENTRY_BYTES_MAX + 1];
    assert!(matches!(Envelope::parse(&huge), Err(EnvelopeError::TooLong { .. })));
    let reason = Some("x".repeat(80).parse().unwrap());
    let big = ChangeSet { changes: vec![Change::RemoveDoor("d".parse().unwrap()); 3_000], reason, ..empty() };
    assert!(matches!(encode_changes(&big), Err(EncodeError::TooLong { .. })));
}

#[test]
fn a_payload_that_breaks_a_rule_of_the_model_is_refused() {
    let door = r#""id":"d","title":"D","kind":"room","to":"z","controller":"c","release_ms":5000,"open_limit_ms":30000,"relock":"on-open","exit":"mechanical""#;
    let put = |fields: &str| with_change(&format!(r#"{{"put-door":{{{fields}}}}}"#));
    read_changes(&put(door)).unwrap();
    let days = |window: &str| {
        with_change(&format!(
            r#"{{"put-schedule":{{"id":"s","title":"S","windows":[{window}],"exceptions":[]}}}}"#
        ))
    };
    read_changes(&days(r#"{"days":["mon"],"from_minute":0,"to_minute":1440}"#)).unwrap();
    for (name, bad) in [
        ("unknown field", put(&format!("{door},\"x\":1"))),
        ("field missing", put(&door.replace(r#""to":"z","#, ""))),
        ("field twice", put(&format!(r#"{door},"to":"y""#))),
        ("id outside its alphabet", put(&door.replace(r#""id":"d""#, r#""id":"D""#))),
        ("title with a line break", put(&door.replace(r#""title":"D""#, r#""title":"D\nE""#))),
        ("title with blanks around it", put(&door.replace(r#""title":"D""#, r#""title":" D""#))),
        ("unknown kind", put(&door.replace("room", "window"))),
        ("release too short", put(&door.replace("5000", "499"))),
        ("open limit too long", put(&door.replace("30000", "28800001"))),
        ("unknown relock", put(&door.replace("on-open", "never"))),
        ("window backwards", days(r#"{"days":["mon"],"from_minute":10,"to_minute":10}"#)),
        ("window past midnight", days(r#"{"days":["mon"],"from_minute":10,"to_minute":1441}"#)),
        ("window to 00:00", days(r#"{"days":["mon"],"from_minute":10,"to_minute":0}"#)),
        ("window on no day", days(r#"{"days":[],"from_minute":1,"to_minute":2}"#)),
        ("window on an unknown day", days(r#"{"days":["day"],"from_minute":1,"to_minute":2}"#)),
        ("unknown change", with_change(r#"{"open-door":"d"}"#)),
        ("two changes in one", with_change(r#"{"remove-door":"d","remove-zone":"z"}"#)),
        (
            "unknown field of a controller",
            with_change(r#"{"put-controller":{"id":"c","title":"C","key":"00"}}"#),
        ),
        ("PIN in clear", with_change(r#"{"put-credential":{"id":"c","person":"p","proof":{"pin":"1234"}}}"#)),
        (
            "short card token",
            with_change(r#"{"put-credential":{"id":"c","person":"p","proof":{"card":"00"}}}"#),
        ),
        (
            "unknown factor",
            with_change(
                r#"{"put-rule":{"id":"r","title":"R","groups":[],"targets":[],"factors":["retina"]}}"#,
            ),
        ),
        (
            "statement of an unknown kind",
            with_change(r#"{"put-statement":{"id":"s","says":{"no-cats":{"doors":"all"}}}}"#),
        ),
        (
            "statement that wants nothing",
            with_change(
                r#"{"put-statement":{"id":"s","says":{"no-one-without":{"factors":[],"doors":"all"}}}}"#,
            ),
        ),
        (
            "statement that names no group",
            with_change(r#"{"put-statement":{"id":"s","says":{"only-groups":{"groups":[],"doors":"all"}}}}"#),
        ),
        (
            "statement that says two things",
            with_change(
                r#"{"put-statement":{"id":"s","says":{"no-service-opens":{"doors":"all"},"never-outside":{"schedule":"d","doors":"all"}}}}"#,
            ),
        ),
        ("unknown field of the set", with_change("").replacen('{', r#"{"x":1,"#, 1)),
        ("more behind it", with_change("") + "1"),
        ("no text", "\u{0}".to_owned()),
    ] {
        assert!(read_changes(&bad).is_err(), "{name}: {bad}");
    }
}

/// A schedule with everything that one can have, as it stays.
const NIGHTS: &str = r#"{"put-schedule":{"id":"s","title":"S","windows":[{"days":["fri"],"from_minute":1320,"to_minute":150}],"exceptions":[{"date":"2026-12-24","windows":[]},{"date":"2026-12-27","last":"2027-01-02","reason":"Stocktaking","windows":[{"from_minute":1380,"to_minute":60}]},{"yearly":"12-25","reason":"Christmas","windows":[]}],"gap":"after","fold":"first"}}"#;

#[test]
fn a_schedule_of_nights_holidays_and_jumps_stays_as_it_is() {
    let json = with_change(NIGHTS);
    let Payload::Changes(set) = read_changes(&json).unwrap() else { panic!("a founding") };
    let [Change::PutSchedule(schedule)] = set.changes.as_slice() else { panic!("{set:?}") };
    assert_eq!(schedule.jumps(), Jumps { gap: Some(Gap::After), fold: Some(Fold::First) });
    let yearly = schedule.exceptions().last().unwrap();
    assert_eq!(yearly.dates, Dates::Yearly { month: 12, day: 25 });
    assert_eq!(yearly.reason.as_ref().map(ToString::to_string).as_deref(), Some("Christmas"));
    assert_eq!(String::from_utf8(encode_changes(&set).unwrap()).unwrap(), json);
}

#[test]
fn a_schedule_in_other_words_is_refused() {
    for (good, bad) in [
        ("\"gap\":\"after\"", "\"gap\":\"later\""),
        ("\"fold\":\"first\"", "\"fold\":\"\""),
        ("\"yearly\":\"12-25\"", "\"yearly\":\"12-25\",\"date\":\"2026-12-25\""),
        ("\"yearly\":\"12-25\"", "\"yearly\":\"12-25\",\"last\":\"2026-12-25\""),
        ("\"yearly\":\"12-25\"", "\"yearly\":\"02-29\""),
        ("\"yearly\":\"12-25\"", "\"yearly\":\"+1-25\""),
        ("\"yearly\":\"12-25\"", "\"yearly\":\"1-25\""),
        ("\"yearly\":\"12-25\",", ""),
        ("2026-12-24", "2026-12-24T00:00"),
        ("2026-12-24", "20261224"),
        ("2027-01-02", "2026-12-27"),
        ("2026-12-24", "2026-12-24\",\"windows\":[]},{\"date\":\"2026-12-24"),
    ] {
        let json = with_change(&NIGHTS.replace(good, bad));
        assert!(read_changes(&json).is_err(), "{json}");
    }
}

#[test]
fn a_founding_with_an_origin_that_no_note_can_have_is_refused() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let good = strategies::founding().new_tree(&mut runner).unwrap().current();
    for origin in ["", "a b", "a+b", "a\nb", &"a".repeat(513)] {
        let bad = lockward_model::Founding { event_origin: origin.into(), ..good.clone() };
        let payload = encode_founding(&bad).unwrap();
        assert!(Envelope::new(PayloadType::Founding, payload).unwrap().payload().is_err(), "`{origin}`");
    }
}
