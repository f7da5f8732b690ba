//! One-time codes: every vector of RFC 4226 and RFC 6238, the window, and that a code is good once.

use lockward_model::{CredentialId, SiteId, Time};
use lockward_wire::CardKey;
use lockward_wire::credential::{OneTimeError, OneTimeHash, OneTimeSecret, STEP_SECONDS};
use lockward_wire::seal::OpenError;
use proptest::prelude::*;

const SITE: SiteId = SiteId([1; 32]);
const ID: fn() -> CredentialId = || "c-1".parse().unwrap();
const KEY: fn() -> CardKey = || CardKey::from_bytes([5; 32]);

/// The RFCs' seeds: the ten digits, over and over.
fn rfc(hash: OneTimeHash, digits: u8) -> OneTimeSecret {
    let len = match hash {
        OneTimeHash::Sha1 => 20,
        OneTimeHash::Sha256 => 32,
        OneTimeHash::Sha512 => 64,
    };
    let seed: Vec<u8> = b"1234567890".iter().copied().cycle().take(len).collect();
    OneTimeSecret::new(hash, digits, STEP_SECONDS, &seed).unwrap()
}

#[test]
fn the_vectors_of_rfc_4226_appendix_d() {
    let codes =
        ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
    for (count, code) in (0..).zip(codes) {
        assert_eq!(rfc(OneTimeHash::Sha1, 6).code(count).as_str(), code, "{count}");
        assert_eq!(rfc(OneTimeHash::Sha1, 6).verify_count(code, count, 0), Some(count));
    }
}

#[test]
fn the_vectors_of_rfc_6238_appendix_b() {
    // Time in seconds, step, and the code with each hash.
    for (seconds, step, sha1, sha256, sha512) in [
        (59, 0x1, "94287082", "46119246", "90693936"),
        (1_111_111_109, 0x023_523ec, "07081804", "68084774", "25091201"),
        (1_111_111_111, 0x023_523ed, "14050471", "67062674", "99943326"),
        (1_234_567_890, 0x273_ef07, "89005924", "91819424", "93441116"),
        (2_000_000_000, 0x3f9_40aa, "69279037", "90698825", "38618901"),
        (20_000_000_000, 0x27bc_86aa, "65353130", "77737706", "47863826"),
    ] {
        let now = Time(seconds * 1_000);
        for (hash, code) in
            [(OneTimeHash::Sha1, sha1), (OneTimeHash::Sha256, sha256), (OneTimeHash::Sha512, sha512)]
        {
            let secret = rfc(hash, 8);
            assert_eq!(secret.step_of(now), Some(step));
            assert_eq!(secret.code(step).as_str(), code, "{seconds} {hash:?}");
            assert_eq!(secret.verify_at(code, now, None), Some(step));
        }
    }
}

#[test]
fn a_code_is_good_one_step_early_and_late_and_no_further() {
    let secret = rfc(OneTimeHash::Sha256, 6);
    let code = secret.code(1_000);
    let start = Time(1_000 * 30_000);
    for (offset, good) in [(-30_001, false), (-30_000, true), (0, true), (59_999, true), (60_000, false)] {
        let found = secret.verify_at(&code, Time(start.0 + offset), None);
        assert_eq!(found, good.then_some(1_000), "{offset}");
    }
}

#[test]
fn a15_a_code_that_was_used_is_refused_and_so_is_every_one_before_it() {
    let secret = rfc(OneTimeHash::Sha256, 6);
    let now = Time(1_000 * 30_000);
    for step in 999..=1_001 {
        let code = secret.code(step);
        for used in 998..=1_002 {
            let found = secret.verify_at(&code, now, Some(used));
            assert_eq!(found, (used < step).then_some(step), "{step} {used}");
        }
    }
    assert_eq!(secret.verify_at(&secret.code(1_000), now, Some(u64::MAX)), None);
}

#[test]
fn a_counted_code_is_found_ahead_as_far_as_said_and_never_behind() {
    let secret = rfc(OneTimeHash::Sha1, 6);
    let code = secret.code(10);
    for (next, ahead, found) in [(10, 0, true), (5, 5, true), (5, 4, false), (11, 255, false)] {
        assert_eq!(secret.verify_count(&code, next, ahead), found.then_some(10), "{next} {ahead}");
    }
    assert_eq!(secret.verify_count(&code, u64::MAX, 255), None);
}

#[test]
fn code_of_other_digits_spaces_signs_and_another_length() {
    let secret = rfc(OneTimeHash::Sha1, 6);
    for code in ["", "75522", "7552244", "+55224", " 55224", "755224\n", "7552a4", "٧٥٥", "\0\0\0\0\0\0"] {
        assert_eq!(secret.verify_count(code, 0, 10), None, "{code:?}");
    }
    assert_eq!(secret.verify_at("755224", Time(-1), None), None, "before 1970 there is no step");
}

#[test]
fn what_is_no_secret_is_refused() {
    let new = |digits, step, len| OneTimeSecret::new(OneTimeHash::default(), digits, step, &vec![7; len]);
    assert_eq!(new(6, 30, 15).unwrap_err(), OneTimeError::Length);
    assert_eq!(new(6, 30, 65).unwrap_err(), OneTimeError::Length);
    assert_eq!(new(5, 30, 20).unwrap_err(), OneTimeError::Digits);
    assert_eq!(new(9, 30, 20).unwrap_err(), OneTimeError::Digits);
    assert_eq!(new(6, 0, 20).unwrap_err(), OneTimeError::Step);
    assert!(new(6, 1, 16).is_ok() && new(8, u16::MAX, 64).is_ok());
}

#[test]
fn a_new_secret_takes_sha_256_unless_told() {
    assert_eq!(OneTimeHash::default(), OneTimeHash::Sha256);
}

#[test]
fn a_sealed_secret_opens_for_its_credential_site_and_key_only() {
    let secret = rfc(OneTimeHash::Sha256, 8);
    let sealed = secret.seal_secret(&SITE, ID(), [3; 12], &KEY()).unwrap();
    assert_eq!(OneTimeSecret::open_secret(&SITE, ID(), &sealed, &KEY()).unwrap(), secret);
    for (site, id, key) in [
        (SiteId([2; 32]), ID(), KEY()),
        (SITE, "c-2".parse().unwrap(), KEY()),
        (SITE, ID(), CardKey::from_bytes([6; 32])),
    ] {
        assert!(matches!(OneTimeSecret::open_secret(&site, id, &sealed, &key), Err(OpenError::Key)));
    }
    let mut newer = sealed.clone();
    newer[0] = 2;
    let read = OneTimeSecret::open_secret(&SITE, ID(), &newer, &KEY());
    assert!(matches!(read, Err(OpenError::Newer { version: 2 })));
}

#[test]
fn a_secret_is_never_printed() {
    assert_eq!(format!("{:?}", rfc(OneTimeHash::Sha1, 6)), "OneTimeSecret(..)");
    let sealed = rfc(OneTimeHash::Sha1, 6).seal_secret(&SITE, ID(), [3; 12], &KEY()).unwrap();
    assert!(!sealed.windows(4).any(|four| four == b"1234"));
}

proptest! {
    #[test]
    fn sealed_secrets_read_back_and_a_changed_byte_is_refused(
        bytes in prop::collection::vec(any::<u8>(), 16..=64), digits in 6u8..=8, step in 1u16..,
        at in any::<prop::sample::Index>(), flip in 1u8..,
    ) {
        let secret = OneTimeSecret::new(OneTimeHash::Sha512, digits, step, &bytes).unwrap();
        let mut sealed = secret.seal_secret(&SITE, ID(), [4; 12], &KEY()).unwrap();
        prop_assert_eq!(OneTimeSecret::open_secret(&SITE, ID(), &sealed, &KEY()).unwrap(), secret);
        let at = at.index(sealed.len());
        sealed[at] ^= flip;
        prop_assert!(OneTimeSecret::open_secret(&SITE, ID(), &sealed, &KEY()).is_err());
    }

    #[test]
    fn no_text_is_a_code_unless_it_is_the_code(text in "[0-9]{6}|\\PC{0,8}") {
        let secret = rfc(OneTimeHash::Sha256, 6);
        let codes: Vec<String> = (999..=1_001).map(|step| secret.code(step).to_string()).collect();
        let found = secret.verify_at(&text, Time(1_000 * 30_000), None);
        prop_assert_eq!(found.is_some(), codes.contains(&text));
    }
}
