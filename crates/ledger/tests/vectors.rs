//! Values that others computed: the inclusion cases of the transparency-dev project, and `golden.json` by `golden.py`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod kept;

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kept::Kept;
use lockward_ledger::{
    Checkpoint, CosignerKey, Hash, Head, SignedCheckpoint, VerifierKey, prove_consistency, prove_inclusion,
    verify_consistency, verify_inclusion,
};
use serde_json::Value;

fn hash_of(value: &Value) -> Result<Hash, String> {
    let bytes = STANDARD.decode(value.as_str().unwrap()).map_err(|error| error.to_string())?;
    Hash::try_from(bytes.as_slice()).map_err(|error| error.to_string())
}

/// As a client would: what is not a hash is refused before any proof is looked at.
fn judge(case: &Value) -> Result<(), String> {
    let head = Head { size: case["treeSize"].as_u64().unwrap(), root: hash_of(&case["root"])? };
    let proof = case["proof"].as_array().into_iter().flatten().map(hash_of).collect::<Result<Vec<_>, _>>()?;
    verify_inclusion(case["leafIdx"].as_u64().unwrap(), hash_of(&case["leafHash"])?, head, &proof)
        .map_err(|error| error.to_string())
}

#[test]
fn every_inclusion_case_is_judged_as_its_authors_say() {
    let (mut accepted, mut refused) = (0, 0);
    for line in include_str!("vectors/inclusion.jsonl").lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let verdict = judge(&case);
        assert_eq!(verdict.is_err(), case["wantErr"].as_bool().unwrap(), "{}: {verdict:?}", case["name"]);
        if verdict.is_ok() { accepted += 1 } else { refused += 1 }
    }
    assert_eq!((accepted, refused), (6, 92));
}

fn golden() -> Value {
    serde_json::from_str(include_str!("vectors/golden.json")).unwrap()
}

fn bytes_of(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().unwrap();
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn proof_of(value: &Value) -> Vec<Hash> {
    value.as_array().unwrap().iter().map(|hash| hash.as_str().unwrap().parse().unwrap()).collect()
}

fn pair_of(seed: &Value) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&bytes_of(seed)).unwrap()
}

#[test]
fn roots_and_proofs_are_those_of_the_recursive_definition() {
    let golden = golden();
    let mut log = Kept::default();
    let mut roots = vec![log.frontier.root()];
    for leaf in golden["leaves"].as_array().unwrap() {
        log.push(&bytes_of(leaf));
        roots.push(log.frontier.root());
    }
    for (size, root) in golden["roots"].as_object().unwrap() {
        assert_eq!(roots[size.parse::<usize>().unwrap()].to_string(), root.as_str().unwrap(), "size {size}");
    }
    let head =
        |size: &Value| Head { size: size.as_u64().unwrap(), root: roots[size.as_u64().unwrap() as usize] };
    for case in golden["inclusion"].as_array().unwrap() {
        let (index, head, proof) =
            (case["index"].as_u64().unwrap(), head(&case["size"]), proof_of(&case["proof"]));
        assert_eq!(prove_inclusion(&log, index, head.size), Ok(proof.clone()), "{case}");
        assert_eq!(verify_inclusion(index, log.leaves[index as usize], head, &proof), Ok(()), "{case}");
    }
    for case in golden["consistency"].as_array().unwrap() {
        let (old, new, proof) = (head(&case["old"]), head(&case["new"]), proof_of(&case["proof"]));
        assert_eq!(prove_consistency(&log, old.size, new.size), Ok(proof.clone()), "{case}");
        assert_eq!(verify_consistency(old, new, &proof), Ok(()), "{case}");
    }
}

#[test]
fn the_signed_checkpoint_is_byte_for_byte_the_golden_one() {
    let golden = golden();
    let text = |name: &str| golden[name].as_str().unwrap().to_owned();
    let (log, door) = (pair_of(&golden["log_seed"]), pair_of(&golden["door_seed"]));
    let log_key: VerifierKey = text("log_vkey").parse().unwrap();
    let door_key: CosignerKey = text("door_vkey").parse().unwrap();
    assert_eq!(VerifierKey::of_pair(log_key.name().clone(), &log), log_key);
    assert_eq!(log_key.to_string(), text("log_vkey"));
    assert_eq!(door_key.to_string(), text("door_vkey"));

    let checkpoint: Checkpoint = text("text").parse().unwrap();
    let mut signed = SignedCheckpoint::sign(checkpoint, &log).unwrap();
    assert_eq!(signed.to_string(), format!("{}\n{}", text("text"), text("log_line")));

    let time = golden["time"].as_u64().unwrap();
    let line = signed.cosign(door_key.name().clone(), &door, time).unwrap();
    assert_eq!(format!("{line}\n"), text("door_line"));
    assert_eq!(signed.add(&door_key, line), Ok(time));

    let whole = format!("{}\n{}{}", text("text"), text("log_line"), text("door_line"));
    assert_eq!(signed.to_string(), whole);
    let opened = SignedCheckpoint::open(whole.as_bytes(), &log_key).unwrap();
    assert_eq!(opened.cosigned(&door_key), Ok(time));
    assert_eq!(opened, signed);
}
