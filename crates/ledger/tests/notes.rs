//! Notes, keys, checkpoints, cosignatures: what is signed is told from what is not, and each flaw has its name.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use aws_lc_rs::signature::Ed25519KeyPair;
use lockward_ledger::{
    Checkpoint, CheckpointError, CosignError, CosignerKey, Hash, Head, KeyError, KeyName, KeyNameError,
    NOTE_BYTES_MAX, Note, NoteError, NoteSignature, OpenError, SIGNATURES_MAX, SIZE_MAX, SignedCheckpoint,
    VerifierKey, VerifyError, leaf_hash, sign_note,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

const TIME: u64 = 1_794_000_000;

fn pair(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

fn name(text: &str) -> KeyName {
    text.parse().unwrap()
}

fn log_key() -> VerifierKey {
    VerifierKey::of_pair(name("log.example"), &pair(1))
}

fn door_key() -> CosignerKey {
    CosignerKey::of_pair(name("door.example"), &pair(2))
}

fn checkpoint(size: u64) -> Checkpoint {
    Checkpoint::new(name("log.example"), Head { size, root: leaf_hash(&size.to_be_bytes()) }, vec![]).unwrap()
}

fn signed(size: u64) -> SignedCheckpoint {
    SignedCheckpoint::sign(checkpoint(size), &pair(1)).unwrap()
}

#[test]
fn a_checkpoint_opens_with_its_logs_key_and_no_other() {
    let note = signed(5).to_string();
    assert_eq!(SignedCheckpoint::open(note.as_bytes(), &log_key()).unwrap().head(), checkpoint(5).head());

    let stranger = VerifierKey::of_pair(name("log.example"), &pair(3));
    let absent = VerifyError::Absent { name: name("log.example"), id: stranger.id() };
    assert_eq!(SignedCheckpoint::open(note.as_bytes(), &stranger), Err(OpenError::Signature(absent)));
}

#[test]
fn given_one_character_of_the_text_changed_then_the_checkpoint_is_forged() {
    let note = signed(5).to_string().replacen("\n5\n", "\n6\n", 1);
    let forged = VerifyError::Forged { name: name("log.example"), id: log_key().id() };
    assert_eq!(SignedCheckpoint::open(note.as_bytes(), &log_key()), Err(OpenError::Signature(forged)));
}

#[test]
fn given_a_good_and_a_forged_line_of_one_key_then_the_whole_note_is_refused() {
    let (five, six) = (signed(5).to_string(), signed(6).to_string());
    let (_, line_of_six) = six.rsplit_once("\n\n").unwrap();
    let note = format!("{five}{line_of_six}");
    assert!(matches!(
        SignedCheckpoint::open(note.as_bytes(), &log_key()),
        Err(OpenError::Signature(VerifyError::Forged { .. }))
    ));
}

#[test]
fn a_checkpoint_of_another_log_is_refused_even_under_the_same_key() {
    let text = checkpoint(5).to_string().replacen("log.example", "other.example", 1);
    let note = Note::new(text.clone(), sign_note(name("log.example"), &pair(1), &text)).unwrap();
    let refused = OpenError::Origin { expected: name("log.example"), found: name("other.example") };
    assert_eq!(SignedCheckpoint::open(note.to_string().as_bytes(), &log_key()), Err(refused));
}

#[test]
fn a_signed_text_that_is_no_checkpoint_is_refused() {
    let text = "log.example\n5\n";
    let note = Note::new(text.into(), sign_note(name("log.example"), &pair(1), text)).unwrap();
    let opened = SignedCheckpoint::open(note.to_string().as_bytes(), &log_key());
    assert_eq!(opened, Err(OpenError::Text(CheckpointError::Lines)));
}

#[test]
fn signatures_of_unknown_keys_are_ignored() {
    let mut note = Note::parse(signed(5).to_string().as_bytes()).unwrap();
    // Same name as the log, another key; and another name with rubbish for a signature.
    note.put(sign_note(name("log.example"), &pair(3), "something else\n")).unwrap();
    note.put("— other.example AAAAAAA=".parse().unwrap()).unwrap();
    assert_eq!(note.signatures().len(), 3);
    assert!(SignedCheckpoint::open(note.to_string().as_bytes(), &log_key()).is_ok());
}

#[test]
fn a_cosignature_holds_for_its_checkpoint_and_its_time_only() {
    let (mut five, six) = (signed(5), signed(6));
    let line = five.cosign(name("door.example"), &pair(2), TIME).unwrap();
    assert_eq!(five.add(&door_key(), line.clone()), Ok(TIME));
    assert_eq!(five.cosigned(&door_key()), Ok(TIME));

    let refused = CosignError::Signature { name: name("door.example") };
    assert_eq!(six.clone().add(&door_key(), line.clone()), Err(refused.clone()));
    let other = CosignerKey::of_pair(name("gate.example"), &pair(2));
    assert!(five.clone().add(&other, line.clone()).is_err());

    // The time is in the first byte after the id, and is signed too.
    let mut later = line.bytes().to_vec();
    later[7] ^= 1;
    let later = line_of(&line, &later);
    assert_eq!(five.clone().add(&door_key(), later.clone()), Err(refused));
    let note = format!("{}{later}\n", signed(5));
    let opened = SignedCheckpoint::open(note.as_bytes(), &log_key()).unwrap();
    assert!(matches!(opened.cosigned(&door_key()), Err(VerifyError::Forged { .. })));
}

/// The same signer with other bytes.
fn line_of(line: &NoteSignature, bytes: &[u8]) -> NoteSignature {
    use base64::Engine;
    let bytes = [line.id().to_bytes().as_slice(), bytes].concat();
    format!("— {} {}", line.name(), base64::engine::general_purpose::STANDARD.encode(bytes)).parse().unwrap()
}

#[test]
fn a_logs_signature_cannot_pass_for_a_cosignature_of_the_same_key() {
    let cosigner = CosignerKey::of_pair(name("log.example"), &pair(1));
    assert_ne!(cosigner.id(), log_key().id());
    let mut five = signed(5);
    assert!(matches!(five.cosigned(&cosigner), Err(VerifyError::Absent { .. })));
    let own = five.note().signatures()[0].clone();
    assert!(five.add(&cosigner, own).is_err());
}

#[test]
fn the_newest_cosignature_of_a_witness_is_kept() {
    let mut five = signed(5);
    let at = |time| signed(5).cosign(name("door.example"), &pair(2), time).unwrap();
    assert_eq!(five.add(&door_key(), at(TIME)), Ok(TIME));
    assert_eq!(five.add(&door_key(), at(TIME - 1)), Ok(TIME));
    assert_eq!(five.add(&door_key(), at(TIME + 1)), Ok(TIME + 1));
    assert_eq!(five.note().signatures().len(), 2);

    let both = format!("{}{}\n{}\n", signed(5), at(TIME), at(TIME + 9));
    let opened = SignedCheckpoint::open(both.as_bytes(), &log_key()).unwrap();
    assert_eq!(opened.cosigned(&door_key()), Ok(TIME + 9));
}

#[test]
fn a_time_that_no_clock_shows_is_not_signed() {
    let found = 1 << 63;
    assert_eq!(signed(5).cosign(name("door.example"), &pair(2), found), Err(CosignError::Time { found }));
    assert!(signed(5).cosign(name("door.example"), &pair(2), found - 1).is_ok());

    // Nor taken, however good the signature.
    let line = signed(5).cosign(name("door.example"), &pair(2), TIME).unwrap();
    let signature = pair(2).sign(format!("cosignature/v1\ntime {found}\n{}", checkpoint(5)).as_bytes());
    let line = line_of(&line, &[found.to_be_bytes().as_slice(), signature.as_ref()].concat());
    assert!(signed(5).add(&door_key(), line).is_err());
}

#[test]
fn each_flaw_of_a_note_is_named() {
    let line = "— a AAAAAAA=\n";
    let long = "x".repeat(NOTE_BYTES_MAX + 1);
    for (bytes, flaw) in [
        (String::new(), NoteError::Unsigned),
        ("text\n".into(), NoteError::Unsigned),
        (format!("text\n{line}"), NoteError::Unsigned),
        (format!("text\n\n{}", line.trim_end()), NoteError::Unsigned),
        ("text\n\n".into(), NoteError::Unsigned),
        (format!("text\n\n{line}\n"), NoteError::Unsigned),
        (format!("te\rxt\n\n{line}"), NoteError::Control),
        (format!("te\0xt\n\n{line}"), NoteError::Control),
        ("text\n\n- a AAAAAAA=\n".into(), NoteError::Line { nth: 1 }),
        (format!("text\n\n{line}— a\n"), NoteError::Line { nth: 2 }),
        ("text\n\n— a AAAAAA==\n".into(), NoteError::Line { nth: 1 }),
        ("text\n\n— a AAAAAAA\n".into(), NoteError::Line { nth: 1 }),
        ("text\n\n— a AAAAAAB=\n".into(), NoteError::Line { nth: 1 }),
        ("text\n\n— a AAAAAAA= \n".into(), NoteError::Line { nth: 1 }),
        ("text\n\n—  AAAAAAA=\n".into(), NoteError::Name { nth: 1, source: KeyNameError::Empty }),
        (format!("text\n\n{}", line.repeat(SIGNATURES_MAX + 1)), NoteError::TooMany),
        (long, NoteError::TooLong { found: NOTE_BYTES_MAX + 1 }),
    ] {
        assert_eq!(Note::parse(bytes.as_bytes()), Err(flaw), "`{}`", &bytes[..bytes.len().min(60)]);
    }
    assert_eq!(Note::parse(b"te\xffxt\n\n"), Err(NoteError::NotText));
    assert_eq!(Note::new("text".into(), line.trim_end().parse().unwrap()), Err(NoteError::Unended));
    assert!(Note::parse(format!("text\n\n{}", line.repeat(SIGNATURES_MAX)).as_bytes()).is_ok());
}

#[test]
fn a_text_may_have_blank_lines_and_ends_at_the_last_one() {
    for text in ["\n", "a\n\nb\n", "a\n\n", "\n\n\n"] {
        let note = Note::new(text.into(), sign_note(name("log.example"), &pair(1), text)).unwrap();
        let parsed = Note::parse(note.to_string().as_bytes()).unwrap();
        assert_eq!((parsed.text(), log_key().verify(&parsed)), (text, Ok(())));
    }
}

#[test]
fn given_a_full_note_then_a_known_signer_is_replaced_and_a_new_one_refused() {
    let line = |nth: usize| format!("— w{nth} AAAAAAA=").parse::<NoteSignature>().unwrap();
    let mut note = Note::new("text\n".into(), line(0)).unwrap();
    (1..SIGNATURES_MAX).for_each(|nth| note.put(line(nth)).unwrap());
    assert_eq!(note.put(line(SIGNATURES_MAX)), Err(NoteError::TooMany));
    assert_eq!(note.put(line(7)), Ok(()));
    assert_eq!(note.signatures().len(), SIGNATURES_MAX);
    assert_eq!(Note::parse(note.to_string().as_bytes()), Ok(note));
}

#[test]
fn names_with_spaces_pluses_or_controls_are_refused() {
    for wrong in ["a b", "a\u{a0}b", "a\u{2003}b", "a+b", "a\nb", "a\u{7f}", "\u{85}"] {
        assert!(matches!(wrong.parse::<KeyName>(), Err(KeyNameError::Character { .. })), "`{wrong:?}`");
    }
    assert_eq!("".parse::<KeyName>(), Err(KeyNameError::Empty));
    assert_eq!("é".repeat(128).parse::<KeyName>(), Err(KeyNameError::TooLong { found: 256 }));
    assert!("é".repeat(127).parse::<KeyName>().is_ok());
}

#[test]
fn each_flaw_of_a_verifier_key_is_named() {
    let text = log_key().to_string();
    assert_eq!(text.parse(), Ok(log_key()));
    let (front, key) = text.rsplit_once('+').unwrap();
    assert_eq!(text.parse::<CosignerKey>(), Err(KeyError::Type { expected: 4, found: 1 }));
    assert!(matches!(format!("lag.example{}", &text[11..]).parse::<VerifierKey>(), Err(KeyError::Id { .. })));
    assert_eq!(format!("{text}AAAA").parse::<VerifierKey>(), Err(KeyError::Malformed));
    assert_eq!(text[..text.len() - 4].parse::<VerifierKey>(), Err(KeyError::Malformed));
    assert_eq!(front.parse::<VerifierKey>(), Err(KeyError::Malformed));
    assert_eq!(format!("{}+{key}", front.to_uppercase()).parse::<VerifierKey>(), Err(KeyError::Malformed));
    assert_eq!(text[11..].parse::<VerifierKey>(), Err(KeyError::Name(KeyNameError::Empty)));
}

#[test]
fn each_flaw_of_a_checkpoint_is_named() {
    let root = "A".repeat(43) + "=";
    for (text, flaw) in [
        (format!("o\n1\n{root}"), CheckpointError::Lines),
        ("o\n1\n".into(), CheckpointError::Lines),
        (String::new(), CheckpointError::Lines),
        (format!("\n1\n{root}\n"), CheckpointError::Origin(KeyNameError::Empty)),
        (format!("o\n01\n{root}\n"), CheckpointError::Size),
        (format!("o\n-1\n{root}\n"), CheckpointError::Size),
        (format!("o\n\n{root}\n"), CheckpointError::Size),
        (format!("o\n{}\n{root}\n", SIZE_MAX + 1), CheckpointError::Size),
        (format!("o\n0\n{root}\n"), CheckpointError::EmptyRoot),
        (format!("o\n1\n{}\n", &root[..40]), CheckpointError::Root),
        (format!("o\n1\n{} \n", &root), CheckpointError::Root),
        (format!("o\n1\n{}B=\n", &root[..42]), CheckpointError::Root),
        (format!("o\n1\n{root}\n\n"), CheckpointError::Extension { nth: 1 }),
        (format!("o\n1\n{root}\nx\n\ny\n"), CheckpointError::Extension { nth: 2 }),
    ] {
        assert_eq!(text.parse::<Checkpoint>(), Err(flaw), "`{text}`");
    }
    let empty = Head { size: 0, root: Hash::EMPTY_ROOT };
    assert!(Checkpoint::new(name("o"), empty, vec![]).is_ok());
    let two_lines = Checkpoint::new(name("o"), empty, vec!["a\nb".into()]);
    assert_eq!(two_lines, Err(CheckpointError::Extension { nth: 1 }));
}

proptest! {
    #[test]
    fn checkpoints_round_trip(
        origin in "[a-z/.é]{1,40}", size in 1..=SIZE_MAX, root in any::<[u8; 32]>(), extensions in vec("[^\\p{Cc}]{1,20}", 0..4),
    ) {
        let head = Head { size, root: Hash::from_bytes(root) };
        let checkpoint = Checkpoint::new(name(&origin), head, extensions).unwrap();
        prop_assert_eq!(checkpoint.to_string().parse(), Ok(checkpoint.clone()));
        let key = VerifierKey::of_pair(name(&origin), &pair(1));
        let note = SignedCheckpoint::sign(checkpoint.clone(), &pair(1)).unwrap().to_string();
        let opened = SignedCheckpoint::open(note.as_bytes(), &key).unwrap();
        prop_assert_eq!(opened.checkpoint(), &checkpoint);
    }

    #[test]
    fn no_altered_note_is_opened_as_another_checkpoint(at in any::<Index>(), to in any::<u8>()) {
        let honest = signed(300);
        let mut bytes = honest.to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = to;
        if let Ok(opened) = SignedCheckpoint::open(&bytes, &log_key()) {
            prop_assert_eq!(opened, honest);
        }
    }

    #[test]
    fn bytes_are_a_note_only_if_they_are_what_it_writes(
        bytes in prop_oneof![
            vec(any::<u8>(), 0..200),
            "([a-z\n]{0,9}\n\n){0,2}(— [a-z+]{1,3} [A-Za-z0-9+/]{0,12}={0,2}\n?){0,3}".prop_map(String::into_bytes),
        ],
    ) {
        if let Ok(note) = Note::parse(&bytes) {
            prop_assert_eq!(note.to_string().into_bytes(), bytes);
        }
    }

    #[test]
    fn text_is_a_key_or_checkpoint_only_if_they_write_it(
        text in "\\PC*|([a-z+]{0,3}\n[0-9]{0,3}\n[A-Za-z0-9+/]{42}[A-Z]=\n[a-z\n]*)|[a-z]{1,3}\\+[0-9a-f]{8}\\+A[A-Za-z0-9+/]{43}",
    ) {
        if let Ok(checkpoint) = text.parse::<Checkpoint>() {
            prop_assert_eq!(checkpoint.to_string(), text.clone());
        }
        if let Ok(key) = text.parse::<VerifierKey>() {
            prop_assert_eq!(key.to_string(), text.clone());
        }
        if let Ok(line) = text.parse::<NoteSignature>() {
            prop_assert_eq!(line.to_string(), text);
        }
    }
}
