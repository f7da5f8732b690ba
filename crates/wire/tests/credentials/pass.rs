//! Passes: one spelling, one signature, one site, one place, one window; and every flaw by its name.

use crate::dice;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use lockward_model::{Digest, PublicKey, ServiceId, SiteId, Time, ZoneId};
use lockward_wire::credential::{PASS_TEXT_MAX, Pass, PassError, PassId, PassPlace, SignedPass};
use proptest::prelude::*;

const SITE: SiteId = SiteId([1; 32]);

fn pair(n: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[n; 32]).unwrap()
}

fn key(n: u8) -> PublicKey {
    PublicKey(pair(n).public_key().as_ref().try_into().unwrap())
}

fn pass() -> Pass {
    Pass {
        id: PassId([0xAB; 16]),
        service: "lockers".parse().unwrap(),
        place: PassPlace::Door("box-17".parse().unwrap()),
        from: Time(1_000),
        until: Time(2_000),
        uses: 1,
        order: Some(Digest([0xCD; 32])),
    }
}

fn text() -> String {
    pass().sign(&SITE, &pair(9)).unwrap().text()
}

/// What a door makes of a text.
fn shown(text: &[u8]) -> Result<Pass, PassError> {
    SignedPass::parse(text)?.verify(&SITE, &key(9)).cloned()
}

/// The text with one character in place of another, so that it still is base32.
fn with(at: usize, digit: u8) -> Vec<u8> {
    let mut text = text().into_bytes();
    text[at] = digit;
    text
}

#[test]
fn a_pass_reads_back_as_it_was_signed() {
    assert_eq!(shown(text().as_bytes()), Ok(pass()));
    assert_eq!(
        SignedPass::parse(text().as_bytes()).unwrap().service(),
        "lockers".parse::<ServiceId>().unwrap()
    );
    assert_eq!(SignedPass::parse(text().as_bytes()).unwrap().text(), text());
}

/// Put together and signed by another implementation, from the table: a pass on somebody's phone outlives an update.
#[test]
fn the_format_does_not_drift() {
    let golden = include_str!("pass.txt");
    assert_eq!(text(), golden.trim_end());
}

#[test]
fn a_text_is_of_the_alphanumeric_mode_and_within_its_limit() {
    let long = "x".repeat(31);
    let pass =
        Pass { service: long.parse().unwrap(), place: PassPlace::Zone(long.parse().unwrap()), ..pass() };
    let text = pass.sign(&SITE, &pair(9)).unwrap().text();
    // ISO/IEC 18004, table 5, less what a pass does not need.
    assert!(text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b':'));
    assert_eq!(text.len(), PASS_TEXT_MAX);
    // What a reader gives as a code: longer than any card number, and within what one report holds.
    assert!(text.len() <= 512 && self::text().len() > 64);
    assert!(shown(text.as_bytes()).is_ok());
}

#[test]
fn lower_case() {
    assert_eq!(shown(text().to_lowercase().as_bytes()), Err(PassError::Form));
    assert_eq!(shown(text().replace("LW1:", "lw1:").as_bytes()), Err(PassError::Form));
}

#[test]
fn prefix_missing_twice_and_of_another_version() {
    for other in ["", "LW1:LW1:", "LW2:", "LW1", "HTTPS://LW1:"] {
        assert_eq!(shown(text().replace("LW1:", other).as_bytes()), Err(PassError::Form), "{other}");
    }
}

#[test]
fn version_newer_and_version_zero() {
    // Version 1 is five bits 0, then 001 and the first two of the site's id: `A`, `E`.
    assert_eq!(&text()[4..6], "AE");
    assert_eq!(shown(&with(5, b'I')), Err(PassError::Newer));
    assert_eq!(shown(&with(5, b'A')), Err(PassError::Form));
}

#[test]
fn padded_extended_and_truncated() {
    for suffix in ["=", "======", "A", "AA", "AAAAAAAA", " ", "\n", "\r\n", "\0"] {
        let text = text() + suffix;
        assert!(matches!(shown(text.as_bytes()), Err(PassError::Form | PassError::Signature)), "{suffix:?}");
    }
    for len in 0..text().len() {
        assert!(shown(&text().as_bytes()[..len]).is_err(), "{len}");
    }
}

#[test]
fn trailing_bits_set() {
    let text = text();
    // 1+8+16+8+1+7+16+2+33+64 = 156 bytes are 1,248 bits in 250 characters: two bits are over.
    assert_eq!(text.len(), 4 + 250);
    let last = text.as_bytes()[text.len() - 1];
    assert_eq!(shown(&with(text.len() - 1, last + 1)), Err(PassError::Form));
}

#[test]
fn longer_than_its_limit() {
    let long = format!("LW1:{}", "A".repeat(PASS_TEXT_MAX - 3));
    assert_eq!(shown(long.as_bytes()), Err(PassError::Form));
}

#[test]
fn signature_wrong_in_any_character() {
    let text = text();
    for at in 4..text.len() {
        let other = if text.as_bytes()[at] == b'Q' { b'A' } else { b'Q' };
        assert!(shown(&with(at, other)).is_err(), "{at}");
    }
}

#[test]
fn signature_by_another_service() {
    let forged = pass().sign(&SITE, &pair(8)).unwrap();
    assert_eq!(forged.verify(&SITE, &key(9)), Err(PassError::Signature));
}

#[test]
fn other_site_and_other_site_that_begins_alike() {
    let pass = pass().sign(&SITE, &pair(9)).unwrap();
    assert_eq!(pass.verify(&SiteId([2; 32]), &key(9)), Err(PassError::OtherSite));
    let mut alike = SITE;
    alike.0[31] = 9;
    assert_eq!(
        pass.verify(&alike, &key(9)),
        Err(PassError::Signature),
        "the whole id is under the signature"
    );
}

#[test]
fn other_door_and_other_zone() {
    let [here, there] = ["box-17", "box-18"].map(|door| door.parse().unwrap());
    let zones: Vec<ZoneId> = ["shop", "lockers"].map(|zone| zone.parse().unwrap()).to_vec();
    assert_eq!(pass().check(here, &zones, Time(1_500)), Ok(()));
    assert_eq!(pass().check(there, &zones, Time(1_500)), Err(PassError::OtherPlace));
    let zone = |zone: &str| Pass { place: PassPlace::Zone(zone.parse().unwrap()), ..pass() };
    assert_eq!(zone("shop").check(there, &zones, Time(1_500)), Ok(()));
    assert_eq!(zone("cash").check(there, &zones, Time(1_500)), Err(PassError::OtherPlace));
    // A zone's name is no door's.
    assert_eq!(zone("box-17").check(here, &zones, Time(1_500)), Err(PassError::OtherPlace));
}

#[test]
fn before_and_after_its_window() {
    let at = |now| pass().check("box-17".parse().unwrap(), &[], Time(now));
    assert_eq!(at(999), Err(PassError::NotYet));
    assert_eq!((at(1_000), at(1_999)), (Ok(()), Ok(())));
    assert_eq!(at(2_000), Err(PassError::Over));
}

#[test]
fn window_reversed_and_no_uses() {
    let reversed = Pass { from: Time(2_000), ..pass() };
    let none = Pass { uses: 0, ..pass() };
    for pass in [reversed, none] {
        assert_eq!(pass.sign(&SITE, &pair(9)).unwrap_err(), PassError::Meaning);
    }
}

#[test]
fn a39_only_the_signed_format_parses_of_a_hundred_thousand_fuzzed_payloads() {
    let hostile: [&[u8]; 8] = [
        b"' OR 1=1; DROP TABLE people; --",
        b"\r\n2026-01-01 ACCESS_GRANTED door=vault",
        b"\0\0\0\0",
        b"\x1b[2J\x1b[31m",
        "\u{202e}\u{feff}\u{1f512}".as_bytes(),
        b"\xff\xfe\xc0\x80\xed\xa0\x80",
        b"LW1:",
        &[b'A'; 4_096],
    ];
    let mut next = dice(0x0a39);
    let good = text().into_bytes();
    let mut seen = std::collections::BTreeSet::new();
    for index in 0..100_000usize {
        let [how, at, value, which, ..] = next().to_le_bytes();
        let mut bytes = good.clone();
        let place = usize::from(at) % bytes.len();
        match how % 5 {
            0 => bytes[place] = value,
            1 => bytes.insert(place, value),
            2 => bytes.truncate(place),
            3 => bytes = hostile[usize::from(which) % hostile.len()].to_vec(),
            _ => _ = bytes.splice(place..place, hostile[usize::from(which) % hostile.len()].iter().copied()),
        }
        match shown(&bytes) {
            Ok(_) => assert_eq!(bytes, good, "{index}"),
            Err(error) => _ = seen.insert(error.to_string()),
        }
    }
    // Whatever was shown, a log has one of these sentences, on one line, and nothing of the payload.
    let known = [PassError::Form, PassError::Newer, PassError::OtherSite, PassError::Signature];
    let known: std::collections::BTreeSet<String> = known.iter().map(ToString::to_string).collect();
    assert!(seen.is_subset(&known), "{seen:?}");
    assert!(seen.iter().all(|line| !line.chars().any(char::is_control)));
}

#[test]
fn a_pass_does_not_print() {
    let signed = SignedPass::parse(text().as_bytes()).unwrap();
    assert_eq!(format!("{signed:?} {:?}", pass().id), "SignedPass(..) PassId(..)");
}

proptest! {
    #[test]
    fn every_pass_reads_back_and_has_one_spelling(
        id: [u8; 16], service in "[a-z0-9][a-z0-9-]{0,30}", place in "[a-z0-9][a-z0-9-]{0,30}", door: bool,
        from: i64, length in 1i64.., uses in 1u16.., order: Option<[u8; 32]>,
    ) {
        prop_assume!(from.checked_add(length).is_some());
        let pass = Pass {
            id: PassId(id),
            service: service.parse().unwrap(),
            place: if door { PassPlace::Door(place.parse().unwrap()) } else { PassPlace::Zone(place.parse().unwrap()) },
            from: Time(from),
            until: Time(from + length),
            uses,
            order: order.map(Digest),
        };
        let text = pass.clone().sign(&SITE, &pair(9)).unwrap().text();
        prop_assert!(text.len() <= PASS_TEXT_MAX);
        prop_assert_eq!(shown(text.as_bytes()), Ok(pass));
    }

    #[test]
    fn any_text_that_parses_is_spelled_as_it_would_be_written(text in "LW1:[A-Z2-7]{0,460}") {
        if let Ok(pass) = SignedPass::parse(text.as_bytes()) {
            prop_assert_eq!(pass.text(), text);
        }
    }
}
